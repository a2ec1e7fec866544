"""Five-fold macro-F1 on BABE, folds by article, for a recipe of its own that trains in a few minutes a fold.

    python benchmarks/babe_five_fold.py [--json benchmarks/results/babe_five_fold.json]

The shipped recipes take hours and their teacher was trained on four of the folds, so they are not run five times here. This
measures the small encoder with the heads for biased and subjective, trained on BABE and CheckThat! alone, without a teacher.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
from pathlib import Path

from sklearn.metrics import f1_score

from slant.corpora.babe import read_babe
from slant.corpora.files import folds
from slant.corpora.sets import data_root
from slant.training.recipe import recipe_from
from slant.training.torch_runtime import has_bf16, load_checkpoint
from slant.training.train import train

RECIPE = {
    "name": "babe_five_fold",
    "epochs": 3,
    "learning_rate": 1.2e-4,
    "head_learning_rate": 6e-4,
    "seed": 13,
}


def fold_score(fold: int, encoder: str, out: Path) -> float:
    sets = [{"name": "babe", "split": "all", "without_fold": fold}, {"name": "checkthat"}]
    recipe = recipe_from(
        {**RECIPE, "encoder": encoder, "train": sets, "save_steps": 100_000}, where="five-fold"
    )
    predictor = load_checkpoint(train(recipe, out), bf16=has_bf16())
    examples = list(read_babe(data_root(), "all"))
    held_out = [e for e, f in zip(examples, folds(examples), strict=True) if f == fold]
    said = [(p.biased or 0.0) > 0.5 for p in predictor.predict(held_out)]
    return float(f1_score([bool(e.biased) for e in held_out], said, average="macro"))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--encoder", default="sentence-transformers/all-MiniLM-L6-v2")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    scores: list[float] = []
    for fold in range(5):
        with tempfile.TemporaryDirectory() as folder:
            scores.append(fold_score(fold, args.encoder, Path(folder)))
        print(f"fold {fold}: macro-F1 {100 * scores[-1]:.1f}", flush=True)
    mean, sd = statistics.mean(scores), statistics.stdev(scores)
    print(f"mean {100 * mean:.1f}, sd {100 * sd:.1f}")
    if args.json:
        found = {
            "recipe": {**RECIPE, "encoder": Path(args.encoder).name},
            "folds": scores,
            "mean": mean,
            "sd": sd,
        }
        args.json.write_text(json.dumps(found, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
