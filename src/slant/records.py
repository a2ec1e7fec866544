"""The records that move along the road: Article → Unit → Score.

All offsets are half-open code-point offsets. A unit's `start`/`end` point into the document's text;
a span's point into the unit's `text`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

CONTENT_KINDS = ("title", "subtitle", "heading", "lead", "paragraph", "list_item", "quote", "comment")
OTHER_KINDS = ("metadata", "media", "boilerplate")
VOICES = ("outlet", "quoted", "reader")
STANCES = ("against", "neutral", "favor")
REPLIES = ("support", "deny", "query", "comment")


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a document whose role the source itself states (a title column, a list of comments).

    role: "title", "subtitle", "body" or "comment".
    parent: index into `Article.parts` of the comment that this one answers, or None for the article.
    """

    start: int
    end: int
    role: str
    author: str | None = None
    parent: int | None = None


@dataclass(frozen=True, slots=True)
class Article:
    """One document: its text, decoded once and never changed after, and what it states about itself.

    path: where it came from (file, or `file:line`); for messages only, never part of an id.
    markup: "markdown" for text that may carry Markdown, "none" for text already plain (tables), "page" for text taken
        out of a web page: plain, but comments in a markup that nobody knows may stand in its body.
    parts: where the source tells the roles apart; empty for plain text, where the splitter has to decide.
    """

    text: str
    path: str = ""
    title: str | None = None
    outlet: str | None = None
    author: str | None = None
    published: str | None = None
    url: str | None = None
    sections: tuple[str, ...] = ()
    markup: str = "markdown"
    parts: tuple[Part, ...] = ()

    @property
    def article_id(self) -> str:
        """16 hex digits from the text and what tells copies apart (outlet, date, url), so that wire copy keeps its outlet."""
        key = "\x1f".join([self.outlet or "", self.published or "", self.url or "", self.text])
        return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Unit:
    """A stretch of a document that is read as one: a heading, a paragraph, a list item, a comment.

    pieces: `(text_start, document_start, length)` runs that are equal in `text` and in the document, in order;
        what lies between two runs is markup or a torn line in the document, at most a joining blank in `text`.
    voices: `(start, end, voice)` stretches that tile `text`, see reading/voice.py.
    flags: what a reader must know, e.g. "duplicate_of:<unit_id>".
    """

    article_id: str
    unit_id: str
    kind: str
    text: str
    start: int
    end: int
    position: int
    outlet: str | None = None
    published: str | None = None
    title: str | None = None
    url: str | None = None
    author: str | None = None
    parent_id: str | None = None
    flags: tuple[str, ...] = ()
    voices: tuple[tuple[int, int, str], ...] = ()
    pieces: tuple[tuple[int, int, int], ...] = ()

    @property
    def is_content(self) -> bool:
        return self.kind in CONTENT_KINDS

    def to_dict(self) -> dict[str, Any]:
        voices = [{"start": start, "end": end, "voice": voice} for start, end, voice in self.voices]
        return {**asdict(self), "voices": voices}


@dataclass(frozen=True, slots=True)
class Stance:
    """Stance of the unit's author toward one target; `label` is None where the model abstains.

    scores: probability per label, sums to 1. mentions: where the unit names the target; empty if it does not.
    """

    target: str
    label: str | None
    scores: dict[str, float]
    mentions: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Loaded:
    """A span of loaded language: `unit.text[start:end] == text`; `score` in [0, 1]; `voice` one of VOICES."""

    start: int
    end: int
    text: str
    label: str
    score: float
    voice: str


def in_own_words(label: str | None, kind: str, voices: Iterable[str]) -> str | None:
    """A stance label held to the author's own words: in news it stands where these carry loaded language, else it is neutral.

    kind: of the unit; what a comment says is its writer's own. voices: those of the unit's loaded spans, each one of VOICES.
    A model that learned from people's labels of news (NewsMTSC) calls bad news and quoted views of a target a stance toward
    it; the codebook calls only that so which the author conveys (benchmarks/own_words.py measures both).
    """
    return label if kind == "comment" or any(voice != "quoted" for voice in voices) else "neutral"


@dataclass(frozen=True, slots=True)
class Frame:
    label: str
    score: float


@dataclass(frozen=True, slots=True)
class Reply:
    """How a comment answers its parent, or else the article; `scores` is a probability per label."""

    label: str
    scores: dict[str, float]


