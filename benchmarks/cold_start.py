"""Seconds and peak memory of one whole `slant score` process, from cold start to exit.

    python benchmarks/cold_start.py [PATHS…] [--runs 5] [--json FILE]

PATHS default to the demonstration set. Prints the median, minimum and maximum wall time (after one warm-up run for file
caches), the peak memory over the runs, and whether torch or transformers were imported.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

DEMO = Path(__file__).resolve().parent.parent / "seeds" / "demo" / "articles"
# Runs the command in-process and prints at the end which of the two libraries were imported.
RUN = """
import sys
from slant.cli import main
try:
    main(sys.argv[1:])
finally:
    print(sorted({"torch", "transformers"} & set(sys.modules)), file=sys.stderr)
"""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("paths", nargs="*", default=[str(DEMO)])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    result = measure(given.paths, runs=given.runs)
    print("| units | seconds (median) | min–max | peak memory | imported of torch, transformers |")
    print("|--:|--:|--:|--:|:--|")
    print(
        f"| {result['units']} | {result['median_s']:.2f} | {result['min_s']:.2f}–{result['max_s']:.2f} "
        f"| {result['peak_mb']:.0f} MB | {', '.join(result['imported']) or 'none'} |"
    )
    if given.json:
        given.json.write_text(json.dumps(result, indent=2) + "\n", "utf-8")


def measure(paths: list[str], *, runs: int) -> dict[str, Any]:
    """Time `runs` whole processes after one warm-up."""
    seconds, peaks, imported, rows = [], [], "[]", []
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "scores.jsonl"
        for run in range(runs + 1):
            started = time.perf_counter()
            command = [sys.executable, "-c", RUN, "score", *paths, "-o", str(out), "--overwrite", "--quiet"]
            process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
            assert process.stderr is not None
            said = process.stderr.read()
            _, status, usage = os.wait4(process.pid, 0)
            elapsed = time.perf_counter() - started
            if os.waitstatus_to_exitcode(status) not in (0, 3):
                raise SystemExit(f"slant score failed:\n{said}")
            if run:
                seconds.append(elapsed)
                peaks.append(usage.ru_maxrss / 1024)
            imported = said.strip().splitlines()[-1]
            with out.open(encoding="utf-8") as file:
                rows = [json.loads(line) for line in file]
    return {
        "units": len(rows),
        "articles": len({row["article_id"] for row in rows}),
        "runs": runs,
        "median_s": round(statistics.median(seconds), 3),
        "min_s": round(min(seconds), 3),
        "max_s": round(max(seconds), 3),
        "peak_mb": round(max(peaks), 1),
        "imported": json.loads(imported.replace("'", '"')),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
    }


if __name__ == "__main__":
    main()
