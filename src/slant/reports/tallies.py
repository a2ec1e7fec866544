"""Counting for the report, in one pass over the scores and in bounded memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from slant.records import Score

Stances = dict[str, Counter[str | None]]  # target → label (None: no call) → units


@dataclass(slots=True)
class Tally:
    """What was counted in a set of scores: content units only.

    stance: apart for the article's own text and for its comments, since these have different authors.
    loaded: spans per (label, voice). frames: units per frame.
    """

    units: int = 0
    comments: int = 0
    spans: int = 0
    toxic: int = 0
    stance: dict[str, Stances] = field(default_factory=lambda: {"article": {}, "comments": {}})
    loaded: Counter[tuple[str, str]] = field(default_factory=Counter)
    frames: Counter[str] = field(default_factory=Counter)

    def add(self, score: Score) -> None:
        if not score.unit.is_content:
            return
        is_comment = score.unit.kind == "comment"
        self.units += not is_comment
        self.comments += is_comment
        self.spans += len(score.loaded)
        self.toxic += len(score.toxic)
        side = self.stance["comments" if is_comment else "article"]
        for stance in score.stance:
            side.setdefault(stance.target, Counter())[stance.label] += 1
        self.loaded.update((span.label, span.voice) for span in score.loaded)
        self.frames.update(frame.label for frame in score.frames)

    def targets(self) -> list[str]:
        """Targets of either side, the most often met first."""
        met: Counter[str] = Counter()
        for side in self.stance.values():
            met.update({target: labels.total() for target, labels in side.items()})
        return [target for target, _ in sorted(met.items(), key=lambda item: (-item[1], item[0]))]

    def labels(self) -> list[str]:
        return sorted({label for label, _ in self.loaded})


@dataclass(slots=True)
class Collected:
    """What one pass over the scores leaves: the first articles whole, of the others only counts.

    outlets: articles per outlet, of all. repeated: rows whose unit was there already, left out.
    models, codebooks: fingerprints met; more than one means that unlike things were mixed.
    """

    kept: dict[str, list[Score]] = field(default_factory=dict)
    total: Tally = field(default_factory=Tally)
    articles: int = 0
    repeated: int = 0
    outlets: Counter[str | None] = field(default_factory=Counter)
    models: Counter[str] = field(default_factory=Counter)
    codebooks: Counter[str] = field(default_factory=Counter)


def collect(scores: Iterable[Score], *, max_articles: int) -> Collected:
    """Group scores by article in the order in which articles appear; rows of one article may lie apart."""
    found, articles, units = Collected(), set[str](), set[str]()
    for score in scores:
        unit = score.unit
        if unit.article_id not in articles:
            articles.add(unit.article_id)
            found.outlets[unit.outlet] += 1
            if len(found.kept) < max_articles:
                found.kept[unit.article_id] = []
        rows = found.kept.get(unit.article_id)
        if rows is not None:
            if unit.unit_id in units:
                found.repeated += 1
                continue
            units.add(unit.unit_id)
            rows.append(score)
        found.total.add(score)
        found.models[score.model] += 1
        found.codebooks[score.codebook] += 1
    found.articles = len(articles)
    return found
