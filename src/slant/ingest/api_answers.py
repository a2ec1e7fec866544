"""Find the rows in the answer of an API, which has them in a list somewhere inside, and the fields inside a row.

The shape decides, not the API: the longest list of objects with a text holds the rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

# Names of the list in usual answers, which may be empty or hold rows without text.
LIST_NAMES = frozenset(
    {"articles", "data", "docs", "documents", "entries", "hits", "items", "news", "posts", "records", "response", "results",
     "rows", "stories", "value"}
)  # fmt: skip
# Lists of objects that are part of an article.
_NO_ROWS = frozenset(
    {"comments", "reader_comments", "user_comments", "replies", "messages", "children",
     "authors", "images", "media", "keywords", "tags",
     "entities", "categories", "links", "people", "concepts", "multimedia", "elements", "blocks", "sections",
     "content_elements"}
)  # fmt: skip
_COMMENTS = frozenset({"comments", "reader_comments", "user_comments", "replies"})
_MAX_DEPTH = 6
_MAX_CELLS = 2000  # of one row with its nested objects
_EXAMINED = 20  # entries of a list in which a text is looked for

HasText = Callable[[Mapping[str, Any]], bool]


class Listed(NamedTuple):
    """The rows of an answer. name: where they are, such as "response.docs". with_text: whether one has a text."""

    name: str
    rows: list[Any]
    with_text: bool


def listed_rows(value: Any, has_text: HasText, has_full_text: HasText, is_record: HasText) -> Listed | None:
    """Return the rows in an answer; None if `value` is a row itself, or no list is found in it.

    has_text: whether an object has a text, or at least its beginning. has_full_text: whether it has a text.
    is_record: whether it has other fields of an article.
    """
    if not isinstance(value, Mapping) or has_full_text(value):
        return None
    if table := _columns_of(value):
        return Listed("the table", table, any(map(has_text, table[:_EXAMINED])))
    record = is_record(value)
    found: list[tuple[bool, bool, int, Listed]] = []
    for name, rows in _lists(value):
        *above, last = name.lower().split(".")
        if not _COMMENTS.isdisjoint(above):
            continue
        usual = last in LIST_NAMES
        if (last in _NO_ROWS and not (last == "children" and not record)) or (record and not usual):
            continue
        objects = [each for each in rows[:_EXAMINED] if isinstance(each, Mapping)]
        with_text = any(map(has_text, objects))
        if with_text or usual or objects:
            found.append((with_text, usual, len(rows), Listed(name, rows, with_text)))
    best = max(found, key=lambda each: each[:3])[3] if found else None
    return best if best and (best.with_text or not has_text(value)) else None


def _lists(value: Mapping[str, Any], prefix: str = "", depth: int = 0) -> Iterator[tuple[str, list[Any]]]:
    """Lists inside nested objects with their place, and objects that hold rows by their ids."""
    for name, inner in value.items():
        place = f"{prefix}{name}"
        if isinstance(inner, list):
            yield place, inner
        elif isinstance(inner, Mapping) and depth < _MAX_DEPTH:
            yield from _lists(inner, f"{place}.", depth + 1)
    entries = list(value.values())
    if len(entries) > 1 and all(isinstance(each, Mapping) for each in entries) and not _are_fields(value):
        yield prefix.rstrip(".") or "the object", entries


def _are_fields(value: Mapping[str, Any]) -> bool:
    """Do the keys name different things, rather than being ids of things of one kind?"""
    shapes = [frozenset(each) for each in list(value.values())[:_EXAMINED]]
    return not frozenset.intersection(*shapes)


def _columns_of(value: Mapping[str, Any]) -> list[Any] | None:
    """Rows of a table by columns, as pandas writes it: {"columns": […], "data": [[…]]} or {"text": {"0": …}}."""
    names, data = value.get("columns"), value.get("data")
    if isinstance(names, list) and isinstance(data, list) and all(isinstance(row, list) for row in data):
        if all(len(row) == len(names) for row in data):
            return [dict(zip(map(str, names), row, strict=True)) for row in data]
        return None
    columns = list(value.values())
    if len(columns) < 2 or not all(isinstance(each, Mapping) and each for each in columns):
        return None
    keys = list(columns[0])
    if not all(key.isdigit() for key in keys) or any(list(each) != keys for each in columns):
        return None
    if isinstance(columns[0][keys[0]], Mapping):
        return None
    return [{name: column[key] for name, column in value.items()} for key in keys]


def cells(row: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    """Name and value of each cell of a row; those of nested objects follow, under names such as "fields.body"."""
    if not any(isinstance(value, dict) for value in row.values()):
        return row.items()
    return _flattened(row)


def _flattened(row: Mapping[str, Any]) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    level: list[tuple[str, Mapping[str, Any]]] = [("", row)]
    for _ in range(_MAX_DEPTH):
        deeper: list[tuple[str, Mapping[str, Any]]] = []
        for prefix, inner in level:
            for name, value in inner.items():
                found.append((f"{prefix}{name}", value))
                if isinstance(value, dict):
                    deeper.append((f"{prefix}{name}.", value))
            if len(found) > _MAX_CELLS:
                return found
        level = deeper
    return found


# ---- Reddit


def threads(values: Iterable[Any]) -> Iterator[Any]:
    """Join the two halves of a Reddit thread, a list with the post and a list with its comments, to one row."""
    post: Mapping[str, Any] | None = None
    for value in values:
        kinds = _kinds(value)
        if post is not None:
            held, post = post, None
            if kinds is not None and kinds <= {"t1", "more"}:
                yield {**held["data"]["children"][0]["data"], "comments": value["data"]["children"]}
                continue
            yield held
        if kinds == {"t3"} and len(value["data"]["children"]) == 1:
            post = value
        else:
            yield value
    if post is not None:
        yield post


def _kinds(value: Any) -> set[str] | None:
    """Kinds of the things in a listing, None for no listing."""
    if not isinstance(value, Mapping) or value.get("kind") != "Listing":
        return None
    data = value.get("data")
    children = data.get("children") if isinstance(data, Mapping) else None
    if not isinstance(children, list) or not all(
        isinstance(each, Mapping) and isinstance(each.get("data"), Mapping | str | None) for each in children
    ):
        return None
    return {str(each.get("kind")) for each in children}
