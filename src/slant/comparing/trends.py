"""Month by month: rates of each group with intervals, and the events that the months are full of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import numpy as np

from slant.comparing.cells import Cells
from slant.comparing.decomposition import MAIN
from slant.comparing.drawing import ALL, ends, resample
from slant.comparing.events import mark
from slant.comparing.rates import interval_of

if TYPE_CHECKING:
    import pyarrow as pa

    from slant.comparing.options import Options
    from slant.comparing.rates import Groups
    from slant.comparing.store import Store

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


def table(store: Store, counted: Cells, *, options: Options, groups: Groups) -> Mapping[str, pa.Table]:
    """trends and month_events, see there."""
    found = trends(store, counted, groups=tuple(groups.kept), options=options)
    return {"trends": found, "month_events": month_events(store)}
