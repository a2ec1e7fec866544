"""Score and unit files, written whole or not at all, and read back. The ending says the format."""

from __future__ import annotations

import csv
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TextIO

from slant.errors import Rejected, UsageError
from slant.records import STANCES, Score, Unit, score_from_dict

FORMATS = (".jsonl", ".csv", ".parquet")
ROWS_PER_GROUP = 5_000
Row = dict[str, Any]

FLAT_COLUMNS = (
    "article_id", "unit_id", "outlet", "published", "title", "url", "author", "kind", "position", "start", "end",
    "parent_id", "text", "target", "stance", *(f"p_{label}" for label in STANCES), "mentions", "loaded", "frames",
    "reply", "toxic", "biased", "subjective", "flags", "model", "codebook",
)  # fmt: skip


def check_format(path: str, *, formats: Sequence[str] = FORMATS) -> str:
    """The ending of an output path; "-" (standard output) is JSON lines. Raises UsageError for any other ending."""
    ending = ".jsonl" if path == "-" else Path(path).suffix.lower()
    if ending not in formats:
        raise UsageError(
            f"-o {path}: the ending {ending or '(none)'} says no format. Use one of {', '.join(formats)}."
        )
    return ending


def write_rows(records: Iterable[Score | Unit], path: str) -> int:
    """Write scores or units to `path` in the format of its ending; "-" is JSON lines on standard output.

    CSV is flat: a unit has one row for each of its targets, or one row without a target; lists are JSON in their cell.
    The file appears under its name when it is complete. Returns the number of records.
    """
    ending = check_format(path)
    if path == "-":
        return _write_jsonl(records, sys.stdout)
    with _whole(Path(path)) as part:
        return _WRITERS[ending](records, part)


def rejected_path(output: str) -> str:
    """Where the run that writes `output` lists what it could not read."""
    return "slant.rejected.jsonl" if output == "-" else f"{output}.rejected.jsonl"


def write_rejected(rejected: Sequence[Rejected], path: str) -> Path | None:
    """List what could not be read in `<output>.rejected.jsonl`; an older list goes, if this run rejected nothing."""
    listed = Path(rejected_path(path))
    if not rejected:
        listed.unlink(missing_ok=True)
        return None
    with _whole(listed) as part, part.open("w", encoding="utf-8") as file:
        for row in rejected:
            file.write(json.dumps(row.to_dict()) + "\n")  # ASCII: a path may hold what UTF-8 cannot say
    return listed


def read_scores(paths: Sequence[str]) -> Iterator[Score]:
    """The scores in JSON lines and Parquet files, in order.

    Raises UsageError for a file that is missing, of another kind, or whose rows are no scores (with the line).
    """
    for name in paths:
        path = Path(name)
        if not os.path.isfile(path):
            raise UsageError(f"{name}: no such file. Give the score files that `slant score` wrote.")
        reader = _READERS.get(path.suffix.lower())
        if reader is None:
            raise UsageError(
                f"{name}: scores are read from {' and '.join(_READERS)} files; CSV is flat and one-way."
            )
        for number, row in enumerate(_rows(reader, path), 1):
            try:
                yield score_from_dict(row)
            except (KeyError, TypeError, ValueError) as error:
                raise UsageError(
                    f"{name} row {number} is no score ({type(error).__name__}: {error}). Expected the columns that "
                    "`slant score` writes; was it made by `slant split`, or by another tool?"
                ) from None


def _rows(reader: Callable[[Path], Iterator[Row]], path: Path) -> Iterator[Row]:
    """The rows of a file; whatever its reader stumbles over is said with the file's name."""
    try:
        yield from reader(path)
    except (ValueError, OSError, RecursionError) as error:  # Arrow's errors are ValueErrors
        raise UsageError(f"{path} cannot be read as {path.suffix[1:]} ({error}). Is it complete?") from None


def is_score_file(name: str) -> bool:
    """Whether a file holds scores rather than articles: by its first row."""
    path = Path(name)
    reader = _READERS.get(path.suffix.lower())
    if reader is None or not os.path.isfile(path):
        return False
    try:
        first = next(_rows(reader, path), {})
    except UsageError:  # broken as a score file; reading it as articles gives the named reason
        return False
    return {"unit_id", "stance", "model"} <= first.keys()


def made_by_slant(name: str) -> bool:
    """Whether a file is what slant writes (units, scores, a report), rather than someone's articles."""
    path = Path(name)
    if path.suffix.lower() == ".parquet":
        return "unit_id" in next(_rows(_read_parquet, path), {})
    with path.open("rb") as file:
        head = file.read(1 << 16)
    return not head or any(mark in head for mark in (b'"unit_id": ', b"article_id,unit_id,", _GENERATOR))


_GENERATOR = b'<meta name="generator" content="slant">'


