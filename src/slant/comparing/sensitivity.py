"""Without labels by people: what the rates would be if the model erred here as it did on the sets that it was judged on.

A share is turned back with the recall and the false positive rate of its label on each set (Rogan & Gladen 1978), a number
per 1,000 words with precision over recall. The band spans the sets; how sure each set's own figures are is not in it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from slant.assets import asset
from slant.comparing.cells import COMMENTS, measure_of
from slant.errors import SlantError

if TYPE_CHECKING:
    import pyarrow as pa

MEANING = (
    "The band says what a rate would be if the model erred here as on one of the sets it was judged on. Its errors here are "
    "not known: they may be larger, and differ between outlets. Only labels for a sample of these units "
    "can tell (slant sample)."
)
# Sets of the scorecard that are nearest to articles, and to comments.
SETS: Mapping[tuple[str, bool], tuple[str, ...]] = {
    ("stance", False): ("newsmtsc/test_rw", "newsmtsc/test_mt", "seeds/stance/articles"),
    ("stance", True): ("vast/test", "seeds/stance/comments"),
    ("technique", False): ("ptc/si", "seeds/loaded/articles"),
    ("technique", True): ("ptc/si", "seeds/loaded/comments"),
    ("frame", False): ("frac/gold/articles", "seeds/frames/articles"),
    ("frame", True): ("frac/gold/comments", "seeds/frames/comments"),
    ("reply", True): ("rumoureval/test", "seeds/reply"),
}
# The same where stances are held to the author's own words: people's sets are not labelled so.
OWN_WORDS: Mapping[tuple[str, bool], tuple[str, ...]] = {
    **SETS,
    ("stance", False): ("seeds/stance_in_own_words/articles",),
}
Errors = Mapping[str, Mapping[str, Mapping[str, float]]]


def published_card(model: str, *, folder: str | None) -> list[dict[str, Any]]:
    """The results of the scorecard in the model's folder (None: the shipped model), one for each set.

    model: fingerprint that the scores carry. Raises SlantError if the folder has no scorecard, or it is of another model.
    """
    path = (Path(folder) if folder else asset("model")) / "scores" / "scorecard.json"
    try:
        card = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise SlantError(
            f"{path}: no scorecard that can be read ({error}). `slant evaluate MODEL -o MODEL/scores` makes one."
        ) from None
    if card.get("fingerprint") != model:
        raise SlantError(
            f"{path} is of model {card.get('fingerprint')}, the scores are of {model}. Name its folder with --model."
        )
    results: list[dict[str, Any]] = card["results"]
    return results


def published_errors(model: str, *, folder: str | None) -> Errors:
    """Set → label → precision, recall, support and n, of `published_card`."""
    return {
        result["set"]: {
            label["label"]: {
                "precision": label["precision"]["value"], "recall": label["recall"]["value"],
                "support": label["support"], "n": result["n"],
            }
            for label in result["labels"]
        }
        for result in published_card(model, folder=folder)
    }  # fmt: skip


def sensitivity_table(rates: pa.Table, errors: Errors, *, own_words: bool = False) -> pa.Table:
    """The table `sensitivity` of run.py: a row for each rate whose label was judged on at least one set.

    low, high: ends of the band; a high end is null where the model found nothing of the label on a set, so that there may
    be any number of it. sets: which ones.
    """
    import pyarrow as pa

    values = {(row["group"], row["measure"]): row["value"] for row in rates.to_pylist()}
    rows = []
    for (group, measure), value in values.items():
        bands = dict(_bands(group, measure, values, errors, OWN_WORDS if own_words else SETS))
        if bands:
            highs = [high for _, high in bands.values() if high is not None]
            rows.append(
                {
                    "group": group, "measure": measure, "value": value, "low": min(low for low, _ in bands.values()),
                    "high": max(highs) if len(highs) == len(bands) else None, "sets": ", ".join(bands),
                }
            )  # fmt: skip
    text, real = pa.string(), pa.float64()
    kinds = {"group": text, "measure": text, "value": real, "low": real, "high": real, "sets": text}
    return pa.Table.from_pylist(rows, pa.schema(list(kinds.items())))


Band = tuple[float, float | None]


def _bands(
    group: str,
    measure: str,
    values: Mapping[tuple[str, str], float],
    errors: Errors,
    sets: Mapping[tuple[str, bool], tuple[str, ...]],
) -> Iterator[tuple[str, Band]]:
    """Set → what the rate would be if the model erred as it did there."""
    plain = measure.removeprefix(COMMENTS)
    family, *rest = plain.split("/")
    for name in sets.get((family, plain != measure), ()):
        figures = errors.get(name, {})
        if rest[-1] == "net":
            stem = measure[: -len("net")]
            favor, against = (
                _band(stem + side, values[group, stem + side], figures.get(side))
                if (group, stem + side) in values
                else None
                for side in ("favor", "against")
            )
            if favor and against and favor[1] is not None and against[1] is not None:
                yield name, (favor[0] - against[1], favor[1] - against[0])
        else:
            label = rest[0] if family == "technique" else rest[-1]
            if band := _band(measure, values[group, measure], figures.get(label)):
                yield name, band


def _band(measure: str, value: float, figures: Mapping[str, float] | None) -> Band | None:
    """One point, or everything where the set says that the model cannot tell; None where the set has no such label."""
    if not figures or not figures["support"]:
        return None
    recall, precision = figures["recall"], figures["precision"]
    if measure_of(measure).kind == "per_1000_words":
        return (value * precision / recall,) * 2 if precision and recall else (0.0, None)
    wrong = figures["support"] * recall * (1 / precision - 1) if precision else 0.0
    others = figures["n"] - figures["support"]
    false_positives = wrong / others if others else 0.0
    if recall - false_positives < 0.05:  # hardly better than chance
        return 0.0, 1.0
    return (min(1.0, max(0.0, (value - false_positives) / (recall - false_positives))),) * 2
