"""The quality floor: what the shipped model must still reach on samples that are tied to it by hashes.

One sample is always at hand (the demonstration set, written for this project); the others are seeded samples of public sets
and are checked where these are found. A floor rises with a better model and is never lowered by a command.
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
from slant.judging.answers import Judged, answer
from slant.judging.figures import value
from slant.judging.judged_sets import SPECS, fingerprint
from slant.judging.scorecard import Settings, judge
from slant.labels.targets import Targets
from slant.records import Article, Example
from slant.segment.units import split

SAMPLE = 150  # examples of a public set, in whole groups
FLIPS = 2  # processors round otherwise: so many items of a sample may tip before it is under its floor
TASKS = {"stance": "seeds/stance", "loaded": "seeds/loaded", "reply": "seeds/reply"}


@dataclass(frozen=True, slots=True)
class Measured:
    """A figure in [0, 1] on a sample of `n` items; `data` is the sample's fingerprint."""

    sample: str
    figure: float
    data: str
    n: int


def demo_examples(demo: Path) -> Iterator[Example]:
    """The demonstration set with its gold. Raises SlantError if a unit is not read where the gold has it."""
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
                f"{demo}: no unit of {row['document']} at {row['start']}, where its gold has one."
            )
        yield from unit_examples(unit, found, row, targets)


def measure(predictor: Judged, *, demo: Path, root: Path | None) -> list[Measured]:
    """The figures that have floors: on the demonstration set, and on samples of the public sets in `root` unless None."""
    specs = {spec.name: spec for spec in SPECS}
    examples = list(demo_examples(demo))
    out = []
    for task, name in TASKS.items():
        sheet = answer(specs[name], examples, predictor, None)
        figure = value(specs[name], sheet) or 0.0
        out.append(Measured(f"demo/{task}", figure, fingerprint(examples), len(sheet.gold)))
    if root is None:
        return out
    card = judge(
        predictor, sets=None, root=root, settings=Settings(resamples=2, seed=0, limit=SAMPLE, full=False)
    )
    for row in card.results:
        if row.official and row.figure.value is not None and row.set.count("/") == 1:
            data = next(f for f in row.signature.split("|") if f.startswith("data:"))
            out.append(Measured(row.set, row.figure.value, data.removeprefix("data:"), row.n))
    return out


def check(file: Path, model: str, measured: Sequence[Measured]) -> list[str]:
    """What is wrong: another model or sample than the floors were measured with, or a figure under its floor."""
    if not file.exists():
        return [f"{file} is not there. Make it: {RAISE}"]
    kept = json.loads(file.read_text("utf-8"))
    if kept["model"] != model:
        return [f"{file} holds the floors of model {kept['model']}, this is {model}. Raise them: {RAISE}"]
    wrong = []
    for m in measured:
        floor = kept["floors"].get(m.sample)
        if floor is None:
            wrong.append(f"{m.sample} has no floor. Raise them: {RAISE}")
        elif floor["data"] != m.data:
            wrong.append(f"{m.sample}: the sample is {m.data}, the floor was measured on {floor['data']}.")
        elif m.figure < floor["figure"] - FLIPS / m.n:
            wrong.append(f"{m.sample}: {m.figure:.4f} is under its floor of {floor['figure']:.4f}.")
    return wrong


def raised(file: Path, model: str, measured: Sequence[Measured]) -> dict[str, Any]:
    """The floors after this model: each its best figure so far on its sample.

    Raises SlantError if a sample is another one, or the model under its floor: then the floor stays, and the model must not
    ship, unless somebody takes the floor out of the file by hand and says why.
    """
    old = json.loads(file.read_text("utf-8"))["floors"] if file.exists() else {}
    floors = dict(old)
    for m in measured:
        before = old.get(m.sample)
        if before is not None and before["data"] != m.data:
            raise SlantError(
                f"{m.sample}: the sample is {m.data}, its floor was measured on {before['data']}. Nothing was written. "
                f"If the sample was changed on purpose, take the floor out of {file} by hand and say why in model/LOG.md."
            )
        if before is not None and m.figure < before["figure"] - FLIPS / m.n:
            raise SlantError(
                f"{m.sample}: {m.figure:.4f} is under its floor of {before['figure']:.4f}. Nothing was written. "
                f"If this model is to ship all the same, take the floor out of {file} by hand and say why in model/LOG.md."
            )
        floors[m.sample] = {"figure": max(m.figure, before["figure"] if before else 0.0), "data": m.data}
    return {"model": model, "floors": floors}


RAISE = "python benchmarks/quality_floor.py --raise"
