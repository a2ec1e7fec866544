"""What a server of slant refuses before its code runs: other hosts and sites, a wrong token, bodies too large or too slow.

`Guard` wraps an ASGI app, `PatientProtocol` ends connections that send nothing, `bind` takes a port, `make_server` makes a
server for it.
All refusals are JSON: {"error": {"reason", "detail", "request_id"}}.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hmac
import ipaddress
import json
import re
import socket
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from slant.errors import SlantError, UsageError

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

LEAST_TOKEN = 16  # characters
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),  # with no-referrer, browsers would hide the origin of our own form
    (b"cache-control", b"no-store"),
)


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one server. Times are in seconds."""

    body: int = 1_000_000  # bytes of a request
    body_seconds: float = 20.0  # for the whole body to arrive
    idle_seconds: float = 10.0  # for the head of a request to arrive
    connections: int = 500  # more are closed at once
    stop_seconds: float = 30.0  # for what is being worked on when the server is stopped


class Problem(Exception):
    """A request that is refused or failed. status: of HTTP. reason: a short, stable name. detail: a sentence for a person."""

    def __init__(self, status: int, reason: str, detail: str, **headers: str) -> None:
        super().__init__(f"{status} {reason}: {detail}")
        self.status, self.reason, self.detail = status, reason, detail
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


@dataclass(frozen=True, slots=True)
class Guard:
    """An ASGI app that checks each request before `app` gets it, with its whole body in one message.

    token: that a request must carry, as `Authorization: Bearer TOKEN` or as the password of a browser's prompt; None: no
        token, and then the Host header must name this machine, so that no web site can reach the server through a name of
        its own. open_paths: need no token. log: gets a line per request, without any of its text.
    """

    app: App
    token: str | None = None
    host: str = "127.0.0.1"
    limits: Limits = field(default_factory=Limits)
    open_paths: frozenset[str] = frozenset({"/health"})
    log: Callable[[str], object] = lambda _: None

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = {k.decode("latin-1"): v.decode("latin-1") for k, v in reversed(scope["headers"])}
        stated = headers.get("x-request-id", "")
        request_id = stated if _REQUEST_ID.fullmatch(stated) else uuid.uuid4().hex
        scope["request_id"] = request_id
        status, begun = 0, time.monotonic()

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                own = [*_HEADERS, (b"x-request-id", request_id.encode())]
                message["headers"] = [*message.get("headers", ()), *own]
            await send(message)

        try:
            self._check(scope, headers)
            body = await _body(headers, receive, self.limits)
            await self.app(scope, _replay(body, receive), send_with_headers)
        except Problem as problem:
            await send_problem(problem, request_id, send_with_headers)
        finally:
            milliseconds = 1000 * (time.monotonic() - begun)
            self.log(
                f"{scope['method']} {_shown(scope['path'])} {status or '-'} {milliseconds:.0f} ms {request_id}"
            )

    def _check(self, scope: Mapping[str, Any], headers: Mapping[str, str]) -> None:
        """Raises Problem for a request from elsewhere or without the token."""
        if self.token is None:
            self._check_host(headers.get("host", ""))
        elif scope["path"] not in self.open_paths and not self._has_token(headers.get("authorization", "")):
            ask = "Bearer" if scope["path"].startswith("/v1/") else 'Basic realm="slant", charset="UTF-8"'
            detail = "this server needs its token: send the header Authorization: Bearer TOKEN."
            raise Problem(401, "no_token", detail, www_authenticate=ask)
        if scope["method"] not in ("GET", "HEAD") and not _same_site(headers):
            raise Problem(403, "cross_site", "this request comes from a page of another site.")

    def _check_host(self, host: str) -> None:
        with suppress(ValueError):
            name = urlsplit(f"//{host}").hostname or ""
            if is_loopback(name) or name == self.host:
                return
        detail = f"the Host header names {_shown(host)!r}, and this server answers as localhost only."
        raise Problem(403, "other_host", detail)

    def _has_token(self, header: str) -> bool:
        kind, _, given = header.strip().partition(" ")
        given = given.strip()
        if kind.lower() == "basic":
            try:
                given = base64.b64decode(given, validate=True).decode("utf-8").partition(":")[2]
            except (binascii.Error, ValueError):
                return False
        elif kind.lower() != "bearer":
            return False
        return hmac.compare_digest(given.encode("utf-8", "replace"), (self.token or "").encode())


def _same_site(headers: Mapping[str, str]) -> bool:
    """Whether a request that changes or computes something comes from our own page, or from no page at all."""
    if site := headers.get("sec-fetch-site"):
        return site in ("same-origin", "none")
    origin = headers.get("origin")
    return origin is None or origin.partition("://")[2] == headers.get("host")


