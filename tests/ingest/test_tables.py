"""JSON lines, JSON, CSV and Parquet: rows become articles, and invalid rows are rejected with their place."""

from __future__ import annotations

import csv
import io
import json
import time
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from slant.errors import Rejected
from slant.ingest.article_rows import article_from_row
from slant.ingest.cell_text import plain_cell
from slant.ingest.comment_rows import parse_comments
from slant.ingest.inputs import read_articles
from slant.ingest.tables import csv_rows, json_lines, json_values, parquet_rows
from slant.records import Article

QUICK = settings(max_examples=40, deadline=None)
# Words that hold no HTML, entities or garbled characters, which test_cell_text.py tests.
WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00\r"), min_size=1).filter(
    lambda text: text.strip() and plain_cell(text) == text
)
COMMENTS = st.lists(
    st.fixed_dictionaries({"text": WORDS}, optional={"author": WORDS, "parent": st.integers(0, 3)})
)
ROW = st.fixed_dictionaries({"text": WORDS}, optional={"title": WORDS, "subtitle": WORDS, "outlet": WORDS})


def articles(rows: Any) -> list[Article]:
    return [article_from_row(row, where) for where, row in rows]


def check(article: Article, row: dict[str, Any], comments: list[dict[str, Any]]) -> None:
    """Every word of the row is in the text once, and the parts cover the text in order."""
    by_role = [(part.role, article.text[part.start : part.end]) for part in article.parts]
    assert "\n\n".join(words for _, words in by_role) == article.text
    body = next((words for role, words in by_role if role == "body"), "")
    title = " ".join(row.get("title", "").split())
    assert body == row["text"] or (
        row["text"].lstrip().startswith(by_role[0][1]) and row["text"].endswith(body)
    )
    assert article.title == (title or None)
    assert [words for role, words in by_role if role == "comment"] == [
        comment["text"] for comment in comments
    ]


@QUICK
@given(rows=st.lists(st.tuples(ROW, COMMENTS), min_size=1, max_size=4))
def test_json_lines_and_json_keep_every_field(rows: list[tuple[dict[str, str], Any]]) -> None:
    records = [{**row, "comments": comments} for row, comments in rows]
    lines = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records).encode()
    listed = json.dumps(records, indent=1).encode()
    read = [
        articles(json_lines(io.BytesIO(lines), "a.jsonl")),
        articles(json_values(io.BytesIO(listed), "a.json")),
    ]
    for found in read:
        assert len(found) == len(rows)
        for article, (row, comments) in zip(found, rows, strict=True):
            check(article, row, comments)


@QUICK
@given(rows=st.lists(st.tuples(ROW, COMMENTS), min_size=1, max_size=4), delimiter=st.sampled_from(",;\t|"))
def test_csv_keeps_every_field(rows: list[tuple[dict[str, str], Any]], delimiter: str) -> None:
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, ["title", "subtitle", "text", "outlet", "comments"], delimiter=delimiter)
    writer.writeheader()
    writer.writerows({**row, "comments": json.dumps(comments)} for row, comments in rows)
    found = articles(csv_rows(io.BytesIO(file.getvalue().encode()), "a.csv"))
    assert len(found) == len(rows)
    for article, (row, comments) in zip(found, rows, strict=True):
        check(article, row, comments)


@QUICK
@given(rows=st.lists(st.tuples(ROW, COMMENTS), min_size=1, max_size=4))
def test_parquet_keeps_every_field(rows: list[tuple[dict[str, str], Any]]) -> None:
    file = io.BytesIO()
    parquet.write_table(
        pyarrow.Table.from_pylist([{**row, "comments": c, "n": 1} for row, c in rows], SCHEMA), file
    )
    found = articles(parquet_rows(io.BytesIO(file.getvalue()), "a.parquet"))
    assert len(found) == len(rows)
    for article, (row, comments) in zip(found, rows, strict=True):
        check(article, row, comments)


COMMENT = pyarrow.struct(
    [("text", pyarrow.string()), ("author", pyarrow.string()), ("parent", pyarrow.int64())]
)
SCHEMA = pyarrow.schema(
    [(name, pyarrow.string()) for name in ("text", "title", "subtitle", "outlet")]
    + [("comments", pyarrow.list_(COMMENT)), ("n", pyarrow.int64())]
)


