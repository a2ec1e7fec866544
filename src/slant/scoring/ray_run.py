"""Scoring on a Ray cluster: tasks read and split files, actors that hold the model score them, all in input order.

Ray Data streams: it reads ahead only as far as its object store has room, and repeats work that was lost with a node.
Reading and scoring are deterministic, so repeated work gives the same rows, and each row is written once.
"""

from __future__ import annotations

import logging
import os
import pickle
import platform
import socket
import sys
import tempfile
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from slant import __version__
from slant.assets import chosen_model
from slant.encoding.predictor import Predictor
from slant.errors import Rejected, SlantError, UsageError, require
from slant.ingest.article_rows import parse_column_map
from slant.ingest.inputs import SeenDocuments, find_files, read_articles
from slant.labels.targets import Targets
from slant.records import Score
from slant.scoring.account import Account, DocumentCounts, count_document
from slant.scoring.object_storage import (
    fetched,
    is_storage,
    list_objects,
    refuse_options,
    replace_object,
    storage_errors,
)
from slant.scoring.output_files import made_by_slant, write_rows
from slant.scoring.progress import with_progress
from slant.scoring.python_api import ready_units
from slant.scoring.rejections import duplicate
from slant.scoring.resume import Kept, journal_path
from slant.scoring.run_options import ScoreOptions, made_with, own_files, refuse_resume_to_stdout
from slant.scoring.score import ScoreRequest, score, score_requests
from slant.segment.units import split

# Units in a chunk, the work of one actor at a time: enough for full batches. Chunks hold whole documents, since a comment is
# scored with its article.
CHUNK_UNITS = 1024
READ_CPUS, SCORE_CPUS = 0.1, 0.9  # reading for one scoring core takes a tenth of a core
BLOCK_BYTES = 1 << 20  # chunks are passed on in blocks of this size
GROUP_BYTES, GROUP_FILES = 8_000_000, 64  # files that one task reads, whichever limit comes first
START_HINT = "Start one with `ray start --head`, or leave out --engine ray."


@dataclass(frozen=True, slots=True)
class ReadDocument:
    """A document with the requests of its units, in order, and later with their scores in place of the requests.

    article_id: "" for ready-made units, which may repeat. counts: what it brought in; None for ready-made units.
    """

    path: str
    article_id: str
    requests: tuple[ScoreRequest, ...] = ()
    scores: tuple[Score, ...] = ()
    counts: DocumentCounts | None = None


@dataclass(frozen=True, slots=True)
class File:
    """shown: name in messages. place: path or URL that a node opens. here: whether it exists where the run starts."""

    shown: str
    place: str
    size: int = 0
    here: bool = True


Found = ReadDocument | Rejected
Read = Callable[[Sequence[Any]], Iterable[Found]]


def write_scores(options: ScoreOptions, account: Account) -> None:
    """Score everything into the output, as `local_run.write_scores` does: the same rows in the same order.

    Paths and output may be URLs of object storage.
    Raises UsageError for options that a cluster does not support: standard input, fetched pages, a runtime or device.
    """
    from slant.scoring.runtimes import load

    require("ray", "ray", "pyarrow", what="--engine ray")
    _refuse(options)
    output = options.output
    targets = Targets.load(Path(options.targets) if options.targets else None)
    model = chosen_model(options.model)  # here, since nodes may have another folder and environment
    load_model = partial(load, model.absolute() if isinstance(model, Path) else model, threads=1)
    made = made_with(options, load_model(), targets)
    groups = list(grouped(_files(options)))
    with started():
        kept = None
        if output != "-":
            place = output if is_storage(output) else os.path.abspath(output)
            kept = Kept.begin(place, made, resume=options.resume)
        read = partial(_read, options=options, targets=targets)
        try:
            with closing(score_groups(groups, read=read, load=load_model, made=made, kept=kept)) as found:
                rows = _without_duplicates(found, account)
                counted = with_progress(rows, unit="units", quiet=options.reading.quiet)
                _write(account.scored(counted), output, made)
        except BaseException:
            if kept and kept.chunks():
                print(
                    f"slant: finished scores are kept in {kept.folder}; run the same command with --resume to continue",
                    file=sys.stderr,
                )
            elif kept:
                kept.remove()
            raise
    account.write(output)  # before the kept chunks are removed: a run killed here can still be resumed
    if kept:
        kept.remove()


