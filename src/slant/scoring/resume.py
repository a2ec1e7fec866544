"""What an unfinished run has scored so far, beside its output, so that the next one takes it over.

A row is kept under a digest of all that its unit was asked, not under its place: whatever became of the input list, a unit
that is asked the same has the same row, and one of which anything changed is scored anew. SQLite keeps the rows, since it
is the most tried way of losing none of them to a crash, and its lock keeps a second run away.

What an unfinished run on a cluster has scored so far: a file for each chunk of units, from which the next run goes on.

A chunk is kept under a digest of all that its units were asked, so it is found again whatever became of the input list. The
folder lies beside the output, hidden. Where nodes do not share it, a chunk kept on another node is scored anew, no more.
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
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from slant.atomic_files import make_folder
from slant.errors import SlantError, UsageError
from slant.records import Score, score_from_dict
from slant.scoring.object_storage import filesystem, refusals
from slant.scoring.score import ScoreRequest

COMMIT_UNITS = 1_000  # what is lost at most when the machine goes down …
COMMIT_SECONDS = 2.0  # … and what is lost of a slow model


def journal_path(output: Path) -> Path:
    """Hidden, as what lies in a folder of articles is read as one."""
    return output.with_name(f".{output.name}.unfinished")


def digest(question: ScoreRequest) -> bytes:
    """16 bytes of all that a unit's row depends on, besides what made it."""
    return hashlib.blake2b(repr(question).encode("utf-8", "surrogatepass"), digest_size=16).digest()


class Journal:
    """The rows of one output that is being made; a context, in which the lock on the output is held.

    taken: rows taken over from it by this run. added: rows put into it by this run.
    Raises UsageError if another run is at work on this output, if an earlier one left rows and `resume` is not set,
    or if the output is complete and it is.
    """

    def __init__(self, output: Path, *, resume: bool = False) -> None:
        self.output, self.resume = output, resume
        self.path = journal_path(output)
        self.taken = self.added = 0
        self._since, self._begun, self._removed = 0.0, False, False
        make_folder(output)
        if resume and output.exists() and not self.path.exists():
            raise UsageError(
                f"-o {output}: it is complete, no run of it was stopped, so there is nothing to resume. Leave --resume "
                "out to score everything anew in its place, or give another name."
            )
        self._db, self.found = self._opened()
        if self.found and not resume:
            self._db.close()
            raise UsageError(
                f"-o {output}: an earlier run was stopped after {self.found:,} units, which are kept in {self.path}. "
                f"Add --resume to go on from there, or delete that file to start over."
            )

    def _opened(self) -> tuple[sqlite3.Connection, int]:
        """The database, and how many rows are in it."""
        db = None
        try:
            # What scores may ask for units from a thread of its own; SQLite sees to it that one call is made at a time.
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
            raise self._failed(error) from None
        return db, found

    def _failed(self, error: sqlite3.Error) -> SlantError:
        """What SQLite could not do, and why."""
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # what is above is detail
        if code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
            return SlantError(
                f"{self.path}, where the run keeps what it has scored, cannot be written ({error}). Is the disk full, or "
                "over its quota? Free disk space; nothing that was kept before is lost."
            )
        if code == sqlite3.SQLITE_BUSY:
            what = (
                f"another run is writing it now ({self.path} is locked). Wait for it, or give another name."
            )
        elif code in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
            what = f"{self.path}, where a run keeps what it has scored, is damaged ({error}). Delete it to start over."
        else:
            what = f"cannot be written ({self.path}: {error})."
        return UsageError(f"-o {self.output}: {what}")

    def begin(self, made: Mapping[str, str]) -> None:
        """made: all that the rows depend on besides the inputs, name → value or fingerprint.

        Raises UsageError, with both values, if the rows found were made with something else.
        """
        with self._saying():
            before: dict[str, str] = dict(self._db.execute("SELECT name, value FROM made"))
        if self.found and before != made:
            names = [name for name in {**before, **made} if before.get(name) != made.get(name)]
            differing = "".join(
                f"\n  {n}: {before.get(n, 'none')} then, {made.get(n, 'none')} now" for n in names
            )
            raise UsageError(
                f"-o {self.output}: --resume cannot go on, since the {self.found:,} units of the earlier run were scored "
                f"with something else:{differing}\nGive what it was given, or delete {self.path} to start over."
            )
        with self._saying():
            self._db.execute("BEGIN")
            self._db.execute("DELETE FROM made")
            self._db.executemany("INSERT INTO made VALUES (?, ?)", made.items())
            self._db.execute("COMMIT")
        self._begun, self._since = True, time.monotonic()

    def find(self, key: bytes) -> str | None:
        """The row of an earlier run under this key, as JSON."""
        if not self.found:
            return None
        with self._saying():
            row = self._db.execute("SELECT row FROM rows WHERE key = ?", (key,)).fetchone()
        return row[0] if row else None

    def take(self, row: str) -> Score:
        self.taken += 1
        return score_from_dict(json.loads(row))

    def add(self, key: bytes, score: Score) -> None:
        """Keeps a row; on the disk after COMMIT_UNITS or COMMIT_SECONDS."""
        row = json.dumps(score.to_dict(), ensure_ascii=False)
        with self._saying():
            if not self._db.in_transaction:
                self._db.execute("BEGIN")
            self._db.execute("INSERT OR IGNORE INTO rows (key, row) VALUES (?, ?)", (key, row))
            self.added += 1
            if self.added % COMMIT_UNITS == 0 or time.monotonic() - self._since > COMMIT_SECONDS:
                self._db.execute("COMMIT")
                self._since = time.monotonic()

    def remove(self) -> None:
        """For when the output is there. Unlinked while it is still locked, so that no other run can step in between."""
        with suppress(sqlite3.Error):
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            self._db.execute("PRAGMA journal_mode = DELETE")  # or closing would look for files by their names
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
                with suppress(OSError):  # standard error may be what went away
                    said = f"{kept:,} units are scored and kept in {self.path}"
                    print(
                        f"slant: {said}; the same command with --resume goes on from there", file=sys.stderr
                    )
        self._db.close()

    def _kept(self) -> int | None:
        """How many rows the next run will find; None where SQLite cannot say."""
        try:
            if self._db.in_transaction:
                self._db.execute("COMMIT")
            (kept,) = self._db.execute("SELECT count(*) FROM rows").fetchone()
        except sqlite3.Error:  # a full disk: what was committed before stands
            return None
        return int(kept)

    @contextmanager
    def _saying(self) -> Iterator[None]:
        """What goes wrong inside, as an error of ours."""
        try:
            yield
        except sqlite3.Error as error:
            raise self._failed(error) from None


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

    def or_made(self, asked: Sequence[ScoreRequest], made: Callable[[], Iterable[Score]]) -> list[Score]:
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
