"""Put the tables of the result files into README.md and the model card, between their markers.

    python benchmarks/fill_figures.py [--check]

A block is `<!-- figures: NAME -->` … `<!-- end -->`; its content is made anew from the result file. With --check nothing
is written, and the exit code is 1 if a block differs from what its result file says.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
MODEL = ROOT / "model" / "default"
RESULTS = ROOT / "benchmarks" / "results"
FILES = (ROOT / "README.md", MODEL / "README.md")
BLOCK = re.compile(r"(<!-- figures: (?P<name>[\w-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def scores() -> str:
    """One line per judged set: the shipped model, its interval, and the floors beside it."""
    card = _read(MODEL / "scores" / "scorecard.json")
    parameters = _read(MODEL / "config.json")["slant"]["parameters"] / 1e6
    megabytes = (MODEL / "onnx" / "model_quantized.onnx").stat().st_size / 1e6
    lines = [
        f"Model `{card['fingerprint']}`, {parameters:.1f} million parameters, {megabytes:.0f} MB; figures × 100.\n",
        "| set | metric | slant (int8) | 95 % interval | n | majority | simple baseline |",
        "|---|---|--:|:-:|--:|--:|--:|",
    ]
    for row in card["results"]:
        figure = row["figure"]
        if figure["value"] is None:
            lines.append(f"| {row['title']} | {row['metric']} | — | {row['reason']} | {row['n']:,} | | |")
            continue
        interval = f"{_points(figure['low'])}–{_points(figure['high'])}"
        lines.append(
            f"| {row['title']} | {row['metric']} | **{_points(figure['value'])}** | {interval} | {row['n']:,} "
            f"| {_points(row['floor'])} | {_points(row['baseline'])} |"
        )
    return "\n".join(lines)


def labels() -> str:
    """Precision, recall, F1 and support of every label of every judged set."""
    card = _read(MODEL / "scores" / "scorecard.json")
    lines = ["| set | label | precision | recall | F1 | support |", "|---|---|--:|--:|--:|--:|"]
    for row in card["results"]:
        for label in row["labels"]:
            p, r, f = (_points(label[k]["value"]) for k in ("precision", "recall", "f1"))
            lines.append(f"| {row['title']} | {label['label']} | {p} | {r} | {f} | {label['support']:,} |")
    return "\n".join(lines)


def quantisation() -> str:
    lines = ["| set | metric | fp32 | int8 | change |", "|---|---|--:|--:|--:|"]
    for row in _read(MODEL / "quantisation.json"):
        change = 100 * (row["int8"] - row["fp32"])
        lines.append(
            f"| {row['set']} | {row['metric']} | {_points(row['fp32'])} | {_points(row['int8'])} | {change:+.1f} |"
        )
    return "\n".join(lines)


def cold_start() -> str:
    row = _read(RESULTS / "cold_start.json")
    return (
        f"{row['units']} units, start to exit: {row['median_s']:.2f} s (median of {row['runs']}, "
        f"{row['min_s']:.2f}–{row['max_s']:.2f}), peak memory {row['peak_mb']:.0f} MB, "
        f"imported of torch and transformers: {', '.join(row['imported']) or 'none'} ({row['machine']})."
    )


def voice() -> str:
    found = _read(RESULTS / "voice.json")["against"]["direct"]
    (p, *_), (r, *_), (f, low, high) = found["precision"], found["recall"], found["f1"]
    return (
        f"Words in direct quotation, against the attributions of PolNeAR dev ({found['articles']} articles): "
        f"precision {p:.1f}, recall {r:.1f}, F1 {f:.1f} ({low:.1f}–{high:.1f}). Indirect speech stays the outlet's voice."
    )


def comments() -> str:
    """What the change from article to unmarked comments costs, style by style."""
    found = _read(RESULTS / "comment_boundary.json")
    lines = [
        "| comments after the article | comments exact (extent, author) | first comment exact | none found |",
        "|---|--:|--:|--:|",
    ]
    for style, row in found["with_comments"].items():
        name = STYLES.get(style, style)
        figures = (_points(row[k]) for k in ("comments_exact", "boundary_exact", "none_found"))
        lines.append(f"| {name} | {' | '.join(figures)} |")
    alone = sum(row["documents"] for row in found["without_comments"].values())
    lines.append(
        f"\nComments claimed where there are none: {_points(found['false_alarms'])} % of {alone:,} articles."
    )
    return "\n".join(lines)


STYLES = {
    "authors": "with author lines",
    "gaps": "no authors, extra blank lines",
    "mixed": "some authors missing",
    "first_missing": "first author missing",
    "marker": "after a marker (“12 comments”)",
    "bare": "neither authors nor extra blank lines",
}


def _read(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


def _points(value: float | None) -> str:
    return "—" if value is None else f"{100 * value:.1f}"


TABLES: dict[str, Callable[[], str]] = {
    "scores": scores,
    "labels": labels,
    "quantisation": quantisation,
    "cold-start": cold_start,
    "voice": voice,
    "comments": comments,
}


def filled(text: str) -> str:
    return BLOCK.sub(lambda m: f"{m[1]}{TABLES[m['name']]()}\n{m[3]}", text)


def main() -> int:
    stale = []
    for path in FILES:
        text = path.read_text("utf-8")
        new = filled(text)
        if new != text:
            stale.append(path)
            if "--check" not in sys.argv:
                path.write_text(new, "utf-8")
    for path in stale:
        print(
            f"{path.relative_to(ROOT)}: {'differs from its result files' if '--check' in sys.argv else 'updated'}"
        )
    return int(bool(stale) and "--check" in sys.argv)


if __name__ == "__main__":
    sys.exit(main())
