"""What people are asked about a unit, and what they answer.

All offsets are code points of the unit's text. An answer may be partial: a question without an answer is missing from
`stance` and `portrayal`, and None in `loaded`, `frames` and `reply`. Empty `loaded` or `frames` are an answer: there is none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from slant.errors import SlantError, UsageError, did_you_mean
from slant.labels.codebook import Codebook
from slant.records import VOICES
from slant.segment.voices import voice_at, voices

TASKS = ("stance", "portrayal", "loaded", "frames", "reply")
DEFAULT_TASKS = ("stance", "loaded", "frames", "reply")
DRAFT, DONE, SKIPPED = STATUSES = ("draft", "done", "skipped")
ADJUDICATED = "adjudicated"  # the coder of final answers where coders differed
_OTHER_TASKS = ("toxic", "biased", "subjective")  # of slant's codebook, not asked on the page
_LABEL = re.compile(r"[\w-]+")
MAX_NOTE, MAX_CODER = 4_000, 60  # characters


class WrongAnswer(SlantError):
    """An answer that does not fit its unit or the codebook."""


@dataclass(frozen=True, slots=True)
class Item:
    """A unit to label, with its context.

    document: groups the units of one article. before: text of the unit before it. parent: what a comment answers.
    targets: id → name. toward: ids that stance is asked about. portrayed: ids that portrayal is asked about.
    tasks: those that are asked, in the order of TASKS. weight: how many units it represents; None if not drawn as a sample.
    """

    unit_id: str
    document: str
    kind: str
    text: str
    title: str | None = None
    before: str | None = None
    parent: str | None = None
    targets: dict[str, str] = field(default_factory=dict)
    toward: tuple[str, ...] = ()
    portrayed: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    weight: float | None = None

    def questions(self) -> list[tuple[str, str | None]]:
        """(task, target) of every question; target is None where the task has none."""
        out: list[tuple[str, str | None]] = []
        for task in self.tasks:
            out += (
                [(task, t) for t in self.asked(task)] if task in ("stance", "portrayal") else [(task, None)]
            )
        return out

    def asked(self, task: str) -> tuple[str, ...]:
        """Targets that stance or portrayal is asked about."""
        if task not in self.tasks:
            return ()
        return self.portrayed if task == "portrayal" else self.toward


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """A span of loaded language in the unit's text."""

    start: int
    end: int
    label: str
    voice: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What one coder answered about one unit. frames: the main frame first."""

    stance: dict[str, str] = field(default_factory=dict)
    portrayal: dict[str, str] = field(default_factory=dict)
    loaded: tuple[Mark, ...] | None = None
    frames: tuple[str, ...] | None = None
    reply: str | None = None
    note: str = ""
    flagged: bool = False


@dataclass(frozen=True, slots=True)
class Coded:
    """The answer of a coder, of one of STATUSES."""

    unit_id: str
    coder: str
    status: str
    answer: Answer


def parse_answer(given: Any, item: Item, codebook: Codebook) -> Answer:
    """Return an answer in its tidy form: spans and targets in order, without duplicates.

    given: an Answer, or its fields as JSON values. Raises WrongAnswer, with the reason, if it does not fit.
    """
    try:
        answer = given if isinstance(given, Answer) else msgspec.convert(given, Answer)
    except msgspec.ValidationError as error:
        raise WrongAnswer(f"not an answer: {error}") from None
    return replace(
        answer,
        stance=_targets(answer.stance, "stance", item, codebook),
        portrayal=_targets(answer.portrayal, "portrayal", item, codebook),
        loaded=None if answer.loaded is None else _marks(answer.loaded, item, codebook),
        frames=None if answer.frames is None else _frames(answer.frames, item, codebook),
        reply=answer.reply and _known(answer.reply, "reply", item, codebook),
        note=tidy(answer.note)[:MAX_NOTE],
    )


def missing(answer: Answer, item: Item) -> list[tuple[str, str | None]]:
    """(task, target) of every question without an answer."""
    given: set[tuple[str, str | None]] = {("stance", t) for t in answer.stance} | {
        ("portrayal", t) for t in answer.portrayal
    }
    given |= {(task, None) for task in ("loaded", "frames", "reply") if getattr(answer, task) is not None}
    return [question for question in item.questions() if question not in given]


def check_codebook(codebook: Codebook) -> Codebook:
    """Return the codebook. Raises UsageError if it has a task that cannot be asked, or a label that is no plain name."""
    for task, labels in codebook.tasks.items():
        if task not in (*TASKS, *_OTHER_TASKS):
            raise UsageError(
                f"The codebook has a task {task!r}.{did_you_mean(task, TASKS)} Use {', '.join(TASKS)}."
            )
        for label in labels:
            if not _LABEL.fullmatch(label):
                raise UsageError(f"[{task}.{label}]: a label is made of letters, digits, - and _ alone.")
    if not set(TASKS) & codebook.tasks.keys():
        raise UsageError(f"The codebook has no labels to choose from. Use {', '.join(TASKS)}.")
    return codebook


def check_coder(name: str) -> str:
    """Return the tidy name of a coder. Raises WrongAnswer if it is empty or too long."""
    name = " ".join(tidy(name).split())
    if not name or len(name) > MAX_CODER:
        raise WrongAnswer(
            f"{name[:MAX_CODER]!r} is no name of a coder. Expected 1 to {MAX_CODER} characters."
        )
    return name


def tidy(text: str) -> str:
    """Return a text without control characters and half characters, which files of other tools cannot hold."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(c for c in text if c.isprintable() or c in "\n\t").strip()


def usual_voice(item: Item, start: int, end: int) -> str:
    """Return whose words a span most likely is, by quotation marks and the kind of the unit."""
    return voice_at(voices(item.text, item.kind), start, end)


def _known(label: str, task: str, item: Item, codebook: Codebook) -> str:
    if task not in item.tasks:
        raise WrongAnswer(f"{task} is not asked about this unit")
    labels = codebook.labels(task)
    if label not in labels:
        raise WrongAnswer(f"no label {label!r} for {task}.{did_you_mean(label, labels)}")
    return label


def _targets(given: Mapping[str, str], task: str, item: Item, codebook: Codebook) -> dict[str, str]:
    asked = item.asked(task)
    for target, label in given.items():
        if target not in asked:
            raise WrongAnswer(f"{task} toward {target!r} is not asked about this unit")
        _known(label, task, item, codebook)
    return {target: given[target] for target in asked if target in given}


def _marks(given: tuple[Mark, ...], item: Item, codebook: Codebook) -> tuple[Mark, ...]:
    if "loaded" not in item.tasks:
        raise WrongAnswer("loaded language is not asked about this unit")
    for mark in given:
        _known(mark.label, "loaded", item, codebook)
        if mark.voice not in VOICES:
            raise WrongAnswer(f"no voice {mark.voice!r}; expected {', '.join(VOICES)}")
        if not 0 <= mark.start < mark.end <= len(item.text):
            raise WrongAnswer(
                f"span {mark.start}-{mark.end} is not in the text of {len(item.text)} characters"
            )
    return tuple(sorted(set(given)))


def _frames(given: tuple[str, ...], item: Item, codebook: Codebook) -> tuple[str, ...]:
    if "frames" not in item.tasks:
        raise WrongAnswer("frames are not asked about this unit")
    return tuple(_known(label, "frames", item, codebook) for label in dict.fromkeys(given))
