"""What the page says of events, words, readers and time: tables of the comparison → what the template shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from slant.reports import page_parts
from slant.reports.charts import Point, Series, lines
from slant.reports.evidence import ALL, Keys
from slant.reports.page_parts import Measure, p_value, signed
from slant.reports.panels import MARKS, REST, Cell, Panel, Row, point, shown_name, spread_panel

MOST_EVENTS = 15
MOST_PHRASES = 8
MOST_LINES = 30
FEWEST_MONTHS = 3
ANY_TARGET = "(any)"
_VERDICTS = {
    "follow": "the audience follows", "exceed": "same side, goes further", "fall short": "same side, less far",
    "oppose": "other side", "unclear": "too uncertain to say",
}  # fmt: skip
# Standing of the parts of a difference: name of the column, what it is called, how it is drawn.
_PARTS = (("presentation", "told differently", "first"), ("selection", "other events chosen", "second"),
          ("not_shared", "events only one covers", "third"))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Events:
    """shown: (event, its articles by group). copied: texts that several outlets ran; copies: articles that are such."""

    events: int
    shared: int
    copied: int
    copies: int
    shown: Sequence[tuple[Row, Sequence[Row]]]


def events(tables: Mapping[str, Sequence[Row]]) -> Events | None:
    """None where nothing was grouped."""
    if not (rows := tables.get("events")):
        return None
    articles = tables.get("event_articles", ())
    ran = Counter(row["cluster"] for row in articles if row["ran_in"] > 1)
    by_event: dict[int, list[Row]] = {}
    for row in articles:
        by_event.setdefault(row["event"], []).append(row)
    shown = [
        (row, sorted(by_event.get(row["event"], []), key=lambda r: r["group"])) for row in rows[:MOST_EVENTS]
    ]
    shared = sum(row["shared"] > 1 for row in rows)
    return Events(len(rows), shared, len(ran), ran.total(), shown)


def decomposition(rows: Sequence[Row]) -> list[Panel]:
    """A panel for each measure: what of each group's difference lies in the choice of events, what in the telling."""
    by_measure: dict[str, list[tuple[str, Row]]] = {}
    has_rest = any(row["other"] == REST for row in rows)
    for row in rows:
        if row["presentation"] is not None and (row["other"] == REST) == has_rest:
            name = row["group"] if has_rest else f"{row['group']} – {row['other']}"
            by_measure.setdefault(row["measure"], []).append((name, row))
    more = {"shared_events": "shared events"}
    return [
        spread_panel(Measure.of(name), found, parts=_PARTS, plus=True, more=more)
        for name, found in by_measure.items()
    ]


@dataclass(frozen=True, slots=True)
class Phrase:
    text: str
    count: int
    elsewhere: int
    odds: str
    stands: bool
    key: str


@dataclass(slots=True)
class Phrases:
    """of: target → group → phrases. examples: key → unit ids."""

    of: dict[str, dict[str, list[Phrase]]] = field(default_factory=dict)
    examples: dict[str, list[str]] = field(default_factory=dict)


def phrases(rows: Sequence[Row], *, groups: Sequence[str]) -> Phrases:
    """The phrases that set each group apart, of units about any target first, the most telling first."""
    found = Phrases()
    for row in sorted(rows, key=lambda r: (r["target"] != ANY_TARGET, r["target"])):
        if row["group"] not in groups or row["z"] <= 0:
            continue
        own = found.of.setdefault(row["target"], {}).setdefault(row["group"], [])
        if len(own) < MOST_PHRASES:
            name = f"w.{len(found.examples)}"
            found.examples[name] = list(row["examples"])
            odds = f"{signed(row['log_odds'])}{_ends(row)}"
            own.append(
                Phrase(row["phrase"], row["count"], row["other_count"], odds, row["p_adjusted"] < 0.05, name)
            )
    return found


def _ends(row: Row) -> str:
    low, high = row["low"], row["high"]
    return "" if low is None or high is None else f" ({signed(low)} to {signed(high)})"


