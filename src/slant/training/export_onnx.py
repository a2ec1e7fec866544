"""Export a torch checkpoint to the folder that is shipped: int8 for each runtime, tokenizer, config, codebook, recipe."""

from __future__ import annotations

import hashlib
import json
import logging
import re
import shutil
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from slant.assets import asset
from slant.encoding.label_ids import TARGET_LABELS, TOKEN_LABELS, UNIT_LABELS, check_labels
from slant.encoding.windows import EncoderRequest, TextEncoder
from slant.errors import SlantError
from slant.labels.codebook import Codebook
from slant.scoring.hidden_states import EMBEDDING
from slant.scoring.runtimes import FILES, INPUTS, LOGITS, ONNX, OPENVINO, RUNTIMES
from slant.training.export_openvino import MIN_HALF_SIZE, quantize_openvino
from slant.training.network import UNUSED_PREFIX, SlantModel

RESERVED = re.compile(r"\[unused\d+\]")
OUTPUTS = (*LOGITS, EMBEDDING)
OPSET = 17
KEPT_SETTINGS = ("name", "encoder", "teacher", "train", "unlabeled", "dev")  # of recipes, for the model card
BLOCK = 64  # weights per scale; 128 is 7 % faster, but less close to fp32 (model/history/LOG-2026.md, 19)
INT8_ACCURACY = 4  # onnxruntime's accuracy level for products of int8 by int8


def export(
    checkpoint: Path,
    out: Path,
    *,
    texts: Sequence[EncoderRequest] | None = None,
    runtimes: Sequence[str] = RUNTIMES,
) -> Path:
    """Write a model folder: `onnx/model.onnx` (fp32), `onnx/model_quantized.onnx` and `openvino/` (int8), tokenizer, config.

    Unreachable vocabulary entries are dropped; thresholds and priors are those of the checkpoint.
    texts: to calibrate OpenVINO's model on; default: texts of the public train splits. runtimes: that get an int8 model; the
    first one's fingerprint is that of the folder. config.json is written last.
    Returns `out`. Raises SlantError if the checkpoint was trained with another codebook or other labels.
    """
    model = SlantModel.from_pretrained(checkpoint).eval()
    check_labels(model.config.to_dict(), f"checkpoint {checkpoint}")
    settings = json.loads((checkpoint / "slant.json").read_text("utf-8"))
    codebook, decoding = asset("codebook.toml"), dict(model.config.decoding)
    if model.config.codebook != Codebook.load(codebook).fingerprint:
        raise SlantError(
            f"{checkpoint} was trained with codebook {model.config.codebook or '(none)'}, but this is "
            f"{Codebook.load(codebook).fingerprint}. Its labels may have another meaning: train it again."
        )
    onnx_folder, tokenizer = out / "onnx", out / "tokenizer.json"
    onnx_folder.mkdir(parents=True, exist_ok=True)
    drop_reserved_pieces(model, checkpoint / "tokenizer.json", tokenizer)
    to_onnx(model, onnx_folder / "model.onnx")
    if ONNX in runtimes:
        quantize(onnx_folder / "model.onnx", out / FILES[ONNX])
    if OPENVINO in runtimes:
        encoder = TextEncoder(tokenizer, **settings["windows"])
        quantize_openvino(
            onnx_folder / "model.onnx",
            out / FILES[OPENVINO],
            encoder=encoder,
            encoder_type=model.config.encoder["model_type"],
            texts=texts,
        )
    shutil.copyfile(codebook, out / "codebook.toml")
    _keep_recipe(checkpoint, settings["recipe"], out)
    config = json.loads(model.config.to_json_string())
    config["encoder"].pop("_name_or_path", None)  # a path on the machine that trained it
    prints = {runtime: _fingerprint(out / FILES[runtime], runtime, decoding) for runtime in runtimes}
    config["slant"] = {
        "windows": settings["windows"],
        "decoding": decoding,
        "codebook": Codebook.load(codebook).fingerprint,
        "fingerprint": prints[runtimes[0]],
        "fingerprints": prints,
        "run": settings["run"],
        "recipe": settings["recipe"],
        "token_labels": list(TOKEN_LABELS),
        "unit_labels": list(UNIT_LABELS),
        "target_labels": list(TARGET_LABELS),
        "parameters": sum(
            p.numel() for name, p in model.named_parameters() if not name.startswith(UNUSED_PREFIX)
        ),
    }
    (out / "config.json").write_text(json.dumps(config, indent=2) + "\n", "utf-8")
    return out


