"""Extract reader comments from the markup of a page, with their authors and the comment that each one answers.

trafilatura returns the paragraphs of comments but neither authors nor replies. The common kinds of markup (WordPress,
Drupal, Disqus, Coral, forums, schema.org in attributes or JSON-LD) are therefore read here and removed from the page first.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any, NamedTuple

from slant.errors import Rejected
from slant.ingest.comment_rows import CommentRow, CommentThread, left_out_by_text, link, parse_comments
from slant.ingest.html_comment_items import (
    AUTHOR_CLASS,
    HOLDS_ARTICLE,
    SEPARATOR,
    TEXT_CLASS,
    comment_items,
    has_class,
    has_name,
    opening_post,
)
from slant.ingest.html_text import Element, TextBlock, join_blocks, text_blocks

_REGION = re.compile(
    rf"[Cc]omments?(?:{SEPARATOR}(?i:list|area|section|wrapper|wrap|container|thread|form|title|count))?"
    r"|commentlist|respond|comment-respond|disqus_thread|dsq-comments|(?:reader|user|article|post)[-_]comments"
    r"|coral_thread|coral-stream|fb-comments|fb_comments",
)
# Where the comment systems put their comments. Whatever is left there is no part of the article.
_SYSTEM = re.compile(
    r"disqus_thread|dsq-app\d*|dsq-comments|coral_thread|coral-stream|coral_talk_stream|coral-embed-stream|fb-comments|fb_comments"
    r"|hyvor-talk\S*|commento|remark42|isso-thread|livefyre\S*|lf-comments|vf-comments|viafoura\S*|spot-?im\S*"
    r"|spotim-\S*|openweb-\S*|giscus|utterances|cusdis_thread|talkyard-comments|vuukle-comments|intensedebate\S*"
)
_LEVEL = re.compile(r"(?:coral-|comment-)?(?:indent|depth|level)[-_]?(\d{1,2})")
_NOT_SAID = re.compile(
    r"no comments|be the first|log ?in|sign (?:in|up)|register|comments? (?:are|is|were|section|policy)|javascript|powered by"
    r"|moderat|guidelines|policy|terms|subscribe|share your|leave a|join the|loading|add a comment|post a comment",
    re.I,
)
_MIN_SAID = 40  # characters of a paragraph that is a comment rather than a button
_TEXT_CLASSES = (
    re.compile(
        rf"[Cc]omment{SEPARATOR}(?i:content|text|message)|commentText|coral-(?:comment-)?content|UFICommentBody|bbWrapper"
        r"|postcontent|cooked"
    ),
    TEXT_CLASS,
    re.compile(r"(?:post-)?message|content|text|body"),
)
_AUTHOR_CLASSES = (
    re.compile(r"fn"),
    re.compile(
        rf"(?:[Cc]omment{SEPARATOR})?(?i:author|user|poster)(?:{SEPARATOR}(?i:name)|name)|commenter|username"
        r"|coral-(?:comment-)?username|UFICommentActorName"
    ),
    re.compile(rf"(?:[Cc]omment{SEPARATOR})?(?i:author|user|poster|name)"),
    AUTHOR_CLASS,
    re.compile(rf"(?:[Cc]omment{SEPARATOR})?(?i:byline)"),
)
# Author, date and buttons, which are not part of the comment text.
_INTERFACE_CLASS = re.compile(
    rf"(?:[Cc]omment{SEPARATOR})?(?i:meta|metadata|header|footer|author\S*|avatar|vcard|user|username|byline|poster"
    r"|commenter|fn|says|badge|date|time|timestamp|permalink|number|repl(?:y|ies)(?:[-_]\S+)?|actions?|votes?"
    r"|likes?|share|report|flag|toolbar|edit(?:[-_]link)?|links?)"
)
_SAYS = re.compile(r"\s*\b(?:says|said|wrote|writes|commented|replied)?\s*:?\s*$|^\s*by\s+", re.I)


class OpeningPost(NamedTuple):
    """The post that opens a thread of a forum: it is the article."""

    blocks: list[TextBlock]
    author: str | None


def extract_comments(tree: Element, *, posts_alike: bool = False) -> tuple[CommentThread, OpeningPost | None]:
    """`(comments in order with notes, post that opens the thread or None)` of a parsed page.

    posts_alike: the post that opens a thread is a comment, too.
    Removes them and the forms around them from `tree`.
    """
    found = comment_items(tree)
    items = set(found)
    opening = None
    if not posts_alike and (first := opening_post(tree, found)) is not None:
        opening = OpeningPost(_blocks(first, items), _author([first], items))
        first.drop_tree()
        found.remove(first)
    texts = {item: text for item in found if (text := _text(item, items))}
    # The elements of a comment are its item and the items that only wrap it.
    index_of: dict[Element, int] = {}
    scopes: list[list[Element]] = []
    for index, item in enumerate(texts):
        scopes.append([item, *_wrappers(item, items, texts)])
        for element in scopes[-1]:
            index_of.setdefault(element, index)
    ids = {
        number: index for element, index in index_of.items() if (number := _number(element, "id", "data-id"))
    }
    by_level = _parents_by_level(scopes)
    rows = [
        CommentRow(
            text,
            _author(elements, items),
            above=_parent(elements, index, index_of, ids, by_level),
            left_out=left_out_by_text(text),
        )
        for index, (text, elements) in enumerate(zip(texts.values(), scopes, strict=True))
    ]
    _remove(found)
    linked = _linked_data(tree)
    return link(rows) if rows else linked, opening


def _number(element: Element, *attributes: str) -> str:
    """Final digits of an id ("comment-12" → "12"), or the id itself without any."""
    stated = next((value for name in attributes if (value := element.get(name))), "")
    digits = re.search(r"\d+\Z", stated)
    return digits.group() if digits else stated


def _own_elements(item: Element, items: set[Element]) -> Iterator[Element]:
    """Elements of a comment, without those of comments nested in it."""
    for child in item:
        if isinstance(child.tag, str) and child not in items:
            yield child
            yield from _own_elements(child, items)


def _by_class(elements: list[Element], patterns: Iterable[re.Pattern[str]]) -> Iterator[Element]:
    """Elements with a class that matches the first pattern, then those that match the second, and so on."""
    for pattern in patterns:
        yield from (element for element in elements if has_name(element, pattern))


def _text(item: Element, items: set[Element]) -> str:
    """Text of a comment; empty for an element that only wraps another."""
    text = join_blocks(_blocks(item, items))
    return re.sub(r"\A(?:says|said|wrote|writes)\s*:\s*", "", text, flags=re.I)


def _blocks(item: Element, items: set[Element]) -> list[TextBlock]:
    own = list(_own_elements(item, items))
    stated = (element for element in own if element.get("itemprop") in ("text", "commentText"))
    body = next(chain(stated, _by_class(own, _TEXT_CLASSES)), item)
    return text_blocks(body, skip=lambda element: element in items or _is_interface(element))


def _is_interface(element: Element) -> bool:
    return element.tag in ("time", "footer", "header", "cite", "nav") or has_class(element, _INTERFACE_CLASS)


def _wrappers(item: Element, items: set[Element], texts: Mapping[Element, str]) -> Iterator[Element]:
    """Enclosing items without text of their own, up to a list or a comment; beyond it is the parent."""
    for above in item.iterancestors():
        if above.tag in ("ol", "ul") or above in texts:
            return
        if above in items:
            yield above


def _author(scopes: list[Element], items: set[Element]) -> str | None:
    return next((name for scope in scopes if (name := _name_in(scope, items))), None)


def _name_in(scope: Element, items: set[Element]) -> str | None:
    own = list(_own_elements(scope, items))
    stated = [element for element in own if element.get("itemprop") in ("author", "creator")]
    inner = [child for element in stated for child in element.iter() if child.get("itemprop") == "name"]
    candidates = chain(
        inner,
        stated,
        _by_class(own, _AUTHOR_CLASSES),
        (element for element in own if element.get("rel") == "author" or _is_byline(element)),
        # Ghost has no lasting names for its parts but this one.
        (element for element in own if element.tag == "h4" and _in_ghost_comment(element)),
    )
    names = (_clean_name(element.get("content") or _visible_text(element)) for element in candidates)
    return _clean_name(scope.get("data-author")) or next(filter(None, names), None)


def _is_byline(element: Element) -> bool:
    """Is an element a <cite> with the commenter's name, rather than the source of a quotation?"""
    around = (above.tag for above in element.iterancestors())
    return element.tag == "cite" and not {"blockquote", "p"}.intersection(around)


