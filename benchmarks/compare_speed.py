"""How long `slant compare` takes on a million scored units, and its peak memory.

    python benchmarks/compare_speed.py --json benchmarks/results/compare_speed.json [--scores FILE.parquet]

The scores are made up, with text of random words: 15 outlets, three years, one unit in twelve a comment. Hardly two articles
are about one event. The run is a process of its own. --scores: keeps the scores there, or takes those that are there.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from slant.encoding.label_ids import FRAMES, TECHNIQUES
from slant.records import STANCES
from slant.scoring.output_files import read_scores

OUTLETS, UNITS_PER_ARTICLE, TARGETS, WORDS = 15, 12, 6, 30
ROWS = 50_000


def write_scores(path: Path, units: int) -> None:
    """A Parquet file of scores as `slant score` writes it."""
    rng = np.random.default_rng(0)
    vocabulary = np.array(
        ["".join(chr(97 + c) for c in rng.integers(0, 26, rng.integers(2, 10))) for _ in range(5000)]
    )
    writer = None
    for start in range(0, units, ROWS):
        table = pa.Table.from_pylist(
            [_row(rng, vocabulary, i) for i in range(start, min(start + ROWS, units))]
        )
        writer = writer or pq.ParquetWriter(path, table.schema, compression="zstd")
        writer.write_table(table.cast(writer.schema))
    writer.close()


def _row(rng: np.random.Generator, vocabulary: np.ndarray, number: int) -> dict[str, object]:
    article, position = divmod(number, UNITS_PER_ARTICLE)
    outlet = (article * 7919) % OUTLETS
    comment = position == UNITS_PER_ARTICLE - 1
    text = " ".join(rng.choice(vocabulary, WORDS))
    end = text.index(" ")
    tilt = np.array([0.4 + 0.01 * outlet, 0.4, 0.2 - 0.01 * outlet])
    stances = [
        {
            "target": f"target_{t}", "label": str(rng.choice(STANCES, p=tilt)), "mentions": [[0, end]],
            "scores": dict(zip(STANCES, tilt.tolist(), strict=True)),
        }
        for t in rng.choice(TARGETS, rng.integers(0, 3), replace=False)
    ]  # fmt: skip
    loaded = [
        {
            "start": 0, "end": end, "text": text[:end], "label": str(rng.choice(TECHNIQUES[:6])), "score": 0.7,
            "voice": "reader" if comment else str(rng.choice(["outlet", "quoted"])),
        }
        for _ in range(int(rng.random() < 0.2 + 0.01 * outlet))
    ]  # fmt: skip
    reply = {"label": "comment", "scores": {"support": 0.1, "deny": 0.1, "query": 0.1, "comment": 0.7}}
    date = f"{2021 + article % 3}-{1 + article % 12:02d}-{1 + article % 28:02d}"
    return {
        "article_id": f"{article:016x}", "unit_id": f"{article:016x}-{position:04d}", "text": text, "start": 0,
        "end": len(text), "kind": "comment" if comment else "title" if position == 0 else "paragraph",
        "position": position, "outlet": f"outlet {outlet:02d}", "published": date, "title": f"Article {article}",
        "url": f"https://example.org/{article}", "author": f"author {article % 500}", "parent_id": "none",
        "stance": stances, "loaded": loaded, "frames": [{"label": str(rng.choice(FRAMES)), "score": 0.6}],
        "reply": reply if comment else None, "toxic": [[0, 1]], "biased": 0.1, "subjective": 0.2, "flags": ["made up"],
        "model": "made-up", "codebook": "made-up",
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--units", type=int, default=1_000_000)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--scores", type=Path, help="keep the scores here, or take those that are here")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        scores, output = given.scores or Path(folder) / "scores.parquet", Path(folder) / "comparison"
        if not scores.exists():
            write_scores(scores, given.units)
        next(read_scores([str(scores)]))  # it is what slant reads
        code = "from slant.cli import main; import sys; main(sys.argv[1:])"
        begun = time.perf_counter()
        subprocess.run([sys.executable, "-c", code, "compare", str(scores), "-o", str(output)], check=True)
        seconds = time.perf_counter() - begun
        page = sum(file.stat().st_size for file in output.glob("*.html"))
        units, megabytes = pq.read_metadata(scores).num_rows, scores.stat().st_size / 1e6
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    found = {
        "units": units, "seconds": round(seconds, 1), "peak_mb": round(peak), "scores_mb": round(megabytes),
        "report_mb": round(page / 1e6, 2), "machine": platform.machine(), "cores": os.cpu_count(),
        "python": platform.python_version(),
    }  # fmt: skip
    print(
        f"{units:,} units ({megabytes:.0f} MB): {seconds:.1f} s, peak {peak:,.0f} MB, report {page / 1e6:.2f} MB"
    )
    if given.json:
        given.json.parent.mkdir(parents=True, exist_ok=True)
        given.json.write_text(json.dumps(found, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
