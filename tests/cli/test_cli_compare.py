"""slant sample and slant compare, from the command line to the files."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from compared import store_of, unit
from slant.cli import main
from slant.comparing import compare
from slant.comparing.compare import detectable_lines, finding_lines, run
from slant.comparing.options import Options
from slant.comparing.score_tables import open_store
from slant.reports.methods_text import methods


def slant(*arguments: str) -> int:
    with pytest.raises(SystemExit) as exit_:
        main(list(arguments))
    assert isinstance(exit_.value.code, int)
    return exit_.value.code


@pytest.fixture
def scores(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Three outlets of thirty articles; the Siren is against the mill, and its readers deny it."""
    monkeypatch.chdir(tmp_path)
    rows = []
    for outlet in ("Courier", "Gazette", "Siren"):
        for a in range(30):
            against = a % 10 < (9 if outlet == "Siren" else 3)
            stance = {"mill": "against" if against else "neutral"}
            words = f"Story {a} of the {outlet} on the mill and its vile smell."
            published = f"2026-0{1 + a % 3}-10"
            article = {"outlet": outlet, "published": published, "title": f"Story {a}"}
            rows.append(
                unit(f"{outlet}{a:02d}", words, stance=stance, loaded=["vile"] if against else [], **article)
            )
            said = unit(
                f"{outlet}{a:02d}",
                f"No {a}!",
                kind="comment",
                position=1,
                reply=("deny", "support")[a % 2],
                **article,
            )
            rows.append(said)
    path = tmp_path / "scores.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return str(path)


