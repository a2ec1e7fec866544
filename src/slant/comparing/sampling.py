"""A random sample of the scored units for people to label, drawn so that every unit has a known chance to be in it.

Each group gives as many units as the next, since groups are what is compared; within a group they are drawn from strata by
what the model says, evenly over its confidence (systematic sampling, Cochran 1977, ch. 8). `weight` is how many scored units
a drawn one stands for. What the model says is not in the file unless it is asked for: who labels should not see it.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from slant.comparing.cells import Ints
from slant.comparing.gold import COLUMNS, TASKS
from slant.comparing.store import Store
from slant.errors import UsageError
from slant.scoring.files import check_format

LEAST = 2  # units from each stratum, where it has as many


@dataclass(frozen=True, slots=True)
class Sample:
    """rows: one for each question, in the columns of a gold file. units, groups: how many were drawn, of how many groups."""

    rows: list[dict[str, Any]]
    units: int
    groups: dict[str, int]


def draw_sample(
    store: Store, *, size: int, tasks: Sequence[str] = ("stance",), seed: int, show: bool = False
) -> Sample:
    """About `size` units, with a question for each of `tasks` (and for each target that a unit names).

    show: adds the column `model_label`. Raises UsageError if no unit has such a question, or for a size below 2 a group.
    """
    pool = store.columns(_pool(tasks))
    if not len(pool["unit_id"]):
        raise UsageError(
            f"no scored unit has a question of {', '.join(tasks)}: nothing to draw from. Try another --task."
        )
    groups, group = np.unique(pool["group"].astype(object), return_inverse=True)
    if size < LEAST * len(groups):
        raise UsageError(
            f"-n {size}: {len(groups)} groups need at least {LEAST * len(groups)} units, and {50 * len(groups)} to say much."
        )
    stratum = np.unique(pool["stratum"].astype(object), return_inverse=True)[1]
    rng = np.random.default_rng(seed)
    shares = allocate(np.bincount(group), size)
    weights: dict[str, float] = {}
    for number, share in enumerate(shares):
        members = np.flatnonzero(group == number)
        own_stratum = stratum[members]
        if (
            len(np.unique(own_stratum)) > share
        ):  # too few for all strata: none, so that no unit is without a chance
            own_stratum = np.zeros(len(members), np.int64)
        for s, wanted in enumerate(within(np.bincount(own_stratum), int(share))):
            own = members[own_stratum == s]
            if wanted:
                own = own[np.lexsort((pool["unit_id"][own], pool["confidence"][own]))]
                chosen = own[systematic(len(own), wanted, rng)]
                weights |= dict.fromkeys(pool["unit_id"][chosen], len(own) / wanted)
    drawn = dict(zip(groups, map(int, shares), strict=True))
    return Sample(_questions(store, weights, tasks, show=show, rng=rng), len(weights), drawn)


def allocate(sizes: Ints, total: int) -> Ints:
    """(groups,) how many to draw of each: as equal as the groups allow, no more than each has."""
    shares = np.zeros(len(sizes), np.int64)
    for at, group in enumerate(
        np.argsort(sizes, kind="stable")
    ):  # the smallest first: what they lack goes to the others
        shares[group] = min(int(sizes[group]), (total - int(shares.sum())) // (len(sizes) - at))
    return shares


def within(sizes: Ints, total: int) -> Ints:
    """(strata,) in proportion to their size, at least LEAST where there are as many, and no more than there are."""
    least = np.minimum(sizes, LEAST if (np.minimum(sizes, LEAST)).sum() <= total else 1)
    ideal = total * sizes / max(int(sizes.sum()), 1)
    found = np.clip(np.floor(ideal), least, sizes).astype(np.int64)
    for s in np.argsort(-(ideal - found), kind="stable"):
        found[s] += found.sum() < total and found[s] < sizes[s]
    while found.sum() > total:  # the least that each stratum gives came to more
        found[np.argmax(found - least)] -= 1
    return found


def systematic(count: int, wanted: int, rng: np.random.Generator) -> Ints:
    """`wanted` of the numbers below `count`, evenly spread from a random start: each has the chance wanted / count."""
    return np.floor((np.arange(wanted) + rng.random()) * count / wanted).astype(np.int64)


def _pool(tasks: Sequence[str]) -> str:
    """Units with a question, their stratum and the model's confidence."""
    wanted = " OR ".join(
        {"stance": "a.unit_id IS NOT NULL", "reply": "r.unit_id IS NOT NULL"}.get(t, "TRUE") for t in tasks
    )
    return f"""
        WITH asked AS (
            SELECT unit_id, min(greatest(p_against, p_neutral, p_favor)) AS p,
                   CASE WHEN bool_or(label IS NULL) THEN 'no_call' WHEN bool_or(label = 'against') THEN 'against'
                        WHEN bool_or(label = 'favor') THEN 'favor' ELSE 'neutral' END AS label
            FROM stances GROUP BY 1),
        spans AS (SELECT unit_id, max(score) AS p FROM loaded GROUP BY 1)
        SELECT u."group", u.unit_id, coalesce(a.p, s.p, 0) AS confidence,
               concat_ws('/', CASE WHEN is_comment THEN 'comment' ELSE 'article' END, coalesce(a.label, 'not asked'),
                         CASE WHEN s.unit_id IS NULL THEN 'plain' ELSE 'loaded' END) AS stratum
        FROM units u LEFT JOIN asked a USING (unit_id) LEFT JOIN spans s USING (unit_id) LEFT JOIN replies r USING (unit_id)
        WHERE {wanted} ORDER BY u.unit_id"""


