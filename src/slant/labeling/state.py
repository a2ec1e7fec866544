"""The state of a labeling project: one SQLite file with the units, the codebook and every answer ever given.

Every answer is on disk before the page hears that it is saved, so a killed server loses nothing. Answers are added, never
changed: the last one of a coder about a unit counts, and `undo` marks it as undone.
"""

from __future__ import annotations

import random
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from slant.errors import SlantError, UsageError
from slant.labeling.questions import (
    ADJUDICATED,
    DONE,
    DRAFT,
    SKIPPED,
    Answer,
    Coded,
    Item,
    WrongAnswer,
    check_coder,
    missing,
    parse_answer,
)
from slant.labels.codebook import Codebook

VERSION = 1  # of the tables
_APPLICATION = 0x534C4142  # "SLAB": marks the file as ours
_TABLES = """
CREATE TABLE project (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE items (
    place INTEGER PRIMARY KEY, unit_id TEXT NOT NULL UNIQUE, item TEXT NOT NULL, readers INTEGER NOT NULL);
CREATE TABLE answers (
    number INTEGER PRIMARY KEY AUTOINCREMENT, unit_id TEXT NOT NULL REFERENCES items (unit_id), coder TEXT NOT NULL,
    status TEXT NOT NULL, answer TEXT NOT NULL, at TEXT NOT NULL, undone INTEGER NOT NULL DEFAULT 0);
CREATE INDEX answers_of ON answers (unit_id, coder, number);
CREATE INDEX answers_by ON answers (coder, number);
CREATE VIEW current AS
    SELECT a.* FROM answers a
    WHERE a.number = (SELECT max(b.number) FROM answers b
                      WHERE b.unit_id = a.unit_id AND b.coder = a.coder AND NOT b.undone);
"""


@dataclass(frozen=True, slots=True)
class Progress:
    """Of one coder, in units. done, skipped: by the coder. open: left to be labeled by the coder.

    total: units of the project. readings: answers that are done, by all coders; wanted: how many there should be.
    """

    coder: str
    done: int
    skipped: int
    open: int
    total: int
    readings: int
    wanted: int


