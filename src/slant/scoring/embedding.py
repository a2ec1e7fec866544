"""Embeddings of texts: the pooled encoder states from which the unit logits are computed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from slant.assets import model_folder
from slant.encoding.decode import Floats
from slant.encoding.predictor import BatchLogits, Predictor, batches, columns
from slant.encoding.windows import EncoderRequest, collate
from slant.scoring.hidden_states import head_inputs, onnx_with_outputs
from slant.scoring.runtimes import FILES, INPUTS, ONNX, Batch, OnnxRuntime, OpenVino, available_cores
from slant.scoring.three_class_model import LOGITS

WithEmbedding = Callable[[Batch], tuple[BatchLogits, Floats]]


@dataclass(frozen=True, slots=True)
class Embedded:
    """Embeddings and logits of texts.

    vectors: [texts, 2 × hidden size], the first token's state beside the mean of all tokens.
    scores: [texts, labels], the unit logits beside the mean of the token logits over the text.
    """

    vectors: Floats
    scores: Floats


def embed(texts: Sequence[str], *, predictor: Predictor, model: str | Path | None = None) -> Embedded:
    """Embed the first window of each text.

    model: the size or folder that `predictor` was loaded from, as given to runtimes.load.
    Raises SlantError if the model has no embedding output and its graph differs from slant's older exports.
    """
    windows = predictor.encoder.encode([EncoderRequest(text) for text in texts])
    firsts = {window.request: window for window in reversed(windows)}
    runtime = predictor.runtime
    run: WithEmbedding
    if isinstance(runtime, OpenVino | OnnxRuntime) and runtime.has_embedding:
        run, one_core = runtime.with_embedding, True
    else:
        run, one_core = _by_graph_surgery(model_folder(model) / FILES[ONNX]), False

    def pooled(rows: Sequence[int]) -> tuple[Floats, Floats]:
        width = columns(len(firsts[rows[0]])) if one_core else None
        batch = collate([firsts[i] for i in rows], pad=predictor.encoder.pad, width=width)
        (token, unit, _), vectors = run(batch)
        text = (batch["layout"][:, :, 3] == 0)[..., None]
        return vectors, np.concatenate([unit, (token * text).sum(1) / text.sum(1)], 1)

    groups = batches([len(firsts[i]) for i in range(len(texts))])
    vectors: list[Floats] = [np.empty(0, np.float32)] * len(texts)
    scores = list(vectors)
    with ThreadPoolExecutor(available_cores() if one_core else 1) as pool:
        for rows, (some_vectors, some_scores) in zip(groups, pool.map(pooled, groups), strict=True):
            for i, row in enumerate(rows):
                vectors[row], scores[row] = some_vectors[i], some_scores[i]
    return Embedded(np.stack(vectors), np.stack(scores))


# ---- models without an embedding output
#
# The model `small` was exported before the output was added. All below can be removed once a new export of it ships.


def _by_graph_surgery(path: Path) -> WithEmbedding:
    """Open the model at `path` with the input of its unit head as a further output."""
    import onnxruntime

    data = path.read_bytes()
    name = head_inputs(data, "unit_logits", path)[0]
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = available_cores()
    source = onnx_with_outputs(data, [name])
    session = onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])

    def run(batch: Batch) -> tuple[BatchLogits, Floats]:
        token, unit, target, vectors = session.run([*LOGITS, name], {n: batch[n] for n in INPUTS})
        return (token, unit, target), vectors

    return run
