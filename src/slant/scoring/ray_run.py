"""The scorer on a Ray cluster: files are read and split in tasks, scored by actors that hold the model, all in order.

Ray Data streams: it reads ahead no further than the object store has room, and does again, elsewhere, what was lost with a
node. Reading and scoring are deterministic, so what is done again is the same, and comes once.

From the command line's options to scores by way of a Ray cluster: what `flow` does on one machine, dealt out to many.
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
from slant.encoding.predictor import Reader
from slant.errors import Rejected, SlantError, TakesRejected, UsageError, require
from slant.ingest.article_rows import mapping
from slant.ingest.inputs import Seen, find_files, read_articles
from slant.labels.targets import Targets
from slant.records import Score
from slant.scoring import run
from slant.scoring.object_storage import fetched, is_storage, listed, refusals, refuse_options, replace_object
from slant.scoring.output_files import made_by_slant, write_rows
from slant.scoring.resume import Kept, journal_path
from slant.scoring.run_options import Rejections
from slant.scoring.score import Question, questions, score
from slant.scoring.scorer import ready_units
from slant.segment.units import split

# Units that an actor is given at a time. Whole documents, since a comment is read with its article; enough for full batches.
CHUNK_UNITS = 1024
READ_CPUS, SCORE_CPUS = 0.1, 0.9  # reading takes a tenth of a core of the one that it keeps busy
BLOCK_BYTES = 1 << 20  # chunks are handed on when they make up this much
START_HINT = "Start one with `ray start --head`, or leave --engine ray out."


@dataclass(frozen=True, slots=True)
class Document:
    """A document on its way. asked: what its units are asked, in order; scores: what was answered, once it was.

    article_id: "" for ready-made units, which may come twice.
    """

    path: str
    article_id: str
    asked: tuple[Question, ...] = ()
    scores: tuple[Score, ...] = ()


Found = Document | Rejected
Read = Callable[[Sequence[Any]], Iterable[Found]]


def deal(
    groups: Iterable[Sequence[Any]],
    *,
    read: Read,
    load: Callable[[], Reader],
    made: Mapping[str, str],
    kept: Kept | None,
) -> Generator[Found]:
    """What `read` finds in each group, in order, the documents with their scores. Ray has to be started.

    groups: what one task reads. read: a function of a module, or a partial of one, that the nodes import; deterministic.
    load: loads the model, from a folder that every node has. made: version and fingerprints that nodes have to agree with.
    kept: where chunks that were scored are kept for another run.
    Raises what `read` raises, SlantError if a node has another model or slant, or if Ray gives up.
    """
    import ray

    context = ray.data.DataContext.get_current()
    context.execution_options.preserve_order = True
    context.enable_progress_bars = False  # ours counts units
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
    with _our_errors():
        for batch in scored.iter_batches(batch_size=None, batch_format="pyarrow"):
            for chunk in batch.column("chunk"):
                yield from pickle.loads(chunk.as_py())


def _chunks(batch: Any, read: Read) -> Iterator[Any]:
    """Documents of CHUNK_UNITS units together, as a table of one cell."""
    for value in batch.column("chunk"):
        chunk: list[Found] = []
        units = 0
        for item in read(pickle.loads(value.as_py())):
            chunk.append(item)
            units += len(item.asked) if isinstance(item, Document) else 0
            if units >= CHUNK_UNITS:
                yield _table(chunk)
                chunk, units = [], 0
        if chunk:
            yield _table(chunk)


def _table(chunk: list[Found]) -> Any:
    import pyarrow

    return pyarrow.table({"chunk": pyarrow.array([pickle.dumps(chunk)], pyarrow.large_binary())})


class _Scoring:
    """An actor: one core, and one model, loaded for the first chunk, where an error ends the run and is no dead actor."""

    def __init__(self, load: Callable[[], Reader], made: Mapping[str, str], kept: Kept | None) -> None:
        self.load, self.made, self.kept = load, made, kept

    @cached_property
    def reader(self) -> Reader:
        reader = self.load()
        here = {"slant": __version__, "model": reader.fingerprint, "codebook": reader.codebook}
        for name, value in here.items():
            if self.made[name] != value:
                raise SlantError(
                    f"node {platform.node()} has {name} {value}, where the run began it is {self.made[name]}. Install the "
                    "same slant, with the same runtime, on every node, and give --model a folder that all of them share."
                )
        return reader

    def __call__(self, batch: Any) -> Any:
        (value,) = batch.column("chunk")
        chunk: list[Found] = pickle.loads(value.as_py())
        asked = [question for item in chunk if isinstance(item, Document) for question in item.asked]
        rows = iter(self._scores(asked))
        return _table([
            replace(item, asked=(), scores=tuple(next(rows) for _ in item.asked)) if isinstance(item, Document) else item
            for item in chunk
        ])  # fmt: skip

    def _scores(self, asked: Sequence[Question]) -> list[Score]:
        reader = self.reader

        def made() -> Iterator[Score]:
            return score(asked, reader=reader, codebook=reader.codebook)

        return self.kept.or_made(asked, made) if self.kept and asked else list(made())


@contextmanager
def started(*, quiet: bool = True) -> Iterator[None]:
    """Ray, joined to the cluster that RAY_ADDRESS or `ray start` on this machine names, else one of this machine alone.

    Raises UsageError without the package, SlantError where the cluster does not answer.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing that slant starts reports to anyone
    os.environ.setdefault(
        "RAY_BACKEND_LOG_LEVEL", "fatal"
    )  # what is lost is done again: no news for the terminal
    require("ray", "ray", what="--engine ray")
    import ray
    import ray.data

    ours = not ray.is_initialized()
    if ours:
        _knock(os.environ.get("RAY_ADDRESS", ""))
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


