"""Properties of all units: exact offsets, no text lost or repeated, no exception, linear time."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slant.records import CONTENT_KINDS, OTHER_KINDS, Article
from slant.segment.units import split

WORDS = st.sampled_from(
    [
        "mill", "Ada", "river.", "“Otherwise,", "we”", "‘so-called’", "«gué»", "cafe\u0301", "🎉", "👩‍🌾", "I", "you!!",
        "1932,", "Comments", "(12)", "By", "March", "10,", "2031", "said", "lol", "\u00a0", "the", "Note", "to",
        "readers:", "e.g.", "\U0001d11e", "https://mill.example/a.mp4", "don’t", "it`s", "© 2031",
    ]
)  # fmt: skip
MARKS = st.sampled_from(
    [
        "*",
        "**",
        "_",
        "`",
        "[",
        "](",
        "](http://x)",
        ")",
        "\\",
        "<",
        ">",
        "# ",
        "- ",
        "• ",
        "> ",
        "---",
        "![",
        "1. ",
    ]
)
BREAKS = st.sampled_from([" ", " ", " ", "\n", "\n\n", "\n\n\n", "\n  ", "\n\t", "  \n", "\n\n\n\n"])


def joined(pieces: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.lists(st.tuples(pieces, BREAKS), max_size=60).map(
        lambda pairs: "".join(a + b for a, b in pairs)
    )


def check(article: Article) -> set[int]:
    """Assert the properties of all units. Returns the document offsets that are in a piece."""
    seen: set[int] = set()
    last = 0
    for position, unit in enumerate(split(article)):
        assert unit.position == position
        assert unit.unit_id == f"{article.article_id}-{position:04d}"
        assert unit.kind in CONTENT_KINDS + OTHER_KINDS
        assert unit.text
        assert unit.text == unit.text.strip()
        assert last <= unit.start < unit.end <= len(article.text)
        last = unit.end
        at = 0
        for start, origin, size in unit.pieces:
            assert unit.text[at:start] in ("", " ", "\n\n")
            assert unit.text[start : start + size] == article.text[origin : origin + size]
            assert unit.start <= origin
            assert origin + size <= unit.end
            assert seen.isdisjoint(range(origin, origin + size))
            seen.update(range(origin, origin + size))
            at = start + size
        assert at == len(unit.text)
        assert "".join(unit.text[a:b] for a, b, _ in unit.voices) == unit.text
    return seen


@settings(deadline=None, max_examples=40)
@given(joined(st.one_of(WORDS, MARKS)), st.sampled_from(["markdown", "none"]))
def test_offsets_are_exact_with_any_markup(text: str, markup: str) -> None:
    check(Article(text=text, markup=markup))


@settings(deadline=None, max_examples=40)
@given(joined(WORDS))
def test_without_markup_every_character_is_in_exactly_one_unit(text: str) -> None:
    text = text.replace("`", "'").replace("(12)", "12")  # "(12) a" is a numbered list item
    seen = check(Article(text=text))
    lost = [i for i, char in enumerate(text) if not char.isspace() and i not in seen]
    assert "".join(text[i] for i in lost) == ""


@settings(deadline=None, max_examples=40)
@given(joined(st.one_of(WORDS, MARKS.filter(lambda mark: mark not in ("](", "](http://x)", "1. ")))))
def test_with_markup_no_letter_is_lost(text: str) -> None:
    text = text.replace(")", "")
    seen = check(Article(text=text))
    assert [text[i] for i in range(len(text)) if text[i].isalnum() and i not in seen] == []


@settings(deadline=None, max_examples=40)
@given(st.text(max_size=300))
def test_split_never_raises(text: str) -> None:
    check(Article(text=text.replace("\r\n", "\n")))


@given(joined(WORDS))
@settings(deadline=None, max_examples=40)
def test_split_is_deterministic(text: str) -> None:
    elsewhere = split(Article(text=text, path="elsewhere"))
    assert split(Article(text=text)) == [replace(unit, source=None) for unit in elsewhere]
    assert {unit.source for unit in elsewhere} <= {"elsewhere"}


@pytest.mark.slow
@pytest.mark.parametrize(
    "pattern",
    [
        "[", "*", "_a ", "](", "[](", "[a](", " a`", "<a ", "\\", "](()", "a@", "> > a\n", "- item\n", "*\n\n", "a\n",
        "alpha beta gamma delta epsilon zeta\n\n", "Ada Bo\n\nI think you are wrong!\n\n", "“ ", "By A ", "1",
        "https://a.example/1 ", "# a\n", "a\n---\n", "Comments (1)\n\n",
    ],
)  # fmt: skip
def test_pathological_text_is_split_in_linear_time(pattern: str) -> None:
    text = (pattern * 200_000)[:200_000]
    start = time.process_time()
    split(Article(text=text))
    assert time.process_time() - start < 10  # about 1 s on a laptop; quadratic time would be minutes
