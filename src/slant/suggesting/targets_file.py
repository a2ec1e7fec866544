"""Write candidates as a targets file: each with its figures, the reasons for its names, and examples, as comments."""

from __future__ import annotations

import json
import re
import textwrap
import unicodedata
from collections.abc import Iterator, Sequence

from slant.labels.targets import normalize
from slant.suggesting.suggest import Candidate, Suggestions

WIDTH = 116
_SHOWN = 20  # names that were left out
_TITLE_CASE = 0.3  # from this share of sentences on, a warning


def targets_toml(suggestions: Suggestions, *, made_by: str) -> str:
    """Return the text of a targets file. made_by: program and inputs, for its first lines.

    The file is one that `slant score --targets` reads.
    """
    lines = [*_head(suggestions, made_by), "version = 1"]
    ids: set[str] = set()
    owned: set[str] = set()
    for number, candidate in enumerate(suggestions.candidates, 1):
        lines += ["", *_comments(suggestions, candidate, number), *_table(candidate, ids, owned)]
    if suggestions.comments:
        lines += ["", "# A comment is always scored for its article; with this entry `slant label` asks about it, too.",
                  "[[target]]", 'id = "article"', 'name = "the article"', "aliases = []", 'always = ["comment"]']  # fmt: skip
    lines += ["", *_left_out(suggestions)]
    return "\n".join(lines).rstrip() + "\n"


def _head(found: Suggestions, made_by: str) -> Iterator[str]:
    yield from _wrap(f"{number_of(len(found.candidates), 'candidate')} for targets. {made_by}")
    yield from _wrap(
        "Read through it before you use it. Delete what you do not ask about; move aliases where they belong; delete aliases "
        "that mean something else in your texts. Then: slant score ARTICLES --targets THIS-FILE -o SCORES"
    )
    counts = ((found.articles, "article"), (found.outlets, "outlet"), (found.months, "month"))
    corpus = ", ".join(number_of(count, what) for count, what in counts)
    yield from _wrap(
        f"The corpus: {corpus}. Ranked by articles × share of outlets × share of periods with the target; general words and "
        "phrases count less. Figures after an alias: how often it occurs."
    )
    if found.other_languages:
        yield from _wrap(
            f"{number_of(found.other_languages, 'article')} not in English, which were not read."
        )
    if found.unread > _TITLE_CASE:
        yield from _wrap(
            f"{found.unread:.0%} of the sentences have a capital on nearly every word. In those, names are found only if "
            "they occur elsewhere as well."
        )


def _comments(found: Suggestions, candidate: Candidate, number: int) -> Iterator[str]:
    figures = [f"{candidate.articles:,} of {number_of(found.articles, 'article')}"]
    if found.outlets > 1:
        figures.append(f"{candidate.outlets:,} of {number_of(found.outlets, 'outlet')}")
    if found.months > 1:
        figures.append(f"{candidate.months:,} of {number_of(found.months, 'month')}")
    yield from _wrap(f"{number}. {candidate.name}: {', '.join(figures)}")
    yield from _wrap(", ".join(f"{_one_line(text)} {times:,}" for text, times in candidate.aliases))
    for reason in candidate.reasons[:6]:
        yield from _wrap(f"put together: {_one_line(reason)}")
    if candidate.modified:
        shares = ", ".join(f"{state} {times:,}" for state, times in candidate.modified)
        yield from _wrap(f"the state before it, where one is named: {shares}")
    for example in candidate.examples:
        place = ", ".join(filter(None, (example.outlet, example.month)))
        yield from _wrap(f"- {_one_line(example.text)}{f' ({_one_line(place)})' if place else ''}")


def _table(candidate: Candidate, ids: set[str], owned: set[str]) -> Iterator[str]:
    """Yield a [[target]]. Names that another target has already are left to that one."""
    texts = [text for text, _ in candidate.aliases if normalize(text) not in owned]
    owned.update(map(normalize, texts))
    yield "[[target]]"
    yield f"id = {_string(_new_id(candidate.name, ids))}"
    yield f"name = {_string(candidate.name)}"
    yield from _list("aliases", [text for text in texts if text not in candidate.exact])
    yield from _list("exact", [text for text in texts if text in candidate.exact])
    yield from _list("never", candidate.never)
    if normalize(candidate.name) not in owned:
        yield "search_name = false"


def _list(key: str, texts: Sequence[str]) -> Iterator[str]:
    if not texts:
        return
    inner = textwrap.wrap(
        ", ".join(map(_string, texts)), WIDTH, break_long_words=False, break_on_hyphens=False
    )
    if len(inner) == 1 and len(inner[0]) < WIDTH - 12:
        yield f"{key} = [{inner[0]}]"
        return
    yield f"{key} = ["
    for text in texts:
        yield f"  {_string(text)},"
    yield "]"


def _left_out(found: Suggestions) -> Iterator[str]:
    left = found.left
    for what, names in (
        ("places", left.places),
        ("outlets and agencies", left.outlets),
        ("words that one outlet prints all the time", left.house),
    ):
        if names:
            shown = ", ".join(f"{_one_line(name)} {count:,}" for name, count in names.most_common(_SHOWN))
            more = f", and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
            yield from _wrap(f"Left out as {what}, with the articles that name them: {shown}{more}.")


def _wrap(text: str) -> Iterator[str]:
    yield from textwrap.wrap(
        _one_line(text),
        WIDTH,
        initial_indent="# ",
        subsequent_indent="#   ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _one_line(text: str) -> str:
    """Return a text without line breaks and control characters, which TOML does not allow in a comment."""
    return " ".join("".join(" " if unicodedata.category(c) in ("Cc", "Cs") else c for c in text).split())


def _string(text: str) -> str:
    """Return a TOML string; braces, which would stand for choices, do not occur in names."""
    return json.dumps(_one_line(text), ensure_ascii=False).replace("\x7f", "")


def _new_id(name: str, ids: set[str]) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    base = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")
    base = base if base[:1].isalpha() else f"target_{base}".rstrip("_")
    new, number = base, 2
    while new in ids or new == "article":
        new, number = f"{base}_{number}", number + 1
    ids.add(new)
    return new


def number_of(count: int, what: str) -> str:
    """Return "1 article", "2 articles"."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"
