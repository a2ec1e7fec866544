"""Hits and totals of every measure, per text and group: the numbers from which all rates are computed.

Copies (wire copy, reprints) are one text; events.py finds them. Within a group the copies of a text count once, by the first
of them. Every group that published the text counts it, but resamples draw all copies of a text together, and permutations
swap them together. The comments under every copy count, since other readers wrote them; they are drawn with the text.

Tables in the store:
text_parts  one row per article and group that has units of it: id (numbers the group's part of a text), article_id, "group",
            cluster (article_id that names the text), n (number of the text), written (the group has units of the article
            itself, not only comments), copy (skipped: not the first copy), copies (articles of the group with this text)
hits        one row per unit behind a number: id (of text_parts; null for "threads/"), "group", measure, article_id, unit_id,
            is_comment, probability (of the label; the largest if the model abstained), n (hits), spans (distinct loaded
            spans)

Nets and spans per 1,000 words have no rows in hits: they are computed from other measures (Measure.sources). Rows of units
that say nothing about the target ("stance/<target>/unrelated") are behind no rate; they only count as scored.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from slant.comparing.measures import (
    ARTICLE,
    COMMENTS,
    LABELS,
    NAME_IN_SQL,
    NET,
    NO_CALL,
    PER_1000_WORDS,
    THREADS,
    UNITS,
    Measure,
)
from slant.comparing.score_tables import Store, arrow_table
from slant.errors import UsageError
from slant.records import UNRELATED

if TYPE_CHECKING:
    import pyarrow as pa

    from slant.comparing.rates import Groups

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
MOST_NAMED = 10  # targets in a note
COUNTED = "(is_comment OR NOT copy)"  # SQL condition, after a join with text_parts: the units that count


@dataclass(frozen=True, slots=True)
class Counts:
    """Hits (rows, measures) and totals (rows, denominators); a row is a group's part of one text, in order of `article`.

    groups: names. articles: each text, named by the first of its copies. group, article: (rows,) indices into these.
    column, units_column: (measures,) columns of `totals`: the denominator of each measure, and its number of units.
    unrelated: name of a denominator → (rows,) units that were scored for its target and say nothing about it; they are not
    in the denominator.
    A text has several rows if several groups published it, or if groups cut through articles, as kinds of unit do.
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
    unrelated: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)

    def index(self, measure: Measure) -> int:
        return self.measures.index(measure)

    def only(self, measures: Ints) -> Counts:
        """The same rows with only these measures."""
        if len(measures) == len(self.measures):
            return self
        needed = np.unique(np.concatenate([self.column[measures], self.units_column[measures]]))
        return replace(
            self,
            measures=tuple(self.measures[m] for m in measures),
            column=np.searchsorted(needed, self.column[measures]),
            units_column=np.searchsorted(needed, self.units_column[measures]),
            hits=self.hits[:, measures],
            totals=self.totals[:, needed],
            unrelated={},
        )

    @property
    def scale(self) -> Floats:
        """(measures,) scale of each measure."""
        return np.array([measure.scale for measure in self.measures])

    @property
    def crossed(self) -> bool:
        """Whether some text has parts in several groups."""
        return len(self.articles) < len(self.article)


def make_text_parts(store: Store, *, merge_copies: bool = True) -> None:
    """Make the table `text_parts`.

    merge_copies: treat copies as one text, by the table `grouped` of events.group_articles. False: every article is a text of
    its own.
    """
    if merge_copies:
        texts = """SELECT articles.*, coalesce(cluster, article_id) AS cluster, day
                   FROM articles LEFT JOIN grouped USING (article_id)"""
    else:
        texts = "SELECT *, article_id AS cluster, NULL::DATE AS day FROM articles"
    store.connection.execute(f"""
        CREATE TEMP TABLE text_parts AS
        WITH articles AS (SELECT article_id, "group", bool_or(NOT is_comment) AS written FROM units GROUP BY ALL),
             texts AS ({texts})
        SELECT dense_rank() OVER (ORDER BY cluster, "group") - 1 AS id, dense_rank() OVER (ORDER BY cluster) - 1 AS n,
               article_id, "group", cluster, written,
               written AND row_number() OVER (PARTITION BY cluster, "group", written ORDER BY day, article_id) > 1 AS copy,
               count(*) FILTER (written) OVER (PARTITION BY cluster, "group") AS copies
        FROM texts""")


# Texts of which several articles count. An article that is in several groups by itself, as with kinds of unit, is not shared.
_SHARED = """
    SELECT cluster FROM text_parts WHERE written GROUP BY 1
    HAVING count(DISTINCT article_id) FILTER (NOT copy) > 1"""


