"""How far two readings of the same units agree: Krippendorff's alpha per label, overlap F1 of spans, with intervals.

Alpha (Krippendorff 2004) is 1 for full agreement and 0 for what chance would give. Intervals resample whole documents.
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

ABSENT = "not concerned"
Row = Mapping[str, Any]
Pair = tuple[Row, Row]


@dataclass(frozen=True, slots=True)
class Agreement:
    """One figure. measure: "alpha", "overlap F1" or "share". n: items compared; groups: documents resampled."""

    what: str
    measure: str
    figure: Figure
    n: int
    groups: int


def pairs_of(first: Iterable[Row], second: Iterable[Row], *, key: Callable[[Row], Hashable]) -> list[Pair]:
    """The units that both have read, in the order of the first. Raises SlantError if there is none."""
    others = {key(row): row for row in second}
    pairs = [(row, others[key(row)]) for row in first if key(row) in others]
    if not pairs:
        raise SlantError("The two readings share no unit, so nothing can be compared.")
    return pairs


def agreements(
    pairs: Sequence[Pair], *, group: Callable[[Row], Hashable], resamples: int = 500, seed: int = 0
) -> list[Agreement]:
    """Every label that the readings carry: stance, spans with technique and voice, frames, replies.

    pairs: two readings of a unit each, as rows with `stance` {target: label}, `loaded` [{start, end, label, voice}],
    `frames` [label, main one first] and `reply`; a row may lack what was not asked.
    """
    run = _Run([group(one) for one, _ in pairs], resamples, seed)
    out: list[Agreement] = []
    if stance := [
        (g, _stances(one, two)) for g, (one, two) in enumerate(pairs) if "stance" in one and "stance" in two
    ]:
        both = [(g, [p for p in found if ABSENT not in p]) for g, found in stance]
        out.append(run.alpha("stance, targets that both found concerned", both))
        out.append(run.alpha("stance, or not concerned", stance))
        for label in ("against", "neutral", "favor"):
            out.append(
                run.alpha(
                    f"stance: {label} or not",
                    [(g, [(a == label, b == label) for a, b in found]) for g, found in both],
                )
            )
    if loaded := [(g, one["loaded"], two["loaded"]) for g, (one, two) in enumerate(pairs) if "loaded" in one]:
        out.append(run.overlap("loaded spans", loaded))
        matched = [(g, _matched(one, two)) for g, one, two in loaded]
        out.append(run.alpha("technique of spans that both marked", _named(matched, "label")))
        out.append(run.alpha("voice of spans that both marked", _named(matched, "voice")))
    frames = [(g, one["frames"], two["frames"]) for g, (one, two) in enumerate(pairs) if "frames" in one]
    if frames:
        main = [(g, [((a or [ABSENT])[0], (b or [ABSENT])[0])]) for g, a, b in frames]
        out.append(run.alpha("main frame", main))
        for frame in sorted({f for _, a, b in frames for f in (*a, *b)}):
            out.append(run.alpha(f"frame: {frame}", [(g, [(frame in a, frame in b)]) for g, a, b in frames]))
    replies = [(g, [(one["reply"], two["reply"])]) for g, (one, two) in enumerate(pairs) if one.get("reply")]
    if replies:
        out.append(run.alpha("reply", replies))
    return out


def alpha(items: Sequence[tuple[Any, Any]]) -> float | None:
    """Krippendorff's alpha for nominal labels by two readers; None if all labels are the same, as nothing varies."""
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


class _Run:
    """The documents of the pairs, resampled once for all figures."""

    def __init__(self, groups: Sequence[Hashable], resamples: int, seed: int) -> None:
        names = {g: i for i, g in enumerate(dict.fromkeys(groups))}
        self.of = [names[g] for g in groups]
        self.weights = resample_weights(len(names), resamples=resamples, seed=seed)

    def alpha(self, what: str, found: Sequence[tuple[int, Sequence[tuple[Any, Any]]]]) -> Agreement:
        """found: (number of the pair, its items)."""
        items = [(self.of[g], pair) for g, each in found for pair in each]
        by_group: dict[int, list[tuple[Any, Any]]] = defaultdict(list)
        for g, pair in items:
            by_group[g].append(pair)
        draws = [
            alpha([p for g in np.flatnonzero(w) for p in by_group.get(int(g), []) * int(w[g])])
            for w in self.weights
        ]
        value = alpha([pair for _, pair in items])
        return Agreement(what, "alpha", _figure(value, draws), len(items), len(by_group))

    def overlap(self, what: str, found: Sequence[tuple[int, Sequence[Row], Sequence[Row]]]) -> Agreement:
        counts = np.zeros((self.weights.shape[1], 4))
        for g, one, two in found:
            counts[self.of[g]] += overlap_counts(_extents(one), _extents(two))
        draws = [_f1(total) for total in self.weights @ counts]
        n = int(counts[:, 1].sum() + counts[:, 3].sum())
        return Agreement(
            what, "overlap F1", _figure(_f1(counts.sum(0)), draws), n, len({self.of[g] for g, *_ in found})
        )


def _f1(total: Floats) -> float | None:
    precision, n_found, recall, n_true = total.tolist()
    if not n_found or not n_true:
        return None
    p, r = precision / n_found, recall / n_true
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
    """Spans of the two readings that share the most characters, of spans at one place those with the same label; each of the
    first with at most one of the second."""
    out = []
    for span in one:
        overlaps = [(min(span["end"], o["end"]) - max(span["start"], o["start"]), o["label"] == span["label"], i)
                    for i, o in enumerate(two)]  # fmt: skip
        if overlaps and max(overlaps)[0] > 0:
            out.append((span, two[max(overlaps)[2]]))
    return out


def _named(
    matched: Sequence[tuple[int, Sequence[tuple[Row, Row]]]], name: str
) -> list[tuple[int, list[tuple[Any, Any]]]]:
    return [(g, [(a.get(name), b.get(name)) for a, b in found]) for g, found in matched]
