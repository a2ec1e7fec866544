"""Runnable examples and exit codes at the end of each command's --help."""

from __future__ import annotations

import click

# Two for each command. Those of split, score, report, explain, compare, sample and data list run in this order on the
# demonstration set, from the root of the repository (tests/cli/test_cli_help.py).
EXAMPLES = {
    "split": (
        "slant split seeds/demo/articles",
        'slant split seeds/demo/articles --all --outlet "Port Ellis Courier" -o units.jsonl',
    ),
    "score": (
        "slant score seeds/demo/articles --targets seeds/demo/targets.toml -o scores.jsonl",
        """echo '{"text": "The corrupt council lied."}' | slant score --units - --model small -o -""",
    ),
    "report": (
        'slant report scores.jsonl -o report.html --title "Three outlets, one event"',
        "slant report seeds/demo/articles -o articles.html",
    ),
    "explain": (
        "slant explain scores.jsonl --target nordal_lines -n 3",
        'slant explain "The corrupt council lied to us." --target council -o words.html',
    ),
    "compare": (
        "slant compare scores.jsonl -o comparison --min-articles 2",
        "slant compare scores.jsonl -o stance --min-articles 2 --measures 'stance/*/net'",
    ),
    "sample": (
        "slant sample scores.jsonl -o gold.csv -n 30",
        "slant sample scores.jsonl -o frames.jsonl -n 20 --task frames --task loaded",
    ),
    "targets": (
        "slant targets suggest seeds/demo/articles -o targets.toml",
        "slant targets suggest articles.jsonl -o targets.toml --top 20",
    ),
    "targets suggest": (
        "slant targets suggest seeds/demo/articles -o targets.toml",
        "slant targets suggest scores.jsonl -o more-targets.toml --top 60 --min-articles 3",
    ),
    "serve": (
        "slant serve --targets seeds/demo/targets.toml",
        "SLANT_TOKEN=$(openssl rand -hex 16) slant serve --host 0.0.0.0 --model small",
    ),
    "label": (
        "slant label gold.csv --coder ida",
        "slant label gold.csv --export gold -o labeled.csv",
    ),
    "teach": (
        "slant teach sample.csv --scores scores.parquet -o head",
        "slant teach labels.jsonl --model small -o head",
    ),
    "train": (
        "slant train model/recipes/quick.toml",
        "slant train model/recipes/small.toml --set seed=7 -o runs/seed7",
    ),
    "average": (
        "slant average runs/seed5 runs/seed6 runs/seed7 -o runs/average",
        "slant average runs/more-* -o runs/average",
    ),
    "export": (
        "slant export runs/small -o my-model",
        "slant export runs/base -o my-model --runtime openvino --most 0.5",
    ),
    "evaluate": (
        "slant evaluate -o scorecard",
        "slant evaluate runs/quick/export --against small --sets vast,ptc/si -o scorecard",
    ),
    "data": (
        "slant data list",
        "slant data check",
    ),
    "data list": (
        "slant data list",
        "SLANT_DATA=~/corpora slant data list",
    ),
    "data check": (
        "slant data check",
        "SLANT_DATA=~/corpora slant data check",
    ),
    "data articles": (
        "slant data articles fa_kes -o fa_kes.jsonl",
        "slant data articles ruwa | slant score - -o ruwa.parquet",
    ),
}
DONE = "0 done, 1 error, 2 wrong usage"
EXIT_CODES = {
    "split": f"{DONE}, 3 done but some documents were rejected.",
    "score": f"{DONE}, 3 done but some documents were rejected, 130 interrupted (129 by SIGHUP, 143 by SIGTERM).",
    "report": f"{DONE}, 3 done but some documents were rejected.",
    "explain": f"{DONE}, 3 done but some documents were rejected.",
    "targets suggest": f"{DONE}, 3 done but some documents were rejected.",
    "data check": "0 all sets that are present match the registry, 1 some do not, 2 wrong usage.",
}


def add_epilogs(group: click.Group, *, above: str = "") -> None:
    """Set the epilog of each command in `group` and in its subgroups. above: name of the group with a blank, if any."""
    for name, command in group.commands.items():
        full = above + name
        examples = "\n".join(f"  {line}" for line in EXAMPLES.get(full, ()))
        command.epilog = f"\b\nExamples:\n{examples}\n\nExit codes: {EXIT_CODES.get(full, DONE + '.')}"
        if isinstance(command, click.Group):
            add_epilogs(command, above=f"{full} ")
