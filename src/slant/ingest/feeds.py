"""RSS and Atom feeds, which may carry whole articles, and sitemaps, which carry addresses only."""

from __future__ import annotations

import html
import html.entities
import io
import re
from collections.abc import Iterator
from typing import Any, BinaryIO, NamedTuple

from slant.errors import Rejected
from slant.ingest.article_rows import assemble
from slant.ingest.decoding import check_characters, convert_newlines
from slant.ingest.html_pages import check_length, check_size, parse_html
from slant.ingest.html_text import blocks_of, join_blocks
from slant.records import Article
from slant.segment.article_header import iso_date

LONG_SUMMARY = 500  # characters of text: teasers end at 100 to 300, a summary above this is the article
# Namespaces differ between feeds and are often wrong, so elements are known by their names alone.
_CONTENT, _SUMMARY = ("encoded", "content"), ("description", "summary")
_DATES = ("published", "pubDate", "date", "updated", "modified")
_HTML = re.compile("[A-Za-z][A-Za-z0-9]*")
_NAMED = re.compile(rb"&([A-Za-z][A-Za-z0-9]{1,30};)")
_BARE = re.compile(rb"&(?!#(?:\d+|x[0-9A-Fa-f]+);)")


class Item(NamedTuple):
    """One entry of a feed: its article, or where its article stands, or neither."""

    where: str
    article: Article | None
    link: str | None


def feed_items(data: bytes, path: str, *, outlet: str | None = None) -> Iterator[Item | Rejected]:
    """The entries of a feed, as `feed#entry`; an article where an entry carries its text.

    Read with lxml, forgivingly: feedparser takes over ten seconds for odd feeds of 2 MB. No entity that a feed declares
    is resolved, and nothing is fetched.
    outlet: in place of the feed's title. Where the feed breaks off or has no entries, a Rejected comes last.
    """
    from lxml import etree

    number, name = 0, outlet
    walk = etree.iterparse(
        io.BytesIO(_plain_entities(data)), events=("end",), recover=True, resolve_entities=False,
        no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True,
    )  # fmt: skip
    try:
        for _, element in walk:
            if (
                _local(element) == "title"
                and name is None
                and _local(element.getparent()) in ("channel", "feed")
            ):
                name = _words(element)
            if _local(element) not in ("item", "entry"):
                continue
            number += 1
            where = f"{path}#{number}"
            try:
                yield Item(where, _article(element, where, name), _link(element))
            except Rejected as rejected:
                yield rejected
            _forget(element)
    except etree.XMLSyntaxError:
        pass  # told below, with what the log says
    torn = next((e.message for e in walk.error_log if e.type_name in _BREAKS), None)
    if torn:
        detail = f"after entry {number:,} this feed cannot be read on ({torn.strip()}). Is it complete?"
        yield Rejected(path, "torn" if number else "bad_feed", detail)
    elif not number:
        yield Rejected(path, "empty", "this feed has no entries. Expected one article an entry.")


# libxml2 mends the rest: entities that are unknown, attributes without quotes.
_BREAKS = ("ERR_TAG_NOT_FINISHED", "ERR_DOCUMENT_END", "ERR_CDATA_NOT_FINISHED", "ERR_RESOURCE_LIMIT", "ERR_NO_MEMORY",
           "ERR_DOCUMENT_EMPTY", "ERR_ENTITY_LOOP", "ERR_NAME_TOO_LONG", "ERR_INVALID_ENCODING")  # fmt: skip


def no_text(item: Item) -> Rejected:
    """Why an entry without an article is none, and what to do."""
    if item.link:
        detail = (
            f"this entry has a link and no article: {item.link[:200]}. Add --urls to fetch it from there, or take a "
            "feed that carries whole articles (content:encoded)."
        )
        return Rejected(item.where, "link_only", detail)
    return Rejected(item.where, "empty", "this entry has neither an article nor a link.")


