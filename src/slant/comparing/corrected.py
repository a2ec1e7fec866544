"""The table `corrected`: what the model says and what it is once its errors are corrected for, side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.stats import t

from slant.comparing.cells import COMMENTS, Cells, Floats, Ints, measure_of
from slant.comparing.correction import Estimate, Labelled, corrected_rate, difference
from slant.comparing.differences import REST
from slant.comparing.drawing import ALL
from slant.comparing.family import ALPHA
from slant.comparing.options import Options
from slant.comparing.rates import Groups
from slant.comparing.store import Store
from slant.encoding.labels import FRAMES
from slant.records import REPLIES, STANCES

if TYPE_CHECKING:
    import pyarrow as pa


def labelled_measures(store: Store, cells: Cells) -> dict[str, Labelled]:
    """Measure → what people and model say of it, from the table `gold`; only measures that `cells` holds."""
    groups = {name: i for i, name in enumerate(cells.groups)}
    places = {name: i for i, name in enumerate(cells.articles)}
    known = {measure.name for measure in cells.measures}
    rows: dict[str, list[tuple[int, int, float, float, float, float]]] = {}
    for task, query in _GOLD.items():
        for group, article, comment, weight, *facts in store.rows(query):
            for name, gold, model, total in _MEASURED[task](*facts):
                if (full := (COMMENTS if comment else "") + name) in known:
                    rows.setdefault(full, []).append(
                        (groups[group], places[article], gold, model, total, weight)
                    )
    return {name: _labelled(found) for name, found in rows.items()}


def _labelled(rows: list[tuple[int, int, float, float, float, float]]) -> Labelled:
    group, article, *rest = (np.array(column) for column in zip(*rows, strict=True))
    return Labelled(group, article, *(part.astype(np.float64) for part in rest))


def corrected_table(
    store: Store, cells: Cells, tables: Mapping[str, pa.Table], *, kept: Sequence[str], options: Options
) -> pa.Table:
    """The table `corrected` of run.py: naive and corrected side by side, for every measure that people labelled.

    disagree: the naive value lies outside the corrected interval. p of differences is from Student's t, adjusted over all
    corrected differences.
    """
    import pyarrow as pa
    from statsmodels.stats.multitest import multipletests

    found = labelled_measures(store, cells)
    estimates = {
        (group, name): estimate
        for name, labelled in found.items()
        for group, estimate in _estimates(cells, name, labelled, kept)
    }
    rows = [
        _row(row, (row["group"], None), row["value"], estimates[row["group"], row["measure"]], options)
        for row in tables["rates"].to_pylist()
        if (row["group"], row["measure"]) in estimates
    ]
    for row in tables["differences"].to_pylist():
        other = f"{REST}{row['group']}" if row["other"] == REST else row["other"]
        sides = [estimates.get((side, row["measure"])) for side in (row["group"], other)]
        if sides[0] and sides[1]:
            estimate = difference(sides[0], sides[1])
            rows.append(_row(row, (row["group"], row["other"]), row["difference"], estimate, options))
    tested = [row for row in rows if row["p"] is not None]
    if tested:
        method = {"bh": "fdr_bh", "holm": "holm"}[options.adjust]
        significant, adjusted, *_ = multipletests([row["p"] for row in tested], alpha=ALPHA, method=method)
        for row, yes, p in zip(tested, significant, adjusted, strict=True):
            row |= {"p_adjusted": float(p), "significant": bool(yes)}
    return pa.Table.from_pylist(
        rows, pa.schema([(name, getattr(pa, kind)()) for name, kind in _SCHEMA.items()])
    )


def corrected_notes(corrected: pa.Table, *, groups: Groups) -> Iterator[str]:
    """Where naive and corrected disagree, and which groups have no labels."""
    rows = corrected.to_pylist()
    known = [row for row in rows if row["disagree"] is not None]
    wrong = [row for row in known if row["disagree"]]
    yield (
        f"{len(known):,} rates and differences were corrected by labels of people; {len(rows) - len(known):,} more have "
        "too few labels for an interval."
    )
    if wrong:
        worst = max(wrong, key=lambda row: abs(row["naive"] - row["corrected"]) / max(abs(row["naive"]), 1))
        side = f" against {worst['other']}" if worst["other"] else ""
        yield (
            f"Warning: in {len(wrong):,} of them the naive value lies outside the corrected interval, so that the model "
            f"alone misleads; most of all {worst['measure']} of {worst['group']}{side}: naive {worst['naive']:.3g}, "
            f"corrected {worst['corrected']:.3g} ({worst['low']:.3g} to {worst['high']:.3g})."
        )
    if without := sorted(groups.kept.keys() - {row["group"] for row in rows}):
        yield f"Without labels, and so not corrected, nor is any rest that they belong to: {', '.join(without)}."


def _estimates(
    cells: Cells, name: str, labelled: Labelled, kept: Sequence[str]
) -> Iterator[tuple[str, Estimate]]:
    """Of each group, of everything, and of each group's rest, as far as all of it has labels."""
    m = cells.index(name)
    numbers = [cells.groups.index(group) for group in kept]
    everything = list(range(len(cells.groups)))
    wanted = {group: [number] for group, number in zip(kept, numbers, strict=True)} | {ALL: everything}
    if len(kept) > 2:
        wanted |= {
            f"{REST}{g}": [n for n in numbers if n != own] for g, own in zip(kept, numbers, strict=True)
        }
    for group, own in wanted.items():
        rows = np.flatnonzero(np.isin(cells.group, own) & (cells.totals[:, cells.column[m]] > 0))
        labels = labelled.of(own, cells.article[rows])
        if len(rows) and set(cells.group[rows]) == set(
            labels.group
        ):  # a group without labels stands for nothing
            estimate = corrected_rate(labels, *summed(cells, rows, m))
            yield group, _scaled(estimate, cells.measures[m].scale)


