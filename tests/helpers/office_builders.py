"""Write small office documents: enough of each format for a reader to open them."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Sequence
from html import escape

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_TYPES = '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'


def zipped(files: dict[str, str | bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def docx(body: str, styles: str = "") -> bytes:
    """A .docx with this XML in its body."""
    return zipped(
        {
            "[Content_Types].xml": _TYPES,
            "word/styles.xml": f"<w:styles {W}>{styles}</w:styles>",
            "word/document.xml": f"<w:document {W}><w:body>{body}</w:body></w:document>",
        }
    )


def paragraph(text: str, style: str = "") -> str:
    """A paragraph of a .docx."""
    mark = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f'<w:p>{mark}<w:r><w:t xml:space="preserve">{escape(text)}</w:t></w:r></w:p>'


def odt(body: str) -> bytes:
    """An .odt with this XML in its text."""
    names = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for name in ("office", "text", "table", "draw")
    )
    body = f"<office:body><office:text>{body}</office:text></office:body>"
    content = f"<office:document-content {names}>{body}</office:document-content>"
    return zipped({"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": content})


def xlsx(sheets: dict[str, Sequence[Sequence[object]]]) -> bytes:
    """An .xlsx with text and numbers, all in place."""
    main = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    relation = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    files: dict[str, str | bytes] = {
        "[Content_Types].xml": _TYPES,
        "_rels/.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f'<Relationship Id="r" Type="{relation}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    }
    listed, related = "", ""
    for number, (name, rows) in enumerate(sheets.items(), 1):
        listed += f'<sheet name="{escape(name)}" sheetId="{number}" r:id="r{number}"/>'
        related += (
            f'<Relationship Id="r{number}" Type="{relation}/worksheet" Target="worksheets/s{number}.xml"/>'
        )
        written = "".join(
            f'<row r="{line}">'
            + "".join(_cell(value, f"{chr(65 + at)}{line}") for at, value in enumerate(row))
            + "</row>"
            for line, row in enumerate(rows, 1)
        )
        files[f"xl/worksheets/s{number}.xml"] = (
            f"<worksheet {main}><sheetData>{written}</sheetData></worksheet>"
        )
    files["xl/workbook.xml"] = f'<workbook {main} xmlns:r="{relation}"><sheets>{listed}</sheets></workbook>'
    files["xl/_rels/workbook.xml.rels"] = (
        f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{related}</Relationships>'
    )
    return zipped(files)


def _cell(value: object, place: str) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, int | float):
        return f'<c r="{place}"><v>{value}</v></c>'
    return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{escape(str(value))}</t></is></c>'


def ods(rows: Sequence[Sequence[str]]) -> bytes:
    """An .ods with one sheet."""
    names = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for name in ("office", "text", "table")
    )
    cells = "".join(
        "<table:table-row>"
        + "".join(
            f'<table:table-cell office:value-type="string"><text:p>{escape(c)}</text:p></table:table-cell>'
            for c in row
        )
        + "</table:table-row>"
        for row in rows
    )
    content = (
        f"<office:document-content {names}><office:body><office:spreadsheet>"
        f'<table:table table:name="One">{cells}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    manifest = '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'
    return zipped(
        {
            "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
            "content.xml": content,
            "META-INF/manifest.xml": manifest,
        }
    )


Piece = tuple[float, float, float, str]
"""`(left, height above the bottom, size, text)` of a line in a PDF."""


def pdf(pages: Sequence[Sequence[Piece]], *, picture: bool = False, encrypted: bool = False) -> bytes:
    """A PDF of 600 × 800 points with these lines in Helvetica. picture: each page also shows one."""
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    image = zlib.compress(bytes(64))
    objects.append(
        "<< /Type /XObject /Subtype /Image /Width 8 /Height 8 /ColorSpace /DeviceGray /BitsPerComponent 8 "
        f"/Filter /FlateDecode /Length {len(image)} >>\nstream\n{image.decode('latin-1')}\nendstream"
    )
    kids = []
    for lines in pages:
        text = "".join(
            f"BT /F1 {size} Tf {left} {bottom} Td ({_escaped(words)}) Tj ET\n"
            for left, bottom, size, words in lines
        )
        text += "q 500 0 0 700 50 50 cm /I Do Q\n" if picture else ""
        objects.append(f"<< /Length {len(text)} >>\nstream\n{text}endstream")
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents {len(objects)} 0 R "
            "/Resources << /Font << /F1 3 0 R >> /XObject << /I 4 0 R >> >> >>"
        )
        kids.append(f"{len(objects)} 0 R")
    objects[1] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>"
    out, places = "%PDF-1.4\n", []
    for number, each in enumerate(objects, 1):
        places.append(len(out))
        out += f"{number} 0 obj\n{each}\nendobj\n"
    start = len(out)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n" + "".join(
        f"{place:010} 00000 n \n" for place in places
    )
    secret = (
        f"/Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O <{'ab' * 32}> /U <{'cd' * 32}> >> /ID [<00><00>]"
        if encrypted
        else ""
    )
    out += f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R {secret} >>\nstartxref\n{start}\n%%EOF\n"
    return out.encode("latin-1")


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
