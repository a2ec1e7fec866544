"""Columns of unit and score rows in every format, derived from the records: JSON Schema, Arrow, DuckDB, CSV.

Print `data/schemas` anew with `python -m slant.schemas data/schemas`.
"""

from __future__ import annotations

import json
import sys
import types
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from slant.records import PORTRAYALS, REPLIES, STANCE_ANSWERS, UNIT_COLUMNS, VOICES, Score, Unit

Schema = dict[str, Any]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_OFFSET: Schema = {"type": "integer", "minimum": 0}
_PROBABILITY = {"minimum": 0, "maximum": 1}
_VOICE: Schema = {  # Unit.to_dict names the values of a voice
    "type": "object",
    "required": ["start", "end", "voice", "speaker"],
    "properties": {
        "start": _OFFSET,
        "end": _OFFSET,
        "voice": {"enum": list(VOICES)},
        "speaker": {
            "type": ["string", "null"],
            "description": "who says it, if it is quoted and a speaker is named",
        },
    },
    "additionalProperties": False,
}
# Facts of the unit come first in a CSV row, then its text, then all other columns in their order.
_FIRST_IN_CSV = (
    "article_id", "unit_id", "outlet", "published", "title", "url", "author", "kind", "position", "start", "end",
    "parent_id", "speaker", "text",
)  # fmt: skip


# ---- rows


def row_fields(record: type) -> dict[str, tuple[type, Field[Any]]]:
    """Column → (record that declares it, field), in the order of a row of `slant split` (Unit) or `slant score` (Score)."""
    own = {
        each.name: (record, each) for each in fields(record) if each.name != "speakers"
    }  # part of `voices`
    if record is not Score:
        return own
    unit = {each.name: (Unit, each) for each in fields(Unit) if each.name in UNIT_COLUMNS}
    return unit | {name: each for name, each in own.items() if name != "unit"}


@cache
def _hints(record: type) -> Mapping[str, Any]:
    return get_type_hints(record, include_extras=True)


def _type_and_schema(owner: type, name: str) -> tuple[Any, Schema]:
    """The bare type of a field, and the JSON Schema keywords declared beside it (records.about)."""
    hint = _hints(owner)[name]
    if get_origin(hint) is not Annotated:
        return hint, {}
    bare, meta = get_args(hint)
    said = {"description": meta.description} if meta.description else {}
    keywords = {k: list(v) if isinstance(v, tuple) else v for k, v in (meta.extra_json_schema or {}).items()}
    return bare, keywords | said


# ---- JSON Schema


def unit_schema() -> Schema:
    """A row of `slant split`."""
    required = [name for name, (_, each) in row_fields(Unit).items() if _is_required(each)]
    return _document("unit", "A stretch of a document that is scored as one", _properties(Unit), required)


def score_schema() -> Schema:
    """A row of `slant score`: the unit's columns and the score's, side by side."""
    properties = _properties(Score)
    return _document("score", "A unit with the model's labels", properties, list(properties))


