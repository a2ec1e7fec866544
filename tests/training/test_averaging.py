"""Averaging the weights of several runs."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from slant.errors import SlantError, UsageError

pytest.importorskip("torch", reason="needs the [train] install")
pytestmark = pytest.mark.train


def shifted(checkpoint: Path, out: Path, by: float) -> Path:
    """A copy of the checkpoint with `by` added to every parameter."""
    from slant.training.network import SlantModel

    model = SlantModel.from_pretrained(checkpoint)
    for parameter in model.parameters():
        parameter.data += by
    shutil.copytree(checkpoint, out)
    model.save_pretrained(out)
    return out


def test_weights_are_the_mean_and_settings_those_of_the_first_run(
    tiny_checkpoint: Path, tmp_path: Path
) -> None:
    from slant.training.network import SlantModel
    from slant.training.train import average

    runs = [shifted(tiny_checkpoint, tmp_path / str(by), by) for by in (0.1, 0.5, -0.3)]
    made = average(runs, tmp_path / "mean")
    before = dict(SlantModel.from_pretrained(tiny_checkpoint).named_parameters())
    for name, parameter in SlantModel.from_pretrained(made).named_parameters():
        np.testing.assert_allclose(parameter.detach(), before[name].detach() + 0.1, atol=1e-5, err_msg=name)
    settings, first = (json.loads((f / "slant.json").read_text("utf-8")) for f in (made, runs[0]))
    assert settings["windows"] == first["windows"]
    assert settings["recipe"] == first["recipe"]
    assert settings["run"] != first["run"]


def test_an_average_names_the_recipes_of_all_its_checkpoints(tiny_checkpoint: Path, tmp_path: Path) -> None:
    from slant.training.train import average

    runs = [shifted(tiny_checkpoint, tmp_path / name, 0.1) for name in ("topics", "marks")]
    for run in runs:
        settings = json.loads((run / "slant.json").read_text("utf-8"))
        settings["recipe"] = f"laptop, {run.name}"
        (run / "slant.json").write_text(json.dumps(settings), "utf-8")
    made = average(runs, tmp_path / "mean")
    assert json.loads((made / "slant.json").read_text("utf-8"))["recipe"] == "laptop, marks, topics"


def test_incompatible_checkpoints_are_errors(tiny_checkpoint: Path, tmp_path: Path) -> None:
    from slant.training.train import average

    with pytest.raises(UsageError, match="at least two checkpoints, got 1"):
        average([tiny_checkpoint], tmp_path / "out")
    with pytest.raises(UsageError, match="no checkpoint there"):
        average([tiny_checkpoint, tmp_path], tmp_path / "out")
    other = Path(shutil.copytree(tiny_checkpoint, tmp_path / "other"))
    settings = json.loads((other / "slant.json").read_text("utf-8"))
    settings["windows"]["max_length"] = 7
    (other / "slant.json").write_text(json.dumps(settings), "utf-8")
    with pytest.raises(SlantError, match="windows"):
        average([tiny_checkpoint, other], tmp_path / "out")
    (other / "tokenizer.json").write_text("{}", "utf-8")
    with pytest.raises(SlantError, match="different tokenizers"):
        average([tiny_checkpoint, other], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_run_without_its_recipe_is_an_error(tiny_checkpoint: Path, tmp_path: Path) -> None:
    from slant.training.train import average_runs

    bare = Path(shutil.copytree(tiny_checkpoint, tmp_path / "bare"))
    (bare / "recipe.json").unlink()
    with pytest.raises(UsageError, match=r"recipe\.json is missing"):
        average_runs([bare, tiny_checkpoint], tmp_path / "out")
