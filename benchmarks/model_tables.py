"""The tables about the model in README and card, each from the result files that a command makes (fill_figures.py).

A function per block takes the project's files and returns Markdown. Shares are × 100. What has not been measured yet says
so and names the command.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from slant.judging import scorecard_files
from slant.judging.scorecard_files import NONE, percent, table
from slant.judging.scorecard_records import Published, Result, Scorecard, data_of, read, read_spread

# The project's own aims for the model that learns from a teacher, × 100, by each set's official metric; no outside yardstick.
BARS = {
    "newsmtsc/test_rw": 80.0,
    "newsmtsc/test_mt": 77.0,
    "vast/test": 68.0,
    "rumoureval/test": 54.0,
    "ptc/si": 42.0,
    "ptc/tc": 55.0,
    "babe/fold0": 77.7,
    "toxic_spans/test": 66.0,
    "checkthat/dev": 72.0,
    "frac/gold": 50.0,
    "seeds/stance": 60.0,
    "seeds/loaded": 45.0,
}
MOST_ECE = 0.06  # expected calibration error of stance, in [0, 1]: here less is better
ABSTAIN = {
    "named_abstain": "toward a target that the unit names",
    "topic_abstain": "toward a topic that it does not name",
    "article_abstain": "of a comment toward its article",
}


@dataclass(frozen=True, slots=True)
class Files:
    """Where the result files of the checkout `root` are."""

    root: Path

    @property
    def model(self) -> Path:
        return self.root / "model" / "default"

    @property
    def results(self) -> Path:
        return self.root / "benchmarks" / "results"

    @property
    def card(self) -> Scorecard:
        return read(self.model / "scores")

    @property
    def config(self) -> dict[str, Any]:
        """What slant keeps in the model's config.json."""
        kept: dict[str, Any] = read_json(self.model / "config.json")["slant"]
        return kept


def scores(files: Files) -> str:
    """A row per judged set: the shipped model beside its teacher, the published best, and the floors."""
    card, teacher = files.card, _beside(files, "teacher")
    megabytes = (files.model / "onnx" / "model_quantized.onnx").stat().st_size / 1e6
    said = [
        f"Model `{card.fingerprint}`, {files.config['parameters'] / 1e6:.1f} million parameters, {megabytes:.0f} MB "
        "(as much again for OpenVINO)"
    ]
    said += [f"teacher `{teacher.fingerprint}`, not shipped"] if teacher else []
    if topics := _beside(files, "topic_teacher"):
        own = [f"{row.title} {percent(row.figure.value)}" for row in topics.results if not _part(row)]
        said += [f"teacher for topics `{topics.fingerprint}`, not shipped: {', '.join(own)}"]
    return _scores_table("; ".join(said), card, teacher, [row for row in card.results if not _part(row)])


def slices(files: Files) -> str:
    """The same for the parts of the sets."""
    card, teacher = files.card, _beside(files, "teacher")
    rows = [row for row in card.results if _part(row)]
    return _scores_table("Parts of the sets above", card, teacher, rows)


def _scores_table(said: str, card: Scorecard, teacher: Scorecard | None, rows: Sequence[Result]) -> str:
    others = {row.set: row for row in teacher.results} if teacher else {}
    lines, apart = [], []
    for row in rows:
        other = others.get(row.set)
        if other is not None and data_of(other) != data_of(row):
            apart.append(row.title)
            other = None
        figure = row.figure
        cells = [
            row.title,
            row.metric,
            f"**{percent(figure.value)}**" if figure.value is not None else "not judged",
            f"{percent(figure.low)}–{percent(figure.high)}" if figure.low is not None else NONE,
            f"{row.n:,}",
            percent(other.figure.value if other else None),
            percent(row.masked.value if row.masked else None),
            _published(_best(row)),
            percent(row.floor),
            percent(row.baseline),
        ]
        lines.append(cells)
    head = [
        "set",
        "metric",
        "slant (int8)",
        "95 % interval",
        "n",
        "teacher",
        "target masked",
        "best published",
    ]
    notes = [f"{said}; figures × 100."]
    if card.limit is not None:
        notes.insert(0, f"**A trial on about {card.limit} examples a set: not the official figures.**")
    if apart:
        notes.append(f"No teacher's figure where it was judged on other items: {', '.join(apart)}.")
    if any("*" in line[7] for line in lines):
        notes.append("A star: quoted at second hand.")
    if any("(" in line[7] for line in lines):
        notes.append("In parentheses: measured on something else than what is judged here.")
    return f"{' '.join(notes)}\n\n{table([*head, 'majority', 'simple baseline'], lines, left=2)}"


