"""The OpenAPI description of the server, made from the schemas of rows.

Print `data/schemas/openapi.json` anew with `python -m slant.serving.openapi data/schemas`.
"""

from __future__ import annotations

import json
import sys
from functools import cache
from pathlib import Path
from typing import Any

from slant import __version__
from slant.schemas import article_schema, printed, score_schema, unit_schema
from slant.serving.bodies import ITEMS, NAME, TARGETS

Schema = dict[str, Any]
FILE = "openapi.json"
_REFUSALS = {
    "400": "the client went away, or this is no HTTP",
    "401": "no token, or a wrong one",
    "403": "from a page of another site, or to another host name",
    "408": "the body did not arrive in time",
    "413": "the body is too large, or has too many items or units",
    "415": "the body is not application/json in UTF-8",
    "422": "the body is not JSON, or not what is expected here",
    "429": "too many requests are waiting; Retry-After says when to send this one again",
    "500": "slant failed",
    "503": "the server is being stopped, or there was no answer in time",
}


@cache
def openapi() -> Schema:
    """The description, as /openapi.json gives it."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "slant",
            "version": __version__,
            "summary": "Stance, loaded language and frames in news articles and reader comments",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{}, {"token": []}],
        "paths": {
            "/v1/score": {
                "post": _operation("score", "Score texts, ready-made units and articles", "Score", "Scored")
            },
            "/v1/split": {"post": _operation("split", "Split articles into units", "Split", "Units")},
            "/health": {"get": _health()},
        },
        "components": {
            "schemas": _schemas(),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(name: str, summary: str, body: str, answer: str) -> Schema:
    return {
        "operationId": name,
        "summary": summary,
        "requestBody": {"required": True, "content": _content(body)},
        "responses": {
            "200": {"description": "one result per item, in order", "content": _content(answer)},
            **{
                status: {"description": why, "content": _content("Error")}
                for status, why in _REFUSALS.items()
            },
        },
    }


def _health() -> Schema:
    return {
        "operationId": "health",
        "summary": "Whether the server takes requests",
        "security": [{}],
        "responses": {
            "200": {"description": "it does", "content": _content("Health")},
            "503": {"description": "it is being stopped", "content": _content("Error")},
        },
    }


def _content(name: str) -> Schema:
    return {"application/json": {"schema": _ref(name)}}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _schemas() -> Schema:
    article = _bare(article_schema())
    comment = article.pop("$defs")["comment"]
    text = {"type": "string"}
    names = {"type": ["array", "null"], "items": {"type": "string", "maxLength": NAME}, "maxItems": TARGETS}
    common = {
        "item": {"type": "integer", "minimum": 0, "description": "number of the item, from 0"},
        "rejected": {
            "oneOf": [{"type": "null"}, _object({"reason": text, "detail": text})],
            "description": "why the item could not be read; null if it was",
        },
        "notes": {
            "type": "array",
            "items": _object({"reason": text, "detail": text}),
            "description": "what to know about how the article was read",
        },
    }
    made_with = {"model": text, "codebook": text}
    return {
        "ArticleRow": _moved(article),
        "Comment": _moved(comment),
        "UnitRow": _bare(unit_schema()),
        "ScoreRow": _bare(score_schema()),
        "ReadyUnit": {
            "type": "object",
            "description": "a unit as a line of `slant score --units`: an object with text and one of the other fields",
            "required": ["text"],
            "properties": {
                "text": {"type": "string", "pattern": r"\S"},
                "kind": unit_schema()["properties"]["kind"],
                "parent_text": {"type": ["string", "null"]},
                "targets": {"type": ["array", "null"], "items": text},
                "unit_id": {"type": ["string", "null"]},
            },
            "anyOf": [{"required": [name]} for name in ("kind", "parent_text", "targets", "unit_id")],
        },
        "Score": _object(
            {
                "items": _list({"anyOf": [text, _ref("ReadyUnit"), _ref("ArticleRow")]}),
                "targets": names,
                "any_language": {"type": "boolean", "default": False},
            },
            required=["items"],
        ),
        "Split": _object(
            {"items": _list(_ref("ArticleRow")), "all": {"type": "boolean", "default": False}},
            required=["items"],
        ),
        "Scored": _object(
            {
                **made_with,
                "results": {
                    "type": "array",
                    "items": _object({**common, "scores": {"type": "array", "items": _ref("ScoreRow")}}),
                },
            }
        ),
        "Units": _object(
            {
                "results": {
                    "type": "array",
                    "items": _object({**common, "units": {"type": "array", "items": _ref("UnitRow")}}),
                }
            }
        ),
        "Health": _object(
            {"status": {"const": "ok"}, "waiting": {"type": "integer", "minimum": 0}, **made_with}
        ),
        "Error": _object({"error": _object({"reason": text, "detail": text, "request_id": text})}),
    }


def _list(items: Schema) -> Schema:
    return {"type": "array", "minItems": 1, "maxItems": ITEMS, "items": items}


def _object(properties: Schema, *, required: list[str] | None = None) -> Schema:
    return {
        "type": "object",
        "required": list(properties) if required is None else required,
        "properties": properties,
        "additionalProperties": False,
    }


def _bare(schema: Schema) -> Schema:
    """A schema as a part of a larger document."""
    return {name: value for name, value in schema.items() if name not in ("$schema", "$id")}


def _moved(schema: Schema) -> Schema:
    """The schema with its references to comments as they are called here."""
    moved: Schema = json.loads(json.dumps(schema).replace("#/$defs/comment", "#/components/schemas/Comment"))
    return moved


if __name__ == "__main__":
    path = Path(sys.argv[1]) / FILE
    path.write_text(printed(openapi()), encoding="utf-8", newline="\n")
