"""How much repetition in the document weighs for the technique of a span, chosen by the micro-F1 of gold spans on dev."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from slant.encoding.decode import REPETITION, Array, Reading, technique_logits
from slant.encoding.labels import TECHNIQUE_INDEX, TECHNIQUES
from slant.encoding.repetition import documents, repetition_shift
from slant.records import Example

WEIGHTS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5)


class Items(NamedTuple):
    """One row per gold label of a span: logits [n, techniques], log odds of repetition [n], the label [n], and how many
    labels the span has [n], as the k best answers count for k of them."""

    logits: Array
    repeated: Array
    gold: NDArray[np.int_]
    of: NDArray[np.int_]

    def micro_f1(self, weight: float) -> float:
        logits = self.logits.copy()
        logits[:, REPETITION] += weight * self.repeated
        own = logits[np.arange(len(self.gold)), self.gold]
        return float(((logits > own[:, None]).sum(1) < self.of).mean())


def items(examples: Sequence[Example], readings: Sequence[Reading]) -> Items:
    """What can be asked of the gold spans of whole documents. A span over a line end is two here."""
    whole = documents(examples)
    rows: list[tuple[Array, float, int, int]] = []
    for e, r in zip(examples, readings, strict=True):
        places: dict[tuple[int, int], list[int]] = {}
        for span in e.loaded or ():
            if span.label in TECHNIQUE_INDEX:
                places.setdefault((span.start, span.end), []).append(TECHNIQUE_INDEX[span.label])
        for (start, end), labels in places.items():
            odds = repetition_shift(1.0, whole[e.source, e.group], e.text[start:end])
            logits = technique_logits(r, start, end)
            rows += [(logits, odds, label, len(labels)) for label in labels]
    logits = np.array([row[0] for row in rows], np.float32).reshape(-1, len(TECHNIQUES))
    repeated = np.array([row[1] for row in rows], np.float32)
    gold, of = (np.array([row[i] for row in rows], int) for i in (2, 3))
    return Items(logits, repeated, gold, of)


def choose_weight(found: Items) -> tuple[float, float]:
    """The weight of repetition with the best micro-F1, and that figure; the one nearest to 1 of equals, as at 1 the count is
    taken for what it says where it knows nothing of what the model knows."""
    weight = max(WEIGHTS, key=lambda w: (found.micro_f1(w), -abs(w - 1)))
    return weight, found.micro_f1(weight)
