"""A rate corrected for the model's errors, by labels of people for a random sample of the scored units.

Prediction-powered inference with a tuned weight (Angelopoulos et al. 2023, Science 382; PPI++, 2024), by their library
ppi-python. A rate is a ratio of sums over articles, and articles are what is independent: so what goes into the library is,
for each article with labels, its linearised part of the ratio (Cochran 1977, 6.4), by people and by the model, and likewise
for all articles by the model. The interval is Student's t over the articles with labels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.stats import t

from slant.comparing.cells import Floats, Ints

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

    The library takes articles with labels and all articles for two samples that are independent. Here the former are among
    the latter, so the standard error is that of the sum of both parts of each article.
    """
    from ppi_py import ppi_mean_pointestimate

    named, row = np.unique(labelled.article, return_inverse=True)
    gold, model, total = np.zeros((3, len(named)))
    for sums, part in ((gold, labelled.gold), (model, labelled.model), (total, labelled.total)):
        np.add.at(sums, row, labelled.weight * part)
    by_people, by_model = linearised(gold, total), linearised(model, total)
    everywhere = linearised(hits, totals)
    tuned = tuned_weight(by_people, by_model)
    value = float(np.squeeze(ppi_mean_pointestimate(by_people, by_model, everywhere, lam=tuned)))
    units, note = len(labelled.gold), _too_few(labelled, len(named))
    if note:
        return Estimate(value, None, 0, units, len(named), note)
    parts = tuned * (everywhere - everywhere.mean()) / len(everywhere)
    rectified = by_people - tuned * by_model
    parts[np.searchsorted(articles, named)] += (rectified - rectified.mean()) / len(named)
    parts *= np.sqrt(len(named) / (len(named) - 1))
    error = float(np.sqrt((parts**2).sum()))
    return Estimate(value, error, len(named) - 1, units, len(named), parts=(articles, parts))


def tuned_weight(by_people: Floats, by_model: Floats) -> float:
    """How much the model counts (λ), in [0, 1]: the slope of people's labels on the model's, article by article.

    The library's own λ is for labelled articles like all others. Here they have labels for some of their units only, so that
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
