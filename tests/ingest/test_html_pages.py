"""HTML pages: article, metadata and comments, without repetition."""

from __future__ import annotations

import subprocess
import sys

import pytest

from slant.errors import Rejected
from slant.ingest.html_pages import read_page
from slant.records import Article

ARTICLE = """
<article><h1>Harbour bridge closes</h1>
<p>The old harbour bridge closed on Monday after engineers found cracks in two of its supports.</p>
<h2>What now</h2>
<p>Repairs take a year. “We had <b>no choice</b>,” said the   harbour master.</p>
<ul><li>Cars use the <i>tunnel</i></li><li><p>Walkers use the ferry</p></li></ul>
<blockquote><p>It was a fine bridge.</p></blockquote>
<p>The council meets on Friday to vote on money for the work, and 🌊 on a toll.</p></article>
"""
BODY = """The old harbour bridge closed on Monday after engineers found cracks in two of its supports.

What now

Repairs take a year. “We had no choice,” said the harbour master.

- Cars use the tunnel
- Walkers use the ferry

> It was a fine bridge.

The council meets on Friday to vote on money for the work, and 🌊 on a toll."""
HEAD = """<title>Harbour bridge closes | Port Gazette</title>
<meta property="og:site_name" content="Port Gazette"><meta name="author" content="Ada Lind">
<link rel="canonical" href="https://gazette.example/a/1">
<meta property="article:published_time" content="2021-05-04T10:00:00Z">
<meta name="keywords" content="bridge, port">"""


def page(comments: str = "", head: str = HEAD, article: str = ARTICLE) -> bytes:
    nav, foot = "<nav><a href='/'>Home</a></nav>", "<footer>All rights reserved</footer>"
    return (
        f"<!doctype html><html><head>{head}</head><body>{nav}{article}{comments}{foot}</body></html>".encode()
    )


def comments_of(article: Article) -> list[tuple[str, str | None, str | None]]:
    """`(text, author, text of its parent)` of each comment."""

    def words(index: int | None) -> str | None:
        return None if index is None else article.text[article.parts[index].start : article.parts[index].end]

    return [
        (words(i) or "", p.author, words(p.parent))
        for i, p in enumerate(article.parts)
        if p.role == "comment"
    ]


def test_article_and_metadata() -> None:
    article = read_page(page(), "a.html")
    assert article.text == f"Harbour bridge closes\n\n{BODY}"
    assert [part.role for part in article.parts] == ["title", "body"]
    assert (article.title, article.outlet, article.author) == (
        "Harbour bridge closes",
        "Port Gazette",
        "Ada Lind",
    )
    assert (article.published, article.url) == ("2021-05-04", "https://gazette.example/a/1")
    assert (article.sections, article.markup) == (("bridge", "port"), "page")


def test_unstated_metadata_is_none() -> None:
    article = read_page(page(head=""), "a.html", outlet="Port Gazette")
    assert (article.outlet, article.author, article.published, article.url) == (
        "Port Gazette",
        None,
        None,
        None,
    )


WORDPRESS = """<div id="comments" class="comments-area"><h2 class="comments-title">3 thoughts</h2>
<ol class="comment-list">
<li class="comment even depth-1" id="comment-1"><article id="div-comment-1" class="comment-body">
<footer class="comment-meta"><div class="comment-author vcard">
<b class="fn">Kim</b> <span class="says">says:</span></div>
<div class="comment-metadata"><a href="#"><time>May 4</time></a></div></footer>
<div class="comment-content"><p>About time.</p><p>It shook.</p></div><div class="reply">
<a href="#">Reply</a></div></article>
<ol class="children"><li class="comment depth-2" id="comment-2">
<article id="div-comment-2" class="comment-body">
<b class="fn">Lee</b><div class="comment-content"><p>It never did!</p></div></article></li></ol></li>
<li class="comment" id="comment-3"><cite>Ann</cite> wrote: <p>I like ferries.</p></li></ol>
<div id="respond"><form><textarea></textarea><button>Leave a reply</button></form></div></div>"""

DRUPAL = """<section id="comments"><h2>Comments</h2>
<article class="comment" id="c1"><p class="comment__author">Kim</p><p class="comment__time">May 4</p>
<div class="comment__content">About time.<br><br>It shook.</div><ul class="links"><li><a href="#">Reply</a>
</li></ul></article>
<div class="indented"><article class="comment"><p class="comment__author">Lee</p>
<div class="comment__content">It never did!</div></article></div>
<article class="comment"><div class="comment__author">by Ann</div>
<div class="comment__content">I like ferries.</div></article>
</section>"""

SCHEMA = """<div class="talk">
<div itemprop="comment" itemscope itemtype="https://schema.org/Comment">
<span itemprop="author" itemscope><span itemprop="name">Kim</span></span><div itemprop="text">
<p>About time.</p><p>It shook.</p></div>
<div itemprop="comment" itemscope itemtype="https://schema.org/Comment"><meta itemprop="author" content="Lee">
<div itemprop="text">It never did!</div></div></div>
<div itemprop="comment" itemscope itemtype="http://schema.org/Comment"><i itemprop="author">Ann</i>
<div itemprop="text">I like ferries.</div></div></div>"""

