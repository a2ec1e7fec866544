"""Differences between every pair of groups, and between every group and all others: size, interval, p, detectable size.

p is the larger of two: the level at which the interval touches zero (intervals.py), and that of the permutation of whole
clusters (significance.py). Where only the permutation leaves a difference to chance, the interval is stretched until it
agrees.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from slant.comparing.cluster_variance import Contrast, from_share
from slant.comparing.clusters import MIN_CLUSTERS, Clusters
from slant.comparing.counts import Counts, Floats, Ints
from slant.comparing.intervals import Design, Share, detectable, difference_limits, difference_p, times_larger
from slant.comparing.measures import ALPHA, NET, PER_1000_WORDS, POWER, REST, Measure
from slant.comparing.options import Options
from slant.comparing.rates import none_if_nan
from slant.comparing.score_tables import arrow_table
from slant.comparing.sides import MIN_FREEDOM, Rates, Sides, find_sides
from slant.comparing.significance import (
    Sums,
    detectable_level,
    permutation_p_values,
    refine_p_values,
    set_significance,
    smallest_p,
    sum_by_cluster,
)

if TYPE_CHECKING:
    import pyarrow as pa

Row = dict[str, Any]
MIN_HITS = 10  # hits of both sides together, and as many non-hits: with fewer, chance cannot be ruled out
MOST_GROUPS = 40  # with more groups, each is compared with all others only
TEN_POINTS = 0.1


@dataclass(frozen=True, slots=True)
class Differences:
    """The tables `differences`, `detectable` and `untested`, see compare.py. level: of detectable_level."""

    differences: pa.Table
    detectable: pa.Table
    untested: pa.Table
    level: float


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two sides of one family of measures. shares: what their limits need. tested: (measures,) what is tested here.

    order: place of the pair among all pairs.
    """

    group: str
    other: str
    order: int
    sides: Sides
    rates: tuple[Rates, Rates]
    shares: tuple[Share, Share]
    contrast: Contrast
    sums: tuple[Sums, Sums]
    tested: np.ndarray

    @property
    def measures(self) -> tuple[Measure, ...]:
        return self.sides.family.counts.measures

    def only(self, measures: Ints) -> tuple[Share, Share, Floats, Floats]:
        left, right = (share.only(measures) for share in self.shares)
        return left, right, self.contrast.freedom[measures], self.contrast.correlation[measures]


def find_all_sides(clusters: Clusters, *, kept: Sequence[str]) -> list[Sides]:
    """The rates of all families of measures, and the differences that `find_differences` tests."""
    return [
        find_sides(family, kept=kept, pairs=len(kept) <= MOST_GROUPS, rest=len(kept) > 2)
        for family in clusters.families
    ]


def find_differences(families: Sequence[Sides], *, kept: Sequence[str], options: Options) -> Differences:
    """Test every measure between every pair of the groups in `kept`, and between each group and all others together.

    families: of `find_all_sides`. p is adjusted over everything that is tested. A measure is not tested for a pair, but is
    listed in `untested` with the reason, if the two have fewer than MIN_HITS hits together, if one of them has fewer than
    `articles_needed` articles with a denominator or MIN_CLUSTERS clusters, or if a few clusters decide (MIN_FREEDOM).
    The hits of both together are the same in every permutation, so this choice does not bias the test (Bourgon et al. 2010).
    """
    pairs = [pair for sides in families for pair in _pairs(sides, kept, options)]
    tested = [np.flatnonzero(pair.tested) for pair in pairs]
    permuted = permutation_p_values(
        [pair.sums for pair in pairs], tested, permutations=options.permutations, seed=options.seed
    )
    rows: list[Row] = []
    for number, p in enumerate(permuted):
        rows += ({**row, "pair": number} for row in _rows(pairs[number], p, options=options))
    level = detectable_level(len(rows))
    set_significance(rows, method=options.adjust)
    refine_p_values([pair.sums for pair in pairs], rows, options)
    by_pair: list[list[Row]] = [[] for _ in pairs]
    for row in rows:
        by_pair[row["pair"]].append(row)
    for pair, own in zip(pairs, by_pair, strict=True):
        _stretch(pair, own, 1 - options.level)
        _set_detectable(pair, own, level)
    rows.sort(key=lambda row: (row["order"], row["place"]))
    untested = [row for pair in pairs for row in _untested(pair, options)]
    untested.sort(key=lambda row: (row["order"], row["place"]))
    return Differences(
        arrow_table(rows, _DIFFERENCES),
        arrow_table(_detectable(pairs, rows, level), _DETECTABLE),
        arrow_table(untested, _UNTESTED),
        level,
    )


