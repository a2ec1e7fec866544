"""Small archives, feeds and web archives, made for the tests."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
from collections.abc import Iterable, Mapping, Sequence

SAID = "The ferry to Port Ellis sails again on Monday, the harbour office said. "
SITEMAP = '<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{}</urlset>'
INDEX = '<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{}</sitemapindex>'
RSS = (
    '<?xml version="1.0" encoding="utf-8"?>\n<?xml-stylesheet href="a.xsl"?>\n'
    '<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"'
    ' xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>Mill Courier</title>{}</channel></rss>'
)


def page(words: str = "", head: str = "") -> str:
    article = (
        f"<article><h1>Ferry returns</h1><p>{SAID * 3}</p><p>The council met on Friday. {words}</p></article>"
    )
    return (
        f"<!doctype html><html><head><title>Ferry returns</title>{head}</head><body>{article}</body></html>"
    )


def zipped(members: Mapping[str, bytes | str] | Iterable[tuple[zipfile.ZipInfo | str, bytes | str]]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items() if isinstance(members, Mapping) else members:
            archive.writestr(name, data)
    return file.getvalue()


def tarred(members: Mapping[str, bytes], odd: Sequence[tarfile.TarInfo] = ()) -> bytes:
    """odd: members without content (links, devices), put before the others."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for info in odd:
            archive.addfile(info)
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return file.getvalue()


def zstd(data: bytes) -> bytes:
    import pyarrow

    packed: bytes = pyarrow.compress(data, codec="zstd", asbytes=True)
    return packed


def record(
    body: bytes, *, kind: str = "response", headers: str = "Content-Type: text/html", status: str = "200 OK",
    number: int = 1,
) -> bytes:  # fmt: skip
    """One WARC record of an HTTP exchange."""
    payload = f"HTTP/1.1 {status}\r\n{headers}\r\n\r\n".encode() + body
    head = (
        f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: http://mill.example/{number}\r\n"
        f"WARC-Date: 2021-03-09T10:00:00Z\r\nContent-Type: application/http\r\nContent-Length: {len(payload)}\r\n\r\n"
    )
    return head.encode() + payload + b"\r\n\r\n"


def warc(records: Iterable[bytes], *, packed: bool = False) -> bytes:
    """packed: each record a gzip member of its own, as web archives have it."""
    return b"".join(gzip.compress(one) if packed else one for one in records)


def item(title: str, *, link: str = "", content: str = "", summary: str = "", rest: str = "") -> str:
    shown = f"<link>{link}</link>" if link else ""
    shown += f"<description>{summary}</description>" if summary else ""
    shown += f"<content:encoded><![CDATA[{content}]]></content:encoded>" if content else ""
    return f"<item><title>{title}</title>{shown}{rest}</item>"
