"""Refuse text in which two columns of a page are woven line by line, as `pdftotext -layout` writes them."""

from __future__ import annotations

import re
from collections import Counter
from statistics import median

from slant.errors import Rejected

_GAP = re.compile(r"(?<!\s)[ \t]{3,200}(?=\S)|^[ \t]{12,200}(?=\S)", re.MULTILINE)
_MIN_LINES = 4  # with text of both columns
_MIN_SHARE = 0.2  # of all lines
_MIN_WORDS = (
    3  # of a usual line in each column; the cells of a table and the names in a transcript have fewer
)
_CHECKED = 200_000  # characters from the start


def check_woven(text: str, path: str) -> None:
    """Raises Rejected "two_columns" if many lines have a gap at the same place with prose on both sides."""
    if "     " not in text:
        return
    lines = [line for line in text[:_CHECKED].expandtabs().split("\n") if line.strip()]
    at = Counter(found.end() for line in lines for found in _GAP.finditer(line))
    for column, count in at.most_common(3):
        if count < _MIN_LINES:
            return
        cut = [
            (line[:column].strip(), line[column:].split("   ")[0]) for line in lines if _has_gap(line, column)
        ]
        both = [(left, right) for left, right in cut if left]
        if len(both) < _MIN_LINES or len(both) < _MIN_SHARE * len(lines):
            continue
        if (
            min(median(len(side.split()) for side in sides) for sides in zip(*both, strict=True))
            >= _MIN_WORDS
        ):
            detail = (
                f"{len(cut)} of its {len(lines)} lines hold two columns side by side, so their sentences are mixed. Pass the "
                "PDF itself, or write the text in reading order: pdftotext FILE.pdf FILE.txt, without -layout."
            )
            raise Rejected(path, "two_columns", detail)


def _has_gap(line: str, column: int) -> bool:
    return len(line) > column and line[column] != " " and not line[max(0, column - 3) : column].strip()
