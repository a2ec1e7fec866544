"""The columns of score and unit files with their types, the same in Parquet and DuckDB.

JSON lines: a row a line, UTF-8, as the schemas in data/schemas say.

CSV: flat and one-way. A unit has one row for each of its targets, or one row without a target.

Parquet: nested columns, zstd, row groups; the file's metadata says what made it. Written and read by DuckDB.

DuckDB: a table with the nested columns of the Parquet files, and a table `run` that says what made it.

Score and unit files, written whole or not at all, and read back. The ending says the format.
"""

from __future__ import annotations

import csv
import glob
import json
import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain, islice
from pathlib import Path
from typing import Any, TextIO

import msgspec

from slant.atomic_files import atomic_path
from slant.errors import SlantError, UsageError, require
from slant.records import Score, Unit, score_from_dict
from slant.schemas import arrow_fields, column_shapes, csv_columns, duckdb_types

SCHEMA_VERSION = "1"  # of the columns below: a reader that knows it knows what to expect
ROWS = 2_000  # inserted or fetched at a time; fewer are inserted …
CHARACTERS = 4_000_000  # … where their texts have more characters than this together
VECTOR = 2_048  # rows that DuckDB handles at a time
LONG = 5_000  # bytes of a row; where the mean is above, a Parquet row group is one VECTOR instead of three
Row = dict[str, Any]
Records = Iterable[Score | Unit]


def arrow_schema(record: type[Score] | type[Unit] = Score) -> Any:
    """The columns as a pyarrow Schema, as pyarrow reads them from a Parquet file. Needs pyarrow."""
    import pyarrow as pa

    return pa.schema(arrow_fields(record))


def metadata(made: Mapping[str, str] | None) -> dict[str, str]:
    """What a file says of its making, name → value."""
    said = {f"slant.{'version' if name == 'slant' else name}": value for name, value in (made or {}).items()}
    return {"slant.schema": SCHEMA_VERSION, **said}


def peek(records: Records) -> tuple[type[Score] | type[Unit], Records]:
    """What kind of records these are (no record at all: scores), and the records."""
    stream = iter(records)
    first = list(islice(stream, 1))
    return (Unit if first and isinstance(first[0], Unit) else Score), chain(first, stream)


def _chunks(records: Records) -> Iterator[list[Score | Unit]]:
    """Lists of up to ROWS records, or fewer where their texts have CHARACTERS characters together."""
    chunk: list[Score | Unit] = []
    held = 0
    for record in records:
        chunk.append(record)
        held += len((record.unit if isinstance(record, Score) else record).text)
        if len(chunk) >= ROWS or held >= CHARACTERS:
            yield chunk
            chunk, held = [], 0
    if chunk:
        yield chunk


def not_unicode(record: Score | Unit) -> SlantError:
    """What to say of a record that cannot be encoded."""
    unit = record.unit if isinstance(record, Score) else record
    strings = _strings(record.to_dict())
    torn = next((c for c in strings if "\ud800" <= c <= "\udfff"), "")
    return SlantError(
        f"unit {unit.unit_id!a} of article {unit.article_id!a} holds half of a character "
        f"({torn!a}, a lone surrogate), which no file can hold. Decode its source as UTF-8 anew."
    )


def _strings(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        return "".join(map(_strings, (*value, *value.values())))
    return "".join(map(_strings, value)) if isinstance(value, list | tuple) else ""


def write_jsonl(records: Records, path: Path, made: Mapping[str, str]) -> int:
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
            raise not_unicode(record) from None
    return count


def read_jsonl(path: Path) -> Iterator[Row]:
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


def write_csv(records: Records, path: Path, made: Mapping[str, str]) -> int:
    """made: not written, each row names its model and codebook itself. Lists are JSON in their cell, null is empty."""
    kind, records = peek(records)
    count = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, csv_columns(kind), restval="")
        writer.writeheader()
        for record in records:
            count += 1
            try:
                writer.writerows(flat_rows(record))
            except UnicodeEncodeError:
                raise not_unicode(record) from None
    return count


