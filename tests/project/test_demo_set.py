"""The demonstration set: every label of its gold stands on a unit that slant really reads."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

from slant.ingest.inputs import read_articles
from slant.labels.codebook import Codebook
from slant.labels.targets import Targets
from slant.records import STANCES, VOICES, Article, Unit
from slant.segment.units import split

DEMO = Path(__file__).parents[2] / "seeds" / "demo"
OUTLETS = {"Velmark Gazette", "The Siren", "Sarn Valley Courier"}


@cache
def documents() -> dict[str, tuple[Article, list[Unit]]]:
    found = {}
    for article in read_articles([str(DEMO / "articles")]):
        assert isinstance(article, Article), article
        found[article.path.rpartition("/")[2]] = (article, split(article))
    return found


@cache
def gold() -> list[dict[str, Any]]:
    return [json.loads(line) for line in (DEMO / "gold.jsonl").read_text(encoding="utf-8").splitlines()]


def test_the_set_is_what_its_readme_says() -> None:
    """Six articles of three outlets in four formats, each soon read, four of them with comments."""
    articles = [article for article, _ in documents().values()]
    assert len(articles) == 6
    assert {article.outlet for article in articles} == OUTLETS
    assert {Path(name.partition(":")[0]).suffix for name in documents()} == {".md", ".txt", ".html", ".jsonl"}
    assert all(article.author and article.published and article.title for article in articles)
    rows = [(row["document"], row["kind"], row["end"] - row["start"]) for row in gold()]
    for name in documents():
        length = sum(
            characters for document, kind, characters in rows if document == name and kind != "comment"
        )
        assert 1000 <= length <= 2000, name
    comments = [sum((name, "comment") == row[:2] for row in rows) for name in documents()]
    assert sorted(comments) == [0, 0, 5, 5, 6, 7]


def test_every_gold_row_is_a_unit_of_the_same_text() -> None:
    units = {(name, u.start, u.end): u.text for name, (_, found) in documents().items() for u in found}
    places = [(row["document"], row["start"], row["end"]) for row in gold()]
    assert len(places) == len(set(places)) > 80
    for place, row in zip(places, gold(), strict=True):
        assert place in units, row
        assert row["sha256"] == hashlib.sha256(units[place].encode()).hexdigest(), place


def test_units_are_read_as_what_they_are() -> None:
    """Kind, commenter, and nothing among the content that is none."""
    expected = {(row["document"], row["start"]): (row["kind"], row.get("author")) for row in gold()}
    found = {
        (name, u.start): (u.kind, u.author if u.kind == "comment" else None)
        for name, (_, units) in documents().items()
        for u in units
        if u.is_content
    }
    misread = {place for place in expected.keys() | found.keys() if expected.get(place) != found.get(place)}
    assert not misread


def test_every_span_stands_where_it_says() -> None:
    units = {(name, u.start): u.text for name, (_, found) in documents().items() for u in found}
    spans = [(units[row["document"], row["start"]], span) for row in gold() for span in row["loaded"]]
    assert len(spans) > 50
    for text, span in spans:
        assert text[span["start"] : span["end"]] == span["text"]
        assert span["text"] == span["text"].strip()
    for row in gold():
        for start, end in row.get("toxic", ()):
            assert 0 <= start < end <= len(units[row["document"], row["start"]])


def test_labels_are_those_of_the_codebook() -> None:
    book = Codebook.load()
    for row in gold():
        assert {span["label"] for span in row["loaded"]} <= set(book.labels("loaded"))
        assert set(row["frames"]) <= set(book.labels("frames"))
        assert set(row["stance"].values()) <= set(STANCES)
        assert {span["voice"] for span in row["loaded"]} <= set(VOICES)
        if row["kind"] == "comment":
            assert row["reply"] in book.labels("reply")
            assert {span["voice"] for span in row["loaded"]} <= {"reader"}


def test_stance_is_given_for_exactly_the_targets_that_a_unit_names() -> None:
    targets = Targets.load(DEMO / "targets.toml")
    texts = {name: article.text for name, (article, _) in documents().items()}
    for row in gold():
        text = texts[row["document"]][row["start"] : row["end"]]
        assert set(row["stance"]) == {*targets.find(text), *targets.always(row["kind"])}, text


def test_outlets_differ_so_that_a_reader_can_see_it() -> None:
    """The Gazette is for the government, the Siren against it, the Courier neither."""
    toward: dict[str, list[str]] = {outlet: [] for outlet in OUTLETS}
    for row in gold():
        if row["kind"] != "comment" and "velmark_government" in row["stance"]:
            outlet = documents()[row["document"]][0].outlet
            assert outlet is not None
            toward[outlet].append(row["stance"]["velmark_government"])
    assert {outlet: set(labels) for outlet, labels in toward.items()} == {
        "Velmark Gazette": {"favor"},
        "The Siren": {"against"},
        "Sarn Valley Courier": {"neutral"},
    }
    assert min(map(len, toward.values())) >= 5
