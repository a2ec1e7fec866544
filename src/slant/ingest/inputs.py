"""Which documents of a run were met before, in memory that does not grow with them.

From PATHS (files, folders, globs, standard input) to Articles, one at a time, whatever is in them.
"""

from __future__ import annotations

import glob
import os
import re
import sqlite3
import stat
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, BinaryIO

from slant.errors import Rejected, SlantError, did_you_mean
from slant.ingest.archives import with_head
from slant.ingest.article_rows import USUAL, Columns
from slant.ingest.decoding import DEFAULT_LIMITS, Limits
from slant.ingest.documents import Found, Settings, documents
from slant.ingest.file_kinds import HEAD

if TYPE_CHECKING:
    from slant.ingest.fetch import Manners


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
                f"the list of documents met before, a temporary file, cannot be written ({error}). Free disk space, or set "
                "TMPDIR to a folder with room."
            ) from None
        return str(where)


_DEEPEST = 100  # folders in folders; more is a mistake, and would end in a RecursionError


def read_articles(
    paths: Sequence[str],
    *,
    outlet: str | None = None,
    stdin: BinaryIO | None = None,
    limits: Limits = DEFAULT_LIMITS,
    columns: Columns = USUAL,
    urls: Manners | None = None,
) -> Found:
    """Every document of `paths`, in order, as an Article, or as the Rejected that says why it is none.

    paths: files, folders (recursive, by name, hidden ones left out), globs, or "-" for standard input.
    outlet: set for every article, in place of what the documents state.
    stdin: what "-" reads; the process's own by default.
    limits: how much of one document is held in memory; nothing else grows with the input (but a zip's directory).
    columns: which columns of tables hold what, see `columns.mapping`.
    urls: how to behave on the net, where `paths` are web addresses or lists of them; None fetches nothing.
    Never raises for a document's sake; the order is the same on every run and machine.
    """
    settings = Settings(outlet, limits, columns)
    read: Callable[[BinaryIO, str], Found] = partial(_document, settings)
    visit: Callable[[str], Found] = _not_asked_to
    if urls is not None:
        from slant.ingest.fetch import Fetcher, Visitor

        visitor = Visitor(Fetcher(urls, limits=limits), settings)
        read, visit = visitor.from_list, visitor.visit
    for path in find_files(paths):
        if isinstance(path, Rejected):
            yield path
        elif _is_address(path):
            yield from _guarded(path, partial(visit, path))
        elif path == "-":
            yield from _guarded(path, partial(read, stdin or sys.stdin.buffer, path))
        else:
            # A name that is no Unicode is shown with marks in place of its bytes, as no file could hold it.
            shown = os.fsencode(path).decode("utf-8", "replace")
            yield from _guarded(shown, partial(_from_file, path, shown, read))


def _is_address(path: str) -> bool:
    return path.startswith(("http://", "https://")) and not os.path.lexists(path)


def _not_asked_to(address: str) -> Found:
    raise Rejected(address, "missing", "this is a web address. Add --urls to fetch it.")


def find_files(paths: Sequence[str]) -> Iterator[str | Rejected]:
    """The files of `paths`, each once, even when a folder and a file in it are both named."""
    seen: set[str] = set()
    for path in paths:
        for found in _expand(path):
            if isinstance(found, str) and len(paths) > 1:
                key = found if found == "-" or _is_address(found) else os.path.abspath(found)
                if key in seen:
                    continue
                seen.add(key)
            yield found


def _expand(path: str) -> Iterator[str | Rejected]:
    if path == "-" or os.path.isfile(path) or _is_address(path):
        yield path
    elif os.path.isdir(path):
        yield from _folder(path)
    elif os.path.lexists(path):
        yield path  # broken link, pipe, device: named when it is opened
    elif glob.has_magic(path):
        matches = sorted(glob.glob(path, recursive=True))
        for match in matches:
            # With ** the files of a folder match by themselves.
            if "**" not in path and os.path.isdir(match):
                yield from _folder(match)
            elif "**" in path and _leads_out(match, os.path.dirname(re.split(r"[*?[]", path, maxsplit=1)[0])):
                yield _outside(match)
            elif not os.path.isdir(match):
                yield match
        if not matches:
            yield Rejected(
                path, "missing", "no file matches this pattern. Is it quoted, and is the folder right?"
            )
    else:
        yield Rejected(path, "missing", f"there is no such file or folder.{_neighbour(path)}")


