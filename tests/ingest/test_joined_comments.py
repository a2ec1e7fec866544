"""Files of comments are joined to the articles of the same run; what finds no article stays, and is named."""

from __future__ import annotations

import csv
import gzip
import io
import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from slant.cli import main
from slant.errors import Rejected
from slant.ingest import joined_comments
from slant.ingest.article_rows import parse_column_map
from slant.ingest.decoding import Limits
from slant.ingest.inputs import read_articles
from slant.ingest.joined_comments import Joined, join_comments
from slant.records import Article, Unit
from slant.segment.units import split

BODY = "The harbour board voted on Monday to widen the quay, although half of its members were away at sea."
MORE = (
    "The chairman said that nobody who loved ships could be against it, and he then left for the fish market."
)
QUAY, MILL = "https://gull.example/2023/quay", "https://gull.example/2023/mill"


def row(number: int, url: str | None = None, **more: Any) -> dict[str, Any]:
    return {"id": number, "title": f"Story {number}", "text": f"{BODY} Number {number}.", "url": url, **more}


def said(number: int, **more: Any) -> dict[str, Any]:
    return {"comment_id": number, "text": f"Comment {number}.", "author": f"Reader {number}", **more}


def write(path: Path, rows: Iterable[Mapping[str, Any]]) -> str:
    path.write_text("".join(json.dumps(each) + "\n" for each in rows), "utf-8")
    return str(path)


class Run:
    """What a join gives: articles with `(text, author, text of the parent, source)` per comment."""

    def __init__(
        self,
        articles: list[str],
        dumps: list[str],
        *,
        limits: Limits | None = None,
        maps: tuple[str, ...] = (),
    ):
        self.joined = Joined()
        threads = read_articles(dumps, columns=parse_column_map(maps, comments=True))
        more = {"limits": limits} if limits else {}
        found = list(join_comments(read_articles(articles), threads, self.joined, **more))
        self.articles = [each for each in found if isinstance(each, Article)]
        self.rejected = [each for each in found if isinstance(each, Rejected)]

    def comments(self) -> list[list[str]]:
        return [[unit.text for unit in split(article) if unit.kind == "comment"] for article in self.articles]

    def notes(self) -> list[str]:
        return [note.reason for article in self.articles for note in article.notes]


def units_by_text(article: Article) -> dict[str, Unit]:
    return {unit.text: unit for unit in split(article)}


def test_comments_are_joined_by_address_whatever_its_form(tmp_path: Path) -> None:
    articles = write(
        tmp_path / "a.jsonl", [row(1, QUAY), row(2, MILL), row(3, "https://gull.example/2023/pier")]
    )
    dump = write(
        tmp_path / "c.jsonl",
        [
            said(11, article_url="http://www.gull.example/2023/mill/?utm_source=x#c11"),
            said(12, article_url="https://m.gull.example/2023/quay/amp"),
            said(13, article_url="https://www.gull.example/2023/mill/", parent_id=11),
            said(14, article_url="https://gull.example/2023/unknown"),
        ],
    )
    run = Run([articles], [dump])
    assert run.comments() == [["Comment 12."], ["Comment 11.", "Comment 13."], [], ["Comment 14."]]
    mill = units_by_text(run.articles[1])
    answer = mill["Comment 13."]
    assert answer.parent_id == mill["Comment 11."].unit_id
    assert (answer.author, answer.source, answer.title) == ("Reader 13", f"{dump}:3", "Story 2")
    assert mill["Comment 11."].parent_id is None
    assert {unit.source for unit in mill.values() if unit.kind != "comment"} == {f"{articles}:2"}
    assert all(mill[words].article_id == answer.article_id for words in mill)
    assert run.notes() == ["no_article"]
    assert str(run.joined) == (
        "3 comments joined to 2 articles (3 by address); 1 comment with no article, kept as 1 thread of its own; "
        "1 article with no joined comments"
    )


