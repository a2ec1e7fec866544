"""Query layers: their initialization, what they see, and that they are trained, exported and restored."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from slant.encoding.predictor import Predictor, columns, encoder_request
from slant.encoding.windows import MARKS, WORDS, EncoderRequest, Target, collate
from slant.errors import UsageError
from slant.scoring.runtimes import load
from tiny import examples, open_torch, recipe, train_tiny

torch = pytest.importorskip("torch", reason="needs the [train] install")
pytest.importorskip("transformers", reason="needs the [train] install")
pytestmark = pytest.mark.train

TEXT = "The corrupt council met at the mill. The mayor of Port Ellis praised the council."
TOPICS: list[Target] = ["more boats", "free swimming"]
REPLY = EncoderRequest("So it is.", ["more boats"], context="The bridge opens in June.")


@pytest.fixture(scope="module")
def plain(tiny_encoder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint without query layers."""
    return train_tiny(tiny_encoder, tmp_path_factory.mktemp("plain"), epochs=3, queries=MARKS)


@pytest.fixture(scope="module")
def trained(tiny_encoder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint with one query layer, trained together with the rest."""
    folder = tmp_path_factory.mktemp("trained")
    return train_tiny(tiny_encoder, folder, epochs=30, queries=WORDS, query_layers=1)


@pytest.fixture(scope="module")
def exported(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from slant.training.export_onnx import export

    return export(
        trained, tmp_path_factory.mktemp("exported"), texts=[encoder_request(e) for e in examples()]
    )


def layered(checkpoint: Path, depth: int) -> Predictor:
    predictor = open_torch(checkpoint)
    predictor.runtime.model.add_queries(depth)  # type: ignore[attr-defined]
    predictor.encoder.queries = WORDS
    return predictor


@pytest.mark.parametrize("depth", [1, 2])
def test_new_query_layers_compute_what_the_encoder_computes(plain: Path, depth: int) -> None:
    requests = [EncoderRequest(TEXT, TOPICS), REPLY]
    for before, after in zip(
        open_torch(plain).run(requests), layered(plain, depth).run(requests), strict=True
    ):
        np.testing.assert_allclose(after.tokens, before.tokens, atol=1e-5)
        np.testing.assert_allclose(after.unit, before.unit, atol=1e-5)
        for was, now in zip(before.targets, after.targets, strict=True):
            np.testing.assert_allclose(now, was, atol=1e-5)


@pytest.mark.parametrize("kind", ["NAMED", "TOPIC"])
def test_roles_distinguish_named_targets_from_topics(plain: Path, kind: str) -> None:
    from slant.training import network

    predictor = layered(plain, 1)
    (before,) = predictor.run([EncoderRequest(TEXT, ["more boats", [(12, 19)]])])
    with torch.no_grad():
        roles = predictor.runtime.model.queries.roles.weight  # type: ignore[attr-defined]
        roles[getattr(network, kind)] = torch.linspace(-2, 2, 32)
    (after,) = predictor.run([EncoderRequest(TEXT, ["more boats", [(12, 19)]])])
    moved = [np.abs(now - was).max() > 1e-3 for was, now in zip(before.targets, after.targets, strict=True)]
    assert moved == [kind == "TOPIC", kind == "NAMED"]


def test_query_layers_do_not_change_token_and_unit_logits(plain: Path) -> None:
    predictor = layered(plain, 1)
    (before,) = predictor.run([EncoderRequest(TEXT, [[(12, 19)]])])
    with torch.no_grad():
        for weights in predictor.runtime.model.queries.parameters():  # type: ignore[attr-defined]
            weights.add_(torch.randn_like(weights))
    (after,) = predictor.run([EncoderRequest(TEXT, [[(12, 19)]])])
    assert np.abs(after.targets[0] - before.targets[0]).max() > 1e-3
    np.testing.assert_array_equal(after.unit, before.unit)
    np.testing.assert_array_equal(after.tokens, before.tokens)


def test_a_named_target_is_encoded_by_the_last_word_of_its_first_mention(trained: Path) -> None:
    predictor = open_torch(trained)
    at = TEXT.index("Port Ellis")
    town, word = [(at, at + len("Port Ellis"))], [(at + len("Port "), at + len("Port Ellis"))]
    (found,) = predictor.run([EncoderRequest(TEXT, [town, word, [(at, at + 4)], [*word, (12, 19)]])])
    first, same, other, more = found.targets
    np.testing.assert_array_equal(first, same)
    np.testing.assert_array_equal(first, more)
    assert np.abs(first - other).max() > 1e-3


def test_more_query_layers_than_encoder_layers_are_refused(plain: Path) -> None:
    with pytest.raises(UsageError, match=r"query_layers = 3, but the encoder \(bert\) has 2 layers"):
        layered(plain, 3)


def test_encoders_with_another_architecture_are_refused() -> None:
    from transformers import MPNetConfig

    from slant.training.network import SlantConfig, SlantModel

    small = MPNetConfig(
        vocab_size=40, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16
    )
    with pytest.raises(UsageError, match=r"the encoder \(mpnet\) has 1 layers.*with BERT's architecture"):
        SlantModel(SlantConfig(encoder=small.to_dict(), query_layers=1))


def test_a_run_keeps_the_query_layers_of_its_start(trained: Path, tiny_encoder: Path) -> None:
    from slant.training.initial_model import model_from_checkpoint

    before = open_torch(trained).runtime.model.queries.state_dict()  # type: ignore[attr-defined]
    model: Any = model_from_checkpoint(recipe(tiny_encoder, query_layers=1, queries=WORDS), trained)
    assert model.config.query_layers == 1
    for name, value in model.queries.state_dict().items():
        torch.testing.assert_close(value, before[name])
    encoder = model.encoder.encoder.layer[-1].attention.self.query.weight
    assert not torch.equal(model.queries.layers[0].query.weight, encoder), "they were trained separately"


def test_only_the_parts_in_the_recipe_are_trained(trained: Path, tiny_encoder: Path, tmp_path: Path) -> None:
    run = train_tiny(
        tiny_encoder, tmp_path, epochs=1, queries=WORDS, start=str(trained), parts=("queries", "target")
    )
    before, after = (open_torch(p).runtime.model.state_dict() for p in (trained, run))  # type: ignore[attr-defined]
    moved = {name.split(".")[0] for name, value in after.items() if not torch.equal(value, before[name])}
    assert moved == {"queries", "target"}


def test_query_layers_need_queries_by_words(trained: Path, tiny_encoder: Path) -> None:
    from slant.training.initial_model import initial_model

    changed = recipe(tiny_encoder, start=str(trained), queries=MARKS)
    with pytest.raises(
        UsageError, match="query layers, which need queries = 'words', but the recipe has 'marks'"
    ):
        initial_model(changed, trained.parent)


def test_an_unknown_part_is_refused_with_the_known_ones(trained: Path, tiny_encoder: Path) -> None:
    from slant.training.initial_model import initial_model

    changed = recipe(tiny_encoder, start=str(trained), queries=WORDS, parts=("querys",))
    with pytest.raises(UsageError, match=r"no part 'querys'; known: encoder, .*Did you mean 'queries'\?"):
        initial_model(changed, trained.parent)


@pytest.mark.parametrize("runtime", ["openvino", "onnx"])
def test_an_export_with_query_layers_is_near_its_checkpoint(
    trained: Path, exported: Path, runtime: str
) -> None:
    requests = [
        EncoderRequest(TEXT, [*TOPICS, [(12, 19)], [(41, 46)]]),
        REPLY,
        *(encoder_request(e) for e in examples()),
    ]
    int8, whole = (
        load(exported, runtime=runtime, threads=1).run(requests),
        open_torch(trained).run(requests),
    )
    off = [
        np.abs(x - y).mean()
        for a, b in zip(int8, whole, strict=True)
        for x, y in zip((a.tokens, a.unit, *a.targets), (b.tokens, b.unit, *b.targets), strict=True)
        if x is not None
    ]
    assert 0 < np.mean(off) < 0.1, "quantized, and near"


@pytest.mark.parametrize("runtime", ["openvino", "onnx"])
def test_logits_do_not_depend_on_the_number_of_rows_and_queries(exported: Path, runtime: str) -> None:
    """Bit by bit."""
    predictor = load(exported, runtime=runtime, threads=1)
    requests = [EncoderRequest(TEXT, [[(12, 19)], *TOPICS][:n]) for n in range(4)] + [
        EncoderRequest(TEXT[:36], [[(12, 19)]])
    ]
    windows = predictor.encoder.encode(requests)
    width = columns(max(len(w) for w in windows))
    together = predictor.runtime(collate(windows, pad=predictor.encoder.pad, width=width))
    for row, window in enumerate(windows):
        alone = predictor.runtime(collate([window], pad=predictor.encoder.pad, width=width))
        for a, b in zip(alone[:2], together[:2], strict=True):
            np.testing.assert_array_equal(a[0], b[row])
        n = len(window.queries)
        np.testing.assert_array_equal(alone[2][0, :n], together[2][row, :n])


def dense(folder: Path) -> dict[str, Any]:
    """Name → product with trained weights of OpenVINO's model."""
    import openvino

    model = openvino.Core().read_model(str(folder / "openvino" / "model.xml"))
    products = (op for op in model.get_ops() if op.get_type_name() == "MatMul")
    return {op.get_friendly_name(): op for op in products if "/dense/" in op.get_friendly_name()}


def with_dynamic_scales(folder: Path) -> dict[str, Any]:
    from slant.training.export_openvino import DYNAMIC_SCALES

    return {n: op for n, op in dense(folder).items() if any(re.fullmatch(p, n) for p in DYNAMIC_SCALES)}


def test_products_with_dynamic_scales_have_int8_weights_and_no_static_scales(exported: Path) -> None:
    dynamic = with_dynamic_scales(exported)
    assert sum("/queries/" in name for name in dynamic) == 3, (
        "one after attention, two of the feed-forward block"
    )
    assert sum("/encoder/layer." in name for name in dynamic) == 4, "both of each feed-forward block"
    for name, op in dense(exported).items():
        static = op.input_value(0).get_node().get_type_name() == "FakeQuantize"
        assert static == (name not in dynamic), name
    for op in dynamic.values():
        node = op.input_value(1).get_node()
        while node.get_type_name() != "Constant":
            node = node.input_value(0).get_node()
        assert node.get_element_type().to_string() == "u8"


def test_products_with_dynamic_scales_are_not_smoothed(
    exported: Path, trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from slant.training import export_openvino
    from slant.training.export_onnx import export

    def smoothed(folder: Path) -> set[bool]:
        read = (op.input_value(0).get_node() for op in with_dynamic_scales(folder).values())
        return {export_openvino.SMOOTHED in node.get_friendly_name() for node in read}

    assert smoothed(exported) == {False}
    monkeypatch.setattr(export_openvino, "_undo_smoothing", lambda *_: None)
    export(trained, tmp_path / "smoothed", texts=[encoder_request(e) for e in examples()])
    assert True in smoothed(tmp_path / "smoothed"), "without it, NNCF smooths them"


def test_an_export_is_restored_with_its_query_layers(trained: Path, exported: Path, tmp_path: Path) -> None:
    from slant.training.initial_model import restore

    restored = open_torch(restore(exported, tmp_path))
    assert restored.encoder.queries == WORDS
    requests = [EncoderRequest(TEXT, [*TOPICS, [(12, 19)]])]
    (found,), (whole,) = restored.run(requests), open_torch(trained).run(requests)
    for now, was in zip((found.unit, *found.targets), (whole.unit, *whole.targets), strict=True):
        assert np.abs(now - was).mean() < 0.1
