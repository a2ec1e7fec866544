"""Round trips: texts of every kind through all formats and compressions, and `--map`."""

from __future__ import annotations

import csv
import gzip
import html
import io
import json
import tempfile
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from containers import item, record, tarred, zipped, zstd
from slant.errors import Rejected, UsageError
from slant.ingest.article_rows import COLUMNS, parse_column_map
from slant.ingest.cell_text import plain_cell
from slant.ingest.comment_cells import NOTHING
from slant.ingest.decoding import DEFAULT_LIMITS
from slant.ingest.feeds import feed_entries
from slant.ingest.inputs import read_articles
from slant.ingest.outlets import is_address
from slant.ingest.warc import warc_pages
from slant.records import Article

QUICK = settings(max_examples=40, deadline=None)
ANY = st.characters(exclude_categories=["Cs"])
PIECES = st.sampled_from(
    [
        "🌊", "👩‍🌾", unicodedata.normalize("NFD", "café"), "\r\n", "\r", "\n\n", '"', '""', "'", ",", ";", "\t", "|", "\\",
        "“so”", "\x00", "\u2028", "\x85", "\x0c", "\ufeff", "</p>", "&amp;", "- ", "> ", "# ", "{", "[", "null", "PK\x03\x04",
        "\U0010ffff",
    ]
)  # fmt: skip
TEXT = (
    st.lists(st.one_of(PIECES, st.text(ANY, max_size=12)), min_size=1, max_size=8)
    .map("".join)
    .filter(lambda text: text.strip() and text.strip("\ufeff \t\r\n\x00"))
)
# Cells without HTML, entities and garbled characters, which test_cell_text.py tests.
CELL = TEXT.filter(lambda text: plain_cell(text) == newlines(text))
LINE = CELL.map(lambda text: " ".join(text.split())).filter(
    lambda line: line and plain_cell(line) == line and not is_address(line)
)
AUTHOR = LINE.filter(lambda name: name.lower() not in NOTHING)
COMMENTS = st.lists(st.fixed_dictionaries({"text": CELL, "author": AUTHOR}), max_size=3)
ARTICLE = st.fixed_dictionaries({"text": CELL, "title": LINE, "outlet": LINE, "comments": COMMENTS})
Row = dict[str, Any]
COMMENT = pyarrow.struct([("text", pyarrow.string()), ("author", pyarrow.string())])
SCHEMA = pyarrow.schema(
    [(name, pyarrow.string()) for name in ("text", "title", "outlet")]
    + [("comments", pyarrow.list_(COMMENT))]
)


def jsonl(rows: list[Row]) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def table(rows: list[Row]) -> bytes:
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, ["title", "text", "outlet", "comments"])
    writer.writeheader()
    writer.writerows({**row, "comments": json.dumps(row["comments"])} for row in rows)
    return file.getvalue().encode()


def columns(rows: list[Row]) -> bytes:
    file = io.BytesIO()
    parquet.write_table(pyarrow.Table.from_pylist(rows, SCHEMA), file)
    return file.getvalue()


FORMATS: dict[str, Callable[[list[Row]], bytes]] = {"a.jsonl": jsonl, "a.csv": table, "a.parquet": columns}
PACKINGS: dict[str, Callable[[str, bytes], bytes]] = {
    "": lambda name, data: data,
    ".gz": lambda name, data: gzip.compress(data, 1),
    ".zst": lambda name, data: zstd(data),
    ".zip": lambda name, data: zipped({name: data}),
    ".tar": lambda name, data: tarred({name: data}),
    ".tar.gz": lambda name, data: gzip.compress(tarred({name: data}), 1),
    ".tar.zst": lambda name, data: zstd(tarred({name: data})),
}


def read(name: str, data: bytes, **options: Any) -> list[Article | Rejected]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(data)
        return list(read_articles([str(path)], **options))


