"""Stance on a held-out set: train on everything else that has stance labels, evaluate on that set.

    python benchmarks/cross_domain.py [--json benchmarks/results/cross_domain.json]

NewsMTSC (named targets in news) and VAST (topics in comments) have a head each. The held-out set is scored through
the head of the other: NewsMTSC's targets by name as topics, VAST's topics as named targets. One seed, no teacher, no
priors chosen.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
from sklearn.metrics import f1_score

from slant.corpora.sets import LABELED_SETS, data_root
from slant.encoding.predictor import Predictor, encoder_request
from slant.records import STANCES, Example
from slant.training.recipe import recipe_from
from slant.training.torch_runtime import has_bf16, load_checkpoint
from slant.training.train import train

OTHERS = [
    {"name": "rumoureval", "limit": 2000},
    {"name": "babe", "split": "all", "without_fold": 0},
    {"name": "checkthat"},
]
RECIPE = {
    "name": "cross_domain",
    "queries": "words",
    "query_layers": 3,
    "epochs": 2,
    "learning_rate": 1.2e-4,
    "head_learning_rate": 6e-4,
    "seed": 13,
}
# Held-out set → split evaluated, and the head that scores it: 0 named, 1 topic.
LEFT_OUT = {"newsmtsc": ("test_rw", 1), "vast": ("test", 0)}


def score(predictor: Predictor, examples: list[Example], head: int) -> float:
    """Macro-F1 of the three stances; every target is scored by its name."""
    asked = [replace(e, targets=tuple(replace(t, mentions=()) for t in e.targets)) for e in examples]
    gold, said = [], []
    for e, reading in zip(asked, predictor.run([encoder_request(e) for e in asked]), strict=True):
        for target, logits in zip(e.targets, reading.stance, strict=True):
            if logits is not None and target.label:
                gold.append(target.label)
                said.append(STANCES[int(np.argmax(logits[head]))])
    return float(f1_score(gold, said, average="macro"))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--encoder", default="sentence-transformers/all-MiniLM-L6-v2")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    found = []
    for left_out, (split, head) in LEFT_OUT.items():
        sets = [{"name": name} for name in LEFT_OUT if name != left_out] + OTHERS
        recipe = recipe_from(
            {**RECIPE, "encoder": args.encoder, "train": sets, "save_steps": 100_000}, where="cross"
        )
        with tempfile.TemporaryDirectory() as folder:
            predictor = load_checkpoint(train(recipe, Path(folder)), bf16=has_bf16())
            examples = list(LABELED_SETS[left_out].read(data_root(), split))
            figure = score(predictor, examples, head)
        print(
            f"{left_out} {split}, never trained on: macro-F1 {100 * figure:.1f}, n {len(examples)}",
            flush=True,
        )
        found.append({"left_out": left_out, "split": split, "macro_f1": figure, "n": len(examples)})
    if args.json:
        args.json.write_text(json.dumps({"recipe": RECIPE, "results": found}, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
