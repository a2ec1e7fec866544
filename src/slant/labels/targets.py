"""Load the targets of stance and find where a text names them.

All aliases are compiled to one regular expression (a trie), since searching for a thousand names one by one is slow. Names
are compared in a normalized form: composed (NFC), in lower case, with straight apostrophes, and with a single space for any
run of spaces and hyphens. The search runs on the lower-cased text, which keeps its length, so offsets stay valid.
"""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from slant.assets import asset
from slant.errors import UsageError, did_you_mean
from slant.records import CONTENT_KINDS

# ---- targets

_LIST_FIELDS = ("aliases", "exact", "never", "always")
_FIELDS = ("id", "name", "search_name", *_LIST_FIELDS)
_ARTICLE = "article"  # the article that a comment answers: "the article" in a text may be any
_ID = re.compile(r"[a-z][a-z0-9_]*\Z")


@dataclass(frozen=True, slots=True)
class Target:
    """One target, with braces expanded, and its name among the aliases. seeds/targets.toml explains the lists."""

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
        """Load the targets file at `path`, by default the one that ships with slant.

        Raises UsageError, with the place, if the file is missing, is not TOML, or contains an invalid target.
        """
        path = path or asset("targets.toml")
        try:
            content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
        except FileNotFoundError:
            raise UsageError(f"{path}: no such targets file. Check the path.") from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise UsageError(f"{path}: not a TOML file: {error}.") from None
        rows = content.get("target")
        if not isinstance(rows, list) or not rows:
            raise UsageError(
                f"{path}: no targets. Expected a table [[target]] with id, name and aliases per target."
            )
        targets = tuple(
            _parse_target(f"{path}, target {number}", row) for number, row in enumerate(rows, start=1)
        )
        _check_duplicates(path, targets)
        return cls(_with_names(targets, rows))

    @classmethod
    def from_names(cls, names: Iterable[str]) -> Targets:
        """Targets for names without a file. The name is id, name and only alias; duplicates are dropped.

        A name in capitals such as "US" matches only as written. Raises UsageError for an empty name.
        """
        targets = []
        for name in dict.fromkeys(names):
            if not normalize(name):
                raise UsageError(f"{name!r} is not a name of a target. Expected letters or digits.")
            kind = "exact" if name.isupper() else "aliases"
            targets.append(Target(id=name, name=name, **{kind: (name,)}))
        return cls(tuple(targets))

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(target.id for target in self.targets)

    def name(self, target_id: str) -> str:
        """Name of a target. Raises UsageError for an unknown id."""
        for target in self.targets:
            if target.id == target_id:
                return target.name
        raise UsageError(
            f"No target {target_id!r}.{did_you_mean(target_id, self.ids)} Known: {', '.join(self.ids)}."
        )

    def id_of(self, name: str) -> str | None:
        """Id of the target with this id, name or alias, in any spelling; None if there is none."""
        if name in self.ids:
            return name
        wanted = normalize(name)
        for target in self.targets:
            if wanted in map(normalize, (target.name, *target.aliases, *target.exact)):
                return target.id
        return None

    def always(self, kind: str) -> tuple[str, ...]:
        """Ids of the targets that every unit of this kind is scored for, even if it does not name them."""
        return tuple(target.id for target in self.targets if kind in target.always)

    def find(self, text: str) -> dict[str, tuple[tuple[int, int], ...]]:
        """Target id → mentions in `text`, in order; the ids in the order of their first mention.

        A mention is a half-open range of code points: whole words without a possessive ending. Mentions do not overlap: of
        two overlapping matches the longer one is kept, of equally long ones the first.
        """
        mentions: dict[str, list[tuple[int, int]]] = {}
        if not text.isascii() and _UNSEEN.search(text):
            seen = [at for at, character in enumerate(text) if not _UNSEEN.match(character)]
            found = self.find("".join(text[at] for at in seen))
            return {
                target_id: tuple((seen[start], seen[end - 1] + 1) for start, end in places)
                for target_id, places in found.items()
            }
        for start, end, target_ids in find_aliases(text, self._index):
            for target_id in filter(None, target_ids):
                mentions.setdefault(target_id, []).append((start, end))
        return {target_id: tuple(places) for target_id, places in mentions.items()}

    @property
    def fingerprint(self) -> str:
        """Hash of the targets with all their fields, 12 hex digits."""
        canonical = json.dumps(
            [asdict(target) for target in self.targets], sort_keys=True, ensure_ascii=False
        )
        return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()[:12]

    @cached_property
    def _index(self) -> AliasIndex:
        return build_index(_aliases(self.targets))


def _aliases(targets: Iterable[Target]) -> Iterator[Alias]:
    for target in targets:
        yield from (Alias(text, target.id, exact=False) for text in target.aliases)
        yield from (Alias(text, target.id, exact=True) for text in target.exact)
        yield from (Alias(text, None, exact=False) for text in target.never)