def copies_table(store: Store) -> pa.Table:
    """group, articles (skipped copies), shared (texts of other groups too); groups with neither have no row."""
    return store.arrow(f"""
        SELECT "group", count(*) FILTER (copy) AS articles,
               count(DISTINCT cluster) FILTER (cluster IN ({_SHARED})) AS shared
        FROM text_parts WHERE written GROUP BY 1 HAVING articles > 0 OR shared > 0 ORDER BY 1""")


def copies_notes(store: Store, groups: Groups) -> Iterator[str]:
    """How copies were treated, if there are any."""
    if groups.copies:
        each = ", ".join(f"{group} ({n:,})" for group, n in groups.copies.items())
        count = store.rows("SELECT count(DISTINCT article_id) FROM text_parts WHERE copy")[0][0]
        articles = "1 article repeats" if count == 1 else f"{count:,} articles repeat"
        yield f"{articles} a text that the same {store.by} published within days; skipped as duplicates: {each}."
    if shared := store.rows(f"SELECT count(*) FROM ({_SHARED})")[0][0]:
        texts = "1 text was" if shared == 1 else f"{shared:,} texts were"
        yield (
            f"{texts} published by more than one {store.by} (wire copy): counted in each, and kept together in resamples and "
            "permutations."
        )


def unrelated_table(counts: Counts) -> pa.Table:
    """group, target, comments (whether they are comments or units of articles), unrelated, counted: units scored for the
    target that say nothing about it, and the others. Rows with unrelated units only; those of the table `rates`.
    """
    totals = {measure.total: i for measure, i in zip(counts.measures, counts.column, strict=True)}
    rows = []
    for name, unrelated in counts.unrelated.items():
        measure = Measure.parse(f"{name}/{UNRELATED}")
        for number, group in enumerate(counts.groups):
            own = counts.group == number
            if name in totals and unrelated[own].any():
                counted = int(counts.totals[own, totals[name]].sum(dtype=np.float64))
                row = {
                    "group": group,
                    "target": measure.subject,
                    "comments": measure.comments,
                    "counted": counted,
                }
                rows.append({**row, "unrelated": int(unrelated[own].sum(dtype=np.float64))})
    rows.sort(key=lambda row: (row["comments"], row["target"], row["group"]))
    return arrow_table(rows, _UNRELATED)


_UNRELATED = {
    "group": "string",
    "target": "string",
    "comments": "bool_",
    "unrelated": "int64",
    "counted": "int64",
}


def unrelated_by_target(rows: Iterable[Mapping[str, Any]]) -> list[tuple[str, int, int]]:
    """(target, units that say nothing about it, units scored for it) from rows of `unrelated_table`, the most first."""
    sums: dict[str, tuple[int, int]] = {}
    for row in rows:
        unrelated, scored = sums.get(row["target"], (0, 0))
        sums[row["target"]] = (unrelated + row["unrelated"], scored + row["unrelated"] + row["counted"])
    return sorted(((target, *pair) for target, pair in sums.items()), key=lambda each: (-each[1], each[0]))


def unrelated_notes(table: pa.Table, names: Mapping[str, str]) -> Iterator[str]:
    """How many units are in no rate of a target because they say nothing about it, if there are any.

    names: target id → how the target is called.
    """
    if found := unrelated_by_target(table.to_pylist()):
        each = ", ".join(
            f"{names.get(target, target)} ({unrelated:,} of {scored:,})"
            for target, unrelated, scored in found[:MOST_NAMED]
        )
        more = f" and {len(found) - MOST_NAMED:,} more targets" if len(found) > MOST_NAMED else ""
        yield (
            "Units that say nothing about a target are in no rate of stance toward it. Left out, of the units scored for it: "
            f"{each}{more}."
        )


_UNIT = 'article_id, "group", unit_id, is_comment'
# Loaded spans in a voice that the unit can have: "outlet" in articles, "reader" in comments, "quoted" in both.
_SPANS = "FROM loaded WHERE voice = 'quoted' OR (voice = 'reader') = is_comment GROUP BY ALL"
_STANCE_ROWS = f"""
    SELECT {_UNIT}, 'stance' AS family, target AS subject, coalesce(label, '{NO_CALL}') AS part,
           CASE label WHEN 'against' THEN p_against WHEN 'favor' THEN p_favor WHEN 'neutral' THEN p_neutral
           WHEN '{UNRELATED}' THEN p_unrelated ELSE greatest(p_against, p_neutral, p_favor, p_unrelated) END AS probability,
           1 AS hits, 0 AS spans
    FROM stances"""
_PORTRAYAL_ROWS = f"""
    SELECT {_UNIT}, 'portrayal', target, coalesce(label, '{NO_CALL}'),
           CASE label WHEN 'negative' THEN p_negative WHEN 'positive' THEN p_positive WHEN 'neutral' THEN p_neutral
           ELSE greatest(p_negative, p_neutral, p_positive) END, 1, 0
    FROM portrayals"""
