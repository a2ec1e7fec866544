"""The tables of a comparison as files: each as CSV for people and as Parquet for programs."""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from slant.reports.evidence import flat

if TYPE_CHECKING:
    import pyarrow as pa

    from slant.comparing.store import Store


def write_tables(tables: Mapping[str, pa.Table], folder: Path) -> None:
    """NAME.csv and NAME.parquet for each table; a list is one cell of the CSV, its items apart by " | "."""
    import pyarrow.parquet as pq

    folder.mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        pq.write_table(table, folder / f"{name}.parquet", compression="zstd")
        with (folder / f"{name}.csv").open("w", encoding="utf-8", errors="replace", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(table.column_names)
            for batch in table.to_batches():
                writer.writerows(
                    zip(*(map(_cell, column.to_pylist()) for column in batch.columns), strict=True)
                )


def _cell(value: Any) -> Any:
    return flat(value) if isinstance(value, list) else value


def write_evidence(store: Store, folder: Path) -> Path:
    """evidence.parquet: each unit behind each number, of all groups: group, measure, article_id, unit_id, month, probability.

    The table `evidence` has to be there, see evidence.py.
    """
    path = folder / "evidence.parquet"
    partial = path.with_name(path.name + ".partial")
    name = str(partial).replace("'", "''")
    store.connection.execute(f"""
        COPY (SELECT e."group", e.measure, e.article_id, e.unit_id, u.month, e.probability
              FROM evidence e JOIN units u USING (unit_id) ORDER BY e.measure, e."group", e.article_id, e.unit_id)
        TO '{name}' (FORMAT parquet, COMPRESSION zstd)""")
    os.replace(partial, path)
    return path
