"""What the server refuses: bodies that are too large, deep, slow or no JSON; other sites; no token; more than it can do."""

from __future__ import annotations

import base64
import json
import os
import re
import resource
import signal
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("uvicorn", reason="needs the [serve] install")

from served_scores import Served, serving
from slant.errors import SlantError, UsageError
from slant.serving.guard import Limits, bind, check_token

SAID = "The council praised the ferry."
LIMITS = Limits(body=100_000, body_seconds=1.0, idle_seconds=1.0, connections=40)
TOKEN = "seventeen-letters"
MANY = "\n\n".join(f"The ferry sails at {hour} every day." for hour in range(6))


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with serving(limits=LIMITS) as running:
        yield running


def still_works(served: Served) -> bool:
    return served.post("/v1/score", {"items": [SAID]}).status == 200


# ---- bodies


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        (b"", 422, "bad_json"),
        (b"{", 422, "bad_json"),
        (b'{"items": ["caf\xe9"]}', 422, "bad_json"),
        (b'{"items": ["half \\ud83d"]}', 422, "bad_json"),
        (b'{"items": [NaN]}', 422, "bad_json"),
        (b"\xff\xfe{\x00}\x00", 422, "bad_json"),
        (b'"text"', 422, "bad_body"),
        (b"[]", 422, "bad_body"),
        (b"7", 422, "bad_body"),
        ({}, 422, "bad_body"),
        ({"items": SAID}, 422, "bad_body"),
        ({"items": [None]}, 422, "bad_body"),
        ({"items": [[SAID]]}, 422, "bad_body"),
        ({"items": [SAID], "target": ["x"]}, 422, "bad_body"),
        ({"items": [SAID], "any_language": "yes"}, 422, "bad_body"),
        ({"items": [SAID], "targets": "targets.toml"}, 422, "bad_targets"),
        ({"items": [SAID], "targets": [" "]}, 422, "bad_targets"),
        ({"items": [SAID], "targets": [{"path": "/etc/passwd"}]}, 422, "bad_targets"),
        ({"items": [SAID], "targets": ["x" * 201]}, 422, "bad_targets"),
        ({"items": [SAID], "targets": [str(i) for i in range(33)]}, 422, "bad_targets"),
        ({"items": [{"text": SAID, "targets": [str(i) for i in range(33)]}]}, 422, "bad_targets"),
        ({"items": ["x"] * 257}, 413, "too_many_items"),
        (b'{"items":' + b"[" * 40_000, 422, "too_deep"),
        (b'{"items":' + b"[" * 40_000 + b"]" * 40_000 + b"}", 422, "too_deep"),
        ({"items": [{"text": "x", "comments": json.loads('[{"replies":' * 60 + "[]" + "}]" * 60)}]}, 422, "too_deep"),
        (b"x" * 100_001, 413, "too_large"),
    ],
)  # fmt: skip
def test_a_bad_body_is_refused_with_its_reason(served: Served, body: Any, status: int, reason: str) -> None:
    answer = served.post("/v1/score", body)
    assert (answer.status, answer.reason) == (status, reason)
    assert answer.headers["content-type"] == "application/json"
    assert len(answer.json["error"]["detail"]) < 400


@pytest.mark.parametrize("path", ["/v1/score", "/v1/split"])
def test_too_many_units_are_refused(served: Served, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from slant.serving import bodies

    monkeypatch.setattr(bodies, "UNITS", 11)
    answer = served.post(path, {"items": [{"text": MANY}] * 2})
    assert (answer.status, answer.reason) == (413, "too_many_units")
    assert served.post(path, {"items": [{"text": MANY}]}).status == 200


def test_wrong_words_get_a_suggestion(served: Served) -> None:
    detail = served.post("/v1/score", {"items": [SAID], "target": ["x"]}).json["error"]["detail"]
    assert "Did you mean 'targets'?" in detail
    assert (
        "items[1] is a number; expected a string"
        in (served.post("/v1/score", {"items": [SAID, 3]}).json["error"]["detail"])
    )
    assert "expected an article" in served.post("/v1/split", {"items": [SAID]}).json["error"]["detail"]


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin-1", ""]
)
def test_other_types_are_refused(served: Served, kind: str) -> None:
    answer = served.post("/v1/score", {"items": [SAID]}, Content_Type=kind)
    assert (answer.status, answer.reason) == (415, "not_json")
    assert (
        served.post("/v1/score", {"items": [SAID]}, Content_Type='Application/JSON; charset="UTF-8"').status
        == 200
    )


@pytest.mark.slow
@pytest.mark.parametrize("chunked", [False, True])
def test_a_hundred_megabytes_are_refused_in_little_memory(served: Served, chunked: bool) -> None:
    with serving(limits=Limits(body_seconds=60)) as patient:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        with patient.open(60) as client:
            size = b"Transfer-Encoding: chunked" if chunked else b"Content-Length: 100000000"
            client.sendall(
                b"POST /v1/score HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                + size
                + b"\r\n\r\n"
            )
            piece = b"x" * 1_000_000
            for _ in range(100):
                client.sendall(b"f4240\r\n" + piece + b"\r\n" if chunked else piece)
            if chunked:
                client.sendall(b"0\r\n\r\n")
            answer = received(client)
        assert answer.startswith(b"HTTP/1.1 413 ")
        assert b'"too_large"' in answer
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 30_000  # kilobytes


