"""Is a short line the name of a commenter, or the marker of a comment section?

Where do the reader comments begin, and where does one end and the next begin?

Nothing in a copied page says so. A document is read as a sequence of blocks with one change point: each block
gets a score for how much it looks like a comment rather than a part of an article (style and layout), the
change point is where the scores after it sum highest, and a second rule set decides whether there are comments.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from slant.segment.article_header import DATE, MONTH
from slant.segment.markdown import Block

_PARTICLES = frozenset((
    "of", "the", "and", "de", "la", "le", "da", "di", "von", "van", "der", "den", "ter", "al", "el",
    "bin", "ibn", "abu", "y", "e", "à", "a", "in",
))  # fmt: skip
# Words that open headings and short comments, and no names.
_NOT_NAMES = frozenset((
    "what", "why", "how", "when", "where", "which", "is", "are", "was", "were", "will", "has", "have",
    "had", "can", "could", "should", "would", "does", "did", "do", "this", "these", "those", "their",
    "our", "your", "its", "in", "on", "for", "to", "with", "from", "at", "by", "as", "vs", "versus",
    "but", "not", "if", "it", "he", "she", "they", "we", "you", "i", "my", "no", "yes", "yeah", "yep",
    "nope", "lol", "lmao", "omg", "wtf", "haha", "agreed", "agree", "exactly", "true", "false", "right",
    "wrong", "wow", "well", "great", "good", "nice", "thanks", "thank", "sorry", "correct", "indeed",
    "absolutely", "amen", "bravo", "bullshit", "nonsense", "really", "sure", "maybe", "please", "so",
    "oh", "hey", "hello", "hi", "ok", "okay", "same", "this", "seriously", "spot", "totally", "amazing",
    "awesome", "brilliant", "excellent", "interesting", "ridiculous", "said", "says", "go", "there",
    "here", "let", "lets", "introduction", "conclusion", "background", "summary", "overview", "analysis",
    "comment", "comments", "reply", "replies", "share", "like", "likes", "report", "edit", "delete",
    "more", "next", "previous",
))  # fmt: skip
_TRAILER = re.compile(
    r"(?:\s+(?:says?|said|wrote|writes|commented|replied|posted|responded)|\s*(?:\[op\]|\(author\)))?\s*"
    rf"(?:[•·|,@–—:-]\s*|\bon\s+|\()?(?:(?:\d{{1,3}}|an?|one)\s+(?:sec|min|hour|day|week|month|year|yr)[a-z]*\s+ago"
    rf"|{DATE.pattern}.{{0,30}}|(?:yesterday|today|just now).{{0,20}})?\)?\s*:?\s*\Z",
    re.IGNORECASE,
)
_PREFIX = re.compile(
    r"(?:(?:comment|posted|written|reply) (?:by|from)|by|author|name|user)\s*:?\s+", re.IGNORECASE
)
_WORD = re.compile(r"[^\W_]")
_MARKER = re.compile(
    r"(?:\d[\d,.]*\s+)?(?:(?:reader|user|view|show|see|all|recent|top|your|the)\s+){0,3}"
    r"(?:comments?|responses?|replies)(?:\s+section|\s+from readers|\s+below)?"
    r"(?:\s*[(\[:|-]\s*\d[\d,.]*\s*[)\]]?)?\s*:?"
    r"|(?:leave|post|add|write|submit) (?:a|your) (?:reply|comment|response).{0,20}"
    r"|\d+ (?:thoughts?|responses?|comments?|replies) (?:on|to) .{1,120}"
    r"|what (?:readers|people) (?:say|are saying)\s*:?|readers? (?:respond|react|write|letters)\s*:?"
    r"|join the (?:discussion|conversation)",
    re.IGNORECASE,
)
_ASIDE = re.compile(
    r"(?:reply|replies|like|likes|share|report|permalink|flag|edit|up ?vote|down ?vote|load more"
    r"|load more comments|show more(?: replies)?|log in to (?:reply|comment)"
    r"|\d+ (?:likes?|votes?|replies|points?|reactions?)"
    r"|[+-]?\d{1,5}|(?:reply|like|share|report|flag)(?:\W+(?:reply|like|share|report|flag|\d+))+"
    r"|(?:\d{1,3}|an?) (?:sec|min|hour|day|week|month|year|yr)[a-z]* ago"
    rf"|(?:{MONTH} \d{{1,2}},? \d{{4}}.{{0,20}}))",
    re.IGNORECASE,
)


def is_marker(text: str) -> bool:
    """ "Comments (12)", "12 comments", "Leave a reply": the comments begin below."""
    return len(text) <= 160 and _MARKER.fullmatch(text.strip("*#:-–— ")) is not None


def is_aside(text: str) -> bool:
    """Furniture between comments: "Reply", "12 likes", "3 hours ago"."""
    return len(text) <= 60 and _ASIDE.fullmatch(text.strip()) is not None


def commenter(text: str) -> str | None:
    """The name if a line looks like a commenter's ("Ada Bo", "grumpy_cat42 says:", "Cy • 3 days ago")."""
    if len(text) > 90 or "\n" in text:
        return None
    found = _TRAILER.search(text)
    name = text[: found.start()] if found else text
    stated = bool(found and found.group().strip(" :"))
    if prefix := _PREFIX.match(name):
        name, stated = name[prefix.end() :], True
    name = name.strip().strip("|•·–—-,").strip()
    words = name.split()
    if not 1 <= len(words) <= 5 or len(name) > 40 or not _WORD.search(name) or "://" in name:
        return None
    if name[-1] in ".!?;:,…\"”'" and not re.search(r"(?:\b[A-Z]|\b[JS]r)\.\Z", name):
        return None
    bare = [word.strip("()[]'\"‘’“”.,") for word in words]
    if any(word.lower() in _NOT_NAMES for word in bare) and not stated:
        return None
    if len(words) == 1:
        handle = re.fullmatch(r"@?[\w.-]{2,40}", name) is not None
        return name if handle and (stated or not name.isdigit()) else None
    titled = sum(_titled(word) for word in bare)
    rest = [word for word in bare if not _titled(word) and word.lower() not in _PARTICLES]
    return name if titled and len(rest) <= (1 if stated else 0) else None


