"""Articles that are the same text: wire copy that several outlets ran, and what one outlet published again.

All pairs are found whose shingles (Broder 1997) overlap enough. It is quick since most shingles stand in one text alone, and
a text with too many of those is a copy of none.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from itertools import count
from typing import Any

import numpy as np
from numpy.typing import NDArray

SHINGLE = 3  # words in a row
OVERLAP = (
    0.6  # least Jaccard overlap of two texts' shingles; an edited headline or a cut last sentence stays above
)
FEWEST = 5  # shingles of a text that can be told from another that merely has the same few words
REACH = 7  # days between two copies
UNDATED = 0
BLOCK = 512  # texts that are held against earlier ones at a time
_WORD = re.compile(r"\w+")
_FACTOR = np.uint64(0x9E3779B97F4A7C15)  # odd and large: numbers of three words spread over 64 bits
Ints = NDArray[np.int64]


def copies(texts: Sequence[str], days: Sequence[int | None]) -> Ints:
    """For each text the row of the earliest text that it is a copy of, directly or through others; else its own row.

    Texts without a date are compared with all.
    """
    first = np.arange(len(texts))
    shingles = _shingles(texts)
    sizes = np.diff(shingles.indptr)
    rows, shingles = _shared(shingles, sizes)
    day = np.array([days[row] or UNDATED for row in rows], np.int64)
    order = np.argsort(day, kind="stable")
    rows, day, shingles = rows[order], day[order], shingles[order]
    for place, earlier in _earliest(shingles, sizes[rows], day):
        first[rows[place]] = first[rows[earlier]]
    return first


def _shingles(texts: Sequence[str]) -> Any:
    """Sparse (texts, shingles): 1 where the text has the shingle."""
    from scipy.sparse import csr_matrix

    numbers: defaultdict[str, int] = defaultdict(count().__next__)
    words = [np.fromiter(map(numbers.__getitem__, _WORD.findall(t.lower())), np.uint64) for t in texts]
    text = np.repeat(np.arange(len(texts)), [max(0, len(own) - SHINGLE + 1) for own in words])
    runs = np.zeros(len(text), np.uint64)
    for i in range(SHINGLE):
        ends = (own[i : len(own) - SHINGLE + 1 + i] for own in words if len(own) >= SHINGLE)
        runs = runs * _FACTOR + np.concatenate([*ends, runs[:0]])
    known, column = np.unique(runs, return_inverse=True)
    found = csr_matrix((np.ones(len(text), np.int32), (text, column)), shape=(len(texts), len(known)))
    found.data[:] = 1  # a shingle that stands there twice was summed
    return found


def _shared(shingles: Any, sizes: Ints) -> tuple[Ints, Any]:
    """The rows that may be copies, and their shingles: enough of them stand in other rows that may be."""
    rows = np.flatnonzero(sizes >= FEWEST)
    while True:
        own = shingles[rows]
        often = np.bincount(own.indices, minlength=own.shape[1]) > 1
        enough = own @ often / sizes[rows] >= OVERLAP
        if enough.all():
            return rows, own[:, np.flatnonzero(often)]
        rows = rows[enough]


def _earliest(shingles: Any, sizes: Ints, day: Ints) -> list[tuple[int, int]]:
    """(row, earliest row that it is a copy of) of each that is one; the rows are in order of day."""
    found: list[tuple[int, int]] = []
    for start in range(0, len(day), BLOCK):
        block = np.arange(start, min(start + BLOCK, len(day)))
        others = np.flatnonzero((day == UNDATED) | (day >= day[start] - REACH))
        others = others[others < block[-1]]
        both = (shingles[block] @ shingles[others].T).tocoo()
        row, other = block[both.row], others[both.col]
        alike = both.data / (sizes[row] + sizes[other] - both.data) >= OVERLAP
        near = (day[other] == UNDATED) | (day[row] - day[other] <= REACH)
        pairs = np.flatnonzero((other < row) & alike & near)
        pairs = pairs[np.lexsort((other[pairs], row[pairs]))]
        _, at = np.unique(row[pairs], return_index=True)
        found += zip(row[pairs[at]].tolist(), other[pairs[at]].tolist(), strict=True)
    return found
