"""The words by which candidates are recognized: states with their people and capitals, groups, issues (target_words.toml)."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from functools import cache

from slant.assets import asset
from slant.labels.targets import normalize

NAME, PEOPLE, CAPITAL, SEAT = "name", "people", "capital", "seat"
_MADE_OF_SEVERAL = ("states", "spelled", "nouns", "forms", "issues", "organs")
_NO_PLURAL = ("s", "sh", "ch", "ese", "men", "man")


@dataclass(frozen=True)
class Lexicon:
    """The words of target_words.toml, in lower case.

    states: normalized form → (state, role), of NAME, PEOPLE, CAPITAL, SEAT. spelled: state → its forms as written.
    nouns: word → the noun that stands for it and its synonyms ("truces" → "ceasefire"). forms: noun → all its words.
    issues, organs: nouns that are issues, parts of a state. The other lists are explained in target_words.toml.
    """

    states: dict[str, tuple[str, str]]
    spelled: dict[str, tuple[str, ...]]
    nouns: dict[str, str]
    forms: dict[str, tuple[str, ...]]
    issues: frozenset[str]
    organs: frozenset[str]
    organ_parts: frozenset[str]
    issue_heads: frozenset[str]
    plain_heads: frozenset[str]
    organizations: frozenset[str]
    titles: frozenset[str]
    never: frozenset[str]
    not_people: frozenset[str]
    general: frozenset[str]
    acts: frozenset[str]
    before_actor: frozenset[str]
    before_place: frozenset[str]
    after_place: frozenset[str]
    stop: frozenset[str]
    no_names: frozenset[str]
    noun_after: frozenset[str]
    verb_after: frozenset[str]
    weak: frozenset[str]
    ambiguous: frozenset[str]


@cache
def lexicon() -> Lexicon:
    """Read the words. Cached."""
    content = tomllib.loads(asset("target_words.toml").read_text("utf-8"))
    states: dict[str, tuple[str, str]] = {}
    spelled = {}
    for state, row in content["states"].items():
        forms = dict(_state_forms(state, row))
        spelled[state] = tuple(forms)
        for form, role in forms.items():
            states.setdefault(normalize(form), (state, role))
    words = {name: text.split() for name, text in (content["words"] | content["context"]).items()}
    forms_of = {
        noun: each for name in ("groups", "organs", "issues") for noun, each in map(_noun_forms, words[name])
    }
    return Lexicon(
        states,
        spelled,
        {form: noun for noun, forms in forms_of.items() for form in forms},
        forms_of,
        frozenset(_noun_forms(word)[0] for word in words["issues"]),
        frozenset(_noun_forms(word)[0] for word in words["organs"]),
        **{
            each.name: frozenset(words[each.name])
            for each in fields(Lexicon)
            if each.name not in _MADE_OF_SEVERAL
        },
    )


def _state_forms(state: str, row: str) -> list[tuple[str, str]]:
    """Return the forms of a state with their roles; people also in the plural."""
    found = [(state.removeprefix("the "), NAME)]
    for role, cell in zip((NAME, PEOPLE, CAPITAL, SEAT), row.split(";"), strict=True):
        for form in filter(None, map(str.strip, cell.split(","))):
            found.append((form, role))
            if role == PEOPLE and not form.endswith(_NO_PLURAL):
                found.append((f"{form}s", role))
    return found


def _noun_forms(entry: str) -> tuple[str, tuple[str, ...]]:
    """Return a noun of the list and all its words: "rebel" → ("rebel", ("rebels", "rebel"))."""
    noun, _, others = entry.partition("=")
    own = [noun] if noun.endswith("s") else [plural(noun), noun]
    return noun, tuple(dict.fromkeys([*own, *filter(None, others.split(","))]))


def plural(noun: str) -> str:
    """Return the regular plural of a noun, and of "child" and those in -man."""
    if noun == "child":
        return "children"
    if noun.endswith("man"):
        return f"{noun[:-2]}en"
    if noun.endswith("y") and noun[-2:-1] not in tuple("aeiou"):
        return f"{noun[:-1]}ies"
    return f"{noun}es" if noun.endswith(("s", "x", "z", "ch", "sh")) else f"{noun}s"
