"""Run the encoder on requests: windows in batches of equal length, logits per text, with any runtime."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from slant.encoding.decode import (
    Decoding,
    Document,
    Floats,
    TextLogits,
    decode,
    documents,
    gold_span_scores,
    join,
)
from slant.encoding.windows import EncoderRequest, TextEncoder, Window, collate
from slant.records import Example, Prediction
from slant.segment.voices import voices

TOKENS_PER_BATCH = 1024  # larger batches exceed the processor's caches, smaller ones cost more calls
BatchLogits = tuple[Floats, Floats, Floats]  # token, unit and target logits, see network.SlantOutput


class Runtime(Protocol):
    """Runs the encoder on a batch made by `collate`."""

    def __call__(self, batch: dict[str, NDArray[np.int64]]) -> BatchLogits: ...


class Head(Protocol):
    """Answers in place of the model, from its states."""

    def apply(self, text: str, logits: TextLogits) -> TextLogits: ...


class Predictor:
    """A model: its runtime, tokenizer and decoding.

    fingerprint: of weights, decoding and runtime. codebook: fingerprint of the definitions of its labels, or "". workers:
    batches that the runtime runs at once, each in its own thread; 0 = one, in the caller's thread. head: taught on the user's
    labels (scoring/heads.py), or None.
    """

    def __init__(
        self,
        runtime: Runtime,
        encoder: TextEncoder,
        decoding: Decoding,
        *,
        name: str,
        fingerprint: str,
        codebook: str = "",
        workers: int = 0,
    ) -> None:
        self.runtime, self.encoder, self.decoding = runtime, encoder, decoding
        self.name, self.fingerprint, self.codebook = name, fingerprint, codebook
        self.head: Head | None = None
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="slant") if workers else None

    def run(
        self, requests: Sequence[EncoderRequest], *, done: Callable[[int], object] | None = None
    ) -> list[TextLogits]:
        """Return the logits of each request, in order. done: called with the number of windows of each finished batch."""
        return self.start(requests).wait(done)

    def start(self, requests: Sequence[EncoderRequest]) -> PendingLogits:
        """Start to run requests, in the background if the runtime has workers. Get the logits from what is returned.

        Logits are batch-invariant: a row's width depends on its own length (`columns`), and no runtime's numbers depend on
        the number of rows (tests/scoring/test_batch_independence.py).
        """
        windows = self.encoder.encode(requests)
        groups = batches([len(w) for w in windows])
        rows = [[windows[r] for r in group] for group in groups]
        if self._pool:
            futures = [self._pool.submit(self._run_batch, group) for group in rows]
            outputs: list[Callable[[], BatchLogits]] = [future.result for future in futures]
        else:
            futures, outputs = [], [partial(self._run_batch, group) for group in rows]
        return PendingLogits(windows, groups, outputs, futures, requests, self.head)

    def _run_batch(self, rows: Sequence[Window]) -> BatchLogits:
        return self.runtime(collate(rows, pad=self.encoder.pad, width=columns(len(rows[0]))))

    def predict(
        self,
        examples: Sequence[Example],
        *,
        gold_spans: bool = False,
        done: Callable[[int], object] | None = None,
    ) -> list[Prediction]:
        """Return a Prediction per example, in order, to compare with the example's labels.

        Examples of one group are one document, in which repeated words are counted: give all of them.
        gold_spans: also predict the technique of each gold span (`span_scores`). done: see `run`.
        """
        logits = self.run([encoder_request(e) for e in examples], done=done)
        whole = documents(examples)
        return [
            self._predicted(e, text, whole[e.source, e.group], gold_spans)
            for e, text in zip(examples, logits, strict=True)
        ]

    def _predicted(
        self, example: Example, logits: TextLogits, document: Document, gold_spans: bool
    ) -> Prediction:
        found = decode(
            example.text,
            logits,
            self.decoding,
            voices=voices(example.text, example.meta.get("kind", "paragraph")),
            document=document,
        )
        if not gold_spans:
            return found
        return replace(found, span_scores=gold_span_scores(example, logits, self.decoding, document=document))


class PendingLogits:
    """Logits of requests that are running.

    groups: window numbers of each batch. outputs: waits for a batch. futures: of batches that run in the background.
    n_targets: of each request.
    """

    def __init__(
        self,
        windows: Sequence[Window],
        groups: Sequence[Sequence[int]],
        outputs: Sequence[Callable[[], BatchLogits]],
        futures: Sequence[Future[BatchLogits]],
        requests: Sequence[EncoderRequest],
        head: Head | None,
    ) -> None:
        self._windows, self._groups, self._outputs = windows, groups, outputs
        self._futures, self._requests, self._head = futures, requests, head

    def wait(self, done: Callable[[int], object] | None = None) -> list[TextLogits]:
        """Wait for all requests and return their logits, in order. Raises what the runtime raised."""
        found = dict(self.as_completed(done))
        return [found[number] for number in range(len(found))]

    def as_completed(self, done: Callable[[int], object] | None = None) -> Iterator[tuple[int, TextLogits]]:
        """Yield (number of the request, its logits) as soon as its last window is finished; the longest come first."""
        missing = Counter(window.request for window in self._windows)
        found: list[dict[int, BatchLogits]] = [{} for _ in self._requests]
        for group, output in zip(self._groups, self._outputs, strict=True):
            token, unit, target = output()
            for i, row in enumerate(group):
                number = self._windows[row].request
                found[number][row] = (token[i], unit[i], target[i])
                missing[number] -= 1
                if not missing[number]:
                    yield number, self._joined(number, found[number])
                    found[number] = {}
            if done:
                done(len(group))

    def _joined(self, number: int, logits: dict[int, BatchLogits]) -> TextLogits:
        rows, request = sorted(logits), self._requests[number]
        joined = join(
            [self._windows[r] for r in rows], [logits[r] for r in rows], n_targets=len(request.targets)
        )
        return self._head.apply(request.text, joined) if self._head else joined

    def cancel(self) -> None:
        """Cancel the batches that have not started."""
        for future in self._futures:
            future.cancel()


def encoder_request(example: Example) -> EncoderRequest:
    """Return the request of an example: targets by their mentions, or by name if the text does not name them."""
    return EncoderRequest(example.text, [t.mentions or t.name for t in example.targets], example.context)


def columns(length: int) -> int:
    """Return the padded width of a row of `length` tokens; it depends on its own length, not on the batch."""
    step = 4 if length <= 64 else 8 if length <= 128 else 16
    return -(-length // step) * step


def batches(lengths: Sequence[int], *, tokens: int = TOKENS_PER_BATCH) -> list[list[int]]:
    """Group row numbers into batches of equal width, longest first, each of at most `tokens` tokens with padding."""
    widths = [columns(n) for n in lengths]
    out: list[list[int]] = []
    for i in sorted(range(len(lengths)), key=lambda i: -widths[i]):
        width = widths[i]
        if out and widths[out[-1][0]] == width and (len(out[-1]) + 1) * width <= tokens:
            out[-1].append(i)
        else:
            out.append([i])
    return out
