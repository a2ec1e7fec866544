"""Transcripts, interviews, live blogs, pasted comments and page furniture. Invented documents."""

from __future__ import annotations

from itertools import pairwise

import pytest

from slant.records import Article, Part, Unit
from slant.segment.article_header import header_metadata
from slant.segment.furniture import furniture_role, wall_reason
from slant.segment.units import split

TITLE = "Mill of Aldermoor will be rebuilt"
BODY = [
    "The council of Aldermoor voted on Monday to rebuild the old mill, officials said, after a debate that lasted "
    "well into the night.",
    "Mayor Dagny Copsey told reporters that work is to begin in the spring. According to the statement, the wheel "
    "should turn again within two years.",
    "The flood of March destroyed the weir, the wheel and a part of the roof. The county reported damage of 11 "
    "million crowns.",
]


def units_of(text: str, *, author: str | None = None) -> list[Unit]:
    return split(Article(text=text, author=author, markup="markdown"))


def kinds(units: list[Unit]) -> dict[str, str]:
    return {unit.text: unit.kind for unit in units}


def voice_of(unit: Unit) -> list[str]:
    """Voices of a unit in order, equal neighbors once; the stretches must tile its text."""
    assert [s[0] for s in unit.voices[1:]] == [s[1] for s in unit.voices[:-1]]
    assert (unit.voices[0][0], unit.voices[-1][1]) == (0, len(unit.text))
    found: list[str] = []
    for _, _, voice in unit.voices:
        found += [voice] if found[-1:] != [voice] else []
    return found


def comments_of(text: str) -> list[tuple[str | None, str]]:
    return [(unit.author, unit.text) for unit in units_of(text) if unit.kind == "comment"]


def pasted(*lines: str) -> str:
    return "\n\n".join([TITLE, "By Ada Brook", *BODY]) + "\n\n" + "\n".join(lines) + "\n"


# ---- conversations


def test_turns_of_a_transcript_are_quoted_and_no_headings() -> None:
    turns = [
        "ADA BROOK, HOST: Good evening. The council has voted. Mayor, are you proud?",
        "DAGNY COPSEY, MAYOR OF ALDERMOOR: It was a hard night for all of us.",
        "BROOK: Who shouted?",
        "COPSEY: The millers. They are fools.",
        "(CROSSTALK)",
        "BROOK: That is a strong word.",
        "COPSEY: It is the right one.",
    ]
    units = units_of("\n\n".join(["Council meeting on the mill", *turns]))
    by_text = {unit.text: unit for unit in units}
    assert by_text["(CROSSTALK)"].kind == "metadata"
    for turn in turns:
        if turn != "(CROSSTALK)":
            assert (by_text[turn].kind, voice_of(by_text[turn])) == ("paragraph", ["outlet", "quoted"]), turn
    fools = by_text["COPSEY: The millers. They are fools."]
    assert fools.text[fools.voices[1][0] :] == "The millers. They are fools."


def test_questions_of_an_interview_are_the_outlets_and_answers_are_quoted() -> None:
    questions = ["Q: Why rebuild the mill?", "Q: What does it cost?"]
    answers = ["A: I was born beside it. We all were.", "A: Less than you fear."]
    turns = [line for pair in zip(questions, answers, strict=True) for line in pair]
    units = {unit.text: unit for unit in units_of("\n\n".join([TITLE, "By Ada Brook", BODY[0], *turns]))}
    assert [voice_of(units[question]) for question in questions] == [["outlet"]] * 2
    assert [voice_of(units[answer]) for answer in answers] == [["outlet", "quoted"]] * 2
    assert voice_of(units[BODY[0]]) == ["outlet"]


def test_bold_questions_and_answers_in_the_first_person() -> None:
    text = "\n\n".join(
        [
            f"# {TITLE}",
            BODY[0],
            "**Why did you vote for it?**",
            "I was born beside the mill, and my father worked there.",
            "**Did your party ask you to?**",
            "No. I made up my own mind.",
        ]
    )
    units = {unit.text: unit for unit in units_of(text)}
    assert voice_of(units["Why did you vote for it?"]) == ["outlet"]
    assert voice_of(units["No. I made up my own mind."]) == ["quoted"]


