"""Inputs that once failed, kept in a folder of their own (SLANT_CASES) since their texts are not ours to publish.

Each is judged by its structure alone: numbers of articles and comments, kinds, authors, dates, outlets, reasons.
"""

from __future__ import annotations

import csv
import json
import os
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from slant.cli import main

CASES = Path(os.environ.get("SLANT_CASES", ""))
pytestmark = [
    pytest.mark.cases,
    pytest.mark.skipif(
        "SLANT_CASES" not in os.environ, reason="SLANT_CASES does not name the folder of cases"
    ),
]
Row = dict[str, Any]


def case(number: str) -> Path:
    (folder,) = CASES.glob(f"{number}-*")
    return folder


def lines(path: Path) -> list[Row]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.exists() else []


def slant(*arguments: object) -> int:
    with pytest.raises(SystemExit) as exit_:
        main([str(argument) for argument in arguments])
    assert isinstance(exit_.value.code, int)
    return exit_.value.code


class Read:
    """What `slant split --all` makes of files: units, notes, rejected documents."""

    def __init__(self, folder: Path, *paths: Path, more: tuple[str, ...] = ("--all",)) -> None:
        out = folder / "units.jsonl"
        self.code = slant("split", *paths, "-o", out, "--overwrite", "--quiet", *more)
        self.units = lines(out)
        self.notes = Counter(row["reason"] for row in lines(folder / "units.jsonl.notes.jsonl"))
        self.rejected = {row["path"]: row["reason"] for row in lines(folder / "units.jsonl.rejected.jsonl")}

    @property
    def articles(self) -> list[list[Row]]:
        found: dict[str, list[Row]] = {}
        for unit in self.units:
            found.setdefault(unit["article_id"], []).append(unit)
        return list(found.values())

    def stated(self, *columns: str) -> list[tuple[Any, ...]]:
        """The columns of each article; of `published` the day alone."""
        firsts = (units[0] for units in self.articles)
        return [
            tuple((one[name] or "")[:10] or None if name == "published" else one[name] for name in columns)
            for one in firsts
        ]

    def kinds(self, article: int = 0) -> list[str]:
        return [unit["kind"] for unit in self.articles[article]]

    @property
    def comments(self) -> list[Row]:
        return [unit for unit in self.units if unit["kind"] == "comment"]

    @property
    def parents(self) -> list[int | None]:
        """For each comment the place of the comment that it answers among the comments of the file."""
        ids = [unit["unit_id"] for unit in self.comments]
        return [ids.index(unit["parent_id"]) if unit["parent_id"] else None for unit in self.comments]

    @property
    def commenters(self) -> list[str | None]:
        return [unit["author"] for unit in self.comments]


def voices(unit: Row) -> set[str]:
    return {stretch["voice"] for stretch in unit["voices"]}


def content(units: list[Row]) -> list[Row]:
    return [unit for unit in units if unit["kind"] not in ("metadata", "media", "boilerplate")]


THREE = [
    ("Petra Quill", "The Marlow Chronicle", "2023-03-14"),
    ("Jasper Noll", "Daily Harrier", "2023-03-15"),
    ("Petra Quill", "The Marlow Chronicle", "2023-03-16"),
]


@pytest.mark.parametrize("name", ["factiva_table.htm", "europresse.html", "factiva_div.htm"])
def test_01_html_exports_hold_several_articles(tmp_path: Path, name: str) -> None:
    read = Read(tmp_path, case("01") / name)
    assert read.stated("author", "outlet", "published") == THREE
    assert len({units[0]["title"] for units in read.articles}) == 3
    assert all(read.kinds(n) == ["title", *["paragraph"] * 3] for n in range(3))


@pytest.mark.parametrize("name", ["lexis.txt", "proquest.txt"])
def test_02_text_exports_hold_several_articles(tmp_path: Path, name: str) -> None:
    read = Read(tmp_path, case("02") / name)
    found = [
        (author, outlet.partition(" (")[0], day)
        for author, outlet, day in read.stated("author", "outlet", "published")
    ]
    assert found == THREE
    assert all("metadata" not in read.kinds(n) and "heading" not in read.kinds(n) for n in range(3))


@pytest.mark.parametrize("name", ["yt_suite", "nyt_comments", "yt_api", "guardian_disc2"])
def test_03_comments_with_other_keys_are_read(tmp_path: Path, name: str) -> None:
    read = Read(tmp_path, case("03") / f"{name}.json")
    assert (read.commenters, read.parents) == (["bo", "cy"], [None, 0])


