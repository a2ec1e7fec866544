"""Tables about splitting, comparing and speed for docs/, from result files. Used by cog blocks, see model_figures.py."""

from __future__ import annotations

from collections.abc import Mapping

from model_figures import HERE, Files, missing
from slant.judging.scorecard_files import percent, table


def cold_start(files: Files = HERE) -> str:
    if (row := files.result("cold_start")) is None:
        return missing("make bench")
    return (
        f"{row['units']} units, start to exit: {row['median_s']:.2f} s (median of {row['runs']}, "
        f"{row['min_s']:.2f}–{row['max_s']:.2f}), peak memory {row['peak_mb']:.0f} MB ({row['machine']})."
    )


def serve_load(files: Files = HERE) -> str:
    """Latency and memory of the server under load."""
    if (row := files.result("serve_load")) is None:
        return missing("make bench")
    memory = row["memory_mb"]
    busy = f" Other programs were running (load {row['load_before']})." if row["load_before"] > 1 else ""
    return (
        f"{row['requests']:,} requests of one paragraph of {row['words']} words from {row['clients']} clients at once, "
        f"model `{row['size']}`: {row['errors']} errors, {row['per_second']:.0f} requests per second; "
        f"an answer took {row['median_s']:.2f} s (median), {row['p95_s']:.2f} s (95th percentile). "
        f"Memory {memory[0]:,} MB after a tenth of the requests, {memory[len(memory) // 2]:,} MB after half, "
        f"{memory[-1]:,} MB at the end ({row['machine']}).{busy}"
    )


def memory(files: Files = HERE) -> str:
    """Peak memory of whole runs without the model, per output format."""
    if (found := files.result("memory")) is None:
        return missing("make bench")
    peaks: dict[str, dict[int, float]] = {}
    for run in found["runs"]:
        if not run["resumed"] and run["model"] != "shipped":
            peaks.setdefault(run["format"], {})[run["units"]] = run["peak_mb"]
    lines = [
        [ending, f"{own[min(own)]:.0f}", f"{own[max(own)]:.0f}", f"{own[max(own)] / own[min(own)]:.2f}"]
        for ending, own in peaks.items()
    ]
    few, many = (f"{choose(run['units'] for run in found['runs']):,} units, MB" for choose in (min, max))
    return table(["output", few, many, "ratio"], lines, left=1)


def throughput(files: Files = HERE) -> str:
    """Units per second of slant and of other tools, and the share of the machine's peak."""
    if (found := files.result(f"throughput_{files.size}")) is None:
        return missing("make bench")
    sets = {"ruwa": "RUWA headlines", "fa_kes": "FA-KES units"}
    rates = {key: found["sets"][key]["rates"] for key in sets}
    lines = [
        [name, *(c for own in rates.values() for c in (f"{own[name]['median']:.1f}", f"{own[name]['times']:.2f}"))]
        for name in rates["ruwa"]
    ]  # fmt: skip
    head = ["units per second", *(cell for title in sets.values() for cell in (title, "times the pipeline"))]
    notes = [
        f"{sets[key]}: {row['units']:,} units of {row['articles']:,} articles, {row['characters']:.0f} characters each, "
        f"padding {percent(row['padding'])} %, "
        f"{row['rates']['slant, 4 targets']['median'] * row['articles'] / row['units']:.1f} articles per second, "
        f"{percent(row['share_of_peak'].get('int8', 0))} % of the measured int8 peak."
        for key, row in found["sets"].items()
    ]
    if processes := found.get("processes"):
        shown = "; ".join(
            f"{n}: {p['units_s']:.0f} units/s, {p['peak_mb']:.0f} MB" for n, p in processes.items()
        )
        notes.append(f"Whole processes, start to exit, short units: {shown}.")
    used = ", ".join(f"{name} {v}" for name, v in found["versions"].items() if v)
    notes.append(
        f"{found['processor']}, {found['cores']} cores, Python {found['python']}, {used}; model `{found['model']}`; "
        f"median of {found['runs']} paired runs of `{found['command']}`."
    )
    return "\n\n".join([table(head, lines, left=1), *notes])


ARTICLES = 100_000_000


