"""Pairing predictions with gold: article offsets, spans over line ends, identical spans, abstentions."""

from dataclasses import replace

import pytest

from slant.errors import SlantError, UsageError
from slant.judging.judged_items import judge_items, match
from slant.judging.judged_sets import SPECS, choose_sets, data_fingerprint
from slant.records import Example, Loaded, Prediction, Span, TargetLabel

SPEC = {spec.name: spec for spec in SPECS}


class FixedPredictor:
    """A predictor that returns given predictions and records its calls."""

    name = "fixed"
    fingerprint = "f"

    def __init__(self, *predictions):
        self.predictions = list(predictions)
        self.calls = []

    def predict(self, examples, *, gold_spans=False):
        self.calls.append((list(examples), gold_spans))
        return self.predictions


def line(text, offset, *spans, group="a1"):
    return Example(
        id=f"{group}:{offset}", source="ptc", split="dev", group=group, text=text, offset=offset,
        loaded=tuple(Span(*span) for span in spans),
    )  # fmt: skip


def loaded(start, end, label="doubt"):
    return Loaded(start, end, "x" * (end - start), label, 0.9, "outlet")


def test_spans_of_lines_get_article_offsets():
    lines = [line("The mayor lied.", 0), line("Nobody asked why.", 16), line("Rain fell.", 0, group="a2")]
    predictor = FixedPredictor(
        Prediction(loaded=(loaded(10, 14),)),
        Prediction(loaded=(loaded(0, 6), loaded(13, 16))),
        Prediction(),
    )
    gold = {"a1": [Span(10, 22, "doubt")], "a2": []}
    items = judge_items(SPEC["ptc/si"], lines, predictor, gold)
    assert items.groups == ["a1", "a2"]
    assert items.gold == [[(10, 22, "doubt")], []]
    assert items.predicted == [[(10, 14, "doubt"), (16, 22, "doubt"), (29, 32, "doubt")], []]
    # 10..14 and 16..22 are on both sides of a line end and remain two spans: P (1 + 1 + 0)/3, R 10/12.
    tally = items.tally(SPEC["ptc/si"])
    assert tally.overall.sum(0) == pytest.approx([2, 3, 10 / 12, 1])


def test_a_technique_over_a_line_end_gets_the_mean_scores_of_its_parts():
    lines = [line("one two", 0, (4, 7, "doubt")), line("three", 8, (0, 5, "doubt")), line("four", 14)]
    predictor = FixedPredictor(
        Prediction(span_scores=({"doubt": 0.6, "slogans": 0.4},)),
        Prediction(span_scores=({"doubt": 0.1, "slogans": 0.9},)),
        Prediction(),
    )
    items = judge_items(SPEC["ptc/tc"], lines, predictor, {"a1": [Span(4, 13, "doubt")]})
    assert (items.gold, items.predicted) == (["doubt"], ["slogans"])  # .35 against .65
    examples, gold_spans = predictor.calls[0]
    assert gold_spans
    assert examples == lines, (
        "also the line without gold spans: repetition is visible only in the whole article"
    )


def test_identical_spans_get_the_best_techniques_in_the_most_favorable_order():
    scores = {"doubt": 0.5, "slogans": 0.3, "repetition": 0.2}
    assert match(["slogans", "doubt"], scores) == [("slogans", "slogans"), ("doubt", "doubt")]
    assert match(["repetition", "slogans"], scores) == [("slogans", "slogans"), ("repetition", "doubt")]
    assert match(["slogans"], scores) == [("slogans", "doubt")]
    assert match(["doubt", "doubt"], scores) == [("doubt", "doubt"), ("doubt", "slogans")]
    assert match(["doubt", "slogans"], {}) == [("doubt", None), ("slogans", None)]


def test_a_model_without_techniques_abstains():
    lines = [line("one two", 0, (4, 7, "doubt"))]
    items = judge_items(SPEC["ptc/tc"], lines, FixedPredictor(Prediction()), {"a1": [Span(4, 7, "doubt")]})
    assert items.predicted == [None]


