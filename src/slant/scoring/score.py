"""From units to scores: the targets of each unit, one encoder pass for all of them, and the decoded labels."""

from __future__ import annotations

from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b

from slant.encoding.decode import (
    Decoding,
    Document,
    TextLogits,
    article_scores,
    best_label,
    best_stance,
    decode,
    frames_found,
    reply_scores,
)
from slant.encoding.predictor import Predictor
from slant.encoding.windows import EncoderRequest
from slant.labels.targets import Targets
from slant.records import PORTRAYALS, STANCE_ANSWERS, UNRELATED, Frame, Portrayal, Reply, Score, Stance, Unit
from slant.segment.language import flag_languages, with_language
from slant.segment.speakers import speaker_at
from slant.segment.units import opening

LOOK_AHEAD = 4096  # units in a chunk, sorted by length together so that batches of equal length are full
CHARACTERS = (
    400_000  # characters in a chunk of long texts: a few seconds of work, so that progress is visible
)
REMEMBERED = 8192  # cached scores, for wire copy: about 20 MB
ARTICLE = "article"  # target of every comment
Spans = tuple[tuple[int, int], ...]
_NO_UNIT = Unit("", "", "", "", 0, 0, 0)


@dataclass(frozen=True, slots=True)
class ScoreRequest:
    """A unit with its targets.

    mentions: target id → where the unit names the target. topics: (target id, name) of targets that it does not name.
    article: for a comment, title and first words of its article. parent: the comment that it replies to, if known.
    document: where repeated words are counted: the whole article for its units, the comment alone for a comment.
    names: target id → how the target is called; without one, by its id.
    A unit with the flag of another language gets no labels.
    """

    unit: Unit
    mentions: dict[str, Spans] = field(default_factory=dict)
    topics: tuple[tuple[str, str], ...] = ()
    article: str | None = None
    parent: str | None = None
    document: Document | None = None
    names: dict[str, str] = field(default_factory=dict)


def score_requests(
    units: Iterable[Unit], targets: Targets, *, any_language: bool = False
) -> Iterator[ScoreRequest]:
    """Yield a request for each content unit of a sequence of whole documents, in order.

    Each unit is scored for the targets that it names and for those that the targets file sets for all units of its kind. A
    comment is also paired with its article's title and first words, and with the comment that it replies to, if known.
    any_language: score units that are not in English, too. Else they are flagged, and no comment is paired with them.
    """
    units = (with_language(unit, None) for unit in units) if any_language else flag_languages(units)
    document: list[Unit] = []
    for unit in units:
        if document and unit.article_id != document[0].article_id:
            yield from _document_requests(document, targets)
            document = []
        document.append(unit)
    yield from _document_requests(document, targets)


def _document_requests(units: Sequence[Unit], targets: Targets) -> Iterator[ScoreRequest]:
    texts = {u.unit_id: u.text for u in units if not u.other_language}
    written = [u for u in units if u.is_content and u.kind != "comment"]
    in_english = 2 * sum(u.other_language is None for u in written) >= len(written)
    article = opening(units) if in_english else None
    whole = Document(u.text for u in written)
    for unit in units:
        if not unit.is_content:
            continue
        if unit.other_language:
            yield ScoreRequest(unit)
            continue
        mentions = targets.find(unit.text)
        mentions.pop(ARTICLE, None)
        topics = [
            (t, targets.name(t)) for t in targets.always(unit.kind) if t != ARTICLE and t not in mentions
        ]
        names = {target: targets.name(target) for target in mentions} | dict(topics)
        if unit.kind == "comment":
            parent, own = texts.get(unit.parent_id or ""), Document([unit.text])
            yield ScoreRequest(unit, mentions, tuple(topics), article, parent, own, names)
        else:
            yield ScoreRequest(unit, mentions, tuple(topics), document=whole, names=names)


