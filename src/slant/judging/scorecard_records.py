"""The scorecard as records: what `judge` returns, what scorecard.json holds, and what export compares.

What others reached on the judged sets, and how far people agree there: data/published.toml.

One recipe trained with several seeds: mean and standard deviation of each official figure over the scorecards.
"""

from __future__ import annotations

import json
import statistics
import tomllib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from slant.assets import asset
from slant.errors import SlantError


@dataclass(frozen=True, slots=True)
class Bin:
    """The items with low < confidence <= high (0 itself is in the first bin).

    confidence, accuracy: means over the n items; None where n is 0.
    """

    low: float
    high: float
    n: int
    confidence: float | None
    accuracy: float | None


@dataclass(frozen=True, slots=True)
class Coverage:
    """What answering only at `threshold` or above gives.

    coverage: share answered, more than was asked for where confidences are tied. risk: share wrong among these.
    """

    coverage: float
    threshold: float
    risk: float


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
class Published:
    """What another system reached, in [0, 1], by the set's official metric.

    confirmed: False where the figure is quoted at second hand. split: what it was measured on where that is not
        the part judged here. masked: the system was not told the target.
    """

    system: str
    value: float
    source: str
    confirmed: bool
    split: str = ""
    masked: bool = False


@dataclass(frozen=True, slots=True)
class Calibration:
    """How far the probabilities of n answers can be trusted, see calibration.py.

    ece, aurc: in [0, 1], lower is better. kept: share of the items whose probability reaches the abstention
        threshold that the model carries (1.0 without one); kept_figure: the official metric on these alone.
    """

    task: str
    n: int
    ece: float
    aurc: float
    bins: tuple[Bin, ...]
    coverage: tuple[Coverage, ...]
    kept: float
    kept_figure: float | None

    def risk_at(self, share: float) -> float:
        """Share wrong among the most confident part of the items that holds at least `share` of them."""
        return next(c.risk for c in self.coverage if c.coverage >= share - 1e-9)


@dataclass(frozen=True, slots=True)
class Paired:
    """Another model on the same items: its figure, the difference to it (> 0 is better than it) and the
    two-sided p of no difference, see paired.py."""

    other: float
    difference: Figure
    p: float


@dataclass(frozen=True, slots=True)
class Result:
    """One row of the scorecard.

    n: gold items judged. groups: how many `group` (articles, posts, …) were resampled.
    floor: the same metric for always the most frequent label of the train split; baseline: for the simple
        model that `baseline_name` says. Both in [0, 1]; None if there is no train split or they were not
        asked for.
    reason: why there is no figure, where there is none.
    signature: what the figure depends on, in one line to be quoted with it.
    official: False for rows of our own making, which no gate compares. published, human: what others reached, and
        how far people agree. calibration: of whole sets whose answers are probabilities. masked: the figure when
        the model is not told which target. against: another model on the same items, if one was given.
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
    official: bool = True
    published: tuple[Published, ...] = ()
    human: str = ""
    calibration: Calibration | None = None
    masked: Figure | None = None
    against: Paired | None = None


@dataclass(frozen=True, slots=True)
class Scorecard:
    """All rows for one model. limit: None for whole splits, else the figures are of a trial.

    against: name and fingerprint of the model that it was compared with, "" for none.
    """

    model: str
    fingerprint: str
    version: str
    seed: int
    resamples: int
    limit: int | None
    results: tuple[Result, ...]
    against: str = ""

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def from_dict(card: dict[str, Any]) -> Scorecard:
    """The inverse of `Scorecard.to_dict`."""
    return Scorecard(**{**card, "results": tuple(_result(row) for row in card["results"])})


def _result(row: dict[str, Any]) -> Result:
    """Cards of slant 0.1 lack the later fields, which then stay at their defaults."""
    made: dict[str, Any] = {"figure": Figure(**row["figure"])}
    made["labels"] = tuple(
        LabelFigures(**{**label, **{k: Figure(**label[k]) for k in ("precision", "recall", "f1")}})
        for label in row["labels"]
    )
    made["published"] = tuple(Published(**figure) for figure in row.get("published", ()))
    if found := row.get("calibration"):
        bins = tuple(Bin(**b) for b in found["bins"])
        coverage = tuple(Coverage(**c) for c in found["coverage"])
        made["calibration"] = Calibration(**{**found, "bins": bins, "coverage": coverage})
    if found := row.get("masked"):
        made["masked"] = Figure(**found)
    if found := row.get("against"):
        made["against"] = Paired(**{**found, "difference": Figure(**found["difference"])})
    return Result(**{**row, **made})


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

    Rows without a figure in `before` and rows that are not official are left out. Raises SlantError if `after`
    lacks one that `before` has, or if the two were not judged on the same items.
    """
    later = {result.set: result for result in after.results}
    losses = []
    for old in before.results:
        if old.figure.value is None or not old.official:
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


