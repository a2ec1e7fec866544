"""Scores of an interrupted run, kept beside its output, so that the next run continues from them.

Scores are kept under a digest of the unit's ScoreRequest, not under their position: the list of inputs may change in between,
a unit with the same request keeps its score, and a changed unit is scored again.

`Journal` (local engine): a SQLite database. It survives crashes, and its lock refuses a second run on the same output.

`Kept` (Ray engine): a hidden folder beside the output with a file per chunk of units. Where nodes do not share the folder, a
chunk kept on another node is scored again.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import sys
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType

from slant.atomic_files import make_folder
from slant.errors import SlantError, UsageError
from slant.records import Score, Unit, score_from_dict
from slant.scoring.object_storage import filesystem, storage_errors
from slant.scoring.score import ScoreRequest

COMMIT_UNITS = 1_000  # at most these units are lost when the machine crashes …
COMMIT_SECONDS = 2.0  # … or, with a slow model, the units of these seconds


class AlreadyComplete(SlantError):
    """The output of a run that is to be resumed is complete: no error of the run."""

    def __init__(self, output: Path | str) -> None:
        super().__init__(
            f"-o {output}: it is complete, so there is nothing to resume. Use --overwrite in place of --resume to score "
            "everything again."
        )


def journal_path(output: Path) -> Path:
    """Return the path of the journal: hidden, since a visible file in a folder of articles would be read as one."""
    return output.with_name(f".{output.name}.unfinished")


def digest(request: ScoreRequest) -> bytes:
    """Return 16 bytes that identify the request: all that a unit's score depends on, besides model and options.

    Where the unit comes from is not part of it: a file may have been renamed, a row may have moved.
    """
    unit = replace(request.unit, source=None, source_id=None, extra={})
    known = repr(replace(request, unit=unit, names={}))
    return hashlib.blake2b(known.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def of_unit(score: Score, unit: Unit) -> Score:
    """Return a kept score with the source of the unit as it was read now."""
    now = replace(score.unit, source=unit.source, source_id=unit.source_id, extra=unit.extra)
    return replace(score, unit=now)


class Journal:
    """The finished rows of an output that is being written; a context manager that locks the output.

    taken: rows that this run took from it. added: rows that this run put into it.
    Raises UsageError if another run is writing the output, or if an earlier one left rows and `resume` is not set;
    AlreadyComplete if the output is complete and `resume` is set.
    """

    def __init__(self, output: Path, *, resume: bool = False) -> None:
        self.output, self.resume = output, resume
        self.path = journal_path(output)
        self.taken = self.added = 0
        self._since, self._begun, self._removed = 0.0, False, False
        make_folder(output)
        if resume and output.exists() and not self.path.exists():
            raise AlreadyComplete(output)
        self._db, self.found = self._open()
        if self.found and not resume:
            self._db.close()
            raise UsageError(
                f"-o {output}: an earlier run was interrupted after {self.found:,} units, which are kept in {self.path}. "
                f"Add --resume to continue, or delete that file to start over."
            )

    def _open(self) -> tuple[sqlite3.Connection, int]:
        """Open or create the database; returns it with its number of rows."""
        db = None
        try:
            # The scorer may consume requests in a thread of its own; SQLite serializes the calls.
            db = sqlite3.connect(self.path, isolation_level=None, timeout=0, check_same_thread=False)
            for name, value in (
                ("locking_mode", "EXCLUSIVE"),
                ("journal_mode", "WAL"),
                ("synchronous", "FULL"),
            ):
                db.execute(f"PRAGMA {name} = {value}")
            db.execute("CREATE TABLE IF NOT EXISTS made (name TEXT PRIMARY KEY, value TEXT)")
            db.execute(
                "CREATE TABLE IF NOT EXISTS rows (number INTEGER PRIMARY KEY, key BLOB UNIQUE, row TEXT)"
            )
            (found,) = db.execute("SELECT count(*) FROM rows").fetchone()
        except sqlite3.Error as error:
            if db:
                db.close()
            raise self._as_slant_error(error) from None
        return db, found

    def _as_slant_error(self, error: sqlite3.Error) -> SlantError:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the primary code; higher bits hold details
        if code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
            return SlantError(
                f"{self.path}, where the run keeps its finished scores, cannot be written ({error}). Is the disk or your "
                "quota full? Free disk space; scores kept before are not lost."
            )
        if code == sqlite3.SQLITE_BUSY:
            what = (
                f"another run is writing it now ({self.path} is locked). Wait for it, or give another name."
            )
        elif code in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
            what = f"{self.path}, where a run keeps its finished scores, is damaged ({error}). Delete it to start over."
        else:
            what = f"cannot be written ({self.path}: {error})."
        return UsageError(f"-o {self.output}: {what}")

    def begin(self, made: Mapping[str, str]) -> None:
        """Record what the rows of this run are made with, before the first is added.

        made: all that the rows depend on besides the inputs, name → value or fingerprint.
        Raises UsageError, with both values, if the rows found were made with something else.
        """
        with self._slant_errors():
            before: dict[str, str] = dict(self._db.execute("SELECT name, value FROM made"))
        if self.found and before != made:
            raise UsageError(
                f"-o {self.output}: --resume cannot continue, since the {self.found:,} units of the earlier run were scored "
                f"with other settings:{_differences(before, made)}\n"
                f"Use the same settings, or delete {self.path} to start over."
            )
        with self._slant_errors():
            self._db.execute("BEGIN")
            self._db.execute("DELETE FROM made")
            self._db.executemany("INSERT INTO made VALUES (?, ?)", made.items())
            self._db.execute("COMMIT")
        self._begun, self._since = True, time.monotonic()

    def find(self, key: bytes) -> str | None:
        """Return the row of an earlier run under this key, as JSON, or None."""
        if not self.found:
            return None
        with self._slant_errors():
            row = self._db.execute("SELECT row FROM rows WHERE key = ?", (key,)).fetchone()
        return row[0] if row else None

    def take(self, row: str) -> Score:
        """Return a row that `find` found as a Score, and count it."""
        self.taken += 1
        return score_from_dict(json.loads(row))

    def add(self, key: bytes, score: Score) -> None:
        """Keep a row; it is on disk after COMMIT_UNITS or COMMIT_SECONDS."""
        row = json.dumps(score.to_dict(), ensure_ascii=False)
        with self._slant_errors():
            if not self._db.in_transaction:
                self._db.execute("BEGIN")
            self._db.execute("INSERT OR IGNORE INTO rows (key, row) VALUES (?, ?)", (key, row))
            self.added += 1
            if self.added % COMMIT_UNITS == 0 or time.monotonic() - self._since > COMMIT_SECONDS:
                self._db.execute("COMMIT")
                self._since = time.monotonic()

    def remove(self) -> None:
        """Remove the journal once the output is written. It is unlinked while locked, so no other run can take it over."""
        with suppress(sqlite3.Error):
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            self._db.execute(
                "PRAGMA journal_mode = DELETE"
            )  # else closing would look for the WAL files by name
        self.path.unlink(missing_ok=True)
        self._removed = True

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._removed:
            kept = self._kept()
            if kept == 0:
                self.remove()
            elif kept and self._begun:
                with suppress(OSError):  # standard error may be closed
                    print(
                        f"slant: {kept:,} scored units are kept in {self.path}; run the same command with --resume to "
                        "continue",
                        file=sys.stderr,
                    )
        self._db.close()

    def _kept(self) -> int | None:
        """Commit and return the number of rows that the next run will find; None if SQLite fails."""
        try:
            if self._db.in_transaction:
                self._db.execute("COMMIT")
            (kept,) = self._db.execute("SELECT count(*) FROM rows").fetchone()
        except sqlite3.Error:  # a full disk: rows committed before are safe
            return None
        return int(kept)

    @contextmanager
    def _slant_errors(self) -> Iterator[None]:
        """Raise errors of SQLite as SlantError."""
        try:
            yield
        except sqlite3.Error as error:
            raise self._as_slant_error(error) from None


def _differences(before: Mapping[str, str], now: Mapping[str, str]) -> str:
    """Return a line per setting that differs, with both values."""
    names = [name for name in {**before, **now} if before.get(name) != now.get(name)]
    return "".join(f"\n  {n}: {before.get(n, 'none')} then, {now.get(n, 'none')} now" for n in names)


def kept_folder(output: str) -> str:
    """Return the folder of kept chunks: hidden, since a visible file in a folder of articles would be read as one."""
    folder, slash, name = output.rpartition("/")
    return f"{folder}{slash}.{name}.unfinished-ray"


@dataclass(frozen=True, slots=True)
class Kept:
    """Scored chunks of an output that is being written on a cluster: in a folder, or under a prefix in object storage."""

    folder: str

    @classmethod
    def begin(cls, output: str, made: Mapping[str, str], *, resume: bool) -> Kept:
        """Open or create the folder for `output`.

        made: all that the rows depend on besides the inputs, name → value or fingerprint.
        Raises UsageError if an earlier run left chunks and `resume` is not set, or if they were made with something else;
        AlreadyComplete if the output is complete and `resume` is set; SlantError if the folder cannot be read or written.
        """
        kept = cls(kept_folder(output))
        with storage_errors(kept.folder):
            kept._begin(output, made, resume=resume)
        return kept

    def _begin(self, output: str, made: Mapping[str, str], *, resume: bool) -> None:
        system, folder = filesystem(self.folder)
        stated = f"{folder}/made.json"
        found = system.exists(stated)
        if resume and not found and system.exists(filesystem(output)[1]):
            raise AlreadyComplete(output)
        if found and not resume:
            raise UsageError(
                f"-o {output}: an earlier run with --engine ray was interrupted; its scores are kept in {self.folder}. "
                "Add --resume to continue, or delete that folder to start over."
            )
        if found and (before := json.loads(system.cat_file(stated))) != made:
            raise UsageError(
                f"-o {output}: --resume cannot continue, since the earlier run had other settings:"
                f"{_differences(before, made)}\nUse the same settings, or delete {self.folder} to start over."
            )
        system.makedirs(folder, exist_ok=True)
        system.pipe_file(stated, json.dumps(dict(made)).encode())

    def get_or_score(
        self, requests: Sequence[ScoreRequest], score: Callable[[], Iterable[Score]]
    ) -> list[Score]:
        """Return the rows kept for these requests, or those of `score`, which are then kept."""
        key = hashlib.blake2b(b"".join(map(digest, requests)), digest_size=16).hexdigest()
        system, folder = filesystem(self.folder)
        path, part = f"{folder}/{key}.jsonl", f"{folder}/{key}.{uuid.uuid4().hex}.part"
        with storage_errors(self.folder):
            if system.exists(path):
                found = map(score_from_dict, map(json.loads, system.cat_file(path).splitlines()))
                return [of_unit(row, request.unit) for row, request in zip(found, requests, strict=True)]
        rows = list(score())
        with storage_errors(self.folder):
            system.makedirs(folder, exist_ok=True)  # this node may not share the folder
            system.pipe_file(part, "".join(json.dumps(row.to_dict()) + "\n" for row in rows).encode())
            system.mv(part, path)  # under its final name a chunk is always complete
        return rows

    def chunks(self) -> int:
        """Return the number of chunks that the next run would find."""
        system, folder = filesystem(self.folder)
        with storage_errors(self.folder):
            return sum(name.endswith(".jsonl") for name in system.ls(folder, detail=False))

    def remove(self) -> None:
        """Remove the folder once the output is written."""
        system, folder = filesystem(self.folder)
        with storage_errors(self.folder):
            system.rm(folder, recursive=True)
