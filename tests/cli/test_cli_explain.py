"""`slant explain` and `slant report --explain`, with a model whose stance follows from known words."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from planted import planted_predictor, weights
from slant.cli import main

STORY = """Ferry returns

The corrupt council wrecked the old mill, said the mayor of the town.

The council met on Monday and opened the new library for all people.
"""
TARGETS = '[[target]]\nid = "council"\nname = "the Port Council"\naliases = ["council"]\n'
TEXT = "The corrupt council met on Monday, they said to us."


class Ran(NamedTuple):
    code: int
    out: str
    err: str


Run = Callable[..., Ran]


@pytest.fixture
def slant(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Run slant in a folder with articles/, their targets t.toml and their scores s.jsonl."""
    monkeypatch.chdir(tmp_path)
    model = planted_predictor(tmp_path, weights(corrupt=3.0, wrecked=2.0))
    monkeypatch.setattr("slant.scoring.runtimes.load", lambda *_, **__: model)
    (tmp_path / "articles").mkdir()
    (tmp_path / "articles" / "story.txt").write_text(STORY)
    (tmp_path / "t.toml").write_text(TARGETS)

    def run(*arguments: str) -> Ran:
        with pytest.raises(SystemExit) as ended:
            main(list(arguments))
        assert isinstance(ended.value.code, int)
        return Ran(ended.value.code, *capsys.readouterr())

    assert run("score", "articles", "-o", "s.jsonl", "--targets", "t.toml").code == 0
    return run


