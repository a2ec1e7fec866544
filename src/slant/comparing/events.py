"""Group articles by event and story, from text and date alone, and mark copies of a text.

An *event* is what articles report within days of one another in much the same words; a *story* is a line of events over
weeks. Both are average-linkage clusters (UPGMA) of TF-IDF vectors of headline and opening, by cosine similarity that fades
with the days between two articles. The shipped encoder's own vectors were tried instead: it was trained on stance and
finds fewer pairs of FA-KES than plain words do, at a hundred times the cost (benchmarks/events.py measures both).

Articles pass in order of date, a block at a time, so no matrix of all pairs is needed. Recent clusters of earlier blocks
join the next block as one item each, at their mean vector: the dot product of two means is the average similarity of their
members. Compared with one linkage of everything, only the order of joining differs, and a carried cluster weighs as one
item whatever its size.
"""

from __future__ import annotations

import datetime
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from slant.comparing.near_duplicates import Documents, copies, documents

if TYPE_CHECKING:
    import pyarrow as pa

    from slant.comparing.score_tables import Store

BLOCK = 1500  # items per block; at most as many clusters are carried over
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Linkage:
    """How close the articles of one cluster are."""

    similarity: float  # minimum average similarity at which two clusters are joined
    fade_days: float  # days in which similarity falls to 1/e
    max_gap: int  # days after its latest article during which a cluster may still grow


# Chosen on FA-KES (event) and on four of the nine outlets of RUWA (story); benchmarks/events.py judges the other five.
EVENT = Linkage(similarity=0.12, fade_days=2, max_gap=7)
STORY = Linkage(similarity=0.008, fade_days=30, max_gap=60)
KEYWORDS = 5
NO_EVENT = -1


@dataclass(slots=True)
class Clusters:
    """vectors: mean of the members, one sparse row each. days: mean date. last: latest date. sizes: members."""

    vectors: Any
    days: NDArray[np.float64]
    last: NDArray[np.float64]
    sizes: NDArray[np.float64]

    def take(self, rows: Ints) -> Clusters:
        return Clusters(self.vectors[rows], self.days[rows], self.last[rows], self.sizes[rows])


def single_items(vectors: Any, days: Ints) -> Clusters:
    """Each row as a cluster of one."""
    dates = days.astype(float)
    return Clusters(vectors, dates, dates, np.ones(len(days)))


def cluster_items(items: Clusters, *, linkage: Linkage) -> tuple[Ints, Clusters]:
    """A cluster number per item, counted from 0 by the date of the first item, and the clusters themselves."""
    from scipy.sparse import vstack

    order = np.argsort(items.days, kind="stable")
    parent: list[int] = []  # of every cluster ever opened, the cluster it was merged into
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
        joined = _join(pool, linkage)
        numbers = _merge(parent, numbers, joined)
        active = _means(pool, joined)
        recent = np.flatnonzero(active.last >= new.days.max() - linkage.max_gap)
        recent = recent[np.argsort(-active.last[recent], kind="stable")[:BLOCK]]
        active, numbers = active.take(recent), numbers[recent]
    merged = _renumber(np.array([_root(parent, n) for n in label], np.int64)[order])
    final = np.empty(len(order), np.int64)
    final[order] = merged
    return final, _means(items, final)


def _join(pool: Clusters, settings: Linkage) -> Ints:
    """Cluster number of each item of the pool, by one average linkage."""
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import squareform

    similarity = (pool.vectors @ pool.vectors.T).toarray()
    np.fill_diagonal(similarity, 0)
    # An average reaches the minimum only if one of its pairs does, so items without such a pair stay alone.
    linked = np.flatnonzero((similarity >= settings.similarity).any(1))
    joined = np.arange(len(pool.days))
    if len(linked):
        days = pool.days[linked]
        fade = np.exp(-np.abs(days[:, None] - days) / settings.fade_days)
        distance = np.clip(1 - similarity[np.ix_(linked, linked)] * fade, 0, None)
        np.fill_diagonal(distance, 0)
        tree = linkage(squareform(distance, checks=False), "average")
        joined[linked] = len(joined) + fcluster(tree, 1 - settings.similarity, "distance")
    return _renumber(joined)


def _means(pool: Clusters, joined: Ints) -> Clusters:
    from scipy.sparse import csr_matrix

    sizes = np.bincount(joined, weights=pool.sizes).astype(np.float64)
    weight = pool.sizes / sizes[joined]
    mean = csr_matrix((weight, (joined, np.arange(len(joined)))), shape=(len(sizes), len(joined)))
    last = np.full(len(sizes), -np.inf)
    np.maximum.at(last, joined, pool.last)
    return Clusters(mean @ pool.vectors, mean @ pool.days, last, sizes)


def _merge(parent: list[int], numbers: Ints, joined: Ints) -> Ints:
    """The number of each joined cluster: that of its first item. Records in `parent` where the others went."""
    first: dict[int, int] = {}
    for number, cluster in zip(numbers.tolist(), joined.tolist(), strict=True):
        parent[number] = first.setdefault(cluster, number)
    return np.array([first[c] for c in range(len(first))], np.int64)


def _root(parent: list[int], number: int) -> int:
    while parent[number] != number:
        parent[number] = parent[parent[number]]
        number = parent[number]
    return number


