"""Mean stance over the held-out sets (SetSpec.held_out): one figure for texts unlike the training texts.

Every set counts equally, whatever its size. Sets labeled by a language model and by people are both among them, and some lack
a label, so the mean is for comparing models, not an estimate for any kind of text.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from slant.judging.figures import mean_figure, paired_mean
from slant.judging.judged_items import JudgedItems
from slant.judging.judged_sets import SetSpec
from slant.judging.metrics import Floats, percentile_interval, resample_weights
from slant.judging.scorecard_records import Answers, Figure, Result, data_of

NAME, TITLE = "held_out/stance", "Held-out sets, stance"
COVERAGES = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5)
SIDES = ("against", "favor")


class HeldOut(NamedTuple):
    """One judged set: its row, the judged items of the model and, if models are compared, of the other one."""

    spec: SetSpec
    result: Result
    own: JudgedItems
    other: JudgedItems | None = None


def held_out_result(sets: Sequence[HeldOut], *, resamples: int, seed: int) -> Result:
    """Return the row of the mean over `sets`; without figure, but with a reason, if one of them has none.

    The interval resamples the groups (documents) of each set. n, groups: sums over the sets. Without signature.
    """
    row = Result(
        NAME,
        TITLE,
        f"mean {sets[0].result.metric}",
        Figure(None),
        sum(each.result.n for each in sets),
        sum(each.result.groups for each in sets),
        "documents",
        note=f"mean over {len(sets)} sets, each counting equally: {', '.join(each.result.title for each in sets)}",
        official=False,
    )
    missing = [each.result for each in sets if each.result.figure.value is None]
    if missing:
        return replace(row, reason="; ".join(f"{result.title}: {result.reason}" for result in missing))
    tallies = [(each.spec.metric, each.own.tally(each.spec)) for each in sets]
    row = replace(
        row,
        figure=mean_figure(tallies, resamples=resamples, seed=seed),
        answers=answers(sets, resamples=resamples, seed=seed),
    )
    if all(each.other and any(each.other.predicted) for each in sets):
        others = [each.other.tally(each.spec) for each in sets if each.other]
        parts = [(metric, own, other) for (metric, own), other in zip(tallies, others, strict=True)]
        row = replace(row, against=paired_mean(parts, resamples=resamples, seed=seed))
    return row


def held_out_fingerprint(sets: Sequence[HeldOut]) -> str:
    """Return 12 hex digits that change with the data of any of the sets."""
    return hashlib.sha256("|".join(data_of(each.result) for each in sets).encode()).hexdigest()[:12]


# ---- fewer answers, more of them right


def answers(
    sets: Sequence[HeldOut], *, resamples: int, seed: int, at: Sequence[float] = COVERAGES
) -> tuple[Answers, ...]:
    """Return how many of the most confident answers are right, for each share in `at`, with intervals.

    One threshold cuts all sets, as in use; every set has the same weight. Answers of equal probability are kept together. An
    abstention is the least confident answer, and wrong. Intervals resample the groups of each set, at the same thresholds.
    """
    confidence = np.array([p or 0.0 for each in sets for p in each.own.probability])
    predicted = [label for each in sets for label in each.own.predicted]
    gold = [label for each in sets for label in each.own.gold]
    right = np.array([p == g for p, g in zip(predicted, gold, strict=True)], float)
    side = np.array([label in SIDES for label in predicted], float)
    weights = np.concatenate([np.full(len(each.own.gold), 1 / len(each.own.gold)) for each in sets])
    draws = np.concatenate(
        [_draws(each.own.groups, resamples=resamples, seed=seed + i) for i, each in enumerate(sets)], axis=1
    )
    order = np.argsort(-confidence, kind="stable")
    covered = np.cumsum(weights[order]) / weights.sum()
    found = []
    for share in at:
        # The small constant keeps a rounding error from adding an item.
        threshold = float(confidence[order[int(np.searchsorted(covered, share - 1e-9))]])
        kept = weights * (confidence >= threshold)
        found.append(
            Answers(
                coverage=float(kept.sum() / weights.sum()),
                threshold=threshold,
                n=int((kept > 0).sum()),
                right=_share(kept, right, draws),
                n_sides=int((kept * side > 0).sum()),
                sides_right=_share(kept * side, right, draws),
            )
        )
    return tuple(found)


def _draws(groups: Sequence[str], *, resamples: int, seed: int) -> Floats:
    """Return (resamples, items): how often the group of each item was drawn."""
    names = {name: i for i, name in enumerate(dict.fromkeys(groups))}
    drawn = resample_weights(len(names), resamples=resamples, seed=seed)
    return drawn[:, [names[group] for group in groups]]


def _share(weights: Floats, right: Floats, draws: Floats) -> Figure:
    """Return the weighted share of right answers; no value without an answer."""
    if not weights.sum():
        return Figure(None)
    with np.errstate(invalid="ignore"):
        resampled = (draws @ (weights * right)) / (draws @ weights)
    low, high = percentile_interval(resampled)
    return Figure(float((weights * right).sum() / weights.sum()), float(low), float(high))
