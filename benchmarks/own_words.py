"""Stance of news as it is called, and held to the author's own words (records.in_own_words), against two kinds of labels.

    python benchmarks/own_words.py [--json FILE]

NewsMTSC's dev parts: by people, of how a target comes off, bad news and quoted views included. The domain set: by a language
model under the codebook, of what the author conveys; the model learned none of its stances, but the loaded language of
the part "fit". No test split is read. Macro-F1 is over the labels that a part has; "tune" of the domain set has no favor.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path

from sklearn.metrics import accuracy_score, f1_score

from slant.corpora import data_root, newsmtsc, own_labels
from slant.judging.answers import answer
from slant.judging.judged_sets import choose
from slant.scoring.runtimes import load

PARTS = ((newsmtsc, "dev_rw"), (newsmtsc, "dev_mt"), (own_labels, "fit"), (own_labels, "tune"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--json", type=Path, help="result file")
    options = parser.parse_args()
    predictor = load(None)
    (spec,) = choose(["seeds/stance"])
    rows = []
    for reading, split in PARTS:
        examples = list(reading.read(data_root(), split))
        for task in ("stance", "own_stance"):
            sheet = answer(replace(spec, task=task), examples, predictor)
            labels = sorted(set(sheet.gold))
            figures = {
                "macro_f1": f1_score(sheet.gold, sheet.predicted, labels=labels, average="macro"),
                "right": accuracy_score(sheet.gold, sheet.predicted),
            }
            rows.append({"set": reading.NAME, "split": split, "as": task, "n": len(sheet.gold), **figures})
            told = f"macro-F1 {100 * figures['macro_f1']:.1f}, right {100 * figures['right']:.1f} %"
            print(f"{reading.NAME} {split:7} {task:10} {told} of {len(sheet.gold):,}")
    if options.json:
        result = {"model": predictor.fingerprint, "rows": rows}
        options.json.write_text(json.dumps(result, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
