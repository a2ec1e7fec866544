"""Web archives, feeds and sitemaps as files: which pages become articles, and how the rest is reported."""

from __future__ import annotations

import gzip
import io
import logging
import time
from pathlib import Path

import pytest

from containers import INDEX, RSS, SAID, SITEMAP, item, page, record, warc
from slant.errors import Rejected
from slant.ingest import documents
from slant.ingest.decoding import Limits
from slant.ingest.inputs import read_articles
from slant.records import Article


def read(folder: Path, name: str, data: bytes | str, **options: object) -> list[Article | Rejected]:
    (folder / name).write_bytes(data if isinstance(data, bytes) else data.encode())
    return list(read_articles([str(folder / name)], **options))  # type: ignore[arg-type]


def reasons(found: list[Article | Rejected]) -> list[str]:
    return [one.reason if isinstance(one, Rejected) else "" for one in found]


# ---- WARC


@pytest.mark.parametrize("packed", [False, True])
def test_pages_of_a_web_archive_are_articles_and_the_rest_is_counted(
    tmp_path: Path, packed: bool, caplog: pytest.LogCaptureFixture
) -> None:
    zipped = record(
        gzip.compress(page().encode()), headers="Content-Type: text/html\r\nContent-Encoding: gzip"
    )
    chunked = record(b"%x\r\n%b\r\n0\r\n\r\n" % (len(page()), page().encode()),
                     headers="Content-Type: text/html\r\nTransfer-Encoding: chunked")  # fmt: skip
    stated = page(head="<link rel='canonical' href='https://mill.example/a'>"
                       "<meta property='article:published_time' content='2020-01-02T03:04:05Z'>")  # fmt: skip
    records = [
        record(b"", kind="warcinfo"), record(b"", kind="request"), zipped, record(b"x", headers="Content-Type: image/png"),
        record(page().encode(), status="404 Not Found"), chunked, record(stated.encode(), number=2), record(b"y", kind=""),
    ]  # fmt: skip
    with caplog.at_level(logging.WARNING, "slant"):
        found = read(tmp_path, "crawl.warc.gz" if packed else "crawl.warc", warc(records, packed=packed))
    assert reasons(found) == ["", "", ""]
    articles = [one for one in found if isinstance(one, Article)]
    assert [one.path.rpartition("#")[2] for one in articles] == ["3", "6", "7"]
    assert [one.url for one in articles] == ["http://mill.example/1"] * 2 + ["https://mill.example/a"]
    assert [one.published for one in articles] == ["2021-03-09T10:00:00Z"] * 2 + ["2020-01-02"]
    assert all(SAID.strip() in one.text for one in articles)
    assert [[note.reason for note in one.notes] for one in articles] == [[], [], ["not_pages"]]
    assert "response of status 404 (1)" in articles[-1].notes[0].detail
    message = caplog.messages[-1]
    assert "3 pages; skipped records that are not pages: " in message
    assert all(
        f"1 {what}" in message for what in ("warcinfo", "request", "image/png", "response of status 404")
    )


def test_the_note_at_the_end_outlasts_many_rejected_pages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "_HELD", 2)
    records = [record(page().encode()), *[record(b"<html></html>")] * 5, record(b"x", status="404 Not Found")]
    found = read(tmp_path, "a.warc", b"".join(records))
    assert sorted(reasons(found)) == ["", *["no_article_text"] * 5]
    (article,) = (one for one in found if isinstance(one, Article))
    assert [note.reason for note in article.notes] == ["not_pages"]


def test_the_charset_stated_by_the_server_is_used(tmp_path: Path) -> None:
    russian = page("Паром").encode("windows-1251")
    (article,) = read(
        tmp_path, "a.warc", record(russian, headers="Content-Type: text/html; charset=windows-1251")
    )
    assert isinstance(article, Article)
    assert "Паром" in article.text


