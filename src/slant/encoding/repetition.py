"""Repetition, a technique that no sentence shows by itself: whether a loaded stretch's words come again in its document.

Annotators of the Propaganda Techniques Corpus saw the whole article. The count is evidence beside the model's own: the log
odds below are added to the technique's logit, as far as a checkpoint's Decoding says.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b

from slant.records import Example

# ln P(count | repetition) / P(count | another technique) for words that stand 1, 2, 3, 4 and 5 or more times in the article:
# the gold spans of PTC fit, one added to each cell (benchmarks/repetition.py).
LOG_ODDS = (-1.44, 1.26, 2.11, 2.55, 3.38)
_WORD = re.compile(r"\w+(?:['’]\w+)?")


class Document:
    """The texts of one document, searchable for words: case and what stands between words do not count."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._words = "|".join(_spaced(text) for text in texts)
        self._digest = blake2b(self._words.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()

    def __repr__(self) -> str:
        """The same for the same words in every process: the journal of a run knows a unit's question by it."""
        return f"Document({self._digest})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Document) and self._digest == other._digest

    def __hash__(self) -> int:
        return hash(self._digest)

    def occurrences(self, stretch: str) -> int:
        """How often the words of `stretch` stand in the document one after the other; at least 1, as they stand once."""
        words = _spaced(stretch)
        return max(1, self._words.count(words)) if words else 1


def _spaced(text: str) -> str:
    """Each word between spaces of its own, so that a part of a word is never found and neighbours both are."""
    return "".join(f" {word.lower()} " for word in _WORD.findall(text))


def repetition_shift(weight: float, document: Document | None, stretch: str) -> float:
    """What to add to the logit of repetition; 0 where no document is known. weight: of LOG_ODDS, from the Decoding."""
    if document is None or not weight:
        return 0.0
    return weight * LOG_ODDS[min(document.occurrences(stretch), len(LOG_ODDS)) - 1]


def documents(examples: Sequence[Example]) -> Mapping[tuple[str, str], Document]:
    """(source, group) → the document that its examples make up; what stands in several examples at one place counts once."""
    texts: dict[tuple[str, str], dict[tuple[int, str], str]] = {}
    for e in examples:
        texts.setdefault((e.source, e.group), {})[e.offset, e.text] = e.text
    return {key: Document(found.values()) for key, found in texts.items()}
