"""Losses of the targets, on logits with losses computed by hand."""

from __future__ import annotations

from collections.abc import Sequence
from math import log
from types import SimpleNamespace
from typing import Any

import pytest

from slant.encoding.label_ids import (
    IGNORED,
    NEUTRAL_OR_UNRELATED,
    PORTRAYAL_INDEX,
    STANCE_INDEX,
    TOKEN_LABELS,
    UNIT_LABELS,
)

torch = pytest.importorskip("torch", reason="needs the [train] install")
pytestmark = pytest.mark.train

from slant.training.batches import UNIT_WIDTH  # noqa: E402
from slant.training.losses import label_losses, teacher_losses, total_loss  # noqa: E402

# Probabilities, as logarithms: against, neutral, favor, unrelated; negative, neutral, positive.
P = (0.1, 0.2, 0.3, 0.4, 0.5, 0.2, 0.3)
AGAINST, FAVOR, UNRELATED = (STANCE_INDEX[label] for label in ("against", "favor", "unrelated"))
POSITIVE = PORTRAYAL_INDEX["positive"]


def output(*rows: Sequence[Sequence[float]]) -> Any:
    """Logits of rows with the target probabilities given, as many targets in each row."""
    return SimpleNamespace(
        token_logits=torch.zeros(len(rows), 4, len(TOKEN_LABELS)),
        unit_logits=torch.zeros(len(rows), len(UNIT_LABELS)),
        target_logits=torch.tensor(rows).log().requires_grad_(),
    )


def labels(*rows: Sequence[tuple[int, int]], **more: Any) -> dict[str, Any]:
    """Labels of rows, with only (stance, portrayal) of their targets."""
    return {
        "token": torch.full((len(rows), 4, 2), IGNORED),
        "spans": torch.zeros((0, 4), dtype=torch.long),
        "unit": torch.full((len(rows), UNIT_WIDTH), IGNORED),
        "target": torch.tensor(rows),
        "weight": torch.ones(len(rows)),
        **more,
    }


def losses(
    *rows: Sequence[tuple[int, int]], weights: dict[str, Sequence[float]] | None = None
) -> dict[str, list[float]]:
    found = label_losses(output(*([P] * len(row) for row in rows)), labels(*rows), weights or {})
    return {name: loss.tolist() for name, loss in found.items()}


def test_the_loss_is_the_negative_logarithm_of_the_probability() -> None:
    found = losses([(FAVOR, POSITIVE)], [(UNRELATED, IGNORED)], [(IGNORED, POSITIVE)])
    assert found["stance"] == pytest.approx([-log(0.3), -log(0.4), 0])
    assert found["portrayal"] == pytest.approx([-log(0.3), 0, -log(0.3)])


def test_either_answer_is_right_where_a_set_does_not_tell_neutral_from_unrelated() -> None:
    assert losses([(NEUTRAL_OR_UNRELATED, IGNORED)])["stance"] == pytest.approx([-log(0.2 + 0.4)])


def test_the_loss_of_either_answer_does_not_move_one_against_the_other() -> None:
    """Its gradient raises both in proportion to their probabilities, and lowers the rest."""
    out = output([P])
    label_losses(out, labels([(NEUTRAL_OR_UNRELATED, IGNORED)]), {})["stance"].sum().backward()
    against, neutral, favor, unrelated, *portrayal = out.target_logits.grad[0, 0].tolist()
    assert (against, favor) == pytest.approx((0.1, 0.3))
    assert (neutral, unrelated) == pytest.approx((0.2 - 0.2 / 0.6, 0.4 - 0.4 / 0.6), abs=1e-6)
    assert portrayal == [0, 0, 0]


def test_losses_of_the_targets_of_a_row_are_added_and_masked_ones_are_zero() -> None:
    masked = (IGNORED, IGNORED)
    found = losses([(AGAINST, POSITIVE), (FAVOR, POSITIVE)], [(AGAINST, IGNORED), masked], [masked, masked])
    assert found["stance"] == pytest.approx([-log(0.1) - log(0.3), -log(0.1), 0])
    assert found["portrayal"] == pytest.approx([-2 * log(0.3), 0, 0])
    assert not [name for name, loss in found.items() if name not in ("stance", "portrayal") and any(loss)]


def test_masked_targets_have_no_gradient() -> None:
    out = output([P, P])
    found = label_losses(out, labels([(AGAINST, IGNORED), (IGNORED, IGNORED)]), {})
    (found["stance"] + found["portrayal"]).sum().backward()
    first, second = out.target_logits.grad[0]
    assert first.abs().sum() > 0
    assert second.tolist() == [0] * 7


def test_class_weights_are_per_answer_and_neutral_or_unrelated_has_that_of_neutral() -> None:
    weights = {"stance": [1.0, 2.0, 3.0, 4.0], "portrayal": [1.0, 0.5, 0.25]}
    rows = [[(label, IGNORED)] for label in (*range(4), NEUTRAL_OR_UNRELATED, IGNORED)]
    found = losses(*rows, weights=weights)
    expected = [-log(0.1), -2 * log(0.2), -3 * log(0.3), -4 * log(0.4), -2 * log(0.6), 0]
    assert found["stance"] == pytest.approx(expected)
    assert losses([(FAVOR, POSITIVE)], weights=weights)["portrayal"] == pytest.approx([-0.25 * log(0.3)])


def test_stance_and_portrayal_have_loss_weights_of_their_own() -> None:
    rows = ([(FAVOR, POSITIVE)], [(AGAINST, IGNORED)])
    total = total_loss(
        output([P], [P]),
        labels(*rows),
        loss_weights={"stance": 2.0, "portrayal": 0.5},
        class_weights={},
        teaching=0.5,
    )
    assert float(total.detach()) == pytest.approx((2 * (-log(0.3) - log(0.1)) + 0.5 * -log(0.3)) / 2)


def test_a_teacher_teaches_the_stance_to_all_targets_and_the_portrayal_to_named_ones() -> None:
    """Of a row with a named target, a topic and padding."""
    teacher = torch.tensor([[P, P, P]]).log()
    given = labels(
        [(IGNORED, IGNORED)] * 3,
        teacher_token=torch.zeros(1, 4, len(TOKEN_LABELS)),
        teacher_unit=torch.zeros(1, len(UNIT_LABELS)),
        teacher_target=teacher,
        is_text=torch.ones(1, 4),
        is_query=torch.tensor([[1.0, 1.0, 0.0]]),
        is_named=torch.tensor([[1.0, 0.0, 0.0]]),
        is_reply=torch.zeros(1),
    )
    out = output([P, P, P])
    same = teacher_losses(out, given)
    assert [float(same[name].detach()) for name in ("stance", "portrayal")] == pytest.approx([0, 0], abs=1e-6)
    out.target_logits = torch.zeros(1, 3, 7, requires_grad=True)
    found = teacher_losses(out, given)
    found["stance"].sum().backward(retain_graph=True)
    moved = out.target_logits.grad.abs() > 1e-6
    assert moved[0, :, :4].any(-1).tolist() == [True, True, False]
    assert not moved[0, :, 4:].any()
    out.target_logits.grad.zero_()
    found["portrayal"].sum().backward()
    moved = out.target_logits.grad.abs() > 1e-6
    assert moved[0, :, 4:].any(-1).tolist() == [True, False, False]
    assert not moved[0, :, :4].any()
