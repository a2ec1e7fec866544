"""Fuzzes every reader, in two searches; writes benchmarks/results/fuzz.json.

    python benchmarks/fuzz_readers.py guided --minutes 20    (Linux; pip install atheris)
    python benchmarks/fuzz_readers.py stretched

guided: small valid files of each format, made here, are mutated by what reaches new code, both as they are and before
they are packed, so that the damage gets past checksums. stretched: what a parser may have to look far ahead for, over
and over, up to 10 MB. Each Article is also split into units. What is raised but Rejected, or takes over 10 seconds of this
process's CPU time a document, is a finding; its input is kept in the system's folder for temporary files.
"""

from __future__ import annotations

import argparse
import io
import json
import logging
import os
import platform
import random
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from fuzz_seeds import FORMATS, NAMES, PAGE, SIZE, STRETCHED, TOKENS

ROOT = Path(__file__).resolve().parent.parent
# `evaluate.py` at the root must not hide the library of that name.
sys.path[:] = [p for p in sys.path if Path(p or ".").resolve() != ROOT]
RESULT = ROOT / "benchmarks" / "results" / "fuzz.json"
SECONDS = 10  # of a document
DOCUMENTS = 5_000  # of a file; in a table of a million the others are like these


class Hang(BaseException):
    """Raised by the alarm; no handler of Exception may swallow it.

    The alarm goes by ticks, in which a busy machine counts time that it gave to others: so it is asked again.
    """

    due = 0.0

    @classmethod
    def after(cls, seconds: float) -> None:
        cls.due = time.process_time() + seconds
        signal.setitimer(signal.ITIMER_PROF, seconds)

    @classmethod
    def ring(cls, *_: Any) -> None:
        if (left := cls.due - time.process_time()) > 0:
            signal.setitimer(signal.ITIMER_PROF, max(left, 0.1))
        else:
            raise cls(f"over {SECONDS} seconds of CPU time")


