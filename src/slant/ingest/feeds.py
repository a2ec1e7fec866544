"""Read RSS and Atom feeds, which may contain whole articles or comments, and sitemaps, which contain only addresses.

A WordPress export is a feed whose entries have a type, a status and comments.
"""

from __future__ import annotations

import html
import html.entities
import io
import re
from collections.abc import Iterator
from itertools import chain
from typing import Any, BinaryIO, NamedTuple

from slant.errors import Rejected
from slant.ingest.article_rows import assemble
from slant.ingest.comment_rows import parse_comments
from slant.ingest.decoding import DEFAULT_LIMITS, check_characters, check_text, convert_newlines
from slant.ingest.html_pages import check_length, check_size, parse_html
from slant.ingest.html_text import join_blocks, text_blocks
from slant.records import Article
from slant.segment.dates import iso_date

# ---- feeds

MIN_FULL_SUMMARY = 500  # characters; teasers have 100 to 300, a longer summary is the article
_NOT_ARTICLES = ("attachment", "nav_menu_item", "revision", "custom_css", "customize_changeset", "oembed_cache",
                 "wp_global_styles", "wp_navigation", "wp_template", "wp_template_part", "wp_block")  # fmt: skip
_COMMENT_LINK = re.compile(r"#(?:li-|div-)?comment-?(\d+)\Z|[?&]showComment=(\d+)")
_COMMENTS_OF = re.compile(r"comments (?:on|for)\b:?\s*", re.I)
_IN_REPLY = re.compile(
    r"\s*(?:<p[^>]*>)?\s*In reply to\s+<a\b[^>]*?href=[\"']([^\"']*)[\"'][^>]*>(.{0,200}?)</a>\s*\.?\s*(?:</p>)?",
    re.I | re.S,
)
_BLOCK = re.compile(r"<(?:p|div|br|ul|ol|table|section|article|!--\s*wp:)[\s/>]", re.I)
# Elements are matched by local name, since namespaces differ between feeds and are often wrong.
_CONTENT, _SUMMARY = ("encoded", "content"), ("description", "summary")
_DATES = ("published", "pubDate", "date", "updated", "modified")
_HTML_NAME = re.compile("[A-Za-z][A-Za-z0-9]*")
_NAMED_ENTITY = re.compile(rb"&([A-Za-z][A-Za-z0-9]{1,30};)")
_BARE_AMPERSAND = re.compile(rb"&(?!#(?:\d+|x[0-9A-Fa-f]+);)")
# Errors that end a feed. libxml2 recovers from others, such as unknown entities and unquoted attributes.
_FATAL_ERRORS = ("ERR_TAG_NOT_FINISHED", "ERR_DOCUMENT_END", "ERR_CDATA_NOT_FINISHED", "ERR_RESOURCE_LIMIT", "ERR_NO_MEMORY",
           "ERR_DOCUMENT_EMPTY", "ERR_ENTITY_LOOP", "ERR_NAME_TOO_LONG", "ERR_INVALID_ENCODING")  # fmt: skip


class FeedEntry(NamedTuple):
    """One entry of a feed, with its article or at least a link to it, if it has them."""

    where: str
    article: Article | None
    link: str | None


def feed_entries(data: bytes, path: str, *, outlet: str | None = None) -> Iterator[FeedEntry | Rejected]:
    """Entries of a feed, named `feed#entry`; with an article if the entry contains its text.

    outlet: overrides the feed's title. If the feed is truncated or has no entries, the last item is a Rejected.
    The comments of a comments feed become one article without a body per thread, after all other entries.
    Parsed by lxml in recovery mode, since feedparser takes over ten seconds for some feeds of 2 MB. Entities declared in the
    feed are not resolved, and nothing is fetched.
    """
    from lxml import etree

    number, name = 0, outlet
    threads: dict[str, list[dict[str, Any]]] = {}
    walk = etree.iterparse(
        io.BytesIO(_numeric_entities(data)), events=("end",), recover=True, resolve_entities=False,
        no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True,
    )  # fmt: skip
    try:
        for _, element in walk:
            if (
                _local_name(element) == "title"
                and name is None
                and _local_name(element.getparent()) in ("channel", "feed")
            ):
                name = _one_line(element)
            if _local_name(element) not in ("item", "entry"):
                continue
            number += 1
            where = f"{path}#{number}"
            try:
                _reject_unpublished(element, where)
                address = _link(element) or ""
                if _is_comment(element, address, name if outlet is None else None):
                    threads.setdefault(address.partition("#")[0], []).append(
                        _stated_comment(element, address)
                    )
                else:
                    yield FeedEntry(where, _article(element, where, name), _link(element))
            except Rejected as rejected:
                yield rejected
            _free(element)
    except etree.XMLSyntaxError:
        pass  # reported below from the parser's log
    for address, comments in threads.items():
        try:
            yield FeedEntry(path, _thread(comments, address, path, outlet, name), address)
        except Rejected as rejected:
            yield rejected
    break_message = next((e.message for e in walk.error_log if e.type_name in _FATAL_ERRORS), None)
    if break_message:
        detail = f"after entry {number:,} this feed cannot be read further ({break_message.strip()}). Is it complete?"
        yield Rejected(path, "torn" if number else "bad_feed", detail)
    elif not number:
        yield Rejected(path, "empty", "this feed has no entries. Expected one article per entry.")


