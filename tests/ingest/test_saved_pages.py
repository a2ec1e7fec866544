"""Mail and saved pages are read; the folder beside a page, programs, settings and licenses are refused by name."""

from __future__ import annotations

import base64
import quopri
from pathlib import Path

import pytest

from office_builders import zipped
from slant.errors import Rejected
from slant.ingest.inputs import read_articles
from slant.records import Article

TEXT = "The harbour board voted on Monday to widen the quay, although half of its members were away at sea on that day."
MORE = "Its chairman called the plan “a gift to the town”, and said that nobody who loved ships could be against it."
PAGE = (
    '<!DOCTYPE html><html><head><meta charset="utf-8"><title>Quay to widen</title></head><body>'
    '<nav><a href="/">Home</a></nav>'
    f"<article><h1>Quay to widen</h1><p>{TEXT}</p><p>{MORE}</p></article></body></html>"
)


def read(*paths: Path) -> list[Article | Rejected]:
    return list(read_articles([str(path) for path in paths]))


def one(path: Path, data: str | bytes) -> Article:
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    (found,) = read(path)
    assert isinstance(found, Article), found
    return found


def quoted(text: str) -> str:
    return quopri.encodestring(text.encode()).decode()


MAIL = (
    "From: =?utf-8?q?The_Gull?= <news@gull.example>\nTo: a@b.example\nSubject: =?utf-8?q?Quay_=E2=80=93_at_last?=\n"
    "Date: Wed, 3 May 2023 06:00:00 +0100\nMIME-Version: 1.0\n"
)
PLAIN = (
    "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n"
    f"{quoted(TEXT)}\n\n{quoted(MORE)}\n"
)
HTML = (
    "Content-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: base64\n\n"
    f"{base64.encodebytes(PAGE.encode()).decode()}\n"
)


@pytest.mark.parametrize("name", ["a.eml", "a.txt", "letter"])
def test_a_plain_mail(tmp_path: Path, name: str) -> None:
    found = one(tmp_path / name, MAIL + PLAIN)
    assert found.text == f"Quay – at last\n\n{TEXT}\n\n{MORE}"
    assert (found.title, found.outlet, found.published) == (
        "Quay – at last",
        "The Gull",
        "2023-05-03T06:00:00+01:00",
    )


def test_the_html_of_a_mail_comes_before_its_plain_text_and_attachments_are_named(tmp_path: Path) -> None:
    attached = 'Content-Type: application/pdf\nContent-Disposition: attachment; filename="plan.pdf"\n\nxyz\n'
    plain = PLAIN.replace(quoted(TEXT)[:20], "View it in a browser")
    body = (
        f'Content-Type: multipart/mixed; boundary="x"\n\n--x\n{plain}\n--x\n{HTML}\n--x\n{attached}\n--x--\n'
    )
    found = one(tmp_path / "a.eml", MAIL + body)
    assert TEXT in found.text
    assert "browser" not in found.text
    assert found.title == "Quay – at last"
    assert [(note.reason, "plan.pdf" in note.detail) for note in found.notes] == [("attachments", True)]


def test_all_stories_of_a_newsletter_are_kept(tmp_path: Path) -> None:
    cells = "".join(
        f"<tr><td><a href='http://x.example/{n}'>Story {n} of the harbour</a></td></tr>" for n in range(30)
    )
    page = f"<html><body><table>{cells}<tr><td><p>{TEXT}</p></td></tr></table></body></html>"
    found = one(tmp_path / "a.eml", f"{MAIL}Content-Type: text/html; charset=utf-8\n\n{page}")
    assert all(f"Story {number} of" in found.text for number in range(30))
    assert TEXT in found.text


def mhtml(*parts: tuple[str, str]) -> str:
    head = (
        "From: <Saved by Blink>\nSnapshot-Content-Location: https://gull.example/quay\nSubject: Quay to widen\n"
        "Date: Wed, 3 May 2023 06:00:00 +0100\nMIME-Version: 1.0\n"
        'Content-Type: multipart/related; type="text/html"; boundary="x"\n\n'
    )
    return head + "".join(
        "--x\nContent-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n"
        f"Content-Location: {place}\n\n"
        f"{quoted(page)}\n"
        for place, page in parts
    ) + "--x--\n"  # fmt: skip


