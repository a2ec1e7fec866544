"""Tables about the models for README.md, docs/, the model cards and their scores, from result files.

    make figures    rewrite every table of the documents

The documents hold cog blocks (https://cog.readthedocs.io): Python in a comment, and below it the table that it prints.
A test runs `cog --check`, which fails if a table differs from what its result files give. This script, run by itself,
rewrites scores/scorecard.md of every size from scorecard.json. training_figures.py has the tables about what the models were
trained on, tool_figures.py those about splitting, comparing and speed.

Every function takes the files of a checkout, with the model that the tables are about (the default one, unless a document
gives another), and returns Markdown. Shares are × 100. A table whose result file is missing
names the command that makes it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from slant.assets import DEFAULT_MODEL, SIZES
from slant.judging.held_out import NAME as MEAN
from slant.judging.judged_sets import HELD_OUT, choose_sets
from slant.judging.scorecard_files import NONE, answers_table, markdown, percent, phenomena_table, table
from slant.judging.scorecard_records import Published, Result, Scorecard, data_of, read, read_spread
from slant.training.recipe import Recipe, load_recipe, recipe_from


@dataclass(frozen=True, slots=True)
class Files:
    """Where the result files of the checkout `root` are, for the model of one size."""

    root: Path = Path(__file__).resolve().parent.parent
    size: str = DEFAULT_MODEL

    @property
    def model(self) -> Path:
        return self.root / "model" / self.size

    @property
    def results(self) -> Path:
        return self.root / "benchmarks" / "results"

    @property
    def card(self) -> Scorecard:
        return read(self.model / "scores")

    @property
    def config(self) -> dict[str, Any]:
        """The section `slant` of the model's config.json."""
        kept: dict[str, Any] = _json(self.model / "config.json")["slant"]
        return kept

    def result(self, name: str) -> Any:
        """The content of a result file, or None if it is missing."""
        path = self.results / f"{name}.json"
        return _json(path) if path.exists() else None

    def speeds(self) -> list[Any]:
        """The results of benchmarks/throughput.py, one per model."""
        return [_json(path) for path in sorted(self.results.glob("throughput_*.json"))]

    def scorecard(self, folder: str) -> Scorecard | None:
        path = self.results / folder / "scorecard.json"
        return read(path) if path.exists() else None

    def recipes(self) -> list[Recipe]:
        """The recipes that made the model, oldest first: as its folder keeps them, else by name. Empty if one is gone."""
        if (kept := self.model / "recipes.json").exists():
            return [recipe_from(values, where=str(kept)) for values in _json(kept)]
        paths = [
            self.root / "model" / "recipes" / f"{name}.toml" for name in self.config["recipe"].split(", ")
        ]
        return [load_recipe(path) for path in paths] if all(path.exists() for path in paths) else []


HERE = Files()
SMALL, BASE = (Files(size=size) for size in SIZES)


def show(text: str) -> None:
    """Print a table with a blank line on either side, as Markdown needs it."""
    print(f"\n{text}\n")


# ---------------------------------------------------------------------------------------------- the shipped model

# README: the rows of the scorecard that answer "how good is it at …".
TASKS = {
    MEAN: "**stance on sources that were not trained on**",
    "seeds/stance": "stance toward a named party, war news",
    "vast/test": "stance toward a topic, comments",
    "newsmtsc/test_rw": "portrayal of a named party, US politics",
    "ptc/si": "loaded language: where",
    "ptc/tc": "loaded language: which technique",
    "frac/gold": "frames",
    "rumoureval/test": "how a comment replies",
}
# The project's own aims per size, × 100, by each set's official metric. Set before each model was trained.
AIMS = {
    "small": {
        MEAN: 62.9,  # at most eight points behind `base`
        "newsmtsc/test_rw": 80.0,
        "newsmtsc/test_mt": 77.0,
        "vast/test": 68.0,
        "rumoureval/test": 54.0,
        "ptc/si": 42.0,
        "ptc/tc": 55.0,
        "toxic_spans/test": 66.0,
        "babe/fold0": 77.7,
        "checkthat/dev": 72.0,
        "frac/gold": 50.0,
        "seeds/stance": 60.0,
        "seeds/loaded": 45.0,
    },
    "base": {
        MEAN: 58.0,
        "contrast/held_out": 65.0,
        "contrast/sides": 60.0,
        "newsmtsc/test_rw": 81.0,
        "newsmtsc/test_mt": 77.0,
        "vast/test": 75.0,
        "rumoureval/test": 53.4,
        "ptc/si": 44.6,
        "ptc/tc": 55.2,
        "toxic_spans/test": 66.2,
        "babe/fold0": 77.2,
        "checkthat/dev": 73.8,
        "frac/gold": 64.0,
        "seeds/stance": 62.0,
        "seeds/loaded": 58.0,
        "seeds/frames": 40.0,
    },
}
# Aims for the expected calibration error of stance, in [0, 1]; less is better.
MOST_ECE = {"small": 0.06, "base": 0.08}
THRESHOLDS = {
    "stance_abstain": "toward a target",
    "named_abstain": "toward a target that the unit names",
    "topic_abstain": "toward a target that the unit does not name",
    "article_abstain": "of a comment toward its article",
}


