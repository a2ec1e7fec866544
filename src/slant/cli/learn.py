"""train, average, export and evaluate: what needs the training install."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click

from slant.cli.options import DONE
from slant.errors import UsageError


@click.command()
@click.argument("recipe", required=False, type=click.Path(dir_okay=False))
@click.option(
    "--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Overrides a setting of the recipe."
)
@click.option(
    "-o", "--output", type=click.Path(file_okay=False), help="Run folder. Default: runs/NAME-OF-RECIPE."
)
@click.option("--resume", is_flag=True, help="Go on from the last checkpoint in the run folder.")
def train(recipe: str | None, overrides: Sequence[str], output: str | None, resume: bool) -> int:
    """Train a model as RECIPE says, choose its thresholds on dev data, and export it to RUN/export."""
    with train_install():
        from slant.shipping.run import run

        run(Path(recipe) if recipe else None, overrides, Path(output) if output else None, resume=resume)
    return DONE


@click.command()
@click.argument("runs", nargs=-1, required=True, type=click.Path(file_okay=False))
@click.option("-o", "--output", required=True, type=click.Path(file_okay=False), help="Run folder to write.")
def average(runs: Sequence[str], output: str) -> int:
    """Average the weights of RUNS that started from one trained model, choose thresholds as their recipe says, export.

    Made for several seeds of a recipe with `start`, as model/recipes/continue.toml; models of different starts do not mix.
    """
    with train_install():
        from slant.shipping.run import average_runs

        average_runs([Path(run) for run in runs], Path(output))
    return DONE


@click.command()
@click.argument("checkpoint", type=click.Path(file_okay=False))
@click.option(
    "-o", "--output", required=True, type=click.Path(file_okay=False), help="Model folder to write."
)
@click.option(
    "--most", default=1.0, show_default=True, help="Points of any official score that int8 may lose."
)
@click.option("--limit", type=int, help="Judge by so many examples of each set only.")
def export(checkpoint: str, output: str, most: float, limit: int | None) -> int:
    """Quantise a trained CHECKPOINT to int8 and ship it to a model folder, unless that costs too much quality."""
    with train_install():
        from slant.shipping.gate import ship

        ship(Path(checkpoint), Path(output), most=most, limit=limit)
    return DONE


@click.command()
@click.argument("model", required=False, type=click.Path(file_okay=False))
@click.option(
    "--sets", help="Comma-separated: vast, ptc/si, newsmtsc/test_rw … Default: all that are judged."
)
@click.option(
    "-o", "--output", required=True, type=click.Path(file_okay=False), help="Folder for the scorecard."
)
@click.option("--limit", type=int, help="Judge by so many examples of each set only.")
@click.option("--resamples", default=1000, show_default=True, help="Resamples behind each interval.")
@click.option(
    "--against",
    type=click.Path(file_okay=False),
    help="Another model, to be tested against on the same items.",
)
def evaluate(
    model: str | None, sets: str | None, output: str, limit: int | None, resamples: int, against: str | None
) -> int:
    """Judge MODEL (a model folder or a checkpoint; default: the shipped one) on the public sets, label by label."""
    from slant.labels.public import data_root

    names = [name.strip() for name in sets.split(",")] if sets else None
    with train_install():
        from slant.judging.render import markdown
        from slant.judging.scorecard import Settings, judge, write
        from slant.shipping.gate import open_model

        reader = open_model(Path(model) if model else None)
        other = open_model(Path(against)) if against else None
        settings = Settings(resamples=resamples, limit=limit)
        card = judge(reader, sets=names, root=data_root(), settings=settings, against=other)
        write(card, Path(output))
    click.echo(markdown(card))
    return DONE


@contextmanager
def train_install() -> Iterator[None]:
    """Says which install has what is missing; rooms import it where they need it, so all the work goes inside."""
    try:
        yield
    except ImportError as error:
        raise UsageError(f"this needs the training install ({error}): pip install 'slant[train]'") from None
