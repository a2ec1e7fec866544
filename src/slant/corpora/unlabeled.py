"""Unlabeled texts with targets, for training a small model on the outputs of a larger one.

Recipes name a function of SOURCES. It yields Examples that have targets but no labels, from unlabeled sets and train splits,
never from texts for judging or choosing thresholds. Samples are seeded.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import chain, pairwise
from pathlib import Path

from slant.corpora import babe, directed_sentiment, fa_kes, ptc, rumoureval, ruwa
from slant.corpora.draw_targets import TargetDrawer
from slant.corpora.files import digest, folds
from slant.corpora.own_labels import label_rows
from slant.corpora.reading_set import DOCUMENTS, HELD_OUT_SOURCES, column, reading_rows
from slant.corpora.sets import LABELED_SETS
from slant.records import Example
from slant.segment.voices import sentence_starts

COMMENTS_PER_SET, NEWS_PER_SET = 5_500, 3_800  # texts in `mixed_texts`
PIECES_PER_DOCUMENT = 12
MIN_WORDS, MAX_WORDS = 8, 120  # of a piece of news
MIN_RUN_WORDS = 35  # of the sentences that a long paragraph is cut into: the length of a short paragraph
MIN_COMMENT_WORDS, MAX_COMMENT_WORDS = 4, 250
MIN_ASCII = 0.8  # share of ASCII characters in comments; most with fewer are not in English


def mixed_texts(root: Path) -> Iterator[Example]:
    """Yield comments and pieces of news of all COMMENTS and NEWS sets with 2 to 5 targets each, without duplicates.

    At most COMMENTS_PER_SET or NEWS_PER_SET texts of a set. Texts for choosing thresholds or for judging are left out.
    meta: `origin` (the set), `kind` ("comment" or "news"), `targets` (kind of each target, see draw_targets).
    """
    fit = [(row["source"], t["target"]) for row in reading_rows("fit") for t in row["stance"]]
    names = [name for name, _ in Counter(name for _, name in fit).most_common()]
    seen = _reserved(root)
    for origin, read in (COMMENTS | NEWS).items():
        comments = origin in COMMENTS
        documents = [text for text in dict.fromkeys(read(root)) if text and not _keys(text) & seen]
        random.Random(origin).shuffle(documents)
        # Of the targets of the same source, those in lower case are groups, measures and claims.
        own = {name for source, name in fit if source.split("_")[0] == origin.split("_")[0]}
        topics = sorted(name for name in own if name.islower() and " " in name)
        drawer = TargetDrawer(origin, documents, names=names, topics=topics)
        left = COMMENTS_PER_SET if comments else NEWS_PER_SET
        for text in chain.from_iterable(_units(d, comment=comments) for d in documents):
            if (keys := _keys(text)) & seen:
                continue
            seen |= keys
            targets, kinds = drawer.draw(text)
            if targets:
                key = digest(text)
                yield Example(
                    id=f"unlabeled-{key}",
                    source="mixed",
                    split="train",
                    group=key,
                    text=text,
                    targets=targets,
                    meta={
                        "origin": origin,
                        "kind": "comment" if comments else "news",
                        "targets": " ".join(kinds),
                    },
                )
                left -= 1
            if not left:
                break


def _train_babe(root: Path) -> Iterator[str]:
    """Yield the sentences outside fold 0, which is used for evaluation."""
    examples = list(babe.read_babe(root))
    fold_of = folds(examples)
    judged = {key for e, fold in zip(examples, fold_of, strict=True) if fold == 0 for key in _keys(e.text)}
    return (e.text for e in examples if not _keys(e.text) & judged)


def _text(read: Callable[[Path, str], Iterator[Example]], split: str) -> Callable[[Path], Iterator[str]]:
    return lambda root: (e.text for e in read(root, split))


COMMENTS: dict[str, Callable[[Path], Iterator[str]]] = {
    "ucc": DOCUMENTS["ucc"],
    "youtube_il_pal": DOCUMENTS["youtube_il_pal"],
    "usvsthem": column("texts/usvsthem", ("UsVsThem_train_public.csv",), "body"),
    "vast_train": DOCUMENTS["vast_train"],
    "toxic_train": DOCUMENTS["toxic_train"],
    "rumoureval_train": _text(rumoureval.read_rumoureval, "train"),
}
NEWS: dict[str, Callable[[Path], Iterator[str]]] = {
    "tehran_times": DOCUMENTS["tehran_times"],
    "putin": DOCUMENTS["putin"],
    "zelenskyy": DOCUMENTS["zelenskyy"],
    "fa_kes": lambda root: (a.text for a in fa_kes.read_fa_kes(root)),
    "ruwa": lambda root: (a.title or a.text for a in ruwa.read_ruwa(root)),
    "directed_train": _text(directed_sentiment.read_directed_sentiment, "train"),
    "newsmtsc_train": DOCUMENTS["newsmtsc_train"],
    "babe": _train_babe,
    "ptc_train": lambda root: iter(ptc.articles(root, "fit").values()),
    "checkthat_train": DOCUMENTS["checkthat_train"],
    "narrative_frames": DOCUMENTS["narrative_frames"],
}
SOURCES: dict[str, Callable[[Path], Iterator[Example]]] = {"mixed": mixed_texts}


def _reserved(root: Path) -> set[str]:
    """Return the keys of texts for judging or choosing thresholds: dev and test splits, held-out sources of the
    reading set, tune splits of our own labels."""
    judged = (
        e.text
        for each in LABELED_SETS.values()
        for split in each.splits
        if each.test_only or split not in ("train", "fit", "all")
        for e in each.read(root, split)
    )
    held_out = (text for source in HELD_OUT_SOURCES for text in DOCUMENTS[source](root))
    rows = chain(
        reading_rows("tune"), reading_rows("held_out"),
        label_rows("domain.jsonl", "tune", split_by="document"), label_rows("frames.jsonl", "tune", split_by="text"),
    )  # fmt: skip
    own = {key for row in rows for key in (row["text"], row.get("document", row["text"]))}
    return own.union(*map(_keys, chain(judged, held_out)))


def _keys(text: str) -> set[str]:
    """Return two keys of a text: the checksum that label files use, and one of its words in lower case."""
    return {digest(text), digest(" ".join(re.findall(r"\w+", text.lower())))}


def _units(document: str, *, comment: bool) -> Iterator[str]:
    """Yield a comment or a short text whole, else up to PIECES_PER_DOCUMENT paragraphs; long paragraphs as sentence runs."""
    size = len(document.split())
    if comment:
        english = sum(map(str.isascii, document)) > MIN_ASCII * len(document)
        if MIN_COMMENT_WORDS <= size <= MAX_COMMENT_WORDS and english:
            yield document
        return
    lines = [line.strip() for line in document.splitlines() if line.strip()]
    if len(lines) == 1 and MIN_COMMENT_WORDS <= size <= MAX_WORDS:
        yield document
        return
    runs = ([line] if len(line.split()) <= MAX_WORDS else _sentence_runs(line) for line in lines)
    pieces = [piece for run in runs for piece in run if MIN_WORDS <= len(piece.split()) <= MAX_WORDS]
    yield from random.Random(document).sample(pieces, min(len(pieces), PIECES_PER_DOCUMENT))


def _sentence_runs(text: str) -> Iterator[str]:
    """Yield runs of sentences of at least MIN_RUN_WORDS words; a shorter rest joins the last run."""
    cuts = [0]
    for start in [*sentence_starts(text), len(text)]:
        if len(text[cuts[-1] : start].split()) >= MIN_RUN_WORDS:
            cuts.append(start)
    if len(cuts) == 1:
        cuts.append(len(text))
    cuts[-1] = len(text)
    for start, end in pairwise(cuts):
        yield text[start:end].strip()
