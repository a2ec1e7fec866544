"""Put entries that mean the same target together, each with the reason: a full name and a surname, an acronym and its long
form, two spellings, an office of a state and the state."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher

import numpy as np
from numpy.typing import NDArray

from slant.labels.targets import normalize
from slant.suggesting.census import Census, name_key
from slant.suggesting.entries import ORGAN, PERSON_OR_BODY, STATE, Entry
from slant.suggesting.lexicon import PEOPLE, lexicon
from slant.suggesting.mentions import Found

SIMILAR, SIMILAR_FROM = 0.88, 6  # least similarity of two spellings, and of how many letters
APART = 0.5  # two spellings of one name are seldom in the same articles
TOGETHER = (
    0.3  # a surname is in articles with the full name in at least this share, or has an office before it
)
SHORT_FORM = 0.6  # a short form is in articles with the long one in at least this share
MOSTLY = 3.0  # one full name of a surname is this many times as frequent as the next
OF_ONE_STATE, LEAST_MODIFIED = 0.75, 10  # "army" belongs to a state if of this many adjectives before it …
_PARTICLES = frozenset(["al", "el", "ad", "an", "ar", "as", "ash", "at", "az", "ul", "the", "bin", "ibn"])


@dataclass(slots=True)
class Group:
    """Entries that mean one target, the main one first, and why they were put together."""

    members: list[int]
    reasons: list[str] = field(default_factory=list)


class Merger:
    """Puts entries together; `groups` returns the result."""

    def __init__(self, entries: Sequence[Entry], found: Sequence[Found], census: Census) -> None:
        self._entries, self._census = entries, census
        self._articles = [np.array(each.articles, dtype=np.int64) for each in found]
        self._at = {
            name_key(entry.name): i for i, entry in enumerate(entries) if entry.kind == PERSON_OR_BODY
        }
        self._state = {entry.name: i for i, entry in enumerate(entries) if entry.kind == STATE}
        self._parent = list(range(len(entries)))
        self._reasons: dict[int, list[str]] = defaultdict(list)

    def groups(self) -> list[Group]:
        """Return the groups, in the order of their most frequent entry."""
        self._plurals()
        self._acronyms()
        self._cores()
        self._offices()
        self._surnames()
        self._spellings()
        self._short_forms()
        self._organs()
        members: dict[int, list[int]] = defaultdict(list)
        for i in range(len(self._entries)):
            members[self._root(i)].append(i)
        found = []
        for root, each in members.items():
            each.sort(key=lambda i: (self._entries[i].kind != STATE, -len(self._articles[i])))
            found.append(Group(each, self._reasons[root]))
        return found

    # ---- union

    def _root(self, i: int) -> int:
        while self._parent[i] != i:
            i = self._parent[i]
        return i

    def _join(self, i: int, j: int, reason: str = "") -> None:
        a, b = self._root(i), self._root(j)
        if a == b:
            return
        states = {self._entries[k].name for k in (a, b) if self._entries[k].kind == STATE}
        if len(states) == 2:
            return
        if self._entries[b].kind == STATE or (
            self._entries[a].kind != STATE and len(self._articles[b]) > len(self._articles[a])
        ):
            a, b = b, a
        self._parent[b] = a
        self._reasons[a] += [*([reason] if reason else []), *self._reasons.pop(b, [])]

    def _names(self) -> Iterator[tuple[int, Entry]]:
        return ((i, entry) for i, entry in enumerate(self._entries) if entry.kind == PERSON_OR_BODY)

    # ---- rules

    def _plurals(self) -> None:
        """Join "Zelenskys" to "Zelensky": possessives whose apostrophe was lost, and plurals."""
        places = {normalize(form): i for form, i in self._state_forms()}
        for i, entry in self._names():
            key = normalize(entry.name)
            if key.endswith("s") and len(key) > 4:
                other = self._at.get(key[:-1], places.get(key[:-1]))
                if other is not None and len(self._articles[other]) > len(self._articles[i]):
                    self._join(i, other)

    def _state_forms(self) -> Iterator[tuple[str, int]]:
        for state, i in self._state.items():
            yield from ((form, i) for form in lexicon().spelled[state])

    def _acronyms(self) -> None:
        """Join acronyms to the long form that defines them, or to the only one with these initials."""
        for (long, short), times in self._census.defined.most_common():
            i, j = self._at.get(name_key(_without_the(long))), self._at.get(name_key(short))
            is_name = short.isupper() or " " in short
            fits = _has_initials(long, short) or (
                times >= (5 if short.isupper() else 2) and is_name and " " in long
            )
            if i is not None and j is not None and i != j and fits:
                self._join(j, i, f"{_without_the(long)} ({short})")
        long_forms = [(i, entry) for i, entry in enumerate(self._entries) if " " in entry.name]
        for j, entry in self._names():
            if entry.name.isupper() and len(_letters(entry.name)) >= 3:
                fitting = [i for i, other in long_forms if _has_initials(other.name, entry.name)]
                if len(fitting) == 1 and self._root(fitting[0]) != self._root(j):
                    self._join(j, fitting[0], f"{entry.name}: initials of {self._entries[fitting[0]].name}")

    def _offices(self) -> None:
        """Join "Armed Forces of Ukraine" to its state."""
        lists = lexicon()
        for i, entry in self._names():
            left, of, right = entry.name.partition(" of ")
            known = lists.states.get(normalize(right.removeprefix("the ")))
            parts = lists.organ_parts | lists.titles
            if of and known and known[0] in self._state and all(w.lower() in parts for w in left.split()):
                self._join(self._state[known[0]], i)

    def _short_forms(self) -> None:
        """Join "Observatory" to the long name in the same articles, if that has the word."""
        with_word: dict[str, list[int]] = defaultdict(list)
        for i, entry in self._names():
            for word in set(normalize(entry.name).split(" ")):
                with_word[word].append(i)
        for j, entry in self._names():
            if " " in entry.name or self._root(j) != j or entry.name.isupper():
                continue
            word = normalize(entry.name)
            long = [i for i in with_word[word] if i != j]
            both = {i: len(np.intersect1d(self._articles[i], self._articles[j])) for i in long}
            best = max(long, key=lambda i: both[i], default=None)
            if best is not None and both[best] >= SHORT_FORM * max(1, len(self._articles[j])):
                self._join(best, j)

    def _cores(self) -> None:
        """Join "Nusra Front", "al-Nusra" and "Nusra": equal but for particles, accents and words such as "Front"."""
        by_core: dict[str, list[int]] = defaultdict(list)
        for i, entry in self._names():
            by_core[_fold(entry.name)].append(i)
            core = _fold(entry.name, organizations=True)
            if (
                core != _fold(entry.name)
                and " " not in core
                and len(core) > 4
                and core not in lexicon().states
            ):
                by_core[core].append(i)
        for each in by_core.values():
            bodies = [
                i for i in each if not self._is_common_word(_fold(self._entries[i].name, organizations=True))
            ]
            for i in bodies[1:]:
                self._join(bodies[0], i)

    def _is_common_word(self, word: str) -> bool:
        return self._census.words[word] > self._census.words[word.capitalize()]

    def _surnames(self) -> None:
        """Join surnames to full names, where one full name has the surname mostly to itself."""
        full: dict[int, list[int]] = defaultdict(list)
        for i, entry in self._names():
            if self._is_person(entry):
                words = entry.name.split(" ")
                for size in range(1, len(words)):
                    j = self._surname(words[size:])
                    if j is not None and j != i and self._root(j) != self._root(i):
                        full[j].append(i)
        for j, names in full.items():
            # Longer forms of one name ("Recep Tayyip …", "Tayyip …") do not compete.
            roots = Counter[int]()
            for i in names:
                roots[self._root(i)] += len(self._articles[i])
            ranked = roots.most_common()
            merged = [i for i in names if self._root(i) == ranked[0][0] or self._nested(i, ranked[0][0])]
            rivals = sum(len(self._articles[i]) for i in names if i not in merged)
            if ranked[0][1] >= MOSTLY * rivals and self._belongs(j, merged):
                for i in merged:
                    self._join(j, i)

    def _surname(self, words: list[str]) -> int | None:
        name = " ".join(words)
        for key in (name_key(name), normalize(name), _fold(name)):
            if key in self._at:
                return self._at[key]
        return None

    def _nested(self, i: int, j: int) -> bool:
        a, b = (_fold(self._entries[k].name).split()[-1] for k in (i, j))
        first, second = (_fold(self._entries[k].name).split() for k in (i, j))
        return a == b and (set(first) <= set(second) or set(second) <= set(first))

    def _is_person(self, entry: Entry) -> bool:
        words = entry.name.lower().split(" ")
        lists = lexicon()
        if not 2 <= len(words) <= 4 or {"of", "for", "the"} & set(words) or entry.name.isupper():
            return False
        if any(
            word in lists.organizations | lists.organ_parts | lists.never or word in lists.nouns
            for word in words
        ):
            return False
        return all(normalize(word) not in lists.states for word in words)

    def _belongs(self, surname: int, names: list[int]) -> bool:
        """Return whether texts with the surname have the full name as well, or call it by an office or form of address."""
        if self._is_common_word(normalize(self._entries[surname].name)):
            return False
        counts = [self._census.names[name_key(self._entries[i].name)] for i in (surname, *names)]
        if sum(each.titled for each in counts) >= 2:
            return True
        both = np.unique(np.concatenate([self._articles[i] for i in names]))
        own = self._articles[surname]
        return len(own) > 0 and len(np.intersect1d(own, both)) >= TOGETHER * len(own)

    def _spellings(self) -> None:
        """Join spellings of one name: "Zelensky" and "Zelenskiy"."""
        names = sorted((_fold(entry.name), i) for i, entry in self._names())
        for at, (first, i) in enumerate(names):
            if len(first) < SIMILAR_FROM or self._entries[i].name.isupper():
                continue
            for second, j in names[at + 1 :]:
                if second[:1] != first[:1]:
                    break
                if len(second) >= SIMILAR_FROM and self._are_spellings(first, second, i, j):
                    self._join(i, j, f"{self._entries[i].name}, {self._entries[j].name}: two spellings")

    def _are_spellings(self, first: str, second: str, i: int, j: int) -> bool:
        if len(first.split()) != len(second.split()) or self._root(i) == self._root(j):
            return False
        matcher = SequenceMatcher(None, first, second, autojunk=False)
        if matcher.quick_ratio() < SIMILAR or matcher.ratio() < SIMILAR:
            return False
        if any(a[:1] != b[:1] for a, b in zip(first.split(), second.split(), strict=True)):
            return False
        if any(not a.startswith(b) and not b.startswith(a) and SequenceMatcher(None, a, b).ratio() < 0.8
               for a, b in zip(first.split(), second.split(), strict=True)):  # fmt: skip
            return False
        both = len(np.intersect1d(self._articles[i], self._articles[j]))
        return both <= APART * max(1, min(len(self._articles[i]), len(self._articles[j])))

    def _organs(self) -> None:
        """Join "army" to the one state whose adjective is mostly before it."""
        for i, entry in enumerate(self._entries):
            if entry.kind != ORGAN:
                continue
            shares = organ_shares(self._census, entry)
            if not shares:
                continue
            (state, times), total = shares.most_common(1)[0], shares.total()
            if total >= LEAST_MODIFIED and times >= OF_ONE_STATE * total and state in self._state:
                reason = f"“{entry.name}”: {times} of {total} that name a state name {state}"
                self._join(i, self._state[state], reason)


def organ_shares(census: Census, entry: Entry) -> Counter[str]:
    """State → times that its adjective is before the words of an entry ("Syrian army")."""
    states = {
        state for state, forms in lexicon().spelled.items()
        if any(lexicon().states[normalize(form)][1] == PEOPLE for form in forms)
    }  # fmt: skip
    return Counter({s: n for (s, noun), n in census.modified.items() if noun == entry.key and s in states})


def _without_the(name: str) -> str:
    return re.sub(r"\A[Tt]he ", "", name)


def _letters(name: str) -> str:
    return re.sub(r"[^A-Za-z]", "", name).upper()


def _has_initials(long: str, short: str) -> bool:
    """Return whether an acronym is made of the initials of a name; small words may count or not."""
    words = [word for word in re.split(r"[ -]", _without_the(long)) if word]
    letters = _letters(short)
    all_ = "".join(word[0] for word in words).upper()
    large = "".join(word[0] for word in words if word[0].isupper())
    return len(letters) >= 2 and letters in (all_, large)


def _fold(name: str, *, organizations: bool = False) -> str:
    """Return a name without accents, particles and case; organizations: also without words such as "Front"."""
    plain = unicodedata.normalize("NFKD", name.replace("ı", "i")).encode("ascii", "ignore").decode().lower()
    every = [word for word in re.split(r"[^a-z0-9]+", plain) if word]
    words = [word for word in every if word not in _PARTICLES] or every  # "El Al"
    if organizations:
        words = [word for word in words if word not in lexicon().organizations]
    return " ".join(words)


def union(articles: Sequence[NDArray[np.int64]]) -> NDArray[np.int64]:
    """Return the articles in any of the lists, each once, in order."""
    return np.unique(np.concatenate(articles)) if articles else np.array([], dtype=np.int64)