@pytest.mark.parametrize("key", ["article_id", "post_id", "thread_id", "articleID", "link_id", "story_id"])
@pytest.mark.parametrize("stated", [7, "7", 7.0, "7.0"])
def test_comments_are_joined_by_the_articles_own_id(tmp_path: Path, key: str, stated: Any) -> None:
    articles = write(tmp_path / "a.jsonl", [row(6), row(7)])
    run = Run([articles], [write(tmp_path / "c.jsonl", [said(1, **{key: stated}), said(2, **{key: 8})])])
    assert run.comments() == [[], ["Comment 1."], ["Comment 2."]]
    assert run.joined.by == {"id": 1}


def test_other_columns_of_ids_count_too(tmp_path: Path) -> None:
    rows = [{**row(n), "articleID": f"a{n}"} for n in (1, 2)]
    run = Run([write(tmp_path / "a.jsonl", rows)], [write(tmp_path / "c.jsonl", [said(1, articleID="a2")])])
    assert run.comments() == [[], ["Comment 1."]]


def test_text_files_are_found_by_their_address_or_their_name(tmp_path: Path) -> None:
    folder = tmp_path / "articles"
    folder.mkdir()
    front = f"---\ntitle: Quay opens\nurl: {QUAY}\n---\n\n"
    (folder / "b.md").write_text(f"{front}{BODY}\n\n{MORE}\n\n## Comments\n\nAda: Old *news*.\n", "utf-8")
    (folder / "4711.txt").write_text(f"Mill closes\n\n{BODY}\n\n{MORE}\n", "utf-8")
    dump = write(
        tmp_path / "c.jsonl", [said(1, article_id=4711), {**said(2, url=QUAY), "text": "# A *joke*?"}]
    )
    run = Run([str(folder)], [dump])
    assert run.comments() == [["Comment 1."], ["Old news.", "# A *joke*?"]]
    assert run.joined.by == {"file name": 1, "address": 1}
    alone = list(read_articles([str(folder)]))
    for before, after in zip(alone, run.articles, strict=True):
        assert isinstance(before, Article)
        assert after.text.startswith(before.text)
        kept = [(unit.kind, unit.text, unit.start, unit.end, unit.voices) for unit in split(before)]
        joined = [(unit.kind, unit.text, unit.start, unit.end, unit.voices) for unit in split(after)]
        assert joined[:-1] == kept  # the article is split as it is without the comments
        assert after.text[split(after)[-1].start : split(after)[-1].end] == split(after)[-1].text


@pytest.mark.parametrize(
    ("name", "key", "joined"),
    [("7.txt", 7, True), ("7.txt.gz", 7, True), ("a.zip", 7, True), ("7.5 million eggs.txt", 7, False)],
)
def test_the_name_of_a_file_is_all_of_it_but_its_ending(
    tmp_path: Path, name: str, key: int, joined: bool
) -> None:
    path = tmp_path / name
    if name.endswith(".zip"):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("7.txt", BODY)
    else:
        path.write_bytes(gzip.compress(BODY.encode()) if name.endswith(".gz") else BODY.encode())
    run = Run([str(path)], [write(tmp_path / "c.jsonl", [said(1, article_id=key)])])
    assert run.joined.by == ({"file name": 1} if joined else {})


def test_a_page_keeps_its_comments_and_those_that_it_has_are_not_read_twice(tmp_path: Path) -> None:
    page = (
        f'<html><head><title>Quay</title><link rel="canonical" href="{QUAY}"></head><body><article><h1>Quay</h1>'
        f"<p>{BODY}</p><p>{MORE}</p></article><ol class='commentlist'><li class='comment' id='comment-1'>"
        "<cite class='fn'>Reader 1</cite><div class='comment-content'><p>Comment 1.</p></div></li></ol></body></html>"
    )
    (tmp_path / "quay.html").write_text(page, "utf-8")
    dump = write(tmp_path / "c.jsonl", [said(1, url=QUAY), said(2, url=QUAY, parent_id=1)])
    run = Run([str(tmp_path / "quay.html")], [dump])
    assert run.comments() == [["Comment 1.", "Comment 2."]]
    units = units_by_text(run.articles[0])
    assert units["Comment 2."].parent_id == units["Comment 1."].unit_id
    assert (run.joined.comments, run.joined.twice) == (1, 1)


