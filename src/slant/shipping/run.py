"""`slant train`: a recipe to a model folder: train, choose thresholds on dev data, export."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from slant.judging.selection import choose_decoding
from slant.learning.batches import load_use
from slant.learning.export import export
from slant.learning.recipe import load_recipe
from slant.learning.runtime import load_checkpoint, store_decoding
from slant.learning.training import has_bf16, train
from slant.records import Example


def run(recipe_path: Path | None, overrides: Sequence[str], out: Path | None, *, resume: bool) -> Path:
    """Everything between a recipe and `out/export`; returns that folder. Says what it does on standard output."""
    recipe = load_recipe(recipe_path, overrides)
    out = out or Path("runs") / recipe.name
    checkpoint = train(recipe, out, resume=resume)
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
