"""Read the rows of a table (JSON lines, JSON, CSV, Parquet) one at a time, in constant memory.

A row that cannot be read is rejected with its line or number, and reading goes on where the format allows it.
"""

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
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any, BinaryIO, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from slant.errors import Rejected, UsageError, require
from slant.ingest.api_answers import Listed, cells, threads
from slant.ingest.article_rows import DEFAULT_COLUMNS, Columns, missing_text_hint
from slant.ingest.decoding import DEFAULT_LIMITS, Limits, TextPieces, bounded_lines, decode, too_long
from slant.ingest.file_kinds import extension, find_delimiter
from slant.ingest.own_outputs import refuse_own_table

Rows = Iterator[tuple[str, dict[str, Any]] | Rejected]
"""`(where, row)` per row, or a Rejected in its place; `where` is `file:line` or `file#row`."""


# ---- JSON

_EXPECTED = 'Expected one JSON object per line, such as {"text": "…", "title": "…", "outlet": "…"}.'
_WHITE_SPACE = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()


def json_lines(
    stream: BinaryIO,
    path: str,
    *,
    limits: Limits = DEFAULT_LIMITS,
    columns: Columns = DEFAULT_COLUMNS,
    pieces: TextPieces | None = None,
) -> Rows:
    """Rows of JSON lines. An invalid line is rejected with its number; the next one is read."""
    pieces = pieces or TextPieces()
    for number, offset, line in bounded_lines(stream, limits.line):
        if line is not None and line.isspace():
            continue
        where = f"{path}:{number}"
        if line is None:
            yield too_long(where, limits.line)
            continue
        try:
            text = pieces.decode(line, where, offset=offset).strip()
            value = _parse_object(text, where) if text else None
            if isinstance(value, list):  # rows or pages of an answer on one line
                yield from _value_rows(threads(value), where, columns)
            elif value is not None and (answer := columns.answer(value)):  # a news API response on one line
                yield from _number_rows(answer.rows, where, columns=columns, listed=answer)
            elif value is not None:
                yield where, value
        except Rejected as rejected:
            yield rejected


def json_values(
    stream: BinaryIO,
    path: str,
    *,
    limits: Limits = DEFAULT_LIMITS,
    columns: Columns = DEFAULT_COLUMNS,
    pieces: TextPieces | None = None,
) -> Rows:
    """Rows of a JSON document: a list of objects, or objects one after another. Memory holds one value at a time.

    Parsed with the json module, not with ijson (3.6): it rejects NaN, replaces half surrogate pairs by "?" (they must be
    rejected) and needs memory quadratic in the nesting depth, 970 MB for 20,000 brackets.
    """
    number = 0
    buffer = _TextBuffer(stream, path, limits.line, pieces or TextPieces())
    for row in _value_rows(threads(_json_entries(buffer, path)), path, columns):
        number += 1
        yield row
    if not number:
        yield Rejected(path, "empty", "the JSON list has no entries. Expected a list of objects with text.")


def _value_rows(values: Iterable[Any], path: str, columns: Columns) -> Rows:
    """Rows of JSON values, each of which is a row or an answer that lists rows."""
    number = 0
    for value in values:
        answer = columns.answer(value)
        rows = [value] if answer is None else answer.rows
        yield from _number_rows(rows, path, number, columns=columns, listed=answer)
        number += len(rows)


def _parse_object(text: str, where: str) -> dict[str, Any] | list[Any]:
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        detail = f"this line is not JSON: {error.msg} at character {error.pos:,}. {_EXPECTED}"
        raise Rejected(where, "bad_json", detail) from None
    except (RecursionError, ValueError) as error:
        raise Rejected(where, "bad_json", f"this line cannot be read: {error}. {_EXPECTED}") from None
    if not isinstance(value, dict) and not (
        isinstance(value, list) and any(isinstance(x, dict) for x in value)
    ):
        raise Rejected(where, "not_an_object", f"this line is a JSON {type(value).__name__}. {_EXPECTED}")
    return value


def _number_rows(
    rows: list[Any], path: str, before: int = 0, *, columns: Columns, listed: Listed | None
) -> Rows:
    """Number the rows. before: number of earlier rows. listed: the list of an answer that they come from."""
    for number, row in enumerate(rows, before + 1):
        where = f"{path}#{number}"
        if not isinstance(row, dict):
            yield Rejected(
                where, "not_an_object", f"this entry is a JSON {type(row).__name__}. Expected an object."
            )
        elif listed is not None and not listed.with_text and not columns.has_text(row):
            names = [name for name, _ in cells(row)]
            detail = f"the entries of {listed.name} have no text. {missing_text_hint(names, columns)}"
            if "url" in map(columns.field, names):
                detail += " They have addresses: list these in a file and fetch the articles with --urls."
            yield Rejected(where, "no_text", detail)
        else:
            yield where, row


