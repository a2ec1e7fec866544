"""`slant serve` in a thread of the tests, with a stub model, and a client that sends bytes as they are."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import slant
from running import running
from slant.serving.app import Service, make_app
from slant.serving.guard import Guard, Limits
from slant.serving.worker import Worker
from stub_score import stub_predictor

TARGETS = slant.Targets.from_names(["ferry", "council"])


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def reason(self) -> str:
        return str(self.json["error"]["reason"])


@dataclass
class Served:
    """A running server. log: its lines."""

    port: int
    service: Service
    server: Any
    log: list[str] = field(default_factory=list)

    def ask(self, method: str, path: str, body: Any = None, *, timeout: float = 30, **headers: str) -> Answer:
        """Send a request; a body that is no bytes is sent as JSON."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        if body is not None:
            given.setdefault("Content-Type", "application/json")
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method, path, body, given)
            found = connection.getresponse()
            return Answer(found.status, {k.lower(): v for k, v in found.getheaders()}, found.read())
        finally:
            connection.close()

    def post(self, path: str, body: Any, **headers: str) -> Answer:
        return self.ask("POST", path, body, **headers)

    def open(self, timeout: float = 10) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=timeout)


@contextmanager
def serving(
    *,
    pause: float = 0.0,
    waiting: int = 64,
    limits: Limits | None = None,
    token: str | None = None,
    **service: Any,
) -> Iterator[Served]:
    """pause: seconds that each batch takes. service: see Service."""
    scorer = slant.Scorer(stub_predictor(pause), TARGETS)
    worker, limits = Worker(scorer.predictor, waiting=waiting), limits or Limits()
    made = Service(scorer, worker, **service)
    log: list[str] = []
    app = Guard(make_app(made), token=token, limits=limits, log=log.append)
    try:
        with running(app, limits=limits, stop=worker.stop) as (port, server):
            yield Served(port, made, server, log)
    finally:
        worker.join(20)
