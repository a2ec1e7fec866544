"""The gold of the five seed documents, read twice and adjudicated **by a language model**. Test only, for ever.

Every content unit, stand-off in seeds/gold: the documents are looked up by checksum in the folder SLANT_SEEDS, else in
`seeds` beside the public sets. This module is no reader that a recipe can name (learning/batches.py), and a test holds that.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from slant.assets import asset
from slant.errors import SlantError
from slant.labels.domain import spans
from slant.labels.public.files import check_split, digest
from slant.labels.targets import Targets
from slant.reading.context import opening
from slant.reading.units import split as split_units
from slant.records import Article, Example, TargetLabel, Unit

NAME: str = "seeds_gold"
SPLITS: tuple[str, ...] = ("gold",)
ARTICLE = "article"  # the stance of a comment toward its article is judged by the reply


def read(root: Path, split: str = "gold") -> Iterator[Example]:
    """One Example per content unit (targets, spans, frames) and a further one per comment with its reply.

    Targets that the unit only means are asked about by name. meta: `type` "article" or "comment", `kind` of the unit.
    Raises SlantError if a document is not there, or a unit is not where the gold has it.
    """
    check_split(NAME, split, SPLITS)
    yield from examples(root, asset("seeds_gold.jsonl"))


def examples(root: Path, file: Path) -> Iterator[Example]:
    """The rows of one reading or of the gold, see `read`."""
    documents = _documents(root)
    targets = Targets.load()
    for line in file.read_text("utf-8").splitlines():
        row = json.loads(line)
        units = documents.get(row["document"])
        if units is None:
            raise SlantError(
                f"seed document {row['document']} is not in {seeds_root(root)}. Set SLANT_SEEDS to the folder that holds it."
            )
        unit = next((u for u in units if (u.start, u.end) == (row["start"], row["end"])), None)
        if unit is None or digest(unit.text) != row["text"]:
            raise SlantError(
                f"{file.name}: the unit {row['text']} of {row['document']} is not read as it was annotated."
            )
        yield from unit_examples(unit, units, row, targets)


def seeds_root(root: Path) -> Path:
    return Path(os.environ.get("SLANT_SEEDS") or root.parent / "seeds")


def _documents(root: Path) -> dict[str, list[Unit]]:
    found = {}
    for path in sorted(seeds_root(root).glob("*.txt")):
        text = path.read_text(encoding="utf-8")
        found[hashlib.sha256(text.encode()).hexdigest()[:16]] = split_units(Article(text=text))
    return found


def unit_examples(unit: Unit, units: list[Unit], row: dict[str, Any], targets: Targets) -> Iterator[Example]:
    """The labels of `row` on `unit`, one of the `units` of its document, as one Example, and a comment's reply as another."""
    key = f"{NAME}-{row['document']}-{row['start']}"
    comment = row["kind"] == "comment"
    mentions = targets.find(unit.text)
    meta = {"type": "comment" if comment else "article", "kind": row["kind"]}
    # A comment is a thread of its own where nobody says what it answers; an article's units belong together.
    group = key if comment else row["document"]
    yield Example(
        id=key,
        source=NAME,
        split="gold",
        group=group,
        text=unit.text,
        targets=tuple(
            TargetLabel(targets.name(t), label, mentions.get(t, ()))
            for t, label in row["stance"].items()
            if t != ARTICLE
        ),
        loaded=spans(row["loaded"]),
        frames=tuple(row["frames"]),
        meta=meta,
    )
    if comment and row.get("reply"):
        answered = {u.unit_id: u.text for u in units}.get(unit.parent_id or "") or opening(units)
        yield Example(
            id=f"{key}-reply",
            source=NAME,
            split="gold",
            group=group,
            text=unit.text,
            context=answered,
            reply=row["reply"],
            meta=meta,
        )
