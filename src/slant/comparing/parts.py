"""What counts: each group's part of each text, wire copy and what was published again taken for one text.

Copies of a text inside one group count once, by the first of them. Across groups every group that ran the text keeps it,
since each did publish it; but they are one draw: resampling draws all copies of a text together, and a permutation lets its
parts on both sides change sides together. The comments under every copy count, as other readers wrote them, and belong to the
draw of that text.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from slant.comparing.store import Store

if TYPE_CHECKING:
    from slant.comparing.rates import Groups

COUNTED = "(is_comment OR NOT copy)"  # of rows joined with parts: the units that count


def parts(store: Store) -> None:
    """Makes the table `parts` in the store, a row for each article and group that has units of it.

    id: number of the group's part of the text. article_id, "group". cluster: article_id that names the text, n: its number.
    written: whether the group has units of the article itself, and not comments only. copy: whether these are left out.
    copies: written parts of the same id. Without the table `grouped` (see events.mark) every article is a text of its own.
    """
    known = store.rows("SELECT 1 FROM information_schema.tables WHERE table_name = 'grouped'")
    store.connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE parts AS
        WITH given AS (SELECT article_id, "group", bool_or(NOT is_comment) AS written FROM units GROUP BY ALL),
             texts AS ({_TEXTS if known else _ARTICLES})
        SELECT dense_rank() OVER (ORDER BY cluster, "group") - 1 AS id, dense_rank() OVER (ORDER BY cluster) - 1 AS n,
               article_id, "group", cluster, written,
               written AND row_number() OVER (PARTITION BY cluster, "group", written ORDER BY day, article_id) > 1 AS copy,
               count(*) FILTER (written) OVER (PARTITION BY cluster, "group") AS copies
        FROM texts""")


_ARTICLES = "SELECT *, article_id AS cluster, NULL::DATE AS day FROM given"
_TEXTS = """
    SELECT given.*, coalesce(cluster, article_id) AS cluster, day FROM given LEFT JOIN grouped USING (article_id)"""

# A text that counts by different articles; one that stands in several groups itself, as with kinds of unit, is not shared.
_SHARED = """
    SELECT cluster FROM parts WHERE written GROUP BY 1
    HAVING count(DISTINCT article_id) FILTER (NOT copy) > 1"""
COPIES = f"""
    SELECT "group", count(*) FILTER (copy) AS articles,
           count(DISTINCT cluster) FILTER (cluster IN ({_SHARED})) AS shared
    FROM parts WHERE written GROUP BY 1 HAVING articles > 0 OR shared > 0 ORDER BY 1"""


def copies_note(store: Store, groups: Groups) -> Iterator[str]:
    """What was done about copies, where there are any."""
    if groups.copies:
        each = ", ".join(f"{group} ({n:,})" for group, n in groups.copies.items())
        count = store.rows("SELECT count(DISTINCT article_id) FROM parts WHERE copy")[0][0]
        are, were = ("article is a copy", "was") if count == 1 else ("articles are copies", "were")
        yield f"{count:,} {are} of a text that the same {store.by} has already, within days, and {were} left out: {each}."
    if shared := store.rows(f"SELECT count(*) FROM ({_SHARED})")[0][0]:
        yield (
            f"{shared:,} {'text' if shared == 1 else 'texts'} ran in more than one {store.by} (wire copy): counted in each, "
            "and drawn as one in resamples and permutations."
        )
