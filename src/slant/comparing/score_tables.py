"""Load score files into DuckDB tables. DuckDB spills to disk, so scores may be larger than memory.

units    article_id, unit_id, group, outlet, published, month, title, url, author, kind, is_comment, parent_id, position,
         text, words, biased, subjective, flags; `group` is the compared column, "(not stated)" where it is empty
stances  article_id, unit_id, group, is_comment, target, label, p_against, p_neutral, p_favor, p_unrelated (null in old
         scores), mentions (how many)
portrayals  article_id, unit_id, group, is_comment, target, label, p_negative, p_neutral, p_positive
loaded   article_id, unit_id, group, is_comment, start, end, text, label, voice, score
frames   article_id, unit_id, group, is_comment, label, score
replies  article_id, unit_id, group, label, p_support, p_deny, p_query, p_comment
other_languages    group, language, units (that are not in English, so they have no labels and are in no other table)
"""

from __future__ import annotations

import glob
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from slant.comparing.measures import NOT_STATED
from slant.errors import SlantError, UsageError, did_you_mean
from slant.records import LANGUAGE_FLAG, PORTRAYALS, REPLIES, STANCE_ANSWERS, Score
from slant.schemas import duckdb_types
from slant.scoring.output_files import read_scores, write_rows

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

COLUMNS = (
    "outlet", "author", "title", "kind", "month", "published", "url", "article_id", "source", "source_id",
)  # fmt: skip
FORMATS = (".jsonl", ".parquet", ".duckdb", ".csv")


