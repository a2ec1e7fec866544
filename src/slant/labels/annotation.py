"""Drawing texts for annotation, and turning what annotators wrote into stand-off rows.

An annotator gets files of tasks, one JSON object a line: `i`, `text`, what the text answers or stands under, and the targets
to ask about. The answer names spans by their words ("words", or "words#2" for the second place), as nobody counts characters;
`collect` looks them up and refuses what is not there.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from slant.errors import SlantError
from slant.labels.codebook import Codebook
from slant.labels.public import READERS, fa_kes
from slant.labels.public.files import digest
from slant.labels.targets import Targets
from slant.reading.attribution import sentence_starts
from slant.records import STANCES, Article, Example

CHUNK_WORDS = 35  # sentences are taken together until a piece has so many, the length of a short paragraph
VOICES = {"q": "quoted", "o": "outlet", "r": "reader"}


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


def draw_articles(root: Path, *, per_outlet: int, seed: int) -> list[Article]:
    """FA-KES articles, `per_outlet` of each outlet or all it has, one from each of as many equal stretches of its time."""
    by_outlet: dict[str, dict[str, Article]] = {}
    for article in fa_kes.read_articles(root):
        by_outlet.setdefault(str(article.outlet), {}).setdefault(article.text, article)
    chance = random.Random(seed)
    drawn: list[Article] = []
    for outlet in sorted(by_outlet):
        articles = sorted(by_outlet[outlet].values(), key=lambda a: (str(a.published), digest(a.text)))
        n = min(per_outlet, len(articles))
        for k in range(n):
            drawn.append(articles[chance.randrange(k * len(articles) // n, (k + 1) * len(articles) // n)])
    return drawn


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


def article_tasks(articles: Iterable[Article], targets: Targets) -> Iterator[dict[str, Any]]:
    """A task per piece, with the title as context and the ids of the targets that the piece names."""
    for article in articles:
        document = digest(article.text)
        for piece in pieces(article):
            yield {
                "i": f"fa_kes {document} {piece.start} {piece.end} {piece.kind}",
                "text": piece.text,
                "title": article.title,
                "targets": sorted(targets.find(piece.text)),
            }


def example_tasks(name: str, examples: Iterable[Example]) -> Iterator[dict[str, Any]]:
    """A task per example of a public set, without its labels. `i` ends with the example's id."""
    for e in examples:
        task: dict[str, Any] = {"i": f"{name} {e.id}", "text": e.text}
        if e.targets:
            task["targets"] = [t.name for t in e.targets]
            if mentions := e.targets[0].mentions:
                task["mention"] = [e.text[max(0, a - 30) : b + 30] for a, b in mentions][:1]
        if e.context:
            task["answers"] = e.context
        yield task


def draw_examples(
    root: Path, name: str, split: str, n: int, seed: int, *, skip: frozenset[str] = frozenset()
) -> list[Example]:
    """`n` examples of a public set at random; of PTC half with a marked span, of lines with eight words or more."""
    found = [e for e in READERS[name].read(root, split) if e.id not in skip and len(e.text) < 1500]
    chance = random.Random(f"{seed} {name}")
    if name != "ptc":
        return chance.sample(found, n)
    found = [e for e in found if len(e.text.split()) >= 8]
    marked, plain = [e for e in found if e.loaded], [e for e in found if not e.loaded]
    return chance.sample(marked, n // 2) + chance.sample(plain, n - n // 2)


def collect(
    tasks: Mapping[str, Mapping[str, Any]], answers: Iterable[Mapping[str, Any]], *, targets: Sequence[str]
) -> Iterator[dict[str, Any]]:
    """Answers as rows with offsets into the task's text: `i`, `stance`, `loaded`, `frames`, `reply` as far as given.

    Raises SlantError, naming the task, for an unknown task or label, a target that was not asked about and is none of
    `targets`, or words that the text does not hold.
    """
    book = Codebook.load(None)
    known = {"loaded": book.labels("loaded"), "frames": book.labels("frames"), "reply": book.labels("reply")}
    for answer in answers:
        i = answer.get("i", "")
        if i not in tasks:
            raise SlantError(f"answer to {i!r}: there is no such task.")
        task = tasks[i]
        row: dict[str, Any] = {"i": i}
        if "stance" in answer:
            row["stance"] = dict(answer["stance"])
            for target, label in row["stance"].items():
                if label not in STANCES or target not in (*task.get("targets", ()), *targets):
                    raise SlantError(
                        f"{i}: {target!r}: {label!r} is no stance toward a target that is asked about."
                    )
        if "loaded" in answer:
            row["loaded"] = sorted(
                (_span(i, task["text"], span, known["loaded"]) for span in answer["loaded"]),
                key=lambda s: (s["start"], s["end"], s["label"]),
            )
        for name in ("frames", "reply"):
            given = answer.get(name)
            if given is None:
                continue
            for label in given if name == "frames" else (given,):
                if label not in known[name]:
                    raise SlantError(f"{i}: {label!r} is none of {name}: {', '.join(known[name])}.")
            row[name] = given
        yield row


def _span(i: str, text: str, given: Sequence[str], labels: Sequence[str]) -> dict[str, Any]:
    words, label, *rest = given
    words, sign, which = (
        words.rpartition("#") if words[-2:-1] == "#" and words[-1].isdigit() else (words, "", "1")
    )
    start = -1
    for _ in range(int(which)):
        start = text.find(words, start + 1)
        if start < 0:
            raise SlantError(f"{i}: the text does not hold {words!r}{sign and f' {which} times'}.")
    if label not in labels:
        raise SlantError(f"{i}: {label!r} is no label of loaded language: {', '.join(labels)}.")
    voice = VOICES.get(rest[0] if rest else "o")
    if voice is None:
        raise SlantError(f"{i}: {rest[0]!r} is no voice; expected one of {', '.join(VOICES)}.")
    return {"start": start, "end": start + len(words), "label": label, "voice": voice}
