"""An invented quarrel over a lighthouse in three newspapers, scored by hand, and what a comparison of them holds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa

from compared import prepare
from report_cases import span, stance, unit
from slant.comparing.compare import Results
from slant.comparing.options import Options
from slant.comparing.rates import Groups
from slant.comparing.score_tables import Store, open_store
from slant.records import Frame, Reply, Score

OUTLETS = ("Coast Post", "The Lamp", "Tide & <b>Times</b>")
HOSTILE = 'The board </script><script>document.title="taken"</script> gutted the light. 🗼'


def scores(articles: int = 3, long: int = 0) -> Iterator[Score]:
    """`articles` of each outlet, two units and one comment each; the last outlet's text tries to break out of the page."""
    for outlet in OUTLETS:
        for number in range(articles):
            name = f"{OUTLETS.index(outlet)}-{number}"
            text = (
                HOSTILE
                if outlet == OUTLETS[-1]
                else f"In spring the board gutted the light of pier {number}."
            )
            text += " The keepers left." * long
            facts = {"article": name, "outlet": outlet, "published": f"2019-0{1 + number % 4}-02"}
            yield Score(
                unit(0, "paragraph", text, **facts), model="m-1", codebook="c-1",
                stance=(stance("light_board", "against", 0.8, 0.1, 0.1),), frames=(Frame("economic", 0.7),),
                loaded=(span(text, "gutted", "loaded_language", 0.9, "outlet"),),
            )  # fmt: skip
            yield Score(
                unit(1, "paragraph", f"“A fine light”, said keeper {number}.", **facts), model="m-1", codebook="c-1",
                stance=(stance("light_board", "favor", 0.1, 0.2, 0.7), stance("keepers", None, 0.4, 0.3, 0.3)),
            )  # fmt: skip
            yield Score(
                unit(2, "comment", f"Is that so, number {number}?", **facts), model="m-1", codebook="c-1",
                reply=Reply("query", {"support": 0.1, "deny": 0.1, "query": 0.7, "comment": 0.1}),
            )  # fmt: skip


def written(folder: Path, rows: Iterator[Score]) -> Path:
    path = folder / "scores.jsonl"
    path.write_text("".join(json.dumps(score.to_dict()) + "\n" for score in rows), encoding="utf-8")
    return path


def rate(group: str, measure: str, value: float, *, hits: int = 20, **more: Any) -> dict[str, Any]:
    row = {"group": group, "measure": measure, "value": value, "low": value - 0.05, "high": value + 0.05}
    return {**row, "hits": hits, "total": 60, "articles": 30, "units": 60, **more}


def difference(
    group: str, other: str, measure: str, size: float, *, significant: bool, **more: Any
) -> dict[str, Any]:
    row = {
        "group": group,
        "other": other,
        "measure": measure,
        "value": 0.5,
        "other_value": 0.5 - size,
        "difference": size,
    }
    row |= {"low": size - 0.1, "high": size + 0.1, "effect": 0.4, "effect_kind": "cohens_h", "p": 0.0004}
    row |= {
        "p_adjusted": 0.004 if significant else 0.4,
        "significant": significant,
        "articles": 30,
        "other_articles": 60,
    }
    return {**row, "detectable": 0.17, **more}


def detectable(measure: str, median: float) -> dict[str, Any]:
    sizes = {"smallest": median * 0.8, "median": median, "largest": median * 2, "median_alone": median * 0.7}
    return {"measure": measure, "tests": 6, **sizes, "articles_for_ten": 120, "level": 0.01}


AGAINST, NET, OWN = "stance/light_board/against", "stance/light_board/net", "loaded/outlet/per_1000_words"
OTHERS = (
    "stance/light_board/favor", "stance/keepers/no_call", "loaded/outlet/units", "technique/loaded_language/outlet",
    "frame/economic", "comments/reply/query",
)  # fmt: skip


