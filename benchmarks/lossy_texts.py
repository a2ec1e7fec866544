"""Files with planted losses: pages, plain texts and exports of databases."""

from __future__ import annotations

import json
from collections.abc import Iterator

from lossy_file import Loss, MadeFile, Writer, page


def pages(w: Writer) -> Iterator[MadeFile]:
    said = "".join(f"<x-said><b>{w.handle()}</b> {w.paragraph(1, 2)}</x-said>" for _ in range(3))
    yield MadeFile(
        "HTML", w.path(".html"), page(w, f"<div id='remark42'>{said}</div>").encode(),
        (Loss("comments in unknown markup", ("comments_not_read",)),),
    )  # fmt: skip
    links = "".join(f"<li><a href='/{n}'>{w.title()}</a></li>" for n in range(9))
    yield MadeFile(
        "HTML", w.path(".html"), f"<html><body><nav><ul>{links}</ul></nav></body></html>".encode(),
        (Loss("a page of links", ("no_article_text",)),), articles=0,
    )  # fmt: skip
    wall = "<p>Subscribe to continue reading this article.</p>"
    yield MadeFile(
        "HTML", w.path(".html"), page(w, body=f"<p>{w.paragraph(2, 3)}</p><p>{w.paragraph()}</p>{wall}").encode(),
        (Loss("a paywall after the beginning", ("stub",)),),
    )  # fmt: skip
    consent = (
        "<p>By clicking “Accept” you agree that we use cookies and similar technologies on your device.</p><p>Your data is shared with "
        "our advertising partners, who show you personalised ads.</p><p>You can change your cookie settings at any time.</p>"
    )
    yield MadeFile(
        "HTML", w.path(".html"), f"<html><body><main><h1>Before you go on</h1>{consent}</main></body></html>".encode(),
        (Loss("a consent wall", ("consent_page",)),), articles=0,
    )  # fmt: skip
    yield MadeFile(
        "HTML", w.path(".html"),
        b"<html><body><main><h1>One moment</h1><p>Checking your browser. Please verify you are human to continue.</p></main></body></html>",
        (Loss("a check for robots", ("blocked_page",)),), articles=0,
    )  # fmt: skip
    torn = page(w, body=f"<p>{w.paragraph(2, 3)} Café Maël</p><p>{w.paragraph(2, 3)}</p>")
    yield MadeFile(
        "HTML", w.path(".html"), torn.encode("cp1252", "replace"),
        (Loss("bytes that are not of the stated encoding", ("encoding",)),),
    )  # fmt: skip
    yield MadeFile(
        "HTML", w.path(".html"), page(w, outlet=False).encode(), (Loss("no outlet", account="no outlet"),)
    )
    cut = page(w, body="".join(f"<p>{each}</p>" for each in w.body(5, 7)))
    yield MadeFile(
        "HTML", w.path(".html"), cut[: cut.index("</article>") - w.rng.randint(30, 90)].encode(),
        (Loss("a page that ends in the middle", ("torn",)),),
    )  # fmt: skip
    two = "".join(
        f"<article><h2>{w.title()}</h2>{''.join(f'<p>{each}</p>' for each in w.body(5, 7))}</article>"
        for _ in range(2)
    )
    yield MadeFile(
        "HTML", w.path(".html"), f"<html><body><main>{two}</main></body></html>".encode(),
        (Loss("two articles in one page", ("several_articles",)),), articles=2,
    )  # fmt: skip
    gone = "".join(
        f"<li class='comment' id='comment-{n}'><cite class='fn'>{w.handle()}</cite><div class='comment-content'><p>{text}</p></div></li>"
        for n, text in enumerate(
            (
                w.comment(0).text,
                "[deleted]",
                w.comment(0).text,
                "This comment has been removed by a moderator.",
            )
        )
    )
    yield MadeFile(
        "HTML", w.path(".html"), page(w, f"<ol class='commentlist'>{gone}</ol>").encode(),
        (Loss("deleted comments", ("deleted_comments",), number=2),), comments=2,
    )  # fmt: skip
    data = json.dumps({"@type": "NewsArticle", "isAccessibleForFree": False})
    yield MadeFile(
        "HTML", w.path(".html"),
        page(w, head=f"<script type='application/ld+json'>{data}</script>", body=f"<p>{w.paragraph(3, 4)}</p>").encode(),
        (Loss("a page that says it is not free", ("stub",)),),
    )  # fmt: skip


