"""Wire copy: counted once in each group that published it, and resampled together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from compared import prepare, store_of, unit
from slant.comparing.clusters import by_article
from slant.comparing.counts import Counts, copies_notes, copies_table, count_hits
from slant.comparing.differences import find_all_sides, find_differences
from slant.comparing.error_correction import Estimate, estimate_difference, labeled_measures
from slant.comparing.gold_sample import load_gold
from slant.comparing.measures import Measure
from slant.comparing.options import Options
from slant.comparing.rates import Groups, find_groups, rates_table
from slant.reports.evidence import Keys, draw_evidence

WIRE = "The council has voted to close the old bridge for two years while a new one is built beside it"
NAMES = "amber birch cedar delta ember fjord grove heath inlet jetty knoll ledge marsh north ocean pines quarry ridge"
AGAINST = "stance/council/against"
OPTIONS = Options(permutations=500, resamples=300, min_articles=2)


def own(article: str, label: str, **more: Any) -> dict[str, Any]:
    """An article with a text of its own: no five words in a row are those of another."""
    rng = np.random.default_rng([ord(letter) for letter in article])
    return unit(article, " ".join(rng.permutation(NAMES.split())), stance={"council": label}, **more)


def wire(article: str, label: str = "against", **more: Any) -> dict[str, Any]:
    return unit(article, WIRE, stance={"council": label}, **more)


def compared(folder: Path, rows: list[dict[str, Any]], *, by: str = "outlet") -> tuple[Counts, Groups]:
    with store_of(folder, rows, by=by) as store:
        prepare(store)
        return count_hits(store), find_groups(store, min_articles=1)


def rates(made: Counts) -> dict[str, dict[str, Any]]:
    sides = find_all_sides(by_article(made), kept=made.groups)
    found = rates_table(made, sides, kept=made.groups, level=0.95)
    return {row["group"]: row for row in found.to_pylist() if row["measure"] == AGAINST}


def test_a_text_published_three_times_counts_once_per_outlet(tmp_path: Path) -> None:
    rows = [wire(f"w{n}", published=f"2026-03-0{n + 1}") for n in range(3)]
    made, groups = compared(
        tmp_path, [*rows, own("a", "favor"), wire("z", outlet="Siren"), own("b", "favor", outlet="Siren")]
    )
    found = rates(made)
    assert [(found[g]["value"], found[g]["total"], found[g]["articles"]) for g in ("Gazette", "Siren")] == [
        (0.5, 2, 2)
    ] * 2
    assert (found["(all)"]["total"], found["(all)"]["articles"]) == (4, 3), (
        "two outlets ran it; the texts are three"
    )
    assert groups == Groups({"Gazette": 2, "Siren": 2}, {}, {"Gazette": 2})


def test_the_first_copy_is_the_one_that_counts_and_the_comments_under_all_of_them_do(tmp_path: Path) -> None:
    rows = [
        wire("w2", "favor", published="2026-03-01"),
        wire("w1", "against", published="2026-03-02"),
        unit("w1", "Oh no.", kind="comment", position=1, reply="deny"),
        unit("w2", "Oh yes.", kind="comment", position=1, reply="deny"),
    ]  # fmt: skip
    made, _ = compared(tmp_path, rows)
    assert made.hits[:, made.index(Measure.parse("stance/council/favor"))].sum() == 1
    assert made.hits[:, made.index(Measure.parse(AGAINST))].sum() == 0
    assert made.hits[:, made.index(Measure.parse("comments/reply/deny"))].tolist() == [2]


@pytest.mark.parametrize(("by", "counted"), [("month", [1, 1]), ("author", [1, 1]), ("kind", [1])])
def test_copies_are_found_within_each_group(tmp_path: Path, by: str, counted: list[int]) -> None:
    rows = [
        wire("w1", published="2026-02-27", author="A. Reed"),
        wire("w2", published="2026-03-01", author="B. Cole"),
    ]
    made, _ = compared(tmp_path, rows, by=by)
    assert made.hits[:, made.index(Measure.parse(AGAINST))].tolist() == counted
    assert made.articles.tolist() == ["w1"]


def test_the_same_wire_copy_in_two_groups_is_no_difference(tmp_path: Path) -> None:
    """Twelve texts that both ran, and one of them twice more: each side has the same, and no doubt is left."""
    texts = [own(f"{n:02d}", "against" if n % 2 else "favor") for n in range(12)]
    rows = [{**row, "article_id": f"{o}{row['article_id']}", "unit_id": f"{o}{row['unit_id']}", "outlet": o}
            for row in texts for o in ("Gazette", "Siren")]  # fmt: skip
    again = [{**rows[2], "article_id": f"again{n}", "unit_id": f"again{n}"} for n in range(2)]
    made, groups = compared(tmp_path, [*rows, *again])
    assert groups.kept == {"Gazette": 12, "Siren": 12}
    assert made.crossed
    sides = find_all_sides(by_article(made), kept=list(groups.kept))
    found = find_differences(sides, kept=list(groups.kept), options=OPTIONS).differences
    row = next(r for r in found.to_pylist() if r["measure"] == "stance/council/favor")
    assert [row[name] for name in ("difference", "low", "high", "p")] == pytest.approx([0, 0, 0, 1], abs=1e-6)


def test_labels_of_copies_count_for_their_text(tmp_path: Path) -> None:
    rows = [wire("w1"), wire("w2"), own("a", "favor"), wire("z", outlet="Siren")]
    gold = tmp_path / "gold.jsonl"
    row = '{"unit_id": "%s-0000", "target": "council", "label": "favor", "weight": 10}\n'
    gold.write_text("".join(row % name for name in ("w1", "w2", "a", "z")))
    with store_of(tmp_path, rows) as store:
        prepare(store)
        load_gold(store, str(gold))
        found = labeled_measures(store, made := count_hits(store))[Measure.parse(AGAINST)]
    weights = dict.fromkeys(range(len(made.articles)), 0.0)
    for article, group, weight in zip(found.article, found.group, found.weight, strict=True):
        weights[article] += weight if group == 0 else 0
    assert [weights[made.articles.tolist().index(name)] for name in ("w1", "a")] == [10, 10]
    assert made.articles[found.article[found.group == 1]].tolist() == ["w1"]


def test_shared_texts_do_not_add_to_the_error_of_a_difference() -> None:
    articles, errors = np.arange(4), np.array([0.1, -0.1, 0.2, -0.2])

    def estimate(value: float, parts: np.ndarray) -> Estimate:
        return Estimate(value, float(np.sqrt((parts**2).sum())), 3, 9, 4, contributions=((articles, parts),))

    one = estimate(0.5, errors)
    assert estimate_difference(one, estimate(0.4, errors)).error == 0
    apart = Estimate(0.4, one.error, 3, 9, 4, contributions=((articles + 4, errors),))
    assert estimate_difference(one, apart).error == pytest.approx(one.error * np.sqrt(2))


def test_skipped_copies_are_behind_no_number_and_are_named(tmp_path: Path) -> None:
    rows = [wire("w1"), wire("w2"), own("a", "favor"), wire("z", outlet="Siren")]
    with store_of(tmp_path, rows) as store:
        prepare(store)
        groups = find_groups(store, min_articles=1)
        draw_evidence(store, keys=Keys(["Gazette", "Siren", "(all)"]), more={})
        behind = {unit_id for (unit_id,) in store.rows("SELECT unit_id FROM hits")}
        notes = " ".join(copies_notes(store, groups))
        table = copies_table(store).to_pylist()
    assert behind == {"w1-0000", "a-0000", "z-0000"}
    assert "1 article repeats a text that the same outlet published" in notes
    assert "Gazette (1)" in notes
    assert "1 text was published by more than one outlet" in notes
    assert table == [
        {"group": "Gazette", "articles": 1, "shared": 1},
        {"group": "Siren", "articles": 0, "shared": 1},
    ]


def test_replies_are_found_by_the_author_of_the_article(tmp_path: Path) -> None:
    rows = [
        own("a", "favor", author="A. Reed"),
        unit("a", "Never!", kind="comment", position=1, reply="deny", author="reader", stance={"article": "against"}),
    ]  # fmt: skip
    with store_of(tmp_path, rows, by="author") as store:
        prepare(store)
        keys = Keys(["A. Reed", "reader", "(all)"])
        found = draw_evidence(store, keys=keys, more={})
        threads = keys.of_threads()
        for measure in ("comments/reply/deny", "comments/stance/article/net"):
            behind = [
                unit_id
                for key in threads.of("A. Reed", Measure.parse(measure)).split()
                for unit_id in found.of.get(key, ())
            ]
            assert behind == ["a-0001"]
        assert keys.of("A. Reed", Measure.parse("comments/reply/deny")) not in found.of


def test_kinds_of_unit_share_no_wire_copy(tmp_path: Path) -> None:
    """Title and paragraph of one copied article are one copy, and not a text that two groups ran."""
    rows = [{**wire(name), "title": "Bridge"} for name in ("w1", "w2")]
    rows += [
        unit(name, "Bridge", kind="title", position=1, stance={"council": "favor"}) for name in ("w1", "w2")
    ]
    with store_of(tmp_path, rows, by="kind") as store:
        prepare(store)
        groups = find_groups(store, min_articles=1)
        notes = list(copies_notes(store, groups))
    assert groups.copies == {"paragraph": 1, "title": 1}
    assert len(notes) == 1
    assert notes[0].startswith("1 article repeats a text")
