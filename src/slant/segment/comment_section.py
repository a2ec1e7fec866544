"""Find the reader comments below an article and split them into single comments.

A copied page does not say where its comments begin. Each block gets a score for how much its style and layout look like a
comment rather than article text. The candidate start is the block from which the scores sum highest (a change point); a
second set of weights decides whether there is a comment section at all.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from slant.segment.dates import DATE, MONTH
from slant.segment.markdown import Block

# ---- comment section

# Log-odds from the layout of a block, set by hand.
LAYOUT_WEIGHTS = {
    "author_line": 1.5,
    "author_again": 2.0,  # added for a name that precedes more than one comment
    "wide_gap": 2.5,  # more blank lines before it than between the article's paragraphs
    "marker": 5.0,
    "heading": -3.0,
    "list_item": -2.0,
    "quote": -0.5,
    "bare_start": -0.7,  # the section would start here without an author line or a wide gap
    "bare_more": -3.0,  # each further such block before the first author line or wide gap
    "personal": -0.5,  # times the mean style score of the article's first paragraphs, if positive
}
# Log-odds of a comment section, fitted like STYLE_WEIGHTS. The bias was then lowered until comments were found in at
# most 0.3 % of the training documents without any. Only "marker" is set by hand.
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
_MAX_STYLE = 2.5  # absolute style score of one block, so that no single block decides
_OPENING = 6  # first paragraphs, taken as certain article text


@dataclass(frozen=True, slots=True)
class CommentBlocks:
    """Indices of the blocks of one comment.

    skip: characters of the first block that name the author. reply_to: index of the comment that it is indented under.
    """

    paragraphs: tuple[int, ...]
    author: str | None = None
    skip: int = 0
    reply_to: int | None = None


@dataclass(frozen=True, slots=True)
class BlockEvidence:
    """Evidence of one block for the comment section.

    form: of the block; "marker" for a heading above comments, "none" for a block to ignore.
    name: of the author, if the block is an author line. again: the same name occurs above other comments.
    wide: more blank lines before the block than usual. style: None for a block without comment or article text.
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


def first_comment(
    blocks: Sequence[Block], neutral: Sequence[bool], first: int, authors: Sequence[str] = ()
) -> int | None:
    """Index of the block where the comments begin, or None if there are none.

    neutral: per block, whether to ignore it (boilerplate, metadata, media). first: index of the article's first paragraph.
    authors: of the article, whose names above a paragraph are no sign of a comment.
    """
    evidence = block_evidence(blocks, neutral, first, authors)
    last = max((i for i, each in enumerate(evidence) if each.style is not None), default=0)
    markers = [i for i in range(first, last) if evidence[i].form == "marker"]
    for at in (*reversed(markers), change_point(evidence, first)):
        if at is not None and section_score(evidence, at, first) > 0:
            return at
    return None


def group_comments(blocks: Sequence[Block], neutral: Sequence[bool]) -> list[CommentBlocks]:
    """Group the blocks below an article into comments. Neutral blocks, markers and interface lines belong to none.

    A comment begins at an author line, after a wider gap than between paragraphs, and after an ignored block. If there is
    neither an author line nor a wider gap anywhere, each block is one comment.
    """
    is_text = [_is_comment_text(block, skip) for block, skip in zip(blocks, neutral, strict=True)]
    texts = [i for i, keep in enumerate(is_text) if keep]
    labels = _author_labels(blocks, texts)
    if labels:
        return _labeled_comments(blocks, texts, labels)
    authors = _author_lines(blocks, texts)
    gaps = [blocks[i].gap for i in texts[1:]]
    regular = max(min(gaps, default=1), 1)
    structured = bool(authors) or any(gap > regular for gap in gaps)
    found: list[CommentBlocks] = []
    pending: int | None = None
    for i in texts:
        if i in authors:
            pending = i
            continue
        apart = blocks[i].gap > regular or (i > 0 and not is_text[i - 1])
        if not found or pending is not None or apart or not structured:
            found.append(CommentBlocks((i,), authors[pending] if pending is not None else None))
        else:
            found[-1] = replace(found[-1], paragraphs=(*found[-1].paragraphs, i))
        pending = None
    return found


