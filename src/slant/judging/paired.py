"""Two models on the same items: the difference with its interval, and whether chance would give as large a one.

Groups (articles, posts, threads) are what is resampled and swapped, never single items. The interval is that of the
paired bootstrap (both models share the resamples); p is from approximate randomisation: the models swap their answers to
a random half of the groups, again and again (Noreen 1989; Yeh 2000).
"""

from __future__ import annotations

import numpy as np

from slant.errors import SlantError
from slant.judging.card import Paired
from slant.judging.figures import as_figure
from slant.judging.intervals import Floats, percentile_interval, resample_totals, resample_weights
from slant.judging.metrics import Tally, statistic

SWAPS = 2000


def paired(
    metric: str, ours: Tally, theirs: Tally, *, resamples: int, seed: int, swaps: int = SWAPS
) -> Paired:
    """Difference of the official metric, ours − theirs, in [-1, 1], with the 95 % interval and two-sided p.

    Raises SlantError if the two tallies are not of the same groups.
    """
    if ours.groups != theirs.groups:
        raise SlantError(
            f"two models on {len(ours.groups)} and {len(theirs.groups)} groups that are not the same cannot be "
            "compared. Judge both on the same data with the same limit and seed."
        )
    weights = resample_weights(len(ours.groups), resamples=resamples, seed=seed)
    ones = np.ones((1, len(ours.groups)))
    own, other = (float(_value(metric, tally, ones)[0]) for tally in (ours, theirs))
    draws = _value(metric, ours, weights) - _value(metric, theirs, weights)
    swapped = np.random.default_rng(seed).integers(0, 2, (swaps, len(ours.groups))).astype(np.float64)
    by_chance = _mixed(metric, ours, theirs, swapped) - _mixed(metric, theirs, ours, swapped)
    as_large = int((np.abs(by_chance) >= abs(own - other) - 1e-12).sum())
    return Paired(
        other=other,
        difference=as_figure(own - other, *percentile_interval(draws)),
        p=(as_large + 1) / (swaps + 1),
    )


def _value(metric: str, tally: Tally, weights: Floats) -> Floats:
    """(draws, groups) weights → (draws,) values."""
    return statistic(
        metric, resample_totals(tally.by_label, weights), resample_totals(tally.overall, weights)
    )


def _mixed(metric: str, stay: Tally, come: Tally, swapped: Floats) -> Floats:
    """Values of `stay` with the groups at 1 in `swapped` taken from `come`."""
    by_label = stay.by_label.sum(0) + resample_totals(come.by_label - stay.by_label, swapped)
    overall = stay.overall.sum(0) + resample_totals(come.overall - stay.overall, swapped)
    # Sums that must be 0 come out as 1e-17, and a label "predicted" so often would count as present.
    return statistic(metric, np.round(by_label, 9), np.round(overall, 9))
