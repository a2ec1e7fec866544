"""Percentile bootstrap over groups: articles, posts or threads are drawn, never the items inside them.

Items of one group are not independent, so drawing single items would give intervals that are too narrow
(Cameron, Gelbach & Miller 2008). Counts are kept per group once; a resample is a weighted sum of them.

Span metrics as their shared tasks define them, on plain `(start, end)` pairs: half-open, code points.

- Overlap F1: SemEval-2020 task 11, subtask SI (Da San Martino et al. 2020), as in its released scorer.
- Character F1: SemEval-2021 task 5, toxic spans (Pavlopoulos et al. 2021).

Counts per group, and the figures they give: one array serves the value, its interval and every slice.

Along the last axis of a count array stand four columns, `P_SUM, N_PRED, R_SUM, N_GOLD`. For classes P_SUM and
R_SUM are both the number of hits; for spans they sum the shares of predicted and of gold spans that overlap.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def resample_weights(groups: int, *, resamples: int, seed: int) -> Floats:
    """(resamples, groups): how often each group was drawn, with replacement; every row sums to `groups`.

    The same `groups` and `seed` give the same draws, so that two models' resamples are paired.
    """
    rng = np.random.default_rng(seed)
    drawn = rng.integers(0, groups, size=(resamples, groups))
    drawn += np.arange(resamples)[:, None] * groups
    return (
        np.bincount(drawn.ravel(), minlength=resamples * groups).reshape(resamples, groups).astype(np.float64)
    )


def resample_totals(counts: Floats, weights: Floats) -> Floats:
    """(groups, ...) counts and (resamples, groups) weights → (resamples, ...) totals."""
    totals: Floats = (weights @ counts.reshape(len(counts), -1)).reshape(len(weights), *counts.shape[1:])
    return totals


def percentile_interval(values: Floats, *, level: float = 0.95) -> tuple[Floats, Floats]:
    """Lower and upper end over the first axis. Resamples in which a figure is undefined (NaN) are left out;
    where it is so in all of them, both ends are NaN."""
    tail = 100 * (1 - level) / 2
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="All-NaN slice", category=RuntimeWarning)
        low, high = np.nanpercentile(values, [tail, 100 - tail], axis=0)
    return low, high


Interval = tuple[int, int]


def merge_overlapping(spans: Iterable[Interval]) -> list[Interval]:
    """Spans that share a character become one, sorted; spans that only touch stay two, as the scorer has it.

    Raises ValueError for an empty or backward span: the official scorer refuses these as well.
    """
    merged: list[Interval] = []
    for start, end in sorted(spans):
        if start >= end:
            raise ValueError(f"A span must hold at least one character, but ({start}, {end}) does not.")
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged


def overlap_counts(
    predicted: Iterable[Interval], gold: Iterable[Interval]
) -> tuple[float, float, float, float]:
    """What one article adds to the overlap F1: (sum of |s∩t|/|s|, |S|, sum of |s∩t|/|t|, |T|).

    Overlapping spans are merged first on both sides: the scorer does so for the gold spans always, for the
    submission with its option `-m` (without it, it refuses them).
    """
    found, true = merge_overlapping(predicted), merge_overlapping(gold)
    precision = recall = 0.0
    for start, end in found:
        for gold_start, gold_end in true:
            common = min(end, gold_end) - max(start, gold_start)
            if common > 0:
                precision += common / (end - start)
                recall += common / (gold_end - gold_start)
    return precision, float(len(found)), recall, float(len(true))


def overlap_f1(
    predicted: Sequence[Sequence[Interval]], gold: Sequence[Sequence[Interval]]
) -> dict[str, float]:
    """Precision, recall and F1 in [0, 1] over all articles; item i of both sides is the same article.

    Sums run over the articles before the division, so an article without gold spans counts through its false
    alarms. Nothing predicted and nothing to find gives F1 1, as in the official scorer.
    """
    rows = [overlap_counts(p, g) for p, g in zip(predicted, gold, strict=True)]
    p_sum, n_pred, r_sum, n_gold = (sum(column) for column in zip(*rows, strict=True)) if rows else (0.0,) * 4
    precision = p_sum / n_pred if n_pred else 0.0
    recall = r_sum / n_gold if n_gold else 0.0
    if not n_pred and not n_gold:
        f1 = 1.0
    else:
        f1 = 2 * precision * recall / (precision + recall) if precision and recall else 0.0
    return {"precision": precision, "recall": recall, "f1": f1}


def characters(spans: Iterable[Interval]) -> set[int]:
    """The offsets that lie in any of the spans."""
    return {offset for start, end in spans for offset in range(start, end)}


def character_f1(predicted: Iterable[Interval], gold: Iterable[Interval]) -> float:
    """F1 of one post's characters: 1 if both sides are empty, 0 if one is. A set has its posts' mean."""
    found, true = characters(predicted), characters(gold)
    if not found and not true:
        return 1.0
    return 2 * len(found & true) / (len(found) + len(true))


P_SUM, N_PRED, R_SUM, N_GOLD = range(4)


@dataclass(frozen=True, slots=True)
class Tally:
    """What each group adds to the figures of one set.

    groups: names, one per row. labels: one per column of `by_label`.
    by_label: (groups, labels, 4). overall: (groups, 4), what the official metric sums where it is not a mean
        over labels: all spans of an article, or (sum of the posts' F1, posts, 0, 0).
    """

    groups: tuple[str, ...]
    labels: tuple[str, ...]
    by_label: Floats
    overall: Floats


def precision_recall_f1(totals: Floats) -> tuple[Floats, Floats, Floats]:
    """(..., 4) totals → precision, recall, F1, each (...), in [0, 1].

    NaN where there is nothing to divide by; F1 is NaN only where nothing was predicted and nothing was there.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        precision = totals[..., P_SUM] / totals[..., N_PRED]
        recall = totals[..., R_SUM] / totals[..., N_GOLD]
        p, r = np.nan_to_num(precision), np.nan_to_num(recall)
        f1 = np.where(p + r > 0, 2 * p * r / (p + r), 0.0)
    f1[(totals[..., N_PRED] == 0) & (totals[..., N_GOLD] == 0)] = np.nan
    return precision, recall, f1


def macro_f1(by_label: Floats) -> Floats:
    """(..., labels, 4) → (...): mean F1 over the labels in gold or prediction, as scikit-learn has it."""
    f1 = precision_recall_f1(by_label)[2]
    present = ~np.isnan(f1)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(present, f1, 0.0).sum(-1) / present.sum(-1))


