"""Figures in README, docs and model card equal the result files; each table is also made from small invented ones."""

from __future__ import annotations

import importlib
import json
import re
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from slant.judging.agreement import Agreement
from slant.judging.figures import Bin, Coverage
from slant.judging.scorecard_records import (
    Calibration,
    Figure,
    LabelFigures,
    Paired,
    Published,
    Result,
    Scorecard,
)
from slant.training.recipe import load_recipe

ROOT = Path(__file__).resolve().parents[2]
SURE = Calibration(
    "stance", 90, ece=0.051, aurc=0.1, bins=(Bin(0, 1, 90, 0.7, 0.8),),
    coverage=(Coverage(0.8, 0.6, 0.15), Coverage(1.0, 0.3, 0.25)), kept=0.94, kept_figure=0.83,
)  # fmt: skip
FULL = Result(
    "newsmtsc/test_rw", "Streets test", "macro-F1", Figure(0.7996, 0.77, 0.82), 1200, 40, "articles",
    labels=(LabelFigures("against", Figure(0.8), Figure(None), Figure(0.75, 0.7, 0.8), 400),),
    floor=0.18, baseline=0.6, signature="data:aa|n:1200", calibration=SURE, masked=Figure(0.7),
    published=(
        Published("Tram (large)", 0.83, "Rail 2021", confirmed=False),
        Published("Bus", 0.9, "Road 2020", confirmed=True, split="another split"),
        Published("Blind", 0.95, "Road 2020", confirmed=True, masked=True),
    ),
    against=Paired(0.78, Figure(0.0196, 0.001, 0.04), 0.03),
)  # fmt: skip
PART = replace(
    FULL, set="newsmtsc/test_rw/quoted voice", title="Streets test, quoted voice", calibration=None
)
BARE = Result("ptc/si", "Squares dev", "span-overlap F1", Figure(0.431, 0.4, 0.46), 30, 5, "articles")
GONE = Result(
    "vast/test", "Parks", "macro-F1", Figure(None), 0, 0, "posts", reason="/some/where is not there"
)


