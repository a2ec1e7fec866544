"""Variances over clusters: by hand, by leaving clusters out, and against other packages."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.stats import t

from slant.comparing.cluster_variance import Clustering, clusterings, contrast, multiway, side
from slant.comparing.counts import Counts
from slant.comparing.measures import Measure
from slant.comparing.sides import limits_of, share_of

AGAINST, NET = Measure.parse("stance/x/against"), Measure.parse("stance/x/net")


def counted(hits: Any, totals: Any, group: Any, measure: Measure = AGAINST) -> Counts:
    zero, rows = np.zeros(1, np.int64), np.arange(len(hits))
    columns = (np.asarray(values, np.float32)[:, None] for values in (hits, totals))
    return Counts(("a", "b"), rows.astype(object), np.asarray(group), rows, (measure,), zero, zero, *columns)


def rows_of(counts: Counts, group: int) -> Any:
    return np.flatnonzero(counts.group == group)


def uneven() -> tuple[Counts, dict[str, Any]]:
    """Two outlets of 30 articles of one to nine units; five writers each, and twelve events that both cover."""
    rng = np.random.default_rng(0)
    totals = rng.integers(1, 10, 60)
    group = np.repeat([0, 1], 30)
    writer = rng.integers(0, 5, 60) + 5 * group
    event = rng.integers(0, 12, 60)
    tone = rng.beta(2, 3, 10)[writer] * 0.6 + rng.beta(2, 3, 12)[event] * 0.4
    return counted(rng.binomial(totals, tone), totals, group), {"author": writer, "event": event}


def test_the_variance_is_that_of_leaving_each_cluster_out() -> None:
    counts, codes = uneven()
    (way,) = clusterings({"author": codes["author"]})
    found = side(counts, rows_of(counts, 0), [way])
    own = counts.group == 0
    left_out = []
    for writer in np.unique(codes["author"][own]):
        rest = own & (codes["author"] != writer)
        left_out.append(counts.hits[rest].sum() / counts.totals[rest].sum())
    number = len(left_out)
    jackknife = (number - 1) / number * ((np.array(left_out) - found.value[0]) ** 2).sum()
    assert found.variance[0] == pytest.approx(jackknife)
    assert found.clusters[0] == 5


def test_articles_within_events_add_nothing_and_events_and_writers_are_crossed() -> None:
    counts, codes = uneven()
    ways = clusterings({"article": counts.article, **codes})
    assert [(way.dimensions, way.sign) for way in ways] == [
        (("author",), 1), (("event",), 1), (("author", "event"), -1),
    ]  # fmt: skip
    pairs = set(zip(codes["author"].tolist(), codes["event"].tolist(), strict=True))
    assert len(np.unique(ways[2].codes)) == len(pairs)
    same = clusterings({"article": counts.article, "event": counts.article})
    assert len(same) == 1


def even() -> tuple[Counts, dict[str, Any]]:
    """Each outlet has 24 articles of one unit: each of 8 writers on 3 of the 12 events that both cover."""
    rng = np.random.default_rng(1)
    number = np.tile(np.arange(24), 2)
    group = np.repeat([0, 1], 24)
    writer, event = number % 8 + 8 * group, number % 12
    tone = rng.random(16)[writer] * 0.5 + rng.random(12)[event] * 0.5
    return counted(rng.random(48) < tone, np.ones(48), group), {"author": writer, "event": event}


def test_two_way_errors_are_those_of_statsmodels() -> None:
    """Clusters of equal size, so that the package's correction for few clusters, G / (G - 1), is that of the jackknife."""
    from statsmodels.regression.linear_model import OLS
    from statsmodels.stats.sandwich_covariance import cov_cluster_2groups

    counts, codes = even()
    fitted = OLS(counts.hits[:, 0], np.stack([np.ones(48), counts.group == 0], axis=1).astype(float)).fit()
    both, by_author, by_event = (
        found[1, 1]
        for found in cov_cluster_2groups(fitted, codes["author"], codes["event"], use_correction=False)
    )
    ways = clusterings(codes)
    left, right = (side(counts, rows_of(counts, group), ways) for group in (0, 1))
    # Writers and pairs are nested in outlets: 8 and 24 in each; the 12 events are shared.
    expected = 8 / 7 * by_author + 12 / 11 * by_event - 24 / 23 * (by_author + by_event - both)
    assert expected > min(8 / 7 * by_author, 12 / 11 * by_event), "no need to fall back"
    assert contrast(left, right, ways).variance[0] == pytest.approx(expected, rel=1e-5)


def test_events_that_both_sides_report_alike_cancel() -> None:
    """Each event has its tone, the same in both outlets: articles differ much, the outlets surely do not."""
    event = np.tile(np.arange(20), 2)
    hits = np.where(np.arange(20) % 3 == 0, 8, 2)
    counts = counted(np.tile(hits, 2), np.full(40, 10), np.repeat([0, 1], 20))
    by_event, by_article = clusterings({"event": event}), clusterings({"article": counts.article})
    shared, apart = (
        contrast(*(side(counts, rows_of(counts, group), ways) for group in (0, 1)), ways)
        for ways in (by_event, by_article)
    )
    assert shared.variance[0] == pytest.approx(0)
    assert shared.correlation[0] == pytest.approx(1)
    assert apart.variance[0] > 0.005


def test_a_negative_sum_gives_way_to_the_largest_one_way_variance() -> None:
    none = np.zeros(0, np.int64)
    ways = [Clustering(("a",), none), Clustering(("b",), none), Clustering(("a", "b"), none, -1)]
    variances = [np.array([1.0, 2.0, 3.0]), np.array([2.0, 2.0, 3.0]), np.array([4.0, 1.0, 3.5])]
    assert multiway(variances, ways).tolist() == [2.0, 3.0, 3.0]


def test_degrees_of_freedom_are_few_where_a_few_clusters_decide() -> None:
    equal = side(
        counted([1, 2] * 10, [4] * 20, [0] * 20), np.arange(20), clusterings({"article": np.arange(20)})
    )
    assert equal.freedom[0] == pytest.approx(19)
    one = counted([20, 30] + [1, 2] * 9, [60, 60] + [4] * 18, [0] * 20)
    assert side(one, np.arange(20), clusterings({"article": np.arange(20)})).freedom[0] < 4
    rare = counted([3, 3, 3] + [0] * 97, [4] * 100, [0] * 100)
    assert side(rare, np.arange(100), clusterings({"article": np.arange(100)})).freedom[0] < 8


def test_a_net_is_a_share_of_units_from_minus_one_to_one() -> None:
    counts = counted([2, -4, 1, 0], [4, 4, 4, 4], [0] * 4, NET)
    found = side(counts, np.arange(4), clusterings({"article": np.arange(4)}))
    assert found.value[0] == pytest.approx((-1 / 16 + 1) / 2)
    assert 4 * found.variance[0] == pytest.approx(np.var([0.5, -1, 0.25, 0], ddof=1) / 4)


def test_neutral_units_narrow_the_interval_of_a_net() -> None:
    """One unit in ten has a pole, so a net varies a third as much as one without neutral units: Student's t by hand."""
    hits = [1, -1, *[0] * 18] * 20
    counts = counted(hits, [1] * 400, [0] * 400, NET)
    found = side(counts, np.arange(400), clusterings({"article": np.arange(400)}))
    low, high = limits_of(found, share_of(found), counts.measures, 0.95)
    half = t.ppf(0.975, 399) * np.std(hits, ddof=1) / 20
    assert (low[0], high[0]) == (pytest.approx(-half, rel=0.05), pytest.approx(half, rel=0.05))