def cluster_cost(files: Files = HERE) -> str:
    """What one node scores, and what a hundred million articles cost at that rate."""
    if (found := files.result(f"throughput_{files.size}")) is None:
        return missing("make bench")
    row = found["sets"]["fa_kes"]
    units = row["rates"]["slant, 4 targets"]["median"]
    articles = units * row["articles"] / row["units"]
    hours = ARTICLES / articles / 3600
    return (
        f"One node of {found['cores']} cores ({found['processor']}) scores {units:,.0f} units of FA-KES per second, that "
        f"is {articles:,.1f} articles, with four targets each (median of {found['runs']} runs of `{found['command']}`). "
        f"At that rate {ARTICLES / 1e6:.0f} million such articles take {hours:,.0f} node-hours, or "
        f"{hours * found['cores']:,.0f} core-hours."
    )


# ------------------------------------------------------------------------------------------- splitting and comparing


def voice(files: Files = HERE) -> str:
    if (row := files.result("voice")) is None:
        return missing("make bench")
    found = row["against"]["direct"]
    (p, *_), (r, *_), (f, low, high) = found["precision"], found["recall"], found["f1"]
    return (
        f"Words in direct quotation, against the attributions of PolNeAR dev ({found['articles']} articles): "
        f"precision {p:.1f}, recall {r:.1f}, F1 {f:.1f} ({low:.1f}–{high:.1f}). Indirect speech counts as the outlet's voice."
    )


HALVES = {"all": "all", "held_out": "held out", "open": "open"}


def html_pages(files: Files = HERE) -> str:
    """Text and comments of made-up pages, beside other tools."""
    if (found := files.result("html_pages")) is None:
        return missing("python benchmarks/html_pages.py --json benchmarks/results/html_pages.json")
    lines = []
    for tool, parts in found["tools"].items():
        for half, shown in HALVES.items():
            text, said = parts[half]["text"], parts[half].get("comments", {})
            cells = [text[name] for name in ("precision", "recall", "f1")]
            cells += [said.get(name) for name in ("precision", "recall", "f1", "authors", "parents")]
            lines.append([tool, shown, *("—" if cell is None else percent(cell) for cell in cells)])
    counted = found["tools"]["slant"]
    used = ", ".join(f"{tool} {number}" for tool, number in found["versions"].items())
    head = ["tool", "templates", "text: precision", "recall", "F1", "comments: precision", "recall", "F1", "author right",
            "parent right"]  # fmt: skip
    return (
        f"{table(head, lines, left=2)}\n\n{found['pages']} pages of {found['templates']} templates "
        f"({counted['held_out']['pages']} pages held out), {found['comments']:,} comments; {used}."
    )


def planted_losses(files: Files = HERE) -> str:
    """How many of the planted losses are named."""
    if (found := files.result("planted_losses")) is None:
        return missing("python benchmarks/planted_losses.py --json benchmarks/results/planted_losses.json")
    wrong = sum(row["wrong_counts"] for row in found["kinds"].values())
    kinds = ", ".join(found["kinds"])
    demonstration = found["demonstration"]
    return (
        f"{found['files']} made-up files ({kinds}) with {found['losses']} planted losses: {found['named']} are named in the "
        f"list of rejected documents, the notes or the account; {wrong} counts of articles, comments or rejections differ "
        f"from what was written. Demonstration set: {percent(demonstration['content'])} % of its characters are content, "
        f"{percent(1 - demonstration['content'] - demonstration['markup'])} % metadata, media or boilerplate, "
        f"{percent(demonstration['markup'])} % markup."
    )


def reading_speed(files: Files = HERE) -> str:
    """Documents read and split per second, by kind."""
    if (found := files.result("reading_speed")) is None:
        return missing("python benchmarks/reading_speed.py --json benchmarks/results/reading_speed.json")
    compared = found["before"] is not None
    lines = [
        [kind, f"{row['documents']:,}", f"{row['documents_per_second']:,.0f}", f"{row['peak_mb']:.0f}",
         *([f"{row['ratio']:.2f}" if "ratio" in row else "—"] if compared else [])]
        for kind, row in found["kinds"].items()
    ]  # fmt: skip
    head = ["read and split", "documents", "per second of CPU time", "peak memory, MB"]
    head += [f"time, as a ratio to commit {found['before']}"] if compared else []
    return (
        f"{table(head, lines, left=1)}\n\nMedians of {found['runs']} runs "
        f"({found['machine']}, {found['cores']} cores, Python {found['python']})."
    )


