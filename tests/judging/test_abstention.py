"""The threshold from which enough answers are right."""

import pytest

from slant.judging.figures import precision_threshold


def items(*groups: tuple[float, int, int]) -> tuple[list[float], list[bool]]:
    """Make items from (confidence, number right, number wrong)."""
    confidence = [c for c, right, wrong in groups for _ in range(right + wrong)]
    return confidence, [r for _, right, wrong in groups for r in [True] * right + [False] * wrong]


def test_the_smallest_threshold_that_reaches_the_rate_is_chosen() -> None:
    # From 0.4: 60 of 100 right; from 0.6: 55 of 80; from 0.8: 40 of 50.
    uneven = items((0.4, 5, 15), (0.6, 15, 15), (0.8, 40, 10))
    assert precision_threshold(*uneven) == 0.8
    assert precision_threshold(*uneven, rate=0.65) == 0.6
    assert precision_threshold(*uneven, rate=0.6) == 0.0, "no threshold is needed"
    # From 0.3: 70 of 100; from 0.5: 68 of 88; from 0.7: 48 of 68. The smallest counts, although it gets worse above it.
    assert precision_threshold(*items((0.3, 2, 10), (0.5, 20, 0), (0.7, 48, 20))) == 0.5


def test_an_unreachable_rate_and_too_few_items_give_none() -> None:
    assert precision_threshold(*items((0.4, 10, 30), (0.9, 20, 20))) is None
    # The 19 at 0.99 are all right, but 19 are no evidence.
    assert precision_threshold(*items((0.4, 10, 30), (0.99, 19, 0))) is None
    assert precision_threshold(*items((0.4, 10, 30), (0.99, 20, 0))) == 0.99
    assert precision_threshold(*items((0.4, 10, 30), (0.99, 19, 0)), min_items=19) == 0.99


def test_a_threshold_keeps_the_items_that_it_was_chosen_on() -> None:
    threshold = precision_threshold([0.30001] * 20 + [0.70009] * 20, [False] * 20 + [True] * 20)
    assert threshold == 0.7
    assert threshold <= 0.70009


@pytest.mark.parametrize("rate", [0, 1.2, float("nan")])
def test_a_rate_is_a_share(rate: float) -> None:
    with pytest.raises(ValueError, match=r"rate in \(0, 1\]"):
        precision_threshold([0.5], [True], rate=rate)


def test_invalid_confidences_are_errors() -> None:
    with pytest.raises(ValueError, match="at least one item"):
        precision_threshold([], [])
    with pytest.raises(ValueError, match="must lie in"):
        precision_threshold([1.2], [True])
