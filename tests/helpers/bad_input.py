"""A folder of everything that is no article, each file with the reason that it must be rejected for.

Used by the tests and by the benchmark; the two good files in it show that a run goes on.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

GOOD_TEXT = (
    "Ferry returns to Port Ellis\n\nThe ferry to Port Ellis sails again on Monday, the harbour office said.\n"
)
GOOD_ROW = json.dumps({"text": "The library in Old Mill will open on Sundays.", "outlet": "Mill Courier"})
GOOD_FILES = {"good.txt": 1, "good.jsonl": 1}  # name → articles in it


def _zip() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("word/document.xml", "<w:document/>")
    return buffer.getvalue()


def _truncated_parquet() -> bytes:
    import pyarrow
    from pyarrow import parquet

    buffer = io.BytesIO()
    parquet.write_table(pyarrow.table({"text": ["The mill wheel turns again."] * 50}), buffer)
    return buffer.getvalue()[:-40]


def _parquet_without_text() -> bytes:
    import pyarrow
    from pyarrow import parquet

    buffer = io.BytesIO()
    parquet.write_table(pyarrow.table({"price": [1, 2]}), buffer)
    return buffer.getvalue()


_PAGE = "<!DOCTYPE html><html><head><title>Mill Courier</title></head><body>{}</body></html>"
_ELF = b"\x7fELF\x02\x01\x01" + bytes(40)
_PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(30)
_JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(30)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(40)

# name → (content, reasons in the order in which they come). Names with :line are checked by the tests.
FILES: dict[str, tuple[bytes | Callable[[], bytes], tuple[str, ...]]] = {
    "empty.txt": (b"", ("empty",)),
    "blanks.txt": (b" \n\t\r\n \n", ("empty",)),
    "only_bom.md": (b"\xef\xbb\xbf", ("empty",)),
    "cyrillic.txt": ("Плотина рухнула утром.".encode("cp1251"), ("undecodable",)),
    "torn_utf16.txt": ("Il était une fois".encode("utf-16")[:-1], ("undecodable",)),
    "odd_utf16.txt": (b"\xff\xfea\x00b", ("undecodable",)),
    "nul.txt": (b"The mill\x00wheel", ("binary",)),
    "late_nul.txt": (b"The mill wheel. " * 5000 + b"\x00", ("binary",)),
    "random.bin": (bytes(range(256)) * 8, ("binary",)),
    "pdf.txt": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n", ("bad_pdf",)),
    "photo.txt": (_PNG, ("image",)),
    "photo.jpg": (_JPEG, ("image",)),
    "letter.docx": (_zip, ("bad_office",)),
    "letter.doc": (_OLE, ("archive",)),
    "news.txt.gz": (lambda: gzip.compress(GOOD_TEXT.encode())[:-9], ("torn",)),
    "letter.rtf": (b"{\\rtf1\\ansi }", ("empty",)),
    "feed.rss": (b"<?xml version='1.0'?><rss><channel/></rss>", ("empty",)),
    "program.txt": (_ELF, ("executable",)),
    "shell.html": (_PAGE.format("<div id='app'></div>").encode(), ("no_article_text",)),
    "deep.html": (b"<html><body>" + b"<div>" * 5000 + b"The mill wheel turns again.", ("too_deep",)),
    "empty.html": (b"  \n", ("empty",)),
    "price.csv": (b"id,price\n1,2\n", ("no_text_column",)),
    "header_only.csv": (b"title,text\n", ("empty",)),
    "ragged.csv": (b"title,text\na,b,c\nd\n,\n", ("bad_row", "bad_row", "empty")),
    "open_quote.csv": (b'title,text\na,"never closed\n', ("bad_row",)),
    "broken.jsonl": (b'{"text": "torn\n{"text": 12}\n["x"]\n{"title": "x"}\n{"text": ""}\n',
                     ("bad_json", "bad_text", "not_an_object", "no_text", "empty")),
    "table.jsonl": (b"title,text\nMill,The mill wheel turns.\n", ("wrong_format",)),
    "deep.jsonl": (b'{"text": ' + b"[" * 200_000 + b"]" * 200_000 + b"}\n", ("bad_json",)),
    "deep.json": (b"[" * 200_000, ("bad_json",)),
    "surrogate.jsonl": (b'{"text": "half \\ud83d of a face"}\n', ("undecodable",)),
    "cyrillic.jsonl": ('{"text": "Плотина рухнула утром."}\n'.encode("cp1251"), ("undecodable",)),
    "comments.jsonl": (b'{"text": "The mill.", "comments": [7]}\n', ("bad_comments",)),
    "torn.json": (b'[{"text": "The mill wheel turns."}, {"text": "Half', ("bad_json",)),
    "number.json": (b"42", ("wrong_format",)),
    "empty_list.json": (b"[]", ("empty",)),
    "torn.parquet": (_truncated_parquet, ("bad_parquet",)),
    "text.parquet": (b"title,text\n", ("bad_parquet",)),
    "price.parquet": (_parquet_without_text, ("no_text_column",)),
}  # fmt: skip
GOOD_FILES["torn.json"] = 1  # what stands before the tear is read


def write_bad_input(folder: Path) -> dict[str, tuple[str, ...]]:
    """Fill `folder`; returns file name → reasons: none for the good files."""
    folder.mkdir(parents=True, exist_ok=True)
    expected = {}
    for name, (content, reasons) in FILES.items():
        (folder / name).write_bytes(content if isinstance(content, bytes) else content())
        expected[name] = reasons
    (folder / "good.txt").write_text(GOOD_TEXT, encoding="utf-8")
    (folder / "good.jsonl").write_text(GOOD_ROW + "\n", encoding="utf-8")
    os.symlink("nowhere.txt", folder / "dangling.txt")
    os.mkfifo(folder / "pipe.txt")
    os.symlink(".", folder / "loop")
    special = {"dangling.txt": ("broken_link",), "pipe.txt": ("not_a_file",), "loop": ("link_loop",)}
    return {**expected, **special, "good.txt": (), "good.jsonl": ()}
