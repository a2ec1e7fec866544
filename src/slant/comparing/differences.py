"""Every pair of groups, and every group against the rest: how far apart, how sure, and could chance do that?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.stats import norm

from slant.comparing.counts import Cells, Floats, Measure
from slant.comparing.options import Options
from slant.comparing.rates import Drawn, ends
from slant.comparing.significance import (
    ALPHA,
    Rated,
    Sums,
    adjust,
    detectable_level,
    draw_more,
    p_values,
    rated,
)

if TYPE_CHECKING:
    import pyarrow as pa

Row = dict[str, Any]
REST = "(rest)"
MIN_HITS = 10  # of both sides together, and as many of what is no hit: fewer cannot tell chance from anything
MOST_GROUPS = 40  # above, only each group against the rest
POWER = 0.8
MARGIN = (
    1.03  # standard errors over articles come out a little small, and a p from permutations a little large
)
TEN_POINTS = 0.1


@dataclass(frozen=True, slots=True)
class Differences:
    """The tables `differences`, `detectable` and `untested` of run.py; level: see `detectable_level`."""

    differences: pa.Table
    detectable: pa.Table
    untested: pa.Table
    level: float


@dataclass(frozen=True, slots=True)
class _Pair:
    """tested: (measures,) whether it is in the family. numbers: the groups of each side."""

    group: str
    other: str
    left: Sums
    right: Sums
    rates: tuple[Rated, Rated]
    numbers: tuple[Sequence[int], Sequence[int]]
    tested: np.ndarray


def differences(
    cells: Cells,
    drawn: Drawn | None,
    *,
    kept: Sequence[str],
    options: Options,
    tick: Callable[[int, int], None] = lambda *_: None,
) -> Differences:
    """Tests every measure between every pair of the groups in `kept`, and between each and all others together.

    The family over which p is adjusted is all that is tested: a measure is left out of a pair, and named in `untested`, where
    the two together have fewer than MIN_HITS hits, or a side fewer than `articles_needed` articles with a denominator. Hits
    of the two together are the same in every arrangement, so that leaving out does not bend the test (Bourgon et al. 2010).
    A text that both sides ran changes sides with both its parts, as an article does that groups cut through. What could have
    been detected takes the sides for independent, and is a little too large where they share texts.
    drawn: for the intervals; None: there are none. tick: is told (pairs done, pairs in all).
    """
    pairs = list(_pairs(cells, kept, options))
    sides = [(pair.left, pair.right) for pair in pairs]
    tested = [np.flatnonzero(pair.tested) for pair in pairs]
    rows: list[Row] = []
    for number, p in enumerate(p_values(sides, tested, permutations=options.permutations, seed=options.seed)):
        rows += ({**row, "pair": number} for row in _rows(cells, pairs[number], drawn, p, options=options))
        tick(number + 1, len(pairs))
    level = detectable_level(len(rows))
    if rows:
        adjust(rows, options)
        draw_more(sides, rows, options)
        quantile = reach(level)
        for row in rows:
            row["detectable"] = quantile * row["error"]
    untested = [row for pair in pairs for row in _untested(cells, pair)]
    return Differences(
        _table(rows, _DIFFERENCE),
        _table(_detectable(cells, rows, level), _DETECTABLE),
        _table(untested, _UNTESTED),
        level,
    )


def reach(level: float) -> float:
    """How many standard errors a difference has to have, to be found at this level with POWER."""
    return float(MARGIN * (norm.ppf(1 - level / 2) + norm.ppf(POWER)))


def _pairs(cells: Cells, kept: Sequence[str], options: Options) -> Iterator[_Pair]:
    numbers = {group: cells.groups.index(group) for group in kept}
    sums = {group: Sums(cells, np.flatnonzero(cells.group == number)) for group, number in numbers.items()}
    if len(kept) <= MOST_GROUPS:
        for one, two in combinations(kept, 2):
            yield _pair(cells, (one, two), (sums[one], sums[two]), ([numbers[one]], [numbers[two]]), options)
    if len(kept) > 2:
        for group in kept:
            rest = [numbers[other] for other in kept if other != group]
            sides = _against_rest(cells, numbers[group], rest) if cells.crossed else None
            left, right = sides or (sums[group], Sums(cells, np.flatnonzero(np.isin(cells.group, rest))))
            yield _pair(cells, (group, REST), (left, right), ([numbers[group]], rest), options)


def _against_rest(cells: Cells, group: int, rest: Sequence[int]) -> tuple[Sums, Sums]:
    """The two sides where groups share articles or texts: the parts of one in the rest become one."""
    rows = np.flatnonzero((cells.group == group) | np.isin(cells.group, rest))
    key = 2 * cells.article[rows] + (cells.group[rows] != group)
    starts = np.flatnonzero(np.diff(key[np.argsort(key, kind="stable")], prepend=-1))
    ordered = rows[np.argsort(key, kind="stable")]
    keys = np.sort(key)[starts]
    merged = replace(
        cells,
        article=keys // 2,
        group=keys % 2,
        hits=np.add.reduceat(cells.hits[ordered], starts),
        totals=np.add.reduceat(cells.totals[ordered], starts),
    )
    return Sums(merged, np.flatnonzero(keys % 2 == 0)), Sums(merged, np.flatnonzero(keys % 2 == 1))


def articles_needed(options: Options) -> int:
    """With a denominator, on each side of a difference that is tested: one alone says nothing of the spread."""
    return max(2, options.min_articles)


def _pair(
    cells: Cells,
    names: tuple[str, str],
    sides: tuple[Sums, Sums],
    numbers: tuple[Sequence[int], Sequence[int]],
    options: Options,
) -> _Pair:
    rates = rated(cells, sides[0].all), rated(cells, sides[1].all)
    enough = np.minimum(rates[0].articles, rates[1].articles) >= articles_needed(options)
    return _Pair(*names, *sides, rates, numbers, enough & (rare_hits(cells, *sides) >= MIN_HITS))


def rare_hits(cells: Cells, left: Sums, right: Sums) -> Floats:
    """(measures,) hits of both sides, or what is no hit where that is rarer; of a net stance, all that is not neutral."""
    sums = left.all + right.all
    hits = sums[: len(cells.measures)]
    totals = sums[3 * len(cells.measures) :][: cells.totals.shape[1]][cells.column]
    names = {measure.name: i for i, measure in enumerate(cells.measures)}
    found = hits.copy()
    for i, measure in enumerate(cells.measures):
        if measure.kind == "share":
            found[i] = min(hits[i], totals[i] - hits[i])
        elif measure.kind == "net":
            sides = [names.get(measure.name[: -len("net")] + label) for label in ("against", "favor")]
            found[i] = sum(hits[j] for j in sides if j is not None) if None not in sides else abs(hits[i])
    return found


def _rows(cells: Cells, pair: _Pair, drawn: Drawn | None, p: Floats, *, options: Options) -> list[Row]:
    """p: of what is tested."""
    tested = np.flatnonzero(pair.tested)
    if not len(tested):
        return []
    low = high = np.full(len(cells.measures), np.nan)
    if drawn:
        low, high = ends(drawn.rates(pair.numbers[0]) - drawn.rates(pair.numbers[1]), level=options.level)
    left, right = pair.rates
    effects = effect_sizes(cells, left.value, right.value)
    error = np.sqrt(left.variance + right.variance)
    return [
        {
            "group": pair.group, "other": pair.other, "measure": cells.measures[m].name,
            "value": left.value[m], "other_value": right.value[m], "difference": left.value[m] - right.value[m],
            "low": _known(low[m]), "high": _known(high[m]), "effect": _known(effects[m]),
            "effect_kind": EFFECTS[cells.measures[m].kind], "p": float(own_p), "error": error[m],
            "column": m,
            "articles": int(left.articles[m]), "other_articles": int(right.articles[m]),
            "per_article": float(left.articles[m] * left.variance[m] + right.articles[m] * right.variance[m]),
        }
        for m, own_p in zip(tested, p, strict=True)
    ]  # fmt: skip


EFFECTS = {"share": "cohens_h", "per_1000_words": "rate_ratio", "net": "standardised_difference"}


def effect_sizes(cells: Cells, left: Floats, right: Floats) -> Floats:
    """(measures,): Cohen's h of two shares (Cohen 1988: 0.2 small, 0.5 medium, 0.8 large); the ratio of two numbers per 1,000
    words; for net stances the difference in standard deviations of a unit's stance (against −1, neutral 0, favor 1)."""
    names = {measure.name: i for i, measure in enumerate(cells.measures)}
    return np.array([_effect(measure, i, names, (left, right)) for i, measure in enumerate(cells.measures)])


