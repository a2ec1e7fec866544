"""The command line in its own process: its imports, and its end when standard output is closed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

STORY = (
    "Ferry returns\n\nThe mayor praised the ferry to Port Ellis; the council said it sails again on Monday.\n"
)


@pytest.fixture
def story(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "story.txt").write_text(STORY)
    return tmp_path / "in"


def python(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], cwd=cwd, capture_output=True, text=True, timeout=120)


LIGHT = """
import sys
from slant.cli import main
for line in sys.stdin.read().splitlines():
    try:
        main(line.split())
    except SystemExit as ended:
        assert ended.code == 0, (line, ended.code)
heavy = {"torch", "transformers", "datasets"} & set(sys.modules)
assert not heavy, f"{line!r} imports {heavy}"
"""


def light(lines: str, cwd: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", LIGHT], input=lines, cwd=cwd, capture_output=True, text=True, timeout=120
    )
    assert ran.returncode == 0, ran.stderr


@pytest.mark.slow
def test_help_and_split_import_nothing_heavy(story: Path) -> None:
    light("--help\nsplit . -o ../units.parquet\ndata list", story)


@pytest.mark.train
@pytest.mark.slow
def test_score_report_and_compare_import_neither_torch_nor_transformers(
    story: Path, tiny_export: Path
) -> None:
    model = f"--model {tiny_export}"
    light(f"score . -o ../s.parquet --outlet Courier {model}\nreport ../s.parquet -o ../r.html\n"
          f"report . -o ../a.html {model}\n"
          "compare ../s.parquet -o ../c --min-articles 1", story)  # fmt: skip


@pytest.mark.slow
def test_help_needs_no_numpy(tmp_path: Path) -> None:
    code = "import sys, slant.cli; assert not {'numpy', 'onnxruntime', 'pyarrow', 'trafilatura'} & set(sys.modules)"
    assert python("-c", code, cwd=tmp_path).returncode == 0


@pytest.mark.slow
def test_a_closed_standard_output_is_no_error(story: Path) -> None:
    for i in range(300):
        (story / f"{i}.txt").write_text(f"{STORY}\n\nIt was ferry number {i}.\n")
    command = f"{sys.executable} -c 'from slant.cli import main; main()' split . | head -n 1; echo ${{PIPESTATUS[0]}}"
    ran = subprocess.run(["bash", "-c", command], cwd=story, capture_output=True, text=True, timeout=120)
    first, code = ran.stdout.splitlines()
    assert json.loads(first)["position"] == 0
    assert code == "0"
    assert "Error" not in ran.stderr


@pytest.mark.slow
@pytest.mark.parametrize("command", ["train", "export a -o b"])
def test_commands_that_need_the_training_install_name_it(tmp_path: Path, command: str) -> None:
    """As in the base install, the heavy packages cannot be imported."""
    code = (
        "import sys\nfor name in ('torch', 'transformers', 'sklearn', 'evaluate'): sys.modules[name] = None\n"
        f"from slant.cli import main; main({command.split()!r})"
    )
    ran = python("-c", code, cwd=tmp_path)
    assert ran.returncode == 2, ran.stderr
    assert "pip install 'slant[train]'" in ran.stderr


WITHOUT = (
    "import sys\nfor name in {}: sys.modules[name] = None\nfrom slant.cli import main; main(sys.argv[1:])"
)


@pytest.mark.slow
@pytest.mark.parametrize("command", ["compare s.jsonl -o out", "sample s.jsonl -o s.csv"])
def test_what_needs_the_comparing_install_says_so_without_it(tmp_path: Path, command: str) -> None:
    ran = python("-c", WITHOUT.format(("scipy", "sklearn", "pyarrow")), *command.split(), cwd=tmp_path)
    assert ran.returncode == 2, ran.stderr
    said = f"slant {command.split()[0]} needs scipy, scikit-learn, pyarrow: pip install 'slant[compare]'"
    assert ran.stderr == f"slant: {said}\n"


@pytest.mark.slow
def test_parquet_and_duckdb_files_need_duckdb_alone(story: Path) -> None:
    without = WITHOUT.format(("pyarrow", "pandas", "scipy", "onnxruntime"))
    for ending in ("parquet", "duckdb"):
        ran = python("-c", without, "split", ".", "-o", f"../units.{ending}", cwd=story)
        assert ran.returncode == 0, ran.stderr
    articles = "COPY (SELECT text FROM '../units.parquet') TO '../articles.parquet'"
    assert python("-c", f"import duckdb; duckdb.sql({articles!r})", cwd=story).returncode == 0
    ran = python("-c", without, "split", "../articles.parquet", cwd=story)
    assert ran.returncode == 0, ran.stderr
    assert {json.loads(line)["text"] for line in ran.stdout.splitlines()} == set(STORY.strip().split("\n\n"))


@pytest.mark.slow
def test_without_duckdb_the_extra_is_named(story: Path) -> None:
    without = WITHOUT.format(("duckdb", "pyarrow"))
    said = "needs duckdb: pip install 'slant[parquet]'"
    for ending in ("parquet", "duckdb"):
        ran = python("-c", without, "split", ".", "-o", f"../units.{ending}", cwd=story)
        assert (ran.returncode, f"slant: -o ../units.{ending} {said}\n" in ran.stderr) == (2, True), (
            ran.stderr
        )
    (story / "a.parquet").write_bytes(b"PAR1")
    (story / "s.duckdb").write_bytes(b"")
    ran = python("-c", without, "split", ".", "-o", "../units.jsonl", cwd=story)
    assert (ran.returncode, said in ran.stderr) == (3, True), ran.stderr
    ran = python("-c", without, "report", "s.duckdb", "-o", "../r.html", cwd=story)
    assert (ran.returncode, said in ran.stderr) == (2, True), ran.stderr
