"""Find the letters of a letters page ("Letters to the editor"): several on one page, each signed at its end.

A letter is a reader's text, so it becomes a comment with an author; its heading is the outlet's. A page is known by its title
or section, or by letters that begin "Sir," and the like. An article that ends in a byline has neither.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from slant.segment.block_roles import is_short
from slant.segment.markdown import Block

_EDITOR = r"(?: to (?:the )?editors?| from (?:our )?readers| page)?"
_PAGE = re.compile(
    rf"\W*(?:the )?(?:(?:readers?['’]?s?|your|today['’]s|weekend|latest) )?(?:letters?|mailbag|postbag){_EDITOR}"
    r"(?P<more>\s*[:|–—-]\s*\S.*|,? (?:for )?\d.*|\s*\(.*\))?\W*",
    re.IGNORECASE,
)
_SALUTATION = re.compile(
    r"(?i:(?:dear )?(?:sir|madam)s?(?:(?: or |/)madam)?\s*[,:.–—-]|dear (?:the )?(?:editors?\b|[A-Z])"
    r"|(?:to )?the editor\s*[:,–—]"
    r"|editor\s*[:,–—])"
)
_HONORIFIC = re.compile(
    r"(?:(?:the )?(?:mr|mrs|ms|miss|mx|dr|prof|professor|sir|dame|lord|lady|rev|revd|cllr|hon|rt)\.? )+", re.I
)
_PARTICLES = frozenset(
    ("de", "la", "le", "da", "di", "von", "van", "der", "den", "al", "el", "bin", "ibn", "and", "y", "of", "the", "&")
)  # fmt: skip
_WITHHELD = re.compile(
    r"name(?:s)? (?:and address(?:es)? )?(?:withheld|supplied|provided)(?: by request)?", re.IGNORECASE
)
_SENT = re.compile(r"(?:by|via) e-?mail|online|(?:by|via) (?:post|text)", re.IGNORECASE)
_DASH = re.compile(r"[-–—*_~]+ ?")
_MAX_SIGNATURE = 140  # characters
_LEAST = 2  # signed letters


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter. heading, paragraphs, signature: its blocks. author: those who signed it, if they are named."""

    heading: tuple[Block, ...]
    paragraphs: tuple[Block, ...]
    signature: tuple[Block, ...]
    author: str | None


@dataclass(frozen=True, slots=True)
class LettersPage:
    """before: number of blocks above the first letter. after: number up to the end of the last, of the blocks in `blocks`.

    blocks: all blocks, with signatures cut off the paragraphs that they stood in.
    """

    letters: tuple[Letter, ...]
    before: int
    after: int
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class _Signature:
    author: str | None
    strong: bool  # more than a name: a place, a dash, "by email"


def find_letters(
    blocks: Sequence[Block], content: Sequence[bool], *, title: str | None, sections: Sequence[str]
) -> LettersPage | None:
    """The letters of a page; None for any other article.

    content: blocks that may be article text. title, sections: of the article.
    """
    texts = [block.text for block in blocks[:3]]
    stated = [
        found
        for each in (title, *sections, *texts)
        if each and len(each) < 150 and (found := _PAGE.fullmatch(each))
    ]
    greeted = sum(bool(_SALUTATION.match(block.text)) for block in blocks)
    if not stated and greeted < _LEAST:
        return None
    cut, kept = _cut_signatures(blocks, content)
    signed = _signatures(cut, kept)
    exact = any(not found["more"] for found in stated)
    strong = sum(each.strong for each in signed.values())
    last = max((i for i, each in enumerate(kept) if each and cut[i].text), default=-1)
    certain = 2 * strong >= len(signed) or (exact and max(signed, default=-1) == last)
    if not signed or not certain:
        return None
    first = _first(cut, kept, signed, 0 if title and title != cut[0].text else 1)
    letters = list(_letters(cut, kept, signed, first))
    return LettersPage(tuple(letters), first, max(signed) + 1, tuple(cut)) if len(letters) >= _LEAST else None


def _signature(text: str) -> _Signature | None:
    """The signature that a text is: "Jane Smith, Bristol", "JANE SMITH / Bristol", "— J. Smith (Mrs)", "Name withheld"."""
    text = text.strip()
    if not 4 <= len(text) <= _MAX_SIGNATURE or text[-1] in "!?:;…":
        return None
    bare = _DASH.sub("", text, count=1) if _DASH.match(text) else text
    dashed = bare != text
    if _WITHHELD.fullmatch(bare.rstrip(".")) or _WITHHELD.match(re.split(r"[,\n]", bare)[0].strip()):
        return _Signature(None, True)
    name, *rest = (each.strip() for each in re.split(r"[,\n]|\s[-–—|]\s", re.sub(r"\s*\([^()]*\)", "", bare)))
    if not _is_name(name) or not all(_is_place(each) for each in rest):
        return None
    return _Signature(
        _HONORIFIC.sub("", name) if len(_HONORIFIC.sub("", name).split()) > 1 else name, bool(rest) or dashed
    )


