"""A run over many documents: what an earlier one scored is taken over, the rest is scored, all in the order of the input.

From the command line's options to units and scores, document by document.
"""

from __future__ import annotations

import os
import re
import sys
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from slant import __version__
from slant.errors import Rejected, TakesRejected, UsageError
from slant.ingest.article_rows import mapping
from slant.ingest.inputs import Seen, read_articles
from slant.labels.targets import Targets
from slant.records import Score
from slant.scoring.object_storage import is_storage
from slant.scoring.output_files import made_by_slant, write_rows
from slant.scoring.resume import Journal, digest
from slant.scoring.run_options import Rejections, rejected_path
from slant.scoring.score import ScoreRequest
from slant.segment.units import split as split_article

if TYPE_CHECKING:
    from slant.encoding.predictor import Predictor
    from slant.ingest.fetch import Manners
    from slant.scoring.resume import Journal

HELD = 5_000  # rows taken over that may wait in memory for one that is being scored before them


def resumed(
    asked: Iterable[ScoreRequest],
    *,
    journal: Journal,
    score: Callable[[Iterable[ScoreRequest]], Iterator[Score]],
) -> Iterator[Score]:
    """One Score per question, in order; those that the journal lacks are scored and put there.

    score: one Score per question, in order; it may ask for questions ahead, also from a thread of its own.
    """
    stream = iter(asked)
    waiting: deque[tuple[bytes, str | None]] = deque()
    ended = False

    def unknown() -> Iterator[ScoreRequest]:
        """Ends where too many rows wait: what scores would go on asking, and they would all have to be held."""
        nonlocal ended
        held = 0
        for question in stream:
            key = digest(question)
            row = journal.find(key)
            waiting.append((key, row))
            if row is None:
                yield question
            elif (held := held + 1) == HELD:
                return
        ended = True

    def known() -> Iterator[Score]:
        while waiting and (row := waiting[0][1]) is not None:
            waiting.popleft()
            yield journal.take(row)

    while not ended:
        with closing(_each(score(unknown()))) as scored:
            for row in scored:
                yield from known()
                key, _ = waiting.popleft()
                journal.add(key, row)
                yield row
        yield from known()


def _each(rows: Iterator[Score]) -> Generator[Score, None, None]:
    """Rows that can be closed, whatever yields them."""
    yield from rows


def units(options: dict[str, Any], rejected: TakesRejected) -> Iterator[Any]:
    """All units of all documents, each once; what cannot be read or comes again goes to `rejected`."""
    found = read_articles(
        options["paths"],
        outlet=options["outlet"],
        stdin=sys.stdin.buffer,
        columns=mapping(options.get("mapped", ())),
        urls=_manners(options),
    )
    own = own_files(options)
    seen = Seen()
    for document in _progress(found, "documents", options["quiet"]):
        if (path := os.path.realpath(_PLACE.sub("", document.path))) in own:
            _refuse_to_overwrite(path, document)
        elif isinstance(document, Rejected):
            rejected.append(document)
        elif first := seen.first(document.article_id, document.path):
            rejected.append(repeated(document.path, first))
        else:
            yield from split_article(document, comments_from=options["comments_from"])


def _manners(options: dict[str, Any]) -> Manners | None:
    """How to fetch, where `--urls` allows it at all."""
    private = options.get("allow_private", False)
    if not options.get("urls"):
        if private:
            raise UsageError("--allow-private says what --urls may fetch. Add --urls.")
        return None
    from slant.ingest.fetch import Manners

    return Manners(private=private)


def repeated(path: str, first: str) -> Rejected:
    detail = (
        f"text, outlet, date and url are those of {first}; counted twice it would weigh double. Remove one."
    )
    return Rejected(path, "duplicate", detail)


_PLACE = re.compile(r"[:#]\d+\Z")  # line or row, behind the path of a document in a table


def own_files(options: dict[str, Any]) -> set[str]:
    """What this run writes. Where it lies in an input folder it is the product of an earlier run, and no input.

    Raises UsageError if the output is itself named as input.
    """
    output = options["output"]
    own = {os.path.realpath(path) for path in (output, rejected_path(output)) if path != "-"}
    for path in options["paths"]:
        if path != "-" and os.path.realpath(path) in own:
            raise UsageError(f"-o {output}: {path} is read and would be overwritten. Give another name.")
    return own


def _refuse_to_overwrite(path: str, document: Any) -> None:
    if not isinstance(document, Rejected) and not made_by_slant(path):
        raise UsageError(f"-o {path}: it is one of the articles and would be overwritten. Give another name.")


