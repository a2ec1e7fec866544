"""Would chance give as large a difference between two groups? Whole articles change sides, a great many times.

An article or a text with a part on both sides swaps the two, whatever else moves (so for wire copy that both ran).

The statistic is the difference of two rates over its standard error, which is made anew in each arrangement: so the test
holds for groups whose articles differ in length and number, and not only for groups alike in everything (Janssen 1997; Chung
& Romano 2013). Rates are ratios of sums over articles, so a handful of sums per article is all that an arrangement needs, and
thousands of them are one product of matrices.

Where a group has very many articles they change sides in bundles of equal size, dealt at random, and of a much larger group
only some do. The arrangements that are left are a subgroup of all, and a test over a subgroup is as exact (Hemerik & Goeman
2018). They are dealt anew several times, so that p hangs little on how.

All tests of a comparison as one family: p of each, adjusted over all, and more arrangements where they decide.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from scipy.special import gammaln

from slant.comparing.counts import Cells, Floats, Ints
from slant.comparing.options import Options
from slant.scoring.runtimes import available_cores

BUNDLES = 100  # at least so many on the smaller side, if it has as many articles
MOST = 256  # bundles that may change sides, a side
ROWS_AT_ONCE = 1 << 16
DEALT = 500  # arrangements of one dealing
TINY = 1e-12


@dataclass(frozen=True)
class Sums:
    """What a difference of rates and its standard error are made of, for any set of rows of `cells`."""

    cells: Cells
    rows: Ints

    def __len__(self) -> int:
        return len(self.rows)

    def only(self, measures: Ints) -> Sums:
        """The same rows, with some of the measures."""
        cells = self.cells
        needed, column = np.unique(cells.column[measures], return_inverse=True)
        narrow = replace(
            cells,
            group=cells.group[self.rows],
            article=cells.article[self.rows],
            measures=tuple(cells.measures[m] for m in measures),
            column=column,
            units_column=column,
            hits=cells.hits[np.ix_(self.rows, measures)],
            totals=cells.totals[np.ix_(self.rows, needed)],
        )
        return Sums(narrow, np.arange(len(self.rows)))

    @cached_property
    def table(self) -> Floats:
        """(rows, columns), for few rows."""
        return self.of(self.rows)

    @cached_property
    def all(self) -> Floats:
        """(columns,) over all rows."""
        parts = range(0, len(self.rows), ROWS_AT_ONCE)
        total: Floats = np.sum([self.of(self.rows[i : i + ROWS_AT_ONCE]).sum(0) for i in parts], axis=0)
        return total

    def of(self, rows: Ints) -> Floats:
        """(rows, columns): hits, hits², hits × total of each measure; total, total², whether there is one of each total."""
        hits, scale = self.cells.hits[rows].astype(np.float64), _total_scale(self.cells)
        totals = self.cells.totals[rows] / scale
        both = hits * totals[:, self.cells.column]
        return np.concatenate([hits, hits**2, both, totals, totals**2, totals > 0], axis=1)

    def bundles(self, order: Ints, size: int, most: int) -> Floats:
        """(bundles, columns): sums over `size` rows each, in this order; at most `most`; a rest makes none."""
        count = min(len(order) // size, most)
        chosen = order[: count * size]
        rows = self.table[chosen] if len(self) <= ROWS_AT_ONCE else self.of(self.rows[chosen])
        sums: Floats = rows.reshape(count, size, rows.shape[1]).sum(1)
        return sums


def _total_scale(cells: Cells) -> Floats:
    scale = np.ones(cells.totals.shape[1])
    scale[cells.column] = cells.scale
    return scale


@dataclass(frozen=True, slots=True)
class Rated:
    """Rates and the variance of their sampling error over articles, (…, measures) each; articles: with a denominator."""

    value: Floats
    variance: Floats
    articles: Floats


def rated(cells: Cells, sums: Floats) -> Rated:
    """(…, columns) sums → rates. Linearised variance of a ratio (Cochran 1977, 6.4), articles being what is drawn."""
    measures, denominators = len(cells.measures), cells.totals.shape[1]
    hits, squares, both = (sums[..., i * measures : (i + 1) * measures] for i in range(3))
    start = 3 * measures
    total, total_squares, articles = (
        sums[..., start + i * denominators : start + (i + 1) * denominators][..., cells.column]
        for i in range(3)
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        value = hits / np.where(total > TINY, total, np.nan)
        spread = squares - 2 * value * both + value**2 * total_squares
        spread = np.where(spread > TINY * (1 + squares), spread, 0.0)
        variance = spread / total**2 * articles / np.maximum(articles - 1, 1)
    return Rated(value, variance, articles)


def statistic(left: Rated, right: Rated) -> Floats:
    """Difference over its standard error; 0 for no difference, infinite for one without any spread, NaN without a rate."""
    difference = left.value - right.value
    error = np.sqrt(left.variance + right.variance)
    with np.errstate(invalid="ignore", divide="ignore"):
        found: Floats = np.where(np.abs(difference) < TINY, 0.0, difference / error)
    return np.where(np.isnan(difference), np.nan, found)


def permutation_p(left: Sums, right: Sums, *, permutations: int, rng: np.random.Generator) -> Floats:
    """(measures,) two-sided p, at least 1 / (permutations + 1) (Phipson & Smyth 2010); NaN where a side has no rate."""
    cells = left.cells
    both = left.all + right.all
    seen = np.abs(statistic(rated(cells, left.all), rated(cells, right.all)))
    as_large = np.zeros(len(seen))
    for start in range(0, permutations, DEALT):
        movable = _movable(left, right, rng)
        drawn = movable.arranged(min(DEALT, permutations - start), rng)
        chance = np.abs(statistic(rated(cells, drawn), rated(cells, both - drawn)))
        # An arrangement without a rate speaks for chance.
        as_large += (np.isnan(chance) | (chance >= seen - 1e-9)).sum(0)
    p = np.maximum((as_large + 1) / (permutations + 1), np.exp(-movable.log_arrangements))
    return np.where(np.isnan(seen), np.nan, p)


@dataclass(frozen=True, slots=True)
class _Movable:
    """singles: bundles of articles on one side only, the first `left` of them on the left now. pairs: (2, bundles,
    columns) of articles with a part on both sides, which change sides together. fixed: what stays on the left."""

    singles: Floats
    left: int
    pairs: Floats
    fixed: Floats

    def arranged(self, permutations: int, rng: np.random.Generator) -> Floats:
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
    def log_arrangements(self) -> float:
        """Of how many there are, counting a swap of all once."""
        n, k = len(self.singles), self.left
        log = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1) + (self.pairs.shape[1] - 1) * np.log(2)
        return max(0.0, float(log))


def _movable(left: Sums, right: Sums, rng: np.random.Generator) -> _Movable:
    orders, shared = _shared(left, right, [rng.permutation(len(side)) for side in (left, right)])
    size = _bundle_size([len(shared[0])])
    pairs = np.stack([s.bundles(order, size, MOST) for s, order in zip((left, right), shared, strict=True)])
    size = _bundle_size([len(order) for order in orders])
    singles = [s.bundles(order, size, MOST) for s, order in zip((left, right), orders, strict=True)]
    moved = singles[0].sum(0) + pairs[0].sum(0)
    return _Movable(np.concatenate(singles), len(singles[0]), pairs, left.all - moved)


def _bundle_size(sides: Sequence[int]) -> int:
    """A power of two, so that the smaller side has BUNDLES or more, if it has as many articles."""
    return 1 << max(0, (min(sides) // BUNDLES).bit_length() - 1)


def _shared(left: Sums, right: Sums, orders: list[Ints]) -> tuple[list[Ints], tuple[Ints, Ints]]:
    """Splits the orders into articles on one side only, and those on both, in the same order on either side."""
    one, two = (side.cells.article[side.rows] for side in (left, right))
    _, own, other = np.intersect1d(one, two, assume_unique=True, return_indices=True)
    mixed = orders[0][np.isin(orders[0], own)]
    partner = np.zeros(len(left), np.int64)
    partner[own] = other
    alone = [order[~np.isin(order, found)] for order, found in zip(orders, (own, other), strict=True)]
    return alone, (mixed, partner[mixed])


Row = dict[str, Any]
ALPHA = 0.05
FEW = 1  # arrangements as extreme as what is seen: with no more, more are drawn where that could decide
FINER = 4  # times more arrangements than the strictest level of the family needs
MOST_PERMUTATIONS = 1_000_000


def detectable_level(tests: int) -> float:
    """0.05 over the number of tests: what the smallest p has to reach if it is the only difference there is.

    Holm and Benjamini-Hochberg begin with this level; where there are more true differences both ask for less.
    """
    return ALPHA / max(tests, 1)


def p_values(
    sides: Sequence[tuple[Sums, Sums]], measures: Sequence[Ints], *, permutations: int, seed: int
) -> Iterator[Floats]:
    """p of these measures of each pair of sides, in order. The draws of a pair depend on the seed and its place alone."""

    def p_of(number: int) -> Floats:
        if not len(measures[number]):
            return np.empty(0)
        left, right = (side.only(measures[number]) for side in sides[number])
        rng = np.random.default_rng([seed, number, permutations])
        return permutation_p(left, right, permutations=permutations, rng=rng)

    with ThreadPoolExecutor(available_cores()) as pool:
        yield from pool.map(p_of, range(len(sides)))


def adjust(rows: Sequence[Row], options: Options) -> None:
    """Sets `significant` and `p_adjusted` of each row, by the `p` of all."""
    from statsmodels.stats.multitest import multipletests

    method = {"bh": "fdr_bh", "holm": "holm"}[options.adjust]
    significant, adjusted, *_ = multipletests([row["p"] for row in rows], alpha=ALPHA, method=method)
    for row, yes, p in zip(rows, significant, adjusted, strict=True):
        row |= {"significant": bool(yes), "p_adjusted": float(p)}


def draw_more(sides: Sequence[tuple[Sums, Sums]], rows: Sequence[Row], options: Options) -> None:
    """Draws anew, and more, for what does not hold only because too few arrangements were drawn to tell so small a p.

    The second p does not depend on the first but through its being drawn at all, so it is as valid. rows: with `pair`, the
    place of their sides, and `column`, their measure.
    """
    permutations = min(MOST_PERMUTATIONS, int(np.ceil(FINER / detectable_level(len(rows)))))
    coarse = [
        r for r in rows if not r["significant"] and round(r["p"] * (options.permutations + 1)) <= FEW + 1
    ]
    if not coarse or permutations <= options.permutations:
        return
    asked: list[list[Row]] = [[] for _ in sides]
    for row in coarse:
        asked[row["pair"]].append(row)
    measures = [np.array([row["column"] for row in own], np.int64) for own in asked]
    found = p_values(sides, measures, permutations=permutations, seed=options.seed)
    for own, p in zip(asked, found, strict=True):
        for row, value in zip(own, p, strict=True):
            row["p"] = float(value)
    adjust(rows, options)
