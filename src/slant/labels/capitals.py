"""Runs of capitalized words: what a name in a text looks like, and what looks like one and is none."""

from __future__ import annotations

import re

# Nouns that form a target with a name before them: "Syrian army", "Trump administration".
GROUP = re.compile(
    r" (?:"
    r"administration|air force|allies|armed forces|army|authorities|campaign|citizens|coalition|delegation"
    r"|embassy|families|fighters|forces|government|intelligence|lawmakers|leaders|leadership|media"
    r"|military|militants|nation|officials|opposition|parliament|party|people|police|politicians|president"
    r"|prime minister|rebels|regime|settlers|side|soldiers|state|supporters|troops|voters"
    r")(?!\w)"
)
NOT_TARGETS = frozenset((
    "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "january", "february", "march",
    "april", "may", "june", "july", "august", "september", "october", "november", "december", "he", "she", "it",
    "they", "we", "you", "i", "me", "him", "her", "them", "us", "his", "hers", "its", "their", "our", "your", "my",
    "mine", "this", "that", "these", "those", "one", "two", "three", "both", "all", "each", "other", "others",
    "who", "what", "there", "here", "today", "mr", "mrs", "ms", "dr", "ok", "lol", "omg", "wtf", "amp", "http",
    "https", "rt", "am", "pm", "same", "something", "nothing", "everything", "someone", "everyone", "anyone",
    "nobody", "p", "s", "always", "never", "everybody",
))  # fmt: skip
INNER_WORD = re.compile(r"(?<=[a-z,;] )[^\W\d_]+")  # not at the start of a sentence
_WORD = re.compile(r"\w+(?:-\w+)*")


def run_of_capitals(upper: str = "A-Z", *, first: str = "", between: str = "") -> re.Pattern[str]:
    """Compile the pattern of a name: capitalized words, joined by "of" and "for", without contractions and possessives.

    upper: capital letters, as in a character class. first, between: pattern of what may be before the first word, and
    before each other word.
    """
    capital = (
        rf"(?:[{upper}]\.(?:[{upper}]\.)+|(?:Mr|Mrs|Ms|Dr|Sen|Rep|Gov|Gen|Lt|Col|St)\."
        rf"|[{upper}]\w*+(?![’'](?:t|re|ll|ve|d|m)\b)(?:[’'-](?!s\b)\w+)*)"
    )
    return re.compile(
        rf"(?<![\w@#’']){first}{capital}(?: (?!The\b)(?:(?:of|for)(?: the)? )?{between}{capital})*"
    )


def is_capitalized(text: str) -> bool:
    """Whether nearly all words begin in upper case, as in some headlines: names cannot be recognized by it."""
    long_words = [word for word in _WORD.findall(text) if len(word) > 3]
    upper = [word for word in long_words if word[0].isupper()]
    return len(long_words) > 4 and len(upper) > 0.8 * len(long_words)
