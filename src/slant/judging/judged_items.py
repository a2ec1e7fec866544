"""Pair predictions with gold labels: one JudgedItem per decision, in the columns of JudgedItems."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Any, NamedTuple, Protocol

from slant.corpora import frac
from slant.encoding.decode import merge_unrelated
from slant.errors import SlantError
from slant.judging.judged_sets import AGAINST_OR_NOT, SetSpec
from slant.judging.metrics import Tally, tally_characters, tally_classes, tally_overlap, tally_pairs
from slant.records import UNRELATED, Example, Loaded, Prediction, Span, TargetLabel
from slant.segment.voices import voice_at, voices

MASKED_MENTION = "it"  # what masked targets are called, see mask_targets
MASKED_TOPIC = "this"
GoldSpans = Mapping[str, Sequence[Span]]  # article id → spans in the article's text


class SupportsPredict(Protocol):
    """A model that can be judged. `predict` keeps the order of `examples` and must not look at their labels.

    gold_spans: also predict `span_scores` for the spans in `Example.loaded`.
    """

    @property
    def name(self) -> str: ...

    @property
    def fingerprint(self) -> str: ...

    def predict(self, examples: Sequence[Example], *, gold_spans: bool = False) -> list[Prediction]: ...


class JudgedItem(NamedTuple):
    """One decision.

    gold, predicted: label names; for sides, pairs of them; for posts, lists of `(start, end)`; for articles, lists of
        `(start, end, label)`. A prediction of None is an abstention.
    probability: of the predicted label, None if it has none.
    slices: key → value by which slices select, in addition to the example's meta.
    """

    gold: Any
    predicted: Any
    probability: float | None = None
    slices: Mapping[str, str] = {}


@dataclass(slots=True)
class JudgedItems:
    """Columns of equal length. groups: what each item is resampled with. slices: key → value by which slices select."""

    groups: list[str] = field(default_factory=list)
    gold: list[Any] = field(default_factory=list)
    predicted: list[Any] = field(default_factory=list)
    probability: list[float | None] = field(default_factory=list)
    slices: list[Mapping[str, str]] = field(default_factory=list)

    def add(self, group: str, meta: Mapping[str, str], item: JudgedItem) -> None:
        self.groups.append(group)
        self.gold.append(item.gold)
        self.predicted.append(item.predicted)
        self.probability.append(item.probability)
        self.slices.append({**meta, **item.slices})

    def where(self, key: str, value: str) -> JudgedItems:
        """Return the items of one slice."""
        return self.pick([i for i, slices in enumerate(self.slices) if slices.get(key) == value])

    def pick(self, indices: Sequence[int]) -> JudgedItems:
        """Return the items at `indices`."""

        def of(column: list[Any]) -> list[Any]:
            return [column[i] for i in indices]

        return JudgedItems(
            of(self.groups), of(self.gold), of(self.predicted), of(self.probability), of(self.slices)
        )

    def tally(self, spec: SetSpec) -> Tally:
        """Count per group what the official metric needs (metrics.py)."""
        if spec.metric == "overlap_f1":
            gold, predicted = (
                dict(zip(self.groups, side, strict=True)) for side in (self.gold, self.predicted)
            )
            return tally_overlap(gold, predicted, labels=spec.labels)
        if spec.metric == "character_f1":
            return tally_characters(self.groups, self.gold, self.predicted, label=spec.labels[0])
        if spec.metric == "both_right":
            return tally_pairs(self.groups, self.gold, self.predicted, label=spec.labels[0])
        return tally_classes(self.groups, self.gold, self.predicted, labels=spec.labels)


def judge_items(
    spec: SetSpec, examples: Sequence[Example], predictor: SupportsPredict, gold: GoldSpans | None = None
) -> JudgedItems:
    """Run `predictor` on `examples` and pair its predictions with the gold labels.

    gold: official spans per article, for the span tasks of articles; None: the spans of the examples.
    Raises SlantError if the number of predictions differs from the number of examples.
    """
    if spec.task == "spans":
        examples = [example for example in examples if example.loaded is not None]
    predictions = predictor.predict(examples, gold_spans=spec.task == "techniques")
    if len(predictions) != len(examples):
        raise SlantError(
            f"{predictor.name} gave {len(predictions)} predictions for the {len(examples)} examples of "
            f"{spec.title}; expected one per example, in the same order."
        )
    if spec.task == "spans":
        return _spans(examples, predictions, gold)
    if spec.task == "sides":
        return _sides(examples, predictions, spec)
    if (
        spec.task == "techniques"
    ):  # predicted for all lines, since repetition is visible only in the whole article
        loaded = [(e, p) for e, p in zip(examples, predictions, strict=True) if e.loaded]
        return _techniques([e for e, _ in loaded], [p for _, p in loaded], gold or {})
    items = JudgedItems()
    for example, prediction in zip(examples, predictions, strict=True):
        for item in _BY_EXAMPLE[spec.task](example, prediction, spec):
            items.add(example.group, example.meta, item)
    return items


# ---- tasks with labels


def _stance(example: Example, prediction: Prediction, spec: SetSpec) -> list[JudgedItem]:
    """Judge against, neutral and favor. "unrelated" counts as neutral, since most sets have no such label.

    A set that knows only AGAINST_OR_NOT gets them after the choice among the three, as slant reports the likeliest of three.
    """
    scores = prediction.stance or (None,) * len(example.targets)
    items = []
    for target, found in zip(example.targets, scores, strict=True):
        if target.label is None:
            continue
        merged = found and merge_unrelated(found)
        item = _likeliest("neutral" if target.label == UNRELATED else target.label, merged)
        if spec.labels == AGAINST_OR_NOT:
            item = _against_or_not(item, merged)
        items.append(item._replace(slices=_target_slices(example, target)))
    return items


def _against_or_not(item: JudgedItem, scores: Mapping[str, float] | None) -> JudgedItem:
    against, other = AGAINST_OR_NOT
    gold = against if item.gold == against else other
    if not scores or item.predicted == against:
        return item._replace(gold=gold)
    return item._replace(gold=gold, predicted=other, probability=sum(scores.values()) - scores[against])


def _portrayal(example: Example, prediction: Prediction, _: SetSpec) -> list[JudgedItem]:
    scores = prediction.portrayal or (None,) * len(example.targets)
    return [
        _likeliest(target.portrayal, found)._replace(slices=_target_slices(example, target))
        for target, found in zip(example.targets, scores, strict=True)
        if target.portrayal is not None
    ]


def _target_slices(example: Example, target: TargetLabel) -> dict[str, str]:
    """Return the `target`, `target_kind` ("named" or "topic") and, for named targets, the `voice` at the first mention."""
    if not target.mentions:
        return {"target": target.name, "target_kind": "topic"}
    stretches = voices(example.text, example.meta.get("kind", "paragraph"))
    voice = voice_at(stretches, *target.mentions[0])
    return {"target": target.name, "target_kind": "named", "voice": voice}


def _reply(example: Example, prediction: Prediction, _: SetSpec) -> list[JudgedItem]:
    return [] if example.reply is None else [_likeliest(example.reply, prediction.reply)]


def _toxic(example: Example, prediction: Prediction, _: SetSpec) -> list[JudgedItem]:
    return [] if example.toxic is None else [JudgedItem(list(example.toxic), list(prediction.toxic))]


def _frames(example: Example, prediction: Prediction, spec: SetSpec) -> list[JudgedItem]:
    """Take the k likeliest of the set's frames for k gold frames, however low their probability.

    The probability of a class that covers several frames of the codebook is the highest of theirs.
    """
    scores: dict[str, float] = {}
    for frame, score in prediction.frames.items():
        name = frame if frame in spec.labels else frac.FOLD.get(frame, frame)
        if name in spec.labels:
            scores[name] = max(score, scores.get(name, 0.0))
    return [
        JudgedItem(gold, predicted, None if predicted is None else scores[predicted])
        for gold, predicted in match(example.frames or (), scores)
    ]


def _yes_no(example: Example, prediction: Prediction, spec: SetSpec) -> list[JudgedItem]:
    """Tasks "biased" and "subjective": the set's first label means yes, predicted from probability 0.5."""
    gold, p = getattr(example, spec.task), getattr(prediction, spec.task)
    yes, no = spec.labels
    if gold is None:
        return []
    return [_likeliest(yes if gold else no, None if p is None else {yes: p, no: 1 - p})]


