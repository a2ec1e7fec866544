"""Frame labels made for this project: 960 sentences and comments of public sets, one reading each **by a language model**.

Two sessions of a language model (readers "A" and "B") each read half of the texts under the codebook's frame definitions.
Nobody read a text twice, so there is no agreement figure; how far the labels carry is told by FrAC, which people labelled
and which nothing is trained on. Stand-off: the texts are looked up in the sets by checksum (data/frames.jsonl).

The domain training set: pieces of FA-KES with stance, loaded language and frames, labelled **by a language model**.

Pieces of 209 articles of all 15 outlets, drawn by outlet and date with a seed (labels/annotation.py), each read once under
the codebook; a part was read a second time by another session (data/domain_second.jsonl), which is for agreement only. How
far this way of labelling agrees with people is measured on public sets (benchmarks/agreement.py, data/README.md).
Stand-off: a text is looked up by the checksum of its article, which is not in the repository.

The gold of the five seed documents, read twice and adjudicated **by a language model**. Test only, for ever.

Every content unit, stand-off in seeds/gold: the documents are looked up by checksum in the folder SLANT_SEEDS, else in
`seeds` beside the public sets. This module is no reader that a recipe can name (learning/batches.py), and a test holds that.
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


def read_frame_labels(root: Path, split: str = "fit") -> Iterator[Example]:
    """One Example per text with its frames, the first one the main frame; "tune" is a fifth of them, by checksum.

    Raises SlantError if a text is not found: the sets in `root` differ from those that were annotated.
    """
    check_split(FRAME_LABELS, split, FRAME_SPLITS)
    texts: dict[str, dict[str, str]] = {}
    for line in asset("frames.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        tune = int(row["text"], 16) % 5 == 0
        if split != "all" and tune != (split == "tune"):
            continue
        name = row["set"]
        if name not in texts:
            texts[name] = {digest(t): t for t in _TEXTS[name](root)}
        found = texts[name].get(row.get("document", row["text"]))
        text = found[row["start"] : row["end"]] if found is not None and "document" in row else found
        if text is None or digest(text) != row["text"]:
            raise SlantError(
                f"frames.jsonl: text {row['text']} is not in set {name!r} under {root}. Check `slant data check`."
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


_TEXTS = {
    "babe": lambda root: (e.text for e in babe.read_babe(root, "all")),
    "newsmtsc": lambda root: (e.text for e in newsmtsc.read_newsmtsc(root, "train")),
    "vast": lambda root: (e.text for e in vast.read_vast(root, "train")),
    "fa_kes": lambda root: (a.text for a in fa_kes.read_fa_kes(root)),
}


DOMAIN_LABELS: str = "slant_domain"
DOMAIN_SPLITS: tuple[str, ...] = ("all", "fit", "tune")


def read_domain_labels(root: Path, split: str = "fit") -> Iterator[Example]:
    """One Example per piece; "tune" is a fifth of the articles, by checksum. meta: `outlet`, `published`, `kind`.

    Targets are those that the piece names and that carry a label; what it only means is in the file, not in the Example.
    Raises SlantError if an article is not found: the set in `root` differs from the one that was annotated.
    """
    check_split(DOMAIN_LABELS, split, DOMAIN_SPLITS)
    yield from domain_examples(root, asset("domain.jsonl"), split)


def domain_examples(root: Path, file: Path, split: str = "all") -> Iterator[Example]:
    """The rows of `file` with their texts. Raises SlantError for an article or a piece that is not there."""
    articles = {digest(a.text): a for a in fa_kes.read_fa_kes(root)}
    targets = Targets.load()
    for line in file.read_text("utf-8").splitlines():
        row = json.loads(line)
        tune = int(row["document"], 16) % 5 == 0
        if split != "all" and tune != (split == "tune"):
            continue
        article = articles.get(row["document"])
        text = article.text[row["start"] : row["end"]] if article else ""
        if article is None or digest(text) != row["text"]:
            raise SlantError(
                f"{file.name}: the piece {row['text']} is not in fa_kes under {root}. Check `slant data check`."
            )
        yield Example(
            id=f"{DOMAIN_LABELS}-{row['text']}",
            source=DOMAIN_LABELS,
            split=split,
            group=row["document"],
            text=text,
            targets=named_targets(text, row["stance"], targets),
            loaded=stored_spans(row["loaded"]),
            frames=tuple(row["frames"]),
            meta={
                "outlet": str(article.outlet),
                "published": str(article.published),
                "kind": row["kind"],
                "reader": row["reader"],
            },
        )


def named_targets(text: str, stance: dict[str, str], targets: Targets) -> tuple[TargetLabel, ...]:
    """The targets that `text` names among those that have a label in `stance`."""
    return tuple(
        TargetLabel(targets.name(target), stance[target], mentions)
        for target, mentions in targets.find(text).items()
        if target in stance
    )


def stored_spans(loaded: list[dict[str, Any]]) -> tuple[Span, ...]:
    return tuple(Span(s["start"], s["end"], s["label"]) for s in loaded)


SEED_GOLD: str = "seeds_gold"
SEED_SPLITS: tuple[str, ...] = ("gold",)
ARTICLE = "article"  # the stance of a comment toward its article is judged by the reply


def read_seed_gold(root: Path, split: str = "gold") -> Iterator[Example]:
    """One Example per content unit (targets, spans, frames) and a further one per comment with its reply.

    Targets that the unit only means are asked about by name. meta: `type` "article" or "comment", `kind` of the unit.
    Raises SlantError if a document is not there, or a unit is not where the gold has it.
    """
    check_split(SEED_GOLD, split, SEED_SPLITS)
    yield from seed_examples(root, asset("seeds_gold.jsonl"))


def seed_examples(root: Path, file: Path) -> Iterator[Example]:
    """The rows of one reading or of the gold, see `read`."""
    documents = _documents(root)
    targets = Targets.load()
    for line in file.read_text("utf-8").splitlines():
        row = json.loads(line)
        units = documents.get(row["document"])
        if units is None:
            raise SlantError(
                f"seed document {row['document']} is not in {seeds_root(root)}. Set SLANT_SEEDS to the folder that holds it."
            )
        unit = next((u for u in units if (u.start, u.end) == (row["start"], row["end"])), None)
        if unit is None or digest(unit.text) != row["text"]:
            raise SlantError(
                f"{file.name}: the unit {row['text']} of {row['document']} is not read as it was annotated."
            )
        yield from unit_examples(unit, units, row, targets)


def seeds_root(root: Path) -> Path:
    return Path(os.environ.get("SLANT_SEEDS") or root.parent / "seeds")


def _documents(root: Path) -> dict[str, list[Unit]]:
    found = {}
    for path in sorted(seeds_root(root).glob("*.txt")):
        text = path.read_text(encoding="utf-8")
        found[hashlib.sha256(text.encode()).hexdigest()[:16]] = split_units(Article(text=text))
    return found


def unit_examples(unit: Unit, units: list[Unit], row: dict[str, Any], targets: Targets) -> Iterator[Example]:
    """The labels of `row` on `unit`, one of the `units` of its document, as one Example, and a comment's reply as another."""
    key = f"{SEED_GOLD}-{row['document']}-{row['start']}"
    comment = row["kind"] == "comment"
    mentions = targets.find(unit.text)
    meta = {"type": "comment" if comment else "article", "kind": row["kind"]}
    # A comment is a thread of its own where nobody says what it answers; an article's units belong together.
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
        loaded=stored_spans(row["loaded"]),
        frames=tuple(row["frames"]),
        meta=meta,
    )
    if comment and row.get("reply"):
        answered = {u.unit_id: u.text for u in units}.get(unit.parent_id or "") or opening(units)
        yield Example(
            id=f"{key}-reply",
            source=SEED_GOLD,
            split="gold",
            group=group,
            text=unit.text,
            context=answered,
            reply=row["reply"],
            meta=meta,
        )
