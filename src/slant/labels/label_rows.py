"""Rows of a sample or of labels, in CSV or JSON lines: as `slant sample` wrote them, or a spreadsheet has saved them."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from slant.errors import UsageError

# A spreadsheet takes a cell that begins so for a formula and replaces it by its result.
_FORMULA = re.compile(r"'*[=+\-@\t\r]")


def guarded(cell: Any) -> Any:
    """Put an apostrophe before a text that a spreadsheet would calculate."""
    return f"'{cell}" if isinstance(cell, str) and _FORMULA.match(cell) else cell


def read_rows(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the rows of a .csv or .jsonl file, without the apostrophes of `guarded`.

    Raises UsageError if the file cannot be read.
    """
    ending = path.suffix.lower()
    if not path.is_file():
        raise UsageError(f"{path}: no such file. `slant sample` writes one to fill in.")
    if ending not in (".csv", ".jsonl"):
        raise UsageError(f"{path}: labels are read from .csv and .jsonl files.")
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            if ending == ".jsonl":
                yield from _objects(path, file)
                return
            # In some countries spreadsheets separate columns with semicolons.
            dialect = csv.Sniffer().sniff(file.readline(), delimiters=",;\t")
            file.seek(0)
            for row in csv.DictReader(file, delimiter=dialect.delimiter):
                yield {name: _unguarded(cell) for name, cell in row.items() if name}
    except (ValueError, RecursionError, csv.Error) as error:
        raise UsageError(f"{path} cannot be read as {ending[1:]} in UTF-8 ({error}).") from None


def _objects(path: Path, lines: Iterator[str]) -> Iterator[dict[str, Any]]:
    for number, row in enumerate((json.loads(line) for line in lines if line.strip()), 1):
        if not isinstance(row, dict):
            raise UsageError(f"{path} row {number}: expected an object with the columns of a sample.")
        yield row


def _unguarded(cell: Any) -> Any:
    """A cell that lost its apostrophe in a spreadsheet stays as it is."""
    return cell[1:] if isinstance(cell, str) and cell.startswith("'") and _FORMULA.match(cell) else cell
