"""How readers reply: the kinds of their replies, and their stance compared with that of the article they comment on.

All comments under one article, the *thread*, are resampled together: readers answer one another, and all answer the same
article.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from slant.comparing.counts import ARTICLE_GROUPS, Floats
from slant.comparing.measures import ALL, ARTICLE, NET, NO_CALL, THREADS, Measure
from slant.comparing.rates import interval_or_bound, percentile_interval, resample
from slant.comparing.score_tables import arrow_table
from slant.records import REPLIES, STANCES, UNRELATED

if TYPE_CHECKING:
    import pyarrow as pa

    from slant.comparing.options import Options
    from slant.comparing.score_tables import Store

MIN_THREADS = 5  # for a verdict: with fewer, resampling shows too little of the spread
Interval = tuple[float | None, float | None]


def answers_table(store: Store, *, groups: Sequence[str], options: Options) -> pa.Table:
    """How comments answer, per group of the article, and for everything as "(all)". Needs the table `hits`.

    group, about ("reply": reply to the comment's parent, or else to the article; "article": stance toward the article),
    label (one of REPLIES or STANCES, no_call, or "net": favor minus against, in [-1, 1]), value (share of the comments),
    low, high, comments, threads.
    """
    rows: list[dict[str, Any]] = []
    rng = np.random.default_rng(options.seed)
    for about, measures in (("reply", _REPLIES), ("article", _STANCES)):
        found = store.columns(_thread_counts(measures))
        thread_groups = found["group"].astype(object)
        counts = np.stack([np.asarray(found[str(measure)], float) for measure in measures], axis=1)
        for group in [g for g in (*groups, ALL) if g == ALL or g in set(thread_groups)]:
            own = counts if group == ALL else counts[thread_groups == group]
            if len(own):
                rows += [
                    {"group": group, "about": about, **row} for row in _shares(own, measures, options, rng)
                ]
    return arrow_table(rows, _ANSWERS)


_REPLIES = tuple(Measure("reply", label, side=THREADS) for label in REPLIES)
_STANCES = tuple(Measure("stance", ARTICLE, label, THREADS) for label in (*STANCES, NO_CALL))
_ANSWERS = {
    **dict.fromkeys(("group", "about", "label"), "string"),
    **dict.fromkeys(("value", "low", "high"), "float64"),
    **dict.fromkeys(("comments", "threads"), "int64"),
}  # fmt: skip


def _thread_counts(measures: Sequence[Measure]) -> str:
    """SQL: group of the article, and hits of each measure, one row per thread."""
    names = [str(measure) for measure in measures]
    counts = ", ".join(f"""count(*) FILTER (measure = '{name}') AS "{name}\"""" for name in names)
    return f"""
        SELECT "group", {counts} FROM hits WHERE measure IN ({", ".join(f"'{name}'" for name in names)})
        GROUP BY article_id, "group" ORDER BY article_id"""


def _shares(
    counts: Floats, measures: Sequence[Measure], options: Options, rng: np.random.Generator
) -> list[dict[str, Any]]:
    """Rows of label, value, interval, comments and threads from (threads, measures) counts."""
    total = counts.sum(1)
    if measures == _STANCES:
        measures = (*measures, measures[0].with_part(NET))
        against, favor = (STANCES.index(source.part) for source in measures[-1].sources)
        counts = np.column_stack([counts, counts[:, favor] - counts[:, against]])
    sums = resample(np.column_stack([counts, total]), resamples=options.resamples, rng=rng)
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = sums[:, :-1] / sums[:, -1:]
    low, high = percentile_interval(shares.astype(np.float32), level=options.level)
    rows = []
    for i, measure in enumerate(measures):
        value = float(counts[:, i].sum() / total.sum())
        interval = interval_or_bound(
            value, (low[i], high[i]), articles=len(counts), kind=measure.kind, level=options.level
        )
        row = {
            "label": measure.part or measure.subject,
            "value": value,
            "low": interval[0],
            "high": interval[1],
        }
        rows.append({**row, "comments": int(total.sum()), "threads": len(counts)})
    return rows


