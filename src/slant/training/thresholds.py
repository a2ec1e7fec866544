"""Searches over logits and gold numbers: the prior with the best macro-F1, the temperature with the best likelihood.

What is chosen for loaded language on dev: where spans begin and end, and how much repetition in the document weighs.

Thresholds, priors and temperatures, chosen on dev data only and stored in the checkpoint.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from slant.encoding.decode import (
    Decoding,
    Floats,
    TextLogits,
    article_scores,
    best_label,
    documents,
    loaded_extents,
    repetition_shift,
    reply_scores,
    runs,
    sigmoid,
    softmax,
    stance_scores,
    technique_logits,
    words,
)
from slant.encoding.label_ids import (
    ANY,
    BIASED,
    FRAME,
    FRAMES,
    REPLY,
    REPLY_INDEX,
    STANCE_INDEX,
    TECHNIQUE_INDEX,
    TECHNIQUES,
    TOXIC,
    span_tags,
)
from slant.encoding.predictor import Predictor, encoder_request
from slant.errors import UsageError
from slant.judging.figures import abstain_threshold, expected_calibration_error
from slant.judging.metrics import character_f1, overlap_f1
from slant.records import REPLIES, STANCES, Example

FOLDS, DRAWS = 5, 3  # of the check whether a prior holds for groups that it was not chosen by


def f1(found: NDArray[np.bool_], gold: NDArray[np.bool_]) -> float:
    """F1 in [0, 1] over all cells of two tables of one shape; nothing found and nothing to find gives 0."""
    return float(2 * (found & gold).sum() / max(1, found.sum() + gold.sum()))


def macro_f1(predicted: NDArray[np.int_], gold: NDArray[np.int_], classes: int) -> float:
    """Unweighted mean of the classes' F1 in [0, 1]; a class that is neither predicted nor there counts 0."""
    table = np.zeros((classes, classes))
    np.add.at(table, (gold, predicted), 1)
    hit = np.diag(table)
    return float(np.mean(2 * hit / np.maximum(1, table.sum(0) + table.sum(1))))


def best_bias(logits: Floats, gold: NDArray[np.int_]) -> tuple[tuple[float, ...], float]:
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


def trusted_bias(
    logits: Floats, gold: NDArray[np.int_], groups: Sequence[str]
) -> tuple[tuple[float, ...], float, float]:
    """`best_bias` if it holds for other groups, else zeros; its macro-F1 on all, and on groups that it was not chosen by.

    Four constants chosen on some dozen threads fit the threads: they are kept only where constants chosen on four fifths of
    the groups beat none on the last fifth, over all fifths of several seeded draws. Fewer groups than fifths: they are kept.
    """
    classes, names = logits.shape[1], sorted(set(groups))
    bias, figure = best_bias(logits, gold)
    plain = macro_f1(logits.argmax(1), gold, classes)
    if len(names) < FOLDS:
        return bias, figure, figure
    rng, held_out = np.random.default_rng(0), []
    for _ in range(DRAWS):
        fold = dict(zip(rng.permutation(names).tolist(), np.arange(len(names)) % FOLDS, strict=True))
        folds, said = np.array([fold[g] for g in groups]), np.zeros(len(gold), int)
        for k in range(FOLDS):
            inside = folds == k
            chosen, _ = best_bias(logits[~inside], gold[~inside])
            said[inside] = (logits[inside] + np.asarray(chosen)).argmax(1)
        held_out.append(macro_f1(said, gold, classes))
    held = float(np.mean(held_out))
    return (bias, figure, held) if held > plain else ((0.0,) * classes, plain, held)


def best_temperature(logits: Floats, gold: NDArray[np.int_]) -> float:
    """The temperature with the least negative log likelihood (Guo et al. 2017)."""

    def loss(temperature: float) -> float:
        z = logits / temperature
        z = z - z.max(1, keepdims=True)
        return float(np.mean(np.log(np.exp(z).sum(1)) - z[np.arange(len(gold)), gold]))

    return round(float(min(np.geomspace(0.3, 5, 60), key=loss)), 3)


def middle_of_best(scores: Floats) -> int:
    """Row of scores [settings in order, examples] in the middle of those that chance does not tell from the best one.

    Those are its neighbours, without a break, that lose less to it than a standard error of the paired difference: of two
    thresholds a tenth of a point apart on some hundred examples either may be a point better on others.
    """
    best = int(scores.mean(1).argmax())
    lost = scores[best] - scores
    error = lost.std(1, ddof=1) / np.sqrt(lost.shape[1]) if lost.shape[1] > 1 else np.zeros(len(lost))
    apart = np.flatnonzero((lost.mean(1) >= error) & (lost.mean(1) > 0))
    first = max((int(i) + 1 for i in apart if i < best), default=0)
    last = min((int(i) - 1 for i in apart if i > best), default=len(scores) - 1)
    return (first + last + 1) // 2


