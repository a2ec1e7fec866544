"""explain: the words that carried a stance."""

from __future__ import annotations

import glob
import json
import os
import re
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from slant import __version__
from slant.atomic_files import write_text
from slant.cli.articles import all_score_files, read_options
from slant.cli.options import (
    any_language,
    finish,
    keep_finished,
    model,
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
    from slant.records import Score, Unit
    from slant.scoring.account import Account
    from slant.scoring.explain import Explanation
    from slant.scoring.python_api import Scorer
    from slant.scoring.run_options import ScoreOptions


@click.command()
@paths
@click.option(
    "--target", required=True, metavar="NAME", help="Target of the stances: its id, its name or an alias."
)
@click.option(
    "--unit",
    "units",
    multiple=True,
    metavar="ID",
    help="Explain this unit, whatever its label. May be repeated. Default: units against or in favor of the target.",
)
@click.option(
    "-n",
    "--most",
    default=10,
    show_default=True,
    type=click.IntRange(1),
    help="Stop after this many units. Not with --unit.",
)
@click.option(
    "-o",
    "--output",
    help="FILE.html or .jsonl, or - for JSON lines on standard output. Default: the terminal.",
)
@overwrite
@click.option("--seed", default=0, show_default=True, help="Random seed of the random words.")
@targets
@any_language
@model
@runtime
@reading
@quiet
def explain(
    output: str | None,
    target: str,
    units: tuple[str, ...],
    most: int,
    seed: int,
    overwrite: bool,
    **given: Any,
) -> int:
    """Show which words carried a stance, and whether the model needs them more than random words.

    PATHS are score files of `slant score`, articles, or texts in quotes. Each word is removed on its own; a word's weight is
    how much the log-odds of the label drop without it. Then the strongest fifth of the words is removed together, and as
    many random words in its place. This takes about 45 encoder passes more than the unit has words.
    """
    from slant.reports.page_parts import called
    from slant.scoring.account import Account
    from slant.scoring.explain import Explainer
    from slant.scoring.local_run import load_scorer
    from slant.scoring.output_files import check_format
    from slant.scoring.progress import counting
    from slant.scoring.run_options import ScoreOptions

    if output:
        check_format(output, formats=(".html", ".jsonl"))
        keep_finished(output, overwrite=overwrite)
    options = ScoreOptions(read_options(given), output or "-", **given)
    account = Account()
    with stoppable():
        scorer = load_scorer(options)
        target = scorer.targets.id_of(target) or target
        try:
            chosen = _chosen(options, target, scorer, account, units=units, most=most)
        except UsageError:
            for row in account.rejected.first:  # a missing file may be why nothing was found
                say(f"rejected: {row}")
            raise
        with counting("passes", quiet=options.reading.quiet) as done:
            explainer = Explainer(scorer.predictor, scorer.targets, seed=seed, done=done)
            found = [explainer.explain(score, target, article=article) for score, article in chosen]
    with called({each.id: each.name for each in scorer.targets.targets}):
        _write(found, output, options)
    explained = f"{len(found):,} {'stance' if len(found) == 1 else 'stances'} explained"
    return finish(explained, options.output, account, quiet=options.reading.quiet)


def _chosen(
    options: ScoreOptions,
    target: str,
    scorer: Scorer,
    account: Account,
    *,
    units: Collection[str],
    most: int,
) -> list[tuple[Score, list[Unit]]]:
    """Return the units to explain, each with its article. Articles and texts are scored; all texts are explained."""
    from slant.labels.targets import Targets
    from slant.scoring.explain import choose
    from slant.scoring.local_run import scores
    from slant.scoring.output_files import read_scores
    from slant.scoring.progress import with_progress
    from slant.scoring.python_api import Scorer

    given = options.reading.paths
    texts = [path for path in given if _is_text(path)]
    if texts and len(texts) < len(given):
        raise UsageError(f"PATHS mix files and texts: there is no file {texts[0]!r:.60}. Give only one kind.")
    if texts:
        items = [{"text": text, "targets": [target]} for text in texts]
        return [(row, []) for row in scorer.score(items, any_language=options.any_language)]
    if all_score_files(given):
        rows = with_progress(read_scores(given), unit="units", quiet=options.reading.quiet)
    else:
        known = scorer.targets
        if target not in known.ids:
            known = Targets((*known.targets, *Targets.from_names([target]).targets))
        rows = scores(options, account, Scorer(scorer.predictor, known))
    chosen = list(choose(rows, target, units=units, most=most))
    if len(chosen) == most and not units:
        say(f"stopped after {most} unit{'s' if most > 1 else ''}; for more, raise -n")
    return chosen


def _is_text(path: str) -> bool:
    """Return whether an argument is a text: it has blanks, and no file has this name."""
    return bool(re.search(r"\s", path.strip())) and not os.path.exists(path) and not glob.glob(path)


def _write(found: list[Explanation], output: str | None, options: ScoreOptions) -> None:
    if output is None:
        _print(found)
    elif output.lower().endswith(".html"):
        from slant.reports.explanation_page import write_explanations

        generated = {"from": ", ".join(options.reading.paths), "by": f"slant {__version__}"}
        write_explanations(found, Path(output), generated=generated)
    else:
        lines = "".join(json.dumps(each.to_dict(), ensure_ascii=False) + "\n" for each in found)
        click.echo(lines, nl=False) if output == "-" else write_text(Path(output), lines)


def _print(found: list[Explanation]) -> None:
    """Print explanations: strong words in brackets with their weight, the target in braces."""
    from slant.reports.explanation_page import marked, sentences
    from slant.reports.page_parts import percent, printable, signed, target

    for each in found:
        head = f"{target(each.target)}: {each.label} {percent(each.probability)}"
        click.echo(f"{click.style(printable(head), bold=True)}  {each.kind} {printable(each.unit_id)}")
        text = ""
        for piece in marked(each):
            shown = printable(piece.text)
            if piece.is_mention:
                shown = click.style("{" + shown + "}", underline=True)
            elif piece.word and piece.word.top:
                shown = click.style(f"[{shown} {signed(piece.word.weight, fine=True)}]", bold=True)
            text += shown
        click.echo(f"  {text}")
        for sentence in sentences(each):
            click.echo(f"  {sentence}")
        click.echo()
