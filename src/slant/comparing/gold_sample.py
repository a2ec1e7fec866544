"""Draw a sample of scored units for people to label (`slant sample`), and load the labels (`slant compare --gold`).

Each group gives equally many units, since groups are what is compared. Within a group units are drawn from strata by the
model's labels, evenly over its confidence (systematic sampling, Cochran 1977, ch. 8), so every unit has a known
probability to be drawn. `weight` is how many scored units a drawn one represents. The file shows the model's labels only
on request: annotators should not see them.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from slant.comparing.counts import Ints
from slant.comparing.measures import NO_FRAME
from slant.comparing.score_tables import Store, arrow_table
from slant.encoding.label_ids import FRAMES
from slant.errors import UsageError, did_you_mean
from slant.labels.label_rows import guarded, read_rows
from slant.records import PORTRAYALS, REPLIES, STANCE_ANSWERS
from slant.scoring.output_files import check_format

TASKS = ("stance", "portrayal", "loaded", "frames", "reply")
COLUMNS = (
    "unit_id", "task", "target", "question", "title", "before", "parent_text", "text", "label", "weight", "kind",
    "codebook",
)  # fmt: skip
MIN_PER_STRATUM = 2  # units, where the stratum has as many


@dataclass(frozen=True, slots=True)
class Sample:
    """rows: one per question, in the columns of a gold file. units: how many were drawn. groups: group → units drawn."""

    rows: list[dict[str, Any]]
    units: int
    groups: dict[str, int]


def draw_sample(
    store: Store, *, size: int, tasks: Sequence[str] = ("stance",), seed: int, show_labels: bool = False
) -> Sample:
    """Draw about `size` units, with one question per task (for stance and portrayal, per target).

    show_labels: add the column `model_label`. Raises UsageError if no unit has such a question, or if `size` is below two
    units per group.
    """
    pool = store.columns(_pool(tasks))
    if not len(pool["unit_id"]):
        raise UsageError(
            f"no scored unit has a question of {', '.join(tasks)}: nothing to draw from. Try another --task."
        )
    groups, group = np.unique(pool["group"].astype(object), return_inverse=True)
    if size < MIN_PER_STRATUM * len(groups):
        raise UsageError(
            f"-n {size}: {len(groups)} groups need at least {MIN_PER_STRATUM * len(groups)} units; use "
            f"{50 * len(groups)} or more for useful intervals."
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
        ):  # too few units for all strata: use none, so every unit has a chance
            own_stratum = np.zeros(len(members), np.int64)
        for s, wanted in enumerate(allocate_strata(np.bincount(own_stratum), int(share))):
            own = members[own_stratum == s]
            if wanted:
                own = own[np.lexsort((pool["unit_id"][own], pool["confidence"][own]))]
                chosen = own[systematic(len(own), wanted, rng)]
                weights |= dict.fromkeys(pool["unit_id"][chosen], len(own) / wanted)
    drawn = dict(zip(groups, map(int, shares), strict=True))
    return Sample(_questions(store, weights, tasks, show_labels=show_labels, rng=rng), len(weights), drawn)


def allocate(sizes: Ints, total: int) -> Ints:
    """(groups,) units to draw from each group: as equal as possible, and no more than the group has."""
    shares = np.zeros(len(sizes), np.int64)
    # The smallest group first: what it lacks goes to the others.
    for done, group in enumerate(np.argsort(sizes, kind="stable")):
        shares[group] = min(int(sizes[group]), (total - int(shares.sum())) // (len(sizes) - done))
    return shares


def allocate_strata(sizes: Ints, total: int) -> Ints:
    """(strata,) units to draw from each stratum: in proportion to its size, at least MIN_PER_STRATUM where it has as many."""
    least = np.minimum(sizes, MIN_PER_STRATUM if (np.minimum(sizes, MIN_PER_STRATUM)).sum() <= total else 1)
    ideal = total * sizes / max(int(sizes.sum()), 1)
    counts = np.clip(np.floor(ideal), least, sizes).astype(np.int64)
    for s in np.argsort(-(ideal - counts), kind="stable"):
        counts[s] += counts.sum() < total and counts[s] < sizes[s]
    while counts.sum() > total:  # the minimums add up to more
        counts[np.argmax(counts - least)] -= 1
    return counts


def systematic(count: int, wanted: int, rng: np.random.Generator) -> Ints:
    """`wanted` of the numbers below `count`, evenly spaced from a random start: each has probability wanted / count."""
    return np.floor((np.arange(wanted) + rng.random()) * count / wanted).astype(np.int64)


def _pool(tasks: Sequence[str]) -> str:
    """SQL: units with a question, their stratum and the model's confidence.

    Strata are by stance; by portrayal if that is asked and stance is not.
    """
    by_portrayal = "portrayal" in tasks and "stance" not in tasks
    table, labels = ("portrayals", PORTRAYALS) if by_portrayal else ("stances", STANCE_ANSWERS)
    minus, neutral, plus, *rest = labels
    wanted = " OR ".join(
        {
            "stance": "a.unit_id IS NOT NULL",
            "portrayal": "u.unit_id IN (SELECT unit_id FROM portrayals)",
            "reply": "r.unit_id IS NOT NULL",
        }.get(t, "TRUE")
        for t in tasks
    )
    return f"""
        WITH targets AS (
            SELECT unit_id, min(greatest({", ".join(f"p_{label}" for label in labels)})) AS p,
                   CASE WHEN bool_or(label IS NULL) THEN 'no_call' WHEN bool_or(label = '{minus}') THEN '{minus}'
                        WHEN bool_or(label = '{plus}') THEN '{plus}' WHEN bool_or(label = '{neutral}') THEN '{neutral}'
                        ELSE '{(rest or [neutral])[0]}' END AS label
            FROM {table} GROUP BY 1),
        spans AS (SELECT unit_id, max(score) AS p FROM loaded GROUP BY 1)
        SELECT u."group", u.unit_id, coalesce(a.p, s.p, 0) AS confidence,
               concat_ws('/', CASE WHEN is_comment THEN 'comment' ELSE 'article' END, coalesce(a.label, 'not scored'),
                         CASE WHEN s.unit_id IS NULL THEN 'plain' ELSE 'loaded' END) AS stratum
        FROM units u LEFT JOIN targets a USING (unit_id) LEFT JOIN spans s USING (unit_id) LEFT JOIN replies r USING (unit_id)
        WHERE {wanted} ORDER BY u.unit_id"""


def _questions(
    store: Store,
    weights: dict[str, float],
    tasks: Sequence[str],
    *,
    show_labels: bool,
    rng: np.random.Generator,
) -> list[dict[str, Any]]:
    """Questions in random order of units, so the units of one outlet are not in a row; a unit's questions stay together."""
    import pyarrow as pa

    names = sorted(weights)
    order = rng.permutation(len(names))
    drawn = pa.table({"unit_id": names, "weight": [weights[name] for name in names], "place": order})
    store.connection.register("_drawn", drawn)
    rows: list[dict[str, Any]] = []
    for task in tasks:
        for *values, place in store.rows(_QUESTIONS[task]):
            row: dict[str, Any] = dict(zip(_QUESTION_COLUMNS, values, strict=True))
            target = row["target"] and store.names.get(row["target"], row["target"].replace("_", " "))
            more = {"task": task, "question": wording(task, target), "label": ""}
            rows.append({**row, **more, "codebook": store.codebook, "place": place})
    store.connection.unregister("_drawn")
    rows.sort(key=lambda row: (row["place"], TASKS.index(row["task"]), row["target"] or ""))
    columns = (*COLUMNS, "model_label") if show_labels else COLUMNS
    return [{name: row[name] for name in columns} for row in rows]


