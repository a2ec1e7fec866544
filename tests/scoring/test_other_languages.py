"""Units that are not in English: no labels, no pass of the encoder, and no comment is paired with them."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from slant.encoding.decode import Floats
from slant.encoding.predictor import Predictor
from slant.errors import Rejected
from slant.labels.targets import Target, Targets
from slant.records import Article, Part, Score, Unit, score_from_dict
from slant.scoring.account import Account
from slant.scoring.python_api import RequestBuilder, Scorer, ready_units
from slant.scoring.ray_run import File, ReadDocument, _read
from slant.scoring.run_options import ReadOptions, ScoreOptions, made_with
from slant.scoring.score import ScoreRequest, score, score_requests
from slant.segment.units import split
from stub_score import Arithmetic, finished, stub_predictor

TARGETS = Targets((Target("council", "the council", ("council", "Stadtrat")),))
ENGLISH = (
    "The greedy council raised the harbour fees again, and the ferry company said that it would not pay."
)
GERMAN = "Der Stadtrat hat die Hafengebühren wieder erhöht, und die Fährgesellschaft will sie nicht bezahlen."
ANSWER = "They should have asked the people of this town first."
ANTWORT = "Endlich sagt es mal einer, diese Leute lügen doch nur noch!"


class Counting(Arithmetic):
    """Counts the rows that the encoder gets."""

    def __init__(self) -> None:
        super().__init__(0)
        self.rows = 0

    def __call__(self, batch: dict[str, NDArray[np.int64]]) -> tuple[Floats, Floats, Floats]:
        self.rows += len(batch["input_ids"])
        return super().__call__(batch)


@pytest.fixture
def predictor() -> Predictor:
    predictor = stub_predictor()
    predictor.runtime = Counting()
    return predictor


def units(body: str, *comments: str | tuple[str, int]) -> list[Unit]:
    """An article without a title; a comment is its text, or its text and the number of the comment that it answers."""
    text, parts = "", []
    for piece in (body, *comments):
        words, parent = piece if isinstance(piece, tuple) else (piece, None)
        role = "comment" if parts else "body"
        parts.append(
            Part(len(text), len(text) + len(words), role, parent=None if parent is None else parent + 1)
        )
        text += words + "\n\n"
    return split(Article(text, parts=tuple(parts)))


def asked(given: list[Unit], *, any_language: bool = False) -> list[ScoreRequest]:
    return list(score_requests(given, TARGETS, any_language=any_language))


def labels(row: Score) -> list[Any]:
    own = (
        row.stance,
        row.portrayal,
        row.loaded,
        row.frames,
        row.reply,
        row.toxic,
        row.biased,
        row.subjective,
    )
    return [each for each in own if each]


def test_a_unit_in_another_language_has_a_flag_and_no_labels(predictor: Predictor) -> None:
    given = [*units(ENGLISH), *units(GERMAN)]
    english, german = score(asked(given), predictor=predictor, codebook="book-1")
    assert labels(english)
    assert english.unit.flags == ()
    assert labels(german) == []
    assert (german.biased, german.subjective, german.reply) == (None, None, None)
    assert german.to_dict()["flags"] == ["language:de"]
    assert german.to_dict()["text"] == GERMAN
    assert (german.model, german.codebook) == ("rules-1", "book-1")
    assert predictor.runtime.rows == 1  # type: ignore[attr-defined]
    assert score_from_dict(german.to_dict()).unit.other_language == "de"


def test_any_language_scores_all_and_flags_none(predictor: Predictor) -> None:
    flagged = [request.unit for request in asked(units(GERMAN))]
    assert [unit.other_language for unit in flagged] == ["de"]
    for given in (units(GERMAN), flagged):
        (german,) = score(asked(given, any_language=True), predictor=predictor, codebook="")
        assert labels(german)
        assert [stance.target for stance in german.stance] == ["council"]
        assert german.unit.flags == ()


def test_documents_in_another_language_alone_need_no_encoder(predictor: Predictor) -> None:
    rows = list(score(asked(units(GERMAN, ANTWORT)), predictor=predictor, codebook=""))
    assert [labels(row) for row in rows] == [[], []]
    assert predictor.runtime.rows == 0  # type: ignore[attr-defined]


def test_copies_in_documents_of_two_languages_have_their_own_score(predictor: Predictor) -> None:
    given = [*units(ENGLISH, "Super!"), *units(GERMAN, "Super!")]
    rows = list(score(asked(given), predictor=predictor, codebook=""))
    assert [(row.unit.other_language, bool(labels(row))) for row in rows if row.unit.kind == "comment"] == [
        (None, True),
        ("de", False),
    ]


def test_a_comment_is_not_paired_with_an_article_or_comment_in_another_language() -> None:
    first, second, reply = asked(units(ENGLISH, ANTWORT, (ANSWER, 0)))[1:], None, None
    assert [(r.unit.other_language, r.article, r.parent) for r in first] == [
        ("de", None, None),
        (None, ENGLISH, None),
    ]
    second, reply = asked(units(GERMAN, ANSWER, (ANSWER + " All of them.", 0)))[1:]
    assert (second.article, second.parent) == (None, None)
    assert (reply.article, reply.parent) == (None, ANSWER)
    both = asked(units(GERMAN, ANSWER), any_language=True)
    assert both[1].article == GERMAN


def test_a_quotation_in_another_language_leaves_the_article_in_english() -> None:
    body, quotation, comment = asked(units(f"{ENGLISH}\n\n“{ANTWORT} {ANTWORT}”", ANSWER))
    assert [body.unit.other_language, quotation.unit.other_language] == [None, "de"]
    assert comment.article == ENGLISH


# ---- ready-made units, Python


def ready(*rows: dict[str, Any], any_language: bool = False) -> list[ScoreRequest]:
    rejected: list[Rejected] = []
    lines = io.StringIO("".join(json.dumps(row) + "\n" for row in rows))
    found = list(ready_units(["-"], TARGETS, rejected, stdin=lines, any_language=any_language))
    assert not rejected
    return found


def test_ready_made_units_are_judged_by_their_own_text() -> None:
    german, english, answer = ready(
        {"text": ANTWORT, "targets": ["council"], "parent_text": ANSWER},
        {"text": ENGLISH},
        {"text": ANSWER, "parent_text": ANTWORT, "targets": ["council"]},
    )
    assert (german.unit.flags, german.topics, german.parent) == (("language:de",), (), None)
    assert (english.unit.flags, list(english.mentions)) == ((), ["council"])
    assert (answer.unit.flags, answer.parent, len(answer.topics)) == ((), None, 1)
    (overruled,) = ready({"text": ANTWORT, "targets": ["council"], "parent_text": ANSWER}, any_language=True)
    assert (overruled.unit.flags, overruled.parent, len(overruled.topics)) == ((), ANSWER, 1)


@pytest.mark.parametrize("any_language", [False, True])
def test_every_kind_of_item_is_judged(predictor: Predictor, any_language: bool) -> None:
    items = [
        GERMAN,
        {"text": GERMAN, "kind": "lead"},
        {"text": GERMAN, "title": ""},
        Article(GERMAN),
        *units(GERMAN),
    ]
    rows = list(Scorer(predictor, TARGETS).score(items, any_language=any_language))
    assert len(rows) == 5
    assert {row.unit.other_language for row in rows} == {None if any_language else "de"}
    assert [bool(labels(row)) for row in rows] == [any_language] * 5
    assert RequestBuilder(TARGETS, None).any_language is False


# ---- runs


def options(*paths: str, any_language: bool = False) -> ScoreOptions:
    return ScoreOptions(ReadOptions(paths, quiet=True), "s.jsonl", any_language=any_language)


def test_the_option_is_part_of_what_made_the_rows(predictor: Predictor) -> None:
    assert "--any-language" not in made_with(options(), predictor, TARGETS)
    assert made_with(options(any_language=True), predictor, TARGETS)["--any-language"] == "True"


@pytest.mark.parametrize("any_language", [False, True])
@pytest.mark.parametrize("ready_made", [False, True])
def test_the_ray_engine_judges_languages_too(tmp_path: Path, any_language: bool, ready_made: bool) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps({"text": GERMAN}) + "\n")
    asked_for = ScoreOptions(
        ReadOptions((str(path),)), "s.jsonl", units=ready_made, any_language=any_language
    )
    found = list(_read([File("a.jsonl", os.fspath(path))], options=asked_for, targets=TARGETS))
    requests = [request for item in found if isinstance(item, ReadDocument) for request in item.requests]
    assert [request.unit.other_language for request in requests] == [None if any_language else "de"]


def test_languages_are_counted() -> None:
    account = Account()
    given = [Score(request.unit) for request in asked([*units(ENGLISH, ANTWORT), *units(GERMAN)])]
    assert list(account.scored(given)) == given
    assert account.languages == {"en": 1, "de": 2}


@pytest.mark.slow
def test_a_run_ends_with_the_number_of_units_that_are_not_in_english(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    article = {
        "text": ENGLISH,
        "comments": [ANTWORT, ANSWER, "Quelle honte, encore des mensonges de la mairie !"],
    }
    (tmp_path / "in" / "a.jsonl").write_text(json.dumps(article) + "\n" + json.dumps({"text": GERMAN}) + "\n")
    score_line = ["score", "in", "--quiet", "-o"]
    end = "3 units are not in English (de 2, fr 1): no labels; --any-language scores them anyway\n"
    code, said = finished([*score_line, "s.jsonl"], cwd=tmp_path)
    assert (code, said) == (0, f"5 units scored → s.jsonl\n{end}")
    assert finished([*score_line, "-"], cwd=tmp_path) == (0, end)
    code, said = finished([*score_line, "all.jsonl", "--any-language"], cwd=tmp_path)
    assert (code, said) == (0, "5 units scored → all.jsonl\n")
    rows = [json.loads(line) for line in (tmp_path / "s.jsonl").read_text("utf-8").splitlines()]
    flags = [[f for f in row["flags"] if f.startswith("language")] for row in rows]
    assert flags == [[], ["language:de"], [], ["language:fr"], ["language:de"]]
    assert [row["biased"] is None for row in rows] == [False, True, False, True, True]
    code, said = finished(["split", "in", "--quiet", "-o", "u.jsonl"], cwd=tmp_path)
    assert said.endswith("3 units are not in English (de 2, fr 1): slant score gives them no labels, unless it gets "
                         "--any-language\n")  # fmt: skip
    split_flags = [
        json.loads(line)["flags"] for line in (tmp_path / "u.jsonl").read_text("utf-8").splitlines()
    ]
    assert split_flags == flags
