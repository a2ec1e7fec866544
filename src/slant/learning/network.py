"""One encoder, one pass, a head for every task: a Hugging Face PreTrainedModel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import AutoConfig, AutoModel, PreTrainedConfig, PreTrainedModel
from transformers.utils import ModelOutput

from slant.encoding.labels import ANY, FRAME, FRAMES, IGNORED, REPLY, TOKEN_LABELS, TOXIC, UNIT_LABELS
from slant.encoding.windows import N_ROLES
from slant.records import REPLIES, STANCES


class SlantConfig(PreTrainedConfig):
    """Configuration of a SlantModel.

    encoder: configuration of the encoder as a dict. loss_weights: per task, applied to the mean loss of its examples.
    decoding: thresholds, temperatures and priors that turn logits into labels (encoding/decode.py); chosen on dev data.
    codebook: fingerprint of the codebook that the labels came from.
    """

    model_type = "slant"

    def __init__(
        self,
        encoder: dict[str, Any] | None = None,
        loss_weights: dict[str, float] | None = None,
        class_weights: dict[str, list[float]] | None = None,
        decoding: dict[str, Any] | None = None,
        codebook: str = "",
        **kwargs: Any,
    ) -> None:
        self.encoder = encoder or {}
        self.loss_weights = loss_weights or {}
        self.class_weights = class_weights or {}
        self.decoding = decoding or {}
        self.codebook = codebook
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
        self.encoder = AutoModel.from_config(encoder_config, attn_implementation=attention)
        width = encoder_config.hidden_size
        self.roles = nn.Embedding(N_ROLES, width)
        self.tokens = nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.Linear(width, len(TOKEN_LABELS)))
        self.unit = nn.Sequential(nn.Linear(2 * width, width), nn.GELU(), nn.Linear(width, len(UNIT_LABELS)))
        self.stance = nn.Sequential(
            nn.Linear(2 * width, width), nn.GELU(), nn.Linear(width, 2 * len(STANCES))
        )
        self.post_init()

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
        words = self.encoder.get_input_embeddings()(input_ids) + self.roles(role_ids)
        # A query sees the text (group 0) and its own group; text sees text; padding (-1) is seen by nobody.
        keys, queries = group_ids[:, None, None, :], group_ids[:, None, :, None]
        seen = (keys == 0) | ((keys == queries) & (keys > 0))
        mask = (~seen).to(words.dtype) * torch.finfo(torch.float32).min
        hidden = self.encoder(
            inputs_embeds=words, attention_mask=mask, position_ids=position_ids, token_type_ids=token_type_ids
        ).last_hidden_state
        first = hidden[:, 0]
        text = ((group_ids == 0) & (token_type_ids == 0)).to(hidden.dtype).unsqueeze(-1)
        mean = (hidden * text).sum(1) / text.sum(1).clamp(min=1)
        asked = hidden.gather(1, query_columns.unsqueeze(-1).expand(-1, -1, hidden.shape[-1]))
        pair = torch.cat([asked, first.unsqueeze(1).expand_as(asked)], -1)
        out = SlantOutput(
            token_logits=self.tokens(hidden),
            unit_logits=self.unit(torch.cat([first, mean], -1)),
            stance_logits=self.stance(pair).unflatten(-1, (2, len(STANCES))),
        )
        if labels is not None:
            out.loss = self._loss(out, labels)
        return out

    def _loss(self, out: SlantOutput, labels: dict[str, Tensor]) -> Tensor:
        """Sum over tasks of (task weight x example losses), over the number of rows: each row counts once per task."""
        token, unit, stance, weight = (labels[name] for name in ("token", "unit", "stance", "weight"))
        rows = token.shape[0]
        per_row: dict[str, Tensor] = {}
        logits = out.token_logits.float()  # type: ignore[union-attr]
        per_row["loaded"] = _token_loss(logits[..., ANY], token[..., 0])
        per_row["toxic"] = _token_loss(logits[..., TOXIC], token[..., 1])
        per_row["technique"] = _span_loss(logits[..., ANY + 1 : TOXIC], labels["spans"])
        flat = out.unit_logits.float()  # type: ignore[union-attr]
        per_row["biased"] = _binary(flat[:, 0], unit[:, 0])
        per_row["subjective"] = _binary(flat[:, 1], unit[:, 1])
        per_row["frames"] = _binary(flat[:, FRAME], unit[:, 3 : 3 + len(FRAMES)]).sum(-1)
        per_row["reply"] = F.cross_entropy(
            flat[:, REPLY],
            unit[:, 2],
            ignore_index=IGNORED,
            reduction="none",
            weight=self._classes("reply", REPLIES),
        )
        for kind, name in enumerate(("stance_named", "stance_topic")):
            scores = out.stance_logits[:, :, kind].float()  # type: ignore[index]
            each = F.cross_entropy(
                scores.flatten(0, 1), stance[..., kind].flatten(), ignore_index=IGNORED, reduction="none",
                weight=self._classes(name, STANCES),
            )  # fmt: skip
            per_row[name] = each.view(rows, -1).sum(1)
        total = sum(
            self.config.loss_weights.get(name, 1.0) * (loss * weight).sum() for name, loss in per_row.items()
        )
        return total / rows  # type: ignore[operator,return-value]

    def _classes(self, task: str, labels: tuple[str, ...]) -> Tensor | None:
        values = self.config.class_weights.get(task)
        return torch.tensor(values, device=self.device) if values and len(values) == len(labels) else None


def _binary(logits: Tensor, labels: Tensor) -> Tensor:
    """Binary cross entropy per element, 0 where the label is IGNORED."""
    known = labels != IGNORED
    loss = F.binary_cross_entropy_with_logits(logits, labels.clamp(min=0).float(), reduction="none")
    return loss * known


def _token_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Mean over a row's labelled tokens [rows]; both arguments are [rows, columns]."""
    loss = _binary(logits, labels)
    return loss.sum(1) / (labels != IGNORED).sum(1).clamp(min=1)


def _span_loss(logits: Tensor, spans: Tensor) -> Tensor:
    """Cross entropy of each gold span's technique from the mean logits of its tokens, summed per row [rows].

    logits [rows, columns, techniques]; spans [n, 4] of row, first column, past the last column, technique.
    """
    total = logits.new_zeros(logits.shape[0])
    if not len(spans):
        return total
    row, first, last, technique = spans.unbind(-1)
    upto = F.pad(logits.cumsum(1), (0, 0, 1, 0))
    mean = (upto[row, last] - upto[row, first]) / (last - first).unsqueeze(-1)
    return total.index_add(0, row, F.cross_entropy(mean, technique, reduction="none"))


AutoConfig.register("slant", SlantConfig)
AutoModel.register(SlantConfig, SlantModel)
