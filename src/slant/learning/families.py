"""What differs between families of encoders: token types, where positions start, how relative positions are told.

A query stands behind the text but at its mention's positions (encoding/windows.py), so an encoder must let the caller say
where each token stands, absolute and relative alike.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor
from transformers import AutoModel, PreTrainedConfig, PreTrainedModel
from transformers.models.mpnet.modeling_mpnet import MPNetEncoder

from slant.errors import UsageError

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
