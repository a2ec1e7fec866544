"""Data records: Article, Unit, Score, Example, Prediction.

A row of `slant split` is a Unit, a row of `slant score` a Unit with a Score. These dataclasses are the one declaration of a
row: JSON, JSON Schema, Arrow, DuckDB and CSV columns are derived from their fields (schemas.py), so that a new field is added
here alone.

All offsets are half-open code-point offsets. `start` and `end` of a unit point into the document's text, those of a span
into the unit's `text`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Annotated, Any

import msgspec

CONTENT_KINDS = ("title", "subtitle", "heading", "lead", "paragraph", "list_item", "quote", "comment")
OTHER_KINDS = ("metadata", "media", "boilerplate")
VOICES = ("outlet", "quoted", "reader")
STANCES = ("against", "neutral", "favor")
UNRELATED = "unrelated"  # the unit says nothing about the target
STANCE_ANSWERS = (*STANCES, UNRELATED)
PORTRAYALS = ("negative", "neutral", "positive")
REPLIES = ("support", "deny", "query", "comment")
LANGUAGE_FLAG = "language:"  # begins the flag of a unit that is not in English


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a document whose role the source itself states (a title column, a list of comments).

    role: "title", "subtitle", "body" or "comment".
    parent: index into `Article.parts` of the comment that this one answers, or None for the article.
    published: when the comment was written, if the source states it.
    source: file and row of a comment that is not in the document itself (a thread, `--join-comments`).
    """

    start: int
    end: int
    role: str
    author: str | None = None
    parent: int | None = None
    published: str | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """Something that a user should know about how a document was read, which is no error.

    reason: a short, stable name such as "stub", "dates" or "unknown_parent". detail: a sentence for a person.
    """

    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class Article:
    """One document: its text, decoded once and never changed after, and what it states about itself.

    path: where it came from (file, `file:line` or `file#row`); never part of an id.
    markup: "markdown" for text that may carry Markdown, "none" for text already plain (tables), "page" for text taken
        out of a web page: plain, but comments in unknown markup may be part of its body.
    parts: where the source tells the roles apart; empty for plain text, where the splitter has to decide.
    notes: what a user should know about how it was read.
    source_id: the id that the source gives it. extra: other columns of its row in a table, which travel along.
    emphasized: (start, end) of the bold paragraphs and headings of a web page, which may be questions of an interview.
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
    notes: tuple[Note, ...] = ()
    source_id: str | None = None
    extra: Mapping[str, str] = field(default_factory=dict)
    emphasized: tuple[tuple[int, int], ...] = ()

    @property
    def article_id(self) -> str:
        """16 hex digits from the text and what tells copies apart (outlet, date, url), so that wire copy keeps its outlet."""
        key = "\x1f".join([self.outlet or "", self.published or "", self.url or "", self.text])
        return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:16]

    def _repr_html_(self) -> str:
        """HTML for notebooks; `slant.html` is in a later room, and imported when a notebook asks."""
        import slant

        return slant.html(self)


def about(description: str = "", **schema: Any) -> msgspec.Meta:
    """Describe a column for the JSON Schema; `schema` holds keywords that the type cannot say, such as `enum`."""
    return msgspec.Meta(description=description or None, extra_json_schema=schema or None)


@dataclass(frozen=True, slots=True)
class Unit:
    """A stretch of a document that is scored as one: a title, a paragraph, a list item, a comment."""

    article_id: Annotated[str, about("from content, outlet, date and url: stable across runs and machines")]
    unit_id: Annotated[str, about("stable across runs and machines", minLength=1)]
    kind: Annotated[str, about("the last three come with --all only", enum=(*CONTENT_KINDS, *OTHER_KINDS))]
    text: Annotated[str, about("plain text: markup gone, torn lines joined")]
    start: Annotated[int, about("first code point in the document's text")]
    end: Annotated[int, about("one past the last code point in the document's text")]
    position: Annotated[int, about("0-based order in the document")]
    outlet: str | None = None
    published: Annotated[
        str | None,
        about(
            "ISO date or time, or the words of the source where it is neither; for a comment its own, if known"
        ),
    ] = None
    title: str | None = None
    url: str | None = None
    author: Annotated[str | None, about("of the article; for a comment, the commenter")] = None
    parent_id: Annotated[
        str | None, about("for a comment: the unit that it answers; null for the article")
    ] = None
    speaker: Annotated[
        str | None,
        about("who says the unit's quoted words; null if nobody is named with certainty, or several speak"),
    ] = None
    flags: Annotated[
        tuple[str, ...],
        about('notes on the unit: "duplicate_of:<unit_id>", "language:<code>" if it is not English'),
    ] = ()
    # (start, end, voice): stretches that tile `text`, see segment/voices.py.
    voices: Annotated[tuple[tuple[int, int, str], ...], about("stretches that tile the text")] = ()
    # Who says each of `voices`, in a row part of them; empty if nobody is named.
    speakers: tuple[str | None, ...] = ()
    # Between two pieces lies markup, a line break or the hyphen of a torn word in the document, at most a joining blank in
    # `text`.
    pieces: Annotated[
        tuple[tuple[int, int, int], ...],
        about("[text start, document start, length] runs equal in text and document"),
    ] = ()
    source: Annotated[str | None, about("file of the document, with :line or #row in a table")] = None
    source_id: Annotated[str | None, about("the id that the source gives the document")] = None
    extra: Annotated[
        dict[str, str],
        about("other columns of the document's row in a table; JSON text in Parquet and DuckDB"),
    ] = field(default_factory=dict)

    @property
    def is_content(self) -> bool:
        return self.kind in CONTENT_KINDS

    @property
    def other_language(self) -> str | None:
        """ISO 639 code of the language if it is flagged as not English ("und": not certain which), else None."""
        found = (flag for flag in self.flags if flag.startswith(LANGUAGE_FLAG))
        return next((flag.removeprefix(LANGUAGE_FLAG) for flag in found), None)

    def to_dict(self) -> dict[str, Any]:
        """The row of `slant split`."""
        row: dict[str, Any] = msgspec.to_builtins(self)
        del row["speakers"]
        speakers = self.speakers or (None,) * len(self.voices)
        row["voices"] = [
            {"start": start, "end": end, "voice": voice, "speaker": speaker}
            for (start, end, voice), speaker in zip(self.voices, speakers, strict=True)
        ]
        return row


@dataclass(frozen=True, slots=True)
class Stance:
    """Stance of the unit's author toward one target.

    scores: probability per label, sums to 1.
    """

    target: Annotated[str, about("id of the target")]
    label: Annotated[
        str | None,
        about(
            'null where the model abstains, "unrelated" where the unit says nothing about the target',
            enum=(*STANCE_ANSWERS, None),
        ),
    ]
    scores: Annotated[dict[str, float], about(labels=STANCE_ANSWERS)]
    mentions: Annotated[
        tuple[tuple[int, int], ...], about("where the unit names the target; empty if it does not")
    ] = ()
    name: Annotated[str | None, about("how the target is called")] = None


@dataclass(frozen=True, slots=True)
class Portrayal:
    """How the unit makes a target look that it names, quoted words and bad news included.

    scores: probability per label, sums to 1.
    """

    target: Annotated[str, about("id of the target")]
    label: Annotated[str | None, about("null where the model abstains", enum=(*PORTRAYALS, None))]
    scores: Annotated[dict[str, float], about(labels=PORTRAYALS)]
    name: Annotated[str | None, about("how the target is called")] = None


@dataclass(frozen=True, slots=True)
class Loaded:
    """A span of loaded language: `unit.text[start:end] == text`. score: probability in [0, 1]."""

    start: Annotated[int, about("code point in the unit's text")]
    end: Annotated[int, about("code point in the unit's text")]
    text: str
    label: str
    score: float
    voice: Annotated[str, about(enum=VOICES)]
    speaker: Annotated[str | None, about("who says it, if it is quoted and a speaker is named")] = None


@dataclass(frozen=True, slots=True)
class Frame:
    label: str
    score: float


@dataclass(frozen=True, slots=True)
class Reply:
    """How a comment answers its parent, or else the article. scores: probability per label."""

    label: Annotated[str, about("toward the parent, or else the article", enum=REPLIES)]
    scores: Annotated[dict[str, float], about(labels=REPLIES)]


@dataclass(frozen=True, slots=True)
class Score:
    """A unit with the model's labels; none if it is not in English. A new label of a unit is a new field here."""

    unit: Unit
    stance: tuple[Stance, ...] = ()
    portrayal: Annotated[tuple[Portrayal, ...], about("of the targets that the unit names")] = ()
    loaded: tuple[Loaded, ...] = ()
    frames: tuple[Frame, ...] = ()
    reply: Annotated[Reply | None, about("comments only")] = None
    toxic: Annotated[tuple[tuple[int, int], ...], about("[start, end] stretches; comments only")] = ()
    biased: Annotated[float | None, about("probability that the unit as a whole is biased")] = None
    subjective: Annotated[float | None, about("probability that the unit as a whole is subjective")] = None
    flags: Annotated[tuple[str, ...], about("the unit's flags, and truncated, windows, …")] = ()
    model: Annotated[str, about("fingerprint of the model that produced the row")] = ""
    codebook: Annotated[str, about("fingerprint of the codebook that its labels come from")] = ""

    def to_dict(self) -> dict[str, Any]:
        """The row of `slant score`: the unit's columns (UNIT_COLUMNS), then the score's, in one flat row."""
        row: dict[str, Any] = {name: getattr(self.unit, name) for name in UNIT_COLUMNS}
        own: dict[str, Any] = msgspec.to_builtins(self)
        del own["unit"]
        row |= own
        row["flags"] = [*self.unit.flags, *self.flags]
        return row

    def _repr_html_(self) -> str:
        import slant

        return slant.html(self)


