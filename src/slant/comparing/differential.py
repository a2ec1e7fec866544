"""Does the model err more, or to another side, in one group than in the others? Only labels of people can tell.

The test shuffles which group an article belongs to, all its labels staying together, and asks how often the groups' error
rates then lie as far apart as they do. *Left out*: what the correction of all other groups' errors would leave standing in
this one, had it no labels of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from slant.comparing.cells import Cells
from slant.comparing.drawing import ends

if TYPE_CHECKING:
    import pyarrow as pa

    from slant.comparing.correction import Labelled
    from slant.comparing.options import Options

FEWEST = 5  # labelled articles of a group that is looked at
SCHEMA = {
    "measure": "string", "group": "string", "error": "float64", "error_low": "float64", "error_high": "float64",
    "bias": "float64", "bias_low": "float64", "bias_high": "float64", "left_out": "float64", "left_out_low": "float64",
    "left_out_high": "float64", "p": "float64", "p_adjusted": "float64", "labels": "int64", "articles": "int64",
}  # fmt: skip
Floats = NDArray[np.float64]


def errors(labelled: Mapping[str, Labelled], cells: Cells, *, options: Options) -> pa.Table:
    """One row for each measure and group with FEWEST labelled articles, of measures for which two groups have them.

    error: |model - people| over the denominator (the share of units that the model has wrong; for "net" up to 2). bias: model
    less people, above zero where the model says too much of it. left_out: bias less that of all other groups. p: of the
    measure as a whole, that the groups' errors differ; p_adjusted: Benjamini-Hochberg over measures. labels, articles.
    Intervals resample articles. Loaded language per 1,000 words stands in that unit.
    """
    import pyarrow as pa
    from scipy.stats import false_discovery_control

    rng = np.random.default_rng(options.seed)
    rows: list[dict[str, Any]] = []
    tests: dict[str, float] = {}
    for name, found in sorted(labelled.items()):
        counts, (article, group) = _per_article(found)
        of = [g for g in np.unique(group) if (group == g).sum() >= FEWEST]
        if len(of) < 2:
            continue
        kept = np.isin(group, of)
        tests[name] = _test(counts[kept], group[kept], options.permutations, rng)
        # The parts of a text that several groups ran are drawn together.
        texts, place = np.unique(article[kept], return_inverse=True)
        times = rng.poisson(1.0, (options.resamples, len(texts))).astype(float)[:, place]
        scale = cells.measures[cells.index(name)].scale
        for g in of:
            row = _row(counts[kept], group[kept] == g, times, scale=scale, level=options.level)
            rows.append({"measure": name, "group": cells.groups[g], "p": tests[name], **row})
    adjusted = dict(zip(tests, false_discovery_control(list(tests.values())), strict=True)) if tests else {}
    for row in rows:
        row["p_adjusted"] = float(adjusted[row["measure"]])
    return pa.Table.from_pylist(
        rows, pa.schema([(name, getattr(pa, kind)()) for name, kind in SCHEMA.items()])
    )


def _per_article(found: Labelled) -> tuple[Floats, NDArray[np.int64]]:
    """(articles of a group, [error, bias, total, labels]), and [article, group] of each."""
    wrong, weight = found.model - found.gold, found.weight
    parts = np.stack(
        [np.abs(wrong) * weight, wrong * weight, found.total * weight, np.ones(len(wrong))], axis=1
    )
    keys, place = np.unique(np.stack([found.article, found.group]), axis=1, return_inverse=True)
    counts = np.zeros((keys.shape[1], 4))
    np.add.at(counts, place.ravel(), parts)
    return counts, keys


def _test(counts: Floats, group: NDArray[np.int64], permutations: int, rng: np.random.Generator) -> float:
    """p of the spread of the groups' error rates, by permutation of articles."""
    numbers, place = np.unique(group, return_inverse=True)
    overall = counts[:, 0].sum() / counts[:, 2].sum()

    def spread(of_group: Floats) -> float:
        sums = of_group.T @ counts
        with np.errstate(invalid="ignore", divide="ignore"):
            return float(np.nansum(sums[:, 2] * (sums[:, 0] / sums[:, 2] - overall) ** 2))

    indicator = np.eye(len(numbers))[place]
    observed = spread(indicator)
    as_far = sum(spread(rng.permutation(indicator)) >= observed - 1e-12 for _ in range(permutations))
    return (as_far + 1) / (permutations + 1)


def _row(
    counts: Floats, own: NDArray[np.bool_], times: Floats, *, scale: float, level: float
) -> dict[str, Any]:
    def figures(weights: Floats) -> Floats:
        here, there = weights[:, own] @ counts[own], weights[:, ~own] @ counts[~own]
        with np.errstate(invalid="ignore", divide="ignore"):
            bias = here[:, 1] / here[:, 2]
            return scale * np.stack([here[:, 0] / here[:, 2], bias, bias - there[:, 1] / there[:, 2]], axis=1)

    value = figures(np.ones((1, len(counts))))[0]
    low, high = ends(figures(times).astype(np.float32), level=level)
    row: dict[str, Any] = {"labels": int(counts[own, 3].sum()), "articles": int(own.sum())}
    for i, name in enumerate(("error", "bias", "left_out")):
        row |= {name: float(value[i]), f"{name}_low": float(low[i]), f"{name}_high": float(high[i])}
    return row