def audience_table(store: Store, *, groups: Sequence[str], options: Options) -> pa.Table:
    """Stance of articles toward each target, compared with that of the comments under them.

    Only articles with both units and comments about the target count. group, target, article_net, comments_net (favor
    minus against, in [-1, 1]), gap (comments − article), each with _low and _high; verdict; units, comments, threads.
    verdict: "follow" (same side, no detectable gap), "exceed" (same side, further out), "fall short" (same side, less
    far), "oppose" (other side), or "unclear" (the intervals do not show it, or fewer than MIN_THREADS threads).
    """
    found = store.columns(_AUDIENCE)
    names, targets = (found[name].astype(object) for name in ("group", "target"))
    counts = np.stack(
        [np.asarray(found[name], float) for name in ("net", "units", "c_net", "comments")], axis=1
    )
    rng = np.random.default_rng(options.seed)
    rows: list[dict[str, Any]] = []
    for group in (*groups, ALL):
        of_group = np.full(len(names), True) if group == ALL else names == group
        for target in sorted(set(targets[of_group])):
            own = counts[of_group & (targets == target)]
            rows.append({"group": group, "target": target, **_compare_stances(own, options, rng)})
    nets = [
        f"{name}{end}" for name in ("article_net", "comments_net", "gap") for end in ("", "_low", "_high")
    ]
    columns = {"group": "string", "target": "string", **dict.fromkeys(nets, "float64"), "verdict": "string"}
    return arrow_table(rows, columns | dict.fromkeys(("units", "comments", "threads"), "int64"))


_NET = "sum(CASE label WHEN 'favor' THEN 1 WHEN 'against' THEN -1 ELSE 0 END)"
_AUDIENCE = f"""
    SELECT a."group" AS "group", target, {_NET} FILTER (NOT is_comment) AS net, count(*) FILTER (NOT is_comment) AS units,
           {_NET} FILTER (is_comment) AS c_net, count(*) FILTER (is_comment) AS comments
    FROM stances s JOIN {ARTICLE_GROUPS} a USING (article_id)
    WHERE target != '{ARTICLE}' AND label IS DISTINCT FROM '{UNRELATED}'
    GROUP BY article_id, a."group", target HAVING units > 0 AND comments > 0 ORDER BY article_id, target"""


def _compare_stances(counts: Floats, options: Options, rng: np.random.Generator) -> dict[str, Any]:
    """Nets, their gap, intervals and verdict from (threads, [article net, units, comments' net, comments])."""
    sums = resample(counts, resamples=options.resamples, rng=rng)

    def nets(sums: Floats) -> Floats:
        with np.errstate(invalid="ignore", divide="ignore"):
            article, comments = sums[..., 0] / sums[..., 1], sums[..., 2] / sums[..., 3]
        return np.stack([article, comments, comments - article], axis=-1)

    threads = len(counts)
    value = nets(counts.sum(0))
    low, high = percentile_interval(nets(sums).astype(np.float32), level=options.level)
    row: dict[str, Any] = {}
    intervals: list[Interval] = []
    for i, name in enumerate(("article_net", "comments_net", "gap")):
        interval = interval_or_bound(
            float(value[i]), (low[i], high[i]), articles=threads, kind=NET, level=options.level
        )
        intervals.append(interval)
        row |= {name: float(value[i]), f"{name}_low": interval[0], f"{name}_high": interval[1]}
    units, comments = (int(counts[:, i].sum()) for i in (1, 3))
    shown = verdict(*intervals) if threads >= MIN_THREADS else "unclear"
    return {**row, "verdict": shown, "units": units, "comments": comments, "threads": threads}


def verdict(article: Interval, comments: Interval, gap: Interval) -> str:
    """What three intervals show of an audience; see `audience_table`."""
    article_side, comments_side, direction = (_sign(interval) for interval in (article, comments, gap))
    if not article_side or not comments_side:
        return "unclear"
    if article_side != comments_side:
        return "oppose"
    if not direction:
        return "follow"
    return "exceed" if direction == article_side else "fall short"


def _sign(interval: Interval) -> int:
    """1 or -1 for an interval wholly on one side of zero, else 0."""
    low, high = interval
    if low is None or high is None:
        return 0
    return int(low > 0) - int(high < 0)
