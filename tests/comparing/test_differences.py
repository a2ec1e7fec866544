"""Differences: permutation tests, the family of tests, effect sizes, detectable differences."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from math import asin, sqrt
from typing import Any

import numpy as np
import pytest
from scipy.stats import norm

from slant.comparing.clusters import by_article
from slant.comparing.counts import Counts
from slant.comparing.differences import Differences, effect_sizes, find_all_sides, find_differences
from slant.comparing.intervals import Design, power
from slant.comparing.measures import Measure
from slant.comparing.options import Options
from slant.comparing.significance import (
    Sums,
    adjust_p_values,
    estimate_rates,
    permutation_p,
    statistic,
    sum_by_cluster,
)

AGAINST, NET, FAVOR = (f"stance/x/{label}" for label in ("against", "net", "favor"))


def made(groups: dict[str, list[tuple[int, int]]]) -> Counts:
    """One measure; each group's articles as (hits, total)."""
    pairs = np.array([pair for own in groups.values() for pair in own], np.float32)
    group = np.repeat(np.arange(len(groups)), [len(own) for own in groups.values()])
    zero, rows = np.zeros(1, np.int64), np.arange(len(pairs))
    return Counts(
        tuple(groups),
        rows.astype(object),
        group,
        rows,
        (Measure.parse(AGAINST),),
        zero,
        zero,
        pairs[:, :1],
        pairs[:, 1:],
    )


def sides(counts: Counts) -> tuple[Sums, Sums]:
    return Sums(counts, np.flatnonzero(counts.group == 0)), Sums(counts, np.flatnonzero(counts.group == 1))


def compared(counts: Counts, options: Options) -> Differences:
    kept = list(counts.groups)
    return find_differences(find_all_sides(by_article(counts), kept=kept), kept=kept, options=options)


def p_of(counts: Counts, *, permutations: int = 20_000) -> float:
    return float(permutation_p(*sides(counts), permutations=permutations, rng=np.random.default_rng(0))[0])


def test_p_agrees_with_an_enumeration_of_all_permutations() -> None:
    """Five articles against five: 252 permutations."""
    values = [(3, 4), (2, 2), (4, 7), (1, 1), (3, 5), (0, 3), (1, 4), (2, 9), (1, 2), (0, 1)]
    counts = made({"a": values[:5], "b": values[5:]})

    def seen(left: set[int]) -> float:
        dealt = replace(counts, group=np.array([int(i not in left) for i in range(10)]))
        return float(abs(statistic(*(estimate_rates(dealt, side.all) for side in sides(dealt)))[0]))

    observed = seen(set(range(5)))
    exact = np.mean([seen(set(left)) >= observed - 1e-9 for left in combinations(range(10), 5)])
    assert p_of(counts) == pytest.approx(exact, abs=0.01)


def test_the_variance_is_that_of_a_ratio_over_articles() -> None:
    rng = np.random.default_rng(0)
    totals = rng.integers(1, 9, 4000)
    hits = rng.binomial(totals, rng.beta(2, 3, 4000))
    counts = made({"a": list(zip(hits.tolist(), totals.tolist(), strict=True)), "b": [(1, 1)]})
    error = float(np.sqrt(estimate_rates(counts, sides(counts)[0].all).variance[0]))
    again = [rng.integers(0, 4000, 4000) for _ in range(1000)]
    drawn = [hits[chosen].sum() / totals[chosen].sum() for chosen in again]
    assert error == pytest.approx(float(np.std(drawn)), rel=0.06)


def test_p_is_uniform_where_there_is_no_difference() -> None:
    """Groups of unequal size and articles of unequal length, so that only the mean is the same: far from any uniform
    distribution is what a test over units would give."""
    rng = np.random.default_rng(1)
    found = []
    for _ in range(300):
        small, large = (rng.integers(1, most, n) for most, n in ((12, 25), (4, 90)))
        groups = {
            name: list(
                zip(rng.binomial(sizes, rng.beta(2, 2, len(sizes))).tolist(), sizes.tolist(), strict=True)
            )
            for name, sizes in (("a", small), ("b", large))
        }
        found.append(p_of(made(groups), permutations=400))
    assert 0.02 <= np.mean(np.array(found) < 0.05) <= 0.09
    assert 0.42 <= np.mean(np.array(found) < 0.5) <= 0.58


