"""Explanations as people read them: sentences, marked text, the page, and the notes of the article page."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from report_cases import EXPLANATION, HOSTILE, article
from slant.reports.article_page import write_report
from slant.reports.explanation_page import VERDICTS, marked, sentences, words, write_explanations
from slant.scoring.explain import Deletion, Explanation, Word

GOOD = EXPLANATION.deletion


def test_the_deletion_score_in_words() -> None:
    assert sentences(EXPLANATION) == [
        "Removing these 2 words changes 82 % to 31 %; removing 2 random words, to 79 % on average.",
        "With only these 2 words and the target: 86 %; with 2 random words: 40 %.",
        VERDICTS["good"],
    ]
    assert words(EXPLANATION) == "Shameful +2.3, keepers +0.40"
    one = replace(EXPLANATION, deletion=Deletion(1, 0.8, 0.8, None, None, None), mentions=())
    assert sentences(one) == [
        "Removing this word changes 82 % to 80 %.",
        "With only this word: 80 %.",
        VERDICTS["weak"],
    ]
    phrases = replace(EXPLANATION, words=(Word("Shameful … again", ((0, 9), (19, 26)), 2.0, True),))
    assert "these 2 phrases" in sentences(phrases)[0]


@pytest.mark.parametrize(
    ("deletion", "verdict"),
    [
        (GOOD, "good"),
        (replace(GOOD, without=0.73), "weak"),
        (replace(GOOD, less=0.9), "random"),
        (Deletion(0, 0.82, 0.82, None, None, None), "none"),
    ],
)
def test_a_bad_explanation_is_called_bad(deletion: Deletion, verdict: str) -> None:
    explanation = replace(EXPLANATION, deletion=deletion)
    assert explanation.verdict == explanation.to_dict()["verdict"] == verdict
    last = sentences(explanation)[-1]
    assert last.startswith("Check passed" if verdict == "good" else "Check failed")


def test_a_unit_without_other_words_says_so() -> None:
    assert "no word besides the target" in sentences(replace(EXPLANATION, words=()))[0]


def test_marked_pieces_are_the_text() -> None:
    found = marked(EXPLANATION)
    assert "".join(piece.text for piece in found) == EXPLANATION.text
    assert [piece.text for piece in found if piece.is_mention] == ["board"]
    assert [piece.text for piece in found if piece.word and piece.word.top] == ["“Shameful", "keepers,"]
    assert found[-1].word is None


def test_the_page_shows_weights_check_and_no_other_code(tmp_path: Path) -> None:
    failed = replace(EXPLANATION, unit_id="a1-1", deletion=replace(GOOD, less=0.5))
    path = tmp_path / "words.html"
    write_explanations([EXPLANATION, failed], path, generated={"from": "scores.jsonl"})
    html = path.read_text("utf-8")
    assert '<mark class="top" data-code="+2.3">“Shameful</mark>' in html
    assert '<mark class="for" title="+0.20">again!”</mark>' in html
    assert '<mark class="anti" title="−0.70">wrote</mark> the <b>board</b>.</p>' in html
    assert "<dt>passed the check</dt><dd>1</dd>" in html
    assert html.count('class="check failed"') == 1
    assert VERDICTS["random"] in html
    assert "scores.jsonl" in html
    assert "<script" not in html
    assert " style=" not in html


def test_markup_in_a_text_stays_text(tmp_path: Path) -> None:
    hostile = replace(
        EXPLANATION, text=HOSTILE, mentions=(), words=(Word(HOSTILE, ((0, len(HOSTILE)),), 1.0, True),),
        target=HOSTILE, unit_id=HOSTILE, model=HOSTILE,
    )  # fmt: skip
    path = tmp_path / "words.html"
    write_explanations([hostile], path)
    assert "<script" not in path.read_text("utf-8")


def test_the_article_page_shows_explanations_on_demand(tmp_path: Path) -> None:
    asked = []

    def explain(rows: object) -> list[Explanation]:
        asked.append([row.unit.unit_id for row in rows])  # type: ignore[attr-defined]
        return [EXPLANATION]

    path = tmp_path / "report.html"
    write_report(article(), path, explain=explain)
    html = path.read_text("utf-8")
    assert asked == [[f"a1-{number}" for number in range(7)]]
    expected = f"<dt>Words for Light Board against</dt><dd>{words(EXPLANATION)}. {' '.join(sentences(EXPLANATION))}</dd>"
    assert html.count(expected) == 1
    assert html.index('id="u-a1-0"') < html.index(expected) < html.index('id="u-a1-1"')
    assert "<summary>Words for a stance</summary>" in html

    write_report(article(), path)
    assert "Words for" not in path.read_text("utf-8")


def test_articles_that_are_not_shown_are_not_explained(tmp_path: Path) -> None:
    asked = []

    def explain(rows: object) -> list[Explanation]:
        asked.append(rows)
        return []

    rows = [row for number in range(3) for row in article(f"a{number}")]
    write_report(rows, tmp_path / "report.html", max_articles=2, explain=explain)
    assert len(asked) == 2