def article_schema() -> Schema:
    """An input row: one article with its metadata and its readers' comments."""
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
                "description": "id of the comment that this one answers, or its place in the list from 0 where no comment "
                "has an id; null or 0 for the article",
            },
            "replies": {"type": "array", "items": {"$ref": "#/$defs/comment"}},
        },
    }
    properties: Schema = {
        "text": {
            "type": "string",
            "pattern": r"\S",
            "description": "the body, paragraphs separated by blank lines",
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
        "article", "One article to be read; other columns travel along", properties, ["text"]
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
    """The schema as written to its file."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def write(folder: Path) -> None:
    """Write every schema into `folder`."""
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
    found = {name: _property(owner, each) for name, (owner, each) in row_fields(record).items()}
    if record is Unit:
        found["voices"]["items"] = _VOICE
    return found


def _property(owner: type, each: Field[Any]) -> Schema:
    bare, given = _type_and_schema(owner, each.name)
    if labels := given.pop("labels", ()):  # a probability per label
        number = {"type": "number", **_PROBABILITY}
        return {
            "type": "object",
            "required": list(labels),
            "properties": {label: number for label in labels},
            "additionalProperties": False,
        }
    return {**_json_type(bare), **given}


def _json_type(hint: Any) -> Schema:
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
    if inner := _optional(hint):
        found = _json_type(inner)
        return {**found, "type": [found["type"], "null"]}
    arguments = get_args(hint)
    if get_origin(hint) is dict:  # other columns of a table
        return {"type": "object", "additionalProperties": {"type": "string"}}
    if inner := _list_of(hint):
        return {"type": "array", "items": _json_type(inner)}
    if get_origin(hint) is tuple:
        places = [_json_type(each) for each in arguments]
        return {"type": "array", "prefixItems": places, "minItems": len(places), "maxItems": len(places)}
    raise TypeError(f"no schema for {hint!r}: add it to slant.schemas")


def _is_required(each: Field[Any]) -> bool:
    return each.default is MISSING and each.default_factory is MISSING


def _optional(hint: Any) -> Any:
    """T for `T | None`, else None."""
    if get_origin(hint) in (Union, types.UnionType):
        return next(each for each in get_args(hint) if each is not types.NoneType)
    return None


def _list_of(hint: Any) -> Any:
    """T for `tuple[T, ...]`, else None."""
    arguments = get_args(hint)
    return arguments[0] if get_origin(hint) is tuple and arguments[-1] is Ellipsis else None


# ---- DuckDB, Parquet and Arrow


Shape = str | list["Shape"] | dict[str, "Shape"]
"""A column's type: a DuckDB type name, a list of one shape for a list, a dict of name and shape for a struct.

As JSON, this is the structure that DuckDB's `from_json` takes.
"""


def column_shapes(record: type = Score) -> dict[str, Shape]:
    """Column → shape of each column of a row, in order; the same in Parquet and DuckDB files."""
    return {name: _field_shape(owner, each) for name, (owner, each) in row_fields(record).items()}


def _field_shape(owner: type, each: Field[Any]) -> Shape:
    if (owner, each.name) == (Unit, "voices"):  # Unit.to_dict names the values
        return [{"start": "BIGINT", "end": "BIGINT", "voice": "VARCHAR", "speaker": "VARCHAR"}]
    bare, given = _type_and_schema(owner, each.name)
    if labels := given.get("labels"):  # a probability per label
        return {label: "DOUBLE" for label in labels}
    return _shape(bare)


def _shape(hint: Any) -> Shape:
    simple = {str: "VARCHAR", int: "BIGINT", float: "DOUBLE"}
    if hint in simple:
        return simple[hint]
    if is_dataclass(hint) and isinstance(hint, type):
        return {each.name: _field_shape(hint, each) for each in fields(hint)}
    if get_origin(hint) is dict:  # of any keys: JSON text
        return "VARCHAR"
    if inner := _optional(hint):
        return _shape(inner)
    if inner := _list_of(hint):
        return [_shape(inner)]
    places = set(get_args(hint))  # a pair or triple of one type is a short list
    if len(places) == 1:
        return [_shape(places.pop())]
    raise TypeError(f"no column type for {hint!r}: add it to slant.schemas")


def duckdb_types(record: type = Score) -> dict[str, str]:
    """Column → DuckDB type, as in the files that slant writes."""
    return {name: _duckdb(shape) for name, shape in column_shapes(record).items()}


def _duckdb(shape: Shape) -> str:
    if isinstance(shape, list):
        return f"{_duckdb(shape[0])}[]"
    if isinstance(shape, dict):
        return "STRUCT(" + ", ".join(f'"{name}" {_duckdb(inner)}' for name, inner in shape.items()) + ")"
    return shape


def arrow_fields(record: type = Score) -> list[tuple[str, Any]]:
    """Column and pyarrow type of each column, as pyarrow reads them from the Parquet files. Needs pyarrow."""
    return [(name, _arrow(shape)) for name, shape in column_shapes(record).items()]


def _arrow(shape: Shape) -> Any:
    import pyarrow as pa

    if isinstance(shape, list):
        return pa.list_(_arrow(shape[0]))
    if isinstance(shape, dict):
        return pa.struct([(name, _arrow(inner)) for name, inner in shape.items()])
    return {"VARCHAR": pa.string(), "BIGINT": pa.int64(), "DOUBLE": pa.float64()}[shape]


# ---- CSV


def csv_columns(record: type = Score) -> tuple[str, ...]:
    """Columns of a CSV file. Scores have a row per unit and target: `stance` and `portrayal` become columns of one target.

    `extra` stands for the columns that it holds (output_files.write_csv).
    """
    names = tuple(row_fields(record))
    if record is Unit:
        return names
    flat = {
        "stance": (
            "target",
            "target_name",
            "stance",
            *(f"p_{label}" for label in STANCE_ANSWERS),
            "mentions",
        ),
        "portrayal": ("portrayal", *(f"p_portrayal_{label}" for label in PORTRAYALS)),
        "reply": ("reply", *(f"p_reply_{label}" for label in REPLIES)),
    }
    rest = [name for name in names if name not in _FIRST_IN_CSV]
    return (*_FIRST_IN_CSV, *(each for name in rest for each in flat.get(name, (name,))))


if __name__ == "__main__":
    write(Path(sys.argv[1]))
