"""Join files of comments to the articles of the same run (`--join-comments`), by address or by id.

Two articles with the same address are seen only when all have been read, so articles and comments wait in a temporary SQLite
database on disk. Memory holds one article with its comments.
"""

from __future__ import annotations

import os
import pickle
import re
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from slant.errors import Rejected, SlantError
from slant.ingest.comment_rows import key_of
from slant.ingest.decoding import DEFAULT_LIMITS, Limits
from slant.ingest.documents import ArticleStream
from slant.ingest.kept_columns import is_id_column
from slant.ingest.outlets import is_address
from slant.ingest.page_addresses import page_key
from slant.records import Article, Note, Part

MOST = 10_000  # joined comments of one article
_SHOWN = 3  # articles that a note names
_ENDING = re.compile(r"\.[a-z]\w{0,6}(?:\.(?:gz|zstd?))?\Z", re.I)
_ROW = re.compile(r"[:#]\d+\Z")  # of a table: such a document has no file of its own
# Their pages are about an article elsewhere, so that the address of one says nothing against the id of the article.
_PLATFORMS = re.compile(
    r"(?:[\w-]+\.)*(?:facebook|twitter|x|instagram|tiktok|youtube|reddit|disqus|ycombinator|telegram|threads|bsky|linkedin)"
    r"\.(?:com|net|org|app)|youtu\.be|t\.me|redd\.it|fb\.com"
)


@dataclass(slots=True)
class Joined:
    """What a join did.

    comments: joined to articles; by: the same, by what joined them. articles: with joined comments; without: the others.
    twice: comments that the article had already. left: comments with no article; threads: the documents of these.
    """

    comments: int = 0
    articles: int = 0
    without: int = 0
    twice: int = 0
    left: int = 0
    threads: int = 0
    by: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        by = ", ".join(f"{count:,} by {how}" for how, count in self.by.items() if count)
        said = [
            f"{_number(self.comments, 'comment')} joined to {_number(self.articles, 'article')}{f' ({by})' if by else ''}"
        ]
        if self.twice:
            said.append(f"{_number(self.twice, 'comment')} that the articles had already")
        if self.left:
            threads = "1 thread of its own" if self.threads == 1 else f"{self.threads:,} threads of their own"
            said.append(f"{_number(self.left, 'comment')} with no article, kept as {threads}")
        said.append(f"{_number(self.without, 'article')} with no joined comments")
        return "; ".join(said)


