"""How readers answer: the kinds of their replies, and their stance beside that of the article that they comment on.

The comments under one article are one draw, the *thread*: readers answer one another, and all answer the same article.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from slant.comparing.rates import ends, interval_of, resample
from slant.records import REPLIES, STANCES

if TYPE_CHECKING:
    import pyarrow as pa

    from slant.comparing.counts import Cells
    from slant.comparing.options import Options
    from slant.comparing.rates import Groups
    from slant.comparing.score_tables import Store

ARTICLE = "article"  # the target that every comment is asked about
EVERYTHING = "(all)"
FEWEST_THREADS = 5  # below, no verdict: two or three threads resampled look surer than they are
Floats = NDArray[np.float64]


def answers(store: Store, *, groups: Sequence[str], options: Options) -> pa.Table:
    """How comments answer, of each group and of everything as "(all)".

    group (of the article), about ("reply": toward the comment's parent or else the article; "article": stance toward the
    article), label (a REPLIES or STANCES label, no_call, or "net": favor less against, in [-1, 1]), value (a share of the
    comments), low, high, comments, threads.
    """
    import pyarrow as pa

    rows: list[dict[str, Any]] = []
    rng = np.random.default_rng(options.seed)
    for about, query, labels in (("reply", _REPLIES, REPLIES), ("article", _TOWARD, (*STANCES, "no_call"))):
        found = store.columns(query)
        thread_groups = found["group"].astype(object)
        counts = np.stack([np.asarray(found[name], float) for name in labels], axis=1)
        for group in [g for g in (*groups, EVERYTHING) if g == EVERYTHING or g in set(thread_groups)]:
            own = counts if group == EVERYTHING else counts[thread_groups == group]
            if len(own):
                rows += [
                    {"group": group, "about": about, **row} for row in _shares(own, labels, options, rng)
                ]
    kinds = {"comments": pa.int64(), "threads": pa.int64()}
    kinds |= dict.fromkeys(("value", "low", "high"), pa.float64())
    names = ("group", "about", "label", "value", "low", "high", "comments", "threads")
    return pa.Table.from_pylist(rows, schema=pa.schema([(n, kinds.get(n, pa.string())) for n in names]))


# The group of an article is that of its own units: when authors are compared, comments have their writers for groups.
OF_ARTICLE = """
    (SELECT article_id, coalesce(any_value("group") FILTER (NOT is_comment), any_value("group")) AS "group"
     FROM units GROUP BY 1)"""
_REPLIES = f"""
    SELECT a."group" AS "group", {", ".join(f"count(*) FILTER (label = '{x}') AS {x}" for x in REPLIES)}
    FROM replies r JOIN {OF_ARTICLE} a USING (article_id) GROUP BY article_id, a."group" ORDER BY article_id"""
_TOWARD = f"""
    SELECT a."group" AS "group", {", ".join(f"count(*) FILTER (label = '{x}') AS {x}" for x in STANCES)},
           count(*) FILTER (label IS NULL) AS no_call
    FROM stances s JOIN {OF_ARTICLE} a USING (article_id)
    WHERE is_comment AND target = '{ARTICLE}' GROUP BY article_id, a."group" ORDER BY article_id"""


def _shares(
    counts: Floats, labels: Sequence[str], options: Options, rng: np.random.Generator
) -> list[dict[str, Any]]:
    """(threads, labels) counts → rows of label, value, interval."""
    if {"favor", "against"} <= set(labels):
        net = counts[:, labels.index("favor")] - counts[:, labels.index("against")]
        counts, labels = np.column_stack([counts, net]), (*labels, "net")
    total = counts.sum(1) - (counts[:, -1] if "net" in labels else 0)
    drawn = resample(np.column_stack([counts, total]), resamples=options.resamples, rng=rng)
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = drawn[:, :-1] / drawn[:, -1:]
    low, high = ends(shares.astype(np.float32), level=options.level)
    rows = []
    for i, label in enumerate(labels):
        value = float(counts[:, i].sum() / total.sum())
        kind = "net" if label == "net" else "share"
        interval = interval_of(value, (low[i], high[i]), articles=len(counts), kind=kind, level=options.level)
        row = {"label": label, "value": value, "low": interval[0], "high": interval[1]}
        rows.append({**row, "comments": int(total.sum()), "threads": len(counts)})
    return rows


def audience(store: Store, *, groups: Sequence[str], options: Options) -> pa.Table:
    """Stance of articles toward each target beside that of the comments under the same articles.

    Only articles that have units and comments both asked about the target count. group, target, article_net, comments_net
    (favor less against over all units asked, in [-1, 1]), each with _low and _high; gap (comments less article) with
    gap_low, gap_high; verdict: "follow" (same side, no gap to be seen), "exceed" (same side, further out), "fall short"
    (same side, less far), "oppose" (other side), or "unclear" (the intervals do not tell, or fewer than
    FEWEST_THREADS threads); units, comments, threads.
    """
    import pyarrow as pa

    found = store.columns(_AUDIENCE)
    names, targets = (found[name].astype(object) for name in ("group", "target"))
    counts = np.stack(
        [np.asarray(found[name], float) for name in ("net", "units", "c_net", "comments")], axis=1
    )
    rng = np.random.default_rng(options.seed)
    rows: list[dict[str, Any]] = []
    for group in (*groups, EVERYTHING):
        of_group = np.full(len(names), True) if group == EVERYTHING else names == group
        for target in sorted(set(targets[of_group])):
            own = counts[of_group & (targets == target)]
            rows.append({"group": group, "target": target, **_beside(own, options, rng)})
    nets = [
        f"{name}{end}" for name in ("article_net", "comments_net", "gap") for end in ("", "_low", "_high")
    ]
    fields = [("group", pa.string()), ("target", pa.string()), *((name, pa.float64()) for name in nets)]
    fields += [("verdict", pa.string()), *((name, pa.int64()) for name in ("units", "comments", "threads"))]
    return pa.Table.from_pylist(rows, schema=pa.schema(fields))


_NET = "sum(CASE label WHEN 'favor' THEN 1 WHEN 'against' THEN -1 ELSE 0 END)"
_AUDIENCE = f"""
    SELECT a."group" AS "group", target, {_NET} FILTER (NOT is_comment) AS net, count(*) FILTER (NOT is_comment) AS units,
           {_NET} FILTER (is_comment) AS c_net, count(*) FILTER (is_comment) AS comments
    FROM stances s JOIN {OF_ARTICLE} a USING (article_id) WHERE target != '{ARTICLE}'
    GROUP BY article_id, a."group", target HAVING units > 0 AND comments > 0 ORDER BY article_id, target"""


def _beside(counts: Floats, options: Options, rng: np.random.Generator) -> dict[str, Any]:
    """(threads, [article net, units, comments' net, comments]) → nets, their gap, intervals and verdict."""
    drawn = resample(counts, resamples=options.resamples, rng=rng)

    def nets(sums: Floats) -> Floats:
        with np.errstate(invalid="ignore", divide="ignore"):
            article, comments = sums[..., 0] / sums[..., 1], sums[..., 2] / sums[..., 3]
        return np.stack([article, comments, comments - article], axis=-1)

    value = nets(counts.sum(0))
    low, high = ends(nets(drawn).astype(np.float32), level=options.level)
    row: dict[str, Any] = {}
    intervals: list[tuple[float | None, float | None]] = []
    for i, name in enumerate(("article_net", "comments_net", "gap")):
        interval = interval_of(
            float(value[i]), (low[i], high[i]), articles=len(counts), kind="net", level=options.level
        )
        intervals.append(interval)
        row |= {name: float(value[i]), f"{name}_low": interval[0], f"{name}_high": interval[1]}
    units, comments = (int(counts[:, i].sum()) for i in (1, 3))
    return {
        **row,
        "verdict": verdict(*intervals),
        "units": units,
        "comments": comments,
        "threads": len(counts),
    }


Interval = tuple[float | None, float | None]


def verdict(article: Interval, comments: Interval, gap: Interval) -> str:
    """What three intervals allow to be said of an audience; see `audience`."""
    side, own, way = (_sign(interval) for interval in (article, comments, gap))
    if not side or not own:
        return "unclear"
    if side != own:
        return "oppose"
    if not way:
        return "follow"
    return "exceed" if way == side else "fall short"


def _sign(interval: Interval) -> int:
    """1 or -1 for an interval wholly on one side of zero, else 0."""
    low, high = interval
    if low is None or high is None:
        return 0
    return int(low > 0) - int(high < 0)


def reply_tables(store: Store, _: Cells, *, options: Options, groups: Groups) -> Mapping[str, pa.Table]:
    """answers and audience, see there."""
    kept = tuple(groups.kept)
    return {
        "answers": answers(store, groups=kept, options=options),
        "audience": audience(store, groups=kept, options=options),
    }