def _titled(word: str) -> bool:
    return bool(word) and (not word[0].islower() or any(c.isdigit() or c == "_" or c.isupper() for c in word))


_INFORMAL = re.compile(
    r"\b(?:lol|lmao|rofl|omg|wtf|btw|imo|imho|haha+|yeah|yep|nope|gonna|gotta|wanna|kinda|dont|cant|didnt|doesnt|wont|isnt|im|ive"
    r"|u|ur|r|tho|thx|thanks|plz|pls|wow|duh|meh|dude|bro|folks|guys|crap|bullshit|bs|hell|damn|stupid|idiots?|morons?)\b",
    re.IGNORECASE,
)
_FIRST = re.compile(r"\b(?:I|I['’`](?:m|ve|d|ll)|my|me|mine|myself|IMO|IMHO)\b")
_YOU = re.compile(r"\b(?:you|your|yours|yourself|you['’`](?:re|ve|ll|d))\b", re.IGNORECASE)
_RUNS = re.compile(r"!!|\?\?|!\?|\?!|\.{4,}")
_ODD = re.compile(r"\w`\w|\bi\b(?!\.)|\s[,.!?](?:\s|$)|[a-z],[a-z]|\.\.(?!\.)")
_SAID = re.compile(
    r"\b(?:said|told|says|according to|reported(?:ly)?|announced|statement|spokes(?:man|woman|person)"
    r"|officials?|added)\b"
)
_OPINION = re.compile(
    r"\b(?:i (?:think|believe|feel|guess|agree|disagree|wonder|hope|doubt|suspect|don['’`]?t)"
    r"|in my (?:opinion|view)|should|article|author|comment(?:er)?s?|post)\b",
    re.IGNORECASE,
)
_STYLE_HEAD = 3000  # characters of a block that its style is read from
_CONTRACTED = re.compile(r"[a-z]['’`](?:t|s|re|ve|ll|d|m)\b")
_CALENDAR = re.compile(
    r"\b(?:(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|January|February|March|April|June|July|August|September|October|November|December)\b"
)
_QUOTED = re.compile(r"[\"“”«»]")

