"""Reader comments below an article, with and without markers. Invented documents."""

from __future__ import annotations

from slant.records import Article, Part, Unit
from slant.segment.units import split

ARTICLE = [
    "Council of Aldermoor votes to rebuild the mill",
    "The council of Aldermoor voted on Monday to rebuild the old mill, officials said, after a debate that lasted "
    "well into the night and ended with nine votes against four.",
    "Mayor Dagny Copsey told reporters that work is to begin in the spring of 2032. According to the statement, the "
    "wheel should turn again within two years.",
    "The flood of March 2030 destroyed the weir, the wheel and a part of the roof. The county reported damage of "
    "11 million crowns along the river.",
    "Two members of the Harbour Party said on Tuesday that they would ask the court in Dunmere to stop the plan, "
    "which the party described as unlawful.",
]
LOUD = [
    "you people never learn, do you?? i said it years ago and nobody listened",
    "I agree with you, but my neighbours don't. What a waste of our money!",
    "lol, great article!! you forgot to say who is going to pay for it though",
    "Go mill, go!",
    "Why don't you ask the people who live there? I do, and I can't wait to see it turn again!",
]


def comments_of(text: str, comments_from: str | None = None) -> list[Unit]:
    return [unit for unit in split(Article(text=text), comments_from=comments_from) if unit.kind == "comment"]


def test_author_lines_without_a_marker() -> None:
    thread = [
        ("Ada Brackwell", LOUD[0]),
        ("river_otter", LOUD[1]),
        ("The Lamplighter", LOUD[2]),
        ("Bo L.", LOUD[3]),
    ]
    text = "\n\n".join([*ARTICLE, *(line for pair in thread for line in pair)])
    assert [(unit.author, unit.text) for unit in comments_of(text)] == thread
    lines = [unit.text for unit in split(Article(text=text)) if unit.kind == "metadata"]
    assert lines == [name for name, _ in thread]


def test_the_first_comment_may_have_no_author_line() -> None:
    text = "\n\n".join(
        [*ARTICLE, LOUD[0], "Ada Brackwell", LOUD[1], "river_otter", LOUD[2], "Bo Larkin", LOUD[4]]
    )
    assert [(u.author, u.text) for u in comments_of(text)] == [
        (None, LOUD[0]),
        ("Ada Brackwell", LOUD[1]),
        ("river_otter", LOUD[2]),
        ("Bo Larkin", LOUD[4]),
    ]


def test_extra_blank_lines_separate_comments_without_author_lines() -> None:
    text = (
        "\n\n".join(ARTICLE)
        + "\n\n\n"
        + "\n\n\n".join(LOUD[:4])
        + "\n\n\n\nAda Brackwell\n\n"
        + LOUD[4]
        + "\n"
    )
    assert [(u.author, u.text) for u in comments_of(text)] == [
        *((None, line) for line in LOUD[:4]),
        ("Ada Brackwell", LOUD[4]),
    ]


def test_a_comment_may_have_several_paragraphs() -> None:
    text = "\n\n".join([*ARTICLE, "Ada Brackwell", LOUD[0], LOUD[1], "river_otter", LOUD[2], LOUD[4]])
    found = comments_of(text)
    assert [u.text for u in found] == [f"{LOUD[0]}\n\n{LOUD[1]}", f"{LOUD[2]}\n\n{LOUD[4]}"]
    for unit in found:
        for start, origin, size in unit.pieces:
            assert unit.text[start : start + size] == text[origin : origin + size]


def test_a_lower_case_paragraph_of_a_comment_is_not_joined() -> None:
    said = "i have lived by this river for forty years and i never saw a flood like that one"
    text = "\n\n".join(
        [*ARTICLE, "Ada Brackwell", said, "and you know it!!", "river_otter", LOUD[2], "Bo Larkin", LOUD[4]]
    )
    assert comments_of(text)[0].text == f"{said}\n\nand you know it!!"


def test_repeated_comments_are_kept_and_flagged() -> None:
    pair = ["Ada Brackwell", LOUD[0]]
    text = "\n\n".join([*ARTICLE, *pair, "river_otter", LOUD[1], *pair, "Bo Larkin", LOUD[0]])
    found = comments_of(text)
    assert [u.flags for u in found] == [(), (), (f"duplicate_of:{found[0].unit_id}",), ()]


def test_an_explicit_marker_starts_the_comments() -> None:
    calm = ["The plan of the county seems sound.", "The weir was built in 1911."]
    for marker in ("Comments (2)", "## 2 comments", "Leave a reply", "**Comments:**"):
        text = "\n\n".join([*ARTICLE, marker, "Ada Brackwell", calm[0], "Bo Larkin says:", calm[1]])
        assert [(u.author, u.text) for u in comments_of(text)] == [
            ("Ada Brackwell", calm[0]),
            ("Bo Larkin", calm[1]),
        ]


