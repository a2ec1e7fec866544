"""Convert the elements of a page to paragraphs of plain text.

List items start with "- ", lines of quotations with "> ". Works on HTML and on the simpler markup that trafilatura returns
(head, list, item, quote, lb, row, cell).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

Element = Any  # lxml ships no types

_KIND_OF_TAG = {
    "head": "heading", "h1": "heading", "h2": "heading", "h3": "heading", "h4": "heading",
    "h5": "heading", "h6": "heading", "item": "item", "li": "item", "quote": "quote", "blockquote": "quote",
}  # fmt: skip
_BLOCK_TAGS = frozenset(
    {
        "p", "div", "list", "ul", "ol", "dl", "dt", "dd", "section", "article", "main", "table", "row", "tr",
        "pre", "code", "figure", "figcaption", "header", "body",
    }
)  # fmt: skip
_SKIPPED_TAGS = frozenset(
    {
        "script",
        "style",
        "svg",
        "button",
        "form",
        "select",
        "noscript",
        "template",
        "textarea",
        "graphic",
        "img",
    }
)


class TextBlock(NamedTuple):
    """A paragraph. kind: "text", "heading", "item" or "quote". text: plain and not blank."""

    kind: str
    text: str


def text_blocks(root: Element, *, skip: Callable[[Element], bool] = lambda element: False) -> list[TextBlock]:
    """Paragraphs below `root`, in order. skip: returns True for elements to leave out."""
    writer = _Writer(skip)
    writer.inside(root, "text")
    writer.close("text")
    return writer.blocks


def join_blocks(blocks: list[TextBlock]) -> str:
    """Join paragraphs with blank lines; items of a list follow each other without one."""
    pieces: list[str] = []
    for index, block in enumerate(blocks):
        if index:
            pieces.append("\n" if block.kind == blocks[index - 1].kind == "item" else "\n\n")
        quoted = "> " + block.text.replace("\n", "\n> ")
        pieces.append({"item": f"- {block.text}", "quote": quoted}.get(block.kind, block.text))
    return "".join(pieces)


class _Writer:
    """Collects text while walking the tree and closes a paragraph at each block element."""

    def __init__(self, skip: Callable[[Element], bool]) -> None:
        self.blocks: list[TextBlock] = []
        self._skip, self._words = skip, list[str]()

    def walk(self, element: Element, kind: str) -> None:
        tag = element.tag
        kind = _KIND_OF_TAG.get(tag, kind)
        opens = tag in _KIND_OF_TAG or tag in _BLOCK_TAGS
        if opens:
            self.close(kind)
        self.inside(element, kind)
        if opens:
            self.close(kind)

    def inside(self, element: Element, kind: str) -> None:
        self._add(element.text)
        for child in element:
            # The tag of comments and processing instructions is a function.
            if isinstance(child.tag, str) and child.tag not in _SKIPPED_TAGS and not self._skip(child):
                if child.tag in ("br", "lb"):
                    self._words.append("\n")
                elif child.tag in ("cell", "td", "th") and self._words:
                    self._words.append(" | ")
                start = len(self.blocks)
                self.walk(child, kind)
                if kind == "item" and child.tag in _BLOCK_TAGS and len(self.blocks) > start:
                    kind = "text"  # a second paragraph in a list item is not an item
            self._add(child.tail)

    def _add(self, words: str | None) -> None:
        if words:
            self._words.append(re.sub(r"\s+", " ", words))

    def close(self, kind: str) -> None:
        lines = [" ".join(line.split()) for line in "".join(self._words).split("\n")]
        self._words = []
        text = re.sub(r"\n{2,}", "\n\n", "\n".join(lines)).strip()
        if text:
            self.blocks.extend(TextBlock(kind, part) for part in text.split("\n\n"))
