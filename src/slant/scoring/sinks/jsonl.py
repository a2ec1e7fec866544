"""JSON lines: a row a line, UTF-8, as the schemas in data/schemas say."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TextIO

from slant.errors import UsageError
from slant.scoring.sinks.columns import Records, Row, not_unicode


def write(records: Records, path: Path, made: Mapping[str, str]) -> int:
    """made: not written, each row names its model and codebook itself."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        return write_lines(records, file)


def write_lines(records: Records, file: TextIO) -> int:
    count = 0
    for record in records:
        count += 1
        try:
            file.write(json.dumps(record.to_dict(), ensure_ascii=False) + "\n")
        except UnicodeEncodeError:
            raise not_unicode([record]) from None
    return count


def read(path: Path) -> Iterator[Row]:
    """Raises UsageError, with the line, for one that is no JSON, and for a last line that stops in its middle."""
    with path.open(encoding="utf-8", newline="\n") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except json.JSONDecodeError as error:
                if not line.endswith("\n"):
                    raise UsageError(
                        f"{path} line {number}, the last one, stops in its middle: the file was cut off after "
                        f"{number - 1:,} whole rows. slant writes a file whole or not at all, so a copy went wrong; "
                        "copy it again."
                    ) from None
                raise UsageError(f"{path} line {number} is no JSON: {error}") from None
            yield row if isinstance(row, dict) else {}
