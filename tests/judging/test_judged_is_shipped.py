"""`slant evaluate` judges the predictions that `slant score` writes for the same texts."""

import pytest

from slant import Scorer
from slant.encoding.decode import merge_unrelated
from slant.judging.judged_items import judge_items
from slant.judging.judged_sets import choose_sets
from slant.records import UNRELATED, Example, Span, TargetLabel
from slant.scoring.runtimes import load

TEXTS = (
    "The corrupt Harbour Board has betrayed the town again, a shameful disgrace.",
    "The Harbour Board will meet on Tuesday to hear both proposals.",
    "“The Harbour Board are thieves and liars,” said Ms Anker. The Harbour Board did not reply.",
    "Thanks to the patience of the Harbour Board, a brave and honest body, the bridge opened on Monday.",
    "Who on earth still believes these clowns?",
)
TARGET = "Harbour Board"


def example(number: int, text: str) -> Example:
    at = text.find(TARGET)
    places = []
    while at >= 0:
        places.append((at, at + len(TARGET)))
        at = text.find(TARGET, at + 1)
    return Example(
        str(number),
        "newsmtsc",
        "test",
        f"g{number}",
        text,
        targets=(TargetLabel(TARGET, "neutral", tuple(places), portrayal="neutral" if places else None),),
        loaded=(Span(0, 3, "doubt"),),
        frames=("political",),
        biased=True,
        subjective=True,
    )


def test_judged_predictions_equal_the_scored_rows() -> None:
    examples = [example(i, text) for i, text in enumerate(TEXTS)]
    rows = list(Scorer.load().score(list(TEXTS), targets=[TARGET]))
    for name, column, n in (("vast/test", "stance", 5), ("newsmtsc/test_rw", "portrayal", 4)):
        (spec,) = choose_sets([name])
        found = judge_items(spec, examples, load())
        scored = [each for row in rows for each in getattr(row, column)]
        assert len(scored) == len(found.predicted) == n, "the last text does not name the target"
        for predicted, p, answer in zip(found.predicted, found.probability, scored, strict=True):
            merged = merge_unrelated(answer.scores)
            assert p == pytest.approx(max(merged.values()), abs=2e-4)
            assert merged[predicted] == max(merged.values())
            label = "neutral" if answer.label == UNRELATED else answer.label
            assert label in (predicted, None), "None where it abstains"
        assert len(set(found.predicted)) > 1, "the texts must have different labels"

    predictions = load().predict(examples)
    for prediction, row in zip(predictions, rows, strict=True):
        judged = [(s.start, s.end, s.label, s.voice, round(s.score, 4)) for s in prediction.loaded]
        assert judged == [(s.start, s.end, s.label, s.voice, s.score) for s in row.loaded]
        assert {f.label: f.score for f in row.frames}.items() <= {
            k: round(p, 4) for k, p in prediction.frames.items()
        }.items()
        assert (row.biased, row.subjective) == (
            round(prediction.biased or 0, 4),
            round(prediction.subjective or 0, 4),
        )
    assert {s.voice for row in rows for s in row.loaded} == {"outlet", "quoted"}


def test_judged_replies_equal_the_scored_replies() -> None:
    parents = ("The bridge was shut on Monday.", "The bridge was shut on Monday.")
    texts = ("Nonsense, I walked across at noon.", "True, I had to take the boat.")
    examples = [
        Example(str(i), "rumoureval", "test", str(i), text, context=parent, reply="deny")
        for i, (text, parent) in enumerate(zip(texts, parents, strict=True))
    ]
    (spec,) = choose_sets(["rumoureval/test"])
    items = [{"text": text, "parent_text": parent} for text, parent in zip(texts, parents, strict=True)]
    rows = list(Scorer.load().score(items))
    assert judge_items(spec, examples, load()).predicted == [row.reply and row.reply.label for row in rows]


def test_a_mention_without_a_token_is_an_abstention() -> None:
    """As in `slant score`, which gives no label."""
    cut = Example(
        "0", "newsmtsc", "test", "g", "A short text.",
        targets=(TargetLabel(TARGET, "neutral", ((90, 99),), portrayal="neutral"),),
    )  # fmt: skip
    for name in ("newsmtsc/test_rw", "vast/test"):
        (spec,) = choose_sets([name])
        assert judge_items(spec, [cut], load()).predicted == [None]