def test_parquet_times_keep_the_zone_that_pandas_noted(tmp_path: Path) -> None:
    noted = [{"name": "date", "metadata": {"timezone": "Europe/Berlin"}}, {"name": "text", "metadata": None}]
    at = datetime.fromisoformat("2024-04-30T22:30:00+00:00")
    table = pyarrow.table({"text": ["Rain."], "date": pyarrow.array([at], pyarrow.timestamp("us", "UTC"))})
    for metadata, published in (
        ({}, "2024-04-30T22:30:00+00:00"),
        ({"pandas": json.dumps({"columns": noted})}, "2024-05-01T00:30:00+02:00"),
    ):
        parquet.write_table(table.replace_schema_metadata(metadata), tmp_path / "a.parquet")
        (article,) = read_articles([str(tmp_path / "a.parquet")])
        assert isinstance(article, Article)
        assert article.published == published


FULL = {
    "Headline": "Bridge closes",
    "dek": "Ferries sail instead",
    "Full Text": "The bridge closed.\r\n\r\nIt opens in May.",
    "Source": {"id": None, "name": "Mill Courier"},
    "authors": ["Ada Lind", "Bo Berg"],
    "publishedAt": "2021-03-09T10:00:00Z",
    "link": "https://mill.example/1",
    "tags": "roads; money",
}


def test_the_usual_column_names_are_known() -> None:
    article = article_from_row(FULL, "a.jsonl:1")
    assert article == Article(
        text="Bridge closes\n\nFerries sail instead\n\nThe bridge closed.\n\nIt opens in May.",
        path="a.jsonl:1",
        title="Bridge closes",
        outlet="Mill Courier",
        author="Ada Lind, Bo Berg",
        published="2021-03-09T10:00:00+00:00",
        url="https://mill.example/1",
        sections=("roads", "money"),
        markup="none",
        parts=article.parts,
        extra={"tags": "roads; money"},  # sections are in no output of their own
    )
    assert [part.role for part in article.parts] == ["title", "subtitle", "body"]


@pytest.mark.parametrize(
    ("stated", "published"),
    [
        (date(2021, 3, 9), "2021-03-09"),
        (datetime(2021, 3, 9, 10), "2021-03-09T10:00:00"),
        (20210309, "2021-03-09"),
        ("9 March 2021", "2021-03-09"),
        ("last week", "last week"),
        ("", None),
        (None, None),
    ],
)
def test_dates_are_iso_where_they_can_be_read(stated: object, published: str | None) -> None:
    assert article_from_row({"text": "x", "date": stated}, "a").published == published


def test_the_first_column_that_is_not_empty_wins() -> None:
    assert article_from_row({"content": "body", "Text": "", "description": "d"}, "a").text == "d\n\nbody"


@pytest.mark.parametrize(
    ("row", "text"),
    [
        ({"title": "Bridge closes", "text": "Bridge Closes\n\nIt did."}, "Bridge Closes\n\nIt did."),
        ({"title": "Bridge", "text": "Bridge closes.\nYes."}, "Bridge\n\nBridge closes.\nYes."),
        ({"title": "Bridge closes", "text": "Bridge closes"}, "Bridge closes"),
        ({"description": "The bridge fell…", "text": "The bridge fell in May."}, "The bridge fell in May."),
    ],
)  # fmt: skip
def test_a_title_or_description_that_starts_the_text_is_not_repeated(row: dict[str, str], text: str) -> None:
    assert article_from_row(row, "a").text == text


def threads(value: Any) -> list[tuple[str, str | None, int | None]]:
    read, _ = parse_comments(value, "a")
    return [(comment.text, comment.author, comment.parent) for comment in read]


def test_comments_are_strings_or_objects_with_parents() -> None:
    assert threads(["One.", "Two."]) == [("One.", None, None), ("Two.", None, None)]
    assert threads(
        [
            {"id": "c9", "body": "Reply.", "user": {"name": "Bo"}, "parent_id": "c1"},
            {"id": "c1", "text": "First.", "author": "Ada"},
            {"text": "To no comment.", "parent": 0},
            {"text": "To the article.", "parent": "t3_article"},
        ]
    ) == [
        ("Reply.", "Bo", 1),
        ("First.", "Ada", None),
        ("To no comment.", None, None),
        ("To the article.", None, None),
    ]


def test_nested_replies_are_read() -> None:
    nested = [{"text": "A.", "replies": [{"text": "B.", "replies": ["C."]}, {"text": "D."}]}, "E."]
    assert threads(nested) == [
        ("A.", None, None), ("B.", None, 0), ("C.", None, 1), ("D.", None, 0), ("E.", None, None),
    ]  # fmt: skip


