"""Score and unit files: written whole or not at all, and read back. The ending of the name is the format.

.jsonl    JSON lines: one row per line, UTF-8, as in data/schemas
.csv      flat: one row per unit and target, or one row for a unit without targets
.parquet  nested columns, zstd; the file's metadata records what made the rows; written and read by DuckDB
.duckdb   a table with the same nested columns, and a table `run` that records what made the rows
"""

from __future__ import annotations

import csv
import glob
import json
import os
import re
import shutil
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
from slant.ingest.file_kinds import HEAD_SIZE
from slant.ingest.own_outputs import is_own_output
from slant.records import PORTRAYALS, REPLIES, STANCE_ANSWERS, UNIT_COLUMNS, Score, Unit, score_from_dict
from slant.schemas import arrow_fields, column_shapes, csv_columns, duckdb_types

SCHEMA_VERSION = "2"  # version of the columns; 1 had no portrayal, and three stance probabilities
ROWS = 2_000  # rows passed to or fetched from DuckDB at a time …
CHARACTERS = 4_000_000  # … or fewer rows, with this many characters of text
VECTOR = 2_048  # rows that DuckDB processes at a time
LONG = (
    5_000  # bytes per row; if the mean is above, a Parquet row group has one VECTOR of rows instead of three
)
Row = dict[str, Any]
Records = Iterable[Score | Unit]


def arrow_schema(record: type[Score] | type[Unit] = Score) -> Any:
    """Return the columns as a pyarrow Schema, as pyarrow reads them from a Parquet file. Needs pyarrow."""
    import pyarrow as pa

    return pa.schema(arrow_fields(record))


def metadata(made: Mapping[str, str] | None) -> dict[str, str]:
    """Return the metadata of a file, name → value: `slant.schema`, `slant.model`, `slant.version` and so on.

    made: what made the rows, name → fingerprint or version (model, codebook, targets, slant).
    """
    own = {f"slant.{'version' if name == 'slant' else name}": value for name, value in (made or {}).items()}
    return {"slant.schema": SCHEMA_VERSION, **own}


def peek(records: Records) -> tuple[type[Score] | type[Unit], Records]:
    """Return the class of the records (Score if there are none), and the records."""
    stream = iter(records)
    first = list(islice(stream, 1))
    return (Unit if first and isinstance(first[0], Unit) else Score), chain(first, stream)


def _chunks(records: Records) -> Iterator[list[Score | Unit]]:
    """Yield lists of up to ROWS records and CHARACTERS characters of text."""
    chunk: list[Score | Unit] = []
    characters = 0
    for record in records:
        chunk.append(record)
        characters += len((record.unit if isinstance(record, Score) else record).text)
        if len(chunk) >= ROWS or characters >= CHARACTERS:
            yield chunk
            chunk, characters = [], 0
    if chunk:
        yield chunk


def not_unicode(record: Score | Unit) -> SlantError:
    """Return the error for a record that cannot be encoded as UTF-8."""
    unit = record.unit if isinstance(record, Score) else record
    torn = next((c for c in _strings(record.to_dict()) if "\ud800" <= c <= "\udfff"), "")
    return SlantError(
        f"unit {unit.unit_id!a} of article {unit.article_id!a} contains a lone surrogate ({torn!a}, half of a character), "
        "which cannot be written. Decode its source again as UTF-8."
    )


def _strings(value: Any) -> str:
    """Return all strings in a row, keys included, one after the other."""
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        return "".join(map(_strings, (*value, *value.values())))
    return "".join(map(_strings, value)) if isinstance(value, list | tuple) else ""


def write_jsonl(records: Records, path: Path, made: Mapping[str, str]) -> int:
    """Write JSON lines. `made` is not written: each row names its model and codebook."""
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
    """Yield the rows. Raises UsageError, with the line number, for a line that is not JSON or is cut off."""
    with path.open(encoding="utf-8-sig", newline="\n") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except json.JSONDecodeError as error:
                if not line.endswith("\n"):
                    raise UsageError(
                        f"{path} line {number}, the last one, is incomplete: the file was cut off after {number - 1:,} "
                        "rows. slant writes a file whole or not at all, so it was probably cut off in copying; copy it again."
                    ) from None
                raise UsageError(f"{path} line {number} is not JSON: {error}") from None
            yield row if isinstance(row, dict) else {}


