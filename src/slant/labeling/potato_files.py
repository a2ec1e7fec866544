"""Labels for Potato: a folder with the units (`data.jsonl`) and a `user_state.json` for every coder.

Potato keeps answers per schema and spans beside them, both by unit. Places are counted in code points.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from slant.atomic_files import write_text
from slant.errors import Rejected, UsageError
from slant.labeling.project import Given, Project, from_tags, span_label, to_mark, to_tags
from slant.labeling.questions import Coded, WrongAnswer
from slant.labeling.tool_files import (
    NOT_AS_EXPECTED,
    context_of,
    item_of,
    json_lines,
    read_json,
    rejected,
    status_of,
)

_ANSWERS = "annotation_output"
_LABELS, _SPANS = "instance_id_to_label_to_value", "instance_id_to_span_to_value"
_SPAN_SCHEMA, _NOTE, _STATUS = "loaded_spans", "note", "status"


class _Potato:
    def write(self, project: Project, path: Path) -> None:
        json_lines(
            ({"id": item.unit_id, "text": item.text, **context_of(item)} for item in project.items),
            path / "data.jsonl",
        )
        for coder in sorted({one.coder for one in project.coded}):
            own = [one for one in project.coded if one.coder == coder]
            state = {
                "user_id": coder,
                _LABELS: {one.unit_id: _labels(one) for one in own},
                _SPANS: {
                    one.unit_id: {_SPAN_SCHEMA: _spans(project, one)} for one in own if one.answer.loaded
                },
            }
            # The folder is named for people; the name that counts is `user_id`.
            folder = path / _ANSWERS / quote(coder, safe=" ")
            write_text(folder / "user_state.json", json.dumps(state, ensure_ascii=False, indent=1))

    def read(self, project: Project, path: Path) -> Iterator[Given | Rejected]:
        files = sorted(path.glob(f"{_ANSWERS}/*/user_state.json")) or sorted(path.glob("*/user_state.json"))
        if not files:
            raise UsageError(
                f"--import potato {path}: no user_state.json in it. Give the folder of the Potato project."
            )
        for file in files:
            state = read_json(file)
            if not isinstance(state, dict):
                raise UsageError(f"{file}: expected an object, as Potato writes it.")
            labels, spans = state.get(_LABELS) or {}, state.get(_SPANS) or {}
            for unit_id in dict.fromkeys((*labels, *spans)):
                where = f"{file} unit {unit_id}"
                try:
                    yield _given(
                        project, where, unit_id, str(state.get("user_id") or file.parent.name), labels.get(unit_id) or {},
                        spans.get(unit_id) or {},
                    )  # fmt: skip
                except NOT_AS_EXPECTED as error:
                    yield rejected(where, error)


def _labels(coded: Coded) -> dict[str, Any]:
    """Schema → chosen labels. The schema of a tag is all of it before its last slash."""
    out: dict[str, Any] = {}
    for tag in to_tags(coded.answer):
        schema, _, label = tag.rpartition("/")
        out.setdefault(schema or "flag", {"labels": {}})["labels"][label] = True
    out[_STATUS] = {"labels": {coded.status: True}}
    if coded.answer.note:
        out[_NOTE] = {"labels": {"text": coded.answer.note}}
    return out


def _spans(project: Project, coded: Coded) -> list[dict[str, Any]]:
    text = project.by_id[coded.unit_id].text
    return [
        {"start": m.start, "end": m.end, "label": span_label(m), "text": text[m.start : m.end]}
        for m in coded.answer.loaded or ()
    ]


def _given(
    project: Project, where: str, unit_id: str, coder: str, labels: dict[str, Any], spans: dict[str, Any]
) -> Given:
    item = item_of(project, unit_id)
    tags, note, status = list[str](), "", None
    for schema, value in labels.items():
        chosen = value.get("labels", value)
        if schema == _NOTE:
            note = str(next(iter(chosen.values()), ""))
        elif schema == _STATUS:
            status = status_of(next(iter(chosen), None))
        else:
            tags += [label if schema == "flag" else f"{schema}/{label}" for label, on in chosen.items() if on]
    marks = []
    for span in (span for each in spans.values() for span in each):
        mark = to_mark(item, span["start"], span["end"], span["label"])
        stated = span.get("text")
        if stated is not None and item.text[mark.start : mark.end] != stated:
            raise WrongAnswer(f"span {mark.start}-{mark.end} is not {str(stated)[:40]!r} in the text")
        marks.append(mark)
    return Given(where, unit_id, coder, status, from_tags(tags, marks, note))


POTATO = _Potato()
