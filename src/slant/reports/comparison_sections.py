"""Sections of the comparison page: events, words, readers, time, correction and audit, from tables to panels and rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from slant.comparing.measures import ALL, ALPHA, ANY_TARGET, NET, REST, Measure
from slant.reports import page_parts
from slant.reports.charts import Point, Series, lines
from slant.reports.evidence import Keys
from slant.reports.page_parts import MeasureText, p_value, signed
from slant.reports.panels import PART_SHAPES, Cell, Panel, Row, point, shown_name, spread_panel

MOST_EVENTS = 15
MOST_PHRASES = 8
MOST_LINES = 30
MOST_MARKS = 5
MIN_MONTHS = 3
_VERDICTS = {
    "follow": "readers agree", "exceed": "same side, readers go further", "fall short": "same side, readers less far",
    "oppose": "readers take the other side", "unclear": "too uncertain to say",
}  # fmt: skip
# Parts of a difference: column, heading, mark.
_PARTS = (("presentation", "covered differently", "first"), ("selection", "other events chosen", "second"),
          ("not_shared", "events only one covers", "third"))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Events:
    """shown: (event, its articles by group).

    copied: texts that several outlets published; copies: articles with such a text.
    """

    events: int
    shared: int
    copied: int
    copies: int
    shown: Sequence[tuple[Row, Sequence[Row]]]


def events(tables: Mapping[str, Sequence[Row]]) -> Events | None:
    """None if there are no events."""
    if not (rows := tables.get("events")):
        return None
    articles = tables.get("event_articles", ())
    copied = Counter(row["cluster"] for row in articles if row["ran_in"] > 1)
    by_event: dict[int, list[Row]] = {}
    for row in articles:
        by_event.setdefault(row["event"], []).append(row)
    shown = [
        (row, sorted(by_event.get(row["event"], []), key=lambda r: r["group"])) for row in rows[:MOST_EVENTS]
    ]
    shared = sum(row["shared"] > 1 for row in rows)
    return Events(len(rows), shared, len(copied), copied.total(), shown)


def decomposition(rows: Sequence[Row]) -> list[Panel]:
    """One panel per measure: how much of each group's difference is choice of events, and how much their coverage."""
    by_measure: dict[str, list[tuple[str, Row]]] = {}
    has_rest = any(row["other"] == REST for row in rows)
    for row in rows:
        if row["presentation"] is not None and (row["other"] == REST) == has_rest:
            name = row["group"] if has_rest else f"{row['group']} – {row['other']}"
            by_measure.setdefault(row["measure"], []).append((name, row))
    more = {"shared_events": "shared events"}
    return [
        spread_panel(MeasureText.of(name), own, columns=_PARTS, plus=True, more=more)
        for name, own in by_measure.items()
    ]


@dataclass(frozen=True, slots=True)
class Phrase:
    """elsewhere: count in other groups. significant: after adjustment. key: of its sentences."""

    text: str
    count: int
    elsewhere: int
    odds: str
    significant: bool
    key: str


@dataclass(slots=True)
class Phrases:
    """of: target → group → phrases. examples: key → unit ids."""

    of: dict[str, dict[str, list[Phrase]]] = field(default_factory=dict)
    examples: dict[str, list[str]] = field(default_factory=dict)


def phrases(rows: Sequence[Row], *, groups: Sequence[str]) -> Phrases:
    """The phrases that set each group apart, first those of units about any target, the most distinctive first."""
    found = Phrases()
    for row in sorted(rows, key=lambda r: (r["target"] != ANY_TARGET, r["target"])):
        if row["group"] not in groups or row["z"] <= 0:
            continue
        own = found.of.setdefault(row["target"], {}).setdefault(row["group"], [])
        if len(own) < MOST_PHRASES:
            key = f"w.{len(found.examples)}"
            found.examples[key] = list(row["examples"])
            odds = f"{signed(row['log_odds'])}{_ends(row)}"
            significant = row["p_adjusted"] < ALPHA
            own.append(Phrase(row["phrase"], row["count"], row["other_count"], odds, significant, key))
    return found


