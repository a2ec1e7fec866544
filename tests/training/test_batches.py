"""Training rows have masked labels, and batches are padded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from slant.corpora.sets import LABELED_SETS
from slant.encoding.label_ids import (
    IGNORED,
    NEUTRAL_OR_UNRELATED,
    PORTRAYAL_INDEX,
    STANCE_INDEX,
    TECHNIQUE_INDEX,
)
from slant.encoding.windows import TextEncoder
from slant.errors import UsageError
from slant.records import Example, Span, TargetLabel
from tiny import TinySet, examples, recipe, text_encoder

pytest.importorskip("torch", reason="needs the [train] install")
pytestmark = pytest.mark.train

from slant.training.batches import Collator, load_use, make_rows, merge_targets, training_examples  # noqa: E402
from slant.training.recipe import SetUse  # noqa: E402


def example(text: str, **fields: Any) -> Example:
    return Example(id="x", source="x", split="train", group="x", text=text, **fields)


@pytest.fixture
def encoder(tmp_path: Path) -> TextEncoder:
    return text_encoder(tmp_path)


def test_each_label_has_its_column_and_the_rest_is_masked(encoder: TextEncoder) -> None:
    text = "The corrupt council met."
    (row,) = make_rows([example(text, loaded=(Span(4, 19, "name_calling_labeling"),), biased=True)], encoder)
    assert row.token is not None
    assert [text[a:b] for a, b in row.window.offsets] == ["The", "corrupt", "council", "met", "."]
    assert row.token[:, 0].tolist() == [0, 1, 1, 0, 0]
    assert (row.token[:, 1] == IGNORED).all()
    assert row.spans == [(1, 3, TECHNIQUE_INDEX["name_calling_labeling"])]
    assert row.unit.tolist() == [1] + [IGNORED] * (len(row.unit) - 1)
    assert row.target.shape == (0, 2)


def test_no_spans_found_differs_from_not_labeled(encoder: TextEncoder) -> None:
    found, without = make_rows([example("The ferry.", toxic=()), example("The ferry.")], encoder)
    assert found.token is not None
    assert found.token[:, 1].tolist() == [0, 0, 0]
    assert (found.token[:, 0] == IGNORED).all()
    assert without.token is None


def test_stance_and_portrayal_have_separate_columns(encoder: TextEncoder) -> None:
    targets = (
        TargetLabel("mayor", "against", ((4, 9),), "positive"),
        TargetLabel("mayor", None, ((4, 9),), "negative"),
        TargetLabel("boats", "unrelated"),
        TargetLabel("ferry", None),
    )
    (row,) = make_rows([example("The mayor met.", targets=targets)], encoder)
    assert row.target.tolist() == [
        [STANCE_INDEX["against"], PORTRAYAL_INDEX["positive"]],
        [IGNORED, PORTRAYAL_INDEX["negative"]],
        [STANCE_INDEX["unrelated"], IGNORED],
        [IGNORED, IGNORED],
    ]
    assert row.named.tolist() == [True, True, False, False]


def test_neutral_means_neutral_or_unrelated_in_a_set_that_does_not_tell_them_apart(
    encoder: TextEncoder,
) -> None:
    targets = tuple(TargetLabel(label, label) for label in ("against", "neutral", "favor"))
    plain = example("The mayor met.", targets=targets)
    (own,), (merging,) = (make_rows([e], encoder) for e in (plain, replace(plain, source="vast")))
    assert own.target[:, 0].tolist() == [STANCE_INDEX[t.name] for t in targets]
    assert merging.target[:, 0].tolist() == [
        STANCE_INDEX["against"], NEUTRAL_OR_UNRELATED, STANCE_INDEX["favor"],
    ]  # fmt: skip


def test_labels_are_in_every_window_of_their_text(encoder: TextEncoder) -> None:
    text = "The ferry and the mill. " * 20 + "The corrupt mayor."
    start = text.index("corrupt")
    found = example(
        text,
        loaded=(Span(start, start + 7, "loaded_language"),),
        targets=(TargetLabel("mayor", "against", ((text.index("mayor"), text.index("mayor") + 5),)),),
    )
    rows = make_rows([found], encoder)
    assert len(rows) > 2
    tagged = []
    for number, row in enumerate(rows):
        assert row.token is not None
        tagged += [
            (number, text[a:b]) for (a, b), y in zip(row.window.offsets, row.token[:, 0], strict=True) if y
        ]
    assert tagged == [(len(rows) - 1, "corrupt")]
    assert [len(r.spans) for r in rows] == [0] * (len(rows) - 1) + [1]
    assert [r.target.tolist() for r in rows] == [[]] * (len(rows) - 1) + [[[0, IGNORED]]]


def test_padding_has_no_labels(encoder: TextEncoder) -> None:
    batch = Collator(encoder.pad)(make_rows(examples(), encoder))
    labels, group = batch["labels"], batch["layout"][:, :, 3]
    assert labels["token"].shape[:2] == batch["input_ids"].shape
    inside = [batch["input_ids"][i, a:b].tolist() for i, a, b, _ in labels["spans"].tolist()]
    words = [[encoder.tokenizer.id_to_token(token) for token in tokens] for tokens in inside]
    assert words == [["corrupt", "council"], ["wrecked"], ["traitors"]]
    assert (labels["token"][group == -1] == IGNORED).all()
    assert (labels["token"][:, 0] == IGNORED).all(), "[CLS] has no label"
    labeled = (labels["target"] != IGNORED).any(-1)
    assert (batch["query_columns"][labeled] > 0).all()
    assert (batch["input_ids"].gather(1, batch["query_columns"])[labeled] == encoder.mask).all()


def test_targets_of_one_text_are_merged_unless_the_later_example_has_other_labels() -> None:
    a = example("The ferry.", targets=(TargetLabel("a", "favor"),))
    b = replace(a, targets=(TargetLabel("b", "against"),))
    merged = merge_targets([a, b, example("The mill.")])
    assert [[t.name for t in e.targets] for e in merged] == [["a", "b"], []]
    assert len(merge_targets([a, replace(b, text="The park.")])) == 2
    assert len(merge_targets([a, replace(b, source="y")])) == 2
    for labels in (
        {"biased": True},
        {"reply": "deny"},
        {"loaded": ()},
        {"frames": ()},
        {"context": "The bridge."},
    ):
        assert len(merge_targets([a, replace(b, **labels)])) == 2, labels  # type: ignore[arg-type]
    toxic = replace(example(a.text), toxic=())
    (joined,) = merge_targets([toxic, a])
    assert joined.toxic == ()
    assert joined.targets == a.targets, "targets are merged into a text with other labels"
    many = [replace(a, targets=(TargetLabel(str(i), "favor"),)) for i in range(20)]
    assert [len(e.targets) for e in merge_targets(many)] == [16, 4]


class Numbered(TinySet):
    """Twenty texts, four from each of five articles."""

    def read(self, root: Path, split: str) -> Iterator[Example]:
        yield from (replace(example(f"Story {i}."), group=str(i // 4)) for i in range(20))


def test_sets_are_limited_filtered_repeated_and_weighted_by_the_recipe(
    encoder: TextEncoder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(LABELED_SETS, "tiny", Numbered())
    whole = load_use(SetUse("tiny"))
    assert len(whole) == 20
    some = load_use(SetUse("tiny", limit=7), seed=1)
    assert len(some) == 7
    assert some == load_use(SetUse("tiny", limit=7), seed=1)
    assert some != load_use(SetUse("tiny", limit=7), seed=2)
    folds = [
        {e.group for e in whole} - {e.group for e in load_use(SetUse("tiny", without_fold=i))}
        for i in range(5)
    ]
    assert sorted(g for fold in folds for g in fold) == ["0", "1", "2", "3", "4"], (
        "each article left out once"
    )
    monkeypatch.setitem(LABELED_SETS, "tiny", TinySet())
    only = load_use(SetUse("tiny", labels=("loaded",)))
    assert any(e.loaded for e in only)
    assert not [e for e in only if e.frames or e.reply or e.toxic]
    assert {(t.label, t.portrayal) for e in only for t in e.targets} == {(None, None)}
    assert sum(len(e.targets) for e in only) == sum(len(e.targets) for e in TinySet().read(tmp_path, "train"))
    with pytest.raises(UsageError, match=r"no label 'frame'.*Did you mean 'frames'"):
        recipe(tmp_path, train=[{"name": "tiny", "labels": ["frame"]}])
    monkeypatch.setitem(LABELED_SETS, "tiny", Numbered())
    use = {"name": "tiny", "repeat": 3, "weight": 0.5, "limit": 4}
    rows = make_rows(training_examples(recipe(tmp_path, train=[use])), encoder)
    assert len(rows) == 12
    assert {r.weight for r in rows} == {0.5}


class Twins(TinySet):
    """Two examples of one text with a target each, as sets have them that ask once per target."""

    def read(self, root: Path, split: str) -> Iterator[Example]:
        for name in ("mayor", "ferry"):
            yield example("The mayor met.", targets=(TargetLabel(name, "neutral"),))


def test_repeated_texts_are_repeated_and_not_merged_with_their_copies(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A text that only has targets would otherwise be merged with its own copy: twice the targets, once a step."""
    monkeypatch.setitem(LABELED_SETS, "tiny", Twins())
    found = training_examples(recipe(tmp_path, train=[{"name": "tiny", "repeat": 3}, {"name": "tiny"}]))
    assert [[t.name for t in e.targets] for e in found] == [["mayor", "ferry"]] * 4


@pytest.mark.parametrize(
    ("name", "message"),
    [("vasd", r"unknown set 'vasd'.*Did you mean 'vast'\?"), ("frac", "frac is for testing only")],
)
def test_unknown_sets_and_test_sets_are_errors(name: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        load_use(SetUse(name))
