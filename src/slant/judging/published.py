"""What others reached on the judged sets, and how far people agree there: data/published.toml."""

from __future__ import annotations

import tomllib
from functools import cache
from typing import Any

from slant.assets import asset
from slant.errors import SlantError
from slant.judging.card import Published


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
