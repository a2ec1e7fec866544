"""Read who speaks from the words beside a verb of saying, and complete a short name from the rest of the document.

Rules on words alone: a run of capitalized words is a name, "the ministry" and "a spokesman for the campaign" are
descriptions. What does not look like either is no speaker.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Source:
    """Who speaks, as the text has it. form: "name", "description" or "pronoun"."""

    words: str
    form: str


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


PRONOUNS = _set("he she they it i we you who which this that one these those him her them")
_DETERMINERS = _set(
    "the a an one two three four five several some many most both other another his her their its our this that these"
    " those no"
)
_PREPOSITIONS = _set(
    "of for with at from in on by to about against over near behind under into between among during after before since"
    " than like as toward towards without within through via outside inside"
)
_OPENING_CLAUSE = _set("as after before since than")
_LINKS = _set("of for with at from")  # "a spokesman for the ministry"
_PARTICLES = _set("de da di del della la le du van von der den ter al el bin ibn ul abu")
# Words between a subject and its verb.
_SKIPPED = _set(
    "also has had have later then once still even again himself herself themselves itself would will could did does do"
    " may might must can should first soon further often always never not now just too instead reportedly only once"
    " previously recently repeatedly famously simply quickly already however though both all"
)
_PASSIVE = _set("was were is are been be being got gets am wasn't isn't aren't weren't")
_CLAUSE_WORDS = _set(
    "that because while when if although though and but or as whether where what why how so because"
)
# Capitalized at the beginning of a sentence, but no part of a name.
_NOT_NAMES = _set(
    "but and yet so while when as if although though because since after before in on at still meanwhile later then now"
    " today even once the a an asked speaking for by with from to of or nor not what who why how where this that these"
    " those there here it he she they we i you his her their its our my your one some many most both all no yes well"
    " also instead however indeed perhaps monday tuesday wednesday thursday friday saturday sunday january february"
    " march april june july august september october november december during among like unlike despite until"
    " earlier yesterday tonight again just only another other such former ex nobody everyone someone anyone people"
    " according says said writes citing quoting asking according every each more few several two three four five"
    " mom dad god none thanks let first second third last next nothing something everything afterward afterwards"
)
_TITLES = _set(
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
_KEPT_TITLES = _set("pope king queen prince princess saint st emperor sultan ayatollah emir")
# No one is called by these words: a run that ends with one is an institution, a place or a thing.
_NO_PERSON = re.compile(
    r"(?:house|street|times|post|journal|news|tv|party|committee|council|court|campaign|university|college|institute|association"
    r"|department|ministry|office|agency|union|group|inc|corp|co|ltd|club|board|bureau|commission|foundation|center|centre"
    r"|congress|senate|parliament|government|administration|states|kingdom|america|american|americans|police|army|force"
    r"|forces|fund|bank|company|network|press|magazine|report|coalition|federation|league|society|service|authority"
    r"|republicans|democrats|gop|dnc|rnc|fbi|cia|nsa|nbc|cbs|abc|cnn|fox|msnbc|bbc|reuters|politico|breitbart|twitter"
    r"|facebook|watch|international|times’|hampshire|york|carolina|jersey|virginia|dakota|act|street|pac|security)s?"
)
# Plural nouns that speak without a determiner.
_BARE = _set(
    "officials critics aides experts analysts police prosecutors supporters protesters protestors lawyers researchers"
    " residents witnesses sources activists authorities scientists economists opponents observers advocates investigators"
    " republicans democrats conservatives lawmakers campaigners doctors teachers voters prosecutors organizers organisers"
    " attorneys advisers advisors strategists reporters spokesmen leaders neighbors neighbours friends"
)
_STRIP = ',;:.!?()[]“”"‘*_'
_WORD = re.compile(r"[^\W\d_](?:[\w&.’'-]*[\w&])?\.?")
_POSSESSIVE = ("’s", "'s", "s’", "s'")
_INITIAL = re.compile(r"(?:[A-Z]\.)+|[A-Z]\.?")


def _bare(token: str) -> str:
    return token.strip(_STRIP)


def _key(token: str) -> str:
    return token.strip(_STRIP).casefold()


def _is_capital(token: str) -> bool:
    bare = token.lstrip('“"‘(*_').rstrip(',;:!?)*_”"')
    return bare[:1].isupper() and _WORD.fullmatch(bare) is not None


def _ends(token: str) -> bool:
    """Does a phrase end with this token?"""
    last = token.rstrip("*_")[-1:]
    if last == ".":
        return not (_INITIAL.fullmatch(token) or _key(token) in _TITLES or _key(token) in ("jr", "sr", "st"))
    return last in ",;:!?—–)…"


def _clean_name(run: Sequence[str]) -> Source | None:
    """A name without titles and words that only begin the sentence; None if nothing is left."""
    words = [token.strip(',;:!?()[]“”"‘*_') for token in run]
    words = [word if _INITIAL.fullmatch(word) else word.rstrip(".") for word in words]
    while words and words[0].casefold() in _NOT_NAMES:
        words = words[1:]
    cut = next((i for i in range(len(words) - 1, -1, -1) if words[i].casefold() in _TITLES), -1)
    if cut == len(words) - 1 and words:  # "the President", "Republicans"
        return Source(" ".join(words), "description") if words[-1].casefold() in _BARE else None
    words = words[cut + 1 :]
    if words[:1] == ["of"]:  # "Secretary of State Maria Karvi"
        words = words[3 if words[1:2] == ["Homeland"] else 2 :]
    if not words or len(words) > 6 or words[0].casefold() in _PARTICLES and len(words) == 1:
        return None
    if any(word.endswith(_POSSESSIVE[:2]) for word in words) or words[-1].casefold() in _NOT_NAMES:
        return None
    return Source(" ".join(words), "name")


def _is_adverb(token: str) -> bool:
    if _ends(token):
        return False
    key = _key(token)
    return key in _SKIPPED or (key.endswith("ly") and token.islower() and key not in _NO_ADVERBS)


_NO_ADVERBS = _set("ally family rally assembly reply supply bully daily weekly monthly anomaly")


def source_before(tokens: Sequence[str]) -> Source | None:
    """The subject whose verb of saying follows `tokens`; None if these words are no subject."""
    end = len(tokens)
    if end > 1 and _key(tokens[end - 1]) in ("however", "meanwhile", "though", "too", "meantime"):
        tokens = [*tokens[: end - 2], tokens[end - 2].rstrip(",")]
        end -= 1
    while end and _is_adverb(tokens[end - 1]):
        end -= 1
    if not end or _key(tokens[end - 1]) in _PASSIVE:
        return None
    if tokens[end - 1].rstrip("*_").endswith((",", ")", "—", "–")):
        if found := _before_aside(tokens, end):
            return found
        return None
    if _key(tokens[end - 1]) == "who" and end > 1:
        found = _phrase_ending(tokens, end - 1)
        if found is None or found.form == "pronoun":
            return None
        named = end - 2 - len(found.words.split())  # "Karvi, a teacher who says"
        if found.form == "description" and named >= 0 and tokens[named].endswith(","):
            return _phrase_ending(tokens, named + 1)
        return found
    if tokens[end - 1][-1:] in ".;:!?":
        if not (_is_capital(tokens[end - 1]) and _key(tokens[end - 1]) in ("jr", "sr")):
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
        if commas == 1 and all(_is_capital(token) for token in aside) and len(aside) in (2, 3, 4):
            described = _phrase_ending(tokens, at + 1)
            if described is not None and described.form == "description":
                return _clean_name(aside)
        lower = (
            first.endswith(_POSSESSIVE)
            or first[:1].islower()
            or first[:1].isdigit()
            or re.match(r"[RDI]-", first)
        )
        if lower and _key(first) not in _CLAUSE_WORDS and _key(first) not in _PREPOSITIONS - {"of"}:
            if _key(first) in PRONOUNS - {"who", "which", "one"}:
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
    key = _key(last)
    if key in PRONOUNS:
        return Source(key, "pronoun")
    if last.rstrip(_STRIP + "*_").endswith(_POSSESSIVE[:2]) or key in _NO_NOUNS:
        return None
    if _is_capital(last) and key not in _NOT_NAMES:
        start = _run_start(tokens, end)
        found = _clean_name(tokens[start:end])
        return _with_link(tokens, start, end, found) if found else _description_ending(tokens, end)
    if not _bare(last).replace("-", "").replace("’", "").replace("'", "").isalpha():
        return None
    return _description_ending(tokens, end)


_NO_NOUNS = _CLAUSE_WORDS | _PREPOSITIONS | _DETERMINERS | _PASSIVE | _SKIPPED


def _run_start(tokens: Sequence[str], end: int) -> int:
    """Start of the run of capitalized words that ends before `tokens[end]`."""
    start = end - 1
    while start > 0:
        token = tokens[start - 1]
        key = _key(token)
        if _ends(token) or token.endswith(_POSSESSIVE[:2]):
            break
        if _is_capital(token) and key not in _NOT_NAMES:
            start -= 1
        elif (
            key in _PARTICLES
            and start > 1
            and _is_capital(tokens[start - 2])
            and not _ends(tokens[start - 2])
        ):
            start -= 2
        elif key == "of" and start > 1 and _key(tokens[start - 2]) in _OF_NAMES:
            start -= 2
        else:
            break
    return start


_OF_NAMES = _set(
    "department house university bank ministry secretary board institute church chamber league bureau court"
)


def _with_link(tokens: Sequence[str], start: int, end: int, found: Source | None) -> Source | None:
    """The phrase that a name is only a part of: "a spokesman for Maria Karvi". None where two are named."""
    if found is None or not start:
        return found
    key = _key(tokens[start - 1])
    if _ends(tokens[start - 1]):
        return found
    if key in ("and", "or", "&"):
        # "and Karvi said" begins a clause unless a name is before it
        return (
            None if start > 1 and _is_capital(tokens[start - 2]) and not _ends(tokens[start - 2]) else found
        )
    if key in _DETERMINERS and start > 1 and _key(tokens[start - 2]) in _PREPOSITIONS - _OPENING_CLAUSE:
        longer = _description_ending(tokens, start - 2) if _key(tokens[start - 2]) in _LINKS else None
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
        key = _key(token)
        if start < end - 1 and (_ends(token) or key in _CLAUSE_WORDS or key in _PASSIVE):
            break
        owner = token.endswith(_POSSESSIVE) and start < end - 1
        if (key in _DETERMINERS or owner) and start < end - 1:
            if owner:
                start = _run_start(tokens, start + 1) if _is_capital(token) else start
                if start and _key(tokens[start - 1]) in _DETERMINERS:
                    start -= 1
            return _linked(tokens, start, end)
        if key in _PREPOSITIONS or key in PRONOUNS:
            break
    if _key(tokens[end - 1]) in _BARE:
        start = end - 1
        while start and _is_capital(tokens[start - 1]) and not _ends(tokens[start - 1]) and start > end - 4:
            start -= 1
        if start and _key(tokens[start - 1]) in _PREPOSITIONS | {"and"}:
            return None
        return Source(_text(tokens[start:end]), "description")
    return None


def _linked(tokens: Sequence[str], start: int, end: int) -> Source | None:
    """A description; the longer one if it is only its end ("a spokesman for the ministry")."""
    text = _text(tokens[start:end])
    if start and not _ends(tokens[start - 1]):
        key = _key(tokens[start - 1])
        if key in _LINKS:
            head = _description_ending(tokens, start - 1)
            return head and Source(f"{head.words} {_bare(tokens[start - 1])} {text}", "description")
        if key in _PREPOSITIONS - _OPENING_CLAUSE or key in ("and", "or"):
            return None
        # After another word it is the object of a verb: "a man who heard the debate said".
        if tokens[start - 1][:1].islower() and key not in _BEFORE_SUBJECT and not key.endswith("ly"):
            return None
    return Source(text, "description")


_BEFORE_SUBJECT = _CLAUSE_WORDS | _OPENING_CLAUSE | _SKIPPED | _set("said says saying which meanwhile")


def _text(tokens: Sequence[str]) -> str:
    words = [_bare(token) for token in tokens]
    first = words[0]
    return " ".join([first.lower() if first.casefold() in _DETERMINERS else first, *words[1:]])


_FORWARD_STOPS = (
    (_PREPOSITIONS - {"of", "for"})
    | _CLAUSE_WORDS
    | _PASSIVE
    | _SKIPPED
    | _set(
        "who which whose monday tuesday wednesday thursday friday saturday sunday last late early earlier yesterday today"
        " tonight this there here recently"
    )
)


def source_after(tokens: Sequence[str]) -> Source | None:
    """The speaker named after a verb of saying or "according to": "said Maria Karvi, the mayor"."""
    if not tokens:
        return None
    if _key(tokens[0]) in PRONOUNS - {"this", "that", "one", "these", "those", "her", "which"}:
        return Source(_key(tokens[0]), "pronoun")
    end = 0
    while end < min(len(tokens), 12):
        key = _key(tokens[end])
        if end and key in _FORWARD_STOPS and key not in _DETERMINERS:
            break
        if end and key in ("of", "for") and _is_capital(tokens[0]) and _is_capital(tokens[end - 1]):
            if _key(tokens[end - 1]) not in _OF_NAMES:
                break
        if not end and (key in _FORWARD_STOPS - _DETERMINERS or key.endswith("ing")):
            return None
        if end and key.endswith("ly") and tokens[end][:1].islower():
            break
        end += 1
        if _ends(tokens[end - 1]):
            break
    if not end:
        return None
    last = tokens[end - 1]
    if _is_capital(last) and _key(last) not in _NOT_NAMES:
        start = _run_start(tokens, end)
        before = _key(tokens[start - 1]) if start else ""
        if before in ("and", "or", "&"):
            return None
        if before in _LINKS:
            return Source(_text(tokens[:end]), "description") if _key(tokens[0]) in _DETERMINERS else None
        found = _clean_name(tokens[start:end])
        if found or _key(tokens[0]) not in _DETERMINERS:
            return found
    if last.endswith(",") and end < len(tokens) and _is_capital(tokens[end]):
        stop = end
        while stop < len(tokens) and _is_capital(tokens[stop]):
            stop += 1
            if _ends(tokens[stop - 1]):
                break
        if stop - end >= 2:
            return _clean_name(tokens[end:stop])
    keys = [_key(token) for token in tokens[:end]]
    if keys[0] in _DETERMINERS or tokens[0].endswith(_POSSESSIVE):
        return Source(_text(tokens[:end]), "description") if end > 1 else None
    return Source(_text(tokens[:end]), "description") if keys[-1] in _BARE else None


# Verbs in the past without -ed, and helping verbs: what may follow a subject.
_VERB_FORMS = _set(
    "took went made got gave came spoke told began kept left met ran saw sought stood thought won wrote hit has had is was did"
    " does drew fell felt flew led lost paid put read rose sat sent set shot spent struck swore threw wore will would can"
    " could may might must also then never once who broke chose held hold found said knew let laid found brought built"
    " bought caught dealt fought heard shook sold taught understood was are were have do"
)


def first_subject(tokens: Sequence[str]) -> Source | None:
    """The name or pronoun that a sentence begins with, after "But" or a phrase such as "In Tavin,"."""
    at = 0
    while at < len(tokens) and _key(tokens[at]) in ("but", "and", "yet", "so", "still", "then"):
        at += 1
    if found := _subject_at(tokens, at):
        return found
    comma = next((i for i in range(at, min(len(tokens), at + 9)) if tokens[i].endswith(",")), None)
    return None if comma is None else _subject_at(tokens, comma + 1)


def _subject_at(tokens: Sequence[str], at: int) -> Source | None:
    """The name or pronoun at a place, if a verb or an aside follows it."""
    if at >= len(tokens):
        return None
    if _key(tokens[at]) in ("he", "she"):
        return Source(_key(tokens[at]), "pronoun")
    stop = at
    while stop < len(tokens) and _is_capital(tokens[stop]) and _key(tokens[stop]) not in _NOT_NAMES:
        stop += 1
        if _ends(tokens[stop - 1]):
            break
    if stop == at or stop >= len(tokens) or tokens[stop - 1].endswith(_POSSESSIVE[:2]):
        return None
    following, last = _key(tokens[stop]), tokens[stop - 1][-1:]
    if last == ",":
        if following not in ("who", "whose", "a", "an", "the") and not following.isdigit():
            return None
    elif last in ".;:!?)" and not _INITIAL.fullmatch(tokens[stop - 1]):
        return None
    elif not tokens[stop][:1].islower() or following in _BARE:
        return None
    elif following not in _VERB_FORMS and not following.endswith(("s", "ed", "ly")):
        return None
    return _clean_name(tokens[at:stop])


def bare_name(text: str) -> str | None:
    """A text that is nothing but a name, as before the colon of a headline."""
    tokens = text.split()
    if not 1 <= len(tokens) <= 5 or not all(_is_capital(t) or _key(t) in _PARTICLES for t in tokens):
        return None
    found = _clean_name(tokens)
    return found.words if found is not None and found.form == "name" else None


# ---- names of one document

_MALE = _set(
    "adam alan albert alex alexander andrew anthony antonio barack ben benjamin bernie bill bob boris brad brian carl carlos"
    " charles chris christopher chuck craig dan daniel dave david dennis dmitry don donald doug douglas ed edward emmanuel"
    " eric frank fred gary george glenn greg harry henry ian jack jacob jake james jason jeff jeffrey jeremy jim jimmy joe"
    " joel john jon jonathan jordan jose joseph josh juan justin karl keith keir ken kenneth kevin larry lee luis marco mark"
    " martin matt matthew michael mike mitch mitt mohammed muhammad nick nicholas nigel oliver patrick paul pedro pete peter"
    " phil philip ralph randy ray recep richard rick robert rod roger ron ronald rudy rupert russell ryan sam samuel scott"
    " sean sergei simon stephen steve steven stuart ted terry thomas tim timothy todd tom tony vladimir volodymyr walter"
    " will william xi"
)
_FEMALE = _set(
    "abigail alice alison amanda amy andrea angela ann anna anne barbara betty brenda carly carol caroline catherine"
    " charlotte cheryl chelsea christina christine cynthia dana deborah debbie diana diane donna dorothy elizabeth emily emma"
    " eva evelyn fiona frances gloria hannah heather heidi helen hillary huma irene ivanka jackie jane janet jean jennifer"
    " jessica jill joan joyce judith judy julia julie karen kamala kate katherine kathleen kathy katie kellyanne kelly kim"
    " kimberly laura lauren linda lisa liz lori louise lucy margaret maria marie marine martha mary megan megyn melania"
    " melissa michelle monica nancy naomi natalie nicola nicole nikki olivia pamela patricia rachel rebecca rosa ruth"
    " samantha sandra sara sarah sharon sheila sofia sophie stephanie susan teresa theresa tina ursula valerie vanessa"
    " victoria virginia wendy"
)
_CLEAR = 3  # a first name must be as many times as frequent as all others with the same last name


class Names:
    """The names of one document: completes last names, and tells whom "he" or "she" may mean."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = texts
        self._text: str | None = None
        self._full: dict[str, str] = {}

    @property
    def text(self) -> str:
        if self._text is None:
            self._text = "\n".join(self._texts)
        return self._text

    def full(self, name: str) -> str:
        """The full name of someone who is called by a last name; the same where none or several fit."""
        if " " in name or name.isupper() and len(name) < 6:
            return name
        if name not in self._full:
            self._full[name] = self._complete(name)
        return self._full[name]

    def is_word(self, name: str) -> bool:
        """Is a name an ordinary word that only begins a sentence?"""
        if " " in name or not name.istitle() or self.full(name) != name:
            return False
        return name.endswith(("ing", "ly")) or f" {name.lower()} " in self.text

    def _complete(self, name: str) -> str:
        found: Counter[str] = Counter()
        forms: dict[str, str] = {}
        at = self.text.find(f" {name}")
        while at >= 0:
            end = at + 1 + len(name)
            if not self.text[end : end + 1].isalnum() and not self.text.startswith((" Jr", ", Jr"), end):
                tokens = self.text[max(0, at - 60) : at].rpartition("\n")[2].split()
                if at > 60 and tokens and len(tokens) > 1:
                    tokens = tokens[1:]
                if source := self._first_names(tokens, name):
                    first = source.split()[0]
                    found[first] += 1
                    forms.setdefault(first, source)
            at = self.text.find(f" {name}", end)
        if not found:
            return name
        (first, count), *_ = found.most_common(1)
        others = found.total() - count
        return forms[first] if not others or count >= _CLEAR * others else name

    @staticmethod
    def _first_names(tokens: Sequence[str], last: str) -> str | None:
        """The full name if first names stand before the last name."""
        if not tokens or not _is_capital(tokens[-1]) or _ends(tokens[-1]):
            return None
        run = [*tokens[_run_start(tokens, len(tokens)) :], last]
        source = _clean_name(run)
        if source is None or source.form != "name":
            return None
        words = source.words.split()
        if (
            not 2 <= len(words) <= 4
            or words[-1] != last
            or _INITIAL.fullmatch(words[0])
            and len(words[0]) < 2
        ):
            return None
        return source.words

    def gender(self, name: str) -> str | None:
        """The pronoun of a person, "he" or "she", by a title or a first name; None if neither tells."""
        words = name.split()
        if f"Mr. {words[-1]}" in self.text:
            titled = "he"
        elif f"Ms. {words[-1]}" in self.text or f"Mrs. {words[-1]}" in self.text:
            titled = "she"
        else:
            titled = None
        first = words[0].casefold()
        if len(words) > 1 and (first in _MALE or first in _FEMALE):
            return "he" if first in _MALE else "she"
        return titled


def is_person(name: str) -> bool:
    """Can a name be a person's? False for a name with words such as "Ministry", and for capitals (NATO)."""
    words = name.split()
    if len(words) == 1 and name.isupper() and len(name) > 1:
        return False
    return not any(_NO_PERSON.fullmatch(word.casefold()) for word in words)


def names_in(tokens: Sequence[str]) -> list[str]:
    """Names in running words that may be persons', the last first; not after "in" or "at", where places are named."""
    names: list[str] = []
    end = len(tokens)
    while end > 0:
        if not _is_capital(tokens[end - 1]) or _key(tokens[end - 1]) in _NOT_NAMES:
            end -= 1
            continue
        start = _run_start(tokens, end)
        last = tokens[end - 1].rstrip(",;:.!?)")
        run = [*tokens[start : end - 1], last[:-2] if last.endswith(_POSSESSIVE[:2]) else last]
        found = _clean_name(run)
        place = start and _key(tokens[start - 1]) in ("in", "at", "near")
        if found is not None and found.form == "name" and not place:
            names.append(found.words)
        end = start
    return names
