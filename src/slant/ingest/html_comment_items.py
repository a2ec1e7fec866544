"""Find the elements of a page that are comments: by the names of known systems, else by their texts and repeated markup."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from slant.ingest.html_text import Element

SEPARATOR = r"(?:[-_]{1,2}|(?=[A-Z]))"
_ITEM_CLASS = re.compile(
    rf"[Cc]omment(?:{SEPARATOR}(?i:item|entry|single|node|wrap|wrapper|box|block|body))?"
    r"|coral-comment|UFIComment|postcontainer|postbit(?:_?legacy)?|topic-post"
)
_ITEM_ID = re.compile(r"(?:li-|div-|dsq-)?comment[-_]?\d+", re.I)
_ITEM_TAGS = ("li", "article", "div", "section", "details")
# Classes of a comment's text under any prefix: "wp-block-comment-content", "talk-stream-comment-content".
TEXT_CLASS = re.compile(
    rf"(?:[A-Za-z]+[-_]{{1,2}}){{0,4}}[Cc]omment{SEPARATOR}(?i:content|text|body|message)|_5mdd|message-text"
)
AUTHOR_CLASS = re.compile(
    rf"(?:[A-Za-z]+[-_]{{1,2}}){{0,4}}(?:[Cc]omment{SEPARATOR})?(?i:author|user|poster|commenter)(?:{SEPARATOR}?(?i:name))?"
    rf"|(?:[A-Za-z]+[-_]{{1,2}}){{0,3}}[Cc]omment{SEPARATOR}(?i:author|user){SEPARATOR}(?i:name)"
    r"|fn|UFICommentActorName|message-username"
)
# Where systems without lasting classes name their parts.
_NAMES = ("class", "data-testid", "data-spot-im-class")
# Lists of the newest comments of the whole site, which do not belong to the article.
_OF_SITE = re.compile(r"recent[-_]?comments?|latest-comments", re.I)
HOLDS_ARTICLE = ".//h1|.//*[@itemprop='articleBody']"


def names_of(element: Element) -> list[str]:
    """Return the classes of an element, and what else says which part of a comment it is."""
    return " ".join(filter(None, map(element.get, _NAMES))).split()


def has_class(element: Element, pattern: re.Pattern[str]) -> bool:
    """Does a whole class of the element match?"""
    return any(map(pattern.fullmatch, (element.get("class") or "").split()))


def has_name(element: Element, pattern: re.Pattern[str]) -> bool:
    """Does a whole class of the element, or a name like one, match?"""
    return any(map(pattern.fullmatch, names_of(element)))


def comment_items(tree: Element) -> list[Element]:
    """Return the elements that are comments, in order. In an opinion section the article may have the class "comment"."""
    named = [each for each in tree.iter() if isinstance(each.tag, str) and is_item(each)]
    named = [each for each in named if not each.xpath(HOLDS_ARTICLE) and not _of_site(each)]
    found = _without_texts(named, tree)
    repeated = _repeated(tree, set(found))
    if not repeated:
        return found
    chosen = {*found, *repeated}
    return [each for each in tree.iter() if each in chosen]


def is_item(element: Element) -> bool:
    """Is this a comment by the names of a known system?"""
    kind = f"{element.get('itemtype') or ''} {element.get('typeof') or ''}"
    if re.search(r"schema(?:\.org/|:)Comment\b", kind) or element.get("itemprop") == "comment":
        return True
    if element.get("class") and is_post(element):
        return True
    if element.tag not in _ITEM_TAGS:
        return False
    return bool(_ITEM_ID.fullmatch(element.get("id") or "")) or has_class(element, _ITEM_CLASS)


def is_post(element: Element) -> bool:
    """Is an element a post of Disqus, phpBB or XenForo? A WordPress article has the class "post", too."""
    classes = (element.get("class") or "").split()
    if "message" in classes:
        return bool(element.get("data-author"))
    if "post" not in classes:
        return False
    if element.tag == "li":
        return bool(element.xpath(".//*[contains(concat(' ', @class, ' '), ' post-message ')]"))
    return bool(re.fullmatch(r"p\d+", element.get("id") or ""))


def _of_site(element: Element) -> bool:
    above = (f"{one.get('class') or ''} {one.get('id') or ''}" for one in (element, *element.iterancestors()))
    return any(_OF_SITE.search(names) for names in above)


def _without_texts(named: list[Element], tree: Element) -> list[Element]:
    """Without elements of a name such as "comment-body" that are only the text of the comment around them."""
    if not any(has_name(each, TEXT_CLASS) for each in named):
        return named
    items = set(named)
    authored = {
        _nearest(each, items)
        for each in tree.iter()
        if isinstance(each.tag, str) and has_name(each, AUTHOR_CLASS)
    }
    return [
        each
        for each in named
        if each in authored
        or not has_name(each, TEXT_CLASS)
        or _nearest(each, items) not in authored - {None}
    ]


def _nearest(element: Element, items: set[Element]) -> Element | None:
    return next((above for above in element.iterancestors() if above in items), None)


def _repeated(tree: Element, items: set[Element]) -> list[Element]:
    """Comments that no known name marks: what repeats around elements with the name of a comment's text, beside an author."""
    texts = [
        each
        for each in tree.iter("div", "p", "span", "section", "blockquote", "td", "pre")
        if has_name(each, TEXT_CLASS)
        and not any(above in items for above in (each, *each.iterancestors()))
        and not each.xpath(HOLDS_ARTICLE)
        and not _of_site(each)
    ]
    inner = {above for each in texts for above in each.iterancestors()}
    texts = [each for each in texts if each not in inner and any(text.strip() for text in each.itertext())]
    if not texts:
        return []
    chains = _chains(texts)
    counted = Counter(sign for chain in chains for sign in set(_signs(chain)))
    found = []
    for chain in chains:
        signs = _signs(chain)
        most = max(counted[sign] for sign in signs)
        scope = [each for each, sign in zip(chain, signs, strict=True) if counted[sign] == most][-1]
        if len(texts) == 1:  # nothing repeats
            scope = next((each for each in chain[:6] if _has_author(each)), chain[0])
        if not scope.xpath(HOLDS_ARTICLE):
            found.append(scope)
    if len(found) > 1:
        return found
    return [each for each in found if _has_author(each) and _among_comments(each)]


