"""A server of slant in a thread of the tests."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from slant.serving.guard import App, Limits, bind, make_server


@contextmanager
def running(
    app: App, *, limits: Limits | None = None, stop: Callable[[], object] = lambda: None
) -> Iterator[tuple[int, Any]]:
    """Give port and server while it accepts requests."""
    taken, ready = bind("127.0.0.1", 0), threading.Event()
    server = make_server(app, limits=limits or Limits(), ready=ready.set, stop=stop)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [taken]}, daemon=True)
    thread.start()
    assert ready.wait(20)
    try:
        yield taken.getsockname()[1], server
    finally:
        server.should_exit = True
        thread.join(20)
        assert not thread.is_alive()
