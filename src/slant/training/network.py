"""The network: one encoder, one pass, a head per task, as a Hugging Face PreTrainedModel.

A query represents one target. It is a column behind the text, but has the position of its target's mention
(encoding/windows.py), so the encoder must accept positions from the caller, absolute and relative ones.

With query layers, queries leave the encoder below its last layers: each starts as the encoder's state of a word, that of the
mention or of a topic's mask token, and passes through layers of its own, which attend to the keys and values that the encoder
computes for the text anyway. A named target then costs one column in these layers and none below, and the weights for targets
are separate from those for the text.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from transformers import AutoConfig, AutoModel, PreTrainedConfig, PreTrainedModel
from transformers.models.mpnet.modeling_mpnet import MPNetEncoder
from transformers.utils import ModelOutput

from slant.encoding.label_ids import TARGET_LABELS, TOKEN_LABELS, UNIT_LABELS
from slant.encoding.windows import N_ROLES
from slant.errors import UsageError
from slant.training.losses import total_loss

# Model type → position of the first token. RoBERTa and MPNet reserve two rows of the position table for padding.
FIRST_POSITION = {"bert": 0, "electra": 0, "roberta": 2, "xlm-roberta": 2, "camembert": 2, "mpnet": 2}
NAMED, TOPIC = range(2)  # kind of a query's target: row of the query layers' role embedding
HEAD_WIDTH = 384  # at most, of the hidden layer of a head
UNUSED_PREFIX = (
    "encoder.pooler."  # parameters that no head uses: exports lack them, and they are restored as zeros
)
KeysValues = list[tuple[Tensor, Tensor]]  # keys and values [rows, columns, width], one pair per layer

# ---- the model


class SlantConfig(PreTrainedConfig):
    """Configuration of a SlantModel.

    encoder: configuration of the encoder, as a dict. loss_weights: per task. class_weights: per task, one number per class.
    decoding: thresholds, temperatures and priors that turn logits into labels (encoding/decode.py), chosen on dev sets.
    codebook: fingerprint of the codebook that the labels come from.
    teaching: weight of a teacher's logits against the labels, in [0, 1], for batches with teacher logits.
    query_layers: number of query layers, beside the encoder's last ones; 0: queries are columns of the encoder.
    """

    model_type = "slant"

    def __init__(
        self,
        encoder: dict[str, Any] | None = None,
        loss_weights: dict[str, float] | None = None,
        class_weights: dict[str, list[float]] | None = None,
        decoding: dict[str, Any] | None = None,
        codebook: str = "",
        teaching: float = 0.5,
        query_layers: int = 0,
        **kwargs: Any,
    ) -> None:
        self.encoder = encoder or {}
        self.loss_weights = loss_weights or {}
        self.class_weights = class_weights or {}
        self.decoding = decoding or {}
        self.codebook = codebook
        self.teaching = teaching
        self.query_layers = query_layers
        self.token_labels = list(TOKEN_LABELS)
        self.unit_labels = list(UNIT_LABELS)
        self.target_labels = list(TARGET_LABELS)
        super().__init__(**kwargs)


@dataclass
class SlantOutput(ModelOutput):
    """Logits and embedding, and the loss if labels were given.

    token_logits [rows, columns, TOKEN_LABELS]; unit_logits [rows, UNIT_LABELS]; target_logits [rows, queries, TARGET_LABELS];
    embedding [rows, 2 * width]: input of the unit head, the state of the
    first token and the mean state of the text's tokens.
    """

    loss: Tensor | None = None
    token_logits: Tensor | None = None
    unit_logits: Tensor | None = None
    target_logits: Tensor | None = None
    embedding: Tensor | None = None


class SlantModel(PreTrainedModel):
    """An encoder with heads for tokens, unit and targets. Losses are masked where a row lacks a label."""

    config_class = SlantConfig
    base_model_prefix = "encoder"
    supports_gradient_checkpointing = False
    _supports_sdpa = True

    def __init__(self, config: SlantConfig) -> None:
        super().__init__(config)
        inner = dict(config.encoder)
        encoder_config = AutoConfig.for_model(inner.pop("model_type"), **inner)
        attention = getattr(config, "_attn_implementation", None) or "eager"
        self.encoder = build_encoder(encoder_config, attention=attention)
        self.has_types = getattr(encoder_config, "type_vocab_size", 0) > 1
        width = encoder_config.hidden_size
        inputs = self.encoder.get_input_embeddings().embedding_dim  # ELECTRA-small: 128, with a width of 256
        self.roles = nn.Embedding(N_ROLES if self.has_types else 2 * N_ROLES, inputs)
        self.tokens = _head(width, len(TOKEN_LABELS))
        self.unit = _head(2 * width, len(UNIT_LABELS))
        self.target = _head(2 * width, len(TARGET_LABELS))
        self.queries: QueryLayers | None = None
        self.add_queries(config.query_layers)
        self.post_init()

    def add_queries(self, depth: int) -> None:
        """Add `depth` query layers, initialized as copies of the encoder's current last layers; 0 removes them."""
        self.config.query_layers = depth
        self.queries = QueryLayers(self.encoder, depth) if depth else None

    def forward(
        self,
        input_ids: Tensor,
        layout: Tensor,
        query_columns: Tensor,
        labels: dict[str, Tensor] | None = None,
    ) -> SlantOutput:
        """Compute logits, and the loss if labels are given.

        input_ids [rows, columns], layout [rows, columns, 4], query_columns [rows, queries]: made by encoding.windows.collate.
        labels: made by training.batches.Collator.
        """
        position_ids, token_type_ids, role_ids, group_ids = layout.unbind(-1)
        # Without token types, the second text of a pair is marked by further roles.
        roles = role_ids if self.has_types else role_ids + N_ROLES * token_type_ids
        words = self.encoder.get_input_embeddings()(input_ids) + self.roles(roles)
        mask = additive_mask(visible(group_ids, group_ids), words)
        types = token_type_ids if self.has_types else None
        with record_last_layers(self.encoder, self.config.query_layers) as (states, keys_values):
            hidden = run_encoder(self.encoder, words, mask, position_ids, types)
        first = hidden[:, 0]
        text = ((group_ids == 0) & (token_type_ids == 0)).to(hidden.dtype).unsqueeze(-1)
        mean = (hidden * text).sum(1) / text.sum(1).clamp(min=1)
        if self.queries is None:
            queries = gather_columns(hidden, query_columns)
        else:
            queries = self.queries(states[0], keys_values, query_columns, group_ids)
        pair = torch.cat([queries, first.unsqueeze(1).expand_as(queries)], -1)
        embedding = torch.cat([first, mean], -1)
        out = SlantOutput(
            token_logits=self.tokens(hidden),
            unit_logits=self.unit(embedding),
            target_logits=self.target(pair),
            embedding=embedding,
        )
        if labels is not None:
            out.loss = total_loss(
                out,
                labels,
                loss_weights=self.config.loss_weights,
                class_weights=self.config.class_weights,
                teaching=self.config.teaching,
            )
        return out