def summary(files: Files = HERE) -> str:
    """The rows of TASKS, for readers who do not know the sets."""
    rows = {row.set: row for row in files.card.results}
    lines = [
        [what, row.title, row.metric, f"**{percent(row.figure.value)}**", _range(row), percent(row.floor),
         percent(row.baseline), _published(_best(row))]
        for name, what in TASKS.items() if (row := rows.get(name))
    ]  # fmt: skip
    head = ["task", "tested on", "metric", "slant", "95 % interval", "majority", "simple baseline"]
    return table([*head, "best published"], lines, left=3)


# Rows of the scorecard in the comparison of sizes.
SHOWN_SETS = (MEAN, "seeds/stance", "vast/test", "newsmtsc/test_rw", "ptc/si", "frac/gold", "rumoureval/test")


def sizes(files: Files = HERE) -> str:
    """A row per size that is in the checkout: what it costs and gives. × 100, by each set's official metric."""
    lines, titles = [], {}
    for size in SIZES:
        own = replace(files, size=size)
        if not (own.model / "config.json").exists():
            continue
        by_set = {row.set: row for row in own.card.results}
        titles |= {name: by_set[name].title for name in SHOWN_SETS if name in by_set}
        installed = max(_megabytes(own.model / name) for name in ("openvino", "onnx"))
        speed = next((s for s in files.speeds() if s["model"] == own.card.fingerprint), None)
        rate = speed["sets"]["fa_kes"]["rates"]["slant, 4 targets"]["median"] if speed else None
        lines.append(
            [f"`{size}`{' (default)' if size == DEFAULT_MODEL else ''}", f"{own.config['parameters'] / 1e6:.0f} M",
             f"{installed:.0f} MB", NONE if rate is None else f"{rate:.0f}"]
            + [percent(by_set[name].figure.value) if name in by_set else NONE for name in SHOWN_SETS]
        )  # fmt: skip
    head = ["size", "parameters", "one runtime's file", "paragraphs per second"]
    return table([*head, *(titles.get(name, name) for name in SHOWN_SETS)], lines, left=1)


def main_limit(files: Files = HERE) -> str:
    """The limit that a user has to know before comparing outlets."""
    by_set = {row.set: row for row in files.card.results}
    mean, stance = by_set[MEAN], by_set["seeds/stance"]
    against = next(label for label in stance.labels if label.label == "against")
    return (
        "**The main limit: stance on texts unlike the training texts.** On sources that the model was not trained on, its "
        f"macro-F1 is {percent(mean.figure.value)} on average. On five articles about a war it is "
        f"{percent(stance.figure.value)}, and {percent(against.precision.value)} % of the labels “against” are right there. "
        "Label a sample of your own texts before you compare outlets ([how](docs/labeling.md))."
    )


