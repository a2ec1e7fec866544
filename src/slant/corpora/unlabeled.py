"""Texts and targets without labels, for a small model to learn from what a larger one says of them.

Each function gives Examples with targets and nothing else, from sets without labels or from train splits; none of a dev or
test split of a public set. Seeded. FA-KES pieces may be those of a tune part of our own labels, without these.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

from slant.corpora import directed_sentiment, fa_kes, ruwa, toxic_spans, vast
from slant.corpora.files import digest
from slant.labels.targets import Targets
from slant.records import Article, Example, TargetLabel
from slant.segment.voices import sentence_starts

CHUNK_WORDS = 35  # sentences are taken together until a piece has so many, the length of a short paragraph


@dataclass(frozen=True, slots=True)
class Piece:
    """Part of an article to annotate; `start`, `end` are offsets into the article's text."""

    article: Article
    start: int
    end: int
    kind: str

    @property
    def text(self) -> str:
        return self.article.text[self.start : self.end]


def pieces(article: Article) -> Iterator[Piece]:
    """The title, then the body in runs of sentences of at least CHUNK_WORDS words; a short rest joins the last run."""
    title, body = article.parts[0], article.parts[-1]
    yield Piece(article, title.start, title.end, "title")
    text = article.text[body.start : body.end]
    cuts = [0]
    for start in [*sentence_starts(text), len(text)]:
        if len(text[cuts[-1] : start].split()) >= CHUNK_WORDS:
            cuts.append(start)
    if len(cuts) == 1:
        cuts.append(len(text))
    cuts[-1] = len(text)
    for a, b in pairwise(cuts):
        stretch = text[a:b]
        lead = len(stretch) - len(stretch.lstrip())
        yield Piece(article, body.start + a + lead, body.start + a + len(stretch.rstrip()), "paragraph")


NEAR, FAR = 4, 2  # asked of each text: topics of like words, and topics drawn at random
MANY_DRAWS = 2  # of the posts of vast_topics_many
NAMED_IN_RUWA = (
    "Russia", "Russian", "Ukraine", "Ukrainian", "Putin", "Zelensky", "Zelenskyy", "Kremlin", "Moscow", "Kyiv", "Kiev",
    "NATO", "US", "EU", "Biden", "Germany", "China", "Turkey", "Poland", "Wagner", "West", "UN",
)  # fmt: skip


def fa_kes_pieces(root: Path) -> Iterator[Example]:
    """Pieces of all FA-KES articles with the targets of targets.toml that they name."""
    targets, seen = Targets.load(), set()
    for article in fa_kes.read_fa_kes(root):
        for piece in pieces(article):
            if piece.text not in seen:
                seen.add(piece.text)
                yield _example("fa_kes", piece.text, _named(piece.text, targets))


def ruwa_headlines(root: Path) -> Iterator[Example]:
    """Headlines of RUWA that name a party of the war or another state, each once."""
    targets, seen = Targets.from_names(NAMED_IN_RUWA), set()
    for article in ruwa.read_ruwa(root):
        text = article.title or article.text
        named = _named(text, targets) if text and text not in seen else ()
        if named and text:
            seen.add(text)
            yield _example("ruwa", text, named)


def directed_entities(root: Path) -> Iterator[Example]:
    """The sentences of directed_sentiment (train) with both of their entities; who is for whom is not taken over."""
    for e in directed_sentiment.read_directed_sentiment(root, "train"):
        targets = [replace(t, label=None) for t in e.targets]
        holder = e.meta.get("holder", "")
        if holder and (at := e.text.find(holder)) >= 0:
            targets.append(TargetLabel(holder, None, ((at, at + len(holder)),)))
        yield _example("directed_sentiment", e.text, tuple(targets))


def vast_topics(root: Path) -> Iterator[Example]:
    """The posts of VAST train asked about topics of the split, most of other posts; one row with the labelled topics."""
    yield from _asked("vast", _posts(root), _topics(root))


def vast_topics_many(root: Path) -> Iterator[Example]:
    """The same posts twice, each time asked about sixteen topics: as many as go together."""
    for draw in range(MANY_DRAWS):
        yield from _asked("many", _posts(root), _topics(root), near=11, far=5, draw=str(draw))


def comment_topics(root: Path) -> Iterator[Example]:
    """Reader comments of toxic_spans (train) asked about topics of VAST train."""
    yield from _asked("toxic_spans", _comments(root), _topics(root))


def comment_topics_many(root: Path) -> Iterator[Example]:
    """The same comments asked about eight topics each."""
    yield from _asked("many_comments", _comments(root), _topics(root), near=6, far=2, draw="0")


def _posts(root: Path) -> list[str]:
    return list(dict.fromkeys(e.text for e in vast.read_vast(root, "train")))


def _comments(root: Path) -> list[str]:
    return list(dict.fromkeys(e.text for e in toxic_spans.read_toxic_spans(root, "train")))


def _topics(root: Path) -> list[str]:
    return sorted({t.name for e in vast.read_vast(root, "train") for t in e.targets})


def _asked(
    source: str, texts: list[str], topics: list[str], *, near: int = NEAR, far: int = FAR, draw: str = ""
) -> Iterator[Example]:
    """Each text with `near` of its nearest topics by TF-IDF (of four times as many) and `far` random ones."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    words = TfidfVectorizer(sublinear_tf=True, stop_words="english").fit([*texts, *topics])
    likeness = words.transform(texts) @ words.transform(topics).T
    chance = random.Random(source + draw)
    for text, scores in zip(texts, likeness, strict=True):
        best = scores.toarray()[0].argsort()[::-1][: 4 * near]
        chosen = {topics[i] for i in chance.sample(list(best), near)} | set(chance.sample(topics, far))
        yield _example(source, text, tuple(TargetLabel(name) for name in sorted(chosen)))


def _named(text: str, targets: Targets) -> tuple[TargetLabel, ...]:
    return tuple(TargetLabel(targets.name(t), None, mentions) for t, mentions in targets.find(text).items())


def _example(source: str, text: str, targets: tuple[TargetLabel, ...]) -> Example:
    key = digest(text)
    return Example(
        id=f"unlabelled-{source}-{key}", source=source, split="train", group=key, text=text, targets=targets
    )


SOURCES: dict[str, Callable[[Path], Iterator[Example]]] = {
    "fa_kes": fa_kes_pieces,
    "ruwa": ruwa_headlines,
    "directed_sentiment": directed_entities,
    "vast_topics": vast_topics,
    "vast_topics_many": vast_topics_many,
    "comment_topics": comment_topics,
    "comment_topics_many": comment_topics_many,
}
