"""Intervals of rates and of differences that hold in small samples and for rare labels, and the p that belongs to them.

A rate has the interval of a binomial share from as many independent units as give the variance that was found (Korn &
Graubard 1998), with limits from the beta distribution and Student's t in place of the normal. A difference has limits from
those of its two sides (MOVER; Newcombe 1998, Zou & Donner 2008), so a side at 0 or 100 % has width. Its p is the level at
which this interval touches zero: interval and p cannot disagree.

Everything is on the scale of shares, see cluster_variance.py.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv, ndtr, stdtrit

from slant.comparing.counts import Floats

MIDDLE = 0.5  # added to hits and to non-hits: halfway between the two sides of Clopper and Pearson, as Jeffreys' interval
EXACT = 0.0  # Clopper and Pearson
TINY = 1e-12
STEPS = 32  # of bisection
COARSE_STEPS = 12  # where a thousandth is enough
SMALLEST = 1e-15  # p
MOST_TIMES = 10_000.0


def effective_size(value: Floats, variance: Floats, most: Floats, least: Floats) -> Floats:
    """How many independent units would give this variance; at most `most`.

    least: what is assumed where all clusters have the same rate, so that their variance is no guide.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        size = value * (1 - value) / variance
    size = np.where(variance > TINY**2, size, least)
    found: Floats = np.minimum(size, most)
    return found


def rate_limits(
    value: Floats,
    size: Floats,
    total: Floats,
    freedom: Floats,
    level: Floats | float,
    *,
    add: float = MIDDLE,
) -> tuple[Floats, Floats]:
    """Ends of the interval of a share.

    size: of `effective_size`. total: units behind it. freedom: degrees of freedom of its variance. add: MIDDLE or EXACT.
    """
    tail = (1 - np.asarray(level, float)) / 2
    return _limits(value, size, total, freedom, tail, add)


def _limits(
    value: Floats, size: Floats, total: Floats, freedom: Floats, tail: Floats, add: float = MIDDLE
) -> tuple[Floats, Floats]:
    share = Share(value, size, total)
    return _low(share, freedom, tail, add), _high(share, freedom, tail, add)


def _low(share: Share, freedom: Floats, tail: Floats, add: float = MIDDLE) -> Floats:
    size = share.size * _shrink(share.total, freedom, tail)
    hits, others = share.value * size, (1 - share.value) * size
    low = betaincinv(np.maximum(hits + add, TINY), others + 1 - add, tail)
    return np.minimum(np.where(share.value <= TINY, 0.0, low), share.value)


def _high(share: Share, freedom: Floats, tail: Floats, add: float = MIDDLE) -> Floats:
    mirrored = Share(1 - share.value, share.size, share.total)
    return 1 - _low(mirrored, freedom, tail, add)


def _shrink(total: Floats, freedom: Floats, tail: Floats) -> Floats:
    """(t with total - 1 over t with `freedom`)²: what the doubt about the variance costs (Korn & Graubard 1998)."""
    many, few = stdtrit(np.maximum(total - 1, 1), tail), stdtrit(np.maximum(freedom, TINY), tail)
    with np.errstate(invalid="ignore", divide="ignore"):
        found: Floats = np.minimum((many / few) ** 2, 1.0)
    return np.where(np.isfinite(found), found, 0.0)


@dataclass(frozen=True, slots=True)
class Share:
    """A share of each measure, with what its limits need: see `rate_limits`."""

    value: Floats
    size: Floats
    total: Floats

    def only(self, measures: NDArray[np.int64]) -> Share:
        return Share(self.value[measures], self.size[measures], self.total[measures])


def difference_limits(
    left: Share, right: Share, freedom: Floats, correlation: Floats, level: Floats | float
) -> tuple[Floats, Floats]:
    """Ends of the interval of left - right, by MOVER. freedom, correlation: of cluster_variance.contrast."""
    tail = (1 - np.asarray(level, float)) / 2
    (low, high), (other_low, other_high) = (
        _limits(side.value, side.size, side.total, freedom, tail) for side in (left, right)
    )
    difference = left.value - right.value
    below = mover(left.value - low, other_high - right.value, correlation)
    above = mover(high - left.value, right.value - other_low, correlation)
    return difference - below, difference + above


def mover(one: Floats, two: Floats, correlation: Floats | float = 0.0) -> Floats:
    """Distance of a limit of a difference from its value, from the distances of the limits of its two sides."""
    squares = one**2 + two**2 - 2 * correlation * one * two
    found: Floats = np.sqrt(np.maximum(squares, 0.0))
    return found


