"""Text of office documents (.docx, .odt, .rtf, .pdf), with Markdown for headings and lists."""

from __future__ import annotations

import io
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from typing import Any, BinaryIO

from slant.errors import Rejected, UsageError, require
from slant.ingest.archives import ZIP_ERRORS, OutputBudget
from slant.ingest.decoding import DEFAULT_LIMITS, Limits
from slant.records import Note

OFFICE_KINDS = ("docx", "odt", "rtf", "pdf")
_SHORT_CELL = 200  # characters; a longer cell of a table is layout, and its paragraphs are separate
_LOOSE = 0.25  # of the paragraphs are empty where empty ones separate the others
_MAX_FONT_TABLE, _MAX_FONT_ENTRY = 300_000, 3000  # characters of an RTF's table of fonts, and of one of them

_RTF_ESCAPED = re.compile(rb"\\[\\{}]")
_PICTURE = re.compile(rb"(?:[0-9a-fA-F][\r\n]*+){128,}+")  # in an RTF, which the library would read slowly

# What the directory of a zip says about its kind, in order.
_INSIDE = (
    (re.compile(r"word/document\d?\.xml"), "docx"),
    (re.compile(r"xl/workbook\.(?:xml|bin)"), "sheets"),
    (re.compile(r"ppt/presentation\.xml"), "presentation"),
    (re.compile(r"Index/(?:Document|CalculationEngine)\.iwa"), "Apple document"),
)
_OPEN_KINDS = {"text": "odt", "spreadsheet": "sheets", "presentation": "presentation"}
# A name inside the container of an old document → what it is.
_OLD_KINDS = {
    "WordDocument": "an old Word document. Save it as .docx",
    "PowerPoint": "an old presentation. Export it as text",
    "__substg1.0_": "an Outlook message. Save it as .eml",
}
_FIRST_MEMBER = re.compile(
    r"\[Content_Types\]\.xml|mimetype|_rels/|docProps/|word/|xl/|ppt/|content\.xml|META-INF/|Index/|Data/"
)
_SUFFIXES = (
    ".docx",
    ".docm",
    ".xlsx",
    ".xlsm",
    ".xlsb",
    ".pptx",
    ".odt",
    ".ods",
    ".odp",
    ".epub",
    ".pages",
    ".numbers",
)


def may_be_office(head: bytes, path: str) -> bool:
    """Could a zip file that starts with `head` be an office document? `office_kind` then tells."""
    first = head[30 : 30 + int.from_bytes(head[26:28], "little")].decode("utf-8", "replace")
    return path.lower().endswith(_SUFFIXES) or bool(_FIRST_MEMBER.match(first))


def office_kind(stream: BinaryIO, path: str) -> str | None:
    """ "docx", "odt" or "sheets" for a zip file that is an office document; None for any other zip.

    stream: can seek; is at its start afterwards. Raises Rejected "archive" for presentations, e-books and the like.
    """
    try:
        archive = zipfile.ZipFile(stream)
        names = set(archive.namelist())
        mimetype = archive.read("mimetype")[:200].decode("ascii", "replace") if "mimetype" in names else ""
    except ZIP_ERRORS:
        return None
    finally:
        stream.seek(0)
    kind = next((kind for known, kind in _INSIDE if any(map(known.fullmatch, names))), None)
    if stated := re.match(r"application/vnd\.oasis\.opendocument\.(\w+)", mimetype):
        kind = _OPEN_KINDS.get(stated[1], "drawing")
    elif "epub" in mimetype or "META-INF/container.xml" in names:
        kind = "e-book"
    elif kind is None and "[Content_Types].xml" in names:
        kind = "office document of an unknown kind"
    if kind is None and path.lower().endswith(_SUFFIXES):
        detail = "its name is that of an office document, and there is none in it. Open it and save it again."
        raise Rejected(path, "bad_office", detail)
    if kind in (None, "docx", "odt", "sheets"):
        return kind
    what = f"an {kind}" if kind[0] in "eoA" else f"a {kind}"
    raise Rejected(path, "archive", f"this is {what}. Export it as text, HTML, PDF or CSV.")


def ole_kind(data: bytes, path: str) -> str:
    """ "sheets" for an .xls workbook. Raises Rejected "encrypted" or "archive" for other documents of this container."""
    if "EncryptedPackage".encode("utf-16-le") in data:
        raise Rejected(
            path, "encrypted", "this document is encrypted. Open it and save it without its password."
        )
    if any(name.encode("utf-16-le") + b"\0\0" in data for name in ("Workbook", "Book")):
        return "sheets"
    for name, what in _OLD_KINDS.items():
        if name.encode("utf-16-le") in data:
            raise Rejected(path, "archive", f"this is {what}.")
    raise Rejected(path, "archive", "this is an old office document. Export it as text or CSV.")


