"""Figures of a comparison (`slant.plot`), as matplotlib draws them: no pyplot, no window, no global state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from slant.comparing.measures import ALL, NET, Measure
from slant.errors import UsageError, did_you_mean
from slant.reports import page_parts
from slant.reports.charts import Look, Series, draw_dots
from slant.reports.page_parts import MeasureText
from slant.reports.panels import PART_SHAPES, axis_title, part_of, point, rate_point, shown_name

if TYPE_CHECKING:
    from slant.reports.python_comparison import Comparison

LOOK = Look("#1c1d1f", "#595d63", "#d9d6cf", 520, 48)
MOST_PAIRS = 40


def rates(comparison: Comparison, measure: str) -> Any:
    """Return a Figure of rates with their intervals, a row per group.

    measure: a measure such as "stance/harbour_board/against", or a pattern for the labels of one target:
        "stance/harbour_board/*". Labels without a mark of their own (neutral, no call) are drawn only alone.
    A rate from fewer than two articles is not drawn. Raises UsageError for a measure that is not in the table `rates`.
    """
    rows = comparison.results.tables["rates"].to_pylist()
    by_measure: dict[str, dict[str, Mapping[str, Any]]] = {}
    for row in rows:
        by_measure.setdefault(row["measure"], {})[row["group"]] = row
    with page_parts.called(comparison.names):
        texts = _chosen(list(by_measure), measure)
        of_group = by_measure[str(texts[0].measure)]
        groups = [group for group in (*comparison.results.groups.kept, ALL) if group in of_group]
        series = []
        for text in texts:
            shape = PART_SHAPES.get(part_of(text.measure) if len(texts) > 1 else "", PART_SHAPES[""])
            points = [rate_point(text, by_measure[str(text.measure)].get(group)) for group in groups]
            series.append(Series(text.short, shape.marker, points, shape.filled))
        title = texts[0].heading if len(texts) > 1 else texts[0].title
        zero = texts[0].measure.kind == NET
        return _titled(map(shown_name, groups), series, axis_title(texts[0]), title, zero=zero)


def differences(comparison: Comparison, measure: str) -> Any:
    """Return a Figure of the tested differences of a measure, with their intervals, the largest first.

    measure: as in the table `differences`, such as "stance/harbour_board/net". At most MOST_PAIRS are drawn; the title says
    how many there are. Raises UsageError for a measure that was not tested.
    """
    rows = comparison.results.tables["differences"].to_pylist()
    with page_parts.called(comparison.names):
        (text,) = _chosen(sorted({row["measure"] for row in rows}), measure, single=True)
        found = [row for row in rows if row["measure"] == str(text.measure)]
        found.sort(key=lambda row: -abs(row["difference"]))
        shown = found[:MOST_PAIRS]
        points = [point(text, row["difference"], row["low"], row["high"], plus=True) for row in shown]
        names = [
            f"{row['group']} – {shown_name(row['other'])}{' *' if row['significant'] else ''}"
            for row in shown
        ]
        title = f"{text.title}, differences (*: significant)"
        if len(found) > len(shown):
            title += f", {len(shown)} of {len(found)}"
        return _titled(names, [Series(text.short, "o", points)], text.unit, title, zero=True)


def _chosen(known: Sequence[str], pattern: str, *, single: bool = False) -> list[MeasureText]:
    """The measures that fit the pattern. Raises UsageError if there are none, or if they belong into several charts."""
    names = [name for name in known if Measure.parse(name).matches([pattern])]
    if not names:
        shown = ", ".join(known[:12]) + (", …" if len(known) > 12 else "")
        raise UsageError(f"no measure {pattern!r} here. There are {shown}.{did_you_mean(pattern, known)}")
    texts = [MeasureText.of(name) for name in names]
    if len(texts) > 1:
        texts = [
            text for text in texts if part_of(text.measure) in PART_SHAPES and text.measure.kind != NET
        ] or texts
    if len({text.panel for text in texts}) > 1 or (single and len(texts) > 1):
        raise UsageError(
            f"{pattern!r} fits {len(names)} measures of several charts. Name one: {', '.join(names[:12])}."
        )
    return texts


def _titled(names: Any, series: Sequence[Series], axis: str, title: str, *, zero: bool) -> Any:
    figure = draw_dots(list(names), series, axis=axis, zero=zero, look=LOOK)
    (plot,) = figure.axes
    plot.set_title(title, fontsize=11, loc="left", color=LOOK.ink)
    if len(series) > 1:
        plot.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=len(series), frameon=False, fontsize=9)
        plot.set_title(title, fontsize=11, loc="left", color=LOOK.ink, pad=22)
    return figure
