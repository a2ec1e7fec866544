"""Who says quoted words: by the words beside the quotation, in earlier paragraphs, and by the labels of turns."""

from __future__ import annotations

import pytest

from slant.records import Article
from slant.segment.speaker_names import Names
from slant.segment.speakers import only_speaker, speaker_at, speakers_of
from slant.segment.units import split
from slant.segment.voices import voices, voices_of

Found = list[tuple[str, str | None]]


def said(*paragraphs: str, kind: str = "paragraph") -> Found:
    """The quotations of one document with their speakers, in order."""
    units = [(text, kind) for text in paragraphs]
    stretches = voices_of(units)
    given = [(text, kind, own) for (text, kind), own in zip(units, stretches, strict=True)]
    found: Found = []
    for (text, _, own), speakers in zip(given, speakers_of(given), strict=True):
        for (start, end, voice), name in zip(own, speakers or [None] * len(own), strict=True):
            if voice == "quoted":
                found.append((text[start:end].strip(), name))
    return found


def names(*paragraphs: str, kind: str = "paragraph") -> list[str | None]:
    return [name for _, name in said(*paragraphs, kind=kind)]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("“The pier will not last the winter,” said Maria Karvi, mayor of Tavin.", "Maria Karvi"),
        ("“The pier will not last the winter,” Maria Karvi, mayor of Tavin, said on Monday.", "Maria Karvi"),
        ("“The pier will not last the winter,” said Mayor Maria Karvi.", "Maria Karvi"),
        ("“The pier will not last the winter,” the harbor board's director, Jan Tesk, said.", "Jan Tesk"),
        ("“The pier will not last the winter,” Tesk, who led the survey, told reporters.", "Tesk"),
        ('Karvi said: "The pier will not last the winter."', "Karvi"),
        ('In a letter on Friday, Karvi wrote, "The pier will not last the winter."', "Karvi"),
        ('Karvi called the plan a "shameful sale of our own harbor" on Friday.', "Karvi"),
        ('Karvi walked out of the hall, calling it "a sale of our own harbor".', "Karvi"),
        ('"The pier will not last the winter", according to the ministry.', "the ministry"),
        ('According to Jan Tesk, "the pier will not last the winter".', "Jan Tesk"),
        (
            "“The pier will not last,” a spokesman for the harbor board said.",
            "a spokesman for the harbor board",
        ),
        ("“The pier will not last the winter,” officials said.", "officials"),
        ("“The pier will not last the winter,” wrote Secretary of State Maria Karvi.", "Maria Karvi"),
        ("Karvi was quoted as saying: “The pier will not last the winter.”", "Karvi"),
        ("“The pier will not last the winter,” Karvi was quoted by the Herald as saying.", "Karvi"),
        ("“The pier will not last the winter,” the Herald quoted Jan Tesk as saying.", "Jan Tesk"),
        ("The Herald quoted Jan Tesk as saying: “The pier will not last the winter.”", "Jan Tesk"),
        ("“The pier will not last the winter.” — Maria Karvi", "Maria Karvi"),
    ],
)
def test_the_words_beside_a_quotation_name_its_speaker(text, name):
    assert set(names(text)) == {name}


@pytest.mark.parametrize(
    "text",
    [
        "The so-called “reform” of the pier began in May.",  # scare quotes are not speech
        "“The pier will not last the winter,” they said.",
        "“The pier will not last the winter,” it said.",
        "“The pier will not last the winter,” he said.",  # nobody is named before
        "“The pier will not last the winter.” Karvi left the hall.",  # another sentence
        "“The pier will not last the winter,” Karvi and Tesk said.",
        'The hall was full of banners that read "The pier will not last the winter".',
        'Karvi\'s repeated calls for "a sale of our own harbor in May" went unheard.',
        "Karvi was told: “The pier will not last the winter.”",
        'In the United States "a sale of our own public harbor" would be illegal.',
    ],
)
def test_no_speaker_where_none_is_named_with_certainty(text):
    assert set(names(text)) <= {None}


def test_a_last_name_is_completed_from_the_document():
    assert names(
        "Maria Karvi is the mayor of Tavin.", "“The pier is old,” Karvi said.", "“It leaks,” said Ms. Karvi."
    ) == ["Maria Karvi", "Maria Karvi"]


def test_a_last_name_of_two_persons_stays_as_it_is():
    assert names(
        "Maria Karvi met Peter Karvi in Tavin. Maria Karvi left first, Peter Karvi later.",
        "“The pier is old,” Karvi said.",
    ) == ["Karvi"]