def scores(files: Files = HERE) -> str:
    """A row per whole set: the shipped model beside its teacher, the best published figure and two baselines."""
    card, teacher = files.card, files.scorecard("teacher")
    kinds = {
        "OpenVINO": _megabytes(files.model / "openvino"),
        "ONNX Runtime": _megabytes(files.model / "onnx"),
    }
    megabytes = " and ".join(f"{size:.0f} MB for {name}" for name, size in kinds.items() if size)
    notes = [
        f"Model `{card.fingerprint}` (`{files.size}`), {files.config['parameters'] / 1e6:.1f} million parameters, {megabytes}"
    ]
    notes += [f"teacher `{teacher.fingerprint}`, not shipped"] if teacher else []
    if topics := files.scorecard("topic_teacher"):
        own = [f"{row.title} {percent(row.figure.value)}" for row in topics.results if not _part(row)]
        notes.append(f"teacher for topics `{topics.fingerprint}`, not shipped: {', '.join(own)}")
    others = {row.set: row for row in teacher.results} if teacher else {}
    lines = []
    for row in card.results:
        if _part(row):
            continue
        other = others.get(row.set)
        same = other is not None and data_of(other) == data_of(row)
        lines.append([
            row.title, row.metric, _value(row), _range(row), f"{row.n:,}",
            percent(other.figure.value if other and same else None),
            percent(row.masked.value if row.masked else None),
            _published(_best(row)), percent(row.floor), percent(row.baseline),
        ])  # fmt: skip
    trial = (
        f"**A trial on about {card.limit} examples a set: not the official figures.** " if card.limit else ""
    )
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
    return f"{trial}{'; '.join(notes)}.\n\n{table([*head, 'majority', 'simple baseline'], lines, left=2)}"


def aims(files: Files = HERE) -> str:
    """A row per whole set with its aim, and rows for the calibration of stance."""
    card, bars, most = files.card, AIMS[files.size], MOST_ECE[files.size]
    lines = []
    for row in card.results:
        if not _part(row):
            bar, value = bars.get(row.set), row.figure.value
            gap = None if bar is None or value is None else 100 * value - bar
            aim = NONE if bar is None else f"≥ {bar:.1f}{_met(gap)}"
            lines.append([row.title, row.metric, _value(row), _range(row), f"{row.n:,}", aim])
    stance = [row for row in card.results if row.calibration and row.calibration.task == "stance"]
    for which, some in (
        ("largest of the public sets", [r for r in stance if r.official]),
        ("largest of the held-out sources", [r for r in stance if r.set.startswith("reading/")]),
        ("seed documents", [r for r in stance if r.set.startswith("seeds/")]),
    ):
        worst = max(some, key=_ece, default=None)
        if worst is not None:
            aim = f"≤ {100 * most:.1f}{_met(100 * (most - _ece(worst)))}"
            lines.append(
                [f"Calibration of stance, {which}", "ECE", f"**{percent(_ece(worst))}**", NONE, NONE, aim]
            )
    return table(["set", "metric", "slant (int8)", "95 % interval", "n", "aim"], lines, left=2)


def five_folds(files: Files = HERE) -> str:
    found = files.result("babe_five_fold")
    if found is None:
        return missing("make folds")
    if not 0 <= found["mean"] <= 1:
        raise SystemExit(f"babe_five_fold.json: mean is {found['mean']}; a share in [0, 1] expected.")
    return (
        f"BABE in five folds with a small recipe of its own (`benchmarks/babe_five_fold.py`): macro-F1 "
        f"{percent(found['mean'])} ± {percent(found['sd'])}."
    )


def abstention(files: Files = HERE) -> str:
    """Which stances the model's thresholds withhold."""
    decoding = files.config["decoding"]
    withheld = [f"{decoding[k]:.3f} {where}" for k, where in THRESHOLDS.items() if decoding.get(k)]
    never = [where for k, where in THRESHOLDS.items() if k in decoding and not decoding[k]]
    text = f"Never withheld (threshold 0): a stance {' and '.join(never)}." if never else ""
    if withheld:
        text += f" Withheld if the likeliest label has a probability below {', or below '.join(withheld)}."
    return text.strip() or "The model has no abstention thresholds."


