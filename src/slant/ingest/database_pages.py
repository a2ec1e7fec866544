"""Split HTML files that hold several articles: exports of news databases, and pages of whole `<article>`s.

Factiva and Europresse put each document in an element of its own, with classes or field codes. LexisNexis and ProQuest write
the lines of their text exports, which database_exports.py reads.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from slant.errors import Rejected
from slant.ingest.database_exports import (
    Fields,
    code_fields,
    europresse_section,
    factiva_fields,
    split_lines,
    to_article,
    with_notes,
)
from slant.ingest.decoding import DEFAULT_LIMITS, Limits, convert_newlines, decode_page
from slant.ingest.factiva_codes import CODES
from slant.ingest.html_pages import parse_html, read_page
from slant.ingest.html_text import join_blocks, text_blocks
from slant.records import Article, Note

Element = Any  # lxml ships no types

# A page without any of these holds one article, and is parsed once.
_ELEMENTS = re.compile(r"[\"' ][a-z]{2}Article[\"' ]|articleParagraph|DocPublicationName|itreArticle")
_LINES = re.compile(
    r"DocID_|ProQuest document ID|End of Document|Do[ck]umento? (?:\d+ (?:of|von|de|sur) \d|[A-Za-z]{3,10}0\d{9})"
    r"|LOAD-DATE|Load-Date"
    r"|DO[CK]UMENT(?:S|E|EN|OS)\b"
)
_TAG = re.compile(r"<[^>]*>")
_FACTIVA = re.compile(r"(?:^|\s)[a-z]{2}Article(?:\s|$)")
_FACTIVA_OUTER = re.compile(r"(?:^|\s)(?:last)?article(?:\s|$)")
_FACTIVA_TEXT = re.compile(r"articleParagraph")
_FACTIVA_TITLE = re.compile(r"(?:^|\s)[a-z]{2}Headline(?:\s|$)")
_FACTIVA_AUTHOR = re.compile(r"(?:^|\s)author(?:\s|$)")
_EUROPRESSE = re.compile(r"(?:^|\s)(?:DocPublicationName|titreArticle\w*)(?:\s|$)", re.I)


def read_pages(
    data: bytes, path: str, *, outlet: str | None = None, limits: Limits = DEFAULT_LIMITS
) -> Iterator[Article | Rejected]:
    """The articles of an HTML file: those of an export or of a page of several, with the paths `path#1`, `path#2` …; or one.

    Raises Rejected as `read_page` does, and "several_articles" for documents that nothing separates.
    """
    html = convert_newlines(decode_page(data))
    found = _split(html, path, outlet, limits)
    if found is None:
        yield read_page(data, path, outlet=outlet)
    else:
        yield from found


def _split(html: str, path: str, outlet: str | None, limits: Limits) -> list[Article | Rejected] | None:
    elements, lines, whole = _ELEMENTS.search(html), _LINES.search(html), _may_hold_several(html)
    tree = parse_html(html, path) if elements or lines or whole else None
    if tree is None:
        return None
    found = None
    try:
        if elements:
            found = _from_elements(tree, path, outlet, limits)
        if lines and not found:
            found = _from_lines(tree, path, outlet, limits)
        if whole and not found:
            found = _whole_articles(tree, path, outlet)
    except RecursionError:
        raise Rejected(path, "too_deep", "its elements are nested too deeply for an article.") from None
    return found


# ---- databases


def _from_elements(
    tree: Element, path: str, outlet: str | None, limits: Limits
) -> list[Article | Rejected] | None:
    """Articles of Factiva and Europresse, or None."""
    fields_of, elements = _factiva_fields, _factiva(tree)
    if not elements:
        fields_of, elements = _europresse_fields, _europresse(tree)
    numbered = len(elements) > 1
    return [
        to_article(fields_of(one), f"{path}#{n}" if numbered else path, outlet=outlet, limits=limits)
        for n, one in enumerate(elements, 1)
    ] or None


def _from_lines(
    tree: Element, path: str, outlet: str | None, limits: Limits
) -> list[Article | Rejected] | None:
    """Articles of LexisNexis and ProQuest, whose pages are lines of text."""
    stated = tree.xpath("//meta/@documents")
    for anchor in tree.xpath("//a[starts-with(@name, 'DocID_')]"):
        anchor.text = "_" * 20  # what stands between two documents of a text export
        anchor.tag = "p"
    lines: list[str] = []
    body = tree.find("body")
    for block in text_blocks(tree if body is None else body):
        lines += ["", *(line.strip() for line in join_blocks([block]).split("\n"))]
    declared = int(stated[0]) if stated and re.fullmatch(r"\d{1,6}", stated[0]) else 0
    return split_lines(lines, path, declared=declared, outlet=outlet, limits=limits)


def _factiva(tree: Element) -> list[Element]:
    """The documents of a Factiva page, those without a text included."""

    def is_document(element: Element) -> bool:
        name = element.get("class") or ""
        outer = (element.get("id") or "").startswith("article-") and _FACTIVA_OUTER.search(name)
        return bool(outer or _FACTIVA.search(name))

    found = _outermost(tree, "div", is_document)
    known = any(_FACTIVA_TITLE.search(name) or _FACTIVA_TEXT.search(name) for name in tree.xpath("//@class"))
    return found if known else []


def _factiva_fields(element: Element) -> Fields:
    rows = [(_text(row[0]).strip(" *"), row[1]) for row in element.iter("tr") if len(row) > 1]
    coded = [(code, cell) for code, cell in rows if code in CODES]
    if len({code for code, _ in coded}) > 2:
        return code_fields((code, [block.text for block in text_blocks(cell)]) for code, cell in coded)
    title = _first(element, _FACTIVA_TITLE)
    texts = _outermost(element, None, lambda one: bool(_FACTIVA_TEXT.search(one.get("class") or "")))
    author = _first(element, _FACTIVA_AUTHOR)
    known = {*texts, title, author}
    lines = _lines(element, lambda one: one in known)
    heading = None if title is None else _text(title)
    if not texts or any(len(line) > 200 for line in lines):  # text without the class of a paragraph
        return factiva_fields(_lines(element, lambda one: one is title), title=heading)
    body = [block.text for text in texts for block in text_blocks(text)]
    fields = factiva_fields(lines, title=heading, body=body)
    fields.state("author", "" if author is None else _text(author))
    return fields


def _europresse(tree: Element) -> list[Element]:
    articles = _outermost(tree, "article", lambda element: True)
    return articles if any(_first(article, _EUROPRESSE) is not None for article in articles) else []


def _europresse_fields(element: Element) -> Fields:
    def named(*names: str) -> Element | None:
        patterns = (re.compile(rf"(?:^|\s){name}(?:\s|$)", re.I) for name in names)
        return next((one for pattern in patterns if (one := _first(element, pattern)) is not None), None)

    fields = Fields()
    for role, one in (
        ("outlet", named("DocPublicationName")),
        ("title", named("titreArticleVisu", "rdp__articletitle", "titreArticle")),
        ("subtitle", named("rdp__subtitle")),
        ("author", named("docAuthors", "sm-margin-bottomNews")),
        ("date", named("DocHeader")),
    ):
        if one is not None:
            fields.state(role, _text(one))
            if role == "date":
                fields.state("section", europresse_section(_text(one)))
    text = named("docOcurrContainer", "DocText")
    furniture = re.compile(
        r"titreArticle|DocPublicationName|DocHeader|sm-margin-bottomNews|docAuthors|rdp__|apd-wrapper", re.I
    )

    def skip(one: Element) -> bool:
        return one.tag in ("header", "footer", "aside") or bool(furniture.search(one.get("class") or ""))

    fields.body = _lines(element if text is None else text, skip)
    fields.body = [line for line in fields.body if line and not line.startswith("©")]
    return fields


# ---- pages of several whole articles

_NO_ARTICLE = re.compile(
    r"comment|reply|replies|responses?\b|respond\b|kommentar|teaser|related|recommend|promo|\bcard|live-?_?blog|live-?ticker",
    re.I,
)
_SITE = re.compile(r"site|logo|brand|masthead|banner", re.I)
_MIN_WORDS = 120  # of the paragraphs of a whole article; a teaser has 20 to 60
_MIN_SHARE = 0.15  # of the longest article of the page


def _whole_articles(tree: Element, path: str, outlet: str | None) -> list[Article | Rejected] | None:
    """Articles of a page that shows several in full, such as a blog or a page that loads the next article.

    None where there is one: teasers, comments and the entries of a live blog are `<article>`s too, and the entries stand
    under the heading of their page.
    """
    from lxml import etree

    articles = _outermost(tree, "article", lambda element: True)
    words = {one: _words(one) for one in articles if not _is_part(one) and _heading(one) is not None}
    longest = max(words.values(), default=0)
    whole = [one for one, count in words.items() if count >= max(_MIN_WORDS, _MIN_SHARE * longest)]
    if len(whole) < 2 or _page_heading(tree, whole):
        return None
    site = outlet or _stated(tree, "og:site_name") or None
    base = "<!doctype html><html><head></head><body>{}</body></html>"
    made: list[Article | Rejected] = []
    for number, one in enumerate(whole, 1):
        page = base.format(etree.tostring(one, encoding="unicode", with_tail=False)).encode()
        try:
            made.append(read_page(page, f"{path}#{number}", outlet=site))
        except Rejected as rejected:
            made.append(rejected)
    notes = [Note("several_articles", f"the page holds {len(whole)} articles; each was read for itself.")]
    if short := len(articles) - len(whole):
        detail = (
            f"{short} more <article> elements of this page were not read: teasers, comments or short notes."
        )
        notes.append(Note("left_out", detail))
    return with_notes(made, notes)


def _may_hold_several(html: str) -> bool:
    """Are there two `<article>` elements with some text? A quick look before the page is parsed for it."""
    pieces = re.split(r"<article\b", html, flags=re.I)[1:] if "LiveBlogPosting" not in html else []
    return len(pieces) > 1 and sum(len(_TAG.sub("", piece)) > 4 * _MIN_WORDS for piece in pieces) > 1


def _is_part(element: Element) -> bool:
    return any(
        _NO_ARTICLE.search(f"{one.get('class') or ''} {one.get('id') or ''}")
        for one in (element, *element.iterancestors())
        if one.tag not in ("body", "html")
    )


def _heading(element: Element) -> Element | None:
    return next((one for one in element.iter("h1", "h2", "h3") if _text(one)), None)


def _stated(tree: Element, name: str) -> str:
    found: list[str] = tree.xpath("//meta[@property=$name]/@content", name=name)
    return " ".join(found[0].split()) if found else ""


def _words(element: Element) -> int:
    return sum(len(_text(one).split()) for one in element.iter("p"))


def _page_heading(tree: Element, articles: list[Element]) -> bool:
    """Does the page have a heading of its own above its articles, besides the name of the site?"""
    stated = {name: _stated(tree, name) for name in ("og:type", "og:title")}
    if stated["og:type"] == "article" and not stated["og:title"].startswith(_text(_heading(articles[0]))):
        return True
    for one in tree.iter("h1"):
        above = list(one.iterancestors())
        named = " ".join(
            f"{a.get('class') or ''} {a.get('id') or ''}" for a in (one, *above[:3]) if a.tag != "body"
        )
        in_banner = any(a.tag == "header" for a in above) and not any(a.tag == "main" for a in above)
        if not any(a in articles for a in above) and not in_banner and not _SITE.search(named):
            return True
    return False


# ---- elements


def _outermost(root: Element, tag: str | None, matches: Callable[[Element], bool]) -> list[Element]:
    """Elements below `root` that match and are in no other that does, in order."""
    found: list[Element] = []
    inside: set[Element] = set()
    for element in root.iter(tag) if tag else root.iterdescendants():
        if isinstance(element.tag, str) and element is not root and matches(element):
            if not any(above in inside for above in element.iterancestors()):
                found.append(element)
            inside.add(element)
    return found


def _first(root: Element, name: re.Pattern[str]) -> Element | None:
    return next((one for one in root.iter() if name.search(one.get("class") or "")), None)


def _text(element: Element) -> str:
    return " ".join("".join(element.itertext()).split())


def _lines(element: Element, skip: Callable[[Element], bool]) -> list[str]:
    """Lines of an element, with a blank line before each paragraph."""
    lines: list[str] = []
    for block in text_blocks(element, skip=skip):
        lines += ["", *join_blocks([block]).split("\n")]
    return lines
