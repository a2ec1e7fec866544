"""Rows of the demonstration set and the seed documents stay as they are: what changes them must say so.

Write the golden file anew, after a change that is meant, with `python tests/project/test_same_outputs.py`.
Split rows must be equal to the last byte. Scores may differ in the last digits between processors, so probabilities have a
tolerance.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from slant import Scorer, Targets, read_articles, split

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = Path(__file__).parent / "golden" / "demo.json"
DEMO = ROOT / "seeds" / "demo"
PROVENANCE = ("source", "source_id", "extra")  # the path differs from machine to machine
TOLERANCE = 0.03  # of a probability


def units(folder: Path) -> Iterator[Any]:
    for article in read_articles([str(folder)]):
        yield from split(article)


def digest(folder: Path) -> str:
    """Of all split rows of a folder, as `slant split` writes them, without where they come from."""
    given = ({k: v for k, v in unit.to_dict().items() if k not in PROVENANCE} for unit in units(folder))
    rows = (json.dumps(row, ensure_ascii=False) + "\n" for row in given)
    return hashlib.sha256("".join(rows).encode()).hexdigest()


def scored() -> dict[str, dict[str, Any]]:
    """Unit id → stance probabilities and loaded spans of the demonstration set."""
    scorer = Scorer.load(targets=Targets.load(DEMO / "targets.toml"))
    found = {}
    for row in scorer.score(list(read_articles([str(DEMO / "articles")]))):
        found[row.unit.unit_id] = {
            "stance": {s.target: [round(p, 2) for p in s.scores.values()] for s in row.stance},
            "loaded": [[span.start, span.end, span.label, span.voice] for span in row.loaded],
        }
    return found


def seeds() -> Path:
    return Path(os.environ.get("SLANT_SEEDS") or ROOT.parent / "shared" / "seeds")


def golden() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(GOLDEN.read_text("utf-8"))
    return found


def test_split_rows_of_the_demonstration_set() -> None:
    assert digest(DEMO / "articles") == golden()["split"]["demo"]


def test_split_rows_of_the_seed_documents() -> None:
    if not seeds().is_dir():
        pytest.skip(f"no seed documents in {seeds()}; set SLANT_SEEDS to their folder")
    assert digest(seeds()) == golden()["split"]["seeds"]


def test_scores_of_the_demonstration_set() -> None:
    before, now = golden()["scores"], scored()
    assert list(now) == list(before)
    for unit_id, row in now.items():
        assert row["stance"].keys() == before[unit_id]["stance"].keys(), unit_id
        for target, probabilities in row["stance"].items():
            assert probabilities == pytest.approx(before[unit_id]["stance"][target], abs=TOLERANCE), (
                unit_id,
                target,
            )
    spans = [{(u, *span) for u, row in rows.items() for span in row["loaded"]} for rows in (before, now)]
    assert len(spans[0] & spans[1]) >= 0.95 * max(map(len, spans))


if __name__ == "__main__":
    made = {"split": {"demo": digest(DEMO / "articles"), "seeds": digest(seeds())}, "scores": scored()}
    GOLDEN.write_text(json.dumps(made, ensure_ascii=False) + "\n", "utf-8")
