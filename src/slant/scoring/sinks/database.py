"""DuckDB: a table with the nested columns of the Parquet files, and a table `run` that says what made it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from slant.errors import SlantError, UsageError
from slant.records import Score
from slant.scoring.sinks.columns import Records, Row, arrow_schema, metadata, peek, tables

ROWS = 2_000  # handed over at a time
# DuckDB takes what it is given, and more made it no faster; but it needs the rows of a group several times over, which
# matters where texts are very long.
MEMORY, TIMES = 24_000_000, 12
GROUP = 8_192  # rows that it keeps together


def write(records: Records, path: Path, made: Mapping[str, str]) -> int:
    """Table `scores` (`units`, where they are units) and table `run(name, value)`. Rows stand in their order."""
    kind, records = peek(records)
    table = "scores" if kind is Score else "units"
    count = held = 0
    with _connection(path) as connection:
        connection.execute("CREATE TABLE run (name VARCHAR, value VARCHAR)")
        connection.executemany("INSERT INTO run VALUES (?, ?)", [*metadata(made).items()])
        for rows in tables(records, arrow_schema(kind), rows=ROWS):
            held = max(held, rows.nbytes // max(1, rows.num_rows) * min(GROUP, count + rows.num_rows))
            connection.execute(f"SET memory_limit = '{max(MEMORY, TIMES * rows.nbytes, 3 * held)}B'")
            connection.register("rows", rows)
            verb = f"INSERT INTO {table}" if count else f"CREATE TABLE {table} AS"
            connection.execute(f"{verb} SELECT * FROM rows")
            connection.unregister("rows")
            count += rows.num_rows
    return count


def read(path: Path) -> Iterator[Row]:
    """Raises UsageError if it is no DuckDB database, or has no table `scores`, nor `units`."""
    with _connection(path, read_only=True) as connection:
        names = {name for (name,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
        for table in ("scores", "units"):
            if table in names:
                for batch in connection.sql(f"SELECT * FROM {table}").to_arrow_reader(ROWS):
                    yield from batch.to_pylist()
                return
        raise UsageError(
            f"{path} has no table `scores`, only {sorted(names)}. Expected a database of `slant score`."
        )


@contextmanager
def _connection(path: Path, *, read_only: bool = False) -> Iterator[Any]:
    import duckdb

    try:
        with (  # without a folder named, its scratch files would be made where the user stands
            tempfile.TemporaryDirectory(prefix="slant-") as scratch,
            duckdb.connect(config={"threads": 1, "temp_directory": scratch}) as connection,
        ):
            kind = "READ_ONLY" if read_only else f"ROW_GROUP_SIZE {GROUP}"
            name = str(path).replace("'", "''")
            connection.execute(f"ATTACH '{name}' AS file ({kind}); USE file")
            yield connection
    except duckdb.Error as error:
        if read_only:
            raise ValueError(str(error)) from None
        raise SlantError(f"DuckDB cannot write to it: {error}. Is the disk full?") from None
