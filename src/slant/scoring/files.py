"""Score and unit files, written whole or not at all, and read back. The ending says the format."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from slant.errors import SlantError, UsageError
from slant.records import Score, score_from_dict
from slant.scoring.sinks import database, flat, jsonl, parquet
from slant.scoring.sinks.columns import Records, Row
from slant.scoring.whole import whole

_WRITERS: dict[str, Callable[[Records, Path, Mapping[str, str]], int]] = {
    ".jsonl": jsonl.write,
    ".csv": flat.write,
    ".parquet": parquet.write,
    ".duckdb": database.write,
}
_READERS: dict[str, Callable[[Path], Iterator[Row]]] = {
    ".jsonl": jsonl.read,
    ".parquet": parquet.read,
    ".duckdb": database.read,
}
FORMATS = tuple(_WRITERS)


def check_format(path: str, *, formats: Sequence[str] = FORMATS) -> str:
    """The ending of an output path; "-" (standard output) is JSON lines. Raises UsageError for one that cannot be written."""
    ending = ".jsonl" if path == "-" else Path(path).suffix.lower()
    if ending not in formats:
        raise UsageError(
            f"-o {path}: the ending {ending or '(none)'} says no format. Use one of {', '.join(formats)}."
        )
    return ending


def write_rows(records: Records, path: str, *, made: Mapping[str, str] | None = None) -> int:
    """Write scores or units to `path` in the format of its ending; "-" is JSON lines on standard output.

    The file appears under its name when it is complete. Returns the number of records.
    made: what the rows were made with, name → fingerprint, for the metadata of Parquet and DuckDB files.
    Raises UsageError where nothing can be written, SlantError for a full disk or a text that no file can hold.
    """
    ending = check_format(path)
    if path == "-":
        return _to_stdout(records)
    with whole(Path(path)) as part:
        return _WRITERS[ending](records, part, made or {})


def _to_stdout(records: Records) -> int:
    try:
        count = jsonl.write_lines(records, sys.stdout)
        sys.stdout.flush()
    except BrokenPipeError:  # `| head` has seen enough
        raise
    except OSError as error:
        raise SlantError(f"standard output cannot be written to its end ({error.strerror}).") from error
    return count


def read_scores(paths: Sequence[str]) -> Iterator[Score]:
    """The scores in JSON lines, Parquet and DuckDB files, in order; memory holds a few thousand at a time.

    Raises UsageError for a file that is missing, cut off, of another kind, or whose rows are no scores (with the line).
    """
    for name in paths:
        path = Path(name)
        if not os.path.isfile(path):
            raise UsageError(f"{name}: no such file. Give the score files that `slant score` wrote.")
        reader = _READERS.get(path.suffix.lower())
        if reader is None:
            raise UsageError(
                f"{name}: scores are read from {', '.join(_READERS)} files; CSV is flat and one-way."
            )
        for number, row in enumerate(_rows(reader, path), 1):
            try:
                yield score_from_dict(row)
            except (KeyError, TypeError, ValueError) as error:
                raise UsageError(
                    f"{name} row {number} is no score ({type(error).__name__}: {error}). Expected the columns that "
                    "`slant score` writes; was it made by `slant split`, or by another tool?"
                ) from None


def _rows(reader: Callable[[Path], Iterator[Row]], path: Path) -> Iterator[Row]:
    """The rows of a file; whatever its reader stumbles over is said with the file's name."""
    try:
        yield from reader(path)
    except (ValueError, OSError, RecursionError) as error:  # Arrow's errors are ValueErrors
        raise UsageError(
            f"{path} cannot be read as {path.suffix[1:]} ({error}). Is it complete? A file that was cut off in copying "
            "ends like this."
        ) from None


def is_score_file(name: str) -> bool:
    """Whether a file holds scores rather than articles: by its first row."""
    path = Path(name)
    reader = _READERS.get(path.suffix.lower())
    if reader is None or not os.path.isfile(path):
        return False
    try:
        first = next(_rows(reader, path), {})
    except (
        UsageError
    ):  # broken as a score file; reading it as articles gives the named reason, but no database is one
        return path.suffix.lower() == ".duckdb"
    return {"unit_id", "stance", "model"} <= first.keys()


def made_by_slant(name: str) -> bool:
    """Whether a file is what slant writes (units, scores, a rejected list, a report), rather than someone's articles."""
    path = Path(name)
    if path.suffix.lower() in (".parquet", ".duckdb"):
        return "unit_id" in next(_rows(_READERS[path.suffix.lower()], path), {})
    with path.open("rb") as file:
        head = file.read(1 << 16)
    return not head or bool(_REJECTED.match(head)) or any(mark in head for mark in _MARKS)


_MARKS = (b'"unit_id": ', b"article_id,unit_id,", b'<meta name="generator" content="slant">')
# The whole of a line, as articles may have a field of one of these names.
_REJECTED = re.compile(rb'\{"path": ".*", "reason": "\w+", "detail": "')
