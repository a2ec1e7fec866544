"""How well articles are grouped into events and stories, against RUWA's labels and FA-KES' date and place.

    python benchmarks/events.py [--json FILE] [--errors]

RUWA (16,351 headlines): its nine labels are search queries over full texts that the set does not include, so most
headlines do not show which of the nine they belong to. Evaluated are stories, by the adjusted Rand index:
- all: every headline.
- named: headlines that hold one of the set's own search words for their label.
- near: of these, the headlines of the fourteen days in which their label has most of them, the event itself.
- given the labels: a classifier trained on the labels in five folds, from the same words and dates, on `all`; and the
  same with the subheadings that five outlets have. This is an upper bound for any grouping without labels.
Settings were chosen on four outlets (bbc.co.uk, en.news-front.info, reuters.com, tass.com); the other five are held
out.

FA-KES (792 articles): pairs with the same day and place count as pairs of one event. This is rough: a place has
several events on one day, and news of one event appear over days. Evaluated are events, over all pairs and over pairs
of one day alone. The settings were chosen on this set, so its figures are not held-out figures. Baseline "same day":
all articles of a day are one event.

Also, on FA-KES pairs of one day, average precision of the vectors in use and of the shipped encoder's vectors.
"""

from __future__ import annotations

import argparse
import ast
import json
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import adjusted_rand_score, average_precision_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from slant.comparing.events import EVENT, STORY, group_documents, tfidf
from slant.comparing.near_duplicates import Documents, without_house_phrases
from slant.corpora.files import locate, table
from slant.corpora.sets import data_root, load_articles
from slant.records import Article
from slant.scoring.embedding import embed
from slant.scoring.runtimes import load

RUWA_CHOSEN_ON = ("bbc.co.uk", "en.news-front.info", "reuters.com", "tass.com")
NEAR = 14
ANY_WORD = "*"  # what RUWA writes where a whole section was taken
Mask = NDArray[np.bool_]


def documents(articles: list[Article]) -> Documents:
    titles = [a.title or "" for a in articles]
    bodies = [a.text[len(t) :] for a, t in zip(articles, titles, strict=True)]
    outlets = [a.outlet or "" for a in articles]
    days = tuple(date.fromisoformat(a.published or "").toordinal() for a in articles)
    ids = tuple(str(i) for i in range(len(articles)))
    return Documents(ids, tuple(outlets), days, tuple(titles), without_house_phrases(titles, bodies, outlets))


def ruwa() -> dict[str, Any]:
    articles = load_articles("ruwa")
    docs = documents(articles)
    label = np.array([a.sections[0] for a in articles])
    found = group_documents(docs)
    held = ~np.isin(docs.outlets, RUWA_CHOSEN_ON)
    named = names_its_event(articles, label)
    days = np.array(docs.days)
    near = named & in_its_days(days, label, named)
    subsets = {"all": np.full(len(label), True), "named": named, "near": near}
    return {
        "headlines": len(label),
        "events": len(set(found.event)),
        "stories": len(set(found.story)),
        "adjusted_rand": {
            name: {
                "held_out_outlets": rand(label, found.story, mask & held),
                "outlets_chosen_on": rand(label, found.story, mask & ~held),
                "every_outlet": rand(label, found.story, mask),
            }
            for name, mask in subsets.items()
        },
        "adjusted_rand_given_the_labels": rand(label, learned(docs.openings, days, label), held),
        "adjusted_rand_given_the_labels_and_subheadings": rand(
            label, learned(with_subheadings(docs), days, label), held
        ),
        "repeated_or_wire": int((found.cluster != np.arange(len(label))).sum()),
    }


def rand(label: NDArray[Any], found: NDArray[Any], mask: Mask) -> dict[str, float]:
    return {"value": round(float(adjusted_rand_score(label[mask], found[mask])), 3), "n": int(mask.sum())}


def names_its_event(articles: list[Article], label: NDArray[Any]) -> Mask:
    """Whether a headline contains a search word that was used mostly for its label."""
    searched: dict[str, Counter[str]] = defaultdict(Counter)
    for _, row in table(locate(data_root(), "ruwa", "RUWA.csv"), ("KW", "Event")):
        for word in ast.literal_eval(row["KW"]):
            if word != ANY_WORD:
                searched[word.lower()][row["Event"]] += 1
    of: dict[str, list[str]] = defaultdict(list)
    for word, events in searched.items():
        event, times = events.most_common(1)[0]
        if 2 * times >= events.total():
            of[event].append(word)
    return np.array(
        [any(word in (a.title or "").lower() for word in of[e]) for a, e in zip(articles, label, strict=True)]
    )


