"""Rates by hand: a few scores whose shares can be counted on fingers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from scipy.stats import beta, t

from compared import prepare, store_of, unit
from slant.comparing.clusters import by_article
from slant.comparing.counts import Counts, count_hits
from slant.comparing.differences import find_all_sides
from slant.comparing.rates import find_groups, rates_table
from slant.errors import UsageError

TEN = "one two three four five six seven eight nine ten"


def counted(folder: Path, rows: list[dict[str, Any]], *, measures: tuple[str, ...] = ()) -> Counts:
    with store_of(folder, rows) as store:
        prepare(store, events=False)
        return count_hits(store, measures=measures)


def table(folder: Path, *rows: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    numbered = [{**row, "unit_id": f"u{i}"} for i, row in enumerate(rows)]
    made = counted(folder, numbered)
    sides = find_all_sides(by_article(made), kept=made.groups)
    found = rates_table(made, sides, kept=made.groups, level=0.95)
    return {(row["group"], row["measure"]): row for row in found.to_pylist()}


def about(article: str, label: str | None = "none", **more: Any) -> dict[str, Any]:
    return unit(article, TEN, stance={} if label == "none" else {"council": label}, **more)


def test_stance_is_a_share_of_the_units_scored_for_the_target(tmp_path: Path) -> None:
    found = table(
        tmp_path, about("a", "against"), about("a", "against"), about("a", "favor"), about("b", "against"), about("b"),
        about("c"),
    )  # fmt: skip
    against = found["Gazette", "stance/council/against"]
    assert (against["value"], against["hits"], against["units"], against["articles"]) == (0.75, 3, 4, 2)
    assert found["Gazette", "stance/council/favor"]["value"] == 0.25
    assert found["Gazette", "stance/council/neutral"]["value"] == 0
    assert found["Gazette", "stance/council/net"]["value"] == -0.5
    assert found["(all)", "stance/council/against"]["value"] == 0.75


def test_a_stance_that_the_model_abstained_from_is_in_the_denominator(tmp_path: Path) -> None:
    found = table(tmp_path, about("a", None), about("a", "against"))
    assert found["Gazette", "stance/council/against"]["value"] == 0.5
    assert found["Gazette", "stance/council/no_call"]["value"] == 0.5


def test_loaded_language_is_spans_per_thousand_words_by_voice(tmp_path: Path) -> None:
    twice = unit("a", TEN, loaded=["one", "five"])
    twice["loaded"].append({**twice["loaded"][0], "label": "doubt"})
    twice["loaded"].append({**twice["loaded"][1], "start": 30, "end": 35, "voice": "quoted"})
    found = table(tmp_path, twice, unit("a", TEN), unit("b", TEN, loaded=["two"]))
    outlet = found["Gazette", "loaded/outlet/per_1000_words"]
    assert outlet["value"] == pytest.approx(1000 * 3 / 30), "two techniques on one stretch are one stretch"
    assert (outlet["total"], outlet["units"]) == (30, 3)
    assert found["Gazette", "loaded/outlet/units"]["value"] == pytest.approx(2 / 3)
    assert found["Gazette", "loaded/quoted/per_1000_words"]["value"] == pytest.approx(1000 / 30)
    assert found["Gazette", "technique/doubt/outlet"]["value"] == pytest.approx(1000 / 30)


def test_comments_are_counted_apart_from_the_article(tmp_path: Path) -> None:
    found = table(
        tmp_path,
        about("a", "favor", frames=["political"]),
        about("a", "against", kind="comment", loaded=["one"], reply="deny"),
        about("a", "against", kind="comment", reply="query"),
    )
    value = {measure: row["value"] for (group, measure), row in found.items() if group == "Gazette"}
    assert (value["stance/council/against"], value["comments/stance/council/against"]) == (0, 1)
    assert value["comments/loaded/reader/per_1000_words"] == pytest.approx(50)
    assert (value["comments/reply/deny"], value["frame/political"]) == (0.5, 1)
    assert not any(measure.startswith("loaded/") for measure in value)


def test_intervals_are_over_articles_and_not_units(tmp_path: Path) -> None:
    """The same units once as two articles of one mind each, once as many: the former says less."""
    labels = ["against"] * 20 + ["favor"] * 20
    two = table(tmp_path, *(about("ab"[i // 20], x) for i, x in enumerate(labels)))[
        "Gazette", "stance/council/against"
    ]
    many = table(tmp_path, *(about(str(i), x) for i, x in enumerate(labels)))[
        "Gazette", "stance/council/against"
    ]
    assert two["value"] == many["value"] == 0.5
    assert (two["low"], two["high"], two["note"]) == (None, None, "only 2 articles")
    assert 0.25 < many["low"] < 0.4
    assert 0.6 < many["high"] < 0.75
    one = table(tmp_path, *(about("a", x) for x in labels))["Gazette", "stance/council/against"]
    assert (one["low"], one["high"]) == (None, None), "one article says nothing of the spread"


def test_a_share_that_never_varies_is_not_certain(tmp_path: Path) -> None:
    """The Jeffreys bound for none in eight articles, whatever their length: a share of no article has no other spread."""
    found = table(tmp_path, *(about(str(i), "favor") for i in range(8) for _ in range(3)))
    none, whole = (found["Gazette", f"stance/council/{label}"] for label in ("against", "favor"))
    size = 8 * (t.ppf(0.975, 23) / t.ppf(0.975, 7)) ** 2
    bound = pytest.approx(beta.ppf(0.975, 0.5, size + 0.5), abs=1e-4)
    assert (none["low"], none["high"]) == (0, bound)
    assert (1 - whole["low"], whole["high"]) == (bound, 1)


def test_groups_with_few_articles_are_named_and_left_out(tmp_path: Path) -> None:
    rows = [about(str(i)) for i in range(3)] + [about("x", outlet="Siren"), about("y", outlet="")]
    with store_of(tmp_path, rows) as store:
        prepare(store, events=False)
        found = find_groups(store, min_articles=2)
        assert (found.kept, found.left_out) == ({"Gazette": 3}, {"(not stated)": 1, "Siren": 1})
        with pytest.raises(UsageError, match=r"no outlet has 9 articles. The largest: Gazette \(3\)"):
            find_groups(store, min_articles=9)


@pytest.mark.parametrize(("by", "hint"), [("outlet", "--outlet NAME"), ("month", "by another column")])
def test_a_column_that_no_row_states_is_an_error(tmp_path: Path, by: str, hint: str) -> None:
    rows = [{**about(str(i), outlet="" if by == "outlet" else "Siren"), "published": None} for i in range(9)]
    with store_of(tmp_path, rows, by=by) as store:
        prepare(store, events=False)
        with pytest.raises(UsageError, match=f"--by {by}: no row states it.*{hint}"):
            find_groups(store, min_articles=2)


def test_measures_are_chosen_by_pattern_and_a_pattern_without_match_is_an_error(tmp_path: Path) -> None:
    rows = [about("a", "favor", frames=["political"])]
    assert [str(m) for m in counted(tmp_path, rows, measures=("stance/*/net", "frame/*")).measures] == [
        "stance/council/net",
        "frame/political",
    ]
    with pytest.raises(UsageError, match="no measure fits stanse/"):
        counted(tmp_path, rows, measures=("stanse/*",))
