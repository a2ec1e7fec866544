"""slant label from the command line: from a sample to a gold file that slant compare takes."""

from __future__ import annotations

import csv
import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from compared import store_of, unit
from labeled import ITEMS, coded, project
from slant.cli import main
from slant.comparing.gold_sample import draw_sample, load_gold, write_sample
from slant.labeling.state import State

pytest.importorskip("krippendorff", reason="needs the [label] install")
pytest.importorskip("openpyxl", reason="needs the [label] install")

ROWS = [
    unit(
        f"a{n}",
        f"The board met {n} times.",
        position=p,
        outlet=("Gazette", "Siren")[n % 2],
        stance={"board": label},
    )
    for n, label in enumerate(["against", "neutral", "favor", "neutral", "against", "neutral"])
    for p in range(2)
]


@pytest.fixture
def sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    pytest.importorskip("duckdb", reason="needs the [compare] install")
    monkeypatch.chdir(tmp_path)
    with store_of(tmp_path, ROWS) as store:
        write_sample(draw_sample(store, size=8, tasks=("stance", "loaded"), seed=0), "sample.csv")
    return Path("sample.csv")


def slant(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["label", *arguments])
    return int(str(ended.value.code))


def test_a_sample_is_labeled_in_a_spreadsheet_and_becomes_gold(
    sample: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert slant("sample.csv", "--second-share", "0", "--export", "xlsx", "-o", "table.xlsx") == 0
    assert "8 units to label → sample.csv.labels.sqlite" in capsys.readouterr().err
    from openpyxl import load_workbook

    book = load_workbook("table.xlsx")
    head, *rows = book.worksheets[0].iter_rows()
    column = {cell.value: n for n, cell in enumerate(head)}
    for n, row in enumerate(rows):
        row[column["label"]].value = (
            "none" if row[column["task"]].value == "loaded" else ("against", "favor")[n % 4 // 2]
        )
    rows[0][column["label"]].value = "agianst"
    book.save("table.xlsx")
    assert slant("sample.csv", "--import", "xlsx", "table.xlsx", "--coder", "ida") == 3
    said = capsys.readouterr().err
    assert "8 answers about 8 units by ida" in said
    assert "table.xlsx row 2: no label 'agianst' for stance. Did you mean 'against'?" in said
    assert slant("sample.csv.labels.sqlite", "--export", "gold", "-o", "gold.csv") == 0
    assert "14 questions about 7 units → gold.csv" in capsys.readouterr().err
    with store_of(tmp_path, ROWS) as store:
        assert load_gold(store, "gold.csv") == []
        weights = dict(store.rows("SELECT unit_id, weight FROM gold WHERE task = 'stance'"))
    with sample.open(encoding="utf-8-sig", newline="") as file:
        drawn = {row["unit_id"]: float(row["weight"]) for row in csv.DictReader(file)}
    assert weights == {unit_id: drawn[unit_id] for unit_id in weights}
    assert len(weights) == 7


def test_coders_on_two_machines_are_put_together(sample: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for coder, label in (("ida", "against"), ("ole", "favor")):
        name = f"{coder}.sqlite"
        assert (
            slant("sample.csv", "--state", name, "--task", "stance", "--export", "csv", "-o", f"{coder}.csv")
            == 0
        )
        with State.open(Path(name)) as state:
            for item in state.items():
                state.save(item.unit_id, coder, {"stance": {"board": label}}, finish=True)
        assert (
            slant("sample.csv", "--state", name, "--export", "csv", "-o", f"{coder}.csv", "--overwrite") == 0
        )
    assert slant("sample.csv", "--state", "ida.sqlite", "--import", "csv", "ole.csv") == 0
    capsys.readouterr()
    assert slant("sample.csv", "--state", "ida.sqlite", "--export", "gold", "-o", "gold.csv") == 2
    assert "coders differ on 8 units (8 questions) that nobody has decided" in capsys.readouterr().err
    assert not Path("gold.csv").exists()


def test_wrong_use_is_named(sample: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert slant("sample.csv", "--export", "csv", "-o", "x.csv") == 0
    for arguments, reason in (
        (("sample.csv", "--export", "csv"), "--export and -o belong together"),
        (("sample.csv", "--export", "csv", "-o", "x.csv"), "it is there already"),
        (
            ("sample.csv", "--export", "csv", "-o", "y.csv", "--import", "csv", "x.csv"),
            "cannot be done in one call",
        ),
        (
            ("sample.csv", "--task", "stance", "--export", "csv", "-o", "y.csv"),
            "decided when a project begins",
        ),
        (("sample.csv.labels.sqlite", "--task", "stance"), "decided when a project begins"),
        (("gone.csv",), "no such file"),
        (("x.csv", "--state", "sample.csv", "--export", "csv", "-o", "y.csv"), "no file of slant label"),
    ):
        capsys.readouterr()
        assert slant(*arguments) == 2, arguments
        assert reason in capsys.readouterr().err
    Path("scores.jsonl").write_text(json.dumps(unit("b1")) + "\n")
    assert slant("scores.jsonl", "--state", "sample.csv.labels.sqlite", "--export", "csv", "-o", "y.csv") == 2
    assert "project of another file: 8 of its 8 units" in capsys.readouterr().err


def test_own_labels_are_no_gold(sample: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("own.toml").write_text(
        '[stance.pro]\ndefinition = "For it."\n[stance.contra]\ndefinition = "Against it."\n'
    )
    assert (
        slant("sample.csv", "--codebook", "own.toml", "--task", "stance", "--export", "csv", "-o", "x.csv")
        == 0
    )
    with State.open(Path("sample.csv.labels.sqlite")) as state:
        item = next(state.items())
        state.save(item.unit_id, "ida", {"stance": {"board": "contra"}}, finish=True)
    assert slant("sample.csv", "--export", "gold", "-o", "gold.csv") == 2
    assert "a codebook of its own. Use --export labels" in capsys.readouterr().err
    assert slant("sample.csv", "--export", "labels", "-o", "own.jsonl") == 0
    (row,) = map(json.loads, Path("own.jsonl").read_text("utf-8").splitlines())
    assert (row["stance"], row["unit_id"]) == ({"board": "contra"}, item.unit_id)


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="no SIGINT")
def test_the_page_is_served_until_it_is_stopped(tmp_path: Path) -> None:
    pytest.importorskip("uvicorn", reason="needs the [label] install")
    project(tmp_path).close()
    state = str(tmp_path / "p.labels.sqlite")
    command = [sys.executable, "-c", "from slant.cli import main; main()", "label", state, "--coder", "ida"]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as process:
        try:
            assert process.stderr
            address = re.search(r"http://127\.0\.0\.1:\d+/[\w-]{20,}/", process.stderr.readline())
            assert address
            with urllib.request.urlopen(address[0] + "api/unit?coder=ida", timeout=20) as found:
                assert json.load(found)["unit"]["unit_id"] == "a1-0000"
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=30)
        finally:
            process.kill()
    assert process.returncode == 0
    assert said.splitlines() == [f"labels are in {state}"]


def test_every_format_is_offered(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from slant.cli.labels import FORMATS
    from slant.labeling.exchange import _FORMATS

    assert set(FORMATS) == {"gold", "labels", *_FORMATS}
    with project(tmp_path) as state:
        state.add([coded(item, "ida") for item in ITEMS])
    for number, name in enumerate(FORMATS):
        output = tmp_path / f"{number}.csv"
        assert slant(str(tmp_path / "p.labels.sqlite"), "--export", name, "-o", str(output)) == 0
        assert output.exists()
