"""Where the material is: inside an installed wheel under `slant/assets`, in a checkout in the top folders.

Models come in sizes. `small` is part of every installation. `base`, the default, is in a checkout, or in the
package slant-base.
"""

from __future__ import annotations

import logging
import os
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from slant.errors import SlantError, UsageError, did_you_mean

SIZES = ("small", "base")
DEFAULT_MODEL = "base"  # a size
MODEL_VARIABLE = "SLANT_MODEL"  # environment variable: a size or a folder, in place of the default

_PACKAGE = Path(__file__).parent
_ROOT = _PACKAGE.parent.parent
_MODELS = (_PACKAGE / "assets" / "model", _ROOT / "model")  # folders that have one per size
_IN_CHECKOUT = {
    "recipes": "model/recipes",
    "codebook.toml": "data/codebook.toml",
    "registry.toml": "data/registry.toml",
    "frames.jsonl": "data/frames.jsonl",
    "domain.jsonl": "data/domain.jsonl",
    "reading.jsonl": "data/reading.jsonl",
    "contrast.jsonl": "data/contrast.jsonl",
    "published.toml": "data/published.toml",
    "outlets.toml": "data/outlets.toml",
    "target_words.toml": "data/target_words.toml",
    "seeds_gold.jsonl": "seeds/gold/gold.jsonl",
    "schemas": "data/schemas",
    "targets.toml": "seeds/targets.toml",
}
_log = logging.getLogger(__name__)


def asset(name: str) -> Path:
    """Path of a shipped file or folder: a key of the table above.

    Raises SlantError if the installation lacks it.
    """
    for path in (_PACKAGE / "assets" / name, _ROOT / _IN_CHECKOUT[name]):
        if path.exists():
            return path
    raise SlantError(
        f"slant's own file {name!r} is missing from this installation ({_PACKAGE}). Reinstall slant."
    )


# ---- models


def chosen_model(given: str | Path | None = None) -> str | Path:
    """Return which model is meant: one of SIZES, or a folder.

    given: a size, a folder (also one with the name of a size, as a Path or as "./small"), or None: SLANT_MODEL, and where it
    is not set DEFAULT_MODEL. If that is not installed or cannot run here, another size is used, with a note.
    Raises UsageError if there is no such folder.
    """
    name = given or os.environ.get(MODEL_VARIABLE) or _default_size()
    if name in SIZES:
        return name
    folder = Path(name).expanduser()
    if not folder.is_dir():
        where = "" if given else f"{MODEL_VARIABLE}: "
        raise UsageError(
            f"{where}model {name}: neither a size ({' or '.join(SIZES)}) nor a folder.{did_you_mean(str(name), SIZES)}"
        )
    return folder


def model_folder(given: str | Path | None = None) -> Path:
    """Return the folder of a model. given: as for `chosen_model`.

    Raises UsageError if there is no such folder or this installation lacks that size.
    """
    model = chosen_model(given)
    folder = model if isinstance(model, Path) else size_folder(model)
    if folder is None:
        raise UsageError(
            f"model {model}: this installation has no {model} model. It is a package of its own: in a checkout of slant "
            f"that has model/{model}, run `pip install ./packages/slant-{model}`, or `make wheels` and install that wheel."
        )
    return folder


def size_folder(size: str) -> Path | None:
    """Return the folder of the model of that size, or None if this installation lacks it."""
    folders = [folder / size for folder in _MODELS]
    if (package := find_spec(f"slant_{size}")) and package.submodule_search_locations:
        folders += [Path(place) / size for place in package.submodule_search_locations]
    return next((folder for folder in folders if (folder / "config.json").exists()), None)


def _default_size() -> str:
    """Return DEFAULT_MODEL, or the first other size that can run if this installation or machine cannot run it."""
    for size in (DEFAULT_MODEL, *SIZES):
        if _runs_here(size):
            if size != DEFAULT_MODEL:
                _note(
                    f"the {DEFAULT_MODEL} model, or OpenVINO, which it needs, is not installed here: {size} is used. "
                    f"--model {size} or {MODEL_VARIABLE}={size} chooses it without this note."
                )
            return size
    return DEFAULT_MODEL


def _runs_here(size: str) -> bool:
    folder = size_folder(size)
    return folder is not None and ((folder / "onnx").exists() or find_spec("openvino") is not None)


@cache
def _note(message: str) -> None:
    """Log a note once."""
    _log.warning(message)
