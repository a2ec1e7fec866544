"""Correct rates for the model's errors, with labels by people for a random sample of the scored units.

Method: prediction-powered inference with a tuned weight (Angelopoulos et al. 2023, Science 382; PPI++, 2024). A rate is a
ratio of sums over articles, and articles are the independent units. The estimate uses the linearized contribution
of each labeled article to the ratio (Cochran 1977, 6.4), once by people and once by the model, and the model's contribution
of every article. The variance is taken over clusters (cluster_variance.py), and the interval is Student's t over the
effective number of labeled clusters. That of a share has the shape of a binomial one (intervals.py).

The table `corrected` has the model's own figure ("naive") and the corrected one side by side.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.stats import t

from slant.comparing.cluster_variance import Clustering, clusterings, multiway
from slant.comparing.clusters import MIN_CLUSTERS, NOUNS, Clusters
from slant.comparing.counts import Counts, Floats, Ints
from slant.comparing.intervals import rate_limits
from slant.comparing.measures import (
    ALL,
    COMMENTS,
    LABELS,
    NET,
    NO_FRAME,
    PER_1000_WORDS,
    POLES,
    REST,
    UNITS,
    Measure,
)
from slant.comparing.options import Options
from slant.comparing.rates import Groups
from slant.comparing.score_tables import Store, arrow_table
from slant.comparing.significance import set_significance
from slant.encoding.label_ids import FRAMES
from slant.records import REPLIES, UNRELATED

if TYPE_CHECKING:
    import pyarrow as pa

MIN_RARE_LABELS = 5  # labels of the rarer kind; with fewer the spread of the model's errors is unknown
MIN_ARTICLES = 5  # labeled articles, for an interval or for errors by group


@dataclass(frozen=True, slots=True)
class Labeled:
    """Labels by people and by the model for one measure, one entry per labeled unit.

    group, article: indices as in Counts. gold, model: hits by people and by the model. total, model_total: denominators;
    they differ where only one of the two finds that the unit says nothing about the target. weight: scored units that the
    unit represents.
    """

    group: Ints
    article: Ints
    gold: Floats
    model: Floats
    total: Floats
    model_total: Floats
    weight: Floats

    def of(self, groups: Sequence[int], articles: Ints) -> Labeled:
        """The units of these groups and articles."""
        own = np.isin(self.group, groups) & np.isin(self.article, articles)
        return Labeled(*(getattr(self, field.name)[own] for field in fields(self)))


@dataclass(frozen=True, slots=True)
class Estimate:
    """value ± error (standard error, None if labels are too few) with `freedom` degrees of freedom.

    units, articles: with labels. note: why there is no interval, or "". contributions: per clustering the clusters' numbers,
    and what each adds to the error. share: whether this is a share, in [0, 1].
    """

    value: float
    error: float | None
    freedom: float
    units: int
    articles: int
    note: str = ""
    contributions: tuple[tuple[Ints, Floats], ...] = field(default=(), compare=False)
    share: bool = False

    def interval(self, level: float) -> tuple[float, float] | None:
        if self.error is None:
            return None
        if self.share and 0 < self.value < 1 and self.error:
            value, size = np.array([self.value]), np.array([self.value * (1 - self.value) / self.error**2])
            low, high = rate_limits(value, size, np.array([np.inf]), np.array([self.freedom]), level)
            return float(low[0]), float(high[0])
        half_width = float(t.ppf((1 + level) / 2, self.freedom)) * self.error
        return self.value - half_width, self.value + half_width


def corrected_rate(
    labeled: Labeled,
    articles: Ints,
    hits: Floats,
    totals: Floats,
    *,
    ways: Sequence[Clustering] = (),
    share: bool = False,
) -> Estimate:
    """Prediction-powered rate of one group; labels by people must have a denominator.

    articles, hits, totals: (articles,) all articles of the group, in order, with the model's hits and denominators.
    ways: clusterings of these articles; (): each article is a cluster. share: whether the rate is a share.
    PPI++ treats labeled articles and all articles as two independent samples. Here the former are among the latter,
    so the standard error is that of the sum of both contributions of each article.
    """
    named, row = np.unique(labeled.article, return_inverse=True)
    columns = (labeled.gold, labeled.model, labeled.total, labeled.model_total)
    gold, model, total, model_total = np.zeros((4, len(named)))
    for column, values in zip((gold, model, total, model_total), columns, strict=True):
        np.add.at(column, row, labeled.weight * values)
    by_people = linearize(gold, total)
    by_model = linearize(model, model_total) if model_total.any() else np.zeros(len(named))
    everywhere = linearize(hits, totals)
    tuned = tuned_weight(by_people, by_model)
    value = prediction_powered_mean(by_people, by_model, everywhere, weight=tuned)
    units, note = len(labeled.gold), _too_few(labeled, len(named))
    if note:
        return Estimate(value, None, 0, units, len(named), note)
    contributions = tuned * (everywhere - everywhere.mean()) / len(everywhere)
    rectified = by_people - tuned * by_model
    place = np.searchsorted(articles, named)
    contributions[place] += (rectified - rectified.mean()) / len(named)
    ways = ways or clusterings({"article": articles})
    sums: list[tuple[Ints, Floats]] = []
    freedoms: list[float] = []
    for way in ways:
        ids, cluster = np.unique(way.codes, return_inverse=True)
        own: Floats = np.bincount(cluster, contributions).astype(np.float64)
        seen = len(np.unique(cluster[place]))
        sums.append((ids, own * np.sqrt(seen / max(seen - 1, 1))))
        if len(way.dimensions) == 1:
            freedoms.append(_freedom(own, seen))
            if seen < MIN_CLUSTERS:
                note = f"labels in {seen} {NOUNS[way.dimensions[0]]} only; {MIN_CLUSTERS} or more are needed"
    if note:
        return Estimate(value, None, 0, units, len(named), note)
    error = float(np.sqrt(multiway([np.array([(own**2).sum()]) for _, own in sums], ways)[0]))
    return Estimate(value, error, min(freedoms), units, len(named), contributions=tuple(sums), share=share)


def _freedom(contributions: Floats, labeled: int) -> float:
    """Degrees of freedom of the sum of squares of clusters' contributions: of the labeled ones, fewer if a few decide."""
    second, fourth = float((contributions**2).sum()), float((contributions**4).sum())
    excess = fourth / second**2 - 1 / len(contributions) if second else 0.0
    return max(1.0, min(labeled - 1.0, 2 / excess if excess > 0 else np.inf))


