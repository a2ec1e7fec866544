"""Choose thresholds, priors and temperatures on dev sets; they are stored in the checkpoint (Decoding)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from slant.corpora.reading_set import READING_SET
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
    technique_logits,
    words,
)
from slant.encoding.label_ids import (
    ANY,
    BIASED,
    FRAME,
    FRAMES,
    PORTRAYAL,
    PORTRAYAL_INDEX,
    REPLY,
    REPLY_INDEX,
    STANCE,
    STANCE_INDEX,
    TECHNIQUE_INDEX,
    TECHNIQUES,
    TOXIC,
    span_tags,
)
from slant.encoding.predictor import Predictor, encoder_request
from slant.errors import UsageError
from slant.judging.figures import abstain_threshold, expected_calibration_error, precision_threshold
from slant.judging.metrics import character_f1, overlap_f1
from slant.records import REPLIES, STANCES, UNRELATED, Example, TargetLabel

DOMAIN = "slant_domain"
NEUTRAL = STANCE_INDEX["neutral"]
_MERGED = {**{label: STANCE_INDEX[label] for label in STANCES}, UNRELATED: NEUTRAL}
# Grids of the searches. Seed and threshold of loaded language: see Decoding.
SEED_GRID, THRESHOLD_GRID, GAP_GRID = np.arange(0.2, 0.81, 0.05), np.arange(0.1, 0.61, 0.05), (1, 8)
NEIGHBOR_WEIGHTS = (0.0, 0.25)
REPETITION_WEIGHTS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5)
MIN_FRAME_EXAMPLES = 15  # dev examples from which a frame gets a threshold of its own; fewer are no evidence
MIN_FRAME_THRESHOLD = (
    0.25  # no frame is reported below this probability, whatever the F1: nobody would believe it
)
SIDE_RATE = 0.75  # share of the answers against and favor that must be right on dev
FOLDS, DRAWS = 5, 3  # of the cross-validation of priors

Examples = Sequence[Example]
Outputs = Sequence[TextLogits]


@dataclass(frozen=True, slots=True)
class Chosen:
    """Chosen fields of the decoding. figure: in [0, 1], what they give on dev. note: more to report."""

    changes: dict[str, Any]
    figure: float
    note: str = ""


@dataclass(frozen=True, slots=True)
class Chooser:
    """Settings chosen together, on all examples of `sets` for which `is_labeled` holds.

    also: further sets whose examples are used if one of `sets` is among the dev sets.
    """

    sets: tuple[str, ...]
    is_labeled: Callable[[Example], bool]
    choose: Callable[[Examples, Outputs], Chosen]
    also: tuple[str, ...] = ()


def choose_decoding(
    predictor: Predictor, dev: Mapping[str, Examples], *, report: Callable[[str], object] = print
) -> Decoding:
    """Return the decoding that scores best on the dev sets (set name → examples). report: called with a line per choice.

    Priors of stance, portrayal and reply maximize macro-F1, if they hold for groups they were not chosen on (validated_bias);
    thresholds of spans and frames maximize F1; temperatures minimize the negative log likelihood. The model abstains from a
    portrayal below the probability where at most half of the labels are right (figures.abstain_threshold), and from a stance
    below the one from which SIDE_RATE of the answers against and favor are right (figures.precision_threshold).
    Raises UsageError for a set on which nothing is chosen, or whose examples lack the label.
    """
    for name in dev:
        if name not in _DEV_SETS:
            raise UsageError(
                f"dev set {name!r}: nothing is chosen on it. Sets for this: {', '.join(_DEV_SETS)}."
            )
    decoding = predictor.decoding
    outputs: dict[str, list[TextLogits]] = {}
    for what, chooser in _CHOOSERS.items():
        names = [name for name in chooser.sets if name in dev]
        if not names:
            continue
        names += [name for name in chooser.also if name in dev]
        for name in names:
            if name not in outputs:
                outputs[name] = predictor.run([encoder_request(e) for e in dev[name]])
        pairs = [
            (e, r)
            for name in names
            for e, r in zip(dev[name], outputs[name], strict=True)
            if chooser.is_labeled(e)
        ]
        where = " + ".join(names)
        if not pairs:
            raise UsageError(
                f"dev {where}: none of {sum(len(dev[n]) for n in names)} examples has a label for {what}. "
                "Is it the right split?"
            )
        found = chooser.choose([e for e, _ in pairs], [r for _, r in pairs])
        decoding = replace(decoding, **found.changes)
        report(f"dev {where}: {100 * found.figure:.1f} with {found.changes}{found.note}")
        if found.figure == 0:
            report(
                f"WARNING: nothing is right on dev {where} at any threshold. The model has not learned this: train longer."
            )
    return decoding


# ---- stance, portrayal and reply: bias, temperature, abstention threshold


def _stance(examples: Examples, outputs: Outputs) -> Chosen:
    """Choose the priors of the stance. Unrelated counts as neutral, since not all sets tell them apart."""
    rows = [
        (logits[STANCE], _MERGED[t.label], e.group, e.source)
        for e, t, logits in _targets(examples, outputs)
        if t.label is not None
    ]
    logits, gold = np.stack([x for x, *_ in rows]), np.array([g for _, g, *_ in rows])
    bias, _, held_out = validated_bias(_merge(logits), gold, [group for *_, group, _ in rows])
    biased = logits + np.asarray((*bias, bias[NEUTRAL]), np.float32)
    temperature = best_temperature(biased, gold, merge=_merge)
    before, p = softmax(_merge(biased)), softmax(_merge(biased / temperature))
    # Not that of the bias alone: neutral and unrelated are added after the division, so a temperature changes the choice.
    figure = macro_f1(p.argmax(1), gold, len(STANCES))
    threshold, note = _side_threshold(p, gold)
    changes = {
        "stance_bias": (*bias, bias[NEUTRAL]),
        "stance_temperature": temperature,
        "stance_abstain": threshold,
    }
    sources = np.array([source for *_, source in rows])
    by_set = {
        str(s): macro_f1(p[sources == s].argmax(1), gold[sources == s], len(STANCES))
        for s in np.unique(sources)
    }
    priors = f"; {100 * held_out:.1f} with priors chosen on other groups"
    return Chosen(changes, figure, _by_set(by_set) + priors + _calibration_note(before, p, gold) + note)


def _merge(logits: Floats) -> Floats:
    """Merge the logits of neutral and unrelated [n, STANCE_ANSWERS] → [n, STANCES]."""
    merged = logits[:, : len(STANCES)].copy()
    merged[:, NEUTRAL] = np.logaddexp(logits[:, NEUTRAL], logits[:, STANCE_INDEX[UNRELATED]])
    return merged


def _portrayal(examples: Examples, outputs: Outputs) -> Chosen:
    rows = [
        (logits[PORTRAYAL], PORTRAYAL_INDEX[t.portrayal], e.group)
        for e, t, logits in _targets(examples, outputs)
        if t.portrayal is not None
    ]
    gold = np.array([g for _, g, _ in rows])
    found, p = _priors(np.stack([x for x, *_ in rows]), gold, [group for *_, group in rows], "portrayal")
    threshold, note = _abstention(p, gold)
    return replace(found, changes={**found.changes, "portrayal_abstain": threshold}, note=found.note + note)


def _side_threshold(p: NDArray[Any], gold: NDArray[np.int_]) -> tuple[float, str]:
    """Return the abstention threshold of the stance for probabilities p [n, STANCES], and a note on its effect.

    It is chosen on the answers against and favor, as these are what a comparison reports, but holds for all answers.
    """
    confidence, predicted = p.max(1), p.argmax(1)
    sides = predicted != NEUTRAL
    threshold = None
    if sides.any():
        threshold = precision_threshold(confidence[sides], (predicted == gold)[sides], rate=SIDE_RATE)
    if threshold is None:
        return 0.0, f"; never abstains: no threshold makes {100 * SIDE_RATE:.0f} % of against and favor right"
    kept = sides & (confidence >= threshold)
    return threshold, (
        f"; abstains from {100 * (confidence < threshold).mean():.1f} %, "
        f"{100 * (predicted == gold)[kept].mean():.0f} % of the other against and favor right"
    )


def _targets(examples: Examples, outputs: Outputs) -> list[tuple[Example, TargetLabel, Floats]]:
    """Return example, target and logits [TARGET_LABELS] of each target with a token."""
    return [
        (e, t, logits)
        for e, r in zip(examples, outputs, strict=True)
        for t, logits in zip(e.targets, r.targets, strict=True)
        if logits is not None
    ]


def _reply(examples: Examples, outputs: Outputs) -> Chosen:
    """Choose the priors of the reply, and the abstention threshold of the stance toward the article, derived from it."""
    logits = np.stack([r.unit[REPLY] for r in outputs])
    gold = np.array([REPLY_INDEX[str(e.reply)] for e in examples])
    found, _ = _priors(logits, gold, [e.group for e in examples], "reply")
    chosen = replace(Decoding(), **found.changes)
    p = np.array([list(article_scores(reply_scores(r.unit, chosen)).values()) for r in outputs])
    gold_stance = [best_label(article_scores({r: float(r == e.reply) for r in REPLIES})) for e in examples]
    threshold, note = _abstention(p, np.array([STANCE_INDEX[str(label)] for label in gold_stance]))
    return replace(found, changes={**found.changes, "article_abstain": threshold}, note=found.note + note)


def _priors(
    logits: Floats, gold: NDArray[np.int_], groups: Sequence[str], prefix: str
) -> tuple[Chosen, Floats]:
    """Choose bias, then temperature; also return the resulting probabilities."""
    bias, figure, held_out = validated_bias(logits, gold, groups)
    biased = logits + np.asarray(bias, np.float32)
    temperature = best_temperature(biased, gold)
    p = softmax(biased / temperature)
    changes = {f"{prefix}_bias": bias, f"{prefix}_temperature": temperature}
    note = f"; {100 * held_out:.1f} with priors chosen on other groups"
    return Chosen(changes, figure, note + _calibration_note(softmax(biased), p, gold)), p


def _calibration_note(before: Floats, after: Floats, gold: NDArray[np.int_]) -> str:
    return f"; ECE {_ece(before, gold):.3f} before the temperature, {_ece(after, gold):.3f} after"


def _ece(p: NDArray[Any], gold: NDArray[np.int_]) -> float:
    return expected_calibration_error(p.max(1), p.argmax(1) == gold)


def _abstention(p: NDArray[Any], gold: NDArray[np.int_]) -> tuple[float, str]:
    """Return the abstention threshold for probabilities p [n, STANCES], and a note on its effect."""
    confidence, correct = p.max(1), p.argmax(1) == gold
    threshold = abstain_threshold(confidence, correct)
    below = confidence < threshold
    if not below.any():
        return 0.0, "; never abstains"
    return (
        threshold,
        f"; abstains from {100 * below.mean():.1f} %, {100 * correct[below].mean():.0f} % of them right",
    )


# ---- loaded language: where spans begin and end, and the weight of repetition in the document


def _loaded(examples: Examples, outputs: Outputs) -> Chosen:
    """Choose seed, threshold and gap for the mean span F1 of the sets, and a temperature on words."""
    cut, figures, logits, tags = choose_extents(examples, outputs)
    temperature = best_temperature(*as_two_classes(logits, tags))
    changes = {**{f"loaded_{k}": v for k, v in cut.items()}, "loaded_temperature": temperature}
    return Chosen(changes, float(np.mean(list(figures.values()))), _by_set(figures))


def choose_extents(
    examples: Examples, outputs: Outputs
) -> tuple[dict[str, Any], dict[str, float], Floats, NDArray[np.bool_]]:
    """Return the settings of `loaded_extents` with the best span F1, that F1 per set, and logits and tags of all words.

    Sets count equally, whatever their size: one marks clauses where another marks words.
    """
    texts: dict[str, list[tuple[str, NDArray[np.int64], Floats]]] = {}
    gold: dict[str, list[list[tuple[int, int]]]] = {}
    logits, tags = [], []
    for e, r in zip(examples, outputs, strict=True):
        spans = [(s.start, s.end) for s in e.loaded or ()]
        offsets, values = words(e.text, r.offsets, r.tokens[:, ANY])
        texts.setdefault(e.source, []).append((e.text, offsets, sigmoid(values)))
        gold.setdefault(e.source, []).append(spans)
        logits.append(values)
        tags.append(span_tags(offsets.tolist(), spans))
    best: tuple[dict[str, Any], dict[str, float]] = ({}, dict.fromkeys(texts, -1.0))
    for seed, threshold, gap, near in product(SEED_GRID, THRESHOLD_GRID, GAP_GRID, NEIGHBOR_WEIGHTS):
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
    return *best, np.concatenate(logits), np.concatenate(tags)


def _techniques(examples: Examples, outputs: Outputs) -> Chosen:
    weight, figures, without = choose_repetition_weight(examples, outputs)
    note = f"; {100 * without:.1f} without the document{_by_set(figures)}"
    return Chosen({"repetition_weight": weight}, float(np.mean(list(figures.values()) or [0.0])), note)


def choose_repetition_weight(examples: Examples, outputs: Outputs) -> tuple[float, dict[str, float], float]:
    """Choose the weight of repetition in the document by micro-F1 of techniques, the mean over sets (middle_of_best).

    Returns the weight, its micro-F1 per set, and the mean micro-F1 with weight 0.
    """
    sets = {
        source: technique_items(
            *zip(*((e, r) for e, r in zip(examples, outputs, strict=True) if e.source == source), strict=True)
        )
        for source in dict.fromkeys(e.source for e in examples if e.loaded)
    }
    if not sets:
        return Decoding().repetition_weight, {}, 0.0
    correct = {
        source: np.array([items.correct(w) for w in REPETITION_WEIGHTS], np.float32)
        for source, items in sets.items()
    }
    total = sum(rows.shape[1] for rows in correct.values())
    # Scaled so that each set counts equally, however many spans it has.
    scores = np.concatenate(
        [rows * total / (len(correct) * rows.shape[1]) for rows in correct.values()], axis=1
    )
    middle = middle_of_best(scores)
    figures = {source: float(rows[middle].mean()) for source, rows in correct.items()}
    return REPETITION_WEIGHTS[middle], figures, float(scores[0].mean())


class TechniqueItems(NamedTuple):
    """One row per gold label of a span.

    logits [n, techniques]; repeated [n, techniques]: shift by repetition at weight 1; gold [n]: index of the label;
    n_labels [n]: number of labels of the span, since k labels are compared with the k best predictions.
    """

    logits: Floats
    repeated: Floats
    gold: NDArray[np.int_]
    n_labels: NDArray[np.int_]

    def correct(self, weight: float) -> NDArray[np.bool_]:
        """Return [n]: whether the label is among the predictions. The mean is the micro-F1."""
        logits = self.logits + weight * self.repeated
        own = logits[np.arange(len(self.gold)), self.gold]
        return np.asarray((logits > own[:, None]).sum(1) < self.n_labels)


def technique_items(examples: Examples, outputs: Outputs) -> TechniqueItems:
    """Return the items of the gold spans of whole documents. A span over a line end counts as two."""
    whole = documents(examples)
    rows: list[tuple[Floats, Floats, int, int]] = []
    for e, r in zip(examples, outputs, strict=True):
        labels_at: dict[tuple[int, int], list[int]] = {}
        for span in e.loaded or ():
            if span.label in TECHNIQUE_INDEX:
                labels_at.setdefault((span.start, span.end), []).append(TECHNIQUE_INDEX[span.label])
        for (start, end), labels in labels_at.items():
            shift = repetition_shift(1.0, whole[e.source, e.group], e.text[start:end])
            logits = technique_logits(r, start, end)
            rows += [(logits, shift, label, len(labels)) for label in labels]
    logits, repeated = (
        np.array([row[i] for row in rows], np.float32).reshape(-1, len(TECHNIQUES)) for i in (0, 1)
    )
    gold, n_labels = (np.array([row[i] for row in rows], int) for i in (2, 3))
    return TechniqueItems(logits, repeated, gold, n_labels)


def _by_set(figures: Mapping[str, float]) -> str:
    return "".join(f", {100 * f:.1f} on {source}" for source, f in figures.items())


# ---- toxic spans, frames, bias


def _toxic(examples: Examples, outputs: Outputs) -> Chosen:
    """Choose the gap with the best mean character F1, and for it the threshold by middle_of_best."""
    tokens = [words(e.text, r.offsets, r.tokens[:, TOXIC]) for e, r in zip(examples, outputs, strict=True)]
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


def _frames(examples: Examples, outputs: Outputs) -> Chosen:
    """Choose the temperature, then a threshold per frame by its F1 if it is frequent enough on dev.

    The other frames share one, chosen by their own micro-F1, since frequent frames would dominate it. Of ties, the shared
    threshold is the highest, and a frame's own is the nearest to the shared one.
    """
    logits = np.stack([r.unit[FRAME] for r in outputs])
    gold = np.array([[f in (e.frames or ()) for f in FRAMES] for e in examples])
    temperature = best_temperature(*as_two_classes(logits.ravel(), gold.ravel()))
    p = sigmoid(logits / temperature)
    grid = [round(float(t), 2) for t in np.arange(MIN_FRAME_THRESHOLD, 0.7, 0.05)]
    rare = gold.sum(0) < MIN_FRAME_EXAMPLES
    sharing = rare if (gold[:, rare].any()) else ~rare
    shared = max(grid, key=lambda t: (f1(p[:, sharing] >= t, gold[:, sharing]), t))
    own = tuple(
        max(grid, key=lambda t: (f1(p[:, i] >= t, gold[:, i]), -abs(t - shared)))
        if gold[:, i].sum() >= MIN_FRAME_EXAMPLES
        else shared
        for i in range(len(FRAMES))
    )
    changes = {"frames_temperature": temperature, "frame_threshold": shared, "frame_thresholds": own}
    return Chosen(changes, f1(p >= np.array(own), gold))


def _biased(examples: Examples, outputs: Outputs) -> Chosen:
    logits, gold = as_two_classes(
        np.array([r.unit[BIASED] for r in outputs]), np.array([e.biased for e in examples])
    )
    temperature = best_temperature(logits, gold)
    note = _calibration_note(softmax(logits), softmax(logits / temperature), gold)
    return Chosen({"biased_temperature": temperature}, macro_f1(logits.argmax(1), gold, 2), note)


_CHOOSERS = {
    "stance": Chooser((READING_SET, "vast"), lambda e: any(t.label for t in e.targets), _stance),
    "portrayal": Chooser(("newsmtsc",), lambda e: any(t.portrayal for t in e.targets), _portrayal),
    "replies": Chooser(("rumoureval",), lambda e: e.reply is not None, _reply),
    "loaded language": Chooser(("ptc",), lambda e: e.loaded is not None, _loaded, also=(DOMAIN,)),
    "techniques": Chooser(("ptc",), lambda e: e.loaded is not None, _techniques, also=(DOMAIN,)),
    "toxic spans": Chooser(("toxic_spans",), lambda e: e.toxic is not None, _toxic),
    "frames": Chooser(("slant_frames", DOMAIN), lambda e: e.frames is not None, _frames),
    "bias": Chooser(("babe",), lambda e: e.biased is not None, _biased),
}
_DEV_SETS = tuple(name for chooser in _CHOOSERS.values() for name in chooser.sets)


# ---- searches


def best_bias(logits: Floats, gold: NDArray[np.int_]) -> tuple[tuple[float, ...], float]:
    """Return constants to add to the logits [n, classes] that maximize macro-F1, and that macro-F1.

    Coordinate search on a coarse grid, then on a finer one.
    """
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


def validated_bias(
    logits: Floats, gold: NDArray[np.int_], groups: Sequence[str]
) -> tuple[tuple[float, ...], float, float]:
    """Return `best_bias` if it holds for other groups, else zeros; its macro-F1; and the cross-validated macro-F1.

    A few constants chosen on a few dozen threads overfit these threads. They are kept only if constants chosen on four
    fifths of the groups beat no constants on the last fifth, over all fifths of several seeded draws. With fewer than five
    groups they are kept unchecked.
    """
    classes, names = logits.shape[1], sorted(set(groups))
    bias, figure = best_bias(logits, gold)
    plain = macro_f1(logits.argmax(1), gold, classes)
    if len(names) < FOLDS:
        return bias, figure, figure
    rng, held_out_figures = np.random.default_rng(0), []
    for _ in range(DRAWS):
        fold = dict(zip(rng.permutation(names).tolist(), np.arange(len(names)) % FOLDS, strict=True))
        folds, predicted = np.array([fold[g] for g in groups]), np.zeros(len(gold), int)
        for k in range(FOLDS):
            inside = folds == k
            chosen, _ = best_bias(logits[~inside], gold[~inside])
            predicted[inside] = (logits[inside] + np.asarray(chosen)).argmax(1)
        held_out_figures.append(macro_f1(predicted, gold, classes))
    held_out = float(np.mean(held_out_figures))
    return (bias, figure, held_out) if held_out > plain else ((0.0,) * classes, plain, held_out)


def best_temperature(
    logits: Floats, gold: NDArray[np.int_], *, merge: Callable[[Floats], Floats] = lambda logits: logits
) -> float:
    """Return the temperature with the smallest negative log likelihood (Guo et al. 2017).

    merge: from the divided logits to those of the gold classes.
    """

    def loss(temperature: float) -> float:
        z = merge(logits / temperature)
        z = z - z.max(1, keepdims=True)
        return float(np.mean(np.log(np.exp(z).sum(1)) - z[np.arange(len(gold)), gold]))

    return round(float(min(np.geomspace(0.3, 5, 60), key=loss)), 3)


def middle_of_best(scores: Floats) -> int:
    """Return the row of `scores` [settings in order, examples] in the middle of those as good as the best one.

    As good are its neighbors, without a gap, that lose less to it than a standard error of the paired difference: of two
    similar thresholds on some hundred examples, either may be a point better on other examples.
    """
    best = int(scores.mean(1).argmax())
    lost = scores[best] - scores
    error = lost.std(1, ddof=1) / np.sqrt(lost.shape[1]) if lost.shape[1] > 1 else np.zeros(len(lost))
    worse = np.flatnonzero((lost.mean(1) >= error) & (lost.mean(1) > 0))
    first = max((int(i) + 1 for i in worse if i < best), default=0)
    last = min((int(i) - 1 for i in worse if i > best), default=len(scores) - 1)
    return (first + last + 1) // 2


def as_two_classes(logits: Floats, gold: NDArray[Any]) -> tuple[Floats, NDArray[np.int_]]:
    """Convert yes/no logits [n] to those of two classes [n, 2]: the softmax over 0 and x is the sigmoid of x."""
    return np.stack([np.zeros_like(logits), logits], 1), gold.astype(int)


def f1(predicted: NDArray[np.bool_], gold: NDArray[np.bool_]) -> float:
    """Compute F1 in [0, 1] over all cells of two arrays of one shape; 0 if both are empty."""
    return float(2 * (predicted & gold).sum() / max(1, predicted.sum() + gold.sum()))


def macro_f1(predicted: NDArray[np.int_], gold: NDArray[np.int_], classes: int) -> float:
    """Compute the mean F1 of the classes in [0, 1]; a class neither predicted nor in gold counts as 0."""
    table = np.zeros((classes, classes))
    np.add.at(table, (gold, predicted), 1)
    hits = np.diag(table)
    return float(np.mean(2 * hits / np.maximum(1, table.sum(0) + table.sum(1))))