def test_bundles_give_the_same_p_as_single_articles() -> None:
    rng = np.random.default_rng(2)
    groups = {
        name: [(int(h), 1) for h in rng.random(n) < 0.3 + shift]
        for name, n, shift in (("a", 900, 0.05), ("b", 2500, 0))
    }
    counts = made(groups)
    seen = abs(statistic(*(estimate_rates(counts, side.all) for side in sides(counts)))[0])
    dealt = [
        permutation_p(*sides(counts), permutations=4000, rng=np.random.default_rng(i)) for i in range(12)
    ]
    assert norm.isf(np.array(dealt) / 2).mean() == pytest.approx(seen, rel=0.05), "their own spread evens out"


def test_no_p_is_smaller_than_one_over_the_permutations() -> None:
    apart = made({"a": [(1, 1)] * 4, "b": [(0, 1)] * 4})
    assert p_of(apart) >= 1 / 70


def test_more_permutations_are_drawn_where_too_few_keep_p_from_being_significant() -> None:
    """One strong difference among many groups alike: 20 permutations cannot give a p as small as its family needs."""
    rng = np.random.default_rng(5)
    groups = {f"g{i}": [(int(h), 1) for h in rng.random(60) < (0.95 if i == 0 else 0.5)] for i in range(6)}
    counts = made(groups)
    options = Options(permutations=20)
    rows = compared(counts, options).differences.to_pylist()
    assert min(row["p"] for row in rows) < 1e-3
    assert {row["group"] for row in rows if row["significant"]} == {"g0"}


def families(counts: Counts, **more: Any) -> list[dict[str, Any]]:
    options = Options(permutations=500, resamples=200, **more)
    return compared(counts, options).differences.to_pylist()


def test_every_pair_and_every_group_against_the_rest() -> None:
    rng = np.random.default_rng(3)
    counts = made(
        {g: [(int(h), 1) for h in rng.random(60) < p] for g, p in (("a", 0.9), ("b", 0.5), ("c", 0.5))}
    )
    rows = families(counts)
    assert [(row["group"], row["other"]) for row in rows] == [
        ("a", "b"), ("a", "c"), ("b", "c"), ("a", "(rest)"), ("b", "(rest)"), ("c", "(rest)"),
    ]  # fmt: skip
    first = rows[0]
    assert first["difference"] == pytest.approx(first["value"] - first["other_value"])
    assert first["low"] < first["difference"] < first["high"]
    assert (first["significant"], rows[2]["significant"]) == (True, False)
    assert first["p"] <= first["p_adjusted"]
    assert all(row["detectable"] > 0 for row in rows)
    holm = families(counts, adjust="holm")
    assert all(h["p_adjusted"] >= b["p_adjusted"] - 1e-12 for h, b in zip(holm, rows, strict=True))


def test_rare_measures_and_those_in_few_articles_are_listed_as_untested() -> None:
    counts = made({"a": [(1, 1)] * 4 + [(0, 1)] * 40, "b": [(1, 1)] * 5 + [(0, 1)] * 40})
    found = compared(counts, Options(permutations=200))
    assert found.differences.num_rows == 0
    (row,) = found.untested.to_pylist()
    assert (row["hits"], row["articles"], row["other_articles"]) == (9, 44, 45)
    assert row["reason"] == "9 hits or non-hits of both; 10 are needed"
    few = compared(made({"a": [(9, 20)] * 4, "b": [(9, 20)] * 30}), Options(permutations=200)).untested
    assert few["reason"].to_pylist() == ["4 articles on one side; 5 are needed"]
    five = compared(made({"a": [(9, 20)] * 5, "b": [(9, 20)] * 30}), Options(permutations=200)).untested
    assert five["reason"].to_pylist() == ["cannot be tested with 5 articles a side; 6 are needed"]


