"""Which articles and comments share a cluster, and what a comparison says where clusters are few."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from compared import clusters_of, prepare, store_of, unit
from slant.comparing import compare
from slant.comparing.clusters import author_key, clusters_table, estimand, find_clusters, parse_dimensions
from slant.comparing.compare import Results, run
from slant.comparing.counts import count_hits
from slant.comparing.options import Options
from slant.errors import UsageError
from slant.reports.methods_text import methods

WORDS = (
    "harbor", "tariff", "orchard", "viaduct", "glacier", "lottery", "pension", "stadium", "meadow", "tunnel", "parade",
    "furnace",
)  # fmt: skip


def article(n: int, outlet: str = "Gazette", **more: Any) -> dict[str, Any]:
    """An article on its own matter, a month after the one before."""
    word = WORDS[n % len(WORDS)]
    text = f"The {word} of {outlet} {n} and its {word} keeper, {n * 7919} times."
    more = {"published": f"20{10 + n // 12}-{1 + n % 12:02d}-03", "stance": {"mill": "neutral"}, **more}
    return unit(f"{outlet}{n:02d}", text, outlet=outlet, **more)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ada Lund and Bo Ek", "Bo Ek, Ada Lund"),
        ("By Ada Lund", "ADA  LUND"),
        ("Ada Lund; Bo Ek & Cy Moe", "Cy Moe, Bo Ek and Ada Lund"),
        ("Ada Lund, staff writer", "Ada Lund"),
    ],
)
def test_the_same_writers_in_another_order_are_the_same(one: str, other: str) -> None:
    assert author_key(one) == author_key(other) != ""


@pytest.mark.parametrize("nobody", ["", "Staff", "Gazette", "by gazette", "Editorial", "newsroom and staff"])
def test_a_byline_may_name_nobody(nobody: str) -> None:
    assert author_key(nobody, "Gazette") == ""


def test_two_writers_are_not_each_of_them() -> None:
    assert len({author_key(name) for name in ("Ada Lund", "Bo Ek", "Ada Lund and Bo Ek")}) == 3


def test_clusters_are_what_the_scores_state(tmp_path: Path) -> None:
    names = ("Ada and Bo", "Bo, Ada", "Cy", None)
    rows = [article(n, author=names[n % 4]) for n in range(12)]
    with store_of(tmp_path, rows) as store:
        prepare(store)
        found = clusters_of(store)
        only = clusters_of(store, "article")
        table = clusters_table(found, kept=["Gazette"]).to_pylist()
    assert found.articles.dimensions == ("author",), (
        "every article is an event of its own, and within one writer"
    )
    assert len(np.unique(found.codes["author"])) == 2 + 3
    assert found.stated["author"] == pytest.approx(0.75)
    assert only.articles.dimensions == ("article",)
    assert {row["dimension"]: row["clusters"] for row in table} == {"article": 12, "author": 5}
    assert "about each outlet as such" in estimand(found, noun="outlet")
    assert "articles like these, by the same writers" in estimand(only, noun="outlet")


def test_writers_of_one_article_each_stand_for_the_outlet(tmp_path: Path) -> None:
    """Their clusters are those of articles, which are left as the only ones."""
    with store_of(tmp_path, [article(n, author=f"Writer {n}") for n in range(12)]) as store:
        prepare(store)
        found = clusters_of(store)
    assert len(found.articles.dimensions) == 1
    assert "about each outlet as such" in estimand(found, noun="outlet")


def test_writers_that_are_seldom_named_are_clusters_on_request_only(tmp_path: Path) -> None:
    rows = [article(n, author="Ada" if n < 4 else None) for n in range(12)]
    with store_of(tmp_path, rows) as store:
        prepare(store)
        assert "author" not in clusters_of(store).codes
        assert "author" in clusters_of(store, "author").codes
    with store_of(tmp_path, [article(n) for n in range(12)]) as store:
        prepare(store)
        with pytest.raises(UsageError, match="no article names its author"):
            clusters_of(store, "author")


def test_where_writers_are_compared_they_are_no_clusters(tmp_path: Path) -> None:
    rows = [article(n, author=("Ada", "Bo")[n % 2]) for n in range(12)]
    with store_of(tmp_path, rows, by="author") as store:
        prepare(store)
        assert "author" not in clusters_of(store).codes
        with pytest.raises(UsageError, match="--cluster author: with --by author, writers are compared"):
            clusters_of(store, "author")


def test_commenters_are_no_clusters_without_comments(tmp_path: Path) -> None:
    with store_of(tmp_path, [article(n) for n in range(12)]) as store:
        prepare(store)
        with pytest.raises(UsageError, match="no comment names its author"):
            clusters_of(store, "commenter")


def test_one_event_that_all_report_is_no_cluster(tmp_path: Path) -> None:
    rows = [
        unit(f"{outlet}{n}", f"Ferry aground in the harbor, {n} passengers of the ferry saved from the harbor.",
             outlet=outlet, stance={"ferry": "neutral"})
        for outlet in ("Gazette", "Siren") for n in range(8)
    ]  # fmt: skip
    with store_of(tmp_path, rows) as store:
        prepare(store, merge_copies=False)
        assert "event" not in clusters_of(store).codes
        asked = clusters_of(store, "event")
    assert len(np.unique(asked.codes["event"])) == 1


def test_unknown_clusters_are_an_error() -> None:
    assert parse_dimensions("article, event,article") == ("article", "event")
    assert parse_dimensions("") == ()
    with pytest.raises(
        UsageError, match=r"--cluster writer: no such clusters.*article, event, author, commenter"
    ):
        parse_dimensions("writer")
    with pytest.raises(UsageError, match=r"Did you mean 'author'\?"):
        parse_dimensions("autor")


def comments(outlet: str, *, people: int, threads: int = 12, each: int = 6) -> list[dict[str, Any]]:
    """Comments by few people, each of one mind."""
    rows = []
    for n in range(threads):
        rows.append(article(n, outlet))
        for i in range(each):
            person = (n * each + i) % people
            reply = ("deny", "support")[person % 2]
            rows.append(
                unit(f"{outlet}{n:02d}", f"Well {n} {i}.", outlet=outlet, kind="comment", position=1 + i, reply=reply,
                     author=f"Reader {person}")
            )  # fmt: skip
    return rows


def test_comments_are_counted_by_commenter_and_add_up(tmp_path: Path) -> None:
    with store_of(tmp_path, [*comments("Gazette", people=8), *comments("Siren", people=8)]) as store:
        prepare(store)
        found = clusters_of(store)
    assert found.comments is not None
    assert "commenter" in found.comments.dimensions
    counts = found.comments.counts
    deny = [str(measure) for measure in counts.measures].index("comments/reply/deny")
    assert counts.hits[:, deny].sum() == 72
    assert counts.totals[:, counts.column[deny]].sum() == 144
    commenters = next(way for way in found.comments.ways if way.dimensions == ("commenter",)).codes
    assert len(np.unique(commenters)) == 16, "a name stands for another person at another outlet"


def test_replies_are_over_commenters_also_if_only_articles_are_compared(tmp_path: Path) -> None:
    with store_of(tmp_path, comments("Gazette", people=8)) as store:
        prepare(store)
        counts = count_hits(store, measures=["stance/mill/net"])
        found = find_clusters(store, counts)
    assert found.comments is None
    ways = found.of_threads(np.repeat(np.arange(12), 6), np.arange(72) % 8)
    assert ("commenter",) in [way.dimensions for way in ways]


def compared(
    folder: Path, rows: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch, *wanted: str
) -> Results:
    monkeypatch.setattr(compare, "further_tables", lambda *_, **__: {})
    with store_of(folder, rows) as store:
        return run(store, Options(permutations=300, cluster=wanted))


def by_writers(writers: int, articles: int = 48) -> list[dict[str, Any]]:
    """Two outlets whose writers each have a manner; those of the Siren happen to be against the mill more often."""
    rows = []
    for outlet, more in (("Gazette", 1), ("Siren", 2)):
        for n in range(articles):
            writer = n % writers
            against = (n // writers) % 8 < more + 2 * (writer % 4)
            rows.append(
                article(
                    n,
                    outlet,
                    author=f"{outlet} {writer}",
                    stance={"mill": "against" if against else "neutral"},
                )
            )
    return rows


def test_four_writers_cannot_stand_for_an_outlet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = compared(tmp_path, by_writers(4), monkeypatch)
    assert not found.tables["differences"].num_rows
    reasons = set(found.tables["untested"]["reason"].to_pylist())
    assert "cannot be tested with 4 writers a side; 6 are needed" in reasons
    rates = found.tables["rates"].to_pylist()
    assert {(row["low"], row["note"]) for row in rates if row["group"] == "Siren"} == {
        (None, "only 4 writers")
    }
    assert any("cannot be tested with 4 writers a side" in note for note in found.notes)
    assert any("--cluster article,event" in note for note in found.notes)
    assert "could not be tested with so few clusters" not in methods(found), "nothing was tested at all"
    these = compared(tmp_path, by_writers(4), monkeypatch, "article", "event")
    assert these.tables["differences"].num_rows
    assert "about these writers" in these.notes[0]


def test_twelve_writers_can_and_their_manners_widen_the_interval(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = by_writers(12, articles=96)

    def width(*wanted: str) -> float:
        found = compared(tmp_path, rows, monkeypatch, *wanted).tables["differences"].to_pylist()
        row = next(row for row in found if row["measure"] == "stance/mill/against")
        assert (row["clusters"], row["other_clusters"]) == ((12, 12) if "author" in wanted else (96, 96))
        return float(row["high"] - row["low"])

    assert width("author") > 1.1 * width("article")


def test_the_warning_counts_the_articles_behind_a_rate_not_those_of_its_group(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sixty articles, of which three name the ferry."""
    rows = [
        article(n, outlet, stance={"mill": "neutral", **({"ferry": "against"} if n < 3 else {})})
        for outlet in ("Gazette", "Siren") for n in range(30)
    ]  # fmt: skip
    found = compared(tmp_path, rows, monkeypatch)
    rates = {(row["group"], row["measure"]): row for row in found.tables["rates"].to_pylist()}
    few, many = rates["Siren", "stance/ferry/against"], rates["Siren", "stance/mill/neutral"]
    assert (few["low"], few["note"]) == (None, "only 3 events")
    assert many["note"] == ""
    assert many["low"] is not None
    assert any("rates have no interval" in note for note in found.notes)


def test_where_writers_are_compared_no_note_says_that_they_are_seldom_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compare, "further_tables", lambda *_, **__: {})
    rows = [article(n, author=("Ada", "Bo")[n % 2]) for n in range(16)]
    with store_of(tmp_path, rows, by="author") as store:
        found = run(store, Options(by="author", permutations=100))
    assert not [note for note in found.notes if "name a writer" in note]
    assert "about each author as such" in found.notes[0]
    assert "Cameron" not in methods(found), "one kind of clusters"
