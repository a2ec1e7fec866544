"""Write the output folder of `slant compare`: index.html, methods.md, and all tables as CSV and Parquet."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from slant.atomic_files import atomic_path, write_text
from slant.comparing.clusters import MIN_CLUSTERS, NOUNS
from slant.comparing.comment_replies import SAME
from slant.comparing.counts import unrelated_by_target
from slant.comparing.measures import ALL, ANY_TARGET, ARTICLE, COMMENTS, NET, PER_1000_WORDS, REST, Measure
from slant.reports import comparison_sections, findings, page_parts
from slant.reports.evidence import Keys, draw_evidence, dump, flat, pack
from slant.reports.methods_text import known_errors, methods, portrayed
from slant.reports.page_parts import MeasureText, environment, policy_hash, signed, source
from slant.reports.panels import Panel, Row, rate_panels, shown_name

if TYPE_CHECKING:
    import pyarrow as pa

    from slant.comparing.compare import Results
    from slant.comparing.score_tables import Store

MAX_BYTES = 5_000_000
MOST_GROUPS = 20
MOST_SIGNIFICANT = 60
LARGE = 0.25  # share of a group's units in one cluster, from which it is named
# Columns in which a comment may differ from its article.
COMMENT_COLUMNS = ("author", "kind", "month", "published", "url")
Tables = Mapping[str, Sequence[Row]]


def write_tables(tables: Mapping[str, pa.Table], folder: Path) -> None:
    """Write NAME.csv and NAME.parquet for each table. A list is one cell of the CSV, see evidence.flat."""
    import pyarrow.parquet as pq

    folder.mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        marked = table.replace_schema_metadata({"slant.table": name})  # so that it is not read as articles
        pq.write_table(marked, folder / f"{name}.parquet", compression="zstd")
        with (folder / f"{name}.csv").open("w", encoding="utf-8", errors="replace", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(table.column_names)
            for batch in table.to_batches():
                writer.writerows(
                    zip(*(map(_cell, column.to_pylist()) for column in batch.columns), strict=True)
                )


def _cell(value: Any) -> Any:
    return flat(value) if isinstance(value, list) else value


def write_evidence(store: Store, folder: Path) -> None:
    """Write evidence.parquet, each unit behind each number: group, measure, article_id, unit_id, month, probability.

    Needs the table `hits`.
    """
    with atomic_path(folder / "evidence.parquet") as part:
        name = str(part).replace("'", "''")
        store.connection.execute(f"""
            COPY (SELECT h."group", h.measure, h.article_id, h.unit_id, u.month, h.probability
                  FROM hits h JOIN units u USING (unit_id) ORDER BY h.measure, h."group", h.article_id, h.unit_id)
            TO '{name}' (FORMAT parquet, COMPRESSION zstd)""")


def write(results: Results, output: Path, *, store: Store) -> Path:
    """Write index.html, methods.md and tables/NAME.csv and .parquet into the folder; return the path of the page.

    store: still open and with the table `hits`, for the sentences behind the numbers. The page stays below MAX_BYTES: it
    shows the MOST_GROUPS groups with the most articles, and fewer and shorter sentences where there are many. It names
    what it leaves out; the tables hold everything.
    """
    with page_parts.called(store.names):
        return _write(results, output, store=store)


def _write(results: Results, output: Path, *, store: Store) -> Path:
    names = sorted(sorted(results.groups.kept, key=lambda g: -results.groups.kept[g])[:MOST_GROUPS])
    keys = Keys([*names, ALL])
    # The page shows only the number of untested pairs.
    tables: Tables = {name: table.to_pylist() for name, table in results.tables.items() if name != "untested"}
    phrases = comparison_sections.phrases(tables.get("words", ()), groups=names)
    evidence = draw_evidence(store, keys=keys, more=phrases.examples)
    write_tables(results.tables, output / "tables")
    write_evidence(store, output / "tables")
    (output / "methods.md").write_text(methods(results), encoding="utf-8")
    months = store.rows("SELECT min(month), max(month) FROM units")[0]
    shown = {**_context(results, tables, keys), "phrases": phrases.of, "span": months}
    page = environment()
    page.filters.update(measure=lambda name: MeasureText.of(name).title, shown=shown_name)
    style = source(page, "report.css") + source(page, "comparison.css")
    script = source(page, "comparison.js")
    shown |= {"style": style, "script": script, "style_hash": policy_hash(style)}
    shown["script_hash"] = policy_hash(script)
    template = page.get_template("comparison.html.j2")
    pairs = _pairs(tables["differences"], keys)
    taken = len(template.render(**shown, data="", most=0).encode()) + len(dump(pairs).encode())
    packed, most = pack(evidence, budget=MAX_BYTES - taken - 100_000)
    titles = [MeasureText(measure).title for measure in keys.measures]
    measures = [str(measure) for measure in keys.measures]
    data = {"groups": keys.groups, "measures": measures, "titles": titles, "pairs": pairs, **packed}
    page_text = template.render(**shown, data=dump(data), most=most)
    return write_text(output / "index.html", page_text, errors="replace")


def _context(results: Results, tables: Tables, keys: Keys) -> dict[str, Any]:
    """The variables of the template."""
    noun = results.options.by.replace("_", " ")
    kept, shown_groups = len(results.groups.kept), keys.groups[:-1]
    differences, corrected = tables["differences"], tables.get("corrected", ())
    return {
        "results": results,
        "noun": noun,
        "title": f"{kept} {page_parts.plural(noun, kept)} compared",
        "summary": findings.summary(tables, keys=keys, adjust=results.options.adjust, noun=noun),
        "groups": shown_groups,
        "hidden": kept - len(shown_groups),
        "other_languages": _other_languages(tables.get("other_languages", ())),
        **_rate_sections(results, tables, keys),
        "audience": comparison_sections.audience(tables.get("audience", ())),
        "significant": _significant(differences, keys),
        "more_significant": max(0, sum(r["significant"] for r in differences) - MOST_SIGNIFICANT),
        "tested": _tested(differences),
        "corrections": comparison_sections.corrections(corrected, keys=keys),
        "disagreeing": [(row, *_naive_and_corrected(row)) for row in corrected if row["disagree"]],
        "banded": bool(tables.get("sensitivity")),
        "events": comparison_sections.events(tables),
        "decomposition": comparison_sections.decomposition(tables.get("decomposition", ())),
        "time": comparison_sections.time(
            tables.get("trends", ()), tables.get("month_events", ()), groups=[ALL, *shown_groups]
        ),
        "audits": comparison_sections.audits(tables, noun=noun),
        "gold": bool(corrected),
        "known": known_errors(results),
        "portrayed": portrayed(results),
        "unrelated": unrelated_by_target(tables.get("unrelated", ())),
        "files": sorted(results.tables),
        "sources": [Path(name).name for name in results.files],
        "untested": results.tables["untested"].num_rows if "untested" in results.tables else 0,
        "untestable": _untestable(results),
        "clusters": _clusters(tables.get("clusters", ())),
        "min_threads": MIN_CLUSTERS,
        "same": round(100 * SAME),
        "any_target": ANY_TARGET,
    }


def _untestable(results: Results) -> list[tuple[str, int]]:
    """(why, how many comparisons) for those that cannot be tested with so few clusters, the most frequent first."""
    table = results.tables.get("untested")
    reasons = table["reason"].to_pylist() if table is not None and "reason" in table.column_names else []
    return Counter(reason for reason in reasons if reason.startswith("cannot be tested")).most_common(5)


def _clusters(rows: Sequence[Row]) -> dict[str, list[str]]:
    """Group → its clusters, such as ["32 articles", "12 writers, the largest with 40 % of the units"]."""
    found: dict[str, list[str]] = {}
    for row in rows:
        noun = NOUNS[row["dimension"]]
        of = " of comments" if row["of"] == "comments" and row["dimension"] != "commenter" else ""
        large = (
            f", the largest with {100 * row['largest']:.0f} % of the units" if row["largest"] >= LARGE else ""
        )
        count = row["clusters"]
        found.setdefault(row["group"], []).append(
            f"{count:,} {noun.removesuffix('s') if count == 1 else noun}{of}{large}"
        )
    return found


def _other_languages(rows: Sequence[Row]) -> dict[str, str]:
    """Group → its units that are not in English, e.g. "12 (de 9, fr 3)"."""
    found: dict[str, dict[str, int]] = {}
    for row in rows:
        found.setdefault(row["group"], {})[row["language"]] = row["units"]
    return {
        group: f"{sum(own.values()):,} ({', '.join(f'{language} {n:,}' for language, n in own.items())})"
        for group, own in found.items()
    }


def _rate_sections(results: Results, tables: Tables, keys: Keys) -> dict[str, Any]:
    """Panels of rates: `families` of articles, `comments`, and `replies` (comments by the group of their article)."""
    rates, answers = tables["rates"], _answers(tables.get("answers", ()))
    answered = {Measure.parse(row["measure"]) for row in answers}
    extras, unrelated = _extras(tables), _unrelated(tables.get("unrelated", ()))

    def panels(*families: str, comments: bool = False) -> list[Panel]:
        def wanted(measure: Measure) -> bool:
            return measure.family in families and measure.comments == comments and measure not in answered

        return rate_panels(rates, keys=keys, extras=extras, wanted=wanted, unrelated=unrelated)

    # If comments have groups of their own, the corrected rate and the error band are of other comments than `answers`.
    own_groups = results.options.by in COMMENT_COLUMNS
    replies = rate_panels(
        answers,
        keys=keys.of_threads(),
        extras=(lambda *_: ()) if own_groups else extras,
        wanted=lambda _: True,
    )
    return {
        "families": [
            ("Stance", "stance", panels("stance")),
            ("Portrayal", "portrayal", panels("portrayal")),
            ("Loaded language", "loaded", panels("loaded")),
            ("Loaded language by technique", "techniques", panels("technique")),
            ("Frames", "frames", panels("frame")),
        ],
        "comments": panels("stance", "portrayal", "loaded", "technique", "frame", comments=True),
        "replies": replies,
    }


def _unrelated(rows: Sequence[Row]) -> dict[tuple[str, str], int]:
    """The table `unrelated`: (group or everything, denominator) → units that say nothing about the target."""
    found: dict[tuple[str, str], int] = {}
    for row in rows:
        total = Measure("stance", row["target"], NET, COMMENTS if row["comments"] else "").total
        for group in (row["group"], ALL):
            found[group, total] = found.get((group, total), 0) + row["unrelated"]
    return found


def _answers(rows: Sequence[Row]) -> list[Row]:
    """The table `answers` as rows of rates."""

    def measure(row: Row) -> Measure:
        if row["about"] == "reply":
            return Measure("reply", row["label"], side=COMMENTS)
        return Measure("stance", ARTICLE, row["label"], COMMENTS)

    return [
        {
            **row,
            "measure": str(measure(row)),
            "hits": round(abs(row["value"]) * row["comments"]),
            "units": row["comments"],
            "articles": row["threads"],
        }
        for row in rows
    ]


def _naive_and_corrected(row: Row) -> tuple[str, str, str]:
    """Naive value, corrected value and its interval, in words."""
    text = MeasureText.of(row["measure"])
    if row["other"] is None:
        numbers = text.number(row["naive"]), text.number(row["corrected"])
        return *numbers, text.interval(row["low"], row["high"])
    sizes = [signed(text.points(row[name])) for name in ("naive", "corrected", "low", "high")]
    return sizes[0], sizes[1], f"{sizes[2]} to {sizes[3]}"


def _extras(tables: Tables) -> Callable[[str, str], tuple[str, ...]]:
    """(group, measure) → further lines of a rate: corrected with labels by people, or the band of the model's errors."""
    lines: dict[tuple[str, str], list[str]] = {}
    for row in tables.get("corrected", ()):
        if row["other"] is None and row["corrected"] is not None:
            text = MeasureText.of(row["measure"])
            line = f"corrected {text.number(row['corrected'])} ({text.interval(row['low'], row['high'])})"
            lines.setdefault((row["group"], row["measure"]), []).append(line)
    for row in tables.get("sensitivity", ()):
        if row["low"] is not None and row["high"] is not None:
            line = f"error band {MeasureText.of(row['measure']).interval(row['low'], row['high'])}"
            lines.setdefault((row["group"], row["measure"]), []).append(line)
    return lambda group, measure: tuple(lines.get((group, measure), ()))


