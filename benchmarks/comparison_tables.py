"""The tables about `slant compare` in README, and of errors in the card, each from the result file that a script here makes
(fill_figures.py)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from model_tables import Files, read_json
from slant.judging.scorecard_files import percent, table


def _read(files: Files, name: str) -> dict[str, Any] | None:
    path = files.results / f"{name}.json"
    return read_json(path) if path.exists() else None


def _not_yet(name: str, script: str) -> str:
    return f"Not measured yet; `python benchmarks/{script} --json benchmarks/results/{name}.json` makes the figures."


def coverage(files: Files) -> str:
    """How often 95 % intervals hold the truth, naive and corrected."""
    if (found := _read(files, "coverage")) is None:
        return _not_yet("coverage", "coverage_simulation.py")
    rows = [
        [r["way"], r["what"], f"{percent(r['coverage'])} ({percent(r['low'])}–{percent(r['high'])})", percent(r["width"])]
        for r in found["rows"]
    ]  # fmt: skip
    return table(["95 % intervals", "of a", "hold the truth, %", "mean width, points"], rows, left=2)


def compare_checks(files: Files) -> str:
    """What is found among shuffled outlets, and of a difference that was planted."""
    if (found := _read(files, "compare_checks")) is None:
        return _not_yet("compare_checks", "compare_checks.py SCORES")
    null = found["null"]
    lines = [
        f"Outlets of FA-KES shuffled over whole articles, {null['shuffles']} times: of {null['tests']:,} differences "
        f"{100 * null['mean_share_significant']:.3f} % hold on average; {percent(null['shuffles_with_any'])} % of the "
        f"shuffles have any ({percent(null['low'])}–{percent(null['high'])})."
    ]
    lines += [
        f"Ten points planted in `{p['measure']}`, with the {p['articles_per_group']} articles a group that are said to be "
        f"enough: found in {percent(p['found'])} % of {p['worlds']} worlds ({percent(p['low'])}–{percent(p['high'])})."
        for p in found["power"]
    ]
    return "\n\n".join(lines)


def events(files: Files) -> str:
    """Agreement of events and stories with the labels of two sets."""
    if (found := _read(files, "events")) is None:
        return _not_yet("events", "events.py")
    rand, pairs = found["ruwa"]["adjusted_rand"], found["fa_kes"]["pairs"]
    kinds = {
        "all": "every headline",
        "named": "headlines that hold a search word of their label",
        "near": "of these, the label's busiest 14 days",
    }
    columns = {
        "held_out_outlets": "outlets held out",
        "outlets_chosen_on": "outlets chosen on",
        "every_outlet": "all outlets",
    }
    rows = [
        [title, *(f"{rand[kind][c]['value']:.2f} ({rand[kind][c]['n']:,})" for c in columns)]
        for kind, title in kinds.items()
    ]  # fmt: skip
    ours, within, day = (pairs[n] for n in ("events", "events, of pairs of one day", "same day"))
    ceiling, more = (
        found["ruwa"][f"adjusted_rand_given_the_labels{n}"]["value"] for n in ("", "_and_subheadings")
    )
    return "\n\n".join(
        [
            table(["RUWA, adjusted Rand index (n)", *columns.values()], rows, left=1),
            "RUWA's nine labels are searches for words in whole articles, of which the set has the headlines: a classifier "
            f"trained on the labels themselves reaches {ceiling:.2f} on outlets held out, {more:.2f} with subheadings. "
            f"FA-KES, pairs of one date and place (settings chosen there): precision {percent(ours['precision'])}, recall "
            f"{percent(ours['recall'])}, F1 {percent(ours['f1'])}; of the pairs of one day, all that the set can tell: "
            f"{percent(within['precision'])}, {percent(within['recall'])}, {percent(within['f1'])}; "
            f"calling each day one event gives F1 {percent(day['f1'])}.",
        ]
    )


def compare_speed(files: Files) -> str:
    """Seconds and memory of `slant compare` on many units."""
    if (found := _read(files, "compare_speed")) is None:
        return _not_yet("compare_speed", "compare_speed.py")
    return (
        f"{found['units']:,} scored units of 15 invented outlets, start to exit: {found['seconds']:.0f} s, peak memory "
        f"{found['peak_mb'] / 1000:.1f} GB, page {found['report_mb']:.1f} MB ({found['machine']}, {found['cores']} cores, "
        f"Python {found['python']}; `python benchmarks/compare_speed.py`)."
    )


def own_words(files: Files) -> str:
    """Stance as it is called and held to the author's own words, against labels by people and by the codebook."""
    if (found := _read(files, "own_words")) is None:
        return _not_yet("own_words", "own_words.py")
    by = {(r["set"], r["split"], r["as"]): r for r in found["rows"]}
    titles = {"newsmtsc": "NewsMTSC, people's labels", "slant_domain": "domain set, by the codebook"}
    rows = [
        [
            f"{titles[name]}, {split}",
            *(percent(by[name, split, w]["macro_f1"]) for w in ("stance", "own_stance")),
            f"{r['n']:,}",
        ]
        for (name, split, way), r in by.items()
        if way == "stance"
    ]
    text = table(["macro-F1", "as called", "in own words", "n"], rows, left=1)
    return f"{text}\n\nModel `{found['model']}`, `python benchmarks/own_words.py`."


def errors(files: Files) -> str:
    """What is taken for what, and where, on the sets whose aim is not met."""
    found = _read(files, "errors")
    return _not_yet("errors", "errors.py") if found is None else error_tables(found)


def error_tables(found: Mapping[str, Any]) -> str:
    """What errors.py counts: per set a table of gold labels against answers, and the share of errors per part."""
    texts = []
    for each in found["sets"]:
        rows = [
            [label, *(f"{n:,}" for n in row)] for label, row in zip(each["labels"], each["said"], strict=True)
        ]
        texts.append(f"{each['title']}, gold labels by what the model says:")
        texts.append(table(["", *each["labels"]], rows, left=1))
        shares: dict[str, list[str]] = {}
        for part in each["parts"]:
            share = f"{percent(part['wrong'] / part['n'])} % of {part['n']:,}"
            shares.setdefault(part["by"], []).append(f"{part['value']}: {share}")
        texts += [f"Wrong, by *{by}*: {'; '.join(values)}." for by, values in shares.items()]
    return "\n\n".join([*texts, f"Model `{found['model']}`, `python benchmarks/errors.py`."])
