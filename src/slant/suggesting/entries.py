"""What is looked for in the second reading: the names, groups and phrases of the first that may be targets.

Entries are small on purpose (a surname, a full name and an acronym are three); merge.py puts them together.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from slant.labels.targets import normalize
from slant.suggesting.census import Census, NameCounts, name_key
from slant.suggesting.lexicon import CAPITAL, NAME, PEOPLE, lexicon, plural

STATE, ORGAN, GROUP, ISSUE, PHRASE = "state", "organ", "group", "issue", "phrase"
PERSON_OR_BODY = "name"
MOST_ENTRIES = 500
# How much an article with an entry of this kind counts: open phrases are often no targets.
WEIGHTS = {PERSON_OR_BODY: 1.0, STATE: 1.0, ORGAN: 0.8, GROUP: 1.0, ISSUE: 1.0, PHRASE: 0.4}
WEAK = 0.25  # weight of "drivers", "residents": people who are seldom a party
_ORGAN_HEADS = ("forces", "units", "unit", "officials", "officers")
_PEOPLE_ENDING = re.compile(r"(?:ers|ors|ists|ees|eers|ians|men|women|folk)\Z")
_PLACE, _ACTS = 0.25, 0.15  # a name is a place from this share of "in …", unless it acts as often
_CAPITAL_ACTS = 0.25
_VERB = 0.15  # a word is a verb from this share after "to", "will", "they"
_NPMI = {ISSUE: 0.1, PHRASE: 0.3}


@dataclass(slots=True)
class Entry:
    """Something to look for. articles: with it, by the first reading.

    exact: aliases that match only as written. never: what holds an alias and means something else.
    """

    key: str
    kind: str
    name: str
    aliases: list[str] = field(default_factory=list)
    exact: list[str] = field(default_factory=list)
    never: list[str] = field(default_factory=list)
    articles: int = 0
    weight: float = 1.0


@dataclass(slots=True)
class LeftOut:
    """Frequent names that are no targets: name → articles. house: those that one outlet prints all the time."""

    places: Counter[str] = field(default_factory=Counter)
    outlets: Counter[str] = field(default_factory=Counter)
    house: Counter[str] = field(default_factory=Counter)


def choose_entries(
    census: Census, *, articles: int, min_articles: int, outlets: Collection[str]
) -> tuple[list[Entry], LeftOut]:
    """Return the most frequent entries, at most MOST_ENTRIES, and the names that were left out.

    articles: number of articles in the corpus. outlets: names of outlets in lower case.
    """
    left = LeftOut()
    names = list(_names(census, min_articles, outlets, left))
    found = [*_states(census), *names, *_nouns(census), *_phrases(census, articles)]
    kept = [entry for entry in found if entry.articles >= min_articles]
    kept.sort(key=lambda entry: (-entry.articles * entry.weight, entry.name))
    return list(_without_overlaps(kept[:MOST_ENTRIES])), left


def _without_overlaps(entries: list[Entry]) -> Iterator[Entry]:
    """Leave each alias to the first entry that has it."""
    owned: set[str] = set()
    for entry in entries:
        for field_ in (entry.aliases, entry.exact):
            field_[:] = [alias for alias in dict.fromkeys(field_) if normalize(alias) not in owned]
        owned |= {normalize(alias) for alias in (*entry.aliases, *entry.exact)}
        if entry.aliases or entry.exact:
            yield entry


# ---- states


def _states(census: Census) -> Iterator[Entry]:
    """Yield an entry per state that is named, with its people, its organs, and its capital if that acts."""
    words = lexicon()
    for state, forms in words.spelled.items():
        entry = Entry(state, STATE, state)
        for form in forms:
            role = words.states[normalize(form)][1]
            counts = _counts(census, form)
            if not counts or (role == CAPITAL and not _acts(counts)):
                continue
            is_exact = form.lower() in words.ambiguous or _is_exact(census, form)
            (entry.exact if is_exact else entry.aliases).append(form)
            if role == NAME and (
                lost := _counts(census, f"{form}s")
            ):  # a possessive whose apostrophe was lost
                entry.aliases += [f"{form}s"] * (lost.articles > 0)
            entry.never += [f"{form}-based"] * (census.based[f"{form}-based"] > 0)
            entry.articles = max(entry.articles, counts.articles)
            if role == PEOPLE or (role == NAME and form.isupper()):
                entry.aliases += _organs_of(census, state, form)
        if entry.articles:
            yield entry


def _counts(census: Census, form: str) -> NameCounts | None:
    return census.names.get(name_key(form)) or census.names.get(normalize(form))


def _organs_of(census: Census, state: str, adjective: str) -> Iterator[str]:
    """Yield "Syrian army" and the like; for a people without a state, also "Kurdish fighters"."""
    words = lexicon()
    has_capital = any(words.states[normalize(form)][1] == CAPITAL for form in words.spelled[state])
    for noun, forms in words.forms.items():
        is_organ = noun in words.organs or (not has_capital and noun in words.plain_heads)
        if is_organ and census.modified[state, noun]:
            yield from (f"{adjective} {form}" for form in forms)
    yield from (
        f"{adjective} {form}" for form in ("forces", "armed forces", "air force", "government forces")
    )


def _acts(counts: NameCounts) -> bool:
    return counts.acts >= _CAPITAL_ACTS * counts.total and counts.acts > counts.place


# ---- names


def _names(census: Census, least: int, outlets: Collection[str], left: LeftOut) -> Iterator[Entry]:
    own = _own_totals(census)
    states = lexicon().states
    for key, counts in census.names.items():
        name = counts.spelled.most_common(1)[0][0]
        if counts.articles < least or normalize(name) in states or not _is_name(census, name, counts, least):
            continue
        if own[key] < 0.25 * counts.total:
            continue
        if normalize(name) in outlets:
            left.outlets[name] = counts.articles
        elif _is_place(counts):
            left.places[name] = counts.articles
        else:
            is_exact = _is_exact(census, name)
            aliases = [] if is_exact else [name]
            yield Entry(key, PERSON_OR_BODY, name, aliases, [name] if is_exact else [], [], counts.articles)


def _is_exact(census: Census, name: str) -> bool:
    """Return whether only the capitals make it a name: an acronym, or common words."""
    return name.isupper() or all(
        census.words[word.lower()] > 0.02 * census.words[word] for word in re.split(r"[ -]", name) if word
    )


def _own_totals(census: Census) -> Counter[str]:
    """Times of each name without those inside a longer name with "of" or "for"; of "Turkey for Idlib" the parts count."""
    own = Counter({key: counts.total for key, counts in census.names.items()})
    for key, counts in census.names.items():
        for word in (" of ", " for "):
            if word not in key:
                continue
            left, _, right = key.partition(word)
            sides = [side for side in (left, right.removeprefix("the ")) if side in census.names]
            if len(sides) == 2 and all(census.names[side].total > 2 * counts.total for side in sides):
                own[key] = 0
            else:
                own.subtract(dict.fromkeys(sides, counts.total))
    return own


def _is_name(census: Census, name: str, counts: NameCounts, least: int) -> bool:
    """Return whether the texts write it as a name: in capitals inside sentences, and not mostly in lower case."""
    words = name.split(" ")
    if counts.inner < min(2, least) or any(character.isdigit() for character in name):
        return False
    if words[0].lower() in ("of", "for", "the") or len(name) < 2 or (len(name) < 3 and not name.isupper()):
        return False
    lists = lexicon()
    empty = lists.stop | lists.never | lists.organ_parts | lists.titles
    if all(word.lower() in empty for word in words) and (not name.isupper() or name.lower() in lists.never):
        return False
    if words[-1].lower().removesuffix("s") in lists.never or all(
        normalize(part) in lists.states for part in name.split("-")
    ):
        return False  # "Tuesdays", "Russia-Ukraine"
    if name.lower() in lists.nouns or f"{name.lower()}s" in lists.nouns or name.lower() in lists.general or (
        len(words) > 1 and all(census.words[word.lower()] > census.words[word] for word in words)
        and words[-1].endswith("ed")
    ):  # fmt: skip
        return False
    if len(words) > 1:
        first = words[0]
        is_sentence_start = counts.inner < 0.2 * counts.total
        return not (is_sentence_start and census.words[first.lower()] > census.words[first])
    word = name.split("-")[-1]
    return name.isupper() or census.words[word] > census.words[word.lower()]


def _is_place(counts: NameCounts) -> bool:
    if counts.titled > 0.1 * counts.total:
        return False
    place, acts = counts.place / counts.total, counts.acts / counts.total
    if next(iter(counts.spelled)).isupper():
        return place >= 0.6
    return (
        (place >= _PLACE and acts <= max(_ACTS, place / 3))
        or place >= 0.45
        or (place >= 0.12 and acts <= place / 4)
    )


# ---- common nouns


def _nouns(census: Census) -> Iterator[Entry]:
    """Yield the nouns of the lists that occur, with the phrases that mean the same, and others in -er, -ist and the like."""
    words = lexicon()
    for noun, forms in words.forms.items():
        articles = max(census.phrases[form] for form in forms)
        if not articles:
            continue
        kind = ISSUE if noun in words.issues else ORGAN if noun in words.organs else GROUP
        name = _neutral_form(census, forms) if kind == GROUP else noun
        entry = Entry(noun, kind, name, list(forms), [], [], articles, WEIGHTS[kind])
        entry.weight = WEAK if noun in words.weak else entry.weight
        if kind != ISSUE:
            heads = _ORGAN_HEADS if kind == ORGAN else words.plain_heads
            entry.aliases += [
                f"{form} {head}" for form in forms for head in heads if census.phrases[f"{form} {head}"]
            ]
            entry.aliases += _with_adjectives(census, noun, forms)
        yield entry
    for word, articles in census.phrases.items():
        if (
            " " not in word
            and word not in words.nouns
            and len(word) > 5
            and _PEOPLE_ENDING.search(word)
            and word not in words.not_people | words.general | words.plain_heads
            and census.nouns[word] >= census.verbs[word]
        ):
            yield Entry(word, GROUP, word, [word], [], [], articles, 0.6)


def _neutral_form(census: Census, forms: Collection[str]) -> str:
    """Return the first form that is not rare; of words for one target ("rebels", "terrorists") the plainest is first."""
    most = max(census.phrases[form] for form in forms)
    # "opposition", not "oppositions"
    return next(form for form in forms if census.phrases[form] > 0.1 * most)


def _with_adjectives(census: Census, noun: str, forms: Collection[str]) -> Iterator[str]:
    """Yield "Syrian rebels" and the like, so that these are not counted for Syria."""
    words = lexicon()
    for (state, modified), times in census.modified.items():
        has_capital = any(words.states[normalize(form)][1] == CAPITAL for form in words.spelled[state])
        if modified == noun and times > 2 and noun not in words.organs and has_capital:
            for form in words.spelled[state]:
                if words.states[normalize(form)][1] == PEOPLE:
                    yield from (f"{form} {each}" for each in forms)


# ---- phrases


def _phrases(census: Census, articles: int) -> Iterator[Entry]:
    """Yield recurring phrases of two and three words whose words belong together and whose last one is a noun."""
    words = lexicon()
    least = max(2, articles // 500)
    longer = _longer(census, least)
    for phrase, count in census.phrases.items():
        parts = phrase.split(" ")
        if (
            len(parts) < 2
            or count < least
            or longer[phrase] > 0.6 * count
            or not _may_be_phrase(census, parts)
        ):
            continue
        last = parts[-1]
        if last in words.plain_heads and parts[-2] in words.nouns:
            continue  # "rebel fighters" belongs to the rebels
        kind = ISSUE if last in words.issue_heads or last in words.nouns else PHRASE
        if _npmi(census, parts, count, articles) >= _NPMI[kind]:
            weight = 0.8 if kind == ISSUE else WEIGHTS[PHRASE]
            aliases = [phrase, _other_number(phrase)]
            yield Entry(phrase, PHRASE, phrase, aliases, [], [], count, weight)


def _longer(census: Census, least: int) -> Counter[str]:
    """Phrase of two words → articles with the most frequent phrase of three that holds it."""
    found = Counter[str]()
    for phrase, count in census.phrases.items():
        parts = phrase.split(" ")
        if len(parts) == 3 and count >= least:
            for shorter in (" ".join(parts[:2]), " ".join(parts[1:])):
                found[shorter] = max(found[shorter], count)
    return found


def _may_be_phrase(census: Census, parts: list[str]) -> bool:
    words = lexicon()
    last = parts[-1]
    if any(part in words.general or part in words.never or _is_verb(census, part) for part in parts):
        return False
    if (
        last.endswith(("ed", "ing", "’s", "'s"))
        or parts[0].endswith(("’s", "'s"))
        or last in words.organ_parts
    ):
        return False
    return census.nouns[last] > 0 or last in words.issue_heads or last in words.nouns or len(last) > 3


def _is_verb(census: Census, word: str) -> bool:
    return census.verbs[word] > _VERB * max(1, census.words[word]) or (
        word.endswith(("ed", "ing")) and census.nouns[word] <= 0.02 * census.words[word]
    )


def _npmi(census: Census, parts: list[str], count: int, articles: int) -> float:
    """Normalized pointwise mutual information of the two halves over articles, in [-1, 1]."""
    left, right = census.phrases[" ".join(parts[:-1])], census.phrases[parts[-1]]
    share = count / max(articles, 1)
    if share >= 1 or not left or not right:
        return 0.0
    return math.log(share / (left / articles * right / articles)) / -math.log(share)


def _other_number(phrase: str) -> str:
    """Return the singular of a phrase in the plural, and the reverse."""
    if phrase.endswith("ies"):
        return f"{phrase[:-3]}y"
    if phrase.endswith("s") and not phrase.endswith("ss"):
        return phrase[:-1]
    return plural(phrase)
