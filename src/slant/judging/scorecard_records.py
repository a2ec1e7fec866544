"""Records of the scorecard, as returned by `judge` and stored in scorecard.json, and comparisons of scorecards.

- quality_loss: two models, e.g. fp32 and int8.
- published_figures, human_agreement: published results and agreement between people (data/published.toml).
- spread: one recipe trained with several random seeds.
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

# ---- records


@dataclass(frozen=True, slots=True)
class Bin:
    """Items with low < confidence <= high (0 is in the first bin).

    confidence, accuracy: means over the n items; None if n is 0.
    """

    low: float
    high: float
    n: int
    confidence: float | None
    accuracy: float | None


@dataclass(frozen=True, slots=True)
class Coverage:
    """The items with a confidence of at least `threshold`.

    coverage: their share of all items; larger than requested if confidences are tied. risk: share of errors among them.
    """

    coverage: float
    threshold: float
    risk: float


@dataclass(frozen=True, slots=True)
class Figure:
    """A value in [0, 1] with its 95 % interval; None if undefined (zero denominator)."""

    value: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class LabelFigures:
    """Figures of one label. support: number of gold items (gold spans, or gold characters for toxic spans)."""

    label: str
    precision: Figure
    recall: Figure
    f1: Figure
    support: int


@dataclass(frozen=True, slots=True)
class Published:
    """A published result of another system by the set's official metric, in [0, 1].

    confirmed: False if the result is quoted at second hand. split: what it was measured on, if not on the split judged here.
    masked: the system did not see the target.
    """

    system: str
    value: float
    source: str
    confirmed: bool
    split: str = ""
    masked: bool = False


@dataclass(frozen=True, slots=True)
class Calibration:
    """Calibration of the probabilities of n predictions (figures.py).

    ece, aurc: in [0, 1], lower is better. kept: share of the items whose probability reaches the model's abstention threshold
        (1.0 without one). kept_figure: the official metric on these items.
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
        """Return the share of errors among the most confident items, at least `share` of all."""
        return next(c.risk for c in self.coverage if c.coverage >= share - 1e-9)


@dataclass(frozen=True, slots=True)
class Answers:
    """The answers with a probability of at least `threshold` (held_out.answers).

    coverage: their share of all, in [0, 1]. n: their number. right: the share of them that is right. n_sides, sides_right:
        the same for those that say against or favor.
    """

    coverage: float
    threshold: float
    n: int
    right: Figure
    n_sides: int
    sides_right: Figure


@dataclass(frozen=True, slots=True)
class Paired:
    """Comparison with another model on the same items.

    other: its figure. difference: this model's figure minus `other`. p: two-sided, of no difference (figures.paired).
    """

    other: float
    difference: Figure
    p: float


@dataclass(frozen=True, slots=True)
class Result:
    """One row of the scorecard.

    n: number of gold items. groups: number of resampled groups; group: their name in the plural (articles, posts, …).
    floor: the metric of the majority baseline; baseline: that of the model named `baseline_name`. Both in [0, 1]; None
        without a train split or if they were not requested.
    reason: why there is no figure, else "". note: what to know when reading the figure.
    signature: everything that the figure depends on, in one line to quote with it.
    official: False for rows defined by us, which release checks do not compare.
    published: published results. human: agreement between people.
    calibration: only of whole sets whose predictions have probabilities.
    masked: the figure with masked targets. against: comparison with another model, if one was given.
    answers: only of the mean over held-out sets: what is right if the least confident answers are withheld.
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
    answers: tuple[Answers, ...] = ()


@dataclass(frozen=True, slots=True)
class Scorecard:
    """All rows of one model.

    limit: examples per set in a trial; None for whole splits. against: name and fingerprint of the compared model, or "".
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


def read(path: Path) -> Scorecard:
    """Read a scorecard.json, given the file or its folder. Raises SlantError if it is not a scorecard."""
    path = path / "scorecard.json" if path.is_dir() else path
    try:
        card = json.loads(path.read_text(encoding="utf-8"))
        return Scorecard(**{**card, "results": tuple(_result(row) for row in card["results"])})
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SlantError(
            f"{path} is not a scorecard ({error}). `slant evaluate -o DIR` writes DIR/scorecard.json."
        ) from None


