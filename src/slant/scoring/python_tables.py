"""Scores in Python: an iterator that can be read once, or a table whose rows keep the index of the texts."""

from __future__ import annotations

import json
import sys
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from slant.errors import SlantError, require
from slant.records import Score
from slant.schemas import csv_columns, row_fields
from slant.scoring.output_files import long_rows

WHOLE_NUMBERS = ("start", "end", "position")


@dataclass(slots=True)
class Origin:
    """Which item of the given texts each score is of.

    numbers: of the items of the requests that are not scored yet. without: numbers of the items that gave no score.
    index: of the pandas Series that was given. skips_missing: whether a missing text is no error, as in a table.
    """

    numbers: deque[int] = field(default_factory=deque)
    without: list[int] = field(default_factory=list)
    index: Any = None
    skips_missing: bool = False


def index_of(texts: Any) -> Any:
    """Return the index of a pandas Series, else None. Does not import pandas."""
    pandas = sys.modules.get("pandas")
    return texts.index if pandas is not None and isinstance(texts, pandas.Series) else None


def is_missing(item: Any) -> bool:
    """Return whether an item is no text at all: None, NaN, pandas' NA, or blank."""
    if isinstance(item, str):
        return not item.strip()
    not_a_number = isinstance(item, float) and item != item
    return item is None or not_a_number or type(item).__name__ in ("NAType", "NaTType")


class Scores(Iterator[Score]):
    """Scores, computed as they are consumed. They can be consumed once, by a loop or as a table."""

    def __init__(self, scores: Iterator[Score], origin: Origin) -> None:
        self._scores, self._origin, self._begun = scores, origin, False
        self._ahead: deque[tuple[int, Score]] = deque()  # computed for a notebook to show, not consumed
        self._error: Exception | None = None

    def __next__(self) -> Score:
        self._begun = True
        return self._take()[1]

    def to_pandas(self) -> Any:
        """Return all scores as a pandas DataFrame, one row per unit; `stance`, `loaded` and `frames` hold lists of dicts.

        The scores of a Series keep its index; an article has several units, so its label repeats. An item without a score
        has a row of nulls: a text that is missing (None, NaN, blank), and one in the list `rejected`.
        Raises SlantError if pandas is not installed or some scores have been consumed before.
        """
        rows = [
            (number, score.to_dict() if score else {}) for number, score in self._with_missing("to_pandas()")
        ]
        return self._frame(rows, list(row_fields(Score)))

    def to_long(self) -> Any:
        """Return all scores as a pandas DataFrame, one row per unit and target, with the columns of `-o scores.csv`.

        A unit without targets has one row with an empty target, an item without a score a row of nulls. The index is that
        of `to_pandas`. Count units by `unit_id`, not by rows. Raises SlantError as `to_pandas` does.
        """
        rows: list[tuple[int, Mapping[str, Any]]] = []
        for number, score in self._with_missing("to_long()"):
            rows += [(number, row) for row in (long_rows(score) if score else [{}])]
        return self._frame(rows, list(csv_columns()))

    def to_arrow(self) -> Any:
        """Return all scores as a pyarrow Table, with the columns and types of `slant score -o scores.parquet`.

        It has no index, and no rows for items without a score. Raises SlantError if pyarrow is not installed, or some scores
        have been consumed before.
        """
        require("compare", "pyarrow", what="to_arrow()")
        import pyarrow

        from slant.scoring.output_files import arrow_schema

        rows = ({**row, "extra": json.dumps(row["extra"])} for row in (s.to_dict() for s in self._all()))
        return pyarrow.Table.from_pylist(list(rows), arrow_schema())

    def first(self, number: int) -> tuple[list[Score], bool]:
        """Return the next `number` scores without consuming them, and whether there are more."""
        while len(self._ahead) <= number:
            try:
                self._ahead.append(self._compute())
            except StopIteration:
                break
        return [score for _, score in self._ahead][:number], len(self._ahead) > number

    def _repr_html_(self) -> str:
        import slant

        return slant.html(self)

    def _take(self) -> tuple[int, Score]:
        return self._ahead.popleft() if self._ahead else self._compute()

    def _compute(self) -> tuple[int, Score]:
        """Compute the next score. An error is raised again each time: a generator that failed would seem to have ended."""
        if self._error is not None:
            raise self._error
        try:
            score = next(self._scores)
        except StopIteration:
            raise
        except Exception as error:
            self._error = error
            raise
        return self._origin.numbers.popleft(), score

    def _all(self) -> Scores:
        """Return self, if nothing was consumed: a partial or empty table would look like a result."""
        if self._begun:
            raise SlantError(
                "These scores were consumed before, in whole or in part, and are computed only once. Call score() again, or "
                "keep the table that you made first."
            )
        return self

    def _with_missing(self, what: str) -> list[tuple[int, Score | None]]:
        """Return number of the item and score of each row, in the order of the items; None for an item without a score."""
        try:
            import pandas  # noqa: F401
        except ModuleNotFoundError:
            raise SlantError(f"{what} needs pandas: pip install pandas") from None
        self._all()._origin.skips_missing = True
        found: list[tuple[int, Score | None]] = []
        self._begun = True
        try:
            while True:
                found.append(self._take())
        except StopIteration:
            pass
        found += [(number, None) for number in self._origin.without]
        return sorted(found, key=lambda pair: pair[0])

    def _frame(self, rows: Sequence[tuple[int, Mapping[str, Any]]], columns: list[str]) -> Any:
        import numpy
        import pandas

        numbers, cells = [number for number, _ in rows], [row for _, row in rows]
        index = self._origin.index
        labels = None if index is None else index.take(numpy.array(numbers, numpy.intp))
        frame = pandas.DataFrame(cells, columns=columns, index=labels)
        # With a null, pandas would turn these into fractions.
        return frame.astype(dict.fromkeys(WHOLE_NUMBERS, "Int64"))
