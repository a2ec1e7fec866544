"""The variance of rates and of their differences where articles share writers, events or commenters.

A rate is a ratio of sums, hits over totals. What a cluster adds to its error is its influence (h - R t) / T (Cochran 1977,
6.4), here divided by one minus the cluster's share of T: that is the change of the rate when the cluster is left out, so the
sum of squares is the jackknife variance CRV3 (MacKinnon, Nielsen & Webb 2023). With several clusterings, such as events and
writers, the variances are added, and those of their intersections subtracted (Cameron, Gelbach & Miller 2011). If that is
less than the smallest of the one-way variances, the largest of these is taken.

Degrees of freedom are the effective number of clusters minus one (Carter, Schnepel & Steigerwald 2017): few if a few clusters
hold most of the units. They are also at most those that the kurtosis of the influences leaves to the variance: few if a rare
label is in a few clusters. Two sides are combined as by Welch and Satterthwaite, and what a cluster adds to both is
subtracted before it is squared.

Everything here is on the scale of shares: a net n is (n + 1) / 2, a number per 1,000 words the share of words that begin a
span. `from_share` converts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from slant.comparing.counts import Counts, Floats, Ints
from slant.comparing.measures import NET, Measure

TINY = 1e-12


@dataclass(frozen=True, slots=True)
class Clustering:
    """dimensions: what shares a cluster, such as ("event",). codes: (rows,) cluster of each row. sign: +1 or -1."""

    dimensions: tuple[str, ...]
    codes: Ints
    sign: int = 1


def clusterings(codes: Mapping[str, Ints]) -> list[Clustering]:
    """The clusterings whose variances are added: each dimension, and their intersections with alternating signs.

    codes: dimension → (rows,) cluster numbers, not negative. A dimension whose clusters lie within those of another adds
    nothing and is left out: articles, if each is on one event.
    """
    kept: dict[str, Ints] = {}
    for name, own in codes.items():
        finer = [
            other
            for other, those in codes.items()
            if other != name and _within(own, those) and not (_within(those, own) and other not in kept)
        ]
        if not finer:
            kept[name] = own
    found = []
    for size in range(1, len(kept) + 1):
        for names in combinations(kept, size):
            found.append(Clustering(names, _intersection([kept[n] for n in names]), 1 if size % 2 else -1))
    return found


def _intersection(codes: Sequence[Ints]) -> Ints:
    joint = codes[0]
    for own in codes[1:]:
        joint = np.unique(joint * (int(own.max(initial=0)) + 1) + own, return_inverse=True)[1].astype(
            np.int64
        )
    return joint


def _within(inner: Ints, outer: Ints) -> bool:
    """Whether each cluster of `inner` lies in one cluster of `outer`."""
    return len(np.unique(_intersection([inner, outer]))) == len(np.unique(inner))


def from_share(measures: Sequence[Measure]) -> tuple[Floats, Floats]:
    """(measures,) factor and offset: value = factor × share + offset."""
    nets = np.array([measure.kind == NET for measure in measures], bool)
    scale = np.array([measure.scale for measure in measures], float)
    return np.where(nets, 2.0, scale), np.where(nets, -1.0, 0.0)


@dataclass(frozen=True, slots=True)
class Moments:
    """What the clusters of one clustering add to a rate.

    ids: (clusters,) their numbers, sorted. influence: (clusters, measures); the sum of squares is the variance.
    weight: (clusters, measures) share of the variance that each cluster is expected to have. number: (measures,) clusters
    with a denominator. equal: (measures,) how many clusters of equal size would weigh as these do (Kish 1965).
    """

    ids: Ints
    influence: Floats
    weight: Floats
    number: Ints
    equal: Floats

    @property
    def variance(self) -> Floats:
        own: Floats = (self.influence**2).sum(0)
        return own

    @property
    def freedom(self) -> Floats:
        planned = 1 / np.maximum((self.weight**2).sum(0), TINY) - 1
        second, fourth = (self.influence**2).sum(0), (self.influence**4).sum(0)
        with np.errstate(invalid="ignore", divide="ignore"):
            excess = fourth / second**2 - 1 / self.number
        seen = np.where(excess > TINY, 2 / np.maximum(excess, TINY), np.inf)
        return np.where(self.number > 1, np.minimum(planned, seen), 0.0)


def moments(ids: Ints, hits: Floats, totals: Floats) -> Moments:
    """ids: (clusters,). hits, totals: (clusters, measures) sums of each cluster, on the scale of shares."""
    total = totals.sum(0)
    known = np.where(total > 0, total, 1.0)
    value = hits.sum(0) / known
    share = totals / known
    number = (totals > 0).sum(0)
    residual = hits - value * totals
    residual[np.abs(residual) < 1e-9] = 0.0
    left = np.sqrt(np.maximum(number - 1, 0) / np.maximum(number, 1)) / known
    influence = residual * left / np.maximum(1 - share, TINY)
    weight = _weights(residual, totals, value, total)
    equal = 1 / np.maximum((share**2).sum(0), TINY)
    return Moments(ids, influence, weight, number, equal)


def _weights(residual: Floats, totals: Floats, value: Floats, total: Floats) -> Floats:
    """Expected variance of each cluster, as shares of their sum: t (1 + (t - 1) ρ), with ρ from how alike its units are.

    ρ is 1 where nothing shows how alike they are.
    """
    chance = value * (1 - value)
    squares = (totals**2).sum(0)
    with np.errstate(invalid="ignore", divide="ignore"):
        alike = ((residual**2).sum(0) / chance - total) / (squares - total)
    alike = np.clip(np.where((chance > TINY) & (squares > total), alike, 1.0), 0.0, 1.0)
    expected = totals * (1 + np.maximum(totals - 1, 0) * alike)
    shares: Floats = expected / np.maximum(expected.sum(0), TINY)
    return shares


@dataclass(frozen=True, slots=True)
class Side:
    """A rate of each measure, (measures,) each, on the scale of shares.

    variance: over clusters. freedom: degrees of freedom. clusters: of the dimension with the fewest. binding: the place of
    that dimension. total: units or words. most: the effective size at most; a net has no bound, since neutral units vary it
    less than a share varies. equal: the smallest number of clusters of equal size. parts: per clustering.
    """

    value: Floats
    variance: Floats
    freedom: Floats
    clusters: Ints
    binding: Ints
    total: Floats
    most: Floats
    equal: Floats
    parts: tuple[Moments, ...]


def side(counts: Counts, rows: Ints, ways: Sequence[Clustering]) -> Side:
    """The rate of these rows of `counts`, with its variance over all clusterings (of all rows)."""
    hits, totals = counts.hits[rows], counts.totals[rows]
    nets = np.array([measure.kind == NET for measure in counts.measures], bool)
    if nets.any():
        hits[:, nets] = (hits[:, nets] + totals[:, counts.column[nets]]) / 2
    parts = []
    for way in ways:
        ids, (own_hits, own_totals) = sum_clusters(way.codes[rows], hits, totals)
        parts.append(moments(ids, own_hits, own_totals[:, counts.column]))
    total = totals.sum(0, dtype=np.float64)[counts.column]
    single = [part for part, way in zip(parts, ways, strict=True) if len(way.dimensions) == 1]
    return Side(
        value=hits.sum(0, dtype=np.float64) / np.where(total > 0, total, np.nan),
        variance=multiway([part.variance for part in parts], ways),
        freedom=np.min([part.freedom for part in single], axis=0),
        clusters=np.min([part.number for part in single], axis=0),
        binding=np.argmin([part.number for part in single], axis=0),
        total=total,
        most=np.where(nets, np.inf, total),
        equal=np.min([part.equal for part in single], axis=0),
        parts=tuple(parts),
    )


def sum_clusters(codes: Ints, *columns: NDArray[np.float32]) -> tuple[Ints, list[Floats]]:
    """The numbers of the clusters, sorted, and the sums of (rows, columns) arrays over each."""
    order = np.argsort(codes, kind="stable")
    ids, starts = np.unique(codes[order], return_index=True)
    if not len(ids):
        return ids.astype(np.int64), [np.zeros((0, own.shape[1])) for own in columns]
    return ids, [np.add.reduceat(own[order], starts, axis=0, dtype=np.float64) for own in columns]


def multiway(variances: Sequence[Floats], ways: Sequence[Clustering]) -> Floats:
    """The sum of the variances with their signs; the largest one-way variance where it is below the smallest of these."""
    total = np.sum([way.sign * own for own, way in zip(variances, ways, strict=True)], axis=0)
    single = [own for own, way in zip(variances, ways, strict=True) if len(way.dimensions) == 1]
    found: Floats = np.where(total < np.min(single, axis=0) - TINY, np.max(single, axis=0), total)
    return found


@dataclass(frozen=True, slots=True)
class Contrast:
    """A difference of two sides, (measures,) each: its variance, degrees of freedom, and the correlation of the two sides."""

    variance: Floats
    freedom: Floats
    correlation: Floats


def contrast(left: Side, right: Side, ways: Sequence[Clustering]) -> Contrast:
    """The difference of two sides of the same measures; clusters with rows on both sides count once."""
    variances, freedoms = [], []
    for way, one, two in zip(ways, left.parts, right.parts, strict=True):
        _, own, other = np.intersect1d(one.ids, two.ids, assume_unique=True, return_indices=True)
        shared = (one.influence[own] * two.influence[other]).sum(0)
        variances.append(np.maximum(one.variance + two.variance - 2 * shared, 0.0))
        if len(way.dimensions) == 1:
            freedoms.append(_satterthwaite(one, two, (one.weight[own] * two.weight[other]).sum(0)))
    variance = multiway(variances, ways)
    both = np.sqrt(left.variance * right.variance)
    with np.errstate(invalid="ignore", divide="ignore"):
        correlation = (left.variance + right.variance - variance) / (2 * both)
    correlation = np.clip(np.where(both > TINY**2, correlation, 0.0), -1.0, 1.0)
    return Contrast(variance, np.min(freedoms, axis=0), correlation)


def _satterthwaite(one: Moments, two: Moments, overlap: Floats) -> Floats:
    """overlap: (measures,) sum over shared clusters of the product of their weights."""
    a, b = one.variance, two.variance
    none = (a <= 0) & (b <= 0)
    a, b = np.where(none, 1.0, a), np.where(none, 1.0, b)
    below = a**2 / np.maximum(one.freedom, TINY) + b**2 / np.maximum(two.freedom, TINY) + 2 * a * b * overlap
    found: Floats = (a + b) ** 2 / below
    return found
