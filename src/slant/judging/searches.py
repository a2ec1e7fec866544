"""Searches over logits and gold numbers: the prior with the best macro-F1, the temperature with the best likelihood."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from slant.encoding.decode import Array

FOLDS, DRAWS = 5, 3  # of the check whether a prior holds for groups that it was not chosen by


def f1(found: NDArray[np.bool_], gold: NDArray[np.bool_]) -> float:
    """F1 in [0, 1] over all cells of two tables of one shape; nothing found and nothing to find gives 0."""
    return float(2 * (found & gold).sum() / max(1, found.sum() + gold.sum()))


def macro_f1(predicted: NDArray[np.int_], gold: NDArray[np.int_], classes: int) -> float:
    """Unweighted mean of the classes' F1 in [0, 1]; a class that is neither predicted nor there counts 0."""
    table = np.zeros((classes, classes))
    np.add.at(table, (gold, predicted), 1)
    hit = np.diag(table)
    return float(np.mean(2 * hit / np.maximum(1, table.sum(0) + table.sum(1))))


def best_bias(logits: Array, gold: NDArray[np.int_]) -> tuple[tuple[float, ...], float]:
    """Additive constants per class that maximise macro-F1 (coordinate search on a coarse grid), and that macro-F1."""
    classes = logits.shape[1]
    bias = np.zeros(classes, np.float32)
    best = macro_f1(logits.argmax(1), gold, classes)
    for step in (np.arange(-2, 2.01, 0.25), np.arange(-0.2, 0.21, 0.1)):
        for _ in range(2):
            for c in range(classes):
                for delta in step:
                    trial = bias.copy()
                    trial[c] += delta
                    figure = macro_f1((logits + trial).argmax(1), gold, classes)
                    if figure > best + 1e-4:
                        best, bias = figure, trial
    return tuple(round(float(b), 2) for b in bias), best


def trusted_bias(
    logits: Array, gold: NDArray[np.int_], groups: Sequence[str]
) -> tuple[tuple[float, ...], float, float]:
    """`best_bias` if it holds for other groups, else zeros; its macro-F1 on all, and on groups that it was not chosen by.

    Four constants chosen on some dozen threads fit the threads: they are kept only where constants chosen on four fifths of
    the groups beat none on the last fifth, over all fifths of several seeded draws. Fewer groups than fifths: they are kept.
    """
    classes, names = logits.shape[1], sorted(set(groups))
    bias, figure = best_bias(logits, gold)
    plain = macro_f1(logits.argmax(1), gold, classes)
    if len(names) < FOLDS:
        return bias, figure, figure
    rng, held_out = np.random.default_rng(0), []
    for _ in range(DRAWS):
        fold = dict(zip(rng.permutation(names).tolist(), np.arange(len(names)) % FOLDS, strict=True))
        folds, said = np.array([fold[g] for g in groups]), np.zeros(len(gold), int)
        for k in range(FOLDS):
            inside = folds == k
            chosen, _ = best_bias(logits[~inside], gold[~inside])
            said[inside] = (logits[inside] + np.asarray(chosen)).argmax(1)
        held_out.append(macro_f1(said, gold, classes))
    held = float(np.mean(held_out))
    return (bias, figure, held) if held > plain else ((0.0,) * classes, plain, held)


def best_temperature(logits: Array, gold: NDArray[np.int_]) -> float:
    """The temperature with the least negative log likelihood (Guo et al. 2017)."""

    def loss(temperature: float) -> float:
        z = logits / temperature
        z = z - z.max(1, keepdims=True)
        return float(np.mean(np.log(np.exp(z).sum(1)) - z[np.arange(len(gold)), gold]))

    return round(float(min(np.geomspace(0.3, 5, 60), key=loss)), 3)


def middle_of_best(scores: Array) -> int:
    """Row of scores [settings in order, examples] in the middle of those that chance does not tell from the best one.

    Those are its neighbours, without a break, that lose less to it than a standard error of the paired difference: of two
    thresholds a tenth of a point apart on some hundred examples either may be a point better on others.
    """
    best = int(scores.mean(1).argmax())
    lost = scores[best] - scores
    error = lost.std(1, ddof=1) / np.sqrt(lost.shape[1]) if lost.shape[1] > 1 else np.zeros(len(lost))
    apart = np.flatnonzero((lost.mean(1) >= error) & (lost.mean(1) > 0))
    first = max((int(i) + 1 for i in apart if i < best), default=0)
    last = min((int(i) - 1 for i in apart if i > best), default=len(scores) - 1)
    return (first + last + 1) // 2


def as_two_classes(logits: Array, gold: NDArray[Any]) -> tuple[Array, NDArray[np.int_]]:
    """Yes-or-no logits [n] as those of two classes [n, 2]: a softmax over 0 and x is the sigmoid of x."""
    return np.stack([np.zeros_like(logits), logits], 1), gold.astype(int)
