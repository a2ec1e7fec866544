"""Serve the labeling page on this machine alone.

Three locks: the server listens on the loopback address; `Guard` refuses requests by another name (DNS rebinding) and from
pages of other sites; and every address holds a random token.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from slant.errors import SlantError
from slant.labeling.coders import agreement, common, differences, readings
from slant.labeling.questions import ADJUDICATED, DONE, TASKS, Answer, Item, WrongAnswer, check_coder
from slant.labeling.state import State
from slant.records import VOICES
from slant.reports import page_parts
from slant.segment.voices import voices
from slant.serving.guard import Guard, Limits, Problem, address, bind, make_server, problem_body

_PAGE = Path(__file__).parent / "page"
_STYLE = Path(page_parts.__file__).parent / "templates" / "report.css"
_FILES = {
    "label.css": "text/css",
    "label.js": "text/javascript",
    "spans.js": "text/javascript",
    "lists.js": "text/javascript",
}
MIN_DOCUMENTS = 10  # fewer give no interval worth showing
_LIMITS = Limits(stop_seconds=2)
_HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "cross-origin-opener-policy": "same-origin",
}


def make_app(state: State, *, token: str, coder: str = "") -> Guard:
    """Return the application. coder: who labels unless the page says otherwise."""
    api = _Api(state, coder)
    base = f"/{token}"
    routes = [
        Route(f"{base}/", lambda _: FileResponse(_PAGE / "label.html", headers=_HEADERS)),
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
    handlers: Mapping[Any, Any] = {Problem: _refused}
    return Guard(Starlette(routes=routes, exception_handlers=handlers), limits=_LIMITS)


def serve(state: State, *, coder: str, port: int, say: Callable[[str], None]) -> None:
    """Serve until the process is stopped. port: 0 chooses a free one. say: gets the address.

    Raises SlantError if the port cannot be taken.
    """
    taken = bind("127.0.0.1", port)
    token = secrets.token_urlsafe(16)
    server = make_server(
        make_app(state, token=token, coder=coder),
        limits=_LIMITS,
        ready=lambda: say(f"Open in a browser: {address(taken)}{token}/"),
    )
    with taken:
        server.run(sockets=[taken])


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
            if request.headers.get("content-type", "").partition(";")[0] != "application/json":
                raise Problem(415, "not_json", "expected application/json")
            try:
                given = msgspec.json.decode(await request.body(), type=dict[str, Any])
            except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
                raise Problem(400, "bad_json", "the request is no JSON object") from None
            return await self._respond(answer, given)

        return endpoint

    async def _respond(self, answer: Callable[[dict[str, Any]], Any], given: dict[str, Any]) -> Response:
        try:
            found = await run_in_threadpool(answer, given)
        except WrongAnswer as error:
            raise Problem(422, "answer", str(error)) from None
        except SlantError as error:
            raise Problem(500, "fault", str(error)) from error
        return Response(msgspec.json.encode(found), media_type="application/json")

    # ---- questions

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


async def _refused(request: Request, problem: Problem) -> Response:
    body = problem_body(problem, request.scope["request_id"])
    return Response(body, problem.status, media_type="application/json")
