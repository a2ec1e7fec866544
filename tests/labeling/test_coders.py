"""Agreement, disagreements and final answers, against figures computed by hand."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest

from labeled import BOOK, ITEMS, TEXT, answer, coded, mark, project
from slant.errors import UsageError
from slant.labeling.coders import agreement, differences, finals
from slant.labeling.exchange import write_labels
from slant.labeling.questions import Item, Mark

pytest.importorskip("krippendorff", reason="needs the [label] install")

BY_ID = {item.unit_id: item for item in ITEMS}


def titles(count: int) -> tuple[Item, ...]:
    return tuple(replace(ITEMS[0], unit_id=f"d{n}-0000", document=f"d{n}") for n in range(count))


def test_alpha_equals_a_figure_computed_by_hand() -> None:
    """Four units, one disagreement: observed 1/4; values 3 and 5 of 8: expected 2·3·5/(8·7); alpha = 1 - (1/4)/(30/56)."""
    units = titles(4)
    given = [("against", "against"), ("against", "neutral"), ("neutral", "neutral"), ("neutral", "neutral")]
    read = [
        coded(unit, coder, stance={"board": label})
        for unit, labels in zip(units, given, strict=True)
        for coder, label in zip(("ida", "ole"), labels, strict=True)
    ]
    found = {a.what: a for a in agreement(read, {u.unit_id: u for u in units}, BOOK, resamples=20)}
    assert found["stance"].figure.value == pytest.approx(1 - 0.25 / (30 / 56))
    assert (found["stance"].n, found["stance"].groups) == (4, 4)


def test_alpha_is_over_all_coders_and_spans_are_by_pair() -> None:
    """Ida and Ole mark the same two words, Eva half of them: F1 with her is 2·1·½/1½."""
    span, half = mark(TEXT, "old quay"), mark(TEXT, "quay")
    read = [
        coded(ITEMS[1], coder, loaded=(marked,), frames=frames)
        for coder, marked, frames in (
            ("ida", span, ("economic",)),
            ("ole", span, ()),
            ("eva", half, ("economic",)),
        )
    ]
    found = {a.what: a.figure.value for a in agreement(read, BY_ID, BOOK, resamples=20)}
    assert found["loaded spans: ida and ole"] == 1
    assert found["loaded spans: eva and ida"] == pytest.approx(2 * 0.5 / 1.5)
    # Three values, one pair of which agrees: observed 4/6; expected 2·2·1/(3·2).
    assert found["frames: economic or not"] == pytest.approx(1 - (4 / 6) / (4 / 6))


def test_unfinished_and_adjudicated_answers_are_no_readings() -> None:
    read = [coded(ITEMS[0], "ida"), coded(ITEMS[0], "ole", status="draft"), coded(ITEMS[0], "adjudicated")]
    assert agreement(read, BY_ID, BOOK) == []


def test_the_order_of_frames_is_no_disagreement() -> None:
    one = answer(ITEMS[1], frames=("economic", "political"))
    assert differences([one, replace(one, frames=("political", "economic"))], ITEMS[1]) == []
    assert differences([one, replace(one, frames=("political",))], ITEMS[1]) == [("frames", None)]
    other = replace(one, stance={**one.stance, "crews": "favor"}, loaded=(Mark(0, 3, "doubt", "outlet"),))
    assert differences([one, other], ITEMS[1]) == [("stance", "crews"), ("loaded", None)]


def test_the_final_answer_is_the_adjudicated_one_or_that_of_all() -> None:
    read = [
        coded(ITEMS[0], "ida"), coded(ITEMS[0], "ole"),
        coded(ITEMS[1], "ida", stance={"board": "against", "crews": "favor"}), coded(ITEMS[1], "ole"),
        coded(ITEMS[2], "ida", status="skipped"),
    ]  # fmt: skip
    found = finals(read, BY_ID)
    assert set(found.answers) == {"a1-0000"}
    assert found.open == {"a1-0001": [("stance", "board"), ("stance", "crews")]}
    assert found.skipped == ["a2-0003"]
    final = coded(ITEMS[1], "adjudicated", stance={"board": "favor", "crews": "favor"})
    found = finals([*read, final], BY_ID)
    assert (found.answers["a1-0001"], found.open) == (final.answer, {})


def test_units_that_nobody_finished_are_counted(tmp_path: Path) -> None:
    with project(tmp_path) as state:
        state.add(
            [coded(ITEMS[0], "ida"), coded(ITEMS[1], "ida", "draft"), coded(ITEMS[2], "ida", "skipped")]
        )
        _, skipped, begun = write_labels(state, "gold", tmp_path / "g.csv")
    assert skipped.startswith("1 units were skipped")
    assert begun == "1 units were begun and never finished, and are not in it."


def test_gold_and_training_rows(tmp_path: Path) -> None:
    marks = (mark(TEXT, "gutted"), mark(TEXT, "gutted", "doubt"), mark(TEXT, "cheered", voice="quoted"))
    with project(tmp_path, fingerprint="c0de") as state:
        with pytest.raises(UsageError, match="no unit has been labeled to the end"):
            write_labels(state, "gold", tmp_path / "g.csv")
        state.add(
            [coded(ITEMS[1], "ida", loaded=marks, frames=("political", "economic")), coded(ITEMS[1], "ole")]
        )
        with pytest.raises(UsageError, match=r"coders differ on 1 units \(2 questions\)"):
            write_labels(state, "gold", tmp_path / "g.csv")
        state.add([coded(ITEMS[1], "adjudicated", loaded=marks, frames=("political", "economic"))])
        state.add([coded(ITEMS[2], "ida", status="skipped")])
        lines = write_labels(state, "gold", tmp_path / "g.csv")
        assert lines[0].startswith("5 questions about 1 units")
        assert "1 units were skipped" in lines[1]
        write_labels(state, "labels", tmp_path / "l.jsonl")
    with (tmp_path / "g.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["task"], row["target"], row["label"]) for row in rows] == [
        ("stance", "board", "neutral"), ("stance", "crews", "neutral"), ("portrayal", "crews", "positive"),
        ("loaded", "", "1"), ("frames", "", "political;economic"),
    ]  # fmt: skip
    assert {(row["weight"], row["codebook"], row["unit_id"]) for row in rows} == {("2.5", "c0de", "a1-0001")}
    (row,) = map(json.loads, (tmp_path / "l.jsonl").read_text("utf-8").splitlines())
    assert (row["document"], row["text"], row["stance"]) == (
        "a1",
        TEXT,
        {"board": "neutral", "crews": "neutral"},
    )
    assert [TEXT[s["start"] : s["end"]] for s in row["loaded"]] == ["gutted", "gutted", "cheered"]
    assert (row["frames"], row["names"]["board"], row["weight"]) == (
        ["political", "economic"],
        "the Harbour Board",
        2.5,
    )
    assert "reply" not in row
