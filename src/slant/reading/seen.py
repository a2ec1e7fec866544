"""Which documents of a run were met before, in memory that does not grow with them."""

from __future__ import annotations

import sqlite3

from slant.errors import SlantError


class Seen:
    """Document id → where it was first met, in a database that SQLite keeps in a temporary file of its own.

    Of a million documents about 2 MB are in memory and 100 MB on disk.
    """

    def __init__(self) -> None:
        self._db = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode = OFF")
        self._db.execute("CREATE TABLE seen (id TEXT PRIMARY KEY, path TEXT) WITHOUT ROWID")
        self._db.execute("BEGIN")

    def first(self, document: str, path: str) -> str | None:
        """Where the document was met before, or None at its first time. Raises SlantError where no temporary file can be."""
        path = path.encode("utf-8", "replace").decode()
        try:
            if self._db.execute("INSERT OR IGNORE INTO seen VALUES (?, ?)", (document, path)).rowcount:
                return None
            (where,) = self._db.execute("SELECT path FROM seen WHERE id = ?", (document,)).fetchone()
        except sqlite3.Error as error:
            raise SlantError(
                f"the list of documents met before, a temporary file, cannot be written ({error}). Make room, or set "
                "TMPDIR to a folder with room."
            ) from None
        return str(where)
