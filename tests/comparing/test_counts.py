"""The table of hits: one query behind every number and its sentences."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from compared import prepare, store_of, unit
from slant.comparing.counts import count_hits, unrelated_notes, unrelated_table
from slant.comparing.measures import Measure

ABOUT = ("against", "unrelated", "favor", None, "unrelated", "neutral")
WIRE = "The vile council has voted to close the old bridge for two years while a new one is built beside it"


def rows() -> list[dict[str, Any]]:
    """Two copies of a text and an article of another outlet, with a comment each that has an impossible voice."""
    wire = [unit(f"w{n}", WIRE, stance={"council": "against"}, loaded=["vile", "old"]) for n in range(2)]
    other = unit(
        "z", "A grim day.", outlet="Siren", stance={"council": None}, loaded=["grim"], frames=["political"]
    )
    comments = []
    for article, outlet in (("w0", "Gazette"), ("w1", "Gazette"), ("z", "Siren")):
        comment = unit(article, "Grim news, vile people.", kind="comment", position=1, outlet=outlet)
        reply = {
            "label": "deny",
            "scores": {label: 0.25 for label in ("support", "deny", "query", "comment")},
        }
        spans = unit(article, comment["text"], loaded=["vile"], voice="reader")["loaded"]
        spans += unit(article, comment["text"], loaded=["Grim"], voice="outlet")["loaded"]
        stance = unit(article, stance={"article": "against", "council": "favor"})["stance"]
        comments.append({**comment, "reply": reply, "loaded": spans, "stance": stance})
    return [*wire, other, *comments]


def test_every_number_is_the_sum_of_its_rows(tmp_path: Path) -> None:
    with store_of(tmp_path, rows()) as store:
        prepare(store)
        counts = count_hits(store)
        table = store.rows('SELECT "group", measure, n, spans FROM hits WHERE id IS NOT NULL')
    assert [str(m) for m in counts.measures][:8] == [
        "stance/council/against", "stance/council/favor", "stance/council/net", "stance/council/neutral",
        "stance/council/no_call", "loaded/outlet/per_1000_words", "loaded/outlet/units", "technique/name_calling/outlet",
    ]  # fmt: skip
    for m, measure in enumerate(counts.measures):
        sources = [str(source) for source in measure.sources]
        for g, group in enumerate(counts.groups):
            own = [(name, n, spans) for where, name, n, spans in table if where == group and name in sources]
            if measure.kind == "net":
                expected = sum(n if name == sources[1] else -n for name, n, _ in own)
            elif measure.part == "per_1000_words":
                expected = sum(spans for _, _, spans in own)
            else:
                expected = sum(n for _, n, _ in own)
            assert counts.hits[counts.group == g, m].sum() == expected, (group, str(measure))


def test_the_rules_of_what_counts(tmp_path: Path) -> None:
    with store_of(tmp_path, rows()) as store:
        prepare(store)
        counts = count_hits(store)
        units = {
            name: n for name, n in store.rows("SELECT measure, count(DISTINCT unit_id) FROM hits GROUP BY 1")
        }
    gazette = counts.group == counts.groups.index("Gazette")

    def hits(name: str) -> float:
        return float(counts.hits[gazette, counts.index(Measure.parse(name))].sum())

    assert hits("stance/council/against") == 1, "the second copy is skipped"
    assert hits("loaded/outlet/units") == 1
    assert hits("loaded/outlet/per_1000_words") == 2
    assert hits("comments/reply/deny") == 2, "the comments under both copies count"
    assert not [name for name in units if name.startswith("comments/loaded/outlet")]
    assert units["comments/loaded/reader/units"] == units["threads/reply/deny"] == 3
    assert units["threads/stance/article/against"] == 3
    assert "threads/stance/council/favor" not in units
    total = counts.totals[:, counts.column[counts.index(Measure.parse("stance/council/no_call"))]]
    assert np.array_equal(total[gazette], [1])


def about_the_mill() -> list[dict[str, Any]]:
    """Six units of the Gazette with the stances of ABOUT, one of the Siren, and a comment; all name the mill."""
    portrayals = ("negative", "negative", "neutral", "positive", None, "negative")
    rows = [
        unit("g", f"Text {i} on the mill.", position=i, stance={"mill": label}, portrayal={"mill": portrayal})
        for i, (label, portrayal) in enumerate(zip(ABOUT, portrayals, strict=True))
    ]
    rows.append(unit("s", "Mill Street is closed.", outlet="Siren", stance={"mill": "unrelated"}))
    rows.append(
        unit("g", "Mill Street!", kind="comment", position=9, stance={"mill": "unrelated", "fees": "favor"})
    )
    return rows


def test_units_that_say_nothing_about_a_target_are_in_no_rate_of_stance_and_counted(tmp_path: Path) -> None:
    with store_of(tmp_path, about_the_mill()) as store:
        prepare(store, events=False)
        counts = count_hits(store)
        evidence = store.rows("SELECT unit_id FROM hits WHERE measure = 'stance/mill/unrelated' ORDER BY 1")
    total = counts.totals[:, counts.column[counts.index(Measure.parse("stance/mill/against"))]]
    assert dict(zip(counts.groups, [total[counts.group == g].sum() for g in (0, 1)], strict=True)) == {
        "Gazette": 4,
        "Siren": 0,
    }
    rates = {
        str(measure): counts.hits[:, i].sum() / counts.totals[:, counts.column[i]].sum()
        for i, measure in enumerate(counts.measures)
        if measure.subject == "mill" and not measure.comments
    }
    assert rates == {
        "stance/mill/against": 0.25, "stance/mill/favor": 0.25, "stance/mill/net": 0.0, "stance/mill/neutral": 0.25,
        "stance/mill/no_call": 0.25,
    }  # fmt: skip
    assert unrelated_table(counts).to_pylist() == [
        {"group": "Gazette", "target": "mill", "comments": False, "unrelated": 2, "counted": 4},
        {"group": "Siren", "target": "mill", "comments": False, "unrelated": 1, "counted": 0},
        {"group": "Gazette", "target": "mill", "comments": True, "unrelated": 1, "counted": 0},
    ]
    assert [unit_id for (unit_id,) in evidence] == ["g-0001", "g-0004", "s-0000"]
    (note,) = unrelated_notes(unrelated_table(counts), {})
    assert note.endswith("Left out, of the units scored for it: mill (4 of 8).")


def test_nothing_is_said_of_unrelated_units_where_there_are_none(tmp_path: Path) -> None:
    with store_of(tmp_path, rows()) as store:
        prepare(store)
        assert list(unrelated_notes(unrelated_table(count_hits(store)), {})) == []


def test_portrayal_has_measures_of_its_own_on_request(tmp_path: Path) -> None:
    with store_of(tmp_path, about_the_mill()) as store:
        prepare(store, events=False)
        assert not [m for m in count_hits(store).measures if m.family == "portrayal"]
    with store_of(tmp_path, about_the_mill()) as store:
        prepare(store, events=False, portrayal=True)
        counts = count_hits(store, measures=["portrayal/*"])
    found = {str(m): float(counts.hits[:, i].sum()) for i, m in enumerate(counts.measures)}
    assert found == {
        "portrayal/mill/negative": 3, "portrayal/mill/positive": 1, "portrayal/mill/net": -2, "portrayal/mill/neutral": 1,
        "portrayal/mill/no_call": 1,
    }  # fmt: skip
    assert counts.totals[:, counts.column[0]].sum() == 6, "whatever their stance"
