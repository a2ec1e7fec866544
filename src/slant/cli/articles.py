"""split, score and report: from documents to units, scores and a report page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from slant import __version__
from slant.cli.options import (
    DONE,
    SOME_REJECTED,
    any_language,
    finish,
    keep_finished,
    model,
    nothing_to_read,
    overwrite,
    paths,
    quiet,
    reading,
    runtime,
    say,
    stoppable,
    targets,
)
from slant.errors import UsageError

if TYPE_CHECKING:
    from slant.labels.targets import Targets
    from slant.records import Unit
    from slant.reports.article_page import Explain
    from slant.scoring.account import Account
    from slant.scoring.python_api import Scorer
    from slant.scoring.run_options import ReadOptions


@click.command()
@paths
@click.option(
    "-o", "--output", default="-", help="FILE.jsonl, .csv, .parquet or .duckdb. Default: standard output."
)
@click.option("--all", "everything", is_flag=True, help="Also write metadata, media and boilerplate.")
@click.option(
    "--audit",
    is_flag=True,
    help="Also show on standard error, per file, what came in, what came out, and what was left out as what.",
)
@overwrite
@reading
@quiet
def split(output: str, everything: bool, audit: bool, overwrite: bool, **given: Any) -> int:
    """Split documents into units: title, headings, paragraphs, list items, comments."""
    from slant.scoring.account import Account, table
    from slant.scoring.local_run import read_units
    from slant.scoring.output_files import check_format, write_rows
    from slant.scoring.run_options import own_files
    from slant.segment.language import flag_languages

    check_format(output)
    own_files(output, given["paths"])
    keep_finished(output, overwrite=overwrite)
    if nothing_to_read(given["paths"]):
        return SOME_REJECTED
    options, account, languages = read_options(given), Account(by_file=audit), Counter[str]()
    units = flag_languages(read_units(options, account, output=output))
    kept = (unit for unit in units if unit.is_content or everything)
    count = write_rows(_counted(kept, languages), output)
    code = finish(f"{count:,} units", output, account, quiet=options.quiet)
    for line in table(account) if audit else ():
        say(line)
    _say_languages(languages, "slant score gives them no labels, unless it gets --any-language")
    return code


@click.command()
@paths
@click.option(
    "-o",
    "--output",
    required=True,
    help="FILE.jsonl, .csv, .parquet or .duckdb, or - for JSON lines on standard output.",
)
@targets
@any_language
@click.option(
    "--units", is_flag=True, help="PATHS hold ready-made units: one JSON object a line, with at least `text`."
)
@click.option(
    "--resume", is_flag=True, help="Continue an interrupted run of the same output, if there is one."
)
@overwrite
@click.option(
    "--engine",
    type=click.Choice(["local", "ray"]),
    default="local",
    show_default=True,
    help="ray: score on a Ray cluster; PATHS and -o may be URLs such as s3://… or gs://… (docs/cluster.md).",
)
@model
@runtime
@reading
@quiet
def score(overwrite: bool, **given: Any) -> int:
    """Score articles and comments: stance toward targets, portrayal of targets, loaded language, frames, replies.

    The output has one row per unit; docs/outputs.md describes the columns.
    """
    from slant.labels.targets import Targets
    from slant.scoring.account import Account, summary
    from slant.scoring.output_files import check_format
    from slant.scoring.resume import AlreadyComplete
    from slant.scoring.run_options import ScoreOptions, own_files

    options = ScoreOptions(read_options(given), **given)
    check_format(options.output)
    own_files(options.output, options.reading.paths)
    keep_finished(options.output, overwrite=overwrite or options.resume)
    if nothing_to_read(options.reading.paths):
        return SOME_REJECTED
    if options.engine == "ray":
        from slant.scoring.ray_run import write_scores
    else:
        from slant.scoring.local_run import write_scores
    account, silent = Account(), options.reading.quiet
    asked = (
        None if options.units or silent else Targets.load(Path(options.targets) if options.targets else None)
    )
    if asked and not options.targets:
        say_shipped(asked)
    with stoppable():
        try:
            write_scores(options, account)
        except AlreadyComplete as complete:
            say(f"slant: {complete}")
            return DONE
    code = finish(f"{account.languages.total():,} units scored", options.output, account, quiet=silent)
    if account.total.documents and not (options.units or silent):
        say(summary(account))
    if asked:
        _say_targets(account, asked, own=options.targets is not None)
    _say_languages(account.languages, "no labels; --any-language scores them anyway")
    return code


@click.command()
@paths
@click.option("-o", "--output", required=True, help="FILE.html")
@click.option("--title", help="Heading of the report.")
@click.option(
    "--max-articles",
    default=200,
    show_default=True,
    help="Articles to show; the report names those left out.",
)
@click.option(
    "--explain",
    is_flag=True,
    help="Show which words carried each stance against or in favor. Takes as many encoder passes per stance as its unit "
    "has words, and about 45 more.",
)
@overwrite
@targets
@any_language
@model
@runtime
@reading
@quiet
def report(
    output: str, title: str | None, max_articles: int, explain: bool, overwrite: bool, **given: Any
) -> int:
    """Write an HTML file that shows articles with their labels. PATHS are articles, or score files of `slant score`."""
    from slant.reports.article_page import TITLE, write_report
    from slant.scoring.account import Account
    from slant.scoring.local_run import load_scorer, scores
    from slant.scoring.output_files import check_format, read_scores
    from slant.scoring.progress import counting
    from slant.scoring.run_options import ScoreOptions

    check_format(output, formats=(".html",))
    keep_finished(output, overwrite=overwrite)
    if nothing_to_read(given["paths"]):
        return SOME_REJECTED
    options = ScoreOptions(read_options(given), output, **given)
    inputs = options.reading.paths
    account = Account()
    are_scores = all_score_files(inputs)
    if are_scores and options.reading.join_comments:
        raise UsageError("--join-comments: PATHS are scores. Join the comments when you score the articles.")
    scorer = None if are_scores and not explain else load_scorer(options)
    rows = read_scores(inputs) if scorer is None or are_scores else scores(options, account, scorer)
    with counting("passes", quiet=options.reading.quiet or not explain) as done:
        write_report(
            rows,
            Path(output),
            title=title or TITLE,
            generated={"from": ", ".join(inputs), "by": f"slant {__version__}"},
            max_articles=max_articles,
            explain=_explain(scorer, done) if explain and scorer else None,
        )
    return finish("report", output, account, quiet=options.reading.quiet)


def _explain(scorer: Scorer, done: Callable[[int], object]) -> Explain:
    from slant.scoring.explain import Explainer

    return Explainer(scorer.predictor, scorer.targets, done=done).sides


def all_score_files(paths: Sequence[str]) -> bool:
    """Return whether the paths are score files rather than articles. Raises UsageError for a mix."""
    from slant.scoring.output_files import is_score_file

    kinds = {is_score_file(path) for path in paths}
    if len(kinds) > 1:
        raise UsageError(
            "PATHS mix score files and articles. Give only one kind, or score the articles first."
        )
    return kinds == {True}


def say_shipped(targets: Targets) -> None:
    """Print which targets are scored where the user gave none."""
    shown = ", ".join(target.name for target in targets.targets if target.aliases or target.exact)
    say(f"slant: no --targets given, so those that ship with slant are scored: {shown}")


def _counted(units: Iterable[Unit], languages: Counter[str]) -> Iterator[Unit]:
    for unit in units:
        languages[unit.other_language or "en"] += 1
        yield unit


def _say_targets(account: Account, targets: Targets, *, own: bool) -> None:
    """Print how many units and articles name each target, and warn of those that none names. own: of the user's file."""
    searched = [target for target in targets.targets if target.aliases or target.exact]
    missing = [target.name for target in searched if target.id not in account.named]
    for target in searched:
        if target.id in account.named:
            units, articles = account.named[target.id]
            said = f"{units:,} unit{'s' * (units != 1)} of {articles:,} article{'s' * (articles != 1)}"
            say(f"{target.name}: named in {said}")
    if missing and own:
        unit = "unit in English" if len(account.languages) > 1 or "en" not in account.languages else "unit"
        say(f"warning: named in no {unit}: {', '.join(missing)}. Are the aliases those of your texts?")
    elif searched and len(missing) == len(searched):
        say(
            "warning: no unit names any target that ships with slant. Give your own with --targets (docs/targets.md)."
        )


def _say_languages(languages: Counter[str], what: str) -> None:
    """Print how many units are not in English, and `what` that means; nothing if all are."""
    others = [(language, n) for language, n in languages.most_common() if language != "en"]
    if others:
        count = sum(n for _, n in others)
        are, each = "unit is" if count == 1 else "units are", ", ".join(f"{x} {n:,}" for x, n in others)
        say(f"{count:,} {are} not in English ({each}): {what}")


def read_options(given: dict[str, Any]) -> ReadOptions:
    """Take the options of `paths`, `reading` and `quiet` out of what click has parsed."""
    from slant.scoring.run_options import ReadOptions

    return ReadOptions(**{field.name: given.pop(field.name) for field in fields(ReadOptions)})
