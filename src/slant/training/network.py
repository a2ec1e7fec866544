"""What differs between families of encoders: token types, where positions start, how relative positions are told.

A query stands behind the text but at its mention's positions (encoding/windows.py), so an encoder must let the caller say
where each token stands, absolute and relative alike.

Layers of their own for what is asked of a text: a column each, from half way up, that reads the text and is not read.

A query begins as the encoder's state, below its last layers, of the word that it is about: a target's own, or a topic's mask.
It goes up beside the text through as many layers as it has of its own, over the keys and values that the text's layer of that
height has anyway. So a target that the text names costs one column in these layers and none below, and what they learn is
told apart from what the text's words need.

One encoder, one pass, a head for every task: a Hugging Face PreTrainedModel.
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

from slant.encoding.label_ids import TOKEN_LABELS, UNIT_LABELS
from slant.encoding.windows import N_ROLES
from slant.errors import UsageError
from slant.records import STANCES
from slant.training.losses import total_loss

# Family → position of the first token. RoBERTa and MPNet keep two rows of the position table for padding.
FIRST_POSITION = {"bert": 0, "electra": 0, "roberta": 2, "xlm-roberta": 2, "camembert": 2, "mpnet": 2}


def build_encoder(config: PreTrainedConfig, *, attention: str) -> PreTrainedModel:
    """A new encoder of the configuration. Raises UsageError for a family whose positions cannot be given."""
    if config.model_type not in FIRST_POSITION:
        raise UsageError(
            f"encoders of type {config.model_type!r} do not let slant say where each token stands; "
            f"take one of type {', '.join(FIRST_POSITION)}."
        )
    relative = config.model_type == "mpnet"
    if relative:
        attention = "eager"  # all that MPNet has, and transformers would rather fail than fall back to it
    model: PreTrainedModel = AutoModel.from_config(config, attn_implementation=attention)
    if relative:
        model.encoder = PositionedEncoder(config)
    return model


def run_encoder(
    encoder: PreTrainedModel, words: Tensor, mask: Tensor, position_ids: Tensor, token_type_ids: Tensor | None
) -> Tensor:
    """Last hidden states [rows, columns, width] of word embeddings `words`; mask [rows, 1, columns, columns] is additive."""
    extra: dict[str, Any] = {} if token_type_ids is None else {"token_type_ids": token_type_ids}
    if isinstance(getattr(encoder, "encoder", None), PositionedEncoder):
        encoder.encoder.position_ids = position_ids
    first = FIRST_POSITION[encoder.config.model_type]
    out = encoder(inputs_embeds=words, attention_mask=mask, position_ids=position_ids + first, **extra)
    hidden: Tensor = out.last_hidden_state
    return hidden


class PositionedEncoder(MPNetEncoder):
    """MPNet's layers with relative positions taken from `position_ids` [rows, columns] instead of from the columns."""

    position_ids: Tensor

    def compute_position_bias(self, x: Tensor, position_ids: Any = None, num_buckets: int = 32) -> Tensor:
        here = self.position_ids
        relative = here[:, None, :] - here[:, :, None]
        buckets = self.relative_position_bucket(relative, num_buckets=num_buckets)
        return self.relative_attention_bias(buckets).permute(0, 3, 1, 2)


NAMED, TOPIC = range(2)  # what a query asks about
Read = list[tuple[Tensor, Tensor]]  # keys and values [rows, columns, width] of each layer


