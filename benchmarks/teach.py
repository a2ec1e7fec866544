"""What a head taught on 200 labels gains, by topic; and whether intervals hold if the labels that taught also correct.

    python benchmarks/teach.py topics [--draws 20] [--cache FOLDER] [--json benchmarks/results/teach.json]
    python benchmarks/teach.py coverage [--repetitions 1000] [--json benchmarks/results/teach_coverage.json]

Topics: for each draw, labels of whole articles are drawn until there are 200 (100 for a frame), a head is taught on them, and
both are judged on all other articles. `trained`: whether the model learned from labels of the same topic; the domain set is
then judged on the articles that it did not learn from. The states are computed once, and kept in --cache.
"""

from __future__ import annotations

import argparse
import csv
import json
import pickle
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from slant.comparing.error_correction import Labeled, corrected_rate
from slant.corpora.label_files import LabeledText
from slant.corpora.own_labels import read_domain_labels
from slant.corpora.reading_set import read_reading_set
from slant.corpora.sets import data_root
from slant.encoding.decode import TextLogits
from slant.encoding.predictor import Predictor, encoder_request
from slant.labels.targets import Targets
from slant.records import Example, TargetLabel
from slant.scoring.runtimes import load
from slant.training.head_fitting import (
    Items,
    assign_folds,
    choose_penalty,
    fit,
    logistic,
    predict,
    resampled_f1,
)
from slant.training.teach import YES_NO, Pool, Question, number_articles

LABELS, FRAME_LABELS = 200, 100
GROUP = "Refugees"  # of the usvsthem comments
NEW_FRAME = "contempt"


# ---- topics


def domain() -> list[Example]:
    return list(read_domain_labels(data_root(), "tune"))


def reading(origin: str) -> list[Example]:
    return [e for e in read_reading_set(data_root(), "tune") if e.meta["origin"] == origin]


def usvsthem() -> list[Example]:
    """Comments of one group that are not in the reading set; a crowd's scale from 0 (supportive) over a third (neutral) to 1.

    Stance: the nearest of supportive, neutral and critical or worse. Frames: contempt, as the crowd marked it.
    """
    known = {e.text for e in read_reading_set(data_root(), "fit") if e.meta["origin"] == "usvsthem"}
    named = Targets.from_names([GROUP.lower()])
    out = []
    with (data_root() / "texts" / "usvsthem" / "UsVsThem_train_public.csv").open(
        encoding="utf-8", newline=""
    ) as file:
        for row in csv.DictReader(file):
            if row["group"] == GROUP and row["body"] not in known:
                scale = float(row["usVSthem_scale"])
                label = "favor" if scale < 1 / 6 else "neutral" if scale < 1 / 2 else "against"
                mentions = named.find(row["body"]).get(GROUP.lower(), ())
                target = TargetLabel(GROUP.lower(), label, mentions)
                frames = (NEW_FRAME,) if row["Contempt"] == "True" else ()
                name = row[""]
                out.append(
                    Example(
                        id=name,
                        source="usvsthem",
                        split="train",
                        group=name,
                        text=row["body"],
                        targets=(target,),
                        frames=frames,
                    )
                )
    return out


@dataclass(frozen=True, slots=True)
class Topic:
    name: str
    read: Callable[[], list[Example]]
    trained: bool
    task: str = "stance"
    labels: int = LABELS


TOPICS = (
    Topic("domain set: war in Syria, news", domain, trained=True),
    Topic("war in Ukraine, news (GDELT)", lambda: reading("gdelt_ukraine"), trained=False),
    Topic("statements of US departments", lambda: reading("us_gov"), trained=False),
    Topic("refugees, comments (usvsthem)", usvsthem, trained=False),
    Topic("contempt, a new frame (usvsthem)", usvsthem, False, f"frame:{NEW_FRAME}", FRAME_LABELS),
)


def measure(topic: Topic, predictor: Predictor, *, draws: int, cache: Path | None) -> dict[str, Any]:
    examples = topic.read()
    logits = _states(topic.read, examples, predictor, cache)
    texts = [LabeledText(e.text, e.group, e.id, e.id) for e in examples]
    article, _ = number_articles(texts)
    rows = [(n, str(t.label)) for n, e in enumerate(examples) for t in e.targets if t.label]
    if topic.task != "stance":
        rows = [(n, YES_NO[NEW_FRAME in (e.frames or ())]) for n, e in enumerate(examples)]
    question = Pool(texts, logits, article, predictor).question(topic.task, rows)
    found = [judge_draw(question, seed, topic.labels) for seed in range(draws)]
    before, after = np.array(found).T
    return {
        "topic": topic.name, "trained": topic.trained, "task": topic.task, "labels": topic.labels,
        "items": len(question.items.gold), "articles": len(np.unique(question.items.article)), "draws": draws,
        "before": float(before.mean()), "after": float(after.mean()), "gain": float((after - before).mean()),
        "gain_low": float(np.min(after - before)), "gain_high": float(np.max(after - before)),
    }  # fmt: skip