def _number(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def join_comments(
    articles: ArticleStream, threads: ArticleStream, joined: Joined, *, limits: Limits = DEFAULT_LIMITS
) -> ArticleStream:
    """Yield the articles in order, with the comments of the threads that have their address or id, then the other threads.

    threads: documents of comments alone, as `--comments` reads them. joined: is filled with what was done. An article has its
    comments below its text, as parts. A thread whose address or id several articles have is joined to none. Documents that
    cannot be read come first, those of the threads before those of the articles.
    Raises SlantError if the temporary database cannot be written.
    """
    with closing(_Waiting()) as waiting:
        for found in threads:
            if isinstance(found, Rejected):
                yield found
            else:
                waiting.add_thread(found)
        for found in articles:
            if isinstance(found, Rejected):
                yield found
            else:
                waiting.add_article(found)
        yield from _joined(waiting, joined, limits)


def _joined(waiting: _Waiting, joined: Joined, limits: Limits) -> Iterator[Article]:
    waiting.match()
    done: set[str] = set()
    too_long: dict[int, Note] = {}
    for article_id, article in waiting.articles():
        merged = _Merged(article, limits)
        for number, how, thread in waiting.threads_of(article_id):
            before = merged.added
            if not merged.add(thread):
                detail = f"its article, {article.path}, has no room for more comments, so that these are apart from it."
                too_long[number] = Note("thread_split", detail)
            elif article_id not in done:
                joined.by[how] += merged.added - before
        # A duplicate of the article gets the same comments, and is then skipped as a duplicate.
        if article_id not in done:
            joined.comments += merged.added
            joined.twice += merged.twice
            joined.articles += merged.added > 0
            joined.without += not merged.added
            done.add(article_id)
        yield merged.article()
    for number, thread, note in waiting.threads_left(too_long):
        joined.left += len(_comments(thread))
        joined.threads += 1
        yield replace(thread, notes=(*thread.notes, too_long.get(number, note)))


def _comments(article: Article) -> list[tuple[int, Part]]:
    return [(index, part) for index, part in enumerate(article.parts) if part.role == "comment"]


class _Merged:
    """An article to which comments are added. added, twice: how many were, and how many it had already."""

    def __init__(self, article: Article, limits: Limits) -> None:
        self._article, self._limits = article, limits
        self._texts, self._length, self._lines = [article.text], len(article.text), article.text.count("\n")
        self._parts, self._notes = list(article.parts), list(article.notes)
        self._own: dict[tuple[str, str], list[int]] = {}  # each is the same as one comment of a thread
        for index, part in reversed(_comments(article)):
            self._own.setdefault(_said(article, part), []).append(index)
        self.added = self.twice = 0

    def add(self, thread: Article) -> bool:
        """Add the comments of a thread. Returns False if there are too many for one article."""
        comments = _comments(thread)
        room = self._limits.text - self._length - len(thread.text) - 2
        lines = self._limits.text // 20 - self._lines - thread.text.count("\n") - 2
        if room < 0 or lines < 0 or self.added + len(comments) > MOST:
            return False
        self._lines += thread.text.count("\n") + 2
        places: dict[int, int] = {}
        new: list[tuple[int, Part]] = []
        for index, part in comments:
            if known := self._own.get(_said(thread, part)):
                places[index] = known.pop()
                self.twice += 1
            else:
                places[index] = len(self._parts) + len(new)
                new.append((index, part))
        for _, part in new:
            words = thread.text[part.start : part.end]
            start = self._length + 2
            above = None if part.parent is None else places.get(part.parent)
            self._texts.append(words)
            self._length = start + len(words)
            source = part.source or thread.path
            self._parts.append(
                Part(start, self._length, "comment", part.author, above, part.published, source)
            )
        self.added += len(new)
        self._notes += thread.notes
        if body := next((part for part in thread.parts if part.role == "body"), None):
            words = " ".join(thread.text[body.start : body.end].split())[:60]
            detail = f"the post above the joined comments ({words!r} …) is no part of the article and was left out."
            self._notes.append(Note("thread_post", detail))
        return True

    def article(self) -> Article:
        if not self.added and len(self._notes) == len(self._article.notes):
            return self._article
        text = "\n\n".join(self._texts)
        return replace(self._article, text=text, parts=tuple(self._parts), notes=tuple(self._notes))


def _said(article: Article, part: Part) -> tuple[str, str]:
    return (part.author or "").casefold(), " ".join(article.text[part.start : part.end].split())


# ---- what is known of articles and threads


class _Names(NamedTuple):
    """page: the one form of an address. host: of it. ids: in one form."""

    page: str
    host: str
    ids: tuple[str, ...]


def _names(article: Article, *ids: str | None) -> _Names:
    addresses = [value for value in (article.url, *ids) if value and is_address(value)]
    page = next(filter(None, map(page_key, addresses)), "")
    keys = (key_of(value) for value in ids if value and not is_address(value))
    return _Names(page, re.split(r"[/?#:]", page)[0], tuple(dict.fromkeys(filter(None, keys))))


def _article_names(article: Article) -> _Names:
    others = (value for name, value in article.extra.items() if is_id_column(name))
    return _names(article, article.source_id, *others)


def _thread_names(thread: Article) -> _Names:
    return _names(thread, thread.source_id, thread.url)


def _file_stem(article: Article) -> str | None:
    """Name of an article's own file without its ending."""
    if _ROW.search(article.path):
        return None
    return key_of(_ENDING.sub("", os.path.basename(article.path.rpartition("!")[2])))


_HOW = {"page": "address", "id": "id", "file": "file name"}


class _Waiting:
    """Articles and threads, and which of them belong together, in a temporary SQLite database on disk."""

    def __init__(self) -> None:
        self._db = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        for statement in (
            "PRAGMA journal_mode = OFF",
            "CREATE TABLE articles (number INTEGER PRIMARY KEY, id TEXT, data BLOB)",
            "CREATE TABLE facts (id TEXT PRIMARY KEY, path TEXT, host TEXT) WITHOUT ROWID",
            "CREATE TABLE keys (kind TEXT, key TEXT, id TEXT, PRIMARY KEY (kind, key, id)) WITHOUT ROWID",
            "CREATE TABLE threads (number INTEGER PRIMARY KEY, names BLOB, data BLOB)",
            "CREATE TABLE matches (number INTEGER PRIMARY KEY, id TEXT, how TEXT, reason TEXT, detail TEXT)",
            "CREATE INDEX matched ON matches (id)",
            "BEGIN",
        ):
            self._db.execute(statement)

    def close(self) -> None:
        self._db.close()

    def _write(self, statement: str, *rows: Sequence[object]) -> None:
        try:
            self._db.executemany(statement, rows)
        except sqlite3.Error as error:
            raise SlantError(
                f"the temporary file with articles and comments cannot be written ({error}). Free disk space, or set TMPDIR "
                "to a folder with enough space."
            ) from None

    def add_thread(self, thread: Article) -> None:
        row = (pickle.dumps(_thread_names(thread)), pickle.dumps(thread))
        self._write("INSERT INTO threads (names, data) VALUES (?, ?)", row)

    def add_article(self, article: Article) -> None:
        own, names = article.article_id, _article_names(article)
        path = article.path.encode("utf-8", "replace").decode()
        self._write("INSERT INTO articles (id, data) VALUES (?, ?)", (own, pickle.dumps(article)))
        self._write("INSERT OR IGNORE INTO facts VALUES (?, ?, ?)", (own, path, names.host))
        keys = [("page", names.page), *(("id", each) for each in names.ids), ("file", _file_stem(article))]
        self._write(
            "INSERT OR IGNORE INTO keys VALUES (?, ?, ?)", *((kind, key, own) for kind, key in keys if key)
        )

    def match(self) -> None:
        """Find the article of each thread."""
        for number, data in self._db.execute("SELECT number, names FROM threads ORDER BY number"):
            own, how, note = self._find(pickle.loads(data))
            self._write(
                "INSERT INTO matches VALUES (?, ?, ?, ?, ?)", (number, own, how, note.reason, note.detail)
            )

    def _find(self, thread: _Names) -> tuple[str | None, str | None, Note]:
        """`(article, what joins it, note)` of a thread; the note says why there is none."""
        shown = thread.page or next(iter(thread.ids), "")
        if not shown:
            detail = "these comments name no article: they have no address and no id of one."
            return None, None, Note("no_article", detail)
        other_host = False
        for kind in ("page", "id", "file"):
            wanted = (thread.page,) if kind == "page" else thread.ids
            found = self._with(kind, tuple(filter(None, wanted)))
            same = [each for each in found if kind == "page" or _may_be_of(thread.host, each[2])]
            other_host |= len(same) < len(found)
            if len(same) > 1 and kind == "page" and thread.ids:  # versions of one page, which differ by id
                with_id = {own for own, _, _ in self._with("id", thread.ids)}
                same = [each for each in same if each[0] in with_id] or same
            if len(same) == 1:
                return same[0][0], _HOW[kind], Note("", "")
            if len(same) > 1:
                paths = ", ".join(path for _, path, _ in same[:_SHOWN])
                paths += ", …" if len(same) > _SHOWN else ""
                detail = f"{len(same)} articles have the {_HOW[kind]} {wanted[0][:200]!r} ({paths}); its comments were joined"
                return None, None, Note("several_articles", f"{detail} to none.")
        detail = f"no article of this run has its address or id ({shown[:200]!r})."
        if other_host:
            detail = f"an article has its id, but another address than {shown[:200]!r}."
        return None, None, Note("no_article", detail)

    def _with(self, kind: str, keys: Sequence[str]) -> list[tuple[str, str, str]]:
        """`(id, path, host)` of the articles with any of the keys, in order of the ids."""
        marks = ", ".join("?" * len(keys))
        query = "SELECT DISTINCT id, path, host FROM keys JOIN facts USING (id) "
        query += f"WHERE kind = ? AND key IN ({marks}) ORDER BY path"
        return self._db.execute(query, (kind, *keys)).fetchall()

    def articles(self) -> Iterator[tuple[str, Article]]:
        for own, data in self._db.execute("SELECT id, data FROM articles ORDER BY number"):
            yield own, pickle.loads(data)

    def threads_of(self, article_id: str) -> Iterator[tuple[int, str, Article]]:
        """Yield `(number, what joined it, thread)` of an article's threads, in order."""
        query = (
            "SELECT number, how, data FROM matches JOIN threads USING (number) WHERE id = ? ORDER BY number"
        )
        for number, how, data in self._db.execute(query, (article_id,)).fetchall():
            yield number, how, pickle.loads(data)

    def threads_left(self, others: dict[int, Note]) -> Iterator[tuple[int, Article, Note]]:
        """Yield `(number, thread, why)` of the threads with no article, and of `others`, in order."""
        query = (
            "SELECT number, id, reason, detail, data FROM matches JOIN threads USING (number) ORDER BY number"
        )
        for number, own, reason, detail, data in self._db.execute(query):
            if own is None or number in others:
                yield number, pickle.loads(data), Note(reason, detail)


def _may_be_of(thread_host: str, article_host: str) -> bool:
    """Can a thread on one site belong to an article on the other, if they have the same id?"""
    either = not thread_host or not article_host or thread_host == article_host
    return either or _PLATFORMS.fullmatch(thread_host) is not None
