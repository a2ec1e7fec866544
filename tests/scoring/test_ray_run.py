"""`slant score --engine ray` on a Ray cluster on this machine, also with a node killed: the rows of the local engine."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow
# Small groups, so that a few dozen articles are some twenty chunks.
RUN = "import slant.scoring.ray_run as f; f.GROUP_FILES = 2; from slant.cli import main; main()"
LOCAL = "from slant.cli import main; main()"
STORE = 80 * 1024 * 1024
BOUND = 240  # seconds; about a quarter of it on an idle machine


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Three nodes with one core each, as processes of this machine; all of Ray is stopped after the tests."""
    pytest.importorskip("ray", reason="needs the [ray] install")
    pytest.importorskip("ray.data", reason="needs the [ray] install")
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    import ray
    from ray.cluster_utils import Cluster

    quick = {
        "health_check_initial_delay_ms": 0,
        "health_check_period_ms": 1000,
        "health_check_failure_threshold": 3,
    }
    head = {"num_cpus": 1, "object_store_memory": STORE, "include_dashboard": False, "_system_config": quick}
    started = Cluster(initialize_head=True, head_node_args=head)
    try:
        for _ in range(2):
            started.add_node(num_cpus=1, object_store_memory=STORE)
        yield started
    finally:
        ray.shutdown()
        started.shutdown()


def write_articles(folder: Path, *, files: int, rows: int) -> None:
    """Write tables of invented articles with comments, an empty file, a broken line and duplicate articles."""
    folder.mkdir()
    for f in range(files):
        lines = []
        for r in range(rows):
            n = f * rows + r
            lines.append({
                "title": f"The council meets for the {n}th time",
                "outlet": ("Courier", "Siren")[n % 2],
                "text": f"The council met on day {n}.\n\nThe mayor called the {n} greedy thieves a disaster for the town."
                        f"\n\nNobody of the {n} asked by this paper wants the ferry closed.",
                "comments": [f"Liars, all {n} of you!", {"text": "No, that is a lie.", "parent": 0}],
            })  # fmt: skip
        text = "".join(json.dumps(line) + "\n" for line in lines)
        (folder / f"{f:03}.jsonl").write_text(text)
    (folder / "004.jsonl").write_text((folder / "004.jsonl").read_text() + "{no json\n")
    (folder / "007.jsonl").write_text((folder / "000.jsonl").read_text())
    (folder / "011b.txt").write_text("")


def score(code: str, *arguments: str, cwd: Path, **environment: str) -> subprocess.Popen[str]:
    env = {**os.environ, "OMP_NUM_THREADS": "1", **environment}
    command = [sys.executable, "-c", code, "score", *arguments, "--quiet"]
    return subprocess.Popen(command, cwd=cwd, env=env, stderr=subprocess.PIPE, text=True)


def finished(process: subprocess.Popen[str]) -> tuple[int, str]:
    try:
        _, said = process.communicate(timeout=BOUND)
    finally:
        process.kill()
    return process.returncode, said


def chunks(folder: Path, output: str) -> int:
    return len(list((folder / f".{output}.unfinished-ray").glob("*.jsonl")))


def wait_for(what: Any, process: subprocess.Popen[str]) -> None:
    began = time.monotonic()
    while not what():
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() - began < BOUND
        time.sleep(0.1)


