"""The rates of groups and of all others, and the differences of pairs, with their cluster variances, measure by measure.

Measures pass in blocks, so that what each cluster adds to a rate is in memory for a few measures at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from slant.comparing.cluster_variance import Contrast, Side, contrast, from_share, side, sum_clusters
from slant.comparing.clusters import MIN_CLUSTERS, NOUNS, Clustered
from slant.comparing.counts import Counts, Floats, Ints
from slant.comparing.intervals import Share, effective_size, rate_limits
from slant.comparing.measures import ALL, REST, Measure

MIN_FREEDOM = 4.0  # for a test: with fewer degrees of freedom a few clusters decide it
MIN_EFFECTIVE = 5.0  # hits of everything, for its design effect to be used where a group has none
MEASURES_AT_ONCE = 24
Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Rates:
    """Rates of one side, (measures,) each, on the scale of shares: see cluster_variance.Side and intervals.Share.

    articles: with a denominator. binding: number of the dimension with the fewest clusters, among those of the family.
    """

    value: Floats
    variance: Floats
    freedom: Floats
    clusters: Ints
    binding: Ints
    total: Floats
    most: Floats
    equal: Floats
    articles: Ints


@dataclass(frozen=True, slots=True)
class Sides:
    """rates: group, "(all)" or "(rest)GROUP" → its rates. contrasts: (group, group or "(rest)") → their difference."""

    family: Clustered
    rates: Mapping[str, Rates]
    contrasts: Mapping[Pair, Contrast]

    def share(self, name: str) -> Share:
        """What the limits of these rates need."""
        return share_of(self.rates[name], self.rates[ALL])

    def intervals(self, name: str, level: float) -> tuple[Floats, Floats]:
        """(measures,) ends of the intervals on the scale of the measures; NaN where there is none."""
        return limits_of(self.rates[name], self.share(name), self.family.counts.measures, level)

    def why(self, name: str, measure: int) -> str:
        """Why a rate has no interval, or ""."""
        own = self.rates[name]
        return "" if enough(own)[measure] else f"only {self.number(own, measure)}"

    def number(self, rates: Rates, measure: int) -> str:
        """How many clusters of the scarcest kind, such as "4 writers"."""
        noun, count = NOUNS[self.family.dimensions[rates.binding[measure]]], int(rates.clusters[measure])
        return f"{count:,} {noun.removesuffix('s') if count == 1 else noun}"


def enough(own: Rates | Side) -> NDArray[np.bool_]:
    """(measures,) whether there are clusters enough for an interval."""
    found: NDArray[np.bool_] = (own.clusters >= MIN_CLUSTERS) & (own.freedom >= 1)
    return found


def share_of(own: Rates | Side, everything: Rates | Side | None = None) -> Share:
    """What the limits of a side's rates need.

    Where all its clusters have the same rate, as with no hit at all, each cluster counts as one unit, or as many as the
    design effect of everything leaves it.
    """
    least = own.equal
    if everything is not None:
        with np.errstate(invalid="ignore", divide="ignore"):
            chance = everything.value * (1 - everything.value)
            effect = np.maximum(everything.variance * everything.total / chance, 1.0)
            hits = np.minimum(everything.value, 1 - everything.value) * chance / everything.variance
            usual = np.where(hits >= MIN_EFFECTIVE, own.total / effect, 0.0)
        least = np.maximum(np.nan_to_num(usual), least)
    return Share(own.value, effective_size(own.value, own.variance, own.most, least), own.total)


def limits_of(
    own: Rates | Side, share: Share, measures: Sequence[Measure], level: float
) -> tuple[Floats, Floats]:
    """(measures,) ends of the intervals on the scale of the measures; NaN where there is none."""
    low, high = rate_limits(share.value, share.size, share.total, own.freedom, level)
    factor, offset = from_share(measures)
    none = ~enough(own)
    return np.where(none, np.nan, factor * low + offset), np.where(none, np.nan, factor * high + offset)


def find_sides(family: Clustered, *, kept: Sequence[str], pairs: bool, rest: bool) -> Sides:
    """Rates of the groups in `kept` and of everything; differences of all pairs, and of each group and the rest, if asked."""
    numbers = {group: family.counts.groups.index(group) for group in kept}
    rows = {group: np.flatnonzero(family.counts.group == number) for group, number in numbers.items()}
    every = np.arange(len(family.counts.group))
    others = {}
    if rest:
        inside = np.isin(family.counts.group, list(numbers.values()))
        others = {g: np.flatnonzero(inside & (family.counts.group != n)) for g, n in numbers.items()}
    rates: dict[str, list[Rates]] = {}
    contrasts: dict[Pair, list[Contrast]] = {}
    for counts in _blocks(family.counts):
        sides = {group: side(counts, own, family.ways) for group, own in rows.items()}
        for group, own in sides.items():
            rates.setdefault(group, []).append(_rates(counts, rows[group], own))
        rates.setdefault(ALL, []).append(_rates(counts, every, side(counts, every, family.ways)))
        for one, two in combinations(kept, 2) if pairs else ():
            contrasts.setdefault((one, two), []).append(contrast(sides[one], sides[two], family.ways))
        for group, own_rows in others.items():
            other = side(counts, own_rows, family.ways)
            rates.setdefault(f"{REST}{group}", []).append(_rates(counts, own_rows, other))
            contrasts.setdefault((group, REST), []).append(contrast(sides[group], other, family.ways))
    joined = {name: Rates(*_joined(parts)) for name, parts in rates.items()}
    return Sides(family, joined, {pair: Contrast(*_joined(parts)) for pair, parts in contrasts.items()})


def _blocks(counts: Counts) -> Iterator[Counts]:
    for start in range(0, len(counts.measures), MEASURES_AT_ONCE):
        yield counts.only(np.arange(start, min(start + MEASURES_AT_ONCE, len(counts.measures))))


def _rates(counts: Counts, rows: Ints, own: Side) -> Rates:
    _, (totals,) = sum_clusters(counts.article[rows], counts.totals[rows])
    articles = (totals > 0).sum(0)[counts.column]
    return Rates(
        own.value,
        own.variance,
        own.freedom,
        own.clusters,
        own.binding,
        own.total,
        own.most,
        own.equal,
        articles,
    )


def _joined(parts: Sequence[Rates] | Sequence[Contrast]) -> list[Any]:
    return [np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(parts[0])]
