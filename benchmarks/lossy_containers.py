"""Files with planted losses: office files, mail, feeds and archives. Needs tests/helpers on the path."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from email.message import EmailMessage

from containers import RSS, item, record, tarred, warc, zipped
from lossy_file import Loss, MadeFile, Writer, page
from office_builders import docx, odt, paragraph, pdf, xlsx


def office(w: Writer) -> Iterator[MadeFile]:
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
    message = EmailMessage()
    message["Subject"], message["From"], message["Date"] = (
        w.title(),
        f"{w.outlet()} <a@a.example>",
        "Tue, 09 Mar 2021 10:00:00 +0000",
    )
    message.set_content("\n\n".join(w.body()))
    message.add_attachment(b"%PDF-1.4 x", maintype="application", subtype="pdf", filename="annex.pdf")
    message.set_boundary("annex")  # else another each time
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
            ("a.example/1", page(w)),
            ("ads.example/f", f"<html><body><p>{w.paragraph()}</p></body></html>"),
        )
    )
    saved = f'From: <Saved by Browser>\r\nSubject: x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/related; type="text/html"; boundary="b"\r\n\r\n{parts}--b--\r\n'
    yield MadeFile("MHTML", w.path(".mhtml"), saved.encode(), (Loss("a frame", ("frames",)),))


def feeds(w: Writer) -> Iterator[MadeFile]:
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
    saved = warc([record(page(w).encode()), record(b"<p>gone</p>", status="404 Not Found", number=2)])
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
