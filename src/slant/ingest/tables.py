"""Tables of articles: JSON lines, JSON, CSV and Parquet, read a row at a time."""

from __future__ import annotations

import codecs
import csv
import glob
import io
import json
import os
import re
import shutil
import tempfile
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from slant.errors import Rejected, UsageError, require
from slant.ingest.article_rows import USUAL, Columns, needs_text
from slant.ingest.decoding import DEFAULT_LIMITS, Limits, bounded_lines, decode, too_long
from slant.ingest.file_kinds import delimiter_of, ending

Rows = Iterator[tuple[str, dict[str, Any]] | Rejected]
"""`(where, row)` per row, `where` being `file:line` or `file#row`; or what stood there instead."""

_OBJECT = 'Expected one JSON object a line, such as {"text": "…", "title": "…", "outlet": "…"}.'
_BLANKS = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()
_MOST_LINES = 100_000  # of one CSV row; more is a quote that was never closed, or a cell that is no article
_WRAPPERS = ("articles", "data", "documents", "items", "results", "rows")


def json_lines(
    stream: BinaryIO, path: str, *, limits: Limits = DEFAULT_LIMITS, columns: Columns = USUAL
) -> Rows:
    """Rows of JSON lines; a broken line is rejected by its number and the next one goes on."""
    for number, offset, line in bounded_lines(stream, limits.line):
        if line is not None and line.isspace():
            continue
        where = f"{path}:{number}"
        if line is None:
            yield too_long(where, limits.line)
            continue
        try:
            text = decode(line, where, offset=offset).strip()
            row = _object(text, where) if text else None
            wrapped = _wrapped(row, columns)
            if wrapped is not None:  # an answer of a news API on one line
                yield from _entries(wrapped, where)
            elif row is not None:
                yield where, row
        except Rejected as rejected:
            yield rejected