def _is_name(text: str) -> bool:
    words = _HONORIFIC.sub("", text.rstrip(".")).split()
    if not 1 <= len(words) <= 6 or (len(words) == 1 and words == text.split()):
        return False
    named = [word for word in words if word.casefold() not in _PARTICLES]
    return len(named) > 0 and all(
        re.fullmatch(r"[^\W\d_a-z][^\W\d_]*(?:[.'’-][^\W\d_]*)*\.?", word) for word in named
    )


def _is_place(text: str) -> bool:
    if not text or _SENT.fullmatch(text.rstrip(".")):
        return True
    words = text.rstrip(".").split()
    known = (
        word[0].isupper()
        or word[0].isdigit()
        or word.casefold() in (*_PARTICLES, "on", "in", "at", "near", "via")
        for word in words
    )
    return (len(words) <= 9 and all(known)) or (
        len(words) <= 3 and text.islower()
    )  # "chair", "retired teacher"


def _cut_signatures(blocks: Sequence[Block], content: Sequence[bool]) -> tuple[list[Block], list[bool]]:
    """Blocks, and whether each may be article text. A signature in the last lines of a paragraph is a block of its own."""
    cut: list[Block] = []
    kept: list[bool] = []
    for block, may in zip(blocks, content, strict=True):
        at = _cut_at(block) if may and block.form == "text" and len(block.lines) > 1 else None
        if at is None:
            cut.append(block)
            kept.append(may)
            continue
        start, end = block.lines[at - 1][1], block.lines[at][0]
        cut += [
            replace(block, end=start, lines=block.lines[:at]),
            replace(block, start=end, lines=block.lines[at:], gap=0),
        ]
        kept += [may, may]
    return cut, kept


def _cut_at(block: Block) -> int | None:
    lines = [block.document[start:end].strip() for start, end in block.lines]
    for at in range(max(1, len(lines) - 2), len(lines)):
        ended = lines[at - 1].rstrip("\"'”’)*_")[-1:] in (".", "!", "?")
        if ended and _signature("\n".join(line.strip("*_") for line in lines[at:])):
            return at
    return None


def _signatures(blocks: Sequence[Block], content: Sequence[bool]) -> dict[int, _Signature]:
    """Index of the last block of each signature, which ends a letter, → signature."""
    found: dict[int, _Signature] = {}
    below_text = False
    for i, block in enumerate(blocks):
        text = block.text
        if not text or block.form not in ("text", "heading", "list_item"):
            continue
        signature = (
            _signature("\n".join(block.document[a:b].strip(" \t*_") for a, b in block.lines))
            if below_text
            else None
        )
        if signature is None:
            joint = (
                i - 1 in found
                and (other := _signature(text)) is not None
                and other.strong
                and found[i - 1].strong
            )
            if joint and other is not None:  # signed by several
                above = found.pop(i - 1)
                found[i] = _Signature("; ".join(filter(None, (above.author, other.author))) or None, True)
            elif i - 1 in found and block.gap == 0 and _is_place(text) and not found[i - 1].strong:
                found[i] = replace(found.pop(i - 1), strong=True)
            else:
                below_text = content[i] and len(text.split()) > 5
            continue
        found[i] = signature
        below_text = False
    return found


def _first(blocks: Sequence[Block], content: Sequence[bool], signed: dict[int, _Signature], top: int) -> int:
    """Index of the first block of the first letter: its heading, or its greeting, or the first text below the page's title.

    top: index of the first block below the page's title.
    """
    end = min(signed, default=0)
    texts = [i for i in range(end) if content[i] and blocks[i].text]
    running = [i for i in texts if not (is_short(blocks[i].text) or blocks[i].form == "heading")]
    start = next((i for i in running if _SALUTATION.match(blocks[i].text)), None)
    if start is None:
        headed = [i for i in texts if i not in running and i >= top and not _PAGE.fullmatch(blocks[i].text)]
        below = [i for i in headed if any(each > i for each in running)]
        start = next((i for i in running if not below or i > below[-1]), end)
    above = start - 1
    heads = (
        above >= top and content[above] and (blocks[above].form == "heading" or is_short(blocks[above].text))
    )
    return above if heads and not _PAGE.fullmatch(blocks[above].text) else start


def _letters(
    blocks: Sequence[Block], content: Sequence[bool], signed: dict[int, _Signature], first: int
) -> list[Letter]:
    letters: list[Letter] = []
    ends = [first - 1, *(i for i in sorted(signed) if i >= first)]
    for before, at in pairwise(ends):
        begin = at
        while (
            begin > before + 1
            and begin == at
            and blocks[at].gap == 0
            and len(blocks[at - 1].text.split()) <= 5
        ):
            begin -= 1  # the name above its place
        inside = [
            i for i in range(before + 1, begin) if content[i] and blocks[i].text and blocks[i].form != "rule"
        ]
        heading = []
        while inside and (
            blocks[inside[0]].form == "heading" or (is_short(blocks[inside[0]].text) and len(inside) > 1)
        ):
            heading.append(blocks[inside.pop(0)])
        if inside:
            text = tuple(blocks[i] for i in inside)
            letters.append(Letter(tuple(heading), text, tuple(blocks[begin : at + 1]), signed[at].author))
    return letters
