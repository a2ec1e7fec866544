"""From logits to labels and character spans, with numbers made by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from slant.encoding.decode import (
    Decoding,
    Floats,
    TextLogits,
    article_scores,
    best_label,
    best_stance,
    biased_score,
    decode,
    frame_scores,
    frames_found,
    gold_span_scores,
    join,
    loaded_extents,
    loaded_spans,
    merge_unrelated,
    portrayal_scores,
    reply_scores,
    runs,
    sigmoid,
    stance_scores,
    subjective_score,
    toxic_spans,
    words,
)
from slant.encoding.label_ids import (
    ANY,
    BIASED,
    FRAME,
    FRAMES,
    PORTRAYAL,
    REPLY,
    STANCE,
    SUBJECTIVE,
    TARGET_LABELS,
    TECHNIQUE_INDEX,
    TECHNIQUES,
    TOKEN_LABELS,
    TOXIC,
    UNIT_LABELS,
    span_tags,
)
from slant.encoding.windows import Window
from slant.errors import UsageError
from slant.records import PORTRAYALS, REPLIES, STANCE_ANSWERS, STANCES, Example, Span, TargetLabel
from slant.segment.voices import voices

PLAIN = Decoding(
    loaded_seed=0.4, loaded_threshold=0.4
)  # with its neighbors, a single word at 0.95 has 0.5 x 0.95


def offsets(text: str) -> np.ndarray[Any, Any]:
    out, at = [], 0
    for word in text.split(" "):
        out.append((at, at + len(word)))
        at += len(word) + 1
    return np.array(out)


def text_logits(text: str, tokens: dict[str, dict[str, float]] | None = None, **fields: Any) -> TextLogits:
    """Return the logits of `text`, with blank-separated tokens; `tokens`: word → label → logit, -9 elsewhere."""
    table = np.full((len(text.split(" ")), len(TOKEN_LABELS)), -9.0, np.float32)
    for word, labels in (tokens or {}).items():
        for label, logit in labels.items():
            table[text.split(" ").index(word), TOKEN_LABELS.index(label)] = logit
    given_fields: dict[str, Any] = {"unit": np.zeros(len(UNIT_LABELS), np.float32), "targets": [], **fields}
    return TextLogits(offsets(text), table, **given_fields)


def target_logits(stance: Sequence[float], portrayal: Sequence[float] = (0, 0, 0)) -> Floats:
    """Return the logits of one target. stance: against, neutral, favor, unrelated; portrayal: negative, neutral, positive."""
    return np.array([*stance, *portrayal], np.float32)


def test_labels_are_those_of_the_codebook_in_their_columns() -> None:
    from slant.labels.codebook import Codebook

    book = Codebook.load()
    assert set(book.labels("loaded")) == set(TECHNIQUES)
    assert set(book.labels("frames")) == set(FRAMES)
    assert book.labels("stance") == STANCE_ANSWERS == TARGET_LABELS[STANCE]
    assert book.labels("portrayal") == PORTRAYALS == TARGET_LABELS[PORTRAYAL]
    assert set(book.labels("reply")) == set(REPLIES)
    assert UNIT_LABELS[REPLY] == REPLIES
    assert UNIT_LABELS[FRAME] == FRAMES
    assert (UNIT_LABELS[BIASED], UNIT_LABELS[SUBJECTIVE], TOKEN_LABELS[TOXIC]) == (
        "biased",
        "subjective",
        "toxic",
    )
    assert all(TOKEN_LABELS[ANY + 1 : TOXIC][place] == name for name, place in TECHNIQUE_INDEX.items())


def test_a_token_is_tagged_if_half_of_it_is_in_the_span() -> None:
    tokens = [(0, 4), (5, 9), (10, 11)]
    assert span_tags(tokens, [(2, 6)]).tolist() == [True, False, False]
    assert span_tags(tokens, [(0, 1), (7, 11)]).tolist() == [False, True, True]
    assert span_tags(tokens, []).tolist() == [False] * 3
    assert span_tags([], [(0, 1)]).tolist() == []


@given(st.lists(st.integers(1, 9), min_size=1, max_size=8), st.data())
def test_tags_of_whole_tokens_give_the_span_back(lengths: list[int], data: st.DataObject) -> None:
    text = " ".join("x" * n for n in lengths)
    table = offsets(text)
    a = data.draw(st.integers(0, len(lengths) - 1))
    b = data.draw(st.integers(a, len(lengths) - 1))
    span = (int(table[a, 0]), int(table[b, 1]))
    assert runs(table, span_tags(table.tolist(), [span]), 1) == [span]


def test_runs_are_joined_over_the_gap_only() -> None:
    table = np.array([(0, 2), (3, 5), (9, 11), (12, 13)])
    tagged = np.array([True, True, True, False])
    assert runs(table, tagged, 0) == [(0, 2), (3, 5), (9, 11)]
    assert runs(table, tagged, 1) == [(0, 5), (9, 11)]
    assert runs(table, tagged, 4) == [(0, 11)]
    assert runs(table, ~np.ones(4, bool), 4) == []


def test_word_pieces_are_joined_to_words_and_their_values_averaged() -> None:
    text = "re-opened it’s."
    table = np.array([(0, 2), (2, 3), (3, 6), (6, 9), (10, 12), (12, 13), (13, 14), (14, 15)])
    found, means = words(text, table, np.arange(8, dtype=np.float32))
    assert [text[a:b] for a, b in found] == ["re", "-", "opened", "it", "’", "s", "."]
    assert means.tolist() == [0, 1, 2.5, 4, 5, 6, 7]
    nothing, empty = words("", np.zeros((0, 2), np.int64), np.zeros((0, 3), np.float32))
    assert (len(nothing), empty.shape) == (0, (0, 3))


def test_a_loaded_span_has_its_best_technique_and_those_above_the_threshold() -> None:
    text = "the greedy thieves met"
    both = {"any": 3.0, "name_calling_labeling": 2.0, "loaded_language": 1.5, "doubt": 0.0}
    flat = dict.fromkeys(TECHNIQUES, -9.0)
    found = loaded_spans(text, text_logits(text, {w: flat | both for w in ("greedy", "thieves")}), PLAIN)
    assert [(text[a:b], t) for a, b, t, _ in found] == [
        ("greedy thieves", "name_calling_labeling"), ("greedy thieves", "loaded_language"),
    ]  # fmt: skip
    given = (
        np.exp([2.0, 1.5]) / np.exp([2.0, 1.5, 0.0]).sum()
    )  # probability of the techniques, given loaded language
    assert [p for *_, p in found] == pytest.approx(list(given / (1 + np.exp(-3.0))), rel=1e-3)
    strict = replace(PLAIN, technique_threshold=0.9)
    assert len(loaded_spans(text, text_logits(text, {"greedy": both}), strict)) == 1, "always one"
    assert loaded_spans(text, text_logits(text, {"greedy": {"any": -0.5, "doubt": 9.0}}), PLAIN) == []


def extents(
    text: str, p: dict[str, float], *, seed: float = 0.4, threshold: float = 0.4, gap: int = 1
) -> list[str]:
    """Return the loaded spans of `text`; `p`: probabilities of words, 0 for the others."""
    values = np.array([p.get(word, 0) for word in text.split(" ")], np.float32)
    found = loaded_extents(
        text, offsets(text), values, seed=seed, threshold=threshold, gap=gap, neighbours=0.25
    )
    return [text[a:b] for a, b in found]


def test_a_loaded_span_extends_from_a_seed_word_by_words_at_the_threshold() -> None:
    text = "they met greedy lying thieves and left town again"
    p = {"greedy": 0.9, "lying": 0.6, "thieves": 0.6, "town": 0.6}
    assert extents(text, p, seed=0.6) == ["greedy lying thieves"]
    assert extents(text, p, seed=0.7) == [], "no word reaches the seed"
    assert extents(text, p, seed=0.3, threshold=0.3) == ["greedy lying thieves", "town"]
    assert extents(text, p, seed=0.3, threshold=0.3, gap=20) == ["greedy lying thieves and left town"]
    assert extents("", {}) == []
    assert extents("greedy", {"greedy": 0.5}) == ["greedy"]


def test_function_words_are_trimmed_off_a_loaded_span() -> None:
    text = "the greedy of the thieves – and so on"
    assert extents(text, dict.fromkeys(["the", "greedy", "of", "thieves", "–", "and"], 1.0)) == [
        "greedy of the thieves"
    ]
    assert extents("it is the and – met", dict.fromkeys(["is", "the", "and", "–"], 1.0)) == []


def test_toxic_spans_by_threshold_and_gap() -> None:
    text = "you stupid old clown"
    found = text_logits(text, {"stupid": {"toxic": 1.0}, "clown": {"toxic": 0.1}})
    assert [text[a:b] for a, b in toxic_spans(text, found, PLAIN)] == ["stupid", "clown"]
    assert toxic_spans(text, found, replace(PLAIN, toxic_threshold=0.6)) == [(4, 10)]
    assert toxic_spans(text, found, replace(PLAIN, toxic_gap=5)) == [(4, 20)]


def test_stance_and_portrayal_have_their_own_logits_bias_and_temperature() -> None:
    logits = target_logits((0, 1, 0, 0), (2, 0, 0))
    stance, portrayal = stance_scores(logits, PLAIN), portrayal_scores(logits, PLAIN)
    assert (tuple(stance), tuple(portrayal)) == (STANCE_ANSWERS, PORTRAYALS)
    assert stance["neutral"] == pytest.approx(np.e / (np.e + 3), rel=1e-5)
    assert portrayal["negative"] == pytest.approx(np.exp(2) / (np.exp(2) + 2), rel=1e-5)
    moved = replace(PLAIN, stance_bias=(0.0, 0.0, 3.0, 0.0), portrayal_temperature=100.0)
    assert stance_scores(logits, moved)["favor"] == pytest.approx(
        np.exp(3) / (np.exp(3) + np.e + 2), rel=1e-5
    )
    assert portrayal_scores(logits, moved)["negative"] == pytest.approx(1 / 3, abs=0.01)
    cool = replace(PLAIN, stance_bias=(0.0, 1.0, 0.0, 0.0), stance_temperature=2.0)
    assert stance_scores(logits, cool) == pytest.approx(stance), "the bias is added before the division"
    assert portrayal_scores(logits, cool) == portrayal
    huge = stance_scores(target_logits((-9e4, 0, 9e4, 0)), PLAIN)
    assert huge == {"against": 0.0, "neutral": 0.0, "favor": 1.0, "unrelated": 0.0}, "no overflow"


def answers(against: float, neutral: float, favor: float, unrelated: float) -> dict[str, float]:
    return dict(zip(STANCE_ANSWERS, (against, neutral, favor, unrelated), strict=True))


def test_unrelated_is_merged_into_neutral() -> None:
    assert merge_unrelated(answers(0.5, 0.125, 0.25, 0.125)) == {
        "against": 0.5,
        "neutral": 0.25,
        "favor": 0.25,
    }
    assert tuple(merge_unrelated(answers(0.25, 0.25, 0.25, 0.25))) == STANCES
    three = {"against": 0.5, "neutral": 0.25, "favor": 0.25}
    assert merge_unrelated(three) == three, "a model or set that knows three labels"
    assert merge_unrelated({"unrelated": 1.0}) == {"neutral": 1.0}


@pytest.mark.parametrize(
    ("scores", "stance"),
    [
        (answers(0.1, 0.2, 0.1, 0.6), "unrelated"),
        (answers(0.1, 0.6, 0.1, 0.2), "neutral"),
        (answers(0.6, 0.1, 0.1, 0.2), "against"),
        # Against is the likeliest of four, but the two answers without a side are likelier together.
        (answers(0.4, 0.28, 0.0, 0.32), "unrelated"),
        (answers(0.4, 0.32, 0.0, 0.28), "neutral"),
        # Unrelated is likelier than neutral, but a side is likelier than both together.
        (answers(0.0, 0.1, 0.6, 0.3), "favor"),
        (answers(0.0, 0.5, 0.0, 0.5), "neutral"),
    ],
)
def test_unrelated_is_chosen_only_where_no_side_is_likelier(scores: dict[str, float], stance: str) -> None:
    assert best_stance(scores) == stance


def test_a_stance_abstains_by_the_merged_probability() -> None:
    without_side = answers(0.3, 0.3, 0.0, 0.4)
    assert best_stance(without_side, abstain=0.7) == "unrelated", "0.3 and 0.4 reach 0.7 together"
    assert best_stance(without_side, abstain=0.71) is None
    assert best_stance(answers(0.6, 0.1, 0.1, 0.2), abstain=0.61) is None
    assert best_stance({"against": 0.2, "neutral": 0.5, "favor": 0.3}) == "neutral", (
        "without a score of unrelated"
    )


@given(st.lists(st.floats(0, 1, width=32), min_size=4, max_size=4).filter(any))
def test_the_best_stance_has_the_largest_merged_probability(values: list[float]) -> None:
    scores = answers(*values)
    merged, best = merge_unrelated(scores), best_stance(scores)
    assert merged["neutral" if best == "unrelated" else str(best)] == max(merged.values())
    assert best != "unrelated" or scores["unrelated"] > scores["neutral"]


def test_replies_and_frames() -> None:
    unit = np.zeros(len(UNIT_LABELS), np.float32)
    unit[UNIT_LABELS.index("query")] = 4
    unit[UNIT_LABELS.index("economic")] = 2
    scores = reply_scores(unit, PLAIN)
    assert max(scores, key=scores.__getitem__) == "query"
    assert sum(scores.values()) == pytest.approx(1, abs=1e-5)
    assert reply_scores(unit, replace(PLAIN, reply_bias=(9.0, 0, 0, 0)))["support"] > 0.9
    frames = frame_scores(unit, PLAIN)
    assert list(frames) == list(FRAMES)
    assert frames["economic"] == pytest.approx(1 / (1 + np.exp(-2)), rel=1e-5)
    assert frames["political"] == 0.5
    assert frame_scores(unit, replace(PLAIN, frames_temperature=2.0))["economic"] == pytest.approx(
        1 / (1 + np.exp(-1)), rel=1e-5
    )


def test_a_frame_has_its_own_threshold_or_the_common_one() -> None:
    unit = np.full(len(UNIT_LABELS), -9, np.float32)
    unit[FRAME][:3] = (2, 0, -1)  # 0.88, 0.50, 0.27
    assert list(frames_found(frame_scores(unit, PLAIN), PLAIN)) == list(FRAMES[:2])
    assert list(frames_found(frame_scores(unit, PLAIN), replace(PLAIN, frame_threshold=0.6))) == [FRAMES[0]]
    own = (0.9, 0.5, 0.2, *[0.5] * (len(FRAMES) - 3))
    found = frames_found(frame_scores(unit, PLAIN), replace(PLAIN, frame_threshold=0.6, frame_thresholds=own))
    assert list(found) == [FRAMES[1], FRAMES[2]]
    assert found[FRAMES[1]] == 0.5


def test_abstention_below_the_threshold() -> None:
    scores = {"against": 0.4, "neutral": 0.35, "favor": 0.25}
    assert best_label(scores) == "against"
    assert best_label(scores, abstain=0.4) == "against", "the threshold itself is enough"
    assert best_label(scores, abstain=0.41) is None


def test_the_stance_toward_an_article_follows_from_the_reply() -> None:
    reply = {"support": 0.3, "deny": 0.25, "query": 0.2, "comment": 0.25}
    scores = article_scores(reply)
    assert list(scores) == list(STANCES)
    assert best_label(scores) == "neutral", "a question or comment takes no side"
    assert sum(scores.values()) == pytest.approx(1)


def test_temperature_changes_the_score_and_not_the_span() -> None:
    text = "the greedy thieves met"
    found = text_logits(text, {"greedy": {"any": 3.0, "doubt": 9.0}})
    found.unit[BIASED], found.unit[SUBJECTIVE] = 2.0, -2.0
    cool = replace(PLAIN, loaded_temperature=3.0, biased_temperature=2.0, subjective_temperature=4.0)
    ((a, b, _, sure),), ((c, d, _, tempered),) = (loaded_spans(text, found, x) for x in (PLAIN, cool))
    assert (a, b) == (c, d) == (4, 10)
    assert tempered / sure == pytest.approx((1 + np.exp(-3)) / (1 + np.exp(-1)), rel=1e-4)
    p = decode(text, found, cool, voices=voices(text))
    assert p.biased == pytest.approx(1 / (1 + np.exp(-1)), rel=1e-5)
    assert p.subjective == pytest.approx(1 / (1 + np.exp(0.5)), rel=1e-5)


def window(n: int, core: tuple[int, int], start: int, queries: list[tuple[int, int]]) -> Window:
    spans = [(start + i, start + i + 1) for i in range(n)]
    none = [0] * (n + 2)
    return Window(0, none, none, none, none, none, queries, spans, core, 2)


def test_windows_are_joined_by_their_cores() -> None:
    windows = [
        window(4, (0, 3), 0, [(1, 6)]),
        window(4, (1, 4), 2, [(1, 6), (0, 7)]),
        window(0, (0, 0), 0, []),
    ]
    outputs = [
        (
            np.full((8, 1), k, np.float32) + np.arange(8)[:, None] / 10,
            np.full(2, k, np.float32),
            np.full((2, len(TARGET_LABELS)), k, np.float32),
        )
        for k in (10.0, 20.0, 30.0)
    ]
    first = join(windows[:2], outputs[:2], n_targets=3)
    second = join(windows[2:], outputs[2:], n_targets=0)
    assert first.offsets.tolist() == [[i, i + 1] for i in range(6)]
    assert first.tokens[:, 0].tolist() == pytest.approx([10.1, 10.2, 10.3, 20.2, 20.3, 20.4])
    assert first.unit.tolist() == [15.0, 15.0]
    assert [None if x is None else set(x.tolist()) for x in first.targets] == [{20.0}, {15.0}, None]
    assert (first.windows, second.windows) == (2, 1)
    assert (second.tokens.shape, second.offsets.shape, second.targets) == ((0, 1), (0, 2), [])
    assert second.unit.tolist() == [30.0, 30.0]


def test_a_prediction_holds_all_tasks_and_scores_gold_spans_on_request() -> None:
    text = "the greedy thieves met"
    found = text_logits(
        text,
        {"greedy": {"any": 2.0, "doubt": 1.0}},
        targets=[target_logits((0, 0, 5, 0), (5, 0, 0)), target_logits((0, 0, 0, 5), (0, 0, 5)), None],
    )
    targets = (
        TargetLabel("a", mentions=((0, 3),)),
        TargetLabel("b"),
        TargetLabel("c", mentions=((99, 100),)),
    )
    example = Example(
        "i", "s", "dev", "g", text, targets=targets,
        loaded=(Span(4, 10, "doubt"), Span(21, 22, "doubt"), Span(90, 91, "doubt")),
    )  # fmt: skip
    p = decode(text, found, PLAIN, voices=voices(text, "comment"))
    assert [s and max(s, key=s.__getitem__) for s in p.stance] == ["favor", "unrelated", None]
    assert [s and max(s, key=s.__getitem__) for s in p.portrayal] == ["negative", "positive", None]
    assert [(s.text, s.label, s.voice) for s in p.loaded] == [("greedy", "doubt", "reader")]
    even = round(1 / len(TECHNIQUES), 2)
    scores = gold_span_scores(example, found, PLAIN)
    assert [round(s["doubt"], 2) for s in scores] == [1.0, even, even], (
        "without tokens all are equally probable"
    )
    assert (p.biased, p.subjective) == (0.5, 0.5)
    assert p.span_scores == ()


def test_decoding_survives_a_config_file() -> None:
    import json

    chosen = replace(
        PLAIN,
        stance_bias=(0.1, 0.0, -0.2, 0.0),
        portrayal_temperature=1.5,
        loaded_gap=8,
        stance_abstain=0.4,
        frame_thresholds=(0.3,) * len(FRAMES),
    )
    assert Decoding.from_dict(json.loads(json.dumps(asdict(chosen)))) == chosen
    assert Decoding.from_dict({}) == Decoding()
    with pytest.raises(
        UsageError, match=r"frame_thresholds has 2 numbers; expected one per frame \(15\) or none"
    ):
        Decoding.from_dict({"frame_thresholds": [0.5, 0.4]})
    with pytest.raises(UsageError, match=r"'loaded_treshold'\. Did you mean 'loaded_threshold'\?"):
        Decoding.from_dict({"loaded_treshold": 0.5})


def test_a_config_with_few_settings_has_plain_probabilities_and_no_abstention() -> None:
    """The fields of an older config, and its results computed by hand: no abstention, no temperature."""
    old = Decoding.from_dict(
        {
            "reply_bias": [0.0, 0.0, 0.0, 0.0], "reply_temperature": 0.9, "loaded_seed": 0.4, "loaded_threshold": 0.2,
            "loaded_gap": 16, "technique_threshold": 0.3, "toxic_threshold": 0.35, "toxic_gap": 1, "frame_threshold": 0.45,
        }
    )  # fmt: skip
    assert (old.stance_abstain, old.portrayal_abstain, old.article_abstain) == (0.0, 0.0, 0.0)
    assert set(stance_scores(target_logits((0, 0, 0, 0)), old).values()) == {0.25}
    unit = np.linspace(-3, 3, len(UNIT_LABELS), dtype=np.float32)
    plain = dict(zip(FRAMES, sigmoid(unit[FRAME]).tolist(), strict=True))
    assert frame_scores(unit, old) == plain
    assert frames_found(frame_scores(unit, old), old) == {f: p for f, p in plain.items() if p >= 0.45}
    assert biased_score(unit, old) == float(sigmoid(unit[BIASED]))
    assert subjective_score(unit, old) == float(sigmoid(unit[SUBJECTIVE]))
