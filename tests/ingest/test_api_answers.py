"""Answers of APIs: the list of articles is found by its shape, and the fields of an article also one level deeper."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from slant.errors import Rejected
from slant.ingest.article_rows import DEFAULT_COLUMNS, Columns, article_from_row, parse_column_map
from slant.ingest.inputs import read_articles
from slant.records import Article
from slant.segment.units import split

TEXT = "The weir broke on Monday.\n\nRain had fallen for a week."


def read(
    tmp_path: Path, value: Any, name: str = "answer.json", columns: Columns = DEFAULT_COLUMNS
) -> list[Any]:
    path = tmp_path / name
    path.write_text(value if isinstance(value, str) else json.dumps(value), "utf-8")
    return list(read_articles([str(path)], columns=columns))


GUARDIAN = {"response": {"status": "ok", "total": 1, "results": [{
    "id": "world/weir", "type": "article", "sectionName": "World", "webPublicationDate": "2024-02-05T08:00:00Z",
    "webTitle": "Weir breaks", "webUrl": "https://www.theguardian.com/world/weir",
    "fields": {"headline": "Weir breaks", "trailText": "A week of rain", "byline": "Ada Lind",
               "bodyText": "The weir broke on Monday. Rain had fallen for a week.",
               "body": "<p>The weir broke on Monday.</p><p>Rain had fallen for a week.</p>"},
    "tags": []}]}}  # fmt: skip
NYT = {"status": "OK", "response": {"docs": [{
    "abstract": "A weir broke.", "web_url": "https://www.nytimes.com/weir", "snippet": "A weir broke.",
    "lead_paragraph": "The weir broke on Monday.", "multimedia": [{"type": "image", "caption": "Water"}],
    "headline": {"main": "Weir breaks", "kicker": None}, "pub_date": "2024-02-05T08:00:00+0000",
    "byline": {"original": "By Ada Lind", "person": []}, "keywords": [{"name": "subject", "value": "Rain"}]}],
    "meta": {"hits": 1}}}  # fmt: skip
NEWSAPI = {"status": "ok", "totalResults": 1, "articles": [{
    "source": {"id": None, "name": "Mill Courier"}, "author": "Ada Lind", "title": "Weir breaks",
    "description": "A week of rain.", "url": "https://mill.example/weir", "urlToImage": None,
    "publishedAt": "2024-02-05T08:00:00Z", "content": "The weir broke on Monday. Rain had… [+2210 chars]"}]}  # fmt: skip
MEDIA_CLOUD = [{"id": "77ab", "media_name": "mill.example", "media_url": "mill.example", "publish_date": "2024-02-05",
                "url": "https://mill.example/weir", "title": "Weir breaks", "language": "en", "text": TEXT}]  # fmt: skip
WEBHOSE = {"posts": [{"thread": {"uuid": "1", "site": "mill.example", "title": "Weir breaks", "social": {"x": {"likes": 0}}},
                      "title": "Weir breaks", "text": TEXT, "author": "Ada Lind", "url": "https://mill.example/weir",
                      "published": "2024-02-05T08:00:00.000+02:00", "entities": {"persons": []}}],
           "totalResults": 1, "next": "/filter"}  # fmt: skip
MEDIASTACK = {"pagination": {"limit": 25, "total": 1}, "data": [{
    "author": "Ada Lind", "title": "Weir breaks", "description": "The weir broke on Monday.", "image": None,
    "url": "https://mill.example/weir", "source": "Mill Courier", "category": "general",
    "published_at": "2024-02-05T08:00:00+00:00"}]}  # fmt: skip
FUNDUS = [{"title": "Weir breaks", "authors": ["Ada Lind"], "topics": ["Rain"],
           "publishing_date": "2024-02-05 08:00:00+00:00",
           "body": {"summary": [], "sections": [{"headline": [], "paragraphs": TEXT.split("\n\n")}]}}]  # fmt: skip
EVENT_REGISTRY = {"articles": {"page": 1, "results": [{
    "uri": "1", "title": "Weir breaks", "body": TEXT, "dateTime": "2024-02-05T08:00:00Z", "url": "https://mill.example/weir",
    "source": {"uri": "mill.example", "title": "Mill Courier"}, "authors": [{"name": "Ada Lind"}]}]}}  # fmt: skip
ELASTIC = {"took": 2, "hits": {"total": {"value": 1}, "hits": [{"_id": "1", "_source": {
    "title": "Weir breaks", "content": TEXT, "author": "Ada Lind", "published": "2024-02-05"}}]}}  # fmt: skip
WORDPRESS = [{"id": 7, "date": "2024-02-05T08:00:00", "link": "https://mill.example/weir",
              "title": {"rendered": "Weir&nbsp;breaks"},
              "content": {"rendered": "<p>The weir broke on Monday.</p>\n<p>Rain had fallen for a week.</p>\n"},
              "author": 3}]  # fmt: skip
JSON_FEED = {"version": "https://jsonfeed.org/version/1", "title": "Mill Courier", "description": "News", "items": [
    {"id": "1", "title": "Weir breaks", "content_text": TEXT, "date_published": "2024-02-05T08:00:00Z"}]}  # fmt: skip
BY_ID = {"a1": {"title": "Weir breaks", "text": TEXT}, "a2": {"title": "Weir mended", "text": TEXT}}
BY_COLUMN = {"title": {"0": "Weir breaks", "1": "Weir mended"}, "text": {"0": TEXT, "1": TEXT}}
SPLIT_TABLE = {"columns": ["title", "text"], "index": [0], "data": [["Weir breaks", TEXT]]}


@pytest.mark.parametrize(
    ("answer", "outlet", "author", "published"),
    [
        (GUARDIAN, "The Guardian", "Ada Lind", "2024-02-05T08:00:00+00:00"),
        (MEDIA_CLOUD, "mill.example", None, "2024-02-05"),
        (WEBHOSE, "mill.example", "Ada Lind", "2024-02-05T08:00:00+02:00"),
        (FUNDUS, None, "Ada Lind", "2024-02-05T08:00:00+00:00"),
        (EVENT_REGISTRY, "Mill Courier", "Ada Lind", "2024-02-05T08:00:00+00:00"),
        (ELASTIC, None, "Ada Lind", "2024-02-05"),
        (WORDPRESS, "mill.example", None, "2024-02-05T08:00:00"),
        (JSON_FEED, None, None, "2024-02-05T08:00:00+00:00"),
        (BY_ID, None, None, None),
        (BY_COLUMN, None, None, None),
        (SPLIT_TABLE, None, None, None),
    ],
)
@pytest.mark.parametrize("name", ["answer.json", "answer.jsonl"])
def test_full_texts_are_read(
    tmp_path: Path, name: str, answer: Any, outlet: str | None, author: str | None, published: str | None
) -> None:
    article = read(tmp_path, answer, name)[0]
    body = next(article.text[part.start : part.end] for part in article.parts if part.role == "body")
    assert (article.title, body) == ("Weir breaks", TEXT)
    assert (article.outlet, article.author, article.published) == (outlet, author, published)
    assert article.notes == ()


@pytest.mark.parametrize(
    ("answer", "outlet", "text"),
    [
        (NYT, "The New York Times", "The weir broke on Monday."),
        (NEWSAPI, "Mill Courier", "The weir broke on Monday. Rain had…"),
        (MEDIASTACK, "Mill Courier", "The weir broke on Monday."),
    ],
)
def test_the_beginning_of_a_text_is_read_with_a_note(
    tmp_path: Path, answer: Any, outlet: str, text: str
) -> None:
    (article,) = read(tmp_path, answer)
    assert (article.title, article.outlet, article.author) == ("Weir breaks", outlet, "Ada Lind")
    assert article.text.endswith(text)
    assert article.published == "2024-02-05T08:00:00+00:00"
    assert [note.reason for note in article.notes] == ["stub"]


def test_an_answer_without_text_is_rejected_with_its_list_and_keys(tmp_path: Path) -> None:
    gdelt = {"articles": [{"url": f"https://mill.example/{i}", "title": "Weir", "seendate": "20240205T080000Z",
                           "domain": "mill.example", "language": "English"} for i in range(3)]}  # fmt: skip
    found = read(tmp_path, gdelt)
    assert [rejected.reason for rejected in found] == ["no_text"] * 3
    assert "the entries of articles have no text" in found[0].detail
    assert "Found: url, title, seendate, domain, language." in found[0].detail
    assert "--urls" in found[0].detail


def test_several_pages_of_answers_are_read(tmp_path: Path) -> None:
    pages = [GUARDIAN, {"response": {"results": []}}, WEBHOSE, EVENT_REGISTRY]
    for name, text in (
        ("a.jsonl", "\n".join(map(json.dumps, pages))),
        ("b.json", json.dumps(pages, indent=1)),
    ):
        assert [article.title for article in read(tmp_path, text, name)] == ["Weir breaks"] * 3


def test_the_longest_list_with_a_text_holds_the_rows(tmp_path: Path) -> None:
    answer = {
        "facets": [{"name": n} for n in "abcdef"],
        "x": {"y": [{"body": TEXT}, {"body": "Rust."}], "z": [{"body": "No."}]},
    }
    assert [article.text for article in read(tmp_path, answer)] == [TEXT, "Rust."]


def test_comments_of_a_row_without_text_are_no_articles(tmp_path: Path) -> None:
    row = {
        "title": "Weir breaks",
        "url": "https://mill.example/weir",
        "comments": [{"text": "Shame."}, {"text": "Rust."}],
    }
    (found,) = read(tmp_path, [row])
    assert isinstance(found, Rejected)
    assert found.reason == "looks_like_comments"


def test_map_reaches_into_objects(tmp_path: Path) -> None:
    columns = parse_column_map(["text=fields.bodyText title=fields.headline"])
    (article,) = read(tmp_path, GUARDIAN, columns=columns)
    assert article.text.endswith("The weir broke on Monday. Rain had fallen for a week.")
    deep = [{"a": {"b": {"c": TEXT}}, "text": "not this"}]
    (article,) = read(tmp_path, deep, columns=parse_column_map(["text=a.b.c"]))
    assert article.text == TEXT
    (found,) = read(tmp_path, deep, columns=parse_column_map(["text=a.b.d"]))
    assert isinstance(found, Rejected)
    assert "Found: a, text, a.b, a.b.c." in found.detail


def test_flattened_columns_are_known() -> None:
    row = {"headline.main": "Weir breaks", "fields.bodyText": TEXT, "source.name": "Mill Courier", "source.url": "x",
           "byline.original": "By Ada Lind", "image.title": "Water"}  # fmt: skip
    article = article_from_row(row, "a:1")
    assert (article.title, article.outlet, article.author) == ("Weir breaks", "Mill Courier", "Ada Lind")
    assert article.text == f"Weir breaks\n\n{TEXT}"


def test_objects_that_are_no_part_of_the_article_are_not_read() -> None:
    row = {
        "text": TEXT,
        "image": {"title": "Water", "url": "https://mill.example/w.jpg"},
        "related": {"text": "Other."},
    }
    article = article_from_row(row, "a:1")
    assert (article.text, article.title, article.url) == (TEXT, None, None)


def test_both_halves_of_a_reddit_thread_are_one_article(tmp_path: Path) -> None:
    post = {
        "kind": "t3",
        "data": {"title": "Weir breaks", "selftext": TEXT, "author": "ada", "created_utc": 1707120000.0},
    }
    comment = {"kind": "t1", "data": {"body": "Shame.", "author": "bo", "parent_id": "t3_x", "replies": ""}}
    thread = [{"kind": "Listing", "data": {"children": [each]}} for each in (post, comment)]
    (article,) = read(tmp_path, thread)
    assert isinstance(article, Article)
    assert (article.title, article.author, article.published) == (
        "Weir breaks",
        "ada",
        "2024-02-05T08:00:00+00:00",
    )


def test_deep_answers_do_not_crash(tmp_path: Path) -> None:
    (found,) = read(tmp_path, '{"a":' * 400 + "[]" + "}" * 400)
    assert isinstance(found, Rejected)


@pytest.mark.parametrize("name", ["bodyHtml", "articleText", "fullContent", "mainText"])
def test_names_of_columns_in_camel_case_are_known(tmp_path: Path, name: str) -> None:
    (article,) = read(tmp_path, [{"headline": "Weir breaks", name: TEXT}])
    assert isinstance(article, Article)
    assert "Rain had fallen" in article.text


def test_a_row_with_comments_and_no_text_says_how_to_read_them(tmp_path: Path) -> None:
    comments = [{"id": 1, "author": "bo", "text": "Who pays for it?"}]
    (rejected,) = read(tmp_path, [{"title": "Weir breaks", "text": "", "comments": comments}])
    assert (rejected.reason, "--comments" in rejected.detail) == ("empty", True)
    (rejected,) = read(tmp_path, [{"title": "Weir breaks", "text": ""}])
    assert (rejected.reason, "--comments" in rejected.detail) == ("empty", False)


@pytest.mark.parametrize(
    ("abstract", "kept"),
    [
        ("A spring flood broke it.", True),
        ("The weir broke on Monday.", False),
    ],  # the text begins with the second
)
def test_an_abstract_beside_the_first_paragraph_is_a_subtitle(abstract: str, kept: bool) -> None:
    row = {
        "abstract": abstract,
        "lead_paragraph": "The weir broke on Monday. It was old.",
        "headline": {"main": "Weir"},
    }
    units = [(unit.kind, unit.text) for unit in split(article_from_row(row, "a"))]
    said = [("title", "Weir"), ("subtitle", abstract), ("paragraph", row["lead_paragraph"])]
    assert units == (said if kept else [said[0], said[2]])
