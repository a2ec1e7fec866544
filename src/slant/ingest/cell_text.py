"""Turn a cell of a table into plain text: HTML, entities, damaged encodings and written-out line breaks.

Cells come from content systems, APIs and earlier exports, so they hold what those store. An ordinary cell costs two searches.
"""

from __future__ import annotations

import html
import json
import re
from ast import literal_eval
from collections.abc import Mapping
from typing import Any

from slant.ingest.decoding import HALF_SURROGATE, convert_newlines
from slant.records import Note

_BLOCKS = (
    "p|div|br|hr|h[1-6]|ul|ol|li|dl|dt|dd|blockquote|table|tr|td|th|figure|figcaption|section|article|header|footer|main|pre"
    "|aside|center|html|body|head"
)
_INLINE = "a|b|i|u|s|em|strong|span|small|sup|sub|font|code|mark|q|cite|strike|del|ins|abbr|time|iframe|script|style"
# A text is HTML if it starts with a block, closes an element, or breaks a line; "<3" and "<sarcasm>" are text.
_HTML = re.compile(
    rf"\A\s*<(?:!--|!doctype\b|(?:{_BLOCKS})[\s/>])|</(?:{_BLOCKS}|{_INLINE})\s*>|<(?:br|hr|p)\s*/?>"
    r"|<(?:a|img|p|div|span|iframe)\s[^<>]{0,400}=",
    re.I,
)
_BLOCK_TAG = re.compile(rf"<(?:{_BLOCKS})[\s/>]", re.I)
_STARTS_WITH_BLOCK = re.compile(rf"\s*<(?:{_BLOCKS})[\s/>]", re.I)
_BLANK_LINES = re.compile(r"\n[ \t]*\n\s*")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,30});")

# UTF-8 read as cp1252 or Latin-1: a letter that begins a sequence, then the signs that continue it.
_CONTINUES = "\x80-\xbf€‚ƒ„…†‡ˆ‰Š‹Œ‘’“”•–—˜™š›œžŸŽ"
_BEGINS = "ÂÃÄÅÐÑâãð"
_MOJIBAKE = re.compile(rf"[{_BEGINS}][{_CONTINUES}]")
_LOST_LAST_BYTE = re.compile(
    r"â€(?=[ \n.,;:!?)\]]|\Z)"
)  # a closing mark, whose last byte has no sign in cp1252
_WRITTEN_BREAK = re.compile(r"\\n(?=[\s\"'“‘A-Z\\(\[-]|\Z)")  # but "C:\new"
_MENDED = Note("encoding", "its characters were garbled (UTF-8 read as another encoding) and were mended.")
_UNESCAPED = Note(
    "escapes", r"line breaks and quotation marks stood in it as \n and \" and were read as such."
)
_STUB = Note("stub", "the source gives only the beginning of this text; the rest was not there to read.")
_CUT = re.compile(r"\s*\[\+\d+ char(?:acter)?s\]\s*\Z")  # NewsAPI


def plain_cell(text: str, where: str = "") -> str:
    """Return a cell as plain text, see `read_cell`."""
    return read_cell(text, where)[0]


def read_cell(text: str, where: str = "") -> tuple[str, tuple[Note, ...]]:
    """Return a cell as plain text, and notes on what was mended in it.

    where: location of the row, for messages.
    Raises Rejected "too_deep" or "too_large" for HTML beyond the limits of a page.
    """
    text = convert_newlines(text)
    notes: list[Note] = []
    # Looking for single letters is many times as fast as the pattern.
    if not text.isascii() and any(map(text.__contains__, _BEGINS)) and _MOJIBAKE.search(text):
        mended = _mend(text)
        if mended != text:
            text = mended
            notes.append(_MENDED)
    if "\\" in text:
        unescaped = _unescape(text)
        if unescaped != text:
            text = unescaped
            notes.append(_UNESCAPED)
    if "<" in text and _HTML.search(text):
        text = _from_html(text, where)
    if "&" in text and _ENTITY.search(text):
        text = convert_newlines(_decode_entities(text))
        if _STARTS_WITH_BLOCK.match(text):  # HTML that was escaped as a whole
            text = _from_html(text, where)
    if lost := text.count("\ufffd"):
        detail = f"{lost:,} of its characters were lost before and stand as \ufffd, such as quotation marks or accents."
        notes.append(Note("encoding", detail))
    if text.endswith("]") and (cut := _CUT.search(text)):
        text = text[: cut.start()]
        notes.append(_STUB)
    return text, tuple(notes)


