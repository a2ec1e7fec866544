"""What articles and comments share: writers, events, commenters. The clusters over which all variances are taken.

Which dimensions are clustered over decides what a comparison is about. With writers, a difference is between outlets, whoever
writes for them, and needs several writers on each side. Without, it is between what these writers wrote.

article    a text, with its comments; copies of a text are one
event      articles on one event (events.py); an article without a date is an event of its own
author     the writer or writers, in any order; an article that names none, or only the outlet, has a writer of its own
commenter  the author of a comment at one outlet; for comments only
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from slant.comparing.cluster_variance import Clustering, clusterings, sum_clusters
from slant.comparing.counts import Counts, Ints, count_by_commenter
from slant.comparing.score_tables import Store, arrow_table
from slant.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    import pyarrow as pa

ARTICLES, EVENTS, AUTHORS, COMMENTERS = DIMENSIONS = ("article", "event", "author", "commenter")
NOUNS = {"article": "articles", "event": "events", "author": "writers", "commenter": "commenters"}
MIN_CLUSTERS = 6  # of any kind: with fewer no interval holds, and no test
STATED = 0.5  # of the articles name a writer, or of the comments an author; with fewer, they are clusters only on request
# Bylines that name nobody.
_NOBODY = {
    "", "admin", "administrator", "agencies", "anonymous", "deleted", "desk", "editor", "editorial", "editors", "guest",
    "guest author", "guest writer", "n/a", "newsroom", "news desk", "none", "null", "staff", "staff reporter", "staff writer",
    "staff writers", "unknown", "user", "web desk",
}  # fmt: skip
_BETWEEN = re.compile(r"\s*(?:,|;|/|\||&|\+|\band\b|\bwith\b)\s*", re.IGNORECASE)
_BY = re.compile(r"^by\s+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Clustered:
    """Counts, and how their rows are clustered.

    of: (measures,) place of each measure among those of the whole comparison.
    """

    counts: Counts
    ways: tuple[Clustering, ...]
    of: Ints

    @property
    def dimensions(self) -> tuple[str, ...]:
        return tuple(way.dimensions[0] for way in self.ways if len(way.dimensions) == 1)

    @property
    def permuted(self) -> Clustering:
        """The dimension with the fewest clusters: these change sides in permutations."""
        single = [way for way in self.ways if len(way.dimensions) == 1]
        return min(single, key=lambda way: len(np.unique(way.codes)))


@dataclass(frozen=True, slots=True)
class Clusters:
    """articles: rows of article parts, for measures of articles. comments: rows of a commenter's comments under a text.

    stated: share of the articles that name a writer, and of the comments that name their author (None: no comments).
    codes: dimension → (rows of the counts,) cluster numbers; without commenters. commenters: whether they are clusters, also
    where no measure of comments is compared.
    """

    articles: Clustered
    comments: Clustered | None
    stated: Mapping[str, float | None]
    codes: Mapping[str, Ints]
    commenters: bool = False

    @property
    def families(self) -> list[Clustered]:
        return [family for family in (self.articles, self.comments) if family and len(family.of)]

    def of_threads(self, texts: Ints, commenters: Ints) -> tuple[Clustering, ...]:
        """Clusterings of rows of comments.

        texts: (rows,) numbers of texts. commenters: (rows,) numbers of their authors.
        """
        codes = {ARTICLES: texts}
        if EVENTS in self.codes:
            counts = self.articles.counts
            of_text = np.zeros(len(counts.articles), np.int64)
            of_text[counts.article] = self.codes[EVENTS]
            codes[EVENTS] = of_text[texts]
        if self.commenters:
            codes[COMMENTERS] = commenters
        return tuple(clusterings(codes))


def by_article(counts: Counts) -> Clusters:
    """Only articles as clusters, without looking at writers, events or commenters."""
    ways = tuple(clusterings({ARTICLES: counts.article}))
    every = Clustered(counts, ways, np.arange(len(counts.measures)))
    return Clusters(every, None, {AUTHORS: None, COMMENTERS: None}, {ARTICLES: counts.article})


def parse_dimensions(text: str) -> tuple[str, ...]:
    """Dimensions from "article,event"; () from "". Raises UsageError for one that does not exist."""
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    for name in names:
        if name not in DIMENSIONS:
            raise UsageError(
                f"--cluster {name}: no such clusters. Use some of {', '.join(DIMENSIONS)}.{did_you_mean(name, DIMENSIONS)}"
            )
    return names


def find_clusters(store: Store, counts: Counts, *, wanted: Sequence[str] = ()) -> Clusters:
    """The clusters of all rows of `counts`. Needs the tables `text_parts` and `hits`, and for events `grouped`.

    Makes the table `commented`: unit_id, id (of text_parts), row, commenter, named, for each comment.

    wanted: dimensions; (): writers and commenters where enough are named (STATED), and events unless most groups have fewer
    than MIN_CLUSTERS. Articles are always clusters. Raises UsageError for a dimension that is not stated, or compared.
    """
    if store.by == AUTHORS and (people := {AUTHORS, COMMENTERS} & set(wanted)):
        raise UsageError(
            f"--cluster {min(people)}: with --by author, writers are compared and are no clusters."
        )
    _make_commented(store)
    authors, stated = _authors(store, counts)
    if AUTHORS in wanted and not stated:
        raise UsageError("--cluster author: no article names its author.")
    codes = {ARTICLES: counts.article}
    events = _events(store, counts)
    if EVENTS in wanted or (not wanted and _many(counts, events)):
        codes[EVENTS] = events
    if AUTHORS in wanted or (not wanted and stated >= STATED and store.by != AUTHORS):
        codes[AUTHORS] = authors
    own = [i for i, measure in enumerate(counts.measures) if not measure.comments]
    others = np.array([i for i, measure in enumerate(counts.measures) if measure.comments], np.int64)
    articles = Clustered(
        counts.only(np.array(own, np.int64)), tuple(clusterings(codes)), np.array(own, np.int64)
    )
    named = store.rows("SELECT avg(named::INT) FROM commented")[0][0]
    if COMMENTERS in wanted and not named:
        raise UsageError("--cluster commenter: no comment names its author.")
    enough = named is not None and named >= STATED
    commenters = COMMENTERS in wanted or (not wanted and enough and store.by != AUTHORS)
    comments = _comments(store, counts, others, codes, commenters=commenters) if len(others) else None
    return Clusters(articles, comments, {AUTHORS: stated, COMMENTERS: named}, codes, commenters)


def _make_commented(store: Store) -> None:
    """Make the table `commented`: unit_id of each comment, id (of text_parts), row, commenter, named."""
    nobody = ", ".join(f"'{name}'" for name in sorted(_NOBODY))
    store.connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE commented AS
        SELECT unit_id, id, dense_rank() OVER (ORDER BY id, commenter) - 1 AS row, commenter, named
        FROM (SELECT unit_id, p.id AS id, lower(trim(coalesce(author, ''))) NOT IN ({nobody}) AS named,
                     CASE WHEN named THEN concat_ws(chr(31), outlet, lower(trim(author))) ELSE 'unit ' || unit_id END
                     AS commenter
              FROM units JOIN text_parts p USING (article_id, "group") WHERE is_comment)""")


