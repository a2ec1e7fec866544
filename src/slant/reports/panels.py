"""Panels: a chart, and the table behind it in which each number opens its sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from slant.comparing.measures import ALL, NET, REST, Measure
from slant.records import UNRELATED
from slant.reports.charts import Point, Series, dots
from slant.reports.evidence import Keys
from slant.reports.page_parts import MeasureText, clip, signed

Row = Mapping[str, Any]
MIN_HITS = 10  # in everything; with fewer a panel has a table but no chart


@dataclass(frozen=True, slots=True)
class Shape:
    """A mark: matplotlib's name, filled or hollow, and the same shape as a character for the legend."""

    marker: str
    filled: bool
    character: str


# Part of a measure → its mark. Parts without one are in the table only.
PART_SHAPES = {
    "against": Shape("v", True, "▼"), "favor": Shape("^", False, "△"), "negative": Shape("v", True, "▼"),
    "positive": Shape("^", False, "△"), "outlet": Shape("o", True, "●"),
    "quoted": Shape("s", False, "□"), "reader": Shape("D", True, "◆"), "": Shape("o", True, "●"),
}  # fmt: skip
COLUMN_SHAPES = {
    "first": Shape("o", True, "●"),
    "second": Shape("s", False, "□"),
    "third": Shape("D", False, "◇"),
}


@dataclass(frozen=True, slots=True)
class Cell:
    """text: the number. interval: "3.1–5.0". more: further lines, such as the corrected rate. keys: of its sentences."""

    text: str
    interval: str = ""
    more: tuple[str, ...] = ()
    keys: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """legend: (shape, its meaning). columns: headings after the row names. rows: (name, cells). note: on missing marks."""

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
    unrelated: Mapping[tuple[str, str], int] | None = None,
) -> list[Panel]:
    """Panels of the rates whose measure is wanted, in the order of the table; those without a chart come last.

    extras: (group, measure) → further lines of a cell. unrelated: (group, denominator) → units that say nothing about the
    target.
    """
    by_panel: dict[Measure, dict[MeasureText, dict[str, Row]]] = {}
    for row in rates:
        text = MeasureText.of(row["measure"])
        if wanted(text.measure) and row["group"] in keys.groups:
            by_panel.setdefault(text.panel, {}).setdefault(text, {})[row["group"]] = row
    panels = [_rate_panel(of_panel, keys, extras, unrelated or {}) for of_panel in by_panel.values()]
    return sorted(panels, key=lambda panel: not panel.svg)


def _rate_panel(
    by_measure: Mapping[MeasureText, Mapping[str, Row]],
    keys: Keys,
    extras: Callable[[str, str], tuple[str, ...]],
    unrelated: Mapping[tuple[str, str], int],
) -> Panel:
    texts = list(by_measure)
    left_out = any((group, texts[0].measure.total) in unrelated for group in keys.groups)
    groups = [g for g in keys.groups if any(g in rows for rows in by_measure.values())]
    rows = []
    for group in groups:
        cells = [_rate_cell(text, by_measure[text].get(group), keys, extras) for text in texts]
        one = next(rows[group] for rows in by_measure.values() if group in rows)
        cells.append(Cell(f"{one['units']:,}"))
        if left_out:
            cells.append(_unrelated_cell(texts[0].measure, group, keys, unrelated))
        rows.append((shown_name(group), [*cells, Cell(f"{one['articles']:,}")]))
    drawn = {
        text: PART_SHAPES[part_of(text.measure)] for text in texts if part_of(text.measure) in PART_SHAPES
    }
    first = next(iter(drawn), texts[0])
    axis = axis_title(first)
    series = [
        Series(
            text.short,
            shape.marker,
            [rate_point(text, by_measure[text].get(g)) for g in groups],
            shape.filled,
        )
        for text, shape in drawn.items()
    ]
    svg = ""
    hits = sum(by_measure[text][ALL]["hits"] for text in drawn if ALL in by_measure[text])
    if series and abs(hits) >= MIN_HITS:
        names = [shown_name(g) for g in groups]
        svg = dots(names, series, axis=axis, label=_spoken(first.heading, axis, series, names))
    side = "comments" if first.measure.comments else "units"
    return Panel(
        title=first.heading,
        axis=axis,
        svg=svg,
        columns=[
            *(text.short if len(texts) > 1 else axis for text in texts),
            side,
            *["unrelated"] * left_out,
            "articles",
        ],
        rows=rows,
        legend=[(shape.character, text.short) for text, shape in drawn.items()] if len(drawn) > 1 else [],
        note=_note(svg, series),
    )


def _note(svg: str, series: Sequence[Series]) -> str:
    if not svg:
        return "Too rare for a chart."
    missing = any(point is None for one in series for point in one.points)
    return "Not drawn (—): rates from too few articles, events or writers for an interval." if missing else ""


