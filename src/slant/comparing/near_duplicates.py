"""Near-duplicate articles (wire copy, reprints), and the article openings by which they are matched.

House phrases are what an outlet writes under many of its articles whatever they are about: a signature ("… | War | The
Herald"), a date line with the agency's name, a byline. They identify the outlet and say nothing of the event, so they are
removed before articles are grouped by event (events.py) or the outlet is predicted from the text (outlet_leaks.py).

Two articles are copies if their three-word shingles (Broder 1997) overlap enough. This finds all pairs, and fast, since most
shingles occur in one text only: a text with many of those is no copy.
"""

from __future__ import annotations

import datetime
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from slant.comparing.score_tables import Store

EDGE = 8  # words read at either end of a headline and at the start of the body
# Words in a phrase. Shorter ones are an outlet's style ("the regime of"), not its signature.
SHORTEST, LONGEST = 3, 5
MIN_ARTICLES = 10  # with the phrase; in fewer, a recurring phrase may be the subject
MIN_SHARE = 0.1  # of the outlet's articles have the phrase
MIN_RATIO = 5  # times as often as in other outlets
SAMPLED = 2000  # articles per outlet, evenly spread, that are searched for phrases
_WORD = re.compile(r"[^\W\d_]+")
_HOST = re.compile(r"\.(?:com|net|org|info|co|uk|news)\b.*|^www\.|^en\.")


def house_phrases(
    openings: Sequence[tuple[str, str]], outlets: Sequence[str]
) -> dict[str, tuple[tuple[str, ...], ...]]:
    """House phrases of each outlet, longest first, as tuples of lower-case words.

    These are the outlet's own name, and runs of words at the edges of its articles that occur in MIN_ARTICLES and
    MIN_SHARE of them, and MIN_RATIO times as often as in other outlets on average.
    openings: (headline, first words of the body) per article.
    """
    rows: dict[str, list[int]] = {}
    for row, outlet in enumerate(outlets):
        rows.setdefault(outlet, []).append(row)
    shares: dict[str, dict[tuple[str, ...], float]] = {}
    for outlet, own in rows.items():
        own = own[:: -(-len(own) // SAMPLED)]
        counts = Counter(phrase for row in own for phrase in _edge_phrases(*openings[row]))
        shares[outlet] = {p: n / len(own) for p, n in counts.items() if n >= MIN_ARTICLES}
    of_outlet: dict[str, tuple[tuple[str, ...], ...]] = {}
    for outlet in rows:
        others = [shares[o] for o in rows if o != outlet]
        phrases = {
            phrase
            for phrase, share in shares[outlet].items()
            if share >= MIN_SHARE
            and share >= MIN_RATIO * sum(o.get(phrase, 0.0) for o in others) / max(1, len(others))
        }
        of_outlet[outlet] = tuple(sorted(phrases | names_of(outlet), key=lambda p: (-len(p), p)))
    return of_outlet


def names_of(name: str) -> set[tuple[str, ...]]:
    """Names of an outlet or a person, as tuples of lower-case words; a web address also without its domain ending."""
    forms = {tuple(_WORD.findall(form.lower())) for form in (name, _HOST.sub("", name))}
    return {form for form in forms if form and len("".join(form)) > 2}


def phrase_pattern(phrases: Sequence[tuple[str, ...]]) -> re.Pattern[str] | None:
    """A pattern that finds the phrases with anything but letters between their words; None if there are no phrases."""
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


WORDS = 150  # of an opening; on FA-KES 60 words find fewer pairs, 300 no more
_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})")


@dataclass(frozen=True, slots=True)
class Documents:
    """Articles as columns of equal length, in any order.

    days: ordinal of the publication date, None without a full date. openings: headline and first WORDS words, without house
    phrases.
    """

    ids: tuple[str, ...]
    outlets: tuple[str, ...]
    days: tuple[int | None, ...]
    titles: tuple[str, ...]
    openings: tuple[str, ...]


def documents(store: Store) -> Documents:
    """All articles of the store, without their comments, in order of article_id."""
    rows = store.rows(f"""
        WITH opening AS (
            SELECT article_id, kind, title, outlet, published, position, text, "group",
                   sum(words) OVER (PARTITION BY article_id ORDER BY position) - words AS before
            FROM units WHERE NOT is_comment
        )
        SELECT article_id, coalesce(any_value(outlet), any_value("group")), any_value(published),
               coalesce(any_value(title), any_value(text) FILTER (kind = 'title'), ''),
               string_agg(text, ' ' ORDER BY position) FILTER (kind <> 'title' AND before < {WORDS})
        FROM opening GROUP BY article_id ORDER BY article_id""")
    ids, outlets, published, titles, bodies = zip(*rows, strict=True) if rows else ((),) * 5
    days = tuple(map(day_of, published))
    return Documents(ids, outlets, days, titles, without_house_phrases(titles, bodies, outlets))


