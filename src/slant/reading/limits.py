"""How much of one document is ever held, in bytes; more is rejected by name instead of read."""

from __future__ import annotations

from dataclasses import dataclass

from slant.errors import Rejected


@dataclass(frozen=True, slots=True)
class Limits:
    """document: of one text, HTML page or feed. text: of one article with its comments, in characters.
    line: of one JSON line, JSON value or CSV row. spooled: of what has to be wound back (zip, Parquet) but comes out of
    a pipe or an archive; kept on disk meanwhile. unpacked: of all that comes out of one archive or packed file.
    ratio: of that to what went in, beyond `slack`.

    A novel is about 1 MB, so 2 MB are never one article; a page may have as much again in scripts, and a line in what
    is not read. Odd texts take microseconds a character to split.
    Text shrinks to a third or a tenth, near copies of one page to a hundredth; gzip ends at 1:1032.
    """

    document: int = 20_000_000
    text: int = 2_000_000
    line: int = 50_000_000
    unpacked: int = 1_000_000_000_000
    ratio: int = 200
    slack: int = 50_000_000
    spooled: int = 4_000_000_000


DEFAULT_LIMITS = Limits()


def check_text(text: str, path: str, limits: Limits) -> None:
    """Raises Rejected "too_large" for more words than any article has."""
    for what, count, most in (
        ("characters", len(text), limits.text),
        ("lines", text.count("\n"), limits.text // 20),
    ):
        if count > most:
            detail = f"the article has {count:,} {what}, over {most:,}. Split it into articles."
            raise Rejected(path, "too_large", detail)
