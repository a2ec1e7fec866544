"""Scoring on this machine: documents are read, split and scored in input order, and an interrupted run continues."""

from __future__ import annotations

import os
import re
import sys
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from slant.atomic_files import remove_stale
from slant.errors import Rejected, UsageError
from slant.ingest.article_rows import joined_pairs, parse_column_map
from slant.ingest.documents import ArticleStream
from slant.ingest.inputs import SeenDocuments, missing_inputs, read_articles
from slant.ingest.joined_comments import Joined, join_comments
from slant.labels.targets import Targets
from slant.records import Score, Unit
from slant.scoring.account import Account, count_document
from slant.scoring.object_storage import is_storage
from slant.scoring.output_files import made_by_slant, write_rows
from slant.scoring.progress import with_progress
from slant.scoring.rejections import duplicate
from slant.scoring.resume import Journal, digest, of_unit
from slant.scoring.run_options import (
    ReadOptions,
    ScoreOptions,
    made_with,
    own_files,
    refuse_resume_to_stdout,
)
from slant.scoring.score import ScoreRequest
from slant.segment.units import split

if TYPE_CHECKING:
    from slant.ingest.fetch import FetchOptions
    from slant.scoring.python_api import Scorer

HELD = 5_000  # resumed rows that may wait in memory while a row before them is scored
_PLACE = re.compile(r"[:#]\d+\Z")  # line or row number behind the path of a document in a table


def read_units(reading: ReadOptions, account: Account, *, output: str) -> Iterator[Unit]:
    """Yield all units of all documents, in order. `account` takes each document, read or rejected, and its notes.

    output: file that the run writes, never read as an article.
    """
    documents = _documents(reading, account)
    own = own_files(output, (*reading.paths, *reading.join_comments))
    seen = SeenDocuments()
    for document in with_progress(documents, unit="documents", quiet=reading.quiet):
        if (path := os.path.realpath(_PLACE.sub("", document.path))) in own:
            if not isinstance(document, Rejected) and not made_by_slant(path):
                raise UsageError(
                    f"-o {path}: it is one of the articles and would be overwritten. Give another name."
                )
        elif isinstance(document, Rejected):
            account.append(document)
        elif first := seen.add(document.article_id, document.path):
            account.append(duplicate(document.path, first))
        else:
            units = split(document, comments_from=reading.comments_from)
            account.read(count_document(document, units))
            yield from units


def _documents(reading: ReadOptions, account: Account) -> ArticleStream:
    """Yield all documents, with the joined comments. Raises UsageError for options that exclude each other."""
    of_articles, of_comments = joined_pairs(reading.mapped)
    articles = read_articles(
        reading.paths,
        outlet=reading.outlet,
        stdin=sys.stdin.buffer,
        columns=parse_column_map(of_articles, comments=reading.comments, keep=reading.keep),
        urls=_fetch_options(reading),
    )
    if not reading.join_comments:
        if of_comments:
            raise UsageError(
                f"--map comments.{of_comments[0]}: it is for comments that are joined. Add --join-comments."
            )
        return articles
    if reading.comments:
        raise UsageError("--comments reads comments without articles. Remove it, or --join-comments.")
    for path in reading.join_comments:
        if missing := missing_inputs([path]):
            raise UsageError(f"--join-comments {missing[0]}")
    if "-" in reading.paths and "-" in reading.join_comments:
        raise UsageError("--join-comments -: standard input can be read once. Save it to a file.")
    threads = read_articles(
        reading.join_comments,
        outlet=reading.outlet,
        stdin=sys.stdin.buffer,
        columns=parse_column_map(of_comments, comments=True),
    )
    account.joined = Joined()
    return join_comments(articles, threads, account.joined)


def _fetch_options(reading: ReadOptions) -> FetchOptions | None:
    """Return how to fetch pages, or None without `--urls`."""
    if not reading.urls:
        if reading.allow_private:
            raise UsageError("--allow-private only works with --urls. Add --urls.")
        return None
    if reading.comments:
        raise UsageError("--comments reads files of comments, not web pages. Remove --urls.")
    from slant.ingest.fetch import FetchOptions

    return FetchOptions(allow_private=reading.allow_private)


def load_scorer(options: ScoreOptions) -> Scorer:
    """Load the model and the targets of a run."""
    from slant.scoring.python_api import Scorer
    from slant.scoring.runtimes import load

    targets = Targets.load(Path(options.targets) if options.targets else None)
    predictor = load(
        options.model,
        threads=options.threads,
        runtime=options.runtime,
        device=options.device,
    )
    return Scorer(predictor, targets)


