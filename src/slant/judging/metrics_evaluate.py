"""The official figures as metrics of the library `evaluate`: local, so that nothing is fetched.

`evaluate.load` needs the network; a subclass of `evaluate.Metric` does not. Labels are words, "" abstains.
Imported only when a figure is due: the base install has neither `evaluate` nor scikit-learn, and `evaluate`
itself imports transformers and torch where these are installed, which takes seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import datasets
import evaluate
from sklearn.metrics import f1_score

from slant.judging.metrics import character_f1, overlap_f1

_WORD = datasets.Value("string")
_SPANS = datasets.List(datasets.List(datasets.Value("int32")))


def _info(description: str, citation: str, feature: Any) -> evaluate.MetricInfo:
    return evaluate.MetricInfo(
        description=description,
        citation=citation,
        features=datasets.Features({"predictions": feature, "references": feature}),
    )


class _ClassF1(evaluate.Metric):  # type: ignore[misc]
    AVERAGE = "macro"

    def _info(self) -> evaluate.MetricInfo:
        return _info(f"{self.AVERAGE} F1 over the labels that occur.", "scikit-learn f1_score", _WORD)

    def _compute(self, predictions: Sequence[str], references: Sequence[str]) -> dict[str, float]:
        labels = sorted({*predictions, *references} - {""})
        f1 = f1_score(references, predictions, labels=labels, average=self.AVERAGE, zero_division=0)
        return {f"{self.AVERAGE}_f1": float(f1)}


class MacroF1(_ClassF1):
    """Mean of the labels' F1."""


class MicroF1(_ClassF1):
    """F1 over all decisions: the accuracy, as long as nothing abstains."""

    AVERAGE = "micro"


class SpanOverlapF1(evaluate.Metric):  # type: ignore[misc]
    """SemEval-2020 task 11 SI. One row per article: a list of `[start, end]`."""

    def _info(self) -> evaluate.MetricInfo:
        return _info("Overlap F1 of spans in articles.", "Da San Martino et al., SemEval 2020", _SPANS)

    def _compute(self, predictions: Sequence[Any], references: Sequence[Any]) -> dict[str, float]:
        figures = overlap_f1(_pairs(predictions), _pairs(references))
        return {f"overlap_{name}": value for name, value in figures.items()}


class CharacterF1(evaluate.Metric):  # type: ignore[misc]
    """SemEval-2021 task 5. One row per post: a list of `[start, end]`."""

    def _info(self) -> evaluate.MetricInfo:
        return _info("Mean of the posts' character F1.", "Pavlopoulos et al., SemEval 2021", _SPANS)

    def _compute(self, predictions: Sequence[Any], references: Sequence[Any]) -> dict[str, float]:
        posts = [character_f1(p, r) for p, r in zip(_pairs(predictions), _pairs(references), strict=True)]
        return {"character_f1": sum(posts) / len(posts)}


_METRICS = {
    "macro_f1": MacroF1,
    "micro_f1": MicroF1,
    "overlap_f1": SpanOverlapF1,
    "character_f1": CharacterF1,
}


def official_value(metric: str, predicted: Sequence[Any], gold: Sequence[Any]) -> float:
    """The metric in [0, 1]. predicted, gold: label names (None abstains), or per post or article its spans
    `(start, end[, label])`; at least one item."""
    scorer: Any = _METRICS[metric](keep_in_memory=True)
    if metric in ("macro_f1", "micro_f1"):
        scorer.add_batch(predictions=[word or "" for word in predicted], references=list(gold))
    else:
        scorer.add_batch(predictions=_bare(predicted), references=_bare(gold))
    return float(scorer.compute()[metric])


def _bare(rows: Sequence[Any]) -> list[list[list[int]]]:
    return [[[span[0], span[1]] for span in row] for row in rows]


def _pairs(rows: Sequence[Any]) -> list[list[tuple[int, int]]]:
    return [[(int(start), int(end)) for start, end in row] for row in rows]