def _refuse(options: ScoreOptions) -> None:
    """Raise UsageError for options that this engine does not support."""
    output, paths = options.output, options.reading.paths
    for url in (*paths, output):
        refuse_options(url)
    if options.runtime or options.threads or options.device != "cpu":
        raise UsageError(
            "--runtime, --device and --threads work with --engine local; an actor on a cluster has one core."
        )
    if options.reading.urls:
        raise UsageError("--urls works with --engine local: one machine has to pace requests to a site.")
    if options.reading.join_comments:
        raise UsageError("--join-comments works with --engine local: it needs all articles in one place.")
    if "-" in paths:
        raise UsageError(
            "--engine ray reads files that every node can open, not standard input. Save the input to a file."
        )
    refuse_resume_to_stdout(options)
    if not is_storage(output) and (journal := journal_path(Path(output))).exists():
        raise UsageError(
            f"-o {output}: a run with --engine local was interrupted, and its scores are kept in {journal}. Continue it "
            "with --engine local --resume, or delete that file to start over."
        )


def _write(rows: Iterable[Score], output: str, made: dict[str, str]) -> None:
    if not is_storage(output):
        write_rows(rows, output, made=made)
        return
    with tempfile.TemporaryDirectory(prefix="slant-") as folder:
        local = Path(folder) / output.rpartition("/")[2]
        write_rows(rows, str(local), made=made)
        with local.open("rb") as content:
            replace_object(output, content)


def _without_duplicates(found: Iterable[Found], account: Account) -> Iterator[Score]:
    seen = SeenDocuments()
    for item in found:
        if isinstance(item, Rejected):
            account.append(item)
        elif item.article_id and (first := seen.add(item.article_id, item.path)):
            account.append(duplicate(item.path, first))
        else:
            if item.counts:
                account.read(item.counts)
            yield from item.scores


def _files(options: ScoreOptions) -> Iterator[File | Rejected]:
    """Yield every input file once, in order, without those that this run writes, as `run.read_units` does."""
    paths = options.reading.paths
    own = own_files(options.output, paths)
    seen: set[str] = set()
    for path in paths:
        for found in _found(path, units=options.units):
            if isinstance(found, Rejected):
                yield found
            elif os.path.realpath(found.place) in own:
                if not _made_by_slant(found.place):
                    raise UsageError(
                        f"-o {options.output}: {found.shown} is read and would be overwritten. Give another name."
                    )
            elif found.place not in seen:
                seen.add(found.place)
                yield found


def _made_by_slant(place: str) -> bool:
    if not is_storage(place):
        return made_by_slant(place)
    with storage_errors(place), fetched(place) as local:
        return made_by_slant(local)


def _found(path: str, *, units: bool) -> Iterator[File | Rejected]:
    if is_storage(path):
        for found in list_objects(path):
            yield found if isinstance(found, Rejected) else File(found[0], found[0], found[1])
        return
    for name in [path] if units else find_files([path]):  # ready-made units: paths are file names
        if isinstance(name, Rejected):
            yield name
        else:
            size = os.path.getsize(name) if os.path.isfile(name) else 0
            yield File(name, os.path.abspath(name), size, os.path.lexists(name))


def grouped(files: Iterable[File | Rejected]) -> Iterator[list[File | Rejected]]:
    """Group neighboring files, up to GROUP_BYTES and GROUP_FILES per group."""
    group: list[File | Rejected] = []
    for found in files:
        group.append(found)
        if len(group) == GROUP_FILES or sum(f.size for f in group if isinstance(f, File)) >= GROUP_BYTES:
            yield group
            group = []
    if group:
        yield group


