"""Count hits per group, and compute metrics and bootstrap intervals from the counts.

Counts are kept once per group (article, post, thread). The metric, its interval and every slice are computed from them. The
last axis of a count array has four columns: PRECISION_SUM, N_PREDICTED, RECALL_SUM, N_GOLD. For classes, PRECISION_SUM and
RECALL_SUM are both the number of hits; for spans, they sum the overlapping shares of the predicted and of the gold spans.

Intervals are percentile bootstrap intervals that resample groups, since the items of a group are not independent; resampling
items would make them too narrow (Cameron, Gelbach & Miller 2008).

Span metrics follow the definitions of their shared tasks, on half-open `(start, end)` pairs of code points:
- overlap F1: SemEval-2020 task 11, subtask SI (Da San Martino et al. 2020), as in its released scorer;
- character F1: SemEval-2021 task 5, toxic spans (Pavlopoulos et al. 2021).

Both sides right is the metric of contrast groups, which tell one event from several sides (both_right).
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Extent = tuple[int, int]  # start, end
LabeledExtents = Sequence[tuple[int, int, str]]
Pair = tuple[str | None, str | None]  # labels toward one target in two texts
PRECISION_SUM, N_PREDICTED, RECALL_SUM, N_GOLD = range(4)  # columns of a count array

# ---- counts per group, and metrics of their sums


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts per group for one set.

    groups: one name per row. labels: one per column of `by_label`.
    by_label: (groups, labels, 4). overall: (groups, 4), the counts behind official metrics that are not a mean over labels:
        all spans of an article, or (sum of the posts' F1, number of posts, 0, 0).
    """

    groups: tuple[str, ...]
    labels: tuple[str, ...]
    by_label: Floats
    overall: Floats


def tally_classes(
    groups: Sequence[str], gold: Sequence[str], predicted: Sequence[str | None], *, labels: Sequence[str]
) -> Tally:
    """Count items with one class each.

    A prediction of None (abstention), or of a label that the set lacks, lowers recall, but no label's precision.
    """
    names, rows = _rows(groups)
    column = {label: i for i, label in enumerate(labels)}
    by_label = np.zeros((len(names), len(labels), 4))
    for row, gold_label, predicted_label in zip(rows, gold, predicted, strict=True):
        by_label[row, column[gold_label], N_GOLD] += 1
        if predicted_label in column:
            by_label[row, column[predicted_label], N_PREDICTED] += 1
        if predicted_label == gold_label:
            by_label[row, column[gold_label], [PRECISION_SUM, RECALL_SUM]] += 1
    return Tally(names, tuple(labels), by_label, by_label.sum(axis=1))


def tally_pairs(
    groups: Sequence[str],
    gold: Sequence[Pair],
    predicted: Sequence[Pair | None],
    *,
    label: str,
) -> Tally:
    """Count pairs of labels, which are right if both labels are."""
    names, rows = _rows(groups)
    counts = np.zeros((len(names), 4))
    for row, gold_pair, predicted_pair in zip(rows, gold, predicted, strict=True):
        hit = float(gold_pair == predicted_pair)
        counts[row] += (hit, 1, hit, 1)
    return Tally(names, (label,), counts[:, None], counts)


def tally_overlap(
    gold: Mapping[str, LabeledExtents], predicted: Mapping[str, LabeledExtents], *, labels: Sequence[str]
) -> Tally:
    """Count spans per article: per label (as NLP4IF-2019, FLC) and regardless of label (as SI)."""
    names = tuple(sorted({*gold, *predicted}))
    by_label = np.zeros((len(names), len(labels), 4))
    overall = np.zeros((len(names), 4))
    for row, name in enumerate(names):
        predicted_spans, gold_spans = predicted.get(name, ()), gold.get(name, ())
        overall[row] = overlap_counts(_extents(predicted_spans), _extents(gold_spans))
        for column, label in enumerate(labels):
            by_label[row, column] = overlap_counts(
                _extents(predicted_spans, label), _extents(gold_spans, label)
            )
    return Tally(names, tuple(labels), by_label, overall)


