"""From PATHS (files, folders, globs, standard input) to Articles, one at a time, whatever is in them."""

from __future__ import annotations

import glob
import io
import os
import stat
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import BinaryIO

from slant.errors import Rejected, did_you_mean
from slant.reading.decoding import bom_encoding, check_characters, convert_newlines, decode
from slant.reading.limits import DEFAULT_LIMITS, Limits
from slant.reading.metadata import plain_metadata
from slant.reading.rows import article_from_row
from slant.reading.sniffing import HEAD, sniff
from slant.reading.tables import Rows, as_utf8, csv_rows, json_lines, json_values, parquet_rows
from slant.records import Article

_DEEPEST = 100  # folders in folders; more is a mistake, and would end in a RecursionError
Found = Iterator[Article | Rejected]


def read_articles(
    paths: Sequence[str],
    *,
    outlet: str | None = None,
    stdin: BinaryIO | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Found:
    """Every document of `paths`, in order, as an Article, or as the Rejected that says why it is none.

    paths: files, folders (recursive, by name, hidden ones left out), globs, or "-" for standard input.
    outlet: set for every article, in place of what the documents state.
    stdin: what "-" reads; the process's own by default.
    limits: how much of one document is held in memory; nothing else grows with the input.
    Never raises for a document's sake; the order is the same on every run and machine.
    """
    for path in _once(paths):
        if isinstance(path, Rejected):
            yield path
        elif path == "-":
            yield from _guarded(path, partial(_from_stream, stdin or sys.stdin.buffer, path, outlet, limits))
        else:
            # A name that is no Unicode is shown with marks in place of its bytes, as no file could hold it.
            shown = os.fsencode(path).decode("utf-8", "replace")
            yield from _guarded(shown, partial(_from_file, path, shown, outlet, limits))


def _once(paths: Sequence[str]) -> Iterator[str | Rejected]:
    """Each file once, even when a folder and a file in it are both named."""
    seen: set[str] = set()
    for path in paths:
        for found in _expand(path):
            if isinstance(found, str) and len(paths) > 1:
                key = os.path.abspath(found) if found != "-" else "-"
                if key in seen:
                    continue
                seen.add(key)
            yield found


def _expand(path: str) -> Iterator[str | Rejected]:
    if path == "-" or os.path.isfile(path):
        yield path
    elif os.path.isdir(path):
        yield from _folder(path)
    elif os.path.lexists(path):
        yield path  # broken link, pipe, device: named when it is opened
    elif glob.has_magic(path):
        matches = sorted(glob.glob(path, recursive=True))
        for match in matches:
            # With ** the files of a folder match by themselves.
            if not os.path.isdir(match):
                yield match
            elif "**" not in path:
                yield from _folder(match)
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
    for found in _walk(root, frozenset()):
        count += 1
        yield found
    if not count:
        expected = "text, Markdown, HTML, JSON lines, CSV or Parquet documents (hidden files are left out)"
        yield Rejected(root, "empty_folder", f"there are no files in this folder. Expected {expected}.")


def _walk(folder: str, above: frozenset[tuple[int, int]]) -> Iterator[str | Rejected]:
    """Files below `folder`, sorted by name, links followed; `above` are the folders that hold it."""
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
        if os.path.isdir(path):
            yield from _walk(path, above | {here})
        else:
            yield path


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


def _from_file(path: str, shown: str, outlet: str | None, limits: Limits) -> Found:
    if not stat.S_ISREG(os.stat(path).st_mode):
        # Opening a pipe may wait for ever, and a device may never end.
        detail = "this is a pipe, socket or device. Expected a file; pipe its content in and name - instead."
        raise Rejected(shown, "not_a_file", detail)
    with open(path, "rb") as stream:
        head = stream.read(HEAD)
        stream.seek(0)
        yield from _documents(stream, head, shown, outlet, limits)


def _from_stream(stream: BinaryIO, path: str, outlet: str | None, limits: Limits) -> Found:
    head = b""
    while len(head) < HEAD and (piece := stream.read(HEAD - len(head))):
        head += piece
    joined = io.BufferedReader(_Joined(head, stream), 1 << 16)
    yield from _documents(joined, head, path, outlet, limits)


class _Joined(io.RawIOBase):
    """The head that was looked at, then the rest of the stream, which cannot be wound back."""

    def __init__(self, head: bytes, rest: BinaryIO) -> None:
        self._head, self._rest = head, rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        if self._head:
            data, self._head = self._head[: len(buffer)], self._head[len(buffer) :]
        else:
            data = self._rest.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


def _documents(stream: BinaryIO, head: bytes, path: str, outlet: str | None, limits: Limits) -> Found:
    kind = sniff(head, path)
    if kind in ("text", "html"):
        yield _single(_whole(stream, path, limits), kind, path, outlet)
    elif kind == "parquet" and path == "-":
        raise Rejected(
            path, "unsupported", "Parquet cannot be read from standard input. Name the file instead."
        )
    else:
        if bom_encoding(head) in ("utf-16", "utf-32"):
            stream = as_utf8(stream, path, limits)
        yield from _from_rows(_rows(stream, kind, path, limits), path, outlet, limits)


def _whole(stream: BinaryIO, path: str, limits: Limits) -> bytes:
    data = stream.read(limits.document + 1)
    if len(data) > limits.document:
        detail = f"this document is over {limits.document / 1e6:g} MB. Expected one article; split it."
        raise Rejected(path, "too_large", detail)
    return data


def _rows(stream: BinaryIO, kind: str, path: str, limits: Limits) -> Rows:
    if kind == "jsonl":
        return json_lines(stream, path, limits=limits)
    if kind == "json":
        return json_values(stream, path, limits=limits)
    return csv_rows(stream, path, limits=limits) if kind == "csv" else parquet_rows(stream, path)


def _from_rows(rows: Rows, path: str, outlet: str | None, limits: Limits) -> Found:
    count = 0
    for found in rows:
        count += 1
        if isinstance(found, Rejected):
            yield found
            continue
        where, row = found
        try:
            yield article_from_row(row, where, outlet=outlet, limits=limits)
        except Rejected as rejected:
            yield rejected
    if not count:
        yield Rejected(path, "empty", "the table has no rows. Expected one article a row.")


def _single(data: bytes, kind: str, path: str, outlet: str | None) -> Article:
    if kind == "html":
        from slant.reading.pages import read_page

        return read_page(data, path, outlet=outlet)
    return read_text(data, path, outlet=outlet)


def read_text(data: bytes, path: str, *, outlet: str | None = None) -> Article:
    """The Article of a plain text or Markdown document; roles are left to the splitter.

    Raises Rejected: undecodable, binary or empty.
    """
    text = convert_newlines(decode(data, path))
    if "\x00" in text:
        detail = (
            f"it holds a NUL character at {text.index(chr(0)):,}, so it is no text. Expected a text document."
        )
        raise Rejected(path, "binary", detail)
    if not text.strip("\ufeff\u200b \t\n\r\f\v\xa0"):
        raise Rejected(path, "empty", "the document holds blanks only. Expected the words of an article.")
    check_characters(text, path)
    found = plain_metadata(text)
    if outlet:
        found["outlet"] = outlet
    return Article(text=text, path=path, markup="markdown", **found)
