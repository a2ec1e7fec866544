"""Teach a head on a user's labels (`slant teach`): from labeled texts to a head folder, or the reason why there is none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from slant import __version__
from slant.corpora.label_files import LabeledText, target_labels
from slant.encoding.decode import (
    Decoding,
    TextLogits,
    best_stance,
    decode,
    frame_scores,
    frames_found,
    stance_scores,
)
from slant.encoding.label_ids import FRAME_INDEX, STANCE
from slant.encoding.predictor import Predictor
from slant.encoding.windows import EncoderRequest
from slant.errors import SlantError, UsageError
from slant.labels.targets import Targets
from slant.records import STANCE_ANSWERS, Score
from slant.scoring.heads import (
    FORMAT,
    FRAME_PREFIX,
    LOADED_TASK,
    STANCE_TASK,
    TARGET_LOGITS,
    UNIT_LOGITS,
    Linear,
    TaughtHead,
    text_key,
    unit_features,
)
from slant.scoring.score import ARTICLE
from slant.segment.voices import voices
from slant.training.head_fitting import (
    Fitted,
    Floats,
    Interval,
    Ints,
    Items,
    Point,
    assign_folds,
    fit,
    learning_curve,
    linear,
    number_of_folds,
    resampled_f1,
)

MIN_LABELS = 40  # of a task
MIN_ARTICLES = 10  # with labels of a task
MIN_OF_A_LABEL = 5  # of at least two labels
YES_NO = ("no", "yes")
ANSWERED_BY_REPLY = {
    ARTICLE,
    "the article",
}  # a comment's stance toward its article comes from how it replies
MODEL, EVERY_TEXT = "the model as it comes", "calling every text so"


@dataclass(frozen=True, slots=True)
class Question:
    """A task with its items. texts: number of the labeled text of each item."""

    task: str
    answers: tuple[str, ...]
    items: Items
    texts: Ints
    baseline: str  # what `Items.model` is, in words

    @property
    def present(self) -> list[int]:
        """Numbers of the answers that macro-F1 is over: those that occur; of yes and no, yes."""
        return [1] if self.answers == YES_NO else sorted(set(self.items.gold.tolist()))

    @property
    def guessing(self) -> float:
        """F1 of guesses that follow how often each answer occurs."""
        return float(np.mean([(self.items.gold == label).mean() for label in self.present]))

    def decide(self, logits: Floats) -> Ints:
        """Return the number of the answer that slant would give for these logits [items, answers]."""
        if self.answers == YES_NO:
            return np.asarray(logits[:, 1] >= logits[:, 0], np.int64)
        shifted = np.exp(logits - logits.max(1, keepdims=True))
        chances = shifted / shifted.sum(1, keepdims=True)
        said = [best_stance(dict(zip(self.answers, row, strict=True))) for row in chances.tolist()]
        return np.array([self.answers.index(label or "neutral") for label in said], np.int64)


@dataclass(frozen=True, slots=True)
class Lesson:
    """What was learned for one task. before, after: macro-F1 (of yes for yes-no tasks) in cross-validation. gain: paired."""

    question: Question
    fitted: Fitted
    curve: list[Point]
    before: Interval
    after: Interval
    gain: Interval

    @property
    def helps(self) -> bool:
        """Whether it is certain that the head beats the model, and guessing by how often each label occurs."""
        return self.gain.low > 0 and self.after.low > self.question.guessing


@dataclass(frozen=True, slots=True)
class Taught:
    """lessons: of all tasks with enough labels. skipped: why others have none. head: None if no lesson helps."""

    lessons: list[Lesson]
    skipped: list[str]
    head: TaughtHead | None


def teach(
    texts: Sequence[LabeledText],
    predictor: Predictor,
    targets: Targets,
    *,
    runtime: str,
    beside: Mapping[str, Sequence[str]] | None = None,
    seed: int = 0,
) -> Taught:
    """Teach a head on labeled texts.

    predictor: loaded with states, without a head. runtime: that it runs. beside: article → keys of its other texts, which
    are scored by its fold, too.
    Tasks: stance, loaded (yes or no), and each frame of the texts. A task that does not beat the model as it comes, by the
    lower end of the interval of a cross-validation over articles, is left out of the head.
    Raises UsageError if no task has enough labels.
    """
    labels = [
        [t for t in target_labels(one, targets) if t.label and t.name not in ANSWERED_BY_REPLY]
        for one in texts
    ]
    logits = predictor.run(
        [
            EncoderRequest(one.text, [t.mentions or t.name for t in own])
            for one, own in zip(texts, labels, strict=True)
        ]
    )
    article, keys = number_articles(texts)
    folds = number_of_folds(len(set(article.tolist())))
    fold_of = assign_folds(article, folds=folds, seed=seed)
    pool = Pool(texts, logits, article, predictor)
    lessons, skipped = [], list(_not_learned(texts))
    for task, rows in _tasks(texts, [[str(t.label) for t in own] for own in labels]):
        if problem := too_few(article[[n for n, _ in rows]], [label for _, label in rows]):
            skipped.append(f"{task.removeprefix(FRAME_PREFIX)}: {problem}")
            continue
        question = pool.question(task, rows)
        lessons.append(learn(question, fold_of[question.texts], folds=folds, seed=seed))
    if not lessons:
        reasons = "; ".join(skipped) or "no text has a label of stance, loaded or frames"
        raise UsageError(f"too few labels to teach. {reasons}.")
    helpful = [lesson for lesson in lessons if lesson.helps]
    if not helpful:
        return Taught(lessons, skipped, None)
    known: dict[str, int] = {}
    taught = sorted({n for lesson in helpful for n in lesson.question.texts.tolist()})
    for n in taught:
        known |= dict.fromkeys((beside or {}).get(texts[n].article, ()), int(fold_of[n]))
    known |= {keys[n]: int(fold_of[n]) for n in taught}
    answers = {lesson.question.task: _weights(lesson, predictor) for lesson in helpful}
    return Taught(lessons, skipped, TaughtHead(answers, known, _card(lessons, predictor, runtime, seed)))


def learn(question: Question, fold: Ints, *, folds: int, seed: int = 0) -> Lesson:
    """Fit a head for one task, and compare it with the model by its answers out of fold."""
    items = question.items
    fitted = fit(items, fold, folds=folds, seed=seed)
    curve = learning_curve(items, fold, question.decide, question.present, penalty=fitted.penalty)
    said = question.decide(fitted.out_of_fold)
    before, after, gain = resampled_f1(items, [items.model, said], question.present)
    return Lesson(question, fitted, curve, before, after, gain)


def too_few(article: Ints, labels: Sequence[str]) -> str:
    """Return why these labels cannot teach, or ""."""
    counts = Counter(labels)
    if len(labels) < MIN_LABELS:
        return f"{len(labels)} labels; {MIN_LABELS} or more are needed"
    if (articles := len(set(article.tolist()))) < MIN_ARTICLES:
        return f"labels in {articles} articles; {MIN_ARTICLES} or more are needed"
    if sum(count >= MIN_OF_A_LABEL for count in counts.values()) < 2:
        shown = ", ".join(f"{label} {count}" for label, count in counts.most_common())
        return f"of two labels, {MIN_OF_A_LABEL} or more are needed ({shown})"
    return ""


def number_articles(texts: Sequence[LabeledText]) -> tuple[Ints, list[str]]:
    """Return the number of each text's article, and each text's key. Articles that share a text count as one."""
    keys = [text_key(one.text) for one in texts]
    parent: dict[str, str] = {}

    def root(name: str) -> str:
        while parent.setdefault(name, name) != name:
            name = parent[name]
        return name

    for one, key in zip(texts, keys, strict=True):
        parent[root(f"article {one.article}")] = root(f"text {key}")
    roots = [root(f"text {key}") for key in keys]
    return np.unique(np.array(roots), return_inverse=True)[1].astype(np.int64), keys


def with_scores(
    texts: Sequence[LabeledText], scores: Iterable[Score]
) -> tuple[list[LabeledText], dict[str, list[str]], list[str]]:
    """Return the labeled texts as they are in the scores (text, article, mentions), and article → keys of all its texts.

    Also returns a note on labeled texts that are not in the scores, or have another text there; they are left out.
    Raises UsageError if none is.
    """
    wanted = {one.unit_id: one for one in texts if one.unit_id}
    found: dict[int, LabeledText] = {}
    keys: dict[str, list[str]] = {}
    for score in scores:
        unit, key = score.unit, text_key(score.unit.text)
        keys.setdefault(unit.article_id, []).append(key)
        one = wanted.get(unit.unit_id)
        if one is None or text_key(one.text) != key:
            continue
        one.text, one.article, one.kind = unit.text, unit.article_id, unit.kind
        for stance in score.stance:
            name = (
                stance.name or stance.target
            )  # what the model was asked for where the text does not name it
            for called in {stance.target, name} & one.stance.keys():
                one.stance[name] = one.stance.pop(called)
                one.mentions[name] = stance.mentions
        found[id(one)] = one
    if not found:
        raise UsageError(
            "none of the labeled units is in these scores. Was the sample drawn from other scores?"
        )
    missing = [one.where for one in texts if id(one) not in found]
    rows = ", ".join(where.rpartition(" ")[2] for where in missing[:5]) + ", …" * (len(missing) > 5)
    notes = [f"{len(missing):,} labeled texts are not in the scores and were left out (row {rows})."]
    return list(found.values()), keys, notes if missing else []


# ---- tasks

Rows = list[tuple[int, str]]  # number of the text, label


def _tasks(texts: Sequence[LabeledText], stances: Sequence[Sequence[str]]) -> Iterator[tuple[str, Rows]]:
    """Yield each task of the texts with the number of the text and the label of each item."""
    rows = [(n, label) for n, own in enumerate(stances) for label in own]
    if rows:
        yield STANCE_TASK, rows
    rows = [(n, YES_NO[one.loaded]) for n, one in enumerate(texts) if one.loaded is not None]
    if rows:
        yield LOADED_TASK, rows
    framed = [(n, one.frames) for n, one in enumerate(texts) if one.frames is not None]
    for name in sorted({name for _, frames in framed for name in frames}):
        yield f"{FRAME_PREFIX}{name}", [(n, YES_NO[name in frames]) for n, frames in framed]


def _not_learned(texts: Sequence[LabeledText]) -> Iterator[str]:
    """Yield which labels of the texts are for questions that a head does not answer, and how many."""
    counts = {
        "stance toward the article": sum(len(ANSWERED_BY_REPLY & one.stance.keys()) for one in texts),
        "portrayal": sum(len(one.portrayal) for one in texts),
        "reply": sum(one.reply is not None for one in texts),
    }
    for task, count in counts.items():
        if count:
            yield f"{task}: a head does not learn it (labels: {count:,})"


@dataclass(frozen=True, slots=True)
class Pool:
    """Labeled texts with their logits and states, and the number of the article of each."""

    texts: Sequence[LabeledText]
    logits: Sequence[TextLogits]
    article: Ints
    predictor: Predictor

    def question(self, task: str, rows: Rows) -> Question:
        if task == STANCE_TASK:
            return self._stance(rows)
        decoding, numbers, baseline = self.predictor.decoding, [n for n, _ in rows], MODEL
        frame = task.removeprefix(FRAME_PREFIX)
        if task == LOADED_TASK:
            said = [self._is_loaded(n) for n in numbers]
        elif frame in FRAME_INDEX:
            said = [
                frame in frames_found(frame_scores(self.logits[n].unit, decoding), decoding) for n in numbers
            ]
        else:
            said, baseline = [True] * len(rows), EVERY_TEXT
        features = np.array([unit_features(self.logits[n]) for n in numbers], np.float64)
        gold = np.array([YES_NO.index(label) for _, label in rows], np.int64)
        model = np.array(said, np.int64)
        items = Items(features, np.zeros((len(rows), 2)), gold, self.article[numbers], model, UNIT_LOGITS)
        return Question(task, YES_NO, items, np.array(numbers), baseline)

    def _stance(self, rows: Rows) -> Question:
        numbers = list(dict.fromkeys(n for n, _ in rows))
        toward = [x for n in numbers for x in self.logits[n].targets]
        kept = [(n, label, x) for (n, label), x in zip(rows, toward, strict=True) if x is not None]
        features = np.array([x for _, _, x in kept], np.float64)
        weights, biases = stance_offset(self.predictor.decoding, features.shape[1])
        said = [best_stance(stance_scores(x, self.predictor.decoding)) for _, _, x in kept]
        places = np.array([n for n, _, _ in kept])
        items = Items(
            features,
            features @ weights.T + biases,
            np.array([STANCE_ANSWERS.index(label) for _, label, _ in kept], np.int64),
            self.article[places],
            np.array([STANCE_ANSWERS.index(label or "neutral") for label in said], np.int64),
            TARGET_LOGITS,
        )
        return Question(STANCE_TASK, STANCE_ANSWERS, items, places, f"{MODEL}, without abstaining")

    def _is_loaded(self, number: int) -> bool:
        one = self.texts[number]
        tiles = voices(one.text, one.kind)
        found = decode(one.text, self.logits[number], self.predictor.decoding, voices=tiles)
        return any(span.voice != "quoted" for span in found.loaded)


def stance_offset(decoding: Decoding, features: int) -> tuple[Floats, Floats]:
    """Return weights and biases that give the model's own stance, with its priors and temperature."""
    weights = np.zeros((len(STANCE_ANSWERS), features))
    weights[:, STANCE] = np.eye(len(STANCE_ANSWERS)) / decoding.stance_temperature
    return weights, np.asarray(decoding.stance_bias) / decoding.stance_temperature


