"""Texts with their targets as windows of tokens, one encoder pass each.

All targets of a text are scored in the same pass, by one *query* per target, in one of three ways:

- *copies*: a mask and a copy of the mention's tokens are appended to the text, at the mention's positions ("levitated
  markers": Ye et al. 2022, PL-Marker; Zhong & Chen 2021);
- *marks*: a mask at the first word of the mention and, if it has several, one at its last, appended likewise;
- *words*: nothing is appended; the query is the encoder's state of the mention's last word (`Queries` in
  training/network.py).

A query attends to the text and to itself; the text attends to no query, and no query to another. So the scores of a text
and of a target do not depend on the other targets.

A target that the text does not name (a topic) is queried by name: a mask and the tokens of the name are appended, like the
second text of a pair. Only the text replied to (`context`) is a second text that the first attends to.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from slant.errors import UsageError

Mentions = Sequence[tuple[int, int]]
Target = Mentions | str  # where the text names the target, or its name if the text does not

# Roles of tokens: the case, which an uncased tokenizer loses, and queries. Only in this file are roles integers.
LOWER, TITLE, UPPER, MIXED, QUERY = range(5)
N_ROLES = 5
MAX_MENTIONS = 4  # mentions of a target, per window, that its query copies
MAX_COPY = 8  # tokens of a mention that are copied
COPIES, MARKS, WORDS = QUERIES = ("copies", "marks", "words")  # kinds of query, see above
SECOND_TEXTS = 256  # cached tokens of second texts: comments of an article share one, and topics repeat
MAX_NAME = 48  # tokens of a topic's name; longer names are cut


@dataclass(frozen=True, slots=True)
class EncoderRequest:
    """A text with its targets and, for a reply, the text that it replies to (`context`)."""

    text: str
    targets: Sequence[Target] = ()
    context: str | None = None


@dataclass(slots=True)
class Window:
    """A row of a batch. All lists have the length of the row; `offsets` has the length of the window's text tokens.

    request: number of the request. groups: 0 for the text and its context, k + 1 for the query of target k.
    queries: (target index, column) pairs. offsets: (start, end) characters of each text token in the request's text; text
    token i is in column i + 1. core: half-open range of text tokens that are decoded from this window, where they have
    context on both sides. cut: whether a topic's name or the context was cut.
    """

    request: int
    input_ids: list[int]
    positions: list[int]
    types: list[int]
    roles: list[int]
    groups: list[int]
    queries: list[tuple[int, int]]
    offsets: list[tuple[int, int]]
    core: tuple[int, int]
    n_windows: int = 1
    cut: bool = False

    def __len__(self) -> int:
        return len(self.input_ids)


class TextEncoder:
    """Tokenizes texts and lays them out in windows.

    tokenizer: a tokenizer.json. max_length: tokens of text and context in a window. stride: tokens that two windows of a long
    text share. context_length: tokens of the context; more are cut. queries: one of QUERIES, as in training.
    Raises UsageError if these leave no room for the text, or for another kind of query.
    """

    def __init__(
        self,
        tokenizer: str | Path,
        *,
        max_length: int = 256,
        stride: int = 64,
        context_length: int = 96,
        queries: str = COPIES,
    ):
        from tokenizers import Tokenizer

        if queries not in QUERIES:
            raise UsageError(
                f"queries {queries!r} are unknown; expected {', '.join(QUERIES[:-1])} or {QUERIES[-1]}. Was the model made "
                "for a later version of slant?"
            )

        if max_length - context_length - 3 <= stride:
            raise UsageError(
                f"windows of max_length {max_length} have no room for text beside a context of {context_length} tokens and "
                f"an overlap (stride) of {stride}. Raise max_length or lower the others."
            )
        self.tokenizer = Tokenizer.from_file(str(tokenizer))
        self.tokenizer.no_truncation()
        self.tokenizer.no_padding()
        self.max_length, self.stride, self.context_length = max_length, stride, context_length
        self.queries = queries
        ids = {name: self._special_id(*names) for name, names in _SPECIAL.items()}
        self._ids = lru_cache(SECOND_TEXTS)(self._tokenize)
        self.cls, self.sep, self.pad, self.mask = ids["cls"], ids["sep"], ids["pad"], ids["mask"]

    def _special_id(self, *names: str) -> int:
        for name in names:
            token = self.tokenizer.token_to_id(name)
            if token is not None:
                return int(token)
        raise ValueError(f"the tokenizer has none of the special tokens {names}")

    def encode(self, requests: Sequence[EncoderRequest]) -> list[Window]:
        """Return the windows of all requests, in order. An empty text has one window without text tokens."""
        texts = self.tokenizer.encode_batch([r.text for r in requests], add_special_tokens=False)
        windows: list[Window] = []
        for number, (request, encoding) in enumerate(zip(requests, texts, strict=True)):
            windows += self._windows(number, request, encoding.ids, encoding.offsets)
        return windows

    def _tokenize(self, text: str) -> tuple[int, ...]:
        return tuple(self.tokenizer.encode(text, add_special_tokens=False).ids)

    def _windows(
        self,
        number: int,
        request: EncoderRequest,
        ids: list[int],
        offsets: list[tuple[int, int]],
    ) -> list[Window]:
        context = self._ids(request.context) if request.context is not None else None
        names = {i: self._ids(t) for i, t in enumerate(request.targets) if isinstance(t, str)}
        cut = len(context or ()) > self.context_length or any(len(name) > MAX_NAME for name in names.values())
        context = context[: self.context_length] if context is not None else None
        roles = [_case(request.text[a:b]) for a, b in offsets]
        room = self.max_length - 2 - (len(context) + 1 if context is not None else 0)
        starts, ends = [a for a, _ in offsets], [b for _, b in offsets]
        mentions = {
            i: [_tokens_of(starts, ends, m) for m in t]
            for i, t in enumerate(request.targets)
            if not isinstance(t, str)
        }
        spans = _spread(len(ids), room, self.stride)
        out = []
        for first, last, core in spans:
            row = Window(
                request=number,
                input_ids=[self.cls, *ids[first:last], self.sep],
                positions=list(range(last - first + 2)),
                types=[0] * (last - first + 2),
                roles=[LOWER, *roles[first:last], LOWER],
                groups=[0] * (last - first + 2),
                queries=[],
                offsets=offsets[first:last],
                core=(core[0] - first, core[1] - first),
                n_windows=len(spans),
                cut=cut,
            )
            if context is not None:
                _append(row, [*context, self.sep], start=len(row), group=0)
            for index, target in enumerate(request.targets):
                if isinstance(target, str):
                    self._add_topic(row, index, names[index][:MAX_NAME])
                else:
                    here = [
                        (a - first, b - first)
                        for a, b in mentions[index]
                        if core[0] <= a < core[1] and a < b <= last
                    ]
                    if here:
                        self._add_mentions(row, index, here)
            out.append(row)
        return out

    def _add_topic(self, row: Window, index: int, ids: Sequence[int]) -> None:
        row.queries.append((index, len(row)))
        end = [self.sep] if self.queries == COPIES else []
        _append(row, [self.mask, *ids, *end], start=len(row.offsets) + 2, group=index + 1)
        row.roles[row.queries[-1][1]] = QUERY

    def _add_mentions(self, row: Window, index: int, mentions: list[tuple[int, int]]) -> None:
        if self.queries == WORDS:
            row.queries.append((index, _ends(row.offsets, *mentions[0])[-1] + 1))
            return
        start = len(row)
        row.queries.append((index, start))
        if self.queries == MARKS:
            columns = [c for m in mentions[:MAX_MENTIONS] for c in _ends(row.offsets, *m)]
            row.input_ids += [self.mask] * len(columns)
            row.roles += [QUERY, *[LOWER] * (len(columns) - 1)]
            row.positions += [row.positions[c + 1] for c in columns]
        else:
            row.input_ids.append(self.mask)
            row.positions.append(row.positions[mentions[0][0] + 1])
            row.roles.append(QUERY)
            for a, b in mentions[:MAX_MENTIONS]:
                copied = slice(a + 1, min(b, a + MAX_COPY) + 1)
                for column in (row.input_ids, row.positions, row.roles):
                    column += column[copied]
        added = len(row) - start
        row.types += [1] * added
        row.groups += [index + 1] * added


def _ends(offsets: Sequence[tuple[int, int]], first: int, end: int) -> list[int]:
    """Return the first tokens of the first and, if there are several, the last word in tokens `first` to `end`.

    Words are divided by blanks, so a mention of one word has one mark, however many tokens it has.
    """
    begins = [i for i in range(first + 1, end) if offsets[i][0] > offsets[i - 1][1]]
    return [first, *begins[-1:]]


def _append(row: Window, ids: Sequence[int], *, start: int, group: int) -> None:
    """Append tokens of a second text, at positions from `start` on."""
    row.input_ids += ids
    row.positions += range(start, start + len(ids))
    row.types += [1] * len(ids)
    row.roles += [LOWER] * len(ids)
    row.groups += [group] * len(ids)


# MPNet's vocabulary also has BERT's names, which were not used in its pretraining: they come second.
_SPECIAL = {
    "cls": ("<s>", "[CLS]"),
    "sep": ("</s>", "[SEP]"),
    "pad": ("<pad>", "[PAD]"),
    "mask": ("<mask>", "[MASK]"),
}


@lru_cache(1 << 16)
def _case(piece: str) -> int:
    if piece.islower() or not piece:
        return LOWER
    if piece.isupper():
        return UPPER if len(piece) > 1 else TITLE
    return TITLE if piece.istitle() else MIXED if piece.isalpha() else LOWER


def _tokens_of(starts: list[int], ends: list[int], mention: tuple[int, int]) -> tuple[int, int]:
    """Return the half-open range of tokens that overlap the characters of `mention`; (0, 0) if there are none."""
    first = bisect_right(ends, mention[0])
    end = bisect_left(starts, mention[1], lo=first)
    return (first, end) if first < end else (0, 0)


def _spread(length: int, room: int, stride: int) -> list[tuple[int, int, tuple[int, int]]]:
    """Return (first, last, core) of overlapping windows over `length` tokens; the cores tile the text."""
    if length <= room:
        return [(0, length, (0, length))]
    step = max(1, room - stride)
    starts = [*range(0, length - room, step), length - room]
    cuts = [0, *((a + room + b) // 2 for a, b in pairwise(starts)), length]
    return [(s, s + room, (cuts[i], cuts[i + 1])) for i, s in enumerate(starts)]


def collate(windows: Sequence[Window], *, pad: int, width: int | None = None) -> dict[str, NDArray[np.int64]]:
    """Return a batch of rows padded to `width` (default: the longest row), as int64 arrays.

    input_ids [rows, columns]; layout [rows, columns, 4] of position, type, role and group (-1 = padding);
    query_columns [rows, most queries, at least two] (0 = no query).
    """
    width = width or max(len(w) for w in windows)
    # At least two: for a single query, another kernel may run, which rounds differently.
    most = max(2, max(len(w.queries) for w in windows))
    ids = np.full((len(windows), width), pad, np.int64)
    layout = np.zeros((len(windows), width, 4), np.int64)
    layout[:, :, 3] = -1
    columns = np.zeros((len(windows), most), np.int64)
    for i, w in enumerate(windows):
        n = len(w.input_ids)
        ids[i, :n] = w.input_ids
        row = layout[i, :n]
        row[:, 0], row[:, 1], row[:, 2], row[:, 3] = w.positions, w.types, w.roles, w.groups
        if w.queries:
            columns[i, : len(w.queries)] = [column for _, column in w.queries]
    return {"input_ids": ids, "layout": layout, "query_columns": columns}
