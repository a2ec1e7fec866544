"""Read one byte stream of any supported kind (document, table, archive, web archive, feed, mail) and yield its articles."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, BinaryIO, TypeGuard

from slant.errors import Rejected
from slant.ingest.api_answers import cells
from slant.ingest.archives import decompress, read_head, tar_members, to_seekable, zip_members
from slant.ingest.article_rows import DEFAULT_COLUMNS, Columns, article_from_row, found_columns
from slant.ingest.comment_names import looks_like_comments
from slant.ingest.comment_rows import holds_comments
from slant.ingest.database_exports import split_text_export
from slant.ingest.date_columns import DateColumn
from slant.ingest.decoding import (
    DEFAULT_LIMITS,
    Limits,
    TextPieces,
    bom_encoding,
    check_characters,
    check_text,
    convert_newlines,
    decode_text,
)
from slant.ingest.file_kinds import HEAD_SIZE, sniff
from slant.ingest.kept_columns import NoteOnce, missing_columns
from slant.ingest.office_files import OFFICE_KINDS, may_be_office, office_kind, office_text, ole_kind
from slant.ingest.outlets import outlet_names
from slant.ingest.own_outputs import is_own_row, refuse_own_output, refuse_own_table
from slant.ingest.saved_pages import with_frames
from slant.ingest.tables import Rows, as_utf8, csv_rows, json_lines, json_values, parquet_rows, with_newlines
from slant.ingest.walls import notes_on_walls
from slant.ingest.woven_columns import check_woven
from slant.records import Article, Note
from slant.segment.article_header import header_metadata

if TYPE_CHECKING:
    from slant.ingest.warc import Page as ArchivedPage

ArticleStream = Iterator[Article | Rejected]
"""Articles in order, and a Rejected with its reason for each document that is none."""


_HEADING = re.compile(r"^#{1,6} ", re.MULTILINE)
_HELD = 1_000  # documents of a web archive that wait for its end
_COMPRESSED = ("gzip", "zstd")
_ARCHIVES = ("zip", "tar")
_MAX_OFFICE_FILE = 200_000_000  # bytes; most of such a file are its pictures and fonts
# Rows read before a mapped column counts as missing, since JSON lines may omit empty fields.
_ROWS_TO_CHECK = 50
_MOST_BUFFERED = 20_000_000  # characters of rows, of which the last 500 may have more


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of a run. outlet: overrides the outlet of every article. columns: columns of the fields, see `--map`."""

    outlet: str | None = None
    limits: Limits = DEFAULT_LIMITS
    columns: Columns = DEFAULT_COLUMNS


def read_documents(
    stream: BinaryIO, head: bytes, path: str, settings: Settings, *, in_archive: bool = False
) -> ArticleStream:
    """Articles in `stream`, which starts with `head`.

    Raises Rejected if nothing, or nothing further, can be read. Archives inside archives are not opened.
    """
    kind, head, stream = decompress_if_needed(stream, head, path, settings.limits)
    refuse_own_output(head, path)
    kind, stream = _office_kind(stream, kind, head, path, settings.limits)
    _check_comments(kind, path, settings)
    if kind in _ARCHIVES:
        if in_archive:
            detail = f"it is a {kind} archive inside an archive, which is not opened. Unpack the outer archive first."
            raise Rejected(path, "nested_archive", detail)
        yield from _from_archive(stream, kind, path, settings)
    elif kind == "text":
        text, notes = _plain_text(read_all(stream, path, settings.limits), path)
        yield from _from_text(text, path, settings, notes)
    elif kind in OFFICE_KINDS:
        yield from _from_office(stream, kind, path, settings)
    elif kind == "sheets":
        yield from _from_workbook(stream, path, settings)
    elif kind == "message":
        from slant.ingest.mime_pages import read_messages

        data = read_all(stream, path, settings.limits)
        yield from read_messages(data, path, outlet=settings.outlet, limits=settings.limits)
    elif kind == "html":
        yield from _from_page(read_all(stream, path, settings.limits), path, settings)
    elif kind == "warc":
        yield from _from_warc(stream, path, settings)
    elif kind == "feed":
        yield from _from_feed(read_all(stream, path, settings.limits), path, settings)
    elif kind == "sitemap":
        yield _addresses_only(stream, path)
    else:
        yield from _from_table(stream, head, kind, path, settings)


