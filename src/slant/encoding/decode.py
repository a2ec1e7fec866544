"""From logits to labels: probabilities, and character spans from the probabilities of words.

`slant score` and `slant evaluate` both decode with `decode`.

Repetition is a technique that no sentence shows by itself: annotators of the Propaganda Techniques Corpus saw the whole
article. So the number of times that a loaded span's words occur in its document is further evidence: the log-likelihood of
that number under each technique (LOG_SHARES) is added to the techniques' logits, with a weight from the Decoding.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import pairwise
from math import exp
from typing import Any

import numpy as np
from numpy.typing import NDArray

from slant.encoding.label_ids import (
    ANY,
    BIASED,
    FRAME,
    FRAMES,
    PORTRAYAL,
    REPLY,
    STANCE,
    SUBJECTIVE,
    TECHNIQUES,
    TOXIC,
)
from slant.encoding.windows import Window
from slant.errors import UsageError, did_you_mean
from slant.records import PORTRAYALS, REPLIES, STANCE_ANSWERS, UNRELATED, Example, Loaded, Prediction
from slant.segment.voices import Stretch, voice_at

Floats = NDArray[np.float32]
_FUNCTION_WORDS = """a an the of to in on at by and or but for with from as is are was were be been it its this that these
those he she they we you i his her their our your my s"""
QUOTED = "quoted"
_PUNCTUATION = " .,;:!?'\"()[]-–—’‘“”…"
FUNCTION_WORDS = frozenset(_FUNCTION_WORDS.split())


def words(text: str, offsets: NDArray[np.int64], values: Floats) -> tuple[NDArray[np.int64], Floats]:
    """Join word pieces to words.

    Returns offsets [words, 2] and the mean of `values` [pieces, …] over the pieces of each word.
    """
    if len(offsets) == 0:
        return offsets, values
    apart = [
        i
        for i, ((_, end), (start, _)) in enumerate(pairwise(offsets.tolist()), 1)
        if not (end == start and text[end - 1 : end].isalnum() and text[start : start + 1].isalnum())
    ]
    starts, ends = np.array([0, *apart]), np.array([*apart, len(offsets)])
    summed = np.add.reduceat(values, starts, axis=0)
    counts = (ends - starts).reshape((-1,) + (1,) * (values.ndim - 1))
    means = np.asarray(summed / counts, np.float32)
    return np.stack([offsets[starts, 0], offsets[ends - 1, 1]], 1), means


def runs(offsets: NDArray[np.int64], tagged: NDArray[np.bool_], gap: int) -> list[tuple[int, int]]:
    """Return character spans of consecutive tagged words; spans with at most `gap` characters between them are joined."""
    spans: list[tuple[int, int]] = []
    for start, end in offsets[tagged].tolist():
        if spans and start - spans[-1][1] <= gap:
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((start, end))
    return spans


def loaded_extents(
    text: str,
    offsets: NDArray[np.int64],
    loaded: Floats,
    *,
    seed: float,
    threshold: float,
    gap: int,
    neighbours: float,
) -> list[tuple[int, int]]:
    """Return character spans of loaded language from the words' probabilities `loaded` [words].

    Probabilities are smoothed over neighboring words (Decoding.loaded_neighbours). A span is a run of words at `threshold` or
    above, with at least one at `seed` or above; function words and punctuation are trimmed off its ends.
    """
    padded = np.concatenate([loaded[:1], loaded, loaded[-1:]])
    smooth = neighbours * (padded[:-2] + padded[2:]) + (1 - 2 * neighbours) * loaded
    if not (smooth >= seed).any():
        return []
    out = []
    for start, end in runs(offsets, smooth >= threshold, gap):
        inside = (offsets[:, 0] >= start) & (offsets[:, 1] <= end)
        content = [(a, b) for a, b in offsets[inside].tolist() if not _is_bare(text[a:b])]
        if content and smooth[inside].max() >= seed:
            out.append((content[0][0], content[-1][1]))
    return out


def _is_bare(word: str) -> bool:
    """Return whether a word is punctuation or a function word, with which no loaded span begins or ends."""
    return word.lower() in FUNCTION_WORDS or not any(c.isalnum() for c in word)


# ln P(count | technique), rows as in TECHNIQUES, for words that occur 1, 2, 3, 4 and 5 or more times in the article: from
# the gold spans of PTC fit (tests/encoding/test_repetition.py).
LOG_SHARES = np.array(
    [
        (-0.11, -2.76, -3.80, -5.34, -4.64),  # loaded_language
        (-0.16, -2.58, -3.70, -4.13, -3.50),  # name_calling_labeling
        (-1.54, -1.62, -1.96, -2.35, -1.05),  # repetition
        (-0.07, -2.76, -4.90, -9.32, -8.85),  # exaggeration_minimisation
        (-0.02, -4.00, -6.03, -9.41, -8.93),  # doubt
        (-0.04, -3.44, -4.82, -8.85, -8.37),  # appeal_to_fear_prejudice
        (-0.21, -2.32, -3.37, -4.22, -3.13),  # flag_waving
        (-0.01, -4.45, -7.73, -8.57, -8.09),  # causal_oversimplification
        (-0.20, -2.44, -4.04, -2.82, -4.05),  # slogans
        (-0.03, -4.68, -4.19, -4.89, -7.75),  # appeal_to_authority
        (-0.02, -3.78, -7.07, -7.90, -7.43),  # black_and_white_fallacy
        (-0.07, -2.76, -6.68, -7.52, -7.04),  # thought_terminating_cliches
        (-0.04, -3.19, -7.11, -7.94, -7.46),  # whataboutism_straw_men_red_herring
        (-0.02, -3.91, -6.62, -7.46, -6.98),  # bandwagon_reductio_ad_hitlerum
    ],
    np.float32,
)
_WORD = re.compile(r"\w+(?:['’]\w+)?")


class Document:
    """The texts of one document, searchable for words; case and the characters between words are ignored."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._words = "|".join(_separated(text) for text in texts)
        self._digest = blake2b(self._words.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()

    def __repr__(self) -> str:
        """Return a digest, the same in every process: the journal identifies a ScoreRequest by its repr."""
        return f"Document({self._digest})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Document) and self._digest == other._digest

    def __hash__(self) -> int:
        return hash(self._digest)

    def occurrences(self, span: str) -> int:
        """Return how often the words of `span`, a part of the document, occur in it; at least 1."""
        words = _separated(span)
        return max(1, self._words.count(words)) if words else 1


def _separated(text: str) -> str:
    """Return the words, each between two blanks: only whole words are found, and adjacent occurrences are both counted."""
    return "".join(f" {word.lower()} " for word in _WORD.findall(text))


def repetition_shift(weight: float, document: Document | None, span: str) -> Floats:
    """Return what to add to the technique logits [techniques] for a span; zeros without a document.

    weight: of LOG_SHARES, see Decoding.repetition_weight.
    """
    if document is None or not weight:
        return np.zeros(len(LOG_SHARES), np.float32)
    return np.float32(weight) * LOG_SHARES[:, min(document.occurrences(span), LOG_SHARES.shape[1]) - 1]


def documents(examples: Sequence[Example]) -> Mapping[tuple[str, str], Document]:
    """Return (source, group) → the document of its examples; examples with the same text and offset are counted once."""
    texts: dict[tuple[str, str], dict[tuple[int, str], str]] = {}
    for e in examples:
        texts.setdefault((e.source, e.group), {})[e.offset, e.text] = e.text
    return {key: Document(found.values()) for key, found in texts.items()}


@dataclass(frozen=True, slots=True)
class Decoding:
    """How a checkpoint's logits become labels. Stored with the checkpoint.

    All values are chosen on dev data, except technique_threshold and subjective_temperature, which are fixed.

    *_bias: added to the class logits, to undo the class weights of training.
    *_temperature: divides the logits, to calibrate the probabilities (Guo et al. 2017). loaded_temperature changes only the
        reported score, not which words are marked.
    *_abstain: the label is None if the predicted stance is less probable; 0 = never. article_abstain: for the stance toward
        the article, which follows from the reply.
    *_threshold: minimum probability of a word with the label. *_gap: spans with at most this many characters between them
        are joined.
    loaded_neighbours: weight of each neighboring word in a word's probability, 0 to 0.5. Favors clauses over single words.
    loaded_seed: minimum probability of at least one word of a loaded span (hysteresis; the others need loaded_threshold).
    technique_threshold: minimum probability of a further technique of a loaded span, beside its best one.
    repetition_weight: weight of repetition in the document, see LOG_SHARES; 0 = ignore it.
    frame_threshold: minimum probability of a reported frame. frame_thresholds: one per frame instead, or empty.
    """

    stance_bias: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0)
    stance_temperature: float = 1.0
    stance_abstain: float = 0.0
    portrayal_bias: tuple[float, ...] = (0.0, 0.0, 0.0)
    portrayal_temperature: float = 1.0
    portrayal_abstain: float = 0.0
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
        """Return the Decoding with these values. Raises UsageError for an unknown name."""
        known = cls.__dataclass_fields__
        for name in values:
            if name not in known:
                raise UsageError(f"unknown decoding setting {name!r}.{did_you_mean(name, known)}")
        made: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
        given = len(made.get("frame_thresholds", ()))
        if given not in (0, len(FRAMES)):
            raise UsageError(
                f"frame_thresholds has {given} numbers; expected one per frame ({len(FRAMES)}) or none."
            )
        return cls(**made)


