"""Rates of each group and of everything, with intervals over clusters (sides.py); and resampling for other tables.

These are rates of the model's own labels; error_correction.py and sensitivity.py deal with its errors.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import poisson

from slant.comparing.counts import Counts, Floats
from slant.comparing.measures import ALL, NOT_STATED
from slant.comparing.score_tables import COLUMNS, Store
from slant.comparing.sides import Sides
from slant.errors import UsageError

if TYPE_CHECKING:
    import pyarrow as pa

ARTICLES_AT_ONCE = 4096
Draws = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Groups:
    """kept: group → articles, without skipped copies. left_out: the same for groups with too few articles.

    copies: group → skipped copies, for groups that have some.
    """

    kept: Mapping[str, int]
    left_out: Mapping[str, int]
    copies: Mapping[str, int] = field(default_factory=dict)


def find_groups(store: Store, *, min_articles: int) -> Groups:
    """The groups with enough articles, and those without. Needs the table `text_parts`.

    Raises UsageError if no row states the compared column, or no group has enough articles.
    """
    counted = store.rows(
        'SELECT "group", count(DISTINCT cluster), count(*) FILTER (copy) FROM text_parts GROUP BY 1 ORDER BY 1'
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


def poisson_draws(rng: np.random.Generator, shape: tuple[int, int]) -> Draws:
    """Poisson(1) numbers, several times as fast as the generator's own."""
    draws: Draws = _QUANTILES[rng.integers(0, len(_QUANTILES), shape, np.uint16)]
    return draws


_QUANTILES = poisson.ppf((np.arange(1 << 16) + 0.5) / (1 << 16), 1).astype(np.float32)


def resample(rows: Any, *, resamples: int, rng: np.random.Generator) -> Floats:
    """(rows, columns) counts, sparse or not → (resamples, columns) sums, each row drawn a Poisson(1) number of times.

    That is the bootstrap for data read in one pass (Hanley & MacGibbon 2006; Chamandy et al. 2012).
    """
    sums = np.zeros((rows.shape[1], resamples), np.float32)
    for start in range(0, rows.shape[0], ARTICLES_AT_ONCE):
        own = rows[start : start + ARTICLES_AT_ONCE].astype(np.float32)
        sums += own.T @ poisson_draws(rng, (own.shape[0], resamples))
    return sums.T.astype(np.float64)


def percentile_interval(draws: Draws, *, level: float) -> tuple[Floats, Floats]:
    """Ends of the interval over the first axis. NaN draws are ignored; all NaN gives NaN."""
    ordered = np.sort(draws, axis=0)  # NaN comes last
    valid = np.maximum((~np.isnan(ordered)).sum(0), 1)
    ends = []
    for share in ((1 - level) / 2, (1 + level) / 2):
        at = share * (valid - 1)
        below = np.floor(at).astype(np.int64)
        lower, upper = (
            np.take_along_axis(ordered, np.minimum(i, valid - 1)[None], 0)[0] for i in (below, below + 1)
        )
        ends.append(lower + (at - below) * (upper - lower))
    return ends[0].astype(np.float64), ends[1].astype(np.float64)


@dataclass(frozen=True, slots=True)
class GroupTotals:
    """Numbers behind the rates, (groups + 1, measures) each; the last row is everything.

    articles: with a denominator. units: with a denominator, also where that counts words.
    """

    hits: Floats
    totals: Floats
    articles: Floats
    units: Floats


def group_totals(counts: Counts) -> GroupTotals:
    groups = len(counts.groups)
    hits = np.zeros((groups + 1, len(counts.measures)))
    totals, articles = np.zeros((2, groups + 1, counts.totals.shape[1]))
    for group in range(groups):
        own = counts.group == group
        hits[group] = counts.hits[own].sum(0, dtype=np.float64)
        totals[group] = counts.totals[own].sum(0, dtype=np.float64)
        articles[group] = (counts.totals[own] > 0).sum(0)
    hits[-1], totals[-1] = hits[:-1].sum(0), totals[:-1].sum(0)
    starts = np.searchsorted(counts.article, np.arange(len(counts.articles)))
    articles[-1] = (np.add.reduceat(counts.totals, starts) > 0).sum(0)
    return GroupTotals(
        hits, totals[:, counts.column], articles[:, counts.column], totals[:, counts.units_column]
    )


def rates_table(
    counts: Counts, families: Sequence[Sides], *, kept: Collection[str], level: float
) -> pa.Table:
    """One row per measure and group in `kept`, and for everything as the group "(all)".

    value: a share in [0, 1], a difference of two shares in [-1, 1] ("net"), or a number per 1,000 words. low, high: interval,
    null where there are too few clusters for one: `note` says how few. total: the denominator (units, words or replies); a
    group without one has no row. articles: with a denominator; in "(all)" different texts. units: see GroupTotals. clusters:
    of the scarcest dimension. effective: how many independent units would be as precise; for a net, units of either pole.
    """
    import pyarrow as pa

    sums = group_totals(counts)
    at = {m: (sides, i) for sides in families for i, m in enumerate(sides.family.of.tolist())}
    rows = []
    for number, group in enumerate((*counts.groups, ALL)):
        if group not in kept and group != ALL:
            continue
        ends = {id(sides): (sides.intervals(group, level), sides.share(group)) for sides in families}
        for m in np.flatnonzero(sums.totals[number]).tolist():
            sides, i = at[m]
            measure, ((low, high), share) = counts.measures[m], ends[id(sides)]
            hits, total = int(sums.hits[number, m]), int(sums.totals[number, m])
            row = {
                "group": group, "measure": str(measure), "value": measure.scale * hits / total, "low": none_if_nan(low[i]),
                "high": none_if_nan(high[i]), "hits": hits, "total": total, "articles": int(sums.articles[number, m]),
                "units": int(sums.units[number, m]), "clusters": int(sides.rates[group].clusters[i]),
                "effective": float(share.size[i]), "note": sides.why(group, i),
            }  # fmt: skip
            rows.append(row)
    schema = pa.schema([(name, getattr(pa, kind)()) for name, kind in _SCHEMA.items()])
    return pa.Table.from_pylist(rows, schema)


def none_if_nan(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


_SCHEMA = {
    "group": "string", "measure": "string", "value": "float64", "low": "float64", "high": "float64", "hits": "int64",
    "total": "int64", "articles": "int64", "units": "int64", "clusters": "int64", "effective": "float64", "note": "string",
}  # fmt: skip