def _comments(
    store: Store, counts: Counts, of: Ints, codes: Mapping[str, Ints], *, commenters: bool
) -> Clustered:
    """Comments, by commenter if these are clusters."""
    shared = {name: own for name, own in codes.items() if name != AUTHORS}
    if not commenters:
        return Clustered(counts.only(of), tuple(clusterings(shared)), of)
    finer, parts, people = count_by_commenter(store, counts, of)
    at = {name: own[parts] for name, own in shared.items()}
    return Clustered(finer, tuple(clusterings({**at, COMMENTERS: people})), of)


def _events(store: Store, counts: Counts) -> Ints:
    """(rows,) number of the event of each text; texts without one have a number of their own."""
    if not store.rows("SELECT 1 FROM duckdb_tables() WHERE table_name = 'grouped'"):
        return counts.article
    found = store.columns("""
        SELECT n, min(event) AS event FROM text_parts JOIN grouped USING (article_id) WHERE event IS NOT NULL GROUP BY n""")
    events = np.asarray(found["event"], np.int64)
    of_text = np.arange(len(counts.articles)) + events.max(initial=-1) + 1
    of_text[found["n"]] = events
    of_row: Ints = of_text[counts.article]
    return of_row


def _many(counts: Counts, events: Ints) -> bool:
    """Whether most groups with MIN_CLUSTERS texts have as many events."""
    numbers = [
        (len(np.unique(counts.article[own])), len(np.unique(events[own])))
        for own in (counts.group == group for group in range(len(counts.groups)))
    ]
    large = [events >= MIN_CLUSTERS for texts, events in numbers if texts >= MIN_CLUSTERS]
    return not large or 2 * sum(large) > len(large)


