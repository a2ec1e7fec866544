"""Scoring from Python: texts, articles or units in, an iterator of scores out; and ready-made units from JSON lines."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from slant.encoding.decode import Document
from slant.encoding.predictor import Predictor
from slant.errors import Rejected, TakesRejected, UsageError
from slant.ingest.article_rows import article_from_row
from slant.ingest.decoding import DEFAULT_LIMITS, bounded_lines, check_characters, decode, too_long
from slant.ingest.kept_columns import other_cells, source_id
from slant.labels.targets import Targets
from slant.records import CONTENT_KINDS, Article, Unit
from slant.scoring.python_tables import Origin, Scores, index_of, is_missing
from slant.scoring.score import ScoreRequest, score_requests
from slant.scoring.score import score as score_units
from slant.segment.language import flag_single, language_of
from slant.segment.speakers import Speakers, only_speaker, speakers_of
from slant.segment.units import split
from slant.segment.voices import Stretch, voices

Item = str | Mapping[str, Any] | Article | Unit
GivenTargets = Iterable[str] | Targets | str | Path | None
# Fields of ready-made units that articles do not have.
UNIT_KEYS = ("kind", "parent_text", "targets", "unit_id")


class Scorer:
    """A model with its targets. Load it once; it keeps no state between calls."""

    def __init__(self, predictor: Predictor, targets: Targets) -> None:
        self.predictor, self.targets = predictor, targets

    @classmethod
    def load(
        cls,
        model: str | Path | None = None,
        *,
        targets: Targets | str | Path | None = None,
        threads: int | None = None,
    ) -> Scorer:
        """Load a model: a size ("small", "base"), a folder, or None for SLANT_MODEL or the default.

        targets: a targets file (TOML) or Targets; default: the file that ships with slant. threads: cores to use; default:
        all that this process may use. Raises UsageError for a size that is not installed, a folder without a model and a file
        without targets.
        """
        from slant.scoring.runtimes import load

        predictor = load(model, threads=threads)
        return cls(predictor, _targets(targets) if targets is not None else Targets.load())

    def score(
        self,
        texts: Iterable[Item],
        *,
        targets: GivenTargets = None,
        rejected: list[Rejected] | None = None,
        any_language: bool = False,
    ) -> Scores:
        """Return an iterator of one Score per unit, in order; scores are computed as they are consumed.

        texts: any of
            a string: scored as one unit;
            a dict with `text` and any of UNIT_KEYS: a ready-made unit, as a line of `slant score --units`;
            any other dict: the row of an article (text, title, outlet, comments, …), split into its units;
            an Article: split into its units;
            a Unit: scored as it is. Keep the Units of a document together, since a comment is scored with its article.
                Units without content (`Unit.is_content`) are skipped.
        targets: a list of names: a string, or a ready-made unit without targets of its own, is scored for each of them,
            named or not; a unit of an article for those that it names. Or Targets, or the path of a targets file, which
            replace those that the scorer was loaded with; each unit is scored for the targets that it names.
        rejected: list for items that cannot be scored; their `path` is e.g. "texts[17]". Without it, the first is raised
            (in `to_pandas` and `to_long`: the first that is not merely missing).
        any_language: score units that are not in English, too. Else they get no labels, and `row.unit.other_language` names
            the language.
        Raises UsageError at once, and Rejected while the scores are consumed.
        """
        _refuse_single(texts)
        builder = RequestBuilder(self.targets, targets, any_language=any_language)
        origin = Origin(index=index_of(texts))
        requests = builder.build(texts, rejected, origin)
        return Scores(
            score_units(requests, predictor=self.predictor, codebook=self.predictor.codebook), origin
        )


class RequestBuilder:
    """Makes the requests of one `Scorer.score` call.

    known: targets that the scorer was loaded with. targets, any_language: of the call, see `Scorer.score`.
    """

    def __init__(self, known: Targets, targets: GivenTargets, *, any_language: bool = False) -> None:
        """Raises UsageError for targets of another kind."""
        self.any_language = any_language
        self.names: tuple[str, ...] = ()
        self.known = self.in_articles = known
        if isinstance(targets, Targets | str | Path):
            self.known = self.in_articles = _targets(targets)
        elif targets is not None:
            self.names = _names(targets)
            own = [target for target in known.targets if target.id in self.names]
            added = Targets.from_names(name for name in self.names if name not in known.ids)
            self.in_articles = Targets((*own, *added.targets))

    def build(
        self, items: Iterable[Item], rejected: list[Rejected] | None, origin: Origin
    ) -> Iterator[ScoreRequest]:
        """Yield the requests of all items, in order, and note in `origin` which item each is of."""
        for are_units, run in groupby(enumerate(items), key=lambda pair: isinstance(pair[1], Unit)):
            if are_units:
                yield from self._of_units(run, origin)
                continue
            for number, item in run:
                found = 0
                try:
                    for request in self.of_item(item, f"texts[{number}]"):
                        found += 1
                        origin.numbers.append(number)
                        yield request
                except Rejected as error:
                    if rejected is not None:
                        rejected.append(error)
                    elif not (origin.skips_missing and is_missing(item)):
                        raise
                if not found:
                    origin.without.append(number)

    def _of_units(self, run: Iterable[tuple[int, Any]], origin: Origin) -> Iterator[ScoreRequest]:
        """Yield the requests of units. Each unit with content has one, so they come in the order of `origin.numbers`."""

        def noted() -> Iterator[Unit]:
            for number, unit in run:
                if unit.is_content:
                    origin.numbers.append(number)
                yield unit

        return self._requests(noted())

    def of_item(self, item: Any, where: str) -> Iterator[ScoreRequest]:
        """Return the requests of one item that is not a Unit. Raises Rejected, with `where`, if it cannot be scored."""
        if isinstance(item, str) or (isinstance(item, Mapping) and any(key in item for key in UNIT_KEYS)):
            return iter([self.build_one(item, where)])
        if isinstance(item, Mapping):
            item = article_from_row(item, where)
        if not isinstance(item, Article):
            expected = "a string, a dict with text, an Article or a Unit"
            raise Rejected(
                where, "bad_text", f"this is {type(item).__name__} {item!r:.60}; expected {expected}."
            )
        return self._requests(split(item))

    def _requests(self, units: Iterable[Unit]) -> Iterator[ScoreRequest]:
        return score_requests(units, self.in_articles, any_language=self.any_language)

    def build_one(self, item: str | Mapping[str, Any], where: str) -> ScoreRequest:
        """Return the request of a string or ready-made unit. Raises Rejected, with `where`, for a bad one."""
        row = {"text": item} if isinstance(item, str) else dict(item)
        for name in ("text", "parent_text"):
            if isinstance(row.get(name), str):
                check_characters(row[name], where)
        row = {**row, "targets": row.get("targets") or list(self.names)}
        return ready_request(row, where, self.known, any_language=self.any_language)


def _targets(given: Targets | str | Path) -> Targets:
    if isinstance(given, Targets):
        return given
    path = Path(given)
    if path.suffix != ".toml":
        raise UsageError(
            f"targets={str(given)!r} is a string. Expected a list of names, such as [{str(given)!r}], or a targets file, "
            "whose name ends in .toml."
        )
    return Targets.load(path)


def _names(given: Iterable[str]) -> tuple[str, ...]:
    names = tuple(given)
    for name in names:
        if not isinstance(name, str):
            raise UsageError(f"targets contains {name!r} ({type(name).__name__}); expected names (strings).")
    return tuple(dict.fromkeys(names))


def _refuse_single(texts: Any) -> None:
    """Raise UsageError for a single string, dict or DataFrame: their items are letters, keys and column names."""
    if isinstance(texts, str | bytes | Mapping | Article | Unit):
        raise UsageError(
            f"score() takes a list of texts, not one {type(texts).__name__}. Write score([text])."
        )
    if hasattr(texts, "iterrows"):
        raise UsageError(
            'score() got a DataFrame. Pass a column of texts, score(frame["text"]), or article rows, '
            'score(frame.to_dict("records")).'
        )
    if not isinstance(texts, Iterable):
        raise UsageError(f"score() takes a list of texts, not {type(texts).__name__} {texts!r:.60}.")


# ---- ready-made units


def ready_units(
    paths: Sequence[str],
    targets: Targets,
    rejected: TakesRejected,
    *,
    stdin: TextIO,
    any_language: bool = False,
) -> Iterator[ScoreRequest]:
    """Yield a ScoreRequest for each line of JSON-lines files; "-" is standard input.

    Fields: `text`; optional `unit_id`, `kind`, `parent_text` (what a comment replies to) and `targets`, a list of ids of the
    targets file or of other names. A name that the text does not contain is scored as a topic.
    Without `targets`, the unit is scored for all known targets that it names. any_language: see `score_requests`.
    Lines that are not units go to `rejected`, with their number.
    """
    for path in paths:
        for number, line in _lines(path, stdin, rejected):
            where = f"{path}:{number}"
            try:
                yield ready_request(_row(line, where), where, targets, any_language=any_language)
            except Rejected as error:
                rejected.append(error)


def _row(line: str, where: str) -> Any:
    try:
        row = json.loads(line)
        json.dumps(row, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        detail = (
            "it contains a lone surrogate (half of a character, e.g. \\ud83d). Write the text again as UTF-8."
        )
        raise Rejected(where, "undecodable", detail) from None
    except ValueError as error:
        raise Rejected(
            where, "bad_json", f"this line is not JSON ({error}). Expected one object per line."
        ) from None
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
    except UnicodeDecodeError:  # only standard input is decoded in blocks of lines
        detail = "standard input is not UTF-8 here; the rest was not read. Convert it, or give the file's name instead."
        rejected.append(Rejected(path, "undecodable", detail))


def _decoded(file: BinaryIO, path: str, rejected: TakesRejected) -> Iterator[tuple[int, str]]:
    """Yield number and text of each line that is not blank. A line that is not UTF-8 or too long is rejected."""
    for number, offset, data in bounded_lines(file, DEFAULT_LIMITS.line):
        where = f"{path}:{number}"
        try:
            if data is None:
                raise too_long(where, DEFAULT_LIMITS.line)
            if line := decode(data, where, offset=offset).strip():
                yield number, line
        except Rejected as error:
            rejected.append(error)


def ready_request(row: Any, where: str, targets: Targets, *, any_language: bool = False) -> ScoreRequest:
    """Return the ScoreRequest of a ready-made unit, see `ready_units`. Raises Rejected, with `where`, for a bad row."""
    request = _ready_request(row, where, targets)
    if any_language:
        return request
    unit = flag_single(request.unit)
    if unit.other_language:
        return ScoreRequest(unit)
    foreign = request.parent is not None and language_of(request.parent) not in (None, "en")
    return replace(request, parent=None) if foreign else request


def _ready_request(row: Any, where: str, targets: Targets) -> ScoreRequest:
    if not isinstance(row, dict) or not isinstance(row.get("text"), str) or not row["text"].strip():
        raise Rejected(where, "no_text", 'expected an object with "text", a string that is not empty.')
    kind = row.get("kind") or ("comment" if row.get("parent_text") else "paragraph")
    if kind not in CONTENT_KINDS:
        raise Rejected(where, "bad_kind", f'"kind" is {kind!r}; expected one of {", ".join(CONTENT_KINDS)}.')
    text = row["text"]
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    texts: dict[str, Any] = {name: _text(row, name, where) for name in _TEXT_FIELDS}
    stretches = voices(text, kind)
    speakers = _speakers(row, text, kind, stretches)
    unit = Unit(
        article_id=str(row.get("article_id") or digest),
        unit_id=str(row.get("unit_id") or f"{digest}-0000"),
        kind=kind,
        text=text,
        start=0,
        end=len(text),
        position=0,
        speaker=only_speaker(stretches, speakers),
        voices=stretches,
        speakers=speakers,
        **_provenance(row, where),
        **texts,
    )
    names = _target_names(row.get("targets") or [], where)
    try:
        own = _targets_from_names(tuple(n for n in names if n not in targets.ids))
    except UsageError as error:
        raise Rejected(where, "bad_targets", str(error)) from None
    mentions = targets.find(text) | own.find(text)
    if names:
        mentions = {n: mentions[n] for n in names if n in mentions}
    topics = tuple((n, targets.name(n) if n in targets.ids else n) for n in names if n not in mentions)
    parent = _text(row, "parent_text", where)
    called = {n: targets.name(n) for n in mentions if n in targets.ids} | dict(topics)
    return ScoreRequest(unit, mentions, topics, parent=parent, document=Document([text]), names=called)


@lru_cache(maxsize=256)
def _targets_from_names(names: tuple[str, ...]) -> Targets:
    """Compile the search for these names; cached, since most rows of a file have the same targets."""
    return Targets.from_names(names)


def _speakers(row: Mapping[str, Any], text: str, kind: str, stretches: Sequence[Stretch]) -> Speakers:
    """Return who says each stretch: as a row of `slant split` states it, else by the text alone."""
    if not isinstance(row.get("voices"), list):
        return speakers_of([(text, kind, stretches)])[0]
    stated = {
        (voice.get("start"), voice.get("end")): voice.get("speaker")
        for voice in row["voices"]
        if isinstance(voice, dict) and isinstance(voice.get("speaker"), str)
    }
    found = tuple(stated.get((start, end)) if voice == "quoted" else None for start, end, voice in stretches)
    return found if any(found) else ()


def _provenance(row: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Return source, source_id and extra of a unit; a row of `slant split` brings its own."""
    stated = row.get("extra")
    cells = {**stated, **row} if isinstance(stated, Mapping) else row
    # `speaker` is slant's own in a row of `slant split` only.
    own = {"speaker"} if isinstance(row.get("voices"), list) else set[str]()
    others, _ = other_cells(cells, used=_UNIT_FIELDS | own)
    source = row.get("source")
    own_id = row.get("source_id") or (None if source else source_id(row)[1])
    return {
        "source": source if isinstance(source, str) and source else where,
        "source_id": own_id if isinstance(own_id, str) else None,
        "extra": others,
    }


_UNIT_FIELDS = {*UNIT_KEYS, *(each.name for each in fields(Unit)), "id"} - {"speaker", "speakers"}
_TEXT_FIELDS = ("outlet", "published", "title", "url", "author", "parent_id")


def _text(row: dict[str, Any], name: str, where: str) -> str | None:
    value = row.get(name)
    if value is not None and not isinstance(value, str):
        raise Rejected(where, "bad_field", f'"{name}" is {value!r}; expected a string or null.')
    return value if value and value.strip() else None


def _target_names(names: Any, where: str) -> list[str]:
    if not isinstance(names, list) or not all(isinstance(n, str) and n.strip() for n in names):
        raise Rejected(where, "bad_targets", f'"targets" is {names!r}; expected a list of names.')
    return list(dict.fromkeys(names))
