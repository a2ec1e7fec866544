"""Training: it fits the examples, depends only on the seed, and can be interrupted and resumed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from slant.corpora.sets import LABELED_SETS
from slant.errors import SlantError, UsageError
from tiny import TinySet, examples, open_torch, recipe, train_tiny

torch = pytest.importorskip("torch", reason="needs the [train] install")
pytest.importorskip("transformers", reason="needs the [train] install")
pytestmark = pytest.mark.train

SHORT: dict[str, Any] = {"epochs": 4, "batch_size": 4, "learning_rate": 1e-3}  # 13 rows: 4 steps per epoch
Weights = dict[str, torch.Tensor]


def weights(checkpoint: Path) -> Weights:
    from slant.training.network import SlantModel

    return dict(SlantModel.from_pretrained(checkpoint).state_dict())


def distance(a: Weights, b: Weights) -> float:
    assert a.keys() == b.keys()
    return max(float((a[name] - b[name]).abs().max()) for name in a)


@pytest.fixture(scope="module")
def uninterrupted(tiny_encoder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train_tiny(tiny_encoder, tmp_path_factory.mktemp("uninterrupted"), **SHORT)


@pytest.mark.slow
def test_a_trained_model_predicts_its_training_labels(tiny_checkpoint: Path) -> None:
    """Guards against predicting no spans and against labels in wrong columns."""
    for e, p in zip(examples(), open_torch(tiny_checkpoint).predict(examples()), strict=True):
        for target, stance, portrayal in zip(e.targets, p.stance, p.portrayal, strict=True):
            assert max(stance, key=stance.__getitem__) == target.label, e.text
            if target.portrayal is not None:
                assert max(portrayal, key=portrayal.__getitem__) == target.portrayal, e.text
        if e.loaded is not None:
            assert [(s.start, s.end, s.label) for s in p.loaded] == [
                (s.start, s.end, s.label) for s in e.loaded
            ]
        if e.toxic is not None:
            assert p.toxic == e.toxic
        if e.reply is not None and p.reply is not None:
            assert max(p.reply, key=p.reply.__getitem__) == e.reply
        if e.frames is not None:
            assert tuple(f for f, score in p.frames.items() if score >= 0.5) == e.frames
        for name in ("biased", "subjective"):
            if getattr(e, name) is not None:
                assert (getattr(p, name) > 0.5) == getattr(e, name), e.text


@pytest.mark.slow
def test_weights_depend_only_on_the_seed(tiny_encoder: Path, uninterrupted: Path, tmp_path: Path) -> None:
    again = train_tiny(tiny_encoder, tmp_path / "again", **SHORT)
    other = train_tiny(tiny_encoder, tmp_path / "other", **SHORT, seed=14)
    assert distance(weights(uninterrupted), weights(again)) == 0
    assert distance(weights(uninterrupted), weights(other)) > 1e-3


@pytest.mark.slow
@pytest.mark.parametrize("stop", [3, 8, 11], ids=["first epoch", "end of an epoch", "third epoch"])
def test_a_resumed_run_ends_with_the_weights_of_an_uninterrupted_one(
    stop: int, tiny_encoder: Path, uninterrupted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupted_at = interrupt(monkeypatch, after=stop)
    with pytest.raises(KeyboardInterrupt):
        train_tiny(tiny_encoder, tmp_path, **SHORT, save_steps=2)
    monkeypatch.undo()
    assert interrupted_at == [stop]
    assert not (tmp_path / "model.safetensors").exists()
    resumed = train_tiny(tiny_encoder, tmp_path, **SHORT, save_steps=2, resume=True)
    assert distance(weights(uninterrupted), weights(resumed)) < 1e-6


def interrupt(monkeypatch: pytest.MonkeyPatch, *, after: int) -> list[int]:
    """Simulate Ctrl-C in the step after step `after`."""
    from slant.training.train import SlantTrainer

    reached: list[int] = []
    step = SlantTrainer.training_step

    def training_step(self: Any, *args: Any, **kwargs: Any) -> Any:
        if self.state.global_step == after:
            reached.append(after)
            raise KeyboardInterrupt
        return step(self, *args, **kwargs)

    monkeypatch.setattr(SlantTrainer, "training_step", training_step)
    return reached


@pytest.mark.slow
def test_a_run_that_starts_anew_removes_the_checkpoints_of_the_old_one(
    tiny_encoder: Path, tmp_path: Path
) -> None:
    train_tiny(tiny_encoder, tmp_path, **SHORT, save_steps=2)
    assert [p.name for p in (tmp_path / "checkpoints").iterdir()] == ["checkpoint-16"]
    train_tiny(tiny_encoder, tmp_path, **{**SHORT, "epochs": 1}, save_steps=2)
    assert [p.name for p in (tmp_path / "checkpoints").iterdir()] == ["checkpoint-4"]


@pytest.mark.slow
def test_resume_refuses_the_run_of_another_recipe_and_names_the_differences(
    tiny_encoder: Path, tmp_path: Path
) -> None:
    train_tiny(tiny_encoder, tmp_path, **{**SHORT, "epochs": 1})
    with pytest.raises(SlantError, match=r"run of another recipe \(different: epochs, seed\)"):
        train_tiny(tiny_encoder, tmp_path, **SHORT, seed=5, resume=True)


def test_every_epoch_has_every_row_once_in_another_order() -> None:
    from slant.training.train import EpochOrder

    order = EpochOrder([3, 9, 4, 8, 5, 7, 6, 2] * 4, batch_size=4, seed=13)
    first = list(order)
    order.set_epoch(1)
    second = list(order)
    assert sorted(first) == sorted(second) == list(range(32))
    assert first != second
    order.set_epoch(0)
    assert list(order) == first


def test_a_recipe_with_empty_sets_is_an_error(
    tiny_encoder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from slant.training.train import train

    class Empty(TinySet):
        def read(self, root: Path, split: str) -> Iterator[Any]:
            return iter(())

    monkeypatch.setitem(LABELED_SETS, "tiny", Empty())
    with pytest.raises(SlantError, match="no examples: nothing to train on"):
        train(recipe(tiny_encoder), tmp_path)


def test_a_missing_encoder_is_reported(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no config\.json in that folder"):
        train_tiny(tmp_path / "nothing", tmp_path / "run")


@pytest.mark.slow
def test_a_checkpoint_stores_its_recipe_and_windows(uninterrupted: Path, tiny_encoder: Path) -> None:
    settings = json.loads((uninterrupted / "slant.json").read_text())
    assert settings["windows"] == {"max_length": 64, "stride": 16, "context_length": 24, "queries": "copies"}
    assert json.loads((uninterrupted / "recipe.json").read_text())["epochs"] == SHORT["epochs"]
    assert (uninterrupted / "tokenizer.json").read_bytes() == (tiny_encoder / "tokenizer.json").read_bytes()


def test_a_checkpoint_keeps_how_the_recipe_encodes_targets(tiny_encoder: Path, tmp_path: Path) -> None:
    out = train_tiny(tiny_encoder, tmp_path / "run", epochs=1, queries="marks")
    assert json.loads((out / "slant.json").read_text())["windows"]["queries"] == "marks"
    assert open_torch(out).encoder.queries == "marks"
    with pytest.raises(UsageError, match="queries 'pointers' are unknown"):
        train_tiny(tiny_encoder, tmp_path / "other", queries="pointers")


def test_frozen_word_embeddings_do_not_change(tiny_encoder: Path, tmp_path: Path) -> None:
    from transformers import AutoModel

    run = train_tiny(tiny_encoder, tmp_path, **{**SHORT, "epochs": 1}, freeze_words=True)
    before = AutoModel.from_pretrained(tiny_encoder).state_dict()["embeddings.word_embeddings.weight"]
    after = weights(run)
    assert torch.equal(after["encoder.embeddings.word_embeddings.weight"], before)
    assert after["roles.weight"].abs().max() > 0


def test_frozen_layers_do_not_change(tiny_encoder: Path, tmp_path: Path) -> None:
    from transformers import AutoModel

    run = train_tiny(tiny_encoder, tmp_path / "run", **{**SHORT, "epochs": 1}, freeze_layers=1)
    before, after = AutoModel.from_pretrained(tiny_encoder).state_dict(), weights(run)
    changed = {name for name, value in before.items() if not torch.equal(after[f"encoder.{name}"], value)}
    assert changed
    assert all(".layer.1." in name for name in changed)
    with pytest.raises(UsageError, match="at least one must be trained"):
        train_tiny(tiny_encoder, tmp_path / "other", freeze_layers=2)
