"""train, average, export and evaluate: what needs the training install.

data list, data check and data articles: the public sets.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click

from slant.cli.options import DONE, OURS
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
        from slant.training.train import run

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
        from slant.training.train import average_runs

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
        from slant.training.release_check import ship

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
    from slant.corpora import data_root

    names = [name.strip() for name in sets.split(",")] if sets else None
    with train_install():
        from slant.judging.scorecard import Settings, judge
        from slant.judging.scorecard_files import markdown, write
        from slant.training.release_check import open_model

        predictor = open_model(Path(model) if model else None)
        other = open_model(Path(against)) if against else None
        settings = Settings(resamples=resamples, limit=limit)
        card = judge(predictor, sets=names, root=data_root(), settings=settings, against=other)
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


@click.group()
def data() -> None:
    """The public sets that slant learns from and is judged on."""


@data.command("list")
def data_list() -> int:
    """Show which sets are there, how large, and under which terms."""
    from slant.corpora.registry import list_sets, render

    click.echo(render(list_sets()))
    return DONE


@data.command("check")
def data_check() -> int:
    """Verify the counts of the sets on disk against the registry."""
    from slant.corpora.registry import all_ok, check_sets, render

    rows = check_sets()
    click.echo(render(rows))
    return DONE if all_ok(rows) else OURS


@data.command("articles")
@click.argument("name")
@click.option("-o", "--output", default="-", help="FILE.jsonl. Default: standard output.")
def data_articles(name: str, output: str) -> int:
    """Write the articles of a set of texts (fa_kes, ruwa) as rows that `slant score` reads. Repeats are left out."""
    import json

    from slant.atomic_files import make_folder
    from slant.corpora import article_row, load_articles
    from slant.scoring.output_files import check_format

    check_format(output, formats=(".jsonl",))
    articles = load_articles(name)
    if output != "-":
        make_folder(Path(output))
    distinct = {article.article_id: article for article in articles}
    with click.open_file(output, "w", encoding="utf-8", atomic=output != "-") as file:
        for article in distinct.values():
            file.write(json.dumps(article_row(article), ensure_ascii=False) + "\n")
    repeats = len(articles) - len(distinct)
    click.echo(
        f"{len(distinct):,} articles → {output}{f' ({repeats} repeats left out)' if repeats else ''}",
        err=True,
    )
    return DONE
