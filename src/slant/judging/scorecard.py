"""`judge` a predictor on the public sets: every figure with n, interval, floor, baseline and signature."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from slant import __version__
from slant.errors import SlantError
from slant.judging.answers import Predictor, Sheet, answer
from slant.judging.baseline import majority, simple
from slant.judging.card import Figure, LabelFigures, Loss, Result, Scorecard, quality_loss, read
from slant.judging.intervals import Floats, percentile_interval, resample_totals, resample_weights
from slant.judging.metrics import N_GOLD, Tally, precision_recall_f1, statistic
from slant.judging.render import write
from slant.judging.sets import METRIC_NAMES, SetSpec, choose, fingerprint, judged, training
from slant.labels.public import ptc

__all__ = [
    "Figure",
    "LabelFigures",
    "Loss",
    "Predictor",
    "Result",
    "Scorecard",
    "judge",
    "quality_loss",
    "read",
    "write",
]


def judge(
    predictor: Predictor,
    *,
    sets: Sequence[str] | None,
    root: Path,
    resamples: int = 1000,
    seed: int = 0,
    with_baseline: bool = True,
    limit: int | None = None,
) -> Scorecard:
    """Every chosen set's official metric and figures per label; None for `sets` means the standard ones.

    root: the folder of the public sets. A set that is not there is a row without figure, with the reason.
    limit: about so many examples per set, in whole groups: for trials only.
    Progress goes to standard error if that is a terminal. Raises UsageError for an unknown set.
    """
    from tqdm import tqdm

    run = _Run(predictor, root, resamples, seed, with_baseline, limit)
    results: list[Result] = []
    bar = tqdm(choose(sets), unit="set", disable=None)
    for spec in bar:
        bar.set_description(spec.title)
        results += _judge_set(spec, run)
    return Scorecard(
        predictor.name, predictor.fingerprint, __version__, seed, resamples, limit, tuple(results)
    )


@dataclass(frozen=True, slots=True)
class _Run:
    """What `judge` was asked, and the floors and baselines learnt so far: two splits may share them."""

    predictor: Predictor
    root: Path
    resamples: int
    seed: int
    with_baseline: bool
    limit: int | None
    learnt: dict[tuple[str, str, str], tuple[Predictor, Predictor]] = field(default_factory=dict)

    def rivals(self, spec: SetSpec) -> tuple[Predictor, Predictor] | None:
        """Majority floor and simple model; None if not asked for or there is nothing to learn from.

        Raises SlantError if the train split's files are not there.
        """
        if not self.with_baseline or spec.train is None:
            return None
        key = (spec.source, spec.train, spec.task)
        if key not in self.learnt:
            train = training(spec, self.root)
            self.learnt[key] = (majority(spec, train), simple(spec, train, seed=self.seed))
        return self.learnt[key]


def _judge_set(spec: SetSpec, run: _Run) -> list[Result]:
    """The set's row and those of its slices; one row with the reason if its files are not there."""
    try:
        examples = judged(spec, run.root, limit=run.limit, seed=run.seed)
        gold = ptc.spans(run.root, spec.split, "tc") if spec.source == "ptc" else None
    except SlantError as error:
        return [_blank(spec, str(error))]
    rivals, note = None, spec.note
    try:
        rivals = run.rivals(spec)
    except SlantError as error:
        note = "; ".join(filter(None, (note, f"no floor, no baseline: {error}")))
    sheets = [answer(spec, examples, who, gold) for who in (run.predictor, *(rivals or ()))]
    data = fingerprint(examples)
    results = []
    for part, key, value in (("", "", ""), *spec.slices):
        own, *others = [sheet.where(key, value) if part else sheet for sheet in sheets]
        result = _figures(spec, own, run)
        results.append(
            replace(
                result,
                set=f"{spec.name}/{part}" if part else spec.name,
                title=f"{spec.title}, {part}" if part else spec.title,
                floor=_value(spec, others[0]) if rivals else None,
                baseline=_value(spec, others[1]) if rivals else None,
                baseline_name=rivals[1].name if rivals else "",
                note="" if part else note,
                signature=_signature(spec, part, data, result, run),
            )
        )
    return results


def _figures(spec: SetSpec, sheet: Sheet, run: _Run) -> Result:
    """The official value with its interval, and the labels'; no figure if there is nothing to judge."""
    tally = sheet.tally(spec)
    blank = replace(_blank(spec, ""), n=_items(spec, sheet, tally), groups=len(tally.groups))
    if not blank.n:
        return replace(blank, reason="no gold item of this task in the split")
    if all(said is None for said in sheet.predicted):
        return replace(blank, reason="the model has no answer for this task")
    weights = resample_weights(len(tally.groups), resamples=run.resamples, seed=run.seed)
    by_label = resample_totals(tally.by_label, weights)
    draws = statistic(spec.metric, by_label, resample_totals(tally.overall, weights))
    low, high = percentile_interval(draws)
    figure = _figure(_value(spec, sheet), low, high)
    return replace(blank, figure=figure, labels=_label_figures(tally, by_label))


def _label_figures(tally: Tally, resampled: Floats) -> tuple[LabelFigures, ...]:
    totals = tally.by_label.sum(axis=0)
    columns = []
    for values, draws in zip(precision_recall_f1(totals), precision_recall_f1(resampled), strict=True):
        low, high = percentile_interval(draws)
        columns.append([_figure(*three) for three in zip(values, low, high, strict=True)])
    support = totals[:, N_GOLD].astype(int).tolist()
    return tuple(LabelFigures(*row) for row in zip(tally.labels, *columns, support, strict=True))


def _value(spec: SetSpec, sheet: Sheet) -> float | None:
    from slant.judging.official import official_value

    return official_value(spec.metric, sheet.predicted, sheet.gold) if sheet.gold else None


def _items(spec: SetSpec, sheet: Sheet, tally: Tally) -> int:
    return int(tally.overall[:, N_GOLD].sum()) if spec.metric == "overlap_f1" else len(sheet.gold)


def _figure(value: Any, low: Any, high: Any) -> Figure:
    return Figure(*(None if x is None or np.isnan(x) else float(x) for x in (value, low, high)))


def _blank(spec: SetSpec, reason: str) -> Result:
    metric = METRIC_NAMES[spec.metric]
    return Result(
        spec.name, spec.title, metric, Figure(None), 0, 0, spec.group, reason=reason, note=spec.note
    )


def _signature(spec: SetSpec, part: str, data: str, result: Result, run: _Run) -> str:
    """What sacreBLEU does for BLEU: one line that says on what the figure rests."""
    fields = {
        "set": spec.source,
        "split": spec.split if spec.held_out_fold is None else f"{spec.split}.fold{spec.held_out_fold}",
        "part": part or "all",
        "metric": spec.metric,
        "data": data,
        "n": result.n,
        "groups": result.groups,
        "seed": run.seed,
        "resamples": run.resamples,
        "limit": run.limit or "none",
        "model": run.predictor.fingerprint,
        "slant": __version__,
    }
    return "|".join(f"{name}:{value}" for name, value in fields.items())
