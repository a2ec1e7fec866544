"""The final labels of a project as files: gold for `slant compare --gold`, and rows for training."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from slant.atomic_files import write_text
from slant.comparing.gold_sample import COLUMNS, Sample, wording, write_sample
from slant.comparing.measures import NO_FRAME
from slant.errors import UsageError
from slant.labeling.coders import Final
from slant.labeling.project import Project
from slant.labeling.questions import Answer, Item
from slant.labels.codebook import Codebook


def write_gold(project: Project, final: Final, path: Path) -> int:
    """Write one row per question, as `slant sample` does, with its label. Returns their number.

    Raises UsageError for labels of a user's own codebook, which scores do not have.
    """
    if project.codebook.fingerprint != Codebook.load().fingerprint:
        raise UsageError(
            "gold files correct slant's own labels, and this project has a codebook of its own. Use --export labels."
        )
    rows: list[dict[str, Any]] = []
    for item in project.items:
        if answer := final.answers.get(item.unit_id):
            rows += (
                question_row(project, item, task, target, gold_label(answer, task, target))
                for task, target in item.questions()
            )
    write_sample(Sample(rows, len(final.answers), {}), str(path))
    return len(rows)


def question_row(project: Project, item: Item, task: str, target: str | None, label: str) -> dict[str, Any]:
    """Return a row in COLUMNS of a sample."""
    name = item.targets.get(target, target) if target is not None else None
    row = {
        "unit_id": item.unit_id, "task": task, "target": target, "question": wording(task, name), "title": item.title,
        "before": item.before, "parent_text": item.parent, "text": item.text, "label": label, "weight": item.weight,
        "kind": item.kind, "codebook": project.fingerprint,
    }  # fmt: skip
    return {column: row[column] for column in COLUMNS}


def gold_label(answer: Answer, task: str, target: str | None) -> str:
    """Return the label of a question as it is in gold files; spans are counted, quotations apart."""
    if target is not None:
        return str(getattr(answer, task)[target])
    if task == "loaded":
        return str(len({(m.start, m.end) for m in answer.loaded or () if m.voice != "quoted"}))
    return ";".join(answer.frames or (NO_FRAME,)) if task == "frames" else str(answer.reply)


def write_training(project: Project, final: Final, path: Path) -> int:
    """Write one row per unit as JSON lines. Returns their number. Tasks that were not asked are missing from a row.

    Columns are those of slant's own labels (stance, loaded, frames, reply, kind, document), with the text itself.
    """
    lines = []
    for item in project.items:
        if (answer := final.answers.get(item.unit_id)) is None:
            continue
        row: dict[str, Any] = {
            "unit_id": item.unit_id,
            "document": item.document,
            "kind": item.kind,
            "text": item.text,
        }
        row |= {"context": item.parent, "weight": item.weight, "codebook": project.codebook.fingerprint}
        for task in item.tasks:
            if task in ("stance", "portrayal"):
                row[task] = getattr(answer, task)
            elif task == "loaded":
                row[task] = [
                    {"start": m.start, "end": m.end, "label": m.label, "voice": m.voice}
                    for m in answer.loaded or ()
                ]
            else:
                row[task] = getattr(answer, task)
        row["names"] = item.targets
        lines.append(json.dumps(row, ensure_ascii=False) + "\n")
    write_text(path, "".join(lines))
    return len(lines)
