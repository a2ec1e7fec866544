"""The differences as sentences that claim no more than the intervals allow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from slant.reports import page_parts
from slant.reports.evidence import Keys
from slant.reports.page_parts import Measure, p_value, signed
from slant.reports.panels import REST, shown_name

Row = Mapping[str, Any]
MOST = 8
MOST_NONE = 6
MOST_SUBJECT = 2  # of one target or voice, before others have had their turn
# What the model abstains on says something of the model; what is neutral is told by the other two.
_UNTOLD = ("no_call", "neutral")


@dataclass(frozen=True, slots=True)
class Finding:
    """A difference that stands, as a sentence. keys: of the sentences behind its two rates."""

    text: str
    keys: str


@dataclass(frozen=True, slots=True)
class Summary:
    """What heads the page. detectable: rows of a small table, see `_detectable`."""

    first: str
    detectable: Sequence[tuple[str, str, str, str]]
    lead: str
    found: Sequence[Finding]
    further: int
    none: Sequence[str]


def summary(tables: Mapping[str, Sequence[Row]], *, keys: Keys, adjust: str, noun: str) -> Summary:
    """noun: what is compared, such as "outlet". Only differences that are significant after "
    "adjustment are called so."""
    tested = tables["differences"]
    standing = [row for row in tested if row["significant"]]
    chosen = _strongest(standing)
    corrected = {(r["group"], r["other"], r["measure"]): r for r in tables.get("corrected", ()) if r["other"]}
    found = [
        Finding(sentence(row, corrected.get((row["group"], row["other"], row["measure"]))), _keys(row, keys))
        for row in chosen[:MOST]
    ]
    how = {"bh": "Benjamini–Hochberg", "holm": "Holm"}.get(adjust, adjust)
    return Summary(
        _first(tables["detectable"], len(tested), noun),
        _detectable(tables["detectable"]),
        _lead(len(tested), len(standing), how, noun, _also(corrected.values())),
        found,
        len(standing) - len(found),
        _none(tables["detectable"], {row["measure"] for row in standing}, noun),
    )


def _strongest(rows: Sequence[Row]) -> list[Row]:
    """One for each pair and subject, by how far it stands above what could have been detected; "
    "against all others first."""
    best: dict[tuple[Any, ...], Row] = {}
    for row in rows:
        measure = Measure.of(row["measure"])
        if measure.part in _UNTOLD:
            continue
        at = (row["group"], row["other"], measure.comments, measure.family, measure.subject)
        if at not in best or _strength(row) > _strength(best[at]):
            best[at] = row
    ordered = sorted(best.values(), key=lambda row: (row["other"] != REST, -_strength(row)))
    told: dict[tuple[Any, ...], int] = {}
    first: list[Row] = []
    later: list[Row] = []
    for row in ordered:
        measure = Measure.of(row["measure"])
        subject = (measure.comments, measure.family, measure.subject)
        told[subject] = told.get(subject, 0) + 1
        (first if told[subject] <= MOST_SUBJECT else later).append(row)
    return [*first, *later]


def _strength(row: Row) -> float:
    return float(abs(row["difference"]) / (row["detectable"] or 1))


def sentence(row: Row, corrected: Row | None = None) -> str:
    """A standing difference in words, with interval and p, and whether it holds after "
    "correction where that was done."""
    measure = Measure.of(row["measure"])
    return f"{measure.title}: {difference(row)}{_corrected(measure, corrected)}"


def difference(row: Row) -> str:
    """Two rates and what lies between them, in words."""
    measure = Measure.of(row["measure"])
    size = (
        f"{measure.size(abs(row['difference']))} {measure.unit} {'more' if row['difference'] > 0 else 'less'}"
    )
    sides = [
        (row["group"], row["value"], row["articles"]),
        (row["other"], row["other_value"], row["other_articles"]),
    ]
    one, two = (
        f"{measure.number(value)} in {shown_name(name)} ({articles:,} {page_parts.plural('article', articles)})"
        for name, value, articles in sides
    )
    return f"{one}, {two}: {size}{_interval(measure, row)}; {p_value(row['p_adjusted'])} after adjustment."


def _interval(measure: Measure, row: Row) -> str:
    if row["low"] is None or row["high"] is None:
        return ""
    low, high = (signed(measure.scaled(row[end])) for end in ("low", "high"))
    return f" (95 % interval {low} to {high})"


