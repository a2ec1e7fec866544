"""Thresholds, priors and temperatures, chosen on dev data only and stored in the checkpoint."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from slant.encoding.decode import (
    Array,
    Decoding,
    Reading,
    article_scores,
    best_label,
    reply_scores,
    sigmoid,
    softmax,
    stance_scores,
)
from slant.encoding.extents import runs, words
from slant.encoding.labels import (
    BIASED,
    FRAME,
    FRAMES,
    REPLY,
    REPLY_INDEX,
    STANCE_INDEX,
    TOXIC,
)
from slant.encoding.reader import Reader, request
from slant.errors import UsageError
from slant.judging.calibration import abstain_threshold, expected_calibration_error
from slant.judging.loaded import choose_extents, choose_weight
from slant.judging.searches import (
    as_two_classes,
    best_temperature,
    f1,
    macro_f1,
    middle_of_best,
    trusted_bias,
)
from slant.judging.spans import character_f1
from slant.records import REPLIES, STANCES, Example

FRAME_SEEN = (
    15  # examples with a frame on dev, from which its threshold is its own: fewer tell nothing of it alone
)
LEAST_FRAME = (
    0.25  # probability under which no frame is reported, whatever the F1: a reader would not believe it
)
DOMAIN = "slant_domain"
Spans = list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Chosen:
    """Fields of the decoding, the figure in [0, 1] that they give on dev, and what else is to be said of them."""

    changes: dict[str, Any]
    figure: float
    note: str = ""


@dataclass(frozen=True, slots=True)
class Chooser:
    """What is chosen together, by all examples of `sets` for which `labelled` holds; those of `beside` count where one of
    `sets` is there."""

    sets: tuple[str, ...]
    labelled: Callable[[Example], bool]
    choose: Callable[[Sequence[Example], Sequence[Reading]], Chosen]
    beside: tuple[str, ...] = ()


def choose_decoding(
    reader: Reader, dev: Mapping[str, Sequence[Example]], *, say: Callable[[str], object] = print
) -> Decoding:
    """The decoding whose thresholds and priors score best on `dev` (set name → examples), and what each gave there.

    Stance and reply priors maximise macro-F1, where that holds for groups they were not chosen by (searches.trusted_bias),
    span and frame thresholds the F1; temperatures minimise the negative log likelihood; a stance is withheld where at most
    half of the least sure are right (calibration.abstain_threshold).
    Raises UsageError for a set by which nothing can be chosen, or whose examples lack the label that it is there for.
    """
    for name in dev:
        if name not in _SERVING:
            raise UsageError(
                f"dev set {name!r}: nothing is chosen by it. Sets that serve: {', '.join(_SERVING)}."
            )
    decoding = reader.decoding
    readings: dict[str, list[Reading]] = {}
    for what, chooser in _CHOOSERS.items():
        names = [name for name in chooser.sets if name in dev]
        if not names:
            continue
        names += [name for name in chooser.beside if name in dev]
        for name in names:
            if name not in readings:
                readings[name] = reader.read([request(e) for e in dev[name]])
        pairs = [
            (e, r)
            for name in names
            for e, r in zip(dev[name], readings[name], strict=True)
            if chooser.labelled(e)
        ]
        where = " + ".join(names)
        if not pairs:
            raise UsageError(
                f"dev {where}: none of {sum(len(dev[n]) for n in names)} examples has a label for {what}. "
                "Is it the right split?"
            )
        found = chooser.choose([e for e, _ in pairs], [r for _, r in pairs])
        decoding = replace(decoding, **found.changes)
        say(f"dev {where}: {100 * found.figure:.1f} with {found.changes}{found.note}")
        if found.figure == 0:
            say(
                f"WARNING: nothing right on dev {where} at any threshold. The model learned nothing there: train longer."
            )
    if DOMAIN in readings:
        _say_domain(dev[DOMAIN], readings[DOMAIN], decoding, say)
    return decoding


def _say_domain(
    examples: Sequence[Example],
    readings: Sequence[Reading],
    decoding: Decoding,
    say: Callable[[str], object],
) -> None:
    """How the stance priors of newsmtsc, which people labelled, do on our own domain; they are not chosen by it."""
    asked = _asked(examples, readings)
    if not asked:
        return
    p = np.array([list(stance_scores(s, decoding, named=True).values()) for s, *_ in asked])
    gold = np.array([g for _, g, _ in asked])
    say(
        f"dev {DOMAIN}: {100 * macro_f1(p.argmax(1), gold, len(STANCES)):.1f} for {len(gold)} stances toward named "
        f"targets, ECE {_ece(p, gold):.3f}; nothing is chosen by these"
    )


def _asked(examples: Sequence[Example], readings: Sequence[Reading]) -> list[tuple[Array, int, str]]:
    """Logits [2, STANCES], label number and group of each target that was asked and has a label."""
    return [
        (s, STANCE_INDEX[t.label], e.group)
        for e, r in zip(examples, readings, strict=True)
        for t, s in zip(e.targets, r.stance, strict=True)
        if s is not None and t.label is not None
    ]


def _has_stance(example: Example) -> bool:
    return any(t.label is not None for t in example.targets)


def _stance(kind: int, prefix: str) -> Callable[[Sequence[Example], Sequence[Reading]], Chosen]:
    def choose(examples: Sequence[Example], readings: Sequence[Reading]) -> Chosen:
        asked = _asked(examples, readings)
        logits, gold = np.stack([s[kind] for s, *_ in asked]), np.array([g for _, g, _ in asked])
        found, p = _priors(logits, gold, [group for *_, group in asked], prefix)
        abstain, said = _abstention(p, gold)
        return replace(found, changes={**found.changes, f"{prefix}_abstain": abstain}, note=found.note + said)

    return choose


def _reply(examples: Sequence[Example], readings: Sequence[Reading]) -> Chosen:
    """Priors of the reply, and where the stance toward the article, which follows from it, is withheld."""
    logits = np.stack([r.unit[REPLY] for r in readings])
    gold = np.array([REPLY_INDEX[str(e.reply)] for e in examples])
    found, _ = _priors(logits, gold, [e.group for e in examples], "reply")
    chosen = replace(Decoding(), **found.changes)
    p = np.array([list(article_scores(reply_scores(r.unit, chosen)).values()) for r in readings])
    meant = [best_label(article_scores({r: float(r == e.reply) for r in REPLIES})) for e in examples]
    abstain, said = _abstention(p, np.array([STANCE_INDEX[str(label)] for label in meant]))
    return replace(found, changes={**found.changes, "article_abstain": abstain}, note=found.note + said)


def _priors(
    logits: Array, gold: NDArray[np.int_], groups: Sequence[str], prefix: str
) -> tuple[Chosen, Array]:
    """Bias, then temperature, and the probabilities that they give."""
    bias, figure, held = trusted_bias(logits, gold, groups)
    moved = logits + np.asarray(bias, np.float32)
    temperature = best_temperature(moved, gold)
    p = softmax(moved / temperature)
    changes = {f"{prefix}_bias": bias, f"{prefix}_temperature": temperature}
    note = f"; {100 * held:.1f} on groups that a prior was not chosen by"
    return Chosen(changes, figure, note + _calibrated(softmax(moved), p, gold)), p


def _calibrated(before: Array, after: Array, gold: NDArray[np.int_]) -> str:
    return f"; ECE {_ece(before, gold):.3f} before the temperature, {_ece(after, gold):.3f} after"


def _ece(p: NDArray[Any], gold: NDArray[np.int_]) -> float:
    return expected_calibration_error(p.max(1), p.argmax(1) == gold)


def _abstention(p: NDArray[Any], gold: NDArray[np.int_]) -> tuple[float, str]:
    """The threshold for probabilities p [n, STANCES], and what it gives on these."""
    sure, right = p.max(1), p.argmax(1) == gold
    threshold = abstain_threshold(sure, right)
    below = sure < threshold
    if not below.any():
        return 0.0, "; no stance is withheld"
    return (
        threshold,
        f"; {100 * below.mean():.1f} % withheld, {100 * right[below].mean():.0f} % of them right",
    )


def _loaded(examples: Sequence[Example], readings: Sequence[Reading]) -> Chosen:
    """Seed, threshold and gap for the span F1, the mean of the sets'; the temperature is that of the words."""
    cut, figures, logits, tagged = choose_extents(examples, readings)
    temperature = best_temperature(*as_two_classes(logits, tagged))
    changes = {**{f"loaded_{k}": v for k, v in cut.items()}, "loaded_temperature": temperature}
    return Chosen(changes, float(np.mean(list(figures.values()))), _by_set(figures))


