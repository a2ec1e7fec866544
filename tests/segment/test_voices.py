"""Voices: quotations in all styles of marks, scare quotes, titles, unmatched marks, several paragraphs."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slant.records import CONTENT_KINDS, OTHER_KINDS, VOICES
from slant.segment.quotation_marks import find_quotations
from slant.segment.voices import voice_at, voices, voices_of


def quoted(text: str, kind: str = "paragraph") -> list[str]:
    """Quoted parts of a text: adjacent stretches joined, surrounding white space stripped."""
    runs: list[str] = []
    joined = False
    for start, end, voice in voices(text, kind):
        if voice == "quoted":
            runs.append(runs.pop() + text[start:end] if joined else text[start:end])
        joined = voice == "quoted"
    return [run.strip() for run in runs]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("“We will rebuild the pier,” said Ann Brook.", ["“We will rebuild the pier,”"]),
        ('"We will rebuild the pier," said Ann Brook.', ['"We will rebuild the pier,"']),
        ("''We will rebuild the pier,'' said Ann Brook.", ["''We will rebuild the pier,''"]),
        ("``We will rebuild the pier,'' said Ann Brook.", ["``We will rebuild the pier,''"]),
        ("« We will rebuild the pier », said Ann Brook.", ["« We will rebuild the pier »"]),
        ("»We will rebuild the pier«, said Ann Brook.", ["»We will rebuild the pier«"]),
        ("„We will rebuild the pier“, said Ann Brook.", ["„We will rebuild the pier“"]),
        ("„We will rebuild the pier”, said Ann Brook.", ["„We will rebuild the pier”"]),
        ("”We will rebuild the pier”, said Ann Brook.", ["”We will rebuild the pier”"]),
        ("‘We will rebuild the pier,’ said Ann Brook.", ["‘We will rebuild the pier,’"]),
        ("'We will rebuild the pier,' said Ann Brook.", ["'We will rebuild the pier,'"]),
    ],
)
def test_all_styles_of_marks_are_read(text: str, expected: list[str]) -> None:
    assert quoted(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The council met the ‘moderate faction’ on Monday.", []),
        ("The so-called “experts” said the pier was safe.", []),
        ("The “experts” warned of rain.", []),
        ("She spoke of the so-called “pier of the future for all”.", []),
        ("Its “plan” is a list of “savings”.", []),
        ("William “Bill” Ford said he would run.", []),
        ("She said she had seen “The Long Pier” twice.", []),
        ("She told the show “Harbour Today.”", []),
        ("He called the plan “a disaster”.", ["“a disaster”"]),
        ("Officials dismissed the report as “absurd.”", ["“absurd.”"]),
        ("“Never,” he said.", ["“Never,”"]),
        ("“Stop!” he cried. “Really?” “Yes.”", ["“Stop!”", "“Really?” “Yes.”"]),
        ("Mr. Dale: “No.”", ["“No.”"]),
        ("Ferry ‘was never safe’, inspector says", ["‘was never safe’"]),
        ("‘The pier is gone’: a town waits", ["‘The pier is gone’"]),
        ("The firm promised to “do better” — but its “plan” is a list.", ["“do better”"]),
        ("She said that the pier was falling apart.", []),
    ],
)
def test_attribution_separates_speech_from_scare_quotes_and_titles(text: str, expected: list[str]) -> None:
    assert quoted(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "The voters' will and the '90s' music; rock 'n' roll, don't stop 'em.",
        "The voters’ will and the ’90s; the ‘80s; ’tis the boss’s.",
        'She is 5\'10" tall and the plank 6" wide, the other 12" long, said the smith.',
        "The lamp is 5’ 10” tall.",
    ],
)
def test_apostrophes_and_measures_are_not_marks(text: str) -> None:
    assert find_quotations(text) == []
    assert quoted(text) == []


def test_a_million_open_marks_are_read_quickly() -> None:
    """Found by fuzzing: two million open marks took eight seconds. The next paragraph must still be read."""
    start = time.process_time()
    for mark in '“"':
        found = find_quotations(mark * 500_000 + "\n“It sails,” she said.")
        assert found[-1].inner == (500_002, 500_011)
        assert len(found) < 1010
    assert time.process_time() - start < 0.5


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("“He told me ‘go away now’ and I left,” she said.", ["“He told me ‘go away now’ and I left,”"]),
        ("‘He told me “go away now” and I left,’ she said.", ["‘He told me “go away now” and I left,’"]),
        ("“I never said “go away” to him,” she said.", ["“I never said “go away” to him,”"]),
        (
            "She said: ‘It is the farmers’ land. We stay.’ Then she left.",
            ["‘It is the farmers’ land. We stay.’"],
        ),
        (
            "“It's ours,” she said. “It isn't the mayors' pier.”",
            ["“It's ours,”", "“It isn't the mayors' pier.”"],
        ),
    ],
)
def test_nested_marks_and_apostrophes_inside(text: str, expected: list[str]) -> None:
    assert quoted(text) == expected


def test_an_unmatched_mark_does_not_reach_beyond_its_sentence() -> None:
    rest = "The ferry sailed at noon. It was full. " * 50
    for mark in ("“", '"', "''", "«", "„", "‘"):
        text = f"A word {mark}stands here alone. {rest}"
        assert quoted(text) == [], mark
    assert quoted("The ferry left without me on it,” Ms. Hale said. " + rest) == [
        "The ferry left without me on it,”"
    ]
    assert quoted("She said: “The ferry left without me on it. " + rest) == [
        "“The ferry left without me on it."
    ]


def test_a_quotation_continues_if_the_next_paragraph_reopens_it() -> None:
    text = "“The pier fell. We were afraid.\n\n“Then it rained,” she said. The town is quiet."
    assert quoted(text) == ["“The pier fell. We were afraid.\n\n“Then it rained,”"]
    units = [
        ("She stood up. “The pier fell. We were afraid.", "paragraph"),
        ("What followed", "heading"),
        ("“Then it rained,” she said.", "paragraph"),
        ("“Nobody came to help us” is what I say too", "comment"),
    ]
    first, heading, second, comment = voices_of(units)
    assert [voice for *_, voice in first] == ["outlet", "quoted", "quoted"]
    assert [voice for *_, voice in heading] == ["outlet"]
    assert [voice for *_, voice in second] == ["quoted", "outlet"]
    assert {voice for *_, voice in comment} == {"reader"}


def test_a_quotation_closes_some_paragraphs_later() -> None:
    units = [
        ("He said: “We waited.", "paragraph"),
        ("Nobody came.", "paragraph"),
        ("We left.” So it ended.", "paragraph"),
    ]
    assert [[voice for *_, voice in unit] for unit in voices_of(units)] == [
        ["outlet", "quoted"],
        ["quoted"],
        ["quoted", "outlet"],
    ]


def test_the_kind_sets_the_base_voice() -> None:
    assert voices("Plain words.", "comment") == ((0, 12, "reader"),)
    assert voices("Plain words.", "quote") == ((0, 12, "quoted"),)
    assert voices("Plain words.", "heading") == ((0, 12, "outlet"),)
    assert voices("") == ()


def test_a_comment_quotes_by_attribution_or_a_quoted_line() -> None:
    assert quoted("The mayor said “we will rebuild it all”. Ha.", "comment") == ["“we will rebuild it all”"]
    assert quoted("Oh, the “we only want the best for you” crowd again.", "comment") == []
    assert quoted("> The pier fell.\nIt did not!", "comment") == ["> The pier fell."]


def test_stretches_are_no_longer_than_a_sentence() -> None:
    text = "Mr. Dale of St. Olaf left. Dr. Hu stayed! “Why? We like it,” she said."
    assert [text[start:end] for start, end, _ in voices(text)] == [
        "Mr. Dale of St. Olaf left. ", "Dr. Hu stayed! ", "“Why? ", "We like it,”", " she said.",
    ]  # fmt: skip


def test_voice_at_takes_the_majority_and_the_first_on_a_tie() -> None:
    stretches = ((0, 10, "outlet"), (10, 20, "quoted"), (20, 30, "outlet"))
    assert voice_at(stretches, 8, 13) == "quoted"
    assert voice_at(stretches, 8, 12) == "outlet"
    assert voice_at(stretches, 5, 30) == "outlet"
    assert voice_at(stretches, 15, 15) == "quoted"
    assert voice_at(stretches, 29, 99) == "outlet"
    with pytest.raises(ValueError, match="not empty"):
        voice_at((), 0, 1)


MARKS = st.lists(
    st.sampled_from(
        [
            *"\"'“”„‟«»‹›‘’‚‛`.,:;!?…-—()>\n \u00a0\r",
            "''",
            "``",
            "said ",
            "s' ",
            '6"',
            "Word ",
            "word ",
            '="',
            "é",
            "e\u0301",
            "🙂",
            "’90s",
        ]
    ),
    max_size=60,
).map("".join)
KINDS = st.sampled_from([*CONTENT_KINDS, *OTHER_KINDS])


@given(text=st.one_of(MARKS, st.text()), kind=KINDS)
@settings(max_examples=200, deadline=None)
def test_stretches_cover_any_text(text: str, kind: str) -> None:
    stretches = voices(text, kind)
    assert "".join(text[start:end] for start, end, _ in stretches) == text
    assert all(start < end and voice in VOICES for start, end, voice in stretches)
    assert [start for start, *_ in stretches[1:]] == [end for _, end, _ in stretches[:-1]]
    other = {"comment": "outlet"}.get(kind, "reader")
    assert other not in {voice for *_, voice in stretches}


@given(st.lists(st.tuples(MARKS, KINDS), max_size=5))
@settings(max_examples=100, deadline=None)
def test_the_stretches_of_each_unit_cover_it(units: list[tuple[str, str]]) -> None:
    for (text, kind), stretches in zip(units, voices_of(units), strict=True):
        assert "".join(text[start:end] for start, end, _ in stretches) == text
        if kind not in ("lead", "paragraph", "list_item"):
            assert stretches == voices(text, kind)


@given(st.lists(st.text(alphabet="abc .\n", max_size=30), max_size=4))
@settings(deadline=None)
def test_text_without_marks_has_no_quotation(parts: list[str]) -> None:
    assert all(voice == "outlet" for *_, voice in voices("\n".join(parts)))


@pytest.mark.slow
@pytest.mark.parametrize(
    "piece", ['"', "“", "'", '"a', '‘a"x" ', "“““”””", "s' ", ".", "\n“a", " ", "“a” ", "«»"]
)
def test_time_grows_with_the_length(piece: str) -> None:
    def seconds(size: int) -> float:
        text = piece * (size // len(piece))
        start = time.process_time()  # CPU time, since other processes may be running
        voices(text)
        return time.process_time() - start

    small = min(seconds(10_000) for _ in range(3))
    assert seconds(80_000) < 0.1 + 8 * small * 4  # linear time would be 8 times as long, quadratic 64 times
