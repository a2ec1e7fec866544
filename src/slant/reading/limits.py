"""How much of one document is ever held in memory, in bytes; more is rejected by name instead of read."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """document: of one text, HTML page or table cell. line: of one JSON line, JSON value or CSV row.

    A novel is about 1 MB, so 20 MB is never one article; a line may also hold thousands of comments.
    """

    document: int = 20_000_000
    line: int = 50_000_000


DEFAULT_LIMITS = Limits()
