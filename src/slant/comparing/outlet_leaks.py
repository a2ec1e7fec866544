"""Leak probe: how well the outlet of an article can be predicted from the scores, the embedding or the words.

A model that recognizes the outlet may give it the label that its training set gave to such outlets. The probe is a logistic
regression (as in Alain & Bengio 2017) from the model's output for an article to the article's group, evaluated on articles
of events that it was not trained on. It runs on the text as published, and again with outlet names, writers and house
phrases masked. Accuracy that falls with the mask came from the signature; what remains is subject, style, or slant itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from slant.comparing.counts import Counts
from slant.comparing.near_duplicates import WORDS, house_phrases, names_of, phrase_pattern
from slant.comparing.rates import percentile_interval
from slant.comparing.score_tables import arrow_table
from slant.scoring.embedding import embed
from slant.scoring.runtimes import load, size_of

if TYPE_CHECKING:
    import pyarrow as pa

    from slant.comparing.options import Options
    from slant.comparing.score_tables import Store

SAMPLED = 600  # articles scored again, evenly over groups: about ten seconds on two cores, twice
READ = 60  # words read of each article, headline first
FOLDS = 5
MIN_ARTICLES = 2 * FOLDS  # of a group that is probed
STRENGTH = 0.1  # inverse regularization (C in scikit-learn): 600 articles with 768 numbers each are easily overfitted


@dataclass(frozen=True, slots=True)
class Sample:
    """Articles as columns. texts: "published" and "masked". event: articles of one event are never split between folds."""

    ids: NDArray[np.object_]
    group: NDArray[np.object_]
    event: NDArray[np.int64]
    texts: dict[str, list[str]]


def leaks_table(store: Store, counts: Counts, *, groups: Sequence[str], options: Options) -> pa.Table:
    """How well the group of an article can be predicted. Needs the tables `grouped` and `text_parts`.

    probed: "scores in the file" (rates of the article), "words" (TF-IDF: what anyone can see in the text), "scores" and
    "embedding" (of headline and first words, scored again). text: "published" or "masked". accuracy (share of articles
    predicted correctly, averaged over groups, in [0, 1]), low, high (resampling articles), chance (1 / groups), articles,
    groups, meaning (a sentence).
    """
    sample = _sample(store, groups, options.seed)
    folds, why = _folds(store, sample, seed=options.seed)
    if why:
        nothing = {"probed": "everything", "text": "published", "meaning": f"Nothing was probed: {why}."}
        return arrow_table([nothing], _COLUMNS)
    rows: list[dict[str, Any]] = []
    missing: list[dict[str, Any]] = []
    for probed, text, features in _features(store, counts, sample, options):
        if isinstance(features, str):
            missing.append({"probed": probed, "text": text, "meaning": features})
        else:
            rows.append({"probed": probed, "text": text, **_probe(features, sample, folds, options)})
    for row in rows:
        row["meaning"] = _meaning(row, rows)
    return arrow_table(rows + missing, _COLUMNS)


_COLUMNS = {
    "probed": "string", "text": "string", **dict.fromkeys(("accuracy", "low", "high", "chance"), "float64"),
    "articles": "int64", "groups": "int64", "meaning": "string",
}  # fmt: skip


def _folds(store: Store, sample: Sample, *, seed: int) -> tuple[list[Any], str]:
    """Rows to train on and rows to evaluate on, with no event in both; or why there are none."""
    from sklearn.model_selection import StratifiedGroupKFold

    if store.rows("SELECT 1 FROM text_parts WHERE written GROUP BY article_id HAVING count(*) > 1 LIMIT 1"):
        return [], "the groups cut through articles"
    if len(set(sample.group)) < 2:
        return [], f"fewer than two groups have {MIN_ARTICLES} articles"
    events = len(set(sample.event))
    if events >= 2:
        splitter = StratifiedGroupKFold(min(FOLDS, events), shuffle=True, random_state=seed)
        folds = list(splitter.split(sample.ids, sample.group.astype(str), sample.event))
        if all(len(set(sample.group[trained])) > 1 for trained, _ in folds):
            return folds, ""
    return [], "the articles are about too few events to test the probe on events that it was not trained on"


def _sample(store: Store, groups: Sequence[str], seed: int) -> Sample:
    """Up to SAMPLED random articles, as many from each group with MIN_ARTICLES; with very many groups, from the largest."""
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
    enough = [g for g in groups if len(places.get(g, ())) >= MIN_ARTICLES]
    probed = sorted(enough, key=lambda g: (-len(places[g]), g))[: SAMPLED // MIN_ARTICLES]
    rng = np.random.default_rng(seed)
    share = SAMPLED // max(1, len(probed))
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


def _features(
    store: Store, counts: Counts, sample: Sample, options: Options
) -> Iterator[tuple[str, str, Any]]:
    """(probed, text, features): rows of numbers or texts; or a sentence on why there are none."""
    wanted = [i for i, measure in enumerate(counts.measures) if not measure.comments]
    row_of = dict(store.rows("SELECT article_id, id FROM text_parts WHERE written"))
    rows = np.array([row_of[a] for a in sample.ids], np.int64)
    totals = np.maximum(counts.totals[rows][:, counts.column[wanted]], 1)
    yield "scores in the file", "published", counts.hits[rows][:, wanted] / totals
    for text, texts in sample.texts.items():
        yield "words", text, texts
    model = options.model or size_of(store.model)
    predictor = load(model)
    if predictor.fingerprint != store.model:
        why = (
            f"Not probed: the scores are of model {store.model}, and this model is {predictor.fingerprint}. Name the "
            "model that scored with --model."
        )
        yield "embedding", "published", why
        return
    for text, texts in sample.texts.items():
        found = embed(texts, predictor=predictor)
        yield "scores", text, found.scores
        yield "embedding", text, found.vectors


def _probe(features: Any, sample: Sample, folds: list[Any], options: Options) -> dict[str, Any]:
    """Accuracy of predicting the group from features (rows of numbers, or texts), on held-out folds."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    if isinstance(features, list):
        steps = (
            TfidfVectorizer(sublinear_tf=True),
            LogisticRegression(C=10, max_iter=500, class_weight="balanced"),
        )
    else:
        steps = (StandardScaler(), LogisticRegression(C=STRENGTH, max_iter=500, class_weight="balanced"))
    names, group = np.unique(sample.group.astype(str), return_inverse=True)
    predicted = cross_val_predict(make_pipeline(*steps), features, group, cv=folds)
    hits = np.zeros((len(group), len(names)))
    hits[np.arange(len(group)), group] = predicted == group
    of_group = np.eye(len(names))[group]
    drawn = np.random.default_rng(options.seed).poisson(1.0, (options.resamples, len(group))).astype(float)
    with np.errstate(invalid="ignore", divide="ignore"):
        accuracies = np.nanmean((drawn @ hits) / (drawn @ of_group), axis=1)
    low, high = percentile_interval(accuracies.astype(np.float32)[:, None], level=options.level)
    accuracy = float((hits.sum(0) / of_group.sum(0)).mean())
    row = {"accuracy": accuracy, "low": float(low[0]), "high": float(high[0])}
    return {**row, "chance": 1 / len(names), "articles": len(group), "groups": len(names)}


_SOURCE = {
    "scores in the file": "the rates of one article",
    "words": "the words alone, without the model",
    "scores": "the model's scores of headline and first words",
    "embedding": "the model's embedding of headline and first words",
}


def _meaning(row: dict[str, Any], rows: Sequence[dict[str, Any]]) -> str:
    """What one row shows, compared with chance or with the published text."""
    text = f"From {_SOURCE[row['probed']]}, the group is predicted correctly for {row['accuracy']:.0%} of articles"
    text += f" (by chance {row['chance']:.0%})"
    if row["low"] <= row["chance"]:
        return f"{text}. Chance is inside the interval: a sample of this size shows no leak."
    if row["text"] == "published":
        return f"{text}: signature, subject, style or slant identify it in part."
    before = next(r for r in rows if r["probed"] == row["probed"] and r["text"] == "published")
    text += f"; without the mask it was {before['accuracy']:.0%}"
    if row["high"] < before["low"]:
        return f"{text}, so part of that came from the signature."
    return f"{text}: the mask makes no detectable difference."
