"""What the shipped encoder makes of a text, before any label is read off: the vector that its unit labels come from.

The exported model has no output for it. An ONNX file is one protobuf message, and two such messages written one after the
other are read as one with the lists of both, so an output is added by a few bytes behind the file.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from slant.assets import asset
from slant.encoding.predictor import Predictor, batches
from slant.encoding.windows import EncoderRequest, collate
from slant.errors import SlantError
from slant.scoring.runtimes import INPUTS, available_cores

UNIT_OUTPUT = "unit_logits"
GRAPH, NODES, INPUT, OUTPUT, OPERATOR, OUTPUTS = 7, 1, 1, 2, 4, 12  # field numbers of onnx.proto
Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Embedded:
    """vectors: (texts, twice the hidden size), the first token beside the mean of all. scores: (texts, labels), the logits of
    the unit labels and the mean of the token labels over the text."""

    vectors: Array
    scores: Array


def embed(texts: Sequence[str], *, predictor: Predictor, folder: Path | None = None) -> Embedded:
    """Run the first window of each text through the model in `folder` (default: the shipped one).

    predictor: loaded from the same folder.
    Raises SlantError if the model's graph is laid out in another way than slant's export does.
    """
    import onnxruntime

    path = (folder or asset("model")) / "onnx" / "model_quantized.onnx"
    data = path.read_bytes()
    name = _unit_vector(data, path)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = available_cores()
    extra = _field(GRAPH, _field(OUTPUTS, _field(1, name.encode())))
    session = onnxruntime.InferenceSession(data + extra, options, providers=["CPUExecutionProvider"])
    firsts = {w.request: w for w in reversed(predictor.encoder.encode([EncoderRequest(t) for t in texts]))}
    vectors: list[Array] = [np.empty(0, np.float32)] * len(texts)
    scores = list(vectors)
    for rows in batches([len(firsts[i]) for i in range(len(texts))]):
        batch = collate([firsts[i] for i in rows], pad=predictor.encoder.pad)
        token, unit, vector = session.run(["token_logits", UNIT_OUTPUT, name], {n: batch[n] for n in INPUTS})
        text = (batch["layout"][:, :, 3] == 0)[..., None]
        mean = (token * text).sum(1) / text.sum(1)
        for i, row in enumerate(rows):
            vectors[row], scores[row] = vector[i], np.concatenate([unit[i], mean[i]])
    return Embedded(np.stack(vectors), np.stack(scores))


def _unit_vector(data: bytes, path: Path) -> str:
    """Name of what the unit labels are computed from: back from their logits to where two vectors are set side by side."""
    made_by: dict[str, tuple[str, list[str]]] = {}
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
            f"{path}: no vector found that {UNIT_OUTPUT!r} is computed from. The model was exported by another version of "
            "slant; export it again to have its embedding looked at."
        )
    return name


def _fields(message: memoryview) -> Iterator[tuple[int, memoryview]]:
    """Number and content of each field of a protobuf message that has a length; others are passed over."""
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
