"""Unlabeled texts with targets, for training a small model on the outputs of a larger one.

Each function yields Examples that have targets but no labels, from unlabeled sets or from train splits, never from dev or
test splits of a public set. Samples are seeded. Pieces of FA-KES may be in the tune split of slant_domain, here without its
labels.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from slant.corpora import directed_sentiment, fa_kes, ruwa, toxic_spans, vast
from slant.corpora.files import digest
from slant.labels.targets import Targets
from slant.records import Article, Example, TargetLabel
from slant.segment.voices import sentence_starts

MIN_PIECE_WORDS = 35  # the length of a short paragraph
NEAR_TOPICS, RANDOM_TOPICS = 4, 2  # topics per text: similar ones by TF-IDF, and random ones
MANY_TOPICS_DRAWS = 2  # samples of topics per post in vast_topics_many
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


def vast_topics(root: Path) -> Iterator[Example]:
    """Yield the posts of VAST train with topics of the split, mostly those of other posts; one Example per post.

    training.batches.merge_targets can merge it with the labeled Example of the same post.
    """
    yield from _with_topics("vast", _posts(root), _topics(root))


def vast_topics_many(root: Path) -> Iterator[Example]:
    """Yield each post of VAST train twice, with sixteen topics each: the most that one row holds (merge_targets)."""
    for draw in range(MANY_TOPICS_DRAWS):
        yield from _with_topics("many", _posts(root), _topics(root), near=11, far=5, draw=str(draw))


def comment_topics(root: Path) -> Iterator[Example]:
    """Yield the comments of toxic_spans (train) with topics of VAST train."""
    yield from _with_topics("toxic_spans", _comments(root), _topics(root))


def comment_topics_many(root: Path) -> Iterator[Example]:
    """Yield the comments of toxic_spans (train) with eight topics each."""
    yield from _with_topics("many_comments", _comments(root), _topics(root), near=6, far=2, draw="0")


SOURCES: dict[str, Callable[[Path], Iterator[Example]]] = {
    "fa_kes": fa_kes_pieces,
    "ruwa": ruwa_headlines,
    "directed_sentiment": directed_entities,
    "vast_topics": vast_topics,
    "vast_topics_many": vast_topics_many,
    "comment_topics": comment_topics,
    "comment_topics_many": comment_topics_many,
}


def _pieces(article: Article) -> Iterator[str]:
    """Yield the title, then runs of sentences of at least MIN_PIECE_WORDS words; a shorter rest joins the last run."""
    title, body = article.parts[0], article.parts[-1]
    yield article.text[title.start : title.end]
    text = article.text[body.start : body.end]
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


def _topics(root: Path) -> list[str]:
    return sorted({t.name for e in vast.read_vast(root, "train") for t in e.targets})


def _with_topics(
    source: str,
    texts: list[str],
    topics: list[str],
    *,
    near: int = NEAR_TOPICS,
    far: int = RANDOM_TOPICS,
    draw: str = "",
) -> Iterator[Example]:
    """Yield each text with `near` topics, drawn from its 4 × `near` most similar ones by TF-IDF, and `far` random topics."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(sublinear_tf=True, stop_words="english").fit([*texts, *topics])
    similarity = vectorizer.transform(texts) @ vectorizer.transform(topics).T
    rng = random.Random(source + draw)
    for text, scores in zip(texts, similarity, strict=True):
        best = scores.toarray()[0].argsort()[::-1][: 4 * near]
        chosen = {topics[i] for i in rng.sample(list(best), near)} | set(rng.sample(topics, far))
        yield _example(source, text, tuple(TargetLabel(name) for name in sorted(chosen)))


def _named(text: str, targets: Targets) -> tuple[TargetLabel, ...]:
    return tuple(TargetLabel(targets.name(t), None, mentions) for t, mentions in targets.find(text).items())


def _example(source: str, text: str, targets: tuple[TargetLabel, ...]) -> Example:
    key = digest(text)
    return Example(
        id=f"unlabeled-{source}-{key}", source=source, split="train", group=key, text=text, targets=targets
    )
