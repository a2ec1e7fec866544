"""Put the tables of the result files into README.md, the model card and the pages of docs, between their markers.

    python benchmarks/fill_figures.py [--check]

A block is `<!-- figures: NAME -->` … `<!-- end -->`; its content is made anew from the result file. With --check nothing
is written, and the exit code is 1 if a block differs from what its result file says.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import comparison_tables
import model_tables
from model_tables import Files, read_json
from slant.judging.scorecard_files import percent, table
from slant.training.recipe import Recipe, SetUse, load_recipe

ROOT = Path(__file__).resolve().parent.parent
BLOCK = re.compile(r"(<!-- figures: (?P<name>[\w-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def sets(files: Files) -> str:
    """What the recipes that the model names in its config.json learn from, oldest first, with the terms of the registry."""
    names = files.config["recipe"].split(", ")
    recipes = [load_recipe(files.root / "model" / "recipes" / f"{name}.toml") for name in names]
    parts = [_learned(files, recipe) for recipe in recipes]
    if len(parts) > 1:
        parts = [f"Recipe `{name}`:\n\n{part}" for name, part in zip(names, parts, strict=True)]
    dev = ", ".join(f"`{use.name}` {use.split}" for use in recipes[-1].dev)
    chosen = f"Thresholds, class priors and temperatures were chosen on: {dev}."
    return "\n\n".join([*parts, chosen])


def _learned(files: Files, recipe: Recipe) -> str:
    registry = tomllib.loads((files.root / "data" / "registry.toml").read_text("utf-8"))["set"]
    known = {row["name"]: row for row in registry}
    labelled = [_set_row(files, known, use) for use in recipe.train]
    texts = [_set_row(files, known, use)[:4] for use in recipe.unlabelled]
    head = ["set", "part", "size of the whole", "terms as stated", "teaches"]
    blocks = [table(head, labelled, left=5)]
    if texts:
        blocks += ["Texts alone, on which only the teacher has a word:", table(head[:4], texts, left=4)]
    return "\n\n".join(blocks)


def _set_row(files: Files, known: Mapping[str, dict[str, Any]], use: SetUse) -> list[str]:
    part = [PARTS.get(use.split, use.split)]
    part += [f"without fold {use.without_fold}"] if use.without_fold >= 0 else []
    part += [f"{use.repeat} times an epoch"] if use.repeat > 1 else []
    part += [f"at most {use.limit:,}"] if use.limit else []
    name = SOURCES.get(use.name, use.name)
    if name in OWN:
        texts = (files.root / "data" / OWN[name]).read_text("utf-8").count("\n")
        size, terms = f"{texts:,}", "labels Apache-2.0, texts not included"
    else:
        row = known[name]
        counts: dict[str, int] = row["counts"]
        key = (
            use.split
            if use.split in counts
            else next(k for k in counts if k in ("train articles", "articles"))
        )
        size = f"{counts[key]:,}{' articles' if key.endswith('articles') else ''}"
        terms = ". ".join(filter(None, (row["licence"], row.get("terms", "").rstrip("."))))
    taught = TEACHES.get(use.name, "")
    if use.labels:  # what the recipe leaves out of the set's labels, it does not teach
        taught = "; ".join([", ".join(use.labels), *taught.split("; ")[1:]])
    return [TITLES.get(use.name, use.name), ", ".join(part), size, terms, taught]


TITLES = {
    "newsmtsc": "NewsMTSC",
    "vast": "VAST",
    "rumoureval": "RumourEval-2019 A",
    "ptc": "Propaganda Techniques Corpus v2",
    "toxic_spans": "Toxic spans (SemEval-2021 task 5)",
    "babe": "BABE",
    "checkthat": "CheckThat! subjectivity, English",
    "semeval2021": "SemEval-2021 task 6",
    "slant_frames": "slant frames (data/frames.jsonl)",
    "slant_domain": "slant domain set (data/domain.jsonl)",
    "fa_kes": "FA-KES",
    "directed_sentiment": "Directed sentiment",
    "ruwa": "RUWA",
    "vast_topics": "VAST posts, asked about further topics of the split",
    "comment_topics": "Toxic-spans comments, asked about VAST topics",
    "vast_topics_many": "VAST posts, twice, asked about sixteen topics of the split",
    "comment_topics_many": "Toxic-spans comments, asked about eight VAST topics",
}
TEACHES = {
    "newsmtsc": "stance toward a named target",
    "vast": "stance toward a topic that the text does not name",
    "rumoureval": "replies",
    "ptc": "loaded language, techniques",
    "semeval2021": "loaded language, techniques",
    "toxic_spans": "toxic spans",
    "babe": "biased",
    "checkthat": "subjective",
    "slant_frames": "frames; **labels by a language model**",
    "slant_domain": "stance, loaded language, frames; **labels by a language model**",
}
SOURCES = {  # texts of a set under another name
    "vast_topics": "vast", "vast_topics_many": "vast",
    "comment_topics": "toxic_spans", "comment_topics_many": "toxic_spans",
}  # fmt: skip
OWN = {"slant_frames": "frames.jsonl", "slant_domain": "domain.jsonl"}
PARTS = {"fit": "train, less a part for choosing"}


def quantisation(files: Files) -> str:
    rows = [
        [r["set"], r["metric"], percent(r["fp32"])]
        + [cell for kind in ("int8", "onnx") for cell in (percent(r[kind]), percent(r[kind] - r["fp32"], signed=True))]
        for r in read_json(files.model / "quantisation.json")
    ]  # fmt: skip
    head = ["set", "metric", "fp32", "OpenVINO int8", "change", "ONNX int8", "change"]
    text = table(head, rows, left=2)
    if (path := files.model / "parity.json").exists():
        near = read_json(path)
        r2 = f"OpenVINO {near['r2']:.4f}, ONNX {near['onnx']['r2']:.4f}"
        text += f"\n\nLogits against torch on {near['texts']} real texts, R²: {r2}."
    return text


def cold_start(files: Files) -> str:
    row = read_json(files.results / "cold_start.json")
    return (
        f"{row['units']} units, start to exit: {row['median_s']:.2f} s (median of {row['runs']}, "
        f"{row['min_s']:.2f}–{row['max_s']:.2f}), peak memory {row['peak_mb']:.0f} MB, "
        f"imported of torch and transformers: {', '.join(row['imported']) or 'none'} ({row['machine']})."
    )


def memory(files: Files) -> str:
    path = files.results / "memory.json"
    if not path.exists():
        return "Not measured yet; `python benchmarks/memory.py --json benchmarks/results/memory.json` makes the figures."
    found = read_json(path)
    peaks: dict[str, dict[int, float]] = {}
    for run in found["runs"]:
        if not run["resumed"] and run["model"] != "shipped":
            peaks.setdefault(run["format"], {})[run["units"]] = run["peak_mb"]
    rows = [
        [
            ending,
            *(f"{own[units]:.0f}" for units in (min(own), max(own))),
            f"{own[max(own)] / own[min(own)]:.2f}",
        ]
        for ending, own in peaks.items()
    ]
    few, many = (f"{choose(run['units'] for run in found['runs']):,} units, MB" for choose in (min, max))
    return table(["output", few, many, "ratio"], rows, left=1)


def throughput(files: Files) -> str:
    """Units a second of slant and the others, and what share of the machine that is."""
    path = files.results / "throughput.json"
    if not path.exists():
        return "Not measured yet; `make bench` makes the figures."
    found = read_json(path)
    sets = {"ruwa": "RUWA headlines", "fa_kes": "FA-KES units"}
    first = found["sets"]["ruwa"]["rates"]
    rows = [
        [name, *(cell for key in sets for cell in _rate(found["sets"][key]["rates"][name]))] for name in first
    ]
    head = ["units a second", *(cell for title in sets.values() for cell in (title, "times the pipeline"))]
    notes = [
        f"{sets[key]}: {row['units']:,} units of {row['articles']:,} articles, {row['characters']:.0f} characters each, "
        f"padding {percent(row['padding'])} %, "
        f"{row['rates']['slant, 4 targets']['median'] * row['articles'] / row['units']:.1f} articles a second, "
        f"share of the measured int8 peak {percent(row['share_of_peak'].get('int8', 0))} %, "
        f"of the fp32 peak {percent(row['share_of_peak']['fp32'])} %."
        for key, row in found["sets"].items()
    ]
    processes = found.get("processes", {})
    if processes:
        told = "; ".join(
            f"{n}: {p['units_s']:.0f} units/s, {p['peak_mb']:.0f} MB" for n, p in processes.items()
        )
        notes.append(f"Whole processes, start to exit, short units: {told}.")
    used = ", ".join(f"{name} {v}" for name, v in found["versions"].items() if v)
    notes.append(
        f"{found['processor']}, {found['cores']} cores, Python {found['python']}, {used}; model `{found['model']}`; "
        f"median of {found['runs']} paired runs of `{found['command']}`."
    )
    return "\n\n".join([table(head, rows, left=1), *notes])


def _rate(row: dict[str, Any]) -> tuple[str, str]:
    return f"{row['median']:.1f}", f"{row['times']:.2f}"


def voice(files: Files) -> str:
    found = read_json(files.results / "voice.json")["against"]["direct"]
    (p, *_), (r, *_), (f, low, high) = found["precision"], found["recall"], found["f1"]
    return (
        f"Words in direct quotation, against the attributions of PolNeAR dev ({found['articles']} articles): "
        f"precision {p:.1f}, recall {r:.1f}, F1 {f:.1f} ({low:.1f}–{high:.1f}). Indirect speech stays the outlet's voice."
    )


def comments(files: Files) -> str:
    """What the change from article to unmarked comments costs, style by style."""
    found = read_json(files.results / "comment_boundary.json")
    rows = [
        [STYLES.get(style, style), *(percent(row[k]) for k in ("comments_exact", "boundary_exact", "none_found"))]
        for style, row in found["with_comments"].items()
    ]  # fmt: skip
    head = [
        "comments after the article",
        "comments exact (extent, author)",
        "first comment exact",
        "none found",
    ]
    alone = sum(row["documents"] for row in found["without_comments"].values())
    claimed = (
        f"Comments claimed where there are none: {percent(found['false_alarms'])} % of {alone:,} articles."
    )
    return f"{table(head, rows, left=1)}\n\n{claimed}"


STYLES = {
    "authors": "with author lines",
    "gaps": "no authors, extra blank lines",
    "mixed": "some authors missing",
    "first_missing": "first author missing",
    "marker": "after a marker (“12 comments”)",
    "bare": "neither authors nor extra blank lines",
}


def cluster_cost(files: Files) -> str:
    """What one node scores, and what a hundred million articles cost at that rate."""
    path = files.results / "throughput.json"
    if not path.exists():
        return "Not measured yet; `python benchmarks/throughput.py` makes the figures."
    found = read_json(path)
    row = found["sets"]["fa_kes"]
    units = row["rates"]["slant, 4 targets"]["median"]
    articles = units * row["articles"] / row["units"]
    hours = ARTICLES / articles / 3600
    return (
        f"One node of {found['cores']} cores ({found['processor']}) scores {units:,.0f} units of FA-KES, that is "
        f"{articles:,.1f} articles, a second, four targets each (median of {found['runs']} runs of `{found['command']}`). At "
        f"that rate {ARTICLES / 1e6:.0f} million such articles take {hours:,.0f} node-hours, {hours * found['cores']:,.0f} "
        "core-hours."
    )


ARTICLES = 100_000_000
TABLES: dict[str, Callable[[Files], str]] = {
    "scores": model_tables.scores,
    "slices": model_tables.slices,
    "labels": model_tables.labels,
    "quantisation": quantisation,
    "calibration": model_tables.calibration,
    "agreement": model_tables.agreement,
    "agreement-short": model_tables.agreement_short,
    "against": model_tables.against,
    "bars": model_tables.bars,
    "spread": model_tables.spread,
    "cross-domain": model_tables.cross_domain,
    "sets": sets,
    "cold-start": cold_start,
    "throughput": throughput,
    "memory": memory,
    "voice": voice,
    "comments": comments,
    "cluster-cost": cluster_cost,
    "coverage": comparison_tables.coverage,
    "compare-checks": comparison_tables.compare_checks,
    "events": comparison_tables.events,
    "compare-speed": comparison_tables.compare_speed,
    "own-words": comparison_tables.own_words,
    "errors": comparison_tables.errors,
}


def filled(text: str, files: Files) -> str:
    """`text` with every block made anew. Raises SystemExit for a block that nothing fills."""

    def made(block: re.Match[str]) -> str:
        if block["name"] not in TABLES:
            raise SystemExit(f"figures: no block {block['name']!r}; there are: {', '.join(TABLES)}.")
        return f"{block[1]}{TABLES[block['name']](files)}\n{block[3]}"

    return BLOCK.sub(made, text)


def fill(root: Path, *, check: bool) -> list[Path]:
    """The files whose blocks differ from the result files; they are written anew unless `check`."""
    files = Files(root)
    stale = []
    for path in (root / "README.md", files.model / "README.md", *sorted(root.glob("docs/*.md"))):
        text = path.read_text("utf-8")
        new = filled(text, files)
        if new != text:
            stale.append(path)
            if not check:
                path.write_text(new, "utf-8")
    return stale


def main() -> int:
    check = "--check" in sys.argv
    stale = fill(ROOT, check=check)
    for path in stale:
        print(f"{path.relative_to(ROOT)}: {'differs from its result files' if check else 'updated'}")
    return int(check and bool(stale))


if __name__ == "__main__":
    sys.exit(main())