def test_a_page_saved_as_one_file(tmp_path: Path) -> None:
    advert = f"<html><body><p>{MORE}</p><p>Buy goggles</p></body></html>"
    found = one(tmp_path / "a.mhtml", mhtml(("cid:1", advert), ("https://gull.example/quay", PAGE)))
    assert found.text == f"Quay to widen\n\n{TEXT}\n\n{MORE}"
    assert found.url == "https://gull.example/quay"
    assert found.published is None  # the date is that of saving
    assert [note.reason for note in found.notes] == ["frames"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [("", "empty"), ('Content-Type: multipart/mixed; boundary="x"\n\n' + "--x\n\nhello\n" * 2000, "too_large"),
     ("Content-Type: image/png\n\nabc", "empty")],
)  # fmt: skip
def test_a_mail_without_text_is_refused(tmp_path: Path, body: str, reason: str) -> None:
    (tmp_path / "a.eml").write_text(MAIL + (body or "\n"))
    (found,) = read(tmp_path / "a.eml")
    assert isinstance(found, Rejected)
    assert found.reason == reason


def test_an_article_that_starts_like_a_mail_is_no_mail(tmp_path: Path) -> None:
    text = f"Subject: ships\nFrom: the harbour\n\n{TEXT}"
    assert one(tmp_path / "a.txt", text).text == text


# ---- the folder beside a page

SAVED = {
    "Quay.html": PAGE,
    "Quay_files/main.js": "alert(1)",
    "Quay_files/frame.html": PAGE.replace("widen", "close"),
    "Quay_files/deep/a.txt": TEXT,
    "Sea_files/notes.txt": MORE,
}


def check_saved(found: list[Article | Rejected]) -> None:
    articles = [each.text for each in found if isinstance(each, Article)]
    assert articles == [f"Quay to widen\n\n{TEXT}\n\n{MORE}", MORE]
    assert [
        (each.reason, each.path.endswith("Quay_files")) for each in found if isinstance(each, Rejected)
    ] == [("page_files", True)]


def test_the_folder_of_a_saved_page_is_left_out_and_named_once(tmp_path: Path) -> None:
    for name, text in SAVED.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    check_saved(read(tmp_path))
    check_saved(list(read_articles([str(tmp_path / "**" / "*.*")])))


def test_the_folder_of_a_saved_page_in_an_archive(tmp_path: Path) -> None:
    (tmp_path / "pages.zip").write_bytes(zipped({f"in/{name}": text for name, text in SAVED.items()}))
    found = read(tmp_path / "pages.zip")
    check_saved(found)
    assert any(
        "Unpack the archive to read these" in each.detail for each in found if isinstance(each, Rejected)
    )


DISQUS = (
    '<html><head><meta charset="utf-8"></head><body><ul id="post-list">'
    '<li class="post" id="post-1"><div class="post-content"><header><span class="author"><a>Ada</a></span></header>'
    '<div class="post-message"><p>The quay’s a “folly”.</p></div></div><ul class="children">'
    '<li class="post" id="post-2"><div class="post-content"><header><span class="author"><a>Bo</a></span></header>'
    '<div class="post-message"><p>It is not!</p></div></div></li></ul></li></ul></body></html>'
)