def prediction_powered_mean(
    by_people: Floats, by_model: Floats, everywhere: Floats, *, weight: float
) -> float:
    """Mean of the model's values over all articles, plus its mean error on labeled articles. weight: λ of PPI++."""
    return float((weight * everywhere).mean() + (by_people - weight * by_model).mean())


def tuned_weight(by_people: Floats, by_model: Floats) -> float:
    """Weight of the model's labels (λ), in [0, 1]: the slope of people's labels on the model's, article by article.

    The λ of PPI++ assumes that labeled articles are like all others. Here only some of their units have labels, so
    they vary more, and they are among all articles: the best weight is then that of two-phase sampling (Cochran 1977, 12.7).
    """
    spread = float(by_model.var())
    if spread < 1e-12:
        return 0.0
    slope = float(((by_people - by_people.mean()) * (by_model - by_model.mean())).mean()) / spread
    return min(1.0, max(0.0, slope))


def linearize(hits: Floats, totals: Floats) -> Floats:
    """(articles,) values whose mean is the ratio hits / totals, and whose mean varies as that ratio does.

    Articles without a denominator are among them: how many units are about a target varies with the sample, too.
    """
    rate = hits.sum() / totals.sum()
    values: Floats = rate + (hits - rate * totals) / totals.mean()
    return values


def _too_few(labeled: Labeled, articles: int) -> str:
    """Why there can be no interval, or ""."""
    if articles < MIN_ARTICLES:
        return f"labels in {articles} articles only; {MIN_ARTICLES} or more are needed"
    labels = np.stack([labeled.gold, labeled.model])
    rare = min(int((labels[0] != 0).sum()), int((labels[0] != labeled.total).sum()))
    if rare < MIN_RARE_LABELS:
        return f"{rare} of {len(labeled.gold)} labels are of the rarer kind; {MIN_RARE_LABELS} or more are needed"
    return ""


