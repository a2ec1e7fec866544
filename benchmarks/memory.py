"""Peak memory of whole `slant score` processes, over few and over many units.

    python benchmarks/memory.py [--units 20000 1000000] [--formats jsonl parquet …] [--model] [--resume] [--json FILE]

The units are made up, all different, in articles of eight (title, six paragraphs, a comment). One article in a hundred is a
duplicate, one in a hundred is empty and rejected. What is measured is the pipeline around the model (reading, splitting,
targets, journal, writing), so by default a stub computes rows of the usual size in place of the model. `--model` runs the
shipped model. `--resume` measures a run that takes all its rows from the journal of a run that was killed at its end. FILE
keeps the runs of other formats that it already holds.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

UNITS_PER_ARTICLE = 8
WORDS = (
    "the council mayor ferry harbour government police court water school bridge market hospital workers union budget "
    "said told asked opened closed promised denied greedy honest reckless brave corrupt shameful on for with of to and"
)
# Runs in the measured process; only the model itself is replaced.
RUN = """
import os, signal, sys
from slant.cli import main
model, die, *arguments = sys.argv[1:]
if model == "stub":
    from slant.records import STANCES, Frame, Loaded, Score, Stance
    from slant.scoring import runtimes, score

    class Stub:
        fingerprint, codebook = "stub", "stub"

    def rows(asked, *, predictor, codebook, done=None):
        for q in asked:
            n = len(q.unit.text)
            p = round(n % 97 / 97, 4)
            shares = dict(zip(STANCES, (p, round((1 - p) / 2, 4), round((1 - p) / 2, 4))))
            stance = tuple(Stance(target, STANCES[n % 3], shares, places) for target, places in q.mentions.items())
            loaded = (Loaded(0, 3, q.unit.text[:3], "loaded_language", p, "outlet"),) if n % 4 == 0 else ()
            frames = (Frame("political", p),)
            yield Score(q.unit, stance, loaded, frames, biased=p, subjective=p, model="stub", codebook="stub")

    runtimes.load, score.score = lambda *_, **__: Stub(), rows
if die == "die":
    from slant.scoring.resume import Journal
    Journal.remove = lambda self: os.kill(os.getpid(), signal.SIGKILL)
main(arguments)
"""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--units", type=int, nargs="+", default=[20_000, 1_000_000])
    parser.add_argument("--formats", nargs="+", default=["jsonl", "parquet", "duckdb", "csv"])
    parser.add_argument("--model", action="store_true")
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    runs = []
    with tempfile.TemporaryDirectory() as folder:
        for units in given.units:
            articles = write_articles(Path(folder) / f"{units}.jsonl", units)
            for ending in given.formats:
                runs.append(measure(articles, ending, model=given.model, resume=given.resume))
                print(runs[-1], file=sys.stderr, flush=True)
            articles.unlink()
    print("| format | units | peak memory | seconds |\n|:--|--:|--:|--:|")
    for r in runs:
        print(f"| {r['format']} | {r['units']:,} | {r['peak_mb']:.0f} MB | {r['seconds']:.0f} |")
    if given.json:
        before = json.loads(given.json.read_text("utf-8"))["runs"] if given.json.exists() else []
        runs = [*(r for r in before if kind(r) not in map(kind, runs)), *runs]
        for run in runs:
            run.pop("seconds", None)  # the machine may be busy with other work
        result = {"runs": sorted(runs, key=lambda r: (*kind(r), r["units"])), "growth": growth(runs)}
        given.json.write_text(json.dumps(result, indent=2) + "\n", "utf-8")


def kind(run: dict[str, Any]) -> tuple[str, str, bool]:
    return run["model"], run["format"], run["resumed"]


def growth(runs: list[dict[str, Any]]) -> dict[str, float]:
    """Peak memory over the most units divided by that over the fewest, per kind of run."""
    grown = {}
    for model, ending, resumed in sorted({kind(r) for r in runs}):
        same = sorted((r["units"], r["peak_mb"]) for r in runs if kind(r) == (model, ending, resumed))
        name = f"{ending}, {'resumed' if resumed else 'fresh'}, model: {model}"
        grown[name] = round(same[-1][1] / same[0][1], 3)
    return grown


def measure(articles: Path, ending: str, *, model: bool, resume: bool) -> dict[str, Any]:
    output = articles.with_name(f"scores.{ending}")
    if resume:
        _run(articles, output, model=model, die=True)
    seconds, peak, code = _run(articles, output, model=model, die=False, resume=resume)
    if code != 3:  # some are empty, some are duplicates
        said = output.with_name("stderr").read_text("utf-8", "replace")
        raise SystemExit(f"slant score ended with {code}: {said[-2000:]}")
    megabytes = output.stat().st_size / 1e6
    output.unlink()
    return {
        "format": ending,
        "units": int(articles.stem),
        "peak_mb": peak,
        "seconds": seconds,
        "output_mb": round(megabytes, 1),
        "model": "shipped" if model else "none, rows by arithmetic in its place",
        "resumed": resume,
        "command": f"python benchmarks/memory.py --formats {ending}{' --model' * model}{' --resume' * resume}",
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
    }


def _run(
    articles: Path, output: Path, *, model: bool, die: bool, resume: bool = False
) -> tuple[float, float, int]:
    """Seconds, peak memory in MB, exit code."""
    arguments = [
        "model" if model else "stub",
        "die" if die else "live",
        "score",
        str(articles),
        "-o",
        str(output),
        "--overwrite",
    ]
    started = time.perf_counter()
    command = [sys.executable, "-c", RUN, *arguments, "--quiet", *(["--resume"] if resume else [])]
    with output.with_name("stderr").open("wb") as said:
        process = subprocess.Popen(command, stderr=said)
        _, status, usage = os.wait4(process.pid, 0)
    return (
        round(time.perf_counter() - started, 1),
        round(usage.ru_maxrss / 1024, 1),
        os.waitstatus_to_exitcode(status),
    )


def write_articles(path: Path, units: int) -> Path:
    with path.open("w", encoding="utf-8") as file:
        for row in _articles(units):
            file.write(json.dumps(row) + "\n")
    return path


def _articles(units: int) -> Iterator[dict[str, Any]]:
    rng, words = random.Random(units), WORDS.split()
    for number in range(units // UNITS_PER_ARTICLE):
        sentences = [" ".join(rng.choices(words, k=20)).capitalize() + f" {number} {i}." for i in range(7)]
        row = {
            "title": f"Story {number}",
            "outlet": f"Paper {number % 50}",
            "text": "\n\n".join(sentences[:6]),
            "comments": [sentences[6]],
        }
        yield row
        if number % 100 == 0:
            yield row
            yield {"title": "Nothing", "text": ""}


if __name__ == "__main__":
    main()
