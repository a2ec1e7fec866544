"""Compute the agreement of two annotations of the same units: Krippendorff's alpha per label, overlap F1 of spans, intervals.

Alpha (Krippendorff 2004) is 1 for full agreement and 0 for the agreement expected by chance. Intervals resample documents.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from slant.errors import SlantError
from slant.judging.metrics import Floats, overlap_counts, percentile_interval, resample_weights
from slant.judging.scorecard_records import Figure

ABSENT = "not concerned"  # in place of a stance or main frame that an annotator did not give
Row = Mapping[str, Any]
Pair = tuple[Row, Row]


@dataclass(frozen=True, slots=True)
class Agreement:
    """One figure. measure: "alpha" or "overlap F1". n: compared items. groups: resampled documents."""

    what: str
    measure: str
    figure: Figure
    n: int
    groups: int


def pairs_of(first: Iterable[Row], second: Iterable[Row], *, key: Callable[[Row], Hashable]) -> list[Pair]:
    """Return the units in both annotations, in the order of the first. Raises SlantError if there are none."""
    others = {key(row): row for row in second}
    pairs = [(row, others[key(row)]) for row in first if key(row) in others]
    if not pairs:
        raise SlantError(
            "the two annotations have no unit in common. Give annotations of the same documents."
        )
    return pairs


def agreements(
    pairs: Sequence[Pair], *, group: Callable[[Row], Hashable], resamples: int = 500, seed: int = 0
) -> list[Agreement]:
    """Compute the agreement on every label: stance, spans with technique and voice, frames, replies.

    pairs: two rows per unit, one of each annotation, with `stance` {target: label}, `loaded` [{start, end, label, voice}],
    `frames` [label, main frame first] and `reply`. Columns that were not annotated may be missing.
    """
    bootstrap = Bootstrap([group(one) for one, _ in pairs], resamples, seed)
    out: list[Agreement] = []
    if stance := [
        (i, _stances(one, two)) for i, (one, two) in enumerate(pairs) if "stance" in one and "stance" in two
    ]:
        both = [(i, [labels for labels in found if ABSENT not in labels]) for i, found in stance]
        out.append(bootstrap.alpha("stance, targets that both found concerned", both))
        out.append(bootstrap.alpha("stance, or not concerned", stance))
        for label in ("against", "neutral", "favor"):
            out.append(
                bootstrap.alpha(
                    f"stance: {label} or not",
                    [(i, [(a == label, b == label) for a, b in found]) for i, found in both],
                )
            )
    if loaded := [(i, one["loaded"], two["loaded"]) for i, (one, two) in enumerate(pairs) if "loaded" in one]:
        out.append(bootstrap.overlap("loaded spans", loaded))
        matched = [(i, _matched(one, two)) for i, one, two in loaded]
        out.append(bootstrap.alpha("technique of spans that both marked", _attribute(matched, "label")))
        out.append(bootstrap.alpha("voice of spans that both marked", _attribute(matched, "voice")))
    frames = [(i, one["frames"], two["frames"]) for i, (one, two) in enumerate(pairs) if "frames" in one]
    if frames:
        main = [(i, [((a or [ABSENT])[0], (b or [ABSENT])[0])]) for i, a, b in frames]
        out.append(bootstrap.alpha("main frame", main))
        for frame in sorted({f for _, a, b in frames for f in (*a, *b)}):
            out.append(
                bootstrap.alpha(f"frame: {frame}", [(i, [(frame in a, frame in b)]) for i, a, b in frames])
            )
    replies = [(i, [(one["reply"], two["reply"])]) for i, (one, two) in enumerate(pairs) if one.get("reply")]
    if replies:
        out.append(bootstrap.alpha("reply", replies))
    return out


def alpha(items: Sequence[tuple[Any, ...]]) -> float | None:
    """Compute Krippendorff's alpha of nominal labels; None if all labels are the same.

    items: per item the labels of two or more annotators, in any order.
    """
    import krippendorff

    values = sorted({str(v) for pair in items for v in pair})
    if len(values) < 2:
        return None
    index = {v: i for i, v in enumerate(values)}
    counts = np.zeros((len(items), len(values)), int)
    for row, pair in enumerate(items):
        for value in pair:
            counts[row, index[str(value)]] += 1
    return float(krippendorff.alpha(value_counts=counts, level_of_measurement="nominal"))


class Bootstrap:
    """The documents of the units that several annotators read, resampled once for all figures.

    groups: the document of each unit.
    """

    def __init__(self, groups: Sequence[Hashable], resamples: int, seed: int) -> None:
        names = {g: i for i, g in enumerate(dict.fromkeys(groups))}
        self.document_of = [names[g] for g in groups]  # pair → document
        self.weights = resample_weights(len(names), resamples=resamples, seed=seed)

    def alpha(self, what: str, found: Sequence[tuple[int, Sequence[tuple[Any, ...]]]]) -> Agreement:
        """found: (index of the unit, its items as in `alpha`)."""
        items = [(self.document_of[i], item) for i, each in found for item in each]
        by_document: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
        for document, item in items:
            by_document[document].append(item)
        draws = [
            alpha([item for d in np.flatnonzero(w) for item in by_document.get(int(d), []) * int(w[d])])
            for w in self.weights
        ]
        value = alpha([item for _, item in items])
        return Agreement(what, "alpha", _figure(value, draws), len(items), len(by_document))

    def overlap(self, what: str, found: Sequence[tuple[int, Sequence[Row], Sequence[Row]]]) -> Agreement:
        """found: (index of the unit, spans of the first, spans of the second annotation)."""
        counts = np.zeros((self.weights.shape[1], 4))
        for i, one, two in found:
            counts[self.document_of[i]] += overlap_counts(_extents(one), _extents(two))
        draws = [_f1(total) for total in self.weights @ counts]
        n = int(counts[:, 1].sum() + counts[:, 3].sum())
        return Agreement(
            what,
            "overlap F1",
            _figure(_f1(counts.sum(0)), draws),
            n,
            len({self.document_of[i] for i, *_ in found}),
        )


def _f1(total: Floats) -> float | None:
    precision_sum, n_first, recall_sum, n_second = total.tolist()
    if not n_first or not n_second:
        return None
    p, r = precision_sum / n_first, recall_sum / n_second
    return 2 * p * r / (p + r) if p + r else 0.0


def _figure(value: float | None, draws: Sequence[float | None]) -> Figure:
    if value is None:
        return Figure(None)
    low, high = percentile_interval(np.array([np.nan if d is None else d for d in draws]))
    return Figure(value, float(low), float(high))


def _stances(one: Row, two: Row) -> list[tuple[str, str]]:
    targets = dict.fromkeys((*one["stance"], *two["stance"]))
    return [(one["stance"].get(t, ABSENT), two["stance"].get(t, ABSENT)) for t in targets]


def _extents(spans: Iterable[Row]) -> list[tuple[int, int]]:
    return sorted({(s["start"], s["end"]) for s in spans})


def _matched(one: Iterable[Row], two: Sequence[Row]) -> list[tuple[Row, Row]]:
    """Pair each span of the first annotation with the span of the second that shares most characters, if any.

    Of spans that share as many characters, one with the same label is preferred.
    """
    out = []
    for span in one:
        overlaps = [(min(span["end"], o["end"]) - max(span["start"], o["start"]), o["label"] == span["label"], i)
                    for i, o in enumerate(two)]  # fmt: skip
        if overlaps and max(overlaps)[0] > 0:
            out.append((span, two[max(overlaps)[2]]))
    return out


def _attribute(
    matched: Sequence[tuple[int, Sequence[tuple[Row, Row]]]], name: str
) -> list[tuple[int, list[tuple[Any, Any]]]]:
    return [(i, [(a.get(name), b.get(name)) for a, b in pairs]) for i, pairs in matched]