def estimate_difference(left: Estimate, right: Estimate, ways: Sequence[Clustering] = ()) -> Estimate:
    """Difference of two groups; degrees of freedom by Welch and Satterthwaite.

    The contributions of a cluster with articles of both are subtracted before they are squared. ways: clusterings, those of
    both; (): articles.
    """
    units, articles = left.units + right.units, left.articles + right.articles
    value = left.value - right.value
    if left.error is None or right.error is None:
        return Estimate(value, None, 0, units, articles, left.note or right.note)
    variances = []
    for (ids, own), (other_ids, others) in zip(left.contributions, right.contributions, strict=True):
        _, here, there = np.intersect1d(ids, other_ids, assume_unique=True, return_indices=True)
        squares = float((own**2).sum() + (others**2).sum() - 2 * (own[here] * others[there]).sum())
        variances.append(np.array([max(squares, 0.0)]))
    ways = ways or clusterings({"article": np.zeros(0, np.int64)})
    one, two = left.error**2, right.error**2
    below = one**2 / left.freedom + two**2 / right.freedom
    freedom = (one + two) ** 2 / below if below else left.freedom + right.freedom
    error = float(np.sqrt(multiway(variances, ways)[0]))
    return Estimate(value, error, max(freedom, 1), units, articles)


def labeled_measures(store: Store, counts: Counts) -> dict[Measure, Labeled]:
    """The labels of the tables `gold` and `text_parts`, for each measure in `counts`."""
    groups = {name: i for i, name in enumerate(counts.groups)}
    places = {name: i for i, name in enumerate(counts.articles)}
    known = set(counts.measures)
    rows: dict[Measure, list[tuple[float, ...]]] = {}
    for task, query in _GOLD.items():
        found = store.rows(query)
        measured = _MEASURED[task]
        if task == "frames":
            measured = partial(
                _frames, scheme=_scheme({name for *_, gold, _ in found for name in gold.split(";")})
            )
        for group, article, comment, weight, *labels in found:
            for measure, *values in measured(*labels):
                measure = measure.on_side(COMMENTS if comment else "")
                if measure in known:
                    rows.setdefault(measure, []).append((groups[group], places[article], *values, weight))
    return {measure: _labeled(found) for measure, found in rows.items()}


def _labeled(rows: list[tuple[float, ...]]) -> Labeled:
    group, article, *rest = (np.array(column) for column in zip(*rows, strict=True))
    return Labeled(
        group.astype(np.int64), article.astype(np.int64), *(column.astype(np.float64) for column in rest)
    )


# Labels of a copy are labels of its text, which had as many chances to be drawn as there are copies (Sirken 1970).
_UNIT = """u."group", p.cluster, u.is_comment,
           CASE WHEN u.is_comment THEN g.weight ELSE g.weight / p.copies END"""
_FROM = 'FROM gold g JOIN units u USING (unit_id) JOIN text_parts p USING (article_id, "group")'
_GOLD = {
    "stance": f"""SELECT {_UNIT}, g.target, g.label, s.label {_FROM}
                  JOIN stances s ON s.unit_id = g.unit_id AND s.target = g.target WHERE g.task = 'stance'""",
    "portrayal": f"""SELECT {_UNIT}, g.target, g.label, s.label {_FROM}
                     JOIN portrayals s ON s.unit_id = g.unit_id AND s.target = g.target WHERE g.task = 'portrayal'""",
    "loaded": f"""SELECT {_UNIT}, CASE WHEN u.is_comment THEN 'reader' ELSE 'outlet' END, g.label, u.words,
                  (SELECT count(DISTINCT (l."start", l."end")) FROM loaded l WHERE l.unit_id = u.unit_id
                   AND l.voice = CASE WHEN u.is_comment THEN 'reader' ELSE 'outlet' END)
                  {_FROM} WHERE g.task = 'loaded'""",
    "frames": f"""SELECT {_UNIT}, g.label, (SELECT list(f.label) FROM frames f WHERE f.unit_id = u.unit_id)
                  {_FROM} WHERE g.task = 'frames'""",
    "reply": f"""SELECT {_UNIT}, g.label, r.label {_FROM}
                 JOIN replies r ON r.unit_id = g.unit_id WHERE g.task = 'reply'""",
}
# (measure, hits by people, hits by the model, denominator by people, denominator by the model)
Hit = tuple[Measure, float, float, float, float]


