"""A panel: one chart, and the table behind it in which each number leads to its sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from slant.reports.charts import Point, Series, dots
from slant.reports.evidence import ALL, Keys
from slant.reports.page_parts import Measure, clip, signed

REST = "(rest)"
Row = Mapping[str, Any]
# How a part is drawn: shape, filled or hollow, and the same shape as a letter for the legend.
MARKS = {
    "against": ("v", True, "▼"), "favor": ("^", False, "△"), "outlet": ("o", True, "●"), "quoted": ("s", False, "□"),
    "reader": ("D", True, "◆"), "": ("o", True, "●"),
}  # fmt: skip
MOST_ROWS = 30
FEW_HITS = 10  # of everything; below, a panel has its table alone
LEAST_ARTICLES = 2  # with fewer nothing is known of the spread, and a mark without an interval looks sure


@dataclass(frozen=True, slots=True)
class Cell:
    """text: the number. interval: "3.1–5.0". more: further lines, such as the corrected rate. "
    "keys: of its sentences."""

    text: str
    interval: str = ""
    more: tuple[str, ...] = ()
    keys: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """legend: (shape, what it stands for). columns: heads after the name. rows: name → cells."""

    title: str
    axis: str
    svg: str
    columns: Sequence[str]
    rows: Sequence[tuple[str, Sequence[Cell]]]
    legend: Sequence[tuple[str, str]] = ()
    note: str = ""


def shown_name(group: str) -> str:
    return {ALL: "All", REST: "all others"}.get(group, group)


def rate_panels(
    rates: Iterable[Row],
    *,
    keys: Keys,
    extras: Callable[[str, str], tuple[str, ...]],
    wanted: Callable[[Measure], bool],
) -> list[Panel]:
    """Panels of the rates whose measure is wanted, in the order of the table, those without a chart last.

    extras: (group, measure) → further lines of a cell.
    """
    found: dict[str, dict[str, dict[str, Row]]] = {}
    for row in rates:
        measure = Measure.of(row["measure"])
        if wanted(measure) and row["group"] in keys.groups:
            found.setdefault(measure.panel, {}).setdefault(row["measure"], {})[row["group"]] = row
    made = [_rate_panel(of_panel, keys, extras) for of_panel in found.values()]
    return sorted(made, key=lambda panel: not panel.svg)


def _rate_panel(
    by_measure: dict[str, dict[str, Row]], keys: Keys, extras: Callable[[str, str], tuple[str, ...]]
) -> Panel:
    measures = [Measure.of(name) for name in by_measure]
    groups = [g for g in keys.groups if any(g in rows for rows in by_measure.values())]
    rows = []
    for group in groups:
        cells = []
        for measure in measures:
            row = by_measure[measure.name].get(group)
            cells.append(_rate_cell(measure, row, keys, extras) if row else Cell("—"))
        one = next(rows[group] for rows in by_measure.values() if group in rows)
        rows.append((shown_name(group), [*cells, Cell(f"{one['units']:,}"), Cell(f"{one['articles']:,}")]))
    drawn = [m for m in measures if _part(m) in MARKS]
    first = drawn[0] if drawn else measures[0]
    hits = sum(by_measure[m.name][ALL]["hits"] for m in drawn if ALL in by_measure[m.name])
    series = [
        Series(
            m.short,
            *MARKS[_part(m)][:1],
            [_point(m, by_measure[m.name].get(g)) for g in groups],
            MARKS[_part(m)][1],
        )
        for m in drawn
    ]
    axis = _axis(first)
    svg = ""
    if series and abs(hits) >= FEW_HITS:
        svg = dots(
            [shown_name(g) for g in groups],
            series,
            axis=axis,
            label=_spoken(first.heading, axis, series, groups),
        )
    side = "comments" if first.comments else "units"
    return Panel(
        first.heading,
        axis,
        svg,
        [*(m.short if len(measures) > 1 else axis for m in measures), side, "articles"],
        rows,
        [(MARKS[_part(m)][2], m.short) for m in drawn] if len(drawn) > 1 else [],
        _note(svg, series),
    )


def _note(svg: str, series: Sequence[Series]) -> str:
    if not svg:
        return "Too rare here for a chart."
    missing = any(point is None for one in series for point in one.points)
    return f"Not drawn (—): what fewer than {LEAST_ARTICLES} articles speak of." if missing else ""


