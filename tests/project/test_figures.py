"""Figures in README and in the model card are those of the result files; each table from small invented ones."""

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
    Spread,
    write_spread,
)
from slant.training.recipe import load_recipe

ROOT = Path(__file__).resolve().parents[2]
PAGES = (ROOT / "README.md", ROOT / "model" / "default" / "README.md", ROOT / "docs" / "cluster.md")
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

    def __init__(self, root: Path, fill: Any) -> None:
        self.root, self.fill = root, fill
        self.results = root / "benchmarks" / "results"
        self.shipped(FULL, PART, BARE, GONE)
        self.config({"named_abstain": 0.4126, "topic_abstain": 0.0})
        write(root / "model/default/onnx/model_quantized.onnx", "x" * 2_000_000)
        loss = {"set": "a/b", "metric": "macro-F1", "fp32": 0.5, "int8": 0.495, "onnx": 0.5}
        write(root / "model/default/quantisation.json", [loss])

    def shipped(self, *results: Result, limit: int | None = None) -> None:
        write(self.root / "model/default/scores/scorecard.json", card(*results, limit=limit))

    def config(self, decoding: dict[str, float]) -> None:
        kept = {"parameters": 1_500_000, "recipe": "small", "decoding": decoding}
        write(self.root / "model/default/config.json", {"slant": kept})

    def __call__(self, block: str) -> str:
        text: str = self.fill.TABLES[block](self.fill.Files(self.root))
        return text


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    return Project(tmp_path, importlib.import_module("fill_figures"))


def test_readme_and_card_say_what_the_result_files_say() -> None:
    command = [sys.executable, str(ROOT / "benchmarks" / "fill_figures.py"), "--check"]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout + found.stderr


def test_every_block_is_filled() -> None:
    for path in PAGES:
        blocks = re.findall(r"<!-- figures: ([\w-]+) -->\n(.*?)<!-- end -->", path.read_text("utf-8"), re.DOTALL)  # fmt: skip
        assert blocks, f"{path.name} holds no figures"
        for name, content in blocks:
            assert re.search(r"\d|Not measured yet; `", content), f"{path.name}: {name} is empty"


def test_what_the_pages_name_is_there() -> None:
    for path in PAGES:
        for name in re.findall(r"model/recipes/\w+\.toml", path.read_text("utf-8")):
            assert (ROOT / name).exists(), f"{path.name} names {name}"
    config = json.loads((ROOT / "model/default/config.json").read_text("utf-8"))["slant"]
    encoder = load_recipe(ROOT / "model" / "recipes" / f"{config['recipe'].split(', ')[0]}.toml").encoder
    assert f"\nbase_model: {encoder}\n" in PAGES[1].read_text("utf-8")


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
    assert "Model `f1`, 1.5 million parameters, 2 MB (as much again for OpenVINO); teacher `t1`, not" in found
    assert "A star: quoted at second hand." in found
    assert "teacher for topics" not in found
    write(
        project.results / "topic_teacher/scorecard.json",
        card(replace(FULL, figure=Figure(0.83)), fingerprint="t2"),
    )
    assert "teacher for topics `t2`, not shipped: Streets test 83.0; figures × 100." in project("scores")
    assert "quoted voice" not in found
    assert "/some" not in found, "no path of a machine goes into a page"
    assert "| Streets test, quoted voice |" in project("slices")


def test_a_teacher_judged_on_other_items_gives_no_figure(project: Project) -> None:
    write(project.results / "teacher/scorecard.json", card(replace(FULL, signature="data:bb|n:1200")))
    assert "| 1,200 | — | 70.0 |" in project("scores")
    assert "No teacher's figure where it was judged on other items: Streets test." in project("scores")


def test_a_trial_is_called_one(project: Project) -> None:
    project.shipped(FULL, limit=150)
    assert project("scores").startswith("**A trial on about 150 examples a set: not the official figures.**")


def test_labels_and_quantisation(project: Project) -> None:
    assert project("labels").count("against") == 1, "the parts of a set are left out"
    assert "| Streets test | against | 80.0 | — | 75.0 (70.0–80.0) | 400 |" in project("labels")
    assert "| a/b | macro-F1 | 50.0 | 49.5 | -0.5 | 50.0 |" in project("quantisation")