# Log-odds of "comment" against "article" per block: logistic regression on assembled training documents
# (benchmarks/comment_boundary.py --fit). Only "open_end" is set by hand: the edited comments of the training
# sets nearly always end in a full stop, those of the wild do not.
STYLE_WEIGHTS = {
    "bias": 0.03,
    "first_person": 1.30,
    "second_person": 0.98,
    "question": 0.61,
    "exclamation": 1.33,
    "mark_runs": 2.09,
    "informal": 2.70,
    "odd_typing": 3.06,
    "lower_start": 0.79,
    "open_end": 0.50,
    "shouting": 0.57,
    "attribution": -2.79,
    "quotation": -0.50,
    "opinion": 0.86,
    "digits": -1.16,
    "names": -1.61,
    "contraction": 0.72,
    "past": -0.82,
    "long_words": -1.13,
    "calendar": -2.23,
    "shorter": 1.96,
    "longer": 2.07,
}


def style(text: str, usual: float) -> dict[str, float]:
    """Named features of one block, each 0..1. usual: the median length of the paragraphs, in characters."""
    size, text = len(text), text[:_STYLE_HEAD]
    words = text.split()
    n = max(len(words), 1)
    inner = [word for word in words[1:] if word[0].isalpha()]
    return {
        "bias": 1.0,
        "first_person": min(len(_FIRST.findall(text)) / n * 15, 1.0),
        "second_person": min(len(_YOU.findall(text)) / n * 15, 1.0),
        "question": float("?" in text),
        "exclamation": float("!" in text),
        "mark_runs": float(bool(_RUNS.search(text))),
        "informal": min(len(_INFORMAL.findall(text)), 2) / 2,
        "odd_typing": min(len(_ODD.findall(text)), 2) / 2,
        "lower_start": float(text[:1].islower()),
        "open_end": float(text[-1:].isalnum() and size == len(text)),
        "shouting": float(sum(len(word) > 4 and word.isalpha() and word.isupper() for word in words) >= 2),
        "attribution": min(len(_SAID.findall(text)), 2) / 2,
        "quotation": float(len(_QUOTED.findall(text)) >= 2),
        "opinion": min(len(_OPINION.findall(text)), 2) / 2,
        "digits": min(sum(word[0].isdigit() for word in words) / n * 15, 1.0),
        "names": min(sum(word[0].isupper() and word != "I" for word in inner) / max(len(inner), 1) * 4, 1.0),
        "contraction": min(len(_CONTRACTED.findall(text)) / n * 15, 1.0),
        "past": min(sum(word.endswith("ed") for word in words) / n * 10, 1.0),
        "long_words": min(max(sum(map(len, words)) / n - 4, 0.0), 3.0) / 3,
        "calendar": float(bool(_CALENDAR.search(text))),
        "shorter": min(max(math.log((usual + 20) / (size + 20)), 0.0), 2.0) / 2,
        "longer": min(max(math.log((size + 20) / (usual + 20)), 0.0), 2.0) / 2,
    }


def style_score(text: str, usual: float) -> float:
    return sum(STYLE_WEIGHTS[name] * value for name, value in style(text, usual).items())


