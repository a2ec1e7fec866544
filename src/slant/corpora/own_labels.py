"""Read the labels made for this project: frames, the domain set, and the gold of the seed documents.

All labels were made **by a language model** under the codebook, not by people. The label files hold checksums instead of
texts: a text is looked up in its public set (or in the folder of seed documents) by checksum, and a text that has changed
since is an error.

- slant_frames (data/frames.jsonl): frames of 960 sentences and comments of public sets. Two sessions of the model (annotators
  "A" and "B") labeled half of the texts each. Each text was annotated once, so no inter-annotator agreement can be computed;
  FrAC, labeled by people and never trained on, tests how far these labels carry over.
- slant_domain (data/domain.jsonl): stance, loaded language and frames of pieces of FA-KES. 209 articles of all 15 outlets
  were sampled by outlet and date. A part was annotated a second time by another session (data/domain_second.jsonl), only to
  measure agreement. benchmarks/labels_check.py compares this way of labeling with people's labels on public sets
  (data/README.md).
- seeds_gold (seeds/gold): all content units of five documents, annotated twice and adjudicated. For testing only; recipes
  cannot use it, and a test checks that.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from slant.assets import asset
from slant.corpora import babe, fa_kes, newsmtsc, vast
from slant.corpora.files import check_split, digest
from slant.errors import SlantError
from slant.labels.targets import Targets
from slant.records import Article, Example, Span, TargetLabel, Unit
from slant.segment.units import opening
from slant.segment.units import split as split_units

FRAME_LABELS: str = "slant_frames"
FRAME_SPLITS: tuple[str, ...] = ("all", "fit", "tune")
DOMAIN_LABELS: str = "slant_domain"
DOMAIN_SPLITS: tuple[str, ...] = ("all", "fit", "tune")
SEED_GOLD: str = "seeds_gold"
SEED_SPLITS: tuple[str, ...] = ("gold",)
ARTICLE = "article"  # target of a comment's stance toward its article; judged by the reply instead

# ---- frame labels

# Set → all its texts, in which the annotated ones are looked up.
_TEXTS = {
    "babe": lambda root: (e.text for e in babe.read_babe(root, "all")),
    "newsmtsc": lambda root: (e.text for e in newsmtsc.read_newsmtsc(root, "train")),
    "vast": lambda root: (e.text for e in vast.read_vast(root, "train")),
    "fa_kes": lambda root: (a.text for a in fa_kes.read_fa_kes(root)),
}


def read_frame_labels(root: Path, split: str = "fit") -> Iterator[Example]:
    """Yield one Example per text with its frames, main frame first; "tune" is a fifth of the texts, by checksum.

    Raises SlantError if a text is not found: the sets in `root` differ from those that were annotated.
    """
    check_split(FRAME_LABELS, split, FRAME_SPLITS)
    texts: dict[str, dict[str, str]] = {}
    for row in label_rows("frames.jsonl", split, split_by="text"):
        name = row["set"]
        if name not in texts:
            texts[name] = {digest(t): t for t in _TEXTS[name](root)}
        text = texts[name].get(row.get("document", row["text"]))
        if text is not None and "document" in row:
            text = text[row["start"] : row["end"]]
        if text is None or digest(text) != row["text"]:
            raise SlantError(
                f"frames.jsonl: text {row['text']} is not in set {name!r} under {root}. Run `slant data check`."
            )
        yield Example(
            id=f"{FRAME_LABELS}-{row['text']}",
            source=FRAME_LABELS,
            split=split,
            group=row.get("document", row["text"]),
            text=text,
            frames=tuple(row["frames"]),
            meta={"reader": row["reader"]},
        )


# ---- domain set


def read_domain_labels(root: Path, split: str = "fit") -> Iterator[Example]:
    """Yield one Example per piece; "tune" is a fifth of the articles, by checksum; meta: `outlet`, `published`, `kind`.

    Targets are those with a label that the piece names. The file also labels targets that a piece only implies; they are
    left out. Raises SlantError if an article is not found: the set in `root` differs from the one that was annotated.
    """
    check_split(DOMAIN_LABELS, split, DOMAIN_SPLITS)
    articles = {digest(a.text): a for a in fa_kes.read_fa_kes(root)}
    targets = Targets.load()
    for row in label_rows("domain.jsonl", split, split_by="document"):
        article = articles.get(row["document"])
        text = article.text[row["start"] : row["end"]] if article else ""
        if article is None or digest(text) != row["text"]:
            raise SlantError(
                f"domain.jsonl: piece {row['text']} is not in fa_kes under {root}. Run `slant data check`."
            )
        yield Example(
            id=f"{DOMAIN_LABELS}-{row['text']}",
            source=DOMAIN_LABELS,
            split=split,
            group=row["document"],
            text=text,
            targets=_named_targets(text, row["stance"], targets),
            loaded=_spans(row["loaded"]),
            frames=tuple(row["frames"]),
            meta={
                "outlet": str(article.outlet),
                "published": str(article.published),
                "kind": row["kind"],
                "reader": row["reader"],
            },
        )


def label_rows(file: str, split: str, *, split_by: str) -> Iterator[dict[str, Any]]:
    """Yield the rows of a label file in `split`. A fifth is "tune", the rest "fit", by the checksum in column `split_by`."""
    for line in asset(file).read_text("utf-8").splitlines():
        row = json.loads(line)
        tune = int(row[split_by], 16) % 5 == 0
        if split == "all" or tune == (split == "tune"):
            yield row


def _named_targets(text: str, stance: dict[str, str], targets: Targets) -> tuple[TargetLabel, ...]:
    """Return the targets with a label in `stance` that `text` names."""
    return tuple(
        TargetLabel(targets.name(target), stance[target], mentions)
        for target, mentions in targets.find(text).items()
        if target in stance
    )


def _spans(loaded: list[dict[str, Any]]) -> tuple[Span, ...]:
    return tuple(Span(s["start"], s["end"], s["label"]) for s in loaded)


# ---- gold of the seed documents


def read_seed_gold(root: Path, split: str = "gold") -> Iterator[Example]:
    """Yield one Example per content unit (targets, spans, frames), and another one per comment with a reply label.

    Targets that a unit only implies are given by name, without mentions. meta: `type` "article" or "comment", and the unit's
    `kind`. Raises SlantError if a document is missing or a unit is not at the offsets of the gold.
    """
    check_split(SEED_GOLD, split, SEED_SPLITS)
    documents = _seed_documents(root)
    targets = Targets.load()
    for line in asset("seeds_gold.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        units = documents.get(row["document"])
        if units is None:
            raise SlantError(
                f"seed document {row['document']} is not in {_seeds_folder(root)}. "
                "Set SLANT_SEEDS to the folder that contains it."
            )
        unit = next((u for u in units if (u.start, u.end) == (row["start"], row["end"])), None)
        if unit is None or digest(unit.text) != row["text"]:
            raise SlantError(
                f"seed document {row['document']}: unit {row['text']} differs from the annotated one. "
                "This version of slant splits the document differently; annotate it again."
            )
        yield from unit_examples(unit, units, row, targets)


def unit_examples(unit: Unit, units: list[Unit], row: dict[str, Any], targets: Targets) -> Iterator[Example]:
    """Yield the labels in `row` of `unit` as an Example, and those of a comment's reply as another one.

    units: all units of the document, among which a comment's parent is looked up.
    """
    key = f"{SEED_GOLD}-{row['document']}-{row['start']}"
    comment = row["kind"] == "comment"
    mentions = targets.find(unit.text)
    meta = {"type": "comment" if comment else "article", "kind": row["kind"]}
    # Units of an article are one group. Each comment is a group of its own, since threads are mostly unknown.
    group = key if comment else row["document"]
    yield Example(
        id=key,
        source=SEED_GOLD,
        split="gold",
        group=group,
        text=unit.text,
        targets=tuple(
            TargetLabel(targets.name(t), label, mentions.get(t, ()))
            for t, label in row["stance"].items()
            if t != ARTICLE
        ),
        loaded=_spans(row["loaded"]),
        frames=tuple(row["frames"]),
        meta=meta,
    )
    if comment and row.get("reply"):
        parent_text = {u.unit_id: u.text for u in units}.get(unit.parent_id or "") or opening(units)
        yield Example(
            id=f"{key}-reply",
            source=SEED_GOLD,
            split="gold",
            group=group,
            text=unit.text,
            context=parent_text,
            reply=row["reply"],
            meta=meta,
        )


def _seeds_folder(root: Path) -> Path:
    """Return the folder of the seed documents: SLANT_SEEDS, else `seeds` beside the public sets."""
    return Path(os.environ.get("SLANT_SEEDS") or root.parent / "seeds")


def _seed_documents(root: Path) -> dict[str, list[Unit]]:
    """Return checksum of a document → its units."""
    found = {}
    for path in sorted(_seeds_folder(root).glob("*.txt")):
        text = path.read_text(encoding="utf-8")
        found[hashlib.sha256(text.encode()).hexdigest()[:16]] = split_units(Article(text=text))
    return found