def test_a_sample_is_drawn_and_never_overwritten(
    scores: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert slant("sample", scores, "-o", "gold.csv", "-n", "30", "--task", "stance", "--task", "reply") == 0
    with (tmp_path / "gold.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["task"] for row in rows} == {"stance", "reply"}
    assert "about 30 units (Courier 10, Gazette 10, Siren 10) → gold.csv" in capsys.readouterr().err
    assert slant("sample", scores, "-o", "gold.csv") == 2
    assert "gold.csv exists and may hold labels" in capsys.readouterr().err


@pytest.mark.slow
def test_compare_prints_the_detectable_difference_first_and_writes_every_table(
    scores: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    few = ("--resamples", "200", "--permutations", "400")
    assert slant("compare", scores, "-o", "out", *few) == 0
    said = capsys.readouterr()
    lines = [line for line in said.err.splitlines() if not line.startswith("slant: ")]
    assert said.out == ""
    assert lines[0].startswith("Minimum detectable difference (80% power")
    assert any("stance/mill/against: Courier 30%, Siren 90% (-60 points" in line for line in lines)
    assert any("label a sample" in line for line in lines)
    tables = {path.stem for path in (tmp_path / "out" / "tables").glob("*.csv")}
    assert {"rates", "differences", "detectable", "untested", "left_out", "sensitivity"} <= tables
    assert (tmp_path / "out" / "index.html").stat().st_size > 10_000


def test_a_run_is_reproducible_and_has_notes(scores: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compare, "further_tables", lambda *_, **__: {})
    options = Options(resamples=100, permutations=200, min_articles=2)
    found = []
    for _ in range(2):
        with open_store([scores], by="outlet") as store:
            found.append(run(store, options))
    for name, table in found[0].tables.items():
        assert table.equals(found[1].tables[name]), name
    assert (found[0].articles, found[0].units, found[0].comments) == (90, 180, 90)
    notes = " ".join(found[0].notes)
    assert "p adjusted over all of them (Benjamini-Hochberg)" in notes
    assert "No band for the model's errors" in notes, "no published errors of the model m"
    assert next(iter(detectable_lines(found[0]))).startswith("Minimum detectable difference")
    assert any("differences are significant (p < 0.05" in line for line in finding_lines(found[0]))


def test_portrayal_is_compared_on_request_and_unrelated_units_are_noted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compare, "further_tables", lambda *_, **__: {})
    rows = [
        unit(f"{outlet}{n}", f"Text {n} of the {outlet}.", outlet=outlet, portrayal={"mill": "negative"},
             stance={"mill": ("against", "unrelated")[n % 2]})
        for outlet in ("Gazette", "Siren") for n in range(4)
    ]  # fmt: skip

    def compared(*measures: str) -> tuple[set[str], str]:
        few = Options(resamples=100, permutations=100, min_articles=2, measures=measures)
        with store_of(tmp_path, rows) as store:
            found = run(store, few)
        names = found.tables["rates"].column("measure").to_pylist()
        return {name.rpartition("/")[0] for name in names}, " ".join(found.notes)

    stance, note = "Left out, of the units scored for it: mill (4 of 8).", "knows no “unrelated”"
    names, notes = compared()
    assert names == {"stance/mill"}
    assert stance in notes
    assert note not in notes
    assert compared("portrayal/*")[0] == {"portrayal/mill"}
    assert compared("*/net")[0] == {"stance/mill", "portrayal/mill"}
    gold = tmp_path / "gold.jsonl"
    label = {"unit_id": "Siren0-0000", "task": "portrayal", "target": "mill", "label": "neutral"}
    gold.write_text(json.dumps(label), "utf-8")
    with store_of(tmp_path, rows) as store:
        found = run(store, Options(resamples=100, permutations=100, min_articles=2, gold=str(gold)))
    assert "Labels of portrayal were not used" in " ".join(found.notes)
    for row in rows:
        row["stance"][0]["name"] = "the Old Mill"
    with store_of(tmp_path, rows) as store:
        found = run(store, Options(resamples=100, permutations=100, min_articles=2))
    assert "Left out, of the units scored for it: the Old Mill (4 of 8)." in " ".join(found.notes)
    assert found.tables["targets"].to_pylist() == [{"target": "mill", "name": "the Old Mill"}]
    for row in rows:
        row["stance"][0]["scores"] = {"against": 0.2, "neutral": 0.5, "favor": 0.3}
    assert note in compared("stance/*")[1]


def test_units_in_other_languages_are_left_out_and_counted_by_group(
    scores: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compare, "further_tables", lambda *_, **__: {})
    more = [
        unit(f"Siren{a:02d}", "Schade.", position=2, outlet="Siren", flags=["language:de"]) for a in range(3)
    ]
    more += [
        unit("k1", outlet="Kurier", flags=["language:de"]),
        unit("k2", outlet="Kurier", flags=["language:fr"]),
    ]
    with Path(scores).open("a", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in more)
    with open_store([scores], by="outlet") as store:
        found = run(store, Options(resamples=100, permutations=200, min_articles=2))
    assert (found.articles, found.units, found.repeated) == (90, 180, 0)
    assert "Kurier" not in {*found.groups.kept, *found.groups.left_out}
    assert found.tables["other_languages"].to_pylist() == [
        {"group": "Kurier", "language": "de", "units": 1},
        {"group": "Kurier", "language": "fr", "units": 1},
        {"group": "Siren", "language": "de", "units": 3},
    ]
    note = "Units left out because they are not in English: Kurier 2 (de, fr); Siren 3 (de)."
    assert note in found.notes
    assert note in list(finding_lines(found))
    assert "5 units that are not in English (recognized with py3langid) were left out." in methods(found)


def test_a_single_outlet_has_rates_and_no_differences(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compare, "further_tables", lambda *_, **__: {})
    words = ("Rain.", "Fog at noon.", "A dry week.")
    rows = [unit(f"a{n}", text, stance={"mill": "against"}) for n, text in enumerate(words)]
    with store_of(tmp_path, rows) as store:
        found = run(store, Options(resamples=100, permutations=100, min_articles=2))
    assert found.tables["rates"].num_rows
    assert not found.tables["differences"].num_rows
    assert "Only one outlet has 2 articles, so there are no differences to test." in found.notes


def test_dates_that_are_not_understood_are_counted(tmp_path: Path) -> None:
    stated = ["03/04/2026", "last spring", "2026", "2026-03", "2026-03-01", None, ""]
    rows = [unit(f"a{n}", f"The ferry sails {n}.", published=date) for n, date in enumerate(stated)]
    rows.append(unit("a4", "Shame.", kind="comment", position=1, published="yesterday"))
    with store_of(tmp_path, rows) as store:
        notes = run(store, Options(min_articles=1)).notes
    (note,) = (note for note in notes if "understood" in note)
    assert note.startswith("2 articles have dates that were not understood, such as '03/04/2026'")
