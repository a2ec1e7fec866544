"""Labels, voices and flags as a reader of the report sees them: plain words and short codes.

What the pages share: templates, style and script, and the policy that nothing else may act in them.

What a measure is called and how its numbers are written, for people who read no code.
"""

from __future__ import annotations

import base64
import hashlib
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jinja2 import Environment

# Codes stand behind each highlighted span, so that a label is told without colour and without a mouse.
# Families are for colour alone; they mean nothing in the scores.
_TECHNIQUES = {
    "loaded_language": ("LL", "Loaded language", "wording"),
    "name_calling_labeling": ("NC", "Name calling, labeling", "attack"),
    "repetition": ("RE", "Repetition", "rally"),
    "exaggeration_minimisation": ("EM", "Exaggeration or minimisation", "wording"),
    "doubt": ("DO", "Doubt", "attack"),
    "appeal_to_fear_prejudice": ("FP", "Appeal to fear or prejudice", "wording"),
    "flag_waving": ("FW", "Flag-waving", "rally"),
    "causal_oversimplification": ("CO", "Causal oversimplification", "reasoning"),
    "slogans": ("SL", "Slogans", "rally"),
    "appeal_to_authority": ("AA", "Appeal to authority", "reasoning"),
    "black_and_white_fallacy": ("BW", "Black-and-white fallacy", "reasoning"),
    "thought_terminating_cliches": ("TC", "Thought-terminating cliché", "reasoning"),
    "whataboutism_straw_men_red_herring": ("WS", "Whataboutism, straw man, red herring", "attack"),
    "bandwagon_reductio_ad_hitlerum": ("BH", "Bandwagon, reductio ad Hitlerum", "rally"),
}
TOXIC_CODE, TOXIC_NAME = "TX", "Toxic wording"

VOICE_WORDS = {
    "outlet": ("own voice", "solid underline: the outlet’s own words"),
    "quoted": ("quoted", "dotted underline: somebody whom the text quotes"),
    "reader": ("reader", "dashed underline: a reader in a comment"),
}
STANCE_SIGNS = {"against": "▼", "neutral": "=", "favor": "▲", None: "–"}
REPLY_WORDS = {
    "support": "agrees", "deny": "disagrees", "query": "asks", "comment": "comments",
}  # fmt: skip
_FLAGS = {
    "truncated": "The name of a target, or the post that this one answers, was too long to be read whole",
    "windows": "Long unit: read in overlapping windows, and joined",
    "duplicate_of": "Repeats an earlier unit word for word",
}


def plain(label: str) -> str:
    """As people write it: security_and_defense → Security and defense; a technique by its own name."""
    if label in _TECHNIQUES:
        return _TECHNIQUES[label][1]
    words = label.replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def target(name: str) -> str:
    """white_helmets → White Helmets; a target that is given by its name stays as it is."""
    if name == "article":
        return "the article"
    return name.replace("_", " ").title() if re.fullmatch("[a-z0-9_]+", name) else name


def family(label: str) -> str:
    """Colour family of a technique; "other" where the codebook has a label that we do not know."""
    return _TECHNIQUES[label][2] if label in _TECHNIQUES else "other"


def codes(labels: Iterable[str]) -> dict[str, str]:
    """A short code per label, unique within the report; labels we do not know get their initials."""
    known = {label: _TECHNIQUES[label][0] for label in labels if label in _TECHNIQUES}
    for label in sorted(set(labels) - set(known)):
        stem = "".join(word[0] for word in label.replace("-", "_").split("_") if word).upper()[:3] or "?"
        taken = {*known.values(), TOXIC_CODE}
        known[label] = next(c for c in (stem, *(f"{stem}{n}" for n in range(2, 10_000))) if c not in taken)
    return known


def flag_words(flag: str) -> str:
    """A flag such as "duplicate_of:1f3a" as a sentence; a flag we do not know is shown as it is."""
    name, _, value = flag.partition(":")
    words = _FLAGS.get(name, f"Flag: {flag}")
    return words.replace("in overlapping", f"in {value} overlapping") if value.isdigit() else words


def percent(probability: float) -> str:
    """0.81 → 81 %; never 0 % or 100 % for something that is neither."""
    if 0 < probability < 0.005:
        return "<1 %"
    if 0.995 <= probability < 1:
        return ">99 %"
    return f"{probability * 100:.0f} %"


def plural(noun: str, number: int) -> str:
    return noun if number == 1 else noun + "s"


# Not allowed in HTML, or not encodable: shown as the replacement character rather than breaking the page.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def environment() -> Environment:
    import jinja2  # here, since it is not needed to score

    made = jinja2.Environment(
        loader=jinja2.PackageLoader("slant.reports"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        finalize=lambda value: printable(value) if type(value) is str else value,
    )
    made.filters.update(
        plain=plain, percent=percent, family=family, target=target, plural=plural,
        flag=flag_words, web=web, clip=clip,
    )  # fmt: skip
    return made


def printable(text: str) -> str:
    return _UNPRINTABLE.sub("�", text)


def source(made: Environment, name: str) -> str:
    loader = made.loader
    assert loader is not None
    return loader.get_source(made, name)[0]


def hashed(text: str) -> str:
    """For the content security policy: only this very style and script may act in the page."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def web(url: str | None) -> str | None:
    """The address if it is one of the web: `javascript:` and the like never become a link."""
    return url if url and re.match(r"https?://", url, re.IGNORECASE) else None


def clip(text: str, length: int = 240) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"


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
            name = target(self.subject)
            if self.part == "net":
                return f"{name}: favor minus against"
            return f"{name}: {_STANCES[self.part]}"
        if self.family == "frame":
            return f"Frame: {plain(self.subject)}"
        if self.family == "reply":
            return f"Replies: {_REPLIES.get(self.subject, self.subject)}"
        return f"Units with loaded language, {self.voice}"

    def _density(self) -> str:
        what = "Loaded language" if self.family == "loaded" else plain(self.subject)
        return f"{what}, {self.voice}, per 1,000 words"

    @property
    def voice(self) -> str:
        name = self.subject if self.family == "loaded" else self.part
        return _VOICES.get(name, name)

    @property
    def heading(self) -> str:
        """Of its panel: without what differs there."""
        if self.family == "stance":
            return f"Toward {target(self.subject)}"
        if self.family == "technique":
            return plain(self.subject)
        if self.family == "loaded":
            return "Loaded spans per 1,000 words" if self.kind == "density" else "Units with loaded language"
        return plain(self.subject) if self.family == "frame" else self.short.capitalize()

    @property
    def short(self) -> str:
        """As the head of a column beside others of its chart."""
        if self.family == "stance":
            return _STANCES[self.part]
        if self.family == "frame":
            return plain(self.subject)
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
            about = f"{side} about {target(self.subject)}"
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
        return percent(value) if value in (0, 1) else f"{self.bare(value)} %"

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
