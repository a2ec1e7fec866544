"""How much of a difference lies in the choice of events, and how much in how the same events are covered; and rates by month.

The difference of two groups' rates is split exactly into three parts (Kitagawa 1955; Oaxaca 1973 and Blinder 1973 for means):
- selection: the groups give the events that both cover different weights,
- presentation: they cover the same event differently, at the average of their weights,
- not shared: what only one of them covers. Whether that is selection or presentation cannot be known.

With w the share of an event in a group's shared coverage (in units or words) and r its rate there:
selection = Σ (w_a - w_b)(r_a + r_b) / 2, presentation = Σ (r_a - r_b)(w_a + w_b) / 2.

Intervals resample whole events with everything that both groups wrote on them. Articles on one event are not independent,
and most events have one article per group, so there is nothing to resample inside them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from functools import reduce
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from slant.comparing.cluster_variance import Clustering, from_share, side, sum_clusters
from slant.comparing.clusters import Clusters
from slant.comparing.counts import Counts, Floats
from slant.comparing.differences import MOST_GROUPS
from slant.comparing.measures import ALL, REST
from slant.comparing.rates import percentile_interval, poisson_draws, resample
from slant.comparing.score_tables import arrow_table
from slant.comparing.sides import limits_of, share_of

if TYPE_CHECKING:
    import pyarrow as pa

    from slant.comparing.options import Options
    from slant.comparing.score_tables import Store

# Patterns of the measures that are split into parts and shown by month.
MAIN_MEASURES = ("stance/*/net", "portrayal/*/net", "loaded/outlet/per_1000_words", "frame/*")
# Shared events; with fewer nothing is claimed. In simulations 95 % intervals cover 90 % at 6 to 12 events, 95 % from 30 on.
MIN_EVENTS = 5
PARTS = ("selection", "presentation", "not_shared")
EVENTS_A_MONTH = 3


@dataclass(frozen=True, slots=True)
class Side:
    """Counts of one group.

    hits, totals: (events covered by two groups or more, measures). all_hits, all_totals: (measures,) of everything.
    resampled: (2, resamples, measures): hits and totals of everything in each resample.
    """

    hits: Floats
    totals: Floats
    all_hits: Floats
    all_totals: Floats
    resampled: Floats


def decomposition_table(store: Store, counts: Counts, *, groups: Sequence[str], options: Options) -> pa.Table:
    """One row per main measure and pair of groups, and per group against all others as "(rest)".

    With more than MOST_GROUPS groups there are no pairs, only all others. Columns:
    group, other, measure; value, other_value (overall rates); difference = selection + presentation + not_shared, each
    part with `_low` and `_high` (the interval of the difference itself is in the table of differences, which resamples
    articles); shared_events; shared_share, other_shared_share: share of either group's coverage (units or words) that is
    on shared events. Below MIN_EVENTS shared events the parts are null. Needs the tables `grouped` and `text_parts`.
    """
    wanted = _main_measures(counts)
    rng = np.random.default_rng(options.seed)
    sides, weights = _sides(store, counts, wanted, options.resamples, rng)
    rows: list[dict[str, Any]] = []
    for name, other, a, b in _pairs(sides, [g for g in groups if g in counts.groups]):
        observed = _parts(a, b, np.ones((1, len(a.hits))), None)[0]
        resampled = _parts(a, b, weights, (a.resampled, b.resampled))
        interval = percentile_interval(resampled.astype(np.float32), level=options.level)
        for m in np.flatnonzero((a.all_totals > 0) & (b.all_totals > 0)).tolist():
            measure = counts.measures[wanted[m]]
            row = {"group": name, "other": other, "measure": str(measure), **_row(a, b, m, measure.scale)}
            if row["shared_events"] >= MIN_EVENTS:
                for p, part in enumerate(PARTS):
                    low, high = (end[p, m] for end in interval)
                    row |= {
                        part: measure.scale * observed[p, m],
                        f"{part}_low": measure.scale * low,
                        f"{part}_high": measure.scale * high,
                    }
            rows.append(row)
    return arrow_table(rows, _DECOMPOSITION)


_DECOMPOSITION = {
    **dict.fromkeys(("group", "other", "measure"), "string"),
    **dict.fromkeys(("value", "other_value", "difference"), "float64"),
    **{f"{part}{end}": "float64" for part in PARTS for end in ("", "_low", "_high")},
    "shared_events": "int64", "shared_share": "float64", "other_shared_share": "float64",
}  # fmt: skip


def _main_measures(counts: Counts) -> list[int]:
    return [i for i, measure in enumerate(counts.measures) if measure.matches(MAIN_MEASURES)]


def _row(a: Side, b: Side, m: int, scale: float) -> dict[str, Any]:
    """The columns that are known even with few shared events."""
    shared = (a.totals[:, m] > 0) & (b.totals[:, m] > 0)
    value, other = (scale * side.all_hits[m] / side.all_totals[m] for side in (a, b))
    return {
        "value": value,
        "other_value": other,
        "difference": value - other,
        "shared_events": int(shared.sum()),
        "shared_share": a.totals[shared, m].sum() / a.all_totals[m],
        "other_shared_share": b.totals[shared, m].sum() / b.all_totals[m],
    }


def _parts(a: Side, b: Side, weights: Floats, resampled: tuple[Floats, Floats] | None) -> Floats:
    """(resamples, parts, measures) of the difference a - b, in the order of PARTS; NaN where a resample has no shared event.

    weights: (resamples, events). resampled: hits and totals of everything in each resample; None for the observed ones.
    """
    shared = (a.totals > 0) & (b.totals > 0)
    by_both = np.flatnonzero(shared.any(1))  # a few of all events
    shared, weights = shared[by_both], weights[:, by_both]
    counts = [(side.hits[by_both], side.totals[by_both]) for side in (a, b)]
    with np.errstate(invalid="ignore", divide="ignore"):
        middle = np.where(shared, sum(hits / totals for hits, totals in counts) / 2, 0)
        rate, expected = [], []
        for hits, totals in counts:
            total = weights @ (totals * shared)
            rate.append(weights @ (hits * shared) / total)
            expected.append(weights @ (totals * middle) / total)
        if resampled is None:
            overall = [(side.all_hits / side.all_totals)[None] for side in (a, b)]
        else:
            overall = [hits / totals for hits, totals in resampled]
        difference, within = overall[0] - overall[1], rate[0] - rate[1]
        selection = expected[0] - expected[1]
    return np.stack([selection, within - selection, difference - within], axis=1)


def _pairs(sides: dict[str, Side], groups: Sequence[str]) -> Iterator[tuple[str, str, Side, Side]]:
    for a, b in combinations(groups, 2) if len(groups) <= MOST_GROUPS else ():
        yield a, b, sides[a], sides[b]
    if len(groups) > 2:
        everything = reduce(lambda one, other: _combine(one, other, np.add), sides.values())
        for a in groups:
            yield a, REST, sides[a], _combine(everything, sides[a], np.subtract)


def _combine(one: Side, other: Side, operation: np.ufunc) -> Side:
    """Add or subtract counts; they are whole numbers, so the result is exact."""
    return Side(*(operation(getattr(one, f.name), getattr(other, f.name)) for f in fields(Side)))


def _sides(
    store: Store, counts: Counts, wanted: list[int], resamples: int, rng: np.random.Generator
) -> tuple[dict[str, Side], Floats]:
    """Each group's counts, and (resamples, events) how often each event that two groups or more cover is drawn."""
    stratum, events = _strata(store, counts)
    weights = poisson_draws(rng, (resamples, events)).astype(np.float64)
    values = np.concatenate([counts.hits[:, wanted], counts.totals[:, counts.column[wanted]]], axis=1)
    sides = {}
    for number, name in enumerate(counts.groups):
        own = np.flatnonzero(counts.group == number)
        on_events = own[stratum[own] < events]
        alone = own[stratum[own] >= events]
        of_events = _sum_rows(values[on_events], stratum[on_events], events)
        texts, place = np.unique(stratum[alone], return_inverse=True)
        of_texts = _sum_rows(values[alone], place, len(texts))
        resampled = weights @ of_events + resample(of_texts, resamples=resamples, rng=rng)
        hits, totals = np.split(of_events, 2, axis=1)
        all_hits, all_totals = np.split(values[own].sum(0, float), 2)
        sides[name] = Side(hits, totals, all_hits, all_totals, np.stack(np.split(resampled, 2, axis=1)))
    return sides, weights


