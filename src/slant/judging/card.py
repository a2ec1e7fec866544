"""The scorecard as records: what `judge` returns, what scorecard.json holds, and what export compares."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

from slant.errors import SlantError


@dataclass(frozen=True, slots=True)
class Figure:
    """A value in [0, 1] with its 95 % interval; None where there is nothing to divide by."""

    value: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class LabelFigures:
    """One label's figures; support: gold items (for spans: gold spans, for toxic: gold characters)."""

    label: str
    precision: Figure
    recall: Figure
    f1: Figure
    support: int


@dataclass(frozen=True, slots=True)
class Result:
    """One row of the scorecard.

    n: gold items judged. groups: how many `group` (articles, posts, …) were resampled.
    floor: the same metric for always the most frequent label of the train split; baseline: for the simple
        model that `baseline_name` says. Both in [0, 1]; None if there is no train split or they were not
        asked for.
    reason: why there is no figure, where there is none.
    signature: what the figure depends on, in one line to be quoted with it.
    """

    set: str
    title: str
    metric: str
    figure: Figure
    n: int
    groups: int
    group: str
    labels: tuple[LabelFigures, ...] = ()
    floor: float | None = None
    baseline: float | None = None
    baseline_name: str = ""
    reason: str = ""
    note: str = ""
    signature: str = ""


@dataclass(frozen=True, slots=True)
class Scorecard:
    """All rows for one model. limit: None for whole splits, else the figures are of a trial."""

    model: str
    fingerprint: str
    version: str
    seed: int
    resamples: int
    limit: int | None
    results: tuple[Result, ...]

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def from_dict(card: dict[str, Any]) -> Scorecard:
    """The inverse of `Scorecard.to_dict`."""
    results = []
    for row in card["results"]:
        labels = tuple(
            LabelFigures(**{**label, **{k: Figure(**label[k]) for k in ("precision", "recall", "f1")}})
            for label in row["labels"]
        )  # fmt: skip
        results.append(Result(**{**row, "figure": Figure(**row["figure"]), "labels": labels}))
    return Scorecard(**{**card, "results": tuple(results)})


def read(path: Path) -> Scorecard:
    """A scorecard.json, or the folder that holds one. Raises SlantError if it is none."""
    path = path / "scorecard.json" if path.is_dir() else path
    try:
        return from_dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SlantError(
            f"{path} is no scorecard ({error}). `slant evaluate -o DIR` writes DIR/scorecard.json."
        ) from None


class Loss(NamedTuple):
    """What a set lost between two models. Values in [0, 1]; points: 100 × (before − after), > 0 is worse."""

    set: str
    metric: str
    before: float
    after: float
    points: float


def quality_loss(before: Scorecard, after: Scorecard) -> list[Loss]:
    """Per set the official metric of two scorecards, e.g. of fp32 and int8, in the order of the first.

    Sets without a figure in `before` are left out. Raises SlantError if `after` lacks one that `before` has,
    or if the two were not judged on the same items.
    """
    later = {result.set: result for result in after.results}
    losses = []
    for old in before.results:
        if old.figure.value is None:
            continue
        new = later.get(old.set)
        if new is None or new.figure.value is None:
            reason = new.reason if new else "it was not judged"
            raise SlantError(
                f"{old.title} has a figure for {before.model} but none for {after.model}: {reason}."
            )
        if data_of(old) != data_of(new):
            raise SlantError(
                f"{old.title}: {before.model} was judged on {data_of(old)}, {after.model} on {data_of(new)}. "
                "Judge both on the same data with the same limit and seed."
            )
        points = 100 * (old.figure.value - new.figure.value)
        losses.append(Loss(old.set, old.metric, old.figure.value, new.figure.value, points))
    return losses


def data_of(result: Result) -> str:
    """The part of the signature that says on which items: `data:…|n:…`."""
    fields = [field for field in result.signature.split("|") if field.startswith(("data:", "n:"))]
    return "|".join(fields) or "nothing"
