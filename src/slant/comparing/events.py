"""Articles of a stretch of time that are about the same thing, without a matrix of all pairs.

Average linkage (UPGMA) over cosine similarity of TF-IDF vectors, which fades with the days between two articles. The
articles pass in order of date, a block at a time; the groups of earlier blocks that are recent enough take part in the next
as one item each, at their mean vector: the dot product of two means is the average similarity of their members. What differs
from one linkage of everything is the order of joining, and that a carried group weighs as one item however large it is.

Which articles are about the same event, from text and date alone, and which are the same text.

An *event* is what is told within days of one another in much the same words; a *story* is a line of events over weeks. Both
are average-linkage groups over TF-IDF vectors of headline and opening, see grouping.py. The shipped encoder's own vectors
were tried: it has learned stance and finds fewer pairs of FA-KES than plain words do, at a hundred times the cost
(benchmarks/events.py measures both).
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from slant.comparing.near_duplicates import Documents, copies, documents

if TYPE_CHECKING:
    import pyarrow as pa

    from slant.comparing.counts import Cells
    from slant.comparing.options import Options
    from slant.comparing.rates import Groups
    from slant.comparing.score_tables import Store

BLOCK = 1500  # items that come in at a time; as many groups at most are carried over
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Grain:
    """How alike articles of one group are.

    similarity: least average similarity at which two groups are joined. fade: days in which similarity falls to 1/e.
    reach: days after its latest article in which a group may still grow.
    """

    similarity: float
    fade: float
    reach: int


@dataclass(slots=True)
class Clusters:
    """vectors: mean of the members, one sparse row each. days: mean date. last: latest date. sizes: members."""

    vectors: Any
    days: NDArray[np.float64]
    last: NDArray[np.float64]
    sizes: NDArray[np.float64]

    def take(self, rows: Ints) -> Clusters:
        return Clusters(self.vectors[rows], self.days[rows], self.last[rows], self.sizes[rows])


def singles(vectors: Any, days: Ints) -> Clusters:
    dates = days.astype(float)
    return Clusters(vectors, dates, dates, np.ones(len(days)))


def grouped(items: Clusters, *, grain: Grain) -> tuple[Ints, Clusters]:
    """A group number per item, from 0 in order of their first item's date, and the groups themselves."""
    from scipy.sparse import vstack

    order = np.argsort(items.days, kind="stable")
    parent: list[int] = []  # of every group ever opened, the group that it went into
    label = np.full(len(order), -1)
    active, numbers = items.take(order[:0]), np.empty(0, np.int64)
    for first in range(0, len(order), BLOCK):
        rows = order[first : first + BLOCK]
        new = items.take(rows)
        label[rows] = range(len(parent), len(parent) + len(rows))
        numbers = np.concatenate([numbers, label[rows]])
        parent += label[rows].tolist()
        pool = Clusters(
            vstack([active.vectors, new.vectors], format="csr"),
            np.concatenate([active.days, new.days]),
            np.concatenate([active.last, new.last]),
            np.concatenate([active.sizes, new.sizes]),
        )
        joined = _joined(pool, grain)
        numbers = _merge(parent, numbers, joined)
        active = _means(pool, joined)
        recent = np.flatnonzero(active.last >= new.days.max() - grain.reach)
        recent = recent[np.argsort(-active.last[recent], kind="stable")[:BLOCK]]
        active, numbers = active.take(recent), numbers[recent]
    ends = _dense(np.array([_root(parent, n) for n in label], np.int64)[order])
    final = np.empty(len(order), np.int64)
    final[order] = ends
    return final, _means(items, final)