# Columns that a scored row takes from its unit; `flags` are merged into the score's.
UNIT_COLUMNS = tuple(
    each.name for each in fields(Unit) if each.name not in ("flags", "voices", "speakers", "pieces")
)
_SCORE_COLUMNS = tuple(each.name for each in fields(Score) if each.name not in ("unit", "flags"))


def score_from_dict(row: dict[str, Any]) -> Score:
    """Convert a row of `slant score` back to a Score; its flags all become the unit's.

    Columns with a default may be missing or null. Raises ValueError, with the place in the row, if it is not a score.
    """
    for name in ("stance", "model", "codebook"):
        if row.get(name) is None:
            raise ValueError(f"no {name!r}")
    unit = {name: row[name] for name in UNIT_COLUMNS if row.get(name) is not None}
    values = {name: row[name] for name in _SCORE_COLUMNS if row.get(name) is not None}
    unit["flags"] = row.get("flags") or ()
    if isinstance(unit.get("extra"), str):  # JSON text in Parquet and DuckDB files
        unit["extra"] = json.loads(unit["extra"])
    return msgspec.convert({"unit": unit, **values}, Score)


@dataclass(frozen=True, slots=True)
class Span:
    """A labelled stretch of a text, half-open."""

    start: int
    end: int
    label: str