def _neighbour(path: str) -> str:
    parent = os.path.dirname(path) or "."
    try:
        return did_you_mean(os.path.basename(path), os.listdir(parent))
    except OSError:
        return f" The folder {parent} is missing too."


def _folder(root: str) -> Iterator[str | Rejected]:
    count = 0
    for found in _walk(root, frozenset(), root):
        count += 1
        yield found
    if not count:
        expected = "text, Markdown, HTML, JSON lines, CSV, Parquet, WARC, feeds, archives (hidden files are left out)"
        yield Rejected(root, "empty_folder", f"there are no files in this folder. Expected {expected}.")


def _walk(folder: str, above: frozenset[tuple[int, int]], root: str) -> Iterator[str | Rejected]:
    """Files below `folder`, sorted by name, links within `root` followed; `above` are the folders that hold it."""
    try:
        state = os.stat(folder)
        names = sorted(os.listdir(folder))
    except OSError as error:
        yield _unreadable(folder, error)
        return
    here = (state.st_dev, state.st_ino)
    if len(above) > _DEEPEST:
        yield Rejected(
            folder, "too_deep", f"it lies over {_DEEPEST} folders deep; what is in it was not read."
        )
        return
    if here in above:
        yield Rejected(
            folder, "link_loop", "this link leads back to a folder that holds it; it was not followed."
        )
        return
    for name in names:
        path = os.path.join(folder, name)
        if name.startswith("."):
            continue
        if os.path.islink(path) and _leads_out(path, root):
            yield _outside(path)
        elif os.path.isdir(path):
            yield from _walk(path, above | {here}, root)
        else:
            yield path


def _leads_out(path: str, root: str) -> bool:
    inside = os.path.join(os.path.realpath(root or "."), "")
    return not os.path.join(os.path.realpath(path), "").startswith(inside)


def _outside(path: str) -> Rejected:
    """A folder of articles that someone sent must not make slant read what else is on the machine."""
    detail = (
        "this link leads out of the folder that was named, so it was not followed. Name its target itself."
    )
    return Rejected(path, "link_outside", detail)


def _guarded(path: str, read: Callable[[], Found]) -> Found:
    """What `read` finds; what it raises for the document's sake becomes a Rejected, and the run goes on."""
    try:
        yield from read()
    except Rejected as rejected:
        yield rejected
    except OSError as error:
        yield _unreadable(path, error)
    except RecursionError:
        yield Rejected(
            path, "too_deep", "its parts are nested too deeply to be an article. Check how it was made."
        )
    except MemoryError:
        yield Rejected(
            path, "too_large", "it does not fit into memory. Split it into one article a file or line."
        )


def _unreadable(path: str, error: OSError) -> Rejected:
    if isinstance(error, FileNotFoundError):
        link = os.path.islink(path)
        detail = (
            f"this link points to {os.readlink(path)!r}, which is missing."
            if link
            else "there is no such file."
        )
        return Rejected(path, "broken_link" if link else "missing", detail)
    what = error.strerror or str(error)
    return Rejected(path, "unreadable", f"the system refuses to read it: {what}. Check its permissions.")


def _from_file(path: str, shown: str, read: Callable[[BinaryIO, str], Found]) -> Found:
    if not stat.S_ISREG(os.stat(path).st_mode):
        # Opening a pipe may wait for ever, and a device may never end.
        detail = "this is a pipe, socket or device. Expected a file; pipe its content in and name - instead."
        raise Rejected(shown, "not_a_file", detail)
    with open(path, "rb") as stream:
        yield from read(stream, shown)


def _document(settings: Settings, stream: BinaryIO, path: str) -> Found:
    if path != "-" and stream.seekable():
        head = stream.read(HEAD)
        stream.seek(0)
    else:
        head, stream = with_head(stream, HEAD)
    yield from documents(stream, head, path, settings)
