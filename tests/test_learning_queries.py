"""Queries with layers of their own: what they begin as, what they see, and that they are trained, exported and restored."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from slant.encoding.reader import Reader
from slant.encoding.windows import MARKS, WORDS, Request, Target
from slant.errors import UsageError
from tiny import open_torch, recipe, train_tiny

torch = pytest.importorskip("torch", reason="needs the [train] install")
pytest.importorskip("transformers", reason="needs the [train] install")
pytestmark = pytest.mark.train

TEXT = "The corrupt council met at the mill. The mayor of Port Ellis praised the council."
TOPICS: list[Target] = ["more boats", "free swimming"]
REPLY = Request("So it is.", ["more boats"], context="The bridge opens in June.")


@pytest.fixture(scope="module")
def plain(tiny_encoder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint whose queries are columns of the encoder from below."""
    return train_tiny(tiny_encoder, tmp_path_factory.mktemp("plain"), epochs=3, queries=MARKS)


def layered(checkpoint: Path, depth: int) -> Reader:
    reader = open_torch(checkpoint)
    reader.runtime.model.add_queries(depth)  # type: ignore[attr-defined]
    reader.encoder.queries = WORDS
    return reader


@pytest.mark.parametrize("depth", [1, 2])
def test_new_layers_say_of_texts_and_topics_what_the_encoder_says(plain: Path, depth: int) -> None:
    asked = [Request(TEXT, TOPICS), REPLY]
    for before, after in zip(open_torch(plain).read(asked), layered(plain, depth).read(asked), strict=True):
        np.testing.assert_allclose(after.tokens, before.tokens, atol=1e-5)
        np.testing.assert_allclose(after.unit, before.unit, atol=1e-5)
        for was, now in zip(before.stance, after.stance, strict=True):
            np.testing.assert_allclose(now, was, atol=1e-5)


def test_what_is_asked_of_the_whole_text_is_told_apart_by_its_role(plain: Path) -> None:
    reader = layered(plain, 1)
    (before,) = reader.read([Request(TEXT, ["more boats", [(12, 19)]])])
    with torch.no_grad():
        reader.runtime.model.queries.roles.weight[2] = torch.linspace(-2, 2, 32)  # type: ignore[attr-defined]
    (after,) = reader.read([Request(TEXT, ["more boats", [(12, 19)]])])
    assert np.abs(after.unit - before.unit).max() > 1e-3
    np.testing.assert_array_equal(after.tokens, before.tokens)
    for was, now in zip(before.stance, after.stance, strict=True):
        np.testing.assert_array_equal(now, was)


def test_a_target_is_asked_by_the_last_word_of_its_first_mention(tiny_checkpoint: Path) -> None:
    reader = open_torch(tiny_checkpoint)
    at = TEXT.index("Port Ellis")
    town, word = [(at, at + len("Port Ellis"))], [(at + len("Port "), at + len("Port Ellis"))]
    (found,) = reader.read([Request(TEXT, [town, word, [(at, at + 4)], [*word, (12, 19)]])])
    first, same, other, more = found.stance
    np.testing.assert_array_equal(first, same)
    np.testing.assert_array_equal(first, more)
    assert np.abs(first - other).max() > 1e-3


def test_layers_of_an_encoder_that_has_none_such_are_refused(plain: Path) -> None:
    with pytest.raises(UsageError, match=r"query_layers = 3, but the encoder \(bert\) has 2 layers"):
        layered(plain, 3)


def test_a_run_keeps_the_layers_that_it_starts_from(
    tiny_checkpoint: Path, tiny_encoder: Path, tmp_path: Path
) -> None:
    from slant.learning.training import started_model

    before = open_torch(tiny_checkpoint).runtime.model.queries.state_dict()  # type: ignore[attr-defined]
    model: Any = started_model(recipe(tiny_encoder, query_layers=1), tiny_checkpoint)
    assert model.config.query_layers == 1
    for name, value in model.queries.state_dict().items():
        torch.testing.assert_close(value, before[name])
    encoder = model.encoder.encoder.layer[-1].attention.self.query.weight
    assert not torch.equal(model.queries.layers[0].query.weight, encoder), "they have learned apart"