def _labeled_comments(
    blocks: Sequence[Block], texts: Sequence[int], labels: dict[int, tuple[str, int]]
) -> list[CommentBlocks]:
    """Comments that begin with their author's name. A quotation (">") with a name answers the comment above it."""
    found: list[CommentBlocks] = []
    above: list[tuple[int, int]] = []  # (depth, index) of the comments that a reply may be under
    for i in texts:
        if i not in labels and found:
            found[-1] = replace(found[-1], paragraphs=(*found[-1].paragraphs, i))
            continue
        author, skip = labels.get(i, (None, 0))
        block = blocks[i]
        depth = block.document[block.start : block.lines[0][0]].count(">")
        while above and above[-1][0] >= depth:
            above.pop()
        found.append(CommentBlocks((i,), author, skip, above[-1][1] if above else None))
        above.append((depth, len(found) - 1))
    return found


def change_point(evidence: Sequence[BlockEvidence], first: int) -> int | None:
    """Block from which the scores sum highest to the end, or None if no sum is positive. Never the first paragraph."""
    opening = [each.style for each in evidence[first : first + _OPENING] if each.style is not None]
    personal = LAYOUT_WEIGHTS["personal"] * max(sum(opening) / len(opening), 0.0) if opening else 0.0
    total, best, at = 0.0, 0.0, None
    has_layout, bare = False, 0
    for i in range(len(evidence) - 1, first, -1):
        each = evidence[i]
        if each.form == "none":
            continue
        total += each.score + (personal if each.style is not None else 0.0)
        if each.name or each.wide or each.form == "marker":
            has_layout, bare = True, 0
        else:
            bare += 1
        here = total + (LAYOUT_WEIGHTS["bare_start"] if bare else 0.0)
        here += LAYOUT_WEIGHTS["bare_more"] * (bare - 1) if has_layout and bare else 0.0
        if here > best:
            best, at = here, i
    return at


def section_score(evidence: Sequence[BlockEvidence], at: int, first: int) -> float:
    """Log-odds that a comment section begins at block `at`."""
    return sum(SECTION_WEIGHTS[name] * value for name, value in section_features(evidence, at, first).items())


def section_features(evidence: Sequence[BlockEvidence], at: int, first: int) -> dict[str, float]:
    """Features by name for the decision whether a comment section begins at block `at`."""
    names = [each.name for each in evidence[at:] if each.name]
    after = [each.style for each in evidence[at:] if each.style is not None]
    before = [each.style for each in evidence[first:at] if each.style is not None]
    mean_after = sum(after) / len(after) if after else 0.0
    mean_before = sum(before) / len(before) if before else 0.0
    wide = [each.wide for each in evidence[at:]]
    return {
        "bias": 1.0,
        "author_share": len(names) / max(len(after), 1),
        "names_before": min(sum(bool(each.name) for each in evidence[first:at]), 3) / 3,  # these are headings
        "wide_gaps": min(sum(wide), 3) / 3,
        "wide_before": min(sum(each.wide for each in evidence[first:at]), 3) / 3,
        "size": min(len(after), 8) / 8,
        "style": mean_after,
        "contrast": mean_after - mean_before,
        "marker": float(evidence[at].form == "marker"),
    }


