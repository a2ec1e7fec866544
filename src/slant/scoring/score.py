"""Units in, scores out: which targets each unit is asked about, all in one pass."""

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
    decode,
    frames_found,
    reply_scores,
)
from slant.encoding.predictor import Predictor
from slant.encoding.windows import EncoderRequest
from slant.labels.targets import Targets
from slant.records import STANCES, Frame, Reply, Score, Stance, Unit
from slant.segment.units import opening

LOOK_AHEAD = 4096  # units sorted by length together, so that batches of equal length are full
CHARACTERS = 400_000  # of their texts, where those are long: a few seconds of work, so that progress is seen
REMEMBERED = 8192  # scores kept for wire copy: about 20 MB
Spans = tuple[tuple[int, int], ...]
_NO_UNIT = Unit("", "", "", "", 0, 0, 0)
ARTICLE = "article"  # the target that every comment is asked about


@dataclass(frozen=True, slots=True)
class ScoreRequest:
    """A unit with what it is asked about.

    mentions: target id → where the unit names it. topics: (target id, name) of targets that it does not name.
    article: for a comment, title and first words of its article. parent: the comment that it replies to, where known.
    document: of which repetition is told: the article's own units together, a comment alone.
    """

    unit: Unit
    mentions: dict[str, Spans] = field(default_factory=dict)
    topics: tuple[tuple[str, str], ...] = ()
    article: str | None = None
    parent: str | None = None
    document: Document | None = None


def score_requests(units: Iterable[Unit], targets: Targets) -> Iterator[ScoreRequest]:
    """What each content unit of a run of whole documents is asked about, in order.

    Every unit: the targets that it names, and those that the targets file has for every unit of its kind. A comment is also
    read with its article's title and first words, and with the comment that it replies to where that is known.
    """
    document: list[Unit] = []
    for unit in units:
        if document and unit.article_id != document[0].article_id:
            yield from _of_document(document, targets)
            document = []
        document.append(unit)
    yield from _of_document(document, targets)


def _of_document(units: Sequence[Unit], targets: Targets) -> Iterator[ScoreRequest]:
    texts = {u.unit_id: u.text for u in units}
    article = opening(units)
    whole = Document(u.text for u in units if u.is_content and u.kind != "comment")
    for unit in units:
        if not unit.is_content:
            continue
        mentions = targets.find(unit.text)
        mentions.pop(ARTICLE, None)
        topics = [
            (t, targets.name(t)) for t in targets.always(unit.kind) if t != ARTICLE and t not in mentions
        ]
        if unit.kind == "comment":
            parent, own = texts.get(unit.parent_id or ""), Document([unit.text])
            yield ScoreRequest(unit, mentions, tuple(topics), article, parent, own)
        else:
            yield ScoreRequest(unit, mentions, tuple(topics), document=whole)


def score(
    asked: Iterable[ScoreRequest],
    *,
    predictor: Predictor,
    codebook: str,
    done: Callable[[int], object] | None = None,
) -> Iterator[Score]:
    """One Score per question, in order. Two stretches are in memory: one is being read while the other is told.

    A unit's score is the same in any company. Of units that are asked the same of the same text one is read, and of those
    REMEMBERED lately none again.
    codebook: fingerprint of the codebook that the reader's labels mean. done: told of the units finished.
    """
    known: OrderedDict[bytes, Score] = OrderedDict()
    begun: deque[_Stretch] = deque()
    try:
        for questions in _stretches(asked):
            begun.append(_Stretch(questions, predictor, known))
            if len(begun) == 2:
                yield from _told(begun.popleft(), known, codebook, done)
        while begun:
            yield from _told(begun.popleft(), known, codebook, done)
    finally:
        for stretch in begun:
            stretch.pending.cancel()