def judge_draw(question: Question, seed: int, size: int) -> tuple[float, float]:
    """Return macro-F1 (of yes for a frame) on the articles that were not drawn, before and after."""
    items = question.items
    order = np.random.default_rng(seed).permutation(np.unique(items.article))
    counts = np.array([(items.article == a).sum() for a in order])
    taken = order[: int(np.searchsorted(counts.cumsum(), size)) + 1]
    if len(taken) > 0.8 * len(order):  # too few articles to judge on: four fifths teach
        taken = order[: int(0.8 * len(order))]
    own = np.isin(items.article, taken)
    taught, rest = items.of(own), items.of(~own)
    logits = predict(rest, *logistic(taught, choose_penalty(taught, seed=seed)))
    scores = resampled_f1(rest, [rest.model, question.decide(logits)], question.present)
    return scores[0].value, scores[1].value


def _states(
    read: Callable[[], list[Example]], examples: Sequence[Example], predictor: Predictor, cache: Path | None
) -> list[TextLogits]:
    key = "".join(c for c in examples[0].source + examples[0].meta.get("origin", "") if c.isalnum())
    file = cache / f"{predictor.fingerprint}-{key}-{len(examples)}.pkl" if cache else None
    if file and file.exists():
        return pickle.loads(file.read_bytes())  # type: ignore[no-any-return]
    found = predictor.run([encoder_request(e) for e in examples])
    if file:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(pickle.dumps(found))
    return found


# ---- coverage


def covered(repetitions: int, *, cross_fitted: bool, seed: int = 0) -> Iterator[bool]:
    """Yield whether each corrected 95 % interval holds the true rate, with a head taught on the labels that correct.

    300 articles of four units, of which the units of 60 are labeled. The label depends on the state, on the article, and on
    chance. The rate is estimated from the head's calls on all units and the labels. cross_fitted: labeled units are called by
    the fold that did not see their article.
    """
    rng = np.random.default_rng(seed)
    n_articles, per_article, n_labeled, width = 300, 4, 60, 12
    article = np.repeat(np.arange(n_articles), per_article)
    for _ in range(repetitions):
        lean = rng.normal(size=n_articles)[article]
        states = rng.normal(size=(len(article), width)) + 0.5 * lean[:, None] * np.eye(width)[0]
        gold = (states[:, 0] + 0.5 * lean + rng.logistic(size=len(article)) > 0.8).astype(np.int64)
        own = article < n_labeled  # articles are exchangeable, so the first ones are a random sample
        items = Items(states, np.zeros((len(gold), 2)), gold, article, gold, plain=width)
        taught = items.of(own)
        fitted = fit(taught, assign_folds(taught.article, folds=5, seed=1), folds=5)
        said = predict(items, fitted.weights[0], fitted.biases[0]).argmax(1)
        if cross_fitted:
            said[own] = fitted.out_of_fold.argmax(1)
        ones, calls = np.ones(int(own.sum())), said.astype(float)
        labels = Labeled(
            np.zeros(len(ones), np.int64), article[own], gold[own].astype(float), calls[own], ones, ones, ones
        )  # fmt: skip
        hits, totals = np.bincount(article, calls), np.full(n_articles, float(per_article))
        interval = corrected_rate(labels, np.arange(n_articles), hits, totals).interval(0.95)
        assert interval is not None
        yield interval[0] <= gold.mean() <= interval[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("what", choices=["topics", "coverage"])
    parser.add_argument("--draws", type=int, default=20)
    parser.add_argument("--repetitions", type=int, default=1000)
    parser.add_argument("--model", default="base")
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    if args.what == "coverage":
        shares = {
            name: float(np.mean(list(covered(args.repetitions, cross_fitted=fitted))))
            for name, fitted in (("cross_fitted", True), ("used_twice", False))
        }
        result: dict[str, Any] = {"repetitions": args.repetitions, "level": 0.95, "coverage": shares}
        print(result)
    else:
        predictor = load(args.model, states=True)
        rows = []
        for topic in TOPICS:
            rows.append(measure(topic, predictor, draws=args.draws, cache=args.cache))
            print(json.dumps(rows[-1]), flush=True)
        result = {"model": predictor.name, "fingerprint": predictor.fingerprint, "topics": rows}
    if args.json:
        args.json.write_text(json.dumps(result, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
