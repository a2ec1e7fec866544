"""How fast documents of each kind are read and split, and in how much memory; beside another checkout of slant if given.

    python benchmarks/reading_speed.py --json benchmarks/results/reading_speed.json
    git worktree add --detach ../before COMMIT
    python benchmarks/reading_speed.py --before ../before

Each run is a process of its own. CPU time counts, from the first byte to the last unit, so that other work on the machine
disturbs little; the two checkouts take turns, and the ratio is the median over pairs. Nothing is scored.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import platform
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SEED, RUNS = 20261203, 5
ORDINARY = ("pages", "text", "JSON lines", "CSV", "feed")  # read by every version of slant
MANY = 4  # times as many rows, for memory


def write_inputs(folder: Path) -> dict[str, Path]:
    """Files of each kind below `folder`. Returns kind → what to read."""
    sys.path.append(str(ROOT / "tests/helpers"))
    from containers import RSS, item
    from html_pages import made_pages
    from made_texts import Maker
    from office_builders import docx, paragraph, xlsx

    maker = Maker(random.Random(SEED))

    def article() -> dict[str, str]:
        text = "\n\n".join(maker.paragraph(2, 4) for _ in range(8))
        return {"title": maker.title(), "text": text, "outlet": maker.outlet(), "date": maker.date()}

    def put(name: str, data: str | bytes) -> Path:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return path

    def lines(name: str, count: int) -> Path:
        return put(name, "".join(json.dumps(article()) + "\n" for _ in range(count)))

    for number, (_, page) in enumerate(made_pages(SEED, pages=3)):
        put(f"pages/{number}.html", page.html)
    for number in range(150):
        made = article()
        put(f"text/{number}.txt", f"{made['title']}\nOutlet: {made['outlet']}\n\n{made['text']}")
        put(f"docx/{number}.docx", docx("".join(paragraph(each) for each in made["text"].split("\n\n"))))
    rows = [article() for _ in range(800)]
    with (folder / "a.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    put("a.xlsx", xlsx({"Articles": [list(rows[0]), *(list(row.values()) for row in rows)]}))
    entries = "".join(
        item(row["title"], link=f"https://a.example/{n}", content=f"<p>{row['text']}</p>")
        for n, row in enumerate(rows[:100])
    )
    put("a.rss", RSS.format(entries))
    said = [
        {"id": n, "thread_id": n // 50, "author": maker.handle(), "body": maker.comment(0).text}
        for n in range(4000)
    ]
    put("comments.jsonl", "\n".join(map(json.dumps, said)))
    return {
        "pages": folder / "pages", "text": folder / "text", "JSON lines": lines("a.jsonl", 800),
        f"JSON lines × {MANY}": lines("many.jsonl", 800 * MANY), "CSV": folder / "a.csv", "feed": folder / "a.rss",
        "XLSX": folder / "a.xlsx", "DOCX": folder / "docx", "comment dump": folder / "comments.jsonl",
    }  # fmt: skip


def child(path: str, comments: bool) -> None:
    """Read and split everything below `path`; prints the figures as JSON."""
    import logging

    logging.disable(logging.CRITICAL)
    from slant.errors import Rejected
    from slant.ingest.inputs import read_articles
    from slant.segment.units import split

    given: dict[str, Any] = {}
    if comments:
        from slant.ingest.article_rows import parse_column_map

        given = {"columns": parse_column_map((), comments=True)}
    start = time.process_time()
    documents = units = 0
    for article in read_articles([path], **given):
        documents += 1
        units += 0 if isinstance(article, Rejected) else len(split(article))
    seconds = time.process_time() - start
    print(json.dumps({"seconds": seconds, "documents": documents, "units": units, "peak_mb": _peak()}))


def _peak() -> float:
    """Peak memory of this process in MB."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def timed(source: Path, kind: str, path: Path) -> dict[str, Any]:
    """One run with the code in `source`."""
    arguments = [
        sys.executable,
        __file__,
        "--child",
        str(path),
        *(["--comments"] if kind == "comment dump" else []),
    ]
    env = {**os.environ, "PYTHONPATH": str(source)}
    done = subprocess.run(arguments, env=env, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])  # type: ignore[no-any-return]


def measure(runs: int, before: Path | None, kinds: str = "") -> dict[str, Any]:
    """The whole result; `before` is a checkout of slant."""
    sources = {"now": ROOT / "src"} | ({"before": before / "src"} if before else {})
    out: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as temporary:
        for kind, path in write_inputs(Path(temporary)).items():
            if kinds and kind not in kinds.split(","):
                continue
            known = {name: source for name, source in sources.items() if name == "now" or kind in ORDINARY}
            found: dict[str, list[dict[str, Any]]] = {name: [] for name in known}
            for _ in range(runs if "×" not in kind else 1):
                for name, source in known.items():
                    found[name].append(timed(source, kind, path))
            now, median = found["now"], _median(found["now"])
            row = {
                "documents": now[0]["documents"], "units": now[0]["units"], "seconds": median("seconds"),
                "documents_per_second": now[0]["documents"] / median("seconds"), "peak_mb": median("peak_mb"),
            }  # fmt: skip
            if "before" in found:
                pairs = [a["seconds"] / b["seconds"] for a, b in zip(now, found["before"], strict=True)]
                row |= {
                    "before_seconds": _median(found["before"])("seconds"),
                    "ratio": statistics.median(pairs),
                }
            out[kind] = row
            print(kind, json.dumps(row), flush=True)
    return {
        "kinds": out, "runs": runs, "machine": platform.machine(), "cores": os.cpu_count(),
        "python": platform.python_version(), "before": _commit(before) if before else None,
        "command": " ".join(["python benchmarks/reading_speed.py", *sys.argv[1:]]),
    }  # fmt: skip


def _median(rows: list[dict[str, Any]]) -> Callable[[str], float]:
    return lambda name: statistics.median(row[name] for row in rows)


def _commit(folder: Path) -> str:
    said = subprocess.run(
        ["git", "-C", str(folder), "log", "-1", "--format=%h"], capture_output=True, text=True
    )
    return said.stdout.strip()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", type=Path, help="result file")
    parser.add_argument("--before", type=Path, help="another checkout of slant, to compare with")
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--kinds", default="", help="comma-separated; default: all")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    parser.add_argument("--comments", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        child(options.child, options.comments)
        return
    result = measure(options.runs, options.before, options.kinds)
    if options.json:
        options.json.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    main()
