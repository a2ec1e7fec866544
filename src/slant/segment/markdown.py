"""Markdown in, plain text out, with the way back: every run of plain text knows its place in the document.

Only inline markup is read here (links, images, emphasis, autolinks, inline HTML tags, backslash escapes);
blocks are read in blocks.py. The reader is forgiving on purpose: news text is full of brackets, asterisks and
backticks that are no markup ("[the area]", "f***", "it`s"), and these stay. One pass, linear in the length
of the text.

Lines in, blocks out: headings, list items, block quotations, rules and stretches of text, with their gaps.

A block says how it is written, not yet what it is; that is decided in units.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Plain:
    """Plain text and its `(text_start, document_start, length)` runs, see `records.Unit.pieces`."""

    text: str
    pieces: tuple[tuple[int, int, int], ...]


# No alternative may look further than the next bracket, angle or blank: that is what keeps the scan linear.
_TOKEN = re.compile(
    r"""
    \\{1,2}(?=(?P<escaped>[!-/:-@\[\]^-`{-~]))
  | (?P<open>!?\[)
  | (?P<close>\])(?P<target>\(\s{0,3}(?:<[^<>\n]*>|(?:[^\s()<>]|\([^\s()]*+\))*+)
      (?:\s{1,3}(?:"[^"\n]*"|'[^'\n]*'))?\s{0,3}\))?
  | <(?:(?:https?|ftp|mailto):[^\s<>]*|[^\s<>@]{1,64}@[^\s<>@]+)>
  | (?P<tag></?(?:a|b|i|u|s|p|em|strong|br|hr|div|span|img|iframe|sup|sub|small|font|center|blockquote|h[1-6])
      (?:\s[^<>]*)?/?>)
  | (?P<run>\*+|_+|`+|~~+)
    """,
    re.VERBOSE | re.IGNORECASE,
)


def plain(text: str, ranges: Sequence[Range], *, markdown: bool = True) -> Plain:
    """The plain text of `ranges` (the lines of one block, in order), joined by single blanks.

    A line that ends in a letter and a hyphen is joined to a lower-case one without a blank: a torn word.
    markdown: False keeps every character.
    """
    raw, origins = _join(text, ranges)
    drops = _markup(raw) if markdown else []
    out: list[str] = []
    pieces: list[tuple[int, int, int]] = []
    size = 0
    for start, end, origin in _kept(drops, origins):
        out.append(raw[start:end])
        if origin is not None:
            pieces.append((size, origin, end - start))
        size += end - start
    return trimmed(Plain("".join(out), tuple(pieces)))


def concat(plains: Sequence[Plain], joiner: str) -> Plain:
    """Several plain texts as one; `joiner` belongs to no piece."""
    out: list[str] = []
    pieces: list[tuple[int, int, int]] = []
    size = 0
    for one in plains:
        if out:
            out.append(joiner)
            size += len(joiner)
        out.append(one.text)
        pieces.extend((size + t, d, n) for t, d, n in one.pieces)
        size += len(one.text)
    return Plain("".join(out), tuple(pieces))


def trimmed(one: Plain) -> Plain:
    """Without blanks at either end, and with neighbouring pieces fused."""
    left = len(one.text) - len(one.text.lstrip())
    text = one.text.strip()
    pieces: list[tuple[int, int, int]] = []
    for t, d, n in one.pieces:
        start, end = max(t - left, 0), min(t - left + n, len(text))
        if end <= start:
            continue
        d += start - (t - left)
        if pieces and sum(pieces[-1][::2]) == start and sum(pieces[-1][1:]) == d:
            pieces[-1] = (*pieces[-1][:2], pieces[-1][2] + end - start)
        else:
            pieces.append((start, d, end - start))
    return Plain(text, tuple(pieces))


def _join(text: str, ranges: Sequence[Range]) -> tuple[str, list[tuple[int, int, int | None]]]:
    """The raw text of the ranges; its parts as `(raw_start, raw_end, document_start or None for a joiner)`."""
    out: list[str] = []
    origins: list[tuple[int, int, int | None]] = []
    size = 0
    for start, end in ranges:
        if end <= start:
            continue
        if out and not _torn_word(out[-1], text[start]):
            out.append(" ")
            origins.append((size, size + 1, None))
            size += 1
        out.append(text[start:end])
        origins.append((size, size + end - start, start))
        size += end - start
    return "".join(out), origins


def _torn_word(before: str, first: str) -> bool:
    return len(before) > 1 and before[-1] in "-‐\xad" and before[-2].isalpha() and first.islower()


def _kept(
    drops: Sequence[Range], origins: Sequence[tuple[int, int, int | None]]
) -> list[tuple[int, int, int | None]]:
    """What is left of each part once `drops` (sorted, disjoint) are cut out."""
    kept: list[tuple[int, int, int | None]] = []
    at = 0
    for start, end, origin in origins:
        here = start
        while at < len(drops) and drops[at][1] <= start:
            at += 1
        ahead = at
        while ahead < len(drops) and drops[ahead][0] < end:
            cut, after = drops[ahead]
            if cut > here:
                kept.append((here, cut, None if origin is None else origin + here - start))
            here = max(here, after)
            ahead += 1
        at = max(at, ahead - 1)
        if here < end:
            kept.append((here, end, None if origin is None else origin + here - start))
    return kept


def _markup(raw: str) -> list[Range]:
    """The stretches of `raw` that are markup, sorted and disjoint."""
    drops: list[Range] = []
    brackets: list[Range] = []
    runs: dict[str, list[list[int]]] = {"*": [], "_": [], "`": [], "~": []}
    escaped_at = -1
    for token in _TOKEN.finditer(raw):
        start, end = token.span()
        if start == escaped_at:
            continue
        if token["escaped"]:
            drops.append((start, end))
            escaped_at = end
        elif token["open"]:
            brackets.append((start, end))
        elif token["close"]:
            opened = brackets.pop() if brackets else None
            if opened and token["target"]:
                drops += [opened, (start, end)]
        elif token["run"]:
            _delimiter(raw, start, end, runs[raw[start]], drops)
        elif token["tag"]:
            drops.append((start, end))
        else:  # an autolink: only its angles go
            drops += [(start, start + 1), (end - 1, end)]
    return sorted(drops)


def _delimiter(raw: str, start: int, end: int, openers: list[list[int]], drops: list[Range]) -> None:
    """Close what this run of `*`, `_`, backticks or `~~` closes, then let it open.

    CommonMark's flanking rules, with the stricter rule for `_` applied to all: inside a word nothing opens or
    closes, since "f**king" and "it`s" are far more common in comments than emphasis within a word.
    """
    before = raw[start - 1] if start else " "
    after = raw[end] if end < len(raw) else " "
    before_mark, after_mark = not before.isalnum(), not after.isalnum()
    left = not after.isspace() and (not after_mark or before_mark)
    right = not before.isspace() and (not before_mark or after_mark)
    if right and (not left or after_mark):
        while start < end and openers:
            opener = openers[-1]
            size = min(opener[1] - opener[0], end - start)
            drops += [(opener[1] - size, opener[1]), (start, start + size)]
            opener[1] -= size
            start += size
            if opener[0] == opener[1]:
                openers.pop()
    if start < end and left and (not right or before_mark):
        openers.append([start, end])


@dataclass(frozen=True)
class Block:
    """A stretch of lines that are read as one.

    form: "text", "heading", "list_item", "quote" or "rule" (a scene break: no text of its own).
    start, end: in the document, markers included. lines: what of each line is content.
    gap: blank lines before it. level: of a heading, 1 to 6, else 0.
    """

    document: str
    form: str
    start: int
    end: int
    lines: tuple[Range, ...]
    gap: int
    markdown: bool = True
    level: int = 0

    @cached_property
    def plain(self) -> Plain:
        return plain(self.document, self.lines, markdown=self.markdown)

    @property
    def text(self) -> str:
        return self.plain.text

    @property
    def source(self) -> str:
        return self.document[self.start : self.end]

    @cached_property
    def emphasis(self) -> str:
        """ "strong" or "em" if the whole block is set so, else ""."""
        found = _WHOLE.match(self.source) if self.markdown and self.form == "text" else None
        if not found or found["mark"] not in self.source[found.end("mark") :]:
            return ""
        inner = self.source[found.end("mark") : -len(found["mark"])]
        return "" if found["mark"] in inner else ("strong" if len(found["mark"]) > 1 else "em")


@dataclass(frozen=True, slots=True)
class _Line:
    start: int
    end: int
    gap: int
    form: str
    indent: int
    source: int
    source_end: int


_WHOLE = re.compile(r"(?P<mark>\*{1,3}|_{1,3})(?=\S)(?s:.*)(?<=\S)(?P=mark)\Z")
_RULE = re.compile(r"[*\-_=~•·#+—–\\|\s]+")
_HEADING = re.compile(r"#{1,6}(?=\s)")
_ITEM = re.compile(r"(?:[-*+•◦▪●‣∙·]|\(?\d{1,3}[.)]|[a-z]\))\s+(?=\S)")
_QUOTE = re.compile(r"(?:>\s?)+")
_BLANKS = "\u200b\ufeff\u2060"  # str.strip keeps these, but a line of them looks empty
_WRAP = 120  # characters: a longer line was not wrapped by hand or machine, it is a paragraph
_BEGINNING = 40  # characters
_SLACK = (
    0.85  # of the width of its run: a line that stops sooner, though the next word would fit, stops by choice
)


def blocks(
    document: str, start: int = 0, end: int | None = None, *, markdown: bool = True, cut: int = -1
) -> list[Block]:
    """The blocks of `document[start:end]`, in order.

    cut: an offset at which a new block begins whatever stands before it; -1 for none.
    """
    found: list[Block] = []
    run: list[_Line] = []
    for line in _lines(document, start, len(document) if end is None else end, markdown=markdown):
        if run and not _continues(run[-1], line, cut):
            found += _close(document, run, markdown=markdown)
            run = []
        run.append(line)
    return (
        _underlined(found + _close(document, run, markdown=markdown))
        if markdown
        else found + _close(document, run, markdown=False)
    )


def _lines(document: str, start: int, end: int, *, markdown: bool) -> Iterator[_Line]:
    gap = 0
    while start < end:
        stop = document.find("\n", start, end)
        stop = end if stop < 0 else stop
        left, right = _strip(document, start, stop)
        if left == right:
            gap += 1
        else:
            form, content = _form(document[left:right], markdown=markdown)
            right_content = right
            if form == "heading":
                right_content = left + len(document[left:right].rstrip("#").rstrip())
            at, right_content = _strip(document, left + content, max(right_content, left + content))
            yield _Line(at, right_content if form != "rule" else at, gap, form, left - start, left, right)
            gap = 0
        start = stop + 1


def _strip(document: str, start: int, end: int) -> Range:
    line = document[start:end]
    inner = line.strip().strip(_BLANKS).strip()
    if not inner:
        return start, start
    left = start + line.find(inner)
    return left, left + len(inner)


def _form(line: str, *, markdown: bool) -> tuple[str, int]:
    """How a line is written, and where in it its content begins."""
    if not line[0].isalnum():
        if _RULE.fullmatch(line):
            return "rule", len(line)
        if markdown and (found := _HEADING.match(line)):
            return "heading", found.end()
        if line[0] == ">" and (found := _QUOTE.match(line)):
            return "quote", found.end()
    if found := _ITEM.match(line):
        return "list_item", found.end()
    return "text", 0


def _continues(before: _Line, line: _Line, cut: int) -> bool:
    """May `line` belong to the block of `before`? (Whether it does is seen from the whole run.)"""
    if line.gap or before.source < cut <= line.source or "heading" in (before.form, line.form):
        return False
    if line.form == "rule" or before.form == "rule":
        return line.form == before.form
    return line.form == "text" or (line.form == "quote" and before.form == "quote")


def _close(document: str, run: list[_Line], *, markdown: bool) -> list[Block]:
    """The blocks of a run of lines without a gap: one if the lines were wrapped, else several."""
    if not run:
        return []
    width = max(line.end - line.start for line in run)
    groups = [[run[0]]]
    for line in run[1:]:
        last = groups[-1][-1]
        item = groups[-1][0].form == "list_item"
        if run[0].form == "rule" or (item and line.indent >= 2) or _wrapped(document, last, line, width):
            groups[-1].append(line)
        else:
            groups.append([line])
    return [_block(document, group, markdown=markdown) for group in groups]


def _wrapped(document: str, before: _Line, line: _Line, width: int) -> bool:
    if line.start >= line.end or before.start >= before.end:  # an empty line of a block quotation
        return False
    size = before.end - before.start
    begins = size < _BEGINNING and 2 * size < line.end - line.start  # a name or a heading above its text
    if document[line.start].islower() and document[before.end - 1] not in ".!?:…" and not begins:
        return True
    if width > _WRAP:
        return False
    word = document[line.start : line.end].split(None, 1)[0]
    return size + 1 + len(word) > _SLACK * width


def _block(document: str, group: list[_Line], *, markdown: bool) -> Block:
    first, last = group[0], group[-1]
    form = first.form
    return Block(
        document,
        form,
        first.source,
        last.source_end,
        tuple((line.start, line.end) for line in group),
        first.gap,
        markdown,
        len(document[first.source : first.start].strip()) if form == "heading" else 0,
    )


def _underlined(found: list[Block]) -> list[Block]:
    """A line with `===` or `---` right below it is a heading."""
    out: list[Block] = []
    for block in found:
        last = out[-1] if out else None
        if (
            last is not None
            and block.form == "rule"
            and block.gap == 0
            and last.form == "text"
            and len(last.lines) == 1
            and last.end - last.start <= _WRAP
            and len(block.source) >= 3
            and set(block.source) in ({"="}, {"-"})
        ):
            out[-1] = replace(last, form="heading", end=block.end, level=1 if block.source[0] == "=" else 2)
        else:
            out.append(block)
    return out


def joined(torn: list[Block]) -> Block:
    """Several blocks as one: a paragraph that page breaks tore."""
    if len(torn) == 1:
        return torn[0]
    return replace(torn[0], end=torn[-1].end, lines=tuple(line for block in torn for line in block.lines))