class QueryLayer(nn.Module):
    """What a BERT layer has for those who read: queries, the products after attention, norms. It begins as a copy of one."""

    def __init__(self, layer: Any) -> None:
        super().__init__()
        own = copy.deepcopy(layer.attention)
        self.heads, self.scaling = own.self.num_attention_heads, own.self.scaling
        self.query, self.attended = own.self.query, own.output
        self.intermediate, self.output = copy.deepcopy(layer.intermediate), copy.deepcopy(layer.output)

    def forward(self, states: Tensor, keys: Tensor, values: Tensor, mask: Tensor) -> Tensor:
        """states [rows, queries, width]; keys, values [rows, columns, width]; mask [rows, 1, queries, columns]: additive."""
        asked, keys, values = (self._heads(x) for x in (self.query(states), keys, values))
        weights = torch.softmax(asked @ keys.transpose(-1, -2) * self.scaling + mask, -1)
        states = self.attended((weights @ values).transpose(1, 2).flatten(2), states)
        out: Tensor = self.output(self.intermediate(states), states)
        return out

    def _heads(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)


class Queries(nn.Module):
    """`depth` layers for queries, beside the last ones of `encoder`, which they begin as copies of.

    Raises UsageError if the encoder has fewer, or layers that are not made as BERT's are.
    """

    def __init__(self, encoder: PreTrainedModel, depth: int) -> None:
        super().__init__()
        layers = encoder.encoder.layer
        if depth > len(layers) or not hasattr(layers[0].attention, "self"):
            raise UsageError(
                f"query_layers = {depth}, but the encoder ({encoder.config.model_type}) has {len(layers)} layers; queries "
                "can have layers of their own beside as many as there are, in encoders of BERT's make."
            )
        self.roles = nn.Embedding(2, encoder.config.hidden_size)
        nn.init.zeros_(self.roles.weight)
        self.layers = nn.ModuleList(QueryLayer(layer) for layer in layers[-depth:])

    def forward(self, states: Tensor, read: Read, columns: Tensor, groups: Tensor) -> Tensor:
        """[rows, queries, width] for the targets at `columns` [rows, queries].

        states [rows, columns, width]: what goes into the text's layers beside the first of these; read: what those
        layers make of it (`recorded`); groups [rows, columns]: as in the layout.
        """
        own = groups.gather(1, columns)
        mask = additive(seen(own, groups), states)
        states = at(states, columns) + self.roles(torch.where(own > 0, TOPIC, NAMED))
        for layer, (keys, values) in zip(self.layers, read, strict=True):
            states = layer(states, keys, values, mask)
        return states


def seen(readers: Tensor, groups: Tensor) -> Tensor:
    """[rows, 1, readers, columns]: a query sees the text (group 0) and its own group; padding (-1) is seen by nobody."""
    theirs, keys = readers[:, None, :, None], groups[:, None, None, :]
    return (keys == 0) | ((keys == theirs) & (keys > 0))


def additive(seen: Tensor, like: Tensor) -> Tensor:
    return (~seen).to(like.dtype) * torch.finfo(torch.float32).min


def at(states: Tensor, columns: Tensor) -> Tensor:
    """States [rows, n, width] at `columns` [rows, n] of `states` [rows, columns, width]."""
    return states.gather(1, columns.unsqueeze(-1).expand(-1, -1, states.shape[-1]))


@contextmanager
def recorded(encoder: PreTrainedModel, depth: int) -> Iterator[tuple[list[Tensor], Read]]:
    """While the encoder runs inside: what goes into each of its last `depth` layers, and the keys and values that they make.

    Taken as they are made, so that an exported graph does not compute them twice.
    """
    states: list[Tensor] = []
    keys: list[Tensor] = []
    values: list[Tensor] = []
    read: Read = []
    with ExitStack() as hooks:
        for layer in encoder.encoder.layer[-depth:] if depth else ():
            part = layer.attention.self
            for hook in (
                part.register_forward_pre_hook(lambda _, inputs: states.append(inputs[0])),
                part.key.register_forward_hook(lambda _, __, made: keys.append(made)),
                part.value.register_forward_hook(lambda _, __, made: values.append(made)),
            ):
                hooks.callback(hook.remove)
        yield states, read
        read += zip(keys, values, strict=True)


