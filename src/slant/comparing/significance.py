"""Permutation test of the difference between two groups: would chance give as large a difference?

Whole clusters change sides, thousands of times: writers, events or articles, whichever are fewest. A cluster with a part on
both sides swaps its two parts: an event that both groups covered, or wire copy that both ran. Below, "article" means such a
cluster.

The statistic is the difference of two rates over its standard error, computed anew in each permutation, so the test is
also valid for groups whose articles differ in length and number (Janssen 1997; Chung & Romano 2013). Rates are ratios of
sums over articles, so a permutation needs a handful of sums per article, and thousands of permutations are one product of
matrices.

Groups with very many articles move bundles of equal size, dealt at random, and of a much larger group only some bundles
move. These permutations are a subgroup of all, and a test over a subgroup is as exact (Hemerik & Goeman 2018). Bundles are
dealt anew several times, so p depends little on the deal.

All tests of a comparison are one family: p-values are adjusted over all of them, with more permutations where these could
decide.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from slant.comparing.cluster_variance import sum_clusters
from slant.comparing.counts import Counts, Floats, Ints
from slant.comparing.measures import ALPHA
from slant.comparing.options import Options
from slant.scoring.runtimes import available_cores

MIN_BUNDLES = 100  # on the smaller side, if it has as many articles
MAX_BUNDLES = 256  # that may change sides, per side
ROWS_AT_ONCE = 1 << 16
PERMUTATIONS_PER_DEAL = 500
TINY = 1e-12


@dataclass(frozen=True)
class Sums:
    """The sums that a rate and its standard error need, for any set of rows of `counts`."""

    counts: Counts
    rows: Ints

    def __len__(self) -> int:
        return len(self.rows)

    def only(self, measures: Ints) -> Sums:
        """The same rows with only these measures."""
        counts = self.counts
        needed, column = np.unique(counts.column[measures], return_inverse=True)
        narrow = replace(
            counts,
            group=counts.group[self.rows],
            article=counts.article[self.rows],
            measures=tuple(counts.measures[m] for m in measures),
            column=column,
            units_column=column,
            hits=counts.hits[np.ix_(self.rows, measures)],
            totals=counts.totals[np.ix_(self.rows, needed)],
        )
        return Sums(narrow, np.arange(len(self.rows)))

    @cached_property
    def table(self) -> Floats:
        """(rows, columns); for few rows only."""
        return self.of(self.rows)

    @cached_property
    def all(self) -> Floats:
        """(columns,) over all rows."""
        chunks = range(0, len(self.rows), ROWS_AT_ONCE)
        total: Floats = np.sum([self.of(self.rows[i : i + ROWS_AT_ONCE]).sum(0) for i in chunks], axis=0)
        return total

    def of(self, rows: Ints) -> Floats:
        """(rows, columns): hits, hits², hits × total per measure; total, total² and whether it is above 0 per denominator."""
        hits, scale = self.counts.hits[rows].astype(np.float64), _total_scale(self.counts)
        totals = self.counts.totals[rows] / scale
        products = hits * totals[:, self.counts.column]
        return np.concatenate([hits, hits**2, products, totals, totals**2, totals > 0], axis=1)

    def bundles(self, order: Ints, size: int, most: int) -> Floats:
        """(bundles, columns): sums over `size` rows each, in this order; at most `most`; leftover rows form no bundle."""
        count = min(len(order) // size, most)
        chosen = order[: count * size]
        rows = self.table[chosen] if len(self) <= ROWS_AT_ONCE else self.of(self.rows[chosen])
        sums: Floats = rows.reshape(count, size, rows.shape[1]).sum(1)
        return sums


def _total_scale(counts: Counts) -> Floats:
    scale = np.ones(counts.totals.shape[1])
    scale[counts.column] = counts.scale
    return scale


@dataclass(frozen=True, slots=True)
class RateEstimates:
    """Rates and the variance of their sampling error over articles, (…, measures) each; articles: with a denominator."""

    value: Floats
    variance: Floats
    articles: Floats


def estimate_rates(counts: Counts, sums: Floats) -> RateEstimates:
    """Rates from (…, columns) sums. The variance is that of a ratio over sampled articles, linearized (Cochran 1977, 6.4)."""
    measures, denominators = len(counts.measures), counts.totals.shape[1]
    hits, squares, products = (sums[..., i * measures : (i + 1) * measures] for i in range(3))
    start = 3 * measures
    total, total_squares, articles = (
        sums[..., start + i * denominators : start + (i + 1) * denominators][..., counts.column]
        for i in range(3)
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        value = hits / np.where(total > TINY, total, np.nan)
        spread = squares - 2 * value * products + value**2 * total_squares
        spread = np.where(spread > TINY * (1 + squares), spread, 0.0)
        variance = spread / total**2 * articles / np.maximum(articles - 1, 1)
    return RateEstimates(value, variance, articles)


def statistic(left: RateEstimates, right: RateEstimates) -> Floats:
    """Difference over its standard error; 0 for no difference, infinite without any spread, NaN without a rate."""
    difference = left.value - right.value
    error = np.sqrt(left.variance + right.variance)
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio: Floats = np.where(np.abs(difference) < TINY, 0.0, difference / error)
    return np.where(np.isnan(difference), np.nan, ratio)


def permutation_p(left: Sums, right: Sums, *, permutations: int, rng: np.random.Generator) -> Floats:
    """(measures,) two-sided p, at least 1 / (permutations + 1) (Phipson & Smyth 2010); NaN where a side has no rate."""
    counts = left.counts
    both = left.all + right.all
    observed = np.abs(statistic(estimate_rates(counts, left.all), estimate_rates(counts, right.all)))
    as_large = np.zeros(len(observed))
    for start in range(0, permutations, PERMUTATIONS_PER_DEAL):
        deal = _deal(left, right, rng)
        sums = deal.permute(min(PERMUTATIONS_PER_DEAL, permutations - start), rng)
        permuted = np.abs(statistic(estimate_rates(counts, sums), estimate_rates(counts, both - sums)))
        # A permutation without a rate counts against a difference.
        as_large += (np.isnan(permuted) | (permuted >= observed - 1e-9)).sum(0)
    p = np.maximum((as_large + 1) / (permutations + 1), np.exp(-deal.log_permutations))
    return np.where(np.isnan(observed), np.nan, p)


@dataclass(frozen=True, slots=True)
class _Deal:
    """Bundles that may change sides.

    singles: (bundles, columns) of articles on one side only; the first `left` of them are on the left as observed.
    pairs: (2, bundles, columns) of articles with a part on both sides, whose parts swap. fixed: (columns,) of the rest of the
    left side.
    """

    singles: Floats
    left: int
    pairs: Floats
    fixed: Floats

    def permute(self, permutations: int, rng: np.random.Generator) -> Floats:
        """(permutations, columns): sums of the left side."""
        count = len(self.singles)
        chosen = np.zeros((permutations, count))
        if 0 < self.left < count:
            drawn = np.argpartition(rng.random((permutations, count), np.float32), self.left, axis=1)
            np.put_along_axis(chosen, drawn[:, : self.left], 1.0, axis=1)
        else:
            chosen[:, : self.left] = 1.0
        sums: Floats = chosen @ self.singles + self.fixed
        if self.pairs.shape[1]:
            stays = rng.integers(0, 2, (permutations, self.pairs.shape[1])).astype(np.float64)
            sums += stays @ (self.pairs[0] - self.pairs[1]) + self.pairs[1].sum(0)
        return sums

    @property
    def log_permutations(self) -> float:
        """Log of the number of possible permutations, counting a swap of the two sides once."""
        return float(_log_permutations(self.left, len(self.singles) - self.left, self.pairs.shape[1]))


def _log_permutations(left: Ints | int, right: Ints | int, shared: Ints | int) -> Floats:
    """left, right: clusters on one side only. shared: clusters on both."""
    log = gammaln(left + right + 1) - gammaln(left + 1) - gammaln(right + 1) + (shared - 1) * np.log(2)
    found: Floats = np.maximum(log, 0.0)
    return found


def _deal(left: Sums, right: Sums, rng: np.random.Generator) -> _Deal:
    orders, shared = _split_shared(left, right, [rng.permutation(len(side)) for side in (left, right)])
    size = _bundle_size([len(shared[0])])
    pairs = np.stack(
        [s.bundles(order, size, MAX_BUNDLES) for s, order in zip((left, right), shared, strict=True)]
    )
    size = _bundle_size([len(order) for order in orders])
    singles = [s.bundles(order, size, MAX_BUNDLES) for s, order in zip((left, right), orders, strict=True)]
    movable = singles[0].sum(0) + pairs[0].sum(0)
    return _Deal(np.concatenate(singles), len(singles[0]), pairs, left.all - movable)


def _bundle_size(sides: Sequence[int]) -> int:
    """A power of two that gives the smaller side MIN_BUNDLES or more, if it has as many articles."""
    return 1 << max(0, (min(sides) // MIN_BUNDLES).bit_length() - 1)


def _split_shared(left: Sums, right: Sums, orders: list[Ints]) -> tuple[list[Ints], tuple[Ints, Ints]]:
    """Split the orders into articles on one side only, and articles on both, these in the same order for either side."""
    one, two = (side.counts.article[side.rows] for side in (left, right))
    _, own, other = np.intersect1d(one, two, assume_unique=True, return_indices=True)
    mixed = orders[0][np.isin(orders[0], own)]
    partner = np.zeros(len(left), np.int64)
    partner[own] = other
    alone = [order[~np.isin(order, shared)] for order, shared in zip(orders, (own, other), strict=True)]
    return alone, (mixed, partner[mixed])


def sum_by_cluster(counts: Counts, codes: Ints) -> Counts:
    """Counts with a row for each group and cluster, so that `article` is the cluster. codes: (rows,) clusters."""
    groups = len(counts.groups)
    used, codes = np.unique(codes, return_inverse=True)  # numbers without gaps: `crossed` counts them
    keys, (hits, totals) = sum_clusters(codes * groups + counts.group, counts.hits, counts.totals)
    return replace(
        counts,
        articles=np.arange(len(used)).astype(object),
        group=keys % groups,
        article=keys // groups,
        hits=hits.astype(np.float32),
        totals=totals.astype(np.float32),
        unrelated={},
    )


def smallest_p(left: Sums, right: Sums) -> Floats:
    """(measures,) the smallest p that permutations can give, of the clusters with a denominator."""
    one, two = (side.counts.article[side.rows] for side in (left, right))
    _, own, other = np.intersect1d(one, two, assume_unique=True, return_indices=True)
    known = [side.counts.totals[side.rows] > 0 for side in (left, right)]
    shared = (known[0][own] | known[1][other]).sum(0)
    first, second = (has.sum(0) - has[both].sum(0) for has, both in zip(known, (own, other), strict=True))
    found: Floats = np.exp(-_log_permutations(first, second, shared))[left.counts.column]
    return found


Row = dict[str, Any]
FEW_EXTREME = 1  # permutations as extreme as observed; with no more, more are drawn if that could decide
FINER = 4  # times more permutations than the strictest level of the family needs
MAX_PERMUTATIONS = 1_000_000


def detectable_level(tests: int) -> float:
    """ALPHA over the number of tests: the level that the smallest p must reach if there is only one true difference.

    Holm and Benjamini-Hochberg start with this level; with more true differences both ask for less.
    """
    return ALPHA / max(tests, 1)


def permutation_p_values(
    sides: Sequence[tuple[Sums, Sums]], measures: Sequence[Ints], *, permutations: int, seed: int
) -> Iterator[Floats]:
    """p of these measures for each pair of sides, in order. The draws of a pair depend only on the seed and its position."""

    def test(number: int) -> Floats:
        if not len(measures[number]):
            return np.empty(0)
        left, right = (side.only(measures[number]) for side in sides[number])
        rng = np.random.default_rng([seed, number, permutations])
        return permutation_p(left, right, permutations=permutations, rng=rng)

    with ThreadPoolExecutor(available_cores()) as pool:
        yield from pool.map(test, range(len(sides)))


def adjust_p_values(p: Sequence[float] | Floats, *, method: str = "bh") -> tuple[NDArray[np.bool_], Floats]:
    """Adjust p-values over a family of tests: whether each is significant at ALPHA, and its adjusted p.

    method: "bh" (Benjamini & Hochberg 1995) or "holm" (Holm 1979).
    """
    if not len(p):
        return np.empty(0, np.bool_), np.empty(0)
    from statsmodels.stats.multitest import multipletests

    significant, adjusted, *_ = multipletests(p, alpha=ALPHA, method={"bh": "fdr_bh", "holm": "holm"}[method])
    return significant, adjusted


def set_significance(rows: Sequence[Row], *, method: str) -> None:
    """Set `significant` and `p_adjusted` of each row from the `p` of all."""
    for row, yes, p in zip(rows, *adjust_p_values([row["p"] for row in rows], method=method), strict=True):
        row |= {"significant": bool(yes), "p_adjusted": float(p)}


def refine_p_values(sides: Sequence[tuple[Sums, Sums]], rows: Sequence[Row], options: Options) -> None:
    """Test again, with more permutations, where too few were drawn to give a p small enough for significance.

    The second p depends on the first only through being drawn at all, so it is as valid. rows: with `pair` (index of their
    sides), `column` (index of their measure), `p_model` (p of the interval) and `p_permuted`; p is the larger of the two.
    """
    permutations = min(MAX_PERMUTATIONS, int(np.ceil(FINER / detectable_level(len(rows)))))
    coarse = [
        row
        for row in rows
        if not row["significant"]
        and row["p_permuted"] > row["p_model"]
        and round(row["p_permuted"] * (options.permutations + 1)) <= FEW_EXTREME + 1
    ]
    if not coarse or permutations <= options.permutations:
        return
    by_pair: list[list[Row]] = [[] for _ in sides]
    for row in coarse:
        by_pair[row["pair"]].append(row)
    measures = [np.array([row["column"] for row in own], np.int64) for own in by_pair]
    refined = permutation_p_values(sides, measures, permutations=permutations, seed=options.seed)
    for own, p in zip(by_pair, refined, strict=True):
        for row, value in zip(own, p, strict=True):
            row["p_permuted"] = float(value)
            row["p"] = max(row["p_model"], float(value))
    set_significance(rows, method=options.adjust)