FLAT = """<ul class="comments"><li id="comment-11">
<div class="comment-header"><span class="username">Kim</span> 2 likes</div>
<div class="comment-text"><p>About time.</p><p>It shook.</p></div></li>
<li id="comment-12" data-parent="11"><span class="username">Lee</span>
<div class="comment-text">It never did!</div></li>
<li id="comment-13"><span class="username">Ann</span><div class="comment-text">I like ferries.</div></li>
</ul>"""

LINKED = """<script type="application/ld+json">{"@type": "NewsArticle", "comment": [
{"@type": "Comment", "text": "About time.\\n\\nIt shook.", "author": {"name": "Kim"},
 "comment": [{"text": "It never did!", "author": {"name": "Lee"}}]},
{"@type": "Comment", "text": "I like ferries.", "author": {"name": "Ann"}}]}</script>"""


@pytest.mark.parametrize(
    "markup", [WORDPRESS, DRUPAL, SCHEMA, FLAT, LINKED], ids=["wp", "drupal", "schema", "flat", "json-ld"]
)
def test_comments_have_authors_and_parents_and_are_separate_parts(markup: str) -> None:
    article = read_page(page(markup), "a.html")
    assert comments_of(article) == [
        ("About time.\n\nIt shook.", "Kim", None),
        ("It never did!", "Lee", "About time.\n\nIt shook."),
        ("I like ferries.", "Ann", None),
    ]
    said = "About time.\n\nIt shook.\n\nIt never did!\n\nI like ferries."
    assert article.text == f"Harbour bridge closes\n\n{BODY}\n\n{said}"


def test_comments_inside_the_article_element_are_not_part_of_the_body() -> None:
    article = read_page(page(article=ARTICLE.replace("</article>", WORDPRESS + "</article>")), "a.html")
    assert [part.role for part in article.parts] == ["title", "body", "comment", "comment", "comment"]
    assert article.text.count("About time.") == 1


def test_a_deleted_comment_is_skipped_and_the_rest_is_kept() -> None:
    gone = WORDPRESS.replace("<p>About time.</p><p>It shook.</p>", "")
    assert comments_of(read_page(page(gone), "a.html")) == [
        ("It never did!", "Lee", None),
        ("I like ferries.", "Ann", None),
    ]


def test_an_element_of_class_comments_that_contains_the_article_is_kept() -> None:
    article = read_page(page(article=f"<div class='comments'>{ARTICLE}{WORDPRESS}</div>"), "a.html")
    assert article.text.startswith(f"Harbour bridge closes\n\n{BODY}")
    assert len(comments_of(article)) == 3


def test_an_article_element_of_class_comment_is_an_article() -> None:
    opinion = ARTICLE.replace("<article>", "<article class='comment'>")
    article = read_page(page(WORDPRESS, article=opinion), "a.html")
    assert article.text.startswith(f"Harbour bridge closes\n\n{BODY}")
    assert len(comments_of(article)) == 3


def test_comments_without_known_markup_are_found_by_trafilatura() -> None:
    said = "<p>About time, said one reader of this page.</p><p>It never shook, said another.</p>"
    article = read_page(page(f"<div id='comments'>{said}</div>"), "a.html")
    assert [text for text, _, _ in comments_of(article)] == [
        "About time, said one reader of this page.",
        "It never shook, said another.",
    ]
    assert article.text.count("About time") == 1
    counted = read_page(page(f"<div id='comments'><h3>2 Comments</h3>{said}</div>"), "a.html")
    assert "2 Comments" not in [text for text, _, _ in comments_of(counted)]


@pytest.mark.parametrize(
    ("charset", "encoding"),
    [
        ("", "utf-8"),
        ("utf-8", "utf-8-sig"),
        ("iso-8859-1", "cp1252"),
        ("koi8-r", "koi8-r"),
        ("nonsense", "cp1252"),
    ],
)
def test_pages_are_decoded_by_mark_utf8_or_declared_charset(charset: str, encoding: str) -> None:
    words = (
        "Мост закрыт на год, и все ждут." if encoding == "koi8-r" else "Le café du port a fermé pour l’été."
    )
    head, body = f"<head><meta charset='{charset}'></head>", f"<article><p>{words} {'x ' * 40}</p></article>"
    html = f"<html>{head}<body>{body}</body></html>"
    assert read_page(html.encode(encoding), "a.html").text.startswith(words)


@pytest.mark.slow
def test_a_page_without_an_article_is_rejected_without_output_to_standard_error() -> None:
    with pytest.raises(Rejected, match=r"a\.html: no_article_text: .*comments were found: 3"):
        read_page(page(WORDPRESS, article="<h1>Harbour bridge closes</h1>"), "a.html")
    code = (
        "from slant.ingest.html_pages import read_page\ntry: read_page(b'<html><body></body></html>', 'a')\n"
        "except Exception as error: print(error.reason)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (run.stdout, run.stderr) == ("no_article_text\n", "")


def test_text_formats_import_no_heavy_library() -> None:
    code = (
        "import io, sys\nfrom slant.ingest.inputs import read_articles\n"
        "list(read_articles(['-'], stdin=io.BytesIO(b'{\"text\": \"One.\"}')))\n"
        "print(sorted({'pyarrow', 'trafilatura', 'lxml', 'numpy'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "[]\n"