def score_groups(
    groups: Iterable[Sequence[Any]],
    *,
    read: Read,
    load: Callable[[], Predictor],
    made: Mapping[str, str],
    kept: Kept | None,
) -> Generator[Found]:
    """Read and score each group on the cluster and yield the documents with their scores, in order. Ray has to be started.

    groups: input of one task each. read: deterministic function of a module that the nodes can import, or a partial of one.
    load: loads the model from a folder that every node has. made: version and fingerprints that nodes have to agree with.
    kept: where scored chunks are kept for a resumed run.
    Raises what `read` raises, and SlantError if a node has another model or slant version, or if Ray gives up.
    """
    import ray

    context = ray.data.DataContext.get_current()
    context.execution_options.preserve_order = True
    context.enable_progress_bars = False  # slant shows its own
    context.target_max_block_size = BLOCK_BYTES
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    rows = [{"chunk": pickle.dumps(group)} for group in groups]
    if not rows:
        return
    found = ray.data.from_items(rows, override_num_blocks=len(rows)).map_batches(
        _chunks, fn_args=(read,), batch_size=1, batch_format="pyarrow", num_cpus=READ_CPUS
    )
    scored = found.map_batches(
        _Scoring,
        fn_constructor_args=(load, made, kept),
        batch_size=1,
        batch_format="pyarrow",
        num_cpus=SCORE_CPUS,
        compute=ray.data.ActorPoolStrategy(
            min_size=1, max_size=max(1, int(ray.cluster_resources().get("CPU", 1)))
        ),
    )
    with _original_errors():
        for batch in scored.iter_batches(batch_size=None, batch_format="pyarrow"):
            for chunk in batch.column("chunk"):
                yield from pickle.loads(chunk.as_py())


@contextmanager
def started(*, quiet: bool = True) -> Iterator[None]:
    """Connect to the cluster named by RAY_ADDRESS or started by `ray start` here, else start Ray on this machine alone.

    Raises UsageError if Ray is not installed, SlantError if the cluster does not answer.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # no usage reports from anything that slant starts
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")  # lost work is repeated, so it is no news
    require("ray", "ray", what="--engine ray")
    import ray
    import ray.data

    ours = not ray.is_initialized()
    if ours:
        _check_address(os.environ.get("RAY_ADDRESS", ""))
        try:
            ray.init(log_to_driver=not quiet, logging_level=logging.ERROR, include_dashboard=False)
        except (ConnectionError, ValueError, RuntimeError) as error:
            where = os.environ.get("RAY_ADDRESS", "this machine")
            raise SlantError(f"Ray at {where} cannot be reached ({error}). {START_HINT}") from None
    try:
        yield
    finally:
        if ours:
            ray.shutdown()


def _check_address(address: str) -> None:
    """Raise SlantError if nothing listens at HOST:PORT. Ray itself tries for four minutes, then ends the process."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit() or "/" in host:
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=10).close()
    except OSError as error:
        raise SlantError(
            f"RAY_ADDRESS is {address}, and nothing answers there ({error}). {START_HINT}"
        ) from None


@contextmanager
def _original_errors() -> Iterator[None]:
    """Raise an error of a task as if it had been raised here."""
    from ray.exceptions import RayError

    try:
        yield
    except RayError as error:
        cause: BaseException | None = error
        while cause and type(cause) not in (SlantError, UsageError, Rejected):
            cause = getattr(cause, "cause", None) or cause.__cause__
        raise cause or SlantError(f"Ray gave up: {str(error)[-2000:]}") from None


# ---- on the nodes


def _chunks(batch: Any, read: Read) -> Iterator[Any]:
    """Yield documents with CHUNK_UNITS units together, each chunk pickled in a table of one cell."""
    for value in batch.column("chunk"):
        chunk: list[Found] = []
        units = 0
        for item in read(pickle.loads(value.as_py())):
            chunk.append(item)
            units += len(item.requests) if isinstance(item, ReadDocument) else 0
            if units >= CHUNK_UNITS:
                yield _table(chunk)
                chunk, units = [], 0
        if chunk:
            yield _table(chunk)


def _table(chunk: list[Found]) -> Any:
    import pyarrow

    return pyarrow.table({"chunk": pyarrow.array([pickle.dumps(chunk)], pyarrow.large_binary())})