def _parse_target(place: str, row: Any) -> Target:
    """Validate one [[target]] table and expand its braces."""
    if not isinstance(row, dict):
        raise UsageError(f"{place}: expected a table [[target]].")
    for name in row:
        if name not in _FIELDS:
            raise UsageError(
                f"{place}: unknown key {name!r}.{did_you_mean(name, _FIELDS)} Known: {', '.join(_FIELDS)}."
            )
    for name in ("id", "name"):
        if not isinstance(row.get(name), str) or not row[name].strip():
            raise UsageError(f"{place}: {name!r} is missing. A target needs at least id, name and aliases.")
    place = f"{place} ({row['id']})"
    if not _ID.match(row["id"]):
        raise UsageError(
            f"{place}: invalid id. Expected lower-case letters, digits and _, e.g. 'syrian_government'."
        )
    lists = {name: _parse_list(place, name, row.get(name, [])) for name in _LIST_FIELDS}
    if not isinstance(search_name := row.get("search_name", True), bool):
        raise UsageError(f"{place}: search_name is {search_name!r}. Expected true or false.")
    if not (search_name or lists["aliases"] or lists["exact"] or lists["always"]):
        raise UsageError(f'{place}: no text could name it. Add aliases, or always = ["comment"].')
    for kind in lists["always"]:
        if kind not in CONTENT_KINDS:
            raise UsageError(
                f"{place}: always holds {kind!r}, which is not a kind of unit.{did_you_mean(kind, CONTENT_KINDS)}"
                f" Known: {', '.join(CONTENT_KINDS)}."
            )
    return Target(row["id"], row["name"], **lists)


def _parse_list(place: str, name: str, texts: Any) -> tuple[str, ...]:
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise UsageError(f'{place}: {name} is {texts!r}. Expected a list of texts, e.g. {name} = ["…"].')
    expanded = tuple(dict.fromkeys(each for text in texts for each in expand_braces(text)))
    for text in expanded:
        if not normalize(text):
            raise UsageError(f"{place}: {name} holds {text!r}. Expected letters or digits in an alias.")
    return expanded


def _with_names(targets: Sequence[Target], rows: Sequence[Any]) -> tuple[Target, ...]:
    """Add the name of each target to its aliases, without "the", unless `search_name = false` or a list holds it already.

    A name in capitals such as "US" matches only as written.
    """
    taken = {normalize(text) for t in targets for text in (*t.aliases, *t.exact, *t.never)}
    named = Counter(_bare_name(target) for target in targets)
    found = []
    for target, row in zip(targets, rows, strict=True):
        name = _bare_name(target)
        known = not name or name in taken or named[name] > 1
        if target.id != _ARTICLE and row.get("search_name", True) and not known:
            text = _THE.sub("", target.name.strip())
            if target.name.isupper():
                target = replace(target, exact=(*target.exact, text))
            else:
                target = replace(target, aliases=(*target.aliases, text))
        found.append(target)
    return tuple(found)


_THE = re.compile(r"\Athe\s+(?=\S)", re.IGNORECASE)


def _bare_name(target: Target) -> str:
    return normalize(_THE.sub("", target.name.strip()))


def _check_duplicates(path: Path, targets: tuple[Target, ...]) -> None:
    ids: set[str] = set()
    owner: dict[str, str] = {}
    for target in targets:
        if target.id in ids:
            raise UsageError(f"{path}: two targets have the id {target.id!r}. Merge them or rename one.")
        ids.add(target.id)
        for text in (*target.aliases, *target.exact):
            if owner.setdefault(normalize(text), target.id) != target.id:
                raise UsageError(
                    f"{path}: {text!r} names both {owner[normalize(text)]!r} and {target.id!r}. "
                    "Keep it for one of them."
                )


# ---- search for names

_APOSTROPHES = "'’‘ʼ`´"
_GAP = re.compile(r"[\s\-‐‑‒–]+")
# Soft hyphens, zero-width spaces, marks of direction and the like are skipped in texts and names.
_UNSEEN = re.compile("[\u00ad\u034f\u061c\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]")
_BRACES = re.compile(r"\{([^{}]*)\}")
_MARKS = "\u0300-\u036f"  # combining marks; part of the preceding word, but not matched by \w


Mention = tuple[int, int, tuple[str | None, ...]]
"""`(start, end, ids of the targets named there)`; only None for an expression that names no target."""


@dataclass(frozen=True, slots=True)
class Alias:
    """A name of a target. target: its id, or None for an expression that names no target ("never").

    exact: the name matches only as written or in capitals.
    """

    text: str
    target: str | None
    exact: bool


@dataclass(frozen=True, slots=True)
class AliasIndex:
    """Compiled aliases for `find_aliases`.

    pattern: matches the longest normalized name at the start of each word.
    by_name: normalized name → (targets in any spelling, targets per exact spelling as returned by `_spelling`).
    """

    pattern: re.Pattern[str]
    by_name: dict[str, tuple[tuple[str | None, ...], dict[str, tuple[str | None, ...]]]]


