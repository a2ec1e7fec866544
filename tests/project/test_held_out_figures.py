"""Tables about held-out sets and contrast groups for the model card, from an invented scorecard."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import pytest

from slant.judging.scorecard_records import Answers, Figure, LabelFigures, Result, Scorecard

ROOT = Path(__file__).resolve().parents[2]
MEAN = Result(
    "held_out/stance", "Held-out sets, stance", "mean macro-F1", Figure(0.512, 0.49, 0.53), 90, 30, "documents",
    answers=(
        Answers(1.0, 0.35, 90, Figure(0.6, 0.55, 0.65), 40, Figure(0.5, 0.4, 0.6)),
        Answers(0.5, 0.81, 45, Figure(0.8, 0.7, 0.9), 0, Figure(None)),
    ),
)  # fmt: skip
SOCC = Result(
    "reading/socc",
    "Comments",
    "macro-F1",
    Figure(0.55, 0.5, 0.6),
    60,
    20,
    "documents",
    floor=0.2,
    baseline=0.3,
)
SARCASM = Result(
    "contrast/phenomena/sarcasm", "Groups, phenomena, sarcasm", "accuracy", Figure(0.7, 0.6, 0.8), 20, 9, "groups",
    labels=(
        LabelFigures("against", Figure(0.8), Figure(0.75), Figure(0.7), 16),
        LabelFigures("favor", Figure(None), Figure(None), Figure(None), 0),
    ),
)  # fmt: skip
SIDES = Result(
    "contrast/sides", "Groups, sides", "both sides right", Figure(0.43, 0.3, 0.5), 51, 17, "groups"
)


@pytest.fixture
def figures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    module = importlib.import_module("model_figures")

    def show(table: str, *results: Result) -> str:
        folder = tmp_path / "model/small/scores"
        folder.mkdir(parents=True, exist_ok=True)
        card = Scorecard("m", "f1", "0.2", 0, 1000, None, results)
        (folder / "scorecard.json").write_text(json.dumps(card.to_dict()), "utf-8")
        text: str = getattr(module, table)(module.Files(tmp_path, size="small"))
        return text

    return show


def test_the_mean_is_below_the_sets(figures: Any) -> None:
    lines = figures("held_out", MEAN, SOCC, SARCASM).split("\n")
    assert lines[2] == "| Comments | macro-F1 | **55.0** | 50.0–60.0 | 60 / 20 documents | 20.0 | 30.0 |"
    assert (
        lines[3]
        == "| Held-out sets, stance | mean macro-F1 | **51.2** | 49.0–53.0 | 90 / 30 documents | — | — |"
    )
    assert len(lines) == 4


def test_risk_and_coverage(figures: Any) -> None:
    text = figures("risk_coverage", SOCC, MEAN)
    assert "| 100.0 | 0.350 | 60.0 [55.0, 65.0] | 90 | 50.0 [40.0, 60.0] | 40 |" in text
    assert "| 50.0 | 0.810 | 80.0 [70.0, 90.0] | 45 | — | 0 |" in text


def test_phenomena_and_the_share_both_right(figures: Any) -> None:
    text = figures("phenomena", SIDES, SARCASM)
    assert "| sarcasm | 70.0 [60.0, 80.0] | 20 | 75.0 (16) | — | — (0) |" in text
    assert "for 43.0 % (30.0–50.0) of 51 targets in 17 groups." in text
    assert "Both sides" not in figures("phenomena", SARCASM)


@pytest.mark.parametrize("table", ["held_out", "risk_coverage", "phenomena"])
def test_a_scorecard_without_these_rows_names_the_command(figures: Any, table: str) -> None:
    bare = Result("ptc/si", "Squares", "span-overlap F1", Figure(0.4), 30, 5, "articles")
    assert "make scores" in figures(table, bare)
