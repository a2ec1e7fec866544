"""From predictions to rows: article offsets, spans over line ends, identical spans, abstentions."""

from dataclasses import replace

import pytest

from slant.errors import SlantError, UsageError
from slant.judging.answers import answer, match
from slant.judging.judged_sets import SPECS, choose
from slant.records import Example, Loaded, Prediction, Span, TargetLabel

SPEC = {spec.name: spec for spec in SPECS}


class Says:
    """A predictor with its answers written down."""

    name = "says"
    fingerprint = "f"

    def __init__(self, *predictions):
        self.predictions = list(predictions)
        self.asked = []

    def predict(self, examples, *, gold_spans=False):
        self.asked.append((list(examples), gold_spans))
        return self.predictions


def line(text, offset, *spans, group="a1"):
    return Example(
        id=f"{group}:{offset}", source="ptc", split="dev", group=group, text=text, offset=offset,
        loaded=tuple(Span(*span) for span in spans),
    )  # fmt: skip


def loaded(start, end, label="doubt"):
    return Loaded(start, end, "x" * (end - start), label, 0.9, "outlet")


def test_lines_are_assembled_to_article_offsets():
    lines = [line("The mayor lied.", 0), line("Nobody asked why.", 16), line("Rain fell.", 0, group="a2")]
    says = Says(
        Prediction(loaded=(loaded(10, 14),)),
        Prediction(loaded=(loaded(0, 6), loaded(13, 16))),
        Prediction(),
    )
    gold = {"a1": [Span(10, 22, "doubt")], "a2": []}
    sheet = answer(SPEC["ptc/si"], lines, says, gold)
    assert sheet.groups == ["a1", "a2"]
    assert sheet.gold == [[(10, 22, "doubt")], []]
    assert sheet.predicted == [[(10, 14, "doubt"), (16, 22, "doubt"), (29, 32, "doubt")], []]
    # 10..14 and 16..22 lie on both sides of a line end and stay two: P (1 + 1 + 0)/3, R 10/12.
    tally = sheet.tally(SPEC["ptc/si"])
    assert tally.overall.sum(0) == pytest.approx([2, 3, 10 / 12, 1])


def test_a_technique_over_a_line_end_has_the_mean_of_its_parts():
    lines = [line("one two", 0, (4, 7, "doubt")), line("three", 8, (0, 5, "doubt")), line("four", 14)]
    says = Says(
        Prediction(span_scores=({"doubt": 0.6, "slogans": 0.4},)),
        Prediction(span_scores=({"doubt": 0.1, "slogans": 0.9},)),
        Prediction(),
    )
    sheet = answer(SPEC["ptc/tc"], lines, says, {"a1": [Span(4, 13, "doubt")]})
    assert (sheet.gold, sheet.predicted) == (["doubt"], ["slogans"])  # .35 against .65
    asked, gold_spans = says.asked[0]
    assert gold_spans
    assert asked == lines  # the line without a gold span as well: repetition shows in the whole article


def test_identical_spans_take_the_best_techniques_in_the_most_favourable_order():
    scores = {"doubt": 0.5, "slogans": 0.3, "repetition": 0.2}
    assert match(["slogans", "doubt"], scores) == [("slogans", "slogans"), ("doubt", "doubt")]
    assert match(["repetition", "slogans"], scores) == [("slogans", "slogans"), ("repetition", "doubt")]
    assert match(["slogans"], scores) == [("slogans", "doubt")]
    assert match(["doubt", "doubt"], scores) == [("doubt", "doubt"), ("doubt", "slogans")]
    assert match(["doubt", "slogans"], {}) == [("doubt", None), ("slogans", None)]


def test_a_model_without_techniques_abstains():
    lines = [line("one two", 0, (4, 7, "doubt"))]
    sheet = answer(SPEC["ptc/tc"], lines, Says(Prediction()), {"a1": [Span(4, 7, "doubt")]})
    assert sheet.predicted == [None]


def test_stance_has_one_row_per_labelled_target_and_abstains_without_an_answer():
    example = Example(
        id="1", source="vast", split="test", group="g", text="Trams are slow.",
        targets=(TargetLabel("trams", "against"), TargetLabel("buses"), TargetLabel("rail", "neutral")),
        meta={"seen": "0"},
    )  # fmt: skip
    tables = ({"against": 0.7, "neutral": 0.2, "favor": 0.1}, {"favor": 1.0}, {"against": 1.0})
    sheet = answer(SPEC["vast/test"], [example], Says(Prediction(stance=tables)))
    assert (sheet.gold, sheet.predicted) == (["against", "neutral"], ["against", "against"])
    assert answer(SPEC["vast/test"], [example], Says(Prediction())).predicted == [None, None]
    assert sheet.where("seen", "0").gold == ["against", "neutral"]
    assert sheet.where("seen", "1").gold == []


