"""Read a user's own labels: the file of `slant sample`, filled in, or rows with a text and its labels.

CSV or JSON lines, one of two shapes:
- a row is a question: `text`, `label`, and `task` (stance if empty) with its `target`, as `slant sample` writes it;
- a row is a text: `text` and any of `stance` (target → label, or a list of targets with their labels), `frames`, `loaded`
  (yes or no, a number of spans, or a list of spans) and `reply`. In CSV, the column `target` names the target of `stance`.

Rows of one text are joined. A label that a row lacks stays unknown. Frames may be the codebook's or any others: if a file has
a frame that the codebook lacks, its frames are a scheme of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from slant.corpora.files import digest
from slant.errors import UsageError, did_you_mean
from slant.labels.label_rows import read_rows
from slant.labels.targets import Targets
from slant.records import PORTRAYALS, REPLIES, STANCE_ANSWERS, TargetLabel

NONE = "none"  # label of a text without frames
ARTICLE_COLUMNS = ("article_id", "article", "group", "document")
_TASKS = ("stance", "portrayal", "loaded", "frames", "reply")
_YES, _NO = ("yes", "true", "1"), ("no", "false", "0", "")


@dataclass(slots=True)
class LabeledText:
    """A text with labels of a user.

    article: what groups texts that are not independent: as the file states it, else the front of the unit's id, else the
    text itself. unit_id: of a scored unit, or "". where: file and row. stance, portrayal: target, by id or name → label.
    loaded: whether there is loaded language in the author's own words. frames: None if not labeled.
    """

    text: str
    article: str
    unit_id: str
    where: str
    kind: str = "paragraph"
    stance: dict[str, str] = field(default_factory=dict)
    portrayal: dict[str, str] = field(default_factory=dict)
    mentions: dict[str, tuple[tuple[int, int], ...]] = field(default_factory=dict)
    loaded: bool | None = None
    frames: tuple[str, ...] | None = None
    reply: str | None = None


def read_labels(path: Path) -> list[LabeledText]:
    """Return the labeled texts of a file, in order.

    Raises UsageError, with the row, for a file that is no such file, an unknown label, or two labels for one question.
    """
    found: dict[tuple[str, str], LabeledText] = {}
    rows = 0
    for rows, row in enumerate(read_rows(path), 1):
        where = f"{path} row {rows}"
        text = row.get("text")
        if not isinstance(text, str) or not text.strip():
            raise UsageError(f"{where}: no text. Expected a column `text` with the text that was labeled.")
        labels = _labels(row, where)
        if not labels:
            continue
        unit = str(row.get("unit_id") or "").strip()
        article = next((str(row[name]) for name in ARTICLE_COLUMNS if row.get(name)), "")
        article = article or unit.rpartition("-")[0] or digest(text)
        one = found.setdefault((unit, text), LabeledText(text, article, unit, where))
        one.kind = str(row.get("kind") or one.kind)
        for task, value in labels:
            _add(one, task, value, where)
    if not found:
        raise UsageError(f"{path}: no row has a label ({rows:,} rows). Fill in the column `label`.")
    return list(found.values())


def target_labels(one: LabeledText, targets: Targets) -> tuple[TargetLabel, ...]:
    """Return the targets of a labeled text, with mentions where the text names them."""
    known = targets.find(one.text)
    out = []
    for given in dict.fromkeys([*one.stance, *one.portrayal]):
        target = targets.id_of(given)
        name = targets.name(target) if target else given
        mentions = one.mentions.get(given)
        if mentions is None:
            mentions = known.get(target, ()) if target else _find(given, one.text)
        out.append(TargetLabel(name, one.stance.get(given), mentions, one.portrayal.get(given)))
    return tuple(out)


def _find(name: str, text: str) -> tuple[tuple[int, int], ...]:
    return Targets.from_names([name]).find(text).get(name, ())


# ---- rows


def _labels(row: Mapping[str, Any], where: str) -> list[tuple[str, Any]]:
    """Return (task, value) of each label of a row; stance and portrayal as (target, label, mentions)."""
    if "label" in row and not isinstance(row.get("targets"), list):
        if row["label"] is None or not str(row["label"]).strip():
            return []
        task = str(row.get("task") or "stance")
        if task not in _TASKS:
            raise UsageError(
                f"{where}: no task {task!r}. Use one of {', '.join(_TASKS)}.{did_you_mean(task, _TASKS)}"
            )
        if task in ("stance", "portrayal"):
            return [(task, (_target(row, where), row["label"], None))]
        return [(task, row["label"])]
    out: list[tuple[str, Any]] = [
        (task, row[task]) for task in ("loaded", "frames", "reply") if row.get(task) not in (None, "")
    ]
    for task in ("stance", "portrayal"):
        given = row.get(task)
        if isinstance(given, Mapping):
            out += [(task, (target, label, None)) for target, label in given.items()]
        elif isinstance(given, str) and given.strip():
            out.append((task, (_target(row, where), given, None)))
    several = row.get("stance") if isinstance(row.get("stance"), list) else row.get("targets") or ()
    for each in several if isinstance(several, list) else ():
        if isinstance(each, Mapping):
            called, mentions = each.get("target") or each.get("name"), each.get("mentions")
            label = each.get("stance") or each.get("label")
            if each.get("concerned") is False:
                label = "unrelated"
            out += [
                (task, (called, value, mentions))
                for task, value in (("stance", label), ("portrayal", each.get("portrayal")))
                if called and value
            ]
    return out


def _target(row: Mapping[str, Any], where: str) -> str:
    target = str(row.get("target") or "").strip()
    if not target:
        raise UsageError(f"{where}: a stance needs its target, in the column `target`.")
    return target


def _add(one: LabeledText, task: str, value: Any, where: str) -> None:
    if task in ("stance", "portrayal"):
        target, label, mentions = value
        known = STANCE_ANSWERS if task == "stance" else PORTRAYALS
        labels: dict[str, str] = getattr(one, task)
        label = _known(label, known, task, where)
        if labels.setdefault(target, label) != label:
            raise UsageError(_TWICE.format(where=where, task=f"{task} toward {target}"))
        if mentions is not None:
            one.mentions[target] = _extents(mentions, one.text, where)
        return
    stated: Any = {"loaded": _loaded, "frames": _frames, "reply": _reply}[task](value, one.text, where)
    if getattr(one, task) not in (None, stated):
        raise UsageError(_TWICE.format(where=where, task=task))
    setattr(one, task, stated)


_TWICE = "{where}: two labels for one question ({task}). Keep one."


def _known(label: Any, known: tuple[str, ...], task: str, where: str) -> str:
    plain = str(label).strip().lower()
    if plain not in known:
        raise UsageError(
            f"{where}: no label {plain!r} for {task}. Use one of {', '.join(known)}.{did_you_mean(plain, known)}"
        )
    return plain


def _reply(value: Any, text: str, where: str) -> str:
    return _known(value, REPLIES, "reply", where)


def _frames(value: Any, text: str, where: str) -> tuple[str, ...]:
    parts = value.split(";") if isinstance(value, str) else value
    if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts):
        raise UsageError(f"{where}: frames are {value!r}; expected names with ; between them, or none.")
    names = [" ".join(part.strip().lower().split()) for part in parts if part.strip()]
    return tuple(dict.fromkeys(name for name in names if name != NONE))


def _loaded(value: Any, text: str, where: str) -> bool:
    """Return whether there is loaded language in the author's own words."""
    if isinstance(value, list):
        try:
            own = [(each["start"], each["end"]) for each in value if each.get("voice") != "quoted"]
        except (AttributeError, KeyError, TypeError):
            raise UsageError(f"{where}: loaded is {value!r}; expected spans with start and end.") from None
        return bool(_extents(own, text, where))
    plain = str(value).strip().lower().removesuffix(".0")
    if plain in _YES or (plain.isdigit() and int(plain)):
        return True
    if plain in _NO:
        return False
    raise UsageError(f"{where}: loaded is {value!r}; expected yes or no, or a number of spans.")


def _extents(given: Any, text: str, where: str) -> tuple[tuple[int, int], ...]:
    try:
        found = tuple((int(start), int(end)) for start, end in given)
    except (TypeError, ValueError):
        found = ((1, 0),)
    if any(not 0 <= start < end <= len(text) for start, end in found):
        raise UsageError(f"{where}: {given!r} are no [start, end] offsets into the text.")
    return found
