"""Do the intervals hold what they say? Worlds with known rates, and a classifier that errs differently on each outlet.

    python benchmarks/coverage_simulation.py --json benchmarks/results/coverage.json

In each world two outlets publish articles of one to twelve units; an article's own rate varies about its outlet's, so that
units of one article are alike. The classifier has another recall and another false positive rate on each outlet. Naive
intervals are those of `slant compare` without gold, corrected ones those with gold drawn as `slant sample` draws it. Printed
and written: how many of the 95 % intervals hold the true rate (and the true difference), with the Monte Carlo interval of
that share.
"""

from __future__ import annotations

import argparse
import json
import platform
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.stats import binomtest
from tqdm import tqdm

from slant.comparing.counts import Counts
from slant.comparing.error_correction import Labeled, corrected_rate, estimate_difference, sum_by_article
from slant.comparing.gold_sample import allocate_strata, systematic
from slant.comparing.measures import Measure
from slant.comparing.rates import percentile_interval, resample_groups

RATES = (0.30, 0.42)  # true share of units that are against, per outlet
RECALL, FALSE_POSITIVES = (0.85, 0.62), (0.08, 0.22)  # of the classifier, per outlet
ARTICLES = 200  # per outlet
ALIKE = (
    4.0  # sum of the parameters of the beta that an article's own rate is drawn from: lower, units more alike
)
GOLD = (50, 100, 200, 400)  # labelled units per outlet
LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class World:
    """One row a unit. outlet, article: numbers; truth, said: whether it is against, and whether the classifier says so."""

    outlet: np.ndarray
    article: np.ndarray
    truth: np.ndarray
    said: np.ndarray


def world(rng: np.random.Generator) -> World:
    sizes = rng.integers(1, 13, 2 * ARTICLES)
    outlet_of = np.repeat([0, 1], ARTICLES)
    rates = np.array(RATES)[outlet_of]
    own = rng.beta(rates * ALIKE, (1 - rates) * ALIKE)
    article = np.repeat(np.arange(2 * ARTICLES), sizes)
    outlet = outlet_of[article]
    truth = rng.random(len(article)) < own[article]
    chance = np.where(truth, np.array(RECALL)[outlet], np.array(FALSE_POSITIVES)[outlet])
    return World(outlet, article, truth, rng.random(len(article)) < chance)


def count(made: World) -> Counts:
    hits = np.bincount(made.article, made.said)[:, None].astype(np.float32)
    totals = np.bincount(made.article)[:, None].astype(np.float32)
    zero = np.zeros(1, np.int64)
    articles = np.arange(2 * ARTICLES)
    measures = (Measure("stance", "x", "against"),)
    return Counts(
        ("a", "b"),
        articles.astype(object),
        articles // ARTICLES,
        articles,
        measures,
        zero,
        zero,
        hits,
        totals,
    )


def gold(made: World, outlet: int, size: int, rng: np.random.Generator) -> Labeled:
    """Units drawn from strata by what the classifier says, as `slant sample` does."""
    members = np.flatnonzero(made.outlet == outlet)
    strata = [members[made.said[members] == said] for said in (False, True)]
    chosen, weights = [], []
    for own, wanted in zip(strata, allocate_strata(np.array([len(s) for s in strata]), size), strict=True):
        drawn = rng.permutation(own)[systematic(len(own), int(wanted), rng)]
        chosen.append(drawn)
        weights.append(np.full(len(drawn), len(own) / max(wanted, 1)))
    rows = np.concatenate(chosen)
    truth, said = (part[rows].astype(np.float64) for part in (made.truth, made.said))
    return Labeled(
        made.outlet[rows], made.article[rows], truth, said, np.ones(len(rows)), np.concatenate(weights)
    )


def intervals(made: World, seed: int) -> dict[tuple[str, str], list[tuple[float, float]]]:
    """(way, what) → intervals; what: "rate" (of either outlet) or "difference"."""
    counts = count(made)
    drawn = resample_groups(counts, resamples=1000, seed=seed)
    rates = [drawn.rates([g])[:, 0] for g in (0, 1)]
    found = {("naive", "rate"): [_pair(percentile_interval(r[:, None], level=LEVEL)) for r in rates]}
    found["naive", "difference"] = [_pair(percentile_interval((rates[0] - rates[1])[:, None], level=LEVEL))]
    rng = np.random.default_rng(seed)
    for size in GOLD:
        estimates = []
        for outlet in (0, 1):
            rows = np.flatnonzero(counts.group == outlet)
            labelled = gold(made, outlet, size, rng)
            estimates.append(corrected_rate(labelled, *sum_by_article(counts, rows, 0)))
        way = f"corrected, {size} labels an outlet"
        found[way, "rate"] = [e.interval(LEVEL) or (np.nan, np.nan) for e in estimates]
        found[way, "difference"] = [estimate_difference(*estimates).interval(LEVEL) or (np.nan, np.nan)]
    return found


def _pair(found: tuple[np.ndarray, np.ndarray]) -> tuple[float, float]:
    return float(found[0][0]), float(found[1][0])


def simulate(worlds: int, seed: int) -> list[dict[str, object]]:
    held: dict[tuple[str, str], list[bool]] = {}
    widths: dict[tuple[str, str], list[float]] = {}
    for number in tqdm(range(worlds), unit=" worlds"):
        made = world(np.random.default_rng([seed, number]))
        for key, found in intervals(made, number).items():
            true = RATES if key[1] == "rate" else (RATES[0] - RATES[1],)
            for (low, high), value in zip(found, true, strict=True):
                held.setdefault(key, []).append(bool(low <= value <= high))
                widths.setdefault(key, []).append(high - low)
    rows = []
    for key, flags in held.items():
        interval = binomtest(sum(flags), len(flags)).proportion_ci(0.95, "wilson")
        rows.append(
            {
                "way": key[0], "what": key[1], "intervals": len(flags), "coverage": sum(flags) / len(flags),
                "low": interval.low, "high": interval.high, "width": float(np.nanmean(widths[key])),
                "without_interval": int(np.isnan(widths[key]).sum()),
            }
        )  # fmt: skip
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--worlds", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    rows = simulate(given.worlds, given.seed)
    print(f"{'intervals':<36} {'of':<11} {'hold the truth':>15} {'95 % interval':>15} {'mean width':>11}")
    for row in rows:
        span = f"{100 * row['low']:.1f}–{100 * row['high']:.1f}"
        print(
            f"{row['way']:<36} {row['what']:<11} {100 * row['coverage']:>14.1f}% {span:>15} {row['width']:>11.3f}"
        )
    if given.json:
        settings = {
            "rates": RATES, "recall": RECALL, "false_positives": FALSE_POSITIVES, "articles_per_outlet": ARTICLES,
            "units_per_article": "1 to 12", "alike": ALIKE, "worlds": given.worlds, "seed": given.seed,
            "python": platform.python_version(), "numpy": np.__version__,
        }  # fmt: skip
        given.json.parent.mkdir(parents=True, exist_ok=True)
        given.json.write_text(json.dumps({"settings": settings, "rows": rows}, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
