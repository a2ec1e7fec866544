"""What came into a run and what came out: documents, comments and characters, and what was left out as what.

Only sums are kept, and rows per file only on request and for the first FILES files, so memory stays flat.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from slant.errors import Rejected
from slant.records import OTHER_KINDS, Article, Note, Score, Unit
from slant.scoring.rejections import SHOWN, Notes, Rejections

if TYPE_CHECKING:
    from slant.ingest.joined_comments import Joined

FILES = 10_000  # files that are listed one by one; the others are added up
MORE_FILES = "(more files)"
LEAST_KEPT = 0.5  # share of a document's text; if less is content, something looks lost
_LEAST_TEXT = 400  # characters; a shorter document may well be half metadata
_PLACE = re.compile(r"(?:[:#]\d+)+\Z")  # line, row or place in an answer behind the path of a document
_DATE = re.compile(r"\d{4}(-\d\d)?(-\d\d)?([T ].*)?\Z")


@dataclass(frozen=True, slots=True)
class DocumentCounts:
    """One document that was read.

    stated_comments: comments that its source states. text: characters that are not white space. characters: kind → such
    characters in its units. units, comments: of content.
    """

    path: str
    outlet: bool
    notes: tuple[Note, ...]
    stated_comments: int
    text: int
    units: int
    comments: int
    characters: dict[str, int]


def count_document(article: Article, units: Iterable[Unit]) -> DocumentCounts:
    """Count what a document brought in and what became units, and note where something looks lost."""
    characters: dict[str, int] = {}
    found = comments = 0
    for unit in units:
        place = unit.kind if unit.kind in OTHER_KINDS else "content"
        characters[place] = characters.get(place, 0) + _visible(unit.text)
        found += place == "content"
        comments += unit.kind == "comment"
    stated = sum(part.role == "comment" for part in article.parts)
    text = _visible(article.text)
    notes = (*article.notes, *_losses(article, text, characters, found))
    return DocumentCounts(
        article.path, bool(article.outlet), notes, stated or comments, text, found, comments, characters
    )


def _visible(text: str) -> int:
    """Number of characters that are not white space."""
    return len(text) - text.count(" ") - text.count("\n") - text.count("\t")


def _losses(article: Article, text: int, characters: dict[str, int], units: int) -> Iterator[Note]:
    kept = characters.get("content", 0)
    if not units:
        yield Note("no_units", "nothing in it was taken for content; `slant split --all` shows all of it.")
    elif text >= _LEAST_TEXT and kept < LEAST_KEPT * text:
        others = ", ".join(f"{n:,} {kind}" for kind, n in sorted(characters.items()) if kind != "content")
        detail = f"only {kept / text:.0%} of its text became units ({kept:,} of {text:,} characters"
        yield Note("little_text", f"{detail}{'; ' + others if others else ''}); see `slant split --all`.")
    noted = any(note.reason.startswith("date") for note in article.notes)
    if article.published and not noted and not _DATE.match(article.published):
        detail = f"its date {article.published[:80]!r} is not understood, so the document is in no month."
        yield Note("dates", detail)


@dataclass(slots=True)
class FileCounts:
    """Sums over the documents of one file, or of all."""

    documents: int = 0
    articles: int = 0
    no_outlet: int = 0
    stated_comments: int = 0
    units: int = 0
    comments: int = 0
    text: int = 0
    characters: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)
    notes: Counter[str] = field(default_factory=Counter)

    def add(self, document: DocumentCounts) -> None:
        self.documents += 1
        self.articles += 1
        self.no_outlet += not document.outlet
        self.stated_comments += document.stated_comments
        self.units += document.units
        self.comments += document.comments
        self.text += document.text
        self.characters.update(document.characters)
        self.notes.update(note.reason for note in document.notes)

    def reject(self, rejected: Rejected) -> None:
        self.documents += 1
        self.rejected[rejected.reason] += 1

    @property
    def kept(self) -> float:
        """Share of the text that became units of content."""
        return min(1.0, self.characters["content"] / self.text) if self.text else 1.0


class Account:
    """The account of a run: takes each document that was read or rejected, with its notes.

    by_file: also keep sums per file. total: sums over all. named: target id → units that name it, and articles with such
    units. languages: language → units that were scored. joined: what was done with joined comments, if there were any.
    """

    def __init__(self, *, by_file: bool = False) -> None:
        self.joined: Joined | None = None
        self.rejected, self.notes = Rejections(), Notes()
        self.total = FileCounts()
        self.files: dict[str, FileCounts] | None = {} if by_file else None
        self.without_outlet: list[str] = []
        self.languages = Counter[str]()
        self.named: dict[str, tuple[int, int]] = {}
        self._last_article: dict[str, str] = {}

    def append(self, rejected: Rejected) -> None:
        """Take a document that cannot be read."""
        self.rejected.append(rejected)
        for counts in self._counts(rejected.path):
            counts.reject(rejected)

    def read(self, document: DocumentCounts) -> None:
        """Take a document that was read."""
        for note in document.notes:
            self.notes.add(document.path, note)
        if not document.outlet and len(self.without_outlet) < SHOWN:
            self.without_outlet.append(document.path)
        for counts in self._counts(document.path):
            counts.add(document)

    def scored(self, scores: Iterable[Score]) -> Iterator[Score]:
        """Yield the scores, and count their languages and the targets that they name."""
        for score in scores:
            self.languages[score.unit.other_language or "en"] += 1
            article = score.unit.article_id
            for stance in score.stance:
                if stance.mentions:
                    units, articles = self.named.get(stance.target, (0, 0))
                    new = self._last_article.get(stance.target) != article
                    self._last_article[stance.target] = article
                    self.named[stance.target] = units + 1, articles + new
            yield score

    def write(self, output: str) -> None:
        """Write the lists of rejected documents and of notes beside `output`."""
        self.rejected.write(output)
        self.notes.write(output)

    def _counts(self, path: str) -> Iterator[FileCounts]:
        yield self.total
        if self.files is not None:
            name = _PLACE.sub("", path)
            if name not in self.files and len(self.files) >= FILES:
                name = MORE_FILES
            yield self.files.setdefault(name, FileCounts())


# ---- in words


def summary(account: Account) -> str:
    """Return one line: documents, articles, units, comments, share of the text kept, and documents without an outlet."""
    total = account.total
    rejected = total.rejected.total()
    parts = [
        f"{_number(total.documents, 'document')}: {_number(total.articles, 'article')}",
        _number(total.units, "unit"),
        _number(total.comments, "comment"),
    ]
    if rejected:
        parts.insert(1, f"{rejected:,} rejected")
    said = [", ".join(parts)]
    if total.articles:
        said.append(f"{total.kept:.0%} of the text kept")
    if total.no_outlet:
        shown = ", ".join(account.without_outlet)
        more = ", …" if total.no_outlet > len(account.without_outlet) else ""
        states = "states" if total.no_outlet == 1 else "state"
        said.append(f"{_number(total.no_outlet, 'document')} {states} no outlet: {shown}{more}")
    return "; ".join(said)


def table(account: Account) -> Iterator[str]:
    """Yield the lines of a table with a row per file and their sum: what came in, what came out, and the rest as what."""
    rows = [*(account.files or {}).items(), ("total", account.total)]
    heads = (
        "file",
        "documents",
        "articles",
        "units",
        "comments",
        "characters",
        "kept",
        "left out, and notes",
    )
    cells = [heads, *(_row(name, counts) for name, counts in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(heads) - 1)]
    for row in cells:
        first = row[0].ljust(widths[0])
        numbers = (cell.rjust(width) for cell, width in zip(row[1:-1], widths[1:], strict=True))
        yield "  ".join((first, *numbers, row[-1])).rstrip()


def _row(name: str, counts: FileCounts) -> Sequence[str]:
    comments = f"{counts.comments:,}"
    if counts.stated_comments != counts.comments:
        comments += f" of {counts.stated_comments:,}"
    left = [f"{kind} {counts.characters[kind]:,}" for kind in OTHER_KINDS if counts.characters[kind]]
    unread = counts.text - sum(counts.characters.values())
    if unread > 0:
        left.append(f"markup {unread:,}")
    if counts.no_outlet:
        left.append(f"no outlet: {_number(counts.no_outlet, 'article')}")
    left += [f"{reason}: {n:,} rejected" for reason, n in counts.rejected.items()]
    left += [f"{reason}: {_number(n, 'note')}" for reason, n in counts.notes.items()]
    kept = f"{counts.kept:.0%}" if counts.articles else "–"
    numbers = (counts.documents, counts.articles, counts.units)
    return name, *(f"{n:,}" for n in numbers), comments, f"{counts.text:,}", kept, "; ".join(left)


def _number(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
