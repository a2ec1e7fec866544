"""Texts to token windows: offsets, layout, and windows that tile a text exactly."""

from __future__ import annotations

import unicodedata
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slant.encoding.windows import (
    LOWER,
    MARKS,
    MAX_COPY,
    MAX_MENTIONS,
    MAX_NAME,
    MIXED,
    QUERY,
    TITLE,
    UPPER,
    WORDS,
    EncoderRequest,
    TextEncoder,
    Window,
    collate,
)
from slant.errors import UsageError
from tiny import text_encoder, write_tokenizer


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> TextEncoder:
    return text_encoder(tmp_path_factory.mktemp("tokenizer"))


@pytest.fixture(scope="module")
def marking(tmp_path_factory: pytest.TempPathFactory) -> TextEncoder:
    """Queries by marks."""
    return TextEncoder(write_tokenizer(tmp_path_factory.mktemp("tokenizer") / "t.json"), queries=MARKS)


@pytest.fixture(scope="module")
def resized(tmp_path_factory: pytest.TempPathFactory) -> TextEncoder:
    """Window sizes are set by the test."""
    return text_encoder(tmp_path_factory.mktemp("tokenizer"))


def pieces(text: str, window: Window) -> list[str]:
    return [text[a:b] for a, b in window.offsets]


def decoded(encoder: TextEncoder, ids: list[int]) -> list[str]:
    return [str(encoder.tokenizer.id_to_token(i)) for i in ids]


def test_a_text_and_its_named_target(encoder: TextEncoder) -> None:
    text = "The MAYOR met the council."
    (w,) = encoder.encode([EncoderRequest(text, [[(4, 9)], [(18, 25)]])])
    assert pieces(text, w) == ["The", "MAYOR", "met", "the", "council", "."]
    words = ["[CLS]", "the", "mayor", "met", "the", "council", ".", "[SEP]"]
    assert decoded(encoder, w.input_ids) == [*words, "[MASK]", "mayor", "[MASK]", "council"]
    assert w.positions == [0, 1, 2, 3, 4, 5, 6, 7, 2, 2, 5, 5], "a query has the positions of its mention"
    assert w.types == [0] * 8 + [1] * 4
    assert w.groups == [0] * 8 + [1, 1, 2, 2]
    assert w.roles == [LOWER, TITLE, UPPER, LOWER, LOWER, LOWER, LOWER, LOWER, QUERY, UPPER, QUERY, LOWER]
    assert w.queries == [(0, 8), (1, 10)]
    assert w.core == (0, 6)


def test_a_one_word_mention_has_one_mark(marking: TextEncoder) -> None:
    (w,) = marking.encode(
        [EncoderRequest("The MAYOR met the council.", [[(4, 9)], "more boats", [(18, 25)]])]
    )
    assert decoded(marking, w.input_ids[8:]) == ["[MASK]", "[MASK]", "more", "boats", "[MASK]"]
    assert w.positions[8:] == [2, 8, 9, 10, 5], "a mark has the position of its mention, a name is appended"
    assert w.types[8:] == [1] * 5
    assert w.groups[8:] == [1, 2, 2, 2, 3]
    assert w.roles[8:] == [QUERY, QUERY, LOWER, LOWER, QUERY]
    assert w.queries == [(0, 8), (1, 9), (2, 12)]


def test_marks_distinguish_mentions_with_the_same_first_word(marking: TextEncoder) -> None:
    text = "Port Ellis harbour-council met."
    whole, town, port = text.index(" met"), len("Port Ellis"), len("Port")
    (w,) = marking.encode([EncoderRequest(text, [[(0, whole)], [(0, town)], [(0, port)]])])
    at = {text[a:b]: i + 1 for i, (a, b) in enumerate(w.offsets)}
    assert w.input_ids[w.queries[0][1] :] == [marking.mask] * 5
    assert w.positions[w.queries[0][1] :] == [at["Port"], at["harbour"], at["Port"], at["Ellis"], at["Port"]]
    assert w.roles[w.queries[0][1] :] == [QUERY, LOWER, QUERY, LOWER, QUERY]
    assert w.groups[w.queries[0][1] :] == [1, 1, 2, 2, 3]


