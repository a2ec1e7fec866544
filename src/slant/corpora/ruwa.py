"""RUWA: headlines on nine events of the Russian-Ukrainian war in nine outlets (Khairova et al., LDK 2023).

License: CC BY-NC-SA 4.0.
Articles that consist of a headline only, for comparing outlets on the same event (`sections`). No labels.

Pitfalls
- All RT titles and some others are empty: the subheading is used instead. Rows with neither are skipped (194 of 16,545).
- Some outlets append their name to the title ("… « Section | Outlet"), so that a headline may reveal its outlet.
- Headlines repeat, mostly those of live pages; URLs do not.
- Dates are month/day/year. The README's counts differ from the file's by a few rows.
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
    """Yield one Article per row with a headline or subheading; `published` is an ISO date, `sections` the event."""
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
