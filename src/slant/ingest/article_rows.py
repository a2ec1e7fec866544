"""Convert one row of a table (JSON, CSV or Parquet) to an Article with title, subtitle, body and comments as parts.

`Columns` finds the column of each field, by its usual names or by `--map`.
"""

from __future__ import annotations

import json
import re
import reprlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from slant.errors import Rejected, UsageError, did_you_mean
from slant.ingest.api_answers import Listed, cells, listed_rows
from slant.ingest.cell_text import INNER_TEXT, body_text, one_line_cell, read_cell
from slant.ingest.comment_names import column_role, looks_like_comments
from slant.ingest.comment_rows import Comment, parse_comments
from slant.ingest.date_columns import DateColumn
from slant.ingest.decoding import DEFAULT_LIMITS, Limits, check_characters, check_text
from slant.ingest.kept_columns import other_cells, source_id
from slant.ingest.outlets import is_address, outlet_from_url
from slant.ingest.walls import notes_on_walls
from slant.records import Article, Note, Part

# ---- columns

# Column names in the exports of crawlers and news APIs, in order of precedence.
COLUMNS: dict[str, tuple[str, ...]] = {
    "text": ("text", "body", "content", "article_text", "article_content", "article_body", "articlebody",
             "full_text", "fulltext", "maintext", "main_text", "article", "story", "content_text", "text_content",
             "content_html", "body_html", "bodytext", "body_text", "plaintext", "plain_text", "full_content", "fullcontent",
             "article_full_text", "full_article", "news_text", "selftext", "raw_text"),
    "title": ("title", "headline", "article_title", "heading", "webtitle", "web_title", "article_headline"),
    "subtitle": ("subtitle", "subheadline", "standfirst", "dek", "deck", "description", "trailtext", "trail_text",
                 "abstract"),
    "outlet": ("outlet", "source", "publisher", "publication", "newspaper", "news_outlet", "outlet_name", "media_name",
               "source_name", "source_hostname", "site_name", "sitename", "site", "hostname", "domain", "source_domain",
               "thread.site"),
    "author": ("author", "authors", "byline", "creator", "author_name", "article_author"),
    "published": ("published", "date", "published_at", "publishedat", "date_published", "datepublished",
                  "publish_date", "publishdate", "date_publish", "publication_date", "publicationdate", "publishing_date",
                  "pub_date", "pubdate", "published_date", "publisheddate", "webpublicationdate", "web_publication_date",
                  "date_time", "datetime", "article_date", "seendate", "created_at", "createdat", "created_utc", "timestamp"),
    "url": ("url", "link", "permalink", "canonical_url", "article_url", "web_url", "weburl", "article_link", "source_url"),
    "sections": ("sections", "section", "section_name", "sectionname", "tags", "tag", "category", "categories", "topics",
                 "keywords"),
    "comments": ("comments", "reader_comments", "user_comments", "top_comments", "comment_list", "comment_threads",
                 "commentthreads", "replies"),
}  # fmt: skip
# Columns that hold the beginning of an article or a summary, read as its text only where a row has no other.
_STUBS = (
    "lead_paragraph",
    "snippet",
    "abstract",
    "description",
    "summary",
    "excerpt",
    "trailtext",
    "trail_text",
)
# Objects that hold the fields of an article one level deeper; other objects, such as an image, have a title of their own.
_HOLDERS = frozenset(
    {"fields", "_source", "source_fields", "data", "attributes", "article", "node", "document", "doc", "story", "item",
     "news", "record", "post", "content", "info", "meta", "metadata", "properties"}
)  # fmt: skip
# A column name may contain commas and spaces: text=Full Text
_BETWEEN_PAIRS = re.compile(r"[,\s]+(?=[\w.]+\s*=)")
_FIELD_OF = {name: field for field, names in COLUMNS.items() for name in names}
_JOINED = {name.replace("_", ""): name for name in reversed(_FIELD_OF)}  # "bodyHtml" is "body_html"


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
        """Field that a column of this name holds ("Full Text" → "text", "headline.main" → "title"), or None."""
        return self._place(name)[0]

    def _place(self, name: object) -> tuple[str | None, int]:
        """Field that a column holds, and the precedence of its name."""
        if self.mapped:
            plain = _plain_name(name)
            for mapped_field, column in self.mapped.items():
                if plain == _plain_name(column):
                    return mapped_field, 0
        usual = (column_role(name), 0) if self.comments else _usual_field(name)
        return (None, 0) if usual[0] in self.mapped else usual

    def by_field(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Field → value, from the first of its columns that is not empty.

        An address in a column of outlets ("source") is taken as the outlet, and as the address of the article, only where
        no other column has it.
        """
        found: dict[str, tuple[tuple[bool, bool, int], Any]] = {}
        address = None
        for name, value in cells(row):
            field, precedence = self._place(name)
            if not field:
                continue
            worse = False
            if field == "text":
                worse = not isinstance(value, str)
            elif field == "outlet" and is_address(value):
                worse = True
                address = address or (value if _plain_name(name) == "source" else None)
            blank = value is None or value in ("", []) or (isinstance(value, str) and value.isspace())
            rank = (blank, worse, precedence)
            if field not in found or rank < found[field][0]:
                found[field] = (rank, value)
        values = {field: value for field, (_, value) in found.items()}
        if address and not values.get("url") and "outlet" not in self.mapped:
            values["url"] = address
        return values

    def stub(self, row: Mapping[str, Any]) -> Any:
        """Beginning or summary of the article, for a row that has no text; None without one."""
        if "text" in self.mapped:
            return None
        held: dict[str, Any] = {}
        for name, value in cells(row):
            if isinstance(value, str) and value.strip():
                held.setdefault(_plain_name(name).rpartition(".")[2], value)
        return next((held[name] for name in _STUBS if name in held), None)

    def has_text(self, row: Mapping[str, Any]) -> bool:
        """Whether a row has a text, or at least its beginning."""
        return self.has_full_text(row) or self.stub(row) is not None

    def has_full_text(self, row: Mapping[str, Any]) -> bool:
        """Whether a row has a text."""
        value = self.by_field(row).get("text")
        if isinstance(value, list) and any(map(self.is_record, filter(_is_mapping, value))):
            return False  # rows under the name "content"
        return body_text(value) is not None

    def is_record(self, row: Mapping[str, Any]) -> bool:
        """Whether a row has fields that only an article has."""
        fields = {self.field(name) for name in row}
        return "title" in fields and not fields.isdisjoint(("url", "published", "author"))

    def answer(self, value: Any) -> Listed | None:
        """Rows that an answer of an API lists; None if `value` is a row itself."""
        if isinstance(value, dict):
            for name, words in value.items():
                if words and isinstance(words, str) and self._place(name)[0] == "text":
                    return None
        return listed_rows(value, self.has_text, self.has_full_text, self.is_record)

    def may_hold_text(self, names: Iterable[object]) -> bool:
        """Whether a table with these columns has a text, or at least the beginning of one."""
        names = list(names)
        return any(self.field(name) == "text" for name in names) or any(map(self.is_stub, names))

    def is_stub(self, name: object) -> bool:
        """Whether a column of this name may be read for a missing text."""
        return "text" not in self.mapped and _plain_name(name) in _STUBS

    def used(self, row: Mapping[str, Any], values: Mapping[str, Any]) -> set[str]:
        """Columns of a row whose content is in its article: not sections, which no output holds, nor numbers of comments."""
        used = set()
        for name, value in cells(row):
            field = self.field(name)
            if not field or field == "sections" or value is not values.get(field):
                continue
            if field == "comments" and str(value).strip().isdigit():
                continue
            column = name if name in row else name.partition(".")[0]  # the object that holds it
            used.add(str(column).strip().strip("\ufeff"))
        return used

    def missing(self, names: Iterable[object]) -> list[str]:
        """Mapped columns that are not among `names`, as "title=headline"."""
        present = {_plain_name(name) for name in names}
        return [
            f"{field}={column}" for field, column in self.mapped.items() if _plain_name(column) not in present
        ]


DEFAULT_COLUMNS = Columns()


# Fields of a comment that an article does not have.
_COMMENT_FIELDS = ("id", "parent", "thread")
_JOINED_PREFIX = "comments."


def joined_pairs(pairs: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the pairs of `--map` for articles, and those for joined comments ("comments.text=Wording") as "text=Wording"."""
    given = [one for text in pairs for one in _BETWEEN_PAIRS.split(text.strip())]
    of_comments = [pair.removeprefix(_JOINED_PREFIX) for pair in given if pair.startswith(_JOINED_PREFIX)]
    return [pair for pair in given if not pair.startswith(_JOINED_PREFIX)], of_comments


def parse_column_map(pairs: Sequence[str], *, comments: bool = False, keep: Sequence[str] = ()) -> Columns:
    """Columns from "FIELD=COLUMN" pairs as in `--map`; one string may hold several, separated by commas or spaces.

    comments: whether the rows are comments. keep: names of other columns to keep, as in `--keep`; one string may hold
    several, separated by commas.
    Raises UsageError for any other form, an unknown field, and a field or column given twice.
    """
    mapped: dict[str, str] = {}
    fields = (*COLUMNS, *_COMMENT_FIELDS) if comments else tuple(COLUMNS)
    for pair in (one for text in pairs for one in _BETWEEN_PAIRS.split(text.strip())):
        name, equals, column = (part.strip() for part in pair.partition("="))
        if not equals or not name or not column:
            raise UsageError(f"--map {pair}: expected FIELD=COLUMN, such as title=headline.")
        if name not in fields:
            what = "a comment" if comments else "an article"
            known = ", ".join(fields)
            raise UsageError(
                f"--map {pair}: {what} has no field {name!r}. Use one of: {known}.{did_you_mean(name, fields)}"
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
def _usual_field(name: object) -> tuple[str | None, int]:
    """Field that a column of this name usually holds, and the precedence of the name; nested ones come last."""
    plain = _plain_name(name)
    plain = plain if plain in _FIELD_OF else _JOINED.get(plain, plain)
    if field := _FIELD_OF.get(plain):
        return field, COLUMNS[field].index(plain)
    above, dot, last = plain.rpartition(".")
    if dot:
        field, precedence = _usual_field(above)
        if field and last in INNER_TEXT:  # "headline.main", "source.name", "content.rendered"
            return field, precedence
        if last in _FIELD_OF and all(each in _HOLDERS for each in above.split(".")):
            return _FIELD_OF[last], 100 * (1 + above.count(".")) + COLUMNS[_FIELD_OF[last]].index(last)
    return None, 0


def _is_mapping(value: object) -> bool:
    return isinstance(value, Mapping)


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
    dates: DateColumn | None = None,
) -> Article:
    """Article of one row. Its text is title, subtitle, body and comments, separated by blank lines.

    where: location of the row, for messages. outlet: overrides the row's outlet. dates: reads the dates of its table.
    Raises Rejected: no_text, bad_text, empty, too_large, undecodable, bad_comments, consent_page or blocked_page.
    """
    values = columns.by_field(row)
    body, notes = _body(row, values, where, columns)
    wall_notes = notes_on_walls(body.split("\n"), where)
    comments, comment_notes = parse_comments(values.get("comments"), where)
    title, subtitle = (_one_line(values.get(name)) for name in ("title", "subtitle"))
    text, parts = assemble(title, subtitle, body, comments)
    check_text(text, where, limits)
    published, date_notes = (dates or DateColumn([values.get("published")])).read(values.get("published"))
    author = _one_line(values.get("author"))
    id_column, own_id = source_id(row)
    used = columns.used(row, values) | ({id_column} if id_column and id_column not in columns.keep else set())
    extra, column_notes = other_cells(row, used, columns.keep)
    article = Article(
        text=text,
        path=where,
        title=title,
        outlet=outlet or _outlet(values),
        author=author and (_BY.sub("", author) or author),
        published=published,
        url=_one_line(values.get("url")),
        sections=_sections(values.get("sections")),
        markup="none",
        parts=parts,
        notes=(*notes, *wall_notes, *comment_notes, *date_notes, *column_notes),
        source_id=own_id,
        extra=extra,
    )
    metadata = (article.outlet, article.author, article.published, article.url, *article.sections)
    check_characters(
        "\n".join([text, *filter(None, metadata), *(part.author or "" for part in parts)]), where
    )
    return article


_BY = re.compile(r"\Aby\s+", re.I)
_NAMES = (
    "name",
    "title",
    "main",
    "original",
    "rendered",
    "display_name",
    "full_name",
    "value",
    "label",
    "text",
)


def _body(
    row: Mapping[str, Any], values: Mapping[str, Any], where: str, columns: Columns
) -> tuple[str, tuple[Note, ...]]:
    """Text of a row, and notes on it: that of its text column, else the beginning or summary that is read in its place."""
    value = values.get("text")
    stub = columns.stub(row) if "text" not in values else None
    if stub is not None:
        text, notes = read_cell(stub, where)
        return text, (
            *notes,
            Note("stub", "it has no text; the beginning or summary that it has was read as its text."),
        )
    if "text" not in values:
        hint = missing_text_hint([name for name, _ in cells(row)], columns)
        raise Rejected(where, "no_text", f'"text" is missing. {hint}')
    if value is None or (isinstance(value, str) and not value.strip()):
        raise Rejected(where, "empty", "the text of this row is empty. Expected the text of an article.")
    stated = body_text(value)
    if stated is None:
        detail = f'"text" is {type(value).__name__} {reprlib.repr(value)}. Expected a string with the text of the article.'
        raise Rejected(where, "bad_text", detail)
    text, notes = read_cell(stated, where)
    if not text.strip():
        raise Rejected(where, "empty", "the HTML of this row has no text. Expected the text of an article.")
    return text, notes


def _one_line(value: Any) -> str | None:
    """A cell as one line: takes the name of {"name": …} and joins lists of names; None if blank."""
    if isinstance(value, Mapping):
        value = next((value[name] for name in _NAMES if isinstance(value.get(name), str)), None)
    if isinstance(value, list | tuple):
        value = ", ".join(filter(None, map(_one_line, value)))
    if not isinstance(value, str) or not value.strip():
        return None
    return one_line_cell(value) or None


def _outlet(values: Mapping[str, Any]) -> str | None:
    """Outlet as stated; if that is an address, or none is stated, the outlet at the address."""
    stated = _one_line(values.get("outlet"))
    if stated and not is_address(stated):
        return stated
    found = outlet_from_url(stated) if stated else None
    url = _one_line(values.get("url"))
    return found or (outlet_from_url(url) if url and is_address(url) else None)


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
            parts.append(Part(at, end, role, comment.author, above, comment.published, comment.source))
        at = end + 2
    return "\n\n".join(words for _, words, _ in pieces), tuple(parts)


def _split_title(title: str | None, body: str) -> tuple[str | None, str]:
    """`(title as in the body's first line, rest)`, or `(None, body)` if the body does not start with the title."""
    first, _, rest = body.lstrip().partition("\n")
    if title and " ".join(first.split()).casefold() == title.casefold():
        return first.strip(), rest.lstrip("\n")
    return None, body
