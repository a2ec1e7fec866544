"""Scores as tables: the index of the texts, rows of nulls for missing texts, one row per unit and target."""

from __future__ import annotations

import math
from typing import Any

import pytest

import slant
from slant.scoring.output_files import read_scores, write_rows

pandas = pytest.importorskip("pandas", reason="needs pandas")

SAID = "The council praised the ferry."
LIED = "The mayor lied about the ferry again."
STORY = {
    "title": "Council meets",
    "text": "The council met on Monday.\n\nThe mayor left.",
    "comments": ["Liars!"],
}
TARGETS = slant.Targets.from_names(["ferry", "mayor"])


@pytest.fixture(scope="module")
def scorer() -> slant.Scorer:
    return slant.Scorer.load(targets=TARGETS, threads=1)


def values(column: Any) -> list[Any]:
    return [None if pandas.isna(value) else value for value in column]


@pytest.mark.parametrize("missing", [None, math.nan, pandas.NA, "", " \n"], ids=repr)
def test_labels_stay_with_their_texts_where_one_is_missing(scorer: slant.Scorer, missing: Any) -> None:
    series = pandas.Series([SAID, missing, LIED], index=[30, 10, 20], dtype=object)
    frame = scorer.score(series).to_pandas()
    assert frame.index.tolist() == [30, 10, 20]
    assert values(frame["text"]) == [SAID, None, LIED]
    assert frame.loc[10].isna().all()
    assert [s["target"] for s in frame.loc[20, "stance"]] == ["mayor", "ferry"]
    joined = pandas.DataFrame({"given": series}).join(frame)
    assert joined.loc[20, "text"] == joined.loc[20, "given"] == LIED
    assert values(frame["end"]) == [len(SAID), None, len(LIED)]
    assert str(frame["end"].dtype) == "Int64", "offsets stay whole numbers"


def test_a_loop_still_stops_at_a_missing_text(scorer: slant.Scorer) -> None:
    with pytest.raises(slant.Rejected, match=r"texts\[1\]: bad_text"):
        list(scorer.score(pandas.Series([SAID, None])))


def test_other_bad_items_are_raised_or_listed_and_have_a_row_of_nulls(scorer: slant.Scorer) -> None:
    series = pandas.Series([SAID, 7, None, LIED], index=list("abcd"))
    with pytest.raises(slant.Rejected, match=r"texts\[1\]: bad_text: this is int 7"):
        scorer.score(series).to_pandas()
    rejected: list[slant.Rejected] = []
    frame = scorer.score(series, rejected=rejected).to_pandas()
    assert [each.path for each in rejected] == ["texts[1]", "texts[2]"]
    assert frame["text"].notna().to_dict() == {"a": True, "b": False, "c": False, "d": True}


def test_a_list_has_rows_of_nulls_too(scorer: slant.Scorer) -> None:
    frame = scorer.score([None, SAID, None]).to_pandas()
    assert frame["text"].notna().tolist() == [False, True, False]
    assert frame.index.tolist() == [0, 1, 2]
    only = scorer.score(pandas.Series([None, None], index=["x", "y"])).to_pandas()
    assert only.index.tolist() == ["x", "y"]
    assert "stance" in only
    empty = scorer.score(pandas.Series([], dtype=object)).to_pandas()
    assert (len(empty), "stance" in empty) == (0, True)


def test_the_label_of_an_article_repeats_for_its_units(scorer: slant.Scorer) -> None:
    index = pandas.MultiIndex.from_tuples([("a", 1), ("b", 2), ("b", 3)], names=["outlet", "day"])
    frame = scorer.score(pandas.Series([SAID, STORY, LIED], index=index)).to_pandas()
    assert frame.index.names == ["outlet", "day"]
    assert frame.loc[("b", 2), "kind"].tolist() == ["title", "paragraph", "paragraph", "comment"]
    assert values(frame["text"])[-1] == LIED


def test_units_keep_the_place_that_they_have_in_the_series(scorer: slant.Scorer) -> None:
    units = slant.split(slant.Article("# Ferry\n\n" + SAID + "\n\n" + LIED))
    index = range(100, 100 + len(units))
    frame = scorer.score(pandas.Series(units, index=index)).to_pandas()
    content = {label: unit.text for label, unit in zip(index, units, strict=True) if unit.is_content}
    assert frame["text"].to_dict() == content


def test_many_texts_with_copies_keep_their_index(scorer: slant.Scorer) -> None:
    """More texts than the first chunk of the encoder has, copies among them, with a missing one in each ten."""
    texts = [None if i % 10 == 3 else f"The ferry {i % 7}." for i in range(300)]
    index = [f"row{i}" for i in reversed(range(300))]
    frame = scorer.score(pandas.Series(texts, index=index)).to_pandas()
    assert frame.index.tolist() == index
    assert values(frame["text"]) == texts


def test_one_row_per_unit_and_target(scorer: slant.Scorer, tmp_path: Any) -> None:
    series = pandas.Series([LIED, None, "It rained."], index=[5, 6, 7])
    frame = scorer.score(series).to_long()
    assert frame.index.tolist() == [5, 5, 6, 7]
    assert values(frame["target"]) == ["mayor", "ferry", None, None]
    assert frame["unit_id"].nunique() == 2
    nested = scorer.score(series).to_pandas()
    assert frame.loc[5, "p_against"].tolist() == [s["scores"]["against"] for s in nested.loc[5, "stance"]]
    assert values(frame.loc[5, "stance"]) == [s["label"] for s in nested.loc[5, "stance"]]
    assert values(frame.loc[5, "portrayal"]) == [s["label"] for s in nested.loc[5, "portrayal"]]
    write_rows(scorer.score([LIED]), str(tmp_path / "s.csv"))
    columns = pandas.read_csv(tmp_path / "s.csv").columns.tolist()
    assert [name for name in frame.columns if name != "extra"] == columns


def test_scores_that_a_notebook_has_shown_are_still_all_there(scorer: slant.Scorer) -> None:
    scores = scorer.score(pandas.Series([LIED, None, SAID], index=[1, 2, 3]))
    with pytest.raises(slant.Rejected):
        scores._repr_html_()
    with pytest.raises(slant.Rejected, match=r"texts\[1\]"):
        scores.to_pandas()  # not the part before the missing text

    scores = scorer.score([f"The ferry {i}." for i in range(30)])
    shown = scores._repr_html_()
    assert shown.count('class="slant-unit"') == 20
    assert "Only the first 20 units are shown" in shown
    assert scores._repr_html_() == shown
    assert scores.to_pandas()["text"].tolist() == [f"The ferry {i}." for i in range(30)]


def test_written_and_read_rows_are_those_of_the_table(scorer: slant.Scorer, tmp_path: Any) -> None:
    frame = scorer.score([LIED, STORY]).to_pandas()
    write_rows(scorer.score([LIED, STORY]), str(tmp_path / "s.jsonl"))
    assert [row.unit.text for row in read_scores([str(tmp_path / "s.jsonl")])] == frame["text"].tolist()
