"""Hidden states of an exported model: what its heads read, as further outputs of the graph.

A head's input is found from its logits back to the nearest Concat: that of the unit head joins the first token's state and
the mean of the text's tokens, that of the target head the state of the target's query and the first token's. So models have
their states whether or not they were exported with such outputs, and a model that nobody asks for them computes nothing more.

An ONNX file is a protobuf message, and two concatenated messages are read as one with the lists of both, so appending a few
bytes to the file adds an output.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from slant.errors import SlantError

EMBEDDING = "embedding"  # output [rows, 2 × hidden size]: the first token's state beside the mean of the text's tokens
QUERY_STATES = "query_states"  # output [rows, queries, hidden size]
UNIT_LOGITS, TARGET_LOGITS = "unit_logits", "target_logits"
NO_STATES = (
    "{path}: the states that the heads read were not found. The model was exported by another version of slant; export it "
    "again, or choose another model."
)

# ---- OpenVINO


def add_openvino_states(model: Any, path: Path) -> None:
    """Give an openvino.Model, read from `path`, the outputs EMBEDDING and QUERY_STATES. Raises SlantError if it has none."""
    has_embedding = any(EMBEDDING in output.get_names() for output in model.outputs)
    if not has_embedding:
        _add_output(model, _concat_before(model, UNIT_LOGITS, path).output(0), EMBEDDING)
    _add_output(model, _concat_before(model, TARGET_LOGITS, path).input_value(0), QUERY_STATES)


def _concat_before(model: Any, logits: str, path: Path) -> Any:
    """Return the nearest Concat node before an output of the model."""
    waiting = deque(o.get_node() for o in model.outputs if logits in o.get_names())
    seen: set[str] = set()
    while waiting:
        node = waiting.popleft()
        if node.get_type_name() == "Concat":
            return node
        for i in range(node.get_input_size()):
            before = node.input_value(i).get_node()
            if before.get_friendly_name() not in seen:
                seen.add(before.get_friendly_name())
                waiting.append(before)
    raise SlantError(NO_STATES.format(path=path))


def _add_output(model: Any, port: Any, name: str) -> None:
    port.get_tensor().set_names(port.get_tensor().get_names() | {name})
    model.add_outputs([name])


# ---- ONNX

GRAPH, NODES, INPUT, OUTPUT, OPERATOR, OUTPUTS = 7, 1, 1, 2, 4, 12  # field numbers of onnx.proto


def state_tensors(data: bytes, path: Path) -> tuple[str, str]:
    """Return the names of the tensors with the embedding and the query states. data: the ONNX file at `path`."""
    return head_inputs(data, UNIT_LOGITS, path)[0], head_inputs(data, TARGET_LOGITS, path)[1]


def onnx_with_outputs(data: bytes, names: Sequence[str]) -> bytes:
    """Return an ONNX file with these tensors among its outputs."""
    present = {_name(output) for kind, output in _graph_fields(data) if kind == OUTPUTS}
    added = [_field(OUTPUTS, _field(1, name.encode())) for name in names if name not in present]
    return data + _field(GRAPH, b"".join(added)) if added else data


def head_inputs(data: bytes, logits: str, path: Path) -> list[str]:
    """Return the names of the tensor that a head reads and of the tensors joined in it.

    Raises SlantError if no Concat is found before the logits.
    """
    made_by: dict[str, tuple[str, list[str]]] = {}  # tensor → operator that computes it, its inputs
    for kind, node in _graph_fields(data):
        if kind == NODES:
            parts: dict[int, list[str]] = {INPUT: [], OUTPUT: [], OPERATOR: []}
            for part, value in _fields(node):
                if part in parts:
                    parts[part].append(bytes(value).decode())
            made_by |= dict.fromkeys(parts[OUTPUT], (parts[OPERATOR][0], parts[INPUT]))
    waiting, seen = deque([logits]), {logits}
    while waiting:
        name = waiting.popleft()
        operator, inputs = made_by.get(name, ("", []))
        if operator == "Concat":
            return [name, *inputs]
        waiting += [before for before in inputs if before not in seen]
        seen.update(inputs)
    raise SlantError(
        f"{path}: the input of {logits!r} was not found, so there are no embeddings and states. The model was exported by "
        "another version of slant; export it again."
    )


def _graph_fields(data: bytes) -> Iterator[tuple[int, memoryview]]:
    for number, graph in _fields(memoryview(data)):
        if number == GRAPH:
            yield from _fields(graph)


def _name(value_info: memoryview) -> str:
    return next((bytes(value).decode() for number, value in _fields(value_info) if number == 1), "")


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
