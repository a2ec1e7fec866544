"""Intervals of shares and differences, against published figures, and the p that belongs to them."""

from __future__ import annotations

import numpy as np
import pytest

from slant.comparing.intervals import (
    EXACT,
    Design,
    Share,
    detectable,
    difference_limits,
    difference_p,
    effective_size,
    mover,
    rate_limits,
)


def share(hits: float, total: float) -> Share:
    return Share(np.array([hits / total]), np.array([float(total)]), np.array([float(total)]))


# Newcombe (1998), Statistics in Medicine 17, 857-872, table I: Clopper-Pearson limits.
PUBLISHED = [
    (81, 263, 0.2527, 0.3676),
    (15, 148, 0.0578, 0.1617),
    (0, 20, 0.0, 0.1684),
    (1, 29, 0.0009, 0.1776),
]


@pytest.mark.parametrize(("hits", "total", "low", "high"), PUBLISHED)
def test_independent_units_have_the_published_limits(hits: int, total: int, low: float, high: float) -> None:
    """Korn and Graubard's interval is Clopper and Pearson's where the effective size is the size."""
    own = share(hits, total)
    found = rate_limits(own.value, own.size, own.total, np.array([total - 1.0]), 0.95, add=EXACT)
    assert [round(float(end[0]), 4) for end in found] == [low, high]


def test_korn_and_graubard_by_hand() -> None:
    """300 units in 16 clusters, 5 %, standard error 0.02: an effective size of 118.75, of which (t299 / t15)² remain."""
    from scipy.stats import beta, t

    value, total = np.array([0.05]), np.array([300.0])
    size = effective_size(value, np.array([0.02**2]), total, np.array([16.0]))
    assert size[0] == pytest.approx(118.75)
    left = 118.75 * (t.ppf(0.975, 299) / t.ppf(0.975, 15)) ** 2
    low, high = rate_limits(value, size, total, np.array([15.0]), 0.95, add=EXACT)
    assert low[0] == pytest.approx(beta.ppf(0.025, 0.05 * left, 0.95 * left + 1))
    assert high[0] == pytest.approx(beta.ppf(0.975, 0.05 * left + 1, 0.95 * left))


def test_mover_has_newcombes_published_limits() -> None:
    """Newcombe (1998), Statistics in Medicine 17, 873-890: method 10 on 56 of 70 against 48 of 80, and 9 of 10 against 3."""
    from statsmodels.stats.proportion import proportion_confint

    for (a, n), (b, m), low, high in (
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
    ):
        (l1, u1), (l2, u2) = (proportion_confint(x, k, method="wilson") for x, k in ((a, n), (b, m)))
        difference = a / n - b / m
        below = mover(np.array([a / n - l1]), np.array([u2 - b / m]))[0]
        above = mover(np.array([u1 - a / n]), np.array([b / m - l2]))[0]
        assert [round(difference - below, 4), round(difference + above, 4)] == [low, high]


@pytest.mark.parametrize("correlation", [0.0, 0.5, -0.3])
@pytest.mark.parametrize(("one", "two"), [((12, 40), (3, 60)), ((0, 30), (9, 30)), ((30, 30), (21, 40))])
def test_p_is_the_level_at_which_the_interval_touches_zero(
    one: tuple[int, int], two: tuple[int, int], correlation: float
) -> None:
    left, right, freedom = share(*one), share(*two), np.array([25.0])
    together = np.array([correlation])
    p = difference_p(left, right, freedom, together)
    low, high = difference_limits(left, right, freedom, together, 1 - p)
    assert min(abs(low[0]), abs(high[0])) < 1e-6
    low, high = difference_limits(left, right, freedom, together, 0.95)
    assert (low[0] > 0 or high[0] < 0) == (p[0] < 0.05)
    assert low[0] < left.value[0] - right.value[0] < high[0], "a side at 0 or 100 % has width"


def test_no_difference_has_a_p_of_one_and_an_unknown_one_none() -> None:
    left = Share(np.array([0.3, np.nan]), np.array([50.0, 0]), np.array([50.0, 0]))
    right = Share(np.array([0.3, 0.2]), np.array([20.0, 9]), np.array([20.0, 9]))
    found = difference_p(left, right, np.full(2, 30.0), np.zeros(2))
    assert found[0] == 1
    assert np.isnan(found[1])


def test_a_detectable_difference_is_missing_where_none_can_be_found() -> None:
    def design(size: float) -> Design:
        both = (np.array([size]),) * 2
        return Design(np.array([0.3]), both, both, np.array([2 * size - 2]), np.zeros(1))

    assert np.isnan(detectable(design(6), 1e-6, 0.8)[0])
    assert 0.1 < detectable(design(300), 0.05, 0.8)[0] < 0.13
