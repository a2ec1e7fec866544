"""slant.compare, slant.plot and what notebooks show: tables in, the command's numbers out, every text escaped."""

from __future__ import annotations

import gc
import random
import re
import string
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import slant
from comparison_cases import HOSTILE, OUTLETS, scores
from report_cases import article

pandas = pytest.importorskip("pandas", reason="needs pandas")
pytest.importorskip("statsmodels", reason="needs the [compare] install")
QUICK = {"min_articles": 2, "resamples": 100, "permutations": 100}
NET = "stance/light_board/net"


def frame(rows: Any = None) -> Any:
    return pandas.DataFrame([row.to_dict() for row in rows or scores(4)])


@pytest.fixture(scope="module")
def compared() -> slant.Comparison:
    return slant.compare(frame(), **QUICK)


def test_a_table_gives_the_numbers_of_its_file(compared: slant.Comparison, tmp_path: Path) -> None:
    from slant.comparing.compare import run
    from slant.comparing.options import Options
    from slant.comparing.score_tables import open_store
    from slant.scoring.output_files import write_rows

    write_rows(scores(4), str(tmp_path / "s.parquet"))
    with open_store([str(tmp_path / "s.parquet")]) as store:
        expected = run(store, Options(**QUICK))
    assert compared.results.tables["rates"] == expected.tables["rates"]
    assert compared.results.tables["differences"] == expected.tables["differences"]
    assert compared.table("rates")["group"].nunique() == len(OUTLETS) + 1
    again = slant.compare(pandas.read_parquet(tmp_path / "s.parquet"), **QUICK)
    assert again.results.tables["rates"] == expected.tables["rates"], "lists come as arrays from a file"