def _effect(measure: Measure, i: int, names: dict[str, int], sides: tuple[Floats, Floats]) -> float:
    left, right = (float(side[i]) for side in sides)
    if measure.kind == "share":
        return float(2 * np.arcsin(np.sqrt(left)) - 2 * np.arcsin(np.sqrt(right)))
    if measure.kind == "per_1000_words":
        return left / right if right else np.nan
    stem = measure.name[: -len("net")]
    if not {stem + "against", stem + "favor"} <= names.keys():
        return np.nan
    squares = (side[names[stem + "against"]] + side[names[stem + "favor"]] - side[i] ** 2 for side in sides)
    spread = float(np.sqrt(sum(squares) / 2))
    return (left - right) / spread if spread else np.nan


def _detectable(cells: Cells, rows: list[Row], level: float) -> Iterator[Row]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(str(row["measure"]), []).append(row)
    alone = reach(ALPHA)
    quantile = reach(level)
    for measure in cells.measures:
        if own := found.get(measure.name):
            errors = np.array([row["error"] for row in own], np.float64)
            told = errors[errors > 0] if errors.any() else errors  # no spread in a sample is no sharp sight
            spread = float(np.median([row["per_article"] for row in own]))
            is_share = measure.kind != "per_1000_words"
            yield {
                "measure": measure.name, "tests": len(own), "level": level, "smallest": quantile * told.min(),
                "median": quantile * float(np.median(errors)), "largest": quantile * errors.max(),
                "median_alone": alone * float(np.median(errors)),
                "articles_for_ten": int(np.ceil(quantile**2 * spread / TEN_POINTS**2)) if is_share else None,
            }  # fmt: skip


