"""Find dates in text, and read them into ISO form. Ambiguous dates (day or month first) are not read."""

from __future__ import annotations

import re
from datetime import datetime
from email.utils import parsedate_to_datetime

# DATE finds any usual form in any case; PARSABLE_DATE matches only the forms that iso_date reads.
MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|sept|oct|nov|dec)[a-z]{0,6}\.?"
DATE = re.compile(
    rf"\b(?:{MONTH}\s+\d{{1,2}}(?:st|nd|rd|th)?,?\s+\d{{4}}|\d{{1,2}}(?:st|nd|rd|th)?\s+{MONTH},?\s+\d{{4}}"
    r"|\d{4}-\d{2}-\d{2}|\d{1,2}[./]\d{1,2}[./]\d{2,4})(?=\W|T\d|$)",
    re.IGNORECASE,
)
_MONTH_NAME = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.?"
_ISO_DATE = r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}\S*)?"
PARSABLE_DATE = rf"(?:{_MONTH_NAME} \d{{1,2}},? \d{{4}}|\d{{1,2}} {_MONTH_NAME},? \d{{4}}|{_ISO_DATE})"
_DATE_FORMATS = ("%B %d %Y", "%b %d %Y", "%d %B %Y", "%d %b %Y", "%Y/%m/%d", "%Y.%m.%d")


def iso_date(words: str) -> str | None:
    """Date as `YYYY-MM-DD`, or date and time in ISO form; None if it cannot be read or day and month are ambiguous."""
    words = words.strip()
    if re.fullmatch(r"\d{8}|\d{4}-\d{2}-\d{2}.*", words):
        try:
            moment = datetime.fromisoformat(words)
        except ValueError:
            return None
        return moment.isoformat() if len(words) > 10 else moment.date().isoformat()
    spaced = re.sub(
        r"\bSept\b", "Sep", re.sub(r"[.,]", " ", words) if not re.match(r"\d{4}\.", words) else words
    )
    for form in _DATE_FORMATS:
        try:
            return datetime.strptime(" ".join(spaced.split()), form).date().isoformat()
        except (ValueError, OverflowError):
            continue
    try:
        return parsedate_to_datetime(words).isoformat()  # RFC 2822, as in feeds
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
