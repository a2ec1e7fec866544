"""data list and data check: the public sets."""

from __future__ import annotations

import click

from slant.cli.options import DONE, OURS


@click.group()
def data() -> None:
    """The public sets that slant learns from and is judged on."""


@data.command("list")
def data_list() -> int:
    """Show which sets are there, how large, and under which terms."""
    from slant.labels.registry import list_sets, render

    click.echo(render(list_sets()))
    return DONE


@data.command("check")
def data_check() -> int:
    """Verify the counts of the sets on disk against the registry."""
    from slant.labels.registry import all_ok, check_sets, render

    rows = check_sets()
    click.echo(render(rows))
    return DONE if all_ok(rows) else OURS
