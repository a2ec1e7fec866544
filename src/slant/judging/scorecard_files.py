"""Write a scorecard as files: scorecard.json for programs, scorecard.md to read, per_label.csv, reliability.svg."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from slant.atomic_files import write_text
from slant.judging.figures import SWAPS
from slant.judging.judged_items import MASKED_MENTION, MASKED_TOPIC
from slant.judging.judged_sets import PHENOMENA
from slant.judging.scorecard_records import (
    Calibration,
    Figure,
    Published,
    Result,
    Scorecard,
    Spread,
    read_spread,
)
from slant.records import STANCES

NONE = "—"
DIAGRAM_COLUMNS = 3
PANEL_INCHES = 2.7


def write(scorecard: Scorecard, out_dir: Path) -> list[Path]:
    """Write the files to `out_dir`, each completely or not at all, and return their paths.

    scorecard.md includes a seeds.json of `out_dir` (benchmarks/seed_spread.py).
    """
    out_dir.mkdir(parents=True, exist_ok=True)
    texts = {
        "scorecard.json": json.dumps(scorecard.to_dict(), ensure_ascii=False, indent=1, allow_nan=False)
        + "\n",
        "scorecard.md": markdown(scorecard, read_spread(out_dir / "seeds.json")),
        "per_label.csv": per_label_csv(scorecard),
    }
    paths = [write_text(out_dir / name, text) for name, text in texts.items()]
    if diagram := reliability_svg(scorecard.results):
        paths.append(write_text(out_dir / "reliability.svg", diagram))
    return paths


# ---- scorecard.md


def markdown(scorecard: Scorecard, spreads: Sequence[Spread] = ()) -> str:
    """Return scorecard.md: a table of all sets, further sections, a table of labels per set, the signatures.

    The phenomena of contrast groups have a table of their own.
    """
    head = [
        "# Scorecard",
        f"Model `{scorecard.model}` (`{scorecard.fingerprint}`), slant {scorecard.version}. Figures are × 100, with 95 % "
        f"percentile bootstrap intervals: {scorecard.resamples} resamples of whole groups, random seed {scorecard.seed}.",
    ]
    if scorecard.limit is not None:
        head.append(
            f"**Trial on about {scorecard.limit} examples per set: these are not the official figures.**"
        )
    rows = [result for result in scorecard.results if not _phenomenon(result)]
    blocks = [*head, _summary(rows), _notes(rows), answers(rows), phenomena(scorecard.results)]
    blocks += [against(scorecard), seeds(spreads), published(rows)]
    blocks += [ablation(rows), calibration(rows), "## Per label"]
    blocks += [_labels(result) for result in rows if result.labels]
    signatures = [f"- `{result.signature}`" for result in scorecard.results if result.signature]
    blocks += ["## Signatures", "\n".join(signatures)]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _summary(results: Sequence[Result]) -> str:
    rows = []
    for i, result in enumerate(results, start=1):
        baseline = percent(result.baseline)
        if result.baseline is not None and result.baseline_name != "TF-IDF + SVM":
            baseline += f" ({result.baseline_name})"
        mark = f" [{i}]" if result.reason or result.note else ""
        n = f"{result.n:,} / {result.groups:,} {result.group}" if result.n else "0"
        rows.append(
            [
                result.title + mark,
                result.metric,
                with_interval(result.figure),
                n,
                percent(result.floor),
                baseline,
                best_published(result),
            ]
        )
    head = ["set", "metric", "value", "n / groups", "majority floor", "TF-IDF + SVM", "published"]
    return table(head, rows, left=2)


def _notes(results: Sequence[Result]) -> str:
    lines = []
    for i, result in enumerate(results, start=1):
        notes = [f"no figure: {result.reason}"] if result.reason else []
        notes += [result.note] if result.note else []
        if notes:
            lines.append(f"- [{i}] {result.title}: {'; '.join(notes)}")
    return "\n".join(lines)


def _labels(result: Result) -> str:
    rows = [
        [row.label, *map(with_interval, (row.precision, row.recall, row.f1)), f"{row.support:,}"]
        for row in result.labels
    ]
    lines = table(["label", "precision", "recall", "F1", "support"], rows, left=1)
    undefined = (
        "\n\n— : undefined (zero denominator: no gold item, or no prediction of this label)."
        if NONE in lines
        else ""
    )
    return f"### {result.title}\n\n{lines}{undefined}"


# ---- sections of scorecard.md; each is "" if it would be empty


def answers(results: Sequence[Result]) -> str:
    """Return the section on the answers that are left if the least confident ones are withheld."""
    if not (lines := answers_table(results)):
        return ""
    return (
        "## Held-out sets: accuracy of the most confident answers\n\nStance on all held-out sets together, each set counting "
        "equally. Coverage: share of the answers that are kept, the most confident ones, from a threshold of the probability "
        f"on. Right: share of these that is right, then of those that say against or favor. Shares are × 100.\n\n{lines}"
    )


def answers_table(results: Sequence[Result]) -> str:
    """Return the table of `answers`; "" if no row has any."""
    rows = [
        [
            percent(row.coverage),
            f"{row.threshold:.3f}",
            with_interval(row.right),
            f"{row.n:,}",
            with_interval(row.sides_right),
            f"{row.n_sides:,}",
        ]
        for result in results
        for row in result.answers
    ]
    head = ["coverage", "threshold", "right", "n", "against or favor right", "n"]
    return table(head, rows, left=0) if rows else ""


def phenomena(results: Sequence[Result]) -> str:
    """Return the section on the phenomena of contrast groups."""
    if not (lines := phenomena_table(results)):
        return ""
    return (
        "## Contrast groups: by phenomenon\n\nStance in held-out contrast groups by the role of the text in its group. "
        "Accuracy and recall of each label (in parentheses: how many targets have it), × 100; unrelated counts as "
        f"neutral.\n\n{lines}"
    )


def phenomena_table(results: Sequence[Result]) -> str:
    """Return the table of `phenomena`, a row per phenomenon; "" if none was judged."""
    rows = []
    for result in results:
        if not _phenomenon(result) or not result.n:
            continue
        recall = {
            label.label: f"{percent(label.recall.value)} ({label.support:,})" for label in result.labels
        }
        name = result.set.removeprefix(f"{PHENOMENA}/")
        shown = (recall.get(label, NONE) for label in STANCES)
        rows.append([name, with_interval(result.figure), f"{result.n:,}", *shown])
    return table(["phenomenon", "accuracy", "n", *STANCES], rows, left=1) if rows else ""


def _phenomenon(result: Result) -> bool:
    return result.set.startswith(f"{PHENOMENA}/")


def against(scorecard: Scorecard) -> str:
    """Return the section on the compared model."""
    rows = [
        [
            result.title,
            percent(result.figure.value),
            percent(paired.other),
            with_interval(paired.difference, signed=True),
            f"{paired.p:.4f}",
        ]
        for result in scorecard.results
        if (paired := result.against) is not None
    ]
    if not rows:
        return ""
    head = ["set", "this model", "the other", "difference", "p"]
    return (
        f"## Against {scorecard.against}\n\nBoth models on the same items; a difference > 0 means that this model is better. "
        f"Interval: paired bootstrap over groups, {scorecard.resamples} resamples. p: two-sided permutation test, {SWAPS:,} "
        f"random swaps of whole groups, not corrected for the number of rows.\n\n{table(head, rows, left=1)}"
    )


def seeds(spreads: Sequence[Spread]) -> str:
    """Return the section on one recipe trained with several random seeds."""
    if not spreads:
        return ""
    rows = [
        [s.title, s.metric, f"{percent(s.mean)} ± {percent(s.sd)}", ", ".join(map(percent, s.values))]
        for s in spreads
    ]
    head = ["set", "metric", "mean ± sd", "each"]
    return (
        f"## Random seeds\n\nThe recipe was trained with {len(spreads[0].values)} random seeds: mean and sample standard "
        f"deviation.\n\n{table(head, rows, left=2)}"
    )


def published(results: Sequence[Result]) -> str:
    """Return the section on published results and agreement between people."""
    lines = []
    for result in results:
        known = [f"{p.system} {_published_value(p)} [{p.source}]" for p in result.published]
        known += [f"agreement between people: {result.human}"] if result.human else []
        if known:
            lines.append(f"- **{result.title}**: {'; '.join(known)}")
    if not lines:
        return ""
    return (
        "## Published figures\n\nFrom data/published.toml, by the official metric of the set. A star marks figures quoted at "
        "second hand. Parentheses name the data of a figure if it differs from the data judged here.\n\n"
        + "\n".join(lines)
    )


def ablation(results: Sequence[Result]) -> str:
    """Return the section on masked targets."""
    rows = []
    for result in results:
        if result.masked is None or result.figure.value is None or result.masked.value is None:
            continue
        others = ", ".join(f"{_published_value(p)} ({p.system})" for p in result.published if p.masked)
        rows.append(
            [
                result.title,
                percent(result.figure.value),
                with_interval(result.masked),
                percent(result.masked.value - result.figure.value, signed=True),
                others or NONE,
            ]
        )
    if not rows:
        return ""
    head = ["set", "with the target", "target masked", "difference", "published, masked"]
    return (
        "## Ablation: the target masked\n\nThe model does not see the target. For a named target, the mention in the query "
        f'is replaced by "{MASKED_MENTION}", appended to the text (the original mention remains in the text, unmarked); a '
        f'topic is replaced by "{MASKED_TOPIC}".\n\n{table(head, rows, left=1)}'
    )


def calibration(results: Sequence[Result]) -> str:
    """Return the section on calibration."""
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
    diagram = "\n\n![Reliability diagrams](reliability.svg)" if any(map(in_diagram, results)) else ""
    return (
        "## Calibration\n\nConfidence is the probability of the predicted label. ECE: expected calibration error, 15 bins. "
        "Risk: share of errors among the most confident 80 % of the items, or among all; AURC: mean risk over all coverages. "
        "Kept: share of the items at or above the model's abstention threshold, and the official metric on them. "
        f"scorecard.json has the bins and curves. All figures × 100.\n\n{table(head, rows, left=1)}{diagram}"
    )


# ---- how figures and tables look


def percent(value: float | None, *, signed: bool = False) -> str:
    """Format 0.7312 as "73.1" (or "+73.1"), and None as a dash."""
    if value is None:
        return NONE
    return f"{100 * value:+.1f}" if signed else f"{100 * value:.1f}"


def with_interval(figure: Figure, *, signed: bool = False) -> str:
    """Format a figure as "73.1 [70.0, 76.2]", without the interval if there is none."""
    shown = percent(figure.value, signed=signed)
    if figure.value is None or figure.low is None:
        return shown
    return f"{shown} [{percent(figure.low, signed=signed)}, {percent(figure.high, signed=signed)}]"


def best_published(result: Result) -> str:
    """Format the best published figure (targets not masked), preferably one on the judged split."""
    unmasked = [p for p in result.published if not p.masked]
    for candidates in ([p for p in unmasked if not p.split], unmasked):
        if candidates:
            return _published_value(max(candidates, key=lambda p: p.value))
    return NONE


def _published_value(figure: Published) -> str:
    """Format a published figure as "61.9", with a star if quoted at second hand, and its split if it is another one."""
    split = f" ({figure.split})" if figure.split else ""
    return f"{percent(figure.value)}{'' if figure.confirmed else '*'}{split}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]], *, left: int) -> str:
    """Format a Markdown table; the first `left` columns are aligned left, the others right."""
    rule = ["---" if i < left else "---:" for i in range(len(head))]
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, rule, *rows))


# ---- per_label.csv


def per_label_csv(scorecard: Scorecard) -> str:
    """Return one row per set and label, with figures in [0, 1]; undefined figures are empty."""
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


# ---- reliability.svg


def in_diagram(result: Result) -> bool:
    """Return whether the set has a panel in reliability.svg."""
    return result.calibration is not None and result.calibration.task in ("stance", "portrayal", "reply")


def reliability_svg(results: Sequence[Result]) -> str:
    """Draw accuracy over confidence, one panel per set of stances or replies; "" if there is no panel.

    Dots are bins of equal width, labeled with their number of items; the dashed line is perfect calibration. Equal figures
    give equal bytes.
    """
    shown = [(result.title, result.calibration) for result in results if in_diagram(result)]
    if not shown:
        return ""
    import matplotlib
    from matplotlib.figure import Figure

    rows = -(-len(shown) // DIAGRAM_COLUMNS)
    columns = min(DIAGRAM_COLUMNS, len(shown))
    file = io.StringIO()
    with matplotlib.rc_context({"svg.hashsalt": "slant", "svg.fonttype": "none", "font.size": 7}):
        figure = Figure(figsize=(PANEL_INCHES * columns, PANEL_INCHES * rows), layout="constrained")
        axes = figure.subplots(rows, columns, squeeze=False).ravel()
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
