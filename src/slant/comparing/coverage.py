"""How much of a difference lies in what is covered, and how much in how the same events are told.

The difference of two groups' rates is split exactly into three parts (Kitagawa 1955; Oaxaca 1973 and Blinder 1973 for means):
- selection: the groups give the events that both cover different weight,
- presentation: they tell the same event differently, at the average of their weights,
- not shared: what each covers alone. Nothing says which of the two it is.

With w the share of an event in a group's shared coverage (in units or words) and r its rate there:
selection = Σ (w_a - w_b)(r_a + r_b) / 2, presentation = Σ (r_a - r_b)(w_a + w_b) / 2.

Intervals resample whole events with all that both groups wrote on them, since articles on one event are not independent, and
since most events have one article of each group, inside which nothing could be resampled.

Month by month: rates of each group with intervals, and the events that the months are full of.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import reduce
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from slant.comparing.counts import Cells
from slant.comparing.differences import MOST_GROUPS
from slant.comparing.events import mark
from slant.comparing.rates import ALL, ends, interval_of, resample, times

if TYPE_CHECKING:
    import pyarrow as pa

    from slant.comparing.options import Options
    from slant.comparing.rates import Groups
    from slant.comparing.score_tables import Store

MAIN = ("stance/*/net", "loaded/outlet/per_1000_words", "frame/*")
FEWEST_EVENTS = 5  # shared; below, nothing is claimed. Simulated, intervals of 95 % cover 90 % at 6 to 12, 95 % from 30 on
REST = "(rest)"
PARTS = ("selection", "presentation", "not_shared")
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Side:
    """One group. hits, totals: (events told by two groups or more, measures). all_hits, all_totals: (measures,) of
    everything. drawn: (2, resamples, measures), hits and totals of everything in each resample."""

    hits: Floats
    totals: Floats
    all_hits: Floats
    all_totals: Floats
    drawn: Floats


def decomposition(store: Store, cells: Cells, *, groups: Sequence[str], options: Options) -> pa.Table:
    """One row for each main measure and each pair of `groups`, and each group against all others as "(rest)"; above
    MOST_GROUPS groups that alone.

    group, other, measure; value, other_value (rates overall); difference = selection +
    presentation + not_shared, the parts with `_low` and `_high` (the interval of the difference itself stands in the table of
    differences, which resamples articles). shared_events; shared_share, other_shared_share:
    the part of either group's coverage (units or words) that is of shared events. Everything about the parts is null below
    FEWEST_EVENTS shared events.
    """
    import pyarrow as pa

    mark(store)
    wanted = [i for i, m in enumerate(cells.measures) if any(fnmatchcase(m.name, p) for p in MAIN)]
    rng = np.random.default_rng(options.seed)
    sides, weights = _sides(store, cells, wanted, options.resamples, rng)
    rows: list[dict[str, Any]] = []
    for name, other, a, b in _pairs(sides, [g for g in groups if g in cells.groups]):
        observed = _parts(a, b, np.ones((1, len(a.hits))), None)[0]
        drawn = _parts(a, b, weights, (a.drawn, b.drawn))
        interval = ends(drawn.astype(np.float32), level=options.level)
        for m in np.flatnonzero((a.all_totals > 0) & (b.all_totals > 0)).tolist():
            measure = cells.measures[wanted[m]]
            row = {"group": name, "other": other, "measure": measure.name, **_row(a, b, m, measure.scale)}
            if row["shared_events"] >= FEWEST_EVENTS:
                for p, part in enumerate(PARTS):
                    found = (observed[p, m], *(end[p, m] for end in interval))
                    row |= zip(
                        (part, f"{part}_low", f"{part}_high"), (measure.scale * x for x in found), strict=True
                    )
            rows.append(row)
    return pa.Table.from_pylist(rows, schema=pa.schema([(n, getattr(pa, kind)()) for n, kind in _SCHEMA]))


_SCHEMA = [
    *((name, "string") for name in ("group", "other", "measure")),
    *((name, "float64") for name in ("value", "other_value", "difference")),
    *((f"{part}{end}", "float64") for part in PARTS for end in ("", "_low", "_high")),
    ("shared_events", "int64"),
    ("shared_share", "float64"),
    ("other_shared_share", "float64"),
]


def _row(a: Side, b: Side, m: int, scale: float) -> dict[str, Any]:
    """What is said of one measure also where the parts are not."""
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


def _parts(a: Side, b: Side, weights: Floats, drawn: tuple[Floats, Floats] | None) -> Floats:
    """(resamples, parts, measures) of the difference a - b, in the order of PARTS; NaN where a resample has no shared event.

    weights: (resamples, events). drawn: hits and totals of everything in each resample; None for what was observed.
    """
    shared = (a.totals > 0) & (b.totals > 0)
    told = np.flatnonzero(shared.any(1))  # by both: a few of all events
    shared, weights = shared[told], weights[:, told]
    counts = [(side.hits[told], side.totals[told]) for side in (a, b)]
    with np.errstate(invalid="ignore", divide="ignore"):
        middle = np.where(shared, sum(hits / totals for hits, totals in counts) / 2, 0)
        rate, expected = [], []
        for hits, totals in counts:
            total = weights @ (totals * shared)
            rate.append(weights @ (hits * shared) / total)
            expected.append(weights @ (totals * middle) / total)
        if drawn is None:
            overall = [(side.all_hits / side.all_totals)[None] for side in (a, b)]
        else:
            overall = [hits / totals for hits, totals in drawn]
        difference, within = overall[0] - overall[1], rate[0] - rate[1]
        selection = expected[0] - expected[1]
    return np.stack([selection, within - selection, difference - within], axis=1)


def _pairs(sides: dict[str, Side], groups: Sequence[str]) -> Iterator[tuple[str, str, Side, Side]]:
    for a, b in combinations(groups, 2) if len(groups) <= MOST_GROUPS else ():
        yield a, b, sides[a], sides[b]
    if len(groups) > 2:
        everything = reduce(lambda one, other: _combined(one, other, np.add), sides.values())
        for a in groups:
            yield a, REST, sides[a], _combined(everything, sides[a], np.subtract)


def _combined(one: Side, other: Side, way: np.ufunc) -> Side:
    """Sums or differences of counts, which are whole numbers and so exact."""
    names = ("hits", "totals", "all_hits", "all_totals", "drawn")
    return Side(*(way(getattr(one, name), getattr(other, name)) for name in names))


def _sides(
    store: Store, cells: Cells, wanted: list[int], resamples: int, rng: np.random.Generator
) -> tuple[dict[str, Side], Floats]:
    """Each group's counts, and how often each event that two groups or more told is drawn (resamples, events)."""
    stratum, events = _strata(store, cells)
    weights = times(rng, (resamples, events)).astype(np.float64)
    counts = np.concatenate([cells.hits[:, wanted], cells.totals[:, cells.column[wanted]]], axis=1)
    sides = {}
    for number, name in enumerate(cells.groups):
        own = np.flatnonzero(cells.group == number)
        told = own[stratum[own] < events]
        alone = own[stratum[own] >= events]
        of_events = _summed(counts[told], stratum[told], events)
        texts, place = np.unique(stratum[alone], return_inverse=True)
        of_texts = _summed(counts[alone], place, len(texts))
        drawn = weights @ of_events + resample(of_texts, resamples=resamples, rng=rng)
        hits, totals = np.split(of_events, 2, axis=1)
        all_hits, all_totals = np.split(counts[own].sum(0, float), 2)
        sides[name] = Side(hits, totals, all_hits, all_totals, np.stack(np.split(drawn, 2, axis=1)))
    return sides, weights


