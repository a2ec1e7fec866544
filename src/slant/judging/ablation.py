"""The same texts without the target: how much of a stance figure the text alone gives.

A target by mention is asked about at a word that says nothing: " it" is put behind the text, and the query stands at that
word instead of the mention, which stays in the text unmarked. A target by name is asked about as "this".
"""

from __future__ import annotations

from dataclasses import replace

from slant.records import Example, TargetLabel

STAND_IN = "it"
TOPIC = "this"
NOTE = (
    f'The model is not told whom or what it is asked about: a mention is replaced in the query by "{STAND_IN}", put behind '
    f'the text (the text itself keeps the mention, unmarked), the name of a topic by "{TOPIC}".'
)


def without_target(example: Example) -> Example:
    """The example with its labels, all its targets made anonymous."""
    text = example.text
    if any(target.mentions for target in example.targets):
        text = f"{text} {STAND_IN}"
    place = ((len(text) - len(STAND_IN), len(text)),)
    targets = tuple(
        TargetLabel(STAND_IN, t.label, place) if t.mentions else TargetLabel(TOPIC, t.label)
        for t in example.targets
    )
    return replace(example, text=text, targets=targets)
