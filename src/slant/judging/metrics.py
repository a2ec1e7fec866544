"""Counts per group, and the figures they give: one array serves the value, its interval and every slice.

Along the last axis of a count array stand four columns, `P_SUM, N_PRED, R_SUM, N_GOLD`. For classes P_SUM and
R_SUM are both the number of hits; for spans they sum the shares of predicted and of gold spans that overlap.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from slant.judging.intervals import Floats
from slant.judging.spans import Interval, character_f1, characters, overlap_counts

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
