"""Progress of a run on standard error."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import TypeVar

Row = TypeVar("Row")


def with_progress(
    rows: Iterable[Row], *, unit: str, quiet: bool, resumed: Callable[[], int] | None = None
) -> Iterator[Row]:
    """Yield `rows` and show their count and rate.

    unit: plural name of what is counted. quiet: show nothing. resumed: number of rows taken from an interrupted run.
    """
    if quiet:
        yield from rows
        return
    from tqdm import tqdm

    bar = tqdm(rows, unit=f" {unit}", desc="slant", mininterval=0.5, file=_Stderr())
    for row in bar:
        if resumed and (count := resumed()):
            bar.set_postfix_str(f"{count:,} resumed", refresh=False)
        yield row


class _Stderr:
    """Standard error; a run goes on when its other end is closed."""

    def write(self, text: str) -> None:
        with suppress(OSError):
            sys.stderr.write(text)

    def flush(self) -> None:
        with suppress(OSError):
            sys.stderr.flush()