def wording(task: str, target: str | None) -> str:
    """Return the question in words. target: how the target is called."""
    named = f"“{target}”" if target else ""
    return {
        "stance": f"The author’s stance toward {named}: against, neutral, favor, or unrelated if nothing is said about it?",
        "portrayal": f"How does this text make {named} look: negative, neutral or positive?",
        "loaded": "How many stretches of loaded language, quotations apart? 0 for none",
        "frames": "Which frames? Several with ; between them, or none",
        "reply": "How does it answer what it replies to: support, deny, query or comment?",
    }[task]


_BEFORE = """(SELECT max_by(b.text, b.position) FROM units b WHERE b.article_id = u.article_id AND NOT b.is_comment
              AND NOT u.is_comment AND b.position < u.position)"""
_FROM = "FROM _drawn d JOIN units u USING (unit_id) LEFT JOIN units p ON p.unit_id = u.parent_id"
_QUESTION_COLUMNS = (
    "unit_id",
    "target",
    "kind",
    "title",
    "before",
    "parent_text",
    "text",
    "weight",
    "model_label",
)
_UNIT = f"u.kind, u.title, {_BEFORE}, p.text, u.text, d.weight"
_QUESTIONS = {
    "stance": f"""SELECT u.unit_id, s.target, {_UNIT}, coalesce(s.label, 'no_call'), d.place
                  {_FROM} JOIN stances s ON s.unit_id = u.unit_id""",
    "portrayal": f"""SELECT u.unit_id, s.target, {_UNIT}, coalesce(s.label, 'no_call'), d.place
                  {_FROM} JOIN portrayals s ON s.unit_id = u.unit_id""",
    "loaded": f"""SELECT u.unit_id, NULL, {_UNIT}, (SELECT count(DISTINCT (l."start", l."end")) FROM loaded l
                  WHERE l.unit_id = u.unit_id AND l.voice != 'quoted')::VARCHAR, d.place {_FROM}""",
    "frames": f"""SELECT u.unit_id, NULL, {_UNIT}, coalesce((SELECT string_agg(f.label, ';') FROM frames f
                  WHERE f.unit_id = u.unit_id), 'none'), d.place {_FROM}""",
    "reply": f"""SELECT u.unit_id, NULL, {_UNIT}, r.label, d.place {_FROM} JOIN replies r ON r.unit_id = u.unit_id""",
}