def _sum_rows(rows: NDArray[np.float32], place: NDArray[np.int64], size: int) -> Floats:
    """(size, columns): sums of the rows at each place."""
    sums = np.zeros((size, rows.shape[1]))
    np.add.at(sums, place, rows)
    return sums


def _strata(store: Store, counts: Counts) -> tuple[NDArray[np.int64], int]:
    """A number per row of `counts`, and n: 0 … n - 1 for events that several groups cover, from n on for others and texts."""
    keys = store.columns("""
        SELECT coalesce('event ' || min(event) FILTER (written AND NOT copy), 'text ' || any_value(n)) AS key
        FROM text_parts LEFT JOIN grouped USING (article_id) GROUP BY id ORDER BY id""")["key"]
    _, of_row = np.unique(keys.astype(object).astype(str), return_inverse=True)
    pairs = np.unique(np.stack([of_row, counts.group]), axis=1)
    shared = np.bincount(pairs[0], minlength=of_row.max(initial=-1) + 1) > 1
    order = np.argsort(~shared, kind="stable")
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    return rank[of_row], int(shared.sum())


def trends_table(store: Store, clusters: Clusters, *, groups: Sequence[str], options: Options) -> pa.Table:
    """One row per main measure, group ("(all)": everything) and month with something to count.

    month ("2026-11"), group, measure, value, low, high, articles (with something to count for this measure), few (fewer than
    `options.min_articles` of them, or too few clusters for an interval). Articles without a month are left out.
    """
    every = clusters.articles.counts
    counts = every.only(np.array(_main_measures(every), np.int64))
    month = _months(store)
    rows: list[dict[str, Any]] = []
    for name in (*(g for g in counts.groups if g in groups), ALL):
        of_group = month != "" if name == ALL else (month != "") & (counts.group == counts.groups.index(name))
        for one in np.unique(month[of_group]).tolist() if counts.measures else ():
            own = np.flatnonzero(of_group & (month == one))
            for row in _month_rows(counts, own, clusters.articles.ways, options):
                rows.append({"month": one, "group": name, **row})
    return arrow_table(rows, _TRENDS)


