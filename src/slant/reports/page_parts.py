"""Parts that both pages share: plain words for labels, the page shell, and titles and numbers of measures."""

from __future__ import annotations

import base64
import hashlib
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING

from slant.comparing.measures import ARTICLE, NET, PER_1000_WORDS, UNITS, Measure

if TYPE_CHECKING:
    from jinja2 import Environment

# A code follows each highlighted span, so its label can be read without color and without a mouse.
# Families are for color only; they mean nothing in the scores.
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
    "quoted": ("quoted", "dotted underline: somebody quoted in the text"),
    "reader": ("reader", "dashed underline: a reader in a comment"),
}
STANCE_SIGNS = {"against": "▼", "neutral": "=", "favor": "▲", "unrelated": "·", None: "–"}
# Columns of the counts: label (None: no call), heading.
STANCE_HEADS = (
    ("against", "▼ against"), ("neutral", "= neutral"), ("favor", "▲ favor"), ("unrelated", "· unrelated"),
    (None, "– no call"),
)  # fmt: skip
PORTRAYAL_HEADS = (
    ("negative", "negative"), ("neutral", "neutral"), ("positive", "positive"), (None, "– no call"),
)  # fmt: skip
REPLY_WORDS = {
    "support": "agrees", "deny": "disagrees", "query": "asks", "comment": "comments",
}  # fmt: skip
_FLAGS = {
    "truncated": "The name of a target, or the post that this one answers, was too long and was cut",
    "windows": "Long unit: scored in overlapping windows, then joined",
    "duplicate_of": "Repeats an earlier unit word for word",
}


def plain(label: str) -> str:
    """A label as people write it: security_and_defense → Security and defense; techniques by their proper name."""
    if label in _TECHNIQUES:
        return _TECHNIQUES[label][1]
    words = label.replace("_", " ").strip()
    return words[:1].upper() + words[1:]


_CALLED: ContextVar[Mapping[str, str] | None] = ContextVar("called", default=None)


@contextmanager
def called(names: Mapping[str, str]) -> Iterator[None]:
    """Show targets by their names inside the block. names: target id → name."""
    token = _CALLED.set(names)
    try:
        yield
    finally:
        _CALLED.reset(token)


def target(name: str) -> str:
    """A target as people write it: by its name (`called`), else by its id: white_helmets → White Helmets."""
    if name == ARTICLE:
        return "the article"
    if known := (_CALLED.get() or {}).get(name):
        return known
    return name.replace("_", " ").title() if re.fullmatch("[a-z0-9_]+", name) else name


def family(label: str) -> str:
    """Color family of a technique; "other" for labels not listed above."""
    return _TECHNIQUES[label][2] if label in _TECHNIQUES else "other"


def codes(labels: Iterable[str]) -> dict[str, str]:
    """A short code per label, unique within the report; labels not listed above get their initials."""
    known = {label: _TECHNIQUES[label][0] for label in labels if label in _TECHNIQUES}
    for label in sorted(set(labels) - set(known)):
        stem = "".join(word[0] for word in label.replace("-", "_").split("_") if word).upper()[:3] or "?"
        taken = {*known.values(), TOXIC_CODE}
        known[label] = next(c for c in (stem, *(f"{stem}{n}" for n in range(2, 10_000))) if c not in taken)
    return known


def flag_words(flag: str) -> str:
    """A flag such as "duplicate_of:1f3a" as a sentence; unknown flags are shown as they are."""
    name, _, value = flag.partition(":")
    if name == "language":
        return f"Not in English{'' if value == 'und' else f' ({value})'}, so it has no labels"
    words = _FLAGS.get(name, f"Flag: {flag}")
    return words.replace("in overlapping", f"in {value} overlapping") if value.isdigit() else words


def percent(probability: float) -> str:
    """0.81 → "81 %"; "<1 %" and ">99 %" for what would round to 0 or 100."""
    if 0 < probability < 0.005:
        return "<1 %"
    if 0.995 <= probability < 1:
        return ">99 %"
    return f"{probability * 100:.0f} %"


def plural(noun: str, number: int) -> str:
    return noun if number == 1 else noun + "s"


