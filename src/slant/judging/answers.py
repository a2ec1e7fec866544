"""From examples and predictions to gold and answer side by side: a `Sheet` per task, a row per item."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from slant.errors import SlantError
from slant.judging.metrics import Tally, tally_characters, tally_classes, tally_overlap
from slant.judging.sets import SetSpec
from slant.labels.public import frac
from slant.records import Example, Prediction, Span


class Predictor(Protocol):
    """What can be judged. `predict` keeps the order of `examples` and never looks at their labels.

    gold_spans: answer with `span_scores` for the stretches in `Example.loaded`.
    """

    @property
    def name(self) -> str: ...

    @property
    def fingerprint(self) -> str: ...

    def predict(self, examples: Sequence[Example], *, gold_spans: bool = False) -> list[Prediction]: ...


@dataclass(slots=True)
class Sheet:
    """Columns of equal length. An answer of None is an abstention.

    gold, predicted: label names; or lists of `(start, end)`, one per post; or lists of `(start, end, label)`,
        one per article.
    meta: what slices select by.
    """

    groups: list[str] = field(default_factory=list)
    gold: list[Any] = field(default_factory=list)
    predicted: list[Any] = field(default_factory=list)
    meta: list[Mapping[str, str]] = field(default_factory=list)

    def add(self, example: Example, gold: Any, predicted: Any) -> None:
        self.groups.append(example.group)
        self.gold.append(gold)
        self.predicted.append(predicted)
        self.meta.append(example.meta)

    def where(self, key: str, value: str) -> Sheet:
        """The rows whose meta says so."""
        rows = [i for i, meta in enumerate(self.meta) if meta.get(key) == value]

        def pick(column: list[Any]) -> list[Any]:
            return [column[i] for i in rows]

        return Sheet(pick(self.groups), pick(self.gold), pick(self.predicted), pick(self.meta))

    def tally(self, spec: SetSpec) -> Tally:
        """Counts per group, see metrics.py."""
        if spec.metric == "overlap_f1":
            gold, found = (dict(zip(self.groups, side, strict=True)) for side in (self.gold, self.predicted))
            return tally_overlap(gold, found, labels=spec.labels)
        if spec.metric == "character_f1":
            return tally_characters(self.groups, self.gold, self.predicted, label=spec.labels[0])
        return tally_classes(self.groups, self.gold, self.predicted, labels=spec.labels)


Gold = Mapping[str, Sequence[Span]]


def answer(
    spec: SetSpec, examples: Sequence[Example], predictor: Predictor, gold: Gold | None = None
) -> Sheet:
    """Lets the predictor answer and lays the answers beside the gold labels.

    gold: for the span tasks of articles, the official spans per article.
    Raises SlantError if the predictor answers more or fewer examples than it was given.
    """
    if spec.task == "techniques":
        examples = [example for example in examples if example.loaded]
    predictions = predictor.predict(examples, gold_spans=spec.task == "techniques")
    if len(predictions) != len(examples):
        raise SlantError(
            f"{predictor.name} gave {len(predictions)} predictions for the {len(examples)} examples of "
            f"{spec.title}; one each, in their order, was expected."
        )
    if spec.task == "spans":
        return _spans(examples, predictions, gold or {})
    if spec.task == "techniques":
        return _techniques(examples, predictions, gold or {})
    sheet = Sheet()
    for example, prediction in zip(examples, predictions, strict=True):
        for true, said in _BY_EXAMPLE[spec.task](example, prediction, spec):
            sheet.add(example, true, said)
    return sheet


Rows = list[tuple[Any, Any]]


def _stance(example: Example, prediction: Prediction, _: SetSpec) -> Rows:
    said = [best(scores) for scores in prediction.stance] or [None] * len(example.targets)
    return [(t.label, s) for t, s in zip(example.targets, said, strict=True) if t.label is not None]


def _reply(example: Example, prediction: Prediction, _: SetSpec) -> Rows:
    return [] if example.reply is None else [(example.reply, best(prediction.reply))]


def _toxic(example: Example, prediction: Prediction, _: SetSpec) -> Rows:
    return [] if example.toxic is None else [(list(example.toxic), list(prediction.toxic))]


def _frames(example: Example, prediction: Prediction, spec: SetSpec) -> Rows:
    """One frame each: the best of the set's classes, however low its probability.

    A class that takes in several frames of the codebook has the highest of their probabilities.
    """
    folded: dict[str, float] = {}
    for frame, score in prediction.frames.items():
        name = frac.FOLD.get(frame, frame)
        folded[name] = max(score, folded.get(name, 0.0))
    known = {frame: score for frame, score in folded.items() if frame in spec.labels}
    return [(frame, best(known)) for frame in example.frames or ()]


def _yes_no(example: Example, prediction: Prediction, spec: SetSpec) -> Rows:
    """biased, subjective: the set's first label from probability 0.5 on."""
    true, said = getattr(example, spec.task), getattr(prediction, spec.task)
    yes, no = spec.labels
    if true is None:
        return []
    return [(yes if true else no, None if said is None else yes if said >= 0.5 else no)]