@dataclass(frozen=True, slots=True)
class TargetLabel:
    """A target with its labels (None: not labeled).

    name: how the target is called. label: the author's stance toward it, of STANCE_ANSWERS. mentions: where the text names
    it; empty if it does not. portrayal: how the text makes it look, of PORTRAYALS.
    """

    name: str
    label: str | None = None
    mentions: tuple[tuple[int, int], ...] = ()
    portrayal: str | None = None


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
    """A model's predictions for one text, at full precision.

    stance: per target a probability per STANCE_ANSWERS label, None if the target's mention has no token (it is cut off).
    portrayal: likewise a probability per PORTRAYALS label.
    loaded, toxic: predicted spans at the shipped thresholds.
    span_scores: per gold span of `Example.loaded`, a probability per technique (only with `gold_spans=True`).
    reply: probability per REPLIES label; frames: probability per frame; biased/subjective: probability.
    """

    stance: tuple[dict[str, float] | None, ...] = ()
    portrayal: tuple[dict[str, float] | None, ...] = ()
    loaded: tuple[Loaded, ...] = ()
    toxic: tuple[tuple[int, int], ...] = ()
    span_scores: tuple[dict[str, float], ...] = ()
    reply: dict[str, float] | None = None
    frames: dict[str, float] = field(default_factory=dict)
    biased: float | None = None
    subjective: float | None = None
