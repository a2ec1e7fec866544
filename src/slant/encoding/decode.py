"""Where spans begin and end: words out of word pieces, runs of tagged words, and the extents of loaded language.

Repetition, a technique that no sentence shows by itself: whether a loaded stretch's words come again in its document.

Annotators of the Propaganda Techniques Corpus saw the whole article. The count is evidence beside the model's own: how likely
it is under each technique is added to the techniques' logits, as far as a checkpoint's Decoding says.

Logits back to words: probabilities per label, and character spans from token probabilities.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import pairwise
from math import exp
from typing import Any

import numpy as np
from numpy.typing import NDArray

from slant.encoding.label_ids import ANY, BIASED, FRAME, FRAMES, REPLY, SUBJECTIVE, TECHNIQUES, TOXIC
from slant.encoding.windows import Window
from slant.errors import UsageError, did_you_mean
from slant.records import REPLIES, Example, Loaded, Prediction
from slant.segment.voices import Stretch, voice_at

Floats = NDArray[np.float32]
_FUNCTION_WORDS = """a an the of to in on at by and or but for with from as is are was were be been it its this that these
those he she they we you i his her their our your my s"""
FUNCTION_WORDS = frozenset(_FUNCTION_WORDS.split())


def words(text: str, offsets: NDArray[np.int64], values: Floats) -> tuple[NDArray[np.int64], Floats]:
    """Word pieces joined: offsets [words, 2] and the mean of `values` [pieces, …] over each word's pieces."""
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
    """Character spans over consecutive tagged words; runs with at most `gap` characters between them are one."""
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
    """Character spans of loaded language from the words' probabilities `loaded` [words].

    A word counts with its neighbours (Decoding.loaded_neighbours), a span needs one word at `seed` and reaches as far as
    `threshold` goes; it begins and ends with a word that can carry a charge (codebook: the shortest stretch that does).
    """
    near = np.concatenate([loaded[:1], loaded, loaded[-1:]])
    smooth = neighbours * (near[:-2] + near[2:]) + (1 - 2 * neighbours) * loaded
    if not (smooth >= seed).any():
        return []
    out = []
    for start, end in runs(offsets, smooth >= threshold, gap):
        inside = (offsets[:, 0] >= start) & (offsets[:, 1] <= end)
        carrying = [(a, b) for a, b in offsets[inside].tolist() if not _is_bare(text[a:b])]
        if carrying and smooth[inside].max() >= seed:
            out.append((carrying[0][0], carrying[-1][1]))
    return out


def _is_bare(word: str) -> bool:
    """Whether a word is punctuation or a function word, with which no loaded span begins or ends."""
    return word.lower() in FUNCTION_WORDS or not any(c.isalnum() for c in word)


# ln P(count | technique), rows as TECHNIQUES, for words that stand 1, 2, 3, 4 and 5 or more times in the article: the gold
# spans of PTC fit (benchmarks/repetition.py prints them).
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
    """The texts of one document, searchable for words: case and what stands between words do not count."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._words = "|".join(_spaced(text) for text in texts)
        self._digest = blake2b(self._words.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()

    def __repr__(self) -> str:
        """The same for the same words in every process: the journal of a run knows a unit's question by it."""
        return f"Document({self._digest})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Document) and self._digest == other._digest

    def __hash__(self) -> int:
        return hash(self._digest)

    def occurrences(self, stretch: str) -> int:
        """How often the words of `stretch` stand in the document one after the other; at least 1, as they stand once."""
        words = _spaced(stretch)
        return max(1, self._words.count(words)) if words else 1


def _spaced(text: str) -> str:
    """Each word between spaces of its own, so that a part of a word is never found and neighbours both are."""
    return "".join(f" {word.lower()} " for word in _WORD.findall(text))


def repetition_shift(weight: float, document: Document | None, stretch: str) -> Floats:
    """What to add to the logits [techniques]; zeros where no document is known. weight: of LOG_SHARES, from the Decoding."""
    if document is None or not weight:
        return np.zeros(len(LOG_SHARES), np.float32)
    return np.float32(weight) * LOG_SHARES[:, min(document.occurrences(stretch), LOG_SHARES.shape[1]) - 1]