def test_with_words_the_mention_itself_is_the_query(tmp_path: Path) -> None:
    asking = TextEncoder(write_tokenizer(tmp_path / "t.json"), queries=WORDS)
    text = "The MAYOR of Port Ellis met the council."
    town, council = text.index("Port"), text.index("council")
    targets = [[(town, town + 10), (4, 9)], "more boats", [(council, council + 7)]]
    (w,) = asking.encode([EncoderRequest(text, targets)])
    assert decoded(asking, w.input_ids[11:]) == ["[MASK]", "more", "boats"], "a topic is appended"
    assert [decoded(asking, [w.input_ids[column]]) for _, column in w.queries] == [
        ["ellis"],
        ["[MASK]"],
        ["council"],
    ]
    assert [w.groups[column] for _, column in w.queries] == [0, 2, 0]


def test_an_unknown_kind_of_query_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="queries 'pointers' are unknown; expected copies, marks or words"):
        TextEncoder(write_tokenizer(tmp_path / "t.json"), queries="pointers")


def test_case_is_kept_as_a_role(encoder: TextEncoder) -> None:
    text = "A mEt NATO Ellis 4 É ß"
    (w,) = encoder.encode([EncoderRequest(text)])
    role = {text[a:b]: r for (a, b), r in zip(w.offsets, w.roles[1:-1], strict=True)}
    assert (role["A"], role["4"], role["Ellis"], role["É"], role["ß"]) == (TITLE, LOWER, TITLE, TITLE, LOWER)
    assert MIXED in {role[p] for p in role if p in "mEt"} or role.get("mEt") == MIXED


def test_a_topic_is_appended_by_name_in_its_own_group(encoder: TextEncoder) -> None:
    (w,) = encoder.encode([EncoderRequest("The mayor met.", ["more boats", [(4, 9)]])])
    assert decoded(encoder, w.input_ids[6:]) == ["[MASK]", "more", "boats", "[SEP]", "[MASK]", "mayor"]
    assert w.positions[6:] == [6, 7, 8, 9, 2, 2]
    assert w.groups[6:] == [1, 1, 1, 1, 2, 2]
    assert w.roles[6:] == [QUERY, LOWER, LOWER, LOWER, QUERY, LOWER]
    (long,) = encoder.encode([EncoderRequest("The mayor met.", ["boats " * 100])])
    assert len(long) == 6 + 1 + MAX_NAME + 1


def test_the_context_is_a_second_text_in_the_group_of_the_text(encoder: TextEncoder) -> None:
    (w,) = encoder.encode([EncoderRequest("No.", context="The bridge opens in June." * 9)])
    context = encoder.context_length
    assert decoded(encoder, w.input_ids[:4]) == ["[CLS]", "no", ".", "[SEP]"]
    assert len(w) == 4 + context + 1
    assert w.groups == [0] * len(w)
    assert w.types == [0] * 4 + [1] * (context + 1)
    assert w.positions == list(range(len(w)))
    assert w.offsets == [(0, 2), (2, 3)]


def test_an_empty_text_is_one_window_and_may_have_topics(encoder: TextEncoder) -> None:
    (w,) = encoder.encode([EncoderRequest("", ["more boats", [(0, 3)], []], context="")])
    assert w.offsets == []
    assert w.core == (0, 0)
    assert w.queries == [(0, 3)], "a target without a mention has no query"


def test_only_some_mentions_and_tokens_of_a_target_are_copied(encoder: TextEncoder) -> None:
    text = "mayor " * 7
    (w,) = encoder.encode([EncoderRequest(text, [[(6 * i, 6 * i + 5) for i in range(7)]])])
    assert w.groups.count(1) == 1 + MAX_MENTIONS
    (w,) = encoder.encode([EncoderRequest("ferry " * 20, [[(0, 119)]])])
    assert w.groups.count(1) == 1 + MAX_COPY


def test_only_some_mentions_of_a_target_are_marked(marking: TextEncoder) -> None:
    many = EncoderRequest("mayor " * 7, [[(6 * i, 6 * i + 5) for i in range(7)]])
    long = EncoderRequest("ferry " * 20, [[(0, 119)]])
    assert [w.groups.count(1) for w in marking.encode([many, long])] == [MAX_MENTIONS, 2]


def test_a_mention_has_one_query_in_the_window_with_its_context(encoder: TextEncoder) -> None:
    words = 200
    text = "ferry " * words
    mentions = [[(6 * i, 6 * i + 5)] for i in range(words)]
    windows = encoder.encode([EncoderRequest(text, mentions)])
    asked = [index for w in windows for index, _ in w.queries]
    assert sorted(asked) == list(range(words)), "every mention, each in one window"
    both = encoder.encode([EncoderRequest(text, [[(0, 5), (6 * words - 6, 6 * words - 1)]])])
    assert [len(w.queries) for w in both] == [1] + [0] * (len(both) - 2) + [1]
    (name,) = {len(w.queries) for w in encoder.encode([EncoderRequest(text, ["boats"])])}
    assert name == 1, "a topic has a query in every window"


