"""Mean and standard deviation of each official figure over models of one recipe trained with several seeds.

    python benchmarks/seed_spread.py runs/*/scores/scorecard.json [--json FILE] [--beside FOLDER]

--beside FOLDER also writes seeds.json beside the scorecard there, and rewrites its scorecard.md with these figures.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from slant.judging.scorecard_files import write
from slant.judging.scorecard_records import read, spread, write_spread


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("cards", nargs="+", type=Path, help="scorecard.json, or folders that hold one")
    parser.add_argument("--json", type=Path, help="result file")
    parser.add_argument("--beside", type=Path, help="folder of a scorecard to show the figures in")
    options = parser.parse_args()
    rows = spread([read(path) for path in options.cards])
    if options.json:
        write_spread(rows, options.json)
    if options.beside:
        write_spread(rows, options.beside / "seeds.json")
        write(read(options.beside), options.beside)
    for row in rows:
        values = ", ".join(f"{100 * v:.1f}" for v in row.values)
        print(f"{row.title:32} {row.metric:18} {100 * row.mean:5.1f} ± {100 * row.sd:.1f}  ({values})")


if __name__ == "__main__":
    main()