# Log-odds of the layout of a block, chosen by hand.
LAYOUT_WEIGHTS = {
    "author_line": 1.5,
    "author_again": 2.0,  # on top, for a name that stands above more than one comment
    "wide_gap": 2.5,  # more blank lines before it than between the article's paragraphs
    "marker": 5.0,
    "heading": -3.0,
    "list_item": -2.0,
    "quote": -0.5,
    "bare_start": -0.7,  # the section begins here although there is neither author line nor wide gap
    "bare_more": -3.0,  # each further such block before the first author line or wide gap: it is one comment
    "personal": -0.5,  # times the mean style of the article's first paragraphs, where that is above 0
}
# Log-odds of a comment section, fitted in the same way; the bias was then lowered until at most 0.3 % of the
# training documents without comments were said to have some. Only "marker" is set by hand.
SECTION_WEIGHTS = {
    "bias": -5.84,
    "author_share": 4.73,
    "names_before": -2.04,
    "wide_gaps": 2.25,
    "wide_before": -1.80,
    "size": 2.73,
    "style": 1.68,
    "contrast": 0.26,
    "marker": 5.00,
}
_CAP = 2.5  # of one block's style: no single block may carry the decision
_REFERENCE = 6  # paragraphs at the beginning that surely belong to the article


@dataclass(frozen=True, slots=True)
class Comment:
    """Blocks of one comment, as indices."""

    paragraphs: tuple[int, ...]
    author: str | None = None


@dataclass(frozen=True, slots=True)
class Sign:
    """What one block says about being a comment.

    name: it is an author line; again: of a name that recurs. wide: more blank lines before it than usual.
    style: None for a block without a text of its own.
    """

    form: str = "none"
    name: str | None = None
    again: bool = False
    wide: bool = False
    style: float | None = None

    @property
    def score(self) -> float:
        layout = LAYOUT_WEIGHTS.get("author_line" if self.name else self.form, 0.0)
        layout += LAYOUT_WEIGHTS["author_again"] if self.again else 0.0
        return layout + (self.style or 0.0) + (LAYOUT_WEIGHTS["wide_gap"] if self.wide else 0.0)


def first_comment(blocks: Sequence[Block], neutral: Sequence[bool], first: int) -> int | None:
    """Index of the block where the comments begin, or None if there are none.

    neutral: blocks that say nothing (boilerplate, metadata, media). first: the article's first paragraph.
    """
    signs = read_signs(blocks, neutral, first)
    last = max((i for i, sign in enumerate(signs) if sign.style is not None), default=0)
    stated = [i for i in range(first, last) if signs[i].form == "marker"]
    for at in (*reversed(stated), change_point(signs, first)):
        if at is not None and section_score(signs, at, first) > 0:
            return at
    return None


def section_score(signs: Sequence[Sign], at: int, first: int) -> float:
    """Above 0 if what begins at block `at` is a comment section."""
    return sum(SECTION_WEIGHTS[name] * value for name, value in section(signs, at, first).items())


def change_point(signs: Sequence[Sign], first: int) -> int | None:
    """Where the scores from there to the end sum highest, if that is above 0; never the first paragraph."""
    opening = [sign.style for sign in signs[first : first + _REFERENCE] if sign.style is not None]
    personal = LAYOUT_WEIGHTS["personal"] * max(sum(opening) / len(opening), 0.0) if opening else 0.0
    total, best, at = 0.0, 0.0, None
    laid_out, bare = False, 0
    for i in range(len(signs) - 1, first, -1):
        sign = signs[i]
        if sign.form == "none":
            continue
        total += sign.score + (personal if sign.style is not None else 0.0)
        if sign.name or sign.wide or sign.form == "marker":
            laid_out, bare = True, 0
        else:
            bare += 1
        here = total + (LAYOUT_WEIGHTS["bare_start"] if bare else 0.0)
        here += LAYOUT_WEIGHTS["bare_more"] * (bare - 1) if laid_out and bare else 0.0
        if here > best:
            best, at = here, i
    return at