def scores(options: ScoreOptions, account: Account, scorer: Scorer) -> Iterator[Score]:
    """Yield one Score per unit, in order, with progress on standard error."""
    work = _prepare(options, account, scorer)
    rows = with_progress(work.score(work.requests), unit="units", quiet=options.reading.quiet)
    return account.scored(rows)


def write_scores(options: ScoreOptions, account: Account) -> None:
    """Score everything into the output file, which appears when it is complete. `account` tells what was read and scored.

    An interrupted run keeps its scores beside the output; the next one continues from there with `resume`.
    Raises UsageError as `Journal` does, for object storage, and for a resumed run to standard output.
    """
    output, quiet = options.output, options.reading.quiet
    for path in (output, *options.reading.paths):
        if is_storage(path):
            raise UsageError(f"{path}: object storage is read and written with --engine ray.")
    refuse_resume_to_stdout(options)
    if output == "-":
        write_rows(scores(options, account, load_scorer(options)), output)
        return
    with Journal(Path(output), resume=options.resume) as journal:
        work = _prepare(options, account, load_scorer(options))
        journal.begin(work.made)
        remove_stale(Path(output))
        rows = resumed(work.requests, journal=journal, score=work.score)
        counted = with_progress(rows, unit="units", quiet=quiet, resumed=lambda: journal.taken)
        write_rows(account.scored(counted), output, made=work.made)
        account.write(output)  # before the journal is removed: a run killed here can still be resumed
        journal.remove()


@dataclass(frozen=True, slots=True)
class _Work:
    """requests: of all units, in order. score: scores them. made: all that the scores depend on besides."""

    requests: Iterator[ScoreRequest]
    score: Callable[[Iterable[ScoreRequest]], Iterator[Score]]
    made: dict[str, str]


def _prepare(options: ScoreOptions, account: Account, scorer: Scorer) -> _Work:
    from slant.scoring.python_api import ready_units
    from slant.scoring.score import score, score_requests

    predictor, targets = scorer.predictor, scorer.targets
    reading = options.reading
    if options.units:
        if reading.join_comments:
            raise UsageError(
                "--join-comments joins comments to articles, and --units reads none. Remove one."
            )
        own_files(options.output, reading.paths)
        requests = ready_units(
            reading.paths, targets, account, stdin=sys.stdin, any_language=options.any_language
        )
    else:
        # Units are counted, so reading shows no progress of its own.
        units = read_units(replace(reading, quiet=True), account, output=options.output)
        requests = score_requests(units, targets, any_language=options.any_language)
    return _Work(
        requests,
        partial(score, predictor=predictor, codebook=predictor.codebook),
        made_with(options, predictor, targets),
    )


def resumed(
    requests: Iterable[ScoreRequest],
    *,
    journal: Journal,
    score: Callable[[Iterable[ScoreRequest]], Iterator[Score]],
) -> Iterator[Score]:
    """Yield one Score per request, in order; those that the journal lacks are scored and added to it.

    score: yields one Score per request, in order; may consume requests ahead, also in a thread of its own.
    """
    stream = iter(requests)
    # Keys and units of requests whose score was not yielded, with their row if the journal has it.
    waiting: deque[tuple[bytes, str | None, Unit]] = deque()
    ended = False

    def missing() -> Iterator[ScoreRequest]:
        """Yield requests without a row. Stops at HELD waiting rows, as a scorer that looks ahead would add more."""
        nonlocal ended
        held = 0
        for request in stream:
            key = digest(request)
            row = journal.find(key)
            waiting.append((key, row, request.unit))
            if row is None:
                yield request
            elif (held := held + 1) == HELD:
                return
        ended = True

    def known() -> Iterator[Score]:
        while waiting and (row := waiting[0][1]) is not None:
            _, _, unit = waiting.popleft()
            yield of_unit(journal.take(row), unit)

    while not ended:
        with closing(_closable(score(missing()))) as scored:
            for row in scored:
                yield from known()
                key, _, _ = waiting.popleft()
                journal.add(key, row)
                yield row
        yield from known()


def _closable(rows: Iterator[Score]) -> Generator[Score, None, None]:
    """Give any iterator the `close` of a generator."""
    yield from rows
