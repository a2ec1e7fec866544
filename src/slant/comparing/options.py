"""Options of `slant compare`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Options:
    # Column whose values are the groups that are compared.
    by: str = "outlet"
    # Groups with fewer articles are left out, and named.
    min_articles: int = 5
    # What shares a cluster: some of clusters.DIMENSIONS; empty: all that the data state.
    cluster: tuple[str, ...] = ()
    # Adjustment of p over all tests: "bh" (Benjamini-Hochberg) or "holm".
    adjust: str = "bh"
    # Level of the confidence intervals.
    level: float = 0.95
    # Bootstrap resamples behind the intervals of the decomposition, the audit and the leak probe.
    resamples: int = 1000
    # Permutations behind each p.
    permutations: int = 10_000
    # Random seed.
    seed: int = 0
    # Patterns of measure names, with wildcards as in file names; empty: all measures but portrayal.
    measures: tuple[str, ...] = ()
    # File of labels by people, to correct the model's errors.
    gold: str | None = None
    # The model that scored, for its encoder and its published errors: a size, a folder, or None: the size whose fingerprint
    # the scores have.
    model: str | None = None