def _untested(cells: Cells, pair: _Pair) -> Iterator[Row]:
    rare = rare_hits(cells, pair.left, pair.right)
    asked = (pair.rates[0].articles > 0) & (pair.rates[1].articles > 0)
    for m in np.flatnonzero(asked & ~pair.tested):
        articles = [int(side.articles[m]) for side in pair.rates]
        yield {"group": pair.group, "other": pair.other, "measure": cells.measures[m].name, "hits": int(rare[m]),
               "articles": articles[0], "other_articles": articles[1]}  # fmt: skip


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


_DIFFERENCE = {
    **dict.fromkeys(("group", "other", "measure"), "string"),
    **dict.fromkeys(("value", "other_value", "difference", "low", "high", "effect"), "float64"),
    "effect_kind": "string", "p": "float64", "p_adjusted": "float64", "significant": "bool_",
    "articles": "int64", "other_articles": "int64", "detectable": "float64",
}  # fmt: skip
_DETECTABLE = {
    "measure": "string", "tests": "int64", **dict.fromkeys(("smallest", "median", "largest", "median_alone"), "float64"),
    "articles_for_ten": "int64", "level": "float64",
}  # fmt: skip
_UNTESTED = {
    **dict.fromkeys(("group", "other", "measure"), "string"),
    **dict.fromkeys(("hits", "articles", "other_articles"), "int64"),
}  # fmt: skip


def _table(rows: Iterator[Row] | list[Row], columns: dict[str, str]) -> pa.Table:
    import pyarrow as pa

    schema = pa.schema([(name, getattr(pa, kind)()) for name, kind in columns.items()])
    return pa.Table.from_pylist([{name: row[name] for name in columns} for row in rows], schema)