def _part(measure: Measure) -> str:
    if measure.family in ("frame", "reply"):
        return ""
    return measure.subject if measure.family == "loaded" else measure.part


def _axis(measure: Measure) -> str:
    if measure.kind == "net":
        return "points, favor minus against"
    return clip(f"% {measure.of_what}" if measure.kind == "share" else measure.of_what, 44)


def _rate_cell(measure: Measure, row: Row, keys: Keys, extras: Callable[[str, str], tuple[str, ...]]) -> Cell:
    return Cell(
        measure.number(row["value"]),
        measure.interval(row["low"], row["high"]),
        extras(row["group"], row["measure"]),
        keys.of(row["group"], row["measure"]),
    )


def _point(measure: Measure, row: Row | None) -> Point | None:
    if not row or row["articles"] < LEAST_ARTICLES:
        return None
    return point(measure, row["value"], row["low"], row["high"])


def point(
    measure: Measure, value: float | None, low: float | None, high: float | None, *, plus: bool = False
) -> Point | None:
    """A value of a measure, or a difference of two (plus: with its sign), in the units in which it is drawn."""
    if value is None:
        return None
    scaled = measure.scaled(value)
    known = low is not None and high is not None
    ends = [measure.scaled(end) if known and end is not None else None for end in (low, high)]
    return Point(
        scaled, ends[0], ends[1], signed(scaled) if plus or measure.kind == "net" else measure.size(value)
    )


def _spoken(title: str, axis: str, series: Sequence[Series], groups: Sequence[str]) -> str:
    """What a screen reader says of a chart: its extremes; all its numbers stand in the table behind it."""
    told = []
    for one in series:
        there = [(p, g) for p, g in zip(one.points, groups, strict=True) if p is not None and g != ALL]
        if there:
            low, high = min(there, key=lambda x: x[0].value), max(there, key=lambda x: x[0].value)
            told.append(f"{one.name} from {low[0].label} ({low[1]}) to {high[0].label} ({high[1]})")
    return f"Chart, {title}, {axis}, with intervals, for {len(groups)} rows: {'; '.join(told)}. "
    "The table that follows has all numbers."


def spread_panel(
    measure: Measure,
    rows: Sequence[tuple[str, Row]],
    *,
    parts: Sequence[tuple[str, str, str]],
    plus: bool,
    keys: Callable[[Row], str] = lambda _: "",
    more: Mapping[str, str] | None = None,
) -> Panel:
    """Several numbers of one measure side by side, such as naive and corrected, or the parts of a difference.

    rows: (name, row of a table). parts: (column, its name, key of SHAPES); a column's interval stands in COLUMN_low and
    COLUMN_high. plus: numbers carry their sign. more: further columns, column → head.
    """
    series, names = [], [name for name, _ in rows]
    for column, name, shape in parts:
        marker, filled, _ = SHAPES[shape]
        points = [
            point(measure, r[column], r[f"{column}_low"], r[f"{column}_high"], plus=plus) for _, r in rows
        ]
        series.append(Series(name, marker, points, filled))
    axis = measure.unit if plus else _axis(measure)
    cells = []
    for name, row in rows:
        numbers = [_part_cell(measure, row, column, plus, keys(row)) for column, _, _ in parts]
        cells.append((name, [*numbers, *(Cell(_plain(row[column])) for column in more or {})]))
    label = _spoken(measure.title, axis, series, names)
    svg = dots(names, series, axis=axis, label=label, zero=plus or measure.kind == "net")
    heads = [*(name for _, name, _ in parts), *(more or {}).values()]
    return Panel(measure.title, axis, svg, heads, cells, [(SHAPES[s][2], name) for _, name, s in parts])


SHAPES = {"first": ("o", True, "●"), "second": ("s", False, "□"), "third": ("D", False, "◇")}


def _part_cell(measure: Measure, row: Row, column: str, plus: bool, keys: str) -> Cell:
    value, low, high = row[column], row[f"{column}_low"], row[f"{column}_high"]
    if value is None:
        return Cell("—")
    if not plus:
        return Cell(measure.number(value), measure.interval(low, high), keys=keys)
    scaled = [measure.scaled(x) for x in (low, high) if x is not None]
    interval = " to ".join(map(signed, scaled)) if len(scaled) == 2 else ""
    return Cell(signed(measure.scaled(value)), interval, keys=keys)


def _plain(value: Any) -> str:
    return "—" if value is None else f"{value:,}" if isinstance(value, int) else str(value)
