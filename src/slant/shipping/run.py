"""`slant train`: a recipe to a model folder: train, choose thresholds on dev data, export."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path

from slant.assets import asset
from slant.errors import UsageError
from slant.judging.selection import choose_decoding
from slant.judging.sets import SPECS
from slant.learning.averaging import average
from slant.learning.batches import load_use
from slant.learning.export import export
from slant.learning.recipe import Recipe, load_recipe, recipe_from
from slant.learning.runtime import has_bf16, load_checkpoint, store_decoding
from slant.learning.training import train
from slant.records import Example


def refuse_judged(recipe: Recipe) -> None:
    """Raises UsageError if the recipe would learn from, or choose by, what its model is judged on, or any set's test part."""
    for use in (*recipe.train, *recipe.dev):
        for spec in SPECS:
            if use.name != spec.source or spec.on_demand:
                continue
            fold_held_out = spec.held_out_fold is not None and use.without_fold == spec.held_out_fold
            if use.split == spec.split and not fold_held_out:
                cure = f" Add without_fold = {spec.held_out_fold}." if spec.held_out_fold is not None else ""
                raise UsageError(f"{recipe.name}: {use.name} {use.split} is what a model is judged on.{cure}")
        if use.split.startswith("test"):
            raise UsageError(
                f"{recipe.name}: {use.name} {use.split} is a test part; nothing is learned from it or chosen by it."
            )


def run(recipe_path: Path | None, overrides: Sequence[str], out: Path | None, *, resume: bool) -> Path:
    """Everything between a recipe and `out/export`; returns that folder. Says what it does on standard output.

    Of several processes (torchrun, accelerate launch) the first alone speaks, chooses thresholds and exports; the others
    return as soon as training is done, when the folder is not there yet.
    """
    recipe = load_recipe(recipe_path or asset("recipes") / "quick.toml", overrides)
    refuse_judged(recipe)
    out = out or Path("runs") / recipe.name
    if int(os.environ.get("RANK", "0")) > 0:  # as the launchers number the processes of a run
        os.environ["SLANT_PROGRESS"] = "0"
        with redirect_stdout(None):
            train(recipe, out, resume=resume)
        return out / "export"
    return _finish(train(recipe, out, resume=resume), recipe, out)


def average_runs(runs: Sequence[Path], out: Path) -> Path:
    """Average what several runs ended with, choose its thresholds as the first run's recipe says, and export it.

    Returns `out/export`. Raises UsageError for a run without its recipe.json.
    """
    saved = runs[0] / "recipe.json"
    if not saved.exists():
        raise UsageError(
            f"{saved} is missing; it says by which dev sets to choose. Give folders that `slant train` made."
        )
    recipe = recipe_from(json.loads(saved.read_text("utf-8")), where=str(saved))
    refuse_judged(recipe)
    checkpoint = average(runs, out)
    shutil.copyfile(saved, out / "recipe.json")
    return _finish(checkpoint, recipe, out)


def _finish(checkpoint: Path, recipe: Recipe, out: Path) -> Path:
    """Chooses thresholds on the recipe's dev sets, and exports."""
    dev: dict[str, list[Example]] = {}
    for use in recipe.dev:
        dev.setdefault(use.name, []).extend(load_use(use, seed=recipe.seed))
    if dev:
        reader = load_checkpoint(checkpoint, bf16=has_bf16())
        store_decoding(checkpoint, choose_decoding(reader, dev))
    else:
        print("the recipe names no dev sets: thresholds stay as they are, 0.5", flush=True)
    folder = export(checkpoint, out / "export")
    print(f"exported to {folder}; judge it with: slant evaluate {folder} -o {out / 'scores'}", flush=True)
    return folder
