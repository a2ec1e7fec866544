"""Reader process: print the lines of text on each page of a PDF from standard input as JSON lines.

{"pages": count}, then per page {"size": [width, height], "pictures": bool, "lines": [[left, bottom, right, top, text]]}
A line is a run of characters on one base line without a wide gap, in the order of the file.
"""

from __future__ import annotations

import ctypes
import sys
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parent))

from child_limits import limit, reject, send  # type: ignore[import-not-found]

_MAX_PAGES = 3000
_MAX_CHARACTERS = 200_000  # of a page; a page of a newspaper has 50,000
_PASSWORD = 4  # FPDF_ERR_PASSWORD


def main() -> None:
    import pypdfium2 as pdfium

    try:
        document = pdfium.PdfDocument(sys.stdin.buffer.read())
        count = len(document)
    except pdfium.PdfiumError as error:
        if getattr(error, "err_code", None) == _PASSWORD or "password" in str(error).lower():
            reject("encrypted", "this PDF is encrypted. Open it with its password and save it without.")
        else:
            reject("bad_pdf", f"this PDF cannot be read ({str(error)[:120]}). Is it complete?")
        return
    if count > _MAX_PAGES:
        reject("too_large", f"this PDF has {count:,} pages. Expected at most {_MAX_PAGES:,}. Split it.")
        return
    send({"pages": count})
    for number in range(count):
        try:
            page = document[number]
        except pdfium.PdfiumError:
            send({"size": [1, 1], "pictures": False, "lines": [], "broken": True})
            continue
        send(_page(page, number))
        page.close()


def _page(page: Any, number: int) -> dict[str, Any]:
    import pypdfium2.raw as raw

    text = page.get_textpage()
    lines: list[list[Any]] = []
    if text.count_chars() > _MAX_CHARACTERS:
        reject(
            "too_large", f"page {number + 1} has {text.count_chars():,} characters. Expected a page of text."
        )
        sys.exit(0)
    _lines(text, lines, raw)
    text.close()
    turned = page.get_rotation()
    width, height = page.get_size()
    if turned:
        for line in lines:
            line[:4] = _turn(line[:4], turned, width, height)
    pictures = not lines and any(True for _ in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE]))
    return {"size": [width, height], "pictures": pictures, "lines": lines}


def _lines(text: Any, lines: list[list[Any]], raw: Any) -> None:
    box = raw.FS_RECTF()
    at = ctypes.byref(box)
    line: list[Any] | None = None
    blank = False
    for index in range(text.count_chars()):
        code = raw.FPDFText_GetUnicode(text.raw, index)
        if code in (10, 13):
            blank = True
            continue
        if code in (32, 9, 160) or 0x2000 <= code <= 0x200B or code == 0x3000:
            blank = True
            continue
        if not raw.FPDFText_GetLooseCharBox(text.raw, index, at):
            continue
        character = "-" if code in (2, 0xFFFE) else chr(code) if code < 0x110000 else "\ufffd"
        left, right, bottom, top = box.left, box.right, box.bottom, box.top
        height = top - bottom
        if height <= 0:
            continue
        if line is not None and _follows(line, left, bottom, top):
            line[4] += (" " if blank or left - line[2] > 0.25 * height else "") + character
            line[2], line[3], line[1] = max(line[2], right), max(line[3], top), min(line[1], bottom)
        else:
            line = [left, bottom, right, top, character]
            lines.append(line)
        blank = False
    for each in lines:
        each[4] = each[4].encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        each[:4] = [round(value, 2) for value in each[:4]]


def _follows(line: list[Any], left: float, bottom: float, top: float) -> bool:
    """Is a character on the base line of `line`, and not far behind its end?"""
    small, size = sorted((line[3] - line[1], top - bottom))
    if size > 1.6 * small:  # a large first letter
        return False
    overlap = min(line[3], top) - max(line[1], bottom)
    return bool(overlap > 0.5 * small and -0.5 * size < left - line[2] < 0.9 * size)


def _turn(box: list[float], degrees: int, width: float, height: float) -> list[float]:
    """A box of a page that is shown turned clockwise by `degrees`. width, height: as shown."""
    left, bottom, right, top = box
    if degrees == 90:
        return [bottom, height - right, top, height - left]
    if degrees == 270:
        return [width - top, left, width - bottom, right]
    return [width - right, height - top, width - left, height - bottom]


if __name__ == "__main__":
    limit()
    main()
