"""The reading set looks up its texts by checksum; the contrast groups contain their texts."""

import csv
import json
from pathlib import Path

import pytest

from slant.corpora import reading_set
from slant.corpora.files import digest
from slant.corpora.reading_set import (
    DOCUMENTS,
    HELD_OUT_SOURCES,
    read_contrast_set,
    read_reading_set,
    reading_rows,
)
from slant.corpora.sets import OWN_SETS
from slant.errors import SlantError
from slant.labels.codebook import Codebook
from slant.records import REPLIES, STANCES, VOICES

COMMENT = "Nobody asked the ferry crews.  They keep the town alive and the Harbour Board starves them."
STATEMENT = "Header line\n\nThe Harbour Board thanks the ferry crews for their work."


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two sources in their authors' formats, one of them held out."""
    folder = tmp_path / "texts/ucc"
    folder.mkdir(parents=True)
    for name, rows in (("val.csv", [COMMENT]), ("test.csv", ["Another one."])):
        with (folder / name).open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerows([["comment"], *([row] for row in rows)])
    folder = tmp_path / "texts/us_gov"
    folder.mkdir()
    with (folder / "us_government_statements.tsv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, delimiter="\t").writerows([["title", "article"], ["Thanks", STATEMENT]])
    return tmp_path


def annotate(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *rows: dict[str, object]) -> None:
    path = tmp_path / "reading.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    monkeypatch.setattr(reading_set, "asset", lambda name: path)


def row(source: str, document: str, text: str, **more: object) -> dict[str, object]:
    start = document.index(text)
    place = {"document": digest(document), "start": start, "end": start + len(text), "text": digest(text)}
    labels = {"kind": "comment", "domain": "business", "reader": "r", "stance": []}
    return {"id": "u1", "source": source, **place, **labels, **more}


def test_units_get_their_texts_targets_and_labels(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stance = [
        {"target": "ferry crews", "stance": "favor"},
        {"target": "the mayor", "stance": "against", "named": False},
        {"target": "fishing quota", "stance": "neutral", "concerned": False},
    ]
    spans = [{"start": 59, "end": 66, "label": "loaded_language", "voice": "reader"}]
    statement = STATEMENT.split("\n")[-1]
    annotate(
        monkeypatch, tmp_path,
        row("ucc", COMMENT, COMMENT, stance=stance, loaded=spans, frames=["economic"]),
        row("us_gov", STATEMENT, statement, stance=[{"target": "Harbour Board", "stance": "neutral"}]),
    )  # fmt: skip
    (fit,) = read_reading_set(root, "fit")
    assert fit.text == COMMENT
    crews, mayor, quota = fit.targets
    assert (crews.name, crews.label, [COMMENT[a:b] for a, b in crews.mentions]) == (
        "ferry crews",
        "favor",
        ["ferry crews"],
    )
    assert (mayor.name, mayor.label, mayor.mentions) == ("the mayor", "against", ())
    assert (quota.name, quota.label) == ("fishing quota", "unrelated"), "the text says nothing about it"
    assert {t.portrayal for t in fit.targets} == {None}
    assert (fit.frames, fit.loaded and fit.loaded[0].label) == (("economic",), "loaded_language")
    (other,) = (*read_reading_set(root, "tune"), *read_reading_set(root, "held_out"))
    assert (other.text, other.loaded, other.frames) == (statement, None, None)
    assert other.split in ("tune", "held_out")
    assert list(read_reading_set(root, "all")) == [fit, other]


def test_whole_sources_are_held_out_and_half_of_their_documents_choose_thresholds() -> None:
    splits = {split: list(reading_rows(split)) for split in ("all", "fit", "tune", "held_out")}
    ids = {split: [r["id"] for r in rows] for split, rows in splits.items()}
    assert sorted(ids["all"]) == sorted(ids["fit"] + ids["tune"] + ids["held_out"])
    sources = {split: {r["source"] for r in rows} for split, rows in splits.items()}
    assert sources["tune"] == sources["held_out"] == set(HELD_OUT_SOURCES)
    assert not sources["fit"] & set(HELD_OUT_SOURCES)
    documents = {split: {r["document"] for r in rows} for split, rows in splits.items()}
    assert not documents["tune"] & documents["held_out"], "units of a document are in one split"
    assert 0.4 < len(documents["tune"]) / len(documents["tune"] | documents["held_out"]) < 0.6


def test_a_changed_text_is_an_error_that_names_the_unit(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    annotate(monkeypatch, tmp_path, row("ucc", COMMENT + " ", COMMENT))
    with pytest.raises(SlantError, match="unit u1 is not in 'ucc'"):
        list(read_reading_set(root, "fit"))


def test_the_annotations_use_known_labels_and_sources_and_contain_no_text() -> None:
    book = Codebook.load()
    frames, loaded = set(book.labels("frames")), set(book.labels("loaded"))
    rows = list(reading_rows())
    assert {r["source"] for r in rows} <= set(DOCUMENTS)
    assert set(HELD_OUT_SOURCES) <= {r["source"] for r in rows}
    assert len({r["id"] for r in rows}) == len({(r["source"], r["text"]) for r in rows}) == len(rows)
    for r in rows:
        assert all(s["stance"] in STANCES for s in r["stance"]), r["id"]
        assert set(r.get("frames", ())) <= frames, r["id"]
        assert all(s["label"] in loaded and s["voice"] in VOICES for s in r.get("loaded", ())), r["id"]
        assert r.get("reply", "comment") in REPLIES, r["id"]
        assert ("reply" in r) <= ("parent" in r), r["id"]
        assert len(r["text"]) == len(r["document"]) == 12, "checksums, not texts"


def test_contrast_groups_are_in_one_split_and_have_different_stances() -> None:
    fit, held_out = (list(read_contrast_set(Path(), split)) for split in ("fit", "held_out"))
    groups = [{e.group for e in part} for part in (fit, held_out)]
    assert not groups[0] & groups[1]
    assert 0.1 < len(groups[1]) / len(groups[0] | groups[1]) < 0.3
    assert {e.id for e in OWN_SETS["slant_contrast"].read(Path(), "all")} == {e.id for e in (*fit, *held_out)}
    for group in groups[0] | groups[1]:
        labels = {t.label for e in (*fit, *held_out) if e.group == group for t in e.targets}
        assert len(labels) >= 2, group
