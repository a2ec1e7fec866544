"""docs/serving.md, docs/r.md and the Dockerfile: what they show runs, or is what the code has."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

pytest.importorskip("uvicorn", reason="needs the [serve] install")

from pages import examples
from served_scores import TARGETS, Served, serving
from slant.cli import cli
from slant.scoring.output_files import write_rows
from slant.serving import app, bodies
from slant.serving.guard import LEAST_TOKEN, Limits

ROOT = Path(__file__).resolve().parents[2]
SERVING = (ROOT / "docs/serving.md").read_text("utf-8")
R_BLOCKS = [code for _, code in examples(ROOT / "docs/r.md", language="r")]
STORY = {
    "title": "Council meets",
    "outlet": "Courier",
    "text": "The greedy council lied about the “café” and the ferry.\n\nThe council met — again — on Monday.",
    "comments": ["What a stupid lie!"],
}


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with serving() as running:
        yield running


def test_the_python_example_runs(served: Served) -> None:
    ((_, code),) = examples(ROOT / "docs/serving.md")
    exec(code.replace(":8765/", f":{served.port}/"), {})


def test_the_limits_on_the_page_are_those_of_the_code() -> None:
    limits = Limits()
    for shown in (
        f"over {limits.body_seconds:g} seconds",
        f"over {limits.body / 1e6:g} MB, {bodies.ITEMS} items or {bodies.UNITS:,} units",
        f"over {bodies.DEPTH} levels", f"{app.WAITING} requests are waiting", f"within {app.SECONDS:g} seconds",
        f"at least {LEAST_TOKEN} characters",
    ):  # fmt: skip
        assert shown in SERVING, shown


# ---- the container


def instructions() -> list[tuple[str, str]]:
    text = re.sub(r"\\\n\s*", "", (ROOT / "Dockerfile").read_text("utf-8"))
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(name, rest.strip()) for name, _, rest in (line.partition(" ") for line in lines)]


def test_the_dockerfile_installs_from_wheels_alone_and_serves_as_a_user() -> None:
    found = instructions()
    names = [name for name, _ in found]
    assert set(names) <= {
        "FROM",
        "RUN",
        "USER",
        "WORKDIR",
        "ENV",
        "EXPOSE",
        "STOPSIGNAL",
        "HEALTHCHECK",
        "ENTRYPOINT",
    }
    runs = [rest for name, rest in found if name == "RUN"]
    assert all("--no-index" in run for run in runs if "pip" in run)
    assert not [run for run in runs if re.search(r"\b(apt|apt-get|curl|wget|git|npm)\b|https?:", run)]
    assert names.index("USER") < names.index("ENTRYPOINT")
    assert dict(found)["USER"] not in ("root", "0")
    program, command, *options = json.loads(dict(found)["ENTRYPOINT"])
    assert (program, command) == ("slant", "serve")
    serve = cli.get_command(click.Context(cli), "serve")
    assert serve is not None
    context = serve.make_context("serve", list(options))
    assert context.params["host"] == "0.0.0.0", "so that it starts with a token only"
    assert dict(found)["EXPOSE"] == str(context.params["port"])
    assert f":{context.params['port']}/health" in dict(found)["HEALTHCHECK"]
    assert (ROOT / ".dockerignore").read_text().split() == ["*", "!dist"]


def test_the_image_is_of_a_python_that_slant_supports() -> None:
    version = re.fullmatch(r"python:(3\.\d+)-slim", dict(instructions())["FROM"])
    assert version
    assert f"Python :: {version[1]}" in (ROOT / "pyproject.toml").read_text("utf-8")
    assert f"IMAGE_PYTHON := {version[1]}\n" in (ROOT / "Makefile").read_text("utf-8")
    token = re.search(r"SLANT_TOKEN=(\S+)", SERVING)
    assert token
    assert len(token[1]) >= LEAST_TOKEN
    assert shlex.split(token[1]) == [token[1]]


# ---- R

# Library of an example → a word of what it prints.
SHOWN = {
    "base": "council",
    "jsonlite": "outlet",
    "duckdb": "Courier",
    "arrow": "Courier",
    "httr2": "The ferry sails.",
}


def _library(code: str) -> str:
    return "+".join(re.findall(r"library\((\w+)\)", code)) or "base"


@pytest.fixture(scope="module")
def score_files(served: Served, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("r")
    scorer = served.service.scorer
    for ending in ("csv", "jsonl", "parquet"):
        write_rows(
            scorer.score([STORY, "The council is honest."], targets=TARGETS), str(folder / f"scores.{ending}")
        )
    return folder


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("Rscript"), reason="no Rscript found on the PATH")
@pytest.mark.parametrize("code", R_BLOCKS, ids=lambda code: _library(code))
def test_the_r_examples_run(code: str, score_files: Path, served: Served) -> None:
    for package in re.findall(r"library\((\w+)\)", code):
        there = f'quit(status = !requireNamespace("{package}", quietly = TRUE))'
        if subprocess.run(["Rscript", "-e", there], capture_output=True).returncode:
            pytest.skip(f"R has no package {package}")
    script = score_files / "example.R"
    script.write_text(code.replace(":8765/", f":{served.port}/"), "utf-8")
    ran = subprocess.run(
        ["Rscript", "--vanilla", script.name], cwd=score_files, capture_output=True, text=True, timeout=120
    )
    assert ran.returncode == 0, ran.stderr
    assert SHOWN[_library(code)] in ran.stdout, ran.stdout


def test_the_sql_of_the_r_page_runs(score_files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    duckdb = pytest.importorskip("duckdb", reason="needs the [parquet] install")
    (code,) = (code for code in R_BLOCKS if _library(code) == "duckdb")
    (query,) = re.findall(r'dbGetQuery\(con, "(.*?)"\)', code, re.DOTALL)
    monkeypatch.chdir(score_files)
    found = duckdb.sql(query)
    assert found.columns == ["outlet", "target", "label", "units", "articles"]
    assert {row[0] for row in found.fetchall()} == {"Courier", None}


def test_the_page_has_an_example_for_each_way() -> None:
    assert {"csv", "jsonl", "parquet"} == {
        ending for code in R_BLOCKS for ending in re.findall(r"scores\.(csv|jsonl|parquet)", code)
    }
