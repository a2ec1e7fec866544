"""Comments of a copied page: names, counts and buttons are no part of their texts. Invented documents."""

from __future__ import annotations

import pytest

from slant.records import Article, Unit
from slant.segment.markdown import parse_blocks
from slant.segment.units import split

ARTICLE = "\n\n".join(
    [
        "Council of Aldermoor votes to rebuild the mill",
        "The council of Aldermoor voted on Monday to rebuild the old mill, officials said, after a debate that lasted "
        "well into the night and ended with nine votes against four.",
        "Mayor Dagny Copsey told reporters that work is to begin in the spring of 2032. According to the statement, the "
        "wheel should turn again within two years.",
        "The flood of March 2030 destroyed the weir, the wheel and a part of the roof.",
    ]
)


def comments(pasted: str, article: str = ARTICLE) -> list[Unit]:
    text = f"{article}\n\n{pasted}"
    found = [unit for unit in split(Article(text=text)) if unit.kind == "comment"]
    for unit in found:
        for start, origin, size in unit.pieces:
            assert unit.text[start : start + size] == text[origin : origin + size]
    return found


def pairs(pasted: str) -> list[tuple[str | None, str]]:
    return [(unit.author, unit.text) for unit in comments(pasted)]


EXPECTED = [("Ada Bo", "What a waste of our money!"), ("river_otter", "lol, I told you so years ago")]


@pytest.mark.parametrize(
    "heading", ["Comments", "## Comments (2)", "47 Comments", "READER COMMENTS", "Responses", "2 comments:"]
)
@pytest.mark.parametrize(
    "lines",
    [
        ["Ada Bo: What a waste of our money!", "river_otter: lol, I told you so years ago"],
        [
            "Ada Bo (13 March): What a waste of our money!",
            "river_otter (14 March): lol, I told you so years ago",
        ],
        ["**Ada Bo** What a waste of our money!", "**river_otter** lol, I told you so years ago"],
        ["**Ada Bo:** What a waste of our money!", "**river_otter**: lol, I told you so years ago"],
        ["- Ada Bo: What a waste of our money!", "- river_otter: lol, I told you so years ago"],
        ["Ada Bo wrote: What a waste of our money!", "river_otter says: lol, I told you so years ago"],
    ],
)
@pytest.mark.parametrize("gap", ["\n", "\n\n"])
def test_names_before_the_text(heading: str, lines: list[str], gap: str) -> None:
    assert pairs(f"{heading}\n\n{gap.join(lines)}") == EXPECTED


def test_a_quoted_reply_with_a_name_answers_the_comment_above() -> None:
    found = comments(
        "Comments\n\nAda Bo: What a waste of our money!\n\n> Cy Dunn: No, it is not.\n\nEd Fry: Rebuild it now!"
    )
    assert [unit.author for unit in found] == ["Ada Bo", "Cy Dunn", "Ed Fry"]
    assert [unit.parent_id for unit in found] == [None, found[0].unit_id, None]


def test_words_with_a_colon_are_no_names() -> None:
    found = pairs(
        "2 comments\n\nAda Bo\nNote: you forgot to say who pays!!\n\nCy Dunn\nMy point: I told you so, lol"
    )
    assert found == [
        ("Ada Bo", "Note: you forgot to say who pays!!"),
        ("Cy Dunn", "My point: I told you so, lol"),
    ]


def test_a_video_page() -> None:
    pasted = (
        "2.1K Comments\nSort by\nTop comments\n\n@ada-bo\n2 years ago\nWhat a waste of our money!\n12\nReply\n\n"
        "@river_otter\n1 year ago (edited)\n@ada-bo you are so right. rebuild it mate\n3\nReply\nShow more replies"
    )
    assert pairs(pasted) == [
        ("@ada-bo", "What a waste of our money!"),
        ("@river_otter", "@ada-bo you are so right. rebuild it mate"),
    ]


def test_a_forum_page() -> None:
    entry = "{}\n•\n{}h ago\n{}\n\nUpvote\n{}\n\nDownvote\n\nReply\n\nAward\n\nShare"
    pasted = "\n\n".join(
        [
            "Sort by: Best",
            entry.format("adabo", 3, EXPECTED[0][1], 12),
            entry.format("river-otter", 2, EXPECTED[1][1], 3),
        ]
    )
    assert pairs(pasted) == [("adabo", EXPECTED[0][1]), ("river-otter", EXPECTED[1][1])]


def test_a_page_of_a_social_network() -> None:
    pasted = (
        "All comments\n\nAda Bo\nTop fan\nWhat a waste of our money!\nLike\nReply\n3d\n12\n\n"
        "Cy Dunn\nAda Bo I told you so, lol\nLike\nReply\n2w\n\nView 3 replies"
    )
    assert pairs(pasted) == [
        ("Ada Bo", "What a waste of our money!"),
        ("Cy Dunn", "Ada Bo I told you so, lol"),
    ]


def test_buttons_are_joined_to_nothing_and_wrapped_lines_are_joined() -> None:
    def button(line: str) -> bool:
        return line in ("Reply", "12")

    wrapped = (
        "The wheel of the mill was lost in the flood, and nobody has seen\n"
        "it since; the county says that it will cost as much as at least\n12"
    )
    assert [b.text for b in parse_blocks("So it ends in shame!\n12\nReply", alone=button)] == [
        "So it ends in shame!",
        "12",
        "Reply",
    ]
    assert len(parse_blocks(wrapped, alone=button)) == 1
