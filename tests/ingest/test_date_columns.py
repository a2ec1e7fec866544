"""Dates of tables: all usual forms are read, day and month by the evidence of the column, and the rest is noted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slant.ingest.date_columns import DateColumn
from slant.ingest.inputs import read_articles


@pytest.mark.parametrize(
    ("stated", "published"),
    [
        (1707120000, "2024-02-05T08:00:00+00:00"),
        (1707120000.0, "2024-02-05T08:00:00+00:00"),
        (1707120000123, "2024-02-05T08:00:00+00:00"),
        ("1707120000", "2024-02-05T08:00:00+00:00"),
        ("1707120000.0", "2024-02-05T08:00:00+00:00"),
        ("1.70712e+09", "2024-02-05T08:00:00+00:00"),
        (1707120000000000000, "2024-02-05T08:00:00+00:00"),
        (20240205, "2024-02-05"),
        ("20240205080000", "2024-02-05T08:00:00"),
        ("20240205T080000Z", "2024-02-05T08:00:00+00:00"),
        ("2024-02-05T08:00:00+0000", "2024-02-05T08:00:00+00:00"),
        ("2024-02-05 08:00:00 UTC", "2024-02-05T08:00:00+00:00"),
        ("2024/2/5", "2024-02-05"),
        ("Feb 5, 2024 8:00 AM EST", "2024-02-05T08:00:00-05:00"),
        ("Monday, February 5, 2024", "2024-02-05"),
        ("5-Feb-2024", "2024-02-05"),
        ("05-Feb-24", "2024-02-05"),
        ("25/02/2024", "2024-02-25"),
        ("02/25/2024 8:30 PM", "2024-02-25T20:30:00"),
        ("25.02.2024", "2024-02-25"),
        ("5/5/2024", "2024-05-05"),
        ("Sun 25/02/2024", "2024-02-25"),
        ("2024", "2024"),
        ("2024-02", "2024-02"),
    ],
)
def test_usual_forms_are_read_without_a_note(stated: object, published: str) -> None:
    assert DateColumn([stated]).read(stated) == (published, ())


@pytest.mark.parametrize("stated", ["last week", "5 Feb", "February 2024", "31/31/2024", "12345", "3 4 2024", "99.99.9999",
                                    "1 2 3", "Feb 30, 2024"])  # fmt: skip
def test_other_words_are_kept_with_a_note(stated: str) -> None:
    published, (note,) = DateColumn([stated]).read(stated)
    assert published == stated
    assert note.reason == "dates"
    assert repr(stated) in note.detail


@pytest.mark.parametrize("stated", [None, "", True, float("nan"), float("inf"), [], {}])
def test_no_date_is_none(stated: object) -> None:
    assert DateColumn([stated]).read(stated) == (None, ())


def test_one_date_of_the_column_decides_the_order() -> None:
    assert DateColumn(["05/02/2024", "25/02/2024"]).read("05/02/2024")[0] == "2024-02-05"
    assert DateColumn(["05/02/2024", "02/25/2024"]).read("05/02/2024")[0] == "2024-05-02"


@pytest.mark.parametrize(
    ("column", "words"),
    [
        (["05/02/2024", "06/02/2024"], "no date in the first rows shows"),
        (["05/02/2024", "25/02/2024", "02/25/2024"], "others with the month"),
    ],
)
def test_an_undecided_order_is_noted_once_with_an_example(column: list[str], words: str) -> None:
    dates = DateColumn(column)
    published, (note,) = dates.read("05/02/2024")
    assert (published, note.reason) == ("05/02/2024", "dates")
    assert "'05/02/2024'" in note.detail
    assert words in note.detail
    assert dates.read("06/02/2024") == ("06/02/2024", ())


@given(st.one_of(st.text(), st.integers(), st.floats(), st.from_regex(r"\A[0-9/:. TZ-]{1,20}\Z")))
def test_dates_never_raise(value: object) -> None:
    DateColumn([value]).read(value)


@pytest.mark.parametrize("ambiguous", [3, 120])
def test_the_order_is_decided_before_the_first_article(tmp_path: Path, ambiguous: int) -> None:
    days = [f"0{1 + i % 9}/10/2024" for i in range(ambiguous)] + ["25/10/2024"]
    path = tmp_path / "a.jsonl"
    path.write_text("".join(json.dumps({"text": f"Rain {i}.", "date": d}) + "\n" for i, d in enumerate(days)))
    articles = list(read_articles([str(path)]))
    assert {article.published[:7] for article in articles} == {"2024-10"}
    assert not any(article.notes for article in articles)
