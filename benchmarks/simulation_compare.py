"""Simulate worlds whose outlets are known, and count how often `slant compare` is wrong.

    python benchmarks/simulation_compare.py [--worlds 300] [--seed 0] [--json benchmarks/results/simulation_compare.json]

Each world is a table of hits per article, as `slant compare` makes it from scores, and goes through the same tests and
intervals.

null: outlets that do not differ. Articles are independent; or their tone is set by events that several outlets report, by
writers who each have a manner, or, for comments, by a few commenters who write most of them. Rejected: p below 5 %. Any: a
file with a claim after adjustment. Untested: differences that are not tested, with the reason in the table.
coverage: share of the 95 % intervals that hold the true rate, and the true difference, and of rates that have an interval.
power: how often a difference as large as the one called detectable is found; wanted are 80 %.
"""

from __future__ import annotations

import argparse
import json
import platform
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import binomtest
from tqdm import tqdm

from slant.comparing.cluster_variance import clusterings
from slant.comparing.clusters import Clustered, Clusters
from slant.comparing.counts import Counts
from slant.comparing.differences import find_all_sides, find_differences
from slant.comparing.measures import ALPHA, POWER, Measure
from slant.comparing.options import Options
from slant.comparing.rates import rates_table

MEASURES = 6
OPTIONS = Options(permutations=400)
RATES = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5)  # true rates of the measures of a null world


@dataclass(frozen=True, slots=True)
class World:
    """One row per article, or per commenter under an article.

    outlet: numbers. totals: units. tone: (rows, measures) the row's own rates. codes: dimension → cluster numbers.
    """

    outlet: np.ndarray
    totals: np.ndarray
    tone: np.ndarray
    codes: dict[str, np.ndarray]

    def compared(self, rng: np.random.Generator, *, side: str = "") -> Clusters:
        """Draw the hits; the table of counts and its clusters."""
        hits = rng.binomial(self.totals[:, None], self.tone).astype(np.float32)
        measures = hits.shape[1]
        names = tuple(Measure("stance", f"target{m}", "against", side) for m in range(measures))
        article = self.codes["article"]
        zero, groups = np.zeros(measures, np.int64), int(self.outlet.max()) + 1
        counts = Counts(
            tuple(f"outlet {g}" for g in range(groups)), np.arange(int(article.max()) + 1).astype(object), self.outlet,
            article, names, zero, zero, hits, self.totals[:, None].astype(np.float32),
        )  # fmt: skip
        every = Clustered(counts, tuple(clusterings(self.codes)), np.arange(measures))
        return Clusters(every, None, {"author": None, "commenter": None}, self.codes)


def varied(
    rng: np.random.Generator, rate: np.ndarray | float, alike: float, shape: tuple[int, ...]
) -> np.ndarray:
    """Rates that vary around `rate`; alike: the correlation of two units that share one (ICC)."""
    wide = np.broadcast_to(np.asarray(rate, float), shape)
    return wide.copy() if alike <= 0 else rng.beta(wide * (1 / alike - 1), (1 - wide) * (1 / alike - 1))


