"""What a user of `slant compare` may set."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Options:
    """by: column that is compared. min_articles: groups with fewer are named and left out. level: of intervals.

    adjust: "bh" (Benjamini-Hochberg) or "holm", over the whole family that was looked at. measures: patterns as in file
    names; only what fits one of them is looked at (empty: everything). gold: file of labels by people. model: folder of the
    model that scored (None: the shipped one), for what needs its encoder or its published errors. own_words: stances of news
    are held to the author's own words (records.in_own_words).
    """

    by: str = "outlet"
    min_articles: int = 5
    adjust: str = "bh"
    level: float = 0.95
    resamples: int = 1000
    permutations: int = 10_000
    seed: int = 0
    measures: tuple[str, ...] = ()
    gold: str | None = None
    model: str | None = None
    own_words: bool = False