def _weights(lesson: Lesson, predictor: Predictor) -> Linear:
    if lesson.question.task == STANCE_TASK:
        return linear(lesson.fitted, stance_offset(predictor.decoding, lesson.fitted.weights.shape[-1]))
    return linear(lesson.fitted)


# ---- messages


def _card(lessons: Sequence[Lesson], predictor: Predictor, runtime: str, seed: int) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "slant": __version__,
        "model": {"name": predictor.name, "fingerprint": predictor.fingerprint, "runtime": runtime},
        "seed": seed,
        "tasks": {lesson.question.task: task_record(lesson) for lesson in lessons},
    }


def task_record(lesson: Lesson) -> dict[str, Any]:
    """Return the figures of a task for the card."""
    items, answers = lesson.question.items, lesson.question.answers
    counts = Counter(answers[i] for i in items.gold.tolist())
    return {
        "taught": lesson.helps,
        "labels": len(items.gold),
        "articles": len(np.unique(items.article)),
        "counts": {label: counts[label] for label in answers},
        "penalty": lesson.fitted.penalty,
        "compared_with": lesson.question.baseline,
        "before": asdict(lesson.before),
        "after": asdict(lesson.after),
        "gain": asdict(lesson.gain),
        "curve": [asdict(point) for point in lesson.curve],
    }


