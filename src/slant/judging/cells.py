"""How a figure and a table look in scorecard.md."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from slant.judging.card import Figure

NONE = "—"


def percent(value: float | None, *, signed: bool = False) -> str:
    """0.7312 → "73.1" (or "+73.1"); a dash for what is undefined."""
    if value is None:
        return NONE
    return f"{100 * value:+.1f}" if signed else f"{100 * value:.1f}"


def with_interval(figure: Figure, *, signed: bool = False) -> str:
    """ "73.1 [70.0, 76.2]"; the interval only where there is one."""
    shown = percent(figure.value, signed=signed)
    if figure.value is None or figure.low is None:
        return shown
    return f"{shown} [{percent(figure.low, signed=signed)}, {percent(figure.high, signed=signed)}]"


def table(head: Sequence[str], rows: Iterable[Sequence[str]], *, left: int) -> str:
    """A Markdown table whose first `left` columns are flush left, the others right."""
    rule = ["---" if i < left else "---:" for i in range(len(head))]
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, rule, *rows))