@pytest.mark.parametrize(
    ("name", "parents", "notes"),
    [
        ("parent0", [None, None, 0, None], 0), ("parent_deleted", [None] * 4, 1), ("parent_float", [None, 0], 0),
        ("reddit_parents", [None, 0, 1], 0), ("yt_cid", [None, 0], 0),
    ],
)  # fmt: skip
def test_04_parents_of_comments(tmp_path: Path, name: str, parents: list[int | None], notes: int) -> None:
    read = Read(tmp_path, case("04") / f"{name}.json")
    assert (read.parents, read.notes["unknown_parent"]) == (parents, notes)


def test_05_html_in_cells(tmp_path: Path) -> None:
    for name in ("html_body.json", "html_body.csv"):
        read = Read(tmp_path, case("05") / name)
        assert read.kinds() == [
            "title",
            "paragraph",
            "paragraph",
            "heading",
            "list_item",
            "list_item",
            "paragraph",
        ]
        assert not any("<" in unit["text"] or "&" in unit["text"].replace(" & ", "") for unit in read.units)
    read = Read(tmp_path, case("05") / "disqus.json")
    assert (read.commenters, read.parents) == (["Bo", "Cy"], [None, 0])
    assert not any("<" in unit["text"] or "&#" in unit["text"] for unit in read.units)


def test_06_entities_hide_no_quotation_marks(tmp_path: Path) -> None:
    read = Read(tmp_path, case("06") / "v.jsonl")
    rows = {units[0]["title"]: units for units in read.articles}
    for name in ("entity quot", "entity ldquo", "entity #8220", "mojibake"):
        assert "quoted" in voices(rows[name][1]), name
        assert "&" not in rows[name][1]["text"]
    assert read.notes["encoding"] >= 2


def test_08_torn_words(tmp_path: Path) -> None:
    read = Read(tmp_path, case("08") / "hyph.txt")
    text = " ".join(unit["text"] for unit in read.units)
    assert {word for word in text.split() if "-" in word} == {"well-known", "price-fixing", "Tesk-controlled"}
    document = (case("08") / "hyph.txt").read_text("utf-8")
    for unit in read.units:
        for at, start, length in unit["pieces"]:
            assert unit["text"][at : at + length] == document[start : start + length]


def test_09_transcripts_and_interviews_are_quoted(tmp_path: Path) -> None:
    for name, least in (("transcript.txt", 6), ("interview.txt", 4), ("interview_bold.md", 3)):
        units = Read(tmp_path, case("09") / name).units
        assert not any(unit["kind"] in ("heading", "comment") for unit in units), name
        assert sum("quoted" in voices(unit) for unit in units if unit["kind"] == "paragraph") >= least, name


def test_10_interviews_and_live_blogs_have_no_comments(tmp_path: Path) -> None:
    for name, paragraphs in (("interview_names.txt", 7), ("liveblog.txt", 4)):
        read = Read(tmp_path, case("10") / name)
        assert (len(read.comments), read.kinds().count("paragraph")) == (0, paragraphs), name


@pytest.mark.parametrize(
    ("name", "authors"),
    [
        ("yt_paste", ["@grumpybo", "@cyndi-lou", "@harrier_fan"]), ("reddit_paste", ["grumpybo", "cyndi-lou"]),
        ("fb_paste", ["Bo Grump", "Cyndi Lou", "The Marlow Chronicle"]),
    ],
)  # fmt: skip
def test_11_pasted_comments(tmp_path: Path, name: str, authors: list[str]) -> None:
    read = Read(tmp_path, case("11") / f"{name}.txt")
    assert read.commenters == authors
    assert len(content(read.units)) == 5 + len(authors)


def test_13_a_python_list_is_a_list(tmp_path: Path) -> None:
    read = Read(tmp_path, case("13") / "repr_list.csv")
    assert [read.kinds(n).count("comment") for n in range(3)] == [2, 0, 1]


def test_15_own_outputs_are_no_articles(tmp_path: Path) -> None:
    folder = tmp_path / "f"
    folder.mkdir()
    shutil.copy(case("15") / "a.txt", folder)
    assert slant("split", folder, "-o", folder / "units.jsonl", "--quiet") == 0
    read = Read(tmp_path, folder, more=())
    assert (len(read.articles), len(read.units)) == (1, 3)
    assert list(read.rejected.values()) == ["own_output"]


def test_16_the_files_of_a_saved_page_are_left_out(tmp_path: Path) -> None:
    read = Read(tmp_path, case("16") / "saved")
    assert {Path(unit["source"]).name for unit in read.units} == {"Baths to close.html"}
    reasons = {Path(path).name: reason for path, reason in read.rejected.items()}
    assert reasons.pop("Baths to close_files") == "page_files"
    assert reasons == {
        "LICENSE": "not_text",
        "Thumbs.db": "not_text",
        "cite.ris": "citation",
        "link.url": "not_text",
    }