def test_both_halves_of_a_quotation_have_its_speaker():
    assert names("“The pier is old,” Karvi said, “and it leaks.” “We must act at once.”")[:2] == [
        "Karvi",
        "Karvi",
    ]
    assert names("“The pier is old,” Karvi said. “It leaks in every storm.”") == ["Karvi", "Karvi"]


def test_a_quotation_that_goes_on_over_paragraphs_keeps_its_speaker():
    found = names(
        "Karvi wrote to the members: “The pier is old and it leaks.",
        "“Nobody has looked after it.",
        "“We must act at once.”",
        "Tesk left the hall.",
    )
    assert found == ["Karvi", "Karvi", "Karvi"]


def test_a_paragraph_that_ends_with_a_colon_names_the_speaker_of_the_next():
    assert names("Karvi said in a statement:", "“The pier is old and it leaks.”") == ["Karvi"]


def test_a_pronoun_is_the_last_subject_that_fits():
    assert names("Maria Karvi opened the meeting in Tavin.", "“The pier is old,” she said.") == [
        "Maria Karvi"
    ]
    assert (
        names("“The pier is old,” said Maria Karvi.", "She added: “It leaks in every storm.”")[1]
        == "Maria Karvi"
    )


def test_a_pronoun_that_may_be_someone_else_has_no_speaker():
    assert names("Maria Karvi opened the meeting.", "“The pier is old,” he said.") == [None]
    # The last man who is named is no subject.
    assert names(
        "Peter Tesk opened the meeting. It was a hard day for Martin Quill.", "“The pier is old,” he said."
    ) == [None]


def test_a_form_of_address_tells_whom_a_pronoun_means():
    for title in ("Mr", "Mr."):
        assert names(f"{title} Tesk opened the meeting in Tavin.", "“The pier is old,” he said.") == ["Tesk"]
    found = Names(["Li opened the meeting. Mr. Lind was ill."])
    assert (found.gender("Lind"), found.gender("Li")) == ("he", None)


def test_headlines_with_a_name_and_a_colon():
    assert names("Karvi: “The pier is old and it leaks”", kind="title") == ["Karvi"]
    assert names("'The pier is old and it leaks', says Karvi", kind="title") == ["Karvi"]


def test_two_speakers_in_one_paragraph():
    text = "“The pier is old,” said Karvi. “It can wait for years,” said Tesk."
    assert names(text) == ["Karvi", "Tesk"]
    stretches = voices(text)
    (speakers,) = speakers_of([(text, "paragraph", stretches)])
    assert only_speaker(stretches, speakers) is None
    assert speaker_at(stretches, speakers, 1, 9) == "Karvi"
    assert speaker_at(stretches, speakers, 1, len(text)) is None
    assert only_speaker(voices("Plain words."), ()) is None


def test_units_and_their_rows_have_the_speaker():
    article = Article(
        "# Old pier\n\nMaria Karvi spoke first.\n\n“The pier is old and it leaks,” Karvi said.\n\nTesk left."
    )
    units = {unit.text[:5]: unit for unit in split(article)}
    quoted = units["“The "]
    assert quoted.speaker == "Maria Karvi"
    assert [voice["speaker"] for voice in quoted.to_dict()["voices"]] == ["Maria Karvi", None]
    assert "speakers" not in quoted.to_dict()
    assert units["Tesk "].speaker is None


def test_turns_have_the_name_of_their_label():
    lines = [
        "PETRA QUILL: Why did you close the pier?",
        "JAN TESK: It was about to fall into the sea.",
        "QUILL: Was there no other way to save it?",
        "TESK: None that we could have paid for.",
    ]
    article = Article("\n\n".join(["# The pier", *lines]), author="Petra Quill")
    found = [(unit.text.split(":")[0], unit.speaker) for unit in split(article) if unit.kind == "paragraph"]
    assert [name for label, name in found if "TESK" in label] == ["Jan Tesk", "Jan Tesk"]
    assert [name for label, name in found if "QUILL" in label] == [None, None]  # the author's own questions


def test_answers_without_a_name_have_no_speaker():
    lines = [
        "Q: Why did you close it?",
        "A: It was about to fall.",
        "Q: Will it open again?",
        "A: Not this year.",
    ]
    found = split(Article("\n\n".join(["# The pier", *lines])))
    assert {unit.speaker for unit in found} == {None}