def test_yes_or_no_from_one_half_on():
    sentences = [
        Example(id=str(i), source="babe", split="all", group=str(i), text="A bridge opened.", biased=gold)
        for i, gold in enumerate((True, False, True, None))
    ]
    said = [Prediction(biased=0.5), Prediction(biased=0.49), Prediction(), Prediction(biased=1.0)]
    sheet = answer(SPEC["babe/fold0"], sentences, Says(*said))
    assert sheet.gold == ["biased", "non_biased", "biased"]
    assert sheet.predicted == ["biased", "non_biased", None]
    assert sheet.sure == [0.5, 0.51, None]


def test_frames_are_folded_before_the_best_is_taken():
    example = Example(id="1", source="frac", split="gold", group="1", text="Taxes.", frames=("economic",))
    frames = {"crime_and_punishment": 0.6, "economic": 0.5, "unheard_of": 0.9}
    sheet = answer(SPEC["frac/gold"], [example], Says(Prediction(frames=frames)))
    assert sheet.predicted == ["legality_constitutionality_and_jurisprudence"]


def test_k_gold_frames_take_the_k_best():
    example = Example(
        id="1", source="seeds_gold", split="gold", group="1", text="Taxes.", frames=("political", "economic"),
    )  # fmt: skip
    frames = {"economic": 0.7, "political": 0.6, "morality": 0.5}
    sheet = answer(SPEC["seeds/frames"], [example], Says(Prediction(frames=frames)))
    assert sheet.gold == sheet.predicted == ["political", "economic"]
    assert sheet.sure == [0.6, 0.7]


def test_spans_of_texts_without_article_offsets_stand_one_after_the_other():
    units = [line("The mayor lied.", 0, (10, 14, "doubt")), line("Nobody asked.", 0, (0, 6, "doubt"))]
    units = [replace(unit, meta={"type": "article"}) for unit in units]
    reply = replace(units[0], loaded=None, reply="deny")
    says = Says(Prediction(loaded=(loaded(10, 14),)), Prediction())
    sheet = answer(SPEC["seeds/loaded"], [*units, reply], says)
    assert says.asked[0][0] == units, "a text whose spans nobody marked is not asked about"
    assert (sheet.groups, sheet.meta) == (["a1"], [{"type": "article"}])
    assert sheet.gold == [[(10, 14, "doubt"), (16, 22, "doubt")]]
    assert sheet.predicted == [[(10, 14, "doubt")]]


def test_a_mention_has_the_voice_of_the_words_around_it():
    text = "“The mayor is a liar and must go,” said the baker. The council met."
    targets = [
        TargetLabel(name, "against", ((text.index(name), text.index(name) + len(name)),))
        for name in ("mayor", "council")
    ]
    example = Example(
        id="1", source="newsmtsc", split="test_rw", group="g", text=text,
        targets=(*targets, TargetLabel("ferries", "neutral")),
    )  # fmt: skip
    spec = SPEC["newsmtsc/test_rw"]
    sheet = answer(spec, [example], Says(Prediction(stance=({"against": 0.6, "favor": 0.4},) * 3)))
    assert [m.get("voice") for m in sheet.meta] == ["quoted", "outlet", None]
    assert [m["asked"] for m in sheet.meta] == ["named", "named", "topic"]
    assert sheet.sure == [0.6] * 3
    assert {key for _, key, _ in spec.views} == {"voice"}


def test_a_predictor_must_answer_every_example():
    example = replace(line("Rain.", 0), reply="deny")
    with pytest.raises(SlantError, match=r"says gave 2 predictions for the 1 examples of RumourEval"):
        answer(SPEC["rumoureval/test"], [example], Says(Prediction(), Prediction()))


def test_sets_are_chosen_by_source_or_by_name():
    assert [spec.name for spec in choose(["ptc"])] == ["ptc/si", "ptc/tc"]
    assert [spec.name for spec in choose(["newsmtsc/dev_rw"])] == ["newsmtsc/dev_rw"]
    assert not any(spec.on_demand for spec in choose(None))
    assert [spec.name for spec in choose(["seeds"])] == [
        f"seeds/{task}" for task in ("stance", "stance_in_own_words", "loaded", "frames", "reply")
    ]
    with pytest.raises(UsageError, match=r"No set 'rumourevel' to judge.*Did you mean 'rumoureval'\?"):
        choose(["rumourevel"])
