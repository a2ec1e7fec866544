"""Finding many names in a text with one regular expression: a trie, since trying a thousand in turn is slow.

A key is a name in the form in which names are compared: composed (NFC), lower case, straight apostrophes,
one blank for any run of blanks and hyphens. The search goes over the lower-cased text as it stands, so that
offsets stay true.

Targets: whom and what stance is asked about, and where a text names them.
"""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from slant.assets import asset
from slant.errors import UsageError, did_you_mean
from slant.records import CONTENT_KINDS

_APOSTROPHES = "'’‘ʼ`´"
_GAP = re.compile(r"[\s\-‐‑‒–]+")
_BRACES = re.compile(r"\{([^{}]*)\}")
_MARKS = "\u0300-\u036f"  # combining marks are part of the word that they follow, though not of \w


# (start, end, what is named there: target ids, or None alone for an expression that names nothing)
Mention = tuple[int, int, tuple[str | None, ...]]


@dataclass(frozen=True, slots=True)
class Alias:
    """A name and what it names: `target` is None for an expression that names nothing.

    exact: counts only as written or in capitals.
    """

    text: str
    target: str | None
    exact: bool


@dataclass(frozen=True, slots=True)
class Index:
    """What `find_aliases` needs.

    pattern: the longest key from each word's start. by_key: key → what it names in any spelling, and what it
    names in the spellings given only (these as in `_spelling`).
    """

    pattern: re.Pattern[str]
    by_key: dict[str, tuple[tuple[str | None, ...], dict[str, tuple[str | None, ...]]]]


def expand(text: str) -> list[str]:
    """`{Russia,Moscow} agreement{,s}` → its four readings; a text without braces is its only one."""
    braces = _BRACES.search(text)
    if not braces:
        return [text]
    head, tail = text[: braces.start()], text[braces.end() :]
    return [each for option in braces[1].split(",") for each in expand(head + option + tail)]


def key_of(text: str) -> str:
    """The form in which names are compared; empty if there is nothing but blanks and hyphens."""
    return _lower(_spelling(text))


def index(aliases: Iterable[Alias]) -> Index:
    """Compiles the names. With no names at all the pattern matches nothing."""
    by_key: dict[str, tuple[tuple[str | None, ...], dict[str, tuple[str | None, ...]]]] = {}
    for alias in aliases:
        freely, spelled = by_key.get(key_of(alias.text), ((), {}))
        if alias.exact:
            written = _spelling(alias.text)
            for form in {written, written.upper()}:
                spelled[form] = (*spelled.get(form, ()), alias.target)
        else:
            freely = (*freely, alias.target)
        by_key[key_of(alias.text)] = (freely, spelled)
    trie = _trie(sorted(by_key)) if by_key else "(?!)"
    return Index(re.compile(rf"(?<![\w{_MARKS}])(?=({trie})(?![\w{_MARKS}]))"), by_key)


def find_aliases(text: str, names: Index) -> Iterator[Mention]:
    """`(start, end, targets)` of every mention, in order, none overlapping another; longer ones go first."""
    lowered = _lower(text)
    cluster: list[tuple[int, int]] = []
    reach = 0
    for found in names.pattern.finditer(lowered):
        start, end = found.span(1)
        if start >= reach:
            yield from _resolve(text, lowered, names, cluster)
            cluster = []
        cluster.append((start, end))
        reach = max(reach, end)
    yield from _resolve(text, lowered, names, cluster)


def _resolve(text: str, lowered: str, names: Index, cluster: list[tuple[int, int]]) -> Iterator[Mention]:
    """Mentions among overlapping candidates: the longest first, then what is free before and after it.

    cluster: starts of names, each with the end that none from there may pass, in order.
    """
    while cluster:
        read = (_longest(text, lowered, names, start, limit) for start, limit in cluster)
        found = [mention for mention in read if mention]
        if not found:
            return
        start, end, targets = max(
            found, key=lambda mention: mention[1] - mention[0]
        )  # the first of the longest
        if len(cluster) > 1:  # what is before it is shorter, so this goes only as deep as names have lengths
            shortened = (names.pattern.match(lowered, place, min(limit, start)) for place, limit in cluster)
            yield from _resolve(text, lowered, names, [each.span(1) for each in shortened if each])
        if targets != (None,):
            yield start, end, targets
        cluster = [each for each in cluster if each[0] >= end]


