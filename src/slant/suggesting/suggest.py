"""Candidates for targets of a corpus, ranked by articles × outlets × spread over time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from slant.ingest.outlets import outlet_names
from slant.labels.targets import normalize
from slant.records import Unit
from slant.suggesting.census import Census
from slant.suggesting.entries import ORGAN, PERSON_OR_BODY, Entry, LeftOut, choose_entries
from slant.suggesting.mentions import EXAMPLES, Example, Mentions, surfaces
from slant.suggesting.merge import Group, Merger, organ_shares, union
from slant.suggesting.passages import Passages

MOST_ALIASES = 40
RARE = (
    0.002  # an alias with less than this share of the mentions is left out, unless it is among the first few
)
LEAST_MONTHS, LEAST_OUTLETS = 3, 3  # with fewer, spread says nothing
PERIODS = 10  # of time, with equally many articles
ONE_OUTLET = 0.9  # a name is an outlet's phrase if one outlet has this share of its articles …
HOUSE = 0.2  # … and prints it in this share of its own


@dataclass(frozen=True, slots=True)
class Candidate:
    """A candidate for a target.

    aliases: (text, times), of which those in `exact` match only as written. articles, outlets,
    months: that name it. reasons: why its names were put together. modified: for "army" and the like, state → times.
    """

    name: str
    aliases: tuple[tuple[str, int], ...]
    exact: frozenset[str]
    never: tuple[str, ...]
    articles: int
    outlets: int
    months: int
    score: float
    reasons: tuple[str, ...]
    modified: tuple[tuple[str, int], ...]
    examples: tuple[Example, ...]


@dataclass(frozen=True, slots=True)
class Suggestions:
    """Candidates, the best first, and what the corpus is. left: frequent names that were left out.

    unread: share of sentences in which nearly every word has a capital, so that names are not recognized.
    """

    candidates: tuple[Candidate, ...]
    left: LeftOut
    articles: int
    outlets: int
    months: int
    other_languages: int
    comments: bool
    unread: float


def suggest(units: Iterable[Unit], *, top: int = 40, min_articles: int = 2) -> Suggestions:
    """Return up to `top` candidates for targets that at least `min_articles` articles name.

    units: of whole articles, one after the other. They are kept in a temporary file; memory stays flat but for four bytes
    per article and name.
    """
    with Passages(units) as passages:
        census = Census()
        census.read(passages)
        own = (name for outlet in passages.outlets for name in _outlet_names(outlet))
        known = frozenset(map(normalize, (*outlet_names(), *own)))
        entries, left = choose_entries(
            census, articles=passages.articles, min_articles=min_articles, outlets=known
        )
        mentions = Mentions(entries)
        mentions.read(passages, passages.outlets, passages.months)
        ranking = _Ranking(passages, mentions, entries, census, left)
        groups = Merger(entries, mentions.found, census).groups()
        candidates = [c for c in map(ranking.candidate, groups) if c and c.articles >= min_articles]
        candidates.sort(key=lambda candidate: (-candidate.score, candidate.name))
        return Suggestions(
            tuple(islice(candidates, top)),
            left,
            passages.articles,
            sum(outlet != "" for outlet in passages.outlets),
            sum(month != "" for month in passages.months),
            passages.other_languages,
            passages.comments,
            census.unread / max(1, census.all),
        )


def _outlet_names(outlet: str) -> Iterator[str]:
    """Yield what an outlet may be called: "tass" for "tass.com", "Courier" for "The Valley Courier"."""
    bare = outlet.lower().removeprefix("www.").removeprefix("the ")
    yield bare
    if bare:
        yield bare.split(".")[0] if "." in bare and " " not in bare else bare.split()[-1]


class _Ranking:
    """Makes candidates of groups of entries."""

    def __init__(
        self, passages: Passages, mentions: Mentions, entries: Sequence[Entry], census: Census, left: LeftOut
    ) -> None:
        self._mentions, self._entries, self._census, self._left = mentions, entries, census, left
        self._outlet = np.array(mentions.outlet, dtype=np.int64)
        self._month = np.array(mentions.month, dtype=np.int64)
        self._no_outlet = passages.outlets.get("", -1)
        self._no_month = passages.months.get("", -1)
        self._per_outlet = Counter(self._outlet.tolist())
        self._period = _periods(self._month, list(passages.months))

    def candidate(self, group: Group) -> Candidate | None:
        """Return the candidate, or None for names that are not found or that one outlet prints all the time."""
        members = [i for i in group.members if len(self._mentions.found[i].articles)]
        if not members:
            return None
        articles = union([np.array(self._mentions.found[i].articles, dtype=np.int64) for i in members])
        main = self._entries[members[0]]
        if main.kind == PERSON_OR_BODY and self._is_house_phrase(articles):
            self._left.house[main.name] = len(articles)
            return None
        outlets, out_of = _distinct(self._outlet, articles, self._no_outlet)
        months, all_months = _distinct(self._month, articles, self._no_month)
        periods, all_periods = _distinct(self._period, articles, -1)
        score = len(articles) * max(self._entries[i].weight for i in members)
        score *= outlets / min(out_of, len(articles)) if out_of >= LEAST_OUTLETS else 1.0
        score *= periods / min(all_periods, len(articles)) if all_months >= LEAST_MONTHS else 1.0
        aliases, exact = self._aliases(members)
        return Candidate(
            main.name if main.kind != PERSON_OR_BODY else _longest_frequent(aliases, main.name),
            aliases,
            exact,
            tuple(dict.fromkeys(text for i in members for text in self._entries[i].never)),
            len(articles),
            outlets,
            months,
            score,
            tuple(dict.fromkeys(group.reasons)),
            tuple(organ_shares(self._census, main).most_common(3)) if main.kind == ORGAN else (),
            self._examples(members),
        )

    def _is_house_phrase(self, articles: NDArray[np.int64]) -> bool:
        counts = Counter(self._outlet[articles].tolist())
        outlet, most = counts.most_common(1)[0]
        if outlet == self._no_outlet or len(self._per_outlet) < 2:
            return False
        return most >= ONE_OUTLET * len(articles) and most >= HOUSE * self._per_outlet[outlet] and most > 5

    def _aliases(self, members: Sequence[int]) -> tuple[tuple[tuple[str, int], ...], frozenset[str]]:
        rows = surfaces(self._mentions.found[i] for i in members)
        total = sum(times for _, times in rows)
        kept = tuple(
            row
            for at, row in enumerate(rows[:MOST_ALIASES])
            if " - " not in row[0] and (at < 3 or row[1] >= max(1 + (total > 100), RARE * total))
        )
        exact = {normalize(text): text for i in members for text in self._entries[i].exact}
        written = [(exact.get(normalize(text), text), times) for text, times in kept]
        return tuple(written), frozenset(text for text, _ in written if normalize(text) in exact)

    def _examples(self, members: Sequence[int]) -> tuple[Example, ...]:
        """Return examples of different articles, from as many outlets as possible."""
        by_outlet: dict[str, list[Example]] = {}
        for i in members:
            for outlet, examples in self._mentions.found[i].examples.items():
                by_outlet.setdefault(outlet, []).extend(examples)
        queues = sorted((sorted(examples) for examples in by_outlet.values()), key=lambda queue: queue[:1])
        chosen: list[Example] = []
        for turn in range(EXAMPLES * len(members)):
            for queue in queues:
                if turn < len(queue) and len(chosen) < EXAMPLES:
                    example = queue[turn]
                    if all(example.article != e.article and example.text != e.text for e in chosen):
                        chosen.append(example)
        return tuple(chosen)


def _periods(month: NDArray[np.int64], names: Sequence[str]) -> NDArray[np.int64]:
    """Return the period of each article, of PERIODS with about equally many articles; -1 where the month is unknown."""
    dated = Counter(month.tolist())
    total = sum(count for at, count in dated.items() if names[at])
    period, before = {at: -1 for at in dated}, 0
    for at in sorted((at for at in dated if names[at]), key=lambda at: names[at]):
        period[at] = int(PERIODS * (before + dated[at] / 2) / total)
        before += dated[at]
    return np.array([period[at] for at in month.tolist()], dtype=np.int64)


def _distinct(labels: NDArray[np.int64], articles: NDArray[np.int64], unknown: int) -> tuple[int, int]:
    """Number of known labels among these articles, and among all."""
    return len(set(labels[articles].tolist()) - {unknown}), len(set(labels.tolist()) - {unknown})


def _longest_frequent(aliases: Sequence[tuple[str, int]], name: str) -> str:
    """Return the name for readers: the longest alias with a fifth of the mentions of the most frequent one."""
    most = aliases[0][1] if aliases else 0
    long = [text for text, times in aliases if times >= 0.2 * most and " " in text]
    return max(long, key=len, default=name)