def report(taught: Taught) -> Iterator[str]:
    """Yield the lines that `slant teach` prints."""
    for reason in taught.skipped:
        yield f"not taught: {reason}."
    for lesson in taught.lessons:
        question = lesson.question
        record = task_record(lesson)
        counts = ", ".join(f"{label} {count}" for label, count in record["counts"].items())
        metric = "F1" if question.answers == YES_NO else f"macro-F1 over {len(question.present)} labels"
        yield ""
        yield f"{question.task.replace(':', ' ')}: {record['labels']:,} labels in {record['articles']:,} articles ({counts})"
        yield f"  {metric}, on articles that did not teach (95 % intervals over articles)"
        yield f"  {'before':>22}  {_shown(lesson.before)}   {question.baseline}"
        for point in lesson.curve:
            yield f"  {point.labels:>8,} of {point.articles:,} articles".ljust(24) + f"  {_shown(point.f1)}"
        yield f"  {'all':>22}  {_shown(lesson.after)}"
        yield f"  {'gain':>22}  {_shown(lesson.gain, sign=True)}"
        never = [label for label in question.answers if not record["counts"][label]]
        if never and lesson.helps:
            yield f"  No label {' or '.join(never)} among yours: the head will hardly ever give it."
        against = MODEL if question.baseline.startswith(MODEL) else question.baseline
        if lesson.gain.low > 0 and not lesson.helps:
            against = f"guessing ({100 * question.guessing:.1f})"
        lost = f"It is not certain that it beats {against}, so it is not in the head."
        yield f"  It beats {against}." if lesson.helps else f"  {lost}"


def _shown(interval: Interval, *, sign: bool = False) -> str:
    plus = "+" if sign else ""
    return f"{100 * interval.value:{plus}5.1f}  ({100 * interval.low:{plus}.1f} to {100 * interval.high:{plus}.1f})"


def refuse(taught: Taught) -> TaughtHead:
    """Return the head. Raises SlantError if there is none."""
    if taught.head is None:
        raise SlantError(
            "no head was written: on articles kept apart, none of the tasks is certainly better than before (the interval of "
            "the gain includes 0). Use the model as it comes, or label more articles."
        )
    return taught.head
