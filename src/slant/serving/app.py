"""The pages and addresses of `slant serve`: /, /v1/score, /v1/split, /health and /openapi.json."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from slant.errors import Rejected
from slant.ingest.documents import read_text
from slant.ingest.fetch import Fetcher, FetchOptions
from slant.ingest.html_pages import read_page
from slant.records import Article, Score
from slant.reports.pasted_page import Form, pasted_page
from slant.scoring.python_api import RequestBuilder, Scorer
from slant.scoring.score import ARTICLE
from slant.serving.bodies import Body, Item, builder_of, read_body, score_items, split_items
from slant.serving.guard import Problem, problem_body
from slant.serving.openapi import openapi
from slant.serving.worker import Full, Prepare, Stopping, Worker

WAITING = 64  # requests that may wait for the scoring thread
SECONDS = 120.0  # that a request may wait for its answer
FETCHES = 4  # pages that are fetched at a time
FETCHING = FetchOptions(attempts=1, max_wait=2, read_timeout=10, total_timeout=20, max_redirects=3)
_PORTS = (None, 80, 443)


@dataclass(frozen=True, slots=True)
class Service:
    """What the addresses share. fetch: whether the page fetches web addresses. seconds: most that a request may wait."""

    scorer: Scorer
    worker: Worker
    fetch: bool = False
    seconds: float = SECONDS
    fetching: FetchOptions = FETCHING

    async def done(self, prepare: Prepare) -> tuple[Any, list[Score]]:
        """Wait for a job. Raises Problem: full, stopping or too_slow."""
        try:
            future: Future[tuple[Any, list[Score]]] = self.worker.submit(prepare)
            return await asyncio.wait_for(asyncio.wrap_future(future), self.seconds)
        except Full:
            detail = "too many requests are waiting. Send this one again later."
            raise Problem(429, "full", detail, retry_after="5") from None
        except Stopping:
            raise Problem(503, "stopping", "the server is being stopped.", connection="close") from None
        except TimeoutError:
            detail = f"there was no answer within {self.seconds:g} seconds. Send fewer texts at once."
            raise Problem(503, "too_slow", detail, retry_after="30") from None

    def made_with(self) -> dict[str, str]:
        predictor = self.scorer.predictor
        return {"model": predictor.fingerprint, "codebook": predictor.codebook}


def make_app(service: Service) -> Starlette:
    """The app, to be wrapped in a Guard, which gives it the whole body of a request at once."""
    handlers: Mapping[Any, Any] = {Problem: _problem, HTTPException: _http_problem, Exception: _fault}
    app = Starlette(
        routes=[
            Route("/", _page, methods=["GET"]),
            Route("/", _pasted, methods=["POST"]),
            Route("/v1/score", _score, methods=["POST"]),
            Route("/v1/split", _split, methods=["POST"]),
            Route("/health", _health, methods=["GET"]),
            Route("/openapi.json", _openapi, methods=["GET"]),
        ],
        exception_handlers=handlers,
    )
    app.state.service = service
    return app


def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


def _json(content: Any, status: int = 200) -> Response:
    return Response(msgspec.json.encode(content), status, media_type="application/json")


# ---- JSON


async def _score(request: Request) -> Response:
    service = _service(request)
    body = read_body(request.headers.get("content-type", ""), await request.body(), scoring=True)
    builder = builder_of(service.scorer.targets, body)

    def prepare() -> tuple[list[Item], list[Any]]:
        items = score_items(body.items, builder)
        return items, [one for item in items for one in item.requests]

    items, scores = await service.done(prepare)
    rows = iter(scores)
    results = [
        {**_result(number, item), "scores": [next(rows).to_dict() for _ in item.requests]}
        for number, item in enumerate(items)
    ]
    return _json({**service.made_with(), "results": results})


async def _split(request: Request) -> Response:
    body = read_body(request.headers.get("content-type", ""), await request.body(), scoring=False)

    def prepare() -> tuple[list[Item], list[Any]]:
        return split_items(body.items, everything=body.everything), []

    items, _ = await _service(request).done(prepare)
    results = [
        {**_result(number, item), "units": [unit.to_dict() for unit in item.units]}
        for number, item in enumerate(items)
    ]
    return _json({"results": results})


def _result(number: int, item: Item) -> dict[str, Any]:
    rejected = item.rejected and {"reason": item.rejected.reason, "detail": item.rejected.detail}
    return {"item": number, "rejected": rejected, "notes": [asdict(note) for note in item.notes]}


async def _health(request: Request) -> Response:
    service = _service(request)
    if service.worker.stopping:
        raise Problem(503, "stopping", "the server is being stopped.")
    return _json({"status": "ok", "waiting": service.worker.waiting, **service.made_with()})


async def _openapi(request: Request) -> Response:
    return _json(openapi())


# ---- the page


async def _page(request: Request) -> Response:
    return _html(_service(request), Form())


async def _pasted(request: Request) -> Response:
    service, form = _service(request), _form(request, await request.body())
    try:
        if form.address and form.text.strip() and service.fetch:
            raise Problem(422, "two_texts", "Enter a text or an address, not both.")
        if form.address and service.fetch:
            article = await _fetched(form.address, service.fetching)
        elif form.text.strip():
            article = read_text(form.text.encode(), "the text")
        else:
            raise Problem(422, "empty", "Enter a text.")
        names = [line.strip() for line in form.targets.splitlines() if line.strip()]
        builder = builder_of(service.scorer.targets, Body([], names or None))
        (item,), scores = await service.done(lambda: _prepared(article, builder))
        if item.rejected:
            raise item.rejected
        if not scores:
            raise Problem(422, "no_units", "There is no title, paragraph or comment in it.")
    except Rejected as rejected:
        return _html(service, form, problem=rejected.detail, status=422)
    except Problem as problem:
        return _html(service, form, problem=problem.detail, status=problem.status, headers=problem.headers)
    notes = [*(note.detail for note in item.notes), *_unnamed(names, scores)]
    return await asyncio.to_thread(_html, service, form, scores=scores, notes=notes)


def _unnamed(names: list[str], scores: list[Score]) -> list[str]:
    """A note on the entered targets that no unit names, or on those of the server if it names none."""
    named = {stance.target for score in scores for stance in score.stance} - {ARTICLE}
    if missing := [name for name in dict.fromkeys(names) if name not in named]:
        return [f"Named in no unit in English: {', '.join(missing)}."]
    return [] if named else ["No unit in English names a target of the server. Enter your own."]


def _prepared(article: Article, builder: RequestBuilder) -> tuple[list[Item], list[Any]]:
    items = score_items([article], builder)
    return items, items[0].requests


def _form(request: Request, data: bytes) -> Form:
    """Raises Problem for a body that is no form of ours."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise Problem(415, "not_a_form", "expected the form of this page. Programs use /v1/score.")
    try:
        given = parse_qs(data.decode("ascii"), encoding="utf-8", errors="strict", max_num_fields=10)
    except ValueError:  # with UnicodeDecodeError
        raise Problem(422, "bad_form", "the form is not in UTF-8.") from None
    values = {name: given.get(name, [""])[0].replace("\r\n", "\n") for name in ("text", "address", "targets")}
    return Form(values["text"], values["address"].strip(), values["targets"])


