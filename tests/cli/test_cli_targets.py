"""slant targets suggest: from articles, unit and score files to a targets file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from slant.cli import main
from slant.labels.targets import Targets

LINES = (
    "They wrote to Pellworm about the nurses, and Pellworm’s office answered.",
    "We heard that the Free Harbor Union (FHU) met the nurses in the evening.",
    "We heard that Pellworm and FHU would meet again, and the nurses too.",
)


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as end:
        main(["targets", "suggest", *arguments])
    return int(end.value.code or 0)


@pytest.fixture
def articles(tmp_path: Path) -> Path:
    path = tmp_path / "articles.jsonl"
    rows = [
        {"text": f"{LINES[i % 3]} It was day {i}.", "title": f"Day {i} on the coast", "outlet": f"Paper {i % 3}",
         "published": f"2022-0{1 + i % 4}-01", "comments": [{"text": "They should ask the nurses.", "author": "Kim"}]}
        for i in range(9)
    ]  # fmt: skip
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


def test_articles_and_unit_files_give_the_same_targets(
    articles: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(str(articles), "-o", str(tmp_path / "a.toml"), "--quiet") == 0
    assert "candidates from 9 articles" in capsys.readouterr().err
    found = Targets.load(tmp_path / "a.toml")
    assert {"pellworm", "free_harbor_union", "nurses", "article"} <= set(found.ids)
    written = (tmp_path / "a.toml").read_text("utf-8")
    for ending in ("jsonl", "csv"):
        units = tmp_path / f"units.{ending}"
        with pytest.raises(SystemExit):
            main(["split", str(articles), "-o", str(units), "--quiet"])
        assert run(str(units), "-o", str(tmp_path / "b.toml"), "--quiet", "--overwrite") == 0
        again = (tmp_path / "b.toml").read_text("utf-8")
        assert again.partition("\n\n")[2] == written.partition("\n\n")[2]


def test_a_finished_file_is_kept_unless_it_is_to_be_replaced(
    articles: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "t.toml"
    output.write_text("mine", "utf-8")
    assert run(str(articles), "-o", str(output), "--quiet") == 2
    assert output.read_text("utf-8") == "mine"
    assert run(str(articles), "-o", str(output), "--quiet", "--overwrite", "--top", "1") == 0
    assert len([target for target in Targets.load(output).targets if target.id != "article"]) == 1
    capsys.readouterr()


def test_no_candidate_writes_no_file_and_says_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.txt").write_text("Nothing happened here at all, and nobody came by.\n", "utf-8")
    assert run(str(tmp_path / "a.txt"), "-o", str(tmp_path / "t.toml"), "--quiet") == 1
    assert "is named in at least 2 articles of 1" in capsys.readouterr().err
    german = "Der Stadtrat hat uns alle belogen, und keiner tut etwas dagegen. Die Fischer warten noch.\n"
    (tmp_path / "a.txt").write_text(german, "utf-8")
    assert run(str(tmp_path / "a.txt"), "-o", str(tmp_path / "t.toml"), "--quiet") == 1
    assert "no article in English was read; not in English: 1." in capsys.readouterr().err
    assert not (tmp_path / "t.toml").exists()


def test_wrong_inputs(articles: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    units = tmp_path / "units.jsonl"
    with pytest.raises(SystemExit):
        main(["split", str(articles), "-o", str(units), "--quiet"])
    assert run(str(articles), str(units), "-o", str(tmp_path / "t.toml")) == 2
    assert "Give only one kind" in capsys.readouterr().err
    assert run(str(articles), "-o", str(tmp_path / "t.csv")) == 2
    assert ".toml" in capsys.readouterr().err
    assert run(str(tmp_path / "missing"), "-o", str(tmp_path / "t.toml")) == 3
    assert not (tmp_path / "t.toml").exists()


def test_rejected_documents_are_listed(
    articles: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "picture.txt").write_bytes(b"\x00\x01\x02" * 400)
    assert run(str(articles), str(tmp_path / "picture.txt"), "-o", str(tmp_path / "t.toml"), "--quiet") == 3
    assert "1 document rejected" in capsys.readouterr().err
    assert (tmp_path / "t.toml").exists()
