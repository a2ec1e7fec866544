"""Read tables of comments without articles (`--comments`): the comments of one thread become one Article without a body.

Dumps are sorted by time, so that threads are interleaved. The comments of a file are therefore put into a temporary SQLite
database, and read back thread by thread. Memory holds one thread, or BLOCK comments of it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

import msgspec

from slant.errors import Rejected, SlantError
from slant.ingest.article_rows import DEFAULT_COLUMNS, Columns, assemble
from slant.ingest.comment_names import roles
from slant.ingest.comment_rows import (
    Comment,
    CommentRow,
    as_text,
    comment_rows,
    fields_of,
    key_of,
    line_of,
    link,
    listed,
    text_of,
    time_of,
    unwrap,
)
from slant.ingest.decoding import DEFAULT_LIMITS, Limits, check_characters, check_text
from slant.ingest.page_addresses import page_key
from slant.records import Article, Note

BLOCK = 200_000  # comments of one thread that are linked at once; about 200 MB
PIECE = 10_000  # comments of one Article; a longer thread becomes several
_MAX_KEY = 300  # characters
# Under these names an object holds comments without being one itself.
_HOLDERS = ("messages", "comments", "items", "edges", "data", "hits", "response", "results", "chats", "list")


@dataclass(frozen=True, slots=True)
class _Thread:
    """What is known of a thread. key: its id or address, "" for the thread of a file that names none."""

    key: str
    where: str
    title: str | None = None
    url: str | None = None
    outlet: str | None = None
    body: str | None = None
    author: str | None = None
    published: str | None = None


def comment_threads(
    rows: Iterator[tuple[str, Mapping[str, Any]] | Rejected],
    path: str,
    *,
    outlet: str | None = None,
    limits: Limits = DEFAULT_LIMITS,
    columns: Columns = DEFAULT_COLUMNS,
) -> Iterator[Article | Rejected]:
    """Yield an Article per thread, in order of their first comments; first a Rejected per row that cannot be read.

    A row is a comment with its replies, a post with its comments, or an object that holds comments.
    Raises SlantError if the temporary database cannot be written.
    """
    count = 0
    with closing(_Store()) as store:
        for found in rows:
            if isinstance(found, Rejected):
                yield found
                continue
            count += 1
            where, row = found
            try:
                for thread, comments in list(_read(_mapped(row, columns), where)):
                    check_characters("\n".join(filter(None, _strings(thread, comments))), where)
                    store.add(thread, comments)
            except Rejected as rejected:
                yield rejected
        threads = 0
        for thread, comments in store.threads():
            threads += 1
            yield from _articles(replace(thread, outlet=outlet or thread.outlet), comments, limits)
    if not count:
        yield Rejected(path, "empty", "the table has no rows. Expected one comment per row.")
    elif not threads:
        yield Rejected(
            path, "no_comments", "no comment was read from this file. Expected one comment per row."
        )


def _strings(thread: _Thread, comments: Sequence[CommentRow]) -> Iterator[str | None]:
    yield from (
        thread.key,
        thread.title,
        thread.url,
        thread.outlet,
        thread.body,
        thread.author,
        thread.published,
    )
    for row in comments:
        yield from (row.text, row.author, row.published, row.id, row.parent)


# ---- rows


def _mapped(row: Mapping[str, Any], columns: Columns) -> Mapping[str, Any]:
    """The row with the columns of `--map` under their usual names, in place of others with the same role."""
    if not columns.mapped:
        return row
    held = {name: columns.field(name) for name in row}
    wanted = {name: field for name, field in held.items() if field in columns.mapped}
    taken = set(wanted.values())
    others = {
        name: value
        for name, value in row.items()
        if name not in wanted and taken.isdisjoint(role for role, _ in roles(name))
    }
    return {**others, **{field: row[name] for name, field in wanted.items() if field}}


def _read(row: Mapping[str, Any], where: str) -> Iterator[tuple[_Thread, list[CommentRow]]]:
    """Yield `(thread, comments)` of a row; no comments for the post that begins a thread.

    Raises Rejected "bad_comments" if it holds none.
    """
    waiting: list[tuple[Any, _Thread | None]] = [(row, None)]
    while waiting:
        item, thread = waiting.pop()
        if isinstance(item, Mapping):
            found = unwrap(item)
            fields = fields_of(item)
            text = text_of(found, where)
            entries = listed(found)
            is_post = bool(line_of(fields.get("title", ()))) and (entries is not None or text is None)
            if is_post or _is_holder(found, fields, text, entries):
                thread = _thread_above(fields, where, thread)
                if is_post:
                    thread = thread or _Thread(where, where, line_of(fields["title"]))
                    body = text or as_text(str(found.get("selftext") or ""), where)
                    author, published = line_of(fields.get("author", ())), _first_time(fields)
                    thread = replace(thread, body=body.strip() or None, author=author, published=published)
                    yield thread, []
                waiting += [(each, thread) for each in reversed(entries or [])]
                continue
            thread = thread or _thread_of(fields, where)
        rows = comment_rows([item], where)
        yield thread or _Thread("", where), [replace(each, source=where) for each in rows]


def _is_holder(
    found: Mapping[str, Any], fields: Mapping[str, Any], text: str | None, entries: Sequence[Any] | None
) -> bool:
    if text is not None or entries is None or "more" in fields.get("kind", ()):
        return False
    is_comment = ("id" in fields or "author" in fields) and "url" not in fields
    return not is_comment or any(str(name).lower() in _HOLDERS for name in found)


def _thread_above(fields: Mapping[str, Sequence[Any]], where: str, above: _Thread | None) -> _Thread | None:
    """The thread of a post, or of an object that holds comments; the one around it if it names none."""
    keys = (key_of(value) for role in ("id", "thread") for value in fields.get(role, ()))
    address = next(filter(None, map(_address, fields.get("url", ()))), None)
    key = next(filter(None, keys), None)
    if key is None and address is None:
        return above
    title = line_of(fields.get("title", ()))
    return _Thread(_shortened(key or _page(address or "")), where, title, address or key)


def _thread_of(fields: Mapping[str, Sequence[Any]], where: str) -> _Thread:
    """The thread that a comment names."""
    stated = fields.get("thread", ())
    keys = (_page(page) if (page := _address(value)) else key_of(value) for value in stated)
    key = next(filter(None, keys), "")
    address = next(filter(None, (_address(value) for value in (*fields.get("url", ()), *stated))), None)
    named = (value for value in stated if isinstance(value, Mapping))
    titles = chain(fields.get("thread_title", ()), named)
    known_as = line_of(value for value in stated if not isinstance(value, Mapping)) or key
    return _Thread(
        _shortened(key),
        where,
        line_of(titles),
        address or _shortened(known_as) or None,
        line_of(fields.get("outlet", ())),
    )


def _address(value: Any) -> str | None:
    """A web address without the part that names one comment; also of {"url": …}."""
    if isinstance(value, Mapping):
        value = next((value[name] for name in ("url", "link", "webUrl") if value.get(name)), None)
    if not isinstance(value, str) or not value.startswith(("http://", "https://")):
        return None
    address, _, query = value.strip().partition("#")[0].partition("?")
    kept = [
        each
        for each in query.split("&")
        if each and each.partition("=")[0] not in ("lc", "comment_id", "commentId")
    ]
    return address + ("?" + "&".join(kept) if kept else "")


_PAGE = "//"  # begins the key of a thread that is known by its address


def _page(address: str) -> str:
    """The key of a thread by its address, equal for all forms of it."""
    return _PAGE + (page_key(address) or address)


def _shortened(key: str) -> str:
    return key[:_MAX_KEY]


def _first_time(fields: Mapping[str, Sequence[Any]]) -> str | None:
    return next(filter(None, map(time_of, fields.get("published", ()))), None)


# ---- threads


class _Store:
    """Comments by thread, in a temporary SQLite database on disk."""

    def __init__(self) -> None:
        self._db = sqlite3.connect("", isolation_level=None)
        self._db.execute("PRAGMA journal_mode = OFF")
        self._db.execute("CREATE TABLE threads (number INTEGER PRIMARY KEY, key TEXT UNIQUE, facts BLOB)")
        self._db.execute("CREATE TABLE comments (thread INTEGER, rows BLOB)")
        self._db.execute("BEGIN")
        self._last: tuple[str, int] | None = None
        self._encode, self._decode = msgspec.msgpack.encode, msgspec.msgpack.decode

    def close(self) -> None:
        self._db.close()

    def add(self, thread: _Thread, comments: Sequence[CommentRow]) -> None:
        """Add comments of a thread; without any, `thread` is its post. Raises SlantError."""
        try:
            if self._last is None or self._last[0] != thread.key or not comments:
                self._last = thread.key, self._number(thread, is_post=not comments)
            if comments:
                self._db.execute(
                    "INSERT INTO comments VALUES (?, ?)", (self._last[1], self._encode(list(comments)))
                )
        except sqlite3.Error as error:
            raise SlantError(
                f"the temporary file with the comments cannot be written ({error}). Free disk space, or set TMPDIR to a "
                "folder with enough space."
            ) from None

    def _number(self, thread: _Thread, *, is_post: bool) -> int:
        facts = self._encode(thread)
        self._db.execute("INSERT OR IGNORE INTO threads (key, facts) VALUES (?, ?)", (thread.key, facts))
        if is_post:
            self._db.execute("UPDATE threads SET facts = ? WHERE key = ?", (facts, thread.key))
        (number,) = self._db.execute("SELECT number FROM threads WHERE key = ?", (thread.key,)).fetchone()
        return int(number)

    def threads(self) -> Iterator[tuple[_Thread, list[CommentRow]]]:
        """Yield each thread with its comments, in blocks of about BLOCK."""
        self._db.execute("CREATE INDEX by_thread ON comments (thread)")
        for number, facts in self._db.execute("SELECT number, facts FROM threads ORDER BY number"):
            thread = self._decode(facts, type=_Thread)
            block: list[CommentRow] = []
            yielded = False
            found = self._db.execute("SELECT rows FROM comments WHERE thread = ? ORDER BY rowid", (number,))
            for (rows,) in found:
                first = len(block)
                block += [
                    row if row.above is None else replace(row, above=row.above + first)
                    for row in self._decode(rows, type=list[CommentRow])
                ]
                if len(block) >= BLOCK:
                    yield thread, block
                    block, yielded = [], True
            if block or not yielded:
                yield thread, block


# ---- articles


def _articles(thread: _Thread, rows: Sequence[CommentRow], limits: Limits) -> Iterator[Article | Rejected]:
    comments, notes = link(rows)
    if not comments:
        why = " ".join(note.detail for note in notes) or "The file has no comment on this post."
        yield Rejected(thread.where, "no_comments", f"no comment is left in this thread. {why}")
        return
    pieces = list(_pieces(comments, limits))
    if len(pieces) > 1:
        detail = f"This thread of {len(comments):,} comments is read as {len(pieces)} articles."
        notes = (*notes, Note("thread_split", detail))
    for number, piece in enumerate(pieces):
        body = thread.body if number == 0 else None
        text, parts = assemble(thread.title if body else None, None, body or "", piece)
        try:
            check_text(text, thread.where, limits)
        except Rejected as rejected:
            yield rejected
            continue
        yield Article(
            text=text,
            path=thread.where,
            title=thread.title,
            outlet=thread.outlet,
            author=thread.author,
            published=thread.published,
            url=thread.url,
            markup="none",
            parts=parts,
            notes=notes if number == 0 else (),
            source_id=_stated_id(thread),
        )


def _stated_id(thread: _Thread) -> str | None:
    """The id of a thread; None for one that has only an address, or neither."""
    return None if thread.key in ("", thread.where) or thread.key.startswith(_PAGE) else thread.key


def _pieces(comments: Sequence[Comment], limits: Limits) -> Iterator[list[Comment]]:
    """Cut a thread that is too long for one article. A comment and all its replies stay together as far as possible."""
    sizes = [len(comment.text) + 40 * comment.text.count("\n") + 42 for comment in comments]
    room = limits.text // 2
    if sum(sizes) <= room and len(comments) <= PIECE:
        yield list(comments)
        return
    by_root: dict[int, list[int]] = {}
    for index, root in enumerate(_roots(comments)):
        by_root.setdefault(root, []).append(index)
    piece: list[int] = []
    size = 0
    for together in by_root.values():
        fits = size + sum(sizes[index] for index in together) <= room and len(piece) + len(together) <= PIECE
        if piece and not fits:
            yield _cut(comments, piece)
            piece, size = [], 0
        for index in together:
            if piece and (size + sizes[index] > room or len(piece) >= PIECE):
                yield _cut(comments, piece)
                piece, size = [], 0
            piece.append(index)
            size += sizes[index]
    yield _cut(comments, piece)


def _roots(comments: Sequence[Comment]) -> list[int]:
    """Index of the first comment of each conversation. Parents form no cycles."""
    roots: list[int | None] = [None] * len(comments)
    for start in range(len(comments)):
        path: list[int] = []
        at = start
        while roots[at] is None:
            path.append(at)
            parent = comments[at].parent
            if parent is None:
                roots[at] = at
                break
            at = parent
        for index in path:
            roots[index] = roots[at]
    return [root for root in roots if root is not None]


def _cut(comments: Sequence[Comment], kept: Sequence[int]) -> list[Comment]:
    new: dict[int | None, int] = {index: place for place, index in enumerate(kept)}
    return [replace(comments[index], parent=new.get(comments[index].parent)) for index in kept]
