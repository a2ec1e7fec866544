"""Does the model err more, or to another side, in one group than in the others? Only labels of people can tell.

The test shuffles which group an article belongs to, all its labels staying together, and asks how often the groups' error
rates then lie as far apart as they do. *Left out*: what the correction of all other groups' errors would leave standing in
this one, had it no labels of its own.

Does the model know the outlet? How well scores and embedding of an article tell who published it.

A model that recognises the outlet may give it the label that its training set gave to such outlets. The probe (logistic
regression, as in Alain & Bengio 2017) learns to tell the groups apart from what the model makes of an article, and is judged
on articles of events that it has not seen. It is asked of the text as published and once more with outlet names, writers and
house phrases taken out: what sinks with the mask was the signature, what stays is subject, style, or slant itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from slant.comparing.counts import COMMENTS, Cells
from slant.comparing.error_correction import labelled_measures
from slant.comparing.events import mark
from slant.comparing.near_duplicates import WORDS, house_phrases, names_of, phrase_pattern
from slant.comparing.rates import ends
from slant.scoring.embedding import embed
from slant.scoring.runtimes import load

if TYPE_CHECKING:
    import pyarrow as pa

    from slant.comparing.error_correction import Labelled
    from slant.comparing.options import Options
    from slant.comparing.rates import Groups
    from slant.comparing.score_tables import Store

FEWEST = 5  # labelled articles of a group that is looked at
SCHEMA = {
    "measure": "string", "group": "string", "error": "float64", "error_low": "float64", "error_high": "float64",
    "bias": "float64", "bias_low": "float64", "bias_high": "float64", "left_out": "float64", "left_out_low": "float64",
    "left_out_high": "float64", "p": "float64", "p_adjusted": "float64", "labels": "int64", "articles": "int64",
}  # fmt: skip
Floats = NDArray[np.float64]


def errors(labelled: Mapping[str, Labelled], cells: Cells, *, options: Options) -> pa.Table:
    """One row for each measure and group with FEWEST labelled articles, of measures for which two groups have them.

    error: |model - people| over the denominator (the share of units that the model has wrong; for "net" up to 2). bias: model
    less people, above zero where the model says too much of it. left_out: bias less that of all other groups. p: of the
    measure as a whole, that the groups' errors differ; p_adjusted: Benjamini-Hochberg over measures. labels, articles.
    Intervals resample articles. Loaded language per 1,000 words stands in that unit.
    """
    import pyarrow as pa
    from scipy.stats import false_discovery_control

    rng = np.random.default_rng(options.seed)
    rows: list[dict[str, Any]] = []
    tests: dict[str, float] = {}
    for name, found in sorted(labelled.items()):
        counts, (article, group) = _per_article(found)
        of = [g for g in np.unique(group) if (group == g).sum() >= FEWEST]
        if len(of) < 2:
            continue
        kept = np.isin(group, of)
        tests[name] = _test(counts[kept], group[kept], options.permutations, rng)
        # The parts of a text that several groups ran are drawn together.
        texts, place = np.unique(article[kept], return_inverse=True)
        times = rng.poisson(1.0, (options.resamples, len(texts))).astype(float)[:, place]
        scale = cells.measures[cells.index(name)].scale
        for g in of:
            row = _row(counts[kept], group[kept] == g, times, scale=scale, level=options.level)
            rows.append({"measure": name, "group": cells.groups[g], "p": tests[name], **row})
    adjusted = dict(zip(tests, false_discovery_control(list(tests.values())), strict=True)) if tests else {}
    for row in rows:
        row["p_adjusted"] = float(adjusted[row["measure"]])
    return pa.Table.from_pylist(
        rows, pa.schema([(name, getattr(pa, kind)()) for name, kind in SCHEMA.items()])
    )


def _per_article(found: Labelled) -> tuple[Floats, NDArray[np.int64]]:
    """(articles of a group, [error, bias, total, labels]), and [article, group] of each."""
    wrong, weight = found.model - found.gold, found.weight
    parts = np.stack(
        [np.abs(wrong) * weight, wrong * weight, found.total * weight, np.ones(len(wrong))], axis=1
    )
    keys, place = np.unique(np.stack([found.article, found.group]), axis=1, return_inverse=True)
    counts = np.zeros((keys.shape[1], 4))
    np.add.at(counts, place.ravel(), parts)
    return counts, keys


def _test(counts: Floats, group: NDArray[np.int64], permutations: int, rng: np.random.Generator) -> float:
    """p of the spread of the groups' error rates, by permutation of articles."""
    numbers, place = np.unique(group, return_inverse=True)
    overall = counts[:, 0].sum() / counts[:, 2].sum()

    def spread(of_group: Floats) -> float:
        sums = of_group.T @ counts
        with np.errstate(invalid="ignore", divide="ignore"):
            return float(np.nansum(sums[:, 2] * (sums[:, 0] / sums[:, 2] - overall) ** 2))

    indicator = np.eye(len(numbers))[place]
    observed = spread(indicator)
    as_far = sum(spread(rng.permutation(indicator)) >= observed - 1e-12 for _ in range(permutations))
    return (as_far + 1) / (permutations + 1)


