"""One recipe trained with several seeds: mean and standard deviation of each official figure over the scorecards."""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from slant.errors import SlantError
from slant.judging.card import Scorecard, data_of


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
