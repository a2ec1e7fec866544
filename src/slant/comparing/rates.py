"""Rates of each group and of everything, with intervals that resample whole articles.

The units of one article are not independent, nor the comments under it, so articles are what is resampled (Cameron, Gelbach
& Miller 2008). These are rates of the model's own labels: correction.py says what they are worth.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

import numpy as np

from slant.comparing.cells import Cells
from slant.comparing.drawing import ALL, Drawn, counts, ends

if TYPE_CHECKING:
    import pyarrow as pa

FEW_ARTICLES = 20  # below, percentile intervals over articles cover less than they say


def rates_table(cells: Cells, drawn: Drawn, *, kept: Collection[str], level: float) -> pa.Table:
    """One row for each measure of each group in `kept`, and of everything as the group "(all)".

    value: a share in [0, 1], a difference of two shares in [-1, 1] ("net"), or a number per 1,000 words. low, high: ends of
    the interval, null where the articles do not tell. total: the denominator (units, words, replies); a group without one
    has no row. articles: those with a denominator. units: how many were looked at.
    """
    import pyarrow as pa

    found = counts(cells)
    rows = []
    for number, group in enumerate((*cells.groups, ALL)):
        own = range(len(cells.groups)) if group == ALL else [number]
        if group not in kept and group != ALL:
            continue
        low, high = ends(drawn.rates(own), level=level)
        for m in np.flatnonzero(found.totals[number]):
            measure, articles = cells.measures[m], int(found.articles[number, m])
            hits, total = int(found.hits[number, m]), int(found.totals[number, m])
            value = measure.scale * hits / total
            interval = interval_of(
                value, (low[m], high[m]), articles=articles, kind=measure.kind, level=level
            )
            rows.append(
                (group, measure.name, value, *interval, hits, total, articles, int(found.units[number, m]))
            )
    schema = pa.schema([(name, getattr(pa, kind)()) for name, kind in _SCHEMA.items()])
    return pa.Table.from_pylist([dict(zip(_SCHEMA, row, strict=True)) for row in rows], schema)


_SCHEMA = {
    "group": "string", "measure": "string", "value": "float64", "low": "float64", "high": "float64", "hits": "int64",
    "total": "int64", "articles": "int64", "units": "int64",
}  # fmt: skip


def interval_of(
    value: float, drawn: tuple[float, float], *, articles: int, kind: str, level: float
) -> tuple[float | None, float | None]:
    """The drawn ends, or what can be said where every resample gives the same, and the bootstrap would claim to be certain.

    A share of 0 or 1: the exact binomial bound as if every article were one draw (Clopper & Pearson 1934), which is wide on
    purpose. Anything else (one article only, or no loaded span per 1,000 words): none, since nothing is known of the spread.
    """
    low, high = drawn
    if np.isnan(low) or articles < 2:
        return None, None
    if high - low > 1e-9:
        return float(low), float(high)
    if kind != "share" or value not in (0.0, 1.0):
        return None, None
    missed = float(1 - ((1 - level) / 2) ** (1 / articles))
    return (0.0, missed) if value == 0.0 else (1 - missed, 1.0)
