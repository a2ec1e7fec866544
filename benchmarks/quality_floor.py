"""Check the shipped model against its quality floor, or raise the floor after a better one.

    python benchmarks/quality_floor.py [--raise]

model/floor.json holds the floors, the model's fingerprint and those of the samples. CI checks the demonstration set.
Where the public sets are found (SLANT_DATA), samples of them are checked as well, which takes about two minutes.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from slant.corpora.sets import data_root
from slant.judging import quality_floor
from slant.scoring.runtimes import load

ROOT = Path(__file__).resolve().parent.parent
FILE = ROOT / "model/floor.json"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument(
        "--raise", dest="up", action="store_true", help="write the floors that this model sets"
    )
    args = parser.parse_args()
    predictor = load(None)
    root = data_root() if data_root().exists() else None
    measured = quality_floor.measure(predictor, demo=ROOT / "seeds/demo", root=root)
    for m in measured:
        print(f"{m.sample:24} {100 * m.figure:5.1f}  ({m.data})")
    if args.up:
        FILE.write_text(
            json.dumps(quality_floor.raised(FILE, predictor.fingerprint, measured), indent=1) + "\n", "utf-8"
        )
        return 0
    wrong = quality_floor.check(FILE, predictor.fingerprint, measured)
    print("\n".join(wrong) or "no figure is under its floor")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
