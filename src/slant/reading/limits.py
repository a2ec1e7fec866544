"""How much of one document is ever held, in bytes; more is rejected by name instead of read."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """document: of one text, HTML page, feed or table cell. line: of one JSON line, JSON value or CSV row.
    unpacked: of all that comes out of one archive or packed file. ratio: of that to what went in, beyond `slack`.
    spooled: of what has to be wound back (zip, Parquet) but comes out of a pipe or an archive; kept on disk meanwhile.

    A novel is about 1 MB, so 20 MB is never one article; a line may also hold thousands of comments.
    Text shrinks to a third or a tenth, near copies of one page to a hundredth; gzip ends at 1:1032.
    """

    document: int = 20_000_000
    line: int = 50_000_000
    unpacked: int = 1_000_000_000_000
    ratio: int = 200
    slack: int = 50_000_000
    spooled: int = 4_000_000_000


DEFAULT_LIMITS = Limits()