def tables() -> dict[str, pa.Table]:
    """One difference is significant (against), one is not (net); the third outlet has no interval for its loaded language."""
    groups = (*OUTLETS, "(all)")
    rates = [rate(g, m, 0.2 + 0.1 * i) for m in (AGAINST, NET, *OTHERS) for i, g in enumerate(groups)]
    rates += [rate(g, OWN, 4.0, **({"low": None, "high": None} if g == OUTLETS[2] else {})) for g in groups]
    found = [
        difference(OUTLETS[0], "(rest)", AGAINST, 0.23, significant=True),
        difference(OUTLETS[0], OUTLETS[1], AGAINST, 0.2, significant=True),
        difference(OUTLETS[0], OUTLETS[1], NET, 0.04, significant=False),
    ]
    words = {
        "target": "(any)", "group": OUTLETS[1], "phrase": "gutted", "count": 12, "other_count": 2, "texts": 9,
        "log_odds": 1.4, "low": 0.6, "high": 2.1, "z": 4.0, "p_adjusted": 0.001, "examples": ["1-0-0"],
    }  # fmt: skip
    trends = [
        {"month": f"2019-0{n}", "group": "(all)", "measure": NET, "value": -0.1 * n, "low": -0.1 * n - 0.1,
         "high": -0.1 * n + 0.1, "articles": 9, "few": False} for n in (1, 2, 3)
    ]  # fmt: skip
    happened = {
        "month": "2019-02",
        "day": "2019-02-01",
        "event": 1,
        "title": "Light goes out",
        "texts": 6,
        "groups": 3,
    }
    made: dict[str, list[Any]] = {
        "rates": rates, "differences": found, "words": [words], "trends": trends, "month_events": [happened],
        "detectable": [detectable(AGAINST, 0.18), detectable(NET, 0.31), detectable(OWN, 2.5)],
    }  # fmt: skip
    made["leaks"] = [
        {"probed": "scores", "text": "masked", "accuracy": 0.42, "low": 0.36, "high": 0.5, "chance": 0.33, "articles": 90,
         "groups": 3, "meaning": "The mask takes most of it."},
    ]  # fmt: skip
    made["decomposition"] = [_parts(outlet) for outlet in OUTLETS]
    made["audience"] = [_audience(outlet) for outlet in OUTLETS]
    made["answers"] = [_answer(group) for group in (*OUTLETS, "(all)")]
    made["events"] = [
        {"event": 1, "story": 1, "title": "Light goes out", "keywords": "light, pier", "first": "2019-02-01",
         "last": "2019-02-03", "articles": 4, "texts": 3, "outlets": 3, "shared": 3}
    ]  # fmt: skip
    made["event_articles"] = [
        {"article_id": f"{n}-0", "group": outlet, "outlet": outlet, "published": "2019-02-01", "title": "Out it goes",
         "event": 1, "story": 1, "cluster": "0-0", "ran_in": 3} for n, outlet in enumerate(OUTLETS)
    ]  # fmt: skip
    return {name: pa.Table.from_pylist(rows) for name, rows in made.items()}


def _parts(group: str) -> dict[str, Any]:
    row: dict[str, Any] = {
        "group": group,
        "other": "(rest)",
        "measure": NET,
        "value": -0.2,
        "other_value": -0.1,
    }
    row |= {"difference": -0.1, "shared_events": 7, "shared_share": 0.4, "other_shared_share": 0.5}
    for part, size in (("selection", 0.05), ("presentation", -0.12), ("not_shared", -0.03)):
        row |= {part: size, f"{part}_low": size - 0.1, f"{part}_high": size + 0.1}
    return row


def _audience(group: str) -> dict[str, Any]:
    row: dict[str, Any] = {
        "group": group,
        "target": "light_board",
        "verdict": "exceed",
        "units": 60,
        "comments": 40,
    }
    for name, size in (("article_net", -0.2), ("comments_net", -0.5), ("gap", -0.3)):
        row |= {name: size, f"{name}_low": size - 0.1, f"{name}_high": size + 0.1}
    return {**row, "threads": 20}


def _answer(group: str) -> dict[str, Any]:
    row = {"group": group, "about": "reply", "label": "query", "value": 0.6, "low": 0.5, "high": 0.7}
    return {**row, "comments": 30, "threads": 9}


def results(
    own: dict[str, pa.Table] | None = None, *, groups: dict[str, int] | None = None, repeated: int = 0
) -> Results:
    kept = groups or dict.fromkeys(OUTLETS, 30)
    return Results(
        options=Options(),
        model="m-1",
        codebook="c-1",
        files=("scores.jsonl",),
        groups=Groups(kept, {"Gull": 2}),
        articles=92,
        units=270,
        comments=90,
        repeated=repeated,
        tables=own or tables(),
        notes=("A note.",),
    )


@contextmanager
def opened(folder: Path, rows: Iterator[Score] | None = None) -> Iterator[Store]:
    """The store of these scores, with the tables that a report reads."""
    with open_store([str(written(folder, rows or scores()))]) as store:
        prepare(store, events=False)
        yield store
