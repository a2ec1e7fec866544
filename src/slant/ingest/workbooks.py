"""Read the sheets of a workbook (.xlsx, .xls, .xlsb, .ods) as tables, one article per row."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any, BinaryIO

from slant.errors import Rejected
from slant.ingest.article_rows import DEFAULT_COLUMNS, Columns, missing_text_hint
from slant.ingest.child_process import read_in_child
from slant.ingest.tables import Rows

# Characters that Excel keeps of one cell; longer text is cut when a table is opened or saved.
FULL_CELL = 32_767
_HEADER_ROWS = 30  # rows at the start of a sheet in which the header is looked for
_Numbered = tuple[int, list[str]]


def sheets(stream: BinaryIO, path: str, *, columns: Columns = DEFAULT_COLUMNS) -> Iterator[tuple[str, Rows]]:
    """`(where, rows)` per sheet that is not empty. Rows above the header (a heading, a blank row) are passed over.

    The rows of a sheet without a text column are one Rejected with its columns. Read each sheet before the next one.
    Raises Rejected: needs_office, encrypted, bad_workbook, unreadable or empty.
    """
    found = read_in_child("child_sheets.py", stream, path, module="python_calamine", what="a spreadsheet")
    count = 0
    for name, rows in groupby(_with_sheet(found), key=lambda each: each[0]):
        filled = (each for _, each in rows if isinstance(each, str) or any(cell.strip() for cell in each[1]))
        first = next(filled, None)
        if first is not None:
            count += 1
            where = f"{path}!{name}"
            yield where, _table(first, filled, where, columns)
    if not count:
        raise Rejected(path, "empty", "this workbook has no cells. Expected one article per row.")


def _with_sheet(values: Iterator[Any]) -> Iterator[tuple[str, _Numbered | str]]:
    """`(sheet, (row number, cells))`, or `(sheet, what is broken)`."""
    sheet, number = "", 0
    for value in values:
        if isinstance(value, list):
            yield sheet, (number, value)
            number += 1
        elif "sheet" in value:
            sheet = value["sheet"]
        elif "first" in value:
            number = value["first"]
        else:
            yield sheet, str(value["broken"])


def _table(first: _Numbered | str, rest: Iterator[_Numbered | str], where: str, columns: Columns) -> Rows:
    header: list[str] | None = None
    skipped: list[list[str]] = []
    row: _Numbered | str | None = first
    while row is not None:
        if isinstance(row, str):
            yield Rejected(
                where, "bad_workbook", f"this sheet cannot be read ({row}). Open it and save it again."
            )
            return
        number, cells = row
        if header is not None:
            yield f"{where}:{number}", {name: cell for name, cell in zip(header, cells, strict=False) if name}
        elif any(columns.field(cell) == "text" for cell in cells if len(cell) < 100):
            header = _named(cells)
        else:
            skipped.append(cells)
            if len(skipped) >= _HEADER_ROWS:
                break
        row = next(rest, None)
    if header is None:
        names = [cell for cell in max(skipped, key=lambda cells: sum(map(bool, cells))) if cell.strip()]
        yield Rejected(
            where, "no_text_column", f"no column holds the text. {missing_text_hint(names, columns)}"
        )


def _named(cells: list[str]) -> list[str]:
    """Names of the columns; "" for a repeated one, of which the first counts."""
    return [cell if cell not in cells[:number] else "" for number, cell in enumerate(cells)]