def _json_entries(buffer: _TextBuffer, path: str) -> Iterator[Any]:
    """Entries of a list, or values one after another. Raises Rejected "bad_json" at the first invalid one."""
    listed = buffer.peek() == "["
    buffer.at += listed
    count = 0
    while (first := buffer.peek()) and not (listed and first == "]"):
        yield _next_value(buffer, path, count)
        count += 1
        if not listed:
            continue
        if buffer.peek() == ",":
            buffer.at += 1
        elif buffer.peek() != "]":
            detail = (
                f"after entry {count} there is no comma or ]; the rest was skipped. Is the file complete?"
            )
            raise Rejected(path, "bad_json", detail)


def _next_value(buffer: _TextBuffer, path: str, count: int) -> Any:
    while True:
        try:
            value, end = _DECODER.raw_decode(buffer.text, buffer.at)
            # A number at the end of the text may continue in the next piece; objects, lists and strings are complete.
            if end < len(buffer.text) or buffer.ended or isinstance(value, dict | list | str):
                buffer.at = end
                return value
        except (RecursionError, ValueError) as error:
            if buffer.ended or isinstance(error, RecursionError):
                why = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
                detail = f"entry {count + 1} is not JSON: {why}. It and the rest were skipped."
                raise Rejected(path, "bad_json", detail) from None
        buffer.more()


class _TextBuffer:
    """Text of a stream, decoded piece by piece; `text[at:]` is not consumed yet."""

    def __init__(self, stream: BinaryIO, path: str, limit: int, pieces: TextPieces) -> None:
        self.text, self.at, self.ended, self.path, self.limit = "", 0, False, path, limit
        self._stream, self._pieces = stream, pieces
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")("surrogateescape")

    def more(self) -> None:
        """Read more. Each read doubles the text, so that a long value is parsed only a few times."""
        rest = self.text[self.at :]
        if len(rest) > self.limit:
            detail = (
                f"one JSON value is over {self.limit / 1e6:g} MB; it and the rest were skipped. Split it."
            )
            raise Rejected(self.path, "line_too_long", detail)
        data = self._stream.read(max(1 << 16, len(rest)))
        self.ended = not data
        piece = self._decoder.decode(data, final=self.ended)
        self.text, self.at = rest + self._pieces.mended(piece, self.path), 0

    def peek(self) -> str:
        """Next character that is not white space, "" at the end."""
        while True:
            blanks = _WHITE_SPACE.match(self.text, self.at)
            self.at = blanks.end() if blanks else self.at
            if self.at < len(self.text) or self.ended:
                return self.text[self.at : self.at + 1]
            self.more()


# ---- CSV

_DELIMITER_LINE = re.compile(r"\ufeff?\"?sep=(.)\"?\s*", re.I)
_MAX_ROW_LINES = 100_000  # of one CSV row; more lines mean an unclosed quote or a cell that is not an article


def csv_rows(
    stream: BinaryIO,
    path: str,
    *,
    limits: Limits = DEFAULT_LIMITS,
    columns: Columns = DEFAULT_COLUMNS,
    pieces: TextPieces | None = None,
) -> Rows:
    """Rows of a CSV or TSV table with a header. A row that does not fit the header is rejected with its line."""
    lines = _CsvLines(stream, path, limits, pieces or TextPieces())
    header_line = lines.first_nonblank()
    stated = _DELIMITER_LINE.fullmatch(header_line)  # written by and for Excel
    if stated:
        header_line = lines.first_nonblank()
        delimiter = stated[1]
    else:
        delimiter = "\t" if extension(path) == ".tsv" else find_delimiter(header_line, columns)
    header = _parse_header([header_line], delimiter, path)
    if not columns.may_hold_text(header):
        detail = f"no column holds the text. {missing_text_hint(header, columns)}"
        raise Rejected(path, "no_text_column", detail)
    # strict: report an unclosed quote, or text after a closing quote, instead of repairing it silently.
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        lines.begin_row()
        try:
            cells = _next_row(reader, limits.line)
        except StopIteration:
            return
        except csv.Error as error:
            detail = f"this row is not CSV: {error}. Quote texts and double the quotes inside them."
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


