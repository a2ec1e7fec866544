"""Name who says quoted words: the speaker of a turn, or who the words beside a quotation attribute it to.

A wrong speaker is worse than none. Where no rule fits, where "they said" or "it said" stands, and where "he" may be
several persons, there is no speaker. Scare quotes are the author's words and have none.

Rules were written on PolNeAR train; benchmarks/speakers.py measures them on other articles.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from slant.segment.speaker_names import Names, is_person, names_in
from slant.segment.speaker_phrases import (
    Source,
    bare_name,
    first_subject,
    source_after,
    source_before,
    word_set,
)
from slant.segment.voices import VERB_STEMS, Stretch

Speakers = tuple[str | None, ...]
"""A speaker or None per stretch of a unit; empty if no stretch has one."""

_IRREGULAR = (
    "say says said tell tells told write writes wrote written speaks spoke reads read puts put replies replied denies denied"
    " testifies testified cries cried think thinks thought notes noted posts posted points pointed adds added agrees agreed"
    " believe believes believed argue demurred snapped sighed laughed blasts blasted slams slammed mocks mocked praises"
    " praised criticizes criticized criticised criticises condemns condemned denounces denounced dismisses dismissed attacks"
    " attacked rules ruled finds found feels felt hopes hoped knows knew expects expected compares compared cautioned"
    " offered deems deemed brands branded derides derided ridiculed decried bemoaned cheered vented ranted fumed joked"
    " quips retweeted texted emailed blogged demanded demands opined thundered rejected rejects sums summed blames blamed"
    " thanked thanks emphasizes emphasized emphasised emphasises relates related assails assailed lambasted chided"
)
_FINITE = frozenset(
    [stem + ending for stem in VERB_STEMS.split() for ending in ("s", "es", "ed")] + _IRREGULAR.split()
) - {
    "counters", "quotes", "references", "reminds", "reminded", "depicts", "depicted",
}  # fmt: skip
# Also plural nouns: "Karvi's repeated calls", "the comments".
_NOUNS = word_set(
    "calls claims comments remarks questions reports promises pledges answers tweets notes posts points demands hopes"
    " attacks rules offers"
)
_PARTICIPLES = frozenset(
    [stem + "ing" for stem in VERB_STEMS.split()]
    + ["saying", "telling", "writing", "adding", "noting", "posting", "speaking"]
) - {"quoting", "reporting"}
_PASSIVE = frozenset({"was", "were", "been", "being", "is", "are"})
_WITH_BACK = frozenset({"shot", "shoots", "fired", "fires", "hit", "hits", "snapped"})  # "shot back"
_CUES = _FINITE | _PARTICIPLES | _WITH_BACK | {"to"}
_NOT_INVERTED = frozenset(
    {"told", "tells", "tell", "found", "thought", "thinks", "read", "reads", "called", "calls"}
)
_END_MARKS = ".!?…"
_OPENING = "\"“„«‘'"
_CLOSING = "\"”»’'“*_"
_LEADING = " \t\u00a0*_(["
_MAX_BEFORE_VERB = 30  # words before a verb of saying that follows a quotation
_MAX_UNITS_BACK = 1  # units before its own in which "he" may be named
_RUNNING = frozenset({"lead", "paragraph", "list_item", "quote"})


@dataclass(slots=True)
class _Run:
    """A stretch of quoted words.

    first, last: range of its stretches. chain: it goes on from the run before, in an earlier unit.
    """

    unit: int
    first: int
    last: int
    text: str
    before: str
    after: str
    chain: bool = False
    speaker: str | None = None
    cue_after: bool = False

    @property
    def opens(self) -> bool:
        """Does it begin a sentence?"""
        before = self.before.rstrip(_LEADING + _CLOSING)
        return not before or before[-1] in _END_MARKS

    @property
    def ends_open(self) -> bool:
        """Is its last character within a clause, so that what follows may say who speaks?"""
        inner = self.text.rstrip().rstrip(_CLOSING)
        return inner[-1:] in ",?!—–-…" or self.after.lstrip()[:1] in (",", "—", "–", "-")

    @property
    def is_sentence(self) -> bool:
        return self.text.rstrip().rstrip(_CLOSING)[-1:] in _END_MARKS

    @property
    def is_closed(self) -> bool:
        return self.text.rstrip()[-1:] in _CLOSING


def speakers_of(
    units: Sequence[tuple[str, str, Sequence[Stretch]]], turns: Sequence[str | None] = ()
) -> list[Speakers]:
    """Who says the quoted stretches of each unit of one document.

    units: text, kind and stretches of each. turns: the speaker of units that are the words of a turn, else None; an
    empty string where a turn names nobody.
    """
    result: list[Speakers] = [()] * len(units)
    turns = turns or [None] * len(units)
    names: Names | None = None
    attributed: dict[tuple[int, int], str] = {}  # unit and stretch that names a speaker
    previous: _Run | None = None
    for index, ((text, kind, stretches), turn) in enumerate(zip(units, turns, strict=True)):
        if not any(voice == "quoted" for _, _, voice in stretches):
            continue
        if turn is not None:
            result[index] = tuple((turn or None) if voice == "quoted" else None for _, _, voice in stretches)
            continue
        if names is None:
            names = Names([each for each, _, _ in units])
        runs = _runs(index, text, stretches)
        unit = _Unit(units, index, names, attributed)
        if kind in _RUNNING:
            unit.continue_from(previous, runs)
        unit.find(runs)
        if kind in _RUNNING:
            previous = runs[-1]
        if any(run.speaker for run in runs):
            found: list[str | None] = [None] * len(stretches)
            for run in runs:
                found[run.first : run.last] = [run.speaker] * (run.last - run.first)
            result[index] = tuple(found)
    return result


def only_speaker(stretches: Sequence[Stretch], speakers: Speakers) -> str | None:
    """The one speaker of all quoted words of a unit; None if some have another or none."""
    if not speakers:
        return None
    found = {name for (_, _, voice), name in zip(stretches, speakers, strict=True) if voice == "quoted"}
    return found.pop() if len(found) == 1 else None


def speaker_at(stretches: Sequence[Stretch], speakers: Speakers, start: int, end: int) -> str | None:
    """Who says the words of a span; None if not all of its quoted words have the same speaker."""
    if not speakers:
        return None
    found = {
        name
        for (left, right, voice), name in zip(stretches, speakers, strict=True)
        if voice == "quoted" and left < end and start < right
    }
    return found.pop() if len(found) == 1 else None


def _runs(unit: int, text: str, stretches: Sequence[Stretch]) -> list[_Run]:
    runs: list[_Run] = []
    at = 0
    while at < len(stretches):
        if stretches[at][2] != "quoted":
            at += 1
            continue
        first = at
        while at < len(stretches) and stretches[at][2] == "quoted":
            at += 1
        before = text[slice(*stretches[first - 1][:2])] if first else ""
        after = text[slice(*stretches[at][:2])] if at < len(stretches) else ""
        said = text[stretches[first][0] : stretches[at - 1][1]]
        runs.append(_Run(unit, first, at, said, before, after))
    return runs


class _Unit:
    """The runs of one unit, with the units around it."""

    def __init__(
        self,
        units: Sequence[tuple[str, str, Sequence[Stretch]]],
        index: int,
        names: Names,
        attributed: dict[tuple[int, int], str],
    ) -> None:
        self.units, self.index, self.names, self.attributed = units, index, names, attributed
        self.text, self.kind, self.stretches = units[index]

    def continue_from(self, previous: _Run | None, runs: list[_Run]) -> None:
        """Link the first run to the last one of the unit before, whose sentence or quotation it continues."""
        run = runs[0]
        if run.first:
            return
        above = self._above(self.index)
        if above is None:
            return
        text, _, stretches = self.units[above]
        if stretches[-1][2] != "quoted":
            last = text[slice(*stretches[-1][:2])]
            if last.rstrip().endswith(":"):
                run.before = last
            return
        if previous is None or previous.unit != above:
            return
        # A paragraph that is nothing but a quotation goes on with the one before.
        if not previous.is_closed or len(run.text) == len(self.text):
            run.chain = True
            run.speaker = previous.speaker

    def _above(self, index: int) -> int | None:
        """Index of the unit of running text before this one."""
        for at in range(index - 1, -1, -1):
            _, kind, stretches = self.units[at]
            if kind in _RUNNING and stretches:
                return at
            if kind in ("title", "subtitle", "heading", "comment"):
                return None
        return None

    def find(self, runs: list[_Run]) -> None:
        """Set the speakers of the runs."""
        stopped: set[int] = set()
        for number, run in enumerate(runs):
            source, run.cue_after = _attribution(run)
            if source is not None:
                run.speaker = self._name(source, run)
                if run.speaker is None:
                    stopped.add(number)
                elif source.form != "description":
                    at = run.last if run.cue_after else run.first - 1
                    self.attributed[self.index, at] = run.speaker
        for number, (before, run) in enumerate(pairwise(runs), 1):
            if run.speaker is None and number not in stopped and before.speaker and _goes_on(before, run):
                run.speaker = before.speaker
        for number in range(len(runs) - 2, -1, -1):
            run, following = runs[number], runs[number + 1]
            same = run.last + 1 == following.first and not following.opens
            if run.speaker is None and number not in stopped and same and following.cue_after:
                run.speaker = following.speaker

    def _name(self, source: Source, run: _Run) -> str | None:
        if source.form == "name":
            return None if self.names.is_word(source.words) else self.names.full(source.words)
        if source.form == "description":
            return source.words
        return self._person(source.words, run) if source.words in ("he", "she") else None

    def _person(self, pronoun: str, run: _Run) -> str | None:
        """Whom "he" or "she" means: the last person who is the subject of a sentence or the speaker of a quotation.

        None if a sentence in between names others who fit.
        """
        for (index, at), text in self._sentences_before(run):
            tokens = text.split()
            name = self.attributed.get((index, at)) or self._subject(tokens)
            if name and is_person(name) and self.names.gender(name) in (pronoun, None):
                known = self.names.gender(name) or name in self.attributed.values()
                return name if known else None
            if name is None and any(
                self.names.gender(full) == pronoun for full in map(self.names.full, names_in(tokens))
            ):
                return None
        return None

    def _subject(self, tokens: Sequence[str]) -> str | None:
        subject = first_subject(tokens)
        if subject is None or subject.form != "name" or self.names.is_word(subject.words):
            return None
        return self.names.full(subject.words)

    def _sentences_before(self, run: _Run) -> Iterator[tuple[tuple[int, int], str]]:
        """The author's own sentences before a pronoun, the nearest first, each with its unit and stretch."""
        index: int | None = self.index
        stop = run.first
        for _ in range(_MAX_UNITS_BACK + 1):
            if index is None:
                return
            text, kind, stretches = self.units[index]
            stop = len(stretches) if stop < 0 else stop
            for at in range(stop - 1, -1, -1):
                start, end, voice = stretches[at]
                if voice != "quoted":
                    yield (index, at), text[start:end]
            if kind not in _RUNNING:
                return
            index, stop = self._above(index), -1