def _head(inputs: int, outputs: int) -> nn.Sequential:
    hidden = min(inputs, HEAD_WIDTH)
    return nn.Sequential(nn.Linear(inputs, hidden), nn.GELU(), nn.Linear(hidden, outputs))


AutoConfig.register("slant", SlantConfig)
AutoModel.register(SlantConfig, SlantModel)


# ---- attention between columns; group of a column: 0 text, > 0 a query, -1 padding


def visible(reader_groups: Tensor, groups: Tensor) -> Tensor:
    """Return [rows, 1, readers, columns]: a column sees the text (group 0) and its own group; nothing sees padding (-1)."""
    readers, columns = reader_groups[:, None, :, None], groups[:, None, None, :]
    return (columns == 0) | ((columns == readers) & (columns > 0))


def additive_mask(visible: Tensor, like: Tensor) -> Tensor:
    """Convert a boolean mask to one that is added to attention scores, with the dtype of `like`."""
    return (~visible).to(like.dtype) * torch.finfo(torch.float32).min


def gather_columns(states: Tensor, columns: Tensor) -> Tensor:
    """Gather states [rows, columns, width] at `columns` [rows, n] → [rows, n, width]."""
    return states.gather(1, columns.unsqueeze(-1).expand(-1, -1, states.shape[-1]))


# ---- encoder families, which differ in token types, first position and relative positions


def build_encoder(config: PreTrainedConfig, *, attention: str) -> PreTrainedModel:
    """Make an encoder with random weights. Raises UsageError for a family that does not accept positions."""
    if config.model_type not in FIRST_POSITION:
        raise UsageError(
            f"encoders of type {config.model_type!r} do not accept token positions from slant; "
            f"use one of type {', '.join(FIRST_POSITION)}."
        )
    relative = config.model_type == "mpnet"
    if relative:
        attention = "eager"  # MPNet has no other, and transformers raises an error instead of falling back
    model: PreTrainedModel = AutoModel.from_config(config, attn_implementation=attention)
    if relative:
        model.encoder = PositionedEncoder(config)
    return model


