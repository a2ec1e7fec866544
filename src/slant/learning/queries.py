"""Layers of their own for what is asked of a text: a column each, from half way up, that reads the text and is not read.

A query begins as the encoder's state, below its last layers, of the word that it is about: a target's own, or a topic's mask.
It goes up beside the text through as many layers as it has of its own, over the keys and values that the text's layer of that
height has anyway. So a target that the text names costs one column in these layers and none below, and what they learn is
told apart from what the text's words need.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from slant.errors import UsageError

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
