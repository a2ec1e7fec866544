"""Second reading of a corpus: where the entries are named, by the search that `slant score` uses."""

from __future__ import annotations

import hashlib
from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from slant.labels.targets import Target, Targets, normalize
from slant.suggesting.entries import Entry
from slant.suggesting.passages import Passage, sentences

MOST_OUTLETS = 40  # of which an entry keeps examples
EXAMPLES = 5
_SHORT, _LONGEST = 40, 320  # characters of an example


@dataclass(frozen=True, slots=True, order=True)
class Example:
    """A sentence that names an entry. order: a hash, so that the choice depends on nothing else."""

    order: bytes
    text: str
    article: int
    outlet: str
    month: str


@dataclass(slots=True)
class Found:
    """Where an entry is named. articles: their numbers, each once, in order. spelled: alias as found → times."""

    articles: array[int] = field(default_factory=lambda: array("I"))
    spelled: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[Example]] = field(default_factory=dict)


class Mentions:
    """The mentions of entries. found: one per entry. outlet, month: per article, as numbers."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.found = [Found() for _ in entries]
        self.outlet, self.month = array("I"), array("I")
        targets = (
            Target(str(i), entry.name, tuple(entry.aliases), tuple(entry.exact), tuple(entry.never))
            for i, entry in enumerate(entries)
        )
        self._targets = Targets(tuple(targets))

    def read(self, passages: Iterable[Passage], outlets: dict[str, int], months: dict[str, int]) -> None:
        """Find the entries in all passages. outlets, months: their numbers."""
        for passage in passages:
            if passage.article == len(self.outlet):
                self.outlet.append(outlets[passage.outlet])
                self.month.append(months[passage.month])
            for target, places in self._targets.find(passage.text).items():
                self._add(self.found[int(target)], passage, places)

    def _add(self, found: Found, passage: Passage, places: Sequence[tuple[int, int]]) -> None:
        found.spelled.update(passage.text[start:end] for start, end in places)
        if found.articles and found.articles[-1] == passage.article:
            return
        found.articles.append(passage.article)
        kept = found.examples.setdefault(passage.outlet, []) if len(found.examples) < MOST_OUTLETS else None
        if kept is None:
            return
        key = hashlib.blake2b(passage.text[:200].encode("utf-8", "replace"), digest_size=8).digest()
        if len(kept) < EXAMPLES or key < kept[-1].order:
            text = _sentence_with(passage.text, places[0])
            if len(text) < _SHORT:
                key = b"\xff" + key  # after all others
            if all(text != other.text for other in kept):
                kept.append(Example(key, text, passage.article, passage.outlet, passage.month))
                kept.sort()
                del kept[EXAMPLES:]


def _sentence_with(text: str, place: tuple[int, int]) -> str:
    """Return the sentence around a mention, with single spaces."""
    mention = text[place[0] : place[1]]
    for sentence in sentences(text):
        if mention in sentence:
            return _cut(" ".join(sentence.split()), " ".join(mention.split()))
    return _cut(" ".join(text.split()), " ".join(mention.split()))


def _cut(sentence: str, mention: str) -> str:
    """Return a sentence, if it is long only the words around the mention."""
    if len(sentence) <= _LONGEST:
        return sentence
    start = max(0, sentence.find(mention) - _LONGEST // 2)
    end = start + _LONGEST
    words = sentence[start:end]
    before = "… " + words.partition(" ")[2] if start else words
    return before.rpartition(" ")[0] + " …" if end < len(sentence) else before


def surfaces(found: Iterable[Found]) -> list[tuple[str, int]]:
    """Return the spellings of some entries and how often each occurs, the most frequent first.

    Spellings that the search takes for the same are one, in their most frequent form.
    """
    spelled: dict[str, Counter[str]] = {}
    for each in found:
        for text, times in each.spelled.items():
            spelled.setdefault(normalize(text), Counter())[text] += times
    rows = [(counts.most_common(1)[0][0], counts.total()) for counts in spelled.values()]
    return sorted(rows, key=lambda row: (-row[1], row[0]))