def office_text(
    data: bytes, kind: str, path: str, limits: Limits = DEFAULT_LIMITS
) -> tuple[str, tuple[Note, ...]]:
    """Text of an office document of one of OFFICE_KINDS, and notes on what was left out.

    Raises Rejected: bad_office, encrypted, bomb, too_large, too_deep or needs_office; for a PDF see pdf_text.py.
    """
    if kind == "pdf":
        from slant.ingest.pdf_text import pdf_text

        return pdf_text(data, path)
    if kind == "rtf":
        return _rtf_text(data, path, limits), _rtf_notes(data)
    writer = _Word() if kind == "docx" else _OpenDocument()
    with _open(data, path) as archive:
        if kind == "docx":
            names = archive.namelist()
            main = next(name for name in names if _INSIDE[0][0].fullmatch(name))
            if "word/styles.xml" in names:
                writer.read_styles(_tree(archive, "word/styles.xml", path, limits))
            writer.read(_tree(archive, main, path, limits))
        else:
            if "META-INF/manifest.xml" in archive.namelist():
                manifest = _member(archive, "META-INF/manifest.xml", path, limits)
                if b"encryption-data" in manifest:
                    detail = "this document is encrypted. Open it and save it without its password."
                    raise Rejected(path, "encrypted", detail)
            writer.read(_tree(archive, "content.xml", path, limits))
    return _join(writer.paragraphs), tuple(writer.notes())


def _open(data: bytes, path: str) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(io.BytesIO(data))
    except ZIP_ERRORS as error:
        raise Rejected(
            path, "bad_office", f"this document cannot be unpacked ({error}). Is it complete?"
        ) from None


def _member(archive: zipfile.ZipFile, name: str, path: str, limits: Limits) -> bytes:
    try:
        info = archive.getinfo(name)
        if info.flag_bits & 1:
            raise Rejected(path, "encrypted", "this document is encrypted. Save it without its password.")
        budget = OutputBudget(path, limits, lambda: info.compress_size)
        pieces, size = [], 0
        with archive.open(info) as member:
            while piece := member.read(1 << 16):
                budget.spend(len(piece))
                size += len(piece)
                if size > limits.document:
                    detail = f"its text is over {limits.document / 1e6:g} MB with markup. Split it, or save it as text."
                    raise Rejected(path, "too_large", detail)
                pieces.append(piece)
        return b"".join(pieces)
    except (KeyError, *ZIP_ERRORS) as error:
        raise Rejected(
            path, "bad_office", f"{name} cannot be read ({error}). Open the document and save it again."
        ) from None


def _tree(archive: zipfile.ZipFile, name: str, path: str, limits: Limits) -> Any:
    from lxml import etree

    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True
    )
    try:
        return etree.fromstring(_member(archive, name, path, limits), parser)
    except etree.XMLSyntaxError as error:
        detail = f"{name} is not well-formed ({str(error)[:120]}). Open the document and save it again."
        raise Rejected(path, "bad_office", detail) from None


def _join(paragraphs: list[str]) -> str:
    """Join paragraphs with blank lines; where empty paragraphs separate the others, only these make blank lines."""
    while paragraphs and not paragraphs[0]:
        del paragraphs[0]
    empty = sum(not each for each in paragraphs)
    loose = empty > _LOOSE * (len(paragraphs) - empty)
    pieces: list[str] = []
    for number, paragraph in enumerate(paragraphs):
        if number:
            items = paragraph.startswith("- ") and paragraphs[number - 1].startswith("- ")
            pieces.append("\n" if loose or items else "\n\n")
        pieces.append(paragraph)
    return "".join(pieces).strip("\n")


def _local(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]


def _attribute(element: Any, name: str) -> str | None:
    """Value of an attribute of any namespace."""
    return next(
        (str(value) for key, value in element.attrib.items() if str(key).rpartition("}")[2] == name), None
    )


class _Writer:
    """Collects paragraphs and counts the skipped ones."""

    skipped: dict[str, str]  # element → what it is, for the note

    def __init__(self) -> None:
        self.paragraphs: list[str] = []
        self.left_out: Counter[str] = Counter()

    def notes(self) -> Iterator[Note]:
        for what, count in self.left_out.items():
            yield Note(what.replace(" ", "_"), f"{what} of this document were not read: {count:,}.")

    def add(self, text: str, mark: str = "") -> None:
        lines = [" ".join(line.split()) for line in text.split("\n")]
        text = "\n".join(lines).strip("\n")
        if mark.startswith("#"):
            text = " ".join(text.split())
        self.paragraphs.append(mark + text if text else "")

    def add_row(self, cells: list[list[str]]) -> None:
        """A row of a table: its cells on one line; the paragraphs of long cells alone, since such a table is layout."""
        filled = [[text for text in cell if text] for cell in cells]
        if all(len(cell) <= 1 and sum(map(len, cell)) <= _SHORT_CELL for cell in filled):
            self.add(" | ".join(text for cell in filled for text in cell).replace("\n", " "))
        else:
            self.paragraphs += [text for cell in filled for text in cell]


