"""The way back from an export: int8 ONNX to a torch checkpoint that training can start from, or that can teach.

What int8 rounded off stays lost (in the shipped model a logit's R² of .999 and more); heads were never quantised.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from slant.assets import asset
from slant.encoding.labels import check_labels
from slant.errors import SlantError, UsageError
from slant.learning.network import SlantConfig, SlantModel

DEFAULT = "default"  # in a recipe: the model that ships with slant
ZERO_POINT = 128  # of MatMulNBits' unsigned 8-bit weights where no other is given
UNUSED = "encoder.pooler."  # no head reads it, so no graph holds it; it starts at zero

Weights = dict[str, NDArray[Any]]


def as_checkpoint(name: str, kept: Path) -> Path:
    """The checkpoint folder that `name` means: itself, or an exported model restored into `kept`.

    name: a checkpoint folder, an exported model's folder, or "default" for the shipped one.
    Raises UsageError if there is no model of either kind.
    """
    folder = asset("model") if name == DEFAULT else Path(name).expanduser()
    if (folder / "slant.json").exists():
        return folder
    if (folder / "onnx").is_dir():
        return restore(folder, kept)
    raise UsageError(
        f"{name}: neither a checkpoint (slant.json) nor an exported model (onnx/) is there. Give a folder that "
        f'`slant train` or `slant export` made, or "{DEFAULT}" for the shipped model.'
    )


def restore(folder: Path, out: Path, *, file: str = "model_quantized.onnx") -> Path:
    """Write the exported model in `folder` as a torch checkpoint: weights, config with its decoding, tokenizer, settings.

    Weights are int8 values times their scales, in fp32. Returns `out`.
    Raises UsageError if `folder` is no export, SlantError if its graph lacks a weight of the network.
    """
    for path in (folder / "config.json", folder / "tokenizer.json", folder / "onnx" / file):
        if not path.exists():
            raise UsageError(
                f"model folder {folder}: {path.relative_to(folder)} is missing; nothing to restore."
            )
    values = json.loads((folder / "config.json").read_text("utf-8"))
    settings = values.pop("slant")
    check_labels({**values, **settings}, f"model folder {folder}")
    values["decoding"] = settings["decoding"]
    model = SlantModel(SlantConfig.from_dict(values))
    _fill(model, weights(folder / "onnx" / file), folder)
    out.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(out)
    shutil.copyfile(folder / "tokenizer.json", out / "tokenizer.json")
    kept = {"windows": settings["windows"], "run": settings["run"], "recipe": settings["recipe"]}
    (out / "slant.json").write_text(json.dumps(kept, indent=2), "utf-8")
    return out


def _fill(model: SlantModel, found: Weights, folder: Path) -> None:
    state = {name: torch.from_numpy(np.array(value, np.float32)) for name, value in found.items()}
    for name, parameter in model.named_parameters():
        if name.startswith(UNUSED):
            state[name] = torch.zeros_like(parameter)
    lacking = sorted(
        name for name, p in model.named_parameters() if name not in state or state[name].shape != p.shape
    )
    if lacking:
        raise SlantError(
            f"model folder {folder}: its graph lacks {len(lacking)} weights of the network, {lacking[0]} the first. "
            "Was it exported by this version of slant? Only encoders with absolute positions can be restored."
        )
    model.load_state_dict({name: state[name] for name, _ in model.named_parameters()}, strict=False)


def weights(path: Path) -> Weights:
    """Parameter name → fp32 values of an exported graph, quantised or not."""
    import onnx
    from onnx import numpy_helper

    graph = onnx.load(str(path)).graph
    held = {i.name: numpy_helper.to_array(i) for i in graph.initializer}
    held = {
        name.removesuffix("_half"): value.astype(np.float32) if name.endswith("_half") else value
        for name, value in held.items()
    }
    found = {name.removeprefix("model."): value for name, value in held.items() if name.startswith("model.")}
    for name in [n for n in found if n.endswith("_int8")]:
        whole = name.removesuffix("_int8")
        found[whole] = found[name].astype(np.float32) * found[f"{whole}_scale"]
    for node in graph.node:
        if node.op_type == "MatMulNBits":
            sizes = {a.name: a.i for a in node.attribute}
            found[_parameter(node.name)] = _blocks(
                *(held[name] for name in node.input[1:4]), inputs=sizes["K"]
            )
        elif node.op_type == "MatMul" and node.input[1] in held:
            found[_parameter(node.name)] = held[node.input[1]].T
    return found


def _blocks(
    quantised: NDArray[Any], scales: NDArray[Any], zeros: NDArray[Any] | None = None, *, inputs: int
) -> NDArray[np.float32]:
    """Weights [outputs, inputs] from quantised [outputs, blocks, block size], scales and zero points [outputs × blocks]."""
    outputs, blocks, _ = quantised.shape
    zero = np.float32(ZERO_POINT) if zeros is None else zeros.reshape(outputs, blocks, 1).astype(np.float32)
    values = (quantised.astype(np.float32) - zero) * scales.reshape(outputs, blocks, 1)
    return np.asarray(values.reshape(outputs, -1)[:, :inputs], np.float32)


def _parameter(node: str) -> str:
    """`/model/stance/stance.0/MatMul` is the product with `stance.0.weight`: a sequence names its parts in full."""
    parts = node.strip("/").split("/")[1:-1]
    kept = [p for p, after in zip(parts, [*parts[1:], ""], strict=True) if not after.startswith(f"{p}.")]
    return ".".join([*kept, "weight"])
