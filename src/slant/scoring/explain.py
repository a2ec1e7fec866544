"""Which words of a unit carry a stance: words are removed, and the change of the answer is measured.

Each word is removed on its own (occlusion; "erasure" in Li, Monroe & Jurafsky 2016); the target's mentions stay. Words are
removed, not masked: the encoder was fine-tuned on whole texts and uses its mask token for queries. On the demonstration set,
random removals move the answer less than random masks (0.68 and 0.86 log-odds), and with the strongest words alone less of
its probability is lost (0.04 and 0.17).

Words that say the same hide each other, so an explanation can be wrong. It is checked by its deletion score:
comprehensiveness and sufficiency (DeYoung et al. 2020, ERASER), beside those of as many random words.
"""

from __future__ import annotations

import random
import re
import unicodedata
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from math import log
from typing import Any

import msgspec

from slant.encoding.decode import TextLogits, article_scores, reply_scores, stance_scores
from slant.encoding.predictor import Predictor
from slant.encoding.windows import EncoderRequest
from slant.errors import SlantError, UsageError, did_you_mean
from slant.labels.targets import Targets
from slant.records import Score, Stance, Unit
from slant.scoring.score import ARTICLE, ScoreRequest, Spans, encoder_requests
from slant.segment.units import opening

MOST = 200  # parts of a unit that are removed one by one; with more words, a part is a phrase of several
SHARE = 0.2  # of the parts that the deletion score removes; ERASER removes 1 to 50 %
LEAST = 0.05  # weight of a top word; a smaller one changes no probability by more than about a point
DRAWS = 20  # random sets of as many parts
CONFIDENT = 0.95  # share of the random sets that must lower the probability less
WEAK = 0.1  # a smaller drop of the probability is called weak
SIDES = ("against", "favor")
TOLERANCE = 0.02  # between the probability of a row and that computed again, maybe on another processor
_TINY = 1e-12


@dataclass(frozen=True, slots=True)
class Word:
    """A word with the punctuation that touches it; in long units a phrase of several words.

    spans: half-open places in the unit's text, in order; several where a mention lies between the words of a phrase.
    weight: log-odds of the answer with the word minus without it (natural logarithm); above 0 it speaks for the answer.
    top: of the strongest SHARE and at least LEAST; the deletion score removes these.
    """

    text: str
    spans: Spans
    weight: float
    top: bool


@dataclass(frozen=True, slots=True)
class Deletion:
    """Probability of the answer after the top words are removed, and with only them and the target's mentions.

    words: number of top words. random_without, random_only: the same with as many random words instead, mean over the draws.
    less: share of the draws that lower the probability less than the top words do. The last three are None if there is no
    other choice of words.
    """

    words: int
    without: float
    only: float
    random_without: float | None
    random_only: float | None
    less: float | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """A stance and the words that carried it, in the order of the text.

    probability: of `label`, as in the unit's score. mentions: of the target. model: fingerprint, as in the unit's score.
    """

    article_id: str
    unit_id: str
    kind: str
    text: str
    target: str
    label: str
    probability: float
    mentions: Spans
    words: tuple[Word, ...]
    deletion: Deletion
    model: str

    @property
    def comprehensiveness(self) -> float:
        """How much the probability drops without the top words, -1 to 1: higher is better."""
        return round(self.probability - self.deletion.without, 4)

    @property
    def sufficiency(self) -> float:
        """How much the probability drops with only the top words and the mentions, -1 to 1: lower is better."""
        return round(self.probability - self.deletion.only, 4)

    @property
    def verdict(self) -> str:
        """Result of the check: "good", "weak" (a drop below WEAK), "random" (random words do as much) or "none" (no word)."""
        if not self.deletion.words:
            return "none"
        if self.comprehensiveness < WEAK:
            return "weak"
        less = self.deletion.less
        return "random" if less is not None and less < CONFIDENT else "good"

    @property
    def top(self) -> list[Word]:
        """The top words, strongest first."""
        return sorted((word for word in self.words if word.top), key=lambda word: -word.weight)

    @property
    def has_phrases(self) -> bool:
        return any(re.search(r"\s", word.text) for word in self.words)

    def to_dict(self) -> dict[str, Any]:
        """The row of `slant explain -o FILE.jsonl`."""
        row: dict[str, Any] = msgspec.to_builtins(self)
        row["deletion"] |= {"comprehensiveness": self.comprehensiveness, "sufficiency": self.sufficiency}
        return {**row, "verdict": self.verdict}