def write(path: Path, content: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")


def card(
    *results: Result, fingerprint: str = "f1", against: str = "", limit: int | None = None
) -> dict[str, Any]:
    return Scorecard("m", fingerprint, "0.2", 0, 1000, limit, results, against).to_dict()  # fmt: skip


class Project:
    """A checkout with invented result files."""

    def __init__(self, root: Path, model: Any, *others: Any) -> None:
        self.root, self.modules = root, (model, *others)
        self.files = model.Files(root, size="small")
        self.results = root / "benchmarks" / "results"
        self.shipped(FULL, PART, BARE, GONE)
        self.config({"named_abstain": 0.4126, "topic_abstain": 0.0})
        write(root / "model/small/onnx/model_quantized.onnx", "x" * 2_000_000)
        write(root / "model/small/openvino/model.bin", "x" * 3_000_000)
        loss = {"set": "a/b", "metric": "macro-F1", "fp32": 0.5, "int8": 0.495, "onnx": 0.5}
        write(root / "model/small/quantisation.json", [loss])

    def shipped(self, *results: Result, limit: int | None = None) -> None:
        write(self.root / "model/small/scores/scorecard.json", card(*results, limit=limit))

    def config(self, decoding: dict[str, float], recipe: str = "small") -> None:
        kept = {"parameters": 1_500_000, "recipe": recipe, "decoding": decoding}
        write(self.root / "model/small/config.json", {"slant": kept})

    def __call__(self, table: str) -> str:
        module = next(m for m in self.modules if hasattr(m, table))
        text: str = getattr(module, table)(self.files)
        return text


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    names = ("model_figures", "training_figures", "tool_figures")
    return Project(tmp_path, *map(importlib.import_module, names))


def cog(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "cogapp", "-P", "-I", str(ROOT / "benchmarks"), *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def pages() -> list[Path]:
    """The documents that `make figures` fills."""
    patterns = (
        "README.md",
        "docs/*.md",
        "data/README.md",
        "model/*/README.md",
        "model/*/scores/*.md",
    )
    assert f"FIGURES := {' '.join(patterns)}\n" in (ROOT / "Makefile").read_text("utf-8")
    return [path for pattern in patterns for path in sorted(ROOT.glob(pattern))]


@pytest.mark.slow
def test_the_documents_say_what_the_result_files_say() -> None:
    found = cog("--check", "--diff", *pages())
    assert found.returncode == 0, f"run: make figures\n{found.stdout}{found.stderr}"


def test_every_block_has_figures() -> None:
    blocks = [block for path in pages() for block in path.read_text("utf-8").split("[[[cog")[1:]]
    assert len(blocks) > 20
    for block in blocks:
        assert any(c.isdigit() for c in block.partition("]]] -->")[2].partition("<!-- [[[end]]]")[0]), block


@pytest.mark.slow
def test_the_check_fails_for_a_figure_that_was_edited(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    edited = re.sub(r"\*\*\d\d\.\d\*\*", "**12.3**", (ROOT / "README.md").read_text("utf-8"), count=1)
    page.write_text(edited, "utf-8")
    found = cog("--check", "--diff", page)
    assert found.returncode != 0
    assert "12.3" in found.stdout + found.stderr


def test_the_scorecard_to_read_is_that_of_the_scorecard_to_compute_with(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    module = importlib.import_module("model_figures")
    for files in (module.SMALL, module.BASE):
        if files.model.exists():
            text = (files.model / "scores/scorecard.md").read_text("utf-8")
            assert text == module.scorecard_text(files), "run: make figures"


def test_each_card_names_the_encoder_of_the_first_recipe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    module = importlib.import_module("model_figures")
    for files in (module.SMALL, module.BASE):
        if files.model.exists():
            recipe = files.recipes()[0]
            if (path := ROOT / "model/recipes" / f"{recipe.name}.toml").exists():
                recipe = load_recipe(path)  # with the hub id, also if the run had it from a folder
            assert f"\nbase_model: {recipe.encoder}\n" in (files.model / "README.md").read_text("utf-8")


def test_scores_of_whole_sets_with_everything_beside_them(project: Project) -> None:
    teacher = card(replace(FULL, figure=Figure(0.82)), BARE, fingerprint="t1")
    write(project.results / "teacher/scorecard.json", teacher)
    found = project("scores")
    streets = (
        "| Streets test | macro-F1 | **80.0** | 77.0–82.0 | 1,200 | 82.0 | 70.0 | 83.0* Tram | 18.0 | 60.0 |"
    )
    assert streets in found
    assert "| Squares dev | span-overlap F1 | **43.1** | 40.0–46.0 | 30 | 43.1 | — | — | — | — |" in found
    assert "| Parks | macro-F1 | not judged | — | 0 |" in found
    about = "Model `f1` (`small`), 1.5 million parameters, 3 MB for OpenVINO and 2 MB for ONNX Runtime; teacher `t1`"
    assert f"{about}, not shipped" in found
    assert "teacher for topics" not in found
    write(
        project.results / "topic_teacher/scorecard.json",
        card(replace(FULL, figure=Figure(0.83)), fingerprint="t2"),
    )
    assert "teacher for topics `t2`, not shipped: Streets test 83.0." in project("scores")
    assert "quoted voice" not in found
    assert "/some" not in found, "no path of a machine goes into a page"


def test_a_trial_is_called_one(project: Project) -> None:
    project.shipped(FULL, limit=150)
    assert project("scores").startswith("**A trial on about 150 examples a set: not the official figures.**")


def test_agreement_in_full_and_in_short(project: Project) -> None:
    rows = [
        Agreement("stance, targets that both found concerned", "alpha", Figure(0.723, 0.6, 0.8), 1300, 20),
        Agreement("loaded spans", "overlap F1", Figure(None), 0, 0),
    ]
    write(project.results / "agreement.json", {"A and B": [asdict(row) for row in rows]})
    assert "**A and B**\n\n| what |" in project("agreement")
    assert "| alpha | 0.72 [0.60, 0.80] | 1,300 |\n| loaded spans | overlap F1 | — | 0 |" in project(
        "agreement"
    )
    assert project("agreement_short").endswith("| A and B | 0.72 | — | — | — | — |")


def test_node_hours_are_computed_from_the_rate_of_one_node(project: Project) -> None:
    assert project("cluster_cost").startswith("Not measured yet; `")
    row = {"units": 1000, "articles": 80, "rates": {"slant, 4 targets": {"median": 500.0}}}
    node = {"cores": 2, "processor": "an abacus", "runs": 5, "command": "make bench", "sets": {"fa_kes": row}}
    write(project.results / "throughput_small.json", node)
    text = project("cluster_cost")
    assert (
        "One node of 2 cores (an abacus) scores 500 units of FA-KES per second, that is 40.0 articles" in text
    )
    assert "100 million such articles take 694 node-hours, or 1,389 core-hours." in text


def test_memory_and_the_speed_of_a_comparison(project: Project) -> None:
    assert "Not measured yet" in project("memory")
    assert "Not measured yet" in project("compare_speed")
    runs = [
        {"format": "csv", "units": units, "peak_mb": peak, "model": model, "resumed": resumed}
        for units, peak, model, resumed in (
            (10, 40.0, "none", False), (9000, 50.0, "none", False), (10, 99.0, "shipped", False), (10, 98.0, "none", True),
        )
    ]  # fmt: skip
    write(project.results / "memory.json", {"runs": runs})
    assert "| output | 10 units, MB | 9,000 units, MB | ratio |" in project("memory")
    assert "| csv | 40 | 50 | 1.25 |" in project("memory")
    told = {
        "units": 5000,
        "seconds": 61.6,
        "peak_mb": 1260,
        "report_mb": 3.21,
        "machine": "m",
        "cores": 3,
        "python": "3",
    }
    write(project.results / "compare_speed.json", told)
    assert "5,000 scored units" in project("compare_speed")
    assert "62 s, peak memory 1.3 GB, page 3.2 MB (m, 3 cores" in project("compare_speed")


def test_a_teacher_judged_on_other_items_gives_no_figure(project: Project) -> None:
    write(project.results / "teacher/scorecard.json", card(replace(FULL, signature="data:bb|n:1200")))
    assert "| 1,200 | — | 70.0 |" in project("scores")


def test_the_summary_has_the_sets_it_names_and_the_limit_their_figures(project: Project) -> None:
    own = replace(FULL, set="seeds/stance", title="Own", figure=Figure(0.371, 0.3, 0.41))
    project.shipped(FULL, BARE, own, replace(FULL, set="held_out/stance", figure=Figure(0.612, 0.6, 0.65)))
    lines = project("summary").splitlines()
    assert len(lines) == 6, "a row per set that the card has"
    assert "| Own | macro-F1 | **37.1** | 30.0–41.0 | 18.0 | 60.0 | 83.0* Tram |" in lines[3]
    limit = project("main_limit")
    assert "macro-F1 is 61.2 on average. On five articles about a war it is 37.1" in limit
    assert "80.0 % of the labels “against” are right there" in limit


def test_labels_and_int8(project: Project) -> None:
    assert project("per_label").count("against") == 1, "the parts of a set are left out"
    assert "| Streets test | against | 80.0 | — | 75.0 (70.0–80.0) | 400 |" in project("per_label")
    assert "| a/b | macro-F1 | 50.0 | 49.5 | -0.5 | 50.0 |" in project("int8")


def test_which_stances_are_withheld(project: Project) -> None:
    assert project("abstention") == (
        "Never withheld (threshold 0): a stance toward a target that the unit does not name. "
        "Withheld if the likeliest label has a probability below 0.413 toward a target that the unit names."
    )
    project.config({"named_abstain": 0.0, "article_abstain": 0.0})
    assert project("abstention") == (
        "Never withheld (threshold 0): a stance toward a target that the unit names and of a comment toward its article."
    )
    project.config({})
    assert project("abstention") == "The model has no abstention thresholds."


def test_aims_say_by_how_much_they_are_missed(project: Project) -> None:
    own = replace(FULL, set="seeds/stance", title="Own", official=False, calibration=replace(SURE, ece=0.09))
    gone = replace(GONE, title="Parks")
    project.shipped(
        FULL, PART, BARE, own, gone, replace(FULL, set="other/test", title="Other", calibration=None)
    )
    found = project("aims")
    assert (
        "| Streets test | macro-F1 | **80.0** | 77.0–82.0 | 1,200 | ≥ 80.0, short by less than 0.1 |" in found
    )
    assert "| Squares dev | span-overlap F1 | **43.1** | 40.0–46.0 | 30 | ≥ 42.0, met |" in found
    assert "| Parks | macro-F1 | not judged | — | 0 | ≥ 68.0, not measured |" in found
    assert "| Other | macro-F1 | **80.0** | 77.0–82.0 | 1,200 | — |" in found
    assert (
        "| Calibration of stance, largest of the public sets | ECE | **5.1** | — | — | ≤ 6.0, met |" in found
    )
    assert "| Calibration of stance, seed documents | ECE | **9.0** | — | — | ≤ 6.0, short by 3.0 |" in found
    assert "quoted voice" not in found


def test_the_worst_calibrated_public_set_counts(project: Project) -> None:
    project.shipped(FULL, replace(FULL, set="vast/test", title="Parks", calibration=replace(SURE, ece=0.07)))
    assert "largest of the public sets | ECE | **7.0** | — | — | ≤ 6.0, short by 1.0 |" in project("aims")


def test_five_folds_are_shares(project: Project) -> None:
    assert project("five_folds").startswith("Not measured yet; `make folds`")
    write(project.results / "babe_five_fold.json", {"folds": [0.75, 0.77], "mean": 0.76, "sd": 0.014})
    assert project("five_folds").endswith("macro-F1 76.0 ± 1.4.")
    write(project.results / "babe_five_fold.json", {"folds": [75, 77], "mean": 76, "sd": 1.4})
    with pytest.raises(SystemExit, match=r"mean is 76; a share in \[0, 1\] expected"):
        project("five_folds")


REGISTRY = """
[[set]]
name = "babe"
license = "CC BY-NC"
terms = "Ask first."
counts = { all = 3000 }
[[set]]
name = "toxic_spans"
license = "CC0"
counts = { train = 5000 }
"""


def test_training_sets_are_those_of_all_recipes_with_their_terms(project: Project) -> None:
    write(project.root / "model/recipes/small.toml", """
teacher = "runs/t"
train = [{ name = "babe", split = "all", without_fold = 0 }, { name = "slant_domain", split = "fit", repeat = 2 }]
unlabeled = [{ name = "comment_topics", limit = 4000 }]
dev = [{ name = "babe", split = "dev" }]
""")  # fmt: skip
    write(project.root / "model/recipes/further.toml", """
train = [{ name = "babe", split = "all", without_fold = 0 }, { name = "toxic_spans" }]
dev = [{ name = "toxic_spans", split = "trial" }]
""")  # fmt: skip
    write(project.root / "data/domain.jsonl", "{}\n{}\n{}\n")
    write(project.root / "data/registry.toml", REGISTRY)
    project.config({}, recipe="small, further")
    found = project("training_sets")
    assert found.count("| BABE |") == 1, "one row per set"
    assert "| BABE | biased | all, without fold 0 | 3,000 | CC BY-NC. Ask first |" in found
    assert "stance, loaded language, frames (labels by a language model) | train, without the part" in found
    assert "| toxic spans; text with more topics, labeled by a teacher | train | 5,000 | CC0 |" in found
    assert found.endswith("were chosen on: `toxic_spans` trial."), "the last recipe chose"
    project.config({}, recipe="small, gone")
    assert project("training_sets").startswith("The recipes of this model (small, gone) are not kept")


def test_training_sets_are_those_that_the_model_folder_keeps(project: Project) -> None:
    write(project.root / "data/registry.toml", REGISTRY)
    write(project.root / "model/recipes/small.toml", 'train = [{ name = "babe", split = "all" }]\n')
    use = {"name": "toxic_spans", "split": "train"}
    texts = {"teacher": "runs/t", "unlabeled": [{"name": "mixed_texts"}]}
    write(project.root / "model/small/recipes.json", [{"name": "small", "train": [use], **texts}])
    found = project("training_sets")
    assert "| toxic spans | train | 5,000 | CC0 |" in found
    assert "text, labeled by a teacher | train | — | see `data/README.md` |" in found
    assert "BABE" not in found, "the recipe was changed after the run"


def test_sizes_are_compared_by_cost_and_figures(project: Project) -> None:
    small = project("sizes").splitlines()
    assert "| NewsMTSC" not in small[0], "titles are those of the scorecard"
    assert "| held_out/stance | seeds/stance | Parks | Streets test | Squares dev |" in small[0]
    assert small[2].startswith("| `small` | 2 M | 3 MB | — | — | — | — | 80.0 | 43.1 | — |")
    assert len(small) == 3, "base is not there"
    base = project.root / "model/base"
    write(base / "config.json", {"slant": {"parameters": 109e6}})
    write(base / "openvino/model.bin", "x" * 7_000_000)
    write(base / "scores/scorecard.json", card(replace(FULL, figure=Figure(0.82)), fingerprint="f2"))
    row = {"rates": {"slant, 4 targets": {"median": 12.4}}}
    write(project.results / "throughput_base.json", {"model": "f2", "sets": {"fa_kes": row}})
    assert (
        project("sizes")
        .splitlines()[3]
        .startswith("| `base` (default) | 109 M | 7 MB | 12 | — | — | — | 82.0 | — |")
    )


def test_each_recipe_states_its_cost(project: Project) -> None:
    write(project.root / "model/recipes/tiny.toml", "# A tiny model.\n# Cost: a minute.\nepochs = 1\n")
    assert "| `model/recipes/tiny.toml` | A tiny model | a minute |" in project("recipe_costs")
    for path in (ROOT / "model/recipes").glob("*.toml"):
        assert path.read_text("utf-8").splitlines()[1].startswith("# Cost: "), path.name


def test_a_model_for_one_runtime_has_figures_for_that_one(project: Project) -> None:
    loss = {"set": "a/b", "metric": "macro-F1", "fp32": 0.5, "int8": 0.495}
    write(project.root / "model/small/quantisation.json", [loss])
    write(project.root / "model/small/parity.json", {"texts": 3, "r2": 0.999})
    assert "| set | metric | fp32 | OpenVINO int8 | change |\n" in project("int8")
    assert project("int8").endswith("on 3 real texts, R²: OpenVINO 0.9990.")


def test_a_scorecard_of_an_older_slant_fills_what_it_has(project: Project) -> None:
    old = card(FULL, BARE)
    new = ("official", "published", "human", "calibration", "masked", "against")
    old["results"] = [{k: v for k, v in row.items() if k not in new} for row in old["results"]]
    del old["against"]
    write(project.root / "model/small/scores/scorecard.json", old)
    assert "| Streets test | macro-F1 | **80.0** | 77.0–82.0 | 1,200 | — | — | — | 18.0 | 60.0 |" in project(
        "scores"
    )


@pytest.mark.parametrize(
    "table",
    ["agreement", "agreement_short", "errors", "cross_domain", "cold_start", "serve_load", "memory", "throughput",
     "cluster_cost", "voice", "comments", "coverage", "simulation", "compare_checks", "compare_speed", "events",
     "target_suggestions", "html_pages", "planted_losses", "reading_speed"],
)  # fmt: skip
def test_a_table_without_its_result_file_names_the_command_that_makes_it(
    project: Project, table: str
) -> None:
    assert project(table).startswith("Not measured yet; `")
