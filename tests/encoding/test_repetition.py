"""Repetition is counted in the whole document, in judging and in scoring."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from test_decode import text_logits

from slant.corpora import ptc
from slant.corpora.sets import data_root
from slant.encoding.decode import (
    LOG_SHARES,
    Decoding,
    Document,
    documents,
    gold_span_scores,
    loaded_spans,
    repetition_shift,
    technique_scores,
)
from slant.encoding.label_ids import TECHNIQUE_INDEX, TECHNIQUES
from slant.errors import SlantError
from slant.labels.targets import Targets
from slant.records import Example, Span, Unit
from slant.scoring.score import score_requests
from slant.training.thresholds import choose_repetition_weight, technique_items

COUNTING = Decoding(repetition_weight=1.0, loaded_seed=0.4, loaded_threshold=0.4)


def test_the_repr_of_a_document_depends_on_its_words_only() -> None:
    """--resume identifies a request by its repr: with a memory address in it, no kept row would be found."""
    assert repr(Document(["No bridge!"])) == repr(Document(["no bridge"])) != repr(Document(["no bridges"]))


def test_whole_words_are_counted_in_any_case() -> None:
    document = Document(["No bridge! No bridge, they cried.", "The bridges: NO BRIDGE."])
    assert document.occurrences("no bridge") == 3
    assert document.occurrences("bridge") == 3, "bridges is another word"
    assert document.occurrences("bridge the") == 1, "texts are not joined; the minimum is 1"
    assert Document(["lies lies lies"]).occurrences("lies") == 3
    assert document.occurrences("!") == 1


def test_the_shift_depends_on_count_and_weight() -> None:
    document = Document(["lies and more lies", "lies"])
    assert repetition_shift(1.0, document, "lies").tolist() == LOG_SHARES[:, 2].tolist()
    assert repetition_shift(0.5, document, "more").tolist() == (0.5 * LOG_SHARES[:, 0]).tolist()
    assert repetition_shift(1.0, Document(["lies " * 9]), "lies").tolist() == LOG_SHARES[:, -1].tolist()
    for nothing in (repetition_shift(0.0, document, "lies"), repetition_shift(1.0, None, "lies")):
        assert nothing.tolist() == [0.0] * len(TECHNIQUES)


def test_repeated_words_favor_name_calling_over_doubt() -> None:
    """Names for people are repeated often, doubts rarely."""
    shift = dict(zip(TECHNIQUES, repetition_shift(1.0, Document(["lies " * 9]), "lies"), strict=True))
    assert shift["repetition"] > shift["name_calling_labeling"] > shift["doubt"]


def test_the_document_decides_between_equal_techniques() -> None:
    text = "the greedy thieves met"
    found = text_logits(text, {"greedy": {"any": 2.0, "doubt": 1.0, "repetition": 0.5}})

    def label(document: Document | None) -> str:
        return loaded_spans(text, found, COUNTING, document)[0][2]

    assert label(None) == label(Document([text])) == "doubt"
    assert label(Document([text, "greedy, greedy"])) == "repetition"
    more = np.zeros(len(TECHNIQUES), np.float32)
    more[TECHNIQUE_INDEX["repetition"]] = 2.0
    scores = technique_scores(found, 4, 10, repetition=more)
    assert max(scores, key=scores.__getitem__) == "repetition"
    assert sum(scores.values()) == pytest.approx(1)


def line(text: str, offset: int, *loaded: Span, group: str = "a") -> Example:
    return Example(f"{group}:{offset}", "ptc", "tune", group, text, loaded=loaded, offset=offset)


def test_examples_of_a_group_are_one_document_without_duplicates() -> None:
    lines = [line("Shame!", 0), line("Shame!", 7), line("Shame!", 7), line("Shame!", 0, group="b")]
    whole = documents(lines)
    assert whole["ptc", "a"].occurrences("shame") == 2
    assert whole["ptc", "b"].occurrences("shame") == 1


def test_gold_spans_are_scored_with_their_document() -> None:
    example = line("a shame", 0, Span(2, 7, "repetition"))
    found = text_logits("a shame", {"shame": {"doubt": 1.0, "repetition": 0.5}})
    for document, expected in ((Document(["a shame", "shame"]), "repetition"), (None, "doubt")):
        (scores,) = gold_span_scores(example, found, COUNTING, document=document)
        assert max(scores, key=scores.__getitem__) == expected


def test_the_weight_is_chosen_by_its_result() -> None:
    repeated = [line("shame", i, Span(0, 5, "repetition")) for i in range(0, 40, 10)]
    once = [line("a farce", 99, Span(2, 7, "doubt")), line("what a lie", 120, Span(7, 10, "doubt"))]
    torn = {"doubt": 1.0, "repetition": -3.0}  # differ by 4.0; four occurrences shift by 7.06
    readings = [text_logits(e.text, {e.text.split()[-1]: torn}) for e in (*repeated, *once)]
    assert technique_items([*repeated, *once], readings).correct(0).tolist() == [False] * 4 + [True] * 2
    weight, figures, without = choose_repetition_weight([*repeated, *once], readings)
    assert (figures, without) == ({"ptc": 1.0}, pytest.approx(2 / 6))
    assert weight == 1.25, "the middle of 0.75 to 1.5, which are all correct"
    weight, figures, _ = choose_repetition_weight(once, readings[4:])
    assert (weight, figures) == (0.75, {"ptc": 1.0}), "all are equal: the middle one"


def test_each_set_has_the_same_say_in_choosing_the_weight() -> None:
    """In one set, annotators label repetition however often a word occurs."""
    repeated = [line("shame", i, Span(0, 5, "repetition")) for i in range(0, 30, 10)]
    other = [replace(e, source="slant_domain", loaded=(Span(0, 5, "doubt"),)) for e in repeated * 40]
    readings = [text_logits("shame", {"shame": {"doubt": 1.0, "repetition": -3.0}})] * 123
    weight, figures, without = choose_repetition_weight([*repeated, *other], readings)
    assert without == pytest.approx(0.5)
    assert figures == {"ptc": 0.0, "slant_domain": 1.0}, "from 1 on it is reversed"
    assert weight == 0.75, (
        "the middle of all, as the gain of one is the loss of the other; by size it would be 0.5"
    )


def unit(number: int, kind: str, text: str) -> Unit:
    return Unit("d", f"d#{number}", kind, text, start=0, end=len(text), position=number)


def test_scoring_counts_in_the_article_and_in_each_comment_alone() -> None:
    units = [unit(0, "title", "Shame"), unit(1, "paragraph", "A shame."), unit(2, "comment", "shame on you")]
    title, paragraph, comment = score_requests(units, Targets.load())
    assert title.document is paragraph.document
    assert paragraph.document is not None
    assert comment.document is not None
    assert paragraph.document.occurrences("shame") == 2, "comments are not part of the article"
    assert comment.document.occurrences("shame") == 1


PRIOR = 5  # spans, spread by the shares of all other techniques, that smooth the counts of a rare technique


def counts(split: str) -> NDArray[np.float64]:
    """[techniques, occurrences of a span's words in its article (last column: that many or more)] of PTC's gold spans."""
    gold, found = ptc.spans(data_root(), split, "tc"), np.zeros((len(TECHNIQUES), LOG_SHARES.shape[1]))
    for article, text in ptc.articles(data_root(), split).items():
        document = Document([text])
        for span in gold[article]:
            place = min(document.occurrences(text[span.start : span.end]), found.shape[1]) - 1
            found[TECHNIQUE_INDEX[span.label], place] += 1
    return found


def log_shares(found: NDArray[np.float64]) -> NDArray[np.float64]:
    """ln P(occurrences | technique), smoothed; for repetition itself one is added to each count."""
    repetition = TECHNIQUE_INDEX["repetition"]
    other = np.delete(found, repetition, axis=0).sum(0) + 1
    smooth = found + PRIOR * other / other.sum()
    smooth[repetition] = found[repetition] + 1
    return np.asarray(np.log(smooth / smooth.sum(1, keepdims=True)))


@pytest.mark.data
@pytest.mark.slow
def test_the_shares_are_those_of_the_corpus() -> None:
    try:
        measured = log_shares(counts("fit"))  # never "dev", which is judged
    except SlantError as error:
        pytest.skip(str(error))
    assert measured == pytest.approx(LOG_SHARES, abs=0.006)
