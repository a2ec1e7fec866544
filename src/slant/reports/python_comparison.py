"""Compare from Python: a DataFrame of scores in, tables, figures and a report out."""

from __future__ import annotations

import tempfile
import weakref
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import fields
from datetime import date
from pathlib import Path
from typing import Any

from slant.comparing.clusters import parse_dimensions
from slant.comparing.compare import UNCORRECTED, Results, run
from slant.comparing.options import Options
from slant.comparing.score_tables import Store, open_store
from slant.errors import SlantError, UsageError, did_you_mean, require
from slant.records import Score, score_from_dict
from slant.schemas import row_fields
from slant.scoring.output_files import write_rows
from slant.scoring.python_tables import WHOLE_NUMBERS

MODULES = ("scipy", "sklearn", "statsmodels", "duckdb", "pyarrow", "matplotlib", "onnxruntime")


def compare(scores: Any, *, by: str = "outlet", **options: Any) -> Comparison:
    """Compare groups of scored articles, as `slant compare` does.

    scores: a DataFrame of `Scores.to_pandas()`, a table of `Scores.to_arrow()`, Scores or a list of them, or the paths of
        score files. Rows of nulls are left out, and counted in the notes.
    by: the column to compare, which may be one that was added to the DataFrame.
    options: as of the command: min_articles, measures, gold, adjust, resamples, permutations, seed, model, and cluster
        ("author,event" or a list).
    Raises UsageError for an unknown option or column, for what is no table of scores, and for too few articles.
    """
    require("compare", *MODULES, what="compare()")
    known = {each.name for each in fields(Options)}
    for name in options:
        if name not in known:
            raise UsageError(f"compare() has no option {name!r}.{did_you_mean(name, known)}")
    if cluster := options.get("cluster"):
        options["cluster"] = parse_dimensions(cluster if isinstance(cluster, str) else ",".join(cluster))
    stack, notes = ExitStack(), list[str]()
    try:
        if paths := _paths(scores):
            store = stack.enter_context(open_store(paths, by=by))
        else:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="slant-scores-"))
            path = str(Path(folder) / "scores.jsonl")
            if not write_rows(_records(scores, by, notes), path):
                raise UsageError("there are no scored units here, so there is nothing to compare.")
            store = stack.enter_context(open_store([path], by=by))
        return Comparison(run(store, Options(by=by, **options)), store, stack, notes)
    except BaseException:
        stack.close()
        raise


class Comparison:
    """A comparison, from `slant.compare`.

    results: all tables and the notes of the run. names: target id → how the target is called.
    """

    def __init__(self, results: Results, store: Store, stack: ExitStack, notes: Sequence[str]) -> None:
        self.results, self.names, self._store = results, store.names, store
        self._notes = tuple(notes)
        self._closed = weakref.finalize(self, stack.close)

    @property
    def tables(self) -> list[str]:
        """Names of the tables."""
        return list(self.results.tables)

    @property
    def notes(self) -> list[str]:
        """Sentences about the whole run that belong beside its numbers."""
        corrected = [] if self.results.options.gold else [UNCORRECTED]
        return [*self._notes, *self.results.notes, *corrected]

    def table(self, name: str) -> Any:
        """Return a table as a pandas DataFrame, such as "rates" or "differences". Raises UsageError for another name."""
        if name not in self.results.tables:
            raise UsageError(
                f"there is no table {name!r}. There are {', '.join(self.tables)}.{did_you_mean(name, self.tables)}"
            )
        try:
            return self.results.tables[name].to_pandas()
        except ModuleNotFoundError:
            raise SlantError("table() needs pandas: pip install pandas") from None

    def save(self, folder: str | Path, *, overwrite: bool = False) -> Path:
        """Write the report and all tables, as `slant compare -o FOLDER`; return the path of the page.

        Raises UsageError if a report is there already, unless it is to be overwritten.
        """
        from slant.reports.comparison_page import write

        if (Path(folder) / "index.html").exists() and not overwrite:
            raise UsageError(f"{folder} holds a report already. Add overwrite=True, or give another name.")
        return write(self.results, Path(folder), store=self._store)

    def _repr_html_(self) -> str:
        import slant

        return slant.html(self)


def _paths(scores: Any) -> list[str]:
    """The paths of score files, or [] for anything else."""
    if isinstance(scores, str | Path):
        return [str(scores)]
    if isinstance(scores, list | tuple) and scores and all(isinstance(each, str | Path) for each in scores):
        return [str(each) for each in scores]
    return []