def reject_entry(entry: FeedEntry) -> Rejected:
    """Rejection of an entry without an article, with what to do."""
    if entry.link:
        detail = (
            f"this entry has a link but no article: {entry.link[:200]}. Add --urls to fetch it, or use a feed that contains "
            "whole articles (content:encoded)."
        )
        return Rejected(entry.where, "link_only", detail)
    return Rejected(
        entry.where, "empty", "this entry has neither an article nor a link. Expected one of them."
    )


def _numeric_entities(data: bytes) -> bytes:
    """Replace HTML entities by numeric ones, and escape bare ampersands and all other entities.

    Feeds contain &nbsp; and &eacute;, which XML does not define, and bare ampersands; libxml2 drops these and any &lt; after
    them. Entities declared in the feed become literal text, so entity bombs have no effect.
    """
    for name, number in ((b"amp", b"38"), (b"lt", b"60"), (b"gt", b"62"), (b"quot", b"34"), (b"apos", b"39")):
        data = data.replace(b"&%b;" % name, b"&#%b;" % number)
    return _BARE_AMPERSAND.sub(b"&#38;", _NAMED_ENTITY.sub(_numeric_entity, data))


def _numeric_entity(match: re.Match[bytes]) -> bytes:
    characters = html.entities.html5.get(match[1].decode("ascii"))
    return "".join(f"&#{ord(c)};" for c in characters).encode() if characters else match[0]


def _article(entry: Any, where: str, outlet: str | None) -> Article | None:
    body = _body(entry, where)
    if body is None:
        return None
    title = next(filter(None, map(_one_line, _children(entry, "title"))), None)
    comments, notes = parse_comments(list(map(_exported_comment, _children(entry, "comment"))), where)
    text, parts = assemble(title, None, body, comments)
    check_text(text, where, DEFAULT_LIMITS)
    authors = (_one_line(next(_children(e, "name"), e)) for e in _children(entry, "creator", "author"))
    terms = (e.get("term") or _one_line(e) for e in _children(entry, "category"))
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
        notes=notes,
    )
    texts = (article.text, article.outlet, article.author, article.url, *article.sections)
    check_characters("\n".join(filter(None, texts)), where)
    return article


# ---- comments


def _reject_unpublished(entry: Any, where: str) -> None:
    """Raises Rejected for an entry of a WordPress export that is no published text."""
    kind, status = (
        next(filter(None, map(_one_line, _children(entry, name))), None) for name in ("post_type", "status")
    )
    if kind in _NOT_ARTICLES:
        raise Rejected(where, "not_an_article", f"this entry of a WordPress export is of the type {kind!r}.")
    if kind is not None and status not in (None, "publish"):
        detail = f"this entry of a WordPress export has the status {status!r}. Only published ones are read."
        raise Rejected(where, "not_published", detail)


def _exported_comment(comment: Any) -> dict[str, Any]:
    """A <wp:comment> under the names of its elements."""
    return {
        _local_name(each): "".join(each.itertext()) for each in comment if _local_name(each) != "commentmeta"
    }


def _is_comment(entry: Any, address: str, feed: str | None) -> bool:
    """Is an entry a comment? Then its address ends in #comment-12, or it names the entry that it answers."""
    replies = any(True for _ in _children(entry, "in-reply-to"))
    return replies or bool(_COMMENT_LINK.search(address)) or bool(feed and _COMMENTS_OF.match(feed))


def _stated_comment(entry: Any, address: str) -> dict[str, Any]:
    elements = chain(_children(entry, *_CONTENT), _children(entry, *_SUMMARY))
    content = next((text for each in elements if (text := _inner(each)).strip()), "")
    answered = _IN_REPLY.match(content)
    numbered = _COMMENT_LINK.search(address)
    authors = (_one_line(next(_children(e, "name"), e)) for e in _children(entry, "creator", "author"))
    above = answered and _COMMENT_LINK.search(answered[1])
    own = (numbered[1] or numbered[2]) if numbered else address
    return {
        "id": own or None,
        "author": next(filter(None, authors), None),
        "text": content[answered.end() :] if answered else content,
        "parent": (above[1] or above[2]) if above else None,
        "answers": answered[2].strip() if answered and not above else None,
        "date": _date(entry),
    }