def audience(rows: Sequence[Row], *, keys: Keys) -> list[Panel]:
    """A panel for each target: stance of the articles beside that of the comments under them."""
    by_target: dict[str, list[tuple[str, Row]]] = {}
    for row in rows:
        told = {**row, "verdict": _VERDICTS.get(row["verdict"], row["verdict"]), "gap": _gap(row)}
        by_target.setdefault(row["target"], []).append((shown_name(row["group"]), told))
    return [
        spread_panel(
            Measure.of(f"stance/{target}/net"),
            found,
            parts=(("article_net", "articles", "first"), ("comments_net", "comments", "third")),
            plus=False,
            more={
                "gap": "comments less articles",
                "verdict": "so",
                "comments": "comments",
                "threads": "articles with both",
            },
        )
        for target, found in by_target.items()
    ]


def _gap(row: Row) -> str:
    if row["gap"] is None:
        return "—"
    interval = (
        ""
        if row["gap_low"] is None
        else f" ({signed(100 * row['gap_low'])} to {signed(100 * row['gap_high'])})"
    )
    return f"{signed(100 * row['gap'])} pts{interval}"


@dataclass(frozen=True, slots=True)
class Time:
    """panels: of everything, then of groups. marks: (number, first day, title, groups) of the events drawn in."""

    panels: Sequence[Panel]
    marks: Sequence[tuple[int, str, str, int]]
    months: int


def time(rows: Sequence[Row], happened: Sequence[Row], *, groups: Sequence[str]) -> Time:
    """Lines over the months; only series with an interval in at least FEWEST_MONTHS months are drawn."""
    months = sorted({row["month"] for row in rows})
    marks = _marks(happened, months)
    series: dict[tuple[str, str], dict[str, Row]] = {}
    for row in rows:
        measure = Measure.of(row["measure"])
        if (
            row["group"] in groups
            and not measure.comments
            and (measure.family != "frame" or row["group"] == ALL)
        ):
            series.setdefault((row["group"], row["measure"]), {})[row["month"]] = row
    enough = {
        at: own for at, own in series.items() if sum(not r["few"] for r in own.values()) >= FEWEST_MONTHS
    }
    order = sorted(enough, key=lambda at: (at[0] != ALL, Measure.of(at[1]).family == "frame"))
    drawn = [_over_time(enough[at], *at, months, marks) for at in order[:MOST_LINES]]
    return Time(drawn, marks, len(months))


def _marks(happened: Sequence[Row], months: Sequence[str]) -> list[tuple[int, str, str, int]]:
    widest = sorted((row for row in happened if row["month"] in months and row["groups"] > 1),
                    key=lambda r: (-r["groups"], -r["texts"], str(r["day"])))[:5]  # fmt: skip
    chosen = sorted(widest, key=lambda r: str(r["day"]))
    return [(n, str(row["day"]), row["title"], row["groups"]) for n, row in enumerate(chosen, 1)]


def _over_time(
    own: Mapping[str, Row],
    group: str,
    name: str,
    months: Sequence[str],
    marks: Sequence[tuple[int, str, str, int]],
) -> Panel:
    measure = Measure.of(name)
    points: list[Point | None] = [None] * len(months)
    for i, month in enumerate(months):
        if month in own and not own[month]["few"]:
            row = own[month]
            points[i] = point(measure, row["value"], row["low"], row["high"])
    axis = "per 1,000 words" if measure.kind == "density" else "points" if measure.kind == "net" else "%"
    title = f"{shown_name(group)}: {measure.title}" if group != ALL else measure.title
    there = [(p, m) for p, m in zip(points, months, strict=True) if p is not None]
    low, high = min(there, key=lambda x: x[0].value), max(there, key=lambda x: x[0].value)
    label = (
        f"Chart over {len(months)} months, {title}: from {low[0].label} in {low[1]} to {high[0].label} in {high[1]}. "
        "The table that follows has all numbers."
    )
    lines_at = [(months.index(day[:7]), str(n)) for n, day, _, _ in marks]
    marker, filled, _ = MARKS[""]
    svg = lines(months, [Series(title, marker, points, filled)], axis=axis, label=label, marks=lines_at)
    return Panel(title, axis, svg, ["value", "articles"], _month_rows(measure, own))


