"""Ready-made units: anyone's sentences, as JSON lines with at least `text`, scored without reading or splitting."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from slant.errors import Rejected, TakesRejected, UsageError
from slant.labels.targets import Targets
from slant.reading.decoding import bounded_lines, decode, too_long
from slant.reading.limits import DEFAULT_LIMITS
from slant.reading.voice import voices
from slant.records import CONTENT_KINDS, Unit
from slant.scoring.score import Question


def ready_units(
    paths: Sequence[str], targets: Targets, rejected: TakesRejected, *, stdin: TextIO
) -> Iterator[Question]:
    """A Question per line of the files ("-" is standard input).

    Fields: `text`; optional `unit_id`, `kind`, `parent_text` (what a comment replies to) and `targets`, a list of names:
    ids of the targets file, or any other name, looked for as it stands; one that the text does not name goes as a pair.
    Lines that are no unit go to `rejected` with their number.
    """
    for path in paths:
        for number, line in _lines(path, stdin, rejected):
            where = f"{path}:{number}"
            try:
                yield ready_question(_row(line, where), where, targets)
            except Rejected as error:
                rejected.append(error)


def _row(line: str, where: str) -> Any:
    try:
        row = json.loads(line)
        json.dumps(row, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        detail = (
            "it holds half of a character (a lone surrogate such as \\ud83d). Write the text as UTF-8 again."
        )
        raise Rejected(where, "undecodable", detail) from None
    except ValueError as error:
        raise Rejected(where, "bad_json", f"this line is no JSON ({error}). One object a line.") from None
    except RecursionError:
        raise Rejected(where, "bad_json", "this line is nested too deeply.") from None
    return row


def _lines(path: str, stdin: TextIO, rejected: TakesRejected) -> Iterator[tuple[int, str]]:
    try:
        if path == "-":
            yield from ((n, line) for n, line in enumerate(stdin, 1) if line.strip())
        else:
            with Path(path).open("rb") as file:
                yield from _decoded(file, path, rejected)
    except FileNotFoundError:
        rejected.append(Rejected(path, "missing", "there is no such file. Check the path."))
    except OSError as error:
        rejected.append(
            Rejected(path, "unreadable", f"{error.strerror}. Check the path and its permissions.")
        )
    except UnicodeDecodeError:  # standard input alone is decoded by the system, a block of lines at a time
        detail = "standard input is no UTF-8 here; what came after was not read. Convert it, or name the file instead."
        rejected.append(Rejected(path, "undecodable", detail))


def _decoded(file: BinaryIO, path: str, rejected: TakesRejected) -> Iterator[tuple[int, str]]:
    """Number and text of each line that is not blank; one that is no UTF-8 or too long is rejected alone."""
    for number, offset, data in bounded_lines(file, DEFAULT_LIMITS.line):
        where = f"{path}:{number}"
        try:
            if data is None:
                raise too_long(where, DEFAULT_LIMITS.line)
            if line := decode(data, where, offset=offset).strip():
                yield number, line
        except Rejected as error:
            rejected.append(error)


def ready_question(row: Any, where: str, targets: Targets) -> Question:
    """The Question of one ready-made unit, see `ready_units`. Raises Rejected, with `where`, for what is none."""
    if not isinstance(row, dict) or not isinstance(row.get("text"), str) or not row["text"].strip():
        raise Rejected(where, "no_text", 'expected an object with "text", a string with something in it.')
    kind = row.get("kind") or ("comment" if row.get("parent_text") else "paragraph")
    if kind not in CONTENT_KINDS:
        raise Rejected(where, "bad_kind", f'"kind" is {kind!r}; expected one of {", ".join(CONTENT_KINDS)}.')
    text = row["text"]
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    stated: dict[str, Any] = {name: _text(row, name, where) for name in _STATED}
    unit = Unit(
        article_id=str(row.get("article_id") or digest),
        unit_id=str(row.get("unit_id") or f"{digest}-0000"),
        kind=kind,
        text=text,
        start=0,
        end=len(text),
        position=0,
        voices=voices(text, kind),
        **stated,
    )
    names = _names(row.get("targets") or [], where)
    try:
        own = _made(tuple(n for n in names if n not in targets.ids))
    except UsageError as error:
        raise Rejected(where, "bad_targets", str(error)) from None
    mentions = targets.find(text) | own.find(text)
    if names:
        mentions = {n: mentions[n] for n in names if n in mentions}
    topics = tuple((n, targets.name(n) if n in targets.ids else n) for n in names if n not in mentions)
    return Question(unit, mentions, topics, answers=_text(row, "parent_text", where))


@lru_cache(maxsize=256)
def _made(names: tuple[str, ...]) -> Targets:
    """Rows of one file mostly name the same targets, and looking for them is prepared but once."""
    return Targets.from_names(names)


_STATED = ("outlet", "published", "title", "url", "author", "parent_id")


def _text(row: dict[str, Any], name: str, where: str) -> str | None:
    value = row.get(name)
    if value is not None and not isinstance(value, str):
        raise Rejected(where, "bad_field", f'"{name}" is {value!r}; expected a string or null.')
    return value if value and value.strip() else None


def _names(names: Any, where: str) -> list[str]:
    if not isinstance(names, list) or not all(isinstance(n, str) and n.strip() for n in names):
        raise Rejected(where, "bad_targets", f'"targets" is {names!r}; expected a list of names.')
    return list(dict.fromkeys(names))