@dataclass(slots=True)
class TextLogits:
    """Logits of one text, with its windows joined.

    offsets [n, 2]: characters of the text's tokens. tokens [n, TOKEN_LABELS]. unit [UNIT_LABELS].
    targets: [TARGET_LABELS] per target; None for a mention without a token.
    windows: number of windows. cut: see Window.
    frames: probability of frames that a taught head adds or replaces; loaded: that of loaded language in the author's own
    words, by a taught head (scoring/heads.py).
    """

    offsets: NDArray[np.int64]
    tokens: Floats
    unit: Floats
    targets: list[Floats | None]
    windows: int = 1
    cut: bool = False
    frames: Mapping[str, float] = field(default_factory=dict)
    loaded: float | None = None


def join(
    windows: Sequence[Window], outputs: Sequence[tuple[Floats, Floats, Floats]], *, n_targets: int
) -> TextLogits:
    """Join the windows of one request. outputs: (token, unit, target) logits of each window.

    Each token is taken from the window whose core contains it. Unit logits are averaged over the windows, weighted by the
    length of the core; the logits of a target over the windows with a query for it.
    """
    offsets: list[tuple[int, int]] = []
    tokens, weights = [], []
    found: list[list[Floats]] = [[] for _ in range(n_targets)]
    for window, (token, _, targets) in zip(windows, outputs, strict=True):
        a, b = window.core
        offsets += window.offsets[a:b]
        tokens.append(token[a + 1 : b + 1])
        weights.append(max(1, b - a))
        for column, (index, _) in enumerate(window.queries):
            found[index].append(targets[column])
    return TextLogits(
        offsets=np.asarray(offsets, np.int64).reshape(-1, 2),
        tokens=np.concatenate(tokens) if len(tokens) > 1 else tokens[0],
        unit=_mean([unit for _, unit, _ in outputs], weights),
        targets=[_mean(logits) if logits else None for logits in found],
        windows=len(windows),
        cut=any(w.cut for w in windows),
    )


