"""The stance is withheld below the probability from which three quarters of against and favor are right on dev."""

from __future__ import annotations

import numpy as np
import pytest

from slant.training.thresholds import SIDE_RATE, _side_threshold

AGAINST, NEUTRAL, FAVOR = range(3)


def rows(*groups: tuple[int, float, int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Make probabilities and gold from (predicted label, its probability, number right, number wrong)."""
    p, gold = [], []
    for label, probability, right, wrong in groups:
        table = np.full(3, (1 - probability) / 2)
        table[label] = probability
        p += [table] * (right + wrong)
        gold += [label] * right + [(label + 1) % 3] * wrong
    return np.array(p), np.array(gold)


def test_the_threshold_is_chosen_on_against_and_favor_only() -> None:
    assert SIDE_RATE == 0.75
    sides = [(AGAINST, 0.5, 10, 30), (FAVOR, 0.8, 30, 10)]
    threshold, note = _side_threshold(*rows(*sides))
    assert threshold == 0.8
    assert note == "; abstains from 50.0 %, 75 % of the other against and favor right"
    # However wrong the answers neutral are, they do not count, but those below the threshold are withheld too.
    again, note = _side_threshold(*rows(*sides, (NEUTRAL, 0.9, 0, 100), (NEUTRAL, 0.6, 20, 0)))
    assert again == 0.8
    assert "abstains from 30.0 %, 75 %" in note


def test_no_threshold_is_needed_where_most_are_right() -> None:
    threshold, note = _side_threshold(*rows((AGAINST, 0.5, 30, 10), (NEUTRAL, 0.4, 0, 40)))
    assert (threshold, note) == (0.0, "; abstains from 0.0 %, 75 % of the other against and favor right")


@pytest.mark.parametrize("groups", [[(AGAINST, 0.5, 20, 20)], [(NEUTRAL, 0.5, 40, 0)]])
def test_a_model_that_cannot_reach_the_rate_never_abstains_and_says_so(
    groups: list[tuple[int, float, int, int]],
) -> None:
    threshold, note = _side_threshold(*rows(*groups))
    assert (threshold, note) == (0.0, "; never abstains: no threshold makes 75 % of against and favor right")
