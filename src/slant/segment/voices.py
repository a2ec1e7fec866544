"""Assign a voice to every part of a text: the outlet's own words, quoted speech, or a reader's words.

A quotation is "quoted" if it is speech: a full sentence, a clause, or words attributed by a verb of saying or a colon. A few
words in quotation marks without attribution (scare quotes, titles, nicknames) stay in the author's voice, and so does
indirect speech ("she said that …"), since the author chose these words.

Word lists and limits were tuned on PolNeAR train; benchmarks/voice.py measures them.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from slant.segment.quotation_marks import Quotation, find_quotations

Stretch = tuple[int, int, str]
"""`(start, end, voice)`; voice is "outlet", "quoted" or "reader"."""


# A quotation may continue over units of these kinds.
_RUNNING_KINDS = frozenset({"lead", "paragraph", "list_item"})
_CITED_LINE = re.compile(r"^[ \t]*(?:>|&gt;)[^\n]*\w[^\n]*", re.MULTILINE)  # a quoted line in mail and forums


def voices(text: str, kind: str = "paragraph") -> tuple[Stretch, ...]:
    """Stretches that cover `text` in order without gaps, none longer than a sentence. An empty text has none.

    kind: of the unit. Text outside quotations is "reader" in a "comment", else "outlet"; all of a "quote" is quoted.
    """
    return _cut_stretches(text, _quoted_ranges(text, kind), kind)


def voices_of(
    texts_and_kinds: Sequence[tuple[str, str]], said: Sequence[int] = ()
) -> list[tuple[Stretch, ...]]:
    """`voices` for all units of one document, in order, with quotations that continue over paragraphs.

    Leads, paragraphs and list items are read as one text, so a heading or picture between them does not end a quotation.
    Every other unit, such as a comment, is read alone.
    said: per unit the offset from which it is a speaker's words (of a transcript), -1 for none.
    """
    said = said or [-1] * len(texts_and_kinds)
    running = "\n".join(
        text
        for (text, kind), at in zip(texts_and_kinds, said, strict=True)
        if kind in _RUNNING_KINDS and at < 0
    )
    quoted = _quoted_ranges(running, "paragraph")
    result = []
    offset = first = 0
    for (text, kind), at in zip(texts_and_kinds, said, strict=True):
        if at >= 0:
            result.append(_cut_stretches(text, [(at, len(text))], kind))
            continue
        if kind not in _RUNNING_KINDS:
            result.append(voices(text, kind))
            continue
        end = offset + len(text)
        while first < len(quoted) and quoted[first][1] <= offset:
            first += 1
        last = first
        while last < len(quoted) and quoted[last][0] < end:
            last += 1
        result.append(_cut_stretches(text, [(s - offset, e - offset) for s, e in quoted[first:last]], kind))
        offset = end + 1
    return result


def voice_at(stretches: Sequence[Stretch], start: int, end: int) -> str:
    """Voice of most characters of a span; of its first character if it is empty or voices tie.

    Raises ValueError if `stretches` is empty.
    """
    if not stretches:
        raise ValueError("voice_at got no stretches. Expected those of a text that is not empty.")
    counts: dict[str, int] = {}
    first = max(0, bisect_right(stretches, start, key=lambda s: s[0]) - 1)
    for left, right, voice in stretches[first:]:
        if left >= end and counts:
            break
        counts[voice] = counts.get(voice, 0) + max(0, min(end, right) - max(start, left))
    return max(counts, key=lambda voice: counts[voice])


def _cut_stretches(text: str, quoted: Sequence[tuple[int, int]], kind: str) -> tuple[Stretch, ...]:
    """Cut `text` at sentences and quotations. quoted: in order, may extend beyond the text."""
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


def _quoted_ranges(text: str, kind: str) -> list[tuple[int, int]]:
    """Ranges of direct quotation, marks included, in order."""
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


# ---- sentences

_BOUNDARY = re.compile(r"(?<![.!?…])[.!?…]++[\"”’»')\]]*+\s++(?=[\"“„‘«'(\[]*[^\W_a-zà-öø-ÿ])|\n\s*")
_ABBREVIATION = re.compile(
    r"(?:^|[\s(\"“‘'])(?:[A-Z]|(?:[A-Za-z]\.)+[A-Za-z]|Mrs?|Ms|Dr|Prof|Sens?|Reps?|Gov|Gen|Lt|Col|Capt|Sgt|Maj|Adm|Rev|Hon|Pres"
    r"|St|Jr|Sr|vs|No|Inc|Corp|Co|Ltd|etc|Jan|Feb|Mar|Apr|Aug|Sept?|Oct|Nov|Dec)\.$"
)


def sentence_starts(text: str) -> list[int]:
    """Offsets after 0 where a sentence or line begins: after an end mark that no lower-case word follows."""
    starts = []
    for match in _BOUNDARY.finditer(text):
        at = match.start()
        if text[at] == "." and text[at + 1].isspace() and _ABBREVIATION.search(text, max(0, at - 8), at + 1):
            continue
        starts.append(match.end())
    return starts


# ---- speech or scare quotes

_MIN_CLAUSE_WORDS = 5  # a quotation with as many words is a clause
_MAX_TITLE_WORDS = 10  # more capitalized words are not a title
_MAX_CUE_DISTANCE = 6  # words between a quotation set off by a comma and the verb of saying
_WINDOW = 200  # characters before and after a quotation that are searched for its attribution
# Words that introduce speech: verb stems (with -e -s -es -ed -ing), then irregular forms and nouns.
VERB_STEMS = (
    "accus acknowledg add admit admitt advis alleg allud announc answer apologiz argu ask assert assur"
    " boast bragg call caution chant characteriz cit claim comment complain conced conclud confess confirm"
    " contend continu counter declar depict describ dub dubb email exclaim explain express grous hail"
    " insist interject jok label labell lament maintain mention mutter observ opin pledg portray predict"
    " proclaim promis pronounc question quip quipp quot reassur recall recit recogniz recount refer referr"
    " reflect reiterat remark remind repeat report respond retort scoff scream shout stat stress suggest"
    " summariz tout tweet urg vow warn whisper wonder yell"
)
_OTHER_CUES = (
    "say says said saying tell tells told telling write writes wrote written writing speak speaks spoke"
    " spoken speaking reads put puts putting reply replies replied replying deny denies denied denying"
    " testify testifies testified cry cries cried think thinks thought thinking noted notes noting posted"
    " posting pointed points added statement interview speech remarks words letter message memo caption"
    " headline according"
)
_INFLECTED = (stem + ending for stem in VERB_STEMS.split() for ending in ("", "e", "s", "es", "ed", "ing"))
_CUES = frozenset([*_INFLECTED, *_OTHER_CUES.split()]) - {"state", "states"}  # mostly countries
_WORD = re.compile(r"(?<![\w-])[A-Za-z]+")  # excludes the "called" of "so-called"
# After verbs of judgment only what follows "as" is the speaker's own word.
_JUDGMENT_VERB = re.compile(
    r"\b(?:attack|blast|condemn|criticis|criticiz|denounc|derid|dismiss|mock|prais|reject|slamm?)(?:e|s|es|ed|ing)?\b",
    re.IGNORECASE,
)
_AS_PHRASE = re.compile(r"\b(?:as|for being)(?: an?| the)?\s*$")
_SO_CALLED = re.compile(
    r"\b(?:so[- ]called|self[- ](?:styled|proclaimed|described)|known as|nicknamed|(?:en)?titled)\W*$",
    re.IGNORECASE,
)
_CLAUSE_START = re.compile(r"[;—–]|, (?:but|while|although|though|yet)\b")
_NEW_SENTENCE = re.compile(r"[.\s]*(?:$|(?<=\s)[\"“‘«„'(\[]*[^\W_a-zà-öø-ÿ])")
_LEADING = " \t\u00a0*_([>-—–•"
_LOWER_IN_TITLES = frozenset(
    re.findall(r"\w+", "a an and as at but by for from in into is nor of on or the to vs with")
)


@dataclass(frozen=True, slots=True)
class QuotationContext:
    """A quotation and its sentence.

    words: of the quotation. before, after: the rest of the sentence, at most `_WINDOW` characters each.
    opens: the quotation begins the sentence or follows a colon. ended: it ends with an end mark.
    """

    words: tuple[str, ...]
    before: str
    after: str
    opens: bool
    ended: bool

    @property
    def is_sentence(self) -> bool:
        """Is the quotation a whole sentence?"""
        return self.opens and self.ended and not self.after

    @property
    def is_title(self) -> bool:
        """Are all content words capitalized, as in a film title or a nickname?"""
        if len(self.words) > _MAX_TITLE_WORDS or self.words[-1].endswith(("!", "?")):
            return False
        return all(not w[0].islower() or w.strip(".,;:").lower() in _LOWER_IN_TITLES for w in self.words)

    @property
    def is_introduced(self) -> bool:
        """Is it set off as speech: `Name: “…”`, `“…”: name`, `she said, “…”`, `“…,” she said` or `“…”, said he`?"""
        before = self.before.rstrip()
        if before.endswith(":") or (self.opens and self.after.startswith(":")):
            return True
        if before.endswith(",") and _find_cue(before.split()[-_MAX_CUE_DISTANCE:]):
            return True
        set_off = self.words[-1].endswith((",", "!", "?")) or self.after.startswith((",", " —", " –", " -"))
        cue = _find_cue(self.after.split()[:_MAX_CUE_DISTANCE])
        return set_off and cue is not None and not cue.endswith("ing")

    @property
    def is_attributed(self) -> bool:
        """Is it introduced, or preceded by a verb of saying? A verb after it may just have it as its subject."""
        if self.is_introduced:
            return True
        clause = _CLAUSE_START.split(self.before)[-1]
        return _find_cue([clause]) is not None or bool(
            _AS_PHRASE.search(clause) and _JUDGMENT_VERB.search(clause)
        )


def is_quoted(text: str, quotation: Quotation, kind: str) -> bool:
    """Is a quotation in `text` speech? kind: of the unit; in a "comment" a clause also needs an attribution."""
    if quotation.continues:
        return True
    context = quotation_context(text, quotation)
    if not context.words or _SO_CALLED.search(context.before):
        return False
    if context.is_sentence:
        return True
    if context.is_title:
        return context.is_introduced
    # Single marks may be apostrophes, unmatched ones may be errors, and commenters invent mock quotations:
    # these count as speech only if attributed.
    single = quotation.inner[0] - quotation.start == 1 and text[quotation.start] in "'‘"
    clear = quotation.closed and not single and kind != "comment"
    return context.is_attributed or (clear and len(context.words) >= _MIN_CLAUSE_WORDS)


def quotation_context(text: str, quotation: Quotation) -> QuotationContext:
    """Find the sentence around a quotation. An end mark in the quotation ends it if a capital or nothing follows."""
    start, end = quotation.inner
    inner = text[start:end].strip()
    before = text[max(0, quotation.start - _WINDOW) : quotation.start].rpartition("\n")[2]
    # The "X" replaces the quotation: sentence_starts needs a character after the space.
    before = before[max([0, *sentence_starts(before + "X")]) :]
    after = text[quotation.end : quotation.end + _WINDOW].partition("\n")[0]
    after = after[: min([len(after), *sentence_starts(after)])]
    ended = inner.endswith((".", "!", "?", "…")) or after.startswith(".")
    if ended and _NEW_SENTENCE.match(after):
        after = ""
    opens = not before.strip(_LEADING) or before.rstrip().endswith(":")
    return QuotationContext(tuple(inner.split()), before, after, opens, ended)


def _find_cue(texts: Sequence[str]) -> str | None:
    """The first word that introduces speech, in lower case, or None."""
    words = _WORD.findall(" ".join(texts).lower())
    return next((word for word in words if word in _CUES), None)