def _keep_recipe(checkpoint: Path, made_by: str, out: Path) -> None:
    """Write encoder, teacher and sets of the run's recipe to `recipes.json`, unless the model also has earlier runs."""
    saved = checkpoint / "recipe.json"
    recipe = json.loads(saved.read_text("utf-8")) if saved.exists() else {}
    if recipe.get("name") != made_by:
        return
    kept = {key: recipe[key] for key in KEPT_SETTINGS if recipe.get(key)}
    for key in ("encoder", "teacher"):  # without folders of the machine that trained it
        if Path(kept.get(key, "")).is_absolute():
            kept[key] = Path(kept[key]).name
    (out / "recipes.json").write_text(json.dumps([kept], indent=1) + "\n", "utf-8")


def _fingerprint(path: Path, runtime: str, decoding: dict[str, Any]) -> str:
    """Return 12 hex digits of weights, runtime and decoding, since runtimes give slightly different scores."""
    digest = hashlib.sha256(path.with_suffix(".bin").read_bytes() if runtime == OPENVINO else b"")
    digest.update(path.read_bytes())
    digest.update(json.dumps([runtime, decoding], sort_keys=True).encode())
    return digest.hexdigest()[:12]


# ---- vocabulary


def drop_reserved_pieces(model: SlantModel, tokenizer: Path, target: Path) -> None:
    """Drop reserved vocabulary entries ("[unused7]") from the model, in place, and from the tokenizer, written to `target`.

    BERT and MPNet reserve a thousand entries. They are unreachable, since a text with one is split at its brackets, so the
    model gets smaller and computes the same. (Rare words are reachable: without them, texts would be tokenized differently.)
    With a tokenizer of another kind they may be reachable: it is copied, and the model is not changed.
    """
    settings = json.loads(tokenizer.read_text("utf-8"))
    kept = _kept(settings)
    table = model.encoder.get_input_embeddings()
    if kept is None or len(kept) == table.num_embeddings:
        target.write_bytes(tokenizer.read_bytes())
        return
    rows = list(kept)  # in the order of the new ids
    embedding = nn.Embedding(len(rows), table.embedding_dim, padding_idx=kept.get(table.padding_idx))
    embedding.weight.data.copy_(table.weight.data[rows])
    model.encoder.set_input_embeddings(embedding)
    model.encoder.config.vocab_size = model.config.encoder["vocab_size"] = len(rows)
    settings = _renumbered(settings, kept)
    target.write_text(json.dumps(settings, ensure_ascii=False, separators=(",", ":")), "utf-8")


def _kept(settings: dict[str, Any]) -> dict[int, int] | None:
    """Return id → new id of the kept vocabulary entries, in order; None if reserved entries may be reachable."""
    before, after = (settings[part] or {"type": None} for part in ("pre_tokenizer", "post_processor"))
    splits_brackets = settings["model"]["type"] == "WordPiece" and before["type"] == "BertPreTokenizer"
    if not splits_brackets or after["type"] not in (None, "TemplateProcessing", "RobertaProcessing"):
        return None
    added = {token["content"] for token in settings["added_tokens"]}
    pieces = {n: p for p, n in settings["model"]["vocab"].items()}
    pieces |= {token["id"]: token["content"] for token in settings["added_tokens"]}
    kept = sorted(n for n, piece in pieces.items() if piece in added or not RESERVED.fullmatch(piece))
    return {number: new for new, number in enumerate(kept)}


def _renumbered(settings: dict[str, Any], kept: dict[int, int]) -> dict[str, Any]:
    """Replace ids in the settings of a tokenizer, in place, by the new ids of `kept`, and drop all other entries."""
    vocabulary = settings["model"]["vocab"]
    settings["model"]["vocab"] = {piece: kept[n] for piece, n in vocabulary.items() if n in kept}
    for token in settings["added_tokens"]:
        token["id"] = kept[token["id"]]
    if settings["padding"]:
        settings["padding"]["pad_id"] = kept[settings["padding"]["pad_id"]]
    after = settings["post_processor"] or {}
    for token in after.get("special_tokens", {}).values():
        token["ids"] = [kept[n] for n in token["ids"]]
    for name in ("cls", "sep"):  # of RobertaProcessing, each a token with its id
        if name in after:
            after[name] = [after[name][0], kept[after[name][1]]]
    return settings


# ---- fp32 graph


def to_onnx(model: SlantModel, path: Path) -> None:
    """Write the model as fp32 ONNX, without dropout; numbers of rows, columns and queries are dynamic."""
    rows, columns, queries = 2, 8, 2
    layout = torch.zeros(rows, columns, 4, dtype=torch.long)
    layout[:, :, 0] = torch.arange(columns)
    inputs = (torch.randint(5, 50, (rows, columns)), layout, torch.ones(rows, queries, dtype=torch.long))
    axes = {name: {0: "rows", 1: "columns"} for name in INPUTS}
    axes["query_columns"] = {0: "rows", 1: "queries"}
    axes |= {"token_logits": {0: "rows", 1: "columns"}, "unit_logits": {0: "rows"}, EMBEDDING: {0: "rows"}}
    axes["target_logits"] = {0: "rows", 1: "queries"}
    with warnings.catch_warnings():
        # The tracer warns about shape checks in transformers that hold for any size.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            _Exported(model).eval(), inputs, str(path), input_names=list(INPUTS), output_names=list(OUTPUTS),
            dynamic_axes=axes, opset_version=OPSET, dynamo=False,
        )  # fmt: skip


