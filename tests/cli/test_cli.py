"""The command line: exit codes, files, messages, and what is not imported."""

from __future__ import annotations

import csv
import io
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from bad_input import GOOD_FILES, write_bad_input
from slant.cli import cli, main

STORY = "Ferry returns\n\nThe mayor praised the ferry to Port Ellis, and the council said it sails again on Monday.\n"
COMMANDS = [
    "split",
    "score",
    "report",
    "explain",
    "sample",
    "compare",
    "serve",
    "label",
    "targets",
    "targets suggest",
    "teach",
    "train",
    "average",
    "export",
    "evaluate",
    "data",
    "data list",
    "data check",
    "data articles",
]
TARGETS = '[[target]]\nid = "council"\nname = "the council"\naliases = ["council"]\n'


class Ran(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def rows(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.out.splitlines()]


Run = Callable[..., Ran]


@pytest.fixture
def slant(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str | Path, stdin: str = "") -> Ran:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode()), encoding="utf-8"))
        with pytest.raises(SystemExit) as exit_:
            main([str(a) for a in arguments])
        assert isinstance(exit_.value.code, int)
        return Ran(exit_.value.code, *capsys.readouterr())

    return run


@pytest.fixture
def story(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "story.txt").write_text(STORY)
    return tmp_path / "in"


def rows_of(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


# ---- help and usage


def test_every_command_has_help_and_is_in_this_list(slant: Run) -> None:
    assert sorted(cli.commands) == sorted({c.split()[0] for c in COMMANDS})
    for command in COMMANDS:
        ran = slant(*command.split(), "--help")
        assert ran.code == 0
        assert ran.out.startswith("Usage:")
        assert ran.err == ""
    assert slant("--version").out.startswith("slant, version 0.")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("splot", "No such command 'splot'"),
        ("split", "Missing argument 'PATHS...'"),
        ("score in", "Missing option '-o'"),
        ("split in --frobnicate", "No such option"),
        ("split in -o out.xlsx", "-o out.xlsx: the ending .xlsx is no known format"),
        ("score in -o out", "the ending (none) is no known format"),
        ("report in -o out.pdf", "Use one of .html"),
        ("score in -o out.jsonl --model none", "model none: neither a size (small or base) nor a folder"),
        ("score in -o out.jsonl --model in", "model folder in: config.json is missing"),
        ("evaluate in --model small -o out", "a folder and --model were given"),
        ("score in -o out.jsonl --targets none.toml", "none.toml: no such targets file"),
        ("compare none.jsonl -o out", "none.jsonl: no such file. Expected score files"),
        (
            "compare in/story.txt -o out",
            "expected scores that `slant score` wrote as .jsonl, .parquet, .duckdb, .csv",
        ),
        ("split in -o in/story.txt/out.jsonl", "cannot make the folder"),
    ],
)
def test_wrong_usage_ends_with_2_and_a_message(slant: Run, story: Path, arguments: str, message: str) -> None:
    ran = slant(*arguments.split())
    assert ran.code == 2
    assert message in ran.err
    assert ran.out == ""
    assert "Traceback" not in ran.err


# ---- split


def test_split_writes_units_to_standard_output_and_progress_to_standard_error(
    slant: Run, story: Path
) -> None:
    ran = slant("split", story)
    assert ran.code == 0
    assert [(r["kind"], r["position"]) for r in ran.rows] == [("title", 0), ("paragraph", 1)]
    assert "documents" in ran.err
    assert slant("split", story, "--quiet").err == ""


def test_split_reads_standard_input(slant: Run) -> None:
    ran = slant("split", "-", "--outlet", "Courier", stdin=STORY)
    assert [r["outlet"] for r in ran.rows] == ["Courier", "Courier"]


