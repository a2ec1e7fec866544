"""What a file is, from its first bytes: the ending says what was meant, the bytes say what came."""

from __future__ import annotations

import csv
import json
import re
from pathlib import PurePath

from slant.errors import Rejected
from slant.ingest.article_rows import USUAL, Columns
from slant.ingest.decoding import bom_encoding

HEAD = 65536  # bytes looked at
ENDINGS = {
    ".txt": "text", ".text": "text", ".md": "text", ".markdown": "text",
    ".html": "html", ".htm": "html", ".xhtml": "html",
    ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "json",
    ".csv": "csv", ".tsv": "csv", ".parquet": "parquet", ".pq": "parquet",
}  # fmt: skip

_PACKED = (".gz", ".zst", ".zstd")
_FEED_ROOTS = {"rss": "feed", "feed": "feed", "rdf": "feed", "urlset": "sitemap", "sitemapindex": "sitemap"}
# What holds documents or is packed: its first bytes say so whatever its name is.
_HOLDERS = (
    (b"PK\x03\x04", "zip"), (b"PK\x05\x06", "zip"), (b"\x1f\x8b", "gzip"), (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"WARC/1.", "warc"), (b"WARC/0.", "warc"), (b"PAR1", "parquet"),
)  # fmt: skip
_MAGIC: tuple[tuple[bytes, str, str], ...] = (
    (b"%PDF-", "pdf", "is a PDF. Convert it first: pdftotext -layout FILE.pdf FILE.txt"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "archive", "is an old office document. Export it as text or CSV."),
    (b"BZh", "archive", "is compressed with bzip2. Unpack it: bunzip2 FILE"),
    (b"\xfd7zXZ\x00", "archive", "is compressed with xz. Unpack it: unxz FILE"),
    (b"7z\xbc\xaf\x27\x1c", "archive", "is a 7z archive. Unpack it."),
    (b"Rar!\x1a\x07", "archive", "is a rar archive. Unpack it."),
    (b"\x89PNG\r\n\x1a\n", "image", "is a PNG picture."),
    (b"\xff\xd8\xff", "image", "is a JPEG picture."),
    (b"GIF87a", "image", "is a GIF picture."),
    (b"GIF89a", "image", "is a GIF picture."),
    (b"II*\x00", "image", "is a TIFF picture."),
    (b"MM\x00*", "image", "is a TIFF picture."),
    (b"<svg", "image", "is an SVG picture."),
    (b"\x7fELF", "executable", "is a program."),
    (b"MZ\x90\x00", "executable", "is a program."),
    (b"\xcf\xfa\xed\xfe", "executable", "is a program."),
    (b"{\\rtf", "unsupported", "is RTF. Export the document as plain text or HTML."),
    (b"<?xml", "unsupported", "is XML of a kind that is not read. Convert it to text, HTML or JSON lines."),
)  # fmt: skip
_EXPECTED = " Expected a text, Markdown, HTML, JSON lines, CSV, Parquet, WARC or feed document."


def ending(path: str) -> str:
    """The ending that says what a document is: ".csv" for "a.csv" and for "a.csv.gz"; "" without one."""
    name = PurePath(path.rpartition("!")[2])
    if name.suffix.lower() in _PACKED:
        name = name.with_suffix("")
    return name.suffix.lower()


def sniff(head: bytes, path: str) -> str:
    """What a document is that begins with `head`: "text", "html", "jsonl", "json", "csv", "parquet", "feed", "warc",
    "sitemap" (addresses), "zip", "tar" (more documents), "gzip" or "zstd" (one document, or a tar, packed).

    A known ending is believed unless the bytes contradict it; otherwise the content decides.
    Raises Rejected: empty, pdf, archive, image, executable, unsupported, binary, bad_parquet or wrong_format.
    """
    if not head:
        raise Rejected(path, "empty", "the file has 0 bytes. Expected a document with text.")
    holder = next((kind for magic, kind in _HOLDERS if head.startswith(magic)), None)
    if holder or head[257:262] == b"ustar":
        return holder or "tar"
    start = _start(head)
    xml = _xml_kind(start)
    _refuse_binary(head, path, xml)
    meant = ENDINGS.get(ending(path))
    if meant == "parquet":
        raise Rejected(path, "bad_parquet", "a Parquet file begins with PAR1, this one does not." + _EXPECTED)
    if xml in ("feed", "sitemap") and meant in (None, "text"):
        return xml
    if meant == "html" or (meant in (None, "text") and xml == "html"):
        return "html"
    if meant in ("json", "jsonl"):
        return _json_kind(start, path)
    return meant or _content_kind(start)


