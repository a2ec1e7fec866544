"""Convert examples to training rows, whose missing labels are IGNORED, and collate rows to batches of tensors."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils.data import Dataset

from slant.corpora import unlabeled, vast
from slant.corpora.files import folds
from slant.corpora.sets import LABELED_SETS, OWN_SETS, data_root
from slant.encoding.label_ids import (
    FRAME_INDEX,
    FRAMES,
    IGNORED,
    NEUTRAL_OR_UNRELATED,
    PORTRAYAL_INDEX,
    REPLY_INDEX,
    STANCE_INDEX,
    TARGET_LABELS,
    TECHNIQUE_INDEX,
    TOKEN_LABELS,
    span_tags,
)
from slant.encoding.predictor import columns, encoder_request
from slant.encoding.windows import TextEncoder, Window, collate
from slant.errors import UsageError, did_you_mean
from slant.records import Example
from slant.training.recipe import LABELS, Recipe, SetUse

UNIT_WIDTH = 3 + len(FRAMES)  # biased, subjective, reply class, one column per frame
MERGES_UNRELATED = (vast.NAME,)  # sets whose neutral label includes texts that say nothing about the target


@dataclass(slots=True)
class TeacherLogits:
    """A teacher's logits for one window, in half precision.

    token [text tokens, TOKEN_LABELS], unit [UNIT_LABELS], target [queries, TARGET_LABELS].
    """

    token: np.ndarray
    unit: np.ndarray
    target: np.ndarray


@dataclass(slots=True)
class Row:
    """A window with its labels.

    token [text tokens, 2]: loaded and toxic, or None without either label.
    spans: (first token, one past the last, technique) of loaded language.
    unit [UNIT_WIDTH]. target [queries, 2]: stance and portrayal.
    named [queries]: whether the text names the target. teacher: logits to learn from, None without a teacher.
    teaching: weight of the teacher against the labels, in [0, 1]; None for the one in the model's configuration.
    """

    window: Window
    token: np.ndarray | None
    spans: list[tuple[int, int, int]]
    unit: np.ndarray
    target: np.ndarray
    named: np.ndarray
    weight: float
    teacher: TeacherLogits | None = None
    teaching: float | None = None


class Rows(Dataset[Row]):
    """Training rows in memory. lengths: tokens per row, with which the sampler batches rows of similar length."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = rows
        self.lengths = [len(r.window) for r in rows]

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> Row:
        return self.rows[index]


# ---- from a recipe to examples


def training_examples(recipe: Recipe, *, root: Path | None = None) -> list[Example]:
    """Return the examples of one epoch: labeled ones, and unlabeled ones for distillation. root: default `data_root()`."""
    examples: list[Example] = []
    for use in recipe.train:
        found = load_use(use, root=root, seed=recipe.seed)
        examples += merge_targets([replace(e, weight=use.weight * e.weight) for e in found]) * use.repeat
    for use in recipe.unlabeled:
        if use.name not in unlabeled.SOURCES:
            raise UsageError(
                f"unknown unlabeled texts {use.name!r}; known: {', '.join(unlabeled.SOURCES)}."
                f"{did_you_mean(use.name, unlabeled.SOURCES)}"
            )
        found = _sample(list(unlabeled.SOURCES[use.name](root or data_root())), use.limit, recipe.seed)
        examples += merge_targets([replace(e, weight=use.weight) for e in found])
    return examples


def load_use(use: SetUse, *, root: Path | None = None, seed: int = 0) -> list[Example]:
    """Return the examples of a set as the recipe uses it. Raises UsageError for a set that is unknown or for testing only."""
    known = {**LABELED_SETS, **OWN_SETS}
    if use.name not in known:
        raise UsageError(
            f"unknown set {use.name!r}; known: {', '.join(known)}.{did_you_mean(use.name, known)}"
        )
    if known[use.name].test_only:
        raise UsageError(
            f"{use.name} is for testing only: models are judged on it. Remove it from the recipe."
        )
    examples = list(known[use.name].read(root or data_root(), use.split))
    if use.without_fold >= 0:
        examples = [e for e, fold in zip(examples, folds(examples), strict=True) if fold != use.without_fold]
    if use.labels:
        examples = [_with_labels(e, use.labels) for e in examples]
    return _sample(examples, use.limit, seed)


def _sample(examples: list[Example], limit: int, seed: int) -> list[Example]:
    return random.Random(seed).sample(examples, limit) if limit and len(examples) > limit else examples


def _with_labels(example: Example, labels: Sequence[str]) -> Example:
    """Return the example with only these labels. All targets are kept, since a teacher may predict their stance."""
    kept: dict[str, Any] = {n: getattr(example, n) if n in labels else None for n in LABELS if n != "stance"}
    targets = example.targets
    if "stance" not in labels:
        targets = tuple(replace(t, label=None, portrayal=None) for t in targets)
    return replace(example, targets=targets, **kept)