class Log:
    """What was tried and what was found, written as it grows: a crash of the process leaves its input behind."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.tried, self.found, self.start = folder, Counter[str](), {}, time.time()
        self.slowest: dict[str, float] = {}
        self._written = 0.0
        folder.mkdir(parents=True, exist_ok=True)

    def finding(self, name: str, data: bytes, error: BaseException | None, seconds: float) -> None:
        frames = traceback.extract_tb(error.__traceback__) if error else []
        place = next(
            (f"{Path(f.filename).name}:{f.lineno}" for f in reversed(frames) if "slant" in f.filename), ""
        )
        key = f"{type(error).__name__ if error else 'slow'} {place}"
        if key not in self.found:
            kept = self.folder / f"{len(self.found):03d}-{name.replace(' ', '-')}"
            kept.write_bytes(data[: 1 << 20])
            self.found[key] = {
                "format": name, "what": key, "message": str(error)[:300], "seconds": round(seconds, 1), "count": 0,
                "input": kept.name, "trace": traceback.format_exception(error)[-3:] if error else [],
            }  # fmt: skip
            print("FOUND", key, name, str(error)[:200], file=sys.stderr, flush=True)
        self.found[key]["count"] += 1

    def write(self, result: Path, search: str, *, now: bool = False) -> None:
        """Put what this search has so far into the result file, beside what the other search has."""
        if not now and time.time() - self._written < 5:
            return
        self._written = time.time()
        from slant import __version__

        done = {
            "command": "python benchmarks/fuzz_readers.py " + " ".join(sys.argv[1:]),
            "slant": __version__,
            "python": platform.python_version(),
            "machine": platform.machine(),
            "minutes": round((time.time() - self.start) / 60, 1),
            "executions": sum(self.tried.values()),
            "by_format": dict(sorted(self.tried.items())),
            "findings": list(self.found.values()),
            "slowest_seconds": {n: round(s, 2) for n, s in sorted(self.slowest.items())},
        }
        before = json.loads(result.read_text("utf-8")) if result.exists() else {}
        text = json.dumps({**before, search: done}, indent=1, ensure_ascii=False) + "\n"
        part = result.with_suffix(f".{os.getpid()}.part")
        part.write_text(text, "utf-8")
        part.replace(result)


def read(name: str, data: bytes, folder: Path) -> None:
    """What `slant split` does with the file. Raises whatever should not be raised."""
    from slant.errors import Rejected
    from slant.ingest.inputs import read_articles
    from slant.segment.units import split

    path = folder / FORMATS[name][0]
    if "addresses" in name:
        found: Iterator[Any] = _visited(name, data, path)
    else:
        path.write_bytes(data)
        found = read_articles([str(path)])
    for one in islice(found, DOCUMENTS):
        Hang.after(SECONDS)
        if isinstance(one, Rejected):
            json.dumps(one.to_dict(), ensure_ascii=False).encode("utf-8")
        else:
            assert one.article_id
            for unit in split(one):
                json.dumps(unit.to_dict(), ensure_ascii=False).encode("utf-8")


def _visited(name: str, data: bytes, path: Path) -> Iterator[Any]:
    """A list of addresses, or one address, behind which every page is `data`; nothing is fetched."""
    from slant.ingest.documents import Settings
    from slant.ingest.fetch import Response, UrlReader
    from slant.ingest.inputs import _reject_errors

    class Net:
        def fetch(self, address: str) -> Response:
            return Response(address, data if "page" in name else PAGE.encode(), "text/html", None)

    reader = UrlReader(Net(), Settings())  # type: ignore[arg-type]
    visit = partial(reader.visit, "http://mill.example/0")
    listed = partial(reader.from_list, io.BytesIO(data), str(path))
    return _reject_errors(str(path), visit if "page" in name else listed)


def run(name: str, data: bytes, log: Log, folder: Path) -> float:
    """One execution; returns its seconds of CPU time."""
    signal.signal(signal.SIGPROF, Hang.ring)
    (log.folder / "last").write_bytes(data[: 1 << 20])
    Hang.after(SECONDS)
    start, error = time.process_time(), None
    try:
        read(name, data, folder)
    except (Exception, Hang) as raised:
        error = raised
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    seconds = time.process_time() - start
    if error:
        log.finding(name, data, error, seconds)
    log.tried[name] += 1
    if seconds > log.slowest.get(name, 0.0):
        log.slowest[name] = seconds
        if seconds > 1 and len(data) < 1 << 20:
            (log.folder / f"slow-{name.replace(' ', '-')}").write_bytes(data)
    return seconds


def guided(minutes: float, log: Log, result: Path, folder: Path) -> None:
    """Mutate by what reaches new code; never returns, as libFuzzer ends the process."""
    import atheris

    with atheris.instrument_imports(include=["slant.ingest", "slant.segment", "warcio"]):
        import slant.ingest.archives
        import slant.ingest.feeds
        import slant.ingest.fetch
        import slant.ingest.inputs
        import slant.ingest.warc  # noqa: F401

    corpus = folder / "corpus"
    corpus.mkdir()
    for number, (_, seed, _) in enumerate(FORMATS.values()):
        (corpus / str(number)).write_bytes(bytes([number]) + seed)

    def one(data: bytes) -> None:
        if data:
            name = NAMES[data[0] % len(NAMES)]
            try:
                made = FORMATS[name][2](data[1:])
            except Exception:  # what cannot be packed is no file
                return
            run(name, made, log, folder)
            log.write(result, "guided")

    def mutate(data: bytes, most: int, seed: int) -> bytes:
        draw = random.Random(seed)
        if draw.random() < 0.3:  # no format falls behind the others
            number = min(range(len(NAMES)), key=lambda n: log.tried[NAMES[n]])
            data = bytes([number]) + FORMATS[NAMES[number]][1]
        return _mutated(data, draw, most, atheris.Mutate)

    options = [
        f"-max_total_time={int(minutes * 60)}",
        "-max_len=40000",
        "-timeout=600",  # of wall time, on a machine that may be busy
        "-rss_limit_mb=6000",
        "-verbosity=0",
    ]
    atheris.Setup(
        [sys.argv[0], *options, f"-artifact_prefix={log.folder}/", str(corpus)], one, custom_mutator=mutate
    )
    atheris.Fuzz()


def _mutated(
    data: bytes, draw: random.Random, most: int, by_coverage: Callable[[bytes, int], bytes]
) -> bytes:
    """The first byte, which names the format, then a few changes: by libFuzzer, by tokens, by whole stretches."""
    head, body = data[:1] or b"\0", bytearray(data[1:])
    if len(body) < 3:  # start anew from a seed: each format is tried as often as another
        head = bytes([draw.randrange(len(NAMES))])
        body = bytearray(FORMATS[NAMES[head[0]]][1])
    for _ in range(draw.randint(1, 4)):
        at, size = draw.randrange(len(body) + 1), draw.choice((1, 2, 8, 60, 500))
        what = draw.random()
        if what < 0.3:
            body = bytearray(by_coverage(bytes(body), max(most - 1, 1)))
        elif what < 0.55:
            body[at:at] = draw.choice(TOKENS) * draw.choice((1, 1, 1, 2, 40, 300))
        elif what < 0.7:
            del body[at : at + size]
        elif what < 0.85:
            body[at:at] = body[at : at + size] * draw.choice((1, 3, 20))
        elif what < 0.95:
            body[at : at + size] = bytes(draw.randrange(256) for _ in range(min(size, 8)))
        else:
            del body[at:]
    return (head + bytes(body))[:most]


def stretch(log: Log, result: Path, folder: Path) -> None:
    """Documents of just under 10 MB, of one token over and over inside a valid one; texts as long as may be, too."""
    from slant.ingest.decoding import DEFAULT_LIMITS

    for name in ("text", "html", "jsonl", "json", "csv", "rss", "sitemap", "warc", "tar", "content in rss"):
        _, seed, make = FORMATS[name]
        middle = len(seed) // 2
        for token in STRETCHED:
            body = seed[:middle] + token * (SIZE // len(token)) + seed[middle:]
            run(name, make(body), log, folder)
            log.write(result, "stretched")
        print(f"stretched {name}", file=sys.stderr, flush=True)
    for token in STRETCHED:
        words = token.decode("utf-8", "replace")
        run("text", (words * (DEFAULT_LIMITS.text // len(words))).encode(), log, folder)
        log.write(result, "stretched")
    log.write(result, "stretched", now=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("search", choices=["guided", "stretched"])
    parser.add_argument("--minutes", type=float, default=20, help="of the guided search")
    parser.add_argument("-o", "--output", type=Path, default=RESULT)
    options = parser.parse_args()
    for name in ("slant", "trafilatura", "htmldate", "courlan"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    log = Log(Path(tempfile.gettempdir()) / f"slant-fuzz-{options.search}")
    with tempfile.TemporaryDirectory() as folder:
        if options.search == "stretched":
            stretch(log, options.output, Path(folder))
        else:
            guided(options.minutes, log, options.output, Path(folder))


if __name__ == "__main__":
    main()
