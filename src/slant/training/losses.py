"""The loss of every task: from people's labels where an example has them, from a teacher's logits where there is a teacher.

Partial labels are normal, so every term is masked. Over words a term is the mean, so that long texts weigh no more; over
targets, frames and loaded spans it is the sum.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional as F

from slant.encoding.label_ids import ANY, BIASED, FRAME, FRAMES, IGNORED, REPLY, SUBJECTIVE, TOXIC
from slant.records import REPLIES, STANCES

KINDS = ("stance_named", "stance_topic")
SOFTENING = 2.0  # temperature at which classes of a teacher are compared (Hinton et al. 2015)


class Output(Protocol):
    """Logits of a SlantModel, see network.SlantOutput."""

    token_logits: Tensor | None
    unit_logits: Tensor | None
    stance_logits: Tensor | None


def total_loss(
    out: Output,
    labels: Mapping[str, Tensor],
    *,
    loss_weights: Mapping[str, float],
    class_weights: Mapping[str, Sequence[float]],
    teaching: float,
) -> Tensor:
    """Mean over rows of the weighted sum over tasks.

    labels: as made by batches.Collator; where they hold `teaching` [rows], that stands for the argument. teaching: in [0, 1],
    how much a teacher's word weighs against the labels'; a task that a row has no label for learns from the teacher alone. A
    batch brings teacher logits for all its rows or none.
    """
    terms = label_losses(out, labels, class_weights)
    if "soft_token" in labels:
        taught, share = teacher_losses(out, labels), labels.get("teaching", teaching)
        terms = {name: (1 - share) * loss + share * taught[name] for name, loss in terms.items()}
    total = sum(loss_weights.get(name, 1.0) * (loss * labels["weight"]).sum() for name, loss in terms.items())
    return total / labels["weight"].shape[0]  # type: ignore[operator,return-value]


def label_losses(
    out: Output, labels: Mapping[str, Tensor], class_weights: Mapping[str, Sequence[float]]
) -> dict[str, Tensor]:
    """Per task the loss of each row [rows], 0 where the row has no label of the task."""
    token, unit, stance = labels["token"], labels["unit"], labels["stance"]
    logits, flat, asked = _floats(out)

    def classes(task: str, names: Sequence[str]) -> Tensor | None:
        values = class_weights.get(task)
        return torch.tensor(values, device=flat.device) if values and len(values) == len(names) else None

    terms = {
        "loaded": _token_loss(logits[..., ANY], token[..., 0]),
        "toxic": _token_loss(logits[..., TOXIC], token[..., 1]),
        "technique": _span_loss(logits[..., ANY + 1 : TOXIC], labels["spans"]),
        "biased": _binary(flat[:, BIASED], unit[:, 0]),
        "subjective": _binary(flat[:, SUBJECTIVE], unit[:, 1]),
        "frames": _binary(flat[:, FRAME], unit[:, 3 : 3 + len(FRAMES)]).sum(-1),
        "reply": F.cross_entropy(
            flat[:, REPLY],
            unit[:, 2],
            ignore_index=IGNORED,
            reduction="none",
            weight=classes("reply", REPLIES),
        ),
    }
    for kind, name in enumerate(KINDS):
        each = F.cross_entropy(
            asked[:, :, kind].flatten(0, 1), stance[..., kind].flatten(), ignore_index=IGNORED,
            reduction="none", weight=classes(name, STANCES),
        )  # fmt: skip
        terms[name] = each.view(token.shape[0], -1).sum(1)
    return terms


def teacher_losses(out: Output, labels: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Per task the distance of each row's logits from the teacher's [rows].

    Every task that makes sense for a row is taught, labelled or not: replies only where the row answers something,
    techniques as far as the teacher finds a word loaded, stances toward what the row asks about.
    """
    logits, flat, asked = _floats(out)
    token, unit, stance = labels["soft_token"], labels["soft_unit"], labels["soft_stance"]
    text = labels["soft_text"]
    words = text.sum(1).clamp(min=1)
    loaded = torch.sigmoid(token[..., ANY]) * text
    technique = _divergence(logits[..., ANY + 1 : TOXIC], token[..., ANY + 1 : TOXIC])
    terms = {
        "loaded": (_soft_binary(logits[..., ANY], token[..., ANY]) * text).sum(1) / words,
        "toxic": (_soft_binary(logits[..., TOXIC], token[..., TOXIC]) * text).sum(1) / words,
        "technique": (technique * loaded).sum(1) / loaded.sum(1).clamp(min=1),
        "biased": _soft_binary(flat[:, BIASED], unit[:, BIASED]),
        "subjective": _soft_binary(flat[:, SUBJECTIVE], unit[:, SUBJECTIVE]),
        "frames": _soft_binary(flat[:, FRAME], unit[:, FRAME]).sum(-1),
        "reply": _divergence(flat[:, REPLY], unit[:, REPLY]) * labels["replies"],
    }
    for kind, name in enumerate(KINDS):
        terms[name] = (_divergence(asked[:, :, kind], stance) * (labels["kinds"] == kind)).sum(1)
    return terms


def _floats(out: Output) -> tuple[Tensor, Tensor, Tensor]:
    """The three logits in fp32: losses in bf16 lose what small steps gain."""
    parts = (out.token_logits, out.unit_logits, out.stance_logits)
    return tuple(part.float() for part in parts)  # type: ignore[union-attr,return-value]


def _binary(logits: Tensor, labels: Tensor) -> Tensor:
    """Binary cross entropy per element, 0 where the label is IGNORED."""
    known = labels != IGNORED
    loss = F.binary_cross_entropy_with_logits(logits, labels.clamp(min=0).float(), reduction="none")
    return loss * known


def _soft_binary(logits: Tensor, teacher: Tensor) -> Tensor:
    """Binary cross entropy against a teacher's probability, less that probability's entropy: 0 when both agree."""
    p = torch.sigmoid(teacher)
    entropy = F.binary_cross_entropy_with_logits(teacher, p, reduction="none")
    return F.binary_cross_entropy_with_logits(logits, p, reduction="none") - entropy


def _divergence(logits: Tensor, teacher: Tensor) -> Tensor:
    """Kullback-Leibler divergence over the last axis at SOFTENING, scaled back to the size of a cross entropy."""
    ours, theirs = F.log_softmax(logits / SOFTENING, -1), F.log_softmax(teacher / SOFTENING, -1)
    return F.kl_div(ours, theirs, log_target=True, reduction="none").sum(-1) * SOFTENING**2


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
