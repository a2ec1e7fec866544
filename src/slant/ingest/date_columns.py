"""Read the dates of a table. Whether the day or the month comes first is decided by the dates of its first rows."""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from slant.records import Note
from slant.segment.dates import MONTH, iso_date

_NUMERIC = re.compile(r"(\d{1,2})([/.\-])(\d{1,2})\2(\d{4}|\d{2})(?:(?:,\s*|\s+|T)(\S.*))?", re.S)
_NUMBER = re.compile(r"\d{9,19}(?:\.\d{1,9})?(?:[eE]\+\d{1,2})?|\d\.\d+[eE]\+\d{1,2}")
_COMPACT = re.compile(r"(?:19|20)\d{12}")  # YYYYMMDDHHMMSS
_PARTIAL = re.compile(r"\d{4}(?:-(?:0[1-9]|1[0-2]))?")  # a year, or a year and a month: stated so on purpose
_FIRST, _LAST = 0, 4_102_444_800  # 1970 to 2100, in seconds
_WEEKDAY = re.compile(r"(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\.?,?\s+", re.I)
_WITH_MONTH = re.compile(rf"(?<![A-Za-z]){MONTH}(?![A-Za-z])", re.I)
_ISO = re.compile(r"\d{8}\Z|\d{4}-\d{2}-\d{2}")
_HALF_DAY = re.compile(r"\d\s*[ap]\.?m\b", re.I)
_LONGEST = 60  # characters of a date
_HOURS = {"UTC": 0, "GMT": 0, "Z": 0, "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7,
          "BST": 1, "CET": 1, "CEST": 2, "EET": 2, "EEST": 3, "IST": 5.5, "AEST": 10, "AEDT": 11}  # fmt: skip
_ZONES = {name: int(hours * 3600) for name, hours in _HOURS.items()}


class DateColumn:
    """Reads the dates of one table to ISO form.

    values: dates of its first rows; a number over 12 in one of them tells whether the day or the month comes first.
    """

    def __init__(self, values: Iterable[Any] = ()) -> None:
        day_first = month_first = False
        self.ambiguous = False
        for value in values:
            found = _numeric(value) if isinstance(value, str) else None
            if found:
                first, second = int(found[1]), int(found[3])
                day_first |= 12 < first <= 31 and second <= 12
                month_first |= 12 < second <= 31 and first <= 12
                self.ambiguous |= first <= 12 and second <= 12 and first != second
        self.day_first = day_first if day_first != month_first else None
        self._mixed = day_first and month_first
        self._noted: set[str] = set()

    @property
    def undecided(self) -> bool:
        """Whether it holds dates that more rows could explain."""
        return self.ambiguous and self.day_first is None and not self._mixed

    def read(self, value: Any) -> tuple[str | None, tuple[Note, ...]]:
        """Return the date in ISO form, or as stated where it cannot be read, then with a note on the first such date."""
        if isinstance(value, datetime | date):
            return value.isoformat(), ()
        if isinstance(value, int | float):
            if isinstance(value, bool) or not math.isfinite(value):
                return None, ()
            value = str(int(value)) if value == int(value) else repr(value)
        if not isinstance(value, str) or not (words := " ".join(value.split())):
            return None, ()
        if found := self._iso(words):
            return found, ()
        return words, self._note(words)

    def _iso(self, words: str) -> str | None:
        if _ISO.match(words) and (found := iso_date(words)):
            return found
        if len(words) > _LONGEST:
            return None
        if numeric := _numeric(words):
            return self._from_numbers(numeric)
        if _PARTIAL.fullmatch(words):
            return words
        if found := _from_number(words) or _parse(words):
            return found
        return None if _HALF_DAY.search(words) else iso_date(words)

    def _from_numbers(self, found: re.Match[str]) -> str | None:
        first, second, year = int(found[1]), int(found[3]), int(found[4])
        if len(found[4]) == 2:
            year += 2000 if year < 70 else 1900
        if first <= 12 and second <= 12 and first != second:
            if self.day_first is None:
                return None
            day, month = (first, second) if self.day_first else (second, first)
        else:
            day, month = (first, second) if first > 12 else (second, first)
        try:
            day_of = date(year, month, day).isoformat()
        except ValueError:
            return None
        return _parse(f"{day_of} {found[5]}") if found[5] else day_of

    def _note(self, words: str) -> tuple[Note, ...]:
        """Return a note on the first date of its kind in the table."""
        numeric = _numeric(words)
        kind = "order" if numeric and int(numeric[1]) <= 12 and int(numeric[3]) <= 12 else "form"
        if kind in self._noted:
            return ()
        self._noted.add(kind)
        if kind == "order":
            why = "some dates of this table begin with the day, others with the month"
            if not self._mixed:
                why = "no date in the first rows shows whether the day or the month comes first"
            detail = f"dates such as {words[:60]!r} were not understood: {why}. They are kept as they stand."
        else:
            detail = f"dates such as {words[:60]!r} were not understood and are kept as they stand."
        return (Note("dates", detail),)


def _numeric(words: str) -> re.Match[str] | None:
    """Match a date of day, month and year in numbers, with or without its day of the week."""
    words = words.strip()
    weekday = _WEEKDAY.match(words)
    return _NUMERIC.fullmatch(words, weekday.end() if weekday else 0)


def _from_number(words: str) -> str | None:
    """Time from seconds, milliseconds, microseconds or nanoseconds since 1970, or from YYYYMMDDHHMMSS."""
    if _COMPACT.fullmatch(words):
        try:
            return datetime.strptime(words, "%Y%m%d%H%M%S").isoformat()
        except ValueError:
            return None
    if not _NUMBER.fullmatch(words):
        return None
    seconds = float(words)
    while seconds > _LAST:
        seconds /= 1000
    if not _FIRST < seconds < _LAST:
        return None
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=int(seconds))).isoformat()


def _parse(words: str) -> str | None:
    """Date, and time where there is one, if the words state year, month and day."""
    from dateutil import parser

    if not (re.match(r"\d{4}", words) or _WITH_MONTH.search(words)):  # numbers alone have no known order
        return None
    found: list[datetime] = []
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # an unknown name of a time zone would be dropped
        # What the words leave out comes from the default, so two defaults show it.
        for default in (datetime(2001, 1, 1), datetime(2002, 2, 2)):
            try:
                found.append(parser.parse(words, default=default, tzinfos=_ZONES))
            except (ValueError, ArithmeticError, TypeError, AttributeError, IndexError, Warning):
                return None
    if found[0] != found[1] or not 1000 <= found[0].year <= 2100:
        return None
    has_time = ":" in words or _HALF_DAY.search(words) or re.search(r"\dT\d", words)
    return found[0].isoformat() if has_time else found[0].date().isoformat()
