"""Characters that are not seen are no part of a unit; signs that end a line or a paragraph are known; lines of sentences."""

from __future__ import annotations

import pytest

from slant.records import Article, Unit
from slant.segment.units import split

UNSEEN = [
    "\u00ad",
    "\u200b",
    "\u200c",
    "\u200d",
    "\u2060",
    "\ufeff",
    "\u200e",
    "\u202a",
    "\u202c",
    "\u2066",
    "\ufe0f",
]


def units(text: str, markup: str = "none") -> list[Unit]:
    found = split(Article(text=text, markup=markup))
    for unit in found:
        for start, origin, size in unit.pieces:
            assert unit.text[start : start + size] == text[origin : origin + size]
    return found


@pytest.mark.parametrize("markup", ["none", "markdown"])
@pytest.mark.parametrize("unseen", UNSEEN)
def test_characters_that_are_not_seen_are_left_out(unseen: str, markup: str) -> None:
    text = f"The T{unseen}ern Lea{unseen}{unseen}gue sold the mill pond on Friday, and few in the valley were pleased."
    (unit,) = units(text, markup)
    assert unit.text == "The Tern League sold the mill pond on Friday, and few in the valley were pleased."
    assert (unit.start, unit.end) == (0, len(text))


@pytest.mark.parametrize(
    "kept", ["👩\u200d🌾 and ❤\ufe0f", "نمی\u200cشود", "cafe\u0301", "a\u00a0b", "a\u202fb"]
)
def test_characters_that_form_a_sign_are_kept(kept: str) -> None:
    text = f"The league broke the law on Friday ({kept}), and nobody was surprised."
    assert units(text)[0].text == text


def test_a_line_of_characters_that_are_not_seen_is_no_unit() -> None:
    assert [unit.text for unit in units("Rain fell on Monday.\n\n\u200b\u00ad\n\nThe weir broke.")] == [
        "Rain fell on Monday.",
        "The weir broke.",
    ]


@pytest.mark.parametrize("end", ["\u2029", "\u2028\u2028", "\x85\x85", "\n\u2028", "\n\n"])
def test_other_signs_end_a_paragraph(end: str) -> None:
    paragraphs = [
        "Rain had fallen on the hills for a week before it broke.",
        "Nobody had looked at it since the spring flood.",
    ]
    assert [unit.text for unit in units(end.join(paragraphs), "markdown")] == paragraphs
    assert len(units("\u2028".join(paragraphs), "markdown")) == 1  # a line that goes on


LINES = [
    "Rain had fallen on the hills for a week before the weir broke.",
    "“Nobody looked at it for ten years,” the miller told the paper.",
    "The council said that it had no money for the weir this year!",
    "2 mills have closed since then, and the road is under water.",
]


@pytest.mark.parametrize("count", [2, 4])
def test_lines_of_a_cell_that_each_end_a_sentence_are_paragraphs(count: int) -> None:
    assert [unit.text for unit in units("\n".join(LINES[:count]))] == LINES[:count]


def test_four_such_lines_of_a_text_file_are_paragraphs_and_two_are_not() -> None:
    assert [unit.text for unit in units("\n".join(LINES), "markdown")] == LINES
    assert [unit.text for unit in units("\n".join(LINES[:2]), "markdown")] == [" ".join(LINES[:2])]


@pytest.mark.parametrize("markup", ["none", "markdown"])
def test_lines_that_break_within_a_sentence_are_one_paragraph(markup: str) -> None:
    wrapped = (
        "Rain had fallen on the hills for a week before the weir broke.\n"
        "Nobody had looked at it for ten years, the miller told the\n"
        "Courier on Monday, and the council said that it had no money.\n"
        "The road below the old mill is still under a foot of water."
    )
    assert [unit.text for unit in units(wrapped, markup)] == [wrapped.replace("\n", " ")]
