"""Score files as tables in DuckDB, which spills to disk: they may be larger than memory.

units    article_id, unit_id, group, outlet, published, month, title, url, author, kind, is_comment, parent_id, position,
         text, words, biased, subjective, flags; `group` is the column that is compared by, "(not stated)" where it is empty
stances  article_id, unit_id, group, is_comment, target, label, p_against, p_neutral, p_favor, mentions (how many)
loaded   article_id, unit_id, group, is_comment, start, end, text, label, voice, score
frames   article_id, unit_id, group, is_comment, label, score
replies  article_id, unit_id, group, label, p_support, p_deny, p_query, p_comment
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from slant.errors import SlantError, UsageError, did_you_mean
from slant.records import REPLIES, STANCES
from slant.schemas import duckdb_types
from slant.scoring.output_files import read_scores

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

COLUMNS = ("outlet", "author", "title", "kind", "month", "published", "url", "article_id")
NOT_STATED = "(not stated)"
FORMATS = (".jsonl", ".parquet", ".duckdb")


@dataclass(frozen=True, slots=True)
class Store:
    """Scores of one model under one codebook, as tables.

    connection: has the tables above. by: the column that `group` holds. repeated: rows left out because their unit
    stood there already or is a comment posted again (`duplicate_of`).
    """

    connection: duckdb.DuckDBPyConnection
    by: str
    model: str
    codebook: str
    files: tuple[str, ...]
    repeated: int

    def rows(self, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return self.connection.execute(query, values).fetchall()

    def columns(self, query: str, values: Sequence[Any] = ()) -> dict[str, Any]:
        """Column → NumPy array (masked where values are missing)."""
        return self.connection.execute(query, values).fetchnumpy()

    def arrow(self, query: str) -> pa.Table:
        return self.connection.sql(query).to_arrow_table()

    def articles(self) -> dict[str, int]:
        """Group → how many articles, by name."""
        query = 'SELECT "group", count(DISTINCT article_id) FROM units GROUP BY 1 ORDER BY 1'
        return dict(self.rows(query))


@contextmanager
def open_store(
    paths: Sequence[str],
    *,
    by: str = "outlet",
    own_words: bool = False,
    memory: str | None = None,
    threads: int | None = None,
) -> Iterator[Store]:
    """The scores in JSON lines, Parquet and DuckDB files, opened as one Store for as long as the `with` block runs.

    own_words: stances of news are held to their author's own words (records.in_own_words).
    memory: what DuckDB may take, such as "4GB", before it goes to disk. Default: its own, 80 % of the machine's.
    Raises UsageError for an unknown column, a file that is missing or holds no scores (with the row), scores of
    different models or codebooks, and no scores at all.
    """
    import duckdb

    if by not in COLUMNS:
        raise UsageError(
            f"--by {by}: no such column. Use one of {', '.join(COLUMNS)}.{did_you_mean(by, COLUMNS)}"
        )
    _check_files(paths)
    with tempfile.TemporaryDirectory(prefix="slant-compare-") as folder:
        connection = duckdb.connect(str(Path(folder) / "scores.duckdb"))
        settings = {"enable_progress_bar": False, "memory_limit": memory, "threads": threads}
        for name, value in settings.items():
            if value is not None:
                connection.execute(f"SET {name} = '{value}'")
        try:
            yield _fill(connection, paths, by, own_words)
        except duckdb.Error as error:
            raise SlantError(f"DuckDB could not compare the scores: {error}") from error
        finally:
            connection.close()


def _check_files(paths: Sequence[str]) -> None:
    seen: dict[Path, str] = {}
    for name in paths:
        path = Path(name)
        if not path.is_file():
            raise UsageError(f"{name}: no such file. Give the score files that `slant score` wrote.")
        if path.suffix.lower() not in FORMATS:
            raise UsageError(
                f"{name}: scores are read from {', '.join(FORMATS)} files; CSV is flat and one-way."
            )
        if first := seen.get(path.resolve()):
            raise UsageError(f"{name} is {first} again; counted twice it would weigh double. Remove one.")
        seen[path.resolve()] = name


def _fill(connection: duckdb.DuckDBPyConnection, paths: Sequence[str], by: str, own_words: bool) -> Store:
    for number, name in enumerate(paths):
        _load(connection, name, number)
    made = connection.execute("SELECT DISTINCT model, codebook FROM scored").fetchall()
    if not made:
        raise UsageError(f"{', '.join(paths)}: no scored units in there, so nothing to compare.")
    if len(made) > 1:
        raise UsageError(
            f"the scores were made by different models or codebooks: {_made(connection, paths)}. Score all with one."
        )
    given = _count(connection, "scored")
    for statement in _tables(by, own_words):
        connection.execute(statement)
    (model, codebook), repeated = made[0], given - _count(connection, "units")
    return Store(connection, by, model, codebook, tuple(paths), repeated)


def _load(connection: duckdb.DuckDBPyConnection, name: str, number: int) -> None:
    """Appends the rows of one file to `scored`.

    What DuckDB cannot read, or reads as rows without a unit or a model, is read again row by row for a message that says
    which row it is.
    """
    import duckdb

    verb = "INSERT INTO scored" if number else "CREATE TABLE scored AS"
    path = name.replace("'", "''")
    try:
        if name.lower().endswith(".duckdb"):
            connection.execute(f"ATTACH '{path}' AS given (READ_ONLY)")
            source = "given.scores"
        elif name.lower().endswith(".parquet"):
            source = f"read_parquet('{path}')"
        else:
            source = f"read_json('{path}', format = 'newline_delimited', columns = {_json_columns()})"
        given = f"SELECT {number} AS file, {_casts()} FROM {source}"
        connection.execute(f"{verb} SELECT *, {_WORDS} AS words FROM ({given})")
    except duckdb.Error as error:
        _say_which_row(name)
        raise UsageError(f"{name} cannot be read as scores: {error}") from None
    finally:
        with suppress(duckdb.Error):
            connection.execute("DETACH given")
    broken = "unit_id IS NULL OR model IS NULL OR text IS NULL OR stance IS NULL OR article_id IS NULL"
    if _count(connection, f"scored WHERE file = {number} AND ({broken})"):
        _say_which_row(name)
        raise UsageError(f"{name} holds rows that are no scores: unit_id, text, stance or model is missing.")


def _say_which_row(name: str) -> None:
    if not name.lower().endswith(".duckdb"):
        for _ in read_scores([name]):
            pass


def _made(connection: duckdb.DuckDBPyConnection, paths: Sequence[str]) -> str:
    rows = connection.execute("SELECT model, codebook, min(file) FROM scored GROUP BY ALL ORDER BY 3, 1, 2")
    return "; ".join(
        f"model {model}, codebook {codebook} (first in {paths[file]})"
        for model, codebook, file in rows.fetchall()
    )


def _count(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    # All rows are fetched: DuckDB refuses to register a table while a result is unfinished.
    return int(connection.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0])


# Columns of a score file that the tables are made of.
_USED = (
    "article_id", "unit_id", "kind", "text", "position", "outlet", "published", "title", "url", "author", "parent_id",
    "stance", "loaded", "frames", "reply", "biased", "subjective", "flags", "model", "codebook",
)  # fmt: skip


def _json_columns() -> str:
    types = duckdb_types()
    return "{" + ", ".join(f"{name}: '{types[name]}'" for name in _USED) + "}"


def _casts() -> str:
    types = duckdb_types()
    return ", ".join(f"{name}::{types[name]} AS {name}" for name in _USED)


def _tables(by: str, own_words: bool) -> Iterator[str]:
    """The statements that make the tables of this module's first lines from `scored`."""
    month = r"nullif(regexp_extract(published, '^(\d{4}-\d{2})(-|$)', 1), '')"
    keys = 'article_id, unit_id, "group", is_comment'
    yield "DELETE FROM scored WHERE contains(coalesce(array_to_string(flags, ' '), ''), 'duplicate_of:')"
    yield "DELETE FROM scored WHERE rowid NOT IN (SELECT min(rowid) FROM scored GROUP BY unit_id)"
    # A day may be given in the source's own words where day and month would be a guess: no month then.
    yield f"""
        CREATE VIEW kept AS
        SELECT *, coalesce(nullif({by}, ''), '{NOT_STATED}') AS "group"
        FROM (SELECT *, {month} AS month, kind = 'comment' AS is_comment FROM scored)"""
    yield f"""
        CREATE TABLE loaded AS
        SELECT {keys}, s."start" AS "start", s."end" AS "end", s."text" AS "text", s.label AS label, s.voice AS voice,
               s.score AS score
        FROM (SELECT {keys}, unnest(loaded) AS s FROM kept)"""
    # As records.in_own_words has it.
    plain = "NOT is_comment AND unit_id NOT IN (SELECT unit_id FROM loaded WHERE voice != 'quoted')"
    label = f"CASE WHEN {plain} THEN 'neutral' ELSE s.label END" if own_words else "s.label"
    yield f"""
        CREATE TABLE stances AS
        SELECT {keys}, s.target AS target, {label} AS label, {", ".join(f"s.scores.{x} AS p_{x}" for x in STANCES)},
               len(s.mentions) AS mentions
        FROM (SELECT {keys}, unnest(stance) AS s FROM kept)"""
    yield f"""
        CREATE TABLE frames AS
        SELECT {keys}, s.label AS label, s.score AS score FROM (SELECT {keys}, unnest(frames) AS s FROM kept)"""
    yield f"""
        CREATE TABLE replies AS
        SELECT article_id, unit_id, "group", reply.label AS label, {", ".join(f"reply.scores.{x} AS p_{x}" for x in REPLIES)}
        FROM kept WHERE is_comment AND reply IS NOT NULL"""
    yield """
        CREATE VIEW units AS
        SELECT article_id, unit_id, "group", outlet, published, month, title, url, author, kind, is_comment, parent_id,
               position, text, words, biased, subjective, flags FROM kept"""


# A regular expression splits texts with other blanks than single ones between words; in all others it is quicker to count.
_WORDS = r"""
    CASE WHEN regexp_matches(text, '^\s|\s\s|[^\S ]|\s$')
         THEN len(string_split_regex(trim(text, E' \n\t'), '\s+'))
         ELSE length(text) - length(replace(text, ' ', '')) + 1 END"""
