"""House phrases: what an outlet writes under many of its articles whatever they are about.

A signature ("… | War | The Herald"), a date line with the agency's name, a byline. They give the outlet away and say nothing
of the event or of how it is told, so events are grouped and leaks are probed without them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

EDGE = 8  # words looked at from either end of a headline, and from the start of the body
SHORTEST, LONGEST = (
    3,
    5,
)  # words in a phrase; shorter ones are how an outlet speaks ("the regime of"), not how it signs
AT_LEAST = 10  # articles that carry the phrase: in fewer, what recurs may as well be the subject
SHARE = 0.1  # of the outlet's articles that carry the phrase
RATIO = 5  # times as often as elsewhere
LOOKED_AT = 2000  # articles of an outlet, evenly spread, that its phrases are learned from
_WORD = re.compile(r"[^\W\d_]+")
_HOST = re.compile(r"\.(?:com|net|org|info|co|uk|news)\b.*|^www\.|^en\.")


def house_phrases(
    openings: Sequence[tuple[str, str]], outlets: Sequence[str]
) -> dict[str, tuple[tuple[str, ...], ...]]:
    """Phrases of each outlet, longest first, each a tuple of lower-case words: its own name, and runs of words at the
    edges of its articles that stand in AT_LEAST and a tenth of them, and five times as often as in other outlets on average.

    openings: (headline, first words of the body) of each article.
    """
    rows: dict[str, list[int]] = {}
    for row, outlet in enumerate(outlets):
        rows.setdefault(outlet, []).append(row)
    shares: dict[str, dict[tuple[str, ...], float]] = {}
    for outlet, own in rows.items():
        own = own[:: -(-len(own) // LOOKED_AT)]
        counts = Counter(phrase for row in own for phrase in _edge_phrases(*openings[row]))
        shares[outlet] = {p: n / len(own) for p, n in counts.items() if n >= AT_LEAST}
    found: dict[str, tuple[tuple[str, ...], ...]] = {}
    for outlet in rows:
        others = [shares[o] for o in rows if o != outlet]
        phrases = {
            phrase
            for phrase, share in shares[outlet].items()
            if share >= SHARE
            and share >= RATIO * sum(o.get(phrase, 0.0) for o in others) / max(1, len(others))
        }
        found[outlet] = tuple(sorted(phrases | names_of(outlet), key=lambda p: (-len(p), p)))
    return found


def names_of(name: str) -> set[tuple[str, ...]]:
    """How an outlet or a person may be called, in words: a web address without its host's ending, too."""
    forms = {tuple(_WORD.findall(form.lower())) for form in (name, _HOST.sub("", name))}
    return {form for form in forms if form and len("".join(form)) > 2}


def phrase_pattern(phrases: Sequence[tuple[str, ...]]) -> re.Pattern[str] | None:
    """Finds the phrases whatever stands between their words; None if there are none."""
    if not phrases:
        return None
    runs = (r"[\W\d_]+".join(map(re.escape, phrase)) for phrase in phrases)
    return re.compile(r"(?<!\w)(?:" + "|".join(runs) + r")(?!\w)", re.IGNORECASE)


def _edge_phrases(headline: str, body: str) -> set[tuple[str, ...]]:
    return {phrase for words in _edges(headline, body) for phrase in _runs(words)}


def _edges(headline: str, body: str) -> Iterator[list[str]]:
    words = _WORD.findall(headline.lower())
    yield words[:EDGE]
    if len(words) > EDGE:
        yield words[-EDGE:]
    yield _WORD.findall(body[: 20 * EDGE].lower())[:EDGE]


def _runs(words: list[str]) -> Iterator[tuple[str, ...]]:
    for first in range(len(words)):
        for last in range(first + SHORTEST, min(first + LONGEST, len(words)) + 1):
            yield tuple(words[first:last])
