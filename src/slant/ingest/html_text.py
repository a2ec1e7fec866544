"""Elements of a page to paragraphs of plain text: list items begin with "- ", lines of quotations with "> ".

Works on HTML and on the simpler markup that trafilatura returns (head, list, item, quote, lb, row, cell).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

Element = Any  # lxml ships no types

_KINDS = {
    "head": "heading", "h1": "heading", "h2": "heading", "h3": "heading", "h4": "heading",
    "h5": "heading", "h6": "heading", "item": "item", "li": "item", "quote": "quote", "blockquote": "quote",
}  # fmt: skip
_BLOCKS = frozenset(
    {
        "p", "div", "list", "ul", "ol", "dl", "dt", "dd", "section", "article", "main", "table", "row", "tr",
        "pre", "code", "figure", "figcaption", "header", "body",
    }
)  # fmt: skip
_SILENT = frozenset(
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


class Block(NamedTuple):
    """kind: "text", "heading", "item" or "quote"; `text` is without markup and not blank."""

    kind: str
    text: str


def blocks_of(root: Element, *, skip: Callable[[Element], bool] = lambda element: False) -> list[Block]:
    """The paragraphs below `root` in their order, without those below elements that `skip` names."""
    writer = _Writer(skip)
    writer.inside(root, "text")
    writer.close("text")
    return writer.blocks


def join_blocks(blocks: list[Block]) -> str:
    """Paragraphs with a blank line between them; items of a list on lines of their own."""
    pieces: list[str] = []
    for index, block in enumerate(blocks):
        if index:
            pieces.append("\n" if block.kind == blocks[index - 1].kind == "item" else "\n\n")
        quoted = "> " + block.text.replace("\n", "\n> ")
        pieces.append({"item": f"- {block.text}", "quote": quoted}.get(block.kind, block.text))
    return "".join(pieces)


class _Writer:
    def __init__(self, skip: Callable[[Element], bool]) -> None:
        self.blocks: list[Block] = []
        self._skip, self._words = skip, list[str]()

    def walk(self, element: Element, kind: str) -> None:
        tag = element.tag
        kind = _KINDS.get(tag, kind)
        opens = tag in _KINDS or tag in _BLOCKS
        if opens:
            self.close(kind)
        self.inside(element, kind)
        if opens:
            self.close(kind)

    def inside(self, element: Element, kind: str) -> None:
        self._add(element.text)
        for child in element:
            # Comments and processing instructions have a function for a tag.
            if isinstance(child.tag, str) and child.tag not in _SILENT and not self._skip(child):
                if child.tag in ("br", "lb"):
                    self._words.append("\n")
                elif child.tag in ("cell", "td", "th") and self._words:
                    self._words.append(" | ")
                start = len(self.blocks)
                self.walk(child, kind)
                if kind == "item" and child.tag in _BLOCKS and len(self.blocks) > start:
                    kind = "text"  # the second paragraph of a list item is no item of its own
            self._add(child.tail)

    def _add(self, words: str | None) -> None:
        if words:
            self._words.append(re.sub(r"\s+", " ", words))

    def close(self, kind: str) -> None:
        lines = [" ".join(line.split()) for line in "".join(self._words).split("\n")]
        self._words = []
        text = re.sub(r"\n{2,}", "\n\n", "\n".join(lines)).strip()
        if text:
            self.blocks.extend(Block(kind, part) for part in text.split("\n\n"))
