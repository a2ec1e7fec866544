"""Decode bytes to text and limit how much of one document is held in memory.

Text is UTF-8, or UTF-16/32 with a byte order mark. The mark is dropped, and CRLF and CR become LF before any offset is
counted.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import BinaryIO

from slant.errors import Rejected
from slant.records import Note


@dataclass(frozen=True, slots=True)
class Limits:
    """Size limits, in bytes unless noted. Larger input is rejected, not read.

    A novel is about 1 MB, so 2 MB of text are not one article; scripts and unread columns may add as much again. Splitting
    odd text takes microseconds per character.
    Text compresses to a third or a tenth, near copies of one page to a hundredth; gzip ends at 1:1032.
    """

    document: int = 20_000_000  # one text, HTML page or feed
    text: int = 2_000_000  # characters of one article with its comments; lines: a twentieth of that
    line: int = 50_000_000  # one JSON line, JSON value or CSV row
    unpacked: int = 1_000_000_000_000  # total output of one archive or compressed file
    ratio: int = 200  # output to input of an archive or compressed file, once it exceeds `slack`
    slack: int = 50_000_000
    spooled: int = 4_000_000_000  # temporary copy on disk of a zip or Parquet file from a pipe or an archive


DEFAULT_LIMITS = Limits()


# ---- bytes to text

# UTF-32 first, since its little-endian mark starts with that of UTF-16.
_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_META_CHARSET = re.compile(
    rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([A-Za-z0-9_.:-]{2,40})""", re.IGNORECASE
)
_UTF8 = ("utf-8", "utf8")
_SEVERAL_BYTES = (
    "gb",
    "big5",
    "shift",
    "sjis",
    "x-sjis",
    "euc",
    "iso-2022",
    "ms932",
    "cp932",
    "cp949",
    "cp936",
    "cp950",
)
_LATIN = ("iso-8859-1", "latin-1", "latin1", "ascii", "us-ascii")  # browsers read all of these as cp1252


def decode(data: bytes, path: str, *, offset: int = 0) -> str:
    """Decode `data`; newlines are kept as they are.

    offset: start of `data` in its file, for the message.
    Raises Rejected "undecodable" with the byte offset of the first invalid byte.
    """
    encoding = (
        None if offset else bom_encoding(data)
    ) or "utf-8"  # a mark is valid only at the start of a file
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        at = offset + error.start + (len(codecs.BOM_UTF8) if encoding == "utf-8-sig" else 0)
        detail = _undecodable(data[error.start : error.start + 1], at, encoding)
        raise Rejected(path, "undecodable", detail) from None


def _undecodable(byte: bytes, offset: int, encoding: str) -> str:
    name = "UTF-8" if encoding.startswith("utf-8") else encoding.upper()
    return (
        f"byte 0x{byte.hex() or '??'} at offset {offset:,} is not {name}. Expected text in UTF-8. "
        "If you know its encoding, convert it: iconv -f WINDOWS-1252 -t UTF-8 FILE > NEW"
    )


def decode_text(data: bytes, path: str) -> tuple[str, Note | None]:
    """Decode a text file like `decode`, but read bytes that are not UTF-8 as cp1252, with a note.

    Raises Rejected "undecodable" for text in another script, and for damaged UTF-16.
    """
    try:
        return decode(data, path), None
    except Rejected:
        mixed = None if bom_encoding(data) else _mostly_utf8(data, at_least=4)
        if mixed is not None:
            return mixed
    cut = _CUT_END.search(data)
    if cut and data[: cut.start()].isascii():
        return data[: cut.start()].decode("ascii"), Note("encoding", _ENDS_WITHIN)
    pieces = TextPieces()
    return pieces.decode(data, path), pieces.notes[0] if pieces.notes else None


# Bytes of Mac Roman that no text in Windows-1252 has: an apostrophe within a word, and an opening quotation mark.
_MAC_ROMAN = re.compile(rb"[a-z]\xd5(?:s|t|re|ve|ll|d|m)\b|(?<![^\s\",(])\xd2[A-Za-z]")