def test_stance_has_one_item_per_labeled_target_and_abstains_without_a_prediction():
    example = Example(
        id="1", source="vast", split="test", group="g", text="Trams are slow.",
        targets=(TargetLabel("trams", "against"), TargetLabel("buses"), TargetLabel("rail", "neutral")),
        meta={"seen": "0"},
    )  # fmt: skip
    tables = ({"against": 0.7, "neutral": 0.2, "favor": 0.1}, {"favor": 1.0}, {"against": 1.0})
    items = judge_items(SPEC["vast/test"], [example], FixedPredictor(Prediction(stance=tables)))
    assert (items.gold, items.predicted) == (["against", "neutral"], ["against", "against"])
    assert judge_items(SPEC["vast/test"], [example], FixedPredictor(Prediction())).predicted == [None, None]
    assert items.where("seen", "0").gold == ["against", "neutral"]
    assert items.where("seen", "1").gold == []


def test_unrelated_counts_as_neutral_in_gold_and_prediction():
    names = ("trams", "buses", "rail", "ferries")
    gold = ("neutral", "unrelated", "against", "unrelated")
    example = Example(
        id="1", source="vast", split="test", group="g", text="Trams are slow.",
        targets=tuple(map(TargetLabel, names, gold)),
    )  # fmt: skip
    tables = (
        {"against": 0.4, "neutral": 0.25, "favor": 0.1, "unrelated": 0.25},
        {"against": 0.1, "neutral": 0.1, "favor": 0.2, "unrelated": 0.6},
        {"against": 0.6, "neutral": 0.1, "favor": 0.1, "unrelated": 0.2},
        None,
    )
    items = judge_items(SPEC["vast/test"], [example], FixedPredictor(Prediction(stance=tables)))
    assert items.gold == ["neutral", "neutral", "against", "neutral"]
    assert items.predicted == ["neutral", "neutral", "against", None]
    assert items.probability[:3] == pytest.approx([0.5, 0.7, 0.6])
    assert items.probability[3] is None


def test_portrayal_is_judged_by_its_own_labels_and_predictions():
    text = "The mayor met the council."
    example = Example(
        id="1", source="newsmtsc", split="test_rw", group="g", text=text,
        targets=(
            TargetLabel("mayor", "favor", ((4, 9),), portrayal="negative"),
            TargetLabel("council", "against", ((18, 25),)),
            TargetLabel("ferry", portrayal="neutral"),
        ),
    )  # fmt: skip
    said = Prediction(
        stance=({"favor": 1.0},) * 3,
        portrayal=({"negative": 0.3, "neutral": 0.1, "positive": 0.6}, {"negative": 1.0}, {"neutral": 0.5}),
    )
    items = judge_items(SPEC["newsmtsc/test_rw"], [example], FixedPredictor(said))
    assert (items.gold, items.predicted) == (["negative", "neutral"], ["positive", "neutral"])
    assert items.probability == [0.6, 0.5]
    mute = judge_items(SPEC["newsmtsc/test_rw"], [example], FixedPredictor(Prediction(stance=said.stance)))
    assert mute.predicted == [None, None], "a stance is no answer to this question"


def test_yes_is_predicted_from_probability_one_half():
    sentences = [
        Example(id=str(i), source="babe", split="all", group=str(i), text="A bridge opened.", biased=gold)
        for i, gold in enumerate((True, False, True, None))
    ]
    predictions = [Prediction(biased=p) for p in (0.5, 0.49, None, 1.0)]
    items = judge_items(SPEC["babe/fold0"], sentences, FixedPredictor(*predictions))
    assert items.gold == ["biased", "non_biased", "biased"]
    assert items.predicted == ["biased", "non_biased", None]
    assert items.probability == [0.5, 0.51, None]


def test_frames_are_mapped_to_the_classes_of_the_set():
    example = Example(id="1", source="frac", split="gold", group="1", text="Taxes.", frames=("economic",))
    frames = {"crime_and_punishment": 0.6, "economic": 0.5, "unheard_of": 0.9}
    items = judge_items(SPEC["frac/gold"], [example], FixedPredictor(Prediction(frames=frames)))
    assert items.predicted == ["legality_constitutionality_and_jurisprudence"]