def scoring_on(node: Any) -> list[int]:
    """Return the scoring processes of a node: children of its raylet."""
    raylet = node.all_processes["raylet"][0].process.pid
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = folder.joinpath("stat").read_text().rpartition(")")[2].split()[1]
            if int(parent) == raylet and b"_Scoring" in folder.joinpath("cmdline").read_bytes():
                found.append(int(folder.name))
        except OSError:  # gone meanwhile
            continue
    return found


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds the processes of a node in /proc")
def test_with_a_killed_node_the_rows_are_those_of_the_local_engine(cluster: Any, tmp_path: Path) -> None:
    write_articles(tmp_path / "in", files=40, rows=6)
    local = score(LOCAL, "in", "none.txt", "-o", "local.jsonl", cwd=tmp_path)
    assert finished(local)[0] == 3
    expected = (tmp_path / "local.jsonl").read_bytes()
    assert expected.count(b"\n") == 39 * 6 * 6

    dealt = score(
        RUN, "in", "none.txt", "-o", "ray.jsonl", "--engine", "ray", cwd=tmp_path, RAY_ADDRESS=cluster.address
    )
    victim = cluster.list_all_nodes()[-1]
    wait_for(lambda: chunks(tmp_path, "ray.jsonl") >= 4 and scoring_on(victim), dealt)
    done = chunks(tmp_path, "ray.jsonl")
    cluster.remove_node(victim, allow_graceful=False)
    assert done < 20, "in the middle"
    code, said = finished(dealt)
    assert code == 3, said

    assert (tmp_path / "ray.jsonl").read_bytes() == expected
    listed = [json.loads(line) for line in (tmp_path / "local.jsonl.rejected.jsonl").read_text().splitlines()]
    assert [
        json.loads(line) for line in (tmp_path / "ray.jsonl.rejected.jsonl").read_text().splitlines()
    ] == listed
    assert {row["reason"] for row in listed} == {"bad_json", "duplicate", "empty", "missing"}
    assert not (tmp_path / ".ray.jsonl.unfinished-ray").exists()


def test_a_killed_run_is_resumed_from_and_to_object_storage(cluster: Any, tmp_path: Path) -> None:
    """file:// is handled like every URL, by fsspec."""
    write_articles(tmp_path / "in", files=16, rows=4)
    assert finished(score(LOCAL, "in", "-o", "local.jsonl", cwd=tmp_path))[0] == 3
    (tmp_path / "out").mkdir()
    where = {"cwd": tmp_path, "RAY_ADDRESS": cluster.address}
    output = f"file://{tmp_path}/out/ray.jsonl"
    arguments = (f"file://{tmp_path}/in", "-o", output, "--engine", "ray")
    first = score(RUN, *arguments, **where)
    wait_for(lambda: chunks(tmp_path / "out", "ray.jsonl") >= 2, first)
    first.send_signal(signal.SIGKILL)
    finished(first)
    assert not (tmp_path / "out" / "ray.jsonl").exists()

    refused, said = finished(score(RUN, *arguments, **where))
    assert (refused, "Add --resume to continue" in said) == (2, True), said
    code, said = finished(score(RUN, *arguments, "--resume", **where))
    assert code == 3, said
    found = (tmp_path / "out" / "ray.jsonl").read_text().replace(f"file://{tmp_path}/", "")  # in `source`
    assert found == (tmp_path / "local.jsonl").read_text()
    assert not (tmp_path / "out" / ".ray.jsonl.unfinished-ray").exists()
    listed = (tmp_path / "out" / "ray.jsonl.rejected.jsonl").read_text().splitlines()
    assert {json.loads(line)["reason"] for line in listed} == {"bad_json", "duplicate", "empty"}


def test_an_error_on_a_node_is_reported_like_a_local_one(cluster: Any, tmp_path: Path) -> None:
    """A node with another model: here the run starts with a wrong fingerprint."""
    write_articles(tmp_path / "in", files=12, rows=1)
    lie = (
        "import slant.scoring.ray_run as f; made = f.made_with; f.made_with = lambda *a: {**made(*a), 'model': 'abc'}; "
        "from slant.cli import main; main()"
    )
    arguments = ("in", "-o", "ray.jsonl", "--engine", "ray")
    code, said = finished(score(lie, *arguments, cwd=tmp_path, RAY_ADDRESS=cluster.address))
    assert code == 1, said
    assert "but the run started with abc. Install the same slant" in said
    assert "Traceback" not in said
    assert [path.name for path in tmp_path.iterdir()] == ["in"], "nothing was kept"
