"""Read the weights of an exported model back from its graph, as fp32 values by the names of the torch parameters."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

ZERO_POINT = 128  # default of MatMulNBits for unsigned 8-bit weights
DECOMPRESSION = ("Convert", "Subtract", "Multiply", "Reshape")  # between compressed weights and their product

Weights = dict[str, NDArray[Any]]


def openvino_weights(path: Path) -> Weights:
    """Return parameter name → fp32 values of an OpenVINO file with compressed weights.

    Lacks the weights of products with static scales (export_openvino.py).
    """
    import openvino

    graph = openvino.Core().read_model(str(path))
    constants = {op.get_friendly_name(): op for op in graph.get_ops() if op.get_type_name() == "Constant"}

    def values(name: str) -> NDArray[np.float32]:
        found = np.asarray(constants[name].data, np.float32)
        if f"{name}/scale" not in constants:
            return found
        return (found - values(f"{name}/zero_point")) * values(f"{name}/scale")

    found = {
        name.removeprefix("model."): values(name)
        for name in constants
        if name.startswith("model.") and not name.endswith(("/scale", "/zero_point"))
    }
    for op in graph.get_ops():
        if op.get_type_name() != "MatMul":
            continue
        weights = op.input_value(1).get_node()
        while weights.get_type_name() in DECOMPRESSION:
            weights = weights.input_value(0).get_node()
        if weights.get_type_name() == "Constant":
            product = values(weights.get_friendly_name())
            transposed = op.get_attributes()["transpose_b"]
            found[_parameter(op.get_friendly_name())] = product if transposed else product.T
    return found


def onnx_weights(path: Path) -> Weights:
    """Return parameter name → fp32 values of an ONNX file, quantized or not."""
    import onnx
    from onnx import numpy_helper

    graph = onnx.load(str(path)).graph
    stored = {i.name: numpy_helper.to_array(i) for i in graph.initializer}
    stored = {
        name.removesuffix("_half"): value.astype(np.float32) if name.endswith("_half") else value
        for name, value in stored.items()
    }
    found = {
        name.removeprefix("model."): value for name, value in stored.items() if name.startswith("model.")
    }
    for name in [n for n in found if n.endswith("_int8")]:
        whole = name.removesuffix("_int8")
        found[whole] = found[name].astype(np.float32) * found[f"{whole}_scale"]
    for node in graph.node:
        if node.op_type == "MatMulNBits":
            sizes = {a.name: a.i for a in node.attribute}
            found[_parameter(node.name)] = _dequantize(
                *(stored[name] for name in node.input[1:4]), inputs=sizes["K"]
            )
        elif node.op_type == "MatMul" and node.input[1] in stored:
            found[_parameter(node.name)] = stored[node.input[1]].T
    return found


def _dequantize(
    quantized: NDArray[Any], scales: NDArray[Any], zeros: NDArray[Any] | None = None, *, inputs: int
) -> NDArray[np.float32]:
    """Return weights [outputs, inputs].

    quantized [outputs, blocks, block size]; scales, zeros (zero points) [outputs × blocks].
    """
    outputs, blocks, _ = quantized.shape
    zero = np.float32(ZERO_POINT) if zeros is None else zeros.reshape(outputs, blocks, 1).astype(np.float32)
    values = (quantized.astype(np.float32) - zero) * scales.reshape(outputs, blocks, 1)
    return np.asarray(values.reshape(outputs, -1)[:, :inputs], np.float32)


def _parameter(node: str) -> str:
    """Return the parameter multiplied by a node: `/model/target/target.0/MatMul` → `target.0.weight`."""
    parts = node.strip("/").split("/")[1:-1]
    # A module in an nn.Sequential has its full name in the path: drop the part that it repeats.
    kept = [p for p, after in zip(parts, [*parts[1:], ""], strict=True) if not after.startswith(f"{p}.")]
    return ".".join([*kept, "weight"])
