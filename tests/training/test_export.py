"""Exports give the predictions of the torch model, broken model folders are errors, and the release check refuses losses."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from slant.encoding.decode import TextLogits
from slant.encoding.label_ids import TOKEN_LABELS
from slant.encoding.predictor import Predictor
from slant.encoding.windows import EncoderRequest
from slant.errors import SlantError, UsageError
from slant.scoring.runtimes import load
from tiny import examples, open_torch

pytest.importorskip("torch", reason="needs the [train] install")
pytestmark = pytest.mark.train

SENTENCE = "The greedy council wrecked the old mill, said the mayor of Port Ellis; the ferry opened in June. "


def requests() -> list[EncoderRequest]:
    """Rows and queries of many shapes: empty, short, long, with no or many targets, with a parent text."""
    return [
        EncoderRequest(""),
        EncoderRequest("Boats."),
        EncoderRequest(SENTENCE, [[(11, 18)], "more boats", [(46, 51)], [(55, 65)], "free swimming"]),
        EncoderRequest(SENTENCE * 6, [[(11, 18)], "more boats"]),
        EncoderRequest("No, that is a lie.", context=SENTENCE),
        *(EncoderRequest(e.text, [t.mentions or t.name for t in e.targets], e.context) for e in examples()),
    ]


def differences(found: list[TextLogits], expected: list[TextLogits]) -> np.ndarray[Any, Any]:
    pairs = []
    for a, b in zip(found, expected, strict=True):
        assert a.offsets.tolist() == b.offsets.tolist()
        pairs += [(a.tokens, b.tokens), (a.unit, b.unit)]
        pairs += [
            (s, t) for s, t in zip(a.targets, b.targets, strict=True) if s is not None and t is not None
        ]
    return np.abs(np.concatenate([(x - y).ravel() for x, y in pairs]))


@pytest.fixture(scope="module")
def torch_logits(tiny_checkpoint: Path) -> list[TextLogits]:
    return open_torch(tiny_checkpoint).run(requests())


@pytest.mark.slow
def test_fp32_onnx_equals_the_torch_model(tiny_export: Path, torch_logits: list[TextLogits]) -> None:
    fp32 = load(tiny_export, file="model.onnx", threads=1)
    assert differences(fp32.run(requests()), torch_logits).max() < 1e-4
    for request, expected in zip(requests(), torch_logits, strict=True):  # rows of one
        assert differences(fp32.run([request]), [expected]).max() < 1e-4


@pytest.mark.parametrize("runtime", ["openvino", "onnx"])
def test_int8_is_near_fp32_and_predicts_the_same_labels(
    tiny_export: Path, tiny_checkpoint: Path, torch_logits: list[TextLogits], runtime: str
) -> None:
    int8 = load(tiny_export, threads=1, runtime=runtime)
    off = differences(int8.run(requests()), torch_logits)
    assert 0 < off.mean() < 0.15, "quantized, and near"
    for e, ours, theirs in zip(
        examples(), int8.predict(examples()), open_torch(tiny_checkpoint).predict(examples()), strict=True
    ):
        pairs = [*zip(ours.stance, theirs.stance, strict=True)]
        if all(target.mentions for target in e.targets):
            pairs += zip(ours.portrayal, theirs.portrayal, strict=True)
        for a, b in pairs:
            assert max(a, key=a.__getitem__) == max(b, key=b.__getitem__)
        assert [(s.start, s.end, s.label) for s in ours.loaded] == [
            (s.start, s.end, s.label) for s in theirs.loaded
        ]


def test_openvino_quantizes_the_encoder_and_not_the_heads(tiny_export: Path) -> None:
    import openvino

    products = [
        op
        for op in openvino.Core().read_model(str(tiny_export / "openvino" / "model.xml")).get_ops()
        if op.get_type_name() == "MatMul"
    ]
    fixed = {op.get_friendly_name(): op.input_value(0).get_node().get_type_name() for op in products}
    encoder = {
        kind for name, kind in fixed.items() if "/attention/output/dense/" in name and "/encoder/" in name
    }
    assert encoder
    assert encoder <= {"FakeQuantize", "Reshape"}, "test_queries.py tests which products have static scales"
    assert all(kind != "FakeQuantize" for name, kind in fixed.items() if "/encoder/" not in name)


def test_onnx_quantizes_the_encoder_and_not_the_heads(tiny_export: Path) -> None:
    import onnx

    graph = onnx.load(str(tiny_export / "onnx" / "model_quantized.onnx")).graph
    nodes = graph.node
    quantized = [n.name for n in nodes if n.op_type == "MatMulNBits"]
    plain = {
        n.name.split("/")[2] for n in nodes if n.op_type in ("MatMul", "Gemm") and "encoder" not in n.name
    }
    assert len(quantized) >= 2 * 6, "six products in each of the two layers"
    assert all("/encoder/" in name for name in quantized)
    scales = {f"{n.input[2]}_half" for n in nodes if n.op_type == "MatMulNBits"}
    assert {i.data_type for i in graph.initializer if i.name in scales} == {onnx.TensorProto.FLOAT16}
    assert scales <= {i.name for i in graph.initializer}
    words = {i.name: i.data_type for i in graph.initializer if "word_embeddings.weight" in i.name}
    assert words == {
        "model.encoder.embeddings.word_embeddings.weight_int8": onnx.TensorProto.INT8,
        "model.encoder.embeddings.word_embeddings.weight_scale": onnx.TensorProto.FLOAT,
    }
    assert plain == {"tokens", "unit", "target"}


def test_onnx_stores_large_fp32_tensors_in_half_precision(
    tiny_export: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import onnx

    from slant.training import export_onnx
    from slant.training.exported_weights import onnx_weights

    monkeypatch.setattr(export_onnx, "MIN_HALF_SIZE", 1000)
    export_onnx.quantize(tiny_export / "onnx" / "model.onnx", tmp_path / "small.onnx")
    halves = [
        i for i in onnx.load(str(tmp_path / "small.onnx")).graph.initializer if i.name.endswith("_half")
    ]
    assert halves
    assert {i.data_type for i in halves} == {onnx.TensorProto.FLOAT16}
    whole = onnx_weights(tiny_export / "onnx" / "model_quantized.onnx")
    small = onnx_weights(tmp_path / "small.onnx")
    assert whole.keys() == small.keys()
    for name, values in whole.items():
        np.testing.assert_allclose(small[name], values, rtol=1e-3, atol=1e-6, err_msg=name)


def test_openvino_stores_large_fp32_constants_in_half_precision(
    tiny_export: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import openvino

    from slant.encoding.windows import collate
    from slant.training import export_openvino

    monkeypatch.setattr(export_openvino, "MIN_HALF_SIZE", 500)
    core, predictor = openvino.Core(), load(tiny_export, runtime="openvino", threads=1)
    model = core.read_model(str(tiny_export / "openvino" / "model.xml"))
    batch = collate(predictor.encoder.encode(requests()[2:3]), pad=predictor.encoder.pad)
    settings = {"INFERENCE_PRECISION_HINT": "f32"}
    before = core.compile_model(model, "CPU", settings)(batch)
    export_openvino._store_half(model)
    assert openvino.Type.f16 in {
        op.get_element_type() for op in model.get_ops() if op.get_type_name() == "Constant"
    }
    after = core.compile_model(model, "CPU", settings)(batch)
    for i in range(3):
        np.testing.assert_allclose(after[i], before[i], atol=0.02)


@pytest.mark.parametrize("runtime", ["openvino", "onnx"])
def test_token_logits_of_exports_do_not_depend_on_the_targets(tiny_export: Path, runtime: str) -> None:
    predictor = load(tiny_export, runtime=runtime, threads=1)
    for request in requests():
        (with_targets,) = predictor.run([request])
        (without,) = predictor.run([EncoderRequest(request.text, (), request.context)])
        np.testing.assert_allclose(without.tokens, with_targets.tokens, atol=2e-5)


def test_the_export_contains_everything_needed_for_scoring(tiny_export: Path, tiny_checkpoint: Path) -> None:
    from slant.labels.codebook import Codebook
    from slant.training.network import SlantModel

    names = {str(p.relative_to(tiny_export)) for p in tiny_export.rglob("*") if p.is_file()}
    assert names >= {
        "config.json", "tokenizer.json", "codebook.toml", "onnx/model_quantized.onnx",
        "openvino/model.xml", "openvino/model.bin",
    }  # fmt: skip
    settings = json.loads((tiny_export / "config.json").read_text())["slant"]
    model = SlantModel.from_pretrained(tiny_checkpoint)
    pooler = sum(
        p.numel() for p in model.encoder.pooler.parameters()
    )  # used by no head, so the export lacks it
    assert settings["parameters"] == model.num_parameters() - pooler
    assert settings["windows"] == {"max_length": 64, "stride": 16, "context_length": 24, "queries": "copies"}
    assert settings["codebook"] == Codebook.load().fingerprint
    predictor = load(tiny_export)
    assert (predictor.name, predictor.fingerprint) == (tiny_export.name, settings["fingerprint"])


def test_exports_have_the_thresholds_of_the_checkpoint(tiny_checkpoint: Path, tmp_path: Path) -> None:
    from slant.encoding.decode import Decoding
    from slant.training.export_onnx import export as export_model
    from slant.training.torch_runtime import store_decoding

    checkpoint = Path(shutil.copytree(tiny_checkpoint, tmp_path / "checkpoint"))
    plain = load(export_model(checkpoint, tmp_path / "plain", texts=requests()))
    chosen = Decoding(loaded_threshold=0.35, stance_bias=(0.5, 0.0, -0.25, 0.0))
    store_decoding(checkpoint, chosen)
    assert open_torch(checkpoint).decoding == chosen
    moved = load(export_model(checkpoint, tmp_path / "moved", texts=requests()))
    assert moved.decoding == chosen
    assert moved.fingerprint != plain.fingerprint, "other thresholds give other rows"


# ---- loading an export


@pytest.fixture
def folder(tiny_export: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_export, tmp_path / "model"))


def change(folder: Path, **values: Any) -> None:
    config = json.loads((folder / "config.json").read_text())
    config["slant"] |= values
    (folder / "config.json").write_text(json.dumps(config))


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "onnx/model_quantized.onnx"])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    if name.endswith(".onnx"):
        shutil.rmtree(folder / "openvino")
    with pytest.raises(UsageError, match=rf"{name} is missing\. A folder exported by `slant train`"):
        load(folder)


def test_a_model_with_other_labels_is_refused_with_both_lists(folder: Path) -> None:
    change(folder, token_labels=["any", "sarcasm"])
    with pytest.raises(
        SlantError, match=r"its token_labels are \['any', 'sarcasm'\].*this version of slant has"
    ) as error:
        load(folder)
    assert str(list(TOKEN_LABELS)) in str(error.value)


def test_a_model_with_another_codebook_is_refused(folder: Path) -> None:
    book = folder / "codebook.toml"
    book.write_text(book.read_text().replace("definition = ", 'note = "Changed."\ndefinition = ', 1))
    with pytest.raises(
        SlantError, match=r"made with codebook [0-9a-f]{12}, but its codebook\.toml is [0-9a-f]{12}"
    ):
        load(folder)


def test_other_kinds_of_models_are_refused(folder: Path) -> None:
    for content in ('{"model_type": "bert"}', "[]", "torn {"):
        (folder / "config.json").write_text(content)
        with pytest.raises(UsageError, match='no "slant" settings, so it is not a slant model'):
            load(folder)


def test_broken_model_files_and_lfs_pointers_are_reported(folder: Path) -> None:
    (folder / "onnx" / "model_quantized.onnx").write_text("version https://git-lfs.github.com/spec/v1\n")
    with pytest.raises(SlantError, match=r"\(43 bytes\) cannot be loaded by ONNX Runtime"):
        load(folder, runtime="onnx")
    (folder / "openvino" / "model.bin").write_bytes(b"torn")
    with pytest.raises(SlantError, match=r"model\.xml \([\d,]+ bytes\) cannot be loaded by OpenVINO"):
        load(folder, runtime="openvino")


# ---- release check


def with_losses(monkeypatch: pytest.MonkeyPatch, points: list[float]) -> list[Predictor]:
    """Replace judging so that int8 costs these points; returns a list of the judged models, filled later."""
    from slant.judging.scorecard_records import QualityLoss, Scorecard
    from slant.training import release_check

    judged: list[Predictor] = []

    def judge(predictor: Predictor, **_: Any) -> Scorecard:
        judged.append(predictor)
        return Scorecard("m", "f", "0", 0, 10, None, ())

    losses = [
        QualityLoss(set=f"set{i}", metric="f1", before=0.7, after=0.7 - p / 100, points=p)
        for i, p in enumerate(points)
    ]
    monkeypatch.setattr(release_check, "judge", judge)
    monkeypatch.setattr(release_check, "_real_texts", examples)
    monkeypatch.setattr("slant.training.export_openvino.calibration_texts", lambda: (requests(), "the tests"))
    monkeypatch.setattr(release_check, "quality_loss", lambda before, after: losses)
    return judged


@pytest.mark.slow
def test_a_model_that_loses_little_is_shipped_with_its_losses(
    tiny_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from slant.training.release_check import ship

    judged = with_losses(monkeypatch, [0.9, -0.3])
    ship(tiny_checkpoint, tmp_path / "model")
    fp32, openvino, onnx = (r.run(requests()) for r in judged)
    assert 0 < differences(fp32, onnx).max() < 0.5
    assert 0 < differences(fp32, openvino).mean() < 0.15
    near = json.loads((tmp_path / "model" / "parity.json").read_text())
    assert (near["texts"], near["r2"] > 0.9, near["onnx"]["r2"] > 0.99) == (len(examples()), True, True)
    rows = json.loads((tmp_path / "model" / "quantisation.json").read_text())
    assert [(r["set"], r["fp32"], round(r["int8"], 3)) for r in rows] == [
        ("set0", 0.7, 0.691),
        ("set1", 0.7, 0.703),
    ]
    assert "70.0 →   69.1  (-0.90)" in capsys.readouterr().out
    assert not (tmp_path / "model" / "onnx" / "model.onnx").exists()
    assert load(tmp_path / "model").predict(examples()[:1])


@pytest.mark.slow
def test_a_model_is_shipped_for_the_chosen_runtime_only(
    tiny_checkpoint: Path, tiny_export: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from slant.training.release_check import ship

    out = shutil.copytree(tiny_export, tmp_path / "model")
    judged = with_losses(monkeypatch, [0.9])
    ship(tiny_checkpoint, out, runtimes=["openvino"])
    assert len(judged) == 2, "fp32 and OpenVINO"
    assert not (out / "onnx").exists(), "also not that of the model before"
    (row,) = json.loads((out / "quantisation.json").read_text())
    assert row.keys() == {"set", "metric", "fp32", "int8"}
    assert "onnx" not in json.loads((out / "parity.json").read_text())
    config = json.loads((out / "config.json").read_text())["slant"]
    assert config["fingerprints"] == {"openvino": config["fingerprint"]}
    assert load(out).fingerprint == config["fingerprint"]
    for given in ({"runtime": "onnx"}, {"device": "cuda"}):
        with pytest.raises(
            UsageError, match=r"has files for OpenVINO only\. --runtime onnx and --device cuda"
        ):
            load(out, **given)  # type: ignore[arg-type]
    monkeypatch.setattr("slant.scoring.runtimes.has_openvino", lambda: False)
    with pytest.raises(
        UsageError, match=r"OpenVINO is to run this model, but is not installed\. pip install openvino"
    ):
        load(out)


def test_the_sets_of_the_recipe_are_kept_without_folders_of_the_machine(tmp_path: Path) -> None:
    from slant.training.export_onnx import _keep_recipe

    use = {"name": "vast", "split": "train"}
    recipe = {"name": "mine", "encoder": "/some/where/mpnet", "teacher": "runs/base", "train": [use], "unlabeled": [],
              "epochs": 3.0}  # fmt: skip
    (tmp_path / "recipe.json").write_text(json.dumps(recipe))
    _keep_recipe(tmp_path, "before, mine", tmp_path)
    assert not (tmp_path / "recipes.json").exists(), "the sets of the run before are not known"
    _keep_recipe(tmp_path, "mine", tmp_path)
    (kept,) = json.loads((tmp_path / "recipes.json").read_text())
    assert kept == {"name": "mine", "encoder": "mpnet", "teacher": "runs/base", "train": [use]}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("points", "message"),
    [([0.2, 1.1], "int8 costs 1.10 points of f1 on set1"), ([], "none of the public sets")],
)
def test_a_model_that_loses_too_much_or_was_not_judged_is_not_shipped(
    tiny_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, points: list[float], message: str
) -> None:
    from slant.training.release_check import ship

    with_losses(monkeypatch, points)
    with pytest.raises(SlantError, match=message):
        ship(tiny_checkpoint, tmp_path / "model")
    assert not (tmp_path / "model").exists()
