"""Embeddings: from the named output of an exported model, and from an older model that has none."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from slant.encoding.predictor import Predictor
from slant.encoding.windows import EncoderRequest
from slant.errors import SlantError
from slant.scoring.embedding import embed
from slant.scoring.runtimes import EMBEDDING, FILES, LOGITS, ONNX, RUNTIMES, load

pytestmark = pytest.mark.train
TEXTS = [
    "The council met.",
    "Greedy thieves lied to the mayor of the town.",
    "",
    "The mill and the park. " * 9,
]


def has_embedding(predictor: Predictor) -> bool:
    return bool(predictor.runtime.has_embedding)  # type: ignore[attr-defined]


@pytest.fixture
def older_export(tiny_export: Path, tmp_path: Path) -> Path:
    """The export as it was before it had an embedding output."""
    import onnx

    folder = Path(shutil.copytree(tiny_export, tmp_path / "older"))
    model = onnx.load(str(folder / FILES[ONNX]))
    (output,) = [output for output in model.graph.output if output.name == EMBEDDING]
    model.graph.output.remove(output)
    onnx.save(model, str(folder / FILES[ONNX]))
    return folder


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


def test_an_older_export_gives_the_same_vectors(tiny_export: Path, older_export: Path) -> None:
    new, old = load(tiny_export, runtime="onnx"), load(older_export, runtime="onnx")
    assert (has_embedding(new), has_embedding(old)) == (True, False)
    here, there = embed(TEXTS, predictor=new), embed(TEXTS, predictor=old, model=older_export)
    np.testing.assert_allclose(there.vectors, here.vectors, atol=1e-5)
    np.testing.assert_allclose(there.scores, here.scores, atol=1e-5)


def test_the_logits_of_an_older_export_are_the_same(tiny_export: Path, older_export: Path) -> None:
    requests = [EncoderRequest(text, [[(0, 3)]] if text else []) for text in TEXTS]
    pairs = zip(
        load(tiny_export, runtime="onnx").run(requests),
        load(older_export, runtime="onnx").run(requests),
        strict=True,
    )
    for new, old in pairs:
        assert np.array_equal(new.tokens, old.tokens)
        assert np.array_equal(new.unit, old.unit)
        for one, other in zip(new.stance, old.stance, strict=True):
            assert one is not None
            assert other is not None
            assert np.array_equal(one, other)


def test_a_model_with_another_graph_is_refused(older_export: Path) -> None:
    import onnx

    path = older_export / FILES[ONNX]
    predictor = load(older_export, runtime="onnx")
    model = onnx.load(str(path))
    for node in model.graph.node:
        node.op_type = "Split" if node.op_type == "Concat" else node.op_type
    onnx.save(model, str(path))
    with pytest.raises(SlantError, match=r"the input of 'unit_logits' was not found.*export it again"):
        embed(TEXTS, predictor=predictor, model=older_export)


def test_the_outputs_are_named_and_in_order(tiny_export: Path) -> None:
    import onnx
    import openvino

    names = (*LOGITS, EMBEDDING)
    assert tuple(o.name for o in onnx.load(str(tiny_export / FILES[ONNX])).graph.output) == names
    model = openvino.Core().read_model(str(tiny_export / "openvino" / "model.xml"))
    assert tuple(o.get_any_name() for o in model.outputs) == names
