"""Reader process: print the rows of a workbook (.xlsx, .xls, .xlsb, .ods) from standard input as JSON lines.

A line {"sheet": name} comes before the rows of each sheet; a row is a list of strings.
"""

from __future__ import annotations

import datetime
import io
import sys
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parent))

from child_limits import limit, reject, send  # type: ignore[import-not-found]


def main() -> None:
    import python_calamine as calamine

    try:
        book = calamine.CalamineWorkbook.from_filelike(io.BytesIO(sys.stdin.buffer.read()))
        worksheet = calamine.SheetTypeEnum.WorkSheet
        names = [sheet.name for sheet in book.sheets_metadata if sheet.typ == worksheet]
    except calamine.PasswordError:
        reject("encrypted", "this workbook is encrypted. Open it and save it without its password.")
        return
    except calamine.CalamineError as error:
        reject(
            "bad_workbook", f"this workbook cannot be read ({str(error)[:160]}). Open it and save it again."
        )
        return
    for name in names:
        send({"sheet": name})
        try:
            sheet = book.get_sheet_by_name(name)
            before = sheet.start[0] if sheet.start else 0
            send({"first": before + 1})
            for row in sheet.iter_rows():
                send([_cell(value) for value in row])
        except calamine.CalamineError as error:
            send({"broken": str(error)[:160]})


def _cell(value: Any) -> str:
    """A cell as a string, as a CSV file would hold it."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, datetime.datetime):
        return value.date().isoformat() if value.time() == datetime.time() else value.isoformat()
    return value.isoformat() if isinstance(value, datetime.date | datetime.time) else str(value)


if __name__ == "__main__":
    limit()
    main()