class _Word(_Writer):
    """Word's XML. Deleted text, field codes, headers and the copies for old versions are passed over."""

    _SKIPPED = frozenset(
        ["del", "moveFrom", "instrText", "delText", "pPr", "rPr", "sectPr", "fldData", "object"]
    )

    def __init__(self) -> None:
        super().__init__()
        self._levels: dict[str, int] = {}

    def read_styles(self, tree: Any) -> None:
        for style in tree:
            if _local(style) != "style":
                continue
            names = [_attribute(child, "val") or "" for child in style if _local(child) == "name"]
            level = self._level(names[0] if names else "")
            if level:
                self._levels[_attribute(style, "styleId") or ""] = level

    def _level(self, name: str) -> int:
        if name.lower() == "title":
            return 1
        found = re.fullmatch(r"heading ?([1-6])", name.lower())
        return int(found[1]) if found else 0

    def read(self, tree: Any) -> None:
        for child in tree:
            if _local(child) == "body":
                self._walk(child)

    def _walk(self, element: Any) -> None:
        for child in element:
            name = _local(child)
            if name == "p":
                self._paragraph(child)
            elif name == "tbl":
                self._table(child)
            elif name == "AlternateContent":
                self._walk(child[0])
            elif name not in self._SKIPPED:
                self._walk(child)

    def _paragraph(self, element: Any) -> None:
        words: list[str] = []
        boxes: list[Any] = []
        self._collect(element, words, boxes)
        mark = ""
        for properties in element:
            if _local(properties) == "pPr":
                mark = self._mark(properties)
        self.add("".join(words), mark)
        for box in boxes:
            self._walk(box)

    def _mark(self, properties: Any) -> str:
        """Markdown mark of a paragraph: "# " of a heading, "- " of a list item."""
        mark = ""
        for each in properties:
            value = _attribute(each, "val") or ""
            if _local(each) == "pStyle":
                level = self._levels.get(value) or self._level(re.sub(r"(?<=[A-Za-z])(?=\d)", " ", value))
                mark = "#" * level + " " if level else mark
            elif _local(each) == "outlineLvl" and value in tuple("012345") and not mark:
                mark = "#" * (int(value) + 1) + " "
            elif _local(each) == "numPr" and not mark:
                mark = "- "
        return mark

    def _collect(self, element: Any, words: list[str], boxes: list[Any]) -> None:
        for child in element:
            name = _local(child)
            if name == "t":
                words.append(child.text or "")
            elif name in ("tab", "ptab"):
                words.append("\t")
            elif name in ("br", "cr"):
                words.append("\n")
            elif name == "noBreakHyphen":
                words.append("-")
            elif name == "txbxContent":
                boxes.append(child)
            elif name == "AlternateContent":
                if len(child):
                    self._collect(child[0], words, boxes)
            elif name in ("footnoteReference", "endnoteReference"):
                self.left_out["footnotes"] += 1
            elif name == "commentReference":
                self.left_out["remarks in the margin"] += 1
            elif name not in self._SKIPPED:
                self._collect(child, words, boxes)

    def _table(self, table: Any) -> None:
        for row in table.iterchildren("{*}tr", "{*}sdt", "{*}ins"):
            self.add_row(
                [self._inside(cell) for cell in row.iterdescendants("{*}tc") if _own_table(cell, table)]
            )

    def _inside(self, cell: Any) -> list[str]:
        before, self.paragraphs = self.paragraphs, []
        self._walk(cell)
        inside, self.paragraphs = self.paragraphs, before
        return inside


def _own_table(cell: Any, table: Any) -> bool:
    """Is a cell one of this table, not of a table inside it?"""
    return next(cell.iterancestors("{*}tbl"), None) is table


