"""The command line: each command is one step of the pipeline, reads files and writes one file or folder."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence
from typing import Any

import click

from slant import __version__
from slant.cli.articles import report, score, split
from slant.cli.examples import add_epilogs
from slant.cli.explain import explain
from slant.cli.labels import label
from slant.cli.models import average, data, evaluate, export, train
from slant.cli.options import DONE, ERROR, INTERRUPTED, USAGE
from slant.cli.outlets import compare, sample
from slant.cli.serve import serve
from slant.cli.targets import targets_group
from slant.cli.teach import teach
from slant.errors import SlantError, UsageError


class _Commands(click.Group):
    def invoke(self, ctx: click.Context) -> Any:
        """Run the command. A closed standard output (`| head`) ends it with code 0; click would end it with 1."""
        try:
            code = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:
            nowhere = os.open(os.devnull, os.O_WRONLY)  # takes what is still in the buffers
            os.dup2(nowhere, sys.stdout.fileno())
            os.dup2(nowhere, sys.stderr.fileno())
            return DONE
        return code


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def cli() -> None:
    """Score stance, loaded language and frames in news articles and reader comments, and compare outlets.

    PATHS are files, folders, globs, or - for standard input. Formats: text, Markdown, HTML, feeds, WARC, and JSON lines, CSV
    or Parquet with a text column; also compressed or in archives. Progress is shown on standard error.

    \b
    Exit codes:
      0    done
      1    error
      2    wrong usage
      3    done, but some documents were rejected (listed in OUTPUT.rejected.jsonl)
      130  interrupted with Ctrl-C (129 by SIGHUP, 143 by SIGTERM)
    """


for _command in (
    split,
    score,
    explain,
    sample,
    label,
    compare,
    report,
    serve,
    teach,
    train,
    average,
    export,
    evaluate,
    data,
    targets_group,
):
    cli.add_command(_command)
add_epilogs(cli)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line: errors become messages and exit codes."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # JSON lines are UTF-8, whatever the locale is
            stream.reconfigure(encoding="utf-8")
    try:
        given = list(arguments) if arguments is not None else None
        code = cli.main(args=given, prog_name="slant", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = USAGE
    except click.Abort:
        click.echo("interrupted", err=True)
        code = INTERRUPTED
    except UsageError as error:
        click.echo(f"slant: {error}", err=True)
        code = USAGE
    except SlantError as error:
        click.echo(f"slant: {error}", err=True)
        code = ERROR
    sys.exit(code if isinstance(code, int) else DONE)