def rows(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_text_is_explained_on_the_terminal(slant: Run) -> None:
    ran = slant("explain", TEXT, "--target", "council", "--targets", "t.toml")
    assert ran.code == 0, ran.err
    head, text, removed, kept, verdict, _ = ran.out.splitlines()
    assert head.startswith("the Port Council: against 95 %  paragraph ")
    assert text == "  The [corrupt +3.0] {council} met on Monday, they said to us."
    assert removed.startswith(
        "  Removing this word changes 95 % to 50 %; removing 1 random word, to 95 % on average."
    )
    assert kept.startswith("  With only this word and the target: 95 %; with 1 random word: 5")
    assert verdict.startswith("  Check passed")
    assert "passes" in ran.err
    assert slant("explain", TEXT, "--target", "council", "--quiet").err == ""


def test_a_text_without_the_target_is_explained_as_a_topic(slant: Run) -> None:
    ran = slant("explain", TEXT, "--target", "new boats", "-o", "-")
    (row,) = rows(ran.out)
    assert (row["target"], row["mentions"], row["label"]) == ("new boats", [], "against")


@pytest.mark.parametrize("name", ["council", "the Port Council", "COUNCIL"])
@pytest.mark.parametrize("given", ["articles", "s.jsonl"])
def test_scores_and_articles_give_the_same_rows(slant: Run, tmp_path: Path, given: str, name: str) -> None:
    """The target by its id, name or alias."""
    ran = slant("explain", given, "--target", name, "--targets", "t.toml", "-o", "e.jsonl")
    assert ran.code == 0, ran.err
    assert "1 stance explained → e.jsonl" in ran.err
    (row,) = rows((tmp_path / "e.jsonl").read_text("utf-8"))
    scored = rows((tmp_path / "s.jsonl").read_text("utf-8"))[1]
    assert (row["unit_id"], row["target"], row["model"]) == (scored["unit_id"], "council", "planted")
    assert row["probability"] == scored["stance"][0]["scores"]["against"]
    assert [word["text"] for word in row["words"] if word["top"]] == ["corrupt", "wrecked"]
    for word in row["words"]:
        assert [row["text"][a:b] for a, b in word["spans"]] == [word["text"]]
    assert row["deletion"]["words"] == 2
    assert row["deletion"]["without"] == pytest.approx(0.5)
    assert row["deletion"]["comprehensiveness"] == pytest.approx(row["probability"] - 0.5)
    assert row["verdict"] == "good"


def test_a_target_beside_the_targets_file_is_found_in_articles(slant: Run) -> None:
    ran = slant("explain", "articles", "--target", "mayor", "--targets", "t.toml", "-o", "-")
    (row,) = rows(ran.out)
    assert [row["text"][a:b] for a, b in row["mentions"]] == ["mayor"]


def test_a_named_unit_is_explained_whatever_its_label(slant: Run, tmp_path: Path) -> None:
    unit = rows((tmp_path / "s.jsonl").read_text("utf-8"))[2]["unit_id"]
    (row,) = rows(slant("explain", "s.jsonl", "--target", "council", "--unit", unit, "-o", "-").out)
    assert (row["unit_id"], row["label"], row["verdict"]) == (unit, "neutral", "none")


def test_the_page_is_written(slant: Run, tmp_path: Path) -> None:
    assert slant("explain", "s.jsonl", "--target", "council", "-o", "e.html").code == 0
    html = (tmp_path / "e.html").read_text("utf-8")
    assert '<mark class="top" data-code="+3.0">corrupt</mark> <b>council</b>' in html


def test_the_run_stops_after_the_given_number(slant: Run, tmp_path: Path) -> None:
    more = "\n\n".join(f"The corrupt council met the people of town number {n}." for n in range(5))
    (tmp_path / "articles" / "more.txt").write_text(more)
    ran = slant("explain", "articles", "--target", "council", "--targets", "t.toml", "-n", "3", "-o", "-")
    assert len(rows(ran.out)) == 3
    assert "stopped after 3 units; for more, raise -n" in ran.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["s.jsonl"], "Missing option '--target'"),
        (["s.jsonl", "--target", "councils"], "no unit has a stance toward 'councils'. Did you mean 'council'?"),
        (["s.jsonl", "--target", "council", "--unit", "x"], "no unit x. Ids are in the column unit_id"),
        (["s.jsonl", "articles", "--target", "council"], "PATHS mix score files and articles"),
        (["s.jsonl", TEXT, "--target", "council"], "PATHS mix files and texts: there is no file 'The corrupt council"),
        (["none.txt", "--target", "council"], "rejected: none.txt: missing: there is no such file"),
        (["s.jsonl", "--target", "council", "-o", "e.csv"], "Use one of .html, .jsonl"),
    ],
)  # fmt: skip
def test_wrong_usage_ends_with_2_and_a_message(slant: Run, arguments: list[str], message: str) -> None:
    ran = slant("explain", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err
    assert "Traceback" not in ran.err


def test_scores_of_another_model_are_refused(slant: Run, tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    path.write_text(path.read_text("utf-8").replace('"planted"', '"other"'), "utf-8")
    for arguments in (
        ["explain", "s.jsonl", "--target", "council"],
        ["report", "s.jsonl", "--explain", "-o", "r.html"],
    ):
        ran = slant(*arguments)
        assert ran.code == 2
        assert "was scored with model other, this is planted" in ran.err


def test_control_characters_of_a_text_do_not_reach_the_terminal(slant: Run) -> None:
    ran = slant("explain", "The \x1b[31mcorrupt council met on Monday.", "--target", "council")
    assert "�[31mcorrupt" in ran.out
    assert "\x1b" not in ran.out


@pytest.mark.parametrize("given", ["articles", "s.jsonl"])
def test_a_report_explains_on_demand(slant: Run, tmp_path: Path, given: str) -> None:
    ran = slant("report", given, "-o", "r.html", "--targets", "t.toml", "--explain")
    assert ran.code == 0, ran.err
    assert "passes" in ran.err
    html = (tmp_path / "r.html").read_text("utf-8")
    assert (
        html.count(
            "<dt>Words for the Port Council against</dt><dd>corrupt +3.0, wrecked +2.0. Removing these 2 words "
        )
        == 1
    )
    ran = slant("report", given, "-o", "r.html", "--targets", "t.toml", "--overwrite")
    assert "passes" not in ran.err
    assert "Words for" not in (tmp_path / "r.html").read_text("utf-8")


@pytest.mark.slow
def test_explaining_imports_neither_torch_nor_transformers(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom slant.cli import main\n"
        f"try:\n    main(['explain', {TEXT!r}, '--target', 'council', '--threads', '1', '-o', '-'])\n"
        "except SystemExit as ended:\n    assert ended.code == 0\n"
        "assert not {'torch', 'transformers', 'scipy', 'sklearn'} & set(sys.modules)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    assert ran.returncode == 0, ran.stderr
    (row,) = rows(ran.stdout)
    assert row["target"] == "council"
    assert 0.25 < row["probability"] <= 1


def test_the_example_of_the_documents_is_what_the_shipped_model_prints(
    capsys: pytest.CaptureFixture[str],
) -> None:
    page = (Path(__file__).resolve().parents[2] / "docs/explaining.md").read_text("utf-8")
    text = page.split('slant explain "')[1].split('"')[0]
    shown = page.split("```text\n")[1].split("```")[0]
    with pytest.raises(SystemExit) as ended:
        main(["explain", text, "--target", "council", "--model", "base"])
    assert not ended.value.code
    printed = capsys.readouterr().out
    number = r"[\d.]+(?= %|\])"
    assert re.sub(number, "#", printed).split() == re.sub(number, "#", shown).split()
    for kind, tolerance in (
        (r"[\d.]+(?= %)", 3),
        (r"[\d.]+(?=\])", 0.1),
    ):  # processors and runtimes differ a little
        values = [[float(x) for x in re.findall(kind, each)] for each in (printed, shown)]
        assert values[0] == pytest.approx(values[1], abs=tolerance)
