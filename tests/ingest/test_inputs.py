"""Paths to articles: which files are found, in which order, and how other paths are rejected."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path

import pytest

from bad_input import GOOD_FILES, write_bad_input
from slant.errors import Rejected
from slant.ingest import inputs
from slant.ingest.decoding import Limits
from slant.ingest.inputs import read_articles
from slant.records import Article

TEXT = "Ferry returns\n\nThe ferry sails again on Monday.\n"


def names(found: list[Article | Rejected]) -> list[str]:
    return [os.path.basename(one.path) for one in found]


def rejected(paths: list[str], **options: object) -> list[tuple[str, str]]:
    found = read_articles(paths, **options)  # type: ignore[arg-type]
    return [(one.path, one.reason) for one in found if isinstance(one, Rejected)]


@pytest.mark.slow
def test_all_kinds_of_bad_files_are_rejected_with_a_reason_and_good_ones_are_read(tmp_path: Path) -> None:
    expected = write_bad_input(tmp_path / "bad")
    reasons: dict[str, tuple[str, ...]] = dict.fromkeys(expected, ())
    good: dict[str, int] = {}
    for found in read_articles([str(tmp_path / "bad")]):
        name = os.path.basename(found.path).partition(":")[0].partition("#")[0]
        if isinstance(found, Rejected):
            reasons[name] += (found.reason,)
            assert len(found.detail) > 20, "a rejection needs a helpful detail"
        else:
            good[name] = good.get(name, 0) + 1
    assert reasons == expected
    assert good == GOOD_FILES
    assert sum(bool(reason) for reason in expected.values()) >= 20


def test_a_folder_is_read_in_order_with_subfolders_and_without_hidden_files(tmp_path: Path) -> None:
    for name in ("b.txt", "a.md", "sub/c.txt", "sub/.hidden.txt", ".git/d.txt", "z.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(TEXT)
    assert names(list(read_articles([str(tmp_path)]))) == ["a.md", "b.txt", "c.txt", "z.txt"]


def test_a_file_given_twice_is_read_once(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(TEXT)
    assert names(list(read_articles([str(tmp_path / "a.txt"), str(tmp_path)]))) == ["a.txt"]


def test_globs_take_files_and_folders(tmp_path: Path) -> None:
    for name in ("a1.txt", "a2.txt", "b/c.txt", "b/d.md"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(TEXT)
    assert names(list(read_articles([f"{tmp_path}/a*.txt"]))) == ["a1.txt", "a2.txt"]
    assert names(list(read_articles([f"{tmp_path}/**/*.txt"]))) == ["a1.txt", "a2.txt", "c.txt"]
    assert names(list(read_articles([f"{tmp_path}/[b]"]))) == ["c.txt", "d.md"]


def test_a_file_whose_name_looks_like_a_glob_is_that_file(tmp_path: Path) -> None:
    (tmp_path / "a[1].txt").write_text(TEXT)
    assert names(list(read_articles([str(tmp_path / "a[1].txt")]))) == ["a[1].txt"]


def test_a_missing_path_is_rejected_with_a_suggestion(tmp_path: Path) -> None:
    (tmp_path / "articles.jsonl").write_text('{"text": "x"}')
    (found,) = read_articles([str(tmp_path / "artcles.jsonl")])
    assert isinstance(found, Rejected)
    assert found.reason == "missing"
    assert "Did you mean 'articles.jsonl'?" in found.detail
    assert rejected([f"{tmp_path}/*.csv"]) == [(f"{tmp_path}/*.csv", "missing")]
    assert rejected([f"{tmp_path}/no/x.txt"]) == [(f"{tmp_path}/no/x.txt", "missing")]


def test_an_empty_folder_is_rejected(tmp_path: Path) -> None:
    (tmp_path / ".hidden.txt").write_text(TEXT)
    assert rejected([str(tmp_path)]) == [(str(tmp_path), "empty_folder")]


def test_a_file_without_read_permission_is_rejected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Root can read every file, so the error is raised here instead of using chmod.
    def refuse(path: str, mode: str) -> io.BytesIO:
        raise PermissionError(13, "Permission denied", path)

    (tmp_path / "a.txt").write_text(TEXT)
    monkeypatch.setattr(inputs, "open", refuse, raising=False)
    (found,) = read_articles([str(tmp_path / "a.txt")])
    assert isinstance(found, Rejected)
    assert (found.reason, "Permission denied" in found.detail) == ("unreadable", True)


def test_a_file_name_that_is_not_unicode_can_be_printed(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"caf\xe9.txt")).write_text(TEXT)
    (tmp_path / os.fsdecode(b"caf\xea.txt")).write_bytes(b"")
    assert names(list(read_articles([str(tmp_path)]))) == ["caf\ufffd.txt", "caf\ufffd.txt"]


def test_folders_nested_too_deeply_are_rejected(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["d"] * 120)
    deep.mkdir(parents=True)
    (deep / "a.txt").write_text(TEXT)
    (tmp_path / "z.txt").write_text(TEXT)
    found = list(read_articles([str(tmp_path)]))
    assert [getattr(one, "reason", "") for one in found] == ["too_deep", ""]


def test_devices_are_not_opened() -> None:
    assert rejected(["/dev/zero"]) == [("/dev/zero", "not_a_file")]


@pytest.mark.parametrize(
    ("data", "texts"),
    [
        (TEXT.encode(), [TEXT]),
        (b'{"text": "One."}\n{"text": "Two."}\n', ["One.", "Two."]),
        (b'[{"text": "One."}, {"text": "Two."}]', ["One.", "Two."]),
        (b"outlet,text\nMill Courier,One.\n", ["One."]),
        (b"Text, as it was, and more text.\n", ["Text, as it was, and more text.\n"]),
        (b"{curly} beginnings are prose\n", ["{curly} beginnings are prose\n"]),
        ("\ufeffBlanks".encode("utf-16-le"), ["Blanks"]),
    ],
)
def test_the_kind_of_standard_input_is_detected_by_content(data: bytes, texts: list[str]) -> None:
    found = list(read_articles(["-"], stdin=io.BytesIO(data)))
    assert [one.text for one in found if isinstance(one, Article)] == texts
    assert len(found) == len(texts)
    assert all(one.path.startswith("-") for one in found)


def test_standard_input_may_be_a_page() -> None:
    words = "The ferry sails. " * 9
    page = f"<!-- saved --><!DOCTYPE html><html><body><article><p>{words}</p></article></body></html>"
    (found,) = read_articles(["-"], stdin=io.BytesIO(page.encode()))
    assert isinstance(found, Article)
    assert (found.markup, found.text) == ("page", words.strip())


def test_standard_input_is_read_beyond_its_head() -> None:
    rows = b"".join(b'{"text": "Row %d of the mill register."}\n' % i for i in range(5000))
    found = list(read_articles(["-"], stdin=io.BytesIO(rows)))
    assert [found[0].path, found[-1].path] == ["-:1", "-:5000"]
    assert isinstance(found[-1], Article)
    assert found[-1].text == "Row 4999 of the mill register."


def test_the_kind_of_a_file_with_unknown_extension_is_detected_by_content(tmp_path: Path) -> None:
    (tmp_path / "a.dump").write_text('{"text": "One."}\n')
    (tmp_path / "b").write_text(TEXT)
    assert [one.text for one in read_articles([str(tmp_path)]) if isinstance(one, Article)] == ["One.", TEXT]


def test_outlet_is_set_for_every_article(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("---\noutlet: Mill Courier\n---\n\nWords.")
    (tmp_path / "b.jsonl").write_text('{"text": "One.", "outlet": "Mill Courier"}')
    found = list(read_articles([str(tmp_path)], outlet="Ellis Post"))
    assert [one.outlet for one in found if isinstance(one, Article)] == ["Ellis Post", "Ellis Post"]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["a.txt", "a.jsonl", "a.csv"])
def test_articles_over_the_character_limit_are_rejected(tmp_path: Path, name: str) -> None:
    """Found by fuzzing: finding the quotations in 10 MB of quotation marks took over ten seconds."""
    words = '[{"text":' * 230_000
    rows = {"a.txt": words, "a.jsonl": json.dumps({"text": words}) + '\n{"text": "Two."}'}
    data = rows.get(name, f'text\n"{words.replace(chr(34), chr(34) * 2)}"\nTwo.\n')
    (tmp_path / name).write_text(data)
    found = list(read_articles([str(tmp_path / name)]))
    assert [getattr(one, "reason", "") for one in found] == ["too_large", ""][: 1 if name == "a.txt" else 2]


def test_articles_over_the_line_limit_are_rejected(tmp_path: Path) -> None:
    """Found by fuzzing: 400,000 paragraphs of one word took over ten seconds."""
    (tmp_path / "a.txt").write_text("Ada\n\n" * 60_000)
    (found,) = read_articles([str(tmp_path / "a.txt")])
    assert (getattr(found, "reason", ""), "lines" in getattr(found, "detail", "")) == ("too_large", True)


def test_documents_and_lines_over_the_limit_are_rejected_and_the_next_lines_are_read(tmp_path: Path) -> None:
    long = b"x" * 5000
    (tmp_path / "a.txt").write_bytes(long)
    (tmp_path / "b.jsonl").write_bytes(b'{"text":"One."}\n{"text":"%b"}\n{"text":"Two."}\n' % long)
    (tmp_path / "c.csv").write_bytes(b"title,text\nA,One.\nB,%b\nC,Two.\n" % long)
    (tmp_path / "d.json").write_bytes(b'[{"text":"One."},{"text":"%b"}]' % (long * 40))
    found = list(read_articles([str(tmp_path)], limits=Limits(document=2000, line=4000)))
    base = str(tmp_path)
    assert [(one.path.removeprefix(base + "/"), getattr(one, "reason", "")) for one in found] == [
        ("a.txt", "too_large"),
        ("b.jsonl:1", ""), ("b.jsonl:2", "line_too_long"), ("b.jsonl:3", ""),
        ("c.csv:2", ""), ("c.csv:3", "line_too_long"), ("c.csv:4", ""),
        ("d.json#1", ""), ("d.json", "line_too_long"),
    ]  # fmt: skip


@pytest.mark.slow
def test_a_line_of_100_megabytes_is_never_held_in_memory(tmp_path: Path) -> None:
    import tracemalloc

    with open(tmp_path / "a.jsonl", "wb") as file:
        file.write(b'{"text": "')
        for _ in range(100):
            file.write(b"x" * 1_000_000)
        file.write(b'"}\n{"text": "Two."}\n')
    tracemalloc.start()
    found = list(read_articles([str(tmp_path)], limits=Limits(line=2_000_000)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [getattr(one, "reason", "") for one in found] == ["line_too_long", ""]
    assert peak < 10_000_000