def test_a_column_that_was_added_may_be_compared() -> None:
    table = frame()
    table["party"] = ["north", "south"] * (len(table) // 2)
    table["party"] = table.groupby("article_id")["party"].transform("first")
    table.index = range(100, 100 + len(table))
    table.loc[5] = None
    compared = slant.compare(table, by="party", **QUICK)
    assert set(compared.results.groups.kept) | set(compared.results.groups.left_out) <= {"north", "south"}
    assert compared.notes[0] == "1 row has no text and no score, and is in no number."


def test_whole_numbers_of_a_column_with_gaps_stay_whole() -> None:
    table = frame()
    table["year"] = [2020.0, 2021.0, None] * (len(table) // 3)
    table["year"] = table.groupby("article_id")["year"].transform("first")
    compared = slant.compare(table, by="year", **QUICK)
    found = set(compared.results.groups.kept) | set(compared.results.groups.left_out)
    assert {"2020", "2020.0"} & found == {"2020"}


def test_dates_of_pandas_are_dates() -> None:
    table = frame()
    table["published"] = pandas.to_datetime(table["published"])
    assert slant.compare(table, by="month", **QUICK).results.groups == (
        slant.compare(frame(), by="month", **QUICK).results.groups
    )
    table["week"] = pandas.Timestamp("2021-03-01")
    assert set(slant.compare(table, by="week", **{**QUICK, "min_articles": 1}).results.groups.kept) == {
        "2021-03-01"
    }


def test_a_text_in_two_groups_counts_in_both() -> None:
    """Strings have the id of their text; an id alone would keep the first group's copy only."""
    rows = [replace(row, unit=replace(row.unit, unit_id=f"{i % 4}-0000", article_id=str(i % 4), parent_id=None))
            for i, row in enumerate(row for row in scores(4) if row.unit.position == 0)]  # fmt: skip
    compared = slant.compare(frame(rows[:8]), **QUICK)
    assert compared.results.groups.kept == {OUTLETS[0]: 4, OUTLETS[1]: 4}
    assert compared.results.units == 8
    rates = compared.table("rates").set_index(["group", "measure"])["units"]
    assert (
        rates[OUTLETS[0], "stance/light_board/against"]
        == rates[OUTLETS[1], "stance/light_board/against"]
        == 4
    )


@pytest.mark.parametrize(
    ("given", "options", "message"),
    [
        (lambda: frame(), {"minarticles": 3}, r"no option 'minarticles'. Did you mean 'min_articles'"),
        (lambda: frame(), {"by": "oultet"}, r"--by oultet: no such column.*Did you mean 'outlet'"),
        (lambda: frame().drop(columns=["model"]), {}, "no table of scores: model is missing"),
        (lambda: frame().assign(target="x", p_against=0.1), {}, "one row per unit and target.*to_pandas"),
        (lambda: frame().assign(stance=None), {}, "row 0 of the table is not a score"),
        (lambda: frame().iloc[:0], {}, r"\Athere are no scored units here"),
        (lambda: 7, {}, "takes a DataFrame of scores or paths, not int"),
        (lambda: ["gone.jsonl"], {}, "gone.jsonl: no such file"),
    ],
)
def test_what_cannot_be_compared_is_named(given: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(slant.UsageError, match=message):
        slant.compare(given(), **options)


def test_the_report_is_the_command_s(compared: slant.Comparison, tmp_path: Path) -> None:
    page = compared.save(tmp_path / "out")
    assert page == tmp_path / "out" / "index.html"
    assert (tmp_path / "out/tables/rates.csv").exists()
    with pytest.raises(slant.UsageError, match="overwrite=True"):
        compared.save(tmp_path / "out")
    compared.save(tmp_path / "out", overwrite=True)
    with pytest.raises(slant.UsageError, match=r"no table 'rate'.*Did you mean 'rates'"):
        compared.table("rate")


def test_temporary_files_go_with_the_comparison(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import tempfile

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    held = slant.compare(scores(4), **QUICK)
    assert list(tmp_path.iterdir())
    del held
    gc.collect()
    assert not list(tmp_path.iterdir())
    with pytest.raises(slant.UsageError):
        slant.compare(frame(), by="gone")
    assert not list(tmp_path.iterdir())


# ---- figures


def drawn(figure: Any) -> tuple[list[str], list[list[float]]]:
    (plot,) = figure.axes
    marks = [list(line.get_xdata()) for line in plot.lines if line.get_marker() not in ("None", "")]
    return [label.get_text() for label in plot.get_yticklabels()], marks


def test_a_figure_has_the_values_of_the_table() -> None:
    table = frame(scores(7))  # with fewer articles, rates have no intervals
    words = random.Random(0)
    tails = {
        a: " ".join(words.sample(list(string.ascii_lowercase * 2), 40)) for a in table["article_id"].unique()
    }
    table["text"] += " " + table["article_id"].map(tails)  # so that no article is a copy of another
    compared = slant.compare(table, **QUICK)
    rates = compared.table("rates").set_index(["measure", "group"])["value"]
    rows, marks = drawn(slant.plot.rates(compared, "stance/light_board/*"))
    assert rows == [*sorted(OUTLETS), "All"]
    groups = [*sorted(OUTLETS), "(all)"]
    assert marks == [
        [100 * rates[f"stance/light_board/{label}", g] for g in groups] for label in ("against", "favor")
    ]
    rows, (net,) = drawn(slant.plot.rates(compared, NET))
    assert net == [100 * rates[NET, g] for g in groups]
    found = compared.table("differences")
    found = found[found["measure"] == NET]
    rows, (sizes,) = drawn(slant.plot.differences(compared, NET))
    assert len(rows) == len(found)
    assert sorted(sizes) == sorted(100 * found["difference"])


def test_a_measure_that_is_not_there_or_fits_two_charts_is_refused(compared: slant.Comparison) -> None:
    with pytest.raises(slant.UsageError, match=r"no measure 'stance/light_bord/net' here.*Did you mean"):
        slant.plot.rates(compared, "stance/light_bord/net")
    with pytest.raises(slant.UsageError, match="several charts"):
        slant.plot.rates(compared, "stance/*")


def test_a_notebook_shows_a_figure_without_pyplot(compared: slant.Comparison) -> None:
    image = slant.plot.rates(compared, NET)._repr_svg_()
    assert "<svg" in image
    assert "Tide &amp; &lt;b&gt;Times" in image


# ---- HTML


def test_scores_are_shown_as_in_the_report_and_escaped() -> None:
    rows = list(article())
    html = slant.html(rows)
    assert '<mark class="f-rally v-outlet' in html
    assert "Light Board <b>against</b>" in html
    assert "disagrees" in html
    hostile = next(row for row in scores(1) if row.unit.text == HOSTILE)
    (shown,) = re.findall(r'<div class="slant-text" dir="auto">(.*?)</div>', hostile._repr_html_(), re.DOTALL)
    assert "&lt;script&gt;" in shown
    assert "<script" not in hostile._repr_html_()


def test_a_long_unit_is_cut_with_its_spans() -> None:
    row = next(iter(article()))
    long = replace(row, unit=replace(row.unit, text=row.unit.text + " wave" * 2000))
    html = slant.html(long)
    assert len(html) < 8_000
    assert html.count("<mark") == slant.html(row).count("<mark")


def test_an_article_is_shown_and_escaped() -> None:
    html = slant.Article(
        "Words & <b>more</b>. " * 400, title="<i>Head</i>", url="javascript:alert(1)"
    )._repr_html_()
    assert "<b>more" not in html
    assert "&lt;i&gt;Head" in html
    assert "javascript:" not in html
    assert "5,400 more characters are not shown" in html


def test_a_comparison_is_shown_with_its_groups_and_notes(compared: slant.Comparison) -> None:
    html = compared._repr_html_()
    assert "3 outlets compared" in html
    assert "Tide &amp; &lt;b&gt;Times&lt;/b&gt; (4 articles)" in html
    assert "the model&#39;s own labels" in html


def test_other_things_are_refused() -> None:
    with pytest.raises(slant.UsageError, match="not int 7"):
        slant.html(7)