@pytest.mark.parametrize(
    "lines",
    [
        ["Note: The office is closed on Monday.", "Price: It costs 4 crowns.", "Venue: The old mill."],
        [
            "Myth: Mills are loud.",
            "Fact: This one is not.",
            "Myth: Mills are slow.",
            "Fact: They grind fast.",
        ],
        ["What happens now?", "The county decides in May.", "Who pays?", "The county pays for half of it."],
    ],
)
def test_other_lists_with_colons_are_no_conversation(lines: list[str]) -> None:
    for unit in units_of("\n\n".join([TITLE, *BODY, *lines])):
        assert "quoted" not in voice_of(unit), unit.text


def test_an_interview_with_lines_of_names_has_no_comments() -> None:
    intro = "Dagny Copsey has been mayor for six years. On Monday she spoke about the mill with the Herald."
    turns = [
        ("Ada Brook", "Why did you vote for it?"),
        ("Dagny Copsey", "I was born beside the mill, you know. I can't stand to see it rot."),
        ("Ada Brook", "Your critics say you never counted the cost."),
        ("Dagny Copsey", "That's not true! It is written in the harbour log. I told them so."),
    ]
    lines = [line for turn in turns for line in turn]
    units = units_of("\n\n".join([TITLE, "By Ada Brook", intro, *lines]), author="Ada Brook")
    assert [unit.kind for unit in units if unit.text in ("Ada Brook", "Dagny Copsey")] == ["metadata"] * 4
    voices = {unit.text: voice_of(unit) for unit in units if unit.kind == "paragraph"}
    assert voices == {
        intro: ["outlet"],
        turns[0][1]: ["outlet"],
        turns[1][1]: ["quoted"],
        turns[2][1]: ["outlet"],
        turns[3][1]: ["quoted"],
    }


@pytest.mark.parametrize("layout", ["{time}\n{name}", "{time} {name}", "{name}\n{time}", "{time}"])
def test_entries_of_a_live_blog_are_paragraphs(layout: str) -> None:
    entries = [
        (
            "21:40",
            "Ada Brook",
            "That's it from us tonight. Thank you for reading along, and I wish you well!",
        ),
        ("21:12", "Ada Brook", "The result is in! I can hear people crying behind me, can you?"),
        ("20:58", "Bo Larkin", "The mayor is on her feet. I don't think anyone here believes her."),
    ]
    blocks = [f"{layout.format(time=time, name=name)}\n\n{text}" for time, name, text in entries]
    units = units_of("\n\n".join(["Vote on the mill: live", "14 March 2023", *blocks]))
    assert [unit.text for unit in units if unit.kind == "paragraph"] == [text for _, _, text in entries]
    assert {unit.kind for unit in units} == {"title", "metadata", "paragraph"}


# ---- pasted comments


@pytest.mark.parametrize(
    "lines",
    [
        ["## Comments (2)", "", "**Bo Larkin** (13 March): What a waste.", "", "**cy_dunn**: Good news."],
        ["READER COMMENTS", "", "Bo Larkin: What a waste.", "cy_dunn: Good news."],
        ["Responses", "", "Bo Larkin (13 March): What a waste.", "", "cy_dunn (14 March): Good news."],
        ["2 Comments", "Bo Larkin", "3d", "What a waste.", "Reply", "", "cy_dunn", "2d", "Good news.", "12"],
        [
            *(
                "Sort by: Best",
                "",
                "Bo Larkin",
                "•",
                "3h ago",
                "What a waste.",
                "",
                "Upvote",
                "12",
                "",
                "Reply",
            ),
            *("", "cy_dunn", "•", "2h ago", "Good news.", "", "Upvote", "3"),
        ],
        ["Comments", "", "Bo Larkin", "What a waste.", "Upvote 12", "", "cy_dunn", "Good news.", "Reply"],
    ],
    ids=["bold", "colon", "dates", "lines", "bullets", "counts"],
)
def test_names_and_buttons_are_no_part_of_pasted_comments(lines: list[str]) -> None:
    assert comments_of(pasted(*lines)) == [("Bo Larkin", "What a waste."), ("cy_dunn", "Good news.")]