def _in_ghost_comment(element: Element) -> bool:
    near = islice(element.iterancestors(), 8)
    return any(above.get("data-testid") == "comment-component" for above in near)


def _visible_text(element: Element) -> str:
    blocks = text_blocks(element, skip=lambda inner: inner.tag == "time" or inner.get("class") == "says")
    return " ".join(block.text for block in blocks)


def _clean_name(name: str | None) -> str | None:
    name = _SAYS.sub("", " ".join((name or "").split())).strip(" ,:·•|-–—")
    return name if 0 < len(name) <= 80 else None


def _parent(
    scopes: list[Element],
    own: int,
    index_of: Mapping[Element, int],
    ids: Mapping[str, int],
    by_level: Sequence[int | None],
) -> int | None:
    """Index of the parent: the comment with the stated id, else the enclosing one, else the one before the indented block."""
    for element in scopes:
        stated = ids.get(_number(element, "data-parent", "data-parent-id", "data-comment-parent"))
        if stated is not None and stated != own:
            return stated
    for above in scopes[0].iterancestors():
        if index_of.get(above, own) != own:
            return index_of[above]
        if "indented" in (above.get("class") or ""):
            before = next((other for other in above.itersiblings(preceding=True) if other in index_of), None)
            if before is not None:
                return index_of[before]
    return by_level[own]


