"""A PDF is read in reading order: columns apart, torn words mended, running heads and page numbers left out."""

from __future__ import annotations

from pathlib import Path

import pytest

from office_builders import Piece, pdf
from slant.errors import Rejected
from slant.ingest.inputs import read_articles
from slant.records import Article

FIRST = [
    "The harbour board voted on Mon-",
    "day to widen the quay, although",
    "half of its members were away at",
    "sea. Its chairman called the plan",
]
SECOND = [
    "a gift to the town. Nobody could",
    "be against it, he said, and then",
    "the well-known singer Ann Orla",
    "stood up and left the hall.",
]
OTHER = [
    "The fair opens on Sunday with a",
    "parade of boats. The mayor will",
    "speak, and then the band plays",
    "until the tide turns at night.",
]


def column(lines: list[str], left: float, top: float, size: float = 10) -> list[Piece]:
    return [(left, top - 12 * number, size, line) for number, line in enumerate(lines)]


def read(tmp_path: Path, data: bytes) -> Article | Rejected:
    (tmp_path / "a.pdf").write_bytes(data)
    (found,) = read_articles([str(tmp_path / "a.pdf")])
    return found


def text(tmp_path: Path, *pages: list[Piece]) -> str:
    found = read(tmp_path, pdf(pages))
    assert isinstance(found, Article), found
    return found.text


WHOLE = (
    "The harbour board voted on Monday to widen the quay, although half of its members were away at sea. Its chairman called "
    "the plan a gift to the town. Nobody could be against it, he said, and then the well-known singer Ann Orla stood up and "
    "left the hall."
)


def test_two_columns_under_one_headline(tmp_path: Path) -> None:
    page = [
        (50, 700, 24, "Quay to widen at last, says harbour board"),
        *column(FIRST, 50, 650),
        *column(SECOND, 310, 650),
    ]
    assert text(tmp_path, page) == f"# Quay to widen at last, says harbour board\n\n{WHOLE}"


def test_the_order_in_the_file_does_not_matter(tmp_path: Path) -> None:
    left, right = column(FIRST, 50, 650), column(SECOND, 310, 650)
    woven = [piece for pair in zip(left, right, strict=True) for piece in pair]
    assert text(tmp_path, woven) == WHOLE


def test_three_columns(tmp_path: Path) -> None:
    page = [*column(OTHER, 400, 650), *column(SECOND, 220, 650), *column(FIRST, 40, 650)]
    assert text(tmp_path, page) == f"{WHOLE}\n\n{' '.join(OTHER)}"


def test_indents_and_gaps_begin_paragraphs(tmp_path: Path) -> None:
    indented = [
        *column(FIRST, 50, 650),
        *column(SECOND, 50, 602),
        (62, 554, 10, OTHER[0]),
        *column(OTHER[1:], 50, 542),
    ]
    assert text(tmp_path, indented) == f"{WHOLE}\n\n{' '.join(OTHER)}"
    apart = [*column(FIRST, 50, 650), *column(SECOND, 50, 602), *column(OTHER, 50, 530)]
    assert text(tmp_path, apart) == f"{WHOLE}\n\n{' '.join(OTHER)}"


def test_running_heads_and_page_numbers_are_left_out_and_the_paragraph_goes_on(tmp_path: Path) -> None:
    def page(number: int, lines: list[str]) -> list[Piece]:
        return [
            (50, 770, 8, f"The Gazette, 3 May 2023, page {number}"),
            *column(lines, 50, 700),
            (300, 30, 8, f"{number} of 3"),
        ]

    assert text(tmp_path, page(1, FIRST), page(2, SECOND), page(3, OTHER)) == f"{WHOLE}\n\n{' '.join(OTHER)}"


def test_cells_of_a_table_stay_on_their_row(tmp_path: Path) -> None:
    rows = [("Year", "Ships"), ("2021", "40"), ("2022", "52"), ("2023", "61"), ("2024", "77")]
    page = [
        piece
        for n, (a, b) in enumerate(rows)
        for piece in ((50.0, 600.0 - 14 * n, 10.0, a), (300.0, 600.0 - 14 * n, 10.0, b))
    ]
    found = text(tmp_path, [*column(FIRST + SECOND, 50, 750), *page])
    assert "2022 52" in found.replace("\n", " ")


def test_a_large_first_letter_belongs_to_its_word(tmp_path: Path) -> None:
    rest = [
        (72, 650, 10, "he harbour board voted on Mon-"),
        (72, 638, 10, FIRST[1]),
        *column(FIRST[2:] + SECOND, 50, 626),
    ]
    assert text(tmp_path, [(50, 636, 32, "T"), *rest]) == WHOLE


def test_a_scan_is_refused_by_name(tmp_path: Path) -> None:
    found = read(tmp_path, pdf([[], []], picture=True))
    assert isinstance(found, Rejected)
    assert found.reason == "scanned"


def test_pages_without_text_are_named_in_a_note(tmp_path: Path) -> None:
    found = read(tmp_path, pdf([[*column(FIRST + SECOND + OTHER, 50, 650)], []], picture=True))
    assert isinstance(found, Article)
    assert [(note.reason, " 2." in note.detail) for note in found.notes] == [("scanned", True)]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (pdf([[]]), "empty"),
        (pdf([column(FIRST, 50, 650)], encrypted=True), "encrypted"),
        (b"%PDF-1.4\nnothing", "bad_pdf"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(tmp_path: Path, data: bytes, reason: str) -> None:
    found = read(tmp_path, data)
    assert isinstance(found, Rejected)
    assert found.reason == reason


def test_lines_that_end_early_on_purpose_stay_apart(tmp_path: Path) -> None:
    page = [
        (50, 700, 10, "The Gull"),
        (50, 688, 10, "3 May 2023"),
        (50, 676, 10, "By Ann Orla"),
        *column(FIRST + SECOND, 50, 664),
    ]
    assert text(tmp_path, page) == f"The Gull\n\n3 May 2023\n\nBy Ann Orla\n\n{WHOLE}"