def test_a_quoted_line_with_a_name_answers_the_comment_above() -> None:
    lines = ["Comments", "", "**Bo Larkin**: What a waste.", "", "> **Cy Dunn**: It is not yours."]
    units = units_of(pasted(*lines, "", "**Di Moor**: Good news."))
    first, reply, last = (unit for unit in units if unit.kind == "comment")
    assert (reply.parent_id, reply.text) == (first.unit_id, "It is not yours.")
    assert (first.parent_id, last.parent_id) == (None, None)


def test_the_label_of_a_comment_is_kept_as_metadata_with_its_offsets() -> None:
    text = pasted("Comments", "", "Bo Larkin (13 March): What a waste.", "", "Cy Dunn (14 March): Good news.")
    units = units_of(text)
    assert [u.text for u in units if "March)" in u.text] == ["Bo Larkin (13 March):", "Cy Dunn (14 March):"]
    for unit in units:
        for start, origin, size in unit.pieces:
            assert unit.text[start : start + size] == text[origin : origin + size]
    assert all(before.end <= after.start for before, after in pairwise(units))


def test_wrapped_lines_are_still_joined() -> None:
    wrapped = (
        "The council of Aldermoor voted on Monday to rebuild\nthe old mill after a debate that lasted well into\n"
        "the night."
    )
    assert wrapped.replace("\n", " ") in kinds(units_of(f"{TITLE}\n\n{wrapped}\n\n{BODY[1]}"))


# ---- furniture


@pytest.mark.parametrize(
    ("line", "role"),
    [
        ("312 shares", "metadata"),
        ("1.2k views", "metadata"),
        ("45", "metadata"),
        ("View comments", "metadata"),
        ("12.3k viewing now", "metadata"),
        ("Scroll down for video", "media"),
        ("+5", "media"),
        ("View gallery", "media"),
        ("Dagny Copsey (pictured outside the mill on Monday) said the vote was close", "media"),
        ("TRENDING", "boilerplate"),
        ("ENDS", "boilerplate"),
        ("Advertisement", "boilerplate"),
        ("Read more", "boilerplate"),
        ("Read more: The mill that never sleeps", "boilerplate"),
        ("(Reporting by Ada Brook; Editing by Bo Larkin)", "boilerplate"),
        ("Share or comment on this article: The mill", "boilerplate"),
        ("Subscribe to continue reading", "boilerplate"),
        ("You have read all of your free articles this month.", "boilerplate"),
        ("The ends of the beam were burnt.", ""),
        ("Read more books, the mayor said.", ""),
        ("You have read the stories about the mill, and you are angry.", ""),
        ("The wheel (left and right of the weir) broke in the flood of March", ""),
        ("312 shares of the mill were sold on Monday.", ""),
    ],
)
def test_furniture(line: str, role: str) -> None:
    assert furniture_role(line) == role
    found = kinds(units_of("\n\n".join([TITLE, BODY[0], line, *BODY[1:]])))[line]
    assert (found == role) if role else found not in ("metadata", "media", "boilerplate")


def test_links_below_trending_and_footnotes() -> None:
    noted = "The wheel is the oldest of its kind.[1]"
    note = "[1] A wheel in Dunmere may be older."
    lines = ["TRENDING", "Ten mills to see before you die", "4.1k viewing now", BODY[1], noted, BODY[2], note]
    found = kinds(units_of("\n\n".join([TITLE, BODY[0], *lines])))
    assert found["Ten mills to see before you die"] == "boilerplate"
    assert (found[note], found[noted], found[BODY[1]]) == ("metadata", "paragraph", "paragraph")


