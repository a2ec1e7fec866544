"""A rate corrected for the model's errors, by labels of people for a random sample of the scored units.

Prediction-powered inference with a tuned weight (Angelopoulos et al. 2023, Science 382; PPI++, 2024). A rate is a ratio of
sums over articles, and articles are what is independent: so what goes into the estimate is, for each article with labels, its
linearised part of the ratio (Cochran 1977, 6.4), by people and by the model, and likewise for all articles by the model. The
interval is Student's t over the articles with labels.

The table `corrected`: what the model says and what it is once its errors are corrected for, side by side.

Without labels by people: what the rates would be if the model erred here as it did on the sets that it was judged on.

A share is turned back with the recall and the false positive rate of its label on each set (Rogan & Gladen 1978), a number
per 1,000 words with precision over recall. The band spans the sets; how sure each set's own figures are is not in it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.stats import t

from slant.assets import asset
from slant.comparing.counts import COMMENTS, Cells, Floats, Ints, measure_of
from slant.comparing.differences import REST
from slant.comparing.options import Options
from slant.comparing.rates import ALL, Groups
from slant.comparing.score_tables import Store
from slant.comparing.significance import ALPHA
from slant.encoding.label_ids import FRAMES
from slant.errors import SlantError
from slant.records import REPLIES, STANCES

if TYPE_CHECKING:
    import pyarrow as pa

FEW_LABELS = 5  # labels of either kind; with fewer the spread of the model's errors cannot be told
LEAST_ARTICLES = 5


@dataclass(frozen=True, slots=True)
class Labelled:
    """What people and model say of labelled units, for one measure: (units,) each.

    group, article: numbers as in Cells. gold, model: hits. total: denominator. weight: scored units that it stands for.
    """

    group: Ints
    article: Ints
    gold: Floats
    model: Floats
    total: Floats
    weight: Floats

    def of(self, groups: Sequence[int], articles: Ints) -> Labelled:
        own = np.isin(self.group, groups) & np.isin(self.article, articles)
        return Labelled(*(getattr(self, name)[own] for name in Labelled.__dataclass_fields__))


@dataclass(frozen=True, slots=True)
class Estimate:
    """value ± error (its standard error) with `freedom` degrees of freedom; error is None where labels are too few.

    units, articles: with labels. note: why there is no interval, or an empty text. parts: articles, and what each adds
    to the error, whose square is the sum of theirs.
    """

    value: float
    error: float | None
    freedom: int
    units: int
    articles: int
    note: str = ""
    parts: tuple[Ints, Floats] = field(default=(np.empty(0, np.int64), np.empty(0)), compare=False)

    def interval(self, level: float) -> tuple[float, float] | None:
        if self.error is None:
            return None
        reach = float(t.ppf((1 + level) / 2, self.freedom)) * self.error
        return self.value - reach, self.value + reach


def corrected_rate(labelled: Labelled, articles: Ints, hits: Floats, totals: Floats) -> Estimate:
    """Prediction-powered rate of one group. articles, hits, totals: (articles,) of all its articles, in order, by the model.

    PPI++ takes articles with labels and all articles for two samples that are independent. Here the former are among
    the latter, so the standard error is that of the sum of both parts of each article.
    """
    named, row = np.unique(labelled.article, return_inverse=True)
    gold, model, total = np.zeros((3, len(named)))
    for sums, part in ((gold, labelled.gold), (model, labelled.model), (total, labelled.total)):
        np.add.at(sums, row, labelled.weight * part)
    by_people, by_model = linearised(gold, total), linearised(model, total)
    everywhere = linearised(hits, totals)
    tuned = tuned_weight(by_people, by_model)
    value = prediction_powered_mean(by_people, by_model, everywhere, weight=tuned)
    units, note = len(labelled.gold), _too_few(labelled, len(named))
    if note:
        return Estimate(value, None, 0, units, len(named), note)
    parts = tuned * (everywhere - everywhere.mean()) / len(everywhere)
    rectified = by_people - tuned * by_model
    parts[np.searchsorted(articles, named)] += (rectified - rectified.mean()) / len(named)
    parts *= np.sqrt(len(named) / (len(named) - 1))
    error = float(np.sqrt((parts**2).sum()))
    return Estimate(value, error, len(named) - 1, units, len(named), parts=(articles, parts))


def prediction_powered_mean(
    by_people: Floats, by_model: Floats, everywhere: Floats, *, weight: float
) -> float:
    """The mean by the model over all articles, plus its mean error where people labelled. weight: λ of PPI++."""
    return float((weight * everywhere).mean() + (by_people - weight * by_model).mean())


def tuned_weight(by_people: Floats, by_model: Floats) -> float:
    """How much the model counts (λ), in [0, 1]: the slope of people's labels on the model's, article by article.

    The λ of PPI++ is for labelled articles like all others. Here they have labels for some of their units only, so that
    they vary more, and they are among all others: the best weight is then that of two-phase sampling (Cochran 1977, 12.7).
    """
    spread = float(by_model.var())
    if spread < 1e-12:
        return 0.0
    slope = float(((by_people - by_people.mean()) * (by_model - by_model.mean())).mean()) / spread
    return min(1.0, max(0.0, slope))


def linearised(hits: Floats, totals: Floats) -> Floats:
    """(articles,) values whose mean is the ratio hits / totals, and whose mean varies as that ratio does."""
    rate = hits.sum() / totals.sum()
    values: Floats = rate + (hits - rate * totals) / totals.mean()
    return values


def _too_few(labelled: Labelled, articles: int) -> str:
    if articles < LEAST_ARTICLES:
        return f"labels in {articles} articles only; {LEAST_ARTICLES} or more are needed"
    shares = np.stack([labelled.gold, labelled.model])
    rare = min(int((shares[0] != 0).sum()), int((shares[0] != labelled.total).sum()))
    if rare < FEW_LABELS:
        return f"{rare} of {len(labelled.gold)} labels are of the rarer kind; {FEW_LABELS} or more are needed"
    return ""


def difference(left: Estimate, right: Estimate) -> Estimate:
    """Of two groups; degrees of freedom by Welch and Satterthwaite. What an article or a text that both ran adds to either
    error counts once, as its difference."""
    units, articles = left.units + right.units, left.articles + right.articles
    value = left.value - right.value
    if left.error is None or right.error is None:
        return Estimate(value, None, 0, units, articles, left.note or right.note)
    _, own, others = np.intersect1d(left.parts[0], right.parts[0], return_indices=True)
    shared = float((left.parts[1][own] * right.parts[1][others]).sum())
    parts = left.error**2, right.error**2
    below = parts[0] ** 2 / left.freedom + parts[1] ** 2 / right.freedom
    freedom = int(sum(parts) ** 2 / below) if below else left.freedom + right.freedom
    return Estimate(
        value, float(np.sqrt(max(sum(parts) - 2 * shared, 0.0))), max(freedom, 1), units, articles
    )


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


MEANING = (
    "The band says what a rate would be if the model erred here as on one of the sets it was judged on. Its errors here are "
    "not known: they may be larger, and differ between outlets. Only labels for a sample of these units "
    "can tell (slant sample)."
)
# Sets of the scorecard that are nearest to articles, and to comments.
SETS: Mapping[tuple[str, bool], tuple[str, ...]] = {
    ("stance", False): ("newsmtsc/test_rw", "newsmtsc/test_mt", "seeds/stance/articles"),
    ("stance", True): ("vast/test", "seeds/stance/comments"),
    ("technique", False): ("ptc/si", "seeds/loaded/articles"),
    ("technique", True): ("ptc/si", "seeds/loaded/comments"),
    ("frame", False): ("frac/gold/articles", "seeds/frames/articles"),
    ("frame", True): ("frac/gold/comments", "seeds/frames/comments"),
    ("reply", True): ("rumoureval/test", "seeds/reply"),
}
# The same where stances are held to the author's own words: people's sets are not labelled so.
OWN_WORDS: Mapping[tuple[str, bool], tuple[str, ...]] = {
    **SETS,
    ("stance", False): ("seeds/stance_in_own_words/articles",),
}
Errors = Mapping[str, Mapping[str, Mapping[str, float]]]


def published_card(model: str, *, folder: str | None) -> list[dict[str, Any]]:
    """The results of the scorecard in the model's folder (None: the shipped model), one for each set.

    model: fingerprint that the scores carry. Raises SlantError if the folder has no scorecard, or it is of another model.
    """
    path = (Path(folder) if folder else asset("model")) / "scores" / "scorecard.json"
    try:
        card = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise SlantError(
            f"{path}: no scorecard that can be read ({error}). `slant evaluate MODEL -o MODEL/scores` makes one."
        ) from None
    if card.get("fingerprint") != model:
        raise SlantError(
            f"{path} is of model {card.get('fingerprint')}, the scores are of {model}. Name its folder with --model."
        )
    results: list[dict[str, Any]] = card["results"]
    return results


def published_errors(model: str, *, folder: str | None) -> Errors:
    """Set → label → precision, recall, support and n, of `published_card`."""
    return {
        result["set"]: {
            label["label"]: {
                "precision": label["precision"]["value"], "recall": label["recall"]["value"],
                "support": label["support"], "n": result["n"],
            }
            for label in result["labels"]
        }
        for result in published_card(model, folder=folder)
    }  # fmt: skip


def sensitivity_table(rates: pa.Table, errors: Errors, *, own_words: bool = False) -> pa.Table:
    """The table `sensitivity` of run.py: a row for each rate whose label was judged on at least one set.

    low, high: ends of the band; a high end is null where the model found nothing of the label on a set, so that there may
    be any number of it. sets: which ones.
    """
    import pyarrow as pa

    values = {(row["group"], row["measure"]): row["value"] for row in rates.to_pylist()}
    rows = []
    for (group, measure), value in values.items():
        bands = dict(_bands(group, measure, values, errors, OWN_WORDS if own_words else SETS))
        if bands:
            highs = [high for _, high in bands.values() if high is not None]
            rows.append(
                {
                    "group": group, "measure": measure, "value": value, "low": min(low for low, _ in bands.values()),
                    "high": max(highs) if len(highs) == len(bands) else None, "sets": ", ".join(bands),
                }
            )  # fmt: skip
    text, real = pa.string(), pa.float64()
    kinds = {"group": text, "measure": text, "value": real, "low": real, "high": real, "sets": text}
    return pa.Table.from_pylist(rows, pa.schema(list(kinds.items())))


Band = tuple[float, float | None]


def _bands(
    group: str,
    measure: str,
    values: Mapping[tuple[str, str], float],
    errors: Errors,
    sets: Mapping[tuple[str, bool], tuple[str, ...]],
) -> Iterator[tuple[str, Band]]:
    """Set → what the rate would be if the model erred as it did there."""
    plain = measure.removeprefix(COMMENTS)
    family, *rest = plain.split("/")
    for name in sets.get((family, plain != measure), ()):
        figures = errors.get(name, {})
        if rest[-1] == "net":
            stem = measure[: -len("net")]
            favor, against = (
                _band(stem + side, values[group, stem + side], figures.get(side))
                if (group, stem + side) in values
                else None
                for side in ("favor", "against")
            )
            if favor and against and favor[1] is not None and against[1] is not None:
                yield name, (favor[0] - against[1], favor[1] - against[0])
        else:
            label = rest[0] if family == "technique" else rest[-1]
            if band := _band(measure, values[group, measure], figures.get(label)):
                yield name, band


def _band(measure: str, value: float, figures: Mapping[str, float] | None) -> Band | None:
    """One point, or everything where the set says that the model cannot tell; None where the set has no such label."""
    if not figures or not figures["support"]:
        return None
    recall, precision = figures["recall"], figures["precision"]
    if measure_of(measure).kind == "per_1000_words":
        return (value * precision / recall,) * 2 if precision and recall else (0.0, None)
    wrong = figures["support"] * recall * (1 / precision - 1) if precision else 0.0
    others = figures["n"] - figures["support"]
    false_positives = wrong / others if others else 0.0
    if recall - false_positives < 0.05:  # hardly better than chance
        return 0.0, 1.0
    return (min(1.0, max(0.0, (value - false_positives) / (recall - false_positives))),) * 2
