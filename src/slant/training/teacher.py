"""A teacher's logits for the rows that a small model learns from (knowledge distillation: Hinton et al. 2015).

The teacher reads every row once, before training; what it said is kept in files, so that a run that is resumed
or changed does not read again what stands unchanged in its order.
Teacher and student must cut words alike, as spans are taught token by token.
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
from slant.training.batches import Row, Soft
from slant.training.torch_runtime import load_checkpoint

CHUNK = 2000  # examples a file


def teach(
    rows: Sequence[Row],
    examples: Sequence[Example],
    teacher: Path,
    kept: Path,
    *,
    bf16: bool = False,
    topics: bool = False,
) -> None:
    """Set `soft` of every row, whose windows point into `examples`, to what the checkpoint `teacher` says of it.

    kept: folder for the answers. topics: it takes another teacher's place for stances toward topics, and reads nothing else.
    Raises SlantError if the teacher's tokenizer cuts the texts otherwise.
    """
    if not (teacher / "slant.json").exists():
        raise SlantError(
            f"teacher {teacher}: no checkpoint there. Train one first (model/recipes/teacher.toml) and name its folder."
        )
    predictor = load_checkpoint(teacher, bf16=bf16)
    kept.mkdir(parents=True, exist_ok=True)
    if topics:
        rows = [row for row in rows if not row.named.all()]
    by_example: dict[int, list[Row]] = {}
    for row in rows:
        by_example.setdefault(row.window.request, []).append(row)
    order = sorted(by_example, key=lambda i: (examples[i].source, i))
    bar = tqdm(
        total=len(rows), unit="row", desc="teacher reads", disable=os.environ.get("SLANT_PROGRESS") == "0"
    )
    for numbers in _chunks(order, examples):
        chunk = [examples[i] for i in numbers]
        theirs = predictor.encoder.encode([encoder_request(e) for e in chunk])
        ours = [row for i in numbers for row in by_example[i]]
        _check_alike(ours, theirs, teacher)
        file = kept / f"{_key(predictor, theirs)}.npz"
        softs = _load(file) if file.exists() else _read(predictor, theirs, [row.named for row in ours])
        if not file.exists():
            _store(file, softs)
        for row, soft in zip(ours, softs, strict=True):
            if topics and row.soft is not None:
                row.soft.stance[~row.named] = soft.stance[~row.named]
            else:
                row.soft = soft
        bar.update(len(ours))
    bar.close()


def _chunks(order: Sequence[int], examples: Sequence[Example]) -> Iterator[list[int]]:
    """At most CHUNK numbers of one source each, so that a sample of one set leaves the files of the others as they are."""
    for _, numbers in groupby(order, key=lambda i: examples[i].source):
        while chunk := list(islice(numbers, CHUNK)):
            yield chunk


def _check_alike(ours: Sequence[Row], theirs: Sequence[Window], teacher: Path) -> None:
    alike = len(ours) == len(theirs) and all(
        row.window.offsets == window.offsets and len(row.window.queries) == len(window.queries)
        for row, window in zip(ours, theirs, strict=False)
    )
    if not alike:
        raise SlantError(
            f"teacher {teacher} cuts the texts into other words than the encoder of this recipe, or has other windows. "
            "Spans are taught word by word: take a teacher with the same word pieces, max_length and stride."
        )


def _read(predictor: Predictor, windows: Sequence[Window], named: Sequence[np.ndarray]) -> list[Soft]:
    out: list[Soft | None] = [None] * len(windows)
    for rows in batches([len(w) for w in windows]):
        token, unit, stance = predictor.runtime(
            collate([windows[r] for r in rows], pad=predictor.encoder.pad)
        )
        for i, r in enumerate(rows):
            n, kind = len(windows[r].offsets), (~named[r]).astype(int)
            out[r] = Soft(
                token[i, 1 : n + 1].astype(np.float16),
                unit[i].astype(np.float16),
                stance[i, np.arange(len(kind)), kind].astype(np.float16),
            )
    return [soft for soft in out if soft is not None]


def _key(predictor: Predictor, windows: Sequence[Window]) -> str:
    digest = hashlib.sha256(predictor.fingerprint.encode())
    for window in windows:
        said = (window.input_ids, window.positions, window.types, window.roles, window.groups, window.queries)
        digest.update(repr(said).encode())
    return digest.hexdigest()[:16]


def _store(file: Path, softs: Sequence[Soft]) -> None:
    with atomic_path(file) as part, part.open("wb") as stream:
        np.savez(
            stream,
            token=np.concatenate([s.token for s in softs]),
            unit=np.stack([s.unit for s in softs]),
            stance=np.concatenate([s.stance for s in softs]),
            tokens=np.cumsum([0, *(len(s.token) for s in softs)]),
            queries=np.cumsum([0, *(len(s.stance) for s in softs)]),
        )


def _load(file: Path) -> list[Soft]:
    with np.load(file) as kept:
        token, unit, stance = kept["token"], kept["unit"], kept["stance"]
        tokens, queries = kept["tokens"].tolist(), kept["queries"].tolist()
    return [
        Soft(token[a:b], unit[i], stance[c:d])
        for i, ((a, b), (c, d)) in enumerate(zip(pairwise(tokens), pairwise(queries), strict=True))
    ]