def write_csv(records: Records, path: Path, made: Mapping[str, str]) -> int:
    """Write CSV: lists are JSON in their cell, null is an empty cell. `made` is not written, see `write_jsonl`.

    The columns that travel along from tables come last, under their own names; with `extra_` before it where slant has a
    column of that name.
    """
    kind, records = peek(records)
    own = tuple(name for name in csv_columns(kind) if name != "extra")
    others: dict[str, None] = {}
    count = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        plain = csv.DictWriter(file, own, restval="", extrasaction="ignore")
        longer = csv.DictWriter(file, (*own, "extra"), restval="")
        for record in records:
            count += 1
            extra = (record.unit if isinstance(record, Score) else record).extra
            others.update(dict.fromkeys(extra))
            writer = longer if extra else plain
            try:
                writer.writerows(flat_rows(record))
            except UnicodeEncodeError:
                raise not_unicode(record) from None
    _finish_csv(path, own, list(others))
    return count


def _finish_csv(path: Path, own: Sequence[str], others: Sequence[str]) -> None:
    """Write the header, and `extra` as columns: which there are is known only after the last row."""
    part = path.with_name(f"{path.name}.columns")
    names = [f"extra_{name}" if name in own else name for name in others]
    with part.open("w", encoding="utf-8", newline="") as file, _any_cell():
        writer = csv.writer(file)
        writer.writerow((*own, *names))
        with path.open(encoding="utf-8", newline="") as rows:
            if not others:
                shutil.copyfileobj(rows, file)
            for row in csv.reader(rows) if others else ():
                found = json.loads(row[len(own)]) if len(row) > len(own) else {}
                writer.writerow((*row[: len(own)], *(found.get(name, "") for name in others)))
    os.replace(part, path)


@contextmanager
def _any_cell() -> Iterator[None]:
    """Read CSV cells of any length inside the block."""
    before = csv.field_size_limit(sys.maxsize)
    try:
        yield
    finally:
        csv.field_size_limit(before)