@dataclass(frozen=True, slots=True)
class Score:
    """A unit with what the model says of it. `model` and `codebook` are fingerprints of what produced the row.

    toxic: `(start, end)` stretches of a comment that readers would call toxic; empty for article units.
    biased, subjective: probability that the unit as a whole is biased / subjective.
    """

    unit: Unit
    stance: tuple[Stance, ...] = ()
    loaded: tuple[Loaded, ...] = ()
    frames: tuple[Frame, ...] = ()
    reply: Reply | None = None
    toxic: tuple[tuple[int, int], ...] = ()
    biased: float | None = None
    subjective: float | None = None
    flags: tuple[str, ...] = ()
    model: str = ""
    codebook: str = ""

    def in_own_words(self, stance: Stance) -> str | None:
        """The label of one of this unit's stances, held to its author's own words (function `in_own_words`)."""
        return in_own_words(stance.label, self.unit.kind, (span.voice for span in self.loaded))

    def to_dict(self) -> dict[str, Any]:
        """The flat row of the contract: the unit's fields, then the score's. (`asdict` takes ten times as long.)"""
        row: dict[str, Any] = {name: getattr(self.unit, name) for name in _UNIT_FIELDS}
        row["stance"] = [
            {"target": s.target, "label": s.label, "scores": dict(s.scores), "mentions": _lists(s.mentions)}
            for s in self.stance
        ]
        row["loaded"] = [{name: getattr(span, name) for name in _LOADED_FIELDS} for span in self.loaded]
        row["frames"] = [{"label": frame.label, "score": frame.score} for frame in self.frames]
        row["reply"] = {"label": self.reply.label, "scores": dict(self.reply.scores)} if self.reply else None
        row["toxic"] = _lists(self.toxic)
        row["biased"], row["subjective"] = self.biased, self.subjective
        row["flags"] = [*self.unit.flags, *self.flags]
        row["model"], row["codebook"] = self.model, self.codebook
        return row


def _lists(pairs: tuple[tuple[int, int], ...]) -> list[list[int]]:
    return [[start, end] for start, end in pairs]


def score_from_dict(row: dict[str, Any]) -> Score:
    """The inverse of `Score.to_dict`. Raises KeyError or TypeError if the row is not a score."""
    unit_fields: dict[str, Any] = {name: row.get(name) for name in _UNIT_FIELDS}
    return Score(
        unit=Unit(**unit_fields, flags=tuple(row.get("flags", ()))),
        stance=tuple(
            Stance(s["target"], s["label"], dict(s["scores"]), tuple((a, b) for a, b in s["mentions"]))
            for s in row["stance"]
        ),
        loaded=tuple(Loaded(**span) for span in row["loaded"]),
        frames=tuple(Frame(**frame) for frame in row["frames"]),
        reply=Reply(row["reply"]["label"], dict(row["reply"]["scores"])) if row.get("reply") else None,
        toxic=tuple((a, b) for a, b in row.get("toxic") or ()),
        biased=row.get("biased"),
        subjective=row.get("subjective"),
        model=row["model"],
        codebook=row["codebook"],
    )


_UNIT_FIELDS = (
    "article_id", "unit_id", "kind", "text", "start", "end", "position",
    "outlet", "published", "title", "url", "author", "parent_id",
)  # fmt: skip
_LOADED_FIELDS = ("start", "end", "text", "label", "score", "voice")


@dataclass(frozen=True, slots=True)
class Span:
    """A labelled stretch of a text, half-open."""

    start: int
    end: int
    label: str


@dataclass(frozen=True, slots=True)
class TargetLabel:
    """A target with its stance label (None when it is to be predicted).

    name: how the target is called. mentions: where the text names it; empty means it goes as a text pair.
    """

    name: str
    label: str | None = None
    mentions: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Example:
    """A text with whatever labels its source has: None means "not labelled", an empty tuple "labelled, none found".

    group: the unit of resampling (article, post, thread). offset: where `text` starts in its document.
    context: the text that this one answers (a reply's parent and thread).
    weight: of the example in the loss.
    """

    id: str
    source: str
    split: str
    group: str
    text: str
    context: str | None = None
    targets: tuple[TargetLabel, ...] = ()
    loaded: tuple[Span, ...] | None = None
    toxic: tuple[tuple[int, int], ...] | None = None
    biased: bool | None = None
    subjective: bool | None = None
    reply: str | None = None
    frames: tuple[str, ...] | None = None
    offset: int = 0
    weight: float = 1.0
    meta: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a model says of one Example; the order of `stance` and `span_scores` follows the example's.

    stance: per target a probability per STANCES label. loaded/toxic: predicted spans at the shipped thresholds.
    span_scores: for each gold span of `Example.loaded`, a score per technique (asked for with `gold_spans=True`).
    reply: probability per REPLIES label; frames: probability per frame; biased/subjective: probability.
    """

    stance: tuple[dict[str, float], ...] = ()
    loaded: tuple[Loaded, ...] = ()
    toxic: tuple[tuple[int, int], ...] = ()
    span_scores: tuple[dict[str, float], ...] = ()
    reply: dict[str, float] | None = None
    frames: dict[str, float] = field(default_factory=dict)
    biased: float | None = None
    subjective: float | None = None
