"""Share of each label per outlet, with intervals that resample whole articles.

The units of one article are not independent, so articles are what is resampled (Cameron, Gelbach & Miller 2008). These are
the model's own labels, uncorrected for its errors: the tables say so.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from slant.encoding.labels import FRAMES
from slant.errors import UsageError, did_you_mean
from slant.judging.intervals import percentile_interval, resample_totals, resample_weights
from slant.records import STANCES, Score

COLUMNS = ("outlet", "author", "kind", "title", "month")
_MONTH = re.compile(r"\d{4}-\d{2}(?=-|\Z)")
FEW_ARTICLES = 20  # below, percentile intervals over articles cover less than they say
CAUTION = "Shares of the model's own labels, not corrected for its errors. See the model card for its error per label."


@dataclass(frozen=True, slots=True)
class Rate:
    """Share (or number per 1,000 words) of a label in one group; `low` and `high` bound its 95 % interval, or are None
    where the articles do not tell.

    measure: "stance/<target>/<label>" among units that speak of the target, "no_call" where the model abstains;
    "loaded/<voice>" spans per 1,000 words; "frame/<label>" among units; "reply/<label>" among comments.
    units: how many units the denominator holds (words for loaded language).
    """

    group: str
    measure: str
    value: float
    low: float | None
    high: float | None
    articles: int
    units: int


@dataclass(frozen=True, slots=True)
class RateTable:
    by: str
    rates: tuple[Rate, ...]
    groups: tuple[str, ...]
    left_out: dict[str, int]
    model: str
    codebook: str


Counts = dict[str, dict[str, np.ndarray]]  # measure → article → [with the label, all]


def rates(
    scores: Iterable[Score], *, by: str, min_articles: int = 5, resamples: int = 1000, seed: int = 0
) -> RateTable:
    """All rates of every group of `by` that has at least `min_articles` articles; the others are named in `left_out`.

    Raises UsageError for an unknown column, no scores, or scores of different models or codebooks.
    """
    if by not in COLUMNS:
        raise UsageError(
            f"--by {by}: no such column. Use one of {', '.join(COLUMNS)}.{did_you_mean(by, COLUMNS)}"
        )
    counts: dict[str, Counts] = {}
    articles: dict[str, set[str]] = {}
    made: set[tuple[str, str]] = set()
    for score in scores:
        if any(flag.startswith("duplicate_of:") for flag in score.flags + score.unit.flags):
            continue  # a comment posted twice is one voice
        made.add((score.model, score.codebook))
        if len(made) > 1:
            raise UsageError(
                f"the scores were made by different models or codebooks: {sorted(made)}. Score all with one."
            )
        group = _group(score, by)
        articles.setdefault(group, set()).add(score.unit.article_id)
        _count(score, counts.setdefault(group, {}))
    if not made:
        raise UsageError("the score files hold no units: nothing to compare.")
    kept = sorted(g for g in articles if len(articles[g]) >= min_articles)
    table = [
        _rate(group, measure, counts[group][measure], resamples, seed)
        for group in kept
        for measure in sorted(counts[group])
    ]
    left_out = {g: len(articles[g]) for g in sorted(articles) if g not in kept}
    return RateTable(by, tuple(table), tuple(kept), left_out, *made.pop())


def _group(score: Score, by: str) -> str:
    if by == "month":  # a date may be the source's own words where day and month would be a guess
        found = _MONTH.match(score.unit.published or "")
        return found[0] if found else "(not stated)"
    return str(getattr(score.unit, by) or "(not stated)")


def _count(score: Score, counts: Counts) -> None:
    article = score.unit.article_id
    comment = score.unit.kind == "comment"
    side = "comments/" if comment else ""

    def add(measure: str, hits: float, total: float) -> None:
        cell = counts.setdefault(side + measure, {}).setdefault(article, np.zeros(2))
        cell += (hits, total)

    for stance in score.stance:
        for label in STANCES:
            add(f"stance/{stance.target}/{label}", stance.label == label, 1)
        add(f"stance/{stance.target}/no_call", stance.label is None, 1)
    words = len(score.unit.text.split())
    for voice in ("reader", "quoted") if comment else ("outlet", "quoted"):
        extents = {(s.start, s.end) for s in score.loaded if s.voice == voice}
        add(f"loaded/{voice}", 1000 * len(extents), words)
    frames = {frame.label for frame in score.frames}
    for label in FRAMES:
        add(f"frame/{label}", label in frames, 1)
    if score.reply:
        for label in score.reply.scores:
            add(f"reply/{label}", score.reply.label == label, 1)


def _rate(group: str, measure: str, cells: dict[str, np.ndarray], resamples: int, seed: int) -> Rate:
    table = np.stack(list(cells.values()))
    hits, total = table.sum(0)
    drawn = resample_totals(table, resample_weights(len(table), resamples=resamples, seed=seed))
    with np.errstate(invalid="ignore"):  # a resample without a single word says nothing and is left out
        ends = percentile_interval(drawn[:, 0] / drawn[:, 1])
    low: float | None = float(ends[0])
    high: float | None = float(ends[1])
    if low == high:
        low, high = _ends_without_variation(float(hits / total), len(table), share="loaded/" not in measure)
    return Rate(group, measure, float(hits / total), low, high, len(table), int(total))


def _ends_without_variation(value: float, articles: int, *, share: bool) -> tuple[float | None, float | None]:
    """Ends for a rate that is the same in every resample, where the bootstrap would claim to be certain.

    A share of 0 or 1: the exact binomial bound as if every article were one draw (Clopper & Pearson 1934), which is wide on
    purpose. Anything else (one article only, or no loaded span per 1,000 words): none, since nothing is known of the spread.
    """
    if not share or value not in (0.0, 1.0):
        return None, None
    missed = 1 - 0.025 ** (1 / articles)
    return (0.0, missed) if value == 0.0 else (1 - missed, 1.0)


def write_rates(table: RateTable, folder: Path) -> Path:
    """`rates.csv` and `rates.json` in `folder`; the JSON holds the groups left out and the fingerprints as well."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "rates.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(Rate.__dataclass_fields__))
        writer.writeheader()
        writer.writerows(asdict(rate) for rate in table.rates)
    text = json.dumps({**asdict(table), "caution": CAUTION}, indent=2, ensure_ascii=False)
    (folder / "rates.json").write_text(text + "\n", "utf-8")
    return folder
