"""Check the reading set: a second reading of a tenth of it, and readings of texts that people labeled.

    python benchmarks/reading_check.py [--json benchmarks/results/reading.json]

Second reading: a tenth of the units (data/reading_second.jsonl) was labeled again by another session of the same language
model, for the same targets, without sight of the first labels.

People: texts of six public sets (data/reading_people.jsonl) were labeled under the codebook without sight of the people's
labels, which are stored beside the reading. VAST, UNSCon and FIGNEWS ask for an author's stance or bias, RumourEval for
replies, FrAC for frames, NewsWCL50 for the judgement that a phrase conveys of a target. Needs no public set: labels alone
are compared.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from slant.corpora.frac import CODES, FOLD
from slant.corpora.reading_set import reading_rows
from slant.judging.agreement import agreements, alpha
from slant.judging.scorecard_files import table as markdown_table

ROOT = Path(__file__).resolve().parent.parent
RESULT = ROOT / "benchmarks" / "results" / "reading.json"
STANCE = {"a": "against", "n": "neutral", "f": "favor"}
PEOPLE = {
    "vast": "VAST train, stance toward a topic",
    "unscon": "UNSCon, negative evaluation of a state or not",
    "fignews": "FIGNEWS, side that a post is biased against (two-thirds majority)",
    "rumoureval": "RumourEval-2019 train, replies",
    "frac": "FrAC, main frame",
    "newswcl50_portrayal": "NewsWCL50, direction of the coded phrases; read: portrayal",
    "newswcl50_stance": "NewsWCL50, direction of the coded phrases; read: author's stance",
}
# NewsWCL50 codes kinds of judgement, not their direction. The signs are ours, set before the texts were read. The set's
# codebook calls "Other" neither positive nor negative. Kinds that are not listed (power, weakness, importance, unimportance,
# victim, difficulty, easiness, confidence) have no clear direction and count as nothing.
NEGATIVE = frozenset(
    {
        "Aggressor", "Dishonor", "Economy negative", "Negative", "No trustworthiness", "Poor quality", "Refusal",
        "Unlawfulness", "Unreason", "Unsafety",
    }
)  # fmt: skip
POSITIVE = frozenset(
    {
        "Affection", "Economy positive", "Fairness", "Good quality", "Honor", "Lawfulness", "Positive", "Reason", "Safety",
        "Trustworthiness",
    }
)  # fmt: skip
DIRECTION = {"against": "negative", "favor": "positive"}


def second_reading() -> list[dict[str, Any]]:
    """Agreement figures of first and second reading (judging/agreement.py); articles and threads are resampled whole."""
    first = {row["id"]: row for row in reading_rows()}
    pairs = []
    for row in _rows("reading_second.jsonl"):
        one = dict(first[row["id"]])
        # Targets that a reading calls not concerned are left out, so that agreement counts them as absent.
        one["stance"] = {s["target"]: s["stance"] for s in one["stance"] if s.get("concerned", True)}
        two = {
            **row,
            "stance": {s["target"]: s["stance"] for s in row["stance"] if s["stance"] != "not_concerned"},
        }
        pairs.append((one, two))
    found = agreements(pairs, group=lambda row: row["document"])
    return [
        {"what": a.what, "measure": a.measure, "value": a.figure.value, "low": a.figure.low, "high": a.figure.high, "n": a.n}
        for a in found
    ]  # fmt: skip


def people() -> dict[str, dict[str, Any]]:
    """Set → n, alpha, macro-F1 and F1 per label of the reading against the people's labels."""
    pairs: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for row in _rows("reading_people.jsonl"):
        if row["source"] == "newswcl50":
            gold, said = direction(row["people"]), row["stance"][0]
            pairs["newswcl50_portrayal"].append((gold, said["portrayal"]))
            pairs["newswcl50_stance"].append((gold, DIRECTION.get(said["stance"], "neutral")))
        else:
            pairs[row["source"]].append((_people(row), _reading(row)))
    return {
        name: {"n": len(own), "alpha": alpha(own), **_f1(own)}
        for name, own in ((name, pairs[name]) for name in PEOPLE)
    }


def direction(kinds: Sequence[str]) -> str:
    """Direction of the NewsWCL50 kinds that people coded for one target in one unit; "neutral" if none has a sign.

    Raises ValueError if kinds of both signs are coded: such units were not drawn.
    """
    signs = {sign for sign, own in (("negative", NEGATIVE), ("positive", POSITIVE)) if own & set(kinds)}
    if len(signs) > 1:
        raise ValueError(f"kinds of both directions: {sorted(kinds)}")
    return signs.pop() if signs else "neutral"