def test_replies_300_levels_deep_are_read() -> None:
    line = '{"text": "The mill.", "comments": ' + '[{"text":"a","replies":' * 300 + "[]" + "}]" * 300 + "}"
    (article,) = articles(json_lines(io.BytesIO(line.encode()), "a.jsonl"))
    assert [part.parent for part in article.parts[-2:]] == [298, 299]


def test_replies_of_an_empty_comment_move_up() -> None:
    deleted = [{"id": 7, "text": "A."}, {"id": 8, "text": " ", "parent": 7}, {"text": "B.", "parent": 8}]
    assert threads(deleted) == [("A.", None, None), ("B.", None, 0)]


def test_comments_with_cyclic_parents_answer_the_article() -> None:
    circle = [
        {"id": 1, "text": "A.", "parent": 2},
        {"id": 2, "text": "B.", "parent": 1},
        {"id": 3, "text": "C.", "parent": 3},
    ]
    assert threads(circle) == [("A.", None, None), ("B.", None, None), ("C.", None, None)]


@pytest.mark.parametrize(
    ("value", "count"), [(None, 0), (12, 0), ("12", 0), ("", 0), ("One comment.", 1), ('["a", "b"]', 2)]
)
def test_a_comment_column_may_hold_a_count_or_one_comment(value: object, count: int) -> None:
    assert len(threads(value)) == count


def test_the_parent_of_a_part_is_a_part() -> None:
    row = {
        "title": "T",
        "text": "Body.",
        "comments": [{"text": "A.", "author": "Ada"}, {"text": "B.", "parent": 0}],
    }
    article = article_from_row(row, "a")
    assert [(part.role, part.author, part.parent) for part in article.parts] == [
        ("title", None, None), ("body", None, None), ("comment", "Ada", None), ("comment", None, 2),
    ]  # fmt: skip


def test_errors_state_what_was_found_and_expected() -> None:
    with pytest.raises(
        Rejected, match=r"a\.jsonl:3: no_text: \"text\" is missing\. An article needs at least: text"
    ):
        article_from_row({"title": "x"}, "a.jsonl:3")
    with pytest.raises(Rejected, match=r"Found: txt\. Is it 'txt'\?"):
        article_from_row({"txt": "x"}, "a")
    with pytest.raises(Rejected, match=r"bad_text: \"text\" is int 7\. Expected a string"):
        article_from_row({"text": 7}, "a")
    with pytest.raises(
        Rejected, match=r"bad_comments: comments are an object with the keys a\. Expected a list"
    ):
        article_from_row({"text": "x", "comments": {"a": 1}}, "a")


def read(tmp_path: Path, name: str, data: bytes) -> list[tuple[str, str]]:
    """`(line or row, text or reason)` per document."""
    (tmp_path / name).write_bytes(data)
    found = read_articles([str(tmp_path / name)])
    return [(place_of(one.path), one.text if isinstance(one, Article) else one.reason) for one in found]


def place_of(path: str) -> str:
    return path[path.index(".") :]


def test_an_invalid_json_line_does_not_end_the_file(tmp_path: Path) -> None:
    data = b'\xef\xbb\xbf{"text":"One."}\r\n\n{broken\n{"text":"caf\xe9"}\n{"text":"Two."}'
    assert read(tmp_path, "a.jsonl", data) == [
        (".jsonl:1", "One."), (".jsonl:3", "bad_json"), (".jsonl:4", "café"), (".jsonl:5", "Two."),
    ]  # fmt: skip


def test_json_and_json_lines_may_have_each_others_extension(tmp_path: Path) -> None:
    assert read(tmp_path, "a.json", b'{"text":"One."}\n{"text":"Two."}\n{x\n{"text":"Three."}') == [
        (".json:1", "One."), (".json:2", "Two."), (".json:3", "bad_json"), (".json:4", "Three."),
    ]  # fmt: skip
    assert read(tmp_path, "a.jsonl", b'[\n{"text":"One."},\n{"text":"Two."}\n]') == [
        (".jsonl#1", "One."),
        (".jsonl#2", "Two."),
    ]
    assert read(tmp_path, "b.json", b'{\n  "text": "One."\n}\n') == [(".json#1", "One.")]
    wrapped = b'{"status": "ok", "articles": [{"text":"One."}, 7]}'
    assert read(tmp_path, "c.json", b"\n" + wrapped.replace(b", ", b",\n")) == [
        (".json#1", "One."),
        (".json#2", "not_an_object"),
    ]


