"""targets suggest: candidates for targets from the texts themselves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from slant import __version__
from slant.cli.articles import read_options
from slant.cli.options import (
    ERROR,
    SOME_REJECTED,
    finish,
    keep_finished,
    nothing_to_read,
    overwrite,
    paths,
    quiet,
    reading,
    say,
)
from slant.errors import UsageError

if TYPE_CHECKING:
    from slant.records import Unit
    from slant.scoring.account import Account
    from slant.scoring.run_options import ReadOptions

_SAID = 12  # names in the last line


@click.group("targets")
def targets_group() -> None:
    """Make targets files, which name what `slant score` scores stance toward."""


@targets_group.command("suggest")
@paths
@click.option("-o", "--output", required=True, help="FILE.toml, to edit and to use with --targets.")
@click.option(
    "--top", default=40, show_default=True, type=click.IntRange(1, 200), help="Candidates to write, at most."
)
@click.option(
    "--min-articles",
    default=2,
    show_default=True,
    type=click.IntRange(1),
    help="Leave out what fewer articles name.",
)
@overwrite
@reading
@quiet
def suggest_targets(output: str, top: int, min_articles: int, overwrite: bool, **given: Any) -> int:
    """Suggest targets: who and what the texts are about, with other names and example sentences.

    PATHS are articles, or files of `slant split` or `slant score`. Candidates are names, groups of people and recurring
    phrases, ranked by articles × outlets × spread over time. Names of one target are put together, with the reason. Read the
    file and edit it before you use it.
    """
    from slant.atomic_files import write_text
    from slant.labels.targets import Targets
    from slant.scoring.account import Account
    from slant.scoring.output_files import check_format
    from slant.suggesting.suggest import suggest
    from slant.suggesting.targets_file import number_of, targets_toml

    check_format(output, formats=(".toml",))
    keep_finished(output, overwrite=overwrite)
    if nothing_to_read(given["paths"]):
        return SOME_REJECTED
    options, account = read_options(given), Account()
    found = suggest(_units(options, account, output), top=top, min_articles=min_articles)
    if not found.candidates:
        finish("", "-", account, quiet=options.quiet)
        say(_why_none(found.articles, found.other_languages, min_articles))
        return ERROR
    made_by = f"Made by slant {__version__} from {', '.join(options.paths)}."
    write_text(Path(output), targets_toml(found, made_by=made_by))
    Targets.load(Path(output))  # what is written can be used
    code = finish(
        f"{number_of(len(found.candidates), 'candidate')} from {number_of(found.articles, 'article')}",
        output,
        account,
        quiet=options.quiet,
    )
    names = ", ".join(candidate.name for candidate in found.candidates[:_SAID])
    say(f"the first: {names}")
    if found.other_languages:
        say(f"not in English, and not read: {number_of(found.other_languages, 'article')}")
    return code


def _why_none(articles: int, other_languages: int, min_articles: int) -> str:
    others = f"; not in English: {other_languages:,}" if other_languages else ""
    if not articles:
        return f"nothing was written: no article in English was read{others}."
    least = f"named in at least {min_articles:,} articles" if min_articles > 1 else "named"
    return f"nothing was written: no name or phrase is {least} of {articles:,}{others}. --min-articles lowers the bound."


def _units(options: ReadOptions, account: Account, output: str) -> Iterator[Unit]:
    """Return the units of articles, or of unit and score files."""
    from slant.scoring.local_run import read_units
    from slant.scoring.output_files import is_unit_file, read_unit_rows
    from slant.scoring.progress import with_progress
    from slant.suggesting.passages import units_of_rows

    kinds = {is_unit_file(path) for path in options.paths}
    if len(kinds) > 1:
        raise UsageError("PATHS mix articles with files that slant wrote. Give only one kind.")
    if kinds == {True}:
        rows = with_progress(read_unit_rows(options.paths), unit="units", quiet=options.quiet)
        return units_of_rows(rows)
    return read_units(options, account, output=output)
