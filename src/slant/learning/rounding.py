"""Quantisation-aware training: products are rounded to int8 as an export rounds them, and gradients pass through.

The loss then sees what int8 will do (Jacob et al. 2018). What is saved are the weights before rounding. What that gained,
next to nothing: model/LOG.md, 19.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional as F

BLOCK = 128  # numbers of a token that share a scale, where each token has its own
# Products whose activations have scales of each token's own; the others' have one for the batch, coarser than in any export.
OWN_SCALES = re.compile(r"queries\..*|.*\.layer\.\d+\.output\.dense")


@contextmanager
def rounded(model: nn.Module) -> Iterator[None]:
    """Within it the products of a SlantModel's encoder and query layers are rounded in both of their factors."""
    found = {
        name: module
        for name, module in model.named_modules()
        if isinstance(module, nn.Linear) and name.startswith(("encoder.", "queries."))
    }
    for name, module in found.items():
        activation = round_blocks if OWN_SCALES.fullmatch(name) else round_tensor
        module.forward = partial(_product, module, activation)  # type: ignore[method-assign]
    try:
        yield
    finally:
        for module in found.values():
            del module.forward


def _product(module: nn.Linear, round_activation: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    return F.linear(round_activation(x.float()), round_rows(module.weight), module.bias)


def round_rows(weight: Tensor) -> Tensor:
    """weight [out, in] rounded to 255 steps, alike on both sides of zero, with a scale for each row."""
    scale = _step(weight.detach().abs().amax(1) / 127)
    zero = torch.zeros(len(scale), dtype=torch.int32, device=weight.device)
    return torch.fake_quantize_per_channel_affine(weight, scale, zero, 0, -127, 127)


def round_tensor(x: Tensor) -> Tensor:
    """x rounded to 256 steps between its least and its greatest number."""
    least, greatest = x.detach().aminmax()
    least = least.clamp(max=0)  # zero is always a step
    scale = _step((greatest.clamp(min=0) - least) / 255)
    zero = (-least / scale).round().clamp(0, 255).to(torch.int32)
    return torch.fake_quantize_per_tensor_affine(x, scale, zero, 0, 255)


def round_blocks(x: Tensor) -> Tensor:
    """x [..., numbers] rounded to 255 steps with a scale for each BLOCK of the numbers of each token."""
    blocks = x.unflatten(-1, (-1, BLOCK)) if x.shape[-1] % BLOCK == 0 else x.unsqueeze(-2)
    scale = _step(blocks.detach().abs().amax(-1, keepdim=True) / 127)
    steps = (blocks.detach() / scale).round() * scale
    return (blocks + (steps - blocks.detach())).flatten(-2)  # the gradient is that of `blocks`


def _step(scale: Tensor) -> Tensor:
    return scale.clamp(min=1e-8)
