"""Units of the five seed documents against the manual annotation in seeds/units.json (offsets and kinds, no text)."""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from slant.records import Article
from slant.segment.units import split

ROOT = Path(__file__).resolve().parents[2]
SEEDS = Path(os.environ.get("SLANT_SEEDS") or ROOT / "../shared/seeds")
GOLD: list[dict[str, Any]] = json.loads((ROOT / "seeds/units.json").read_text(encoding="utf-8"))["documents"]

pytestmark = pytest.mark.data


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    found = [path.read_text(encoding="utf-8") for path in sorted(SEEDS.glob("*.txt"))]
    by_sum = {hashlib.sha256(text.encode()).hexdigest(): text for text in found}
    if not by_sum:
        pytest.skip(f"no seed documents in {SEEDS}; set SLANT_SEEDS to the folder that holds them")
    return by_sum


@pytest.mark.parametrize("gold", GOLD, ids=[gold["sha256"][:8] for gold in GOLD])
def test_units_match_the_manual_annotation(gold: dict[str, Any], texts: dict[str, str]) -> None:
    text = texts.get(gold["sha256"])
    if text is None:
        pytest.skip(f"the document {gold['sha256'][:8]} is not in {SEEDS}")
    found = split(Article(text=text))
    assert [[unit.kind, unit.start, unit.end] for unit in found] == [row[:3] for row in gold["units"]]
    # Authors are checked by the offsets of their author line, so that this repository holds no name.
    authors = [text[row[3] : row[4]] if len(row) > 3 else None for row in gold["units"]]
    assert [unit.author for unit in found] == authors


def test_counts(texts: dict[str, str]) -> None:
    """Counted by hand: 16 comments, 9 of them signed by 7 people, one of them posted twice."""
    units = [unit for text in texts.values() for unit in split(Article(text=text))]
    comments = [unit for unit in units if unit.kind == "comment"]
    assert len(texts) == len(GOLD)
    assert Counter(unit.kind for unit in units if unit.is_content) == {
        "title": 5, "subtitle": 1, "lead": 3, "heading": 6, "paragraph": 55, "list_item": 11, "comment": 16,
    }  # fmt: skip
    assert len({unit.author for unit in comments} - {None}) == 7
    assert sum(unit.author is not None for unit in comments) == 9
    assert [flag.split(":")[0] for unit in comments for flag in unit.flags] == ["duplicate_of"]
