"""Open the files of public sets (with one error for missing files), and assign folds to sets that have a single split."""

from __future__ import annotations

import csv
import hashlib
import json
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

from slant.errors import SlantError, UsageError, did_you_mean
from slant.records import Example


def locate(root: Path, folder: str, *parts: str) -> Path:
    """Return `root/folder/parts`. Raises SlantError, with how to get the file, if it does not exist."""
    path = root.joinpath(folder, *parts)
    if path.exists():
        return path
    raise SlantError(
        f"{path} is missing. It belongs to the public set {folder!r}, which slant does not ship. Download it "
        f"from its authors (`slant data list` names them) into a folder {folder!r} under {root}, "
        f"or set SLANT_DATA to the folder that holds {folder!r}."
    )


def check_split(name: str, split: str, known: tuple[str, ...]) -> None:
    """Raise UsageError if `split` is not one of `known`."""
    if split not in known:
        raise UsageError(
            f"{name} has no split {split!r}; it has {', '.join(known)}.{did_you_mean(split, known)}"
        )


def table(
    path: Path, columns: tuple[str, ...], delimiter: str = ",", *, quoted: bool = True
) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield (row number from 1, row) of a CSV file; UTF-8 with or without BOM, line breaks inside fields kept.

    quoted: False for a file in which quotation marks are part of the text. Raises SlantError if one of `columns` is missing.
    """
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file, delimiter=delimiter, quoting=quoting)
        missing = [column for column in columns if column not in (reader.fieldnames or ())]
        if missing:
            raise SlantError(
                f"{path}: no column {', '.join(map(repr, missing))}; the header has {reader.fieldnames}. "
                "Use the file as its authors publish it."
            )
        yield from enumerate(reader, start=1)


def json_lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (line number from 1, object) of a JSON lines file. Raises SlantError with the line number of bad JSON."""
    with path.open(encoding="utf-8-sig", newline="\n") as file:
        for number, line in enumerate(file, start=1):
            try:
                yield number, json.loads(line)
            except json.JSONDecodeError as error:
                raise SlantError(
                    f"{path} line {number}: not JSON ({error.msg}). Download the file again."
                ) from None


def digest(text: str) -> str:
    """Return 12 hex digits that identify a text: for ids and groups that do not depend on the row order."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def folds(examples: Sequence[Example], k: int = 5, seed: int = 13) -> list[int]:
    """Return the fold (0 to k-1) of each example; groups stay whole, fold sizes differ by at most one group."""
    sizes = Counter(example.group for example in examples)
    groups = sorted(sizes)
    random.Random(seed).shuffle(groups)
    fold_sizes = [0] * k
    fold_of: dict[str, int] = {}
    # Large groups first. The sort is stable, so the shuffle decides ties.
    for group in sorted(groups, key=lambda name: -sizes[name]):
        fold_of[group] = min(range(k), key=fold_sizes.__getitem__)
        fold_sizes[fold_of[group]] += sizes[group]
    return [fold_of[example.group] for example in examples]