def merge_targets(examples: Sequence[Example], *, max_targets: int = 16) -> list[Example]:
    """Merge examples of the same text with different targets, since one pass encodes all of them.

    An example that has only targets is merged into an earlier one with the same source, text and weight and without context,
    as long as that has at most `max_targets` targets.
    """
    place_of: dict[tuple[str, str, float], int] = {}
    out: list[Example] = []
    for e in examples:
        others = (e.loaded, e.toxic, e.biased, e.subjective, e.reply, e.frames, e.context)
        only_stance = bool(e.targets) and all(label is None for label in others)
        key = (e.source, e.text, e.weight)
        place = place_of.get(key) if only_stance else None
        if place is not None and len(out[place].targets) + len(e.targets) <= max_targets:
            out[place] = replace(out[place], targets=out[place].targets + e.targets)
        else:
            if e.context is None:
                place_of[key] = len(out)
            out.append(e)
    return out


# ---- from examples to rows


def make_rows(examples: Sequence[Example], encoder: TextEncoder) -> list[Row]:
    """Return one row per window; `row.window.request` is the index of its example."""
    windows = encoder.encode([encoder_request(e) for e in examples])
    return [_row(window, examples[window.request]) for window in windows]


def set_teaching(rows: Sequence[Row], examples: Sequence[Example], recipe: Recipe) -> None:
    """Set `teaching` of each row: that of its set if the recipe gives one, else that of the recipe."""
    teaching = {use.name: use.teaching for use in (*recipe.train, *recipe.unlabeled) if use.teaching >= 0}
    for row in rows:
        row.teaching = teaching.get(examples[row.window.request].source, recipe.teaching)


def _row(window: Window, example: Example) -> Row:
    return Row(
        window=window,
        token=_token_labels(window, example),
        spans=_technique_spans(window, example),
        unit=_unit_labels(example),
        target=_target_labels(window, example),
        named=np.array([bool(example.targets[index].mentions) for index, _ in window.queries], bool),
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


def _target_labels(window: Window, example: Example) -> np.ndarray:
    labels = np.full((len(window.queries), 2), IGNORED, np.int64)
    for row, (index, _) in enumerate(window.queries):
        target = example.targets[index]
        if target.label == "neutral" and example.source in MERGES_UNRELATED:
            labels[row, 0] = NEUTRAL_OR_UNRELATED
        elif target.label is not None:
            labels[row, 0] = STANCE_INDEX[target.label]
        if target.portrayal is not None:
            labels[row, 1] = PORTRAYAL_INDEX[target.portrayal]
    return labels


# ---- from rows to batches


class Collator:
    """Collate rows to one padded batch of tensors. pad: id of the padding token."""

    def __init__(self, pad: int) -> None:
        self.pad = pad

    def __call__(self, rows: Sequence[Row]) -> dict[str, Any]:
        width = columns(max(len(r.window) for r in rows))  # few widths: oneDNN compiles kernels for each
        batch = collate([r.window for r in rows], pad=self.pad, width=width)
        size, width = batch["input_ids"].shape
        token = np.full((size, width, 2), IGNORED, np.int64)
        target = np.full((size, batch["query_columns"].shape[1], 2), IGNORED, np.int64)
        for i, row in enumerate(rows):
            if row.token is not None:
                token[i, 1 : len(row.token) + 1] = row.token
            target[i, : len(row.target)] = row.target
        spans = [(i, a + 1, b + 1, technique) for i, row in enumerate(rows) for a, b, technique in row.spans]
        tensors: dict[str, Any] = {name: torch.from_numpy(value) for name, value in batch.items()}
        tensors["labels"] = {
            "token": torch.from_numpy(token),
            "spans": torch.tensor(spans, dtype=torch.long).reshape(-1, 4),
            "unit": torch.from_numpy(np.stack([r.unit for r in rows])),
            "target": torch.from_numpy(target),
            "weight": torch.tensor([r.weight for r in rows]),
        }
        if all(row.teacher is not None for row in rows):
            tensors["labels"] |= _teacher_tensors(rows, width, target.shape[1])
            if all(row.teaching is not None for row in rows):
                tensors["labels"]["teaching"] = torch.tensor([row.teaching for row in rows])
        return tensors


def _teacher_tensors(rows: Sequence[Row], width: int, queries: int) -> dict[str, torch.Tensor]:
    """Pad the teacher's logits, and say to which columns, queries and rows they apply.

    is_text [rows, columns]: 1 for text tokens. is_query, is_named [rows, queries]: 1 for targets, and for those named.
    is_reply [rows]: 1 for rows with a reply label; the others are not replies.
    """
    size = len(rows)
    token = np.zeros((size, width, len(TOKEN_LABELS)), np.float32)
    target = np.zeros((size, queries, len(TARGET_LABELS)), np.float32)
    text = np.zeros((size, width), np.float32)
    is_query, is_named = np.zeros((2, size, queries), np.float32)
    for i, row in enumerate(rows):
        assert row.teacher is not None
        n, q = len(row.teacher.token), len(row.teacher.target)
        token[i, 1 : n + 1], text[i, 1 : n + 1] = row.teacher.token, 1
        target[i, :q], is_query[i, :q], is_named[i, :q] = row.teacher.target, 1, row.named
    unit = np.stack([r.teacher.unit for r in rows if r.teacher]).astype(np.float32)
    return {
        "teacher_token": torch.from_numpy(token),
        "teacher_unit": torch.from_numpy(unit),
        "teacher_target": torch.from_numpy(target),
        "is_text": torch.from_numpy(text),
        "is_query": torch.from_numpy(is_query),
        "is_named": torch.from_numpy(is_named),
        "is_reply": torch.tensor([float(row.unit[2] != IGNORED) for row in rows]),
    }
