"""Judge a predictor on the public sets: every figure with n, interval, floor, baseline and signature."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from slant import __version__
from slant.corpora import ptc
from slant.errors import SlantError
from slant.judging.baselines import majority_baseline, simple_baseline
from slant.judging.figures import calibration, paired, result_without_figure, set_result, set_value
from slant.judging.held_out import HeldOut, held_out_fingerprint, held_out_result
from slant.judging.judged_items import GoldSpans, JudgedItems, SupportsPredict, judge_items, mask_targets
from slant.judging.judged_sets import (
    HELD_OUT,
    SetSpec,
    choose_sets,
    data_fingerprint,
    judged_examples,
    train_examples,
)
from slant.judging.scorecard_records import (
    Figure,
    Paired,
    Result,
    Scorecard,
    human_agreement,
    published_figures,
)
from slant.records import Example


@dataclass(frozen=True, slots=True)
class Settings:
    """How to judge.

    resamples, seed: of the bootstrap. limit: about this many examples per set, in whole groups; for trials only.
    full: also compute baselines and the ablation of targets.
    """

    resamples: int = 1000
    seed: int = 0
    limit: int | None = None
    full: bool = True


STANDARD = Settings()


def judge(
    predictor: SupportsPredict,
    *,
    sets: Sequence[str] | None,
    root: Path,
    settings: Settings = STANDARD,
    against: SupportsPredict | None = None,
) -> Scorecard:
    """Compute the official metric and the figures per label on each chosen set.

    If all held-out sets are among them, a last row has their mean (judging/held_out.py).
    sets: names, see choose_sets; None: the standard sets. root: the folder of the public sets. A missing set gives a row
    without figure, with the reason. against: another model to compare with on the same items. Shows progress on standard
    error if that is a terminal. Raises UsageError for an unknown set.
    """
    from tqdm import tqdm

    run = _Run(predictor, root, settings, against)
    results: list[Result] = []
    bar = tqdm(choose_sets(sets), unit="set", disable=None)
    for spec in bar:
        bar.set_description(spec.title)
        results += _judge_set(spec, run)
    results += _mean_of_held_out(run)
    return Scorecard(
        model=predictor.name,
        fingerprint=predictor.fingerprint,
        version=__version__,
        seed=settings.seed,
        resamples=settings.resamples,
        limit=settings.limit,
        results=tuple(results),
        against=f"{against.name} ({against.fingerprint})" if against else "",
    )


Baselines = tuple[SupportsPredict, SupportsPredict]  # majority, simple


@dataclass(frozen=True, slots=True)
class _Run:
    """The arguments of `judge`, the baselines trained so far, which splits of a set share, and the judged held-out sets."""

    predictor: SupportsPredict
    root: Path
    settings: Settings
    against: SupportsPredict | None
    trained: dict[tuple[str, str, str], Baselines] = field(default_factory=dict)
    held_out: list[HeldOut] = field(default_factory=list)

    def baselines(self, spec: SetSpec) -> Baselines | None:
        """Return the trained baselines; None if not requested or without a train split.

        Raises SlantError if the files of the train split are missing.
        """
        if not self.settings.full or spec.train is None:
            return None
        key = (spec.source, spec.train, spec.task)
        if key not in self.trained:
            train = train_examples(spec, self.root)
            self.trained[key] = (
                majority_baseline(spec, train),
                simple_baseline(spec, train, seed=self.settings.seed),
            )
        return self.trained[key]


@dataclass(frozen=True, slots=True)
class _Judged:
    """The judged items of all models of a run, of the whole set or of a slice.

    own: of the judged model. baselines: majority, simple. other: of the compared model. masked: own, with masked targets.
    """

    own: JudgedItems
    baselines: tuple[JudgedItems, ...] = ()
    other: JudgedItems | None = None
    masked: JudgedItems | None = None

    def where(self, key: str, value: str) -> _Judged:
        other, masked = (items.where(key, value) if items else None for items in (self.other, self.masked))
        baselines = tuple(items.where(key, value) for items in self.baselines)
        return _Judged(self.own.where(key, value), baselines, other, masked)


def _judge_set(spec: SetSpec, run: _Run) -> list[Result]:
    """Return the row of the set and those of its slices; a single row with the reason if the files are missing."""
    try:
        examples = judged_examples(spec, run.root, limit=run.settings.limit, seed=run.settings.seed)
        gold = ptc.spans(run.root, spec.split, "tc") if spec.source == "ptc" else None
    except SlantError as error:
        missing = result_without_figure(spec, str(error))
        if spec.held_out:
            run.held_out.append(HeldOut(spec, missing, JudgedItems()))
        return [missing]
    baselines, note = None, spec.note
    try:
        baselines = run.baselines(spec)
    except SlantError as error:
        note = "; ".join(filter(None, (note, f"no floor, no baseline: {error}")))
    judged = _judge_models(spec, examples, gold, baselines, run)
    data = data_fingerprint(examples)
    results = []
    for part, key, wanted in (("", "", ""), *spec.slices, *spec.views):
        items = judged.where(key, wanted) if part else judged
        name = f"{spec.name}/{part}" if part else spec.name
        result = set_result(spec, items.own, resamples=run.settings.resamples, seed=run.settings.seed)
        results.append(
            replace(
                result,
                set=name,
                title=f"{spec.title}, {part}" if part else spec.title,
                floor=set_value(spec, items.baselines[0]) if baselines else None,
                baseline=set_value(spec, items.baselines[1]) if baselines else None,
                baseline_name=baselines[1].name if baselines else "",
                note="" if part else note,
                signature=_set_signature(spec, part, data, result, run),
                official=spec.official and (part, key, wanted) not in spec.views,
                published=published_figures().get(name, ()),
                human=human_agreement().get(name, ""),
                # The sets judged by accuracy are also judged by another metric, with the same calibration.
                calibration=None
                if part or spec.metric == "accuracy"
                else calibration(spec, items.own, run.predictor),
                masked=_masked(spec, items.masked, run),
                against=_against(spec, items, result, run),
            )
        )
    if spec.held_out:
        run.held_out.append(HeldOut(spec, results[0], judged.own, judged.other))
    return results


def _mean_of_held_out(run: _Run) -> list[Result]:
    """Return the row of the mean over the held-out sets, if all of them were chosen."""
    wanted = [spec.name for spec in choose_sets([HELD_OUT])]
    if not wanted or [each.spec.name for each in run.held_out] != wanted:
        return []
    result = held_out_result(run.held_out, resamples=run.settings.resamples, seed=run.settings.seed)
    fields = {
        "set": HELD_OUT,
        "split": "all",
        "part": "all",
        "metric": "mean",
        "data": held_out_fingerprint(run.held_out),
    }
    return [replace(result, signature=_signature(fields, result, run))]


def _judge_models(
    spec: SetSpec,
    examples: Sequence[Example],
    gold: GoldSpans | None,
    baselines: Baselines | None,
    run: _Run,
) -> _Judged:
    own, *others = [judge_items(spec, examples, p, gold) for p in (run.predictor, *(baselines or ()))]
    other = judge_items(spec, examples, run.against, gold) if run.against else None
    masked = None
    if run.settings.full and spec.task in ("stance", "portrayal"):
        masked = judge_items(spec, [mask_targets(e) for e in examples], run.predictor)
        masked = replace(masked, slices=own.slices)  # masking changes the voice at the mention
    return _Judged(own, tuple(others), other, masked)


def _masked(spec: SetSpec, items: JudgedItems | None, run: _Run) -> Figure | None:
    if items is None:
        return None
    return set_result(spec, items, resamples=run.settings.resamples, seed=run.settings.seed).figure


def _against(spec: SetSpec, items: _Judged, result: Result, run: _Run) -> Paired | None:
    """Compare the two models; None if one of them has no figure."""
    if (
        items.other is None
        or result.figure.value is None
        or not any(p is not None for p in items.other.predicted)
    ):
        return None
    return paired(
        spec.metric,
        items.own.tally(spec),
        items.other.tally(spec),
        resamples=run.settings.resamples,
        seed=run.settings.seed,
    )


def _set_signature(spec: SetSpec, part: str, data: str, result: Result, run: _Run) -> str:
    fields = {
        "set": spec.source,
        "split": spec.split if spec.held_out_fold is None else f"{spec.split}.fold{spec.held_out_fold}",
        "part": part or "all",
        "metric": spec.metric,
        "data": data,
    }
    return _signature(fields, result, run)


def _signature(fields: Mapping[str, str], result: Result, run: _Run) -> str:
    """Return everything that the figure depends on in one line, as sacreBLEU does for BLEU. fields: those of the set."""
    common = {
        "n": result.n,
        "groups": result.groups,
        "seed": run.settings.seed,
        "resamples": run.settings.resamples,
        "limit": run.settings.limit or "none",
        "model": run.predictor.fingerprint,
        "slant": __version__,
    }
    return "|".join(f"{name}:{value}" for name, value in {**fields, **common}.items())
