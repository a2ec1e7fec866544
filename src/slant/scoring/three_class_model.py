"""Run models exported before stance and portrayal were two questions.

They have one answer per target of three classes, from two heads: one for targets that the text names, trained on portrayals
(NewsMTSC), one for topics, trained on the author's stance (VAST). Their answer is used for both questions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from slant.encoding.decode import Floats
from slant.encoding.label_ids import PORTRAYAL, STANCE, TARGET_LABELS
from slant.records import STANCES

LOGITS = ("token_logits", "unit_logits", "stance_logits")
NEVER = -30.0  # logit of "unrelated", which these models do not know
_DECODING = ("bias", "temperature", "abstain")


def is_three_class(settings: Mapping[str, Any]) -> bool:
    return settings.get("target_labels") is None and settings.get("stance_labels") == list(STANCES)


class ThreeClassOutputs:
    """Converts stance logits [rows, queries, 2, STANCES] to target logits [rows, queries, TARGET_LABELS].

    decoding: of the model, with the biases and temperatures of both heads, which are applied here (default: 0 and 1).
    """

    def __init__(self, decoding: Mapping[str, Any]) -> None:
        self._heads = [
            (
                np.asarray(decoding.get(f"{head}_bias", [0.0] * len(STANCES)), np.float32),
                float(decoding.get(f"{head}_temperature", 1.0)),
            )
            for head in ("named", "topic")
        ]

    def __call__(self, stance: Floats, batch: Mapping[str, Any]) -> Floats:
        columns = batch["query_columns"]
        positions, types, groups = (batch["layout"][:, :, i] for i in (0, 1, 3))
        # The query of a named target has the position of its mention, that of a topic one after the text.
        last = np.where((groups == 0) & (types == 0), positions, 0).max(1, keepdims=True)
        is_topic = np.take_along_axis(positions, columns, 1) > last
        named, topic = ((stance[:, :, i] + bias) / scale for i, (bias, scale) in enumerate(self._heads))
        out = np.full((*columns.shape, len(TARGET_LABELS)), NEVER, np.float32)
        out[:, :, STANCE.start : STANCE.start + len(STANCES)] = np.where(is_topic[:, :, None], topic, named)
        out[:, :, PORTRAYAL] = named
        return out


def decoding_of(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the model's decoding without the settings of its stance heads, but with their abstention threshold."""
    dropped: Sequence[str] = [f"{head}_{name}" for head in ("named", "topic") for name in _DECODING]
    kept = {name: value for name, value in values.items() if name not in dropped}
    heads = {"stance": "topic", "portrayal": "named"}
    return {**kept, **{f"{task}_abstain": values.get(f"{head}_abstain", 0.0) for task, head in heads.items()}}
