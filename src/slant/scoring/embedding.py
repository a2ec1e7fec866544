"""Embeddings of texts: the pooled encoder states from which the unit logits are computed."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from slant.encoding.decode import Floats
from slant.encoding.predictor import Predictor, batches, columns
from slant.encoding.windows import EncoderRequest, collate
from slant.errors import SlantError
from slant.scoring.runtimes import OnnxRuntime, OpenVino, available_cores


@dataclass(frozen=True, slots=True)
class Embedded:
    """Embeddings and logits of texts.

    vectors: [texts, 2 × hidden size], the first token's state beside the mean of all tokens.
    scores: [texts, labels], the unit logits beside the mean of the token logits over the text.
    """

    vectors: Floats
    scores: Floats


def embed(texts: Sequence[str], *, predictor: Predictor) -> Embedded:
    """Embed the first window of each text.

    Raises SlantError if the model has no embedding output: it was exported by an older version, or runs in torch.
    """
    windows = predictor.encoder.encode([EncoderRequest(text) for text in texts])
    firsts = {window.request: window for window in reversed(windows)}
    runtime = predictor.runtime
    if not (isinstance(runtime, OpenVino | OnnxRuntime) and runtime.has_embedding):
        raise SlantError(
            f"model {predictor.name} has no embedding output. Export it again with this version of slant."
        )

    def pooled(rows: Sequence[int]) -> tuple[Floats, Floats]:
        width = columns(len(firsts[rows[0]]))
        batch = collate([firsts[i] for i in rows], pad=predictor.encoder.pad, width=width)
        (token, unit, _), vectors = runtime.with_embedding(batch)
        text = (batch["layout"][:, :, 3] == 0)[..., None]
        return vectors, np.concatenate([unit, (token * text).sum(1) / text.sum(1)], 1)

    groups = batches([len(firsts[i]) for i in range(len(texts))])
    vectors: list[Floats] = [np.empty(0, np.float32)] * len(texts)
    scores = list(vectors)
    with ThreadPoolExecutor(available_cores()) as pool:
        for rows, (some_vectors, some_scores) in zip(groups, pool.map(pooled, groups), strict=True):
            for i, row in enumerate(rows):
                vectors[row], scores[row] = some_vectors[i], some_scores[i]
    return Embedded(np.stack(vectors), np.stack(scores))
