"""Agreement of two annotations, against figures computed by hand."""

from __future__ import annotations

import pytest

from slant.errors import SlantError

pytest.importorskip("krippendorff", reason="needs the [train] install")

from slant.judging.agreement import agreements, alpha, pairs_of


def row(unit: int, **labels: object) -> dict[str, object]:
    return {"unit": unit, "document": unit // 2, **labels}


def span(start: int, end: int, label: str = "doubt", voice: str = "outlet") -> dict[str, object]:
    return {"start": start, "end": end, "label": label, "voice": voice}


def test_alpha_equals_figures_computed_by_hand() -> None:
    """Four units, one disagreement: observed 1/4; values a 3, b 5 of 8: expected 2·3·5/(8·7); alpha = 1 - (1/4)/(30/56)."""
    assert alpha([("a", "a"), ("a", "b"), ("b", "b"), ("b", "b")]) == pytest.approx(1 - 0.25 / (30 / 56))
    assert alpha([("a", "a"), ("b", "b")]) == 1
    assert alpha([("a", "a"), ("a", "a")]) is None


def test_every_annotated_label_has_a_figure() -> None:
    first = [
        row(
            0, stance={"x": "favor", "y": "neutral"}, loaded=[span(0, 10)], frames=["economic"], reply="deny"
        ),
        row(1, stance={"x": "against"}, loaded=[], frames=["political"], reply="query"),
        row(2, stance={"x": "against"}, loaded=[span(5, 9)], frames=[], reply="deny"),
    ]
    second = [
        row(
            0, stance={"x": "favor"}, loaded=[span(5, 10, voice="quoted")], frames=["economic"], reply="deny"
        ),
        row(1, stance={"x": "against"}, loaded=[], frames=["economic", "political"], reply="query"),
        row(2, stance={"x": "against"}, loaded=[], frames=[], reply="deny"),
        row(9, stance={}, loaded=[], frames=[], reply="deny"),
    ]
    pairs = pairs_of(first, second, key=lambda r: r["unit"])
    found = {a.what: a for a in agreements(pairs, group=lambda r: r["document"], resamples=50)}
    assert found["stance, targets that both found concerned"].figure.value == 1
    assert found["stance, targets that both found concerned"].n == 3
    absent = found["stance, or not concerned"]
    assert absent.n == 4
    assert absent.figure.value is not None
    assert absent.figure.value < 1
    # Precision: half of (0, 10) and nothing of (5, 9), over two spans; recall: all of (5, 10).
    overlap = found["loaded spans"]
    assert overlap.figure.value == pytest.approx(2 * 0.25 * 1 / 1.25)
    assert found["voice of spans that both marked"].n == 1
    assert found["reply"].figure.value == 1
    assert found["main frame"].groups == 2
    assert found["frame: political"].figure.value == 1
    low, high = absent.figure.low, absent.figure.high
    assert low is not None
    assert high is not None
    assert low <= absent.figure.value <= high


def test_annotations_without_common_units_are_an_error() -> None:
    with pytest.raises(SlantError, match="no unit in common"):
        pairs_of([row(0)], [row(1)], key=lambda r: r["unit"])
