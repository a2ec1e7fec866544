"""Read the lines around an article: title, byline, date line, sections, front matter, media addresses.

`header_metadata` reads the fields that the head of a plain text or Markdown document states. A field that is not clearly
stated is left out: no value is better than a wrong one. `is_media` and `is_metadata` classify single lines for
block_roles.py.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from typing import Any

from slant.segment.dates import DATE, PARSABLE_DATE, iso_date
from slant.segment.markdown import to_plain_text

# ---- fields of the header

_FRONT_MATTER = re.compile(r"\A\s*---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_FIELD_NAMES = {
    "title": "title", "headline": "title", "author": "author", "authors": "author", "byline": "author",
    "date": "published", "published": "published", "outlet": "outlet", "site": "outlet",
    "publisher": "outlet", "source": "outlet", "url": "url", "link": "url", "sections": "sections",
    "section": "sections", "tags": "sections", "categories": "sections", "category": "sections",
}  # fmt: skip
_MAX_HEADER_LINES = 14
_MARKDOWN_LINK = re.compile(r"!?\[([^\[\]\n]*)\]\([^)\s]*\)")
_BYLINE = re.compile(r"(?:(?:Written )?By|Author:|Byline:)\s+(?P<name>.+)", re.IGNORECASE)
# Capitalized words and initials, with the lower-case words that names contain.
_NAME_WORD = r"(?:and|&|de|da|del|der|den|van|von|la|le|bin|ibn|al|el|[^\W\d_a-z][\w.'’-]*)"
_NAME = re.compile(rf"(?=[^\W\d_a-z]){_NAME_WORD}(?:,? {_NAME_WORD})*")
_CLOCK = r"\d{1,2}[:.]\d{2}(?:\s?[ap]\.?m\.?)?(?:\s[A-Z]{2,4})?"
_DATELINE = re.compile(
    rf"(?:(?P<outlet>[^,|–—]{{2,60}}?)\s*[,|–—]\s*)?(?:{_CLOCK},?\s+)?(?P<date>{PARSABLE_DATE})"
    rf"(?:,?\s+(?:at\s+)?{_CLOCK})?\.?",
    re.IGNORECASE,
)
_NAME_AND_DATE = re.compile(rf"(?P<name>[^,.]{{2,60}}) (?P<date>{PARSABLE_DATE})")
_STATED_DATE = re.compile(
    rf"(?:published|posted|date|first published)(?: on"
    rf"| at)?:?\s+(?:{_CLOCK},?\s+(?:on\s+)?)?(?P<date>{PARSABLE_DATE})\b.*",
    re.IGNORECASE,
)
_SECTIONS_LINE = re.compile(
    r"(?:Region|Theme|In-depth Report|Section|Categor(?:y|ies)|Tags?|Topics?|Keywords|Filed under):"
    r"\s*(?P<names>\S.*)",
    re.IGNORECASE,
)
_STATED_LINE = re.compile(
    r"(?P<field>Title|Headline|Outlet|Source|Publisher|Publication|Newspaper):\s+(?P<value>\S.{0,248})",
    re.IGNORECASE,
)
# Capitalized words that end as the names of newspapers do. Headlines may end so too, except in the first set of words.
_OUTLET_LINE = re.compile(
    r"(?=\S+ \S)(?:(?:The )?(?:[A-Z][\w'’&.-]* |of |and |& ){0,3}(?:Advertiser|Advocate|Argus|Bugle|Chronicle"
    r"|Courier|Examiner|Gazette"
    r"|Guardian|Herald|Observer|Sentinel|Telegraph|Times|Tribune)|(?:The (?:[A-Z][\w'’&.-]* |of |and |& ){0,3}"
    r"|(?:[A-Z][\w'’&.-]* ){0,2}"
    r"(?:Daily|Evening|Morning|Sunday|Weekly) )(?:Dispatch|Echo|Express|Globe|Independent|Journal|Mail|Mercury"
    r"|Mirror|Monitor|News|Post"
    r"|Press|Record|Register|Reporter|Review|Standard|Star|Sun|World))(?: Online| Digital)?"
)
_BEHIND_NAME = re.compile(
    r",?\s+(?:for|FOR)\s+(?:the |THE )?[A-Z].*|\s+in\s+[A-Z].*|,\s+(?:[\w-]+ ){0,4}(?i:correspondent|editor"
    r"|reporter|writer|columnist|journalist)\b.*"
)
_URL_LINE = re.compile(r"(?:URL|Link|Address|Permalink):\s*<?(?P<url>https?://[^\s>)\]]+)", re.IGNORECASE)
# Before a date these name the place where a report was filed, not the outlet.
_PLACES = frozenset(
    {
        "new york", "los angeles", "san francisco", "washington dc", "las vegas", "mexico city", "new delhi",
        "hong kong", "tel aviv", "abu dhabi", "united nations", "cape town", "buenos aires", "rio de janeiro",
        "são paulo", "sao paulo", "kuala lumpur", "saudi arabia", "south africa", "united kingdom",
        "united states", "south korea", "north korea", "st petersburg", "st. petersburg", "addis ababa",
    }
)  # fmt: skip


def header_metadata(text: str, outlets: Container[str] = ()) -> dict[str, Any]:
    """Metadata that the head of a plain text or Markdown document states, keyed by Article field.

    Keys, each only if stated: title, author, outlet, published (ISO where it can be read), url, sections (tuple).
    outlets: known names of outlets in lower case; a line that is one of them names the outlet.
    """
    found: dict[str, Any] = {}
    front = _FRONT_MATTER.match(text)
    if front:
        found = _front_matter(front.group(1))
        text = text[front.end() :]
    lines = list(_header_lines(text))
    at = _outlet_line(lines, outlets)
    if at is not None:
        found.setdefault("outlet", lines.pop(at)[0])
    title = _title(lines)
    if title:
        found.setdefault("title", title)
    sections: dict[str, None] = {}
    in_body = False
    for line, _ in lines[1 if title else 0 :]:
        in_body = in_body or (len(line.split()) > 10 and line.endswith("."))
        if in_body and _STATED_LINE.fullmatch(line):
            continue  # the source of a figure, not of the article
        for name, value in _line_fields(line):
            if name == "sections":
                sections |= dict.fromkeys(value)
            else:
                found.setdefault(name, value)
    if sections:
        found.setdefault("sections", tuple(sections))
    return found


def _outlet_line(lines: list[tuple[str, bool]], outlets: Container[str]) -> int | None:
    """Index of the line that names the outlet: above the title, or beside a byline or date line."""
    for at, (line, _) in enumerate(lines[:6]):
        if is_outlet_line(line, outlets):
            beside = [lines[i][0] for i in (at - 1, at + 1) if 0 <= i < len(lines)]
            if at and any(any(_line_fields(each)) for each in beside):
                return at
            if not at and _title(lines[1:]):
                return at
    return None


def is_outlet_line(line: str, outlets: Container[str] = ()) -> bool:
    """Is a line nothing but the name of an outlet: one of `outlets`, or such as "The Marlow Chronicle"?"""
    return len(line) <= 60 and (line.casefold() in outlets or _OUTLET_LINE.fullmatch(line) is not None)


def _front_matter(block: str) -> dict[str, Any]:
    """Fields from `key: value` lines and flat lists of YAML front matter; nested structures are ignored."""
    found: dict[str, Any] = {}
    field = None
    for line in block.split("\n"):
        item = re.match(r"\s*-\s+(.+)", line)
        pair = re.match(r"([A-Za-z_-]+):\s*(.*)", line)
        if pair:
            field = _FIELD_NAMES.get(pair.group(1).lower())
            items = [_unquote(part) for part in pair.group(2).strip().strip("[]").split(",")]
            value = (
                _unquote(pair.group(2))
                if not pair.group(2).startswith("[")
                else ", ".join(filter(None, items))
            )
            if field and value:
                found.setdefault(field, tuple(filter(None, items)) if field == "sections" else value)
        elif item and field == "sections":
            found[field] = (*found.get(field, ()), _unquote(item.group(1)))
        elif item and field == "author":
            found[field] = ", ".join(filter(None, (found.get(field), _unquote(item.group(1)))))
    if "published" in found:
        found["published"] = iso_date(found["published"]) or found["published"]
    return found


def _unquote(value: str) -> str:
    return value.strip().strip("\"'").strip()


def _header_lines(text: str) -> Iterator[tuple[str, bool]]:
    """The first non-blank lines without markup, up to the first long one, as `(line, is_heading)`."""
    lines = text[:20_000].split("\n")
    count = 0
    for index, raw in enumerate(lines):
        line = raw.strip()
        if not line:
            continue
        count += 1
        following = lines[index + 1].strip() if index + 1 < len(lines) else ""
        heading = re.match(r"#{1,6}\s+(.*?)\s*#*$", line)
        underlined = bool(re.fullmatch(r"=+|-{3,}", following))
        words = line if _SECTIONS_LINE.match(line) else _plain_line(heading.group(1) if heading else line)
        if count > _MAX_HEADER_LINES:
            return
        # Without markup, a first line directly followed by text is part of a paragraph, not a heading.
        alone = not following or any(_line_fields(_plain_line(following))) or is_outlet_line(words)
        if count == 1 and not (heading or underlined or alone):
            yield "", False
        yield words, bool(heading or underlined)
        if count > 1 and len(words) > 200 and not _SECTIONS_LINE.match(line):
            return


def _plain_line(line: str) -> str:
    """Strip a line of its inline markup."""
    return to_plain_text(line, [(0, len(line))]).text


def _title(lines: list[tuple[str, bool]]) -> str | None:
    """The first line, if it is marked as a heading, or is short, has no final period and states no other field."""
    if not lines:
        return None
    line, marked = lines[0]
    if not line or len(line) > 250 or any(_line_fields(line)):
        return None
    plausible = (
        len(lines) > 1
        and not line.endswith((".", ",", ";", ":", ">", "|"))
        and not line.startswith(("-", "•", ">"))
    )
    words = len(line.split())
    return line if marked or (plausible and 2 <= words <= 30 and "://" not in line) else None


def _line_fields(line: str) -> Iterator[tuple[str, Any]]:
    """Yield the `(field, value)` pairs that one header line states."""
    if match := _SECTIONS_LINE.fullmatch(line):
        names = _MARKDOWN_LINK.findall(match.group("names")) or match.group("names").split(",")
        yield "sections", tuple(name.strip() for name in names if name.strip())
    elif match := _BYLINE.fullmatch(line):
        name = re.split(r"\s*(?:[|–—]|, (?=\d)|,? on (?=\w+ \d))", match.group("name"))[0].strip()
        name = _BEHIND_NAME.sub("", name)
        if len(name) <= 80 and _NAME.fullmatch(name):
            yield "author", name.title() if name.isupper() and " " in name else name
    elif match := _STATED_LINE.fullmatch(line):
        yield from _stated_field(match["field"].lower(), match["value"].strip())
    elif match := _URL_LINE.match(line):
        yield "url", match.group("url")
    elif match := _STATED_DATE.fullmatch(line) or _DATELINE.fullmatch(line):
        named = match.groupdict().get("outlet")
        if named and _is_outlet(named):
            yield "outlet", named
        published = iso_date(match.group("date"))
        if published:
            yield "published", published
    elif (match := _NAME_AND_DATE.fullmatch(line)) and (published := iso_date(match.group("date"))):
        yield "published", published


def _stated_field(field: str, value: str) -> Iterator[tuple[str, str]]:
    if "://" in value:
        if field == "source":
            yield "url", value
    elif field in ("title", "headline"):
        yield "title", value
    elif len(value) <= 80:
        yield "outlet", value


def states_field(line: str) -> bool:
    """Is a line nothing but a byline, a date, or a field such as "Source: …"?"""
    return any(_line_fields(line))


def _is_outlet(name: str) -> bool:
    """Is the text before a date a publication, rather than a town or a weekday?"""
    if name.casefold() in _PLACES or re.search(r"\d|:|\b(?:on|updated|posted)\b", name, re.IGNORECASE):
        return False
    if name.isupper():
        return len(name) <= 4  # BBC, RT; LONDON is a place
    return len(name.split()) > 1 and name[:1].isupper()


# ---- classification of single lines

_MAX_MEDIA_LENGTH = 2000  # characters; a longer block is never a list of web addresses
_WEB_ADDRESS = re.compile(
    r"(?:https?://|ftp://|www\.)\S+|pic\.twitter\.com/\w+|(?:youtu\.be|t\.co)/\S+", re.IGNORECASE
)
_MEDIA_WORDS = frozenset((
    "audio", "credit", "embed", "embedded", "file", "from", "full", "gallery", "here", "image", "in",
    "instagram", "listen", "map", "on", "photo", "photos", "picture", "podcast", "see", "source", "the",
    "tweet", "twitter", "via", "video", "watch", "youtube",
))  # fmt: skip
_TIME = re.compile(
    r"\bT?\d{1,2}[:.h]\d{2}(?::\d{2})?(?:Z|[+-]\d{2}:?\d{2})?\s*(?:[ap]\.?m\.?)?", re.IGNORECASE
)
_DATE_LINE_WORDS = frozenset((
    "a", "ago", "am", "and", "at", "by", "date", "edt", "est", "et", "first", "for", "gmt", "hours",
    "hrs", "ist", "last", "local", "min", "mins", "minutes", "modified", "news", "of", "on", "online",
    "p", "pm", "posted", "print", "published", "read", "story", "the", "time", "updated", "utc",
))  # fmt: skip
_KEY_VALUE = re.compile(
    r"(?:regions?|themes?|in-depth reports?|topics?|tags?|categor(?:y|ies)|sections?|filed under|sources?"
    r"|authors?|date|published|updated|posted|keywords?|location|country|language|url|link|outlet|publisher|edition"
    r"|reading time|photos?|image|credit|editing by|reporting by|last (?:updated|modified)|dateline)\b"
    r"(?:\s+(?:on|at|in|by))?\s*:\s*\S",
    re.IGNORECASE,
)
_BYLINE_START = re.compile(
    r"(?:(?:written |words |text |story |reported |posted |opinion |analysis |photos? )?by|from)\s+"
    r"(?=(?-i:[^\Wa-z\d_])|@)",
    re.IGNORECASE,
)
_READING_TIME = re.compile(
    r"\d{1,3}[\s-]*min(?:ute)?s?\s+read|(?:share|print|email|tweet|save)", re.IGNORECASE
)
_PHOTO_CREDIT = re.compile(
    r"[^.!?]{3,60}(?:/\s?(?:AP|AFP|Reuters|Getty|EPA|Shutterstock)\b|\(AP Photo)[^.!?]{0,40}"
)


def is_media(text: str, source: str) -> bool:
    """Is a block an image, or only web addresses with words such as "watch" or "photo"? source: the block with its markup."""
    if source.startswith("![") and source.endswith(")") and source.count("](") == 1:
        return True
    if not _WEB_ADDRESS.search(text):
        return False
    words = (
        re.findall(r"[^\W\d_]+", _WEB_ADDRESS.sub(" ", text[:_MAX_MEDIA_LENGTH]))
        if len(text) < _MAX_MEDIA_LENGTH
        else ["?"]
    )
    return all(word.lower() in _MEDIA_WORDS for word in words)


def is_metadata(text: str) -> bool:
    """Is a line a byline, a date line, a photo credit or a "Key: value" line? Only for lines outside the running text."""
    if len(text) > 300 or not text:
        return False
    words = text.split()
    if _KEY_VALUE.match(text):
        return True
    if len(text) <= 90 and len(words) <= 12 and (text[-1] not in ".!?:;," or text.endswith(" Jr.")):
        if (found := _BYLINE_START.match(text)) and _is_name(text[found.end() :]):
            return True
        if _READING_TIME.fullmatch(text) or _PHOTO_CREDIT.fullmatch(text):
            return True
    return _is_date_line(text)


def _is_name(text: str) -> bool:
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
        and all(not word[0].islower() or word in _DATE_LINE_WORDS for word in words)
        and not re.search(r"[.!?]\s*$", rest)
    )
