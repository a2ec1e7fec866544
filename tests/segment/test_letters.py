"""Letters pages: each letter is a reader's, with its author; other articles with names stay the outlet's. Invented texts."""

from __future__ import annotations

from pathlib import Path

import pytest

from slant.ingest.inputs import read_articles
from slant.records import Article
from slant.segment.units import split

ONE = "SIR – The old bridge is a disgrace. It shakes when the bus passes, and nobody seems to care."
MORE = "I have written to the council twice."
TWO = "Your report on the mill was most unfair. The owners did all they could to help."
THREE = "Why is the pool closed? It was open last year, and the water was warm."
LETTERS = [(f"{ONE}\n\n{MORE}", "Jane Smith"), (TWO, "John Doe"), (THREE, None)]

TEXT = f"""Letters to the editor

Bridge needs repair

{ONE}

{MORE}
Jane Smith
Aldermoor

Mill Lane traffic

{TWO}

John Doe, Bristol

{THREE}

Name and address supplied
"""
MARKDOWN = f"""# Readers’ letters

Readers write about the week’s news.

**Bridge needs repair**

{ONE}

{MORE}

**Dr Jane Smith (Mrs)**
*Aldermoor*

## Mill Lane traffic

{TWO}

— John Doe, 12 Mill Street, Port St Mary

{THREE}

*Name withheld*

Send letters to letters@gull.example by noon.
"""
PAGE = f"""<html><head><title>Letters: the bridge, the mill and the pool</title></head><body><article>
<h1>Letters: the bridge, the mill and the pool</h1>
<h2>Bridge needs repair</h2><p>{ONE}</p><p>{MORE}<br><strong>Jane Smith</strong><br><em>Aldermoor</em></p>
<h2>Mill Lane traffic</h2><p>{TWO}</p><p><strong>John Doe</strong>, Bristol</p>
<p>{THREE}</p><p>Name and address supplied</p></article></body></html>"""


def read(path: Path, text: str) -> Article:
    path.write_text(text, "utf-8")
    (found,) = read_articles([str(path)])
    assert isinstance(found, Article), found
    return found


@pytest.mark.parametrize(("name", "text"), [("a.txt", TEXT), ("a.md", MARKDOWN), ("a.html", PAGE)])
def test_each_letter_is_a_readers_with_its_author(tmp_path: Path, name: str, text: str) -> None:
    article = read(tmp_path / name, text)
    units = split(article)
    letters = [unit for unit in units if unit.kind == "comment"]
    assert [(unit.text, unit.author) for unit in letters] == LETTERS
    assert {voice for unit in letters for *_, voice in unit.voices} == {"reader"}
    assert all(unit.parent_id is None for unit in letters)
    headings = [unit.text for unit in units if unit.kind == "heading"]
    assert headings == ["Bridge needs repair", "Mill Lane traffic"]
    assert not any("Smith" in unit.text or "Doe" in unit.text for unit in units if unit.is_content)
    for unit in units:
        for at, start, length in unit.pieces:
            assert article.text[start : start + length] == unit.text[at : at + length]
    intro = [unit.text for unit in units if unit.kind in ("lead", "paragraph")]
    assert intro == (
        ["Readers write about the week’s news.", "Send letters to letters@gull.example by noon."]
        if name == "a.md"
        else []
    )


@pytest.mark.parametrize(
    "text",
    [
        f"Dear Editor, {TWO}\n\nAnn Lee, Quay\n\nSir, {THREE}\n\nBo Berg, by email",
        f"Your letters\n\n{TWO}\n\nAnn Lee\n\n{THREE}\n\nBo Berg",
        f"LETTERS\n\n{TWO}\n\nANN LEE Quay Road\n\n{THREE}\n\nProf. Bo van Berg, University of Aldermoor",
        f"Letters, 3 May 2023\n\n{TWO}\n\nAnn Lee, chair, Friends of the Quay\n\n{THREE}\n\nBo Berg, Quay",
    ],
)
def test_other_forms_of_letters_pages(text: str) -> None:
    letters = [unit.text for unit in split(Article(text=text)) if unit.kind == "comment"]
    assert len(letters) == 2
    assert letters[1].endswith(THREE)


def test_a_letter_signed_by_several_has_all_authors() -> None:
    text = f"Letters\n\n{TWO}\n\nAnn Lee, Quay\n\nBo Berg, Mill\n\n{THREE}\n\nCy Dunn, Pool"
    assert [unit.author for unit in split(Article(text=text)) if unit.kind == "comment"] == [
        "Ann Lee; Bo Berg",
        "Cy Dunn",
    ]


BODY = "The council of Aldermoor voted on Monday to rebuild the old mill. The wheel should turn again soon."
LATER = "Its members had argued about the cost for most of the year, and two of them left the room in anger."


@pytest.mark.parametrize(
    "text",
    [
        f"Mill to turn again\n\n{BODY}\n\n{LATER}\n\nAnn Lee, Aldermoor",
        f"Mill to turn again\n\n{BODY}\n\nMill Lane\n\n{LATER}\n\nJohn Doe\n\n{BODY}\n\nAnn Lee, Aldermoor",
        f"Letters to the Editor reveal mood of the town\n\n{BODY}\n\nMill Lane\n\n{LATER}\n\nRiver Side\n\n{BODY}\n\nAnn Lee",
        f"Letters to the editor\n\n{BODY}\n\n{LATER}\n\nAnn Lee, Aldermoor",
        f"Letters: a lost art comes back\n\n{BODY}\n\nOld Ink\n\n{LATER}\n\nNew Paper\n\n{BODY}\n\nSlow Post\n\n{LATER}",
        f"Your letters\n\n{BODY}\n\nMill Lane\n\n{LATER}\n\nRiver Side\n\n{BODY}",
        f"The winners\n\n{BODY}\n\nAnn Lee, Quay\n\n{LATER}\n\nBo Berg, Mill\n\n{BODY}",
        f"Sir Ivor Quill dies\n\nSir Ivor Quill, who built the mill, died on Monday. He was 90.\n\nAnn Lee, Quay\n\n{BODY}",
    ],
)
def test_other_articles_with_names_and_bylines_stay_the_outlets(text: str) -> None:
    units = split(Article(text=text))
    assert not [unit.text for unit in units if unit.kind == "comment"]
    assert sum(BODY in unit.text for unit in units if unit.is_content) == text.count(BODY)


def test_a_letters_page_without_text_has_no_letters() -> None:
    assert split(Article(text="\n\n", path="a", title="Letters")) == []


def test_a_row_of_a_table_is_a_letters_page_by_its_section(tmp_path: Path) -> None:
    import json

    body = f"{TWO}\n\nAnn Lee, Quay\n\n{THREE}\n\nBo Berg, Mill"
    row = {"title": "Mill and pool", "section": "Letters", "text": body}
    article = read(tmp_path / "a.jsonl", json.dumps(row) + "\n")
    assert [unit.author for unit in split(article) if unit.kind == "comment"] == ["Ann Lee", "Bo Berg"]
