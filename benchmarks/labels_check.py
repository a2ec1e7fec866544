"""Check labels: agreement between readings, errors of the shipped model.

    python benchmarks/labels_check.py agreement [--json benchmarks/results/agreement.json]
    python benchmarks/labels_check.py errors    [--json benchmarks/results/errors.json]

agreement: reading against reading, and reading against human labels. Four comparisons: the two readings of the seed documents
(seeds/gold); the part of the domain set that was read twice; 150 training rows each of four public sets, labeled under the
codebook without sight of their labels (data/relabelled.jsonl); and 200 texts that were read twice under a draft of the
codebook (data/pilot.jsonl). All readings were made by a language model.

errors: what the shipped model confuses on the judged sets whose aim it misses. Nothing is chosen by these counts.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from slant.corpora.sets import LABELED_SETS, data_root
from slant.judging.agreement import Agreement, agreements, pairs_of
from slant.judging.judged_items import JudgedItems, judge_items
from slant.judging.judged_sets import SetSpec, choose_sets, judged_examples
from slant.records import Example
from slant.scoring.runtimes import load

ROOT = Path(__file__).resolve().parent.parent
PUBLIC = {"newsmtsc": "train", "vast": "train", "rumoureval": "train", "ptc": "fit"}
# Per set: the keys of an example's meta by which errors are counted, and what each key says.
PARTS: dict[str, Mapping[str, str]] = {
    "newsmtsc/test_rw": {},
    "newsmtsc/test_mt": {},
    "vast/test": {},
    "rumoureval/test": {"is_source": "the first post of its thread (1) or not (0)", "platform": "platform"},
    "babe/fold0": {"opinion": "opinion label of the annotators", "marked": "words marked as biased"},
    "seeds/stance": {
        "type": "text",
        "target_kind": "whether the unit names the target (named) or only refers to it (topic)",
    },
}
MANY = 4  # marked words; sentences with so many or more are counted together


def agreement() -> dict[str, list[Agreement]]:
    """Title of the comparison → its agreement figures."""
    out: dict[str, list[Agreement]] = {}
    gold = ROOT / "seeds/gold"
    seeds = pairs_of(rows(gold / "reading_a.jsonl"), rows(gold / "reading_b.jsonl"), key=place)
    # Intervals over units: with five documents as the only groups, an interval would say nothing.
    by_unit: Callable[[Mapping[str, Any]], Any] = place
    out["seed documents, readings A and B (first edition)"] = agreements(seeds, group=by_unit)
    domain = pairs_of(rows(ROOT / "data/domain_second.jsonl"), rows(ROOT / "data/domain.jsonl"), key=place)
    out["domain set, first and second reading"] = agreements(domain, group=lambda row: row["document"])
    pilot = [
        row | {"place": row.get("id", (row.get("document"), row.get("start")))}
        for row in rows(ROOT / "data/pilot.jsonl")
    ]
    for name in (*PUBLIC, None):
        here = [row for row in pilot if row.get("set") == name]
        one, two = ([row for row in here if row["reader"] == reader] for reader in "AB")
        found = pairs_of(one, two, key=lambda row: row["place"])
        title = f"pilot under the draft, readings A and B, {name or 'fa_kes'}"
        out[title] = agreements(found, group=lambda row: row["place"])
    ours = rows(ROOT / "data/relabelled.jsonl")
    for name, split in PUBLIC.items():
        people = [human(e) for e in LABELED_SETS[name].read(data_root(), split)]
        mine = [row for row in ours if row["set"] == name]
        found = agreements(pairs_of(people, mine, key=lambda row: row["id"]), group=lambda row: row["group"])
        out[f"{name} {split}, human labels and a reading"] = [
            a for a in found if not a.what.startswith(("voice", "stance, or"))
        ]
    return out


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def place(row: Mapping[str, Any]) -> tuple[str, int]:
    return row["document"], row["start"]


def human(example: Example) -> dict[str, Any]:
    """Human labels in the form of a reading."""
    row: dict[str, Any] = {"id": example.id, "group": example.group}
    if example.targets:
        row["stance"] = {t.name: t.label for t in example.targets}
    if example.loaded is not None:
        row["loaded"] = [asdict(s) for s in example.loaded]
    if example.reply:
        row["reply"] = example.reply
    return row


def show_agreement(found: Mapping[str, list[Agreement]]) -> dict[str, Any]:
    for title, figures in found.items():
        print(f"\n{title}")
        for a in figures:
            value, low, high = a.figure.value, a.figure.low, a.figure.high
            text = "–" if value is None else f"{value:.2f} [{low:.2f}, {high:.2f}]"
            print(f"  {a.what:58} {a.measure:10} {text:22} n {a.n}, groups {a.groups}")
    return {title: [asdict(a) for a in figures] for title, figures in found.items()}


def errors() -> dict[str, Any]:
    """Confusions of the shipped model on the sets of PARTS."""
    reader = load("small")  # the model whose card has these counts
    specs = choose_sets(list(PARTS))
    sets = [confusions(spec, judge_items(spec, judged_examples(spec, data_root()), reader)) for spec in specs]
    return {"model": reader.fingerprint, "sets": sets}


def confusions(spec: SetSpec, sheet: JudgedItems) -> dict[str, Any]:
    """`said`: a row of counts per gold label, in the order of `labels`; `parts`: items and errors per value of PARTS."""
    pairs = Counter(zip(sheet.gold, sheet.predicted, strict=True))
    parts = []
    for key, what in PARTS[spec.name].items():
        values = [_value(key, meta) for meta in sheet.slices]
        for value in sorted(set(values)):
            items = [i for i, v in enumerate(values) if v == value]
            wrong = sum(sheet.gold[i] != sheet.predicted[i] for i in items)
            parts.append({"by": what, "value": value, "n": len(items), "wrong": wrong})
    said = [[pairs[gold, label] for label in spec.labels] for gold in spec.labels]
    return {"set": spec.name, "title": spec.title, "labels": list(spec.labels), "said": said, "parts": parts}


def _value(key: str, meta: Mapping[str, str]) -> str:
    if key != "marked":
        return meta[key]
    marked = len(json.loads(meta["biased_words"]))
    return str(marked) if marked < MANY else f"{MANY} or more"


def show_errors(found: dict[str, Any]) -> dict[str, Any]:
    for each in found["sets"]:
        print(f"\n{each['title']}: gold labels (rows) by predicted labels")
        print(" " * 12 + "".join(f"{label:>12}" for label in each["labels"]))
        for label, counts in zip(each["labels"], each["said"], strict=True):
            print(f"{label:12}" + "".join(f"{n:12,}" for n in counts))
        for part in each["parts"]:
            share = 100 * part["wrong"] / part["n"]
            print(f"  {part['by']}: {part['value']}: {share:.1f} % wrong of {part['n']:,}")
    return found


CHECKS: dict[str, tuple[Callable[[], Any], Callable[[Any], Any]]] = {
    "agreement": (agreement, show_agreement),
    "errors": (errors, show_errors),
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("check", choices=CHECKS)
    parser.add_argument("--json", type=Path, help="result file")
    given = parser.parse_args()
    measure, show = CHECKS[given.check]
    result = show(measure())
    if given.json:
        given.json.write_text(json.dumps(result, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