def _goes_on(before: _Run, run: _Run) -> bool:
    """Is a run without an attribution said by the speaker of the run before, in the same unit?"""
    if run.first != before.last + 1:
        return False
    if run.before.rstrip().endswith(":"):
        return False
    if run.opens:
        return before.cue_after
    between = run.before.lstrip()
    if not before.ends_open and before.is_sentence and between[:1].isupper():
        return before.cue_after and first_subject(between.split()) is None
    return first_subject(between.lstrip(",;—– ").split()) is None or before.cue_after


def _attribution(run: _Run) -> tuple[Source | None, bool]:
    """Who says a run by the words beside it, and whether these follow it."""
    before = "" if run.opens else run.before
    if before and (found := _introduced(before)):
        return found, False
    if run.after and (found := _after(run)):
        return found, True
    return (_before(before) if before else None), False


@lru_cache(maxsize=4096)
def _key(token: str) -> str:
    return token.strip(",;:.!?()[]“”\"‘’'*_—–").lower()


def _is_verb(token: str, key: str | None = None) -> bool:
    """Is it a verb of saying? Capitalized only as in headlines; "United States" has none."""
    key = _key(token) if key is None else key
    return key in _FINITE and (token[:1].islower() or key in ("says", "said"))


def _introduced(before: str) -> Source | None:
    """The speaker of words that follow a colon, a comma or the verb itself: "Karvi said: …", "Karvi: …"."""
    stripped = before.rstrip()
    if stripped.endswith(":") and (name := bare_name(stripped[:-1].strip(_LEADING))):
        return Source(name, "name")
    if stripped.endswith((":", ",")) or _is_verb(stripped.rpartition(" ")[2]):
        return _before(before)
    return None


