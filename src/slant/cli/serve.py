"""serve: a page and an HTTP interface on this machine."""

from __future__ import annotations

import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from slant.cli.articles import say_shipped
from slant.cli.options import DONE, model, quiet, runtime, say, targets
from slant.errors import require

if TYPE_CHECKING:
    from slant.scoring.python_api import Scorer


@click.command()
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Address to listen on. One that others can reach needs --token.",
)
@click.option(
    "--port", default=8765, show_default=True, type=click.IntRange(0, 65535), help="0: any free port."
)
@click.option(
    "--token",
    envvar="SLANT_TOKEN",
    show_envvar=True,
    help="Requests must carry it: Authorization: Bearer TOKEN, or as the password in a browser.",
)
@click.option(
    "--fetch", is_flag=True, help="Let the page fetch web addresses: public ones only, as robots.txt allows."
)
@targets
@model
@runtime
@quiet
def serve(host: str, port: int, token: str | None, fetch: bool, quiet: bool, **given: Any) -> int:
    """Serve a page to paste texts into, and HTTP addresses for programs: /v1/score and /v1/split.

    Ends with Ctrl-C; requests that are being worked on are finished first. Addresses, limits and errors are described in
    /openapi.json and docs/serving.md.
    """
    require("serve", "starlette", "uvicorn", what="slant serve")
    from slant.serving import guard
    from slant.serving.app import WAITING, Service, make_app
    from slant.serving.worker import Worker

    guard.check_token(host, token)
    taken = guard.bind(host, port)
    shipped = given["targets"] is None
    scorer = _load(given)
    if shipped and not quiet:
        say_shipped(scorer.targets)
    worker, limits = Worker(scorer.predictor, waiting=WAITING), guard.Limits()
    log: Callable[[str], object] = (lambda _: None) if quiet else say
    app = guard.Guard(
        make_app(Service(scorer, worker, fetch=fetch)), token=token, host=host, limits=limits, log=log
    )

    def ready() -> None:
        say(
            f"slant: serving at {guard.address(taken)} (model {scorer.predictor.fingerprint}). Stop with Ctrl-C."
        )

    def stop() -> None:
        say("slant: stopping")
        worker.stop()

    # uvicorn sends itself the signal again after it has stopped; by then it is an ordinary end.
    signal.signal(signal.SIGTERM, lambda *_: None)
    with suppress(KeyboardInterrupt):
        guard.make_server(app, limits=limits, ready=ready, stop=stop).run(sockets=[taken])
    worker.join(limits.stop_seconds)
    return DONE


def _load(given: dict[str, Any]) -> Scorer:
    """Load model and targets, and score a text once: the first request is as fast as the others."""
    from slant.labels.targets import Targets
    from slant.scoring.python_api import Scorer
    from slant.scoring.runtimes import load

    path = given.pop("targets")
    known = Targets.load(Path(path) if path else None)
    scorer = Scorer(load(given.pop("model"), **given), known)
    for _ in scorer.score(["The ferry sails at nine."], targets=["ferry"]):
        pass
    return scorer
