"""Serve the labeling page on this machine alone.

Three locks: the server listens on the loopback address; it answers only requests whose Host is that address, so that a page
of another site cannot reach it under a name of its own (DNS rebinding); and every address holds a random token.
"""

from __future__ import annotations

import secrets
import socket
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from slant.errors import SlantError, UsageError
from slant.labeling.coders import agreement, common, differences, readings
from slant.labeling.questions import ADJUDICATED, DONE, TASKS, Answer, Item, WrongAnswer, check_coder
from slant.labeling.state import State
from slant.records import VOICES
from slant.reports import page_parts
from slant.segment.voices import voices

_PAGE = Path(__file__).parent / "page"
_STYLE = Path(page_parts.__file__).parent / "templates" / "report.css"
_FILES = {
    "label.css": "text/css",
    "label.js": "text/javascript",
    "spans.js": "text/javascript",
    "lists.js": "text/javascript",
}
_BODY = 1 << 20  # bytes; an answer has some hundred
MIN_DOCUMENTS = 10  # fewer give no interval worth showing
_HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}
_Message = MutableMapping[str, Any]
_Receive = Callable[[], Awaitable[_Message]]
_Send = Callable[[_Message], Awaitable[None]]


def make_app(state: State, *, token: str, hosts: Sequence[str], coder: str = "") -> Starlette:
    """Return the application. hosts: accepted values of the header Host. coder: who labels unless the page says otherwise."""
    api = _Api(state, coder)
    base = f"/{token}"
    routes = [
        Route(f"{base}/", api.page),
        Route(f"{base}/report.css", lambda _: FileResponse(_STYLE, media_type="text/css")),
        *(Route(f"{base}/{name}", _file(name, kind)) for name, kind in _FILES.items()),
        Route(f"{base}/api/project", api.get(api.project)),
        Route(f"{base}/api/unit", api.get(api.unit)),
        Route(f"{base}/api/units", api.get(api.units)),
        Route(f"{base}/api/agreement", api.get(api.agreement)),
        Route(f"{base}/api/differences", api.get(api.differences)),
        Route(f"{base}/api/answer", api.post(api.answer), methods=["POST"]),
        Route(f"{base}/api/undo", api.post(api.undo), methods=["POST"]),
    ]
    app = Starlette(routes=routes)
    app.add_middleware(_Guard, hosts=frozenset(hosts))
    return app


def serve(state: State, *, coder: str, port: int, say: Callable[[str], None]) -> None:
    """Serve until the process is stopped. port: 0 chooses a free one. say: gets the address.

    Raises UsageError if the port is taken.
    """
    import uvicorn

    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
        listener.listen()  # who opens the address before the server has started waits, and is not refused
    except OSError as error:
        listener.close()
        raise UsageError(
            f"--port {port}: cannot be used ({error.strerror}). Give another one, or 0 for any."
        ) from None
    port = listener.getsockname()[1]
    token = secrets.token_urlsafe(16)
    app = make_app(state, token=token, hosts=(f"127.0.0.1:{port}", f"localhost:{port}"), coder=coder)
    say(f"Open in a browser: http://127.0.0.1:{port}/{token}/")
    config = uvicorn.Config(app, log_level="warning", access_log=False, timeout_graceful_shutdown=2)
    with listener:
        uvicorn.Server(config).run(sockets=[listener])