def _pairs(sides: Sides, kept: Sequence[str], options: Options) -> Iterator[_Pair]:
    counts = sum_by_cluster(sides.family.counts, sides.family.permuted.codes)
    numbers = {group: counts.groups.index(group) for group in kept}
    sums = {group: Sums(counts, np.flatnonzero(counts.group == number)) for group, number in numbers.items()}
    for order, (group, other) in enumerate(sides.contrasts):
        if other == REST:
            rest = [numbers[name] for name in kept if name != group]
            own = _against_rest(counts, numbers[group], rest) if counts.crossed else None
            own = own or (sums[group], Sums(counts, np.flatnonzero(np.isin(counts.group, rest))))
            name = f"{REST}{group}"
        else:
            own, name = (sums[group], sums[other]), other
        rates = sides.rates[group], sides.rates[name]
        shares, difference = (sides.share(group), sides.share(name)), sides.contrasts[group, other]
        pair = _Pair(group, other, order, sides, rates, shares, difference, own, np.empty(0, bool))
        reasons = [_why_untested(pair, m, options) for m in range(len(pair.measures))]
        yield replace(pair, tested=np.array([not reason for reason in reasons], bool))


def _against_rest(counts: Counts, group: int, rest: Sequence[int]) -> tuple[Sums, Sums]:
    """The two sides where groups share clusters: the parts of one cluster in the rest are added up."""
    rows = np.flatnonzero((counts.group == group) | np.isin(counts.group, rest))
    key = 2 * counts.article[rows] + (counts.group[rows] != group)
    starts = np.flatnonzero(np.diff(key[np.argsort(key, kind="stable")], prepend=-1))
    ordered = rows[np.argsort(key, kind="stable")]
    keys = np.sort(key)[starts]
    merged = replace(
        counts,
        article=keys // 2,
        group=keys % 2,
        hits=np.add.reduceat(counts.hits[ordered], starts),
        totals=np.add.reduceat(counts.totals[ordered], starts),
        unrelated={},
    )
    return Sums(merged, np.flatnonzero(keys % 2 == 0)), Sums(merged, np.flatnonzero(keys % 2 == 1))


def articles_needed(options: Options) -> int:
    """Articles with a denominator that each side of a test must have; one alone says nothing of the spread."""
    return max(2, options.min_articles)


def _why_untested(pair: _Pair, measure: int, options: Options) -> str:
    """Why a measure is not tested between two sides, or ""."""
    left, right = pair.rates
    hits = rare_hits(pair, measure)
    if hits < MIN_HITS:
        return f"{hits} hits or non-hits of both; {MIN_HITS} are needed"
    articles = int(min(left.articles[measure], right.articles[measure]))
    if articles < articles_needed(options):
        return f"{articles} articles on one side; {articles_needed(options)} are needed"
    fewest = min((left, right), key=lambda rates: rates.clusters[measure])
    if fewest.clusters[measure] < MIN_CLUSTERS:
        return f"cannot be tested with {pair.sides.number(fewest, measure)} a side; {MIN_CLUSTERS} are needed"
    freedom = pair.contrast.freedom[measure]
    if freedom < MIN_FREEDOM:
        noun = pair.sides.number(fewest, measure).split()[-1]
        return f"cannot be tested: a few {noun} decide it (degrees of freedom {freedom:.1f}; {MIN_FREEDOM:.0f} are needed)"
    return ""