class _Exported(nn.Module):
    """The model with tensors as inputs and outputs, as needed for tracing."""

    def __init__(self, model: SlantModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        out = self.model(**dict(zip(INPUTS, inputs, strict=True)))
        return tuple(out[name] for name in OUTPUTS)


# ---- int8


def quantize(source: Path, target: Path) -> None:
    """Quantize to int8: products in blocks of 64 with a scale per block and token, and word embeddings.

    Weights are quantized asymmetrically, between the minimum and maximum of their block. Symmetric quantization costs the
    same time, but its stance logits differed ten times as much from fp32 (model/history/LOG-2026.md, 13). One dynamic scale
    per batch is faster, but not batch-invariant: labels changed with the other texts of the batch (same file, 6).
    The small heads stay fp32, since thresholds apply to their outputs.
    """
    import onnx
    from onnxruntime.quantization.matmul_nbits_quantizer import (
        DefaultWeightOnlyQuantConfig,
        MatMulNBitsQuantizer,
    )
    from onnxruntime.quantization.shape_inference import quant_pre_process

    with tempfile.TemporaryDirectory() as folder:
        prepared = Path(folder) / "prepared.onnx"
        quant_pre_process(str(source), str(prepared), skip_symbolic_shape=True)
        model = onnx.load(str(prepared))
    heads = [
        n.name for n in model.graph.node if any(f"/{h}/" in n.name for h in ("tokens", "unit", "target"))
    ]
    settings = DefaultWeightOnlyQuantConfig(
        block_size=BLOCK, is_symmetric=False, accuracy_level=INT8_ACCURACY, bits=8
    )
    logging.getLogger(MatMulNBitsQuantizer.__module__).setLevel(logging.WARNING)  # INFO lists every node
    quantizer = MatMulNBitsQuantizer(model, algo_config=settings, nodes_to_exclude=heads)
    quantizer.process()
    quantized = quantizer.model.model
    _quantize_word_embeddings(quantized.graph)
    _store_half(quantized.graph)
    onnx.save(quantized, str(target))


def _quantize_word_embeddings(graph: Any) -> None:
    """Quantize the word embeddings, half of the model's size, to int8 with a scale per word."""
    from onnx import TensorProto, helper, numpy_helper

    tables = {i.name: i for i in graph.initializer if i.name.endswith("word_embeddings.weight")}
    gather = next(n for n in graph.node if n.op_type == "Gather" and n.input[0] in tables)
    table = tables[gather.input[0]]
    words = numpy_helper.to_array(table)
    scale = np.maximum(np.abs(words).max(1, keepdims=True), 1e-12) / 127
    small = numpy_helper.from_array(np.round(words / scale).astype(np.int8), f"{table.name}_int8")
    scales = numpy_helper.from_array(scale.astype(np.float32), f"{table.name}_scale")
    graph.initializer.remove(table)
    graph.initializer.extend([small, scales])
    ids, out, place = gather.input[1], gather.output[0], list(graph.node).index(gather)
    graph.node.remove(gather)
    for offset, node in enumerate(
        (
            helper.make_node("Gather", [small.name, ids], [f"{out}_int8"], f"{gather.name}_int8"),
            helper.make_node(
                "Cast", [f"{out}_int8"], [f"{out}_cast"], f"{gather.name}_cast", to=TensorProto.FLOAT
            ),
            helper.make_node("Gather", [scales.name, ids], [f"{out}_scale"], f"{gather.name}_scale"),
            helper.make_node("Mul", [f"{out}_cast", f"{out}_scale"], [out], f"{gather.name}_mul"),
        )
    ):
        graph.node.insert(place + offset, node)


def _store_half(graph: Any) -> None:
    """Store large fp32 tensors and the scales of weights in half precision. The runtime converts them back on loading."""
    from onnx import TensorProto, helper, numpy_helper

    scales = {node.input[2] for node in graph.node if node.op_type == "MatMulNBits"}
    for tensor in [i for i in graph.initializer if i.data_type == TensorProto.FLOAT]:
        values = numpy_helper.to_array(tensor)
        if values.size < MIN_HALF_SIZE and tensor.name not in scales:
            continue
        graph.initializer.remove(tensor)
        graph.initializer.append(numpy_helper.from_array(values.astype(np.float16), f"{tensor.name}_half"))
        widened = helper.make_node(
            "Cast", [f"{tensor.name}_half"], [tensor.name], f"{tensor.name}_cast", to=TensorProto.FLOAT
        )
        graph.node.insert(0, widened)
