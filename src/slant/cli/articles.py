"""split, score and report: from documents to units, scores and a page to read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from slant import __version__
from slant.cli.options import finish, model, paths, quiet, reading, runtime, stoppable, targets
from slant.errors import UsageError


@click.command()
@paths
@click.option(
    "-o", "--output", default="-", help="FILE.jsonl, .csv, .parquet or .duckdb. Default: standard output."
)
@click.option("--all", "everything", is_flag=True, help="Also metadata, media and boilerplate.")
@reading
@quiet
def split(**options: Any) -> int:
    """Split documents into units: title, headings, paragraphs, list items, comments."""
    from slant.scoring import run
    from slant.scoring.output_files import check_format, write_rows
    from slant.scoring.run_options import Rejections

    check_format(options["output"])
    rejected = Rejections()
    units = run.units(options, rejected)
    count = write_rows((u for u in units if u.is_content or options["everything"]), options["output"])
    return finish(f"{count:,} units", options["output"], rejected)


@click.command()
@paths
@click.option(
    "-o",
    "--output",
    required=True,
    help="FILE.jsonl, .csv, .parquet or .duckdb; - for JSON lines to standard output.",
)
@targets
@click.option("--units", is_flag=True, help="PATHS hold ready-made units: JSON lines with at least text.")
@click.option(
    "--resume", is_flag=True, help="Go on from where a run of the same output was stopped, if one was."
)
@click.option(
    "--engine",
    type=click.Choice(["local", "ray"]),
    default="local",
    show_default=True,
    help="ray: on a Ray cluster; PATHS and -o may be s3://, gs:// and the like. See docs/cluster.md.",
)
@model
@runtime
@reading
@quiet
def score(**options: Any) -> int:
    """Score articles and comments: stance toward targets, loaded language, frames, replies."""
    from slant.scoring import run
    from slant.scoring.output_files import check_format
    from slant.scoring.run_options import Rejections

    check_format(options["output"])
    rejected = Rejections()
    with stoppable():
        count = run.write_scores(options, rejected)
    return finish(f"{count:,} units scored", options["output"], rejected)


@click.command()
@paths
@click.option("-o", "--output", required=True, help="FILE.html")
@click.option("--title", help="Heading of the report.")
@click.option(
    "--max-articles", default=200, show_default=True, help="Articles shown; the file names what it left out."
)
@targets
@model
@reading
@quiet
def report(**options: Any) -> int:
    """Write one HTML file that shows articles with their labels. PATHS are articles, or files that `score` wrote."""
    from slant.reports.article_page import TITLE, write_report
    from slant.scoring import run
    from slant.scoring.output_files import check_format, is_score_file, read_scores
    from slant.scoring.run_options import Rejections

    check_format(options["output"], formats=(".html",))
    rejected = Rejections()
    kinds = {is_score_file(path) for path in options["paths"]}
    if len(kinds) > 1:
        raise UsageError("PATHS mix score files and articles. Give one kind; score the articles first.")
    scores = (
        read_scores(options["paths"])
        if kinds == {True}
        else run.scores({**options, "units": False}, rejected)
    )
    origin = {"from": ", ".join(options["paths"]), "by": f"slant {__version__}"}
    write_report(
        scores,
        Path(options["output"]),
        title=options["title"] or TITLE,
        generated=origin,
        max_articles=options["max_articles"],
    )
    return finish("report", options["output"], rejected)
