"""Whether the model errs more, or in another direction, in one group than in the others, where people labeled a sample.

The test permutes which group an article belongs to, with all labels of an article kept together, and counts how often the
groups' error rates are then as far apart as observed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from slant.comparing.counts import Counts, Floats
from slant.comparing.error_correction import MIN_ARTICLES, Labeled
from slant.comparing.measures import Measure
from slant.comparing.options import Options
from slant.comparing.rates import percentile_interval
from slant.comparing.score_tables import arrow_table
from slant.comparing.significance import adjust_p_values

if TYPE_CHECKING:
    import pyarrow as pa


def errors_table(labels: Mapping[Measure, Labeled], counts: Counts, *, options: Options) -> pa.Table:
    """The model's errors per measure and group, for measures with MIN_ARTICLES labeled articles in two groups or more.

    error: |model − people| over the denominator: the share of units with a wrong label; for nets up to 2. In the denominator
    of a stance are units that the model or people find to be about the target. bias: model − people; above zero the model
    finds too much. left_out: bias − bias of all other groups: what the others' correction would miss here. Each with `_low`
    and `_high`, resampling articles. p: that the groups' errors differ, for the measure as a whole.
    p_adjusted: Benjamini-Hochberg over measures. labels, articles: counts. Spans per 1,000 words are in that unit.
    """
    rng = np.random.default_rng(options.seed)
    rows: list[dict[str, Any]] = []
    tests: dict[str, float] = {}
    for measure, labeled in sorted(labels.items(), key=lambda item: str(item[0])):
        name = str(measure)
        sums, (article, group) = _sum_errors(labeled)
        enough = [g for g in np.unique(group) if (group == g).sum() >= MIN_ARTICLES]
        if len(enough) < 2:
            continue
        kept = np.isin(group, enough)
        tests[name] = _permutation_p(sums[kept], group[kept], options.permutations, rng)
        # The parts of a text that several groups published are drawn together.
        texts, place = np.unique(article[kept], return_inverse=True)
        times = rng.poisson(1.0, (options.resamples, len(texts))).astype(float)[:, place]
        for g in enough:
            row = _error_row(sums[kept], group[kept] == g, times, scale=measure.scale, level=options.level)
            rows.append({"measure": name, "group": counts.groups[g], "p": tests[name], **row})
    adjusted = dict(zip(tests, adjust_p_values(list(tests.values()))[1], strict=True))
    for row in rows:
        row["p_adjusted"] = float(adjusted[row["measure"]])
    return arrow_table(rows, _ERRORS)


def _sum_errors(labeled: Labeled) -> tuple[Floats, NDArray[np.int64]]:
    """(parts, [error, bias, total, labels]), one part per article and group, and (2, parts) their article and group."""
    total = np.maximum(labeled.total, labeled.model_total)
    own = total > 0
    wrong, weight = (labeled.model - labeled.gold)[own], labeled.weight[own]
    values = np.stack(
        [np.abs(wrong) * weight, wrong * weight, total[own] * weight, np.ones(len(wrong))], axis=1
    )
    parts = np.stack([labeled.article[own], labeled.group[own]])
    keys, place = np.unique(parts, axis=1, return_inverse=True)
    sums = np.zeros((keys.shape[1], 4))
    np.add.at(sums, place.ravel(), values)
    return sums, keys


def _permutation_p(
    sums: Floats, group: NDArray[np.int64], permutations: int, rng: np.random.Generator
) -> float:
    """p of the spread of the groups' error rates, by permutation of articles."""
    numbers, place = np.unique(group, return_inverse=True)
    overall = sums[:, 0].sum() / sums[:, 2].sum()

    def spread(membership: Floats) -> float:
        totals = membership.T @ sums
        with np.errstate(invalid="ignore", divide="ignore"):
            return float(np.nansum(totals[:, 2] * (totals[:, 0] / totals[:, 2] - overall) ** 2))

    membership = np.eye(len(numbers))[place]
    observed = spread(membership)
    as_far = sum(spread(rng.permutation(membership)) >= observed - 1e-12 for _ in range(permutations))
    return (as_far + 1) / (permutations + 1)


def _error_row(
    sums: Floats, own: NDArray[np.bool_], times: Floats, *, scale: float, level: float
) -> dict[str, Any]:
    def figures(weights: Floats) -> Floats:
        here, there = weights[:, own] @ sums[own], weights[:, ~own] @ sums[~own]
        with np.errstate(invalid="ignore", divide="ignore"):
            bias = here[:, 1] / here[:, 2]
            return scale * np.stack([here[:, 0] / here[:, 2], bias, bias - there[:, 1] / there[:, 2]], axis=1)

    value = figures(np.ones((1, len(sums))))[0]
    low, high = percentile_interval(figures(times).astype(np.float32), level=level)
    row: dict[str, Any] = {"labels": int(sums[own, 3].sum()), "articles": int(own.sum())}
    for i, name in enumerate(("error", "bias", "left_out")):
        row |= {name: float(value[i]), f"{name}_low": float(low[i]), f"{name}_high": float(high[i])}
    return row


_ERRORS = {
    "measure": "string", "group": "string",
    **{f"{name}{end}": "float64" for name in ("error", "bias", "left_out") for end in ("", "_low", "_high")},
    "p": "float64", "p_adjusted": "float64", "labels": "int64", "articles": "int64",
}  # fmt: skip
