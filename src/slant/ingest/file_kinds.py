"""Detect the kind of a file from its extension and its first bytes. If they contradict each other, the bytes decide."""

from __future__ import annotations

import csv
import json
import re
from pathlib import PurePath

from slant.errors import Rejected
from slant.ingest.article_rows import DEFAULT_COLUMNS, Columns
from slant.ingest.decoding import bom_encoding
from slant.ingest.mime_pages import is_message
from slant.ingest.not_prose import reject_about, reject_by_name, reject_code

HEAD_SIZE = 65536  # bytes at the start of a file that are examined
EXTENSIONS = {
    ".txt": "text", ".text": "text", ".md": "text", ".markdown": "text",
    ".html": "html", ".htm": "html", ".xhtml": "html",
    ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "json",
    ".csv": "csv", ".tsv": "csv", ".parquet": "parquet", ".pq": "parquet",
    ".eml": "message", ".emlx": "message", ".mht": "message", ".mhtml": "message",
}  # fmt: skip
_COMPRESSED = (".gz", ".zst", ".zstd")
_FEED_ROOTS = {"rss": "feed", "feed": "feed", "rdf": "feed", "urlset": "sitemap", "sitemapindex": "sitemap"}
# Archives, compressed files and other containers are recognized by their first bytes, whatever their name.
_CONTAINERS = (
    (b"PK\x03\x04", "zip"), (b"PK\x05\x06", "zip"), (b"\x1f\x8b", "gzip"), (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"WARC/1.", "warc"), (b"WARC/0.", "warc"), (b"PAR1", "parquet"), (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole"),
)  # fmt: skip
_MAGIC: tuple[tuple[bytes, str, str], ...] = (
    (b"BZh", "archive", "is compressed with bzip2. Unpack it: bunzip2 FILE"),
    (b"\xfd7zXZ\x00", "archive", "is compressed with xz. Unpack it: unxz FILE"),
    (b"7z\xbc\xaf\x27\x1c", "archive", "is a 7z archive. Unpack it."),
    (b"Rar!\x1a\x07", "archive", "is a rar archive. Unpack it."),
    (b"\x89PNG\r\n\x1a\n", "image", "is a PNG image."),
    (b"\xff\xd8\xff", "image", "is a JPEG image."),
    (b"GIF87a", "image", "is a GIF image."),
    (b"GIF89a", "image", "is a GIF image."),
    (b"II*\x00", "image", "is a TIFF image."),
    (b"MM\x00*", "image", "is a TIFF image."),
    (b"<svg", "image", "is an SVG image."),
    (b"\x7fELF", "executable", "is a program."),
    (b"MZ\x90\x00", "executable", "is a program."),
    (b"\xcf\xfa\xed\xfe", "executable", "is a program."),
    (b"<?xml", "unsupported", "is XML of an unsupported kind. Convert it to text, HTML or JSON lines."),
)  # fmt: skip
_EXPECTED = " Expected a text, Markdown, HTML, office, JSON lines, CSV, Parquet, WARC, mail or feed document."
# Office documents may have white space or a mark before these.
_DOCUMENTS = ((b"%PDF-", "pdf"), (b"{\\rtf", "rtf"))


def extension(path: str) -> str:
    """Extension of a document without that of its compression: ".csv" for "a.csv" and "a.csv.gz"; "" without one."""
    name = PurePath(path.rpartition("!")[2])
    if name.suffix.lower() in _COMPRESSED:
        name = name.with_suffix("")
    return name.suffix.lower()


def sniff(head: bytes, path: str) -> str:
    """Kind of a document that starts with `head`.

    One of "text", "html", "jsonl", "json", "csv", "parquet", "feed", "message", "pdf", "rtf" and "warc"; "sitemap" (addresses
    only); "zip" and "tar" (several documents, or one office document); "ole" (an old office document); "gzip" and "zstd" (a
    compressed document or tar). A known extension decides unless the bytes contradict it, without one the content decides.
    Raises Rejected: empty, archive, image, executable, unsupported, binary, not_text, citation, code, bad_parquet or
    wrong_format.
    """
    if not head:
        raise Rejected(path, "empty", "the file has 0 bytes. Expected a document with text.")
    container = next((kind for magic, kind in _CONTAINERS if head.startswith(magic)), None)
    if container == "ole":  # also of thumbnails and data of statistics programs
        reject_by_name(path)
    if container or head[257:262] == b"ustar":
        return container or "tar"
    before = head[:1024].lstrip(b"\xef\xbb\xbf \t\r\n")
    document = next((kind for magic, kind in _DOCUMENTS if before.startswith(magic)), None)
    if document:
        return document
    start = _decode_head(head)
    xml = _xml_kind(start)
    _reject_binary(head, path, xml)
    reject_by_name(path)
    stated = EXTENSIONS.get(extension(path))
    if stated == "message" or (stated in (None, "text") and is_message(start)):
        return "message"
    if stated == "parquet":
        raise Rejected(path, "bad_parquet", "a Parquet file starts with PAR1, this one does not." + _EXPECTED)
    if xml in ("feed", "sitemap") and stated in (None, "text"):
        return xml
    if stated == "html" or (stated in (None, "text") and xml == "html"):
        return "html"
    if stated in ("json", "jsonl"):
        return _json_kind(start, path)
    kind = stated or _content_kind(start)
    if kind == "text":
        reject_about(path)
        reject_code(start, path)
    return kind


def find_delimiter(header: str, columns: Columns = DEFAULT_COLUMNS) -> str:
    """Delimiter that gives a header line a text column; a comma if none does."""
    for delimiter in ",\t;|":
        cells = _cells(header, delimiter)
        if len(cells) > 1 and any(columns.field(cell) == "text" for cell in cells):
            return delimiter
    return ","


def _reject_binary(head: bytes, path: str, xml: str | None) -> None:
    stripped = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    for magic, reason, detail in _MAGIC:
        if stripped.startswith(magic) and not (xml and magic == b"<?xml"):
            expected = _EXPECTED if reason in ("image", "executable") else ""
            raise Rejected(path, reason, f"this {detail}{expected}")
    if bom_encoding(head) in ("utf-16", "utf-32"):
        return
    if b"\x00" in head:
        detail = f"it contains a NUL byte at offset {head.index(0):,}, so it is not text.{_EXPECTED}"
        raise Rejected(path, "binary", detail)


def _decode_head(head: bytes) -> str:
    """Decode the head, which may end inside a character; invalid bytes are replaced."""
    return head.decode(bom_encoding(head) or "utf-8", "replace").lstrip("\ufeff \t\r\n")


# What may precede the first element: XML declaration, comments, processing instructions, document type.
_PROLOG = re.compile(
    r"<\?[^>]{0,2000}>|<!--.{0,2000}?-->|<!doctype(?!\s+html)[^>\[]{0,2000}(?:\[[^\]]{0,8000}\]\s*)?>",
    re.I | re.S,
)
_ROOT = re.compile(
    r"<(?:(!doctype\s+html|html|head|body)\b|(?:\w+:)?(rss|feed|rdf|urlset|sitemapindex)(?=[\s>]))", re.I
)


def _xml_kind(start: str) -> str | None:
    """ "html", "feed" or "sitemap" by the first element, else None."""
    at = 0
    while prolog := _PROLOG.match(start, at):
        at = prolog.end()
        at += len(start[at : at + 1000]) - len(start[at : at + 1000].lstrip())
    root = _ROOT.match(start, at)
    if root is None:
        return None
    return "html" if root[1] else _FEED_ROOTS[root[2].lower()]


def _json_kind(start: str, path: str) -> str:
    """ "jsonl" or "json" by the content, since files of one kind often have the extension of the other."""
    lines = [line.strip() for line in start.splitlines() if line.strip()]
    if not lines:
        raise Rejected(path, "empty", "the file contains only white space. Expected JSON objects.")
    if not any(line.startswith(("{", "[")) for line in lines):
        detail = f"no line is a JSON object; the file starts with {lines[0][:60]!r}. Use the extension of its actual format."
        raise Rejected(path, "wrong_format", detail)
    if lines[0].startswith("["):
        return "json"
    if len(lines) == 1 or _is_json_object(lines[0]):
        return "jsonl"
    return "json" if lines[0] == "{" or not lines[1].startswith("{") else "jsonl"


def _is_json_object(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _content_kind(start: str) -> str:
    """Kind of a document without a known extension: "text" unless it is clearly a table or JSON."""
    first = start.split("\n", 1)[0].strip()
    if first.startswith("{") and (_is_json_object(first) or re.match(r'\{\s*"[^"]+"\s*:', start)):
        return _json_kind(start, "")
    if re.match(r"\[\s*\{\s*\"", start):
        return "json"
    # At least two known columns, since prose may start with "Text, and more text".
    fields = {DEFAULT_COLUMNS.field(cell) for cell in _cells(first, find_delimiter(first))} - {None}
    return "csv" if "text" in fields and len(fields) > 1 else "text"


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return []