def expand_braces(text: str) -> list[str]:
    """Expand braces: `{Russia,Moscow} agreement{,s}` gives four texts, a text without braces only itself."""
    braces = _BRACES.search(text)
    if not braces:
        return [text]
    head, tail = text[: braces.start()], text[braces.end() :]
    return [each for option in braces[1].split(",") for each in expand_braces(head + option + tail)]


def normalize(text: str) -> str:
    """Normalized form in which names are compared; empty for a text of only spaces and hyphens."""
    return _lower_case(_spelling(text))


def build_index(aliases: Iterable[Alias]) -> AliasIndex:
    """Compile the aliases. Without any, the pattern matches nothing."""
    by_name: dict[str, tuple[tuple[str | None, ...], dict[str, tuple[str | None, ...]]]] = {}
    for alias in aliases:
        any_spelling, by_spelling = by_name.get(normalize(alias.text), ((), {}))
        if alias.exact:
            written = _spelling(alias.text)
            for form in {written, written.upper()}:
                by_spelling[form] = (*by_spelling.get(form, ()), alias.target)
        else:
            any_spelling = (*any_spelling, alias.target)
        by_name[normalize(alias.text)] = (any_spelling, by_spelling)
    trie = _trie_pattern(sorted(by_name)) if by_name else "(?!)"
    return AliasIndex(re.compile(rf"(?<![\w{_MARKS}])(?=({trie})(?![\w{_MARKS}]))"), by_name)


def find_aliases(text: str, names: AliasIndex) -> Iterator[Mention]:
    """Yield the mentions in order, without overlap; of overlapping ones the longest wins."""
    lowered = _lower_case(text)
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


def _resolve(text: str, lowered: str, names: AliasIndex, cluster: list[tuple[int, int]]) -> Iterator[Mention]:
    """Resolve overlapping candidates: take the longest, then search before and after it.

    cluster: `(start, limit)` of the candidates, in order; a name from `start` must end at `limit` or before.
    """
    while cluster:
        read = (_longest_name(text, lowered, names, start, limit) for start, limit in cluster)
        found = [mention for mention in read if mention]
        if not found:
            return
        # the first of the longest
        start, end, targets = max(found, key=lambda mention: mention[1] - mention[0])
        # Names before it are shorter, so the recursion is at most as deep as names are long.
        if len(cluster) > 1:
            shortened = (names.pattern.match(lowered, place, min(limit, start)) for place, limit in cluster)
            yield from _resolve(text, lowered, names, [each.span(1) for each in shortened if each])
        if targets != (None,):
            yield start, end, targets
        cluster = [each for each in cluster if each[0] >= end]


def _longest_name(text: str, lowered: str, names: AliasIndex, start: int, limit: int) -> Mention | None:
    """Longest name from `start` that ends at `limit` or before and whose spelling matches."""
    end = limit
    while True:
        known = names.by_name.get(normalize(lowered[start:end]))
        if known and (end == len(lowered) or not _continues_word(lowered[end])):
            any_spelling, by_spelling = known
            targets = (
                (*any_spelling, *by_spelling.get(_spelling(text[start:end]), ()))
                if by_spelling
                else any_spelling
            )
            if targets:
                return start, end, tuple(dict.fromkeys(targets))
        shorter = names.pattern.match(lowered, start, end - 1)
        if not shorter:
            return None
        end = shorter.end(1)


def _continues_word(character: str) -> bool:
    return character.isalnum() or character == "_" or "\u0300" <= character <= "\u036f"


def _spelling(text: str) -> str:
    """Normalize apostrophes, spaces and hyphens, but keep the case."""
    composed = unicodedata.normalize("NFC", text if text.isascii() else _UNSEEN.sub("", text))
    for mark in _APOSTROPHES[1:]:
        composed = composed.replace(mark, "'")
    return _GAP.sub(" ", composed).strip()


def _lower_case(text: str) -> str:
    """Lower case of the same length: letters that would become two are kept, and final sigma becomes sigma."""
    lowered = text.lower()
    if len(lowered) != len(text):
        lowered = "".join(low if len(low := letter.lower()) == 1 else letter for letter in text)
    return lowered.replace("ς", "σ")


def _trie_pattern(keys: list[str]) -> str:
    """Regular expression for sorted names that shares their prefixes and matches the longest."""
    if keys == [""]:
        return ""
    branches: dict[str, list[str]] = {}
    for key in keys:
        if key:
            branches.setdefault(key[0], []).append(key[1:])
    parts = [_letter_pattern(letter) + _trie_pattern(rest) for letter, rest in branches.items()]
    inner = parts[0] if len(parts) == 1 and "" not in keys else f"(?:{'|'.join(parts)})"
    return f"{inner}?" if "" in keys else inner


def _letter_pattern(letter: str) -> str:
    """Pattern for one letter of a name: a space matches any gap, an accented letter also its decomposed form."""
    if letter == " ":
        return _GAP.pattern
    if letter == "'":
        return f"[{_APOSTROPHES}]"
    decomposed = unicodedata.normalize("NFD", letter)
    if decomposed == letter:
        return re.escape(letter)
    return f"(?:{re.escape(letter)}|{re.escape(decomposed)})"
