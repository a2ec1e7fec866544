"""CSV: flat and one-way. A unit has one row for each of its targets, or one row without a target."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from slant.records import STANCES, Score, Unit
from slant.scoring.sinks.columns import Records, Row, not_unicode, peek

FLAT_COLUMNS = (
    "article_id", "unit_id", "outlet", "published", "title", "url", "author", "kind", "position", "start", "end",
    "parent_id", "text", "target", "stance", *(f"p_{label}" for label in STANCES), "mentions", "loaded", "frames",
    "reply", "toxic", "biased", "subjective", "flags", "model", "codebook",
)  # fmt: skip


def write(records: Records, path: Path, made: Mapping[str, str]) -> int:
    """made: not written, each row names its model and codebook itself. Lists are JSON in their cell, null is empty."""
    kind, records = peek(records)
    columns = FLAT_COLUMNS if kind is Score else tuple(Unit("", "", "", "", 0, 0, 0).to_dict())
    count = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="")
        writer.writeheader()
        for record in records:
            count += 1
            try:
                writer.writerows(flat_rows(record))
            except UnicodeEncodeError:
                raise not_unicode([record]) from None
    return count


def flat_rows(record: Score | Unit) -> Iterator[Row]:
    """The CSV rows of a record, as column → cell."""
    row = record.to_dict()
    if isinstance(record, Unit):
        yield _cells(row)
        return
    stances = row.pop("stance") or [None]
    row["reply"] = row["reply"]["label"] if row["reply"] else None
    for stance in stances:
        own = dict(row)
        if stance:
            own |= {"target": stance["target"], "stance": stance["label"], "mentions": stance["mentions"]}
            own |= {f"p_{label}": p for label, p in stance["scores"].items()}
        yield _cells(own)


def _cells(row: Row) -> Row:
    return {k: json.dumps(v, ensure_ascii=False) if isinstance(v, list | dict) else v for k, v in row.items()}
