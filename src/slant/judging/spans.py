"""Span metrics as their shared tasks define them, on plain `(start, end)` pairs: half-open, code points.

- Overlap F1: SemEval-2020 task 11, subtask SI (Da San Martino et al. 2020), as in its released scorer.
- Character F1: SemEval-2021 task 5, toxic spans (Pavlopoulos et al. 2021).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

Interval = tuple[int, int]


def merge_overlapping(spans: Iterable[Interval]) -> list[Interval]:
    """Spans that share a character become one, sorted; spans that only touch stay two, as the scorer has it.

    Raises ValueError for an empty or backward span: the official scorer refuses these as well.
    """
    merged: list[Interval] = []
    for start, end in sorted(spans):
        if start >= end:
            raise ValueError(f"A span must hold at least one character, but ({start}, {end}) does not.")
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged


def overlap_counts(
    predicted: Iterable[Interval], gold: Iterable[Interval]
) -> tuple[float, float, float, float]:
    """What one article adds to the overlap F1: (sum of |s∩t|/|s|, |S|, sum of |s∩t|/|t|, |T|).

    Overlapping spans are merged first on both sides: the scorer does so for the gold spans always, for the
    submission with its option `-m` (without it, it refuses them).
    """
    found, true = merge_overlapping(predicted), merge_overlapping(gold)
    precision = recall = 0.0
    for start, end in found:
        for gold_start, gold_end in true:
            common = min(end, gold_end) - max(start, gold_start)
            if common > 0:
                precision += common / (end - start)
                recall += common / (gold_end - gold_start)
    return precision, float(len(found)), recall, float(len(true))


def overlap_f1(
    predicted: Sequence[Sequence[Interval]], gold: Sequence[Sequence[Interval]]
) -> dict[str, float]:
    """Precision, recall and F1 in [0, 1] over all articles; item i of both sides is the same article.

    Sums run over the articles before the division, so an article without gold spans counts through its false
    alarms. Nothing predicted and nothing to find gives F1 1, as in the official scorer.
    """
    rows = [overlap_counts(p, g) for p, g in zip(predicted, gold, strict=True)]
    p_sum, n_pred, r_sum, n_gold = (sum(column) for column in zip(*rows, strict=True)) if rows else (0.0,) * 4
    precision = p_sum / n_pred if n_pred else 0.0
    recall = r_sum / n_gold if n_gold else 0.0
    if not n_pred and not n_gold:
        f1 = 1.0
    else:
        f1 = 2 * precision * recall / (precision + recall) if precision and recall else 0.0
    return {"precision": precision, "recall": recall, "f1": f1}


def characters(spans: Iterable[Interval]) -> set[int]:
    """The offsets that lie in any of the spans."""
    return {offset for start, end in spans for offset in range(start, end)}


def character_f1(predicted: Iterable[Interval], gold: Iterable[Interval]) -> float:
    """F1 of one post's characters: 1 if both sides are empty, 0 if one is. A set has its posts' mean."""
    found, true = characters(predicted), characters(gold)
    if not found and not true:
        return 1.0
    return 2 * len(found & true) / (len(found) + len(true))
