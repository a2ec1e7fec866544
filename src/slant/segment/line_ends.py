"""Join two lines of a paragraph: with a blank, or as one word where a hyphen at the line end tore a word apart.

Typesetters tear words ("cam-" / "paigners"), and compounds are torn at their own hyphen ("price-" / "fixing"). The document
decides by how it spells the word elsewhere, with or without a hyphen. Else the parts of the word decide.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_HYPHENS = "-‐\xad¬"
_SOFT = "\xad¬"  # only ever set where a word is torn

_LETTERS = r"[^\W\d_]"
# The limits on length keep the search fast in a text without blanks.
_LAST_WORD = re.compile(rf"{_LETTERS}{{1,40}}(?:[-‐'’]{_LETTERS}{{1,40}}){{0,5}}\Z")
_FIRST_WORD = re.compile(rf"{_LETTERS}{{1,40}}")
_WORD = re.compile(rf"{_LETTERS}++(?:[-‐]{_LETTERS}++)*+")
_TORN = re.compile(rf"\b({_LETTERS}++(?:[-‐]{_LETTERS}++){{0,5}}+)[-‐\xad¬][ \t]*+\n\s*+({_LETTERS}++)")

# No word of its own, so it cannot be the second half of a compound.
_ENDING = re.compile(
    r"(?:less|ness|ments?|[ts]ions?|[ts]ional|ations?|ings?|ed|ly|ers?|ors?|ably|able|ibly|ible|fully?|isms?|ists?|it(?:y|ies)"
    r"|ous|ously|ives?|ively|als?|ally|[ae]nces?|[ae]nt(?:s|ly)?|ships?|hoods?|wards?|teen|teenth|ty|ties|doms?|ures?|ates?|ated|ating|i[sz]ed?"
    r"|i[sz]ing|cies|cy|ries|ry|tic|tical|tically|ther|tle|ble|bly|ple|cial|tial|cially|tially|cian|tian)"
)
# Second halves of compounds that are spelled with a hyphen, and hardly ever the end of a torn word.
_SECOND = _set(
    """
    aged anticipated appointed awaited backed based bearing blooded born breaking building built bumping carrying
    centered centred century chief class conscious controlled criticised criticized cutting deserved dominated door
    driven earning educated effective elect elected established eyed faith fixing fought founded friendly funded
    funding general grown haired handed hearted held hit hour imposed inclusive inflicted inspired kept known laden
    language lasting leaning led level liberal linked looking loved made making mannered market mile minded mouthed
    needed occupied off oriented owned owner packed page paid paying pitched point proclaimed produced profile
    publicised publicized quality quarters raising range ranked ranking reaching related resistant respected ridden
    run running saving scale seated seeking serving shaped sharing shooting sided sized sounding speaking specific
    spending sponsored standard stated stricken style styled supported tempered term thirds threatening torn trained
    wage wielding wing winning wracked year years
    """
)
# A torn word begins with these ("un-" / "known"); no compound does.
_BOUND_FIRST = _set("""be de dis em en for fore im in ir mis out over re sub sur
    trans un under up with""")
# First halves that keep their hyphen, except before the endings listed with them.
_FIRST = {
    "self": r"ish\w*|less\w*|hood",
    "ex": r"(?!presid|prime|polic|partn|player|party|chief|con[vs]|chair|army|husb|head|counci|capt|champ|emplo|offic|treas)"
    r"(?:[a-z]{1,3}|[cptahioe]\w*)",
    "non": r"sens\w*|ethe\w*|pluss\w*|desc\w*|chal\w*|ent\w*",
    "anti": r"dot\w*|qu\w*|bio\w*|bod\w*|cip\w*|sep\w*|gen\w*|lop\w*|path\w*|the\w*|tox\w*|freeze",
    "quasi": r"(?!)",
    "half": r"(?!)",
    "well": r"ings?|ed|come|being|fare|springs?",
    **dict.fromkeys(
        _set(
            "two three four five six seven eight nine twenty thirty forty fifty sixty seventy eighty ninety"
        ),
        r"teen\w*|een\w*|t[iy]\w*|fold|some|th|pence",
    ),
}
# First halves that keep their hyphen before words that begin so.
_FIRST_BEFORE = {
    "cross": "party|border|country|channel|examin|community|section",
    "far": "right|left|flung|off|away|fetched",
    "full": "time|scale|length|blown|page|fledged",
    "hard": "line|core|hit|working|won|right|left|nosed|pressed",
    "high": "speed|tech|rise|rank|end|street|school|risk|income|ranking|value|security",
    "ill": "fated|advised|equipped|gotten|timed|treat|considered|conceived|judged|prepared|will|tempered",
    "long": "term|time|stand|distance|haul|suffering|forgotten|stay|dead",
    "low": "income|cost|lying|key|carbon|skilled|rise|tax",
    "mid": "term|week|morning|afternoon|air|season|century|table",
    "multi": "million|billion|storey|ethnic|party|faith|purpose|year|agency",
    "one": "third|off|time|way|day|man|party|woman|eyed",
    "part": "time",
    "post": "war|election|brexit|covid|pandemic|colonial|industrial|soviet|match",
    "pre": "war|election|brexit|covid|pandemic|trial|tax|exist|dawn|match|emptive|recorded|packaged",
    "pro": "war|life|choice|government|democracy|palestin|israel|russia|brexit|eu|union|business|abortion|independence",
    "short": "term|lived|sighted|staffed|haul|notice",
    "so": "called|so",
    "vice": "president|chair|captain|chancellor|principal|mayor",
}
_SUSPENDED = frozenset({"and", "or", "to", "nor"})  # "pre- and post-war"


class Joint(NamedTuple):
    """How two lines join. dropped: characters dropped at the end of the first. joiner: what comes between them."""

    dropped: int
    joiner: str


_BLANK, _CLOSE, _DROP = Joint(0, " "), Joint(0, ""), Joint(1, "")


def join_lines(before: str, after: str, document: str) -> Joint:
    """How the line `before` joins the line `after` of the same paragraph.

    Neither has white space at its ends. document: the whole text, in which the word may stand elsewhere.
    """
    if len(before) < 2 or before[-1] not in _HYPHENS or not after:
        return _BLANK
    if before[-2].isdigit():  # "20-" / "year-old"
        return _CLOSE if after[0].isalnum() else _BLANK
    first = _FIRST_WORD.match(after)
    last = _LAST_WORD.search(before[-250:-1])
    if first is None or last is None:
        return _BLANK
    left, right = last[0], first[0]
    if before[-1] in _SOFT:
        return _DROP
    if right in _SUSPENDED:
        return _BLANK
    if right[0].isupper() and not (left.isupper() and right.isupper()):
        return _CLOSE  # "Franco-" / "German"
    return _DROP if _is_torn(left, right, _evidence(document)) else _CLOSE


@lru_cache(maxsize=1)
def _evidence(document: str) -> _Evidence:
    return _Evidence(document)


class _Evidence:
    """The words of a document apart from those torn at a line end, and whether the document tears words at all."""

    def __init__(self, document: str) -> None:
        rest = _TORN.sub(" ", document)
        self.words = frozenset(_WORD.findall(rest.lower().replace("‐", "-")))
        self.parts = frozenset(part for word in self.words for part in word.split("-"))
        spelled = frozenset(_WORD.findall(rest))
        self.names = frozenset(word for word in spelled if word[0].isupper() and word.lower() not in spelled)
        known = [_decided(left, right, self) for left, right in _TORN.findall(document)]
        # Some software only breaks lines at hyphens that are there.
        self.keeps = known.count(False) > 1 and True not in known


def _is_torn(left: str, right: str, evidence: _Evidence) -> bool:
    """Is `left-right` one word, torn at the line end?"""
    known = _decided(left, right, evidence)
    return known if known is not None else not evidence.keeps


def _decided(left: str, right: str, evidence: _Evidence) -> bool | None:
    """True if the word is torn, False if it is a compound, None if nothing tells."""
    if left.isupper() and len(left) > 1 and right.isupper():
        left, right = left.lower(), right.lower()
    elif right[0].isupper():
        return None
    elsewhere = [test(left.lower(), right.lower(), evidence) for test in (_spelled_elsewhere, _by_parts)]
    found = next((each for each in elsewhere if each is not None), None)
    if found is None and len(left) > 2 and left in evidence.names:
        return False  # a name and what it owns, leads or backs
    return found


def _spelled_elsewhere(left: str, right: str, evidence: _Evidence) -> bool | None:
    if f"{left}-{right}" in evidence.words:
        return False
    start, _, end = left.rpartition("-")
    if f"{left}{right}" in evidence.words or (start and f"{end}{right}" in evidence.parts):
        return True
    return None


def _by_parts(left: str, right: str, evidence: _Evidence) -> bool | None:
    _, inner, end = left.rpartition("-")
    if _ENDING.fullmatch(right):
        return True
    if inner:  # "state-of-the-" / "art", but "well-estab-" / "lished"
        return None if end not in evidence.parts and len(end) > 3 else False
    if left in _BOUND_FIRST:
        return True
    if left in _FIRST:
        return re.fullmatch(_FIRST[left], right) is not None and right not in evidence.parts
    if left in _FIRST_BEFORE and re.match(_FIRST_BEFORE[left], right):
        return False
    return False if right in _SECOND and len(left) > 1 else None