def test_comments_of_nobody_with_equal_words_are_as_many_as_were_written(tmp_path: Path) -> None:
    articles = write(tmp_path / "a.jsonl", [row(1, QUAY, comments=["Agree."])])
    dump = write(tmp_path / "c.jsonl", [{"comment_id": n, "text": "Agree.", "url": QUAY} for n in range(3)])
    run = Run([articles], [dump])
    assert run.comments() == [["Agree."] * 3]
    assert (run.joined.comments, run.joined.twice) == (2, 1)
    assert str(run.joined).startswith("2 comments joined to 1 article (2 by address); 1 comment that")


def test_an_address_of_two_articles_joins_nothing_and_is_named(tmp_path: Path) -> None:
    articles = write(
        tmp_path / "a.jsonl", [row(1, QUAY), row(2, QUAY + "?utm_source=x"), row(3, MILL), row(3, MILL)]
    )
    dump = write(tmp_path / "c.jsonl", [said(1, url=QUAY), said(2, url=MILL)])
    run = Run([articles], [dump])
    assert run.comments() == [
        [],
        [],
        ["Comment 2."],
        ["Comment 2."],
        ["Comment 1."],
    ]  # the fourth is a duplicate
    (note,) = run.articles[-1].notes
    assert note.reason == "several_articles"
    assert f"{articles}:1, {articles}:2" in note.detail
    assert run.articles[2].article_id == run.articles[3].article_id
    assert (run.joined.comments, run.joined.left, run.joined.without) == (1, 1, 2)


def test_an_id_of_two_articles_is_named_though_the_comment_has_an_address(tmp_path: Path) -> None:
    articles = write(tmp_path / "a.jsonl", [row(7), row(7, text=f"{MORE} Again.")])
    run = Run([articles], [write(tmp_path / "c.jsonl", [said(1, article_id=7, article_url=QUAY)])])
    (note,) = run.articles[-1].notes
    assert note.detail.startswith("2 articles have the id '7' (")


def test_the_id_tells_articles_with_one_address_apart(tmp_path: Path) -> None:
    articles = write(tmp_path / "a.jsonl", [row(1, QUAY), row(2, QUAY)])
    run = Run([articles], [write(tmp_path / "c.jsonl", [said(1, article_id=2, article_url=QUAY)])])
    assert run.comments() == [[], ["Comment 1."]]


def test_an_equal_id_on_another_site_joins_nothing(tmp_path: Path) -> None:
    articles = write(tmp_path / "a.jsonl", [row(7, QUAY)])
    alone = Run(
        [articles],
        [write(tmp_path / "d.jsonl", [said(1, post=7, link="https://other.example/x/#comment-1")])],
    )
    assert alone.comments() == [[], ["Comment 1."]]
    assert "another address" in alone.articles[1].notes[0].detail
    on_platform = Run(
        [articles], [write(tmp_path / "e.jsonl", [said(2, article_id=7, post_url="https://facebook.com/9")])]
    )
    assert on_platform.comments() == [["Comment 2."]]


def test_threads_of_several_platforms_keep_their_own_parents(tmp_path: Path) -> None:
    articles = write(tmp_path / "a.jsonl", [row(1, QUAY)])
    one = write(
        tmp_path / "c.jsonl", [said(1, url=QUAY), {**said(2, url=QUAY, parent_id=1), "text": "To one."}]
    )
    other = [{**said(1, url=QUAY), "text": "Other."}, {**said(2, url=QUAY, parent_id=1), "text": "To other."}]
    units = units_by_text(Run([articles], [one, write(tmp_path / "d.jsonl", other)]).articles[0])
    assert units["To one."].parent_id == units["Comment 1."].unit_id
    assert units["To other."].parent_id == units["Other."].unit_id


def test_a_post_above_comments_is_named_and_never_a_comment(tmp_path: Path) -> None:
    post = {"id": "p1", "title": "Quay opens", "url": QUAY, "selftext": "What do you think of it?",
            "comments": [{"id": "c1", "body": "A folly.", "author": "Ada"}]}  # fmt: skip
    run = Run([write(tmp_path / "a.jsonl", [row(1, QUAY)])], [write(tmp_path / "c.jsonl", [post])])
    assert run.comments() == [["A folly."]]
    assert run.notes() == ["thread_post"]


