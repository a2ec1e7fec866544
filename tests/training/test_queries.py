"""Queries with layers of their own: what they begin as, what they see, and that they are trained, exported and restored."""

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
    """A checkpoint whose queries are columns of the encoder from below."""
    return train_tiny(tiny_encoder, tmp_path_factory.mktemp("plain"), epochs=3, queries=MARKS)


@pytest.fixture(scope="module")
def trained(tiny_encoder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint whose queries have a layer, trained with all else."""
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
def test_new_layers_say_of_texts_and_topics_what_the_encoder_says(plain: Path, depth: int) -> None:
    asked = [EncoderRequest(TEXT, TOPICS), REPLY]
    for before, after in zip(open_torch(plain).run(asked), layered(plain, depth).run(asked), strict=True):
        np.testing.assert_allclose(after.tokens, before.tokens, atol=1e-5)
        np.testing.assert_allclose(after.unit, before.unit, atol=1e-5)
        for was, now in zip(before.stance, after.stance, strict=True):
            np.testing.assert_allclose(now, was, atol=1e-5)


@pytest.mark.parametrize("kind", ["NAMED", "TOPIC"])
def test_roles_tell_what_a_query_asks_about(plain: Path, kind: str) -> None:
    from slant.training import network

    predictor = layered(plain, 1)
    (before,) = predictor.run([EncoderRequest(TEXT, ["more boats", [(12, 19)]])])
    with torch.no_grad():
        roles = predictor.runtime.model.queries.roles.weight  # type: ignore[attr-defined]
        roles[getattr(network, kind)] = torch.linspace(-2, 2, 32)
    (after,) = predictor.run([EncoderRequest(TEXT, ["more boats", [(12, 19)]])])
    moved = [np.abs(now - was).max() > 1e-3 for was, now in zip(before.stance, after.stance, strict=True)]
    assert moved == [kind == "TOPIC", kind == "NAMED"]


def test_what_is_said_of_the_text_does_not_pass_through_them(plain: Path) -> None:
    predictor = layered(plain, 1)
    (before,) = predictor.run([EncoderRequest(TEXT, [[(12, 19)]])])
    with torch.no_grad():
        for weights in predictor.runtime.model.queries.parameters():  # type: ignore[attr-defined]
            weights.add_(torch.randn_like(weights))
    (after,) = predictor.run([EncoderRequest(TEXT, [[(12, 19)]])])
    assert np.abs(after.stance[0] - before.stance[0]).max() > 1e-3
    np.testing.assert_array_equal(after.unit, before.unit)
    np.testing.assert_array_equal(after.tokens, before.tokens)


def test_a_target_is_asked_by_the_last_word_of_its_first_mention(trained: Path) -> None:
    predictor = open_torch(trained)
    at = TEXT.index("Port Ellis")
    town, word = [(at, at + len("Port Ellis"))], [(at + len("Port "), at + len("Port Ellis"))]
    (found,) = predictor.run([EncoderRequest(TEXT, [town, word, [(at, at + 4)], [*word, (12, 19)]])])
    first, same, other, more = found.stance
    np.testing.assert_array_equal(first, same)
    np.testing.assert_array_equal(first, more)
    assert np.abs(first - other).max() > 1e-3


def test_layers_of_an_encoder_that_has_none_such_are_refused(plain: Path) -> None:
    with pytest.raises(UsageError, match=r"query_layers = 3, but the encoder \(bert\) has 2 layers"):
        layered(plain, 3)


def test_encoders_of_another_make_are_refused() -> None:
    from transformers import MPNetConfig

    from slant.training.network import SlantConfig, SlantModel

    small = MPNetConfig(
        vocab_size=40, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16
    )
    with pytest.raises(UsageError, match=r"the encoder \(mpnet\) has 1 layers.*in encoders of BERT's make"):
        SlantModel(SlantConfig(encoder=small.to_dict(), query_layers=1))


def test_a_run_keeps_the_layers_that_it_starts_from(trained: Path, tiny_encoder: Path) -> None:
    from slant.training.initial_model import started_model

    before = open_torch(trained).runtime.model.queries.state_dict()  # type: ignore[attr-defined]
    model: Any = started_model(recipe(tiny_encoder, query_layers=1, queries=WORDS), trained)
    assert model.config.query_layers == 1
    for name, value in model.queries.state_dict().items():
        torch.testing.assert_close(value, before[name])
    encoder = model.encoder.encoder.layer[-1].attention.self.query.weight
    assert not torch.equal(model.queries.layers[0].query.weight, encoder), "they have learned apart"


def test_the_text_stays_while_queries_learn_if_the_recipe_says_so(
    trained: Path, tiny_encoder: Path, tmp_path: Path
) -> None:
    run = train_tiny(
        tiny_encoder, tmp_path, epochs=1, queries=WORDS, start=str(trained), parts=("queries", "stance")
    )
    before, after = (open_torch(p).runtime.model.state_dict() for p in (trained, run))  # type: ignore[attr-defined]
    moved = {name.split(".")[0] for name, value in after.items() if not torch.equal(value, before[name])}
    assert moved == {"queries", "stance"}


def test_layers_are_not_asked_otherwise_than_they_learned(trained: Path, tiny_encoder: Path) -> None:
    from slant.training.initial_model import first_model

    asked = recipe(tiny_encoder, start=str(trained), queries=MARKS)
    with pytest.raises(UsageError, match="has layers for queries by words, and the recipe asks by marks"):
        first_model(asked, trained.parent)


def test_an_unknown_part_is_refused_with_those_that_there_are(trained: Path, tiny_encoder: Path) -> None:
    from slant.training.initial_model import first_model

    asked = recipe(tiny_encoder, start=str(trained), queries=WORDS, parts=("querys",))
    with pytest.raises(UsageError, match=r"no part 'querys'; known: encoder, .*Did you mean 'queries'\?"):
        first_model(asked, trained.parent)


@pytest.mark.parametrize("runtime", ["openvino", "onnx"])
def test_an_export_says_what_the_checkpoint_says(trained: Path, exported: Path, runtime: str) -> None:
    asked = [
        EncoderRequest(TEXT, [*TOPICS, [(12, 19)], [(41, 46)]]),
        REPLY,
        *(encoder_request(e) for e in examples()),
    ]
    int8, whole = load(exported, runtime=runtime, threads=1).run(asked), open_torch(trained).run(asked)
    off = [
        np.abs(x - y).mean()
        for a, b in zip(int8, whole, strict=True)
        for x, y in zip((a.tokens, a.unit, *a.stance), (b.tokens, b.unit, *b.stance), strict=True)
        if x is not None
    ]
    assert 0 < np.mean(off) < 0.1, "quantised, and near"


@pytest.mark.parametrize("runtime", ["openvino", "onnx"])
def test_rows_are_the_same_in_any_company(exported: Path, runtime: str) -> None:
    """To the last bit, whatever the number of rows and of queries beside them."""
    predictor = load(exported, runtime=runtime, threads=1)
    asked = [EncoderRequest(TEXT, [[(12, 19)], *TOPICS][:n]) for n in range(4)] + [
        EncoderRequest(TEXT[:36], [[(12, 19)]])
    ]
    windows = predictor.encoder.encode(asked)
    width = columns(max(len(w) for w in windows))
    together = predictor.runtime(collate(windows, pad=predictor.encoder.pad, width=width))
    for row, window in enumerate(windows):
        alone = predictor.runtime(collate([window], pad=predictor.encoder.pad, width=width))
        for a, b in zip(alone[:2], together[:2], strict=True):
            np.testing.assert_array_equal(a[0], b[row])
        n = len(window.queries)
        np.testing.assert_array_equal(alone[2][0, :n], together[2][row, :n])


def dense(folder: Path) -> dict[str, Any]:
    """Products with trained weights of OpenVINO's model, by name."""

    import openvino

    model = openvino.Core().read_model(str(folder / "openvino" / "model.xml"))
    products = (op for op in model.get_ops() if op.get_type_name() == "MatMul")
    return {op.get_friendly_name(): op for op in products if "/dense/" in op.get_friendly_name()}


def with_scales_of_each_tokens_own(folder: Path) -> dict[str, Any]:
    from slant.training.export_openvino import OWN_SCALES

    return {n: op for n, op in dense(folder).items() if any(re.fullmatch(p, n) for p in OWN_SCALES)}


def test_openvino_gives_them_int8_weights_and_no_fixed_scales(exported: Path) -> None:
    own = with_scales_of_each_tokens_own(exported)
    assert sum("/queries/" in name for name in own) == 3, "one after attention, two of the feed-forward block"
    assert sum("/encoder/layer." in name for name in own) == 4, "both of each feed-forward block"
    for name, op in dense(exported).items():
        fixed = op.input_value(0).get_node().get_type_name() == "FakeQuantize"
        assert fixed == (name not in own), name
    for op in own.values():
        node = op.input_value(1).get_node()
        while node.get_type_name() != "Constant":
            node = node.input_value(0).get_node()
        assert node.get_element_type().to_string() == "u8"


def test_what_has_scales_of_its_own_is_not_smoothed(
    exported: Path, trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from slant.training import export_openvino
    from slant.training.export_onnx import export

    def smoothed(folder: Path) -> set[bool]:
        read = (op.input_value(0).get_node() for op in with_scales_of_each_tokens_own(folder).values())
        return {export_openvino.SMOOTHED in node.get_friendly_name() for node in read}

    assert smoothed(exported) == {False}
    monkeypatch.setattr(export_openvino, "_unsmooth", lambda *_: None)
    export(trained, tmp_path / "smoothed", texts=[encoder_request(e) for e in examples()])
    assert True in smoothed(tmp_path / "smoothed"), "NNCF smooths them if it is let"


def test_an_export_is_restored_with_its_query_layers(trained: Path, exported: Path, tmp_path: Path) -> None:
    from slant.training.initial_model import restore

    restored = open_torch(restore(exported, tmp_path))
    assert restored.encoder.queries == WORDS
    asked = [EncoderRequest(TEXT, [*TOPICS, [(12, 19)]])]
    (found,), (whole,) = restored.run(asked), open_torch(trained).run(asked)
    for now, was in zip((found.unit, *found.stance), (whole.unit, *whole.stance), strict=True):
        assert np.abs(now - was).mean() < 0.1