def tally_characters(
    groups: Sequence[str],
    gold: Sequence[Sequence[Extent]],
    predicted: Sequence[Sequence[Extent]],
    *,
    label: str,
) -> Tally:
    """Count characters of posts. overall: (sum of the posts' F1, number of posts, 0, 0); by_label: all characters pooled."""
    names, rows = _rows(groups)
    by_label = np.zeros((len(names), 1, 4))
    overall = np.zeros((len(names), 4))
    for row, gold_spans, predicted_spans in zip(rows, gold, predicted, strict=True):
        gold_set, predicted_set = characters(gold_spans), characters(predicted_spans)
        hits = len(gold_set & predicted_set)
        by_label[row, 0] += (hits, len(predicted_set), hits, len(gold_set))
        overall[row, :2] += (character_f1(predicted_spans, gold_spans), 1)
    return Tally(names, (label,), by_label, overall)


def metric_value(metric: str, by_label: Floats, overall: Floats) -> Floats:
    """Compute the official metric from summed counts, in [0, 1].

    metric: "macro_f1", "micro_f1", "accuracy", "both_right", "overlap_f1" or "character_f1". by_label: (..., labels, 4);
        overall: (..., 4).
    """
    if metric == "macro_f1":
        return macro_f1(by_label)
    if metric in ("accuracy", "both_right"):
        return precision_recall_f1(overall)[1]
    if metric == "character_f1":
        with np.errstate(invalid="ignore"):
            return np.asarray(overall[..., 0] / overall[..., 1])
    return precision_recall_f1(overall)[2]


def macro_f1(by_label: Floats) -> Floats:
    """Compute the mean F1 over labels that occur in gold or predictions, as scikit-learn does: (..., labels, 4) → (...)."""
    f1 = precision_recall_f1(by_label)[2]
    present = ~np.isnan(f1)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(present, f1, 0.0).sum(-1) / present.sum(-1))


