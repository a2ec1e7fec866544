"""Articles of a stretch of time that are about the same thing, without a matrix of all pairs.

Average linkage (UPGMA) over cosine similarity of TF-IDF vectors, which fades with the days between two articles. The
articles pass in order of date, a block at a time; the groups of earlier blocks that are recent enough take part in the next
as one item each, at their mean vector: the dot product of two means is the average similarity of their members. What differs
from one linkage of everything is the order of joining, and that a carried group weighs as one item however large it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

BLOCK = 1500  # items that come in at a time; as many groups at most are carried over
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Grain:
    """How alike articles of one group are.

    similarity: least average similarity at which two groups are joined. fade: days in which similarity falls to 1/e.
    reach: days after its latest article in which a group may still grow.
    """

    similarity: float
    fade: float
    reach: int


@dataclass(slots=True)
class Groups:
    """vectors: mean of the members, one sparse row each. days: mean date. last: latest date. sizes: members."""

    vectors: Any
    days: NDArray[np.float64]
    last: NDArray[np.float64]
    sizes: NDArray[np.float64]

    def take(self, rows: Ints) -> Groups:
        return Groups(self.vectors[rows], self.days[rows], self.last[rows], self.sizes[rows])


def singles(vectors: Any, days: Ints) -> Groups:
    dates = days.astype(float)
    return Groups(vectors, dates, dates, np.ones(len(days)))


def grouped(items: Groups, *, grain: Grain) -> tuple[Ints, Groups]:
    """A group number per item, from 0 in order of their first item's date, and the groups themselves."""
    from scipy.sparse import vstack

    order = np.argsort(items.days, kind="stable")
    parent: list[int] = []  # of every group ever opened, the group that it went into
    label = np.full(len(order), -1)
    active, numbers = items.take(order[:0]), np.empty(0, np.int64)
    for first in range(0, len(order), BLOCK):
        rows = order[first : first + BLOCK]
        new = items.take(rows)
        label[rows] = range(len(parent), len(parent) + len(rows))
        numbers = np.concatenate([numbers, label[rows]])
        parent += label[rows].tolist()
        pool = Groups(
            vstack([active.vectors, new.vectors], format="csr"),
            np.concatenate([active.days, new.days]),
            np.concatenate([active.last, new.last]),
            np.concatenate([active.sizes, new.sizes]),
        )
        joined = _joined(pool, grain)
        numbers = _merge(parent, numbers, joined)
        active = _means(pool, joined)
        recent = np.flatnonzero(active.last >= new.days.max() - grain.reach)
        recent = recent[np.argsort(-active.last[recent], kind="stable")[:BLOCK]]
        active, numbers = active.take(recent), numbers[recent]
    ends = _dense(np.array([_root(parent, n) for n in label], np.int64)[order])
    final = np.empty(len(order), np.int64)
    final[order] = ends
    return final, _means(items, final)


def _joined(pool: Groups, grain: Grain) -> Ints:
    """Group number of each item of the pool, by one average linkage."""
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import squareform

    alike = (pool.vectors @ pool.vectors.T).toarray()
    np.fill_diagonal(alike, 0)
    # An average reaches the least similarity only if one of its pairs does: what is alike to nothing stays alone.
    linked = np.flatnonzero((alike >= grain.similarity).any(1))
    joined = np.arange(len(pool.days))
    if len(linked):
        days = pool.days[linked]
        fade = np.exp(-np.abs(days[:, None] - days) / grain.fade)
        distance = np.clip(1 - alike[np.ix_(linked, linked)] * fade, 0, None)
        np.fill_diagonal(distance, 0)
        tree = linkage(squareform(distance, checks=False), "average")
        joined[linked] = len(joined) + fcluster(tree, 1 - grain.similarity, "distance")
    return _dense(joined)


def _means(pool: Groups, joined: Ints) -> Groups:
    from scipy.sparse import csr_matrix

    sizes = np.bincount(joined, weights=pool.sizes).astype(np.float64)
    weight = pool.sizes / sizes[joined]
    mean = csr_matrix((weight, (joined, np.arange(len(joined)))), shape=(len(sizes), len(joined)))
    last = np.full(len(sizes), -np.inf)
    np.maximum.at(last, joined, pool.last)
    return Groups(mean @ pool.vectors, mean @ pool.days, last, sizes)


def _merge(parent: list[int], numbers: Ints, joined: Ints) -> Ints:
    """The number of each joined group, that of its first item; `parent` is told of the others."""
    first: dict[int, int] = {}
    for number, group in zip(numbers.tolist(), joined.tolist(), strict=True):
        parent[number] = first.setdefault(group, number)
    return np.array([first[g] for g in range(len(first))], np.int64)


def _root(parent: list[int], number: int) -> int:
    while parent[number] != number:
        parent[number] = parent[parent[number]]
        number = parent[number]
    return number


def _dense(labels: Ints) -> Ints:
    """The same partition with numbers from 0 in order of first appearance."""
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    rank = np.empty(len(first), np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[inverse]