_LOADED_ROWS = f"""
    SELECT {_UNIT}, 'loaded', voice, '{UNITS}', max(score), 1, count(DISTINCT ("start", "end")) {_SPANS}
    UNION ALL
    SELECT {_UNIT}, 'technique', label, voice, max(score), count(*), 0 {_SPANS}"""
_FRAME_ROWS = f"SELECT {_UNIT}, 'frame', label, '', score, 1, 0 FROM frames"
_REPLY_ROWS = """
    SELECT article_id, "group", unit_id, true AS is_comment, 'reply' AS family, label AS subject, '' AS part,
           CASE label WHEN 'support' THEN p_support WHEN 'deny' THEN p_deny WHEN 'query' THEN p_query ELSE p_comment END
           AS probability, 1 AS hits, 0 AS spans
    FROM replies"""
# The group of an article is that of its own units: if authors are compared, comments have the group of their own author.
ARTICLE_GROUPS = """
    (SELECT article_id, coalesce(any_value("group") FILTER (NOT is_comment), any_value("group")) AS "group"
     FROM units GROUP BY 1)"""


def make_hits(store: Store, *, portrayal: bool = False) -> None:
    """Make the table `hits`: each unit behind each number, without skipped copies. Needs `text_parts`.

    portrayal: also those of portrayals.
    """
    of_units = [_STANCE_ROWS, *[_PORTRAYAL_ROWS] * portrayal, _LOADED_ROWS, _FRAME_ROWS, _REPLY_ROWS]
    store.connection.execute(f"""
        CREATE TEMP TABLE hits AS
        SELECT id, "group", {NAME_IN_SQL} AS measure, article_id, unit_id, is_comment, probability, hits AS n, spans
        FROM (
            SELECT * EXCLUDE (cluster, n, written, copy, copies), CASE WHEN is_comment THEN '{COMMENTS}' ELSE '' END AS side
            FROM ({" UNION ALL ".join(of_units)})
            JOIN text_parts USING (article_id, "group") WHERE {COUNTED}
            UNION ALL BY NAME
            SELECT NULL AS id, found.* EXCLUDE ("group"), a."group", '{THREADS}' AS side
            FROM ({_STANCE_ROWS} WHERE is_comment AND target = '{ARTICLE}' UNION ALL {_REPLY_ROWS}) found
            JOIN {ARTICLE_GROUPS} a USING (article_id))""")


def count_hits(store: Store, *, measures: Sequence[str] = ()) -> Counts:
    """Count hits and totals for all measures, or for those whose name matches a pattern (wildcards as in file names).

    Needs the tables `text_parts` and `hits`. A measure without a hit is left out, except of a target that units were scored
    for. Raises UsageError if no measure matches.
    """
    rows = store.columns('SELECT DISTINCT id, "group", n FROM text_parts ORDER BY id')
    names, group = np.unique(rows["group"].astype(object), return_inverse=True)
    every, hits, totals, unrelated = _hits_and_totals(store, len(group), _HITS, _UNITS)
    kept = [i for i, measure in enumerate(every) if not measures or measure.matches(measures)]
    if measures and not kept:
        known = ", ".join(sorted(map(str, every))[:5])
        raise UsageError(f"no measure fits {', '.join(measures)}. Measures of these scores: {known}, …")
    chosen = tuple(every[i] for i in kept)
    total_names = list(totals)
    return Counts(
        groups=tuple(names),
        articles=store.columns("SELECT DISTINCT cluster FROM text_parts ORDER BY 1")["cluster"],
        group=group,
        article=rows["n"].astype(np.int64),
        measures=chosen,
        column=np.array([total_names.index(measure.total) for measure in chosen], np.int64),
        units_column=np.array([total_names.index(measure.units_total) for measure in chosen], np.int64),
        hits=hits[:, kept] if measures else hits,
        totals=np.stack(list(totals.values()), axis=1),
        unrelated=unrelated,
    )