def _renumber(labels: Ints) -> Ints:
    """The same partition, numbered from 0 in order of first appearance."""
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    rank = np.empty(len(first), np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[inverse]


class Grouping:
    """Events, stories and copies of documents, one row per document.

    event, story: numbers, or NO_EVENT without a date. cluster: row of the first document with the same text.
    center: event → row of its most central article. keywords: event → words that its articles share most.
    """

    def __init__(self, *, size: int) -> None:
        self.event = np.full(size, NO_EVENT)
        self.story = np.full(size, NO_EVENT)
        self.cluster: NDArray[np.int64] = np.arange(size)
        self.center: dict[int, int] = {}
        self.keywords: dict[int, str] = {}


def group_documents(docs: Documents, *, event: Linkage = EVENT, story: Linkage = STORY) -> Grouping:
    """Group documents into events and stories, and find copies of a text."""
    grouping = Grouping(size=len(docs.ids))
    with ThreadPoolExecutor(1) as pool:  # most of both runs without Python's lock
        cluster = pool.submit(copies, docs.openings, docs.days)
        _find_events(grouping, docs, event, story)
        grouping.cluster = cluster.result()
    return grouping


def _find_events(grouping: Grouping, docs: Documents, event: Linkage, story: Linkage) -> None:
    """Fill in everything but the copies."""
    dated = np.array([i for i, day in enumerate(docs.days) if day is not None], np.int64)
    vectors, words = tfidf([docs.openings[i] for i in dated])
    if words is None:
        return
    days = np.array([docs.days[i] for i in dated], np.int64)
    events, clusters = cluster_items(single_items(vectors, days), linkage=event)
    stories, _ = cluster_items(clusters, linkage=story)
    grouping.event[dated], grouping.story[dated] = events, stories[events]
    closeness = np.asarray(vectors.multiply(clusters.vectors[events]).sum(1)).ravel()
    for i in np.argsort(closeness):  # the closest to the mean is written last
        grouping.center[int(events[i])] = int(dated[i])
    grouping.keywords = {
        e: _heaviest(clusters.vectors[e], words) for e in np.flatnonzero(clusters.sizes > 1).tolist()
    }


def tfidf(texts: list[str]) -> tuple[Any, NDArray[np.object_] | None]:
    """Sparse rows of length 1, and the word of each column; (None, None) if the texts share no words."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(
        token_pattern=r"[^\W\d_]{2,}", stop_words="english", sublinear_tf=True, min_df=2, dtype=np.float32
    )
    try:
        vectors = vectorizer.fit_transform(texts)
    except ValueError:  # scikit-learn raises this, and nothing more specific, for an empty vocabulary
        return None, None
    return vectors, vectorizer.get_feature_names_out()


def _heaviest(row: Any, words: NDArray[np.object_]) -> str:
    best = np.argsort(-row.data, kind="stable")[:KEYWORDS]
    return ", ".join(words[row.indices[best]])


def group_articles(store: Store) -> None:
    """Make the tables `grouped` and `event_names` in the store.

    grouped: article_id, event, story (null without a date), cluster (article_id of the first article with the same text),
    day, title, outlet. event_names: event, title (of its most central article), keywords; for events of two articles or more.
    """
    import pyarrow as pa

    docs = documents(store)
    grouping = group_documents(docs)
    articles: dict[str, Any] = {
        "article_id": pa.array(docs.ids, pa.string()),
        "event": pa.array(grouping.event, mask=grouping.event == NO_EVENT),
        "story": pa.array(grouping.story, mask=grouping.story == NO_EVENT),
        "cluster": pa.array([docs.ids[i] for i in grouping.cluster], pa.string()),
        "day": pa.array([d and datetime.date.fromordinal(d) for d in docs.days], pa.date32()),
        "title": pa.array(docs.titles, pa.string()),
        "outlet": pa.array(docs.outlets, pa.string()),
    }
    named = sorted(grouping.keywords)
    names = {
        "event": pa.array(named, pa.int64()),
        "title": pa.array([docs.titles[grouping.center[e]] for e in named], pa.string()),
        "keywords": pa.array([grouping.keywords[e] for e in named], pa.string()),
    }
    for table, columns in (("grouped", articles), ("event_names", names)):
        store.connection.register("_given", pa.table(columns))
        store.connection.execute(f"CREATE TABLE {table} AS SELECT * FROM _given")
        store.connection.unregister("_given")


_EVENT_ROWS = """
    (SELECT g.article_id, a."group", g.outlet, g.day AS published, g.title, g.event, g.story, g.cluster, w.ran_in
     FROM grouped g
     JOIN (SELECT article_id, any_value("group") AS "group" FROM units WHERE NOT is_comment GROUP BY 1) a USING (article_id)
     JOIN (SELECT cluster, count(DISTINCT outlet) AS ran_in FROM grouped GROUP BY 1) w USING (cluster))"""


def events_table(store: Store) -> pa.Table:
    """Events of two articles or more, the most widely covered first; needs the table `grouped`.

    event, story, title (of its most central article), keywords, first, last (dates), articles, texts (copies counted once),
    outlets, shared (number of groups).
    """
    return store.arrow(f"""
        SELECT event, any_value(r.story) AS story, any_value(n.title) AS title, any_value(n.keywords) AS keywords,
               min(published) AS first, max(published) AS last, count(*) AS articles, count(DISTINCT cluster) AS texts,
               count(DISTINCT outlet) AS outlets, count(DISTINCT "group") AS shared
        FROM {_EVENT_ROWS} r JOIN event_names n USING (event) GROUP BY event ORDER BY shared DESC, texts DESC, event""")


def event_articles_table(store: Store) -> pa.Table:
    """article_id, group, outlet, published, title, event, story, cluster, ran_in (outlets that published the same text)."""
    return store.arrow(f"SELECT * FROM {_EVENT_ROWS} ORDER BY event, published, article_id")
