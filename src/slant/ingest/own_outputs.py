"""Recognize what slant itself wrote, so that units, scores and reports in a folder are not read as articles."""

from __future__ import annotations

import re
from collections.abc import Collection

from slant.errors import Rejected

_SEPARATOR = rb"[,;\t]"
# What the first bytes of a file are, and what to do with it. A table or JSON of others may have one of the columns, but not
# several in this order.
_KINDS: tuple[tuple[re.Pattern[bytes], str, str], ...] = tuple(
    (re.compile(rb"(?:\xef\xbb\xbf)?\s*" + pattern), what, advice)
    for pattern, what, advice in (
        (rb'\[?\s*\{\s*"article_id"\s*:\s*"[^"]*"\s*,\s*"unit_id"\s*:', "scores", "report"),
        (rb'"?article_id"?' + _SEPARATOR + rb'"?unit_id"?' + _SEPARATOR, "scores", "report"),
        (rb'\{"path": "[^\n]*", "reason": "\w+", "detail": "', "a list of rejected documents or notes", ""),
        (rb'\{"unit_id": "[^"\n]*", "task": "', "a sample to label", "gold"),
        (rb'\{"unit_id": "[^"\n]*", "document": "', "labels", ""),
        (rb'"?unit_id"?' + _SEPARATOR + rb'"?task"?' + _SEPARATOR + rb'"?target"?' + _SEPARATOR, "a sample to label", "gold"),
        (rb'probed' + _SEPARATOR + b"text" + _SEPARATOR + b"accuracy" + _SEPARATOR, "a table of slant compare", ""),
        (rb"# Methods\s+We compared [\d,]+ articles? by ", "the methods of slant compare", ""),
    )
)  # fmt: skip
_PAGE = b'<meta name="generator" content="slant">'
_UNIT_COLUMNS = {"article_id", "unit_id", "kind", "position", "start", "end"}
_ADVICE = {
    "report": " To show scores: slant report FILE -o PAGE.html; to compare them: slant compare FILE -o FOLDER.",
    "units": " To score units, write them as JSON lines: slant score --units FILE.jsonl -o SCORES.",
    "gold": " To use its labels: slant compare SCORES --gold FILE -o FOLDER.",
    "": "",
}


def refuse_own_output(head: bytes, path: str) -> None:
    """Raise Rejected "own_output" if slant wrote the document that starts with `head`."""
    if _PAGE in head:
        raise _own_output(path, "a page", "")
    for pattern, what, advice in _KINDS:
        if pattern.match(head):
            is_units = advice == "report" and b"stance" not in head
            raise _own_output(path, *(("units", "units") if is_units else (what, advice)))


def refuse_own_table(columns: Collection[str], path: str, metadata: Collection[str] = ()) -> None:
    """Raise Rejected "own_output" if slant wrote a table, by its columns in any order and the names of its metadata."""
    if is_own_row(columns):
        scored = "stance" in columns
        raise _own_output(path, *(("scores", "report") if scored else ("units", "units")))
    if any(name.startswith("slant.") for name in metadata):
        raise _own_output(path, "a table of slant compare", "")


def is_own_row(columns: Collection[str]) -> bool:
    """Return whether a row has the columns of a unit."""
    return "unit_id" in columns and set(columns) >= _UNIT_COLUMNS


def is_own_output(head: bytes) -> bool:
    """Return whether slant wrote a text file that starts with `head`."""
    return _PAGE in head or any(pattern.match(head) for pattern, _, _ in _KINDS)


def _own_output(path: str, what: str, advice: str) -> Rejected:
    detail = f"slant wrote this file: it is {what}, not an article.{_ADVICE[advice]}"
    return Rejected(path, "own_output", detail)
