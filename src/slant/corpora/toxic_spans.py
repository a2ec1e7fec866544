"""Toxic Spans (SemEval-2021 task 5): toxic characters of reader comments (Pavlopoulos et al.; CC0).

Mapping: the list of character offsets → merged runs `(start, end)`. Group: the row, since threads are not given.

Pitfalls
- Comments with an empty list are negative examples and are kept.
- Some runs include line breaks, a few start inside a word: the gold is used as published.
- Every character of a line break inside a field counts, so the file is read without newline conversion.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from slant.corpora.files import check_split, locate, table
from slant.records import Example

NAME: str = "toxic_spans"
SPLITS: tuple[str, ...] = ("train", "trial", "test")


def read_toxic_spans(root: Path, split: str) -> Iterator[Example]:
    """Yield one Example per comment; `toxic` is empty if the annotators marked nothing."""
    check_split(NAME, split, SPLITS)
    for number, row in table(locate(root, NAME, f"tsd_{split}.csv"), ("spans", "text")):
        name = f"{NAME}-{split}-{number}"
        yield Example(
            id=name,
            source=NAME,
            split=split,
            group=name,
            text=row["text"],
            toxic=runs(json.loads(row["spans"])),
        )


def runs(offsets: Iterable[int]) -> tuple[tuple[int, int], ...]:
    """Merge consecutive offsets into half-open runs, in order; a gap of one character ends a run."""
    merged: list[tuple[int, int]] = []
    for offset in sorted(set(offsets)):
        if merged and merged[-1][1] == offset:
            merged[-1] = (merged[-1][0], offset + 1)
        else:
            merged.append((offset, offset + 1))
    return tuple(merged)
