"""Measures: one value, one name, one parser."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slant.comparing.measures import COMMENTS, FAMILIES, THREADS, Measure

NAMES = (
    "stance/council/against", "stance/US/UK pact/net", "stance/net/no_call", "loaded/outlet/units",
    "comments/loaded/reader/per_1000_words", "technique/doubt/quoted", "technique/a/b/outlet", "frame/political",
    "frame/law/order", "comments/reply/deny", "threads/stance/article/net", "threads/reply/query",
    "portrayal/US/UK pact/net", "comments/portrayal/council/negative",
)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_parsed_and_written_back(name: str) -> None:
    assert str(Measure.parse(name)) == name


@given(
    family=st.sampled_from(("stance", "portrayal", "loaded", "technique")),
    subject=st.text(min_size=1),
    part=st.text(st.characters(exclude_characters="/"), min_size=1),
    side=st.sampled_from(("", COMMENTS, THREADS)),
)
def test_a_measure_survives_its_name_whatever_its_subject(
    family: str, subject: str, part: str, side: str
) -> None:
    measure = Measure(family, subject, part, side)
    assert Measure.parse(str(measure)) == measure


@pytest.mark.parametrize(
    "name", ["", "stance", "stance/against", "comments", "comments/", "tone/x/y", "frame/"]
)
def test_what_is_no_measure_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="is no measure"):
        Measure.parse(name)


@pytest.mark.parametrize(
    ("name", "kind", "total", "units_total", "scale"),
    [
        ("stance/a/b/favor", "share", "stance/a/b", "stance/a/b", 1),
        ("comments/stance/a/net", "net", "comments/stance/a", "comments/stance/a", 1),
        ("portrayal/a/positive", "share", "portrayal/a", "portrayal/a", 1),
        ("portrayal/a/net", "net", "portrayal/a", "portrayal/a", 1),
        ("loaded/outlet/units", "share", "units", "units", 1),
        ("loaded/outlet/per_1000_words", "per_1000_words", "words", "units", 1000),
        ("comments/technique/doubt/reader", "per_1000_words", "comments/words", "comments/units", 1000),
        ("frame/net", "share", "units", "units", 1),
        ("comments/reply/deny", "share", "comments/replies", "comments/replies", 1),
    ],
)
def test_kind_and_denominators(name: str, kind: str, total: str, units_total: str, scale: float) -> None:
    measure = Measure.parse(name)
    assert (measure.kind, measure.total, measure.units_total, measure.scale) == (
        kind,
        total,
        units_total,
        scale,
    )


def test_a_derived_measure_names_the_measures_it_is_made_of() -> None:
    made_of = {name: [str(m) for m in Measure.parse(name).sources] for name in NAMES}
    assert made_of["stance/US/UK pact/net"] == ["stance/US/UK pact/against", "stance/US/UK pact/favor"]
    assert made_of["portrayal/US/UK pact/net"] == [
        "portrayal/US/UK pact/negative",
        "portrayal/US/UK pact/positive",
    ]
    assert made_of["comments/loaded/reader/per_1000_words"] == ["comments/loaded/reader/units"]
    assert made_of["technique/doubt/quoted"] == ["technique/doubt/quoted"]


def test_measures_of_articles_come_before_those_of_comments_and_in_the_order_of_families() -> None:
    measures = [Measure(family, "x", "net", side) for side in (COMMENTS, "") for family in FAMILIES[::-1]]
    assert sorted(measures, key=lambda m: m.sort_key) == measures[::-1]
    for family, poles in (("stance", ["against", "favor"]), ("portrayal", ["negative", "positive"])):
        own = [Measure(family, "x", part) for part in ("no_call", "net", *poles[::-1], "neutral")]
        in_order = [m.part for m in sorted(own, key=lambda m: m.sort_key)]
        assert in_order == [*poles, "net", "neutral", "no_call"]
    assert Measure.parse("stance/x/net").matches(["frame/*", "stance/*/net"])
    assert not Measure.parse("comments/stance/x/net").matches(["stance/*"])
