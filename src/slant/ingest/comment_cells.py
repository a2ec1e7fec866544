"""Read a list of comments that a table holds as text in one cell: JSON, or Python as pandas and NumPy print it."""

from __future__ import annotations

import ast
import json
import re
from itertools import pairwise
from typing import Any

from slant.errors import Rejected

EXPECTED = "Expected a list of strings, or of objects with text, author, id and parent."
NOTHING = ("", "root", "null", "none", "nan", "undefined", "n/a", "na", "<na>", "nat", "false", "[]", "{}")
_LITERAL_LIMIT = 2_000_000  # characters; Python's parser needs about a hundred bytes for each
_STRING = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"", re.S)
_COUNT = re.compile(r"\d[\d.,\s]*[kKmM]?(?:\s*(?:comments?|replies))?")
_MUST_PARSE = re.compile(r"[\[{(]\s*[\[{'\"]|\[\s*\]|\{\s*\}|array\(|list\(")


def read_cell(text: str, where: str) -> Any:
    """Return what a cell with comments holds: a JSON or Python list or object, a list of one comment, or None.

    Raises Rejected "bad_comments" for a list that cannot be read.
    """
    text = text.strip()
    if text.lower() in NOTHING or _COUNT.fullmatch(text):
        return None
    if text[0] in "[{":
        with_json = _json(text)
        if isinstance(with_json, list | dict):
            return with_json
    if not _MUST_PARSE.match(text):
        return [text]
    if len(text) <= _LITERAL_LIMIT:
        try:
            return _python_list(text)
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            pass
    detail = f"comments start with {text[:40]!r} but are not a valid JSON or Python list. {EXPECTED}"
    raise Rejected(where, "bad_comments", detail)


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def json_list(text: str) -> list[Any] | None:
    """Return the list that a JSON text holds, or None."""
    value = _json(text)
    return value if isinstance(value, list) else None


def _python_list(text: str) -> Any:
    """Value of a Python list as pandas and NumPy print it. Only literals are read, nothing is run.

    Raises ValueError, SyntaxError, MemoryError or RecursionError for anything else.
    """
    if text.startswith("[") and text.endswith("]"):
        strings = list(_STRING.finditer(text))
        between = [text[one.end() : two.start()] for one, two in pairwise(strings)]
        if any(
            not gap.strip() for gap in between
        ):  # NumPy prints no commas, and Python would join the strings
            if all(not gap.strip() for gap in between):
                return [ast.literal_eval(string.group()) for string in strings]
            raise ValueError("some commas are missing")
    return ast.literal_eval(_Literals().visit(ast.parse(text, mode="eval")))


class _Literals(ast.NodeTransformer):
    """Replaces nan and null by None, and calls such as array([…]) and Timestamp('…') by what they hold."""

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if node.id.lower() in ("nan", "nat", "na", "null", "inf", "none"):
            return ast.Constant(None)
        if node.id in ("true", "false"):
            return ast.Constant(node.id == "true")
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if len(node.args) == 1:
            held: ast.AST = self.visit(node.args[0])
            return held
        return ast.Constant(None) if node.args else node
