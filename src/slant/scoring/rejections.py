"""Inputs that were not scored: kept while a run reads, listed in a file beside its output."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from tempfile import SpooledTemporaryFile

from slant.atomic_files import atomic_path
from slant.errors import Rejected, SlantError
from slant.scoring.object_storage import is_storage, replace_object

SHOWN = 3  # rejected inputs shown in the message at the end
_IN_MEMORY = 1 << 20  # bytes; a run may reject millions of inputs, the rest is kept on disk


def rejected_path(output: str) -> str:
    """Return the path of the list of rejected inputs for a run that writes `output`."""
    return "slant.rejected.jsonl" if output == "-" else f"{output}.rejected.jsonl"


def duplicate(path: str, first: str) -> Rejected:
    """Return the rejection of the document at `path`, which is the same as the one at `first`."""
    return Rejected(path, "duplicate", f"Duplicate of {first} (same text, outlet, date and URL); skipped.")


class Rejections:
    """Collects rejected inputs one by one and writes the whole list at the end.

    first: the first SHOWN of them.
    """

    def __init__(self) -> None:
        self.first: list[Rejected] = []
        self._count = 0
        self._lines = SpooledTemporaryFile(max_size=_IN_MEMORY, mode="w+b")  # noqa: SIM115

    def __len__(self) -> int:
        return self._count

    def append(self, rejected: Rejected) -> None:
        self._count += 1
        if len(self.first) < SHOWN:
            self.first.append(rejected)
        line = json.dumps(rejected.to_dict()) + "\n"  # ASCII: a path may hold bytes that are not UTF-8
        try:
            self._lines.write(line.encode("ascii"))
        except OSError as error:
            raise SlantError(
                f"the temporary list of rejected inputs cannot be written ({error.strerror}). Free disk space, or set "
                "TMPDIR to a folder with room."
            ) from None

    def write(self, output: str) -> Path | str | None:
        """Write the list beside `output` and return its path.

        If nothing was rejected, remove the list of an earlier run and return None.
        """
        if is_storage(output):
            return replace_object(rejected_path(output), self._lines if self._count else None)
        listed = Path(rejected_path(output))
        if not self._count:
            listed.unlink(missing_ok=True)
            return None
        self._lines.seek(0)
        with atomic_path(listed) as part, part.open("wb") as file:
            shutil.copyfileobj(self._lines, file)
        return listed
