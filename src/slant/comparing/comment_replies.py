"""How readers reply: the kinds of their replies, and their stance compared with that of the article they comment on.

Comments are clustered by thread, the comments under one text, and by event and commenter where these are clusters
(clusters.py): readers answer one another, all answer the same article, and some write much.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from slant.comparing.cluster_variance import contrast, from_share, side
from slant.comparing.clusters import Clusters
from slant.comparing.counts import ARTICLE_GROUPS, Counts, Ints
from slant.comparing.intervals import difference_limits
from slant.comparing.measures import ALL, ARTICLE, NET, NO_CALL, THREADS, Measure
from slant.comparing.rates import none_if_nan
from slant.comparing.score_tables import arrow_table
from slant.comparing.sides import enough, limits_of, share_of
from slant.records import REPLIES, STANCES, UNRELATED

if TYPE_CHECKING:
    import pyarrow as pa

    from slant.comparing.options import Options
    from slant.comparing.score_tables import Store

SAME = 0.1  # readers follow an article if the gap between the two nets is surely smaller
ONE_SIDED = (
    0.9  # level of the interval that must lie within ±SAME: two one-sided tests at 5 % (Schuirmann 1987)
)
Interval = tuple[float | None, float | None]


def answers_table(store: Store, clusters: Clusters, *, groups: Sequence[str], options: Options) -> pa.Table:
    """How comments answer, per group of the article, and for everything as "(all)". Needs the table `hits`.

    group, about ("reply": reply to the comment's parent, or else to the article; "article": stance toward the article),
    label (one of REPLIES or STANCES, no_call, or "net": favor minus against, in [-1, 1]), value (share of the comments),
    low, high (null with fewer than MIN_CLUSTERS threads or commenters), comments, threads.
    """
    rows: list[dict[str, Any]] = []
    for about, measures in (("reply", _REPLIES), ("article", _STANCES)):
        found = store.columns(_comment_counts(measures))
        texts = np.asarray(found["number"], np.int64)
        if not len(texts):
            continue
        commenters = _numbers(found["commenter"])
        hits = np.stack([np.asarray(found[str(measure)], np.float32) for measure in measures], axis=1)
        total = hits.sum(1, keepdims=True)
        shown = (*measures, measures[0].with_part(NET)) if about == "article" else measures
        if about == "article":
            against, favor = (STANCES.index(source.part) for source in shown[-1].sources)
            hits = np.column_stack([hits, hits[:, favor] - hits[:, against]])
        counts = _counts(shown, found["group"].astype(object), texts, hits, total)
        ways = clusters.of_threads(texts, commenters)
        for group in (*groups, ALL):
            own = np.flatnonzero(np.full(len(texts), True) if group == ALL else _is(counts, group))
            if len(own):
                numbers = side(counts, own, ways)
                low, high = limits_of(numbers, share_of(numbers), shown, options.level)
                factor, offset = from_share(shown)
                threads, comments = len(np.unique(texts[own])), int(total[own].sum())
                rows += [
                    {
                        "group": group, "about": about, "label": measure.part or measure.subject,
                        "value": float(factor[i] * numbers.value[i] + offset[i]), "low": none_if_nan(low[i]),
                        "high": none_if_nan(high[i]), "comments": comments, "threads": threads,
                    }
                    for i, measure in enumerate(shown)
                ]  # fmt: skip
    return arrow_table(rows, _ANSWERS)


_REPLIES = tuple(Measure("reply", label, side=THREADS) for label in REPLIES)
_STANCES = tuple(Measure("stance", ARTICLE, label, THREADS) for label in (*STANCES, NO_CALL))
_ANSWERS = {
    **dict.fromkeys(("group", "about", "label"), "string"),
    **dict.fromkeys(("value", "low", "high"), "float64"),
    **dict.fromkeys(("comments", "threads"), "int64"),
}  # fmt: skip


def _counts(measures: Sequence[Measure], groups: Any, texts: Ints, hits: Any, totals: Any) -> Counts:
    """Rows of comments as Counts; all measures have the one denominator."""
    names, group = np.unique(groups.astype(str), return_inverse=True)
    zero = np.zeros(len(measures), np.int64)
    articles = np.arange(int(texts.max(initial=-1)) + 1).astype(object)
    return Counts(tuple(names), articles, group, texts, tuple(measures), zero, zero, hits, totals)


def _is(counts: Counts, group: str) -> Any:
    return counts.group == (counts.groups.index(group) if group in counts.groups else -1)


def _numbers(names: Any) -> Ints:
    return np.unique(names.astype(object).astype(str), return_inverse=True)[1].astype(np.int64)


def _comment_counts(measures: Sequence[Measure]) -> str:
    """SQL: group of the article, text, commenter, and hits of each measure; a row for each commenter in a thread."""
    names = [str(measure) for measure in measures]
    counts = ", ".join(f"""count(*) FILTER (measure = '{name}') AS "{name}\"""" for name in names)
    return f"""
        SELECT h."group" AS "group", number, commenter, {counts}
        FROM hits h JOIN {_TEXTS} USING (article_id) JOIN commented USING (unit_id)
        WHERE measure IN ({", ".join(f"'{name}'" for name in names)})
        GROUP BY number, h."group", commenter ORDER BY number, commenter"""


_TEXTS = "(SELECT article_id, min(n) AS number FROM text_parts GROUP BY 1)"


