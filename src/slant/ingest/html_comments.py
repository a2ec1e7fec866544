"""Reader comments in the markup of a page: who wrote each and which one it answers.

trafilatura gives the paragraphs of comments but neither authors nor replies, so the common kinds of markup
(WordPress, Drupal, schema.org in attributes or JSON-LD) are read here and cut out of the page before.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any

from slant.errors import Rejected
from slant.ingest.article_rows import Comment, comments_from
from slant.ingest.html_text import Element, blocks_of, join_blocks

_SEP = r"(?:[-_]{1,2}|(?=[A-Z]))"
_ITEM_CLASS = re.compile(rf"[Cc]omment(?:{_SEP}(?i:item|entry|single|node|wrap|wrapper|box|block|body))?")
_ITEM_ID = re.compile(r"(?:li-|div-|dsq-)?comment[-_]?\d+", re.I)
_REGION = re.compile(
    rf"[Cc]omments?(?:{_SEP}(?i:list|area|section|wrapper|wrap|container|thread|form|title|count))?"
    r"|commentlist|respond|comment-respond|disqus_thread|dsq-comments|(?:reader|user|article|post)[-_]comments",
)
_TEXT_CLASSES = (
    re.compile(rf"[Cc]omment{_SEP}(?i:content|text|message)|commentText"),
    re.compile(rf"[Cc]omment{_SEP}(?i:body)|(?:post-)?message|content|text|body"),
)
_AUTHOR_CLASSES = (
    re.compile(r"fn"),
    re.compile(rf"(?:[Cc]omment{_SEP})?(?i:author|user|poster)(?:{_SEP}(?i:name)|name)|commenter|username"),
    re.compile(rf"(?:[Cc]omment{_SEP})?(?i:author|user|poster|name|byline)"),
)
# Who, when, and what to click: no words of the reader's.
_ASIDE = re.compile(
    rf"(?:[Cc]omment{_SEP})?(?i:meta|metadata|header|footer|author\S*|avatar|vcard|user|username|byline|poster"
    r"|commenter|fn|says|badge|date|time|timestamp|permalink|number|repl(?:y|ies)(?:[-_]\S+)?|actions?|votes?"
    r"|likes?|share|report|flag|toolbar|edit(?:[-_]link)?|links?)"
)
_SPOKEN = re.compile(r"\s*\b(?:says|said|wrote|writes|commented|replied)?\s*:?\s*$|^\s*by\s+", re.I)
_HOLDS_ARTICLE = ".//h1|.//*[@itemprop='articleBody']"


def take_comments(tree: Element) -> list[Comment]:
    """The comments of a parsed page in their order; they and the forms around them are cut out of `tree`."""
    found = [element for element in tree.iter() if isinstance(element.tag, str) and _is_item(element)]
    # In an opinion section the article itself may be of the class "comment".
    found = [element for element in found if not element.xpath(_HOLDS_ARTICLE)]
    items = set(found)
    texts = {item: text for item in found if (text := _text(item, items))}
    # An element counts for its comment, and so do the items that only wrap it.
    place: dict[Element, int] = {}
    scopes: list[list[Element]] = []
    for index, item in enumerate(texts):
        scopes.append([item, *_wrappers(item, items, texts)])
        for element in scopes[-1]:
            place.setdefault(element, index)
    ids = {number: index for element, index in place.items() if (number := _number(element, "id", "data-id"))}
    comments = [
        Comment(text, _author(around, items), _parent(around, index, place, ids))
        for index, (text, around) in enumerate(zip(texts.values(), scopes, strict=True))
    ]
    _cut(found)
    return comments or _linked_data(tree)


def _has(element: Element, pattern: re.Pattern[str]) -> bool:
    return any(map(pattern.fullmatch, (element.get("class") or "").split()))


def _number(element: Element, *attributes: str) -> str:
    """The digits that end an id ("comment-12" → "12"), or the id itself."""
    stated = next((value for name in attributes if (value := element.get(name))), "")
    digits = re.search(r"\d+\Z", stated)
    return digits.group() if digits else stated


def _is_item(element: Element) -> bool:
    kind = f"{element.get('itemtype') or ''} {element.get('typeof') or ''}"
    if re.search(r"schema(?:\.org/|:)Comment\b", kind) or element.get("itemprop") == "comment":
        return True
    if element.tag not in ("li", "article", "div", "section", "details"):
        return False
    return bool(_ITEM_ID.fullmatch(element.get("id") or "")) or _has(element, _ITEM_CLASS)


def _own(item: Element, items: set[Element]) -> Iterator[Element]:
    """The elements of a comment without those of the comments inside it."""
    for child in item:
        if isinstance(child.tag, str) and child not in items:
            yield child
            yield from _own(child, items)


def _of_class(elements: list[Element], patterns: Iterable[re.Pattern[str]]) -> Iterator[Element]:
    """Elements by the first pattern that a class of theirs fits, then by the second, and so on."""
    for pattern in patterns:
        yield from (element for element in elements if _has(element, pattern))


def _text(item: Element, items: set[Element]) -> str:
    """The words of a comment; empty for an element that only wraps another."""
    own = list(_own(item, items))
    stated = (element for element in own if element.get("itemprop") in ("text", "commentText"))
    body = next(chain(stated, _of_class(own, _TEXT_CLASSES)), item)
    text = join_blocks(blocks_of(body, skip=lambda element: element in items or _is_aside(element)))
    return re.sub(r"\A(?:says|said|wrote|writes)\s*:\s*", "", text, flags=re.I)


def _is_aside(element: Element) -> bool:
    return element.tag in ("time", "footer", "header", "cite", "nav") or _has(element, _ASIDE)


def _wrappers(item: Element, items: set[Element], texts: Mapping[Element, str]) -> Iterator[Element]:
    """The items around this one that have no words of their own; beyond a list stands what it answers."""
    for above in item.iterancestors():
        if above.tag in ("ol", "ul") or above in texts:
            return
        if above in items:
            yield above


def _author(scopes: list[Element], items: set[Element]) -> str | None:
    return next((name for scope in scopes if (name := _name_in(scope, items))), None)


def _name_in(scope: Element, items: set[Element]) -> str | None:
    own = list(_own(scope, items))
    stated = [element for element in own if element.get("itemprop") in ("author", "creator")]
    inner = [child for element in stated for child in element.iter() if child.get("itemprop") == "name"]
    candidates = chain(
        inner,
        stated,
        _of_class(own, _AUTHOR_CLASSES),
        (element for element in own if element.get("rel") == "author" or _is_byline(element)),
    )
    names = (_clean(element.get("content") or _visible(element)) for element in candidates)
    return _clean(scope.get("data-author")) or next(filter(None, names), None)


def _is_byline(element: Element) -> bool:
    """A <cite> names the commenter, unless it names the source of a quotation."""
    around = (above.tag for above in element.iterancestors())
    return element.tag == "cite" and not {"blockquote", "p"}.intersection(around)


def _visible(element: Element) -> str:
    blocks = blocks_of(element, skip=lambda inner: inner.tag == "time" or inner.get("class") == "says")
    return " ".join(block.text for block in blocks)


def _clean(name: str | None) -> str | None:
    name = _SPOKEN.sub("", " ".join((name or "").split())).strip(" ,:·•|-–—")
    return name if 0 < len(name) <= 80 else None


def _parent(
    scopes: list[Element], own: int, place: Mapping[Element, int], ids: Mapping[str, int]
) -> int | None:
    """The comment named by an id, or around this one, or before the indented block of this one."""
    for element in scopes:
        stated = ids.get(_number(element, "data-parent", "data-parent-id", "data-comment-parent"))
        if stated is not None and stated != own:
            return stated
    for above in scopes[0].iterancestors():
        if place.get(above, own) != own:
            return place[above]
        if "indented" in (above.get("class") or ""):
            before = next((other for other in above.itersiblings(preceding=True) if other in place), None)
            if before is not None:
                return place[before]
    return None


def _cut(found: list[Element]) -> None:
    """Remove the comments, and what surrounds them as far as it is only there for them."""
    gone: set[Element] = set()
    holds: dict[Element, bool] = {}  # looked for once an element: thousands of comments may stand in one
    for item in found:
        above = list(item.iterancestors())
        if not gone.isdisjoint(above):
            continue
        region, beyond = item, False
        for element in above:
            if not beyond and element not in holds:
                holds[element] = element.tag in ("body", "main") or bool(element.xpath(_HOLDS_ARTICLE))
            beyond = beyond or holds[element]
            if not (_REGION.fullmatch(element.get("id") or "") or _has(element, _REGION)):
                continue
            if not beyond:
                region = element
            else:  # what holds the article is no region of comments; trafilatura must not take it for one
                element.attrib.clear()
        gone.add(region)
        if region.getparent() is not None:
            region.drop_tree()


def _linked_data(tree: Element) -> list[Comment]:
    """Comments that a page states only as schema.org JSON-LD."""
    for script in tree.iterfind(".//script[@type='application/ld+json']"):
        try:
            stated = list(_stated(json.loads(script.text or "")))
            comments = comments_from(stated, "")
        except (ValueError, RecursionError, Rejected):
            continue
        if comments:
            return comments
    return []


def _stated(data: Any) -> Iterator[Any]:
    if isinstance(data, list):
        for item in data:
            yield from _stated(item)
    elif isinstance(data, dict):
        found = data.get("comment")
        yield from found if isinstance(found, list) else [found] if isinstance(found, dict) else []
        yield from _stated(data.get("@graph"))