def _row(
    counts: Floats, own: NDArray[np.bool_], times: Floats, *, scale: float, level: float
) -> dict[str, Any]:
    def figures(weights: Floats) -> Floats:
        here, there = weights[:, own] @ counts[own], weights[:, ~own] @ counts[~own]
        with np.errstate(invalid="ignore", divide="ignore"):
            bias = here[:, 1] / here[:, 2]
            return scale * np.stack([here[:, 0] / here[:, 2], bias, bias - there[:, 1] / there[:, 2]], axis=1)

    value = figures(np.ones((1, len(counts))))[0]
    low, high = ends(figures(times).astype(np.float32), level=level)
    row: dict[str, Any] = {"labels": int(counts[own, 3].sum()), "articles": int(own.sum())}
    for i, name in enumerate(("error", "bias", "left_out")):
        row |= {name: float(value[i]), f"{name}_low": float(low[i]), f"{name}_high": float(high[i])}
    return row


SAMPLE = 600  # articles read again, evenly over groups: about ten seconds of two cores, twice
READ = 60  # words read of each, headline first
FOLDS = 5
FEWEST_TEXTS = 2 * FOLDS  # articles of a group that is probed
STRENGTH = (
    0.1  # of the probe (C of scikit-learn): 600 articles with 768 numbers each are soon learned by heart
)


@dataclass(frozen=True, slots=True)
class Sample:
    """Articles, columns of one length. texts: by "published" and "masked". event: articles that must not be torn apart."""

    ids: NDArray[np.object_]
    group: NDArray[np.object_]
    event: NDArray[np.int64]
    texts: dict[str, list[str]]


def leak_tables(store: Store, counted: Cells, *, options: Options, groups: Groups) -> Mapping[str, pa.Table]:
    """leaks, see there; with a table `gold` in the store also errors, see differential.py."""
    found = {"leaks": leaks(store, counted, groups=tuple(groups.kept), options=options)}
    if store.rows("SELECT 1 FROM information_schema.tables WHERE table_name = 'gold'"):
        found["errors"] = errors(labelled_measures(store, counted), counted, options=options)
    return found