def _techniques(examples: Sequence[Example], readings: Sequence[Reading]) -> Chosen:
    weight, figures, without = choose_weight(examples, readings)
    note = f"; {100 * without:.1f} without the document{_by_set(figures)}"
    return Chosen({"repetition_weight": weight}, float(np.mean(list(figures.values()) or [0.0])), note)


def _by_set(figures: Mapping[str, float]) -> str:
    return "".join(f", {100 * f:.1f} on {source}" for source, f in figures.items())


def _toxic(examples: Sequence[Example], readings: Sequence[Reading]) -> Chosen:
    """Gap with the best mean character F1, and the middle one of the thresholds that chance does not tell from the best."""
    tokens = [words(e.text, r.offsets, r.tokens[:, TOXIC]) for e, r in zip(examples, readings, strict=True)]
    grid = [round(float(t), 2) for t in np.arange(0.1, 0.8, 0.05)]
    gaps = {
        gap: np.array(
            [
                [
                    character_f1(runs(offsets, sigmoid(v) >= threshold, gap), list(e.toxic or ()))
                    for e, (offsets, v) in zip(examples, tokens, strict=True)
                ]
                for threshold in grid
            ]
        )
        for gap in (0, 1, 8)
    }
    gap, scores = max(gaps.items(), key=lambda found: found[1].mean(1).max())
    middle = middle_of_best(scores)
    return Chosen({"toxic_threshold": grid[middle], "toxic_gap": gap}, float(scores[middle].mean()))