def test_invalid_records_are_rejected_with_their_number(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = record(page().encode())
    damaged = bytearray(gzip.compress(page().encode()))
    damaged[-20] ^= 0xFF
    torn = record(bytes(damaged), headers="Content-Type: text/html\r\nContent-Encoding: gzip")
    brotli = record(b"x", headers="Content-Type: text/html\r\nContent-Encoding: snappy")
    bare = record(b"<html></html>")
    found = read(tmp_path, "a.warc", good + torn + brotli + bare + good + good[:-400])
    assert reasons(found) == ["", "torn", "unsupported", "no_article_text", "", "torn"]
    assert [one.path.rpartition("#")[2] for one in found] == ["1", "2", "3", "4", "5", "6"]
    assert reasons(read(tmp_path, "b.warc", good + b"XARC/1.0\r\n\r\n" + good))[1:] == ["bad_warc"]
    assert capsys.readouterr().err == "", "warnings of warcio must not reach standard error"


def test_a_record_shorter_than_its_page_is_rejected(tmp_path: Path) -> None:
    good = record(page().encode())
    size = good.index(b"Content-Length: ") + 16
    short = good[:size] + b"300" + good[good.index(b"\r\n", size) :]
    found = read(tmp_path, "a.warc", short + good)
    assert "bad_warc" in reasons(found)


def test_archives_without_pages_and_pages_over_the_limit_are_rejected(tmp_path: Path) -> None:
    assert reasons(read(tmp_path, "a.warc", record(b"", kind="request"))) == ["no_pages"]
    big = record(gzip.compress(b" " * 5_000_000), headers="Content-Type: text/html\r\nContent-Encoding: gzip")
    found = read(tmp_path, "b.warc", big + record(page().encode()), limits=Limits(document=100_000))
    assert reasons(found) == ["too_large", ""]


@pytest.mark.parametrize(
    "tail", [b"WARC/1.0\r\nWARC-Type: ", b"WARC/1.0\r\n", b"WARC/1.0", b"WARC/1.0\r\n: \r\n\r\n"]
)
def test_truncated_record_headers_do_not_crash(tmp_path: Path, tail: bytes) -> None:
    found = read(tmp_path, "a.warc", record(page().encode()) + tail)
    assert reasons(found)[0] == ""


@pytest.mark.slow
def test_a_million_blank_lines_between_records_are_skipped(tmp_path: Path) -> None:
    start = time.process_time()
    good = record(page().encode())
    assert reasons(read(tmp_path, "a.warc", good + b"\n" * 1_000_000 + good)) == ["", ""]
    assert time.process_time() - start < 2


# ---- feeds

LONG = "The council met on Friday and voted on the money for the ferry. " * 9


def test_entries_with_text_are_articles_and_links_alone_are_rejected(tmp_path: Path) -> None:
    rest = (
        "<dc:creator>Ada Lind</dc:creator><pubDate>Tue, 09 Mar 2021 10:00:00 +0000</pubDate>"
        "<category>roads</category><category>money</category>"
    )
    feed = RSS.format(
        item("Caf&eacute; &amp; <![CDATA[Q&A]]>", link="http://mill.example/1", rest=rest,
             content=f"<p>{SAID}</p><h2>Why</h2><p>No&nbsp;money &lt; 5.</p><ul><li>One</li></ul>")
        + item("Summary", link="http://mill.example/2", summary=LONG)
        + item("Teaser", link="http://mill.example/3", summary="Read &more; here")
        + item("Nothing")
    )  # fmt: skip
    found = read(tmp_path, "feed.rss", feed)
    assert reasons(found) == ["", "", "link_only", "empty"]
    first, second, third, _ = found
    assert isinstance(first, Article)
    assert (first.title, first.outlet, first.author) == ("Café & Q&A", "Mill Courier", "Ada Lind")
    assert (first.published, first.url) == ("2021-03-09T10:00:00+00:00", "http://mill.example/1")
    assert first.sections == ("roads", "money")
    assert first.text == f"Café & Q&A\n\n{SAID.strip()}\n\nWhy\n\nNo money < 5.\n\n- One"
    assert first.path.endswith("feed.rss#1")
    assert isinstance(second, Article)
    assert second.text.endswith(LONG.strip())
    assert isinstance(third, Rejected)
    assert "--urls" in third.detail
    assert "http://mill.example/3" in third.detail


@pytest.mark.parametrize(
    "content",
    [
        f"<content type='html'>&lt;p&gt;{SAID}&lt;/p&gt;&lt;p&gt;Two.&lt;/p&gt;</content>",
        f"<content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'><p>{SAID}</p><p>Two.</p></div></content>",
        f"<content type='xhtml'><x:div xmlns:x='http://www.w3.org/1999/xhtml'><x:p>{SAID}</x:p><x:p>Two.</x:p></x:div></content>",
        f"<content>{SAID}\n\nTwo.</content>",
    ],
)
def test_atom_content_is_read_by_its_type(tmp_path: Path, content: str) -> None:
    feed = (
        '<feed xmlns="http://www.w3.org/2005/Atom"><title>Mill Courier</title><entry><title>Ferry</title>'
        "<link rel='self' href='http://mill.example/no'/><link href='http://mill.example/1'/><updated>2021-03-09T10:00:00Z</updated>"
        f"<author><name>Ada Lind</name><uri>x</uri></author>{content}</entry></feed>"
    )
    (found,) = read(tmp_path, "a.xml", feed)
    assert isinstance(found, Article)
    assert found.text.split() == f"Ferry {SAID} Two.".split()
    assert found.text.endswith("\n\nTwo.") or "\n\nTwo." in found.text
    assert (found.author, found.url, found.published) == (
        "Ada Lind",
        "http://mill.example/1",
        "2021-03-09T10:00:00+00:00",
    )


@pytest.mark.parametrize("name", ["a:", "a:1", "a:-b", "Content-Type:"])
def test_invalid_element_names_do_not_crash(tmp_path: Path, name: str) -> None:
    inside = f"<content:encoded>{SAID}<{name}>more</{name}></content:encoded>"
    feed = RSS.format(f"<item><title>Ferry</title>{inside}</item>")
    (found,) = read(tmp_path, "a.rss", feed)
    assert isinstance(found, Article)
    assert "more" in found.text


def test_truncated_and_empty_feeds_are_rejected(tmp_path: Path) -> None:
    feed = RSS.format(item("One", content=f"<p>{SAID}</p>") + item("Two", content=f"<p>{SAID}</p>"))
    assert reasons(read(tmp_path, "a.rss", feed[:-30])) == ["", "", "torn"]
    assert reasons(read(tmp_path, "b.rss", RSS.format(""))) == ["empty"]
    assert reasons(read(tmp_path, "c.rss", "<rss>" + "<a>" * 1000)) == ["bad_feed"]


def test_entities_declared_in_a_feed_are_not_resolved(tmp_path: Path) -> None:
    lol = "".join(f'<!ENTITY l{i + 1} "{f"&l{i};" * 10}">' for i in range(12))
    bomb = f'<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY l0 "lol"><!ENTITY f SYSTEM "file:///etc/hostname">{lol}]>'
    body = (
        "<rss><channel><item><title>&l12;</title><description>&f;"
        + "&l12;" * 200
        + "</description></item></channel></rss>"
    )
    start = time.perf_counter()
    (found,) = read(tmp_path, "a.rss", bomb + body)
    assert isinstance(found, Article)
    assert found.text == "&l12;\n\n&f;" + "&l12;" * 200, "declared entities stay as text"
    loc = "<urlset><url><loc>http://mill.example/&l12;&f;</loc></url></urlset>"
    (refused,) = read(tmp_path, "b.xml", bomb + loc)
    assert isinstance(refused, Rejected)
    assert time.perf_counter() - start < 2


@pytest.mark.parametrize(
    "date", ["Tue, 09 Mar 99999999999999999999 10:00:00 +0000", "99999999999999999999", "0000-00-00"]
)
def test_impossible_dates_are_kept_as_text(tmp_path: Path, date: str) -> None:
    feed = RSS.format(item("One", content=f"<p>{SAID}</p>", rest=f"<pubDate>{date}</pubDate>"))
    (found,) = read(tmp_path, "a.rss", feed)
    assert isinstance(found, Article)
    assert found.published == date


def test_standard_input_may_be_a_feed_or_a_csv_with_carriage_returns() -> None:
    feed = RSS.format(item("One", content=f"<p>{SAID}</p>"))
    (found,) = read_articles(["-"], stdin=io.BytesIO(feed.encode()))
    assert isinstance(found, Article)
    # Found by fuzzing: a carriage return in the first line made the csv module raise.
    (text,) = read_articles(["-"], stdin=io.BytesIO(b"title,text\rMill,Words."))
    assert isinstance(text, Article)


# ---- sitemaps


def test_a_sitemap_without_urls_is_rejected_once_with_its_number(tmp_path: Path) -> None:
    entry = "<url><loc>http://mill.example/{}</loc><image:image xmlns:image='i'><image:loc>http://x/</image:loc></image:image></url>"
    full = SITEMAP.format("".join(entry.format(i) for i in range(1200)))
    for name, data in {"a.xml": full.encode(), "b.xml.gz": gzip.compress(full.encode())}.items():
        (found,) = read(tmp_path, name, data)
        assert isinstance(found, Rejected)
        assert (found.reason, "1,200 addresses" in found.detail, "--urls" in found.detail) == (
            "addresses_only",
            True,
            True,
        )
    (index,) = read(
        tmp_path, "c.xml", INDEX.format("<sitemap><loc>http://mill.example/s.xml</loc></sitemap>")
    )
    assert isinstance(index, Rejected)
    assert index.reason == "addresses_only"
    assert reasons(read(tmp_path, "d.xml", full[:-20])) == ["bad_sitemap"]


# ---- oversized pages


def page_of(body: str) -> bytes:
    return f"<!doctype html><html><body><article><p>{SAID * 5}</p></article>{body}</body></html>".encode()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("body", "reason"),
    [("<p>x</p>" * 60_000, "too_large"), ("word " * 500_000, "too_large"), ("<b>" * 100_000, "too_deep")],
)
def test_pages_that_would_take_minutes_are_rejected(tmp_path: Path, body: str, reason: str) -> None:
    start = time.perf_counter()
    assert reasons(read(tmp_path, "a.html", page_of(body))) == [reason]
    assert time.perf_counter() - start < 20


