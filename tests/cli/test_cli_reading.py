"""Options for reading on the command line: --map and --urls, exit codes and the rejected list."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from containers import page
from served import Site
from slant.cli import main
from slant.ingest import fetch

Split = Callable[..., tuple[int, str]]


@pytest.fixture
def split(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Split:
    """Run `slant split … -o units.jsonl` with short pauses between requests: exit code and standard error."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(fetch, "FetchOptions", partial(fetch.FetchOptions, delay=0.01, attempts=2))

    def run(*arguments: str, stdin: str = "") -> tuple[int, str]:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode()), encoding="utf-8"))
        with pytest.raises(SystemExit) as ended:
            main(["split", *arguments, "-o", "units.jsonl", "--overwrite", "--quiet"])
        assert isinstance(ended.value.code, int)
        return ended.value.code, capsys.readouterr().err

    return run


def texts(folder: Path) -> list[str]:
    return [json.loads(line)["text"] for line in (folder / "units.jsonl").read_text("utf-8").splitlines()]


def rejected(folder: Path) -> list[tuple[str, str]]:
    lines = (folder / "units.jsonl.rejected.jsonl").read_text("utf-8").splitlines()
    return [(row["path"], row["reason"]) for row in map(json.loads, lines)]


# ---- --map


@pytest.mark.parametrize(
    "given", [["--map", "title=What", "--map", "text=Full story"], ["--map", "title=What, text=Full story"]]
)
def test_mapped_columns_are_read(split: Split, tmp_path: Path, given: list[str]) -> None:
    (tmp_path / "a.csv").write_text("What,Full story,title\nBridge closes,It closed on Monday.,no\n")
    assert split("a.csv", *given)[0] == 0
    assert texts(tmp_path) == ["Bridge closes", "It closed on Monday."]
    assert not (tmp_path / "units.jsonl.rejected.jsonl").exists()


def test_a_table_without_a_mapped_column_is_rejected_and_the_other_is_read(
    split: Split, tmp_path: Path
) -> None:
    (tmp_path / "a.csv").write_text("story,id\nIt closed.,1\n")
    (tmp_path / "b.csv").write_text("What,story\nBridge closes,It closed.\n")
    code, said = split("a.csv", "b.csv", "--map", "text=story title=What")
    assert (code, "1 document rejected" in said) == (3, True), said
    assert rejected(tmp_path) == [("a.csv", "no_mapped_column")]
    assert texts(tmp_path) == ["Bridge closes", "It closed."]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("titel=What", "no field 'titel'"),
        ("What", "expected FIELD=COLUMN"),
        ("text=a title=a", "mapped twice"),
    ],
)
def test_a_wrong_map_ends_with_2(split: Split, tmp_path: Path, given: str, message: str) -> None:
    (tmp_path / "a.csv").write_text("text\nOne.\n")
    code, said = split("a.csv", "--map", given)
    assert (code, message in said) == (2, True), said
    assert not (tmp_path / "units.jsonl").exists()


# ---- --urls


def test_a_list_of_addresses_is_fetched_and_failures_are_listed(
    split: Split, site: Site, tmp_path: Path
) -> None:
    site.put("/robots.txt", "User-agent: *\nDisallow: /private\n")
    good, private, gone = (
        site.put("/1", page("It sails.")),
        site.put("/private", page()),
        f"{site.url}/gone",
    )
    (tmp_path / "list.txt").write_text("\n".join(["# ferries", good, private, gone, "no address"]))
    code, said = split("list.txt", "--urls", "--allow-private")
    assert (code, "3 documents rejected" in said) == (3, True), said
    assert rejected(tmp_path) == [(private, "robots"), (gone, "http_404"), ("list.txt:5", "bad_address")]
    assert any("It sails." in text for text in texts(tmp_path))
    assert "/private" not in site.paths()


def test_addresses_may_be_paths_or_on_standard_input(split: Split, site: Site, tmp_path: Path) -> None:
    first, second = site.put("/1", page("It sails.")), site.put("/2", page("It does not sail."))
    assert split(first, "-", "--urls", "--allow-private", stdin=f"{second}\n")[0] == 0
    found = " ".join(texts(tmp_path))
    assert "It sails." in found
    assert "It does not sail." in found
    assert not (tmp_path / "units.jsonl.rejected.jsonl").exists()


def test_fetching_needs_urls_and_private_addresses_need_allow_private(
    split: Split, site: Site, tmp_path: Path
) -> None:
    url = site.put("/1", page())
    assert split(url)[0] == 3
    assert rejected(tmp_path) == [(url, "missing")]
    code, said = split(url, "--urls")
    assert (code, "--allow-private" in said) == (3, True), said
    assert rejected(tmp_path) == [(url, "private_address")]
    code, said = split(url, "--allow-private")
    assert (code, "Add --urls" in said) == (2, True), said
    assert not site.asked