def rare_hits(pair: _Pair, measure: int) -> int:
    """Hits of both sides, or non-hits where these are fewer; for a net, units at either pole."""

    def hits(at: int) -> float:
        return float(sum(np.nan_to_num(rates.value[at]) * rates.total[at] for rates in pair.rates))

    own, total = hits(measure), float(sum(rates.total[measure] for rates in pair.rates))
    kind = pair.measures[measure].kind
    if kind == NET:
        places = [pair.measures.index(s) for s in pair.measures[measure].sources if s in pair.measures]
        return round(sum(map(hits, places))) if len(places) == 2 else abs(round(2 * own - total))
    return round(own if kind == PER_1000_WORDS else min(own, total - own))


def _rows(pair: _Pair, permuted: Floats, *, options: Options) -> list[Row]:
    """One row per tested measure. permuted: their p by permutation."""
    tested = np.flatnonzero(pair.tested)
    if not len(tested):
        return []
    own = pair.only(tested)
    p_model = difference_p(*own)
    factor, offset = from_share(pair.measures)
    low, high = difference_limits(*own, options.level)
    values = [factor * rates.value + offset for rates in pair.rates]
    effects = effect_sizes(pair.measures, *values)
    left, right = pair.rates
    return [
        {
            "group": pair.group, "other": pair.other, "measure": str(pair.measures[m]), "value": values[0][m],
            "other_value": values[1][m], "difference": values[0][m] - values[1][m], "low": float(factor[m] * low[i]),
            "high": float(factor[m] * high[i]), "effect": none_if_nan(effects[m]),
            "effect_kind": EFFECTS[pair.measures[m].kind], "p": float(max(p_model[i], permuted[i])),
            "p_model": float(p_model[i]), "p_permuted": float(permuted[i]), "column": m, "order": pair.order,
            "place": int(pair.sides.family.of[m]), "articles": int(left.articles[m]),
            "other_articles": int(right.articles[m]), "clusters": int(left.clusters[m]),
            "other_clusters": int(right.clusters[m]), "freedom": float(pair.contrast.freedom[m]),
        }
        for i, m in enumerate(tested.tolist())
    ]  # fmt: skip


def _stretch(pair: _Pair, rows: Sequence[Row], alpha: float) -> None:
    """Stretch the intervals that hold off zero although p is above alpha, since the permutation finds less."""
    apart = [row for row in rows if row["p_model"] <= alpha < row["p"]]
    if not apart:
        return
    measures = np.array([row["column"] for row in apart], np.int64)
    low, high = difference_limits(*pair.only(measures), 1 - np.array([row["p"] for row in apart]))
    factor, _ = from_share(pair.measures)
    for i, row in enumerate(apart):
        size = row["difference"]
        near = size - factor[row["column"]] * (low[i] if size > 0 else high[i])
        times = size / near if near else 1.0
        row |= {"low": size - times * (size - row["low"]), "high": size + times * (row["high"] - size)}


def _set_detectable(pair: _Pair, rows: Sequence[Row], level: float) -> None:
    """Set `detectable` of each row, and what `_detectable` needs of it."""
    if not rows:
        return
    measures = np.array([row["column"] for row in rows], np.int64)
    left, right, freedom, correlation = pair.only(measures)
    base = (left.value * left.total + right.value * right.total) / (left.total + right.total)
    design = Design(base, (left.size, right.size), (left.total, right.total), freedom, correlation)
    found = from_share(pair.measures)[0][measures] * detectable(design, level, POWER)
    smallest = smallest_p(*pair.sums)[measures]
    for i, row in enumerate(rows):
        size = none_if_nan(found[i]) if smallest[i] <= level else None
        row |= {"detectable": size, "smallest_p": smallest[i], "design": design.only(i)}


EFFECTS = {"share": "cohens_h", PER_1000_WORDS: "rate_ratio", NET: "standardised_difference"}


def effect_sizes(measures: Sequence[Measure], left: Floats, right: Floats) -> Floats:
    """(measures,) effect sizes of two sides' rates.

    Shares: Cohen's h (Cohen 1988: 0.2 small, 0.5 medium, 0.8 large). Per 1,000 words: the ratio of the two. Nets: the
    difference in standard deviations of a unit's label (against −1, neutral 0, favor 1; negative −1, positive 1).
    """
    column = {measure: i for i, measure in enumerate(measures)}
    return np.array([_effect(measure, column, (left, right)) for measure in measures])


