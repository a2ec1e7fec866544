"""Check `slant compare`: false positives and power, coverage of its intervals, time and memory.

    python benchmarks/comparison.py checks SCORES… [--json benchmarks/results/compare_checks.json]
    python benchmarks/comparison.py coverage       [--json benchmarks/results/coverage.json]
    python benchmarks/comparison.py speed          [--json benchmarks/results/compare_speed.json] [--scores FILE.parquet]

checks, null: the outlets are shuffled over whole articles, so no two outlets differ; how many differences are significant?
checks, power: two outlets are made of articles drawn from all, as many as `detectable` says that ten points need, and ten
points are planted in one of them; how often is that difference found?

coverage: simulated worlds with known rates. Two outlets publish articles of one to twelve units; an article's own rate varies
around its outlet's, so units of one article are alike. The classifier has another recall and another false positive rate on
each outlet. Naive intervals are those of `slant compare` without gold; corrected ones use gold drawn as `slant sample` draws
it. How many of the 95 % intervals contain the true rate, and the true difference?

speed: a million made-up units of 15 outlets over three years, one unit in twelve a comment, text of random words. The run is
a process of its own. --scores keeps the made-up scores there, or uses those that are there.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from scipy.stats import binomtest
from tqdm import tqdm

from slant.comparing.clusters import by_article
from slant.comparing.counts import Counts, count_hits, make_hits, make_text_parts
from slant.comparing.differences import TEN_POINTS, Differences, find_all_sides, find_differences
from slant.comparing.error_correction import Labeled, corrected_rate, estimate_difference, sum_by_article
from slant.comparing.gold_sample import allocate_strata, systematic
from slant.comparing.intervals import difference_limits
from slant.comparing.measures import Measure
from slant.comparing.options import Options
from slant.comparing.rates import find_groups
from slant.comparing.score_tables import open_store
from slant.encoding.label_ids import FRAMES, TECHNIQUES
from slant.records import STANCES
from slant.scoring.output_files import read_scores

PLANTED = ("loaded/outlet/units", "stance/syrian_government/against")  # measures of the power check
RATES = (0.30, 0.42)  # true share of units that are against, per outlet
RECALL, FALSE_POSITIVES = (0.85, 0.62), (0.08, 0.22)  # of the classifier, per outlet
ARTICLES = 200  # per outlet
ALIKE = (
    4.0  # sum of the parameters of the beta that an article's own rate is drawn from: lower, units more alike
)
GOLD = (50, 100, 200, 400)  # labeled units per outlet
LEVEL = 0.95

OUTLETS, UNITS_PER_ARTICLE, TARGETS, WORDS = 15, 12, 6, 30
ROWS = 50_000


def tested(counted: Counts, kept: Sequence[str], options: Options) -> Differences:
    """All differences between these groups, over articles."""
    return find_differences(find_all_sides(by_article(counted), kept=kept), kept=kept, options=options)


def null_check(counted: Counts, kept: Sequence[str], shuffles: int, options: Options) -> dict[str, float]:
    """Shuffle the outlets over whole articles; how many differences are significant?"""
    shares = []
    for number in tqdm(range(shuffles), unit=" shuffles"):
        shuffled = replace(
            counted, group=np.random.default_rng([options.seed, number]).permutation(counted.group)
        )
        found = tested(shuffled, kept, replace(options, seed=number)).differences
        shares.append(float(np.mean(found["significant"].to_numpy(zero_copy_only=False))))
    some = sum(share > 0 for share in shares)
    interval = binomtest(some, shuffles).proportion_ci(0.95, "wilson")
    return {
        "shuffles": shuffles, "tests": found.num_rows, "mean_share_significant": float(np.mean(shares)),
        "shuffles_with_any": some / shuffles, "low": interval.low, "high": interval.high,
    }  # fmt: skip


def power_check(counted: Counts, measure: str, worlds: int, options: Options) -> dict[str, float | str]:
    """Draw articles that the measure applies to, with replacement and from all outlets; how often is the difference found?"""
    m = counted.index(Measure.parse(measure))
    pool = np.flatnonzero(counted.totals[:, counted.column[m]] > 0)
    pilot = tested(planted(counted, pool, m, 1000, options.seed), ["a", "b"], options)
    row = next(row for row in pilot.detectable.to_pylist() if row["measure"] == measure)
    size = row["articles_for_ten"]
    found = 0
    for number in tqdm(range(worlds), unit=" worlds"):
        made = planted(counted, pool, m, size, options.seed + 1 + number)
        table = tested(made, ["a", "b"], replace(options, seed=number)).differences
        found += any(r["significant"] for r in table.to_pylist() if r["measure"] == measure)
    interval = binomtest(found, worlds).proportion_ci(0.95, "wilson")
    return {
        "measure": measure, "articles_per_group": size, "level": row["level"], "tests": pilot.differences.num_rows,
        "worlds": worlds, "found": found / worlds, "low": interval.low, "high": interval.high,
    }  # fmt: skip


def planted(counted: Counts, pool: np.ndarray, measure: int, size: int, seed: int) -> Counts:
    """Groups a and b of `size` articles each; in b, units without the label get it until the rate is ten points higher."""
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


@dataclass(frozen=True, slots=True)
class World:
    """One row per unit. outlet, article: numbers. truth: whether it is against. said: whether the classifier says so."""

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
    """Units drawn from strata by predicted label, as `slant sample` does."""
    members = np.flatnonzero(made.outlet == outlet)
    strata = [members[made.said[members] == said] for said in (False, True)]
    chosen, weights = [], []
    for own, wanted in zip(strata, allocate_strata(np.array([len(s) for s in strata]), size), strict=True):
        drawn = rng.permutation(own)[systematic(len(own), int(wanted), rng)]
        chosen.append(drawn)
        weights.append(np.full(len(drawn), len(own) / max(wanted, 1)))
    rows = np.concatenate(chosen)
    truth, said = (part[rows].astype(np.float64) for part in (made.truth, made.said))
    ones = np.ones(len(rows))
    return Labeled(made.outlet[rows], made.article[rows], truth, said, ones, ones, np.concatenate(weights))


def intervals(made: World, seed: int) -> dict[tuple[str, str], list[tuple[float, float]]]:
    """(way, what) → intervals; what: "rate" (of either outlet) or "difference"."""
    counts = count(made)
    (sides,) = find_all_sides(by_article(counts), kept=["a", "b"])
    found = {("naive", "rate"): [_pair(sides.intervals(outlet, LEVEL)) for outlet in ("a", "b")]}
    apart, shares = sides.contrasts["a", "b"], [sides.share(outlet) for outlet in ("a", "b")]
    limits = difference_limits(shares[0], shares[1], apart.freedom, apart.correlation, LEVEL)
    found["naive", "difference"] = [_pair(limits)]
    rng = np.random.default_rng(seed)
    for size in GOLD:
        estimates = []
        for outlet in (0, 1):
            rows = np.flatnonzero(counts.group == outlet)
            labels = gold(made, outlet, size, rng)
            estimates.append(corrected_rate(labels, *sum_by_article(counts, rows, 0)))
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


def write_scores(path: Path, units: int) -> None:
    """A Parquet file of scores as `slant score` writes it."""
    rng = np.random.default_rng(0)
    vocabulary = np.array(
        ["".join(chr(97 + c) for c in rng.integers(0, 26, rng.integers(2, 10))) for _ in range(5000)]
    )
    writer = None
    for start in range(0, units, ROWS):
        table = pa.Table.from_pylist(
            [_row(rng, vocabulary, i) for i in range(start, min(start + ROWS, units))]
        )
        writer = writer or pq.ParquetWriter(path, table.schema, compression="zstd")
        writer.write_table(table.cast(writer.schema))
    writer.close()


def _row(rng: np.random.Generator, vocabulary: np.ndarray, number: int) -> dict[str, object]:
    article, position = divmod(number, UNITS_PER_ARTICLE)
    outlet = (article * 7919) % OUTLETS
    comment = position == UNITS_PER_ARTICLE - 1
    text = " ".join(rng.choice(vocabulary, WORDS))
    end = text.index(" ")
    tilt = np.array([0.4 + 0.01 * outlet, 0.4, 0.2 - 0.01 * outlet])
    stances = [
        {
            "target": f"target_{t}", "label": str(rng.choice(STANCES, p=tilt)), "mentions": [[0, end]],
            "scores": dict(zip(STANCES, tilt.tolist(), strict=True)),
        }
        for t in rng.choice(TARGETS, rng.integers(0, 3), replace=False)
    ]  # fmt: skip
    loaded = [
        {
            "start": 0, "end": end, "text": text[:end], "label": str(rng.choice(TECHNIQUES[:6])), "score": 0.7,
            "voice": "reader" if comment else str(rng.choice(["outlet", "quoted"])),
        }
        for _ in range(int(rng.random() < 0.2 + 0.01 * outlet))
    ]  # fmt: skip
    reply = {"label": "comment", "scores": {"support": 0.1, "deny": 0.1, "query": 0.1, "comment": 0.7}}
    date = f"{2021 + article % 3}-{1 + article % 12:02d}-{1 + article % 28:02d}"
    return {
        "article_id": f"{article:016x}", "unit_id": f"{article:016x}-{position:04d}", "text": text, "start": 0,
        "end": len(text), "kind": "comment" if comment else "title" if position == 0 else "paragraph",
        "position": position, "outlet": f"outlet {outlet:02d}", "published": date, "title": f"Article {article}",
        "url": f"https://example.org/{article}", "author": f"author {article % 500}", "parent_id": "none",
        "stance": stances, "loaded": loaded, "frames": [{"label": str(rng.choice(FRAMES)), "score": 0.6}],
        "reply": reply if comment else None, "toxic": [[0, 1]], "biased": 0.1, "subjective": 0.2, "flags": ["made up"],
        "model": "made-up", "codebook": "made-up",
    }  # fmt: skip


def checks(given: argparse.Namespace) -> dict[str, Any]:
    """False positives among shuffled outlets, and how often a planted difference is found."""
    options = Options(permutations=given.permutations, adjust=given.adjust)
    with open_store(given.scores) as store:
        make_text_parts(store, merge_copies=False)
        make_hits(store)
        counted, kept = count_hits(store), list(find_groups(store, min_articles=options.min_articles).kept)
    thorough = replace(options, permutations=Options().permutations)
    null = null_check(counted, kept, given.shuffles, options)
    print(
        f"null: {100 * null['mean_share_significant']:.2f} % of {null['tests']:,} differences are significant on average "
        f"over {given.shuffles} shuffles; any in {100 * null['shuffles_with_any']:.1f} % of them "
        f"({100 * null['low']:.1f}–{100 * null['high']:.1f})"
    )
    power = [power_check(counted, measure, given.worlds, thorough) for measure in PLANTED]
    for row in power:
        print(
            f"power: {row['measure']}, ten points, {row['articles_per_group']} articles a group: found in "
            f"{100 * row['found']:.1f} % of {row['worlds']} ({100 * row['low']:.1f}–{100 * row['high']:.1f})"
        )
    settings = {"permutations": given.permutations, "adjust": given.adjust, "groups": len(kept)}
    return {"null": null, "power": power, "settings": settings}


def coverage(given: argparse.Namespace) -> dict[str, Any]:
    """Share of the 95 % intervals that contain the truth, naive and corrected."""
    rows = simulate(given.worlds, given.seed)
    print(f"{'intervals':<36} {'of':<11} {'contain the truth':>17} {'95 % interval':>15} {'mean width':>11}")
    for row in rows:
        span = f"{100 * row['low']:.1f}–{100 * row['high']:.1f}"
        print(
            f"{row['way']:<36} {row['what']:<11} {100 * row['coverage']:>16.1f}% {span:>15} {row['width']:>11.3f}"
        )
    settings = {
        "rates": RATES, "recall": RECALL, "false_positives": FALSE_POSITIVES, "articles_per_outlet": ARTICLES,
        "units_per_article": "1 to 12", "alike": ALIKE, "worlds": given.worlds, "seed": given.seed,
        "python": platform.python_version(), "numpy": np.__version__,
    }  # fmt: skip
    return {"settings": settings, "rows": rows}


def speed(given: argparse.Namespace) -> dict[str, Any]:
    """Seconds and peak memory of one `slant compare`, and the size of its page."""
    with tempfile.TemporaryDirectory() as folder:
        scores, output = given.scores or Path(folder) / "scores.parquet", Path(folder) / "comparison"
        if not scores.exists():
            write_scores(scores, given.units)
        next(read_scores([str(scores)]))  # fails here if slant cannot read it
        code = "from slant.cli import main; import sys; main(sys.argv[1:])"
        begun = time.perf_counter()
        subprocess.run(
            [sys.executable, "-c", code, "compare", str(scores), "-o", str(output), "--overwrite"], check=True
        )
        seconds = time.perf_counter() - begun
        page = sum(file.stat().st_size for file in output.glob("*.html"))
        units, megabytes = pq.read_metadata(scores).num_rows, scores.stat().st_size / 1e6
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(
        f"{units:,} units ({megabytes:.0f} MB): {seconds:.1f} s, peak {peak:,.0f} MB, page {page / 1e6:.2f} MB"
    )
    return {
        "units": units, "seconds": round(seconds, 1), "peak_mb": round(peak), "scores_mb": round(megabytes),
        "report_mb": round(page / 1e6, 2), "machine": platform.machine(), "cores": os.cpu_count(),
        "python": platform.python_version(),
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", type=Path, help="result file")
    parts = parser.add_subparsers(required=True)
    part = parts.add_parser("checks")
    part.add_argument("scores", nargs="+")
    part.add_argument("--shuffles", type=int, default=200)
    part.add_argument("--worlds", type=int, default=400)
    part.add_argument("--permutations", type=int, default=2000, help="in the null check")
    part.add_argument("--adjust", choices=["bh", "holm"], default="bh")
    part.set_defaults(run=checks)
    part = parts.add_parser("coverage")
    part.add_argument("--worlds", type=int, default=1000)
    part.add_argument("--seed", type=int, default=0)
    part.set_defaults(run=coverage)
    part = parts.add_parser("speed")
    part.add_argument("--units", type=int, default=1_000_000)
    part.add_argument("--scores", type=Path, help="keep the scores here, or use those that are here")
    part.set_defaults(run=speed)
    for part in parts.choices.values():
        part.add_argument("--json", type=Path, default=argparse.SUPPRESS, help="result file")
    given = parser.parse_args()
    result = given.run(given)
    if given.json:
        given.json.parent.mkdir(parents=True, exist_ok=True)
        given.json.write_text(json.dumps(result, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