def _parents_by_level(scopes: Sequence[list[Element]]) -> list[int | None]:
    """Parent of each comment by its indentation: the last comment before it that is less indented."""
    parents: list[int | None] = []
    open_levels: list[tuple[int, int]] = []
    for index, elements in enumerate(scopes):
        near = [*elements, *islice(elements[-1].iterancestors(), 2)]
        classes = (name for element in near for name in (element.get("class") or "").split())
        level = next((int(found[1]) for name in classes if (found := _LEVEL.fullmatch(name))), 0)
        while open_levels and open_levels[-1][0] >= level:
            open_levels.pop()
        parents.append(open_levels[-1][1] if open_levels else None)
        open_levels.append((level, index))
    return parents


def _remove(found: list[Element]) -> None:
    """Remove the comments, and the comment sections around them unless these contain the article."""
    removed: set[Element] = set()
    holds_article: dict[Element, bool] = {}  # cached, since one element may contain thousands of comments
    for item in found:
        above = list(item.iterancestors())
        if not removed.isdisjoint(above):
            continue
        region, around_article = item, False
        for element in above:
            if not around_article and element not in holds_article:
                holds_article[element] = element.tag in ("body", "main") or bool(element.xpath(HOLDS_ARTICLE))
            around_article = around_article or holds_article[element]
            if not (_REGION.fullmatch(element.get("id") or "") or has_class(element, _REGION)):
                continue
            if not around_article:
                region = element
            else:  # it also contains the article, so trafilatura must not take it for a comment section
                element.attrib.clear()
        removed.add(region)
        if region.getparent() is not None:
            region.drop_tree()


def open_frames(tree: Element, path: str) -> None:
    """Put the content of saved frames that hold comments (Disqus) in place of the frames.

    Raises Rejected if a frame is nested too deeply or too large.
    """
    from slant.ingest.html_pages import parse_html

    for frame in tree.xpath(".//iframe[@srcdoc]"):
        inner = parse_html(frame.get("srcdoc"), path) if frame.get("srcdoc").strip() else None
        body = None if inner is None else inner.find("body")
        if body is None or not comment_items(body):
            continue
        body.tag, body.tail = "div", frame.tail
        body.set("class", "comments")
        frame.getparent().replace(frame, body)


def unread_comments(tree: Element) -> list[Element]:
    """Places of a page that hold comments, though none was extracted. Those of known systems are removed from `tree`."""
    found: list[Element] = []
    for element in list(tree.iter("div", "section", "ul", "ol", "aside", "article", "iframe")):
        names = f"{element.get('id') or ''} {element.get('class') or ''}".split()
        if not names or element.xpath("ancestor-or-self::head|ancestor-or-self::body[not(parent::*)]"):
            continue
        system = any(map(_SYSTEM.fullmatch, names))
        if not (system or any(map(_REGION.fullmatch, names))) or element.xpath(HOLDS_ARTICLE):
            continue
        said = (block.text for block in text_blocks(element, skip=_is_interface))
        if any(len(text) >= _MIN_SAID and not _NOT_SAID.search(text) for text in said):
            found.append(element)
        if system and element.getparent() is not None:
            element.drop_tree()
    return found


def without_commenters(author: str | None, unread: Sequence[Element], tree: Element) -> str | None:
    """Return the authors of a page without names that only occur among its comments."""
    if not author or not unread:
        return author
    among = " ".join(" ".join(" ".join(element.itertext()).split()) for element in unread)
    page = " ".join(" ".join(tree.itertext()).split())
    stated = " ".join(value for meta in tree.iter("meta") if (value := meta.get("content")))
    kept = [
        name
        for name in (each.strip() for each in author.split(";"))
        if name not in among or name in stated or page.count(name) > among.count(name)
    ]
    return "; ".join(kept) or None


def _linked_data(tree: Element) -> CommentThread:
    """Comments that a page contains as schema.org JSON-LD. They are removed from it, with the names of their authors."""
    thread = CommentThread([])
    for script in tree.iterfind(".//script[@type='application/ld+json']"):
        if "omment" not in (script.text or ""):
            continue
        try:
            data = json.loads(script.text)
            stated = list(_json_comments(data))
            script.text = json.dumps(_without_comments(data))
            thread = thread if thread.comments else parse_comments(stated, "")
        except (ValueError, RecursionError, Rejected):
            continue
    return thread


def _without_comments(data: Any) -> Any:
    if isinstance(data, list):
        return [_without_comments(each) for each in data]
    if isinstance(data, dict):
        return {
            name: _without_comments(value)
            for name, value in data.items()
            if name not in ("comment", "comments")
        }
    return data


def _json_comments(data: Any) -> Iterator[Any]:
    if isinstance(data, list):
        for item in data:
            yield from _json_comments(item)
    elif isinstance(data, dict):
        found = data.get("comment")
        yield from found if isinstance(found, list) else [found] if isinstance(found, dict) else []
        yield from _json_comments(data.get("@graph"))
