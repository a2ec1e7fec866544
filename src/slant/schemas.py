"""JSON Schemas (2020-12) of the rows that slant reads and writes; `data/schemas` is printed from here.

Units and scores follow from the records, so that a schema cannot fall behind them; what a type cannot say
(words, ranges, meanings) is added by hand. Print them anew with `python -m slant.schemas FOLDER`.
"""

from __future__ import annotations

import json
import sys
import types
from dataclasses import MISSING, Field, fields, is_dataclass
from pathlib import Path
from typing import Any, Union, get_args, get_origin, get_type_hints

from slant.records import (
    CONTENT_KINDS,
    OTHER_KINDS,
    REPLIES,
    STANCES,
    VOICES,
    Loaded,
    Reply,
    Score,
    Stance,
    Unit,
)

"""JSON Schemas (2020-12) of the rows that slant reads and writes; `data/schemas` is printed from here.

Units and scores follow from the records, so that a schema cannot fall behind them; what a type cannot say
(words, ranges, meanings) is added by hand. Print them anew with `python -m slant.schemas FOLDER`.
"""


Schema = dict[str, Any]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_OFFSET: Schema = {"type": "integer", "minimum": 0}
_PROBABILITY = {"minimum": 0, "maximum": 1}
_VOICE: Schema = {  # Unit.to_dict names the three
    "type": "object",
    "required": ["start", "end", "voice"],
    "properties": {"start": _OFFSET, "end": _OFFSET, "voice": {"enum": list(VOICES)}},
    "additionalProperties": False,
}
_NOT_IN_A_SCORE = ("pieces", "voices", "flags")  # Score.to_dict leaves out two and merges the flags

# What the types do not say: (record, field) → additions to the field's schema.
_ADDED: dict[tuple[type, str], Schema] = {
    (Unit, "article_id"): {
        "description": "from content, outlet, date and url: stable across runs and machines"
    },
    (Unit, "unit_id"): {"minLength": 1, "description": "stable across runs and machines"},
    (Unit, "kind"): {
        "enum": [*CONTENT_KINDS, *OTHER_KINDS],
        "description": "the last three come with --all only",
    },
    (Unit, "text"): {"description": "plain text: markup gone, torn lines joined"},
    (Unit, "start"): {"description": "first code point in the document's text"},
    (Unit, "end"): {"description": "one past the last code point in the document's text"},
    (Unit, "position"): {"description": "0-based order in the document"},
    (Unit, "author"): {"description": "of the article; for a comment, the commenter"},
    (Unit, "published"): {"description": "ISO date or time, or the words of the source where it is neither"},
    (Unit, "parent_id"): {"description": "for a comment: the unit that it answers; null for the article"},
    (Unit, "flags"): {"description": 'what a reader must know, e.g. "duplicate_of:<unit_id>"'},
    (Unit, "voices"): {"items": _VOICE, "description": "stretches that tile the text"},
    (Unit, "pieces"): {"description": "[text start, document start, length] runs equal in text and document"},
    (Stance, "label"): {"enum": [*STANCES, None], "description": "null where the model abstains"},
    (Stance, "mentions"): {"description": "where the unit names the target; empty if it does not"},
    (Loaded, "start"): {"description": "code point in the unit's text"},
    (Loaded, "end"): {"description": "code point in the unit's text"},
    (Loaded, "voice"): {"enum": list(VOICES)},
    (Reply, "label"): {"enum": list(REPLIES), "description": "toward the parent, or else the article"},
    (Score, "reply"): {"description": "comments only"},
    (Score, "toxic"): {"description": "[start, end] stretches; comments only"},
    (Score, "biased"): {"description": "probability that the unit as a whole is biased"},
    (Score, "subjective"): {"description": "probability that the unit as a whole is subjective"},
    (Score, "flags"): {"description": "the unit's flags, and truncated, windows, …"},
    (Score, "model"): {"description": "fingerprint of the model that produced the row"},
    (Score, "codebook"): {"description": "fingerprint of the codebook that its labels come from"},
}
_PROBABILITIES_OF = {Stance: STANCES, Reply: REPLIES}


def unit_schema() -> Schema:
    """A row of `slant split`."""
    properties = _properties(Unit)
    return _document("unit", "A stretch of a document that is read as one", properties, _required(Unit))


