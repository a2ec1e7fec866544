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

from model_tables import Files, read_json

from slant.judging.answers import Sheet, answer
from slant.judging.cells import percent, table
from slant.judging.sets import SetSpec, choose, judged
from slant.labels.public import data_root
from slant.scoring.runtime import load

# Per set the meta of its examples by whose values the errors are counted, and what the value tells.
PARTS: dict[str, Mapping[str, str]] = {
    "rumoureval/test": {"is_source": "the first post of its thread (1) or not (0)", "platform": "platform"},
    "babe/fold0": {"opinion": "what its annotators call it", "marked": "words that they marked as biased"},
    "seeds/stance": {
        "type": "where",
        "asked": "whether the unit names the target (named) or only means it (topic)",
    },
}


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
    if key == "marked":
        return str(min(4, len(json.loads(meta["biased_words"])))).replace("4", "4 or more")
    return meta[key]


def block(files: Files) -> str:
    """Block `errors` of the card: per set the table of gold labels against answers, and the share of errors per part."""
    path = files.results / "errors.json"
    return render(read_json(path)) if path.exists() else "Not measured yet; `python benchmarks/errors.py`."


def render(found: Mapping[str, Any]) -> str:
    texts = []
    for each in found["sets"]:
        rows = [
            [label, *(f"{n:,}" for n in row)] for label, row in zip(each["labels"], each["said"], strict=True)
        ]
        texts.append(f"{each['title']}, gold labels by what the model says:")
        texts.append(table(["", *each["labels"]], rows, left=1))
        shares: dict[str, list[str]] = {}
        for part in each["parts"]:
            share = f"{percent(part['wrong'] / part['n'])} % of {part['n']:,}"
            shares.setdefault(part["by"], []).append(f"{part['value']}: {share}")
        texts += [f"Wrong, by *{by}*: {'; '.join(values)}." for by, values in shares.items()]
    return "\n\n".join([*texts, f"Model `{found['model']}`, `python benchmarks/errors.py`."])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--json", type=Path, help="result file")
    options = parser.parse_args()
    reader = load(None)
    specs = choose(list(PARTS))
    sets = [looked_at(spec, answer(spec, judged(spec, data_root()), reader)) for spec in specs]
    result = {"model": reader.fingerprint, "sets": sets}
    print(render(result))
    if options.json:
        options.json.write_text(json.dumps(result, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
