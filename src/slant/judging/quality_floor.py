"""Quality floors: minimum figures of a shipped model on fixed samples, identified by fingerprints (floor.json in its folder).

The demonstration set, written for this project, is always checked; seeded samples of the public sets are checked if the sets
are present. A better model raises the floors. No command lowers them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from slant.corpora.own_labels import unit_examples
from slant.errors import SlantError
from slant.ingest.inputs import read_articles
from slant.judging.figures import set_value
from slant.judging.judged_items import SupportsPredict, judge_items
from slant.judging.judged_sets import SPECS, data_fingerprint
from slant.judging.scorecard import Settings, judge
from slant.labels.targets import Targets
from slant.records import Article, Example
from slant.segment.units import split

SAMPLE = 150  # examples of a public set, in whole groups
TOLERANCE = 2  # items by which a sample may fall below its floor, since processors round differently
DEMO_SPECS = {"stance": "seeds/stance", "loaded": "seeds/loaded", "reply": "seeds/reply"}
RAISE = "python benchmarks/quality_floor.py --model SIZE --raise"


@dataclass(frozen=True, slots=True)
class Measured:
    """A figure in [0, 1] on a sample of `n` items. data: fingerprint of the sample."""

    sample: str
    figure: float
    data: str
    n: int


def demo_examples(demo: Path) -> Iterator[Example]:
    """Yield the units of the demonstration set with their gold. Raises SlantError if a gold unit is not found in the text."""
    targets = Targets.load(demo / "targets.toml")
    units = {}
    for article in read_articles([str(demo / "articles")]):
        if isinstance(article, Article):
            units[article.path.rpartition("/")[2]] = split(article)
    for line in (demo / "gold.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        found = units.get(row["document"], [])
        unit = next((u for u in found if (u.start, u.end) == (row["start"], row["end"])), None)
        if unit is None:
            raise SlantError(
                f"{demo}: {row['document']} has no unit at {row['start']} to {row['end']}, but its gold has. "
                "Update gold.jsonl to how this version of slant splits the document."
            )
        yield from unit_examples(unit, found, row, targets)


def measure(predictor: SupportsPredict, *, demo: Path, root: Path | None) -> list[Measured]:
    """Measure the figures that have floors: on the demonstration set, and on the public sets in `root` unless None."""
    specs = {spec.name: spec for spec in SPECS}
    examples = list(demo_examples(demo))
    out = []
    for task, name in DEMO_SPECS.items():
        items = judge_items(specs[name], examples, predictor, None)
        figure = set_value(specs[name], items) or 0.0
        out.append(Measured(f"demo/{task}", figure, data_fingerprint(examples), len(items.gold)))
    if root is None:
        return out
    official = [spec.name for spec in SPECS if spec.official and not spec.on_demand]
    card = judge(
        predictor, sets=official, root=root, settings=Settings(resamples=2, seed=0, limit=SAMPLE, full=False)
    )
    for row in card.results:
        if row.official and row.figure.value is not None and row.set.count("/") == 1:
            data = next(f for f in row.signature.split("|") if f.startswith("data:"))
            out.append(Measured(row.set, row.figure.value, data.removeprefix("data:"), row.n))
    return out


def check(file: Path, model: str, measured: Sequence[Measured]) -> list[str]:
    """Return a message per failure: another model or sample than in the floor file, or a figure below its floor."""
    if not file.exists():
        return [f"{file} does not exist. Create it: {RAISE}"]
    kept = json.loads(file.read_text("utf-8"))
    if kept["model"] != model:
        return [f"{file} has the floors of model {kept['model']}, but this is {model}. Update it: {RAISE}"]
    wrong = []
    for m in measured:
        floor = kept["floors"].get(m.sample)
        if floor is None:
            wrong.append(f"{m.sample} has no floor. Add it: {RAISE}")
        elif floor["data"] != m.data:
            wrong.append(
                f"{m.sample}: the sample is {m.data}, but its floor was measured on {floor['data']}. "
                f"If the sample was changed on purpose, remove the floor from {file}."
            )
        elif m.figure < floor["figure"] - TOLERANCE / m.n:
            wrong.append(f"{m.sample}: {m.figure:.4f} is below its floor of {floor['figure']:.4f}.")
    return wrong


def raised(file: Path, model: str, measured: Sequence[Measured]) -> dict[str, Any]:
    """Return the floor file for this model: per sample, the best figure so far.

    Raises SlantError if a sample has changed or the model is below a floor. Such a model must not ship, unless someone
    removes the floor from the file by hand and gives the reason.
    """
    old = json.loads(file.read_text("utf-8"))["floors"] if file.exists() else {}
    floors = dict(old)
    for m in measured:
        before = old.get(m.sample)
        if before is not None and before["data"] != m.data:
            raise SlantError(
                f"{m.sample}: the sample is {m.data}, but its floor was measured on {before['data']}. Nothing was written. "
                f"If the sample was changed on purpose, remove the floor from {file} and give the reason in model/LOG.md."
            )
        if before is not None and m.figure < before["figure"] - TOLERANCE / m.n:
            raise SlantError(
                f"{m.sample}: {m.figure:.4f} is below its floor of {before['figure']:.4f}. Nothing was written. "
                f"To ship this model anyway, remove the floor from {file} and give the reason in model/LOG.md."
            )
        floors[m.sample] = {"figure": max(m.figure, before["figure"] if before else 0.0), "data": m.data}
    return {"model": model, "floors": floors}