def test_a_unit_with_k_gold_frames_gets_the_k_likeliest():
    example = Example(
        id="1", source="seeds_gold", split="gold", group="1", text="Taxes.", frames=("political", "economic"),
    )  # fmt: skip
    frames = {"economic": 0.7, "political": 0.6, "morality": 0.5}
    items = judge_items(SPEC["seeds/frames"], [example], FixedPredictor(Prediction(frames=frames)))
    assert items.gold == items.predicted == ["political", "economic"]
    assert items.probability == [0.6, 0.7]


def test_texts_without_article_offsets_are_concatenated():
    units = [line("The mayor lied.", 0, (10, 14, "doubt")), line("Nobody asked.", 0, (0, 6, "doubt"))]
    units = [replace(unit, meta={"type": "article"}) for unit in units]
    reply = replace(units[0], loaded=None, reply="deny")
    predictor = FixedPredictor(Prediction(loaded=(loaded(10, 14),)), Prediction())
    items = judge_items(SPEC["seeds/loaded"], [*units, reply], predictor)
    assert predictor.calls[0][0] == units, "a text without span labels is not predicted"
    assert (items.groups, items.slices) == (["a1"], [{"type": "article"}])
    assert items.gold == [[(10, 14, "doubt"), (16, 22, "doubt")]]
    assert items.predicted == [[(10, 14, "doubt")]]


def test_a_mention_has_the_voice_of_its_surroundings():
    text = "“The mayor is a liar and must go,” said the baker. The council met."
    targets = [
        TargetLabel(name, None, ((text.index(name), text.index(name) + len(name)),), portrayal="negative")
        for name in ("mayor", "council")
    ]
    example = Example(
        id="1", source="newsmtsc", split="test_rw", group="g", text=text,
        targets=(*targets, TargetLabel("ferries", portrayal="neutral")),
    )  # fmt: skip
    spec = SPEC["newsmtsc/test_rw"]
    items = judge_items(
        spec, [example], FixedPredictor(Prediction(portrayal=({"negative": 0.6, "positive": 0.4},) * 3))
    )
    assert [m.get("voice") for m in items.slices] == ["quoted", "outlet", None]
    assert [m["target_kind"] for m in items.slices] == ["named", "named", "topic"]
    assert items.probability == [0.6] * 3
    assert {key for _, key, _ in spec.views} == {"voice"}


def test_the_fingerprint_of_a_set_changes_with_its_labels_and_not_with_weights():
    def of(target, **more):
        return data_fingerprint([replace(line("Trams.", 0), targets=(target,), **more)])

    plain = TargetLabel("trams", "against")
    found = [of(t) for t in (plain, replace(plain, label="favor"), replace(plain, portrayal="negative"))]
    assert len(set(found)) == 3
    assert of(plain, weight=2.0) == found[0]


def test_a_wrong_number_of_predictions_is_an_error():
    example = replace(line("Rain.", 0), reply="deny")
    with pytest.raises(SlantError, match=r"fixed gave 2 predictions for the 1 examples of RumourEval"):
        judge_items(SPEC["rumoureval/test"], [example], FixedPredictor(Prediction(), Prediction()))


def test_sets_are_chosen_by_family_or_name():
    assert [spec.name for spec in choose_sets(["ptc"])] == ["ptc/si", "ptc/tc"]
    assert [spec.name for spec in choose_sets(["newsmtsc/dev_rw"])] == ["newsmtsc/dev_rw"]
    assert not any(spec.on_demand for spec in choose_sets(None))
    assert [spec.name for spec in choose_sets(["seeds"])] == [
        f"seeds/{task}" for task in ("stance", "loaded", "frames", "reply")
    ]
    with pytest.raises(UsageError, match=r"no judged set 'rumourevel'.*Did you mean 'rumoureval'\?"):
        choose_sets(["rumourevel"])