def _summed(counts: NDArray[np.float32], place: NDArray[np.int64], size: int) -> Floats:
    out = np.zeros((size, counts.shape[1]))
    np.add.at(out, place, counts)
    return out


def _strata(store: Store, cells: Cells) -> tuple[NDArray[np.int64], int]:
    """Per row of `cells` a number: of its event if two groups or more told it (0 … n - 1), else of its own event or text.

    Returns n as well.
    """
    keys = store.columns("""
        SELECT coalesce('event ' || min(event) FILTER (written AND NOT copy), 'text ' || any_value(n)) AS key
        FROM parts LEFT JOIN grouped USING (article_id) GROUP BY id ORDER BY id""")["key"]
    _, of_row = np.unique(keys.astype(object).astype(str), return_inverse=True)
    pairs = np.unique(np.stack([of_row, cells.group]), axis=1)
    shared = np.bincount(pairs[0], minlength=of_row.max(initial=-1) + 1) > 1
    order = np.argsort(~shared, kind="stable")
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    return rank[of_row], int(shared.sum())


def decomposition_tables(
    store: Store, counted: Cells, *, options: Options, groups: Groups
) -> Mapping[str, pa.Table]:
    """decomposition, see there."""
    return {"decomposition": decomposition(store, counted, groups=tuple(groups.kept), options=options)}


EVENTS_A_MONTH = 3