# Characters that HTML forbids or that cannot be encoded; they become the replacement character.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def environment() -> Environment:
    import jinja2  # not needed for scoring

    page = jinja2.Environment(
        loader=jinja2.PackageLoader("slant.reports"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        finalize=lambda value: printable(value) if type(value) is str else value,
    )
    page.filters.update(
        plain=plain, percent=percent, family=family, target=target, plural=plural,
        flag=flag_words, web=web, clip=clip,
    )  # fmt: skip
    return page


def printable(text: str) -> str:
    return _UNPRINTABLE.sub("�", text)


def source(page: Environment, name: str) -> str:
    """The text of a template, style or script."""
    loader = page.loader
    assert loader is not None
    return loader.get_source(page, name)[0]


def policy_hash(text: str) -> str:
    """Hash of a style or script for the content security policy, which allows nothing else in the page."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def web(url: str | None) -> str | None:
    """The address if it is http or https, else None: `javascript:` and the like never become links."""
    return url if url and re.match(r"https?://", url, re.IGNORECASE) else None


def clip(text: str, length: int = 240) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"


NONE = "—"
_VOICES = {"outlet": "own voice", "quoted": "quoted", "reader": "readers"}
_PARTS = {
    "stance": {"favor": "in favor", "no_call": "no call", "net": "favor minus against"},
    "portrayal": {"no_call": "no call", "net": "positive minus negative"},
}
_REPLIES = {"support": "agrees", "deny": "disagrees", "query": "asks", "comment": "does neither"}


@dataclass(frozen=True, slots=True)
class MeasureText:
    """Titles of a measure, and its values in words and numbers for people who read no code."""

    measure: Measure

    @classmethod
    def of(cls, name: str) -> MeasureText:
        return cls(Measure.parse(name))

    @property
    def per_words(self) -> bool:
        return self.measure.kind == PER_1000_WORDS

    @property
    def panel(self) -> Measure:
        """The same value for all measures of one chart and its table: labels of a target, or voices."""
        if self.measure.family == "loaded":
            return Measure("loaded", "*", self.measure.part, self.measure.side)
        return self.measure if self.measure.family in ("frame", "reply") else self.measure.with_part("*")

    @property
    def title(self) -> str:
        """As a heading: "Light Board: against", "Doubt, own voice, per 1,000 words"."""
        family, subject = self.measure.family, self.measure.subject
        if self.per_words:
            text = f"{'Loaded language' if family == 'loaded' else plain(subject)}, {self.short}, per 1,000 words"
        elif family == "stance":
            text = f"{'The article' if subject == ARTICLE else target(subject)}: {self.short}"
        elif family == "portrayal":
            text = f"Portrayal of {target(subject)}: {self.short}"
        elif family == "loaded":
            text = f"Units with loaded language, {self.short}"
        else:
            text = f"{'Frame' if family == 'frame' else 'Replies'}: {self.short}"
        return text + (", in comments" if self.measure.comments and family != "reply" else "")

    @property
    def heading(self) -> str:
        """Title of its panel, without the part that differs there."""
        family, subject = self.measure.family, self.measure.subject
        if family == "loaded":
            return "Loaded spans per 1,000 words" if self.per_words else "Units with loaded language"
        if family == "reply":
            return self.short.capitalize()
        return {"stance": f"Toward {target(subject)}", "portrayal": f"Portrayal of {target(subject)}"}.get(
            family, plain(subject)
        )

    @property
    def short(self) -> str:
        """Title of its column beside the others of its panel."""
        measure = self.measure
        if measure.family in _PARTS:
            return _PARTS[measure.family].get(measure.part, measure.part)
        if measure.family == "frame":
            return plain(measure.subject)
        if measure.family == "reply":
            return _REPLIES.get(measure.subject, measure.subject)
        voice = measure.subject if measure.family == "loaded" else measure.part
        return _VOICES.get(voice, voice)

    @property
    def denominator(self) -> str:
        """In words: "of units about Light Board", "of units that name Light Board", "spans per 1,000 words"."""
        side = "comments" if self.measure.comments else UNITS
        if self.per_words:
            return "spans per 1,000 words" + (" of comments" if self.measure.comments else "")
        if self.measure.family == "stance":
            return f"of {side} about {target(self.measure.subject)}"
        if self.measure.family == "portrayal":
            return f"of {side} that name {target(self.measure.subject)}"
        return "of replies" if self.measure.family == "reply" else f"of {side}"

    @property
    def unit(self) -> str:
        """Unit of a difference: "points" or "per 1,000 words"."""
        return "per 1,000 words" if self.per_words else "points"

    def points(self, value: float) -> float:
        """A value or difference in `unit`: percent or points for shares, unchanged per 1,000 words."""
        return value if self.per_words else 100 * value

    def number(self, value: float | None) -> str:
        """A value with its unit: "3.2 %", "34 %", "+12 pts", "4.1"."""
        if value is None or math.isnan(value):
            return NONE
        if self.measure.kind == NET:
            return f"{self.bare(value)} pts"
        if self.per_words:
            return self.bare(value)
        return percent(value) if value in (0, 1) else f"{self.bare(value)} %"

    def bare(self, value: float) -> str:
        """A value without its unit, net stances with their sign: "3.2", "+12"."""
        return signed(100 * value) if self.measure.kind == NET else self.size(value)

    def size(self, difference: float) -> str:
        """A value or difference in `unit`, to the digits that matter: "3.2"."""
        return digits(self.points(difference), fine=self.per_words)

    def interval(self, low: float | None, high: float | None) -> str:
        """ "3.1–5.0", without unit; "" where there is none.

        Ends of net stances, which may be negative, are joined by "to".
        """
        if low is None or high is None or math.isnan(low) or math.isnan(high):
            return ""
        joint = " to " if self.measure.kind == NET else "–"
        return f"{self.bare(low)}{joint}{self.bare(high)}"


def digits(value: float, *, fine: bool = False) -> str:
    """A number to about two significant digits: "3.4", "34", "−12"; "0" only for exactly 0.

    fine: two digits below 1 ("0.34"), else one ("0.3").
    """
    size = abs(value)
    if size == 0:
        return "0"
    if size < 0.05:
        return "<0.05" if value > 0 else "−<0.05"
    text = f"{size:,.0f}" if size >= 9.95 else f"{size:.2f}" if fine and size < 0.95 else f"{size:.1f}"
    return ("−" if value < 0 else "") + text


def signed(value: float, *, fine: bool = False) -> str:
    """With its sign: "+3.4", "−12", "0"."""
    text = digits(value, fine=fine)
    return text if text.startswith(("−", "<")) or text == "0" else f"+{text}"


def p_value(p: float | None) -> str:
    if p is None or math.isnan(p):
        return NONE
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}" if p < 0.1 else f"p = {p:.2f}"
