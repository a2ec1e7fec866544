"""The bootstrap of whole articles over millions of them, as products of matrices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import poisson

from slant.comparing.cells import Cells, Floats

ARTICLES_AT_ONCE = 4096
ALL = "(all)"
Draws = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Drawn:
    """Resampled sums of each group: hits (groups, resamples, measures), totals (groups, resamples, measures)."""

    hits: Draws
    totals: Draws
    scale: Floats

    def rates(self, groups: Sequence[int]) -> Draws:
        """(resamples, measures) of these groups together; NaN where a resample has no denominator."""
        with np.errstate(invalid="ignore", divide="ignore"):
            found: Draws = (self.scale * self.hits[groups].sum(0) / self.totals[groups].sum(0)).astype(
                np.float32
            )
        return found


def draw(cells: Cells, *, resamples: int, seed: int) -> Drawn:
    """An article is drawn a Poisson(1) number of times, independently of the others: the bootstrap for data that pass by
    once (Hanley & MacGibbon 2006; Chamandy et al. 2012). All groups share the draws, so that the parts of an article that
    stands in several stay together.
    """
    rng = np.random.default_rng(seed)
    given = np.concatenate([cells.hits, cells.totals], axis=1)
    drawn = np.zeros((len(cells.groups), resamples, given.shape[1]), np.float32)
    edges = np.searchsorted(
        cells.article, np.arange(0, len(cells.articles) + ARTICLES_AT_ONCE, ARTICLES_AT_ONCE)
    )
    for start, end in pairwise(edges):
        drawings = times(rng, (resamples, ARTICLES_AT_ONCE))
        place = cells.article[start:end] % ARTICLES_AT_ONCE
        for group in np.unique(cells.group[start:end]):
            own = np.flatnonzero(cells.group[start:end] == group)
            drawn[group] += drawings[:, place[own]] @ given[start:end][own]
    hits, totals = np.split(drawn, [len(cells.measures)], axis=2)
    return Drawn(hits, totals[:, :, cells.column], cells.scale)


def times(rng: np.random.Generator, shape: tuple[int, int]) -> Draws:
    """How often each is drawn: Poisson(1), several times as quick as the generator's own."""
    found: Draws = _QUANTILES[rng.integers(0, len(_QUANTILES), shape, np.uint16)]
    return found


def resample(counts: Any, *, resamples: int, rng: np.random.Generator) -> Floats:
    """(rows, columns) counts, sparse or not → (resamples, columns) sums, each row drawn as an article is in `draw`."""
    drawn = np.zeros((counts.shape[1], resamples), np.float32)
    for start in range(0, counts.shape[0], ARTICLES_AT_ONCE):
        own = counts[start : start + ARTICLES_AT_ONCE].astype(np.float32)
        drawn += own.T @ times(rng, (own.shape[0], resamples))
    return drawn.T.astype(np.float64)


@dataclass(frozen=True, slots=True)
class Counts:
    """What a rate is made of: (groups + 1, measures) each, the last row of everything.

    articles: those with a denominator. units: how many were looked at, also where the denominator counts words.
    """

    hits: Floats
    totals: Floats
    articles: Floats
    units: Floats


def counts(cells: Cells) -> Counts:
    groups = len(cells.groups)
    hits = np.zeros((groups + 1, len(cells.measures)))
    totals, articles = np.zeros((2, groups + 1, cells.totals.shape[1]))
    for group in range(groups):
        own = cells.group == group
        hits[group] = cells.hits[own].sum(0, dtype=np.float64)
        totals[group] = cells.totals[own].sum(0, dtype=np.float64)
        articles[group] = (cells.totals[own] > 0).sum(0)
    hits[-1], totals[-1] = hits[:-1].sum(0), totals[:-1].sum(0)
    starts = np.searchsorted(cells.article, np.arange(len(cells.articles)))
    articles[-1] = (np.add.reduceat(cells.totals, starts) > 0).sum(0)
    return Counts(hits, totals[:, cells.column], articles[:, cells.column], totals[:, cells.units_column])


def ends(draws: Draws, *, level: float) -> tuple[Floats, Floats]:
    """Percentile interval over the first axis; draws that are NaN are left out, and all NaN gives NaN."""
    ordered = np.sort(draws, axis=0)  # NaN comes last
    valid = np.maximum((~np.isnan(ordered)).sum(0), 1)
    found = []
    for share in ((1 - level) / 2, (1 + level) / 2):
        at = share * (valid - 1)
        below = np.floor(at).astype(np.int64)
        lower, upper = (
            np.take_along_axis(ordered, np.minimum(i, valid - 1)[None], 0)[0] for i in (below, below + 1)
        )
        found.append(lower + (at - below) * (upper - lower))
    return found[0].astype(np.float64), found[1].astype(np.float64)


_QUANTILES = poisson.ppf((np.arange(1 << 16) + 0.5) / (1 << 16), 1).astype(np.float32)