def _from_table(stream: BinaryIO, head: bytes, kind: str, path: str, settings: Settings) -> ArticleStream:
    if bom_encoding(head) in ("utf-16", "utf-32"):
        stream = as_utf8(stream, path, settings.limits)
    elif kind in ("csv", "jsonl") and b"\r" in head and b"\n" not in head:
        stream = with_newlines(stream)
    pieces = TextPieces()
    for found in _from_rows(_rows(stream, kind, path, settings, pieces), path, settings):
        if pieces.notes and isinstance(found, Article):
            found = replace(found, notes=(*found.notes, *pieces.notes))
            pieces.notes.clear()
        yield found


def _check_comments(kind: str, path: str, settings: Settings) -> None:
    """Raises Rejected "not_comments" if rows are comments (`--comments`) and a document of this kind has none."""
    if settings.columns.comments and kind in ("text", "warc", "sitemap", "message", *OFFICE_KINDS):
        detail = (
            f"--comments reads tables, feeds and pages with comments, and this is a document of kind {kind}."
        )
        raise Rejected(path, "not_comments", detail)


def _from_page(data: bytes, path: str, settings: Settings) -> ArticleStream:
    from slant.ingest.database_pages import read_pages
    from slant.ingest.html_pages import read_page

    data = with_frames(data, path)
    if settings.columns.comments:
        yield read_page(data, path, outlet=settings.outlet, only_comments=True)
    else:
        yield from read_pages(data, path, outlet=settings.outlet, limits=settings.limits)


def _office_kind(stream: BinaryIO, kind: str, head: bytes, path: str, limits: Limits) -> tuple[str, BinaryIO]:
    """`(kind, stream)`, with the kind of office document for a container that is one."""
    if kind == "zip" and may_be_office(head, path):
        stream = to_seekable(stream, path, limits)
        kind = office_kind(stream, path) or kind
    elif kind == "ole":
        stream = to_seekable(stream, path, limits)
        kind = ole_kind(read_all(stream, path, replace(limits, document=_MAX_OFFICE_FILE)), path)
        stream.seek(0)
    return kind, stream


def _from_office(stream: BinaryIO, kind: str, path: str, settings: Settings) -> ArticleStream:
    limits = replace(settings.limits, document=max(settings.limits.document, _MAX_OFFICE_FILE))
    text, notes = office_text(read_all(stream, path, limits), kind, path, settings.limits)
    yield from _from_text(text, path, settings, notes, marked=True)


def read_text(
    data: bytes, path: str, *, outlet: str | None = None, limits: Limits = DEFAULT_LIMITS
) -> Article:
    """Article of a plain text or Markdown document, without parts: `split` decides the roles.

    Raises Rejected: undecodable, two_columns, too_large, binary, empty, consent_page or blocked_page.
    """
    text, notes = _plain_text(data, path)
    article = _article_of_text(text, path, outlet, limits)
    return replace(article, notes=(*article.notes, *notes)) if notes else article


def _plain_text(data: bytes, path: str) -> tuple[str, tuple[Note, ...]]:
    text, note = decode_text(data, path)
    text = convert_newlines(text)
    check_woven(text, path)
    return text, (note,) if note else ()


def _from_text(
    text: str, path: str, settings: Settings, notes: tuple[Note, ...] = (), *, marked: bool = False
) -> ArticleStream:
    """The articles of a database export, or the one article of any other text, of a text or an office document.

    notes: on the document as a whole; they go to its first article.
    """
    # The marks of headings that an office document brings would be part of the titles of an export.
    lines = _HEADING.sub("", text) if marked else text
    articles = split_text_export(lines, path, outlet=settings.outlet, limits=settings.limits)
    if articles is None:
        articles = [_article_of_text(text, path, settings.outlet, settings.limits)]
    for found in articles:
        if notes and isinstance(found, Article):
            found = replace(found, notes=(*found.notes, *notes))
            notes = ()
        yield found


def _article_of_text(text: str, path: str, outlet: str | None, limits: Limits) -> Article:
    check_text(text, path, limits)
    if "\x00" in text:
        detail = f"it contains a NUL character at {text.index(chr(0)):,}, so it is not text. Expected a text document."
        raise Rejected(path, "binary", detail)
    if not text.strip("\ufeff\u200b \t\n\r\f\v\xa0"):
        raise Rejected(
            path, "empty", "the document contains only white space. Expected the text of an article."
        )
    check_characters(text, path)
    metadata = header_metadata(text, outlet_names())
    if outlet:
        metadata["outlet"] = outlet
    notes = notes_on_walls(text.split("\n"), path)
    return Article(text=text, path=path, markup="markdown", notes=notes, **metadata)


