"""Load the codebook, which defines every label in words for people. Models and scores carry its fingerprint."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from slant.assets import asset
from slant.errors import UsageError, did_you_mean

_TEXTS = ("definition", "example", "counter_example")


@dataclass(frozen=True, slots=True)
class Entry:
    """Definition of one label. note: further advice to readers of the label, or an empty string."""

    definition: str
    example: str
    counter_example: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Codebook:
    """Tasks, labels and entries in the order of the file, and the labeling rule of each task.

    Tasks: "stance", "loaded", "frames", "reply", and "toxic", "biased", "subjective" with one label each.
    """

    version: int
    rules: Mapping[str, str]
    tasks: Mapping[str, Mapping[str, Entry]]

    @classmethod
    def load(cls, path: Path | None = None, *, own: bool = False) -> Codebook:
        """Load the codebook at `path`, by default the one that ships with slant.

        own: a user's codebook: the examples of a label may be missing, and targets ([[target]]) may be in the file.
        Raises UsageError, with the place, if the file is missing, is not TOML, or lacks a text of a label.
        """
        path = path or asset("codebook.toml")
        try:
            content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
        except FileNotFoundError:
            raise UsageError(f"{path}: no such codebook. Check the path.") from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise UsageError(f"{path}: not a TOML file: {error}.") from None
        if own:
            content.pop("target", None)
        version = content.pop("version", 1 if own else None)
        rules = content.pop("rules", {})
        if not isinstance(version, int):
            raise UsageError(f'{path}: "version" is {version!r}. Expected a whole number, e.g. version = 1.')
        if not content:
            raise UsageError(f"{path}: no labels. Expected a table per label, such as [stance.favor].")
        return cls(
            version, rules, {task: _parse_task(path, task, labels, own) for task, labels in content.items()}
        )

    @property
    def fingerprint(self) -> str:
        """Hash of the content, 12 hex digits. Comments and the order of the file do not change it."""
        canonical = json.dumps(asdict(self), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(canonical.encode("utf-8")).hexdigest()[:12]

    def labels(self, task: str) -> tuple[str, ...]:
        """Labels of a task in the order of the file. Raises UsageError for an unknown task."""
        return tuple(self._task(task))

    def entry(self, task: str, label: str) -> Entry:
        """Entry of a label. Raises UsageError, with a suggestion, for an unknown task or label."""
        labels = self._task(task)
        if label not in labels:
            raise UsageError(
                f"The codebook has no label {label!r} for {task}.{did_you_mean(label, labels)} "
                f"Known: {', '.join(labels)}."
            )
        return labels[label]

    def _task(self, task: str) -> Mapping[str, Entry]:
        if task not in self.tasks:
            raise UsageError(
                f"The codebook has no task {task!r}.{did_you_mean(task, self.tasks)} "
                f"Known: {', '.join(self.tasks)}."
            )
        return self.tasks[task]


def _parse_task(path: Path, task: str, labels: Any, own: bool) -> dict[str, Entry]:
    if not isinstance(labels, dict) or not labels:
        raise UsageError(
            f"{path}: {task!r} is not a table of labels. Expected a table per label, such as [{task}.some_label]."
        )
    return {label: _parse_entry(f"{path}, [{task}.{label}]", texts, own) for label, texts in labels.items()}


def _parse_entry(place: str, texts: Any, own: bool) -> Entry:
    needed = _TEXTS[:1] if own else _TEXTS
    if not isinstance(texts, dict):
        raise UsageError(f"{place}: expected a table with {', '.join(needed)}.")
    known = (*_TEXTS, "note")
    for name, text in texts.items():
        if name not in known:
            raise UsageError(f"{place}: unknown key {name!r}.{did_you_mean(name, known)}")
        if not isinstance(text, str) or not text.strip():
            raise UsageError(f"{place}: {name!r} has no text. Expected a sentence or two.")
    missing = [name for name in needed if name not in texts]
    if missing:
        raise UsageError(f"{place}: {', '.join(missing)} is missing. Every label needs {', '.join(needed)}.")
    return Entry(**{**dict.fromkeys(_TEXTS, ""), **texts})
