"""What is asked about which unit: scores, units, samples, own targets and own codebooks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from compared import store_of, unit
from slant.comparing.gold_sample import draw_sample, write_sample
from slant.errors import UsageError
from slant.labeling.questions import check_codebook
from slant.labeling.sources import read_source, source_texts
from slant.labels.codebook import Codebook
from slant.labels.targets import Targets

BOOK = Codebook.load()
OWN = """
[rules]
stance = "Judge the author alone."

[stance.pro]
definition = "For it."

[stance.contra]
definition = "Against it."
example = "Down with the board!"

[frames.tides]
definition = "It is about the tides."

[[target]]
id = "board"
name = "the Harbour Board"
aliases = ["board"]
always = ["comment"]
"""


def rows() -> list[dict[str, Any]]:
    title = "Board gutted the quay"
    return [
        unit("a1", title, kind="title", position=0, title=title, stance={"board": "against"}),
        unit(
            "a1",
            "The crews waited.",
            position=1,
            title=title,
            stance={"crews": "neutral"},
            portrayal={"crews": "neutral"},
        ),
        unit("a1", "They left at noon.", position=2, title=title),
        unit(
            "a1",
            "Nonsense!",
            kind="comment",
            position=3,
            title=title,
            stance={"article": "against"},
            reply="deny",
        ),
        unit("a1", "Which one?", kind="comment", position=4, title=title, parent_id="a1-0003", reply="query"),
        unit(
            "a1",
            "Nonsense!",
            kind="comment",
            position=5,
            title=title,
            flags=["duplicate_of:a1-0003"],
            reply="deny",
        ),
        unit("a1", "Die Kräne stehen.", position=6, title=title, flags=["language:de"]),
        unit("a2", "The board met.", position=0, outlet="Siren", stance={"board": "favor"}),
    ]


@pytest.fixture
def scores(tmp_path: Path) -> Path:
    path = tmp_path / "scores.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows()), "utf-8")
    return path


def test_scores_become_questions_in_context(scores: Path) -> None:
    found = read_source(scores, codebook=BOOK)
    by_id = {item.unit_id: item for item in found.items}
    assert set(by_id) == {f"a1-000{n}" for n in range(5)} | {"a2-0000"}
    assert found.codebook == "c"
    assert [note.split(" units")[0] for note in found.notes] == ["1", "1"]
    second = by_id["a1-0002"]
    assert (second.before, second.title, second.questions()) == (
        "The crews waited.",
        "Board gutted the quay",
        [("loaded", None), ("frames", None)],
    )
    reply = by_id["a1-0004"]
    assert (reply.parent, reply.before) == ("Nonsense!", None)
    assert reply.questions() == [("loaded", None), ("frames", None), ("reply", None)]
    assert by_id["a1-0003"].parent == "Board gutted the quay\nThe crews waited."
    assert by_id["a1-0001"].questions()[0] == ("stance", "crews")
    assert by_id["a1-0001"].weight is None


def test_portrayal_is_asked_on_request_alone(scores: Path) -> None:
    found = read_source(scores, tasks=("portrayal",), codebook=BOOK)
    assert [(item.unit_id, item.questions()) for item in found.items] == [
        ("a1-0001", [("portrayal", "crews")])
    ]
    assert "5 units are not shown: nothing is asked" in found.notes[-1]


def test_the_order_is_random_and_always_the_same(scores: Path, tmp_path: Path) -> None:
    many = tmp_path / "many.jsonl"
    many.write_text("".join(json.dumps(unit(f"b{n}", position=0)) + "\n" for n in range(50)), "utf-8")
    order = [item.unit_id for item in read_source(many, codebook=BOOK).items]
    assert order == [item.unit_id for item in read_source(many, codebook=BOOK).items]
    assert order != sorted(order)
    assert len(set(order)) == 50


def test_units_are_asked_about_the_targets_that_they_name(tmp_path: Path) -> None:
    path, own = tmp_path / "units.jsonl", tmp_path / "own.toml"
    plain = [
        {k: v for k, v in row.items() if k not in ("stance", "portrayal", "model", "codebook")}
        for row in rows()
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in plain), "utf-8")
    own.write_text(OWN, "utf-8")
    book = check_codebook(Codebook.load(own, own=True))
    found = read_source(path, targets=Targets.load(own), codebook=book)
    asked = {item.unit_id: item.questions() for item in found.items}
    assert asked["a1-0000"] == [("stance", "board"), ("frames", None)]  # the codebook has no other labels
    assert asked["a1-0001"] == [("frames", None)]
    assert asked["a1-0003"] == [("stance", "board"), ("frames", None)]
    assert found.items[0].targets in ({"board": "the Harbour Board"}, {})
    assert book.entry("stance", "contra").example == "Down with the board!"
    with pytest.raises(UsageError, match="no task 'reply'"):
        read_source(path, tasks=("reply",), codebook=book)


@pytest.mark.parametrize("ending", ["csv", "jsonl"])
def test_a_sample_keeps_its_weights_and_questions(tmp_path: Path, ending: str) -> None:
    pytest.importorskip("duckdb", reason="needs the [compare] install")
    with store_of(tmp_path, rows()) as store:
        drawn = draw_sample(store, size=6, tasks=("stance", "portrayal", "loaded"), seed=0, show_labels=True)
    path = tmp_path / f"sample.{ending}"
    drawn.rows[0]["label"] = "favor"
    write_sample(drawn, str(path))
    found = read_source(path, codebook=BOOK)
    weights = {row["unit_id"]: row["weight"] for row in drawn.rows}
    assert {item.unit_id: item.weight for item in found.items} == pytest.approx(weights)
    assert [item.unit_id for item in found.items] == list(dict.fromkeys(row["unit_id"] for row in drawn.rows))
    asked = [(item.unit_id, task, target) for item in found.items for task, target in item.questions()]
    assert asked == [(row["unit_id"], row["task"], row["target"]) for row in drawn.rows]
    crews = next(item for item in found.items if item.unit_id == "a1-0001")
    assert (crews.before, crews.targets) == ("Board gutted the quay", {"crews": "crews"})
    assert "1 rows have a label already" in found.notes[0]
    assert source_texts(path)["a1-0001"] == "The crews waited."


def test_files_without_units_are_refused(tmp_path: Path, scores: Path) -> None:
    articles, text = tmp_path / "a.jsonl", tmp_path / "a.txt"
    articles.write_text(json.dumps({"text": "The board met.", "title": "Board"}) + "\n", "utf-8")
    text.write_text("The board met.")
    for path, reason in (
        (articles, "articles must be split first"),
        (text, "scores are read from"),
        (tmp_path / "gone", "no such file"),
    ):
        with pytest.raises(UsageError, match=reason):
            read_source(path, codebook=BOOK)
    with pytest.raises(UsageError, match="nothing to ask about"):
        read_source(scores, tasks=("stance",), targets=Targets.from_names(["nobody there"]), codebook=BOOK)


def test_codebooks_that_cannot_be_asked_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    for text, reason in (
        ('[stnce.pro]\ndefinition = "x"', "a task 'stnce'. Did you mean 'stance'"),
        ('[stance."pro/contra"]\ndefinition = "x"', "made of letters"),
        ('[stance.pro]\nexample = "x"', "definition is missing"),
        ('[toxic.toxic]\ndefinition = "x"', "no labels to choose from"),
    ):
        path.write_text(text, "utf-8")
        with pytest.raises(UsageError, match=reason):
            check_codebook(Codebook.load(path, own=True))
    path.write_text('version = 1\n[stance.pro]\ndefinition = "x"', "utf-8")
    with pytest.raises(UsageError, match="example, counter_example is missing"):
        Codebook.load(path)


def test_a_line_that_is_no_row_is_named(tmp_path: Path) -> None:
    path = tmp_path / "sample.jsonl"
    path.write_text('{"unit_id": "a", "task": "stance", "label": "", "text": "Hear."}\n[1]\n')
    with pytest.raises(UsageError, match="row 2: expected an object"):
        read_source(path, codebook=BOOK)