_fetches = asyncio.Semaphore(FETCHES)


async def _fetched(address: str, options: FetchOptions) -> Article:
    """The article at a web address. Raises Rejected or Problem.

    The fetcher connects to public addresses only, whatever a name resolves to and wherever a page redirects.
    """
    try:
        parts = urlsplit(address)
        good = parts.scheme in ("http", "https") and (options.allow_private or parts.port in _PORTS)
    except ValueError:
        good = False
    if not good:
        raise Problem(
            422, "bad_address", "This is no web address. Expected http:// or https://, without a port."
        )
    async with _fetches:
        try:
            return await asyncio.to_thread(_fetch, address, options)
        except Rejected as rejected:
            if rejected.reason not in ("private_address", "unreachable"):
                raise
            # One answer for both: what there is in the server's own network is nobody's business.
            raise Problem(
                422, "unreachable", "This address does not answer, or is in a private network."
            ) from None


def _fetch(address: str, options: FetchOptions) -> Article:
    response = Fetcher(options).fetch(address)
    if response.kind in ("text/html", "application/xhtml+xml", ""):
        found = read_page(response.body, address, charset=response.charset, url=response.url)
    elif response.kind in ("text/plain", "text/markdown"):
        found = read_text(response.body, address)
    else:
        raise Problem(422, "no_page", f"This is {response.kind[:60]}, not a web page.")
    return found


def _html(
    service: Service, form: Form, *, status: int = 200, headers: Mapping[str, str] | None = None, **given: Any
) -> Response:
    model = service.scorer.predictor.fingerprint
    page, policy = pasted_page(form, model=model, fetch=service.fetch, **given)
    return HTMLResponse(page, status, {**(headers or {}), "content-security-policy": policy})


# ---- errors


async def _problem(request: Request, problem: Problem) -> Response:
    body = problem_body(problem, request.scope.get("request_id", ""))
    return Response(body, problem.status, problem.headers, media_type="application/json")


async def _http_problem(request: Request, error: HTTPException) -> Response:
    reason = {404: "no_such_page", 405: "wrong_method"}.get(error.status_code, "http")
    problem = Problem(error.status_code, reason, f"{error.detail}. See /openapi.json.")
    problem.headers = dict(error.headers or {})
    return await _problem(request, problem)


async def _fault(request: Request, error: Exception) -> Response:
    return await _problem(
        request, Problem(500, "fault", "slant failed at this request; the server's log says why.")
    )