def test_the_detectable_difference_follows_from_the_sample_size() -> None:
    """400 articles of one unit a group, a rate of one half: the textbook's standard errors, that of the alternative too."""
    counts = made({g: [(i % 2, 1) for i in range(400)] for g in ("a", "b")})
    row = compared(counts, Options(permutations=200)).detectable.to_pylist()[0]
    other = 0.5 + row["median"]
    error = sqrt((0.25 + other * (1 - other)) / 400)
    needed = norm.ppf(0.975) + norm.ppf(0.8)
    assert row["median"] == pytest.approx(needed * error, rel=0.02), "one test: nothing to adjust for"
    assert row["median_alone"] == row["median"]
    assert row["articles_for_ten"] == pytest.approx(needed**2 * (0.25 + 0.24) / 0.01, rel=0.03)


def test_a_rare_label_needs_a_larger_difference_than_its_own_variance_says() -> None:
    """Two of a hundred against twelve: with the variance at two of a hundred, 17 articles would seem to be enough."""
    design = Design(
        np.array([0.02]), (np.array([17.0]),) * 2, (np.array([17.0]),) * 2, np.array([32.0]), np.zeros(1)
    )
    assert power(design, np.array([0.1]), 0.05)[0] < 0.3
    large = design.larger(np.array([8.0]))
    drawn = np.random.default_rng(0).binomial(136, [0.02, 0.12], (600, 2))
    found = [
        compared(made({g: [(1, 1)] * n + [(0, 1)] * (136 - n) for g, n in zip("ab", pair, strict=True)}),
               Options(permutations=100)).differences.to_pylist()
        for pair in drawn[:60]
    ]  # fmt: skip
    share = np.mean([bool(rows) and rows[0]["p_adjusted"] < 0.05 for rows in found])
    assert power(large, np.array([0.1]), 0.05)[0] == pytest.approx(share, abs=0.15)


def test_nothing_is_detectable_where_no_p_can_be_so_small() -> None:
    """Six articles a side have 924 permutations, half of them swaps; with 66 tests the first p must be below 0.0008."""
    rng = np.random.default_rng(0)
    groups = {f"g{i}": [(int(h), 8) for h in rng.integers(2, 7, 6)] for i in range(11)}
    found = compared(made(groups), Options(permutations=200)).detectable.to_pylist()[0]
    assert (found["tests"], found["median"]) == (66, None)
    assert found["median_alone"] is not None
    assert found["smallest"] is not None, "against all others there are sixty articles on the other side"


def test_events_that_all_report_have_fewer_permutations_than_articles() -> None:
    """Ten articles a side have 92,378; if all report the same ten events, 512: too few for 66 tests."""
    rng = np.random.default_rng(0)
    groups = made({f"g{i}": [(int(h), 8) for h in rng.integers(2, 7, 10)] for i in range(11)})
    shared = sum_by_cluster(groups, np.tile(np.arange(10), 11))
    found = [compared(c, Options(permutations=200)).detectable.to_pylist()[0] for c in (groups, shared)]
    assert [row["tests"] for row in found] == [66, 66]
    assert found[0]["median"] is not None
    assert found[1]["smallest"] is None
    assert found[1]["median_alone"] is not None


def test_an_interval_beside_a_difference_says_the_same_as_its_p() -> None:
    """No interval may hold zero if p is below 0.05, or miss it if not, although p is the larger of two."""
    rng = np.random.default_rng(6)
    apart = 0
    for number in range(40):
        groups = {
            name: [
                (int(h), int(n))
                for n in rng.integers(1, 9, 8)
                for h in [rng.binomial(n, rng.beta(2, 2) ** power_)]
            ]
            for name, power_ in (("a", 1), ("b", 2.2))
        }
        rows = compared(made(groups), Options(permutations=300, seed=number)).differences.to_pylist()
        for row in rows:
            assert (row["low"] > 0 or row["high"] < 0) == (row["p"] < 0.05), row
            apart += row["p"] < 0.05
    assert 3 < apart < 37


