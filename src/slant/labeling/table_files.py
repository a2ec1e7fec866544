"""Labels as a table: CSV and XLSX, one row per unit, coder and question, in the columns of a sample and a few more.

The row of the task "unit" says whether the coder is done, and holds the note. A label of loaded language lists its spans:
`12-20 doubt outlet; 31-40 slogans quoted`. A table may be filled in by hand; rows without a label are not read.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from slant.atomic_files import atomic_path, write_text
from slant.comparing.gold_sample import COLUMNS
from slant.errors import Rejected, UsageError, require
from slant.labeling.final_files import question_row
from slant.labeling.project import FLAGGED, NONE, Given, Project, same_text, to_mark
from slant.labeling.questions import STATUSES, Answer, Coded, Item, Mark, WrongAnswer, parse_answer
from slant.labels.label_rows import guarded, read_rows

_UNIT = "unit"  # the task of the row about the unit as a whole
_ALL = (*COLUMNS, "coder", "words", "note")
_SPAN = re.compile(r"(\d+)\s*-\s*(\d+)\s+([\w-]+)(?:\s+([\w-]+))?")
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # not allowed in XLSX
_CELL = 32_767


class _Csv:
    def write(self, project: Project, path: Path) -> None:
        out = io.StringIO(newline="")
        writer = csv.DictWriter(out, _ALL, lineterminator="\r\n")
        writer.writeheader()
        writer.writerows({name: guarded(cell) for name, cell in row.items()} for row in _rows(project))
        write_text(path, "\ufeff" + out.getvalue())

    def read(self, project: Project, path: Path) -> Iterator[Given | Rejected]:
        if path.suffix.lower() != ".csv":
            raise UsageError(f"--import csv {path}: expected a file that ends in .csv.")
        return _read(project, path, read_rows(path))


class _Xlsx:
    def write(self, project: Project, path: Path) -> None:
        require("label", "openpyxl", what="XLSX")
        from openpyxl import Workbook
        from openpyxl.cell import WriteOnlyCell

        book = Workbook(write_only=True)
        sheet = book.create_sheet("labels")
        sheet.freeze_panes = "A2"
        sheet.append(list(_ALL))
        for row in _rows(project):
            cells = []
            for name in _ALL:
                value = row[name]
                cell = WriteOnlyCell(
                    sheet, _CONTROLS.sub(" ", value)[:_CELL] if isinstance(value, str) else value
                )
                if isinstance(value, str):
                    cell.data_type = "s"  # a text that begins with = is no formula
                cells.append(cell)
            sheet.append(cells)
        with atomic_path(path) as part:
            book.save(part)

    def read(self, project: Project, path: Path) -> Iterator[Given | Rejected]:
        require("label", "openpyxl", what="XLSX")
        return _read(project, path, _sheet_rows(path))


CSV, XLSX = _Csv(), _Xlsx()


def _sheet_rows(path: Path) -> Iterator[dict[str, Any]]:
    from openpyxl import load_workbook

    try:
        book = load_workbook(path, read_only=True)
    except Exception as error:  # openpyxl has no common class for its errors
        raise UsageError(f"--import xlsx {path} cannot be read as a workbook ({error}).") from None
    try:
        rows = book.worksheets[0].iter_rows(values_only=True)
        head = [str(name or "") for name in next(rows, ())]
        for row in rows:
            yield dict(zip(head, row, strict=False))
    finally:
        book.close()


# ---- rows out


def _rows(project: Project) -> Iterator[dict[str, Any]]:
    for unit_id, answers in project.answers().items():
        item = project.by_id[unit_id]
        for coded in answers:
            yield from _answer_rows(project, item, coded)
        if not answers:
            yield from _answer_rows(project, item, None)


def _answer_rows(project: Project, item: Item, coded: Coded | None) -> Iterator[dict[str, Any]]:
    more = {"coder": coded.coder if coded else "", "words": "", "note": ""}
    for task, target in item.questions():
        label = _label(coded.answer, task, target) if coded else ""
        words = _words(coded.answer, item) if coded and task == "loaded" else ""
        yield {**question_row(project, item, task, target, label), **more, "words": words}
    if coded:
        label = f"{coded.status};{FLAGGED}" if coded.answer.flagged else coded.status
        row = question_row(project, item, "reply", None, label)
        yield {**row, **more, "task": _UNIT, "question": "Done, skipped or draft?", "note": coded.answer.note}


def _label(answer: Answer, task: str, target: str | None) -> str:
    if target is not None:
        return str(getattr(answer, task).get(target, ""))
    value = getattr(answer, task)
    if value is None:
        return ""
    if task == "loaded":
        return "; ".join(f"{m.start}-{m.end} {m.label} {m.voice}" for m in value) or NONE
    return ";".join(value) or NONE if task == "frames" else str(value)


def _words(answer: Answer, item: Item) -> str:
    return " | ".join(item.text[m.start : m.end] for m in answer.loaded or ())


# ---- rows in


@dataclass
class _Collected:
    """The rows about one unit by one coder."""

    where: str
    fields: dict[str, Any] = field(default_factory=lambda: {"stance": {}, "portrayal": {}})
    status: str | None = None


def _read(project: Project, path: Path, rows: Iterable[dict[str, Any]]) -> Iterator[Given | Rejected]:
    collected: dict[tuple[str, str], _Collected] = {}
    for number, row in enumerate(rows, 2):
        where = f"{path} row {number}"
        if number == 2 and not {"unit_id", "task", "label"} <= row.keys():
            raise UsageError(
                f"{path}: expected the columns unit_id, task and label, as `slant label --export` writes them."
            )
        label = _text(row.get("label"))
        if not label:
            continue
        unit_id, coder = _text(row.get("unit_id")), _text(row.get("coder"))
        own = collected.setdefault((unit_id, coder), _Collected(where))
        try:
            _take(own, project, row, label, unit_id)
        except WrongAnswer as error:
            yield Rejected(where, "label", str(error))
    for (unit_id, coder), own in collected.items():
        if unit_id not in project.by_id or (
            own.status is None and own.fields == {"stance": {}, "portrayal": {}}
        ):
            continue  # each of its rows has been named
        yield Given(own.where, unit_id, coder, own.status, Answer(**own.fields))


def _text(cell: Any) -> str:
    """A cell as text; numbers that a spreadsheet made of a text (3.0) as people write them."""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return "" if cell is None else str(cell).strip()


def _take(own: _Collected, project: Project, row: dict[str, Any], label: str, unit_id: str) -> None:
    """Add the label of a row. Raises WrongAnswer if a cell of it was changed."""
    item = project.by_id.get(unit_id)
    if item is None:
        raise WrongAnswer(f"unit {unit_id!r} is not in this project")
    if row.get("text") and not same_text(str(row["text"]), item.text):
        raise WrongAnswer(f"unit {unit_id} has another text here than in the project. Was it edited?")
    task = _text(row.get("task")) or "stance"
    target = str(row["target"]) if row.get("target") is not None else ""
    if task == _UNIT:
        status, _, flag = label.partition(";")
        if status not in STATUSES or flag not in ("", FLAGGED):
            raise WrongAnswer(
                f"no status {label!r}; expected {', '.join(STATUSES)}, with ;{FLAGGED} or without"
            )
        own.status = status
        own.fields |= {"flagged": bool(flag), "note": str(row.get("note") or "")}
        return
    fields = _fields(item, task, target, label)
    parse_answer(Answer(**fields), item, project.codebook)  # raises for a label that the codebook lacks
    for name, value in fields.items():
        if name in ("stance", "portrayal"):
            if own.fields[name].setdefault(target, label) != label:
                raise WrongAnswer(f"a second label for {name} toward {target!r}")
        elif own.fields.setdefault(name, value) != value:
            raise WrongAnswer(f"a second label for {name}")


def _fields(item: Item, task: str, target: str, label: str) -> dict[str, Any]:
    if task in ("stance", "portrayal"):
        return {task: {target: label}}
    if task == "loaded":
        return {task: () if label in (NONE, "0") else tuple(_marks(item, label))}
    if task == "frames":
        return {
            task: () if label == NONE else tuple(part.strip() for part in label.split(";") if part.strip())
        }
    if task == "reply":
        return {task: label}
    raise WrongAnswer(f"no task {task!r}")


def _marks(item: Item, label: str) -> Iterator[Mark]:
    if label.isdigit():
        raise WrongAnswer(
            f"{label!r} says how many spans there are, but not where; expected such as 12-20 doubt outlet"
        )
    for part in filter(None, map(str.strip, label.split(";"))):
        found = _SPAN.fullmatch(part)
        if not found:
            raise WrongAnswer(f"{part[:60]!r} is no span; expected such as 12-20 doubt outlet")
        yield to_mark(item, int(found[1]), int(found[2]), found[3], found[4])
