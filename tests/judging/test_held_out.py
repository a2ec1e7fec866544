"""Author's stance on held-out sets: sets without neutral and favor, both sides of an event, the mean over sets."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from slant.judging import judged_sets
from slant.judging.figures import mean_figure, paired, paired_mean, set_result
from slant.judging.held_out import HeldOut, answers, held_out_result
from slant.judging.judged_items import JudgedItems, judge_items
from slant.judging.judged_sets import (
    AGAINST_OR_NOT,
    BY_PHENOMENON,
    SPECS,
    SetSpec,
    choose_sets,
    judged_examples,
)
from slant.judging.metrics import both_right, tally_classes, tally_pairs
from slant.judging.scorecard import Settings, judge
from slant.judging.scorecard_files import markdown, write
from slant.judging.scorecard_records import Figure, read
from slant.records import STANCES, Example, Prediction, TargetLabel

SPEC = {spec.name: spec for spec in SPECS}


def scores(label: str, p: float = 0.8) -> dict[str, float]:
    return {name: p if name == label else (1 - p) / 2 for name in STANCES}


class Fixed:
    """Predicts the given stances, one list per example."""

    name, fingerprint = "fixed", "f0"

    def __init__(self, *stances):
        self.stances = stances

    def predict(self, examples, *, gold_spans=False):
        return [Prediction(stance=tuple(rows)) for rows in self.stances]


def text(*targets: TargetLabel, group="g1", what="sides-A"):
    return Example(
        id=what, source="s", split="held_out", group=group, text="The ferries are late.", targets=targets,
        meta={"what": what},
    )  # fmt: skip


# ---- sets that lack a label


def targets(*labels):
    return [TargetLabel(str(i), label) for i, label in enumerate(labels)]


def test_neutral_favor_and_unrelated_are_all_not_against_where_the_set_cannot_tell():
    example = text(*targets("against", "neutral", "neutral", "neutral"))
    unsure = {"against": 0.3, "neutral": 0.2, "favor": 0.1, "unrelated": 0.4}
    rows = [scores("favor"), scores("favor"), unsure, scores("against")]
    items = judge_items(SPEC["unscon/all"], [example], Fixed(rows))
    against, other = AGAINST_OR_NOT
    assert items.gold == [against, other, other, other]
    assert items.predicted == [other, other, other, against]
    assert items.probability == pytest.approx([0.9, 0.9, 0.7, 0.8])


def test_against_must_be_the_likeliest_of_three_as_in_use():
    table = {"against": 0.4, "neutral": 0.35, "favor": 0.25}
    items = judge_items(SPEC["unscon/all"], [text(TargetLabel("x", "against"))], Fixed([table]))
    assert (items.predicted, items.probability) == (["against"], [0.4])


@pytest.mark.train
def test_an_answer_that_the_set_lacks_is_wrong_but_no_class_of_its_own():
    spec = SPEC["fignews/majority"]
    example = text(*targets("against", "neutral", "neutral"))
    items = judge_items(spec, [example], Fixed([scores("against"), scores("neutral"), scores("favor")]))
    result = set_result(spec, items, resamples=10, seed=0)
    # against 1; neutral: precision 1, recall 1/2. With a class favor it would be (1 + 2/3 + 0) / 3.
    assert result.figure.value == pytest.approx((1 + 2 / 3) / 2)
    assert [row.label for row in result.labels] == ["against", "neutral"]
    assert result.figure.low == result.figure.high == pytest.approx(result.figure.value), "a single group"


# ---- both sides of an event


def group(name, *accounts):
    """Texts of a contrast group: (what, {target: label})."""
    return [
        text(*(TargetLabel(t, s) for t, s in gold.items()), group=name, what=what) for what, gold in accounts
    ]


def test_both_right_pairs_the_accounts_of_both_sides_with_opposite_gold():
    examples = group(
        "g1",
        ("sides-A", {"law": "favor", "Tabloids": "against", "bank": "neutral"}),
        ("sides-B", {"law": "against", "tabloids": "favor", "bank": "against"}),
        ("wire", {"law": "neutral"}),
        ("comment", {"law": "against"}),
    )
    two_of_a_side = ("sides-A", {"law": "favor"}), ("sides-A", {"law": "against"})
    examples += group("g2", *two_of_a_side, ("sides-B", {"law": "favor"}))
    stances = [
        [scores("favor"), scores("against"), scores("neutral")],
        [scores("against"), scores("against"), scores("against")],
        [scores("neutral")],
        [scores("against")],
        [scores("favor")],
        [scores("against")],
        [scores("neutral")],
    ]
    items = judge_items(SPEC["contrast/sides"], examples, Fixed(*stances))
    assert items.groups == ["g1", "g1", "g2"], "two accounts of one side are no pair"
    assert items.gold == [("favor", "against"), ("against", "favor"), ("against", "favor")]
    assert items.predicted == [("favor", "against"), ("against", "against"), ("against", "neutral")]


@pytest.mark.train
def test_a_model_that_judges_by_the_event_tells_no_sides_apart():
    examples = group("g1", ("sides-A", {"law": "favor"}), ("sides-B", {"law": "against"}))
    examples += group("g2", ("sides-A", {"law": "favor"}), ("sides-B", {"law": "against"}))
    spec = SPEC["contrast/sides"]

    def share(*labels):
        items = judge_items(spec, examples, Fixed(*([scores(label)] for label in labels)))
        result = set_result(spec, items, resamples=50, seed=0)
        return result.figure, result.n, result.groups

    assert share("against", "against", "favor", "favor") == (Figure(0.0, 0.0, 0.0), 2, 2)
    half, n, groups = share("favor", "against", "favor", "favor")
    assert (half.value, half.low, half.high, n, groups) == (0.5, 0.0, 1.0, 2, 2)
    silent = judge_items(spec, examples, Fixed(*[[None]] * 4))
    assert silent.predicted == [None, None]
    assert set_result(spec, silent, resamples=5, seed=0).reason == "the model has no prediction for this task"


def test_both_right_wants_opposite_gold_labels():
    assert both_right([("favor", "against"), ("favor", "favor")], [("favor", "against")] * 2) == 0.5
    with pytest.raises(ValueError, match="one label against and one favor per gold pair"):
        both_right([("favor", "favor")], [("favor", "neutral")])
    with pytest.raises(ValueError, match="at least one pair"):
        both_right([], [])
    tally = tally_pairs(
        ["a", "a", "b"], [("favor", "against")] * 3, [("favor", "against"), None, None], label="x"
    )
    assert tally.overall.tolist() == [[1, 2, 1, 2], [0, 1, 0, 1]]


@pytest.mark.train
def test_accuracy_counts_an_abstention_as_wrong():
    spec = SPEC["contrast/phenomena"]
    items = JudgedItems(["a", "b"], ["favor", "against"], ["favor", None], [0.9, None], [{}, {}])
    assert set_result(spec, items, resamples=10, seed=0).figure.value == 0.5


def test_phenomena_are_roles_that_the_held_out_groups_have():
    counts: dict[str, int] = {}
    for example in judged_examples(SPEC["contrast/held_out"], Path()):
        counts[example.meta["what"]] = counts.get(example.meta["what"], 0) + len(example.targets)
    assert len({what for _, _, what in BY_PHENOMENON}) == len(BY_PHENOMENON)
    assert all(counts.get(what, 0) >= 12 for _, _, what in BY_PHENOMENON)


# ---- the mean over sets


def toy_items(*rows, size=1):
    """Items from (gold, predicted, probability), each in a group of its own."""
    return JudgedItems(
        [str(i // size) for i in range(len(rows))], *(list(column) for column in zip(*rows, strict=True)), [{}] * len(rows)
    )  # fmt: skip


def toy_set(name, items, other=None):
    spec = SetSpec(
        name, name, "toy", "test", None, "stance", "macro_f1", STANCES, "posts", official=False, held_out=True
    )
    return HeldOut(spec, set_result(spec, items, resamples=20, seed=0), items, other)


RIGHT = [("against", "against", 0.9), ("favor", "favor", 0.8), ("neutral", "neutral", 0.7)] * 10
WRONG = [("against", "favor", 0.6), ("favor", "against", 0.5)]


@pytest.mark.train
def test_sets_count_equally_whatever_their_size():
    sets = [toy_set("large", toy_items(*RIGHT)), toy_set("small", toy_items(*WRONG))]
    row = held_out_result(sets, resamples=200, seed=0)
    assert row.figure.value == 0.5, "1 on 30 items, 0 on two"
    assert (row.set, row.metric, row.n, row.groups, row.official) == (
        "held_out/stance",
        "mean macro-F1",
        32,
        32,
        False,
    )
    assert row.figure.low <= 0.5 <= row.figure.high
    assert "mean over 2 sets, each counting equally: large, small" in row.note


def test_the_interval_resamples_the_groups_of_every_set():
    rng = np.random.default_rng(0)
    labels = [STANCES[i] for i in rng.integers(0, 3, 120)]
    predicted = [
        label if keep else "neutral" for label, keep in zip(labels, rng.random(120) < 0.6, strict=True)
    ]

    def tally(groups):
        return ("macro_f1", tally_classes(groups, labels, predicted, labels=STANCES))

    single, pairs = tally([str(i) for i in range(120)]), tally([str(i // 6) for i in range(120)])
    one = mean_figure([single], resamples=400, seed=1)
    four = mean_figure([single] * 4, resamples=400, seed=1)
    assert one.value == pytest.approx(four.value)
    assert (four.high - four.low) < 0.65 * (one.high - one.low), "the sets are drawn independently"
    whole = mean_figure([pairs], resamples=400, seed=1)
    assert whole.low != one.low, "whole groups are drawn"


def test_the_mean_of_one_set_is_compared_like_the_set():
    ours = tally_classes(list("aabbcc"), ["favor"] * 6, ["favor"] * 6, labels=STANCES)
    theirs = tally_classes(list("aabbcc"), ["favor"] * 6, ["favor", "against"] * 3, labels=STANCES)
    alone = paired("macro_f1", ours, theirs, resamples=50, seed=3)
    assert paired_mean([("macro_f1", ours, theirs)], resamples=50, seed=3) == alone
    both = paired_mean([("macro_f1", ours, theirs)] * 2, resamples=50, seed=3)
    assert both.difference.value == pytest.approx(alone.difference.value)
    assert both.p < alone.p, "six groups are more evidence than three"


@pytest.mark.train
def test_a_set_without_figure_leaves_the_mean_without_one():
    missing = toy_set("gone", JudgedItems())
    row = held_out_result([toy_set("large", toy_items(*RIGHT)), missing], resamples=5, seed=0)
    assert row.figure.value is None
    assert row.reason == "gone: the split has no gold item of this task"
    assert row.answers == ()


# ---- fewer answers


def test_answers_are_cut_at_one_threshold_with_equal_weight_per_set():
    # The two answers of "small" weigh as much as the four of "large".
    large = toy_items(
        ("favor", "favor", 0.9),
        ("favor", "favor", 0.8),
        ("neutral", "neutral", 0.7),
        ("neutral", "favor", 0.3),
    )
    small = toy_items(("against", "neutral", 0.85), ("against", "against", 0.2))
    sets = [
        HeldOut(toy_set("x", RIGHT_ITEMS).spec, toy_set("x", RIGHT_ITEMS).result, own)
        for own in (large, small)
    ]
    everything, most = answers(sets, resamples=50, seed=0, at=(1.0, 0.6))
    assert (everything.coverage, everything.n, everything.threshold) == (1.0, 6, 0.2)
    assert everything.right.value == pytest.approx((3 / 4 + 1 / 2) / 2)
    # Against or favor: three of "large" (1/4 each, two right), one of "small" (1/2, right).
    assert (everything.n_sides, everything.sides_right.value) == (
        4,
        pytest.approx((2 / 4 + 1 / 2) / (3 / 4 + 1 / 2)),
    )
    # By confidence, 1/8 + 1/4 + 1/8 of the weight is 0.5; the next item makes it 0.625.
    assert (most.coverage, most.n, most.threshold) == (pytest.approx(0.625), 4, 0.7)
    assert most.right.value == pytest.approx((3 / 4) / (3 / 4 + 1 / 2))
    assert most.sides_right.value == 1.0
    assert everything.right.low <= everything.right.value <= everything.right.high


def test_abstentions_come_last_and_are_wrong():
    own = toy_items(("favor", None, None), ("favor", "favor", 0.4))
    sets = [HeldOut(SPEC["reading/socc"], toy_set("x", RIGHT_ITEMS).result, own)]
    everything, half = answers(sets, resamples=20, seed=0, at=(1.0, 0.5))
    assert (everything.right.value, half.right.value, half.threshold) == (0.5, 1.0, 0.4)
    assert everything.n_sides == 1


def test_no_answer_with_a_side_gives_no_figure():
    own = toy_items(("neutral", "neutral", 0.4))
    sets = [HeldOut(SPEC["reading/socc"], toy_set("x", RIGHT_ITEMS).result, own)]
    (row,) = answers(sets, resamples=5, seed=0, at=(1.0,))
    assert (row.n_sides, row.sides_right) == (0, Figure(None))


RIGHT_ITEMS = toy_items(*RIGHT)


# ---- the scorecard


@pytest.fixture
def two_sets(monkeypatch):
    """Two held-out sets of ferries, and contrast groups, with a predictor that is right on favor only."""

    class Reader:
        splits = ("test",)

        def __init__(self, name):
            self.name = name

        def read(self, root, split):
            for i, label in enumerate((*STANCES, "unrelated") * 3):
                yield replace(
                    text(TargetLabel("ferries", label), group=str(i)),
                    source=self.name,
                    meta={"what": "sarcasm"},
                )

    base = replace(toy_set("a", RIGHT_ITEMS).spec, source="a", name="a/test", title="A")
    phenomena = replace(
        base, name=judged_sets.PHENOMENA, title="Groups, phenomena", metric="accuracy", held_out=False,
        views=(("sarcasm", "what", "sarcasm"), ("praise", "what", "praise")),
    )  # fmt: skip
    monkeypatch.setattr(
        judged_sets, "SPECS", (base, replace(base, source="b", name="b/test", title="B"), phenomena)
    )
    for name in "ab":
        monkeypatch.setitem(judged_sets.LABELED_SETS, name, Reader(name))


class Favor:
    name, fingerprint = "favor", "f1"

    def predict(self, examples, *, gold_spans=False):
        return [Prediction(stance=(scores("favor"),)) for _ in examples]


@pytest.mark.train
def test_the_scorecard_ends_with_the_mean_and_keeps_it_in_its_files(two_sets, tmp_path):
    settings = Settings(resamples=20, full=False)
    card = judge(
        Favor(), sets=None, root=tmp_path, settings=settings, against=Fixed(*[[scores("favor")]] * 12)
    )
    mean = card.results[-1]
    # Favor: 3 of 12, so F1 .4; the two other labels 0.
    assert (mean.set, mean.figure.value) == ("held_out/stance", pytest.approx(0.4 / 3))
    assert mean.against.difference.value == 0
    assert mean.signature.startswith("set:held_out|split:all|part:all|metric:mean|data:")
    assert "|n:24|groups:24|" in mean.signature
    assert [row.coverage for row in mean.answers] == [1.0] * 6, "all answers are equally confident"
    write(card, tmp_path / "out")
    assert read(tmp_path / "out") == card
    page = markdown(card)
    assert "| Held-out sets, stance [" in page
    assert "## Held-out sets: accuracy of the most confident answers" in page
    assert "| 100.0 | 0.800 | 25.0 [" in page
    assert "| sarcasm | 25.0 [" in page
    assert "| 0.0 (3) | 0.0 (6) | 100.0 (3) |" in page
    assert "| Groups, phenomena, sarcasm | accuracy" not in page, "phenomena have a table of their own"


@pytest.mark.train
def test_the_mean_needs_all_held_out_sets(two_sets, tmp_path):
    settings = Settings(resamples=5, full=False)
    some = judge(Favor(), sets=["a"], root=tmp_path, settings=settings)
    assert [row.set for row in some.results] == ["a/test"]
    assert "Held-out sets" not in markdown(some)
    every = judge(Favor(), sets=["held_out"], root=tmp_path, settings=settings)
    assert [row.set for row in every.results] == ["a/test", "b/test", "held_out/stance"]


def test_the_held_out_sets_are_chosen_by_one_name_and_are_unofficial():
    found = choose_sets(["held_out"])
    assert [spec.name for spec in found] == [
        "reading/socc", "reading/gdelt_ukraine", "reading/polnear_train", "reading/reddit_titles", "reading/us_gov",
        "unscon/all", "fignews/majority",
    ]  # fmt: skip
    assert not any(spec.official or spec.on_demand for spec in found)
    assert {spec.train for spec in found if spec.source == "slant_reading"} == {"fit"}
