"""FA-KES: 804 articles on the Syrian war, 15 outlets, 2011-2018 (Abu Salem et al., ICWSM 2019; CC BY 4.0).

Articles for comparing outlets, without stance labels. The credibility label (`labels`) is not read: it says whether reported
casualties match a database, nothing about slant.

Pitfalls
- The text has no commas, apostrophes or paragraphs: the body is a single paragraph.
- Many bodies start with a date line, often with a byline. It is kept.
- Dates are month/day/year. `sections` holds the place: 35 pairs of date and place are covered by three or more outlets.
- Twelve articles appear twice in the file, so `article_id` repeats.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from slant.corpora.files import locate, table
from slant.records import Article, Part

NAME: str = "fa_kes"
_COLUMNS = ("article_title", "article_content", "source", "date", "location")


def read_fa_kes(root: Path) -> Iterator[Article]:
    """Yield one Article per row: title, blank line, body; `published` is an ISO date."""
    path = locate(root, NAME, "FA-KES-Dataset.csv")
    for number, row in table(path, _COLUMNS):
        title = row["article_title"].strip()
        body = row["article_content"].strip()
        text = f"{title}\n\n{body}"
        yield Article(
            text=text,
            path=f"{path.name}#{number}",
            title=title,
            outlet=row["source"],
            published=datetime.strptime(row["date"], "%m/%d/%Y").date().isoformat(),
            sections=(row["location"],),
            markup="none",
            parts=(Part(0, len(title), "title"), Part(len(text) - len(body), len(text), "body")),
        )