def flat_rows(record: Score | Unit) -> Iterator[Row]:
    """The CSV rows of a record, as column → cell."""
    row = record.to_dict()
    if isinstance(record, Unit):
        yield _cells(row)
        return
    stances = row.pop("stance") or [None]
    row["reply"] = row["reply"]["label"] if row["reply"] else None
    for stance in stances:
        own = dict(row)
        if stance:
            own |= {"target": stance["target"], "stance": stance["label"], "mentions": stance["mentions"]}
            own |= {f"p_{label}": p for label, p in stance["scores"].items()}
        yield _cells(own)


def _cells(row: Row) -> Row:
    return {
        k: json.dumps(v, ensure_ascii=False) if isinstance(v, list | tuple | dict) else v
        for k, v in row.items()
    }


def write_parquet(records: Records, path: Path, made: Mapping[str, str]) -> int:
    """Write the rows as JSON lines beside `path` first: DuckDB makes a Parquet file in one go."""
    kind, records = peek(records)
    with tempfile.TemporaryDirectory(prefix=f"{path.name}-", dir=path.parent) as folder:
        lines = Path(folder) / "rows.jsonl"
        count = longest = size = 0
        with lines.open("wb") as file:
            for record in records:
                line = _json(record)
                file.write(line + b"\n")
                count, longest, size = count + 1, max(longest, len(line)), size + len(line)
        types = ", ".join(
            f"{_literal(name)}: {_literal(type_)}" for name, type_ in duckdb_types(kind).items()
        )
        facts = ", ".join(f"{_literal(name)}: {_literal(value)}" for name, value in metadata(made).items())
        group = VECTOR * (1 if size > LONG * count else 3)
        with _duckdb(reading=False) as connection:
            # Every column may be null, whether or not a row has a null there: all files have the same schema.
            connection.execute("SET disabled_optimizers = 'statistics_propagation'")
            connection.execute(
                f"COPY (SELECT * FROM read_json({_source(lines)}, format = 'newline_delimited', "
                f"columns = {{{types}}}, maximum_object_size = {longest + 1})) TO {_literal(path)} "
                f"(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {group}, KV_METADATA {{{facts}}})"
            )
    return count


def read_parquet(path: Path) -> Iterator[Row]:
    """Raises ValueError if it is no Parquet file."""
    with _duckdb(reading=True) as connection:
        connection.execute(f"SELECT * FROM read_parquet({_source(path)})")
        yield from _fetched(connection)


GROUP = 8_192  # rows that a DuckDB file keeps together
# DuckDB needs the rows of a group several times over, which matters where texts are very long.
MEMORY, TIMES = 24_000_000, 12


