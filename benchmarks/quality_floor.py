"""Check a shipped model against its quality floor, or raise the floor after a better one.

    python benchmarks/quality_floor.py [--model small|base] [--raise]

floor.json in the model's folder holds the floors, its fingerprint and those of the samples. CI checks the demonstration set.
Where the public sets are found (SLANT_DATA), samples of them are checked as well, which takes about two minutes.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from slant.assets import DEFAULT_MODEL, SIZES
from slant.corpora.sets import data_root
from slant.judging import quality_floor
from slant.scoring.runtimes import load

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument(
        "--raise", dest="up", action="store_true", help="write the floors that this model sets"
    )
    parser.add_argument("--model", choices=SIZES, default=DEFAULT_MODEL)
    args = parser.parse_args()
    file = ROOT / "model" / args.model / "floor.json"
    predictor = load(args.model)
    root = data_root() if data_root().exists() else None
    measured = quality_floor.measure(predictor, demo=ROOT / "seeds/demo", root=root)
    for m in measured:
        print(f"{m.sample:24} {100 * m.figure:5.1f}  ({m.data})")
    if args.up:
        kept = quality_floor.raised(file, predictor.fingerprint, measured)
        file.write_text(json.dumps(kept, indent=1) + "\n", "utf-8")
        return 0
    wrong = quality_floor.check(file, predictor.fingerprint, measured)
    print("\n".join(wrong) or "no figure is under its floor")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
