"""One stream of bytes to Articles, whatever it is: a document, a table of them, an archive, a feed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice
from typing import BinaryIO

from slant.errors import Rejected
from slant.ingest.archives import seekable, unpacked, with_head
from slant.ingest.article_rows import USUAL, Columns, article_from_row, listed
from slant.ingest.decoding import (
    DEFAULT_LIMITS,
    Limits,
    bom_encoding,
    check_characters,
    check_text,
    convert_newlines,
    decode,
)
from slant.ingest.file_kinds import HEAD, sniff
from slant.ingest.tables import Rows, as_utf8, csv_rows, json_lines, json_values, parquet_rows
from slant.records import Article
from slant.segment.article_header import header_metadata

Found = Iterator[Article | Rejected]
_PACKED = ("gzip", "zstd")
_ARCHIVES = ("zip", "tar")
_LOOKED_AT = (
    50  # rows before a mapped column counts as missing; rows of JSON lines may leave out what they lack
)


@dataclass(frozen=True, slots=True)
class Settings:
    """outlet: of every article, in place of what the documents state. columns: which hold what, see `--map`."""

    outlet: str | None = None
    limits: Limits = DEFAULT_LIMITS
    columns: Columns = USUAL


def documents(
    stream: BinaryIO, head: bytes, path: str, settings: Settings, *, in_archive: bool = False
) -> Found:
    """What is in `stream`, which begins with `head`.

    Raises Rejected where nothing in it can be read, or no more; archives in archives are not opened.
    """
    kind, head, stream = packed_or_plain(stream, head, path, settings.limits)
    if kind in _ARCHIVES:
        if in_archive:
            detail = f"it is a {kind} archive in an archive, which is not opened. Unpack the outer one first."
            raise Rejected(path, "nested_archive", detail)
        yield from _from_archive(stream, kind, path, settings)
    elif kind == "text":
        data = whole(stream, path, settings.limits)
        yield read_text(data, path, outlet=settings.outlet, limits=settings.limits)
    elif kind == "html":
        from slant.ingest.html_pages import read_page

        yield read_page(whole(stream, path, settings.limits), path, outlet=settings.outlet)
    elif kind == "warc":
        yield from _from_warc(stream, path, settings)
    elif kind == "feed":
        yield from _from_feed(whole(stream, path, settings.limits), path, settings)
    elif kind == "sitemap":
        yield _addresses_only(stream, path)
    else:
        if bom_encoding(head) in ("utf-16", "utf-32"):
            stream = as_utf8(stream, path, settings.limits)
        yield from _from_rows(_rows(stream, kind, path, settings), path, settings)


def packed_or_plain(stream: BinaryIO, head: bytes, path: str, limits: Limits) -> tuple[str, bytes, BinaryIO]:
    """`(kind, head, stream)` of a document, unpacked if it is packed once. Raises Rejected if it is packed twice."""
    kind = sniff(head, path)
    if kind in _PACKED:
        head, stream = with_head(unpacked(stream, kind, path, limits), HEAD)
        kind = sniff(head, path)
        if kind in _PACKED:
            detail = f"it is packed twice, with {kind} inside. Unpack it once first."
            raise Rejected(path, "nested_archive", detail)
    return kind, head, stream


def whole(stream: BinaryIO, path: str, limits: Limits) -> bytes:
    """All of a document. Raises Rejected "too_large"."""
    data = stream.read(limits.document + 1)
    if len(data) > limits.document:
        detail = f"this document is over {limits.document / 1e6:g} MB. Expected one article; split it."
        raise Rejected(path, "too_large", detail)
    return data


def _from_archive(stream: BinaryIO, kind: str, path: str, settings: Settings) -> Found:
    from slant.ingest.archives import tar_members, zip_members

    count = 0
    if kind == "zip":
        members = zip_members(seekable(stream, path, settings.limits), path, settings.limits)
    else:
        members = tar_members(stream, path)
    for member in members:
        count += 1
        for found in [member] if isinstance(member, Rejected) else _member(*member, settings):
            yield found
            if isinstance(found, Rejected) and found.path == path:
                return  # it is the archive that cannot be read on
    if not count:
        yield Rejected(path, "empty", "there are no files in this archive (hidden files are left out).")


def _member(where: str, stream: BinaryIO, settings: Settings) -> Found:
    try:
        head, stream = with_head(stream, HEAD)
        yield from documents(stream, head, where, settings, in_archive=True)
    except Rejected as rejected:
        yield rejected


def _from_warc(stream: BinaryIO, path: str, settings: Settings) -> Found:
    from slant.ingest.html_pages import read_page
    from slant.ingest.warc import warc_pages

    for page in warc_pages(stream, path, settings.limits):
        if isinstance(page, Rejected):
            yield page
            continue
        try:
            yield read_page(
                page.body,
                page.where,
                outlet=settings.outlet,
                charset=page.charset,
                url=page.url,
                published=page.date,
            )
        except Rejected as rejected:
            yield rejected


def _from_feed(data: bytes, path: str, settings: Settings) -> Found:
    from slant.ingest.feeds import feed_items, no_text

    for item in feed_items(data, path, outlet=settings.outlet):
        yield item if isinstance(item, Rejected) else item.article or no_text(item)


def _addresses_only(stream: BinaryIO, path: str) -> Rejected:
    from slant.ingest.feeds import sitemap_addresses

    count = sum(1 for _ in sitemap_addresses(stream, path))
    detail = (
        f"this sitemap holds {count:,} addresses and no text. Add --urls to fetch the pages that it names."
    )
    return Rejected(path, "addresses_only", detail)


def _rows(stream: BinaryIO, kind: str, path: str, settings: Settings) -> Rows:
    limits, columns = settings.limits, settings.columns
    if kind == "parquet":
        return parquet_rows(seekable(stream, path, limits), path, columns=columns)
    read = {"jsonl": json_lines, "json": json_values, "csv": csv_rows}[kind]
    return read(stream, path, limits=limits, columns=columns)


def _from_rows(rows: Rows, path: str, settings: Settings) -> Found:
    first = list(islice(rows, _LOOKED_AT)) if settings.columns.mapped else []
    names = dict.fromkeys(name for found in first if not isinstance(found, Rejected) for name in found[1])
    missing = settings.columns.missing(names) if names else []
    if missing:
        detail = f"its rows have no such column: --map {' '.join(missing)}. {listed(names)} None was read."
        raise Rejected(path, "no_mapped_column", detail)
    count = 0
    for found in chain(first, rows):
        count += 1
        if isinstance(found, Rejected):
            yield found
            continue
        where, row = found
        try:
            yield article_from_row(
                row, where, outlet=settings.outlet, limits=settings.limits, columns=settings.columns
            )
        except Rejected as rejected:
            yield rejected
    if not count:
        yield Rejected(path, "empty", "the table has no rows. Expected one article a row.")


def read_text(
    data: bytes, path: str, *, outlet: str | None = None, limits: Limits = DEFAULT_LIMITS
) -> Article:
    """The Article of a plain text or Markdown document; roles are left to the splitter.

    Raises Rejected: undecodable, too_large, binary or empty.
    """
    text = convert_newlines(decode(data, path))
    check_text(text, path, limits)
    if "\x00" in text:
        detail = (
            f"it holds a NUL character at {text.index(chr(0)):,}, so it is no text. Expected a text document."
        )
        raise Rejected(path, "binary", detail)
    if not text.strip("\ufeff\u200b \t\n\r\f\v\xa0"):
        raise Rejected(path, "empty", "the document holds blanks only. Expected the words of an article.")
    check_characters(text, path)
    found = header_metadata(text)
    if outlet:
        found["outlet"] = outlet
    return Article(text=text, path=path, markup="markdown", **found)