def _longest(text: str, lowered: str, names: Index, start: int, limit: int) -> Mention | None:
    """The longest name from `start` that ends at `limit` or before, and is spelled as it demands."""
    end = limit
    while True:
        known = names.by_key.get(key_of(lowered[start:end]))
        if known and (end == len(lowered) or not _continues(lowered[end])):
            freely, spelled = known
            targets = (*freely, *spelled.get(_spelling(text[start:end]), ())) if spelled else freely
            if targets:
                return start, end, tuple(dict.fromkeys(targets))
        shorter = names.pattern.match(lowered, start, end - 1)
        if not shorter:
            return None
        end = shorter.end(1)


def _continues(character: str) -> bool:
    return character.isalnum() or character == "_" or "\u0300" <= character <= "\u036f"


def _spelling(text: str) -> str:
    """The text with its case, but apostrophes, blanks and hyphens made alike."""
    composed = unicodedata.normalize("NFC", text)
    for mark in _APOSTROPHES[1:]:
        composed = composed.replace(mark, "'")
    return _GAP.sub(" ", composed).strip()


def _lower(text: str) -> str:
    """Lower case without a change of length: a letter that would become two stays, sigma has one form."""
    lowered = text.lower()
    if len(lowered) != len(text):
        lowered = "".join(low if len(low := letter.lower()) == 1 else letter for letter in text)
    return lowered.replace("ς", "σ")


def _trie(keys: list[str]) -> str:
    """A pattern for sorted keys that shares their beginnings and prefers the longest."""
    if keys == [""]:
        return ""
    branches: dict[str, list[str]] = {}
    for key in keys:
        if key:
            branches.setdefault(key[0], []).append(key[1:])
    parts = [_letter(letter) + _trie(rest) for letter, rest in branches.items()]
    inner = parts[0] if len(parts) == 1 and "" not in keys else f"(?:{'|'.join(parts)})"
    return f"{inner}?" if "" in keys else inner


def _letter(letter: str) -> str:
    """A letter of a key as a pattern: a blank is any gap, an accented letter may come as two code points."""
    if letter == " ":
        return _GAP.pattern
    if letter == "'":
        return f"[{_APOSTROPHES}]"
    decomposed = unicodedata.normalize("NFD", letter)
    if decomposed == letter:
        return re.escape(letter)
    return f"(?:{re.escape(letter)}|{re.escape(decomposed)})"


_LISTS = ("aliases", "exact", "never", "always")
_KEYS = ("id", "name", *_LISTS)
_ID = re.compile(r"[a-z][a-z0-9_]*\Z")


@dataclass(frozen=True, slots=True)
class Target:
    """One target; see `seeds/targets.toml` for what the lists mean. Braces are already expanded here."""

    id: str
    name: str
    aliases: tuple[str, ...] = ()
    exact: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    always: tuple[str, ...] = ()


