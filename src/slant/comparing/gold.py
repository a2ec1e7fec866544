"""Labels by people for a random sample of the scored units: the file that `slant sample` writes, filled in."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from slant.comparing.store import Store
from slant.encoding.labels import FRAMES
from slant.errors import UsageError, did_you_mean
from slant.records import REPLIES, STANCES

TASKS = ("stance", "loaded", "frames", "reply")
COLUMNS = (
    "unit_id", "task", "target", "question", "title", "parent_text", "text", "label", "weight", "kind", "codebook",
)  # fmt: skip
NO_FRAME = "none"


def load_gold(store: Store, path: str) -> int:
    """Puts the labelled rows of a gold file into the table `gold` (unit_id, task, target, label, weight) of the store.

    A row without a label is one that nobody has labelled yet. Without `weight` all rows weigh the same, as in a simple
    random sample; without `task` they are about stance. Returns how many rows have a label. Raises UsageError with the
    row if one does not match the scores: unknown unit, other text, other codebook, a target it is not asked about, a
    label the task does not have, two labels for one question.
    """
    import pyarrow as pa

    found = [_row(row, f"{path} row {number}", store.codebook) for number, row in enumerate(_read(path), 1)]
    rows = [row for row in found if row is not None]
    if not rows:
        raise UsageError(f"{path}: no row has a label ({len(found):,} rows). Fill in the column `label`.")
    names = ("row", "unit_id", "task", "target", "text", "label", "weight")
    kinds = (pa.int64(), *[pa.string()] * 5, pa.float64())
    schema = pa.schema(list(zip(names, kinds, strict=True)))
    store.connection.register("_gold", pa.Table.from_pylist(rows, schema))
    store.connection.execute("CREATE OR REPLACE TABLE gold AS SELECT * FROM _gold")
    store.connection.unregister("_gold")
    _refuse_strangers(store, path)
    return len(rows)


def _read(path: str) -> Iterator[dict[str, Any]]:
    ending = Path(path).suffix.lower()
    if not Path(path).is_file():
        raise UsageError(f"--gold {path}: no such file. `slant sample` writes one to fill in.")
    if ending not in (".csv", ".jsonl"):
        raise UsageError(f"--gold {path}: expected a .csv or .jsonl file, as `slant sample` writes it.")
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            if ending == ".jsonl":
                yield from (json.loads(line) for line in file if line.strip())
                return
            dialect = csv.Sniffer().sniff(
                file.readline(), delimiters=",;\t"
            )  # spreadsheets save with ; in some countries
            file.seek(0)
            yield from csv.DictReader(file, delimiter=dialect.delimiter)
    except (ValueError, csv.Error) as error:
        raise UsageError(f"--gold {path} cannot be read as {ending[1:]} in UTF-8 ({error}).") from None


def _row(row: Any, where: str, codebook: str) -> dict[str, Any] | None:
    if not isinstance(row, dict) or not {"unit_id", "label"} <= row.keys():
        raise UsageError(f"{where}: expected at least unit_id and label, as `slant sample` writes them.")
    label = row["label"]
    if label is None or not str(label).strip():
        return None
    if (other := row.get("codebook")) and other != codebook:
        raise UsageError(
            f"{where}: labelled for codebook {other}, the scores are of {codebook}. Draw a sample from these scores, or "
            "score with the model that the sample was drawn from."
        )
    task = str(row.get("task") or "stance")
    if task not in TASKS:
        raise UsageError(
            f"{where}: no task {task!r}. Use one of {', '.join(TASKS)}.{did_you_mean(task, TASKS)}"
        )
    if task == "stance" and not row.get("target"):
        raise UsageError(f"{where}: a stance needs its target.")
    return {
        "row": int(where.rpartition(" ")[2]),
        "unit_id": str(row["unit_id"]).strip(),
        "task": task,
        "target": row.get("target") or None,
        "text": row.get("text") or None,
        "label": _label(task, str(label), where),
        "weight": _weight(row.get("weight"), where),
    }


def _label(task: str, label: str, where: str) -> str:
    label = label.strip().lower()
    if task == "loaded":
        number = label.removesuffix(".0")
        if not number.isdigit():
            raise UsageError(f"{where}: {label!r} is no number of loaded stretches. Use 0, 1, 2, …")
        return number
    known = {"stance": STANCES, "frames": (*FRAMES, NO_FRAME), "reply": REPLIES}[task]
    parts = [part.strip() for part in label.split(";")] if task == "frames" else [label]
    for part in parts:
        if part not in known:
            raise UsageError(
                f"{where}: no label {part!r} for {task}. Use one of {', '.join(known)}.{did_you_mean(part, known)}"
            )
    return ";".join(parts)


def _weight(value: Any, where: str) -> float:
    try:
        weight = float(str(value).replace(",", ".")) if value not in (None, "") else 1.0
    except ValueError:
        weight = 0.0
    if not 0 < weight < float("inf"):
        raise UsageError(
            f"{where}: weight is {value!r}; expected a number above 0 (units that this one stands for)."
        )
    return weight


def _refuse_strangers(store: Store, path: str) -> None:
    checks = {
        "is not among the scored units. Was the sample drawn from other scores?": """
            FROM gold g ANTI JOIN units u USING (unit_id)""",
        "has another text there than in the scores. Was it edited, or scored again from a new version?": """
            FROM gold g JOIN units u USING (unit_id) WHERE g.text IS NOT NULL
            AND regexp_replace(g.text, '\\s+', ' ', 'g') != regexp_replace(u.text, '\\s+', ' ', 'g')""",
        "is not asked about that target in the scores. Were they made with other targets?": """
            FROM gold g ANTI JOIN stances s ON s.unit_id = g.unit_id AND s.target = g.target WHERE g.task = 'stance'""",
        "is no comment, and answers nothing.": """
            FROM gold g ANTI JOIN replies r USING (unit_id) WHERE g.task = 'reply'""",
        "has two labels for one question. Settle on one, or leave one empty.": """
            FROM gold g JOIN (SELECT unit_id, task, target FROM gold GROUP BY ALL HAVING count(*) > 1) twice
            ON g.unit_id = twice.unit_id AND g.task = twice.task AND g.target IS NOT DISTINCT FROM twice.target""",
    }
    for what, query in checks.items():
        found = store.rows(f"SELECT g.row, g.unit_id, g.target, count(*) OVER () {query} ORDER BY 1 LIMIT 1")
        if found:
            row, unit, target, count = found[0]
            more = f" ({count:,} rows like this)" if count > 1 else ""
            about = f" (target {target})" if target else ""
            raise UsageError(f"{path} row {row}: unit {unit}{about} {what}{more}")