def _ends(row: Row) -> str:
    low, high = row["low"], row["high"]
    return "" if low is None or high is None else f" ({signed(low)} to {signed(high)})"


def audience(rows: Sequence[Row]) -> list[Panel]:
    """One panel per target: stance of the articles beside that of the comments under them."""
    by_target: dict[str, list[tuple[str, Row]]] = {}
    for row in rows:
        shown = {**row, "verdict": _VERDICTS.get(row["verdict"], row["verdict"]), "gap": _gap(row)}
        by_target.setdefault(row["target"], []).append((shown_name(row["group"]), shown))
    more = {
        "gap": "comments minus articles",
        "verdict": "meaning",
        "comments": "comments",
        "threads": "articles with both",
    }
    columns = (("article_net", "articles", "first"), ("comments_net", "comments", "third"))
    return [
        spread_panel(MeasureText(Measure("stance", target, NET)), own, columns=columns, plus=False, more=more)
        for target, own in by_target.items()
    ]


def _gap(row: Row) -> str:
    if row["gap"] is None:
        return "—"
    interval = ""
    if row["gap_low"] is not None:
        interval = f" ({signed(100 * row['gap_low'])} to {signed(100 * row['gap_high'])})"
    return f"{signed(100 * row['gap'])} pts{interval}"


@dataclass(frozen=True, slots=True)
class Time:
    """panels: of everything, then of groups. marks: (number, first day, title, groups) of the events in the charts."""

    panels: Sequence[Panel]
    marks: Sequence[tuple[int, str, str, int]]
    months: int


def time(rows: Sequence[Row], month_events: Sequence[Row], *, groups: Sequence[str]) -> Time:
    """Lines over the months, for series with an interval in MIN_MONTHS months or more; frames for everything only."""
    months = sorted({row["month"] for row in rows})
    marks = _marks(month_events, months)
    series: dict[tuple[str, str], dict[str, Row]] = {}
    for row in rows:
        measure = Measure.parse(row["measure"])
        shown = measure.family != "frame" or row["group"] == ALL
        if row["group"] in groups and not measure.comments and shown:
            series.setdefault((row["group"], row["measure"]), {})[row["month"]] = row
    enough = {at: own for at, own in series.items() if sum(not r["few"] for r in own.values()) >= MIN_MONTHS}
    order = sorted(enough, key=lambda at: (at[0] != ALL, Measure.parse(at[1]).family == "frame"))
    panels = [
        _time_panel(enough[group, name], group, MeasureText.of(name), months, marks)
        for group, name in order[:MOST_LINES]
    ]
    return Time(panels, marks, len(months))


def _marks(month_events: Sequence[Row], months: Sequence[str]) -> list[tuple[int, str, str, int]]:
    widest = sorted((row for row in month_events if row["month"] in months and row["groups"] > 1),
                    key=lambda r: (-r["groups"], -r["texts"], str(r["day"])))[:MOST_MARKS]  # fmt: skip
    chosen = sorted(widest, key=lambda r: str(r["day"]))
    return [(n, str(row["day"]), row["title"], row["groups"]) for n, row in enumerate(chosen, 1)]


def _time_panel(
    own: Mapping[str, Row],
    group: str,
    text: MeasureText,
    months: Sequence[str],
    marks: Sequence[tuple[int, str, str, int]],
) -> Panel:
    points: list[Point | None] = [None] * len(months)
    for i, month in enumerate(months):
        if month in own and not own[month]["few"]:
            row = own[month]
            points[i] = point(text, row["value"], row["low"], row["high"])
    axis = "%" if text.measure.kind == "share" else text.unit
    title = f"{shown_name(group)}: {text.title}" if group != ALL else text.title
    known = [(p, m) for p, m in zip(points, months, strict=True) if p is not None]
    low, high = min(known, key=lambda x: x[0].value), max(known, key=lambda x: x[0].value)
    label = (
        f"Chart over {len(months)} months, {title}: from {low[0].label} in {low[1]} to {high[0].label} in {high[1]}. "
        "The table that follows has all numbers."
    )
    lines_at = [(months.index(day[:7]), str(n)) for n, day, _, _ in marks]
    shape = PART_SHAPES[""]
    series = Series(title, shape.marker, points, shape.filled)
    svg = lines(months, [series], axis=axis, label=label, marks=lines_at)
    return Panel(title, axis, svg, ["value", "articles"], _month_rows(text, own))


