"""Training recipes: a TOML file with all settings of a run, saved beside the weights."""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from slant.errors import UsageError, did_you_mean

# Terms of the loss (losses.py) that can have weights.
TASKS = ("stance", "portrayal", "loaded", "toxic", "technique", "biased", "subjective", "frames", "reply")
WITH_CLASSES = ("stance", "portrayal", "reply")
LABELS = ("stance", "loaded", "toxic", "reply", "frames", "biased", "subjective")


@dataclass(frozen=True, slots=True)
class SetUse:
    """How a recipe uses a set.

    name, split: as in slant.corpora. weight: of its examples in the loss. repeat: passes per epoch.
    limit: maximum number of examples (a seeded sample); 0 for all.
    without_fold: a fold from 0 to 4 to exclude, for sets with a single split that are judged on that fold; -1 for none.
    labels: use only these (of LABELS); empty for all labels of the set.
    teaching: overrides Recipe.teaching for this set; -1 for no override.
    """

    name: str
    split: str = "train"
    weight: float = 1.0
    repeat: int = 1
    limit: int = 0
    without_fold: int = -1
    labels: tuple[str, ...] = ()
    teaching: float = -1.0


@dataclass(frozen=True, slots=True)
class Recipe:
    """All settings of a run; see model/recipes for files."""

    name: str = "recipe"
    # Pretrained encoder: a folder or a hub id, whose weights may come from an installed package (initial_model.PACKAGES).
    encoder: str = "sentence-transformers/all-MiniLM-L6-v2"
    start: str = (
        ""  # start from this checkpoint or exported model, including its heads; a size: the shipped model
    )
    train: tuple[SetUse, ...] = ()
    teacher: str = ""  # checkpoint or exported model for distillation; a size: the shipped model; "" for none
    teaching: float = 0.5  # weight of the teacher's outputs against the labels, from 0 to 1
    unlabeled: tuple[SetUse, ...] = ()  # texts without labels, for distillation only (corpora/unlabeled.py)
    dev: tuple[SetUse, ...] = ()  # sets to choose thresholds and priors on; never a test split
    epochs: float = 3.0
    batch_size: int = 32
    learning_rate: float = 8e-5
    head_learning_rate: float = 5e-4
    layer_decay: float = 1.0  # learning rate of each encoder layer relative to the layer above it
    weight_decay: float = 0.01
    warmup: float = 0.06  # share of all steps
    max_length: int = 256  # text tokens per window
    context_length: int = 96  # tokens kept of the second text of a pair
    stride: int = 64  # tokens shared by two windows of a long text
    queries: str = "copies"  # how targets are encoded: copies, marks or words (encoding/windows.py)
    query_layers: int = (
        0  # encoder layers that only queries pass through (network.py); `start` keeps those of its model
    )
    dropout: float = 0.0
    freeze_words: bool = False  # do not train the word embeddings
    freeze_layers: int = (
        0  # do not train the encoder's embeddings and this many of its layers, counted from below
    )
    parts: Sequence[str] = ()  # train only these parts of the model (network.py); empty for all
    bf16: bool = True  # autocast if the hardware supports bfloat16
    seed: int = 13
    save_steps: int = 500
    loss_weights: Mapping[str, float] = field(default_factory=dict)
    class_weights: Mapping[str, Sequence[float]] = field(default_factory=dict)


def load_recipe(path: Path | None, overrides: Sequence[str] = ()) -> Recipe:
    """Read a recipe from a TOML file (None: the defaults), with `key=value` overrides in TOML syntax.

    Raises UsageError for invalid TOML, an unknown key (with a suggestion) or a value of the wrong type.
    """
    values: dict[str, Any] = {}
    if path is not None:
        try:
            values = tomllib.loads(path.read_text("utf-8-sig"))
        except FileNotFoundError:
            raise UsageError(f"recipe {path}: no such file. Recipes are in model/recipes/.") from None
        except tomllib.TOMLDecodeError as error:
            raise UsageError(f"recipe {path} is not valid TOML: {error}") from None
        values.setdefault("name", path.stem)
    for override in overrides:
        key, sign, text = override.partition("=")
        if not sign:
            raise UsageError(f"--set {override!r}: expected key=value, for example --set epochs=1")
        values[key.strip()] = _toml_value(text.strip())
    return recipe_from(values, where=str(path or "--set"))


