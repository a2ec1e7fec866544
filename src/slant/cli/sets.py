"""data list, data check and data articles: the public sets."""

from __future__ import annotations

from pathlib import Path

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


@data.command("articles")
@click.argument("name")
@click.option("-o", "--output", default="-", help="FILE.jsonl. Default: standard output.")
def data_articles(name: str, output: str) -> int:
    """Write the articles of a set of texts (fa_kes, ruwa) as rows that `slant score` reads. Repeats are left out."""
    import json

    from slant.labels.public import article_row, load_articles
    from slant.scoring.files import check_format
    from slant.scoring.whole import make_folder

    check_format(output, formats=(".jsonl",))
    articles = load_articles(name)
    if output != "-":
        make_folder(Path(output))
    distinct = {article.article_id: article for article in articles}
    with click.open_file(output, "w", encoding="utf-8", atomic=output != "-") as file:
        for article in distinct.values():
            file.write(json.dumps(article_row(article), ensure_ascii=False) + "\n")
    repeats = len(articles) - len(distinct)
    click.echo(
        f"{len(distinct):,} articles → {output}{f' ({repeats} repeats left out)' if repeats else ''}",
        err=True,
    )
    return DONE