def part_of(measure: Measure) -> str:
    """The part in which the measures of a panel differ: stance label or voice; "" for panels of one measure."""
    return measure.subject if measure.family == "loaded" else measure.part


def axis_title(text: MeasureText) -> str:
    if text.measure.kind == NET:
        return "points, favor minus against"
    return clip(f"% {text.denominator}" if text.measure.kind == "share" else text.denominator, 44)


def _rate_cell(
    text: MeasureText, row: Row | None, keys: Keys, extras: Callable[[str, str], tuple[str, ...]]
) -> Cell:
    if row is None:
        return Cell("—")
    return Cell(
        text.number(row["value"]),
        text.interval(row["low"], row["high"]) or row.get("note", ""),
        extras(row["group"], row["measure"]),
        keys.of(row["group"], text.measure),
    )


def _unrelated_cell(
    measure: Measure, group: str, keys: Keys, unrelated: Mapping[tuple[str, str], int]
) -> Cell:
    """How many units were scored for the target and say nothing about it."""
    count = unrelated.get((group, measure.total), 0)
    return Cell(f"{count:,}", keys=keys.of(group, measure.with_part(UNRELATED)) if count else "")


def rate_point(text: MeasureText, row: Row | None) -> Point | None:
    if not row or row["low"] is None:  # a mark without an interval looks precise
        return None
    return point(text, row["value"], row["low"], row["high"])


def point(
    text: MeasureText, value: float | None, low: float | None, high: float | None, *, plus: bool = False
) -> Point | None:
    """A value of a measure, or a difference (plus: with its sign), in the unit in which it is drawn."""
    if value is None:
        return None
    size = text.points(value)
    known = low is not None and high is not None
    ends = [text.points(end) if known and end is not None else None for end in (low, high)]
    label = signed(size) if plus or text.measure.kind == NET else text.size(value)
    return Point(size, ends[0], ends[1], label)


def _spoken(title: str, axis: str, series: Sequence[Series], rows: Sequence[str]) -> str:
    """The label of a chart for screen readers: its extremes, without "All". All numbers are in the table after it."""
    extremes = []
    for one in series:
        shown = [(p, name) for p, name in zip(one.points, rows, strict=True) if p and name != shown_name(ALL)]
        if shown:
            low, high = min(shown, key=lambda x: x[0].value), max(shown, key=lambda x: x[0].value)
            extremes.append(f"{one.name} from {low[0].label} ({low[1]}) to {high[0].label} ({high[1]})")
    return (
        f"Chart, {title}, {axis}, with intervals, {len(rows)} rows{': ' * bool(extremes)}{'; '.join(extremes)}. "
        "The table that follows has all numbers."
    )


def spread_panel(
    text: MeasureText,
    rows: Sequence[tuple[str, Row]],
    *,
    columns: Sequence[tuple[str, str, str]],
    plus: bool,
    more: Mapping[str, str] | None = None,
) -> Panel:
    """Several numbers of one measure side by side, such as naive and corrected, or the parts of a difference.

    rows: (name, row of a table). columns: (column, its heading, key of COLUMN_SHAPES); the interval of a column is in
    COLUMN_low and COLUMN_high. plus: numbers have their sign. more: further columns, column → heading.
    """
    names = [name for name, _ in rows]
    series = []
    for column, heading, key in columns:
        shape = COLUMN_SHAPES[key]
        points = [point(text, r[column], r[f"{column}_low"], r[f"{column}_high"], plus=plus) for _, r in rows]
        series.append(Series(heading, shape.marker, points, shape.filled))
    axis = text.unit if plus else axis_title(text)
    cells = []
    for name, row in rows:
        numbers = [_column_cell(text, row, column, plus) for column, _, _ in columns]
        cells.append((name, [*numbers, *(Cell(_plain(row[column])) for column in more or {})]))
    label = _spoken(text.title, axis, series, names)
    svg = dots(names, series, axis=axis, label=label, zero=plus or text.measure.kind == NET)
    heads = [*(heading for _, heading, _ in columns), *(more or {}).values()]
    legend = [(COLUMN_SHAPES[key].character, heading) for _, heading, key in columns]
    return Panel(text.title, axis, svg, heads, cells, legend)


def _column_cell(text: MeasureText, row: Row, column: str, plus: bool) -> Cell:
    value, low, high = row[column], row[f"{column}_low"], row[f"{column}_high"]
    if value is None:
        return Cell("—")
    if not plus:
        return Cell(text.number(value), text.interval(low, high))
    ends = [text.points(x) for x in (low, high) if x is not None]
    interval = " to ".join(map(signed, ends)) if len(ends) == 2 else ""
    return Cell(signed(text.points(value)), interval)


def _plain(value: Any) -> str:
    return "—" if value is None else f"{value:,}" if isinstance(value, int) else str(value)
