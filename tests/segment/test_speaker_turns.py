"""Transcripts, interviews and live blogs: whose words they are, and that no one in them is a commenter. Invented texts."""

from __future__ import annotations

import pytest

from slant.records import Article, Unit
from slant.segment.units import split

INTRO = "Dagny Copsey has run the ferry for eleven years. She met us on the pier, with a thermos and a folder of complaints."
QUESTIONS = [
    "Why did you stop the night boat?",
    "Your crew calls it a betrayal.",
    "Are you afraid of the vote?",
]
ANSWERS = [
    "I had no choice. My engines are older than most of my passengers, and I will not risk a life for a timetable.",
    "They are wrong about me. I told them in May that we would have to stop, and I told them why.",
    "Not at all! I have lost votes before, and I slept well every time.",
]


def units(text: str, **fields: str) -> list[Unit]:
    return split(Article(text=text, **fields))


def voices(unit: Unit) -> set[str]:
    return {voice for _, _, voice in unit.voices}


def words_of(found: list[Unit], voice: str) -> str:
    parts = [u.text[s:e] for u in found if u.is_content for s, e, v in u.voices if v == voice]
    return " ".join(" ".join(parts).split())


def test_labels_in_capitals_are_speakers() -> None:
    turns = [
        "ADA BRACKWELL, HOST: Good evening. The night boat is gone. With me is Captain Copsey.",
        "DAGNY COPSEY, FERRY OWNER: It is a disgrace that they blame me.",
        "BRACKWELL: Who does?",
        "(CROSSTALK)",
        "COPSEY: The crew. They are a bunch of cowards.",
    ]
    found = units("\n\n".join(["The night boat, a debate", "14 March 2031", *turns]))
    assert [u.kind for u in found[2:]] == ["paragraph", "paragraph", "paragraph", "metadata", "paragraph"]
    assert "bunch of cowards" in words_of(found, "quoted")
    assert "Who does?" in words_of(found, "quoted")
    assert words_of(found[2:], "outlet").split() == [
        *["ADA", "BRACKWELL,", "HOST:", "DAGNY", "COPSEY,", "FERRY", "OWNER:", "BRACKWELL:", "COPSEY:"]
    ]


def test_a_further_paragraph_belongs_to_the_turn() -> None:
    text = "\n\n".join(
        [
            "BRACKWELL: So what will you do now?",
            "COPSEY: Wait. There is nothing else that anybody could do.",
            "The engines are at the yard, and the yard is slower than my ferry.",
            "Captain Copsey then poured the last of the tea and said nothing for a while.",
            "BRACKWELL: And then?",
            "COPSEY: Then we sail.",
        ]
    )
    found = units(text)
    assert voices(found[2]) == {"quoted"}
    assert voices(found[3]) == {"outlet"}  # a paragraph about the speaker


@pytest.mark.parametrize("label", ["{}: ", "{}. ", "**{}:** "])
def test_questions_are_the_outlets_and_answers_are_quoted(label: str) -> None:
    lines = [
        label.format(letter) + text
        for pair in zip(QUESTIONS, ANSWERS, strict=True)
        for letter, text in zip("QA", pair, strict=True)
    ]
    found = units("\n\n".join(["The captain and the night boat", INTRO, *lines]))
    assert [u.kind for u in found] == ["title", *["paragraph"] * 7]
    assert all(text in words_of(found, "quoted") for text in ANSWERS)
    assert all(text in words_of(found, "outlet") for text in [INTRO, *QUESTIONS])


def test_bold_questions_to_a_person_have_quoted_answers() -> None:
    pairs = [line for q, a in zip(QUESTIONS, ANSWERS, strict=True) for line in (f"**{q}**", a)]
    found = units("\n\n".join(["# The captain and the night boat", INTRO, *pairs]))
    assert [voices(u) for u in found[2:]] == [{"outlet"}, {"quoted"}] * 3
    assert {u.kind for u in found[1:]} == {"paragraph"}


