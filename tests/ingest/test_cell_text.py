"""Cells become plain text: HTML, entities, garbled characters and written-out line breaks; ordinary text stays as it is."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slant.errors import Rejected
from slant.ingest.article_rows import article_from_row
from slant.ingest.cell_text import body_text, plain_cell, read_cell
from slant.segment.units import split


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("<p>The weir broke.</p><p>It was <a href='x'>old</a>.</p>", "The weir broke.\n\nIt was old."),
        ("<h2>Why</h2><ul><li>Rain.</li><li>Rust.</li></ul>", "Why\n\n- Rain.\n- Rust."),
        ("Rain fell.<br><br>The weir broke.", "Rain fell.\n\nThe weir broke."),
        ("Rain <b>fell</b>.\n\nThe weir broke.\nIt was old.", "Rain fell.\n\nThe weir broke.\nIt was old."),
        ("<!-- note --><p>Rain.</p>\n\nThe weir\nbroke.\n\nGone.", "Rain.\n\nThe weir broke.\n\nGone."),
        ("&lt;p&gt;Rain.&lt;/p&gt;&lt;p&gt;Rust.&lt;/p&gt;", "Rain.\n\nRust."),
        ("&quot;Rust&quot;, she said &ndash; &#8220;old&#x201D;", '"Rust", she said – “old”'),
        ("Tern&nbsp;League &amp; Co", "Tern\xa0League & Co"),
        ("&amp;quot;Rust&amp;quot;", '"Rust"'),
        ("<script>var a;</script><p>Rain.</p>", "Rain."),
        ("â€œRustâ€\x9d at the cafÃ©", "“Rust” at the café"),
        ("He said: â€œRust.â€ Nobody agreed.", "He said: “Rust.” Nobody agreed."),
        (r"Rain.\n\nRust.", "Rain.\n\nRust."),
        (r"She said: \"Rust.\"", 'She said: "Rust."'),
    ],
)
def test_what_content_systems_store_becomes_text(cell: str, text: str) -> None:
    assert plain_cell(cell, "a:1") == text


@pytest.mark.parametrize(
    "text",
    [
        "I <3 the weir, 4 < 5 and 6 > 5",
        "well done </sarcasm>",
        "AT&T, R&D; Q&A",
        "SÃO PAULO, Ångström, ÂGE",
        r"kept in C:\new, once \n only",
        "ﬁne print, ‘curly’, ﾊﾝ",
        "a\n\n  b\n c",
    ],
)
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert read_cell(text) == (text, ())


@settings(max_examples=50, deadline=None)
@given(st.text())
def test_cells_never_crash(text: str) -> None:
    for cell in (text, f"<p>{text}</p>", f"&lt;p&gt;{text}"):
        with suppress(Rejected):
            assert isinstance(plain_cell(cell, "a:1"), str)


def test_html_nested_too_deeply_is_rejected() -> None:
    with pytest.raises(Rejected, match="too_deep"):
        plain_cell("<div>" * 3000 + "Rain.", "a:1")


@pytest.mark.parametrize(
    ("cell", "reason", "words"),
    [
        ("It was cafÃ© time.", "encoding", "mended"),
        ("It was caf\ufffd time.", "encoding", "1 of its characters were lost"),
        (r"Rain.\n\nRust.", "escapes", "line breaks"),
        ("Rain fell and … [+1234 chars]", "stub", "only the beginning"),
    ],
)
def test_what_was_mended_is_noted(cell: str, reason: str, words: str) -> None:
    (note,) = article_from_row({"text": cell}, "a:1").notes
    assert note.reason == reason
    assert words in note.detail


def test_units_point_into_the_decoded_text() -> None:
    row = {
        "title": "Weir &amp; mill",
        "text": "<p>The mayor said: &ldquo;Rust.&rdquo;</p><h2>Why</h2><p>Rain fell.</p>",
    }
    article = article_from_row(row, "a:1")
    units = split(article)
    assert [(unit.kind, unit.text) for unit in units] == [
        ("title", "Weir & mill"),
        ("paragraph", "The mayor said: “Rust.”"),
        ("heading", "Why"),
        ("paragraph", "Rain fell."),
    ]
    assert all(article.text[unit.start : unit.end] == unit.text for unit in units)
    assert [voice for *_, voice in units[1].voices] == ["outlet", "quoted"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (["Rain fell.", "", "Rust."], "Rain fell.\n\nRust."),
        ("['Rain fell.', \"It's rust.\"]", "Rain fell.\n\nIt's rust."),
        ('["Rain fell.", "Rust."]', "Rain fell.\n\nRust."),
        ("[Correction] Rain fell.", "[Correction] Rain fell."),
        ({"rendered": "<p>Rain.</p>", "protected": False}, "<p>Rain.</p>"),
        ({"summary": ["Wet."], "sections": [{"headline": [], "paragraphs": ["Rain.", "Rust."]}]}, "Wet.\n\nRain.\n\nRust."),
        ([{"type": "text", "_id": "7", "content": "Rain."}, {"type": "list", "items": [{"content": "Rust."}]}],
         "Rain.\n\nRust."),
        ([], None),
        ({"id": 7}, None),
        (7, None),
    ],
)  # fmt: skip
def test_lists_and_objects_hold_paragraphs(value: object, text: str | None) -> None:
    assert body_text(value) == text