def leaks(store: Store, cells: Cells, *, groups: Sequence[str], options: Options) -> pa.Table:
    """How well the group of an article is told.

    probed: "scores in the file" (rates of the article), "words" (TF-IDF: what the text gives away to anyone), "scores" and
    "embedding" (of headline and first words, read again). text: "published" or "masked". accuracy (mean over groups of the
    share of their articles that are told right, in [0, 1]), low, high (resampling articles), chance (1 / groups), articles,
    groups, meaning (a sentence).
    """
    import pyarrow as pa

    mark(store)
    sample = _sample(store, groups, options.seed)
    rows: list[dict[str, Any]] = []
    missing: list[dict[str, Any]] = []
    folds, why = _folds(store, sample, seed=options.seed)
    if why:
        missing.append(
            {"probed": "everything", "text": "published", "meaning": f"Nothing was probed: {why}."}
        )
    else:
        for probed, text, made in _features(store, cells, sample, options):
            if isinstance(made, str):
                missing.append({"probed": probed, "text": text, "meaning": made})
            else:
                rows.append({"probed": probed, "text": text, **_probe(made, sample, folds, options)})
    kinds = dict.fromkeys(("accuracy", "low", "high", "chance"), pa.float64())
    kinds |= {"articles": pa.int64(), "groups": pa.int64()}
    names = ("probed", "text", "accuracy", "low", "high", "chance", "articles", "groups", "meaning")
    schema = pa.schema([(name, kinds.get(name, pa.string())) for name in names])
    for row in rows:
        row["meaning"] = _meaning(row, rows)
    return pa.Table.from_pylist(rows + missing, schema=schema)


def _folds(store: Store, sample: Sample, *, seed: int) -> tuple[list[Any], str]:
    """Rows to learn from and to judge on, no event on both sides; or why there are none."""
    from sklearn.model_selection import StratifiedGroupKFold

    if store.rows("SELECT 1 FROM parts WHERE written GROUP BY article_id HAVING count(*) > 1 LIMIT 1"):
        return [], "the groups cut through articles"
    if len(set(sample.group)) < 2:
        return [], f"fewer than two groups have {FEWEST_TEXTS} articles"
    events = len(set(sample.event))
    if events >= 2:
        made = StratifiedGroupKFold(min(FOLDS, events), shuffle=True, random_state=seed)
        folds = list(made.split(sample.ids, sample.group.astype(str), sample.event))
        if all(len(set(sample.group[learned])) > 1 for learned, _ in folds):
            return folds, ""
    return [], "the articles are about too few events to be judged on events that the probe has not seen"


