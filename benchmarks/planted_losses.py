"""Is every loss named? Files of all kinds with planted losses are read by `slant split --audit`.

    python benchmarks/planted_losses.py --json benchmarks/results/planted_losses.json

A loss is something in a file that cannot become a unit, or that a reader should know: a row without a text, a deleted comment,
a file cut off, the beginning of an article in place of the whole. It is named if the list of rejected documents, the notes or
the account says so, each line for one loss. Articles and comments of each file are compared with what was written into it.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import platform
import random
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from made_texts import Maker

ROOT = Path(__file__).resolve().parent.parent
SEED, FILES = 20261202, 300


@dataclass(frozen=True)
class Loss:
    """reasons: any of them names it. place: end of the path of the document ("" for any of the file). number: stated in the line.

    account: words that a line of the account may have instead.
    """

    what: str
    reasons: tuple[str, ...] = ()
    place: str = ""
    number: int | None = None
    account: str = ""


@dataclass(frozen=True)
class MadeFile:
    """kind: of file. articles, comments: that can be read. comment_file: read with --comments.

    also: reasons that may be named besides.
    """

    kind: str
    name: str
    data: bytes
    losses: tuple[Loss, ...] = ()
    articles: int = 1
    comments: int = 0
    comment_file: bool = False
    also: tuple[str, ...] = ()


class Writer(Maker):
    """Draws files and numbers them."""

    def __init__(self, rng: random.Random) -> None:
        super().__init__(rng)
        self.count = 0

    def path(self, ending: str) -> str:
        self.count += 1
        return f"{self.count:04}{ending}"

    def body(self, least: int = 3, most: int = 6) -> list[str]:
        return [self.paragraph(1, 3) for _ in range(self.rng.randint(least, most))]

    def article(self) -> dict[str, Any]:
        return {
            "title": self.title(),
            "outlet": self.outlet(),
            "date": self.date(),
            "text": "\n\n".join(self.body()),
        }

    def listed(self, count: int) -> list[dict[str, Any]]:
        return [{"id": at + 1, "author": self.handle(), "text": self.comment(0).text} for at in range(count)]


Make = Callable[[Writer], Iterator[MadeFile]]


# ---- pages


def _page(
    w: Writer, inside: str = "", head: str = "", *, outlet: bool = True, body: str | None = None
) -> str:
    words = "".join(f"<p>{each}</p>" for each in w.body()) if body is None else body
    title = w.title()
    site = f'<meta property="og:site_name" content="{w.outlet()}">' if outlet else ""
    return (
        f"<!doctype html><html><head><meta charset='utf-8'><title>{title}</title>{site}{head}</head><body><article><h1>{title}</h1>"
        f"{words}</article>{inside}</body></html>"
    )


def pages(w: Writer) -> Iterator[MadeFile]:
    said = "".join(f"<x-said><b>{w.handle()}</b> {w.paragraph(1, 2)}</x-said>" for _ in range(3))
    yield MadeFile(
        "HTML", w.path(".html"), _page(w, f"<div id='remark42'>{said}</div>").encode(),
        (Loss("comments in unknown markup", ("comments_not_read",)),),
    )  # fmt: skip
    links = "".join(f"<li><a href='/{n}'>{w.title()}</a></li>" for n in range(9))
    yield MadeFile(
        "HTML", w.path(".html"), f"<html><body><nav><ul>{links}</ul></nav></body></html>".encode(),
        (Loss("a page of links", ("no_article_text",)),), articles=0,
    )  # fmt: skip
    wall = "<p>Subscribe to continue reading this article.</p>"
    yield MadeFile(
        "HTML", w.path(".html"), _page(w, body=f"<p>{w.paragraph(2, 3)}</p><p>{w.paragraph()}</p>{wall}").encode(),
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
    page = _page(w, body=f"<p>{w.paragraph(2, 3)} Café Maël</p><p>{w.paragraph(2, 3)}</p>")
    yield MadeFile(
        "HTML", w.path(".html"), page.encode("cp1252", "replace"),
        (Loss("bytes that are not of the stated encoding", ("encoding",)),),
    )  # fmt: skip
    yield MadeFile(
        "HTML", w.path(".html"), _page(w, outlet=False).encode(), (Loss("no outlet", account="no outlet"),)
    )
    cut = _page(w, body="".join(f"<p>{each}</p>" for each in w.body(5, 7)))
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
        "HTML", w.path(".html"), _page(w, f"<ol class='commentlist'>{gone}</ol>").encode(),
        (Loss("deleted comments", ("deleted_comments",), number=2),), comments=2,
    )  # fmt: skip
    data = json.dumps({"@type": "NewsArticle", "isAccessibleForFree": False})
    yield MadeFile(
        "HTML", w.path(".html"),
        _page(w, head=f"<script type='application/ld+json'>{data}</script>", body=f"<p>{w.paragraph(3, 4)}</p>").encode(),
        (Loss("a page that says it is not free", ("stub",)),),
    )  # fmt: skip


# ---- text


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


# ---- rows


def json_lines(w: Writer) -> Iterator[MadeFile]:
    rows: list[str] = []
    losses: list[Loss] = []
    good = comments = 0

    def put(row: object, loss: Loss | None = None, *, said: int = 0, read: bool = True) -> None:
        nonlocal good, comments
        rows.append(row if isinstance(row, str) else json.dumps(row))
        good, comments = good + read, comments + said
        if loss:
            losses.append(Loss(loss.what, loss.reasons, f":{len(rows)}", loss.number, loss.account))

    put(w.article())
    put('{"title": "Broken", "text": "It ends here', Loss("a broken line", ("bad_json",)), read=False)
    put({**w.article(), "text": "  "}, Loss("a row with an empty text", ("empty",)), read=False)
    put(
        {k: v for k, v in w.article().items() if k != "text"},
        Loss("a row without a text", ("no_text",)),
        read=False,
    )
    unknown = [{"wording": w.comment(0).text, "who": w.handle()} for _ in range(3)]
    put(
        {**w.article(), "comments": unknown},
        Loss("comments of an unknown shape", ("bad_comments",)),
        read=False,
    )
    said = w.listed(4)
    gone = [*said, {"id": 8, "text": "[deleted]", "author": "[deleted]"}, {"id": 9, "text": "[removed]"}]
    put({**w.article(), "comments": gone}, Loss("deleted comments", ("deleted_comments",), number=2), said=4)
    orphan = [*w.listed(2), {"id": 3, "text": "To whom?", "parent": 77}]
    put({**w.article(), "comments": orphan}, Loss("a reply to nobody", ("unknown_parent",), number=1), said=3)
    put({**w.article(), "comments": 17})
    blank = [*w.listed(2), {"id": 3, "text": "  "}]
    put(
        {**w.article(), "comments": blank},
        Loss("a comment without text", ("empty_comments",), number=1),
        said=2,
    )
    put({**w.article(), "date": "soon"}, Loss("a date that is none", ("dates",)))
    article = w.article()
    put(article)
    put(article, Loss("a duplicate", ("duplicate",)), read=False)
    put({k: v for k, v in w.article().items() if k != "outlet"})
    losses.append(Loss("no outlet", account="no outlet"))
    put(
        {**w.article(), "text": " ".join(w.body()).replace(" the ", " theâ€™s ")},
        Loss("garbled characters", ("encoding",)),
    )
    put(json.dumps(w.article())[:-30], Loss("the last line cut off", ("bad_json",)), read=False)
    yield MadeFile("JSON lines", w.path(".jsonl"), "\n".join(rows).encode(), tuple(losses), good, comments)


def json_answers(w: Writer) -> Iterator[MadeFile]:
    results = [
        {"webTitle": w.title(), "webPublicationDate": f"{w.date()}T08:00:00Z", "webUrl": f"https://www.marlow.example/{n}",
         "fields": {"bodyText": " ".join(w.body())}}
        for n in range(5)
    ]  # fmt: skip
    results[2]["fields"] = {"bodyText": ""}
    yield MadeFile(
        "API answer", w.path(".json"), json.dumps({"response": {"status": "ok", "results": results}}).encode(),
        (Loss("an article without a body", ("empty", "no_text")),), articles=4,
    )  # fmt: skip
    short = [
        {"source": {"name": w.outlet()}, "title": w.title(), "publishedAt": w.date(), "url": f"https://a.example/{n}",
         "content": w.paragraph(2, 2)[:200] + "… [+2310 chars]"}
        for n in range(3)
    ]  # fmt: skip
    yield MadeFile(
        "API answer", w.path(".json"), json.dumps({"status": "ok", "articles": short}).encode(),
        tuple(Loss("only the beginning of a text", ("stub",)) for _ in short), articles=3,
    )  # fmt: skip
    addresses = [
        {"url": f"https://a.example/{n}", "title": w.title(), "domain": "a.example"} for n in range(4)
    ]
    yield MadeFile(
        "API answer", w.path(".json"), json.dumps({"articles": addresses}).encode(),
        tuple(Loss("an address only", ("no_text",)) for _ in addresses), articles=0,
    )  # fmt: skip
    whole = json.dumps([w.article() for _ in range(4)])
    yield MadeFile(
        "JSON", w.path(".json"), whole[: len(whole) * 3 // 4].encode(),
        (Loss("a file cut off", ("bad_json", "torn")),), articles=whole[: len(whole) * 3 // 4].count("}"),
    )  # fmt: skip


def _table(rows: list[list[str]], mark: str) -> bytes:
    import csv

    file = io.StringIO(newline="")
    csv.writer(file, delimiter=mark).writerows(rows)
    return file.getvalue().encode()


def tables(w: Writer) -> Iterator[MadeFile]:
    for kind, ending, mark in (("CSV", ".csv", ","), ("TSV", ".tsv", "\t")):
        head = ["title", "text", "outlet", "date", "comments"]

        def row(text: str | None = None, date: str = "", outlet: str = "", comments: str = "") -> list[str]:
            made = w.article()
            stated = made["text"].replace("\n\n", " ") if text is None else text
            return [made["title"], stated, outlet or made["outlet"], date or made["date"], comments]

        rows = [
            head,
            row(),
            row(text=""),
            row(date="whenever"),
            row(comments="12"),
            row(comments='[{"wording": "No"}]'),
        ]
        losses = [
            Loss("a row with an empty text", ("empty",), ":3"), Loss("a date that is none", ("dates",)),
            Loss("comments of an unknown shape", ("bad_comments",), ":6"),
        ]  # fmt: skip
        said = json.dumps([*w.listed(3), {"id": 9, "text": "[removed]"}])
        rows += [row(comments=said), row()]
        losses.append(Loss("a deleted comment", ("deleted_comments",), ":7", number=1))
        rows.append(list(rows[-1]))
        losses.append(Loss("a duplicate", ("duplicate",), ":9"))
        lone = row()
        lone[2] = ""
        rows.append(lone)
        losses.append(Loss("no outlet", account="no outlet"))
        yield MadeFile(kind, w.path(ending), _table(rows, mark), tuple(losses), 6, 3)
        unsure = [head, *(row(date=f"0{n}/0{n + 1}/2023") for n in range(1, 4))]
        yield MadeFile(
            kind,
            w.path(ending),
            _table(unsure, mark),
            (Loss("dates whose day may be the month", ("dates",)),),
            3,
        )
        other = [["headline", "when"], *([w.title(), w.date()] for _ in range(3))]
        yield MadeFile(
            kind,
            w.path(ending),
            _table(other, mark),
            (Loss("a table without texts", ("no_text_column",)),),
            0,
        )
    torn = _table(
        [["title", "text"], [w.title(), w.paragraph()], [w.title(), f"{w.paragraph()}, {w.paragraph()}"]], ","
    )
    yield MadeFile(
        "CSV",
        w.path(".csv"),
        torn.rstrip()[:-20],
        (Loss("a file cut off in a quoted cell", ("bad_row", "torn")),),
        1,
    )
    spread = _table([["title", "text"], [w.title(), w.paragraph()]], ",") + b"One,two,three,four\r\n"
    yield MadeFile("CSV", w.path(".csv"), spread, (Loss("a row with too many cells", ("bad_row",)),), 1)


# ---- office files, mail, saved pages


def office(w: Writer) -> Iterator[MadeFile]:
    from office_builders import docx, odt, paragraph, pdf, xlsx, zipped

    rows: list[list[object]] = [
        ["title", "text", "outlet"],
        [w.title(), w.paragraph(), w.outlet()],
        [w.title(), None, w.outlet()],
    ]
    yield MadeFile(
        "XLSX", w.path(".xlsx"), xlsx({"Articles": rows, "Notes": [["who", "what"], ["me", 1], ["you", 2]]}),
        (Loss("a row with an empty text", ("empty", "no_text")), Loss("a sheet without texts", ("no_text_column",))),
    )  # fmt: skip
    xml = "".join(paragraph(each) for each in [w.title(), *w.body()])
    note = '<w:p><w:r><w:t>See the annex.</w:t></w:r><w:r><w:footnoteReference w:id="2"/></w:r></w:p>'
    whole = docx(xml)
    yield MadeFile("DOCX", w.path(".docx"), docx(xml + note), (Loss("a footnote", ("footnotes",)),))
    yield MadeFile(
        "DOCX",
        w.path(".docx"),
        whole[: len(whole) // 2],
        (Loss("a file cut off", ("bad_office", "bad_archive")),),
        0,
    )
    yield MadeFile("DOCX", w.path(".docx"), docx(""), (Loss("a document without text", ("empty",)),), 0)
    words = "".join(f"<text:p>{each}</text:p>" for each in [w.title(), *w.body()])
    aside = '<text:p>See below<text:note text:note-class="footnote"><text:note-body><text:p>Aside.</text:p></text:note-body></text:note>.</text:p>'
    yield MadeFile("ODT", w.path(".odt"), odt(words + aside), (Loss("a footnote", ("footnotes",)),))
    yield MadeFile(
        "DOCX",
        w.path(".docx"),
        zipped({"a.xml": f"<a>{w.title()}</a>"}),
        (Loss("no document inside", ("bad_office",)),),
        0,
    )
    yield MadeFile("PDF", w.path(".pdf"), pdf([[], []], picture=True), (Loss("a scan", ("scanned",)),), 0)
    yield MadeFile(
        "PDF",
        w.path(".pdf"),
        pdf([[(50, 700, 11, w.title())]], encrypted=True),
        (Loss("an encrypted file", ("encrypted",)),),
        0,
    )
    rtf = r"{\rtf1\ansi " + r"\par ".join(
        [w.title(), *(p.replace("“", '"').replace("”", '"') for p in w.body())]
    )
    yield MadeFile(
        "RTF",
        w.path(".rtf"),
        rtf.encode("cp1252", "replace"),
        (Loss("a file cut off", ("torn", "bad_office")),),
    )


def mail(w: Writer) -> Iterator[MadeFile]:
    from email.message import EmailMessage

    message = EmailMessage()
    message["Subject"], message["From"], message["Date"] = (
        w.title(),
        f"{w.outlet()} <a@a.example>",
        "Tue, 09 Mar 2021 10:00:00 +0000",
    )
    message.set_content("\n\n".join(w.body()))
    message.add_attachment(b"%PDF-1.4 x", maintype="application", subtype="pdf", filename="annex.pdf")
    yield MadeFile("EML", w.path(".eml"), message.as_bytes(), (Loss("an attachment", ("attachments",)),))
    empty = EmailMessage()
    empty["Subject"], empty["From"] = w.title(), "a@a.example"
    empty.set_content("\n")
    yield MadeFile(
        "EML",
        w.path(".eml"),
        empty.as_bytes(),
        (Loss("a message without text", ("empty", "bad_message")),),
        0,
    )
    parts = "".join(
        f"--b\r\nContent-Type: text/html; charset=utf-8\r\nContent-Location: https://{place}\r\n\r\n{html}\r\n"
        for place, html in (
            ("a.example/1", _page(w)),
            ("ads.example/f", f"<html><body><p>{w.paragraph()}</p></body></html>"),
        )
    )
    saved = f'From: <Saved by Browser>\r\nSubject: x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/related; type="text/html"; boundary="b"\r\n\r\n{parts}--b--\r\n'
    yield MadeFile("MHTML", w.path(".mhtml"), saved.encode(), (Loss("a frame", ("frames",)),))


# ---- exports of databases


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


# ---- dumps of comments


def dumps(w: Writer) -> Iterator[MadeFile]:
    rows: list[dict[str, Any]] = [
        {"id": f"c{n}", "link_id": "t3_p1", "parent_id": "t3_p1", "author": w.handle(), "body": w.comment(0).text, "created_utc": 1_680_000_000 + n}
        for n in range(6)
    ]  # fmt: skip
    yield MadeFile(
        "comment dump", w.path(".jsonl"), "\n".join(map(json.dumps, rows)).encode(),
        (Loss("comments in place of articles", ("looks_like_comments",)),), 0,
    )  # fmt: skip
    rows[1] |= {"body": "[deleted]", "author": "[deleted]"}
    rows[3] |= {"body": "[removed]"}
    rows[4] |= {"parent_id": "t1_zz"}
    rows.append({**rows[0], "id": "c9", "body": " "})
    yield MadeFile(
        "comment dump", w.path(".jsonl"), "\n".join(map(json.dumps, rows)).encode(),
        (Loss("deleted comments", ("deleted_comments",), number=2), Loss("a reply to nobody", ("unknown_parent",), number=1),
         Loss("a comment without text", ("empty_comments",), number=1)), 1, 4, comment_file=True,
    )  # fmt: skip
    odd = [{"cid": n, "wording": w.comment(0).text} for n in range(3)]
    yield MadeFile(
        "comment dump", w.path(".json"), json.dumps({"comments": odd}).encode(),
        (Loss("comments of an unknown shape", ("bad_comments", "no_text", "no_text_column")),), 0, comment_file=True, also=("no_comments",),
    )  # fmt: skip
    flat = [
        ["comment_id", "parent_id", "author", "text"],
        *([str(n), "", w.handle(), w.comment(0).text] for n in range(4)),
        ["9", "", "x", ""],
    ]
    yield MadeFile(
        "comment dump", w.path(".csv"), _table(flat, ","), (Loss("a comment without text", ("empty_comments", "empty")),), 1, 4,
        comment_file=True,
    )  # fmt: skip
    listing = [
        {"kind": "Listing", "data": {"children": [{"kind": "t3", "data": {"id": "p9", "title": w.title(), "selftext": w.paragraph(3, 4), "subreddit": "marlow"}}]}},
        {"kind": "Listing", "data": {"children": [{"kind": "t1", "data": {"id": "a1", "body": w.comment(0).text, "author": w.handle(), "parent_id": "t3_p9", "replies": ""}},
                                                  {"kind": "more", "data": {"count": 7, "children": []}}]}},
    ]  # fmt: skip
    yield MadeFile(
        "comment dump",
        w.path(".json"),
        json.dumps(listing).encode(),
        (Loss("comments that are only counted", ("comments_not_loaded",), number=7),),
        1,
        1,
    )


# ---- feeds and archives


def feeds(w: Writer) -> Iterator[MadeFile]:
    from containers import RSS, item

    def entry(content: str, rest: str = "") -> str:
        return item(w.title(), link=f"https://a.example/{w.rng.randrange(10**6)}", content=content, rest=rest)

    text = "".join(f"<p>{each}</p>" for each in w.body())
    items = entry(text) + entry("") + item(w.title())
    yield MadeFile(
        "feed", w.path(".rss"), RSS.format(items).encode(),
        (Loss("an entry with a link only", ("link_only",)), Loss("an entry without anything", ("empty",))),
    )  # fmt: skip
    cut = RSS.format(entry(text) + entry(text.replace("the", "a")))
    yield MadeFile(
        "feed",
        w.path(".rss"),
        cut[: cut.rindex("</item>") - 60].encode(),
        (Loss("a feed cut off", ("torn", "bad_feed")),),
        also=("link_only", "empty"),
    )
    wp = 'xmlns:wp="http://wordpress.org/export/1.2/"'
    posts = "".join(
        entry(
            f"<p>{w.paragraph(3, 4)}</p>",
            f"<wp:post_type>{kind}</wp:post_type><wp:status>{status}</wp:status>",
        )
        for kind, status in (("post", "publish"), ("post", "draft"), ("nav_menu_item", "publish"))
    )
    yield MadeFile(
        "feed", w.path(".xml"), RSS.format(posts).replace("<rss ", f"<rss {wp} ").encode(),
        (Loss("a draft", ("not_published",)), Loss("an entry that is no article", ("not_an_article",))),
    )  # fmt: skip


def archives(w: Writer) -> Iterator[MadeFile]:
    import gzip

    from containers import record, tarred, warc, zipped

    def text() -> bytes:
        return (f"{w.title()}\nOutlet: {w.outlet()}\n\n" + "\n\n".join(w.body())).encode()

    inner = zipped({"x.txt": text()})
    yield MadeFile(
        "archive", w.path(".zip"), zipped({"a.txt": text(), "b.zip": inner, "c.png": b"\x89PNG\r\n\x1a\n" + bytes(40), "d.txt": b""}),
        (Loss("an archive inside", ("nested_archive",)), Loss("a picture", ("image", "not_text")), Loss("an empty file", ("empty",))),
    )  # fmt: skip
    packed = gzip.compress(b"\n".join(json.dumps(w.article()).encode() for _ in range(200)))
    yield MadeFile(
        "archive",
        w.path(".jsonl.gz"),
        packed[: len(packed) * 2 // 3],
        (Loss("an archive cut off", ("torn", "bad_archive")),),
        -1,
    )
    yield MadeFile(
        "archive",
        w.path(".tar"),
        tarred({"a.txt": text(), "e.txt": b" "}),
        (Loss("an empty file", ("empty",)),),
    )
    saved = warc([record(_page(w).encode()), record(b"<p>gone</p>", status="404 Not Found", number=2)])
    yield MadeFile(
        "archive", w.path(".warc"), saved, (Loss("a page that was not found", ("not_pages",), number=404),)
    )
    yield MadeFile(
        "archive",
        w.path(".zip"),
        inner[: len(inner) // 2],
        (Loss("an archive cut off", ("bad_archive", "torn")),),
        0,
    )


KINDS: tuple[Make, ...] = (
    pages, texts, json_lines, json_answers, tables, office, mail, exports, dumps, feeds, archives,
)  # fmt: skip


def made_files(files: int = FILES, seed: int = SEED) -> list[MadeFile]:
    """`files` files, the kinds in turn."""
    if str(ROOT / "tests/helpers") not in sys.path:
        sys.path.append(str(ROOT / "tests/helpers"))  # builders of office files and archives
    w = Writer(random.Random(seed))
    found: list[MadeFile] = []
    while len(found) < files:
        for make in KINDS:
            found += make(w)
    return found[:files]


# ---- reading and judging


@dataclass
class Run:
    """What `slant split --audit` said of a folder. lines: of the account and of standard error."""

    rows: list[dict[str, str]]
    lines: list[str]
    articles: Counter[str] = field(default_factory=Counter)
    comments: Counter[str] = field(default_factory=Counter)


def run(folder: Path, *, comments: bool = False) -> Run:
    """Read a folder in this process."""
    from slant.cli import main as slant

    output = folder.parent / f"{folder.name}.jsonl"
    said = io.StringIO()
    arguments = ["split", str(folder), "-o", str(output), "--audit", "--overwrite", "--all"]
    with contextlib.redirect_stderr(said), contextlib.suppress(SystemExit):
        slant([*arguments, *(["--comments"] if comments else [])])
    rows = []
    for name in ("rejected", "notes"):
        listed = Path(f"{output}.{name}.jsonl")
        if listed.exists():
            rows += [{**json.loads(line), "list": name} for line in listed.read_text("utf-8").splitlines()]
    found = Run(rows, said.getvalue().splitlines())
    documents = set()
    with output.open(encoding="utf-8") as units:
        for line in units:
            unit = json.loads(line)
            name = _file_of(unit["source"], folder)
            documents.add((name, unit["article_id"]))
            found.comments[name] += unit["kind"] == "comment"
    found.articles.update(name for name, _ in documents)
    return found


def _file_of(path: str, folder: Path) -> str:
    """Name of the file: four digits and its endings."""
    return re.match(r"\d{4}(?:\.[a-z]+)+", path.removeprefix(f"{folder}/"))[0]  # type: ignore[index]


def unnamed(file: MadeFile, folder: Path, found: Run) -> list[str]:
    """What of a file is not named, and which counts differ from what was written, as sentences."""
    rows = [row for row in found.rows if _file_of(row["path"], folder) == file.name]
    out = []
    for loss in sorted(file.losses, key=lambda loss: not loss.place):
        if loss.account and any(loss.account in line and file.name in line for line in found.lines):
            continue
        named = next(
            (
                row
                for row in rows
                if row["reason"] in loss.reasons
                and row["path"].endswith(loss.place)
                and (loss.number is None or re.search(rf"(?<!\d){loss.number}(?!\d)", row["detail"]))
            ),
            None,
        )
        if named is None:
            left = ", ".join(f"{row['path'].rpartition('/')[2]} {row['reason']}" for row in rows) or "nothing"
            out.append(f"{file.kind} {file.name}: not named: {loss.what}. Named: {left}")
        else:
            rows.remove(named)
    for what, count, expected in (
        ("articles", found.articles[file.name], file.articles), ("comments", found.comments[file.name], file.comments),
    ):  # fmt: skip
        if expected >= 0 and count != expected:
            out.append(f"{file.kind} {file.name}: {count} {what}, {expected} expected")
    out += [
        f"{file.kind} {file.name}: rejected without reason: {row['path']} {row['reason']}: {row['detail']}"
        for row in rows
        if row["list"] == "rejected" and row["reason"] not in file.also
    ]
    return out


def demonstration() -> dict[str, Any]:
    """The account of the demonstration set: characters that came in, and shares of them by what became of them."""
    from slant.records import OTHER_KINDS
    from slant.scoring.account import Account
    from slant.scoring.local_run import read_units
    from slant.scoring.run_options import ReadOptions

    account = Account(by_file=True)
    options = ReadOptions(paths=(str(ROOT / "seeds/demo/articles"),), quiet=True)
    for _ in read_units(options, account, output="-"):
        pass
    total = account.total
    kinds = {kind: total.characters[kind] / total.text for kind in ("content", *OTHER_KINDS)}
    return {
        "files": len(account.files or {}), "articles": total.articles, "characters": total.text,
        "rejected": total.rejected.total(), **kinds, "markup": 1 - sum(kinds.values()),
    }  # fmt: skip


def measure(files: int = FILES, seed: int = SEED) -> dict[str, Any]:
    """The whole result. unnamed: a sentence per fault."""
    made = made_files(files, seed)
    faults: dict[str, list[str]] = {}
    with tempfile.TemporaryDirectory() as temporary:
        for comments in (False, True):
            kept = [file for file in made if file.comment_file == comments]
            folder = Path(temporary) / ("comments" if comments else "articles")
            folder.mkdir()
            for file in kept:
                (folder / file.name).write_bytes(file.data)
            if kept:
                found = run(folder, comments=comments)
                faults |= {file.name: unnamed(file, folder, found) for file in kept}
    kinds: dict[str, dict[str, int]] = {}
    for file in made:
        row = kinds.setdefault(file.kind, {"files": 0, "losses": 0, "named": 0, "wrong_counts": 0})
        missed = sum("not named" in fault for fault in faults[file.name])
        row["files"] += 1
        row["losses"] += len(file.losses)
        row["named"] += len(file.losses) - missed
        row["wrong_counts"] += len(faults[file.name]) - missed
    return {
        "demonstration": demonstration(),
        "files": len(made),
        "losses": sum(row["losses"] for row in kinds.values()),
        "named": sum(row["named"] for row in kinds.values()),
        "kinds": dict(sorted(kinds.items())),
        "unnamed": [fault for each in faults.values() for fault in each],
        "seed": seed,
        "python": platform.python_version(),
        "command": "python benchmarks/planted_losses.py " + " ".join(sys.argv[1:]),
    }


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", type=Path, help="result file")
    parser.add_argument("--files", type=int, default=FILES)
    parser.add_argument("--seed", type=int, default=SEED)
    options = parser.parse_args()
    result = measure(options.files, options.seed)
    for kind, row in result["kinds"].items():
        print(kind, row)
    for fault in result["unnamed"]:
        print(fault)
    print(f"{result['files']} files, {result['named']} of {result['losses']} losses named")
    if options.json:
        options.json.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", "utf-8")
    return 1 if result["unnamed"] else 0


if __name__ == "__main__":
    sys.exit(main())
