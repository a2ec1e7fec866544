"""Units of articles as they are copied from pages, on invented documents."""

from __future__ import annotations

import pytest

from slant.records import Article, Part, Unit
from slant.segment.units import split

PARAGRAPH = (
    "The council of Aldermoor voted on Monday to rebuild the old mill, after a debate that lasted "
    "well into the night and ended with nine votes against four."
)
OTHER = (
    "Work is to begin in the spring, the mayor said, and the wheel should turn again within two years "
    "if the river allows it."
)


def units(text: str, **fields: object) -> list[Unit]:
    article = Article(text=text, **fields)  # type: ignore[arg-type]
    found = split(article)
    for unit in found:
        assert unit.start <= unit.end <= len(text)
        for start, origin, size in unit.pieces:
            assert unit.text[start : start + size] == text[origin : origin + size]
            assert unit.start <= origin <= origin + size <= unit.end
    return found


def kinds(text: str) -> list[tuple[str, str]]:
    return [(unit.kind, unit.text) for unit in units(text)]


@pytest.mark.parametrize("title", ["# Mill to turn again", "## Mill to turn again ##", "Mill to turn again"])
def test_title_with_and_without_markup(title: str) -> None:
    found = units(f"\n\n{title}\n\n{PARAGRAPH}\n\n{OTHER}\n")
    assert [(u.kind, u.text) for u in found] == [
        ("title", "Mill to turn again"),
        ("paragraph", PARAGRAPH),
        ("paragraph", OTHER),
    ]
    assert {u.title for u in found} == {"Mill to turn again"}


def test_underlined_title() -> None:
    assert kinds(f"Mill to turn again\n==================\n\n{PARAGRAPH}")[0] == (
        "title",
        "Mill to turn again",
    )


def test_a_document_that_starts_with_running_text_has_no_title() -> None:
    assert kinds(f"{PARAGRAPH}\n\n{OTHER}") == [("paragraph", PARAGRAPH), ("paragraph", OTHER)]


def test_a_stated_title_is_used_and_located() -> None:
    found = units(f"The Lantern\n\nMill to turn again\n\n{PARAGRAPH}", title="Mill to Turn Again")
    assert found[1].kind == "title"
    assert found[1].title == "Mill to Turn Again"


def test_head_of_a_copied_article() -> None:
    head = [
        ("title", "# Mill to turn again", "Mill to turn again"),
        ("subtitle", "Aldermoor rebuilds what the flood took", "Aldermoor rebuilds what the flood took"),
        ("metadata", "By [Ada Brackwell](#)", "By Ada Brackwell"),
        ("metadata", "The Lantern, March 10, 2031", "The Lantern, March 10, 2031"),
        ("metadata", "[The Lantern](#) 9 March 2031", "The Lantern 9 March 2031"),
        ("metadata", "Region: [North & Coast](#), [Hills](#)", "Region: North & Coast, Hills"),
        ("metadata", "In-depth Report: [MILLS](#)", "In-depth Report: MILLS"),
        ("lead", f"*{OTHER}*", OTHER),
        ("paragraph", PARAGRAPH, PARAGRAPH),
    ]
    text = "\n\n".join(source for _, source, _ in head)
    assert kinds(text) == [(kind, plain) for kind, _, plain in head]


def test_front_matter_is_metadata() -> None:
    found = kinds(f"---\ntitle: Mill\ntags:\n  - mills\n---\n# Mill to turn again\n\n{PARAGRAPH}")
    assert [kind for kind, _ in found] == ["metadata", "title", "paragraph"]


@pytest.mark.parametrize("mark", ["## ", "#### ", "###### ", "", "**"])
def test_headings_of_any_level_and_without_markup_are_found(mark: str) -> None:
    heading = f"{mark}What the flood took{'**' if mark == '**' else ''}"
    found = kinds(f"# Mill to turn again\n\n{PARAGRAPH}\n\n{heading}\n\n{OTHER}\n\n{PARAGRAPH}")
    assert found[2] == ("heading", "What the flood took")


@pytest.mark.parametrize(
    "short",
    [
        "Nobody was hurt.",
        "“It will turn again,” she said",
        "the wheel, too, was lost",
        "He added three points:",
    ],
)
def test_short_paragraphs_are_not_headings(short: str) -> None:
    assert kinds(f"Mill to turn again\n\n{PARAGRAPH}\n\n{short}\n\n{OTHER}")[2] == ("paragraph", short)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "The mayor had promised that the wheel of the mill, which the flood of last spring took,",
            "would turn again.",
        ),
        ("“We will rebuild it, stone by stone,” the mayor said. “Otherwise,", "we will all be poorer.”"),
        (
            "Nobody expected such a crowd in the old mill on the evening that was opened by the",
            "Mayor of Aldermoor.",
        ),
    ],
)
def test_a_paragraph_split_by_a_page_break_is_one_unit(before: str, after: str) -> None:
    text = f"Mill to turn again\n\n{PARAGRAPH}\n\n{before}\n\n{after}\n\n{OTHER}"
    found = units(text)
    assert [(u.kind, u.text) for u in found[2:]] == [("paragraph", f"{before} {after}"), ("paragraph", OTHER)]
    assert text[found[2].start : found[2].end] == f"{before}\n\n{after}"