_BY_EXAMPLE: dict[str, Callable[[Example, Prediction, SetSpec], Rows]] = {
    "stance": _stance,
    "reply": _reply,
    "toxic": _toxic,
    "frames": _frames,
    "biased": _yes_no,
    "subjective": _yes_no,
}


def best(scores: Mapping[str, float] | None) -> str | None:
    """The highest score's label; None without scores."""
    return max(scores, key=scores.__getitem__) if scores else None


def _spans(examples: Sequence[Example], predictions: Sequence[Prediction], gold: Gold) -> Sheet:
    """One row per article, its lines' spans in the article's coordinates.

    Spans on both sides of a line end are not joined, as the line end itself is in neither: joining would
    change the count of predicted spans, which is the model's own decision.
    """
    found: dict[str, list[tuple[int, int, str]]] = {example.group: [] for example in examples}
    for example, prediction in zip(examples, predictions, strict=True):
        shift = example.offset
        found[example.group] += [(s.start + shift, s.end + shift, s.label) for s in prediction.loaded]
    sheet = Sheet()
    for article, spans in found.items():
        sheet.groups.append(article)
        sheet.gold.append([(s.start, s.end, s.label) for s in gold.get(article, ())])
        sheet.predicted.append(spans)
        sheet.meta.append({})
    return sheet


def _techniques(examples: Sequence[Example], predictions: Sequence[Prediction], gold: Gold) -> Sheet:
    """One row per gold span. A span that crosses lines has the mean of its parts' scores; k identical spans
    get the k best techniques, matched to the gold as favourably as possible, as in the official scorer."""
    parts: dict[tuple[str, int, int], list[Mapping[str, float]]] = defaultdict(list)
    for example, prediction in zip(examples, predictions, strict=True):
        start, end = example.offset, example.offset + len(example.text)
        inside = [s for s in gold.get(example.group, ()) if s.start < end and s.end > start]
        for span, scores in zip(inside, prediction.span_scores, strict=bool(prediction.span_scores)):
            parts[example.group, span.start, span.end].append(scores)
    sheet = Sheet()
    for article in dict.fromkeys(example.group for example in examples):
        same: dict[tuple[int, int], list[str]] = defaultdict(list)
        for span in gold.get(article, ()):
            same[span.start, span.end].append(span.label)
        for place, labels in same.items():
            for true, said in match(labels, _mean(parts[article, *place])):
                sheet.groups.append(article)
                sheet.gold.append(true)
                sheet.predicted.append(said)
                sheet.meta.append({})
    return sheet


def match(gold: Sequence[str], scores: Mapping[str, float]) -> list[tuple[str, str | None]]:
    """Pairs the gold labels of k identical spans with the k best-scored labels so that the most agree."""
    left: list[str | None] = [*sorted(scores, key=scores.__getitem__, reverse=True)[: len(gold)]]
    left += [None] * (len(gold) - len(left))
    missed = []
    pairs: list[tuple[str, str | None]] = []
    for label in gold:
        if label in left:
            left.remove(label)
            pairs.append((label, label))
        else:
            missed.append(label)
    return [*pairs, *zip(missed, left, strict=True)]


def _mean(parts: Sequence[Mapping[str, float]]) -> dict[str, float]:
    labels = dict.fromkeys(label for scores in parts for label in scores)
    return {label: sum(scores.get(label, 0.0) for scores in parts) / len(parts) for label in labels}
