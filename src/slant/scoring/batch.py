"""A run over many documents: what an earlier one scored is taken over, the rest is scored, all in the order of the input."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing

from slant.records import Score
from slant.scoring.journal import Journal, digest
from slant.scoring.score import Question

HELD = 5_000  # rows taken over that may wait in memory for one that is being scored before them


def resumed(
    asked: Iterable[Question],
    *,
    journal: Journal,
    score: Callable[[Iterable[Question]], Iterator[Score]],
) -> Iterator[Score]:
    """One Score per question, in order; those that the journal lacks are scored and put there.

    score: one Score per question, in order; it may ask for questions ahead, also from a thread of its own.
    """
    stream = iter(asked)
    waiting: deque[tuple[bytes, str | None]] = deque()
    ended = False

    def unknown() -> Iterator[Question]:
        """Ends where too many rows wait: what scores would go on asking, and they would all have to be held."""
        nonlocal ended
        held = 0
        for question in stream:
            key = digest(question)
            row = journal.find(key)
            waiting.append((key, row))
            if row is None:
                yield question
            elif (held := held + 1) == HELD:
                return
        ended = True

    def known() -> Iterator[Score]:
        while waiting and (row := waiting[0][1]) is not None:
            waiting.popleft()
            yield journal.take(row)

    while not ended:
        with closing(_each(score(unknown()))) as scored:
            for row in scored:
                yield from known()
                key, _ = waiting.popleft()
                journal.add(key, row)
                yield row
        yield from known()


def _each(rows: Iterator[Score]) -> Generator[Score, None, None]:
    """Rows that can be closed, whatever yields them."""
    yield from rows
