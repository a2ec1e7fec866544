"""transformers.pipeline("slant") returns the rows of `slant score`, computed by the torch model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import slant
from pages import examples
from slant.errors import Rejected, UsageError

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.train
TEXTS = [
    "The corrupt council met and wrecked the old mill, said the greedy mayor.",
    "The council meets on Tuesday at the library of Port Ellis.",
    {"text": "No, that is a lie.", "parent_text": "The bridge opens in June."},
    {"text": "I do not want more boats on the river.", "targets": ["more boats"]},
]


pytest.importorskip("transformers", reason="needs the [train] install")


@pytest.fixture(scope="module")
def pipe(tiny_checkpoint: Path) -> Any:
    import transformers

    import slant.training.pipeline  # noqa: F401  # registers the task

    return transformers.pipeline("slant", model=str(tiny_checkpoint), device="cpu")


def test_rows_equal_those_of_the_export_except_for_int8_rounding(pipe: Any, tiny_export: Path) -> None:
    rows = pipe(TEXTS, targets=["council"])
    int8 = [row.to_dict() for row in slant.Scorer.load(tiny_export).score(TEXTS, targets=["council"])]
    assert [row.keys() for row in rows] == [row.keys() for row in int8]
    for ours, theirs in zip(rows, int8, strict=True):
        assert [s["label"] for s in ours["stance"]] == [s["label"] for s in theirs["stance"]]
        for s, t in zip(ours["stance"], theirs["stance"], strict=True):
            assert s["scores"] == pytest.approx(t["scores"], abs=0.05)
        assert [(x["start"], x["end"], x["label"]) for x in ours["loaded"]] == [
            (x["start"], x["end"], x["label"]) for x in theirs["loaded"]
        ]
        assert (ours["reply"] or {}).get("label") == (theirs["reply"] or {}).get("label")
        assert [(p["target"], p["label"]) for p in ours["portrayal"]] == [
            (p["target"], p["label"]) for p in theirs["portrayal"]
        ]
        compared = {
            "model", "stance", "portrayal", "loaded", "frames", "reply", "biased", "subjective", "source",
        }  # fmt: skip
        assert {k: v for k, v in ours.items() if k not in compared} == {
            k: v for k, v in theirs.items() if k not in compared
        }
    assert rows[0]["loaded"], "there are spans to compare"
    assert [p["label"] for p in rows[0]["portrayal"]] == ["negative"]


def test_single_texts_batches_and_streams_give_the_same_rows(pipe: Any) -> None:
    alone = [pipe(text) for text in TEXTS]
    assert pipe(TEXTS) == alone
    for size in (2, 3, 8):
        batched = pipe(TEXTS, batch_size=size)
        assert [[s["label"] for s in row["stance"]] for row in batched] == [
            [s["label"] for s in row["stance"]] for row in alone
        ]
        assert [row["text"] for row in batched] == [row["text"] for row in alone]
    streamed = list(pipe((text for text in TEXTS), batch_size=2))
    assert [row["text"] for row in streamed] == [row["text"] for row in alone]


def test_texts_in_other_languages_have_no_labels_unless_asked_for(pipe: Any) -> None:
    german = "Der Stadtrat hat uns alle belogen, und keiner tut etwas."
    row, english = pipe([german, TEXTS[0]], targets=["Stadtrat"], batch_size=2)
    assert (row["flags"], len(row["stance"]), row["biased"]) == (["language:de"], 0, None)
    assert english["stance"]
    row = pipe(german, targets=["Stadtrat"], any_language=True)
    assert [s["target"] for s in row["stance"]] == ["Stadtrat"]
    assert not any(flag.startswith("language") for flag in row["flags"])


@pytest.mark.parametrize(
    ("item", "message"),
    [(3, "got int 3; expected a string or a dict"), ({"txt": "No."}, "no_text"), (" ", "no_text")],
)
def test_bad_input_is_an_error(pipe: Any, item: Any, message: str) -> None:
    with pytest.raises(Rejected, match=message):
        pipe([item], batch_size=2)


def test_wrong_parameters_are_refused(pipe: Any) -> None:
    with pytest.raises(UsageError, match="accepts targets, any_language and batch_size, not top_k"):
        pipe(TEXTS, top_k=3)
    with pytest.raises(UsageError, match="Expected a list of names"):
        pipe(TEXTS, targets="council")


@pytest.mark.slow
def test_the_restored_shipped_model_predicts_the_same_and_the_documented_example_runs() -> None:
    import transformers

    import slant.training.pipeline

    texts = [
        "The minister praised the Tern League, a brave and honest group.",
        "The corrupt Tern League has betrayed us.",
    ]
    rows = transformers.pipeline("slant", device="cpu")(texts, targets=["Tern League"])
    int8 = [row.to_dict() for row in slant.Scorer.load("small").score(texts, targets=["Tern League"])]
    assert [row["stance"][0]["label"] for row in rows] == [row["stance"][0]["label"] for row in int8]
    for ours, theirs in zip(rows, int8, strict=True):
        assert ours["stance"][0]["scores"] == pytest.approx(theirs["stance"][0]["scores"], abs=0.05)

    (code,) = (c for heading, c in examples(ROOT / "docs" / "python.md") if heading == "## In transformers")
    names = {"frame": slant.Scorer.load("small").score(texts).to_pandas()}
    exec(code, names)


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    import transformers

    import slant.training.pipeline  # noqa: F401

    (tmp_path / "config.json").write_text('{"model_type": "slant"}')
    with pytest.raises(UsageError, match="neither a checkpoint"):
        transformers.pipeline("slant", model=str(tmp_path))