def _mean(values: Sequence[Floats], weights: Sequence[int] | None = None) -> Floats:
    """Return the (weighted) mean; of one value, as of nearly all texts, the value itself."""
    return values[0] if len(values) == 1 else np.average(values, axis=0, weights=weights).astype(np.float32)


def sigmoid(x: Floats) -> Floats:
    return np.asarray(0.5 * (1 + np.tanh(0.5 * x)), np.float32)


def softmax(logits: Floats) -> Floats:
    shifted = np.exp(logits - logits.max(-1, keepdims=True))
    return np.asarray(shifted / shifted.sum(-1, keepdims=True), np.float32)


def stance_scores(target: Floats, decoding: Decoding) -> dict[str, float]:
    """Return the probability of each stance from the logits of one target [TARGET_LABELS]."""
    return _class_scores(target[STANCE], STANCE_ANSWERS, decoding.stance_bias, decoding.stance_temperature)


def portrayal_scores(target: Floats, decoding: Decoding) -> dict[str, float]:
    """Return the probability of each portrayal from the logits of one target [TARGET_LABELS]."""
    return _class_scores(
        target[PORTRAYAL], PORTRAYALS, decoding.portrayal_bias, decoding.portrayal_temperature
    )


def _class_scores(
    logits: Floats, labels: Sequence[str], bias: Sequence[float], temperature: float
) -> dict[str, float]:
    # Plain floats: numpy is slower for three or four numbers, and every target has them.
    scaled = [(x + b) / temperature for x, b in zip(logits.tolist(), bias, strict=True)]
    top = max(scaled)
    weights = [exp(x - top) for x in scaled]
    total = sum(weights)
    return {label: weight / total for label, weight in zip(labels, weights, strict=True)}


