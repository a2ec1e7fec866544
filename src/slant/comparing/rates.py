"""The bootstrap of whole articles over millions of them, as products of matrices.

Rates of each group and of everything, with intervals that resample whole articles.

The units of one article are not independent, nor the comments under it, so articles are what is resampled (Cameron, Gelbach
& Miller 2008). Copies of one text in one group count once; in several groups they count for each, and are resampled as one
(parts.py). These are rates of the model's own labels: correction.py says what they are worth.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import poisson

from slant.comparing.counts import Cells, Floats, parts
from slant.comparing.score_tables import COLUMNS, NOT_STATED, Store
from slant.errors import UsageError

if TYPE_CHECKING:
    import pyarrow as pa

ARTICLES_AT_ONCE = 4096
ALL = "(all)"
Draws = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Drawn:
    """Resampled sums of each group: hits (groups, resamples, measures), totals (groups, resamples, measures)."""

    hits: Draws
    totals: Draws
    scale: Floats

    def rates(self, groups: Sequence[int]) -> Draws:
        """(resamples, measures) of these groups together; NaN where a resample has no denominator."""
        with np.errstate(invalid="ignore", divide="ignore"):
            found: Draws = (self.scale * self.hits[groups].sum(0) / self.totals[groups].sum(0)).astype(
                np.float32
            )
        return found


def draw(cells: Cells, *, resamples: int, seed: int) -> Drawn:
    """An article is drawn a Poisson(1) number of times, independently of the others: the bootstrap for data that pass by
    once (Hanley & MacGibbon 2006; Chamandy et al. 2012). All groups share the draws, so that the parts of an article that
    stands in several stay together.
    """
    rng = np.random.default_rng(seed)
    given = np.concatenate([cells.hits, cells.totals], axis=1)
    drawn = np.zeros((len(cells.groups), resamples, given.shape[1]), np.float32)
    edges = np.searchsorted(
        cells.article, np.arange(0, len(cells.articles) + ARTICLES_AT_ONCE, ARTICLES_AT_ONCE)
    )
    for start, end in pairwise(edges):
        drawings = times(rng, (resamples, ARTICLES_AT_ONCE))
        place = cells.article[start:end] % ARTICLES_AT_ONCE
        for group in np.unique(cells.group[start:end]):
            own = np.flatnonzero(cells.group[start:end] == group)
            drawn[group] += drawings[:, place[own]] @ given[start:end][own]
    hits, totals = np.split(drawn, [len(cells.measures)], axis=2)
    return Drawn(hits, totals[:, :, cells.column], cells.scale)


def times(rng: np.random.Generator, shape: tuple[int, int]) -> Draws:
    """How often each is drawn: Poisson(1), several times as quick as the generator's own."""
    found: Draws = _QUANTILES[rng.integers(0, len(_QUANTILES), shape, np.uint16)]
    return found


def resample(counts: Any, *, resamples: int, rng: np.random.Generator) -> Floats:
    """(rows, columns) counts, sparse or not → (resamples, columns) sums, each row drawn as an article is in `draw`."""
    drawn = np.zeros((counts.shape[1], resamples), np.float32)
    for start in range(0, counts.shape[0], ARTICLES_AT_ONCE):
        own = counts[start : start + ARTICLES_AT_ONCE].astype(np.float32)
        drawn += own.T @ times(rng, (own.shape[0], resamples))
    return drawn.T.astype(np.float64)


@dataclass(frozen=True, slots=True)
class Counts:
    """What a rate is made of: (groups + 1, measures) each, the last row of everything.

    articles: those with a denominator. units: how many were looked at, also where the denominator counts words.
    """

    hits: Floats
    totals: Floats
    articles: Floats
    units: Floats


def counts(cells: Cells) -> Counts:
    groups = len(cells.groups)
    hits = np.zeros((groups + 1, len(cells.measures)))
    totals, articles = np.zeros((2, groups + 1, cells.totals.shape[1]))
    for group in range(groups):
        own = cells.group == group
        hits[group] = cells.hits[own].sum(0, dtype=np.float64)
        totals[group] = cells.totals[own].sum(0, dtype=np.float64)
        articles[group] = (cells.totals[own] > 0).sum(0)
    hits[-1], totals[-1] = hits[:-1].sum(0), totals[:-1].sum(0)
    starts = np.searchsorted(cells.article, np.arange(len(cells.articles)))
    articles[-1] = (np.add.reduceat(cells.totals, starts) > 0).sum(0)
    return Counts(hits, totals[:, cells.column], articles[:, cells.column], totals[:, cells.units_column])


def ends(draws: Draws, *, level: float) -> tuple[Floats, Floats]:
    """Percentile interval over the first axis; draws that are NaN are left out, and all NaN gives NaN."""
    ordered = np.sort(draws, axis=0)  # NaN comes last
    valid = np.maximum((~np.isnan(ordered)).sum(0), 1)
    found = []
    for share in ((1 - level) / 2, (1 + level) / 2):
        at = share * (valid - 1)
        below = np.floor(at).astype(np.int64)
        lower, upper = (
            np.take_along_axis(ordered, np.minimum(i, valid - 1)[None], 0)[0] for i in (below, below + 1)
        )
        found.append(lower + (at - below) * (upper - lower))
    return found[0].astype(np.float64), found[1].astype(np.float64)


_QUANTILES = poisson.ppf((np.arange(1 << 16) + 0.5) / (1 << 16), 1).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Groups:
    """kept: groups that something is said of, by name → articles. left_out: those with too few, likewise.

    Articles are counted without copies of the same text in the same group; copies: how many there are, where there are any.
    """

    kept: Mapping[str, int]
    left_out: Mapping[str, int]
    copies: Mapping[str, int] = field(default_factory=dict)


FEW_ARTICLES = 20  # below, percentile intervals over articles cover less than they say


def groups_of(store: Store, *, min_articles: int) -> Groups:
    """Raises UsageError if no row states the column that is compared by, or no group has enough articles."""
    parts(store)
    counted = store.rows(
        'SELECT "group", count(DISTINCT cluster), count(*) FILTER (copy) FROM parts GROUP BY 1 ORDER BY 1'
    )
    articles = {group: texts for group, texts, _ in counted}
    kept = {group: n for group, n in articles.items() if n >= min_articles}
    if set(articles) == {NOT_STATED}:
        hint = "Score with --outlet NAME, or compare" if store.by == "outlet" else "Compare"
        raise UsageError(
            f"--by {store.by}: no row states it ({sum(articles.values()):,} articles). {hint} by another column: "
            f"{', '.join(column for column in COLUMNS if column != store.by)}."
        )
    if not kept:
        largest = sorted(articles.items(), key=lambda item: -item[1])
        shown = ", ".join(f"{group} ({n})" for group, n in largest[:5])
        raise UsageError(
            f"no {store.by} has {min_articles} articles. The largest: {shown}. Lower --min-articles, or "
            "compare by another column."
        )
    left_out = {group: n for group, n in articles.items() if group not in kept}
    return Groups(kept, left_out, {group: copies for group, _, copies in counted if copies})


def rates_table(cells: Cells, drawn: Drawn, *, kept: Collection[str], level: float) -> pa.Table:
    """One row for each measure of each group in `kept`, and of everything as the group "(all)".

    value: a share in [0, 1], a difference of two shares in [-1, 1] ("net"), or a number per 1,000 words. low, high: ends of
    the interval, null where the articles do not tell. total: the denominator (units, words, replies); a group without one
    has no row. articles: those with a denominator, in
    "(all)" different texts. units: how many were looked at.
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
