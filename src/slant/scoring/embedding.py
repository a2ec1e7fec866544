"""Embeddings of texts: the pooled encoder states from which the unit logits are computed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from slant.assets import model_folder
from slant.encoding.decode import Floats
from slant.encoding.predictor import BatchLogits, Predictor, batches, columns
from slant.encoding.windows import EncoderRequest, collate
from slant.errors import SlantError
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
# An ONNX file is a protobuf message, and two concatenated messages are read as one with the lists of both, so appending a
# few bytes to the file adds an output.

UNIT_OUTPUT = "unit_logits"
GRAPH, NODES, INPUT, OUTPUT, OPERATOR, OUTPUTS = 7, 1, 1, 2, 4, 12  # field numbers of onnx.proto


def _by_graph_surgery(path: Path) -> WithEmbedding:
    """Open the model at `path` with the input of its unit head as a further output."""
    import onnxruntime

    data = path.read_bytes()
    name = _unit_head_input(data, path)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = available_cores()
    added = _field(GRAPH, _field(OUTPUTS, _field(1, name.encode())))
    session = onnxruntime.InferenceSession(data + added, options, providers=["CPUExecutionProvider"])

    def run(batch: Batch) -> tuple[BatchLogits, Floats]:
        token, unit, target, vectors = session.run([*LOGITS, name], {n: batch[n] for n in INPUTS})
        return (token, unit, target), vectors

    return run


def _unit_head_input(data: bytes, path: Path) -> str:
    """Return the name of the tensor that the unit head reads: found from its logits back to a Concat of two vectors."""
    made_by: dict[
        str, tuple[str, list[str]]
    ] = {}  # tensor → operator that computes it, names of the operator's inputs
    for number, graph in _fields(memoryview(data)):
        for kind, node in _fields(graph) if number == GRAPH else ():
            if kind == NODES:
                parts: dict[int, list[str]] = {INPUT: [], OUTPUT: [], OPERATOR: []}
                for part, value in _fields(node):
                    if part in parts:
                        parts[part].append(bytes(value).decode())
                made_by |= dict.fromkeys(parts[OUTPUT], (parts[OPERATOR][0], parts[INPUT]))
    name = UNIT_OUTPUT
    while name in made_by and made_by[name][0] != "Concat":
        name = made_by[name][1][0]
    if name not in made_by:
        raise SlantError(
            f"{path}: the input of {UNIT_OUTPUT!r} was not found, so texts cannot be embedded. The model was exported by "
            "another version of slant; export it again."
        )
    return name


def _fields(message: memoryview) -> Iterator[tuple[int, memoryview]]:
    """Yield number and content of each length-delimited field of a protobuf message; skip the others."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        kind = key & 7
        if kind == 2:
            size, at = _varint(message, at)
            yield key >> 3, message[at : at + size]
            at += size
        elif kind == 0:
            _, at = _varint(message, at)
        else:
            at += 8 if kind == 1 else 4


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7


def _field(number: int, content: bytes) -> bytes:
    size, head = len(content), bytearray()
    while size > 127:
        head.append(size & 127 | 128)
        size >>= 7
    head.append(size)
    return bytes([number << 3 | 2]) + bytes(head) + content
