"""Plain text and Markdown: decoding, and the metadata that the head of a document states."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slant.errors import Rejected
from slant.ingest.documents import read_text
from slant.ingest.inputs import read_articles
from slant.records import Article
from slant.segment.article_header import header_metadata
from slant.segment.dates import iso_date

QUICK = settings(max_examples=60, deadline=None)
# All text except what decoding removes (a mark at the start, carriage returns) and what is rejected (NUL, half surrogate
# pairs).
WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00\r"), min_size=1).filter(
    lambda text: text.strip("\ufeff\u200b \t\n\f\v\xa0").strip() and not text.startswith("\ufeff")
)


@QUICK
@given(words=WORDS)
def test_a_text_is_read_unchanged(words: str) -> None:
    assert read_text(words.encode(), "a.txt").text == words


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_marks_are_dropped_and_newlines_converted(encoding: str) -> None:
    nfd = unicodedata.normalize("NFD", "Café")
    article = read_text(f"🌊 {nfd}\r\nsecond\rthird\n".encode(encoding), "a.txt")
    assert article.text == f"🌊 {nfd}\nsecond\nthird\n"
    assert (article.markup, article.parts) == ("markdown", ())


def test_bytes_that_are_not_utf8_are_read_as_windows_1252_with_a_note() -> None:
    for data in (b"caf\xe9", b"\xef\xbb\xbfcaf\xe9"):
        article = read_text(data, "a.txt")
        assert article.text == "café"
        (note,) = article.notes
        assert note.reason == "encoding"
    with pytest.raises(Rejected, match="NUL character at 0"):
        read_text(b"\x00\xff\xfe\x81", "a.txt")


HEAD = """

# Bridge at Old Mill *closes*

By [Ada Lind](#)

Mill Courier, March 9, 2021

[Ada Lind](#) 7 March 2021

Region: [Hills & Lakes](#), [North](#)

Theme: [Roads](#), [Money](#)

In-depth Report: [BRIDGES](#)

The bridge closed on Monday, and By Bo Berg it was not reopened.
"""


def test_the_head_of_a_document_is_read() -> None:
    assert header_metadata(HEAD) == {
        "title": "Bridge at Old Mill closes",
        "author": "Ada Lind",
        "outlet": "Mill Courier",
        "published": "2021-03-09",
        "sections": ("Hills & Lakes", "North", "Roads", "Money", "BRIDGES"),
    }


def test_front_matter_is_read() -> None:
    text = (
        "---\ntitle: 'Bridge closes'\nauthors:\n  - Ada Lind\n  - Bo Berg\ndate: 9 March 2021\n"
        "site: Mill Courier\nurl: https://mill.example/1\ntags: [roads, money]\n---\n\nThe bridge closed.\n"
    )
    assert header_metadata(text) == {
        "title": "Bridge closes",
        "author": "Ada Lind, Bo Berg",
        "published": "2021-03-09",
        "outlet": "Mill Courier",
        "url": "https://mill.example/1",
        "sections": ("roads", "money"),
    }


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Bridge closes. What comes next\n\nThe bridge closed on Monday.", "Bridge closes. What comes next"),
        ("Bridge closes\n=============\n\nThe bridge closed.", "Bridge closes"),
        ("Bridge closes\nBy Ada Lind\n\nThe bridge closed.", "Bridge closes"),
        ("## Bridge closes ##\nThe bridge closed.", "Bridge closes"),
        ("The bridge closed on Monday.\n\nIt opens in May.", None),  # a sentence
        ("Bridge closes\nThe bridge closed on Monday.", None),  # the first line of a paragraph, perhaps
        ("By Ada Lind\n\nThe bridge closed.", None),
        ("March 9, 2021\n\nThe bridge closed.", None),
        ("- Bridge closes\n\n- Ferry sails", None),
        ("Bridge closes", None),
    ],
)
def test_a_title_is_a_heading_or_none(text: str, title: str | None) -> None:
    assert header_metadata(text).get("title") == title


@pytest.mark.parametrize(
    ("line", "outlet", "published"),
    [
        ("Mill Courier, 9 March 2021", "Mill Courier", "2021-03-09"),
        ("The Ellis Post | Sept. 9, 2021", "The Ellis Post", "2021-09-09"),
        ("BBC, March 9, 2021", "BBC", "2021-03-09"),
        ("LONDON, March 9, 2021", None, "2021-03-09"),
        ("Damascus, March 9, 2021", None, "2021-03-09"),
        ("New York, March 9, 2021", None, "2021-03-09"),
        ("Updated on Tuesday, March 9, 2021", None, "2021-03-09"),
        ("Published: 2021-03-09", None, "2021-03-09"),
        ("Ada Lind 9 March 2021", None, "2021-03-09"),
        ("Smarch 9, 2021", None, None),
        ("The bridge fell on March 9, 2021 and stayed down.", None, None),
    ],
)
def test_a_dateline_states_an_outlet_only_if_it_cannot_be_a_town(
    line: str, outlet: str | None, published: str | None
) -> None:
    found = header_metadata(f"# Bridge closes\n\n{line}\n\nThe bridge closed.\n")
    assert (found.get("outlet"), found.get("published")) == (outlet, published)


@pytest.mark.parametrize(
    ("line", "author"),
    [
        ("By Ada Lind", "Ada Lind"),
        ("by ADA LIND and Bo van der Berg", "ADA LIND and Bo van der Berg"),
        ("By [Ada Lind](https://x.example/a) | March 9, 2021", "Ada Lind"),
        ("By J. R. O’Neil, 9 March 2021", "J. R. O’Neil"),
        ("Written by Émile Ødegård", "Émile Ødegård"),
        ("By the time it closed", None),
        ("By Monday the bridge had closed for good", None),
    ],
)
def test_a_byline_is_a_name(line: str, author: str | None) -> None:
    assert header_metadata(f"# Bridge closes\n\n{line}\n\nThe bridge closed.\n").get("author") == author


def test_lines_below_the_head_are_not_metadata() -> None:
    text = (
        "Bridge closes\n\n"
        + "The bridge closed on Monday. " * 10
        + "\n\nBy Ada Lind\n\nMill Courier, March 9, 2021\n"
    )
    assert header_metadata(text) == {"title": "Bridge closes"}


@pytest.mark.parametrize(
    ("words", "date"),
    [
        ("2021-03-09", "2021-03-09"),
        ("20210309", "2021-03-09"),
        ("2021-03-09T10:00:00Z", "2021-03-09T10:00:00+00:00"),
        ("2021-03-09 10:00", "2021-03-09T10:00:00"),
        ("Mar. 9, 2021", "2021-03-09"),
        ("Tue, 09 Mar 2021 10:00:00 +0100", "2021-03-09T10:00:00+01:00"),
        ("2021/03/09", "2021-03-09"),
        ("09/03/2021", None),  # day or month?
        ("2021-02-30", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_dates(words: str, date: str | None) -> None:
    assert iso_date(words) == date


@QUICK
@given(text=st.text())
def test_metadata_never_raises(text: str) -> None:
    assert isinstance(header_metadata(text), dict)


@QUICK
@given(text=st.text())
def test_dates_never_raise(text: str) -> None:
    assert iso_date(text) is None or isinstance(iso_date(text), str)


def test_metadata_reaches_the_article(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(HEAD, encoding="utf-8")
    (article,) = read_articles([str(tmp_path / "a.md")])
    assert isinstance(article, Article)
    assert article.text == HEAD
    assert (article.outlet, article.author, article.sections[0]) == (
        "Mill Courier",
        "Ada Lind",
        "Hills & Lakes",
    )
