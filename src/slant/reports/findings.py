"""The differences as sentences that claim no more than the intervals allow."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from slant.comparing.measures import NET, NO_CALL, PER_1000_WORDS, REST, Measure
from slant.reports.evidence import Keys
from slant.reports.page_parts import MeasureText, p_value, plural, signed
from slant.reports.panels import shown_name

Row = Mapping[str, Any]
MOST = 8
MOST_NONE = 6
MOST_SUBJECT = 2  # findings of one target or voice, before others have had their turn
# Abstention is about the model, and neutral follows from against and favor.
_UNREPORTED = (NO_CALL, "neutral")
# Measures shown first: one per target, and spans per voice.
_MAIN_PARTS = (NET, PER_1000_WORDS)


@dataclass(frozen=True, slots=True)
class Finding:
    """A significant difference as a sentence. keys: of the sentences behind its two rates."""

    text: str
    keys: str


@dataclass(frozen=True, slots=True)
class Summary:
    """The head of the page. detectable: see `_detectable`. more: number of significant differences not in `found`."""

    first: str
    detectable: Sequence[tuple[str, str, str, str]]
    lead: str
    found: Sequence[Finding]
    more: int
    none: Sequence[str]


def summary(tables: Mapping[str, Sequence[Row]], *, keys: Keys, adjust: str, noun: str) -> Summary:
    """noun: what is compared, such as "outlet". Only differences significant after adjustment are called differences."""
    tested = tables["differences"]
    significant = [row for row in tested if row["significant"]]
    corrected = {(r["group"], r["other"], r["measure"]): r for r in tables.get("corrected", ()) if r["other"]}
    found = [
        Finding(
            sentence(row, corrected.get((row["group"], row["other"], row["measure"]))), keys_of(row, keys)
        )
        for row in _strongest(significant)[:MOST]
    ]
    method = {"bh": "Benjamini–Hochberg", "holm": "Holm"}.get(adjust, adjust)
    return Summary(
        _first(tables["detectable"], len(tested), noun),
        _detectable(tables["detectable"]),
        _lead(len(tested), len(significant), method, noun, _corrected_count(corrected.values())),
        found,
        len(significant) - len(found),
        _none(tables["detectable"], {row["measure"] for row in significant}, noun),
    )


def _strongest(rows: Sequence[Row]) -> list[Row]:
    """One row per pair and subject, by its size over the detectable difference; against all others first."""
    best: dict[tuple[Any, ...], Row] = {}
    for row in rows:
        measure = Measure.parse(row["measure"])
        if measure.part not in _UNREPORTED:
            at = (row["group"], row["other"], _subject(measure))
            if at not in best or strength(row) > strength(best[at]):
                best[at] = row
    ordered = sorted(best.values(), key=lambda row: (row["other"] != REST, -strength(row)))
    taken: dict[tuple[Any, ...], int] = {}
    first: list[Row] = []
    later: list[Row] = []
    for row in ordered:
        subject = _subject(Measure.parse(row["measure"]))
        taken[subject] = taken.get(subject, 0) + 1
        (first if taken[subject] <= MOST_SUBJECT else later).append(row)
    return [*first, *later]


def _subject(measure: Measure) -> tuple[Any, ...]:
    return measure.side, measure.family, measure.subject


def strength(row: Row) -> float:
    return float(abs(row["difference"]) / (row["detectable"] or 1))


def sentence(row: Row, corrected: Row | None = None) -> str:
    """A significant difference in words, with interval and p, and whether it holds after correction."""
    text = MeasureText.of(row["measure"])
    return f"{text.title}: {describe_difference(row)}{_corrected(text, corrected)}"


def describe_difference(row: Row) -> str:
    """Two rates and their difference, in words."""
    text = MeasureText.of(row["measure"])
    size = f"{text.size(abs(row['difference']))} {text.unit} {'more' if row['difference'] > 0 else 'less'}"
    sides = [
        (row["group"], row["value"], row["articles"]),
        (row["other"], row["other_value"], row["other_articles"]),
    ]
    one, two = (
        f"{text.number(value)} in {shown_name(name)} ({articles:,} {plural('article', articles)})"
        for name, value, articles in sides
    )
    return f"{one}, {two}: {size}{_interval(text, row)}; {p_value(row['p_adjusted'])} after adjustment."


def _interval(text: MeasureText, row: Row) -> str:
    if row["low"] is None or row["high"] is None:
        return ""
    low, high = (signed(text.points(row[end])) for end in ("low", "high"))
    return f" (95 % interval {low} to {high})"


def _corrected(text: MeasureText, row: Row | None) -> str:
    if row is None or row["low"] is None:
        return ""
    low, high = (text.points(row[end]) for end in ("low", "high"))
    value = f"{signed(text.points(row['corrected']))} ({signed(low)} to {signed(high)})"
    if low > 0 or high < 0:
        same = (row["corrected"] > 0) == (row["naive"] > 0)
        return f" Corrected for the model’s errors: {value}{'' if same else ', in the other direction'}."
    return f" Corrected for the model’s errors, there may be no difference: {value}."


def keys_of(row: Row, keys: Keys) -> str:
    """Keys of the sentences behind both sides of a difference."""
    measure = Measure.parse(row["measure"])
    sides = [row["group"], *([] if row["other"] == REST else [row["other"]])]
    return " ".join(filter(None, (keys.of(side, measure) for side in sides)))


def _first(rows: Sequence[Row], tests: int, noun: str) -> str:
    """The first sentences of the page: how large a difference must be for this sample to show it."""
    by_family: dict[str, list[tuple[float, str]]] = {}
    for row in rows:
        text = MeasureText.of(row["measure"])
        family = _FAMILIES.get((text.measure.family, text.measure.kind))
        if family and not text.measure.comments and text.measure.part not in _UNREPORTED:
            size = _size(text, row["median"]) if _detects(text, row) else ""
            by_family.setdefault(family, []).append((_known(row["median"]), size))
    if not by_family:
        return f"Nothing was tested: no measure has enough cases in two {noun}s."
    typical = {family: sorted(own)[len(own) // 2][1] for family, own in by_family.items()}
    shown = _or([f"{size} in {family}" for family, size in typical.items() if size])
    hidden = _or([family for family, size in typical.items() if not size])
    between = f"difference between two typical {noun}s"
    if not shown:
        return f"This sample is too small to show any {between} in {hidden}."
    return (
        f"This sample can show a {between} if it is at least {shown}. Smaller differences mostly go unnoticed."
        + (f" In {hidden}, the sample is too small to show any difference." if hidden else "")
        + f" “Can show” means in four of five samples like this one, with all {tests:,} comparisons taken into account."
    )


def _or(parts: Sequence[str]) -> str:
    """ "a", "a or b", "a, b or c"."""
    return " or ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]]))


_FAMILIES = {
    ("stance", "share"): "stance toward a target", ("portrayal", "share"): "portrayal of a target",
    ("loaded", PER_1000_WORDS): "loaded language", ("frame", "share"): "frames",
}  # fmt: skip


def _detects(text: MeasureText, row: Row) -> bool:
    """Whether the detectable difference of a typical pair is one that can occur."""
    return bool(_known(row["median"]) <= text.measure.largest_difference)


def _known(difference: float | None) -> float:
    """Infinity where no difference can be found."""
    return math.inf if difference is None else difference


def _size(text: MeasureText, difference: float | None) -> str:
    if difference is None or difference > text.measure.largest_difference:
        return "none (sample too small)"
    return f"{text.size(difference)} {text.unit}"


def _detectable(rows: Sequence[Row]) -> list[tuple[str, str, str, str]]:
    """(measure, typical pair, best pair, articles for ten points) of the main measures."""
    found = []
    for row in rows:
        text = MeasureText.of(row["measure"])
        if text.measure.part in _MAIN_PARTS:
            articles = f"{row['articles_for_ten']:,}" if row["articles_for_ten"] else "—"
            typical, best = _size(text, row["median"]), _size(text, row["smallest"])
            found.append((text.title, typical, best, articles))
    return found


def _lead(tests: int, significant: int, method: str, noun: str, corrected: str) -> str:
    if not tests:
        return "So nothing can be said about differences."
    if not significant:
        return (
            f"None of the {tests:,} comparisons is significant after adjustment ({method}, 5 %): "
            f"this sample shows no difference between {noun}s."
        )
    return (
        f"{significant:,} of {tests:,} comparisons {'is' if significant == 1 else 'are'} significant after "
        f"adjustment ({method}, 5 %). "
        f"These are differences in the model’s labels, not in what the authors meant.{corrected} The clearest:"
    )


def _corrected_count(corrected: Iterable[Row]) -> str:
    rows = [row for row in corrected if row["corrected"] is not None]
    if not rows:
        return ""
    significant = sum(bool(row.get("significant")) for row in rows)
    return f" After correction for the model’s errors, {significant:,} of {len(rows):,} are significant."


def _none(rows: Sequence[Row], significant: set[str], noun: str) -> list[str]:
    """Sentences on main measures without a significant difference, the most precise first."""
    found = []
    for row in rows:
        text = MeasureText.of(row["measure"])
        if text.measure.part not in _MAIN_PARTS or row["measure"] in significant:
            continue
        could = f"could have detected {_size(text, row['median'])}"
        if not _detects(text, row):
            could = "could not have detected any difference"
        sentence = f"{text.title}: no difference found. Between two typical {noun}s this sample {could}."
        found.append((_known(row["median"]), sentence))
    texts = [text for _, text in sorted(found, key=lambda x: x[0])]
    if len(texts) > MOST_NONE:
        rest = len(texts) - MOST_NONE
        texts = [*texts[:MOST_NONE], f"{rest} more {plural('measure', rest)} without a difference."]
    return texts