def difference_p(left: Share, right: Share, freedom: Floats, correlation: Floats) -> Floats:
    """Two-sided p: one minus the level at which the interval of `difference_limits` touches zero."""
    gap = np.abs(left.value - right.value)
    larger, smaller = _ordered(left, right)
    below, above = np.full(len(gap), np.log(SMALLEST)), np.zeros(len(gap))
    for _ in range(STEPS):
        middle = (below + above) / 2
        # Where the interval still holds zero, p is larger.
        wide = _toward_zero(larger, smaller, freedom, correlation, np.exp(middle) / 2) > gap
        below, above = np.where(wide, middle, below), np.where(wide, above, middle)
    return np.where(np.isnan(gap), np.nan, np.where(gap < TINY, 1.0, np.exp(above)))


def _toward_zero(larger: Share, smaller: Share, freedom: Floats, correlation: Floats, tail: Floats) -> Floats:
    """Distance of the difference from the limit that is nearer to zero."""
    low, high = _low(larger, freedom, tail), _high(smaller, freedom, tail)
    return mover(larger.value - low, high - smaller.value, correlation)


def _ordered(left: Share, right: Share) -> tuple[Share, Share]:
    """The side with the larger value, and the other."""
    first = left.value >= right.value
    columns = [(getattr(left, f), getattr(right, f)) for f in ("value", "size", "total")]
    return Share(*(np.where(first, a, b) for a, b in columns)), Share(
        *(np.where(first, b, a) for a, b in columns)
    )


@dataclass(frozen=True, slots=True)
class Design:
    """Two sides that a difference is to be found between: their rate under the null, and as in `Share` and `Contrast`."""

    base: Floats
    sizes: tuple[Floats, Floats]
    totals: tuple[Floats, Floats]
    freedom: Floats
    correlation: Floats

    def larger(self, times: Floats) -> Design:
        """The same design with so many times as many articles."""
        sizes, totals = ((one * times, two * times) for one, two in (self.sizes, self.totals))
        return Design(self.base, sizes, totals, self.freedom * times, self.correlation)

    def only(self, at: int) -> Design:
        """The design of one measure."""
        (a, b), (c, d) = self.sizes, self.totals
        base, one, two, three, four, freedom, correlation = (
            own[[at]] for own in (self.base, a, b, c, d, self.freedom, self.correlation)
        )
        return Design(base, (one, two), (three, four), freedom, correlation)


def power(design: Design, difference: Floats, level: float) -> Floats:
    """Chance that p is below `level` if one side has the base rate and the other that plus `difference`.

    The variance is that of the alternative. Either side may be the higher one; the smaller chance counts.
    """
    other = np.clip(design.base + difference, 0.0, 1.0)
    found = []
    for one, two in ((design.base, other), (other, design.base)):
        sides = Share(one, design.sizes[0], design.totals[0]), Share(two, design.sizes[1], design.totals[1])
        larger, smaller = _ordered(*sides)
        tail = np.full(len(design.base), level / 2)
        needed = _toward_zero(larger, smaller, design.freedom, design.correlation, tail)
        with np.errstate(invalid="ignore", divide="ignore"):
            errors = [np.sqrt(side.value * (1 - side.value) / side.size) for side in sides]
            spread = mover(errors[0], errors[1], design.correlation)
            found.append(ndtr((np.abs(one - two) - needed) / spread))
    least: Floats = np.minimum(*found)
    return least


def detectable(design: Design, level: float, wanted: float) -> Floats:
    """The difference from the base rate, toward one half, that is found with the chance `wanted`; NaN where none is."""
    sign = np.where(design.base <= 0.5, 1.0, -1.0)
    below, above = np.zeros(len(design.base)), np.maximum(design.base, 1 - design.base)
    reached = power(design, sign * above, level) >= wanted
    for _ in range(COARSE_STEPS):
        middle = (below + above) / 2
        enough = power(design, sign * middle, level) >= wanted
        below, above = np.where(enough, below, middle), np.where(enough, middle, above)
    return np.where(reached, above, np.nan)


def times_larger(design: Design, difference: Floats, level: float, wanted: float) -> Floats:
    """How many times as large a sample must be to find `difference` with the chance `wanted`; NaN above MOST_TIMES."""
    below, above = np.full((2, len(design.base)), np.log(MOST_TIMES))
    below = -below
    reached = power(design.larger(np.exp(above)), difference, level) >= wanted
    for _ in range(2 * COARSE_STEPS):
        middle = (below + above) / 2
        enough = power(design.larger(np.exp(middle)), difference, level) >= wanted
        below, above = np.where(enough, below, middle), np.where(enough, middle, above)
    return np.where(reached, np.exp(above), np.nan)
