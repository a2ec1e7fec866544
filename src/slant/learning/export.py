"""From a torch checkpoint to the folder that is shipped: int8 ONNX, tokenizer, config, codebook."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
import warnings
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from slant.assets import asset
from slant.encoding.labels import TOKEN_LABELS, UNIT_LABELS, check_labels
from slant.labels.codebook import Codebook
from slant.learning.network import SlantModel
from slant.records import STANCES
from slant.scoring.runtime import INPUTS

OUTPUTS = ("token_logits", "unit_logits", "stance_logits")
OPSET = 17


class _Logits(nn.Module):
    """The model with tensors in and out, as tracing wants it."""

    def __init__(self, model: SlantModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        out = self.model(**dict(zip(INPUTS, inputs, strict=True)))
        return tuple(out[name] for name in OUTPUTS)


def export(checkpoint: Path, out: Path) -> Path:
    """Write `out/onnx/model.onnx` (fp32) and `model_quantized.onnx` (int8) with tokenizer, config and codebook.

    The thresholds and priors are the checkpoint's. Returns `out`.
    """
    model = SlantModel.from_pretrained(checkpoint).eval()
    check_labels(model.config.to_dict(), f"checkpoint {checkpoint}")
    settings = json.loads((checkpoint / "slant.json").read_text("utf-8"))
    codebook, decoding = asset("codebook.toml"), dict(model.config.decoding)
    onnx_folder = out / "onnx"
    onnx_folder.mkdir(parents=True, exist_ok=True)
    to_onnx(model, onnx_folder / "model.onnx")
    quantize(onnx_folder / "model.onnx", onnx_folder / "model_quantized.onnx")
    shutil.copyfile(checkpoint / "tokenizer.json", out / "tokenizer.json")
    shutil.copyfile(codebook, out / "codebook.toml")
    config = json.loads(model.config.to_json_string())
    config["encoder"].pop("_name_or_path", None)  # a folder of the machine that trained it
    config["slant"] = {
        "windows": settings["windows"],
        "decoding": decoding,
        "codebook": Codebook.load(codebook).fingerprint,
        "fingerprint": _fingerprint(onnx_folder / "model_quantized.onnx", decoding),
        "run": settings["run"],
        "recipe": settings["recipe"],
        "token_labels": list(TOKEN_LABELS),
        "unit_labels": list(UNIT_LABELS),
        "stance_labels": list(STANCES),
        "parameters": model.num_parameters(),
    }
    (out / "config.json").write_text(json.dumps(config, indent=2) + "\n", "utf-8")
    return out


def _fingerprint(path: Path, decoding: dict[str, Any]) -> str:
    digest = hashlib.sha256(path.read_bytes())
    digest.update(json.dumps(decoding, sort_keys=True).encode())
    return digest.hexdigest()[:12]


def to_onnx(model: SlantModel, path: Path) -> None:
    """fp32 ONNX with free row, column and query counts. Weights are those of `model`, dropout off."""
    rows, columns, queries = 2, 8, 2
    layout = torch.zeros(rows, columns, 4, dtype=torch.long)
    layout[:, :, 0] = torch.arange(columns)
    inputs = (torch.randint(5, 50, (rows, columns)), layout, torch.ones(rows, queries, dtype=torch.long))
    axes = {name: {0: "rows", 1: "columns"} for name in INPUTS}
    axes["query_columns"] = {0: "rows", 1: "queries"}
    axes |= {"token_logits": {0: "rows", 1: "columns"}, "unit_logits": {0: "rows"}}
    axes["stance_logits"] = {0: "rows", 1: "queries"}
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore"
        )  # the tracer warns of shape checks inside transformers that hold for any size
        torch.onnx.export(
            _Logits(model).eval(), inputs, str(path), input_names=list(INPUTS), output_names=list(OUTPUTS),
            dynamic_axes=axes, opset_version=OPSET, dynamo=False,
        )  # fmt: skip


def quantize(source: Path, target: Path) -> None:
    """int8 weights per output channel, activations quantised as they come; the small heads stay fp32.

    The heads are a hundredth of the work, and thresholds sit on their outputs. Weights keep to 7 bits: with 8, products
    saturate on x86 processors without VNNI, and the same file would give other scores there (onnxruntime #9599).
    """
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from onnxruntime.quantization.shape_inference import quant_pre_process

    with tempfile.TemporaryDirectory() as folder:
        prepared = Path(folder) / "prepared.onnx"
        quant_pre_process(str(source), str(prepared), skip_symbolic_shape=True)
        graph = onnx.load(str(prepared)).graph
        heads = [n.name for n in graph.node if any(f"/{h}/" in n.name for h in ("tokens", "unit", "stance"))]
        heads += [
            f"{name}_MatMul" for name in heads
        ]  # the quantiser's name for a Gemm that it turns into a product
        quantize_dynamic(
            str(prepared),
            str(target),
            weight_type=QuantType.QInt8,
            per_channel=True,
            reduce_range=True,
            nodes_to_exclude=heads,
        )