class _Guard:
    """Refuse requests to another host and large bodies; add the headers that lock the page."""

    def __init__(self, app: Any, hosts: frozenset[str]) -> None:
        self._app, self._hosts = app, hosts

    async def __call__(self, scope: _Message, receive: _Receive, send: _Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def locked(message: _Message) -> None:
            if message["type"] == "http.response.start":
                given = {name for name, _ in message["headers"]}
                new = [(n.encode(), v.encode()) for n, v in _HEADERS.items() if n.encode() not in given]
                message["headers"] = [*message["headers"], *new]
            await send(message)

        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        host, origin = headers.get(b"host", ""), headers.get(b"origin")
        if host not in self._hosts or (origin and origin != f"http://{host}"):
            refused = PlainTextResponse("This address is not served here.", 421)
            await refused(scope, receive, locked)
            return
        await self._app(scope, receive, locked)


class _Api:
    def __init__(self, state: State, coder: str) -> None:
        self._state, self._coder = state, coder

    # ---- how requests become answers

    def get(self, answer: Callable[[dict[str, str]], Any]) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            return await self._respond(answer, dict(request.query_params))

        return endpoint

    def post(self, answer: Callable[[dict[str, Any]], Any]) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            # Another site's page can send a form, but not JSON, without asking first.
            if request.headers.get("content-type", "").partition(";")[0] != "application/json":
                return JSONResponse({"error": "expected application/json"}, 415)
            body = bytearray()
            try:
                async for chunk in request.stream():
                    body += chunk
                    if len(body) > _BODY:
                        return JSONResponse({"error": "the request is too large"}, 413)
                given = msgspec.json.decode(bytes(body), type=dict[str, Any])
            except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
                return JSONResponse({"error": "the request is no JSON object"}, 400)
            except ClientDisconnect:
                return Response(status_code=400)
            return await self._respond(answer, given)

        return endpoint

    async def _respond(self, answer: Callable[[dict[str, Any]], Any], given: dict[str, Any]) -> Response:
        try:
            found = await run_in_threadpool(answer, given)
        except WrongAnswer as error:
            return JSONResponse({"error": str(error)}, 422)
        except SlantError as error:
            return JSONResponse({"error": str(error)}, 500)
        return Response(msgspec.json.encode(found), media_type="application/json")

    # ---- pages and questions

    async def page(self, request: Request) -> Response:
        return HTMLResponse((_PAGE / "label.html").read_text("utf-8"))

    def project(self, given: dict[str, str]) -> Any:
        """The codebook and the coders."""
        book = self._state.codebook
        tasks = {
            task: {
                "rule": book.rules.get(task, ""),
                "labels": [
                    {
                        "label": label,
                        "name": page_parts.plain(label),
                        "definition": entry.definition,
                        "example": entry.example,
                        "counter_example": entry.counter_example,
                    }
                    for label, entry in book.tasks[task].items()
                ],
            }
            for task in TASKS
            if task in book.tasks
        }
        return {
            "tasks": tasks, "voices": VOICES, "coder": self._coder, "coders": self._state.coders(),
            "adjudicated": ADJUDICATED, "file": self._state.path.name,
        }  # fmt: skip

    def unit(self, given: dict[str, str]) -> Any:
        """A unit with the coder's answer; without `unit` the next one to label. adjudicate: also the coders' answers."""
        adjudicate = bool(given.get("adjudicate"))
        coder = ADJUDICATED if adjudicate else _coder(given)
        unit_id = given.get("unit") or self._state.next_unit(coder)
        progress = asdict(self._state.progress(coder))
        if unit_id is None:
            return {"unit": None, "progress": progress}
        item = self._state.item(unit_id)
        own = self._state.coded(unit_id=unit_id, coder=coder)
        out = {
            "unit": _shown(item, self._state.place(unit_id)),
            "answer": own[0].answer if own else Answer(),
            "status": own[0].status if own else "",
            "progress": progress,
        }
        if adjudicate:
            read = readings(self._state.coded(unit_id=unit_id)).get(unit_id, {})
            out["readings"] = read
            out["differ"] = differences(read.values(), item)
            if not own and read:
                out["answer"] = common(list(read.values()), item)
        return out

    def units(self, given: dict[str, str]) -> Any:
        """The units that a coder has opened, in the order of labeling."""
        items = {item.unit_id: (place, item) for place, item in enumerate(self._state.items())}
        return [
            {
                "unit_id": one.unit_id, "place": items[one.unit_id][0], "status": one.status,
                "flagged": one.answer.flagged, "note": one.answer.note, "text": items[one.unit_id][1].text[:90],
            }
            for one in self._state.coded(coder=_coder(given))
        ]  # fmt: skip

    def agreement(self, given: dict[str, str]) -> Any:
        items = {item.unit_id: item for item in self._state.items()}
        coded = self._state.coded()
        read = [by for by in readings(coded).values() if len(by) > 1]
        rows = [
            {
                "what": a.what, "measure": a.measure, "value": a.figure.value, "n": a.n, "documents": a.groups,
                "low": a.figure.low if a.groups >= MIN_DOCUMENTS else None,
                "high": a.figure.high if a.groups >= MIN_DOCUMENTS else None,
            }
            for a in agreement(coded, items, self._state.codebook)
        ]  # fmt: skip
        return {"units": len(read), "coders": sorted({c for by in read for c in by}), "rows": rows,
                "min_documents": MIN_DOCUMENTS}  # fmt: skip

    def differences(self, given: dict[str, str]) -> Any:
        """Units on which finished answers differ, and whether they are adjudicated."""
        coded = self._state.coded()
        decided = {c.unit_id for c in coded if c.coder == ADJUDICATED and c.status == DONE}
        out = []
        for unit_id, by in readings(coded).items():
            item = self._state.item(unit_id)
            if differ := differences(by.values(), item):
                out.append(
                    {
                        "unit_id": unit_id, "place": self._state.place(unit_id), "coders": sorted(by),
                        "differ": [[task, target and item.targets.get(target, target)] for task, target in differ],
                        "decided": unit_id in decided, "text": item.text[:90],
                    }
                )  # fmt: skip
        return out

    # ---- answers

    def answer(self, given: dict[str, Any]) -> Any:
        adjudicate = bool(given.get("adjudicate"))
        coder = ADJUDICATED if adjudicate else _coder(given)
        status = self._state.save(
            str(given.get("unit_id")), coder, given.get("answer"),
            finish=bool(given.get("finish")), skip=bool(given.get("skip")),
        )  # fmt: skip
        return {"status": status, "progress": asdict(self._state.progress(coder))}

    def undo(self, given: dict[str, Any]) -> Any:
        coder = ADJUDICATED if given.get("adjudicate") else _coder(given)
        return {"unit_id": self._state.undo(coder)}


def _coder(given: dict[str, Any]) -> str:
    name = check_coder(str(given.get("coder") or ""))
    if name == ADJUDICATED:
        raise WrongAnswer(f"{ADJUDICATED!r} is the name of final answers. Choose another name.")
    return name


def _shown(item: Item, place: int) -> dict[str, Any]:
    """What the page may know about a unit."""
    return {
        "unit_id": item.unit_id, "place": place, "kind": item.kind, "text": item.text, "title": item.title,
        "before": item.before, "parent": item.parent, "voices": voices(item.text, item.kind),
        "questions": [
            {"task": task, "target": target, "name": target and item.targets.get(target, target)}
            for task, target in item.questions()
        ],
    }  # fmt: skip


def _file(name: str, kind: str) -> Callable[[Request], Response]:
    return lambda _: FileResponse(_PAGE / name, media_type=kind)
