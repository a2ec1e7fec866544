"""The command line: each command is one step of the road, reads files and writes one file or folder."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from slant import __version__
from slant.errors import Rejected, SlantError, UsageError

DONE, OURS, USAGE, SOME_REJECTED = 0, 1, 2, 3


class _Commands(click.Group):
    def invoke(self, ctx: click.Context) -> Any:
        """A reader of our output that goes away, as `| head` does, is no error; click would end with code 1."""
        try:
            code = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:
            nowhere = os.open(os.devnull, os.O_WRONLY)  # for what is still in the buffers
            os.dup2(nowhere, sys.stdout.fileno())
            os.dup2(nowhere, sys.stderr.fileno())
            return DONE
        return code


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def cli() -> None:
    """Stance, loaded language and frames in news articles and reader comments.

    PATHS are files, folders, globs, or - for standard input: text, Markdown, HTML, and JSON lines, CSV or Parquet with a
    text column. Progress goes to standard error. Exit codes: 0 all done, 1 an error of ours, 2 wrong usage, 3 done but
    some documents were rejected (listed in OUTPUT.rejected.jsonl).
    """


_paths = click.argument("paths", nargs=-1, required=True)
_outlet = click.option("--outlet", help="Outlet of documents that state none.")
_comments_from = click.option(
    "--comments-from", metavar="TEXT", help="Reader comments begin at the line with TEXT."
)
_targets = click.option(
    "--targets", type=click.Path(dir_okay=False), help="Targets file (TOML). Default: slant's own."
)
_model = click.option(
    "--model", type=click.Path(file_okay=False), help="Model folder. Default: the shipped model."
)
_quiet = click.option("--quiet", is_flag=True, help="No progress on standard error.")


@cli.command()
@_paths
@click.option("-o", "--output", default="-", help="FILE.jsonl, .csv or .parquet. Default: standard output.")
@click.option("--all", "everything", is_flag=True, help="Also metadata, media and boilerplate.")
@_outlet
@_comments_from
@_quiet
def split(**options: Any) -> int:
    """Split documents into units: title, headings, paragraphs, list items, comments."""
    from slant import flow
    from slant.scoring.files import check_format, write_rejected, write_rows

    check_format(options["output"])
    rejected: list[Rejected] = []
    units = flow.units(options, rejected)
    count = write_rows((u for u in units if u.is_content or options["everything"]), options["output"])
    return _finish(f"{count:,} units", options["output"], rejected, write_rejected)


@cli.command()
@_paths
@click.option(
    "-o", "--output", required=True, help="FILE.jsonl, .csv or .parquet; - for JSON lines to standard output."
)
@_targets
@click.option("--units", is_flag=True, help="PATHS hold ready-made units: JSON lines with at least text.")
@_model
@_outlet
@_comments_from
@_quiet
def score(**options: Any) -> int:
    """Score articles and comments: stance toward targets, loaded language, frames, replies."""
    from slant import flow
    from slant.scoring.files import check_format, write_rejected, write_rows

    check_format(options["output"])
    rejected: list[Rejected] = []
    count = write_rows(flow.scores(options, rejected), options["output"])
    return _finish(f"{count:,} units scored", options["output"], rejected, write_rejected)


@cli.command()
@_paths
@click.option("-o", "--output", required=True, help="FILE.html")
@click.option("--title", help="Heading of the report.")
@click.option(
    "--max-articles", default=200, show_default=True, help="Articles shown; the file names what it left out."
)
@_targets
@_model
@_outlet
@_comments_from
@_quiet
def report(**options: Any) -> int:
    """Write one HTML file that shows articles with their labels. PATHS are articles, or files that `score` wrote."""
    from slant import flow
    from slant.reports.articles import TITLE, write_report
    from slant.scoring.files import check_format, is_score_file, read_scores, write_rejected

    check_format(options["output"], formats=(".html",))
    rejected: list[Rejected] = []
    kinds = {is_score_file(path) for path in options["paths"]}
    if len(kinds) > 1:
        raise UsageError("PATHS mix score files and articles. Give one kind; score the articles first.")
    scores = (
        read_scores(options["paths"])
        if kinds == {True}
        else flow.scores({**options, "units": False}, rejected)
    )
    origin = {"from": ", ".join(options["paths"]), "by": f"slant {__version__}"}
    write_report(
        scores,
        Path(options["output"]),
        title=options["title"] or TITLE,
        generated=origin,
        max_articles=options["max_articles"],
    )
    return _finish("report", options["output"], rejected, write_rejected)


@cli.command()
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


@cli.command()
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
    with _train_install():
        from slant.shipping.run import run

        run(Path(recipe) if recipe else None, overrides, Path(output) if output else None, resume=resume)
    return DONE


@cli.command()
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
    with _train_install():
        from slant.shipping.gate import ship

        ship(Path(checkpoint), Path(output), most=most, limit=limit)
    return DONE


@cli.command()
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
    with _train_install():
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
def _train_install() -> Iterator[None]:
    """Says which install has what is missing; rooms import it where they need it, so all the work goes inside."""
    try:
        yield
    except ImportError as error:
        raise UsageError(f"this needs the training install ({error}): pip install 'slant[train]'") from None


@cli.group()
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


def _finish(
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


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point: turns errors into messages and exit codes."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # whatever the locale says: JSON lines are UTF-8
            stream.reconfigure(encoding="utf-8")
    try:
        given = list(arguments) if arguments is not None else None
        code = cli.main(args=given, prog_name="slant", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = USAGE
    except click.Abort:
        click.echo("stopped", err=True)
        code = 130
    except UsageError as error:
        click.echo(f"slant: {error}", err=True)
        code = USAGE
    except SlantError as error:
        click.echo(f"slant: {error}", err=True)
        code = OURS
    sys.exit(code if isinstance(code, int) else DONE)