def _joined(pool: Clusters, grain: Grain) -> Ints:
    """Group number of each item of the pool, by one average linkage."""
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import squareform

    alike = (pool.vectors @ pool.vectors.T).toarray()
    np.fill_diagonal(alike, 0)
    # An average reaches the least similarity only if one of its pairs does: what is alike to nothing stays alone.
    linked = np.flatnonzero((alike >= grain.similarity).any(1))
    joined = np.arange(len(pool.days))
    if len(linked):
        days = pool.days[linked]
        fade = np.exp(-np.abs(days[:, None] - days) / grain.fade)
        distance = np.clip(1 - alike[np.ix_(linked, linked)] * fade, 0, None)
        np.fill_diagonal(distance, 0)
        tree = linkage(squareform(distance, checks=False), "average")
        joined[linked] = len(joined) + fcluster(tree, 1 - grain.similarity, "distance")
    return _dense(joined)


def _means(pool: Clusters, joined: Ints) -> Clusters:
    from scipy.sparse import csr_matrix

    sizes = np.bincount(joined, weights=pool.sizes).astype(np.float64)
    weight = pool.sizes / sizes[joined]
    mean = csr_matrix((weight, (joined, np.arange(len(joined)))), shape=(len(sizes), len(joined)))
    last = np.full(len(sizes), -np.inf)
    np.maximum.at(last, joined, pool.last)
    return Clusters(mean @ pool.vectors, mean @ pool.days, last, sizes)


def _merge(parent: list[int], numbers: Ints, joined: Ints) -> Ints:
    """The number of each joined group, that of its first item; `parent` is told of the others."""
    first: dict[int, int] = {}
    for number, group in zip(numbers.tolist(), joined.tolist(), strict=True):
        parent[number] = first.setdefault(group, number)
    return np.array([first[g] for g in range(len(first))], np.int64)


def _root(parent: list[int], number: int) -> int:
    while parent[number] != number:
        parent[number] = parent[parent[number]]
        number = parent[number]
    return number


