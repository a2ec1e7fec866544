"""Errors on the sets whose aim is missed: counts per pair of labels and per part, and their table."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from slant.assets import model_folder
from slant.judging.judged_items import JudgedItem, JudgedItems
from slant.judging.judged_sets import choose_sets

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def errors(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    import labels_check

    return labels_check


def sheet(*rows: tuple[str, str, list[str]]) -> JudgedItems:
    out = JudgedItems()
    for gold, said, words in rows:
        out.add(
            "g",
            {"opinion": "factual" if not words else "mixed", "biased_words": json.dumps(words)},
            JudgedItem(gold, said),
        )
    return out


def test_pairs_and_parts_are_counted(errors: Any) -> None:
    (babe,) = choose_sets(["babe/fold0"])
    rows = sheet(
        ("biased", "biased", ["vile"]), ("biased", "non_biased", ["vile"]), ("non_biased", "non_biased", []),
        ("biased", "biased", ["a", "b", "c", "d", "e"]), ("non_biased", "biased", []),
    )  # fmt: skip
    found = errors.confusions(babe, rows)
    assert found["labels"] == ["biased", "non_biased"]
    assert found["said"] == [[2, 1], [1, 1]], "rows are the gold labels"
    parts = {(p["by"], p["value"]): (p["wrong"], p["n"]) for p in found["parts"]}
    assert parts == {
        ("opinion label of the annotators", "factual"): (1, 2),
        ("opinion label of the annotators", "mixed"): (1, 3),
        ("words marked as biased", "0"): (1, 2),
        ("words marked as biased", "1"): (1, 2),
        ("words marked as biased", "4 or more"): (0, 1),
    }


def test_an_abstention_is_wrong_and_in_no_column(errors: Any) -> None:
    (babe,) = choose_sets(["babe/fold0"])
    out = sheet(("biased", "biased", []))
    out.add("g", {"opinion": "factual", "biased_words": "[]"}, JudgedItem("biased", None))
    found = errors.confusions(babe, out)
    assert found["said"][0] == [1, 0]
    assert found["parts"][0]["wrong"] == 1


def test_the_table_shows_them(errors: Any, tmp_path: Path) -> None:
    from model_figures import Files
    from model_figures import errors as block

    files = Files(tmp_path)
    part = {"by": "platform", "value": "tram", "n": 1500, "wrong": 300}
    found = {"title": "Streets", "labels": ["up", "down"], "said": [[1200, 3], [4, 5]], "parts": [part]}
    files.results.mkdir(parents=True)
    (files.results / "errors.json").write_text(json.dumps({"model": "f1", "sets": [found]}), "utf-8")
    text = block(files)
    assert "| up | 1,200 | 3 |" in text
    assert "Share of errors by *platform*: tram: 20.0 % of 1,500." in text
    assert "Model `f1`" in text


def test_the_kept_counts_are_of_the_shipped_model_and_of_the_sets_whose_aim_it_misses(errors: Any) -> None:
    from model_figures import AIMS

    found = json.loads((ROOT / "benchmarks/results/errors.json").read_text("utf-8"))
    card = json.loads((model_folder("small") / "scores/scorecard.json").read_text("utf-8"))
    assert found["model"] == card["fingerprint"]
    figures = {r["set"]: 100 * r["figure"]["value"] for r in card["results"]}
    short = {name for name, bar in AIMS["small"].items() if figures[name] < bar}
    spans = {"ptc/tc", "toxic_spans/test"}  # they have no confusion of one label with another
    assert {each["set"] for each in found["sets"]} == short - spans == set(errors.PARTS), (
        "the section is about sets whose aim is missed"
    )
    support = {(r["set"], label["label"]): label["support"] for r in card["results"] for label in r["labels"]}
    for each in found["sets"]:
        for label, row in zip(each["labels"], each["said"], strict=True):
            assert sum(row) == support[each["set"], label], "every item is in the table once"
