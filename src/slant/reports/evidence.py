"""Sentences behind every number: draw a few for the page from the table `hits`, and pack them into its JSON.

All units behind each number are written to tables/evidence.parquet by comparison_page.py.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from slant.comparing.measures import ALL, COMMENTS, THREADS, Measure
from slant.reports import page_parts
from slant.reports.page_parts import clip, printable, web

if TYPE_CHECKING:
    from slant.comparing.score_tables import Store

MOST = 6
# (sentences per number, characters per sentence), the largest first; the first size that fits the page is taken.
_SIZES = ((MOST, 600), (5, 420), (4, 320), (3, 260), (2, 200), (1, 160), (1, 100))
# Drawn by hash, so the same run shows the same sentences, and from as many articles as possible.
_DRAWN = """
    WITH ranked AS (
        SELECT "group", measure, unit_id, hash(unit_id || measure) AS draw,
               row_number() OVER (PARTITION BY "group", measure, article_id ORDER BY draw) AS turn
        FROM hits WHERE list_contains($groups, "group")
    )
    SELECT "group", measure, unit_id, draw FROM ranked
    QUALIFY row_number() OVER (PARTITION BY "group", measure ORDER BY turn, draw) <= $most
    ORDER BY "group", measure, turn, draw"""


@dataclass(slots=True)
class Keys:
    """Short keys of numbers (group and measure), under which the page finds their sentences.

    side: of measures of comments: COMMENTS (by the group of the comment) or THREADS (by the group of the article above it).
    """

    groups: list[str]
    measures: list[Measure] = field(default_factory=list)
    numbers: dict[Measure, int] = field(default_factory=dict)
    side: str = COMMENTS

    def of_threads(self) -> Keys:
        """The same keys, for numbers of comments by the article above them."""
        return replace(self, side=THREADS)

    def of(self, group: str, measure: Measure) -> str:
        """Keys of the sentences behind a rate, separated by spaces; "" for a group that is not on the page."""
        if group not in self.groups:
            return ""
        return " ".join(self.one(group, source) for source in measure.sources)

    def one(self, group: str, measure: Measure) -> str:
        """The key of a measure that has sentences of its own."""
        if measure.side == COMMENTS:
            measure = measure.on_side(self.side)
        if measure not in self.numbers:
            self.numbers[measure] = len(self.measures)
            self.measures.append(measure)
        return f"{self.groups.index(group)}.{self.numbers[measure]}"


@dataclass(slots=True)
class Evidence:
    """of: key of a number → unit ids. units: unit id → what the page shows of it."""

    of: dict[str, list[str]] = field(default_factory=dict)
    units: dict[str, dict[str, Any]] = field(default_factory=dict)


def draw_evidence(store: Store, *, keys: Keys, more: Mapping[str, Sequence[str]]) -> Evidence:
    """Draw up to MOST units per measure, for each group in `keys` and for everything. Needs the table `hits`.

    more: further keys with their unit ids.
    """
    rows = store.connection.execute(_DRAWN, {"groups": keys.groups, "most": MOST}).fetchall()
    found = Evidence()
    everything: dict[Measure, list[tuple[int, str]]] = {}
    for group, name, unit_id, draw in rows:
        measure = Measure.parse(name)
        found.of.setdefault(keys.one(group, measure), []).append(unit_id)
        everything.setdefault(measure, []).append((draw, unit_id))
    for measure, drawn in everything.items():
        found.of[keys.one(ALL, measure)] = [unit_id for _, unit_id in sorted(drawn)[:MOST]]
    for key, unit_ids in more.items():
        found.of[key] = list(unit_ids)[:MOST]
    _describe(store, found, portrayal=any(measure.family == "portrayal" for measure in everything))
    return found


def _describe(store: Store, found: Evidence, *, portrayal: bool) -> None:
    """Add what the page shows of the drawn units. portrayal: also their portrayals."""
    import pyarrow as pa

    wanted = sorted({unit_id for ids in found.of.values() for unit_id in ids})
    store.connection.register("_wanted", pa.table({"unit_id": pa.array(wanted, pa.string())}))
    query = f"""
        SELECT u.unit_id, u.text, u.kind, u.title, u.outlet, u.published, u.url, u.article_id,
               s.stances, p.portrayals, l.spans, f.frames, r.reply
        FROM units u JOIN _wanted USING (unit_id)
        LEFT JOIN (SELECT unit_id, list([target, label, CASE label WHEN 'against' THEN p_against WHEN 'favor' THEN p_favor
                   WHEN 'unrelated' THEN p_unrelated ELSE p_neutral END::VARCHAR] ORDER BY target) AS stances
                   FROM stances SEMI JOIN _wanted USING (unit_id) GROUP BY 1) s USING (unit_id)
        LEFT JOIN (SELECT unit_id, list([target, label, CASE label WHEN 'negative' THEN p_negative WHEN 'positive'
                   THEN p_positive ELSE p_neutral END::VARCHAR] ORDER BY target) AS portrayals
                   FROM portrayals SEMI JOIN _wanted USING (unit_id) WHERE {portrayal} GROUP BY 1) p USING (unit_id)
        LEFT JOIN (SELECT unit_id, list(struct_pack(s := "start", e := "end", l := label, v := voice, p := score)
                   ORDER BY "start", "end" DESC) AS spans
                   FROM loaded SEMI JOIN _wanted USING (unit_id) GROUP BY 1) l USING (unit_id)
        LEFT JOIN (SELECT unit_id, list(label ORDER BY score DESC) AS frames
                   FROM frames SEMI JOIN _wanted USING (unit_id) GROUP BY 1) f USING (unit_id)
        LEFT JOIN (SELECT unit_id, label AS reply FROM replies) r USING (unit_id)"""
    names = ("unit_id", "text", "kind", "title", "outlet", "published", "url", "article_id",
             "stances", "portrayals", "spans", "frames", "reply")  # fmt: skip
    for row in store.rows(query):
        found.units[row[0]] = dict(zip(names, row, strict=True))
    store.connection.unregister("_wanted")
    for key, ids in found.of.items():
        found.of[key] = [unit_id for unit_id in ids if unit_id in found.units]


def pack(found: Evidence, *, budget: int) -> tuple[dict[str, Any], int]:
    """The sentences for the page, within a budget (bytes) if any size fits, and the most sentences per number.

    {"of": {key: [index of unit, …]}, "units": [[text, article, spans, stances, portrayals, frames, reply, cut, kind], …],
    "articles": [[title, outlet, published, url], …], "words": [labels and targets]}. spans: [start, end, label, first
    letter of the voice, probability × 100]; stances: [target, first letter of the label ("-" for no call), probability
    × 100]; portrayals: the same with the index of the label; cut: 1 if the start is cut off, 2 the end, 3 both.
    """
    packed, most = {}, 0
    for most, length in _SIZES:
        packed = _pack(found, most, length)
        if len(dump(packed).encode()) <= budget:
            break
    return packed, most


def dump(value: object) -> str:
    """JSON that is safe inside a script element: no `<`, nothing that cannot be encoded."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return printable(text).replace("<", "\\u003c")


