"""Models from before stance and portrayal were two questions: their three classes answer both."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from slant.encoding.decode import Decoding, best_stance, portrayal_scores, softmax, stance_scores
from slant.encoding.label_ids import PORTRAYAL, STANCE, STANCE_INDEX, TARGET_LABELS
from slant.encoding.windows import QUERIES, EncoderRequest, collate
from slant.records import STANCES, UNRELATED
from slant.scoring.three_class_model import NEVER, ThreeClassOutputs, decoding_of, is_three_class
from tiny import text_encoder

# As in the model's config, where bias and temperature are those of the raw logits.
DECODING: dict[str, Any] = {
    "named_bias": [0.0, 0.5, -0.5], "named_temperature": 2.0, "named_abstain": 0.25,
    "topic_bias": [1.0, 0.0, 0.0], "topic_temperature": 0.5, "topic_abstain": 0.75,
    "reply_temperature": 0.9, "loaded_seed": 0.45,
}  # fmt: skip
TEXT = "The council met at the mill, said the mayor."
COUNCIL = [(4, 11)]


def batch_of(tmp_path: Path, queries: str, *requests: EncoderRequest) -> dict[str, Any]:
    encoder = text_encoder(tmp_path)
    encoder.queries = queries
    return collate(encoder.encode(requests), pad=encoder.pad)


def fake_output(batch: dict[str, Any]) -> np.ndarray[Any, Any]:
    """Logits [rows, queries, 2, STANCES] that are all different."""
    shape = (*batch["query_columns"].shape, 2, len(STANCES))
    return np.linspace(-2, 3, int(np.prod(shape)), dtype=np.float32).reshape(shape)


@pytest.mark.parametrize("queries", QUERIES)
def test_the_stance_is_that_of_the_head_for_the_kind_of_target(tmp_path: Path, queries: str) -> None:
    requests = (
        EncoderRequest(TEXT, ["more boats", COUNCIL, "free swimming"]),
        EncoderRequest("No.", [[(0, 2)], "boats"], context="The bridge opens in June, said the mayor."),
    )
    batch = batch_of(tmp_path, queries, *requests)
    raw = fake_output(batch)
    found = ThreeClassOutputs(DECODING)(raw, batch)
    assert found.shape == (2, 3, len(TARGET_LABELS))
    assert found.dtype == np.float32
    named = (raw[:, :, 0] + [0.0, 0.5, -0.5]) / 2.0
    topic = (raw[:, :, 1] + [1.0, 0.0, 0.0]) / 0.5
    np.testing.assert_allclose(found[:, :, PORTRAYAL], named, rtol=1e-6)
    stance = found[:, :, STANCE]
    for row, column, expected in ((0, 0, topic), (0, 1, named), (0, 2, topic), (1, 0, named), (1, 1, topic)):
        np.testing.assert_allclose(stance[row, column, :3], expected[row, column], rtol=1e-6)
    assert (stance[:, :, STANCE_INDEX[UNRELATED]] == NEVER).all()


def test_a_decoding_without_the_settings_of_the_heads_changes_nothing(tmp_path: Path) -> None:
    """As in configs from before there were thresholds of abstention."""
    batch = batch_of(tmp_path, "words", EncoderRequest(TEXT, [COUNCIL, "boats"]))
    raw = fake_output(batch)
    found = ThreeClassOutputs({})(raw, batch)
    np.testing.assert_array_equal(found[0, 0, :3], raw[0, 0, 0])
    np.testing.assert_array_equal(found[0, 1, :3], raw[0, 1, 1])
    assert decoding_of({"loaded_seed": 0.45}) == {
        "loaded_seed": 0.45, "stance_abstain": 0.0, "portrayal_abstain": 0.0,
    }  # fmt: skip


def test_the_decoding_keeps_its_other_settings_and_the_thresholds_of_the_heads() -> None:
    kept = decoding_of(DECODING)
    assert kept == {
        "reply_temperature": 0.9, "loaded_seed": 0.45, "stance_abstain": 0.75, "portrayal_abstain": 0.25,
    }  # fmt: skip
    found = Decoding.from_dict(kept)
    plain = Decoding()
    assert (found.stance_bias, found.stance_temperature) == (plain.stance_bias, 1.0), "not applied twice"
    assert (found.portrayal_bias, found.portrayal_temperature) == (plain.portrayal_bias, 1.0)


def test_probabilities_are_those_that_the_model_was_tuned_for_and_never_unrelated(tmp_path: Path) -> None:
    batch = batch_of(tmp_path, "words", EncoderRequest(TEXT, [COUNCIL, "boats"]))
    raw = fake_output(batch)
    named, topic = ThreeClassOutputs(DECODING)(raw, batch)[0]
    decoding = Decoding.from_dict(decoding_of(DECODING))
    of_named = softmax((raw[0, 0, 0] + np.float32([0.0, 0.5, -0.5])) / 2.0).tolist()
    of_topic = softmax((raw[0, 1, 1] + np.float32([1.0, 0.0, 0.0])) / 0.5).tolist()
    assert list(portrayal_scores(named, decoding).values()) == pytest.approx(of_named, rel=1e-5)
    for logits, expected in ((named, of_named), (topic, of_topic)):
        scores = stance_scores(logits, decoding)
        assert list(scores.values()) == pytest.approx([*expected, 0.0], abs=1e-6)
        assert best_stance(scores) == STANCES[int(np.argmax(expected))]


def test_a_three_class_model_is_known_by_its_labels() -> None:
    assert is_three_class({"stance_labels": list(STANCES)})
    assert is_three_class({"stance_labels": list(STANCES), "target_labels": None})
    assert not is_three_class({"target_labels": list(TARGET_LABELS)})
    assert not is_three_class({"stance_labels": list(STANCES), "target_labels": list(TARGET_LABELS)})
    assert not is_three_class({"stance_labels": ["no", "yes"]})
    assert not is_three_class({})