def day_of(published: str | None) -> int | None:
    """Ordinal of a date in ISO 8601, which may be followed by a time; None for anything else, such as a month alone."""
    date = _DAY.match(published or "")
    try:
        return datetime.date(*map(int, date.groups())).toordinal() if date else None
    except ValueError:
        return None


def without_house_phrases(
    titles: Sequence[str], bodies: Sequence[str | None], outlets: Sequence[str]
) -> tuple[str, ...]:
    """Headline and first WORDS words of each article, with house phrases and outlet names removed."""
    edges = [(title, body or "") for title, body in zip(titles, bodies, strict=True)]
    patterns = {outlet: phrase_pattern(own) for outlet, own in house_phrases(edges, outlets).items()}
    openings = []
    for (title, body), outlet in zip(edges, outlets, strict=True):
        text = f"{title} . {' '.join(body.split()[:WORDS])}"
        pattern = patterns[outlet]
        openings.append(pattern.sub(" ", text) if pattern else text)
    return tuple(openings)


SHINGLE = 3  # consecutive words
MIN_OVERLAP = (
    0.6  # Jaccard overlap of copies' shingles; an edited headline or a cut last sentence stays above it
)
MIN_SHINGLES = 5  # with fewer, short texts of the same few words look like copies
MAX_DAYS = 7  # between two copies
UNDATED = 0
BLOCK = 512  # texts compared with earlier ones at a time
_SHINGLE_WORD = re.compile(r"\w+")
_FACTOR = np.uint64(0x9E3779B97F4A7C15)  # odd and large: numbers of three words spread over 64 bits
Ints = NDArray[np.int64]


def copies(texts: Sequence[str], days: Sequence[int | None]) -> Ints:
    """For each text the row of the earliest text that it copies, directly or through other copies; else its own row.

    Texts without a date are compared with all texts.
    """
    first = np.arange(len(texts))
    shingles = _shingles(texts)
    sizes = np.diff(shingles.indptr)
    rows, shingles = _candidates(shingles, sizes)
    day = np.array([days[row] or UNDATED for row in rows], np.int64)
    order = np.argsort(day, kind="stable")
    rows, day, shingles = rows[order], day[order], shingles[order]
    for place, earlier in _earliest(shingles, sizes[rows], day):
        first[rows[place]] = first[rows[earlier]]
    return first


def _shingles(texts: Sequence[str]) -> Any:
    """Sparse (texts, shingles) matrix: 1 where the text has the shingle."""
    from scipy.sparse import csr_matrix

    numbers: defaultdict[str, int] = defaultdict(count().__next__)
    words = [
        np.fromiter(map(numbers.__getitem__, _SHINGLE_WORD.findall(t.lower())), np.uint64) for t in texts
    ]
    text = np.repeat(np.arange(len(texts)), [max(0, len(own) - SHINGLE + 1) for own in words])
    runs = np.zeros(len(text), np.uint64)
    for i in range(SHINGLE):
        ends = (own[i : len(own) - SHINGLE + 1 + i] for own in words if len(own) >= SHINGLE)
        runs = runs * _FACTOR + np.concatenate([*ends, runs[:0]])
    known, column = np.unique(runs, return_inverse=True)
    matrix = csr_matrix((np.ones(len(text), np.int32), (text, column)), shape=(len(texts), len(known)))
    matrix.data[:] = 1  # repeated shingles were summed
    return matrix


def _candidates(shingles: Any, sizes: Ints) -> tuple[Ints, Any]:
    """Rows that may be copies, and their shingles: those that share enough shingles with other candidates."""
    rows = np.flatnonzero(sizes >= MIN_SHINGLES)
    while True:
        own = shingles[rows]
        often = np.bincount(own.indices, minlength=own.shape[1]) > 1
        enough = own @ often / sizes[rows] >= MIN_OVERLAP
        if enough.all():
            return rows, own[:, np.flatnonzero(often)]
        rows = rows[enough]


def _earliest(shingles: Any, sizes: Ints, day: Ints) -> list[tuple[int, int]]:
    """(copy, earliest row that it copies) for every copy; rows are in order of day."""
    pairs_found: list[tuple[int, int]] = []
    for start in range(0, len(day), BLOCK):
        block = np.arange(start, min(start + BLOCK, len(day)))
        others = np.flatnonzero((day == UNDATED) | (day >= day[start] - MAX_DAYS))
        others = others[others < block[-1]]
        both = (shingles[block] @ shingles[others].T).tocoo()
        row, other = block[both.row], others[both.col]
        alike = both.data / (sizes[row] + sizes[other] - both.data) >= MIN_OVERLAP
        near = (day[other] == UNDATED) | (day[row] - day[other] <= MAX_DAYS)
        pairs = np.flatnonzero((other < row) & alike & near)
        pairs = pairs[np.lexsort((other[pairs], row[pairs]))]
        _, at = np.unique(row[pairs], return_index=True)
        pairs_found += zip(row[pairs[at]].tolist(), other[pairs[at]].tolist(), strict=True)
    return pairs_found
