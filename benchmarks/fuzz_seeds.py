"""Small valid files of every format, what may be put into them, and what may be repeated in them, for fuzz_readers.py."""

from __future__ import annotations

import csv
import gzip
import io
import json
import tarfile
import zipfile
from collections.abc import Callable

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
