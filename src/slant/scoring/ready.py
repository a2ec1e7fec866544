"""Ready-made units: anyone's sentences, as JSON lines with at least `text`, scored without reading or splitting."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TextIO

from slant.errors import Rejected
from slant.labels.targets import Targets
from slant.reading.voice import voices
from slant.records import CONTENT_KINDS, Unit
from slant.scoring.score import Question


def ready_units(
    paths: Sequence[str], targets: Targets, rejected: list[Rejected], *, stdin: TextIO
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
                yield _question(json.loads(line), where, targets)
            except json.JSONDecodeError as error:
                rejected.append(
                    Rejected(where, "bad_json", f"this line is no JSON ({error.msg}). One object a line.")
                )
            except RecursionError:
                rejected.append(Rejected(where, "bad_json", "this line is nested too deeply."))
            except Rejected as error:
                rejected.append(error)


def _lines(path: str, stdin: TextIO, rejected: list[Rejected]) -> Iterator[tuple[int, str]]:
    try:
        if path == "-":
            yield from ((n, line) for n, line in enumerate(stdin, 1) if line.strip())
        else:
            with Path(path).open(encoding="utf-8-sig") as file:
                yield from ((n, line) for n, line in enumerate(file, 1) if line.strip())
    except FileNotFoundError:
        rejected.append(Rejected(path, "missing", "there is no such file. Check the path."))
    except OSError as error:
        rejected.append(
            Rejected(path, "unreadable", f"{error.strerror}. Check the path and its permissions.")
        )
    except UnicodeDecodeError as error:
        detail = f"byte {error.start} of a block is no UTF-8. Convert the file to UTF-8; the lines before were scored."
        rejected.append(Rejected(path, "undecodable", detail))


def _question(row: Any, where: str, targets: Targets) -> Question:
    if not isinstance(row, dict) or not isinstance(row.get("text"), str) or not row["text"].strip():
        raise Rejected(where, "no_text", 'expected an object with "text", a string with something in it.')
    kind = row.get("kind") or ("comment" if row.get("parent_text") else "paragraph")
    if kind not in CONTENT_KINDS:
        raise Rejected(where, "bad_kind", f'"kind" is {kind!r}; expected one of {", ".join(CONTENT_KINDS)}.')
    names = row.get("targets") or []
    if not isinstance(names, list) or not all(isinstance(n, str) and n.strip() for n in names):
        raise Rejected(where, "bad_targets", f'"targets" is {names!r}; expected a list of names.')
    text = row["text"]
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    stated: dict[str, Any] = {
        n: row.get(n) for n in ("outlet", "published", "title", "url", "author", "parent_id")
    }
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
    mentions = targets.find(text)
    own = [n for n in names if n not in targets.ids]
    if own:
        mentions |= Targets.from_names(own).find(text)
    if names:
        mentions = {n: mentions[n] for n in names if n in mentions}
    topics = tuple((n, targets.name(n) if n in targets.ids else n) for n in names if n not in mentions)
    parent = row.get("parent_text")
    return Question(unit, mentions, topics, parent if isinstance(parent, str) and parent.strip() else None)