def _effect(measure: Measure, column: dict[Measure, int], sides: tuple[Floats, Floats]) -> float:
    left, right = (float(side[column[measure]]) for side in sides)
    if measure.kind == "share":
        return float(2 * np.arcsin(np.sqrt(left)) - 2 * np.arcsin(np.sqrt(right)))
    if measure.kind == PER_1000_WORDS:
        return left / right if right else np.nan
    if not column.keys() >= set(measure.sources):
        return np.nan
    minus, plus = (column[source] for source in measure.sources)
    squares = (side[minus] + side[plus] - side[column[measure]] ** 2 for side in sides)
    spread = float(np.sqrt(sum(squares) / 2))
    return (left - right) / spread if spread else np.nan


def _detectable(pairs: Sequence[_Pair], rows: Sequence[Row], level: float) -> Iterator[Row]:
    by_measure: dict[int, list[Row]] = {}
    for row in rows:
        by_measure.setdefault(row["place"], []).append(row)
    for _, own in sorted(by_measure.items()):
        own.sort(key=lambda row: np.inf if row["detectable"] is None else row["detectable"])
        middle = own[len(own) // 2]
        measure = Measure.parse(middle["measure"])
        factor = 2.0 if measure.kind == NET else measure.scale
        design: Design = middle["design"]
        alone = factor * detectable(design, ALPHA, POWER)[0]
        if middle["smallest_p"] > ALPHA:
            alone = np.nan
        ten = np.where(design.base <= 0.5, 1, -1) * TEN_POINTS / factor
        times = times_larger(design, ten, level, POWER)[0]
        articles = times * (middle["articles"] + middle["other_articles"]) / 2
        known = measure.kind != PER_1000_WORDS and not np.isnan(articles)
        yield {
            "measure": middle["measure"], "tests": len(own), "level": level, "smallest": own[0]["detectable"],
            "median": middle["detectable"], "largest": own[-1]["detectable"], "median_alone": none_if_nan(alone),
            "articles_for_ten": int(np.ceil(articles)) if known else None,
        }  # fmt: skip


def _untested(pair: _Pair, options: Options) -> Iterator[Row]:
    left, right = pair.rates
    for m in np.flatnonzero((left.articles > 0) & (right.articles > 0) & ~pair.tested).tolist():
        factor, offset = (own[m] for own in from_share(pair.measures))
        values = [float(factor * rates.value[m] + offset) for rates in pair.rates]
        yield {
            "group": pair.group, "other": pair.other, "measure": str(pair.measures[m]), "value": values[0],
            "other_value": values[1], "difference": values[0] - values[1], "hits": rare_hits(pair, m),
            "articles": int(left.articles[m]), "other_articles": int(right.articles[m]),
            "clusters": int(left.clusters[m]), "other_clusters": int(right.clusters[m]),
            "reason": _why_untested(pair, m, options), "order": pair.order, "place": int(pair.sides.family.of[m]),
        }  # fmt: skip


_DIFFERENCES = {
    **dict.fromkeys(("group", "other", "measure"), "string"),
    **dict.fromkeys(("value", "other_value", "difference", "low", "high", "effect"), "float64"),
    "effect_kind": "string", "p": "float64", "p_adjusted": "float64", "significant": "bool_",
    "articles": "int64", "other_articles": "int64", "clusters": "int64", "other_clusters": "int64", "freedom": "float64",
    "detectable": "float64",
}  # fmt: skip
_DETECTABLE = {
    "measure": "string", "tests": "int64", **dict.fromkeys(("smallest", "median", "largest", "median_alone"), "float64"),
    "articles_for_ten": "int64", "level": "float64",
}  # fmt: skip
_UNTESTED = {
    **dict.fromkeys(("group", "other", "measure"), "string"),
    **dict.fromkeys(("value", "other_value", "difference"), "float64"),
    **dict.fromkeys(("hits", "articles", "other_articles", "clusters", "other_clusters"), "int64"),
    "reason": "string",
}  # fmt: skip