def as_two_classes(logits: Floats, gold: NDArray[Any]) -> tuple[Floats, NDArray[np.int_]]:
    """Yes-or-no logits [n] as those of two classes [n, 2]: a softmax over 0 and x is the sigmoid of x."""
    return np.stack([np.zeros_like(logits), logits], 1), gold.astype(int)


SEEDS, THRESHOLDS, GAPS = np.arange(0.2, 0.81, 0.05), np.arange(0.1, 0.61, 0.05), (1, 8)
NEIGHBOURS = (0.0, 0.25)
WEIGHTS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5)


def choose_extents(
    examples: Sequence[Example], readings: Sequence[TextLogits]
) -> tuple[dict[str, Any], dict[str, float], Floats, NDArray[np.bool_]]:
    """The settings of `loaded_extents` with the best span F1, that F1 per set, and all words' logits and tags.

    The mean of the sets' F1 counts: one marks a clause where the other marks a word, and the larger would decide alone.
    """
    texts: dict[str, list[tuple[str, NDArray[np.int64], Floats]]] = {}
    gold: dict[str, list[list[tuple[int, int]]]] = {}
    logits, tagged = [], []
    for e, r in zip(examples, readings, strict=True):
        spans = [(s.start, s.end) for s in e.loaded or ()]
        offsets, values = words(e.text, r.offsets, r.tokens[:, ANY])
        texts.setdefault(e.source, []).append((e.text, offsets, sigmoid(values)))
        gold.setdefault(e.source, []).append(spans)
        logits.append(values)
        tagged.append(span_tags(offsets.tolist(), spans))
    best: tuple[dict[str, Any], dict[str, float]] = ({}, dict.fromkeys(texts, -1.0))
    for seed, threshold, gap, near in product(SEEDS, THRESHOLDS, GAPS, NEIGHBOURS):
        if threshold > seed:
            continue
        cut = {
            "seed": round(float(seed), 2),
            "threshold": round(float(threshold), 2),
            "gap": gap,
            "neighbours": near,
        }
        figures = {
            source: overlap_f1([loaded_extents(*text, **cut) for text in rows], gold[source])["f1"]
            for source, rows in texts.items()
        }
        if sum(figures.values()) > sum(best[1].values()):
            best = (cut, figures)
    return *best, np.concatenate(logits), np.concatenate(tagged)


class Items(NamedTuple):
    """One row per gold label of a span: logits and what the document says of repetition [n, techniques], the label [n], and
    how many labels the span has [n], as the k best answers count for k of them."""

    logits: Floats
    repeated: Floats
    gold: NDArray[np.int_]
    of: NDArray[np.int_]

    def right(self, weight: float) -> NDArray[np.bool_]:
        """[n]: whose label is among the answers; their share is the micro-F1."""
        logits = self.logits + weight * self.repeated
        own = logits[np.arange(len(self.gold)), self.gold]
        return np.asarray((logits > own[:, None]).sum(1) < self.of)


def items(examples: Sequence[Example], readings: Sequence[TextLogits]) -> Items:
    """What can be asked of the gold spans of whole documents. A span over a line end is two here."""
    whole = documents(examples)
    rows: list[tuple[Floats, Floats, int, int]] = []
    for e, r in zip(examples, readings, strict=True):
        places: dict[tuple[int, int], list[int]] = {}
        for span in e.loaded or ():
            if span.label in TECHNIQUE_INDEX:
                places.setdefault((span.start, span.end), []).append(TECHNIQUE_INDEX[span.label])
        for (start, end), labels in places.items():
            shift = repetition_shift(1.0, whole[e.source, e.group], e.text[start:end])
            logits = technique_logits(r, start, end)
            rows += [(logits, shift, label, len(labels)) for label in labels]
    logits, repeated = (
        np.array([row[i] for row in rows], np.float32).reshape(-1, len(TECHNIQUES)) for i in (0, 1)
    )
    gold, of = (np.array([row[i] for row in rows], int) for i in (2, 3))
    return Items(logits, repeated, gold, of)


