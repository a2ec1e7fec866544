"""How far coders agree, where they differ, and the final answer about each unit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from slant.judging.agreement import Agreement, Bootstrap
from slant.labeling.questions import ADJUDICATED, DONE, SKIPPED, Answer, Coded, Item
from slant.labels.codebook import Codebook

RESAMPLES = 200  # fewer than in a paper, so that the page answers within a second or two
Question = tuple[str, str | None]  # task, target


@dataclass(frozen=True, slots=True)
class Final:
    """The final answers. answers: unit id → answer. open: unit id → questions on which coders differ, not adjudicated.

    skipped: units that a coder skipped and nobody finished. begun: other units that have answers, but none is finished.
    """

    answers: dict[str, Answer]
    open: dict[str, list[Question]]
    skipped: list[str]
    begun: list[str]


def readings(coded: Iterable[Coded]) -> dict[str, dict[str, Answer]]:
    """Unit id → coder → finished answer, without adjudicated ones."""
    out: dict[str, dict[str, Answer]] = {}
    for one in coded:
        if one.status == DONE and one.coder != ADJUDICATED:
            out.setdefault(one.unit_id, {})[one.coder] = one.answer
    return out


def differences(answers: Iterable[Answer], item: Item) -> list[Question]:
    """Questions about a unit that not all answers answer in the same way. The order of frames does not count."""
    given = list(answers)
    return [question for question in item.questions() if len({_value(a, question) for a in given}) > 1]


def finals(coded: Sequence[Coded], items: Mapping[str, Item]) -> Final:
    """Return the adjudicated answer about each unit, else that on which its coders agree."""
    decided = {c.unit_id: c.answer for c in coded if c.coder == ADJUDICATED and c.status == DONE}
    read = readings(coded)
    out = Final({}, {}, [], [])
    for unit_id, item in items.items():
        if unit_id in decided:
            out.answers[unit_id] = decided[unit_id]
        elif unit_id in read:
            if differ := differences(read[unit_id].values(), item):
                out.open[unit_id] = differ
            else:
                out.answers[unit_id] = next(iter(read[unit_id].values()))
    answered = out.answers.keys() | out.open.keys()
    left = dict.fromkeys(c.unit_id for c in coded if c.unit_id not in answered)
    skipped = {c.unit_id for c in coded if c.status == SKIPPED}
    out.skipped.extend(unit for unit in left if unit in skipped)
    out.begun.extend(unit for unit in left if unit not in skipped)
    return out


def common(answers: Sequence[Answer], item: Item) -> Answer:
    """Return what all answers have in common, as a start for adjudication. Spans are those that all marked alike."""
    differ = set(differences(answers, item))
    first = answers[0]
    marks = [set(a.loaded or ()) for a in answers]
    return Answer(
        stance={t: label for t, label in first.stance.items() if ("stance", t) not in differ},
        portrayal={t: label for t, label in first.portrayal.items() if ("portrayal", t) not in differ},
        loaded=None if first.loaded is None else tuple(sorted(set.intersection(*marks))),
        frames=None if ("frames", None) in differ else first.frames,
        reply=None if ("reply", None) in differ else first.reply,
    )


def agreement(
    coded: Iterable[Coded], items: Mapping[str, Item], codebook: Codebook, *, resamples: int = RESAMPLES
) -> list[Agreement]:
    """Compute Krippendorff's alpha of every label over all coders, and the overlap F1 of spans of each pair of coders.

    Intervals resample documents. Returns an empty list while no unit has two readings.
    """
    read = [(items[unit], by) for unit, by in readings(coded).items() if unit in items and len(by) > 1]
    if not read:
        return []
    bootstrap = Bootstrap([item.document for item, _ in read], resamples, seed=0)
    out: list[Agreement] = []
    for task in ("stance", "portrayal"):
        found = [
            (i, [values for t in item.asked(task) if len(values := _given(by, task, t)) > 1])
            for i, (item, by) in enumerate(read)
        ]
        out += _of_labels(bootstrap, task, found, codebook.tasks.get(task, {}))
    replies = [(i, [_given(by, "reply", None)]) for i, (item, by) in enumerate(read) if "reply" in item.tasks]
    out += _of_labels(bootstrap, "reply", replies, codebook.tasks.get("reply", {}))
    frames = [(i, list(by.values())) for i, (item, by) in enumerate(read) if "frames" in item.tasks]
    for frame in codebook.tasks.get("frames", {}):
        carried = [(i, [tuple(frame in (a.frames or ()) for a in answers)]) for i, answers in frames]
        if any(any(values) for _, each in carried for values in each):
            out.append(bootstrap.alpha(f"frames: {frame} or not", carried))
    out += _of_spans(bootstrap, [(i, by) for i, (item, by) in enumerate(read) if "loaded" in item.tasks])
    return out


def _of_labels(
    bootstrap: Bootstrap,
    task: str,
    found: Sequence[tuple[int, Sequence[tuple[Any, ...]]]],
    labels: Iterable[str],
) -> list[Agreement]:
    """Alpha of all labels of a task, and of each label against the others."""
    given = {value for _, each in found for values in each for value in values}
    if not given:
        return []
    out = [bootstrap.alpha(task, found)]
    for label in labels:
        if label in given and len(given) > 2:
            yes = [(i, [tuple(v == label for v in values) for values in each]) for i, each in found]
            out.append(bootstrap.alpha(f"{task}: {label} or not", yes))
    return out


def _of_spans(bootstrap: Bootstrap, read: Sequence[tuple[int, Mapping[str, Answer]]]) -> list[Agreement]:
    out = []
    if any(a.loaded for _, by in read for a in by.values()):
        out.append(
            bootstrap.alpha(
                "loaded language or none",
                [(i, [tuple(bool(a.loaded) for a in by.values())]) for i, by in read],
            )
        )
    pairs: dict[tuple[str, str], list[tuple[int, Any, Any]]] = defaultdict(list)
    for i, by in read:
        for one, two in combinations(sorted(by), 2):
            pairs[one, two].append((i, _spans(by[one]), _spans(by[two])))
    for (one, two), found in sorted(pairs.items()):
        if any(a or b for _, a, b in found):
            out.append(bootstrap.overlap(f"loaded spans: {one} and {two}", found))
    return out


def _spans(answer: Answer) -> list[dict[str, Any]]:
    return [{"start": m.start, "end": m.end, "label": m.label, "voice": m.voice} for m in answer.loaded or ()]


def _given(by: Mapping[str, Answer], task: str, target: str | None) -> tuple[Any, ...]:
    values = (_value(answer, (task, target)) for answer in by.values())
    return tuple(value for value in values if value is not None)


def _value(answer: Answer, question: Question) -> Any:
    task, target = question
    if target is not None:
        return getattr(answer, task).get(target)
    value = getattr(answer, task)
    return frozenset(value) if task == "frames" and value is not None else value