def _records(scores: Any, by: str, notes: list[str]) -> Iterator[Score]:
    """The scores of a table or iterable. Notes how many rows are null."""
    if not (hasattr(scores, "to_dict") or hasattr(scores, "to_pylist")):
        yield from _checked(scores)
        return
    rows = scores.to_dict("records") if hasattr(scores, "to_dict") else scores.to_pylist()
    _check_columns(list(scores.columns) if hasattr(scores, "to_dict") else scores.column_names)
    apart, empty = _Apart(by), 0
    for number, row in enumerate(rows):
        plain = {str(name): _plain(value) for name, value in row.items()}
        if plain["unit_id"] is None and plain["text"] is None:
            empty += 1
            continue
        extra = plain.get("extra")
        if isinstance(extra, Mapping):  # Arrow and pandas make a struct of all rows' columns
            plain["extra"] = {name: value for name, value in extra.items() if value is not None}
        try:
            yield score_from_dict(apart.row(_with_extra(plain)))
        except ValueError as error:
            raise UsageError(f"row {number} of the table is not a score: {error}.") from None
    if empty:
        rows_are = (
            "row has no text and no score, and is"
            if empty == 1
            else "rows have no text and no score, and are"
        )
        notes.append(f"{empty:,} {rows_are} in no number.")


def _checked(scores: Any) -> Iterator[Score]:
    if not isinstance(scores, Iterable):
        raise UsageError(f"compare() takes a DataFrame of scores or paths, not {type(scores).__name__}.")
    for each in scores:
        if not isinstance(each, Score):
            raise UsageError(f"compare() takes scores, and this is {type(each).__name__} {each!r:.60}.")
        yield each


def _check_columns(columns: Sequence[Any]) -> None:
    if "target" in columns and "p_against" in columns:
        raise UsageError(
            "this table has one row per unit and target. Give compare() the table of to_pandas(), one row per unit."
        )
    if missing := [
        name for name in ("unit_id", "text", "stance", "model", "codebook") if name not in columns
    ]:
        raise UsageError(
            f"this is no table of scores: {', '.join(missing)} is missing. Expected that of Scores.to_pandas()."
        )


_FIELDS = frozenset(row_fields(Score))


def _with_extra(row: dict[str, Any]) -> dict[str, Any]:
    """The row with the columns that slant does not have in `extra`, where `by` finds them.

    Whole numbers that came as fractions, since a row of nulls was added to the table, are whole again.
    """
    whole = (name for name in WHOLE_NUMBERS if isinstance(row.get(name), float))
    row = {**row, **{name: int(row[name]) for name in whole}}
    extra = row.get("extra")
    own = dict(extra) if isinstance(extra, dict) else {}
    if isinstance(extra, str):  # JSON text in a table of to_arrow() or of a Parquet file
        import json

        own = json.loads(extra)
    others = {name: _cell(value) for name, value in row.items() if name not in _FIELDS and value is not None}
    return {**{name: value for name, value in row.items() if name in _FIELDS}, "extra": own | others}


def _cell(value: Any) -> str:
    """A cell as text. pandas makes whole numbers fractions where a cell of the column is empty: 2020.0 is 2020."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


class _Apart:
    """Gives the units of one text in two groups different ids.

    A string has the id of its text. Without this, a text that two outlets print would count for the first alone.
    """

    def __init__(self, by: str) -> None:
        self.by = by
        self.first: dict[str, str | None] = {}  # unit id → group in which it came first
        self.numbers: dict[str | None, int] = {}

    def row(self, row: dict[str, Any]) -> dict[str, Any]:
        group = row.get(self.by) if self.by in _FIELDS else row["extra"].get(self.by)
        if (
            self.by in ("kind", "article_id", "month")
            or self.first.setdefault(row["unit_id"], group) == group
        ):
            return row
        mark = f"@{self.numbers.setdefault(group, len(self.numbers) + 1)}"
        ids = ("unit_id", "article_id", "parent_id")
        return {**row, **{name: f"{row[name]}{mark}" for name in ids if row.get(name)}}


def _plain(value: Any) -> Any:
    """A cell as Python's own types: arrays become lists, dates ISO text; NaN, NA and NaT become None."""
    if hasattr(value, "tolist"):  # NumPy arrays and numbers
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, Mapping):
        plain = {name: _plain(each) for name, each in value.items()}
        if isinstance(plain.get("scores"), dict):  # a struct of Arrow has every label
            plain["scores"] = {label: p for label, p in plain["scores"].items() if p is not None}
        return plain
    missing = type(value).__name__ in ("NAType", "NaTType") or (isinstance(value, float) and value != value)
    if isinstance(value, date) and not missing:
        return value.isoformat().removesuffix("T00:00:00")
    return None if missing else value
