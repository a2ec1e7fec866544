"""Bytes that are not of one encoding, or not of the one that is stated, and tables with unusual line ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from slant.errors import Rejected
from slant.ingest.decoding import decode_page_noted
from slant.ingest.documents import read_text
from slant.ingest.inputs import read_articles

WORDS = "“It’s rust” – said the café’s owner"


def test_one_wrong_byte_does_not_decide_for_the_page() -> None:
    for declared in (
        b"",
        b'<meta charset="iso-8859-1">',
        b'<meta charset="utf-8">',
        b'<meta charset="windows-1251">',
    ):
        text, note = decode_page_noted(declared + b"<!-- \x96 -->" + WORDS.encode())
        assert WORDS in text
        assert "<!-- – -->" in text
        assert note is not None
        assert "1 byte is not UTF-8" in note.detail


def test_a_page_that_only_says_it_is_utf8_is_read_as_cp1252() -> None:
    text, note = decode_page_noted(b'<meta charset="utf-8">' + WORDS.encode("cp1252"))
    assert text.endswith(WORDS)
    assert note is not None
    assert note.reason == "encoding"


@pytest.mark.parametrize(
    ("encoding", "words"),
    [
        ("gb18030", "水坝在周一倒塌了"),
        ("shift_jis", "堰が月曜日に壊れた"),
        ("windows-1251", "Плотина рухнула"),
        ("iso-8859-1", "café"),
    ],
)
def test_a_stated_encoding_is_used(encoding: str, words: str) -> None:
    page = f'<meta charset="{encoding}"><p>{words}</p>'.encode(encoding)
    assert decode_page_noted(page) == (page.decode(encoding), None)


def test_a_page_that_ends_within_a_character_is_read() -> None:
    text, note = decode_page_noted(WORDS.encode() + b"\xe2\x80")
    assert text == WORDS
    assert note is not None
    assert "ends within a character" in note.detail


def test_a_text_with_an_odd_byte_is_read_with_a_note_and_one_in_another_encoding_is_not() -> None:
    article = read_text(f"{WORDS}\n\n".encode() + b"caf\xe9\n", "a.txt")
    assert article.text == f"{WORDS}\n\ncafé\n"
    assert [note.reason for note in article.notes] == ["encoding"]
    with pytest.raises(Rejected, match="undecodable"):
        read_text(WORDS.encode("cp1252"), "a.txt")


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.csv", b"sep=;\ntitle;text\nOne;Rain, rust\nTwo;Rust\n"),
        ("a.csv", b'\xef\xbb\xbf"sep=;"\r\ntitle;text\r\nOne;Rain, rust\r\nTwo;Rust\r\n'),
        ("a.csv", b'title,text\rOne,"Rain, rust"\rTwo,Rust\r'),
        ("a.jsonl", b'{"title": "One", "text": "Rain, rust"}\r{"title": "Two", "text": "Rust"}\r'),
        ("a.tsv", b"\xef\xbb\xbftitle\ttext\rOne\tRain, rust\rTwo\tRust"),
    ],
)
def test_tables_with_other_line_ends_or_a_stated_delimiter_are_read(
    tmp_path: Path, name: str, data: bytes
) -> None:
    (tmp_path / name).write_bytes(data)
    articles = list(read_articles([str(tmp_path / name)]))
    assert [article.text for article in articles] == ["One\n\nRain, rust", "Two\n\nRust"]
