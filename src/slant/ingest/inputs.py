"""Find the documents of a run (files, folders, globs, standard input, web addresses) and read them one at a time.

`SeenDocuments` finds duplicate documents in constant memory.
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
from slant.ingest.archives import read_head
from slant.ingest.article_rows import DEFAULT_COLUMNS, Columns
from slant.ingest.decoding import DEFAULT_LIMITS, Limits
from slant.ingest.documents import ArticleStream, Settings, read_documents
from slant.ingest.file_kinds import HEAD_SIZE
from slant.ingest.saved_pages import companion_folders, enclosing_folders, page_files, page_of

if TYPE_CHECKING:
    from slant.ingest.fetch import FetchOptions


def read_articles(
    paths: Sequence[str],
    *,
    outlet: str | None = None,
    stdin: BinaryIO | None = None,
    limits: Limits = DEFAULT_LIMITS,
    columns: Columns = DEFAULT_COLUMNS,
    urls: FetchOptions | None = None,
) -> ArticleStream:
    """Yield every document of `paths` as an Article, or as a Rejected with the reason.

    paths: files, folders (recursive, sorted by name, hidden files skipped), globs, or "-" for standard input.
    outlet: overrides the outlet of every article.
    stdin: stream that "-" reads; by default the process's standard input.
    limits: memory per document; nothing else grows with the input, except the directory of a zip.
    columns: columns of tables, see `article_rows.parse_column_map`.
    urls: fetch options if `paths` are web addresses or lists of them; None fetches nothing.
    No document raises an error. The order is the same on every run and machine.
    """
    settings = Settings(outlet, limits, columns)
    read: Callable[[BinaryIO, str], ArticleStream] = partial(_document, settings)
    visit: Callable[[str], ArticleStream] = _urls_not_allowed
    if urls is not None:
        from slant.ingest.fetch import Fetcher, UrlReader

        reader = UrlReader(Fetcher(urls, limits=limits), settings)
        read, visit = reader.from_list, reader.visit
    for path in find_files(paths):
        if isinstance(path, Rejected):
            yield path
        elif _is_address(path):
            yield from _reject_errors(path, partial(visit, path))
        elif path == "-":
            yield from _reject_errors(path, partial(read, stdin or sys.stdin.buffer, path))
        else:
            # Replace bytes that are not Unicode in a name, so that it can be printed and written.
            shown = os.fsencode(path).decode("utf-8", "replace")
            yield from _reject_errors(shown, partial(_from_file, path, shown, read))


class SeenDocuments:
    """Ids of the documents read so far, with the path of each, in a temporary SQLite database.

    A million documents take about 2 MB of memory and 100 MB of disk.
    """

    def __init__(self) -> None:
        self._db = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode = OFF")
        self._db.execute("CREATE TABLE seen (id TEXT PRIMARY KEY, path TEXT) WITHOUT ROWID")
        self._db.execute("BEGIN")

    def add(self, document: str, path: str) -> str | None:
        """Add a document. Returns the path of the first document with this id, or None if it is new.

        Raises SlantError if the temporary file cannot be written.
        """
        path = path.encode("utf-8", "replace").decode()
        try:
            if self._db.execute("INSERT OR IGNORE INTO seen VALUES (?, ?)", (document, path)).rowcount:
                return None
            (first,) = self._db.execute("SELECT path FROM seen WHERE id = ?", (document,)).fetchone()
        except sqlite3.Error as error:
            raise SlantError(
                f"the temporary file with the ids of all documents cannot be written ({error}). Free disk space, or set "
                "TMPDIR to a folder with enough space."
            ) from None
        return str(first)


def _from_file(path: str, shown: str, read: Callable[[BinaryIO, str], ArticleStream]) -> ArticleStream:
    if not stat.S_ISREG(os.stat(path).st_mode):
        # Opening a pipe may block, and a device may never end.
        detail = "this is a pipe, socket or device. Expected a file. Pipe its content in and pass - instead."
        raise Rejected(shown, "not_a_file", detail)
    with open(path, "rb") as stream:
        yield from read(stream, shown)


def _document(settings: Settings, stream: BinaryIO, path: str) -> ArticleStream:
    if path != "-" and stream.seekable():
        head = stream.read(HEAD_SIZE)
        stream.seek(0)
    else:
        head, stream = read_head(stream, HEAD_SIZE)
    yield from read_documents(stream, head, path, settings)


def _is_address(path: str) -> bool:
    return path.startswith(("http://", "https://")) and not os.path.lexists(path)


def _urls_not_allowed(address: str) -> ArticleStream:
    raise Rejected(address, "missing", "this is a web address. Add --urls to fetch it.")


def _reject_errors(path: str, read: Callable[[], ArticleStream]) -> ArticleStream:
    """Yield from `read`; an error that a document causes becomes a Rejected, so that the run continues."""
    try:
        yield from read()
    except Rejected as rejected:
        yield rejected
    except OSError as error:
        yield _unreadable(path, error)
    except RecursionError:
        yield Rejected(
            path, "too_deep", "its parts are nested too deeply for an article. Check how it was created."
        )
    except MemoryError:
        yield Rejected(
            path, "too_large", "it does not fit into memory. Split it into one article per file or line."
        )


def _unreadable(path: str, error: OSError) -> Rejected:
    if isinstance(error, FileNotFoundError):
        link = os.path.islink(path)
        detail = (
            f"this link points to {os.readlink(path)!r}, which is missing. Correct or remove it."
            if link
            else "there is no such file. Was it moved during the run?"
        )
        return Rejected(path, "broken_link" if link else "missing", detail)
    why = error.strerror or str(error)
    return Rejected(path, "unreadable", f"the system cannot read it: {why}. Check its permissions.")


# ---- paths

_MAX_DEPTH = 100  # nested folders; more is a mistake and would end in a RecursionError


def find_files(paths: Sequence[str]) -> Iterator[str | Rejected]:
    """Files of `paths`, each once, even if both a folder and a file in it are given."""
    paths_seen: set[str] = set()
    for path in paths:
        for found in _expand(path):
            if isinstance(found, str) and len(paths) > 1:
                key = found if found == "-" or _is_address(found) else os.path.abspath(found)
                if key in paths_seen:
                    continue
                paths_seen.add(key)
            yield found


def missing_inputs(paths: Sequence[str]) -> list[Rejected]:
    """Return the rejections of all paths if not one of them names a file or folder, else none: nothing can be read then."""
    found: list[Rejected] = []
    for path in paths:
        if path == "-" or _is_address(path):
            return []
        first = next(_expand(path), None)
        if not isinstance(first, Rejected) or first.reason != "missing":
            return []
        found.append(first)
    return found


def _expand(path: str) -> Iterator[str | Rejected]:
    if path == "-" or os.path.isfile(path) or _is_address(path):
        yield path
    elif os.path.isdir(path):
        yield from _files_in(path)
    elif os.path.lexists(path):
        yield path  # broken link, pipe or device: rejected when it is opened
    elif glob.has_magic(path):
        matches = sorted(glob.glob(path, recursive=True))
        folders = companion_folders(matches)
        for folder, page in folders.items():
            yield page_files(folder, page)
        for match in matches:
            if folders and not folders.keys().isdisjoint(enclosing_folders(match)):
                continue
            # With ** the files in a folder match themselves.
            if "**" not in path and os.path.isdir(match):
                yield from _files_in(match)
            elif "**" in path and _is_outside(
                match, os.path.dirname(re.split(r"[*?[]", path, maxsplit=1)[0])
            ):
                yield _link_outside(match)
            elif not os.path.isdir(match):
                yield match
        if not matches:
            yield Rejected(
                path, "missing", "no file matches this pattern. Is it quoted, and is the folder correct?"
            )
    else:
        yield Rejected(path, "missing", f"there is no such file or folder.{_suggestion(path)}")


def _suggestion(path: str) -> str:
    parent = os.path.dirname(path) or "."
    try:
        return did_you_mean(os.path.basename(path), os.listdir(parent))
    except OSError:
        return f" The folder {parent} is missing too."


def _files_in(root: str) -> Iterator[str | Rejected]:
    count = 0
    for found in _walk(root, frozenset(), root):
        count += 1
        yield found
    if not count:
        expected = (
            "text, Markdown, HTML, office files, mail, JSON lines, CSV, Parquet, WARC, feeds, archives (hidden files are "
            "skipped)"
        )
        yield Rejected(root, "empty_folder", f"there are no files in this folder. Expected {expected}.")


def _walk(folder: str, above: frozenset[tuple[int, int]], root: str) -> Iterator[str | Rejected]:
    """Files below `folder`, sorted by name. Follows links within `root`. above: (device, inode) of the enclosing folders."""
    try:
        state = os.stat(folder)
        names = sorted(os.listdir(folder))
    except OSError as error:
        yield _unreadable(folder, error)
        return
    here = (state.st_dev, state.st_ino)
    if len(above) > _MAX_DEPTH:
        yield Rejected(
            folder, "too_deep", f"it is nested over {_MAX_DEPTH} folders deep and was skipped. Move it up."
        )
        return
    if here in above:
        yield Rejected(
            folder, "link_loop", "this link points to a folder that contains it and was skipped. Remove it."
        )
        return
    for name in names:
        path = os.path.join(folder, name)
        if name.startswith("."):
            continue
        if os.path.islink(path) and _is_outside(path, root):
            yield _link_outside(path)
        elif os.path.isdir(path):
            page = page_of(name, names)
            yield from [page_files(path, page)] if page else _walk(path, above | {here}, root)
        else:
            yield path


def _is_outside(path: str, root: str) -> bool:
    inside = os.path.join(os.path.realpath(root or "."), "")
    return not os.path.join(os.path.realpath(path), "").startswith(inside)


def _link_outside(path: str) -> Rejected:
    """Rejection of a link out of the folder: a folder from someone else must not make slant read other files."""
    detail = (
        "this link points outside the given folder, so it was skipped. Pass its target as a path of its own."
    )
    return Rejected(path, "link_outside", detail)
