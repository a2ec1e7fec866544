"""Registry of the public sets: `slant data list` lists them, `slant data check` verifies their counts."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Any

from slant.assets import asset
from slant.corpora import ptc
from slant.corpora.polnear import read_polnear
from slant.corpora.sets import ARTICLE_SETS, LABELED_SETS, data_root
from slant.errors import SlantError, UsageError, did_you_mean

_KEYS = ("name", "title", "citation", "license", "folder", "files", "metric", "terms", "note", "counts")
_REQUIRED = ("name", "title", "citation", "license", "folder", "files", "counts")


@dataclass(frozen=True, slots=True)
class PublicSet:
    """One entry of the registry.

    citation: authors, title, venue and year, separated by commas. folder, files: paths below the data root.
    counts: split or part → number of items. metric: the official metric. terms: conditions of use.
    note: why the counts differ from the published ones.
    """

    name: str
    title: str
    citation: str
    license: str
    folder: str
    files: tuple[str, ...]
    counts: dict[str, int]
    metric: str = "none fixed"
    terms: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class SetRow:
    """One line of `slant data list`. state: "found" or "missing"."""

    set: str
    state: str
    source: str
    license: str
    counts: str


@dataclass(frozen=True, slots=True)
class CheckRow:
    """One line of `slant data check`. state: "ok", "mismatch", "unreadable" or "missing"."""

    set: str
    what: str
    expected: str
    found: str
    state: str
    detail: str


def load_registry(path: Path | None = None) -> tuple[PublicSet, ...]:
    """Return the entries of a registry file; default: the one shipped with slant.

    Raises UsageError, naming the entry, if the file or an entry is invalid.
    """
    path = path or asset("registry.toml")
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{path}: not a valid registry ({error}). Expected TOML with [[set]] tables."
        ) from None
    return tuple(_entry(f"{path}, set {number}", row) for number, row in enumerate(content.get("set", []), 1))


def list_sets(root: Path | None = None) -> list[SetRow]:
    """Return one row per registered set. Counts are those of the registry; no file is read."""
    root = root or data_root()
    return [
        SetRow(
            set=entry.name,
            state="missing" if _missing(root, entry) else "found",
            source=f"{entry.citation.split(',')[0]}, {entry.citation.split(',')[-1].strip()}",
            license=entry.license,
            counts=" · ".join(f"{what} {number:,}" for what, number in entry.counts.items()),
        )
        for entry in load_registry()
    ]


def check_sets(root: Path | None = None, registry: Sequence[PublicSet] | None = None) -> list[CheckRow]:
    """Read every set that is present and compare its counts with the registry: one row per count."""
    root = root or data_root()
    rows: list[CheckRow] = []
    for entry in registry if registry is not None else load_registry():
        rows += _check(root, entry)
    return rows


def all_ok(rows: Sequence[CheckRow]) -> bool:
    """Return whether all sets that are present have the expected counts; missing sets are fine."""
    return all(row.state in ("ok", "missing") for row in rows)


def render(rows: Sequence[SetRow] | Sequence[CheckRow]) -> str:
    """Format rows as a plain text table with padded columns; empty columns are left out. No rows give ""."""
    if not rows:
        return ""
    columns = [
        [each.name, *cells]
        for each, cells in zip(fields(rows[0]), zip(*map(astuple, rows), strict=True), strict=True)
        if any(cells)
    ]
    padded = [[cell.ljust(max(map(len, column))) for cell in column] for column in columns]
    return "\n".join("  ".join(line).rstrip() for line in zip(*padded, strict=True))


def _check(root: Path, entry: PublicSet) -> list[CheckRow]:
    missing = _missing(root, entry)
    if missing:
        detail = f"no {', '.join(missing)} in {root / entry.folder}"
        expected = f"{sum(entry.counts.values()):,}"
        return [CheckRow(entry.name, "all", expected, "", "missing", detail)]
    try:
        found = count_items(root, entry.name)
    except (SlantError, KeyError, ValueError, OSError) as error:
        return [CheckRow(entry.name, "all", "", "", "unreadable", f"{type(error).__name__}: {error}")]
    rows = []
    for what in dict.fromkeys((*entry.counts, *found)):
        expected_count, count = entry.counts.get(what), found.get(what)
        state = "ok" if expected_count == count else "mismatch"
        detail = entry.note if state == "mismatch" else ""
        rows.append(CheckRow(entry.name, what, _shown(expected_count), _shown(count), state, detail))
    return rows


def count_items(root: Path, name: str) -> dict[str, int]:
    """Return split or part → number of items. Raises UsageError for an unknown set, SlantError for bad files."""
    if name in _OWN_COUNTS:
        return _OWN_COUNTS[name](root)
    if name in LABELED_SETS:
        labeled = LABELED_SETS[name]
        return {split: sum(1 for _ in labeled.read(root, split)) for split in labeled.splits}
    if name in ARTICLE_SETS:
        return {"articles": sum(1 for _ in ARTICLE_SETS[name](root))}
    known = (*LABELED_SETS, *ARTICLE_SETS, *_OWN_COUNTS)
    raise UsageError(f"no code reads the public set {name!r}.{did_you_mean(name, known)}")


def _count_ptc(root: Path) -> dict[str, int]:
    counts = {}
    for split in ("train", "dev"):
        counts[f"{split} articles"] = len(ptc.articles(root, split))
        counts[f"{split} SI spans"] = sum(map(len, ptc.spans(root, split, task="si").values()))
        counts[f"{split} TC spans"] = sum(map(len, ptc.spans(root, split, task="tc").values()))
    return counts


def _count_polnear(root: Path) -> dict[str, int]:
    return {
        f"{split} articles": sum(1 for _ in read_polnear(root / "polnear", split))
        for split in ("train", "dev")
    }


# Sets that are counted otherwise than by the examples of their splits.
_OWN_COUNTS: dict[str, Callable[[Path], dict[str, int]]] = {"ptc": _count_ptc, "polnear": _count_polnear}


def _missing(root: Path, entry: PublicSet) -> list[str]:
    return [file for file in entry.files if not (root / entry.folder / file).exists()]


def _shown(number: int | None) -> str:
    return "—" if number is None else f"{number:,}"


def _entry(place: str, row: Any) -> PublicSet:
    if not isinstance(row, dict):
        raise UsageError(f"{place}: expected a table [[set]], got {row!r:.60}.")
    for key in row:
        if key not in _KEYS:
            raise UsageError(f"{place}: unknown key {key!r}.{did_you_mean(key, _KEYS)}")
    missing = [key for key in _REQUIRED if not row.get(key)]
    if missing:
        raise UsageError(
            f"{place} ({row.get('name', 'no name')}): {', '.join(missing)} is missing. Add it to the entry."
        )
    return PublicSet(**{**row, "files": tuple(row["files"])})
