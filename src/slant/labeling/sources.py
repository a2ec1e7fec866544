"""Read the units to label: what `slant score`, `slant split` or `slant sample` wrote.

People must not see what could sway them: outlet, author, address, date and the model's labels are left behind here.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from slant.errors import UsageError
from slant.labeling.questions import DEFAULT_TASKS, TASKS, Item
from slant.labels.codebook import Codebook
from slant.labels.label_rows import read_rows
from slant.labels.targets import Targets
from slant.records import CONTENT_KINDS, LANGUAGE_FLAG
from slant.scoring.output_files import file_rows
from slant.segment.units import OPENING_WORDS

Row = Mapping[str, Any]
_QUOTED = re.compile("“(.+?)”")
_SEED = 0  # of the order in which the units of scores are shown


@dataclass(frozen=True, slots=True)
class Source:
    """items: in the order in which they are labeled. codebook: fingerprint of the codebook that the file belongs to, or "".

    notes: what was left out, for the user.
    """

    items: list[Item]
    codebook: str
    notes: list[str]


def read_source(
    path: Path, *, tasks: Sequence[str] = (), targets: Targets | None = None, codebook: Codebook
) -> Source:
    """Read scores, units or a sample.

    tasks: what to ask, by default DEFAULT_TASKS, or in a sample what it asks. targets: to be asked about, in place of those
    in the file. codebook: a task that it does not define is not asked by default.
    Raises UsageError if the file is none of the three, or there is nothing to ask.
    """
    if not path.is_file():
        raise UsageError(f"{path}: no such file. Give a file of slant sample, score or split.")
    asked = tuple(task for task in TASKS if task in (tasks or DEFAULT_TASKS))
    if tasks:
        for task in asked:
            codebook.labels(task)  # raises for a task without labels
    else:
        asked = tuple(task for task in asked if task in codebook.tasks)
    if _is_sample(path):
        source = _read_sample(path, tasks, targets)
    else:
        source = _read_units(path, asked, targets)
    items = [item for item in source.items if item.questions()]
    notes = list(source.notes)
    if left := len(source.items) - len(items):
        notes.append(
            f"{left:,} units are not shown: nothing is asked about them (tasks: {', '.join(asked)})."
        )
    if not items:
        raise UsageError(
            f"{path}: nothing to ask about {len(source.items):,} units. Name targets with --targets, or another --task."
        )
    return replace(source, items=items, notes=notes)


def source_texts(path: Path) -> dict[str, str]:
    """Return unit id → text of all units in a file. Raises UsageError as `read_source` does."""
    if not path.is_file():
        raise UsageError(f"{path}: no such file. Give a file of slant sample, score or split.")
    rows = read_rows(path) if _is_sample(path) else file_rows(path)
    return {str(row.get("unit_id")): str(row.get("text")) for row in rows}


# ---- samples


def _is_sample(path: Path) -> bool:
    """Return whether a file has the columns of a sample: unit_id, task, label and text."""
    if path.suffix.lower() not in (".csv", ".jsonl"):
        return False
    try:
        first = next(read_rows(path), {})
    except UsageError:  # what it is then is said by the reader of scores
        return False
    return {"unit_id", "task", "label", "text"} <= first.keys()


def _read_sample(path: Path, tasks: Sequence[str], targets: Targets | None) -> Source:
    rows = list(read_rows(path))
    by_unit: dict[str, list[Row]] = {}
    for number, row in enumerate(rows, 1):
        if not row.get("unit_id") or not row.get("text") or row.get("task") not in TASKS:
            raise UsageError(
                f"{path} row {number}: expected unit_id, task and text, as `slant sample` writes them."
            )
        by_unit.setdefault(str(row["unit_id"]), []).append(row)
    books = sorted({str(row["codebook"]) for row in rows if row.get("codebook")})
    if len(books) > 1:
        raise UsageError(
            f"{path}: rows of {len(books)} codebooks ({', '.join(books)}). Draw one sample from one set of scores."
        )
    items = [_sample_item(path, unit_id, own, tasks, targets) for unit_id, own in by_unit.items()]
    labeled = sum(1 for row in rows if str(row.get("label") or "").strip())
    notes = []
    if labeled:
        notes.append(
            f"{labeled:,} rows have a label already, which the page does not show. `--import csv {path}` takes them over."
        )
    return Source(items, books[0] if books else "", notes)


def _sample_item(
    path: Path, unit_id: str, rows: Sequence[Row], tasks: Sequence[str], targets: Targets | None
) -> Item:
    first = rows[0]
    if len({row["text"] for row in rows}) > 1:
        raise UsageError(f"{path}: unit {unit_id} has two texts. Was a cell changed?")
    asked = tuple(t for t in TASKS if any(row["task"] == t for row in rows) and (not tasks or t in tasks))
    kind = str(first.get("kind") or "paragraph")
    toward, portrayed = (
        {str(row["target"]): _target_name(row) for row in rows if row["task"] == task and row.get("target")}
        for task in ("stance", "portrayal")
    )
    item = Item(
        unit_id=unit_id,
        document=unit_id.rpartition("-")[0] or unit_id,
        kind=kind,
        text=str(first["text"]),
        title=first.get("title") or None,
        before=first.get("before") or None,
        parent=first.get("parent_text") or None,
        targets={**portrayed, **toward},
        toward=tuple(toward),
        portrayed=tuple(portrayed),
        tasks=asked,
        weight=_weight(first.get("weight"), f"{path}, unit {unit_id}"),
    )
    if targets is None:
        return item
    found = _named(item, targets)
    return replace(item, targets=found, toward=tuple(found), portrayed=tuple(found))


def _target_name(row: Row) -> str:
    """The name in the wording of the question, or else the id in words."""
    found = _QUOTED.search(str(row.get("question") or ""))
    return found[1] if found else str(row["target"]).replace("_", " ")


def _weight(value: Any, where: str) -> float | None:
    if value in (None, ""):
        return None
    try:
        return float(str(value).replace(",", "."))
    except ValueError:
        raise UsageError(f"{where}: weight is {value!r}; expected a number.") from None


# ---- units and scores


def _read_units(path: Path, tasks: tuple[str, ...], targets: Targets | None) -> Source:
    """Units in random order, so that those that are labeled when somebody stops are a simple random sample."""
    items, seen = list[Item](), set[str]()
    books, left = set[str](), {"duplicate": 0, "language": 0}
    for document in _documents(path):
        for item, row in _contexts(document, tasks, path):
            flags = " ".join(map(str, row.get("flags") or ()))
            if LANGUAGE_FLAG in flags or "duplicate_of:" in flags or item.unit_id in seen:
                left["language" if LANGUAGE_FLAG in flags else "duplicate"] += 1
                continue
            seen.add(item.unit_id)
            if row.get("codebook"):
                books.add(str(row["codebook"]))
            found = _named(item, targets) if targets else _scored(row, "stance")
            portrayed = found if targets else _scored(row, "portrayal")
            items.append(
                replace(item, targets={**portrayed, **found}, toward=tuple(found), portrayed=tuple(portrayed))
            )
    if len(books) > 1:
        raise UsageError(
            f"{path}: scores of {len(books)} codebooks ({', '.join(sorted(books))}). Score all with one model."
        )
    random.Random(_SEED).shuffle(items)
    notes = []
    if left["duplicate"]:
        notes.append(
            f"{left['duplicate']:,} units are not shown: the same comment, or the same row, came before."
        )
    if left["language"]:
        notes.append(f"{left['language']:,} units are not shown: they are not in English.")
    return Source(items, "".join(books), notes)


def _documents(path: Path) -> Iterator[list[Row]]:
    """Rows of one article after the other."""
    rows: list[Row] = []
    for number, row in enumerate(file_rows(path), 1):
        if not {"unit_id", "text", "kind"} <= row.keys() or not row["unit_id"]:
            raise UsageError(
                f"{path} row {number} is no unit. Give a file of slant sample, score or split; articles must be split first."
            )
        if rows and rows[-1].get("article_id") != row.get("article_id"):
            yield rows
            rows = []
        rows.append(row)
    if rows:
        yield rows


def _contexts(rows: Sequence[Row], tasks: tuple[str, ...], path: Path) -> Iterator[tuple[Item, Row]]:
    """Content units of one article with what is before them; for comments, what they answer."""
    texts = {row["unit_id"]: str(row["text"]) for row in rows}
    opening = _opening(rows)
    before: str | None = None
    for row in rows:
        if row["kind"] not in CONTENT_KINDS:
            continue
        comment = row["kind"] == "comment"
        parent = (texts.get(row.get("parent_id")) or opening) if comment else None
        yield (
            Item(
                unit_id=str(row["unit_id"]),
                document=str(row.get("article_id") or row["unit_id"]),
                kind=str(row["kind"]),
                text=str(row["text"]),
                title=row.get("title") or None,
                before=None if comment else before,
                parent=parent,
                tasks=tuple(t for t in tasks if t != "reply" or parent),
            ),
            row,
        )
        if not comment:
            before = str(row["text"])


def _opening(rows: Iterable[Row]) -> str | None:
    """Title and first words of the article, which a comment without a parent answers."""
    rows = list(rows)
    title = next((row["title"] for row in rows if row.get("title")), None)
    body = next((str(row["text"]) for row in rows if row["kind"] in ("lead", "paragraph")), "")
    words = body.split()
    shown = " ".join(words[:OPENING_WORDS]) + (" …" if len(words) > OPENING_WORDS else "")
    return "\n".join(t for t in (title, shown) if t) or None


def _named(item: Item, targets: Targets) -> dict[str, str]:
    """Targets that a unit names, and those that every unit of its kind is asked about."""
    found = dict.fromkeys((*targets.find(item.text), *targets.always(item.kind)))
    return {target: targets.name(target) for target in targets.ids if target in found}


def _scored(row: Row, column: str) -> dict[str, str]:
    found = row.get(column)
    if not isinstance(found, list | tuple):  # units have none
        return {}
    return {str(t["target"]): str(t.get("name") or str(t["target"]).replace("_", " ")) for t in found}