def _best(row: Result) -> Published | None:
    """The highest published figure that was told the target, on the judged split where there is one."""
    told = [figure for figure in row.published if not figure.masked]
    return max([f for f in told if not f.split] or told, key=lambda f: f.value, default=None)


def _published(best: Published | None) -> str:
    if best is None:
        return NONE
    split = f" ({best.split})" if best.split else ""
    return f"{percent(best.value)}{'' if best.confirmed else '*'} {best.system.split(' (')[0]}{split}"


def labels(files: Files) -> str:
    """Every label of every whole set; the parts are in scores/per_label.csv."""
    rows = []
    for result in files.card.results:
        if _part(result):
            continue
        for label in result.labels:
            low, high = percent(label.f1.low), percent(label.f1.high)
            f1 = percent(label.f1.value) + (f" ({low}–{high})" if label.f1.low is not None else "")
            pr = (percent(label.precision.value), percent(label.recall.value))
            rows.append([result.title, label.label, *pr, f1, f"{label.support:,}"])
    return table(["set", "label", "precision", "recall", "F1 (95 % interval)", "support"], rows, left=2)


def calibration(files: Files) -> str:
    """How far the probabilities can be trusted, and what the abstention thresholds of the model withhold."""
    rows = []
    for result in files.card.results:
        if (found := result.calibration) is not None:
            figures = (
                found.ece,
                found.aurc,
                found.risk_at(0.8),
                found.risk_at(1.0),
                found.kept,
                found.kept_figure,
            )
            rows.append([result.title, f"{found.n:,}", *map(percent, figures)])  # fmt: skip
    if not rows:
        return _missing("slant evaluate -o model/default/scores")
    head = ["set", "n", "ECE", "AURC", "risk at 80 %", "risk at 100 %", "kept", "macro-F1 on the kept"]
    text = table(head, rows, left=1)
    decoding = files.config["decoding"]
    if said := [f"{where} {decoding[k]:.3f}" for k, where in ABSTAIN.items() if decoding.get(k)]:
        text += f"\n\nA stance is withheld if its probability is below: {', '.join(said)}."
    elif ABSTAIN.keys() & decoding.keys():
        text += "\n\nThe model carries no abstention threshold above 0: no stance is withheld."
    return text


def agreement(files: Files) -> str:
    """A table per comparison of readings."""
    found = _agreement(files)
    if found is None:
        return _missing("python benchmarks/agreement.py --json benchmarks/results/agreement.json")
    blocks = []
    for title, rows in found.items():
        lines = [[r["what"], r["measure"], _two(r["figure"], interval=True), f"{r['n']:,}"] for r in rows]
        blocks.append(f"**{title}**\n\n{table(['what', 'measure', 'value', 'n'], lines, left=2)}")
    return "\n\n".join(blocks)


def agreement_short(files: Files) -> str:
    """A row per comparison: the figures by which readings are usually compared."""
    found = _agreement(files)
    if found is None:
        return _missing("python benchmarks/agreement.py --json benchmarks/results/agreement.json")
    columns = {
        "stance, targets that both found concerned": "stance, α",
        "loaded spans": "loaded spans, overlap F1",
        "technique of spans that both marked": "their technique, α",
        "main frame": "main frame, α",
        "reply": "reply, α",
    }
    lines = []
    for title, rows in found.items():
        by_what = {row["what"]: row["figure"] for row in rows}
        lines.append([title, *(_two(by_what.get(what)) for what in columns)])
    return table(["compared", *columns.values()], lines, left=1)


def against(files: Files) -> str:
    """The paired test against the model that was shipped before."""
    card = _beside(files, "against_previous")
    command = "slant evaluate --against PREVIOUS_MODEL -o benchmarks/results/against_previous"
    if card is None or card.fingerprint != files.card.fingerprint:
        return _missing(command)
    text = scorecard_files.against(card).partition("\n\n")[2]
    return f"Against {card.against}. {text}" if text else _missing(command)


