"""The field codes of Factiva (HD, BY, WC, PD, …) at the start of the lines of a document.

In plain text a code is followed by a tab, two blanks or nothing. In a Word document it may be followed by a single blank, or
be in a cell of its own; then a word such as "IN" could be a code as well, so what follows it decides.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

CODES = {
    "HD": "title", "BY": "author", "WC": "length", "PD": "date", "SN": "outlet", "SE": "section", "CLM": "section",
    "LP": "body", "TD": "body",
} | dict.fromkeys(
    ("CR", "ET", "SC", "ED", "PG", "VOL", "LA", "CY", "CX", "CT", "RF", "ART", "CO", "IN", "NS", "RE", "IPC", "IPD",
     "PUB", "AN"), "tail",
)  # fmt: skip
_AFTER_BODY = frozenset(("CT", "RF", "ART", "CO", "IN", "NS", "RE", "IPC", "IPD", "PUB", "AN"))
_CODE = re.compile(r"[*_]*([A-Z]{2,3})[*_]*(?:\s*$|(?:\t|\s{2,}|\s?\|)\s*(?P<value>\S.*)$)")
_CODE_AND_BLANK = re.compile(r"(HD|WC|PD|SN|SC|CY|LP|TD|IPC|IPD|PG) (?P<value>\S.*)$")
_ANY_CODE_AND_BLANK = re.compile(r"([A-Z]{2,3}) (?P<value>\S.*)$")
# "gtrans : Transport", as companies, industries, subjects and regions are written, and an accession number.
_INDEXED = re.compile(r"[a-z0-9]{1,10} ?: ?\S")
_ACCESSION = re.compile(r"(?:Document|Dokument|Documento) \w*\d")
_TAIL_LINES = 10  # with text, at the end of a document, that hold its last codes
_ABOVE_TITLE = ("SE", "CLM")


def code_of(line: str) -> tuple[str, str] | None:
    """Return `(field code, value)` of a line that certainly begins with a code, or None."""
    found = _CODE.match(line) or _CODE_AND_BLANK.match(line)
    return (found[1], found["value"] or "") if found and found[1] in CODES else None


def is_coded(lines: Sequence[str]) -> bool:
    """Return whether the lines are a document with field codes."""
    codes = {found[0] for line in lines if (found := code_of(line))}
    return "HD" in codes and len(codes & {"WC", "PD", "SN", "LP", "TD", "AN", "CY"}) > 1


def is_certainly_coded(lines: Sequence[str]) -> bool:
    """Return whether the lines are coded and state a length or a date, so that nothing else needs to show it."""
    if not is_coded(lines):
        return False
    stated = {
        code: " ".join(filter(None, held)) for code, held in coded_values(lines) if code in ("WC", "PD")
    }
    return bool(
        re.fullmatch(r"\d[\d.,]* ?\w{1,12}", stated.get("WC", ""))
        or re.search(r"\b\d{4}\b", stated.get("PD", ""))
    )


def coded_values(lines: Sequence[str]) -> list[tuple[str, list[str]]]:
    """Return `(field code, its lines)` per field of a document that is coded."""
    values: list[tuple[str, list[str]]] = []
    in_body = False
    filled = [i for i, line in enumerate(lines) if line]
    tail = filled[-_TAIL_LINES] if len(filled) >= _TAIL_LINES else 0
    for i, line in enumerate(lines):
        found = code_of(line) or _with_blank(line, in_body=in_body, near_end=i >= tail)
        if found and not (in_body and found[0] not in _AFTER_BODY and found[0] != "TD"):
            values.append((found[0], [found[1]]))
            in_body = in_body or CODES[found[0]] == "body"
        elif values:
            values[-1][1].append(line)
    return values


def _with_blank(line: str, *, in_body: bool, near_end: bool) -> tuple[str, str] | None:
    """`(field code, value)` of a line of a coded document with a single blank after its code, or None."""
    found = _ANY_CODE_AND_BLANK.match(line)
    if not found or found[1] not in CODES:
        return None
    code, value = found[1], found["value"]
    if code in ("CO", "IN", "NS", "RE"):
        known = _INDEXED.match(value) is not None
    elif code == "AN":
        known = _ACCESSION.match(value) is not None
    else:
        known = not in_body or (near_end and len(line) < 200)
    return (code, value) if known else None


def coded_documents(lines: Sequence[str]) -> tuple[list[list[str]], list[list[str]]]:
    """Cut coded documents apart that no line separates: each begins with its title, or a section above it.

    Returns the documents, and the lines above the first.
    """
    starts = [i for i, line in enumerate(lines) if (found := code_of(line)) and found[0] == "HD"]
    cuts = []
    for start in starts:
        above = start
        for i in range(start - 1, max(start - 8, -1), -1):
            found = code_of(lines[i])
            if found and found[0] in _ABOVE_TITLE:
                above = i
            elif found:
                break
        cuts.append(above)
    ends = [*cuts[1:], len(lines)]
    return [list(lines[a:b]) for a, b in zip(cuts, ends, strict=True)], [list(lines[: min(cuts, default=0)])]