def read_csv(path: Path) -> Iterator[Row]:
    """Yield the rows of scores in CSV, the lines of one unit together.

    Raises UsageError for another table, and for one in which a spreadsheet has turned ids into numbers.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        header = file.readline()
        delimiter = (
            ";" if header.startswith("article_id;") else "\t" if header.startswith("article_id\t") else ","
        )
        file.seek(0)
        lines = csv.DictReader(file, delimiter=delimiter)
        if not {"article_id", "unit_id", "target", "stance", "model"} <= set(lines.fieldnames or ()):
            raise UsageError(f"{path} holds no scores. Expected the columns that `slant score` writes.")
        unit: Row = {}
        while True:
            with _any_cell():
                line = next(lines, None)
            if line is None:
                break
            if _ROUNDED.fullmatch(line["article_id"]):
                raise UsageError(
                    f"{path}: a spreadsheet has rounded the id {line['article_id']!r}, so that two articles may have one. "
                    "Use the file as `slant score` wrote it, or import its columns as text."
                )
            known = [stance["target"] for stance in unit.get("stance", ())]
            if (
                known
                and line["unit_id"] == unit["unit_id"]
                and line["target"]
                and line["target"] not in known
            ):
                _add_target(unit, line)
                continue
            if unit:
                yield unit
            unit = _unit_of(line)
        if unit:
            yield unit


_ROUNDED = re.compile(r"\d(?:[.,]\d+)?[eE]\+\d+")  # "1.23E+15"
_JSON_CELLS = ("loaded", "frames", "toxic", "flags")
_NUMBERS: dict[str, Callable[[str], Any]] = {
    "start": int, "end": int, "position": int, "biased": float, "subjective": float,
}  # fmt: skip


def _unit_of(line: dict[str, Any]) -> Row:
    """Return the row of a unit from its first line."""
    own = csv_columns(Score)
    row: Row = {name: line.get(name) or None for name in (*UNIT_COLUMNS, "model", "codebook")}
    row |= {name: json.loads(line[name]) for name in _JSON_CELLS if line.get(name)}
    row |= {name: read(line[name]) for name, read in _NUMBERS.items() if line.get(name)}
    replies = {label: float(line[f"p_reply_{label}"]) for label in REPLIES if line.get(f"p_reply_{label}")}
    row["reply"] = {"label": line["reply"], "scores": replies} if line.get("reply") else None
    others = {name: value for name, value in line.items() if name and name not in own and value}
    row["extra"] = {name.removeprefix("extra_") if name.removeprefix("extra_") in own else name: value
                    for name, value in others.items()}  # fmt: skip
    row["stance"], row["portrayal"] = [], []
    _add_target(row, line)
    return row


def _add_target(row: Row, line: dict[str, Any]) -> None:
    """Add the stance and the portrayal in a line of CSV to the row of its unit."""
    if not line["target"]:
        return
    target = {"target": line["target"], "name": line.get("target_name") or None}
    stance = {label: float(line[f"p_{label}"]) for label in STANCE_ANSWERS if line.get(f"p_{label}")}
    mentions = json.loads(line.get("mentions") or "[]")
    row["stance"].append({**target, "label": line["stance"] or None, "scores": stance, "mentions": mentions})
    scores = {x: float(line[f"p_portrayal_{x}"]) for x in PORTRAYALS if line.get(f"p_portrayal_{x}")}
    if scores:
        row["portrayal"].append({**target, "label": line["portrayal"] or None, "scores": scores})


def flat_rows(record: Score | Unit) -> Iterator[Row]:
    """Yield the CSV rows of a record, as column → cell."""
    rows = [record.to_dict()] if isinstance(record, Unit) else long_rows(record)
    yield from map(_cells, rows)


def long_rows(score: Score) -> Iterator[Row]:
    """Yield one row per target of a unit, as column of the CSV → value; one row without target columns if it has none."""
    row = score.to_dict()
    portrayals = {portrayal["target"]: portrayal for portrayal in row.pop("portrayal")}
    stances = row.pop("stance") or [None]
    if reply := row["reply"]:
        row |= {"reply": reply["label"], **{f"p_reply_{label}": p for label, p in reply["scores"].items()}}
    for stance in stances:
        own = dict(row)
        if stance:
            own |= {"target": stance["target"], "target_name": stance["name"], "stance": stance["label"]}
            own["mentions"] = stance["mentions"]
            own |= {f"p_{label}": p for label, p in stance["scores"].items()}
            if portrayal := portrayals.get(stance["target"]):
                own["portrayal"] = portrayal["label"]
                own |= {f"p_portrayal_{label}": p for label, p in portrayal["scores"].items()}
        yield own


def _cells(row: Row) -> Row:
    return {
        k: json.dumps(v, ensure_ascii=False) if isinstance(v, list | tuple | dict) else v
        for k, v in row.items()
    }


def write_parquet(records: Records, path: Path, made: Mapping[str, str]) -> int:
    """Write Parquet from temporary JSON lines beside `path`: DuckDB writes a Parquet file in one statement."""
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
            # Columns stay nullable even if no row has a null, so that all files have the same schema.
            connection.execute("SET disabled_optimizers = 'statistics_propagation'")
            connection.execute(
                f"COPY (SELECT * FROM read_json({_source(lines)}, format = 'newline_delimited', "
                f"columns = {{{types}}}, maximum_object_size = {longest + 1})) TO {_literal(path)} "
                f"(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {group}, KV_METADATA {{{facts}}})"
            )
    return count


def read_parquet(path: Path) -> Iterator[Row]:
    """Yield the rows. Raises ValueError if it is not a Parquet file."""
    with _duckdb(reading=True) as connection:
        connection.execute(f"SELECT * FROM read_parquet({_source(path)})")
        yield from _fetched(connection)


GROUP = 8_192  # rows of a DuckDB row group
# Memory limit of DuckDB in bytes: more did not make it faster. With long texts it needs a multiple of the rows passed.
MEMORY, TIMES = 24_000_000, 12


def write_duckdb(records: Records, path: Path, made: Mapping[str, str]) -> int:
    """Write the table `scores` (`units` for units), with rows in order, and the table `run(name, value)`."""
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
    """Return the first arguments of read_parquet and read_json: this one file, even if its name looks like a pattern.

    Folders such as `outlet=Courier/` do not become columns either.
    """
    return f"{_literal(glob.escape(str(path)))}, hive_partitioning = false"


def _literal(value: object) -> str:
    """Quote a value as an SQL string."""
    return "'" + str(value).replace("'", "''") + "'"


def read_duckdb(path: Path) -> Iterator[Row]:
    """Yield the rows. Raises UsageError if the database has neither a table `scores` nor `units`."""
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
    """Yield the rows of the query just executed, with ROWS of them in memory."""
    names = [name for name, *_ in connection.description]
    while rows := connection.fetchmany(ROWS):
        for row in rows:
            yield dict(zip(names, row, strict=True))


@contextmanager
def _connection(path: Path, *, write: bool = False) -> Iterator[Any]:
    """Open the DuckDB file at `path`."""
    with _duckdb(reading=not write) as connection:
        kind = f"ROW_GROUP_SIZE {GROUP}" if write else "READ_ONLY"
        connection.execute(f"ATTACH {_literal(path)} AS file ({kind}); USE file")
        yield connection


@contextmanager
def _duckdb(*, reading: bool) -> Iterator[Any]:
    """Open DuckDB. Its errors become ValueError when reading, else SlantError. Raises UsageError if it is not installed."""
    require("parquet", "duckdb", what="a Parquet or DuckDB file")
    import duckdb

    try:
        with (  # by default DuckDB puts temporary files into the current folder
            tempfile.TemporaryDirectory(prefix="slant-") as scratch,
            duckdb.connect(config={"threads": 1, "temp_directory": scratch}) as connection,
        ):
            yield connection
    except duckdb.Error as error:
        said = str(error).partition("\n")[0]  # the query follows
        if reading:
            raise ValueError(said) from None
        raise SlantError(f"DuckDB cannot write the file: {said}. Is the disk full?") from None


_WRITERS: dict[str, Callable[[Records, Path, Mapping[str, str]], int]] = {
    ".jsonl": write_jsonl,
    ".csv": write_csv,
    ".parquet": write_parquet,
    ".duckdb": write_duckdb,
}
_READERS: dict[str, Callable[[Path], Iterator[Row]]] = {
    ".jsonl": read_jsonl,
    ".csv": read_csv,
    ".parquet": read_parquet,
    ".duckdb": read_duckdb,
}
FORMATS = tuple(_WRITERS)


def check_format(path: str, *, formats: Sequence[str] = FORMATS) -> str:
    """Return the ending of an output path; "-" (standard output) is JSON lines. Raises UsageError for another ending."""
    ending = ".jsonl" if path == "-" else Path(path).suffix.lower()
    if ending not in formats:
        raise UsageError(
            f"-o {path}: the ending {ending or '(none)'} is no known format. Use one of {', '.join(formats)}."
        )
    if ending in (".parquet", ".duckdb"):
        require("parquet", "duckdb", what=f"-o {path}")
    return ending


def write_rows(records: Records, path: str, *, made: Mapping[str, str] | None = None) -> int:
    """Write scores or units to `path` in the format of its ending; "-" is JSON lines on standard output.

    The file appears under its name when it is complete. Returns the number of records.
    made: see `metadata`; stored in Parquet and DuckDB files.
    Raises UsageError if the path cannot be written, SlantError for a full disk or a text that cannot be encoded.
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
    except BrokenPipeError:  # closed by `| head`: no error
        raise
    except OSError as error:
        raise SlantError(f"standard output cannot be written ({error.strerror}).") from error
    return count


