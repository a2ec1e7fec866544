"""A training recipe: one TOML file that says everything a run depends on; saved beside the weights."""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from slant.errors import UsageError, did_you_mean

LABELS = ("stance", "loaded", "toxic", "reply", "frames", "biased", "subjective")


@dataclass(frozen=True, slots=True)
class SetUse:
    """How much of a public set a recipe learns from.

    name, split: as the reader of the set names them. weight: of its examples in the loss. repeat: passes in one epoch.
    limit: at most so many examples (a seeded sample), 0 for all. without_fold: leaves that fifth out (for sets that have
    one split only, judged on the fold left out), -1 for none. labels: learn from these only (of loaded, toxic, stance, reply,
    frames, biased, subjective), empty for all that the set has. teaching: as of the Recipe, for this set; -1 for the same.
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
    encoder: str = (
        "sentence-transformers/all-MiniLM-L6-v2"  # folder or hub id; an installed package may carry it
    )
    start: str = ""  # go on from this checkpoint or exported model, heads and all; "default": the shipped one
    train: tuple[SetUse, ...] = ()
    teacher: str = (
        ""  # checkpoint or exported model to learn from as well ("default": the shipped one); "" for none
    )
    topic_teacher: str = ""  # speaks on topics in the teacher's place; "" for the same
    teaching: float = 0.5  # weight of the teacher's word against the labels', 0 to 1
    unlabelled: tuple[SetUse, ...] = ()  # texts on which only the teacher has a word (labels/unlabelled.py)
    dev: tuple[SetUse, ...] = ()  # thresholds and priors are chosen here, never on a test split
    epochs: float = 3.0
    batch_size: int = 32
    learning_rate: float = 8e-5
    head_learning_rate: float = 5e-4
    layer_decay: float = 1.0  # rate of each layer of the encoder relative to the one above it
    weight_decay: float = 0.01
    warmup: float = 0.06  # share of the steps
    max_length: int = 256  # text tokens of a window
    context_length: int = 96  # tokens kept of the second text of a pair
    stride: int = 64  # tokens that two windows of a long text share
    queries: str = "copies"  # how targets are asked about: copies, marks or words (encoding/windows.py)
    query_layers: int = (
        0  # that queries have for themselves (learning/queries.py); a started model keeps its own
    )
    dropout: float = 0.0
    freeze_words: bool = False  # leave the word embeddings as pretrained
    parts: Sequence[str] = ()  # of the model (network.py), those that are trained; all if none
    bf16: bool = True  # autocast where the hardware has bfloat16
    seed: int = 13
    save_steps: int = 500
    loss_weights: Mapping[str, float] = field(default_factory=dict)
    class_weights: Mapping[str, Sequence[float]] = field(default_factory=dict)


def load_recipe(path: Path | None, overrides: Sequence[str] = ()) -> Recipe:
    """The recipe in a TOML file (or the defaults), with `key=value` overrides in TOML syntax.

    Raises UsageError for a file that is no TOML, an unknown key (with the nearest known one) or a value of a wrong type.
    """
    values: dict[str, Any] = {}
    if path is not None:
        try:
            values = tomllib.loads(path.read_text("utf-8"))
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
    made: dict[str, Any] = {}
    for key, value in values.items():
        checked = _checked(key, value, _DEFAULT, where)
        made[key] = (
            tuple(_set_use(v, f"{where}: {key}") for v in checked)
            if key in ("train", "unlabelled", "dev")
            else checked
        )
    recipe = Recipe(**made)
    if recipe.unlabelled and not recipe.teacher:
        raise UsageError(
            f"{where}: unlabelled texts teach nothing without a teacher. Name a checkpoint folder in `teacher`."
        )
    if recipe.topic_teacher and not recipe.teacher:
        raise UsageError(
            f"{where}: topic_teacher speaks on topics alone; name who speaks on all else in `teacher`."
        )
    if not 0 <= recipe.teaching <= 1:
        raise UsageError(f"{where}: teaching = {recipe.teaching}; expected a share from 0 to 1.")
    return recipe


def _set_use(value: Any, where: str) -> SetUse:
    if not isinstance(value, Mapping) or "name" not in value:
        raise UsageError(
            f'{where}: {value!r} names no set; every entry needs a name, for example {{ name = "newsmtsc" }}'
        )
    made = {key: _checked(key, v, _DEFAULT_USE, where) for key, v in value.items()}
    made["labels"] = tuple(made.get("labels", ()))
    for label in made["labels"]:
        if label not in LABELS:
            raise UsageError(
                f"{where}: no label {label!r}; known: {', '.join(LABELS)}.{did_you_mean(label, LABELS)}"
            )
    if made.get("teaching", 0.0) > 1:
        raise UsageError(f"{where}: teaching = {made['teaching']}; expected a share from 0 to 1, or -1.")
    return SetUse(**made)


def _checked(key: str, value: Any, defaults: Recipe | SetUse, where: str) -> Any:
    """`value` if it has the type of the default of that name; whole numbers serve as real ones."""
    known = [f.name for f in dataclasses.fields(defaults)]
    if key not in known:
        raise UsageError(f"{where}: unknown setting {key!r}.{did_you_mean(key, known)}")
    default = getattr(defaults, key)
    if isinstance(default, float) and type(value) is int:
        return float(value)
    expected, name = _KINDS.get(type(default), ((type(default),), type(default).__name__))
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


# The types that serve for a default of another type, and what a recipe calls them.
_KINDS: dict[type, tuple[tuple[type, ...], str]] = {
    dict: ((Mapping,), "table"),
    tuple: ((list, tuple), "list"),
}
_DEFAULT = Recipe()
_DEFAULT_USE = SetUse("")
