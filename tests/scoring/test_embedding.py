"""Embeddings: from the named output of an exported model, and from an older model that has none.

The older model also has three classes per target, see scoring/three_class_model.py.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from slant.encoding.label_ids import PORTRAYAL, STANCE
from slant.encoding.predictor import Predictor
from slant.encoding.windows import EncoderRequest
from slant.errors import SlantError
from slant.records import STANCES
from slant.scoring import three_class_model
from slant.scoring.embedding import embed
from slant.scoring.runtimes import EMBEDDING, FILES, LOGITS, ONNX, RUNTIMES, load

pytestmark = pytest.mark.train
HEADS = {
    "named_bias": [0.0, 0.5, -0.5], "named_temperature": 2.0, "named_abstain": 0.25,
    "topic_bias": [1.0, 0.0, 0.0], "topic_temperature": 0.5, "topic_abstain": 0.75,
}  # fmt: skip
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
    """The export as it was before it had an embedding output.

    Its first three target logits are those of the head for named targets, the next three those of the head for topics.
    """
    import onnx
    from onnx import helper

    folder = Path(shutil.copytree(tiny_export, tmp_path / "older"))
    model = onnx.load(str(folder / FILES[ONNX]))
    outputs = model.graph.output
    for output in [output for output in outputs if output.name in (EMBEDDING, "target_logits")]:
        outputs.remove(output)
    for name, values in {"from": [0], "to": [6], "axis": [2], "shape": [0, 0, 2, 3]}.items():
        shape = [len(values)]
        model.graph.initializer.append(helper.make_tensor(name, onnx.TensorProto.INT64, shape, values))
    model.graph.node.append(helper.make_node("Slice", ["target_logits", "from", "to", "axis"], ["six"]))
    model.graph.node.append(helper.make_node("Reshape", ["six", "shape"], ["stance_logits"]))
    shape = ["rows", "queries", 2, 3]
    outputs.append(helper.make_tensor_value_info("stance_logits", onnx.TensorProto.FLOAT, shape))
    onnx.save(model, str(folder / FILES[ONNX]))

    config = json.loads((folder / "config.json").read_text("utf-8"))
    for settings in (config, config["slant"]):
        del settings["target_labels"]
        settings["stance_labels"] = list(STANCES)
    now = config["slant"]["decoding"]
    kept = {name: value for name, value in now.items() if not name.startswith(("stance_", "portrayal_"))}
    config["slant"]["decoding"] = {**kept, **HEADS}
    (folder / "config.json").write_text(json.dumps(config), "utf-8")
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


def test_the_logits_of_an_older_export_are_the_same_and_its_stances_are_converted(
    tiny_export: Path, older_export: Path
) -> None:
    requests = [EncoderRequest(text, ["more boats", [(0, 3)]] if text else ["boats"]) for text in TEXTS]
    new_model, old_model = (load(folder, runtime="onnx") for folder in (tiny_export, older_export))
    for new, old in zip(new_model.run(requests), old_model.run(requests), strict=True):
        assert np.array_equal(new.tokens, old.tokens)
        assert np.array_equal(new.unit, old.unit)
        for raw, found, is_named in zip(new.targets, old.targets, (False, True), strict=False):
            assert raw is not None
            assert found is not None
            named = (raw[:3] + np.array(HEADS["named_bias"])) / 2.0
            topic = (raw[3:6] + np.array(HEADS["topic_bias"])) / 0.5
            np.testing.assert_allclose(found[STANCE][:3], named if is_named else topic, atol=1e-5)
            np.testing.assert_allclose(found[STANCE][3], three_class_model.NEVER)
            np.testing.assert_allclose(found[PORTRAYAL], named, atol=1e-5)
    said = old_model.decoding
    assert (said.stance_abstain, said.portrayal_abstain) == (0.75, 0.25)
    assert (said.stance_temperature, said.loaded_seed) == (1.0, new_model.decoding.loaded_seed)


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