class TextPieces:
    """Decodes the pieces of a file in UTF-8, in which some bytes or all pieces may be Windows-1252 or Mac Roman.

    notes: filled with a note on the first such piece, and on the first in Mac Roman.
    """

    def __init__(self) -> None:
        self.notes: list[Note] = []
        self._noted, self._encoding = "", "cp1252"

    def decode(self, data: bytes, where: str, *, offset: int = 0) -> str:
        """Decode a piece that ends with a whole character. offset: its start in the file.

        Raises Rejected "undecodable" if over a quarter of it is not UTF-8: it is in another script.
        """
        try:
            return decode(data, where, offset=offset)
        except Rejected as rejected:
            encoding = (None if offset else bom_encoding(data)) or "utf-8"
            if not encoding.startswith("utf-8"):
                raise
            try:
                return self.mended(data.decode(encoding, "surrogateescape"), where)
            except Rejected:
                raise rejected from None

    def mended(self, text: str, where: str) -> str:
        """Return text that was decoded with "surrogateescape", with characters for the escaped bytes.

        Raises Rejected "undecodable" if these are over a quarter of it.
        """
        wrong = 0 if text.isascii() else len(_ESCAPED_BYTE.findall(text))
        if not wrong:
            return text
        if wrong > _FEW and 4 * wrong > len(text) - text.count(" "):
            detail = (
                f"{wrong:,} bytes of it are not UTF-8, so it is in another encoding. Expected text in UTF-8."
            )
            raise Rejected(where, "undecodable", detail)
        if _MAC_ROMAN.search(text.encode("utf-8", "surrogateescape")):
            self._encoding = "mac_roman"
        if self._noted != self._encoding:
            self._noted = self._encoding
            name = "Windows-1252" if self._encoding == "cp1252" else "Mac Roman"
            detail = f"bytes that are not UTF-8 are read as {name}, first in {where}."
            self.notes.append(Note("encoding", detail))
        return _ESCAPED_BYTE.sub(
            lambda found: bytes([ord(found.group()) - 0xDC00]).decode(self._encoding, "replace"), text
        )


def decode_page(data: bytes, charset: str | None = None) -> str:
    """Decode an HTML page, see `decode_page_noted`."""
    return decode_page_noted(data, charset)[0]


def decode_page_noted(data: bytes, charset: str | None = None) -> tuple[str, Note | None]:
    """Decode an HTML page. Returns the text, and a note if its bytes are not of one encoding or not of the stated one.

    In this order: byte order mark; UTF-8; the server's `charset` or the page's, if it is one with several bytes to a sign
    and fits; UTF-8 with the odd byte in cp1252; the stated charset; cp1252. UTF-8 precedes the stated charsets, since other
    text is hardly ever valid UTF-8 and declarations are often wrong.
    """
    by_mark = bom_encoding(data)
    if by_mark:
        return data.decode(by_mark, "replace"), None
    try:
        return data.decode("utf-8"), None
    except UnicodeDecodeError:
        declared = _META_CHARSET.search(data[:4096])
    stated = [
        name.lower() for name in (charset, declared.group(1).decode("ascii") if declared else None) if name
    ]
    for name in stated:
        if name.startswith(_SEVERAL_BYTES):
            with suppress(LookupError, ValueError):
                return data.decode(name), None
    if mixed := _mostly_utf8(data, at_least=1):
        return mixed
    for name in stated:
        if name in _UTF8:  # it has just failed
            continue
        with suppress(LookupError, ValueError):  # not the name of a text encoding
            return data.decode("cp1252" if name in _LATIN else name, "replace"), None
    says = any(name in _UTF8 for name in stated)
    note = Note("encoding", "it says that it is UTF-8 and is not; it was read as Windows-1252.")
    return data.decode("cp1252", "replace"), note if says else None


