"""Text of a PDF in reading order: columns one after another, torn words mended, running heads and page numbers left out."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from slant.errors import Rejected
from slant.ingest.child_process import read_in_child
from slant.records import Note
from slant.segment.line_ends import join_lines

_EDGE = 0.13  # of the page at its top and bottom, where running heads stand
_MIN_COLUMN = 15  # characters of a usual line of a column; cells of a table have fewer
_MIN_LINES = 3  # of a column
_MAX_SPANNING = (
    0.4  # of the lines of a page may cross the gap between its columns (headlines, pictures' captions)
)
_HEADING = 1.18  # times the size of the text
_SCANNED = 25  # characters per page; a scan has none, or a stamp
_AROUND = 8  # lines
_MAX_DEPTH = 12  # columns within columns
_STRANGE = re.compile("[\ufffd\ue000-\uf8ff\x00-\x08\x0b-\x1f]")
_PAGE_NUMBER = re.compile(
    r"[-–—|\s]*(?:(?:page|p\.|seite|página)\s*)?(?:\d{1,4}|[ivxlc]{1,7})(?:\s*(?:/|of|von|de)\s*\d{1,4})?[-–—|.\s]*",
    re.I,
)
_LIGATURES = str.maketrans(
    {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st", "\u200b": ""}
)
_SENTENCE_END = re.compile(r"[.!?…:][\"”’»')\]]*\Z")


@dataclass(slots=True)
class _Line:
    left: float
    bottom: float
    right: float
    top: float
    text: str
    page: int = 0
    size: float = 0.0  # height of the characters

    @property
    def middle(self) -> float:
        return (self.bottom + self.top) / 2

    @property
    def width(self) -> float:
        return self.right - self.left


@dataclass(slots=True)
class _Page:
    height: float
    lines: list[_Line]
    pictures: bool


def pdf_text(data: bytes, path: str) -> tuple[str, tuple[Note, ...]]:
    """Text of a PDF with a blank line between paragraphs and `#` before headings, and notes on what was left out.

    Raises Rejected: needs_office, encrypted, bad_pdf, too_large, scanned, garbled, empty or unreadable.
    """
    pages = list(_pages(data, path))
    characters = sum(len(line.text) for page in pages for line in page.lines)
    if characters < _SCANNED * len(pages) and any(page.pictures for page in pages):
        detail = f"its {len(pages):,} pages are pictures without text (a scan). Recognize it first: ocrmypdf FILE.pdf NEW.pdf"
        raise Rejected(path, "scanned", detail)
    if not characters:
        raise Rejected(path, "empty", "this PDF has no text. Expected the text of an article.")
    strange = sum(len(_STRANGE.findall(line.text)) for page in pages for line in page.lines)
    if strange > 0.2 * characters:
        detail = "its letters have no Unicode values. Recognize its text first: ocrmypdf --force-ocr FILE.pdf NEW.pdf"
        raise Rejected(path, "garbled", detail)
    _drop_running_heads(pages)
    everything = [line for page in pages for line in page.lines]
    if not everything:
        raise Rejected(path, "empty", "this PDF has only page numbers and running heads.")
    size = _usual_size(everything)
    document = "\n".join(line.text for line in everything)
    paragraphs: list[list[_Line]] = []
    for page in pages:
        for block in _reading_order(_join_pieces(_attach_initials(page.lines, size))):
            paragraphs += _paragraphs(block, size)
    text = _write(_continue(paragraphs, size), size, document)
    return text, tuple(_notes(pages))


def _pages(data: bytes, path: str) -> Iterator[_Page]:
    found = read_in_child("child_pdf.py", io.BytesIO(data), path, module="pypdfium2", what="a PDF")
    for number, value in enumerate(found, -1):
        if "pages" in value:
            continue
        lines = [
            _Line(left, bottom, right, top, text.translate(_LIGATURES).strip(), number, top - bottom)
            for left, bottom, right, top, text in value["lines"]
            if text.strip()
        ]
        yield _Page(value["size"][1], lines, value["pictures"])


def _notes(pages: Sequence[_Page]) -> Iterator[Note]:
    scanned = [str(number) for number, page in enumerate(pages, 1) if page.pictures and not page.lines]
    if scanned:
        named = ", ".join(scanned[:10]) + (", …" if len(scanned) > 10 else "")
        yield Note(
            "scanned",
            f"pages without text (pictures, perhaps scans): {named}. Recognize their text first: ocrmypdf.",
        )


# ---- running heads and page numbers


def _drop_running_heads(pages: Sequence[_Page]) -> None:
    """Drop lines at the top and bottom edge that come back on other pages, and page numbers."""
    seen = Counter(key for page in pages for key in {_key(line) for line in _at_edge(page)})
    least = max(2, min(3, (len(pages) + 1) // 2))
    for page in pages:
        edge = {
            id(line)
            for line in _at_edge(page)
            if seen[_key(line)] >= least or (_PAGE_NUMBER.fullmatch(line.text) and _is_outermost(line, page))
        }
        page.lines = [line for line in page.lines if id(line) not in edge]


def _at_edge(page: _Page) -> Iterator[_Line]:
    for line in page.lines:
        if line.bottom > (1 - _EDGE) * page.height or line.top < _EDGE * page.height:
            yield line


def _is_outermost(line: _Line, page: _Page) -> bool:
    above = any(other.bottom > line.top for other in page.lines)
    below = any(other.top < line.bottom for other in page.lines)
    return not (above and below)


def _key(line: _Line) -> str:
    return re.sub(r"\d+", "#", line.text.lower()) + f"@{round(line.middle / 6)}"


# ---- pieces of lines


def _usual_size(lines: Iterable[_Line]) -> float:
    """Height of most characters."""
    counts: Counter[float] = Counter()
    for line in lines:
        counts[round(line.size * 2) / 2] += len(line.text)
    return counts.most_common(1)[0][0] or 1.0


def _attach_initials(lines: list[_Line], size: float) -> list[_Line]:
    """Put a large initial letter ("T") before the rest of its word ("he town"), and end the indent of the lines beside it."""
    kept = list(lines)
    for initial in [
        line for line in lines if len(line.text) <= 2 and line.text[:1].isalpha() and line.size > 1.7 * size
    ]:
        beside = [
            line
            for line in kept
            if line is not initial
            and line.size < 0.7 * initial.size
            and -0.3 * size < line.left - initial.right < 1.5 * size
            and initial.bottom - 0.5 * size < line.middle < initial.top + 0.3 * size
        ]
        if not beside:
            continue
        first = max(beside, key=lambda line: line.middle)
        first.text = initial.text + (
            first.text if first.text[:1].isalpha() and initial.text not in "AI" else " " + first.text
        )
        for line in beside:
            line.left = initial.left
        kept.remove(initial)
    return kept


def _join_pieces(lines: Iterable[_Line]) -> list[_Line]:
    """Join pieces of a line that the file holds apart (other fonts), unless a gap as wide as between columns parts them."""
    joined: list[_Line] = []
    for line in sorted(lines, key=lambda line: (-round(line.middle / (0.4 * line.size or 1)), line.left)):
        for before in reversed(joined[-6:]):
            size = min(line.size, before.size)
            gap = line.left - before.right
            if abs(line.middle - before.middle) < 0.35 * size and -0.4 * size < gap < 0.8 * size:
                before.text += (" " if gap > 0.18 * size else "") + line.text
                before.right, before.top = max(before.right, line.right), max(before.top, line.top)
                before.bottom, before.size = min(before.bottom, line.bottom), max(before.size, line.size)
                break
        else:
            joined.append(line)
    return joined


# ---- columns


def _reading_order(lines: list[_Line], depth: int = 0) -> Iterator[list[_Line]]:
    """Blocks of lines of one column, in reading order.

    Lines that cross the gap between two columns (a headline over both) cut the page into bands, read from the top; in each
    band the left column comes before the right one.
    """
    gap = _column_gap(lines) if depth < _MAX_DEPTH else None
    if gap is None:
        if lines:
            yield sorted(lines, key=lambda line: (-line.middle, line.left))
        return
    band: list[_Line] = []
    spanning: list[_Line] = []
    for line in sorted(lines, key=lambda line: -line.middle):
        if line.left < gap - 1 and line.right > gap + 1:
            yield from _columns(band, gap, depth)
            band = []
            spanning.append(line)
        else:
            if spanning:
                yield spanning
                spanning = []
            band.append(line)
    yield from _columns(band, gap, depth)
    if spanning:
        yield spanning


def _columns(band: list[_Line], gap: float, depth: int) -> Iterator[list[_Line]]:
    yield from _reading_order([line for line in band if line.right <= gap + 1], depth + 1)
    yield from _reading_order([line for line in band if line.right > gap + 1], depth + 1)


def _column_gap(lines: Sequence[_Line]) -> float | None:
    """Where the fewest lines cross between two columns of prose, or None if the lines are one column."""
    if len(lines) < 2 * _MIN_LINES:
        return None
    best: tuple[int, float] | None = None
    for at in sorted({round(line.left, 0) for line in lines})[:200]:
        gap = at - 2
        right = [line for line in lines if line.left >= gap]
        left = [line for line in lines if line.right <= gap]
        crossing = len(lines) - len(left) - len(right)
        if crossing > _MAX_SPANNING * len(lines) or not (_is_column(left) and _is_column(right)):
            continue
        top, bottom = max(line.top for line in right), min(line.bottom for line in right)
        side_by_side = [line for line in left if bottom < line.middle < top]
        if len(side_by_side) < _MIN_LINES:
            continue
        # The first of equally good gaps, so that the leftmost column comes off first.
        if best is None or crossing < best[0]:
            best = (crossing, gap)
    return best and best[1]


def _is_column(lines: Sequence[_Line]) -> bool:
    return len(lines) >= _MIN_LINES and median(len(line.text) for line in lines) >= _MIN_COLUMN


# ---- paragraphs


def _paragraphs(block: Sequence[_Line], size: float) -> list[list[_Line]]:
    """Cut a block of one column into paragraphs: at wide gaps, indents, other sizes and short last lines."""
    gaps = [before.middle - line.middle for before, line in pairwise(block) if before.middle > line.middle]
    spacing = min(median(gaps), 2.2 * size) if gaps else 1.2 * size
    body = [line for line in block if line.size < _HEADING * size] or list(block)
    left = median(line.left for line in body)
    found: list[list[_Line]] = []
    for number, line in enumerate(block):
        before = found[-1][-1] if found else None
        # The lines around it say how far a line may go: beside a picture, all are shorter.
        right = max(each.right for each in block[max(0, number - _AROUND) : number + _AROUND])
        if before is None or _is_new(before, line, (left, right, spacing, size)):
            found.append([line])
        else:
            found[-1].append(line)
    return found


def _is_new(before: _Line, line: _Line, column: tuple[float, float, float, float]) -> bool:
    left, right, spacing, size = column
    if abs(before.middle - line.middle) < 0.4 * size:  # two pieces of one line
        return False
    if _is_heading(before, size) != _is_heading(line, size) or abs(before.size - line.size) > 0.25 * size:
        return True
    step = spacing if not _is_heading(line, size) else 1.5 * line.size
    if before.middle - line.middle > 1.35 * step:
        return True
    if (
        line.left > before.left + 0.7 * size
        and before.left < left + 0.5 * size
        and line.left < left + 6 * size
    ):
        return True  # an indent
    room = right - before.right
    if room > 0.25 * (right - left) and _SENTENCE_END.search(before.text):
        return True
    # The next word would have gone on this line, so it was ended on purpose.
    word = len(line.text.split(None, 1)[0]) + 1
    return not _is_heading(line, size) and room > 1.4 * word * before.width / len(before.text) + size


def _is_heading(line: _Line, size: float) -> bool:
    return line.size > _HEADING * size


def _continue(paragraphs: list[list[_Line]], size: float) -> list[list[_Line]]:
    """Join paragraphs that go on in the next column or on the next page."""
    out: list[list[_Line]] = []
    for paragraph in paragraphs:
        before = out[-1][-1] if out else None
        first = paragraph[0]
        if (
            before is not None
            and (before.page != first.page or before.middle < first.middle)
            and not _is_heading(before, size)
            and abs(before.size - first.size) < 0.15 * size
            and not _SENTENCE_END.search(before.text)
            and first.text[:1].islower()
        ):
            out[-1].extend(paragraph)
        else:
            out.append(paragraph)
    return out


def _write(paragraphs: Sequence[Sequence[_Line]], size: float, document: str) -> str:
    largest = max(
        (lines[0].size for lines in paragraphs if lines[0].page == paragraphs[0][0].page), default=size
    )
    pieces = []
    for lines in paragraphs:
        text = lines[0].text
        for line in lines[1:]:
            dropped, joiner = join_lines(text, line.text, document)
            text = (text[:-dropped] if dropped else text) + joiner + line.text
        if _is_heading(lines[0], size) and len(text) < 300:
            text = ("# " if lines[0].size > 0.9 * largest else "## ") + text
        pieces.append(text)
    return "\n\n".join(pieces)