@pytest.mark.parametrize(
    "source", ["./Quay_files/saved_resource(1).html", "Quay_files/saved_resource%281%29.html"]
)
@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
def test_comments_in_a_frame_of_the_folder_are_read(tmp_path: Path, source: str, encoding: str) -> None:
    (tmp_path / "Quay_files").mkdir()
    (tmp_path / "Quay_files" / "saved_resource(1).html").write_text(DISQUS, "utf-8")
    (tmp_path / "Quay_files" / "ad.html").write_text(f"<p>{MORE} Buy goggles.</p>", "utf-8")
    frames = f'<div id="disqus_thread"><iframe id="dsq-app1" src="{source}" width="1"></iframe></div>'
    frames += '<iframe src="./Quay_files/ad.html"></iframe>'
    page = PAGE.replace("</article>", f"</article>{frames}").replace("utf-8", encoding)
    (tmp_path / "Quay.html").write_bytes(page.encode(encoding))
    article, folder = read(tmp_path)
    if isinstance(article, Rejected):
        article, folder = folder, article
    assert isinstance(article, Article)
    said = [
        (article.text[part.start : part.end], part.author, part.parent)
        for part in article.parts
        if part.role == "comment"
    ]
    first = len(article.parts) - 2
    assert said == [("The quay’s a “folly”.", "Ada", None), ("It is not!", "Bo", first)]
    assert "goggles" not in article.text
    assert isinstance(folder, Rejected)
    assert "except for comments in its frames" in folder.detail


@pytest.mark.parametrize(
    "source",
    ["./Quay_files/../secret.html", "Other_files/a.html", "/Quay_files/a.html", "Quay_files/link.html"],
)
def test_a_frame_outside_of_the_folder_is_not_read(tmp_path: Path, source: str) -> None:
    for name in ("Quay_files", "Other_files"):
        (tmp_path / name).mkdir()
    for name in ("secret.html", "Other_files/a.html"):
        (tmp_path / name).write_text(DISQUS, "utf-8")
    (tmp_path / "Quay_files" / "link.html").symlink_to(tmp_path / "secret.html")
    (tmp_path / "Quay.html").write_text(
        PAGE.replace("</article>", f'</article><iframe src="{source}"></iframe>'), "utf-8"
    )
    (found,) = read(tmp_path / "Quay.html")
    assert isinstance(found, Article)
    assert "folly" not in found.text


# ---- files that are never prose

SCRIPT = (
    '/* Gull */\n(function (w, d) { var text = "The board voted."; d.write(text);'
    " w.log = function (x) { return x; }; })(window);"
)
STYLE = "body { font-family: serif; color: #222; }\n.article p { margin: 0 0 1em; line-height: 1.5; }\n"
CONSTANTS = (
    '"use strict";\nconst words = "The mayor is a liar.";\n'
    'document.querySelector("#x").add("click", () => alert(words));\n'
)
SHELL = "#!/bin/sh\nif [ $(date) = x ]; then f() { g; }; fi\n"


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("main.js", SCRIPT, "not_text"),
        ("a.css", STYLE, "not_text"),
        ("b.js.download", SCRIPT, "not_text"),
        ("link.url", "[InternetShortcut]\nURL=http://x.example\n", "not_text"),
        ("cite.ris", "TY  - NEWS\nTI  - Ships\n", "citation"),
        ("LICENSE", TEXT, "not_text"),
        ("README.md", TEXT, "not_text"),
        ("Thumbs.db", "Thumbs", "not_text"),
        ("a.woff2", "wOF2", "not_text"),
        ("survey.sav", "$FL2", "not_text"),
        ("script", SCRIPT, "code"),
        ("script.txt", CONSTANTS, "code"),
        ("style", STYLE, "code"),
        ("settings", "[main]\n# ships\nname = quay\n", "code"),
        ("tool", SHELL, "code"),
    ],
)
def test_what_is_never_prose_is_refused_by_name(tmp_path: Path, name: str, text: str, reason: str) -> None:
    (tmp_path / name).write_text(text)
    (found,) = read(tmp_path / name)
    assert isinstance(found, Rejected)
    assert found.reason == reason


@pytest.mark.parametrize(
    "text",
    [
        "Function of the harbour\n\n(Reuters) - " + TEXT,
        "Import duties rise\n\n" + TEXT,
        "[Exclusive]\n\n" + TEXT,
        "Var: " + MORE,
        "Let us speak (again) of ships; of boats = joy.\n\n" + TEXT,
        "License to fish\n\n" + MORE,
        "try {this}: " + TEXT * 3,
    ],
)
def test_prose_stays_prose(tmp_path: Path, text: str) -> None:
    assert one(tmp_path / "licensed.txt", text).text == text


