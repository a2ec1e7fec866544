"""What is chosen for loaded language on dev: where spans begin and end, and how much repetition in the document weighs."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from slant.encoding.decode import (
    Array,
    Decoding,
    Reading,
    sigmoid,
    technique_logits,
)
from slant.encoding.extents import loaded_extents, words
from slant.encoding.labels import ANY, TECHNIQUE_INDEX, TECHNIQUES, span_tags
from slant.encoding.repetition import documents, repetition_shift
from slant.judging.searches import middle_of_best
from slant.judging.spans import overlap_f1
from slant.records import Example

SEEDS, THRESHOLDS, GAPS = np.arange(0.2, 0.81, 0.05), np.arange(0.1, 0.61, 0.05), (1, 8)
NEIGHBOURS = (0.0, 0.25)
WEIGHTS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5)


def choose_extents(
    examples: Sequence[Example], readings: Sequence[Reading]
) -> tuple[dict[str, Any], dict[str, float], Array, NDArray[np.bool_]]:
    """The settings of `loaded_extents` with the best span F1, that F1 per set, and all words' logits and tags.

    The mean of the sets' F1 counts: one marks a clause where the other marks a word, and the larger would decide alone.
    """
    texts: dict[str, list[tuple[str, NDArray[np.int64], Array]]] = {}
    gold: dict[str, list[list[tuple[int, int]]]] = {}
    logits, tagged = [], []
    for e, r in zip(examples, readings, strict=True):
        spans = [(s.start, s.end) for s in e.loaded or ()]
        offsets, values = words(e.text, r.offsets, r.tokens[:, ANY])
        texts.setdefault(e.source, []).append((e.text, offsets, sigmoid(values)))
        gold.setdefault(e.source, []).append(spans)
        logits.append(values)
        tagged.append(span_tags(offsets.tolist(), spans))
    best: tuple[dict[str, Any], dict[str, float]] = ({}, dict.fromkeys(texts, -1.0))
    for seed, threshold, gap, near in product(SEEDS, THRESHOLDS, GAPS, NEIGHBOURS):
        if threshold > seed:
            continue
        cut = {
            "seed": round(float(seed), 2),
            "threshold": round(float(threshold), 2),
            "gap": gap,
            "neighbours": near,
        }
        figures = {
            source: overlap_f1([loaded_extents(*text, **cut) for text in rows], gold[source])["f1"]
            for source, rows in texts.items()
        }
        if sum(figures.values()) > sum(best[1].values()):
            best = (cut, figures)
    return *best, np.concatenate(logits), np.concatenate(tagged)


class Items(NamedTuple):
    """One row per gold label of a span: logits and what the document says of repetition [n, techniques], the label [n], and
    how many labels the span has [n], as the k best answers count for k of them."""

    logits: Array
    repeated: Array
    gold: NDArray[np.int_]
    of: NDArray[np.int_]

    def right(self, weight: float) -> NDArray[np.bool_]:
        """[n]: whose label is among the answers; their share is the micro-F1."""
        logits = self.logits + weight * self.repeated
        own = logits[np.arange(len(self.gold)), self.gold]
        return np.asarray((logits > own[:, None]).sum(1) < self.of)


def items(examples: Sequence[Example], readings: Sequence[Reading]) -> Items:
    """What can be asked of the gold spans of whole documents. A span over a line end is two here."""
    whole = documents(examples)
    rows: list[tuple[Array, Array, int, int]] = []
    for e, r in zip(examples, readings, strict=True):
        places: dict[tuple[int, int], list[int]] = {}
        for span in e.loaded or ():
            if span.label in TECHNIQUE_INDEX:
                places.setdefault((span.start, span.end), []).append(TECHNIQUE_INDEX[span.label])
        for (start, end), labels in places.items():
            shift = repetition_shift(1.0, whole[e.source, e.group], e.text[start:end])
            logits = technique_logits(r, start, end)
            rows += [(logits, shift, label, len(labels)) for label in labels]
    logits, repeated = (
        np.array([row[i] for row in rows], np.float32).reshape(-1, len(TECHNIQUES)) for i in (0, 1)
    )
    gold, of = (np.array([row[i] for row in rows], int) for i in (2, 3))
    return Items(logits, repeated, gold, of)


def choose_weight(
    examples: Sequence[Example], readings: Sequence[Reading]
) -> tuple[float, dict[str, float], float]:
    """The weight of repetition in the middle of those that chance does not tell from the best one by micro-F1 (the mean of
    the sets'), that figure per set, and the mean without it."""
    sets = {
        source: items(
            *zip(
                *((e, r) for e, r in zip(examples, readings, strict=True) if e.source == source), strict=True
            )
        )
        for source in dict.fromkeys(e.source for e in examples if e.loaded)
    }
    if not sets:
        return Decoding().repetition_weight, {}, 0.0
    right = {
        source: np.array([found.right(w) for w in WEIGHTS], np.float32) for source, found in sets.items()
    }
    total = sum(rows.shape[1] for rows in right.values())
    # However many spans a set has, it counts as much as another.
    scores = np.concatenate([rows * total / (len(right) * rows.shape[1]) for rows in right.values()], axis=1)
    middle = middle_of_best(scores)
    figures = {source: float(rows[middle].mean()) for source, rows in right.items()}
    return WEIGHTS[middle], figures, float(scores[0].mean())
