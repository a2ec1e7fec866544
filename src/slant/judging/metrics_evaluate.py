"""Compute the official metrics with the library `evaluate`, without network access.

The metrics are subclasses of `evaluate.Metric`, since `evaluate.load` downloads code. Labels are words; "" is an abstention.
Import this module only when a metric is computed: the base install lacks `evaluate`, which also imports transformers and
torch if they are installed, and takes seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import datasets
import evaluate
from sklearn.metrics import f1_score

from slant.judging.metrics import both_right, character_f1, overlap_f1

_LABEL = datasets.Value("string")
_SPANS = datasets.List(datasets.List(datasets.Value("int32")))
_PAIR = datasets.List(datasets.Value("string"))


def _info(description: str, citation: str, feature: Any) -> evaluate.MetricInfo:
    return evaluate.MetricInfo(
        description=description,
        citation=citation,
        features=datasets.Features({"predictions": feature, "references": feature}),
    )


class _ClassF1(evaluate.Metric):  # type: ignore[misc]
    AVERAGE = "macro"

    def _info(self) -> evaluate.MetricInfo:
        return _info(f"{self.AVERAGE} F1 over the labels that occur.", "scikit-learn f1_score", _LABEL)

    def _compute(
        self, predictions: Sequence[str], references: Sequence[str], labels: Sequence[str] = ()
    ) -> dict[str, float]:
        found = {*predictions, *references} & set(labels or (*predictions, *references)) - {""}
        f1 = f1_score(references, predictions, labels=sorted(found), average=self.AVERAGE, zero_division=0)
        return {f"{self.AVERAGE}_f1": float(f1)}


class MacroF1(_ClassF1):
    """Mean F1 over the labels."""


class MicroF1(_ClassF1):
    """F1 over all decisions: equals accuracy if nothing abstains."""

    AVERAGE = "micro"


class Accuracy(evaluate.Metric):  # type: ignore[misc]
    """Share of items with the right label. An abstention is wrong."""

    def _info(self) -> evaluate.MetricInfo:
        return _info("Share of right labels.", "none", _LABEL)

    def _compute(
        self, predictions: Sequence[str], references: Sequence[str], labels: Sequence[str] = ()
    ) -> dict[str, float]:
        right = sum(p == r for p, r in zip(predictions, references, strict=True))
        return {"accuracy": right / len(references)}


class BothRight(evaluate.Metric):  # type: ignore[misc]
    """Share of targets that two sides judge oppositely and whose stance is right in both texts. One row per target."""

    def _info(self) -> evaluate.MetricInfo:
        return _info("Share of pairs with two right labels.", "none", _PAIR)

    def _compute(self, predictions: Sequence[Any], references: Sequence[Any]) -> dict[str, float]:
        pairs = ([(first, second) for first, second in rows] for rows in (predictions, references))
        return {"both_right": both_right(*pairs)}


class SpanOverlapF1(evaluate.Metric):  # type: ignore[misc]
    """SemEval-2020 task 11 SI: overlap F1. One row per article, a list of `[start, end]`."""

    def _info(self) -> evaluate.MetricInfo:
        return _info("Overlap F1 of spans in articles.", "Da San Martino et al., SemEval 2020", _SPANS)

    def _compute(self, predictions: Sequence[Any], references: Sequence[Any]) -> dict[str, float]:
        figures = overlap_f1(_pairs(predictions), _pairs(references))
        return {f"overlap_{name}": value for name, value in figures.items()}


class CharacterF1(evaluate.Metric):  # type: ignore[misc]
    """SemEval-2021 task 5: mean character F1. One row per post, a list of `[start, end]`."""

    def _info(self) -> evaluate.MetricInfo:
        return _info("Mean of the posts' character F1.", "Pavlopoulos et al., SemEval 2021", _SPANS)

    def _compute(self, predictions: Sequence[Any], references: Sequence[Any]) -> dict[str, float]:
        posts = [character_f1(p, r) for p, r in zip(_pairs(predictions), _pairs(references), strict=True)]
        return {"character_f1": sum(posts) / len(posts)}


_METRICS = {
    "macro_f1": MacroF1,
    "micro_f1": MicroF1,
    "accuracy": Accuracy,
    "both_right": BothRight,
    "overlap_f1": SpanOverlapF1,
    "character_f1": CharacterF1,
}


def official_value(
    metric: str, predicted: Sequence[Any], gold: Sequence[Any], *, labels: Sequence[str] = ()
) -> float:
    """Compute the official metric, in [0, 1], of at least one item.

    predicted, gold: one label or pair of labels per item (None abstains), or one list of `(start, end[, label])` per post or
        article.
    labels: the classes of the set; a predicted label that is none of them is an error, but not a class of its own. Empty: all
        labels that occur.
    """
    scorer: Any = _METRICS[metric](keep_in_memory=True)
    if metric in ("macro_f1", "micro_f1", "accuracy"):
        scorer.add_batch(predictions=[label or "" for label in predicted], references=list(gold))
        return float(scorer.compute(labels=list(labels))[metric])
    if metric == "both_right":
        pairs = [[label or "" for label in pair or ("", "")] for pair in predicted]
        scorer.add_batch(predictions=pairs, references=[list(pair) for pair in gold])
    else:
        scorer.add_batch(predictions=_bare(predicted), references=_bare(gold))
    return float(scorer.compute()[metric])


def _bare(rows: Sequence[Any]) -> list[list[list[int]]]:
    return [[[span[0], span[1]] for span in row] for row in rows]


def _pairs(rows: Sequence[Any]) -> list[list[tuple[int, int]]]:
    return [[(int(start), int(end)) for start, end in row] for row in rows]