def _toward(family: str, target: str, gold: str, model: str | None) -> Iterator[Hit]:
    """Stance or portrayal."""
    minus, plus = POLES[family]
    signs = {plus: 1.0, minus: -1.0}
    totals = float(gold != UNRELATED), float(model != UNRELATED)
    for label in LABELS[family]:
        yield Measure(family, target, label), gold == label, model == label, *totals
    yield Measure(family, target, NET), signs.get(gold, 0.0), signs.get(model or "", 0.0), *totals


def _loaded(voice: str, gold: str, words: int, model: int) -> Iterator[Hit]:
    yield Measure("loaded", voice, UNITS), int(gold) > 0, model > 0, 1.0, 1.0
    yield Measure("loaded", voice, PER_1000_WORDS), int(gold), model, words, words


def _scheme(labels: set[str]) -> Sequence[str]:
    """The frames that people looked for: the codebook's, or a scheme of their own if one is not the codebook's."""
    own = labels - {*FRAMES, NO_FRAME}
    return sorted(labels - {NO_FRAME}) if own else FRAMES


def _frames(gold: str, model: list[str] | None, *, scheme: Sequence[str] = FRAMES) -> Iterator[Hit]:
    for label in scheme:
        yield Measure("frame", label), label in gold.split(";"), label in (model or []), 1.0, 1.0


def _reply(gold: str, model: str) -> Iterator[Hit]:
    for label in REPLIES:
        yield Measure("reply", label), gold == label, model == label, 1.0, 1.0


_MEASURED: Mapping[str, Any] = {
    "stance": partial(_toward, "stance"), "portrayal": partial(_toward, "portrayal"), "loaded": _loaded, "frames": _frames,
    "reply": _reply,
}  # fmt: skip


def corrected_table(
    labels: Mapping[Measure, Labeled],
    clusters: Clusters,
    counts: Counts,
    tables: Mapping[str, pa.Table],
    *,
    kept: Sequence[str],
    options: Options,
) -> pa.Table:
    """The naive and the corrected figure for every labeled measure (compare.py lists the columns).

    labels: of `labeled_measures`. tables: with `rates` and `differences`. disagree: the naive value is outside the corrected
    interval. p: of differences, from Student's t; adjusted over all corrected differences.
    """
    estimates = {
        (group, str(measure)): estimate
        for measure, labeled in labels.items()
        for group, estimate in _estimates(counts, measure, labeled, kept, clusters)
    }
    ways = clusterings(clusters.codes)
    rows = [
        _row(row, (row["group"], None), row["value"], estimates[row["group"], row["measure"]], options)
        for row in tables["rates"].to_pylist()
        if (row["group"], row["measure"]) in estimates
    ]
    for row in tables["differences"].to_pylist():
        other = f"{REST}{row['group']}" if row["other"] == REST else row["other"]
        sides = [estimates.get((side, row["measure"])) for side in (row["group"], other)]
        if sides[0] and sides[1]:
            estimate = estimate_difference(sides[0], sides[1], ways)
            rows.append(_row(row, (row["group"], row["other"]), row["difference"], estimate, options))
    set_significance([row for row in rows if row["p"] is not None], method=options.adjust)
    return arrow_table(rows, _CORRECTED)


