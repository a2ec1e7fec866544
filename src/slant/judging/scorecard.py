"""The same texts without the target: how much of a stance figure the text alone gives.

A target by mention is asked about at a word that says nothing: " it" is put behind the text, and the query stands at that
word instead of the mention, which stays in the text unmarked. A target by name is asked about as "this".

`judge` a predictor on the public sets: every figure with n, interval, floor, baseline and signature.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from slant import __version__
from slant.corpora import ptc
from slant.errors import SlantError
from slant.judging.answers import Gold, Judged, Sheet, answer
from slant.judging.baselines import majority, simple
from slant.judging.figures import calibration, figures, paired, value, without_figure
from slant.judging.judged_sets import SetSpec, choose, fingerprint, judged, training
from slant.judging.scorecard_files import STAND_IN, TOPIC
from slant.judging.scorecard_records import (
    Figure,
    Paired,
    Result,
    Scorecard,
    human_agreement,
    published,
)
from slant.records import Example, TargetLabel


def without_target(example: Example) -> Example:
    """The example with its labels, all its targets made anonymous."""
    text = example.text
    if any(target.mentions for target in example.targets):
        text = f"{text} {STAND_IN}"
    place = ((len(text) - len(STAND_IN), len(text)),)
    targets = tuple(
        TargetLabel(STAND_IN, t.label, place) if t.mentions else TargetLabel(TOPIC, t.label)
        for t in example.targets
    )
    return replace(example, text=text, targets=targets)


@dataclass(frozen=True, slots=True)
class Settings:
    """How to judge.

    resamples, seed: of the intervals. limit: about so many examples per set, in whole groups: for trials only.
    full: also floors, simple baselines and the ablation of the target; False where only the model's figures matter.
    """

    resamples: int = 1000
    seed: int = 0
    limit: int | None = None
    full: bool = True


STANDARD = Settings()


def judge(
    predictor: Judged,
    *,
    sets: Sequence[str] | None,
    root: Path,
    settings: Settings = STANDARD,
    against: Judged | None = None,
) -> Scorecard:
    """Every chosen set's official metric and figures per label; None for `sets` means the standard ones.

    root: the folder of the public sets. A set that is not there is a row without figure, with the reason.
    against: another model, to be tested against on the same items.
    Progress goes to standard error if that is a terminal. Raises UsageError for an unknown set.
    """
    from tqdm import tqdm

    run = _Run(predictor, root, settings, against)
    results: list[Result] = []
    bar = tqdm(choose(sets), unit="set", disable=None)
    for spec in bar:
        bar.set_description(spec.title)
        results += _judge_set(spec, run)
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


@dataclass(frozen=True, slots=True)
class _Run:
    """What `judge` was asked, and the floors and baselines learnt so far: two splits may share them."""

    predictor: Judged
    root: Path
    settings: Settings
    against: Judged | None
    learnt: dict[tuple[str, str, str], tuple[Judged, Judged]] = field(default_factory=dict)

    def rivals(self, spec: SetSpec) -> tuple[Judged, Judged] | None:
        """Majority floor and simple model; None if not asked for or there is nothing to learn from.

        Raises SlantError if the train split's files are not there.
        """
        if not self.settings.full or spec.train is None:
            return None
        key = (spec.source, spec.train, spec.task)
        if key not in self.learnt:
            train = training(spec, self.root)
            self.learnt[key] = (majority(spec, train), simple(spec, train, seed=self.settings.seed))
        return self.learnt[key]


@dataclass(frozen=True, slots=True)
class _Sheets:
    """Everybody's answers to the same items; slices cut all of them alike."""

    own: Sheet
    rivals: tuple[Sheet, ...] = ()
    other: Sheet | None = None
    masked: Sheet | None = None

    def where(self, key: str, value: str) -> _Sheets:
        other, masked = (s.where(key, value) if s else None for s in (self.other, self.masked))
        return _Sheets(
            self.own.where(key, value), tuple(s.where(key, value) for s in self.rivals), other, masked
        )


def _judge_set(spec: SetSpec, run: _Run) -> list[Result]:
    """The set's row and those of its slices; one row with the reason if its files are not there."""
    try:
        examples = judged(spec, run.root, limit=run.settings.limit, seed=run.settings.seed)
        gold = ptc.spans(run.root, spec.split, "tc") if spec.source == "ptc" else None
    except SlantError as error:
        return [without_figure(spec, str(error))]
    rivals, note = None, spec.note
    try:
        rivals = run.rivals(spec)
    except SlantError as error:
        note = "; ".join(filter(None, (note, f"no floor, no baseline: {error}")))
    sheets = _answers(spec, examples, gold, rivals, run)
    data = fingerprint(examples)
    results = []
    for part, key, wanted in (("", "", ""), *spec.slices, *spec.views):
        cut = sheets.where(key, wanted) if part else sheets
        name = f"{spec.name}/{part}" if part else spec.name
        result = figures(spec, cut.own, resamples=run.settings.resamples, seed=run.settings.seed)
        results.append(
            replace(
                result,
                set=name,
                title=f"{spec.title}, {part}" if part else spec.title,
                floor=value(spec, cut.rivals[0]) if rivals else None,
                baseline=value(spec, cut.rivals[1]) if rivals else None,
                baseline_name=rivals[1].name if rivals else "",
                note="" if part else note,
                signature=_signature(spec, part, data, result, run),
                official=spec.official and (part, key, wanted) not in spec.views,
                published=published().get(name, ()),
                human=human_agreement().get(name, ""),
                calibration=None if part else calibration(spec, cut.own, run.predictor),
                masked=_masked(spec, cut.masked, run),
                against=_against(spec, cut, result, run),
            )
        )
    return results


def _answers(
    spec: SetSpec,
    examples: Sequence[Example],
    gold: Gold | None,
    rivals: tuple[Judged, Judged] | None,
    run: _Run,
) -> _Sheets:
    own, *others = [answer(spec, examples, who, gold) for who in (run.predictor, *(rivals or ()))]
    other = answer(spec, examples, run.against, gold) if run.against else None
    masked = None
    if run.settings.full and spec.task == "stance":
        anonymous = answer(spec, [without_target(e) for e in examples], run.predictor)
        masked = replace(anonymous, meta=own.meta)  # the slices are those of the texts as they are
    return _Sheets(own, tuple(others), other, masked)


def _masked(spec: SetSpec, sheet: Sheet | None, run: _Run) -> Figure | None:
    if sheet is None:
        return None
    return figures(spec, sheet, resamples=run.settings.resamples, seed=run.settings.seed).figure


def _against(spec: SetSpec, sheets: _Sheets, result: Result, run: _Run) -> Paired | None:
    """None where one of the two has no figure."""
    if (
        sheets.other is None
        or result.figure.value is None
        or not any(p is not None for p in sheets.other.predicted)
    ):
        return None
    return paired(
        spec.metric,
        sheets.own.tally(spec),
        sheets.other.tally(spec),
        resamples=run.settings.resamples,
        seed=run.settings.seed,
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
        "seed": run.settings.seed,
        "resamples": run.settings.resamples,
        "limit": run.settings.limit or "none",
        "model": run.predictor.fingerprint,
        "slant": __version__,
    }
    return "|".join(f"{name}:{value}" for name, value in fields.items())