class State:
    """The open file. Methods may be called from several threads."""

    def __init__(self, db: sqlite3.Connection, path: Path) -> None:
        self._db, self.path = db, path
        self._lock = threading.RLock()
        facts = dict(db.execute("SELECT name, value FROM project"))
        self.codebook = msgspec.json.decode(facts["codebook"], type=Codebook)
        self.fingerprint = facts["fingerprint"]  # of the codebook that the scores have

    @classmethod
    def create(
        cls,
        path: Path,
        items: Sequence[Item],
        *,
        codebook: Codebook,
        fingerprint: str = "",
        second_share: float = 0.0,
    ) -> State:
        """Make a new file at `path`, which must not exist, and open it.

        fingerprint: of the codebook that goes into gold files, by default that of `codebook`.
        second_share: share of units in [0, 1], drawn at random, that two coders label.
        Raises SlantError if the file cannot be written.
        """
        db = _connect(path)
        try:
            second = set(random.Random(1).sample(range(len(items)), round(second_share * len(items))))
            facts = {
                "codebook": msgspec.json.encode(codebook).decode(),
                "fingerprint": fingerprint or codebook.fingerprint,
                "second_share": str(second_share),
            }
            rows = [
                (place, item.unit_id, msgspec.json.encode(item).decode(), 1 + (place in second))
                for place, item in enumerate(items)
            ]
            db.execute("BEGIN IMMEDIATE")
            for statement in filter(str.strip, _TABLES.split(";")):
                db.execute(statement)
            db.executemany("INSERT INTO project VALUES (?, ?)", facts.items())
            db.executemany("INSERT INTO items VALUES (?, ?, ?, ?)", rows)
            db.execute(f"PRAGMA application_id = {_APPLICATION}")
            db.execute(f"PRAGMA user_version = {VERSION}")
            db.execute("COMMIT")
        except sqlite3.Error as error:
            db.close()
            raise _slant_error(path, error) from error
        return cls(db, path)

    @classmethod
    def open(cls, path: Path) -> State:
        """Open an existing file. Raises UsageError if it is none, or was made by a newer version of slant."""
        if not path.is_file():
            raise UsageError(f"{path}: no such file. Make one with: slant label SAMPLE.csv")
        db = _connect(path)
        try:
            ((application,),) = db.execute("PRAGMA application_id").fetchall()
            ((version,),) = db.execute("PRAGMA user_version").fetchall()
            if application != _APPLICATION:
                raise UsageError(f"{path} is no file of slant label. Give another name with --state.")
            if version > VERSION:
                raise UsageError(
                    f"{path} was made by a newer slant (tables {version}, here {VERSION}). Install that version."
                )
            return cls(db, path)
        except sqlite3.Error as error:
            db.close()
            raise _slant_error(path, error) from error
        except UsageError:
            db.close()
            raise

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def __enter__(self) -> State:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # ---- units

    def __len__(self) -> int:
        return int(self._rows("SELECT count(*) FROM items")[0][0])

    def items(self) -> Iterator[Item]:
        """Yield the units in the order in which they are labeled."""
        for (item,) in self._rows("SELECT item FROM items ORDER BY place"):
            yield msgspec.json.decode(item, type=Item)

    def item(self, unit_id: str) -> Item:
        """Return a unit. Raises WrongAnswer if there is no such unit."""
        rows = self._rows("SELECT item FROM items WHERE unit_id = ?", unit_id)
        if not rows:
            raise WrongAnswer(f"no unit {unit_id!r} in this project")
        return msgspec.json.decode(rows[0][0], type=Item)

    def place(self, unit_id: str) -> int:
        """Return the number of a unit in the order of labeling, from 0."""
        return int(self._rows("SELECT place FROM items WHERE unit_id = ?", unit_id)[0][0])

    def check_texts(self, given: Mapping[str, str]) -> None:
        """Raise UsageError unless all units of the project are among those given (unit id → text), with the same text."""
        own = {item.unit_id: item.text for item in self.items()}
        if other := sum(given.get(unit_id) != text for unit_id, text in own.items()):
            raise UsageError(
                f"{self.path} is the project of another file: {other:,} of its {len(own):,} units are not in this one, or "
                "have another text. Give the file that it was made from, or another --state to begin anew."
            )

    # ---- answers

    def save(self, unit_id: str, coder: str, given: Any, *, finish: bool = False, skip: bool = False) -> str:
        """Write an answer and return its status.

        given: an Answer or its JSON. finish: the coder is done with the unit. skip: the coder has no answer.
        Raises WrongAnswer if the answer does not fit, or is to be finished with questions left.
        """
        item = self.item(unit_id)
        answer = parse_answer(given, item, self.codebook)
        left = missing(answer, item)
        if finish and left and not skip:
            raise WrongAnswer(
                f"{len(left)} {'question has' if len(left) == 1 else 'questions have'} no answer yet"
            )
        status = SKIPPED if skip else DONE if finish else DRAFT
        self.add([Coded(unit_id, coder, status, answer)])
        return status

    def add(self, coded: Sequence[Coded]) -> None:
        """Write checked answers, all or none. An answer that is there already is not written again."""
        at = datetime.now(UTC).isoformat(timespec="seconds")
        with self._writing() as db:
            for one in coded:
                text = msgspec.json.encode(one.answer).decode()
                values = (one.unit_id, check_coder(one.coder), one.status, text)
                query = "SELECT status, answer FROM current WHERE unit_id = ? AND coder = ?"
                if db.execute(query, values[:2]).fetchone() != values[2:]:
                    db.execute(
                        "INSERT INTO answers (unit_id, coder, status, answer, at) VALUES (?, ?, ?, ?, ?)",
                        (*values, at),
                    )

    def undo(self, coder: str) -> str | None:
        """Take back the last answer of a coder. Returns the id of its unit, or None if nothing is left."""
        with self._writing() as db:
            query = "SELECT number, unit_id FROM answers WHERE coder = ? AND NOT undone ORDER BY number DESC LIMIT 1"
            if (row := db.execute(query, (coder,)).fetchone()) is None:
                return None
            db.execute("UPDATE answers SET undone = 1 WHERE number = ?", (row[0],))
        return str(row[1])

    def coded(self, *, unit_id: str | None = None, coder: str | None = None) -> list[Coded]:
        """Return the answers that count, of all units or one, by all coders or one, in the order of units and coders."""
        rows = self._rows(
            "SELECT c.unit_id, c.coder, c.status, c.answer FROM current c JOIN items i USING (unit_id) "
            "WHERE (?1 IS NULL OR c.unit_id = ?1) AND (?2 IS NULL OR c.coder = ?2) ORDER BY i.place, c.coder",
            unit_id,
            coder,
        )
        return [Coded(u, c, status, msgspec.json.decode(a, type=Answer)) for u, c, status, a in rows]

    def history(self, unit_id: str) -> list[tuple[str, str, str, bool]]:
        """Return (coder, status, time in UTC, undone) of every answer ever given about a unit, oldest first."""
        query = "SELECT coder, status, at, undone FROM answers WHERE unit_id = ? ORDER BY number"
        return [(c, status, at, bool(undone)) for c, status, at, undone in self._rows(query, unit_id)]

    def coders(self) -> list[str]:
        """Return the coders who answered, without the adjudicator, in the order of their names."""
        query = "SELECT DISTINCT coder FROM current WHERE coder != ? ORDER BY 1"
        return [name for (name,) in self._rows(query, ADJUDICATED)]

    # ---- who labels what

    def next_unit(self, coder: str) -> str | None:
        """Return the first unit that the coder should label, or None.

        A unit is open for a coder who has not finished or skipped it while fewer other coders than it needs have finished it.
        """
        rows = self._rows(f"SELECT unit_id FROM ({_OPEN}) ORDER BY place LIMIT 1", coder, ADJUDICATED)
        return str(rows[0][0]) if rows else None

    def progress(self, coder: str) -> Progress:
        counts = dict(self._rows("SELECT status, count(*) FROM current WHERE coder = ? GROUP BY 1", coder))
        ((left,),) = self._rows(f"SELECT count(*) FROM ({_OPEN})", coder, ADJUDICATED)
        ((total, wanted),) = self._rows("SELECT count(*), sum(readers) FROM items")
        ((readings,),) = self._rows(
            "SELECT count(*) FROM current WHERE status = 'done' AND coder != ?", ADJUDICATED
        )
        return Progress(
            coder, counts.get(DONE, 0), counts.get(SKIPPED, 0), left, total, readings, wanted or 0
        )

    # ---- the database

    def _rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        with self._lock:
            try:
                return self._db.execute(query, values).fetchall()
            except sqlite3.Error as error:
                raise _slant_error(self.path, error) from error

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                self._db.execute("BEGIN IMMEDIATE")
                try:
                    yield self._db
                except BaseException:
                    self._db.execute("ROLLBACK")
                    raise
                self._db.execute("COMMIT")
            except sqlite3.Error as error:
                raise _slant_error(self.path, error) from error


_OPEN = """
    SELECT i.place, i.unit_id FROM items i
    WHERE NOT EXISTS (SELECT 1 FROM current c WHERE c.unit_id = i.unit_id AND c.coder = ?1 AND c.status != 'draft')
    AND i.readers > (SELECT count(*) FROM current c
                     WHERE c.unit_id = i.unit_id AND c.coder NOT IN (?1, ?2) AND c.status = 'done')"""


def _connect(path: Path) -> sqlite3.Connection:
    try:
        db = sqlite3.connect(path, isolation_level=None, timeout=10, check_same_thread=False)
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")  # an answer is on disk when it counts as saved
        db.execute("PRAGMA foreign_keys = ON")
    except sqlite3.Error as error:
        raise _slant_error(path, error) from error
    return db


def _slant_error(path: Path, error: sqlite3.Error) -> SlantError:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the primary code; higher bits hold details
    if code in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
        return UsageError(f"{path} is no file of slant label, or it is damaged ({error}).")
    if code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
        return SlantError(
            f"{path}: the answer was not saved ({error}). Free disk space; what was saved before is safe."
        )
    return SlantError(
        f"{path} cannot be used ({error}). It must be on a local disk, in a folder that you may write to."
    )
