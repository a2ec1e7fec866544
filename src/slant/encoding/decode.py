"""Logits back to words: probabilities per label, and character spans from token probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp
from typing import Any

import numpy as np
from numpy.typing import NDArray

from slant.encoding.extents import Array as Array
from slant.encoding.extents import loaded_extents, runs, words
from slant.encoding.labels import ANY, BIASED, FRAME, FRAMES, REPLY, SUBJECTIVE, TECHNIQUES, TOXIC
from slant.encoding.repetition import Document, repetition_shift
from slant.encoding.windows import Window
from slant.errors import UsageError, did_you_mean
from slant.records import REPLIES, Example, Loaded, Prediction


@dataclass(frozen=True, slots=True)
class Decoding:
    """How a checkpoint's logits become labels; biases, temperatures, seeds, thresholds and gaps are chosen on dev data and
    travel with the checkpoint. technique_threshold and subjective_temperature are by convention.

    *_bias: added to the logits of the classes, undoing the class weights of training.
    *_temperature: divides the logits, so that probabilities are as sure as they are right (Guo et al. 2017).
        loaded_temperature is for the reported score alone: which words are marked is chosen without it.
    *_abstain: probability of the likeliest stance below which no label is given; 0 = always one. article_abstain is for the
        stance toward the article, which the reply tells.
    *_threshold: probability from which a word carries the label. *_gap: characters between two runs that are bridged.
    loaded_neighbours: weight of each neighbour in a word's probability, 0 to 0.5: clauses gain by it, lone words lose.
    loaded_seed: probability that at least one word of a loaded span has (hysteresis: the rest need the threshold only).
    technique_threshold: probability from which a loaded span carries a further technique beside its best one.
    repetition_weight: of what the whole document says of a technique (encoding/repetition.py); 0 = the text alone tells.
    frame_threshold: probability from which a frame is reported; frame_thresholds: one per frame in its stead, or empty.
    """

    named_bias: tuple[float, ...] = (0.0, 0.0, 0.0)
    named_temperature: float = 1.0
    named_abstain: float = 0.0
    topic_bias: tuple[float, ...] = (0.0, 0.0, 0.0)
    topic_temperature: float = 1.0
    topic_abstain: float = 0.0
    reply_bias: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0)
    reply_temperature: float = 1.0
    article_abstain: float = 0.0
    loaded_neighbours: float = 0.25
    loaded_seed: float = 0.4
    loaded_threshold: float = 0.4
    loaded_gap: int = 1
    loaded_temperature: float = 1.0
    technique_threshold: float = 0.3
    repetition_weight: float = 0.0
    toxic_threshold: float = 0.5
    toxic_gap: int = 1
    frame_threshold: float = 0.5
    frame_thresholds: tuple[float, ...] = ()
    frames_temperature: float = 1.0
    biased_temperature: float = 1.0
    subjective_temperature: float = 1.0

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Decoding:
        known = cls.__dataclass_fields__
        for name in values:
            if name not in known:
                raise UsageError(f"unknown decoding setting {name!r}.{did_you_mean(name, known)}")
        made: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
        given = len(made.get("frame_thresholds", ()))
        if given not in (0, len(FRAMES)):
            raise UsageError(
                f"frame_thresholds holds {given} numbers; expected one per frame ({len(FRAMES)}) or none."
            )
        return cls(**made)


@dataclass(slots=True)
class Reading:
    """What the encoder said of one request, its windows joined.

    tokens [n, TOKEN_LABELS] and offsets [n, 2] of the text's tokens; unit [UNIT_LABELS];
    stance: per target the logits [2, STANCES], None for a target whose mention has no token.
    """

    offsets: NDArray[np.int64]
    tokens: Array
    unit: Array
    stance: list[Array | None]
    windows: int = 1
    cut: bool = False


def join(
    windows: Sequence[Window], outputs: Sequence[tuple[Array, Array, Array]], *, n_targets: int
) -> Reading:
    """The Reading of one request from its windows; `outputs` holds (token, unit, stance) logits of each window's row.

    A token is read in the window whose core holds it; unit logits are averaged over windows, weighed by core length;
    a target's logits are averaged over the windows that ask about it.
    """
    offsets: list[tuple[int, int]] = []
    tokens, weights = [], []
    stance: list[list[Array]] = [[] for _ in range(n_targets)]
    for window, (token, _, asked) in zip(windows, outputs, strict=True):
        a, b = window.core
        offsets += window.offsets[a:b]
        tokens.append(token[a + 1 : b + 1])
        weights.append(max(1, b - a))
        for column, (index, _) in enumerate(window.queries):
            stance[index].append(asked[column])
    return Reading(
        offsets=np.asarray(offsets, np.int64).reshape(-1, 2),
        tokens=np.concatenate(tokens) if len(tokens) > 1 else tokens[0],
        unit=_mean([unit for _, unit, _ in outputs], weights),
        stance=[_mean(s) if s else None for s in stance],
        windows=len(windows),
        cut=any(w.cut for w in windows),
    )


def _mean(values: Sequence[Array], weights: Sequence[int] | None = None) -> Array:
    """Of one window, as nearly all texts have, what it says."""
    return values[0] if len(values) == 1 else np.average(values, axis=0, weights=weights).astype(np.float32)


def sigmoid(x: Array) -> Array:
    return np.asarray(0.5 * (1 + np.tanh(0.5 * x)), np.float32)


def softmax(logits: Array) -> Array:
    shifted = np.exp(logits - logits.max(-1, keepdims=True))
    return np.asarray(shifted / shifted.sum(-1, keepdims=True), np.float32)


def stance_scores(logits: Array | None, decoding: Decoding, *, named: bool) -> dict[str, float]:
    """Probability per STANCES label of one target; neutral for certain where no token could be asked."""
    if logits is None:
        return {"against": 0.0, "neutral": 1.0, "favor": 0.0}
    bias = decoding.named_bias if named else decoding.topic_bias
    temperature = decoding.named_temperature if named else decoding.topic_temperature
    # Plain floats: for three numbers numpy takes longer, and a unit has three for every target.
    moved = [(x + b) / temperature for x, b in zip(logits[0 if named else 1].tolist(), bias, strict=True)]
    top = max(moved)
    against, neutral, favor = [exp(x - top) for x in moved]
    total = against + neutral + favor
    return {"against": against / total, "neutral": neutral / total, "favor": favor / total}


def reply_scores(unit: Array, decoding: Decoding) -> dict[str, float]:
    bias = np.asarray(decoding.reply_bias, np.float32)
    probabilities = softmax((unit[REPLY] + bias) / decoding.reply_temperature)
    return {label: float(p) for label, p in zip(REPLIES, probabilities, strict=True)}


def article_scores(reply: dict[str, float]) -> dict[str, float]:
    """Stance toward an article by the reply to it: support is for it, denial against, anything else neither.

    Not toward the topic of its title: who applauds an article against a minister is against the minister, not the article.
    """
    neither = reply["query"] + reply["comment"]
    return {"against": reply["deny"], "neutral": neither, "favor": reply["support"]}


def best_label(scores: dict[str, float], *, abstain: float = 0.0) -> str | None:
    """The likeliest label, or None where even that is less likely than `abstain`."""
    best = max(scores, key=scores.__getitem__)
    return best if scores[best] >= abstain else None


def frame_scores(unit: Array, decoding: Decoding) -> dict[str, float]:
    probabilities = sigmoid(unit[FRAME] / decoding.frames_temperature)
    return {label: float(p) for label, p in zip(FRAMES, probabilities, strict=True)}


def frames_found(unit: Array, decoding: Decoding) -> dict[str, float]:
    """The frames that are likely enough to be reported, with their probability."""
    thresholds = decoding.frame_thresholds or (decoding.frame_threshold,) * len(FRAMES)
    scores = frame_scores(unit, decoding)
    return {f: p for (f, p), least in zip(scores.items(), thresholds, strict=True) if p >= least}


def biased_score(unit: Array, decoding: Decoding) -> float:
    return float(sigmoid(unit[BIASED] / decoding.biased_temperature))


def subjective_score(unit: Array, decoding: Decoding) -> float:
    return float(sigmoid(unit[SUBJECTIVE] / decoding.subjective_temperature))


def loaded_spans(
    text: str, reading: Reading, decoding: Decoding, document: Document | None = None
) -> list[tuple[int, int, str, float]]:
    """(start, end, technique, probability): each stretch of loaded language with its best technique, and with every
    further technique that is likely enough over the whole stretch (spans of different techniques overlap).

    document: that `text` is a part of; without it nothing is known of repetition beyond the text."""
    offsets, values = words(text, reading.offsets, reading.tokens[:, ANY])
    extents = loaded_extents(
        text,
        offsets,
        sigmoid(values),
        seed=decoding.loaded_seed,
        threshold=decoding.loaded_threshold,
        gap=decoding.loaded_gap,
        neighbours=decoding.loaded_neighbours,
    )
    if not extents:
        return []
    tempered = sigmoid(values / decoding.loaded_temperature)
    out = []
    for start, end in extents:
        certainty = float(tempered[(offsets[:, 0] >= start) & (offsets[:, 1] <= end)].mean())
        shift = repetition_shift(decoding.repetition_weight, document, text[start:end])
        technique = technique_scores(reading, start, end, repetition=shift)
        best = max(technique, key=technique.__getitem__)
        chosen = {best} | {t for t, p in technique.items() if p >= decoding.technique_threshold}
        out += [
            (start, end, t, certainty * technique[t]) for t in sorted(chosen, key=lambda t: -technique[t])
        ]
    return out


def technique_scores(
    reading: Reading, start: int, end: int, *, repetition: Array | float = 0.0
) -> dict[str, float]:
    """Probability per technique, given that these characters are loaded: from the mean logits of their tokens.

    repetition [techniques]: added to the logits, see repetition_shift.
    """
    logits = technique_logits(reading, start, end) + repetition
    return {t: float(p) for t, p in zip(TECHNIQUES, softmax(logits), strict=True)}


def technique_logits(reading: Reading, start: int, end: int) -> Array:
    """Mean logits [techniques] of the tokens between two characters; zeros where there is none."""
    inside = (reading.offsets[:, 0] < end) & (reading.offsets[:, 1] > start)
    rows = reading.tokens[inside, ANY + 1 : TOXIC]
    return np.asarray(rows.mean(0) if len(rows) else rows.sum(0), np.float32)


def toxic_spans(text: str, reading: Reading, decoding: Decoding) -> list[tuple[int, int]]:
    offsets, values = words(text, reading.offsets, reading.tokens[:, TOXIC])
    return runs(offsets, sigmoid(values) >= decoding.toxic_threshold, decoding.toxic_gap)


def prediction(
    example: Example,
    reading: Reading,
    decoding: Decoding,
    *,
    gold_spans: bool,
    document: Document | None = None,
) -> Prediction:
    """A Prediction for one example of a labelled set; it never abstains, so that figures of models compare."""
    text, weight, span_scores = example.text, decoding.repetition_weight, []
    for span in (example.loaded or ()) if gold_spans else ():
        shift = repetition_shift(weight, document, text[span.start : span.end])
        span_scores.append(technique_scores(reading, span.start, span.end, repetition=shift))
    spans = loaded_spans(text, reading, decoding, document)
    return Prediction(
        stance=tuple(
            stance_scores(s, decoding, named=bool(t.mentions))
            for t, s in zip(example.targets, reading.stance, strict=True)
        ),
        loaded=tuple(Loaded(a, b, text[a:b], t, p, "outlet") for a, b, t, p in spans),
        toxic=tuple(toxic_spans(example.text, reading, decoding)),
        span_scores=tuple(span_scores),
        reply=reply_scores(reading.unit, decoding),
        frames=frame_scores(reading.unit, decoding),
        biased=biased_score(reading.unit, decoding),
        subjective=subjective_score(reading.unit, decoding),
    )