def texts(w: Writer) -> Iterator[MadeFile]:
    def plain(*, outlet: bool = True, date: str = "2023-05-03") -> str:
        stated = f"Outlet: {w.outlet()}\n" if outlet else ""
        return f"{w.title()}\n{stated}Date: {date}\n\n" + "\n\n".join(w.body())

    yield MadeFile("text", w.path(".txt"), b"", (Loss("an empty file", ("empty",)),), articles=0)
    yield MadeFile("text", w.path(".txt"), b" \n\n\t\n", (Loss("a file of blanks", ("empty",)),), articles=0)
    noise = bytes(w.rng.randrange(256) for _ in range(600))
    yield MadeFile(
        "text", w.path(".txt"), noise,
        (Loss("no text at all", ("binary",)),), articles=0,
    )  # fmt: skip
    yield MadeFile(
        "text", w.path(".txt"), plain().encode() + " “Yes”, the “Café” said – “naïve”, not “new”, and the".encode() + " Café".encode("latin-1") + b" and more.\n",
        (Loss("a byte of another encoding", ("encoding",)),),
    )  # fmt: skip
    yield MadeFile(
        "text", w.path(".txt"), plain().encode() + " “Yes”, at the Café".encode()[:-1],
        (Loss("cut within a character", ("encoding",)),),
    )  # fmt: skip
    yield MadeFile(
        "text", w.path(".txt"), plain(outlet=False).encode(), (Loss("no outlet", account="no outlet"),)
    )
    twice = plain().encode()
    yield MadeFile("text", w.path(".txt"), twice)
    yield MadeFile("text", w.path(".txt"), twice, (Loss("a duplicate", ("duplicate",)),), articles=0)
    several = "\n\n".join(
        f"Title: {w.title()}\nSource: {w.outlet()}\nAuthor: {w.name()}\n\n{w.paragraph(3, 4)}"
        for _ in range(3)
    )
    yield MadeFile(
        "text", w.path(".txt"), several.encode(),
        (Loss("three documents that nothing separates", ("several_articles",)),), articles=0,
    )  # fmt: skip
    front = f"---\ntitle: {w.title()}\noutlet: {w.outlet()}\ndate: the 41st of Brumaire\n---\n\n"
    yield MadeFile(
        "Markdown", w.path(".md"), (front + "\n\n".join(w.body())).encode(),
        (Loss("a date that is none", ("dates",)),),
    )  # fmt: skip
    wall = "\n\nYou have read your last free article this month. Subscribe now to continue."
    yield MadeFile(
        "text", w.path(".txt"), (plain() + wall).encode(), (Loss("a paywall after the beginning", ("stub",)),)
    )
    yield MadeFile(
        "text", w.path(".py"), b"import os\n\nfor name in os.listdir('.'):\n    print(name)\n",
        (Loss("a program", ("not_prose", "not_text", "program", "code")),), articles=0,
    )  # fmt: skip
    picture = b"\x89PNG\r\n\x1a\n" + bytes(w.rng.randrange(256) for _ in range(80))
    yield MadeFile("text", w.path(".png"), picture, (Loss("a picture", ("image",)),), articles=0)


def exports(w: Writer) -> Iterator[MadeFile]:
    def lexis(number: int, of: int, text: str) -> str:
        return (
            f"                               {number} of {of} DOCUMENTS\n\n                              {w.outlet()}\n\n                        March {number + 2}, 2021 "
            f"Tuesday\n\n{w.title()}\n\nBYLINE: {w.name()}\n\nSECTION: NEWS; Pg. {number}\n\nLENGTH: {len(text.split())} words\n\n{text}\n\n"
            f"LOAD-DATE: March {number + 3}, 2021\n\nLANGUAGE: ENGLISH\n\nCopyright 2021 All Rights Reserved\n\n\n"
        )  # fmt: skip

    found = [lexis(n, 5, "\n\n".join(w.body())) for n in range(1, 5)]
    yield MadeFile(
        "database export",
        w.path(".txt"),
        "".join(found).encode(),
        (Loss("a document that the export counts", ("count",)),),
        4,
    )
    whole = "".join(lexis(n, 4, "\n\n".join(w.body()) if n != 2 else "") for n in range(1, 5))
    yield MadeFile(
        "database export",
        w.path(".txt"),
        whole.encode(),
        (Loss("a document without a text", ("no_text", "empty")),),
        3,
    )
    documents = [
        f"Document {n} of 3\n\n{w.title()}\n\nAuthor: {w.name()}\n\nPublication info: {w.outlet()} ; 09 Mar 2021\n\n"
        + (
            f"Full text: {w.paragraph(3, 4)}\n\n{w.paragraph(3, 4)}"
            if n != 2
            else f"Abstract: {w.sentence()}"
        )
        + f"\n\nPublication date: Mar 9, 2021\n\nProQuest document ID: 24{n}\n\n{'_' * 60}\n\n"
        for n in (1, 2, 3)
    ]
    yield MadeFile(
        "database export",
        w.path(".txt"),
        "".join(documents).encode(),
        (Loss("an abstract in place of a text", ("no_text",)),),
        2,
    )
