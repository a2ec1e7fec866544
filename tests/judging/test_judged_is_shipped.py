"""What `slant evaluate` judges is what `slant score` writes: the same predictions for the same texts."""

from slant import Scorer
from slant.judging.answers import answer
from slant.judging.judged_sets import choose
from slant.records import Example, Span, TargetLabel
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
        targets=(TargetLabel(TARGET, "neutral", tuple(places)),),
        loaded=(Span(0, 3, "doubt"),),
        frames=("political",),
        biased=True,
        subjective=True,
    )


def test_predictions_that_are_judged_are_the_rows_that_are_written() -> None:
    examples = [example(i, text) for i, text in enumerate(TEXTS)]
    rows = list(Scorer.load().score(list(TEXTS), targets=[TARGET]))
    (spec,) = choose(["newsmtsc/test_rw"])
    sheet = answer(spec, examples, load())
    assert sheet.predicted == [row.stance[0].label for row in rows]
    assert [round(p, 4) for p in sheet.sure if p is not None] == [
        max(row.stance[0].scores.values()) for row in rows
    ]
    assert {row.stance[0].label for row in rows} > {"against"}, "the texts must tell labels apart"

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


def test_replies_that_are_judged_are_the_replies_that_are_written() -> None:
    parents = ("The bridge was shut on Monday.", "The bridge was shut on Monday.")
    texts = ("Nonsense, I walked across at noon.", "True, I had to take the boat.")
    examples = [
        Example(str(i), "rumoureval", "test", str(i), text, context=parent, reply="deny")
        for i, (text, parent) in enumerate(zip(texts, parents, strict=True))
    ]
    (spec,) = choose(["rumoureval/test"])
    items = [{"text": text, "parent_text": parent} for text, parent in zip(texts, parents, strict=True)]
    rows = list(Scorer.load().score(items))
    assert answer(spec, examples, load()).predicted == [row.reply and row.reply.label for row in rows]


def test_a_mention_that_was_not_read_is_an_abstention_in_both() -> None:
    """A mention beyond the text has no token. `slant score` gives no label; judging counts a miss."""
    cut = Example(
        "0", "newsmtsc", "test", "g", "A short text.", targets=(TargetLabel(TARGET, "neutral", ((90, 99),)),)
    )
    (spec,) = choose(["newsmtsc/test_rw"])
    assert answer(spec, [cut], load()).predicted == [None]