def one_line_cell(text: str) -> str:
    """Return a short cell, such as a title, as one line of plain text."""
    if "&" in text or "<" in text or not text.isascii():
        text = plain_cell(text)
    return " ".join(text.split())


def _mend(text: str) -> str:
    import ftfy

    # Only garbled sequences: ligatures, widths and quotation marks stay as the source has them.
    config = ftfy.TextFixerConfig(
        unescape_html=False,
        remove_terminal_escapes=False,
        fix_latin_ligatures=False,
        fix_character_width=False,
        uncurl_quotes=False,
        fix_line_breaks=False,
        fix_surrogates=False,
        remove_control_chars=False,
        normalization=None,
    )
    return ftfy.fix_text(_LOST_LAST_BYTE.sub("â€\x9d", text), config)


def _unescape(text: str) -> str:
    r"""Return a text whose line breaks and quotation marks are all written as \n and \"."""
    if "\n" not in text and (r"\n\n" in text or len(_WRITTEN_BREAK.findall(text)) > 1):
        text = text.replace(r"\r\n", "\n").replace(r"\n", "\n").replace(r"\t", "\t")
    if text.count(r"\"") > 1 and text.count('"') == text.count(r"\""):
        text = text.replace(r"\"", '"')
    return text


def _decode_entities(text: str) -> str:
    for _ in range(2):  # "&amp;quot;" was escaped twice
        if "&" in text:
            text = _ENTITY.sub(lambda match: html.unescape(match.group()), text)
    return text


def _from_html(text: str, where: str) -> str:
    """Return a fragment of HTML as paragraphs. Line breaks count where no tag makes paragraphs."""
    from slant.ingest.html_pages import parse_html
    from slant.ingest.html_text import join_blocks, text_blocks

    if HALF_SURROGATE.search(text):  # it is rejected later
        return text
    text = text.replace("\x00", "")
    if _BLOCK_TAG.search(text):
        text = _BLANK_LINES.sub("<br><br>", text)  # WordPress stores paragraphs as blank lines
    else:
        text = text.replace("\n", "<br>")
    tree = parse_html(f"<div>{text}</div>", where)
    return "" if tree is None else join_blocks(text_blocks(tree))


# ---- texts in lists and objects

# Keys of an object that hold its words, in order of precedence.
INNER_TEXT = ("rendered", "plaintext", "plain_text", "text", "body", "content", "html", "raw", "value", "main", "original",
              "name", "title")  # fmt: skip
_MAX_DEPTH = 20
_LIST_OF_STRINGS = re.compile(
    r"""\[\s*(?:'(?:[^'\\]|\\.)*+'|"(?:[^"\\]|\\.)*+")(?:\s*,\s*(?:'(?:[^'\\]|\\.)*+'|"(?:[^"\\]|\\.)*+"))*+\s*,?\s*\]""",
    re.S,
)


def body_text(value: Any) -> str | None:
    """Return the text of a cell: a string, or the paragraphs of a list or an object, joined by blank lines.

    None if there is no text in it.
    """
    if isinstance(value, str):
        listed = _written_list(value)
        return value if listed is None else body_text(listed)
    if not isinstance(value, Mapping | list | tuple):
        return None
    found: list[str] = []
    _collect(value, found, 0)
    paragraphs = [each for each in found if each.strip()]
    return "\n\n".join(paragraphs) if paragraphs else None


def _written_list(text: str) -> Any:
    """A list of paragraphs that was written into a cell, as JSON or as Python writes it, else None."""
    if not text[:20].lstrip().startswith("["):
        return None
    stripped = text.strip()
    if not (_LIST_OF_STRINGS.fullmatch(stripped)):
        return None
    try:
        return json.loads(stripped)
    except ValueError:
        pass
    try:
        return literal_eval(stripped)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None


def _collect(value: Any, found: list[str], depth: int) -> None:
    """Append the texts in `value` in order: strings, strings under the keys of texts, and those of nested lists."""
    if depth > _MAX_DEPTH:
        return
    if isinstance(value, str):
        found.append(value)
    elif isinstance(value, list | tuple):
        for each in value:
            _collect(each, found, depth + 1)
    elif isinstance(value, Mapping):
        own = next((value[name] for name in INNER_TEXT[:9] if isinstance(value.get(name), str)), None)
        if own is not None:
            found.append(own)
        for inner in value.values():
            if isinstance(inner, Mapping | list | tuple):
                _collect(inner, found, depth + 1)
