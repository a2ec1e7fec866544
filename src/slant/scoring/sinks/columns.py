"""The columns of score and unit files with their types, the same in Parquet and DuckDB."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice
from typing import Any

from slant.errors import SlantError
from slant.records import REPLIES, STANCES, Score, Unit

SCHEMA_VERSION = "1"  # of the columns below: a reader that knows it knows what to expect
ROWS_PER_GROUP = 5_000  # held in memory while a group is made, or fewer …
CHARACTERS = 4_000_000  # … where their texts are long
Row = dict[str, Any]
Records = Iterable[Score | Unit]


def arrow_schema(record: type[Score] | type[Unit] = Score, made: Mapping[str, str] | None = None) -> Any:
    """The columns as a pyarrow Schema.

    made: what the rows were made with (model, codebook, targets, slant: fingerprints and version), for the file's
        metadata; there as `slant.model`, `slant.version` and so on, beside `slant.schema`.
    """
    import pyarrow as pa

    text, whole, real = pa.string(), pa.int64(), pa.float64()
    pairs = pa.list_(pa.list_(whole))
    columns = {name: text for name in ("article_id", "unit_id", "kind", "text")}
    columns |= {name: whole for name in ("start", "end", "position")}
    columns |= {name: text for name in ("outlet", "published", "title", "url", "author", "parent_id")}
    if record is Unit:
        voices = pa.list_(pa.struct([("start", whole), ("end", whole), ("voice", text)]))
        columns |= {"flags": pa.list_(text), "voices": voices, "pieces": pairs}
    else:
        stances = pa.struct([(label, real) for label in STANCES])
        replies = pa.struct([(label, real) for label in REPLIES])
        place = [("start", whole), ("end", whole)]
        span = [*place, ("text", text), ("label", text), ("score", real), ("voice", text)]
        stance = [("target", text), ("label", text), ("scores", stances), ("mentions", pairs)]
        columns |= {"stance": pa.list_(pa.struct(stance)), "loaded": pa.list_(pa.struct(span))}
        columns |= {"frames": pa.list_(pa.struct([("label", text), ("score", real)]))}
        columns |= {"reply": pa.struct([("label", text), ("scores", replies)]), "toxic": pairs}
        columns |= {
            "biased": real,
            "subjective": real,
            "flags": pa.list_(text),
            "model": text,
            "codebook": text,
        }
    return pa.schema(list(columns.items()), metadata=metadata(made))


def metadata(made: Mapping[str, str] | None) -> dict[str, str]:
    """What a file says of its making, name → value."""
    said = {f"slant.{'version' if name == 'slant' else name}": value for name, value in (made or {}).items()}
    return {"slant.schema": SCHEMA_VERSION, **said}


def peek(records: Records) -> tuple[type[Score] | type[Unit], Records]:
    """What kind of records these are (no record at all: scores), and the records."""
    stream = iter(records)
    first = list(islice(stream, 1))
    return (Unit if first and isinstance(first[0], Unit) else Score), chain(first, stream)


def tables(records: Records, schema: Any, *, rows: int | None = None) -> Iterator[Any]:
    """The records as pyarrow Tables of up to `rows` rows (default: ROWS_PER_GROUP) and CHARACTERS; at least one, if empty."""
    import pyarrow as pa

    begun = False
    for group in _groups(records, rows or ROWS_PER_GROUP):
        begun = True
        try:
            yield pa.Table.from_pylist([record.to_dict() for record in group], schema)
        except UnicodeEncodeError:
            raise not_unicode(group) from None
    if not begun:
        yield pa.Table.from_pylist([], schema)


def _groups(records: Records, rows: int) -> Iterator[list[Score | Unit]]:
    group: list[Score | Unit] = []
    held = 0
    for record in records:
        group.append(record)
        held += len((record.unit if isinstance(record, Score) else record).text)
        if len(group) >= rows or held >= CHARACTERS:
            yield group
            group, held = [], 0
    if group:
        yield group


def not_unicode(records: Records) -> SlantError:
    """What to say of records of which one cannot be encoded."""
    for record in records:
        unit = record.unit if isinstance(record, Score) else record
        try:
            _strings(record.to_dict()).encode()
        except UnicodeEncodeError as error:
            return SlantError(
                f"unit {unit.unit_id!a} of article {unit.article_id!a} holds half of a character "
                f"({error.object[error.start]!a}, a lone surrogate), which no file can hold. Decode its source as UTF-8 anew."
            )
    return SlantError("a unit holds half of a character (a lone surrogate), which no file can hold.")


def _strings(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        return "".join(map(_strings, (*value, *value.values())))
    return "".join(map(_strings, value)) if isinstance(value, list | tuple) else ""