def count_by_commenter(store: Store, counts: Counts, measures: Ints) -> tuple[Counts, Ints, Ints]:
    """Counts of these measures of comments, with a row for each commenter under each text.

    Also (rows,) the row of `counts` that each row is part of, and (rows,) numbers of the commenters. Needs the tables `hits`
    and `commented` (clusters.py).
    """
    rows = store.columns("SELECT DISTINCT row, id, commenter FROM commented ORDER BY row")
    part = np.asarray(rows["id"], np.int64)
    every, hits, totals, _ = _hits_and_totals(store, len(part), _COMMENT_HITS, _COMMENT_UNITS)
    chosen = tuple(counts.measures[m] for m in measures)
    names = list(totals)
    finer = Counts(
        groups=counts.groups,
        articles=counts.articles,
        group=counts.group[part],
        article=counts.article[part],
        measures=chosen,
        column=np.array([names.index(measure.total) for measure in chosen], np.int64),
        units_column=np.array([names.index(measure.units_total) for measure in chosen], np.int64),
        hits=hits[:, [every.index(measure) for measure in chosen]],
        totals=np.stack(list(totals.values()), axis=1),
    )
    commenters = np.unique(rows["commenter"].astype(object).astype(str), return_inverse=True)[1]
    return finer, part, commenters.astype(np.int64)


ByName = dict[str, NDArray[np.float32]]
_HITS = """
    SELECT id, measure, sum(n)::FLOAT AS n, sum(spans)::FLOAT AS spans FROM hits WHERE id IS NOT NULL GROUP BY ALL"""
_COMMENT_HITS = """
    SELECT c.row AS id, measure, sum(n)::FLOAT AS n, sum(spans)::FLOAT AS spans
    FROM hits h JOIN commented c USING (unit_id) WHERE h.id IS NOT NULL AND h.is_comment GROUP BY ALL"""
_UNITS = f"""
    SELECT id, is_comment, count(*)::FLOAT AS units, sum(words)::FLOAT AS words
    FROM units JOIN text_parts USING (article_id, "group") WHERE {COUNTED} GROUP BY ALL"""
_COMMENT_UNITS = """
    SELECT row AS id, true AS is_comment, count(*)::FLOAT AS units, sum(words)::FLOAT AS words
    FROM units JOIN commented USING (unit_id) GROUP BY ALL"""


def _hits_and_totals(
    store: Store, rows: int, hits_query: str, units_query: str
) -> tuple[list[Measure], NDArray[np.float32], ByName, ByName]:
    """All measures in order, hits (rows, measures), denominator → (rows,), and Counts.unrelated."""
    import pyarrow.compute as pc

    table = store.arrow(hits_query)
    coded = pc.dictionary_encode(table["measure"].combine_chunks())
    found = [Measure.parse(name) for name in coded.dictionary.to_pylist()]
    row, code, n = table["id"].to_numpy(), coded.indices.to_numpy(), table["n"].to_numpy()
    unrelated: ByName = {}
    for i, measure in enumerate(found):
        if measure.part == UNRELATED:
            unrelated[measure.total] = np.zeros(rows, np.float32)
            unrelated[measure.total][row[code == i]] = n[code == i]
    measures = sorted(
        {derived for measure in found for derived in _derived(measure)}, key=lambda m: m.sort_key
    )
    column = {measure: i for i, measure in enumerate(measures)}
    hits = np.zeros((rows, len(measures)), np.float32)
    counted = np.array([column.get(measure, -1) for measure in found], np.int64)[code]  # -1: unrelated
    hits[row[counted >= 0], counted[counted >= 0]] = n[counted >= 0]
    # Rows of units with loaded language also hold the number of their spans.
    per_words = [column[m.with_part(PER_1000_WORDS)] if m.family == "loaded" else -1 for m in found]
    spans_column = np.array(per_words, np.int64)[code]
    own = np.flatnonzero(spans_column >= 0)
    hits[row[own], spans_column[own]] = table["spans"].to_numpy()[own]
    for measure in measures:
        if measure.kind == NET:
            minus, plus = (hits[:, column[source]] for source in measure.sources)
            hits[:, column[measure]] = plus - minus
    totals = _unit_totals(store, rows, units_query)
    for measure, i in column.items():
        if measure.family in ("reply", *LABELS) and measure.kind != NET:
            total = totals.setdefault(measure.total, np.zeros(rows, np.float32))
            total += hits[:, i]
    return measures, hits, totals, unrelated


def _derived(measure: Measure) -> Iterator[Measure]:
    """A measure in the table `hits` and those counted with it: all labels of a target, or spans per 1,000 words."""
    if measure.family in LABELS:
        yield from map(measure.with_part, (*LABELS[measure.family], NO_CALL, NET))
        return
    yield measure
    if measure.family == "loaded":
        yield measure.with_part(PER_1000_WORDS)


def _unit_totals(store: Store, rows: int, query: str) -> dict[str, NDArray[np.float32]]:
    """Units and words of articles and of comments, (rows,) each."""
    found = store.columns(query)
    totals = {}
    for comments, side in ((False, ""), (True, f"{COMMENTS}/")):
        own = found["is_comment"] == comments
        for name in ("units", "words"):
            totals[side + name] = np.zeros(rows, np.float32)
            totals[side + name][found["id"][own]] = found[name][own]
    return totals