def _sample(store: Store, groups: Sequence[str], seed: int) -> Sample:
    """Up to SAMPLE articles by draw, as many of each group with at least FEWEST, or of the largest groups."""
    rows = store.rows(f"""
        WITH opening AS (
            SELECT *, sum(words) OVER (PARTITION BY article_id ORDER BY position) - words AS before
            FROM units WHERE NOT is_comment)
        SELECT article_id, any_value("group"), coalesce(any_value(outlet), ''), any_value(author),
               coalesce(any_value(title), any_value(text) FILTER (kind = 'title'), ''),
               coalesce(string_agg(text, ' ' ORDER BY position) FILTER (kind <> 'title' AND before < {WORDS}), '')
        FROM opening GROUP BY article_id ORDER BY article_id""")
    places: dict[str, list[int]] = {}
    for place, row in enumerate(rows):
        places.setdefault(row[1], []).append(place)
    enough = [g for g in groups if len(places.get(g, ())) >= FEWEST_TEXTS]
    probed = sorted(enough, key=lambda g: (-len(places[g]), g))[: SAMPLE // FEWEST_TEXTS]
    rng = np.random.default_rng(seed)
    share = SAMPLE // max(1, len(probed))
    chosen = sorted(i for g in probed for i in rng.permutation(places[g])[:share].tolist())
    outlets, edges = [row[2] for row in rows], [(row[4], row[5]) for row in rows]
    phrases = {p for own in house_phrases(edges, outlets).values() for p in own}
    phrases |= {name for i in chosen for name in names_of(rows[i][3] or "") if len(name) > 1}
    pattern = phrase_pattern(sorted(phrases, key=lambda p: (-len(p), p)))
    published = [f"{rows[i][4]}. {rows[i][5]}" for i in chosen]
    masked = [pattern.sub(" ", text) if pattern else text for text in published]
    keys = dict(store.rows("SELECT article_id, coalesce(event::VARCHAR, cluster) FROM grouped"))
    ids = np.array([rows[i][0] for i in chosen], object)
    _, event = np.unique([str(keys[a]) for a in ids] or [""], return_inverse=True)
    texts = {"published": list(map(_start, published)), "masked": list(map(_start, masked))}
    return Sample(ids, np.array([rows[i][1] for i in chosen], object), event[: len(ids)], texts)


def _start(text: str) -> str:
    return " ".join(text.split()[:READ]) or "."


def _features(store: Store, cells: Cells, sample: Sample, options: Options) -> Iterator[tuple[str, str, Any]]:
    """What is probed, of which text, as rows of numbers or texts; or a sentence that says why it cannot be."""
    wanted = [i for i, m in enumerate(cells.measures) if not m.name.startswith(COMMENTS)]
    row_of = dict(store.rows("SELECT article_id, id FROM parts WHERE written"))
    rows = np.array([row_of[a] for a in sample.ids], np.int64)
    totals = np.maximum(cells.totals[rows][:, cells.column[wanted]], 1)
    yield "scores in the file", "published", cells.hits[rows][:, wanted] / totals
    for text, texts in sample.texts.items():
        yield "words", text, texts
    folder = Path(options.model) if options.model else None
    predictor = load(folder)
    if predictor.fingerprint != store.model:
        why = (
            f"Not probed: the scores were made by model {store.model}, and the one at hand is {predictor.fingerprint}. "
            "Name the folder of the model that scored with --model."
        )
        yield "embedding", "published", why
        return
    for text, texts in sample.texts.items():
        found = embed(texts, predictor=predictor, folder=folder)
        yield "scores", text, found.scores
        yield "embedding", text, found.vectors


def _probe(made: Any, sample: Sample, folds: list[Any], options: Options) -> dict[str, Any]:
    """Groups told from `made` (rows of numbers, or texts) out of fold."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    if isinstance(made, list):
        steps = (
            TfidfVectorizer(sublinear_tf=True),
            LogisticRegression(C=10, max_iter=500, class_weight="balanced"),
        )
    else:
        steps = (StandardScaler(), LogisticRegression(C=STRENGTH, max_iter=500, class_weight="balanced"))
    names, group = np.unique(sample.group.astype(str), return_inverse=True)
    guessed = cross_val_predict(make_pipeline(*steps), made, group, cv=folds)
    hits = np.zeros((len(group), len(names)))
    hits[np.arange(len(group)), group] = guessed == group
    of_group = np.eye(len(names))[group]
    drawn = np.random.default_rng(options.seed).poisson(1.0, (options.resamples, len(group))).astype(float)
    with np.errstate(invalid="ignore", divide="ignore"):
        accuracies = np.nanmean((drawn @ hits) / (drawn @ of_group), axis=1)
    low, high = ends(accuracies.astype(np.float32)[:, None], level=options.level)
    accuracy = float((hits.sum(0) / of_group.sum(0)).mean())
    row = {"accuracy": accuracy, "low": float(low[0]), "high": float(high[0])}
    return {**row, "chance": 1 / len(names), "articles": len(group), "groups": len(names)}


_SOURCE = {
    "scores in the file": "From the rates of one article",
    "words": "From the words alone, without the model,",
    "scores": "From the model's scores of headline and first words",
    "embedding": "From the model's embedding of headline and first words",
}


def _meaning(row: dict[str, Any], rows: Sequence[dict[str, Any]]) -> str:
    """What one row says, and against which it is to be read."""
    told = f"{_SOURCE[row['probed']]} the group is told in {row['accuracy']:.0%} of articles"
    told += f"; by chance it would be {row['chance']:.0%}"
    if row["low"] <= row["chance"]:
        return f"{told}, which is inside the interval: no leak to be seen in a sample of this size."
    if row["text"] == "published":
        return f"{told}: it can be told in part, by signature, subject, style or slant."
    before = next(r for r in rows if r["probed"] == row["probed"] and r["text"] == "published")
    told += f"; with names and house phrases in place it was {before['accuracy']:.0%}"
    if row["high"] < before["low"]:
        return f"{told}, so part of it was the signature."
    return f"{told}: masking makes no difference to be seen."
