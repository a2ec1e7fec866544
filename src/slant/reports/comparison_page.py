"""The tables of a comparison as files: each as CSV for people and as Parquet for programs.

What `slant compare` found → a folder: a page to read, the tables as files, and the paragraph for a paper.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from slant.reports import comparison_sections, findings, page_parts
from slant.reports.evidence import ALL, Keys, dump, flat, gather, pack
from slant.reports.methods_text import known_errors, methods
from slant.reports.page_parts import COMMENTS, THREADS, Measure, environment, hashed, signed, source
from slant.reports.panels import REST, Panel, Row, rate_panels, shown_name

if TYPE_CHECKING:
    import pyarrow as pa

    from slant.comparing.compare import Results
    from slant.comparing.score_tables import Store


def write_tables(tables: Mapping[str, pa.Table], folder: Path) -> None:
    """NAME.csv and NAME.parquet for each table; a list is one cell of the CSV, its items apart by " | "."""
    import pyarrow.parquet as pq

    folder.mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        pq.write_table(table, folder / f"{name}.parquet", compression="zstd")
        with (folder / f"{name}.csv").open("w", encoding="utf-8", errors="replace", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(table.column_names)
            for batch in table.to_batches():
                writer.writerows(
                    zip(*(map(_cell, column.to_pylist()) for column in batch.columns), strict=True)
                )


def _cell(value: Any) -> Any:
    return flat(value) if isinstance(value, list) else value


def write_evidence(store: Store, folder: Path) -> Path:
    """evidence.parquet: each unit behind each number, of all groups: group, measure, article_id, unit_id, month, probability.

    The table `evidence` has to be there, see evidence.py.
    """
    path = folder / "evidence.parquet"
    partial = path.with_name(path.name + ".partial")
    name = str(partial).replace("'", "''")
    store.connection.execute(f"""
        COPY (SELECT e."group", e.measure, e.article_id, e.unit_id, u.month, e.probability
              FROM evidence e JOIN units u USING (unit_id) ORDER BY e.measure, e."group", e.article_id, e.unit_id)
        TO '{name}' (FORMAT parquet, COMPRESSION zstd)""")
    os.replace(partial, path)
    return path


MOST_BYTES = 5_000_000
MOST_GROUPS = 20
MOST_STANDING = 60
OWN_OF_COMMENTS = (
    "author",
    "kind",
    "month",
    "published",
    "url",
)  # a comment may differ there from its article
Tables = Mapping[str, Sequence[Row]]


def write(results: Results, output: Path, *, store: Store) -> Path:
    """Writes index.html, methods.md and tables/NAME.csv and .parquet into the folder; returns the page's path.

    store: open, for the sentences behind the numbers, all of which go into tables/evidence.parquet. The page stays under
    MOST_BYTES: it shows the MOST_GROUPS groups with the most articles, and fewer and shorter sentences where they are many;
    what it leaves out it names. Tables are never cut.
    """
    names = sorted(sorted(results.groups.kept, key=lambda g: -results.groups.kept[g])[:MOST_GROUPS])
    keys = Keys([*names, ALL])
    tables: Tables = {name: table.to_pylist() for name, table in results.tables.items() if _in_page(name)}
    phrases = comparison_sections.phrases(tables.get("words", ()), groups=names)
    evidence = gather(store, keys=keys, more=phrases.examples)
    write_tables(results.tables, output / "tables")
    write_evidence(store, output / "tables")
    (output / "methods.md").write_text(methods(results), encoding="utf-8")
    months = store.rows("SELECT min(month), max(month) FROM units")[0]
    shown = {**_context(results, tables, keys), "phrases": phrases.of, "span": months}
    page = environment()
    page.filters.update(measure=lambda name: Measure.of(name).title, shown=shown_name)
    style = source(page, "report.css") + source(page, "comparison.css")
    script = source(page, "comparison.js")
    shown |= {"style": style, "script": script, "style_hash": hashed(style), "script_hash": hashed(script)}
    template = page.get_template("comparison.html.j2")
    pairs = _pairs(tables["differences"], keys)
    taken = len(template.render(**shown, data="", most=0).encode()) + len(dump(pairs).encode())
    packed, most = pack(evidence, budget=MOST_BYTES - taken - 100_000)
    titles = [Measure.of(name.replace(THREADS, COMMENTS)).title for name in keys.measures]
    data = {"groups": keys.groups, "measures": keys.measures, "titles": titles, "pairs": pairs, **packed}
    path = output / "index.html"
    partial = path.with_name(path.name + ".partial")
    partial.write_text(
        template.render(**shown, data=dump(data), most=most), encoding="utf-8", errors="replace"
    )
    os.replace(partial, path)
    return path


def _in_page(name: str) -> bool:
    """Which articles of wire copy are shown needs event_articles; the pairs that were not tested stay in their file."""
    return name != "untested"


def _context(results: Results, tables: Tables, keys: Keys) -> dict[str, Any]:
    noun = "outlet" if results.options.by == "outlet" else results.options.by.replace("_", " ")
    rates = tables["rates"]
    extras = _extras(tables)
    answers = _answers(tables.get("answers", ()))
    answered = {row["measure"] for row in answers}

    def of(*families: str, comments: bool = False, of_rates: Sequence[Row] = rates) -> list[Panel]:
        def wanted(measure: Measure) -> bool:
            own = of_rates is not rates or measure.name not in answered
            return measure.family in families and measure.comments == comments and own

        if of_rates is rates:
            return rate_panels(rates, keys=keys, extras=extras, wanted=wanted)
        own_groups = (
            results.options.by in OWN_OF_COMMENTS
        )  # then `corrected` and the band are of other comments
        more = (lambda *_: ()) if own_groups else extras
        return rate_panels(of_rates, keys=keys.of_threads(), extras=more, wanted=wanted)

    return {
        "results": results,
        "noun": noun,
        "title": f"{len(results.groups.kept)} {page_parts.plural(noun, len(results.groups.kept))} compared",
        "summary": findings.summary(tables, keys=keys, adjust=results.options.adjust, noun=noun),
        "groups": keys.groups[:-1],
        "hidden": len(results.groups.kept) - len(keys.groups) + 1,
        "families": [
            ("Stance in own words" if results.options.own_words else "Stance", "stance", of("stance")),
            ("Loaded language", "loaded", of("loaded")),
            ("Loaded language by technique", "techniques", of("technique")),
            ("Frames", "frames", of("frame")),
        ],
        "comments": of("stance", "loaded", "technique", "frame", comments=True),
        "replies": of("reply", "stance", comments=True, of_rates=answers),
        "audience": comparison_sections.audience(tables.get("audience", ()), keys=keys),
        "standing": _standing(tables["differences"], keys),
        "more_standing": max(0, sum(r["significant"] for r in tables["differences"]) - MOST_STANDING),
        "measured": _measured(tables["differences"]),
        "corrections": comparison_sections.corrections(tables.get("corrected", ()), keys=keys),
        "disagreeing": [(row, *_sides(row)) for row in tables.get("corrected", ()) if row["disagree"]],
        "banded": bool(tables.get("sensitivity")),
        "events": comparison_sections.events(tables),
        "decomposition": comparison_sections.decomposition(tables.get("decomposition", ())),
        "time": comparison_sections.time(
            tables.get("trends", ()), tables.get("month_events", ()), groups=[ALL, *keys.groups[:-1]]
        ),
        "audits": comparison_sections.audits(tables, noun=noun),
        "gold": bool(tables.get("corrected")),
        "known": known_errors(results),
        "files": sorted(results.tables),
        "sources": [Path(name).name for name in results.files],
        "untested": results.tables["untested"].num_rows if "untested" in results.tables else 0,
    }


def _sides(row: Row) -> tuple[str, str, str]:
    """Naive, corrected and its interval, in words."""
    measure = Measure.of(row["measure"])
    if row["other"] is None:
        numbers = measure.number(row["naive"]), measure.number(row["corrected"])
        return *numbers, measure.interval(row["low"], row["high"])
    sizes = [signed(measure.scaled(row[name])) for name in ("naive", "corrected", "low", "high")]
    return sizes[0], sizes[1], f"{sizes[2]} to {sizes[3]}"


def _extras(tables: Tables) -> Callable[[str, str], tuple[str, ...]]:
    """Further lines of a rate: corrected by labels of people, or the band that the model's errors allow."""
    lines: dict[tuple[str, str], list[str]] = {}
    for row in tables.get("corrected", ()):
        if row["other"] is None and row["corrected"] is not None:
            measure = Measure.of(row["measure"])
            text = (
                f"corrected {measure.number(row['corrected'])} ({measure.interval(row['low'], row['high'])})"
            )
            lines.setdefault((row["group"], row["measure"]), []).append(text)
    for row in tables.get("sensitivity", ()):
        if row["low"] is not None and row["high"] is not None:
            text = f"errors allow {Measure.of(row['measure']).interval(row['low'], row['high'])}"
            lines.setdefault((row["group"], row["measure"]), []).append(text)
    return lambda group, measure: tuple(lines.get((group, measure), ()))