def test_calibration_and_what_is_withheld(project: Project) -> None:
    found = project("calibration")
    assert "| Streets test | 90 | 5.1 | 10.0 | 15.0 | 25.0 | 94.0 | 83.0 |" in found
    assert found.endswith(
        "A stance is withheld if its probability is below: toward a target that the unit names 0.413."
    )
    project.config({"named_abstain": 0.0})
    assert project("calibration").endswith("no stance is withheld.")
    project.config({})
    assert "withheld" not in project("calibration"), "an older model knows no abstention"


def test_bars_say_by_how_much(project: Project) -> None:
    own = replace(FULL, set="seeds/stance", title="Own", official=False, calibration=replace(SURE, ece=0.09))
    project.shipped(FULL, BARE, own, replace(FULL, set="babe/fold0", title="Fold", calibration=None))
    found = project("bars")
    assert "| ≥ 80.0 | 80.0 (77.0–82.0) | short by less than 0.1 |" in found
    assert "| Squares dev, span-overlap F1 | ≥ 42.0 | 43.1 (40.0–46.0) | met |" in found
    assert "| vast/test | ≥ 68.0 | — | not measured |" in found
    assert "| ECE of stance, Streets test | ≤ 6.0 | 5.1 | met |" in found
    assert "| ECE of stance, Own | ≤ 6.0 | 9.0 | short by 3.0 |" in found
    assert "| Fold, macro-F1 | ≥ 77.7 |" in found
    write(project.results / "babe_five_fold.json", {"folds": [0.75, 0.77], "mean": 0.76, "sd": 0.014})
    folds = "| Fold, macro-F1 (five folds of another recipe, benchmarks/babe_five_fold.py: 76.0 ± 1.4) | ≥ 77.7 | 80.0"
    assert folds in project("bars")
    write(project.results / "babe_five_fold.json", {"folds": [75, 77], "mean": 76, "sd": 1.4})
    with pytest.raises(SystemExit, match=r"mean is 76; a share in \[0, 1\] expected"):
        project("bars")


def test_the_worst_calibrated_public_set_is_named(project: Project) -> None:
    worse = replace(FULL, set="vast/test", title="Parks", calibration=replace(SURE, ece=0.07))
    project.shipped(FULL, worse)
    assert (
        "| ECE of stance, the largest of the public sets | ≤ 6.0 | 7.0 (Parks) | short by 1.0 |"
        in project("bars")
    )


def test_against_is_of_the_shipped_model_only(project: Project) -> None:
    file = project.results / "against_previous/scorecard.json"
    write(file, card(FULL, fingerprint="f0", against="old (e0)"))
    assert project("against").startswith("Not measured yet; `slant evaluate --against")
    write(file, card(FULL, fingerprint="f1", against="old (e0)"))
    assert project("against").startswith("Against old (e0). Both models on the same items")
    assert "| Streets test | 80.0 | 78.0 | +2.0 [+0.1, +4.0] | 0.0300 |" in project("against")


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
    assert project("agreement-short").endswith("| A and B | 0.72 | — | — | — | — |")


def test_spread_over_seeds(project: Project) -> None:
    write_spread(
        [Spread("a/b", "Streets", "macro-F1", 0.8, 0.01, (0.79, 0.81))], project.results / "seed_spread.json"
    )
    assert "| Streets | macro-F1 | 80.0 ± 1.0 | 79.0, 81.0 |" in project("spread")


def test_sets_of_the_recipe_with_their_terms(project: Project) -> None:
    write(project.root / "model/recipes/small.toml", """
teacher = "runs/t"
train = [{ name = "babe", split = "all", without_fold = 0 }, { name = "slant_domain", split = "fit", repeat = 2 }]
unlabelled = [{ name = "comment_topics", limit = 4000 }]
dev = [{ name = "babe", split = "dev" }]
""")  # fmt: skip
    write(project.root / "data/domain.jsonl", "{}\n{}\n{}\n")
    write(project.root / "data/registry.toml", """
[[set]]
name = "babe"
licence = "CC BY-NC"
terms = "Ask first."
counts = { all = 3000 }
[[set]]
name = "toxic_spans"
licence = "CC0"
counts = { train = 5000 }
""")  # fmt: skip
    found = project("sets")
    assert "| BABE | all, without fold 0 | 3,000 | CC BY-NC. Ask first | biased |" in found
    assert "part for choosing, 2 times an epoch | 3 |" in found
    assert "**labels by a language model**" in found
    assert "asked about VAST topics | train, at most 4,000 | 5,000 | CC0 |" in found
    assert found.endswith("were chosen on: `babe` dev.")


