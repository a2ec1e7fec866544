"""The direction that the check of the reading set derives from the kinds of judgement of NewsWCL50."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def check(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    return importlib.import_module("reading_check")


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        (["Aggressor", "Power"], "negative"),
        (["Affection", "Victim"], "positive"),
        (["Power"], "neutral"),
        (["Other"], "neutral"),
        ([], "neutral"),
    ],
)
def test_kinds_without_a_sign_count_as_nothing(check: ModuleType, kinds: list[str], expected: str) -> None:
    assert check.direction(kinds) == expected


def test_kinds_of_both_signs_are_refused(check: ModuleType) -> None:
    with pytest.raises(ValueError, match="both directions"):
        check.direction(["Affection", "Aggressor"])


def test_each_question_is_compared_with_the_same_direction(
    check: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    def row(kind: str, stance: str, portrayal: str) -> dict[str, object]:
        read = {"target": "Harbour Board", "stance": stance, "portrayal": portrayal}
        return {"source": "newswcl50", "people": [kind], "stance": [read]}

    rows = [
        row("Refusal", "not_concerned", "negative"),
        row("Honor", "favor", "positive"),
        row("Other", "against", "neutral"),
    ]
    monkeypatch.setattr(check, "_rows", lambda name: rows)
    monkeypatch.setattr(check, "PEOPLE", ["newswcl50_portrayal", "newswcl50_stance"])
    found = check.people()
    assert found["newswcl50_portrayal"]["labels"] == {"negative": 1, "neutral": 1, "positive": 1}
    assert found["newswcl50_stance"]["labels"] == {"negative": 0, "neutral": 0, "positive": 1}