def merge_unrelated(scores: Mapping[str, float]) -> dict[str, float]:
    """Return the probabilities of against, neutral and favor; "unrelated" counts as neutral."""
    merged = {label: p for label, p in scores.items() if label != UNRELATED}
    merged["neutral"] = merged.get("neutral", 0.0) + scores.get(UNRELATED, 0.0)
    return merged


def best_stance(scores: Mapping[str, float], *, abstain: float = 0.0) -> str | None:
    """Return the best stance, or None if its probability is below `abstain`.

    Whether the author takes a side is decided first, so that doubt between neutral and unrelated is no reason to name one.
    """
    best = best_label(merge_unrelated(scores), abstain=abstain)
    return UNRELATED if best == "neutral" and scores.get(UNRELATED, 0.0) > scores["neutral"] else best


def reply_scores(unit: Floats, decoding: Decoding) -> dict[str, float]:
    """Return the probability of each reply label. unit: unit logits of a text with its context."""
    bias = np.asarray(decoding.reply_bias, np.float32)
    probabilities = softmax((unit[REPLY] + bias) / decoding.reply_temperature)
    return {label: float(p) for label, p in zip(REPLIES, probabilities, strict=True)}


def article_scores(reply: dict[str, float]) -> dict[str, float]:
    """Return the stance toward an article from the reply to it: support is in favor, denial against, the rest neutral.

    This is the stance toward the article, not toward its topic: applause for an article against a minister is in favor of
    the article.
    """
    neutral = reply["query"] + reply["comment"]
    return {"against": reply["deny"], "neutral": neutral, "favor": reply["support"]}


def best_label(scores: dict[str, float], *, abstain: float = 0.0) -> str | None:
    """Return the most probable label, or None if its probability is below `abstain`."""
    best = max(scores, key=scores.__getitem__)
    return best if scores[best] >= abstain else None


def frame_scores(unit: Floats, decoding: Decoding) -> dict[str, float]:
    """Return the probability of each frame."""
    probabilities = sigmoid(unit[FRAME] / decoding.frames_temperature)
    return {label: float(p) for label, p in zip(FRAMES, probabilities, strict=True)}


def frames_found(scores: dict[str, float], decoding: Decoding) -> dict[str, float]:
    """Return the frames whose probability reaches their threshold; that of frames beside the codebook's is one half."""
    thresholds = decoding.frame_thresholds or (decoding.frame_threshold,) * len(FRAMES)
    needed = dict(zip(FRAMES, thresholds, strict=True))
    return {f: p for f, p in scores.items() if p >= needed.get(f, 0.5)}


def biased_score(unit: Floats, decoding: Decoding) -> float:
    return float(sigmoid(unit[BIASED] / decoding.biased_temperature))


def subjective_score(unit: Floats, decoding: Decoding) -> float:
    return float(sigmoid(unit[SUBJECTIVE] / decoding.subjective_temperature))


def loaded_spans(
    text: str, logits: TextLogits, decoding: Decoding, document: Document | None = None
) -> list[tuple[int, int, str, float]]:
    """Return (start, end, technique, probability) of each loaded span and technique.

    A span has its best technique and all others at Decoding.technique_threshold or above, best first.
    document: contains `text`; without it, repetition is ignored.
    """
    offsets, values = words(text, logits.offsets, logits.tokens[:, ANY])
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
        loaded = float(tempered[(offsets[:, 0] >= start) & (offsets[:, 1] <= end)].mean())
        shift = repetition_shift(decoding.repetition_weight, document, text[start:end])
        technique = technique_scores(logits, start, end, repetition=shift)
        best = max(technique, key=technique.__getitem__)
        chosen = {best} | {t for t, p in technique.items() if p >= decoding.technique_threshold}
        out += [(start, end, t, loaded * technique[t]) for t in sorted(chosen, key=lambda t: -technique[t])]
    return out


