"""reliability.svg: accuracy over confidence, a small panel for each set of stances or replies."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from slant.judging.card import Calibration, Result
from slant.judging.sections import in_diagram

COLUMNS = 3
PANEL = 2.7  # inches


def reliability_svg(results: Sequence[Result]) -> str:
    """The picture as SVG, the same for the same figures; "" if no set has a panel.

    Dots are bins of equal width with the number of items beside them, the dashed line is perfect calibration.
    Raises ImportError without matplotlib, which comes with the training install.
    """
    shown = [(result.title, result.calibration) for result in results if in_diagram(result)]
    if not shown:
        return ""
    import matplotlib
    from matplotlib.figure import Figure

    rows = -(-len(shown) // COLUMNS)
    file = io.StringIO()
    with matplotlib.rc_context({"svg.hashsalt": "slant", "svg.fonttype": "none", "font.size": 7}):
        figure = Figure(figsize=(PANEL * min(COLUMNS, len(shown)), PANEL * rows), layout="constrained")
        axes = figure.subplots(rows, min(COLUMNS, len(shown)), squeeze=False).ravel()
        for axis, (title, found) in zip(axes, shown, strict=False):
            if found is not None:
                _panel(axis, title, found)
        for axis in axes[len(shown) :]:
            axis.set_axis_off()
        figure.savefig(file, format="svg", metadata={"Date": None})
    return file.getvalue()


def _panel(axis: Any, title: str, found: Calibration) -> None:
    bins = [b for b in found.bins if b.n]
    axis.plot([0, 1], [0, 1], color="0.5", linestyle="--", linewidth=0.8)
    axis.scatter([b.confidence for b in bins], [b.accuracy for b in bins], s=14, color="black")
    for b in bins:
        axis.annotate(
            f"{b.n:,}", (b.confidence, b.accuracy), xytext=(4, -8), textcoords="offset points", fontsize=6
        )
    axis.set(xlim=(0, 1.1), ylim=(-0.05, 1.05), xlabel="confidence", ylabel="accuracy", aspect="equal")
    axis.set_title(f"{title} (ECE {100 * found.ece:.1f})", fontsize=7)