def _thread(
    comments: list[dict[str, Any]], address: str, path: str, outlet: str | None, feed: str | None
) -> Article:
    """Article without a body of the comments on one page. Raises Rejected: no_comments or too_large."""
    for comment in comments:
        if comment[
            "answers"
        ]:  # the link to the parent is cut off: the only other comment of its author, else unknown
            same = [
                each["id"]
                for each in comments
                if each["author"] == comment["answers"] and each is not comment
            ]
            comment["parent"] = same[0] if len(same) == 1 else f"one by {comment['answers']}"
    found, notes = parse_comments(comments, path)
    if not found:
        raise Rejected(
            path, "no_comments", f"no comment in this feed has a text. {' '.join(n.detail for n in notes)}"
        )
    text, parts = assemble(None, None, "", found)
    check_text(text, path, DEFAULT_LIMITS)
    check_characters("\n".join([text, *(part.author or "" for part in parts)]), path)
    title = _COMMENTS_OF.sub("", feed) if feed and _COMMENTS_OF.match(feed) else None
    return Article(
        text=text,
        path=path,
        title=title,
        outlet=outlet,
        url=address or None,
        markup="none",
        parts=parts,
        notes=notes,
    )


def _inner(element: Any) -> str:
    """Markup inside an element: its text, or XHTML elements."""
    from lxml import etree

    children = (etree.tostring(child, encoding="unicode") for child in element)
    return (element.text or "") + "".join(children)


def _body(entry: Any, where: str) -> str | None:
    """Text of the entry's content, else of a summary long enough to be the article."""
    for content in _children(entry, *_CONTENT):
        if text := _text(content, where):
            return text
    texts = (_text(summary, where) for summary in _children(entry, *_SUMMARY))
    return next((text for text in texts if len(text) >= MIN_FULL_SUMMARY), None)


def _text(element: Any, where: str) -> str:
    """Text of an element in paragraphs. It holds escaped HTML (RSS, Atom), XHTML elements (Atom) or plain text."""
    kind = element.get("type") or ("text" if _local_name(element.getparent()) == "entry" else "html")
    if len(element):
        for inner in element.iter("*"):
            name = _local_name(inner)
            inner.tag = (
                name if _HTML_NAME.fullmatch(name) else "span"
            )  # names in a damaged feed may be invalid
        check_size(element, where)
        return join_blocks(text_blocks(element))
    text = element.text or ""
    if kind in ("text", "text/plain"):
        return convert_newlines(html.unescape(text)).strip()
    check_length(text, where)
    if not _BLOCK.search(text):  # as in WordPress, where blank lines part paragraphs
        text = re.sub(r"\n[ \t\r]*\n", "<br><br>", text)
    tree = parse_html(text, where) if text.strip() else None
    if tree is None:
        return ""
    check_size(tree, where)
    return join_blocks(text_blocks(tree))


def _date(entry: Any) -> str | None:
    stated = next(filter(None, (_one_line(e) for name in _DATES for e in _children(entry, name))), None)
    return stated and (iso_date(stated) or stated)


def _link(entry: Any) -> str | None:
    """Address of the article: the text of <link> in RSS, its href in Atom."""
    links = [e for e in _children(entry, "link") if e.get("rel", "alternate") == "alternate"]
    return next(filter(None, (e.get("href") or _one_line(e) for e in links)), None)


def _children(element: Any, *names: str) -> Iterator[Any]:
    return (child for child in element if _local_name(child) in names)


def _one_line(element: Any) -> str | None:
    return " ".join(html.unescape("".join(element.itertext())).split()) or None


# ---- sitemaps


def sitemap_addresses(stream: BinaryIO, path: str) -> Iterator[str]:
    """Yield the addresses in a sitemap or sitemap index. No entity is resolved, nothing is fetched.

    Raises Rejected "bad_sitemap" if it cannot be read further.
    """
    from lxml import etree

    count = 0
    try:
        for _, element in etree.iterparse(
            stream, events=("end",), resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
        ):
            name, parent = _local_name(element), element.getparent()
            if name == "loc" and parent is not None and _local_name(parent) in ("url", "sitemap"):
                address = (element.text or "").strip()
                count += bool(address)
                if address:
                    yield address
            elif name in ("url", "sitemap"):
                _free(element)
    except etree.XMLSyntaxError as error:
        detail = f"after {count:,} addresses this sitemap cannot be read further ({error}). Is it complete?"
        raise Rejected(path, "bad_sitemap", detail) from None


# ---- elements


def _local_name(element: Any) -> str:
    tag = getattr(element, "tag", None)
    return re.split("[}:]", tag)[-1] if isinstance(tag, str) else ""


def _free(element: Any) -> None:
    """Free an element that was read and all its earlier siblings, so that memory stays constant."""
    element.clear()
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]
