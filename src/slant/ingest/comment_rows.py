"""Read reader comments as platforms give them: flat or nested, under the key names of each platform.

There is one reader for all platforms: a table of key names (comment_names.py), and a few rules for objects inside objects
(`snippet`, `edges` and `node`, `kind` and `data`). An object without a known key is refused with the keys that it has.
"""

from __future__ import annotations

import html
import math
import re
import reprlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from slant.errors import Rejected
from slant.ingest.cell_text import plain_cell
from slant.ingest.comment_cells import EXPECTED, NOTHING, json_list, read_cell
from slant.ingest.comment_names import (
    ALWAYS_UNWRAPPED,
    INNER_ID,
    INNER_NAME,
    INNER_TEXT,
    LISTS,
    MAX_WRAPPED,
    RAW_TEXT,
    WRAPPERS,
    looks_like_comments,
    plain_name,
    shape_of,
)
from slant.ingest.decoding import convert_newlines
from slant.records import Note
from slant.segment.dates import iso_date

# ---- values

_NO_PARENT = ("0", "-1")  # unless a comment has this id
_PREFIX = re.compile(r"t([1-6])_(?=[a-z0-9]+\Z)")  # Reddit: t1 is a comment, t3 the post
_YOUTUBE_REPLY = re.compile(r"Ug[\w-]+\.[\w-]+")
_GONE = re.compile(
    r"\[\s*(?:comment |message |post )?(?:deleted|removed)(?: by [^\]\n]{1,40})?\s*\]"
    r"|(?:this|the) (?:comment|message|post) (?:has been|was|is) (?:deleted|removed)(?: by (?:a |the )?\w+)?"
    r"(?: because [^\n]{0,120})?\.?",
    re.I,
)
_GONE_STATUS = ("deleted", "removed", "rejected", "spam", "trash", "hold", "unapproved", "blocked", "withdrawn", "premod",
                "systemwithheld")  # fmt: skip


# ---- one comment


@dataclass(frozen=True, slots=True)
class Comment:
    """A reader comment. parent: index in the same list of the comment it answers, None for the article.

    source: file and row that it comes from, if its document has several.
    """

    text: str
    author: str | None = None
    parent: int | None = None
    published: str | None = None
    source: str | None = None


class CommentThread(NamedTuple):
    """Comments in order, and what was left out or could not be linked."""

    comments: list[Comment]
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class CommentRow:
    """A comment as stated, before parents are resolved.

    id, parent: as stated, in one form ("501.0", 501 and "t1_501" are "501").
    of_thread: whether `parent` is the id of the post or thread, so that it need not be that of a comment.
    above: index of the row that contains this one as a reply.
    left_out: why it is no comment ("deleted", "empty", "pingback", "not_loaded"), or "". count: how many it stands for.
    source: file and row that it comes from, if its document has several.
    """

    text: str
    author: str | None = None
    published: str | None = None
    id: str | None = None
    parent: str | None = None
    of_thread: bool = False
    above: int | None = None
    left_out: str = ""
    count: int = 1
    source: str | None = None


def parse_comments(value: Any, where: str) -> CommentThread:
    """Comments from a list of strings or objects, nested or flat, or from a text that holds such a list.

    A count, "nan" and the like hold no comments; an object with a count has a note.
    Raises Rejected "bad_comments" if a comment cannot be read, since an article is not kept without its comments.
    """
    if isinstance(value, str):
        value = read_cell(value, where)
    if value is None or isinstance(value, int | float):
        return CommentThread([])
    if isinstance(value, Mapping):
        counted = _counted(value)
        if counted is not None:
            return CommentThread([], _notes({"not_loaded": counted}))
        value = _from_object(value, where)
    if not isinstance(value, list | tuple):
        raise Rejected(where, "bad_comments", f"comments are {type(value).__name__}. {EXPECTED}")
    return link(comment_rows(value, where))


