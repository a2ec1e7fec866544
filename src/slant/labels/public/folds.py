"""Folds for the sets that have one split only."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence

from slant.records import Example


def folds(examples: Sequence[Example], k: int = 5, seed: int = 13) -> list[int]:
    """Fold number 0..k-1 of each example: groups stay whole, folds are even to within one group."""
    sizes = Counter(example.group for example in examples)
    groups = sorted(sizes)
    random.Random(seed).shuffle(groups)
    filled = [0] * k
    fold_of: dict[str, int] = {}
    for group in sorted(
        groups, key=lambda name: -sizes[name]
    ):  # large first; stable, so the shuffle decides ties
        fold_of[group] = min(range(k), key=filled.__getitem__)
        filled[fold_of[group]] += sizes[group]
    return [fold_of[example.group] for example in examples]
