"""Arguments and endings that several commands share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import click

from slant.errors import Rejected

DONE, OURS, USAGE, SOME_REJECTED = 0, 1, 2, 3

paths = click.argument("paths", nargs=-1, required=True)
outlet = click.option("--outlet", help="Outlet of documents that state none.")
comments_from = click.option(
    "--comments-from", metavar="TEXT", help="Reader comments begin at the line with TEXT."
)
targets = click.option(
    "--targets", type=click.Path(dir_okay=False), help="Targets file (TOML). Default: slant's own."
)
model = click.option(
    "--model", type=click.Path(file_okay=False), help="Model folder. Default: the shipped model."
)
quiet = click.option("--quiet", is_flag=True, help="No progress on standard error.")


def finish(
    what: str,
    output: str,
    rejected: list[Rejected],
    write_rejected: Callable[[Sequence[Rejected], str], Path | None],
) -> int:
    listed = write_rejected(rejected, output)
    if output != "-":
        click.echo(f"{what} → {output}", err=True)
    if listed is None:
        return DONE
    click.echo(f"{len(rejected):,} documents rejected, with reasons, in {listed}", err=True)
    for row in rejected[:3]:
        click.echo(f"  {row}", err=True)
    return SOME_REJECTED
