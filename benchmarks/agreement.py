"""How far the labels made with a language model agree: reading with reading, and with people's labels on public sets.

    python benchmarks/agreement.py [--json benchmarks/results/agreement.json]

Four comparisons: the two readings of the seed documents (seeds/gold); the pieces of the domain set that were read twice; 150
training rows each of four public sets, labelled under the codebook without sight of their labels (data/relabelled.jsonl); and
the 200 texts that were read twice under a draft of the codebook, whose rules were then sharpened (data/pilot.jsonl).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from slant.corpora import LABELED_SETS, data_root
from slant.judging.agreement import Agreement, agreements, pairs_of
from slant.records import Example

ROOT = Path(__file__).resolve().parent.parent
PUBLIC = {"newsmtsc": "train", "vast": "train", "rumoureval": "train", "ptc": "fit"}


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def place(row: Mapping[str, Any]) -> tuple[str, int]:
    return row["document"], row["start"]


def human(example: Example) -> dict[str, Any]:
    """People's labels in the form of a reading."""
    row: dict[str, Any] = {"id": example.id, "group": example.group}
    if example.targets:
        row["stance"] = {t.name: t.label for t in example.targets}
    if example.loaded is not None:
        row["loaded"] = [asdict(s) for s in example.loaded]
    if example.reply:
        row["reply"] = example.reply
    return row


def compare() -> dict[str, list[Agreement]]:
    def by_document(row: Mapping[str, Any]) -> Any:
        return row["document"]

    out: dict[str, list[Agreement]] = {}
    gold = ROOT / "seeds/gold"
    seeds = pairs_of(rows(gold / "reading_a.jsonl"), rows(gold / "reading_b.jsonl"), key=place)
    # Comments are threads of their own; with five documents as the only groups, an interval would say nothing.
    by_unit: Callable[[Mapping[str, Any]], Any] = place
    out["seed documents, readings A and B under the first edition (intervals over units)"] = agreements(
        seeds, group=by_unit
    )
    domain = pairs_of(rows(ROOT / "data/domain_second.jsonl"), rows(ROOT / "data/domain.jsonl"), key=place)
    out["domain set, first and second reading"] = agreements(domain, group=by_document)
    pilot = [
        row | {"place": row.get("id", (row.get("document"), row.get("start")))}
        for row in rows(ROOT / "data/pilot.jsonl")
    ]
    for name in (*PUBLIC, None):
        here = [row for row in pilot if row.get("set") == name]
        one, two = ([row for row in here if row["reader"] == reader] for reader in "AB")
        found = pairs_of(one, two, key=lambda row: row["place"])
        out[f"pilot under the draft, readers A and B, {name or 'fa_kes'}"] = agreements(
            found, group=lambda row: row["place"]
        )
    ours = rows(ROOT / "data/relabelled.jsonl")
    for name, split in PUBLIC.items():
        people = [human(e) for e in LABELED_SETS[name].read(data_root(), split)]
        mine = [row for row in ours if row["set"] == name]
        found = pairs_of(people, mine, key=lambda row: row["id"])
        out[f"{name} {split}, people and this way of labelling"] = [
            a
            for a in agreements(found, group=lambda row: row["group"])
            if not a.what.startswith(("voice", "stance, or"))
        ]
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    found = compare()
    for title, figures in found.items():
        print(f"\n{title}")
        for a in figures:
            value, low, high = a.figure.value, a.figure.low, a.figure.high
            text = "–" if value is None else f"{value:.2f} [{low:.2f}, {high:.2f}]"
            print(f"  {a.what:58} {a.measure:10} {text:22} n {a.n}, groups {a.groups}")
    if args.json:
        args.json.write_text(
            json.dumps({t: [asdict(a) for a in f] for t, f in found.items()}, indent=1) + "\n", "utf-8"
        )


if __name__ == "__main__":
    main()