@given(n=st.integers(0, 400), room=st.integers(24, 80), stride=st.integers(0, 16), context=st.booleans())
@settings(max_examples=60, deadline=None)
def test_the_cores_of_windows_tile_the_text(
    resized: TextEncoder, n: int, room: int, stride: int, context: bool
) -> None:
    encoder = resized
    encoder.max_length, encoder.stride, encoder.context_length = room, stride, 4
    text = "ferry " * n
    windows = encoder.encode([EncoderRequest(text, context="the mill" if context else None)])
    read = [span for w in windows for span in w.offsets[w.core[0] : w.core[1]]]
    assert read == [(6 * i, 6 * i + 5) for i in range(n)]
    assert {w.n_windows for w in windows} == {len(windows)}
    for w in windows:
        assert w.input_ids[1 : len(w.offsets) + 1] == [encoder.tokenizer.token_to_id("ferry")] * len(
            w.offsets
        )
        assert len(w) <= room
    for a, b in pairwise(windows):
        shared = set(a.offsets) & set(b.offsets)
        assert len(shared) >= stride, "two windows share at least the stride"
        left, right = len(a.offsets) - a.core[1], b.core[0]
        assert min(left, right) >= stride // 2, "a token is decoded where it has context on both sides"


WILD = st.text(
    st.sampled_from("The mayor’s “ferry” é e\u0301 🙂👨‍👩‍👧 ﷽\u200b\t\nİß½ \U0001f1f8\U0001f1ea漢字"),
    max_size=60,
)


@given(text=WILD)
@settings(max_examples=80, deadline=None)
def test_offsets_are_code_points_of_any_text(encoder: TextEncoder, text: str) -> None:
    windows = encoder.encode([EncoderRequest(text)])
    spans = [s for w in windows for s in w.offsets[w.core[0] : w.core[1]]]
    for a, b in spans:
        assert 0 <= a < b <= len(text)
        assert text[a:b].strip(), "a token is never blank"
    assert all(a[0] <= b[0] for a, b in pairwise(spans))
    covered = {i for a, b in spans for i in range(a, b)}
    missed = {c for i, c in enumerate(text) if i not in covered and c.isalnum()}
    assert not missed, "no letter is missed"


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_mention_after_accents_and_emoji_is_found(encoder: TextEncoder, form: str) -> None:
    text = unicodedata.normalize(form, "🙂 Café Élise 👨‍👩‍👧 and the mayor")
    start = text.index("mayor")
    (w,) = encoder.encode([EncoderRequest(text, [[(start, start + 5)]])])
    column = w.queries[0][1]
    assert decoded(encoder, w.input_ids[column:]) == ["[MASK]", "mayor"]


def test_padding_is_in_no_group(encoder: TextEncoder) -> None:
    windows = encoder.encode(
        [EncoderRequest("The mayor.", [[(4, 9)], "boats"]), EncoderRequest("The mayor met the council.")]
    )
    batch = collate(windows, pad=encoder.pad)
    assert {name: array.shape for name, array in batch.items()} == {
        "input_ids": (2, 10), "layout": (2, 10, 4), "query_columns": (2, 2),
    }  # fmt: skip
    assert all(array.dtype == np.int64 for array in batch.values())
    assert batch["input_ids"][1, 8:].tolist() == [encoder.pad] * 2
    assert batch["layout"][1, 8:].tolist() == [[0, 0, 0, -1]] * 2
    assert batch["query_columns"].tolist() == [[5, 7], [0, 0]]
    w = windows[0]
    assert batch["layout"][0].T.tolist() == [w.positions, w.types, w.roles, w.groups]


def test_windows_without_room_for_text_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no room for text beside a context of 96 tokens"):
        text_encoder(tmp_path, max_length=128, context_length=96, stride=64)


def test_a_tokenizer_without_special_tokens_is_refused(tmp_path: Path) -> None:
    from tokenizers import Tokenizer, models

    Tokenizer(models.WordPiece({"a": 0})).save(str(tmp_path / "t.json"))
    with pytest.raises(ValueError, match="none of the special tokens"):
        TextEncoder(tmp_path / "t.json")
