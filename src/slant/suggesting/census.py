"""First reading of a corpus: which names and noun phrases occur, and in what company.

A capital at the start of a sentence says nothing, so a name must also occur inside one. Counts are pruned, so memory stays
flat: of too many, the rarest are dropped.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from slant.labels.capitals import INNER_WORD, NOT_TARGETS, is_capitalized, run_of_capitals
from slant.labels.targets import normalize as normalize_slowly
from slant.suggesting.lexicon import NAME, PEOPLE, lexicon
from slant.suggesting.passages import Passage, sentences

normalize = lru_cache(maxsize=100_000)(normalize_slowly)  # names recur
MOST_NAMES, MOST_PHRASES = 200_000, 400_000
MAX_WORDS = 6
UPPER = "A-ZÀ-ÖØ-ÞĀĂĄĆĈĊČĎĐĒĔĖĘĚĜĞĠĢĤĦĨĪĬĮİĴĶĹĻĽĿŁŃŅŇŌŎŐŒŔŖŘŚŜŞŠŢŤŦŨŪŬŮŰŲŴŶŸŹŻŽ"
_PARTICLE = (
    r"(?:(?:al|el|ad|an|ar|as|ash|at|az|ez|es|er|ul|de|ben)-"
    r"|(?:al|el|bin|ibn|ben|de la|de|da|di|du|del|van der|van den|van|von der|von|der|la|le|ter|ten) )"
)
NAME_RUN = run_of_capitals(UPPER, first=rf"(?:{_PARTICLE})?", between=rf"(?:{_PARTICLE})?")
_DEFINED = re.compile(rf"({NAME_RUN.pattern}) \(([{UPPER}][\w.&-]{{1,9}})\)")
_KNOWN_AS = re.compile(
    rf"({NAME_RUN.pattern}),? (?:also |widely |better |commonly )?(?:known|called|dubbed)(?: as)? (?:the )?[“\"'‘]?"
    rf"({NAME_RUN.pattern})"
)
_AFTER = re.compile(r"(?:[’']s?(?!\w))?(?: ([a-z’'-]+))?")
_BEFORE = re.compile(r"([\w’'-]+) $")
_STRETCH = re.compile(r"(?<![\w’'-])[a-z][a-z’'-]*+(?: [a-z][a-z’'-]*+)*(?!\w)")
_ADJECTIVE = re.compile(r"\w-[a-z]+\Z")
_START = re.compile(r"(?:\A|[:“‘\"»\]•–—(]|(?<!\w)'|- )[\s“‘\"'(\[•–—-]*\Z")


@dataclass(slots=True)
class NameCounts:
    """Counts of one name. articles: with it. inner: inside sentences. acts, place: where it acts, is a place."""

    articles: int = 0
    last: int = -1
    total: int = 0
    inner: int = 0
    acts: int = 0
    place: int = 0
    titled: int = 0
    spelled: Counter[str] = field(default_factory=Counter)


class Census:
    """The counts of the first reading.

    names: normalized name → its counts. phrases: phrase in lower case → articles. words: word → times inside sentences.
    modified: (state, noun) → times that the state's adjective is before the noun. offices: (name, state) → times the
    name has an office of the state ("Syrian President …"). defined: (long form, acronym) → times. nouns, verbs: word → times
    that what is before it shows a noun, a verb. based: "Britain-based" and the like. unread: sentences with a capital on
    nearly every word; all: of sentences.
    """

    def __init__(self) -> None:
        self.names: dict[str, NameCounts] = {}
        self.phrases = Counter[str]()
        self.words = Counter[str]()
        self.modified = Counter[tuple[str, str]]()
        self.offices = Counter[tuple[str, str]]()
        self.defined = Counter[tuple[str, str]]()
        self.nouns, self.verbs = Counter[str](), Counter[str]()
        self.based = Counter[str]()
        self.unread = self.all = 0
        self._words = lexicon()
        self._article, self._seen = -1, set[str]()

    def read(self, passages: Iterable[Passage]) -> None:
        """Count all passages."""
        for passage in passages:
            if passage.article != self._article:
                self._finish_article()
                self._article = passage.article
            for sentence in sentences(passage.text):
                self._read_sentence(sentence, is_title=passage.kind in ("title", "heading"))
        self._finish_article()

    def _finish_article(self) -> None:
        self.phrases.update(self._seen)
        self._seen = set()
        if len(self.phrases) > MOST_PHRASES:
            _prune(self.phrases, MOST_PHRASES // 2)
        if len(self.words) > MOST_PHRASES:
            for counts in (self.words, self.nouns, self.verbs):
                _prune(counts, MOST_PHRASES // 2)
        if len(self.names) > MOST_NAMES:
            kept = sorted(self.names.items(), key=lambda item: -item[1].articles)[: MOST_NAMES // 2]
            self.names = dict(kept)
            for pairs in (self.offices, self.defined):
                _prune(pairs, MOST_NAMES // 2)

    def _read_sentence(self, sentence: str, *, is_title: bool) -> None:
        self.all += 1
        for match in _STRETCH.finditer(sentence):
            self._read_words(sentence, match)
        if is_capitalized(sentence) or (is_title and _is_title_case(sentence)):
            self.unread += 1
            return
        self.words.update(INNER_WORD.findall(sentence))
        for pattern in (_DEFINED, _KNOWN_AS) if "(" in sentence or "known" in sentence else ():
            for match in pattern.finditer(sentence):
                self.defined[match[1], match[2]] += 1
        for match in NAME_RUN.finditer(sentence):
            self._read_name(sentence, match)

    # ---- names

    def _read_name(self, sentence: str, match: re.Match[str]) -> None:
        run = match[0]
        start = bool(_START.search(sentence, max(0, match.start() - 6), match.start()))
        first, _, others = run.partition(" ")
        if start and others and first.lower() in self._words.stop | self._words.general:  # "Then Senator …"
            run, start = others, False
        before = _BEFORE.search(sentence, max(0, match.start() - 20), match.start())
        after = _AFTER.match(sentence, match.end())
        said, follows = before[1].lower() if before else "", (after[1] or "") if after else ""
        state, core, titled = self._parts(run)
        if state and core and titled:
            self.offices[name_key(core), state] += 1
        if not core:
            return
        known = self._words.states.get(normalize(core))
        if known and known[1] in (NAME, PEOPLE) and follows:
            noun = self._words.nouns.get(follows.removesuffix("’s").removesuffix("'s"))
            if noun:
                self.modified[known[0], noun] += 1
        for name in dict.fromkeys([core, *_sides(core)]):
            self._count(name, start=start and run.startswith(name), said=said, follows=follows, titled=titled)

    def _count(self, name: str, *, start: bool, said: str, follows: str, titled: bool) -> None:
        key = name_key(name)
        counts = self.names.get(key)
        if counts is None:
            counts = self.names[key] = NameCounts()
        if counts.last != self._article:
            counts.last = self._article
            counts.articles += 1
        counts.total += 1
        counts.inner += not start
        counts.titled += titled
        counts.acts += follows in self._words.acts or said in self._words.before_actor
        counts.place += said in self._words.before_place or follows in self._words.after_place
        counts.spelled[name] += 1

    def _parts(self, run: str) -> tuple[str | None, str, bool]:
        """Return the state of an office, the name itself, and whether an office or form of address is before it.

        The name is empty if the run is only an office, a part of a state, or no name at all.
        """
        words = run.split(" ")
        self.based.update(word for word in words if word.endswith("-based"))
        words = [word for word in words if not _ADJECTIVE.search(word)]  # "US-led", "Britain-based"
        while words and (_bare(words[0]) in NOT_TARGETS | self._words.no_names):
            words.pop(0)
        while words and words[-1] in ("of", "for", "the"):
            words.pop()
        state, size = self._state_before(words)
        rest = words[size:]
        office = 0
        while office < len(rest) and _bare(rest[office]) in self._words.titles | {"of", "for", "the"}:
            office += 1
        if state and rest and all(_bare(w) in self._words.organ_parts | {"of", "the"} for w in rest):
            return state, " ".join(words[:size]), False  # a part of the state: "Turkish Armed Forces"
        if office and office < len(rest):
            after, more = self._state_before(rest[office:])
            if after and more < len(rest) - office:  # "President of Ukraine Volodymyr …"
                return after, " ".join(rest[office + more :]), True
            if not after:
                return state, " ".join(rest[office:]), True
        elif office:
            return state, " ".join(words[:size]), False
        return None, " ".join(words) if len(words) <= MAX_WORDS else "", False

    def _state_before(self, words: list[str]) -> tuple[str | None, int]:
        """Return the state that the first words name, and how many words; the longest form counts."""
        for size in (3, 2, 1):
            found = self._words.states.get(normalize(_unpossessive(" ".join(words[:size]))))
            if found and len(words) >= size and found[1] in (NAME, PEOPLE):
                return found[0], size
        return None, 0

    # ---- common nouns

    def _read_words(self, sentence: str, match: re.Match[str]) -> None:
        """Count the phrases of up to three words in a stretch of words in lower case."""
        segment: list[str] = []
        before = ""
        for word in [*match[0].split(" "), ""]:
            if before in self._words.noun_after:
                self.nouns[word] += 1
            elif before in self._words.verb_after:
                self.verbs[word] += 1
            before = word
            word = word.strip("’'-")
            if word in self._words.stop or len(word) < 3 or word.endswith("ly"):
                if segment:
                    self._seen.update(_phrases(segment))
                    segment = []
                continue
            segment.append(word)


def _is_title_case(title: str) -> bool:
    """Return whether a short title has a capital on every word; longer ones are recognized by is_capitalized."""
    long_words = [word for word in title.split() if len(word) > 3 and word.isalpha()]
    return len(long_words) > 2 and all(word[0].isupper() for word in long_words)


def _phrases(segment: list[str]) -> Iterator[str]:
    count = len(segment)
    for size in (1, 2, 3):
        for start in range(count - size + 1):
            yield " ".join(segment[start : start + size])


def name_key(name: str) -> str:
    """Return what equal names have in common: the normalized form; short acronyms keep their capitals."""
    return name if name.isupper() and len(name) <= 6 else normalize(name)


def _bare(word: str) -> str:
    return _unpossessive(word).rstrip(".").lower()


def _unpossessive(text: str) -> str:
    return text.removesuffix("’s").removesuffix("'s")


def _sides(name: str) -> Iterator[str]:
    """Yield both sides of "of" and "for": "Turkey for Idlib" may be two names."""
    for word in (" of ", " for "):
        if word in name:
            left, _, right = name.partition(word)
            yield left
            yield right.removeprefix("the ")


def _prune(counts: Counter[str] | Counter[tuple[str, str]], size: int) -> None:
    """Keep the most frequent."""
    kept = dict(counts.most_common(size))
    counts.clear()
    counts.update(kept)  # type: ignore[arg-type]
