"""Stance toward what a reader comment names: asked at the mention, as `slant score` asks, and by name, as VAST is judged.

    python benchmarks/comment_mentions.py [--split dev] [--json FILE]

Of VAST's topics those that the post names. Next to none of these is neutral, by the way the set was made (its neutral topics
are mostly random ones), so three classes would reward a model that never says neutral: told are the share of "against" and
"favor" that are told apart when only these two are compared, and how often the model says neutral.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from slant.corpora import data_root, vast
from slant.labels.targets import Targets
from slant.records import Example
from slant.scoring.runtimes import load


def named(split: str) -> list[Example]:
    """The rows whose post names their topic, as `slant score` finds names, with the mentions."""
    found = []
    for e in vast.read_vast(data_root(), split):
        (target,) = e.targets
        if mentions := Targets.from_names([target.name]).find(e.text).get(target.name):
            found.append(replace(e, targets=(replace(target, mentions=mentions),)))
    return found


def figures(gold: Sequence[str | None], said: Sequence[dict[str, float]]) -> dict[str, float]:
    """Shares in [0, 1]: for told from against, neutral said, and right of the three."""
    sided = [(g, s) for g, s in zip(gold, said, strict=True) if g != "neutral"]
    return {
        "told_apart": sum((s["favor"] > s["against"]) == (g == "favor") for g, s in sided) / len(sided),
        "neutral_said": sum(max(s, key=s.__getitem__) == "neutral" for s in said) / len(said),
        "right": sum(max(s, key=s.__getitem__) == g for g, s in zip(gold, said, strict=True)) / len(said),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--split", choices=vast.SPLITS, default="dev")
    parser.add_argument("--json", type=Path, help="result file")
    options = parser.parse_args()
    predictor, at_mentions = load(None), named(options.split)
    by_name = [replace(e, targets=tuple(replace(t, mentions=()) for t in e.targets)) for e in at_mentions]
    gold = [e.targets[0].label for e in at_mentions]
    asked = {
        way: [p.stance[0] for p in predictor.predict(examples)]
        for way, examples in (("at the mention", at_mentions), ("by name", by_name))
    }
    asked["mean of both"] = [
        {label: (p + other[label]) / 2 for label, p in one.items()}
        for one, other in zip(asked["at the mention"], asked["by name"], strict=True)
    ]
    ways = {way: figures(gold, said) for way, said in asked.items()}
    row = {
        "model": predictor.fingerprint,
        "split": options.split,
        "n": len(gold),
        "neutral": gold.count("neutral"),
    }
    print(
        f"VAST {options.split}: {row['n']} of its topics are named by their post, {row['neutral']} of these neutral"
    )
    for way, found in ways.items():
        print(f"{way:15} " + ", ".join(f"{name} {100 * share:.1f} %" for name, share in found.items()))
    if options.json:
        options.json.write_text(json.dumps({**row, "ways": ways}, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