def held_out(files: Files = HERE) -> str:
    """The stance on each held-out set, and the mean over them."""
    card = files.card
    names = [spec.name for spec in choose_sets([HELD_OUT])]
    rows = [row for name in (*names, MEAN) for row in card.results if row.set == name]
    lines = [
        [row.title, row.metric, _value(row), _range(row), f"{row.n:,} / {row.groups:,} {row.group}", percent(row.floor),
         percent(row.baseline)]
        for row in rows
    ]  # fmt: skip
    if not lines:
        return missing("make scores")
    head = ["set", "metric", "slant (int8)", "95 % interval", "n", "majority", "simple baseline"]
    return table(head, lines, left=2)


def risk_coverage(files: Files = HERE) -> str:
    """What is right on the held-out sets if the least confident stances are withheld."""
    return answers_table(files.card.results) or missing("make scores")


def phenomena(files: Files = HERE) -> str:
    """The stance in contrast groups by phenomenon, and the share of targets whose two sides are both right."""
    card = files.card
    if not (lines := phenomena_table(card.results)):
        return missing("make scores")
    sides = next((row for row in card.results if row.set == "contrast/sides"), None)
    if sides is None:
        return lines
    return (
        f"{lines}\n\nBoth sides' accounts of an event get their right, opposite stances for {percent(sides.figure.value)} % "
        f"({_range(sides)}) of {sides.n:,} targets in {sides.groups:,} groups."
    )


def predictions_read(files: Files = HERE) -> str:
    """What a reading of single stances found."""
    if (found := files.result("predictions_read")) is None or found["model"] != files.config["fingerprint"]:
        return "No predictions of this model have been read yet."
    parts = [part for part in found.values() if isinstance(part, dict)]
    lines = [
        [part["title"], f"{part['n']}", f"{part['right']}", f"{part['arguable']}", f"{part['wrong']}",
         f"{part['withheld']['n']}", "; ".join(f"{kind} {n}" for kind, n in part["kinds"].items())]
        for part in parts
    ]  # fmt: skip
    return table(
        ["texts", "stances", "right", "arguable", "wrong", "withheld", "kinds of errors"], lines, left=1
    )


def per_label(files: Files = HERE) -> str:
    """Every label of every whole set."""
    lines = []
    for result in files.card.results:
        for label in () if _part(result) else result.labels:
            low, high = percent(label.f1.low), percent(label.f1.high)
            f1 = percent(label.f1.value) + (f" ({low}–{high})" if label.f1.low is not None else "")
            figures = (percent(label.precision.value), percent(label.recall.value), f1)
            lines.append([result.title, label.label, *figures, f"{label.support:,}"])
    return table(["set", "label", "precision", "recall", "F1 (95 % interval)", "support"], lines, left=2)


def int8(files: Files = HERE) -> str:
    """Official figures in fp32 and int8, of each runtime, when the model was exported."""
    rows = _json(files.model / "quantisation.json")
    kinds = ["int8", *(["onnx"] if "onnx" in rows[0] else [])]
    lines = [
        [r["set"], r["metric"], percent(r["fp32"])]
        + [cell for kind in kinds for cell in (percent(r[kind]), percent(r[kind] - r["fp32"], signed=True))]
        for r in rows
    ]
    head = ["OpenVINO int8", "change", "ONNX int8", "change"][: 2 * len(kinds)]
    text = table(["set", "metric", "fp32", *head], lines, left=2)
    if (path := files.model / "parity.json").exists():
        near = _json(path)
        r2 = f"OpenVINO {near['r2']:.4f}" + (f", ONNX {near['onnx']['r2']:.4f}" if "onnx" in near else "")
        text += f"\n\nLogits against torch on {near['texts']} real texts, R²: {r2}."
    return text


def errors(files: Files = HERE) -> str:
    """Confusions on the sets whose aim is missed, and the share of errors per part."""
    if (found := files.result("errors")) is None:
        return missing("python benchmarks/labels_check.py errors --json benchmarks/results/errors.json")
    texts = []
    for each in found["sets"]:
        lines = [
            [label, *(f"{n:,}" for n in row)] for label, row in zip(each["labels"], each["said"], strict=True)
        ]
        texts.append(f"**{each['title']}**: gold labels (rows) by predicted labels.")
        texts.append(table(["", *each["labels"]], lines, left=1))
        shares: dict[str, list[str]] = {}
        for part in each["parts"]:
            share = f"{percent(part['wrong'] / part['n'])} % of {part['n']:,}"
            shares.setdefault(part["by"], []).append(f"{part['value']}: {share}")
        texts += [f"Share of errors by *{by}*: {'; '.join(values)}." for by, values in shares.items()]
    return "\n\n".join([*texts, f"Model `{found['model']}`."])