def bars(files: Files) -> str:
    """The project's aims, what the model reaches, and by how much it falls short."""
    rows = {row.set: row for row in files.card.results}
    lines = []
    for name, bar in BARS.items():
        row = rows.get(name)
        value = row.figure.value if row else None
        shown = percent(value)
        title = f"{row.title}, {row.metric}" if row else name
        if row and value is not None and row.figure.low is not None:
            shown += f" ({percent(row.figure.low)}–{percent(row.figure.high)})"
        if name == "babe/fold0" and (path := files.results / "babe_five_fold.json").exists():
            five = read_json(path)
            mean = _share(five["mean"], path)
            title += f" (five folds of another recipe, benchmarks/babe_five_fold.py: {percent(mean)} ± {percent(five['sd'])})"
        lines.append([title, f"≥ {bar:.1f}", shown, _short(None if value is None else 100 * value - bar)])
    stance = [row for row in rows.values() if row.calibration and row.calibration.task == "stance"]
    public, own = [r for r in stance if r.official], [r for r in stance if not r.official]
    for some, which in ((public, "the largest of the public sets"), (own, "the largest of our own")):
        worst = max(some, key=_ece, default=None)
        value = _ece(worst) if worst else None
        name = f"ECE of stance, {worst.title if worst and len(some) == 1 else which}"
        where = f" ({worst.title})" if worst and len(some) > 1 else ""
        gap = None if value is None else 100 * (MOST_ECE - value)
        lines.append([name, f"≤ {100 * MOST_ECE:.1f}", percent(value) + where, _short(gap)])
    return table(["aim", "bar", "figure", "met?"], lines, left=1)


def _ece(row: Result) -> float:
    return row.calibration.ece if row.calibration else 0.0


def _short(gap: float | None) -> str:
    """gap: figure less bar in points, > 0 is better."""
    if gap is None:
        return "not measured"
    if gap >= 0:
        return "met"
    return f"short by {-gap:.1f}" if gap <= -0.05 else "short by less than 0.1"


def cross_domain(files: Files) -> str:
    """Stance on a set that the model of benchmarks/cross_domain.py never saw."""
    path = files.results / "cross_domain.json"
    if not path.exists():
        return _missing("make folds")
    lines = [
        [f"{r['left_out']} {r['split']}", percent(r["macro_f1"]), f"{r['n']:,}"]
        for r in read_json(path)["results"]
    ]
    return table(["left out, then judged on", "macro-F1", "n"], lines, left=1)


def spread(files: Files) -> str:
    """The recipe trained with several seeds."""
    text = scorecard_files.seeds(read_spread(files.results / "seed_spread.json"))
    return text.partition("\n\n")[2] or _missing("python benchmarks/seed_spread.py SCORECARDS")


def _part(row: Result) -> bool:
    """Whether the row is of a part of a set: vast/test/zero-shot."""
    return row.set.count("/") > 1


def _beside(files: Files, folder: str) -> Scorecard | None:
    path = files.results / folder / "scorecard.json"
    return read(path) if path.exists() else None


def _agreement(files: Files) -> dict[str, list[dict[str, Any]]] | None:
    path = files.results / "agreement.json"
    return read_json(path) if path.exists() else None


def _two(figure: dict[str, float | None] | None, *, interval: bool = False) -> str:
    """ "0.72 [0.60, 0.80]": coefficients of agreement are written as such, not × 100."""
    if figure is None or (value := figure["value"]) is None:
        return NONE
    low, high = figure.get("low"), figure.get("high")
    return f"{value:.2f} [{low:.2f}, {high:.2f}]" if interval and low is not None else f"{value:.2f}"


def _share(value: float, path: Path) -> float:
    if not 0 <= value <= 1:
        raise SystemExit(f"{path}: mean is {value}; a share in [0, 1] expected. Divide by 100 what is × 100.")
    return value


def _missing(command: str) -> str:
    return f"Not measured yet; `{command}` makes the figures."


def read_json(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))
