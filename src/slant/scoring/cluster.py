"""The scorer on a Ray cluster: files are read and split in tasks, scored by actors that hold the model, all in order.

Ray Data streams: it reads ahead no further than the object store has room, and does again, elsewhere, what was lost with a
node. Reading and scoring are deterministic, so what is done again is the same, and comes once.
"""

from __future__ import annotations

import logging
import os
import pickle
import platform
import socket
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from slant import __version__
from slant.encoding.reader import Reader
from slant.errors import Rejected, SlantError, UsageError
from slant.records import Score
from slant.scoring.kept import Kept
from slant.scoring.score import Question, score

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
    try:
        import ray
        import ray.data
    except ModuleNotFoundError:
        raise UsageError("--engine ray needs Ray: pip install 'slant[ray]'.") from None
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
