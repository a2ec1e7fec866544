"""Loaded phrases that set a group apart: weighted log-odds with an informative Dirichlet prior.

For each phrase: the log-odds of its share among the group's loaded phrases, minus that among the others' loaded phrases,
both shrunk toward its share in everything, divided by its standard error (Monroe, Colaresi & Quinn 2008, "Fightin' Words",
eq. 22). The prior keeps rare phrases, which a plain ratio ranks first, from the top. How much loaded language a group uses
does not matter here, only which.

Phrases come in bursts: an article that uses one uses it again. So the standard error is the larger of that of independent
phrases and that over clusters (cluster_variance.py), with Student's t over the effective number of clusters that have the
phrase.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

from slant.comparing.cluster_variance import multiway
from slant.comparing.clusters import Clusters
from slant.comparing.counts import COUNTED, Floats, Ints
from slant.comparing.measures import ANY_TARGET
from slant.comparing.score_tables import arrow_table
from slant.comparing.significance import adjust_p_values

if TYPE_CHECKING:
    import pyarrow as pa

    from slant.comparing.options import Options
    from slant.comparing.score_tables import Store

MIN_COUNT = 3  # occurrences overall, to be tested; and in the group, in two texts or more, to be reported
MOST = 25  # phrases reported per group and target
EXAMPLES = 5
_LEADING = re.compile(
    r"(?:(?:a|an|the|this|that|these|those|its|it's|his|her|their|our|my|your|such|so|very)\s+)+",
    re.IGNORECASE,
)
_EDGES = re.compile(r"^[\W_]+|[\W_]+$")


def phrases_table(
    store: Store, clusters: Clusters, *, groups: Sequence[str], options: Options, voice: str = "outlet"
) -> pa.Table:
    """One row per phrase that sets a group apart, for each target ("(any)": all units), the most distinctive first.

    target: only units that name it count. group, phrase (see `normalize`), count, other_count, texts (of the group with
    the phrase; copies count once), log_odds, z, low, high (of log_odds), p_adjusted (two-sided, from z; Benjamini-Hochberg
    over all phrases that were tested), examples: unit_ids, from different texts first.
    voice: "outlet", "quoted" or "reader" (comments). Needs the table `text_parts`.
    """
    rows: list[dict[str, Any]] = []
    p_values: list[float] = []
    for target, spans in _spans_by_target(store, voice):
        for found, p in _find_phrases(spans, clusters, groups, options):
            first = len(p_values)
            p_values += p.tolist()
            rows += ({"target": target, **row, "test": first + at} for at, row in found)
    _, adjusted = adjust_p_values(p_values)
    for row in rows:
        row["p_adjusted"] = float(adjusted[row["test"]])
    return _table(rows)


def _table(rows: list[dict[str, Any]]) -> pa.Table:
    import pyarrow as pa

    columns = {
        **dict.fromkeys(("target", "group", "phrase"), "string"),
        **dict.fromkeys(("count", "other_count", "texts"), "int64"),
        **dict.fromkeys(("log_odds", "low", "high", "z", "p_adjusted"), "float64"),
    }
    examples = pa.array([row["examples"] for row in rows], pa.list_(pa.string()))
    return arrow_table(rows, columns).append_column("examples", examples)


def normalize(phrase: str) -> str:
    """Lower case, single spaces, no leading determiner, no possessive or outer punctuation: "The regime’s" → "regime"."""
    text = _EDGES.sub("", " ".join(phrase.replace("’", "'").split()).lower())
    text = _EDGES.sub("", _LEADING.sub("", text, count=1) if _LEADING.match(text) else text)
    return text.removesuffix("'s")


class _Spans:
    """Loaded spans of the units about one target, as columns: phrase, group, text (indices) and unit (ids)."""

    def __init__(self, columns: dict[str, Any]) -> None:
        texts, index = _encode(columns["text"])
        self.phrases, normalized = _encode([normalize(text) for text in texts])
        self.phrase = normalized[index]
        self.groups, self.group = _encode(columns["group"])
        _, self.text = _encode(columns["cluster"])
        self.row = np.asarray(columns["id"], np.int64)  # of the counts
        self.unit = columns["unit_id"]


def _encode(values: Any) -> tuple[list[str], Ints]:
    """The distinct strings, and for each value its index among them. NumPy would pad all strings to the longest."""
    import pyarrow as pa

    coded = pa.array(values, pa.string()).dictionary_encode()
    return coded.dictionary.to_pylist(), coded.indices.to_numpy().astype(np.int64)


def _spans_by_target(store: Store, voice: str) -> Iterator[tuple[str, _Spans]]:
    query = f"""
        SELECT DISTINCT l."group", l.text, l.unit_id, l."start", p.cluster, p.id
        FROM loaded l JOIN text_parts p USING (article_id, "group")
        WHERE {COUNTED} AND l.voice = ? AND l.is_comment = ? {{}} ORDER BY l.unit_id, l."start", l.text"""
    comment = voice == "reader"
    yield ANY_TARGET, _Spans(store.columns(query.format(""), (voice, comment)))
    named = "SELECT DISTINCT target FROM stances WHERE is_comment = ? AND mentions > 0 ORDER BY 1"
    for (target,) in store.rows(named, (comment,)):
        only = "AND l.unit_id IN (SELECT unit_id FROM stances WHERE target = ? AND mentions > 0)"
        yield target, _Spans(store.columns(query.format(only), (voice, comment, target)))


def _find_phrases(
    spans: _Spans, clusters: Clusters, groups: Sequence[str], options: Options
) -> Iterator[tuple[list[tuple[int, dict[str, Any]]], Floats]]:
    """Per group: (index into p, row) of each reported phrase, and p of all tested phrases."""
    counts = np.zeros((len(spans.groups), len(spans.phrases)))
    np.add.at(counts, (spans.group, spans.phrase), 1)
    prior = counts.sum(0) / max(1, len(spans.groups))  # weighs as much as one group of average size
    everything = counts.sum(0)
    tested = np.flatnonzero(everything >= MIN_COUNT)
    if len(everything) < 2 or not len(tested):
        return
    for number, name in enumerate(spans.groups):
        here, there = counts[number], everything - counts[number]
        if name not in groups or not there.any():
            continue
        own = spans.group == number
        pairs = np.unique(np.stack([spans.phrase[own], spans.text[own]]), axis=1)
        texts = np.bincount(pairs[0], minlength=len(spans.phrases))
        odds = log_odds(here, there, prior)
        error, freedom = _errors(spans, clusters, own, (here, there), prior, tested)
        z = odds[tested] / error
        width = stdtrit(freedom, (1 + options.level) / 2) * error
        frequent = (z > 0) & (here[tested] >= MIN_COUNT) & (texts[tested] > 1)
        order = np.argsort(-z, kind="stable")
        rows = []
        for at in order[frequent[order]][:MOST].tolist():
            phrase = int(tested[at])
            row = {
                "group": name, "phrase": spans.phrases[phrase], "count": int(here[phrase]),
                "other_count": int(there[phrase]), "texts": int(texts[phrase]), "log_odds": odds[phrase],
                "low": odds[phrase] - width[at], "high": odds[phrase] + width[at], "z": z[at],
                "examples": _examples(spans, own & (spans.phrase == phrase)),
            }  # fmt: skip
            rows.append((at, row))
        yield rows, 2 * stdtr(freedom, -np.abs(z))


def _errors(
    spans: _Spans,
    clusters: Clusters,
    own: NDArray[np.bool_],
    counts: tuple[Floats, Floats],
    prior: Floats,
    tested: Ints,
) -> tuple[Floats, Floats]:
    """Standard errors of the log-odds of the tested phrases, and their degrees of freedom."""
    independent = sum(1 / (side[tested] + prior[tested]) for side in counts)
    variances, freedoms = [], []
    for way in clusters.articles.ways:
        ids, cluster = np.unique(way.codes[spans.row], return_inverse=True)
        sides = [
            _Influence.of(spans, cluster, len(ids), rows, side, prior, tested)
            for rows, side in zip((own, ~own), counts, strict=True)
        ]
        variances.append(np.maximum(sides[0].with_(sides[0]) + sides[1].with_(sides[1])
                                    - 2 * sides[0].with_(sides[1]), 0.0))  # fmt: skip
        if len(way.dimensions) == 1:
            seen = sides[0].hits + sides[1].hits
            second, fourth = (np.asarray(seen.power(n).sum(0)).ravel() for n in (2, 4))
            freedoms.append(np.maximum(second**2 / fourth - 1, 1.0))
    variance = np.maximum(multiway(variances, clusters.articles.ways), independent)
    return np.sqrt(variance), np.min(freedoms, axis=0)


@dataclass(frozen=True, slots=True)
class _Influence:
    """What each cluster adds to the log-odds of phrases on one side: (hits - share × total) × scale.

    hits: sparse (clusters, phrases). total: (clusters,) all phrases. share, scale: (phrases,).
    """

    hits: Any
    total: Floats
    share: Floats
    scale: Floats

    @classmethod
    def of(
        cls, spans: _Spans, cluster: Ints, number: int, rows: NDArray[np.bool_], counts: Floats, prior: Floats, tested: Ints
    ) -> _Influence:  # fmt: skip
        from scipy.sparse import csr_matrix

        shape = number, len(spans.phrases)
        ones = np.ones(int(rows.sum()))
        hits = csr_matrix((ones, (cluster[rows], spans.phrase[rows])), shape=shape)[:, tested]
        everything = counts.sum() + prior.sum()
        share = (counts[tested] + prior[tested]) / everything
        used = len(np.unique(cluster[rows]))
        scale = np.sqrt(used / max(used - 1, 1)) / (everything * share * (1 - share))
        return cls(hits, np.bincount(cluster[rows], minlength=number).astype(float), share, scale)

    def with_(self, other: _Influence) -> Floats:
        """(phrases,) sum over clusters of the product of both."""
        both = np.asarray(self.hits.multiply(other.hits).sum(0)).ravel()
        mixed = other.share * (self.hits.T @ other.total) + self.share * (other.hits.T @ self.total)
        found: Floats = both - mixed + self.share * other.share * float(self.total @ other.total)
        return found * self.scale * other.scale


def log_odds(here: Floats, there: Floats, prior: Floats) -> Floats:
    """Log-odds of each phrase in `here` minus those in `there`, with `prior` pseudo-counts; the last axis is phrases."""

    def logit(counts: Floats) -> Floats:
        shrunk = counts + prior
        with np.errstate(divide="ignore"):  # there may be no other phrases
            odds: Floats = np.log(shrunk) - np.log(shrunk.sum(-1, keepdims=True) - shrunk)
        return odds

    with np.errstate(invalid="ignore"):
        return logit(here) - logit(there)


def _examples(spans: _Spans, rows: NDArray[np.bool_]) -> list[str]:
    places = np.flatnonzero(rows)
    _, first = np.unique(spans.text[places], return_index=True)
    order = [*np.sort(first), *np.setdiff1d(np.arange(len(places)), first)]
    return list(dict.fromkeys(str(spans.unit[places[i]]) for i in order))[:EXAMPLES]