_BY_EXAMPLE: dict[str, Callable[[Example, Prediction, SetSpec], list[JudgedItem]]] = {
    "stance": _stance,
    "portrayal": _portrayal,
    "reply": _reply,
    "toxic": _toxic,
    "frames": _frames,
    "biased": _yes_no,
    "subjective": _yes_no,
}


def _likeliest(gold: str, scores: Mapping[str, float] | None) -> JudgedItem:
    """Predict the label with the highest score, the first of ties; abstain if there are no scores."""
    if not scores:
        return JudgedItem(gold, None)
    predicted = max(scores, key=scores.__getitem__)
    return JudgedItem(gold, predicted, scores[predicted])


# ---- contrast groups


def _sides(examples: Sequence[Example], predictions: Sequence[Prediction], spec: SetSpec) -> JudgedItems:
    """One item per target toward which the accounts of two sides have opposite stances: the labels in both texts.

    Accounts are the texts of a group whose `what` is "sides-A", "sides-B" and so on; a group may have several of a side.
    """
    accounts: dict[str, list[tuple[str, dict[str, JudgedItem]]]] = defaultdict(list)
    for example, prediction in zip(examples, predictions, strict=True):
        if example.meta["what"].startswith("sides-"):
            by_target = {
                item.slices["target"].casefold(): item for item in _stance(example, prediction, spec)
            }
            accounts[example.group].append((example.meta["what"], by_target))
    items = JudgedItems()
    for group, texts in accounts.items():
        for (side, first), (other, second) in combinations(texts, 2):
            for target in first if side != other else ():
                pair = [first[target], second[target]] if target in second else []
                if {item.gold for item in pair} == {"against", "favor"}:
                    gold, predicted = (tuple(item[i] for item in pair) for i in (0, 1))
                    items.add(group, {}, JudgedItem(gold, predicted if any(predicted) else None))
    return items