def _as_taught(
    text: str, found: tuple[Loaded, ...], logits: TextLogits, decoding: Decoding, voices: Sequence[Stretch]
) -> tuple[Loaded, ...]:
    """Return the spans that agree with a head's answer to whether the author's own words are loaded.

    No: only quoted spans stay. Yes, but there is no other span: the most loaded word outside quotations is added.
    """
    quoted = tuple(span for span in found if span.voice == QUOTED)
    if logits.loaded is None or (logits.loaded >= 0.5 and len(quoted) < len(found)):
        return found
    if logits.loaded < 0.5:
        return quoted
    offsets, values = words(text, logits.offsets, logits.tokens[:, ANY])
    own = [
        (float(value), start, end)
        for (start, end), value in zip(offsets.tolist(), values, strict=True)
        if text[start:end].strip(_PUNCTUATION) and voice_at(voices, start, end) != QUOTED
    ]
    if not own:
        return found
    value, start, end = max(own)
    techniques = technique_scores(logits, start, end)
    best = max(techniques, key=techniques.__getitem__)
    score = float(sigmoid(np.array(value / decoding.loaded_temperature, np.float32))) * techniques[best]
    added = Loaded(start, end, text[start:end], best, score, voice_at(voices, start, end))
    return tuple(sorted((*found, added), key=lambda span: span.start))


def technique_scores(
    logits: TextLogits, start: int, end: int, *, repetition: Floats | float = 0.0
) -> dict[str, float]:
    """Return the probability of each technique, given that these characters are loaded language.

    repetition [techniques]: added to the mean logits of the tokens, see repetition_shift.
    """
    means = technique_logits(logits, start, end) + repetition
    return {t: float(p) for t, p in zip(TECHNIQUES, softmax(means), strict=True)}


def technique_logits(logits: TextLogits, start: int, end: int) -> Floats:
    """Return the mean logits [techniques] of the tokens in a character range; zeros if it has none."""
    inside = (logits.offsets[:, 0] < end) & (logits.offsets[:, 1] > start)
    rows = logits.tokens[inside, ANY + 1 : TOXIC]
    return np.asarray(rows.mean(0) if len(rows) else rows.sum(0), np.float32)


def toxic_spans(text: str, logits: TextLogits, decoding: Decoding) -> list[tuple[int, int]]:
    """Return the character spans of toxic words."""
    offsets, values = words(text, logits.offsets, logits.tokens[:, TOXIC])
    return runs(offsets, sigmoid(values) >= decoding.toxic_threshold, decoding.toxic_gap)


def decode(
    text: str,
    logits: TextLogits,
    decoding: Decoding,
    *,
    voices: Sequence[Stretch],
    document: Document | None = None,
) -> Prediction:
    """Decode the logits of one text. voices: stretches that tile the text. document: contains the text."""
    loaded = tuple(
        Loaded(start, end, text[start:end], label, p, voice_at(voices, start, end))
        for start, end, label, p in loaded_spans(text, logits, decoding, document)
    )
    return Prediction(
        stance=tuple(None if x is None else stance_scores(x, decoding) for x in logits.targets),
        portrayal=tuple(None if x is None else portrayal_scores(x, decoding) for x in logits.targets),
        loaded=_as_taught(text, loaded, logits, decoding, voices),
        toxic=tuple(toxic_spans(text, logits, decoding)),
        reply=reply_scores(logits.unit, decoding),
        frames={**frame_scores(logits.unit, decoding), **logits.frames},
        biased=biased_score(logits.unit, decoding),
        subjective=subjective_score(logits.unit, decoding),
    )


def gold_span_scores(
    example: Example, logits: TextLogits, decoding: Decoding, *, document: Document | None = None
) -> tuple[dict[str, float], ...]:
    """Return the probability of each technique for each gold span of an example (task: technique, given the span)."""
    out = []
    for span in example.loaded or ():
        shift = repetition_shift(decoding.repetition_weight, document, example.text[span.start : span.end])
        out.append(technique_scores(logits, span.start, span.end, repetition=shift))
    return tuple(out)