def write_duckdb(records: Records, path: Path, made: Mapping[str, str]) -> int:
    """Write a table `scores` (`units` for units), rows in their order, and a table `run(name, value)`."""
    kind, records = peek(records)
    table = "scores" if kind is Score else "units"
    types = ", ".join(f'"{name}" {type_}' for name, type_ in duckdb_types(kind).items())
    structure = json.dumps(column_shapes(kind))
    count = held = 0
    with _connection(path, write=True) as connection:
        connection.execute("CREATE TABLE run (name VARCHAR, value VARCHAR)")
        connection.executemany("INSERT INTO run VALUES (?, ?)", [*metadata(made).items()])
        connection.execute(f"CREATE TABLE {table} ({types})")
        for chunk in _chunks(records):
            rows = [_json(record) for record in chunk]
            size = sum(map(len, rows))
            held = max(held, size // len(rows) * min(GROUP, count + len(rows)))
            connection.execute(f"SET memory_limit = '{max(MEMORY, TIMES * size, 3 * held)}B'")
            connection.execute(
                f"INSERT INTO {table} SELECT unnest(from_json_strict(row, ?)) "
                "FROM (SELECT unnest(?::VARCHAR[]) AS row)",
                [structure, [row.decode() for row in rows]],
            )
            count += len(rows)
    return count


def _json(record: Score | Unit) -> bytes:
    try:
        return msgspec.json.encode(record.to_dict())
    except UnicodeEncodeError:
        raise not_unicode(record) from None


def _source(path: Path) -> str:
    """The first arguments of read_parquet and read_json: this one file, even if its name looks like a pattern.

    Nor do folders such as `outlet=Courier/` become columns.
    """
    return f"{_literal(glob.escape(str(path)))}, hive_partitioning = false"


def _literal(value: object) -> str:
    """A string of SQL."""
    return "'" + str(value).replace("'", "''") + "'"


def read_duckdb(path: Path) -> Iterator[Row]:
    """Raises UsageError if it is no DuckDB database, or has no table `scores`, nor `units`."""
    with _connection(path) as connection:
        names = {name for (name,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
        for table in ("scores", "units"):
            if table in names:
                connection.execute(f"SELECT * FROM {table}")
                yield from _fetched(connection)
                return
        raise UsageError(
            f"{path} has no table `scores`, only {sorted(names)}. Expected a database of `slant score`."
        )


def _fetched(connection: Any) -> Iterator[Row]:
    """Rows of the query just executed; memory holds ROWS of them."""
    names = [name for name, *_ in connection.description]
    while rows := connection.fetchmany(ROWS):
        for row in rows:
            yield dict(zip(names, row, strict=True))


@contextmanager
def _connection(path: Path, *, write: bool = False) -> Iterator[Any]:
    """A connection to the DuckDB file at `path`."""
    with _duckdb(reading=not write) as connection:
        kind = f"ROW_GROUP_SIZE {GROUP}" if write else "READ_ONLY"
        connection.execute(f"ATTACH {_literal(path)} AS file ({kind}); USE file")
        yield connection


@contextmanager
def _duckdb(*, reading: bool) -> Iterator[Any]:
    """A connection to DuckDB. Raises its errors as ValueError when reading, else as SlantError.

    Raises UsageError where it is not installed.
    """
    require("parquet", "duckdb", what="a Parquet or DuckDB file")
    import duckdb

    try:
        with (  # without a folder named, its scratch files would be made where the user stands
            tempfile.TemporaryDirectory(prefix="slant-") as scratch,
            duckdb.connect(config={"threads": 1, "temp_directory": scratch}) as connection,
        ):
            yield connection
    except duckdb.Error as error:
        said = str(error).partition("\n")[0]  # the query follows
        if reading:
            raise ValueError(said) from None
        raise SlantError(f"DuckDB cannot write to it: {said}. Is the disk full?") from None


_WRITERS: dict[str, Callable[[Records, Path, Mapping[str, str]], int]] = {
    ".jsonl": write_jsonl,
    ".csv": write_csv,
    ".parquet": write_parquet,
    ".duckdb": write_duckdb,
}
_READERS: dict[str, Callable[[Path], Iterator[Row]]] = {
    ".jsonl": read_jsonl,
    ".parquet": read_parquet,
    ".duckdb": read_duckdb,
}
FORMATS = tuple(_WRITERS)


def check_format(path: str, *, formats: Sequence[str] = FORMATS) -> str:
    """The ending of an output path; "-" (standard output) is JSON lines. Raises UsageError for one that cannot be written."""
    ending = ".jsonl" if path == "-" else Path(path).suffix.lower()
    if ending not in formats:
        raise UsageError(
            f"-o {path}: the ending {ending or '(none)'} says no format. Use one of {', '.join(formats)}."
        )
    if ending in (".parquet", ".duckdb"):
        require("parquet", "duckdb", what=f"-o {path}")
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
    with atomic_path(Path(path)) as part:
        return _WRITERS[ending](records, part, made or {})


def _to_stdout(records: Records) -> int:
    try:
        count = write_lines(records, sys.stdout)
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
    except (ValueError, OSError, RecursionError) as error:
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
