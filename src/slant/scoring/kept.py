"""What an unfinished run on a cluster has scored so far: a file for each chunk of units, from which the next run goes on.

A chunk is kept under a digest of all that its units were asked, so it is found again whatever became of the input list. The
folder lies beside the output, hidden. Where nodes do not share it, a chunk kept on another node is scored anew, no more.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from slant.errors import UsageError
from slant.records import Score, score_from_dict
from slant.scoring.journal import digest
from slant.scoring.score import Question
from slant.scoring.storage import filesystem, refusals


def kept_folder(output: str) -> str:
    """Hidden, as what lies in a folder of articles is read as one."""
    folder, slash, name = output.rpartition("/")
    return f"{folder}{slash}.{name}.unfinished-ray"


@dataclass(frozen=True, slots=True)
class Kept:
    """The folder, or the prefix in object storage, of one output that is being made on a cluster."""

    folder: str

    @classmethod
    def begin(cls, output: str, made: Mapping[str, str], *, resume: bool) -> Kept:
        """made: all that the rows depend on besides the inputs, name → value or fingerprint.

        Raises UsageError if an earlier run left chunks and `resume` is not set, or they were made with something else; if
        the output is complete and `resume` is set. SlantError if the folder cannot be read or written.
        """
        kept = cls(kept_folder(output))
        with refusals(kept.folder):
            kept._begin(output, made, resume=resume)
        return kept

    def _begin(self, output: str, made: Mapping[str, str], *, resume: bool) -> None:
        system, folder = filesystem(self.folder)
        stated = f"{folder}/made.json"
        found = system.exists(stated)
        if resume and not found and system.exists(filesystem(output)[1]):
            raise UsageError(
                f"-o {output}: it is complete, no run of it was stopped, so there is nothing to resume. Leave --resume out "
                "to score everything anew in its place, or give another name."
            )
        if found and not resume:
            raise UsageError(
                f"-o {output}: an earlier run with --engine ray was stopped; what it scored is kept in {self.folder}. "
                "Add --resume to go on from there, or delete that folder to start over."
            )
        if found and (before := json.loads(system.cat_file(stated))) != made:
            names = [name for name in {**before, **made} if before.get(name) != made.get(name)]
            differing = "".join(
                f"\n  {n}: {before.get(n, 'none')} then, {made.get(n, 'none')} now" for n in names
            )
            raise UsageError(
                f"-o {output}: --resume cannot go on, since the earlier run scored with something else:{differing}\n"
                f"Give what it was given, or delete {self.folder} to start over."
            )
        system.makedirs(folder, exist_ok=True)
        system.pipe_file(stated, json.dumps(dict(made)).encode())

    def or_made(self, asked: Sequence[Question], made: Callable[[], Iterable[Score]]) -> list[Score]:
        """The rows kept for these questions, else those of `made`, which are then kept."""
        key = hashlib.blake2b(b"".join(map(digest, asked)), digest_size=16).hexdigest()
        system, folder = filesystem(self.folder)
        path, part = f"{folder}/{key}.jsonl", f"{folder}/{key}.{uuid.uuid4().hex}.part"
        with refusals(self.folder):
            if system.exists(path):
                return [score_from_dict(json.loads(line)) for line in system.cat_file(path).splitlines()]
        rows = list(made())
        with refusals(self.folder):
            system.makedirs(folder, exist_ok=True)  # on a node that does not share it
            system.pipe_file(part, "".join(json.dumps(row.to_dict()) + "\n" for row in rows).encode())
            system.mv(part, path)  # never half a chunk under its name
        return rows

    def chunks(self) -> int:
        """How many the next run would find."""
        system, folder = filesystem(self.folder)
        with refusals(self.folder):
            return sum(name.endswith(".jsonl") for name in system.ls(folder, detail=False))

    def remove(self) -> None:
        """For when the output is there."""
        system, folder = filesystem(self.folder)
        with refusals(self.folder):
            system.rm(folder, recursive=True)
