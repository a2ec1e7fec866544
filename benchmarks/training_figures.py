"""Tables about what the models were trained on, and what that costs. Used by cog blocks, see model_figures.py."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from model_figures import HERE, Files
from slant.judging.scorecard_files import NONE, table
from slant.training.recipe import SetUse


def recipe_costs(files: Files = HERE) -> str:
    """A row per recipe: the first sentence of its comment, and the line that begins with “Cost:”."""
    lines = []
    for path in sorted((files.root / "model" / "recipes").glob("*.toml")):
        what, cost = (
            line.removeprefix("# ").rstrip(".") for line in path.read_text("utf-8").splitlines()[:2]
        )
        lines.append([f"`model/recipes/{path.name}`", what, cost.removeprefix("Cost: ")])
    return table(["recipe", "what", "cost"], lines, left=3)


@dataclass(slots=True)
class _Use:
    """What the recipes of a model use a set for. taught: by its labels. texts: without labels, by a teacher's answers."""

    taught: dict[str, None] = field(default_factory=dict)
    texts: dict[str, None] = field(default_factory=dict)
    parts: dict[str, None] = field(default_factory=dict)


TITLES = {
    "newsmtsc": "NewsMTSC",
    "vast": "VAST",
    "rumoureval": "RumourEval-2019 A",
    "ptc": "Propaganda Techniques Corpus v2",
    "toxic_spans": "Toxic spans (SemEval-2021 task 5)",
    "babe": "BABE",
    "checkthat": "CheckThat! subjectivity, English",
    "slant_frames": "slant frames (data/frames.jsonl)",
    "slant_domain": "slant domain set (data/domain.jsonl)",
    "slant_reading": "slant reading set (data/reading.jsonl)",
    "slant_contrast": "slant contrast groups (data/contrast.jsonl)",
    "mixed": "News and comments of several sets (src/slant/corpora/unlabeled.py)",
    "fa_kes": "FA-KES",
    "directed_sentiment": "Directed sentiment",
    "ruwa": "RUWA",
}
TEACHES = {
    "newsmtsc": "portrayal of a named target",
    "vast": "stance toward a topic",
    "rumoureval": "replies",
    "ptc": "loaded language, techniques",
    "toxic_spans": "toxic spans",
    "babe": "biased",
    "checkthat": "subjective",
    "slant_frames": "frames",
    "slant_domain": "stance, loaded language, frames",
    "slant_reading": "stance, loaded language, frames, replies",
    "slant_contrast": "stance",
}
LABEL_NAMES = {"loaded": "loaded language"}
SOURCES = {  # unlabeled texts of a set under another name
    "vast_topics": "vast", "vast_topics_many": "vast",
    "comment_topics": "toxic_spans", "comment_topics_many": "toxic_spans",
}  # fmt: skip
OWN = {
    "slant_frames": "frames.jsonl",
    "slant_domain": "domain.jsonl",
    "slant_reading": "reading.jsonl",
    "slant_contrast": "contrast.jsonl",
}
PARTS = {"fit": "train, without the part for choosing thresholds"}


def training_sets(files: Files = HERE) -> str:
    """One row per set that the model's recipes use, with its terms from the registry."""
    if not (recipes := files.recipes()):
        return f"The recipes of this model ({files.config['recipe']}) are not kept, so its sets cannot be listed."
    uses: dict[str, _Use] = {}
    for recipe in recipes:
        for use in recipe.train:
            row = uses.setdefault(use.name, _Use())
            row.taught |= dict.fromkeys(
                [LABEL_NAMES.get(x, x) for x in use.labels] or [TEACHES.get(use.name, "")]
            )
            row.parts |= {_split(use): None}
        for use in recipe.unlabeled:
            row = uses.setdefault(SOURCES.get(use.name, use.name), _Use())
            more = (
                "text with more topics, labeled by a teacher"
                if use.name in SOURCES
                else "text, labeled by a teacher"
            )
            row.texts |= {more: None}
            row.parts |= {} if row.parts else {_split(use): None}
    registry = tomllib.loads((files.root / "data" / "registry.toml").read_text("utf-8"))["set"]
    known = {row["name"]: row for row in registry}
    lines = [
        [TITLES.get(name, name), _used_for(name, use),
         "; ".join(use.parts), *_size_and_terms(files, known, name, next(iter(use.parts)))]
        for name, use in uses.items()
    ]  # fmt: skip
    dev = ", ".join(f"`{use.name}` {use.split}" for use in recipes[-1].dev)
    head = ["set", "used for", "part", "size", "terms as stated"]
    return f"{table(head, lines, left=5)}\n\nThresholds, priors and temperatures were chosen on: {dev}."


def _used_for(name: str, use: _Use) -> str:
    own = " (labels by a language model)" if name in OWN else ""
    return "; ".join(filter(None, (", ".join(use.taught) + own, *use.texts)))


def _split(use: SetUse) -> str:
    part = PARTS.get(use.split, use.split)
    return f"{part}, without fold {use.without_fold}" if use.without_fold >= 0 else part


def _size_and_terms(files: Files, known: Mapping[str, Any], name: str, part: str) -> tuple[str, str]:
    """Size of the whole set, and its license with what its authors ask of users."""
    if name in OWN:
        texts = (files.root / "data" / OWN[name]).read_text("utf-8").count("\n")
        own_texts = name == "slant_contrast"
        return (
            f"{texts:,}",
            "texts and labels Apache-2.0" if own_texts else "labels Apache-2.0, texts not included",
        )
    if name not in known:
        return NONE, "see `data/README.md`"
    row = known[name]
    counts: dict[str, int] = row["counts"]
    keys = [part.partition(",")[0], "train articles", "articles"]
    key = next(k for k in keys if k in counts)
    size = f"{counts[key]:,}{' articles' if key.endswith('articles') else ''}"
    return size, ". ".join(
        filter(None, (row.get("license") or row["license"], row.get("terms", "").rstrip(".")))
    )
