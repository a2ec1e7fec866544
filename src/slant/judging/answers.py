"""From examples and predictions to gold and answer side by side: a `Sheet` per task, a row per item."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from slant.corpora import frac
from slant.errors import SlantError
from slant.judging.judged_sets import SetSpec
from slant.judging.metrics import Tally, tally_characters, tally_classes, tally_overlap
from slant.records import Example, Loaded, Prediction, Span, TargetLabel, in_own_words
from slant.segment.voices import voice_at, voices


class Judged(Protocol):
    """What can be judged. `predict` keeps the order of `examples` and never looks at their labels.

    gold_spans: answer with `span_scores` for the stretches in `Example.loaded`.
    """

    @property
    def name(self) -> str: ...

    @property
    def fingerprint(self) -> str: ...

    def predict(self, examples: Sequence[Example], *, gold_spans: bool = False) -> list[Prediction]: ...


class Row(NamedTuple):
    """One item. gold, said: label names; or a list of `(start, end)`, of a post; or a list of `(start, end, label)`,
    of an article. An answer of None is an abstention.

    sure: probability of the answer, None where it has none. more: meta of this item beside the example's.
    """

    gold: Any
    said: Any
    sure: float | None = None
    more: Mapping[str, str] = {}


@dataclass(slots=True)
class Sheet:
    """Columns of equal length: rows with the group they are resampled by and the meta that slices select by."""

    groups: list[str] = field(default_factory=list)
    gold: list[Any] = field(default_factory=list)
    predicted: list[Any] = field(default_factory=list)
    sure: list[float | None] = field(default_factory=list)
    meta: list[Mapping[str, str]] = field(default_factory=list)

    def add(self, group: str, meta: Mapping[str, str], row: Row) -> None:
        self.groups.append(group)
        self.gold.append(row.gold)
        self.predicted.append(row.said)
        self.sure.append(row.sure)
        self.meta.append({**meta, **row.more})

    def where(self, key: str, value: str) -> Sheet:
        """The rows whose meta says so."""
        return self.pick([i for i, meta in enumerate(self.meta) if meta.get(key) == value])

    def pick(self, rows: Sequence[int]) -> Sheet:
        """The rows of these numbers."""

        def of(column: list[Any]) -> list[Any]:
            return [column[i] for i in rows]

        return Sheet(of(self.groups), of(self.gold), of(self.predicted), of(self.sure), of(self.meta))

    def tally(self, spec: SetSpec) -> Tally:
        """Counts per group, see metrics.py."""
        if spec.metric == "overlap_f1":
            gold, found = (dict(zip(self.groups, side, strict=True)) for side in (self.gold, self.predicted))
            return tally_overlap(gold, found, labels=spec.labels)
        if spec.metric == "character_f1":
            return tally_characters(self.groups, self.gold, self.predicted, label=spec.labels[0])
        return tally_classes(self.groups, self.gold, self.predicted, labels=spec.labels)


Gold = Mapping[str, Sequence[Span]]


def answer(spec: SetSpec, examples: Sequence[Example], predictor: Judged, gold: Gold | None = None) -> Sheet:
    """Lets the predictor answer and lays the answers beside the gold labels.

    gold: for the span tasks of articles, the official spans per article; None: those of the examples themselves.
    Raises SlantError if the predictor answers more or fewer examples than it was given.
    """
    if spec.task == "spans":
        examples = [example for example in examples if example.loaded is not None]
    predictions = predictor.predict(examples, gold_spans=spec.task == "techniques")
    if len(predictions) != len(examples):
        raise SlantError(
            f"{predictor.name} gave {len(predictions)} predictions for the {len(examples)} examples of "
            f"{spec.title}; one each, in their order, was expected."
        )
    if spec.task == "spans":
        return _spans(examples, predictions, gold)
    if spec.task == "techniques":  # asked of all, as repetition shows in the whole article alone
        loaded = [(e, p) for e, p in zip(examples, predictions, strict=True) if e.loaded]
        return _techniques([e for e, _ in loaded], [p for _, p in loaded], gold or {})
    sheet = Sheet()
    for example, prediction in zip(examples, predictions, strict=True):
        for row in _BY_EXAMPLE[spec.task](example, prediction, spec):
            sheet.add(example.group, example.meta, row)
    return sheet


def _stance(example: Example, prediction: Prediction, _: SetSpec) -> list[Row]:
    said = prediction.stance or (None,) * len(example.targets)
    return [
        _chosen(target.label, scores)._replace(more=_asked(example, target))
        for target, scores in zip(example.targets, said, strict=True)
        if target.label is not None
    ]


def _own_stance(example: Example, prediction: Prediction, spec: SetSpec) -> list[Row]:
    """As `_stance`, held to the author's own words; without a probability, as it has none."""
    kind = example.meta.get("kind", "paragraph")
    found = [span.voice for span in prediction.loaded]
    rows = _stance(example, prediction, spec)
    return [row._replace(said=in_own_words(row.said, kind, found), sure=None) for row in rows]


