"""Inline markup is removed, all other text is kept, and pieces map it to the document."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slant.segment.markdown import PlainText, concat, to_plain_text


def read(text: str) -> str:
    one = to_plain_text(text, [(0, len(text))])
    for start, origin, size in one.pieces:
        assert one.text[start : start + size] == text[origin : origin + size]
    return one.text


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('see [the *old* mill](http://mill.example/a_(b) "Mill") now', "see the old mill now"),
        ("[](#)the mill", "the mill"),
        ("an ![oak](oak.png) stood", "an oak stood"),
        (
            "<http://mill.example/a_b_c> or <ada@mill.example>",
            "http://mill.example/a_b_c or ada@mill.example",
        ),
        ("**Bold**, *italic*, ***both***, __bold__ and _italic_", "Bold, italic, both, bold and italic"),
        ("~~old~~ `code` <b>bold</b><br/>", "old code bold"),
        (r"\$5 \*not\* a list\_name \\_ C:\dir", r"$5 *not* a list_name _ C:\dir"),
        ("*a **b** c*", "a b c"),
    ],
)
def test_markup_is_removed(source: str, expected: str) -> None:
    assert read(source) == expected


@pytest.mark.parametrize(
    "source",
    [
        "clean up [the area] with our own methods",
        "[sic](see below) and [one][two]",
        "what the f*** and sh*t, f**king",
        "it`s the miller`s",
        "snake_case_name and IMR_09_03.mp4",
        "5 * 3 * 2, 2*3*4, a ** b",
        "*unclosed and _unclosed",
        "](http://x) [ ] ![",
        "1 < 2 > 0 and <mill>",
        "🎉 cafe\u0301 “‘nested’ quotes”",
    ],
)
def test_text_that_is_not_markup_is_kept(source: str) -> None:
    assert read(source) == source


def test_without_markdown_all_characters_are_kept() -> None:
    source = r"*a* [b](c) \d"
    assert to_plain_text(source, [(0, len(source))], markdown=False).text == source


def test_lines_are_joined_by_a_space_outside_any_piece() -> None:
    source = "the mill  \n   by the river"
    one = to_plain_text(source, [(0, 8), (14, 26)])
    assert one == PlainText("the mill by the river", ((0, 0, 8), (9, 14, 12)))


def test_a_hyphenated_word_is_joined_without_a_space() -> None:
    source = "a well-\nkept mill"
    assert to_plain_text(source, [(0, 7), (8, 17)]).text == "a well-kept mill"


def test_emphasis_may_span_lines() -> None:
    source = "*the mill\nturns*"
    assert to_plain_text(source, [(0, 9), (10, 16)]).text == "the mill turns"


def test_concat_shifts_pieces() -> None:
    parts = [PlainText("ab", ((0, 5, 2),)), PlainText("cd", ((0, 9, 2),))]
    assert concat(parts, "\n\n") == PlainText("ab\n\ncd", ((0, 5, 2), (4, 9, 2)))


@given(st.text(alphabet="ab \n[](){}<>*_`~\\!\"'é\u0301🎉“”", max_size=200))
def test_pieces_are_equal_and_ordered(source: str) -> None:
    one = to_plain_text(source, [(0, len(source))])
    covered = 0
    last_text = last_origin = 0
    for start, origin, size in one.pieces:
        assert size > 0
        assert start >= last_text
        assert origin >= last_origin
        assert one.text[start : start + size] == source[origin : origin + size]
        last_text, last_origin = start + size, origin + size
        covered += size
    assert covered == len(one.text)