def _result(row: dict[str, Any]) -> Result:
    """Convert a row; fields that a scorecard of an older version lacks get their defaults."""
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
    made["answers"] = tuple(
        Answers(**{**each, **{k: Figure(**each[k]) for k in ("right", "sides_right")}})
        for each in row.get("answers", ())
    )
    return Result(**{**row, **made})


# ---- loss of quality between two models


class QualityLoss(NamedTuple):
    """Difference between two models on one set. before, after: in [0, 1]. points: 100 × (before − after), > 0 is worse."""

    set: str
    metric: str
    before: float
    after: float
    points: float


def quality_loss(before: Scorecard, after: Scorecard) -> list[QualityLoss]:
    """Compare the official metric of two scorecards per set, in the order of the first.

    Rows without a figure in `before` and unofficial rows are skipped. Raises SlantError if `after` lacks a figure that
    `before` has, or if the two were judged on different items.
    """
    later = {result.set: result for result in after.results}
    losses = []
    for old in before.results:
        if old.figure.value is None or not old.official:
            continue
        new = later.get(old.set)
        if new is None or new.figure.value is None:
            reason = new.reason if new else "the set was not judged"
            raise SlantError(
                f"{old.title} has a figure for {before.model} but none for {after.model}: {reason}."
            )
        if data_of(old) != data_of(new):
            raise SlantError(
                f"{old.title}: {before.model} was judged on {data_of(old)}, {after.model} on {data_of(new)}. "
                "Judge both on the same data with the same limit and seed."
            )
        points = 100 * (old.figure.value - new.figure.value)
        losses.append(QualityLoss(old.set, old.metric, old.figure.value, new.figure.value, points))
    return losses


def data_of(result: Result) -> str:
    """Return the part of the signature that identifies the items: `data:…|n:…`."""
    fields = [field for field in result.signature.split("|") if field.startswith(("data:", "n:"))]
    return "|".join(fields) or "nothing"


# ---- published results


@cache
def published_figures() -> dict[str, tuple[Published, ...]]:
    """Return name of a set or slice → its published results, in the order of the file.

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
    """Return name of a set → agreement between people, as a phrase with its source."""
    return {row["set"]: f"{row['figure']} ({row['source']})" for row in _rows("human")}


def _rows(kind: str) -> list[dict[str, Any]]:
    fields = {
        "figure": ({"set", "system", "value", "source", "confirmed"}, {"split", "masked"}),
        "human": ({"set", "figure", "source"}, set()),
    }
    required, optional = fields[kind]
    path = asset("published.toml")
    try:
        rows = tomllib.loads(path.read_text("utf-8")).get(kind, [])
    except tomllib.TOMLDecodeError as error:
        raise SlantError(f"{path} is not valid TOML: {error}") from None
    for number, row in enumerate(rows, start=1):
        if not required <= set(row) <= required | optional:
            raise SlantError(
                f"{path}: [[{kind}]] number {number} has {sorted(row)}; expected {sorted(required)}, "
                f"optional {sorted(optional)}."
            )
    return list(rows)


# ---- one recipe with several random seeds


@dataclass(frozen=True, slots=True)
class Spread:
    """Figures in [0, 1] of one row, one per random seed, with mean and sample standard deviation (n − 1)."""

    set: str
    title: str
    metric: str
    mean: float
    sd: float
    values: tuple[float, ...]


def spread(cards: Sequence[Scorecard]) -> list[Spread]:
    """Compute the spread of each row of the first card that has a figure in every card.

    Raises SlantError for fewer than two cards, for the same model twice, or if a row was judged on different items.
    """
    models = [card.fingerprint for card in cards]
    if len(cards) < 2 or len(set(models)) < len(models):
        raise SlantError(f"expected the scorecards of at least two different models, got those of {models}.")
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
    """Read a file of `write_spread`; a missing file gives an empty list."""
    if not path.exists():
        return []
    try:
        return [Spread(**{**r, "values": tuple(r["values"])}) for r in json.loads(path.read_text("utf-8"))]
    except (ValueError, KeyError, TypeError) as error:
        raise SlantError(
            f"{path} is not a spread over random seeds ({error}). benchmarks/seed_spread.py writes one."
        ) from None
