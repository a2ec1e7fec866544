"""RSS and Atom feeds, which may carry whole articles, and sitemaps, which carry addresses only."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from typing import Any, BinaryIO, NamedTuple

from slant.errors import Rejected
from slant.reading.decoding import check_characters
from slant.reading.metadata import iso_date
from slant.reading.pages import parse_html
from slant.reading.render import blocks_of, join_blocks
from slant.reading.rows import assemble
from slant.records import Article

LONG_SUMMARY = 500  # characters of text: teasers end at 100 to 300, a summary above this is the article


class Item(NamedTuple):
    """One entry of a feed: its article, or where its article stands, or neither."""

    where: str
    article: Article | None
    link: str | None


def feed_items(data: bytes, path: str, *, outlet: str | None = None) -> Iterator[Item | Rejected]:
    """The entries of a feed, as `feed#entry`; an article where an entry carries its text.

    outlet: in place of the feed's title. Raises Rejected "bad_feed" where nothing can be read, "empty" without entries.
    """
    import feedparser

    # A stream, since a string might be taken for an address; no links are rewritten, and we keep the text alone.
    feed = feedparser.parse(io.BytesIO(data), sanitize_html=False, resolve_relative_uris=False)
    if not feed.entries:
        if feed.bozo:
            detail = f"this feed cannot be read ({feed.bozo_exception}). Is it complete?"
            raise Rejected(path, "bad_feed", detail)
        raise Rejected(path, "empty", "this feed has no entries. Expected one article an entry.")
    name = outlet or _words(feed.feed.get("title"))
    for number, entry in enumerate(feed.entries, 1):
        where = f"{path}#{number}"
        try:
            article = _article(entry, where, name)
        except Rejected as rejected:
            yield rejected
            continue
        yield Item(where, article, _words(entry.get("link")))
    # Entities that XML does not know are common and harmless; a feed that is cut off has lost entries.
    why = str(feed.bozo_exception) if feed.bozo else ""
    if "no element found" in why or "unclosed" in why:
        yield Rejected(path, "torn", f"after entry {len(feed.entries):,} the feed breaks off ({why}).")


def no_text(item: Item) -> Rejected:
    """Why an entry without an article is none, and what to do."""
    if item.link:
        detail = (
            f"this entry has a link and no article: {item.link[:200]}. Add --urls to fetch it from there, or take a "
            "feed that carries whole articles (content:encoded)."
        )
        return Rejected(item.where, "link_only", detail)
    return Rejected(item.where, "empty", "this entry has neither an article nor a link.")


def _article(entry: Any, where: str, outlet: str | None) -> Article | None:
    body = _body(entry, where)
    if body is None:
        return None
    title = _words(entry.get("title"))
    text, parts = assemble(title, None, body, [])
    article = Article(
        text=text,
        path=where,
        title=title,
        outlet=outlet,
        author=_words(entry.get("author")),
        published=_date(entry),
        url=_words(entry.get("link")),
        sections=tuple(
            dict.fromkeys(filter(None, (_words(tag.get("term")) for tag in entry.get("tags", ()))))
        ),
        markup="page",
        parts=parts,
    )
    said = (article.text, article.outlet, article.author, article.url, *article.sections)
    check_characters("\n".join(filter(None, said)), where)
    return article


def _body(entry: Any, where: str) -> str | None:
    """The text of its content, else of a summary that is long enough to be the article."""
    for content in entry.get("content", ()):
        if text := _plain(content.get("value") or "", where):
            return text
    summary = _plain(entry.get("summary") or "", where)
    return summary if len(summary) >= LONG_SUMMARY else None


def _plain(html: str, where: str) -> str:
    if not html.strip():
        return ""
    tree = parse_html(html.replace("\x00", ""), where)
    body = None if tree is None else tree.find(".//body")
    return join_blocks(blocks_of(tree if body is None else body)) if tree is not None else ""


def _date(entry: Any) -> str | None:
    for name in ("published", "updated"):
        parsed = entry.get(f"{name}_parsed")
        if parsed:
            return time.strftime("%Y-%m-%dT%H:%M:%S+00:00", parsed)
        if stated := _words(entry.get(name)):
            return iso_date(stated) or stated
    return None


def _words(value: Any) -> str | None:
    return " ".join(value.split()) or None if isinstance(value, str) else None


def sitemap_addresses(stream: BinaryIO, path: str) -> Iterator[str]:
    """The addresses in a sitemap or sitemap index, one at a time; no entity is resolved, nothing is fetched.

    Raises Rejected "bad_sitemap" where it cannot be read on.
    """
    from lxml import etree

    count = 0
    try:
        for _, element in etree.iterparse(
            stream, events=("end",), resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
        ):
            name, parent = _local(element), element.getparent()
            if name == "loc" and parent is not None and _local(parent) in ("url", "sitemap"):
                address = (element.text or "").strip()
                count += bool(address)
                if address:
                    yield address
            elif name in ("url", "sitemap"):
                element.clear()
                while element.getprevious() is not None:
                    del element.getparent()[0]
    except etree.XMLSyntaxError as error:
        detail = f"after {count:,} addresses this sitemap cannot be read ({error}). Is it complete?"
        raise Rejected(path, "bad_sitemap", detail) from None


def _local(element: Any) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""