def _plain_entities(data: bytes) -> bytes:
    """Feeds have &nbsp; and &eacute;, which only HTML knows, and bare ampersands. libxml2 drops these, and &lt; after
    them; as numbers all are kept. An entity that the feed itself declares comes out as it stands, so none can explode."""
    for name, number in ((b"amp", b"38"), (b"lt", b"60"), (b"gt", b"62"), (b"quot", b"34"), (b"apos", b"39")):
        data = data.replace(b"&%b;" % name, b"&#%b;" % number)
    return _BARE.sub(b"&#38;", _NAMED.sub(_as_number, data))


def _as_number(found: re.Match[bytes]) -> bytes:
    known = html.entities.html5.get(found[1].decode("ascii"))
    return "".join(f"&#{ord(c)};" for c in known).encode() if known else found[0]


def _article(entry: Any, where: str, outlet: str | None) -> Article | None:
    body = _body(entry, where)
    if body is None:
        return None
    title = next(filter(None, map(_words, _children(entry, "title"))), None)
    text, parts = assemble(title, None, body, [])
    authors = (_words(next(_children(e, "name"), e)) for e in _children(entry, "creator", "author"))
    terms = (e.get("term") or _words(e) for e in _children(entry, "category"))
    article = Article(
        text=text,
        path=where,
        title=title,
        outlet=outlet,
        author=", ".join(dict.fromkeys(filter(None, authors))) or None,
        published=_date(entry),
        url=_link(entry),
        sections=tuple(dict.fromkeys(filter(None, terms))),
        markup="page",
        parts=parts,
    )
    said = (article.text, article.outlet, article.author, article.url, *article.sections)
    check_characters("\n".join(filter(None, said)), where)
    return article


def _body(entry: Any, where: str) -> str | None:
    """The text of its content, else of a summary that is long enough to be the article."""
    for content in _children(entry, *_CONTENT):
        if text := _plain(content, where):
            return text
    texts = (_plain(summary, where) for summary in _children(entry, *_SUMMARY))
    return next((text for text in texts if len(text) >= LONG_SUMMARY), None)


def _plain(element: Any, where: str) -> str:
    """Its words, in paragraphs: of HTML as text (RSS, Atom), of elements (XHTML in Atom), or plain."""
    kind = element.get("type") or ("text" if _local(element.getparent()) == "entry" else "html")
    if len(element):
        for inner in element.iter("*"):
            name = _local(inner)
            inner.tag = name if _HTML.fullmatch(name) else "span"  # of a damaged feed, names are anything
        check_size(element, where)
        return join_blocks(blocks_of(element))
    said = element.text or ""
    if kind in ("text", "text/plain"):
        return convert_newlines(html.unescape(said)).strip()
    check_length(said, where)
    tree = parse_html(said, where) if said.strip() else None
    if tree is None:
        return ""
    check_size(tree, where)
    return join_blocks(blocks_of(tree))


def _date(entry: Any) -> str | None:
    stated = next(filter(None, (_words(e) for name in _DATES for e in _children(entry, name))), None)
    return stated and (iso_date(stated) or stated)


def _link(entry: Any) -> str | None:
    """Where the article stands: RSS has it as text, Atom as an attribute."""
    links = [e for e in _children(entry, "link") if e.get("rel", "alternate") == "alternate"]
    return next(filter(None, (e.get("href") or _words(e) for e in links)), None)


def _children(element: Any, *names: str) -> Iterator[Any]:
    return (child for child in element if _local(child) in names)


def _words(element: Any) -> str | None:
    return " ".join(html.unescape("".join(element.itertext())).split()) or None


def _forget(element: Any) -> None:
    """Let go of an element that was read, and of what stands before it, so that memory stays constant."""
    element.clear()
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]


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
                _forget(element)
    except etree.XMLSyntaxError as error:
        detail = f"after {count:,} addresses this sitemap cannot be read ({error}). Is it complete?"
        raise Rejected(path, "bad_sitemap", detail) from None


def _local(element: Any) -> str:
    tag = getattr(element, "tag", None)
    return re.split("[}:]", tag)[-1] if isinstance(tag, str) else ""