class Explainer:
    """Explains stances of scored units with the model that scored them.

    targets: for the names of topics. seed: of the random words. done: called with the number of windows of each batch.
    """

    def __init__(
        self,
        predictor: Predictor,
        targets: Targets,
        *,
        seed: int = 0,
        done: Callable[[int], object] | None = None,
    ) -> None:
        self.predictor, self.targets, self.seed, self.done = predictor, targets, seed, done

    def explain(self, score: Score, target: str, *, article: Sequence[Unit] = ()) -> Explanation:
        """Explain the stance of a scored unit toward a target. Takes at most MOST + 2 * DRAWS + 3 encoder passes per window.

        article: the units of its article, for a comment's stance toward the article.
        Raises UsageError if the unit has no stance toward the target or no label for it, if another model scored it, or if
        its probability comes out otherwise here.
        """
        stance = _answered(score, target)
        if score.model != self.predictor.fingerprint:
            raise UsageError(
                f"unit {score.unit.unit_id} was scored with model {score.model or '(not stated)'}, this is "
                f"{self.predictor.fingerprint}. Give --model and --runtime of that run, or score the articles again."
            )
        variants = _Variants(self, score, stance, article)
        whole = variants.whole
        assert stance.label is not None
        if abs(whole[stance.label] - stance.scores[stance.label]) > TOLERANCE:
            raise UsageError(
                f"unit {score.unit.unit_id}: its row says {stance.label} {stance.scores[stance.label]:.2f} toward "
                f"{target!r}, computed again it is {whole[stance.label]:.2f}. Give --targets of the run that scored it; for "
                "a stance toward the article, all rows of the article must follow each other in the file."
            )
        return variants.explanation()

    def sides(self, article: Sequence[Score]) -> list[Explanation]:
        """Explain all stances against or in favor in the units of one article."""
        units = [score.unit for score in article]
        return [
            self.explain(score, stance.target, article=units)
            for score in article
            for stance in score.stance
            if stance.label in SIDES
        ]


def _answered(score: Score, target: str) -> Stance:
    """Return the stance toward the target. Raises UsageError if there is none or it has no label."""
    by_target = {stance.target: stance for stance in score.stance}
    flags = (*score.unit.flags, *score.flags)
    flagged = f" Its flags: {', '.join(flags)}." if flags else ""
    if target not in by_target:
        known = f" It has: {', '.join(by_target)}." if by_target else " It has none at all."
        near = did_you_mean(target, by_target)
        raise UsageError(f"unit {score.unit.unit_id} has no stance toward {target!r}.{near}{known}{flagged}")
    stance = by_target[target]
    if stance.label is None:
        best = max(stance.scores, key=stance.scores.__getitem__)
        raise UsageError(
            f"unit {score.unit.unit_id} has no label toward {target!r}: the model abstained (best: {best} "
            f"{stance.scores[best]:.2f}), so there is nothing to explain.{flagged}"
        )
    return stance


def request_of(score: Score, article: Sequence[Unit], targets: Targets) -> ScoreRequest:
    """Return the request that a score was computed from, as far as its stances depend on it.

    article: the units of its article. targets: for the names of topics; a topic without an entry is its own name.
    """
    unit = score.unit
    others = [stance.target for stance in score.stance if not stance.mentions]
    if unit.kind == "comment":
        others = [target for target in others if target != ARTICLE]
    return ScoreRequest(
        unit,
        {stance.target: stance.mentions for stance in score.stance if stance.mentions},
        tuple((t, targets.name(t) if t in targets.ids else t) for t in others),
        opening(article) if unit.kind == "comment" else None,
    )


