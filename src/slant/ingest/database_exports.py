"""Split the text exports of news databases (LexisNexis, Nexis Uni, Factiva, ProQuest, Europresse) into articles.

A counter ("2 of 30 DOCUMENTS"), an end line ("End of Document", "Document ABCD000020230314…") or a row of underscores tells
the documents apart. Field labels and the order of the first lines tell title, outlet, date and author from the body. Fields
become metadata and are never text. database_pages.py does the same for HTML.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import NamedTuple

from slant.errors import Rejected
from slant.ingest.article_rows import assemble
from slant.ingest.decoding import DEFAULT_LIMITS, Limits, check_characters, check_text
from slant.ingest.factiva_codes import (
    CODES,
    code_of,
    coded_documents,
    coded_values,
    is_certainly_coded,
    is_coded,
)
from slant.records import Article, Note
from slant.segment.article_header import header_metadata
from slant.segment.dates import iso_date

# ---- the fields of a document

# Labels that stand before a colon, by what they state. "head" and "tail" are read past.
_LABEL_NAMES = {
    "title": "headline, title, titre, titel, überschrift, schlagzeile, título, titolo, kop",
    "subtitle": "highlight",
    "author": "byline, author, authors, autor, autoren, auteur, auteurs, verfasser, autore",
    "section": "section, rubrik, ressort, rubrique, sección, sectie, sezione",
    "length": "length, länge, longueur, longitud, extensión, lengte, lunghezza",
    "outlet": "publication title, titre de la publication, titel der publikation, título de publicación, source, outlet, "
    "newspaper, publication, journal, quelle, zeitung",
    "date": "publication date, date de publication, datum der publikation, fecha de publicación, date, published, datum",
    "url": "document url, url du document, url des dokuments, url del documento, url, link",
    "info": "publication info",
    "body": "full text, body, volltext, texte intégral, texto completo, texte complet",
    "head": "dateline, abstract, links, series, distribution, column, kicker, dachzeile, edition, supplement, "
    "ortsmarke, résumé, zusammenfassung",
    "tail": "load-date, language, publication-type, journal-code, graphic, subject, correction, correction-date, "
    "update, sprache, zeitungs-code, grafik, schlagwörter, date-chargement, langue, type-publication, code-revue, "
    "graphique, sujet, organization, person, company, ticker, industry, geographic, country, state, city, "
    "classification, notes, document-type, location, people, company / organization, identifier / keyword, pages, "
    "publication year, year, volume, issue, publisher, place of publication, country of publication, "
    "publication subject, issn, e-issn, isbn, source type, language of publication, document type, document feature, "
    "proquest document id, copyright, last updated, last update, database, number of pages, start page, "
    "first page, dateline of publication, column name, accession number, category, illustration, credit, "
    "publication-typ, publikationstyp, ladedatum, land, firma, thema, numéro de document, document number",
}  # fmt: skip
_ROLE_OF_LABEL = {name.strip(): role for role, names in _LABEL_NAMES.items() for name in names.split(",")}
_LABEL = re.compile(r"[*_]*(?P<name>[^\W\d_][^:\n]{1,40}?)[*_]*\s?:[*_]*\s*(?P<value>.*)")
# Labels on a line of their own, above what they name.
_HEADINGS = {
    "body": "body", "full text": "body", "abstract": "head", "abstract (english)": "head", "links": "head",
    "classification": "tail", "graphic": "tail", "details": "tail",
}  # fmt: skip
_TEXT_UNDER = re.compile(r"(?:graphic|grafik|graphique|classification|details|notes|illustration)\b", re.I)

_LANGUAGE = re.compile(
    r"(?:English|German|French|Spanish|Italian|Dutch|Englisch|Deutsch|Anglais|Français|Allemand|Inglés|Español)"
)
_WORDS = r"(?:words?|wörter|worte?|mots?|palabras|palavras|parole|woorden|ord|sanaa|słów|слов\w{0,2}|단어|文字|字詞|語|字)"
_WORD_COUNT = re.compile(rf"(?:\d[\d.,\s]{{0,8}}){_WORDS}", re.I)
_STATED_LENGTH = re.compile(rf"(?:length|länge|longueur|longitud|lengte): +\d[\d.,]* +{_WORDS}", re.I)
_COPYRIGHT = re.compile(
    r"copyright\s*:?\s*(?:©|\(c\)|\d{4})|\(c\)\s*(?:copyright|\d{4})|©|all rights reserved|alle rechte vorbehalten"
    r"|tous droits réservés|todos los derechos|alle rechten voorbehouden|certificat émis|certificate issued",
    re.I,
)
_BYLINE = re.compile(r"(?:by|von|par|por|door|di)\s+(?=\S)", re.I)
_JOB = re.compile(
    r"(?:correspondent|editor|reporter|writer|staff|chief|critic|columnist|bureau|redakteur|korrespondent|journalist)",
    re.I,
)
_LINK_LINE = re.compile(r"https?://\S+|proquest document link|link to full text|find a copy", re.I)
_COMPANY = re.compile(
    r"\b(?:limited|ltd|inc|llc|gmbh|ag|plc|corp|corporation|company|group|media|verlag|newspapers?|publications?|"
    r"publishing|s\.?a\.?s?|news|press)\b\.?",
    re.I,
)
_PAGE_LINE = re.compile(r"(?:page|seite) \d+ (?:of|von|sur|de) \d+", re.I)

_MONTHS = (
    "january jan januar jänner janvier janv enero ene gennaio januari janeiro",
    "february feb februar février févr fév febrero febbraio februari fevereiro",
    "march mar märz mrz mars marzo maart março",
    "april apr avril avr abril aprile",
    "may mai mayo maggio mei maio",
    "june jun juni juin junio giugno junho",
    "july jul juli juillet juil julio luglio julho",
    "august aug août agosto ago augustus",
    "september sep sept septembre septiembre settembre setembro",
    "october oct oktober okt octobre octubre ottobre outubro",
    "november nov novembre noviembre novembro",
    "december dec dezember dez décembre déc diciembre dic dicembre dezembro",
)
_MONTH_NUMBER = {name: number for number, names in enumerate(_MONTHS, 1) for name in names.split()}
_DATES = (
    re.compile(
        r"(?P<d>\d{1,2})(?:\.|er|st|nd|rd|th|º)?\s+(?:de\s+)?(?P<m>[^\W\d_]{3,10})\.?,?\s+(?:de\s+)?(?P<y>\d{4})\b"
    ),
    re.compile(r"(?P<m>[^\W\d_]{3,10})\.?\s+(?P<d>\d{1,2})(?:st|nd|rd|th)?,?\s+(?P<y>\d{4})\b"),
    re.compile(r"(?P<y>\d{4})-(?P<m>\d{2})-(?P<d>\d{2})\b"),
    re.compile(r"(?P<d>\d{1,2})\.(?P<m>\d{1,2})\.(?P<y>\d{4})\b"),  # with dots, the day is always first
    re.compile(r"(?P<y>\d{4})\s?年\s?(?P<m>\d{1,2})\s?月\s?(?P<d>\d{1,2})\s?日"),
)
_WEEKDAY = re.compile(r"[^\W\d_]{4,12}\s*,?\s+(?=[\d\w])")
_WEEKDAYS_AND_MONTHS = re.compile(
    r"(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|montag|dienstag"
    rf"|mittwoch|donnerstag|freitag|samstag|sonntag|{'|'.join(_MONTH_NUMBER)})",
    re.I,
)


@dataclass(slots=True)
class Fields:
    """What a document of an export states. body: its paragraphs."""

    title: str | None = None
    subtitle: str | None = None
    outlet: str | None = None
    author: str | None = None
    published: str | None = None
    url: str | None = None
    sections: tuple[str, ...] = ()
    body: list[str] = field(default_factory=list)

    def state(self, role: str, value: str) -> None:
        """Keep the value of a field unless it is empty or was stated before."""
        value = " ".join(value.split())
        if not value:
            return
        if role == "title":
            value = re.sub(r"^\d{1,4}\) |\s*:?\s*\[[^\]]*\bedition\]$", "", value, flags=re.I)  # "12) Title"
            self.title = self.title or value or None
        elif role == "subtitle":
            self.subtitle = self.subtitle or value
        elif role == "outlet":
            self.outlet = self.outlet or _outlet(value)
        elif role == "author":
            self.author = self.author or _author(value)
        elif role == "date":
            self.published = self.published or find_date(value) or iso_date(value) or value
        elif role == "url":
            self.url = self.url or value
        elif role == "section":
            self.sections = self.sections or _sections(value)
        elif role == "info":  # The Courier ; Mill [Mill]. 14 March 2023: A.4.
            self.outlet = self.outlet or _outlet(value)
            self.published = self.published or find_date(value)


def to_article(
    fields: Fields, where: str, *, outlet: str | None = None, limits: Limits = DEFAULT_LIMITS
) -> Article | Rejected:
    """Article of one document of an export; a Rejected if it has no text, or too much."""
    body = "\n\n".join(paragraph for paragraph in fields.body if paragraph.strip())
    if not body:
        named = f" ({fields.title!r})" if fields.title else ""
        detail = f"this document of the export has no text{named}: an abstract, a picture or an error page."
        return Rejected(where, "no_text", detail)
    text, parts = assemble(fields.title, fields.subtitle, body, ())
    try:
        check_text(text, where, limits)
        check_characters("\n".join(filter(None, (text, fields.author, fields.outlet))), where)
    except Rejected as rejected:
        return rejected
    return Article(
        text=text,
        path=where,
        title=fields.title,
        outlet=outlet or fields.outlet,
        author=fields.author,
        published=fields.published,
        url=fields.url,
        sections=fields.sections,
        markup="none",
        parts=parts,
    )


def find_date(text: str, *, at_start: bool = False) -> str | None:
    """The first date in `text` as `YYYY-MM-DD`, with months in several languages; None if there is none.

    at_start: only a date that `text` begins with, after a weekday at most.
    """
    text = text[:300]
    starts = {0, weekday.end()} if (weekday := _WEEKDAY.match(text)) else {0}
    for pattern in _DATES:
        for found in pattern.finditer(text):
            month = _MONTH_NUMBER.get(found["m"].lower()) or (int(found["m"]) if found["m"].isdigit() else 0)
            if (not at_start or found.start() in starts) and 1 <= month <= 12:
                return iso_date(f"{found['y']}-{month:02d}-{int(found['d']):02d}")
    return None


def _outlet(value: str) -> str | None:
    value = re.split(r"\s*;|\s+•|,?\s+no\.?\s*\d|,\s+n°", value, maxsplit=1)[0]
    return value.strip(" ,") or None


def _author(value: str) -> str | None:
    value = re.sub(_BYLINE, "", value, count=1).strip(" ;,") if _BYLINE.match(value) else value.strip(" ;,")
    name, comma, rest = value.partition(",")
    return (name if comma and " " in name.strip() and _JOB.search(rest) else value) or None


def _sections(value: str) -> tuple[str, ...]:
    names = (name.strip() for name in value.split(";"))
    page = re.compile(r"(?:pg|pp?|s|page|seite|part|ausg|issue|no)\b\.?\s*[\dA-Z]+.*", re.I)
    return tuple(dict.fromkeys(name for name in names if name and not page.fullmatch(name)))


# ---- documents of an export

_OF = r"(?:of|von|de|sur|di|van)"
_COUNTER = re.compile(
    rf"(?:document|dokument|documento)\s+(?P<n>\d{{1,6}})\s+{_OF}\s+(?P<of>\d{{1,6}})"
    rf"|(?P<n2>\d{{1,6}})\s+{_OF}\s+(?P<of2>\d{{1,6}})\s+(?:documents?|dokumenten?|documentos?|documenti)",
    re.I,
)
_END = re.compile(
    r"(?:end of document|ende des dokuments?|fin du document|fin del documento|einde van document)\W*", re.I
)
_ACCESSION = re.compile(
    r"(?:[*_]*AN[*_]*(?:\s+|\s?\|\s*))?(?:Document|Dokument|Documento|Документ|文件|文書)\s+(?=\w*\d)[A-Za-z][A-Za-z0-9]{6,40}"
)
_EUROPRESSE_ID = re.compile(r"(?:[^·\n]{0,60}:\s*)?[a-z]{3,5}[·•]\d{8}[·•][A-Z0-9]{1,12}[·•]\S{1,60}")
_RULE = re.compile(r"([_=*#~-])\1{11,}")
# A text without a line of these is no export. Tried first, so that other texts are read as fast as ever.
_MARK = re.compile(
    rf"[^\w\n]{{0,80}}(?:(?:AN[\s|]+)?(?:do[ck]ument|докум|文)\w*\s+\w|\d+ {_OF} \d+ do[ck]um"
    r"|(?:ende?|fin|einde) \w+ do[ck]um"
    rf"|[_=*#~-]{{12}}|HD\b|\d[\d., ]{{0,8}}{_WORDS}\s*$|(?:length|länge|longueur|load-date|full text|proquest document id):"
    r"|(?:title|headline):"
    r"|[^·•]{0,60}[·•]\d{8}[·•])",
    re.I,
)
# Cover pages and closing lines of an export, which belong to no document.
_COVER = re.compile(
    r"download request|time of request|job number|date and time|search terms|search summary|results found|"
    r"suchzusammenfassung|résumé de la recherche|report information from proquest|contact us at|table of contents|"
    r"database copyright|dow jones|service fourni par|cedrom|usage exclusif|bibliography",
    re.I,
)
_DECLARED = re.compile(
    r"(?:documents?|dokumente?|documentos?) \((\d{1,6})\)|selected items: 1-(\d{1,6})"
    r"|(\d{1,6}) (?:saved documents?|documents? sauvegardés?)|results found:?\s*(\d{1,6})",
    re.I,
)
# Each of these occurs once in a document. Two of them, repeated, are a file of several.
_ONCE = frozenset(
    ("load-date", "byline", "autor", "auteur", "publication title", "publication date",
     "proquest document id", "full text")
)  # fmt: skip
# One of these is needed, since any text may have a line such as "Location: …".
_TELLING = _ONCE | {
    name for name, role in _ROLE_OF_LABEL.items() if role in ("length", "author", "section", "title", "body")
}
# Between rules there may be comments or messages; an article has a title.
_NAMING = {name for name, role in _ROLE_OF_LABEL.items() if role in ("title", "body")} | {"publication title"}
# A title beside an outlet, more than once, is a file of several, too.
_TITLES = frozenset(name for name, role in _ROLE_OF_LABEL.items() if role == "title")
_OUTLETS = frozenset(name for name, role in _ROLE_OF_LABEL.items() if role == "outlet")
_RUNNING = 12  # words of a line of running text
_MIN_WORDS_LEFT = 20  # fewer words outside of all documents are not worth a note


class Separator(NamedTuple):
    """What tells documents apart. begins: it opens a document, else it closes one. needed: labels of a real document."""

    line: re.Pattern[str]
    begins: bool
    needed: int


_SEPARATORS = (
    Separator(_COUNTER, True, 1),
    Separator(_END, False, 2),
    Separator(_ACCESSION, False, 2),
    Separator(_EUROPRESSE_ID, False, 1),
    Separator(_RULE, True, 3),
)


def split_text_export(
    text: str, path: str, *, outlet: str | None = None, limits: Limits = DEFAULT_LIMITS
) -> list[Article | Rejected] | None:
    """The articles of a text export, with the paths `path#1`, `path#2` …; None if the text is no export.

    A document without text is a Rejected at its place. A Note says if the export states more documents than there are.
    outlet: overrides that of every document.
    Raises Rejected "several_articles" if the text repeats the fields of a document, but nothing tells documents apart.
    """
    raw = text.split("\n")
    if not any(map(_MARK.match, raw)) or "\x00" in text:
        return None
    lines = [line.replace("\xa0", " ").strip("\ufeff\u200b \t\f\r\v") for line in raw]
    return split_lines(lines, path, outlet=outlet, limits=limits)


def split_lines(
    lines: Sequence[str],
    path: str,
    *,
    declared: int = 0,
    outlet: str | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> list[Article | Rejected] | None:
    """Like `split_text_export`, for stripped lines. declared: number of documents that the file states elsewhere."""
    found = next(filter(None, (_documents(lines, separator) for separator in _SEPARATORS)), None)
    if found is None and is_certainly_coded(lines):
        found = coded_documents(lines)
    if found is None:
        if (count := _repeated(lines)) > 1:
            raise several_articles(path, count)
        return None
    documents, left = found
    unlabeled = not any(map(_evidence, documents))
    made: list[Article | Rejected] = []
    for number, document in enumerate(documents, 1):
        where = f"{path}#{number}" if len(documents) > 1 else path
        count = _repeated(document)
        fields = _plain(document) if unlabeled else _fields(document)
        made.append(
            several_articles(where, count)
            if count > 1
            else to_article(fields, where, outlet=outlet, limits=limits)
        )
    notes = [*_count_notes(lines, len(documents), declared), *_left_notes(left)]
    return with_notes(made, notes)


def several_articles(path: str, count: int) -> Rejected:
    """The refusal of a file that holds several articles which nothing separates."""
    detail = (
        f"it seems to hold {count:,} articles of a news database, but nothing says where each of them begins. Export them as "
        f'separate files, or put a line "Document 1 of {count}", "Document 2 of {count}" … before each.'
    )
    return Rejected(path, "several_articles", detail)


def with_notes(made: list[Article | Rejected], notes: Sequence[Note]) -> list[Article | Rejected]:
    """Attach notes on the file to its first article."""
    at = next((i for i, one in enumerate(made) if isinstance(one, Article)), None)
    if at is not None and notes:
        first = made[at]
        assert isinstance(first, Article)
        made[at] = replace(first, notes=(*first.notes, *notes))
    return made


def _documents(lines: Sequence[str], separator: Separator) -> tuple[list[list[str]], list[list[str]]] | None:
    """`(documents, other stretches)` as a separator divides them; None if these are no documents of a database."""
    at = [i for i, line in enumerate(lines) if len(line) < 200 and separator.line.fullmatch(line)]
    if separator.line is _COUNTER:  # on every page of a document
        at = [i for n, i in enumerate(at) if not n or lines[i] != lines[at[n - 1]]]
    if not at:
        return None
    cuts = [0, *(i + (0 if separator.begins else 1) for i in at), len(lines)]
    stretches = [list(lines[a:b]) for a, b in pairwise(cuts)]
    if separator.line is _RULE:
        return _between_rules(stretches, separator.needed)
    documents, left = (stretches[1:], stretches[:1]) if separator.begins else (stretches[:-1], stretches[-1:])
    labeled = sum(_evidence(document) >= separator.needed for document in documents)
    if 2 * labeled < len(documents) and not (separator.line is _COUNTER and _is_complete(lines, at)):
        return None
    last = documents[-1]  # ProQuest closes its file with a row of underscores and its address
    rule = next((i for i in range(len(last) - 1, 0, -1) if _RULE.fullmatch(last[i])), len(last))
    if _COVER.search(" ".join(last[rule:])):
        documents[-1], left = last[:rule], [*left, last[rule:]]
    if _evidence(left[0]) > 1 and not _COVER.search(" ".join(left[0])):  # a document whose mark was cut off
        documents = [left.pop(0), *documents] if separator.begins else [*documents, left.pop(0)]
    return documents, left


def _is_complete(lines: Sequence[str], at: Sequence[int]) -> bool:
    """Do counters run from 1 to their total, so that they need no labels?"""
    counters = [found for i in at if (found := _COUNTER.fullmatch(lines[i]))]
    numbers = [(int(found["n"] or found["n2"]), int(found["of"] or found["of2"])) for found in counters]
    return len(numbers) > 1 and numbers == [(n, len(numbers)) for n in range(1, len(numbers) + 1)]


def _between_rules(
    stretches: Sequence[list[str]], needed: int
) -> tuple[list[list[str]], list[list[str]]] | None:
    """`(documents, other stretches)`. A row of underscores inside an article does not end it."""
    documents: list[list[str]] = []
    left: list[list[str]] = []
    above: set[str] = set()  # labels of the document so far; its halves share none
    for stretch in stretches:
        labels = _labels(stretch)
        words = [word for line in stretch for word in line.split()]
        if labels & _NAMING and _evidence(stretch) >= needed and (not documents or above & labels):
            documents.append(stretch)
            above = labels
        elif len(words) < _MIN_WORDS_LEFT or not documents or _COVER.search(" ".join(words)):
            left.append(stretch)
        else:
            documents[-1] += stretch
            above |= labels
    alone = len(documents) == 1 and not any(_label_name(line) == "full text" for line in documents[0])
    return None if alone or not documents else (documents, left)


def _evidence(lines: Sequence[str]) -> int:
    """How many different signs of a database a stretch of text has."""
    labels = _labels(lines)
    count = (len(labels) if labels & _TELLING else 0) + (3 if is_coded(lines) else 0)
    count += sum(1 for line in lines[-3:] if _EUROPRESSE_ID.fullmatch(line))
    return count + (2 if _word_count_at(lines) is not None else 0)


def _labels(lines: Sequence[str]) -> set[str]:
    return {name for line in lines if (name := _label_name(line))}


def _repeated(lines: Sequence[str]) -> int:
    """How many documents a stretch of text seems to hold, by the fields that it repeats; 1 if it repeats none."""
    counts = Counter(name for line in lines if (name := _label_name(line)) in _ONCE)
    counts.update(code for line in lines if (code := line[:2]) in ("HD", "WC") and code_of(line))
    repeated = [count for count in counts.values() if count > 1]
    lengths = sum(1 for line in lines if len(line) < 60 and _STATED_LENGTH.fullmatch(line))
    heads = sum(
        1
        for i, line in enumerate(lines)
        if len(line) < 40
        and _WORD_COUNT.fullmatch(line)
        and any(find_date(after, at_start=True) for after in _next(lines, i, 2))
    )
    own = sum(1 for i, line in enumerate(lines) if _label_name(line) in _TITLES and _states_outlet(lines, i))
    return max(max(repeated) if len(repeated) > 1 else 1, lengths, heads, own)


def _states_outlet(lines: Sequence[str], at: int) -> bool:
    """Is there a line such as "Source: …" near a title, and text below them?"""
    near = [*lines[max(0, at - 4) : at], *lines[at + 1 : at + 5]]
    below = next(
        (i for i in range(at + 1, min(at + 12, len(lines))) if len(lines[i].split()) >= _RUNNING), None
    )
    return below is not None and any(_label_name(line) in _OUTLETS for line in near)


def _next(lines: Sequence[str], at: int, count: int) -> list[str]:
    """The next lines with text."""
    return [line for line in lines[at + 1 : at + 1 + 2 * count] if line][:count]


def _count_notes(lines: Sequence[str], found: int, declared: int) -> Iterator[Note]:
    """A note if the counters or the cover state more documents than were found."""
    stated, last = 0, (0, 0)
    for line in lines:
        if counter := len(line) < 60 and _COUNTER.fullmatch(line):
            number, total = int(counter["n"] or counter["n2"]), int(counter["of"] or counter["of2"])
            # Several exports in one file start again at 1.
            begins = number < last[0] or total != last[1]
            stated += total if begins else 0
            last = (number, total)
    for line in () if stated else (*lines[:400], *lines[-60:]):
        if cover := len(line) < 200 and _DECLARED.search(line):
            stated = max(stated, *(int(number) for number in cover.groups() if number))
    stated = max(stated, declared)
    if stated > found:
        yield Note("count", f"the export states {stated:,} documents; {found:,} of them are in this file.")


def _left_notes(left: Sequence[Sequence[str]]) -> Iterator[Note]:
    for stretch in left:
        words = " ".join(stretch).split()
        text = " ".join(words)
        if len(words) >= _MIN_WORDS_LEFT and not _COVER.search(text):
            detail = (
                f"{len(words):,} words outside of all documents of the export were not read: {text[:80]!r} …"
            )
            yield Note("left_out", detail)


# ---- fields of a document


def _label_name(line: str) -> str | None:
    """Name of the label that a line starts with, or None."""
    if ":" not in line[:48] or not (found := _LABEL.match(line)) or found["name"][0].islower():
        return None
    name = found["name"].strip().lower()
    return name if name in _ROLE_OF_LABEL else None


def _word_count_at(lines: Sequence[str]) -> int | None:
    """Index of the line "212 words" in the head of a Factiva document without codes, or None."""
    head = [i for i, line in enumerate(lines) if line][:14]
    for i in head:
        if _WORD_COUNT.fullmatch(lines[i]):
            return i if any(find_date(line, at_start=True) for line in _next(lines, i, 2)) else None
    return None


def _fields(lines: Sequence[str]) -> Fields:
    """The fields of one document of an export."""
    kept = [line for line in lines if not _is_furniture(line)]
    if any(_PAGE_LINE.fullmatch(line) for line in lines):  # every page repeats the title
        first = next((i for i, line in enumerate(kept) if line), 0)
        kept = [line for i, line in enumerate(kept) if not line or i <= first or line != kept[first]]
    if is_coded(kept):
        return code_fields((code, _paragraphs(block)) for code, block in coded_values(kept))
    if _word_count_at(kept) is not None:
        return factiva_fields(kept)
    if any(_EUROPRESSE_ID.fullmatch(line) for line in lines[-3:]):
        return _europresse(kept)
    return _labeled(kept)


def _plain(lines: Sequence[str]) -> Fields:
    """Fields of a document without labels, as the head of any text states them."""
    text = "\n".join(line for line in lines if not _is_furniture(line)).strip()
    stated = header_metadata(text)
    first, _, rest = text.partition("\n")
    stated["body"] = [rest.strip() if first == stated.get("title") else text]
    return Fields(**stated)


def _is_furniture(line: str) -> bool:
    if not line or len(line) > 200:
        return False
    patterns = (_COUNTER, _END, _RULE, _PAGE_LINE, _ACCESSION, _EUROPRESSE_ID)
    return any(pattern.fullmatch(line) for pattern in patterns) and not line.startswith(("AN", "*", "_AN"))


def code_fields(values: Iterator[tuple[str, list[str]]]) -> Fields:
    """Fields from the codes of Factiva and the paragraphs of each."""
    fields = Fields()
    for code, paragraphs in values:
        if CODES[code] == "body":
            fields.body += paragraphs
        else:
            fields.state(CODES[code], " ".join(paragraphs))
    return fields


def factiva_fields(lines: Sequence[str], *, title: str | None = None, body: Sequence[str] = ()) -> Fields:
    """Fields of a Factiva document without codes: title, byline, "212 words", date, outlet, …, copyright, body.

    title, body: known from the markup of a page; `lines` are then the rest.
    """
    fields = Fields(body=list(body))
    fields.state("title", title or "")
    count = _word_count_at(lines)
    count = 0 if count is None else count
    above = [line for line in lines[:count] if line]
    bylines = [line for line in above if _BYLINE.match(line) and len(line) < 120 and line != above[0]]
    if title:
        bylines = bylines or [line for line in above if _BYLINE.match(line)]
        fields.state("section", next((line for line in above if line not in bylines), ""))
    else:
        above = [line for line in above if line not in bylines]
        if len(above) > 1 and len(above[0].split()) <= 4 and len(above[0]) <= 40:
            fields.state("section", above.pop(0))
        fields.state("title", " ".join(above))
    fields.state("author", bylines[0] if bylines else "")
    end = _factiva_head_end(lines, count)
    stated = [line for line in lines[count + 1 : end] if line]
    dated = next((i for i, line in enumerate(stated) if find_date(line, at_start=True)), None)
    if dated is not None:
        fields.state("date", stated[dated])
        after = [line for line in stated[dated + 1 :] if not re.fullmatch(r"\d{1,2}[:.]\d{2}.{0,12}", line)]
        fields.state("outlet", after[0] if after else "")
    rest = _without_publisher(_paragraphs(lines[end:]))
    # Beside a known body stand captions and summaries, and names and codes without a sentence.
    fields.body += [one for one in rest if not body or (len(one.split()) > 7 and one[-1] in '.!?”"»')]
    return fields


def _factiva_head_end(lines: Sequence[str], count: int) -> int:
    """Index after the head of a Factiva document: after its copyright line, else the language, else a blank line."""
    head = range(count + 1, min(count + 24, len(lines)))
    for matches in (_COPYRIGHT.match, _LANGUAGE.fullmatch):
        if (at := next((i for i in head if matches(lines[i])), None)) is not None:
            return (
                next((i for i in range(at, len(lines)) if not lines[i]), at)
                if _wrapped(lines, at)
                else at + 1
            )
    return next((i for i in head if not lines[i]), len(lines))


def _wrapped(lines: Sequence[str], at: int) -> bool:
    """Does a copyright line go on in the next line?"""
    return at + 2 < len(lines) and 0 < len(lines[at + 1]) < 60 and not lines[at + 2]


def _without_publisher(paragraphs: list[str]) -> list[str]:
    """Drop a last line that only names the publisher."""
    last = paragraphs[-1] if len(paragraphs) > 1 else ""
    named = last and len(last) < 90 and last[-1] not in "?!:…" and _COMPANY.search(last)
    return paragraphs[:-1] if named and not re.search(r"[a-z]{3,}\.$", last) else paragraphs


def _europresse(lines: Sequence[str]) -> Fields:
    """Fields of a Europresse document: outlet, "Section, date, page", title, author, body, copyright."""
    fields = Fields()
    paragraphs = _blocks(lines)
    while paragraphs and _COPYRIGHT.match(paragraphs[-1][0]):
        paragraphs.pop()
    long = next((i for i, block in enumerate(paragraphs) if len(" ".join(block)) > 200), len(paragraphs))
    dated = [i for i, block in enumerate(paragraphs[: long + 1]) if any(map(_europresse_date, block))]
    if not dated:
        fields.body = [_joined(block) for block in paragraphs]
        return fields
    head = paragraphs[dated[-1]]
    at = max(i for i, line in enumerate(head) if _europresse_date(line))
    fields.state("date", head[at])
    fields.state("section", europresse_section(head[at]))
    above = head[at - 1] if at else paragraphs[dated[-1] - 1][-1] if dated[-1] else ""
    after = head[at + 1] if at + 1 < len(head) else ""
    fields.state("outlet", after if "•" in after else above)
    rest = paragraphs[dated[-1] + 1 :]
    if rest and len(" ".join(rest[0])) < 250:
        fields.state("title", " ".join(rest.pop(0)))
        if len(rest) > 1 and _is_name(" ".join(rest[0])):
            fields.state("author", " ".join(rest.pop(0)))
    fields.body = [_joined(block) for block in rest]
    return fields


def _europresse_date(line: str) -> bool:
    return len(line) < 120 and line[-1:] not in ".!?" and find_date(line) is not None


def europresse_section(line: str) -> str:
    """The section before the date in "Culture, jeudi 14 mars 2023, p. 12"; "" without one."""
    before = [part.strip() for part in re.split(r"\d", line, maxsplit=1)[0].split(",")]
    while before and (not before[-1] or _WEEKDAYS_AND_MONTHS.fullmatch(before[-1])):
        before.pop()
    return ", ".join(before)


def _is_name(line: str) -> bool:
    words = line.split()
    return (
        1 <= len(words) <= 8 and line[-1] not in ".!?:;" and all(w[0].isupper() or len(w) <= 3 for w in words)
    )


_MAX_TITLE = 400  # characters


class Item(NamedTuple):
    """A paragraph of a document with labels. kind: "label", "heading" (a label alone on its line), "copyright" or "text"."""

    kind: str
    role: str
    value: str
    text: str


def _labeled(lines: Sequence[str]) -> Fields:
    """Fields of a document with labels (LexisNexis, Nexis Uni, ProQuest)."""
    items = list(_items(_after_cover(lines)))
    fields = Fields()
    body = next((i for i, item in enumerate(items) if item.role == "body" and item.kind != "text"), None)
    start = _head_end(items) if body is None else body
    end = _tail_start(items, start + (body is not None))
    if body is None and any(item.text.lower().startswith("proquest document id") for item in items):
        end = start = len(items)  # ProQuest without "Full text:", thus an abstract alone
    _state_labels(fields, items[:start])
    under_label = False  # text under "Abstract:" is no title
    preamble: list[list[str]] = []
    texts: list[str] = []
    for item in items[:start]:
        if item.kind == "text" and not under_label and not _LINK_LINE.fullmatch(item.text):
            # Running text above the labels belongs to the body, whatever it is.
            texts += [item.text] if len(item.text) > _MAX_TITLE else []
            preamble += [item.text.split("\n")] if len(item.text) <= _MAX_TITLE else []
        elif item.kind == "copyright" and not preamble:  # the outlet may follow in the next line
            preamble += [[line] for line in item.text.split("\n")[1:] if not _COPYRIGHT.match(line)]
        under_label = under_label or item.kind in ("label", "heading")
    _state_preamble(
        fields, preamble, title_first=any(i.kind == "heading" and i.role == "body" for i in items)
    )
    _state_labels(fields, items[max(end, start) :])
    texts += [item.value if i == body else item.text for i, item in enumerate(items[start:end], start)]
    fields.body = [paragraph for text in texts if text for paragraph in _unwrapped(text.split("\n"))]
    return fields


def _state_labels(fields: Fields, items: Sequence[Item]) -> None:
    for item in items:
        if item.kind == "label" and item.role not in ("head", "tail", "body", "length"):
            fields.state(item.role, item.value)


def _after_cover(lines: Sequence[str]) -> Sequence[str]:
    """Lines after the cover page of Nexis Uni, which lists the titles of its documents."""
    listed = next((i for i, line in enumerate(lines[:60]) if re.fullmatch(r"\w+ \(\d+\)", line)), None)
    if listed is None:
        return lines
    first = next((line[2:].strip() for line in lines[listed : listed + 4] if line.startswith("1.")), "")
    same = [i for i, line in enumerate(lines) if i > listed and first and line.casefold() == first.casefold()]
    if same:
        return lines[same[0] :]
    cover = [
        i
        for i, line in enumerate(lines)
        if re.match(r"(?:client/matter|search t|narrowed by|content type)", line, re.I)
    ]
    return lines[(cover[-1] if cover else listed) + 1 :]


def _items(lines: Sequence[str]) -> Iterator[Item]:
    for block in _blocks(lines, new_at=_begins_item):
        text = "\n".join(block)
        name = _label_name(block[0])
        if name:
            found = _LABEL.match(block[0])
            value = "\n".join([found["value"] if found else "", *block[1:]]).strip()
            yield Item("label", _ROLE_OF_LABEL[name], value, text)
        elif block[0].lower() in _HEADINGS and block[0][0].isupper():
            yield Item("heading", _HEADINGS[block[0].lower()], "\n".join(block[1:]), text)
        elif _COPYRIGHT.match(block[0]) and len(text) < 400:
            yield Item("copyright", "tail", text, text)
        else:
            yield Item("text", "", text, text)


def _begins_item(line: str) -> bool:
    if line[0].islower():
        return False
    return line.lower() in _HEADINGS or bool(_label_name(line)) or bool(_COPYRIGHT.match(line))


def _head_end(items: Sequence[Item]) -> int:
    """Index of the first paragraph of a body without a label of its own."""
    first = next((i for i, item in enumerate(items) if item.kind == "label"), None)
    if first is None:
        return next((i for i, item in enumerate(items) if len(item.text) > 200), 0)
    end = first
    for i in range(first, len(items)):
        item = items[i]
        if item.kind == "text":
            rest = items[i + 1 : i + 4]
            if len(item.text) > 200 or not any(one.role in ("length", "author") for one in rest):
                break
        elif item.role == "tail" and item.kind == "label" and item.value:
            break
        else:
            end = i + 1
    return end


def _tail_start(items: Sequence[Item], start: int) -> int:
    """Index of the fields and copyright lines that close a document."""
    end = len(items)
    while end > start:
        item = items[end - 1]
        if item.kind != "text":
            end -= 1
            continue
        # Captions under GRAPHIC, and fields that are not known between those that are.
        above = next((i for i in range(end - 1, start - 1, -1) if items[i].kind != "text"), None)
        if above is None or items[above].kind == "copyright":
            break
        between = items[above + 1 : end]
        captions = _TEXT_UNDER.match(items[above].text) and sum(len(one.text) for one in between) < 3000
        if not (captions or all(_LABEL.match(one.text) and len(one.text) < 300 for one in between)):
            break
        end = above
    return end


def _state_preamble(fields: Fields, blocks: Sequence[Sequence[str]], *, title_first: bool) -> None:
    """Read title, outlet and date from their place above the labels.

    LexisNexis writes outlet, date and title, Nexis Uni title, outlet and date, ProQuest the title alone.
    """
    dated = next(
        ((b, i) for b, block in enumerate(blocks) for i, line in enumerate(block)
         if len(line) < 120 and find_date(line, at_start=True)),
        None,
    )  # fmt: skip
    if dated is None:
        fields.state("title", " ".join(blocks[0]) if blocks else "")
        return
    block, at = dated
    fields.published = fields.published or find_date(blocks[block][at], at_start=True)
    before = [line for b in blocks[:block] for line in b] + list(blocks[block][:at])
    after = [line for b in blocks[block + 1 :] for line in b]
    if title_first or (len(before) > 1 and not after):
        fields.state("outlet", before[-1] if before else "")
        fields.state("title", " ".join(before[:-1]))
    else:
        fields.state("outlet", before[0] if before else "")
        fields.state("title", " ".join(after))


# ---- paragraphs


def _blocks(lines: Sequence[str], *, new_at: Callable[[str], bool] = lambda line: False) -> list[list[str]]:
    """Lines between blank lines. new_at: whether a line begins a block of its own."""
    blocks: list[list[str]] = []
    fresh = True
    for line in lines:
        if not line:
            fresh = True
        elif fresh or new_at(line):
            blocks.append([line])
            fresh = False
        else:
            blocks[-1].append(line)
    return blocks


def _paragraphs(lines: Sequence[str]) -> list[str]:
    return [paragraph for block in _blocks(lines) for paragraph in _unwrapped(block)]


def _unwrapped(lines: Sequence[str]) -> list[str]:
    """The paragraphs of a block: one of wrapped lines, or each line one where a line is too long to be wrapped."""
    kept = [line for line in lines if line]
    return kept if any(len(line) > 120 for line in kept) else ["\n".join(kept)] * bool(kept)


def _joined(lines: Sequence[str]) -> str:
    return ("\n\n" if any(len(line) > 120 for line in lines) else "\n").join(lines)
