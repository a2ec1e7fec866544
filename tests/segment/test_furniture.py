"""Furniture of copied pages, paywalls and the lines around an article. Invented texts."""

from __future__ import annotations

import pytest

from slant.records import Article, Part
from slant.segment.article_header import header_metadata
from slant.segment.furniture import stub_detail, wall_reason
from slant.segment.units import split

LONG = "The council of Aldermoor voted on Monday to rebuild the old mill, officials said, after a debate that lasted a night."


def kind_of(line: str) -> str:
    units = split(
        Article(text=f"Council votes to rebuild the mill\n\n{LONG}\n\n{line}\n\n{LONG[:-1]} in May.")
    )
    return next(unit.kind for unit in units if unit.text == line)


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("312 shares", "metadata"),
        ("45", "metadata"),
        ("12.3k viewing now", "metadata"),
        ("Scroll down for video", "media"),
        ("View gallery", "media"),
        ("+5", "media"),
        ("Dagny Copsey (pictured on the weir last May) said the vote was overdue", "media"),
        ("Advertisement", "boilerplate"),
        ("Story continues below", "boilerplate"),
        ("Read more: Mayor opens the new weir", "boilerplate"),
        ("Share on Facebook", "boilerplate"),
        ("ENDS", "boilerplate"),
        ("(Reporting by Ada Brackwell; Editing by Bo Larkin)", "boilerplate"),
        ("($1 = 0.8 crowns) (Reporting by Ada Brackwell in Dunmere)", "boilerplate"),
        ("(Adds quotes, background)", "boilerplate"),
        ("Subscribe to continue reading", "boilerplate"),
        ("You have used up your three free stories this week. Log in.", "boilerplate"),
        ("Already a subscriber? Log in", "boilerplate"),
    ],
)
def test_furniture_is_no_content(line: str, kind: str) -> None:
    assert kind_of(line) == kind


@pytest.mark.parametrize(
    "line",
    [
        "Shares in the mill fell by a tenth after the vote of the council.",
        "Read more books, the mayor told the children of the harbor school.",
        "The mayor (pictured) opened the weir in the presence of the crew.",
        "Reporting by the Dunmere Herald has shown that the mayor knew of it.",
        "Subscribers to the mill fund will get their money back, the county said.",
        "Advertisement revenue paid for the wheel, the council said on Monday.",
        "Watch for falling stones: the weir is open to walkers from Monday on.",
        "By choosing the cheapest offer, you agree to wait, she told the council.",
    ],
)
def test_sentences_that_begin_like_furniture_stay(line: str) -> None:
    assert kind_of(line) == "paragraph"


def test_a_footnote_is_metadata_only_where_the_text_refers_to_it() -> None:
    note = "[1] The wheel was lost in the flood of 2030."
    assert [u.kind for u in split(Article(text=f"The mill\n\n{LONG}[1]\n\n{note}"))][-1] == "metadata"
    assert [u.kind for u in split(Article(text=f"The mill\n\n{LONG}\n\n{note}"))][-1] == "paragraph"


def test_a_stated_title_ends_the_search_for_one() -> None:
    title, body = "The mill is rebuilt", f"A wheel for Aldermoor\n\n{LONG}"
    text = f"{title}\n\n{body}"
    parts = (Part(0, len(title), "title"), Part(len(title) + 2, len(text), "body"))
    kinds = [u.kind for u in split(Article(text=text, title=title, markup="none", parts=parts))]
    assert kinds.count("title") == 1


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (
            "The mill\n\nPUBLISHED: 21:40, 14 March 2031 | UPDATED: 08:15, 15 March 2031",
            {"published": "2031-03-14"},
        ),
        ("The mill\n\nMarch 14, 2031, 9:40 PM", {"published": "2031-03-14"}),
        ("The mill is back\n\nBy ADA BRACKWELL FOR THE DUNMERE HERALD", {"author": "Ada Brackwell"}),
        ("The mill is back\n\nBy Ada Brackwell, Political Editor", {"author": "Ada Brackwell"}),
        (
            "The mill is back\n\nThe Dunmere Herald\n\n14 March 2031",
            {"outlet": "The Dunmere Herald", "title": "The mill is back"},
        ),
        (
            "The Dunmere Herald\n\nThe mill is back",
            {"outlet": "The Dunmere Herald", "title": "The mill is back"},
        ),
        (
            "Outlet: Dunmere Radio\nDate: 14 March 2031\nBy Ada Bo\n\nThe mill",
            {"outlet": "Dunmere Radio", "author": "Ada Bo"},
        ),
        (
            "Title: The mill is back\nSource: Dunmere Radio",
            {"title": "The mill is back", "outlet": "Dunmere Radio"},
        ),
        ("Mill News\n\n14 March 2031", {"title": "Mill News"}),
    ],
)
def test_lines_around_an_article(head: str, expected: dict[str, str]) -> None:
    found = header_metadata(f"{head}\n\n{LONG}\n")
    assert {key: found.get(key) for key in expected} == expected


def test_a_known_outlet_and_the_source_of_a_figure() -> None:
    text = f"The mill is back\n\nMillwheel\n\n14 March 2031\n\n{LONG}\n\nSource: County Office\n"
    assert "outlet" not in header_metadata(text)
    assert header_metadata(text, {"millwheel"})["outlet"] == "Millwheel"


def test_an_article_about_cookies_is_no_consent_page() -> None:
    wall = [
        "By clicking “Accept”, you agree that we and our partners use cookies.",
        "Our partners process personal data such as the address of your device.",
        "You can change your privacy settings at any time.",
    ]
    assert wall_reason(wall) == "consent_page"
    assert wall_reason([*wall, LONG]) is None
    assert wall_reason(["Please verify you are human."]) == "blocked_page"
    assert wall_reason([LONG]) is None


def test_a_stub_is_noted_and_a_whole_article_is_not() -> None:
    assert stub_detail([LONG, "Subscribe to continue reading"], said_not_free=False)
    assert stub_detail([LONG], said_not_free=True)
    assert stub_detail([LONG] * 40, said_not_free=True) is None
    assert stub_detail([LONG], said_not_free=False) is None
