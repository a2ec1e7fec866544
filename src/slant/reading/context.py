"""What a comment on an article is read with, where nobody says which comment it answers."""

from __future__ import annotations

from collections.abc import Sequence

from slant.records import Unit

OPENING_WORDS = 40  # of an article's body, after its title


def opening(units: Sequence[Unit]) -> str | None:
    """Title and first words of the article that these units of one document belong to; None if it has neither."""
    title = next((u.title for u in units if u.title), None)
    body = next((u.text for u in units if u.kind in ("lead", "paragraph")), None)
    return "\n".join(t for t in (title, " ".join((body or "").split()[:OPENING_WORDS])) if t) or None
