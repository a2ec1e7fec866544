"""Latency and memory of `slant serve` under many clients at once.

    python benchmarks/serve_load.py [--requests 400] [--clients 50] [--words 40] [--json FILE]

Starts the server as its own process, and sends single paragraphs with two targets each, all different, from CLIENTS threads
with one open connection each. Prints the median and the 95th percentile of the times, the answers that were no success, and
the server's memory after each tenth of the requests. `--requests 10000` is the full test; `--words 5` makes it short where
only memory matters.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import platform
import random
import re
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

from memory import WORDS

RUN = "import sys; from slant.cli import main; main(sys.argv[1:])"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--requests", type=int, default=400)
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--words", type=int, default=40)
    parser.add_argument("--model", default="small")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    result = measure(given.requests, clients=given.clients, words=given.words, model=given.model)
    print(json.dumps(result, indent=2))
    if given.json:
        given.json.write_text(json.dumps(result, indent=2) + "\n", "utf-8")


def measure(requests: int, *, clients: int, words: int, model: str) -> dict[str, Any]:
    """Run the server and the clients."""
    load = os.getloadavg()[0]
    command = [sys.executable, "-c", RUN, "serve", "--port", "0", "--model", model, "--quiet"]
    server = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        assert server.stderr is not None
        line = server.stderr.readline()
        found = re.search(r"http://127\.0\.0\.1:(\d+)/ \(model (\w+)\)", line)
        if found is None:
            raise SystemExit(f"slant serve did not start: {line}{server.stderr.read()}")
        run = _Clients(int(found[1]), server.pid, requests, words)
        begun = time.perf_counter()
        run.go(clients)
        seconds = time.perf_counter() - begun
    finally:
        server.terminate()
        code = server.wait(60)
    times = sorted(run.seconds)
    return {
        "requests": requests,
        "clients": clients,
        "words": words,
        "answers": {str(status): n for status, n in sorted(run.statuses.items(), key=str)},
        "errors": requests - run.statuses[200],
        "median_s": round(statistics.median(times), 3),
        "p95_s": round(times[int(0.95 * (len(times) - 1))], 3),
        "max_s": round(times[-1], 3),
        "per_second": round(requests / seconds, 1),
        "memory_mb": [round(each) for each in run.memory],
        "stopped_with": code,
        "model": found[2],
        "size": model,
        "load_before": round(load, 1),
        "machine": f"{platform.machine()}, {len(os.sched_getaffinity(0))} cores, Python {platform.python_version()}",
    }


class _Clients:
    def __init__(self, port: int, process: int, requests: int, words: int) -> None:
        self.port, self.process, self.requests, self.words = port, process, requests, words
        self.numbers, self.lock = iter(range(requests)), threading.Lock()
        self.seconds: list[float] = []
        self.statuses: Counter[int | str] = Counter()
        self.memory: list[float] = []

    def go(self, clients: int) -> None:
        threads = [threading.Thread(target=self._client) for _ in range(clients)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.memory.append(self._megabytes())

    def _client(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=300)
        while (number := self._next()) is not None:
            body = json.dumps(
                {"items": [_paragraph(number, self.words)], "targets": ["the council", "the ferry"]}
            )
            begun = time.perf_counter()
            status: int | str
            try:
                connection.request("POST", "/v1/score", body, {"Content-Type": "application/json"})
                answer = connection.getresponse()
                data = json.loads(answer.read())
                status = answer.status
                if status == 200 and len(data["results"][0]["scores"]) != 1:
                    status = "no score"
            except (OSError, http.client.HTTPException, ValueError) as error:
                status = type(error).__name__
                connection.close()
            with self.lock:
                self.seconds.append(time.perf_counter() - begun)
                self.statuses[status] += 1
        connection.close()

    def _next(self) -> int | None:
        with self.lock:
            number = next(self.numbers, None)
            if number and number % max(1, self.requests // 10) == 0:
                self.memory.append(self._megabytes())
            return number

    def _megabytes(self) -> float:
        status = Path(f"/proc/{self.process}/status").read_text()
        found = re.search(r"VmRSS:\s+(\d+)", status)
        return int(found[1]) / 1024 if found else 0.0


def _paragraph(number: int, words: int) -> str:
    draw = random.Random(number)
    return f"{' '.join(draw.choices(WORDS.split(), k=words)).capitalize()} {number}."


if __name__ == "__main__":
    main()