@contextmanager
def _whole(path: Path) -> Iterator[Path]:
    """A sibling to write to, that takes the name of `path` when all went well, and is removed otherwise."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"-o {path}: cannot make the folder ({error.strerror}).") from None
    if os.path.isdir(path):  # said now, not when the last row is written
        raise UsageError(f"-o {path}: cannot be written (it is a folder).")
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield part
        part.replace(path)
    except OSError as error:
        raise UsageError(f"-o {path}: cannot be written ({error.strerror}).") from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def _write_jsonl(records: Iterable[Score | Unit], file: TextIO | Path) -> int:
    if isinstance(file, Path):
        with file.open("w", encoding="utf-8") as opened:
            return _write_jsonl(records, opened)
    count = 0
    for record in records:
        file.write(json.dumps(record.to_dict(), ensure_ascii=False) + "\n")
        count += 1
    return count


def _write_csv(records: Iterable[Score | Unit], path: Path) -> int:
    count = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        writer: csv.DictWriter[str] | None = None
        for record in records:
            count += 1
            rows = _flat(record) if isinstance(record, Score) else [_cells(record.to_dict())]
            if writer is None:
                columns = FLAT_COLUMNS if isinstance(record, Score) else tuple(rows[0])
                writer = csv.DictWriter(file, columns, restval="")
                writer.writeheader()
            writer.writerows(rows)
        if writer is None:
            csv.writer(file).writerow(FLAT_COLUMNS)
    return count


def _flat(score: Score) -> list[Row]:
    row = score.to_dict()
    stance = row.pop("stance") or [None]
    row["reply"] = row["reply"]["label"] if row["reply"] else None
    rows = []
    for s in stance:
        own = dict(row)
        if s:
            own |= {"target": s["target"], "stance": s["label"], "mentions": s["mentions"]}
            own |= {f"p_{label}": p for label, p in s["scores"].items()}
        rows.append(_cells(own))
    return rows


def _cells(row: Row) -> Row:
    return {
        k: json.dumps(v, ensure_ascii=False) if isinstance(v, list | tuple | dict) else v
        for k, v in row.items()
    }


def _write_parquet(records: Iterable[Score | Unit], path: Path) -> int:
    import pyarrow as pa
    import pyarrow.parquet as pq

    count, writer, rows = 0, None, []
    schema = None
    for record in records:
        count += 1
        schema = schema or _schema(pa, record)
        rows.append(record.to_dict())
        if len(rows) == ROWS_PER_GROUP:
            writer = writer or pq.ParquetWriter(path, schema, compression="zstd")
            writer.write_table(pa.Table.from_pylist(rows, schema))
            rows = []
    if rows or writer is None:
        schema = schema or _schema(pa, None)
        writer = writer or pq.ParquetWriter(path, schema, compression="zstd")
        writer.write_table(pa.Table.from_pylist(rows, schema))
    writer.close()
    return count


def _schema(pa: Any, record: Score | Unit | None) -> Any:
    text, whole, real = pa.string(), pa.int64(), pa.float64()
    pairs = pa.list_(pa.list_(whole))
    unit = {name: text for name in ("article_id", "unit_id", "kind", "text")} | {
        name: whole for name in ("start", "end", "position")
    }
    unit |= {name: text for name in ("outlet", "published", "title", "url", "author", "parent_id")}
    if isinstance(record, Unit):
        voices = pa.list_(pa.struct([("start", whole), ("end", whole), ("voice", text)]))
        unit |= {"flags": pa.list_(text), "voices": voices, "pieces": pairs}
        return pa.schema(list(unit.items()))
    labels = pa.struct([(label, real) for label in STANCES])
    unit |= {
        "stance": pa.list_(pa.struct([("target", text), ("label", text), ("scores", labels), ("mentions", pairs)])),
        "loaded": pa.list_(
            pa.struct([("start", whole), ("end", whole), ("text", text), ("label", text), ("score", real), ("voice", text)])
        ),
        "frames": pa.list_(pa.struct([("label", text), ("score", real)])),
        "reply": pa.struct(
            [("label", text), ("scores", pa.struct([(n, real) for n in ("support", "deny", "query", "comment")]))]
        ),
        "toxic": pairs, "biased": real, "subjective": real, "flags": pa.list_(text), "model": text, "codebook": text,
    }  # fmt: skip
    return pa.schema(list(unit.items()))


def _read_jsonl(path: Path) -> Iterator[Row]:
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                try:
                    row = json.loads(line)
                except json.JSONDecodeError as error:
                    raise UsageError(f"{path} line {number} is no JSON: {error}") from None
                yield row if isinstance(row, dict) else {}


def _read_parquet(path: Path) -> Iterator[Row]:
    import pyarrow.parquet as pq

    for batch in pq.ParquetFile(path).iter_batches(batch_size=ROWS_PER_GROUP):
        yield from batch.to_pylist()


_WRITERS: dict[str, Callable[[Iterable[Score | Unit], Path], int]] = {
    ".jsonl": _write_jsonl,
    ".csv": _write_csv,
    ".parquet": _write_parquet,
}
_READERS: dict[str, Callable[[Path], Iterator[Row]]] = {".jsonl": _read_jsonl, ".parquet": _read_parquet}