@pytest.mark.slow
def test_three_thousand_comments_are_read_in_seconds(tmp_path: Path) -> None:
    one = "<li class='comment' id='comment-{}'><cite class='fn'>Ada</cite><p>I saw it sail.</p></li>"
    start = time.perf_counter()
    (found,) = read(tmp_path, "a.html", page_of("<div>" + "".join(map(one.format, range(3000))) + "</div>"))
    assert isinstance(found, Article)
    assert sum(part.role == "comment" for part in found.parts) == 3000
    assert time.perf_counter() - start < 20, (
        "5,000 once took 96 seconds, since each comment searched the whole page"
    )


# ---- comments in feeds

WXR = """<?xml version="1.0"?><rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:wp="http://wordpress.org/export/1.2/"><channel><title>Mill Courier</title>
<wp:wxr_version>1.2</wp:wxr_version>{}</channel></rss>"""


def post(title: str, body: str, comments: str = "", status: str = "publish", kind: str = "post") -> str:
    return (
        f"<item><title>{title}</title><link>http://mill.example/{title}</link><content:encoded><![CDATA[{body}]]>"
        f"</content:encoded><wp:post_type>{kind}</wp:post_type><wp:status>{status}</wp:status>{comments}</item>"
    )


def comment(number: int, author: str, text: str, parent: int = 0, approved: str = "1") -> str:
    return (
        f"<wp:comment><wp:comment_id>{number}</wp:comment_id><wp:comment_author><![CDATA[{author}]]></wp:comment_author>"
        f"<wp:comment_date_gmt>2021-03-09 10:00:00</wp:comment_date_gmt><wp:comment_content><![CDATA[{text}]]>"
        f"</wp:comment_content><wp:comment_approved>{approved}</wp:comment_approved><wp:comment_type>comment</wp:comment_type>"
        f"<wp:comment_parent>{parent}</wp:comment_parent><wp:commentmeta><wp:meta_key>a</wp:meta_key></wp:commentmeta>"
        "</wp:comment>"
    )


