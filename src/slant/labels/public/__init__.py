"""Readers of the public sets that slant learns from or is judged on; slant ships none of them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from slant.errors import UsageError, did_you_mean
from slant.labels.public import (
    babe,
    checkthat,
    directed_sentiment,
    fa_kes,
    frac,
    narrative_frames,
    newsmtsc,
    ptc,
    rumoureval,
    ruwa,
    semeval2021,
    toxic_spans,
    vast,
)
from slant.records import Article, Example


class Reader(Protocol):
    """A module of this package that reads labelled examples.

    read: the examples of one split; `root` holds the set's folder. Raises SlantError if files are missing.
    """

    NAME: str
    SPLITS: tuple[str, ...]

    def read(self, root: Path, split: str) -> Iterator[Example]: ...


class ArticleReader(Protocol):
    """A module of this package that reads articles without labels."""

    NAME: str

    def read_articles(self, root: Path) -> Iterator[Article]: ...


READERS: dict[str, Reader] = {
    "newsmtsc": newsmtsc,
    "vast": vast,
    "rumoureval": rumoureval,
    "directed_sentiment": directed_sentiment,
    "ptc": ptc,
    "semeval2021": semeval2021,
    "babe": babe,
    "toxic_spans": toxic_spans,
    "checkthat": checkthat,
    "frac": frac,
    "narrative_frames": narrative_frames,
}
ARTICLE_READERS: dict[str, ArticleReader] = {"fa_kes": fa_kes, "ruwa": ruwa}


def data_root() -> Path:
    """The folder that holds the sets: SLANT_DATA, else `../shared/data` of a checkout. It may not exist."""
    if given := os.environ.get("SLANT_DATA"):
        return Path(given)
    return Path(__file__).resolve().parents[4].parent / "shared" / "data"


def load(name: str, split: str) -> list[Example]:
    """All examples of one split, from `data_root()`. Raises UsageError for an unknown set or split."""
    if name not in READERS:
        raise UsageError(f"No public set {name!r}; known: {', '.join(READERS)}.{did_you_mean(name, READERS)}")
    return list(READERS[name].read(data_root(), split))


def load_articles(name: str) -> list[Article]:
    """All articles of a set without labels, from `data_root()`. Raises UsageError for an unknown set."""
    if name not in ARTICLE_READERS:
        known = ", ".join(ARTICLE_READERS)
        raise UsageError(f"No public set of articles {name!r}; known: {known}.")
    return list(ARTICLE_READERS[name].read_articles(data_root()))


def article_row(article: Article) -> dict[str, object]:
    """An Article of such a set as a row that is read back as the same: title, text and what it states about itself."""
    body = [article.text[part.start : part.end] for part in article.parts if part.role == "body"]
    stated = {name: getattr(article, name) for name in ("title", "outlet", "author", "published", "url")}
    text = body[0] if body else article.text
    return {"text": text, **{k: v for k, v in stated.items() if v}, "sections": list(article.sections)}
