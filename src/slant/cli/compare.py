"""compare: from scores to what can be said of outlets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from slant.cli.options import DONE, quiet


@click.command()
@click.argument("scores", nargs=-1, required=True)
@click.option(
    "-o", "--output", required=True, type=click.Path(file_okay=False), help="Folder for report and tables."
)
@click.option(
    "--by",
    default="outlet",
    show_default=True,
    help="Column to compare: outlet, author, title, kind, month, …",
)
@click.option(
    "--gold",
    type=click.Path(dir_okay=False),
    help="Labels by people for a sample (slant sample), to correct for.",
)
@click.option(
    "--min-articles",
    default=5,
    show_default=True,
    type=click.IntRange(2),
    help="Groups with fewer are named and left out.",
)
@click.option(
    "--measures",
    multiple=True,
    metavar="PATTERN",
    help="Look at these only, e.g. 'stance/*/net'. May be repeated.",
)
@click.option(
    "--adjust", type=click.Choice(["bh", "holm"]), default="bh", show_default=True, help="For many tests."
)
@click.option(
    "--resamples", default=1000, show_default=True, type=click.IntRange(100), help="Behind each interval."
)
@click.option(
    "--permutations", default=5000, show_default=True, type=click.IntRange(100), help="Behind each p."
)
@click.option("--seed", default=0, show_default=True, help="Of all that is drawn.")
@click.option(
    "--model",
    type=click.Path(file_okay=False),
    help="Folder of the model that scored. Default: the shipped one.",
)
@quiet
def compare(scores: tuple[str, ...], output: str, **options: Any) -> int:
    """Compare outlets: rates and differences with intervals and tests that never treat units of one article as independent.

    Writes a report, and the same tables as CSV and Parquet, into the folder.
    """
    from slant.comparing.options import Options
    from slant.comparing.run import run
    from slant.comparing.store import open_store
    from slant.comparing.summary import detectable, findings
    from slant.reports.comparison import write

    silent = options.pop("quiet")

    def say(words: str) -> None:
        if not silent:
            click.echo(f"slant: {words}", err=True)

    say("reading")
    with open_store(scores, by=options["by"]) as store:
        results = run(store, Options(**options), say=say)
        say("writing")
        write(results, Path(output), store=store)
    for line in (*detectable(results), *findings(results)):
        click.echo(line, err=True)
    click.echo(f"report and tables → {output}", err=True)
    return DONE
