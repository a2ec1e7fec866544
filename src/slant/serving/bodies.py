"""Bodies of requests: checked, and made into what is split and scored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from slant.errors import Rejected, UsageError, did_you_mean
from slant.ingest.article_rows import article_from_row
from slant.labels.targets import Targets
from slant.records import Article, Note, Unit
from slant.scoring.python_api import UNIT_KEYS, RequestBuilder
from slant.scoring.score import ScoreRequest
from slant.segment.language import flag_languages
from slant.segment.units import split
from slant.serving.guard import Problem

ITEMS = 256  # of a request
UNITS = 1_000  # of a request, after splitting
DEPTH = 100  # of nested JSON
TARGETS, NAME = 32, 200  # of a request; characters of one


@dataclass(slots=True)
class Item:
    """What became of one item of a request: units or requests to score, or why it was rejected."""

    requests: list[ScoreRequest] = field(default_factory=list)
    units: list[Unit] = field(default_factory=list)
    notes: tuple[Note, ...] = ()
    rejected: Rejected | None = None


@dataclass(frozen=True, slots=True)
class Body:
    """items: strings and objects. targets: names, or None for the server's. any_language, everything: see the commands."""

    items: list[Any]
    targets: list[str] | None = None
    any_language: bool = False
    everything: bool = False


def read_body(kind: str, data: bytes, *, scoring: bool) -> Body:
    """Check a body of /v1/score (scoring) or /v1/split. Raises Problem 415 or 422, which says what was expected."""
    media, _, rest = kind.partition(";")
    charset = rest.partition("charset=")[2].strip(' "').lower()
    if media.strip().lower() != "application/json" or charset not in ("", "utf-8", "utf8"):
        raise Problem(
            415, "not_json", f"the Content-Type is {kind[:80]!r}; expected application/json in UTF-8."
        )
    try:
        found = msgspec.json.decode(data)
    except RecursionError:
        raise _bad("too_deep", f"the JSON is nested over {DEPTH} levels deep.") from None
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as error:
        raise _bad("bad_json", f"the body is not JSON in UTF-8 ({error}).") from None
    _check_depth(found)
    if not isinstance(found, dict):
        raise _bad("bad_body", f"the body is {_name(found)}; expected an object with items.")
    known = ("items", "targets", "any_language") if scoring else ("items", "all")
    for name in found:
        if name not in known:
            hint = did_you_mean(name, known)
            raise _bad("bad_body", f"the body has {name[:60]!r}; expected {', '.join(known)}.{hint}")
    return Body(
        _items(found.get("items"), scoring=scoring),
        _targets(found.get("targets")),
        _flag(found, "any_language"),
        _flag(found, "all"),
    )


def _items(items: Any, *, scoring: bool) -> list[Any]:
    if not isinstance(items, list) or not items:
        raise _bad("bad_body", "items is missing or empty; expected a list of texts or objects with text.")
    if len(items) > ITEMS:
        raise Problem(413, "too_many_items", f"there are {len(items):,} items; expected at most {ITEMS}.")
    for number, item in enumerate(items):
        if not isinstance(item, dict) and not (scoring and isinstance(item, str)):
            expected = "a string or an object with text" if scoring else "an article: an object with text"
            raise _bad("bad_body", f"items[{number}] is {_name(item)}; expected {expected}.")
        if isinstance(item, dict):
            _targets(item.get("targets"))
    return items


def _targets(names: Any) -> list[str] | None:
    if names is None:
        return None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise _bad("bad_targets", "targets is no list of names.")
    if len(names) > TARGETS or any(len(name) > NAME for name in names):
        raise _bad("bad_targets", f"expected at most {TARGETS} targets of at most {NAME} characters.")
    return names


def _flag(body: Mapping[str, Any], name: str) -> bool:
    value = body.get(name, False)
    if not isinstance(value, bool):
        raise _bad("bad_body", f"{name} is {_name(value)}; expected true or false.")
    return value


def _check_depth(found: Any) -> None:
    level = [found]
    for _ in range(DEPTH + 1):
        parts = (
            each.values() if isinstance(each, dict) else each
            for each in level
            if isinstance(each, dict | list)
        )
        level = [inner for part in parts for inner in part]
        if not level:
            return
    raise _bad("too_deep", f"the JSON is nested over {DEPTH} levels deep.")


def _bad(reason: str, detail: str) -> Problem:
    return Problem(422, reason, detail)


def _name(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "a string", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")


# ---- work, in the scoring thread


def builder_of(known: Targets, body: Body) -> RequestBuilder:
    """The builder of a request's units. Raises Problem for a target that is no name."""
    try:
        return RequestBuilder(known, body.targets, any_language=body.any_language)
    except UsageError as error:
        raise _bad("bad_targets", str(error)) from None


def score_items(items: Iterable[Any], builder: RequestBuilder) -> list[Item]:
    """Make the items ready to be scored. Raises Problem if they have more units than UNITS."""
    found, units = [], 0
    for number, item in enumerate(items):
        one = Item()
        try:
            given = item
            if isinstance(item, dict) and not any(key in item for key in UNIT_KEYS):
                given = article_from_row(item, f"items[{number}]")
            if isinstance(given, Article):
                one.notes = given.notes
            one.requests = list(builder.of_item(given, f"items[{number}]"))
        except Rejected as rejected:
            one.rejected = rejected
        found.append(one)
        units = _within(units + len(one.requests))
    return found


def split_items(items: Iterable[Any], *, everything: bool) -> list[Item]:
    """Split articles. everything: also metadata, media and boilerplate. Raises Problem as `score_items` does."""
    found, units = [], 0
    for number, item in enumerate(items):
        one = Item()
        try:
            article = article_from_row(item, f"items[{number}]")
            one.notes = article.notes
            one.units = [u for u in flag_languages(split(article)) if u.is_content or everything]
        except Rejected as rejected:
            one.rejected = rejected
        found.append(one)
        units = _within(units + len(one.units))
    return found


def _within(units: int) -> int:
    if units > UNITS:
        detail = f"the items have over {UNITS:,} units. Send fewer at once, or use `slant score`."
        raise Problem(413, "too_many_units", detail)
    return units
