"""Fuzz the ingest code in one of two ways; findings go to out/fuzz.json.

    python benchmarks/fuzz.py guided --minutes 20    (Linux; pip install atheris)
    python benchmarks/fuzz.py stretched

guided: small valid files of each format, made here, are mutated by coverage (libFuzzer), both as they are and before they are
packed, so that the damage gets past checksums. stretched: tokens that can make a parser scan far ahead, repeated up to 10 MB.
Each Article is also split into units. A finding is any exception but Rejected, or more than 10 seconds of CPU time for one
document; its input is kept in the system's temporary folder.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import io
import json
import logging
import os
import platform
import random
import signal
import sys
import tarfile
import tempfile
import time
import traceback
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
# `evaluate.py` at the root must not hide the library of that name.
sys.path[:] = [p for p in sys.path if Path(p or ".").resolve() != ROOT]
RESULT = Path("out") / "fuzz.json"
SECONDS = 10  # of a document
DOCUMENTS = 5_000  # of a file; in a table of a million the others are like these
SIZE = 9_900_000  # of a stretched document
TEXT = "Ferry returns\n\nThe ferry sails again on Monday, “at last”, the harbour said.\n\n- A café 🌊\n\nAda\nI saw it!!\n"
PAGE = (
    "<!doctype html><html><head><title>Ferry | Mill Courier</title><meta property='og:site_name' content='Mill Courier'>"
    '<script type=\'application/ld+json\'>{"@type":"NewsArticle","comment":[{"text":"Good."}]}</script></head><body><article>'
    f"<h1>Ferry returns</h1><p>{TEXT * 2}</p><ul><li>One</li></ul><blockquote>So it goes.</blockquote></article>"
    "<ol class='commentlist'><li class='comment' id='comment-1'><cite class='fn'>Ada</cite><p>Yes.</p></li></ol></html>"
)
ROW = {"title": "Ferry", "text": TEXT, "outlet": "Mill Courier", "date": "2021-03-09", "tags": "sea;mill",
       "comments": [{"id": 1, "text": "Good.", "author": "Ada", "replies": [{"text": "No."}]}]}  # fmt: skip
SITEMAP = "<?xml version='1.0'?><urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'><url><loc>http://mill.example/1</loc></url></urlset>"
RSS = (
    "<?xml version='1.0'?><rss version='2.0' xmlns:content='http://purl.org/rss/1.0/modules/content/'><channel><title>Mill</title>"
    "<item><title>Ferry</title><link>http://mill.example/1</link><pubDate>Tue, 09 Mar 2021 10:00:00 +0000</pubDate>"
    "<content:encoded><![CDATA[%s]]></content:encoded></item><item><title>T</title><link>http://mill.example/2</link>"
    "<description>Short &amp; sweet</description></item></channel></rss>"
)
ATOM = (
    "<feed xmlns='http://www.w3.org/2005/Atom'><title>Mill</title><entry><title>Ferry</title><link href='http://mill.example/1'/>"
    "<updated>2021-03-09T10:00:00Z</updated><author><name>Ada</name></author>"
    "<content type='html'>&lt;p&gt;The ferry.&lt;/p&gt;"
    "</content></entry></feed>"
)


def _csv(text: str) -> bytes:
    file = io.StringIO(newline="")
    csv.writer(file).writerows([["title", "text", "comments"], ["Ferry", text, '[{"text": "Good."}]']])
    return file.getvalue().encode("utf-8", "surrogatepass")


def _parquet(text: str) -> bytes:
    import pyarrow
    from pyarrow import parquet

    file = io.BytesIO()
    words = text.encode("utf-8", "replace").decode()
    parquet.write_table(
        pyarrow.table({"title": ["Ferry", words], "text": [words, "One."], "n": [1, 2]}), file
    )
    return file.getvalue()


def _zst(data: bytes) -> bytes:
    import pyarrow

    return pyarrow.compress(data, codec="zstd", asbytes=True)  # type: ignore[no-any-return]


def _zip(name: str, data: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
        archive.writestr("b/two.txt", TEXT)
    return file.getvalue()


def _tar(name: str, data: bytes) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        for one, content in ((name, data), ("b/two.txt", TEXT.encode())):
            info = tarfile.TarInfo(one)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        archive.addfile(_link())
    return file.getvalue()


def _link() -> tarfile.TarInfo:
    info = tarfile.TarInfo("b/link.txt")
    info.type, info.linkname = tarfile.SYMTYPE, "two.txt"
    return info


def _warc(data: bytes, *, packed: bool = False, headers: bytes = b"Content-Type: text/html\r\n") -> bytes:
    payload = b"HTTP/1.1 200 OK\r\n" + headers + b"\r\n" + data
    head = (
        "WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: http://mill.example/1\r\nWARC-Date: 2021-03-09T10:00:00Z\r\n"
        f"Content-Type: application/http; msgtype=response\r\nContent-Length: {len(payload)}\r\n\r\n"
    )
    record = head.encode() + payload + b"\r\n\r\n"
    return gzip.compress(record, 1) * 2 if packed else record * 2


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


Make = Callable[[bytes], bytes]
# format → (file name, a seed, what is done to the mutated bytes before they are read)
FORMATS: dict[str, tuple[str, bytes, Make]] = {
    "text": ("a.txt", TEXT.encode(), bytes),
    "markdown": ("a.md", f"---\ntitle: Ferry\n---\n# Ferry\n\n{TEXT}\n> [so](http://x) *it* goes\n".encode(), bytes),
    "html": ("a.html", PAGE.encode(), bytes),
    "unnamed": ("a", PAGE.encode(), bytes),
    "jsonl": ("a.jsonl", (json.dumps(ROW) + "\n").encode() * 2, bytes),
    "json": ("a.json", json.dumps({"articles": [ROW, ROW]}, indent=1).encode(), bytes),
    "csv": ("a.csv", _csv(TEXT), bytes),
    "parquet": ("a.parquet", _parquet("Words."), bytes),
    "gzip": ("a.txt.gz", gzip.compress(TEXT.encode()), bytes),
    "zstd": ("a.jsonl.zst", _zst(json.dumps(ROW).encode()), bytes),
    "zip": ("a.zip", _zip("a.txt", TEXT.encode()), bytes),
    "tar": ("a.tar", _tar("a.txt", TEXT.encode()), bytes),
    "warc": ("a.warc", _warc(PAGE.encode()), bytes),
    "rss": ("a.rss", (RSS % PAGE).encode(), bytes),
    "atom": ("a.atom", ATOM.encode(), bytes),
    "sitemap": ("a.xml", SITEMAP.encode(), bytes),
    "addresses": ("a.list", b"http://mill.example/1\n# no\nhttps://mill.example/2\n", bytes),
    "page in addresses": ("b.list", PAGE.encode(), bytes),
    "text in parquet": ("a.parquet", TEXT.encode(), lambda data: _parquet(_text(data))),
    "text in csv": ("a.csv", TEXT.encode(), lambda data: _csv(_text(data))),
    "row in gzip": ("a.jsonl.gz", json.dumps(ROW).encode(), lambda data: gzip.compress(data, 1)),
    "row in zstd": ("a.jsonl.zst", json.dumps(ROW).encode(), _zst),
    "page in zip": ("a.zip", PAGE.encode(), lambda data: _zip("a.html", data)),
    "name in zip": ("a.zip", b"a/b.txt", lambda data: _zip(_text(data).replace("\0", "")[:60000], b"Words.")),
    "table in tar.gz": ("a.tar.gz", _csv(TEXT), lambda data: gzip.compress(_tar("a.csv", data), 1)),
    "name in tar.zst": ("a.tar.zst", b"a/b.txt", lambda data: _zst(_tar(_text(data), b"Words."))),
    "page in warc.gz": ("a.warc.gz", PAGE.encode(), lambda data: _warc(data, packed=True)),
    "headers in warc": ("a.warc", b"Content-Type: text/html\r\nContent-Encoding: gzip\r\n",
                        lambda data: _warc(gzip.compress(PAGE.encode(), 1), headers=data)),
    "content in rss": ("a.rss", PAGE.encode(), lambda data: (RSS % _text(data)).encode()),
}  # fmt: skip
NAMES = list(FORMATS)
TOKENS = [
    *rb"< > & &amp; &#x0; &#1114111; &a; <!-- --> <![CDATA[ ]]> <!DOCTYPE <!ENTITY <? ?>".split(),
    *b"<div> </div> <p> <table> <tr><td> <li> <ul> <a <script> </script> <svg> <template>".split(),
    *b"<item> </item> <entry> <loc> <url> <content:encoded> <link".split(),
    *rb'{ } [ ] " "" \' \ \u \ud800 : , ; | 1e999 -0 NaN null "text": "comments":[ {"text": , "replies":['.split(),
    *b"--- === ### > * _ ` ![ ]( ~~ -1 99999999999999999999 ../ ./ C:\\ ustar PAR1 Content-Length:".split(),
    *"Comments (12) By Ada “ ” « ‘ ’ \u202e \u200d e\u0301 🌊 \ud7ff \U0010ffff".encode().split(),
    *(
        c.encode()
        for c in ("\xa0", "\u2028", "\x0b", "\x0c", "\x1c", "\x85", "\0", "\r\n", "\n\n\n", "\ufeff")
    ),
    *(
        b"PK\x01\x02",
        b"PK\x05\x06",
        b"PK\x03\x04",
        b"\x1f\x8b\x08",
        b"\x28\xb5\x2f\xfd",
        b"WARC/1.0\r\n",
        b"\xff\xfe",
    ),
    *(b"By Ada Lind 9 March 2021", b"2021-03-09T10:00:00Z", b"http://mill.example/", b"charset=utf-16"),
    b"<meta charset=unicode_escape>",
]
# What may send a parser looking far ahead, or back.
STRETCHED = [
    *b"< & &amp; <!-- <![CDATA[ <!DOCTYPE <!ENTITY <? <div> <p> <table> <li> <a <script> <item> <loc>".split(),
    *rb'{ [ " \ [{"text": --- > * _ ` ]('.split(),
    *b"<p>x</p> <a><b> <item><title>x</title></item> <url><loc>http://a.example</loc></url> WARC/1.0".split(),
    *(b"\x1f\x8b\x08", b"a ", b"Word. ", b"\n\n\n", b"\r", b"Ada\n\n", b"a,b\n", b"\0"),
    *(b'{"text":"a"},', b'{"text":"a"}\n', "“".encode(), "\xa0".encode()),
]


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
            "command": "python benchmarks/fuzz.py " + " ".join(sys.argv[1:]),
            "slant": __version__,
            "python": platform.python_version(),
            "machine": platform.machine(),
            "minutes": round((time.time() - self.start) / 60, 1),
            "executions": sum(self.tried.values()),
            "by_format": dict(sorted(self.tried.items())),
            "findings": list(self.found.values()),
            "slowest_seconds": {n: round(s, 2) for n, s in sorted(self.slowest.items())},
        }
        result.parent.mkdir(parents=True, exist_ok=True)
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
