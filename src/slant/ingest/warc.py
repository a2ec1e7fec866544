"""Read the HTML pages in a web archive (WARC)."""

from __future__ import annotations

import contextlib
import io
import logging
import re
import zlib
from collections import Counter
from collections.abc import Iterator
from typing import Any, BinaryIO, NamedTuple

from slant.errors import Rejected
from slant.ingest.decoding import Limits
from slant.ingest.file_kinds import HEAD_SIZE, sniff
from slant.records import Note

_LOG = logging.getLogger("slant")
_HTML_TYPES = ("text/html", "application/xhtml+xml")
_TEXT_KINDS = (
    "html",
    "text",
    "csv",
    "json",
    "jsonl",
    "feed",
    "sitemap",
)  # what the start of a page may look like
_STATUS = "response of status"
# warcio checks little and raises these on invalid records.
_RECORD_ERRORS = (
    OSError,
    EOFError,
    ValueError,
    TypeError,
    AttributeError,
    LookupError,
    OverflowError,
    zlib.error,
)


class Page(NamedTuple):
    """One page of the archive. date: when it was fetched, in ISO form. charset: stated by the server."""

    where: str
    body: bytes
    url: str | None
    date: str | None
    charset: str | None


def warc_pages(stream: BinaryIO, path: str, limits: Limits) -> Iterator[Page | Rejected | Note]:
    """HTML pages (status 200) of a web archive, named `archive#record`. Logs the number of other records.

    At the end, a Note says how many responses had another status.

    An invalid or too large page is rejected. After an invalid record header the rest cannot be read.
    """
    number, skipped = 0, Counter[str]()
    for record in _records(stream, path):
        if isinstance(record, Rejected):
            yield record
            continue
        number += 1
        try:
            if other := _other_kind(record):
                skipped[other] += 1
                _check_end(record, f"{path}#{number}")
            else:
                yield _page(record, f"{path}#{number}", limits)
        except Rejected as rejected:
            yield rejected
    others = ", ".join(f"{count:,} {what}" for what, count in skipped.most_common())
    if number == skipped.total():
        detail = f"none of its {number:,} records is an HTML page ({others or 'no records'}). Expected responses with pages."
        yield Rejected(path, "no_pages", detail)
    elif others:
        if failed := [
            f"{what} ({count:,})" for what, count in skipped.most_common() if what.startswith(_STATUS)
        ]:
            detail = f"the archive also holds responses that are no pages: {', '.join(failed[:9])}."
            yield Note("not_pages", detail)
        _LOG.warning(
            f"{path}: {number - skipped.total():,} pages; skipped records that are not pages: {others}"
        )


def _records(stream: BinaryIO, path: str) -> Iterator[Any]:
    """Records from warcio; a Rejected if a record has the wrong length or the archive cannot be read further."""
    from warcio.archiveiterator import ArchiveIterator
    from warcio.exceptions import ArchiveLoadFailed

    records, number = ArchiveIterator(stream), 0
    while True:
        errors = records.err_count
        try:
            with contextlib.redirect_stderr(io.StringIO()):  # warcio prints its warnings there
                record = next(records)
        except StopIteration:
            record = None
        except (ArchiveLoadFailed, *_RECORD_ERRORS) as error:
            why = (str(error) or type(error).__name__)[:160]
            detail = f"after record {number:,} the archive cannot be read further ({why}). Is it complete?"
            yield Rejected(path, "bad_warc", detail)
            return
        if records.err_count > errors:
            detail = "this record is longer than its header states, so the page may be truncated. How was it created?"
            yield Rejected(f"{path}#{number}", "bad_warc", detail)
        if record is None:
            return
        number += 1
        yield record


def _other_kind(record: Any) -> str | None:
    """Kind of a record that is not a page, in a few words; None for a page."""
    if record.rec_type != "response":
        return str(record.rec_type or "record without a type")[:60]
    if record.http_headers is None:
        return "response without HTTP"
    status = str(record.http_headers.get_statuscode())[:20]
    if status != "200":
        return f"{_STATUS} {status}"
    kind = (record.http_headers.get_header("Content-Type") or "").partition(";")[0].strip().lower()
    return None if kind in _HTML_TYPES else kind[:60] or "response without a type"


def _page(record: Any, where: str, limits: Limits) -> Page:
    headers = record.http_headers
    coding = (headers.get_header("Content-Encoding") or "").strip().lower()
    headers.remove_header("Content-Encoding")  # warcio does not report a truncated compressed page
    body = _body(record, where, limits.document)
    _check_end(record, where)
    if coding not in ("", "identity"):
        body = _decompress(body, coding, where, limits.document)
    if len(body) > limits.document:
        detail = f"this page is over {limits.document / 1e6:g} MB. Expected one article."
        raise Rejected(where, "too_large", detail)
    if sniff(body[:HEAD_SIZE], where) not in _TEXT_KINDS:
        raise Rejected(
            where, "unsupported", "the server states HTML, but the content is not. Expected a page."
        )
    charset = re.search(
        r"charset\s*=\s*[\"']?([\w.:-]{2,40})", headers.get_header("Content-Type") or "", re.I
    )
    stated = record.rec_headers.get_header
    return Page(where, body, stated("WARC-Target-URI"), stated("WARC-Date"), charset and charset[1])


def _decompress(body: bytes, coding: str, where: str, limit: int) -> bytes:
    """Decompress a page, at most limit + 1 bytes of it.

    Some crawlers keep the Content-Encoding header of pages that they decompressed; such a page is returned unchanged.
    """
    if coding in ("gzip", "x-gzip", "deflate"):
        # gzip or zlib, then raw deflate, which some servers send
        for window_bits in (32 + zlib.MAX_WBITS, -zlib.MAX_WBITS):
            decompressor = zlib.decompressobj(window_bits)
            with contextlib.suppress(zlib.error):
                page = decompressor.decompress(body, limit + 1)
                if decompressor.eof or len(page) > limit:
                    return page
    with contextlib.suppress(Rejected):
        if sniff(body[:HEAD_SIZE], where) == "html":
            return body
    if coding in ("gzip", "x-gzip", "deflate"):
        raise Rejected(
            where, "torn", f"this page was sent as {coding} and cannot be unpacked. Is it complete?"
        )
    detail = f"this page was sent as {coding[:40]!r}. Expected plain, gzip or deflate."
    raise Rejected(where, "unsupported", detail)


def _check_end(record: Any, where: str) -> None:
    """Raises Rejected "torn" if the archive ends before the record does."""
    while record.raw_stream.read(1 << 16):
        pass
    if left := getattr(record.raw_stream, "limit", 0):
        raise Rejected(where, "torn", f"the record is {left:,} bytes too short. Is the archive complete?")


def _body(record: Any, where: str, limit: int) -> bytes:
    """Read at most limit + 1 bytes and one piece of the content. Raises Rejected "torn", also if warcio only warns."""
    body, warnings = bytearray(), io.StringIO()
    try:
        with contextlib.redirect_stderr(warnings):
            content = record.content_stream()
            while len(body) <= limit and (piece := content.read(1 << 16)):
                body += piece
        why = warnings.getvalue()
    except _RECORD_ERRORS as error:
        why = str(error) or type(error).__name__
    if why:
        raise Rejected(
            where,
            "torn",
            f"the page in this record cannot be unpacked ({why.strip()[:160]}). Is it complete?",
        )
    return bytes(body)