def test_17_saved_pages_and_mails_are_read(tmp_path: Path) -> None:
    for name, paragraphs in (("saved.mhtml", 4), ("letter.eml", 2)):
        read = Read(tmp_path, case("17") / name)
        assert len(read.articles) == 1
        assert read.kinds().count("paragraph") >= paragraphs
        assert not any(
            "=E2" in unit["text"] or "MIME" in unit["text"] or "<" in unit["text"] for unit in read.units
        )
        assert read.stated("published") == [("2023-03-14",)]


def test_18_wordpress_exports_and_comment_feeds(tmp_path: Path) -> None:
    read = Read(tmp_path, case("18") / "wxr.xml")
    assert (len(read.articles), read.kinds().count("paragraph")) == (1, 2)
    assert (read.commenters, read.parents) == (["bo", "cy"], [None, 0])
    assert list(read.rejected.values()) == ["not_published"]
    read = Read(tmp_path, case("18") / "comments_feed.xml")
    assert {unit["kind"] for unit in read.units} == {"comment"}
    assert (read.commenters, read.parents) == (["bo", "cy"], [None, 0])
    assert {unit["outlet"] for unit in read.units} == {None}


def test_19_the_address_is_no_outlet(tmp_path: Path) -> None:
    read = Read(tmp_path, case("19") / "traf_real.jsonl", case("19") / "trafilatura.json")
    assert [outlet for (outlet,) in read.stated("outlet")] == ["The Marlow Chronicle"] * 3 + [
        "Marlow Chronicle"
    ]
    assert all(url.startswith("https://") for (url,) in read.stated("url"))


@pytest.mark.parametrize(
    "name", ["declared_utf8_is_cp1252", "utf8_one_bad_byte_no_meta", "utf8_one_bad_byte_meta_latin1"]
)
def test_21_encodings_of_pages(tmp_path: Path, name: str) -> None:
    read = Read(tmp_path, case("21") / f"{name}.html")
    text = " ".join(unit["text"] for unit in read.units)
    assert "\ufffd" not in text
    assert "â€" not in text
    assert "é" in text
    assert "quoted" in voices(read.units[2])
    assert read.notes == {"encoding": 1}


def test_23_comments_of_disqus_and_coral(tmp_path: Path) -> None:
    for name in ("disqus.html", "coral.html"):
        read = Read(tmp_path, case("23") / name)
        assert (read.commenters, read.parents) == (["bo", "cy"], [None, 0])
        assert next(unit["author"] for unit in read.units if unit["kind"] == "title") is None


def test_24_consent_pages_and_stubs(tmp_path: Path) -> None:
    assert list(Read(tmp_path, case("24") / "cookie.html").rejected.values()) == ["consent_page"]
    read = Read(tmp_path, case("24") / "paywall.html")
    assert read.kinds() == ["title", "paragraph", *["boilerplate"] * 3]
    assert read.notes == {"stub": 1}


def test_25_other_languages_are_flagged(tmp_path: Path) -> None:
    read = Read(tmp_path, case("25") / "de.jsonl")
    assert Counter(flag for unit in read.units for flag in unit["flags"]) == {
        "language:de": 4,
        "language:ja": 2,
    }


def test_26_dates(tmp_path: Path) -> None:
    read = Read(tmp_path, case("26") / "epoch.json")
    assert read.stated("published") == [("2023-03-14",)] * 3
    read = Read(tmp_path, case("26") / "arts_dates.jsonl")
    days = [day for (day,) in read.stated("published")]
    assert all(day.startswith("2023-") for day in days[20:])  # seconds
    unread = [
        day for day in days if "/" in day
    ]  # the column mixes both orders: only what one order explains is read
    assert len(unread) == read.notes["dates"] == 6


@pytest.mark.parametrize(
    ("name", "articles", "outlet", "day", "comments"),
    [
        ("fundus", 1, None, "2023-03-14", 0), ("guardian", 2, "g.example", "2023-03-14", 0),
        ("reddit_thread", 1, "w.example", "2023-03-14", 2), ("eventregistry", 1, "Marlow Chronicle", "2023-03-14", 0),
        ("nyt", 1, "n.example", "2023-03-14", 0), ("listtext", 1, None, None, 0),
        ("webhose", 1, "marlow.example", "2023-03-14", 0),
    ],
)  # fmt: skip
def test_27_answers_of_apis(
    tmp_path: Path, name: str, articles: int, outlet: str | None, day: str | None, comments: int
) -> None:
    read = Read(tmp_path, case("27") / f"{name}.json")
    assert (len(read.articles), len(read.comments), read.rejected) == (articles, comments, {})
    assert read.stated("outlet", "published")[0] == (outlet, day)