def score_schema() -> Schema:
    """A row of `slant score`: the unit's fields and the score's, side by side."""
    properties = {name: each for name, each in _properties(Unit).items() if name not in _NOT_IN_A_SCORE}
    properties |= {name: each for name, each in _properties(Score).items() if name != "unit"}
    return _document("score", "A unit with what the model says of it", properties, list(properties))


def article_schema() -> Schema:
    """An input row: one article with what is known of it and its readers' comments."""
    words: Schema = {"type": ["string", "null"]}
    comment = {
        "type": "object",
        "required": ["text"],
        "properties": {
            "text": {"type": "string"},
            "author": words,
            "id": {"type": ["string", "integer", "null"]},
            "parent": {
                "type": ["string", "integer", "null"],
                "description": "id of the comment that this one answers, or its place in the list from 0; "
                "null for the article",
            },
            "replies": {"type": "array", "items": {"$ref": "#/$defs/comment"}},
        },
    }
    properties: Schema = {
        "text": {
            "type": "string",
            "pattern": r"\S",
            "description": "the body, paragraphs apart by blank lines",
        },
        "title": words,
        "subtitle": words,
        "outlet": words,
        "author": words,
        "published": {**words, "description": "preferably an ISO date"},
        "url": words,
        "sections": {"type": ["array", "null"], "items": {"type": "string"}},
        "comments": {
            "type": ["array", "null"],
            "items": {"anyOf": [{"type": "string"}, {"$ref": "#/$defs/comment"}]},
        },
    }
    document = _document(
        "article", "One article to be read, other columns are let alone", properties, ["text"]
    )
    return {**document, "additionalProperties": True, "$defs": {"comment": comment}}


def all_schemas() -> dict[str, Schema]:
    """File name → schema."""
    return {
        "article.schema.json": article_schema(),
        "unit.schema.json": unit_schema(),
        "score.schema.json": score_schema(),
    }


def printed(schema: Schema) -> str:
    """The schema as it stands in its file."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def write(folder: Path) -> None:
    """Writes every schema into `folder`."""
    for name, schema in all_schemas().items():
        (folder / name).write_text(printed(schema), encoding="utf-8", newline="\n")


def _document(name: str, title: str, properties: Schema, required: list[str]) -> Schema:
    return {
        "$schema": _DIALECT,
        "$id": f"urn:slant:schema:{name}",
        "title": title,
        "type": "object",
        "required": required,
        "properties": properties,
        "additionalProperties": False,
    }


def _properties(record: type) -> Schema:
    hints = get_type_hints(record)
    found = {each.name: _of_field(record, each.name, hints[each.name]) for each in fields(record)}
    return {name: {**schema, **_ADDED.get((record, name), {})} for name, schema in found.items()}


def _of_field(record: type, name: str, hint: Any) -> Schema:
    if name == "scores":
        labels = _PROBABILITIES_OF[record]
        each = {label: {"type": "number", **_PROBABILITY} for label in labels}
        return {"type": "object", "required": list(labels), "properties": each, "additionalProperties": False}
    return _of_type(hint)


def _of_type(hint: Any) -> Schema:
    simple: dict[Any, Schema] = {
        str: {"type": "string"},
        int: _OFFSET,  # every int of the records is an offset or a position
        float: {"type": "number", **_PROBABILITY},  # every float of the records is a probability
    }
    if hint in simple:
        return dict(simple[hint])
    if is_dataclass(hint) and isinstance(hint, type):
        return {
            "type": "object",
            "required": [each.name for each in fields(hint)],
            "properties": _properties(hint),
            "additionalProperties": False,
        }
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        inner = _of_type(next(each for each in arguments if each is not types.NoneType))
        return {**inner, "type": [inner["type"], "null"]}
    if origin is tuple and arguments[-1] is Ellipsis:
        return {"type": "array", "items": _of_type(arguments[0])}
    if origin is tuple:
        places = [_of_type(each) for each in arguments]
        return {"type": "array", "prefixItems": places, "minItems": len(places), "maxItems": len(places)}
    raise TypeError(f"no schema for {hint!r}: teach slant.schemas about it")


def _required(record: type) -> list[str]:
    def has_default(each: Field[Any]) -> bool:
        return each.default is not MISSING or each.default_factory is not MISSING

    return [each.name for each in fields(record) if not has_default(each)]


if __name__ == "__main__":
    write(Path(sys.argv[1]))