def _knock(address: str) -> None:
    """Raises SlantError where nobody listens at HOST:PORT: Ray itself tries for four minutes, then ends the process."""
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
def _our_errors() -> Iterator[None]:
    """What went wrong in a task, as it would have been raised here."""
    from ray.exceptions import RayError

    try:
        yield
    except RayError as error:
        cause: BaseException | None = error
        while cause and type(cause) not in (SlantError, UsageError, Rejected):
            cause = getattr(cause, "cause", None) or cause.__cause__
        raise cause or SlantError(f"the cluster gave up: {str(error)[-2000:]}") from None


GROUP_BYTES, GROUP_FILES = 8_000_000, 64  # what one task reads, whichever comes first


@dataclass(frozen=True, slots=True)
class File:
    """shown: its name in messages. place: what a node opens. here: whether it is there where the run began."""

    shown: str
    place: str
    size: int = 0
    here: bool = True


def write_scores(options: dict[str, Any], rejected: Rejections) -> int:
    """As `flow.write_scores`, with the same rows in the same order; PATHS and output may be URLs of object storage.

    Raises UsageError for what a cluster cannot be given: standard input, and pages to fetch.
    """
    from slant.scoring.runtimes import load

    require("ray", "ray", "pyarrow", what="--engine ray")
    output = options["output"]
    _refuse(options)
    targets = Targets.load(Path(options["targets"]) if options["targets"] else None)
    folder = Path(options["model"]).absolute() if options["model"] else None
    chosen = {"runtime": options["runtime"]} if options.get("runtime") else {}
    model = partial(load, folder, threads=1, **chosen)
    made = run.made_with(options, model(), targets)
    groups = list(grouped(_files(options)))
    with started():
        kept = None
        if output != "-":
            place = output if is_storage(output) else os.path.abspath(output)
            kept = Kept.begin(place, made, resume=options["resume"])
        read = partial(_read, options=options, targets=targets)
        try:
            with closing(deal(groups, read=read, load=model, made=made, kept=kept)) as found:
                rows = run.counted(_once_each(found, rejected), options["quiet"])
                count = _write(rows, output, made)
        except BaseException:
            if kept and kept.chunks():
                said = f"what was scored is kept in {kept.folder}"
                print(f"slant: {said}; the same command with --resume goes on from there", file=sys.stderr)
            elif kept:
                kept.remove()
            raise
    rejected.write(output)  # before what was kept goes: a run that is stopped here can still be gone on with
    if kept:
        kept.remove()
    return count


def _refuse(options: dict[str, Any]) -> None:
    output = options["output"]
    for url in (*options["paths"], output):
        refuse_options(url)
    if options["urls"]:
        raise UsageError("--urls fetches pages with one machine's manners; it works with --engine local.")
    if options.get("device", "cpu") != "cpu":
        raise UsageError(
            "--device cuda works with --engine local; the actors of --engine ray have one core each."
        )
    if "-" in options["paths"]:
        raise UsageError(
            "--engine ray reads files that every node can open, not standard input. Save it to a file."
        )
    if output == "-" and options["resume"]:
        raise UsageError("--resume: what went to standard output cannot be taken back. Give -o FILE.")
    if not is_storage(output) and (journal := journal_path(Path(output))).exists():
        raise UsageError(
            f"-o {output}: an earlier run with --engine local was stopped, and its units are kept in {journal}. Go on with "
            "--engine local --resume, or delete that file to start over."
        )


