"""Embeddings: from the named output of an exported model."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from slant.encoding.predictor import Predictor
from slant.encoding.windows import EncoderRequest
from slant.errors import SlantError
from slant.scoring.embedding import embed
from slant.scoring.hidden_states import EMBEDDING
from slant.scoring.runtimes import FILES, ONNX, RUNTIMES, load

pytestmark = pytest.mark.train
TEXTS = [
    "The council met.",
    "Greedy thieves lied to the mayor of the town.",
    "",
    "The mill and the park. " * 9,
]


def has_embedding(predictor: Predictor) -> bool:
    return bool(predictor.runtime.has_embedding)  # type: ignore[attr-defined]


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_an_export_has_the_embedding_as_a_named_output(tiny_export: Path, runtime: str) -> None:
    assert has_embedding(load(tiny_export, runtime=runtime))


def test_the_fp32_export_embeds_as_the_torch_model(tiny_export: Path, tiny_checkpoint: Path) -> None:
    import torch

    from slant.encoding.windows import collate
    from tiny import open_torch

    predictor = open_torch(tiny_checkpoint)
    firsts = [w for w in predictor.encoder.encode([EncoderRequest(t) for t in TEXTS]) if not w.core[0]]
    model = predictor.runtime.model.eval()  # type: ignore[attr-defined]
    with torch.no_grad():
        batch = collate(firsts, pad=predictor.encoder.pad)
        expected = model(**{name: torch.from_numpy(value) for name, value in batch.items()}).embedding
    found = embed(TEXTS, predictor=load(tiny_export, file="model.onnx", threads=1))
    np.testing.assert_allclose(found.vectors, expected.numpy(), atol=1e-4)
    assert np.abs(found.vectors[0] - found.vectors[1]).max() > 0.1


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_embeddings_are_batch_invariant_and_come_with_the_logits(tiny_export: Path, runtime: str) -> None:
    predictor = load(tiny_export, runtime=runtime, threads=2)
    together = embed(TEXTS, predictor=predictor)
    for i, text in enumerate(TEXTS[:3]):
        alone = embed([text], predictor=predictor)
        assert np.array_equal(alone.vectors[0], together.vectors[i])
        assert np.array_equal(alone.scores[0], together.scores[i])
        (logits,) = predictor.run([EncoderRequest(text)])
        assert np.array_equal(together.scores[i][: len(logits.unit)], logits.unit)


def test_a_model_without_an_embedding_output_is_refused(tiny_export: Path, tmp_path: Path) -> None:
    import onnx

    folder = Path(shutil.copytree(tiny_export, tmp_path / "older"))
    model = onnx.load(str(folder / FILES[ONNX]))
    (output,) = [output for output in model.graph.output if output.name == EMBEDDING]
    model.graph.output.remove(output)
    onnx.save(model, str(folder / FILES[ONNX]))
    with pytest.raises(SlantError, match=r"no embedding output\. Export it again"):
        embed(TEXTS, predictor=load(folder, runtime="onnx"))
