"""Batches within the token budget, and logits in the order of the requests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from slant.encoding.decode import Decoding, Floats
from slant.encoding.label_ids import TARGET_LABELS, TOKEN_LABELS, UNIT_LABELS
from slant.encoding.predictor import Predictor, batches, columns, encoder_request
from slant.encoding.windows import EncoderRequest
from slant.records import Example, TargetLabel
from tiny import text_encoder


@given(st.lists(st.integers(1, 120), max_size=60))
def test_batches_hold_every_row_once_and_keep_the_budget(lengths: list[int]) -> None:
    found = batches(lengths, tokens=200)
    assert sorted(row for batch in found for row in batch) == list(range(len(lengths)))
    for batch in found:
        assert len({columns(lengths[r]) for r in batch}) == 1, "padding depends on the row alone"
        assert len(batch) == 1 or len(batch) * columns(lengths[batch[0]]) <= 200
    longest = [columns(lengths[batch[0]]) for batch in found]
    assert longest == sorted(longest, reverse=True), "the largest first: lack of memory shows at once"


@pytest.mark.parametrize(("least", "most"), [(10, 60), (20, 140), (60, 300)])
def test_less_than_a_tenth_is_padding(least: int, most: int) -> None:
    """For the lengths of headlines, comments and articles."""
    lengths = range(least, most)
    assert all(n <= columns(n) for n in lengths)
    assert sum(map(columns, lengths)) <= 1.1 * sum(lengths)


class Echo:
    """Returns each token's id, each unit's first token and each target's column as logits; records its batches."""

    def __init__(self) -> None:
        self.shapes: list[tuple[int, ...]] = []

    def __call__(self, batch: dict[str, NDArray[np.int64]]) -> tuple[Floats, Floats, Floats]:
        ids, columns = batch["input_ids"], batch["query_columns"]
        self.shapes.append(ids.shape)
        token = np.repeat(ids[:, :, None], len(TOKEN_LABELS), 2).astype(np.float32)
        unit = np.repeat(ids[:, 1:2], len(UNIT_LABELS), 1).astype(np.float32)
        target = np.repeat(columns[:, :, None], len(TARGET_LABELS), 2).astype(np.float32)
        return token, unit, target


@pytest.fixture
def predictor(tmp_path: Path) -> Predictor:
    return Predictor(Echo(), text_encoder(tmp_path), Decoding(), name="echo", fingerprint="0")


def test_each_request_gets_its_own_logits(predictor: Predictor) -> None:
    word = {w: predictor.encoder.tokenizer.token_to_id(w) for w in ("boat", "mill", "park")}
    requests = [
        EncoderRequest("mill " * 200),
        EncoderRequest("boat", ["mill"]),
        EncoderRequest("park park", ["mill", [(5, 9)]]),
    ]
    finished: list[int] = []
    found = predictor.run(requests, done=finished.append)
    assert [set(r.tokens.ravel().tolist()) for r in found] == [{word["mill"]}, {word["boat"]}, {word["park"]}]
    assert [len(r.tokens) for r in found] == [200, 1, 2]
    assert [[float(x[0]) for x in r.targets if x is not None] for r in found] == [[], [3], [4, 7]]
    assert sum(finished) == sum(r.windows for r in found) > 3
    assert predictor.run([]) == []


def test_a_target_is_requested_by_mention_or_else_by_name() -> None:
    fields: dict[str, Any] = {"id": "i", "source": "s", "split": "dev", "group": "g"}
    e = Example(
        **fields, text="The mill.", context="c", targets=(TargetLabel("a", None, ((4, 8),)), TargetLabel("b"))
    )
    assert encoder_request(e) == EncoderRequest("The mill.", [((4, 8),), "b"], "c")