_TRENDS = {
    **dict.fromkeys(("month", "group", "measure"), "string"),
    **dict.fromkeys(("value", "low", "high"), "float64"),
    "articles": "int64", "few": "bool_",
}  # fmt: skip


def _month_rows(
    counts: Counts, own: NDArray[np.int64], ways: Sequence[Clustering], options: Options
) -> Iterator[dict[str, Any]]:
    """Rates of some rows of `counts`."""
    numbers = side(counts, own, ways)
    low, high = limits_of(numbers, share_of(numbers), counts.measures, options.level)
    factor, offset = from_share(counts.measures)
    _, (totals,) = sum_clusters(counts.article[own], counts.totals[own])
    articles = (totals > 0).sum(0)[counts.column]
    for m in np.flatnonzero(numbers.total).tolist():
        few = bool(articles[m] < options.min_articles or np.isnan(low[m]))
        yield {
            "measure": str(counts.measures[m]), "value": float(factor[m] * numbers.value[m] + offset[m]),
            "low": None if few else float(low[m]), "high": None if few else float(high[m]),
            "articles": int(articles[m]), "few": few,
        }  # fmt: skip


def _months(store: Store) -> Any:
    """Month of each row of the counts ("" if none is stated): that of the copy that counts."""
    query = """
        SELECT coalesce(min(month) FILTER (written AND NOT copy), min(month), '') AS month
        FROM text_parts JOIN (SELECT article_id, any_value(month) AS month FROM units GROUP BY 1) USING (article_id)
        GROUP BY id ORDER BY id"""
    return store.columns(query)["month"].astype(object).astype(str)


def month_events_table(store: Store) -> pa.Table:
    """The events that most groups covered in each month: month, day (first), event, title, texts, groups."""
    return store.arrow(f"""
        WITH covered AS (
            SELECT g.event, min(g.day) AS day, count(DISTINCT g.cluster) AS texts, count(DISTINCT u."group") AS groups
            FROM grouped g JOIN (SELECT DISTINCT article_id, "group" FROM units WHERE NOT is_comment) u USING (article_id)
            WHERE g.event IS NOT NULL GROUP BY g.event HAVING texts > 1)
        SELECT strftime(day, '%Y-%m') AS month, day, event, title, texts, groups
        FROM covered JOIN event_names USING (event)
        QUALIFY row_number() OVER (PARTITION BY month ORDER BY groups DESC, texts DESC, event) <= {EVENTS_A_MONTH}
        ORDER BY month, groups DESC, texts DESC, event""")
