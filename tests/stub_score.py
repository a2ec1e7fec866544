"""`slant score` with a model made of rules, as a process that can be killed: `python stub_score.py PAUSE ARGUMENTS…`.

The logits of a window follow from its tokens alone, by arithmetic, so that a unit's row is the same in whatever company it is
read; everything around the model is what a user runs. PAUSE: seconds to wait at each batch, as a model would take.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from slant.encoding.decode import Array, Decoding
from slant.encoding.labels import TOKEN_LABELS, UNIT_LABELS
from slant.encoding.reader import Reader
from tiny import text_encoder


class Arithmetic:
    """A Runtime whose logits are sines of token numbers."""

    def __init__(self, pause: float) -> None:
        self.pause = pause

    def __call__(self, batch: dict[str, NDArray[np.int64]]) -> tuple[Array, Array, Array]:
        time.sleep(self.pause)
        ids, columns = batch["input_ids"], batch["query_columns"]
        token = 4 * np.sin(ids[..., None] * np.arange(1, len(TOKEN_LABELS) + 1))
        total = ids.sum(1)  # padding counts nothing
        unit = 3 * np.sin(total[:, None] * np.arange(1, len(UNIT_LABELS) + 1))
        asked = np.take_along_axis(ids, np.minimum(columns + 1, ids.shape[1] - 1), 1)
        stance = 2 * np.sin((asked + total[:, None])[..., None, None] * np.arange(1, 7).reshape(2, 3))
        return token.astype(np.float32), unit.astype(np.float32), stance.astype(np.float32)


def reader(pause: float = 0.0, *, fingerprint: str = "rules-1") -> Reader:
    with tempfile.TemporaryDirectory() as folder:
        encoder = text_encoder(Path(folder))
    decoding = Decoding(loaded_seed=0.6, loaded_threshold=0.6)
    return Reader(
        Arithmetic(pause), encoder, decoding, name="rules", fingerprint=fingerprint, codebook="book-1"
    )


def main() -> None:
    from slant.cli import main as slant
    from slant.scoring import runtime

    pause, *arguments = sys.argv[1:]

    def load(folder: Path | None = None, **_: Any) -> Reader:
        return reader(float(pause), fingerprint=folder.name if folder else "rules-1")

    runtime.load = load  # type: ignore[assignment]
    slant(arguments)


if __name__ == "__main__":
    main()
