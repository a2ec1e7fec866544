"""Names of one document: complete a last name, and tell whom "he" or "she" may mean."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from slant.segment.speaker_phrases import (
    NOT_NAMES,
    POSSESSIVE,
    clean_name,
    ends_phrase,
    is_capital,
    key_of,
    run_start,
    word_set,
)

# No one is called by these words: a run that ends with one is an institution, a place or a thing.
_NO_PERSON = re.compile(
    r"(?:house|street|times|post|journal|news|tv|party|committee|council|court|campaign|university|college|institute|association"
    r"|department|ministry|office|agency|union|group|inc|corp|co|ltd|club|board|bureau|commission|foundation|center|centre"
    r"|congress|senate|parliament|government|administration|states|kingdom|america|american|americans|police|army|force"
    r"|forces|fund|bank|company|network|press|magazine|report|coalition|federation|league|society|service|authority"
    r"|republicans|democrats|gop|dnc|rnc|fbi|cia|nsa|nbc|cbs|abc|cnn|fox|msnbc|bbc|reuters|politico|breitbart|twitter"
    r"|facebook|watch|international|times’|hampshire|york|carolina|jersey|virginia|dakota|act|street|pac|security)s?"
)
_MALE = word_set(
    "adam alan albert alex alexander andrew anthony antonio barack ben benjamin bernie bill bob boris brad brian carl carlos"
    " charles chris christopher chuck craig dan daniel dave david dennis dmitry don donald doug douglas ed edward emmanuel"
    " eric frank fred gary george glenn greg harry henry ian jack jacob jake james jason jeff jeffrey jeremy jim jimmy joe"
    " joel john jon jonathan jordan jose joseph josh juan justin karl keith keir ken kenneth kevin larry lee luis marco mark"
    " martin matt matthew michael mike mitch mitt mohammed muhammad nick nicholas nigel oliver patrick paul pedro pete peter"
    " phil philip ralph randy ray recep richard rick robert rod roger ron ronald rudy rupert russell ryan sam samuel scott"
    " sean sergei simon stephen steve steven stuart ted terry thomas tim timothy todd tom tony vladimir volodymyr walter"
    " will william xi"
)
_FEMALE = word_set(
    "abigail alice alison amanda amy andrea angela ann anna anne barbara betty brenda carly carol caroline catherine"
    " charlotte cheryl chelsea christina christine cynthia dana deborah debbie diana diane donna dorothy elizabeth emily emma"
    " eva evelyn fiona frances gloria hannah heather heidi helen hillary huma irene ivanka jackie jane janet jean jennifer"
    " jessica jill joan joyce judith judy julia julie karen kamala kate katherine kathleen kathy katie kellyanne kelly kim"
    " kimberly laura lauren linda lisa liz lori louise lucy margaret maria marie marine martha mary megan megyn melania"
    " melissa michelle monica nancy naomi natalie nicola nicole nikki olivia pamela patricia rachel rebecca rosa ruth"
    " samantha sandra sara sarah sharon sheila sofia sophie stephanie susan teresa theresa tina ursula valerie vanessa"
    " victoria virginia wendy"
)
_ENOUGH = 12  # full names with one last name that are looked at
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
        if " " in name or (name.isupper() and len(name) < 6):
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
        seen = 0
        while at >= 0 and seen < _ENOUGH:
            end = at + 1 + len(name)
            near = max(0, at - 30)
            before = max(self.text.rfind(" ", near, at), self.text.rfind("\n", near, at)) + 1
            if (
                (self.text[before].isupper() or not before)
                and not self.text[end : end + 1].isalnum()
                and not self.text.startswith((" Jr", ", Jr"), end)
            ):
                tokens = self.text[max(0, at - 60) : at].rpartition("\n")[2].split()
                if at > 60 and tokens and len(tokens) > 1:
                    tokens = tokens[1:]
                if source := self._first_names(tokens, name):
                    first = source.split()[0]
                    found[first] += 1
                    seen += 1
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
        if not tokens or not is_capital(tokens[-1]) or ends_phrase(tokens[-1]):
            return None
        run = [*tokens[run_start(tokens, len(tokens)) :], last]
        source = clean_name(run)
        if source is None or source.form != "name":
            return None
        words = source.words.split()
        if not 2 <= len(words) <= 4 or words[-1] != last or len(words[0]) < 2:
            return None
        return source.words

    def gender(self, name: str) -> str | None:
        """The pronoun of a person, "he" or "she", by a title or a first name; None if neither tells."""
        words = name.split()
        first = words[0].casefold()
        if len(words) > 1 and (first in _MALE or first in _FEMALE):
            return "he" if first in _MALE else "she"
        titles = set(re.findall(rf"\b(M(?:r|r?s))\.? {re.escape(words[-1])}\b", self.text))
        if "Mr" in titles:
            return "he"
        return "she" if titles else None


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
        if not is_capital(tokens[end - 1]) or key_of(tokens[end - 1]) in NOT_NAMES:
            end -= 1
            continue
        start = run_start(tokens, end)
        last = tokens[end - 1].rstrip(",;:.!?)")
        run = [*tokens[start : end - 1], last[:-2] if last.endswith(POSSESSIVE[:2]) else last]
        found = clean_name(run)
        place = start and key_of(tokens[start - 1]) in ("in", "at", "near")
        if found is not None and found.form == "name" and not place:
            names.append(found.words)
        end = start
    return names