def choose_weight(
    examples: Sequence[Example], readings: Sequence[TextLogits]
) -> tuple[float, dict[str, float], float]:
    """The weight of repetition in the middle of those that chance does not tell from the best one by micro-F1 (the mean of
    the sets'), that figure per set, and the mean without it."""
    sets = {
        source: items(
            *zip(
                *((e, r) for e, r in zip(examples, readings, strict=True) if e.source == source), strict=True
            )
        )
        for source in dict.fromkeys(e.source for e in examples if e.loaded)
    }
    if not sets:
        return Decoding().repetition_weight, {}, 0.0
    right = {
        source: np.array([found.right(w) for w in WEIGHTS], np.float32) for source, found in sets.items()
    }
    total = sum(rows.shape[1] for rows in right.values())
    # However many spans a set has, it counts as much as another.
    scores = np.concatenate([rows * total / (len(right) * rows.shape[1]) for rows in right.values()], axis=1)
    middle = middle_of_best(scores)
    figures = {source: float(rows[middle].mean()) for source, rows in right.items()}
    return WEIGHTS[middle], figures, float(scores[0].mean())


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
    choose: Callable[[Sequence[Example], Sequence[TextLogits]], Chosen]
    beside: tuple[str, ...] = ()


def choose_decoding(
    predictor: Predictor, dev: Mapping[str, Sequence[Example]], *, say: Callable[[str], object] = print
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
    decoding = predictor.decoding
    readings: dict[str, list[TextLogits]] = {}
    for what, chooser in _CHOOSERS.items():
        names = [name for name in chooser.sets if name in dev]
        if not names:
            continue
        names += [name for name in chooser.beside if name in dev]
        for name in names:
            if name not in readings:
                readings[name] = predictor.run([encoder_request(e) for e in dev[name]])
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
    readings: Sequence[TextLogits],
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


def _asked(examples: Sequence[Example], readings: Sequence[TextLogits]) -> list[tuple[Floats, int, str]]:
    """Logits [2, STANCES], label number and group of each target that was asked and has a label."""
    return [
        (s, STANCE_INDEX[t.label], e.group)
        for e, r in zip(examples, readings, strict=True)
        for t, s in zip(e.targets, r.stance, strict=True)
        if s is not None and t.label is not None
    ]


def _has_stance(example: Example) -> bool:
    return any(t.label is not None for t in example.targets)


def _stance(kind: int, prefix: str) -> Callable[[Sequence[Example], Sequence[TextLogits]], Chosen]:
    def choose(examples: Sequence[Example], readings: Sequence[TextLogits]) -> Chosen:
        asked = _asked(examples, readings)
        logits, gold = np.stack([s[kind] for s, *_ in asked]), np.array([g for _, g, _ in asked])
        found, p = _priors(logits, gold, [group for *_, group in asked], prefix)
        abstain, said = _abstention(p, gold)
        return replace(found, changes={**found.changes, f"{prefix}_abstain": abstain}, note=found.note + said)

    return choose


def _reply(examples: Sequence[Example], readings: Sequence[TextLogits]) -> Chosen:
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
    logits: Floats, gold: NDArray[np.int_], groups: Sequence[str], prefix: str
) -> tuple[Chosen, Floats]:
    """Bias, then temperature, and the probabilities that they give."""
    bias, figure, held = trusted_bias(logits, gold, groups)
    moved = logits + np.asarray(bias, np.float32)
    temperature = best_temperature(moved, gold)
    p = softmax(moved / temperature)
    changes = {f"{prefix}_bias": bias, f"{prefix}_temperature": temperature}
    note = f"; {100 * held:.1f} on groups that a prior was not chosen by"
    return Chosen(changes, figure, note + _calibrated(softmax(moved), p, gold)), p


def _calibrated(before: Floats, after: Floats, gold: NDArray[np.int_]) -> str:
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


def _loaded(examples: Sequence[Example], readings: Sequence[TextLogits]) -> Chosen:
    """Seed, threshold and gap for the span F1, the mean of the sets'; the temperature is that of the words."""
    cut, figures, logits, tagged = choose_extents(examples, readings)
    temperature = best_temperature(*as_two_classes(logits, tagged))
    changes = {**{f"loaded_{k}": v for k, v in cut.items()}, "loaded_temperature": temperature}
    return Chosen(changes, float(np.mean(list(figures.values()))), _by_set(figures))


def _techniques(examples: Sequence[Example], readings: Sequence[TextLogits]) -> Chosen:
    weight, figures, without = choose_weight(examples, readings)
    note = f"; {100 * without:.1f} without the document{_by_set(figures)}"
    return Chosen({"repetition_weight": weight}, float(np.mean(list(figures.values()) or [0.0])), note)


def _by_set(figures: Mapping[str, float]) -> str:
    return "".join(f", {100 * f:.1f} on {source}" for source, f in figures.items())


def _toxic(examples: Sequence[Example], readings: Sequence[TextLogits]) -> Chosen:
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


def _frames(examples: Sequence[Example], readings: Sequence[TextLogits]) -> Chosen:
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


def _biased(examples: Sequence[Example], readings: Sequence[TextLogits]) -> Chosen:
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