def _month_rows(measure: Measure, own: Mapping[str, Row]) -> list[tuple[str, Any]]:
    return [
        (
            month,
            [
                Cell(
                    measure.number(row["value"]),
                    "too few articles" if row["few"] else measure.interval(row["low"], row["high"]),
                ),
                Cell(f"{row['articles']:,}"),
            ],
        )
        for month, row in sorted(own.items())
    ]


def corrections(rows: Sequence[Row], *, keys: Keys) -> list[Panel]:
    """A panel for each measure with labels of people: the model's own rate beside the corrected one."""
    by_measure: dict[str, list[tuple[str, Row]]] = {}
    for row in rows:
        if row["other"] is None and row["corrected"] is not None and row["group"] in keys.groups:
            told = {**row, "corrected_low": row["low"], "corrected_high": row["high"]}
            by_measure.setdefault(row["measure"], []).append((shown_name(row["group"]), told))
    parts = (("naive", "the model’s own", "second"), ("corrected", "corrected", "first"))
    more = {"gold_units": "units labelled by people"}
    return [
        spread_panel(Measure.of(name), found, parts=parts, plus=False, more=more)
        for name, found in by_measure.items()
    ]


@dataclass(frozen=True, slots=True)
class Audit:
    """A table for the eye, of text alone. note: what it asks."""

    title: str
    note: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]


def audits(tables: Mapping[str, Sequence[Row]], *, noun: str) -> list[Audit]:
    """The leak probe, and the errors of each group where people labelled a sample; what there is of them."""
    found = []
    if rows := tables.get("leaks"):
        note = (
            f"How often the {noun} of an article is told from what stands in the first column, by a probe that learned it "
            "from articles on other events. Masked: names of outlets, writers and house phrases taken out."
        )
        heads = ["told from", "text", "right", "by chance", "articles", "so"]
        found.append(Audit(f"Can the {noun} be told?", note, heads, [_leak(row) for row in rows]))
    if rows := tables.get("errors"):
        note = (
            f"Against labels of people: how often the model is wrong, which way (above zero: it sees too much of it), and "
            f"whether the {noun}s differ in that. Where they do, rates that were not corrected mislead."
        )
        heads = ["measure", noun, "wrong", "too much (+) or too little (−)", "do they differ?", "labels"]
        found.append(
            Audit(f"Does the model err alike on all {noun}s?", note, heads, [_error(row) for row in rows])
        )
    return found


def _leak(row: Row) -> list[str]:
    if row["accuracy"] is None:
        return [row["probed"], row["text"], "—", "—", "—", row["meaning"]]
    interval = "" if row["low"] is None else f" ({100 * row['low']:.0f}–{100 * row['high']:.0f})"
    right, chance = page_parts.percent(row["accuracy"]), page_parts.percent(row["chance"])
    return [row["probed"], row["text"], right + interval, chance, f"{row['articles']:,}", row["meaning"]]


def _error(row: Row) -> list[str]:
    measure = Measure.of(row["measure"])
    wrong, bias = (
        measure.size(row["error"]) + _scaled_ends(measure, row, "error"),
        signed(measure.scaled(row["bias"])) + _scaled_ends(measure, row, "bias"),
    )
    p = f"{p_value(row['p_adjusted'])} after adjustment"
    return [measure.title, row["group"], f"{wrong} {measure.unit}", bias, p, f"{row['labels']:,}"]


def _scaled_ends(measure: Measure, row: Row, name: str) -> str:
    low, high = row[f"{name}_low"], row[f"{name}_high"]
    if low is None or high is None:
        return ""
    if name == "bias":
        return f" ({signed(measure.scaled(low))} to {signed(measure.scaled(high))})"
    return f" ({measure.size(low)} to {measure.size(high)})"
