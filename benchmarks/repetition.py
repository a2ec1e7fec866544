"""How often the words of a gold span stand in their article, by technique: what slant.encoding.decode takes for evidence.

    python benchmarks/repetition.py [--split fit]

Never on `dev`, which is judged.
"""

from __future__ import annotations

import argparse

import numpy as np
from numpy.typing import NDArray

from slant.corpora import data_root, ptc
from slant.encoding.decode import LOG_SHARES, Document
from slant.encoding.label_ids import TECHNIQUE_INDEX, TECHNIQUES

PRIOR = 5  # spans' worth of the shares of all techniques but repetition, for a technique that was seen a few times only
Floats = NDArray[np.float64]


def counts(split: str) -> Floats:
    """[techniques, occurrences (the last: so many or more)]: the gold spans."""
    gold, found = ptc.spans(data_root(), split, "tc"), np.zeros((len(TECHNIQUES), LOG_SHARES.shape[1]))
    for article, text in ptc.articles(data_root(), split).items():
        document = Document([text])
        for span in gold[article]:
            place = min(document.occurrences(text[span.start : span.end]), found.shape[1]) - 1
            found[TECHNIQUE_INDEX[span.label], place] += 1
    return found


def log_shares(found: Floats) -> Floats:
    """ln P(occurrences | technique), of the shape of `counts`; those of repetition itself with one added to each cell."""
    repetition = TECHNIQUE_INDEX["repetition"]
    other = np.delete(found, repetition, axis=0).sum(0) + 1
    smooth = found + PRIOR * other / other.sum()
    smooth[repetition] = found[repetition] + 1
    return np.asarray(np.log(smooth / smooth.sum(1, keepdims=True)))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--split", default="fit", choices=("fit", "tune", "train"))
    found = counts(parser.parse_args().split)
    for name, spans, shares in zip(TECHNIQUES, found.astype(int), log_shares(found), strict=True):
        print(f"({', '.join(f'{x:.2f}' for x in shares)}),  # {name}: {', '.join(map(str, spans))}")


if __name__ == "__main__":
    main()
