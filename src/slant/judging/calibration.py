"""How far a model's confidence can be trusted: calibration error, reliability, and the risk left when it abstains.

Throughout, confidence [n] in [0, 1] is the probability of the label that was given, correct [n] whether it was right.
Every function raises ValueError where there is no item, where the two differ in length, or where a confidence is no
probability.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Bin:
    """The items with low < confidence <= high (0 itself is in the first bin).

    confidence, accuracy: means over the n items; None where n is 0.
    """

    low: float
    high: float
    n: int
    confidence: float | None
    accuracy: float | None


@dataclass(frozen=True, slots=True)
class Coverage:
    """What answering only at `threshold` or above gives.

    coverage: share answered, more than was asked for where confidences are tied. risk: share wrong among these.
    """

    coverage: float
    threshold: float
    risk: float


def expected_calibration_error(confidence: ArrayLike, correct: ArrayLike, *, bins: int = 15) -> float:
    """Mean distance in [0, 1] between confidence and accuracy over equal-width bins, weighed by their share of the
    items; 0 is perfect (Naeini et al. 2015; Guo et al. 2017)."""
    found = [b for b in reliability(confidence, correct, bins=bins) if b.n]
    total = sum(b.n for b in found)
    return sum(b.n / total * abs((b.accuracy or 0.0) - (b.confidence or 0.0)) for b in found)


def reliability(confidence: ArrayLike, correct: ArrayLike, *, bins: int = 10) -> list[Bin]:
    """The bins of a reliability diagram, of equal width and from low to high, empty ones included."""
    sure, right = _checked(confidence, correct)
    edges = np.linspace(0, 1, bins + 1)
    number = np.digitize(sure, edges[1:-1], right=True)
    n = np.bincount(number, minlength=bins)
    means = [np.bincount(number, values, bins) / np.maximum(1, n) for values in (sure, right)]
    return [
        Bin(
            float(edges[i]),
            float(edges[i + 1]),
            int(n[i]),
            float(means[0][i]) if n[i] else None,
            float(means[1][i]) if n[i] else None,
        )
        for i in range(bins)
    ]


def risk_coverage(
    confidence: ArrayLike, correct: ArrayLike, *, at: Sequence[float] = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0)
) -> list[Coverage]:
    """Share wrong among the most confident part of the items, for each share `at` in (0, 1] that is to be answered
    (El-Yaniv & Wiener 2010). Items of equal confidence are answered together or not at all."""
    sure, risk, answered = _curve(confidence, correct)
    if not all(0 < share <= 1 for share in at):
        raise ValueError(f"coverages in (0, 1] expected, got {tuple(at)}.")
    # Less a hair: 0.7 of 10 items must not become 8 through a rounding error.
    rows = [int(np.ceil(share * len(sure) - 1e-9)) - 1 for share in at]
    return [Coverage(float(answered[r]), float(sure[r]), float(risk[r])) for r in rows]


def area_under_risk_coverage(confidence: ArrayLike, correct: ArrayLike) -> float:
    """Mean risk over every coverage, in [0, 1]; lower is better (AURC, Geifman & El-Yaniv 2017)."""
    return float(_curve(confidence, correct)[1].mean())


def abstain_threshold(
    confidence: ArrayLike, correct: ArrayLike, *, least: int = 20, most: float = 0.2
) -> float:
    """The largest confidence below which, taken together, at most half of the items are right; 0.0 where there is none.

    A label that is more likely wrong than right is worse than none: a reader takes it for a finding, and a rate counts it.
    least: so many items must lie below, since fewer do not tell. most: share of all items that may lie below at most; a
    model that is wrong oftener than that should be trained better, not silenced.
    In steps of 0.0001, as scores have them. Chow (1970) has the rule for known probabilities and equal costs.
    """
    sure, right = _checked(confidence, correct)
    for threshold in np.unique(np.floor(sure * 1e4) / 1e4)[::-1]:
        below = sure < threshold
        if least <= below.sum() <= most * len(sure) and right[below].mean() <= 0.5:
            return float(threshold)
    return 0.0


def _curve(confidence: ArrayLike, correct: ArrayLike) -> tuple[Floats, Floats, Floats]:
    """Per item, most confident first: its confidence, and risk and coverage when it and its equals are the last."""
    sure, right = _checked(confidence, correct)
    order = np.argsort(-sure, kind="stable")
    sure, right = sure[order], right[order]
    answered = np.searchsorted(-sure, -sure, side="right")
    wrong = np.cumsum(1 - right)
    return sure, wrong[answered - 1] / answered, answered / len(sure)


def _checked(confidence: ArrayLike, correct: ArrayLike) -> tuple[Floats, Floats]:
    sure, right = np.asarray(confidence, np.float64), np.asarray(correct, bool)
    if sure.ndim != 1 or sure.shape != right.shape:
        raise ValueError(f"two lists of one length expected, got shapes {sure.shape} and {right.shape}.")
    if not len(sure):
        raise ValueError("no item to judge confidence by: at least one expected, got 0.")
    # Refuses NaN as well; a sum of rounded probabilities may pass 1 by a hair.
    if not ((sure >= 0) & (sure <= 1 + 1e-6)).all():
        raise ValueError(
            f"confidence must lie in [0, 1], got {sure.min()} to {sure.max()}. Give probabilities, not logits."
        )
    return np.minimum(sure, 1), right.astype(np.float64)
