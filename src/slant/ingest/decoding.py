"""Decode bytes to text and limit how much of one document is held in memory.

Text is UTF-8, or UTF-16/32 with a byte order mark. The mark is dropped, and CRLF and CR become LF before any offset is
counted.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from slant.errors import Rejected


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


def decode_page(data: bytes, charset: str | None = None) -> str:
    """Decode an HTML page by, in this order: byte order mark, UTF-8, the server's `charset`, the page's charset, cp1252.

    UTF-8 precedes the stated charsets, since other text is hardly ever valid UTF-8 and declarations are often wrong.
    """
    by_mark = bom_encoding(data)
    if by_mark:
        return data.decode(by_mark, "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        declared = _META_CHARSET.search(data[:4096])
    stated = (charset, declared.group(1).decode("ascii") if declared else None)
    for name in (name.lower() for name in stated if name):
        try:
            return data.decode("cp1252" if name in _LATIN else name, "replace")
        except (LookupError, ValueError):  # not the name of a text encoding
            continue
    return data.decode("cp1252", "replace")


def bom_encoding(data: bytes) -> str | None:
    """Unicode encoding of a byte order mark, or None without one."""
    return next((name for mark, name in _BOMS if data.startswith(mark)), None)


def convert_newlines(text: str) -> str:
    """Convert CRLF and CR to LF. All offsets refer to the converted text."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


# ---- checks and bounded reading

_HALF_SURROGATE = re.compile("[\ud800-\udfff]")


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
    half = None if text.isascii() else _HALF_SURROGATE.search(text)
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
