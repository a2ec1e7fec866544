"""Hidden states behind the logits: those that the torch model computes, without other numbers for the logits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from slant.encoding.label_ids import TARGET_LABELS, UNIT_LABELS
from slant.encoding.predictor import columns
from slant.encoding.windows import EncoderRequest, collate
from slant.errors import SlantError
from slant.scoring.runtimes import FILES, ONNX, RUNTIMES, load

pytestmark = pytest.mark.train
UNIT, TARGET = len(UNIT_LABELS), len(TARGET_LABELS)
REQUESTS = [
    EncoderRequest("The corrupt council met and wrecked the old mill.", [[(12, 19)], "more boats"]),
    EncoderRequest("The ferry opened in June.", [[(4, 9)]]),
    EncoderRequest("No, that is a lie.", (), "The bridge opens in June."),
    EncoderRequest("The mill and the park of the old town. " * 9, ["a park"]),
]


@pytest.mark.parametrize("queries", [0, 1])
def test_the_states_of_the_fp32_export_are_those_of_torch(
    tiny_encoder: Path, tiny_checkpoint: Path, tmp_path: Path, queries: int
) -> None:
    """In a graph with queries among the columns, and in one with query layers."""
    import torch

    from slant.training.export_onnx import export
    from tiny import examples, open_torch, train_tiny

    checkpoint = tiny_checkpoint
    if queries:
        checkpoint = train_tiny(
            tiny_encoder, tmp_path / "run", epochs=1, queries="words", query_layers=queries
        )
    folder = export(checkpoint, tmp_path / "model", runtimes=[ONNX])
    predictor = load(folder, file="model.onnx", threads=1, states=True)
    model = open_torch(checkpoint).runtime.model.eval()  # type: ignore[attr-defined]
    read: list[torch.Tensor] = []
    model.target.register_forward_pre_hook(lambda _, inputs: read.append(inputs[0]))
    for window in predictor.encoder.encode([REQUESTS[0], *map(_request, examples())]):
        batch = collate([window], pad=predictor.encoder.pad, width=columns(len(window)))
        with torch.no_grad():
            out = model(**{name: torch.from_numpy(value) for name, value in batch.items()})
        _, unit, target = predictor.runtime(batch)
        np.testing.assert_allclose(unit[:, UNIT:], out.embedding.numpy(), atol=1e-4)
        width = target.shape[-1] - TARGET
        assert width == model.encoder.config.hidden_size
        states = read.pop().numpy()[..., :width]
        n = len(window.queries)
        np.testing.assert_allclose(target[:, :n, TARGET:], states[:, :n], atol=1e-4)


def _request(example: object) -> EncoderRequest:
    from slant.encoding.predictor import encoder_request

    return encoder_request(example)  # type: ignore[arg-type]


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_logits_are_the_same_with_states_behind_them_and_states_are_batch_invariant(
    tiny_export: Path, runtime: str
) -> None:
    plain, wide = (load(tiny_export, runtime=runtime, threads=2, states=states) for states in (False, True))
    fp32 = load(tiny_export, file="model.onnx", threads=1, states=True)
    together = wide.run(REQUESTS)
    for request, found, exact in zip(REQUESTS, together, fp32.run(REQUESTS), strict=True):
        (alone,), (usual,) = wide.run([request]), plain.run([request])
        np.testing.assert_allclose(found.tokens, usual.tokens, atol=1e-5)
        np.testing.assert_allclose(found.unit[:UNIT], usual.unit, atol=1e-5)
        assert np.array_equal(found.unit, alone.unit)
        for target, without, one, near in zip(
            found.targets, usual.targets, alone.targets, exact.targets, strict=True
        ):
            assert target is not None
            assert without is not None
            assert near is not None
            np.testing.assert_allclose(target[:TARGET], without, atol=1e-5)
            assert np.array_equal(target, one)
            assert np.corrcoef(target[TARGET:], near[TARGET:])[0, 1] > 0.99


def test_a_model_with_another_graph_is_refused(tiny_export: Path, tmp_path: Path) -> None:
    import shutil

    import onnx

    folder = Path(shutil.copytree(tiny_export, tmp_path / "other"))
    path = folder / FILES[ONNX]
    model = onnx.load(str(path))
    for node in model.graph.node:
        node.op_type = "Split" if node.op_type == "Concat" else node.op_type
    onnx.save(model, str(path))
    with pytest.raises(SlantError, match=r"the input of 'unit_logits' was not found.*export it again"):
        load(folder, runtime=ONNX, states=True)