def _questions(
    store: Store, weights: dict[str, float], tasks: Sequence[str], *, show: bool, rng: np.random.Generator
) -> list[dict[str, Any]]:
    """Units in random order, so that those of one outlet do not stand together; a unit's questions stay together."""
    import pyarrow as pa

    names = sorted(weights)
    order = rng.permutation(len(names))
    drawn = pa.table({"unit_id": names, "weight": [weights[name] for name in names], "place": order})
    store.connection.register("_drawn", drawn)
    rows: list[dict[str, Any]] = []
    for task in tasks:
        for *facts, place in store.rows(_ASKED[task]):
            row: dict[str, Any] = dict(zip(_FOUND, facts, strict=True))
            question = _wording(task, row["target"])
            rows.append(
                {
                    **row,
                    "task": task,
                    "question": question,
                    "label": "",
                    "codebook": store.codebook,
                    "place": place,
                }
            )
    store.connection.unregister("_drawn")
    rows.sort(key=lambda row: (row["place"], TASKS.index(row["task"]), row["target"] or ""))
    columns = (*COLUMNS, "model_label") if show else COLUMNS
    return [{name: row[name] for name in columns} for row in rows]


def _wording(task: str, target: str | None) -> str:
    named = f"“{target.replace('_', ' ')}”" if target else ""
    return {
        "stance": f"Stance of this text toward {named}: against, neutral or favor?",
        "loaded": "How many stretches of loaded language, quotations apart? 0 for none",
        "frames": "Which frames? Several with ; between them, or none",
        "reply": "How does it answer what it replies to: support, deny, query or comment?",
    }[task]


def write_sample(sample: Sample, path: str) -> None:
    """CSV or JSON lines, by the ending of `path`."""
    ending = check_format(path, formats=(".csv", ".jsonl"))
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", encoding="utf-8-sig" if ending == ".csv" else "utf-8", newline="") as file:
        if ending == ".jsonl":
            file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in sample.rows)
            return
        writer = csv.DictWriter(file, list(sample.rows[0]))
        writer.writeheader()
        writer.writerows(sample.rows)


_FROM = """FROM _drawn d JOIN units u USING (unit_id) LEFT JOIN units p ON p.unit_id = u.parent_id"""
_FOUND = ("unit_id", "target", "kind", "title", "parent_text", "text", "weight", "model_label")
_FACTS = "u.kind, u.title, p.text, u.text, d.weight"
_ASKED = {
    "stance": f"""SELECT u.unit_id, s.target, {_FACTS}, coalesce(s.label, 'no_call'), d.place
                  {_FROM} JOIN stances s ON s.unit_id = u.unit_id""",
    "loaded": f"""SELECT u.unit_id, NULL, {_FACTS}, (SELECT count(DISTINCT (l."start", l."end")) FROM loaded l
                  WHERE l.unit_id = u.unit_id AND l.voice != 'quoted')::VARCHAR, d.place {_FROM}""",
    "frames": f"""SELECT u.unit_id, NULL, {_FACTS}, coalesce((SELECT string_agg(f.label, ';') FROM frames f
                  WHERE f.unit_id = u.unit_id), 'none'), d.place {_FROM}""",
    "reply": f"""SELECT u.unit_id, NULL, {_FACTS}, r.label, d.place {_FROM} JOIN replies r ON r.unit_id = u.unit_id""",
}
