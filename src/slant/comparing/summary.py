"""What `slant compare` says in the terminal: first what the sample could have shown, then what it did."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from slant.comparing.cells import COMMENTS
from slant.comparing.differences import POWER
from slant.comparing.run import ADJUSTMENTS, Results

SHOWN = 5
UNCORRECTED = (
    "These are rates of the model's own labels. Its errors may differ between outlets: label a sample (slant sample), and "
    "give it as --gold."
)


def detectable(results: Results) -> Iterator[str]:
    """The smallest detectable difference, a line for each family of measures."""
    rows = results.tables["detectable"].to_pylist()
    if not rows:
        return
    yield (
        f"Smallest difference that this sample could have detected ({POWER:.0%} power, p < {rows[0]['level']:.2g}), in the "
        "middle pair of groups:"
    )
    families: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        families.setdefault(_family(row["measure"]), []).append(row)
    for family, own in families.items():
        middle = sorted(own, key=lambda row: row["median"])[len(own) // 2]
        span = f"from {_size(min(r['smallest'] for r in own), family)} to {_size(max(r['largest'] for r in own), family)}"
        yield f"  {family}: {_size(middle['median'], family)} ({span}, over {sum(r['tests'] for r in own):,} tests)"


def findings(results: Results) -> Iterator[str]:
    """How many differences hold, and those with the largest effects among them."""
    table = results.tables["differences"]
    rows = [row for row in table.to_pylist() if row["significant"]]
    if table.num_rows:
        yield (
            f"{len(rows):,} of {table.num_rows:,} differences hold at p < 0.05 after adjustment "
            f"({ADJUSTMENTS[results.options.adjust]}).{' The largest shares apart:' if rows else ''}"
        )
    shares = [row for row in rows if row["effect_kind"] == "cohens_h"]
    for row in sorted(shares, key=lambda row: -abs(row["difference"]))[:SHOWN]:
        low, high = (f"{100 * row[end]:+.0f}" if row[end] is not None else "?" for end in ("low", "high"))
        yield (
            f"  {row['measure']}: {row['group']} {row['value']:.0%}, {row['other']} {row['other_value']:.0%} "
            f"({100 * row['difference']:+.0f} points, {low} to {high})"
        )
    yield from results.notes
    if results.options.gold is None:
        yield UNCORRECTED


def _family(measure: str) -> str:
    plain = measure.removeprefix(COMMENTS)
    kind = plain.partition("/")[0]
    if kind in ("loaded", "technique") and not plain.endswith("/units"):
        kind += " per 1,000 words"
    return ("comments, " if plain != measure else "") + kind


def _size(value: float, family: str) -> str:
    if family.endswith("per 1,000 words"):
        return f"{value:.2g}"
    return f"{100 * value:.0f} points" if value < 1 else "more than 100 points"
