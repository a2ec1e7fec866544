"""Labels for Label Studio, doccano and Prodigy.

Places in a text are counted in code points by Label Studio (since 1.10; before in UTF-16 units) and Prodigy, and in UTF-16
units by doccano, unless its option "Count grapheme clusters as one character" is on, which cannot be read here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote
from xml.sax.saxutils import quoteattr

from slant.atomic_files import write_text
from slant.errors import Rejected, UsageError
from slant.labeling.project import (
    Given,
    Project,
    Utf16,
    from_tags,
    possible_tags,
    span_label,
    to_mark,
    to_tags,
)
from slant.labeling.questions import DRAFT, SKIPPED, STATUSES, Answer, Coded, Item, Mark, WrongAnswer
from slant.records import VOICES

_Row = dict[str, Any]


def context_of(item: Item) -> _Row:
    """What a coder may see of a unit beside its text, and what brings its answer back."""
    return {
        "unit_id": item.unit_id, "kind": item.kind, "title": item.title, "before": item.before, "parent": item.parent,
        "targets": item.targets, "weight": item.weight,
    }  # fmt: skip


def json_lines(rows: Iterator[_Row], path: Path) -> None:
    write_text(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))


def read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text("utf-8-sig"))
    except (ValueError, OSError, RecursionError) as error:
        raise UsageError(f"{path} cannot be read as JSON ({error}).") from None


def read_json_lines(path: Path) -> Iterator[tuple[str, _Row | Rejected]]:
    """Yield (file and line, row); a line that is no JSON object is a Rejected."""
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read as text in UTF-8 ({error}).") from None
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        where = f"{path} line {number}"
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            yield where, Rejected(where, "bad_json", f"this line is not JSON ({error})")
            continue
        yield where, row if isinstance(row, dict) else Rejected(where, "bad_json", "expected an object")


def item_of(project: Project, unit_id: Any) -> Item:
    item = project.by_id.get(unit_id) if isinstance(unit_id, str) else None
    if item is None:
        raise WrongAnswer(f"unit {unit_id!r} is not in this project")
    return item


def status_of(value: Any) -> str | None:
    return value if value in STATUSES else None


NOT_AS_EXPECTED = (WrongAnswer, KeyError, TypeError, ValueError, AttributeError, IndexError)


def rejected(where: str, error: Exception) -> Rejected:
    """Return the row as rejected, for one of NOT_AS_EXPECTED."""
    reason = str(error) if isinstance(error, WrongAnswer) else f"not as expected: {error!r}"
    return Rejected(where, "label", reason)


def _lines_in(
    project: Project, path: Path, parse: Callable[[Project, str, _Row], Given | None]
) -> Iterator[Given | Rejected]:
    for where, row in read_json_lines(path):
        if isinstance(row, Rejected):
            yield row
            continue
        try:
            if given := parse(project, where, row):
                yield given
        except NOT_AS_EXPECTED as error:
            yield rejected(where, error)


# ---- doccano: text, entities, cats (its project type for intents and slots)


class _Doccano:
    def write(self, project: Project, path: Path) -> None:
        json_lines(self._rows(project), path)

    def _rows(self, project: Project) -> Iterator[_Row]:
        for unit_id, answers in project.answers().items():
            item = project.by_id[unit_id]
            places = Utf16(item.text)
            for coded in answers or [Coded(unit_id, "", "", Answer())]:
                spans = coded.answer.loaded or ()
                yield {
                    "text": item.text,
                    "entities": [[places.units(m.start), places.units(m.end), span_label(m)] for m in spans],
                    "cats": to_tags(coded.answer),
                    **context_of(item),
                    "coder": coded.coder, "status": coded.status, "note": coded.answer.note,
                }  # fmt: skip

    def read(self, project: Project, path: Path) -> Iterator[Given | Rejected]:
        return _lines_in(project, path, _from_doccano)


def _from_doccano(project: Project, where: str, row: _Row) -> Given | None:
    """Also rows that doccano itself has exported: spans as objects, or spans or categories in `label`."""
    item = item_of(project, row.get("unit_id"))
    label = row.get("label") or []
    spans = row.get("entities") or [each for each in label if not isinstance(each, str)]
    tags = row.get("cats") or [each for each in label if isinstance(each, str)]
    if not spans and not tags and not row.get("coder"):
        return None  # not labeled
    places = Utf16(item.text)
    marks = []
    for span in spans:
        start, end, name = (
            (span["start_offset"], span["end_offset"], span["label"]) if isinstance(span, dict) else span
        )
        marks.append(to_mark(item, places.point(start), places.point(end), name))
    answer = from_tags(tags, marks, str(row.get("note") or ""))
    text = row.get("text", row.get("data"))
    return Given(where, item.unit_id, str(row.get("coder") or ""), status_of(row.get("status")), answer, text)


# ---- Prodigy: spans_manual and choice in one block


class _Prodigy:
    def write(self, project: Project, path: Path) -> None:
        json_lines(self._rows(project), path)

    def _rows(self, project: Project) -> Iterator[_Row]:
        for unit_id, answers in project.answers().items():
            item = project.by_id[unit_id]
            options = [{"id": tag, "text": tag} for tag in possible_tags(item, project.codebook)]
            task = {"text": item.text, "meta": context_of(item), "options": options}
            for coded in answers:
                spans = [
                    {"start": m.start, "end": m.end, "label": m.label, "voice": m.voice}
                    for m in coded.answer.loaded or ()
                ]
                yield task | {
                    "spans": spans, "accept": to_tags(coded.answer), "note": coded.answer.note, "status": coded.status,
                    "answer": "ignore" if coded.status == SKIPPED else "accept",
                    "_annotator_id": coded.coder, "_session_id": coded.coder,
                }  # fmt: skip
            if not answers:
                yield task

    def read(self, project: Project, path: Path) -> Iterator[Given | Rejected]:
        return _lines_in(project, path, _from_prodigy)


def _from_prodigy(project: Project, where: str, row: _Row) -> Given | None:
    if "answer" not in row:
        return None  # a task that nobody has answered
    item = item_of(project, (row.get("meta") or {}).get("unit_id"))
    if row["answer"] not in ("accept", "ignore"):
        raise WrongAnswer(f"answer {row['answer']!r} has no meaning here; expected accept or ignore")
    status = SKIPPED if row["answer"] == "ignore" else DRAFT if row.get("status") == DRAFT else None
    marks = [to_mark(item, s["start"], s["end"], s["label"], s.get("voice")) for s in row.get("spans") or ()]
    answer = from_tags(row.get("accept") or (), marks, str(row.get("note") or ""))
    coder = str(row.get("_annotator_id") or "")
    return Given(where, item.unit_id, coder, status, answer, row.get("text"))


# ---- Label Studio: one task per unit, one annotation per coder


class _LabelStudio:
    def write(self, project: Project, path: Path) -> None:
        """Also writes the labeling interface, as FILE.xml, to be pasted into the settings of the project."""
        tasks: list[_Row] = [
            {
                "data": {"text": project.by_id[unit_id].text, **context_of(project.by_id[unit_id])},
                "annotations": [_annotation(project.by_id[unit_id], coded) for coded in answers],
            }
            for unit_id, answers in project.answers().items()
        ]
        write_text(path, json.dumps(tasks, ensure_ascii=False, indent=1))
        write_text(path.with_suffix(".xml"), _interface(project))

    def read(self, project: Project, path: Path) -> Iterator[Given | Rejected]:
        tasks = read_json(path)
        if not isinstance(tasks, list):
            raise UsageError(f"{path}: expected a list of tasks, as Label Studio exports them under “JSON”.")
        for number, task in enumerate(tasks, 1):
            annotations = task.get("annotations") if isinstance(task, dict) else None
            if not isinstance(annotations, list):
                where = f"{path} task {number}"
                yield Rejected(where, "label", "no annotations here. Export as “JSON”, not “JSON-MIN”")
                continue
            for place, annotation in enumerate(annotations, 1):
                where = f"{path} task {number}, annotation {place}"
                try:
                    yield _from_annotation(project, where, task["data"], annotation)
                except NOT_AS_EXPECTED as error:
                    yield rejected(where, error)


def _annotation(item: Item, coded: Coded) -> _Row:
    answer, result = coded.answer, list[_Row]()

    def add(name: str, kind: str, value: _Row, **more: Any) -> None:
        result.append({"from_name": name, "to_name": "text", "type": kind, "value": value, **more})

    for number, mark in enumerate(answer.loaded or ()):
        span = {"start": mark.start, "end": mark.end, "text": item.text[mark.start : mark.end]}
        add("technique", "labels", span | {"labels": [mark.label]}, id=f"span{number}")
        add("voice", "choices", span | {"choices": [mark.voice]}, id=f"span{number}")
    for task in ("stance", "portrayal"):
        for target, label in getattr(answer, task).items():
            add(f"{task}-{quote(target, safe='')}", "choices", {"choices": [label]})
    if answer.frames is not None:
        add("frames", "choices", {"choices": list(answer.frames) or ["none"]})
    if answer.loaded == ():
        add("loaded", "choices", {"choices": ["none"]})
    if answer.reply is not None:
        add("reply", "choices", {"choices": [answer.reply]})
    if answer.flagged:
        add("flag", "choices", {"choices": ["flagged"]})
    if answer.note:
        add("note", "textarea", {"text": [answer.note]})
    # Label Studio refuses a `completed_by` that it does not know, so the coder is an answer, too.
    add("coder", "textarea", {"text": [coded.coder]})
    if coded.status == DRAFT:
        add("status", "choices", {"choices": [DRAFT]})
    return {"result": result, "was_cancelled": coded.status == SKIPPED, "ground_truth": False}


def _from_annotation(project: Project, where: str, data: _Row, annotation: _Row) -> Given:
    item = item_of(project, data.get("unit_id"))
    techniques, voices = dict[str, tuple[int, int, str]](), dict[str, str]()
    tags, note, coder, status = list[str](), "", _user(annotation.get("completed_by")), None
    for number, result in enumerate(annotation["result"]):
        name, value = result["from_name"], result["value"]
        key = result.get("id") or f"{number}"
        if name == "technique":
            techniques[key] = (*_span(item, value), value["labels"][0])
        elif name == "voice":
            voices[key] = value["choices"][0]
        elif name == "note":
            note = "\n".join(_texts(value))
        elif name == "coder":
            coder = _texts(value)[0]
        elif name == "status":
            status = status_of(value["choices"][0])
        elif name == "flag":
            tags.append("flagged")
        else:
            task, dash, target = name.partition("-")
            tags += [
                f"{task}/{unquote(target)}/{label}" if dash else f"{task}/{label}"
                for label in value["choices"]
            ]
    marks: list[Mark] = [to_mark(item, *span, voices.get(key)) for key, span in techniques.items()]
    if annotation.get("was_cancelled"):
        status = SKIPPED
    return Given(where, item.unit_id, coder, status, from_tags(tags, marks, note), data.get("text"))


def _texts(value: _Row) -> list[str]:
    text = value["text"]
    return [text] if isinstance(text, str) else [str(each) for each in text]


def _user(completed_by: Any) -> str:
    if isinstance(completed_by, dict):
        return str(completed_by.get("email") or completed_by.get("id") or "")
    return "" if completed_by is None else f"user {completed_by}"


def _span(item: Item, value: _Row) -> tuple[int, int]:
    """Places in code points; in UTF-16 units where only those give the text that the span states."""
    start, end, stated = value["start"], value["end"], value.get("text")
    if not isinstance(start, int) or not isinstance(end, int):
        raise WrongAnswer(f"span {start!r}-{end!r} has no numbers for places")
    if stated is None or item.text[start:end] == stated:
        return start, end
    places = Utf16(item.text)
    points = places.point(start), places.point(end)
    if item.text[slice(*points)] != stated:
        raise WrongAnswer(
            f"span {start}-{end} is {item.text[start:end][:40]!r} in the text, not {str(stated)[:40]!r}"
        )
    return points


def _interface(project: Project) -> str:
    """The labeling interface of Label Studio for this project."""
    tasks = {task for item in project.items for task in item.tasks}
    names = {t: name for item in project.items for t, name in item.targets.items()}
    parts = ['<Text name="text" value="$text"/>']
    parts[:0] = [f'<Text name="shown-{name}" value="${name}"/>' for name in ("title", "before", "parent")]

    def choices(name: str, labels: tuple[str, ...], title: str, more: str = "") -> None:
        inner = "".join(f"<Choice value={quoteattr(label)}/>" for label in labels)
        parts.append(
            f'<Header value={quoteattr(title)}/><Choices name={quoteattr(name)} toName="text"{more}>{inner}</Choices>'
        )

    if "loaded" in tasks:
        inner = "".join(f"<Label value={quoteattr(label)}/>" for label in project.codebook.labels("loaded"))
        parts.append(f'<Labels name="technique" toName="text">{inner}</Labels>')
        choices("voice", VOICES, "Whose words", ' perRegion="true"')
        choices("loaded", ("none",), "No loaded language")
    for task in ("stance", "portrayal"):
        targets = dict.fromkeys(target for item in project.items for target in item.asked(task))
        for target in targets:
            title = f"{task.capitalize()}: {names.get(target, target)}"
            choices(f"{task}-{quote(target, safe='')}", project.codebook.labels(task), title)
    if "frames" in tasks:
        choices(
            "frames",
            (*project.codebook.labels("frames"), "none"),
            "Frames, the main frame first",
            ' choice="multiple"',
        )
    if "reply" in tasks:
        choices("reply", project.codebook.labels("reply"), "How it answers")
    choices("flag", ("flagged",), "Flag")
    choices("status", (DRAFT,), "Not finished")
    parts += [
        f'<Header value="{name.capitalize()}"/><TextArea name="{name}" toName="text"/>'
        for name in ("note", "coder")
    ]
    return "<View>\n" + "\n".join(parts) + "\n</View>\n"


DOCCANO, PRODIGY, LABEL_STUDIO = _Doccano(), _Prodigy(), _LabelStudio()
