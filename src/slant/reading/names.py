"""Is a short line the name of a commenter, or the marker of a comment section?"""

from __future__ import annotations

import re

from slant.reading.margins import DATE, MONTH

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
