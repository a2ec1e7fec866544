"""The recipes in the repository. Those in model/history are kept as they were run, with settings that are gone."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from slant.training.recipe import Recipe, recipe_from

MODEL = Path(__file__).parents[2] / "model"
RECIPES = [path for folder in ("recipes", "history") for path in sorted((MODEL / folder).glob("*.toml"))]
GONE = ("topic_teacher",)


def values(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text("utf-8"))


def read(path: Path) -> Recipe:
    """Read a recipe; one of model/history without the settings that are gone."""
    gone = GONE if path.parent.name == "history" else ()
    kept = {name: value for name, value in values(path).items() if name not in gone}
    return recipe_from({"name": path.stem, **kept}, where=str(path))