def test_a_model_that_went_on_from_another_names_the_sets_of_both(project: Project) -> None:
    for name, used in (("small", "babe"), ("further", "toxic_spans")):
        sets = f'train = [{{ name = "{used}" }}]\ndev = [{{ name = "{used}", split = "dev" }}]'
        write(project.root / f"model/recipes/{name}.toml", sets)
    rows = [
        f'[[set]]\nname = "{name}"\nlicence = "CC0"\ncounts = {{ train = 7 }}'
        for name in ("babe", "toxic_spans")
    ]
    write(project.root / "data/registry.toml", "\n".join(rows))
    config = json.loads((project.root / "model/default/config.json").read_text("utf-8"))
    config["slant"]["recipe"] = "small, further"
    write(project.root / "model/default/config.json", json.dumps(config))
    found = project("sets")
    assert found.index("Recipe `small`") < found.index("| BABE |") < found.index("Recipe `further`")
    assert found.endswith("were chosen on: `toxic_spans` dev."), "the last recipe chose"


def test_a_card_of_an_older_slant_fills_what_it_has(project: Project) -> None:
    old = card(FULL, BARE)
    new = ("official", "published", "human", "calibration", "masked", "against")
    old["results"] = [{k: v for k, v in row.items() if k not in new} for row in old["results"]]
    del old["against"]
    write(project.root / "model/default/scores/scorecard.json", old)
    assert "| Streets test | macro-F1 | **80.0** | 77.0–82.0 | 1,200 | — | — | — | 18.0 | 60.0 |" in project(
        "scores"
    )
    for block in ("calibration", "agreement", "agreement-short", "against", "spread"):
        assert project(block).startswith("Not measured yet; `"), block
    assert "not measured" in project("bars")


def test_node_hours_are_computed_from_the_rate_of_one_node(project: Project) -> None:
    assert project("cluster-cost").startswith("Not measured yet; `")
    row = {"units": 1000, "articles": 80, "rates": {"slant, 4 targets": {"median": 500.0}}}
    node = {"cores": 2, "processor": "an abacus", "runs": 5, "command": "make bench", "sets": {"fa_kes": row}}
    write(project.results / "throughput.json", node)
    text = project("cluster-cost")
    assert (
        "One node of 2 cores (an abacus) scores 500 units of FA-KES, that is 40.0 articles, a second" in text
    )
    assert "100 million such articles take 694 node-hours, 1,389 core-hours." in text


def test_the_pages_of_docs_are_filled_too(project: Project) -> None:
    for name in ("README.md", "model/default/README.md"):
        write(project.root / name, "No figures.\n")
    page = project.root / "docs" / "cluster.md"
    write(page, "<!-- figures: cluster-cost -->\n<!-- end -->\n")
    assert project.fill.fill(project.root, check=False) == [page]
    assert "Not measured yet" in page.read_text("utf-8")


def test_check_writes_nothing_and_an_unknown_block_is_an_error(project: Project) -> None:
    page, other = project.root / "README.md", project.root / "model/default/README.md"
    write(page, "Before\n<!-- figures: scores -->\nstale\n<!-- end -->\nafter\n")
    write(other, "No figures.\n")
    assert project.fill.fill(project.root, check=True) == [page]
    assert "stale" in page.read_text("utf-8")
    assert project.fill.fill(project.root, check=False) == [page]
    assert project.fill.fill(project.root, check=True) == []
    assert re.fullmatch(
        r"Before\n<!-- figures: scores -->\n.*<!-- end -->\nafter\n", page.read_text("utf-8"), re.DOTALL
    )
    write(page, "<!-- figures: scoers -->\n<!-- end -->\n")
    with pytest.raises(SystemExit, match="no block 'scoers'; there are: scores, slices"):
        project.fill.fill(project.root, check=True)


def test_memory_and_the_speed_of_a_comparison(project: Project) -> None:
    assert "Not measured yet" in project("memory")
    assert "Not measured yet" in project("compare-speed")
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
    assert "5,000 scored units" in project("compare-speed")
    assert "62 s, peak memory 1.3 GB, page 3.2 MB (m, 3 cores" in project("compare-speed")
