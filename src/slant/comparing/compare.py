"""Run the comparison: from a store of scores to all tables, and the lines that `slant compare` prints.

Tables, by name (columns without a comment are explained where the table is made):

detectable   measure, tests, smallest, median, largest (minimum detectable difference over pairs of groups, 80 % power at
             `level`; null where none can be found), median_alone (at 0.05), articles_for_ten (articles per group to
             detect ten points; null for measures per 1,000 words), level
rates        see rates.rates_table
differences  group, other ("(rest)": all other groups), measure, value, other_value, difference, low, high, effect,
             effect_kind, p, p_adjusted, significant, articles, other_articles, clusters, other_clusters (of the scarcest
             dimension), freedom (degrees of freedom), detectable (null: none)
untested     group, other, measure, value, other_value, difference, hits, articles, other_articles, clusters,
             other_clusters, reason
clusters     see clusters.clusters_table
left_out     group, articles
other_languages    group, language, units (left out: not in English)
copies       group, articles (skipped copies of a text that the group published already), shared (texts of other groups too)
corrected    with --gold: group, other (null: a rate; else a difference), measure, naive, naive_low, naive_high, corrected,
             low, high, gold_units, gold_articles, disagree (naive is outside the corrected interval), p, p_adjusted,
             significant (differences only), note (why there is no interval)
errors       with --gold, see error_audit.errors_table
sensitivity  without --gold: group, measure, value, low, high, sets
unrelated    see counts.unrelated_table
leaks        see outlet_leaks.leaks_table
events, event_articles                 see events.py
decomposition, trends, month_events    see coverage.py
words        see phrases.phrases_table
answers, audience                      see comment_replies.py
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from slant.comparing.clusters import (
    MIN_CLUSTERS,
    NOUNS,
    STATED,
    Clusters,
    clusters_table,
    estimand,
    find_clusters,
)
from slant.comparing.comment_replies import answers_table, audience_table
from slant.comparing.counts import (
    Counts,
    copies_notes,
    copies_table,
    count_hits,
    make_hits,
    make_text_parts,
    unrelated_notes,
    unrelated_table,
)
from slant.comparing.coverage import decomposition_table, month_events_table, trends_table
from slant.comparing.differences import (
    MIN_HITS,
    MOST_GROUPS,
    Differences,
    articles_needed,
    find_all_sides,
    find_differences,
)
from slant.comparing.error_audit import errors_table
from slant.comparing.error_correction import (
    Labeled,
    corrected_notes,
    corrected_table,
    labeled_measures,
)
from slant.comparing.events import event_articles_table, events_table, group_articles
from slant.comparing.gold_sample import load_gold
from slant.comparing.measures import (
    ALPHA,
    ARTICLE,
    COMMENTS,
    LABELS,
    NET,
    NO_CALL,
    PER_1000_WORDS,
    POWER,
    Measure,
)
from slant.comparing.options import Options
from slant.comparing.outlet_leaks import leaks_table
from slant.comparing.phrases import phrases_table
from slant.comparing.rates import Groups, find_groups, rates_table
from slant.comparing.score_tables import Store, arrow_table
from slant.comparing.sensitivity import MEANING, published_errors, sensitivity_table
from slant.errors import SlantError

if TYPE_CHECKING:
    import pyarrow as pa

SHOWN = 5
MOST_REASONS = 5
ADJUSTMENTS = {"bh": "Benjamini-Hochberg", "holm": "Holm"}
ONE_QUESTION = (
    "The model that scored knows no “unrelated”. Its stance toward named targets is how the unit makes them look, bad news "
    "and quoted views included, and units that say nothing about the target are in the rates."
)
UNUSED_GOLD = "Labels of portrayal were not used, since portrayal is compared only on request: --measures 'portrayal/*'."
UNCORRECTED = (
    "These are rates of the model's own labels. Its errors may differ between outlets: label a sample (slant sample), and "
    "give it as --gold."
)
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Results:
    """Results of a comparison, for the report and the files of the output folder.

    tables: name → Arrow table. notes: sentences about the whole run, such as what was tested. repeated: skipped rows, see
    Store. estimand: what intervals and tests are about. clustered: the dimensions over which variances of articles are taken.
    """

    options: Options
    model: str
    codebook: str
    files: tuple[str, ...]
    groups: Groups
    articles: int
    units: int
    comments: int
    repeated: int
    tables: Mapping[str, pa.Table]
    notes: tuple[str, ...]
    estimand: str = ""
    clustered: tuple[str, ...] = ("article",)


def run(store: Store, options: Options, *, progress: Progress = lambda _: None) -> Results:
    """Run the comparison and return all tables. `progress` is called with a description before each step.

    Makes the tables `gold` (with --gold), `grouped`, `event_names`, `text_parts` and `hits` in the store. Raises
    UsageError if there is nothing to compare.
    """
    changed = load_gold(store, options.gold) if options.gold else []
    progress("finding duplicates and articles on the same events")
    group_articles(store)
    make_text_parts(store)
    groups = find_groups(store, min_articles=options.min_articles)
    kept = list(groups.kept)
    progress("counting hits per article")
    portrayal = _portrayal_asked(store, options)
    make_hits(store, portrayal=portrayal)
    counts = count_hits(store, measures=options.measures)
    labels = labeled_measures(store, counts) if options.gold else None
    clusters = find_clusters(store, counts, wanted=options.cluster)
    progress(f"rates over {' and '.join(NOUNS[name] for name in clusters.articles.dimensions)}")
    sides = find_all_sides(clusters, kept=kept)
    tables = {"rates": rates_table(counts, sides, kept=kept, level=options.level)}
    progress(f"differences between {len(kept)} groups, {options.permutations:,} permutations each")
    found = find_differences(sides, kept=kept, options=options)
    tables |= {"detectable": found.detectable, "differences": found.differences, "untested": found.untested}
    tables |= {
        "clusters": clusters_table(clusters, kept=kept),
        "left_out": _left_out(groups),
        "copies": copies_table(store),
        "unrelated": unrelated_table(counts),
        "other_languages": store.arrow("SELECT * FROM other_languages ORDER BY ALL"),
    }
    if store.names:
        rows = [{"target": target, "name": name} for target, name in store.names.items()]
        tables["targets"] = arrow_table(rows, {"target": "string", "name": "string"})
    notes = [
        *changed,
        estimand(clusters, noun=store.by),
        *_cluster_notes(clusters, tables, options),
        *_notes(store, groups, found, options),
        *unrelated_notes(tables["unrelated"], store.names),
    ]
    if options.gold and not portrayal and store.rows("SELECT 1 FROM gold WHERE task = 'portrayal' LIMIT 1"):
        notes.append(UNUSED_GOLD)
    if labels is not None:
        progress("correcting with labels by people")
        tables["corrected"] = corrected_table(labels, clusters, counts, tables, kept=kept, options=options)
        notes += corrected_notes(tables["corrected"], groups=groups)
    else:
        tables["sensitivity"], note = _sensitivity(store, tables["rates"], options)
        notes.append(note)
    tables |= further_tables(
        store, counts, clusters, labels, groups=groups, options=options, progress=progress
    )
    return _results(store, options, groups, clusters, tables, notes)


def _results(
    store: Store,
    options: Options,
    groups: Groups,
    clusters: Clusters,
    tables: Mapping[str, pa.Table],
    notes: Sequence[str],
) -> Results:
    articles, units, comments = store.rows(
        "SELECT count(DISTINCT article_id), count(*), count(*) FILTER (is_comment) FROM units"
    )[0]
    return Results(
        options=options,
        model=store.model,
        codebook=store.codebook,
        files=store.files,
        groups=groups,
        articles=articles,
        units=units,
        comments=comments,
        repeated=store.repeated,
        tables=tables,
        notes=tuple(notes),
        estimand=estimand(clusters, noun=store.by),
        clustered=clusters.articles.dimensions,
    )


def further_tables(
    store: Store,
    counts: Counts,
    clusters: Clusters,
    labels: Mapping[Measure, Labeled] | None,
    *,
    groups: Groups,
    options: Options,
    progress: Progress,
) -> dict[str, pa.Table]:
    """The tables beside rates and differences: leaks, errors, events, coverage, phrases, comments, months."""
    kept = list(groups.kept)
    progress("how well the outlet can be predicted from the scores")
    tables = {"leaks": leaks_table(store, counts, groups=kept, options=options)}
    if labels is not None:
        tables["errors"] = errors_table(labels, counts, options=options)
    progress("events, and how differently they are covered")
    tables["events"] = events_table(store)
    tables["event_articles"] = event_articles_table(store)
    tables["decomposition"] = decomposition_table(store, counts, groups=kept, options=options)
    progress("phrases that set groups apart")
    tables["words"] = phrases_table(store, clusters, groups=kept, options=options)
    progress("replies of comments")
    tables["answers"] = answers_table(store, clusters, groups=kept, options=options)
    tables["audience"] = audience_table(store, clusters, groups=kept, options=options)
    progress("months")
    tables["trends"] = trends_table(store, clusters, groups=kept, options=options)
    tables["month_events"] = month_events_table(store)
    return tables


def _sensitivity(store: Store, rates: pa.Table, options: Options) -> tuple[pa.Table, str]:
    """The table and a note on it; an empty table if the model has no published errors."""
    try:
        errors = published_errors(store.model, model=options.model)
    except SlantError as error:
        return sensitivity_table(rates.slice(0, 0), {}), f"No band for the model's errors: {error}"
    return sensitivity_table(rates, errors), MEANING


def _portrayal_asked(store: Store, options: Options) -> bool:
    """Whether a pattern of `options.measures` fits a measure of portrayal."""
    targets = store.rows("SELECT DISTINCT target, is_comment FROM portrayals") if options.measures else []
    return any(
        Measure("portrayal", target, part, COMMENTS if is_comment else "").matches(options.measures)
        for target, is_comment in targets
        for part in (*LABELS["portrayal"], NO_CALL, NET)
    )


def _one_question(store: Store) -> bool:
    """Whether these are older scores, of a model that knew no “unrelated”."""
    query = "SELECT count(*), coalesce(max(p_unrelated), 0) FROM stances WHERE mentions > 0 AND target != ?"
    ((stances, highest),) = store.rows(query, (ARTICLE,))
    return bool(stances) and highest == 0


def _left_out(groups: Groups) -> pa.Table:
    rows = [{"group": group, "articles": articles} for group, articles in groups.left_out.items()]
    return arrow_table(rows, {"group": "string", "articles": "int64"})


def _notes(store: Store, groups: Groups, found: Differences, options: Options) -> Iterator[str]:
    tests = found.differences.num_rows
    if len(groups.kept) < 2:
        yield f"Only one {store.by} has {options.min_articles} articles, so there are no differences to test."
    elif tests:
        yield (
            f"{tests:,} differences were tested and p adjusted over all of them ({ADJUSTMENTS[options.adjust]}); "
            f"{found.untested.num_rows:,} were not tested, with too few hits, articles or clusters. The minimum detectable "
            f"difference is found in 80 of 100 samples like this one at p < {found.level:.2g}: {ALPHA} over the number of "
            "tests, the level that a single true difference must reach."
        )
    else:
        yield (
            f"No difference could be tested: no measure has {MIN_HITS} hits in two groups together, and "
            f"{articles_needed(options)} articles and {MIN_CLUSTERS} clusters in each."
        )
    if len(groups.kept) > MOST_GROUPS:
        yield (
            f"With more than {MOST_GROUPS} groups, each was compared only with all others. Raise --min-articles to "
            "compare pairs."
        )
    if groups.left_out:
        few = ", ".join(f"{group} ({n})" for group, n in groups.left_out.items())
        yield f"Left out, with fewer than {options.min_articles} articles: {few}."
    if others := store.rows(
        """SELECT "group", sum(units), string_agg(language, ', ' ORDER BY units DESC, language)
           FROM other_languages GROUP BY 1 ORDER BY 1"""
    ):
        each = "; ".join(f"{group} {units:,} ({languages})" for group, units, languages in others)
        yield f"Units left out because they are not in English: {each}."
    yield from _dates_note(store)
    yield from copies_notes(store, groups)
    if store.repeated:
        rows = "row was skipped as a duplicate" if store.repeated == 1 else "rows were skipped as duplicates"
        yield f"{store.repeated:,} {rows}: comments posted again, or units given twice."
    if _one_question(store):
        yield ONE_QUESTION


def _cluster_notes(clusters: Clusters, tables: Mapping[str, pa.Table], options: Options) -> Iterator[str]:
    """What could not be tested or has no interval for want of clusters, and writers that are named too seldom."""
    rates = tables["rates"]
    without = sum(bool(note) for note in rates["note"].to_pylist())
    if without:
        yield (
            f"{without:,} of {rates.num_rows:,} rates have no interval, since fewer than {MIN_CLUSTERS} articles, events, "
            "writers or commenters are behind them: see the column “note” of the table `rates`."
        )
    reasons = Counter(
        reason for reason in tables["untested"]["reason"].to_pylist() if reason.startswith("cannot be tested")
    )
    for reason, count in reasons.most_common(MOST_REASONS):
        yield f"{count:,} {'difference' if count == 1 else 'differences'} {reason}."
    if any("writers" in reason for reason in reasons) and not options.cluster:
        yield "To compare what these writers wrote, not the outlets as such: --cluster article,event."
    stated = clusters.stated["author"]
    if stated and stated < STATED and "author" not in clusters.codes and not options.cluster:
        yield (
            f"Only {stated:.0%} of articles name a writer, so writers are no clusters. If a few writers set the tone of an "
            "outlet, differences are less certain than they look."
        )


def _dates_note(store: Store) -> Iterator[str]:
    """A note on dates that are in no month since they were not understood. A year alone is no such date."""
    ((articles, example),) = store.rows(
        r"""SELECT count(DISTINCT article_id), min(published) FROM units
            WHERE NOT is_comment AND month IS NULL AND trim(coalesce(published, '')) != ''
            AND NOT regexp_full_match(trim(published), '\d{4}')"""
    )
    if articles:
        are = "article has a date that was" if articles == 1 else "articles have dates that were"
        yield f"{articles:,} {are} not understood, such as {example[:40]!r}: they are in no month and no event."


def detectable_lines(results: Results) -> Iterator[str]:
    """The minimum detectable difference, one line per family of measures."""
    rows = results.tables["detectable"].to_pylist()
    if not rows:
        return
    yield f"Minimum detectable difference ({POWER:.0%} power, p < {rows[0]['level']:.2g}), median over group pairs:"
    families: dict[tuple[str, bool], list[dict[str, Any]]] = {}
    for row in rows:
        measure = Measure.parse(row["measure"])
        family = f"{'comments, ' if measure.comments else ''}{measure.family}"
        per_words = measure.kind == PER_1000_WORDS
        families.setdefault((family + " per 1,000 words" * per_words, per_words), []).append(row)
    for (family, per_words), own in families.items():
        middle = sorted(_known(row["median"]) for row in own)[len(own) // 2]
        smallest, largest = (
            min(_known(r["smallest"]) for r in own),
            max(_known(r["largest"]) for r in own),
        )
        span = f"from {_size(smallest, per_words)} to {_size(largest, per_words)}"
        yield f"  {family}: {_size(middle, per_words)} ({span}, over {sum(r['tests'] for r in own):,} tests)"


def _known(size: float | None) -> float:
    """Infinity where no difference can be found."""
    return math.inf if size is None else size


def _size(value: float, per_words: bool) -> str:
    if math.isinf(value):
        return "none"
    if per_words:
        return f"{value:.2g}"
    return f"{100 * value:.0f} points"


def finding_lines(results: Results) -> Iterator[str]:
    """How many differences are significant, the largest of them, and the notes of the run."""
    table = results.tables["differences"]
    rows = [row for row in table.to_pylist() if row["significant"]]
    shares = [row for row in rows if row["effect_kind"] == "cohens_h"]
    if table.num_rows:
        yield (
            f"{len(rows):,} of {table.num_rows:,} differences are significant (p < {ALPHA} after adjustment, "
            f"{ADJUSTMENTS[results.options.adjust]}).{' The largest between shares:' if shares else ''}"
        )
    for row in sorted(shares, key=lambda row: -abs(row["difference"]))[:SHOWN]:
        low, high = (f"{100 * row[end]:+.0f}" if row[end] is not None else "?" for end in ("low", "high"))
        yield (
            f"  {row['measure']}: {row['group']} {row['value']:.0%}, {row['other']} {row['other_value']:.0%} "
            f"({100 * row['difference']:+.0f} points, {low} to {high})"
        )
    yield from results.notes
    if results.options.gold is None:
        yield UNCORRECTED
