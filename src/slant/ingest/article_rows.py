"""Convert one row of a table (JSON, CSV or Parquet) to an Article with title, subtitle, body and comments as parts.

`Columns` finds the column of each field, by its usual names or by `--map`.
"""

from __future__ import annotations

import json
import re
import reprlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from slant.errors import Rejected, UsageError, did_you_mean
from slant.ingest.comment_names import column_role, looks_like_comments
from slant.ingest.comment_rows import Comment, parse_comments
from slant.ingest.decoding import DEFAULT_LIMITS, Limits, check_characters, check_text, convert_newlines
from slant.ingest.kept_columns import other_cells, source_id
from slant.records import Article, Part
from slant.segment.dates import iso_date

# ---- columns

# Column names in the exports of crawlers and news APIs, in order of precedence.
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
    "comments": ("comments", "reader_comments", "user_comments", "top_comments", "comment_list", "comment_threads",
                 "commentthreads", "replies"),
}  # fmt: skip
# A column name may contain commas and spaces: text=Full Text
_BETWEEN_PAIRS = re.compile(r"[,\s]+(?=\w+\s*=)")
_FIELD_OF = {name: field for field, names in COLUMNS.items() for name in names}


@dataclass(frozen=True, slots=True)
class Columns:
    """Which column holds which field of an article.

    mapped: field → column, in place of the usual names. A mapped column holds only that field: if "description" is mapped
        to `title`, it is not read as subtitle.
    comments: whether rows are comments (`--comments`), not articles.
    keep: the only other columns that travel along to the outputs; empty for all.
    """

    mapped: Mapping[str, str] = field(default_factory=dict)
    comments: bool = False
    keep: tuple[str, ...] = ()

    def field(self, name: object) -> str | None:
        """Field that a column of this name holds ("Full Text" → "text"), or None."""
        plain = _plain_name(name)
        for mapped_field, column in self.mapped.items():
            if plain == _plain_name(column):
                return mapped_field
        usual = column_role(name) if self.comments else _FIELD_OF.get(plain)
        return None if usual in self.mapped else usual

    def by_field(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Field → value, from the first of its columns that is not empty."""
        found: dict[str, tuple[tuple[bool, int], Any]] = {}
        for name, value in row.items():
            field = self.field(name)
            if field:
                names = COLUMNS[field]
                precedence = names.index(_plain_name(name)) if field not in self.mapped else 0
                rank = (value is None or value in ("", []), precedence)
                if field not in found or rank < found[field][0]:
                    found[field] = (rank, value)
        return {field: value for field, (_, value) in found.items()}

    def used(self, row: Mapping[str, Any], values: Mapping[str, Any]) -> set[str]:
        """Columns of a row whose content is in its article: not sections, which no output holds, nor numbers of comments."""
        found = ((name, self.field(name)) for name in row)
        return {
            str(name).strip().strip("\ufeff")
            for name, field in found
            if field
            and field != "sections"
            and row[name] is values.get(field)
            and not (field == "comments" and str(row[name]).strip().isdigit())
        }

    def missing(self, names: Iterable[object]) -> list[str]:
        """Mapped columns that are not among `names`, as "title=headline"."""
        present = {_plain_name(name) for name in names}
        return [
            f"{field}={column}" for field, column in self.mapped.items() if _plain_name(column) not in present
        ]


DEFAULT_COLUMNS = Columns()


def parse_column_map(pairs: Sequence[str], *, comments: bool = False, keep: Sequence[str] = ()) -> Columns:
    """Columns from "FIELD=COLUMN" pairs as in `--map`; one string may hold several, separated by commas or spaces.

    comments: whether the rows are comments. keep: names of other columns to keep, as in `--keep`; one string may hold
    several, separated by commas.
    Raises UsageError for any other form, an unknown field, and a field or column given twice.
    """
    mapped: dict[str, str] = {}
    for pair in (one for text in pairs for one in _BETWEEN_PAIRS.split(text.strip())):
        name, equals, column = (part.strip() for part in pair.partition("="))
        if not equals or not name or not column:
            raise UsageError(f"--map {pair}: expected FIELD=COLUMN, such as title=headline.")
        if name not in COLUMNS:
            known = ", ".join(COLUMNS)
            raise UsageError(
                f"--map {pair}: an article has no field {name!r}. Use one of: {known}.{did_you_mean(name, COLUMNS)}"
            )
        if name in mapped:
            raise UsageError(f"--map {pair}: {name} is mapped twice, first to {mapped[name]!r}. Map it once.")
        if _plain_name(column) in map(_plain_name, mapped.values()):
            raise UsageError(f"--map {pair}: column {column!r} is mapped twice. Map it once.")
        mapped[name] = column
    kept = dict.fromkeys(name.strip() for text in keep for name in text.split(",") if name.strip())
    return Columns(mapped, comments, tuple(kept))


def missing_text_hint(names: Iterable[object], columns: Columns = DEFAULT_COLUMNS) -> str:
    """Say which column an article needs and which ones were found."""
    if "text" in columns.mapped:
        return f"Expected the column of --map text={columns.mapped['text']}. {found_columns(names)}"
    names = list(names)
    if columns.comments:
        needed = (
            "A comment needs at least: text (also accepted: body, comment, message, …; or --map text=COLUMN)."
        )
        return f"{needed} {found_columns(names)}"
    if looks_like_comments(names):
        return f"These look like comments: add --comments to read them. {found_columns(names)}"
    hint = next(
        (f" Is it {str(name)!r}?" for name in names if did_you_mean(_plain_name(name), ("text", "content"))),
        "",
    )
    accepted = ", ".join(COLUMNS["text"][1:6])
    needed = f"An article needs at least: text (also accepted: {accepted}, …; or --map text=COLUMN)."
    return f"{needed} {found_columns(names)}{hint}"


def found_columns(names: Iterable[object]) -> str:
    """List the columns found, as a sentence."""
    shown = [str(name)[:80] for name in names]
    return f"Found: {', '.join(shown[:12]) + (', …' if len(shown) > 12 else '') if shown else 'nothing'}."


@lru_cache(maxsize=4096)
def _plain_name(name: object) -> str:
    return str(name).strip().strip("\ufeff").lower().replace(" ", "_").replace("-", "_")


# ---- one row


def article_from_row(
    row: Mapping[str, Any],
    where: str,
    *,
    outlet: str | None = None,
    limits: Limits = DEFAULT_LIMITS,
    columns: Columns = DEFAULT_COLUMNS,
) -> Article:
    """Article of one row. Its text is title, subtitle, body and comments, separated by blank lines.

    where: location of the row, for messages. outlet: overrides the row's outlet.
    Raises Rejected: no_text, bad_text, empty, too_large, undecodable or bad_comments.
    """
    values = columns.by_field(row)
    if "text" not in values:
        raise Rejected(where, "no_text", f'"text" is missing. {missing_text_hint(row, columns)}')
    body = _body(values["text"], where)
    comments, notes = parse_comments(values.get("comments"), where)
    title, subtitle = (_one_line(values.get(name)) for name in ("title", "subtitle"))
    text, parts = assemble(title, subtitle, body, comments)
    check_text(text, where, limits)
    id_column, own_id = source_id(row)
    used = columns.used(row, values) | ({id_column} if id_column and id_column not in columns.keep else set())
    extra, column_notes = other_cells(row, used, columns.keep)
    article = Article(
        text=text,
        path=where,
        title=title,
        outlet=outlet or _one_line(values.get("outlet")),
        author=_one_line(values.get("author")),
        published=_date(values.get("published")),
        url=_one_line(values.get("url")),
        sections=_sections(values.get("sections")),
        markup="none",
        parts=parts,
        notes=(*notes, *column_notes),
        source_id=own_id,
        extra=extra,
    )
    metadata = (article.outlet, article.author, article.published, article.url, *article.sections)
    check_characters(
        "\n".join([text, *filter(None, metadata), *(part.author or "" for part in parts)]), where
    )
    return article


def _body(body: Any, where: str) -> str:
    if body is None or (isinstance(body, str) and not body.strip()):
        raise Rejected(where, "empty", "the text of this row is empty. Expected the text of an article.")
    if not isinstance(body, str):
        detail = f'"text" is {type(body).__name__} {reprlib.repr(body)}. Expected a string with the text of the article.'
        raise Rejected(where, "bad_text", detail)
    return convert_newlines(body)


def _one_line(value: Any) -> str | None:
    """A cell as one line: takes the name of {"name": …} and joins lists of names; None if blank."""
    if isinstance(value, Mapping):
        value = value.get("name") or value.get("title")
    if isinstance(value, list | tuple):
        value = ", ".join(filter(None, map(_one_line, value)))
    if not isinstance(value, str) or not value.strip():
        return None
    return " ".join(value.split())


def _date(value: Any) -> str | None:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    words = _one_line(value)
    return words and (iso_date(words) or words)


def _sections(value: Any) -> tuple[str, ...]:
    """Section names from a list, a JSON list in a string, or a string separated by commas, semicolons or bars."""
    if isinstance(value, str):
        decoded = _json_list(value)
        parts = value.replace(";", ",").replace("|", ",").split(",")
        value = decoded if decoded is not None else parts
    if not isinstance(value, list | tuple):
        return ()
    return tuple(dict.fromkeys(words for item in value if (words := _one_line(item))))


def _json_list(value: str) -> list[Any] | None:
    if not value.lstrip().startswith("["):
        return None
    try:
        decoded = json.loads(value)
    except (ValueError, RecursionError):
        return None
    return decoded if isinstance(decoded, list) else None


# ---- text and parts


def assemble(
    title: str | None, subtitle: str | None, body: str, comments: Sequence[Comment]
) -> tuple[str, tuple[Part, ...]]:
    """Join title, subtitle, body and comments with blank lines. Returns the text and its parts.

    A title or subtitle that the body already starts with is not repeated.
    """
    pieces: list[tuple[str, str, Comment | None]] = []
    head, rest = _split_title(title, body)
    if title:
        pieces.append(("title", head or title, None))
    if subtitle and subtitle != title and not " ".join(rest.split()).startswith(subtitle.rstrip("….")):
        pieces.append(("subtitle", subtitle, None))
    if rest.strip():
        pieces.append(("body", rest, None))
    first = len(pieces)
    pieces += [("comment", comment.text, comment) for comment in comments]
    parts, at = [], 0
    for role, words, comment in pieces:
        end = at + len(words)
        if comment is None:
            parts.append(Part(at, end, role))
        else:
            above = None if comment.parent is None else first + comment.parent
            parts.append(Part(at, end, role, comment.author, above, comment.published))
        at = end + 2
    return "\n\n".join(words for _, words, _ in pieces), tuple(parts)


def _split_title(title: str | None, body: str) -> tuple[str | None, str]:
    """`(title as in the body's first line, rest)`, or `(None, body)` if the body does not start with the title."""
    first, _, rest = body.lstrip().partition("\n")
    if title and " ".join(first.split()).casefold() == title.casefold():
        return first.strip(), rest.lstrip("\n")
    return None, body