def documents(examples: Sequence[Example]) -> Mapping[tuple[str, str], Document]:
    """(source, group) → the document that its examples make up; what stands in several examples at one place counts once."""
    texts: dict[tuple[str, str], dict[tuple[int, str], str]] = {}
    for e in examples:
        texts.setdefault((e.source, e.group), {})[e.offset, e.text] = e.text
    return {key: Document(found.values()) for key, found in texts.items()}


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
class TextLogits:
    """What the encoder said of one request, its windows joined.

    tokens [n, TOKEN_LABELS] and offsets [n, 2] of the text's tokens; unit [UNIT_LABELS];
    stance: per target the logits [2, STANCES], None for a target whose mention has no token.
    """

    offsets: NDArray[np.int64]
    tokens: Floats
    unit: Floats
    stance: list[Floats | None]
    windows: int = 1
    cut: bool = False


def join(
    windows: Sequence[Window], outputs: Sequence[tuple[Floats, Floats, Floats]], *, n_targets: int
) -> TextLogits:
    """The TextLogits of one request from its windows; `outputs` holds (token, unit, stance) logits of each window's row.

    A token is read in the window whose core holds it; unit logits are averaged over windows, weighed by core length;
    a target's logits are averaged over the windows that ask about it.
    """
    offsets: list[tuple[int, int]] = []
    tokens, weights = [], []
    stance: list[list[Floats]] = [[] for _ in range(n_targets)]
    for window, (token, _, asked) in zip(windows, outputs, strict=True):
        a, b = window.core
        offsets += window.offsets[a:b]
        tokens.append(token[a + 1 : b + 1])
        weights.append(max(1, b - a))
        for column, (index, _) in enumerate(window.queries):
            stance[index].append(asked[column])
    return TextLogits(
        offsets=np.asarray(offsets, np.int64).reshape(-1, 2),
        tokens=np.concatenate(tokens) if len(tokens) > 1 else tokens[0],
        unit=_mean([unit for _, unit, _ in outputs], weights),
        stance=[_mean(s) if s else None for s in stance],
        windows=len(windows),
        cut=any(w.cut for w in windows),
    )


def _mean(values: Sequence[Floats], weights: Sequence[int] | None = None) -> Floats:
    """Of one window, as nearly all texts have, what it says."""
    return values[0] if len(values) == 1 else np.average(values, axis=0, weights=weights).astype(np.float32)


def sigmoid(x: Floats) -> Floats:
    return np.asarray(0.5 * (1 + np.tanh(0.5 * x)), np.float32)


def softmax(logits: Floats) -> Floats:
    shifted = np.exp(logits - logits.max(-1, keepdims=True))
    return np.asarray(shifted / shifted.sum(-1, keepdims=True), np.float32)


def stance_scores(logits: Floats, decoding: Decoding, *, named: bool) -> dict[str, float]:
    """Probability per STANCES label of one target."""
    bias = decoding.named_bias if named else decoding.topic_bias
    temperature = decoding.named_temperature if named else decoding.topic_temperature
    # Plain floats: for three numbers numpy takes longer, and a unit has three for every target.
    moved = [(x + b) / temperature for x, b in zip(logits[0 if named else 1].tolist(), bias, strict=True)]
    top = max(moved)
    against, neutral, favor = [exp(x - top) for x in moved]
    total = against + neutral + favor
    return {"against": against / total, "neutral": neutral / total, "favor": favor / total}


def reply_scores(unit: Floats, decoding: Decoding) -> dict[str, float]:
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


def frame_scores(unit: Floats, decoding: Decoding) -> dict[str, float]:
    probabilities = sigmoid(unit[FRAME] / decoding.frames_temperature)
    return {label: float(p) for label, p in zip(FRAMES, probabilities, strict=True)}


def frames_found(scores: dict[str, float], decoding: Decoding) -> dict[str, float]:
    """The frames whose probability reaches their threshold."""
    thresholds = decoding.frame_thresholds or (decoding.frame_threshold,) * len(FRAMES)
    return {f: p for (f, p), least in zip(scores.items(), thresholds, strict=True) if p >= least}