_SEQUENCE = re.compile(rb"[\xc2-\xf4][\x80-\xbf]+")
_CUT_SEQUENCE = re.compile(rb"(?:[\xc2-\xdf]|[\xe0-\xef][\x80-\xbf]?|[\xf0-\xf4][\x80-\xbf]{0,2})\Z")
# As above, but not the last letter of "café" in Windows-1252.
_CUT_END = re.compile(rb"(?:[\xc2\xc3]|[\xe0-\xef][\x80-\xbf]{1,2}|[\xf0-\xf4][\x80-\xbf]{1,3})\Z")
_ENDS_WITHIN = "it ends within a character, which was left out."
_FEW = 8  # bytes that are not UTF-8 tell nothing of the script
_ESCAPED_BYTE = re.compile("[\udc80-\udcff]")
_CP1252 = [bytes([byte]).decode("cp1252", "replace") for byte in range(0x80, 0x100)]


def _mostly_utf8(data: bytes, *, at_least: int) -> tuple[str, Note] | None:
    """Decode UTF-8 with bytes of cp1252 in between, or return None.

    at_least: how many UTF-8 sequences there must be for each other byte.
    """
    sequences = len(_SEQUENCE.findall(data))
    if not sequences:
        return None
    text = _CUT_SEQUENCE.sub(b"", data).decode("utf-8", "surrogateescape")
    wrong = len(_ESCAPED_BYTE.findall(text))
    if at_least * wrong > sequences:
        return None
    text = _ESCAPED_BYTE.sub(lambda byte: _CP1252[ord(byte.group()) - 0xDC80], text)
    if not wrong:
        return text, Note("encoding", _ENDS_WITHIN)
    what = "1 byte is" if wrong == 1 else f"{wrong:,} bytes are"
    return text, Note("encoding", f"{what} not UTF-8, as the rest is, and read as Windows-1252.")


def bom_encoding(data: bytes) -> str | None:
    """Unicode encoding of a byte order mark, or None without one."""
    return next((name for mark, name in _BOMS if data.startswith(mark)), None)


def convert_newlines(text: str) -> str:
    """Convert CRLF and CR to LF. All offsets refer to the converted text."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


# ---- checks and bounded reading

HALF_SURROGATE = re.compile("[\ud800-\udfff]")


def check_text(text: str, path: str, limits: Limits) -> None:
    """Raises Rejected "too_large" for text with more characters or lines than any article."""
    for what, count, limit in (
        ("characters", len(text), limits.text),
        ("lines", text.count("\n"), limits.text // 20),
    ):
        if count > limit:
            detail = f"the article has {count:,} {what}. Expected at most {limit:,}. Split it into articles."
            raise Rejected(path, "too_large", detail)


def check_characters(text: str, path: str) -> None:
    """Raises Rejected "undecodable" for half of a surrogate pair, which JSON escapes can produce."""
    half = None if text.isascii() else HALF_SURROGATE.search(text)
    if half:
        code = f"\\u{ord(half.group()):04x}"
        detail = (
            f"{code} at character {half.start():,} is half of a surrogate pair. Correct the escape sequence."
        )
        raise Rejected(path, "undecodable", detail)


def bounded_lines(stream: BinaryIO, limit: int) -> Iterator[tuple[int, int, bytes | None]]:
    """Yield `(line number from 1, byte offset, line with its line end)`; None instead of a line over `limit` bytes."""
    number = offset = 0
    while line := stream.readline(limit + 1):
        number += 1
        if len(line) <= limit or line.endswith(b"\n"):
            yield number, offset, line
            offset += len(line)
            continue
        start, offset = offset, offset + len(line)
        while not line.endswith(b"\n") and (line := stream.readline(1 << 20)):
            offset += len(line)
        yield number, start, None


def too_long(path: str, limit: int) -> Rejected:
    """Rejection of a line, CSV row or JSON value over `limit` bytes."""
    detail = f"this line is over {limit / 1e6:g} MB and was skipped. Expected one article per line."
    return Rejected(path, "line_too_long", detail)
