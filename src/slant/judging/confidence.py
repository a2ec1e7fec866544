"""How far a model's probabilities can be trusted on one set, and what its abstention threshold buys there."""

from __future__ import annotations

from slant.judging.answers import Predictor, Sheet
from slant.judging.calibration import (
    area_under_risk_coverage,
    expected_calibration_error,
    reliability,
    risk_coverage,
)
from slant.judging.card import Calibration
from slant.judging.figures import value
from slant.judging.sets import SetSpec

# Their answers are the label of highest probability. Techniques are left out: they are asked for given gold spans.
TASKS = frozenset({"stance", "reply", "biased", "subjective", "frames"})


def calibration(spec: SetSpec, sheet: Sheet, predictor: Predictor) -> Calibration | None:
    """Calibration of the answers in `sheet`; None for tasks without probabilities, or if nothing was answered.

    The abstention thresholds are those of the predictor's `decoding`, e.g. `named_abstain`; 0 where it has none.
    """
    answered = [i for i, sure in enumerate(sheet.sure) if sure is not None]
    if spec.task not in TASKS or not answered:
        return None
    rows = sheet.pick(answered)
    sure = [p or 0.0 for p in rows.sure]
    right = [said == true for said, true in zip(rows.predicted, rows.gold, strict=True)]
    decoding = getattr(predictor, "decoding", None)
    thresholds = [getattr(decoding, f"{m.get('asked', spec.task)}_abstain", 0.0) for m in rows.meta]
    kept = rows.pick([i for i, (p, t) in enumerate(zip(sure, thresholds, strict=True)) if p >= t])
    return Calibration(
        task=spec.task,
        n=len(sure),
        ece=expected_calibration_error(sure, right),
        aurc=area_under_risk_coverage(sure, right),
        bins=tuple(reliability(sure, right)),
        coverage=tuple(risk_coverage(sure, right)),
        kept=len(kept.gold) / len(sure),
        kept_figure=_kept_figure(spec, sheet, kept),
    )


def _kept_figure(spec: SetSpec, sheet: Sheet, kept: Sheet) -> float | None:
    """The official value of the kept part; a class that is withheld as a whole still counts in the mean over classes."""
    if spec.metric != "macro_f1" or not kept.gold:
        return value(spec, kept)
    from sklearn.metrics import f1_score

    return float(
        f1_score(kept.gold, kept.predicted, labels=sorted(set(sheet.gold)), average="macro", zero_division=0)
    )
