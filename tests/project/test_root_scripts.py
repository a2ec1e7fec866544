"""The two doors, and the library `evaluate` that the file of that name must not hide, in every way Python is started.

Importing the library takes seconds; most ways are tried with a stand-in of that name, some with the library itself.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LIBRARY = "import evaluate; assert evaluate.Metric.__module__.startswith('evaluate.'), evaluate; "
Python = Callable[..., str]

pytestmark = pytest.mark.slow


def run(*arguments: str, cwd: Path = ROOT, path: Path | None = None) -> str:
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    if path:
        environment["PYTHONPATH"] = str(path)
    ran = subprocess.run(
        [sys.executable, *arguments], cwd=cwd, env=environment, capture_output=True, text=True, timeout=120
    )
    assert ran.returncode == 0, ran.stderr[-3000:]
    return ran.stdout


@pytest.fixture(params=["stand-in", pytest.param("library", marks=pytest.mark.train)])
def python(request: pytest.FixtureRequest, tmp_path: Path) -> Python:
    """A Python that has the library `evaluate`, or something in its place."""
    if request.param == "library":
        pytest.importorskip("evaluate", reason="needs the [train] install")
        return run
    return stand_in(tmp_path)


def stand_in(folder: Path) -> Python:
    package = folder / "packages" / "evaluate"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("from evaluate.metric import Metric\n")
    (package / "metric.py").write_text("class Metric: pass\n")
    return lambda *arguments, cwd=ROOT: run(*arguments, cwd=cwd, path=package.parent)


@pytest.mark.parametrize("door", ["train", "evaluate"])
def test_each_door_opens_its_command_from_anywhere(door: str, tmp_path: Path) -> None:
    for arguments, cwd in (
        ((f"{door}.py",), ROOT),
        ((str(ROOT / f"{door}.py"),), tmp_path),
        (("-m", door), ROOT),
    ):
        assert run(*arguments, "--help", cwd=cwd).startswith(f"Usage: slant {door} ")


def test_importing_a_door_does_nothing() -> None:
    assert run("-c", "import train; print(hasattr(train, 'main'))") == "False\n"


# ---- with the library and with the stand-in


def test_a_notebook_or_console_started_at_the_root_gets_the_library(python: Python) -> None:
    python("-c", f"{LIBRARY} import evaluate as again; assert again is evaluate")


def test_workers_that_a_door_spawns_get_the_library(python: Python) -> None:
    """A spawned worker runs the main script again under another name, with the search path of its parent."""
    code = f"""
import multiprocessing, __main__
__main__.__file__ = {str(ROOT / "evaluate.py")!r}
with multiprocessing.get_context("spawn").Pool(1) as pool:
    pool.apply(exec, ({LIBRARY!r},))
    print(pool.apply(len, ("ok",)))
"""
    assert python("-c", code) == "2\n"


# ---- with the stand-in


@pytest.mark.parametrize("start", ["train", "evaluate"])
def test_behind_a_door_the_library_is_the_library(start: str, tmp_path: Path) -> None:
    """The door is run as a script with a command line that ends at once; then the library is imported."""
    code = f"""
import runpy, sys
sys.argv = ["{start}.py", "--help"]
sys.path[0] = {str(ROOT)!r}  # as `python {start}.py` has it
try:
    runpy.run_path({str(ROOT / (start + ".py"))!r}, run_name="__main__")
except SystemExit:
    pass
assert {str(ROOT)!r} not in sys.path
{LIBRARY}
"""
    stand_in(tmp_path)("-c", code, cwd=tmp_path)


@pytest.mark.parametrize("path", [str(ROOT), "."], ids=["full path", "dot"])
def test_however_the_root_is_written_in_the_search_path(path: str, tmp_path: Path) -> None:
    code = f"import sys; sys.path[0] = {path!r}; before = list(sys.path); {LIBRARY} assert sys.path == before"
    stand_in(tmp_path)("-c", code)


@pytest.mark.parametrize(
    "code", ["from evaluate import Metric", "import evaluate.metric", "from evaluate.metric import *"]
)
def test_whatever_is_imported_from_it(code: str, tmp_path: Path) -> None:
    stand_in(tmp_path)("-c", f"{code}; {LIBRARY}")


def test_pytest_started_as_a_module_at_the_root_gets_the_library(tmp_path: Path) -> None:
    tests = tmp_path / "tests"
    tests.mkdir()
    (tests / "conftest.py").write_text((ROOT / "tests" / "conftest.py").read_text())
    (tests / "test_it.py").write_text(f"def test_it():\n    {LIBRARY}\n")
    assert "1 passed" in stand_in(tmp_path)("-m", "pytest", "-q", "-p", "no:cacheprovider", str(tests))


def test_without_the_library_the_import_fails_as_it_should() -> None:
    """As in a base install: `-S` leaves site-packages out."""
    code = "try: import evaluate\nexcept ModuleNotFoundError as error: print(error.name)"
    assert run("-S", "-c", code) == "evaluate\n"


def test_nothing_of_the_root_is_importable_from_elsewhere(tmp_path: Path) -> None:
    """The src layout: an installed slant brings one name."""
    names = ("train", "data", "model", "seeds", "benchmarks")
    code = f"import importlib.util as u; print([n for n in {names!r} if u.find_spec(n)])"
    assert run("-c", code, cwd=tmp_path) == "[]\n"


@pytest.mark.train
def test_our_metrics_compute_without_a_network() -> None:
    """`evaluate.load` asks a hub; ours are classes, so they work where every connection is refused."""
    pytest.importorskip("evaluate", reason="needs the [train] install")
    code = (
        "import socket\n"
        "def refuse(*a, **k): raise OSError('no network here')\n"
        "socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse\n"
        "from slant.judging.metrics_evaluate import official_value\n"
        "print(official_value('macro_f1', ['a', 'b', 'b', 'b'], ['a', 'a', 'b', 'b']))\n"
    )
    assert float(run("-c", code)) == pytest.approx((2 / 3 + 4 / 5) / 2)