def test_a_side_at_nothing_or_everything_has_width() -> None:
    for low, high in ((0, 4), (4, 0)):
        counts = made({"a": [(low, 4)] * 20, "b": [((low + high) // 2, 4)] * 10 + [(low, 4)] * 10})
        row = compared(counts, Options(permutations=300)).differences.to_pylist()[0]
        assert row["low"] < row["difference"] < row["high"]
        assert row["high"] - row["low"] > 0.1


def test_effect_sizes_by_kind() -> None:
    against, favor, net = map(Measure.parse, (AGAINST, FAVOR, NET))
    assert effect_sizes([against], np.array([0.5]), np.array([0.2]))[0] == pytest.approx(
        2 * (asin(sqrt(0.5)) - asin(sqrt(0.2)))
    )
    words = Measure.parse("technique/doubt/outlet")
    assert effect_sizes([words], np.array([6.0]), np.array([2.0]))[0] == 3
    found = effect_sizes([against, favor, net], np.array([0.4, 0.2, -0.2]), np.array([0.2, 0.4, 0.2]))
    assert found[2] == pytest.approx(-0.4 / sqrt(0.6 - 0.04))


def test_groups_that_cut_through_articles_change_sides_within_them() -> None:
    """Titles against paragraphs: each article's two parts differ by the same, whatever the article; a test that deals
    parts as if they were articles would not see it."""
    rng = np.random.default_rng(4)
    rate = rng.choice([10, 90], 30)
    hits = np.stack([rate, rate + 8], axis=1).reshape(-1, 1).astype(np.float32)
    totals = np.full((60, 1), 100, np.float32)
    zero, article = np.zeros(1, np.int64), np.repeat(np.arange(30), 2)
    counts = Counts(
        ("title", "paragraph"), np.arange(30).astype(object), np.tile([0, 1], 30), article, (Measure.parse(AGAINST),),
        zero, zero, hits, totals,
    )  # fmt: skip
    assert counts.crossed
    assert p_of(counts, permutations=2000) < 0.001
    apart = replace(counts, articles=np.arange(60).astype(object), article=np.arange(60))
    assert p_of(apart, permutations=2000) > 0.2


def test_a_cluster_that_several_others_share_is_one_cluster_of_the_rest() -> None:
    """Also if the clusters' numbers have gaps, as numbers over all articles do where some belong to no group."""
    groups = {name: [(i % 3, 3) for i in range(7)] for name in "abc"}
    codes = np.array([*range(7), *range(100, 107), *range(100, 107)])  # b and c cover the same seven events
    counts = sum_by_cluster(made(groups), codes)
    assert counts.crossed
    assert (len(counts.articles), counts.article.max()) == (14, 13)
    found = compared(counts, Options(permutations=200))
    assert {row["group"] for row in found.differences.to_pylist() if row["other"] == "(rest)"} == set("abc")


def test_p_values_are_adjusted_over_their_family() -> None:
    """By hand: Benjamini-Hochberg multiplies the i-th smallest p by 4 / i, Holm by 4 - i + 1; both keep the order."""
    p = [0.04, 0.01, 0.03, 0.5]
    significant, adjusted = adjust_p_values(p)
    assert adjusted == pytest.approx([0.04 * 4 / 3, 0.04, 0.04 * 4 / 3, 0.5])
    assert significant.tolist() == [False, True, False, False]
    assert adjust_p_values(p, method="holm")[1] == pytest.approx([0.09, 0.04, 0.09, 0.5])
    assert [len(found) for found in adjust_p_values([])] == [0, 0]
