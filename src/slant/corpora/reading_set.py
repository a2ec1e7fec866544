"""The reading set and the contrast groups: author stance, labeled **by a language model** under the codebook.

data/reading.jsonl: units (titles, paragraphs, comments) of public texts with 2 to 4 targets each; some also with loaded
spans, frames and replies. It contains no texts: a unit is looked up by the checksum of its document and its offsets.
data/contrast.jsonl: groups of short texts written for this project, each about one event from several sides.
Agreement with a second annotation and with people's labels: data/README.md.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from slant.assets import asset
from slant.corpora import babe, ptc
from slant.corpora.files import check_split, digest, json_lines, locate, table
from slant.errors import SlantError
from slant.labels.targets import Targets
from slant.records import UNRELATED, Example, Span, TargetLabel

READING_SET: str = "slant_reading"
CONTRAST_SET: str = "slant_contrast"
# Sources held out of training as a whole, so that models are chosen on texts unlike the training texts.
HELD_OUT_SOURCES = ("socc", "gdelt_ukraine", "polnear_train", "reddit_titles", "us_gov")
READING_SPLITS: tuple[str, ...] = (
    "all", "fit", "tune", "held_out", *(f"held_out/{source}" for source in HELD_OUT_SOURCES),
)  # fmt: skip
CONTRAST_SPLITS: tuple[str, ...] = ("all", "fit", "held_out")
_MAX_FIELD = 10_000_000  # characters; articles in CSV fields exceed csv's default limit


def read_reading_set(root: Path, split: str = "fit") -> Iterator[Example]:
    """Yield one Example per unit. "fit": units of all sources but HELD_OUT_SOURCES, whose documents are divided in halves,
    "tune" for choosing thresholds and "held_out" for judging; "held_out/socc" is the part of one source.

    The stance toward a target that the unit says nothing about is "unrelated". A target that is implied but not named has no
    mentions. Nor has one that the text names in other words.
    meta: `origin` (source of the text), `kind`, `domain`, `annotator`.
    Raises SlantError if a document is not found: the set in `root` differs from the one that was annotated.
    """
    check_split(READING_SET, split, READING_SPLITS)
    documents: dict[str, dict[str, str]] = {}
    for row in reading_rows(split):
        origin = row["source"]
        if origin not in documents:
            documents[origin] = {digest(text): text for text in DOCUMENTS[origin](root)}
        yield _example(row, documents[origin], root)


def reading_rows(split: str = "all") -> Iterator[dict[str, Any]]:
    """Yield the rows of data/reading.jsonl unchanged, with all targets and without texts."""
    for line in asset("reading.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        if split in ("all", _split(row), f"{_split(row)}/{row['source']}"):
            yield row


def _split(row: dict[str, Any]) -> str:
    if row["source"] not in HELD_OUT_SOURCES:
        return "fit"
    return "tune" if int(row["document"], 16) % 2 else "held_out"


def read_contrast_set(root: Path, split: str = "fit") -> Iterator[Example]:
    """Yield one Example per text; "held_out": a fifth of the groups, by checksum, "fit": all others.

    meta: `kind`, `domain`, `what` (role of the text in its group: a side, a wire report, or the hard case that it is).
    """
    check_split(CONTRAST_SET, split, CONTRAST_SPLITS)
    for _, row in json_lines(asset("contrast.jsonl")):
        held_out = int(digest(row["group"]), 16) % 5 == 0
        if split == "all" or held_out == (split == "held_out"):
            yield Example(
                id=f"{CONTRAST_SET}-{digest(row['text'])}",
                source=CONTRAST_SET,
                split=split,
                group=row["group"],
                text=row["text"],
                targets=_targets(row["text"], row["stance"]),
                meta={
                    "kind": row["kind"],
                    "domain": row["domain"] or "",
                    "what": row["what"].removeprefix("hard: "),
                },
            )


def _example(row: dict[str, Any], documents: dict[str, str], root: Path) -> Example:
    document = documents.get(row["document"], "")
    text = document[row["start"] : row["end"]]
    if digest(text) != row["text"]:
        raise SlantError(
            f"reading.jsonl: unit {row['id']} is not in {row['source']!r} under {root}. The set differs from the "
            "annotated one; run `slant data check`."
        )
    return Example(
        id=f"{READING_SET}-{row['id']}",
        source=READING_SET,
        split=_split(row),
        group=row["document"],
        text=text,
        context=documents[row["parent"]] if row.get("parent") else None,
        targets=_targets(text, row["stance"]),
        loaded=tuple(Span(s["start"], s["end"], s["label"]) for s in row["loaded"])
        if "loaded" in row
        else None,
        frames=tuple(row["frames"]) if "frames" in row else None,
        reply=row.get("reply"),
        meta={
            "origin": row["source"],
            "kind": row["kind"],
            "domain": row["domain"] or "",
            "annotator": row["reader"],
        },
    )


def _targets(text: str, stance: Iterable[dict[str, Any]]) -> tuple[TargetLabel, ...]:
    out = []
    for row in stance:
        name = row["target"]
        found = Targets.from_names([name]).find(text) if row.get("named", True) else {}
        label = row["stance"] if row.get("concerned", True) else UNRELATED
        out.append(TargetLabel(name, label, found.get(name, ())))
    return tuple(out)


# ---- documents of each source, as annotated: whole texts of rows, articles or files


def column(
    folder: str, names: Iterable[str], *columns: str, delimiter: str = ","
) -> Callable[[Path], Iterator[str]]:
    """Return a reader of these columns of the CSV files `names` in `folder`; it takes the root of all sets."""

    def read(root: Path) -> Iterator[str]:
        csv.field_size_limit(_MAX_FIELD)
        for name in names:
            for _, row in table(locate(root, folder, name), columns, delimiter=delimiter):
                yield from (row[column] for column in columns)

    return read


def _lines(folder: str, name: str, *fields: str) -> Callable[[Path], Iterator[str]]:
    def read(root: Path) -> Iterator[str]:
        for _, row in json_lines(locate(root, folder, name)):
            yield from (row[field] for field in fields if row.get(field))

    return read


def _files(folder: str, pattern: str) -> Callable[[Path], Iterator[str]]:
    def read(root: Path) -> Iterator[str]:
        for path in sorted(locate(root, folder).glob(pattern)):
            yield path.read_bytes().decode("utf-8", "replace")

    return read


def _plain_directed(root: Path) -> Iterator[str]:
    for line in locate(root, "directed_sentiment", "train.txt").read_text("utf-8").split("\n"):
        yield line.split("\t")[0].replace("[", "").replace("]", "")


def _tehran_times(root: Path) -> Iterator[str]:
    for _, row in json_lines(locate(root, "texts", "tehran_times", "tehran_times_conflict.jsonl")):
        yield row["text"]
        yield row["slug"].replace("-", " ")


_YOUTUBE = column(
    "texts/youtube_il_pal",
    (
        "aljazera_2023.csv",
        "aljazera_2024.csv",
        "cnn_2023.csv",
        "cnn_2024.csv",
        "sky_2023.csv",
        "sky_2024.csv",
        "df_merged.csv",
    ),
    "text",
)
_USVSTHEM = [f"UsVsThem_{part}_public.csv" for part in ("train", "valid", "test")]
DOCUMENTS: dict[str, Callable[[Path], Iterator[str]]] = {
    "babe": lambda root: (e.text for e in babe.read_babe(root)),
    "checkthat_train": column("checkthat_subjectivity", ("train_en.tsv",), "sentence", delimiter="\t"),
    "directed_train": _plain_directed,
    "gdelt_ukraine": _files("texts/gdelt_ukraine", "*.txt"),
    "narrative_frames": column("narrative_frames", ("articles_metadata.tsv",), "text", delimiter="\t"),
    "newsmtsc_train": _lines("newsmtsc", "train.jsonl", "sentence"),
    "polnear_train": _files("polnear/train/text", "**/*.txt"),
    "ptc_train": lambda root: iter(ptc.articles(root, "train").values()),
    "putin": column("texts/presidents", ("putin.csv",), "body", "headline", "summary"),
    "zelenskyy": column("texts/presidents", ("zelenskyy.csv",), "body", "headline"),
    "reddit_titles": column("reddit_frames", ("final_analysis_v2.csv", "framing_combined_human_llm.csv"), "title", "text"),
    "rumoureval_train": _lines("rumoureval2019", "task_a.jsonl", "text", "parent_text"),
    "socc": column("texts/socc_ctc", ("SFU_constructiveness_toxicity.csv",), "comment"),
    "tehran_times": _tehran_times,
    "toxic_train": column("toxic_spans", ("tsd_train.csv",), "text"),
    "ucc": column("texts/ucc", ("val.csv", "test.csv"), "comment"),
    "us_gov": column("texts/us_gov", ("us_government_statements.tsv",), "article", "title", delimiter="\t"),
    "usvsthem": column("texts/usvsthem", _USVSTHEM, "body"),
    "vast_train": column("vast", ("vast_train.csv",), "post"),
    "youtube_aljazera_2023": _YOUTUBE,
    "youtube_cnn_2024": _YOUTUBE,
    "youtube_il_pal": _YOUTUBE,
    "youtube_ip": _YOUTUBE,
    "youtube_sky_2024": _YOUTUBE,
}  # fmt: skip