def score(
    requests: Iterable[ScoreRequest],
    *,
    predictor: Predictor,
    codebook: str,
    done: Callable[[int], object] | None = None,
) -> Iterator[Score]:
    """Yield one Score per request, in order. Two chunks of units are in memory: the encoder runs one, the other is decoded.

    A score is batch-invariant. Copies of a unit (same text and targets) in a chunk are scored once, and the last REMEMBERED
    scores are cached. A unit that is flagged as not English gets a score without labels.
    codebook: fingerprint of the codebook that defines the predictor's labels. done: called with the number of units of each
    finished chunk.
    """
    cache: OrderedDict[bytes, Score] = OrderedDict()
    begun: deque[_Chunk] = deque()
    try:
        for units in _chunks(requests):
            begun.append(_Chunk(units, predictor, cache))
            if len(begun) == 2:
                yield from _finished(begun.popleft(), cache, codebook, done)
        while begun:
            yield from _finished(begun.popleft(), cache, codebook, done)
    finally:
        for chunk in begun:
            chunk.pending.cancel()


def _chunks(requests: Iterable[ScoreRequest]) -> Iterator[list[ScoreRequest]]:
    """Yield chunks of up to LOOK_AHEAD units and CHARACTERS characters; the first are short, so that rows appear soon."""
    most_units, most_characters = max(1, LOOK_AHEAD // 16), CHARACTERS // 16
    chunk: list[ScoreRequest] = []
    characters = 0
    for request in requests:
        chunk.append(request)
        characters += len(request.unit.text)
        if len(chunk) >= most_units or characters >= most_characters:
            yield chunk
            chunk, characters = [], 0
            most_units, most_characters = (
                min(2 * most_units, LOOK_AHEAD),
                min(2 * most_characters, CHARACTERS),
            )
    if chunk:
        yield chunk


class _Chunk:
    """Units that are encoded together, without copies and without those in the cache."""

    def __init__(
        self, requests: Sequence[ScoreRequest], predictor: Predictor, cache: OrderedDict[bytes, Score]
    ) -> None:
        self.requests, self.predictor = requests, predictor
        self.keys = [_key(request) for request in requests]
        self.scores = {key: cache[key] for key in self.keys if key in cache}
        self.new: dict[bytes, ScoreRequest] = {}
        for key, request in zip(self.keys, requests, strict=True):
            if key not in self.scores:
                self.new.setdefault(key, request)
        passes = [(key, one) for key, request in self.new.items() for one in encoder_requests(request)]
        self.pass_keys = [key for key, _ in passes]
        self.pending = predictor.start([one for _, one in passes])

    def decode(self, codebook: str) -> None:
        """Wait for the logits, and decode each request as soon as all of its passes are finished."""
        for key, request in self.new.items():
            if request.unit.other_language:
                self.scores[key] = Score(_NO_UNIT, model=self.predictor.fingerprint, codebook=codebook)
        missing = Counter(self.pass_keys)
        found: dict[bytes, dict[int, TextLogits]] = {key: {} for key in missing}
        for number, logits in self.pending.as_completed():
            key = self.pass_keys[number]
            own = found[key]
            own[number] = logits
            if len(own) == missing[key]:
                in_order = [own[n] for n in sorted(own)]
                self.scores[key] = _score(self.new[key], in_order, self.predictor, codebook)
                del found[key]


def _finished(
    chunk: _Chunk,
    cache: OrderedDict[bytes, Score],
    codebook: str,
    done: Callable[[int], object] | None,
) -> Iterator[Score]:
    chunk.decode(codebook)
    for key, request in zip(chunk.keys, chunk.requests, strict=True):
        row = _of_unit(chunk.scores[key], request.unit)
        cache[key] = chunk.scores[key]
        cache.move_to_end(key)
        if len(cache) > REMEMBERED:
            cache.popitem(last=False)
        yield row
    if done:
        done(len(chunk.requests))


def _of_unit(score: Score, unit: Unit) -> Score:
    """Return the score of a unit's text with the unit, and the speakers of its quoted spans, whom copies need not share."""
    loaded = score.loaded
    if any(unit.speakers):
        loaded = tuple(
            replace(span, speaker=speaker_at(unit.voices, unit.speakers, span.start, span.end))
            if span.voice == "quoted"
            else span
            for span in loaded
        )
    return replace(score, unit=unit, loaded=loaded)


def _key(request: ScoreRequest) -> bytes:
    """Return a digest of all that the score depends on; the same for copies of a unit."""
    unit = request.unit
    own = (unit.text, unit.kind == "comment", unit.other_language, unit.voices, *request.mentions.items())
    around = (request.topics, request.article, request.parent, request.document)
    return blake2b(repr((own, around)).encode("utf-8", "surrogatepass"), digest_size=16).digest()


def encoder_requests(request: ScoreRequest) -> list[EncoderRequest]:
    """Return the passes of a unit: one with all its targets; for a comment also one with its article and with its parent.

    There are none for a unit in another language.
    """
    if request.unit.other_language:
        return []
    text = request.unit.text
    own = EncoderRequest(text, [*request.mentions.values(), *(name for _, name in request.topics)])
    return [own, *(EncoderRequest(text, context=c) for c in (request.article, request.parent) if c)]


def _score(request: ScoreRequest, logits: Sequence[TextLogits], predictor: Predictor, codebook: str) -> Score:
    """Decode the passes of a request. The unit is filled in later, as copies share the score."""
    unit, decoding = request.unit, predictor.decoding
    targets = [*request.mentions.items(), *((target, ()) for target, _ in request.topics)]
    names = request.names
    found = decode(
        unit.text,
        logits[0],
        decoding,
        voices=unit.voices,
        document=request.document,
    )
    stance = [
        replace(_stance(target, spans, scores, decoding), name=names.get(target, target))
        for (target, spans), scores in zip(targets, found.stance, strict=True)
    ]
    portrayal = [
        replace(_portrayal(target, scores, decoding), name=names.get(target, target))
        for (target, spans), scores in zip(targets, found.portrayal, strict=True)
        if spans
    ]
    # The reply to the article, then the reply to the parent. The last one is the unit's reply.
    replies = [reply_scores(text.unit, decoding) for text in logits[1:]]
    if request.article:
        toward = article_scores(replies[0])
        label = best_label(toward, abstain=decoding.article_abstain)
        stance.append(Stance(ARTICLE, label, _rounded({**toward, UNRELATED: 0.0}), name="the article"))
    reply = Reply(max(replies[-1], key=replies[-1].__getitem__), _rounded(replies[-1])) if replies else None
    return Score(
        unit=_NO_UNIT,
        stance=tuple(stance),
        portrayal=tuple(portrayal),
        loaded=tuple(replace(span, score=round(span.score, 4)) for span in found.loaded),
        frames=tuple(Frame(label, round(p, 4)) for label, p in frames_found(found.frames, decoding).items()),
        reply=reply,
        toxic=found.toxic if unit.kind == "comment" else (),
        biased=_round(found.biased),
        subjective=_round(found.subjective),
        flags=_flags(logits),
        model=predictor.fingerprint,
        codebook=codebook,
    )


def _flags(logits: Sequence[TextLogits]) -> tuple[str, ...]:
    """Return "windows:N" for a unit of N windows, and "truncated" if a target's name or the post replied to was cut."""
    windows = (f"windows:{logits[0].windows}",) if logits[0].windows > 1 else ()
    return (*windows, "truncated") if any(text.cut for text in logits) else windows


def _stance(target: str, spans: Spans, scores: dict[str, float] | None, decoding: Decoding) -> Stance:
    """Return the stance; its label is None below the abstention threshold, or if no token of a mention was encoded.

    scores: None in the second case; then all labels are equally likely.
    """
    if scores is None:
        return Stance(target, None, dict.fromkeys(STANCE_ANSWERS, 1 / len(STANCE_ANSWERS)), spans)
    return Stance(target, best_stance(scores, abstain=decoding.stance_abstain), _rounded(scores), spans)


def _portrayal(target: str, scores: dict[str, float] | None, decoding: Decoding) -> Portrayal:
    """Return the portrayal; its label is None as that of a stance is."""
    if scores is None:
        return Portrayal(target, None, _rounded(dict.fromkeys(PORTRAYALS, 1 / len(PORTRAYALS))))
    return Portrayal(target, best_label(scores, abstain=decoding.portrayal_abstain), _rounded(scores))


def _rounded(scores: dict[str, float]) -> dict[str, float]:
    return {label: round(p, 4) for label, p in scores.items()}


def _round(probability: float | None) -> float | None:
    return None if probability is None else round(probability, 4)