def test_a_wordpress_export_is_read_with_comments_and_without_drafts(tmp_path: Path) -> None:
    said = comment(7, "Kim", "Line one.\n\nLine <em>two</em>.") + comment(8, "Lee", "No!", 7)
    feed = WXR.format(
        post(
            "one", f"{SAID}\n\nThe <b>council</b> met.\n\nNo more.", said + comment(9, "x", "Buy!", 0, "spam")
        )
        + post("two", SAID, status="draft")
        + post("three", SAID, status="inherit", kind="attachment")
    )
    found = read(tmp_path, "a.xml", feed)
    assert reasons(found) == ["", "not_published", "not_an_article"]
    assert isinstance(found[0], Article)
    text, parts = found[0].text, found[0].parts
    assert [(part.role, text[part.start : part.end], part.author, part.parent) for part in parts] == [
        ("title", "one", None, None),
        ("body", f"{SAID.strip()}\n\nThe council met.\n\nNo more.", None, None),
        ("comment", "Line one.\n\nLine two.", "Kim", None),
        ("comment", "No!", "Lee", 2),
    ]
    assert parts[2].published == "2021-03-09T10:00:00"
    assert [note.reason for note in found[0].notes] == ["deleted_comments"]


@pytest.mark.parametrize("title", ["Comments on: Ferry returns", "Kommentare zu: Ferry returns"])
def test_a_comments_feed_is_read_as_a_thread(tmp_path: Path, title: str) -> None:
    def entry(number: int, author: str, content: str, address: str = "http://mill.example/1") -> str:
        rest = f"<dc:creator>{author}</dc:creator><pubDate>Tue, 09 Mar 2021 10:00:00 +0000</pubDate>"
        return item(f"By: {author}", link=f"{address}#comment-{number}", rest=rest, content=content)

    feed = RSS.format(
        entry(3, "Cy", "<p>In reply to <a href='http://mill.example/1#comment-1'>Kim</a>.</p><p>Never!</p>")
        + entry(2, "Bo", "In reply to <a href='#'>Cy</a>. <p>Ever.</p>")
        + entry(1, "Kim", "<p>It shook.</p>")
        + entry(9, "Di", "<p>Elsewhere.</p>", "http://mill.example/2")
    ).replace("Mill Courier", title)
    found = read(tmp_path, "a.rss", feed)
    assert [one.url for one in found if isinstance(one, Article)] == [
        "http://mill.example/1",
        "http://mill.example/2",
    ]
    assert isinstance(found[0], Article)
    text, parts = found[0].text, found[0].parts
    assert [(text[part.start : part.end], part.author, part.parent, part.role) for part in parts] == [
        ("Never!", "Cy", 2, "comment"), ("Ever.", "Bo", 0, "comment"), ("It shook.", "Kim", None, "comment"),
    ]  # fmt: skip
    assert found[0].outlet is None
