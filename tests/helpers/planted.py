"""A predictor without a network: the log-odds of "against" follow from the words of the text, by a rule of the test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from slant.encoding.decode import Decoding, Floats
from slant.encoding.label_ids import REPLY, STANCE_INDEX, TARGET_LABELS, TOKEN_LABELS, UNIT_LABELS
from slant.encoding.predictor import Predictor
from slant.encoding.windows import TextEncoder
from slant.records import REPLIES
from tiny import text_encoder

Rule = Callable[[list[str]], float]
NEVER = -30.0


def weights(**by_word: float) -> Rule:
    """Log-odds that are the sum of the weights of the words."""
    return lambda words: sum(by_word.get(word, 0.0) for word in words)


class Planted:
    """A Runtime. Stance: against by the rule, else neutral. Reply: denial by the rule, else a comment."""

    def __init__(self, encoder: TextEncoder, rule: Rule) -> None:
        self.encoder, self.rule, self.rows = encoder, rule, 0

    def __call__(self, batch: dict[str, NDArray[np.int64]]) -> tuple[Floats, Floats, Floats]:
        ids, queries = batch["input_ids"], batch["query_columns"].shape[1]
        self.rows += len(ids)
        token = np.full((*ids.shape, len(TOKEN_LABELS)), -10, np.float32)
        unit = np.zeros((len(ids), len(UNIT_LABELS)), np.float32)
        target = np.full((len(ids), queries, len(TARGET_LABELS)), NEVER, np.float32)
        for row, groups in enumerate(batch["layout"][:, :, 3]):
            words = [self.encoder.tokenizer.id_to_token(int(n)) for n in ids[row][groups == 0]]
            odds = self.rule(words)
            target[row, :, STANCE_INDEX["against"]] = odds
            target[row, :, STANCE_INDEX["neutral"]] = 0
            logits = {"deny": odds, "comment": 0.0}
            unit[row, REPLY] = [logits.get(reply, NEVER) for reply in REPLIES]
        return token, unit, target


def planted_predictor(folder: Path, rule: Rule, *, fingerprint: str = "planted") -> Predictor:
    encoder = text_encoder(folder)
    return Predictor(
        Planted(encoder, rule), encoder, Decoding(), name="planted", fingerprint=fingerprint, codebook="book"
    )
