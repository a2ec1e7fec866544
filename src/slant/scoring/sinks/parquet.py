"""Parquet: nested columns, zstd, row groups; the file's metadata says what made it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from slant.scoring.sinks import columns
from slant.scoring.sinks.columns import Records, Row, arrow_schema, peek, tables


def write(records: Records, path: Path, made: Mapping[str, str]) -> int:
    """Memory holds one row group at a time."""
    import pyarrow.parquet as pq

    kind, records = peek(records)
    schema, count = arrow_schema(kind, made), 0
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for table in tables(records, schema):
            writer.write_table(table)
            count += table.num_rows
    return count


def read(path: Path) -> Iterator[Row]:
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=columns.ROWS_PER_GROUP):
            yield from batch.to_pylist()
