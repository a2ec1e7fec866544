"""From every number to the sentences behind it: all unit ids as a table, and a few sentences of "
"each inside the page.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from slant.comparing.comment_replies import ARTICLE, OF_ARTICLE
from slant.comparing.counts import COUNTED, parts
from slant.reports import page_parts
from slant.reports.page_parts import COMMENTS, THREADS, clip, printable, web

if TYPE_CHECKING:
    from slant.comparing.score_tables import Store

ALL = "(all)"
MOST = 6
# How many sentences a number gets and how long they may be, from the roomiest down: what fits is taken.
_SIZES = ((MOST, 600), (5, 420), (4, 320), (3, 260), (2, 200), (1, 160), (1, 100))
_SIDE = "CASE WHEN is_comment THEN 'comments/' ELSE '' END"

# Copies that do not count are not behind any number. "threads/": comments by the group of the article that they stand under,
# which is not always theirs. "net" stances have no units of their own (theirs are those against and in favor), nor have
# spans per 1,000 words (theirs are the units with spans), so neither has rows here; `sources` says where to look.
_STANCE = """CASE label WHEN 'against' THEN p_against WHEN 'favor' THEN p_favor WHEN 'neutral' THEN p_neutral
               ELSE greatest(p_against, p_neutral, p_favor) END"""
_REPLY = "CASE label WHEN 'support' THEN p_support WHEN 'deny' THEN p_deny WHEN 'query' THEN p_query ELSE p_comment END"
_TABLE = f"""
    CREATE OR REPLACE TEMP TABLE evidence AS
    SELECT "group", measure, article_id, unit_id, is_comment, probability FROM (
        SELECT "group", {_SIDE} || 'stance/' || target || '/' || coalesce(label, 'no_call') AS measure, article_id, unit_id,
               is_comment, {_STANCE} AS probability FROM stances
        UNION ALL
        SELECT "group", {_SIDE} || 'loaded/' || voice || '/units', article_id, unit_id, is_comment, max(score) FROM loaded
        WHERE voice = 'quoted' OR (voice = 'reader') = is_comment GROUP BY ALL
        UNION ALL
        SELECT "group", {_SIDE} || 'technique/' || label || '/' || voice, article_id, unit_id, is_comment, max(score)
        FROM loaded WHERE voice = 'quoted' OR (voice = 'reader') = is_comment GROUP BY ALL
        UNION ALL
        SELECT "group", {_SIDE} || 'frame/' || label, article_id, unit_id, is_comment, score FROM frames
        UNION ALL
        SELECT "group", '{COMMENTS}reply/' || label, article_id, unit_id, true, {_REPLY} FROM replies
    ) JOIN parts USING (article_id, "group") WHERE {COUNTED}
    UNION ALL
    SELECT a."group", '{THREADS}reply/' || label, article_id, unit_id, true, {_REPLY}
    FROM replies JOIN {OF_ARTICLE} a USING (article_id)
    UNION ALL
    SELECT a."group", '{THREADS}stance/{ARTICLE}/' || coalesce(label, 'no_call'), article_id, unit_id, true, {_STANCE}
    FROM stances JOIN {OF_ARTICLE} a USING (article_id) WHERE is_comment AND target = '{ARTICLE}'"""
# Drawn by hash, an article at most once before any comes twice: the same run gives the same sentences, and nobody chose them.
_DRAWN = """
    WITH ranked AS (
        SELECT *, hash(unit_id || measure) AS lot,
               row_number() OVER (PARTITION BY "group", measure, article_id ORDER BY lot) AS n
        FROM evidence WHERE list_contains($groups, "group")
    )
    SELECT "group", measure, unit_id, probability, lot FROM ranked
    QUALIFY row_number() OVER (PARTITION BY "group", measure ORDER BY n, lot) <= $most
    ORDER BY "group", measure, n, lot"""


@dataclass(slots=True)
class Keys:
    """Short names for groups and measures, under which the page finds its sentences.

    side: what measures of comments begin with, COMMENTS for those of the group or THREADS for those under its articles.
    """

    groups: list[str]
    measures: list[str] = field(default_factory=list)
    known: dict[str, int] = field(default_factory=dict)
    side: str = COMMENTS

    def of_threads(self) -> Keys:
        """The same keys, for numbers of comments by the article that they stand under."""
        return replace(self, side=THREADS)

    def of(self, group: str, measure: str) -> str:
        """Keys of the sentences behind a rate, apart by blanks; "" for a group that the page does not show."""
        if group not in self.groups:
            return ""
        return " ".join(self.one(group, name) for name in sources(measure))

    def one(self, group: str, measure: str) -> str:
        if measure.startswith(COMMENTS):
            measure = self.side + measure.removeprefix(COMMENTS)
        return f"{self.groups.index(group)}.{self._number(measure)}"

    def _number(self, measure: str) -> int:
        if measure not in self.known:
            self.known[measure] = len(self.measures)
            self.measures.append(measure)
        return self.known[measure]


@dataclass(slots=True)
class Evidence:
    """Sentences by number. of: key of a number → unit ids. facts: unit id → what is shown of it."""

    of: dict[str, list[str]] = field(default_factory=dict)
    facts: dict[str, dict[str, Any]] = field(default_factory=dict)


def sources(measure: str) -> tuple[str, ...]:
    """The measures under which the units behind one stand: two for a net stance, else one."""
    if measure.endswith("/net"):
        return measure[:-3] + "against", measure[:-3] + "favor"
    if measure.endswith("/per_1000_words"):
        return (measure.removesuffix("per_1000_words") + "units",)
    return (measure,)


def gather(store: Store, *, keys: Keys, more: Mapping[str, Sequence[str]]) -> Evidence:
    """Up to MOST units for each measure of the groups in `keys` and of all, and those that `more` has under keys of its own.

    Makes the table `evidence` in the store: "group", measure, article_id, unit_id, is_comment, probability (of the label that
    counts; of an abstention the largest).
    """
    parts(store)
    store.connection.execute(_TABLE)
    rows = store.connection.execute(_DRAWN, {"groups": keys.groups, "most": MOST}).fetchall()
    found = Evidence()
    together: dict[str, list[tuple[int, str]]] = {}
    for group, measure, unit_id, _, lot in rows:
        found.of.setdefault(keys.one(group, measure), []).append(unit_id)
        together.setdefault(measure, []).append((lot, unit_id))
    for measure, lots in together.items():
        found.of[keys.one(ALL, measure)] = [unit_id for _, unit_id in sorted(lots)[:MOST]]
    for name, unit_ids in more.items():
        found.of[name] = list(unit_ids)[:MOST]
    _describe(store, found)
    return found


def _describe(store: Store, found: Evidence) -> None:
    import pyarrow as pa

    wanted = sorted({unit_id for ids in found.of.values() for unit_id in ids})
    store.connection.register("_wanted", pa.table({"unit_id": pa.array(wanted, pa.string())}))
    query = """
        SELECT u.unit_id, u.text, u.kind, u.title, u.outlet, u.published, u.url, u.article_id,
               s.stances, l.spans, f.frames, r.reply
        FROM units u JOIN _wanted USING (unit_id)
        LEFT JOIN (SELECT unit_id, list([target, label, CASE label WHEN 'against' THEN p_against WHEN 'favor' THEN p_favor
                   ELSE p_neutral END::VARCHAR] ORDER BY target) AS stances
                   FROM stances SEMI JOIN _wanted USING (unit_id) GROUP BY 1) s USING (unit_id)
        LEFT JOIN (SELECT unit_id, list(struct_pack(s := "start", e := "end", l := label, v := voice, p := score)
                   ORDER BY "start", "end" DESC) AS spans
                   FROM loaded SEMI JOIN _wanted USING (unit_id) GROUP BY 1) l USING (unit_id)
        LEFT JOIN (SELECT unit_id, list(label ORDER BY score DESC) AS frames
                   FROM frames SEMI JOIN _wanted USING (unit_id) GROUP BY 1) f USING (unit_id)
        LEFT JOIN (SELECT unit_id, label AS reply FROM replies) r USING (unit_id)"""
    names = ("unit_id", "text", "kind", "title", "outlet", "published", "url", "article_id",
             "stances", "spans", "frames", "reply")  # fmt: skip
    for row in store.rows(query):
        found.facts[row[0]] = dict(zip(names, row, strict=True))
    store.connection.unregister("_wanted")
    for name, ids in found.of.items():
        found.of[name] = [unit_id for unit_id in ids if unit_id in found.facts]


def pack(found: Evidence, *, budget: int) -> tuple[dict[str, Any], int]:
    """The sentences for the page, within a budget (bytes) where any size fits, and how many a number has at most.

    {"of": {key: [row of units, …]}, "units": [[text, article, spans, stances, frames, reply, cut], …], "articles":
    [[title, outlet, published, url], …], "words": [labels and targets]}. spans: [start, end, label, voice (first letter),
    probability × 100]; stances: [target, label (first letter, "-" for no call), probability × 100]; cut: 1 if the start, 2
    if the end is left out, 3 for both.
    """
    packed, most = {}, 0
    for most, length in _SIZES:
        packed = _packed(found, most, length)
        if len(dump(packed).encode()) <= budget:
            break
    return packed, most


def dump(value: object) -> str:
    """JSON that may stand inside a script element: no `<`, nothing that cannot be encoded."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return printable(text).replace("<", "\\u003c")


