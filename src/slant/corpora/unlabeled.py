"""Unlabeled texts with targets, for training a small model on the outputs of a larger one.

Each function yields Examples that have targets but no labels, from unlabeled sets or from train splits, never from dev or
test splits of a public set. Samples are seeded. In "fa_kes" may be pieces of the tune split of slant_domain, without their
labels; "mixed" leaves them out.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import chain, pairwise
from pathlib import Path

from slant.corpora import babe, directed_sentiment, fa_kes, ptc, rumoureval, ruwa, toxic_spans, vast
from slant.corpora.draw_targets import TargetDrawer
from slant.corpora.files import digest, folds
from slant.corpora.own_labels import label_rows
from slant.corpora.reading_set import DOCUMENTS, HELD_OUT_SOURCES, column, reading_rows
from slant.corpora.sets import LABELED_SETS
from slant.labels.targets import Targets
from slant.records import Article, Example, TargetLabel
from slant.segment.voices import sentence_starts

MIN_PIECE_WORDS = 35  # the length of a short paragraph
COMMENTS_PER_SET, NEWS_PER_SET = 5_500, 3_800  # texts in `mixed_texts`
PIECES_PER_DOCUMENT = 12
MIN_WORDS, MAX_WORDS = 8, 120  # of a piece of news
MIN_COMMENT_WORDS, MAX_COMMENT_WORDS = 4, 250
MIN_ASCII = 0.8  # share of ASCII characters in comments; most with fewer are not in English
RUWA_TARGETS = (
    "Russia", "Russian", "Ukraine", "Ukrainian", "Putin", "Zelensky", "Zelenskyy", "Kremlin", "Moscow", "Kyiv", "Kiev",
    "NATO", "US", "EU", "Biden", "Germany", "China", "Turkey", "Poland", "Wagner", "West", "UN",
)  # fmt: skip


def fa_kes_pieces(root: Path) -> Iterator[Example]:
    """Yield pieces of all FA-KES articles, without duplicates, with the targets of targets.toml that they name."""
    targets, seen = Targets.load(), set()
    for article in fa_kes.read_fa_kes(root):
        for text in _pieces(article):
            if text not in seen:
                seen.add(text)
                yield _example("fa_kes", text, _named(text, targets))


def ruwa_headlines(root: Path) -> Iterator[Example]:
    """Yield RUWA headlines, without duplicates, that name a party of the war or another state."""
    targets, seen = Targets.from_names(RUWA_TARGETS), set()
    for article in ruwa.read_ruwa(root):
        text = article.title or article.text
        named = _named(text, targets) if text and text not in seen else ()
        if named and text:
            seen.add(text)
            yield _example("ruwa", text, named)


def directed_entities(root: Path) -> Iterator[Example]:
    """Yield the sentences of directed_sentiment (train) with both of their entities as targets, without the labels."""
    for e in directed_sentiment.read_directed_sentiment(root, "train"):
        targets = [replace(t, label=None) for t in e.targets]
        holder = e.meta.get("holder", "")
        if holder and (at := e.text.find(holder)) >= 0:
            targets.append(TargetLabel(holder, None, ((at, at + len(holder)),)))
        yield _example("directed_sentiment", e.text, tuple(targets))


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
        # Of this source's own targets those in lower case are groups, measures and claims.
        topics = sorted({n for source, n in fit if source.startswith(origin) and n.islower() and " " in n})
        drawer = TargetDrawer(origin, documents, names=names, topics=topics)
        left = COMMENTS_PER_SET if comments else NEWS_PER_SET
        for text in chain.from_iterable(_units(d, comment=comments) for d in documents):
            if (keys := _keys(text)) & seen:
                continue
            seen |= keys
            targets, kinds = drawer.draw(text)
            if targets:
                meta = {
                    "origin": origin,
                    "kind": "comment" if comments else "news",
                    "targets": " ".join(kinds),
                }
                yield _example("mixed", text, targets, meta)
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
SOURCES: dict[str, Callable[[Path], Iterator[Example]]] = {
    "mixed": mixed_texts,
    "fa_kes": fa_kes_pieces,
    "ruwa": ruwa_headlines,
    "directed_sentiment": directed_entities,
    # Topics of VAST train, mostly those of other posts. training.batches.merge_targets can merge an Example of "vast_topics"
    # with the labeled one of the same post.
    "vast_topics": lambda root: _with_topics("vast", _posts(root), root),
    # Each post twice, with sixteen topics each: the most that one row holds (merge_targets).
    "vast_topics_many": lambda root: chain.from_iterable(
        _with_topics("many", _posts(root), root, near=11, far=5, draw=draw) for draw in "01"
    ),
    "comment_topics": lambda root: _with_topics("toxic_spans", _comments(root), root),
    "comment_topics_many": lambda root: _with_topics(
        "many_comments", _comments(root), root, near=6, far=2, draw="0"
    ),
}


def _reserved(root: Path) -> set[str]:
    """Return the keys of texts for judging or choosing thresholds: dev and test splits, held-out sources of the
    reading set, tune splits of our own labels."""
    judged = (
        e.text
        for each in LABELED_SETS.values()
        for split in each.splits
        if split not in ("train", "fit", "all")
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


def _pieces(article: Article) -> Iterator[str]:
    """Yield the title, then the body in sentence runs."""
    title, body = article.parts[0], article.parts[-1]
    yield article.text[title.start : title.end]
    yield from _sentence_runs(article.text[body.start : body.end])


def _sentence_runs(text: str) -> Iterator[str]:
    """Yield runs of sentences of at least MIN_PIECE_WORDS words; a shorter rest joins the last run."""
    cuts = [0]
    for start in [*sentence_starts(text), len(text)]:
        if len(text[cuts[-1] : start].split()) >= MIN_PIECE_WORDS:
            cuts.append(start)
    if len(cuts) == 1:
        cuts.append(len(text))
    cuts[-1] = len(text)
    for start, end in pairwise(cuts):
        yield text[start:end].strip()


def _posts(root: Path) -> list[str]:
    return list(dict.fromkeys(e.text for e in vast.read_vast(root, "train")))


def _comments(root: Path) -> list[str]:
    return list(dict.fromkeys(e.text for e in toxic_spans.read_toxic_spans(root, "train")))


def _with_topics(
    source: str, texts: list[str], root: Path, *, near: int = 4, far: int = 2, draw: str = ""
) -> Iterator[Example]:
    """Yield each text with topics of VAST train: `near` of its 4 × `near` most similar ones by TF-IDF, `far` random ones."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    topics = sorted({t.name for e in vast.read_vast(root, "train") for t in e.targets})
    vectorizer = TfidfVectorizer(sublinear_tf=True, stop_words="english").fit([*texts, *topics])
    similarity = vectorizer.transform(texts) @ vectorizer.transform(topics).T
    rng = random.Random(source + draw)
    for text, scores in zip(texts, similarity, strict=True):
        best = scores.toarray()[0].argsort()[::-1][: 4 * near]
        chosen = {topics[i] for i in rng.sample(list(best), near)} | set(rng.sample(topics, far))
        yield _example(source, text, tuple(TargetLabel(name) for name in sorted(chosen)))


def _named(text: str, targets: Targets) -> tuple[TargetLabel, ...]:
    return tuple(TargetLabel(targets.name(t), None, mentions) for t, mentions in targets.find(text).items())


def _example(
    source: str, text: str, targets: tuple[TargetLabel, ...], meta: dict[str, str] | None = None
) -> Example:
    key = digest(text)
    return Example(
        id=f"unlabeled-{source}-{key}",
        source=source,
        split="train",
        group=key,
        text=text,
        targets=targets,
        meta=meta or {},
    )
