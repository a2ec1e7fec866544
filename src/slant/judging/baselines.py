"""What a figure has to beat: the majority floor, and TF-IDF + linear SVM (for spans a lexicon of words).

All are predictors like any model, learnt from the train split and judged in the same way.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from slant.judging.answers import Judged
from slant.judging.judged_sets import SetSpec
from slant.records import Example, Loaded, Prediction

_WORD = re.compile(r"\w+(?:['’]\w+)*")
Sample = tuple[str, str | None]  # a text for the bag of words, and its label


def samples(task: str, example: Example) -> list[Sample]:
    """The decisions that an example asks for, as texts in which all that the task gives is words to count."""
    if task == "stance":
        return [(_about(example, i), target.label) for i, target in enumerate(example.targets)]
    if task == "reply":
        return [(f"{example.text} {_prefixed('parent', example.context or '')}", example.reply)]
    if task == "techniques":
        return [(example.text[span.start : span.end], span.label) for span in example.loaded or ()]
    if task == "frames":
        return [(example.text, frame) for frame in example.frames or (None,)]
    value = getattr(example, task)
    return [(example.text, None if value is None else str(value))]


def answer_with(task: str, scores: Sequence[dict[str, float]]) -> Prediction:
    """A Prediction from one score table per decision."""
    if task == "stance":
        return Prediction(stance=tuple(scores))
    if task == "techniques":
        return Prediction(span_scores=tuple(scores))
    if task == "reply":
        return Prediction(reply=scores[0])
    if task == "frames":
        return Prediction(frames=scores[0])
    yes = float(scores[0].get("True", 0.0) > scores[0].get("False", 0.0))
    return Prediction(biased=yes) if task == "biased" else Prediction(subjective=yes)


@dataclass(frozen=True, slots=True)
class Scorer:
    """A predictor for the tasks that give labels: `score` turns texts into a score per label."""

    name: str
    task: str
    score: Callable[[list[str]], list[dict[str, float]]]
    fingerprint: str = ""

    def predict(self, examples: Sequence[Example], *, gold_spans: bool = False) -> list[Prediction]:
        asked = [[text for text, _ in samples(self.task, example)] for example in examples]
        scores = iter(self.score([text for texts in asked for text in texts]))
        return [answer_with(self.task, [next(scores) for _ in texts]) for texts in asked]


@dataclass(frozen=True, slots=True)
class Lexicon:
    """A predictor of spans: words that stand inside spans more often than outside, neighbours joined.

    words: per word in lower case its label. An empty lexicon finds nothing: the floor, as most text is plain.
    """

    name: str
    task: str
    words: dict[str, str] = field(default_factory=dict)
    fingerprint: str = ""

    def predict(self, examples: Sequence[Example], *, gold_spans: bool = False) -> list[Prediction]:
        return [self._answer(example.text) for example in examples]

    def _answer(self, text: str) -> Prediction:
        found: list[tuple[int, int, str]] = []
        previous = False
        for word in _WORD.finditer(text):
            label = self.words.get(word[0].lower())
            if label and previous and found[-1][2] == label:
                found[-1] = (found[-1][0], word.end(), label)
            elif label:
                found.append((word.start(), word.end(), label))
            previous = label is not None
        if self.task == "toxic":
            return Prediction(toxic=tuple((start, end) for start, end, _ in found))
        return Prediction(
            loaded=tuple(Loaded(a, b, text[a:b], label, 1.0, "outlet") for a, b, label in found)
        )


def majority(spec: SetSpec, train: Sequence[Example]) -> Judged:
    """Always the most frequent label of `train`; for k identical spans the k most frequent."""
    if spec.task in ("spans", "toxic"):
        return Lexicon("majority", spec.task)
    counts = Counter(
        label for example in train for _, label in samples(spec.task, example) if label is not None
    )
    share = {label: float(count) for label, count in counts.items()}
    return Scorer("majority", spec.task, lambda texts: [share] * len(texts))


def simple(spec: SetSpec, train: Sequence[Example], *, seed: int = 0) -> Judged:
    """TF-IDF of words and word pairs + linear SVM; for the tasks that find spans, a lexicon."""
    if spec.task in ("spans", "toxic"):
        return Lexicon("word lexicon", spec.task, _lexicon(spec.task, train))
    return Scorer("TF-IDF + SVM", spec.task, _svm(spec.task, train, seed))


def _svm(task: str, train: Sequence[Example], seed: int) -> Callable[[list[str]], list[dict[str, float]]]:
    """Classes weigh the same in sum, as most metrics are macro-F1; examples weigh as their reader says."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.svm import LinearSVC

    rows = [
        (text, label, e.weight) for e in train for text, label in samples(task, e) if label is not None
    ]  # fmt: skip
    words = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True, token_pattern=r"(?u)\b\w+\b")
    svm = LinearSVC(class_weight="balanced", random_state=seed)
    texts, labels, weights = zip(*rows, strict=True)
    svm.fit(words.fit_transform(texts), labels, sample_weight=weights)

    def score(asked: list[str]) -> list[dict[str, float]]:
        if not asked:
            return []
        margins = svm.decision_function(words.transform(asked))
        if margins.ndim == 1:  # two classes: one margin, toward the second
            margins = [(-margin, margin) for margin in margins]
        return [dict(zip(svm.classes_, map(float, row), strict=True)) for row in margins]

    return score


def _lexicon(task: str, train: Sequence[Example], *, least: int = 2) -> dict[str, str]:
    """Words seen in spans at least `least` times and more often than outside, each with its usual label."""
    inside: dict[str, Counter[str]] = {}
    seen: Counter[str] = Counter()
    for example in train:
        spans = [(a, b, "toxic") for a, b in example.toxic or ()]
        if task == "spans":
            spans = [(span.start, span.end, span.label) for span in example.loaded or ()]
        for match in _WORD.finditer(example.text):
            key = match[0].lower()
            seen[key] += 1
            labels = [label for a, b, label in spans if a < match.end() and b > match.start()]
            if labels:
                inside.setdefault(key, Counter())["\0any"] += 1
                inside[key].update(labels)
    lexicon = {}
    for word, labels_of in inside.items():
        count = labels_of.pop("\0any")
        if count >= least and 2 * count > seen[word]:
            lexicon[word] = labels_of.most_common(1)[0][0]
    return lexicon


def _about(example: Example, index: int) -> str:
    """The text with its mention fenced, and the target's name as words of their own kind."""
    target, text = example.targets[index], example.text
    for start, end in sorted(target.mentions, reverse=True):
        text = f"{text[:start]} xxbegin {text[start:end]} xxend {text[end:]}"
    return f"{text} {_prefixed('target', target.name)}"


def _prefixed(kind: str, text: str) -> str:
    return " ".join(f"{kind}_{word.lower()}" for word in _WORD.findall(text))
