"""Killed and resumed runs: their output is that of an undisturbed run, byte for byte."""

from __future__ import annotations

import csv
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from slant.cli.options import stoppable
from slant.scoring.resume import journal_path
from stub_score import How, finished, start, write_articles

pytestmark = pytest.mark.slow

ENDINGS = ["jsonl", "csv", "parquet", "duckdb"]
SIGNALS = [signal.SIGKILL, signal.SIGINT, signal.SIGTERM]
KILLED = {signal.SIGKILL: -9, signal.SIGINT: 130, signal.SIGTERM: 143}
SLOW = How(pause=0.01)


TARGETS = '[[target]]\nid = "council"\nname = "the council"\naliases = ["council", "mayor"]\n'


def score(name: str, *more: str) -> list[str]:
    return ["score", "in", "-o", name, "--targets", "targets.toml", *more]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with articles in `in` and the outputs of undisturbed runs."""
    folder = tmp_path_factory.mktemp("undisturbed")
    write_articles(folder / "in")
    (folder / "targets.toml").write_text(TARGETS)
    for ending in ENDINGS:
        code, said = finished(score(f"s.{ending}"), cwd=folder)
        assert code == 3, said  # two documents are rejected
    return folder


@pytest.fixture
def work(undisturbed: Path, tmp_path: Path) -> Path:
    shutil.copytree(undisturbed / "in", tmp_path / "in")
    shutil.copy(undisturbed / "targets.toml", tmp_path)
    return tmp_path


def rows(path: Path) -> Any:
    """Return what is compared: the bytes of JSON lines, the rows and metadata of other formats."""
    if path.suffix == ".jsonl":
        return path.read_bytes()
    if path.suffix == ".csv":
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.reader(file))
    if path.suffix == ".parquet":
        import pyarrow.parquet as pq

        table = pq.read_table(path)
        return table.to_pylist(), table.schema.metadata
    import duckdb

    with duckdb.connect(str(path), read_only=True) as connection:
        return [connection.sql(f"SELECT * FROM {table}").fetchall() for table in ("scores", "run")]


def assert_same(work: Path, undisturbed: Path, name: str) -> None:
    assert rows(work / name) == rows(undisturbed / name)
    listed = f"{name}.rejected.jsonl"
    assert (work / listed).read_bytes() == (undisturbed / listed).read_bytes()
    left = sorted(p.name for p in work.iterdir())
    assert left == ["in", name, listed, "stderr", "targets.toml"], (
        "neither the journal nor part of a file is left"
    )


def kept(work: Path, name: str) -> int:
    """Return the number of rows in the journal of an output."""
    import sqlite3

    with closing(sqlite3.connect(journal_path(work / name))) as db:
        return int(db.execute("SELECT count(*) FROM rows").fetchone()[0])


def killed(work: Path, name: str, how: signal.Signals, delay: float) -> bool:
    """Start or resume a run and send it a signal; returns whether the signal ended it, rather than the end of its work."""
    (work / "stderr").unlink(missing_ok=True)
    process = start(score(name, "--resume"), SLOW, cwd=work)
    while not (work / "stderr").exists():  # before that, the process may not handle signals yet
        time.sleep(0.002)
    process.join(delay)
    if process.is_alive() and process.pid:
        os.kill(process.pid, how)
    process.join(120)
    if (work / name).exists() and not journal_path(
        work / name
    ).exists():  # all was done, even without a message
        return False
    # Python may still be starting, before slant handles signals.
    assert process.exitcode in (KILLED[how], -how, 1), (work / "stderr").read_text()
    return True


@pytest.mark.parametrize("how", SIGNALS, ids=lambda s: s.name)
@pytest.mark.parametrize("ending", ENDINGS)
def test_killed_at_random_times_and_resumed(
    work: Path, undisturbed: Path, ending: str, how: signal.Signals
) -> None:
    """Twelve series of three kills each; then the output is that of an undisturbed run."""
    name, rng = f"s.{ending}", random.Random(f"{ending} {how}")
    kills = tries = 0
    while kills < 3:
        assert (tries := tries + 1) < 100, f"{how.name} ends no run"
        if killed(work, name, how, rng.uniform(0.05, 0.5)):
            kills += 1
        else:  # the run ended before the signal: start again
            (work / name).unlink()
    code, said = finished(score(name, "--resume"), cwd=work)
    assert code == 3, said
    assert_same(work, undisturbed, name)


def test_finished_units_are_not_scored_again(work: Path, undisturbed: Path) -> None:
    assert finished(score("s.jsonl"), How(die_after=70), cwd=work)[0] == -9
    before = kept(work, "s.jsonl")
    assert before == 64, "all complete commits of sixteen"
    code, said = finished(score("s.jsonl"), cwd=work)
    assert (code, f"an earlier run was interrupted after {before} units" in said) == (2, True), said
    assert "Add --resume to continue" in said
    assert kept(work, "s.jsonl") == before, "a refused run deletes nothing"
    code, said = finished(score("s.jsonl", "--resume"), cwd=work)
    assert (code, f"{before} resumed" in said) == (3, True), said
    assert_same(work, undisturbed, "s.jsonl")
    code, said = finished(score("s.jsonl", "--resume"), cwd=work)
    assert (code, "it is complete, so there is nothing to resume" in said) == (0, True), said
    code, said = finished(score("s.jsonl"), cwd=work)
    assert (code, "Add --overwrite to replace it" in said) == (2, True), said
    assert_same(work, undisturbed, "s.jsonl")


@pytest.mark.parametrize(
    ("place", "ending"),
    [
        ("slant.scoring.resume.Journal.begin", "csv"),
        ("slant.atomic_files.fsync", "duckdb"),
        ("slant.scoring.resume.Journal.remove", "jsonl"),
        ("slant.scoring.resume.Journal.remove", "duckdb"),
        ("slant.scoring.rejections.Rejections.write", "jsonl"),
    ],
)
def test_killed_at_critical_places(work: Path, undisturbed: Path, place: str, ending: str) -> None:
    """Before the first row is kept, at the last write, and between the output's appearance and the journal's removal."""
    name = f"s.{ending}"
    assert finished(score(name), How(die_at=place), cwd=work)[0] == -9
    code, said = finished(score(name, "--resume"), cwd=work)
    assert code == 3, said
    assert_same(work, undisturbed, name)


def test_a_changed_list_of_inputs_is_scored_as_it_is_now(work: Path) -> None:
    assert finished(score("s.jsonl"), How(die_at="slant.atomic_files.fsync"), cwd=work)[0] == -9
    inputs = work / "in"
    lines = (inputs / "articles-0.jsonl").read_text("utf-8").splitlines(keepends=True)
    lines[3] = lines[3].replace("Paper 0", "Paper 9")  # another outlet changes all units
    lines[4] = lines[4].replace("A lie…", "No lie…")  # another comment
    del lines[7]
    (inputs / "articles-0.jsonl").write_text("".join(reversed(lines)), "utf-8")
    (inputs / "articles-1.jsonl").rename(inputs / "z.jsonl")
    (inputs / "articles-2.jsonl").unlink()
    write_articles(work / "more", files=1, seed=5)
    shutil.copy(work / "more" / "articles-0.jsonl", inputs / "b.jsonl")
    shutil.rmtree(work / "more")
    code, said = finished(score("s.jsonl", "--resume"), cwd=work)
    assert code == 3, said
    assert finished(score("fresh.jsonl"), cwd=work)[0] == 3
    for ending in ("", ".rejected.jsonl"):
        assert (work / f"s.jsonl{ending}").read_bytes() == (work / f"fresh.jsonl{ending}").read_bytes()
    assert "resumed" in said


@pytest.mark.train
def test_rows_of_a_trained_model_do_not_depend_on_the_run(work: Path, tiny_export: Path) -> None:
    """After a kill, units are in other batches than in an undisturbed run."""
    more = ("--model", str(tiny_export))
    assert finished(score("fresh.jsonl", *more), How(real=True), cwd=work)[0] == 3
    for kept_rows in (37, 50):
        how = How(real=True, die_after=kept_rows)
        assert finished(score("s.jsonl", *more, "--resume"), how, cwd=work)[0] == -9
    assert kept(work, "s.jsonl") == 32 + 48
    code, said = finished(score("s.jsonl", *more, "--resume"), How(real=True), cwd=work)
    assert (code, "80 resumed" in said) == (3, True), said
    assert (work / "s.jsonl").read_bytes() == (work / "fresh.jsonl").read_bytes()


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (["--model", "rules-2"], "model: rules-1 then, rules-2 now"),
        (["--targets", "t.toml"], r"targets: [0-9a-f]{12} then, [0-9a-f]{12} now"),
        (["--outlet", "Courier"], "--outlet: none then, Courier now"),
        (["--any-language"], "--any-language: none then, True now"),
    ],
)
def test_another_model_or_other_targets_are_refused(work: Path, changed: list[str], message: str) -> None:
    import re

    (work / "t.toml").write_text(TARGETS.replace("mayor", "lord mayor"))
    assert finished(score("s.csv"), How(die_at="slant.atomic_files.fsync"), cwd=work)[0] == -9
    before = kept(work, "s.csv")
    code, said = finished(score("s.csv", "--resume", *changed), cwd=work)
    assert code == 2
    assert re.search(message, said), said
    assert kept(work, "s.csv") == before > 0


def test_nohup_is_respected() -> None:
    def handlers() -> list[Any]:
        return [signal.getsignal(number) for number in (signal.SIGHUP, signal.SIGTERM)]

    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with stoppable():
            hangup, end = handlers()
        assert hangup == signal.SIG_IGN
        assert callable(end)
        assert handlers()[0] == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_two_runs_at_once_are_refused(work: Path, undisturbed: Path) -> None:
    first = start(score("s.parquet"), How(pause=0.05), cwd=work)
    while not journal_path(work / "s.parquet").exists() and first.is_alive():
        time.sleep(0.01)
    time.sleep(0.1)
    (work / "second").mkdir()
    command = ["score", "../in", "-o", "../s.parquet", "--resume"]
    code, said = finished(command, cwd=work / "second")
    assert (code, "another run is writing it now" in said) == (2, True), said
    first.join(60)
    assert first.exitcode == 3
    shutil.rmtree(work / "second")
    assert_same(work, undisturbed, "s.parquet")


@pytest.mark.parametrize(
    ("ending", "limit"),
    [
        ("jsonl", 3_000),
        ("jsonl", 30_000),
        ("jsonl", 90_000),
        ("csv", 50_000),
        ("parquet", 20_000),
        ("duckdb", 300_000),
    ],
)
def test_a_full_disk_ends_with_a_message_and_the_run_can_be_resumed(
    work: Path, undisturbed: Path, ending: str, limit: int
) -> None:
    """A limit on the size of files, which may be hit by the journal or by the output."""
    name = f"s.{ending}"
    code, said = finished(score(name), How(file_limit=limit), cwd=work)
    assert code == 1, said
    assert "Traceback" not in said
    assert "Free disk space" in said or "Is the disk full?" in said
    code, said = finished(score(name, "--resume"), cwd=work)
    assert code == 3, said
    assert_same(work, undisturbed, name)


def test_a_closed_standard_error_is_ignored(work: Path, undisturbed: Path) -> None:
    process = start(score("s.jsonl"), How(no_stderr=True), cwd=work)
    process.join(60)
    assert process.exitcode == 3
    (work / "stderr").touch()
    assert_same(work, undisturbed, "s.jsonl")


def test_standard_output_cannot_be_resumed(work: Path) -> None:
    code, said = finished(score("-", "--resume"), cwd=work)
    assert (code, "output on standard output cannot be continued. Give -o FILE" in said) == (2, True), said


def test_a_damaged_journal_is_named(work: Path) -> None:
    journal_path(work / "s.jsonl").write_bytes(b"no database " * 99)
    code, said = finished(score("s.jsonl", "--resume"), cwd=work)
    assert (code, "is damaged" in said, "Delete it to start over" in said) == (2, True, True), said


ON_A_SMALL_DISK = """
mount -t tmpfs -o size=1m none disk || exit 77
cp -r in targets.toml disk
cd disk
{python} {run} score in -o s.jsonl --targets targets.toml; echo "code $?"
ls -A
mount -o remount,size=20m .
{python} {run} score in -o s.jsonl --targets targets.toml --resume; echo "code $?"
cp s.jsonl s.jsonl.rejected.jsonl ..
"""


def test_a_disk_that_is_really_full(work: Path) -> None:
    """On a file system of one megabyte, in its own namespace."""
    if not shutil.which("unshare"):
        pytest.skip("needs unshare")
    (work / "disk").mkdir()
    write_articles(work / "in", articles=60)
    run = Path(__file__).parents[1] / "helpers" / "stub_score.py"
    script = ON_A_SMALL_DISK.format(python=sys.executable, run=run)
    ran = subprocess.run(
        ["unshare", "-rm", "sh", "-c", script], cwd=work, capture_output=True, text=True, timeout=120
    )
    if ran.returncode == 77 or "unshare" in ran.stderr:
        pytest.skip("this machine lets nobody mount a file system")
    assert [line for line in ran.stdout.splitlines() if line.startswith("code")] == ["code 1", "code 3"], (
        ran.stderr
    )
    assert "s.jsonl\n" not in ran.stdout
    assert "Free disk space" in ran.stderr
    assert "resumed" in ran.stderr
    (work / "disk").rmdir()
    assert finished(score("fresh.jsonl"), cwd=work)[0] == 3
    for tail in ("", ".rejected.jsonl"):
        assert (work / f"s.jsonl{tail}").read_bytes() == (work / f"fresh.jsonl{tail}").read_bytes()