# ---- spans


def _spans(
    examples: Sequence[Example], predictions: Sequence[Prediction], gold: GoldSpans | None
) -> JudgedItems:
    """One item per group: all spans of its texts, in offsets of the article (gold given) or of the concatenated texts.

    Predicted spans on both sides of a line end are not joined, as neither contains the line end: joining would change the
    number of predicted spans, which is the model's decision.
    """
    found: dict[str, list[tuple[int, int, str]]] = {example.group: [] for example in examples}
    labeled: dict[str, list[tuple[int, int, str]]] = {group: [] for group in found}
    metas = {example.group: example.meta for example in examples}
    ends = dict.fromkeys(found, 0)
    for example, prediction in zip(examples, predictions, strict=True):
        shift = example.offset if gold is not None else ends[example.group]
        ends[example.group] += len(example.text) + 1
        found[example.group] += _shifted(prediction.loaded, shift)
        labeled[example.group] += _shifted(example.loaded or (), shift)
    items = JudgedItems()
    for group, predicted in found.items():
        gold_spans = labeled[group] if gold is None else _shifted(gold.get(group, ()), 0)
        items.add(group, metas[group], JudgedItem(gold_spans, predicted))
    return items


def _shifted(spans: Iterable[Span | Loaded], shift: int) -> list[tuple[int, int, str]]:
    return [(s.start + shift, s.end + shift, s.label) for s in spans]


def _techniques(
    examples: Sequence[Example], predictions: Sequence[Prediction], gold: GoldSpans
) -> JudgedItems:
    """One item per gold span. A span over several lines gets the mean scores of its parts.

    k identical spans get the k best techniques, matched to the gold as favorably as possible, as in the official scorer.
    """
    parts: dict[tuple[str, int, int], list[Mapping[str, float]]] = defaultdict(list)
    for example, prediction in zip(examples, predictions, strict=True):
        start, end = example.offset, example.offset + len(example.text)
        inside = [s for s in gold.get(example.group, ()) if s.start < end and s.end > start]
        for span, scores in zip(inside, prediction.span_scores, strict=bool(prediction.span_scores)):
            parts[example.group, span.start, span.end].append(scores)
    items = JudgedItems()
    for article in dict.fromkeys(example.group for example in examples):
        labels_at: dict[tuple[int, int], list[str]] = defaultdict(list)
        for span in gold.get(article, ()):
            labels_at[span.start, span.end].append(span.label)
        for extent, labels in labels_at.items():
            for gold_label, predicted in match(labels, _mean(parts[article, *extent])):
                items.add(article, {}, JudgedItem(gold_label, predicted))
    return items


def match(gold: Sequence[str], scores: Mapping[str, float]) -> list[tuple[str, str | None]]:
    """Pair k gold labels of one item (identical spans, frames) with the k best-scored labels, for the most matches."""
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


# ---- ablation: masked targets


def mask_targets(example: Example) -> Example:
    """Return the example with all its targets masked, to measure how much of a stance score the text alone gives.

    Named targets: " it" is appended to the text and becomes the mention; the original mention stays in the text, unmarked.
    Topics are called "this".
    """
    text = example.text
    if any(target.mentions for target in example.targets):
        text = f"{text} {MASKED_MENTION}"
    mention = ((len(text) - len(MASKED_MENTION), len(text)),)
    targets = tuple(
        replace(t, name=MASKED_MENTION, mentions=mention) if t.mentions else replace(t, name=MASKED_TOPIC)
        for t in example.targets
    )
    return replace(example, text=text, targets=targets)