def _packed(found: Evidence, most: int, length: int) -> dict[str, Any]:
    units: dict[str, int] = {}
    articles: dict[str, int] = {}
    terms: dict[str, int] = {}
    rows, about = [], []
    of: dict[str, list[int]] = {}
    for name, ids in found.of.items():
        for unit_id in ids[:most]:
            if unit_id not in units:
                facts = found.facts[unit_id]
                if facts["article_id"] not in articles:
                    articles[facts["article_id"]] = len(articles)
                    about.append(
                        [
                            clip(facts["title"] or "", 120),
                            facts["outlet"],
                            facts["published"],
                            web(facts["url"]),
                        ]
                    )
                units[unit_id] = len(units)
                rows.append(_row(facts, articles[facts["article_id"]], terms, length))
        if ids:
            of[name] = [units[unit_id] for unit_id in ids[:most]]
    return {"of": of, "units": rows, "articles": about, "words": list(terms)}


def _row(facts: Mapping[str, Any], article: int, terms: dict[str, int], length: int) -> list[Any]:
    text, spans = facts["text"], facts["spans"] or []
    # A long unit is shown around its first loaded words; what is left out is said by an ellipsis.
    first = spans[0]["s"] if spans else 0
    start = max(0, first - length // 3) if first > length * 2 // 3 else 0
    start = _word_start(text, start)
    shown = text[start : start + length]
    marks = [
        [
            s["s"] - start,
            min(s["e"] - start, length),
            _term(terms, page_parts.plain(s["l"])),
            s["v"][0],
            round(100 * s["p"]),
        ]
        for s in spans
        if start <= s["s"] < start + length
    ]
    stances = [
        [_term(terms, page_parts.target(target)), (label or "-")[0], round(100 * float(p)) if label else 0]
        for target, label, p in facts["stances"] or []
    ]
    frames = [_term(terms, page_parts.plain(frame)) for frame in facts["frames"] or []]
    cut = (start > 0) + 2 * (start + length < len(text))
    return [shown, article, marks, stances, frames, facts["reply"] or "", cut, facts["kind"]]


def _term(terms: dict[str, int], name: str) -> int:
    return terms.setdefault(name, len(terms))


def _word_start(text: str, at: int) -> int:
    return text.rfind(" ", 0, at) + 1 if at else 0


def flat(values: Iterable[Any]) -> str:
    """A list as one CSV cell."""
    return " | ".join(map(str, values))
