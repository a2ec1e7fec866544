"""Kills `slant score` at random, again and again, and compares what comes out in the end with an undisturbed run.

    python benchmarks/kill_series.py [--kills 300] [--seed 0] [--json FILE]

The longer sister of tests/test_resume.py, with its model made of rules. Each series takes a format by lot, kills up to nine
runs after a random time, half of them anywhere and half near the end, between kills now and then changes the input list, and
then lets one finish. Ends with code 1 at the first difference.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from stub_score import How, finished, start, write_articles

ENDINGS = ("jsonl", "csv", "parquet", "duckdb")
SIGNALS = (signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    rng, kills, series = random.Random(given.seed), Counter[str](), 0
    while kills.total() < given.kills:
        with tempfile.TemporaryDirectory() as folder:
            kills += one_series(Path(folder), rng)
        series += 1
        print(f"{kills.total()} kills in {series} series", end="\r", file=sys.stderr, flush=True)
    result: dict[str, Any] = {"kills": kills.total(), "by": dict(sorted(kills.items())), "series": series}
    result["command"] = f"python benchmarks/kill_series.py --kills {given.kills} --seed {given.seed}"
    print(json.dumps(result, indent=2))
    if given.json:
        given.json.write_text(json.dumps(result, indent=2) + "\n", "utf-8")


def one_series(work: Path, rng: random.Random) -> Counter[str]:
    """How many kills of which kind. Ends the program at a difference."""
    write_articles(work / "in", articles=rng.randint(2, 20), seed=rng.randrange(10**6))
    ending, how = (
        rng.choice(ENDINGS),
        How(pause=rng.choice((0, 0.005)), commit_units=rng.choice((1, 16, 1_000))),
    )
    name, kills = f"s.{ending}", Counter[str]()
    begun = time.monotonic()
    must(finished(command("first.jsonl"), how, cwd=work))
    whole = time.monotonic() - begun
    for _ in range(rng.randint(1, 9)):
        sign = rng.choice(SIGNALS)
        process = start(command(name, "--resume"), how, cwd=work)
        process.join(rng.uniform(0, whole) if rng.random() < 0.5 else rng.uniform(0.7, 1.1) * whole)
        if process.is_alive() and process.pid:
            os.kill(process.pid, sign)
            kills[f"{ending} {sign.name}"] += 1
        process.join()
        if (work / name).exists() and not (work / f".{name}.unfinished").exists():
            break
        if rng.random() < 0.3:
            change(work / "in", rng)
    if not (work / name).exists() or (work / f".{name}.unfinished").exists():
        must(finished(command(name, "--resume"), cwd=work))
    must(finished(command(f"undisturbed.{ending}"), cwd=work))
    for tail in ("", ".rejected.jsonl"):
        if not same(work / f"{name}{tail}", work / f"undisturbed.{ending}{tail}"):
            kept = shutil.copytree(work, tempfile.mkdtemp(), dirs_exist_ok=True)
            raise SystemExit(f"{name}{tail} differs from the undisturbed run: see {kept}")
    return kills


def command(name: str, *more: str) -> list[str]:
    return ["score", "in", "-o", name, *more]


def must(ended: tuple[int | None, str]) -> None:
    code, said = ended
    if code != 3:  # two documents are rejected
        raise SystemExit(f"a run that nobody disturbed ended with {code}:\n{said}")


def change(inputs: Path, rng: random.Random) -> None:
    """Reorders a file, takes a line out of it, edits one, or renames it."""
    path = rng.choice(sorted(inputs.glob("articles-*.jsonl")))
    lines = path.read_text("utf-8").splitlines(keepends=True)
    match rng.randrange(4):
        case 0:
            rng.shuffle(lines)
        case 1:
            del lines[rng.randrange(len(lines))]
        case 2:
            at = rng.randrange(len(lines))
            lines[at] = lines[at].replace("Story", "Tale")
        case _:
            path = path.rename(path.with_name(f"articles-{rng.randrange(10**6)}.jsonl"))
    path.write_text("".join(lines), "utf-8")


def same(one: Path, other: Path) -> bool:
    if one.suffix != ".duckdb":  # Parquet of the same rows has the same bytes too
        return one.read_bytes() == other.read_bytes()
    import duckdb

    tables = []
    for path in (one, other):
        with duckdb.connect(str(path), read_only=True) as connection:
            tables.append([connection.sql(f"SELECT * FROM {name}").fetchall() for name in ("scores", "run")])
    return tables[0] == tables[1]


if __name__ == "__main__":
    main()