def precision_recall_f1(totals: Floats) -> tuple[Floats, Floats, Floats]:
    """Compute precision, recall and F1 in [0, 1] from summed counts: (..., 4) → three arrays (...).

    NaN for a zero denominator; F1 is NaN only if nothing was predicted and the gold is empty.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        precision = totals[..., PRECISION_SUM] / totals[..., N_PREDICTED]
        recall = totals[..., RECALL_SUM] / totals[..., N_GOLD]
        p, r = np.nan_to_num(precision), np.nan_to_num(recall)
        f1 = np.where(p + r > 0, 2 * p * r / (p + r), 0.0)
    f1[(totals[..., N_PREDICTED] == 0) & (totals[..., N_GOLD] == 0)] = np.nan
    return precision, recall, f1


def _rows(groups: Sequence[str]) -> tuple[tuple[str, ...], list[int]]:
    """Return the distinct groups in order, and for each item the index of its group."""
    names = tuple(dict.fromkeys(groups))
    index = {name: i for i, name in enumerate(names)}
    return names, [index[name] for name in groups]


def _extents(spans: LabeledExtents, label: str | None = None) -> Iterable[Extent]:
    """Return the spans without their labels, all of them or those with `label`."""
    return [(start, end) for start, end, name in spans if label is None or name == label]


# ---- contrast groups


def both_right(predicted: Sequence[Pair], gold: Sequence[Pair]) -> float:
    """Compute the share of pairs in which both labels are right, in [0, 1].

    A pair has the stances toward one target in two texts that tell one event from opposite sides, so that its gold labels are
    opposite. A model that judges by the event, and not by the author, gives both texts one label and scores 0; guessing both
    labels out of three scores 1/9. Raises ValueError without a pair, or if the labels of a gold pair are not opposite.
    """
    if not gold:
        raise ValueError("expected at least one pair, got 0.")
    for pair in gold:
        if set(pair) != {"against", "favor"}:
            raise ValueError(f"expected one label against and one favor per gold pair, got {pair}.")
    return sum(p == g for p, g in zip(predicted, gold, strict=True)) / len(gold)


# ---- bootstrap over groups


def resample_weights(groups: int, *, resamples: int, seed: int) -> Floats:
    """Draw groups with replacement. Returns (resamples, groups): how often each was drawn; rows sum to `groups`.

    The same `groups` and `seed` give the same draws, so that the resamples of two models are paired.
    """
    rng = np.random.default_rng(seed)
    drawn = rng.integers(0, groups, size=(resamples, groups))
    drawn += np.arange(resamples)[:, None] * groups
    return (
        np.bincount(drawn.ravel(), minlength=resamples * groups).reshape(resamples, groups).astype(np.float64)
    )


def resample_totals(counts: Floats, weights: Floats) -> Floats:
    """Sum counts over each resample: (groups, ...) and weights (resamples, groups) → (resamples, ...)."""
    totals: Floats = (weights @ counts.reshape(len(counts), -1)).reshape(len(weights), *counts.shape[1:])
    return totals


def percentile_interval(values: Floats, *, level: float = 0.95) -> tuple[Floats, Floats]:
    """Return the lower and upper end of the interval over the first axis.

    Resamples in which a value is undefined (NaN) are ignored; if it is NaN in all of them, both ends are NaN.
    """
    tail = 100 * (1 - level) / 2
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="All-NaN slice", category=RuntimeWarning)
        low, high = np.nanpercentile(values, [tail, 100 - tail], axis=0)
    return low, high


# ---- span metrics


def overlap_f1(predicted: Sequence[Sequence[Extent]], gold: Sequence[Sequence[Extent]]) -> dict[str, float]:
    """Compute precision, recall and F1 of spans in [0, 1] over all articles; item i of both sides is the same article.

    Counts are summed over articles before the division, so predictions in an article without gold spans lower precision. No
    predicted and no gold spans give F1 = 1, as in the official scorer.
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


def overlap_counts(predicted: Iterable[Extent], gold: Iterable[Extent]) -> tuple[float, float, float, float]:
    """Return the counts of one article: (sum of |s∩t|/|s|, |S|, sum of |s∩t|/|t|, |T|) for predicted s and gold t.

    Overlapping spans are merged first on both sides. The official scorer always merges the gold; it merges predictions with
    its option `-m` and otherwise rejects overlapping ones.
    """
    predicted_spans, gold_spans = merge_overlapping(predicted), merge_overlapping(gold)
    precision = recall = 0.0
    for start, end in predicted_spans:
        for gold_start, gold_end in gold_spans:
            common = min(end, gold_end) - max(start, gold_start)
            if common > 0:
                precision += common / (end - start)
                recall += common / (gold_end - gold_start)
    return precision, float(len(predicted_spans)), recall, float(len(gold_spans))


def merge_overlapping(spans: Iterable[Extent]) -> list[Extent]:
    """Merge spans that share a character, sorted; spans that only touch are not merged, as in the official scorer.

    Raises ValueError for an empty or reversed span; the official scorer rejects these too.
    """
    merged: list[Extent] = []
    for start, end in sorted(spans):
        if start >= end:
            raise ValueError(f"A span must hold at least one character, but ({start}, {end}) does not.")
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged


def character_f1(predicted: Iterable[Extent], gold: Iterable[Extent]) -> float:
    """Compute the F1 of one post's characters: 1 if both sides are empty, 0 if one is. The metric of a set is the mean."""
    predicted_set, gold_set = characters(predicted), characters(gold)
    if not predicted_set and not gold_set:
        return 1.0
    return 2 * len(predicted_set & gold_set) / (len(predicted_set) + len(gold_set))


def characters(spans: Iterable[Extent]) -> set[int]:
    """Return the offsets that lie in any of the spans."""
    return {offset for start, end in spans for offset in range(start, end)}