def test_28_a_dump_of_comments_is_no_articles(tmp_path: Path) -> None:
    dump = case("28") / "reddit_comments.jsonl"
    assert list(Read(tmp_path, dump).rejected.values()) == ["looks_like_comments"]
    read = Read(tmp_path, dump, more=("--comments",))
    assert {unit["kind"] for unit in read.units} == {"comment"}
    assert (read.commenters, read.parents) == (["bo", "cy"], [None, 0])


def test_29_two_columns_are_not_woven(tmp_path: Path) -> None:
    assert list(Read(tmp_path, case("29") / "twocol.txt").rejected.values()) == ["two_columns"]


def test_32_lines_that_end_sentences_are_paragraphs(tmp_path: Path) -> None:
    for name, paragraphs in (("brief_nl", 5), ("brief_nlnl", 5), ("newsplease", 2)):
        assert Read(tmp_path, case("32") / f"{name}.json").kinds().count("paragraph") == paragraphs, name


def test_34_furniture_of_copied_pages(tmp_path: Path) -> None:
    read = Read(tmp_path, case("34") / "mail.txt")
    assert read.stated("author", "published") == [("Petra Quill", "2023-03-14")]
    assert Counter(unit["kind"] for unit in content(read.units)) == {
        "title": 1,
        "list_item": 3,
        "paragraph": 4,
    }
    read = Read(tmp_path, case("34") / "wire.txt")
    assert read.stated("author") == [("Petra Quill",)]
    assert Counter(unit["kind"] for unit in content(read.units)) == {
        "title": 1,
        "list_item": 3,
        "paragraph": 3,
    }


# ---- with the model


def scored(folder: Path, targets: Path, *paths: Path) -> list[Row]:
    out = folder / "scores.jsonl"
    assert slant("score", *paths, "--targets", targets, "-o", out, "--model", "small", "--quiet") == 0
    return lines(out)


def named(row: Row) -> set[str]:
    return {stance["target"] for stance in row["stance"] if stance["mentions"]}


@pytest.mark.slow
def test_07_unseen_characters_hide_no_target(tmp_path: Path) -> None:
    rows = scored(
        tmp_path, case("07") / "targets.toml", case("07") / "mentions.jsonl", case("07") / "shy.html"
    )
    for name in ("soft hyphen", "zero width space", "zwnj", "bidi inside", "word joiner"):
        assert any("tern_league" in named(row) for row in rows if row["title"] == name), name
    assert any("tern_league" in named(row) for row in rows if row["source"].endswith("shy.html"))


@pytest.mark.slow
def test_08_torn_names_are_found(tmp_path: Path) -> None:
    rows = scored(tmp_path, case("08") / "targets.toml", case("08") / "hyph.txt")
    body = next(row for row in rows if row["kind"] == "paragraph")
    assert {stance["target"]: len(stance["mentions"]) for stance in body["stance"]} == {
        "tern_league": 2,
        "council": 1,
    }


@pytest.mark.slow
def test_25_other_languages_get_no_labels(tmp_path: Path) -> None:
    rows = scored(tmp_path, case("25") / "targets.toml", case("25") / "de.jsonl")
    assert not any(row["stance"] or row["loaded"] or row["frames"] for row in rows)


@pytest.mark.slow
def test_30_targets_with_a_byte_order_mark(tmp_path: Path) -> None:
    (row,) = scored(tmp_path, case("30") / "bom.toml", case("30") / "one.jsonl")
    assert named(row) == {"mayor", "campaigners"}


@pytest.mark.slow
def test_26_the_comparison_says_which_dates_were_not_understood(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scored(tmp_path, case("26") / "targets.toml", case("26") / "arts_dates.jsonl")
    assert slant("compare", tmp_path / "scores.jsonl", "-o", tmp_path / "c", "--min-articles", "2") == 0
    assert "6 articles have dates that were not understood" in capsys.readouterr().err
    assert "6 articles have dates that were not understood" in (tmp_path / "c/index.html").read_text("utf-8")


@pytest.mark.slow
def test_35_no_spreadsheet_calculates_a_cell_of_the_sample(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scored(tmp_path, case("35") / "targets.toml", case("35") / "arts.jsonl")
    assert slant("sample", tmp_path / "scores.jsonl", "-o", tmp_path / "gold.csv", "-n", "30") == 0
    with (tmp_path / "gold.csv").open(encoding="utf-8-sig", newline="") as file:
        assert not any(cell.startswith(("=", "+", "-", "@")) for row in csv.reader(file) for cell in row)
    given = case("35") / "g_name.csv"
    assert slant("compare", tmp_path / "scores.jsonl", "--gold", given, "-o", tmp_path / "c") == 0
    assert "2 labeled rows were left out" in capsys.readouterr().err
