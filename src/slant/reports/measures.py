"""What a measure is called and how its numbers are written, for people who read no code."""

from __future__ import annotations

import math
from dataclasses import dataclass

from slant.reports import words

COMMENTS = "comments/"
THREADS = "threads/"  # comments by the group of the article that they stand under
NONE = "—"
_VOICES = {"outlet": "own voice", "quoted": "quoted", "reader": "readers"}
_STANCES = {
    "against": "against", "neutral": "neutral", "favor": "in favor", "no_call": "no call", "net": "favor minus against",
}  # fmt: skip
_REPLIES = {"support": "agrees", "deny": "disagrees", "query": "asks", "comment": "does neither"}


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure's name taken apart.

    family: "stance", "loaded", "technique", "frame" or "reply". subject: target, voice, technique, frame or reply.
    part: the stance, "units" or "per_1000_words", or the voice of a technique; "" for frames and replies.
    """

    name: str
    comments: bool
    family: str
    subject: str
    part: str

    @classmethod
    def of(cls, name: str) -> Measure:
        plain = name.removeprefix(COMMENTS)
        family, _, rest = plain.partition("/")
        # A target may have a slash in its name, so its part is cut off from the end.
        subject, _, part = (
            rest.rpartition("/") if family in ("stance", "loaded", "technique") else (rest, "", "")
        )
        if family == "technique" and part not in _VOICES:
            subject, part = rest, ""
        return cls(name, plain != name, family, subject, part)

    @property
    def kind(self) -> str:
        """ "share", "net" (a difference of shares) or "density" (per 1,000 words)."""
        if self.part == "net":
            return "net"
        return "density" if self.part == "per_1000_words" or self.family == "technique" else "share"

    @property
    def panel(self) -> str:
        """What is shown in one chart and one table: measures that share it differ in `part`, or in the voice, alone."""
        if self.family in ("frame", "reply"):
            return self.name
        side = COMMENTS if self.comments else ""
        return f"{side}{self.family}/{self.part if self.family == 'loaded' else self.subject}"

    @property
    def title(self) -> str:
        """As a heading: "Against Light Board", "Doubt, own voice, per 1,000 words"."""
        return {"share": self._share, "net": self._share, "density": self._density}[self.kind]() + (
            ", in comments" if self.comments and self.family != "reply" else ""
        )

    def _share(self) -> str:
        if self.family == "stance":
            name = words.target(self.subject)
            if self.part == "net":
                return f"{name}: favor minus against"
            return f"{name}: {_STANCES[self.part]}"
        if self.family == "frame":
            return f"Frame: {words.plain(self.subject)}"
        if self.family == "reply":
            return f"Replies: {_REPLIES.get(self.subject, self.subject)}"
        return f"Units with loaded language, {self.voice}"

    def _density(self) -> str:
        what = "Loaded language" if self.family == "loaded" else words.plain(self.subject)
        return f"{what}, {self.voice}, per 1,000 words"

    @property
    def voice(self) -> str:
        name = self.subject if self.family == "loaded" else self.part
        return _VOICES.get(name, name)

    @property
    def heading(self) -> str:
        """Of its panel: without what differs there."""
        if self.family == "stance":
            return f"Toward {words.target(self.subject)}"
        if self.family == "technique":
            return words.plain(self.subject)
        if self.family == "loaded":
            return "Loaded spans per 1,000 words" if self.kind == "density" else "Units with loaded language"
        return words.plain(self.subject) if self.family == "frame" else self.short.capitalize()

    @property
    def short(self) -> str:
        """As the head of a column beside others of its chart."""
        if self.family == "stance":
            return _STANCES[self.part]
        if self.family == "frame":
            return words.plain(self.subject)
        if self.family == "reply":
            return _REPLIES.get(self.subject, self.subject)
        return self.voice

    @property
    def of_what(self) -> str:
        """The denominator in words."""
        side = "comments" if self.comments else "units"
        if self.kind == "density":
            return "spans per 1,000 words" + (" of comments" if self.comments else "")
        if self.family == "stance":
            about = f"{side} about {words.target(self.subject)}"
            return f"of {about}"
        return f"of {side}" if self.family != "reply" else "of replies"

    def number(self, value: float | None) -> str:
        """A value of this measure: "3.2 %", "34 %", "+12 pts", "4.1"."""
        if value is None or math.isnan(value):
            return NONE
        if self.kind == "net":
            return f"{self.bare(value)} pts"
        if self.kind == "density":
            return self.bare(value)
        return words.percent(value) if value in (0, 1) else f"{self.bare(value)} %"

    def bare(self, value: float) -> str:
        """Without a unit: "3.2", "+12"; spans per 1,000 words, which are few, to two figures."""
        return signed(100 * value) if self.kind == "net" else self.size(value)

    def size(self, difference: float) -> str:
        """Of a value or a difference, in points or per 1,000 words."""
        return digits(self.scaled(difference), fine=self.kind == "density")

    def interval(self, low: float | None, high: float | None) -> str:
        """ "3.1–5.0", without its unit; "" where there is none. Negative ends are joined by "to"."""
        if low is None or high is None or math.isnan(low) or math.isnan(high):
            return ""
        joint = " to " if self.kind == "net" else "–"
        return f"{self.bare(low)}{joint}{self.bare(high)}"

    @property
    def most(self) -> float:
        """The largest difference that there can be."""
        return {"share": 1.0, "net": 2.0}.get(self.kind, math.inf)

    @property
    def unit(self) -> str:
        """Of a difference: "points" or "per 1,000 words"."""
        return "per 1,000 words" if self.kind == "density" else "points"

    def scaled(self, difference: float) -> float:
        return difference if self.kind == "density" else 100 * difference


def digits(value: float, *, fine: bool = False) -> str:
    """The figures that matter: 3.4, 34; a minus sign where people set one; "0" only for what is 0.

    fine: below 1 two figures, 0.34, else one, 0.3.
    """
    size = abs(value)
    if size == 0:
        return "0"
    if size < 0.05:
        return "<0.05" if value > 0 else "−<0.05"
    text = f"{size:,.0f}" if size >= 9.95 else f"{size:.2f}" if fine and size < 0.95 else f"{size:.1f}"
    return ("−" if value < 0 else "") + text


def signed(value: float, *, fine: bool = False) -> str:
    """ "+3.4", "−12", "0"."""
    text = digits(value, fine=fine)
    return text if text.startswith(("−", "<")) or text == "0" else f"+{text}"


def p_value(p: float | None) -> str:
    if p is None or math.isnan(p):
        return NONE
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}" if p < 0.1 else f"p = {p:.2f}"
