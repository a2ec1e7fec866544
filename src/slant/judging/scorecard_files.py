"""How a figure and a table look in scorecard.md.

The sections of scorecard.md behind its main table; each is "" where there is nothing to show.

reliability.svg: accuracy over confidence, a small panel for each set of stances or replies.

A scorecard as files: scorecard.json to compute with, scorecard.md to read, per_label.csv for sheets, reliability.svg.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from slant.atomic_files import write_text
from slant.judging.figures import SWAPS
from slant.judging.scorecard_records import (
    Calibration,
    Figure,
    Published,
    Result,
    Scorecard,
    Spread,
    read_spread,
)

STAND_IN = "it"
TOPIC = "this"
MASKED_NOTE = (
    f'The model is not told whom or what it is asked about: a mention is replaced in the query by "{STAND_IN}", put behind '
    f'the text (the text itself keeps the mention, unmarked), the name of a topic by "{TOPIC}".'
)
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


def best_published(result: Result) -> str:
    """The highest published figure: on the judged split if there is one, else with the split that it is of."""
    told = [figure for figure in result.published if not figure.masked]
    for figures in ([f for f in told if not f.split], told):
        if figures:
            best = max(figures, key=lambda figure: figure.value)
            return _shown(best)
    return NONE


def published(results: Sequence[Result]) -> str:
    lines = []
    for result in results:
        said = [_system(figure) for figure in result.published]
        said += [f"agreement between people: {result.human}"] if result.human else []
        if said:
            lines.append(f"- **{result.title}**: {'; '.join(said)}")
    if not lines:
        return ""
    return (
        "## Published figures\n\nFrom data/published.toml, by the set's official metric; a star marks what is quoted at "
        "second hand. In parentheses what a figure was measured on where that is not what is judged here.\n\n"
        + "\n".join(lines)
    )


def _system(figure: Published) -> str:
    return f"{figure.system} {_shown(figure)} [{figure.source}]"


def _shown(figure: Published) -> str:
    """ "61.9", with a star if quoted at second hand, and the split if it is another one."""
    split = f" ({figure.split})" if figure.split else ""
    return f"{percent(figure.value)}{'' if figure.confirmed else '*'}{split}"


def ablation(results: Sequence[Result]) -> str:
    rows = []
    for result in results:
        if result.masked is None or result.figure.value is None or result.masked.value is None:
            continue
        others = ", ".join(f"{_shown(f)} ({f.system})" for f in result.published if f.masked)
        lost = result.masked.value - result.figure.value
        rows.append(
            [
                result.title,
                percent(result.figure.value),
                with_interval(result.masked),
                percent(lost, signed=True),
                others or NONE,
            ]
        )
    if not rows:
        return ""
    head = ["set", "with the target", "target masked", "difference", "published, masked"]
    return f"## Ablation: the target masked\n\n{MASKED_NOTE}\n\n{table(head, rows, left=1)}"


def calibration(results: Sequence[Result]) -> str:
    rows = []
    for result in results:
        if (found := result.calibration) is not None:
            rows.append(
                [
                    result.title,
                    f"{found.n:,}",
                    percent(found.ece),
                    percent(found.aurc),
                    percent(found.risk_at(0.8)),
                    percent(found.risk_at(1.0)),
                    percent(found.kept),
                    percent(found.kept_figure),
                ]
            )
    if not rows:
        return ""
    head = ["set", "n", "ECE", "AURC", "risk at 80 %", "risk at 100 %", "kept", "metric on the kept"]
    picture = "\n\n![Reliability diagrams](reliability.svg)" if any(map(in_diagram, results)) else ""
    return (
        "## Calibration\n\nConfidence is the probability of the label given. ECE: expected calibration error, 15 bins. Risk: "
        "share wrong among the most confident 80 % or all of the items; AURC: its mean over every coverage. Kept: share of "
        "the items at or above the abstention threshold that the model carries, and the official metric on these alone. Bins "
        f"and curves are in scorecard.json. All × 100.\n\n{table(head, rows, left=1)}{picture}"
    )


def in_diagram(result: Result) -> bool:
    """Whether the set has a panel in reliability.svg."""
    return result.calibration is not None and result.calibration.task in ("stance", "reply")


def against(scorecard: Scorecard) -> str:
    rows = [
        [
            result.title,
            percent(result.figure.value),
            percent(found.other),
            with_interval(found.difference, signed=True),
            f"{found.p:.4f}",
        ]
        for result in scorecard.results
        if (found := result.against) is not None
    ]
    if not rows:
        return ""
    head = ["set", "this model", "the other", "difference", "p"]
    return (
        f"## Against {scorecard.against}\n\nBoth models on the same items; > 0 is better than the other. Interval: paired "
        f"bootstrap over groups, {scorecard.resamples} resamples. p: two-sided, {SWAPS:,} random swaps of whole groups, not "
        f"corrected for the number of rows.\n\n{table(head, rows, left=1)}"
    )


def seeds(rows: Sequence[Spread]) -> str:
    if not rows:
        return ""
    lines = [
        [r.title, r.metric, f"{percent(r.mean)} ± {percent(r.sd)}", ", ".join(map(percent, r.values))]
        for r in rows
    ]
    head = ["set", "metric", "mean ± sd", "each"]
    return (
        f"## Seeds of the recipe\n\nThe recipe trained with {len(rows[0].values)} seeds: mean and sample standard "
        f"deviation.\n\n{table(head, lines, left=2)}"
    )


COLUMNS = 3
PANEL = 2.7  # inches


def reliability_svg(results: Sequence[Result]) -> str:
    """The picture as SVG, the same for the same figures; "" if no set has a panel.

    Dots are bins of equal width with the number of items beside them, the dashed line is perfect calibration.
    Raises ImportError without matplotlib, which comes with the training install.
    """
    shown = [(result.title, result.calibration) for result in results if in_diagram(result)]
    if not shown:
        return ""
    import matplotlib
    from matplotlib.figure import Figure

    rows = -(-len(shown) // COLUMNS)
    file = io.StringIO()
    with matplotlib.rc_context({"svg.hashsalt": "slant", "svg.fonttype": "none", "font.size": 7}):
        figure = Figure(figsize=(PANEL * min(COLUMNS, len(shown)), PANEL * rows), layout="constrained")
        axes = figure.subplots(rows, min(COLUMNS, len(shown)), squeeze=False).ravel()
        for axis, (title, found) in zip(axes, shown, strict=False):
            if found is not None:
                _panel(axis, title, found)
        for axis in axes[len(shown) :]:
            axis.set_axis_off()
        figure.savefig(file, format="svg", metadata={"Date": None})
    return file.getvalue()


def _panel(axis: Any, title: str, found: Calibration) -> None:
    bins = [b for b in found.bins if b.n]
    axis.plot([0, 1], [0, 1], color="0.5", linestyle="--", linewidth=0.8)
    axis.scatter([b.confidence for b in bins], [b.accuracy for b in bins], s=14, color="black")
    for b in bins:
        axis.annotate(
            f"{b.n:,}", (b.confidence, b.accuracy), xytext=(4, -8), textcoords="offset points", fontsize=6
        )
    axis.set(xlim=(0, 1.1), ylim=(-0.05, 1.05), xlabel="confidence", ylabel="accuracy", aspect="equal")
    axis.set_title(f"{title} (ECE {100 * found.ece:.1f})", fontsize=7)


def write(scorecard: Scorecard, out_dir: Path) -> list[Path]:
    """Writes the files into `out_dir`, each whole or not at all, and returns their paths.

    A seeds.json there (benchmarks/seed_spread.py) is shown in scorecard.md. The picture comes last: it alone needs
    matplotlib, and raises ImportError without it.
    """
    out_dir.mkdir(parents=True, exist_ok=True)
    texts = {
        "scorecard.json": json.dumps(scorecard.to_dict(), ensure_ascii=False, indent=1, allow_nan=False)
        + "\n",
        "scorecard.md": markdown(scorecard, read_spread(out_dir / "seeds.json")),
        "per_label.csv": per_label_csv(scorecard),
    }
    paths = [write_text(out_dir / name, text) for name, text in texts.items()]
    if picture := reliability_svg(scorecard.results):
        paths.append(write_text(out_dir / "reliability.svg", picture))
    return paths


def markdown(scorecard: Scorecard, spreads: Sequence[Spread] = ()) -> str:
    """One table of all sets, what stands behind it, one table of labels per set, the signatures. Figures are × 100."""
    head = [
        "# Scorecard",
        f"Model `{scorecard.model}` (`{scorecard.fingerprint}`), slant {scorecard.version}. Figures are "
        f"× 100, with the 95 % percentile interval from {scorecard.resamples} resamples of whole groups "
        f"(seed {scorecard.seed}).",
    ]
    if scorecard.limit is not None:
        head.append(
            f"**A trial on about {scorecard.limit} examples a set: these are not the official figures.**"
        )
    blocks = [*head, _summary(scorecard.results), _remarks(scorecard.results)]
    blocks += [against(scorecard), seeds(spreads), published(scorecard.results)]
    blocks += [ablation(scorecard.results), calibration(scorecard.results), "## Per label"]
    blocks += [_labels(result) for result in scorecard.results if result.labels]
    signatures = [f"- `{result.signature}`" for result in scorecard.results if result.signature]
    blocks += ["## Signatures", "\n".join(signatures)]
    return "\n\n".join(block for block in blocks if block) + "\n"


def per_label_csv(scorecard: Scorecard) -> str:
    """One row per set and label; figures in [0, 1], empty where undefined."""
    names = [f"{name}{end}" for name in ("precision", "recall", "f1") for end in ("", "_low", "_high")]
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["set", "label", "support", *names])
    for result in scorecard.results:
        for row in result.labels:
            figures = [x for f in (row.precision, row.recall, row.f1) for x in (f.value, f.low, f.high)]
            rounded = ["" if x is None else f"{x:.4f}" for x in figures]
            writer.writerow([result.set, row.label, row.support, *rounded])
    return file.getvalue()


def _summary(results: Sequence[Result]) -> str:
    rows = []
    for i, result in enumerate(results, start=1):
        rival = percent(result.baseline)
        if result.baseline is not None and result.baseline_name != "TF-IDF + SVM":
            rival += f" ({result.baseline_name})"
        mark = f" [{i}]" if result.reason or result.note else ""
        n = f"{result.n:,} / {result.groups:,} {result.group}" if result.n else "0"
        rows.append(
            [
                result.title + mark,
                result.metric,
                with_interval(result.figure),
                n,
                percent(result.floor),
                rival,
                best_published(result),
            ]
        )
    head = ["set", "metric", "value", "n / groups", "majority floor", "TF-IDF + SVM", "published"]
    return table(head, rows, left=2)


def _remarks(results: Sequence[Result]) -> str:
    lines = []
    for i, result in enumerate(results, start=1):
        said = [f"no figure: {result.reason}"] if result.reason else []
        said += [result.note] if result.note else []
        if said:
            lines.append(f"- [{i}] {result.title}: {'; '.join(said)}")
    return "\n".join(lines)


def _labels(result: Result) -> str:
    rows = [
        [row.label, *map(with_interval, (row.precision, row.recall, row.f1)), f"{row.support:,}"]
        for row in result.labels
    ]
    lines = table(["label", "precision", "recall", "F1", "support"], rows, left=1)
    dash = (
        "\n\n— : nothing to divide by (no gold item, or no prediction of this label)."
        if NONE in lines
        else ""
    )
    return f"### {result.title}\n\n{lines}{dash}"