def test_a_paragraph_split_twice_is_one_unit() -> None:
    fragments = [
        "The wheel of the old mill by the river, which nobody",
        "had seen",
        "turning since the war, was lost.",
    ]
    found = kinds("\n\n".join(["Mill to turn again", PARAGRAPH, *fragments, OTHER]))
    assert found[2] == ("paragraph", " ".join(fragments))


@pytest.mark.parametrize("mark", ["- ", "* ", "+ ", "• ", "  • ", "1. ", "(2) ", "   - "])
def test_each_list_item_is_a_unit(mark: str) -> None:
    items = "\n".join(f"{mark}the {thing} of the mill;" for thing in ("wheel", "roof", "weir"))
    found = kinds(f"Mill to turn again\n\n{PARAGRAPH}\n\n{items}\n\n{OTHER}")
    assert found[2:5] == [("list_item", f"the {thing} of the mill;") for thing in ("wheel", "roof", "weir")]
    assert found[5] == ("paragraph", OTHER)


def test_indented_lines_continue_a_list_item() -> None:
    found = kinds(f"Mill\n\n{PARAGRAPH}\n\n- the wheel of the mill\n  and its axle\n- the roof\n\n{OTHER}")
    assert found[2:4] == [("list_item", "the wheel of the mill and its axle"), ("list_item", "the roof")]


def test_block_quotation() -> None:
    found = kinds(
        f"Mill\n\n{PARAGRAPH}\n\n> It belongs to all of us,\n> and always has.\n>\n> Always.\n\n{OTHER}"
    )
    assert [kind for kind, _ in found] == ["title", "paragraph", "quote", "quote", "paragraph"]
    assert found[2][1] == "It belongs to all of us, and always has."


def test_a_paragraph_that_is_one_quotation_is_a_paragraph() -> None:
    said = "“It belongs to all of us, and it always has, whatever they say,” said Corin Jessop, a miller."
    assert kinds(f"Mill to turn again\n\n{PARAGRAPH}\n\n{said}\n\n{OTHER}")[2] == ("paragraph", said)


@pytest.mark.parametrize(
    ("source", "plain"),
    [
        ("https://mill.example/IMR_16_03.mp4", "https://mill.example/IMR_16_03.mp4"),
        (
            r"[https://mill.example/I\\_16.mp4](https://mill.example/I_16.mp4)",
            "https://mill.example/I_16.mp4",
        ),
        ("Watch: <https://mill.example/v/1>", "Watch: https://mill.example/v/1"),
        ("![The wheel](wheel.jpg)", "The wheel"),
    ],
)
def test_media(source: str, plain: str) -> None:
    assert kinds(f"Mill to turn again\n\n{PARAGRAPH}\n\n{source}\n\n{OTHER}")[2] == ("media", plain)


@pytest.mark.parametrize("rule", ["*", r"\*", "---", "* * *", "***", "—", "___", "•"])
def test_scene_breaks_give_no_unit(rule: str) -> None:
    found = kinds(f"Mill to turn again\n\n{PARAGRAPH}\n\n{rule}\n\n{OTHER}")
    assert [kind for kind, _ in found] == ["title", "paragraph", "paragraph"]


BOILERPLATE = [
    "Note to readers: tell a neighbour about the mill with our share buttons.",
    "Support The Lantern through the winter. *If these pages are of use to you, please donate to our paper fund.*",
    "PayPal: [lantern@mill.example](mailto:lantern@mill.example) or via: <https://www.patreon.com/lantern>",
    "*This story was originally published in [The Lantern](#).*",
    "[Ada Brackwell](#) is an [award-winning](#) journalist. She writes about mills.",
    "*Featured image is from the council*",
    "The original source of this story is The Lantern  \nCopyright © [Ada Brackwell](#), The Lantern, 2031",
    "[Comment on this story on our Facebook page](#)",
    "**[Become a Member of The Lantern](#)**",
    "Articles by: [Ada Brackwell](#)",
    "**Disclaimer:** Opinions in these columns are those of the people who wrote them, and The Lantern is not responsible.",
    'This page may show copyrighted material. Whoever goes beyond "fair use" needs the copyright owner to agree.',
    "For media inquiries: [lantern@mill.example](mailto:lantern@mill.example)",
    "Subscribe to our newsletter and never miss a mill.",
    "© 2031 The Lantern. All rights reserved.",
]


