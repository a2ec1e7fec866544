"""Add a teacher's logits to training rows, for knowledge distillation (Hinton et al. 2015).

The teacher runs once over all rows, before training. Its logits are cached in files, so that a resumed or changed run does
not compute unchanged ones again. Teacher and student must tokenize alike, since spans are learned token by token.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from itertools import groupby, islice, pairwise
from pathlib import Path

import numpy as np
from tqdm import tqdm

from slant.atomic_files import atomic_path
from slant.encoding.predictor import Predictor, batches, encoder_request
from slant.encoding.windows import Window, collate
from slant.errors import SlantError
from slant.records import Example
from slant.training.batches import Row, TeacherLogits
from slant.training.torch_runtime import load_checkpoint

CHUNK = 2000  # examples per cache file


def add_teacher_logits(
    rows: Sequence[Row],
    examples: Sequence[Example],
    teacher: Path,
    cache: Path,
    *,
    bf16: bool = False,
) -> None:
    """Set `teacher` of every row to the logits of the checkpoint `teacher`.

    examples: those that the rows' windows were made from. cache: folder for the logits.
    Raises SlantError if the folder has no checkpoint or the teacher tokenizes the texts differently.
    """
    if not (teacher / "slant.json").exists():
        raise SlantError(
            f"teacher {teacher}: no checkpoint there. Train one first (model/recipes/base.toml) and name its folder."
        )
    predictor = load_checkpoint(teacher, bf16=bf16)
    cache.mkdir(parents=True, exist_ok=True)
    rows_of: dict[int, list[Row]] = {}  # index of an example → its rows
    for row in rows:
        rows_of.setdefault(row.window.request, []).append(row)
    order = sorted(rows_of, key=lambda i: (examples[i].source, i))
    bar = tqdm(total=len(rows), unit="row", desc="teacher", disable=os.environ.get("SLANT_PROGRESS") == "0")
    for chunk in _chunks(order, examples):
        windows = predictor.encoder.encode([encoder_request(examples[i]) for i in chunk])
        chunk_rows = [row for i in chunk for row in rows_of[i]]
        _check_same_tokens(chunk_rows, windows, teacher)
        logits = _cached_logits(predictor, windows, cache)
        for row, found in zip(chunk_rows, logits, strict=True):
            row.teacher = found
        bar.update(len(chunk_rows))
    bar.close()


def _chunks(order: Sequence[int], examples: Sequence[Example]) -> Iterator[list[int]]:
    """Yield at most CHUNK examples of one source at a time, so that changing one set keeps the cache files of the others."""
    for _, indices in groupby(order, key=lambda i: examples[i].source):
        while chunk := list(islice(indices, CHUNK)):
            yield chunk


def _check_same_tokens(rows: Sequence[Row], windows: Sequence[Window], teacher: Path) -> None:
    same = len(rows) == len(windows) and all(
        row.window.offsets == window.offsets and len(row.window.queries) == len(window.queries)
        for row, window in zip(rows, windows, strict=False)
    )
    if not same:
        raise SlantError(
            f"teacher {teacher} has other tokens or windows than the encoder of this recipe. Spans are learned token by "
            "token: use a teacher with the same tokenizer, max_length and stride."
        )


def _cached_logits(predictor: Predictor, windows: Sequence[Window], cache: Path) -> list[TeacherLogits]:
    file = cache / f"{_key(predictor, windows)}.npz"
    if file.exists():
        return _load(file)
    logits = _compute(predictor, windows)
    _store(file, logits)
    return logits


def _compute(predictor: Predictor, windows: Sequence[Window]) -> list[TeacherLogits]:
    out: list[TeacherLogits | None] = [None] * len(windows)
    for rows in batches([len(w) for w in windows]):
        token, unit, target = predictor.runtime(
            collate([windows[r] for r in rows], pad=predictor.encoder.pad)
        )
        for i, r in enumerate(rows):
            n = len(windows[r].offsets)
            out[r] = TeacherLogits(
                token[i, 1 : n + 1].astype(np.float16),
                unit[i].astype(np.float16),
                target[i, : len(windows[r].queries)].astype(np.float16),
            )
    return [logits for logits in out if logits is not None]


def _key(predictor: Predictor, windows: Sequence[Window]) -> str:
    """Return 16 hex digits that identify the teacher and its inputs."""
    digest = hashlib.sha256(predictor.fingerprint.encode())
    for window in windows:
        inputs = (
            window.input_ids,
            window.positions,
            window.types,
            window.roles,
            window.groups,
            window.queries,
        )
        digest.update(repr(inputs).encode())
    return digest.hexdigest()[:16]


def _store(file: Path, logits: Sequence[TeacherLogits]) -> None:
    with atomic_path(file) as part, part.open("wb") as stream:
        np.savez(
            stream,
            token=np.concatenate([x.token for x in logits]),
            unit=np.stack([x.unit for x in logits]),
            target=np.concatenate([x.target for x in logits]),
            tokens=np.cumsum([0, *(len(x.token) for x in logits)]),
            queries=np.cumsum([0, *(len(x.target) for x in logits)]),
        )


def _load(file: Path) -> list[TeacherLogits]:
    with np.load(file) as stored:
        token, unit, target = stored["token"], stored["unit"], stored["target"]
        tokens, queries = stored["tokens"].tolist(), stored["queries"].tolist()
    return [
        TeacherLogits(token[a:b], unit[i], target[c:d])
        for i, ((a, b), (c, d)) in enumerate(zip(pairwise(tokens), pairwise(queries), strict=True))
    ]
