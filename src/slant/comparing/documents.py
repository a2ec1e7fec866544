"""Articles as they are matched with one another: headline and opening, without what gives the outlet away."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from slant.comparing.house import house_phrases, phrase_pattern

if TYPE_CHECKING:
    from slant.comparing.store import Store

WORDS = 150  # of the opening; on FA-KES 60 find fewer pairs, 300 no more
_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})")


@dataclass(frozen=True, slots=True)
class Documents:
    """Articles, all columns of one length, in any order.

    days: ordinal of the day of publication, None where no full date is stated. openings: headline and first WORDS words.
    """

    ids: tuple[str, ...]
    outlets: tuple[str, ...]
    days: tuple[int | None, ...]
    titles: tuple[str, ...]
    openings: tuple[str, ...]


def documents(store: Store) -> Documents:
    """All articles of the store, by article_id; comments are no part of them."""
    rows = store.rows(f"""
        WITH opening AS (
            SELECT article_id, kind, title, outlet, published, position, text, "group",
                   sum(words) OVER (PARTITION BY article_id ORDER BY position) - words AS before
            FROM units WHERE NOT is_comment
        )
        SELECT article_id, coalesce(any_value(outlet), any_value("group")), any_value(published),
               coalesce(any_value(title), any_value(text) FILTER (kind = 'title'), ''),
               string_agg(text, ' ' ORDER BY position) FILTER (kind <> 'title' AND before < {WORDS})
        FROM opening GROUP BY article_id ORDER BY article_id""")
    ids, outlets, published, titles, bodies = zip(*rows, strict=True) if rows else ((),) * 5
    days = tuple(map(day_of, published))
    return Documents(ids, outlets, days, titles, without_house_phrases(titles, bodies, outlets))


def day_of(published: str | None) -> int | None:
    """Ordinal of a date that begins as ISO 8601 has it; None for anything else, such as a month alone."""
    found = _DAY.match(published or "")
    try:
        return datetime.date(*map(int, found.groups())).toordinal() if found else None
    except ValueError:
        return None


def without_house_phrases(
    titles: Sequence[str], bodies: Sequence[str | None], outlets: Sequence[str]
) -> tuple[str, ...]:
    """Headline and first WORDS words of each article, house phrases and outlet names taken out."""
    edges = [(title, body or "") for title, body in zip(titles, bodies, strict=True)]
    patterns = {outlet: phrase_pattern(own) for outlet, own in house_phrases(edges, outlets).items()}
    openings = []
    for (title, body), outlet in zip(edges, outlets, strict=True):
        text = f"{title} . {' '.join(body.split()[:WORDS])}"
        pattern = patterns[outlet]
        openings.append(pattern.sub(" ", text) if pattern else text)
    return tuple(openings)
