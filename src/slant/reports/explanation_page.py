"""Show the words that carried a stance: in sentences, as marked text, and as one HTML file (`slant explain -o FILE.html`)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from slant.atomic_files import atomic_path
from slant.reports import page_parts
from slant.reports.page_parts import percent, plural, signed

if TYPE_CHECKING:
    from slant.scoring.explain import Explanation, Word

TITLE = "Words that carried a stance"
VERDICTS = {
    "good": "Check passed: the answer depends on these words, and less on others.",
    "weak": "Check failed: without these words the answer is nearly as probable, so they do not explain it.",
    "random": "Check failed: words drawn at random can change the answer as much, so these alone do not explain it.",
}


def words(explanation: Explanation) -> str:
    """The top words with their weights, strongest first: "lied +2.3, corrupt +1.9"."""
    bare = ((re.sub(r"^\W+|\W+$", "", word.text) or word.text, word.weight) for word in explanation.top)
    return ", ".join(f"{text} {signed(weight, fine=True)}" for text, weight in bare)


def sentences(explanation: Explanation) -> list[str]:
    """The deletion score in words, and whether the explanation passed the check."""
    if not explanation.words:
        return ["The unit has no word besides the target, so nothing can be removed."]
    deletion, before = explanation.deletion, percent(explanation.probability)
    if not deletion.words:
        return [
            "Check failed: no word speaks for the answer. Without any one of them it is about as probable or more."
        ]
    noun = plural("phrase" if explanation.has_phrases else "word", deletion.words)
    these = f"these {deletion.words} {noun}" if deletion.words > 1 else f"this {noun}"
    without, only = (
        f"Removing {these} changes {before} to {percent(deletion.without)}",
        f"With only {these}{' and the target' if explanation.mentions else ''}: {percent(deletion.only)}",
    )
    if deletion.random_without is not None and deletion.random_only is not None:
        chosen = f"{deletion.words} random {noun}"
        without += f"; removing {chosen}, to {percent(deletion.random_without)} on average"
        only += f"; with {chosen}: {percent(deletion.random_only)}"
    return [f"{without}.", f"{only}.", VERDICTS[explanation.verdict]]


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a unit's text. word: if it belongs to a word that was removed. is_mention: whether it names the target."""

    text: str
    word: Word | None = None
    is_mention: bool = False


def marked(explanation: Explanation) -> list[Piece]:
    """Cut the unit's text into words, mentions and what is between them; the joined pieces are the text."""
    places: list[tuple[int, int, Word | None]] = [(a, b, None) for a, b in explanation.mentions]
    places += [(a, b, word) for word in explanation.words for a, b in word.spans]
    text, out, last = explanation.text, [], 0
    for start, end, word in sorted(places, key=lambda place: place[0]):
        if last < start:
            out.append(Piece(text[last:start]))
        out.append(Piece(text[start:end], word, word is None))
        last = end
    return [*out, Piece(text[last:])] if last < len(text) else out


def write_explanations(
    explanations: Sequence[Explanation], path: Path, *, generated: dict[str, str] | None = None
) -> None:
    """Write explanations as one HTML file. generated: lines for the footer, name → value."""
    from slant.scoring.explain import LEAST

    environment = page_parts.environment()
    environment.filters.update(marked=marked, sentences=sentences, signed=lambda w: signed(w, fine=True))
    style = "".join(page_parts.source(environment, name) for name in ("report.css", "explanation.css"))
    stream = environment.get_template("explanation.html.j2").stream(
        title=TITLE,
        explanations=explanations,
        passed=sum(each.verdict == "good" for each in explanations),
        signs=page_parts.STANCE_SIGNS,
        threshold=LEAST,
        generated=generated or {},
        style=style,
        style_hash=page_parts.policy_hash(style),
    )
    with atomic_path(path) as part, part.open("wb") as file:
        stream.dump(file, encoding="utf-8")
