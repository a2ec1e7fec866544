"""Find quotations in running text by pairing their marks, in any house style.

Reads “curly”, "straight", ''doubled'', «guillemets» in both directions, „low” and „low“, ‘single’ and 'single' marks.
Apostrophes ('90s, don't, the voters' will) and measures in feet and inches are not marks. A quotation may continue over
several paragraphs. An unmatched mark never covers more than its sentence. One pass with a stack, linear in the text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

# The first alternative matches tag attributes (name="value"), which are skipped.
_MARK = re.compile(r"=\"[^\"\n]{0,200}\"|''|``|[\"“”„‟«»'‘’‚‛‹›]")
_LINE = re.compile(r"[^\n]+")
_SENTENCE_END = re.compile(r"(?<![.!?…])[.!?…]++[\"”’»')\]]*+\s|$")
_BEFORE_OPEN = frozenset("([{—–-/*_…:|>\"“‘„«‚‹'`")
_AFTER_CLOSE = frozenset(".,;:!?)]}—–-/*_…|<\"”’»›'")
_ELISION = re.compile(
    r"['’‘](?:\d0s|\d\ds?\b|(?:tis|twas|em|til|till|cause|cuz|bout|n|round|burbs|hood|kay)\b)", re.I
)
_MEASURE = re.compile(r"\d\s?(?:[\"'’]|'')(?=\s?\d|\s?(?:tall|wide|long|thick|high|deep|by|x)\b|-)")
_FEET_INCHES = re.compile(r"\d['’]\s?\d{1,2}$")
_MAX_BEFORE_POSSESSIVE = 90  # characters of a single quotation that may end at a possible plural possessive
_LEADING = " \t\u00a0>*_(["  # characters allowed before a paragraph's first mark
_MAX_MARKS = 1000  # quotations or open marks of one paragraph; text with more is not prose
_MAX_GAP = 4  # paragraphs without marks inside one quotation


@dataclass(frozen=True, slots=True)
class Quotation:
    """A quotation with its marks is `text[start:end]`; `inner` is the range between the marks.

    closed: False if a mark is missing and the start or end was inferred.
    continues: the quotation goes on from or into another paragraph.
    """

    start: int
    end: int
    inner: tuple[int, int]
    closed: bool = True
    continues: bool = False


@dataclass(slots=True)
class _Open:
    """An opening mark on the stack.

    fallback: the first possible close that may also be a plural possessive. children: quotations closed inside it.
    """

    start: int
    end: int
    mark: str
    fallback: tuple[int, int] | None = None
    children: int = 0


@dataclass(slots=True)
class _Paragraph:
    """The quotation marks of one paragraph.

    found: closed quotations. open: a mark that opens and is not closed.
    orphan: a double mark that closes a quotation not opened in this paragraph.
    first: role of its first double mark, "open" or "close"; "" without one.
    opens: the opening mark at its very start, or "".
    """

    start: int
    end: int
    found: list[Quotation] = field(default_factory=list)
    open: _Open | None = None
    orphan: tuple[int, int] | None = None
    first: str = ""
    opens: str = ""


def find_quotations(text: str) -> list[Quotation]:
    """The outermost quotations of a text, in order and without overlap. Each line is a paragraph."""
    paragraphs = [_pair_marks(text, *line.span()) for line in _LINE.finditer(text) if not line[0].isspace()]
    found: list[Quotation] = []
    for index, paragraph in enumerate(paragraphs):
        found += paragraph.found
        if paragraph.open is not None:
            found += _continue_quotation(text, paragraphs, index)
        if paragraph.orphan is not None:
            found += _close_orphan(text, paragraph)
    return _outermost(found)


def _outermost(found: list[Quotation]) -> list[Quotation]:
    kept: list[Quotation] = []
    for quotation in sorted(found, key=lambda q: (q.start, -q.end)):
        if not kept or quotation.start >= kept[-1].end:
            kept.append(quotation)
    return kept


def _continue_quotation(text: str, paragraphs: list[_Paragraph], index: int) -> list[Quotation]:
    """Quotations that follow from a mark that is opened in a paragraph and not closed in it."""
    here = paragraphs[index]
    opened = here.open
    assert opened is not None
    following = paragraphs[index + 1 : index + 2 + _MAX_GAP]
    rest = Quotation(opened.start, here.end, (opened.end, here.end), continues=True)
    if following and following[0].opens and _may_run_on(text, here, opened, following[0].opens):
        return [rest]
    if not _is_double(opened.mark):
        return []
    for step, later in enumerate(following):
        if later.first == "close" and later.orphan is not None:
            between = [Quotation(p.start, p.end, (p.start, p.end), continues=True) for p in following[:step]]
            start, end = later.orphan
            later.orphan = None
            return [rest, *between, Quotation(later.start, end, (later.start, start), continues=True)]
        if later.first:
            break
    match = _SENTENCE_END.search(text, opened.end, here.end)
    end = match.end() if match else here.end
    end = min([end, *(q.start for q in here.found if q.start >= opened.end)])
    end = opened.end + len(text[opened.end : end].rstrip())
    return [Quotation(opened.start, end, (opened.end, end), closed=False)] if end > opened.end else []


def _may_run_on(text: str, here: _Paragraph, opened: _Open, next_mark: str) -> bool:
    """Can this be the start of a quotation that the next paragraph reopens? Both need a mark of the same kind."""
    before = text[max(here.start, opened.start - 8) : opened.start].rstrip(_LEADING)
    return _is_double(opened.mark) == _is_double(next_mark) and (not before or before[-1] in ".!?…:,”\"'’")


def _close_orphan(text: str, paragraph: _Paragraph) -> list[Quotation]:
    """A quotation without an opening mark: it starts with the sentence that the closing mark ends."""
    assert paragraph.orphan is not None
    mark, end = paragraph.orphan
    start = max([paragraph.start, *(q.end for q in paragraph.found if q.end <= mark)])
    for match in _SENTENCE_END.finditer(text, start, max(start, mark - 1)):
        if match.start() < match.end() < mark:
            start = match.end()
    start += len(text[start:mark]) - len(text[start:mark].lstrip())
    return [Quotation(start, end, (start, mark), closed=False)] if start < mark else []


def _pair_marks(text: str, start: int, end: int) -> _Paragraph:
    """Pair the marks of one paragraph."""
    paragraph = _Paragraph(start, end)
    stack: list[_Open] = []
    for match in _MARK.finditer(text, start, end):
        left, right = match.span()
        mark = match[0]
        if mark[0] == "=":
            continue
        if max(len(stack), len(paragraph.found)) > _MAX_MARKS:
            break
        if len(mark) == 1 and mark in "'‘’‚‛‹›":
            _handle_single(text, paragraph, stack, left, right)
        else:
            _handle_double(text, paragraph, stack, left, right)
    for entry in stack:
        _discard(paragraph, entry)
    doubles = [entry for entry in stack if _is_double(entry.mark)]
    if doubles:
        # If whole quotations follow the last open mark, its closing mark was forgotten; it does not continue.
        paragraph.open = doubles[0] if doubles[-1].children else doubles[-1]
    elif stack and not stack[-1].fallback:
        paragraph.open = stack[-1]
    return paragraph


def _closed(entry: _Open, left: int, right: int) -> Quotation:
    return Quotation(entry.start, right, (entry.end, left))


def _discard(paragraph: _Paragraph, entry: _Open) -> None:
    """Discard an open mark, or close it at its fallback if it has one."""
    if entry.fallback:
        paragraph.found.append(_closed(entry, *entry.fallback))


def _is_double(mark: str) -> bool:
    return len(mark) == 2 or mark in '"“”„‟«»'


def _handle_double(text: str, paragraph: _Paragraph, stack: list[_Open], left: int, right: int) -> None:
    depth = next((i for i in range(len(stack) - 1, -1, -1) if _is_double(stack[i].mark)), None)
    inner = stack[depth] if depth is not None else None
    if inner is None and _MEASURE.match(text, max(paragraph.start, left - 1)):
        return
    if _FEET_INCHES.search(text, max(paragraph.start, left - 5), left):
        return
    if _closes(text, paragraph, inner, left, right):
        paragraph.first = paragraph.first or "close"
        if inner is None:
            if paragraph.orphan is None:
                paragraph.orphan = (left, right)
            return
        assert depth is not None
        del stack[depth:]
        for entry in stack[-2:]:  # a single mark and the double one around it
            entry.children += 1
        paragraph.found.append(_closed(inner, left, right))
        return
    paragraph.first = paragraph.first or "open"
    if inner is not None and text[left:right] == inner.mark and inner.mark in ('"', "''"):
        # Straight marks do not nest, so the earlier one was never closed.
        assert depth is not None
        del stack[depth:]
    _push_open(text, paragraph, stack, left, right)


def _push_open(text: str, paragraph: _Paragraph, stack: list[_Open], left: int, right: int) -> None:
    mark = text[left:right]
    if not text[max(paragraph.start, left - 8) : left].strip(_LEADING) and left - paragraph.start <= 8:
        paragraph.opens = mark
    stack.append(_Open(left, right, mark))


def _closes(text: str, paragraph: _Paragraph, inner: _Open | None, left: int, right: int) -> bool:
    """Does a double mark close? inner: the innermost open double mark, if any."""
    mark = text[left:right]
    free_left = left == paragraph.start or text[left - 1].isspace() or text[left - 1] in _BEFORE_OPEN
    free_right = right == paragraph.end or text[right].isspace() or text[right] in _AFTER_CLOSE
    opens = free_left and not free_right
    opened_by = inner.mark if inner else ""
    if mark in "“‟" or mark == "``":
        return opened_by == "„" or (inner is not None and free_right and not free_left)
    if mark == "„":
        return False
    if mark == "«":
        return opened_by == "»" or (inner is None and free_right and not free_left)
    if mark == "»":
        return opened_by == "«" or not opens
    if mark == "”":
        return inner is not None or not opens
    return not opens and (inner is not None or (free_right and not free_left))


def _handle_single(text: str, paragraph: _Paragraph, stack: list[_Open], left: int, right: int) -> None:
    mark = text[left]
    top = stack[-1] if stack and not _is_double(stack[-1].mark) else None
    free_left = left == paragraph.start or text[left - 1].isspace() or text[left - 1] in _BEFORE_OPEN
    before_word = right < paragraph.end and text[right].isalnum()
    if top is not None and not free_left and not before_word:
        _close_single(text, paragraph, stack, left, right)
    elif mark in "‘'‚‛‹›" and free_left and right < paragraph.end and not text[right].isspace():
        if _ELISION.match(text, left) or (mark == "›" and top is None):
            return
        if top is not None:  # single marks do not nest; this keeps the search in the stack short
            _discard(paragraph, stack.pop())
        _push_open(text, paragraph, stack, left, right)


def _close_single(text: str, paragraph: _Paragraph, stack: list[_Open], left: int, right: int) -> None:
    """Close at a mark after a word, or record it as fallback if it may be a plural possessive (voters’ will)."""
    top = stack[-1]
    following = text[right : min(right + 2, paragraph.end)]
    possessive = text[left - 1] in "sS" and following[:1] == " " and following[1:].isalpha()
    if possessive and text[left] in "’'":
        if top.fallback is None and left - top.start <= _MAX_BEFORE_POSSESSIVE:
            top.fallback = (left, right)
        return
    stack.pop()
    paragraph.found.append(_closed(top, left, right))