def decompress_if_needed(
    stream: BinaryIO, head: bytes, path: str, limits: Limits
) -> tuple[str, bytes, BinaryIO]:
    """Decompress a document if needed. Returns `(kind, head, stream)`. Raises Rejected if it is compressed twice."""
    kind = sniff(head, path)
    if kind in _COMPRESSED:
        head, stream = read_head(decompress(stream, kind, path, limits), HEAD_SIZE)
        kind = sniff(head, path)
        if kind in _COMPRESSED:
            detail = f"it is compressed twice, with {kind} inside. Unpack it once first."
            raise Rejected(path, "nested_archive", detail)
    return kind, head, stream


def read_all(stream: BinaryIO, path: str, limits: Limits) -> bytes:
    """Read a whole document. Raises Rejected "too_large" over `limits.document`."""
    data = stream.read(limits.document + 1)
    if len(data) > limits.document:
        detail = f"this document is over {limits.document / 1e6:g} MB. Expected one article. Split it."
        raise Rejected(path, "too_large", detail)
    return data


def _from_archive(stream: BinaryIO, kind: str, path: str, settings: Settings) -> ArticleStream:
    count = 0
    if kind == "zip":
        members = zip_members(to_seekable(stream, path, settings.limits), path, settings.limits)
    else:
        members = tar_members(stream, path)
    for member in members:
        count += 1
        for found in [member] if isinstance(member, Rejected) else _member(*member, settings):
            yield found
            if isinstance(found, Rejected) and found.path == path:
                return  # the archive itself cannot be read further
    if not count:
        yield Rejected(
            path,
            "empty",
            "there are no files in this archive (hidden files are skipped). Expected documents.",
        )


def _member(where: str, stream: BinaryIO, settings: Settings) -> ArticleStream:
    try:
        head, stream = read_head(stream, HEAD_SIZE)
        yield from read_documents(stream, head, where, settings, in_archive=True)
    except Rejected as rejected:
        yield rejected


def _from_warc(stream: BinaryIO, path: str, settings: Settings) -> ArticleStream:
    from slant.ingest.warc import warc_pages

    # The last article, for a note at the end of the archive, and what follows it.
    held: list[Article | Rejected] = []
    try:
        for page in warc_pages(stream, path, settings.limits):
            if isinstance(page, Note):
                if held and isinstance(held[0], Article):
                    held[0] = replace(held[0], notes=(*held[0].notes, page))
                continue
            read = page if isinstance(page, Rejected) else _archived_page(page, settings)
            if isinstance(read, Article):
                yield from held
                held = []
            elif len(held) >= _HELD:
                yield from held[1:]
                del held[1:]
            held.append(read)
    except (Rejected, OSError, RecursionError, MemoryError):
        yield from held  # what was read before the archive failed
        raise
    yield from held


def _archived_page(page: ArchivedPage, settings: Settings) -> Article | Rejected:
    from slant.ingest.html_pages import read_page

    try:
        return read_page(
            page.body,
            page.where,
            outlet=settings.outlet,
            charset=page.charset,
            url=page.url,
            published=page.date,
        )
    except Rejected as rejected:
        return rejected


def _from_feed(data: bytes, path: str, settings: Settings) -> ArticleStream:
    from slant.ingest.feeds import feed_entries, reject_entry

    for entry in feed_entries(data, path, outlet=settings.outlet):
        if settings.columns.comments and not isinstance(entry, Rejected) and not _has_comments(entry.article):
            yield Rejected(
                entry.where,
                "no_comments",
                "this entry holds no comments. Remove --comments to read articles.",
            )
            continue
        yield entry if isinstance(entry, Rejected) else entry.article or reject_entry(entry)


def _has_comments(article: Article | None) -> bool:
    return article is not None and any(part.role == "comment" for part in article.parts)


def _from_workbook(stream: BinaryIO, path: str, settings: Settings) -> ArticleStream:
    from slant.ingest.workbooks import FULL_CELL, sheets

    for where, rows in sheets(stream, path, columns=settings.columns):
        try:
            for found in _from_rows(rows, where, settings):
                yield _with_cut_cells(found, FULL_CELL) if isinstance(found, Article) else found
        except Rejected as rejected:  # of this sheet
            yield rejected


def _with_cut_cells(article: Article, full: int) -> Article:
    """The article with a note if a cell is so long that the spreadsheet probably cut it off."""
    if all(part.end - part.start < full - 1 for part in article.parts):
        return article
    detail = f"a cell has {full:,} characters, the most that Excel keeps: its text is probably cut off."
    return replace(article, notes=(*article.notes, Note("cut_cell", detail)))


