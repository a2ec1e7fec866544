"""RUWA: headlines on nine events of the Russian-Ukrainian war in nine outlets (Khairova et al., LDK 2023).

Licence: CC BY-NC-SA 4.0.
Gives Articles that hold a headline alone, for comparing outlets on the same event (`sections`): no labels.

Traps
- All RT titles and some of others are empty: the subheading stands in. Rows with neither are left out (194
  of 16,545).
- Some outlets sign their titles ("… « Section | Outlet"), so a headline may give away its outlet.
- Running headlines repeat (live pages above all); addresses do not.
- Dates are month/day/year. The README's figures differ from the file's by a few rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from slant.corpora.files import locate, table
from slant.records import Article, Part

NAME: str = "ruwa"
_COLUMNS = ("src", "desc", "title", "Date", "Site", "Event")


def read_ruwa(root: Path) -> Iterator[Article]:
    """One Article per row with a headline or subheading; `published` in ISO form, `sections` the event."""
    path = locate(root, NAME, "RUWA.csv")
    for number, row in table(path, _COLUMNS):
        headline = row["title"].strip() or row["desc"].strip()
        if headline:
            yield Article(
                text=headline,
                path=f"{path.name}#{number}",
                title=headline,
                outlet=row["Site"].removeprefix("www."),
                published=datetime.strptime(row["Date"], "%m/%d/%Y").date().isoformat(),
                url=row["src"],
                sections=(row["Event"],),
                markup="none",
                parts=(Part(0, len(headline), "title"),),
            )