def _significant(rows: Sequence[Row], keys: Keys) -> list[tuple[str, str, str, str]]:
    """(measure, pair, sentence, keys) of the significant differences, the strongest first."""
    found = []
    significant = sorted((row for row in rows if row["significant"]), key=findings.strength, reverse=True)
    for row in significant[:MOST_SIGNIFICANT]:
        pair = f"{row['group']} – {shown_name(row['other'])}"
        title = MeasureText.of(row["measure"]).title
        found.append((title, pair, findings.describe_difference(row), findings.keys_of(row, keys)))
    return found


def _tested(rows: Sequence[Row]) -> list[tuple[str, str, str, int]]:
    """(name, title, unit, number of significant pairs) of the tested measures, those with the most first."""
    count: dict[str, int] = {}
    for row in rows:
        count[row["measure"]] = count.get(row["measure"], 0) + bool(row["significant"])
    texts = {name: MeasureText.of(name) for name in count}
    order = sorted(count.items(), key=lambda item: -item[1])
    return [(name, texts[name].title, texts[name].unit, n) for name, n in order]


def _rounded(text: MeasureText, size: float | None, digits: int) -> float | None:
    return None if size is None else round(text.points(size), digits)


def _pairs(rows: Sequence[Row], keys: Keys) -> dict[str, list[list[Any]]]:
    """Measure → cells of the matrix of pairs.

    A cell: [row, column (-1: all others), difference, low, high, adjusted p, significant, detectable, keys].
    """
    number = {group: i for i, group in enumerate(keys.groups)} | {REST: -1}
    found: dict[str, list[list[Any]]] = {}
    for row in rows:
        if row["group"] not in number or row["other"] not in number:
            continue
        text = MeasureText.of(row["measure"])
        digits = 2 if text.measure.kind == PER_1000_WORDS else 1
        sizes = (row[name] for name in ("difference", "low", "high"))
        scaled = [_rounded(text, size, digits) for size in sizes]
        found.setdefault(row["measure"], []).append(
            [number[row["group"]], number[row["other"]], *scaled, round(row["p_adjusted"], 4), int(row["significant"]),
             _rounded(text, row["detectable"], digits), findings.keys_of(row, keys)]
        )  # fmt: skip
    return found
