"""Scores are batch-invariant, to the last bit: a resumed run depends on it. And the choice of a runtime."""

from __future__ import annotations

import json
import random
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from slant.encoding.decode import TextLogits
from slant.encoding.predictor import Predictor, encoder_request
from slant.encoding.windows import EncoderRequest
from slant.errors import UsageError
from slant.records import Unit
from slant.scoring import runtimes
from slant.scoring import score as scoring
from slant.scoring.runtimes import load
from slant.scoring.score import ScoreRequest, score
from slant.segment.voices import voices
from tiny import examples

pytest.importorskip("torch", reason="needs the [train] install")
pytestmark = pytest.mark.train

RUNTIMES = ["openvino", "onnx"]
SENTENCE = "The greedy council wrecked the old mill, said the mayor of Port Ellis; the ferry opened in June. "


def requests() -> list[EncoderRequest]:
    """Texts of all lengths up to several windows, with zero to eight targets, and replies."""
    mentions = [
        [(4, 10)],
        [(11, 18)],
        [(46, 51)],
        [(55, 65)],
        "free swimming",
        "boats",
        "the ferry",
        "a park",
    ]
    asked = [
        EncoderRequest(
            SENTENCE[: 3 + 5 * n] if n < 18 else SENTENCE * (n // 6), mentions[: n % 9] if n > 15 else ()
        )
        for n in range(40)
    ]
    replies = [EncoderRequest("No, that is a lie. " * n, (), SENTENCE[: 20 * n]) for n in range(1, 6)]
    return [*asked, *replies, *map(encoder_request, examples())]


def same(one: TextLogits, other: TextLogits) -> bool:
    targets = zip(one.targets, other.targets, strict=True)
    return (
        one.tokens.tobytes() == other.tokens.tobytes()
        and one.unit.tobytes() == other.unit.tobytes()
        and all(
            (a is None and b is None) or np.asarray(a).tobytes() == np.asarray(b).tobytes()
            for a, b in targets
        )
    )


@pytest.mark.slow
@pytest.mark.parametrize("runtime", RUNTIMES)
def test_logits_are_batch_invariant(tiny_export: Path, runtime: str) -> None:
    predictor = load(tiny_export, runtime=runtime, threads=2)
    asked = requests()
    alone = [predictor.run([one])[0] for one in asked]
    chance = random.Random(7)
    for size in (2, 3, 5, 8, 13, len(asked), 3 * len(asked)):
        chosen = [chance.randrange(len(asked)) for _ in range(size)]
        together = predictor.run([asked[i] for i in chosen])
        assert all(same(logits, alone[i]) for i, logits in zip(chosen, together, strict=True))
    single = load(tiny_export, runtime=runtime, threads=1).run(asked)
    assert all(map(same, single, alone)), "the number of cores does not matter either"


@pytest.mark.slow
@pytest.mark.parametrize("runtime", RUNTIMES)
def test_rows_depend_neither_on_the_order_nor_on_the_chunk_size(
    tiny_export: Path, runtime: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    predictor = load(tiny_export, runtime=runtime, threads=2)
    asked = [
        ScoreRequest(_unit(r.text, i), {"m": ((4, 10),)}, (("t", "boats"),))
        for i, r in enumerate(requests())
        if len(r.text) > 10
    ]

    def rows(requests: list[ScoreRequest]) -> dict[str, str]:
        return {
            row.unit.unit_id: json.dumps(row.to_dict())
            for row in score(requests, predictor=predictor, codebook="b")
        }

    whole = rows(asked)
    assert len(set(whole.values())) == len(asked)
    for ahead in (1, 7, 1000):
        monkeypatch.setattr(scoring, "LOOK_AHEAD", ahead)
        assert rows(asked[::-1]) == whole
        assert rows(asked[5:]).items() <= whole.items()
    twice = [replace(q, unit=replace(q.unit, unit_id=f"{q.unit.unit_id}-again")) for q in asked]
    for name, row in rows(asked + twice).items():
        assert json.loads(row) | {"unit_id": ""} == json.loads(whole[name.split("-")[0]]) | {"unit_id": ""}


def _unit(text: str, number: int) -> Unit:
    return Unit("a", str(number), "paragraph", text, 0, len(text), number, voices=voices(text, "paragraph"))


# ---- choosing a runtime


def test_openvino_is_the_default_and_each_runtime_has_its_fingerprint(
    tiny_export: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def prints(**given: str) -> str:
        return load(tiny_export, **given).fingerprint  # type: ignore[arg-type]

    stated = json.loads((tiny_export / "config.json").read_text())["slant"]["fingerprints"]
    assert prints() == prints(runtime="openvino") == stated["openvino"]
    assert prints(runtime="onnx") == stated["onnx"] != stated["openvino"]
    monkeypatch.setattr("slant.scoring.runtimes.has_openvino", lambda: False)
    assert prints() == stated["onnx"]
    with pytest.raises(
        UsageError, match=r"OpenVINO is to run this model, but is not installed\. pip install openvino"
    ):
        prints(runtime="openvino")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"runtime": "tensorrt"}, "runtime 'tensorrt' is unknown; there are openvino and onnx"),
        ({"device": "tpu"}, "device 'tpu' is unknown; there are cpu and cuda"),
        ({"device": "cuda", "runtime": "openvino"}, "--runtime openvino runs on CPUs only"),
        ({"threads": 0}, "threads is 0; expected 1 or more"),
    ],
)
def test_wrong_options_are_refused(tiny_export: Path, given: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        load(tiny_export, **given)  # type: ignore[arg-type]


def test_cuda_without_a_gpu_is_refused(tiny_export: Path) -> None:
    import onnxruntime

    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        pytest.skip("there is CUDA here")
    with pytest.raises(
        UsageError, match=r"ONNX Runtime [\d.]+ has no CUDA here \(.*pip install onnxruntime-gpu"
    ):
        load(tiny_export, device="cuda")


def test_without_a_writable_cache_folder_the_model_still_loads(
    tiny_export: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    first = load(tiny_export, runtime="openvino").run(requests())
    assert any((tmp_path / "cache" / "slant" / "openvino").iterdir()), "the compiled model is cached"
    cached = load(tiny_export, runtime="openvino").run(requests())
    assert all(map(same, first, cached))
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(blocked))
    assert runtimes.cache_folder() is None
    assert all(map(same, first, load(tiny_export, runtime="openvino").run(requests())))


def test_a_damaged_cache_is_ignored(
    tiny_export: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    first = load(tiny_export, runtime="openvino").run(requests())
    for file in (tmp_path / "slant" / "openvino").iterdir():
        file.write_bytes(file.read_bytes()[:100])
    assert all(map(same, first, load(tiny_export, runtime="openvino").run(requests())))


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_both_runtimes_predict_the_training_labels(tiny_export: Path, runtime: str) -> None:
    predictor: Predictor = load(tiny_export, runtime=runtime)
    for example, said in zip(examples(), predictor.predict(examples()), strict=True):
        for target, stance, portrayal in zip(example.targets, said.stance, said.portrayal, strict=True):
            assert target.label in (None, max(stance, key=stance.__getitem__))
            assert target.portrayal in (None, max(portrayal, key=portrayal.__getitem__))


@pytest.mark.parametrize("given", [{"runtime": "onnx"}, {"device": "cuda"}])
def test_without_onnx_runtime_the_extra_is_named(
    tiny_export: Path, monkeypatch: pytest.MonkeyPatch, given: dict[str, str]
) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(UsageError, match=r"needs ONNX Runtime.*pip install 'slant\[onnx\]'"):
        load(tiny_export, **given)  # type: ignore[arg-type]
