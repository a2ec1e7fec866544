"""A unit's scores are the same to the last bit whatever else is scored with it: resuming a run depends on that."""

from __future__ import annotations

import json
import random
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from slant.encoding.decode import Reading
from slant.encoding.predictor import Reader, request
from slant.encoding.windows import Request
from slant.errors import UsageError
from slant.records import Unit
from slant.scoring import runtimes
from slant.scoring import score as scoring
from slant.scoring.runtimes import load
from slant.scoring.score import Question, score
from slant.segment.voices import voices
from tiny import examples

pytest.importorskip("torch", reason="needs the [train] install")
pytestmark = pytest.mark.train

RUNTIMES = ["openvino", "onnx"]
SENTENCE = "The greedy council wrecked the old mill, said the mayor of Port Ellis; the ferry opened in June. "


def requests() -> list[Request]:
    """Texts of every length up to several windows, with none to eight targets, alone and as replies."""
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
        Request(SENTENCE[: 3 + 5 * n] if n < 18 else SENTENCE * (n // 6), mentions[: n % 9] if n > 15 else ())
        for n in range(40)
    ]
    replies = [Request("No, that is a lie. " * n, (), SENTENCE[: 20 * n]) for n in range(1, 6)]
    return [*asked, *replies, *map(request, examples())]


def same(one: Reading, other: Reading) -> bool:
    stance = zip(one.stance, other.stance, strict=True)
    return (
        one.tokens.tobytes() == other.tokens.tobytes()
        and one.unit.tobytes() == other.unit.tobytes()
        and all(
            (a is None and b is None) or np.asarray(a).tobytes() == np.asarray(b).tobytes() for a, b in stance
        )
    )


@pytest.mark.slow
@pytest.mark.parametrize("runtime", RUNTIMES)
def test_a_reading_is_the_same_in_any_company(tiny_export: Path, runtime: str) -> None:
    reader = load(tiny_export, runtime=runtime, threads=2)
    asked = requests()
    alone = [reader.read([one])[0] for one in asked]
    chance = random.Random(7)
    for size in (2, 3, 5, 8, 13, len(asked), 3 * len(asked)):
        chosen = [chance.randrange(len(asked)) for _ in range(size)]
        together = reader.read([asked[i] for i in chosen])
        assert all(same(reading, alone[i]) for i, reading in zip(chosen, together, strict=True))
    single = load(tiny_export, runtime=runtime, threads=1).read(asked)
    assert all(map(same, single, alone)), "nor do they depend on the number of cores"


@pytest.mark.slow
@pytest.mark.parametrize("runtime", RUNTIMES)
def test_rows_are_the_same_in_any_order_and_any_stretch(
    tiny_export: Path, runtime: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = load(tiny_export, runtime=runtime, threads=2)
    asked = [
        Question(_unit(r.text, i), {"m": ((4, 10),)}, (("t", "boats"),))
        for i, r in enumerate(requests())
        if len(r.text) > 10
    ]

    def rows(questions: list[Question]) -> dict[str, str]:
        return {
            row.unit.unit_id: json.dumps(row.to_dict())
            for row in score(questions, reader=reader, codebook="b")
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


def test_openvino_where_there_is_one_and_rows_say_what_made_them(
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
        UsageError, match=r"--runtime openvino: it is not installed here\. pip install openvino"
    ):
        prints(runtime="openvino")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"runtime": "tensorrt"}, "runtime 'tensorrt' is unknown; there are openvino and onnx"),
        ({"device": "tpu"}, "device 'tpu' is unknown; there are cpu and cuda"),
        ({"device": "cuda", "runtime": "openvino"}, "--runtime openvino runs on processors"),
        ({"threads": 0}, "threads is 0; expected 1 or more"),
    ],
)
def test_what_cannot_be_run_is_said(tiny_export: Path, given: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        load(tiny_export, **given)  # type: ignore[arg-type]


def test_without_cuda_it_says_so(tiny_export: Path) -> None:
    import onnxruntime

    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        pytest.skip("there is CUDA here")
    with pytest.raises(
        UsageError, match=r"ONNX Runtime [\d.]+ has no CUDA here \(.*pip install onnxruntime-gpu"
    ):
        load(tiny_export, device="cuda")


@pytest.mark.parametrize("given", [{"runtime": "onnx"}, {"device": "cuda"}])
def test_without_onnx_runtime_the_extra_is_named(
    tiny_export: Path, monkeypatch: pytest.MonkeyPatch, given: dict[str, str]
) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(UsageError, match=r"needs ONNX Runtime.*pip install 'slant\[onnx\]'"):
        load(tiny_export, **given)  # type: ignore[arg-type]


def test_a_home_that_cannot_be_written_costs_the_cache_alone(
    tiny_export: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    first = load(tiny_export, runtime="openvino").read(requests())
    assert any((tmp_path / "cache" / "slant" / "openvino").iterdir()), "what was compiled is kept"
    cached = load(tiny_export, runtime="openvino").read(requests())
    assert all(map(same, first, cached))
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(blocked))
    assert runtimes.cache_folder() is None
    assert all(map(same, first, load(tiny_export, runtime="openvino").read(requests())))


def test_a_torn_cache_is_no_obstacle(
    tiny_export: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    first = load(tiny_export, runtime="openvino").read(requests())
    for file in (tmp_path / "slant" / "openvino").iterdir():
        file.write_bytes(file.read_bytes()[:100])
    assert all(map(same, first, load(tiny_export, runtime="openvino").read(requests())))


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_both_runtimes_say_what_was_learned(tiny_export: Path, runtime: str) -> None:
    reader: Reader = load(tiny_export, runtime=runtime)
    for example, said in zip(examples(), reader.predict(examples()), strict=True):
        for target, scores in zip(example.targets, said.stance, strict=True):
            assert target.label in (None, max(scores, key=scores.__getitem__))
