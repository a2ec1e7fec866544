"""Ready-made units: their fields and targets, and lines that are rejected."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from slant.errors import Rejected
from slant.labels.targets import Target, Targets
from slant.scoring.python_api import ready_units
from slant.scoring.score import ScoreRequest

TARGETS = Targets((Target("council", "the harbour council", ("council", "harbour council")),))


def read(*lines: Any, path: str = "-") -> tuple[list[ScoreRequest], list[Rejected]]:
    text = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
    rejected: list[Rejected] = []
    return list(ready_units([path], TARGETS, rejected, stdin=io.StringIO(text))), rejected


def test_a_text_is_enough_for_a_unit() -> None:
    (asked,), rejected = read({"text": "The harbour council met."})
    assert rejected == []
    assert asked.mentions == {"council": ((4, 19),)}
    assert (asked.topics, asked.parent) == ((), None)
    assert (asked.unit.kind, asked.unit.start, asked.unit.end) == ("paragraph", 0, 24)
    (again,), _ = read("", {"text": "The harbour council met.", "outlet": "Courier"}, "  ")
    assert again.unit.unit_id == asked.unit.unit_id, "the id is made from the text, the same in every run"


def test_fields_of_a_line_are_kept() -> None:
    stated = {
        "unit_id": "u7",
        "article_id": 12,
        "kind": "title",
        "outlet": "Courier",
        "published": "2023-05-01",
    }
    (asked,), _ = read({"text": "Boats", **stated, "author": "", "note": {"any": 1}})
    u = asked.unit
    assert (u.unit_id, u.article_id, u.kind, u.outlet, u.published, u.author) == (
        "u7", "12", "title", "Courier", "2023-05-01", None,
    )  # fmt: skip


def test_targets_by_id_by_name_and_as_a_topic() -> None:
    row = {"text": "Mayor Quill met the council.", "targets": ["Quill", "council", "more boats", "Quill"]}
    (asked,), _ = read(row)
    assert asked.mentions == {"Quill": ((6, 11),), "council": ((20, 27),)}
    assert asked.topics == (("more boats", "more boats"),)
    (absent,), _ = read({"text": "They met.", "targets": ["council"]})
    assert absent.topics == (("council", "the harbour council"),), "a topic has the name of its id"
    (only,), _ = read({"text": "Quill met the council.", "targets": ["Quill"]})
    assert list(only.mentions) == ["Quill"], "only the targets of the line"


def test_a_text_with_a_parent_is_a_comment() -> None:
    (asked,), _ = read({"text": "No.", "parent_text": "The ferry sails."})
    assert (asked.unit.kind, asked.parent) == ("comment", "The ferry sails.")
    assert {voice for _, _, voice in asked.unit.voices} == {"reader"}


@pytest.mark.parametrize(
    ("line", "reason", "detail"),
    [
        ("{torn", "bad_json", "not JSON"),
        ("[" * 100_000, "bad_json", "nested too deeply"),
        ('{"text": "x", "n": ' + "1" * 5000 + "}", "bad_json", "not JSON"),
        ('["a text"]', "no_text", 'expected an object with "text"'),
        ('{"txt": "x"}', "no_text", 'expected an object with "text"'),
        ('{"text": "  "}', "no_text", "a string that is not empty"),
        ('{"text": 7}', "no_text", "a string"),
        ('{"text": "half \\ud83d of a face"}', "undecodable", "lone surrogate"),
        (
            '{"text": "x", "kind": "essay"}',
            "bad_kind",
            "\"kind\" is 'essay'; expected one of title, subtitle",
        ),
        ('{"text": "x", "kind": ["title"]}', "bad_kind", "expected one of"),
        ('{"text": "x", "targets": "ferry"}', "bad_targets", "expected a list of names"),
        ('{"text": "x", "targets": [" "]}', "bad_targets", "expected a list of names"),
        ('{"text": "x", "targets": ["-"]}', "bad_targets", "Expected letters or digits"),
        ('{"text": "x", "outlet": ["Courier"]}', "bad_field", '"outlet" is .* expected a string or null'),
        ('{"text": "x", "parent_text": 3}', "bad_field", '"parent_text" is 3'),
    ],
)
def test_a_bad_line_is_rejected_by_number_and_the_others_are_scored(
    line: str, reason: str, detail: str
) -> None:
    asked, (found,) = read({"text": "Before."}, line, {"text": "After."})
    assert [q.unit.text for q in asked] == ["Before.", "After."]
    assert (found.path, found.reason) == ("-:2", reason)
    with pytest.raises(Rejected, match=detail):
        raise found


def test_files_that_cannot_be_read_are_rejected(tmp_path: Path) -> None:
    assert [r.reason for r in read(path=str(tmp_path / "none.jsonl"))[1]] == ["missing"]
    assert [r.reason for r in read(path=str(tmp_path))[1]] == ["unreadable"]
    (tmp_path / "latin.jsonl").write_bytes('{"text": "a"}\n{"text": "café"}\n'.encode("latin-1"))
    assert [r.reason for r in read(path=str(tmp_path / "latin.jsonl"))[1]] == ["undecodable"]
    (tmp_path / "bom.jsonl").write_text('{"text": "a"}\n', encoding="utf-8-sig")
    assert [q.unit.text for q in read(path=str(tmp_path / "bom.jsonl"))[0]] == ["a"]


def test_a_line_that_is_not_utf8_is_rejected_alone(tmp_path: Path) -> None:
    path = tmp_path / "mixed.jsonl"
    path.write_bytes(b'{"text": "Before."}\n{"text": "caf\xe9"}\n{"text": "After."}\n')
    asked, (found,) = read(path=str(path))
    assert [q.unit.text for q in asked] == ["Before.", "After."]
    assert (found.path, found.reason) == (f"{path}:2", "undecodable")
