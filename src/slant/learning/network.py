"""One encoder, one pass, a head for every task: a Hugging Face PreTrainedModel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from transformers import AutoConfig, AutoModel, PreTrainedConfig, PreTrainedModel
from transformers.utils import ModelOutput

from slant.encoding.labels import TOKEN_LABELS, UNIT_LABELS
from slant.encoding.windows import N_ROLES
from slant.learning.families import build_encoder, run_encoder
from slant.learning.losses import total_loss
from slant.learning.queries import Queries, additive, at, recorded, seen
from slant.records import STANCES


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
    stance_logits [rows, queries, 2, STANCES]: the first for targets that the text names, the second for others."""

    loss: Tensor | None = None
    token_logits: Tensor | None = None
    unit_logits: Tensor | None = None
    stance_logits: Tensor | None = None


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
        out = SlantOutput(
            token_logits=self.tokens(hidden),
            unit_logits=self.unit(torch.cat([first, mean], -1)),
            stance_logits=self.stance(pair).unflatten(-1, (2, len(STANCES))),
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
