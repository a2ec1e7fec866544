"""Lists of web addresses (`--urls`): text with one a line, feeds, sitemaps; each page fetched is an article."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import BinaryIO

from slant.errors import Rejected
from slant.reading.decoding import bounded_lines, decode, too_long
from slant.reading.documents import Found, Settings, documents, packed_or_plain, whole
from slant.reading.feeds import Item, feed_items, no_text, sitemap_addresses
from slant.reading.fetching import Answer, Fetcher
from slant.reading.pages import read_page
from slant.reading.sniffing import HEAD
from slant.reading.unpacking import with_head

_DEEPEST = 2  # lists that name lists: a sitemap index, its sitemaps, their pages
_HTML = ("text/html", "application/xhtml+xml")


class Visitor:
    """Fetches what lists name, each address once in a run, and hands back articles."""

    def __init__(self, fetcher: Fetcher, settings: Settings) -> None:
        self._fetcher, self._settings = fetcher, settings
        self._seen: set[str] = set()

    def from_list(self, stream: BinaryIO, path: str) -> Found:
        """Every address that the file at `path` names, as the Article found there or the Rejected that says why none."""
        head, stream = with_head(stream, HEAD)
        kind, head, stream = packed_or_plain(stream, head, path, self._settings.limits)
        yield from self._each(stream, kind, path, 0)

    def visit(self, address: str, depth: int = 0) -> Found:
        """The article at `address`; where a list is found there, what that names."""
        if address in self._seen:
            return
        self._seen.add(address)
        try:
            answer = self._fetcher.fetch(address)
            yield from self._read(answer, address, depth)
        except Rejected as rejected:
            yield rejected

    def _read(self, answer: Answer, address: str, depth: int) -> Found:
        body = io.BytesIO(answer.body)
        kind, head, stream = packed_or_plain(body, answer.body[:HEAD], address, self._settings.limits)
        if kind in ("feed", "sitemap"):
            if depth >= _DEEPEST:
                detail = f"it is a list in a list in a list, over {_DEEPEST} deep; it was not followed."
                raise Rejected(address, "too_deep", detail)
            yield from self._each(stream, kind, address, depth + 1)
        elif kind == "html" or (answer.kind in _HTML and kind == "text"):
            page = whole(stream, address, self._settings.limits)
            yield read_page(
                page, address, outlet=self._settings.outlet, charset=answer.charset, url=answer.url
            )
        else:
            yield from documents(stream, head, address, self._settings)

    def _each(self, stream: BinaryIO, kind: str, path: str, depth: int) -> Found:
        for found in self._named(stream, kind, path):
            if isinstance(found, Rejected):
                yield found
            elif isinstance(found, str):
                yield from self.visit(found, depth)
            elif found.article is not None:
                yield found.article
            elif found.link:
                yield from self.visit(found.link, depth)
            else:
                yield no_text(found)

    def _named(self, stream: BinaryIO, kind: str, path: str) -> Iterator[str | Item | Rejected]:
        limits = self._settings.limits
        if kind == "sitemap":
            yield from sitemap_addresses(stream, path)
        elif kind == "feed":
            yield from feed_items(whole(stream, path, limits), path, outlet=self._settings.outlet)
        elif kind in ("text", "csv"):
            yield from _lines(stream, path, limits.document)
        else:
            detail = (
                f"this is {kind}. With --urls, expected: text with one address a line, a feed or a sitemap."
            )
            raise Rejected(path, "no_addresses", detail)


def _lines(stream: BinaryIO, path: str, limit: int) -> Iterator[str | Rejected]:
    """One address a line; blank lines and lines that begin with # are no addresses."""
    count = 0
    for number, offset, line in bounded_lines(stream, limit):
        if line is not None and line.isspace():
            continue
        where = f"{path}:{number}"
        if line is None:
            yield too_long(where, limit)
            continue
        try:
            words = decode(line, where, offset=offset).strip()
        except Rejected as rejected:
            yield rejected
            continue
        if not words or words.startswith("#"):
            continue
        count += 1
        if words.startswith(("http://", "https://")) and len(words.split()) == 1:
            yield words
        else:
            detail = f"{words[:100]!r} is no web address. Expected one http:// or https:// address a line."
            yield Rejected(where, "bad_address", detail)
    if not count:
        yield Rejected(path, "empty", "no address stands in this file. Expected one a line.")