def _dense(labels: Ints) -> Ints:
    """The same partition with numbers from 0 in order of first appearance."""
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    rank = np.empty(len(first), np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[inverse]


# Chosen on FA-KES (event) and on four of the nine outlets of RUWA (story); benchmarks/events.py judges the other five.
EVENT = Grain(similarity=0.12, fade=2, reach=7)
STORY = Grain(similarity=0.008, fade=30, reach=60)
KEYWORDS = 5
NO_EVENT = -1


class Grouping:
    """What `group` found, one row per document. event, story: numbers, or NO_EVENT where no date is stated.

    cluster: row of the first document with the same text. keywords: event → what its articles share most.
    """

    def __init__(self, *, size: int) -> None:
        self.event = np.full(size, NO_EVENT)
        self.story = np.full(size, NO_EVENT)
        self.cluster: NDArray[np.int64] = np.arange(size)
        self.centre: dict[int, int] = {}
        self.keywords: dict[int, str] = {}


def group(docs: Documents, *, event: Grain = EVENT, story: Grain = STORY) -> Grouping:
    """Events, stories and copies of some documents."""
    found = Grouping(size=len(docs.ids))
    with ThreadPoolExecutor(1) as pool:  # most of both runs outside of Python's lock
        cluster = pool.submit(copies, docs.openings, docs.days)
        _fill(found, docs, event, story)
        found.cluster = cluster.result()
    return found


def _fill(found: Grouping, docs: Documents, event: Grain, story: Grain) -> None:
    """Everything but the copies."""
    dated = np.array([i for i, day in enumerate(docs.days) if day is not None], np.int64)
    vectors, words = tfidf([docs.openings[i] for i in dated])
    if words is None:
        return
    days = np.array([docs.days[i] for i in dated], np.int64)
    events, groups = grouped(singles(vectors, days), grain=event)
    stories, _ = grouped(groups, grain=story)
    found.event[dated], found.story[dated] = events, stories[events]
    closeness = np.asarray(vectors.multiply(groups.vectors[events]).sum(1)).ravel()
    for i in np.argsort(closeness):  # the last to write is the closest to the mean
        found.centre[int(events[i])] = int(dated[i])
    found.keywords = {
        e: _heaviest(groups.vectors[e], words) for e in np.flatnonzero(groups.sizes > 1).tolist()
    }


def tfidf(texts: list[str]) -> tuple[Any, NDArray[np.object_] | None]:
    """Sparse rows of length 1 and the word of each column; no words if the texts share none."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(
        token_pattern=r"[^\W\d_]{2,}", stop_words="english", sublinear_tf=True, min_df=2, dtype=np.float32
    )
    try:
        vectors = vectorizer.fit_transform(texts)
    except ValueError:  # an empty vocabulary, which scikit-learn tells in no other way
        return None, None
    return vectors, vectorizer.get_feature_names_out()


def _heaviest(row: Any, words: NDArray[np.object_]) -> str:
    best = np.argsort(-row.data, kind="stable")[:KEYWORDS]
    return ", ".join(words[row.indices[best]])


def mark(store: Store) -> None:
    """Makes the table `grouped` (article_id, event, story, cluster) in the store, unless it is there.

    event and story are null for articles without a date. cluster: article_id of the first article with the same text, so
    that resampling clusters draws wire copy as one.
    """
    if store.rows("SELECT 1 FROM information_schema.tables WHERE table_name = 'grouped'"):
        return
    import pyarrow as pa

    docs = documents(store)
    found = group(docs)
    named = sorted(found.keywords)
    arrays: dict[str, Any] = {
        "article_id": pa.array(docs.ids, pa.string()),
        "event": pa.array(found.event, mask=found.event == NO_EVENT),
        "story": pa.array(found.story, mask=found.story == NO_EVENT),
        "cluster": pa.array([docs.ids[i] for i in found.cluster], pa.string()),
        "day": pa.array([d and datetime.date.fromordinal(d) for d in docs.days], pa.date32()),
        "title": pa.array(docs.titles, pa.string()),
        "outlet": pa.array(docs.outlets, pa.string()),
    }
    centres = [docs.titles[found.centre[e]] for e in named]
    store.connection.register("_found", pa.table(arrays))
    store.connection.execute("CREATE TABLE grouped AS SELECT * FROM _found")
    keys = pa.table(
        {
            "event": pa.array(named, pa.int64()),
            "title": pa.array(centres, pa.string()),
            "keywords": pa.array([found.keywords[e] for e in named], pa.string()),
        }
    )
    store.connection.register("_named", keys)
    store.connection.execute("CREATE TABLE event_names AS SELECT * FROM _named")
    store.connection.unregister("_found")
    store.connection.unregister("_named")


def event_tables(store: Store, _: Cells, *, options: Options, groups: Groups) -> Mapping[str, pa.Table]:
    """events: event, story, title (of its most central article), keywords, first, last (dates), articles, texts (wire copy
    and repeats counted once), outlets, shared (groups that are compared), for events of two texts or more, the most
    widely told first. event_articles: article_id, group, outlet, published, title, event, story, cluster, ran_in (outlets
    that ran the same text).
    """
    mark(store)
    store.connection.execute("""
        CREATE OR REPLACE TEMP VIEW event_rows AS
        SELECT g.article_id, a."group", g.outlet, g.day AS published, g.title, g.event, g.story, g.cluster, w.ran_in
        FROM grouped g
        JOIN (SELECT article_id, any_value("group") AS "group" FROM units WHERE NOT is_comment GROUP BY 1) a
             USING (article_id)
        JOIN (SELECT cluster, count(DISTINCT outlet) AS ran_in FROM grouped GROUP BY 1) w USING (cluster)""")
    events = store.arrow("""
        SELECT event, any_value(r.story) AS story, any_value(n.title) AS title, any_value(n.keywords) AS keywords,
               min(published) AS first, max(published) AS last, count(*) AS articles, count(DISTINCT cluster) AS texts,
               count(DISTINCT outlet) AS outlets, count(DISTINCT "group") AS shared
        FROM event_rows r JOIN event_names n USING (event) GROUP BY event ORDER BY shared DESC, texts DESC, event""")
    articles = store.arrow("SELECT * FROM event_rows ORDER BY event, published, article_id")
    return {"events": events, "event_articles": articles}
