"""What counts: each group's part of each text, wire copy and what was published again taken for one text.

Copies of a text inside one group count once, by the first of them. Across groups every group that ran the text keeps it,
since each did publish it; but they are one draw: resampling draws all copies of a text together, and a permutation lets its
parts on both sides change sides together. The comments under every copy count, as other readers wrote them, and belong to the
draw of that text.

Per text and group what every rate is made of: how many hits, out of how many. All else re-aggregates these.

An article is a text, unless others are copies of it: parts.py says what then counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from slant.comparing.score_tables import Store
from slant.errors import UsageError

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


Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
FAMILIES = ("stance", "loaded", "technique", "frame", "reply")
COMMENTS = "comments/"


@dataclass(frozen=True, slots=True)
class Measure:
    """A rate by name: "stance/<target>/against|neutral|favor|no_call|net", "loaded/<voice>/units|per_1000_words",
    "technique/<label>/<voice>" (per 1,000 words), "frame/<label>", "reply/<label>", of comments with "comments/" before it.

    total: the denominator: "units", "words", "replies" or "stance/<target>" (units that are asked about it).
    """

    name: str
    total: str

    @property
    def kind(self) -> str:
        """ "share" in [0, 1], "net" (a difference of two shares) in [-1, 1], or "per_1000_words"."""
        if self.total.endswith("words"):
            return "per_1000_words"
        return "net" if self.name.endswith("/net") else "share"

    @property
    def scale(self) -> float:
        return 1000.0 if self.kind == "per_1000_words" else 1.0


@dataclass(frozen=True, slots=True)
class Cells:
    """hits: (rows, measures), totals: (rows, denominators); a row is a group's part of one text, in order of `article`.

    group, article: (rows,) numbers into `groups` and `articles`, which names a text by the first of its copies.
    column: (measures,) the denominator of each measure,
    units_column: how many units there are to look at.
    A text stands in several rows where several groups ran it, or where groups cut through articles, as kinds of unit do.
    """

    groups: tuple[str, ...]
    articles: NDArray[np.object_]
    group: Ints
    article: Ints
    measures: tuple[Measure, ...]
    column: Ints
    units_column: Ints
    hits: NDArray[np.float32]
    totals: NDArray[np.float32]

    def index(self, name: str) -> int:
        return [measure.name for measure in self.measures].index(name)

    @property
    def scale(self) -> Floats:
        return np.array([measure.scale for measure in self.measures])

    @property
    def crossed(self) -> bool:
        """Whether some text has parts in several groups."""
        return len(self.articles) < len(self.article)


def cells(store: Store, *, measures: Sequence[str] = ()) -> Cells:
    """Everything that the scores hold, or the measures that fit one of the patterns (as in file names).

    Copies are told from other articles where events.mark has looked for them before.
    A measure without a single hit is not there, except for stance toward a target that is asked about.
    Raises UsageError if a pattern fits nothing.
    """
    parts(store)
    rows = store.columns('SELECT DISTINCT id, "group", n FROM parts ORDER BY id')
    names, group = np.unique(rows["group"].astype(object), return_inverse=True)
    total_names, totals = _spread(store, _TOTALS, len(group))
    hit_names, hits = _spread(store, _HITS, len(group))
    found = [measure_of(name) for name in hit_names]
    kept = sorted(
        (i for i in range(len(found)) if _wanted(found[i].name, measures)),
        key=lambda i: _order(found[i].name),
    )
    if measures and not kept:
        known = ", ".join(sorted(hit_names)[:5])
        raise UsageError(f"no measure fits {', '.join(measures)}. Measures of these scores: {known}, …")
    chosen = tuple(found[i] for i in kept)
    return Cells(
        groups=tuple(names),
        articles=store.columns("SELECT DISTINCT cluster FROM parts ORDER BY 1")["cluster"],
        group=group,
        article=rows["n"].astype(np.int64),
        measures=chosen,
        column=np.array([total_names.index(measure.total) for measure in chosen], np.int64),
        units_column=np.array([total_names.index(_units_of(measure)) for measure in chosen], np.int64),
        hits=hits[:, kept],
        totals=totals,
    )


def _wanted(name: str, patterns: Sequence[str]) -> bool:
    return not patterns or any(fnmatchcase(name, pattern) for pattern in patterns)


def _order(name: str) -> tuple[bool, int, str]:
    plain = name.removeprefix(COMMENTS)
    return name.startswith(COMMENTS), FAMILIES.index(plain.partition("/")[0]), plain


def measure_of(name: str) -> Measure:
    return Measure(name, _total_of(name))


def _total_of(name: str) -> str:
    side = COMMENTS if name.startswith(COMMENTS) else ""
    plain = name.removeprefix(COMMENTS)
    if plain.startswith("stance/"):
        return side + plain.rpartition("/")[0]
    if plain.startswith("technique/") or plain.endswith("/per_1000_words"):
        return side + "words"
    return side + ("replies" if plain.startswith("reply/") else "units")


def _units_of(measure: Measure) -> str:
    return measure.total if measure.kind != "per_1000_words" else measure.total.replace("words", "units")


def _spread(store: Store, query: str, rows: int) -> tuple[list[str], NDArray[np.float32]]:
    """A query for (id, name, n) as (rows, names), 0 where it says nothing."""
    import pyarrow.compute as pc

    table = store.arrow(query)
    coded = pc.dictionary_encode(table["name"].combine_chunks())
    names = coded.dictionary.to_pylist()
    spread = np.zeros((rows, len(names)), np.float32)
    spread[table["id"].to_numpy(), coded.indices.to_numpy()] = table["n"].to_numpy()
    return names, spread


_SIDE = "CASE WHEN is_comment THEN 'comments/' ELSE '' END"
_JOINED = 'JOIN parts USING (article_id, "group")'
_OWN = f"{_JOINED} WHERE {COUNTED}"
_TOTALS = f"""
    SELECT id, {_SIDE} || 'units' AS name, count(*)::FLOAT AS n FROM units {_OWN} GROUP BY ALL
    UNION ALL SELECT id, {_SIDE} || 'words', sum(words)::FLOAT FROM units {_OWN} GROUP BY ALL
    UNION ALL SELECT id, 'comments/replies', count(*)::FLOAT FROM replies {_JOINED} GROUP BY ALL
    UNION ALL SELECT id, {_SIDE} || 'stance/' || target, count(*)::FLOAT FROM stances {_OWN} GROUP BY ALL"""
_LABELS = "unnest(['against', 'neutral', 'favor', 'no_call', 'net'])"
_HITS = f"""
    WITH asked AS (SELECT id, is_comment, target, coalesce(label, 'no_call') AS label, count(*) AS n
                   FROM stances {_OWN} GROUP BY ALL),
         spans AS (SELECT id, is_comment, voice, unit_id, "start", "end", label FROM loaded {_OWN}
                   AND (voice = 'quoted' OR (voice = 'reader') = is_comment))
    SELECT id, {_SIDE} || 'stance/' || target || '/' || possible AS name,
           sum(CASE WHEN possible = label THEN n WHEN possible != 'net' THEN 0
                    WHEN label = 'favor' THEN n WHEN label = 'against' THEN -n ELSE 0 END)::FLOAT AS n
    FROM asked, (SELECT {_LABELS} AS possible) GROUP BY ALL
    UNION ALL SELECT id, {_SIDE} || 'loaded/' || voice || '/units', count(DISTINCT unit_id)::FLOAT FROM spans GROUP BY ALL
    UNION ALL SELECT id, {_SIDE} || 'loaded/' || voice || '/per_1000_words', count(DISTINCT (unit_id, "start", "end"))::FLOAT
              FROM spans GROUP BY ALL
    UNION ALL SELECT id, {_SIDE} || 'technique/' || label || '/' || voice, count(*)::FLOAT FROM spans GROUP BY ALL
    UNION ALL SELECT id, {_SIDE} || 'frame/' || label, count(*)::FLOAT FROM frames {_OWN} GROUP BY ALL
    UNION ALL SELECT id, 'comments/reply/' || label, count(*)::FLOAT FROM replies {_JOINED} GROUP BY ALL"""
