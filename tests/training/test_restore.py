"""An export becomes a checkpoint again, and a recipe may start from either."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from test_export import differences, requests

from slant.errors import SlantError, UsageError
from slant.scoring.runtimes import load
from tiny import examples, open_torch, train_tiny

pytest.importorskip("torch", reason="needs the [train] install")
pytestmark = pytest.mark.train


@pytest.fixture(scope="module")
def restored(tiny_export: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from slant.training.initial_model import restore

    return restore(tiny_export, tmp_path_factory.mktemp("restored"))


def test_fp32_weights_come_back_as_they_were(tiny_export: Path, tiny_checkpoint: Path) -> None:
    from slant.training.initial_model import weights
    from slant.training.network import SlantModel

    found = weights(tiny_export / "onnx" / "model.onnx")
    for name, parameter in SlantModel.from_pretrained(tiny_checkpoint).named_parameters():
        if not name.startswith("encoder.pooler."):
            np.testing.assert_allclose(found[name], parameter.detach().numpy(), atol=1e-6, err_msg=name)


def test_int8_weights_come_back_within_half_a_step(restored: Path, tiny_checkpoint: Path) -> None:
    from slant.training.network import SlantModel

    before = dict(SlantModel.from_pretrained(tiny_checkpoint).named_parameters())
    for name, parameter in SlantModel.from_pretrained(restored).named_parameters():
        if not name.startswith("encoder.pooler."):
            step = before[name].abs().max() / 127
            assert (parameter - before[name]).abs().max() <= 0.51 * step + 1e-7, name


def test_weights_without_zero_points_lie_around_the_middle() -> None:
    """As exports had them that rounded alike on both sides of zero."""
    from slant.training.initial_model import _blocks

    rng = np.random.default_rng(7)
    quantised, scales = rng.integers(0, 256, (3, 2, 4), dtype=np.uint8), rng.random(6, np.float32)
    plain = _blocks(quantised, scales, inputs=7)
    assert plain.shape == (3, 7)
    assert plain[0, 0] == pytest.approx((int(quantised[0, 0, 0]) - 128) * scales[0])
    np.testing.assert_array_equal(plain, _blocks(quantised, scales, np.full(6, 128, np.uint8), inputs=7))


def test_the_restored_model_says_what_the_export_says(restored: Path, tiny_export: Path) -> None:
    ours, theirs = open_torch(restored), load(tiny_export, threads=1)
    assert ours.decoding == theirs.decoding
    off = differences(ours.run(requests()), theirs.run(requests()))
    assert off.mean() < 0.1, "the export rounds its activations as well"
    for a, b in zip(ours.predict(examples()), theirs.predict(examples()), strict=True):
        assert [max(s, key=s.__getitem__) for s in a.stance] == [max(s, key=s.__getitem__) for s in b.stance]


def test_training_starts_from_an_export_heads_included(
    tiny_export: Path, restored: Path, tmp_path: Path
) -> None:
    """A step at a rate of nothing leaves the model as it was, which new heads would not."""
    still = {"learning_rate": 0.0, "head_learning_rate": 0.0, "epochs": 0.1}
    made = train_tiny(tmp_path / "no encoder here", tmp_path / "run", start=str(tiny_export), **still)
    off = differences(open_torch(made).run(requests()), open_torch(restored).run(requests()))
    assert off.max() < 1e-5
    assert open_torch(made).decoding == open_torch(restored).decoding
    first, then = (json.loads((f / "slant.json").read_text("utf-8"))["recipe"] for f in (restored, made))
    assert then == f"{first}, recipe", "what made it, oldest first"


def test_a_folder_without_a_model_is_named(tmp_path: Path, tiny_checkpoint: Path) -> None:
    from slant.training.initial_model import as_checkpoint

    with pytest.raises(UsageError, match="neither a checkpoint"):
        as_checkpoint(str(tmp_path), tmp_path / "kept")
    assert as_checkpoint(str(tiny_checkpoint), tmp_path / "kept") == tiny_checkpoint
    assert not (tmp_path / "kept").exists()


def test_a_graph_that_lacks_weights_is_refused(tiny_export: Path, tmp_path: Path) -> None:
    import onnx

    from slant.training.initial_model import restore

    broken = Path(shutil.copytree(tiny_export, tmp_path / "broken"))
    file = broken / "onnx" / "model_quantized.onnx"
    model = onnx.load(str(file))
    roles = next(i for i in model.graph.initializer if i.name == "model.roles.weight")
    model.graph.initializer.remove(roles)
    onnx.save(model, str(file))
    with pytest.raises(SlantError, match=r"lacks 1 weights.*roles\.weight"):
        restore(broken, tmp_path / "out")