class _Variants:
    """The variants of one unit's text, and the probabilities of a stance in them.

    parts: numbers of the pieces (`pieces`) of each part. whole: probabilities for the whole text.
    """

    def __init__(self, explainer: Explainer, score: Score, stance: Stance, article: Sequence[Unit]) -> None:
        self.run, self.done = explainer.predictor.run, explainer.done
        self.decoding = explainer.predictor.decoding
        self.random = random.Random(explainer.seed)
        self.score, self.stance = score, stance
        self.request = request = request_of(score, article, explainer.targets)
        self.text = score.unit.text
        self.pieces = pieces(self.text, stance.mentions)
        removable = [i for i, piece in enumerate(self.pieces) if not piece.stays]
        size = max(1, -(-len(removable) // MOST))
        self.parts = [tuple(removable[i : i + size]) for i in range(0, len(removable), size)]
        asked = [*request.mentions, *(target for target, _ in request.topics)]
        passes = encoder_requests(request)
        self.to_article = stance.target not in asked
        if self.to_article and not request.article:
            raise UsageError(
                f"unit {score.unit.unit_id}: its article is not among the rows, so its stance toward the article cannot be "
                "explained. Give the score file of the whole article."
            )
        # The whole text is run with all its targets, as it was scored; a variant with this target alone, which is shorter.
        index = 0 if self.to_article else asked.index(stance.target)
        (logits,) = self.run([passes[1 if self.to_article else 0]], done=self.done)
        self.whole = self._probabilities(logits, index)

    def explanation(self) -> Explanation:
        label, parts = self.stance.label, range(len(self.parts))
        assert label is not None
        odds = _log_odds(self.whole, label)
        single = self.probabilities([{part} for part in parts])
        weights = [odds - _log_odds(scores, label) for scores in single]
        strongest = sorted(parts, key=lambda part: -weights[part])[: max(1, round(SHARE * len(parts)))]
        top = frozenset(part for part in strongest if weights[part] >= LEAST)
        unit = self.score.unit
        return Explanation(
            article_id=unit.article_id,
            unit_id=unit.unit_id,
            kind=unit.kind,
            text=self.text,
            target=self.stance.target,
            label=label,
            probability=round(self.whole[label], 4),
            mentions=self.stance.mentions,
            words=tuple(self._word(part, weights[part], top=part in top) for part in parts),
            deletion=self._deletion(top, label),
            model=self.score.model,
        )

    def _word(self, part: int, weight: float, *, top: bool) -> Word:
        spans: list[tuple[int, int]] = []
        last = None
        for number in self.parts[part]:
            piece = self.pieces[number]
            if last == number - 1 and spans:
                spans[-1] = (spans[-1][0], piece.end)
            else:
                spans.append((piece.start, piece.end))
            last = number
        text = " … ".join(self.text[start:end] for start, end in spans)
        return Word(text, tuple(spans), round(weight, 4), top)

    def _deletion(self, top: frozenset[int], label: str) -> Deletion:
        draws = self._draws(top)
        every = frozenset(range(len(self.parts)))
        removed = [top, every - top, *draws, *(every - draw for draw in draws)]
        found = [scores[label] for scores in self.probabilities(removed)]
        without, only, *rest = found
        random_without, random_only = rest[: len(draws)], rest[len(draws) :]
        return Deletion(
            words=len(top),
            without=round(without, 4),
            only=round(only, 4),
            random_without=_mean(random_without),
            random_only=_mean(random_only),
            less=_mean([float(p > without) for p in random_without]),
        )

    def _draws(self, top: frozenset[int]) -> list[frozenset[int]]:
        """Return up to DRAWS different random sets of as many parts, none of them `top`."""
        found: dict[frozenset[int], None] = {}
        for _ in range(10 * DRAWS if top else 0):
            draw = frozenset(self.random.sample(range(len(self.parts)), len(top)))
            if draw != top:
                found[draw] = None
            if len(found) == DRAWS:
                break
        return list(found)

    def probabilities(self, removed: Sequence[Collection[int]]) -> list[dict[str, float]]:
        """Return the probabilities of the text without each of these sets of parts."""
        logits = self.run([self._variant(parts) for parts in removed], done=self.done)
        return [self._probabilities(each, 0) for each in logits]

    def _variant(self, parts: Collection[int]) -> EncoderRequest:
        removed = sorted(number for part in parts for number in self.parts[part])
        text, mentions = without(self.text, self.stance.mentions, self.pieces, removed)
        if self.to_article:
            return EncoderRequest(text, context=self.request.article)
        return EncoderRequest(text, [mentions or dict(self.request.topics)[self.stance.target]])

    def _probabilities(self, logits: TextLogits, index: int) -> dict[str, float]:
        if self.to_article:
            return article_scores(reply_scores(logits.unit, self.decoding))
        target = logits.targets[index]
        if target is None:
            raise SlantError(f"unit {self.score.unit.unit_id}: no token of {self.stance.target!r} was read.")
        return stance_scores(target, self.decoding)


def _log_odds(scores: dict[str, float], label: str) -> float:
    others = sum(p for name, p in scores.items() if name != label)  # 1 - p would round to 0
    return log(max(scores[label], _TINY)) - log(max(others, _TINY))


def _mean(values: Sequence[float]) -> float | None:
    return round(sum(values) / len(values), 4) if values else None


# ---- words of a text


@dataclass(frozen=True, slots=True)
class Piece:
    """A word with the punctuation that touches it, or a part of it that a mention cuts off.

    after: start of the next piece, so that [start, after) includes the blanks behind. stays: it is never removed.
    """

    start: int
    end: int
    after: int
    stays: bool


_PIECE = re.compile(r"[^\s—–…/]+[—–…/]*|[—–…/]+")
_POSSESSIVE = re.compile(r"['’]s?\W*", re.IGNORECASE)


def pieces(text: str, mentions: Spans) -> list[Piece]:
    """Cut a text into words at blanks, dashes and slashes, and at both ends of the mentions ("anti-|council|’s").

    Mentions, their possessive endings, and punctuation alone stay.
    """
    edges = {edge for mention in mentions for edge in mention}
    places: list[tuple[int, int]] = []
    for found in _PIECE.finditer(text):
        start, end = found.span()
        places += pairwise([start, *sorted(edge for edge in edges if start < edge < end), end])
    return [
        Piece(start, end, after, _stays(text[start:end], start, end, mentions))
        for (start, end), (after, _) in pairwise([*places, (len(text), len(text))])
    ]


def _stays(piece: str, start: int, end: int, mentions: Spans) -> bool:
    if any(a < end and start < b for a, b in mentions):
        return True
    if any(b == start for _, b in mentions) and _POSSESSIVE.fullmatch(piece):
        return True
    return not any(unicodedata.category(character)[0] in "LNS" for character in piece)


def without(text: str, mentions: Spans, cut: Sequence[Piece], removed: Iterable[int]) -> tuple[str, Spans]:
    """Return the text without some pieces and the blanks behind them, and the mentions there.

    removed: numbers of the pieces, in order; no mention overlaps them.
    """
    kept: list[str] = []
    ends, totals = [0], [0]  # ends of the removed stretches, and the characters removed up to there
    for number in removed:
        piece = cut[number]
        kept.append(text[ends[-1] : piece.start])
        ends.append(piece.after)
        totals.append(totals[-1] + piece.after - piece.start)
    kept.append(text[ends[-1] :])
    shifts = [totals[bisect_right(ends, start) - 1] for start, _ in mentions]
    return "".join(kept), tuple(
        (a - shift, b - shift) for (a, b), shift in zip(mentions, shifts, strict=True)
    )


# ---- which units


def choose(
    rows: Iterable[Score], target: str, *, units: Collection[str] = (), most: int = 10
) -> Iterator[tuple[Score, list[Unit]]]:
    """Yield units with a stance toward the target, each with the units of its article.

    rows: those of an article follow each other. units: ids of the units to yield, whatever their stance; without them, those
    against or in favor of the target are yielded, at most `most`.
    Raises UsageError if there is no such target or unit, or no stance that takes a side.
    """
    seen, labels, found = Counter[str](), Counter[str](), set[str]()
    count = 0
    for _, group in groupby(rows, key=lambda row: row.unit.article_id):
        article = list(group)
        for score in article:
            seen.update(stance.target for stance in score.stance)
            labels.update(stance.label or "no label" for stance in score.stance if stance.target == target)
            wanted = (
                score.unit.unit_id in units
                if units
                else any(stance.target == target and stance.label in SIDES for stance in score.stance)
            )
            if wanted:
                found.add(score.unit.unit_id)
                count += 1
                yield score, [row.unit for row in article]
                if found == set(units) or (not units and count == most):
                    return
    if units:
        missing = ", ".join(sorted(set(units) - found))
        raise UsageError(
            f"no unit {missing}. Ids are in the column unit_id of `slant score` and `slant split`."
        )
    if not labels:
        known = ", ".join(name for name, _ in seen.most_common(20)) or "none"
        raise UsageError(
            f"no unit has a stance toward {target!r}.{did_you_mean(target, seen)} Targets of these units: {known}."
        )
    if not count:
        counts = ", ".join(f"{n} {label}" for label, n in labels.most_common())
        raise UsageError(
            f"no unit is against or in favor of {target!r} ({counts}). Name a unit with --unit to explain its label."
        )
