"""All tests of a comparison as one family: p of each, adjusted over all, and more arrangements where they decide."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from slant.comparing.cells import Floats, Ints
from slant.comparing.options import Options
from slant.comparing.permuting import Sums, permutation_p
from slant.scoring.runtime import available_cores

Row = dict[str, Any]
ALPHA = 0.05
FEW = 1  # arrangements as extreme as what is seen: with no more, more are drawn where that could decide
FINER = 4  # times more arrangements than the strictest level of the family needs
MOST_PERMUTATIONS = 1_000_000


def detectable_level(tests: int) -> float:
    """0.05 over the number of tests: what the smallest p has to reach if it is the only difference there is.

    Holm and Benjamini-Hochberg begin with this level; where there are more true differences both ask for less.
    """
    return ALPHA / max(tests, 1)


def p_values(
    sides: Sequence[tuple[Sums, Sums]], measures: Sequence[Ints], *, permutations: int, seed: int
) -> Iterator[Floats]:
    """p of these measures of each pair of sides, in order. The draws of a pair depend on the seed and its place alone."""

    def p_of(number: int) -> Floats:
        if not len(measures[number]):
            return np.empty(0)
        left, right = (side.only(measures[number]) for side in sides[number])
        rng = np.random.default_rng([seed, number, permutations])
        return permutation_p(left, right, permutations=permutations, rng=rng)

    with ThreadPoolExecutor(available_cores()) as pool:
        yield from pool.map(p_of, range(len(sides)))


def adjust(rows: Sequence[Row], options: Options) -> None:
    """Sets `significant` and `p_adjusted` of each row, by the `p` of all."""
    from statsmodels.stats.multitest import multipletests

    method = {"bh": "fdr_bh", "holm": "holm"}[options.adjust]
    significant, adjusted, *_ = multipletests([row["p"] for row in rows], alpha=ALPHA, method=method)
    for row, yes, p in zip(rows, significant, adjusted, strict=True):
        row |= {"significant": bool(yes), "p_adjusted": float(p)}


def draw_more(sides: Sequence[tuple[Sums, Sums]], rows: Sequence[Row], options: Options) -> None:
    """Draws anew, and more, for what does not hold only because too few arrangements were drawn to tell so small a p.

    The second p does not depend on the first but through its being drawn at all, so it is as valid. rows: with `pair`, the
    place of their sides, and `column`, their measure.
    """
    permutations = min(MOST_PERMUTATIONS, int(np.ceil(FINER / detectable_level(len(rows)))))
    coarse = [
        r for r in rows if not r["significant"] and round(r["p"] * (options.permutations + 1)) <= FEW + 1
    ]
    if not coarse or permutations <= options.permutations:
        return
    asked: list[list[Row]] = [[] for _ in sides]
    for row in coarse:
        asked[row["pair"]].append(row)
    measures = [np.array([row["column"] for row in own], np.int64) for own in asked]
    found = p_values(sides, measures, permutations=permutations, seed=options.seed)
    for own, p in zip(asked, found, strict=True):
        for row, value in zip(own, p, strict=True):
            row["p"] = float(value)
    adjust(rows, options)