def _before(sentence: str) -> Source | None:
    """The subject of the verb of saying that is nearest to the end of the words before a quotation."""
    tokens = sentence.strip(_LEADING).split()
    keys = [_key(token) for token in tokens]
    dependent = False
    for at in range(len(tokens) - 1, -1, -1):
        key = keys[at]
        if key not in _CUES:
            continue
        following = keys[at + 1] if at + 1 < len(tokens) else ""
        if (_is_verb(tokens[at], key) and not (key[:4] == "call" and following == "on")) or (
            key in _WITH_BACK and following == "back"
        ):
            if at and keys[at - 1] in _PASSIVE:
                return None  # passive: somebody else speaks
            found = source_before(tokens[:at])
            if found and (key not in _NOUNS or found.form != "description"):
                return found
            left = tokens[at - 1] if at else ""
            dependent = dependent or _key(left) in ("and", "but") or left.endswith(",")
        elif key in _PARTICIPLES:
            if at and _key(tokens[at - 1]) == "as":
                return _quoted_as(tokens[: at - 1])
            beside = source_before(tokens[:at]) if at and not tokens[at - 1].endswith(",") else None
            if beside and beside.form == "name" and not first_subject(tokens[:at]):
                return beside
            dependent = True
        elif key == "to" and at and _key(tokens[at - 1]) == "according":
            return source_after(tokens[at + 1 :])
    return first_subject(tokens) if dependent or sentence.rstrip().endswith(":") else None


