"""Which column of a table holds which field of an article: by the usual names, or as `--map` says.

One row of a table (JSON, CSV or Parquet) to one Article, its title, body and comments told apart.
"""

from __future__ import annotations

import json
import re
import reprlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from slant.errors import Rejected, UsageError, did_you_mean
from slant.ingest.decoding import DEFAULT_LIMITS, Limits, check_characters, check_text, convert_newlines
from slant.records import Article, Part
from slant.segment.article_header import iso_date

# Names as they stand in the exports of crawlers and news APIs; the first that a row has, wins.
COLUMNS: dict[str, tuple[str, ...]] = {
    "text": ("text", "body", "content", "article_text", "article_content", "article_body", "articlebody",
             "full_text", "fulltext", "maintext", "main_text", "article", "story"),
    "title": ("title", "headline", "article_title", "heading"),
    "subtitle": ("subtitle", "subheadline", "standfirst", "dek", "deck", "description"),
    "outlet": ("outlet", "source", "publisher", "publication", "newspaper", "news_outlet", "site_name",
               "sitename", "site", "domain", "source_domain"),
    "author": ("author", "authors", "byline", "creator"),
    "published": ("published", "date", "published_at", "publishedat", "date_published", "datepublished",
                  "publish_date", "date_publish", "publication_date", "pub_date", "pubdate", "datetime"),
    "url": ("url", "link", "permalink", "canonical_url", "article_url"),
    "sections": ("sections", "section", "tags", "tag", "category", "categories", "topics", "keywords"),
    "comments": ("comments", "reader_comments", "user_comments"),
}  # fmt: skip
_BETWEEN = re.compile(r"[,\s]+(?=\w+\s*=)")  # a column's name may hold either: text=Full Text
_FIELD_OF = {name: field for field, names in COLUMNS.items() for name in names}