def test_interface_text_between_comments_is_metadata() -> None:
    text = "\n\n".join(
        [
            *ARTICLE,
            "2 comments",
            "Ada Brackwell",
            "3 hours ago",
            LOUD[0],
            "Reply",
            "Bo Larkin • 2 days ago",
            LOUD[1],
            "12 likes",
        ]
    )
    assert [(u.author, u.text) for u in comments_of(text)] == [
        ("Ada Brackwell", LOUD[0]),
        ("Bo Larkin", LOUD[1]),
    ]
    kinds = {unit.text: unit.kind for unit in split(Article(text=text))}
    assert {kinds[line] for line in ("2 comments", "3 hours ago", "Reply", "12 likes")} == {"metadata"}


def test_comments_after_boilerplate_and_boilerplate_after_comments() -> None:
    note, footer = "Note to readers: please share this article.", "© 2031 The Lantern. All rights reserved."
    text = "\n\n".join(
        [*ARTICLE, note, "Ada Brackwell", LOUD[0], "river_otter", LOUD[1], "Bo Larkin", LOUD[2], footer]
    )
    assert [u.author for u in comments_of(text)] == ["Ada Brackwell", "river_otter", "Bo Larkin"]
    kinds = {unit.text: unit.kind for unit in split(Article(text=text))}
    assert kinds[note] == kinds[footer] == "boilerplate"


def test_headings_that_look_like_names_are_not_author_lines() -> None:
    text = "\n\n".join(
        [
            *ARTICLE[:3],
            "Dagny Copsey",
            ARTICLE[3],
            "The Harbour Party",
            ARTICLE[4],
            "Port Dunmere",
            ARTICLE[1],
        ]
    )
    assert comments_of(text) == []
    kinds = {unit.text: unit.kind for unit in split(Article(text=text))}
    assert kinds["Dagny Copsey"] == kinds["Port Dunmere"] == "heading"


def test_irregular_gaps_in_an_article_start_no_comments() -> None:
    assert comments_of("\n\n\n".join(ARTICLE[:3]) + "\n\n\n\n\n" + "\n\n".join(ARTICLE[3:])) == []


def test_a_marker_without_comments_is_metadata() -> None:
    found = split(Article(text="\n\n".join([*ARTICLE, "Leave a reply"])))
    assert [unit.kind for unit in found[-2:]] == ["paragraph", "metadata"]


def test_comments_from_overrides_detection() -> None:
    calm = ["The plan of the county seems sound.", "The weir was built in 1911."]
    text = "\n\n".join([*ARTICLE, *calm])
    assert comments_of(text) == []
    assert [u.text for u in comments_of(text, "The plan of")] == calm
    assert [u.text for u in comments_of(text, "county seems")] == calm
    assert comments_of(text, "no such line") == []


def test_comments_from_works_without_blank_lines() -> None:
    text = "\n".join([*ARTICLE, "Ada Brackwell", LOUD[0]])
    assert [(u.author, u.text) for u in comments_of(text, "Ada Brackwell")] == [("Ada Brackwell", LOUD[0])]


def test_comments_from_prefers_a_line_that_starts_with_the_text() -> None:
    text = "\n\n".join(
        [*ARTICLE[:2], "They called it the mill of Ada Brackwell.", *ARTICLE[2:], "Ada Brackwell", LOUD[0]]
    )
    assert [u.text for u in comments_of(text, "Ada Brackwell")] == [LOUD[0]]


def test_comments_from_that_matches_the_title_leaves_the_stated_body_alone() -> None:
    title, body = (
        "Comments on the ferry plan",
        "The ferry plan was read aloud in the town hall on Monday evening.",
    )
    text = f"{title}\n\n{body}"
    parts = (Part(0, len(title), "title"), Part(len(title) + 2, len(text), "body"))
    found = split(Article(text=text, markup="none", parts=parts), comments_from="Comments")
    assert [unit.kind for unit in found] == ["title", "paragraph"]


def test_only_pages_without_separated_comments_are_searched_for_comments() -> None:
    thread = "\n\n".join(["2 comments", "Ada Brackwell", LOUD[0], "river_otter", LOUD[2]])
    body = "\n\n".join([*ARTICLE[1:], thread])
    text = f"{ARTICLE[0]}\n\n{body}"
    parts = (Part(0, len(ARTICLE[0]), "title"), Part(len(ARTICLE[0]) + 2, len(text), "body"))
    found = {
        markup: [
            u.author for u in split(Article(text=text, markup=markup, parts=parts)) if u.kind == "comment"
        ]
        for markup in ("page", "none")
    }
    assert found == {"page": ["Ada Brackwell", "river_otter"], "none": []}