def corrected_notes(corrected: pa.Table, *, groups: Groups) -> Iterator[str]:
    """How many figures were corrected, where naive and corrected disagree, and which groups have no labels."""
    rows = corrected.to_pylist()
    known = [row for row in rows if row["disagree"] is not None]
    wrong = [row for row in known if row["disagree"]]
    yield (
        f"{len(known):,} rates and differences were corrected with labels by people; {len(rows) - len(known):,} more have "
        "too few labels for an interval."
    )
    if wrong:
        worst = max(wrong, key=lambda row: abs(row["naive"] - row["corrected"]) / max(abs(row["naive"]), 1))
        side = f" against {worst['other']}" if worst["other"] else ""
        yield (
            f"Warning: in {len(wrong):,} of them the model's own figure is outside the corrected interval, so it is "
            f"misleading. Largest disagreement: {worst['measure']} of {worst['group']}{side}: naive {worst['naive']:.3g}, "
            f"corrected {worst['corrected']:.3g} ({worst['low']:.3g} to {worst['high']:.3g})."
        )
    if without := sorted(groups.kept.keys() - {row["group"] for row in rows}):
        yield f"No labels, so not corrected, alone or as part of all others: {', '.join(without)}."


def _estimates(
    counts: Counts, measure: Measure, labeled: Labeled, kept: Sequence[str], clusters: Clusters
) -> Iterator[tuple[str, Estimate]]:
    """Estimates of each group, of everything, and of each group's rest ("(rest)GROUP").

    Left out: sides with a group that has no labels, since labels of other groups say nothing about it, and sides without a
    denominator.
    """
    m, ways = counts.index(measure), clusterings(clusters.codes)
    scored = counts.totals[:, counts.column[m]] + counts.unrelated.get(measure.total, 0.0)
    numbers = [counts.groups.index(group) for group in kept]
    wanted = {group: [number] for group, number in zip(kept, numbers, strict=True)}
    wanted[ALL] = list(range(len(counts.groups)))
    if len(kept) > 2:
        wanted |= {
            f"{REST}{g}": [n for n in numbers if n != own] for g, own in zip(kept, numbers, strict=True)
        }
    for group, own in wanted.items():
        rows = np.flatnonzero(np.isin(counts.group, own) & (scored > 0))
        labels = labeled.of(own, counts.article[rows])
        if len(rows) and labels.total.any() and set(counts.group[rows]) == set(labels.group):
            articles, hits, totals = sum_by_article(counts, rows, m)
            if totals.any():
                first = rows[np.unique(counts.article[rows], return_index=True)[1]]
                own_ways = [replace(way, codes=way.codes[first]) for way in ways]
                share = measure.kind == "share"
                estimate = corrected_rate(labels, articles, hits, totals, ways=own_ways, share=share)
                yield group, _scale(estimate, measure.scale)


def sum_by_article(counts: Counts, rows: Ints, measure: int) -> tuple[Ints, Floats, Floats]:
    """Articles in these rows, their hits and their denominators; the parts of one article are added up."""
    articles, starts = np.unique(counts.article[rows], return_index=True)
    hits = np.add.reduceat(counts.hits[rows, measure], starts, dtype=np.float64)
    totals = np.add.reduceat(counts.totals[rows, counts.column[measure]], starts, dtype=np.float64)
    return articles, hits, totals


def _scale(estimate: Estimate, scale: float) -> Estimate:
    error = None if estimate.error is None else scale * estimate.error
    contributions = tuple((ids, scale * own) for ids, own in estimate.contributions)
    return replace(estimate, value=scale * estimate.value, error=error, contributions=contributions)


def _row(
    row: Mapping[str, Any], sides: tuple[str, str | None], naive: float, estimate: Estimate, options: Options
) -> dict[str, Any]:
    interval = estimate.interval(options.level)
    value = estimate.value
    kind = Measure.parse(row["measure"]).kind
    if sides[1] is None and kind != NET:  # a rate is not below 0, a share not above 1
        top = 1.0 if kind == "share" else np.inf
        value = float(np.clip(value, 0, top))
        interval = interval and (float(np.clip(interval[0], 0, top)), float(np.clip(interval[1], 0, top)))
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


_CORRECTED = {
    **dict.fromkeys(("group", "other", "measure"), "string"),
    **dict.fromkeys(("naive", "naive_low", "naive_high", "corrected", "low", "high"), "float64"),
    **dict.fromkeys(("gold_units", "gold_articles"), "int64"), "disagree": "bool_",
    **dict.fromkeys(("p", "p_adjusted"), "float64"), "significant": "bool_", "note": "string",
}  # fmt: skip