def trends(store: Store, cells: Cells, *, groups: Sequence[str], options: Options) -> pa.Table:
    """One row for each main measure, group ("(all)": everything) and month with something to count.

    month ("2026-11"), group, measure, value, low, high (resampling articles, wire copy as one), articles, few (fewer than
    `options.min_articles` articles: no interval is claimed). Articles without a month are left out.
    """
    import pyarrow as pa

    mark(store)
    wanted = [i for i, m in enumerate(cells.measures) if any(fnmatchcase(m.name, p) for p in MAIN)]
    month = _months(store)
    rng = np.random.default_rng(options.seed)
    rows: list[dict[str, Any]] = []
    for name in (*(g for g in cells.groups if g in groups), ALL):
        of_group = month != "" if name == ALL else (month != "") & (cells.group == cells.groups.index(name))
        for when in np.unique(month[of_group]).tolist():
            own = np.flatnonzero(of_group & (month == when))
            for row in _cell(cells, own, wanted, options, rng):
                rows.append({"month": when, "group": name, **row})
    kinds = {"articles": pa.int64(), "few": pa.bool_()} | dict.fromkeys(
        ("value", "low", "high"), pa.float64()
    )
    names = ("month", "group", "measure", "value", "low", "high", "articles", "few")
    return pa.Table.from_pylist(rows, schema=pa.schema([(n, kinds.get(n, pa.string())) for n in names]))


def _cell(
    cells: Cells,
    own: Any,
    wanted: list[int],
    options: Options,
    rng: np.random.Generator,
) -> list[dict[str, Any]]:
    """The rates of some rows of `cells`."""
    hits = cells.hits[np.ix_(own, wanted)].astype(float)
    totals = cells.totals[np.ix_(own, cells.column[wanted])].astype(float)
    texts, place = np.unique(cells.article[own], return_inverse=True)
    articles = len(texts)
    few = articles < options.min_articles
    scale = cells.scale[wanted]
    if not few:
        given = np.zeros((articles, hits.shape[1] + totals.shape[1]))
        np.add.at(given, place, np.concatenate([hits, totals], axis=1))
        drawn, over = np.split(resample(given, resamples=options.resamples, rng=rng), [hits.shape[1]], axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            low, high = ends((scale * drawn / over).astype(np.float32), level=options.level)
    rows = []
    for m in np.flatnonzero(totals.sum(0)):
        measure = cells.measures[wanted[m]]
        value = float(scale[m] * hits[:, m].sum() / totals[:, m].sum())
        interval: tuple[float | None, float | None] = (None, None)
        if not few:
            at_all = int((totals[:, m] > 0).sum())
            interval = interval_of(
                value, (low[m], high[m]), articles=at_all, kind=measure.kind, level=options.level
            )
        row = {"measure": measure.name, "value": value, "low": interval[0], "high": interval[1]}
        rows.append({**row, "articles": articles, "few": few})
    return rows


def _months(store: Store) -> Any:
    """Month of each row of the cells ("" where none is stated): of the copy that counts."""
    query = """
        SELECT coalesce(min(month) FILTER (written AND NOT copy), min(month), '') AS month
        FROM parts JOIN (SELECT article_id, any_value(month) AS month FROM units GROUP BY 1) USING (article_id)
        GROUP BY id ORDER BY id"""
    return store.columns(query)["month"].astype(object).astype(str)


def month_events(store: Store) -> pa.Table:
    """The events that most groups told in each month: month, day (first), event, title, texts, groups."""
    mark(store)
    return store.arrow(f"""
        WITH told AS (
            SELECT g.event, min(g.day) AS day, count(DISTINCT g.cluster) AS texts, count(DISTINCT u."group") AS groups
            FROM grouped g JOIN (SELECT DISTINCT article_id, "group" FROM units WHERE NOT is_comment) u USING (article_id)
            WHERE g.event IS NOT NULL GROUP BY g.event HAVING texts > 1)
        SELECT strftime(day, '%Y-%m') AS month, day, event, title, texts, groups
        FROM told JOIN event_names USING (event)
        QUALIFY row_number() OVER (PARTITION BY month ORDER BY groups DESC, texts DESC, event) <= {EVENTS_A_MONTH}
        ORDER BY month, groups DESC, texts DESC, event""")


def trend_tables(store: Store, counted: Cells, *, options: Options, groups: Groups) -> Mapping[str, pa.Table]:
    """trends and month_events, see there."""
    found = trends(store, counted, groups=tuple(groups.kept), options=options)
    return {"trends": found, "month_events": month_events(store)}
