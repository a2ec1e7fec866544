"""Articles that are the same text: wire copy that several outlets ran, and what one outlet published again.

MinHash with locality-sensitive hashing (datasketch; Broder 1997) proposes pairs, their exact overlap decides.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

SHINGLE = 3  # words in a row
OVERLAP = (
    0.6  # least Jaccard overlap of two texts' shingles; an edited headline or a cut last sentence stays above
)
PERMUTATIONS = 64
FEWEST = 5  # shingles of a text that can be told from another that merely has the same few words
REACH = 7  # days between two copies
_WORD = re.compile(r"\w+")


def copies(texts: Sequence[str], days: Sequence[int | None]) -> NDArray[np.int64]:
    """For each text the row of the earliest text that it is a copy of, directly or through others; else its own row.

    Texts without a date are compared with all.
    """
    from datasketch import MinHash, MinHashLSH

    order = sorted(range(len(texts)), key=lambda row: (days[row] or 0, row))
    index = MinHashLSH(threshold=OVERLAP - 0.1, num_perm=PERMUTATIONS)  # candidates: rather too many
    empty = MinHash(
        num_perm=PERMUTATIONS, hashfunc=int
    )  # drawing its permutations anew costs more than the rest
    shingles: dict[int, set[int]] = {}
    first = np.arange(len(texts))
    for row in order:
        own = _shingles(texts[row])
        if len(own) < FEWEST:
            continue
        sketch = empty.copy()
        sketch.update_batch(list(own))
        for other in index.query(sketch):
            if _near(days[row], days[other]) and _overlap(own, shingles[other]) >= OVERLAP:
                first[row] = first[other]
                break
        index.insert(row, sketch)
        shingles[row] = own
    return first


def _shingles(text: str) -> set[int]:
    words = _WORD.findall(text.lower())
    return {zlib.crc32(" ".join(words[i : i + SHINGLE]).encode()) for i in range(len(words) - SHINGLE + 1)}


def _near(a: int | None, b: int | None) -> bool:
    return a is None or b is None or abs(a - b) <= REACH


def _overlap(a: set[int], b: set[int]) -> float:
    return len(a & b) / len(a | b)
