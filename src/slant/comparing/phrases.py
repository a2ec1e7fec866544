"""Which loaded phrases set a group apart: weighted log-odds with an informative Dirichlet prior.

For each phrase the log-odds of its share among the group's loaded phrases, minus that among the others', both shrunk toward
its share in everything, over its standard error (Monroe, Colaresi & Quinn 2008, "Fightin' Words", eq. 22). Rare phrases,
which a plain ratio puts on top, are held back. How much loaded language a group uses plays no part here, only which.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from slant.comparing.counts import COUNTED, parts
from slant.comparing.events import mark
from slant.comparing.rates import ends, resample

if TYPE_CHECKING:
    import pyarrow as pa

    from slant.comparing.counts import Cells
    from slant.comparing.options import Options
    from slant.comparing.rates import Groups
    from slant.comparing.score_tables import Store

ANY_TARGET = "(any)"
FEWEST = (
    3  # occurrences in the group, in two texts at least, of what is reported; anywhere, of what is looked at
)
MOST = 25  # phrases of one group and target
EXAMPLES = 5
_LEADING = re.compile(
    r"(?:(?:a|an|the|this|that|these|those|its|it's|his|her|their|our|my|your|such|so|very)\s+)+",
    re.IGNORECASE,
)
_EDGES = re.compile(r"^[\W_]+|[\W_]+$")
Floats = NDArray[np.float64]


def words(store: Store, *, groups: Sequence[str], options: Options, voice: str = "outlet") -> pa.Table:
    """One row for each phrase that sets a group apart, of each target ("(any)": all units), most telling first.

    target: only units that name it count. group, phrase (lower case, without determiners, outer marks and possessive), count,
    other_count, texts (of the group that have it; its copies of a text count once), log_odds, z, low, high (of log_odds,
    resampling texts),
    p_adjusted (two-sided, from z; Benjamini-Hochberg over every phrase that was looked at), examples: unit_ids, from
    different texts first.
    voice: "outlet", "quoted" or "reader" (comments).
    """
    import pyarrow as pa
    from scipy.stats import false_discovery_control, norm

    mark(store)
    parts(store)
    rng = np.random.default_rng(options.seed)
    rows: list[dict[str, Any]] = []
    p_values: list[float] = []
    for target, spans in _by_target(store, voice):
        for row, z in _of_target(spans, groups, options, rng):
            p_values += (2 * norm.sf(np.abs(z))).tolist()
            for at, found in row:
                rows.append({"target": target, **found, "p_adjusted": len(p_values) - len(z) + at})
    adjusted = false_discovery_control(p_values) if p_values else np.empty(0)
    for found in rows:
        found["p_adjusted"] = float(adjusted[found["p_adjusted"]])
    return pa.Table.from_pylist(rows, schema=_schema(pa))


def _schema(pa: Any) -> Any:
    kinds = {"count": pa.int64(), "other_count": pa.int64(), "texts": pa.int64()}
    kinds |= dict.fromkeys(("target", "group", "phrase"), pa.string())
    names = (
        "target",
        "group",
        "phrase",
        "count",
        "other_count",
        "texts",
        "log_odds",
        "low",
        "high",
        "z",
        "p_adjusted",
    )
    fields = [(name, kinds.get(name, pa.float64())) for name in names]
    return pa.schema([*fields, ("examples", pa.list_(pa.string()))])


def normalised(phrase: str) -> str:
    """Lower case, blanks single, no determiner before it, no possessive or marks around it: "The regime’s" → "regime"."""
    text = _EDGES.sub("", " ".join(phrase.replace("’", "'").split()).lower())
    text = _EDGES.sub("", _LEADING.sub("", text, count=1) if _LEADING.match(text) else text)
    return text.removesuffix("'s")


class _Spans:
    """The loaded spans of one target's units: columns of one length. phrase, group, text (cluster) are numbers."""

    def __init__(self, columns: dict[str, Any]) -> None:
        given, phrase = _coded(columns["text"])
        self.phrases, plain = _coded([normalised(text) for text in given])
        self.phrase = plain[phrase]
        self.groups, self.group = _coded(columns["group"])
        _, self.text = _coded(columns["cluster"])
        self.unit = columns["unit_id"]


def _coded(values: Any) -> tuple[list[str], NDArray[np.int64]]:
    """The distinct strings, and for each of `values` its place among them. NumPy would pad all to the longest."""
    import pyarrow as pa

    coded = pa.array(values, pa.string()).dictionary_encode()
    return coded.dictionary.to_pylist(), coded.indices.to_numpy().astype(np.int64)


def _by_target(store: Store, voice: str) -> Iterator[tuple[str, _Spans]]:
    query = f"""
        SELECT DISTINCT l."group", l.text, l.unit_id, l."start", p.cluster
        FROM loaded l JOIN parts p USING (article_id, "group")
        WHERE {COUNTED} AND l.voice = ? AND l.is_comment = ? {{}} ORDER BY l.unit_id, l."start", l.text"""
    comment = voice == "reader"
    yield ANY_TARGET, _Spans(store.columns(query.format(""), (voice, comment)))
    named = "SELECT DISTINCT target FROM stances WHERE is_comment = ? AND mentions > 0 ORDER BY 1"
    for (target,) in store.rows(named, (comment,)):
        only = "AND l.unit_id IN (SELECT unit_id FROM stances WHERE target = ? AND mentions > 0)"
        yield target, _Spans(store.columns(query.format(only), (voice, comment, target)))


