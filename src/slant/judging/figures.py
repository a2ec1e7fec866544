"""Compute the figures of a judged set: official metric with interval, figures per label, calibration, paired test.

Calibration functions take confidence [n] in [0, 1], the probability of the predicted label, and correct [n], whether that
label was right. They raise ValueError for empty input, for different lengths, and for values that are no probabilities.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from slant.errors import SlantError
from slant.judging.judged_items import JudgedItems, SupportsPredict
from slant.judging.judged_sets import METRIC_NAMES, SetSpec
from slant.judging.metrics import (
    N_GOLD,
    Floats,
    Tally,
    metric_value,
    percentile_interval,
    precision_recall_f1,
    resample_totals,
    resample_weights,
)
from slant.judging.scorecard_records import Bin, Calibration, Coverage, Figure, LabelFigures, Paired, Result

# Tasks whose prediction is the label of highest probability. Techniques are left out, since gold spans are given.
CALIBRATED_TASKS = frozenset({"stance", "portrayal", "reply", "biased", "subjective", "frames"})
SWAPS = 2000  # random swaps of the permutation test

# ---- official metric and figures per label


def set_result(spec: SetSpec, items: JudgedItems, *, resamples: int, seed: int) -> Result:
    """Compute the official metric with its interval and the figures per label; a Result without figure if impossible."""
    tally = items.tally(spec)
    result = replace(
        result_without_figure(spec, ""), n=_n_items(spec, items, tally), groups=len(tally.groups)
    )
    if not result.n:
        return replace(result, reason="the split has no gold item of this task")
    if all(predicted is None for predicted in items.predicted):
        return replace(result, reason="the model has no prediction for this task")
    weights = resample_weights(len(tally.groups), resamples=resamples, seed=seed)
    by_label = resample_totals(tally.by_label, weights)
    resampled = metric_value(spec.metric, by_label, resample_totals(tally.overall, weights))
    figure = to_figure(set_value(spec, items), *percentile_interval(resampled))
    return replace(result, figure=figure, labels=_label_figures(tally, by_label))


def set_value(spec: SetSpec, items: JudgedItems) -> float | None:
    """Compute only the official metric, in [0, 1]; None without gold items."""
    from slant.judging.metrics_evaluate import official_value

    if not items.gold:
        return None
    return official_value(spec.metric, items.predicted, items.gold, labels=spec.labels)


def to_figure(value: Any, low: Any, high: Any) -> Figure:
    """Make a Figure, in which undefined numbers (NaN) become None."""
    return Figure(*(None if x is None or np.isnan(x) else float(x) for x in (value, low, high)))


def result_without_figure(spec: SetSpec, reason: str) -> Result:
    return Result(
        spec.name,
        spec.title,
        METRIC_NAMES[spec.metric],
        Figure(None),
        0,
        0,
        spec.group,
        reason=reason,
        note=spec.note,
        official=spec.official,
    )


def _label_figures(tally: Tally, resampled: Floats) -> tuple[LabelFigures, ...]:
    totals = tally.by_label.sum(axis=0)
    columns = []
    for values, draws in zip(precision_recall_f1(totals), precision_recall_f1(resampled), strict=True):
        low, high = percentile_interval(draws)
        columns.append([to_figure(*three) for three in zip(values, low, high, strict=True)])
    support = totals[:, N_GOLD].astype(int).tolist()
    return tuple(LabelFigures(*row) for row in zip(tally.labels, *columns, support, strict=True))


def _n_items(spec: SetSpec, items: JudgedItems, tally: Tally) -> int:
    """Count gold spans for the metric of spans in articles, else items."""
    return int(tally.overall[:, N_GOLD].sum()) if spec.metric == "overlap_f1" else len(items.gold)


# ---- calibration


def calibration(spec: SetSpec, items: JudgedItems, predictor: SupportsPredict) -> Calibration | None:
    """Compute the calibration of the predictions; None for tasks without probabilities, or if nothing was predicted.

    Abstention thresholds come from the predictor's `decoding`, e.g. `stance_abstain`; 0 if it has none.
    """
    with_probability = [i for i, p in enumerate(items.probability) if p is not None]
    if spec.task not in CALIBRATED_TASKS or not with_probability:
        return None
    judged = items.pick(with_probability)
    confidence = [p or 0.0 for p in judged.probability]
    correct = [p == g for p, g in zip(judged.predicted, judged.gold, strict=True)]
    decoding = getattr(predictor, "decoding", None)
    thresholds = [getattr(decoding, f"{spec.task}_abstain", 0.0) for _ in judged.slices]
    kept = judged.pick([i for i, (p, t) in enumerate(zip(confidence, thresholds, strict=True)) if p >= t])
    return Calibration(
        task=spec.task,
        n=len(confidence),
        ece=expected_calibration_error(confidence, correct),
        aurc=area_under_risk_coverage(confidence, correct),
        bins=tuple(reliability(confidence, correct)),
        coverage=tuple(risk_coverage(confidence, correct)),
        kept=len(kept.gold) / len(confidence),
        kept_figure=_kept_value(spec, items, kept),
    )


def _kept_value(spec: SetSpec, items: JudgedItems, kept: JudgedItems) -> float | None:
    """Compute the official metric of the kept items; for macro-F1, a class without kept items still counts (as 0)."""
    if spec.metric != "macro_f1" or not kept.gold:
        return set_value(spec, kept)
    from sklearn.metrics import f1_score

    return float(
        f1_score(kept.gold, kept.predicted, labels=sorted(set(items.gold)), average="macro", zero_division=0)
    )


def expected_calibration_error(confidence: ArrayLike, correct: ArrayLike, *, bins: int = 15) -> float:
    """Compute the expected calibration error in [0, 1]; 0 is perfect (Naeini et al. 2015; Guo et al. 2017).

    It is the mean distance between confidence and accuracy over bins of equal width, weighted by their share of the items.
    """
    filled = [b for b in reliability(confidence, correct, bins=bins) if b.n]
    total = sum(b.n for b in filled)
    return sum(b.n / total * abs((b.accuracy or 0.0) - (b.confidence or 0.0)) for b in filled)


def reliability(confidence: ArrayLike, correct: ArrayLike, *, bins: int = 10) -> list[Bin]:
    """Return the bins of a reliability diagram: equal width, from low to high, including empty ones."""
    p, right = _checked(confidence, correct)
    edges = np.linspace(0, 1, bins + 1)
    bin_of = np.digitize(p, edges[1:-1], right=True)
    n = np.bincount(bin_of, minlength=bins)
    means = [np.bincount(bin_of, values, bins) / np.maximum(1, n) for values in (p, right)]
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
    """Compute the share of errors among the most confident items (El-Yaniv & Wiener 2010).

    at: shares of items to keep, in (0, 1]. Items of equal confidence are kept together or not at all.
    """
    p, risk, coverage = _risk_curve(confidence, correct)
    if not all(0 < share <= 1 for share in at):
        raise ValueError(f"expected coverages in (0, 1], got {tuple(at)}.")
    # The small constant keeps 0.7 of 10 items from becoming 8 by a rounding error.
    rows = [int(np.ceil(share * len(p) - 1e-9)) - 1 for share in at]
    return [Coverage(float(coverage[r]), float(p[r]), float(risk[r])) for r in rows]


def area_under_risk_coverage(confidence: ArrayLike, correct: ArrayLike) -> float:
    """Compute the mean risk over all coverages, in [0, 1]; lower is better (AURC, Geifman & El-Yaniv 2017)."""
    return float(_risk_curve(confidence, correct)[1].mean())


def abstain_threshold(
    confidence: ArrayLike, correct: ArrayLike, *, min_items: int = 20, max_share: float = 0.2
) -> float:
    """Return the largest confidence below which at most half of the items are right; 0.0 if there is none.

    A label that is more likely wrong than right is worse than none, since readers and rates take it for a finding. Chow
    (1970) gives the rule for known probabilities and equal costs. Thresholds have steps of 0.0001, as scores do.
    min_items: number of items that must lie below the threshold, since fewer are no evidence.
    max_share: largest share of the items that may lie below; a model that is wrong more often needs better training.
    """
    p, right = _checked(confidence, correct)
    for threshold in np.unique(np.floor(p * 1e4) / 1e4)[::-1]:
        below = p < threshold
        if min_items <= below.sum() <= max_share * len(p) and right[below].mean() <= 0.5:
            return float(threshold)
    return 0.0


def precision_threshold(
    confidence: ArrayLike, correct: ArrayLike, *, rate: float = 0.75, min_items: int = 20
) -> float | None:
    """Return the smallest threshold from which at least `rate` of the items are right; None if there is none.

    Thresholds have steps of 0.0001, as scores do; 0.0 if the items are right often enough without a threshold.
    min_items: number of items that must be left at or above the threshold, since fewer are no evidence.
    Raises ValueError for a rate outside (0, 1].
    """
    p, right = _checked(confidence, correct)
    if not 0 < rate <= 1:
        raise ValueError(f"expected a rate in (0, 1], got {rate}.")
    for threshold in (0.0, *np.unique(np.floor(p * 1e4) / 1e4)):
        kept = p >= threshold
        if kept.sum() >= min_items and right[kept].mean() >= rate:
            return float(threshold)
    return None


def _risk_curve(confidence: ArrayLike, correct: ArrayLike) -> tuple[Floats, Floats, Floats]:
    """Return per item, most confident first: confidence, and risk and coverage if it and its ties are the last kept."""
    p, right = _checked(confidence, correct)
    order = np.argsort(-p, kind="stable")
    p, right = p[order], right[order]
    n_kept = np.searchsorted(-p, -p, side="right")
    wrong = np.cumsum(1 - right)
    return p, wrong[n_kept - 1] / n_kept, n_kept / len(p)


def _checked(confidence: ArrayLike, correct: ArrayLike) -> tuple[Floats, Floats]:
    p, right = np.asarray(confidence, np.float64), np.asarray(correct, bool)
    if p.ndim != 1 or p.shape != right.shape:
        raise ValueError(f"expected two lists of one length, got shapes {p.shape} and {right.shape}.")
    if not len(p):
        raise ValueError("expected at least one item, got 0.")
    # This also rejects NaN. A sum of rounded probabilities may exceed 1 slightly.
    if not ((p >= 0) & (p <= 1 + 1e-6)).all():
        raise ValueError(
            f"confidence must lie in [0, 1], got {p.min()} to {p.max()}. Give probabilities, not logits."
        )
    return np.minimum(p, 1), right.astype(np.float64)


# ---- mean over sets


def mean_figure(tallies: Sequence[tuple[str, Tally]], *, resamples: int, seed: int) -> Figure:
    """Compute the mean of the official metrics of several sets, each counting equally, with its interval.

    tallies: metric and counts of each set. The interval resamples the groups of every set.
    """
    drawn = _mean_resampled(tallies, resamples=resamples, seed=seed)
    return to_figure(_mean(tallies), *percentile_interval(drawn))


def _mean(tallies: Sequence[tuple[str, Tally]]) -> float:
    return float(np.mean([_values(metric, t, np.ones((1, len(t.groups))))[0] for metric, t in tallies]))


def _mean_resampled(tallies: Sequence[tuple[str, Tally]], *, resamples: int, seed: int) -> Floats:
    """Return the mean over the sets for each resample. Each set has its own seed: sets of one size would share draws."""
    return np.asarray(
        np.mean(
            [
                _values(metric, t, resample_weights(len(t.groups), resamples=resamples, seed=seed + i))
                for i, (metric, t) in enumerate(tallies)
            ],
            axis=0,
        )
    )


# ---- paired test of two models


def paired(
    metric: str, ours: Tally, theirs: Tally, *, resamples: int, seed: int, swaps: int = SWAPS
) -> Paired:
    """Compare two models on the same items: difference of the official metric, 95 % interval and two-sided p.

    The difference is ours − theirs, in [-1, 1]. The interval is a paired bootstrap (both models share the resamples); p is
    from a permutation test in which the models swap their predictions in a random half of the groups (Noreen 1989; Yeh
    2000). Both resample or swap whole groups. Raises SlantError if the two tallies have different groups.
    """
    return paired_mean([(metric, ours, theirs)], resamples=resamples, seed=seed, swaps=swaps)


def paired_mean(
    sets: Sequence[tuple[str, Tally, Tally]], *, resamples: int, seed: int, swaps: int = SWAPS
) -> Paired:
    """Compare two models as `paired` does, by the mean of the metrics of several sets: (metric, ours, theirs) each."""
    for _, ours, theirs in sets:
        if ours.groups != theirs.groups:
            raise SlantError(
                f"cannot compare models judged on different groups ({len(ours.groups)} and {len(theirs.groups)}). "
                "Judge both on the same data with the same limit and seed."
            )
    both = [[(metric, (ours, theirs)[i]) for metric, ours, theirs in sets] for i in (0, 1)]
    own, other = map(_mean, both)
    drawn = [_mean_resampled(tallies, resamples=resamples, seed=seed) for tallies in both]
    by_chance = np.zeros(swaps)
    for i, (metric, ours, theirs) in enumerate(sets):
        rng = np.random.default_rng(seed + i)
        swapped = rng.integers(0, 2, (swaps, len(ours.groups))).astype(np.float64)
        by_chance += _swapped_values(metric, ours, theirs, swapped)
        by_chance -= _swapped_values(metric, theirs, ours, swapped)
    as_large = int((np.abs(by_chance / len(sets)) >= abs(own - other) - 1e-12).sum())
    return Paired(
        other=other,
        difference=to_figure(own - other, *percentile_interval(drawn[0] - drawn[1])),
        p=(as_large + 1) / (swaps + 1),
    )


def _values(metric: str, tally: Tally, weights: Floats) -> Floats:
    """Compute the metric for each resample: weights (resamples, groups) → (resamples,)."""
    return metric_value(
        metric, resample_totals(tally.by_label, weights), resample_totals(tally.overall, weights)
    )


def _swapped_values(metric: str, own: Tally, other: Tally, swapped: Floats) -> Floats:
    """Compute the metric of `own` with the groups at 1 in `swapped` (swaps, groups) taken from `other` → (swaps,)."""
    by_label = own.by_label.sum(0) + resample_totals(other.by_label - own.by_label, swapped)
    overall = own.overall.sum(0) + resample_totals(other.overall - own.overall, swapped)
    # Sums that should be 0 may be 1e-17; without rounding, a label with that many predictions would count as present.
    return metric_value(metric, np.round(by_label, 9), np.round(overall, 9))