def _among_comments(element: Element) -> bool:
    above = (f"{one.get('class') or ''} {one.get('id') or ''}" for one in element.iterancestors())
    return any(re.search(r"comment|coral|talk|disq|discussion", names, re.I) for names in above)


def _chains(texts: list[Element]) -> list[list[Element]]:
    """For each text, the elements around it whose first text it is, from itself outwards."""
    first: dict[Element, Element] = {}
    chains = []
    for text in texts:
        chain = [text]
        for above in text.iterancestors():
            if above.tag in ("body", "html", "main") or first.setdefault(above, text) is not text:
                break
            chain.append(above)
        chains.append(chain)
    return chains


def _signs(chain: list[Element]) -> list[str]:
    """What elements of the same kind share: tag and classes without numbers; without classes, the distance to the text."""
    return [
        f"{each.tag} {re.sub(r'[0-9a-f]*[0-9][0-9a-f]*', '', ' '.join(names_of(each))) or distance}"
        for distance, each in enumerate(chain)
    ]


def _has_author(element: Element) -> bool:
    return any(has_name(each, AUTHOR_CLASS) for each in element.iterdescendants())


# ---- threads of forums

_POST = re.compile(r"postcontainer|postbit(?:_?legacy)?|topic-post")
_LATER_PAGE = re.compile(r"\bpage\s+(?:[2-9]|[1-9]\d+)(?:\s+of|\s*[|–-]|\s*$)", re.I)
_LONG = 80  # characters of a paragraph of an article
_ARTICLE = 300  # characters of such paragraphs outside of the posts


def opening_post(tree: Element, items: list[Element]) -> Element | None:
    """Return the post that opens a thread of a forum, which is its article, or None.

    None for other pages, and for the later pages of a thread.
    """
    posts = [each for each in items if (is_post(each) and each.tag != "li") or has_name(each, _POST)]
    if not posts or len(posts) != len(items) or tree.xpath("//link[@rel='prev']"):
        return None
    title = " ".join(" ".join(each.itertext()) for each in tree.iter("title"))
    if _LATER_PAGE.search(title) or any(_LATER_PAGE.search(text) for text in _paging(tree)):
        return None
    inside = set(posts)
    for each in tree.iter("article"):
        if not any(one in inside for one in (each, *each.iterancestors())) and each.xpath(".//p"):
            return None
    around = 0
    for each in tree.iter("p"):
        said = len(" ".join("".join(each.itertext()).split()))
        if said >= _LONG and not any(above in inside for above in each.iterancestors()):
            around += said
    return posts[0] if around < _ARTICLE else None


def _paging(tree: Element) -> Iterator[str]:
    for each in tree.iter("div", "span", "nav", "a", "li", "td"):
        if re.search(r"pagination|pagenav|pageNav", each.get("class") or ""):
            yield " ".join("".join(each.itertext()).split())[:200]
