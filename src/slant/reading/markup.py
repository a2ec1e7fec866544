"""Markdown in, plain text out, with the way back: every run of plain text knows its place in the document.

Only inline markup is read here (links, images, emphasis, autolinks, inline HTML tags, backslash escapes);
blocks are read in blocks.py. The reader is forgiving on purpose: news text is full of brackets, asterisks and
backticks that are no markup ("[the area]", "f***", "it`s"), and these stay. One pass, linear in the length
of the text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Plain:
    """Plain text and its `(text_start, document_start, length)` runs, see `records.Unit.pieces`."""

    text: str
    pieces: tuple[tuple[int, int, int], ...]


# No alternative may look further than the next bracket, angle or blank: that is what keeps the scan linear.
_TOKEN = re.compile(
    r"""
    \\{1,2}(?=(?P<escaped>[!-/:-@\[\]^-`{-~]))
  | (?P<open>!?\[)
  | (?P<close>\])(?P<target>\(\s{0,3}(?:<[^<>\n]*>|(?:[^\s()<>]|\([^\s()]*+\))*+)
      (?:\s{1,3}(?:"[^"\n]*"|'[^'\n]*'))?\s{0,3}\))?
  | <(?:(?:https?|ftp|mailto):[^\s<>]*|[^\s<>@]{1,64}@[^\s<>@]+)>
  | (?P<tag></?(?:a|b|i|u|s|p|em|strong|br|hr|div|span|img|iframe|sup|sub|small|font|center|blockquote|h[1-6])
      (?:\s[^<>]*)?/?>)
  | (?P<run>\*+|_+|`+|~~+)
    """,
    re.VERBOSE | re.IGNORECASE,
)


def plain(text: str, ranges: Sequence[Range], *, markdown: bool = True) -> Plain:
    """The plain text of `ranges` (the lines of one block, in order), joined by single blanks.

    A line that ends in a letter and a hyphen is joined to a lower-case one without a blank: a torn word.
    markdown: False keeps every character.
    """
    raw, origins = _join(text, ranges)
    drops = _markup(raw) if markdown else []
    out: list[str] = []
    pieces: list[tuple[int, int, int]] = []
    size = 0
    for start, end, origin in _kept(drops, origins):
        out.append(raw[start:end])
        if origin is not None:
            pieces.append((size, origin, end - start))
        size += end - start
    return trimmed(Plain("".join(out), tuple(pieces)))


def concat(plains: Sequence[Plain], joiner: str) -> Plain:
    """Several plain texts as one; `joiner` belongs to no piece."""
    out: list[str] = []
    pieces: list[tuple[int, int, int]] = []
    size = 0
    for one in plains:
        if out:
            out.append(joiner)
            size += len(joiner)
        out.append(one.text)
        pieces.extend((size + t, d, n) for t, d, n in one.pieces)
        size += len(one.text)
    return Plain("".join(out), tuple(pieces))


def trimmed(one: Plain) -> Plain:
    """Without blanks at either end, and with neighbouring pieces fused."""
    left = len(one.text) - len(one.text.lstrip())
    text = one.text.strip()
    pieces: list[tuple[int, int, int]] = []
    for t, d, n in one.pieces:
        start, end = max(t - left, 0), min(t - left + n, len(text))
        if end <= start:
            continue
        d += start - (t - left)
        if pieces and sum(pieces[-1][::2]) == start and sum(pieces[-1][1:]) == d:
            pieces[-1] = (*pieces[-1][:2], pieces[-1][2] + end - start)
        else:
            pieces.append((start, d, end - start))
    return Plain(text, tuple(pieces))


def _join(text: str, ranges: Sequence[Range]) -> tuple[str, list[tuple[int, int, int | None]]]:
    """The raw text of the ranges; its parts as `(raw_start, raw_end, document_start or None for a joiner)`."""
    out: list[str] = []
    origins: list[tuple[int, int, int | None]] = []
    size = 0
    for start, end in ranges:
        if end <= start:
            continue
        if out and not _torn_word(out[-1], text[start]):
            out.append(" ")
            origins.append((size, size + 1, None))
            size += 1
        out.append(text[start:end])
        origins.append((size, size + end - start, start))
        size += end - start
    return "".join(out), origins


def _torn_word(before: str, first: str) -> bool:
    return len(before) > 1 and before[-1] in "-‐\xad" and before[-2].isalpha() and first.islower()


def _kept(
    drops: Sequence[Range], origins: Sequence[tuple[int, int, int | None]]
) -> list[tuple[int, int, int | None]]:
    """What is left of each part once `drops` (sorted, disjoint) are cut out."""
    kept: list[tuple[int, int, int | None]] = []
    at = 0
    for start, end, origin in origins:
        here = start
        while at < len(drops) and drops[at][1] <= start:
            at += 1
        ahead = at
        while ahead < len(drops) and drops[ahead][0] < end:
            cut, after = drops[ahead]
            if cut > here:
                kept.append((here, cut, None if origin is None else origin + here - start))
            here = max(here, after)
            ahead += 1
        at = max(at, ahead - 1)
        if here < end:
            kept.append((here, end, None if origin is None else origin + here - start))
    return kept


def _markup(raw: str) -> list[Range]:
    """The stretches of `raw` that are markup, sorted and disjoint."""
    drops: list[Range] = []
    brackets: list[Range] = []
    runs: dict[str, list[list[int]]] = {"*": [], "_": [], "`": [], "~": []}
    escaped_at = -1
    for token in _TOKEN.finditer(raw):
        start, end = token.span()
        if start == escaped_at:
            continue
        if token["escaped"]:
            drops.append((start, end))
            escaped_at = end
        elif token["open"]:
            brackets.append((start, end))
        elif token["close"]:
            opened = brackets.pop() if brackets else None
            if opened and token["target"]:
                drops += [opened, (start, end)]
        elif token["run"]:
            _delimiter(raw, start, end, runs[raw[start]], drops)
        elif token["tag"]:
            drops.append((start, end))
        else:  # an autolink: only its angles go
            drops += [(start, start + 1), (end - 1, end)]
    return sorted(drops)


def _delimiter(raw: str, start: int, end: int, openers: list[list[int]], drops: list[Range]) -> None:
    """Close what this run of `*`, `_`, backticks or `~~` closes, then let it open.

    CommonMark's flanking rules, with the stricter rule for `_` applied to all: inside a word nothing opens or
    closes, since "f**king" and "it`s" are far more common in comments than emphasis within a word.
    """
    before = raw[start - 1] if start else " "
    after = raw[end] if end < len(raw) else " "
    before_mark, after_mark = not before.isalnum(), not after.isalnum()
    left = not after.isspace() and (not after_mark or before_mark)
    right = not before.isspace() and (not before_mark or after_mark)
    if right and (not left or after_mark):
        while start < end and openers:
            opener = openers[-1]
            size = min(opener[1] - opener[0], end - start)
            drops += [(opener[1] - size, opener[1]), (start, start + size)]
            opener[1] -= size
            start += size
            if opener[0] == opener[1]:
                openers.pop()
    if start < end and left and (not right or before_mark):
        openers.append([start, end])