def speakers(files: Files = HERE) -> str:
    if (row := files.result("speakers")) is None:
        return missing("make bench")
    own, simple = (row["methods"][name]["named"] for name in ("slant", "nearest name"))
    pronouns = row["methods"]["slant"]["pronouns"]
    (found, *_), (p, low, high), (r, *_) = own["found"], own["precision"], own["recall"]
    return (
        f"Speakers of {own['attributions']} attributions in quotation marks whose source is not a pronoun, in "
        f"{row['articles']} articles of PolNeAR {row['split']} on which no rule was written: a speaker for {found:.1f} %, "
        f"precision {p:.1f} ({low:.1f}–{high:.1f}), recall {r:.1f}. The nearest name: "
        f"precision {simple['precision'][0]:.1f}, recall {simple['recall'][0]:.1f}. "
        f"Of {pronouns['attributions']} whose source is a pronoun, "
        f"{pronouns['with_speaker']} have a speaker; PolNeAR does not say who is meant, "
        "so whether these are right is not measured."
    )


STYLES = {
    "authors": "with author lines",
    "gaps": "no authors, extra blank lines",
    "mixed": "some authors missing",
    "first_missing": "first author missing",
    "marker": "after a marker (“12 comments”)",
    "bare": "neither authors nor extra blank lines",
}


def comments(files: Files = HERE) -> str:
    """How well comments without a marker are found, by style."""
    if (found := files.result("comment_boundary")) is None:
        return missing("make bench")
    lines = [
        [STYLES.get(style, style), *(percent(row[k]) for k in ("comments_exact", "boundary_exact", "none_found"))]
        for style, row in found["with_comments"].items()
    ]  # fmt: skip
    head = [
        "comments after the article",
        "comments exact (extent, author)",
        "first comment exact",
        "none found",
    ]
    alone = sum(row["documents"] for row in found["without_comments"].values())
    false = f"Comments found where there are none: {percent(found['false_alarms'])} % of {alone:,} articles."
    return f"{table(head, lines, left=1)}\n\n{false}"


def coverage(files: Files = HERE) -> str:
    """How many 95 % intervals contain the truth, naive and corrected."""
    if (found := files.result("coverage")) is None:
        return missing("python benchmarks/comparison.py coverage --json benchmarks/results/coverage.json")
    lines = [
        [r["way"], r["what"], f"{percent(r['coverage'])} ({percent(r['low'])}–{percent(r['high'])})", percent(r["width"])]
        for r in found["rows"]
    ]  # fmt: skip
    return table(["95 % intervals", "of a", "contain the truth, %", "mean width, points"], lines, left=2)


def compare_checks(files: Files = HERE) -> str:
    """False positives among shuffled outlets, and power for a planted difference."""
    if (found := files.result("compare_checks")) is None:
        return missing(
            "python benchmarks/comparison.py checks SCORES --json benchmarks/results/compare_checks.json"
        )
    null = found["null"]
    notes = [
        f"Outlets of FA-KES shuffled over whole articles, {null['shuffles']} times: of {null['tests']:,} differences "
        f"{100 * null['mean_share_significant']:.3f} % are significant on average; {percent(null['shuffles_with_any'])} % "
        f"of the shuffles have any ({percent(null['low'])}–{percent(null['high'])})."
    ]
    notes += [
        f"Ten points planted in `{p['measure']}`, with the {p['articles_per_group']} articles per group that slant says are "
        f"enough: found in {percent(p['found'])} % of {p['worlds']} simulations ({percent(p['low'])}–{percent(p['high'])})."
        for p in found["power"]
    ]
    return "\n\n".join(notes)


def simulation(files: Files = HERE) -> str:
    """How often differences are found where there are none, and how many intervals contain the truth."""
    if (found := files.result("simulation_compare")) is None:
        return missing(
            "python benchmarks/simulation_compare.py --json benchmarks/results/simulation_compare.json"
        )

    def share(value: Mapping[str, float] | None) -> str:
        if value is None:
            return "—"
        return f"{percent(value['share'])} ({percent(value['low'])}–{percent(value['high'])})"

    parts = []
    if null := found.get("null"):
        lines = [
            [row["world"], share(row["rejected"]), share(row["any"]), percent(row["untested"]), row["reason"]]
            for row in null["rows"]
        ]
        head = [
            "outlets that do not differ",
            "p < 5 %, %",
            "files with a claim, %",
            "not tested, %",
            "most often since",
        ]
        parts.append(table(head, lines, left=1))
    if coverage_ := found.get("coverage"):
        lines = []
        for n in dict.fromkeys(row["articles"] for row in coverage_["rows"]):
            own = [row for row in coverage_["rows"] if row["articles"] == n]
            spans = [
                [row[name]["share"] for row in own if row[name] is not None]
                for name in ("coverage", "difference_coverage")
            ]
            given = sum(row["given"] for row in own) / len(own)
            lines.append(
                [
                    f"{n}",
                    percent(given),
                    *(f"{percent(min(s))}–{percent(max(s))}" if s else "—" for s in spans),
                ]
            )
        head = [
            "articles an outlet",
            "rates with an interval, %",
            "contain the rate, %",
            "contain the difference, %",
        ]
        parts.append(
            f"{table(head, lines, left=1)}\n\nFrom the lowest to the highest over true rates of 2, 10 and 30 % and "
            "correlations of 0, 0.1 and 0.3 within articles."
        )
    if power := found.get("power"):
        lines = [
            [f"{row['articles']}", percent(row["rate"]), percent(row["detectable"]) if row["detectable"] else "none",
             share(row["found"])]
            for row in power["rows"]
        ]  # fmt: skip
        head = ["articles an outlet", "rate, %", "called detectable, points", "found, % (wanted: 80)"]
        parts.append(table(head, lines, left=1))
    worlds = max(part["settings"]["worlds"] for part in found.values())
    return "\n\n".join(
        [*parts, f"At most {worlds} worlds a row; in parentheses the 95 % interval of the simulation."]
    )