@dataclass(frozen=True, slots=True)
class _Run:
    """asked: what each unit is asked, in order. score: answers it. made: all that the answers depend on besides."""

    asked: Iterator[ScoreRequest]
    score: Callable[[Iterable[ScoreRequest]], Iterator[Score]]
    made: dict[str, str]


def scores(options: dict[str, Any], rejected: TakesRejected) -> Iterator[Score]:
    """A Score per unit, in order, with progress on standard error."""
    run = _run(options, rejected)
    return counted(run.score(run.asked), options["quiet"])


def write_scores(options: dict[str, Any], rejected: Rejections) -> int:
    """Scores everything into the output, whole or not at all; returns the number of units.

    A run that is stopped keeps what it scored beside the output, and the next one takes it over if it is asked to resume.
    Raises UsageError as `Journal` does, and where standard output should be resumed.
    """
    if options.get("engine") == "ray":
        if options.get("runtime") or options.get("threads") or options.get("device") == "cuda":
            raise UsageError(
                "--runtime, --device and --threads work with --engine local; an actor on a cluster has one core."
            )
        from slant.scoring import ray_run

        return ray_run.write_scores(options, rejected)
    pass
    from slant.atomic_files import remove_stale
    from slant.scoring.resume import Journal

    output = options["output"]
    for path in (output, *options["paths"]):
        if is_storage(path):
            raise UsageError(f"{path}: object storage is read and written with --engine ray.")
    if output == "-":
        if options["resume"]:
            raise UsageError("--resume: what went to standard output cannot be taken back. Give -o FILE.")
        return write_rows(scores(options, rejected), output)
    with Journal(Path(output), resume=options["resume"]) as journal:
        run = _run(options, rejected)
        journal.begin(run.made)
        remove_stale(Path(output))
        rows = resumed(run.asked, journal=journal, score=run.score)
        count = write_rows(counted(rows, options["quiet"], journal), output, made=run.made)
        rejected.write(output)  # before the journal goes: what is stopped here can still be gone on with
        journal.remove()
    return count


def _run(options: dict[str, Any], rejected: TakesRejected) -> _Run:
    from slant.scoring.runtimes import load
    from slant.scoring.score import score as score_questions
    from slant.scoring.score import score_requests
    from slant.scoring.scorer import ready_units

    folder = Path(options["model"]) if options["model"] else None
    targets = Targets.load(Path(options["targets"]) if options["targets"] else None)
    how = {name: options[name] for name in ("threads", "runtime", "device") if options.get(name)}
    predictor = load(folder, **how)
    if options["units"]:
        own_files(options)
        asked = ready_units(options["paths"], targets, rejected, stdin=sys.stdin)
    else:
        asked = score_requests(units({**options, "quiet": True}, rejected), targets)
    score = partial(score_questions, predictor=predictor, codebook=predictor.codebook)
    return _Run(asked, score, made_with(options, predictor, targets))


def made_with(options: dict[str, Any], predictor: Predictor, targets: Targets) -> dict[str, str]:
    """All that the rows depend on besides the inputs, name → version, fingerprint or value."""
    made = {"slant": __version__, "model": predictor.fingerprint, "codebook": predictor.codebook}
    return made | {"targets": targets.fingerprint, **_choices(options)}


# Options that change what the rows say, beside targets and model.
_CHOICES = {"--units": "units", "--outlet": "outlet", "--comments-from": "comments_from", "--map": "mapped"}


def _choices(options: dict[str, Any]) -> dict[str, str]:
    return {shown: str(options[name]) for shown, name in _CHOICES.items() if options.get(name)}


def _progress(rows: Any, unit: str, quiet: bool) -> Any:
    """Rows with count and rate on standard error, where someone may be looking."""
    if quiet:
        return rows
    from tqdm import tqdm

    return tqdm(rows, unit=f" {unit}", desc="slant", mininterval=0.5, file=_Watched())


def counted(rows: Iterator[Score], quiet: bool, journal: Journal | None = None) -> Iterator[Score]:
    """Rows with their progress, and how many of them an earlier run had scored."""
    bar = _progress(rows, "units", quiet)
    for row in bar:
        if journal and journal.taken and not quiet:
            bar.set_postfix_str(f"{journal.taken:,} taken over", refresh=False)
        yield row


class _Watched:
    """Standard error for as long as someone looks: when its reader goes away, the run goes on."""

    def write(self, text: str) -> None:
        with suppress(OSError):
            sys.stderr.write(text)

    def flush(self) -> None:
        with suppress(OSError):
            sys.stderr.flush()
