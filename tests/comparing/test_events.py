"""Articles on the same event, wire copy, and the parts of a difference."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from compared import prepare, store_of, unit
from slant.comparing import coverage, events
from slant.comparing.counts import count_hits
from slant.comparing.events import Linkage, cluster_items, single_items
from slant.comparing.near_duplicates import Documents, copies, day_of, house_phrases, without_house_phrases
from slant.comparing.options import Options

HARBOUR = "Ferry runs aground in the harbour, forty passengers taken off by lifeboats before dawn"
FERRY = "Lifeboats take forty passengers off the ferry that ran aground in the harbour"
SCHOOLS = "Teachers walk out over pay, schools across the province stay closed on Monday"
STRIKE = "Schools closed across the province as teachers begin their walk out over pay"


def documents(*articles: tuple[str, str, str]) -> Documents:
    outlets, dates, titles = zip(*articles, strict=True)
    openings = without_house_phrases(titles, [""] * len(titles), outlets)
    ids = tuple(str(i) for i in range(len(titles)))
    return Documents(ids, outlets, tuple(map(day_of, dates)), titles, openings)


def test_similar_articles_within_days_are_one_event() -> None:
    docs = documents(
        ("Gazette", "2026-03-01", HARBOUR),
        ("Siren", "2026-03-02", FERRY),
        ("Gazette", "2026-03-01", SCHOOLS),
        ("Siren", "2026-03-01", STRIKE),
    )
    found = events.group_documents(docs)
    assert found.event[0] == found.event[1] != found.event[2] == found.event[3]
    assert "ferry" in found.keywords[int(found.event[0])]
    assert found.center[int(found.event[0])] in (0, 1)


def test_the_same_words_a_month_later_are_another_event_of_one_story() -> None:
    docs = documents(("Gazette", "2026-03-01", HARBOUR), ("Siren", "2026-03-29", FERRY))
    found = events.group_documents(docs)
    assert found.event[0] != found.event[1]
    assert found.story[0] == found.story[1]


def test_an_article_without_a_date_has_no_event() -> None:
    docs = documents(
        ("Gazette", "2026-03-01", HARBOUR), ("Siren", "2026-03", FERRY), ("Siren", "2026-03-01", FERRY)
    )
    found = events.group_documents(docs)
    assert found.event[1] == events.NO_EVENT == found.story[1]
    assert found.event[0] == found.event[2]


@pytest.mark.parametrize("texts", [(), ("!!!", "???"), ("one word", "other thing")])
def test_texts_that_share_no_words_are_no_error(texts: tuple[str, ...]) -> None:
    docs = (
        documents(*(("Gazette", "2026-03-01", text) for text in texts))
        if texts
        else Documents((), (), (), (), ())
    )
    assert len(set(events.group_documents(docs).event[:1].tolist())) <= 1


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 4)), min_size=1, max_size=40), st.integers(1, 12)
)
def test_groups_are_one_topic_and_close_in_time_whatever_the_block(
    items: list[tuple[int, int]], block: int
) -> None:
    days, topics = np.array(items).T
    vectors = csr_matrix(np.eye(5)[topics])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("slant.comparing.events.BLOCK", block)
        label, groups = cluster_items(
            single_items(vectors, days), linkage=Linkage(similarity=0.5, fade_days=2, max_gap=7)
        )
    assert set(label) == set(range(len(groups.sizes)))
    assert groups.sizes.sum() == len(items)
    for group in set(label):
        own = np.sort(days[label == group])
        assert len(set(topics[label == group])) == 1
        assert all(b - a <= 7 for a, b in pairwise(own))


def test_blocks_do_not_change_clear_groups() -> None:
    rng = np.random.default_rng(0)
    topics, days = rng.integers(0, 6, 300), np.sort(rng.integers(0, 3, 300))
    vectors = csr_matrix(np.eye(6)[topics])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("slant.comparing.events.BLOCK", 40)
        label, _ = cluster_items(
            single_items(vectors, days), linkage=Linkage(similarity=0.2, fade_days=5, max_gap=7)
        )
    assert len(set(zip(label.tolist(), topics.tolist(), strict=True))) == 6


def test_an_outlets_signature_does_not_affect_events() -> None:
    subjects = (
        "harbour",
        "budget",
        "schools",
        "bridge",
        "hospital",
        "museum",
        "orchestra",
        "airport",
        "tram",
        "library",
    )
    titles = [
        f"News of the {s} today | War in the North | The Evening Siren" for s in subjects for _ in range(2)
    ]
    found = house_phrases([(t, "") for t in titles], ["Evening Siren"] * len(titles))["Evening Siren"]
    assert ("evening", "siren") in found
    assert ("war", "in", "the", "north", "the") in found
    assert not any(s in phrase for phrase in found for s in subjects)
    cleaned = without_house_phrases(titles, [""] * len(titles), ["Evening Siren"] * len(titles))
    assert "Siren" not in cleaned[0]
    assert "harbour" in cleaned[0]


def test_copies_are_found_across_outlets_and_not_across_weeks() -> None:
    wire = "The council has voted to close the old bridge for two years while a new one is built beside it, the mayor said"
    edited = wire.replace("the mayor said", "the mayor said on Monday")
    first = copies(
        [wire, "Something else was reported by another paper on that very same day", edited, wire],
        [5, 5, 6, 40],
    )
    assert first.tolist() == [0, 1, 0, 3]


def test_headlines_of_a_few_words_are_no_copies() -> None:
    assert copies(["Latest updates on war", "Latest updates on war"], [1, 1]).tolist() == [0, 1]


def _world(*, articles_of: dict[str, list[tuple[str, str, bool]]]) -> list[dict[str, object]]:
    """outlet → (day, text, whether it is loaded): one article each, of ten words."""
    rows = []
    for outlet, articles in articles_of.items():
        for n, (day, text, loaded) in enumerate(articles):
            words = f"{text} vile end."
            more = {"loaded": ["vile"]} if loaded else {}
            rows.append(unit(f"{outlet}{n}", words, outlet=outlet, published=day, **more))
    return rows


SUBJECTS = (
    "ferry aground harbour lifeboats passengers rescued",
    "teachers strike schools closed province pay",
    "orchestra premiere symphony conductor applause hall",
    "glacier collapse hikers helicopter valley avalanche",
    "refinery fire smoke evacuation chemicals plant",
    "election ballot recount commission turnout votes",
    "football final penalty goalkeeper stadium trophy",
)  # all of six words


def test_covering_the_same_events_differently_is_presentation(tmp_path: Path) -> None:
    days = [f"2026-{m:02d}-01" for m in range(1, 8)]
    articles_of = {
        "Gazette": [(d, s, False) for d, s in zip(days, SUBJECTS, strict=True)],
        "Siren": [(d, s, True) for d, s in zip(days, SUBJECTS, strict=True)],
    }
    with store_of(tmp_path, _world(articles_of=articles_of)) as store:
        prepare(store, merge_copies=False)
        table = coverage.decomposition_table(
            store, count_hits(store), groups=["Gazette", "Siren"], options=Options()
        )
    row = next(r for r in table.to_pylist() if r["measure"] == "loaded/outlet/per_1000_words")
    assert row["shared_events"] == 7
    assert row["presentation"] == pytest.approx(row["difference"])
    assert row["presentation_high"] < 0
    assert row["selection"] == pytest.approx(0)
    assert row["not_shared"] == pytest.approx(0)


def test_choosing_other_events_is_selection(tmp_path: Path) -> None:
    days = [f"2026-{m:02d}-01" for m in range(1, 8)]
    articles_of: dict[str, list[tuple[str, str, bool]]] = {"Gazette": [], "Siren": []}
    for n, (day, subject) in enumerate(zip(days, SUBJECTS, strict=True)):
        loaded = (
            n < 3
        )  # whoever writes of these events writes in a loaded way; the Siren does so five times as often
        articles_of["Gazette"] += [(day, subject, loaded)]
        articles_of["Siren"] += [(day, subject, loaded)] * (5 if loaded else 1)
    with store_of(tmp_path, _world(articles_of=articles_of)) as store:
        prepare(store, merge_copies=False)
        table = coverage.decomposition_table(
            store, count_hits(store), groups=["Gazette", "Siren"], options=Options()
        )
    row = next(r for r in table.to_pylist() if r["measure"] == "loaded/outlet/per_1000_words")
    assert row["presentation"] == pytest.approx(0, abs=1e-9)
    assert row["selection"] == pytest.approx(row["difference"])
    assert row["selection"] < 0


def test_what_one_outlet_covers_alone_is_not_shared_and_few_events_claim_nothing(tmp_path: Path) -> None:
    articles_of = {
        "Gazette": [("2026-01-01", SUBJECTS[0], False), ("2026-02-01", SUBJECTS[1], True)],
        "Siren": [("2026-01-01", SUBJECTS[0], False), ("2026-03-01", SUBJECTS[2], False)],
    }
    with store_of(tmp_path, _world(articles_of=articles_of)) as store:
        prepare(store, merge_copies=False)
        table = coverage.decomposition_table(
            store, count_hits(store), groups=["Gazette", "Siren"], options=Options()
        )
    row = next(r for r in table.to_pylist() if r["measure"] == "loaded/outlet/per_1000_words")
    assert row["shared_events"] == 1
    assert row["shared_share"] == pytest.approx(0.5)
    assert row["presentation"] is row["selection"] is row["not_shared"] is None


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**31))
def test_the_parts_sum_to_the_difference(seed: int) -> None:
    rng = np.random.default_rng(seed)

    def side() -> coverage.Side:
        totals = rng.integers(0, 4, (8, 2)).astype(float)
        hits = np.minimum(rng.integers(0, 4, (8, 2)), totals).astype(float)
        alone = rng.integers(1, 5, 2).astype(float)
        return coverage.Side(
            hits, totals, hits.sum(0) + alone / 2, totals.sum(0) + alone, np.zeros((2, 1, 2))
        )

    a, b = side(), side()
    found = coverage._parts(a, b, np.ones((1, 8)), None)[0]
    difference = a.all_hits / a.all_totals - b.all_hits / b.all_totals
    shared = ((a.totals > 0) & (b.totals > 0)).any(0)
    np.testing.assert_allclose(found.sum(0)[shared], difference[shared], atol=1e-12)


def test_tables_show_how_many_outlets_published_a_text(tmp_path: Path) -> None:
    wire = "The council has voted to close the old bridge for two years while a new one is built beside it"
    rows = [
        unit("a", wire, outlet="Gazette"),
        unit("b", wire, outlet="Siren", published="2026-03-02"),
        unit("c", SCHOOLS, outlet="Siren", published="soon"),
    ]
    with store_of(tmp_path, rows) as store:
        prepare(store)
        found = events.events_table(store).to_pylist()
        by_id = {row["article_id"]: row for row in events.event_articles_table(store).to_pylist()}
    assert (by_id["a"]["cluster"], by_id["b"]["cluster"], by_id["c"]["cluster"]) == ("a", "a", "c")
    assert by_id["a"]["ran_in"] == by_id["b"]["ran_in"] == 2
    assert by_id["c"]["event"] is None
    assert [(e["articles"], e["texts"], e["shared"]) for e in found] == [(2, 1, 2)]