def _month_rows(text: MeasureText, own: Mapping[str, Row]) -> list[tuple[str, Any]]:
    rows = []
    for month, row in sorted(own.items()):
        interval = "too few articles" if row["few"] else text.interval(row["low"], row["high"])
        rows.append((month, [Cell(text.number(row["value"]), interval), Cell(f"{row['articles']:,}")]))
    return rows


def corrections(rows: Sequence[Row], *, keys: Keys) -> list[Panel]:
    """One panel per measure with labels by people: the model's own rate beside the corrected one."""
    by_measure: dict[str, list[tuple[str, Row]]] = {}
    for row in rows:
        if row["other"] is None and row["corrected"] is not None and row["group"] in keys.groups:
            shown = {**row, "corrected_low": row["low"], "corrected_high": row["high"]}
            by_measure.setdefault(row["measure"], []).append((shown_name(row["group"]), shown))
    columns = (("naive", "the model’s own", "second"), ("corrected", "corrected", "first"))
    more = {"gold_units": "units labeled by people"}
    return [
        spread_panel(MeasureText.of(name), own, columns=columns, plus=False, more=more)
        for name, own in by_measure.items()
    ]


@dataclass(frozen=True, slots=True)
class Audit:
    """A table of text. note: what it shows."""

    title: str
    note: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]


def audits(tables: Mapping[str, Sequence[Row]], *, noun: str) -> list[Audit]:
    """The leak probe, and the errors by group where people labeled a sample, if these tables have rows."""
    found = []
    if rows := tables.get("leaks"):
        note = (
            f"How often the {noun} of an article can be predicted from what the first column names, by a probe trained on "
            f"articles about other events. Masked: names of outlets and writers, and house phrases, were removed."
        )
        heads = ["predicted from", "text", "correct", "by chance", "articles", "meaning"]
        found.append(Audit(f"Can the {noun} be predicted?", note, heads, [_leak(row) for row in rows]))
    if rows := tables.get("errors"):
        note = (
            "Compared with labels by people: how often the model is wrong, in which direction (above zero: it finds too "
            f"much), and whether the {noun}s differ in that. Where they differ, uncorrected rates are misleading."
        )
        heads = ["measure", noun, "wrong", "too much (+) or too little (−)", "do they differ?", "labels"]
        found.append(
            Audit(f"Does the model err equally on all {noun}s?", note, heads, [_error(row) for row in rows])
        )
    return found


def _leak(row: Row) -> list[str]:
    if row["accuracy"] is None:
        return [row["probed"], row["text"], "—", "—", "—", row["meaning"]]
    interval = "" if row["low"] is None else f" ({100 * row['low']:.0f}–{100 * row['high']:.0f})"
    correct, chance = page_parts.percent(row["accuracy"]), page_parts.percent(row["chance"])
    return [row["probed"], row["text"], correct + interval, chance, f"{row['articles']:,}", row["meaning"]]


def _error(row: Row) -> list[str]:
    text = MeasureText.of(row["measure"])
    wrong = text.size(row["error"]) + _error_interval(row, "error", text.size)
    bias = signed(text.points(row["bias"])) + _error_interval(row, "bias", lambda x: signed(text.points(x)))
    p = f"{p_value(row['p_adjusted'])} after adjustment"
    return [text.title, row["group"], f"{wrong} {text.unit}", bias, p, f"{row['labels']:,}"]


def _error_interval(row: Row, name: str, written: Callable[[float], str]) -> str:
    low, high = row[f"{name}_low"], row[f"{name}_high"]
    return "" if low is None or high is None else f" ({written(low)} to {written(high)})"
