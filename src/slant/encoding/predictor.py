"""Requests in, readings out, whatever runs the encoder: length-sorted batches by token budget."""

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

TOKENS_PER_BATCH = 1024  # larger batches fall out of the processor's caches, smaller ones cost calls
BatchLogits = tuple[Floats, Floats, Floats]


class Runtime(Protocol):
    """What runs the encoder: a batch as made by `collate`, to (token, unit, stance) logits as in SlantOutput."""

    def __call__(self, batch: dict[str, NDArray[np.int64]]) -> BatchLogits: ...


class Predictor:
    """A runtime with its tokenizer and decoding: the whole of a model as scoring and judging see it.

    fingerprint: of weights, decoding and runtime. codebook: fingerprint of the definitions of its labels, "" where it has
    none. workers: batches that the runtime takes at once, each in a thread of its own; 0 = one, in the caller's thread.
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
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="slant") if workers else None

    def run(
        self, requests: Sequence[EncoderRequest], *, done: Callable[[int], object] | None = None
    ) -> list[TextLogits]:
        """One TextLogits per request, in order. `done` is told of each finished batch's number of windows."""
        return self.start(requests).wait(done)

    def start(self, requests: Sequence[EncoderRequest]) -> PendingLogits:
        """Begins to read in the background, where the runtime has workers; ask what it returns for the readings.

        What is said of a request is the same to the last bit whatever else is read with it: rows are as wide as `columns`
        says of each alone, and no runtime's numbers depend on how many rows there are (tests/test_company.py).
        """
        windows = self.encoder.encode(requests)
        groups = batches([len(w) for w in windows])
        rows = [[windows[r] for r in group] for group in groups]
        if self._pool:
            futures = [self._pool.submit(self._run_batch, group) for group in rows]
            outputs: list[Callable[[], BatchLogits]] = [future.result for future in futures]
        else:
            futures, outputs = [], [partial(self._run_batch, group) for group in rows]
        return PendingLogits(windows, groups, outputs, futures, [len(r.targets) for r in requests])

    def _run_batch(self, rows: Sequence[Window]) -> BatchLogits:
        return self.runtime(collate(rows, pad=self.encoder.pad, width=columns(len(rows[0]))))

    def predict(
        self,
        examples: Sequence[Example],
        *,
        gold_spans: bool = False,
        done: Callable[[int], object] | None = None,
    ) -> list[Prediction]:
        """A Prediction per example: what judging compares with the example's labels.

        Examples of one group are taken to be one document, of which repetition is told: give them all.
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
            named=[bool(t.mentions) for t in example.targets],
            voices=voices(example.text, example.meta.get("kind", "paragraph")),
            document=document,
        )
        if not gold_spans:
            return found
        return replace(found, span_scores=gold_span_scores(example, logits, self.decoding, document=document))


class PendingLogits:
    """Requests that are being read. futures: of the batches that are waiting or under way."""

    def __init__(
        self,
        windows: Sequence[Window],
        groups: Sequence[Sequence[int]],
        outputs: Sequence[Callable[[], BatchLogits]],
        futures: Sequence[Future[BatchLogits]],
        n_targets: Sequence[int],
    ) -> None:
        self._windows, self._groups, self._outputs = windows, groups, outputs
        self._futures, self._n_targets = futures, n_targets

    def wait(self, done: Callable[[int], object] | None = None) -> list[TextLogits]:
        """Waits for all of them: one TextLogits per request, in order. Raises what the runtime raised."""
        found = dict(self.as_completed(done))
        return [found[number] for number in range(len(found))]

    def as_completed(self, done: Callable[[int], object] | None = None) -> Iterator[tuple[int, TextLogits]]:
        """(number of the request, TextLogits), as soon as the last of its windows is read: the longest come first."""
        missing = Counter(window.request for window in self._windows)
        read: list[dict[int, BatchLogits]] = [{} for _ in self._n_targets]
        for group, output in zip(self._groups, self._outputs, strict=True):
            token, unit, stance = output()
            for i, row in enumerate(group):
                number = self._windows[row].request
                read[number][row] = (token[i], unit[i], stance[i])
                missing[number] -= 1
                if not missing[number]:
                    yield number, self._joined(number, read[number])
                    read[number] = {}
            if done:
                done(len(group))

    def _joined(self, number: int, read: dict[int, BatchLogits]) -> TextLogits:
        rows = sorted(read)
        return join(
            [self._windows[r] for r in rows], [read[r] for r in rows], n_targets=self._n_targets[number]
        )

    def cancel(self) -> None:
        """Drops the batches that no worker has begun."""
        for future in self._futures:
            future.cancel()


def encoder_request(example: Example) -> EncoderRequest:
    """How an example is asked about: by mention where the text names the target, else by name."""
    return EncoderRequest(example.text, [t.mentions or t.name for t in example.targets], example.context)


def columns(length: int) -> int:
    """Columns that a row of `length` tokens is padded to: a little more than it needs, and the same in any company."""
    step = 4 if length <= 64 else 8 if length <= 128 else 16
    return -(-length // step) * step


def batches(lengths: Sequence[int], *, tokens: int = TOKENS_PER_BATCH) -> list[list[int]]:
    """Row numbers in batches of equal `columns`, longest first, each of at most `tokens` columns with padding."""
    widths = [columns(n) for n in lengths]
    out: list[list[int]] = []
    for i in sorted(range(len(lengths)), key=lambda i: -widths[i]):
        width = widths[i]
        if out and widths[out[-1][0]] == width and (len(out[-1]) + 1) * width <= tokens:
            out[-1].append(i)
        else:
            out.append([i])
    return out
