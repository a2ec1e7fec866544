"""Bytes that are not of one encoding, or not of the one that is stated, and tables with unusual line ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from slant.errors import Rejected
from slant.ingest.decoding import TextPieces, decode_page_noted
from slant.ingest.documents import read_text
from slant.ingest.inputs import read_articles
from slant.records import Article

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


RUSSIAN = "Плотина рухнула в понедельник утром"


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (f"{WORDS}\n\n".encode() + b"caf\xe9\n", f"{WORDS}\n\ncafé\n"),
        (b"The mayor\x92s plan failed.", "The mayor’s plan failed."),  # nothing else that is not ASCII
        (WORDS.encode("cp1252"), WORDS),
        ("“Don’t,” she said.".encode("mac_roman"), "“Don’t,” she said."),
        (b"A caf\xe9", "A café"),
        ("It is “".encode()[:-1], "It is "),  # cut off within a character
    ],
)
def test_a_text_with_odd_bytes_is_read_with_a_note(data: bytes, text: str) -> None:
    article = read_text(data, "a.txt")
    assert article.text == text
    assert [note.reason for note in article.notes] == ["encoding"]


def test_a_text_in_another_script_is_refused() -> None:
    with pytest.raises(Rejected, match="undecodable"):
        read_text(RUSSIAN.encode("cp1251"), "a.txt")


def table(kind: str, words: list[str]) -> str:
    if kind == "csv":
        return "id,text\n" + "".join(f'{n},"{each}\n\nThe end."\n' for n, each in enumerate(words))
    rows = [f'{{"id": {n}, "text": "{each}"}}' for n, each in enumerate(words)]
    return "\n".join(rows) if kind == "jsonl" else f"[{', '.join(rows)}]"


@pytest.mark.parametrize("kind", ["csv", "jsonl", "json"])
@pytest.mark.parametrize("encoding", ["cp1252", "mac_roman"])
def test_a_table_in_an_old_encoding_costs_no_row_and_is_noted_once(
    tmp_path: Path, kind: str, encoding: str
) -> None:
    words = ["Nothing odd.", "The mayor’s plan", "“A folly” – said café owners", *["The end’s near"] * 60]
    path = tmp_path / f"a.{kind}"
    path.write_bytes(table(kind, words).encode(encoding))
    found = [each for each in read_articles([str(path)]) if isinstance(each, Article)]
    assert [each.text.partition("\n")[0] for each in found] == words
    notes = [note for each in found for note in each.notes]
    assert [note.reason for note in notes] == ["encoding"]
    assert ("Windows-1252" if encoding == "cp1252" else "Mac Roman") in notes[0].detail


def test_a_change_from_windows_1252_to_mac_roman_is_noted() -> None:
    pieces = TextPieces()
    assert pieces.decode("a café".encode("mac_roman"), "a.csv:2") == "a cafŽ"  # could be either
    assert pieces.decode("don’t".encode("mac_roman"), "a.csv:3") == "don’t"
    said = [note.detail.partition("read as ")[2] for note in pieces.notes]
    assert said == ["Windows-1252, first in a.csv:2.", "Mac Roman, first in a.csv:3."]


def test_one_wrong_byte_costs_nothing_in_a_table_of_utf8(tmp_path: Path) -> None:
    data = table("csv", ["“Rust”", "Rain X", "“Rot”"]).encode().replace(b"X", b"\x96 and sun")
    (tmp_path / "a.csv").write_bytes(data)
    found = [each for each in read_articles([str(tmp_path / "a.csv")]) if isinstance(each, Article)]
    assert [each.text.partition("\n")[0] for each in found] == ["“Rust”", "Rain – and sun", "“Rot”"]


@pytest.mark.parametrize("kind", ["csv", "jsonl", "json"])
def test_a_table_in_another_script_is_refused(tmp_path: Path, kind: str) -> None:
    (tmp_path / f"a.{kind}").write_bytes(table(kind, [RUSSIAN]).encode("cp1251"))
    found = list(read_articles([str(tmp_path / f"a.{kind}")]))
    assert [each.reason for each in found if isinstance(each, Rejected)][:1] == ["undecodable"]
    assert not any(isinstance(each, Article) for each in found)


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