_COUNT_NAME = re.compile(r"(?:num(?:ber)?|n|total|all|visible|public|approved)?(?:of)?"
    r"(?:comments?|repl(?:y|ies)|results?|items?)?"
                         r"(?:count|total|number|num|size|results?|items?)?s?")  # fmt: skip


def _counted(value: Mapping[str, Any], depth: int = 0) -> int | None:
    """The number that an object states as its count of comments, if it holds nothing that could be one; else None."""
    counts = []
    for name, held in value.items():
        number = str(held).strip().removesuffix(".0")
        if isinstance(held, Mapping) and held:
            inner = _counted(held, depth + 1) if depth < MAX_WRAPPED else None
            if inner is None:
                return None
            counts.append(inner)
        elif isinstance(held, list | tuple) and held:
            return None
        elif number.isdecimal() and len(number) < 10 and _COUNT_NAME.fullmatch(plain_name(name)):
            counts.append(int(number))
        elif isinstance(held, str) and not (
            len(held.split()) < 2 and (len(held) <= _MAX_LABEL or "://" in held)
        ):
            return None
    return max(counts, default=None)


_MAX_LABEL = 40  # characters of a word such as "open"


def _from_object(value: Mapping[str, Any], where: str) -> list[Any]:
    """Comments of an object: of one comment, of a list of them, or of comments by their ids."""
    if "text" in fields_of(value):
        return [value]
    entries = listed(value)
    if entries is None and value and all(isinstance(each, Mapping) for each in value.values()):
        entries = [{"id": name, **each} for name, each in value.items()]
    if entries is None and value:
        raise Rejected(where, "bad_comments", f"comments are an object with {_keys_of(value)}. {EXPECTED}")
    return entries or []


def comment_rows(items: Iterable[Any], where: str) -> list[CommentRow]:
    """Return the comments in `items` and in their replies, in order, without a limit to the nesting.

    Raises Rejected "bad_comments" for an entry that is no comment, with the keys that it has.
    """
    rows: list[CommentRow] = []
    open_lists: list[tuple[Iterator[Any], int | None]] = [(iter(items), None)]
    while open_lists:
        entries, above = open_lists[-1]
        try:
            item = next(entries)
        except StopIteration:
            open_lists.pop()
            continue
        replies = _append(rows, item, above, where)
        if replies is not None:
            open_lists.append((iter(replies[0]), replies[1]))
    return rows


def _append(
    rows: list[CommentRow], item: Any, above: int | None, where: str
) -> tuple[Sequence[Any], int | None] | None:
    """Append a comment to `rows`. Returns its replies and their `above`, or None."""
    if item is None or isinstance(item, str):
        words = as_text(item or "", where)
        rows.append(CommentRow(words, above=above, left_out=left_out_by_text(words)))
        return None
    if not isinstance(item, Mapping):
        detail = f"comment {len(rows)} is {reprlib.repr(item)}. {EXPECTED}"
        raise Rejected(where, "bad_comments", detail)
    found = unwrap(item)
    fields = _fields(found)
    kind = next(iter(fields.get("kind", ())), None)
    if kind == "more":  # Reddit: "load more comments"
        count = found.get("count")
        rows.append(CommentRow("", left_out="not_loaded", count=count if isinstance(count, int) else 1))
        return None
    text = text_of(found, where)
    left_out = _left_out(fields, kind)
    replies = _replies(found)
    if text is None and not left_out:
        entries = listed(found) if replies is None else replies
        is_comment = ("id" in fields or "author" in fields) and not ("title" in fields or "url" in fields)
        if entries is None or is_comment:
            detail = f"comment {len(rows)} is an object with {_keys_of(item)}: none is a known name of its text. {EXPECTED}"
            raise Rejected(where, "bad_comments", detail)
        return entries, above  # a page of comments
    own, parent, of_thread = _ids(fields)
    rows.append(
        CommentRow(
            text or "",
            author=_author(fields),
            published=_published(fields),
            id=own,
            parent=parent,
            of_thread=of_thread,
            above=above,
            left_out=left_out or left_out_by_text(text or ""),
        )
    )
    return None if replies is None else (replies, len(rows) - 1)


