"""The project's own frame labels: texts are looked up in the public sets by checksum."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from slant.corpora import fa_kes, own_labels
from slant.corpora.files import digest
from slant.errors import SlantError, UsageError

PAID = "The bridge at Old Mill cost four million crowns."
ARTICLE = ["Ferry trial opens", "The judge heard the ferrymen. The court sits again in June."]


def write_csv(path: Path, rows: list[dict[str, str]], delimiter: str = ",") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), delimiter=delimiter)
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """BABE with one sentence and FA-KES with one article, in their authors' formats."""
    sentence = {
        "text": PAID, "news_link": "", "outlet": "Courier", "topic": "bridges", "type": "center",
        "label_bias": "Non-biased", "label_opinion": "Entirely factual", "biased_words": "[]",
    }  # fmt: skip
    write_csv(tmp_path / "babe" / "final_labels_SG2.csv", [sentence], ";")
    article = {
        "article_title": ARTICLE[0], "article_content": ARTICLE[1], "source": "Courier", "date": "5/1/2023",
        "location": "Mill",
    }  # fmt: skip
    write_csv(tmp_path / "fa_kes" / "FA-KES-Dataset.csv", [article])
    return tmp_path


def annotate(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *rows: dict[str, object]) -> None:
    path = tmp_path / "frames.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    monkeypatch.setattr(own_labels, "asset", lambda name: path)


def test_labels_are_joined_with_whole_texts_and_parts_of_documents(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (document,) = (a.text for a in fa_kes.read_fa_kes(root))
    stretch = "The court sits again in June."
    start = document.index(stretch)
    annotate(
        monkeypatch, tmp_path,
        {"set": "babe", "text": digest(PAID), "frames": ["economic", "political"], "reader": "A"},
        {"set": "fa_kes", "text": digest(stretch), "document": digest(document), "start": start,
         "end": start + len(stretch), "frames": [], "reader": "B"},
    )  # fmt: skip
    first, second = own_labels.read_frame_labels(root, "all")
    assert (first.text, first.frames, first.group, first.meta) == (
        PAID, ("economic", "political"), digest(PAID), {"reader": "A"},
    )  # fmt: skip
    assert (second.text, second.frames, second.group) == (stretch, (), digest(document))
    fit, tune = (
        list(own_labels.read_frame_labels(root, "fit")),
        list(own_labels.read_frame_labels(root, "tune")),
    )
    assert sorted(e.id for e in fit + tune) == sorted([first.id, second.id])
    assert {e.split for e in fit} <= {"fit"}


@pytest.mark.parametrize(
    "row",
    [
        {"set": "babe", "text": digest("An older wording.")},
        {
            "set": "fa_kes",
            "text": digest("June."),
            "document": digest("another article"),
            "start": 0,
            "end": 5,
        },
        {"set": "babe", "text": digest("cost"), "document": digest(PAID), "start": 0, "end": 3},
    ],
    ids=["text changed", "document changed", "offsets moved"],
)
def test_a_changed_text_is_an_error(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, row: dict[str, object]
) -> None:
    annotate(monkeypatch, tmp_path, {**row, "frames": ["other"], "reader": "A"})
    with pytest.raises(
        SlantError, match=rf"text {row['text']} is not in set '{row['set']}' under .*slant data check"
    ):
        list(own_labels.read_frame_labels(root, "all"))


def test_unknown_splits_and_missing_sets_are_reported(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UsageError, match="slant_frames has no split 'test'; it has all, fit, tune"):
        list(own_labels.read_frame_labels(root, "test"))
    annotate(monkeypatch, tmp_path, {"set": "vast", "text": "0" * 12, "frames": [], "reader": "A"})
    with pytest.raises(SlantError, match=r"vast_train\.csv is missing"):
        list(own_labels.read_frame_labels(root, "all"))


def test_the_shipped_labels_contain_no_text_and_only_frames_of_the_codebook() -> None:
    from slant.assets import asset
    from slant.encoding.label_ids import FRAMES

    rows = [json.loads(line) for line in asset("frames.jsonl").read_text("utf-8").splitlines()]
    assert len({(r["set"], r["text"]) for r in rows}) == len(rows) > 900
    for row in rows:
        assert row.keys() <= {"set", "text", "document", "start", "end", "frames", "reader"}
        assert set(row["frames"]) <= set(FRAMES)
        assert all(len(row[k]) == 12 and int(row[k], 16) >= 0 for k in ("text", "document") if k in row)
