"""A word torn at a line end is mended, a compound keeps its hyphen; the document decides before the parts of the word."""

from __future__ import annotations

import time

import pytest

from slant.records import Article
from slant.segment.units import split

OPENING = (
    "The harbour board met on Monday to talk about the quay, and\n"
    "nobody in the hall was pleased with what its chairman said.\n"
)


def joined(last: str, first: str, rest: str = "") -> str:
    """The text of a paragraph in which a line ends in `last` and the next one begins with `first`."""
    text = f"{OPENING}{rest}It was said at length that all of this was {last}\n{first} in the end, and that was that."
    units = split(Article(text=text))
    for unit in units:
        for start, origin, size in unit.pieces:
            assert unit.text[start : start + size] == text[origin : origin + size]
    whole = " ".join(unit.text for unit in units)
    return whole.split(" all of this was ")[1].split(" in the end")[0]


@pytest.mark.parametrize(
    ("last", "first"),
    [("fear-", "less"), ("resolu-", "tion"), ("gov-", "ernment"), ("un-", "known"), ("anti-", "cipated"),
     ("hap\xad", "pened"), ("for¬", "gotten"), ("COUN-", "CIL"), ("self-", "ish"), ("seven-", "teen"), ("ex-", "plained"),
     ("well-estab-", "lished")],
)  # fmt: skip
def test_a_torn_word_is_mended(last: str, first: str) -> None:
    assert joined(last, first) == last[:-1] + first


@pytest.mark.parametrize(
    ("last", "first"),
    [("well-", "kept"), ("price-", "fixing"), ("Orl-", "controlled"), ("self-", "made"), ("non-", "payment"),
     ("anti-", "war"), ("far-", "right"), ("Franco-", "Danish"), ("twenty-", "five"), ("20-", "year"), ("so-", "called"),
     ("state-of-the-", "art")],
)  # fmt: skip
def test_a_compound_keeps_its_hyphen(last: str, first: str) -> None:
    assert joined(last, first) == last + first


def test_what_the_document_says_elsewhere_decides() -> None:
    assert joined("quay-", "master", "The quay-master was there.\n") == "quay-master"
    assert joined("quay-", "master", "The Quaymaster was there.\n") == "quaymaster"
    assert joined("Orla-", "bought", "Then Orla came, and Orla spoke.\n") == "Orla-bought"


def test_a_hyphen_before_and_or_or_stands_for_a_word() -> None:
    assert joined("pre-", "and post-war") == "pre- and post-war"


def test_a_text_that_is_only_broken_at_its_hyphens_keeps_them_all() -> None:
    rest = "They called it well-\nmeant and the work of a state-\nrun and badly led and much-\nloved firm there.\n"
    assert joined("harbour-", "quay", rest) == "harbour-quay"
    assert joined("harbour-", "quay") == "harbourquay"


def test_a_dash_is_no_hyphen() -> None:
    assert joined("over -", "so they") == "over - so they"


@pytest.mark.slow
def test_many_torn_words_take_linear_time() -> None:
    text = "the council had been accu-\n" * 2_000 + "a" * 20_000 + "-" + "\n" * 10_000 + "b-" * 10_000
    start = time.perf_counter()
    split(Article(text=text))
    assert time.perf_counter() - start < 20
