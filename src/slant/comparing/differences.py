"""Differences between every pair of groups, and between every group and all others: size, interval, p, detectable size."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.stats import norm

from slant.comparing.counts import Counts, Floats
from slant.comparing.measures import ALPHA, NET, PER_1000_WORDS, POWER, REST, Measure
from slant.comparing.options import Options
from slant.comparing.rates import Resampled, percentile_interval
from slant.comparing.score_tables import arrow_table
from slant.comparing.significance import (
    RateEstimates,
    Sums,
    detectable_level,
    estimate_rates,
    permutation_p_values,
    refine_p_values,
    set_significance,
)

if TYPE_CHECKING:
    import pyarrow as pa

Row = dict[str, Any]
MIN_HITS = 10  # hits of both sides together, and as many non-hits: with fewer, chance cannot be ruled out
MOST_GROUPS = 40  # with more groups, each is compared with all others only
MARGIN = (
    1.03  # standard errors over articles are slightly too small, and p from permutations slightly too large
)
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
    """Two sides. numbers: indices of the groups of each side. tested: (measures,) whether the measure is tested here."""

    group: str
    other: str
    left: Sums
    right: Sums
    rates: tuple[RateEstimates, RateEstimates]
    numbers: tuple[Sequence[int], Sequence[int]]
    tested: np.ndarray


def find_differences(
    counts: Counts, resampled: Resampled | None, *, kept: Sequence[str], options: Options
) -> Differences:
    """Test every measure between every pair of the groups in `kept`, and between each group and all others together.

    p is adjusted over everything that is tested. A measure is not tested for a pair, but listed in `untested`, if the two
    have fewer than MIN_HITS hits together, or one of them has fewer than `articles_needed` articles with a denominator.
    The hits of both together are the same in every permutation, so this choice does not bias the test (Bourgon et al.
    2010). The detectable difference treats the sides as independent; it is slightly too large where they share texts.
    resampled: for the intervals; None: no intervals.
    """
    pairs = list(_pairs(counts, kept, options))
    sides = [(pair.left, pair.right) for pair in pairs]
    tested = [np.flatnonzero(pair.tested) for pair in pairs]
    p_values = permutation_p_values(sides, tested, permutations=options.permutations, seed=options.seed)
    rows: list[Row] = []
    for number, p in enumerate(p_values):
        rows += (
            {**row, "pair": number} for row in _rows(counts, pairs[number], resampled, p, options=options)
        )
    level = detectable_level(len(rows))
    set_significance(rows, method=options.adjust)
    refine_p_values(sides, rows, options)
    needed = standard_errors_needed(level)
    for row in rows:
        row["detectable"] = needed * row["error"]
    untested = [row for pair in pairs for row in _untested(counts, pair)]
    return Differences(
        arrow_table(rows, _DIFFERENCES),
        arrow_table(_detectable(counts, rows, level), _DETECTABLE),
        arrow_table(untested, _UNTESTED),
        level,
    )


def standard_errors_needed(level: float) -> float:
    """Size of a difference, in standard errors, that is found at this level with POWER."""
    return float(MARGIN * (norm.ppf(1 - level / 2) + norm.ppf(POWER)))


def _pairs(counts: Counts, kept: Sequence[str], options: Options) -> Iterator[_Pair]:
    numbers = {group: counts.groups.index(group) for group in kept}
    sums = {group: Sums(counts, np.flatnonzero(counts.group == number)) for group, number in numbers.items()}
    if len(kept) <= MOST_GROUPS:
        for one, two in combinations(kept, 2):
            yield _pair(counts, (one, two), (sums[one], sums[two]), ([numbers[one]], [numbers[two]]), options)
    if len(kept) > 2:
        for group in kept:
            rest = [numbers[other] for other in kept if other != group]
            sides = _against_rest(counts, numbers[group], rest) if counts.crossed else None
            left, right = sides or (sums[group], Sums(counts, np.flatnonzero(np.isin(counts.group, rest))))
            yield _pair(counts, (group, REST), (left, right), ([numbers[group]], rest), options)


def _against_rest(counts: Counts, group: int, rest: Sequence[int]) -> tuple[Sums, Sums]:
    """The two sides where groups share texts: the parts of one text in the rest are added up."""
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


def _pair(
    counts: Counts,
    names: tuple[str, str],
    sides: tuple[Sums, Sums],
    numbers: tuple[Sequence[int], Sequence[int]],
    options: Options,
) -> _Pair:
    rates = estimate_rates(counts, sides[0].all), estimate_rates(counts, sides[1].all)
    enough = np.minimum(rates[0].articles, rates[1].articles) >= articles_needed(options)
    return _Pair(*names, *sides, rates, numbers, enough & (rare_hits(counts, *sides) >= MIN_HITS))


def rare_hits(counts: Counts, left: Sums, right: Sums) -> Floats:
    """(measures,) hits of both sides, or non-hits where these are fewer; for a net, units at either pole."""
    sums = left.all + right.all
    hits = sums[: len(counts.measures)]
    totals = sums[3 * len(counts.measures) :][: counts.totals.shape[1]][counts.column]
    column = {measure: i for i, measure in enumerate(counts.measures)}
    rare = hits.copy()
    for measure, i in column.items():
        if measure.kind == "share":
            rare[i] = min(hits[i], totals[i] - hits[i])
        elif measure.kind == NET:
            sources = [column.get(source) for source in measure.sources]
            rare[i] = sum(hits[j] for j in sources if j is not None) if None not in sources else abs(hits[i])
    return rare


def _rows(
    counts: Counts, pair: _Pair, resampled: Resampled | None, p: Floats, *, options: Options
) -> list[Row]:
    """One row per tested measure. p: of these."""
    tested = np.flatnonzero(pair.tested)
    if not len(tested):
        return []
    low = high = np.full(len(counts.measures), np.nan)
    if resampled:
        drawn = resampled.rates(pair.numbers[0]) - resampled.rates(pair.numbers[1])
        low, high = percentile_interval(drawn, level=options.level)
    left, right = pair.rates
    effects = effect_sizes(counts.measures, left.value, right.value)
    error = np.sqrt(left.variance + right.variance)
    return [
        {
            "group": pair.group, "other": pair.other, "measure": str(counts.measures[m]),
            "value": left.value[m], "other_value": right.value[m], "difference": left.value[m] - right.value[m],
            "low": _or_none(low[m]), "high": _or_none(high[m]), "effect": _or_none(effects[m]),
            "effect_kind": EFFECTS[counts.measures[m].kind], "p": float(own_p), "error": error[m],
            "column": m,
            "articles": int(left.articles[m]), "other_articles": int(right.articles[m]),
            "per_article": float(left.articles[m] * left.variance[m] + right.articles[m] * right.variance[m]),
        }
        for m, own_p in zip(tested, p, strict=True)
    ]  # fmt: skip


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


def _detectable(counts: Counts, rows: list[Row], level: float) -> Iterator[Row]:
    by_measure: dict[str, list[Row]] = {}
    for row in rows:
        by_measure.setdefault(str(row["measure"]), []).append(row)
    alone = standard_errors_needed(ALPHA)
    needed = standard_errors_needed(level)
    for measure in counts.measures:
        if own := by_measure.get(str(measure)):
            errors = np.array([row["error"] for row in own], np.float64)
            known = (
                errors[errors > 0] if errors.any() else errors
            )  # no spread in a sample is no high precision
            per_article = float(np.median([row["per_article"] for row in own]))
            for_ten = int(np.ceil(needed**2 * per_article / TEN_POINTS**2))
            yield {
                "measure": str(measure), "tests": len(own), "level": level, "smallest": needed * known.min(),
                "median": needed * float(np.median(errors)), "largest": needed * errors.max(),
                "median_alone": alone * float(np.median(errors)),
                "articles_for_ten": for_ten if measure.kind != PER_1000_WORDS else None,
            }  # fmt: skip


def _untested(counts: Counts, pair: _Pair) -> Iterator[Row]:
    rare = rare_hits(counts, pair.left, pair.right)
    present = (pair.rates[0].articles > 0) & (pair.rates[1].articles > 0)
    for m in np.flatnonzero(present & ~pair.tested):
        articles = [int(side.articles[m]) for side in pair.rates]
        yield {"group": pair.group, "other": pair.other, "measure": str(counts.measures[m]), "hits": int(rare[m]),
               "articles": articles[0], "other_articles": articles[1]}  # fmt: skip


def _or_none(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


_DIFFERENCES = {
    **dict.fromkeys(("group", "other", "measure"), "string"),
    **dict.fromkeys(("value", "other_value", "difference", "low", "high", "effect"), "float64"),
    "effect_kind": "string", "p": "float64", "p_adjusted": "float64", "significant": "bool_",
    "articles": "int64", "other_articles": "int64", "detectable": "float64",
}  # fmt: skip
_DETECTABLE = {
    "measure": "string", "tests": "int64", **dict.fromkeys(("smallest", "median", "largest", "median_alone"), "float64"),
    "articles_for_ten": "int64", "level": "float64",
}  # fmt: skip
_UNTESTED = {
    **dict.fromkeys(("group", "other", "measure"), "string"),
    **dict.fromkeys(("hits", "articles", "other_articles"), "int64"),
}  # fmt: skip