def test_a_number_in_brackets_that_nothing_refers_to_is_no_footnote() -> None:
    line = "[1] This wheel turned for two hundred years before the flood."
    assert kinds(units_of("\n\n".join([TITLE, *BODY, line])))[line] == "paragraph"


def test_a_heading_below_a_single_teaser_stays() -> None:
    lines = ["Related stories", "The cost of the wheel", BODY[1]]
    assert kinds(units_of("\n\n".join([TITLE, BODY[0], *lines])))["The cost of the wheel"] == "heading"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("By ADA BROOK FOR THE ALDERMOOR HERALD", {"author": "Ada Brook"}),
        ("By Ada Brook for The Herald", {"author": "Ada Brook"}),
        ("By Ada Brook", {"author": "Ada Brook"}),
        ("PUBLISHED: 21:40, 14 March 2023 | UPDATED: 08:15, 15 March 2023", {"published": "2023-03-14"}),
        ("Published at 9:40pm, 14 March 2023", {"published": "2023-03-14"}),
        ("Published 14 March 2023", {"published": "2023-03-14"}),
    ],
)
def test_bylines_and_dates_of_copied_pages(line: str, expected: dict[str, str]) -> None:
    assert header_metadata(f"{TITLE}\n\n{line}\n\n{BODY[0]}\n") == {"title": TITLE, **expected}


# ---- walls


def test_a_consent_wall_is_named_and_an_article_about_cookies_is_none() -> None:
    wall = [
        "By choosing “Accept” you agree that our sites use cookies and similar technologies.",
        "Your information is shared with advertising partners, who personalise content and personalised ads.",
        "See our Cookie Policy and change your cookie settings at any time.",
    ]
    assert wall_reason(wall) == "consent_page"
    assert (
        wall_reason(["Checking your browser before you go on.", "Please enable JavaScript."])
        == "blocked_page"
    )
    story = "Regulators said on Monday that the mill's site set cookies without consent. The fine is small."
    assert wall_reason([*BODY, story]) is None


# ---- tables and second titles


def test_rows_of_a_table_are_no_commenters_and_no_headings() -> None:
    rows = ["Year | Damage", "2019 | 4 million", "2023 | 11 million"]
    units = split(
        Article(
            text="\n\n".join([TITLE, *BODY, *rows, "> It was bound to happen, the miller said."]),
            markup="page",
        )
    )
    assert {unit.text: unit.kind for unit in units if "|" in unit.text} == dict.fromkeys(rows, "paragraph")
    assert not any(unit.kind == "comment" for unit in units)


@pytest.mark.parametrize(
    ("above", "kind"),
    [
        ("Board blames the flood; the miller blames the board", "subtitle"),
        (TITLE, "title"),
    ],
)
def test_an_article_with_a_title_of_its_own_has_no_second_one(above: str, kind: str) -> None:
    text = "\n\n".join([TITLE, above, *BODY])
    at = len(TITLE)
    article = Article(
        text, title=TITLE, markup="none", parts=(Part(0, at, "title"), Part(at, len(text), "body"))
    )
    assert [unit.kind for unit in split(article)] == ["title", kind, *["paragraph"] * 3]


def test_a_body_of_one_line_is_a_paragraph() -> None:
    text = f"{TITLE}\n\nThe wheel turns again"
    at = len(TITLE)
    article = Article(
        text, title=TITLE, markup="none", parts=(Part(0, at, "title"), Part(at, len(text), "body"))
    )
    assert [unit.kind for unit in split(article)] == ["title", "paragraph"]


@pytest.mark.parametrize("line", ["Page 2", "Page 3 of 12", "page 4/9"])
def test_page_numbers_are_metadata(line: str) -> None:
    assert furniture_role(line) == "metadata"
    assert furniture_role(f"{line} of the report names the mayor.") == ""


def test_a_short_consent_wall_is_named() -> None:
    wall = [
        "Before you continue",
        "We and our 12 partners access information on your device, such as cookies.",
        "Accept all or reject all",
    ]
    assert wall_reason(wall) == "consent_page"
