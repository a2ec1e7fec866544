"""Where the material is: inside an installed wheel under `slant/assets`, in a checkout in the top folders."""

from __future__ import annotations

from pathlib import Path

from slant.errors import SlantError

_PACKAGE = Path(__file__).parent
_ROOT = _PACKAGE.parent.parent
_IN_CHECKOUT = {
    "model": "model/default",
    "recipes": "model/recipes",
    "codebook.toml": "data/codebook.toml",
    "registry.toml": "data/registry.toml",
    "frames.jsonl": "data/frames.jsonl",
    "domain.jsonl": "data/domain.jsonl",
    "reading.jsonl": "data/reading.jsonl",
    "contrast.jsonl": "data/contrast.jsonl",
    "published.toml": "data/published.toml",
    "seeds_gold.jsonl": "seeds/gold/gold.jsonl",
    "schemas": "data/schemas",
    "targets.toml": "seeds/targets.toml",
}


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
