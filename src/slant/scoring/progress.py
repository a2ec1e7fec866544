"""Progress of a run on standard error."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
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


@contextmanager
def counting(unit: str, *, quiet: bool) -> Iterator[Callable[[int], object]]:
    """Yield a function that adds to a count, which is shown with its rate from the first call on.

    unit, quiet: see `with_progress`.
    """
    from tqdm import tqdm

    bars: list[tqdm] = []

    def add(number: int) -> None:
        if not bars:
            bars.append(tqdm(unit=f" {unit}", desc="slant", mininterval=0.5, file=_Stderr(), disable=quiet))
        bars[0].update(number)

    try:
        yield add
    finally:
        for bar in bars:
            bar.close()


class _Stderr:
    """Standard error; a run goes on when its other end is closed."""

    def write(self, text: str) -> None:
        with suppress(OSError):
            sys.stderr.write(text)

    def flush(self) -> None:
        with suppress(OSError):
            sys.stderr.flush()