async def _body(headers: Mapping[str, str], receive: Receive, limits: Limits) -> bytes:
    """Read the whole body. Raises Problem: too_large, too_slow or gone.

    What comes after the limit is read and dropped, so that the client, which is still sending, gets the answer.
    """
    body, size, ends = bytearray(), 0, time.monotonic() + limits.body_seconds
    stated = headers.get("content-length", "")
    too_large = stated.isdecimal() and int(stated[:20]) > limits.body
    if (
        too_large and headers.get("expect", "").lower() == "100-continue"
    ):  # nothing is sent before we ask for it
        raise _too_large(limits)
    while True:
        try:
            message = await asyncio.wait_for(receive(), max(0.0, ends - time.monotonic()))
        except TimeoutError:
            if too_large:
                raise _too_large(limits) from None
            detail = f"the body did not arrive within {limits.body_seconds:g} seconds."
            raise Problem(408, "too_slow", detail, connection="close") from None
        if message["type"] == "http.disconnect":
            raise Problem(400, "gone", "the client went away.")
        piece = message.get("body", b"")
        size += len(piece)
        too_large = too_large or size > limits.body
        if not too_large:
            body += piece
        if not message.get("more_body", False):
            break
    if too_large:
        raise _too_large(limits)
    return bytes(body)


def _too_large(limits: Limits) -> Problem:
    detail = f"the body is over {limits.body / 1e6:g} MB. Send fewer texts at once, or use `slant score`."
    return Problem(413, "too_large", detail, connection="close")


def _replay(body: bytes, receive: Receive) -> Receive:
    """A receive that gives the body in one message, then waits for the client to go."""
    given = False

    async def replay() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


def problem_body(problem: Problem, request_id: str) -> bytes:
    """The JSON of an error."""
    error = {"reason": problem.reason, "detail": problem.detail, "request_id": request_id}
    return json.dumps({"error": error}).encode()


async def send_problem(problem: Problem, request_id: str, send: Send) -> None:
    """Answer with an error."""
    body = problem_body(problem, request_id)
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    headers += [
        (name.encode(), value.encode("latin-1", "replace")) for name, value in problem.headers.items()
    ]
    await send({"type": "http.response.start", "status": problem.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _shown(text: str) -> str:
    """A text of a request for a message or log: short and on one line."""
    return "".join(c if c.isprintable() else "�" for c in text[:100])


# ---- connections


class PatientProtocol(H11Protocol):
    """uvicorn's connection, which ends if the head of a request does not arrive in time, or if there are too many.

    uvicorn itself waits forever for the first line of a request.
    """

    limits = Limits()
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        if len(self.connections) > self.limits.connections:
            transport.abort()
        else:
            self._wait_for_head()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._timer is None:
            self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP, or has too long a head."""
        body = problem_body(Problem(400, "bad_request", msg), "")
        head = (
            f"HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n"
        )
        self.transport.write(f"{head}connection: close\r\n\r\n".encode() + body)
        self.transport.close()

    def _wait_for_head(self) -> None:
        """Start the time for a request's head, unless a request is being worked on."""
        if self._is_idle():
            self._timer = self.loop.call_later(self.limits.idle_seconds, self._end_if_idle)

    def _end_if_idle(self) -> None:
        self._timer = None
        if self._is_idle():
            self.transport.close()

    def _is_idle(self) -> bool:
        return self.cycle is None or bool(self.cycle.response_complete)


# ---- start and stop


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine's own."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_token(host: str, token: str | None) -> None:
    """Raises UsageError for a server that others can reach without a token, and for a token that could be guessed."""
    if token is None and not is_loopback(host):
        raise UsageError(
            f"--host {host}: others could reach this server. Give it a token: --token, or SLANT_TOKEN in the environment."
        )
    if token is not None and (len(token) < LEAST_TOKEN or not token.isascii() or not token.isprintable()):
        raise UsageError(f"--token: expected at least {LEAST_TOKEN} letters, digits or signs.")


def bind(host: str, port: int) -> socket.socket:
    """Take a port (0: any free one). Nobody can connect before the server runs. Raises SlantError if it cannot be taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    taken = socket.socket(family, socket.SOCK_STREAM)
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind((host, port))
    except (OSError, OverflowError) as error:
        taken.close()
        reason = getattr(error, "strerror", None) or error
        raise SlantError(
            f"port {port} of {host} cannot be taken ({reason}). Give another with --port."
        ) from None
    return taken


def address(taken: socket.socket) -> str:
    """The web address of a bound socket."""
    host, port = taken.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/"


class _Server(uvicorn.Server):
    """uvicorn, with a call when it accepts requests and one when it is to stop."""

    def __init__(self, config: Any, ready: Callable[[], object], stop: Callable[[], object]) -> None:
        super().__init__(config)
        self.ready, self.stop = ready, stop

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self.stop()
        await super().shutdown(sockets)


def make_server(
    app: App,
    *,
    limits: Limits,
    ready: Callable[[], object] = lambda: None,
    stop: Callable[[], object] = lambda: None,
) -> uvicorn.Server:
    """Return a server, to be run with `run(sockets=[taken])` until Ctrl-C or SIGTERM (or `should_exit`).

    Requests that are being worked on are finished first. ready: called when requests are accepted. stop: called when no more
    are.
    """
    protocol = type("Protocol", (PatientProtocol,), {"limits": limits})
    config = uvicorn.Config(
        app,
        http=protocol,
        ws="none",
        lifespan="off",
        loop="asyncio",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=max(1, int(limits.idle_seconds)),
        timeout_graceful_shutdown=max(1, int(limits.stop_seconds)),
    )
    return _Server(config, ready, stop)