def _frames(examples: Sequence[Example], readings: Sequence[Reading]) -> Chosen:
    """Temperature, then a threshold by its own F1 for each frame that is seen often enough, and one for the others by their
    micro-F1: frequent frames would pull it to where it suits them. Ties go to the higher one, or nearest the common one."""
    logits = np.stack([r.unit[FRAME] for r in readings])
    gold = np.array([[f in (e.frames or ()) for f in FRAMES] for e in examples])
    temperature = best_temperature(*as_two_classes(logits.ravel(), gold.ravel()))
    p = sigmoid(logits / temperature)
    grid = [round(float(t), 2) for t in np.arange(LEAST_FRAME, 0.7, 0.05)]
    rare = gold.sum(0) < FRAME_SEEN
    shared = rare if (gold[:, rare].any()) else ~rare
    common = max(grid, key=lambda t: (f1(p[:, shared] >= t, gold[:, shared]), t))
    own = tuple(
        max(grid, key=lambda t: (f1(p[:, i] >= t, gold[:, i]), -abs(t - common)))
        if gold[:, i].sum() >= FRAME_SEEN
        else common
        for i in range(len(FRAMES))
    )
    changes = {"frames_temperature": temperature, "frame_threshold": common, "frame_thresholds": own}
    return Chosen(changes, f1(p >= np.array(own), gold))


def _biased(examples: Sequence[Example], readings: Sequence[Reading]) -> Chosen:
    logits, gold = as_two_classes(
        np.array([r.unit[BIASED] for r in readings]), np.array([e.biased for e in examples])
    )
    temperature = best_temperature(logits, gold)
    note = _calibrated(softmax(logits), softmax(logits / temperature), gold)
    return Chosen({"biased_temperature": temperature}, macro_f1(logits.argmax(1), gold, 2), note)


_CHOOSERS = {
    "stance toward named targets": Chooser(("newsmtsc",), _has_stance, _stance(0, "named")),
    "stance toward topics": Chooser(("vast",), _has_stance, _stance(1, "topic")),
    "replies": Chooser(("rumoureval",), lambda e: e.reply is not None, _reply),
    "loaded language": Chooser(("ptc",), lambda e: e.loaded is not None, _loaded, beside=(DOMAIN,)),
    "techniques": Chooser(("ptc",), lambda e: e.loaded is not None, _techniques, beside=(DOMAIN,)),
    "toxic spans": Chooser(("toxic_spans",), lambda e: e.toxic is not None, _toxic),
    "frames": Chooser(("slant_frames", DOMAIN), lambda e: e.frames is not None, _frames),
    "bias": Chooser(("babe",), lambda e: e.biased is not None, _biased),
}
_SERVING = tuple(name for chooser in _CHOOSERS.values() for name in chooser.sets)
