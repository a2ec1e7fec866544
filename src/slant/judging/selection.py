"""Thresholds and priors, chosen on dev data only and stored in the checkpoint."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from slant.encoding.decode import Array, Decoding, Reading, frame_scores, loaded_extents, runs, sigmoid, words
from slant.encoding.labels import ANY, FRAMES, REPLY, REPLY_INDEX, STANCE_INDEX, TOXIC
from slant.encoding.reader import Reader, request
from slant.errors import UsageError
from slant.judging.spans import character_f1, overlap_f1
from slant.records import Example

Spans = list[tuple[int, int]]


def choose_decoding(
    reader: Reader, dev: Mapping[str, Sequence[Example]], *, say: Callable[[str], object] = print
) -> Decoding:
    """The decoding whose thresholds and priors score best on `dev` (set name → examples), and what each gave there.

    Stance and reply priors maximise macro-F1, span thresholds the set's own F1.
    Raises UsageError for a set by which nothing can be chosen.
    """
    decoding = reader.decoding
    for name, examples in dev.items():
        if name not in _CHOOSERS:
            raise UsageError(
                f"dev set {name!r}: nothing is chosen by it. Sets that serve: {', '.join(_CHOOSERS)}."
            )
        readings = reader.read([request(e) for e in examples])
        changes, figure = _CHOOSERS[name](examples, readings)
        decoding = replace(decoding, **changes)
        say(f"dev {name}: {100 * figure:.1f} with {changes}")
        if figure == 0:
            say(
                f"WARNING: nothing right on dev {name} at any threshold. The model learned nothing there: train longer."
            )
    return decoding


def _stance(
    kind: int, prefix: str
) -> Callable[[Sequence[Example], Sequence[Reading]], tuple[dict[str, Any], float]]:
    def choose(examples: Sequence[Example], readings: Sequence[Reading]) -> tuple[dict[str, Any], float]:
        pairs = [
            (s[kind], STANCE_INDEX[str(t.label)])
            for e, r in zip(examples, readings, strict=True)
            for t, s in zip(e.targets, r.stance, strict=True)
            if s is not None and t.label is not None
        ]
        logits, gold = np.stack([p[0] for p in pairs]), np.array([p[1] for p in pairs])
        bias, figure = best_bias(logits, gold)
        temperature = best_temperature(logits + np.asarray(bias, np.float32), gold)
        return {f"{prefix}_bias": bias, f"{prefix}_temperature": temperature}, figure

    return choose


def _reply(examples: Sequence[Example], readings: Sequence[Reading]) -> tuple[dict[str, Any], float]:
    logits = np.stack([r.unit[REPLY] for r in readings])
    gold = np.array([REPLY_INDEX[str(e.reply)] for e in examples])
    bias, figure = best_bias(logits, gold)
    return {
        "reply_bias": bias,
        "reply_temperature": best_temperature(logits + np.asarray(bias, np.float32), gold),
    }, figure


def _loaded(examples: Sequence[Example], readings: Sequence[Reading]) -> tuple[dict[str, Any], float]:
    """Seed, threshold and gap for the span F1 of the whole split: spans are compared article by article."""
    gold: dict[str, Spans] = {}
    tokens = []
    for e, r in zip(examples, readings, strict=True):
        gold.setdefault(e.group, []).extend((s.start + e.offset, s.end + e.offset) for s in e.loaded or ())
        offsets, values = words(e.text, r.offsets, r.tokens[:, ANY])
        tokens.append((e.group, e.offset, e.text, offsets, sigmoid(values)))
    best: tuple[float, dict[str, Any]] = (-1.0, {})
    for seed, threshold, gap in product(np.arange(0.2, 0.61, 0.05), np.arange(0.1, 0.41, 0.05), (1, 8, 16)):
        if threshold > seed:
            continue
        cut = {"seed": round(float(seed), 2), "threshold": round(float(threshold), 2), "gap": gap}
        found: dict[str, Spans] = {g: [] for g in gold}
        for group, start, text, offsets, p in tokens:
            found[group] += [(a + start, b + start) for a, b in loaded_extents(text, offsets, p, **cut)]
        figure = overlap_f1(list(found.values()), list(gold.values()))["f1"]
        if figure > best[0]:
            best = (figure, {f"loaded_{k}": v for k, v in cut.items()})
    return best[1], best[0]


def _toxic(examples: Sequence[Example], readings: Sequence[Reading]) -> tuple[dict[str, Any], float]:
    tokens = [words(e.text, r.offsets, r.tokens[:, TOXIC]) for e, r in zip(examples, readings, strict=True)]
    best: tuple[float, dict[str, Any]] = (-1.0, {})
    for threshold in np.arange(0.1, 0.8, 0.05):
        for gap in (0, 1, 8):
            figure = float(
                np.mean(
                    [
                        character_f1(runs(offsets, sigmoid(v) >= threshold, gap), list(e.toxic or ()))
                        for e, (offsets, v) in zip(examples, tokens, strict=True)
                    ]
                )
            )
            if figure > best[0]:
                best = (figure, {"toxic_threshold": round(float(threshold), 2), "toxic_gap": gap})
    return best[1], best[0]


def _frames(examples: Sequence[Example], readings: Sequence[Reading]) -> tuple[dict[str, Any], float]:
    """One threshold for all frames, by micro-F1: there are too few labels to choose one per frame."""
    p = np.stack([list(frame_scores(r.unit).values()) for r in readings])
    gold = np.array([[f in (e.frames or ()) for f in FRAMES] for e in examples])
    figures = []
    for threshold in np.arange(0.1, 0.7, 0.05):
        hits, found = ((p >= threshold) & gold).sum(), (p >= threshold).sum()
        figures.append((2 * hits / max(1, found + gold.sum()), round(float(threshold), 2)))
    figure, threshold = max(figures)
    return {"frame_threshold": threshold}, float(figure)


_CHOOSERS = {
    "newsmtsc": _stance(0, "named"),
    "vast": _stance(1, "topic"),
    "rumoureval": _reply,
    "ptc": _loaded,
    "toxic_spans": _toxic,
    "slant_frames": _frames,
}


def macro_f1(predicted: NDArray[np.int_], gold: NDArray[np.int_], classes: int) -> float:
    """Unweighted mean of the classes' F1 in [0, 1]; a class that is neither predicted nor there counts 0."""
    table = np.zeros((classes, classes))
    np.add.at(table, (gold, predicted), 1)
    hit = np.diag(table)
    return float(np.mean(2 * hit / np.maximum(1, table.sum(0) + table.sum(1))))


def best_bias(logits: Array, gold: NDArray[np.int_]) -> tuple[tuple[float, ...], float]:
    """Additive constants per class that maximise macro-F1 (coordinate search on a coarse grid), and that macro-F1."""
    classes = logits.shape[1]
    bias = np.zeros(classes, np.float32)
    best = macro_f1(logits.argmax(1), gold, classes)
    for step in (np.arange(-2, 2.01, 0.25), np.arange(-0.2, 0.21, 0.1)):
        for _ in range(2):
            for c in range(classes):
                for delta in step:
                    trial = bias.copy()
                    trial[c] += delta
                    figure = macro_f1((logits + trial).argmax(1), gold, classes)
                    if figure > best + 1e-4:
                        best, bias = figure, trial
    return tuple(round(float(b), 2) for b in bias), best


def best_temperature(logits: Array, gold: NDArray[np.int_]) -> float:
    """The temperature with the least negative log likelihood (Guo et al. 2017)."""

    def loss(temperature: float) -> float:
        z = logits / temperature
        z = z - z.max(1, keepdims=True)
        return float(np.mean(np.log(np.exp(z).sum(1)) - z[np.arange(len(gold)), gold]))

    return round(float(min(np.geomspace(0.3, 5, 60), key=loss)), 3)
