"""Units to scores: the targets of each, the order of rows, with rules in place of a trained model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from slant.encoding.decode import Decoding, Floats
from slant.encoding.label_ids import TARGET_LABELS, TOKEN_LABELS, UNIT_LABELS
from slant.encoding.predictor import Predictor
from slant.encoding.windows import EncoderRequest, TextEncoder
from slant.labels.targets import Target, Targets
from slant.records import PORTRAYALS, REPLIES, STANCE_ANSWERS, Article, Part, Score, Unit, score_from_dict
from slant.scoring import score as scoring
from slant.scoring.score import ScoreRequest, score, score_requests
from slant.segment.units import split
from slant.segment.voices import voices
from tiny import text_encoder

TARGETS = Targets(
    (
        Target("council", "the harbour council", ("council",)),
        Target("ferry", "the ferry", ("ferry",)),
        Target("article", "the article", ("article",), always=("comment",)),
    )
)


class Rules:
    """Greedy is name calling, stupid and clown are toxic.

    What is called council looks bad and the author is against it, mills are unrelated, all else looks good and is favored.
    """

    def __init__(self, encoder: TextEncoder) -> None:
        self.ids = {
            w: encoder.tokenizer.token_to_id(w)
            for w in ("greedy", "stupid", "clown", "council", "mill", "lie")
        }

    def __call__(self, batch: dict[str, NDArray[np.int64]]) -> tuple[Floats, Floats, Floats]:
        ids, columns = batch["input_ids"], batch["query_columns"]
        token = np.full((*ids.shape, len(TOKEN_LABELS)), -9, np.float32)
        for word, labels in {
            "greedy": ("any", "name_calling_labeling"),
            "stupid": ("toxic",),
            "clown": ("toxic",),
        }.items():
            for label in labels:
                token[..., TOKEN_LABELS.index(label)][ids == self.ids[word]] = 4
        unit = np.full((len(ids), len(UNIT_LABELS)), -4, np.float32)
        unit[:, UNIT_LABELS.index("deny")] += 8 * (ids == self.ids["lie"]).any(1)
        unit[:, UNIT_LABELS.index("economic")] = 3
        target = np.zeros((*columns.shape, len(TARGET_LABELS)), np.float32)
        asked = np.take_along_axis(ids, np.minimum(columns + 1, ids.shape[1] - 1), 1)
        council, mill = asked == self.ids["council"], asked == self.ids["mill"]
        for label, where in {
            "against": council,
            "favor": ~council & ~mill,
            "unrelated": mill,
            "negative": council,
            "positive": ~council,
        }.items():
            target[..., TARGET_LABELS.index(label)] = 5 * where
        return token, unit, target


@pytest.fixture
def predictor(tmp_path: Path) -> Predictor:
    encoder = text_encoder(tmp_path)
    decoding = Decoding(loaded_seed=0.4, loaded_threshold=0.4)
    return Predictor(Rules(encoder), encoder, decoding, name="rules", fingerprint="rules-1")


def unit(text: str, kind: str = "paragraph", **fields: Any) -> Unit:
    given: dict[str, Any] = {
        "article_id": "a",
        "unit_id": text[:9],
        "position": 0,
        "voices": voices(text, kind),
        **fields,
    }
    return Unit(kind=kind, text=text, start=0, end=len(text), **given)


def run(predictor: Predictor, *asked: ScoreRequest) -> list[Score]:
    return list(score(asked, predictor=predictor, codebook="book-1"))


# ---- what is asked


def asked(*units: Unit) -> list[ScoreRequest]:
    return list(score_requests(units, TARGETS))


def test_a_unit_is_scored_for_the_targets_that_it_names() -> None:
    (q,) = asked(unit("The council praised the ferry, said the council."))
    assert q.mentions == {"council": ((4, 11), (40, 47)), "ferry": ((24, 29),)}
    assert (q.topics, q.parent) == ((), None)


def test_a_comment_is_scored_with_its_article_and_its_parent() -> None:
    found = asked(
        unit("Ferry returns", "title", title="Ferry returns"),
        unit("The ferry sails in June.", title="Ferry returns"),
        unit("This article is a lie.", "comment", unit_id="c1", title="Ferry returns"),
        unit("No.", "comment", unit_id="c2", parent_id="c1", title="Ferry returns"),
        unit("Yes.", "comment", unit_id="c3", parent_id="gone", title="Ferry returns"),
    )
    opening = "Ferry returns\nThe ferry sails in June."
    assert [q.article for q in found] == [None, None, opening, opening, opening]
    assert [q.parent for q in found] == [None, None, None, "This article is a lie.", None]
    assert "article" not in found[2].mentions, "the article is a target once"


def test_without_a_title_the_first_paragraph_represents_the_article() -> None:
    found = asked(unit("A heading", "heading"), unit("The ferry sails."), unit("Why?", "comment"))
    assert found[2].article == "The ferry sails."
    (alone,) = asked(unit("Why?", "comment"))
    assert alone.article is None


def test_documents_are_separate_and_only_content_is_scored() -> None:
    found = asked(
        unit("The ferry sails.", article_id="a", title="A"),
        unit("By A. Quill", "metadata", article_id="a"),
        unit("Why?", "comment", article_id="b"),
        unit("So?", "comment", article_id="a", title="A"),
    )
    assert [(q.unit.text, q.article) for q in found] == [
        ("The ferry sails.", None), ("Why?", None), ("So?", "A"),
    ]  # fmt: skip


def test_requests_of_a_split_document() -> None:
    text = "Ferry returns\nThe ferry to Port Ellis sails.\nGood.\nNot at all."
    starts = [text.index(line) for line in text.split("\n")]
    ends = [s + len(line) for s, line in zip(starts, text.split("\n"), strict=True)]
    roles = ("title", "body", "comment", "comment")
    parts = tuple(
        Part(s, e, r, parent=2 if i == 3 else None)
        for i, (s, e, r) in enumerate(zip(starts, ends, roles, strict=True))
    )
    found = asked(*split(Article(text, title="Ferry returns", markup="none", parts=parts)))
    opening = "Ferry returns\nThe ferry to Port Ellis sails."
    assert [(q.article, q.parent) for q in found if q.unit.kind == "comment"] == [
        (opening, None),
        (opening, "Good."),
    ]


# ---- what is said


def test_a_row_holds_the_labels_of_its_unit(predictor: Predictor) -> None:
    text = "The greedy council met, said the mayor of the ferry."
    (row,) = run(predictor, ScoreRequest(unit(text), {"ferry": ((46, 51),), "council": ((11, 18),)}))
    assert [(s.target, s.label, s.mentions) for s in row.stance] == [
        ("ferry", "favor", ((46, 51),)), ("council", "against", ((11, 18),)),
    ]  # fmt: skip
    assert tuple(row.stance[1].scores) == STANCE_ANSWERS
    assert row.stance[1].scores["against"] == pytest.approx(np.exp(5) / (np.exp(5) + 3), abs=1e-4)
    assert [(p.target, p.label) for p in row.portrayal] == [("ferry", "positive"), ("council", "negative")]
    assert tuple(row.portrayal[1].scores) == PORTRAYALS
    assert row.portrayal[1].scores["negative"] == pytest.approx(np.exp(5) / (np.exp(5) + 2), abs=1e-4)
    assert [(s.text, s.label, s.voice) for s in row.loaded] == [("greedy", "name_calling_labeling", "outlet")]
    assert text[row.loaded[0].start : row.loaded[0].end] == "greedy"
    assert [f.label for f in row.frames] == ["economic"]
    assert (row.reply, row.toxic, row.flags) == (None, (), ())
    assert (row.biased, row.model, row.codebook) == (0.018, "rules-1", "book-1")


def test_copies_of_a_text_are_scored_with_their_own_document(predictor: Predictor) -> None:
    """Words may be repeated in one document only, so copies of a text may have other techniques."""
    predictor.decoding = replace(predictor.decoding, repetition_weight=4.0)
    once, often = unit("A greedy plan.", article_id="a"), unit("A greedy plan.", article_id="b")
    more = [unit("So greedy, greedy, greedy.", article_id="b", unit_id=f"more{n}") for n in range(3)]
    alone = [run(predictor, *asked(*units)) for units in ([once], [often, *more])]
    together = run(predictor, *asked(once, often, *more))
    assert together == [*alone[0], *alone[1]]
    assert together[0].loaded != together[1].loaded


def test_a_comment_has_topics_toxic_spans_and_a_reply(predictor: Predictor) -> None:
    text = "You stupid old clown, that is a greedy lie."
    topics = (("council", "council story"),)
    (row,) = run(predictor, ScoreRequest(unit(text, "comment"), {}, topics, "The ferry sails."))
    assert [(s.target, s.label, s.mentions) for s in row.stance] == [
        ("council", "against", ()),
        ("article", "against", ()),
    ]
    assert row.stance[1].scores["against"] == row.reply.scores["deny"] if row.reply else False
    assert tuple(row.stance[1].scores) == STANCE_ANSWERS, "the same scores as of any other target"
    assert row.portrayal == (), "the comment names neither"
    assert [text[a:b] for a, b in row.toxic] == ["stupid", "clown"]
    assert row.reply is not None
    assert row.reply.label == "deny"
    assert sum(row.reply.scores.values()) == pytest.approx(1, abs=1e-3)
    assert row.loaded[0].voice == "reader"
    (paragraph,) = run(predictor, ScoreRequest(unit(text)))
    assert (paragraph.toxic, paragraph.reply) == ((), None)


def test_a_stance_below_its_threshold_has_scores_and_no_label(predictor: Predictor) -> None:
    """Against the council at 0.98, as a mention and as a topic; all replies are equally probable."""
    named = ScoreRequest(unit("The council met."), {"council": ((4, 11),)})
    topic = ScoreRequest(
        unit("So it is.", "comment"), {}, (("council", "council story"),), "The ferry sails."
    )

    def labels(**changes: Any) -> list[str | None]:
        predictor.decoding = replace(Decoding(), **changes)
        return [s.label for row in run(predictor, named, topic) for s in row.stance]

    assert labels() == ["against", "against", "neutral"]
    assert labels(stance_abstain=0.99) == [None, None, "neutral"]
    assert labels(article_abstain=0.99) == ["against", "against", None]
    (row,) = run(predictor, topic)
    assert row.stance[1].scores == {"against": 0.25, "neutral": 0.5, "favor": 0.25, "unrelated": 0.0}
    assert row.reply is not None
    assert row.reply.label in REPLIES, "a reply always has a label"
    assert labels(portrayal_abstain=0.99) == ["against", "against", "neutral"]
    (row,) = run(predictor, named)
    assert [(p.label, p.scores["negative"] > 0.9) for p in row.portrayal] == [(None, True)]


def test_portrayal_is_only_of_the_targets_that_the_unit_names(predictor: Predictor) -> None:
    topics = (("mill", "mill story"), ("ferry", "ferry story"))
    (row,) = run(
        predictor,
        ScoreRequest(unit("The council met."), {"council": ((4, 11),)}, topics),
    )
    assert [(s.target, s.label, bool(s.mentions)) for s in row.stance] == [
        ("council", "against", True), ("mill", "unrelated", False), ("ferry", "favor", False),
    ]  # fmt: skip
    assert [(p.target, p.label) for p in row.portrayal] == [("council", "negative")]


def test_a_mention_without_a_token_has_no_label_and_equal_scores(predictor: Predictor) -> None:
    (row,) = run(predictor, ScoreRequest(unit("The council met."), {"council": ((90, 97),)}))
    (stance,), (portrayal,) = row.stance, row.portrayal
    assert (stance.label, portrayal.label) == (None, None)
    assert stance.scores == dict.fromkeys(STANCE_ANSWERS, 0.25)
    assert portrayal.scores == dict.fromkeys(PORTRAYALS, 0.3333)


def test_a_row_is_read_back_and_so_is_one_from_before_there_was_portrayal(predictor: Predictor) -> None:
    text = "The greedy council met, said the mill."
    (row,) = run(predictor, ScoreRequest(unit(text), {"council": ((11, 18),), "mill": ((33, 37),)}))
    assert [s.label for s in row.stance] == ["against", "unrelated"]
    as_dict = row.to_dict()
    assert [p["target"] for p in as_dict["portrayal"]] == ["council", "mill"]
    # Not part of a row: voices and pieces of the unit.
    assert score_from_dict(as_dict) == replace(row, unit=replace(row.unit, voices=()))
    del as_dict["portrayal"]
    for stance in as_dict["stance"]:
        stance["label"] = "neutral"
        del stance["scores"]["unrelated"]
    old = score_from_dict(as_dict)
    assert old.portrayal == ()
    assert [(s.label, tuple(s.scores)) for s in old.stance] == [
        ("neutral", ("against", "neutral", "favor"))
    ] * 2
    assert old.loaded == row.loaded


def test_a_span_in_a_quotation_has_its_voice(predictor: Predictor) -> None:
    text = "“They are greedy and always were,” said the mayor of the greedy council."
    (row,) = run(predictor, ScoreRequest(unit(text)))
    assert [s.voice for s in row.loaded] == ["quoted", "outlet"]


def test_a_long_unit_is_scored_to_its_end_and_flagged(predictor: Predictor) -> None:
    text = "The ferry and the mill. " * 40 + "The greedy council."
    start = text.index("council")
    (row,) = run(predictor, ScoreRequest(unit(text), {"council": ((start, start + 7),)}))
    assert [(s.start, s.text) for s in row.loaded] == [(text.index("greedy"), "greedy")]
    assert row.stance[0].label == "against"
    (flag,) = row.flags
    assert flag.startswith("windows:")
    assert int(flag.split(":")[1]) > 3


def test_rows_are_in_order_and_few_requests_are_consumed_ahead(
    predictor: Predictor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scoring, "LOOK_AHEAD", 4)
    taken = 0

    def stream() -> Iterator[ScoreRequest]:
        nonlocal taken
        for i in range(10):
            taken += 1
            yield ScoreRequest(unit("ferry " * (1 + 7 * i % 10) + str(i), unit_id=str(i)))

    told: list[int] = []
    rows = score(stream(), predictor=predictor, codebook="b", done=told.append)
    assert next(rows).unit.unit_id == "0"
    assert taken == 3, "one chunk is encoded while the one before it is decoded, no more"
    assert [r.unit.unit_id for r in rows] == [str(i) for i in range(1, 10)]
    assert told == [1, 2, 4, 3]
    assert run(predictor) == []


def test_all_targets_of_a_unit_go_in_one_pass(predictor: Predictor) -> None:
    seen: list[EncoderRequest] = []
    start = predictor.start

    def counting(requests: Any) -> Any:
        seen.extend(requests)
        return start(requests)

    predictor.start = counting  # type: ignore[method-assign]
    run(
        predictor,
        ScoreRequest(
            unit("The council, the ferry."), {"council": ((4, 11),), "ferry": ((17, 22),)}, (("x", "x"),)
        ),
    )
    assert [len(r.targets) for r in seen] == [3]


def test_copies_are_scored_once_and_keep_their_ids(
    predictor: Predictor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scoring, "LOOK_AHEAD", 4)
    read: list[str] = []
    start = predictor.start

    def counting(requests: Any) -> Any:
        read.extend(r.text for r in requests)
        return start(requests)

    monkeypatch.setattr(predictor, "start", counting)
    wire, other = "The council met the greedy ferry.", "The ferry sails."
    named = {"council": ((4, 11),)}
    rows = run(
        predictor,
        ScoreRequest(unit(other)),
        ScoreRequest(unit(wire, unit_id="1", outlet="one"), named),
        ScoreRequest(unit(wire, unit_id="2", outlet="two"), named),
        ScoreRequest(unit(wire, unit_id="3"), named, (("ferry", "the ferry"),)),
        ScoreRequest(unit(wire, "comment", unit_id="4"), named),
        *(ScoreRequest(unit(f"Boat {i}.", unit_id=f"b{i}")) for i in range(9)),
        ScoreRequest(unit(wire, unit_id="5", outlet="late"), named),
    )
    assert read.count(wire) == 3, "copies once; other targets and comments separately"
    copies = [r for r in rows if r.unit.unit_id in "125"]
    assert [r.unit.outlet for r in copies] == ["one", "two", "late"]
    assert len({repr(replace(r, unit=copies[0].unit)) for r in copies}) == 1
    assert [len(r.stance) for r in rows[1:5]] == [1, 1, 2, 1]
    assert rows[1].loaded[0].voice == "outlet"
    assert rows[4].loaded[0].voice == "reader"


def test_the_cache_is_bounded(predictor: Predictor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scoring, "REMEMBERED", 1)
    monkeypatch.setattr(scoring, "LOOK_AHEAD", 1)
    texts = ["Boats.", "Boats.", "Ferry.", "Mill.", "Park.", "Boats."]
    rows = run(predictor, *(ScoreRequest(unit(text, unit_id=str(i))) for i, text in enumerate(texts)))
    assert [r.unit.unit_id for r in rows] == [str(i) for i in range(6)]


def test_closing_the_iterator_cancels_waiting_batches(predictor: Predictor) -> None:
    rows = score((ScoreRequest(unit(f"Boat {i}.")) for i in range(9_999)), predictor=predictor, codebook="b")
    assert next(rows).unit.text == "Boat 0."
    rows.close()  # type: ignore[attr-defined]


def test_a_target_may_apply_to_every_unit_of_a_kind() -> None:
    targets = Targets((Target("closing", "the harbour closing", ("closing",), always=("comment",)),))
    rows = [
        unit("The port is shut.", position=0),
        unit("Shame.", "comment", position=1),
        unit("No closing!", "comment", position=2),
    ]
    body, silent, named = score_requests(rows, targets)
    assert (body.topics, body.mentions) == ((), {})
    assert ("closing", "the harbour closing") in silent.topics
    assert named.topics == ()
    assert named.mentions == {"closing": ((3, 10),)}


def test_a_quoted_span_has_the_speaker_of_its_own_document_also_in_copies(predictor: Predictor) -> None:
    text = "“The council is greedy,” she said."
    own = voices(text)
    given = [
        unit(text, unit_id=name, voices=own, speaker=name, speakers=tuple(
            name if voice == "quoted" else None for _, _, voice in own
        ))
        for name in ("Karvi", "Tesk")
    ]  # fmt: skip
    first, second, without = run(predictor, *asked(*given, unit(text, unit_id="none", voices=own)))
    assert first.loaded[0].voice == "quoted"
    assert [{span.speaker for span in row.loaded} for row in (first, second, without)] == [
        {"Karvi"},
        {"Tesk"},
        {None},
    ]
    assert [row.to_dict()["speaker"] for row in (first, second, without)] == ["Karvi", "Tesk", None]
