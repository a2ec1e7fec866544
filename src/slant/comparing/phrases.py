"""Loaded phrases that set a group apart: weighted log-odds with an informative Dirichlet prior.

For each phrase: the log-odds of its share among the group's loaded phrases, minus that among the others' loaded phrases,
both shrunk toward its share in everything, divided by its standard error (Monroe, Colaresi & Quinn 2008, "Fightin' Words",
eq. 22). The prior keeps rare phrases, which a plain ratio ranks first, from the top. How much loaded language a group uses
does not matter here, only which.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from slant.comparing.counts import COUNTED, Floats, Ints
from slant.comparing.measures import ANY_TARGET
from slant.comparing.rates import percentile_interval, resample
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
    store: Store, *, groups: Sequence[str], options: Options, voice: str = "outlet"
) -> pa.Table:
    """One row per phrase that sets a group apart, for each target ("(any)": all units), the most distinctive first.

    target: only units that name it count. group, phrase (see `normalize`), count, other_count, texts (of the group with
    the phrase; copies count once), log_odds, z, low, high (of log_odds, resampling texts), p_adjusted (two-sided, from z;
    Benjamini-Hochberg over all phrases that were tested), examples: unit_ids, from different texts first.
    voice: "outlet", "quoted" or "reader" (comments). Needs the table `text_parts`.
    """
    from scipy.stats import norm

    rng = np.random.default_rng(options.seed)
    rows: list[dict[str, Any]] = []
    p_values: list[float] = []
    for target, spans in _spans_by_target(store, voice):
        for found, z in _find_phrases(spans, groups, options, rng):
            first = len(p_values)
            p_values += (2 * norm.sf(np.abs(z))).tolist()
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
        self.unit = columns["unit_id"]


def _encode(values: Any) -> tuple[list[str], Ints]:
    """The distinct strings, and for each value its index among them. NumPy would pad all strings to the longest."""
    import pyarrow as pa

    coded = pa.array(values, pa.string()).dictionary_encode()
    return coded.dictionary.to_pylist(), coded.indices.to_numpy().astype(np.int64)


def _spans_by_target(store: Store, voice: str) -> Iterator[tuple[str, _Spans]]:
    query = f"""
        SELECT DISTINCT l."group", l.text, l.unit_id, l."start", p.cluster
        FROM loaded l JOIN text_parts p USING (article_id, "group")
        WHERE {COUNTED} AND l.voice = ? AND l.is_comment = ? {{}} ORDER BY l.unit_id, l."start", l.text"""
    comment = voice == "reader"
    yield ANY_TARGET, _Spans(store.columns(query.format(""), (voice, comment)))
    named = "SELECT DISTINCT target FROM stances WHERE is_comment = ? AND mentions > 0 ORDER BY 1"
    for (target,) in store.rows(named, (comment,)):
        only = "AND l.unit_id IN (SELECT unit_id FROM stances WHERE target = ? AND mentions > 0)"
        yield target, _Spans(store.columns(query.format(only), (voice, comment, target)))


@dataclass(frozen=True, slots=True)
class _GroupPhrases:
    """Phrases of one group compared with the others'.

    number: of the group. here, there, odds, texts: (phrases,). z: (tested,). reported: indices into z, the most
    distinctive first.
    chosen: the same phrases as indices into all phrases.
    """

    number: int
    here: Floats
    there: Floats
    odds: Floats
    texts: Ints
    z: Floats
    reported: Ints
    chosen: Ints


def _find_phrases(
    spans: _Spans, groups: Sequence[str], options: Options, rng: np.random.Generator
) -> Iterator[tuple[list[tuple[int, dict[str, Any]]], Floats]]:
    """Per group: (index into z, row) of each reported phrase, and z of all tested phrases."""
    counts = np.zeros((len(spans.groups), len(spans.phrases)))
    np.add.at(counts, (spans.group, spans.phrase), 1)
    prior = counts.sum(0) / max(1, len(spans.groups))  # weighs as much as one group of average size
    compared = list(_compare_groups(spans, counts, prior, groups))
    resampled = _resampled_odds(spans, compared, prior, options.resamples, rng)
    for one, drawn in zip(compared, resampled, strict=True):
        low, high = percentile_interval(drawn.astype(np.float32), level=options.level)
        own = spans.group == one.number
        rows = []
        for k, (at, phrase) in enumerate(zip(one.reported, one.chosen, strict=True)):
            row = {
                "group": spans.groups[one.number], "phrase": spans.phrases[phrase], "count": int(one.here[phrase]),
                "other_count": int(one.there[phrase]), "texts": int(one.texts[phrase]), "log_odds": one.odds[phrase],
                "low": low[k], "high": high[k], "z": one.z[at],
                "examples": _examples(spans, own & (spans.phrase == phrase)),
            }  # fmt: skip
            rows.append((int(at), row))
        yield rows, one.z


def _compare_groups(
    spans: _Spans, counts: Floats, prior: Floats, groups: Sequence[str]
) -> Iterator[_GroupPhrases]:
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
        z = (odds / np.sqrt(1 / (here + prior) + 1 / (there + prior)))[tested]
        frequent = (z > 0) & (here[tested] >= MIN_COUNT) & (texts[tested] > 1)
        order = np.argsort(-z, kind="stable")
        reported = order[frequent[order]][:MOST]
        yield _GroupPhrases(number, here, there, odds, texts, z, reported, tested[reported])


def log_odds(here: Floats, there: Floats, prior: Floats) -> Floats:
    """Log-odds of each phrase in `here` minus those in `there`, with `prior` pseudo-counts; the last axis is phrases."""

    def logit(counts: Floats) -> Floats:
        shrunk = counts + prior
        with np.errstate(divide="ignore"):  # there may be no other phrases
            odds: Floats = np.log(shrunk) - np.log(shrunk.sum(-1, keepdims=True) - shrunk)
        return odds

    with np.errstate(invalid="ignore"):
        return logit(here) - logit(there)


def _resampled_odds(
    spans: _Spans, compared: Sequence[_GroupPhrases], prior: Floats, resamples: int, rng: np.random.Generator
) -> Iterator[Floats]:
    """(resamples, chosen) log-odds per group. All groups share the resamples of texts, and the prior is not resampled."""
    from scipy.sparse import hstack

    if not compared:
        return
    union = np.unique(np.concatenate([one.chosen for one in compared]))
    sides = [_text_counts(spans, spans.group == one.number, one.chosen) for one in compared]
    every = _text_counts(spans, np.full(len(spans.group), True), union)
    sums = resample(hstack([every, *sides], format="csr"), resamples=resamples, rng=rng)
    everything, start = sums[:, : len(union) + 1], len(union) + 1
    for one in compared:
        here, start = sums[:, start : start + len(one.chosen) + 1], start + len(one.chosen) + 1
        of_all = everything[:, np.searchsorted(union, one.chosen)]
        others = everything.sum(1) - of_all.sum(1)
        there = np.column_stack([of_all, others]) - here
        other_prior = prior.sum() - prior[one.chosen].sum()
        yield log_odds(here, there, np.append(prior[one.chosen], other_prior))[:, :-1]


def _text_counts(spans: _Spans, rows: NDArray[np.bool_], chosen: Ints) -> Any:
    """Sparse (texts, chosen + 1) counts of these spans; the last column is all other phrases."""
    from scipy.sparse import csr_matrix

    column = np.full(len(spans.phrases), len(chosen))
    column[chosen] = np.arange(len(chosen))
    ones, shape = np.ones(np.count_nonzero(rows)), (spans.text.max() + 1, len(chosen) + 1)
    return csr_matrix((ones, (spans.text[rows], column[spans.phrase[rows]])), shape=shape)


def _examples(spans: _Spans, rows: NDArray[np.bool_]) -> list[str]:
    places = np.flatnonzero(rows)
    _, first = np.unique(spans.text[places], return_index=True)
    order = [*np.sort(first), *np.setdiff1d(np.arange(len(places)), first)]
    return list(dict.fromkeys(str(spans.unit[places[i]]) for i in order))[:EXAMPLES]
