"""Comments in the order in which a thread is read: an answer stands under what it answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from slant.records import Score


@dataclass(frozen=True, slots=True)
class Entry:
    """A comment in its thread. depth: 0 answers the article. parent: the comment that it answers, if shown.

    orphan: it answers a comment that is not among those given.
    """

    score: Score
    depth: int
    parent: Score | None = None
    orphan: bool = False


def threaded(comments: Sequence[Score]) -> list[Entry]:
    """Every comment once: parents before children, siblings by position, at any depth.

    Comments that answer each other in a ring are opened at the first, not lost.
    """
    by_id = {score.unit.unit_id: score for score in comments}
    children: dict[str | None, list[Score]] = {}
    for score in sorted(comments, key=lambda s: s.unit.position):
        above = score.unit.parent_id
        children.setdefault(above if above in by_id else None, []).append(score)
    entries: list[Entry] = []
    seen: set[str] = set()
    # The roots first; then whatever no root reaches, which can only hang in a ring.
    for root in (*children.get(None, ()), *sorted(comments, key=lambda s: s.unit.position)):
        stack = [(root, 0)]
        while stack:
            score, depth = stack.pop()
            unit = score.unit
            if unit.unit_id in seen:
                continue
            seen.add(unit.unit_id)
            parent = by_id.get(unit.parent_id) if unit.parent_id and depth else None
            entries.append(Entry(score, depth, parent, orphan=bool(unit.parent_id) and parent is None))
            stack.extend((child, depth + 1) for child in reversed(children.get(unit.unit_id, ())))
    return entries