def _quoted_as(tokens: Sequence[str]) -> Source | None:
    """The speaker of "Karvi was quoted [as saying]" and "the paper quoted Karvi [as saying]"."""
    for at in range(len(tokens) - 1, -1, -1):
        if _key(tokens[at]) in ("quoted", "cited", "quotes", "quoting"):
            if at and _key(tokens[at - 1]) in ("was", "is", "been", "were"):
                return source_before(tokens[: at - 1])
            return source_after(tokens[at + 1 :])
    return None


def _as_saying(tokens: Sequence[str]) -> int | None:
    """Where "as saying" and the like stands."""
    pairs = enumerate(pairwise(tokens[:_MAX_BEFORE_VERB]))
    return next((at for at, (left, right) in pairs if left == "as" and _key(right) in _PARTICIPLES), None)


def _after(run: _Run) -> Source | None:
    """The speaker named after a quotation: "…," said Karvi; "…," Karvi said; "…", according to Karvi."""
    after = run.after.lstrip(" \t\u00a0*_")
    if not after or after[0] in ".;":
        return None
    if after[0] == ":":
        name = bare_name(after[1:].strip().rstrip("."))
        return Source(name, "name") if name else None
    dash = after[0] in "—–-"
    tokens = after.lstrip(",—–- ").split()
    if not tokens:
        return None
    if dash and not run.before.strip() and (name := bare_name(after.strip("—–- ."))):
        return Source(name, "name")
    if _key(tokens[0]) in _NEW_CLAUSE:
        return None
    if not run.ends_open:
        return _late(tokens)
    if _key(tokens[0]) == "according" and len(tokens) > 2:
        return source_after(tokens[2:])
    if (at := _as_saying(tokens)) is not None:
        return _quoted_as(tokens[:at])
    start = 1 if _key(tokens[0]).endswith("ly") and len(tokens) > 1 else 0
    if _key(tokens[start]) in _FINITE - _NOT_INVERTED and tokens[start][:1].islower():
        return source_after(tokens[start + 1 :])
    for at in range(1, min(len(tokens), _MAX_BEFORE_VERB)):
        key = _key(tokens[at])
        if _is_verb(tokens[at]) and (found := source_before(tokens[:at])):
            return None if key in _NOUNS and found.form == "description" else found
    return None


_NEW_CLAUSE = word_set("while but and although though when if because which who that as")


def _late(tokens: Sequence[str]) -> Source | None:
    """The speaker after a sentence that only begins with a quotation: "… is wrong, Karvi said."."""
    for at in range(1, len(tokens)):
        if tokens[at - 1].endswith(",") and _key(tokens[at]) == "according":
            return source_after(tokens[at + 2 :])
        if tokens[at - 1].endswith(",") and tokens[at] in _FINITE - _NOT_INVERTED:
            return source_after(tokens[at + 1 :])
        if not _is_verb(tokens[at]) or not (at == len(tokens) - 1 or tokens[at].endswith((",", "."))):
            continue
        comma = next((i for i in range(at - 1, max(-1, at - 7), -1) if tokens[i].endswith(",")), None)
        if comma is not None and (found := source_before(tokens[comma + 1 : at])):
            return found
    return None
