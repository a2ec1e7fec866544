"""--help of each command: two examples that run, and its exit codes."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from slant.cli import cli
from slant.cli.examples import EXAMPLES

ROOT = Path(__file__).resolve().parents[2]
ON_DEMO = ("split", "score", "report", "explain", "compare", "sample", "data list")


def commands(group: click.Group = cli, above: str = "") -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        yield above + name, command
        if isinstance(command, click.Group):
            yield from commands(command, f"{above}{name} ")


COMMANDS = dict(commands())


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_two_examples_and_exit_codes(name: str) -> None:
    shown = CliRunner().invoke(cli, [*name.split(), "--help"]).output
    examples = re.search(r"Examples:\n((?:    .+\n)+)", shown)
    assert examples
    lines = [line.strip() for line in examples[1].splitlines()]
    assert lines == list(EXAMPLES[name])
    assert len(set(lines)) == 2
    assert all(f"slant {name}" in line for line in lines)
    assert re.search(r"Exit codes: 0 .*, 1 .*, 2\s+wrong\s+usage", shown)


def test_examples_are_of_commands_that_exist() -> None:
    assert set(EXAMPLES) == set(COMMANDS)
    assert "3    done, but some documents were rejected" in CliRunner().invoke(cli, ["--help"]).output


@pytest.mark.parametrize("line", [line for examples in EXAMPLES.values() for line in examples])
def test_the_arguments_of_every_example_are_accepted(line: str) -> None:
    for command in line.split(" | "):
        words = shlex.split(command.split("slant ", 1)[1]) if "slant " in command else []
        group: click.Command = cli
        while isinstance(group, click.Group) and words:
            _, found, words = group.resolve_command(click.Context(group), words)
            assert found
            group = found
        if group is not cli:
            group.make_context("slant", words)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the demonstration set where the examples expect it."""
    folder = tmp_path_factory.mktemp("demo")
    shutil.copytree(ROOT / "seeds" / "demo", folder / "seeds" / "demo")
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("line", [line for name in ON_DEMO for line in EXAMPLES[name]])
def test_examples_run_on_the_demonstration_set(demo: Path, line: str) -> None:
    """In order: report, explain, compare and sample read what score has written."""
    slant = f"slant() {{ {shlex.quote(sys.executable)} -c 'from slant.cli import main; main()' \"$@\"; }}"
    ran = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {slant}; {line}"],
        cwd=demo,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert ran.returncode == 0, ran.stderr
    output = re.search(r" -o (\S+)", line)
    if output and output[1] != "-":
        made = demo / output[1]
        assert (made / "index.html" if made.is_dir() else made).stat().st_size > 0
    else:
        assert ran.stdout.count("\n") >= 1
