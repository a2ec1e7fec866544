"""The texts of a corpus, as passages that are kept in a temporary file, since they are read twice."""

from __future__ import annotations

import gzip
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby, pairwise
from types import TracebackType
from typing import Any

import msgspec

from slant.records import Unit
from slant.segment.language import DOCUMENT, language_of
from slant.segment.voices import sentence_starts

_LINK = re.compile(r"(?:https?://|www\.)\S+|\S+@\S+\.\w+")
_TITLE_TAIL = re.compile(r"\s+[|«»‹›•]\s.*\Z|\s+\(\d\d\.\d\d\.\d\d(?:\d\d)?[^)]*\).*\Z", re.DOTALL)
_DATELINE = re.compile(
    r"\A\W{0,3}(?:[A-ZÀ-Þ][A-ZÀ-Þ.’'/-]+(?:[ ,]+[A-ZÀ-Þ][A-ZÀ-Þ.’'/-]+){0,4})"
    r"(?:,? [^\W\d_a-z][\w. ,]{0,30})?\s*(?:\([^()]{2,30}\)\s*)?(?:[-–—]{1,2}|:)\s"
    r"|\A[^\n]{0,60}\((?:Reuters|AP|AFP|UPI|TASS|Xinhua|CNN)\)\s*(?:[-–—]{1,2}\s)?"
)
_WORD = re.compile(r"(?<!\w)[a-z]{2,}")
_MONTH = re.compile(r"\d{4}-\d\d")


@dataclass(frozen=True, slots=True)
class Passage:
    """The text of a unit. article: number of its article. month: "2020-03", or "" where the date is unknown."""

    article: int
    kind: str
    text: str
    outlet: str
    month: str


def units_of_rows(rows: Iterable[Mapping[str, Any]]) -> Iterator[Unit]:
    """Yield the units of rows of `slant split` or `slant score`, with the columns that are needed here."""
    for row in rows:
        yield Unit(
            str(row["article_id"]), str(row["unit_id"]), str(row["kind"]), str(row["text"] or ""), 0, 0, 0,
            outlet=row.get("outlet") or None, published=row.get("published") or None,
        )  # fmt: skip


class Passages:
    """The passages of a corpus: written once, read as often as needed.

    articles: number of articles. outlets, months: those that are known, in order. other_languages: articles left out since
    they are not in English. comments: whether there are any.
    """

    def __init__(self, units: Iterable[Unit]) -> None:
        """Read all units, article by article; those without content are left out, links and datelines are blanked."""
        self.articles = self.other_languages = 0
        self.outlets: dict[str, int] = {}
        self.months: dict[str, int] = {}
        self.comments = False
        self._file = tempfile.TemporaryFile(prefix="slant-")  # noqa: SIM115 (closed by __exit__)
        with gzip.open(self._file, "wb", compresslevel=1) as packed:
            for _, document in groupby(units, key=lambda unit: unit.article_id):
                for passage in self._read([unit for unit in document if unit.is_content]):
                    packed.write(msgspec.json.encode(passage) + b"\n")

    def __enter__(self) -> Passages:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def __iter__(self) -> Iterator[Passage]:
        self._file.seek(0)
        decode: Any = msgspec.json.Decoder(Passage).decode
        with gzip.open(self._file, "rb") as packed:
            for line in packed:
                yield decode(line)

    def _read(self, units: list[Unit]) -> Iterator[Passage]:
        if not units:
            return
        beginning = "\n".join(unit.text[:DOCUMENT] for unit in units[:3])[:DOCUMENT]
        if language_of(beginning) not in ("en", None):
            self.other_languages += 1
            return
        number, self.articles = self.articles, self.articles + 1
        outlet = units[0].outlet or ""
        found = _MONTH.match(units[0].published or "")
        month = found[0] if found else ""
        self.outlets.setdefault(outlet, len(self.outlets))
        self.months.setdefault(month, len(self.months))
        for unit in units:
            if unit.kind == "paragraph" and not _WORD.search(unit.text):
                continue  # a byline or a shout
            self.comments = self.comments or unit.kind == "comment"
            yield Passage(number, unit.kind, _clean(unit), outlet, month)


def _clean(unit: Unit) -> str:
    text = _LINK.sub(" ", unit.text.encode("utf-8", "replace").decode())
    if unit.kind == "title":
        return _TITLE_TAIL.sub("", text)
    return _DATELINE.sub("", text) if unit.kind in ("lead", "paragraph") else text


def sentences(text: str) -> list[str]:
    """Return the sentences of a text, without white space around them."""
    bounds = [0, *sentence_starts(text), len(text)]
    found = (text[start:end].strip() for start, end in pairwise(bounds))
    return [sentence for sentence in found if sentence]
