"""Repetition, a technique that no sentence shows by itself: whether a loaded stretch's words come again in its document.

Annotators of the Propaganda Techniques Corpus saw the whole article. The count is evidence beside the model's own: how likely
it is under each technique is added to the techniques' logits, as far as a checkpoint's Decoding says.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from slant.records import Example

Array = NDArray[np.float32]

# ln P(count | technique), rows as TECHNIQUES, for words that stand 1, 2, 3, 4 and 5 or more times in the article: the gold
# spans of PTC fit (benchmarks/repetition.py prints them).
LOG_SHARES = np.array(
    [
        (-0.11, -2.76, -3.80, -5.34, -4.64),  # loaded_language
        (-0.16, -2.58, -3.70, -4.13, -3.50),  # name_calling_labeling
        (-1.54, -1.62, -1.96, -2.35, -1.05),  # repetition
        (-0.07, -2.76, -4.90, -9.32, -8.85),  # exaggeration_minimisation
        (-0.02, -4.00, -6.03, -9.41, -8.93),  # doubt
        (-0.04, -3.44, -4.82, -8.85, -8.37),  # appeal_to_fear_prejudice
        (-0.21, -2.32, -3.37, -4.22, -3.13),  # flag_waving
        (-0.01, -4.45, -7.73, -8.57, -8.09),  # causal_oversimplification
        (-0.20, -2.44, -4.04, -2.82, -4.05),  # slogans
        (-0.03, -4.68, -4.19, -4.89, -7.75),  # appeal_to_authority
        (-0.02, -3.78, -7.07, -7.90, -7.43),  # black_and_white_fallacy
        (-0.07, -2.76, -6.68, -7.52, -7.04),  # thought_terminating_cliches
        (-0.04, -3.19, -7.11, -7.94, -7.46),  # whataboutism_straw_men_red_herring
        (-0.02, -3.91, -6.62, -7.46, -6.98),  # bandwagon_reductio_ad_hitlerum
    ],
    np.float32,
)
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


def repetition_shift(weight: float, document: Document | None, stretch: str) -> Array:
    """What to add to the logits [techniques]; zeros where no document is known. weight: of LOG_SHARES, from the Decoding."""
    if document is None or not weight:
        return np.zeros(len(LOG_SHARES), np.float32)
    return np.float32(weight) * LOG_SHARES[:, min(document.occurrences(stretch), LOG_SHARES.shape[1]) - 1]


def documents(examples: Sequence[Example]) -> Mapping[tuple[str, str], Document]:
    """(source, group) → the document that its examples make up; what stands in several examples at one place counts once."""
    texts: dict[tuple[str, str], dict[tuple[int, str], str]] = {}
    for e in examples:
        texts.setdefault((e.source, e.group), {})[e.offset, e.text] = e.text
    return {key: Document(found.values()) for key, found in texts.items()}