def newlines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def check(found: list[Article | Rejected], rows: list[Row]) -> None:
    assert len(found) == len(rows)
    for article, row in zip(found, rows, strict=True):
        assert isinstance(article, Article), str(article)
        assert (article.title, article.outlet) == (row["title"], row["outlet"])
        said = [(part.role, article.text[part.start : part.end], part.author) for part in article.parts]
        assert [(words, by) for role, words, by in said if role == "comment"] == [
            (html.unescape(newlines(comment["text"])), html.unescape(comment["author"]))
            for comment in row["comments"]
            if comment["text"].strip()
        ]
        body = next((words for role, words, _ in said if role == "body"), "")
        text = newlines(row["text"])
        # A title that the text starts with occurs once, as the title.
        assert body == text or (text.endswith(body) and said[0][1] in text)


@pytest.mark.slow
@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=8, deadline=None)
@given(rows=st.lists(ARTICLE, min_size=1, max_size=3))
def test_articles_survive_every_format_and_compression(name: str, packing: str, rows: list[Row]) -> None:
    if name == "a.csv":  # NUL is legal in JSON and Parquet; a text file with one counts as binary
        rows = json.loads(json.dumps(rows).replace("\\u0000", "0"))
    data = PACKINGS[packing](name, FORMATS[name](rows))
    check(read(name + packing, data), rows)


@QUICK
@given(
    text=TEXT.filter(lambda text: "\x00" not in text),
    packing=st.sampled_from(list(PACKINGS)),
    name=st.sampled_from(["a.txt", "a.md"]),
)
def test_plain_texts_survive_every_compression(text: str, packing: str, name: str) -> None:
    (found,) = read(name + packing, PACKINGS[packing](name, text.encode()))
    if isinstance(found, Rejected):  # invisible white space, or the first bytes of another format
        assert found.reason in ("empty", "archive", "nested_archive", "bad_archive")
    else:
        assert found.text == newlines(text.removeprefix("\ufeff"))


# XML allows no control characters, and HTML collapses white space.
_ODD = [
    "ferry",
    "🌊",
    unicodedata.normalize("NFD", "café"),
    "“so”",
    "&",
    "<",
    ">",
    '"',
    "]",
    "]]",
    "'",
    "AT&T",
    "&amp;",
]
_LETTERS = st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=8)
WORDS = st.lists(st.sampled_from(_ODD) | _LETTERS, min_size=1, max_size=6).map(" ".join)


def escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


@QUICK
@given(title=WORDS.filter(lambda w: "&" not in w), paragraphs=st.lists(WORDS, min_size=1, max_size=3))
def test_feed_entries_keep_their_text(title: str, paragraphs: list[str]) -> None:
    html = "".join(f"<p>{escaped(words)}</p>" for words in paragraphs)
    feed = f"<rss><channel>{item(escaped(title))}</channel></rss>".replace(
        "</item>", f"<content:encoded>{escaped(html)}</content:encoded></item>"
    )
    (found,) = feed_entries(feed.encode(), "a.rss")
    assert not isinstance(found, Rejected)
    assert found.article is not None
    assert found.article.title == " ".join(title.split())
    assert found.article.text.endswith("\n\n".join(" ".join(words.split()) for words in paragraphs))


@QUICK
@given(
    bodies=st.lists(st.binary(max_size=300).map(lambda b: b"<html>" + b), min_size=1, max_size=4),
    packed=st.booleans(),
)
def test_pages_of_a_web_archive_keep_their_bytes(bodies: list[bytes], packed: bool) -> None:
    records = [record(body) for body in bodies]
    data = b"".join(gzip.compress(one) for one in records) if packed else b"".join(records)
    stream = io.BytesIO(gzip.decompress(data) if packed else data)
    found = list(warc_pages(stream, "a.warc", DEFAULT_LIMITS))
    kept = [page.body for page in found if not isinstance(page, Rejected)]
    assert kept == [body for body in bodies if b"\x00" not in body]


# ---- --map

