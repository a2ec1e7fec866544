"""Toxic Spans (SemEval-2021 task 5): toxic characters of reader comments (Pavlopoulos et al.; CC0).

Mapping: the list of character offsets → merged runs `(start, end)`. Group: the row; no thread is given.

Traps
- Comments with an empty list are negatives and stay.
- Some runs take in line breaks, a few start within a word: gold is taken as published.
- Line breaks inside a field count as one character each, so the file is read without newline conversion.
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
    """One Example per comment; `toxic` is empty where annotators marked nothing."""
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
    """Half-open runs of neighbouring offsets, in order; a gap of one character ends a run."""
    merged: list[tuple[int, int]] = []
    for offset in sorted(set(offsets)):
        if merged and merged[-1][1] == offset:
            merged[-1] = (merged[-1][0], offset + 1)
        else:
            merged.append((offset, offset + 1))
    return tuple(merged)
