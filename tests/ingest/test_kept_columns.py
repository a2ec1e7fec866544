"""Columns of a table that slant does not use: they travel along, and those that do not are named."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from slant.ingest.article_rows import article_from_row, parse_column_map
from slant.ingest.inputs import read_articles
from slant.ingest.kept_columns import LONGEST, MOST
from slant.records import Article
from slant.segment.units import split

BODY = "The ferry sails on Monday, the port said."


def article(row: dict[str, Any], *, keep: tuple[str, ...] = ()) -> Article:
    return article_from_row({"text": BODY, **row}, "a.csv:2", columns=parse_column_map([], keep=keep))


def read(path: Path, *keep: str) -> list[Article]:
    found = list(read_articles([str(path)], columns=parse_column_map([], keep=keep)))
    assert all(isinstance(each, Article) for each in found), found
    return [each for each in found if isinstance(each, Article)]


def test_units_say_where_they_come_from_and_carry_the_other_columns(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(f"id,text,topic,outlet\nn-7,{BODY!r},ferries,Courier\n".replace("'", '"'))
    (unit,) = (unit for each in read(tmp_path / "a.csv") for unit in split(each))
    assert (unit.source, unit.source_id, unit.extra) == (
        f"{tmp_path / 'a.csv'}:2",
        "n-7",
        {"topic": "ferries"},
    )


def test_ids_of_articles_do_not_depend_on_other_columns() -> None:
    assert article({"id": 7, "topic": "x"}).article_id == article({}).article_id


@pytest.mark.parametrize(
    ("row", "found"),
    [
        ({"id": 7}, "7"), ({"Doc_ID": "d-1", "guid": "g"}, "d-1"), ({"_id": {"$oid": "x"}, "uuid": "u"}, "u"),
        ({"id": ""}, None), ({"id": None, "guid": "g"}, "g"),
    ],
)  # fmt: skip
def test_the_id_of_the_source_is_kept(row: dict[str, Any], found: str | None) -> None:
    assert article(row).source_id == found


def test_values_become_text_and_empty_cells_are_left_out() -> None:
    row = {"n": 3, "share": 0.5, "none": None, "blank": " ", "nan": float("nan"), "no": False, "day": date(2024, 5, 1),
           "people": ["Ann", "Bo"], "half": "x\ud800"}  # fmt: skip
    assert article(row).extra == {
        "n": "3", "share": "0.5", "no": "false", "day": "2024-05-01", "people": '["Ann", "Bo"]', "half": "x?",
    }  # fmt: skip


def test_what_the_article_has_no_place_for_travels_along() -> None:
    """Sections, a second column of a field, a number of comments."""
    row = {
        "section": "Port",
        "outlet": "Courier",
        "domain": "courier.test",
        "comments": 12,
        "title": "Ferries",
    }
    assert article(row).extra == {"section": "Port", "domain": "courier.test", "comments": "12"}


def test_long_cells_are_named_and_kept_on_request() -> None:
    row = {"html": "x" * (LONGEST + 1), "topic": "ferries"}
    found = article(row)
    assert found.extra == {"topic": "ferries"}
    assert [(note.reason, "--keep html" in note.detail) for note in found.notes] == [("columns", True)]
    assert article(row, keep=("html",)).extra == {"html": row["html"]}


def test_very_wide_rows_are_cut_and_it_is_said() -> None:
    found = article({f"c{n}": "x" for n in range(MOST + 5)})
    assert len(found.extra) == MOST
    assert [note.reason for note in found.notes] == ["columns"]


def test_keep_takes_only_the_columns_it_names() -> None:
    row = {"topic": "x", "section": "y", "id": "n-1", "rest": "z"}
    found = article(row, keep=("topic, section", "id"))
    assert found.extra == {"topic": "x", "section": "y", "id": "n-1"}
    assert found.source_id == "n-1"


def test_a_table_has_one_note_on_a_column(tmp_path: Path) -> None:
    rows = [{"text": f"{BODY} {n}", "html": "x" * 900} for n in range(4)]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert [len(each.notes) for each in read(tmp_path / "a.jsonl")] == [1, 0, 0, 0]


def test_a_column_to_keep_that_is_missing_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(f'text,topic\n"{BODY}",x\n"{BODY} Again.",y\n')
    first, second = read(tmp_path / "a.csv", "tpoic")
    assert [note.detail for note in first.notes] == [
        "its rows do not have the column of --keep tpoic. Found: text, topic."
    ]
    assert (second.notes, second.extra) == ((), {})


def test_columns_of_parquet_travel_along_but_lists_do_not(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    table = pyarrow.table({"text": [BODY], "id": [12], "topic": ["ferries"], "vector": [[0.5, 0.25]]})
    parquet.write_table(table, tmp_path / "a.parquet")
    (found,) = read(tmp_path / "a.parquet")
    assert (found.path, found.source_id, found.extra) == (
        f"{tmp_path / 'a.parquet'}#1", "12", {"topic": "ferries"},
    )  # fmt: skip
