"""Restoring an export to a checkpoint, and starting a recipe from either."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from test_export import differences, requests

from slant.errors import SlantError, UsageError
from slant.scoring.runtimes import load
from tiny import examples, open_torch, text_encoder, train_tiny

pytest.importorskip("torch", reason="needs the [train] install")
pytestmark = pytest.mark.train


@pytest.fixture(scope="module")
def restored(tiny_export: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from slant.training.initial_model import restore

    return restore(tiny_export, tmp_path_factory.mktemp("restored"))


def test_fp32_weights_are_restored_exactly(tiny_export: Path, tiny_checkpoint: Path) -> None:
    from slant.training.exported_weights import onnx_weights
    from slant.training.network import SlantModel

    found = onnx_weights(tiny_export / "onnx" / "model.onnx")
    for name, parameter in SlantModel.from_pretrained(tiny_checkpoint).named_parameters():
        if not name.startswith("encoder.pooler."):
            np.testing.assert_allclose(found[name], parameter.detach().numpy(), atol=1e-6, err_msg=name)


def test_int8_weights_are_restored_within_half_a_step(restored: Path, tiny_checkpoint: Path) -> None:
    from slant.training.network import SlantModel

    before = dict(SlantModel.from_pretrained(tiny_checkpoint).named_parameters())
    for name, parameter in SlantModel.from_pretrained(restored).named_parameters():
        if not name.startswith("encoder.pooler."):
            step = before[name].abs().max() / 127
            assert (parameter - before[name]).abs().max() <= 0.51 * step + 1e-7, name


def test_openvino_weights_of_mpnet_are_restored_within_half_a_step(tmp_path: Path) -> None:
    """MPNet is exported for OpenVINO alone, and its students learn from what is restored."""
    import torch
    from transformers import MPNetConfig

    from slant.training.export_onnx import to_onnx
    from slant.training.export_openvino import quantize_openvino
    from slant.training.exported_weights import openvino_weights
    from slant.training.network import SlantConfig, SlantModel

    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
    encoder = MPNetConfig(vocab_size=300, max_position_embeddings=160, **sizes)
    model = SlantModel(SlantConfig(encoder=encoder.to_dict())).eval()
    torch.manual_seed(7)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(0, 0.3)
    to_onnx(model, tmp_path / "model.onnx")
    quantize_openvino(
        tmp_path / "model.onnx",
        tmp_path / "model.xml",
        encoder=text_encoder(tmp_path),
        encoder_type="mpnet",
    )
    found = openvino_weights(tmp_path / "model.xml")
    for name, parameter in model.named_parameters():
        if name.startswith("encoder.pooler."):
            continue
        step = (parameter.max() - parameter.min()) / 255
        assert np.abs(found[name] - parameter.detach().numpy()).max() <= 0.51 * step + 1e-3, name
    product = "encoder.encoder.layer.0.intermediate.dense.weight"
    assert np.abs(found[product] - dict(model.named_parameters())[product].detach().numpy()).max() > 1e-3, (
        "int8"
    )


def test_weights_without_zero_points_are_symmetric_around_128() -> None:
    """As in older exports with symmetric quantization."""
    from slant.training.exported_weights import _dequantize

    rng = np.random.default_rng(7)
    quantized, scales = rng.integers(0, 256, (3, 2, 4), dtype=np.uint8), rng.random(6, np.float32)
    plain = _dequantize(quantized, scales, inputs=7)
    assert plain.shape == (3, 7)
    assert plain[0, 0] == pytest.approx((int(quantized[0, 0, 0]) - 128) * scales[0])
    with_zeros = _dequantize(quantized, scales, np.full(6, 128, np.uint8), inputs=7)
    np.testing.assert_array_equal(plain, with_zeros)


def test_the_restored_model_predicts_what_the_export_predicts(restored: Path, tiny_export: Path) -> None:
    ours, theirs = open_torch(restored), load(tiny_export, threads=1)
    assert ours.decoding == theirs.decoding
    off = differences(ours.run(requests()), theirs.run(requests()))
    assert off.mean() < 0.1, "the export rounds its activations as well"
    for a, b in zip(ours.predict(examples()), theirs.predict(examples()), strict=True):
        assert [max(s, key=s.__getitem__) for s in a.stance] == [max(s, key=s.__getitem__) for s in b.stance]


def test_training_can_start_from_an_export_including_its_heads(
    tiny_export: Path, restored: Path, tmp_path: Path
) -> None:
    """A step with learning rate 0 does not change the model; new heads would differ."""
    still = {"learning_rate": 0.0, "head_learning_rate": 0.0, "epochs": 0.1}
    made = train_tiny(tmp_path / "no encoder here", tmp_path / "run", start=str(tiny_export), **still)
    off = differences(open_torch(made).run(requests()), open_torch(restored).run(requests()))
    assert off.max() < 1e-5
    assert open_torch(made).decoding == open_torch(restored).decoding
    first, then = (json.loads((f / "slant.json").read_text("utf-8"))["recipe"] for f in (restored, made))
    assert then == f"{first}, recipe", "the recipes of the model, oldest first"


def test_a_folder_without_a_model_is_an_error(tmp_path: Path, tiny_checkpoint: Path) -> None:
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
