"""The public sets at hand: `slant data list` shows them, `slant data check` counts them."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Any

from slant.assets import asset
from slant.corpora import ARTICLE_SETS, LABELED_SETS, data_root, ptc
from slant.corpora.polnear import read_polnear
from slant.errors import SlantError, UsageError, did_you_mean

_KEYS = ("name", "title", "citation", "licence", "folder", "files", "metric", "terms", "note", "counts")
_NEEDED = ("name", "title", "citation", "licence", "folder", "files", "counts")


@dataclass(frozen=True, slots=True)
class PublicSet:
    """One entry of the registry.

    citation: authors, title, place and year, between commas. folder, files: where it is looked for, below the
    data root. counts: what → how many the reader gives. metric: the official one. terms: what its authors ask
    of users. note: why counts differ from the published ones.
    """

    name: str
    title: str
    citation: str
    licence: str
    folder: str
    files: tuple[str, ...]
    counts: dict[str, int]
    metric: str = "none fixed"
    terms: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class SetRow:
    """One line of `slant data list`; state is "found" or "missing"."""

    set: str
    state: str
    source: str
    licence: str
    counts: str


@dataclass(frozen=True, slots=True)
class CheckRow:
    """One line of `slant data check`; state is "ok", "mismatch", "unreadable" or "missing"."""

    set: str
    what: str
    expected: str
    found: str
    state: str
    detail: str


def load_registry(path: Path | None = None) -> tuple[PublicSet, ...]:
    """The entries of the registry file, by default the one that ships with slant.

    Raises UsageError with the place for an entry that cannot be used.
    """
    path = path or asset("registry.toml")
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: no registry that can be read: {error}.") from None
    return tuple(_entry(f"{path}, set {number}", row) for number, row in enumerate(content.get("set", []), 1))


def list_sets(root: Path | None = None) -> list[SetRow]:
    """One row per set of the registry; counts are the registry's, nothing is read."""
    root = root or data_root()
    return [
        SetRow(
            set=entry.name,
            state="missing" if _missing(root, entry) else "found",
            source=f"{entry.citation.split(',')[0]}, {entry.citation.split(',')[-1].strip()}",
            licence=entry.licence,
            counts=" · ".join(f"{what} {number:,}" for what, number in entry.counts.items()),
        )
        for entry in load_registry()
    ]


def check_sets(root: Path | None = None, registry: Sequence[PublicSet] | None = None) -> list[CheckRow]:
    """Reads every set that is there and compares its counts with the registry's: one row per count."""
    root = root or data_root()
    rows: list[CheckRow] = []
    for entry in registry if registry is not None else load_registry():
        rows += _check(root, entry)
    return rows


def all_ok(rows: Sequence[CheckRow]) -> bool:
    """Whether nothing that is there differs; a set that is missing is no fault."""
    return all(row.state in ("ok", "missing") for row in rows)


def render(rows: Sequence[SetRow] | Sequence[CheckRow]) -> str:
    """A plain text table, columns padded, empty columns left out; an empty text for no rows."""
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
    gone = _missing(root, entry)
    if gone:
        detail = f"no {', '.join(gone)} in {root / entry.folder}"
        expected = f"{sum(entry.counts.values()):,}"
        return [CheckRow(entry.name, "all", expected, "", "missing", detail)]
    try:
        found = count(root, entry.name)
    except (SlantError, KeyError, ValueError, OSError) as error:
        return [CheckRow(entry.name, "all", "", "", "unreadable", f"{type(error).__name__}: {error}")]
    rows = []
    for what in dict.fromkeys((*entry.counts, *found)):
        wanted, counted = entry.counts.get(what), found.get(what)
        state = "ok" if wanted == counted else "mismatch"
        detail = entry.note if state == "mismatch" else ""
        rows.append(CheckRow(entry.name, what, _figure(wanted), _figure(counted), state, detail))
    return rows


def count(root: Path, name: str) -> dict[str, int]:
    """What → how many its reader gives. Raises UsageError for an unknown set, SlantError for bad files."""
    if name in _COUNTED_APART:
        return _COUNTED_APART[name](root)
    if name in LABELED_SETS:
        labeled = LABELED_SETS[name]
        return {split: sum(1 for _ in labeled.read(root, split)) for split in labeled.splits}
    if name in ARTICLE_SETS:
        return {"articles": sum(1 for _ in ARTICLE_SETS[name](root))}
    known = (*LABELED_SETS, *ARTICLE_SETS, *_COUNTED_APART)
    raise UsageError(f"No reader for the public set {name!r}.{did_you_mean(name, known)}")


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


_COUNTED_APART: dict[str, Callable[[Path], dict[str, int]]] = {"ptc": _count_ptc, "polnear": _count_polnear}


def _missing(root: Path, entry: PublicSet) -> list[str]:
    return [file for file in entry.files if not (root / entry.folder / file).exists()]


def _figure(number: int | None) -> str:
    return "—" if number is None else f"{number:,}"


def _entry(place: str, row: Any) -> PublicSet:
    if not isinstance(row, dict):
        raise UsageError(f"{place}: expected a table [[set]].")
    for key in row:
        if key not in _KEYS:
            raise UsageError(f"{place}: unknown key {key!r}.{did_you_mean(key, _KEYS)}")
    missing = [key for key in _NEEDED if not row.get(key)]
    if missing:
        raise UsageError(f"{place} ({row.get('name', 'no name')}): {', '.join(missing)} is missing.")
    return PublicSet(**{**row, "files": tuple(row["files"])})
