"""Labels, voices and flags as a reader of the report sees them: plain words and short codes."""

from __future__ import annotations

import re
from collections.abc import Iterable

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
