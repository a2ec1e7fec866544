"""Word, OpenDocument, RTF and spreadsheets are read; what is not read of them is named."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from office_builders import docx, ods, odt, paragraph, xlsx, zipped
from slant.errors import Rejected
from slant.ingest.inputs import read_articles
from slant.records import Article
from slant.segment.units import split

FIRST = "The harbour board voted on Monday to widen the quay, although half of its members were away at sea."
SECOND = "Its chairman called the plan a gift to the town, and said that nobody could be against it."


def read(path: Path, data: bytes) -> list[Article | Rejected]:
    path.write_bytes(data)
    return list(read_articles([str(path)]))


def article(path: Path, data: bytes) -> Article:
    (found,) = read(path, data)
    assert isinstance(found, Article), found
    return found


def rejected(path: Path, data: bytes) -> Rejected:
    (found,) = read(path, data)
    assert isinstance(found, Rejected), found
    return found


# ---- Word


def test_paragraphs_and_headings_of_a_word_document(tmp_path: Path) -> None:
    styles = '<w:style w:styleId="berschrift1"><w:name w:val="heading 1"/></w:style>'
    body = paragraph("Quay to widen", "berschrift1") + paragraph(FIRST) + paragraph(SECOND)
    found = article(tmp_path / "a.docx", docx(body, styles))
    assert found.text == f"# Quay to widen\n\n{FIRST}\n\n{SECOND}"
    assert [unit.kind for unit in split(found)] == ["title", "paragraph", "paragraph"]


def test_the_bytes_decide_that_it_is_a_word_document(tmp_path: Path) -> None:
    assert article(tmp_path / "a.txt", docx(paragraph(FIRST))).text == FIRST


def test_empty_paragraphs_separate_the_others(tmp_path: Path) -> None:
    body = (
        paragraph("The harbour board voted")
        + paragraph("on Monday.")
        + paragraph("")
        + paragraph(SECOND)
        + paragraph("")
    )
    found = article(tmp_path / "a.docx", docx(body))
    assert found.text == f"The harbour board voted\non Monday.\n\n{SECOND}"


def test_deleted_text_and_field_codes_are_left_out_and_inserted_text_is_kept(tmp_path: Path) -> None:
    body = (
        "<w:p><w:r><w:t>The board </w:t></w:r><w:del><w:r><w:delText>never </w:delText></w:r></w:del>"
        "<w:ins><w:r><w:t>at last </w:t></w:r></w:ins><w:r><w:instrText>HYPERLINK</w:instrText></w:r>"
        "<w:hyperlink><w:r><w:t>voted</w:t></w:r></w:hyperlink><w:r><w:br/><w:t>on it.</w:t></w:r></w:p>"
    )
    assert article(tmp_path / "a.docx", docx(body)).text == "The board at last voted\non it."


def test_a_text_box_is_read_once(tmp_path: Path) -> None:
    inside = f"<w:txbxContent>{paragraph(SECOND)}</w:txbxContent>"
    compatible = 'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
    both = f"<mc:Choice>{inside}</mc:Choice><mc:Fallback>{inside}</mc:Fallback>"
    box = f"<mc:AlternateContent {compatible}>{both}</mc:AlternateContent>"
    body = f"<w:p><w:r><w:t>{FIRST}</w:t>{box}</w:r></w:p>"
    assert article(tmp_path / "a.docx", docx(body)).text == f"{FIRST}\n\n{SECOND}"


def test_rows_of_a_table_and_the_paragraphs_of_a_layout_table(tmp_path: Path) -> None:
    def row(*cells: str) -> str:
        return "<w:tr>" + "".join(f"<w:tc>{cell}</w:tc>" for cell in cells) + "</w:tr>"

    rows = row(paragraph("Year"), paragraph("Ships")) + row(
        paragraph("Note"), paragraph(FIRST) + paragraph(SECOND)
    )
    body = f"<w:tbl>{rows}</w:tbl>"
    assert article(tmp_path / "a.docx", docx(body)).text == f"Year | Ships\n\nNote\n\n{FIRST}\n\n{SECOND}"


def test_footnotes_are_named_in_a_note(tmp_path: Path) -> None:
    body = f"<w:p><w:r><w:t>{FIRST}</w:t><w:footnoteReference/></w:r></w:p>"
    assert [note.reason for note in article(tmp_path / "a.docx", docx(body)).notes] == ["footnotes"]


def test_documents_in_an_archive_are_read(tmp_path: Path) -> None:
    data = zipped({"news/a.docx": docx(paragraph(FIRST)), "news/b.odt": odt(f"<text:p>{SECOND}</text:p>")})
    found = read(tmp_path / "news.zip", data)
    assert [each.text for each in found if isinstance(each, Article)] == [FIRST, SECOND]


@pytest.mark.parametrize(
    ("name", "files", "reason"),
    [
        ("a.pptx", {"[Content_Types].xml": "", "ppt/presentation.xml": ""}, "archive"),
        ("a.epub", {"mimetype": "application/epub+zip", "META-INF/container.xml": ""}, "archive"),
        ("a.pages", {"Index/Document.iwa": "x"}, "archive"),
        ("a.docx", {"[Content_Types].xml": "", "word/document.xml": "<w:document"}, "bad_office"),
        ("a.docx", {"[Content_Types].xml": "", "word/document.xml": "<w/>"}, "empty"),
        ("a.docx", {"[Content_Types].xml": "", "word/document.xml": b" " * 60_000_000}, "too_large"),
        ("a.docx", {"[Content_Types].xml": "", "word/document.xml": "<w>" * 2000}, "bad_office"),
        ("a.odt", {"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": "<x/>",
                   "META-INF/manifest.xml": "<encryption-data/>"}, "encrypted"),
        ("a.odt", {"mimetype": "application/vnd.oasis.opendocument.text"}, "bad_office"),
    ],
)  # fmt: skip
def test_what_is_no_readable_document_is_refused_by_name(
    tmp_path: Path, name: str, files: dict[str, str | bytes], reason: str
) -> None:
    assert rejected(tmp_path / name, zipped(files)).reason == reason


def test_an_entity_bomb_is_not_expanded(tmp_path: Path) -> None:
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "lol"}">' for n in range(12))
    text = f"<!DOCTYPE w [{entities}]><w><body><p><t>&e11;</t></p></body></w>"
    assert rejected(
        tmp_path / "a.docx", zipped({"[Content_Types].xml": "", "word/document.xml": text})
    ).reason in (
        "empty",
        "bad_office",
    )


@pytest.mark.parametrize(
    ("inside", "reason"),
    [("EncryptedPackage", "encrypted"), ("WordDocument", "archive"), ("__substg1.0_", "archive")],
)
def test_old_and_encrypted_documents_are_refused_by_name(tmp_path: Path, inside: str, reason: str) -> None:
    data = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512) + inside.encode("utf-16-le") + bytes(512)
    assert rejected(tmp_path / "a.doc", data).reason == reason


# ---- OpenDocument


def test_open_document_text(tmp_path: Path) -> None:
    body = (
        "<text:tracked-changes><text:p>deleted words</text:p></text:tracked-changes>"
        '<text:h text:outline-level="1">Quay to widen</text:h>'
        f"<text:p>{FIRST}<text:note><text:p>a note</text:p></text:note></text:p>"
        "<text:list><text:list-item><text:p>Ships<text:s/>first</text:p></text:list-item>"
        "<text:list-item><text:p>Then boats</text:p></text:list-item></text:list>"
        f"<text:p><text:span>Its chairman</text:span>{SECOND.removeprefix('Its chairman')}</text:p>"
    )
    found = article(tmp_path / "a.odt", odt(body))
    assert found.text == f"# Quay to widen\n\n{FIRST}\n\n- Ships first\n- Then boats\n\n{SECOND}"
    assert [note.reason for note in found.notes] == ["footnotes"]


# ---- RTF


def test_rtf_with_special_characters_links_and_headers(tmp_path: Path) -> None:
    data = (
        rb"{\rtf1\ansi\ansicpg1252\uc1{\fonttbl{\f0\fswiss\fcharset0 Arial;}{\f1\fcharset204{\*\panose 0202}Times;}}"
        rb"{\header Gazette page 3\par}{\b Quay to widen}\par\par The board\'92s vote \u8220?was rigged\u8221?, said "
        rb'{\field{\*\fldinst{HYPERLINK "http://x.example/a"}}{\fldrslt{Ann Orla}}}.\par\par Ships first.\par}'
    )
    found = article(tmp_path / "a.rtf", data)
    assert found.text == "Quay to widen\n\nThe board’s vote “was rigged”, said Ann Orla.\n\nShips first."


def test_hostile_rtf_is_refused_or_read_in_time(tmp_path: Path) -> None:
    assert rejected(tmp_path / "a.rtf", b"{\\rtf1" + b"{\\b" * 200_000).reason == "empty"
    table = b"{\\rtf1{\\fonttbl{" + b"\\f1\\fcharset0 " * 20_000 + b"}}Words.}"
    assert rejected(tmp_path / "b.rtf", table).reason == "bad_office"
    assert rejected(tmp_path / "c.rtf", b"{\\rtf1 \\u99999999? x}").reason == "bad_office"


def test_pictures_in_an_rtf_are_passed_over(tmp_path: Path) -> None:
    picture = b"{\\pict\\pngblip " + b"89504e470d0a1a0a" * 200_000 + b"}"
    assert article(tmp_path / "a.rtf", b"{\\rtf1 Ships first." + picture + b"\\par Then boats.}").text == (
        "Ships first.\n\nThen boats."
    )


# ---- spreadsheets


def test_rows_of_a_workbook(tmp_path: Path) -> None:
    rows = [
        ["Export of the Gazette"],
        [],
        ["Headline", "Date", "Text", "Id"],
        ["Quay to widen", "2023-05-03", FIRST, 7],
        ["Ships", "", SECOND, 8],
    ]
    first, second = read(tmp_path / "a.xlsx", xlsx({"Articles": rows}))
    assert isinstance(first, Article)
    assert isinstance(second, Article)
    assert (first.title, first.published, first.text) == (
        "Quay to widen",
        "2023-05-03",
        f"Quay to widen\n\n{FIRST}",
    )
    assert first.path.endswith("a.xlsx!Articles:4")
    assert second.text == f"Ships\n\n{SECOND}"


def test_every_sheet_is_read_or_named(tmp_path: Path) -> None:
    sheets = {
        "A": [["text"], [FIRST]],
        "Codes": [["code", "meaning"], [1, "war"]],
        "Empty": [],
        "B": [["body"], [SECOND], [""]],
    }
    first, codes, second = read(tmp_path / "a.xlsx", xlsx(sheets))
    assert isinstance(first, Article)
    assert isinstance(second, Article)
    assert (first.text, second.text) == (FIRST, SECOND)
    assert isinstance(codes, Rejected)
    assert (codes.reason, codes.path.endswith("!Codes")) == ("no_text_column", True)
    assert "code, meaning" in codes.detail


def test_a_row_without_text_is_named_with_its_number(tmp_path: Path) -> None:
    _, empty = read(tmp_path / "a.xlsx", xlsx({"A": [["title", "text"], ["Ships", FIRST], ["Boats", ""]]}))
    assert isinstance(empty, Rejected)
    assert (empty.reason, empty.path.endswith("!A:3")) == ("empty", True)


def test_open_document_spreadsheet(tmp_path: Path) -> None:
    found = article(tmp_path / "a.ods", ods([["title", "text"], ["Ships", FIRST]]))
    assert (found.title, found.published) == ("Ships", None)


def test_a_cell_cut_by_the_spreadsheet_is_noted(tmp_path: Path) -> None:
    found = article(tmp_path / "a.xlsx", xlsx({"A": [["text"], [("word " * 7000)[:32_767]]]}))
    assert [note.reason for note in found.notes] == ["cut_cell"]


def test_a_sheet_with_far_off_cells_does_not_end_the_run(tmp_path: Path) -> None:
    rows = xlsx({"A": [["text"], [FIRST]]})
    (tmp_path / "b.txt").write_text(FIRST)
    with zipfile.ZipFile(io.BytesIO(rows)) as archive:
        files: dict[str, str | bytes] = {name: archive.read(name) for name in archive.namelist()}
    sheet = files["xl/worksheets/s1.xml"]
    assert isinstance(sheet, bytes)
    far = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    files["xl/worksheets/s1.xml"] = sheet.replace(b"</sheetData>", far)
    (tmp_path / "a.xlsx").write_bytes(zipped(files))
    found = list(read_articles([str(tmp_path)]))
    assert isinstance(found[0], Rejected)
    assert isinstance(found[-1], Article)


def test_without_the_libraries_the_message_names_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("slant.errors.find_spec", lambda name: None)
    for name, data in (
        ("a.xlsx", xlsx({"A": [["text"], [FIRST]]})),
        ("a.rtf", b"{\\rtf1 x}"),
        ("a.pdf", b"%PDF-1.4"),
    ):
        found = rejected(tmp_path / name, data)
        assert found.reason == "needs_office"
        assert "slant[office]" in found.detail


def test_a_database_export_in_a_word_document_is_several_articles(tmp_path: Path) -> None:
    styles = '<w:style w:styleId="Heading1"><w:name w:val="heading 1"/></w:style>'
    body = ""
    for number, (outlet, title, text) in enumerate(
        (("The Gull", "Quay to widen", FIRST), ("The Tern", "Ships first", SECOND)), 1
    ):
        head = [f"{number} of 2 DOCUMENTS", outlet, "May 3, 2023 Wednesday"]
        body += "".join(map(paragraph, head)) + paragraph(title, "Heading1")
        body += "".join(
            map(paragraph, ["BYLINE: Ann Orla", "LENGTH: 42 words", text, "LOAD-DATE: May 3, 2023"])
        )
    found = [each for each in read(tmp_path / "a.docx", docx(body, styles)) if isinstance(each, Article)]
    assert [(each.outlet, each.title) for each in found] == [
        ("The Gull", "Quay to widen"),
        ("The Tern", "Ships first"),
    ]


def test_a_sheet_of_comments_does_not_end_the_workbook(tmp_path: Path) -> None:
    comments = [["comment_id", "parent_id", "author", "body"], *([n, "", "Jo", "I agree."] for n in range(3))]
    found = read(
        tmp_path / "a.xlsx", xlsx({"Comments": comments, "A": [["title", "text"], ["Ships", FIRST]]})
    )
    assert [each.reason for each in found if isinstance(each, Rejected)] == ["looks_like_comments"]
    assert [each.title for each in found if isinstance(each, Article)] == ["Ships"]


def test_an_rtf_that_ends_before_its_groups_is_named(tmp_path: Path) -> None:
    whole = rb"{\rtf1\ansi {\b Ships first.}\par Then \{boats\}.}"
    (tmp_path / "a.rtf").write_bytes(whole)
    (tmp_path / "b.rtf").write_bytes(whole[:-1])
    found = list(read_articles([str(tmp_path)]))
    assert [[note.reason for note in one.notes] for one in found if isinstance(one, Article)] == [
        [],
        ["torn"],
    ]


def test_an_office_document_with_nothing_of_its_kind_inside_is_refused(tmp_path: Path) -> None:
    assert rejected(tmp_path / "a.docx", zipped({"a.xml": "<a>Ships first.</a>"})).reason == "bad_office"


# ---- Factiva exports in office documents

FACTIVA = [
    ("SE", "News"), ("HD", "Ferry to stop sailing in winter"), ("BY", "By Ada Lind"), ("WC", "285 words"),
    ("PD", "4 May 2022"), ("ET", "04:10"), ("SN", "The Port Gazette"), ("SC", "PORTG"), ("PG", "12"), ("LA", "English"),
    ("CY", "(c) 2022 Port Gazette"),
    ("LP", "The ferry to the island will stop sailing from November to March, the board said, and nobody objected to it."),
    ("TD", "IN THE END the islanders called the plan a disgrace. RE was not said."), ("CO", "porgaz : Port Gazette Ltd"),
    ("NS", "gtrans : Transport | gcat : Political/General News"), ("RE", "uk : United Kingdom"), ("IPD", "Ferries"),
    ("PUB", "Port Gazette Media"), ("AN", "Document PORTG00020220504ei5400002"),
]  # fmt: skip
OTHER = [
    (code, {"HD": "Nobody needs a boat", "BY": "Bo Berg", "SN": "Harbour Mail"}.get(code, value))
    for code, value in FACTIVA
    if code != "SE"
]


def word_table(rows: list[tuple[str, str]]) -> str:
    def cell(words: str) -> str:
        return f"<w:tc>{paragraph(words)}</w:tc>"

    return "<w:tbl>" + "".join(f"<w:tr>{cell(code)}{cell(words)}</w:tr>" for code, words in rows) + "</w:tbl>"


def rtf(lines: list[str]) -> bytes:
    return b"{\\rtf1\\ansi " + "\\par\n".join(lines).encode("ascii") + b"}"


def factiva(kind: str, rows: list[tuple[str, str]]) -> tuple[str, bytes]:
    """`(ending, file)` of a document with field codes."""
    if kind == "table":
        return "docx", docx(word_table(rows))
    if kind == "rtf table":
        return "rtf", rtf(
            [f"\\trowd\\cellx1\\cellx2 {code}\\cell {words}\\cell\\row" for code, words in rows]
        )
    if kind == "rtf":
        return "rtf", rtf([f"{code} {words}" for code, words in rows])
    if kind == "lines":
        return "docx", docx("".join(paragraph(each) for row in rows for each in row))
    if kind == "headings":
        styled = "".join(
            paragraph(f"{code} {words}", "Heading1" if code == "HD" else "") for code, words in rows
        )
        return "docx", docx(styled)
    between = {"tabs": "\t", "blanks": " "}[kind]
    return "docx", docx("".join(paragraph(f"{code}{between}{words}") for code, words in rows))


@pytest.mark.parametrize("with_numbers", [True, False])
@pytest.mark.parametrize("kind", ["table", "rtf table", "rtf", "lines", "headings", "tabs", "blanks"])
def test_field_codes_of_factiva_in_office_documents_are_no_text(
    tmp_path: Path, kind: str, with_numbers: bool
) -> None:
    rows = [row for row in FACTIVA + OTHER if with_numbers or row[0] != "AN"]
    ending, data = factiva(kind, rows)
    (tmp_path / f"a.{ending}").write_bytes(data)
    found = list(read_articles([str(tmp_path / f"a.{ending}")]))
    assert [each.title for each in found if isinstance(each, Article)] == [
        FACTIVA[1][1],
        "Nobody needs a boat",
    ]
    first, second = found
    assert isinstance(first, Article)
    assert isinstance(second, Article)
    assert (first.outlet, first.author, first.published) == ("The Port Gazette", "Ada Lind", "2022-05-04")
    assert (second.outlet, second.author) == ("Harbour Mail", "Bo Berg")
    body = f"{FACTIVA[11][1]}\n\n{FACTIVA[12][1]}"
    assert [each.text for each in (first, second)] == [f"{each.title}\n\n{body}" for each in (first, second)]
    assert not first.notes
    assert not second.notes


def test_one_document_with_field_codes_is_read_too(tmp_path: Path) -> None:
    for kind in ("table", "blanks", "rtf"):
        ending, data = factiva(kind, FACTIVA[:-1])
        found = article(tmp_path / f"{kind}.{ending}", data)
        assert (found.title, found.outlet) == (FACTIVA[1][1], "The Port Gazette")
        assert "disgrace" in found.text
        assert not any(words in found.text for words in ("285", "English", "gtrans", "Document", "PORTG"))


@pytest.mark.parametrize(
    "text",
    ["HD screens sell well.\n\nPD officers said so.\n\nWC fields are needed.",
     "TD Garden is full.\n\nIN brief: rain.\n\nRE is taught.",
     "BY ADA LIND\n\nThe ferry stops.\n\nAN end to sailing."],
)  # fmt: skip
def test_words_that_look_like_field_codes_stay(tmp_path: Path, text: str) -> None:
    found = article(tmp_path / "a.docx", docx("".join(paragraph(each) for each in text.split("\n\n"))))
    assert found.text == text