def _write(rows: Iterable[Score], output: str, made: dict[str, str]) -> int:
    if not is_storage(output):
        return write_rows(rows, output, made=made)
    with tempfile.TemporaryDirectory(prefix="slant-") as folder:
        local = Path(folder) / output.rpartition("/")[2]
        count = write_rows(rows, str(local), made=made)
        with local.open("rb") as content:
            replace_object(output, content)
    return count


def _once_each(found: Iterable[Found], rejected: TakesRejected) -> Iterator[Score]:
    seen = Seen()
    for item in found:
        if isinstance(item, Rejected):
            rejected.append(item)
        elif item.article_id and (first := seen.first(item.article_id, item.path)):
            rejected.append(run.repeated(item.path, first))
        else:
            yield from item.scores


def _files(options: dict[str, Any]) -> Iterator[File | Rejected]:
    """Every file once, in order; what this run writes is left out, as `flow.units` does."""
    own = run.own_files(options)
    seen: set[str] = set()
    for path in options["paths"]:
        for found in _found(path, units=options["units"]):
            if isinstance(found, Rejected):
                yield found
            elif os.path.realpath(found.place) in own:
                if not _ours(found.place):
                    raise UsageError(
                        f"-o {options['output']}: {found.shown} is read and would be overwritten. Give another name."
                    )
            elif found.place not in seen:
                seen.add(found.place)
                yield found


def _ours(place: str) -> bool:
    if not is_storage(place):
        return made_by_slant(place)
    with refusals(place), fetched(place) as local:
        return made_by_slant(local)


def _found(path: str, *, units: bool) -> Iterator[File | Rejected]:
    if is_storage(path):
        for found in listed(path):
            yield found if isinstance(found, Rejected) else File(found[0], found[0], found[1])
        return
    for name in [path] if units else find_files([path]):  # ready-made units are in files that are named
        if isinstance(name, Rejected):
            yield name
        else:
            here = os.path.lexists(name)
            yield File(
                name, os.path.abspath(name), os.path.getsize(name) if os.path.isfile(name) else 0, here
            )


def grouped(files: Iterable[File | Rejected]) -> Iterator[list[File | Rejected]]:
    """Neighbours together, up to GROUP_BYTES and GROUP_FILES."""
    group: list[File | Rejected] = []
    for found in files:
        group.append(found)
        if len(group) == GROUP_FILES or sum(f.size for f in group if isinstance(f, File)) >= GROUP_BYTES:
            yield group
            group = []
    if group:
        yield group


# ---- on the nodes


def _read(group: Sequence[File | Rejected], *, options: dict[str, Any], targets: Targets) -> Iterator[Found]:
    """What is in the files of a group, in order, under the names that `flow` gives it."""
    for file in group:
        if isinstance(file, Rejected):
            yield file
        elif is_storage(file.place):
            try:
                with fetched(file.place) as local:
                    yield from _named(_documents(local, options, targets), local, file.shown)
            except OSError as error:
                detail = f"the storage refuses to read it: {error}. Check the credentials."
                yield Rejected(file.shown, "unreadable", detail)
        elif file.here and not os.path.lexists(file.place):
            raise SlantError(
                f"{file.place}: node {platform.node()} has no such file, and where the run began there is one. Put the input "
                "on storage that all nodes share, or name it by a URL (s3://…, gs://…)."
            )
        else:
            yield from _named(_documents(file.place, options, targets), file.place, file.shown)


def _documents(path: str, options: dict[str, Any], targets: Targets) -> Iterator[Found]:
    if options["units"]:
        rejected: list[Rejected] = []
        for question in ready_units([path], targets, rejected, stdin=sys.stdin):
            yield from rejected
            rejected.clear()
            yield Document(path, "", (question,))
        yield from rejected
        return
    for found in read_articles([path], outlet=options["outlet"], columns=mapping(options["mapped"])):
        if isinstance(found, Rejected):
            yield found
        else:
            units = split(found, comments_from=options["comments_from"])
            yield Document(found.path, found.article_id, tuple(questions(units, targets)))


def _named(found: Iterable[Found], place: str, shown: str) -> Iterator[Found]:
    """The same under the name that the user gave. A name that is no Unicode is shown with marks in place of its bytes."""
    place, shown = (os.fsencode(name).decode("utf-8", "replace") for name in (place, shown))
    for item in found:
        if isinstance(item, Rejected):
            yield Rejected(item.path.replace(place, shown), item.reason, item.detail.replace(place, shown))
        else:
            yield replace(item, path=item.path.replace(place, shown))