def test_all_keeps_units_without_content(slant: Run, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(f"# Ferry returns\n\nBy A. Quill\n\n{STORY}\n")
    kinds = [{r["kind"] for r in slant("split", "a.md", *more).rows} for more in ((), ("--all",))]
    assert kinds[1] - kinds[0] == {"metadata"}


def test_rejected_documents_end_with_3_and_are_listed(slant: Run, story: Path, tmp_path: Path) -> None:
    (story / "empty.txt").write_text("")
    ran = slant("split", story, "none.txt", "-o", "units.jsonl")
    assert ran.code == 3
    listed = tmp_path / "units.jsonl.rejected.jsonl"
    assert [(r["path"], r["reason"]) for r in rows_of(listed)] == [
        (str(story / "empty.txt"), "empty"), ("none.txt", "missing"),
    ]  # fmt: skip
    assert "2 documents rejected, with reasons, in units.jsonl.rejected.jsonl" in ran.err
    assert len(rows_of(tmp_path / "units.jsonl")) == 2
    (story / "empty.txt").unlink()
    assert slant("split", story, "-o", "units.jsonl", "--overwrite").code == 0
    assert not listed.exists()


@pytest.mark.parametrize("ending", ["jsonl", "csv", "parquet"])
def test_a_run_does_not_read_its_own_files(slant: Run, story: Path, ending: str) -> None:
    """-o in the input folder: the second run finds the units and the rejected list of the first."""
    (story / "empty.txt").write_text("")
    out = story / f"units.{ending}"
    first = slant("split", story, "-o", out, "--quiet"), out.read_bytes()
    second = slant("split", story, "-o", out, "--quiet", "--overwrite"), out.read_bytes()
    assert first == second
    assert first[0].code == 3
    assert len(rows_of(story / f"units.{ending}.rejected.jsonl")) == 1


@pytest.mark.parametrize("ending", ["jsonl", "csv", "parquet"])
def test_what_slant_wrote_is_not_read_as_articles(
    slant: Run, story: Path, tmp_path: Path, ending: str
) -> None:
    """A second run in the same folder, under another name."""
    assert slant("split", story, "-o", story / f"units.{ending}").code == 0
    page = '<html><head><meta name="generator" content="slant"></head><body><p>The mayor praised it.</p></body></html>'
    (story / "report.html").write_text(page)
    (story / "gold.csv").write_text("unit_id,task,target,question,title,parent_text,text,label\n")
    (story / "gold.jsonl").write_text('{"unit_id": "u", "task": "stance", "text": "The mayor praised it."}\n')
    (story / "methods.md").write_text("# Methods\n\nWe compared 12 articles by outlet: 40 text units.\n")
    (story / "x.jsonl.notes.jsonl").write_text(
        '{"path": "a", "reason": "stub", "detail": "only the teaser."}\n'
    )
    ran = slant("split", story, "-o", tmp_path / "again.jsonl")
    assert (ran.code, len(rows_of(tmp_path / "again.jsonl"))) == (3, 2)
    listed = rows_of(tmp_path / "again.jsonl.rejected.jsonl")
    names = {Path(str(row["path"])).name for row in listed}
    assert names == {
        f"units.{ending}",
        "report.html",
        "gold.csv",
        "gold.jsonl",
        "methods.md",
        "x.jsonl.notes.jsonl",
    }
    assert {row["reason"] for row in listed} == {"own_output"}


def test_units_that_another_tool_saved_again_are_no_articles(slant: Run, story: Path, tmp_path: Path) -> None:
    """With an index in front, and with sorted keys."""
    rows = slant("split", story).rows
    table = [[str(n), *(str(row[name]) for name in sorted(row))] for n, row in enumerate(rows)]
    with (tmp_path / "a.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["", *sorted(rows[0])], *table])
    (tmp_path / "b.json").write_text(json.dumps(rows, sort_keys=True))
    (tmp_path / "own.csv").write_text("unit_id,article_id,text\n1,2,The mayor praised the ferry.\n")
    assert slant("split", "a.csv", "b.json", "own.csv", "-o", "u.jsonl").code == 3
    assert {(r["path"], r["reason"]) for r in rows_of(tmp_path / "u.jsonl.rejected.jsonl")} == {
        ("a.csv", "own_output"), ("b.json", "own_output"),
    }  # fmt: skip
    assert len(rows_of(tmp_path / "u.jsonl")) == 1, "a table of somebody's own units"


@pytest.mark.parametrize("at", [0, 1, 2])
def test_a_unit_among_articles_is_no_article(slant: Run, story: Path, tmp_path: Path, at: int) -> None:
    unit = slant("split", story).rows[0]
    articles = [{"id": n, "text": f"The mayor praised ferry {n}."} for n in range(2)]
    rows = [*articles[:at], unit, *articles[at:]]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row, sort_keys=True) + "\n" for row in rows))
    assert slant("split", "a.jsonl", "-o", "u.jsonl").code == 3
    listed = [(r["path"], r["reason"]) for r in rows_of(tmp_path / "u.jsonl.rejected.jsonl")]
    assert listed == [(f"a.jsonl:{at + 1}", "own_output")]
    assert [row["text"] for row in rows_of(tmp_path / "u.jsonl")] == [article["text"] for article in articles]


