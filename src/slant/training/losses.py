"""Compute the loss of every task: from labels, and from a teacher's logits if there is a teacher.

Most rows have labels for some tasks only, so every term is masked. Over tokens a term is the mean, so that long texts do not
weigh more; over targets, frames and loaded spans it is the sum.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional as F

from slant.encoding.label_ids import (
    ANY,
    BIASED,
    FRAME,
    FRAMES,
    IGNORED,
    PORTRAYAL,
    REPLY,
    STANCE,
    STANCE_INDEX,
    SUBJECTIVE,
    TOXIC,
)
from slant.records import PORTRAYALS, REPLIES, STANCE_ANSWERS, UNRELATED

DISTILLATION_TEMPERATURE = 2.0  # Hinton et al. 2015


class Output(Protocol):
    """Logits of a SlantModel, see network.SlantOutput."""

    token_logits: Tensor | None
    unit_logits: Tensor | None
    target_logits: Tensor | None


def total_loss(
    out: Output,
    labels: Mapping[str, Tensor],
    *,
    loss_weights: Mapping[str, float],
    class_weights: Mapping[str, Sequence[float]],
    teaching: float,
) -> Tensor:
    """Return the mean over rows of the weighted sum over tasks.

    labels: made by batches.Collator; all rows of a batch have teacher logits, or none.
    teaching: weight of the teacher against the labels, in [0, 1]; `labels["teaching"]` [rows] overrides it. A task without
        label in a row learns from the teacher only, with that weight.
    """
    terms = label_losses(out, labels, class_weights)
    if "teacher_token" in labels:
        teacher_terms, share = teacher_losses(out, labels), labels.get("teaching", teaching)
        terms = {name: (1 - share) * loss + share * teacher_terms[name] for name, loss in terms.items()}
    total = sum(loss_weights.get(name, 1.0) * (loss * labels["weight"]).sum() for name, loss in terms.items())
    return total / labels["weight"].shape[0]  # type: ignore[operator,return-value]


def label_losses(
    out: Output, labels: Mapping[str, Tensor], class_weights: Mapping[str, Sequence[float]]
) -> dict[str, Tensor]:
    """Return per task the loss of each row [rows], 0 for rows without a label of the task."""
    token, unit, target = labels["token"], labels["unit"], labels["target"]
    token_logits, unit_logits, target_logits = _float_logits(out)

    def weights_of(task: str, names: Sequence[str]) -> Tensor | None:
        values = class_weights.get(task)
        return (
            torch.tensor(values, device=unit_logits.device) if values and len(values) == len(names) else None
        )

    terms = {
        "loaded": _token_loss(token_logits[..., ANY], token[..., 0]),
        "toxic": _token_loss(token_logits[..., TOXIC], token[..., 1]),
        "technique": _span_loss(token_logits[..., ANY + 1 : TOXIC], labels["spans"]),
        "biased": _binary(unit_logits[:, BIASED], unit[:, 0]),
        "subjective": _binary(unit_logits[:, SUBJECTIVE], unit[:, 1]),
        "frames": _binary(unit_logits[:, FRAME], unit[:, 3 : 3 + len(FRAMES)]).sum(-1),
        "reply": F.cross_entropy(
            unit_logits[:, REPLY],
            unit[:, 2],
            ignore_index=IGNORED,
            reduction="none",
            weight=weights_of("reply", REPLIES),
        ),
    }
    terms["stance"] = _stance_loss(
        target_logits[..., STANCE], target[..., 0], weights_of("stance", STANCE_ANSWERS)
    )
    portrayal = F.cross_entropy(
        target_logits[..., PORTRAYAL].flatten(0, 1), target[..., 1].flatten(), ignore_index=IGNORED,
        reduction="none", weight=weights_of("portrayal", PORTRAYALS),
    )  # fmt: skip
    terms["portrayal"] = portrayal.view(token.shape[0], -1).sum(1)
    return terms


def teacher_losses(out: Output, labels: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return per task the distance of each row's logits from the teacher's [rows].

    Rows learn every task that applies to them, whether labeled or not: replies only if the row is a reply, techniques in
    proportion to the teacher's probability of loaded language, stances toward the row's targets.
    """
    token_logits, unit_logits, target_logits = _float_logits(out)
    token, unit, target = labels["teacher_token"], labels["teacher_unit"], labels["teacher_target"]
    text = labels["is_text"]
    n_tokens = text.sum(1).clamp(min=1)
    loaded = torch.sigmoid(token[..., ANY]) * text
    technique = _divergence(token_logits[..., ANY + 1 : TOXIC], token[..., ANY + 1 : TOXIC])
    terms = {
        "loaded": (_soft_binary(token_logits[..., ANY], token[..., ANY]) * text).sum(1) / n_tokens,
        "toxic": (_soft_binary(token_logits[..., TOXIC], token[..., TOXIC]) * text).sum(1) / n_tokens,
        "technique": (technique * loaded).sum(1) / loaded.sum(1).clamp(min=1),
        "biased": _soft_binary(unit_logits[:, BIASED], unit[:, BIASED]),
        "subjective": _soft_binary(unit_logits[:, SUBJECTIVE], unit[:, SUBJECTIVE]),
        "frames": _soft_binary(unit_logits[:, FRAME], unit[:, FRAME]).sum(-1),
        "reply": _divergence(unit_logits[:, REPLY], unit[:, REPLY]) * labels["is_reply"],
    }
    stance = _divergence(target_logits[..., STANCE], target[..., STANCE])
    terms["stance"] = (stance * labels["is_query"]).sum(1)
    portrayal = _divergence(target_logits[..., PORTRAYAL], target[..., PORTRAYAL])
    terms["portrayal"] = (portrayal * labels["is_named"]).sum(1)
    return terms