def biased_score(unit: Floats, decoding: Decoding) -> float:
    return float(sigmoid(unit[BIASED] / decoding.biased_temperature))


def subjective_score(unit: Floats, decoding: Decoding) -> float:
    return float(sigmoid(unit[SUBJECTIVE] / decoding.subjective_temperature))


def loaded_spans(
    text: str, logits: TextLogits, decoding: Decoding, document: Document | None = None
) -> list[tuple[int, int, str, float]]:
    """(start, end, technique, probability): each stretch of loaded language with its best technique, and with every
    further technique that is likely enough over the whole stretch (spans of different techniques overlap).

    document: that `text` is a part of; without it nothing is known of repetition beyond the text."""
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
        certainty = float(tempered[(offsets[:, 0] >= start) & (offsets[:, 1] <= end)].mean())
        shift = repetition_shift(decoding.repetition_weight, document, text[start:end])
        technique = technique_scores(logits, start, end, repetition=shift)
        best = max(technique, key=technique.__getitem__)
        chosen = {best} | {t for t, p in technique.items() if p >= decoding.technique_threshold}
        out += [
            (start, end, t, certainty * technique[t]) for t in sorted(chosen, key=lambda t: -technique[t])
        ]
    return out


def technique_scores(
    logits: TextLogits, start: int, end: int, *, repetition: Floats | float = 0.0
) -> dict[str, float]:
    """Probability per technique, given that these characters are loaded: from the mean logits of their tokens.

    repetition [techniques]: added to the logits, see repetition_shift.
    """
    means = technique_logits(logits, start, end) + repetition
    return {t: float(p) for t, p in zip(TECHNIQUES, softmax(means), strict=True)}


def technique_logits(logits: TextLogits, start: int, end: int) -> Floats:
    """Mean logits [techniques] of the tokens between two characters; zeros where there is none."""
    inside = (logits.offsets[:, 0] < end) & (logits.offsets[:, 1] > start)
    rows = logits.tokens[inside, ANY + 1 : TOXIC]
    return np.asarray(rows.mean(0) if len(rows) else rows.sum(0), np.float32)


def toxic_spans(text: str, logits: TextLogits, decoding: Decoding) -> list[tuple[int, int]]:
    offsets, values = words(text, logits.offsets, logits.tokens[:, TOXIC])
    return runs(offsets, sigmoid(values) >= decoding.toxic_threshold, decoding.toxic_gap)


def decode(
    text: str,
    logits: TextLogits,
    decoding: Decoding,
    *,
    named: Sequence[bool],
    voices: Sequence[Stretch],
    document: Document | None = None,
) -> Prediction:
    """Turn the logits of one text into predictions. The only decoder: `slant score` and `slant evaluate` both use it.

    named: per target, whether the text names it. voices: stretches that tile the text. document: that the text is part of.
    """
    return Prediction(
        stance=tuple(
            None if target is None else stance_scores(target, decoding, named=one)
            for target, one in zip(logits.stance, named, strict=True)
        ),
        loaded=tuple(
            Loaded(start, end, text[start:end], label, p, voice_at(voices, start, end))
            for start, end, label, p in loaded_spans(text, logits, decoding, document)
        ),
        toxic=tuple(toxic_spans(text, logits, decoding)),
        reply=reply_scores(logits.unit, decoding),
        frames=frame_scores(logits.unit, decoding),
        biased=biased_score(logits.unit, decoding),
        subjective=subjective_score(logits.unit, decoding),
    )


def gold_span_scores(
    example: Example, logits: TextLogits, decoding: Decoding, *, document: Document | None = None
) -> tuple[dict[str, float], ...]:
    """Probability per technique for each gold span of an example, as the task "technique, given the span" asks."""
    out = []
    for span in example.loaded or ():
        shift = repetition_shift(decoding.repetition_weight, document, example.text[span.start : span.end])
        out.append(technique_scores(logits, span.start, span.end, repetition=shift))
    return tuple(out)