def test_a_finished_output_is_replaced_only_on_request(slant: Run, story: Path, tmp_path: Path) -> None:
    assert slant("split", story, "-o", "units.jsonl").code == 0
    (tmp_path / "units.jsonl").write_text("mine")
    refused = slant("split", story, "-o", "units.jsonl")
    assert (refused.code, "Add --overwrite to replace it" in refused.err) == (2, True)
    for command in (("score", story), ("report", story), ("explain", story, "--target", "x")):
        name = "units.html" if command[0] == "report" else "units.jsonl"
        (tmp_path / "units.html").write_text("mine")
        assert slant(*command, "-o", name).code == 2
        assert (tmp_path / name).read_text() == "mine"
    assert slant("split", story, "-o", "units.jsonl", "--overwrite").code == 0
    assert len(rows_of(tmp_path / "units.jsonl")) == 2


@pytest.mark.parametrize("command", ["split", "score", "report"])
def test_a_mistyped_input_empties_no_output(slant: Run, tmp_path: Path, command: str) -> None:
    out = "out.html" if command == "report" else "out.jsonl"
    (tmp_path / out).write_text("mine")
    ran = slant(command, "artcles", "*.none", "-o", out, "--overwrite")
    assert ran.code == 3
    assert "artcles: missing" in ran.err
    assert [p.name for p in tmp_path.iterdir()] == [out]
    assert (tmp_path / out).read_text() == "mine"


def test_notes_are_listed_and_summarized(slant: Run, tmp_path: Path) -> None:
    rows = [
        {"text": f"The ferry sails {n}.", "published": "last spring", "id": n, "topic": "x"} for n in range(4)
    ]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    ran = slant("split", "a.jsonl", "-o", "u.jsonl")
    assert ran.code == 0
    assert "4 notes on what was read (dates 4) in u.jsonl.notes.jsonl" in ran.err
    assert "a.jsonl:1: dates: dates such as 'last spring' were not understood" in ran.err
    assert ran.err.count("dates: its date 'last spring'") == 2, "the first three notes are shown"
    assert len(rows_of(tmp_path / "u.jsonl.notes.jsonl")) == 4
    assert [(r["source"], r["source_id"], r["extra"]) for r in rows_of(tmp_path / "u.jsonl")][3] == (
        "a.jsonl:4", "3", {"topic": "x"},
    )  # fmt: skip
    assert slant("split", "a.jsonl", "-o", "u.jsonl", "--overwrite", "--quiet").err.count("dates") == 0


def test_an_audit_shows_what_came_of_each_file(slant: Run, story: Path, tmp_path: Path) -> None:
    (story / "empty.txt").write_text("")
    ran = slant("split", story, "--audit", "-o", "u.jsonl", "--quiet")
    head, *rows = [line.split() for line in ran.err.splitlines() if "rejected," not in line][-4:]
    assert head[:3] == ["file", "documents", "articles"]
    assert [row[1:4] for row in rows] == [["1", "0", "0"], ["1", "1", "2"], ["2", "1", "2"]]
    assert "empty: 1 rejected" in " ".join(rows[0])
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in", "u.jsonl", "u.jsonl.rejected.jsonl"]