def write_sample(sample: Sample, path: str) -> None:
    """Write CSV or JSON lines, by the ending of `path`."""
    ending = check_format(path, formats=(".csv", ".jsonl"))
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", encoding="utf-8-sig" if ending == ".csv" else "utf-8", newline="") as file:
        if ending == ".jsonl":
            file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in sample.rows)
            return
        writer = csv.DictWriter(file, list(sample.rows[0]))
        writer.writeheader()
        writer.writerows({name: guarded(cell) for name, cell in row.items()} for row in sample.rows)


class _ChangedCell(UsageError):
    """A cell of one row is not as it was written, e.g. because a spreadsheet calculated it."""


def load_gold(store: Store, path: str) -> list[str]:
    """Make the table `gold` in the store from a gold file: row, unit_id, task, target, text, label, weight.

    Rows without a label are skipped. Without `weight` all rows weigh the same, as in a simple random sample; without `task`
    rows are about stance. A target may be given by its id or its name.
    A row of which a cell was changed (unknown unit, other text, a target that the unit was not scored for, no weight) is
    left out. Returns a note that names such rows, if there are any.
    Raises UsageError, with the row, if most rows are such, and for another codebook, a label that the task does not have,
    and two labels for one question.
    """
    number, rows, changed = 0, list[dict[str, Any]](), dict[int, str]()
    for number, given in enumerate(read_rows(Path(path)), 1):
        try:
            if row := _gold_row(given, f"{path} row {number}", store):
                rows.append(row)
        except _ChangedCell as error:
            changed[number] = str(error)
    if not rows and not changed:
        raise UsageError(f"{path}: no row has a label ({number:,} rows). Fill in the column `label`.")
    called = list(store.names.values())
    ids = {name: target for target, name in store.names.items() if called.count(name) == 1}
    for row in rows:
        if row["target"] not in store.names:
            row["target"] = ids.get(row["target"], row["target"])
    names = ("unit_id", "task", "target", "text", "label")
    columns = {"row": "int64", **dict.fromkeys(names, "string"), "weight": "float64"}
    store.connection.register("_gold", arrow_table(rows, columns))
    store.connection.execute("CREATE OR REPLACE TABLE gold AS SELECT * FROM _gold")
    store.connection.unregister("_gold")
    changed |= _changed_rows(store, path)
    _check_gold(store, path)
    kept = len([row for row in rows if row["row"] not in changed])
    first = next((changed[number] for number in sorted(changed)), "")
    if kept < len(changed):
        more = f" ({len(changed):,} rows like this)" if len(changed) > 1 else ""
        raise UsageError(f"{first}{more}")
    if not changed:
        return []
    shown = " ".join(
        changed[number] + "." * (changed[number][-1] not in ".?") for number in sorted(changed)[:SHOWN]
    )
    rest = f" Also rows {', '.join(map(str, sorted(changed)[SHOWN:]))}." if len(changed) > SHOWN else ""
    are = "row was" if len(changed) == 1 else "rows were"
    return [f"{len(changed):,} labeled {are} left out, since a cell was changed: {shown}{rest}"]


SHOWN = 5  # changed rows of which the note says what was changed