def _answers(rows: Sequence[Row]) -> list[Row]:
    """How comments answer, as rows of rates: the group is that of the article that they stand under."""
    return [
        {
            **row,
            "measure": f"{COMMENTS}{'reply' if row['about'] == 'reply' else 'stance/article'}/{row['label']}",
            "hits": round(abs(row["value"]) * row["comments"]),
            "units": row["comments"],
            "articles": row["threads"],
        }
        for row in rows
    ]


def _standing(rows: Sequence[Row], keys: Keys) -> list[tuple[str, str, str, str]]:
    """(measure, pair, sentence, keys) of the differences that stand, by measure."""
    standing = [row for row in rows if row["significant"]]
    standing.sort(key=lambda r: -abs(r["difference"]) / (r["detectable"] or 1))
    found = []
    for row in standing[:MOST_STANDING]:
        sides = [row["group"]] + ([row["other"]] if row["other"] != REST else [])
        pair = f"{row['group']} – {shown_name(row['other'])}"
        behind = " ".join(filter(None, (keys.of(side, row["measure"]) for side in sides)))
        found.append((Measure.of(row["measure"]).title, pair, findings.difference(row), behind))
    return found


def _measured(rows: Sequence[Row]) -> list[tuple[str, str, int]]:
    """(name, title, how many pairs differ) of the tested measures, those with the most first."""
    count: dict[str, int] = {}
    for row in rows:
        count[row["measure"]] = count.get(row["measure"], 0) + bool(row["significant"])
    return [(name, Measure.of(name).title, n) for name, n in sorted(count.items(), key=lambda x: -x[1])]


def _pairs(rows: Sequence[Row], keys: Keys) -> dict[str, list[list[Any]]]:
    """Measure → [row, column (-1: all others), difference, low, high, adjusted p, stands, "
    "detectable, keys] for the matrix."""
    number = {group: i for i, group in enumerate(keys.groups)} | {REST: -1}
    found: dict[str, list[list[Any]]] = {}
    for row in rows:
        if row["group"] not in number or row["other"] not in number:
            continue
        measure = Measure.of(row["measure"])
        digits = 2 if measure.kind == "density" else 1
        sizes = (row[name] for name in ("difference", "low", "high"))
        scaled = [None if size is None else round(measure.scaled(size), digits) for size in sizes]
        behind = [keys.of(side, row["measure"]) for side in (row["group"], row["other"]) if side != REST]
        found.setdefault(row["measure"], []).append(
            [number[row["group"]], number[row["other"]], *scaled, round(row["p_adjusted"], 4), int(row["significant"]),
             round(measure.scaled(row["detectable"]), digits), " ".join(behind)]
        )  # fmt: skip
    return found
