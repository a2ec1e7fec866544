"""From a sheet to its figures: the official value, its interval, and those of the labels."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from slant.judging.answers import Sheet
from slant.judging.card import Figure, LabelFigures, Result
from slant.judging.intervals import Floats, percentile_interval, resample_totals, resample_weights
from slant.judging.metrics import N_GOLD, Tally, precision_recall_f1, statistic
from slant.judging.sets import METRIC_NAMES, SetSpec


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
    from slant.judging.official import official_value

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