def _stretches(asked: Iterable[ScoreRequest]) -> Iterator[list[ScoreRequest]]:
    """Of up to LOOK_AHEAD units and CHARACTERS characters; the first ones are short, so that something is seen soon."""
    units, characters = max(1, LOOK_AHEAD // 16), CHARACTERS // 16
    stretch: list[ScoreRequest] = []
    held = 0
    for question in asked:
        stretch.append(question)
        held += len(question.unit.text)
        if len(stretch) >= units or held >= characters:
            yield stretch
            stretch, held = [], 0
            units, characters = min(2 * units, LOOK_AHEAD), min(2 * characters, CHARACTERS)
    if stretch:
        yield stretch


class _Stretch:
    """Units that are read together: each kind of question once, and what is known already not at all."""

    def __init__(
        self, questions: Sequence[ScoreRequest], predictor: Predictor, known: OrderedDict[bytes, Score]
    ) -> None:
        self.questions, self.predictor = questions, predictor
        self.keys = [_key(question) for question in questions]
        self.scores = {key: known[key] for key in self.keys if key in known}
        self.fresh: dict[bytes, ScoreRequest] = {}
        for key, question in zip(self.keys, questions, strict=True):
            if key not in self.scores:
                self.fresh.setdefault(key, question)
        requests = [(key, r) for key, question in self.fresh.items() for r in _requests(question)]
        self.asked = [key for key, _ in requests]
        self.pending = predictor.start([request for _, request in requests])

    def decode(self, codebook: str) -> None:
        """Waits for the readings, and makes a score as soon as all of its question have come."""
        asked = Counter(self.asked)
        found: dict[bytes, dict[int, TextLogits]] = {key: {} for key in asked}
        for number, logits in self.pending.as_completed():
            key = self.asked[number]
            own = found[key]
            own[number] = logits
            if len(own) == asked[key]:
                in_order = [own[n] for n in sorted(own)]
                self.scores[key] = _score(self.fresh[key], in_order, self.predictor, codebook)
                del found[key]


def _told(
    stretch: _Stretch,
    known: OrderedDict[bytes, Score],
    codebook: str,
    done: Callable[[int], object] | None,
) -> Iterator[Score]:
    stretch.decode(codebook)
    for key, question in zip(stretch.keys, stretch.questions, strict=True):
        row = replace(stretch.scores[key], unit=question.unit)
        known[key] = stretch.scores[key]
        known.move_to_end(key)
        if len(known) > REMEMBERED:
            known.popitem(last=False)
        yield row
    if done:
        done(len(stretch.questions))


def _key(question: ScoreRequest) -> bytes:
    """All of a question that its score depends on, and nothing that tells the unit from a copy of it."""
    unit = question.unit
    asked = (unit.text, unit.kind == "comment", unit.voices, *question.mentions.items())
    more = (question.topics, question.article, question.parent, question.document)
    return blake2b(repr((asked, more)).encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _requests(question: ScoreRequest) -> list[EncoderRequest]:
    """The unit with all its targets, named or not, in one pass; then a comment with its article and with its parent."""
    text = question.unit.text
    own = EncoderRequest(text, [*question.mentions.values(), *(name for _, name in question.topics)])
    return [own, *(EncoderRequest(text, context=c) for c in (question.article, question.parent) if c)]


def _score(
    question: ScoreRequest, logits: Sequence[TextLogits], predictor: Predictor, codebook: str
) -> Score:
    """The score of the question's unit and of every copy of it; the unit itself is filled in later."""
    unit, decoding = question.unit, predictor.decoding
    asked = [*question.mentions.items(), *((target, ()) for target, _ in question.topics)]
    found = decode(
        unit.text,
        logits[0],
        decoding,
        named=[bool(spans) for _, spans in asked],
        voices=unit.voices,
        document=question.document,
    )
    stance = [
        _stance(target, spans, scores, decoding)
        for (target, spans), scores in zip(asked, found.stance, strict=True)
    ]
    # Toward the article, then toward the parent; the last is the reply.
    answered = [reply_scores(text.unit, decoding) for text in logits[1:]]
    if question.article:
        toward = article_scores(answered[0])
        label = best_label(toward, abstain=decoding.article_abstain)
        stance.append(Stance(ARTICLE, label, _rounded(toward)))
    reply = (
        Reply(max(answered[-1], key=answered[-1].__getitem__), _rounded(answered[-1])) if answered else None
    )
    return Score(
        unit=_NO_UNIT,
        stance=tuple(stance),
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
    """windows:N for a unit read in N windows; truncated where a target's name or the post replied to was too long."""
    windows = (f"windows:{logits[0].windows}",) if logits[0].windows > 1 else ()
    return (*windows, "truncated") if any(text.cut for text in logits) else windows


def _stance(target: str, spans: Spans, scores: dict[str, float] | None, decoding: Decoding) -> Stance:
    """No label if the best one is below the abstention threshold, or if no token of the mention was read: then all labels are
    equally likely."""
    if scores is None:
        return Stance(target, None, _rounded(dict.fromkeys(STANCES, 1 / len(STANCES))), spans)
    abstain = decoding.named_abstain if spans else decoding.topic_abstain
    return Stance(target, best_label(scores, abstain=abstain), _rounded(scores), spans)


def _rounded(scores: dict[str, float]) -> dict[str, float]:
    return {label: round(p, 4) for label, p in scores.items()}


def _round(probability: float | None) -> float | None:
    return None if probability is None else round(probability, 4)