MAPPED = parse_column_map(
    ["title=What", "text=Full story", "outlet=paper name", "author=Who", "comments=replies"]
)
ROW = {"What": "Bridge closes", "Full story": "It closed.", "paper name": "Mill Courier", "Who": "Ada",
       "replies": ["Good."], "title": "Not this", "id": 7}  # fmt: skip


def pack(rows: list[Row], name: str) -> bytes:
    if name.endswith(".csv"):
        file = io.StringIO(newline="")
        writer = csv.DictWriter(file, list(rows[0]), delimiter=";")
        writer.writeheader()
        writer.writerows(
            {k: json.dumps(v) if isinstance(v, list) else v for k, v in row.items()} for row in rows
        )
        return file.getvalue().encode()
    if name.endswith(".parquet"):
        file_ = io.BytesIO()
        parquet.write_table(pyarrow.Table.from_pylist(rows), file_)
        return file_.getvalue()
    return json.dumps(rows).encode() if name.endswith(".json") else jsonl(rows)


@pytest.mark.parametrize("name", ["a.csv", "a.parquet", "a.jsonl", "a.json"])
def test_mapped_columns_replace_the_usual_ones(name: str) -> None:
    (found,) = read(name, pack([ROW], name), columns=MAPPED)
    assert isinstance(found, Article)
    assert (found.title, found.outlet, found.author) == ("Bridge closes", "Mill Courier", "Ada")
    assert found.text == "Bridge closes\n\nIt closed.\n\nGood."


@pytest.mark.parametrize("name", ["a.csv", "a.parquet", "a.jsonl", "a.json"])
def test_a_missing_mapped_column_is_reported_with_the_columns_found(name: str) -> None:
    (found,) = read(
        name, pack([ROW, ROW], name), columns=parse_column_map(["text=Full story", "title=Headlin"])
    )
    assert isinstance(found, Rejected)
    assert found.reason == "no_mapped_column"
    assert "--map title=Headlin" in found.detail
    assert "Full story" in found.detail
    (other,) = read("b.csv", b"a,b\n1,2\n", columns=parse_column_map(["text=c"]))
    assert isinstance(other, Rejected)
    assert (other.reason, "text=c" in other.detail, "Found: a, b." in other.detail) == (
        "no_text_column",
        True,
        True,
    )


def test_a_mapped_column_may_be_missing_from_some_rows() -> None:
    found = read(
        "a.jsonl",
        jsonl([{"body": "One."}, {"body": "Two.", "who": "Ada"}]),
        columns=parse_column_map(["author=who"]),
    )
    assert [one.author for one in found if isinstance(one, Article)] == [None, "Ada"]


def test_a_mapped_column_fills_no_other_field() -> None:
    (found,) = read(
        "a.jsonl",
        b'{"text": "It closed.", "description": "Bridge"}',
        columns=parse_column_map(["title=description"]),
    )
    assert isinstance(found, Article)
    assert [part.role for part in found.parts] == ["title", "body"]


@pytest.mark.parametrize(
    "given", ["title=What text=Full story", "title=What,text=Full story", " title = What ,\ttext=Full story"]
)
def test_one_map_may_hold_several_pairs(given: str) -> None:
    assert parse_column_map([given, "author=By, of"]).mapped == {
        "title": "What", "text": "Full story", "author": "By, of",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        (["titel=x"], "no field 'titel'.*Did you mean 'title'"),
        (["title"], "expected FIELD=COLUMN"),
        (["title="], "expected FIELD=COLUMN"),
        (["title=a", "title=b"], "title is mapped twice"),
        (["title=a", "text=A"], "column 'A' is mapped twice"),
        (["title=a txt=b"], "no field 'txt'"),
    ],
)
def test_an_invalid_map_is_a_usage_error(pairs: list[str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        parse_column_map(pairs)
    assert set(COLUMNS) == {
        "text",
        "title",
        "subtitle",
        "outlet",
        "author",
        "published",
        "url",
        "sections",
        "comments",
    }
