"""Baselines: always the majority label (the floor), and TF-IDF + linear SVM (for span tasks, a word lexicon).

They are trained on the train split and judged like any model.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from slant.judging.judged_items import SupportsPredict
from slant.judging.judged_sets import SetSpec
from slant.records import Example, Loaded, Prediction

_WORD = re.compile(r"\w+(?:['’]\w+)*")
Sample = tuple[str, str | None]  # text for the bag of words, label


def majority_baseline(spec: SetSpec, train: Sequence[Example]) -> SupportsPredict:
    """Predict always the most frequent label of `train`; for k identical spans the k most frequent; no spans."""
    if spec.task in ("spans", "toxic"):
        return Lexicon("majority", spec.task)
    counts = Counter(
        label for example in train for _, label in _samples(spec.task, example) if label is not None
    )
    scores = {label: float(count) for label, count in counts.items()}
    return LabelBaseline("majority", spec.task, lambda texts: [scores] * len(texts))


def simple_baseline(spec: SetSpec, train: Sequence[Example], *, seed: int = 0) -> SupportsPredict:
    """Train TF-IDF of words and word pairs + linear SVM; for tasks that predict spans, a word lexicon."""
    if spec.task in ("spans", "toxic"):
        return Lexicon("word lexicon", spec.task, _lexicon(spec.task, train))
    return LabelBaseline("TF-IDF + SVM", spec.task, _svm(spec.task, train, seed))


# ---- tasks with labels


@dataclass(frozen=True, slots=True)
class LabelBaseline:
    """A predictor for tasks with labels. score: texts → a score per label for each text."""

    name: str
    task: str
    score: Callable[[list[str]], list[dict[str, float]]]
    fingerprint: str = ""

    def predict(self, examples: Sequence[Example], *, gold_spans: bool = False) -> list[Prediction]:
        texts = [[text for text, _ in _samples(self.task, example)] for example in examples]
        scores = iter(self.score([text for each in texts for text in each]))
        return [_prediction(self.task, [next(scores) for _ in each]) for each in texts]


def _samples(task: str, example: Example) -> list[Sample]:
    """Return one sample per decision; its text contains everything that the task gives, as words to count."""
    if task == "stance":
        return [(_with_target(example, i), target.label) for i, target in enumerate(example.targets)]
    if task == "portrayal":
        return [(_with_target(example, i), target.portrayal) for i, target in enumerate(example.targets)]
    if task == "reply":
        return [(f"{example.text} {_prefixed('parent', example.context or '')}", example.reply)]
    if task == "techniques":
        return [(example.text[span.start : span.end], span.label) for span in example.loaded or ()]
    if task == "frames":
        return [(example.text, frame) for frame in example.frames or (None,)]
    value = getattr(example, task)
    return [(example.text, None if value is None else str(value))]


def _with_target(example: Example, index: int) -> str:
    """Return the text with marker words around the target's mentions, and the target's name as prefixed words."""
    target, text = example.targets[index], example.text
    for start, end in sorted(target.mentions, reverse=True):
        text = f"{text[:start]} xxbegin {text[start:end]} xxend {text[end:]}"
    return f"{text} {_prefixed('target', target.name)}"


def _prefixed(kind: str, text: str) -> str:
    return " ".join(f"{kind}_{word.lower()}" for word in _WORD.findall(text))


def _prediction(task: str, scores: Sequence[dict[str, float]]) -> Prediction:
    """Make a Prediction from the scores of each decision."""
    if task == "stance":
        return Prediction(stance=tuple(scores))
    if task == "portrayal":
        return Prediction(portrayal=tuple(scores))
    if task == "techniques":
        return Prediction(span_scores=tuple(scores))
    if task == "reply":
        return Prediction(reply=scores[0])
    if task == "frames":
        return Prediction(frames=scores[0])
    yes = float(scores[0].get("True", 0.0) > scores[0].get("False", 0.0))
    return Prediction(biased=yes) if task == "biased" else Prediction(subjective=yes)


def _svm(task: str, train: Sequence[Example], seed: int) -> Callable[[list[str]], list[dict[str, float]]]:
    """Train the SVM with balanced classes, since most metrics are macro-F1, and with the examples' weights."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.svm import LinearSVC

    samples = [
        (text, label, e.weight) for e in train for text, label in _samples(task, e) if label is not None
    ]
    vectorizer = TfidfVectorizer(
        ngram_range=(1, 2), min_df=2, sublinear_tf=True, token_pattern=r"(?u)\b\w+\b"
    )
    svm = LinearSVC(class_weight="balanced", random_state=seed)
    train_texts, labels, weights = zip(*samples, strict=True)
    svm.fit(vectorizer.fit_transform(train_texts), labels, sample_weight=weights)

    def score(texts: list[str]) -> list[dict[str, float]]:
        if not texts:
            return []
        margins = svm.decision_function(vectorizer.transform(texts))
        if margins.ndim == 1:  # two classes have one margin, toward the second
            margins = [(-margin, margin) for margin in margins]
        return [dict(zip(svm.classes_, map(float, row), strict=True)) for row in margins]

    return score


# ---- span tasks


@dataclass(frozen=True, slots=True)
class Lexicon:
    """A predictor of spans: words of a lexicon, neighboring words with the same label joined.

    words: lower-case word → label. An empty lexicon predicts no spans: the floor, since most text is plain.
    """

    name: str
    task: str
    words: dict[str, str] = field(default_factory=dict)
    fingerprint: str = ""

    def predict(self, examples: Sequence[Example], *, gold_spans: bool = False) -> list[Prediction]:
        return [self._predict(example.text) for example in examples]

    def _predict(self, text: str) -> Prediction:
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


def _lexicon(task: str, train: Sequence[Example], *, min_count: int = 2) -> dict[str, str]:
    """Return words found at least `min_count` times in spans, and more often there than outside, with their usual label."""
    inside: Counter[str] = Counter()
    everywhere: Counter[str] = Counter()
    labels: dict[str, Counter[str]] = {}
    for example in train:
        spans = [(a, b, "toxic") for a, b in example.toxic or ()]
        if task == "spans":
            spans = [(span.start, span.end, span.label) for span in example.loaded or ()]
        for found in _WORD.finditer(example.text):
            word = found[0].lower()
            everywhere[word] += 1
            word_labels = [label for a, b, label in spans if a < found.end() and b > found.start()]
            if word_labels:
                inside[word] += 1
                labels.setdefault(word, Counter()).update(word_labels)
    return {
        word: labels[word].most_common(1)[0][0]
        for word, count in inside.items()
        if count >= min_count and 2 * count > everywhere[word]
    }
