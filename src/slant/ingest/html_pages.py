"""HTML pages: trafilatura finds article and metadata, the comments are taken apart from it first."""

from __future__ import annotations

import logging
from typing import Any

from slant.errors import Rejected
from slant.ingest.article_rows import Comment, assemble
from slant.ingest.decoding import convert_newlines, decode_page
from slant.ingest.html_text import Block, blocks_of, join_blocks
from slant.records import Article
from slant.segment.article_header import iso_date
from slant.segment.comment_section import is_interface_text, is_section_marker

# Without a handler the libraries' notes on odd pages go to standard error; here these are rejected by name.
_QUIET = logging.NullHandler()
# Where it finds no article, trafilatura falls back to all there is, which is then the menu.
_FURNITURE = [".//nav", ".//footer[not(ancestor::article)]"]
# trafilatura's time grows with the square of the elements: 5 seconds at 20,000, a minute at 60,000. News pages
# have a few thousand; those of comments, which are cut out before, do not count.
_ELEMENTS_OF_ARTICLE, _ELEMENTS = 20_000, 150_000
_CHARACTERS = 2_000_000  # a novel is half of it
_WORDS = ".//text()[not(parent::script or parent::style)]"


def read_page(
    data: bytes,
    path: str,
    *,
    outlet: str | None = None,
    charset: str | None = None,
    url: str | None = None,
    published: str | None = None,
) -> Article:
    """The Article of an HTML page, its text being title, body and comments in this order.

    charset: what the server said, believed after UTF-8 and before what the page says.
    url, published: known from elsewhere, for a page that states none.
    Raises Rejected: empty, no_article_text, too_deep or bad_page.
    """
    if not data.strip():
        raise Rejected(path, "empty", "the page is empty. Expected HTML with an article.")
    document, comments = _extract(convert_newlines(decode_page(data, charset)), path)
    blocks = [] if document is None or document.body is None else blocks_of(document.body)
    title, blocks = _title(_words(document and document.title), blocks)
    if not blocks:
        seen = f" (comments were found: {len(comments)})" if comments else ""
        detail = (
            f"no article text was found in this page{seen}. Is it written by a script, or a list of links?"
        )
        raise Rejected(path, "no_article_text", detail)
    text, parts = assemble(title, None, join_blocks(blocks), comments)
    return Article(
        text=text,
        path=path,
        title=title,
        outlet=outlet or _words(document.sitename),
        author=_words(document.author),
        published=(_words(document.date) and (iso_date(document.date) or document.date)) or published,
        url=_words(document.url) or url,
        sections=_sections(document),
        markup="page",
        parts=parts,
    )


def _extract(html: str, path: str) -> tuple[Any, list[Comment]]:
    """`(trafilatura's document or None, comments)`."""
    import trafilatura
    from lxml import etree

    from slant.ingest.html_comments import take_comments

    for name in ("trafilatura", "htmldate", "courlan"):
        logging.getLogger(name).addHandler(_QUIET)
    try:
        tree = parse_html(html, path)
        if tree is None:
            return None, []
        check_size(tree, path, _ELEMENTS)
        comments = take_comments(tree)
        check_size(tree, path)
        # Dates that are not stated but guessed from anywhere in the page would be wrong too often.
        dates = {"extensive_search": False, "original_date": True}
        document = trafilatura.bare_extraction(
            tree,
            include_comments=not comments,
            with_metadata=True,
            date_extraction_params=dates,
            prune_xpath=_FURNITURE,
        )
    except RecursionError:
        raise Rejected(path, "too_deep", "its elements are nested too deeply to be an article.") from None
    except (etree.LxmlError, ValueError, TypeError, AttributeError, KeyError, IndexError) as error:
        detail = f"the page cannot be taken apart ({type(error).__name__}: {error}). Is it complete HTML?"
        raise Rejected(path, "bad_page", detail) from None
    if not comments and document is not None and document.commentsbody is not None:
        spoken = (block.text for block in blocks_of(document.commentsbody))
        comments = [
            Comment(text) for text in spoken if not (is_section_marker(text) or is_interface_text(text))
        ]
    return document, comments


def parse_html(html: str, path: str) -> Any:
    """The page as a tree, or None where there is nothing in it. Raises Rejected: too_deep or too_large.

    Parsed here and not by trafilatura, since libxml2 drops what is beyond its limits (depth 256, 10 MB of
    text in one element) and notes it only in the parser's log.
    """
    from lxml import etree
    from lxml import html as lxml_html

    if (tags := html.count("<")) > 3 * _ELEMENTS:  # even to parse and count them takes too long
        raise Rejected(path, "too_large", f"it has about {tags:,} tags. Expected one article.")
    parser = lxml_html.HTMLParser(remove_comments=True, remove_pis=True, collect_ids=False, encoding="utf-8")
    try:
        tree = lxml_html.document_fromstring(html.encode("utf-8"), parser=parser)
    except etree.ParserError:
        return None
    beyond = next(
        (entry.message for entry in parser.error_log if entry.type_name == "ERR_RESOURCE_LIMIT"), ""
    )
    if "depth" in beyond:
        raise Rejected(path, "too_deep", "its elements are nested over 256 deep. Are its tags closed?")
    if beyond:
        raise Rejected(
            path, "too_large", f"the parser gives up on it: {beyond.strip()}. Expected one article."
        )
    return tree


def check_size(tree: Any, path: str, most: int = _ELEMENTS_OF_ARTICLE) -> None:
    """Raises Rejected "too_large" for more than `most` elements, or more text than any article has."""
    count = sum(1 for _ in tree.iter())
    if count > most:
        detail = f"it has {count:,} elements. Expected one article, with at most {most:,}. Split it, or save its text."
        raise Rejected(path, "too_large", detail)
    check_length("".join(tree.xpath(_WORDS)), path)


def check_length(text: str, path: str) -> None:
    """Raises Rejected "too_large" for more text than any article has."""
    if len(text) > _CHARACTERS:
        detail = (
            f"it has {len(text):,} characters of text. Expected one article, with at most {_CHARACTERS:,}."
        )
        raise Rejected(path, "too_large", detail)


def _title(stated: str | None, blocks: list[Block]) -> tuple[str | None, list[Block]]:
    """The heading above the article if it is the stated title or none is stated, taken out of the blocks."""
    if blocks:
        same = stated and blocks[0].text.casefold() == stated.casefold()
        if same or (len(blocks) > 1 and blocks[0].kind == "heading" and not stated):
            return blocks[0].text, blocks[1:]
    return stated, blocks


def _words(value: str | None) -> str | None:
    return " ".join(value.split()) or None if value else None


def _sections(document: Any) -> tuple[str, ...]:
    names = [name for stated in (*document.categories, *document.tags) for name in stated.split(",")]
    return tuple(dict.fromkeys(name.strip() for name in names if name.strip()))
