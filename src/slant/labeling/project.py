"""What the files of labels share: the project that they hold, labels as short texts, ways to count characters."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

from slant.labeling.questions import Answer, Coded, Item, Mark, WrongAnswer, usual_voice
from slant.labels.codebook import Codebook
from slant.records import VOICES

NONE = "none"
FLAGGED = "flagged"
_LONGEST_CELL = 32_000  # characters; a spreadsheet holds 32,767


@dataclass(frozen=True)
class Project:
    """items: in the order of labeling. coded: answers that count. fingerprint: of the codebook for gold files."""

    items: Sequence[Item]
    coded: Sequence[Coded]
    codebook: Codebook
    fingerprint: str = ""
    by_id: dict[str, Item] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_id", {item.unit_id: item for item in self.items})

    def answers(self) -> dict[str, list[Coded]]:
        """Unit id → answers, in the order of the units; units without an answer have an empty list."""
        out: dict[str, list[Coded]] = {item.unit_id: [] for item in self.items}
        for one in self.coded:
            out[one.unit_id].append(one)
        return out


@dataclass(frozen=True, slots=True)
class Given:
    """An answer as a file states it, not checked yet.

    where: file and row. coder: "" if the file does not say. status: None if it does not say.
    text: of the unit in the file, if it is there.
    """

    where: str
    unit_id: str
    coder: str
    status: str | None
    answer: Answer
    text: str | None = None


def same_text(one: str, two: str) -> bool:
    """Return whether two texts are the same but for white space, which tools change, and the end of a very long text."""
    one, two = (" ".join(_BLANK.split(text)).strip() for text in (one, two))
    return one == two or (len(one) >= _LONGEST_CELL * 0.9 and two.startswith(one))


_BLANK = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")

# ---- labels as short texts ("tags"), for tools that know nothing but names of labels


def to_tags(answer: Answer) -> list[str]:
    """Return all but spans and note: stance/TARGET/LABEL, portrayal/TARGET/LABEL, frames/LABEL, reply/LABEL, flagged."""
    tags = [
        f"{task}/{target}/{label}"
        for task in ("stance", "portrayal")
        for target, label in getattr(answer, task).items()
    ]
    if answer.frames is not None:
        tags += [f"frames/{label}" for label in answer.frames or (NONE,)]
    if answer.loaded == ():
        tags.append(f"loaded/{NONE}")
    if answer.reply is not None:
        tags.append(f"reply/{answer.reply}")
    return [*tags, FLAGGED] if answer.flagged else tags


def possible_tags(item: Item, codebook: Codebook) -> list[str]:
    """Return all tags that an answer about a unit may have."""
    tags: list[str] = []
    for task, target in item.questions():
        if task == "loaded":
            tags.append(f"loaded/{NONE}")
            continue
        labels = (*codebook.labels(task), NONE) if task == "frames" else codebook.labels(task)
        tags += [f"{task}/{target}/{label}" if target is not None else f"{task}/{label}" for label in labels]
    return [*tags, FLAGGED]


def from_tags(tags: Iterable[Any], marks: Sequence[Mark] = (), note: str = "") -> Answer:
    """Return the answer of tags and spans. Raises WrongAnswer for a tag that is none, or two answers to one question."""
    targets: dict[str, dict[str, str]] = {"stance": {}, "portrayal": {}}
    frames: list[str] = []
    reply, flagged, no_frames, no_spans = None, False, False, False
    for tag in tags:
        task, _, rest = str(tag).partition("/")
        target, _, label = rest.rpartition("/")
        if tag == FLAGGED:
            flagged = True
        elif task in targets and target:
            if targets[task].setdefault(target, label) != label:
                raise WrongAnswer(f"two labels for {task} toward {target!r}")
        elif task == "frames" and rest == NONE:
            no_frames = True
        elif task == "frames" and rest:
            frames.append(rest)
        elif task == "loaded" and rest == NONE:
            no_spans = True
        elif task == "reply" and rest and reply in (None, rest):
            reply = rest
        else:
            raise WrongAnswer(
                f"no label {str(tag)[:80]!r}; expected such as stance/TARGET/LABEL, frames/LABEL, reply/LABEL"
            )
    if (no_frames and frames) or (no_spans and marks):
        raise WrongAnswer("“none” beside other labels")
    return Answer(
        stance=targets["stance"],
        portrayal=targets["portrayal"],
        loaded=tuple(marks) if marks or no_spans else None,
        frames=tuple(frames) if frames or no_frames else None,
        reply=reply,
        note=note,
        flagged=flagged,
    )


def span_label(mark: Mark) -> str:
    """Return technique and voice in one name."""
    return f"{mark.label}/{mark.voice}"


def to_mark(item: Item, start: Any, end: Any, label: Any, voice: Any = None) -> Mark:
    """Return a span. label: the technique, or technique/voice. Without a voice it is the usual one at its place.

    Raises WrongAnswer if the place is no place in the text.
    """
    if not isinstance(start, int) or not isinstance(end, int) or not 0 <= start < end <= len(item.text):
        raise WrongAnswer(f"span {start}-{end} is not in the text of {len(item.text)} characters")
    technique, _, named = str(label).partition("/")
    voice = voice or named or usual_voice(item, start, end)
    if voice not in VOICES:
        raise WrongAnswer(f"no voice {voice!r}; expected {', '.join(VOICES)}")
    return Mark(start, end, technique, voice)


# ---- ways to count characters


class Utf16:
    """A text in which places are counted in UTF-16 units, as JavaScript does: a character beyond U+FFFF counts as two."""

    def __init__(self, text: str) -> None:
        self._units = [0, *accumulate(1 + (c > "\uffff") for c in text)]
        self._points = {unit: point for point, unit in enumerate(self._units)}

    def units(self, point: int) -> int:
        return self._units[point]

    def point(self, units: Any) -> int:
        """Return the code point at a place. Raises WrongAnswer if there is none: outside the text, or inside a character."""
        if not isinstance(units, int) or units not in self._points:
            raise WrongAnswer(f"{units!r} is no place in a text of {self._units[-1]} UTF-16 units")
        return self._points[units]
