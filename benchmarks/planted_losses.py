"""Is every loss named? Files of all kinds with planted losses are read by `slant split --audit`.

    python benchmarks/planted_losses.py --json benchmarks/results/planted_losses.json

A loss is something in a file that cannot become a unit, or that a reader should know: a row without a text, a deleted
comment, a file cut off, the beginning of an article in place of the whole. It is named if the list of rejected documents, the
notes or the account says so, each line for one loss. Articles and comments of each file are compared with what was written.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import platform
import random
import re
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lossy_file import MadeFile, Writer
from lossy_rows import dumps, json_answers, json_lines, tables
from lossy_texts import exports, pages, texts

ROOT = Path(__file__).resolve().parent.parent
SEED, FILES = 20261202, 300


def made_files(files: int = FILES, seed: int = SEED) -> list[MadeFile]:
    """`files` files, the kinds in turn."""
    if str(ROOT / "tests/helpers") not in sys.path:
        sys.path.append(str(ROOT / "tests/helpers"))  # builders of office files and archives
    from lossy_containers import archives, feeds, mail, office

    kinds = (
        pages, texts, json_lines, json_answers, tables, office, mail, exports, dumps, feeds, archives,
    )  # fmt: skip
    w = Writer(random.Random(seed))
    found: list[MadeFile] = []
    while len(found) < files:
        for make in kinds:
            found += make(w)
    return found[:files]


@dataclass
class Run:
    """What `slant split --audit` said of a folder. lines: of the account and of standard error."""

    rows: list[dict[str, str]]
    lines: list[str]
    articles: Counter[str] = field(default_factory=Counter)
    comments: Counter[str] = field(default_factory=Counter)


def run(folder: Path, *, comments: bool = False) -> Run:
    """Read a folder in this process."""
    from slant.cli import main as slant

    output = folder.parent / f"{folder.name}.jsonl"
    said = io.StringIO()
    arguments = ["split", str(folder), "-o", str(output), "--audit", "--overwrite", "--all"]
    with contextlib.redirect_stderr(said), contextlib.suppress(SystemExit):
        slant([*arguments, *(["--comments"] if comments else [])])
    rows = []
    for name in ("rejected", "notes"):
        listed = Path(f"{output}.{name}.jsonl")
        if listed.exists():
            rows += [{**json.loads(line), "list": name} for line in listed.read_text("utf-8").splitlines()]
    found = Run(rows, said.getvalue().splitlines())
    documents = set()
    with output.open(encoding="utf-8") as units:
        for line in units:
            unit = json.loads(line)
            name = _file_of(unit["source"], folder)
            documents.add((name, unit["article_id"]))
            found.comments[name] += unit["kind"] == "comment"
    found.articles.update(name for name, _ in documents)
    return found


def _file_of(path: str, folder: Path) -> str:
    """Name of the file: four digits and its endings."""
    return re.match(r"\d{4}(?:\.[a-z]+)+", path.removeprefix(f"{folder}/"))[0]  # type: ignore[index]


def unnamed(file: MadeFile, folder: Path, found: Run) -> list[str]:
    """What of a file is not named, and which counts differ from what was written, as sentences."""
    rows = [row for row in found.rows if _file_of(row["path"], folder) == file.name]
    out = []
    for loss in sorted(file.losses, key=lambda loss: not loss.place):
        if loss.account and any(loss.account in line and file.name in line for line in found.lines):
            continue
        named = next(
            (
                row
                for row in rows
                if row["reason"] in loss.reasons
                and row["path"].endswith(loss.place)
                and (loss.number is None or re.search(rf"(?<!\d){loss.number}(?!\d)", row["detail"]))
            ),
            None,
        )
        if named is None:
            left = ", ".join(f"{row['path'].rpartition('/')[2]} {row['reason']}" for row in rows) or "nothing"
            out.append(f"{file.kind} {file.name}: not named: {loss.what}. Named: {left}")
        else:
            rows.remove(named)
    for what, count, expected in (
        ("articles", found.articles[file.name], file.articles), ("comments", found.comments[file.name], file.comments),
    ):  # fmt: skip
        if expected >= 0 and count != expected:
            out.append(f"{file.kind} {file.name}: {count} {what}, {expected} expected")
    out += [
        f"{file.kind} {file.name}: rejected without reason: {row['path']} {row['reason']}: {row['detail']}"
        for row in rows
        if row["list"] == "rejected" and row["reason"] not in file.also
    ]
    return out


def demonstration() -> dict[str, Any]:
    """The account of the demonstration set: characters that came in, and shares of them by what became of them."""
    from slant.records import OTHER_KINDS
    from slant.scoring.account import Account
    from slant.scoring.local_run import read_units
    from slant.scoring.run_options import ReadOptions

    account = Account(by_file=True)
    options = ReadOptions(paths=(str(ROOT / "seeds/demo/articles"),), quiet=True)
    for _ in read_units(options, account, output="-"):
        pass
    total = account.total
    kinds = {kind: total.characters[kind] / total.text for kind in ("content", *OTHER_KINDS)}
    return {
        "files": len(account.files or {}), "articles": total.articles, "characters": total.text,
        "rejected": total.rejected.total(), **kinds, "markup": 1 - sum(kinds.values()),
    }  # fmt: skip


def measure(files: int = FILES, seed: int = SEED) -> dict[str, Any]:
    """The whole result. unnamed: a sentence per fault."""
    made = made_files(files, seed)
    faults: dict[str, list[str]] = {}
    with tempfile.TemporaryDirectory() as temporary:
        for comments in (False, True):
            kept = [file for file in made if file.comment_file == comments]
            folder = Path(temporary) / ("comments" if comments else "articles")
            folder.mkdir()
            for file in kept:
                (folder / file.name).write_bytes(file.data)
            if kept:
                found = run(folder, comments=comments)
                faults |= {file.name: unnamed(file, folder, found) for file in kept}
    kinds: dict[str, dict[str, int]] = {}
    for file in made:
        row = kinds.setdefault(file.kind, {"files": 0, "losses": 0, "named": 0, "wrong_counts": 0})
        missed = sum("not named" in fault for fault in faults[file.name])
        row["files"] += 1
        row["losses"] += len(file.losses)
        row["named"] += len(file.losses) - missed
        row["wrong_counts"] += len(faults[file.name]) - missed
    return {
        "demonstration": demonstration(),
        "files": len(made),
        "losses": sum(row["losses"] for row in kinds.values()),
        "named": sum(row["named"] for row in kinds.values()),
        "kinds": dict(sorted(kinds.items())),
        "unnamed": [fault for each in faults.values() for fault in each],
        "seed": seed,
        "python": platform.python_version(),
        "command": "python benchmarks/planted_losses.py " + " ".join(sys.argv[1:]),
    }


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", type=Path, help="result file")
    parser.add_argument("--files", type=int, default=FILES)
    parser.add_argument("--seed", type=int, default=SEED)
    options = parser.parse_args()
    result = measure(options.files, options.seed)
    for kind, row in result["kinds"].items():
        print(kind, row)
    for fault in result["unnamed"]:
        print(fault)
    print(f"{result['files']} files, {result['named']} of {result['losses']} losses named")
    if options.json:
        options.json.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", "utf-8")
    return 1 if result["unnamed"] else 0


if __name__ == "__main__":
    sys.exit(main())
