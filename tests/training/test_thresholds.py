"""Thresholds and priors chosen on dev, checked on numbers with a known best choice."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from slant.encoding.decode import Decoding, TextLogits, best_stance, softmax, stance_scores
from slant.encoding.label_ids import BIASED, FRAME, FRAMES, REPLY, TARGET_LABELS, TOKEN_LABELS, UNIT_LABELS
from slant.encoding.predictor import Predictor
from slant.errors import UsageError
from slant.records import PORTRAYALS, REPLIES, STANCE_ANSWERS, STANCES, Example, Span, TargetLabel
from slant.training.thresholds import (
    MIN_FRAME_THRESHOLD,
    as_two_classes,
    best_bias,
    best_temperature,
    choose_decoding,
    f1,
    macro_f1,
    middle_of_best,
    validated_bias,
)

# ---- the searches


def test_middle_of_best_is_the_middle_of_settings_as_good_as_the_best() -> None:
    rng = np.random.default_rng(3)
    base = rng.normal(0.6, 0.1, 400)
    noise = rng.normal(0, 0.1, (6, 400))
    noise -= noise.mean(1, keepdims=True)
    means = np.array([0.3, 0.6, 0.598, 0.597, 0.5, 0.599])
    scores = base - base.mean() + means[:, None] + noise
    assert scores.mean(1).argmax() == 1
    assert middle_of_best(scores) == 2, "of 1 to 3; 5 does not count, since 4 is worse"
    assert middle_of_best(scores[:3]) == 2, "the higher of two"
    assert middle_of_best(np.array([[0.5], [0.7], [0.7], [0.7]])) == 2, (
        "the middle of ties, also with one example"
    )
    assert middle_of_best(np.array([[1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])) == 1, (
        "losing one of two examples is worse"
    )


def test_macro_f1_equals_figures_computed_by_hand() -> None:
    gold = np.array([0, 0, 1, 1])
    assert macro_f1(np.array([0, 1, 1, 1]), gold, 2) == pytest.approx((2 / 3 + 4 / 5) / 2)
    assert macro_f1(gold, gold, 3) == pytest.approx(2 / 3), "a class without items counts as 0"


def test_f1_equals_figures_computed_by_hand() -> None:
    gold = np.array([[True, False], [True, True]])
    assert f1(np.array([[True, True], [False, True]]), gold) == pytest.approx(4 / 6)
    assert f1(np.zeros(2, bool), np.zeros(2, bool)) == 0


def test_yes_no_logits_are_converted_to_two_classes() -> None:
    logits, gold = as_two_classes(np.array([-1.5, 0, 3], np.float32), np.array([False, True, True]))
    assert softmax(logits)[:, 1].tolist() == pytest.approx(
        [1 / (1 + np.exp(-x)) for x in (-1.5, 0, 3)], rel=1e-5
    )
    assert gold.tolist() == [0, 1, 1]


def test_the_best_bias_undoes_a_shift_and_never_lowers_macro_f1() -> None:
    rng = np.random.default_rng(0)
    gold = rng.integers(0, 3, 600)
    clean = np.eye(3, dtype=np.float32)[gold] * 2 + rng.normal(0, 0.5, (600, 3)).astype(np.float32)
    shifted = clean + np.array([0, 1.8, 0], np.float32)
    before, after = (macro_f1(x.argmax(1), gold, 3) for x in (shifted, clean))
    bias, figure = best_bias(shifted, gold)
    assert figure == pytest.approx(
        macro_f1((shifted + np.array(bias, np.float32)).argmax(1), gold, 3), abs=0.005
    )
    assert before < 0.8 < after - 0.02 < figure
    noise = rng.normal(0, 1, (60, 3)).astype(np.float32)
    assert best_bias(noise, gold[:60])[1] >= macro_f1(noise.argmax(1), gold[:60], 3)


def test_the_best_temperature_undoes_a_scaling_of_the_logits() -> None:
    rng = np.random.default_rng(1)
    logits = rng.normal(0, 2, (4000, 3)).astype(np.float32)
    gold = np.array([rng.choice(3, p=p / p.sum()) for p in softmax(logits).astype(float)])
    assert best_temperature(logits, gold) == pytest.approx(1, rel=0.12)
    assert best_temperature(3 * logits, gold) == pytest.approx(3, rel=0.12)
    assert 0.3 <= best_temperature(np.zeros((4, 3), np.float32), np.array([0, 1, 2, 0])) <= 5


# ---- choices per dev set


class Given(Predictor):
    """A model with given logits for the texts of the examples."""

    def __init__(self, examples: Sequence[Example], text_logits: Callable[[Example], TextLogits]) -> None:
        self.outputs = {e.text: text_logits(e) for e in examples}
        self.decoding = Decoding()

    def run(self, requests: Any, *, done: Any = None) -> list[TextLogits]:
        return [self.outputs[r.text] for r in requests]


def text_logits(
    e: Example, *, words: dict[str, dict[str, float]] | None = None, unit: Any = None, targets: Any = ()
) -> TextLogits:
    at, offsets, rows = 0, [], []
    for word in e.text.split(" "):
        offsets.append((at, at + len(word)))
        row = np.full(len(TOKEN_LABELS), -6.0, np.float32)
        for label, logit in (words or {}).get(word, {}).items():
            row[TOKEN_LABELS.index(label)] = logit
        rows.append(row)
        at += len(word) + 1
    blank = np.zeros(len(UNIT_LABELS), np.float32)
    return TextLogits(np.array(offsets), np.stack(rows), blank if unit is None else unit, list(targets))


def chosen(
    name: str, examples: Sequence[Example], read: Callable[[Example], TextLogits]
) -> tuple[Decoding, str]:
    lines: list[str] = []
    found = choose_decoding(Given(examples, read), {name: examples}, report=lines.append)
    line, *more = lines
    assert len(more) == (name == "ptc"), "a line on spans, then one on techniques"
    return found, line


def example(text: str, **labels: Any) -> Example:
    return Example(id=text, source="s", split="dev", group=labels.pop("group", text), text=text, **labels)


LABELS = {"stance": STANCES, "portrayal": PORTRAYALS}
TASKS = [("slant_reading", "stance"), ("vast", "stance"), ("newsmtsc", "portrayal")]


def labeled(task: str, label: str) -> tuple[TargetLabel, ...]:
    return (TargetLabel("x", label) if task == "stance" else TargetLabel("x", portrayal=label),)


def label_of(e: Example) -> int:
    """Place of the label among the three of its task."""
    (target,) = e.targets
    return PORTRAYALS.index(target.portrayal) if target.portrayal else STANCES.index(str(target.label))


def target_logits(task: str, three: Sequence[float]) -> list[np.ndarray[Any, Any]]:
    """Logits of one target: those of the labels of the task, -9 for all other answers."""
    out = np.full(len(TARGET_LABELS), -9.0, np.float32)
    first = 0 if task == "stance" else len(STANCE_ANSWERS)
    out[first : first + 3] = three
    return [out]


@pytest.mark.parametrize(("name", "task"), TASKS)
def test_priors_are_chosen_for_one_question_on_its_sets(name: str, task: str) -> None:
    """The third label always loses to neutral by a logit of 1: a prior repairs it, for this question only."""

    def read(e: Example) -> TextLogits:
        if e.text == "unread":
            return text_logits(e, targets=target_logits(task, [0, 0, 0]))
        logits = ([3, 0, 0], [0, 3, 0], [0, 1, 0])[label_of(e)]
        return text_logits(e, targets=target_logits(task, logits))

    dev = [example(f"text {i}", targets=labeled(task, LABELS[task][i % 3])) for i in range(30)]
    dev.append(example("unread", targets=(TargetLabel("x"),)))
    found, line = chosen(name, dev, read)
    bias = getattr(found, f"{task}_bias")
    assert 1 + bias[1] < bias[2] < 3 + bias[1]
    assert bias[3:] == ((bias[1],) if task == "stance" else ()), "unrelated has the prior of neutral"
    assert f"dev {name}: 100.0" in line
    other = {"stance": "portrayal", "portrayal": "stance"}[task]
    assert set(getattr(found, f"{other}_bias")) == {0.0}
    assert getattr(found, f"{other}_temperature") == 1
    assert getattr(found, f"{task}_temperature") < 1, "always right, so more confident"
    assert getattr(found, f"{task}_abstain") == 0, "no reason to abstain"
    ((before, after),) = re.findall(r"ECE ([\d.]+) before the temperature, ([\d.]+) after", line)
    assert float(before) > 2 * float(after)


def test_the_model_abstains_from_portrayals_where_it_is_mostly_wrong() -> None:
    """Of 300 items, 30 are uncertain, a third of them right with any prior; all others are right."""

    def read(e: Example) -> TextLogits:
        sure = (6 * np.eye(3)[label_of(e)]).tolist()
        logits = [0.02, 0.01, 0.0] if e.text.startswith("unsure") else sure
        return text_logits(e, targets=target_logits("portrayal", logits))

    dev = [
        example(f"{'unsure' if i < 30 else 'sure'} {i}", targets=labeled("portrayal", PORTRAYALS[i % 3]))
        for i in range(300)
    ]
    found, line = chosen("newsmtsc", dev, read)
    assert 0.4 < found.portrayal_abstain <= 1
    assert found.stance_abstain == 0
    assert "abstains from 10.0 %, 33 % of them right" in line


def test_the_model_abstains_from_stances_where_too_few_sides_are_right() -> None:
    """Of 120 units with a side, 80 are uncertain, half of them wrong with any prior; those without are not asked about."""

    def read(e: Example) -> TextLogits:
        if e.text.startswith("unsure"):
            return text_logits(e, targets=target_logits("stance", [1.0, 0, 0.9]))
        return text_logits(e, targets=target_logits("stance", (4 * np.eye(3)[label_of(e)]).tolist()))

    dev = [
        example(
            f"{'unsure' if i % 3 else 'sure'} {i}", targets=labeled("stance", ("against", "favor")[i % 2])
        )
        for i in range(120)
    ]
    dev += [example(f"sure neutral {i}", targets=labeled("stance", "neutral")) for i in range(60)]
    found, line = chosen("vast", dev, read)
    unsure, sure = (
        stance_scores(target_logits("stance", logits)[0], found)["against"]
        for logits in ([1, 0, 0.9], [4, 0, 0])
    )
    assert unsure < found.stance_abstain <= sure
    assert "abstains from 44.4 %, 100 % of the other against and favor right" in line


def test_the_stance_is_chosen_on_both_sets_with_unrelated_as_neutral() -> None:
    """Neutral and unrelated lose to favor one by one and win together. Only one of the sets has the label unrelated."""

    def read(e: Example) -> TextLogits:
        (target,) = e.targets
        answers = [3, 0, 0, 0] if target.label == "against" else [-3, 1, 1.2, 1]
        return text_logits(e, targets=[np.array([*answers, 9, 0, 0], np.float32)])

    reading, vast = (
        [
            replace(
                example(f"{source} {i}", targets=labeled("stance", (other, "against")[i % 2])), source=source
            )
            for i in range(20)
        ]
        for source, other in (("slant_reading", "unrelated"), ("vast", "neutral"))
    )
    lines: list[str] = []
    found = choose_decoding(
        Given([*reading, *vast], read), {"vast": vast, "slant_reading": reading}, report=lines.append
    )
    (line,) = lines
    # Of three labels, favor has no item and counts as 0.
    assert line.startswith("dev slant_reading + vast: 66.7 with")
    assert "66.7 on slant_reading, 66.7 on vast" in line
    assert found.stance_bias == (0.0, 0.0, 0.0, 0.0), "none is needed"
    assert found.portrayal_bias == Decoding().portrayal_bias


def test_the_figure_of_the_stance_is_that_of_the_decoding() -> None:
    """A temperature changes which stance is best, since neutral and unrelated are added after the division by it."""
    rng = np.random.default_rng(4)
    gold = rng.choice(4, 200)
    logits = rng.normal(0, 3, (200, 4)).astype(np.float32) + 2 * np.eye(4, dtype=np.float32)[gold]
    dev = [
        example(f"text {i}", targets=labeled("stance", STANCE_ANSWERS[label])) for i, label in enumerate(gold)
    ]
    targets = {e.text: np.array([*x, 0, 0, 0], np.float32) for e, x in zip(dev, logits, strict=True)}
    found, line = chosen("vast", dev, lambda e: text_logits(e, targets=[targets[e.text]]))

    def best(decoding: Decoding) -> list[int]:
        labels = [best_stance(stance_scores(targets[e.text], decoding)) for e in dev]
        return [STANCES.index("neutral" if label == "unrelated" else str(label)) for label in labels]

    merged = np.array([STANCES.index(STANCE_ANSWERS[g]) if g < 3 else 1 for g in gold])
    plain = replace(found, stance_temperature=1.0)
    assert best(found) != best(plain)
    figure, other = (100 * macro_f1(np.array(best(d)), merged, 3) for d in (found, plain))
    assert line.startswith(f"dev vast: {figure:.1f} with")
    assert f"{figure:.1f}" != f"{other:.1f}"


def test_the_abstention_threshold_toward_the_article_is_chosen_on_replies() -> None:
    """The uncertain ones look like denials, but are support. Query and comment both mean neutral."""

    def read(e: Example) -> TextLogits:
        unit = np.zeros(len(UNIT_LABELS), np.float32)
        sure = 8 * np.eye(4)[REPLIES.index(str(e.reply))]
        unit[REPLY] = [-3, 0.5, -3, 0] if e.text.startswith("unsure") else sure
        return text_logits(e, unit=unit)

    dev = [example(f"unsure {i}", reply="support") for i in range(25)]
    dev += [example(f"sure {i}", reply=REPLIES[i % 4]) for i in range(200)]
    found, line = chosen("rumoureval", dev, read)
    assert found.article_abstain > 0.5
    assert "abstains from 11.1 %, 0 % of them right" in line


def test_reply_priors_undo_a_preference_for_comment() -> None:
    def read(e: Example) -> TextLogits:
        unit = np.zeros(len(UNIT_LABELS), np.float32)
        unit[REPLY][REPLIES.index(str(e.reply))] = 1
        unit[REPLY][REPLIES.index("comment")] += 1.4
        return text_logits(e, unit=unit)

    dev = [example(f"text {i}", reply=REPLIES[i % 4]) for i in range(40)]
    found, line = chosen("rumoureval", dev, read)
    assert "dev rumoureval: 100.0" in line
    assert found.reply_bias[3] <= min(found.reply_bias[:3]) - 0.4


def test_span_thresholds_are_chosen_on_gold_spans() -> None:
    """Loaded words have probability 0.27, all others 0: typical after training on rare labels."""
    logits = {"any": -1.0}
    text = "they met greedy thieves again"
    dev = [example(text, loaded=(Span(9, 23, "doubt"),), group=str(i)) for i in range(9)]
    dev.append(example(text.replace("greedy", "brave"), loaded=(), group="x"))

    def read(e: Example) -> TextLogits:
        return text_logits(e, words={"greedy": logits, "thieves": logits} if e.loaded else {})

    found, line = chosen("ptc", dev, read)
    assert "dev ptc: 100.0" in line
    assert found.loaded_threshold <= found.loaded_seed < 0.27
    assert found.loaded_temperature > 1, "words at 0.27 are always loaded, so 0.27 is too low"


def test_two_sets_with_spans_count_equally_whatever_their_size() -> None:
    """Nine texts of ptc are right with any threshold below 0.27, two of the domain set only above 0.17."""
    text = "they met greedy thieves again"
    corpus = [
        replace(example(text, loaded=(Span(9, 23, "doubt"),), group=str(i)), source="ptc") for i in range(9)
    ]
    domain = [
        replace(example(f"{text} {i}", loaded=(), frames=(), group=f"d{i}"), source="slant_domain")
        for i in range(2)
    ]
    found_words = {("ptc", True): {"any": -1.0}, ("slant_domain", False): {"any": -1.6}}

    def read(e: Example) -> TextLogits:
        logits = found_words[e.source, bool(e.loaded)]
        return text_logits(e, words={"greedy": logits, "thieves": logits})

    lines: list[str] = []
    dev = {"ptc": corpus, "slant_domain": domain}
    found = choose_decoding(Given([*corpus, *domain], read), dev, report=lines.append)
    assert lines[0].startswith("dev ptc + slant_domain: 100.0")
    assert "100.0 on ptc, 100.0 on slant_domain" in lines[0]
    assert 0.17 < found.loaded_seed < 0.27


@pytest.mark.parametrize("threads", [10, 2])
def test_a_prior_that_holds_for_other_groups_is_kept(threads: int) -> None:
    """Label 1 is half a logit too high everywhere. Two threads are too few for cross-validation."""
    logits = np.tile(np.array([[0.0, 0.5]], np.float32), (40, 1))
    gold = np.arange(40) % 2
    logits[gold == 1, 1] = 1.5
    bias, figure, held_out = validated_bias(logits, gold, [str(i // 2 % threads) for i in range(40)])
    assert (figure, held_out) == (1.0, 1.0)
    assert bias[0] > bias[1]


def test_a_prior_that_fits_only_the_groups_it_was_chosen_on_is_not_kept() -> None:
    """For random logits, some prior is always better on the data it was chosen on."""
    rng = np.random.default_rng(1)
    gold = rng.integers(0, 3, 60)
    logits = rng.normal(0, 1, (60, 3)).astype(np.float32)
    bias, figure, held_out = validated_bias(logits, gold, [str(i % 10) for i in range(60)])
    plain = macro_f1(logits.argmax(1), gold, 3)
    assert best_bias(logits, gold)[1] > plain >= held_out
    assert (bias, figure) == ((0.0, 0.0, 0.0), plain)


def test_toxic_threshold_and_gap_fit_the_gold() -> None:
    dev = [example("you stupid old clown", toxic=((4, 20),)), example("they met", toxic=())]
    words = {
        "stupid": {"toxic": -1.2},
        "old": {"toxic": -3.0},
        "clown": {"toxic": -1.2},
        "met": {"toxic": -1.6},
    }
    found, line = chosen("toxic_spans", dev, lambda e: text_logits(e, words=words))
    assert "dev toxic_spans: 100.0" in line
    assert 1 / (1 + np.exp(1.6)) < found.toxic_threshold < 1 / (1 + np.exp(1.2))
    assert found.toxic_gap == 8, "the word between them belongs to the span"


def test_the_toxic_threshold_is_in_the_middle_of_the_best_ones() -> None:
    dev = [example("you clown", toxic=((4, 9),)), example("they met", toxic=())]
    certain = {"clown": {"toxic": 0.7}, "met": {"toxic": -0.3}}
    found, _ = chosen("toxic_spans", dev, lambda e: text_logits(e, words=certain))
    inside = [t for t in np.arange(0.1, 0.8, 0.05) if 1 / (1 + np.exp(0.3)) < t <= 1 / (1 + np.exp(-0.7))]
    assert min(inside) < found.toxic_threshold < max(inside), "the middle of the best ones, not the edge"


def framed(e: Example) -> TextLogits:
    """The text gives the logits of economic and political; those of all other frames are -6."""
    unit = np.full(len(UNIT_LABELS), -6, np.float32)
    unit[FRAME][[FRAMES.index("economic"), FRAMES.index("political")]] = [float(x) for x in e.text.split(" ")]
    return text_logits(e, unit=unit)


def frame_examples(*, political: int) -> list[Example]:
    """Economic has a logit of 1, non-economic -0.2; political has -0.35, below the threshold that economic needs."""
    out = [example("1 -6", frames=("economic",))] * 30 + [example("-0.2 -6", frames=())] * 30
    return out + [example("-6 -0.35", frames=("political",))] * political


def likely(logit: float, found: Decoding) -> float:
    return float(1 / (1 + np.exp(-logit / found.frames_temperature)))


@pytest.mark.parametrize("seen", [15, 14])
def test_a_frame_has_its_own_threshold_if_it_is_frequent_enough(seen: int) -> None:
    found, line = chosen("slant_frames", frame_examples(political=seen), framed)
    own = dict(zip(FRAMES, found.frame_thresholds, strict=True))
    assert likely(-0.2, found) < own["economic"] < likely(1, found)
    assert own["other"] == found.frame_threshold
    assert MIN_FRAME_THRESHOLD <= own["political"] <= likely(-0.35, found), (
        "the frequent frame does not pull it up"
    )
    assert (own["political"] == found.frame_threshold) == (seen < 15)
    assert "dev slant_frames: 100.0" in line


def test_sets_with_frames_are_pooled_and_the_stances_of_the_domain_set_choose_nothing() -> None:
    def read(e: Example) -> TextLogits:
        return replace(framed(e), targets=[x for _ in e.targets for x in target_logits("stance", [0, 0, 4])])

    dev = frame_examples(political=14)
    domain = [
        example(
            "-5 -0.35", frames=("political",), targets=(TargetLabel("x", "favor", ((0, 2),)),), loaded=()
        ),
        example("-5 -5", frames=(), targets=(TargetLabel("x", "against", ((0, 2),)),), loaded=()),
    ]
    lines: list[str] = []
    sets = {"slant_frames": dev, "slant_domain": domain}
    found = choose_decoding(Given([*dev, *domain], read), sets, report=lines.append)
    assert found.frame_thresholds[FRAMES.index("political")] <= likely(-0.35, found)
    assert found.frame_thresholds[FRAMES.index("political")] != found.frame_threshold, "14 and 1 are enough"
    (line,) = lines
    assert line.startswith("dev slant_frames + slant_domain: 100.0 with")
    assert found.stance_bias == Decoding().stance_bias
    assert found.loaded_seed == Decoding().loaded_seed


def test_the_temperature_of_bias_corrects_overconfidence() -> None:
    """Three of four are right at a logit of 4."""

    def read(e: Example) -> TextLogits:
        unit = np.zeros(len(UNIT_LABELS), np.float32)
        unit[BIASED] = 4
        return text_logits(e, unit=unit)

    found, line = chosen("babe", [example(f"text {i}", biased=i % 4 > 0) for i in range(40)], read)
    assert 1 / (1 + np.exp(-4 / found.biased_temperature)) == pytest.approx(0.75, abs=0.03)
    assert "ECE 0.232 before the temperature, 0.0" in line


def test_a_set_on_which_nothing_is_chosen_is_refused() -> None:
    with pytest.raises(
        UsageError,
        match=r"dev set 'polnear': nothing is chosen on it\. Sets for this: slant_reading, vast, newsmtsc",
    ):
        choose_decoding(Given([], text_logits), {"polnear": []})


def test_a_set_without_the_needed_label_is_refused() -> None:
    dev = [example("they met")]
    with pytest.raises(
        UsageError, match=r"dev ptc: none of 1 examples has a label for loaded language\. Is it"
    ):
        choose_decoding(Given(dev, text_logits), {"ptc": dev})


def test_a_figure_of_zero_gives_a_warning() -> None:
    dev = [example("they met greedy thieves again", loaded=(Span(9, 23, "doubt"),))]
    lines: list[str] = []
    choose_decoding(Given(dev, text_logits), {"ptc": dev}, report=lines.append)
    assert lines[0].startswith("dev ptc: 0.0")
    assert lines[1].startswith("WARNING: nothing is right on dev ptc")