class _OpenDocument(_Writer):
    """The XML of OpenDocument text. Tracked deletions, forms and headers are passed over."""

    _SKIPPED = frozenset(
        [
            "tracked-changes",
            "forms",
            "sequence-decls",
            "variable-decls",
            "user-field-decls",
            "table-of-content",
            "script",
        ]
    )

    def read_styles(self, tree: Any) -> None:
        """Nothing: a heading says its level itself."""

    def read(self, tree: Any) -> None:
        for text in tree.iterfind(".//{*}body/{*}text"):
            self._walk(text, "")

    def _walk(self, element: Any, mark: str) -> None:
        for child in element:
            name = _local(child)
            if name in ("p", "h"):
                level = (_attribute(child, "outline-level") or "1") if name == "h" else ""
                words: list[str] = []
                boxes: list[Any] = []
                self._collect(child, words, boxes)
                title = (_attribute(child, "style-name") or "") == "Title"
                self.add(
                    "".join(words),
                    "#" * min(int(level), 6) + " " if level.isdecimal() else "# " if title else mark,
                )
                for box in boxes:
                    self._walk(box, "")
                mark = "" if mark == "- " else mark  # a second paragraph of an item
            elif name == "list":
                for item in child:
                    self._walk(item, "- ")
            elif name == "table":
                for row in child.iterdescendants("{*}table-row"):
                    if next(row.iterancestors("{*}table"), None) is child:
                        self.add_row([self._inside(cell) for cell in row if _local(cell) == "table-cell"])
            elif name not in self._SKIPPED:
                self._walk(child, mark)

    def _collect(self, element: Any, words: list[str], boxes: list[Any]) -> None:
        words.append(re.sub(r"\s+", " ", element.text or ""))
        for child in element:
            name = _local(child)
            if name == "s":
                words.append(" ")
            elif name == "tab":
                words.append("\t")
            elif name == "line-break":
                words.append("\n")
            elif name == "note":
                self.left_out["footnotes"] += 1
            elif name == "annotation":
                self.left_out["remarks in the margin"] += 1
            elif name == "text-box":
                boxes.append(child)
            elif name not in ("annotation-end", "desc", "title"):
                self._collect(child, words, boxes)
            words.append(re.sub(r"\s+", " ", child.tail or ""))

    def _inside(self, cell: Any) -> list[str]:
        before, self.paragraphs = self.paragraphs, []
        self._walk(cell, "")
        inside, self.paragraphs = self.paragraphs, before
        return inside


# ---- RTF


def _rtf_text(data: bytes, path: str, limits: Limits) -> str:
    try:
        require("office", "striprtf", what="an RTF document")
    except UsageError as error:
        raise Rejected(path, "needs_office", str(error)) from None
    from striprtf.striprtf import rtf_to_text

    data = _PICTURE.sub(b"", data)
    if len(data) > limits.document:
        detail = (
            f"it is over {limits.document / 1e6:g} MB without its pictures. Split it, or save it as text."
        )
        raise Rejected(path, "too_large", detail)
    # The library rewrites links so that their addresses come into the text; the blank switches that off.
    source = _tame_fonts(data.decode("cp1252", "replace"), path).replace("{\\field{", "{\\field {")
    try:
        text = rtf_to_text(source, errors="replace")
    except (ValueError, LookupError, TypeError, OverflowError, UnicodeError) as error:
        detail = f"this RTF cannot be read ({type(error).__name__}: {str(error)[:120]}). Open it and save it again."
        raise Rejected(path, "bad_office", detail) from None
    text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").replace("\x00", "")
    return _join([_rtf_line(line) for line in text.split("\n")])


def _rtf_notes(data: bytes) -> tuple[Note, ...]:
    """A note if the document ends before its groups are closed."""
    bare = _RTF_ESCAPED.sub(b"", data)
    if bare.count(b"{") <= bare.count(b"}"):
        return ()
    return (
        Note("torn", "it ends before its last group is closed, so its end may be missing. Is it complete?"),
    )


def _tame_fonts(source: str, path: str) -> str:
    """End each entry of the table of fonts, in which the library would otherwise search for a very long time."""
    start = source.find("\\fonttbl")
    depth, end = 1, len(source)
    for brace in re.finditer(r"[{}]", source[start : start + _MAX_FONT_TABLE] if start >= 0 else ""):
        depth += 1 if brace[0] == "{" else -1
        if not depth:
            end = start + brace.start()
            break
    if start < 0:
        return source
    table = source[start:end].replace("}", ";}\n")
    if depth or max(map(len, table.split("\n"))) > _MAX_FONT_ENTRY:
        raise Rejected(
            path, "bad_office", "its table of fonts is damaged. Open the document and save it again."
        )
    return source[:start] + table + source[end:]


def _rtf_line(line: str) -> str:
    """A line without white space at its ends; the cells of a table row apart."""
    line = line.strip()
    if line.endswith("|"):
        line = " | ".join(cell.strip() for cell in line.strip("|").split("|"))
    return line