def agreement(files: Files = HERE) -> str:
    """A table per comparison of readings."""
    if (found := files.result("agreement")) is None:
        return missing("python benchmarks/labels_check.py agreement --json benchmarks/results/agreement.json")
    blocks = []
    for title, rows in found.items():
        lines = [[r["what"], r["measure"], _two(r["figure"], interval=True), f"{r['n']:,}"] for r in rows]
        blocks.append(f"**{title}**\n\n{table(['what', 'measure', 'value', 'n'], lines, left=2)}")
    return "\n\n".join(blocks)


def agreement_short(files: Files = HERE) -> str:
    """A row per comparison of readings: the main figures."""
    if (found := files.result("agreement")) is None:
        return missing("python benchmarks/labels_check.py agreement --json benchmarks/results/agreement.json")
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


def cross_domain(files: Files = HERE) -> str:
    """Stance on a set that was not trained on."""
    if (found := files.result("cross_domain")) is None:
        return missing("make folds")
    lines = [
        [f"{r['left_out']} {r['split']}", percent(r["macro_f1"]), f"{r['n']:,}"] for r in found["results"]
    ]
    return table(["not trained on, then tested on", "macro-F1", "n"], lines, left=1)


# ----------------------------------------------------------------------------------------------------- small helpers


def _value(row: Result) -> str:
    return f"**{percent(row.figure.value)}**" if row.figure.value is not None else "not judged"


def _range(row: Result) -> str:
    return f"{percent(row.figure.low)}–{percent(row.figure.high)}" if row.figure.low is not None else NONE


def _part(row: Result) -> bool:
    """Whether the row is a part of a set: vast/test/zero-shot."""
    return row.set.count("/") > 1


def _best(row: Result) -> Published | None:
    """The highest published figure of a system that knew the target, on the judged split if there is one."""
    known = [figure for figure in row.published if not figure.masked]
    return max([f for f in known if not f.split] or known, key=lambda f: f.value, default=None)


def _published(best: Published | None) -> str:
    """ "83.0* RoBERTa (another split)"; the star marks a figure quoted at second hand."""
    if best is None:
        return NONE
    split = f" ({best.split})" if best.split else ""
    return f"{percent(best.value)}{'' if best.confirmed else '*'} {best.system.split(' (')[0]}{split}"


def _ece(row: Result) -> float:
    return row.calibration.ece if row.calibration else 0.0


def _met(gap: float | None) -> str:
    """gap: points above the aim."""
    if gap is None:
        return ", not measured"
    if gap >= 0:
        return ", met"
    return f", short by {-gap:.1f}" if gap <= -0.05 else ", short by less than 0.1"


def _two(figure: dict[str, float | None] | None, *, interval: bool = False) -> str:
    """ "0.72 [0.60, 0.80]": coefficients of agreement are not × 100."""
    if figure is None or (value := figure["value"]) is None:
        return NONE
    low, high = figure.get("low"), figure.get("high")
    return f"{value:.2f} [{low:.2f}, {high:.2f}]" if interval and low is not None else f"{value:.2f}"


def missing(command: str) -> str:
    return f"Not measured yet; `{command}` makes the figures."


def _json(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


def _megabytes(folder: Path) -> float:
    """Size of the files in `folder`, 0 if it is not there."""
    return sum(path.stat().st_size for path in folder.glob("*")) / 1e6


def scorecard_text(files: Files = HERE) -> str:
    """scorecard.md as its scorecard.json and seeds.json give it."""
    folder = files.model / "scores"
    return markdown(read(folder), read_spread(folder / "seeds.json"))


if __name__ == "__main__":
    for own in (SMALL, BASE):
        if (own.model / "scores").exists():
            (own.model / "scores" / "scorecard.md").write_text(scorecard_text(own), "utf-8")
