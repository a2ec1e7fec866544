"""Inputs that were not scored, and notes on those that were: kept while a run reads, listed in files beside its output."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import ClassVar

from slant.atomic_files import atomic_path
from slant.errors import Rejected, SlantError
from slant.records import Note
from slant.scoring.object_storage import is_storage, replace_object

SHOWN = 3  # rejected inputs and notes shown in the message at the end
_IN_MEMORY = 1 << 20  # bytes; a run may reject millions of inputs, the rest is kept on disk


def rejected_path(output: str) -> str:
    """Return the path of the list of rejected inputs for a run that writes `output`."""
    return Rejections.path(output)


def notes_path(output: str) -> str:
    """Return the path of the list of notes for a run that writes `output`."""
    return Notes.path(output)


def duplicate(path: str, first: str) -> Rejected:
    """Return the rejection of the document at `path`, which is the same as the one at `first`."""
    return Rejected(path, "duplicate", f"Duplicate of {first} (same text, outlet, date and URL); skipped.")


class _Listed:
    """Collects rows of path, reason and detail one by one, and writes the whole list at the end."""

    NAME: ClassVar[str]  # part of the list's file name

    def __init__(self) -> None:
        self._count = 0
        self._lines = SpooledTemporaryFile(max_size=_IN_MEMORY, mode="w+b")  # noqa: SIM115

    def __len__(self) -> int:
        return self._count

    @classmethod
    def path(cls, output: str) -> str:
        return f"slant.{cls.NAME}.jsonl" if output == "-" else f"{output}.{cls.NAME}.jsonl"

    def _add(self, row: dict[str, str]) -> None:
        self._count += 1
        line = json.dumps(row) + "\n"  # ASCII: a path may hold bytes that are not UTF-8
        try:
            self._lines.write(line.encode("ascii"))
        except OSError as error:
            raise SlantError(
                f"the temporary list of {self.NAME} inputs cannot be written ({error.strerror}). Free disk space, or set "
                "TMPDIR to a folder with room."
            ) from None

    def write(self, output: str) -> Path | str | None:
        """Write the list beside `output` and return its path.

        If the list is empty, remove that of an earlier run and return None.
        """
        if is_storage(output):
            return replace_object(self.path(output), self._lines if self._count else None)
        listed = Path(self.path(output))
        if not self._count:
            listed.unlink(missing_ok=True)
            return None
        self._lines.seek(0)
        with atomic_path(listed) as part, part.open("wb") as file:
            shutil.copyfileobj(self._lines, file)
        return listed


class Rejections(_Listed):
    """The inputs that were not read. first: the first SHOWN of them."""

    NAME = "rejected"

    def __init__(self) -> None:
        super().__init__()
        self.first: list[Rejected] = []

    def append(self, rejected: Rejected) -> None:
        if len(self.first) < SHOWN:
            self.first.append(rejected)
        self._add(rejected.to_dict())


class Notes(_Listed):
    """Notes on inputs that were read. reasons: how many notes per reason. first: the first SHOWN, each as a line."""

    NAME = "notes"

    def __init__(self) -> None:
        super().__init__()
        self.first: list[str] = []
        self.reasons: dict[str, int] = {}

    def add(self, path: str, note: Note) -> None:
        """Add a note on the document at `path`."""
        if len(self.first) < SHOWN:
            self.first.append(f"{path}: {note.reason}: {note.detail}")
        self.reasons[note.reason] = self.reasons.get(note.reason, 0) + 1
        self._add({"path": path, "reason": note.reason, "detail": note.detail})
