"""Finding many names in a text with one regular expression: a trie, since trying a thousand in turn is slow.

A key is a name in the form in which names are compared: composed (NFC), lower case, straight apostrophes,
one blank for any run of blanks and hyphens. The search goes over the lower-cased text as it stands, so that
offsets stay true.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

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