def _people(row: Mapping[str, Any]) -> str:
    given = str(row["people"])
    if row["source"] == "vast":
        return STANCE[given]
    if row["source"] == "unscon":
        return "negative" if given == "a" else "not negative"
    return CODES[given] if row["source"] == "frac" else given


def _reading(row: Mapping[str, Any]) -> str:
    if row["source"] == "rumoureval":
        return str(row["reply"])
    if row["source"] == "frac":
        frame = (row["frames"] or ["other"])[0]
        return FOLD.get(frame, frame)
    stances = [s["stance"] for s in row["stance"]]
    if row["source"] == "unscon":
        return "negative" if stances[0] == "against" else "not negative"
    if row["source"] == "fignews":
        palestinians, israel = (s == "against" for s in stances)
        if palestinians == israel:
            return "against_both" if palestinians else "unbiased"
        return "against_palestine" if palestinians else "against_israel"
    return "neutral" if stances[0] == "not_concerned" else str(stances[0])


def _f1(pairs: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """F1 of the reading per label that people gave, and their mean."""
    labels = {}
    for label in sorted({gold for gold, _ in pairs}):
        hits = sum(gold == label == said for gold, said in pairs)
        labels[label] = 2 * hits / (sum(g == label for g, _ in pairs) + sum(s == label for _, s in pairs))
    return {"macro_f1": sum(labels.values()) / len(labels), "labels": labels}


def _rows(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (ROOT / "data" / name).read_text("utf-8").splitlines()]


def counts() -> dict[str, dict[str, int]]:
    """File → how many units, targets, labels, comments and so on it has."""
    reading, contrast = list(reading_rows()), _rows("contrast.jsonl")
    return {
        "reading.jsonl": {
            **_count(reading),
            "sources": len({row["source"] for row in reading}),
            "units with spans and frames": sum("loaded" in row for row in reading),
            "units with a reply": sum("reply" in row for row in reading),
        },
        "contrast.jsonl": {**_count(contrast), "groups": len({row["group"] for row in contrast})},
    }


def _count(rows: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    stances = [s for row in rows for s in row["stance"]]
    return {
        "units": len(rows),
        "comments": sum(row["kind"] == "comment" for row in rows),
        "targets": len(stances),
        **{label: sum(s["stance"] == label for s in stances) for label in STANCE.values()},
        "targets not named": sum(not s.get("named", True) for s in stances),
        "targets not concerned": sum(not s.get("concerned", True) for s in stances),
    }


def counts_table() -> str:
    """The counts as Markdown, for data/README.md."""
    found = json.loads(RESULT.read_text("utf-8"))["counts"]
    names = list(dict.fromkeys(name for own in found.values() for name in own))
    lines = [[name, *(f"{own[name]:,}" if name in own else "–" for own in found.values())] for name in names]
    return markdown_table(["", *(f"`{file}`" for file in found)], lines, left=1)


def second_table() -> str:
    """The second reading as Markdown, for data/README.md."""
    rows = json.loads(RESULT.read_text("utf-8"))["second"]
    lines = [
        [
            row["what"],
            row["measure"],
            f"{row['value']:.2f} ({row['low']:.2f}–{row['high']:.2f})",
            f"{row['n']:,}",
        ]
        for row in rows
        if not row["what"].startswith("frame:") and row["value"] is not None
    ]
    return markdown_table(["first and second reading", "measure", "value", "n"], lines, left=2)


def people_table() -> str:
    """The readings against people's labels as Markdown, for data/README.md."""
    found = json.loads(RESULT.read_text("utf-8"))["people"]
    lines = [
        [
            PEOPLE[name],
            f"{row['alpha']:.2f}",
            f"{100 * row['macro_f1']:.0f}",
            ", ".join(f"{label} {100 * value:.0f}" for label, value in row["labels"].items()),
            f"{row['n']:,}",
        ]
        for name, row in found.items()
    ]
    return markdown_table(["people's labels", "α", "macro-F1", "F1 per label", "n"], lines, left=1)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    result = {"counts": counts(), "second": second_reading(), "people": people()}
    if options.json:
        options.json.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", "utf-8")
    print(json.dumps(result, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
