"""Documents: what they name is there, and the commands that they show run."""

from __future__ import annotations

import csv
import random
import re
import shlex
import shutil
from pathlib import Path

import click
import pytest

from pages import examples
from slant.assets import SIZES
from slant.cli import cli, main

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "model/LOG.md", "model/history/README.md")),
    *(ROOT / f"{folder}/README.md" for folder in ("data", "seeds", "benchmarks")),
    *(path for size in SIZES for path in sorted((ROOT / "model" / size).glob("**/*.md"))),
    *sorted(ROOT.glob("docs/*.md")),
]
SHOWN_COMMANDS = (ROOT / "README.md", ROOT / "docs/getting-started.md")
HOW_IT_WORKS = ROOT / "docs/how-it-works.md"
ENDINGS = "py|md|toml|jsonl|json|csv|svg|j2|yml|txt"
MADE_BY_USERS = ("out/", "runs/", "articles/", "s3://", "/path/")
ids = {"ids": lambda path: str(path.relative_to(ROOT)) if isinstance(path, Path) else path}


def named_paths(text: str) -> set[str]:
    """Paths with a folder, and Python files, in code spans; not those of an older commit, nor of a user's own files."""
    text = re.sub(r"`[^`\n]+` at commit", "", text)
    code = re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE))
    found = {word for span in code for word in re.findall(rf"(?<!\S)[\w./-]+\.(?:{ENDINGS})(?!\S)", span)}
    return {p for p in found if ("/" in p or p.endswith(".py")) and not p.startswith(MADE_BY_USERS)}


@pytest.mark.parametrize("page", PAGES, **ids)
def test_every_file_that_a_page_names_is_there(page: Path) -> None:
    places = (ROOT, ROOT / "src/slant", page.parent, ROOT / "docs")
    missing = [p for p in named_paths(page.read_text("utf-8")) if not any((at / p).exists() for at in places)]
    assert not missing, f"{page.relative_to(ROOT)} names files that are not there"


def test_a_file_that_is_gone_would_be_noticed() -> None:
    text = "See `src/slant/gone.py`, `data/gone.toml` and `gone.py`, but `out/x.csv` and `x.csv` are yours."
    assert named_paths(text) == {"src/slant/gone.py", "data/gone.toml", "gone.py"}
    assert named_paths("`src/slant/gone.py` at commit `abc`") == set()


@pytest.mark.parametrize("page", PAGES, **ids)
def test_every_link_leads_to_a_file(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#\s]+)", page.read_text("utf-8"))
    assert not [link for link in links if not (page.parent / link).exists()]


def test_each_walk_names_a_file_once() -> None:
    walks = HOW_IT_WORKS.read_text("utf-8").split("\n## Walk ")[1:]
    assert len(walks) == 3
    for walk in walks:
        rows = "\n".join(line for line in walk.splitlines() if line.startswith("|"))
        named = re.findall(r"`([\w/]+\.(?:py|html\.j2))`", rows)
        assert len(named) > 15
        assert len(named) == len(set(named)), "a file is named twice in one walk"


@pytest.mark.parametrize("page", [*PAGES, ROOT / "CHANGELOG.md"], **ids)
def test_commands_options_and_targets_of_make_exist(page: Path) -> None:
    spans = re.findall(r"^```sh\n(.*?)^```$|`([^`\n]+)`", page.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    text = "\n".join(block or span for block, span in spans)
    rules = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert set(re.findall(r"^make (\w+)", text, re.MULTILINE)) <= rules
    context = click.Context(cli)
    for name, rest in re.findall(r"^slant ([a-z]+)([^\n#]*)", text, re.MULTILINE):
        command = cli.get_command(context, name)
        assert command is not None, f"slant {name}"
        for word in rest.split():
            command = (
                command.get_command(context, word) or command if isinstance(command, click.Group) else command
            )
        known = {option for parameter in command.params for option in parameter.opts} | {"--help"}
        assert set(re.findall(r"(?<!\S)--?[a-z][a-z-]*", rest)) <= known, f"slant {name}{rest}"


WORDS = re.findall(
    r"\w+",
    "harbour council ferry mayor vote budget winter bridge market school report meeting debate storm crew "
    "union letter plan promise delay fee repair engine captain island museum road tunnel concert election",
)


@pytest.fixture
def own_articles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder of somebody who has a folder of articles of two outlets, and this checkout's material."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(ROOT / "seeds", tmp_path / "seeds")
    (tmp_path / "articles").mkdir()
    draw = random.Random(0)
    for outlet in ("The Gazette", "The Siren"):
        for number in range(6):
            body = [
                f"The Harbour Board spoke of the {' and the '.join(draw.sample(WORDS, 8))}." for _ in range(3)
            ]
            head = f"---\ntitle: {' '.join(draw.sample(WORDS, 4))}\noutlet: {outlet}\ndate: 2031-05-0{number + 1}\n---\n"
            text = head + "\n\n".join(body) + "\n"
            (tmp_path / "articles" / f"{outlet[4]}{number}.md").write_text(text, "utf-8")
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize("page", SHOWN_COMMANDS, **ids)
def test_the_commands_that_a_page_shows_run_in_order(page: Path, own_articles: Path) -> None:
    (targets,) = (code for _, code in examples(page, language="toml"))
    Path("targets.toml").write_text(targets, "utf-8")
    ran = []
    for _, block in examples(page, language="sh"):
        for line in block.splitlines():
            words = shlex.split(line, comments=True)
            if words[:1] != ["slant"]:
                assert words[:1] in ([], ["make"], ["pip"], ["python3"], ["source"]), (
                    f"not run by this test: {line}"
                )
                continue
            with pytest.raises(SystemExit) as ended:
                main(words[1:])
            assert ended.value.code == 0, line
            output = Path(words[words.index("-o") + 1])
            assert output.exists(), line
            ran.append(words[1])
            if words[1] == "sample":
                label_all(output)
    assert {"score", "report", "compare", "sample"} <= set(ran)


def label_all(path: Path) -> None:
    """Fill in the column `label`, as people would."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows({**row, "label": ("neutral", "against")[i % 2]} for i, row in enumerate(rows))