def block_evidence(
    blocks: Sequence[Block], neutral: Sequence[bool], first: int, authors: Sequence[str] = ()
) -> list[BlockEvidence]:
    """Evidence of each block, form "none" for blocks to ignore. authors: of the article, who are no commenters."""
    insiders = {author.casefold() for author in authors}
    marked = False
    lengths = [len(b.text) for b, skip in zip(blocks, neutral, strict=True) if not skip and len(b.text) > 60]
    opening = sorted(lengths[:_OPENING])
    usual = opening[len(opening) // 2] if opening else 200.0
    regular = max(blocks[first + 1].gap, 1) if first + 1 < len(blocks) else 1
    evidence: list[BlockEvidence] = []
    for i, block in enumerate(blocks):
        text = block.text
        if neutral[i] or block.form == "rule" or not text or is_interface_text(text):
            evidence.append(BlockEvidence())
            continue
        after = blocks[i + 1] if i + 1 < len(blocks) else None
        text_follows = (
            after is not None and not neutral[i + 1] and after.form in ("text", "quote", "list_item")
        )
        may_name = (
            i > first and text_follows and not (evidence and evidence[-1].name and evidence[-1].style is None)
        )
        marker = i > first and is_section_marker(text)
        marked = marked or marker
        named = block.form == "text" or (marked and block.form == "heading")
        name = commenter_name(text) if may_name and named and not marker else None
        if name and name.casefold() in insiders and not marked:
            name = None
        label = author_label(block) if marked and not marker and not name else None
        form = "marker" if marker else block.form
        words = text[label[1] :] if label else text
        style = None if name or marker else max(-_MAX_STYLE, min(_MAX_STYLE, style_score(words, usual)))
        author = label[0] if label else name
        evidence.append(BlockEvidence(form, author, wide=i > first and block.gap > regular, style=style))
    names = Counter(each.name for each in evidence if each.name)
    return [replace(each, again=True) if names[each.name or ""] > 1 else each for each in evidence]


def _is_comment_text(block: Block, neutral: bool) -> bool:
    if neutral or block.form == "rule" or not block.text:
        return False
    return not is_section_marker(block.text) and not is_interface_text(block.text)


def _author_lines(blocks: Sequence[Block], texts: Sequence[int]) -> dict[int, str]:
    """Block index → name, for lines that name the author of the next block; never two in a row."""
    found: dict[int, str] = {}
    before_is_author = False
    for here, following in pairwise(texts):
        block = blocks[here]
        name = (
            commenter_name(block.text) if block.form in ("text", "heading") and not before_is_author else None
        )
        before_is_author = name is not None and blocks[following].gap <= max(block.gap, 1)
        if name and before_is_author:
            found[here] = name
    return found


def _author_labels(blocks: Sequence[Block], texts: Sequence[int]) -> dict[int, tuple[str, int]]:
    """Block index → name and its length, if the comments begin with their authors' names; empty if few do."""
    found = {i: label for i in texts if (label := author_label(blocks[i]))}
    if not found or texts[0] not in found:
        return {}
    share = len(found) / len(texts)
    return (
        found if share == 1 or (len(found) > 1 and share >= 0.5) or (len(found) > 2 and share >= 0.3) else {}
    )


# ---- author lines, markers and interface text

_PARTICLES = frozenset((
    "of", "the", "and", "de", "la", "le", "da", "di", "von", "van", "der", "den", "ter", "al", "el",
    "bin", "ibn", "abu", "y", "e", "à", "a", "in",
))  # fmt: skip
# Words that occur in headings and short comments but not in names.
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
_AFTER_NAME = re.compile(
    r"(?:\s+(?:says?|said|wrote|writes|commented|replied|posted|responded)|\s*(?:\[op\]|\(author\)))?\s*"
    rf"(?:[•·|,@–—:-]\s*|\bon\s+|\()?(?:(?:\d{{1,3}}|an?|one)\s+(?:sec|min|hour|day|week|month|year|yr)[a-z]*\s+ago"
    rf"|{DATE.pattern}.{{0,30}}|(?:yesterday|today|just now).{{0,20}})?\)?\s*:?\s*\Z",
    re.IGNORECASE,
)
_BEFORE_NAME = re.compile(
    r"(?:(?:comment|posted|written|reply) (?:by|from)|by|author|name|user)\s*:?\s+", re.IGNORECASE
)
_WORD = re.compile(r"[^\W_]")
_SECTION_MARKER = re.compile(
    r"(?:\d[\d,.]*k?\s+)?(?:(?:reader|readers['’]|user|view|show|see|all|recent|top|your|the)\s+){0,3}"
    r"(?:comments?|responses?|replies)(?:\s+section|\s+from readers|\s+below)?"
    r"(?:\s*[(\[:|-]\s*\d[\d,.]*k?\s*[)\]]?)?\s*:?"
    r"|(?:leave|post|add|write|submit) (?:a|your) (?:reply|comment|response).{0,20}"
    r"|\d+ (?:thoughts?|responses?|comments?|replies) (?:on|to) .{1,120}"
    r"|what (?:readers|people) (?:say|are saying)\s*:?|readers? (?:respond|react|write|letters)\s*:?"
    r"|join the (?:discussion|conversation)|discussion\s*[(\[]\d[\d,.]*[)\]]|have your say"
    r"|sort(?:ed)? (?:comments )?by:?(?:\s+(?:best|top|new(?:est)?(?: first)?|old(?:est)?(?: first)?|hot"
    r"|controversial|popular"
    r"|most (?:liked|relevant|recent)|top comments|q&a))?|most relevant|newest first|oldest first",
    re.IGNORECASE,
)
_AGO = (
    r"(?:(?:\d{1,3}\s?(?:s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|w|wks?|weeks?|mo|mos|months?|y"
    r"|yrs?|years?)(?: ago)?"
    r"|(?:an?|one) (?:second|minute|hour|day|week|month|year) ago)(?:\s*\(edited\))?|(?:just now|yesterday|edited"
    r"|\(edited\)))"
)
_BUTTON = (
    r"(?:reply|replies|like|likes|dislike|share|report|permalink|parent|context|full comments?|flag|edit(?:ed)?"
    r"|save|follow"
    r"|up ?vote|down ?vote|award|give award|recommend(?:ed)?|copy link|hide(?: repl(?:y|ies))?|collapse|expand"
    r"|translate|see translation|see more"
    r"|read more|top fan|author|op|mod|moderator|admin|verified|subscriber|pinned(?: comment| by .{1,40})?"
    r"|load more(?: comments)?|(?:show|view|see)(?: all| \d+)? (?:more )?(?:previous )?(?:comments|repl(?:y|ies))"
    r"|show more"
    r"|(?:show|view|see)(?: all)? \d+ (?:more )?(?:comments|repl(?:y|ies))|continue this thread|level \d+|more"
    r" replies"
    r"|log in to (?:reply|comment|join).{0,30}|(?:add|write) a (?:public )?comment\W*|all comments|be the first"
    r" to (?:comment|like).{0,20})"
)
_COUNT = r"(?:[+-]?\d{1,5}|\d{1,3}(?:[.,]\d{1,3})?[km]?)"
_COUNTED = r"(?:likes?|votes?|up ?votes?|down ?votes?|replies|reply|points?|reactions?|shares?|recommendations?|thumbs up)"
_INTERFACE_TEXT = re.compile(
    rf"(?:{_BUTTON}|{_COUNT}(?: {_COUNTED})?|{_COUNTED} {_COUNT}|{_AGO}"
    rf"|(?:{_BUTTON}|{_COUNT}(?: {_COUNTED})?|{_COUNTED}|{_AGO})"
    rf"(?:(?:\s*[·•|/,()]\s*|\s+)(?:{_BUTTON}|\(?{_COUNT}\)?(?: {_COUNTED})?|{_COUNTED}|{_AGO})){{1,6}}"
    rf"|(?:{MONTH} \d{{1,2}},? \d{{4}}.{{0,20}}))",
    re.IGNORECASE,
)
_CLOCK = re.compile(
    r"(?:\d{1,2}[:.h]\d{2}(?::\d{2})?\s?(?:[ap]\.?m\.?)?|\d{1,2}\s?[ap]\.?m\.?)(?:\s(?:[A-Z]{2,4}|local"
    r" time))?\b(?!\s*ago)",
    re.IGNORECASE,
)


def is_section_marker(text: str) -> bool:
    """Is a line a heading above comments: "Comments (12)", "12 comments", "Leave a reply", "Sort by: Best"?"""
    return len(text) <= 160 and _SECTION_MARKER.fullmatch(text.strip("*#:-–— ")) is not None


def is_interface_text(text: str) -> bool:
    """Is a line page interface between comments: "Reply", "12 likes", "3 hours ago"?"""
    return len(text) <= 60 and _INTERFACE_TEXT.fullmatch(text.strip()) is not None


def is_clock_time(text: str) -> bool:
    """Is a line a time of day, as above the entries of a live blog: "21:40", "9.40pm GMT"?"""
    return len(text) <= 24 and _CLOCK.fullmatch(text.strip()) is not None


def is_entry_line(text: str) -> bool:
    """Is a line a time of day, alone or before a name, as above the entries of a live blog: "21:40 Ada Bo"?"""
    found = _CLOCK.match(text) if len(text) <= 60 else None
    rest = text[found.end() :].strip(" -–—|,·•") if found else ""
    return found is not None and (not rest or commenter_name(rest) is not None)


def commenter_name(text: str) -> str | None:
    """Name in a line that names a commenter ("Ada Bo", "grumpy_cat42 says:", "Cy • 3 days ago"), else None."""
    if len(text) > 90 or "\n" in text:
        return None
    found = _AFTER_NAME.search(text)
    name = text[: found.start()] if found else text
    stated = bool(found and found.group().strip(" :"))
    if prefix := _BEFORE_NAME.match(name):
        name, stated = name[prefix.end() :], True
    name = name.strip().strip("|•·–—-,").strip()
    if "|" in name:  # a row of a table
        return None
    words = name.split()
    if len(words) > 1 and (is_clock_time(words[0]) or is_clock_time(" ".join(words[:2]))):
        return None  # a time of day stands above the entry of a live blog
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
    titled = sum(_is_capitalized(word) for word in bare)
    rest = [word for word in bare if not _is_capitalized(word) and word.lower() not in _PARTICLES]
    return name if titled and len(rest) <= (1 if stated else 0) else None


_LABEL = re.compile(
    r"(?P<name>@?[^\W_][^:\n()\[\]\"“”?!]{0,50}?)(?P<date>\s?[(\[][^()\[\]\n]{1,40}[)\]]|,? (?:on )?\d{1,2}"
    r" [A-Z][a-z]{2,8}(?: \d{4})?)?"
    r"\s?:\s+(?=\S)"
)
_BOLD_LABEL = re.compile(
    r"(?P<mark>\*\*"
    r"|__)(?P<name>[^*\n:?!]{1,50}?):?(?P=mark)(?P<rest>\s?[(\[][^()\[\]\n]{1,40}[)\]])?\s?[:,–—-]?\s+(?=\S)"
)
_AFTER_BOLD = re.compile(r"[(\[][^()\[\]\n]{1,40}[)\]]\s?[:,–—-]?\s+|[,–—-]\s+")
_NOT_LABELS = frozenset(
    [
        "note",
        "edit",
        "update",
        "ps",
        "p.s",
        "question",
        "answer",
        "tldr",
        "tl;dr",
        "fact",
        "facts",
        "source",
        "quote",
        "example",
        "point",
        "re",
        "op",
        "translation",
        "spoiler",
        "warning",
        "remember",
        "conclusion",
        "correction",
        "reminder",
        "reality",
        "truth",
        "myth",
        "bottom",
        "line",
        "title",
        "link",
    ]
)


def author_label(block: Block) -> tuple[str, int] | None:
    """Name at the start of a comment ("Ada Bo: …", "**Bo** …", "Cy (13 March): …") and where the text begins, else None."""
    text = block.text
    bold = _BOLD_LABEL.match(block.document, block.lines[0][0], block.lines[0][1]) if block.markdown else None
    if bold and text.startswith(bold["name"]):
        name, skip = bold["name"], len(bold["name"])
        skip += len(text[skip:]) - len(text[skip:].lstrip(" :"))
        rest = _AFTER_BOLD.match(text, skip)
        skip = rest.end() if rest else skip
    elif found := _LABEL.match(text[:120]):
        name, skip = found["name"], found.end()
    else:
        return None
    named = commenter_name(name.strip())
    if named is None or any(word.lower().strip(".,") in _NOT_LABELS for word in named.split()):
        return None
    return (named, skip) if skip < len(text) else None


def _is_capitalized(word: str) -> bool:
    return bool(word) and (not word[0].islower() or any(c.isdigit() or c == "_" or c.isupper() for c in word))


# ---- style of a block

# These three are searched in lower case: several times as fast as ignoring case.
_INFORMAL = re.compile(
    r"\b(?:lol|lmao|rofl|omg|wtf|btw|imo|imho|haha+|yeah|yep|nope|gonna|gotta|wanna|kinda|dont|cant|didnt|doesnt"
    r"|wont|isnt|im|ive"
    r"|u|ur|r|tho|thx|thanks|plz|pls|wow|duh|meh|dude|bro|folks|guys|crap|bullshit|bs|hell|damn|stupid|idiots?"
    r"|morons?)\b",
)
_FIRST_PERSON = re.compile(r"\b(?:I|I['’`](?:m|ve|d|ll)|my|me|mine|myself|IMO|IMHO)\b")
_SECOND_PERSON = re.compile(r"\b(?:you|your|yours|yourself|you['’`](?:re|ve|ll|d))\b")
_MARK_RUNS = re.compile(r"!!|\?\?|!\?|\?!|\.{4,}")
_ODD_TYPING = re.compile(r"\w`\w|\bi\b(?!\.)|\s[,.!?](?:\s|$)|[a-z],[a-z]|\.\.(?!\.)")
_ATTRIBUTION = re.compile(
    r"\b(?:said|told|says|according to|reported(?:ly)?|announced|statement|spokes(?:man|woman|person)"
    r"|officials?|added)\b"
)
_OPINION = re.compile(
    r"\b(?:i (?:think|believe|feel|guess|agree|disagree|wonder|hope|doubt|suspect|don['’`]?t)"
    r"|in my (?:opinion|view)|should|article|author|comment(?:er)?s?|post)\b",
)
_STYLE_CHARACTERS = 3000  # characters at the start of a block that are used for its style
_CONTRACTION = re.compile(r"[a-z]['’`](?:t|s|re|ve|ll|d|m)\b")
_CALENDAR = re.compile(
    r"\b(?:(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|January|February|March|April|June|July|August|September"
    r"|October|November|December)\b"
)
_QUOTE_MARK = re.compile(r"[\"“”«»]")
# Log-odds of "comment" against "article" per block, from a logistic regression on assembled training documents
# (benchmarks/comment_boundary.py --fit). Only "open_end" is set by hand: comments in the training sets are edited
# and nearly always end in a period, unlike comments in general.
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


def style_score(text: str, usual: float) -> float:
    """Log-odds that a block is a comment, from its style alone."""
    return sum(STYLE_WEIGHTS[name] * value for name, value in style_features(text, usual).items())


def style_features(text: str, usual: float) -> dict[str, float]:
    """Style features of one block by name, each in [0, 1]. usual: median length of the paragraphs, in characters."""
    size, text = len(text), text[:_STYLE_CHARACTERS]
    words, lower = text.split(), text.lower()
    n = max(len(words), 1)
    inner = [word for word in words[1:] if word[0].isalpha()]
    return {
        "bias": 1.0,
        "first_person": min(len(_FIRST_PERSON.findall(text)) / n * 15, 1.0),
        "second_person": min(len(_SECOND_PERSON.findall(lower)) / n * 15, 1.0),
        "question": float("?" in text),
        "exclamation": float("!" in text),
        "mark_runs": float(bool(_MARK_RUNS.search(text))),
        "informal": min(len(_INFORMAL.findall(lower)), 2) / 2,
        "odd_typing": min(len(_ODD_TYPING.findall(text)), 2) / 2,
        "lower_start": float(text[:1].islower()),
        "open_end": float(text[-1:].isalnum() and size == len(text)),
        "shouting": float(
            len([1 for word in words if word.isupper() and len(word) > 4 and word.isalpha()]) >= 2
        ),
        "attribution": min(len(_ATTRIBUTION.findall(text)), 2) / 2,
        "quotation": float(len(_QUOTE_MARK.findall(text)) >= 2),
        "opinion": min(len(_OPINION.findall(lower)), 2) / 2,
        "digits": min(len([1 for word in words if word[0].isdigit()]) / n * 15, 1.0),
        "names": min(
            len([1 for word in inner if word[0].isupper() and word != "I"]) / max(len(inner), 1) * 4, 1.0
        ),
        "contraction": min(len(_CONTRACTION.findall(text)) / n * 15, 1.0),
        "past": min(len([1 for word in words if word.endswith("ed")]) / n * 10, 1.0),
        "long_words": min(max(sum(map(len, words)) / n - 4, 0.0), 3.0) / 3,
        "calendar": float(bool(_CALENDAR.search(text))),
        "shorter": min(max(math.log((usual + 20) / (size + 20)), 0.0), 2.0) / 2,
        "longer": min(max(math.log((size + 20) / (usual + 20)), 0.0), 2.0) / 2,
    }