def summed(cells: Cells, rows: Ints, measure: int) -> tuple[Ints, Floats, Floats]:
    """Articles in these rows, their hits and denominators; the parts of one article together."""
    articles, starts = np.unique(cells.article[rows], return_index=True)
    hits = np.add.reduceat(cells.hits[rows, measure], starts, dtype=np.float64)
    return (
        articles,
        hits,
        np.add.reduceat(cells.totals[rows, cells.column[measure]], starts, dtype=np.float64),
    )


def _scaled(estimate: Estimate, scale: float) -> Estimate:
    error = None if estimate.error is None else scale * estimate.error
    parts = estimate.parts[0], scale * estimate.parts[1]
    return replace(estimate, value=scale * estimate.value, error=error, parts=parts)


def _row(
    row: Mapping[str, Any], sides: tuple[str, str | None], naive: float, estimate: Estimate, options: Options
) -> dict[str, Any]:
    interval = estimate.interval(options.level)
    value = estimate.value
    kind = measure_of(row["measure"]).kind
    if sides[1] is None and kind != "net":  # a rate is not below 0, a share not above 1
        top = 1.0 if kind == "share" else np.inf
        value = float(np.clip(value, 0, top))
        interval = interval and (max(interval[0], 0.0), min(interval[1], top))
    p = None
    if sides[1] is not None and estimate.error:
        p = float(2 * t.sf(abs(estimate.value) / estimate.error, estimate.freedom))
    low, high = interval or (None, None)
    return {
        "group": sides[0], "other": sides[1], "measure": row["measure"], "naive": naive, "naive_low": row["low"],
        "naive_high": row["high"], "corrected": value, "low": low, "high": high, "gold_units": estimate.units,
        "gold_articles": estimate.articles, "p": p, "p_adjusted": None, "significant": None, "note": estimate.note,
        "disagree": None if low is None or high is None else not low <= naive <= high,
    }  # fmt: skip


_SCHEMA = {
    **dict.fromkeys(("group", "other", "measure"), "string"),
    **dict.fromkeys(("naive", "naive_low", "naive_high", "corrected", "low", "high"), "float64"),
    **dict.fromkeys(("gold_units", "gold_articles"), "int64"), "disagree": "bool_",
    **dict.fromkeys(("p", "p_adjusted"), "float64"), "significant": "bool_", "note": "string",
}  # fmt: skip
# Labels of a copy are labels of its text, which had as many chances to be drawn as there are copies (Sirken 1970).
_FACTS = """u."group", p.cluster, u.is_comment,
            CASE WHEN u.is_comment THEN g.weight ELSE g.weight / p.copies END"""
_FROM = 'FROM gold g JOIN units u USING (unit_id) JOIN parts p USING (article_id, "group")'
_GOLD = {
    "stance": f"""SELECT {_FACTS}, g.target, g.label, s.label {_FROM}
                  JOIN stances s ON s.unit_id = g.unit_id AND s.target = g.target WHERE g.task = 'stance'""",
    "loaded": f"""SELECT {_FACTS}, CASE WHEN u.is_comment THEN 'reader' ELSE 'outlet' END, g.label, u.words,
                  (SELECT count(DISTINCT (l."start", l."end")) FROM loaded l WHERE l.unit_id = u.unit_id
                   AND l.voice = CASE WHEN u.is_comment THEN 'reader' ELSE 'outlet' END)
                  {_FROM} WHERE g.task = 'loaded'""",
    "frames": f"""SELECT {_FACTS}, g.label, (SELECT list(f.label) FROM frames f WHERE f.unit_id = u.unit_id)
                  {_FROM} WHERE g.task = 'frames'""",
    "reply": f"""SELECT {_FACTS}, g.label, r.label {_FROM}
                 JOIN replies r ON r.unit_id = g.unit_id WHERE g.task = 'reply'""",
}


def _stance(target: str, gold: str, model: str | None) -> Iterator[tuple[str, float, float, float]]:
    signs = {"favor": 1.0, "against": -1.0}
    for label in STANCES:
        yield f"stance/{target}/{label}", gold == label, model == label, 1.0
    yield f"stance/{target}/net", signs.get(gold, 0.0), signs.get(model or "", 0.0), 1.0


def _loaded(voice: str, gold: str, words: int, model: int) -> Iterator[tuple[str, float, float, float]]:
    yield f"loaded/{voice}/units", int(gold) > 0, model > 0, 1.0
    yield f"loaded/{voice}/per_1000_words", int(gold), model, words


def _frames(gold: str, model: list[str] | None) -> Iterator[tuple[str, float, float, float]]:
    for label in FRAMES:
        yield f"frame/{label}", label in gold.split(";"), label in (model or []), 1.0


def _reply(gold: str, model: str) -> Iterator[tuple[str, float, float, float]]:
    for label in REPLIES:
        yield f"reply/{label}", gold == label, model == label, 1.0


_MEASURED: Mapping[str, Any] = {"stance": _stance, "loaded": _loaded, "frames": _frames, "reply": _reply}
