"""Which model is meant: a size, a folder, SLANT_MODEL or the default; and what a user reads who lacks it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

import slant
from slant import assets
from slant.assets import SIZES, chosen_model, model_folder, size_folder
from slant.cli import main
from slant.errors import UsageError
from slant.scoring.runtimes import size_of

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The installed package slant-base, with the files of the small model and other fingerprints; no base in the checkout."""
    monkeypatch.setattr(assets, "_MODELS", [tmp_path / "model"])
    (tmp_path / "model").mkdir()
    (tmp_path / "model/small").symlink_to(ROOT / "model/small")
    site = tmp_path / "site"
    folder = site / "slant_base/base"
    folder.mkdir(parents=True)
    for name in ("openvino", "onnx", "tokenizer.json", "codebook.toml"):
        (folder / name).symlink_to(ROOT / "model/small" / name)
    shutil.copy(ROOT / "packages/slant-base/slant_base/__init__.py", site / "slant_base")
    shutil.copy(ROOT / "model/small/config.json", folder)
    config = json.loads((folder / "config.json").read_text("utf-8"))
    config["slant"]["fingerprints"] = {"openvino": "b" * 12, "onnx": "c" * 12}
    (folder / "config.json").write_text(json.dumps(config), "utf-8")
    monkeypatch.syspath_prepend(str(site))
    return folder


@pytest.fixture
def without_base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installation with the small model only."""
    (tmp_path / "model").mkdir()
    (tmp_path / "model/small").symlink_to(ROOT / "model/small")
    monkeypatch.setattr(assets, "_MODELS", [tmp_path / "model"])
    monkeypatch.setattr(assets, "find_spec", lambda name: None)
    assets._note.cache_clear()


@pytest.fixture(autouse=True)
def no_choice_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SLANT_MODEL", raising=False)


def test_a_size_a_folder_and_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("small").mkdir()
    assert [chosen_model(size) for size in SIZES] == list(SIZES)
    assert chosen_model("./small") == chosen_model(Path("small")) == Path("small"), "a folder"
    assert chosen_model(str(tmp_path)) == tmp_path
    monkeypatch.setenv("SLANT_MODEL", "base")
    assert chosen_model() == "base"
    assert chosen_model("small") == "small", "an option wins over the environment"
    monkeypatch.setenv("SLANT_MODEL", str(tmp_path))
    assert model_folder() == tmp_path
    monkeypatch.setenv("SLANT_MODEL", "")
    assert chosen_model() == assets.DEFAULT_MODEL


def test_a_name_that_is_neither_is_refused_with_its_origin(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(
        UsageError, match=r"^model bass: neither a size \(small or base\) nor a folder\. Did you mean 'base'"
    ):
        model_folder("bass")
    monkeypatch.setenv("SLANT_MODEL", "nowhere/at/all")
    with pytest.raises(UsageError, match=r"^SLANT_MODEL: model nowhere/at/all: neither a size"):
        model_folder()


@pytest.mark.usefixtures("without_base")
def test_a_size_that_is_not_installed_is_refused_with_what_to_do() -> None:
    assert size_folder("base") is None
    message = r"^model base: this installation has no base model\. .* `pip install \./packages/slant-base`"
    for load in (model_folder, slant.Scorer.load):
        with pytest.raises(UsageError, match=message):
            load("base")


@pytest.mark.usefixtures("without_base")
def test_another_size_is_used_with_a_note_where_the_default_is_not_installed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    notes: list[str] = []
    # Not caplog: some library that other tests import silences warnings for good.
    monkeypatch.setattr(assets, "_log", SimpleNamespace(warning=notes.append))
    monkeypatch.setattr(assets, "DEFAULT_MODEL", "small")
    assert chosen_model() == "small"
    assert notes == [], "it is the default"
    monkeypatch.setattr(assets, "DEFAULT_MODEL", "base")
    assert [chosen_model(), chosen_model()] == ["small", "small"]
    (note,) = notes
    assert "the base model, or OpenVINO, which it needs, is not installed here: small is used" in note
    assert chosen_model("base") == "base", "what was asked for is never replaced"


def test_another_size_is_used_where_the_default_needs_openvino_and_there_is_none(
    package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = assets.find_spec
    monkeypatch.setattr(assets, "DEFAULT_MODEL", "base")
    assert chosen_model() == "base"
    monkeypatch.setattr(assets, "find_spec", lambda name: None if name == "openvino" else found(name))
    assert chosen_model() == "base", "it also has an ONNX file"
    (package / "onnx").unlink()
    assert chosen_model() == "small"


@pytest.mark.slow
def test_base_is_found_in_its_package(
    package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert model_folder("base") == package
    monkeypatch.chdir(tmp_path)
    Path("units.jsonl").write_text('{"text": "The corrupt council lied."}\n', "utf-8")

    def model(*options: str) -> str:
        with pytest.raises(SystemExit) as ended:
            main(["score", "--units", "units.jsonl", "-o", "-", "--quiet", *options])
        assert ended.value.code == 0
        return str(json.loads(capsys.readouterr().out)["model"])

    small = model("--model", "small")
    assert small == slant.Scorer.load("small").predictor.fingerprint
    assert model("--model", "base") in ("b" * 12, "c" * 12)
    monkeypatch.setenv("SLANT_MODEL", "base")
    assert model() in ("b" * 12, "c" * 12)
    assert slant.Scorer.load(threads=1).predictor.name == "base"
    assert [size_of(fingerprint) for fingerprint in (small, "b" * 12, "c" * 12, "d" * 12)] == [
        "small",
        "base",
        "base",
        None,
    ]


@pytest.mark.slow
def test_a_run_is_not_resumed_with_another_model(
    package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from slant.scoring.resume import Journal

    monkeypatch.chdir(tmp_path)
    Path("units.jsonl").write_text('{"text": "The corrupt council lied."}\n', "utf-8")
    monkeypatch.setattr(Journal, "remove", lambda self: None)  # as if killed just before the end

    def run(*options: str) -> int:
        with pytest.raises(SystemExit) as ended:
            main(["score", "--units", "units.jsonl", "-o", "s.jsonl", "--quiet", *options])
        return int(ended.value.code or 0)

    assert run("--model", "small") == 0
    monkeypatch.setenv("SLANT_MODEL", "base")
    assert run("--resume") != 0
    assert "model: " in capsys.readouterr().err
    assert run("--resume", "--model", "small") == 0