def read_scores(paths: Sequence[str]) -> Iterator[Score]:
    """Yield the scores in JSON lines, CSV, Parquet and DuckDB files, in order, with a few thousand in memory.

    Raises UsageError for a file that is missing, cut off or of another format, and for a row that is not a score.
    """
    for name in paths:
        if not os.path.isfile(name):
            raise UsageError(f"{name}: no such file. Give score files written by `slant score`.")
        for number, row in enumerate(file_rows(Path(name)), 1):
            try:
                yield score_from_dict(row)
            except (KeyError, TypeError, ValueError) as error:
                raise UsageError(
                    f"{name} row {number} is not a score ({type(error).__name__}: {error}). Expected the columns that "
                    "`slant score` writes. Was the file made by `slant split` or another tool?"
                ) from None


def file_rows(path: Path) -> Iterator[Row]:
    """Yield the rows of a file of scores or units. Raises UsageError for another format and a file that cannot be read."""
    read_file = _READERS.get(path.suffix.lower())
    if read_file is None:
        raise UsageError(f"{path}: scores are read from {', '.join(_READERS)} files.")
    yield from _rows(read_file, path)


def _rows(read_file: Callable[[Path], Iterator[Row]], path: Path) -> Iterator[Row]:
    """Yield the rows of a file. Raises UsageError, with the file's name, if it cannot be read."""
    try:
        yield from read_file(path)
    except (ValueError, OSError, RecursionError, csv.Error) as error:
        raise UsageError(
            f"{path} cannot be read as {path.suffix[1:]} ({error}). Is it complete? It may have been cut off in copying."
        ) from None


