"""The benchmarks of reading: every planted loss is named, pages are read better than by other tools, and both can fail."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    return importlib.import_module


def test_every_planted_loss_is_named_and_the_counts_are_those_of_what_was_written(bench: Any) -> None:
    found = bench("planted_losses").measure(files=65, seed=7)
    assert found["unnamed"] == []
    assert found["named"] == found["losses"] > 90
    assert {"HTML", "CSV", "XLSX", "RTF", "EML", "feed", "archive", "comment dump"} <= found["kinds"].keys()
    demonstration = found["demonstration"]
    assert demonstration["rejected"] == 0
    assert demonstration["content"] > 0.9
    assert demonstration["markup"] < 0.02


def test_a_loss_that_is_not_named_and_a_wrong_count_are_faults(bench: Any, tmp_path: Path) -> None:
    losses, files = bench("planted_losses"), bench("lossy_file")
    path = str(tmp_path / "0001.csv")
    row = {"path": f"{path}:3", "reason": "empty", "detail": "no text", "list": "rejected"}
    loss = files.Loss("an empty row", ("empty",), ":3")
    file = files.MadeFile("CSV", "0001.csv", b"", (loss,), 2)
    found = losses.Run([row], [])
    found.articles["0001.csv"] = 2
    assert losses.unnamed(file, tmp_path, found) == []
    found.articles["0001.csv"] = 1
    assert losses.unnamed(file, tmp_path, found) == ["CSV 0001.csv: 1 articles, 2 expected"]
    two = files.MadeFile("CSV", "0001.csv", b"", (loss, loss), 1)
    assert "not named: an empty row" in losses.unnamed(two, tmp_path, found)[0], "one line names one loss"
    none = files.MadeFile("CSV", "0001.csv", b"", (), 1)
    assert "rejected without reason" in losses.unnamed(none, tmp_path, found)[0]


def test_text_and_comments_of_made_up_pages_are_read_better_than_by_trafilatura(bench: Any) -> None:
    found = bench("html_pages").measure(["slant", "trafilatura"], seed=7, pages=1)
    assert found["pages"] == found["templates"] == 26
    for half in ("held_out", "open"):
        ours, theirs = (found["tools"][tool][half] for tool in ("slant", "trafilatura"))
        assert ours["text"]["f1"] > max(0.97, theirs["text"]["f1"])
        assert ours["comments"]["f1"] > max(0.85, theirs["comments"]["f1"])
        assert ours["comments"]["authors"] > 0.9
        assert ours["comments"]["parents"] > 0.9


def test_words_and_comments_that_differ_cost(bench: Any) -> None:
    pages, texts = bench("html_pages"), bench("made_texts")
    said = [
        texts.MadeComment(("One two three four",), "Ann", None, ""),
        texts.MadeComment(("Five six",), "Kim", 0, ""),
    ]
    page = bench("page_shell").MadePage("x", "", ["A b c d.", "E f g h."], said, ["The title"])
    read = pages.ReadPage(["The title", "A b c d.", "X y."], [pages.ReadComment("One two three four", "Bo")])
    assert pages.text_rates(page, read) == pytest.approx((4 / 6, 4 / 8, 4 / 7))
    found = pages.judged([page], [read])["comments"]
    assert (found["precision"], found["recall"], found["authors"], found["parents"]) == (1.0, 0.5, 0.0, 1.0)
    right = pages.ReadPage(
        [], [pages.ReadComment("Five six", "Kim", 1), pages.ReadComment("one two three four", "Ann")]
    )
    found = pages.judged([page], [right])["comments"]
    assert (found["f1"], found["authors"], found["parents"]) == (1.0, 1.0, 1.0)