def test_a_client_that_waits_for_100_continue_never_sends(served: Served) -> None:
    with served.open() as client:
        client.sendall(
            b"POST /v1/score HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            b"Expect: 100-continue\r\nContent-Length: 99999999\r\n\r\n"
        )
        assert received(client).startswith(b"HTTP/1.1 413 ")


def received(client: socket.socket) -> bytes:
    out = b""
    while piece := client.recv(65536):
        out += piece
    return out


# ---- slow and broken connections


def test_a_slow_body_is_refused(served: Served) -> None:
    with served.open() as client:
        client.sendall(
            b"POST /v1/score HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{"
        )
        answer = received(client)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b'"too_slow"' in answer


@pytest.mark.parametrize(
    "sent", [b"", b"POST /v1/sc", b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\nGET /hea"]
)
def test_a_connection_that_sends_no_whole_head_is_closed(served: Served, sent: bytes) -> None:
    begun = time.monotonic()
    with served.open(20) as client:
        client.sendall(sent)
        answer = received(client)
    assert time.monotonic() - begun < 8
    assert answer.count(b"HTTP/1.1 ") == sent.count(b"\r\n\r\n")


def drip(client: socket.socket, data: bytes) -> None:
    for letter in data:
        client.sendall(bytes([letter]))
        time.sleep(0.1)


def test_drips_of_a_head_do_not_hold_a_connection(served: Served) -> None:
    with served.open(20) as client:
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            drip(client, b"GET /health HTTP/1.1\r\nX: " + b"x" * 100)
        assert still_works(served)


@pytest.mark.parametrize(
    "sent", [b"\x16\x03\x01\x02\x00\x01\x00", b"GET /health HTTP/1.1\r\nX: " + b"x" * 100_000 + b"\r\n\r\n"]
)
def test_what_is_no_http_is_refused_as_json(served: Served, sent: bytes) -> None:
    with served.open() as client:
        client.sendall(sent + b"\r\n\r\n")
        client.shutdown(socket.SHUT_WR)
        try:
            answer = received(client)
        except ConnectionResetError:
            answer = b'HTTP/1.1 400 "bad_request"'  # closed before all was sent
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b'"bad_request"' in answer
    assert still_works(served)


def test_too_many_connections_are_closed_and_the_others_work(served: Served) -> None:
    open_ones = [served.open() for _ in range(60)]
    time.sleep(0.3)
    open_ones[0].sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    assert received(open_ones[0]).startswith(b"HTTP/1.1 200 ")
    closed = 0
    for each in open_ones[45:]:
        each.settimeout(0.3)
        try:
            closed += each.recv(1) == b""
        except ConnectionResetError:
            closed += 1
        except TimeoutError:
            pass
    assert closed >= 10
    for each in open_ones:
        each.close()
    time.sleep(0.3)
    assert still_works(served)


def test_a_client_that_goes_away_is_no_fault(served: Served) -> None:
    with served.open() as client:
        client.sendall(b"POST /v1/score HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50\r\n\r\n{")
    assert still_works(served)


# ---- more than it can do


def test_a_full_queue_answers_429_and_stopping_503() -> None:
    with serving(pause=0.4, waiting=2, limits=Limits(stop_seconds=20)) as busy, ThreadPoolExecutor(8) as pool:

        def ask(number: int) -> Any:
            return busy.post("/v1/score", {"items": [f"The ferry {number} {i}." for i in range(250)]})

        first = pool.submit(ask, 0)
        time.sleep(0.3)
        others = [pool.submit(ask, n) for n in range(1, 7)]
        while sum(each.done() for each in others) < 4:
            time.sleep(0.02)
        refused = [each.result() for each in others if each.done()]
        assert {(answer.status, answer.reason) for answer in refused} == {(429, "full")}
        assert refused[0].headers["retry-after"] == "5"
        assert busy.ask("GET", "/health").json["waiting"] == 2
        busy.server.should_exit = True
        assert first.result().status == 200, "what was being worked on is finished"
        rest = [each.result() for each in others if each.result() not in refused]
        assert {(answer.status, answer.reason) for answer in rest} == {(503, "stopping")}


def test_no_answer_in_time_is_a_503_and_the_next_request_works() -> None:
    with serving(pause=0.5, seconds=0.2) as slow:
        late = slow.post("/v1/score", {"items": [SAID]})
        assert (late.status, late.reason, late.headers["retry-after"]) == (503, "too_slow", "30")
    with serving(pause=0.0, seconds=10) as quick:
        assert still_works(quick)


def test_a_fault_of_ours_is_a_500_in_json(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    from slant.serving import app

    def fault(*_: Any, **__: Any) -> Any:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr(app, "score_items", fault)
    answer = served.post("/v1/score", {"items": [SAID]})
    assert (answer.status, answer.reason) == (500, "fault")
    assert "secret" not in answer.body.decode()


# ---- who may ask


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:80", "localhost.evil.example", "10.0.0.1", "[::2]", ""]
)
def test_other_host_names_are_refused(served: Served, host: str) -> None:
    answer = served.post("/v1/score", {"items": [SAID]}, Host=host)
    assert (answer.status, answer.reason) == (403, "other_host")


@pytest.mark.parametrize("host", ["localhost", "localhost:9", "127.0.0.1:8765", "[::1]:80", "127.9.9.9"])
def test_this_machine_s_names_are_not(served: Served, host: str) -> None:
    assert served.ask("GET", "/health", Host=host).status == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec_Fetch_Site": "cross-site"}, 403),
        ({"Sec_Fetch_Site": "same-site"}, 403),
        ({"Sec_Fetch_Site": "same-origin", "Origin": "null"}, 200),
        ({"Origin": "http://localhost:1", "Host": "localhost:1"}, 200),
        ({}, 200),
    ],
)
def test_pages_of_other_sites_are_refused(served: Served, headers: dict[str, str], status: int) -> None:
    assert served.post("/v1/score", {"items": [SAID]}, **headers).status == status


