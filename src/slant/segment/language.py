"""Recognize units that are not in English, with py3langid.

The thresholds were chosen so that hardly any English unit is lost, on short texts written for this purpose
(tests/helpers/language_texts.py) and on 70,000 texts of the public sets and of YouTube comments: 23 of these are flagged,
each in another language or in two. No labels were used, but the choice was not checked on other texts. Of the short texts,
py3langid found more than fastText's lid.176 and Lingua, which takes 96 MB, at a cautious threshold each; CLD2 lost a fifth of
the English ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import groupby
from typing import Any

from slant.records import LANGUAGE_FLAG, Unit

# Languages with a press of their own. py3langid knows more, but with those it takes more short English texts for another.
PRESS = (
    "af am ar as az be bg bn ca cs cy da de el en es et eu fa fi fr ga gl gu ha he hi hr ht hu hy id ig is it ja jv ka kk km "
    "kn ko ku ky lb lo lt lv mg mk ml mn mr ms mt my ne nl no om or pa pl ps pt ro ru rw si sk sl sn so sq sr sv sw ta te tg "
    "th tl tr ug uk ur uz vi xh yo zh zu"
)
NO_LANGUAGE = "zxx"  # py3langid's class of numbers, addresses and the like
UNKNOWN = "und"  # not English, but in which language is uncertain
ENGLISH_FROM = 0.5  # a text is English if that is at least this probable …
OTHER_BELOW = 0.001  # … in another language if English is less probable than this, else undecided
# A short part of an article is often a name, a quotation or a title: it needs more certainty than the document.
SHORT = 80  # characters
OTHER_BELOW_IN_SHORT = 1e-5
NAMED_FROM = 0.5  # the other language is named if its probability is at least this
TEXT, DOCUMENT = 120, 400  # characters that are read of a unit, of a document: enough to be certain


def language_of(text: str, *, other_below: float = OTHER_BELOW) -> str | None:
    """Return "en", the ISO 639 code of another language or UNKNOWN for one; None if the text does not decide it.

    other_below: in [0, 1]; the text is in another language if English is less probable than this.
    """
    code, probability = _identifier().classify(text)
    if code == "en":
        return code if probability >= ENGLISH_FROM else None
    if code == NO_LANGUAGE or dict(_identifier().rank(text))["en"] >= other_below:
        return None
    return str(code) if probability >= NAMED_FROM else UNKNOWN


def flag_languages(units: Iterable[Unit]) -> Iterator[Unit]:
    """Flag the content units that are not in English with "language:CODE", in a sequence of whole documents.

    A unit that does not decide it by its own text has the language of its article; without an article it is English. A
    comment is judged by its own text first, however short it is; a short part of an article only if its text is certain.
    """
    for _, document in groupby(units, key=lambda unit: unit.article_id):
        yield from _flag_document(list(document))


def _flag_document(units: Sequence[Unit]) -> Iterator[Unit]:
    article = "\n".join(_start(units))
    around = language_of(article[:DOCUMENT]) if article else None
    for unit in units:
        if not unit.is_content:
            yield unit
        else:
            own = _own_language(unit)
            unsure = own is None or (own == UNKNOWN and around not in (None, "en"))
            yield with_language(unit, around if unsure else own)


def _start(units: Sequence[Unit]) -> Iterator[str]:
    """Yield the texts of the article, without its comments, up to DOCUMENT characters."""
    length = 0
    for unit in units:
        if unit.is_content and unit.kind != "comment":
            yield unit.text[:DOCUMENT]
            length += len(unit.text)
            if length >= DOCUMENT:
                return


def _own_language(unit: Unit) -> str | None:
    text = unit.text[:TEXT]
    if unit.kind == "comment" or len(text) >= SHORT:
        return language_of(text)
    found = None if text.isascii() else language_of(text, other_below=OTHER_BELOW_IN_SHORT)
    return None if found == "en" else found  # a short English title says little about a German article


def flag_single(unit: Unit) -> Unit:
    """Flag a unit without a document by its own text."""
    return with_language(unit, language_of(unit.text[:TEXT]))


def with_language(unit: Unit, language: str | None) -> Unit:
    """Return the unit with a flag for its language; None or "en": without one."""
    flags = tuple(flag for flag in unit.flags if not flag.startswith(LANGUAGE_FLAG))
    if language not in (None, "en"):
        flags = (*flags, f"{LANGUAGE_FLAG}{language}")
    return unit if flags == unit.flags else replace(unit, flags=flags)


@lru_cache(maxsize=1)
def _identifier() -> Any:
    """Load py3langid's model: half a second, about 90 MB."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages([*PRESS.split(), NO_LANGUAGE])
    return identifier