@pytest.mark.parametrize("line", BOILERPLATE)
def test_one_line_of_boilerplate_at_the_end(line: str) -> None:
    found = kinds(f"Mill to turn again\n\nBy Ada Brackwell\n\n{PARAGRAPH}\n\n{OTHER}\n\n{line}")
    assert [kind for kind, _ in found[:4]] == ["title", "metadata", "paragraph", "paragraph"]
    assert {kind for kind, _ in found[4:]} == {"boilerplate"}


def test_many_lines_of_boilerplate_at_the_end() -> None:
    found = kinds(
        "\n\n".join(
            ["Mill to turn again", PARAGRAPH, OTHER, r"\*", *BOILERPLATE[:6], "---", *BOILERPLATE[6:]]
        )
    )
    assert [kind for kind, _ in found[:3]] == ["title", "paragraph", "paragraph"]
    assert {kind for kind, _ in found[3:]} == {"boilerplate"}


@pytest.mark.parametrize(
    "line",
    [
        "The museum said it would donate the proceeds of the exhibition to the mill, and asked others to follow.",
        "Corin Jessop, a professor of milling at Dunmere, said that the copyright of the plans had expired.",
        "Support for the plan has grown since the flood, according to a survey among the readers of two papers.",
        "By Monday evening, more than a thousand people had signed the petition against the new weir.",
    ],
)
def test_running_text_with_boilerplate_words_is_kept(line: str) -> None:
    assert ("paragraph", line) in kinds(f"Mill to turn again\n\n{PARAGRAPH}\n\n{line}\n\n{OTHER}")
    assert ("paragraph", line) in kinds(f"Mill to turn again\n\n{PARAGRAPH}\n\n{OTHER}\n\n{line}")


def test_hard_wrapped_lines_are_joined_and_other_lines_are_not() -> None:
    lines = (
        "The council of Aldermoor voted on Monday to rebuild the",
        "old mill, after a debate that lasted well into the",
        "night.",
    )
    wrapped = "\n".join(lines)
    found = kinds(f"Mill to turn again\n\n{wrapped}\n\n{OTHER}")
    assert found[1] == ("paragraph", wrapped.replace("\n", " "))
    assert kinds(f"Mill to turn again\nBy Ada Brackwell\n{PARAGRAPH}\n{OTHER}") == [
        ("title", "Mill to turn again"),
        ("metadata", "By Ada Brackwell"),
        ("paragraph", PARAGRAPH),
        ("paragraph", OTHER),
    ]


def test_stated_parts_give_the_roles() -> None:
    title, body = "Mill to turn again", f"{PARAGRAPH}\n\nAda Brackwell\n\nYou are all wrong, lol!!"
    comments = ["I like *mills*.\n\nAlways did.", "Me too!"]
    text = "\n\n".join([title, body, *comments])
    at = [text.index(piece) for piece in (title, body, *comments)]
    ends = [start + len(piece) for start, piece in zip(at, (title, body, *comments), strict=True)]
    parts = (
        Part(at[0], ends[0], "title"),
        Part(at[1], ends[1], "body"),
        Part(at[2], ends[2], "comment", "Bo Larkin"),
        Part(at[3], ends[3], "comment", None, 2),
    )
    found = units(text, parts=parts, markup="none", author="Ada Brackwell", outlet="The Lantern")
    assert [u.kind for u in found if u.is_content][-2:] == ["comment", "comment"]
    assert found[0].author == "Ada Brackwell"
    first, second = found[-2:]
    assert (first.text, first.author, first.parent_id) == (
        "I like *mills*.\n\nAlways did.",
        "Bo Larkin",
        None,
    )
    assert (second.author, second.parent_id) == (None, first.unit_id)
    assert sum(u.kind == "comment" for u in found) == 2
    assert {u.outlet for u in found} == {"The Lantern"}


def test_ids_are_stable_and_depend_on_content_and_position() -> None:
    first, again = units(f"Mill\n\n{PARAGRAPH}"), units(f"Mill\n\n{PARAGRAPH}", path="elsewhere.txt")
    assert [u.unit_id for u in first] == [u.unit_id for u in again]
    assert [u.unit_id for u in first] == [f"{first[0].article_id}-{i:04d}" for i in range(2)]
    assert [u.position for u in first] == [0, 1]


@pytest.mark.parametrize("text", ["", "\n\n \n", "*", "-", "#", ">", "a", "---\n---\n", "\ufeff", "![](x)"])
def test_almost_empty_documents(text: str) -> None:
    assert all(unit.text for unit in units(text))
