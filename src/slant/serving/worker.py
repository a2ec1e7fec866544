"""One thread that splits and scores for all requests, behind a queue of limited length."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from slant.encoding.predictor import Predictor
from slant.records import Score
from slant.scoring.score import ScoreRequest, score

BATCH = 256  # units of waiting jobs that are scored together
Prepare = Callable[[], tuple[Any, list[ScoreRequest]]]


class Full(Exception):
    """As many jobs are waiting as may."""


class Stopping(Exception):
    """The server is being stopped, and this job was not begun."""


@dataclass(slots=True)
class _Job:
    """prepare: returns anything and the units to score. The future gets both: the first, and the scores."""

    prepare: Prepare
    future: Future[tuple[Any, list[Score]]] = field(default_factory=Future)
    prepared: Any = None
    requests: Sequence[ScoreRequest] = ()


class Worker:
    """Runs jobs in the order in which they came; units of several waiting jobs share the encoder's batches.

    A score does not depend on what else is in a batch, so neither does an answer.
    waiting: most jobs in the queue.
    """

    def __init__(self, predictor: Predictor, *, waiting: int) -> None:
        self.predictor = predictor
        self._jobs: queue.Queue[_Job | None] = queue.Queue()
        self._waiting, self._count = waiting, 0
        self._lock = threading.Lock()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="slant-scoring", daemon=True)
        self._thread.start()

    @property
    def stopping(self) -> bool:
        return self._stopping

    @property
    def waiting(self) -> int:
        """Jobs that are not begun."""
        return self._count

    def submit(self, prepare: Prepare) -> Future[tuple[Any, list[Score]]]:
        """Queue a job. Raises Full or Stopping. The future may raise what `prepare` raises, or Stopping."""
        job = _Job(prepare)
        with self._lock:
            if self._stopping:
                raise Stopping
            if self._count >= self._waiting:
                raise Full
            self._count += 1
            self._jobs.put(job)
        return job.future

    def stop(self) -> None:
        """Take no more jobs; those that are not begun fail with Stopping, and the running ones are finished."""
        with self._lock:
            self._stopping = True
        while (job := self._next(wait=False)) is not None:
            if job.future.set_running_or_notify_cancel():
                job.future.set_exception(Stopping())
        self._jobs.put(None)

    def join(self, seconds: float) -> None:
        """Wait for the running jobs."""
        self._thread.join(seconds)

    def _next(self, *, wait: bool) -> _Job | None:
        try:
            job = self._jobs.get(block=wait)
        except queue.Empty:
            return None
        if job is not None:
            with self._lock:
                self._count -= 1
        return job

    def _run(self) -> None:
        # The end of the queue may be taken below, so it is not waited for once the worker is stopping.
        while not self._stopping and (job := self._next(wait=True)) is not None:
            jobs = self._prepared(job)
            while sum(len(each.requests) for each in jobs) < BATCH and not self._stopping:
                if (job := self._next(wait=False)) is None:
                    break
                jobs += self._prepared(job)
            self._score(jobs)

    def _prepared(self, job: _Job) -> list[_Job]:
        """The job, ready to be scored; none if it was cancelled or cannot be prepared."""
        if not job.future.set_running_or_notify_cancel():
            return []
        try:
            job.prepared, job.requests = job.prepare()
        except BaseException as error:
            job.future.set_exception(error)
            return []
        return [job]

    def _score(self, jobs: Sequence[_Job]) -> None:
        requests = (request for job in jobs for request in job.requests)
        scores = score(requests, predictor=self.predictor, codebook=self.predictor.codebook)
        try:
            for job in jobs:
                job.future.set_result((job.prepared, list(islice(scores, len(job.requests)))))
        except BaseException as error:
            left = [job for job in jobs if not job.future.done()]
            if len(jobs) == 1:
                left[0].future.set_exception(error)
            else:  # the fault may be one job's
                for job in left:
                    self._score([job])
