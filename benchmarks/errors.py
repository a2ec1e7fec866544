"""What the errors look like on the judged sets whose aim the shipped model does not meet: what is taken for what, and where.

    python benchmarks/errors.py [--json FILE]

Counts of items, after all choices: nothing is chosen by them.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from comparison_tables import error_tables
from slant.corpora import data_root
from slant.judging.answers import Sheet, answer
from slant.judging.judged_sets import SetSpec, choose, judged
from slant.scoring.runtimes import load

# Per set the meta of its examples by whose values the errors are counted, and what the value tells.
PARTS: dict[str, Mapping[str, str]] = {
    "rumoureval/test": {"is_source": "the first post of its thread (1) or not (0)", "platform": "platform"},
    "babe/fold0": {"opinion": "what its annotators call it", "marked": "words that they marked as biased"},
    "seeds/stance": {
        "type": "where",
        "asked": "whether the unit names the target (named) or only means it (topic)",
    },
}
MANY = 4  # marked words from which sentences are counted together


def looked_at(spec: SetSpec, sheet: Sheet) -> dict[str, Any]:
    """`said`: a row of counts per gold label, in the order of `labels`; `parts`: items and errors per value of PARTS."""
    pairs = Counter(zip(sheet.gold, sheet.predicted, strict=True))
    parts = []
    for key, what in PARTS[spec.name].items():
        values = [_value(key, meta) for meta in sheet.meta]
        for value in sorted(set(values)):
            rows = [i for i, v in enumerate(values) if v == value]
            wrong = sum(sheet.gold[i] != sheet.predicted[i] for i in rows)
            parts.append({"by": what, "value": value, "n": len(rows), "wrong": wrong})
    said = [[pairs[gold, label] for label in spec.labels] for gold in spec.labels]
    return {"set": spec.name, "title": spec.title, "labels": list(spec.labels), "said": said, "parts": parts}


def _value(key: str, meta: Mapping[str, str]) -> str:
    if key != "marked":
        return meta[key]
    marked = len(json.loads(meta["biased_words"]))
    return str(marked) if marked < MANY else f"{MANY} or more"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--json", type=Path, help="result file")
    options = parser.parse_args()
    predictor = load(None)
    specs = choose(list(PARTS))
    sets = [looked_at(spec, answer(spec, judged(spec, data_root()), predictor)) for spec in specs]
    result = {"model": predictor.fingerprint, "sets": sets}
    print(error_tables(result))
    if options.json:
        options.json.write_text(json.dumps(result, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
