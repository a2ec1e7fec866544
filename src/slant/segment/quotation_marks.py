"""Where quotation marks open and close: pairs of marks in running text, in any house style.

Reads “curly”, "straight", ''doubled'', «guillemets» both ways round, „low” and „low“, ‘single’ and 'single'
marks; keeps apostrophes ('90s, don't, the voters' will), feet and inches apart from them; follows a quotation
over paragraphs. One pass with a stack, linear in the text. An odd mark never swallows more than its sentence.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

# What looks like an attribute of a tag (name="value") is passed over as a whole.
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
_FALLBACK_REACH = 90  # characters that a single quotation may run to close at what may be a plural possessive
_LEADING = " \t\u00a0>*_(["  # what may stand before a paragraph's first mark
_MOST = (
    1000  # quotations of one paragraph, or marks in it that wait for their close; what has more is no prose
)
_GAP = 4  # paragraphs without any mark that a quotation may run over before it closes


@dataclass(frozen=True, slots=True)
class Quotation:
    """A quotation with its marks: `text[start:end]`; `inner` is what stands between the marks.

    closed: False where a mark is missing and the end was inferred.
    continues: it runs over to or from another paragraph.
    """

    start: int
    end: int
    inner: tuple[int, int]
    closed: bool = True
    continues: bool = False


@dataclass(slots=True)
class _Open:
    start: int
    end: int
    mark: str
    fallback: tuple[int, int] | None = None
    children: int = 0


@dataclass(slots=True)
class _Paragraph:
    """What one paragraph's marks say.

    open: a mark that opens and never closes.
    orphan: a double mark that closes what this paragraph did not open.
    first: what its first double mark does, "open" or "close", or "" where there is none.
    opens: the opening mark that it begins with, or "".
    """

    start: int
    end: int
    found: list[Quotation] = field(default_factory=list)
    open: _Open | None = None
    orphan: tuple[int, int] | None = None
    first: str = ""
    opens: str = ""


def find_quotations(text: str) -> list[Quotation]:
    """The outermost quotations of a text, in order and apart from each other. Paragraphs are lines."""
    paragraphs = [_read(text, *line.span()) for line in _LINE.finditer(text) if not line[0].isspace()]
    found: list[Quotation] = []
    for index, paragraph in enumerate(paragraphs):
        found += paragraph.found
        if paragraph.open is not None:
            found += _continue(text, paragraphs, index)
        if paragraph.orphan is not None:
            found += _orphan(text, paragraph)
    return _outermost(found)


def _outermost(found: list[Quotation]) -> list[Quotation]:
    kept: list[Quotation] = []
    for quotation in sorted(found, key=lambda q: (q.start, -q.end)):
        if not kept or quotation.start >= kept[-1].end:
            kept.append(quotation)
    return kept


def _continue(text: str, paragraphs: list[_Paragraph], index: int) -> list[Quotation]:
    """The quotation(s) that come of a mark which opens in a paragraph and does not close in it."""
    here = paragraphs[index]
    opened = here.open
    assert opened is not None
    following = paragraphs[index + 1 : index + 2 + _GAP]
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
    """Whether a quotation that the next paragraph reopens began here: with a sentence, by a like mark."""
    before = text[max(here.start, opened.start - 8) : opened.start].rstrip(_LEADING)
    return _is_double(opened.mark) == _is_double(next_mark) and (not before or before[-1] in ".!?…:,”\"'’")


def _orphan(text: str, paragraph: _Paragraph) -> list[Quotation]:
    """A quotation whose opening mark is missing: from the start of its last sentence."""
    assert paragraph.orphan is not None
    mark, end = paragraph.orphan
    start = max([paragraph.start, *(q.end for q in paragraph.found if q.end <= mark)])
    for match in _SENTENCE_END.finditer(text, start, max(start, mark - 1)):
        if match.start() < match.end() < mark:
            start = match.end()
    start += len(text[start:mark]) - len(text[start:mark].lstrip())
    return [Quotation(start, end, (start, mark), closed=False)] if start < mark else []


def _read(text: str, start: int, end: int) -> _Paragraph:
    """Pair the marks of one paragraph."""
    paragraph = _Paragraph(start, end)
    stack: list[_Open] = []
    for match in _MARK.finditer(text, start, end):
        left, right = match.span()
        mark = match[0]
        if mark[0] == "=":
            continue
        if max(len(stack), len(paragraph.found)) > _MOST:
            break
        if len(mark) == 1 and mark in "'‘’‚‛‹›":
            _single(text, paragraph, stack, left, right)
        else:
            _double(text, paragraph, stack, left, right)
    for entry in stack:
        _drop(paragraph, entry)
    doubles = [entry for entry in stack if _is_double(entry.mark)]
    if doubles:
        # A mark with whole quotations after it was forgotten there, it does not run on.
        paragraph.open = doubles[0] if doubles[-1].children else doubles[-1]
    elif stack and not stack[-1].fallback:
        paragraph.open = stack[-1]
    return paragraph


def _closed(entry: _Open, left: int, right: int) -> Quotation:
    return Quotation(entry.start, right, (entry.end, left))


def _drop(paragraph: _Paragraph, entry: _Open) -> None:
    """Give up waiting for the close: take the possessive-looking one, if there was any."""
    if entry.fallback:
        paragraph.found.append(_closed(entry, *entry.fallback))


def _is_double(mark: str) -> bool:
    return len(mark) == 2 or mark in '"“”„‟«»'


def _double(text: str, paragraph: _Paragraph, stack: list[_Open], left: int, right: int) -> None:
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
        for entry in stack[-2:]:  # a single and the double under it
            entry.children += 1
        paragraph.found.append(_closed(inner, left, right))
        return
    paragraph.first = paragraph.first or "open"
    if inner is not None and text[left:right] == inner.mark and inner.mark in ('"', "''"):
        # Straight marks do not nest: the earlier one was never closed.
        assert depth is not None
        del stack[depth:]
    _push(text, paragraph, stack, left, right)


def _push(text: str, paragraph: _Paragraph, stack: list[_Open], left: int, right: int) -> None:
    mark = text[left:right]
    if not text[max(paragraph.start, left - 8) : left].strip(_LEADING) and left - paragraph.start <= 8:
        paragraph.opens = mark
    stack.append(_Open(left, right, mark))


def _closes(text: str, paragraph: _Paragraph, inner: _Open | None, left: int, right: int) -> bool:
    """Whether a double mark closes; `inner` is the double quotation that is open there, if any."""
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


def _single(text: str, paragraph: _Paragraph, stack: list[_Open], left: int, right: int) -> None:
    mark = text[left]
    top = stack[-1] if stack and not _is_double(stack[-1].mark) else None
    free_left = left == paragraph.start or text[left - 1].isspace() or text[left - 1] in _BEFORE_OPEN
    before_word = right < paragraph.end and text[right].isalnum()
    if top is not None and not free_left and not before_word:
        _close_single(text, paragraph, stack, left, right)
    elif mark in "‘'‚‛‹›" and free_left and right < paragraph.end and not text[right].isspace():
        if _ELISION.match(text, left) or (mark == "›" and top is None):
            return
        if (
            top is not None
        ):  # single marks do not nest in each other; this keeps the search in the stack short
            _drop(paragraph, stack.pop())
        _push(text, paragraph, stack, left, right)


def _close_single(text: str, paragraph: _Paragraph, stack: list[_Open], left: int, right: int) -> None:
    """Close at a mark after a word; if it looks like a plural possessive (voters’ will), keep it in mind."""
    top = stack[-1]
    following = text[right : min(right + 2, paragraph.end)]
    possessive = text[left - 1] in "sS" and following[:1] == " " and following[1:].isalpha()
    if possessive and text[left] in "’'":
        if top.fallback is None and left - top.start <= _FALLBACK_REACH:
            top.fallback = (left, right)
        return
    stack.pop()
    paragraph.found.append(_closed(top, left, right))
