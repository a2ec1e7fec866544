"""FA-KES: 804 articles on the Syrian war, 15 outlets, 2011-2018 (Abu Salem et al., ICWSM 2019; CC BY 4.0).

Gives Articles for comparing outlets: no stance labels. The credibility label (`labels`) is not read, since
it says whether reported casualties match a database and nothing about slant.

Traps
- Commas and apostrophes are stripped from the text, and there are no paragraphs: the body is one.
- A date line, often with a byline, opens many bodies; it is left in.
- Dates are month/day/year. 35 pairs of date and place have three outlets or more: `sections` holds the
  place.
- Twelve articles stand in the file twice, so `article_id` repeats.
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
    """One Article per row: the title, a blank line, the body; `published` in ISO form."""
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