class SlantConfig(PreTrainedConfig):
    """Configuration of a SlantModel.

    encoder: configuration of the encoder as a dict. loss_weights: per task, applied to the mean loss of its examples.
    decoding: thresholds, temperatures and priors that turn logits into labels (encoding/decode.py); chosen on dev data.
    codebook: fingerprint of the codebook that the labels came from.
    teaching: in [0, 1], how much a teacher's logits weigh against labels, where a batch brings them.
    query_layers: layers that queries have for themselves, beside the encoder's last (learning/queries.py); 0: queries are
    columns of the encoder from below.
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
        self.stance_labels = list(STANCES)
        super().__init__(**kwargs)


@dataclass
class SlantOutput(ModelOutput):
    """token_logits [rows, columns, TOKEN_LABELS]; unit_logits [rows, UNIT_LABELS];
    stance_logits [rows, queries, 2, STANCES]: the first for targets that the text names, the second for others;
    embedding [rows, 2 * width]: the first token's state beside the mean of the text's tokens, from which unit_logits come."""

    loss: Tensor | None = None
    token_logits: Tensor | None = None
    unit_logits: Tensor | None = None
    stance_logits: Tensor | None = None
    embedding: Tensor | None = None


class SlantModel(PreTrainedModel):
    """Heads over one encoder; every loss is masked where an example lacks the label."""

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
        inputs = self.encoder.get_input_embeddings().embedding_dim  # ELECTRA-small: 128 of 256
        self.roles = nn.Embedding(N_ROLES if self.has_types else 2 * N_ROLES, inputs)
        self.tokens = nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.Linear(width, len(TOKEN_LABELS)))
        self.unit = nn.Sequential(nn.Linear(2 * width, width), nn.GELU(), nn.Linear(width, len(UNIT_LABELS)))
        self.stance = nn.Sequential(
            nn.Linear(2 * width, width), nn.GELU(), nn.Linear(width, 2 * len(STANCES))
        )
        self.queries: Queries | None = None
        self.add_queries(config.query_layers)
        self.post_init()

    def add_queries(self, depth: int) -> None:
        """Gives queries `depth` layers of their own, copies of what the encoder holds now; none for 0."""
        self.config.query_layers = depth
        self.queries = Queries(self.encoder, depth) if depth else None

    def forward(
        self,
        input_ids: Tensor,
        layout: Tensor,
        query_columns: Tensor,
        labels: dict[str, Tensor] | None = None,
    ) -> SlantOutput:
        """input_ids [rows, columns], layout [rows, columns, 4] and query_columns [rows, queries] are what
        `encoding.windows.collate` makes, labels what `learning.batches.Collator` adds."""
        position_ids, token_type_ids, role_ids, group_ids = layout.unbind(-1)
        # An encoder without token types learns them as further roles: the first or second text matters to every head.
        roles = role_ids if self.has_types else role_ids + N_ROLES * token_type_ids
        words = self.encoder.get_input_embeddings()(input_ids) + self.roles(roles)
        mask = additive(seen(group_ids, group_ids), words)
        types = token_type_ids if self.has_types else None
        with recorded(self.encoder, self.config.query_layers) as (states, read):
            hidden = run_encoder(self.encoder, words, mask, position_ids, types)
        first = hidden[:, 0]
        text = ((group_ids == 0) & (token_type_ids == 0)).to(hidden.dtype).unsqueeze(-1)
        mean = (hidden * text).sum(1) / text.sum(1).clamp(min=1)
        if self.queries is None:
            asked = at(hidden, query_columns)
        else:
            asked = self.queries(states[0], read, query_columns, group_ids)
        pair = torch.cat([asked, first.unsqueeze(1).expand_as(asked)], -1)
        embedding = torch.cat([first, mean], -1)
        out = SlantOutput(
            token_logits=self.tokens(hidden),
            unit_logits=self.unit(embedding),
            stance_logits=self.stance(pair).unflatten(-1, (2, len(STANCES))),
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


AutoConfig.register("slant", SlantConfig)
AutoModel.register(SlantConfig, SlantModel)