def _keys_of(item: Mapping[str, Any]) -> str:
    names = [str(name)[:40] for name in item]
    return f"the keys {', '.join(names[:12])}{', …' if len(names) > 12 else ''}" if names else "no keys"


def unwrap(item: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a comment with the objects that hold it merged into one; the innermost takes precedence."""
    for _ in range(MAX_WRAPPED):
        wrappers = shape_of(tuple(item)).wrappers
        name = next((name for name in wrappers if _wraps(item, name)), None) if wrappers else None
        if name is None:
            return item
        item = {**{other: item[other] for other in item if other != name}, **item[name]}
    return item


def _wraps(item: Mapping[str, Any], name: str) -> bool:
    """Does the object under `name` hold the comment, rather than something that the comment names, such as its post?"""
    inner, plain = item[name], plain_name(name)
    if not isinstance(inner, dict):
        return False
    if plain in ALWAYS_UNWRAPPED:
        return True
    if _has_text(item):
        return False
    if WRAPPERS.index(plain) < WRAPPERS.index("discussion"):
        return True
    deeper = (value for value in inner.values() if isinstance(value, dict))
    return _has_text(inner) or listed(inner) is not None or any(map(_has_text, deeper))


def _has_text(item: Mapping[str, Any]) -> bool:
    return any(isinstance(item[name], str) and item[name].strip() for name in shape_of(tuple(item)).texts)


def _fields(item: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Role → values, by precedence. None is no value."""
    found = {}
    for role, names in shape_of(tuple(item)).roles:
        values = [value for name in names if (value := item[name]) is not None]
        if values:
            found[role] = values
    return found


def fields_of(item: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Return role → values of a row, taken out of the objects that hold it."""
    return _fields(unwrap(item))


def listed(value: Any) -> list[Any] | None:
    """Return the list of comments in an object such as {"data": {"children": […]}}, or None."""
    for _ in range(MAX_WRAPPED):
        if isinstance(value, list | tuple):
            return list(value)
        if not isinstance(value, dict):
            return None
        names = {plain_name(name): name for name in value}
        held = [value[names[name]] for name in LISTS if name in names]
        inner = [value[names[name]] for name in WRAPPERS if name in names]
        lists = [each for each in held if isinstance(each, list | tuple) and not _are_ids(each)]
        if lists:
            return list(max(lists, key=lambda each: any(isinstance(entry, dict) for entry in each)))
        value = next((each for each in (*held, *inner) if isinstance(each, dict)), None)
    return None


def _are_ids(entries: Sequence[Any]) -> bool:
    return bool(entries) and all(isinstance(each, int | float) for each in entries)


def _replies(item: Mapping[str, Any]) -> list[Any] | None:
    """Replies of a comment, from all keys that hold some."""
    found: list[Any] = []
    shape = shape_of(tuple(item))
    for name in shape.replies:
        value = item[name]
        if not value or not isinstance(value, list | tuple | dict | str):
            continue
        if isinstance(value, str):
            value = json_list(value) if value[0] == "[" and name not in shape.texts else None
        entries = listed(value)
        if entries and not _are_ids(entries):
            found += entries
    return found or None


# ---- texts, authors, times

_TAG = re.compile(
    r"<(?:(br|p|div|blockquote|ul|ol|li|pre|h[1-6])|a|i|b|em|strong|span|code|s|u|del|img|small|sup|sub)"
    r"(?=[\s/>])[^<>]*>",
    re.I,
)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|amp|lt|gt|quot|apos|nbsp);")


def as_text(text: str, where: str) -> str:
    """Return a comment as plain text: HTML becomes paragraphs, and entities characters. Other text stays as it is."""
    if "<" in text and _TAG.search(text):
        text = html_as_text(convert_newlines(text), where)
    return plain_cell(text, where)


def unescape(text: str) -> str:
    """Return the text with the common HTML entities as characters."""
    return _ENTITY.sub(lambda match: html.unescape(match.group()), text) if "&" in text else text


def html_as_text(text: str, where: str) -> str:
    """Return HTML as paragraphs of plain text. Without tags of paragraphs, its line breaks count."""
    from slant.ingest.html_pages import parse_html
    from slant.ingest.html_text import join_blocks, text_blocks

    if not any(tag[1] for tag in _TAG.finditer(text)):
        text = text.replace("\n", "<br>")
    tree = parse_html(text, where)
    return "" if tree is None else join_blocks(text_blocks(tree))


def text_of(item: Mapping[str, Any], where: str) -> str | None:
    """Return the text of a comment, "" if its key is there but empty, None if there is no such key."""
    present = False
    for name in shape_of(tuple(item)).texts:
        value = item[name]
        words = value if isinstance(value, str) else _words(value)
        if words and not words.isspace():
            raw = plain_name(str(name).rpartition(".")[2]) in RAW_TEXT
            return convert_newlines(words) if raw else as_text(words, where)
        present = present or words is not None or value is None
    return "" if present else None


def _words(value: Any) -> str | None:
    """A text, also from {"rendered": …}, {"runs": […]} or a list of strings and entities (Telegram)."""
    if isinstance(value, str):
        return value
    if isinstance(value, float) and math.isnan(value):
        return ""
    if isinstance(value, dict):
        names = {plain_name(name): value[name] for name in value}
        if isinstance(names.get("runs"), list):
            return _words(names["runs"])
        return next((names[name] for name in INNER_TEXT if isinstance(names.get(name), str)), None)
    if isinstance(value, list | tuple):
        pieces = [_words(each) for each in value]
        return None if None in pieces else "".join(piece or "" for piece in pieces)
    return None


def line_of(values: Iterable[Any]) -> str | None:
    """Return the first value that is a text, or an object with a name, as one line."""
    for value in values:
        if isinstance(value, dict):
            names = {plain_name(name): value[name] for name in value}
            value = next((names[name] for name in INNER_NAME if isinstance(names.get(name), str)), None)
        if isinstance(value, str) and value.strip() and value.strip().lower() not in NOTHING:
            return " ".join(value.split())
    return None


def _author(fields: Mapping[str, Sequence[Any]]) -> str | None:
    name = line_of(fields.get("author", ()))
    return None if name is None or _GONE.fullmatch(name) or _PREFIX.match(name) else unescape(name)


def _published(fields: Mapping[str, Sequence[Any]]) -> str | None:
    return next(filter(None, map(time_of, fields.get("published", ()))), None)


def time_of(value: Any) -> str | None:
    """Return a time as ISO text: from a date, seconds or milliseconds since 1970, or words; None for anything else."""
    if isinstance(value, dict):  # MongoDB
        value = next(iter(value.values()), None)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    words = " ".join(str(value).split())
    number = re.fullmatch(r"(\d{9,16})(?:\.\d+)?", words)
    if number:
        digits = len(number[1])  # 9 to 11: seconds
        seconds = int(number[1]) / (1 if digits < 12 else 1_000 if digits < 15 else 1_000_000)
        return datetime.fromtimestamp(int(seconds), UTC).isoformat()
    if words.lower() in NOTHING or (not isinstance(value, str) and len(words) != 8):
        return None
    return iso_date(words) or words


# ---- ids


def _ids(fields: Mapping[str, Sequence[Any]]) -> tuple[str | None, str | None, bool]:
    """`(id, parent, whether the parent may be the thread)`, all in one form."""
    own = next(filter(None, map(key_of, fields.get("id", ()))), None)
    parents = [key for value in fields.get("parent", ()) if (key := _parent_key(value))]
    parent = next((key for key in parents if key not in _NO_PARENT), None)
    if parent is not None:
        return own, parent, parent in map(key_of, fields.get("thread", ()))
    if own and _YOUTUBE_REPLY.fullmatch(own):
        return own, own.rpartition(".")[0], False
    return own, next(iter(parents), None), False


def _parent_key(value: Any) -> str | None:
    if isinstance(value, list | tuple):  # X: referenced_tweets
        answered = [each for each in value if isinstance(each, dict) and each.get("type") == "replied_to"]
        return key_of(answered[0]) if answered else None
    if isinstance(value, str) and (prefix := _PREFIX.match(value)) and prefix[1] != "1":
        return None
    return key_of(value)


def key_of(value: Any) -> str | None:
    """Return an id in one form: 501, 501.0, "501.0" and "t1_501" are "501"; None for what stands for no id."""
    if isinstance(value, dict):
        names = {plain_name(name): value[name] for name in value}
        value = next((names[name] for name in INNER_ID if names.get(name) is not None), None)
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, float):
        value = str(int(value)) if value.is_integer() else str(value)
    key = str(value).strip()
    if key.lower() in NOTHING:
        return None
    if key.endswith(".0") and key[:-2].lstrip("-").isdigit():
        key = key[:-2]
    return _PREFIX.sub("", key)


# ---- comments that are not kept


def _left_out(fields: Mapping[str, Sequence[Any]], kind: Any) -> str:
    if kind in ("pingback", "trackback"):
        return "pingback"
    if any(
        value is True or str(value).lower() in ("true", "1", "1.0") for value in fields.get("deleted", ())
    ):
        return "deleted"
    if any(
        value is False or str(value).lower() in ("false", "0", "0.0") for value in fields.get("approved", ())
    ):
        return "deleted"
    states = (
        value for role in ("status", "approved") for value in fields.get(role, ()) if isinstance(value, str)
    )
    return "deleted" if any(plain_name(state) in _GONE_STATUS for state in states) else ""


def left_out_by_text(text: str) -> str:
    """Return "empty" or "deleted" for the text of a comment that is none, else ""."""
    if not text.strip():
        return "empty"
    return "deleted" if len(text) < 200 and _GONE.fullmatch(text.strip()) else ""


_NOTES = {
    "deleted": ("deleted_comments", "Comments that were deleted, removed or not approved, and are left out"),
    "empty": ("empty_comments", "Comments without text, which are left out"),
    "pingback": ("pingbacks", "Pingbacks and trackbacks, which are left out"),
    "not_loaded": (
        "comments_not_loaded",
        "Comments that this file only counts (“load more”), so that they are missing",
    ),
    "copy": ("duplicate_comments", "Comments that occur twice, with the same id and text, and are read once"),
    "same_id": (
        "duplicate_ids",
        "Comments with the id of an earlier one; replies to this id answer the first",
    ),
    "unknown": ("unknown_parent", "Replies to a comment that is not in the file, which have no parent here"),
    "cycle": (
        "parent_cycle",
        "Comments that answer themselves or their own replies, which have no parent here",
    ),
}


def _notes(counts: Mapping[str, int]) -> tuple[Note, ...]:
    held = ((reason, what, counts.get(name)) for name, (reason, what) in _NOTES.items())
    return tuple(Note(reason, f"{what}: {count:,}.") for reason, what, count in held if count)


# ---- parents


def link(rows: Sequence[CommentRow]) -> CommentThread:
    """Resolve the parents of `rows`. Time is linear in their number.

    A parent is an id; only where no comment states one is it a place in the list. Replies to a comment that is left out
    answer the one above it.
    """
    counts = Counter[str]()
    by_id, same = _numbered(rows, counts)
    places = not by_id and _are_places(rows)
    parents: list[int | None] = []
    for index, row in enumerate(rows):
        parent = by_id.get(row.parent) if row.parent is not None else None
        if row.of_thread and parent == index:
            parent = None
        if parent is None and row.above is not None:
            parent = row.above
        elif parent is None and row.parent is None:
            parent = _parent_in_id(row.id, by_id)
        elif parent is None and row.parent is not None and places:
            parent = int(row.parent) if int(row.parent) >= 0 else None
        elif parent is None and not (row.of_thread or row.left_out or index in same):
            counts["unknown"] += row.parent not in _NO_PARENT
        parents.append(parent)
    for copy, first in same.items():
        parents[copy] = first  # so that replies inside the copy answer the first
    counts["cycle"] = _break_cycles(parents)
    kept = [
        index
        for index, row in enumerate(rows)
        if not row.left_out and index not in same and not _is_id(row, by_id)
    ]
    above = _kept_parents(parents, kept)
    new_index: dict[int | None, int] = {index: new for new, index in enumerate(kept)}
    comments = [
        Comment(
            rows[index].text,
            rows[index].author,
            new_index.get(above[index]),
            rows[index].published,
            rows[index].source,
        )
        for index in kept
    ]
    return CommentThread(comments, _notes(counts))


def _numbered(rows: Sequence[CommentRow], counts: Counter[str]) -> tuple[dict[str, int], dict[int, int]]:
    """`(id → first row with it, copy → first row of the same id and text)`. Counts the skipped rows."""
    by_id: dict[str, int] = {}
    same: dict[int, int] = {}
    for index, row in enumerate(rows):
        if row.left_out:
            counts[row.left_out] += row.count
        if row.id is None or (first := by_id.setdefault(row.id, index)) == index:
            continue
        if rows[first].text == row.text:
            same[index] = first
            counts["copy"] += not row.left_out
        else:
            counts["same_id"] += 1
    return by_id, same


def _are_places(rows: Sequence[CommentRow]) -> bool:
    """Are the parents places in the list? Then all of them come before the comments that answer them."""
    stated = [
        (index, row.parent) for index, row in enumerate(rows) if row.parent is not None and row.above is None
    ]
    return all(re.fullmatch(r"-1|\d{1,9}", parent) and int(parent) < index for index, parent in stated)


def _parent_in_id(own: str | None, by_id: Mapping[str, int]) -> int | None:
    """Index of the parent that an id names: "UgzA.8vB" answers "UgzA"."""
    above, dot, _ = (own or "").rpartition(".")
    return by_id.get(above) if dot else None


def _is_id(row: CommentRow, by_id: Mapping[str, int]) -> bool:
    """Is this "reply" only the id of another comment?"""
    return row.above is not None and row.id is None and row.author is None and row.text.strip() in by_id


def _break_cycles(parents: list[int | None]) -> int:
    """Take the parents of all comments on a cycle away. Returns their number."""
    count = 0
    state = bytearray(len(parents))  # 1: on the path from `start`, 2: done
    for start in range(len(parents)):
        path: list[int] = []
        at: int | None = start
        while at is not None and not state[at]:
            state[at] = 1
            path.append(at)
            at = parents[at]
        while at is not None and state[at] == 1:
            state[at], parents[at], at = 2, None, parents[at]
            count += 1
        for each in path:
            state[each] = 2
    return count


def _kept_parents(parents: list[int | None], kept: Sequence[int]) -> list[int | None]:
    """Nearest ancestor of each comment that is kept. `parents` has no cycles."""
    is_kept = bytearray(len(parents))
    for index in kept:
        is_kept[index] = 1
    above = list(parents)
    for index in range(len(parents)):
        path = []
        at = index
        while (up := above[at]) is not None and not is_kept[up]:
            path.append(at)
            at = up
        for each in path:
            above[each] = above[at]
    return above


def holds_comments(row: Mapping[str, Any]) -> bool:
    """Return whether a row is no article but an answer or export that holds comments."""
    if looks_like_comments(unwrap(row)):
        return True
    entries = listed(row)
    first = next((entry for entry in entries or () if isinstance(entry, Mapping)), None)
    return first is not None and "text" in _fields(unwrap(first))
