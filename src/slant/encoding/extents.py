"""Where spans begin and end: words out of word pieces, runs of tagged words, and the extents of loaded language."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
_FUNCTION_WORDS = """a an the of to in on at by and or but for with from as is are was were be been it its this that these
those he she they we you i his her their our your my s"""
FUNCTION_WORDS = frozenset(_FUNCTION_WORDS.split())


def words(text: str, offsets: NDArray[np.int64], values: Array) -> tuple[NDArray[np.int64], Array]:
    """Word pieces joined: offsets [words, 2] and the mean of `values` [pieces, …] over each word's pieces."""
    if len(offsets) == 0:
        return offsets, values
    apart = [
        i
        for i, ((_, end), (start, _)) in enumerate(pairwise(offsets.tolist()), 1)
        if not (end == start and text[end - 1 : end].isalnum() and text[start : start + 1].isalnum())
    ]
    starts, ends = np.array([0, *apart]), np.array([*apart, len(offsets)])
    summed = np.add.reduceat(values, starts, axis=0)
    counts = (ends - starts).reshape((-1,) + (1,) * (values.ndim - 1))
    means = np.asarray(summed / counts, np.float32)
    return np.stack([offsets[starts, 0], offsets[ends - 1, 1]], 1), means


def runs(offsets: NDArray[np.int64], tagged: NDArray[np.bool_], gap: int) -> list[tuple[int, int]]:
    """Character spans over consecutive tagged words; runs with at most `gap` characters between them are one."""
    spans: list[tuple[int, int]] = []
    for start, end in offsets[tagged].tolist():
        if spans and start - spans[-1][1] <= gap:
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((start, end))
    return spans


def loaded_extents(
    text: str,
    offsets: NDArray[np.int64],
    loaded: Array,
    *,
    seed: float,
    threshold: float,
    gap: int,
    neighbours: float,
) -> list[tuple[int, int]]:
    """Character spans of loaded language from the words' probabilities `loaded` [words].

    A word counts with its neighbours (Decoding.loaded_neighbours), a span needs one word at `seed` and reaches as far as
    `threshold` goes; it begins and ends with a word that can carry a charge (codebook: the shortest stretch that does).
    """
    near = np.concatenate([loaded[:1], loaded, loaded[-1:]])
    smooth = neighbours * (near[:-2] + near[2:]) + (1 - 2 * neighbours) * loaded
    if not (smooth >= seed).any():
        return []
    out = []
    for start, end in runs(offsets, smooth >= threshold, gap):
        inside = (offsets[:, 0] >= start) & (offsets[:, 1] <= end)
        carrying = [(a, b) for a, b in offsets[inside].tolist() if not _is_bare(text[a:b])]
        if carrying and smooth[inside].max() >= seed:
            out.append((carrying[0][0], carrying[-1][1]))
    return out


def _is_bare(word: str) -> bool:
    """Whether a word is punctuation or a function word, with which no loaded span begins or ends."""
    return word.lower() in FUNCTION_WORDS or not any(c.isalnum() for c in word)