def test_a_table_of_comments_with_own_names_is_mapped(tmp_path: Path) -> None:
    file = io.StringIO()
    table = csv.writer(file)
    table.writerows([["Nr", "Wording", "Story", "Above"], ["1", "Yes.", "7", ""], ["2", "No.", "7", "1"]])
    (tmp_path / "c.csv").write_text(file.getvalue(), "utf-8")
    maps = ("text=Wording,thread=Story", "parent=Above", "id=Nr")
    run = Run([write(tmp_path / "a.jsonl", [row(7)])], [str(tmp_path / "c.csv")], maps=maps)
    units = units_by_text(run.articles[0])
    assert units["No."].parent_id == units["Yes."].unit_id


def test_what_has_no_room_is_a_thread_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joined_comments, "MOST", 2)
    dumps = [
        write(tmp_path / f"{n}.jsonl", [said(10 * n, url=QUAY), said(10 * n + 1, url=QUAY)]) for n in (1, 2)
    ]
    run = Run([write(tmp_path / "a.jsonl", [row(1, QUAY)])], dumps)
    assert run.comments() == [["Comment 10.", "Comment 11."], ["Comment 20.", "Comment 21."]]
    assert run.notes() == ["thread_split"]
    assert (run.joined.comments, run.joined.left) == (2, 2)


def test_memory_holds_one_article_and_its_comments(tmp_path: Path) -> None:
    import tracemalloc

    def dump(number: int) -> Iterator[dict[str, Any]]:
        for n in range(number):
            yield {**said(n, article_id=n % 50), "text": f"{n} " + "word " * 200}

    peaks = []
    for number in (500, 3000):
        articles = write(tmp_path / "a.jsonl", [row(n) for n in range(50)])
        file = write(tmp_path / "c.jsonl", dump(number))
        threads = read_articles([file], columns=parse_column_map((), comments=True))
        tracemalloc.start()
        joined = Joined()
        for _ in join_comments(read_articles([articles]), threads, joined):
            pass
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert joined.comments == number
    assert peaks[1] < peaks[0] + 1_500_000  # the file grew by 2.5 MB, the comments of one article by 50 kB


# ---- the command


def run_split(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, list[dict[str, Any]], str]:
    with pytest.raises(SystemExit) as end:
        main(["split", *arguments])
    shown = capsys.readouterr()
    return int(end.value.code or 0), [json.loads(line) for line in shown.out.splitlines()], shown.err


def test_the_command_joins_and_says_what_it_did(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # the list of rejected documents is written there
    articles = write(tmp_path / "a.jsonl", [row(1, QUAY), row(2), row(2)])
    dump = write(tmp_path / "c.jsonl", [{"Wording": "Yes.", "url": QUAY}, {"Wording": "No.", "url": MILL}])
    code, rows, told = run_split(capsys, articles, "--join-comments", dump, "--map", "comments.text=Wording")
    assert [each["text"] for each in rows if each["kind"] == "comment"] == ["Yes.", "No."]
    assert (
        "1 comment joined to 1 article (1 by address); 1 comment with no article, kept as 1 thread of its own"
        in told
    )
    assert "no_article 1" in told
    assert code == 3  # the duplicate row is rejected


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--join-comments", "{}/none.jsonl"), "there is no such file"),
        (("--join-comments", "{}/c.jsonl", "--comments"), "Remove it, or --join-comments"),
        (("--map", "comments.text=Wording"), "Add --join-comments"),
        (("-", "--join-comments", "-"), "standard input can be read once"),
        (
            ("--join-comments", "{}/c.jsonl", "--map", "comments.subject=x"),
            "a comment has no field 'subject'",
        ),
    ],
)
def test_a_wrong_use_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, ...], told: str
) -> None:
    articles = write(tmp_path / "a.jsonl", [row(1, QUAY)])
    write(tmp_path / "c.jsonl", [said(1, url=QUAY)])
    code, rows, error = run_split(capsys, articles, *(each.format(tmp_path) for each in options))
    assert (code, rows) == (2, [])
    assert told in error
