"""Read the public sets that models are trained and judged on. slant ships none of their texts."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from slant.corpora import (
    babe,
    checkthat,
    directed_sentiment,
    fa_kes,
    fignews,
    frac,
    newsmtsc,
    own_labels,
    ptc,
    reading_set,
    rumoureval,
    ruwa,
    toxic_spans,
    unscon,
    vast,
)
from slant.errors import UsageError, did_you_mean
from slant.records import Article, Example


@dataclass(frozen=True, slots=True)
class LabeledSet:
    """A set with labels.

    read(root, split): yields the examples of one split; `root` is the folder of all sets (data_root). Raises SlantError
    for missing files. test_only: models are judged on it; recipes that name it are refused.
    """

    read: Callable[[Path, str], Iterator[Example]]
    splits: tuple[str, ...]
    test_only: bool = False


LABELED_SETS: dict[str, LabeledSet] = {
    "newsmtsc": LabeledSet(newsmtsc.read_newsmtsc, newsmtsc.SPLITS),
    "vast": LabeledSet(vast.read_vast, vast.SPLITS),
    "rumoureval": LabeledSet(rumoureval.read_rumoureval, rumoureval.SPLITS),
    "directed_sentiment": LabeledSet(directed_sentiment.read_directed_sentiment, directed_sentiment.SPLITS),
    "ptc": LabeledSet(ptc.read_ptc, ptc.SPLITS),
    "babe": LabeledSet(babe.read_babe, babe.SPLITS),
    "toxic_spans": LabeledSet(toxic_spans.read_toxic_spans, toxic_spans.SPLITS),
    "checkthat": LabeledSet(checkthat.read_checkthat, checkthat.SPLITS),
    "frac": LabeledSet(frac.read_frac, frac.SPLITS, test_only=True),
    "unscon": LabeledSet(unscon.read_unscon, unscon.SPLITS, test_only=True),
    "fignews": LabeledSet(fignews.read_fignews, fignews.SPLITS, test_only=True),
}
# Labels made for this project.
OWN_SETS: dict[str, LabeledSet] = {
    own_labels.FRAME_LABELS: LabeledSet(own_labels.read_frame_labels, own_labels.FRAME_SPLITS),
    own_labels.DOMAIN_LABELS: LabeledSet(own_labels.read_domain_labels, own_labels.DOMAIN_SPLITS),
    reading_set.READING_SET: LabeledSet(reading_set.read_reading_set, reading_set.READING_SPLITS),
    reading_set.CONTRAST_SET: LabeledSet(reading_set.read_contrast_set, reading_set.CONTRAST_SPLITS),
    own_labels.SEED_GOLD: LabeledSet(own_labels.read_seed_gold, own_labels.SEED_SPLITS, test_only=True),
}
ARTICLE_SETS: dict[str, Callable[[Path], Iterator[Article]]] = {
    "fa_kes": fa_kes.read_fa_kes,
    "ruwa": ruwa.read_ruwa,
}


def data_root() -> Path:
    """Return the folder of all sets: SLANT_DATA, else `../shared/data` beside the checkout. It may not exist."""
    if given := os.environ.get("SLANT_DATA"):
        return Path(given)
    return Path(__file__).resolve().parents[3].parent / "shared" / "data"


def load(name: str, split: str) -> list[Example]:
    """Return all examples of one split, read from `data_root()`. Raises UsageError for an unknown set or split."""
    if name not in LABELED_SETS:
        raise UsageError(
            f"No public set {name!r}; known: {', '.join(LABELED_SETS)}.{did_you_mean(name, LABELED_SETS)}"
        )
    return list(LABELED_SETS[name].read(data_root(), split))


def load_articles(name: str) -> list[Article]:
    """Return all articles of an unlabeled set, read from `data_root()`. Raises UsageError for an unknown set."""
    if name not in ARTICLE_SETS:
        known = ", ".join(ARTICLE_SETS)
        raise UsageError(f"No public set of articles {name!r}; known: {known}.")
    return list(ARTICLE_SETS[name](data_root()))


def article_row(article: Article) -> dict[str, object]:
    """Convert an article of these sets to a row for `slant score`, which reads it back as the same article."""
    body = [article.text[part.start : part.end] for part in article.parts if part.role == "body"]
    metadata = {name: getattr(article, name) for name in ("title", "outlet", "author", "published", "url")}
    text = body[0] if body else article.text
    return {"text": text, **{k: v for k, v in metadata.items() if v}, "sections": list(article.sections)}