def _addresses_only(stream: BinaryIO, path: str) -> Rejected:
    from slant.ingest.feeds import sitemap_addresses

    count = sum(1 for _ in sitemap_addresses(stream, path))
    detail = f"this sitemap contains {count:,} addresses and no text. Add --urls to fetch these pages."
    return Rejected(path, "addresses_only", detail)


def _rows(stream: BinaryIO, kind: str, path: str, settings: Settings, pieces: TextPieces) -> Rows:
    limits, columns = settings.limits, settings.columns
    if kind == "parquet":
        return parquet_rows(to_seekable(stream, path, limits), path, columns=columns)
    read = {"jsonl": json_lines, "json": json_values, "csv": csv_rows}[kind]
    return read(stream, path, limits=limits, columns=columns, pieces=pieces)


def _from_rows(rows: Rows, path: str, settings: Settings) -> ArticleStream:
    columns = settings.columns
    first, rows, dates = _first_rows(rows, columns)
    names = dict.fromkeys(
        str(name) for found in first if not isinstance(found, Rejected) for name, _ in cells(found[1])
    )
    missing = columns.missing(names) if names else []
    if missing:
        detail = f"its rows do not have the column of --map {' '.join(missing)}. {found_columns(names)} No row was read."
        raise Rejected(path, "no_mapped_column", detail)
    if columns.comments:
        from slant.ingest.comment_threads import comment_threads

        yield from comment_threads(
            chain(first, rows), path, outlet=settings.outlet, limits=settings.limits, columns=columns
        )
        return
    as_articles = "text" in columns.mapped  # the user says that a row is an article
    read = [found[1] for found in first if not isinstance(found, Rejected)]
    if read and all(map(is_own_row, read)):
        refuse_own_table(read[0], path)
    alike = [] if as_articles else list(filter(_is_comment, first))
    if alike and len(alike) == len(first):
        detail = f"{_looks_like_comments(alike[0])} No row was read."
        raise Rejected(path, "looks_like_comments", detail)
    count, once = 0, NoteOnce(missing_columns(names, columns.keep))
    for found in chain(first, rows):
        count += 1
        if not as_articles and _is_comment(found):
            found = Rejected(found[0], "looks_like_comments", _looks_like_comments(found))
        if isinstance(found, Rejected):
            yield found
            continue
        where, row = found
        try:
            refuse_own_table(row, where)
            article = article_from_row(
                row,
                where,
                outlet=settings.outlet,
                limits=settings.limits,
                columns=columns,
                dates=dates,
            )
            yield once(article)
        except Rejected as rejected:
            if rejected.reason == "no_text" and holds_comments(row):
                rejected = Rejected(where, "looks_like_comments", _looks_like_comments(found))
            elif rejected.reason == "empty" and holds_comments(row):
                detail = f"{rejected.detail} Its comments were left out with it; --comments reads them alone."
                rejected = Rejected(where, "empty", detail)
            yield rejected
    if not count:
        yield Rejected(path, "empty", "the table has no rows. Expected one article per row.")


def _is_comment(found: tuple[str, dict[str, Any]] | Rejected) -> TypeGuard[tuple[str, dict[str, Any]]]:
    return not isinstance(found, Rejected) and looks_like_comments(found[1])


def _looks_like_comments(found: tuple[str, dict[str, Any]]) -> str:
    return (
        f"this looks like comments, not an article. {found_columns(found[1])} Add --comments to read them as comments, "
        "or --map text=COLUMN to read each row as an article."
    )


def _first_rows(
    rows: Rows, columns: Columns
) -> tuple[list[tuple[str, dict[str, Any]] | Rejected], Rows, DateColumn]:
    """Return the first rows, the others, and the reader of their dates.

    More rows are read first while day and month of their dates could be either.
    """
    first: list[tuple[str, dict[str, Any]] | Rejected] = []
    stated: list[Any] = []
    dates, size = DateColumn(), 0
    for count in (_ROWS_TO_CHECK, *[_ROWS_TO_CHECK * 10] * 4):
        start = len(first)
        try:
            first.extend(islice(rows, count))  # keeps the rows before an error
        except Rejected as rejected:
            rows = _fail(rejected)
        read = [found[1] for found in first[start:] if not isinstance(found, Rejected)]
        stated += [columns.by_field(row).get("published") for row in read]
        size += sum(len(value) for row in read for value in row.values() if isinstance(value, str))
        dates = DateColumn(stated)
        if len(first) - start < count or size > _MOST_BUFFERED or not dates.undecided:
            break
    return first, rows, dates


def _fail(rejected: Rejected) -> Rows:
    """Rows that end with an error."""
    raise rejected
    yield  # makes this a generator
