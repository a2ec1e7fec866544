"""Arguments and endings that several commands share."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from slant.scoring.rejections import Rejections

DONE, OURS, USAGE, SOME_REJECTED = 0, 1, 2, 3

paths = click.argument("paths", nargs=-1, required=True)
outlet = click.option("--outlet", help="Outlet of documents that state none.")
comments_from = click.option(
    "--comments-from", metavar="TEXT", help="Reader comments begin at the line with TEXT."
)
_mapped = click.option(
    "--map",
    "mapped",
    multiple=True,
    metavar="FIELD=COLUMN",
    help="Column of tables that holds a field, such as title=headline. May be given again, or hold several.",
)
_urls = click.option(
    "--urls",
    is_flag=True,
    help="PATHS are web addresses, or files that list them (one a line, feeds, sitemaps): fetch these, politely.",
)
_allow_private = click.option(
    "--allow-private",
    is_flag=True,
    help="With --urls: also addresses of private networks and of this machine.",
)


def reading(command: Callable[..., int]) -> Callable[..., int]:
    """The options of every command that reads documents."""
    for option in (_allow_private, _urls, _mapped, comments_from, outlet):
        command = option(command)
    return command


targets = click.option(
    "--targets", type=click.Path(dir_okay=False), help="Targets file (TOML). Default: slant's own."
)
model = click.option(
    "--model", type=click.Path(file_okay=False), help="Model folder. Default: the shipped model."
)


def runtime(command: Callable[..., int]) -> Callable[..., int]:
    """What runs the model, where, and on how many cores."""
    given = (
        click.option(
            "--runtime",
            type=click.Choice(["openvino", "onnx"]),
            help="Default: OpenVINO where it is installed, else ONNX Runtime. Rows name theirs in `model`.",
        ),
        click.option(
            "--device",
            type=click.Choice(["cpu", "cuda"]),
            default="cpu",
            show_default=True,
            help="cuda: ONNX Runtime.",
        ),
        click.option(
            "--threads", type=click.IntRange(min=1), help="Cores to use. Default: all that are granted."
        ),
    )
    for option in reversed(given):
        command = option(command)
    return command


def _hush(context: click.Context, parameter: click.Parameter, value: bool) -> bool:
    if value:
        logging.getLogger("slant").setLevel(logging.ERROR)
    return value


quiet = click.option(
    "--quiet", is_flag=True, callback=_hush, help="No progress and no notes on standard error."
)


def finish(what: str, output: str, rejected: Rejections) -> int:
    """Lists what was rejected, says what was done, and returns the exit code."""
    listed = rejected.write(output)
    if output != "-":
        say(f"{what} → {output}")
    if listed is None:
        return DONE
    say(f"{len(rejected):,} documents rejected, with reasons, in {listed}")
    for row in rejected.first:
        say(f"  {row}")
    return SOME_REJECTED


def say(message: str) -> None:
    """A line on standard error; whether anyone reads it changes nothing of what was done."""
    with suppress(OSError):
        click.echo(message, err=True)


@contextmanager
def stoppable() -> Iterator[None]:
    """A scheduler's or terminal's signal to end ends the run as Ctrl-C does: in order, with what was done kept.

    What the process was started to ignore (`nohup`) stays ignored.
    """

    def stop(number: int, frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    names = [n for n in ("SIGTERM", "SIGHUP") if hasattr(signal, n)]
    if threading.current_thread() is not threading.main_thread():  # a program of which slant is a part
        names = []
    heard = [n for n in names if signal.getsignal(getattr(signal, n)) != signal.SIG_IGN]
    before = {name: signal.signal(getattr(signal, name), stop) for name in heard}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(getattr(signal, name), handler)