class _Scoring:
    """An actor with one core and one model. The model is loaded for the first chunk: an error there ends the run, while an
    error in a constructor would look like a dead actor."""

    def __init__(self, load: Callable[[], Predictor], made: Mapping[str, str], kept: Kept | None) -> None:
        self.load, self.made, self.kept = load, made, kept

    @cached_property
    def predictor(self) -> Predictor:
        predictor = self.load()
        here = {"slant": __version__, "model": predictor.fingerprint, "codebook": predictor.codebook}
        for name, value in here.items():
            if self.made[name] != value:
                raise SlantError(
                    f"node {platform.node()} has {name} {value}, but the run started with {self.made[name]}. Install the "
                    "same slant, with the same runtime, on every node, and give --model a folder that all nodes share."
                )
        return predictor

    def __call__(self, batch: Any) -> Any:
        (value,) = batch.column("chunk")
        chunk: list[Found] = pickle.loads(value.as_py())
        requests = [request for item in chunk if isinstance(item, ReadDocument) for request in item.requests]
        rows = iter(self._scores(requests))
        return _table([
            replace(item, requests=(), scores=tuple(next(rows) for _ in item.requests))
            if isinstance(item, ReadDocument) else item
            for item in chunk
        ])  # fmt: skip

    def _scores(self, requests: Sequence[ScoreRequest]) -> list[Score]:
        predictor = self.predictor

        def scored() -> Iterator[Score]:
            return score(requests, predictor=predictor, codebook=predictor.codebook)

        return self.kept.get_or_score(requests, scored) if self.kept and requests else list(scored())


def _read(group: Sequence[File | Rejected], *, options: ScoreOptions, targets: Targets) -> Iterator[Found]:
    """Yield the documents in a group of files, in order, under the same names as the local engine."""
    for file in group:
        if isinstance(file, Rejected):
            yield file
        elif is_storage(file.place):
            try:
                with fetched(file.place) as local:
                    yield from _named(_documents(local, options, targets), local, file.shown)
            except OSError as error:
                detail = f"cannot be read from storage: {error}. Check the credentials."
                yield Rejected(file.shown, "unreadable", detail)
        elif file.here and not os.path.lexists(file.place):
            raise SlantError(
                f"{file.place}: node {platform.node()} has no such file, but the machine that started the run has. Put the "
                "input on storage that all nodes share, or name it by a URL (s3://…, gs://…)."
            )
        else:
            yield from _named(_documents(file.place, options, targets), file.place, file.shown)


def _documents(path: str, options: ScoreOptions, targets: Targets) -> Iterator[Found]:
    if options.units:
        rejected: list[Rejected] = []
        requests = ready_units([path], targets, rejected, stdin=sys.stdin, any_language=options.any_language)
        for request in requests:
            yield from rejected
            rejected.clear()
            yield ReadDocument(path, "", (request,))
        yield from rejected
        return
    reading = options.reading
    columns = parse_column_map(reading.mapped, comments=reading.comments, keep=reading.keep)
    for found in read_articles([path], outlet=reading.outlet, columns=columns):
        if isinstance(found, Rejected):
            yield found
        else:
            units = split(found, comments_from=reading.comments_from)
            requests = score_requests(units, targets, any_language=options.any_language)
            counts = count_document(found, units)
            yield ReadDocument(found.path, found.article_id, tuple(requests), counts=counts)


def _named(found: Iterable[Found], place: str, shown: str) -> Iterator[Found]:
    """Replace the path on the node by the name that the user gave. Bytes that are not UTF-8 are shown as U+FFFD."""
    place, shown = (os.fsencode(name).decode("utf-8", "replace") for name in (place, shown))
    for item in found:
        if isinstance(item, Rejected):
            yield Rejected(item.path.replace(place, shown), item.reason, item.detail.replace(place, shown))
        else:
            path = item.path.replace(place, shown)
            requests = tuple(_renamed(request, place, shown) for request in item.requests)
            counts = item.counts and replace(item.counts, path=path)
            yield replace(item, path=path, requests=requests, counts=counts)


def _renamed(request: ScoreRequest, place: str, shown: str) -> ScoreRequest:
    source = request.unit.source and request.unit.source.replace(place, shown)
    return replace(request, unit=replace(request.unit, source=source))
