"""Does `slant compare` find nothing where there is nothing, and what it promises where there is something?

    python benchmarks/compare_checks.py SCORES.jsonl --json benchmarks/results/compare_checks.json

Null: the outlets' names are dealt anew over whole articles, so that no outlet differs from another; each time all differences
are tested and adjusted as ever. How many hold? Power: two outlets are made of articles drawn from all, as many as
`detectable` says that ten points need, and ten points are planted in one of them. How often is that difference found?
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy.stats import binomtest
from tqdm import tqdm

from slant.comparing.counts import Counts, count_hits, make_hits, make_text_parts
from slant.comparing.differences import TEN_POINTS, find_differences
from slant.comparing.measures import Measure
from slant.comparing.options import Options
from slant.comparing.rates import find_groups
from slant.comparing.score_tables import open_store

PLANTED = ("loaded/outlet/units", "stance/syrian_government/against")


def null_check(counted: Counts, kept: Sequence[str], shuffles: int, options: Options) -> dict[str, float]:
    shares = []
    for number in tqdm(range(shuffles), unit=" shuffles"):
        shuffled = replace(
            counted, group=np.random.default_rng([options.seed, number]).permutation(counted.group)
        )
        found = find_differences(shuffled, None, kept=kept, options=replace(options, seed=number)).differences
        shares.append(float(np.mean(found["significant"].to_numpy(zero_copy_only=False))))
    some = sum(share > 0 for share in shares)
    interval = binomtest(some, shuffles).proportion_ci(0.95, "wilson")
    return {
        "shuffles": shuffles, "tests": found.num_rows, "mean_share_significant": float(np.mean(shares)),
        "shuffles_with_any": some / shuffles, "low": interval.low, "high": interval.high,
    }  # fmt: skip


def power_check(counted: Counts, measure: str, worlds: int, options: Options) -> dict[str, float | str]:
    """Draws articles with replacement that the measure can be said of, whatever their outlet."""
    m = counted.index(Measure.parse(measure))
    pool = np.flatnonzero(counted.totals[:, counted.column[m]] > 0)
    pilot = find_differences(
        planted(counted, pool, m, 1000, options.seed), None, kept=["a", "b"], options=options
    )
    row = next(row for row in pilot.detectable.to_pylist() if row["measure"] == measure)
    size = row["articles_for_ten"]
    found = 0
    for number in tqdm(range(worlds), unit=" worlds"):
        made = planted(counted, pool, m, size, options.seed + 1 + number)
        table = find_differences(
            made, None, kept=["a", "b"], options=replace(options, seed=number)
        ).differences
        found += any(r["significant"] for r in table.to_pylist() if r["measure"] == measure)
    interval = binomtest(found, worlds).proportion_ci(0.95, "wilson")
    return {
        "measure": measure, "articles_per_group": size, "level": row["level"], "tests": pilot.differences.num_rows,
        "worlds": worlds, "found": found / worlds, "low": interval.low, "high": interval.high,
    }  # fmt: skip


def planted(counted: Counts, pool: np.ndarray, measure: int, size: int, seed: int) -> Counts:
    """Groups a and b of `size` articles each; in b units without the label get it so that its rate is ten points higher."""
    rng = np.random.default_rng([seed, measure])
    rows = rng.choice(pool, 2 * size)
    hits, totals = counted.hits[rows].copy(), counted.totals[rows]
    total = totals[size:, counted.column[measure]]
    rate = counted.hits[pool, measure].sum() / counted.totals[pool, counted.column[measure]].sum()
    without = (total - hits[size:, measure]).astype(np.int64)
    hits[size:, measure] += rng.binomial(without, TEN_POINTS / (1 - rate))
    numbers = np.arange(2 * size)
    return replace(
        counted,
        groups=("a", "b"),
        articles=numbers.astype(object),
        group=numbers // size,
        article=numbers,
        hits=hits,
        totals=totals,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scores", nargs="+")
    parser.add_argument("--shuffles", type=int, default=200)
    parser.add_argument("--worlds", type=int, default=400)
    parser.add_argument("--permutations", type=int, default=2000, help="in the null check")
    parser.add_argument("--adjust", choices=["bh", "holm"], default="bh")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    options = Options(permutations=given.permutations, adjust=given.adjust)
    with open_store(given.scores) as store:
        make_text_parts(store, merge_copies=False)
        make_hits(store)
        counted, kept = count_hits(store), list(find_groups(store, min_articles=options.min_articles).kept)
    thorough = replace(options, permutations=Options().permutations)
    result = {
        "null": null_check(counted, kept, given.shuffles, options),
        "power": [power_check(counted, measure, given.worlds, thorough) for measure in PLANTED],
        "settings": {"permutations": given.permutations, "adjust": given.adjust, "groups": len(kept)},
    }
    null = result["null"]
    print(
        f"null: {100 * null['mean_share_significant']:.2f} % of {null['tests']:,} differences hold on average over "
        f"{given.shuffles} shuffles; any in {100 * null['shuffles_with_any']:.1f} % of them "
        f"({100 * null['low']:.1f}–{100 * null['high']:.1f})"
    )
    for row in result["power"]:
        print(
            f"power: {row['measure']}, ten points, {row['articles_per_group']} articles a group: found in "
            f"{100 * row['found']:.1f} % of {row['worlds']} ({100 * row['low']:.1f}–{100 * row['high']:.1f})"
        )
    if given.json:
        given.json.parent.mkdir(parents=True, exist_ok=True)
        given.json.write_text(json.dumps(result, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