@cache
def published() -> dict[str, tuple[Published, ...]]:
    """Name of a set, or of a slice of it → the published figures, as the file has them.

    Raises SlantError if the file cannot be read or an entry lacks a field.
    """
    found: dict[str, tuple[Published, ...]] = {}
    for row in _rows("figure"):
        name = row.pop("set")
        figure = Published(**{**row, "value": row["value"] / 100})
        found[name] = (*found.get(name, ()), figure)
    return found


@cache
def human_agreement() -> dict[str, str]:
    """Name of a set → agreement between people, with its source, as a phrase."""
    return {row["set"]: f"{row['figure']} ({row['source']})" for row in _rows("human")}


def _rows(kind: str) -> list[dict[str, Any]]:
    fields = {
        "figure": ({"set", "system", "value", "source", "confirmed"}, {"split", "masked"}),
        "human": ({"set", "figure", "source"}, set()),
    }
    must, may = fields[kind]
    path = asset("published.toml")
    try:
        rows = tomllib.loads(path.read_text("utf-8")).get(kind, [])
    except tomllib.TOMLDecodeError as error:
        raise SlantError(f"{path} is no TOML: {error}") from None
    for number, row in enumerate(rows, start=1):
        if not must <= set(row) <= must | may:
            raise SlantError(
                f"{path}: [[{kind}]] number {number} has {sorted(row)}; {sorted(must)} expected, "
                f"{sorted(may)} allowed."
            )
    return list(rows)


@dataclass(frozen=True, slots=True)
class Spread:
    """Figures in [0, 1] of one row, one per seed, with mean and sample standard deviation (n − 1)."""

    set: str
    title: str
    metric: str
    mean: float
    sd: float
    values: tuple[float, ...]


def spread(cards: Sequence[Scorecard]) -> list[Spread]:
    """Per row of the first card that has a figure in every card.

    Raises SlantError for fewer than two cards, for the same model twice, or if a row was judged on different items.
    """
    models = [card.fingerprint for card in cards]
    if len(cards) < 2 or len(set(models)) < len(models):
        raise SlantError(
            f"the scorecards of at least two different models are needed, got those of {models}."
        )
    found = []
    for first in cards[0].results:
        rows = [row for card in cards for row in card.results if row.set == first.set]
        values = tuple(row.figure.value for row in rows if row.figure.value is not None)
        if len(values) < len(cards):
            continue
        if len({data_of(row) for row in rows}) > 1:
            raise SlantError(
                f"{first.title}: judged on {sorted({data_of(row) for row in rows})}. Judge all models on the same data."
            )
        mean, sd = statistics.mean(values), statistics.stdev(values)
        found.append(Spread(first.set, first.title, first.metric, mean, sd, values))
    return found


def write_spread(rows: Sequence[Spread], path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n", "utf-8")
    return path


def read_spread(path: Path) -> list[Spread]:
    """What `write_spread` wrote; empty if there is no such file."""
    if not path.exists():
        return []
    try:
        return [Spread(**{**r, "values": tuple(r["values"])}) for r in json.loads(path.read_text("utf-8"))]
    except (ValueError, KeyError, TypeError) as error:
        raise SlantError(
            f"{path} is no spread over seeds ({error}). benchmarks/seed_spread.py writes one."
        ) from None
