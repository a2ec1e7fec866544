"""compare and sample: from scores to statements about outlets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from slant.cli.options import DONE, MODEL, keep_finished, overwrite, quiet
from slant.errors import UsageError, require

_COMPARE = ("scipy", "sklearn", "statsmodels", "duckdb", "pyarrow", "matplotlib", "onnxruntime")


@click.command()
@click.argument("scores", nargs=-1, required=True)
@click.option(
    "-o", "--output", required=True, type=click.Path(file_okay=False), help="Folder for report and tables."
)
@click.option(
    "--by",
    default="outlet",
    show_default=True,
    help="Column to compare: outlet, author, kind, month, …, or another column of the articles' table.",
)
@click.option(
    "--gold",
    type=click.Path(dir_okay=False),
    help="Labels by people for a sample (slant sample), to correct the model's errors.",
)
@click.option(
    "--min-articles",
    default=5,
    show_default=True,
    type=click.IntRange(1),
    help="Leave out, and name, groups with fewer articles.",
)
@click.option(
    "--cluster",
    default="",
    metavar="NAMES",
    help="What articles share: some of article,event,author,commenter. Default: all that the scores state.",
)
@click.option(
    "--measures",
    multiple=True,
    metavar="PATTERN",
    help="Compare only these, e.g. 'stance/*/net' or 'portrayal/*'. May be repeated. Default: all but portrayal.",
)
@click.option(
    "--adjust",
    type=click.Choice(["bh", "holm"]),
    default="bh",
    show_default=True,
    help="Adjustment of p over all tests.",
)
@click.option(
    "--resamples",
    default=1000,
    show_default=True,
    type=click.IntRange(100),
    help="Bootstrap resamples, of the decomposition and the audit.",
)
@click.option(
    "--permutations",
    default=10_000,
    show_default=True,
    type=click.IntRange(100),
    help="Permutations behind each p.",
)
@click.option("--seed", default=0, show_default=True, help="Random seed.")
@click.option(
    "--model",
    metavar=MODEL,
    help="The model that scored. Default: the installed one with the fingerprint in the scores.",
)
@overwrite
@quiet
def compare(scores: tuple[str, ...], output: str, overwrite: bool, **options: Any) -> int:
    """Compare outlets: rates and differences, with intervals and tests over articles, events and writers.

    What shares an article, an event or a writer is never treated as independent. Writes a report, and the same
    tables as CSV and Parquet, into the folder.
    """
    require("compare", *_COMPARE, what="slant compare")
    from slant.comparing.clusters import parse_dimensions
    from slant.comparing.compare import detectable_lines, finding_lines, run
    from slant.comparing.options import Options
    from slant.comparing.score_tables import open_store
    from slant.reports.comparison_page import write

    keep_finished(str(Path(output) / "index.html"), overwrite=overwrite)
    silent = options.pop("quiet")
    options["cluster"] = parse_dimensions(options["cluster"])

    def progress(step: str) -> None:
        if not silent:
            click.echo(f"slant: {step}", err=True)

    progress("reading")
    with open_store(scores, by=options["by"]) as store:
        results = run(store, Options(**options), progress=progress)
        progress("writing")
        write(results, Path(output), store=store)
    for line in (*detectable_lines(results), *finding_lines(results)):
        click.echo(line, err=True)
    click.echo(f"report and tables → {output}", err=True)
    return DONE


@click.command()
@click.argument("scores", nargs=-1, required=True)
@click.option("-o", "--output", required=True, help="FILE.csv or .jsonl, to fill in the column label.")
@click.option("-n", "--size", default=300, show_default=True, type=click.IntRange(2), help="Units to draw.")
@click.option(
    "--by", default="outlet", show_default=True, help="Column whose groups give equally many units."
)
@click.option(
    "--task", "tasks", multiple=True, default=("stance",), show_default=True,
    type=click.Choice(["stance", "portrayal", "loaded", "frames", "reply"]),
    help="Questions to the annotators. May be repeated.",
)  # fmt: skip
@click.option("--seed", default=0, show_default=True, help="Random seed.")
@click.option("--show-labels", is_flag=True, help="Add the model's labels, which annotators should not see.")
@click.option("--overwrite", is_flag=True, help="Replace the sample if it is there already, with its labels.")
def sample(scores: tuple[str, ...], output: str, overwrite: bool, **options: Any) -> int:
    """Draw a random sample of scored units for people to label, as --gold of `slant compare`.

    Strata are groups and the model's labels; weight is how many scored units a row represents.
    """
    require("compare", *_COMPARE, what="slant sample")
    from slant.comparing.gold_sample import draw_sample, write_sample
    from slant.comparing.score_tables import open_store
    from slant.scoring.output_files import check_format

    check_format(output, formats=(".csv", ".jsonl"))
    if Path(output).exists() and not overwrite:
        raise UsageError(
            f"-o {output} exists and may hold labels. Give another name, or add --overwrite to replace it."
        )
    with open_store(scores, by=options.pop("by")) as store:
        drawn = draw_sample(store, **options)
    write_sample(drawn, output)
    groups = ", ".join(f"{group} {count}" for group, count in drawn.groups.items())
    click.echo(f"{len(drawn.rows):,} questions about {drawn.units:,} units ({groups}) → {output}", err=True)
    click.echo(
        f"Label it: slant label {output} (or fill in the column label; see docs/labeling.md). "
        "Then: slant compare SCORES --gold FILE -o DIR",
        err=True,
    )
    return DONE
