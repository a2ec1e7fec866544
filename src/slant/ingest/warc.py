"""Web archives (WARC): the pages that servers answered with, each an article."""

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
from slant.ingest.file_kinds import HEAD, sniff

_LOG = logging.getLogger("slant")
_HTML = ("text/html", "application/xhtml+xml")
_PLAIN = ("html", "text", "csv", "json", "jsonl", "feed", "sitemap")  # as a page may begin
# What warcio raises on records that are none; it checks little.
_BROKEN = (OSError, EOFError, ValueError, TypeError, AttributeError, LookupError, OverflowError, zlib.error)


class Page(NamedTuple):
    """One page as it came over the net. date: ISO, when it was fetched. charset: what the server says."""

    where: str
    body: bytes
    url: str | None
    date: str | None
    charset: str | None


def warc_pages(stream: BinaryIO, path: str, limits: Limits) -> Iterator[Page | Rejected]:
    """The HTML pages (status 200) of a web archive, as `archive#record`; how many other records there were is logged.

    A page that is broken or too large is rejected; after a broken record header the rest cannot be found.
    """
    number, skipped = 0, Counter[str]()
    for record in _records(stream, path):
        if isinstance(record, Rejected):
            yield record
            continue
        number += 1
        try:
            if other := _other(record):
                skipped[other] += 1
                _check_end(record, f"{path}#{number}")
            else:
                yield _page(record, f"{path}#{number}", limits)
        except Rejected as rejected:
            yield rejected
    others = ", ".join(f"{count:,} {what}" for what, count in skipped.most_common())
    if number == skipped.total():
        detail = f"none of its {number:,} records is a page that a server answered with ({others or 'none'})."
        yield Rejected(path, "no_pages", detail)
    elif others:
        _LOG.warning(f"{path}: {number - skipped.total():,} pages; left out, being no pages: {others}")


def _records(stream: BinaryIO, path: str) -> Iterator[Any]:
    """warcio's records; a Rejected where one is not as long as it says, and where the archive cannot be read on."""
    from warcio.archiveiterator import ArchiveIterator
    from warcio.exceptions import ArchiveLoadFailed

    records, number = ArchiveIterator(stream), 0
    while True:
        noted = records.err_count
        try:
            with contextlib.redirect_stderr(io.StringIO()):  # where it writes what it stumbles over
                record = next(records)
        except StopIteration:
            record = None
        except (ArchiveLoadFailed, *_BROKEN) as error:
            why = (str(error) or type(error).__name__)[:160]
            detail = f"after record {number:,} it cannot be read on ({why}). Is it complete?"
            yield Rejected(path, "bad_warc", detail)
            return
        if records.err_count > noted:
            detail = "this record is longer than it says, so the page may be cut off. How was it made?"
            yield Rejected(f"{path}#{number}", "bad_warc", detail)
        if record is None:
            return
        number += 1
        yield record


def _other(record: Any) -> str | None:
    """What else a record is, in a word or two; None for a page."""
    if record.rec_type != "response":
        return str(record.rec_type or "record without a type")[:60]
    if record.http_headers is None:
        return "response without HTTP"
    status = str(record.http_headers.get_statuscode())[:20]
    if status != "200":
        return f"response of status {status}"
    kind = (record.http_headers.get_header("Content-Type") or "").partition(";")[0].strip().lower()
    return None if kind in _HTML else kind[:60] or "response without a type"


def _page(record: Any, where: str, limits: Limits) -> Page:
    headers = record.http_headers
    coding = (headers.get_header("Content-Encoding") or "").strip().lower()
    headers.remove_header("Content-Encoding")  # warcio would not tell a packed page that is cut off
    body = _body(record, where, limits.document)
    _check_end(record, where)
    if coding not in ("", "identity"):
        body = _unpacked(body, coding, where, limits.document)
    if len(body) > limits.document:
        detail = f"this page is over {limits.document / 1e6:g} MB. Expected one article."
        raise Rejected(where, "too_large", detail)
    if sniff(body[:HEAD], where) not in _PLAIN:
        raise Rejected(where, "unsupported", "the server calls this HTML, which it is not. Expected a page.")
    charset = re.search(
        r"charset\s*=\s*[\"']?([\w.:-]{2,40})", headers.get_header("Content-Type") or "", re.I
    )
    stated = record.rec_headers.get_header
    return Page(where, body, stated("WARC-Target-URI"), stated("WARC-Date"), charset and charset[1])


def _unpacked(body: bytes, coding: str, where: str, limit: int) -> bytes:
    """At most limit + 1 bytes of a page that was sent packed; some crawlers keep the header though they unpacked it."""
    if coding in ("gzip", "x-gzip", "deflate"):
        for format_ in (
            32 + zlib.MAX_WBITS,
            -zlib.MAX_WBITS,
        ):  # gzip or zlib; deflate as some servers send it
            unpacker = zlib.decompressobj(format_)
            with contextlib.suppress(zlib.error):
                page = unpacker.decompress(body, limit + 1)
                if unpacker.eof or len(page) > limit:
                    return page
    with contextlib.suppress(Rejected):
        if sniff(body[:HEAD], where) == "html":
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
        raise Rejected(where, "torn", f"the record ends {left:,} bytes too early. Is the archive complete?")


def _body(record: Any, where: str, limit: int) -> bytes:
    """At most limit + 1 bytes and a piece. Raises Rejected "torn", also where warcio only writes a note."""
    body, noted = bytearray(), io.StringIO()
    try:
        with contextlib.redirect_stderr(noted):
            content = record.content_stream()
            while len(body) <= limit and (piece := content.read(1 << 16)):
                body += piece
        why = noted.getvalue()
    except _BROKEN as error:
        why = str(error) or type(error).__name__
    if why:
        raise Rejected(where, "torn", f"the page in this record cannot be unpacked ({why.strip()[:160]}).")
    return bytes(body)
