"""Measures: what is counted, by name.

stance/<target>/<against | neutral | favor | no_call>   share of the units about the target; no_call: the model abstained
stance/<target>/net          favor minus against, over the same units
portrayal/<target>/<negative | neutral | positive | no_call>   share of the units that name the target
portrayal/<target>/net       positive minus negative, over the same units
loaded/<voice>/units         share of units with loaded language in this voice
loaded/<voice>/per_1000_words    loaded spans per 1,000 words
technique/<label>/<voice>    spans of this technique per 1,000 words
frame/<label>                share of units
reply/<label>                share of replies

The name of a measure of reader comments begins with "comments/". With "threads/" the same comments belong to the group of the
article they are posted under, which is not always the group of their author.

Units that say nothing about the target (stance "unrelated") are in no rate of stance toward it. Evidence lists them as
stance/<target>/unrelated, which is no measure.

Also the constants that several files of this room and of reports share.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from slant.records import PORTRAYALS, STANCES

ALL, REST = "(all)", "(rest)"  # groups: everything; all groups but one
NOT_STATED = "(not stated)"  # group of the rows in which the compared column is empty
ANY_TARGET = "(any)"  # target of phrases from units about any target, or none
NO_FRAME = "none"  # label by people of a unit without a frame
ARTICLE = "article"  # target: the article that a comment is posted under
ALPHA = 0.05  # level of the tests
POWER = 0.8  # chance to find a difference of the size called detectable

COMMENTS, THREADS = "comments", "threads"
FAMILIES = ("stance", "portrayal", "loaded", "technique", "frame", "reply")
NO_CALL, NET, UNITS, PER_1000_WORDS = "no_call", "net", "units", "per_1000_words"
# Families about a target: their labels, and the two labels whose shares make a net, the one that counts as minus first.
LABELS = {"stance": STANCES, "portrayal": PORTRAYALS}
POLES = {"stance": ("against", "favor"), "portrayal": ("negative", "positive")}
# The name of a measure from SQL columns; `Measure.parse` reads it.
NAME_IN_SQL = "concat_ws('/', nullif(side, ''), family, subject, nullif(part, ''))"


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure. str() gives its name, `parse` reads it.

    family: one of FAMILIES. subject: target, voice (loaded), technique, frame or reply.
    part: label of a stance or portrayal, "no_call" or "net"; "units" or "per_1000_words"; voice of a technique; "" for frames
    and replies.
    side: "" for articles, COMMENTS or THREADS.
    """

    family: str
    subject: str
    part: str = ""
    side: str = ""

    @classmethod
    def parse(cls, name: str) -> Measure:
        """Raises ValueError if `name` is no measure. Subjects may contain slashes."""
        first, _, after = name.partition("/")
        side, plain = (first, after) if first in (COMMENTS, THREADS) else ("", name)
        family, _, rest = plain.partition("/")
        if family not in FAMILIES or not rest:
            raise ValueError(f"{name!r} is no measure: expected [comments/]{'|'.join(FAMILIES)}/…")
        if family in ("frame", "reply"):
            return cls(family, rest, side=side)
        subject, _, part = rest.rpartition("/")
        if not subject:
            raise ValueError(f"{name!r} is no measure: expected {family}/SUBJECT/PART")
        return cls(family, subject, part, side)

    def __str__(self) -> str:
        return "/".join(filter(None, (self.side, self.family, self.subject, self.part)))

    @property
    def comments(self) -> bool:
        return bool(self.side)

    @property
    def kind(self) -> str:
        """ "share" in [0, 1], "net" (difference of two shares) in [-1, 1], or "per_1000_words"."""
        if self.family == "technique" or self.part == PER_1000_WORDS:
            return PER_1000_WORDS
        return NET if self.family in POLES and self.part == NET else "share"

    @property
    def scale(self) -> float:
        """Value = scale × hits / total."""
        return 1000.0 if self.kind == PER_1000_WORDS else 1.0

    @property
    def largest_difference(self) -> float:
        return {"share": 1.0, NET: 2.0}.get(self.kind, math.inf)

    @property
    def total(self) -> str:
        """Name of the denominator: "units", "words", "replies", "stance/<target>" or "portrayal/<target>".

        Of comments with their side in front.
        """
        if self.kind == PER_1000_WORDS:
            name = "words"
        elif self.family in LABELS:
            name = f"{self.family}/{self.subject}"
        else:
            name = "replies" if self.family == "reply" else UNITS
        return f"{self.side}/{name}" if self.side else name

    @property
    def units_total(self) -> str:
        """Like `total`, but units where that counts words."""
        return replace(self, family="loaded", part=UNITS).total if self.kind == PER_1000_WORDS else self.total

    @property
    def sources(self) -> tuple[Measure, ...]:
        """Measures whose hits this one is made of: itself, but both POLES for a net, units for loaded spans."""
        if self.kind == NET:
            minus, plus = POLES[self.family]
            return self.with_part(minus), self.with_part(plus)
        return (self.with_part(UNITS),) if self.part == PER_1000_WORDS else (self,)

    @property
    def sort_key(self) -> tuple[bool, int, str, int]:
        """Articles before comments, families in the order of FAMILIES, then by name; of a target POLES first."""
        name, place = str(replace(self, side="")), 0
        if self.family in POLES:
            parts = (*POLES[self.family], NET, "neutral", NO_CALL)
            name, place = self.subject, parts.index(self.part) if self.part in parts else len(parts)
        return self.comments, FAMILIES.index(self.family), name, place

    def with_part(self, part: str) -> Measure:
        return replace(self, part=part)

    def on_side(self, side: str) -> Measure:
        return replace(self, side=side)

    def matches(self, patterns: Iterable[str]) -> bool:
        """Whether the name fits one of the patterns (wildcards as in file names)."""
        name = str(self)
        return any(fnmatchcase(name, pattern) for pattern in patterns)
