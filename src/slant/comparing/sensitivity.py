"""Without labels by people: what rates would be if the model erred here as it did on the sets that it was evaluated on.

A share is inverted with the recall and the false positive rate of its label on each set (Rogan & Gladen 1978), a number
per 1,000 words with precision over recall. The band spans the sets; the uncertainty of each set's own figures is not
included.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from slant.assets import model_folder
from slant.comparing.measures import NET, PER_1000_WORDS, POLES, Measure
from slant.comparing.score_tables import arrow_table
from slant.errors import SlantError
from slant.scoring.runtimes import size_of

if TYPE_CHECKING:
    import pyarrow as pa

MEANING = (
    "The error band is where a rate would be if the model erred here as on one of the sets it was evaluated on. Its errors "
    "here are unknown: they may be larger, and differ between outlets. Only labels for a sample of these units can show "
    "them (slant sample)."
)
# (family, comments) → the sets of the scorecard that are most like articles, or comments.
SETS: Mapping[tuple[str, bool], tuple[str, ...]] = {
    ("stance", False): ("reading/gdelt_ukraine", "reading/polnear_train", "seeds/stance/articles"),
    ("stance", True): ("reading/socc", "vast/test", "seeds/stance/comments"),
    ("portrayal", False): ("newsmtsc/test_rw", "newsmtsc/test_mt"),
    ("technique", False): ("ptc/si", "seeds/loaded/articles"),
    ("technique", True): ("ptc/si", "seeds/loaded/comments"),
    ("frame", False): ("frac/gold/articles", "seeds/frames/articles"),
    ("frame", True): ("frac/gold/comments", "seeds/frames/comments"),
    ("reply", True): ("rumoureval/test", "seeds/reply"),
}
MIN_DISCRIMINATION = 0.05  # recall − false positive rate; below, the model is hardly better than chance
Errors = Mapping[str, Mapping[str, Mapping[str, float]]]  # set → label → precision, recall, support, n
Band = tuple[float, float | None]


def published_results(fingerprint: str, *, model: str | None) -> list[dict[str, Any]]:
    """The results of the scorecard of a model, one per set.

    fingerprint: in the scores. model: a size or folder; None: the size with that fingerprint.
    Raises SlantError if the model has no scorecard, or that of another model.
    """
    path = model_folder(model or size_of(fingerprint)) / "scores" / "scorecard.json"
    try:
        card = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise SlantError(
            f"{path}: no scorecard that can be read ({error}). `slant evaluate MODEL -o MODEL/scores` makes one."
        ) from None
    if card.get("fingerprint") != fingerprint:
        raise SlantError(
            f"{path} is of model {card.get('fingerprint')}, the scores are of {fingerprint}. Name it with --model."
        )
    results: list[dict[str, Any]] = card["results"]
    return results


def published_errors(fingerprint: str, *, model: str | None) -> Errors:
    """Precision, recall, support and n per set and label, from `published_results`."""
    return {
        result["set"]: {
            label["label"]: {
                "precision": label["precision"]["value"], "recall": label["recall"]["value"],
                "support": label["support"], "n": result["n"],
            }
            for label in result["labels"]
        }
        for result in published_results(fingerprint, model=model)
    }  # fmt: skip


def sensitivity_table(rates: pa.Table, errors: Errors) -> pa.Table:
    """A row for each rate whose label was evaluated on at least one set.

    low, high: ends of the band; high is null if the model found none of the label on a set, so there may be any number of it.
    sets: names of the sets.
    """
    by_group: dict[str, dict[Measure, float]] = {}
    for row in rates.to_pylist():
        by_group.setdefault(row["group"], {})[Measure.parse(row["measure"])] = row["value"]
    rows = []
    for group, values in by_group.items():
        for measure, value in values.items():
            bands = dict(_bands(measure, values, errors))
            if bands:
                highs = [high for _, high in bands.values() if high is not None]
                low = min(low for low, _ in bands.values())
                high = max(highs) if len(highs) == len(bands) else None
                row = {"group": group, "measure": str(measure), "value": value, "low": low, "high": high}
                rows.append({**row, "sets": ", ".join(bands)})
    numbers = dict.fromkeys(("value", "low", "high"), "float64")
    return arrow_table(rows, {"group": "string", "measure": "string", **numbers, "sets": "string"})


def _bands(measure: Measure, values: Mapping[Measure, float], errors: Errors) -> Iterator[tuple[str, Band]]:
    """Set → the rate if the model erred as it did there. values: rates of the same group, of all measures."""
    for name in SETS.get((measure.family, measure.comments), ()):
        of_set = errors.get(name, {})
        if measure.kind == NET:
            minus, plus = (
                _band(source, values[source], of_set.get(source.part)) if source in values else None
                for source in measure.sources
            )
            if plus and minus and plus[1] is not None and minus[1] is not None:
                yield name, (plus[0] - minus[1], plus[1] - minus[0])
        else:
            label = measure.part if measure.family in POLES else measure.subject
            if band := _band(measure, values[measure], of_set.get(label)):
                yield name, band


def _band(measure: Measure, value: float, figures: Mapping[str, float] | None) -> Band | None:
    """One point; the whole range if the model could not discriminate on this set; None if the set lacks the label."""
    if not figures or not figures["support"]:
        return None
    recall, precision = figures["recall"], figures["precision"]
    if measure.kind == PER_1000_WORDS:
        return (value * precision / recall,) * 2 if precision and recall else (0.0, None)
    wrong = figures["support"] * recall * (1 / precision - 1) if precision else 0.0
    others = figures["n"] - figures["support"]
    false_positives = wrong / others if others else 0.0
    if recall - false_positives < MIN_DISCRIMINATION:
        return 0.0, 1.0
    return (min(1.0, max(0.0, (value - false_positives) / (recall - false_positives))),) * 2