def test_a_duplicate_document_is_listed_and_skipped(slant: Run, tmp_path: Path) -> None:
    for name in ("one.txt", "two.txt"):
        (tmp_path / name).write_text("The ferry sails on Monday.\n\nNobody objects to it.\n")
    code, _, err = slant("split", tmp_path, "-o", tmp_path / "units.jsonl")
    assert code == 3, err
    assert len(rows_of(tmp_path / "units.jsonl")) == 2
    (listed,) = rows_of(tmp_path / "units.jsonl.rejected.jsonl")
    assert listed["reason"] == "duplicate"
    assert str(listed["path"]).endswith("two.txt")
    first = tmp_path / "one.txt"
    assert listed["detail"] == f"Duplicate of {first} (same text, outlet, date and URL); skipped."


def test_an_article_is_never_overwritten_by_its_units(slant: Run, story: Path) -> None:
    articles = story / "articles.jsonl"
    articles.write_text(json.dumps({"text": STORY}) + "\n")
    before = articles.read_bytes()
    named = slant("split", articles, "-o", articles)
    found = slant("split", story, "-o", articles, "--overwrite")
    ready = slant("score", "--units", articles, "-o", articles)
    assert [named.code, found.code] == [2, 2]
    assert "is read and would be overwritten" in named.err
    assert "it is one of the articles and would be overwritten" in found.err
    assert ready.code in (1, 2)
    assert articles.read_bytes() == before


# ---- score, report, compare with the tiny model


@pytest.fixture
def model(tiny_export: Path) -> tuple[str, ...]:
    return ("--model", str(tiny_export))


@pytest.mark.train
def test_score_report_compare(slant: Run, story: Path, tmp_path: Path, model: tuple[str, ...]) -> None:
    (tmp_path / "t.toml").write_text(TARGETS)
    for ending in ("jsonl", "parquet", "csv", "duckdb"):
        ran = slant("score", story, "-o", f"s.{ending}", "--targets", "t.toml", "--outlet", "Courier", *model)
        assert (ran.code, ran.out) == (0, "")
        assert f"2 units scored → s.{ending}" in ran.err
    row = rows_of(tmp_path / "s.jsonl")[1]
    assert [(s["target"], s["mentions"]) for s in row["stance"]] == [("council", [[51, 58]])]  # type: ignore[attr-defined]
    assert len(str(row["model"])) == len(str(row["codebook"])) == 12
    with (tmp_path / "s.csv").open(newline="") as file:
        assert [r["target"] for r in csv.DictReader(file)] == ["", "council"]

    assert slant("report", "s.parquet", "-o", "scores.html").code == 0
    assert slant("report", story, "-o", "articles.html", *model, "--title", "Port Ellis").code == 0
    assert "The mayor praised" in (tmp_path / "scores.html").read_text("utf-8")
    assert "Port Ellis</title>" in (tmp_path / "articles.html").read_text("utf-8")
    mixed = slant("report", story, "s.parquet", "-o", "mixed.html", *model)
    assert (mixed.code, "PATHS mix score files and articles" in mixed.err) == (2, True)
    again = (
        slant("report", tmp_path / "in", "-o", story / "r.html", *model),
        slant("report", story, "-o", story / "r.html", *model, "--overwrite"),
    )
    assert [ran.code for ran in again] == [0, 0], "a report in the input folder is no article"
    assert slant("report", "s.csv", "-o", "csv.html").code == 0
    assert "The mayor praised" in (tmp_path / "csv.html").read_text("utf-8")

    ran = slant("compare", "s.jsonl", "-o", "cmp", "--min-articles", "1", "--quiet")
    assert (ran.code, ran.out) == (0, "")
    folder = Path("tables", "rates.csv")
    with (tmp_path / "cmp" / folder).open(newline="", encoding="utf-8-sig") as file:
        assert {r["group"] for r in csv.DictReader(file)} == {"Courier", "(all)"}
    assert "Only one outlet has 1 articles" in ran.err
    rates = (tmp_path / "cmp" / folder).read_bytes()
    for ending in ("parquet", "duckdb"):
        again_ = ("-o", "again", "--min-articles", "1", "--quiet", "--overwrite")
        assert slant("compare", f"s.{ending}", *again_).code == 0
        assert (tmp_path / "again" / folder).read_bytes() == rates
        assert slant("report", f"s.{ending}", "-o", "again.html", "--overwrite").code == 0
    assert slant("compare", "s.jsonl", "-o", "cmp").code == 2
    few = slant("compare", "s.jsonl", "-o", "cmp", "--overwrite")
    assert (few.code, "no outlet has 5 articles. The largest: Courier (1)" in few.err) == (2, True)


