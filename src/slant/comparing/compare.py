"""All that `slant compare` looks at, in the order in which it is said: the tables that report and files are made of.

detectable   measure, tests, smallest, median, largest (detectable difference over pairs, 80 % power at `level`),
             median_alone (at 0.05), articles_for_ten (articles a group for ten points; null for what is no share), level
rates        group ("(all)" for everything), measure, value, low, high, hits, total, articles, units
differences  group, other ("(rest)": all other groups), measure, value, other_value, difference, low, high, effect,
             effect_kind, p, p_adjusted, significant, articles, other_articles, detectable
untested     group, other, measure, hits, articles, other_articles (too few to be tested)
corrected    group, other (null: a rate; else a difference), measure, naive, naive_low, naive_high, corrected, low, high,
             gold_units, gold_articles, p, p_adjusted, significant (differences only), disagree (the naive value lies outside
             the corrected interval), note (why there is no interval) (with --gold)
sensitivity  group, measure, value, low, high, sets (without --gold)
left_out     group, articles
copies       group, articles (left out: copies of a text that the group ran already), shared (texts that other groups ran too)

What `slant compare` says in the terminal: first what the sample could have shown, then what it did.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from slant.comparing.comment_replies import reply_tables
from slant.comparing.counts import COMMENTS, COPIES, cells, copies_note
from slant.comparing.coverage import decomposition_tables, trend_tables
from slant.comparing.differences import (
    MIN_HITS,
    MOST_GROUPS,
    POWER,
    Differences,
    articles_needed,
    differences,
)
from slant.comparing.error_correction import (
    MEANING,
    corrected_notes,
    corrected_table,
    published_errors,
    sensitivity_table,
)
from slant.comparing.events import event_tables, mark
from slant.comparing.gold_sample import load_gold
from slant.comparing.options import Options
from slant.comparing.outlet_leaks import leak_tables
from slant.comparing.phrases import phrase_tables
from slant.comparing.rates import FEW_ARTICLES, Groups, draw, groups_of, rates_table
from slant.comparing.score_tables import Store
from slant.comparing.significance import ALPHA
from slant.errors import SlantError

if TYPE_CHECKING:
    import pyarrow as pa

# Parts of the comparison, in order: what progress says, and the function that gives the tables by name.
PARTS = (
    ("how well the scores tell the outlet", leak_tables),
    ("articles on the same events", event_tables),
    ("what is covered, and how the same events are told", decomposition_tables),
    ("phrases that set groups apart", phrase_tables),
    ("how comments answer", reply_tables),
    ("months", trend_tables),
)
OWN_WORDS = (
    "Stances of news are held to the author's own words: where these, outside quotations, carry no loaded language, the "
    "stance counts as neutral, be the news good or bad."
)
ADJUSTMENTS = {"bh": "Benjamini-Hochberg", "holm": "Holm"}


@dataclass(frozen=True, slots=True)
class Results:
    """What was found, for the report and the files of the output folder.

    tables: name → Arrow table. notes: sentences about the run as a whole, such as what was tested and what was not.
    """

    options: Options
    model: str
    codebook: str
    files: tuple[str, ...]
    groups: Groups
    articles: int
    units: int
    comments: int
    tables: Mapping[str, pa.Table]
    notes: tuple[str, ...]


def run(store: Store, options: Options, *, say: Callable[[str], None] = lambda _: None) -> Results:
    """Raises UsageError if there is nothing to compare. say: is told of each step before it begins."""
    if options.gold:
        load_gold(store, options.gold)
    say("articles with the same text, and on the same events")
    mark(store)
    groups = groups_of(store, min_articles=options.min_articles)
    say("counting per article")
    counted = cells(store, measures=options.measures)
    say(f"{options.resamples:,} resamples of {len(counted.articles):,} texts")
    drawn = draw(counted, resamples=options.resamples, seed=options.seed)
    tables = {"rates": rates_table(counted, drawn, kept=groups.kept, level=options.level)}
    say(f"differences between {len(groups.kept)} groups, {options.permutations:,} permutations each")
    found = differences(counted, drawn, kept=list(groups.kept), options=options)
    tables |= {"detectable": found.detectable, "differences": found.differences, "untested": found.untested}
    tables |= {"left_out": _left_out(groups), "copies": store.arrow(COPIES)}
    notes = [*_notes(store, groups, found, options)]
    if options.gold:
        say("correcting by the labels of people")
        tables["corrected"] = corrected_table(store, counted, tables, kept=list(groups.kept), options=options)
        notes += corrected_notes(tables["corrected"], groups=groups)
    else:
        tables["sensitivity"], more = _sensitivity(store, tables["rates"], options)
        notes.append(more)
    for what, part in PARTS:
        say(what)
        tables |= part(store, counted, options=options, groups=groups)
    articles, units, comments = store.rows(
        "SELECT count(DISTINCT article_id), count(*), count(*) FILTER (is_comment) FROM units"
    )[0]
    return Results(
        options,
        store.model,
        store.codebook,
        store.files,
        groups,
        articles,
        units,
        comments,
        tables,
        tuple(notes),
    )


def _sensitivity(store: Store, rates: pa.Table, options: Options) -> tuple[pa.Table, str]:
    try:
        errors = published_errors(store.model, folder=options.model)
    except SlantError as error:  # a model without published errors is no reason not to compare
        return sensitivity_table(rates.slice(0, 0), {}), f"No band for the model's errors: {error}"
    return sensitivity_table(rates, errors, own_words=options.own_words), MEANING


def _left_out(groups: Groups) -> pa.Table:
    import pyarrow as pa

    names = pa.array(list(groups.left_out), pa.string())
    return pa.table({"group": names, "articles": pa.array(list(groups.left_out.values()), pa.int64())})


def _notes(store: Store, groups: Groups, found: Differences, options: Options) -> Iterator[str]:
    if options.own_words:
        yield OWN_WORDS
    tests = found.differences.num_rows
    if len(groups.kept) < 2:
        yield f"Only one {store.by} has {options.min_articles} articles, so there are no differences to look at."
    elif tests:
        yield (
            f"{tests:,} differences were tested and p adjusted over all of them ({ADJUSTMENTS[options.adjust]}); "
            f"{found.untested.num_rows:,} were not, with fewer than {MIN_HITS} hits or {articles_needed(options)} articles. "
            f"Detectable means found in 80 of 100 samples like this one at p < {found.level:.2g}, which is {ALPHA} over the "
            "number of tests: what the adjustment asks of a difference that is the only one."
        )
    else:
        yield (
            f"No difference could be tested: nowhere do two groups have {MIN_HITS} hits together, and "
            f"{articles_needed(options)} articles each, of one measure."
        )
    if len(groups.kept) > MOST_GROUPS:
        yield f"With more than {MOST_GROUPS} groups each was compared with the rest only. Raise --min-articles for pairs."
    if small := [f"{group} ({n})" for group, n in groups.kept.items() if n < FEW_ARTICLES]:
        yield f"Fewer than {FEW_ARTICLES} articles, so that intervals may be too narrow: {', '.join(small)}."
    if groups.left_out:
        few = ", ".join(f"{group} ({n})" for group, n in groups.left_out.items())
        yield f"Left out, with fewer than {options.min_articles} articles: {few}."
    yield from copies_note(store, groups)
    if store.repeated:
        yield f"{store.repeated:,} rows were left out: comments posted again, or units that stood there already."


SHOWN = 5
UNCORRECTED = (
    "These are rates of the model's own labels. Its errors may differ between outlets: label a sample (slant sample), and "
    "give it as --gold."
)


def detectable(results: Results) -> Iterator[str]:
    """The smallest detectable difference, a line for each family of measures."""
    rows = results.tables["detectable"].to_pylist()
    if not rows:
        return
    yield (
        f"Smallest difference that this sample could have detected ({POWER:.0%} power, p < {rows[0]['level']:.2g}), in the "
        "middle pair of groups:"
    )
    families: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        families.setdefault(_family(row["measure"]), []).append(row)
    for family, own in families.items():
        middle = sorted(own, key=lambda row: row["median"])[len(own) // 2]
        span = f"from {_size(min(r['smallest'] for r in own), family)} to {_size(max(r['largest'] for r in own), family)}"
        yield f"  {family}: {_size(middle['median'], family)} ({span}, over {sum(r['tests'] for r in own):,} tests)"


def findings(results: Results) -> Iterator[str]:
    """How many differences hold, and those with the largest effects among them."""
    table = results.tables["differences"]
    rows = [row for row in table.to_pylist() if row["significant"]]
    if table.num_rows:
        yield (
            f"{len(rows):,} of {table.num_rows:,} differences hold at p < 0.05 after adjustment "
            f"({ADJUSTMENTS[results.options.adjust]}).{' The largest shares apart:' if rows else ''}"
        )
    shares = [row for row in rows if row["effect_kind"] == "cohens_h"]
    for row in sorted(shares, key=lambda row: -abs(row["difference"]))[:SHOWN]:
        low, high = (f"{100 * row[end]:+.0f}" if row[end] is not None else "?" for end in ("low", "high"))
        yield (
            f"  {row['measure']}: {row['group']} {row['value']:.0%}, {row['other']} {row['other_value']:.0%} "
            f"({100 * row['difference']:+.0f} points, {low} to {high})"
        )
    yield from results.notes
    if results.options.gold is None:
        yield UNCORRECTED


def _family(measure: str) -> str:
    plain = measure.removeprefix(COMMENTS)
    kind = plain.partition("/")[0]
    if kind in ("loaded", "technique") and not plain.endswith("/units"):
        kind += " per 1,000 words"
    return ("comments, " if plain != measure else "") + kind


def _size(value: float, family: str) -> str:
    if family.endswith("per 1,000 words"):
        return f"{value:.2g}"
    return f"{100 * value:.0f} points" if value < 1 else "more than 100 points"