def run_encoder(
    encoder: PreTrainedModel, words: Tensor, mask: Tensor, position_ids: Tensor, token_type_ids: Tensor | None
) -> Tensor:
    """Return the last hidden states [rows, columns, width] for input embeddings `words`.

    mask [rows, 1, columns, columns] is additive; position_ids [rows, columns] start at 0 for every family.
    """
    extra: dict[str, Any] = {} if token_type_ids is None else {"token_type_ids": token_type_ids}
    if isinstance(getattr(encoder, "encoder", None), PositionedEncoder):
        encoder.encoder.position_ids = position_ids
    first = FIRST_POSITION[encoder.config.model_type]
    out = encoder(inputs_embeds=words, attention_mask=mask, position_ids=position_ids + first, **extra)
    hidden: Tensor = out.last_hidden_state
    return hidden


class PositionedEncoder(MPNetEncoder):
    """MPNet's layers, with relative positions computed from `position_ids` [rows, columns] instead of column numbers."""

    position_ids: Tensor

    def compute_position_bias(self, x: Tensor, position_ids: Any = None, num_buckets: int = 32) -> Tensor:
        positions = self.position_ids
        relative = positions[:, None, :] - positions[:, :, None]
        buckets = self.relative_position_bucket(relative, num_buckets=num_buckets)
        return self.relative_attention_bias(buckets).permute(0, 3, 1, 2)


# ---- query layers


class QueryLayers(nn.Module):
    """`depth` layers for queries, initialized as copies of the encoder's last layers, beside which they run.

    Raises UsageError if the encoder has fewer layers, or layers of another architecture than BERT's.
    """

    def __init__(self, encoder: PreTrainedModel, depth: int) -> None:
        super().__init__()
        layers = encoder.encoder.layer
        if depth > len(layers) or not hasattr(layers[0].attention, "self"):
            raise UsageError(
                f"query_layers = {depth}, but the encoder ({encoder.config.model_type}) has {len(layers)} layers. Query "
                "layers need an encoder with BERT's architecture and at least as many layers."
            )
        self.roles = nn.Embedding(2, encoder.config.hidden_size)
        nn.init.zeros_(self.roles.weight)
        self.layers = nn.ModuleList(QueryLayer(layer) for layer in layers[-depth:])

    def forward(self, states: Tensor, keys_values: KeysValues, columns: Tensor, groups: Tensor) -> Tensor:
        """Return the states [rows, queries, width] of the queries at `columns` [rows, queries].

        states [rows, columns, width]: input of the encoder's layer beside the first query layer. keys_values: those of the
        encoder's layers (record_last_layers). groups [rows, columns]: as in the layout.
        """
        own = groups.gather(1, columns)
        mask = additive_mask(visible(own, groups), states)
        states = gather_columns(states, columns) + self.roles(torch.where(own > 0, TOPIC, NAMED))
        for layer, (keys, values) in zip(self.layers, keys_values, strict=True):
            states = layer(states, keys, values, mask)
        return states


class QueryLayer(nn.Module):
    """A BERT layer without its key and value projections: it attends to the keys and values of the encoder's layer."""

    def __init__(self, layer: Any) -> None:
        super().__init__()
        own = copy.deepcopy(layer.attention)
        self.heads, self.scaling = own.self.num_attention_heads, own.self.scaling
        self.query, self.attended = own.self.query, own.output
        self.intermediate, self.output = copy.deepcopy(layer.intermediate), copy.deepcopy(layer.output)

    def forward(self, states: Tensor, keys: Tensor, values: Tensor, mask: Tensor) -> Tensor:
        """states [rows, queries, width]; keys, values [rows, columns, width]; mask [rows, 1, queries, columns], additive."""
        queries, keys, values = (self._split_heads(x) for x in (self.query(states), keys, values))
        weights = torch.softmax(queries @ keys.transpose(-1, -2) * self.scaling + mask, -1)
        states = self.attended((weights @ values).transpose(1, 2).flatten(2), states)
        out: Tensor = self.output(self.intermediate(states), states)
        return out

    def _split_heads(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)


@contextmanager
def record_last_layers(encoder: PreTrainedModel, depth: int) -> Iterator[tuple[list[Tensor], KeysValues]]:
    """Record the inputs, keys and values of the encoder's last `depth` layers while it runs inside the `with` block.

    They are recorded with hooks, so that an exported graph does not compute them twice.
    """
    states: list[Tensor] = []
    keys: list[Tensor] = []
    values: list[Tensor] = []
    keys_values: KeysValues = []
    with ExitStack() as hooks:
        for layer in encoder.encoder.layer[-depth:] if depth else ():
            attention = layer.attention.self
            for hook in (
                attention.register_forward_pre_hook(lambda _, inputs: states.append(inputs[0])),
                attention.key.register_forward_hook(lambda _, __, output: keys.append(output)),
                attention.value.register_forward_hook(lambda _, __, output: values.append(output)),
            ):
                hooks.callback(hook.remove)
        yield states, keys_values
        keys_values += zip(keys, values, strict=True)
