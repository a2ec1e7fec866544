"""compare: from scores to what can be said of outlets."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from slant.cli.options import DONE


@click.command()
@click.argument("scores", nargs=-1, required=True)
@click.option(
    "-o", "--output", required=True, type=click.Path(file_okay=False), help="Folder for the tables."
)
@click.option(
    "--by", default="outlet", show_default=True, help="Column to compare: outlet, author, kind, title, month."
)
@click.option(
    "--min-articles", default=5, show_default=True, help="Groups with fewer articles are named and left out."
)
@click.option("--resamples", default=1000, show_default=True, help="Resamples behind each interval.")
def compare(scores: Sequence[str], output: str, by: str, min_articles: int, resamples: int) -> int:
    """Compare outlets: share of each label, with intervals that resample whole articles."""
    from slant.comparing.rates import FEW_ARTICLES, rates, write_rates
    from slant.scoring.files import read_scores

    table = rates(read_scores(scores), by=by, min_articles=min_articles, resamples=resamples)
    written = write_rates(table, Path(output))
    click.echo(f"{len(table.rates):,} rates of {len(table.groups)} groups → {written}", err=True)
    if table.left_out:
        few = ", ".join(f"{group} ({n})" for group, n in table.left_out.items())
        click.echo(f"left out, with fewer than {min_articles} articles: {few}", err=True)
    small = sorted({r.group for r in table.rates if r.articles < FEW_ARTICLES})
    if small:
        click.echo(
            f"caution: fewer than {FEW_ARTICLES} articles, so intervals are too narrow: {', '.join(small)}",
            err=True,
        )
    return DONE
