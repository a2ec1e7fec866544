"""The columns of a table that slant does not use itself: they travel along with a row to every output."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from slant.ingest.comment_names import plain_name
from slant.ingest.decoding import convert_newlines
from slant.records import Article, Note

# Columns with the id that a source gives its document, in order of precedence.
ID_COLUMNS = (
    "id",
    "article_id",
    "doc_id",
    "document_id",
    "docid",
    "story_id",
    "news_id",
    "_id",
    "guid",
    "uuid",
)
LONGEST = 500  # characters of a cell that travels along unasked
MOST = 200  # columns of a row that travel along unasked


def source_id(row: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Return the column with the row's own id, and the id; None for both without one."""
    by_name = {plain_name(name): name for name in reversed(list(row))}
    by_name |= {str(name).strip().strip("\ufeff").lower(): name for name in row}  # "_id" beside "id"
    for known in (*ID_COLUMNS, *map(plain_name, ID_COLUMNS)):
        value = row.get(by_name.get(known, ""))
        if not isinstance(value, Mapping | list | bool) and (text := cell_text(value)):
            return by_name[known], text[:LONGEST]
    return None, None


def is_id_column(name: object) -> bool:
    """Return whether a column of this name holds the id of a document: "article_id", "articleID", "Doc ID"."""
    return plain_name(name) in map(plain_name, ID_COLUMNS)


def other_cells(
    row: Mapping[str, Any], used: Collection[str], keep: Collection[str] = ()
) -> tuple[dict[str, str], list[Note]]:
    """Return the cells of the columns that travel along, as text, and notes on those that do not.

    used: columns that are in the article already. keep: the only columns to take, of any length; empty for all.
    """
    cells: dict[str, str] = {}
    notes: list[Note] = []
    for name, value in row.items():
        name = _writable(str(name).strip().strip("\ufeff"))
        if name in used or not name or (keep and name not in keep):
            continue
        text = cell_text(value)
        if not text:
            continue
        if not keep and (len(text) > LONGEST or len(name) > LONGEST):
            notes.append(
                _left_out(f"column {name[:80]!r} has cells of over {LONGEST} characters, which", name[:80])
            )
        elif len(cells) == MOST and not keep:
            notes.append(_left_out(f"columns after the first {MOST}", "COLUMN"))
            break
        else:
            cells[name] = text
    return cells, notes


def _left_out(what: str, name: str) -> Note:
    return Note("columns", f"{what} do not travel along; --keep {name} takes them.")


def cell_text(value: Any) -> str:
    """Return a cell as text, lists and objects as JSON; empty for an empty cell."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return ""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, str):
        text = convert_newlines(value).strip()
    elif isinstance(value, Mapping | list | tuple | bool):
        try:
            text = json.dumps(value, ensure_ascii=False, default=str) if value or value is False else ""
        except (ValueError, TypeError, RecursionError):
            text = ""
    else:
        text = str(value)
    return _writable(text)


def _writable(text: str) -> str:
    """Return the text without half characters and NUL, which no output could hold."""
    return text.encode("utf-8", "replace").decode().replace("\x00", "")


def missing_columns(names: Collection[object], keep: Collection[str]) -> list[Note]:
    """Return a note on the columns to keep that a table does not have. names: its columns; empty for no table."""
    present = {str(name).strip().strip("\ufeff") for name in names}
    missing = [name for name in keep if present and name not in present]
    if not missing:
        return []
    shown = ", ".join(sorted(present))[:200]
    return [
        Note("columns", f"its rows do not have the column of --keep {', '.join(missing)}. Found: {shown}.")
    ]


class NoteOnce:
    """Drops notes on columns that an article of the same table had before. first: notes for the first article."""

    def __init__(self, first: Sequence[Note] = ()) -> None:
        self._first, self._seen = tuple(first), set[Note]()

    def __call__(self, article: Article) -> Article:
        """Return the article with the notes that are new."""
        notes = (*self._first, *article.notes)
        if not notes:
            return article
        new = tuple(note for note in notes if note.reason != "columns" or note not in self._seen)
        self._first = ()
        if len(self._seen) < MOST:
            self._seen.update(note for note in new if note.reason == "columns")
        return replace(article, notes=new)