@dataclass(frozen=True, slots=True)
class _Told:
    """A group among others. here, there, odds, texts: (phrases,). z: of the phrases `looked` at. at: the places in z of those
    that are reported, most telling first; chosen: which phrases these are."""

    number: int
    here: Floats
    there: Floats
    odds: Floats
    texts: NDArray[np.int64]
    z: Floats
    at: NDArray[np.int64]
    chosen: NDArray[np.int64]


def _of_target(
    spans: _Spans, groups: Sequence[str], options: Options, rng: np.random.Generator
) -> Iterator[tuple[list[tuple[int, dict[str, Any]]], Floats]]:
    """Per group: (place in z, row) of each phrase that is reported, and z of all that were looked at."""
    counts = np.zeros((len(spans.groups), len(spans.phrases)))
    np.add.at(counts, (spans.group, spans.phrase), 1)
    prior = counts.sum(0) / max(1, len(spans.groups))  # weighs as much as one group of average size
    told = list(_told(spans, counts, prior, groups))
    for one, drawn in zip(told, _drawn(spans, told, prior, options.resamples, rng), strict=True):
        low, high = ends(drawn.astype(np.float32), level=options.level)
        own = spans.group == one.number
        rows = []
        for k, (at, phrase) in enumerate(zip(one.at, one.chosen, strict=True)):
            row = {"group": spans.groups[one.number], "phrase": spans.phrases[phrase]}
            row |= {"count": int(one.here[phrase]), "other_count": int(one.there[phrase])}
            row |= {"texts": int(one.texts[phrase]), "log_odds": one.odds[phrase]}
            row |= {"low": low[k], "high": high[k], "z": one.z[at]}
            rows.append((int(at), {**row, "examples": _examples(spans, own & (spans.phrase == phrase))}))
        yield rows, one.z


def _told(spans: _Spans, counts: Floats, prior: Floats, groups: Sequence[str]) -> Iterator[_Told]:
    everything = counts.sum(0)
    looked = np.flatnonzero(everything >= FEWEST)
    if len(everything) < 2 or not len(looked):
        return
    for number, name in enumerate(spans.groups):
        here, there = counts[number], everything - counts[number]
        if name not in groups or not there.any():
            continue
        own = spans.group == number
        pairs = np.unique(np.stack([spans.phrase[own], spans.text[own]]), axis=1)
        texts = np.bincount(pairs[0], minlength=len(spans.phrases))
        odds = log_odds(here, there, prior)
        z = (odds / np.sqrt(1 / (here + prior) + 1 / (there + prior)))[looked]
        habit = (z > 0) & (here[looked] >= FEWEST) & (texts[looked] > 1)
        order = np.argsort(-z, kind="stable")
        best = order[habit[order]][:MOST]
        yield _Told(number, here, there, odds, texts, z, best, looked[best])


def log_odds(here: Floats, there: Floats, prior: Floats) -> Floats:
    """Of each phrase's share in `here` minus that in `there`, both with `prior` pseudo-counts; the last axis is phrases."""

    def logit(counts: Floats) -> Floats:
        shrunk = counts + prior
        with np.errstate(divide="ignore"):  # of all other phrases together, where there are none
            odds: Floats = np.log(shrunk) - np.log(shrunk.sum(-1, keepdims=True) - shrunk)
        return odds

    with np.errstate(invalid="ignore"):
        return logit(here) - logit(there)


def _drawn(
    spans: _Spans, told: Sequence[_Told], prior: Floats, resamples: int, rng: np.random.Generator
) -> Iterator[Floats]:
    """Per group (resamples, chosen) log-odds; texts are drawn a Poisson number of times, the same for all groups, and the
    prior stays."""
    from scipy.sparse import hstack

    if not told:
        return
    union = np.unique(np.concatenate([one.chosen for one in told]))
    sides = [_spread(spans, spans.group == one.number, one.chosen) for one in told]
    given = hstack([_spread(spans, np.full(len(spans.group), True), union), *sides], format="csr")
    drawn = resample(given, resamples=resamples, rng=rng)
    everything, start = drawn[:, : len(union) + 1], len(union) + 1
    for one in told:
        here, start = drawn[:, start : start + len(one.chosen) + 1], start + len(one.chosen) + 1
        of_all = everything[:, np.searchsorted(union, one.chosen)]
        rest = everything.sum(1) - of_all.sum(1)
        there = np.column_stack([of_all, rest]) - here
        left = prior.sum() - prior[one.chosen].sum()
        yield log_odds(here, there, np.append(prior[one.chosen], left))[:, :-1]


def _spread(spans: _Spans, rows: NDArray[np.bool_], chosen: NDArray[np.int64]) -> Any:
    """Sparse (texts, chosen + 1) counts of some spans; the last column is all other phrases."""
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


def phrase_tables(store: Store, _: Cells, *, options: Options, groups: Groups) -> Mapping[str, pa.Table]:
    """words, see there, of the outlet's own voice."""
    return {"words": words(store, groups=tuple(groups.kept), options=options)}
