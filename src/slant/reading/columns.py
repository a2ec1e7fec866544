"""Which column of a table holds which field of an article: by the usual names, or as `--map` says."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from slant.errors import UsageError, did_you_mean

# Names as they stand in the exports of crawlers and news APIs; the first that a row has, wins.
COLUMNS: dict[str, tuple[str, ...]] = {
    "text": ("text", "body", "content", "article_text", "article_content", "article_body", "articlebody",
             "full_text", "fulltext", "maintext", "main_text", "article", "story"),
    "title": ("title", "headline", "article_title", "heading"),
    "subtitle": ("subtitle", "subheadline", "standfirst", "dek", "deck", "description"),
    "outlet": ("outlet", "source", "publisher", "publication", "newspaper", "news_outlet", "site_name",
               "sitename", "site", "domain", "source_domain"),
    "author": ("author", "authors", "byline", "creator"),
    "published": ("published", "date", "published_at", "publishedat", "date_published", "datepublished",
                  "publish_date", "date_publish", "publication_date", "pub_date", "pubdate", "datetime"),
    "url": ("url", "link", "permalink", "canonical_url", "article_url"),
    "sections": ("sections", "section", "tags", "tag", "category", "categories", "topics", "keywords"),
    "comments": ("comments", "reader_comments", "user_comments"),
}  # fmt: skip
_BETWEEN = re.compile(r"[,\s]+(?=\w+\s*=)")  # a column's name may hold either: text=Full Text
_FIELD_OF = {name: field for field, names in COLUMNS.items() for name in names}


@dataclass(frozen=True, slots=True)
class Columns:
    """mapped: field → the one column that holds it, in place of the usual names.

    A mapped column serves its field alone: with `title` from "description", "description" is no subtitle.
    """

    mapped: Mapping[str, str] = field(default_factory=dict)

    def field(self, name: object) -> str | None:
        """Which field a column of this name holds ("Full Text" → "text"), or None."""
        plain = _plain_name(name)
        for mapped, column in self.mapped.items():
            if plain == _plain_name(column):
                return mapped
        usual = _FIELD_OF.get(plain)
        return None if usual in self.mapped else usual

    def by_field(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Field → value, under the first of its names that holds something."""
        found: dict[str, tuple[tuple[bool, int], Any]] = {}
        for name, value in row.items():
            held = self.field(name)
            if held:
                names = COLUMNS[held]
                place = names.index(_plain_name(name)) if held not in self.mapped else 0
                rank = (value is None or value in ("", []), place)
                if held not in found or rank < found[held][0]:
                    found[held] = (rank, value)
        return {held: value for held, (_, value) in found.items()}

    def missing(self, names: Iterable[object]) -> list[str]:
        """Of the mapped columns, those that are not among `names`, as "title=headline"."""
        there = {_plain_name(name) for name in names}
        return [
            f"{held}={column}" for held, column in self.mapped.items() if _plain_name(column) not in there
        ]


USUAL = Columns()


def mapping(pairs: Sequence[str]) -> Columns:
    """Columns from "FIELD=COLUMN" pairs as `--map` takes them, several to a string with commas or blanks between.

    Raises UsageError for another form, an unknown field, or a field or column that is given twice.
    """
    mapped: dict[str, str] = {}
    for pair in (one for several in pairs for one in _BETWEEN.split(several.strip())):
        held, equals, column = (part.strip() for part in pair.partition("="))
        if not equals or not held or not column:
            raise UsageError(f"--map {pair}: expected FIELD=COLUMN, such as title=headline.")
        if held not in COLUMNS:
            known = ", ".join(COLUMNS)
            raise UsageError(
                f"--map {pair}: an article has no field {held!r}. Use one of: {known}.{did_you_mean(held, COLUMNS)}"
            )
        if held in mapped:
            raise UsageError(
                f"--map {pair}: {held} is mapped twice, first to {mapped[held]!r}. Give it once."
            )
        if _plain_name(column) in map(_plain_name, mapped.values()):
            raise UsageError(f"--map {pair}: column {column!r} is mapped twice. Give it once.")
        mapped[held] = column
    return Columns(mapped)


def needs_text(names: Iterable[object], columns: Columns = USUAL) -> str:
    """What an article needs, and what there was instead."""
    if "text" in columns.mapped:
        return f"--map says text={columns.mapped['text']}. {listed(names)}"
    near = next(
        (f" Is it {str(name)!r}?" for name in names if did_you_mean(_plain_name(name), ("text", "content"))),
        "",
    )
    accepted = ", ".join(COLUMNS["text"][1:6])
    needed = f"An article needs at least: text (also accepted: {accepted}, …; or --map text=COLUMN)."
    return f"{needed} {listed(names)}{near}"


def listed(names: Iterable[object]) -> str:
    """The columns that there were, as a sentence."""
    shown = [str(name)[:80] for name in names]
    return f"Found: {', '.join(shown[:12]) + (', …' if len(shown) > 12 else '') if shown else 'nothing'}."


@lru_cache(maxsize=4096)
def _plain_name(name: object) -> str:
    return str(name).strip().strip("\ufeff").lower().replace(" ", "_").replace("-", "_")