def read_unit_rows(paths: Sequence[str]) -> Iterator[Row]:
    """Yield the rows of score and unit files, of which only the columns of a Unit are the same in both.

    Raises UsageError for a file that is missing, cut off or without units.
    """
    for name in paths:
        for row in _rows(_unit_reader(Path(name)), Path(name)):
            if not {"article_id", "unit_id", "kind", "text"} <= row.keys():
                raise UsageError(f"{name} holds no units. Give files of `slant score` or `slant split`.")
            yield row


def _unit_reader(path: Path) -> Callable[[Path], Iterator[Row]]:
    if path.suffix.lower() != ".csv":
        return _READERS[path.suffix.lower()]
    with path.open(encoding="utf-8-sig", newline="") as file:
        is_scored = "stance" in file.readline()
    return read_csv if is_scored else _read_unit_csv


def _read_unit_csv(path: Path) -> Iterator[Row]:
    with path.open(encoding="utf-8-sig", newline="") as file, _any_cell():
        yield from csv.DictReader(file)


def is_unit_file(name: str) -> bool:
    """Return whether a file holds units or scores, written by slant, by its first row."""
    path = Path(name)
    if path.suffix.lower() not in _READERS or not os.path.isfile(path):
        return False
    try:
        first = next(_rows(_unit_reader(path), path), {})
    except UsageError:
        return False
    return {"article_id", "unit_id", "kind", "text", "position"} <= first.keys()


def is_score_file(name: str) -> bool:
    """Return whether a file holds scores rather than articles, by its first row."""
    path = Path(name)
    read_file = _READERS.get(path.suffix.lower())
    if read_file is None or not os.path.isfile(path):
        return False
    try:
        first = next(_rows(read_file, path), {})
    except UsageError:
        # Not a score file. Reading it as articles will give the reason; but articles are never in a database.
        return path.suffix.lower() == ".duckdb"
    return {"unit_id", "stance", "model"} <= first.keys()


def made_by_slant(name: str) -> bool:
    """Return whether slant wrote a file (units, scores, lists, a report), or it holds someone's articles."""
    path = Path(name)
    if path.suffix.lower() in (".parquet", ".duckdb"):
        return "unit_id" in next(_rows(_READERS[path.suffix.lower()], path), {})
    with path.open("rb") as file:
        head = file.read(HEAD_SIZE)
    return not head or is_own_output(head)