def _corrected(measure: Measure, row: Row | None) -> str:
    if row is None or row["low"] is None:
        return ""
    low, high = (measure.scaled(row[end]) for end in ("low", "high"))
    at = f"{signed(measure.scaled(row['corrected']))} ({signed(low)} to {signed(high)})"
    if low > 0 or high < 0:
        same = (row["corrected"] > 0) == (row["naive"] > 0)
        return f" Corrected for the model’s errors: {at}{'' if same else ', the other way round'}."
    return f" Corrected for the model’s errors it may be nothing: {at}."


def _keys(row: Row, keys: Keys) -> str:
    sides = [row["group"], *([] if row["other"] == REST else [row["other"]])]
    return " ".join(filter(None, (keys.of(side, row["measure"]) for side in sides)))


def _first(rows: Sequence[Row], tests: int, noun: str) -> str:
    found: dict[str, list[tuple[float, str]]] = {}
    for row in rows:
        measure = Measure.of(row["measure"])
        if (
            (what := _FAMILIES.get((measure.family, measure.kind)))
            and not measure.comments
            and measure.part not in _UNTOLD
        ):
            found.setdefault(what, []).append((row["median"], _size(measure, row["median"])))
    if not found:
        return f"Nothing was tested: no measure has enough cases in two {noun}s."
    sizes = "; ".join(f"{what}: {sorted(own)[len(own) // 2][1]}" for what, own in found.items())
    return (
        f"How far apart two typical {noun}s must truly be for four of five samples like this one to show it: {sizes}. "
        f"Smaller differences mostly go unseen. This counts in that {tests:,} comparisons were made at once."
    )


_FAMILIES = {
    ("stance", "share"): "stance toward a target", ("loaded", "density"): "loaded language", ("frame", "share"): "frames",
}  # fmt: skip


def _size(measure: Measure, difference: float) -> str:
    """A detectable difference; a share cannot differ by more than all of it."""
    if measure.kind != "density" and difference > measure.most:
        return "more than there can be"
    return f"{measure.size(difference)} {measure.unit}"


def _detectable(rows: Sequence[Row]) -> list[tuple[str, str, str, str]]:
    """(measure, typical pair, best pair, articles for ten points) of the measures that a reader asks for first."""
    found = []
    for row in rows:
        measure = Measure.of(row["measure"])
        if measure.part in ("net", "per_1000_words"):
            sizes = (_size(measure, row[name]) for name in ("median", "smallest"))
            articles = f"{row['articles_for_ten']:,}" if row["articles_for_ten"] else "—"
            found.append((measure.title, *sizes, articles))
    return found  # type: ignore[return-value]  # a pair of sizes, always


def _lead(tests: int, standing: int, how: str, noun: str, also: str) -> str:
    if not tests:
        return "So nothing can be said of differences."
    if not standing:
        return (
            f"None of the {tests:,} comparisons stands after adjustment ({how}, 5 %): "
            f"no difference between {noun}s that this sample could tell."
        )
    return (
        f"{standing:,} of {tests:,} comparisons {'stands' if standing == 1 else 'stand'} after "
        f"adjustment ({how}, 5 %). "
        f"These are differences in what the model tagged, not in what the authors meant.{also} The clearest of them:"
    )


def _also(corrected: Iterable[Row]) -> str:
    rows = [row for row in corrected if row["corrected"] is not None]
    if not rows:
        return ""
    standing = sum(bool(row.get("significant")) for row in rows)
    return f" Corrected for the model’s errors, {standing:,} of {len(rows):,} stand."


def _none(rows: Sequence[Row], standing: set[str], noun: str) -> list[str]:
    quiet = []
    for row in rows:
        measure = Measure.of(row["measure"])
        if measure.part not in ("net", "per_1000_words") or row["measure"] in standing:
            continue
        size = _size(measure, row["median"])
        could = f"between two typical {noun}s it could have detected {size}."
        if measure.kind != "density" and row["median"] > measure.most:
            could = f"between two typical {noun}s it could not have detected any."
        quiet.append((row["median"], f"{measure.title}: no difference that this sample could tell; {could}"))
    told = [text for _, text in sorted(quiet, key=lambda x: x[0])]
    if len(told) > MOST_NONE:
        rest = len(told) - MOST_NONE
        told = [
            *told[:MOST_NONE],
            f"{rest} further {page_parts.plural('measure', rest)} without a difference that could be told.",
        ]
    return told
