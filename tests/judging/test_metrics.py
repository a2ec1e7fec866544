"""Metrics from counts per group equal those of scikit-learn and `evaluate`; totals equal those of resampled items."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slant.judging.metrics import (
    macro_f1,
    metric_value,
    percentile_interval,
    precision_recall_f1,
    resample_totals,
    resample_weights,
    tally_characters,
    tally_classes,
    tally_overlap,
)

LABELS = ("against", "neutral", "favor")
rows = st.lists(
    st.tuples(st.sampled_from("abcd"), st.sampled_from(LABELS), st.sampled_from((*LABELS, None))),
    min_size=1,
    max_size=40,
)


def value(metric, tally):
    return float(metric_value(metric, tally.by_label.sum(0), tally.overall.sum(0)))


def test_macro_f1_equals_a_figure_computed_by_hand():
    gold = ["against", "against", "neutral", "favor"]
    predicted = ["against", "neutral", "neutral", "neutral"]
    # against: P 1, R 1/2 → 2/3. neutral: P 1/3, R 1 → 1/2. favor: never predicted → 0.
    tally = tally_classes(["a"] * 4, gold, predicted, labels=LABELS)
    assert value("macro_f1", tally) == pytest.approx((2 / 3 + 1 / 2 + 0) / 3)
    assert value("micro_f1", tally) == pytest.approx(2 / 4)


def test_precision_of_a_label_never_predicted_is_undefined_not_zero():
    tally = tally_classes(["a"], ["favor"], ["neutral"], labels=LABELS)
    precision, recall, f1 = precision_recall_f1(tally.by_label.sum(0))
    assert np.isnan(precision[2])
    assert recall[2] == 0
    assert f1[2] == 0
    assert np.isnan(f1[0])  # neither in gold nor predicted


@pytest.mark.train
@settings(max_examples=40, deadline=None)
@given(rows)
def test_classes_equal_scikit_learn(items):
    from sklearn.metrics import f1_score, precision_recall_fscore_support

    groups, gold, predicted = zip(*items, strict=True)
    tally = tally_classes(groups, gold, predicted, labels=LABELS)
    words = [word or "" for word in predicted]
    present = sorted({*gold, *words} - {""})
    for average in ("macro", "micro"):
        expected = f1_score(gold, words, labels=present, average=average, zero_division=0)
        assert value(f"{average}_f1", tally) == pytest.approx(expected)
    expected = precision_recall_fscore_support(gold, words, labels=LABELS, zero_division=0)
    for mine, theirs in zip(precision_recall_f1(tally.by_label.sum(0)), expected, strict=False):
        assert np.nan_to_num(mine) == pytest.approx(theirs)


@pytest.mark.slow
@pytest.mark.train
@settings(max_examples=10, deadline=None)
@given(rows)
def test_classes_equal_the_evaluate_metric(items):
    from slant.judging.metrics_evaluate import official_value

    groups, gold, predicted = zip(*items, strict=True)
    tally = tally_classes(groups, gold, predicted, labels=LABELS)
    for metric in ("macro_f1", "micro_f1"):
        assert official_value(metric, predicted, gold) == pytest.approx(value(metric, tally))


@pytest.mark.train
def test_spans_equal_the_evaluate_metric_and_labels_are_counted_separately():
    from slant.judging.metrics_evaluate import official_value

    gold = {"a1": [(0, 10, "doubt"), (20, 30, "slogans")], "a2": []}
    found = {"a1": [(0, 5, "doubt"), (20, 30, "doubt")], "a2": [(3, 6, "slogans")]}
    tally = tally_overlap(gold, found, labels=("doubt", "slogans"))
    # all: P (1 + 1 + 0)/3, R (5/10 + 1)/2
    assert value("overlap_f1", tally) == pytest.approx(2 * (2 / 3) * 0.75 / (2 / 3 + 0.75))
    assert official_value("overlap_f1", [*found.values()], [*gold.values()]) == value("overlap_f1", tally)
    precision, recall, _ = precision_recall_f1(tally.by_label.sum(0))
    assert precision.tolist() == [0.5, 0.0]
    assert recall.tolist() == [0.5, 0.0]


@pytest.mark.train
def test_posts_equal_the_evaluate_metric():
    from slant.judging.metrics_evaluate import official_value

    gold, found = [[(0, 4)], [], [(2, 8)]], [[(0, 4)], [(1, 2)], [(0, 4)]]
    tally = tally_characters(["p1", "p2", "p3"], gold, found, label="toxic")
    assert tally.overall[:, 0] == pytest.approx([1.0, 0.0, 0.4])
    assert value("character_f1", tally) == pytest.approx(1.4 / 3)
    assert official_value("character_f1", found, gold) == pytest.approx(1.4 / 3)
    # pooled characters: 4 + 0 + 2 hits of 4 + 1 + 4 predicted and 4 + 0 + 6 gold
    assert precision_recall_f1(tally.by_label.sum(0))[0] == pytest.approx([6 / 9])
    assert precision_recall_f1(tally.by_label.sum(0))[1] == pytest.approx([6 / 10])


def test_weights_draw_whole_groups_and_depend_on_the_seed():
    weights = resample_weights(7, resamples=200, seed=3)
    assert (weights.sum(1) == 7).all()
    assert weights.mean(0) == pytest.approx(np.ones(7), abs=0.3)
    assert (weights == resample_weights(7, resamples=200, seed=3)).all()
    assert (weights != resample_weights(7, resamples=200, seed=4)).any()


def test_resampled_totals_equal_repeating_the_items():
    groups = ["a", "a", "b", "c"]
    gold = ["favor", "neutral", "favor", "against"]
    predicted = ["favor", "favor", "against", "against"]
    tally = tally_classes(groups, gold, predicted, labels=LABELS)
    weights = resample_weights(3, resamples=20, seed=0)
    totals = resample_totals(tally.by_label, weights)
    for row, total in zip(weights.astype(int), totals, strict=True):
        drawn = [i for i, group in enumerate(groups) for _ in range(row["abc".index(group)])]
        again = tally_classes(
            ["x"] * len(drawn), [gold[i] for i in drawn], [predicted[i] for i in drawn], labels=LABELS
        )
        assert float(macro_f1(total)) == pytest.approx(value("macro_f1", again))


def test_intervals_ignore_undefined_resamples():
    low, high = percentile_interval(np.array([[0.0, np.nan], [1.0, np.nan], [np.nan, np.nan]]))
    assert low[0] == pytest.approx(0.025)
    assert high[0] == pytest.approx(0.975)
    assert np.isnan([low[1], high[1]]).all()


def test_dependent_items_widen_the_interval():
    """200 predictions in 10 groups, each all right or all wrong: the interval must reflect 10 groups, not 200 items."""
    predicted = ["favor" if i // 20 % 2 else "neutral" for i in range(200)]

    def width(groups):
        tally = tally_classes(groups, ["favor"] * 200, predicted, labels=LABELS)
        weights = resample_weights(len(tally.groups), resamples=500, seed=0)
        low, high = percentile_interval(
            precision_recall_f1(resample_totals(tally.by_label, weights))[1][:, 2]
        )
        return high - low

    assert width([str(i // 20) for i in range(200)]) > 3 * width([str(i) for i in range(200)])
