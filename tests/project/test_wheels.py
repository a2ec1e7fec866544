"""The wheel of the base model, built from a checkout with a small folder in its place."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

import slant

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_the_wheel_of_base_has_the_files_where_slant_finds_them(tmp_path: Path) -> None:
    pytest.importorskip("hatchling", reason="needs the [dev] install")
    for file in (
        "packages/slant-base/pyproject.toml",
        "packages/slant-base/slant_base/__init__.py",
        "src/slant/__init__.py",
    ):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / file, tmp_path / file)
    for file in ("config.json", "openvino/model.xml"):
        (tmp_path / "model/base" / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "model/base" / file).write_text("{}", "utf-8")
    command = [
        sys.executable,
        "-m",
        "build",
        "--wheel",
        "--no-isolation",
        "--outdir",
        "dist",
        "packages/slant-base",
    ]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    (wheel,) = (tmp_path / "dist").iterdir()
    assert wheel.name == f"slant_base-{slant.__version__}-py3-none-any.whl", "the version is slant's"
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    code = "from slant.assets import size_folder; print(size_folder('base'))"
    path = f"{tmp_path / 'site'}:{Path(slant.__file__).parents[1]}"
    if not (ROOT / "model/base").exists():  # a checkout's own base comes first
        found = subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONPATH": path}, capture_output=True, text=True
        )
        assert found.stdout.strip() == str(tmp_path / "site/slant_base/base"), found.stderr
    assert {p.name for p in (tmp_path / "site/slant_base/base").rglob("*") if p.is_file()} == {
        "config.json",
        "model.xml",
    }


def test_the_wheel_of_slant_has_the_small_model_only() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["build"][
        "targets"
    ]
    models = {
        k: v for k, v in settings["wheel"]["force-include"].items() if v.startswith("slant/assets/model")
    }
    assert models == {"model/small": "slant/assets/model/small"}
    assert settings["sdist"]["exclude"] == ["/model/base"]


def test_make_model_is_resumed_by_files_and_states_costs(tmp_path: Path) -> None:
    """make -n lists the steps that are left."""
    for name in (
        "Makefile",
        "pyproject.toml",
        "constraints.txt",
        "model/recipes/base.toml",
        "model/recipes/base_continued.toml",
        "model/recipes/small.toml",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)

    def steps() -> list[str]:
        ran = subprocess.run(
            ["make", "-n", "model"], cwd=tmp_path, capture_output=True, text=True, check=True
        )
        lines = [line for line in ran.stdout.splitlines() if "/slant " in line or line.startswith("echo")]
        judged = [line for line in lines if "/slant evaluate " in line]
        assert len(judged) == sum("/slant export " in line for line in lines), "each export is judged"
        lines = [line for line in lines if line not in judged]
        assert all("Cost: " in line for line in lines[::2]), "each step is announced with its cost"
        return [line.partition("/slant ")[2].strip() for line in lines[1::2]]

    train = [
        *(f"train model/recipes/{run}.toml -o runs/{run} --resume" for run in ("base", "base_continued")),
        "average runs/base_continued runs/base -o runs/base_mean",
        "train model/recipes/small.toml -o runs/small --resume",
    ]
    export = [
        "export runs/base_mean -o model/base --runtime openvino --limit 100",
        "export runs/small -o model/small --runtime openvino --runtime onnx --limit 150 --most 3",
    ]
    assert steps() == train + export
    trained = tmp_path / "runs/base/export/config.json"
    trained.parent.mkdir(parents=True)
    trained.touch()
    assert steps() == [*train[1:], *export]
    for run in ("base_continued", "base_mean"):
        export_of = tmp_path / f"runs/{run}/export/config.json"
        export_of.parent.mkdir(parents=True)
        export_of.touch()
    (tmp_path / "runs/base_mean/shipped").touch()
    assert steps() == [train[3], export[1]]
