"""train, average, export and evaluate, which need the training install; data list, check and articles."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click

from slant.cli.options import DONE, ERROR, MODEL, model
from slant.errors import UsageError


@click.command()
@click.argument("recipe", required=False, type=click.Path(dir_okay=False))
@click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="KEY=VALUE",
    help="Override a setting of the recipe. May be repeated.",
)
@click.option(
    "-o", "--output", type=click.Path(file_okay=False), help="Run folder. Default: runs/NAME-OF-RECIPE."
)
@click.option("--resume", is_flag=True, help="Continue from the last checkpoint in the run folder.")
def train(recipe: str | None, overrides: Sequence[str], output: str | None, resume: bool) -> int:
    """Train a model by RECIPE (default: quick.toml), choose its thresholds on dev data, and export it to RUN/export."""
    with train_install():
        from slant.training.train import run

        run(Path(recipe) if recipe else None, overrides, Path(output) if output else None, resume=resume)
    return DONE


@click.command()
@click.argument("runs", nargs=-1, required=True, type=click.Path(file_okay=False))
@click.option("-o", "--output", required=True, type=click.Path(file_okay=False), help="Run folder to write.")
def average(runs: Sequence[str], output: str) -> int:
    """Average the weights of RUNS, choose thresholds by their recipe, and export the model.

    All runs must start from the same trained model, e.g. several random seeds of a recipe with `start`.
    """
    with train_install():
        from slant.training.train import average_runs

        average_runs([Path(run) for run in runs], Path(output))
    return DONE


@click.command()
@click.argument("checkpoint", type=click.Path(file_okay=False))
@click.option(
    "-o", "--output", required=True, type=click.Path(file_okay=False), help="Model folder to write."
)
@click.option(
    "--most", default=1.0, show_default=True, help="Points that int8 may lose on any official score."
)
@click.option("--limit", type=int, help="Evaluate on at most this many examples of each set.")
@click.option(
    "--runtime",
    "runtimes",
    multiple=True,
    type=click.Choice(["openvino", "onnx"]),
    help="Ship the model for this runtime only. May be repeated. Default: both.",
)
def export(checkpoint: str, output: str, most: float, limit: int | None, runtimes: tuple[str, ...]) -> int:
    """Quantize a trained CHECKPOINT to int8 and write a model folder, unless int8 loses too much quality."""
    with train_install():
        from slant.scoring.runtimes import RUNTIMES
        from slant.training.release_check import ship

        chosen = [name for name in RUNTIMES if name in runtimes] or RUNTIMES
        ship(Path(checkpoint), Path(output), most=most, limit=limit, runtimes=chosen)
    return DONE


@click.command()
@click.argument("checkpoint", required=False)
@model
@click.option(
    "--sets", help="Comma-separated, e.g. vast,ptc/si,newsmtsc/test_rw. Default: all standard sets."
)
@click.option(
    "-o", "--output", required=True, type=click.Path(file_okay=False), help="Folder for the scorecard."
)
@click.option("--limit", type=int, help="Evaluate on at most this many examples of each set.")
@click.option("--resamples", default=1000, show_default=True, help="Resamples for each confidence interval.")
@click.option("--against", metavar=MODEL, help="Another model to test against, on the same items.")
def evaluate(sets: str | None, output: str, limit: int | None, resamples: int, **models: str | None) -> int:
    """Evaluate a model on the public sets, label by label.

    CHECKPOINT, a folder written by `slant train` or `slant export`, may be given in place of --model.
    """
    from slant.corpora.sets import data_root

    if models["checkpoint"] and models["model"]:
        raise UsageError("a folder and --model were given. Give one of them.")
    names = [name.strip() for name in sets.split(",")] if sets else None
    with train_install():
        from slant.judging.scorecard import Settings, judge
        from slant.judging.scorecard_files import markdown, write
        from slant.training.release_check import open_model

        predictor = open_model(models["checkpoint"] or models["model"])
        other = open_model(models["against"]) if models["against"] else None
        settings = Settings(resamples=resamples, limit=limit)
        card = judge(predictor, sets=names, root=data_root(), settings=settings, against=other)
        write(card, Path(output))
    click.echo(markdown(card))
    return DONE


@contextmanager
def train_install() -> Iterator[None]:
    """Turn an ImportError inside into a UsageError that names the training install."""
    try:
        yield
    except ImportError as error:
        raise UsageError(f"this needs the training install ({error}): pip install 'slant[train]'") from None


@click.group()
def data() -> None:
    """List and check the public sets that slant is trained and evaluated on."""


@data.command("list")
def data_list() -> int:
    """List the public sets: present or missing, size, license."""
    from slant.corpora.set_check import list_sets, render

    click.echo(render(list_sets()))
    return DONE


@data.command("check")
def data_check() -> int:
    """Compare the counts of the sets on disk with the registry."""
    from slant.corpora.set_check import all_ok, check_sets, render

    rows = check_sets()
    click.echo(render(rows))
    return DONE if all_ok(rows) else ERROR


@data.command("articles")
@click.argument("name")
@click.option("-o", "--output", default="-", help="FILE.jsonl. Default: standard output.")
def data_articles(name: str, output: str) -> int:
    """Write the articles of a set without labels (fa_kes, ruwa) as rows for `slant score`, without duplicates."""
    import json

    from slant.atomic_files import make_folder
    from slant.corpora.sets import article_row, load_articles
    from slant.scoring.output_files import check_format

    check_format(output, formats=(".jsonl",))
    articles = load_articles(name)
    if output != "-":
        make_folder(Path(output))
    distinct = {article.article_id: article for article in articles}
    with click.open_file(output, "w", encoding="utf-8", atomic=output != "-") as file:
        for article in distinct.values():
            file.write(json.dumps(article_row(article), ensure_ascii=False) + "\n")
    duplicates = len(articles) - len(distinct)
    skipped = f" ({duplicates} duplicates skipped)" if duplicates else ""
    click.echo(f"{len(distinct):,} articles → {output}{skipped}", err=True)
    return DONE