def _gold_row(row: dict[str, Any], where: str, store: Store) -> dict[str, Any] | None:
    """The row in the columns of `gold`, or None if it has no label. where: file and row number, for messages."""
    if not {"unit_id", "label"} <= row.keys():
        raise UsageError(f"{where}: expected at least unit_id and label, as `slant sample` writes them.")
    label = row["label"]
    if label is None or not str(label).strip():
        return None
    if (other := row.get("codebook")) and other != store.codebook:
        raise UsageError(
            f"{where}: labeled for codebook {other}, but the scores have codebook {store.codebook}. Draw a sample from these "
            "scores, or score with the model that the sample was drawn from."
        )
    task = str(row.get("task") or "stance")
    if task not in TASKS:
        raise UsageError(
            f"{where}: no task {task!r}. Use one of {', '.join(TASKS)}.{did_you_mean(task, TASKS)}"
        )
    if task in ("stance", "portrayal") and not row.get("target"):
        raise UsageError(f"{where}: a {task} needs its target.")
    return {
        "row": int(where.rpartition(" ")[2]),
        "unit_id": str(row["unit_id"]).strip(),
        "task": task,
        "target": row.get("target") or None,
        "text": row.get("text") or None,
        "label": _label(task, str(label), where, frames=store.frames),
        "weight": _weight(row.get("weight"), where),
    }


def _label(task: str, label: str, where: str, *, frames: Sequence[str]) -> str:
    """The label as it is compared. frames: those of the scores, which may be others than the codebook's (slant teach)."""
    label = label.strip().lower()
    if task == "loaded":
        number = label.removesuffix(".0")
        if not number.isdigit():
            raise UsageError(f"{where}: {label!r} is no number of loaded spans. Use 0, 1, 2, …")
        return number
    known = {
        "stance": STANCE_ANSWERS,
        "portrayal": PORTRAYALS,
        "frames": (*FRAMES, *(name for name in frames if name not in FRAMES), NO_FRAME),
        "reply": REPLIES,
    }[task]
    labels = [part.strip() for part in label.split(";")] if task == "frames" else [label]
    for one in labels:
        if one not in known:
            raise UsageError(
                f"{where}: no label {one!r} for {task}. Use one of {', '.join(known)}.{did_you_mean(one, known)}"
            )
    return ";".join(labels)


def _weight(value: Any, where: str) -> float:
    try:
        weight = float(str(value).replace(",", ".")) if value not in (None, "") else 1.0
    except ValueError:
        weight = 0.0
    if not 0 < weight < float("inf"):
        raise _ChangedCell(
            f"{where}: weight is {value!r}; expected a number above 0 (units that this one represents)."
        )
    return weight


def _changed_rows(store: Store, path: str) -> dict[int, str]:
    """Take rows that do not match the scores out of the table `gold`. Returns row number → what does not match."""
    checks = {
        "is not among the scored units. Was the sample drawn from other scores?": """
            FROM gold g ANTI JOIN units u USING (unit_id)""",
        "has another text there than in the scores. Was it edited, or scored again from a new version?": """
            FROM gold g JOIN units u USING (unit_id) WHERE g.text IS NOT NULL
            AND regexp_replace(g.text, '\\s+', ' ', 'g') != regexp_replace(u.text, '\\s+', ' ', 'g')""",
        "was not scored for that target. Were the scores made with other targets?": """
            FROM gold g ANTI JOIN stances s ON s.unit_id = g.unit_id AND s.target = g.target WHERE g.task = 'stance'""",
        "has no portrayal of that target. Does the unit name it?": """
            FROM gold g ANTI JOIN portrayals s ON s.unit_id = g.unit_id AND s.target = g.target
            WHERE g.task = 'portrayal'""",
    }
    changed: dict[int, str] = {}
    for problem, query in checks.items():
        for row, unit, target in store.rows(f"SELECT g.row, g.unit_id, g.target {query} ORDER BY 1"):
            about = f" (target {target})" if target else ""
            changed.setdefault(row, f"{path} row {row}: unit {unit}{about} {problem}")
    for row in changed:
        store.connection.execute("DELETE FROM gold WHERE row = ?", [row])
    return changed


def _check_gold(store: Store, path: str) -> None:
    checks = {
        "is no comment and replies to nothing.": """
            FROM gold g ANTI JOIN replies r USING (unit_id) WHERE g.task = 'reply'""",
        "has two labels for one question. Keep one.": """
            FROM gold g JOIN (SELECT unit_id, task, target FROM gold GROUP BY ALL HAVING count(*) > 1) twice
            ON g.unit_id = twice.unit_id AND g.task = twice.task AND g.target IS NOT DISTINCT FROM twice.target""",
    }
    for problem, query in checks.items():
        found = store.rows(f"SELECT g.row, g.unit_id, g.target, count(*) OVER () {query} ORDER BY 1 LIMIT 1")
        if found:
            row, unit, target, count = found[0]
            more = f" ({count:,} rows like this)" if count > 1 else ""
            about = f" (target {target})" if target else ""
            raise UsageError(f"{path} row {row}: unit {unit}{about} {problem}{more}")
