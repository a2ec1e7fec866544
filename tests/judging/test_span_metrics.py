"""Span metrics, against figures computed by hand from their definitions."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slant.judging.metrics import character_f1, merge_overlapping, overlap_counts, overlap_f1

extents = st.tuples(st.integers(0, 60), st.integers(1, 20)).map(lambda p: (p[0], p[0] + p[1]))
articles = st.lists(extents, max_size=6)
pairs = st.lists(st.tuples(articles, articles), min_size=1, max_size=5)


def test_overlapping_spans_merge_and_touching_ones_do_not():
    assert merge_overlapping([(5, 9), (0, 3), (2, 6)]) == [(0, 9)]
    assert merge_overlapping([(0, 3), (3, 6)]) == [(0, 3), (3, 6)]
    assert merge_overlapping([(0, 9), (2, 4), (2, 4)]) == [(0, 9)]


@pytest.mark.parametrize("span", [(4, 4), (5, 2)])
def test_a_span_without_characters_is_an_error(span):
    with pytest.raises(ValueError, match=r"at least one character"):
        merge_overlapping([span])


def test_partial_overlap_by_hand():
    # s = 0..10 and t = 5..15 share 5 characters: P 5/10, R 5/10.
    assert overlap_f1([[(0, 10)]], [[(5, 15)]]) == {"precision": 0.5, "recall": 0.5, "f1": 0.5}


def test_one_prediction_over_two_gold_spans_by_hand():
    # |s| = 20 contains two gold spans of 4 and 6 characters: P 10/20, R (1 + 1)/2.
    figures = overlap_f1([[(0, 20)]], [[(2, 6), (10, 16)]])
    assert figures == pytest.approx({"precision": 0.5, "recall": 1.0, "f1": 2 / 3})


def test_two_predictions_inside_one_gold_span_by_hand():
    # P (1 + 1)/2, R 3/10 + 4/10.
    figures = overlap_f1([[(0, 3), (5, 9)]], [[(0, 10)]])
    assert figures == pytest.approx({"precision": 1.0, "recall": 0.7, "f1": 1.4 / 1.7})


def test_overlapping_predictions_count_once_by_hand():
    # 0..6 and 4..10 become 0..10, so that 4..6 does not count twice: P 10/10 of one span, R 10/20.
    assert overlap_counts([(0, 6), (4, 10)], [(0, 20)]) == (1.0, 1.0, 0.5, 1.0)


def test_counts_are_summed_over_articles_before_the_division():
    # Article 1: an exact hit. Article 2: a false positive and no gold. Article 3: a missed span.
    figures = overlap_f1([[(0, 4)], [(7, 9)], []], [[(0, 4)], [], [(1, 5)]])
    assert figures == {"precision": 0.5, "recall": 0.5, "f1": 0.5}


def test_f1_is_one_if_both_sides_are_empty_and_zero_if_one_is():
    assert overlap_f1([[]], [[]])["f1"] == 1.0
    assert overlap_f1([[]], [[(0, 1)]])["f1"] == 0.0
    assert overlap_f1([[(0, 1)]], [[]])["f1"] == 0.0


@settings(max_examples=50, deadline=None)
@given(pairs)
def test_overlap_f1_is_bounded_and_symmetric(rows):
    found, gold = [p for p, _ in rows], [g for _, g in rows]
    there, back = overlap_f1(found, gold), overlap_f1(gold, found)
    assert all(0 <= value <= 1 + 1e-9 for value in there.values())
    assert there["f1"] == pytest.approx(back["f1"])
    assert there["precision"] == pytest.approx(back["recall"])


@settings(max_examples=50, deadline=None)
@given(articles)
def test_overlap_f1_of_itself_is_one(spans):
    assert overlap_f1([spans], [spans])["f1"] == pytest.approx(1.0)


@settings(max_examples=50, deadline=None)
@given(pairs, st.integers(1, 500))
def test_overlap_f1_does_not_depend_on_the_offset_of_the_text(rows, shift):
    def moved(spans):
        return [(start + shift, end + shift) for start, end in spans]

    found, gold = [p for p, _ in rows], [g for _, g in rows]
    assert overlap_f1(found, gold) == overlap_f1([*map(moved, found)], [*map(moved, gold)])


def test_character_f1_by_hand():
    assert character_f1([], []) == 1.0
    assert character_f1([(0, 2)], []) == 0.0
    assert character_f1([], [(0, 2)]) == 0.0
    # 4 and 6 characters, 2 in common: 2·2 / (4 + 6).
    assert character_f1([(0, 4)], [(2, 8)]) == pytest.approx(0.4)
    # Overlapping spans hold each character once.
    assert character_f1([(0, 4), (2, 6)], [(0, 6)]) == 1.0


@settings(max_examples=50, deadline=None)
@given(articles, articles)
def test_character_f1_is_symmetric_and_bounded(found, gold):
    assert 0 <= character_f1(found, gold) <= 1
    assert character_f1(found, gold) == character_f1(gold, found)
    assert character_f1(found, found) == 1.0