def _object(text: str, where: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        detail = f"this line is no JSON: {error.msg} at character {error.pos:,}. {_OBJECT}"
        raise Rejected(where, "bad_json", detail) from None
    except (RecursionError, ValueError) as error:
        raise Rejected(where, "bad_json", f"this line cannot be read: {error}. {_OBJECT}") from None
    if not isinstance(value, dict):
        raise Rejected(where, "not_an_object", f"this line is a JSON {type(value).__name__}. {_OBJECT}")
    return value


def json_values(
    stream: BinaryIO, path: str, *, limits: Limits = DEFAULT_LIMITS, columns: Columns = USUAL
) -> Rows:
    """Rows of a JSON document: a list of objects, or objects one after another; never all in memory."""
    number = 0
    for value in _values(_Characters(stream, path, limits.line), path):
        wrapped = _wrapped(value, columns)
        rows = [value] if wrapped is None else wrapped
        yield from _entries(rows, path, number)
        number += len(rows)
    if not number:
        yield Rejected(path, "empty", "the JSON list has no entries. Expected a list of objects with text.")


def _entries(rows: list[Any], path: str, before: int = 0) -> Rows:
    """Each of `rows` under its number; before: how many came earlier."""
    for number, row in enumerate(rows, before + 1):
        where = f"{path}#{number}"
        if isinstance(row, dict):
            yield where, row
        else:
            yield Rejected(
                where, "not_an_object", f"this is a JSON {type(row).__name__}. Expected an object."
            )


def _wrapped(value: Any, columns: Columns) -> list[Any] | None:
    """The list in `{"articles": […]}` as news APIs give it; None for an article itself."""
    if not isinstance(value, dict) or any(columns.field(name) == "text" for name in value):
        return None
    return next((value[name] for name in _WRAPPERS if isinstance(value.get(name), list)), None)


class _Characters:
    """The characters of a stream, decoded piece by piece: `text` from `at` on is not yet used."""

    def __init__(self, stream: BinaryIO, path: str, limit: int) -> None:
        self.text, self.at, self.ended, self.path, self.limit = "", 0, False, path, limit
        self._stream, self._offset = stream, 0
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")()

    def more(self) -> None:
        """Read on, as much again as there is, so that a long value is not parsed over and over."""
        rest = self.text[self.at :]
        if len(rest) > self.limit:
            detail = f"one JSON value is over {self.limit / 1e6:g} MB; it and all after it were not read."
            raise Rejected(self.path, "line_too_long", detail)
        data = self._stream.read(max(1 << 16, len(rest)))
        self.ended = not data
        try:
            self.text, self.at = rest + self._decoder.decode(data, final=self.ended), 0
        except UnicodeDecodeError as error:
            detail = f"near byte {self._offset + error.start:,} the file is not UTF-8, as JSON must be."
            raise Rejected(self.path, "undecodable", detail) from None
        self._offset += len(data)

    def peek(self) -> str:
        """The next character that is no blank, "" at the end."""
        while True:
            blanks = _BLANKS.match(self.text, self.at)
            self.at = blanks.end() if blanks else self.at
            if self.at < len(self.text) or self.ended:
                return self.text[self.at : self.at + 1]
            self.more()


def _values(characters: _Characters, path: str) -> Iterator[Any]:
    """Entries of a list, or values one after the other. Raises Rejected "bad_json" at what cannot be read."""
    listed = characters.peek() == "["
    characters.at += listed
    count = 0
    while (first := characters.peek()) and not (listed and first == "]"):
        yield _next_value(characters, path, count)
        count += 1
        if not listed:
            continue
        if characters.peek() == ",":
            characters.at += 1
        elif characters.peek() != "]":
            detail = f"after entry {count} a comma or ] was expected; the rest was not read. Is it complete?"
            raise Rejected(path, "bad_json", detail)


def _next_value(characters: _Characters, path: str, count: int) -> Any:
    while True:
        try:
            value, end = _DECODER.raw_decode(characters.text, characters.at)
            # A number at the very end may go on in the next piece; objects and strings are closed.
            if end < len(characters.text) or characters.ended or isinstance(value, dict | list | str):
                characters.at = end
                return value
        except (RecursionError, ValueError) as error:
            if characters.ended or isinstance(error, RecursionError):
                why = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
                detail = f"entry {count + 1} is no JSON: {why}. It and all after it were not read."
                raise Rejected(path, "bad_json", detail) from None
        characters.more()


def csv_rows(
    stream: BinaryIO, path: str, *, limits: Limits = DEFAULT_LIMITS, columns: Columns = USUAL
) -> Rows:
    """Rows of a CSV or TSV table with a header; a row that does not fit is rejected by its line."""
    lines = _Lines(stream, path, limits)
    header_line = lines.first_with_words()
    delimiter = "\t" if ending(path) == ".tsv" else delimiter_of(header_line, columns)
    header = _parsed([header_line], delimiter, path)
    if not any(columns.field(name) == "text" for name in header):
        detail = f"no column holds the text. {needs_text(header, columns)}"
        raise Rejected(path, "no_text_column", detail)
    # strict: a quote that is never closed, or text after a closing quote, is an error, not mended in silence.
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        lines.begin_row()
        try:
            cells = _next_row(reader, limits.line)
        except StopIteration:
            return
        except csv.Error as error:
            detail = f"this row is no CSV: {error}. Put quotes round texts and double the quotes inside them."
            yield Rejected(f"{path}:{lines.row_start}", "bad_row", detail)
            lines.retry_after_first()
            continue
        except Rejected as rejected:
            yield rejected
            continue
        where = f"{path}:{lines.row_start}"
        if len(cells) == len(header):
            yield where, dict(zip(header, cells, strict=True))
        elif cells:
            detail = (
                f"this row has {len(cells)} cells, the header {len(header)} columns. Is a comma unquoted?"
            )
            yield Rejected(where, "bad_row", detail)


def _parsed(lines: list[str], delimiter: str, path: str) -> list[str]:
    try:
        return next(csv.reader(lines, delimiter=delimiter), [])
    except csv.Error as error:
        raise Rejected(path, "bad_row", f"the header is no CSV: {error}.") from None


def _next_row(reader: Iterator[list[str]], limit: int) -> list[str]:
    """The next row; the module-wide limit of 131,072 characters a cell is lifted only for this moment."""
    before = csv.field_size_limit(limit)
    try:
        return next(reader)
    finally:
        csv.field_size_limit(before)


class _Lines(Iterator[str]):
    """Lines for the csv reader, decoded one by one, which can be given again after a row that went wrong."""

    def __init__(self, stream: BinaryIO, path: str, limits: Limits) -> None:
        self._lines, self._path, self._limits = bounded_lines(stream, limits.line), path, limits
        self._used: list[tuple[int, str]] = []
        self._again: deque[tuple[int, str]] = deque()
        self.row_start = 0

    def begin_row(self) -> None:
        self._used = []

    def retry_after_first(self) -> None:
        """Give all lines of the row again but its first: an unclosed quote swallows good rows."""
        self._again.extendleft(reversed(self._used[1:]))

    def first_with_words(self) -> str:
        """The first line that is not blank, "" where there is none."""
        for line in self:
            if line.strip():
                return line
            self.begin_row()
        return ""

    def __next__(self) -> str:
        if len(self._used) >= _MOST_LINES:
            raise csv.Error(f"it is over {_MOST_LINES:,} lines long")
        number, line = self._again.popleft() if self._again else self._read()
        if not self._used:
            self.row_start = number
        self._used.append((number, line))
        return line

    def _read(self) -> tuple[int, str]:
        number, offset, line = next(self._lines)
        while not self._used and line in (b"\n", b"\r\n"):  # a blank line between rows is no row
            number, offset, line = next(self._lines)
        where = f"{self._path}:{number}"
        if line is None:
            raise too_long(where, self._limits.line)
        return number, decode(line, where, offset=offset)


def parquet_rows(stream: BinaryIO, path: str, *, columns: Columns = USUAL) -> Rows:
    """Rows of a Parquet file, only the columns that an article has; memory holds a few thousand rows."""
    try:
        require("parquet", "duckdb", what="a Parquet file")
    except UsageError as error:
        raise Rejected(path, "needs_duckdb", str(error)) from None
    import duckdb

    number, name = 0, ""
    try:
        with _path_of(stream) as name, duckdb.connect(config={"threads": 1}) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            source = f"read_parquet('{_literal(name)}', hive_partitioning = false)"
            zones = _zones(connection, name)
            names = [each[0] for each in connection.execute(f"SELECT * FROM {source} LIMIT 0").description]
            held = [each for each in names if columns.field(each)]
            if "text" not in {columns.field(each) for each in held}:
                detail = f"no column holds the text. {needs_text(names, columns)}"
                raise Rejected(path, "no_text_column", detail)
            chosen = ", ".join('"' + each.replace('"', '""') + '"' for each in held)
            connection.execute(f"SELECT {chosen} FROM {source}")
            while rows := connection.fetchmany(128):
                for row in rows:
                    number += 1
                    yield f"{path}#{number}", _local_times(dict(zip(held, row, strict=True)), zones)
    except (duckdb.Error, OSError, ValueError, MemoryError) as error:
        said = str(error).replace(name, path) if name else str(error)
        reason = said.splitlines()[0][:160] if said else type(error).__name__
        yield Rejected(
            path, "bad_parquet", f"after row {number} the file cannot be read: {reason}. Is it complete?"
        )


@contextmanager
def _path_of(stream: BinaryIO) -> Iterator[str]:
    """A path at which DuckDB can open the bytes of `stream`: its open file, or a temporary copy."""
    try:
        name = f"/dev/fd/{stream.fileno()}"
    except (AttributeError, OSError):  # bytes in memory
        name = ""
    if os.path.exists(name):
        yield name
        return
    with tempfile.TemporaryDirectory(prefix="slant-") as folder:
        name = os.path.join(folder, "table.parquet")
        with open(name, "wb") as copy:
            shutil.copyfileobj(stream, copy, 1 << 20)
        yield name


def _literal(name: str) -> str:
    """A path inside a string of SQL, where it is no pattern."""
    return glob.escape(name).replace("'", "''")


def _zones(connection: Any, name: str) -> dict[str, ZoneInfo]:
    """Column → time zone, where pandas wrote the file and noted one; Parquet itself holds times in UTC."""
    query = f"SELECT value FROM parquet_kv_metadata('{_literal(name)}') WHERE key = 'pandas'::BLOB"
    zones = {}
    for (value,) in connection.execute(query).fetchall():
        for column in json.loads(value)["columns"]:
            with suppress(KeyError, TypeError, ZoneInfoNotFoundError):
                zones[column["name"]] = ZoneInfo(column["metadata"]["timezone"])
    return zones


def _local_times(row: dict[str, Any], zones: dict[str, ZoneInfo]) -> dict[str, Any]:
    for name, zone in zones.items():
        if isinstance(row.get(name), datetime):
            row[name] = row[name].astimezone(zone)
    return row


def as_utf8(stream: BinaryIO, path: str, limits: Limits) -> BinaryIO:
    """A UTF-16 table (as spreadsheets save "Unicode text") as UTF-8; whole, as its line ends are no bytes."""
    data = stream.read(limits.document + 1)
    if len(data) > limits.document:
        raise Rejected(
            path, "too_large", f"this UTF-16 table is over {limits.document / 1e6:g} MB. Convert it to UTF-8."
        )
    return io.BytesIO(decode(data, path).encode("utf-8"))
