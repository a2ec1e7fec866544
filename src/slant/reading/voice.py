"""Whose words a stretch of text is: the outlet's own, somebody's whom it quotes, or a reader's.

A direct quotation is `quoted` where it is clause-like or attributed, see attribution.py. A few words in
quotation marks without attribution (scare quotes, titles, nicknames) and indirect speech ("she said that …")
stay the author's own voice, since the choice of words is the author's.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise

from slant.reading.attribution import is_quoted, sentence_starts
from slant.reading.quotation import find_quotations

Stretch = tuple[int, int, str]

_FLOWING = frozenset({"lead", "paragraph", "list_item"})  # kinds over which one quotation may run
_CITED_LINE = re.compile(r"^[ \t]*(?:>|&gt;)[^\n]*\w[^\n]*", re.MULTILINE)  # how mail and forums cite


def voices(text: str, kind: str = "paragraph") -> tuple[Stretch, ...]:
    """Stretches `(start, end, voice)` that tile `text` in order, none longer than a sentence.

    kind: of the unit. The base voice of a "comment" is "reader", elsewhere "outlet"; a "quote" is all quoted.
    voice is "outlet", "quoted" or "reader". An empty text has no stretches.
    """
    return _tile(text, _quoted(text, kind), kind)


def voices_of(texts_and_kinds: Sequence[tuple[str, str]]) -> list[tuple[Stretch, ...]]:
    """`voices` for the units of one document in order, where a quotation may run on over paragraphs.

    Leads, paragraphs and list items are one flow; what stands between them (a heading, a picture) does not
    end a quotation. Every other unit, so each comment, is read alone.
    """
    flow = "\n".join(text for text, kind in texts_and_kinds if kind in _FLOWING)
    quoted = _quoted(flow, "paragraph")
    result = []
    offset = first = 0
    for text, kind in texts_and_kinds:
        if kind not in _FLOWING:
            result.append(voices(text, kind))
            continue
        end = offset + len(text)
        while first < len(quoted) and quoted[first][1] <= offset:
            first += 1
        last = first
        while last < len(quoted) and quoted[last][0] < end:
            last += 1
        result.append(_tile(text, [(s - offset, e - offset) for s, e in quoted[first:last]], kind))
        offset = end + 1
    return result


def voice_at(stretches: Sequence[Stretch], start: int, end: int) -> str:
    """The voice of most characters of a span; of its first character where it is empty or the voices tie.

    Raises ValueError if no stretch is given.
    """
    if not stretches:
        raise ValueError("voice_at needs the stretches of a text that is not empty, got none.")
    counts: dict[str, int] = {}
    first = max(0, bisect_right(stretches, start, key=lambda s: s[0]) - 1)
    for left, right, voice in stretches[first:]:
        if left >= end and counts:
            break
        counts[voice] = counts.get(voice, 0) + max(0, min(end, right) - max(start, left))
    return max(counts, key=lambda voice: counts[voice])


def _tile(text: str, quoted: Sequence[tuple[int, int]], kind: str) -> tuple[Stretch, ...]:
    """Cut `text` at sentences and quotations; `quoted` is in order and may reach over the text's ends."""
    base = "reader" if kind == "comment" else "outlet"
    starts = {0, *sentence_starts(text), *(max(start, 0) for start, _ in quoted), *(end for _, end in quoted)}
    cuts = sorted(cut for cut in starts if cut < len(text))
    stretches: list[Stretch] = []
    index = 0
    for start, end in pairwise([*cuts, len(text)]):
        while index < len(quoted) and quoted[index][1] <= start:
            index += 1
        voice = "quoted" if index < len(quoted) and quoted[index][0] <= start else base
        if stretches and text[start:end].isspace():
            start, _, voice = stretches.pop()
        stretches.append((start, end, voice))
    return tuple(stretches)


def _quoted(text: str, kind: str) -> list[tuple[int, int]]:
    """The stretches of direct quotation, in order, with their marks."""
    if kind == "quote":
        return [(0, len(text))] if text else []
    spans = [(q.start, q.end) for q in find_quotations(text) if is_quoted(text, q, kind)]
    if kind != "comment":
        return spans
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans + [m.span() for m in _CITED_LINE.finditer(text)]):
        if merged and start < merged[-1][1]:
            before = merged.pop()
            start, end = before[0], max(end, before[1])
        merged.append((start, end))
    return merged
