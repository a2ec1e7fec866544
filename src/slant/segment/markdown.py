"""Parse Markdown or plain text into blocks, and each block into plain text with exact offsets.

Blocks are headings, list items, block quotations, rules (scene breaks) and runs of text. A block records its form and the
blank lines before it; block_roles.py and comment_section.py decide its role.

Inline markup is removed: links, images, emphasis, autolinks, inline HTML tags and backslash escapes. Every run of plain
text keeps its place in the document (`PlainText.pieces`). The parser is lenient, since news text is full of brackets,
asterisks and backticks that are not markup ("[the area]", "f***", "it`s"); these stay. Time is linear in the text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from slant.segment.line_ends import join_lines

Range = tuple[int, int]


# ---- blocks

_ALL_EMPHASIS = re.compile(r"(?P<mark>\*{1,3}|_{1,3})(?=\S)(?s:.*)(?<=\S)(?P=mark)\Z")
_RULE = re.compile(r"[*\-_=~•·#+—–\\|\s]+")
_HEADING = re.compile(r"#{1,6}(?=\s)")
_ITEM = re.compile(r"(?:[-*+•◦▪●‣∙·]|\(?\d{1,3}[.)]|[a-z]\))\s+(?=\S)")
_QUOTE = re.compile(r"(?:>\s?)+")
_INVISIBLE = "\u200b\ufeff\u2060"  # str.strip keeps these, but a line of them looks empty
# Characters that are not seen and belong to no word: soft hyphens, zero-width spaces, marks of direction, … They are no part
# of a unit's text. Joiners and variation selectors count only beside Latin letters, since elsewhere they form signs.
_LATIN = "A-Za-z\u00c0-\u024f"
_UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0"
    rf"\ufff0-\ufff8]+|(?<=[{_LATIN}])[\u200c\u200d\ufe00-\ufe0f]+|[\u200c\u200d]+(?=[{_LATIN}])"
)
_LINE_END = re.compile("[\n\x85\u2028\u2029]")  # the last one ends a paragraph
_MAX_WRAPPED = 120  # characters; a longer line is not hard-wrapped text but a paragraph on one line
_SENTENCE_END = re.compile(r"[.!?…][\"'”’»)\]*_\s]*\Z")
_MIN_SENTENCE_LINES = 4  # of a text file
_MAX_LABEL = 40  # characters; a shorter line above a longer one may be a name or a heading
# A line is hard-wrapped if the next word would make it longer than this share of the widest line.
_FILL_RATIO = 0.85
_MIN_WRAPPED = 30  # characters; in a narrower column, only a line in mid-sentence is wrapped
_MAX_BUTTON = 60  # characters; a longer line is neither a button nor a name
_SPEAKER = re.compile(
    r"(?:\*\*|__)?(?:@?[^\W\d_][\w.@'’-]{0,30})(?: [^\W\d_a-z][\w.'’-]{0,30}){0,4}(?: \([^()\n]{1,40}\)|,"
    r" [^:\n]{1,40})?"
    r"(?: wrote| says| said| writes| commented| replied)?(?::|\*\*|__){1,2}:?\s+\S"
)


@dataclass(frozen=True)
class Block:
    """Consecutive lines that form one block.

    form: "text", "heading", "list_item", "quote" or "rule" (a scene break, which has no text).
    start, end: offsets in the document, list or heading markers included.
    lines: offsets of each line's content, without markers.
    gap: number of blank lines before the block.
    level: 1 to 6 for a heading, else 0.
    strong: known to be in bold type, without markup in the document.
    """

    document: str
    form: str
    start: int
    end: int
    lines: tuple[Range, ...]
    gap: int
    markdown: bool = True
    level: int = 0
    strong: bool = False

    @cached_property
    def plain(self) -> PlainText:
        return to_plain_text(self.document, self.lines, markdown=self.markdown)

    @cached_property
    def text(self) -> str:
        return self.plain.text

    @property
    def source(self) -> str:
        return self.document[self.start : self.end]

    @cached_property
    def emphasis(self) -> str:
        """ "strong" or "em" if the markup covers the whole block, else ""."""
        if self.strong:
            return "strong"
        found = _ALL_EMPHASIS.match(self.source) if self.markdown and self.form == "text" else None
        if not found or found["mark"] not in self.source[found.end("mark") :]:
            return ""
        inner = self.source[found.end("mark") : -len(found["mark"])]
        return "" if found["mark"] in inner else ("strong" if len(found["mark"]) > 1 else "em")


def parse_blocks(
    document: str,
    start: int = 0,
    end: int | None = None,
    *,
    markdown: bool = True,
    cut: int = -1,
    alone: Callable[[str], bool] = lambda line: False,
) -> list[Block]:
    """Blocks of `document[start:end]`, in order.

    cut: offset at which a new block must begin; -1 for none.
    alone: of a short line, is it never a part of a wrapped paragraph (a button, a byline)?
    """
    found: list[Block] = []
    run: list[_Line] = []
    for line in _lines(document, start, len(document) if end is None else end, markdown=markdown):
        if run and not _continues(run[-1], line, cut):
            found += _split_run(document, run, alone, markdown=markdown)
            run = []
        run.append(line)
    found += _split_run(document, run, alone, markdown=markdown)
    return _apply_underlines(found) if markdown else found


def merge_blocks(fragments: list[Block]) -> Block:
    """Merge the blocks of a paragraph that page breaks split."""
    if len(fragments) == 1:
        return fragments[0]
    return replace(
        fragments[0], end=fragments[-1].end, lines=tuple(line for block in fragments for line in block.lines)
    )


@dataclass(frozen=True, slots=True)
class _Line:
    start: int
    end: int
    gap: int
    form: str
    indent: int
    source: int
    source_end: int


def _lines(document: str, start: int, end: int, *, markdown: bool) -> Iterator[_Line]:
    gap = 0
    while start < end:
        found = _LINE_END.search(document, start, end)
        stop = found.start() if found else end
        left, right = _strip_range(document, start, stop)
        if left == right:
            gap += 1
        else:
            form, content = _line_form(document[left:right], markdown=markdown)
            right_content = right
            if form == "heading":
                right_content = left + len(document[left:right].rstrip("#").rstrip())
            at, right_content = _strip_range(document, left + content, max(right_content, left + content))
            yield _Line(at, right_content if form != "rule" else at, gap, form, left - start, left, right)
            gap = 0
        gap += document[stop : stop + 1] == "\u2029"
        start = stop + 1


def _strip_range(document: str, start: int, end: int) -> Range:
    line = document[start:end]
    inner = line.strip().strip(_INVISIBLE).strip()
    if not inner:
        return start, start
    left = start + line.find(inner)
    return left, left + len(inner)


def _line_form(line: str, *, markdown: bool) -> tuple[str, int]:
    """Form of a line, and the offset in it where the content begins."""
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
    """Can `line` be in the same run as `before`? _split_run then splits the run into blocks."""
    if line.gap or before.source < cut <= line.source or "heading" in (before.form, line.form):
        return False
    if line.form == "rule" or before.form == "rule":
        return line.form == before.form
    return line.form == "text" or (line.form == "quote" and before.form == "quote")


def _split_run(
    document: str, run: list[_Line], alone: Callable[[str], bool], *, markdown: bool
) -> list[Block]:
    """Split a run of lines without blank lines into blocks: hard-wrapped lines form one block."""
    if not run:
        return []
    width = max(line.end - line.start for line in run)
    paragraphs = _are_paragraphs(document, run, markdown=markdown)
    apart, speakers = _lines_apart(document, run, alone), _speaker_lines(document, run)
    groups = [[run[0]]]
    for line in run[1:]:
        last = groups[-1][-1]
        item = groups[-1][0].form == "list_item"
        separate = paragraphs or line.start in speakers or line.start in apart or last.start in apart
        wrapped = (item and line.indent >= 2) or (not separate and _is_wrapped(document, last, line, width))
        if run[0].form == "rule" or wrapped:
            groups[-1].append(line)
        else:
            groups.append([line])
    return [_make_block(document, group, markdown=markdown) for group in groups]


def _are_paragraphs(document: str, run: list[_Line], *, markdown: bool) -> bool:
    """Is each line a paragraph, since each ends a sentence and the next begins one?

    Lines of a text file are often wrapped by hand, those of a cell or a page (not `markdown`) hardly ever, so that two
    of them are enough.
    """
    if len(run) < (_MIN_SENTENCE_LINES if markdown else 2) or run[0].form != "text":
        return False
    if any(line.end <= line.start or document[line.start].islower() for line in run):
        return False
    return all(_SENTENCE_END.search(document, max(line.start, line.end - 8), line.end) for line in run[:-1])


def _lines_apart(document: str, run: list[_Line], alone: Callable[[str], bool]) -> frozenset[int]:
    """Starts of the lines of a run that are joined to no other line: buttons, counts and bylines of a copied page."""
    if len(run) < 2 or run[0].form == "rule":
        return frozenset()
    apart: set[int] = set()
    for before, line in zip([None, *run], run, strict=False):
        size = line.end - line.start
        # The last words of a wrapped sentence may look like a count or a date.
        torn = (
            before and before.end - before.start > _MAX_BUTTON and document[before.end - 1] not in '.!?:…"”'
        )
        if 0 < size <= _MAX_BUTTON and not torn and alone(document[line.start : line.end]):
            apart.add(line.start)
    return frozenset(apart)


def _speaker_lines(document: str, run: list[_Line]) -> frozenset[int]:
    """Starts of the lines of a run that begin with a name and a colon, if there are several."""
    if len(run) < 2 or run[0].form not in ("text", "quote"):
        return frozenset()
    named = [line.start for line in run if _SPEAKER.match(document, line.start, line.end)]
    return frozenset(named if len(named) > 1 and named[0] == run[0].start else ())


def _is_wrapped(document: str, before: _Line, line: _Line, width: int) -> bool:
    if line.start >= line.end or before.start >= before.end:  # an empty line in a block quotation
        return False
    size = before.end - before.start
    label = size < _MAX_LABEL and 2 * size < line.end - line.start  # a name or a heading above its text
    if document[line.start].islower() and document[before.end - 1] not in ".!?:…" and not label:
        return True
    if width > _MAX_WRAPPED or width < _MIN_WRAPPED:
        return False
    word = document[line.start : line.end].split(None, 1)[0]
    return size + 1 + len(word) > _FILL_RATIO * width


def _make_block(document: str, group: list[_Line], *, markdown: bool) -> Block:
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


def _apply_underlines(found: list[Block]) -> list[Block]:
    """Turn a line with `===` or `---` directly below it into a heading."""
    out: list[Block] = []
    for block in found:
        last = out[-1] if out else None
        if (
            last is not None
            and block.form == "rule"
            and block.gap == 0
            and last.form == "text"
            and len(last.lines) == 1
            and last.end - last.start <= _MAX_WRAPPED
            and len(block.source) >= 3
            and set(block.source) in ({"="}, {"-"})
        ):
            out[-1] = replace(last, form="heading", end=block.end, level=1 if block.source[0] == "=" else 2)
        else:
            out.append(block)
    return out


# ---- inline markup

# To keep the scan linear, no alternative looks beyond the next bracket, angle bracket or space.
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


@dataclass(frozen=True, slots=True)
class PlainText:
    """Plain text, and the runs it shares with the document as `(text_start, document_start, length)`."""

    text: str
    pieces: tuple[tuple[int, int, int], ...]


def to_plain_text(text: str, ranges: Sequence[Range], *, markdown: bool = True) -> PlainText:
    """Plain text of `ranges` (the lines of one block, in order), joined by single spaces.

    A word that is torn at a line end is joined without a space and its hyphen, see line_ends.py.
    markdown: False keeps markup. Characters that are not seen are left out in either case.
    """
    raw, origins = _join_ranges(text, ranges)
    drops = _markup_ranges(raw) if markdown else []
    if not raw.isascii():
        drops = _merge(drops, [found.span() for found in _UNSEEN.finditer(raw)])
    out: list[str] = []
    pieces: list[tuple[int, int, int]] = []
    size = 0
    for start, end, origin in _remaining(drops, origins):
        out.append(raw[start:end])
        if origin is not None:
            pieces.append((size, origin, end - start))
        size += end - start
    return _trim(PlainText("".join(out), tuple(pieces)))


def _merge(drops: list[Range], more: list[Range]) -> list[Range]:
    """Merge two lists of ranges into one that is sorted and disjoint."""
    merged: list[Range] = []
    for start, end in sorted(drops + more) if more else drops:
        if more and merged and start < merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((start, end))
    return merged


def concat(plains: Sequence[PlainText], joiner: str) -> PlainText:
    """Join several plain texts. `joiner` belongs to no piece."""
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
    return PlainText("".join(out), tuple(pieces))


def drop_start(one: PlainText, count: int) -> PlainText:
    """A plain text without its first `count` characters."""
    pieces = [
        (max(t - count, 0), d + max(count - t, 0), n - max(count - t, 0))
        for t, d, n in one.pieces
        if t + n > count
    ]
    return _trim(PlainText(one.text[count:], tuple(pieces)))


def _trim(one: PlainText) -> PlainText:
    """Strip white space at both ends and merge adjacent pieces."""
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
    return PlainText(text, tuple(pieces))


def _join_ranges(text: str, ranges: Sequence[Range]) -> tuple[str, list[tuple[int, int, int | None]]]:
    """Join the ranges. Returns the text and its parts, `(start, end, document_start or None for a joining space)`."""
    out: list[str] = []
    origins: list[tuple[int, int, int | None]] = []
    size = 0
    for start, end in ranges:
        if end <= start:
            continue
        if out:
            dropped, joiner = join_lines(out[-1], text[start:end], text)
            if dropped:
                out[-1] = out[-1][:-dropped]
                first, last, origin = origins[-1]
                origins[-1] = (first, last - dropped, origin)
                size -= dropped
            if joiner:
                out.append(joiner)
                origins.append((size, size + len(joiner), None))
                size += len(joiner)
        out.append(text[start:end])
        origins.append((size, size + end - start, start))
        size += end - start
    return "".join(out), origins


def _remaining(
    drops: Sequence[Range], origins: Sequence[tuple[int, int, int | None]]
) -> list[tuple[int, int, int | None]]:
    """Cut `drops` (sorted, disjoint) out of the parts and return the remaining ones."""
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


def _markup_ranges(raw: str) -> list[Range]:
    """Ranges of `raw` that are markup, sorted and disjoint."""
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
            _match_delimiters(raw, start, end, runs[raw[start]], drops)
        elif token["tag"]:
            drops.append((start, end))
        else:  # an autolink: drop only the angle brackets
            drops += [(start, start + 1), (end - 1, end)]
    return sorted(drops)


def _match_delimiters(raw: str, start: int, end: int, openers: list[list[int]], drops: list[Range]) -> None:
    """Match a run of `*`, `_`, backticks or `~~` with open runs, then keep the rest of it as an open run.

    Follows CommonMark's flanking rules, but applies the strict rule for `_` to all markers: inside a word nothing opens or
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