@dataclass(frozen=True, slots=True)
class Columns:
    """mapped: field → the one column that holds it, in place of the usual names.

    A mapped column serves its field alone: with `title` from "description", "description" is no subtitle.
    """

    mapped: Mapping[str, str] = field(default_factory=dict)

    def field(self, name: object) -> str | None:
        """Which field a column of this name holds ("Full Text" → "text"), or None."""
        plain = _plain_name(name)
        for mapped, column in self.mapped.items():
            if plain == _plain_name(column):
                return mapped
        usual = _FIELD_OF.get(plain)
        return None if usual in self.mapped else usual

    def by_field(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Field → value, under the first of its names that holds something."""
        found: dict[str, tuple[tuple[bool, int], Any]] = {}
        for name, value in row.items():
            held = self.field(name)
            if held:
                names = COLUMNS[held]
                place = names.index(_plain_name(name)) if held not in self.mapped else 0
                rank = (value is None or value in ("", []), place)
                if held not in found or rank < found[held][0]:
                    found[held] = (rank, value)
        return {held: value for held, (_, value) in found.items()}

    def missing(self, names: Iterable[object]) -> list[str]:
        """Of the mapped columns, those that are not among `names`, as "title=headline"."""
        there = {_plain_name(name) for name in names}
        return [
            f"{held}={column}" for held, column in self.mapped.items() if _plain_name(column) not in there
        ]


USUAL = Columns()


def mapping(pairs: Sequence[str]) -> Columns:
    """Columns from "FIELD=COLUMN" pairs as `--map` takes them, several to a string with commas or blanks between.

    Raises UsageError for another form, an unknown field, or a field or column that is given twice.
    """
    mapped: dict[str, str] = {}
    for pair in (one for several in pairs for one in _BETWEEN.split(several.strip())):
        held, equals, column = (part.strip() for part in pair.partition("="))
        if not equals or not held or not column:
            raise UsageError(f"--map {pair}: expected FIELD=COLUMN, such as title=headline.")
        if held not in COLUMNS:
            known = ", ".join(COLUMNS)
            raise UsageError(
                f"--map {pair}: an article has no field {held!r}. Use one of: {known}.{did_you_mean(held, COLUMNS)}"
            )
        if held in mapped:
            raise UsageError(
                f"--map {pair}: {held} is mapped twice, first to {mapped[held]!r}. Give it once."
            )
        if _plain_name(column) in map(_plain_name, mapped.values()):
            raise UsageError(f"--map {pair}: column {column!r} is mapped twice. Give it once.")
        mapped[held] = column
    return Columns(mapped)


def needs_text(names: Iterable[object], columns: Columns = USUAL) -> str:
    """What an article needs, and what there was instead."""
    if "text" in columns.mapped:
        return f"--map says text={columns.mapped['text']}. {listed(names)}"
    near = next(
        (f" Is it {str(name)!r}?" for name in names if did_you_mean(_plain_name(name), ("text", "content"))),
        "",
    )
    accepted = ", ".join(COLUMNS["text"][1:6])
    needed = f"An article needs at least: text (also accepted: {accepted}, …; or --map text=COLUMN)."
    return f"{needed} {listed(names)}{near}"


def listed(names: Iterable[object]) -> str:
    """The columns that there were, as a sentence."""
    shown = [str(name)[:80] for name in names]
    return f"Found: {', '.join(shown[:12]) + (', …' if len(shown) > 12 else '') if shown else 'nothing'}."


@lru_cache(maxsize=4096)
def _plain_name(name: object) -> str:
    return str(name).strip().strip("\ufeff").lower().replace(" ", "_").replace("-", "_")


_COMMENT_TEXT = ("text", "body", "content", "comment", "message")
_COMMENT_AUTHOR = ("author", "user", "username", "name")
_COMMENT_ID = ("id", "comment_id")
_COMMENT_PARENT = ("parent", "parent_id", "reply_to", "in_reply_to")
_COMMENT_REPLIES = ("replies", "children", "comments", "comment")


@dataclass(frozen=True, slots=True)
class Comment:
    """A reader's comment; `parent` is an index into the list that it stands in, or None for the article."""

    text: str
    author: str | None = None
    parent: int | None = None


def article_from_row(
    row: Mapping[str, Any],
    where: str,
    *,
    outlet: str | None = None,
    limits: Limits = DEFAULT_LIMITS,
    columns: Columns = USUAL,
) -> Article:
    """The Article of one row; its text is title, subtitle, body and comments, joined by a blank line.

    Raises Rejected: no_text, bad_text, empty, too_large, undecodable or bad_comments.
    """
    values = columns.by_field(row)
    if "text" not in values:
        raise Rejected(where, "no_text", f'"text" is missing. {needs_text(row, columns)}')
    body = _body(values["text"], where)
    comments = comments_from(values.get("comments"), where)
    title, subtitle = (_words(values.get(name)) for name in ("title", "subtitle"))
    text, parts = assemble(title, subtitle, body, comments)
    check_text(text, where, limits)
    article = Article(
        text=text,
        path=where,
        title=title,
        outlet=outlet or _words(values.get("outlet")),
        author=_words(values.get("author")),
        published=_date(values.get("published")),
        url=_words(values.get("url")),
        sections=_sections(values.get("sections")),
        markup="none",
        parts=parts,
    )
    said = (article.outlet, article.author, article.published, article.url, *article.sections)
    check_characters("\n".join([text, *filter(None, said), *(part.author or "" for part in parts)]), where)
    return article


def _body(body: Any, where: str) -> str:
    if body is None or (isinstance(body, str) and not body.strip()):
        raise Rejected(where, "empty", "the text of this row is empty. Expected the words of an article.")
    if not isinstance(body, str):
        came = f"{type(body).__name__} {reprlib.repr(body)}"
        raise Rejected(
            where, "bad_text", f'"text" is {came}. Expected a string with the words of the article.'
        )
    return convert_newlines(body)


def _words(value: Any) -> str | None:
    """A cell as one line of words: {"name": …} and lists of names are joined; blank is None."""
    if isinstance(value, Mapping):
        value = value.get("name") or value.get("title")
    if isinstance(value, list | tuple):
        value = ", ".join(filter(None, map(_words, value)))
    if not isinstance(value, str) or not value.strip():
        return None
    return " ".join(value.split())


def _date(value: Any) -> str | None:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    words = _words(value)
    return words and (iso_date(words) or words)


def _sections(value: Any) -> tuple[str, ...]:
    """A list of names, or one string of names between commas, semicolons or bars, or of a JSON list."""
    if isinstance(value, str):
        listed = _json_list(value)
        for_split = value.replace(";", ",").replace("|", ",").split(",")
        value = listed if listed is not None else for_split
    if not isinstance(value, list | tuple):
        return ()
    return tuple(dict.fromkeys(words for item in value if (words := _words(item))))


def _json_list(value: str) -> list[Any] | None:
    if not value.lstrip().startswith("["):
        return None
    try:
        listed = json.loads(value)
    except (ValueError, RecursionError):
        return None
    return listed if isinstance(listed, list) else None


def comments_from(value: Any, where: str) -> list[Comment]:
    """Comments from a list of strings or of objects, replies inside them included; a bare number is a count.

    Raises Rejected "bad_comments" where a comment cannot be read: an article is not kept without its readers.
    """
    if isinstance(value, str) and value.strip():
        listed = _json_list(value)
        if listed is None and value.lstrip().startswith("[{"):
            raise Rejected(where, "bad_comments", f"comments begin with {value[:40]!r} but are no JSON list.")
        value = listed if listed is not None else ([] if value.strip().isdigit() else [value])
    if value is None or isinstance(value, int | float | str):
        return []
    if not isinstance(value, list | tuple):
        expected = "a list of strings or of {author, text, parent}"
        raise Rejected(where, "bad_comments", f"comments are {type(value).__name__}. Expected {expected}.")
    flat: list[tuple[str, str | None, Any, Any]] = []
    _flatten(value, None, flat, where)
    return _linked(flat)


def _flatten(
    items: Sequence[Any], above: int | None, flat: list[tuple[str, str | None, Any, Any]], where: str
) -> None:
    """Append `(text, author, id, parent)` per comment; `above` is the index of the comment around these."""
    for number, item in enumerate(items):
        if isinstance(item, str):
            flat.append((convert_newlines(item), None, None, above))
            continue
        text = _first(item, _COMMENT_TEXT) if isinstance(item, Mapping) else None
        if not isinstance(item, Mapping) or not isinstance(text, str | None):
            expected = 'a string or an object with "text"'
            raise Rejected(
                where, "bad_comments", f"comment {number} is {reprlib.repr(item)}. Expected {expected}."
            )
        stated = _first(item, _COMMENT_PARENT)
        author = _words(_first(item, _COMMENT_AUTHOR))
        flat.append(
            (
                convert_newlines(text or ""),
                author,
                _first(item, _COMMENT_ID),
                above if stated is None else stated,
            )
        )
        replies = _first(item, _COMMENT_REPLIES)
        if isinstance(replies, list) and replies:
            _flatten(replies, len(flat) - 1, flat, where)


def _first(item: Mapping[str, Any], names: Iterable[str]) -> Any:
    return next((item[name] for name in names if item.get(name) is not None), None)


def _linked(flat: list[tuple[str, str | None, Any, Any]]) -> list[Comment]:
    """Resolve parents (an id, else an index), then drop comments without words; their replies move up."""
    by_id = {str(own): index for index, (_, _, own, _) in enumerate(flat) if own is not None}
    parents: list[int | None] = []
    for _, _, _, parent in flat:
        index = by_id.get(str(parent))
        if index is None and isinstance(parent, int) and 0 <= parent < len(flat):
            index = parent
        parents.append(index)
    kept = [index for index, (text, *_) in enumerate(flat) if text.strip()]
    place = {index: new for new, index in enumerate(kept)}
    return [Comment(flat[i][0], flat[i][1], _above(i, parents, place)) for i in kept]


def _above(index: int, parents: list[int | None], place: Mapping[int, int]) -> int | None:
    """The nearest kept comment above; None for the article, also where the parents go round in a circle."""
    seen, at, found = {index}, parents[index], None
    while at is not None:
        if at in seen:
            return None
        seen.add(at)
        if found is None and at in place:
            found = place[at]
        at = parents[at]
    return found


def assemble(
    title: str | None, subtitle: str | None, body: str, comments: Sequence[Comment]
) -> tuple[str, tuple[Part, ...]]:
    """The document's text and its parts: title, subtitle, body and comments, a blank line between each.

    A title or subtitle with which the body already begins is not put before it a second time.
    """
    pieces: list[tuple[str, str, str | None, int | None]] = []
    head, rest = _leading(title, body)
    if title:
        pieces.append(("title", head or title, None, None))
    if subtitle and subtitle != title and not " ".join(rest.split()).startswith(subtitle.rstrip("….")):
        pieces.append(("subtitle", subtitle, None, None))
    if rest.strip():
        pieces.append(("body", rest, None, None))
    first = len(pieces)
    for comment in comments:
        above = None if comment.parent is None else first + comment.parent
        pieces.append(("comment", comment.text, comment.author, above))
    parts, at = [], 0
    for role, words, author, parent in pieces:
        parts.append(Part(at, at + len(words), role, author, parent))
        at += len(words) + 2
    return "\n\n".join(words for _, words, _, _ in pieces), tuple(parts)


def _leading(title: str | None, body: str) -> tuple[str | None, str]:
    """`(the title as the body's first line has it, the rest)`, or `(None, body)` where it has none."""
    first, _, rest = body.lstrip().partition("\n")
    if title and " ".join(first.split()).casefold() == title.casefold():
        return first.strip(), rest.lstrip("\n")
    return None, body