def _asked(example: Example, target: TargetLabel) -> dict[str, str]:
    """meta of a target: `asked` "named" or "topic", and in whose `voice` its first mention stands."""
    if not target.mentions:
        return {"asked": "topic"}
    stretches = voices(example.text, example.meta.get("kind", "paragraph"))
    return {"asked": "named", "voice": voice_at(stretches, *target.mentions[0])}


def _reply(example: Example, prediction: Prediction, _: SetSpec) -> list[Row]:
    return [] if example.reply is None else [_chosen(example.reply, prediction.reply)]


def _toxic(example: Example, prediction: Prediction, _: SetSpec) -> list[Row]:
    return [] if example.toxic is None else [Row(list(example.toxic), list(prediction.toxic))]


def _frames(example: Example, prediction: Prediction, spec: SetSpec) -> list[Row]:
    """The best of the set's frames, however low its probability; for k gold frames the k best.

    A class that takes in several frames of the codebook has the highest of their probabilities.
    """
    known: dict[str, float] = {}
    for frame, score in prediction.frames.items():
        name = frame if frame in spec.labels else frac.FOLD.get(frame, frame)
        if name in spec.labels:
            known[name] = max(score, known.get(name, 0.0))
    return [
        Row(true, said, None if said is None else known[said])
        for true, said in match(example.frames or (), known)
    ]


def _yes_no(example: Example, prediction: Prediction, spec: SetSpec) -> list[Row]:
    """biased, subjective: the set's first label from probability 0.5 on."""
    true, p = getattr(example, spec.task), getattr(prediction, spec.task)
    yes, no = spec.labels
    if true is None:
        return []
    return [_chosen(yes if true else no, None if p is None else {yes: p, no: 1 - p})]


_BY_EXAMPLE: dict[str, Callable[[Example, Prediction, SetSpec], list[Row]]] = {
    "stance": _stance,
    "own_stance": _own_stance,
    "reply": _reply,
    "toxic": _toxic,
    "frames": _frames,
    "biased": _yes_no,
    "subjective": _yes_no,
}


def _chosen(gold: str, scores: Mapping[str, float] | None) -> Row:
    """The label with the highest score, the first of equals; an abstention without scores."""
    if not scores:
        return Row(gold, None)
    said = max(scores, key=scores.__getitem__)
    return Row(gold, said, scores[said])


def _spans(examples: Sequence[Example], predictions: Sequence[Prediction], gold: Gold | None) -> Sheet:
    """One row per group, its texts' spans in the coordinates of the article, or of the texts one after the other.

    Spans on both sides of a line end are not joined, as the line end itself is in neither: joining would
    change the count of predicted spans, which is the model's own decision.
    """
    found: dict[str, list[tuple[int, int, str]]] = {example.group: [] for example in examples}
    true: dict[str, list[tuple[int, int, str]]] = {group: [] for group in found}
    metas = {example.group: example.meta for example in examples}
    ends = dict.fromkeys(found, 0)
    for example, prediction in zip(examples, predictions, strict=True):
        shift = example.offset if gold is not None else ends[example.group]
        ends[example.group] += len(example.text) + 1
        found[example.group] += _moved(prediction.loaded, shift)
        true[example.group] += _moved(example.loaded or (), shift)
    sheet = Sheet()
    for group, spans in found.items():
        known = true[group] if gold is None else _moved(gold.get(group, ()), 0)
        sheet.add(group, metas[group], Row(known, spans))
    return sheet


def _moved(spans: Iterable[Span | Loaded], shift: int) -> list[tuple[int, int, str]]:
    return [(s.start + shift, s.end + shift, s.label) for s in spans]


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
                sheet.add(article, {}, Row(true, said))
    return sheet


def match(gold: Sequence[str], scores: Mapping[str, float]) -> list[tuple[str, str | None]]:
    """Pairs k gold labels of one item (identical spans, frames) with its k best-scored ones so that the most agree."""
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
