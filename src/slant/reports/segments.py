"""Overlapping spans as a flat row of stretches, each with the spans that cover it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from slant.errors import SlantError
from slant.records import Score


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a unit's text that the same spans cover from its start to its end.

    spans: indices into `Score.loaded`; inner: the shortest of them, which gives the tint.
    toxic: indices into `Score.toxic`.
    ends: those of `spans` that end here, in order: behind it their codes are shown. toxic_ends: likewise.
    """

    text: str
    spans: tuple[int, ...]
    toxic: tuple[int, ...]
    ends: tuple[int, ...]
    toxic_ends: bool
    inner: int | None


def segments(score: Score) -> list[Segment]:
    """Cut a unit's text wherever a span starts or ends; the texts joined are the unit's text.

    Raises SlantError where a span does not stand in the unit: a wrong highlight is worse than none.
    """
    text = score.unit.text
    spans = [(span.start, span.end) for span in score.loaded]
    _check(score, spans)
    cuts = sorted({0, len(text), *(edge for pair in (*spans, *score.toxic) for edge in pair)})
    return [
        Segment(
            text=text[start:end],
            spans=_covering(spans, start, end),
            toxic=_covering(score.toxic, start, end),
            ends=tuple(i for i, pair in enumerate(spans) if pair[1] == end),
            toxic_ends=any(pair[1] == end for pair in score.toxic),
            inner=min(_covering(spans, start, end), key=lambda i: spans[i][1] - spans[i][0], default=None),
        )
        for start, end in pairwise(cuts)
    ]


def _covering(pairs: Sequence[tuple[int, int]], start: int, end: int) -> tuple[int, ...]:
    return tuple(i for i, (a, b) in enumerate(pairs) if a <= start and end <= b)


def _check(score: Score, spans: Sequence[tuple[int, int]]) -> None:
    text, where = score.unit.text, f"unit {score.unit.unit_id} of article {score.unit.article_id}"
    for start, end in (*spans, *score.toxic):
        if not 0 <= start < end <= len(text):
            raise SlantError(
                f"{where}: a span reaches from {start} to {end}, but the text has {len(text)} characters. "
                "Score the articles again, or repair the file."
            )
    for span in score.loaded:
        if text[span.start : span.end] != span.text:
            raise SlantError(
                f"{where}: the span {span.start}-{span.end} says {span.text!r}, but there the text "
                f"reads {text[span.start : span.end]!r}. The file was changed after scoring; score again."
            )