def statistic(metric: str, by_label: Floats, overall: Floats) -> Floats:
    """The official figure of totals. metric: "macro_f1", "micro_f1", "overlap_f1" or "character_f1"."""
    if metric == "macro_f1":
        return macro_f1(by_label)
    if metric == "character_f1":
        with np.errstate(invalid="ignore"):
            return np.asarray(overall[..., 0] / overall[..., 1])
    return precision_recall_f1(overall)[2]


def tally_classes(
    groups: Sequence[str], gold: Sequence[str], predicted: Sequence[str | None], *, labels: Sequence[str]
) -> Tally:
    """One class per item. A prediction of None is an abstention: it misses, but is nobody's false alarm."""
    names, rows = _rows(groups)
    column = {label: i for i, label in enumerate(labels)}
    by_label = np.zeros((len(names), len(labels), 4))
    for row, true, said in zip(rows, gold, predicted, strict=True):
        by_label[row, column[true], N_GOLD] += 1
        if said is not None:
            by_label[row, column[said], N_PRED] += 1
        if said == true:
            by_label[row, column[true], [P_SUM, R_SUM]] += 1
    return Tally(names, tuple(labels), by_label, by_label.sum(axis=1))


Labelled = Sequence[tuple[int, int, str]]


def tally_overlap(
    gold: Mapping[str, Labelled], predicted: Mapping[str, Labelled], *, labels: Sequence[str]
) -> Tally:
    """Spans per article, label by label (the definition of NLP4IF-2019, FLC) and all together (SI)."""
    names = tuple(sorted({*gold, *predicted}))
    by_label = np.zeros((len(names), len(labels), 4))
    overall = np.zeros((len(names), 4))
    for row, name in enumerate(names):
        found, true = predicted.get(name, ()), gold.get(name, ())
        overall[row] = overlap_counts(_bare(found), _bare(true))
        for column, label in enumerate(labels):
            by_label[row, column] = overlap_counts(_bare(found, label), _bare(true, label))
    return Tally(names, tuple(labels), by_label, overall)


def tally_characters(
    groups: Sequence[str],
    gold: Sequence[Sequence[Interval]],
    predicted: Sequence[Sequence[Interval]],
    *,
    label: str,
) -> Tally:
    """Characters of posts: `overall` holds a group's sum of F1 and its posts, `by_label` all characters."""
    names, rows = _rows(groups)
    by_label = np.zeros((len(names), 1, 4))
    overall = np.zeros((len(names), 4))
    for row, true, said in zip(rows, gold, predicted, strict=True):
        true_set, said_set = characters(true), characters(said)
        hits = len(true_set & said_set)
        by_label[row, 0] += (hits, len(said_set), hits, len(true_set))
        overall[row, :2] += (character_f1(said, true), 1)
    return Tally(names, (label,), by_label, overall)


def _rows(groups: Sequence[str]) -> tuple[tuple[str, ...], list[int]]:
    names = tuple(dict.fromkeys(groups))
    index = {name: i for i, name in enumerate(names)}
    return names, [index[name] for name in groups]


def _bare(spans: Labelled, label: str | None = None) -> Iterable[Interval]:
    return [(start, end) for start, end, name in spans if label is None or name == label]
