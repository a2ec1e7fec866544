"""Lines that stand around an article: media addresses, bylines, date lines, "Key: value" lines.

What a plain text says of itself: front matter, title, byline, dateline, sections. None beats wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from slant.segment.markdown import plain

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
_BYLINE_LINE = re.compile(
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
_ADDRESS_LINE = re.compile(
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
    if not _ADDRESS_LINE.search(text):
        return False
    words = (
        re.findall(r"[^\W\d_]+", _ADDRESS_LINE.sub(" ", text[:_LONGEST])) if len(text) < _LONGEST else ["?"]
    )
    return all(word.lower() in _MEDIA_WORDS for word in words)


def is_metadata(text: str) -> bool:
    """Is a line a byline, a date line or a "Key: value" line? For lines outside the running text only."""
    if len(text) > 300 or not text:
        return False
    words = text.split()
    if _KEYED.match(text):
        return True
    if len(text) <= 90 and len(words) <= 12 and (text[-1] not in ".!?:;," or text.endswith(" Jr.")):
        if (found := _BYLINE_LINE.match(text)) and _names(text[found.end() :]):
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


_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.?"
_ISO = r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}\S*)?"
_DATE = rf"(?:{_MONTH} \d{{1,2}},? \d{{4}}|\d{{1,2}} {_MONTH},? \d{{4}}|{_ISO})"
_FORMATS = ("%B %d %Y", "%b %d %Y", "%d %B %Y", "%d %b %Y", "%Y/%m/%d", "%Y.%m.%d")
_FRONT_MATTER = re.compile(r"\A\s*---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_LINK = re.compile(r"!?\[([^\[\]\n]*)\]\([^)\s]*\)")
_BYLINE = re.compile(r"(?:(?:Written )?By|Author:|Byline:)\s+(?P<name>.+)", re.IGNORECASE)
# A name: capitalised words, with initials and the small words that names have.
_WORD = r"(?:and|&|de|da|del|der|den|van|von|la|le|bin|ibn|al|el|[^\W\d_a-z][\w.'’-]*)"
_NAME = re.compile(rf"(?=[^\W\d_a-z]){_WORD}(?:,? {_WORD})*")
_DATELINE = re.compile(rf"(?:(?P<outlet>[^,|–—]{{2,60}}?)\s*[,|–—]\s*)?(?P<date>{_DATE})\.?")
_CREDIT_DATE = re.compile(rf"(?P<name>[^,.]{{2,60}}) (?P<date>{_DATE})")
_STATED_DATE = re.compile(
    rf"(?:published|posted|date|first published)(?: on)?:?\s+(?P<date>{_DATE})\b.*", re.IGNORECASE
)
_SECTIONS = re.compile(
    r"(?:Region|Theme|In-depth Report|Section|Categor(?:y|ies)|Tags?|Topics?|Keywords|Filed under):"
    r"\s*(?P<names>\S.*)",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"(?:URL|Link|Address|Permalink):\s*<?(?P<url>https?://[^\s>)\]]+)", re.IGNORECASE)
# Standing before a date these are where a report was filed, not who printed it.
_PLACES = frozenset(
    {
        "new york", "los angeles", "san francisco", "washington dc", "las vegas", "mexico city", "new delhi",
        "hong kong", "tel aviv", "abu dhabi", "united nations", "cape town", "buenos aires", "rio de janeiro",
        "são paulo", "sao paulo", "kuala lumpur", "saudi arabia", "south africa", "united kingdom",
        "united states", "south korea", "north korea", "st petersburg", "st. petersburg", "addis ababa",
    }
)  # fmt: skip
_HEADER_LINES = 14
_FRONT_FIELDS = {
    "title": "title", "headline": "title", "author": "author", "authors": "author", "byline": "author",
    "date": "published", "published": "published", "outlet": "outlet", "site": "outlet",
    "publisher": "outlet", "source": "outlet", "url": "url", "link": "url", "sections": "sections",
    "section": "sections", "tags": "sections", "categories": "sections", "category": "sections",
}  # fmt: skip


def iso_date(words: str) -> str | None:
    """`YYYY-MM-DD`, or the full time where one is given; None where day and month would be a guess."""
    words = words.strip()
    if re.fullmatch(r"\d{8}|\d{4}-\d{2}-\d{2}.*", words):
        try:
            moment = datetime.fromisoformat(words)
        except ValueError:
            return None
        return moment.isoformat() if len(words) > 10 else moment.date().isoformat()
    plain = re.sub(
        r"\bSept\b", "Sep", re.sub(r"[.,]", " ", words) if not re.match(r"\d{4}\.", words) else words
    )
    for form in _FORMATS:
        try:
            return datetime.strptime(" ".join(plain.split()), form).date().isoformat()
        except (ValueError, OverflowError):
            continue
    try:
        return parsedate_to_datetime(words).isoformat()  # RFC 2822, as feeds have it
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def plain_metadata(text: str) -> dict[str, Any]:
    """What the head of a plain text or Markdown document states, under the names of Article's fields.

    Keys, each only if stated: title, author, outlet, published (ISO), url, sections (tuple).
    """
    found: dict[str, Any] = {}
    front = _FRONT_MATTER.match(text)
    if front:
        found = _front_matter(front.group(1))
        text = text[front.end() :]
    lines = list(_header(text))
    title = _title(lines)
    if title:
        found.setdefault("title", title)
    sections: dict[str, None] = {}
    for line, _ in lines[1 if title else 0 :]:
        for name, value in _stated(line):
            if name == "sections":
                sections |= dict.fromkeys(value)
            else:
                found.setdefault(name, value)
    if sections:
        found.setdefault("sections", tuple(sections))
    return found


def _front_matter(block: str) -> dict[str, Any]:
    """`key: value` lines and lists of YAML front matter; nested structures are not read."""
    found: dict[str, Any] = {}
    field = None
    for line in block.split("\n"):
        item = re.match(r"\s*-\s+(.+)", line)
        pair = re.match(r"([A-Za-z_-]+):\s*(.*)", line)
        if pair:
            field = _FRONT_FIELDS.get(pair.group(1).lower())
            values = [_unquoted(value) for value in pair.group(2).strip().strip("[]").split(",")]
            whole = (
                _unquoted(pair.group(2))
                if not pair.group(2).startswith("[")
                else ", ".join(filter(None, values))
            )
            if field and whole:
                found.setdefault(field, tuple(filter(None, values)) if field == "sections" else whole)
        elif item and field == "sections":
            found[field] = (*found.get(field, ()), _unquoted(item.group(1)))
        elif item and field == "author":
            found[field] = ", ".join(filter(None, (found.get(field), _unquoted(item.group(1)))))
    if "published" in found:
        found["published"] = iso_date(found["published"]) or found["published"]
    return found


def _unquoted(value: str) -> str:
    return value.strip().strip("\"'").strip()


def _header(text: str) -> Iterator[tuple[str, bool]]:
    """The first non-blank lines without markup, to the first long one: `(line, marked as heading)`."""
    lines = text[:20_000].split("\n")
    seen = 0
    for index, raw in enumerate(lines):
        line = raw.strip()
        if not line:
            continue
        seen += 1
        following = lines[index + 1].strip() if index + 1 < len(lines) else ""
        heading = re.match(r"#{1,6}\s+(.*?)\s*#*$", line)
        underlined = bool(re.fullmatch(r"=+|-{3,}", following))
        words = line if _SECTIONS.match(line) else _plain(heading.group(1) if heading else line)
        if seen > _HEADER_LINES:
            return
        # Without markup a heading stands alone: what follows it directly is its paragraph.
        alone = not following or any(_stated(_plain(following)))
        if seen == 1 and not (heading or underlined or alone):
            yield "", False
        yield words, bool(heading or underlined)
        if seen > 1 and len(words) > 200 and not _SECTIONS.match(line):
            return


def _plain(line: str) -> str:
    """One line without its inline markup."""
    return plain(line, [(0, len(line))]).text


def _title(lines: list[tuple[str, bool]]) -> str | None:
    """The first line if marked as a heading, or else short, without a full stop and no header line."""
    if not lines:
        return None
    line, marked = lines[0]
    if not line or len(line) > 250 or any(_stated(line)):
        return None
    plausible = (
        len(lines) > 1
        and not line.endswith((".", ",", ";", ":", ">", "|"))
        and not line.startswith(("-", "•", ">"))
    )
    words = len(line.split())
    return line if marked or (plausible and 2 <= words <= 30 and "://" not in line) else None


def _stated(line: str) -> Iterator[tuple[str, Any]]:
    """`(field, value)` pairs of one header line."""
    if match := _SECTIONS.fullmatch(line):
        names = _LINK.findall(match.group("names")) or match.group("names").split(",")
        yield "sections", tuple(name.strip() for name in names if name.strip())
    elif match := _BYLINE.fullmatch(line):
        name = re.split(r"\s*(?:[|–—]|, (?=\d)|,? on (?=\w+ \d))", match.group("name"))[0].strip()
        if len(name) <= 80 and _NAME.fullmatch(name):
            yield "author", name
    elif match := _ADDRESS.match(line):
        yield "url", match.group("url")
    elif match := _STATED_DATE.fullmatch(line) or _DATELINE.fullmatch(line):
        named = match.groupdict().get("outlet")
        if named and _is_outlet(named):
            yield "outlet", named
        published = iso_date(match.group("date"))
        if published:
            yield "published", published
    elif (match := _CREDIT_DATE.fullmatch(line)) and (published := iso_date(match.group("date"))):
        yield "published", published


def _is_outlet(name: str) -> bool:
    """Whether what stands before a date is a publication, rather than the town of a dateline or a weekday."""
    if name.casefold() in _PLACES or re.search(r"\d|:|\b(?:on|updated|posted)\b", name, re.IGNORECASE):
        return False
    if name.isupper():
        return len(name) <= 4  # BBC, RT; LONDON is a place
    return len(name.split()) > 1 and name[:1].isupper()
