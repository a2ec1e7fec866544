"""HTML pages: article, metadata and comments, without repetition."""

from __future__ import annotations

import html
import subprocess
import sys

import pytest

from slant.errors import Rejected
from slant.ingest.html_pages import read_page
from slant.records import Article
from slant.segment.units import split

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

DISQUS = """<div id="disqus_thread"><ul id="post-list" class="post-list"><li class="post" id="post-11">
<div class="post-content"><div class="post-body">
<header><span class="post-byline"><span class="author"><a>Kim</a></span></span>
<span class="post-meta"><a class="time-ago">2 days ago</a></span></header><div class="post-message"><div><p>About time.</p>
<p>It shook.</p></div></div><footer><menu><li class="voting"><a><span class="count">12</span></a></li><li class="reply">
<a>Reply</a></li></menu></footer></div></div><ul class="children"><li class="post" id="post-12"><div class="post-content">
<header><span class="author"><a>Lee</a></span><a class="parent-link">Kim</a></header>
<div class="post-message"><p>It never did!</p></div></div></li></ul></li>
<li class="post" id="post-13"><span class="author">Ann</span><div class="post-message">
<p>I like ferries.</p></div></li></ul></div>"""

FRAMED = f"""<div id="disqus"><iframe srcdoc="{html.escape(f"<html><body>{DISQUS}</body></html>")}"></iframe></div>"""

CORAL = """<section id="coral_thread" class="coral coral-stream"><div class="coral coral-comment coral-comment-collapse">
<span class="coral coral-username coral-comment-username">Kim</span><time>1 day ago</time>
<div class="coral coral-content coral-comment-content"><div>About time.</div><div>It shook.</div></div>
<button class="coral coral-reactButton">Respect 12</button></div><div class="coral coral-indent coral-indent-1">
<div class="coral coral-comment"><span class="coral coral-username">Lee</span>
<div class="coral coral-content">It never did!</div></div></div>
<div class="coral coral-comment"><span class="coral coral-username">Ann</span>
<div class="coral coral-content"><div>I like ferries.</div></div></div></section>"""

FORUM = """<div class="thread"><article class="message" data-author="Kim" id="js-post-1"><h4 class="message-name">Kim</h4>
<div class="bbWrapper">About time.<br><br>It shook.</div></article>
<div class="postcontainer" data-parent="js-post-1"><div class="username">Lee</div>
<div class="postcontent">It never did!</div></div>
<div class="post" id="p13"><dl class="postprofile"><dt><a class="username">Ann</a></dt></dl>
<div class="content">I like ferries.</div></div></div>"""

LINKED = """<script type="application/ld+json">{"@type": "NewsArticle", "comment": [
{"@type": "Comment", "text": "About time.\\n\\nIt shook.", "author": {"name": "Kim"},
 "comment": [{"text": "It never did!", "author": {"name": "Lee"}}]},
{"@type": "Comment", "text": "I like ferries.", "author": {"name": "Ann"}}]}</script>"""