@dataclass(frozen=True, slots=True)
class Store:
    """Scores of one model under one codebook, as the tables above.

    by: the column that `group` holds. names: target id → how the target is called, where the scores say it.
    repeated: skipped duplicates: rows of a unit that is already there, and comments posted again (flag `duplicate_of`).
    """

    connection: duckdb.DuckDBPyConnection
    by: str
    model: str
    codebook: str
    files: tuple[str, ...]
    repeated: int
    names: Mapping[str, str] = field(default_factory=dict)

    def rows(self, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return self.connection.execute(query, values).fetchall()

    def columns(self, query: str, values: Sequence[Any] = ()) -> dict[str, Any]:
        """Column → NumPy array, masked where values are null."""
        return self.connection.execute(query, values).fetchnumpy()

    def arrow(self, query: str) -> pa.Table:
        return self.connection.sql(query).to_arrow_table()

    @property
    def frames(self) -> list[str]:
        """Frames that occur, also those of a taught head, by name."""
        return [name for (name,) in self.rows("SELECT DISTINCT label FROM frames ORDER BY 1")]

    def articles(self) -> dict[str, int]:
        """Group → number of articles, sorted by name."""
        query = 'SELECT "group", count(DISTINCT article_id) FROM units GROUP BY 1 ORDER BY 1'
        return dict(self.rows(query))


def arrow_table(rows: Iterable[Mapping[str, Any]], columns: Mapping[str, str]) -> pa.Table:
    """Rows as an Arrow table. columns: name → name of a pyarrow type; values of other columns are dropped."""
    import pyarrow as pa

    schema = pa.schema([(name, getattr(pa, kind)()) for name, kind in columns.items()])
    return pa.Table.from_pylist([{name: row.get(name) for name in columns} for row in rows], schema)


@contextmanager
def open_store(
    paths: Sequence[str],
    *,
    by: str = "outlet",
    memory: str | None = None,
    threads: int | None = None,
) -> Iterator[Store]:
    """Open JSON lines, Parquet, DuckDB and CSV files of scores as one Store for the `with` block.

    memory: DuckDB's memory limit, such as "4GB"; default: 80 % of the machine's memory. Raises UsageError for an unknown
    column, a file that is missing or holds no scores (with the row), scores of different models or codebooks, and no scores
    at all.
    """
    import duckdb

    _check_files(paths)
    with tempfile.TemporaryDirectory(prefix="slant-compare-") as folder:
        connection = duckdb.connect(str(Path(folder) / "scores.duckdb"))
        settings = {"enable_progress_bar": False, "memory_limit": memory, "threads": threads}
        for name, value in settings.items():
            if value is not None:
                connection.execute(f"SET {name} = '{value}'")
        try:
            yield _fill(connection, paths, by)
        except duckdb.Error as error:
            raise SlantError(f"DuckDB could not compare the scores: {error}") from error
        finally:
            connection.close()


def _check_files(paths: Sequence[str]) -> None:
    seen: dict[Path, str] = {}
    for name in paths:
        path = Path(name)
        if not path.is_file():
            raise UsageError(f"{name}: no such file. Expected score files written by `slant score`.")
        if path.suffix.lower() not in FORMATS:
            raise UsageError(f"{name}: expected scores that `slant score` wrote as {', '.join(FORMATS)}.")
        if first := seen.get(path.resolve()):
            raise UsageError(f"{name} is the same file as {first}. Remove one.")
        seen[path.resolve()] = name


def _fill(connection: duckdb.DuckDBPyConnection, paths: Sequence[str], by: str) -> Store:
    for number, name in enumerate(paths):
        with _lines_of(name) as source:
            _load(connection, name, number, source)
    makers = connection.execute("SELECT DISTINCT model, codebook FROM scored").fetchall()
    if not makers:
        raise UsageError(f"{', '.join(paths)}: no scored units, so nothing to compare.")
    if len(makers) > 1:
        raise UsageError(
            f"the scores were made by different models or codebooks: {_makers(connection, paths)}. Score all with one."
        )
    given = _count(connection, "scored")
    for statement in _tables(_column(connection, by)):
        connection.execute(statement)
    others = "SELECT language, sum(units)::BIGINT FROM other_languages GROUP BY 1 ORDER BY 2 DESC, 1"
    languages = dict(connection.execute(others).fetchall())
    units = _count(connection, "units")
    if not units:
        each = ", ".join(f"{language} {n:,}" for language, n in languages.items())
        raise UsageError(
            f"{', '.join(paths)}: no unit is in English ({each}), so nothing to compare. `slant score --any-language` scores "
            "other languages, too."
        )
    (model, codebook), repeated = makers[0], given - units - sum(languages.values())
    names = dict(connection.execute("SELECT target, min(name) FROM names GROUP BY 1 ORDER BY 1").fetchall())
    return Store(connection, by, model, codebook, tuple(paths), repeated, names)


def _column(connection: duckdb.DuckDBPyConnection, by: str) -> str:
    """Return the SQL of the compared column: one of COLUMNS, or a column of the articles' table that travels along.

    Raises UsageError if there is none of this name.
    """
    if by in COLUMNS:
        return by
    query = "SELECT DISTINCT unnest(json_keys(extra)) FROM (SELECT DISTINCT extra FROM scored) ORDER BY 1"
    others = [name for (name,) in connection.execute(query).fetchall()]
    if by not in others:
        known = (*COLUMNS, *others)
        shown = ", ".join(name[:60] for name in known[:40])
        raise UsageError(f"--by {by}: no such column. Use one of {shown}.{did_you_mean(by, known)}")
    quoted = by.replace("'", "''")
    return f"map_extract(json_transform(extra, '\"MAP(VARCHAR, VARCHAR)\"'), '{quoted}')[1]"


@contextmanager
def _lines_of(name: str) -> Iterator[str]:
    """The file to load: `name`, or for CSV its rows as temporary JSON lines.

    Raises UsageError for CSV without the probabilities of replies, which older versions wrote.
    """
    if not name.lower().endswith(".csv"):
        yield name
        return
    with tempfile.TemporaryDirectory(prefix="slant-") as folder:
        lines = Path(folder) / "rows.jsonl"
        write_rows(_with_replies(name), str(lines))
        yield str(lines)


def _with_replies(name: str) -> Iterator[Score]:
    for score in read_scores([name]):
        if score.reply and not score.reply.scores:
            raise UsageError(
                f"{name}: an older version wrote it, without the probabilities of replies. Score the articles again, or "
                "compare the scores in another format."
            )
        yield score


def _load(connection: duckdb.DuckDBPyConnection, name: str, number: int, source: str) -> None:
    """Append the rows of one file to `scored`. source: the file itself, or a copy of its rows as JSON lines.

    If DuckDB cannot read the file, or finds rows without a unit or a model, the file is read again row by row to name the
    row.
    """
    import duckdb

    verb = "INSERT INTO scored" if number else "CREATE TABLE scored AS"
    path = name.replace("'", "''")
    one_file = glob.escape(source).replace("'", "''")  # a folder outlet=x/ would replace the column outlet
    try:
        if name.lower().endswith(".duckdb"):
            connection.execute(f"ATTACH '{path}' AS given (READ_ONLY)")
            table = "given.scores"
        elif name.lower().endswith(".parquet"):
            table = f"read_parquet('{one_file}', hive_partitioning = false)"
        else:
            how = f"hive_partitioning = false, format = 'newline_delimited', columns = {_json_columns()}"
            table = f"read_json('{one_file}', {how})"
        given = (
            f"SELECT {number} AS file, {_casts()} FROM (SELECT * FROM {table} UNION ALL BY NAME {_NO_LATER})"
        )
        connection.execute(f"{verb} SELECT *, {_WORDS} AS words FROM ({given})")
    except duckdb.Error as error:
        _raise_with_row(name)
        raise UsageError(f"{name} cannot be read as scores: {error}") from None
    finally:
        with suppress(duckdb.Error):
            connection.execute("DETACH given")
    broken = "unit_id IS NULL OR model IS NULL OR text IS NULL OR stance IS NULL OR article_id IS NULL"
    if _count(connection, f"scored WHERE file = {number} AND ({broken})"):
        _raise_with_row(name)
        raise UsageError(
            f"{name}: some rows are no scores: unit_id, article_id, text, stance or model is missing."
        )


def _raise_with_row(name: str) -> None:
    if not name.lower().endswith(".duckdb"):
        for _ in read_scores([name]):
            pass


def _makers(connection: duckdb.DuckDBPyConnection, paths: Sequence[str]) -> str:
    rows = connection.execute("SELECT model, codebook, min(file) FROM scored GROUP BY ALL ORDER BY 3, 1, 2")
    return "; ".join(
        f"model {model}, codebook {codebook} (first in {paths[file]})"
        for model, codebook, file in rows.fetchall()
    )


def _count(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    # Fetch all rows: DuckDB refuses to register a table while a result is open.
    return int(connection.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0])


# Columns of a score file that the tables are made of.
_USED = (
    "article_id", "unit_id", "kind", "text", "position", "outlet", "published", "title", "url", "author", "parent_id",
    "stance", "portrayal", "loaded", "frames", "reply", "biased", "subjective", "flags", "model", "codebook",
    "source", "source_id", "extra",
)  # fmt: skip
# Adds the columns to scores made before them.
_LATER = ("portrayal", "source", "source_id", "extra")
_NO_LATER = f"SELECT {', '.join(f'NULL::{duckdb_types()[name]} AS {name}' for name in _LATER)} WHERE false"


def _json_columns() -> str:
    types = duckdb_types()
    return "{" + ", ".join(f"{name}: '{types[name]}'" for name in _USED) + "}"


def _casts() -> str:
    types = duckdb_types()
    return ", ".join(f"{name}::{types[name]} AS {name}" for name in _USED)


def _tables(by: str) -> Iterator[str]:
    """SQL statements that make the tables listed above from `scored`."""
    month = r"nullif(regexp_extract(published, '^(\d{4}-\d{2})(-|$)', 1), '')"
    keys = 'article_id, unit_id, "group", is_comment'
    yield "DELETE FROM scored WHERE contains(coalesce(array_to_string(flags, ' '), ''), 'duplicate_of:')"
    yield "DELETE FROM scored WHERE rowid NOT IN (SELECT min(rowid) FROM scored GROUP BY unit_id)"
    # Dates in the source's own words ("03/04/2023") have no month: which number is the month would be a guess.
    yield f"""
        CREATE VIEW kept AS
        SELECT *, coalesce(nullif({by}, ''), '{NOT_STATED}') AS "group"
        FROM (SELECT *, {month} AS month, kind = 'comment' AS is_comment FROM scored)"""
    # Every target that has a portrayal has a stance.
    yield """
        CREATE TABLE names AS
        SELECT DISTINCT s.target AS target, s.name AS name FROM (SELECT unnest(stance) AS s FROM scored)
        WHERE s.name IS NOT NULL"""
    yield f"""
        CREATE TABLE other_languages AS
        SELECT "group", {_LANGUAGE} AS language, count(*) AS units FROM kept WHERE language != '' GROUP BY 1, 2"""
    yield f"DELETE FROM scored WHERE {_LANGUAGE} != ''"
    yield f"""
        CREATE TABLE loaded AS
        SELECT {keys}, s."start" AS "start", s."end" AS "end", s."text" AS "text", s.label AS label, s.voice AS voice,
               s.score AS score
        FROM (SELECT {keys}, unnest(loaded) AS s FROM kept)"""
    yield f"""
        CREATE TABLE stances AS
        SELECT {keys}, s.target AS target, s.label AS label, {", ".join(f"s.scores.{x} AS p_{x}" for x in STANCE_ANSWERS)},
               len(s.mentions) AS mentions
        FROM (SELECT {keys}, unnest(stance) AS s FROM kept)"""
    yield f"""
        CREATE TABLE portrayals AS
        SELECT {keys}, s.target AS target, s.label AS label, {", ".join(f"s.scores.{x} AS p_{x}" for x in PORTRAYALS)}
        FROM (SELECT {keys}, unnest(portrayal) AS s FROM kept)"""
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


# The other language of a unit; empty for English.
_LANGUAGE = f"regexp_extract(coalesce(array_to_string(flags, ' '), ''), '(?:^| ){LANGUAGE_FLAG}([a-z]+)', 1)"
# Split by regular expression only where words are not separated by single spaces; counting spaces is faster.
_WORDS = r"""
    CASE WHEN regexp_matches(text, '^\s|\s\s|[^\S ]|\s$')
         THEN len(string_split_regex(trim(text, E' \n\t'), '\s+'))
         ELSE length(text) - length(replace(text, ' ', '')) + 1 END"""