def test_json_lists_may_hold_nan_and_large_integers_and_half_surrogates_are_rejected(tmp_path: Path) -> None:
    """Streaming parsers such as ijson reject the first row and replace the half surrogate by a question mark."""
    data = b'[{"text":"One.","score":NaN,"id":123456789012345678901234567890},{"text":"\\ud83d"},{"text":"Two."}]'
    assert read(tmp_path, "a.json", data) == [
        (".json#1", "One."),
        (".json#2", "undecodable"),
        (".json#3", "Two."),
    ]


def test_a_long_json_list_is_read_in_pieces(tmp_path: Path) -> None:
    rows = [{"text": f"Row {i}. " + "é" * (i % 500)} for i in range(2000)]
    found = read(tmp_path, "a.json", json.dumps(rows, ensure_ascii=False).encode())
    assert [text for _, text in found] == [row["text"] for row in rows]


def test_invalid_csv_rows_are_rejected_and_the_others_are_read(tmp_path: Path) -> None:
    data = (
        b'title,text\r\nA,"One, and\r\nmore."\r\nB,two,three\r\n\r\nC,"never closed\r\nD,Four.\r\n'
        b'E,"fi"ve\r\nF,"S\xe9ix."\nG,Seven.\n'
    )
    assert read(tmp_path, "a.csv", data) == [
        (".csv:2", "A\n\nOne, and\nmore."), (".csv:4", "bad_row"), (".csv:6", "bad_row"),
        (".csv:7", "D\n\nFour."), (".csv:8", "bad_row"), (".csv:9", "F\n\nSéix."),
        (".csv:10", "G\n\nSeven."),
    ]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "start", "end"),
    [
        ("a.jsonl", b'{"text": "One."}\n', b'{"text": "Two."}\n'),
        ("a.csv", b"id,text\n1,One.\n", b"2,Two.\n"),
        ("a.csv", b'id,text\n1,"One', b'"\n2,Two.\n'),  # all of them in one cell
    ],
    ids=["jsonl", "between rows", "in a cell"],
)
def test_a_million_blank_lines_are_read_quickly(tmp_path: Path, name: str, start: bytes, end: bytes) -> None:
    """Found by fuzzing: ten million blank lines in a CSV cell took ten seconds and over a gigabyte."""
    began = time.process_time()
    found = read(tmp_path, name, start + b"\n" * 1_000_000 + end)
    assert time.process_time() - began < 2
    in_a_cell = start.endswith(b'"One')
    assert [what for _, what in found] == (["bad_row", "bad_row", "Two."] if in_a_cell else ["One.", "Two."])
    assert found[-1][0] == f"{name[1:]}:{(start + end).count(10) + 1_000_000}"


def test_csv_cells_may_be_long_and_the_limit_of_the_csv_module_is_restored(tmp_path: Path) -> None:
    before = csv.field_size_limit()
    ((_, text),) = read(tmp_path, "a.csv", b"id,text\n1," + b"word " * 100_000)
    assert (len(text), csv.field_size_limit()) == (500_000, before)


def test_spreadsheet_exports_in_utf16_are_read(tmp_path: Path) -> None:
    data = "title\ttext\r\nÄ\tOne 🌊.\r\n".encode("utf-16")
    assert read(tmp_path, "a.tsv", data) == [(".tsv:2", "Ä\n\nOne 🌊.")]


def test_a_csv_without_text_column_is_rejected_with_its_columns(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,headlines\n1,x\n")
    (found,) = read_articles([str(tmp_path / "a.csv")])
    assert isinstance(found, Rejected)
    assert (found.reason, "Found: id, headlines." in found.detail) == ("no_text_column", True)


def test_an_api_response_on_one_line_is_split_into_rows(tmp_path: Path) -> None:
    path = tmp_path / "answer.json"
    path.write_text('{"status": "ok", "articles": [{"text": "One."}, 7, {"text": "Two."}]}', "utf-8")
    first, second, third = read_articles([str(path)])
    assert isinstance(second, Rejected)
    assert (second.path, second.reason) == (f"{path}:1#2", "not_an_object")
    assert [getattr(article, "text", "") for article in (first, third)] == ["One.", "Two."]