def compare_speed(files: Files = HERE) -> str:
    if (found := files.result("compare_speed")) is None:
        return missing("python benchmarks/comparison.py speed --json benchmarks/results/compare_speed.json")
    return (
        f"{found['units']:,} scored units of 15 made-up outlets, start to exit: {found['seconds']:.0f} s, peak memory "
        f"{found['peak_mb'] / 1000:.1f} GB, page {found['report_mb']:.1f} MB ({found['machine']}, {found['cores']} cores, "
        f"Python {found['python']})."
    )


def events(files: Files = HERE) -> str:
    """How well articles are grouped by event, against two sets."""
    if (found := files.result("events")) is None:
        return missing("python benchmarks/events.py --json benchmarks/results/events.json")
    ruwa, pairs = found["ruwa"], found["fa_kes"]["pairs"]
    rand = ruwa["adjusted_rand"]
    kinds = {
        "all": "every headline",
        "named": "headlines with a search word of their label",
        "near": "of these, the label's busiest 14 days",
    }
    columns = {
        "held_out_outlets": "held-out outlets",
        "outlets_chosen_on": "outlets used for choosing",
        "every_outlet": "all outlets",
    }
    lines = [
        [title, *(f"{rand[kind][c]['value']:.2f} ({rand[kind][c]['n']:,})" for c in columns)]
        for kind, title in kinds.items()
    ]
    ours, within, day = (pairs[n] for n in ("events", "events, of pairs of one day", "same day"))
    trained, more = (ruwa[f"adjusted_rand_given_the_labels{n}"]["value"] for n in ("", "_and_subheadings"))
    return (
        f"{table(['RUWA, adjusted Rand index (n)', *columns.values()], lines, left=1)}\n\n"
        "RUWA's nine labels are search queries over whole articles, of which the set has only the headlines: a classifier "
        f"trained on the labels reaches {trained:.2f} on held-out outlets, {more:.2f} with subheadings.\n\n"
        f"FA-KES, pairs with the same date and place (settings were chosen there): precision {percent(ours['precision'])}, "
        f"recall {percent(ours['recall'])}, F1 {percent(ours['f1'])}; among pairs of one day {percent(within['precision'])}, "
        f"{percent(within['recall'])}, {percent(within['f1'])}; if each day were one event, F1 {percent(day['f1'])}."
    )


def target_suggestions(files: Files = HERE) -> str:
    """How many targets that people listed `slant targets suggest` finds."""
    if (found := files.result("target_suggestions")) is None:
        return missing(
            "python benchmarks/target_suggestions.py --json benchmarks/results/target_suggestions.json"
        )
    rows = dict(found["corpora"])
    events = [rows.pop(name) for name in list(rows) if name.startswith("NewsWCL50")]
    if events:
        keys = ("articles", "targets", "found", "in_one_piece", "only_one")
        name = f"NewsWCL50, {len(events)} events of a few articles each"
        rows[name] = {"made_on": False, **{key: sum(event[key] for event in events) for key in keys}}
    lines = [
        [
            name,
            "yes" if row["made_on"] else "no",
            f"{row['articles']:,}",
            *(f"{row[key]:,}" for key in ("targets", "found", "in_one_piece", "only_one")),
        ]
        for name, row in rows.items()
    ]
    heads = ("corpus", "rules made on it", "articles", "targets", "found", "in one piece", "nowhere else")
    return str(table(heads, lines, left=2))
