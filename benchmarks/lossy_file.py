"""What the files with planted losses share: the record of a file and its losses, texts, a page and a table."""

from __future__ import annotations

import csv
import io
import random
from dataclasses import dataclass
from typing import Any

from made_texts import Maker


@dataclass(frozen=True)
class Loss:
    """reasons: any of them names it. place: end of the path of the document ("" for any of the file). number: stated in the line.

    account: words that a line of the account may have instead.
    """

    what: str
    reasons: tuple[str, ...] = ()
    place: str = ""
    number: int | None = None
    account: str = ""


@dataclass(frozen=True)
class MadeFile:
    """kind: of file. articles, comments: that can be read. comment_file: read with --comments.

    also: reasons that may be named besides.
    """

    kind: str
    name: str
    data: bytes
    losses: tuple[Loss, ...] = ()
    articles: int = 1
    comments: int = 0
    comment_file: bool = False
    also: tuple[str, ...] = ()


class Writer(Maker):
    """Draws files and numbers them."""

    def __init__(self, rng: random.Random) -> None:
        super().__init__(rng)
        self.count = 0

    def path(self, ending: str) -> str:
        self.count += 1
        return f"{self.count:04}{ending}"

    def body(self, least: int = 3, most: int = 6) -> list[str]:
        return [self.paragraph(1, 3) for _ in range(self.rng.randint(least, most))]

    def article(self) -> dict[str, Any]:
        return {
            "title": self.title(),
            "outlet": self.outlet(),
            "date": self.date(),
            "text": "\n\n".join(self.body()),
        }

    def listed(self, count: int) -> list[dict[str, Any]]:
        return [{"id": at + 1, "author": self.handle(), "text": self.comment(0).text} for at in range(count)]


def page(w: Writer, inside: str = "", head: str = "", *, outlet: bool = True, body: str | None = None) -> str:
    words = "".join(f"<p>{each}</p>" for each in w.body()) if body is None else body
    title = w.title()
    site = f'<meta property="og:site_name" content="{w.outlet()}">' if outlet else ""
    return (
        f"<!doctype html><html><head><meta charset='utf-8'><title>{title}</title>{site}{head}</head><body><article><h1>{title}</h1>"
        f"{words}</article>{inside}</body></html>"
    )


def table(rows: list[list[str]], mark: str) -> bytes:
    file = io.StringIO(newline="")
    csv.writer(file, delimiter=mark).writerows(rows)
    return file.getvalue().encode()
