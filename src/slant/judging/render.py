"""A scorecard as files: scorecard.json to compute with, scorecard.md to read, per_label.csv for sheets, reliability.svg."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Sequence
from pathlib import Path

from slant.judging import sections
from slant.judging.card import Result, Scorecard
from slant.judging.cells import NONE, percent, table, with_interval
from slant.judging.diagram import reliability_svg
from slant.judging.spread import Spread, read_spread


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
    paths = [_write_whole(out_dir / name, text) for name, text in texts.items()]
    if picture := reliability_svg(scorecard.results):
        paths.append(_write_whole(out_dir / "reliability.svg", picture))
    return paths


def markdown(scorecard: Scorecard, seeds: Sequence[Spread] = ()) -> str:
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
    blocks += [sections.against(scorecard), sections.seeds(seeds), sections.published(scorecard.results)]
    blocks += [sections.ablation(scorecard.results), sections.calibration(scorecard.results), "## Per label"]
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
                sections.best_published(result),
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


def _write_whole(path: Path, text: str) -> Path:
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)
    return path