@pytest.mark.train
def test_ready_units_from_standard_input(slant: Run, tmp_path: Path, model: tuple[str, ...]) -> None:
    lines = [{"text": "The council met.", "targets": ["council", "boats"]}, {"txt": 1}]
    ran = slant(
        "score", "--units", "-", "-o", "-", *model, "--quiet", stdin="\n".join(map(json.dumps, lines))
    )
    assert ran.code == 3
    (row,) = ran.rows
    assert [s["target"] for s in row["stance"]] == ["council", "boats"]  # type: ignore[attr-defined]
    assert [r["path"] for r in rows_of(tmp_path / "slant.rejected.jsonl")] == ["-:2"]


@pytest.mark.train
@pytest.mark.slow
def test_in_a_folder_of_bad_input_the_good_documents_are_scored(
    slant: Run, tmp_path: Path, model: tuple[str, ...]
) -> None:
    expected = write_bad_input(tmp_path / "bad")
    ran = slant("score", "bad", "-o", "s.jsonl", *model)
    assert ran.code == 3
    listed: dict[str, tuple[str, ...]] = {}
    for row in rows_of(tmp_path / "s.jsonl.rejected.jsonl"):
        name = os.path.basename(str(row["path"])).partition(":")[0].partition("#")[0]
        listed[name] = (*listed.get(name, ()), str(row["reason"]))
    assert listed == {name: reasons for name, reasons in expected.items() if reasons}
    scored = {row["article_id"] for row in rows_of(tmp_path / "s.jsonl")}
    assert len(scored) == sum(GOOD_FILES.values())


@pytest.mark.train
def test_scores_depend_neither_on_the_run_nor_on_other_documents(
    slant: Run, story: Path, model: tuple[str, ...]
) -> None:
    alone = slant("score", story, "-o", "-", *model).rows
    assert slant("score", story, "-o", "-", *model).rows == alone
    (story / "z.txt").write_text("Another story\n\nThe mill and the park were closed in June, they said.\n")
    among = [
        r for r in slant("score", story, "-o", "-", *model).rows if r["article_id"] == alone[0]["article_id"]
    ]
    assert [(r["unit_id"], [s["label"] for s in r["stance"]]) for r in among] == [  # type: ignore[attr-defined]
        (r["unit_id"], [s["label"] for s in r["stance"]]) for r in alone  # type: ignore[attr-defined]
    ]  # fmt: skip


@pytest.mark.train
@pytest.mark.slow
def test_train_runs_a_recipe_to_a_model_that_scores(
    slant: Run, story: Path, tmp_path: Path, tiny_encoder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from slant.corpora.sets import LABELED_SETS
    from tiny import SETTINGS, TinySet

    monkeypatch.setitem(LABELED_SETS, "tiny", TinySet())
    recipe = {"encoder": str(tiny_encoder), **SETTINGS, "epochs": 1}
    text = "\n".join(f"{k} = {json.dumps(v)}" for k, v in recipe.items()) + '\ntrain = [{ name = "tiny" }]\n'
    (tmp_path / "small.toml").write_text(text)
    ran = slant("train", "small.toml", "--set", "seed=5")
    assert ran.code == 0
    run = tmp_path / "runs" / "small"
    assert json.loads((run / "recipe.json").read_text())["seed"] == 5
    assert "thresholds and priors are not changed" in ran.out
    assert slant("score", story, "-o", "s.jsonl", "--model", run / "export").code == 0
    assert slant("train", "small.toml", "--set", "sed=5").code == 2
