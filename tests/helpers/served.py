"""A server on this machine for the tests of what is fetched."""

from __future__ import annotations

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Answers = list[tuple[int, dict[str, str], bytes]]


class Site:
    """A server whose answers are set by path; it notes who asked for what, and when."""

    def __init__(self) -> None:
        self.pages: dict[str, Answers] = {}
        self.asked: list[tuple[str, float]] = []
        self.agents: set[str | None] = set()
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.asked.append((self.path, time.monotonic()))
                site.agents.add(self.headers["User-Agent"])
                answers = site.pages.get(self.path, [(404, {}, b"")])
                status, headers, body = answers.pop(0) if len(answers) > 1 else answers[0]
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(
            target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        ).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def put(self, path: str, body: bytes | str = "", status: int = 200, **headers: str) -> str:
        data = body if isinstance(body, bytes) else body.encode()
        kind = {"Content-Type": "text/html; charset=utf-8"} if status == 200 else {}
        stated = {name.replace("_", "-"): value for name, value in headers.items()}
        self.pages.setdefault(path, []).append((status, {**kind, **stated}, data))
        return self.url + path

    def paths(self) -> list[str]:
        return [path for path, _ in self.asked]
