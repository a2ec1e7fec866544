"""How much of one document is ever held, in bytes; more is rejected by name instead of read.

Bytes to text, once: UTF-8 (or UTF-16/32 with a byte order mark), BOM dropped, CRLF and CR become LF.
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
    """document: of one text, HTML page or feed. text: of one article with its comments, in characters.
    line: of one JSON line, JSON value or CSV row. spooled: of what has to be wound back (zip, Parquet) but comes out of
    a pipe or an archive; kept on disk meanwhile. unpacked: of all that comes out of one archive or packed file.
    ratio: of that to what went in, beyond `slack`.

    A novel is about 1 MB, so 2 MB are never one article; a page may have as much again in scripts, and a line in what
    is not read. Odd texts take microseconds a character to split.
    Text shrinks to a third or a tenth, near copies of one page to a hundredth; gzip ends at 1:1032.
    """

    document: int = 20_000_000
    text: int = 2_000_000
    line: int = 50_000_000
    unpacked: int = 1_000_000_000_000
    ratio: int = 200
    slack: int = 50_000_000
    spooled: int = 4_000_000_000


DEFAULT_LIMITS = Limits()


def check_text(text: str, path: str, limits: Limits) -> None:
    """Raises Rejected "too_large" for more words than any article has."""
    for what, count, most in (
        ("characters", len(text), limits.text),
        ("lines", text.count("\n"), limits.text // 20),
    ):
        if count > most:
            detail = f"the article has {count:,} {what}, over {most:,}. Split it into articles."
            raise Rejected(path, "too_large", detail)


# UTF-32 first: its little-endian mark begins with that of UTF-16.
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
_LATIN = ("iso-8859-1", "latin-1", "latin1", "ascii", "us-ascii")  # cp1252 to every browser
_HALF_SURROGATE = re.compile("[\ud800-\udfff]")


def bom_encoding(data: bytes) -> str | None:
    """The Unicode encoding that a byte order mark states, or None without one."""
    return next((name for mark, name in _BOMS if data.startswith(mark)), None)


def convert_newlines(text: str) -> str:
    """CRLF and lone CR become LF: the one conversion that comes before all offsets."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def decode(data: bytes, path: str, *, offset: int = 0) -> str:
    """Text of `data`; newlines are left as they are.

    offset: where `data` begins in its file, for the message.
    Raises Rejected "undecodable" with the byte offset of the first bad byte.
    """
    encoding = (None if offset else bom_encoding(data)) or "utf-8"  # later in a file it is no mark
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        where = offset + error.start + (len(codecs.BOM_UTF8) if encoding == "utf-8-sig" else 0)
        raise Rejected(
            path, "undecodable", _undecodable(data[error.start : error.start + 1], where, encoding)
        ) from None


def _undecodable(byte: bytes, where: int, encoding: str) -> str:
    name = "UTF-8" if encoding.startswith("utf-8") else encoding.upper()
    return (
        f"byte 0x{byte.hex() or '??'} at offset {where:,} is not {name}. Text is expected in UTF-8. "
        "If you know its encoding, convert it: iconv -f WINDOWS-1252 -t UTF-8 FILE > NEW"
    )


def decode_page(data: bytes, charset: str | None = None) -> str:
    """Text of an HTML page, decoded as browsers do: mark, UTF-8, `charset` of the server, declared charset, cp1252.

    UTF-8 comes before what is stated since no text is UTF-8 by accident, and declarations often err.
    """
    marked = bom_encoding(data)
    if marked:
        return data.decode(marked, "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        declared = _META_CHARSET.search(data[:4096])
    stated = (charset, declared.group(1).decode("ascii") if declared else None)
    for name in (name.lower() for name in stated if name):
        try:
            return data.decode("cp1252" if name in _LATIN else name, "replace")
        except (LookupError, ValueError):  # no encoding, or none for text, has the stated name
            continue
    return data.decode("cp1252", "replace")


def check_characters(text: str, path: str) -> None:
    """Raises Rejected "undecodable" for half of a surrogate pair as JSON escapes can make it."""
    half = None if text.isascii() else _HALF_SURROGATE.search(text)
    if half:
        code = f"\\u{ord(half.group()):04x}"
        detail = f"{code} at character {half.start():,} is half of a surrogate pair. Mend the escape."
        raise Rejected(path, "undecodable", detail)


def bounded_lines(stream: BinaryIO, limit: int) -> Iterator[tuple[int, int, bytes | None]]:
    """`(line number from 1, byte offset, line with its end)`; None for a skipped line over `limit` bytes."""
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
    """The rejection of a line (or CSV row, or JSON value) that is longer than `limit` bytes."""
    detail = f"this line is over {limit / 1e6:g} MB and was skipped. Expected one article a line."
    return Rejected(path, "line_too_long", detail)