def test_a_token_is_asked_for_and_checked() -> None:
    def basic(text: str) -> str:
        return "Basic " + base64.b64encode(text.encode()).decode()

    with serving(token=TOKEN) as guarded:
        assert guarded.ask("GET", "/health").status == 200
        body = {"items": [SAID]}
        for wrong in ("", "Bearer", "Bearer ", f"Bearer {TOKEN}x", f"Token {TOKEN}", basic(f"{TOKEN}:"), "Basic ???",
                      "Bearer caf\xe9"):  # fmt: skip
            answer = guarded.post("/v1/score", body, Authorization=wrong)
            assert (answer.status, answer.reason) == (401, "no_token")
            assert TOKEN not in answer.body.decode()
        assert answer.headers["www-authenticate"] == "Bearer"
        assert guarded.ask("GET", "/").headers["www-authenticate"].startswith("Basic ")
        for right in (f"Bearer {TOKEN}", f"bearer  {TOKEN}", basic(f"anyone:{TOKEN}")):
            assert guarded.post("/v1/score", body, Authorization=right, Host="scores.example").status == 200
        assert (
            guarded.post("/v1/score", body, Authorization=right, Origin="https://evil.example").status == 403
        )
        assert TOKEN not in "".join(guarded.log)


def test_a_server_that_others_can_reach_needs_a_good_token() -> None:
    for host in ("127.0.0.1", "localhost", "::1"):
        check_token(host, None)
    for host in ("0.0.0.0", "192.168.1.2", "::", "example.org"):
        with pytest.raises(UsageError, match="Give it a token"):
            check_token(host, None)
        check_token(host, TOKEN)
    for weak in ("", "short", "x" * 15, "seventeen letters\n", "é" * 20):
        with pytest.raises(UsageError, match="at least 16"):
            check_token("127.0.0.1", weak)


def test_nobody_can_connect_before_the_server_runs() -> None:
    with bind("127.0.0.1", 0) as taken, pytest.raises(ConnectionRefusedError):
        socket.create_connection(taken.getsockname(), timeout=5)


def test_a_port_that_is_taken_is_named() -> None:
    with bind("127.0.0.1", 0) as first:
        first.listen()
        with pytest.raises(SlantError, match=f"port {first.getsockname()[1]} of 127.0.0.1 cannot be taken"):
            bind("127.0.0.1", first.getsockname()[1])


# ---- the command


@pytest.mark.slow
def test_the_command_serves_after_loading_and_stops_with_code_0(tmp_path: Path) -> None:
    from stub_score import How, start

    process = start(["serve", "--port", "0"], How(), cwd=tmp_path)
    log = tmp_path / "stderr"
    try:
        ends = time.monotonic() + 60
        while not (log.exists() and (found := re.search(r"http://127\.0\.0\.1:(\d+)/", log.read_text()))):
            assert time.monotonic() < ends, log.exists() and log.read_text()
            assert process.is_alive(), log.exists() and log.read_text()
            time.sleep(0.05)
        served = Served(int(found[1]), None, None)  # type: ignore[arg-type]
        assert still_works(served)
        assert process.pid
        os.kill(process.pid, signal.SIGTERM)
        process.join(30)
    finally:
        process.kill()
    assert process.exitcode == 0
    lines = log.read_text().splitlines()
    assert "stopping" in lines[-1]
    assert "POST /v1/score 200" in lines[-2]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--host", "0.0.0.0"], "--host 0.0.0.0: others could reach this server. Give it a token"),
        (["--token", "short"], "expected at least 16"),
    ],
)
def test_the_command_refuses_an_open_server(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from slant.cli import main

    monkeypatch.delenv("SLANT_TOKEN", raising=False)
    with pytest.raises(SystemExit) as ended:
        main(["serve", *arguments])
    assert ended.value.code == 2
    assert message in capsys.readouterr().err


def test_no_thread_is_left(served: Served) -> None:
    names = [thread.name for thread in threading.enumerate()]
    assert names.count("slant-scoring") == 1
