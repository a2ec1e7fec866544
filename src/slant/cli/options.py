"""Options and endings that several commands share."""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from types import FrameType
from typing import TYPE_CHECKING

import click

from slant.assets import DEFAULT_MODEL, MODEL_VARIABLE, SIZES
from slant.errors import UsageError

if TYPE_CHECKING:
    from slant.scoring.account import Account

DONE, ERROR, USAGE, SOME_REJECTED, INTERRUPTED = 0, 1, 2, 3, 130  # exit codes, see `slant --help`

paths = click.argument("paths", nargs=-1, required=True)
outlet = click.option("--outlet", help="Outlet of all documents, in place of the one they name.")
_comments = click.option(
    "--comments",
    is_flag=True,
    help="PATHS hold comments without articles, as platforms export them: the comments of a thread are read together.",
)
_join_comments = click.option(
    "--join-comments",
    multiple=True,
    metavar="FILE",
    help="Comments of the articles, as platforms export them: they are joined to the articles by address or id. May be "
    "repeated; a folder or pattern, too.",
)
comments_from = click.option(
    "--comments-from", metavar="TEXT", help="Reader comments begin at the line that contains TEXT."
)
_mapped = click.option(
    "--map",
    "mapped",
    multiple=True,
    metavar="FIELD=COLUMN",
    help="For tables: read a field from this column, e.g. title=headline. May be repeated or list several.",
)
_keep = click.option(
    "--keep",
    multiple=True,
    metavar="COLUMN,…",
    help="For tables: only these other columns travel along to the output. Default: all but those with long cells.",
)
_urls = click.option(
    "--urls",
    is_flag=True,
    help="PATHS are web addresses, or files that list them (one per line, feeds, sitemaps). Pages are fetched as "
    "robots.txt allows, with pauses.",
)
_allow_private = click.option(
    "--allow-private",
    is_flag=True,
    help="With --urls: also fetch from private networks and this machine.",
)


def reading(command: Callable[..., int]) -> Callable[..., int]:
    """Add the options of every command that reads documents."""
    for option in (
        _allow_private,
        _urls,
        _keep,
        _mapped,
        _comments,
        _join_comments,
        comments_from,
        outlet,
    ):
        command = option(command)
    return command


targets = click.option(
    "--targets",
    type=click.Path(dir_okay=False),
    help="Targets file (TOML). Default: the one that ships with slant.",
)
any_language = click.option(
    "--any-language",
    is_flag=True,
    help="Also score units that are not in English. The model learned English alone; without this option they are flagged "
    "(language:de) and get no labels.",
)
MODEL = f"{'|'.join(SIZES)}|DIR"
model = click.option(
    "--model",
    metavar=MODEL,
    help=f"Size of the model, or a model folder. Default: {MODEL_VARIABLE} in the environment, else {DEFAULT_MODEL}.",
)


def runtime(command: Callable[..., int]) -> Callable[..., int]:
    """Add the options that choose runtime, device and cores."""
    given = (
        click.option(
            "--runtime",
            type=click.Choice(["openvino", "onnx"]),
            help="Default: OpenVINO if it is installed, else ONNX Runtime. Their scores differ slightly; the "
            "fingerprint in the column `model` tells them apart.",
        ),
        click.option(
            "--device",
            type=click.Choice(["cpu", "cuda"]),
            default="cpu",
            show_default=True,
            help="cuda runs ONNX Runtime on a GPU.",
        ),
        click.option(
            "--threads",
            type=click.IntRange(min=1),
            help="Cores to use. Default: all that the process may use.",
        ),
    )
    for option in reversed(given):
        command = option(command)
    return command


def _silence_log(context: click.Context, parameter: click.Parameter, value: bool) -> bool:
    if value:
        logging.getLogger("slant").setLevel(logging.ERROR)
    return value


quiet = click.option(
    "--quiet", is_flag=True, callback=_silence_log, help="No progress and no notes on standard error."
)


overwrite = click.option("--overwrite", is_flag=True, help="Replace the output if it is there already.")


def keep_finished(output: str, *, overwrite: bool) -> None:
    """Raise UsageError if the output, a file or an object in storage, is there already and is not to be replaced."""
    from slant.scoring.object_storage import filesystem, is_storage, storage_errors

    if output == "-" or overwrite:
        return
    if is_storage(output):
        system, path = filesystem(output)
        with storage_errors(output):
            exists = system.isfile(path)
    else:
        exists = os.path.isfile(output)
    if exists:
        raise UsageError(
            f"-o {output}: it is there already. Add --overwrite to replace it, or give another name."
        )


def nothing_to_read(paths: Sequence[str]) -> bool:
    """Return whether all paths are missing, and say so: a mistyped input must not empty an output."""
    from slant.ingest.inputs import missing_inputs
    from slant.scoring.object_storage import is_storage

    missing = [] if any(map(is_storage, paths)) else missing_inputs(paths)
    for rejected in missing[:10]:
        say(f"slant: {rejected}")
    if missing:
        say("slant: nothing to read, so nothing was written")
    return bool(missing)


def finish(what: str, output: str, account: Account, *, quiet: bool = False) -> int:
    """Write the lists of rejected documents and of notes, report the result on standard error, and return the exit code.

    quiet: report no notes.
    """
    listed, noted = account.rejected.write(output), account.notes.write(output)
    if output != "-":
        say(f"{what} → {output}")
    if account.joined and not quiet:
        say(str(account.joined))
    if listed:
        documents = "document" if len(account.rejected) == 1 else "documents"
        say(f"{len(account.rejected):,} {documents} rejected, with reasons, in {listed}")
        for row in account.rejected.first:
            say(f"  {row}")
    if noted and not quiet:
        notes = account.notes
        reasons = ", ".join(f"{reason} {count:,}" for reason, count in notes.reasons.items())
        say(
            f"{len(notes):,} {'note' if len(notes) == 1 else 'notes'} on what was read ({reasons}) in {noted}"
        )
        for line in notes.first:
            say(f"  {line}")
    return SOME_REJECTED if listed else DONE


def say(message: str) -> None:
    """Print a line on standard error; a closed standard error is no error."""
    with suppress(OSError):
        click.echo(message, err=True)


@contextmanager
def stoppable() -> Iterator[None]:
    """Handle SIGTERM and SIGHUP like Ctrl-C: stop cleanly and keep finished results.

    A signal that the process was started to ignore (`nohup`) stays ignored.
    """

    def stop(number: int, frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    names = [n for n in ("SIGTERM", "SIGHUP") if hasattr(signal, n)]
    if threading.current_thread() is not threading.main_thread():  # slant runs inside another program
        names = []
    handled = [n for n in names if signal.getsignal(getattr(signal, n)) != signal.SIG_IGN]
    before = {name: signal.signal(getattr(signal, name), stop) for name in handled}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(getattr(signal, name), handler)