def _parse_header(lines: list[str], delimiter: str, path: str) -> list[str]:
    try:
        return next(csv.reader(lines, delimiter=delimiter), [])
    except csv.Error as error:
        raise Rejected(path, "bad_row", f"the header is not CSV: {error}. Quote the column names.") from None


def _next_row(reader: Iterator[list[str]], limit: int) -> list[str]:
    """Read a row. The module-wide limit of 131,072 characters per cell is raised only for this call."""
    before = csv.field_size_limit(limit)
    try:
        return next(reader)
    finally:
        csv.field_size_limit(before)


class _CsvLines(Iterator[str]):
    """Decoded lines for the csv reader, which can be read again after an invalid row."""

    def __init__(self, stream: BinaryIO, path: str, limits: Limits, pieces: TextPieces) -> None:
        self._lines, self._path, self._limits = bounded_lines(stream, limits.line), path, limits
        self._pieces = pieces
        self._used: list[tuple[int, str]] = []
        self._retry: deque[tuple[int, str]] = deque()
        self.row_start = 0

    def begin_row(self) -> None:
        self._used = []

    def retry_after_first(self) -> None:
        """Read the lines of the row again except the first, since an unclosed quote also takes in valid rows."""
        self._retry.extendleft(reversed(self._used[1:]))

    def first_nonblank(self) -> str:
        """First line that is not blank, "" if there is none."""
        for line in self:
            if line.strip():
                return line
            self.begin_row()
        return ""

    def __next__(self) -> str:
        if len(self._used) >= _MAX_ROW_LINES:
            raise csv.Error(f"it is over {_MAX_ROW_LINES:,} lines long")
        number, line = self._retry.popleft() if self._retry else self._read()
        if not self._used:
            self.row_start = number
        self._used.append((number, line))
        return line

    def _read(self) -> tuple[int, str]:
        number, offset, line = next(self._lines)
        while not self._used and line in (b"\n", b"\r\n"):  # skip blank lines between rows
            number, offset, line = next(self._lines)
        where = f"{self._path}:{number}"
        if line is None:
            raise too_long(where, self._limits.line)
        return number, self._pieces.decode(line, where, offset=offset)


def with_newlines(stream: BinaryIO) -> BinaryIO:
    """Return the stream with LF for CR, for tables of old Macs, whose only line end is CR."""
    return cast(BinaryIO, io.BufferedReader(_Newlines(stream)))


class _Newlines(io.RawIOBase):
    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._stream.read(len(buffer)).replace(b"\r", b"\n")
        buffer[: len(data)] = data
        return len(data)


def as_utf8(stream: BinaryIO, path: str, limits: Limits) -> BinaryIO:
    """Convert a UTF-16 table ("Unicode text" in spreadsheets) to UTF-8. Held in memory: it cannot be cut at line ends.

    Raises Rejected "too_large" over `limits.document`.
    """
    data = stream.read(limits.document + 1)
    if len(data) > limits.document:
        raise Rejected(
            path, "too_large", f"this UTF-16 table is over {limits.document / 1e6:g} MB. Convert it to UTF-8."
        )
    return io.BytesIO(decode(data, path).encode("utf-8"))


# ---- Parquet


def parquet_rows(stream: BinaryIO, path: str, *, columns: Columns = DEFAULT_COLUMNS) -> Rows:
    """Rows of a Parquet file, read in batches and only in the columns of an article."""
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
            simple = _simple_columns(connection, source)
            held = [e for e in names if columns.field(e) or columns.is_stub(e) or e in simple]
            refuse_own_table(names, path, _metadata(connection, name))
            if not columns.may_hold_text(names):
                detail = f"no column holds the text. {missing_text_hint(names, columns)}"
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
            path,
            "bad_parquet",
            f"after row {number} the file cannot be read further: {reason}. Is it complete?",
        )


def _metadata(connection: Any, name: str) -> list[str]:
    """Names of the file's own metadata."""
    query = f"SELECT key FROM parquet_kv_metadata('{_literal(name)}')"
    return [bytes(key).decode("utf-8", "replace") for (key,) in connection.execute(query).fetchall()]


def _simple_columns(connection: Any, source: str) -> set[str]:
    """Columns with one value a row, as may travel along; lists such as embeddings are long and are not read."""
    found = connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()
    return {name for name, kind, *_ in found if not re.search(r"\[|STRUCT|MAP|UNION|BLOB|BIT", kind)}


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
    """Quote a path for SQL, without pattern characters."""
    return glob.escape(name).replace("'", "''")


def _zones(connection: Any, name: str) -> dict[str, ZoneInfo]:
    """Column → time zone, if pandas wrote the file and noted one; Parquet itself holds times in UTC."""
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