def audience_table(store: Store, clusters: Clusters, *, groups: Sequence[str], options: Options) -> pa.Table:
    """Stance of articles toward each target, compared with that of the comments under them.

    Only articles with both units and comments about the target count. group, target, article_net, comments_net (favor
    minus against, in [-1, 1]), gap (comments − article), each with _low and _high; verdict; units, comments, threads.
    verdict: "follow" (same side, and the gap is smaller than SAME by an equivalence test), "exceed" (same side, further
    out), "fall short" (same side, less far), "oppose" (other side), or "unclear" (the intervals do not show any of these, or
    fewer than MIN_CLUSTERS threads or commenters).
    """
    found = store.columns(_AUDIENCE)
    if not len(found["number"]):
        return arrow_table([], _AUDIENCE_COLUMNS)
    names, targets = (found[name].astype(object).astype(str) for name in ("group", "target"))
    commenters, texts = _numbers(found["commenter"]), np.asarray(found["number"], np.int64)
    comment = np.asarray(found["is_comment"], bool)
    values = np.stack([np.asarray(found[name], np.float32) for name in ("net", "units")], axis=1)
    rows: list[dict[str, Any]] = []
    for group in (*groups, ALL):
        of_group = np.full(len(names), True) if group == ALL else names == group
        for target in sorted(set(targets[of_group])):
            own = of_group & (targets == target)
            measure = Measure("stance", target, NET)
            counts = _counts([measure], names[own], texts[own], values[own, :1], values[own, 1:])
            row = _compare_stances(counts, comment[own], clusters, commenters[own], options)
            rows.append({"group": group, "target": target, **row})
    return arrow_table(rows, _AUDIENCE_COLUMNS)


_NETS = tuple(
    f"{name}{end}" for name in ("article_net", "comments_net", "gap") for end in ("", "_low", "_high")
)
_AUDIENCE_COLUMNS = {
    "group": "string", "target": "string", **dict.fromkeys(_NETS, "float64"), "verdict": "string",
    **dict.fromkeys(("units", "comments", "threads"), "int64"),
}  # fmt: skip
_NET = "sum(CASE label WHEN 'favor' THEN 1 WHEN 'against' THEN -1 ELSE 0 END)"
_AUDIENCE = f"""
    WITH counted AS (
        SELECT number, a."group" AS "group", target, s.is_comment AS is_comment,
               coalesce(commenter, 'text ' || number) AS commenter, label
        FROM stances s JOIN {ARTICLE_GROUPS} a USING (article_id) JOIN {_TEXTS} USING (article_id)
        LEFT JOIN commented c USING (unit_id)
        WHERE target != '{ARTICLE}' AND label IS DISTINCT FROM '{UNRELATED}')
    SELECT number, "group", target, is_comment, commenter, {_NET} AS net, count(*) AS units
    FROM counted SEMI JOIN (SELECT number, "group", target FROM counted GROUP BY ALL
                            HAVING bool_or(is_comment) AND NOT bool_and(is_comment)) both_sides
         USING (number, "group", target)
    GROUP BY ALL ORDER BY number, target, is_comment, commenter"""


def _compare_stances(
    counts: Counts, comment: Any, clusters: Clusters, commenters: Ints, options: Options
) -> dict[str, Any]:
    """Nets, their gap, intervals and verdict. comment: (rows,) whether each row is of comments, or of the article."""
    ways = clusters.of_threads(counts.article, commenters)
    sides = [side(counts, np.flatnonzero(own), ways) for own in (~comment, comment)]
    article, comments = sides
    row: dict[str, Any] = {}
    ends: list[Interval] = []
    for name, own in zip(("article_net", "comments_net"), sides, strict=True):
        low, high = limits_of(own, share_of(own), counts.measures, options.level)
        ends.append((none_if_nan(low[0]), none_if_nan(high[0])))
        row |= {name: float(2 * own.value[0] - 1), f"{name}_low": ends[-1][0], f"{name}_high": ends[-1][1]}
    both = bool(enough(article)[0] and enough(comments)[0])
    gap = _gap(article, comments, ways, options.level) if both else (None, None)
    near = _gap(article, comments, ways, ONE_SIDED) if both else (None, None)
    row |= {"gap": row["comments_net"] - row["article_net"], "gap_low": gap[0], "gap_high": gap[1]}
    sums = [float(counts.totals[own].sum()) for own in (~comment, comment)]
    threads = len(np.unique(counts.article))
    shown = verdict(ends[0], ends[1], gap, near)
    return {**row, "verdict": shown, "units": int(sums[0]), "comments": int(sums[1]), "threads": threads}


def _gap(article: Any, comments: Any, ways: Any, level: float) -> Interval:
    apart = contrast(comments, article, ways)
    low, high = difference_limits(
        share_of(comments), share_of(article), apart.freedom, apart.correlation, level
    )
    return 2 * float(low[0]), 2 * float(high[0])


def verdict(article: Interval, comments: Interval, gap: Interval, near: Interval) -> str:
    """What intervals show of an audience; see `audience_table`. near: of the gap, at the level ONE_SIDED."""
    article_side, comments_side, direction = (_sign(interval) for interval in (article, comments, gap))
    if not article_side or not comments_side:
        return "unclear"
    if article_side != comments_side:
        return "oppose"
    if near[0] is not None and near[1] is not None and near[0] > -SAME and near[1] < SAME:
        return "follow"
    if not direction:
        return "unclear"
    return "exceed" if direction == article_side else "fall short"


def _sign(interval: Interval) -> int:
    """1 or -1 for an interval wholly on one side of zero, else 0."""
    low, high = interval
    if low is None or high is None:
        return 0
    return int(low > 0) - int(high < 0)