def _float_logits(out: Output) -> tuple[Tensor, Tensor, Tensor]:
    """Return token, unit and target logits in fp32: bf16 losses are too coarse for small steps."""
    parts = (out.token_logits, out.unit_logits, out.target_logits)
    return tuple(part.float() for part in parts)  # type: ignore[union-attr,return-value]


def _stance_loss(logits: Tensor, labels: Tensor, weights: Tensor | None) -> Tensor:
    """Cross entropy of each target's stance, summed per row: logits [rows, queries, STANCE_ANSWERS], labels → [rows].

    For NEUTRAL_OR_UNRELATED it is that of the sum of both probabilities.
    """
    log_p = F.log_softmax(logits, -1)
    neutral, unrelated = (log_p[..., STANCE_INDEX[label]] for label in ("neutral", UNRELATED))
    log_p = torch.cat([log_p, torch.logaddexp(neutral, unrelated).unsqueeze(-1)], -1)
    loss = -log_p.gather(-1, labels.clamp(min=0).unsqueeze(-1)).squeeze(-1)
    if weights is not None:
        weights = torch.cat([weights, weights[STANCE_INDEX["neutral"]].unsqueeze(0)])
        loss = loss * weights[labels.clamp(min=0)]
    return (loss * (labels != IGNORED)).sum(1)


def _binary(logits: Tensor, labels: Tensor) -> Tensor:
    """Binary cross entropy per element, 0 where the label is IGNORED."""
    known = labels != IGNORED
    loss = F.binary_cross_entropy_with_logits(logits, labels.clamp(min=0).float(), reduction="none")
    return loss * known


def _soft_binary(logits: Tensor, teacher: Tensor) -> Tensor:
    """Binary cross entropy against the teacher's probability, minus the entropy of that probability: 0 if both agree."""
    p = torch.sigmoid(teacher)
    entropy = F.binary_cross_entropy_with_logits(teacher, p, reduction="none")
    return F.binary_cross_entropy_with_logits(logits, p, reduction="none") - entropy


def _divergence(logits: Tensor, teacher: Tensor) -> Tensor:
    """Kullback-Leibler divergence over the last axis at DISTILLATION_TEMPERATURE, scaled to the size of a cross entropy."""
    t = DISTILLATION_TEMPERATURE
    ours, theirs = F.log_softmax(logits / t, -1), F.log_softmax(teacher / t, -1)
    return F.kl_div(ours, theirs, log_target=True, reduction="none").sum(-1) * t**2


def _token_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Mean over the labeled tokens of each row: logits and labels [rows, columns] → [rows]."""
    loss = _binary(logits, labels)
    return loss.sum(1) / (labels != IGNORED).sum(1).clamp(min=1)


def _span_loss(logits: Tensor, spans: Tensor) -> Tensor:
    """Cross entropy of each gold span's technique, from the mean logits of its tokens, summed per row [rows].

    logits [rows, columns, techniques]; spans [n, 4]: row, first column, one past the last column, technique.
    """
    total = logits.new_zeros(logits.shape[0])
    if not len(spans):
        return total
    row, first, last, technique = spans.unbind(-1)
    cumulative = F.pad(logits.cumsum(1), (0, 0, 1, 0))
    mean = (cumulative[row, last] - cumulative[row, first]) / (last - first).unsqueeze(-1)
    return total.index_add(0, row, F.cross_entropy(mean, technique, reduction="none"))