def in_its_days(days: NDArray[Any], label: NDArray[Any], named: Mask) -> Mask:
    """Whether a date is among the NEAR days with the most headlines that name the label."""
    inside = np.zeros(len(days), bool)
    for event in np.unique(label):
        counts = Counter(days[named & (label == event)].tolist())
        start = max(
            range(min(counts), max(counts) + 1), key=lambda d: sum(counts[d + i] for i in range(NEAR))
        )
        inside |= (label == event) & (days >= start) & (days < start + NEAR)
    return inside


def with_subheadings(docs: Documents) -> list[str]:
    rows = table(locate(data_root(), "ruwa", "RUWA.csv"), ("title", "desc"))
    below = [row["desc"] for _, row in rows if row["title"].strip() or row["desc"].strip()]
    return [f"{opening} {more}" for opening, more in zip(docs.openings, below, strict=True)]


def learned(texts: Sequence[str], days: NDArray[Any], label: NDArray[Any]) -> NDArray[Any]:
    """Out-of-fold predictions from words and dates, by a classifier trained on the other folds."""
    from scipy.sparse import csr_matrix, hstack

    vectors, _ = tfidf(list(texts))
    grid = np.arange(days.min(), days.max() + 1, 3)
    when = csr_matrix(np.exp(-(((days[:, None] - grid) / 6.0) ** 2)))
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    model = LogisticRegression(C=5, max_iter=300)
    guessed: NDArray[Any] = cross_val_predict(model, hstack([vectors, when]).tocsr(), label, cv=folds)
    return guessed


def fa_kes(*, errors: bool) -> dict[str, Any]:
    articles = list({a.article_id: a for a in load_articles("fa_kes")}.values())
    docs = documents(articles)
    days = np.array(docs.days)
    place = np.array([a.sections[0].lower() for a in articles])
    found = group_documents(docs)
    left, right = np.triu_indices(len(articles), 1)
    gold = (days[left] == days[right]) & (place[left] == place[right])
    same = found.event[left] == found.event[right]
    if errors:
        show_errors(docs, place, (left, right), wrong=np.flatnonzero(gold != same))
    one_day = days[left] == days[right]
    within = np.flatnonzero(one_day)
    vectors, _ = tfidf(list(docs.openings))
    return {
        "articles": len(articles),
        "events_of_two_or_more": int((np.bincount(found.event) > 1).sum()),
        "pairs": {
            "events": pairs(gold, same),
            "events, of pairs of one day": pairs(gold, same & one_day),
            "same day": pairs(gold, one_day),
        },
        "average_precision_within_a_day": {
            "pairs": len(within),
            "of_one_place": round(float(gold[within].mean()), 3),
            "words (in use)": precision(
                gold[within], np.asarray(vectors.toarray()), left[within], right[within]
            ),
            **{
                f"shipped encoder, {name}": precision(gold[within], made, left[within], right[within])
                for name, made in encoded(docs).items()
            },
        },
        "repeated_or_wire": int((found.cluster != np.arange(len(articles))).sum()),
    }


def encoded(docs: Documents) -> dict[str, NDArray[Any]]:
    vectors = embed(docs.openings, predictor=load()).vectors
    return {"as it is": vectors, "less its mean": vectors - vectors.mean(0)}


def precision(gold: Mask, vectors: NDArray[Any], left: NDArray[Any], right: NDArray[Any]) -> float:
    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    return round(float(average_precision_score(gold, (unit[left] * unit[right]).sum(1))), 3)


def pairs(gold: Mask, same: Mask) -> dict[str, float]:
    hits = int((gold & same).sum())
    found, wanted = int(same.sum()), int(gold.sum())
    figures = {"precision": hits / found, "recall": hits / wanted, "f1": 2 * hits / (found + wanted)}
    return {**{name: round(value, 3) for name, value in figures.items()}, "found": found, "wanted": wanted}


def show_errors(docs: Documents, place: NDArray[Any], both: tuple[Any, Any], *, wrong: NDArray[Any]) -> None:
    """Print ten random wrong pairs."""
    for pair in np.random.default_rng(0).permutation(wrong)[:10]:
        for row in (both[0][pair], both[1][pair]):
            day = date.fromordinal(docs.days[row] or 1)
            words = re.sub(r"\s+", " ", docs.openings[row])[:220]
            print(f"{day} {place[row]:12} {docs.outlets[row]:12} {words}")
        print()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", type=Path, help="also write the figures here")
    parser.add_argument("--errors", action="store_true", help="show ten wrong pairs of FA-KES")
    options = parser.parse_args()
    grains = {
        name: {"similarity": g.similarity, "fade_days": g.fade_days, "reach_days": g.max_gap}
        for name, g in (("event", EVENT), ("story", STORY))
    }
    record = {"settings": grains, "fa_kes": fa_kes(errors=options.errors), "ruwa": ruwa()}
    print(json.dumps(record, indent=2))
    if options.json:
        options.json.write_text(json.dumps(record, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
