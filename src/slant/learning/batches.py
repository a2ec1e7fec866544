"""Examples with partial labels as rows for the Trainer: labels are IGNORED where a set has none."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils.data import Dataset

from slant.encoding.labels import (
    FRAME_INDEX,
    FRAMES,
    IGNORED,
    REPLY_INDEX,
    STANCE_INDEX,
    TECHNIQUE_INDEX,
    span_tags,
)
from slant.encoding.reader import request
from slant.encoding.windows import TextEncoder, Window, collate
from slant.errors import UsageError, did_you_mean
from slant.labels import own
from slant.labels.public import READERS, data_root
from slant.labels.public.folds import folds
from slant.learning.recipe import Recipe, SetUse
from slant.records import Example

UNIT_WIDTH = 3 + len(FRAMES)  # biased, subjective, reply class, one column per frame


@dataclass(slots=True)
class Row:
    """A window with its labels.

    token [text tokens, 2] of loaded and toxic, or None; spans: (first token, past the last, technique) of loaded language;
    unit [UNIT_WIDTH]; stance [queries, 2].
    """

    window: Window
    token: np.ndarray | None
    spans: list[tuple[int, int, int]]
    unit: np.ndarray
    stance: np.ndarray
    weight: float


class Rows(Dataset[Row]):
    """Training rows in memory; `lengths` lets the sampler put rows of like length into one batch."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = rows
        self.lengths = [len(r.window) for r in rows]

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> Row:
        return self.rows[index]


def training_rows(recipe: Recipe, encoder: TextEncoder, *, root: Path | None = None) -> Rows:
    """The rows of one epoch of a recipe."""
    examples: list[Example] = []
    for use in recipe.train:
        found = load_use(use, root=root, seed=recipe.seed)
        examples += [replace(e, weight=use.weight * e.weight) for e in found] * use.repeat
    return Rows(make_rows(merge_targets(examples), encoder))


def load_use(use: SetUse, *, root: Path | None = None, seed: int = 0) -> list[Example]:
    """The examples of a set that a recipe asks for; a seeded sample if it has a limit."""
    readers = {**READERS, own.NAME: own}
    if use.name not in readers:
        raise UsageError(
            f"unknown set {use.name!r}; known: {', '.join(readers)}.{did_you_mean(use.name, readers)}"
        )
    if use.name == "frac":
        raise UsageError("frac is judged, never trained on or chosen by: it is the only check of the frames.")
    examples = list(readers[use.name].read(root or data_root(), use.split))
    if use.without_fold >= 0:
        examples = [e for e, fold in zip(examples, folds(examples), strict=True) if fold != use.without_fold]
    if use.limit and len(examples) > use.limit:
        examples = random.Random(seed).sample(examples, use.limit)
    return examples


def merge_targets(examples: Sequence[Example], *, most: int = 16) -> list[Example]:
    """Examples of the same text that ask about different targets become one, as one pass answers for all of them.

    Only examples with nothing but stance labels are merged; at most `most` targets go together.
    """
    open_for: dict[tuple[str, str, float], int] = {}
    out: list[Example] = []
    for e in examples:
        others = (e.loaded, e.toxic, e.biased, e.subjective, e.reply, e.frames, e.context)
        only_stance = bool(e.targets) and all(label is None for label in others)
        key = (e.source, e.text, e.weight)
        place = open_for.get(key) if only_stance else None
        if place is not None and len(out[place].targets) + len(e.targets) <= most:
            out[place] = replace(out[place], targets=out[place].targets + e.targets)
        else:
            if only_stance:
                open_for[key] = len(out)
            out.append(e)
    return out


def make_rows(examples: Sequence[Example], encoder: TextEncoder) -> list[Row]:
    windows = encoder.encode([request(e) for e in examples])
    return [_row(window, examples[window.request]) for window in windows]


def _row(window: Window, example: Example) -> Row:
    return Row(
        window=window,
        token=_token_labels(window, example),
        spans=_technique_spans(window, example),
        unit=_unit_labels(example),
        stance=_stance_labels(window, example),
        weight=example.weight,
    )


def _token_labels(window: Window, example: Example) -> np.ndarray | None:
    if example.loaded is None and example.toxic is None:
        return None
    labels = np.full((len(window.offsets), 2), IGNORED, np.int64)
    if example.loaded is not None:
        labels[:, 0] = span_tags(window.offsets, [(s.start, s.end) for s in example.loaded])
    if example.toxic is not None:
        labels[:, 1] = span_tags(window.offsets, example.toxic)
    return labels


def _technique_spans(window: Window, example: Example) -> list[tuple[int, int, int]]:
    out = []
    for span in example.loaded or ():
        inside = [i for i, (a, b) in enumerate(window.offsets) if a < span.end and b > span.start]
        if inside and span.label in TECHNIQUE_INDEX:
            out.append((inside[0], inside[-1] + 1, TECHNIQUE_INDEX[span.label]))
    return out


def _unit_labels(example: Example) -> np.ndarray:
    labels = np.full(UNIT_WIDTH, IGNORED, np.int64)
    if example.biased is not None:
        labels[0] = example.biased
    if example.subjective is not None:
        labels[1] = example.subjective
    if example.reply is not None:
        labels[2] = REPLY_INDEX[example.reply]
    if example.frames is not None:
        labels[3:] = 0
        for frame in example.frames:
            labels[3 + FRAME_INDEX[frame]] = 1
    return labels


def _stance_labels(window: Window, example: Example) -> np.ndarray:
    labels = np.full((len(window.queries), 2), IGNORED, np.int64)
    for row, (index, _) in enumerate(window.queries):
        target = example.targets[index]
        if target.label is not None:
            labels[row, 0 if target.mentions else 1] = STANCE_INDEX[target.label]
    return labels


class Collator:
    """Rows to one padded batch of tensors."""

    def __init__(self, pad: int) -> None:
        self.pad = pad

    def __call__(self, rows: Sequence[Row]) -> dict[str, Any]:
        batch = collate([r.window for r in rows], pad=self.pad)
        size, width = batch["input_ids"].shape
        token = np.full((size, width, 2), IGNORED, np.int64)
        stance = np.full((size, batch["query_columns"].shape[1], 2), IGNORED, np.int64)
        for i, row in enumerate(rows):
            if row.token is not None:
                token[i, 1 : len(row.token) + 1] = row.token
            stance[i, : len(row.stance)] = row.stance
        spans = [(i, a + 1, b + 1, technique) for i, row in enumerate(rows) for a, b, technique in row.spans]
        tensors: dict[str, Any] = {name: torch.from_numpy(value) for name, value in batch.items()}
        tensors["labels"] = {
            "token": torch.from_numpy(token),
            "spans": torch.tensor(spans, dtype=torch.long).reshape(-1, 4),
            "unit": torch.from_numpy(np.stack([r.unit for r in rows])),
            "stance": torch.from_numpy(stance),
            "weight": torch.tensor([r.weight for r in rows]),
        }
        return tensors
