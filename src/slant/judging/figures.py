"""How far a model's confidence can be trusted: calibration error, reliability, and the risk left when it abstains.

Throughout, confidence [n] in [0, 1] is the probability of the label that was given, correct [n] whether it was right.
Every function raises ValueError where there is no item, where the two differ in length, or where a confidence is no
probability.

From a sheet to its figures: the official value, its interval, and those of the labels.

How far a model's probabilities can be trusted on one set, and what its abstention threshold buys there.

Two models on the same items: the difference with its interval, and whether chance would give as large a one.

Groups (articles, posts, threads) are what is resampled and swapped, never single items. The interval is that of the
paired bootstrap (both models share the resamples); p is from approximate randomisation: the models swap their answers to
a random half of the groups, again and again (Noreen 1989; Yeh 2000).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from slant.errors import SlantError
from slant.judging.answers import Judged, Sheet
from slant.judging.judged_sets import METRIC_NAMES, SetSpec
from slant.judging.metrics import (
    N_GOLD,
    Floats,
    Tally,
    percentile_interval,
    precision_recall_f1,
    resample_totals,
    resample_weights,
    statistic,
)
from slant.judging.scorecard_records import Bin, Calibration, Coverage, Figure, LabelFigures, Paired, Result


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


def figures(spec: SetSpec, sheet: Sheet, *, resamples: int, seed: int) -> Result:
    """The official value with its interval, and the labels'; no figure if there is nothing to judge."""
    tally = sheet.tally(spec)
    blank = replace(without_figure(spec, ""), n=_items(spec, sheet, tally), groups=len(tally.groups))
    if not blank.n:
        return replace(blank, reason="no gold item of this task in the split")
    if all(said is None for said in sheet.predicted):
        return replace(blank, reason="the model has no answer for this task")
    weights = resample_weights(len(tally.groups), resamples=resamples, seed=seed)
    by_label = resample_totals(tally.by_label, weights)
    draws = statistic(spec.metric, by_label, resample_totals(tally.overall, weights))
    figure = as_figure(value(spec, sheet), *percentile_interval(draws))
    return replace(blank, figure=figure, labels=_label_figures(tally, by_label))


def value(spec: SetSpec, sheet: Sheet) -> float | None:
    """The official value alone, in [0, 1]; None without gold."""
    from slant.judging.metrics_evaluate import official_value

    return official_value(spec.metric, sheet.predicted, sheet.gold) if sheet.gold else None


def as_figure(value: Any, low: Any, high: Any) -> Figure:
    """A Figure in which what is undefined (NaN) is None."""
    return Figure(*(None if x is None or np.isnan(x) else float(x) for x in (value, low, high)))


def without_figure(spec: SetSpec, reason: str) -> Result:
    metric = METRIC_NAMES[spec.metric]
    return Result(
        spec.name,
        spec.title,
        metric,
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
        columns.append([as_figure(*three) for three in zip(values, low, high, strict=True)])
    support = totals[:, N_GOLD].astype(int).tolist()
    return tuple(LabelFigures(*row) for row in zip(tally.labels, *columns, support, strict=True))


def _items(spec: SetSpec, sheet: Sheet, tally: Tally) -> int:
    return int(tally.overall[:, N_GOLD].sum()) if spec.metric == "overlap_f1" else len(sheet.gold)


# Their answers are the label of highest probability. Techniques are left out: they are asked for given gold spans.
TASKS = frozenset({"stance", "reply", "biased", "subjective", "frames"})


def calibration(spec: SetSpec, sheet: Sheet, predictor: Judged) -> Calibration | None:
    """Calibration of the answers in `sheet`; None for tasks without probabilities, or if nothing was answered.

    The abstention thresholds are those of the predictor's `decoding`, e.g. `named_abstain`; 0 where it has none.
    """
    answered = [i for i, sure in enumerate(sheet.sure) if sure is not None]
    if spec.task not in TASKS or not answered:
        return None
    rows = sheet.pick(answered)
    sure = [p or 0.0 for p in rows.sure]
    right = [said == true for said, true in zip(rows.predicted, rows.gold, strict=True)]
    decoding = getattr(predictor, "decoding", None)
    thresholds = [getattr(decoding, f"{m.get('asked', spec.task)}_abstain", 0.0) for m in rows.meta]
    kept = rows.pick([i for i, (p, t) in enumerate(zip(sure, thresholds, strict=True)) if p >= t])
    return Calibration(
        task=spec.task,
        n=len(sure),
        ece=expected_calibration_error(sure, right),
        aurc=area_under_risk_coverage(sure, right),
        bins=tuple(reliability(sure, right)),
        coverage=tuple(risk_coverage(sure, right)),
        kept=len(kept.gold) / len(sure),
        kept_figure=_kept_figure(spec, sheet, kept),
    )


def _kept_figure(spec: SetSpec, sheet: Sheet, kept: Sheet) -> float | None:
    """The official value of the kept part; a class that is withheld as a whole still counts in the mean over classes."""
    if spec.metric != "macro_f1" or not kept.gold:
        return value(spec, kept)
    from sklearn.metrics import f1_score

    return float(
        f1_score(kept.gold, kept.predicted, labels=sorted(set(sheet.gold)), average="macro", zero_division=0)
    )


SWAPS = 2000


def paired(
    metric: str, ours: Tally, theirs: Tally, *, resamples: int, seed: int, swaps: int = SWAPS
) -> Paired:
    """Difference of the official metric, ours − theirs, in [-1, 1], with the 95 % interval and two-sided p.

    Raises SlantError if the two tallies are not of the same groups.
    """
    if ours.groups != theirs.groups:
        raise SlantError(
            f"two models on {len(ours.groups)} and {len(theirs.groups)} groups that are not the same cannot be "
            "compared. Judge both on the same data with the same limit and seed."
        )
    weights = resample_weights(len(ours.groups), resamples=resamples, seed=seed)
    ones = np.ones((1, len(ours.groups)))
    own, other = (float(_value(metric, tally, ones)[0]) for tally in (ours, theirs))
    draws = _value(metric, ours, weights) - _value(metric, theirs, weights)
    swapped = np.random.default_rng(seed).integers(0, 2, (swaps, len(ours.groups))).astype(np.float64)
    by_chance = _mixed(metric, ours, theirs, swapped) - _mixed(metric, theirs, ours, swapped)
    as_large = int((np.abs(by_chance) >= abs(own - other) - 1e-12).sum())
    return Paired(
        other=other,
        difference=as_figure(own - other, *percentile_interval(draws)),
        p=(as_large + 1) / (swaps + 1),
    )


def _value(metric: str, tally: Tally, weights: Floats) -> Floats:
    """(draws, groups) weights → (draws,) values."""
    return statistic(
        metric, resample_totals(tally.by_label, weights), resample_totals(tally.overall, weights)
    )


def _mixed(metric: str, stay: Tally, come: Tally, swapped: Floats) -> Floats:
    """Values of `stay` with the groups at 1 in `swapped` taken from `come`."""
    by_label = stay.by_label.sum(0) + resample_totals(come.by_label - stay.by_label, swapped)
    overall = stay.overall.sum(0) + resample_totals(come.overall - stay.overall, swapped)
    # Sums that must be 0 come out as 1e-17, and a label "predicted" so often would count as present.
    return statistic(metric, np.round(by_label, 9), np.round(overall, 9))
