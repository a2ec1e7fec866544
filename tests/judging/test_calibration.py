"""Calibration error, reliability and risk-coverage, against figures computed by hand."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from slant.judging.figures import (
    Bin,
    Coverage,
    abstain_threshold,
    area_under_risk_coverage,
    expected_calibration_error,
    reliability,
    risk_coverage,
)


def test_calibration_error_equals_a_figure_computed_by_hand() -> None:
    # Four items at 0.9 with half right: off by 0.4. One at 0.3, wrong: off by 0.3. (4 × 0.4 + 0.3) / 5.
    error = expected_calibration_error([0.9, 0.9, 0.9, 0.9, 0.3], [True, True, False, False, False], bins=10)
    assert error == pytest.approx(0.38)


def test_opposite_errors_do_not_cancel_between_bins_but_do_within_one() -> None:
    confidence, right = [0.2, 0.8], [True, False]
    assert expected_calibration_error(confidence, right) == pytest.approx(0.8)
    assert expected_calibration_error(confidence, right, bins=1) == pytest.approx(0)


def test_a_perfectly_calibrated_model_has_no_error() -> None:
    confidence = np.repeat([0.25, 0.5, 0.75, 1.0], 4)
    right = [
        True,
        False,
        False,
        False,
        True,
        True,
        False,
        False,
        True,
        True,
        True,
        False,
        True,
        True,
        True,
        True,
    ]
    assert expected_calibration_error(confidence, right) == pytest.approx(0)


def test_reliability_keeps_empty_bins_and_bins_include_their_upper_edge() -> None:
    assert reliability([0.0, 0.5, 0.6, 1.0], [False, True, True, False], bins=2) == [
        Bin(0.0, 0.5, 2, 0.25, 0.5),
        Bin(0.5, 1.0, 2, 0.8, 0.5),
    ]
    low, high = reliability([0.9], [True], bins=2)
    assert (low.n, low.confidence, low.accuracy) == (0, None, None)
    assert (high.n, high.confidence, high.accuracy) == (1, 0.9, 1.0)


def test_every_tenth_is_in_the_bin_below_it() -> None:
    assert [b.n for b in reliability(np.arange(1, 11) / 10, [True] * 10)] == [1] * 10


def test_risk_is_the_share_of_errors_among_the_most_confident() -> None:
    found = risk_coverage([0.6, 0.9, 0.8, 0.7], [False, True, True, False], at=(0.5, 0.75, 1.0))
    assert found == [Coverage(0.5, 0.8, 0.0), Coverage(0.75, 0.7, 1 / 3), Coverage(1.0, 0.6, 0.5)]


def test_tied_items_are_kept_together_in_any_order() -> None:
    confidence = [0.9, 0.7, 0.7, 0.7]
    for right in ([True, True, True, False], [True, False, True, True]):
        assert risk_coverage(confidence, right, at=(0.25, 0.5)) == [
            Coverage(0.25, 0.9, 0.0),
            Coverage(1.0, 0.7, 0.25),
        ]
        assert area_under_risk_coverage(confidence, right) == pytest.approx(3 * 0.25 / 4)


def test_a_round_share_keeps_exactly_that_many_items() -> None:
    confidence = np.linspace(1, 0.01, 100)
    assert [c.coverage for c in risk_coverage(confidence, [True] * 100, at=(0.07, 0.29, 0.55, 0.57))] == [
        0.07, 0.29, 0.55, 0.57,
    ]  # fmt: skip


def test_area_under_risk_coverage_equals_a_figure_computed_by_hand() -> None:
    # Risks 0, 1/2, 1/3 with one, two, three items kept.
    assert area_under_risk_coverage([0.9, 0.8, 0.7], [True, False, True]) == pytest.approx(
        (0 + 1 / 2 + 1 / 3) / 3
    )


# ---- abstention threshold


def items(*groups: tuple[float, int, int]) -> tuple[list[float], list[bool]]:
    """Make items from (confidence, number right, number wrong)."""
    confidence = [c for c, right, wrong in groups for _ in range(right + wrong)]
    return confidence, [r for _, right, wrong in groups for r in [True] * right + [False] * wrong]


def test_the_model_abstains_where_most_labels_are_wrong() -> None:
    # Below 0.5: 8 of 20 right. Below 0.6: 18 of 35, so the threshold is 0.5.
    assert abstain_threshold(*items((0.4, 8, 12), (0.5, 10, 5), (0.6, 40, 10), (0.9, 115, 0))) == 0.5
    # Below 0.6: 15 of 30. Half is no better than a coin.
    assert abstain_threshold(*items((0.4, 10, 10), (0.5, 5, 5), (0.6, 40, 10), (0.9, 120, 0))) == 0.6


def test_too_few_or_too_many_uncertain_items_give_no_threshold() -> None:
    assert abstain_threshold(*items((0.4, 0, 19), (0.9, 181, 0))) == 0.0
    assert abstain_threshold(*items((0.4, 0, 20), (0.9, 180, 0))) == 0.9
    assert abstain_threshold(*items((0.4, 0, 41), (0.9, 159, 0))) == 0.0, "more than a fifth"
    assert abstain_threshold(*items((0.35, 5, 20), (0.4, 0, 30), (0.9, 145, 0))) == 0.4, (
        "the largest that fits"
    )
    assert abstain_threshold(*items((0.9, 50, 150))) == 0.0


@pytest.mark.parametrize(
    "function",
    [expected_calibration_error, reliability, risk_coverage, area_under_risk_coverage, abstain_threshold],
)
@pytest.mark.parametrize(
    ("confidence", "correct", "message"),
    [
        ([], [], "expected at least one item, got 0"),
        ([0.5], [True, False], r"shapes \(1,\) and \(2,\)"),
        ([0.5, 1.2], [True, True], r"must lie in \[0, 1\], got 0.5 to 1.2"),
        ([float("nan")], [True], "must lie in"),
    ],
)
def test_invalid_confidences_are_errors(
    function: Callable[..., object], confidence: list[float], correct: list[bool], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        function(confidence, correct)


def test_a_probability_may_exceed_one_by_a_rounding_error() -> None:
    assert expected_calibration_error([1 + 1e-7], [True]) == 0


def test_a_coverage_of_zero_is_an_error() -> None:
    with pytest.raises(ValueError, match="coverages in"):
        risk_coverage([0.5], [True], at=(0.0,))