def _pack(found: Evidence, most: int, length: int) -> dict[str, Any]:
    units: dict[str, int] = {}
    articles: dict[str, int] = {}
    words: dict[str, int] = {}
    rows, sources = [], []
    of: dict[str, list[int]] = {}
    for key, ids in found.of.items():
        for unit_id in ids[:most]:
            if unit_id not in units:
                unit = found.units[unit_id]
                if unit["article_id"] not in articles:
                    articles[unit["article_id"]] = len(articles)
                    title = clip(unit["title"] or "", 120)
                    sources.append([title, unit["outlet"], unit["published"], web(unit["url"])])
                units[unit_id] = len(units)
                rows.append(_unit_row(unit, articles[unit["article_id"]], words, length))
        if ids:
            of[key] = [units[unit_id] for unit_id in ids[:most]]
    return {"of": of, "units": rows, "articles": sources, "words": list(words)}


def _unit_row(unit: Mapping[str, Any], article: int, words: dict[str, int], length: int) -> list[Any]:
    text, spans = unit["text"], unit["spans"] or []
    # A long unit is shown around its first loaded words.
    first = spans[0]["s"] if spans else 0
    start = max(0, first - length // 3) if first > length * 2 // 3 else 0
    start = _word_start(text, start)
    shown = text[start : start + length]
    marks = [
        [
            s["s"] - start,
            min(s["e"] - start, length),
            _word(words, page_parts.plain(s["l"])),
            s["v"][0],
            round(100 * s["p"]),
        ]
        for s in spans
        if start <= s["s"] < start + length
    ]
    stances = [
        [_word(words, page_parts.target(target)), (label or "-")[0], round(100 * float(p)) if label else 0]
        for target, label, p in unit["stances"] or []
    ]
    portrayals = [
        [
            _word(words, page_parts.target(target)),
            _word(words, label or "no call"),
            round(100 * float(p)) if label else 0,
        ]
        for target, label, p in unit["portrayals"] or []
    ]
    frames = [_word(words, page_parts.plain(frame)) for frame in unit["frames"] or []]
    cut = (start > 0) + 2 * (start + length < len(text))
    return [shown, article, marks, stances, portrayals, frames, unit["reply"] or "", cut, unit["kind"]]


def _word(words: dict[str, int], name: str) -> int:
    """Index of a label or target in the list of words."""
    return words.setdefault(name, len(words))


def _word_start(text: str, at: int) -> int:
    return text.rfind(" ", 0, at) + 1 if at else 0


def flat(values: Iterable[Any]) -> str:
    """A list as one CSV cell, its items separated by " | "."""
    return " | ".join(map(str, values))