def _authors(store: Store, counts: Counts) -> tuple[Ints, float]:
    """(rows,) number of the writers of each row, and the share of texts that name any."""
    found = store.columns("""
        SELECT id, coalesce(arg_min(author, (copy, article_id)), '') AS author, coalesce(any_value(outlet), '') AS outlet
        FROM (SELECT p.id AS id, p.copy AS copy, article_id, any_value(u.author) FILTER (NOT is_comment) AS author,
                     any_value(u.outlet) AS outlet
              FROM text_parts p JOIN units u USING (article_id, "group") GROUP BY ALL)
        GROUP BY id ORDER BY id""")
    names, outlets = (found[name].astype(object) for name in ("author", "outlet"))
    known: dict[tuple[str, str], str] = {}
    keys = [known.setdefault(pair, author_key(*pair)) for pair in zip(names, outlets, strict=True)]
    numbers: dict[str, int] = {}
    own = np.array([numbers.setdefault(key, len(numbers)) if key else -1 for key in keys], np.int64)
    named = own >= 0
    return np.where(named, own, len(numbers) + counts.article), float(named.mean()) if len(own) else 0.0


def author_key(author: str, outlet: str = "") -> str:
    """The same key for the same writers in another order: "A and B", "B, A". "" if nobody is named, or only the outlet."""
    parts = {
        " ".join(part.casefold().split()).strip(". ") for part in _BETWEEN.split(_BY.sub("", author.strip()))
    }
    people = parts - _NOBODY - {" ".join(outlet.casefold().split()), ""}
    return "; ".join(sorted(people))


def clusters_table(clusters: Clusters, *, kept: Sequence[str]) -> pa.Table:
    """How many clusters each group has: group, of ("articles" or "comments"), dimension, clusters, equal, largest, used.

    equal: how many clusters of equal size would weigh the same. largest: share of the group's units in the largest cluster.
    used: whether variances are taken over this dimension; one within another, as articles within events, is not.
    """
    rows: list[dict[str, Any]] = []
    for family, name in ((clusters.articles, "articles"), (clusters.comments, "comments")):
        if family is None or not len(family.of):
            continue
        codes = {way.dimensions[0]: way.codes for way in family.ways if len(way.dimensions) == 1}
        codes = {ARTICLES: family.counts.article, **codes}
        units = family.counts.totals[:, [family.counts.units_column[0]]]
        for group in kept:
            own = np.flatnonzero(family.counts.group == family.counts.groups.index(group))
            for dimension, numbers in codes.items():
                _, (sums,) = sum_clusters(numbers[own], units[own])
                size = sums[sums > 0]
                if len(size):
                    share = size / size.sum()
                    rows.append(
                        {
                            "group": group, "of": name, "dimension": dimension, "clusters": len(size),
                            "equal": float(1 / (share**2).sum()), "largest": float(share.max()),
                            "used": dimension in family.dimensions,
                        }
                    )  # fmt: skip
    columns = {**dict.fromkeys(("group", "of", "dimension"), "string"), "clusters": "int64"}
    return arrow_table(rows, columns | {"equal": "float64", "largest": "float64", "used": "bool_"})


def estimand(clusters: Clusters, *, noun: str) -> str:
    """What the intervals and tests are about, in a sentence.

    A dimension without clusters of its own, such as writers of one article each, is accounted for by the others.
    """
    over = " and ".join(NOUNS[name] for name in clusters.articles.dimensions)
    if AUTHORS in clusters.codes or (noun == AUTHORS and EVENTS in clusters.codes):
        return (
            f"Intervals and tests are about each {noun} as such, as if other {over} could have been in the sample: "
            f"variances are taken over {over}."
        )
    if EVENTS in clusters.codes:
        return (
            "Intervals and tests are about these writers, as if they could have written on other events: variances are "
            f"taken over {over}. They do not say what the same {noun} would print from other writers."
        )
    return (
        f"Intervals and tests are about articles like these, by the same writers and on the same events: variances are taken "
        f"over {over}. They do not say what the same {noun} would print from other writers or on other events."
    )
