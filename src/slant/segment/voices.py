"""Whether words in quotation marks are somebody's speech, or the author's own in scare quotes or as a title.

Speech is a clause, a whole sentence, or any words that a verb of saying or a colon brings in. The word
lists and limits were chosen on PolNeAR train; benchmarks/voice.py measures them.

Whose words a stretch of text is: the outlet's own, somebody's whom it quotes, or a reader's.

A direct quotation is `quoted` where it is clause-like or attributed, see attribution.py. A few words in
quotation marks without attribution (scare quotes, titles, nicknames) and indirect speech ("she said that …")
stay the author's own voice, since the choice of words is the author's.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from slant.segment.quotation_marks import Quotation, find_quotations

_CLAUSE = 5  # words from which a quotation reads as a clause of its own
_TITLE = 10  # words up to which capitalised words may be a title
_NEAR = 6  # words between a quotation set off by a comma and the verb of saying
_WINDOW = 200  # characters before and after a quotation in which its attribution is looked for

_BOUNDARY = re.compile(r"(?<![.!?…])[.!?…]++[\"”’»')\]]*+\s++(?=[\"“„‘«'(\[]*[^\W_a-zà-öø-ÿ])|\n\s*")
_ABBREVIATION = re.compile(
    r"(?:^|[\s(\"“‘'])(?:[A-Z]|(?:[A-Za-z]\.)+[A-Za-z]|Mrs?|Ms|Dr|Prof|Sens?|Reps?|Gov|Gen|Lt|Col|Capt|Sgt|Maj|Adm|Rev|Hon|Pres"
    r"|St|Jr|Sr|vs|No|Inc|Corp|Co|Ltd|etc|Jan|Feb|Mar|Apr|Aug|Sept?|Oct|Nov|Dec)\.$"
)
# What brings in somebody's words: stems of verbs with -e -s -es -ed -ing, then irregular forms and nouns.
_STEMS = (
    "accus acknowledg add admit admitt advis alleg allud announc answer apologiz argu ask assert assur"
    " boast bragg call caution chant characteriz cit claim comment complain conced conclud confess confirm"
    " contend continu counter declar depict describ dub dubb email exclaim explain express grous hail"
    " insist interject jok label labell lament maintain mention mutter observ opin pledg portray predict"
    " proclaim promis pronounc question quip quipp quot reassur recall recit recogniz recount refer referr"
    " reflect reiterat remark remind repeat report respond retort scoff scream shout stat stress suggest"
    " summariz tout tweet urg vow warn whisper wonder yell"
)
_FORMS = (
    "say says said saying tell tells told telling write writes wrote written writing speak speaks spoke"
    " spoken speaking reads put puts putting reply replies replied replying deny denies denied denying"
    " testify testifies testified cry cries cried think thinks thought thinking noted notes noting posted"
    " posting pointed points added statement interview speech remarks words letter message memo caption"
    " headline according"
)
_INFLECTED = (stem + ending for stem in _STEMS.split() for ending in ("", "e", "s", "es", "ed", "ing"))
_CUES = frozenset([*_INFLECTED, *_FORMS.split()]) - {"state", "states"}  # these are mostly countries
_WORD = re.compile(r"(?<![\w-])[A-Za-z]+")  # not the "called" of "so-called"
# Verbs of judging take any object; what they judge it *as* is the speaker's word.
_JUDGED = re.compile(
    r"\b(?:attack|blast|condemn|criticis|criticiz|denounc|derid|dismiss|mock|prais|reject|slamm?)(?:e|s|es|ed|ing)?\b",
    re.IGNORECASE,
)
_AS = re.compile(r"\b(?:as|for being)(?: an?| the)?\s*$")
_SO_CALLED = re.compile(
    r"\b(?:so[- ]called|self[- ](?:styled|proclaimed|described)|known as|nicknamed|(?:en)?titled)\W*$",
    re.IGNORECASE,
)
_CLAUSE_START = re.compile(r"[;—–]|, (?:but|while|although|though|yet)\b")
_NEW_SENTENCE = re.compile(r"[.\s]*(?:$|(?<=\s)[\"“‘«„'(\[]*[^\W_a-zà-öø-ÿ])")
_LEADING = " \t\u00a0*_([>-—–•"
_SMALL = frozenset(
    re.findall(r"\w+", "a an and as at but by for from in into is nor of on or the to vs with")
)


@dataclass(frozen=True, slots=True)
class Setting:
    """A quotation in its sentence: what the decision looks at.

    words: of the quotation. before, after: the rest of its sentence, at most `_WINDOW` characters each.
    opens: it opens the sentence, or stands after a colon. ended: it closes with an end mark.
    """

    words: tuple[str, ...]
    before: str
    after: str
    opens: bool
    ended: bool

    @property
    def is_sentence(self) -> bool:
        return self.opens and self.ended and not self.after

    @property
    def is_title(self) -> bool:
        """All words of weight are capitalised, as in the name of a film or a person's nickname."""
        if len(self.words) > _TITLE or self.words[-1].endswith(("!", "?")):
            return False
        return all(not w[0].islower() or w.strip(".,;:").lower() in _SMALL for w in self.words)

    @property
    def is_introduced(self) -> bool:
        """Set off as speech: `Name: “…”`, `“…”: name`, `she said, “…”`, `“…,” she said`, `“…”, said he`."""
        before = self.before.rstrip()
        if before.endswith(":") or (self.opens and self.after.startswith(":")):
            return True
        if before.endswith(",") and _cue(before.split()[-_NEAR:]):
            return True
        set_off = self.words[-1].endswith((",", "!", "?")) or self.after.startswith((",", " —", " –", " -"))
        cue = _cue(self.after.split()[:_NEAR])
        return set_off and cue is not None and not cue.endswith("ing")

    @property
    def is_attributed(self) -> bool:
        """Introduced, or a verb of saying stands before it; of one after it, it may be the subject."""
        if self.is_introduced:
            return True
        clause = _CLAUSE_START.split(self.before)[-1]
        return _cue([clause]) is not None or bool(_AS.search(clause) and _JUDGED.search(clause))


