"""Percentile bootstrap over groups: articles, posts or threads are drawn, never the items inside them.

Items of one group are not independent, so drawing single items would give intervals that are too narrow
(Cameron, Gelbach & Miller 2008). Counts are kept per group once; a resample is a weighted sum of them.
"""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def resample_weights(groups: int, *, resamples: int, seed: int) -> Floats:
    """(resamples, groups): how often each group was drawn, with replacement; every row sums to `groups`.

    The same `groups` and `seed` give the same draws, so that two models' resamples are paired.
    """
    rng = np.random.default_rng(seed)
    drawn = rng.integers(0, groups, size=(resamples, groups))
    drawn += np.arange(resamples)[:, None] * groups
    return (
        np.bincount(drawn.ravel(), minlength=resamples * groups).reshape(resamples, groups).astype(np.float64)
    )


def resample_totals(counts: Floats, weights: Floats) -> Floats:
    """(groups, ...) counts and (resamples, groups) weights → (resamples, ...) totals."""
    totals: Floats = (weights @ counts.reshape(len(counts), -1)).reshape(len(weights), *counts.shape[1:])
    return totals


def percentile_interval(values: Floats, *, level: float = 0.95) -> tuple[Floats, Floats]:
    """Lower and upper end over the first axis. Resamples in which a figure is undefined (NaN) are left out;
    where it is so in all of them, both ends are NaN."""
    tail = 100 * (1 - level) / 2
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="All-NaN slice", category=RuntimeWarning)
        low, high = np.nanpercentile(values, [tail, 100 - tail], axis=0)
    return low, high
