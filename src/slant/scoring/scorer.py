"""Ready-made units: anyone's sentences, as JSON lines with at least `text`, scored without reading or splitting.

The scorer as Python calls it: texts, articles or units in, an iterator of scores out.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from slant.encoding.decode import Document
from slant.encoding.predictor import Reader
from slant.errors import Rejected, SlantError, TakesRejected, UsageError, require
from slant.ingest.article_rows import article_from_row
from slant.ingest.decoding import DEFAULT_LIMITS, bounded_lines, check_characters, decode, too_long
from slant.labels.targets import Targets
from slant.records import CONTENT_KINDS, Article, Score, Unit
from slant.scoring.score import Question, questions
from slant.scoring.score import score as score_questions
from slant.segment.units import split
from slant.segment.voices import voices


def ready_units(
    paths: Sequence[str], targets: Targets, rejected: TakesRejected, *, stdin: TextIO
) -> Iterator[Question]:
    """A Question per line of the files ("-" is standard input).

    Fields: `text`; optional `unit_id`, `kind`, `parent_text` (what a comment replies to) and `targets`, a list of names:
    ids of the targets file, or any other name, looked for as it stands; one that the text does not name goes as a pair.
    Lines that are no unit go to `rejected` with their number.
    """
    for path in paths:
        for number, line in _lines(path, stdin, rejected):
            where = f"{path}:{number}"
            try:
                yield ready_question(_row(line, where), where, targets)
            except Rejected as error:
                rejected.append(error)


def _row(line: str, where: str) -> Any:
    try:
        row = json.loads(line)
        json.dumps(row, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        detail = (
            "it holds half of a character (a lone surrogate such as \\ud83d). Write the text as UTF-8 again."
        )
        raise Rejected(where, "undecodable", detail) from None
    except ValueError as error:
        raise Rejected(where, "bad_json", f"this line is no JSON ({error}). One object a line.") from None
    except RecursionError:
        raise Rejected(where, "bad_json", "this line is nested too deeply.") from None
    return row


def _lines(path: str, stdin: TextIO, rejected: TakesRejected) -> Iterator[tuple[int, str]]:
    try:
        if path == "-":
            yield from ((n, line) for n, line in enumerate(stdin, 1) if line.strip())
        else:
            with Path(path).open("rb") as file:
                yield from _decoded(file, path, rejected)
    except FileNotFoundError:
        rejected.append(Rejected(path, "missing", "there is no such file. Check the path."))
    except OSError as error:
        rejected.append(
            Rejected(path, "unreadable", f"{error.strerror}. Check the path and its permissions.")
        )
    except UnicodeDecodeError:  # standard input alone is decoded by the system, a block of lines at a time
        detail = "standard input is no UTF-8 here; what came after was not read. Convert it, or name the file instead."
        rejected.append(Rejected(path, "undecodable", detail))


def _decoded(file: BinaryIO, path: str, rejected: TakesRejected) -> Iterator[tuple[int, str]]:
    """Number and text of each line that is not blank; one that is no UTF-8 or too long is rejected alone."""
    for number, offset, data in bounded_lines(file, DEFAULT_LIMITS.line):
        where = f"{path}:{number}"
        try:
            if data is None:
                raise too_long(where, DEFAULT_LIMITS.line)
            if line := decode(data, where, offset=offset).strip():
                yield number, line
        except Rejected as error:
            rejected.append(error)


def ready_question(row: Any, where: str, targets: Targets) -> Question:
    """The Question of one ready-made unit, see `ready_units`. Raises Rejected, with `where`, for what is none."""
    if not isinstance(row, dict) or not isinstance(row.get("text"), str) or not row["text"].strip():
        raise Rejected(where, "no_text", 'expected an object with "text", a string with something in it.')
    kind = row.get("kind") or ("comment" if row.get("parent_text") else "paragraph")
    if kind not in CONTENT_KINDS:
        raise Rejected(where, "bad_kind", f'"kind" is {kind!r}; expected one of {", ".join(CONTENT_KINDS)}.')
    text = row["text"]
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    stated: dict[str, Any] = {name: _text(row, name, where) for name in _STATED}
    unit = Unit(
        article_id=str(row.get("article_id") or digest),
        unit_id=str(row.get("unit_id") or f"{digest}-0000"),
        kind=kind,
        text=text,
        start=0,
        end=len(text),
        position=0,
        voices=voices(text, kind),
        **stated,
    )
    names = _stated_names(row.get("targets") or [], where)
    try:
        own = _made(tuple(n for n in names if n not in targets.ids))
    except UsageError as error:
        raise Rejected(where, "bad_targets", str(error)) from None
    mentions = targets.find(text) | own.find(text)
    if names:
        mentions = {n: mentions[n] for n in names if n in mentions}
    topics = tuple((n, targets.name(n) if n in targets.ids else n) for n in names if n not in mentions)
    answers = _text(row, "parent_text", where)
    return Question(unit, mentions, topics, answers=answers, document=Document([text]))


@lru_cache(maxsize=256)
def _made(names: tuple[str, ...]) -> Targets:
    """Rows of one file mostly name the same targets, and looking for them is prepared but once."""
    return Targets.from_names(names)


_STATED = ("outlet", "published", "title", "url", "author", "parent_id")


def _text(row: dict[str, Any], name: str, where: str) -> str | None:
    value = row.get(name)
    if value is not None and not isinstance(value, str):
        raise Rejected(where, "bad_field", f'"{name}" is {value!r}; expected a string or null.')
    return value if value and value.strip() else None


def _stated_names(names: Any, where: str) -> list[str]:
    if not isinstance(names, list) or not all(isinstance(n, str) and n.strip() for n in names):
        raise Rejected(where, "bad_targets", f'"targets" is {names!r}; expected a list of names.')
    return list(dict.fromkeys(names))


Item = str | Mapping[str, Any] | Article | Unit
Asked = Iterable[str] | Targets | str | Path | None
UNIT_KEYS = (
    "kind",
    "parent_text",
    "targets",
    "unit_id",
)  # what a ready-made unit may state and an article does not


class Scorer:
    """A model with the targets that it asks about. Load it once; it holds no state between calls."""

    def __init__(self, reader: Reader, targets: Targets) -> None:
        self.reader, self.targets = reader, targets

    @classmethod
    def load(
        cls,
        model: str | Path | None = None,
        *,
        targets: Targets | str | Path | None = None,
        threads: int | None = None,
    ) -> Scorer:
        """The model in the folder `model`, by default the shipped one.

        targets: a targets file (TOML) or Targets, by default slant's own. threads: cores, by default all that are granted.
        Raises UsageError for a folder that holds no model and a file that holds no targets.
        """
        from slant.scoring.runtimes import load

        reader = load(Path(model) if model is not None else None, threads=threads)
        return cls(reader, _targets(targets) if targets is not None else Targets.load())

    def score(
        self,
        texts: Iterable[Item],
        *,
        targets: Asked = None,
        rejected: list[Rejected] | None = None,
    ) -> Scores:
        """A Score per unit, in order, made as it is asked for.

        texts: each one of
            a string: scored as one unit, as it stands;
            a dict with any of UNIT_KEYS beside `text`: a ready-made unit, as a line of `slant score --units`;
            any other dict: a row of an article (text, title, outlet, comments, …), split into its units;
            an Article: split into its units; a Unit: as it is; all Units of a document have to stand together, as a comment
            is read with its article. Units that are no content (`Unit.is_content`) are never scored.
        targets: a list of names: a string or ready-made unit without targets of its own is asked about each of them,
            named or not, and an article about those that its units name. Or Targets, or the path of a targets file, in
            place of those that the scorer was loaded with. Each unit is asked about the targets that it names.
        rejected: takes what cannot be scored, `path` saying which ("texts[17]"); without it, the first one is raised.
        Raises UsageError now, and Rejected while the scores are read.
        """
        _refuse_single(texts)
        asked = Asking(self.targets, targets).each(texts, rejected)
        return Scores(score_questions(asked, reader=self.reader, codebook=self.reader.codebook))


class Scores(Iterator[Score]):
    """Scores, made while they are read, and read once: by a loop, or as a table."""

    def __init__(self, scores: Iterator[Score]) -> None:
        self._scores, self._begun = scores, False

    def __next__(self) -> Score:
        self._begun = True
        return next(self._scores)

    def to_pandas(self) -> Any:
        """All scores as a pandas DataFrame, one row a unit; `stance`, `loaded` and `frames` hold lists of dicts, as in JSON.

        Raises SlantError where pandas is not installed, or some of the scores have already been read.
        """
        try:
            import pandas
        except ModuleNotFoundError:
            raise SlantError("to_pandas() needs pandas: pip install pandas") from None
        return pandas.DataFrame([score.to_dict() for score in self._whole()], columns=_columns())

    def to_arrow(self) -> Any:
        """All scores as a pyarrow Table with the columns and types of the Parquet files that `slant score` writes.

        Raises SlantError where pyarrow is not installed, or some of the scores have already been read.
        """
        require("compare", "pyarrow", what="to_arrow()")
        import pyarrow

        from slant.scoring.output_files import arrow_schema

        return pyarrow.Table.from_pylist([score.to_dict() for score in self._whole()], arrow_schema())

    def _whole(self) -> Scores:
        """Half a table, or an empty one at the second call, would look like a result."""
        if self._begun:
            raise SlantError(
                "These scores were read before, in whole or in part, and are made only once. Call score() again, or keep "
                "the table that you made first."
            )
        return self


def _columns() -> list[str]:
    from slant.schemas import row_fields

    return list(row_fields(Score))


class Asking:
    """What the items of one call are asked about: known targets, beside or in place of them those given for the call."""

    def __init__(self, known: Targets, targets: Asked) -> None:
        """Raises UsageError for targets that are none."""
        self.names: tuple[str, ...] = ()
        self.known = self.of_articles = known
        if isinstance(targets, Targets | str | Path):
            self.known = self.of_articles = _targets(targets)
        elif targets is not None:
            self.names = _names(targets)
            own = [target for target in known.targets if target.id in self.names]
            added = Targets.from_names(name for name in self.names if name not in known.ids)
            self.of_articles = Targets((*own, *added.targets))

    def each(self, items: Iterable[Item], rejected: list[Rejected] | None) -> Iterator[Question]:
        for units, run in groupby(enumerate(items), key=lambda pair: isinstance(pair[1], Unit)):
            if units:
                yield from questions((item for _, item in run if isinstance(item, Unit)), self.of_articles)
                continue
            for number, item in run:
                try:
                    yield from self._one(item, f"texts[{number}]")
                except Rejected as error:
                    if rejected is None:
                        raise
                    rejected.append(error)

    def _one(self, item: Any, where: str) -> Iterator[Question]:
        if isinstance(item, str) or (isinstance(item, Mapping) and any(key in item for key in UNIT_KEYS)):
            return iter([self.unit(item, where)])
        if isinstance(item, Mapping):
            item = article_from_row(item, where)
        if not isinstance(item, Article):
            expected = "a string, a dict with text, an Article or a Unit"
            raise Rejected(
                where, "bad_text", f"this is {type(item).__name__} {item!r:.60}; expected {expected}."
            )
        return questions(split(item), self.of_articles)

    def unit(self, item: str | Mapping[str, Any], where: str) -> Question:
        """What one string or ready-made unit is asked about. Raises Rejected, with `where`, if it is neither."""
        row = {"text": item} if isinstance(item, str) else dict(item)
        for name in ("text", "parent_text"):
            if isinstance(row.get(name), str):
                check_characters(row[name], where)
        return ready_question({**row, "targets": row.get("targets") or list(self.names)}, where, self.known)


def _targets(given: Targets | str | Path) -> Targets:
    if isinstance(given, Targets):
        return given
    path = Path(given)
    if path.suffix != ".toml":
        raise UsageError(
            f"targets={str(given)!r} is one string. Expected a list of names, such as [{str(given)!r}], or a targets file "
            "whose name ends in .toml."
        )
    return Targets.load(path)


def _names(given: Iterable[str]) -> tuple[str, ...]:
    names = tuple(given)
    for name in names:
        if not isinstance(name, str):
            raise UsageError(f"targets holds {name!r} ({type(name).__name__}); expected names, as strings.")
    return tuple(dict.fromkeys(names))


def _refuse_single(texts: Any) -> None:
    """One string is an iterable of letters, one dict of keys, and a DataFrame of the names of its columns."""
    if isinstance(texts, str | bytes | Mapping | Article | Unit):
        raise UsageError(
            f"score() takes a list of texts and got one {type(texts).__name__}. Write score([text])."
        )
    if hasattr(texts, "iterrows"):
        raise UsageError(
            'score() got a DataFrame. Pass a column of texts, score(frame["text"]), or rows of articles, '
            'score(frame.to_dict("records")).'
        )
    if not isinstance(texts, Iterable):
        raise UsageError(f"score() takes a list of texts and got {type(texts).__name__} {texts!r:.60}.")