def articles(rng: np.random.Generator, sizes: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Outlets of so many articles, with 1 to 12 units each."""
    outlet = np.repeat(np.arange(len(sizes)), sizes)
    return outlet, rng.integers(1, 13, len(outlet))


def independent(rng: np.random.Generator, sizes: tuple[int, ...] = (60, 60)) -> World:
    outlet, totals = articles(rng, sizes)
    tone = varied(rng, RATES, 0.1, (len(outlet), MEASURES))
    return World(outlet, totals, tone, {"article": np.arange(len(outlet))})


def by_events(
    rng: np.random.Generator, *, events: int = 20, sizes: tuple[int, ...] = (60, 60), known: bool = True
) -> World:
    """Tone is set by the event; each outlet chooses its events."""
    outlet, totals = articles(rng, sizes)
    event = rng.integers(0, events, len(outlet))
    tone = varied(rng, RATES, 0.3, (events, MEASURES))[event]
    codes = {"article": np.arange(len(outlet))}
    return World(outlet, totals, tone, {**codes, "event": event} if known else codes)


def by_writers(
    rng: np.random.Generator, *, writers: int, sizes: tuple[int, ...] = (60, 60), events: int = 0
) -> World:
    """Tone is set by the writer, of whom each outlet has its own; and by shared events, if there are any."""
    outlet, totals = articles(rng, sizes)
    share = rng.dirichlet(np.full(writers, 4.0), len(sizes))
    writer = np.concatenate([rng.choice(writers, n, p=share[g]) + writers * g for g, n in enumerate(sizes)])
    tone = varied(rng, RATES, 0.2, (writers * len(sizes), MEASURES))[writer]
    codes = {"article": np.arange(len(outlet)), "author": writer}
    if events:
        event = rng.integers(0, events, len(outlet))
        tone = (tone + varied(rng, RATES, 0.2, (events, MEASURES))[event]) / 2
        codes["event"] = event
    return World(outlet, totals, tone, codes)


def by_commenters(rng: np.random.Generator, *, people: int = 25, threads: int = 60) -> World:
    """Four of five comments are by a few people of each outlet, each of one mind."""
    comments = 20
    outlet = np.repeat([0, 1], threads * comments)
    article = np.repeat(np.arange(2 * threads), comments)
    own = rng.random(len(outlet)) < 0.2
    person = np.where(
        own, 10_000 + np.arange(len(outlet)), rng.integers(0, people, len(outlet)) + people * outlet
    )
    regulars = varied(rng, RATES, 0.5, (2 * people, MEASURES))
    tone = np.where(own[:, None], np.asarray(RATES)[None], regulars[np.minimum(person, 2 * people - 1)])
    return World(outlet, np.ones(len(outlet), np.int64), tone, {"article": article, "commenter": person})


NULLS: dict[str, Callable[[np.random.Generator], World]] = {
    "independent articles": independent,
    "independent articles, 15 against 90": lambda rng: independent(rng, (15, 90)),
    "independent articles, 4 outlets of 30": lambda rng: independent(rng, (30,) * 4),
    "tone by 20 shared events": by_events,
    "tone by 8 shared events": lambda rng: by_events(rng, events=8),
    "tone by 20 shared events, not known": lambda rng: by_events(rng, known=False),
    "4 writers an outlet": lambda rng: by_writers(rng, writers=4),
    "6 writers an outlet": lambda rng: by_writers(rng, writers=6),
    "12 writers an outlet": lambda rng: by_writers(rng, writers=12),
    "12 writers and 20 shared events": lambda rng: by_writers(rng, writers=12, events=20),
    "25 commenters an outlet": by_commenters,
}


def null(worlds: int, seed: int) -> Iterator[dict[str, Any]]:
    for place, (name, make) in enumerate(NULLS.items()):
        p: list[float] = []
        claims = untested = cells = 0
        reasons: Counter[str] = Counter()
        for number in tqdm(range(worlds), desc=name, disable=None):
            rng = np.random.default_rng([seed, place, number])
            found = compare(make(rng).compared(rng), seed=number)
            rows = found.differences.to_pylist()
            p += [row["p"] for row in rows]
            claims += any(row["significant"] for row in rows)
            untested += found.untested.num_rows
            cells += len(rows) + found.untested.num_rows
            reasons.update(re.split("[;(]", why)[0] for why in found.untested["reason"].to_pylist())
        yield {
            "world": name, "worlds": worlds, "tests": len(p), "rejected": counted(sum(x < ALPHA for x in p), len(p), worlds),
            "any": counted(claims, worlds), "untested": untested / cells,
            "reason": reasons.most_common(1)[0][0] if reasons else "",
        }  # fmt: skip


def compare(clusters: Clusters, *, seed: int = 0) -> Any:
    kept = list(clusters.articles.counts.groups)
    return find_differences(
        find_all_sides(clusters, kept=kept), kept=kept, options=replace(OPTIONS, seed=seed)
    )


def counted(hits: int, of: int, worlds: int | None = None) -> dict[str, float] | None:
    """A share with its Monte-Carlo interval (Wilson); tests of one world are not independent, so it counts worlds."""
    if not of:
        return None
    share, size = hits / of, min(of, worlds or of)
    interval = binomtest(round(share * size), size).proportion_ci(0.95, "wilson")
    return {"share": share, "low": float(interval.low), "high": float(interval.high)}


def coverage(worlds: int, seed: int) -> Iterator[dict[str, Any]]:
    """Two outlets of n articles; measures: the same rate, again and again."""
    for n in (5, 6, 10, 20, 30, 60, 200):
        for rate in (0.02, 0.1, 0.3):
            for alike in (0.0, 0.1, 0.3):
                held = given = apart = pairs = 0
                other = min(1.0, rate + 0.1)
                for number in range(-(-worlds // MEASURES)):
                    rng = np.random.default_rng([seed, n, round(100 * rate), round(100 * alike), number])
                    outlet, totals = articles(rng, (n, n))
                    center = np.where(outlet[:, None] == 0, rate, other)
                    tone = varied(rng, center, alike, (2 * n, MEASURES))
                    clusters = World(outlet, totals, tone, {"article": np.arange(2 * n)}).compared(rng)
                    counts, kept = clusters.articles.counts, list(clusters.articles.counts.groups)
                    sides = find_all_sides(clusters, kept=kept)
                    for row in rates_table(counts, sides, kept=kept, level=0.95).to_pylist():
                        if row["group"] == "outlet 0" and row["low"] is not None:
                            given += 1
                            held += row["low"] <= rate <= row["high"]
                    found = find_differences(sides, kept=kept, options=replace(OPTIONS, permutations=100))
                    for row in found.differences.to_pylist():
                        pairs += 1
                        apart += row["low"] <= rate - other <= row["high"]
                total = -(-worlds // MEASURES) * MEASURES
                yield {
                    "articles": n, "rate": rate, "alike": alike, "given": given / total, "coverage": counted(held, given),
                    "tested": pairs / total, "difference_coverage": counted(apart, pairs),
                }  # fmt: skip


def power(worlds: int, seed: int) -> Iterator[dict[str, Any]]:
    """The difference that `detectable` names for a typical pair, planted; how often is it found at p < 5 %?"""
    for n, rate in ((8, 0.3), (20, 0.2), (50, 0.02), (60, 0.05), (60, 0.3), (200, 0.1)):
        named = []
        for number in range(20):
            rng = np.random.default_rng([seed, n, number])
            outlet, totals = articles(rng, (n, n))
            tone = varied(rng, rate, 0.1, (2 * n, 1))
            found = compare(World(outlet, totals, tone, {"article": np.arange(2 * n)}).compared(rng))
            named += [row["median"] for row in found.detectable.to_pylist() if row["median"] is not None]
        if not named:
            yield {"articles": n, "rate": rate, "detectable": None, "found": None}
            continue
        size, hits = float(np.median(named)), 0
        for number in range(worlds):
            rng = np.random.default_rng([seed + 1, n, number])
            outlet, totals = articles(rng, (n, n))
            center = np.where(outlet[:, None] == 0, rate, min(1 - 1e-9, rate + size))
            tone = varied(rng, center, 0.1, (2 * n, 1))
            rows = compare(
                World(outlet, totals, tone, {"article": np.arange(2 * n)}).compared(rng), seed=number
            )
            hits += any(row["p"] < ALPHA for row in rows.differences.to_pylist())
        yield {
            "articles": n,
            "rate": rate,
            "detectable": size,
            "found": counted(hits, worlds),
            "wanted": POWER,
        }


PARTS: dict[str, Callable[[int, int], Iterator[dict[str, Any]]]] = {
    "null": null,
    "coverage": coverage,
    "power": power,
}


def shown(row: dict[str, Any]) -> str:
    def text(value: Any) -> str:
        if isinstance(value, dict):
            return f"{100 * value['share']:.1f} % ({100 * value['low']:.1f}–{100 * value['high']:.1f})"
        return f"{value:.3g}" if isinstance(value, float) else str(value)

    return "  ".join(f"{name} {text(value)}" for name, value in row.items())


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--worlds", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--part", action="append", choices=list(PARTS), help="only this part; may be repeated"
    )
    parser.add_argument("--json", type=Path, help="result file; parts that were not run are kept as they are")
    given = parser.parse_args()
    result = json.loads(given.json.read_text("utf-8")) if given.json and given.json.exists() else {}
    for name in given.part or PARTS:
        begun = time.perf_counter()
        rows = []
        for row in PARTS[name](given.worlds, given.seed):
            print(shown(row), flush=True)
            rows.append(row)
        settings = {
            "worlds": given.worlds, "seed": given.seed, "permutations": OPTIONS.permutations, "numpy": np.__version__,
            "python": platform.python_version(), "seconds": round(time.perf_counter() - begun),
        }  # fmt: skip
        result[name] = {"settings": settings, "rows": rows}
        if given.json:
            given.json.write_text(json.dumps(result, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