def _cue(texts: Sequence[str]) -> str | None:
    """The first word that brings in somebody's words, lower-case, or None."""
    words = _WORD.findall(" ".join(texts).lower())
    return next((word for word in words if word in _CUES), None)


def setting(text: str, quotation: Quotation) -> Setting:
    """The sentence around a quotation; its own end mark ends it if a capital or nothing follows."""
    start, end = quotation.inner
    inner = text[start:end].strip()
    before = text[max(0, quotation.start - _WINDOW) : quotation.start].rpartition("\n")[2]
    # The "X" stands for the quotation: without it the blank before would not count as a boundary.
    before = before[max([0, *sentence_starts(before + "X")]) :]
    after = text[quotation.end : quotation.end + _WINDOW].partition("\n")[0]
    after = after[: min([len(after), *sentence_starts(after)])]
    ended = inner.endswith((".", "!", "?", "…")) or after.startswith(".")
    if ended and _NEW_SENTENCE.match(after):
        after = ""
    opens = not before.strip(_LEADING) or before.rstrip().endswith(":")
    return Setting(tuple(inner.split()), before, after, opens, ended)


def is_quoted(text: str, quotation: Quotation, kind: str) -> bool:
    """Whether a quotation found in `text` is speech. kind: of the unit, "comment" asks for more."""
    if quotation.continues:
        return True
    here = setting(text, quotation)
    if not here.words or _SO_CALLED.search(here.before):
        return False
    if here.is_sentence:
        return True
    if here.is_title:
        return here.is_introduced
    # A single mark may be an apostrophe, an odd one a slip, and readers mock in invented quotations:
    # all these need an attribution.
    single = quotation.inner[0] - quotation.start == 1 and text[quotation.start] in "'‘"
    sure = quotation.closed and not single and kind != "comment"
    return here.is_attributed or (sure and len(here.words) >= _CLAUSE)


def sentence_starts(text: str) -> list[int]:
    """Where a sentence or a line begins, apart from 0: after an end mark, if no lower-case word follows."""
    starts = []
    for match in _BOUNDARY.finditer(text):
        at = match.start()
        if text[at] == "." and text[at + 1].isspace() and _ABBREVIATION.search(text, max(0, at - 8), at + 1):
            continue
        starts.append(match.end())
    return starts


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
