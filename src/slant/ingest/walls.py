"""Refuse a consent wall or a check for robots in place of an article, and note the stub of an article behind a paywall."""

from __future__ import annotations

from collections.abc import Sequence

from slant.errors import Rejected
from slant.records import Note
from slant.segment.furniture import stub_detail, wall_reason

_DETAILS = {
    "consent_page": "this asks for consent to cookies, and holds no article. Save the page again after your choice.",
    "blocked_page": "this asks for proof that a person reads it, and holds no article. Save the page from a browser.",
}


def notes_on_walls(paragraphs: Sequence[str], path: str, *, said_not_free: bool = False) -> tuple[Note, ...]:
    """A note "stub" if the paragraphs are likely only the beginning of an article, else nothing.

    said_not_free: the page says that its article is not free to read.
    Raises Rejected: consent_page or blocked_page.
    """
    if reason := wall_reason(paragraphs):
        raise Rejected(path, reason, _DETAILS[reason])
    stub = stub_detail(paragraphs, said_not_free=said_not_free)
    return (Note("stub", stub),) if stub else ()