def read_signs(blocks: Sequence[Block], neutral: Sequence[bool], first: int) -> list[Sign]:
    """A sign per block, "none" for those that say nothing."""
    lengths = [len(b.text) for b, skip in zip(blocks, neutral, strict=True) if not skip and len(b.text) > 60]
    opening = sorted(lengths[:_REFERENCE])
    usual = opening[len(opening) // 2] if opening else 200.0
    regular = max(blocks[first + 1].gap, 1) if first + 1 < len(blocks) else 1
    signs: list[Sign] = []
    for i, block in enumerate(blocks):
        text = block.text
        if neutral[i] or block.form == "rule" or not text or is_aside(text):
            signs.append(Sign())
            continue
        after = blocks[i + 1] if i + 1 < len(blocks) else None
        answered = after is not None and not neutral[i + 1] and after.form in ("text", "quote", "list_item")
        free = i > first and answered and not (signs and signs[-1].name)
        name = commenter(text) if free and block.form == "text" else None
        marker = i > first and is_marker(text)
        form = "marker" if marker else block.form
        style = None if name or marker else max(-_CAP, min(_CAP, style_score(text, usual)))
        signs.append(Sign(form, name, wide=i > first and block.gap > regular, style=style))
    names = Counter(sign.name for sign in signs if sign.name)
    return [replace(sign, again=True) if names[sign.name or ""] > 1 else sign for sign in signs]


def section(signs: Sequence[Sign], at: int, first: int) -> dict[str, float]:
    """Features of the decision whether what begins at block `at` is a comment section."""
    names = [sign.name for sign in signs[at:] if sign.name]
    after = [sign.style for sign in signs[at:] if sign.style is not None]
    before = [sign.style for sign in signs[first:at] if sign.style is not None]
    mean_after = sum(after) / len(after) if after else 0.0
    mean_before = sum(before) / len(before) if before else 0.0
    wide = [sign.wide for sign in signs[at:]]
    return {
        "bias": 1.0,
        "author_share": len(names) / max(len(after), 1),
        "names_before": min(sum(bool(sign.name) for sign in signs[first:at]), 3)
        / 3,  # then they are headings
        "wide_gaps": min(sum(wide), 3) / 3,
        "wide_before": min(sum(sign.wide for sign in signs[first:at]), 3) / 3,
        "size": min(len(after), 8) / 8,
        "style": mean_after,
        "contrast": mean_after - mean_before,
        "marker": float(signs[at].form == "marker"),
    }


def comments(blocks: Sequence[Block], neutral: Sequence[bool]) -> list[Comment]:
    """The comments in `blocks`, which stand below the article. Neutral blocks and furniture belong to none.

    A new comment begins at an author line, after more blank lines than paragraphs have between them, and
    after furniture. Where none of these is found anywhere, each block is a comment of its own.
    """
    speaks = [_speaks(block, skip) for block, skip in zip(blocks, neutral, strict=True)]
    spoken = [i for i, speaks_here in enumerate(speaks) if speaks_here]
    authors = _author_lines(blocks, spoken)
    gaps = [blocks[i].gap for i in spoken[1:]]
    regular = max(min(gaps, default=1), 1)
    structured = bool(authors) or any(gap > regular for gap in gaps)
    found: list[Comment] = []
    pending: int | None = None
    for i in spoken:
        if i in authors:
            pending = i
            continue
        apart = blocks[i].gap > regular or (i > 0 and not speaks[i - 1])
        if not found or pending is not None or apart or not structured:
            found.append(Comment((i,), authors[pending] if pending is not None else None))
        else:
            found[-1] = replace(found[-1], paragraphs=(*found[-1].paragraphs, i))
        pending = None
    return found


def _speaks(block: Block, neutral: bool) -> bool:
    if neutral or block.form == "rule" or not block.text:
        return False
    return not is_marker(block.text) and not is_aside(block.text)


def _author_lines(blocks: Sequence[Block], spoken: Sequence[int]) -> dict[int, str]:
    """Block index → name, for the lines that name the author of what follows; never two in a row."""
    found: dict[int, str] = {}
    before_is_author = False
    for here, following in pairwise(spoken):
        block = blocks[here]
        name = commenter(block.text) if block.form in ("text", "heading") and not before_is_author else None
        before_is_author = name is not None and blocks[following].gap <= max(block.gap, 1)
        if name and before_is_author:
            found[here] = name
    return found