@dataclass(frozen=True)
class Targets:
    """The targets of a run, in order."""

    targets: tuple[Target, ...]

    @classmethod
    def load(cls, path: Path | None = None) -> Targets:
        """The targets file at `path`, by default the one that ships with slant.

        Raises UsageError with the place if the file is missing, no TOML, or has a target that is of no use.
        """
        path = path or asset("targets.toml")
        try:
            content = tomllib.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise UsageError(f"{path}: no such targets file.") from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise UsageError(f"{path}: not a TOML file: {error}.") from None
        rows = content.get("target")
        if not isinstance(rows, list) or not rows:
            raise UsageError(f"{path}: no targets. A target is a table [[target]] with id, name and aliases.")
        targets = tuple(_target(f"{path}, target {number}", row) for number, row in enumerate(rows, start=1))
        _refuse_doubles(path, targets)
        return cls(targets)

    @classmethod
    def from_names(cls, names: Iterable[str]) -> Targets:
        """Targets for names given ad hoc: id, name and only alias are the name itself; repeats count once.

        A name in capitals such as "US" is found as written only. Raises UsageError for an empty name.
        """
        targets = []
        for name in dict.fromkeys(names):
            if not key_of(name):
                raise UsageError(f"{name!r} is no name of a target: there is nothing in it to look for.")
            kind = "exact" if name.isupper() else "aliases"
            targets.append(Target(id=name, name=name, **{kind: (name,)}))
        return cls(tuple(targets))

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(target.id for target in self.targets)

    def name(self, target_id: str) -> str:
        """What the target is called. Raises UsageError for an unknown id."""
        for target in self.targets:
            if target.id == target_id:
                return target.name
        raise UsageError(
            f"No target {target_id!r}.{did_you_mean(target_id, self.ids)} Known: {', '.join(self.ids)}."
        )

    def always(self, kind: str) -> tuple[str, ...]:
        """Ids of the targets that every unit of this kind is asked about, named or not."""
        return tuple(target.id for target in self.targets if kind in target.always)

    def find(self, text: str) -> dict[str, tuple[tuple[int, int], ...]]:
        """Target id → where `text` names it, in order; the ids in the order of their first mention.

        Half-open code-point offsets of whole words without a possessive ending. Mentions never overlap: of
        two overlapping matches the longer one holds, of two of equal length the first.
        """
        mentions: dict[str, list[tuple[int, int]]] = {}
        for start, end, target_ids in find_aliases(text, self._index):
            for target_id in filter(None, target_ids):
                mentions.setdefault(target_id, []).append((start, end))
        return {target_id: tuple(places) for target_id, places in mentions.items()}

    @property
    def fingerprint(self) -> str:
        """12 hex digits of the targets with all that is said about them."""
        canonical = json.dumps(
            [asdict(target) for target in self.targets], sort_keys=True, ensure_ascii=False
        )
        return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()[:12]

    @cached_property
    def _index(self) -> Index:
        return index(_aliases(self.targets))


def _aliases(targets: Iterable[Target]) -> Iterator[Alias]:
    for target in targets:
        yield from (Alias(text, target.id, exact=False) for text in target.aliases)
        yield from (Alias(text, target.id, exact=True) for text in target.exact)
        yield from (Alias(text, None, exact=False) for text in target.never)


def _target(place: str, row: Any) -> Target:
    """Checks one [[target]] table and expands its braces."""
    if not isinstance(row, dict):
        raise UsageError(f"{place}: expected a table [[target]].")
    for name in row:
        if name not in _KEYS:
            raise UsageError(
                f"{place}: unknown key {name!r}.{did_you_mean(name, _KEYS)} Known: {', '.join(_KEYS)}."
            )
    for name in ("id", "name"):
        if not isinstance(row.get(name), str) or not row[name].strip():
            raise UsageError(f"{place}: {name!r} is missing. A target needs at least id, name and aliases.")
    place = f"{place} ({row['id']})"
    if not _ID.match(row["id"]):
        raise UsageError(
            f"{place}: an id is made of lower-case letters, digits and _, e.g. 'syrian_government'."
        )
    lists = {name: _texts(place, name, row.get(name, [])) for name in _LISTS}
    if not (lists["aliases"] or lists["exact"] or lists["always"]):
        raise UsageError(f'{place}: nothing would ever name it. Give it aliases, or always = ["comment"].')
    for kind in lists["always"]:
        if kind not in CONTENT_KINDS:
            raise UsageError(
                f"{place}: no kind of unit {kind!r} for always.{did_you_mean(kind, CONTENT_KINDS)}"
            )
    return Target(row["id"], row["name"], **lists)


def _texts(place: str, name: str, texts: Any) -> tuple[str, ...]:
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise UsageError(f'{place}: {name} is {texts!r}; expected a list of texts, e.g. {name} = ["…"].')
    expanded = tuple(dict.fromkeys(each for text in texts for each in expand(text)))
    for text in expanded:
        if not key_of(text):
            raise UsageError(f"{place}: {name} holds {text!r}, an alias with nothing in it.")
    return expanded


def _refuse_doubles(path: Path, targets: tuple[Target, ...]) -> None:
    ids: set[str] = set()
    owner: dict[str, str] = {}
    for target in targets:
        if target.id in ids:
            raise UsageError(f"{path}: two targets have the id {target.id!r}. Merge them or rename one.")
        ids.add(target.id)
        for text in (*target.aliases, *target.exact):
            if owner.setdefault(key_of(text), target.id) != target.id:
                raise UsageError(
                    f"{path}: {text!r} names both {owner[key_of(text)]!r} and {target.id!r}. "
                    "Leave it to one of them."
                )