# ---- two columns woven line by line


def woven(left: list[str], right: list[str]) -> str:
    return "\n".join(f"{a:<40}{b}" for a, b in zip(left, right, strict=True))


LEFT = [
    "The harbour board voted on Monday",
    "to widen the quay, although half",
    "of its members were away at sea",
    "on that day. Nobody objected to",
    "the plan of the chairman.",
]
RIGHT = [
    "The fair opens on Sunday with a",
    "parade of boats. The mayor will",
    "speak, and then the band plays",
    "until the tide turns at night",
    "and all ships have gone home.",
]


def test_woven_columns_are_refused_with_advice(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(f"THE GULL{'':40}3 May 2023\n\n" + woven(LEFT, RIGHT))
    (found,) = read(tmp_path / "a.txt")
    assert isinstance(found, Rejected)
    assert found.reason == "two_columns"
    assert "without -layout" in found.detail


@pytest.mark.parametrize(
    "text",
    [
        woven(["Year", "2021", "2022", "2023", "2024"], ["Ships in the harbour that year"] * 5),
        woven(["ANN ORLA:", "JO QUAY:", "ANN ORLA:", "JO QUAY:", "ANN ORLA:"], RIGHT),
        "\n".join("          " + line for line in LEFT + RIGHT),
        f"{TEXT}\n\n" + "\n".join(f"     {line}" for line in RIGHT),
    ],
)
def test_tables_and_indents_are_no_columns(tmp_path: Path, text: str) -> None:
    assert one(tmp_path / "a.txt", text).text == text


@pytest.mark.parametrize("kind", ["html", "plain"])
def test_an_export_in_a_mail_is_its_articles(tmp_path: Path, kind: str) -> None:
    if kind == "html":
        body = "".join(
            f'<div class="article enArticle"><div id="hd"><span class="enHeadline">{title}</span></div>'
            f"<div>By Ada Lind</div><div>99 words</div><div>6 March 2024</div><div>Quay Courier</div><div>English</div>"
            f'<div>(c) 2024 Quay Courier</div><p class="articleParagraph enarticleParagraph">{text}</p>'
            f"<p>Document QUAY00002024030{n}</p></div>"
            for n, (title, text) in enumerate((("Quay to widen", TEXT), ("Gift to the town", MORE)), 1)
        )
    else:
        body = "".join(
            f"{n} of 2 DOCUMENTS\n\nQuay Courier\n\nMarch 6, 2024 Wednesday\n\n{title}\n\nBYLINE: Ada Lind\n\n"
            f"LENGTH: 99 words\n\n{text}\n\nLOAD-DATE: March 7, 2024\n\n"
            for n, (title, text) in enumerate((("Quay to widen", TEXT), ("Gift to the town", MORE)), 1)
        )
    data = (
        "From: Alerts <a@alerts.test>\nSubject: Your alert\nDate: Thu, 07 Mar 2024 06:00:00 +0000\nMIME-Version: 1.0\n"
        'Content-Type: multipart/mixed; boundary="b"\n\n'
        f"--b\nContent-Type: text/{kind}; charset=utf-8\n\n{body}\n"
        "--b\nContent-Type: text/csv\nContent-Disposition: attachment; filename=more.csv\n\na,b\n--b--\n"
    )
    path = tmp_path / "alert.eml"
    path.write_text(data, "utf-8")
    first, second = read(path)
    assert isinstance(first, Article)
    assert isinstance(second, Article)
    assert (first.title, second.title) == ("Quay to widen", "Gift to the town")
    assert (first.outlet, first.author, first.published) == ("Quay Courier", "Ada Lind", "2024-03-06")
    assert [note.reason for note in first.notes] == ["attachments"]
