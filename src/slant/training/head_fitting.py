"""Fit linear heads on frozen states, and estimate by cross-validation over articles how good they are.

A head is a logistic regression that starts from the model's own answer: its logits are an offset, and the weights on states
and logits are a correction that the penalty draws to zero. Few labels therefore change little. Rare labels weigh more, by the
square root of their rarity: macro-F1 counts all labels alike.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from slant.scoring.heads import Linear

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
PENALTIES = (1.0, 3.0, 10.0)
BIAS_PENALTY = 0.01
INNER_FOLDS = 3  # to choose the penalty
SHARES = (0.25, 0.5, 0.75, 1.0)  # of the articles, in the learning curve
RESAMPLES = 1000
Decide = Callable[[Floats], Ints]  # from logits [items, answers] to the number of the answer of each item


@dataclass(frozen=True, slots=True)
class Items:
    """What a head learns from, an entry per question.

    features [items, features]: `plain` logits, then states. offset [items, answers]: the model's own answer, as logits.
    gold: number of the right answer. article: number of the article; articles are independent. model: number of the model's
    answer, as it comes.
    """

    features: Floats
    offset: Floats
    gold: Ints
    article: Ints
    model: Ints
    plain: int

    def of(self, rows: Ints | NDArray[np.bool_]) -> Items:
        return Items(
            self.features[rows],
            self.offset[rows],
            self.gold[rows],
            self.article[rows],
            self.model[rows],
            self.plain,
        )


@dataclass(frozen=True, slots=True)
class Interval:
    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Fitted:
    """weights, biases: for features, without the offset. fold 0 is learned from all items. out_of_fold: logits of each item
    by the fold that did not see its article. penalty: of the whole.
    """

    weights: Floats
    biases: Floats
    out_of_fold: Floats
    penalty: float


def assign_folds(article: Ints, *, folds: int, seed: int) -> Ints:
    """Return the fold, from 1, of each item; articles stay whole, and folds have nearly equally many articles."""
    names, place = np.unique(article, return_inverse=True)
    order = np.random.default_rng(seed).permutation(len(names))
    numbers = np.empty(len(names), np.int64)
    numbers[order] = np.arange(len(names)) % folds + 1
    return numbers[place]


def number_of_folds(articles: int) -> int:
    return min(10, articles)


def fit(items: Items, fold: Ints, *, folds: int, seed: int = 0) -> Fitted:
    """Fit a head on all items and one without each fold. The penalty of each is chosen without the items it leaves out."""
    penalty = choose_penalty(items, seed=seed)
    parts = [logistic(items, penalty)]
    logits = np.array(items.offset)
    for k in range(1, folds + 1):
        out = fold == k
        if not out.any():  # no article of this fold has such a label
            parts.append(parts[0])
            continue
        own = items.of(~out)
        parts.append(logistic(own, choose_penalty(own, seed=seed)))
        logits[out] = predict(items.of(out), *parts[-1])
    weights, biases = (np.stack(each) for each in zip(*parts, strict=True))
    return Fitted(weights, biases, logits, penalty)


def predict(items: Items, weights: Floats, biases: Floats) -> Floats:
    """Return the logits [items, answers]."""
    found: Floats = items.offset + items.features @ weights.T + biases
    return found


def choose_penalty(items: Items, *, seed: int) -> float:
    """Return the penalty with the least loss in a cross-validation over articles; the largest if articles are few."""
    if len(np.unique(items.article)) < 2 * INNER_FOLDS:
        return PENALTIES[-1]
    fold = assign_folds(items.article, folds=INNER_FOLDS, seed=seed + 1)
    weight = label_weights(items.gold, items.offset.shape[1])
    losses = np.zeros(len(PENALTIES))
    for k in range(1, INNER_FOLDS + 1):
        out = fold == k
        gold = items.gold[out]
        for i, fitted in enumerate(logistics(items.of(~out), PENALTIES)):
            logs = _log_softmax(predict(items.of(out), *fitted))
            losses[i] -= (weight[gold] * logs[np.arange(len(gold)), gold]).sum()
    return PENALTIES[int(losses.argmin())]


def label_weights(gold: Ints, answers: int) -> Floats:
    """Return the weight of each answer: the square root of its rarity; 0 if it does not occur."""
    counts = np.bincount(gold, minlength=answers).astype(float)
    present = counts > 0
    out = np.zeros(answers)
    out[present] = np.sqrt(counts.sum() / present.sum() / counts[present])
    return out


def logistic(items: Items, penalty: float) -> tuple[Floats, Floats]:
    """Return weights [answers, features] and biases [answers] of a penalized logistic regression with an offset."""
    return logistics(items, [penalty])[0]


def logistics(items: Items, penalties: Sequence[float]) -> list[tuple[Floats, Floats]]:
    """Return the weights and biases of `logistic` for each penalty.

    Features are standardized, and the states together weigh as much as one logit; both are undone in what is returned.
    """
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):  # the matrices are small: threads would mostly wait for each other
        return _logistics(items, penalties)


def _logistics(items: Items, penalties: Sequence[float]) -> list[tuple[Floats, Floats]]:
    from scipy.optimize import minimize

    mean, spread = items.features.mean(0), items.features.std(0)
    scale = np.where(spread > 1e-6, 1 / np.maximum(spread, 1e-6), 0.0)
    scale[items.plain :] /= np.sqrt(max(1, len(scale) - items.plain))
    # In the space of the items' own directions the solution is the same, and has fewer numbers.
    u, s, directions = np.linalg.svd((items.features - mean) * scale, full_matrices=False)
    reduced = u * s
    rank, answers = reduced.shape[1], items.offset.shape[1]
    right = np.eye(answers)[items.gold]
    weight = label_weights(items.gold, answers)[items.gold][:, None]

    def loss(flat: Floats, penalty: float) -> tuple[float, Floats]:
        both = flat.reshape(answers, rank + 1)
        inner, bias = both[:, :rank], both[:, rank]
        logs = _log_softmax(items.offset + reduced @ inner.T + bias)
        value = (
            -(weight * right * logs).sum()
            + 0.5 * penalty * (inner**2).sum()
            + 0.5 * BIAS_PENALTY * (bias**2).sum()
        )
        wrong = weight * (np.exp(logs) - right)
        slope = np.hstack(
            [wrong.T @ reduced + penalty * inner, (wrong.sum(0) + BIAS_PENALTY * bias)[:, None]]
        )
        return float(value), slope.ravel()

    start, out = np.zeros(answers * (rank + 1)), []
    for penalty in penalties:
        best = minimize(loss, start, (penalty,), jac=True, method="L-BFGS-B", options={"maxiter": 100})
        found = best.x.reshape(answers, rank + 1)
        weights = (found[:, :rank] @ directions) * scale
        out.append((weights, found[:, rank] - weights @ mean))
    return out


def _log_softmax(logits: Floats) -> Floats:
    shifted = logits - logits.max(1, keepdims=True)
    out: Floats = shifted - np.log(np.exp(shifted).sum(1, keepdims=True))
    return out


# ---- how good it is


@dataclass(frozen=True, slots=True)
class Point:
    """A point of the learning curve: mean number of articles and labels that taught, and the metric."""

    articles: int
    labels: int
    f1: Interval


def learning_curve(
    items: Items, fold: Ints, decide: Decide, labels: Sequence[int], *, penalty: float
) -> list[Point]:
    """Teach with growing shares of the articles of all folds but one, and judge on that one."""
    order = np.random.default_rng(0).permutation(int(items.article.max()) + 1)
    points = []
    for share in SHARES:
        said = np.zeros(len(items.gold), np.int64)
        taught_articles, taught_labels = [], []
        for k in np.unique(fold):
            out = fold == k
            rest = np.unique(items.article[~out])
            kept = rest[np.argsort(order[rest])][: max(2, round(share * len(rest)))]
            own = items.of(np.isin(items.article, kept))
            taught_articles.append(len(kept))
            taught_labels.append(len(own.gold))
            said[out] = decide(predict(items.of(out), *logistic(own, penalty)))
        f1 = resampled_f1(items, [said], labels)[0]
        points.append(Point(round(float(np.mean(taught_articles))), round(float(np.mean(taught_labels))), f1))
    return points


def resampled_f1(
    items: Items, answers: Sequence[Ints], labels: Sequence[int], *, level: float = 0.95, seed: int = 0
) -> list[Interval]:
    """Return the macro-F1 over `labels` of each list of answers, and of the last less the first, with intervals.

    Intervals resample articles; the same ones for all lists, so the difference is paired.
    """
    names, place = np.unique(items.article, return_inverse=True)
    times = np.random.default_rng(seed).multinomial(
        len(names), np.full(len(names), 1 / len(names)), RESAMPLES
    )
    columns = [
        _f1(items.gold, said, place, np.vstack([np.ones(len(names)), times]), labels) for said in answers
    ]
    if len(columns) > 1:
        columns.append(columns[-1] - columns[0])
    tail = 100 * (1 - level) / 2
    return [
        Interval(float(c[0]), *(float(q) for q in np.nanpercentile(c[1:], (tail, 100 - tail))))
        for c in columns
    ]


def _f1(gold: Ints, said: Ints, place: Ints, times: Floats, labels: Sequence[int]) -> Floats:
    """Return the macro-F1 of each row of `times` [rows, articles]: how often each article counts."""
    found = []
    for label in labels:
        hits, total = np.zeros((2, times.shape[1]))
        np.add.at(hits, place, 2.0 * ((gold == label) & (said == label)))
        np.add.at(total, place, 1.0 * (gold == label) + (said == label))
        sums = times @ total
        found.append(np.where(sums > 0, times @ hits / np.maximum(sums, 1e-9), np.nan))
    with np.errstate(invalid="ignore"):
        out: Floats = np.nanmean(np.stack(found), axis=0)
    return out


def linear(fitted: Fitted, offset: tuple[Floats, Floats] | None = None) -> Linear:
    """Return the weights with those of the offset added; without an offset, the difference of two answers."""
    weights, biases = fitted.weights, fitted.biases
    if offset is not None:
        return Linear((weights + offset[0]).astype(np.float32), (biases + offset[1]).astype(np.float32))
    return Linear(
        (weights[:, 1:] - weights[:, :1]).astype(np.float32),
        (biases[:, 1:] - biases[:, :1]).astype(np.float32),
    )
