"""Several runs' weights averaged into one model (a uniform "soup": Wortsman et al. 2022).

It serves runs that started from the same trained model, with other seeds or rates: their weights lie in one valley. Runs
from new heads do not, and their mean is worth nothing.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import torch

from slant.errors import SlantError, UsageError
from slant.learning.network import SlantModel


def average(checkpoints: Sequence[Path], out: Path) -> Path:
    """Write the mean of the checkpoints' weights as a checkpoint, all else as in the first but for the names of
    recipes, which are those of all, the first checkpoint's last; decoding is to be chosen anew.

    Raises UsageError for fewer than two or for a folder without one, SlantError if they are of different make.
    """
    if len(checkpoints) < 2:
        raise UsageError(f"an average needs two checkpoints or more, got {len(checkpoints)}.")
    for folder in checkpoints:
        if not (folder / "slant.json").exists():
            raise UsageError(
                f"{folder}: no checkpoint there (slant.json). Give run folders that `slant train` made."
            )
    first = checkpoints[0]
    model = SlantModel.from_pretrained(first)
    total = {name: value.double() for name, value in model.state_dict().items()}
    for folder in checkpoints[1:]:
        _check_alike(first, folder)
        for name, value in SlantModel.from_pretrained(folder).state_dict().items():
            if name not in total or total[name].shape != value.shape:
                raise SlantError(
                    f"{folder} and {first} differ in {name}; only runs of one encoder can be averaged."
                )
            total[name] += value
    model.load_state_dict(
        {name: (value / len(checkpoints)).to(torch.float32) for name, value in total.items()}
    )
    out.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(out)
    shutil.copyfile(first / "tokenizer.json", out / "tokenizer.json")
    settings = json.loads((first / "slant.json").read_text("utf-8"))
    made_by = [json.loads((f / "slant.json").read_text("utf-8"))["recipe"].split(", ") for f in checkpoints]
    settings["recipe"] = ", ".join(dict.fromkeys(name for names in reversed(made_by) for name in names))
    settings["run"] = hashlib.sha256((out / "model.safetensors").read_bytes()).hexdigest()[:12]
    (out / "slant.json").write_text(json.dumps(settings, indent=2), "utf-8")
    return out


def _check_alike(first: Path, other: Path) -> None:
    if (first / "tokenizer.json").read_bytes() != (other / "tokenizer.json").read_bytes():
        raise SlantError(
            f"{other} and {first} cut words differently; only runs of one encoder can be averaged."
        )
    windows = [json.loads((f / "slant.json").read_text("utf-8"))["windows"] for f in (first, other)]
    if windows[0] != windows[1]:
        raise SlantError(
            f"{other} reads windows of {windows[1]}, {first} of {windows[0]}; they must be the same."
        )