def test_an_explainer_with_bold_questions_is_the_outlets() -> None:
    pairs = [
        "**What is the night boat?**",
        "A ferry that crosses the bay after midnight. It was founded in 1911 by fishermen.",
        "**Why was it stopped?**",
        "The county withdrew the money in May. Two earlier appeals had failed in court.",
        "**What can you do if you have a ticket?**",
        "You can return it at any counter of the harbor until the end of June.",
    ]
    found = units("\n\n".join(["# The night boat explained", INTRO, *pairs]))
    assert words_of(found, "quoted") == ""


def test_lines_with_the_names_of_author_and_guest_are_no_commenters() -> None:
    lines = [
        line
        for question, answer in zip(QUESTIONS, ANSWERS, strict=True)
        for line in ("Ada Brackwell", question, "Dagny Copsey", answer)
    ]
    text = "\n\n".join(["The captain and the night boat", "By Ada Brackwell", INTRO, *lines])
    found = units(text)
    assert not [u for u in found if u.kind == "comment"]
    assert [u.text for u in found if u.kind == "metadata"] == [
        "By Ada Brackwell",
        *["Ada Brackwell", "Dagny Copsey"] * 3,
    ]
    assert all(text in words_of(found, "quoted") for text in ANSWERS)
    assert all(text in words_of(found, "outlet") for text in QUESTIONS)


def test_dialogue_with_dashes_is_quoted() -> None:
    lines = [
        "— Why did the boat stop?",
        "— Nobody paid for it.",
        "— And the crew?",
        "— They went home, every one of them.",
    ]
    found = units("\n\n".join(["The captain and the night boat", INTRO, *lines]))
    assert words_of(found, "outlet").count("—") == 4
    assert "Nobody paid for it." in words_of(found, "quoted")


@pytest.mark.parametrize(
    "lines",
    [
        [
            "WHAT: The parade of boats in the harbor.",
            "WHEN: Saturday at noon.",
            "WHERE: The old pier.",
            "WHAT: A concert.",
        ],
        [
            "MYTH: The ferry loses money.",
            "FACT: It has made a profit since 2019.",
            "MYTH: The crew is old.",
            "FACT: It is not.",
        ],
        [
            "Strengths: A new engine and a patient crew.",
            "Weaknesses: The hull.",
            "Strengths: The price.",
            "Weaknesses: The age.",
        ],
        [
            "Note: The harbor is closed on Sunday.",
            "The ferry sails on Monday as usual, the county said in a letter.",
        ],
    ],
)
def test_other_lists_with_colons_are_the_outlets(lines: list[str]) -> None:
    found = units("\n\n".join(["The captain and the night boat", INTRO, *lines]))
    assert words_of(found, "quoted") == ""


def test_entries_of_a_live_blog_are_paragraphs() -> None:
    entries = [
        (
            "21:40",
            "Ada Brackwell",
            "That's it from us! I will be back on the pier at dawn. Thank you for reading along.",
        ),
        (
            "21:12",
            "Bo Larkin",
            "I can hear the horn from my window, and you can surely hear the people shouting.",
        ),
        (
            "20:55",
            "Ada Brackwell",
            "Good evening. What do you think of the vote? You can write to us all night.",
        ),
    ]
    blocks = [f"{time}\n{name}\n\n{text}" for time, name, text in entries]
    found = units("\n\n".join(["The night boat: live", *blocks]))
    assert [u.text for u in found if u.kind == "paragraph"] == [text for *_, text in entries]
    assert [u.text for u in found if u.kind == "metadata"] == [
        w for time, name, _ in entries for w in (time, name)
    ]
    assert not [u for u in found if u.kind == "comment"]


def test_an_article_that_quotes_a_transcript_goes_on_in_its_own_voice() -> None:
    own = [
        "That is where the recording ends, according to the records of the county.",
        "The engines were built in 1911, and no yard in the country has spare parts for them.",
        "A report by the harbor office found three cracks in the hull of the older boat.",
    ]
    turns = [
        "BRACKWELL: Did they know?",
        "COPSEY: They did.",
        "BRACKWELL: All of them?",
        "COPSEY: Every one, I swear.",
    ]
    found = units("\n\n".join(["The night boat", INTRO, *turns[:2], *own, *turns[2:], *own]))
    assert all(text in words_of(found, "outlet") for text in own)
    assert "Every one, I swear." in words_of(found, "quoted")
