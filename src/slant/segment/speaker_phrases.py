"""Read who speaks from the words beside a verb of saying.

Rules on words alone: a run of capitalized words is a name, "the ministry" and "a spokesman for the campaign" are
descriptions. What does not look like either is no speaker.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class Source:
    """Who speaks, as the text has it. form: "name", "description" or "pronoun"."""

    words: str
    form: str


def word_set(words: str) -> frozenset[str]:
    return frozenset(words.split())


PRONOUNS = word_set("he she they it i we you who which this that one these those him her them")
_DETERMINERS = word_set(
    "the a an one two three four five several some many most both other another his her their its our this that these"
    " those no"
)
_PREPOSITIONS = word_set(
    "of for with at from in on by to about against over near behind under into between among during after before since"
    " than like as toward towards without within through via outside inside"
)
_OPENING_CLAUSE = word_set("as after before since than")
_LINKS = word_set("of for with at from")  # "a spokesman for the ministry"
_PARTICLES = word_set("de da di del della la le du van von der den ter al el bin ibn ul abu")
# Words between a subject and its verb.
_SKIPPED = word_set(
    "also has had have later then once still even again himself herself themselves itself would will could did does do"
    " may might must can should first soon further often always never not now just too instead reportedly only once"
    " previously recently repeatedly famously simply quickly already however though both all"
)
_PASSIVE = word_set("was were is are been be being got gets am wasn't isn't aren't weren't")
_CLAUSE_WORDS = word_set(
    "that because while when if although though and but or as whether where what why how so because"
)
# Capitalized at the beginning of a sentence, but no part of a name.
NOT_NAMES = word_set(
    "but and yet so while when as if although though because since after before in on at still meanwhile later then now"
    " today even once the a an asked speaking for by with from to of or nor not what who why how where this that these"
    " those there here it he she they we i you his her their its our my your one some many most both all no yes well"
    " also instead however indeed perhaps monday tuesday wednesday thursday friday saturday sunday january february"
    " march april june july august september october november december during among like unlike despite until"
    " earlier yesterday tonight again just only another other such former ex nobody everyone someone anyone people"
    " according says said writes citing quoting asking according every each more few several two three four five"
    " mom dad god none thanks let first second third last next nothing something everything afterward afterwards"
)
_TITLES = word_set(
    "mr mrs ms miss dr sen sens senator senators rep reps representative congressman congresswoman gov governor governors"
    " gen general lt col colonel capt captain sgt sergeant maj major adm admiral rev reverend hon pres president"
    " vice-president president-elect prof professor mayor deputy minister premier chancellor secretary judge justice"
    " chairman chairwoman chair chief director officer speaker leader spokesman spokeswoman spokesperson sheriff"
    " commissioner attorney ambassador councilman councilwoman councillor councilor alderman assemblyman archbishop"
    " bishop cardinal rabbi imam father sister coach detective inspector superintendent lord lady sir dame republican"
    " republicans democrat democrats democratic libertarian conservative liberal labour tory candidate nominee"
    " frontrunner front-runner host anchor correspondent reporter strategist commander manager adviser advisor counsel"
    " lawyer economist author columnist editor analyst pollster activist lead treasurer ceo whip dean pastor"
)
# Plural nouns that speak without a determiner.
_BARE = word_set(
    "officials critics aides experts analysts police prosecutors supporters protesters protestors lawyers researchers"
    " residents witnesses sources activists authorities scientists economists opponents observers advocates investigators"
    " republicans democrats conservatives lawmakers campaigners doctors teachers voters prosecutors organizers organisers"
    " attorneys advisers advisors strategists reporters spokesmen leaders neighbors neighbours friends"
)
_STRIP = ',;:.!?()[]“”"‘*_'
_WORD = re.compile(r"[^\W\d_](?:[\w&.’'-]*[\w&])?\.?")
POSSESSIVE = ("’s", "'s", "s’", "s'")
INITIAL = re.compile(r"(?:[A-Z]\.)+|[A-Z]\.?")


_REMEMBERED = 4096  # words whose form is looked up once


def _bare(token: str) -> str:
    return token.strip(_STRIP)


@lru_cache(maxsize=_REMEMBERED)
def key_of(token: str) -> str:
    return token.strip(_STRIP).casefold()


@lru_cache(maxsize=_REMEMBERED)
def is_capital(token: str) -> bool:
    if token[0].islower():
        return False
    bare = token.lstrip('“"‘(*_').rstrip(',;:!?)*_”"')
    return bare[:1].isupper() and _WORD.fullmatch(bare) is not None


@lru_cache(maxsize=_REMEMBERED)
def ends_phrase(token: str) -> bool:
    """Does a phrase end with this token?"""
    last = token.rstrip("*_")[-1:]
    if last == ".":
        return not (
            INITIAL.fullmatch(token) or key_of(token) in _TITLES or key_of(token) in ("jr", "sr", "st")
        )
    return last in ",;:!?—–)…"


def clean_name(run: Sequence[str]) -> Source | None:
    """A name without titles and words that only begin the sentence; None if nothing is left."""
    words = [token.strip(',;:!?()[]“”"‘*_') for token in run]
    words = [word if INITIAL.fullmatch(word) else word.rstrip(".") for word in words]
    while words and words[0].casefold() in NOT_NAMES:
        words = words[1:]
    cut = next((i for i in range(len(words) - 1, -1, -1) if words[i].casefold() in _TITLES), -1)
    if cut == len(words) - 1 and words:  # "the President", "Republicans"
        return Source(" ".join(words), "description") if words[-1].casefold() in _BARE else None
    words = words[cut + 1 :]
    if words[:1] == ["of"]:  # "Secretary of State Maria Karvi"
        words = words[3 if words[1:2] == ["Homeland"] else 2 :]
    if not words or len(words) > 6 or (words[0].casefold() in _PARTICLES and len(words) == 1):
        return None
    if any(word.endswith(POSSESSIVE[:2]) for word in words) or words[-1].casefold() in NOT_NAMES:
        return None
    return Source(" ".join(words), "name")


def _is_adverb(token: str) -> bool:
    if ends_phrase(token):
        return False
    key = key_of(token)
    return key in _SKIPPED or (key.endswith("ly") and token.islower() and key not in _NO_ADVERBS)


_NO_ADVERBS = word_set("ally family rally assembly reply supply bully daily weekly monthly anomaly")


def source_before(tokens: Sequence[str]) -> Source | None:
    """The subject whose verb of saying follows `tokens`; None if these words are no subject."""
    end = len(tokens)
    if end > 1 and key_of(tokens[end - 1]) in ("however", "meanwhile", "though", "too", "meantime"):
        tokens = [*tokens[: end - 2], tokens[end - 2].rstrip(",")]
        end -= 1
    while end and _is_adverb(tokens[end - 1]):
        end -= 1
    if not end or key_of(tokens[end - 1]) in _PASSIVE:
        return None
    if tokens[end - 1].rstrip("*_").endswith((",", ")", "—", "–")):
        if found := _before_aside(tokens, end):
            return found
        return None
    if key_of(tokens[end - 1]) == "who" and end > 1:
        found = _phrase_ending(tokens, end - 1)
        if found is None or found.form == "pronoun":
            return None
        named = end - 2 - len(found.words.split())  # "Karvi, a teacher who says"
        if found.form == "description" and named >= 0 and tokens[named].endswith(","):
            return _phrase_ending(tokens, named + 1)
        return found
    if tokens[end - 1][-1:] in ".;:!?" and key_of(tokens[end - 1]) not in ("jr", "sr"):
        return None
    return _phrase_ending(tokens, end)


_MAX_ASIDE = 25  # words between two commas after a name
_MAX_COMMAS = 4


def _before_aside(tokens: Sequence[str], end: int) -> Source | None:
    """The subject before an aside: "Maria Karvi, mayor of Tavin, said"; for "the director, Jan Tesk, said", the name."""
    commas = 0
    for at in range(end - 2, max(-1, end - _MAX_ASIDE), -1):
        if not tokens[at].rstrip("*_").endswith((",", "—", "–")) and not tokens[at + 1].startswith("("):
            continue
        commas += 1
        first = tokens[at + 1].lstrip("(")
        aside = tokens[at + 1 : end]
        if commas == 1 and all(is_capital(token) for token in aside) and len(aside) in (2, 3, 4):
            described = _phrase_ending(tokens, at + 1)
            if described is not None and described.form == "description":
                return clean_name(aside)
        lower = (
            first.endswith(POSSESSIVE)
            or first[:1].islower()
            or first[:1].isdigit()
            or re.match(r"[RDI]-", first)
        )
        if lower and key_of(first) not in _CLAUSE_WORDS and key_of(first) not in _PREPOSITIONS - {"of"}:
            if key_of(first) in PRONOUNS - {"who", "which", "one"}:
                return None
            return _phrase_ending(tokens, at + 1)
        if commas == _MAX_COMMAS:
            break
    return None


def _phrase_ending(tokens: Sequence[str], end: int) -> Source | None:
    """The name, description or pronoun that ends before `tokens[end]`."""
    if not end:
        return None
    last = tokens[end - 1]
    key = key_of(last)
    if key in PRONOUNS:
        return Source(key, "pronoun")
    if last.rstrip(_STRIP + "*_").endswith(POSSESSIVE[:2]) or key in _NO_NOUNS:
        return None
    if is_capital(last) and key not in NOT_NAMES:
        start = run_start(tokens, end)
        found = clean_name(tokens[start:end])
        return _with_link(tokens, start, end, found) if found else _description_ending(tokens, end)
    if not _bare(last).replace("-", "").replace("’", "").replace("'", "").isalpha():
        return None
    return _description_ending(tokens, end)


_NO_NOUNS = _CLAUSE_WORDS | _PREPOSITIONS | _DETERMINERS | _PASSIVE | _SKIPPED


def run_start(tokens: Sequence[str], end: int) -> int:
    """Start of the run of capitalized words that ends before `tokens[end]`."""
    start = end - 1
    while start > 0:
        token = tokens[start - 1]
        key = key_of(token)
        if ends_phrase(token) or token.endswith(POSSESSIVE[:2]):
            break
        if is_capital(token) and key not in NOT_NAMES:
            start -= 1
        elif (
            key in _PARTICLES
            and start > 1
            and is_capital(tokens[start - 2])
            and not ends_phrase(tokens[start - 2])
        ) or (key == "of" and start > 1 and key_of(tokens[start - 2]) in _OF_NAMES):
            start -= 2
        else:
            break
    return start


_OF_NAMES = word_set(
    "department house university bank ministry secretary board institute church chamber league bureau court"
)


def _with_link(tokens: Sequence[str], start: int, end: int, found: Source | None) -> Source | None:
    """The phrase that a name is only a part of: "a spokesman for Maria Karvi". None where two are named."""
    if found is None or not start:
        return found
    key = key_of(tokens[start - 1])
    if ends_phrase(tokens[start - 1]):
        return found
    if key in ("and", "or", "&"):
        # "and Karvi said" begins a clause unless a name is before it
        return (
            None
            if start > 1 and is_capital(tokens[start - 2]) and not ends_phrase(tokens[start - 2])
            else found
        )
    if key in _DETERMINERS and start > 1 and key_of(tokens[start - 2]) in _PREPOSITIONS - _OPENING_CLAUSE:
        longer = _description_ending(tokens, start - 2) if key_of(tokens[start - 2]) in _LINKS else None
        return longer and Source(f"{longer.words} {_text(tokens[start - 2 : end])}", "description")
    if key in _LINKS:
        head = _description_ending(tokens, start - 1)
        if head is None or head.form != "description":
            return None
        return Source(f"{head.words} {' '.join(map(_bare, tokens[start - 1 : end]))}", "description")
    if key in _PREPOSITIONS - _OPENING_CLAUSE:
        return None
    return found


def _description_ending(tokens: Sequence[str], end: int) -> Source | None:
    """A description that ends before `tokens[end]`: a determiner or possessive and up to five words, or a bare plural."""
    if not end:
        return None
    for start in range(end - 1, max(-1, end - 7), -1):
        token = tokens[start]
        key = key_of(token)
        if start < end - 1 and (ends_phrase(token) or key in _CLAUSE_WORDS or key in _PASSIVE):
            break
        owner = token.endswith(POSSESSIVE) and start < end - 1
        if (key in _DETERMINERS or owner) and start < end - 1:
            if owner:
                start = run_start(tokens, start + 1) if is_capital(token) else start
                back = next(
                    (i for i in range(1, 4) if start >= i and key_of(tokens[start - i]) in _DETERMINERS), 0
                )
                start -= back  # "the harbor board's director"
            return _linked(tokens, start, end)
        if key in _PREPOSITIONS or key in PRONOUNS:
            break
    if key_of(tokens[end - 1]) in _BARE:
        start = end - 1
        while (
            start and is_capital(tokens[start - 1]) and not ends_phrase(tokens[start - 1]) and start > end - 4
        ):
            start -= 1
        if start and key_of(tokens[start - 1]) in _PREPOSITIONS | {"and"}:
            return None
        return Source(_text(tokens[start:end]), "description")
    return None


def _linked(tokens: Sequence[str], start: int, end: int) -> Source | None:
    """A description; the longer one if it is only its end ("a spokesman for the ministry")."""
    text = _text(tokens[start:end])
    if start and not ends_phrase(tokens[start - 1]):
        key = key_of(tokens[start - 1])
        if key in _LINKS:
            head = _description_ending(tokens, start - 1)
            return head and Source(f"{head.words} {_bare(tokens[start - 1])} {text}", "description")
        if key in _PREPOSITIONS - _OPENING_CLAUSE or key in ("and", "or"):
            return None
        # After another word it is the object of a verb: "a man who heard the debate said".
        if tokens[start - 1][:1].islower() and key not in _BEFORE_SUBJECT and not key.endswith("ly"):
            return None
    return Source(text, "description")


_BEFORE_SUBJECT = _CLAUSE_WORDS | _OPENING_CLAUSE | _SKIPPED | word_set("said says saying which meanwhile")


def _text(tokens: Sequence[str]) -> str:
    words = [_bare(token) for token in tokens]
    first = words[0]
    return " ".join([first.lower() if first.casefold() in _DETERMINERS else first, *words[1:]])


_FORWARD_STOPS = (
    (_PREPOSITIONS - {"of", "for"})
    | _CLAUSE_WORDS
    | _PASSIVE
    | _SKIPPED
    | word_set(
        "who which whose monday tuesday wednesday thursday friday saturday sunday last late early earlier yesterday today"
        " tonight this there here recently"
    )
)


def source_after(tokens: Sequence[str]) -> Source | None:
    """The speaker named after a verb of saying or "according to": "said Maria Karvi, the mayor"."""
    if not tokens:
        return None
    first = key_of(tokens[0])
    if first in PRONOUNS - {"this", "that", "one", "these", "those", "her", "which"}:
        return Source(first, "pronoun")
    end = _phrase_end(tokens)
    if not end:
        return None
    last = tokens[end - 1]
    if is_capital(last) and key_of(last) not in NOT_NAMES:
        found, is_all = _name_at_end(tokens, end)
        if is_all:
            return found
    if last.endswith(",") and (named := _name_after(tokens, end)):
        return named
    if first in _DETERMINERS or tokens[0].endswith(POSSESSIVE):
        return Source(_text(tokens[:end]), "description") if end > 1 else None
    return Source(_text(tokens[:end]), "description") if key_of(last) in _BARE else None


def _phrase_end(tokens: Sequence[str]) -> int:
    """How many of the tokens belong to the phrase that begins with the first; 0 if none begins there."""
    for end, token in enumerate(tokens[:12]):
        key = key_of(token)
        stops = key in _FORWARD_STOPS and key not in _DETERMINERS
        if not end and (stops or key.endswith("ing")):
            return 0
        if end and (stops or (key.endswith("ly") and token[:1].islower())):
            return end
        person = end and is_capital(tokens[0]) and is_capital(tokens[end - 1])
        if person and key in ("of", "for") and key_of(tokens[end - 1]) not in _OF_NAMES:
            return end
        if ends_phrase(token):
            return end + 1
    return min(len(tokens), 12)


def _name_at_end(tokens: Sequence[str], end: int) -> tuple[Source | None, bool]:
    """The name or description that ends with a name, and whether nothing else is to be tried."""
    start = run_start(tokens, end)
    before = key_of(tokens[start - 1]) if start else ""
    determined = key_of(tokens[0]) in _DETERMINERS
    if before in ("and", "or", "&"):
        return None, True
    if before in _LINKS:
        return (Source(_text(tokens[:end]), "description") if determined else None), True
    found = clean_name(tokens[start:end])
    return found, found is not None or not determined


def _name_after(tokens: Sequence[str], start: int) -> Source | None:
    """A name of two words or more that begins at `start`."""
    stop = start
    while stop < len(tokens) and is_capital(tokens[stop]):
        stop += 1
        if ends_phrase(tokens[stop - 1]):
            break
    return clean_name(tokens[start:stop]) if stop - start >= 2 else None


# Verbs in the past without -ed, and helping verbs: what may follow a subject.
_VERB_FORMS = word_set(
    "took went made got gave came spoke told began kept left met ran saw sought stood thought won wrote hit has had is was"
    " did does drew fell felt flew led lost paid put read rose sat sent set shot spent struck swore threw wore will would can"
    " could may might must also then never once who broke chose held hold found said knew let laid found brought built"
    " bought caught dealt fought heard shook sold taught understood was are were have do"
)


def first_subject(tokens: Sequence[str]) -> Source | None:
    """The name or pronoun that a sentence begins with, after "But" or a phrase such as "In Tavin,"."""
    at = 0
    while at < len(tokens) and key_of(tokens[at]) in ("but", "and", "yet", "so", "still", "then"):
        at += 1
    if found := _subject_at(tokens, at):
        return found
    comma = next((i for i in range(at, min(len(tokens), at + 9)) if tokens[i].endswith(",")), None)
    return None if comma is None else _subject_at(tokens, comma + 1)


def _subject_at(tokens: Sequence[str], at: int) -> Source | None:
    """The name or pronoun at a place, if a verb or an aside follows it."""
    if at >= len(tokens):
        return None
    if key_of(tokens[at]) in ("he", "she"):
        return Source(key_of(tokens[at]), "pronoun")
    stop = at
    while stop < len(tokens) and is_capital(tokens[stop]) and key_of(tokens[stop]) not in NOT_NAMES:
        stop += 1
        if ends_phrase(tokens[stop - 1]):
            break
    if stop == at or stop >= len(tokens) or tokens[stop - 1].endswith(POSSESSIVE[:2]):
        return None
    following, last = key_of(tokens[stop]), tokens[stop - 1][-1:]
    if last == ",":
        fits = following in ("who", "whose", "a", "an", "the") or following.isdigit()
    elif last in ".;:!?)" and not INITIAL.fullmatch(tokens[stop - 1]):
        fits = False
    else:
        verb = following in _VERB_FORMS or following.endswith(("s", "ed", "ly"))
        fits = verb and tokens[stop][:1].islower() and following not in _BARE
    return clean_name(tokens[at:stop]) if fits else None


def bare_name(text: str) -> str | None:
    """A text that is nothing but a name, as before the colon of a headline."""
    tokens = text.split()
    if not 1 <= len(tokens) <= 5 or not all(is_capital(t) or key_of(t) in _PARTICLES for t in tokens):
        return None
    found = clean_name(tokens)
    return found.words if found is not None and found.form == "name" else None
