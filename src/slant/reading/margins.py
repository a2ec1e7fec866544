"""Lines that stand around an article: media addresses, bylines, date lines, "Key: value" lines."""

from __future__ import annotations

import re

MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|sept|oct|nov|dec)[a-z]{0,6}\.?"
DATE = re.compile(
    rf"\b(?:{MONTH}\s+\d{{1,2}}(?:st|nd|rd|th)?,?\s+\d{{4}}|\d{{1,2}}(?:st|nd|rd|th)?\s+{MONTH},?\s+\d{{4}}"
    r"|\d{4}-\d{2}-\d{2}|\d{1,2}[./]\d{1,2}[./]\d{2,4})(?=\W|T\d|$)",
    re.IGNORECASE,
)
_TIME = re.compile(
    r"\bT?\d{1,2}[:.h]\d{2}(?::\d{2})?(?:Z|[+-]\d{2}:?\d{2})?\s*(?:[ap]\.?m\.?)?", re.IGNORECASE
)
_AROUND_DATES = frozenset((
    "a", "ago", "am", "and", "at", "by", "date", "edt", "est", "et", "first", "for", "gmt", "hours",
    "hrs", "ist", "last", "local", "min", "mins", "minutes", "modified", "news", "of", "on", "online",
    "p", "pm", "posted", "print", "published", "read", "story", "the", "time", "updated", "utc",
))  # fmt: skip
_KEYED = re.compile(
    r"(?:regions?|themes?|in-depth reports?|topics?|tags?|categor(?:y|ies)|sections?|filed under|sources?"
    r"|authors?|date|published|updated|posted|keywords?|location|country|language|url|link|outlet|publisher|edition"
    r"|reading time|photos?|image|credit|editing by|reporting by|last (?:updated|modified)|dateline)\b"
    r"(?:\s+(?:on|at|in|by))?\s*:\s*\S",
    re.IGNORECASE,
)
_BYLINE = re.compile(
    r"(?:(?:written |words |text |story |reported |posted |opinion |analysis |photos? )?by|from)\s+"
    r"(?=(?-i:[^\Wa-z\d_])|@)",
    re.IGNORECASE,
)
_READING_TIME = re.compile(
    r"\d{1,3}[\s-]*min(?:ute)?s?\s+read|(?:share|print|email|tweet|save)", re.IGNORECASE
)
_CREDIT = re.compile(
    r"[^.!?]{3,60}(?:/\s?(?:AP|AFP|Reuters|Getty|EPA|Shutterstock)\b|\(AP Photo)[^.!?]{0,40}"
)

_LONGEST = 2000  # characters of a block that may still be a list of addresses
_ADDRESS = re.compile(
    r"(?:https?://|ftp://|www\.)\S+|pic\.twitter\.com/\w+|(?:youtu\.be|t\.co)/\S+", re.IGNORECASE
)
_MEDIA_WORDS = frozenset((
    "audio", "credit", "embed", "embedded", "file", "from", "full", "gallery", "here", "image", "in",
    "instagram", "listen", "map", "on", "photo", "photos", "picture", "podcast", "see", "source", "the",
    "tweet", "twitter", "via", "video", "watch", "youtube",
))  # fmt: skip


def is_media(text: str, source: str) -> bool:
    """Is a block nothing but addresses, or an image? text: plain; source: as written."""
    if source.startswith("![") and source.endswith(")") and source.count("](") == 1:
        return True
    if not _ADDRESS.search(text):
        return False
    words = re.findall(r"[^\W\d_]+", _ADDRESS.sub(" ", text[:_LONGEST])) if len(text) < _LONGEST else ["?"]
    return all(word.lower() in _MEDIA_WORDS for word in words)


def is_metadata(text: str) -> bool:
    """Is a line a byline, a date line or a "Key: value" line? For lines outside the running text only."""
    if len(text) > 300 or not text:
        return False
    words = text.split()
    if _KEYED.match(text):
        return True
    if len(text) <= 90 and len(words) <= 12 and (text[-1] not in ".!?:;," or text.endswith(" Jr.")):
        if (found := _BYLINE.match(text)) and _names(text[found.end() :]):
            return True
        if _READING_TIME.fullmatch(text) or _CREDIT.fullmatch(text):
            return True
    return _is_date_line(text)


def _names(text: str) -> bool:
    words = re.findall(r"[^\W\d_][\w'’.-]*", text)
    small = sum(
        word[0].islower() and word not in ("and", "of", "de", "von", "van", "al", "for", "the", "in")
        for word in words
    )
    return bool(words) and small == 0 and len(words) <= 12


def _is_date_line(text: str) -> bool:
    if len(text) > 120 or not DATE.search(text):
        return False
    rest = _TIME.sub(" ", DATE.sub(" ", text))
    words = re.findall(r"[^\W\d_]+", rest)
    return (
        len(words) <= 10
        and all(not word[0].islower() or word in _AROUND_DATES for word in words)
        and not re.search(r"[.!?]\s*$", rest)
    )
