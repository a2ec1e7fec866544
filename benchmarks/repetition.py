"""How often the words of a gold span stand in their article, for repetition and for other techniques: the log odds that
slant.encoding.repetition takes for evidence.

    python benchmarks/repetition.py [--split fit]

Never on `dev`, which is judged.
"""

from __future__ import annotations

import argparse
import math

from slant.encoding.repetition import LOG_ODDS, Document
from slant.labels.public import data_root, ptc


def counts(split: str) -> tuple[list[int], list[int]]:
    """Per number of occurrences (the last: so many or more) the gold spans of repetition, and of other techniques."""
    gold = ptc.spans(data_root(), split, "tc")
    repeated, other = [0] * len(LOG_ODDS), [0] * len(LOG_ODDS)
    for article, text in ptc.articles(data_root(), split).items():
        document = Document([text])
        for span in gold[article]:
            place = min(document.occurrences(text[span.start : span.end]), len(LOG_ODDS)) - 1
            (repeated if span.label == "repetition" else other)[place] += 1
    return repeated, other


def log_odds(repeated: list[int], other: list[int]) -> list[float]:
    """ln P(count | repetition) / P(count | another technique), one added to each cell."""
    r, o = [n + 1 for n in repeated], [n + 1 for n in other]
    return [math.log(a / sum(r)) - math.log(b / sum(o)) for a, b in zip(r, o, strict=True)]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--split", default="fit", choices=("fit", "tune", "train"))
    repeated, other = counts(parser.parse_args().split)
    print("times in the article | repetition | another technique | log odds")
    for i, odds in enumerate(log_odds(repeated, other), start=1):
        print(
            f"{i}{' or more' if i == len(LOG_ODDS) else '':8} | {repeated[i - 1]} | {other[i - 1]} | {odds:.2f}"
        )


if __name__ == "__main__":
    main()
