"""Quantisation-aware training: what is rounded, by how much, and that gradients and weights are as without it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tiny import recipe, train_tiny

torch = pytest.importorskip("torch", reason="needs the [train] install")
pytest.importorskip("transformers", reason="needs the [train] install")
pytestmark = pytest.mark.train

HALF_STEP = 0.5 + 1e-3  # of what rounding may move a number by


def test_weights_have_a_scale_for_each_row() -> None:
    from slant.learning.rounding import round_rows

    weight = torch.tensor([[127.0, 0.4, -3.6], [1.27, 0.004, -0.036]])
    assert torch.allclose(round_rows(weight), torch.tensor([[127.0, 0.0, -4.0], [1.27, 0.0, -0.04]]))


def test_a_tensor_has_one_scale_and_zero_stays_zero() -> None:
    from slant.learning.rounding import round_tensor

    rounded = round_tensor(torch.tensor([[0.0, 0.4, 0.6], [254.0, -1.0, 100.2]]))
    assert torch.allclose(rounded, torch.tensor([[0.0, 0.0, 1.0], [254.0, -1.0, 100.0]]))


def test_each_block_of_each_token_has_its_own_scale() -> None:
    from slant.learning.rounding import BLOCK, round_blocks

    x = torch.randn(2, 3, 2 * BLOCK, generator=torch.Generator().manual_seed(1))
    x[0, 0, :BLOCK] *= 1000  # which must not make the other blocks coarser
    steps = x.unflatten(-1, (2, BLOCK)).abs().amax(-1, keepdim=True) / 127
    moved = (round_blocks(x) - x).unflatten(-1, (2, BLOCK)).abs() / steps
    assert 0.4 < float(moved.max()) <= HALF_STEP
    odd = x[..., : BLOCK + 1]  # no whole blocks: one scale for the token
    assert (
        float(((round_blocks(odd) - odd).abs() / (odd.abs().amax(-1, keepdim=True) / 127)).max()) <= HALF_STEP
    )


@pytest.mark.parametrize("name", ["round_tensor", "round_blocks", "round_rows"])
def test_gradients_pass_as_if_nothing_was_rounded(name: str) -> None:
    from slant.learning import rounding

    x = torch.randn(4, 128, generator=torch.Generator().manual_seed(2), requires_grad=True)
    (getattr(rounding, name)(x) * torch.arange(128.0)).sum().backward()
    assert torch.equal(x.grad, torch.arange(128.0).expand(4, 128))


def test_the_encoder_is_rounded_within_it_and_as_before_after_it(tiny_checkpoint: Path) -> None:
    from slant.learning.network import SlantModel
    from slant.learning.rounding import rounded

    model = SlantModel.from_pretrained(tiny_checkpoint).eval()
    ids, layout = torch.tensor([[2, 20, 21, 22, 3]]), torch.zeros(1, 5, 4, dtype=torch.long)
    layout[0, :, 0] = torch.arange(5)
    asked = torch.tensor([[1]])

    def logits() -> torch.Tensor:
        return model(ids, layout, asked).token_logits.detach()

    plain = logits()
    with rounded(model):
        near = logits()
        assert "forward" in vars(model.encoder.encoder.layer[0].attention.self.query)
        assert "forward" not in vars(model.tokens[0]), "the heads stay in fp32"
    assert 0 < float((near - plain).abs().max()) < 0.2 * float(plain.abs().max())
    assert torch.equal(logits(), plain)


@pytest.mark.slow
def test_a_run_with_it_learns_and_saves_weights_as_they_were_before_rounding(
    tiny_encoder: Path, tmp_path: Path
) -> None:
    from slant.learning.network import SlantModel

    short = {"epochs": 2, "batch_size": 4, "learning_rate": 1e-3}
    plain = SlantModel.from_pretrained(train_tiny(tiny_encoder, tmp_path / "plain", **short))
    aware = SlantModel.from_pretrained(train_tiny(tiny_encoder, tmp_path / "aware", **short, int8=True))
    assert recipe(tiny_encoder, int8=True).int8
    weight = "encoder.encoder.layer.0.attention.self.query.weight"
    one, other = plain.state_dict()[weight], aware.state_dict()[weight]
    assert float((one - other).abs().max()) > 0, "the loss saw the rounding"
    assert all(len(row.unique()) > 30 for row in other), "of 32 numbers in a row: not rounded"
