"""teach: a head on the user's own labels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from slant.assets import chosen_model
from slant.cli.options import DONE, model, quiet, runtime, targets
from slant.errors import UsageError, require


@click.command()
@click.argument("labels", type=click.Path(dir_okay=False))
@click.option(
    "-o", "--output", required=True, type=click.Path(file_okay=False), help="Folder of the head, to write."
)
@click.option(
    "--scores",
    multiple=True,
    type=click.Path(dir_okay=False),
    help="Scores that the labels are of: texts, articles and mentions of targets are taken from there. May be repeated.",
)
@targets
@model
@runtime
@click.option("--seed", default=0, show_default=True, help="Random seed of the folds.")
@click.option("--overwrite", is_flag=True, help="Replace the head if it is there already.")
@quiet
def teach(
    labels: str, output: str, scores: tuple[str, ...], overwrite: bool, quiet: bool, **options: Any
) -> int:
    """Teach a head on LABELS, the file of `slant sample` filled in or a file of your own, and use it as --model.

    A head answers stance, loaded (yes or no) and frames, also new ones, from the states of a model that is not changed. It is
    judged on articles that did not teach; what does not beat the model as it comes is left out. If nothing does, no head is
    written, and the exit code is 1.
    """
    require("compare", "scipy", what="slant teach")
    from slant.corpora.label_files import read_labels
    from slant.labels.targets import Targets
    from slant.scoring.heads import CARD, is_head
    from slant.scoring.output_files import read_scores
    from slant.scoring.runtimes import OpenVino, load
    from slant.training.teach import refuse, report, with_scores
    from slant.training.teach import teach as learn

    if (Path(output) / CARD).exists() and not overwrite:
        raise UsageError(f"-o {output}: there is a head already. Give another folder, or add --overwrite.")
    texts = read_labels(Path(labels))
    beside: dict[str, list[str]] = {}
    notes: list[str] = []
    if scores:
        texts, beside, notes = with_scores(texts, read_scores(scores))
    model, given = chosen_model(options["model"]), options["targets"]
    if isinstance(model, Path) and is_head(model):
        raise UsageError(f"model {model} is a head. Give the model that it was taught on, to teach anew.")
    chosen = {name: options[name] for name in ("threads", "runtime", "device")}
    predictor = load(model, states=True, **chosen)
    if isinstance(model, Path):
        predictor.name = str(model.resolve())
    for note in (*notes, f"{len(texts):,} labeled texts; model {predictor.name}"):
        if not quiet:
            click.echo(f"slant: {note}", err=True)
    taught = learn(
        texts,
        predictor,
        Targets.load(Path(given) if given else None),
        runtime="openvino" if isinstance(predictor.runtime, OpenVino) else "onnx",
        beside=beside,
        seed=options["seed"],
    )
    for line in report(taught):
        click.echo(line)
    refuse(taught).save(Path(output))
    click.echo(f"head → {output}. Use it with --model {output}", err=True)
    return DONE
