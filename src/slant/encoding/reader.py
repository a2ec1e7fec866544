"""Requests in, readings out, whatever runs the encoder: length-sorted batches by token budget."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from slant.encoding.decode import Array, Decoding, Reading, join, prediction
from slant.encoding.repetition import documents
from slant.encoding.windows import Request, TextEncoder, collate
from slant.records import Example, Prediction

TOKENS_PER_BATCH = 2048  # larger batches fall out of the processor's caches: 4096 took 1.5 times as long


class Runtime(Protocol):
    """What runs the encoder: a batch as made by `collate`, to (token, unit, stance) logits as in SlantOutput."""

    def __call__(self, batch: dict[str, NDArray[np.int64]]) -> tuple[Array, Array, Array]: ...


class Reader:
    """A runtime with its tokenizer and decoding: the whole of a model as scoring and judging see it.

    fingerprint: of weights and decoding. codebook: fingerprint of the definitions of its labels, "" where it has none.
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
    ) -> None:
        self.runtime, self.encoder, self.decoding = runtime, encoder, decoding
        self.name, self.fingerprint, self.codebook = name, fingerprint, codebook

    def read(
        self, requests: Sequence[Request], *, done: Callable[[int], object] | None = None
    ) -> list[Reading]:
        """One Reading per request, in order. `done` is told of each finished batch's number of windows."""
        windows = self.encoder.encode(requests)
        outputs: list[tuple[Array, Array, Array] | None] = [None] * len(windows)
        for rows in batches([len(w) for w in windows]):
            batch = collate([windows[r] for r in rows], pad=self.encoder.pad)
            token, unit, stance = self.runtime(batch)
            for i, row in enumerate(rows):
                outputs[row] = (token[i], unit[i], stance[i])
            if done:
                done(len(rows))
        n_targets = [len(r.targets) for r in requests]
        return join(windows, [o for o in outputs if o is not None], n_targets=n_targets)

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
        readings = self.read([request(e) for e in examples], done=done)
        whole = documents(examples)
        return [
            prediction(e, r, self.decoding, gold_spans=gold_spans, document=whole[e.source, e.group])
            for e, r in zip(examples, readings, strict=True)
        ]


def request(example: Example) -> Request:
    """How an example is asked about: by mention where the text names the target, else by name."""
    return Request(example.text, [t.mentions or t.name for t in example.targets], example.context)


def batches(lengths: Sequence[int], *, tokens: int = TOKENS_PER_BATCH) -> list[list[int]]:
    """Row numbers in batches of similar length, longest first, each of at most `tokens` columns with padding."""
    order = sorted(range(len(lengths)), key=lambda i: -lengths[i])
    out: list[list[int]] = []
    for i in order:
        if out and (len(out[-1]) + 1) * lengths[out[-1][0]] <= tokens:
            out[-1].append(i)
        else:
            out.append([i])
    return out