@pytest.mark.parametrize(
    "markup",
    [WORDPRESS, DRUPAL, SCHEMA, FLAT, LINKED, DISQUS, FRAMED, CORAL, FORUM],
    ids=["wp", "drupal", "schema", "flat", "json-ld", "disqus", "framed", "coral", "forum"],
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


@pytest.mark.parametrize("markup", [WORDPRESS, DISQUS, FRAMED, CORAL, FORUM, LINKED])
def test_commenters_are_never_the_author_of_the_article(markup: str) -> None:
    head = HEAD.replace('<meta name="author" content="Ada Lind">', "")
    article = read_page(page(markup, head), "a.html")
    assert (article.author, article.notes) == (None, ())
    assert read_page(page(markup), "a.html").author == "Ada Lind"


@pytest.mark.parametrize("place", ['id="remark42"', 'id="disqus_thread"', 'class="hyvor-talk-comments"'])
def test_comments_in_unknown_markup_are_named_and_no_part_of_the_article(place: str) -> None:
    said = "<q-row><q-name class='author'>Kim</q-name> I have crossed it for thirty years and it always shook.</q-row>"
    head = HEAD.replace('<meta name="author" content="Ada Lind">', "")
    article = read_page(page(f"<div {place}>{said}</div>", head), "a.html")
    assert "thirty years" not in article.text
    assert article.author is None
    assert [note.reason for note in article.notes] == ["comments_not_read"]


@pytest.mark.parametrize(
    "empty",
    [
        "",
        "<noscript>Please enable JavaScript to view the comments powered by Disqus.</noscript>",
        "<p>There are no comments yet. Be the first to share what you think.</p>",
    ],
)
def test_a_place_for_comments_without_any_is_not_named(empty: str) -> None:
    assert read_page(page(f"<div id='disqus_thread'>{empty}</div>"), "a.html").notes == ()


def test_only_the_comments_of_a_page_can_be_read() -> None:
    article = read_page(page(FORUM, article=""), "a.html", only_comments=True)
    assert [part.role for part in article.parts] == ["comment"] * 3
    with pytest.raises(Rejected, match="no_comments"):
        read_page(page(), "a.html", only_comments=True)
    with pytest.raises(Rejected, match=r"no_article_text: .*3; add --comments"):
        read_page(page(WORDPRESS, article=""), "a.html")


def test_the_post_that_opens_a_thread_stands_in_place_of_the_article() -> None:
    article = read_page(page(FORUM, article=""), "a.html")
    assert [part.role for part in article.parts if part.role != "title"] == ["body", "comment", "comment"]
    assert article.author == "Kim"
    assert [author for _, author, _ in comments_of(article)] == ["Lee", "Ann"]
    body = next(part for part in article.parts if part.role == "body")
    assert article.text[body.start : body.end] == "About time.\n\nIt shook."
    with pytest.raises(Rejected, match="no_article_text"):  # not the first page of its thread
        read_page(page(FORUM, article="", head="<link rel='prev' href='?page=1'>"), "a.html")


PREFIXED = """<section id="coral_talk_stream"><div class="talk-wrapper-level-0"><div class="talk-comment-level-0">
<div class="talk-comment-header"><span class="talk-comment-user-name">Kim</span> <span>2 days ago</span></div>
<div class="talk-comment-content">About time.<br><br>It shook.</div><button>Like</button></div>
<div class="talk-wrapper-level-1"><div class="talk-comment-level-1"><span class="talk-comment-user-name">Lee</span>
<div class="talk-comment-content">It never did!</div></div></div></div>
<div class="talk-wrapper-level-0"><div class="talk-comment-level-0"><span class="talk-comment-user-name">Ann</span>
<div class="talk-comment-content">I like ferries.</div></div></div></section>"""

FACEBOOK = """<div class="fb-comments"><div class="_5o4h"><div class="_3-8y"><div><span>
<a class=" UFICommentActorName">Kim</a></span><div><span class="_5mdd"><span>About time.<br><br>It shook.</span></span>
</div><div class="_2vq9"><a>Like</a><a>Reply</a></div><div class="_44ri"><div><div class="_3-8y"><div><span>
<a class=" UFICommentActorName">Lee</a></span><div><span class="_5mdd"><span>It never did!</span></span></div></div></div>
</div></div></div></div><div class="_3-8y"><div><a class="UFICommentActorName" href="#">Ann</a>
<div><span class="_5mdd"><span>I like ferries.</span></span></div></div></div></div></div>"""

GHOST = """<iframe title="comments-frame" srcdoc='<!DOCTYPE html><html><body><section><h2>Discussion</h2><div>
<div data-testid="comment-component"><div><h4>Kim</h4><div data-testid="comment-content"><p>About time.</p>
<p>It shook.</p></div><button>Reply</button><div><div data-testid="comment-component"><div><h4>Lee</h4>
<div data-testid="comment-content"><p>It never did!</p></div></div></div></div></div></div>
<div data-testid="comment-component"><div><h4>Ann</h4><div data-testid="comment-content"><p>I like ferries.</p>
</div></div></div></div></section></body></html>'></iframe>"""

BLOCKS = """<ol class="wp-block-comment-template"><li id="comment-1" class="comment depth-1"><div>
<div class="wp-block-comment-date"><time>May 4</time></div><div class="wp-block-comment-author-name">Kim</div>
<div class="wp-block-comment-content"><p>About time.</p><p>It shook.</p></div><div class="wp-block-comment-reply-link">
<a>Reply</a></div></div><ol><li id="comment-2" class="comment depth-2"><div class="wp-block-comment-author-name">Lee</div>
<div class="wp-block-comment-content"><p>It never did!</p></div></li></ol></li><li id="comment-3" class="comment depth-1">
<div class="wp-block-comment-author-name">Ann</div><div class="wp-block-comment-content">
<p>I like ferries.</p></div></li></ol>"""

OPENWEB = """<div data-spotim-module="conversation"><ul><li data-spot-im-class="message-container"><article><div>
<span data-spot-im-class="message-username">Kim</span><time>2 days ago</time></div><div data-spot-im-class="message-text">
<p>About time.</p><p>It shook.</p></div></article><ul><li data-spot-im-class="message-container"><article><div>
<span data-spot-im-class="message-username">Lee</span></div><div data-spot-im-class="message-text"><p>It never did!</p></div>
</article></li></ul></li>
<li data-spot-im-class="message-container"><article><div><span data-spot-im-class="message-username">Ann
</span></div><div data-spot-im-class="message-text"><p>I like ferries.</p></div></article></li></ul></div>"""


@pytest.mark.parametrize(
    "markup",
    [PREFIXED, FACEBOOK, GHOST, BLOCKS, OPENWEB],
    ids=["prefixed", "facebook", "ghost", "blocks", "openweb"],
)
def test_comments_are_found_by_the_names_of_their_texts_and_what_repeats_around_them(markup: str) -> None:
    assert comments_of(read_page(page(markup), "a.html")) == [
        ("About time.\n\nIt shook.", "Kim", None),
        ("It never did!", "Lee", "About time.\n\nIt shook."),
        ("I like ferries.", "Ann", None),
    ]


def test_one_element_inside_a_comment_with_its_author_is_only_its_text() -> None:
    item = (
        '<div class="comment-box"><span class="comment-author">{}</span><span class="comment-date">May 4</span>'
        '<div class="comment-body">{}</div><a>Quote</a></div>'
    )
    markup = (
        f"<div id='comments'>{item.format('Kim', 'It shook.')}{item.format('Lee', 'It never did!')}</div>"
    )
    found = comments_of(read_page(page(markup), "a.html"))
    assert found == [("It shook.", "Kim", None), ("It never did!", "Lee", None)]


def test_the_newest_comments_of_a_site_are_no_comments_on_the_article() -> None:
    widget = (
        "<aside class='widget recent-comments'><ul><li class='comment'><b class='author'>Kim</b> <p>On another page.</p></li>"
        "</ul></aside>"
    )
    assert all(part.role != "comment" for part in read_page(page(widget), "a.html").parts)


def test_all_entries_of_a_live_blog_are_read_with_their_headings_and_its_contents_once() -> None:
    said = {
        "Doors open": "The council has met in the old hall on the quay, and more than two hundred people wait outside of it.",
        "First vote": "Eleven members want to close the pier for good, while nine would rather wait for the engineers.",
        "A break": "After an hour the chair sent everybody out, since a window had blown in and nobody could hear a word.",
        "It is over": "The pier stays open until spring, the clerk has read out, and three towns pay.",
    }
    entries = "".join(
        f"<article id='b{n}'><header><a href='#b{n}'><time>{n} minutes ago</time></a><h2>{heading}</h2></header>"
        f"<p>{words}</p></article>"
        for n, (heading, words) in enumerate(said.items())
    )
    contents = "".join(f"<li><a href='#b{n}'>{heading}</a></li>" for n, heading in enumerate(said))
    live = f"<main><div><h2>Key events</h2><ul>{contents}</ul>{entries}</div></main>"
    text = read_page(page(article=f"<h1>Pier in doubt</h1>{live}"), "a.html").text
    assert [text.count(each) for pair in said.items() for each in pair] == [1] * 8
    assert "Key events" not in text


@pytest.mark.parametrize("gone", ["[deleted]", "This comment was removed by a moderator."])
def test_deleted_comments_are_left_out_and_counted(gone: str) -> None:
    markup = WORDPRESS.replace("<p>It never did!</p>", f"<p>{gone}</p>")
    article = read_page(page(markup), "a.html")
    assert [author for _, author, _ in comments_of(article)] == ["Kim", "Ann"]
    assert [note.reason for note in article.notes] == ["deleted_comments"]


@pytest.mark.parametrize(
    ("end", "torn"),
    [("<p>The clerk sa", True), ("<p cla", True), ("</article></body>", False), ("</article>", False)],
)
def test_a_page_that_ends_in_the_middle_is_named(end: str, torn: bool) -> None:
    cut = f"<html><head>{HEAD}</head><body>{ARTICLE.replace('</article>', '')}{end}"
    assert [note.reason for note in read_page(cut.encode(), "a.html").notes] == ["torn"] * torn


CONSENT = """<main><h1>Before you go on</h1>
<p>By choosing “Accept” you agree that our sites use cookies and similar technologies to know your device.</p>
<p>This information is shared with advertising partners and other vendors, who show you personalised ads.</p>
<p>See our Cookie Policy. You can change your cookie settings at any time, on each page of this site.</p></main>"""


def test_a_consent_page_is_rejected_by_name() -> None:
    with pytest.raises(Rejected, match=r"a\.html: consent_page: .*consent to cookies"):
        read_page(page(article=CONSENT), "a.html")


@pytest.mark.parametrize(
    ("head", "wall", "said"),
    [
        ("", "<h2>Subscribe to continue reading</h2><p>Already a subscriber? Log in.</p>", "Subscribe to"),
        (
            '<script type="application/ld+json">{"isAccessibleForFree": false}</script>',
            "",
            "not free to read",
        ),
        ('<meta itemprop="isAccessibleForFree" content="false">', "", "not free to read"),
    ],
)
def test_the_stub_of_a_paywalled_article_is_read_with_a_note(head: str, wall: str, said: str) -> None:
    assert not read_page(page(), "a.html").notes
    stub = read_page(
        page(head=HEAD + head, article=ARTICLE.replace("</article>", wall + "</article>")), "a.html"
    )
    assert [note.reason for note in stub.notes] == ["stub"]
    assert said in stub.notes[0].detail
    assert "The old harbour bridge" in stub.text


# ---- interviews

ASKED = ["Why did you leave the board?", "Would you come back to it?", "And what do you say to your critics?"]
ANSWERED = [
    "I was tired of the noise. My doctor told me to rest, and I did what she said for once in my life.",
    "I would not. We had our time, and others should have theirs now that the quay is built and paid for.",
    "They can write to me. I read all of their letters, and I answer those that have a name under them.",
]
ASKING = {
    "b": "<p><b>{}</b></p>",
    "strong": "<p> <strong>{}</strong><br></p>",
    "parts": "<p><b>{}</b></p>",
    "h3": "<h3>{}</h3>",
}


def interview(form: str, answers: list[str]) -> str:
    turns = "".join(
        ASKING[form].format(q) + f"<p>{a}</p><p>{a.replace('I ', 'I also ')}</p>"
        for q, a in zip(ASKED, answers, strict=True)
    )
    intro = "<p>Petra Quill led the harbour board for ten years. On Monday she gave up her seat, to the surprise of all.</p>"
    return f"<html><head><title>A talk</title></head><body><article><h1>A talk</h1>{intro}{turns}</article></body></html>"


@pytest.mark.parametrize("form", ASKING)
def test_questions_in_bold_type_are_the_outlets_and_answers_are_quoted(form: str) -> None:
    units = split(read_page(interview(form, ANSWERED).encode(), "a.html"))
    voices = {unit.text: {voice for *_, voice in unit.voices} for unit in units}
    assert all(voices[answer] == {"quoted"} for answer in ANSWERED)
    assert all(voices[question] == {"outlet"} for question in ASKED)
    assert voices[next(text for text in voices if text.startswith("Petra"))] == {"outlet"}


@pytest.mark.parametrize("form", ASKING)
def test_an_explainer_with_questions_in_bold_type_stays_the_outlets(form: str) -> None:
    answers = [
        answer.replace("I ", "The board ")
        .replace("My", "Its")
        .replace(" me", " it")
        .replace("We", "They")
        .replace(" our", " their")
        for answer in ANSWERED
    ]
    units = split(read_page(interview(form, answers).encode(), "a.html"))
    assert {voice for unit in units for *_, voice in unit.voices} == {"outlet"}