def recipe_from(values: Mapping[str, Any], *, where: str) -> Recipe:
    """Make a Recipe from the values of a TOML file or a recipe.json; `where` names them in errors. Raises UsageError."""
    checked: dict[str, Any] = {}
    for key, value in values.items():
        checked[key] = _checked(key, value, _DEFAULT, where)
        if key in ("train", "unlabeled", "dev"):
            checked[key] = tuple(_set_use(entry, f"{where}: {key}") for entry in checked[key])
    recipe = Recipe(**checked)
    for setting, known in (("loss_weights", TASKS), ("class_weights", WITH_CLASSES)):
        for name in getattr(recipe, setting):
            if name not in known:
                raise UsageError(
                    f"{where}: {setting} has no task {name!r}; known: {', '.join(known)}.{did_you_mean(name, known)}"
                )
    if recipe.unlabeled and not recipe.teacher:
        raise UsageError(
            f"{where}: unlabeled texts can only be used with a teacher. Name a checkpoint folder in `teacher`."
        )
    if not 0 <= recipe.teaching <= 1:
        raise UsageError(f"{where}: teaching = {recipe.teaching}; expected a share from 0 to 1.")
    return recipe


def _set_use(value: Any, where: str) -> SetUse:
    if not isinstance(value, Mapping) or "name" not in value:
        raise UsageError(
            f'{where}: {value!r} has no name; every entry needs the name of a set, for example {{ name = "newsmtsc" }}'
        )
    checked = {key: _checked(key, v, _DEFAULT_USE, where) for key, v in value.items()}
    checked["labels"] = tuple(checked.get("labels", ()))
    for label in checked["labels"]:
        if label not in LABELS:
            raise UsageError(
                f"{where}: no label {label!r}; known: {', '.join(LABELS)}.{did_you_mean(label, LABELS)}"
            )
    if checked.get("teaching", 0.0) > 1:
        raise UsageError(f"{where}: teaching = {checked['teaching']}; expected a share from 0 to 1, or -1.")
    return SetUse(**checked)


def _checked(key: str, value: Any, defaults: Recipe | SetUse, where: str) -> Any:
    """Return `value` if it has the type of the default with that name; an int is accepted for a float."""
    if key in _RENAMED:
        raise UsageError(f"{where}: setting {key!r} was renamed; use {_RENAMED[key]!r} instead.")
    known = [f.name for f in dataclasses.fields(defaults)]
    if key not in known:
        raise UsageError(f"{where}: unknown setting {key!r}.{did_you_mean(key, known)}")
    default = getattr(defaults, key)
    if isinstance(default, float) and type(value) is int:
        return float(value)
    expected, name = _ACCEPTED.get(type(default), ((type(default),), type(default).__name__))
    if not isinstance(value, expected) or (isinstance(value, bool) and not isinstance(default, bool)):
        raise UsageError(f"{where}: {key} = {value!r} is a {type(value).__name__}; expected a {name}.")
    return value


def _toml_value(text: str) -> Any:
    try:
        return tomllib.loads(f"x = {text}")["x"]
    except tomllib.TOMLDecodeError:
        return text


def to_dict(recipe: Recipe) -> dict[str, Any]:
    return dataclasses.asdict(recipe)


_RENAMED = {"unlabelled": "unlabeled"}  # old name of a setting → its name
# Type of a default → the accepted types, and their name in errors.
_ACCEPTED: dict[type, tuple[tuple[type, ...], str]] = {
    dict: ((Mapping,), "table"),
    tuple: ((list, tuple), "list"),
}
_DEFAULT = Recipe()
_DEFAULT_USE = SetUse("")