def _refuse_binary(head: bytes, path: str, xml: str | None) -> None:
    stripped = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    for magic, reason, detail in _MAGIC:
        if stripped.startswith(magic) and not (xml and magic == b"<?xml"):
            expected = _EXPECTED if reason in ("image", "executable") else ""
            raise Rejected(path, reason, f"this {detail}{expected}")
    if bom_encoding(head) in ("utf-16", "utf-32"):
        return
    if b"\x00" in head:
        where = head.index(b"\x00")
        raise Rejected(
            path, "binary", f"it holds a NUL byte at offset {where:,}, so it is no text.{_EXPECTED}"
        )


def _start(head: bytes) -> str:
    """The head as text, good enough to look at; it may end inside a character."""
    return head.decode(bom_encoding(head) or "utf-8", "replace").lstrip("\ufeff \t\r\n")


# Before the first element: an XML declaration, comments, instructions such as a style sheet, a document type.
_PROLOG = re.compile(
    r"<\?[^>]{0,2000}>|<!--.{0,2000}?-->|<!doctype(?!\s+html)[^>\[]{0,2000}(?:\[[^\]]{0,8000}\]\s*)?>",
    re.I | re.S,
)
_ROOT = re.compile(
    r"<(?:(!doctype\s+html|html|head|body)\b|(?:\w+:)?(rss|feed|rdf|urlset|sitemapindex)(?=[\s>]))", re.I
)


def _xml_kind(start: str) -> str | None:
    """ "html", "feed" or "sitemap" by the first element; None for anything else."""
    at = 0
    while prolog := _PROLOG.match(start, at):
        at = prolog.end()
        at += len(start[at : at + 1000]) - len(start[at : at + 1000].lstrip())
    root = _ROOT.match(start, at)
    if root is None:
        return None
    return "html" if root[1] else _FEED_ROOTS[root[2].lower()]


def _json_kind(start: str, path: str) -> str:
    """jsonl or json by what is inside; either ending is often put on the other."""
    lines = [line.strip() for line in start.splitlines() if line.strip()]
    if not lines:
        raise Rejected(path, "empty", "the file holds blanks only. Expected JSON objects.")
    if not any(line.startswith(("{", "[")) for line in lines):
        detail = (
            f"no line is a JSON object; it begins with {lines[0][:60]!r}. Give it the ending of what it is."
        )
        raise Rejected(path, "wrong_format", detail)
    if lines[0].startswith("["):
        return "json"
    if len(lines) == 1 or _is_object(lines[0]):
        return "jsonl"
    return "json" if lines[0] == "{" or not lines[1].startswith("{") else "jsonl"


def _is_object(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _content_kind(start: str) -> str:
    """Kind of a document without a telling ending; anything that is not clearly a table or JSON is text."""
    first = start.split("\n", 1)[0].strip()
    if first.startswith("{") and (_is_object(first) or re.match(r'\{\s*"[^"]+"\s*:', start)):
        return _json_kind(start, "")
    if re.match(r"\[\s*\{\s*\"", start):
        return "json"
    # Two known columns or more: a first line of prose such as "Text, and more text" is no table.
    fields = {USUAL.field(cell) for cell in _cells(first, delimiter_of(first))} - {None}
    return "csv" if "text" in fields and len(fields) > 1 else "text"


def delimiter_of(header: str, columns: Columns = USUAL) -> str:
    """The delimiter under which a header line has a text column; a comma where none has."""
    for delimiter in ",\t;|":
        cells = _cells(header, delimiter)
        if len(cells) > 1 and any(columns.field(cell) == "text" for cell in cells):
            return delimiter
    return ","


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return []
