"""Find where reader comments begin: accuracy on documents assembled from known articles and known comments.

    python benchmarks/comment_boundary.py            # figures on the held-out documents
    python benchmarks/comment_boundary.py --fit      # refit the weights of segment/comment_section.py

Articles: PTC (train / dev) and FA-KES (by the hash of its row, 3:1). Comments: VAST posts (train / dev) and Civil Comments
of the toxic-spans set (train / trial). Names, handles and headings are invented; the held-out documents use other ones. A
document is an article, alone or followed by 2 to 12 comments in one of the STYLES. Needs the public data sets (SLANT_DATA,
default ../shared/data).
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import os
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from slant.records import Article, Unit
from slant.segment import comment_section
from slant.segment.block_roles import is_paragraph, non_content_roles
from slant.segment.markdown import parse_blocks
from slant.segment.units import split

DATA = Path(os.environ.get("SLANT_DATA") or Path(__file__).resolve().parents[1] / "../shared/data")
STYLES = ("authors", "gaps", "mixed", "first_missing", "marker", "bare")
PLAIN_STYLES = ("plain", "headings", "name_headings", "gaps_inside", "footer", "lists")
SEEDS = {"train": 11, "dev": 12}
HAND_SET = ("open_end", "marker")  # see segment/comment_section.py
FALSE_ALARMS = 0.003  # share of training documents without comments, at most

FIRST = {
    "train": [
        "Ansa", "Bertil", "Corin", "Dagny", "Edwyn", "Fenna", "Garrick", "Hilke", "Isolde", "Jorun",
        "Kester", "Lunet", "Merrit", "Noor", "Oswin",
    ],
    "dev": [
        "Perrin", "Quilla", "Rufus", "Senna", "Torvald", "Ulla", "Vesper", "Wendel", "Xanthe", "Yorick",
        "Zelda", "Amias", "Briony", "Caspar",
    ],
}  # fmt: skip
LAST = {
    "train": [
        "Aldermoor", "Brackwell", "Copsey", "Dunmere", "Eastlake", "Fennimore", "Gorse", "Hartnoll",
        "Ingleby", "Jessop", "Kettle", "Larkin",
    ],
    "dev": [
        "Marlowe", "Nettle", "Oakhurst", "Pelham", "Quarles", "Redfern", "Sallow", "Thackray",
        "Underhill", "Venn", "Wakelin", "Yarrow",
    ],
}  # fmt: skip
HANDLES = {
    "train": [
        "river_otter", "Common Sense", "NoNonsense42", "The Lamplighter", "grumpycat77", "Old Sailor",
        "Truth B Told",
    ],
    "dev": [
        "hedge-hog9", "Plain Speaker", "SaltyDog88", "The Night Owl", "maplesyrup", "Quiet Observer",
        "Just A Reader",
    ],
}  # fmt: skip
HEADINGS = {
    "train": [
        "The harbour plan", "What comes next", "A long dispute", "Costs and benefits",
        "Looking back at the vote",
    ],
    "dev": [
        "The river question", "How it began", "A quiet winter", "Numbers that matter",
        "Behind the closed doors",
    ],
}  # fmt: skip
NAME_HEADINGS = {
    "train": [
        "The Harbour Fund", "Port Aldermoor", "Corin Jessop", "Northern Line", "Dunmere Council",
    ],
    "dev": [
        "The Mill Trust", "Lake Pelham", "Briony Venn", "Southern Bridge", "Yarrow Assembly",
    ],
}  # fmt: skip
FOOTER = [
    "Note to readers: please share this article.",
    "Copyright © The Lantern, 2031",
    "All rights reserved.",
]


@dataclass(frozen=True)
class Truth:
    """A document with what is known of it: extents of article paragraphs, and of comments with authors."""

    text: str
    style: str
    paragraphs: tuple[tuple[int, int], ...]
    comments: tuple[tuple[int, int, str | None], ...]


class _Writer:
    def __init__(self) -> None:
        self.text = ""

    def put(self, text: str, blanks: int = 1) -> tuple[int, int]:
        """Append a block after so many blank lines; returns its extent."""
        if self.text:
            self.text += "\n" * (blanks + 1)
        start = len(self.text)
        self.text += text
        return start, len(self.text)


def articles(part: str) -> Iterator[tuple[str, list[str]]]:
    """Title and sentences (PTC has one a line; FA-KES is cut after full stops) of each article."""
    for path in sorted((DATA / "ptc" / f"{part}-articles").glob("*.txt")):
        lines = [line.strip() for line in path.read_text(encoding="utf-8").split("\n") if line.strip()]
        if len(lines) > 8:
            yield lines[0], lines[1:80]
    with (DATA / "fa_kes" / "FA-KES-Dataset.csv").open(encoding="latin-1", newline="") as file:
        for row in csv.DictReader(file):
            held_out = int(hashlib.sha256(row["unit_id"].encode()).hexdigest(), 16) % 4 == 0
            sentences = re.split(r"(?<=[a-z\"]\.)\s+(?=[A-Z\"])", row["article_content"].strip())
            if held_out == (part == "dev") and len(sentences) > 8:
                yield row["article_title"].strip(), sentences


def posts(part: str) -> list[str]:
    """Distinct comments of 30 to 2,000 characters."""
    found: dict[str, None] = {}
    sources = [
        ("vast", f"vast_{part}.csv", "post"),
        ("toxic_spans", f"tsd_{'train' if part == 'train' else 'trial'}.csv", "text"),
    ]
    for folder, name, column in sources:
        with (DATA / folder / name).open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                text = re.sub(r"\s*\n\s*", " ", row[column]).strip()
                if 30 <= len(text) <= 2000:
                    found[text] = None
    return list(found)


def assemble(
    title: str, sentences: list[str], pool: list[str], style: str, rng: random.Random, part: str
) -> Truth:
    """One document. `style` is one of STYLES (with comments) or PLAIN_STYLES (without)."""
    out = _Writer()
    out.put(title)
    if rng.random() < 0.4:
        out.put(f"By {rng.choice(FIRST[part])} {rng.choice(LAST[part])}")
    size, uneven = rng.choice((1, 2, 3, 4)), rng.random() < 0.5
    paragraphs = []
    headings = {"headings": HEADINGS, "name_headings": NAME_HEADINGS}.get(style) or (
        HEADINGS if rng.random() < 0.15 else None
    )
    i = 0
    while i < len(sentences):
        if headings and i and rng.random() < 0.25:
            out.put(rng.choice(headings[part]))
        blanks = rng.choice((1, 1, 1, 2, 3)) if style == "gaps_inside" else 1
        mark = "- " if style == "lists" and rng.random() < 0.3 else ""
        taken = rng.randint(1, 6) if uneven else max(1, size + rng.choice((-1, 0, 0, 1)))
        paragraphs.append(out.put(mark + " ".join(sentences[i : i + taken]), blanks))
        i += taken
    if style == "footer" or rng.random() < 0.15:
        for line in FOOTER:
            out.put(line)
    comments = _comments(out, pool, style, rng, part) if style in STYLES else []
    return Truth(out.text, style, tuple(paragraphs), tuple(comments))


def _comments(
    out: _Writer, pool: list[str], style: str, rng: random.Random, part: str
) -> list[tuple[int, int, str | None]]:
    found: list[tuple[int, int, str | None]] = []
    count = rng.randint(2, 12)
    authored = style == "authors" or (style == "marker" and rng.random() < 0.5) or style == "first_missing"
    if style == "marker":
        out.put(rng.choice((f"Comments ({count})", f"{count} comments", "Leave a reply", "Reader comments")))
    wide = rng.choice((2, 3))
    for i, text in enumerate(rng.sample(pool, count)):
        named = authored or (style == "mixed" and rng.random() < 0.6)
        if i == 0 and style in ("first_missing", "mixed"):
            named = False
        name = None
        if named:
            person = f"{rng.choice(FIRST[part])} {rng.choice(LAST[part])}"
            name = rng.choice((person, rng.choice(HANDLES[part])))
            out.put(name, 1)
        first_gap = 1 if i == 0 and style != "gaps" else wide
        blanks = 1 if named or style == "bare" else first_gap
        halves = re.split(r"(?<=[.!?])\s+(?=[A-Z])", text)
        if len(halves) > 2 and rng.random() < 0.3 and style != "bare":
            middle = len(halves) // 2
            start, _ = out.put(" ".join(halves[:middle]), blanks)
            _, end = out.put(" ".join(halves[middle:]), 1)
        else:
            start, end = out.put(text, blanks)
        found.append((start, end, name))
    return found


def documents(part: str) -> Iterator[Truth]:
    """Held-out articles in every style; training articles in one style with and one without comments."""
    rng = random.Random(SEEDS[part])
    pool = posts(part)
    sources = list(articles(part))
    rng.shuffle(sources)
    for i, (title, sentences) in enumerate(sources):
        k = i % len(STYLES)
        for style in (*STYLES, *PLAIN_STYLES) if part == "dev" else (STYLES[k], PLAIN_STYLES[k]):
            yield assemble(title, sentences, pool, style, rng, part)


def judge(truth: Truth, units: list[Unit]) -> Counter[str]:
    """Counts of one document: boundary, comments with exact extent and author, units by side."""
    found = [unit for unit in units if unit.kind == "comment"]
    counts: Counter[str] = Counter(documents=1)
    if truth.comments:
        counts["boundary_exact"] = bool(found) and found[0].start == truth.comments[0][0]
        counts["boundary_missed"] = not found
        extents = {(unit.start, unit.end, unit.author) for unit in found}
        counts["comments"] = len(truth.comments)
        counts["comments_exact"] = sum(comment in extents for comment in truth.comments)
    else:
        counts["false_alarm"] = bool(found)
    ranges = [(unit.start, unit.end) for unit in found]
    for side, starts in (("article", truth.paragraphs), ("comment", truth.comments)):
        for start, *_ in starts:
            inside = any(a <= start < b for a, b in ranges)
            counts[f"{side}>{'comment' if inside else 'article'}"] += 1
    return counts


def f1(counts: Counter[str], side: str, other: str) -> float:
    hit = counts[f"{side}>{side}"]
    return 2 * hit / max(2 * hit + counts[f"{side}>{other}"] + counts[f"{other}>{side}"], 1)


def measure(part: str) -> dict[str, Any]:
    """Figures per style and over all; shares in [0, 1]."""
    by_style: dict[str, Counter[str]] = defaultdict(Counter)
    total: Counter[str] = Counter()
    for truth in documents(part):
        counts = judge(truth, split(Article(text=truth.text)))
        by_style[truth.style] += counts
        total += counts
    with_comments, without = {}, {}
    for style in STYLES:
        c = by_style[style]
        with_comments[style] = {
            "documents": c["documents"],
            "boundary_exact": c["boundary_exact"] / c["documents"],
            "none_found": c["boundary_missed"] / c["documents"],
            "comments": c["comments"],
            "comments_exact": c["comments_exact"] / c["comments"],
        }
    for style in PLAIN_STYLES:
        c = by_style[style]
        without[style] = {"documents": c["documents"], "false_alarms": c["false_alarm"] / c["documents"]}
    alone = sum(row["documents"] for row in without.values())
    return {
        "part": part,
        "seed": SEEDS[part],
        "documents": total["documents"],
        "with_comments": with_comments,
        "without_comments": without,
        "boundary_exact": total["boundary_exact"] / (total["documents"] - alone),
        "false_alarms": total["false_alarm"] / alone,
        "unit_f1_article": f1(total, "article", "comment"),
        "unit_f1_comment": f1(total, "comment", "article"),
    }


def show(result: dict[str, Any]) -> None:
    print(f"{result['part']}: {result['documents']} documents, seed {result['seed']}")
    print("with comments      n   boundary exact   none found   comments exact (extent and author)")
    for style, row in result["with_comments"].items():
        print(
            f"  {style:14s} {row['documents']:4d}   {row['boundary_exact']:14.3f}   {row['none_found']:10.3f}"
            f"   {row['comments_exact']:.3f} of {row['comments']}"
        )
    print("without comments   n   false alarms")
    for style, row in result["without_comments"].items():
        print(f"  {style:14s} {row['documents']:4d}   {row['false_alarms']:.3f}")
    print(
        f"all: boundary exact {result['boundary_exact']:.3f}, false alarms {result['false_alarms']:.4f}, ",
        end="",
    )
    print(f"unit F1 article {result['unit_f1_article']:.3f}, comment {result['unit_f1_comment']:.3f}")


def fit(documents: list[Truth]) -> None:
    """Print both tables: the style of a block, then the section, whose bias keeps false alarms rare."""
    style = fit_style(documents)
    comment_section.STYLE_WEIGHTS.update(style)
    show_weights("STYLE_WEIGHTS", comment_section.STYLE_WEIGHTS)
    show_weights("SECTION_WEIGHTS", fit_section(documents))


def show_weights(name: str, weights: dict[str, float]) -> None:
    print(f"{name} = {{")
    for key, value in weights.items():
        print(f'    "{key}": {value:.2f},')
    print("}")


def fit_style(documents: list[Truth]) -> dict[str, float]:
    """Logistic regression, comment paragraphs against article paragraphs, classes balanced."""
    rows, labels = [], []
    for truth in documents:
        usual = sorted(end - start for start, end in truth.paragraphs[:6])[len(truth.paragraphs[:6]) // 2]
        for start, end in truth.paragraphs[1:]:
            rows.append(comment_section.style_features(truth.text[start:end].removeprefix("- "), usual))
            labels.append(0)
        for start, end, _ in truth.comments:
            for paragraph in truth.text[start:end].split("\n\n"):
                rows.append(comment_section.style_features(paragraph, usual))
                labels.append(1)
    return regress(rows, labels, comment_section.STYLE_WEIGHTS)


def fit_section(documents: list[Truth]) -> dict[str, float]:
    """Logistic regression on the candidate sections; the bias is then lowered to keep false alarms rare."""
    rows, labels = [], []
    for truth in documents:
        found = parse_blocks(truth.text)
        neutral = [bool(role) for role in non_content_roles(found)]
        first = next((i for i, b in enumerate(found) if not neutral[i] and is_paragraph(b)), None)
        if first is None:
            continue
        evidence = comment_section.block_evidence(found, neutral, first)
        at = comment_section.change_point(evidence, first)
        if at is not None and truth.style != "marker":
            rows.append(comment_section.section_features(evidence, at, first))
            labels.append(int(bool(truth.comments)))
    weights = regress(rows, labels, comment_section.SECTION_WEIGHTS)
    alone = sum(not truth.comments for truth in documents)
    scores = sorted(
        (
            sum(weights[name] * row[name] for name in weights)
            for row, label in zip(rows, labels, strict=True)
            if not label
        ),
        reverse=True,
    )
    allowed = int(FALSE_ALARMS * alone)
    weights["bias"] -= max(scores[allowed], 0.0) if allowed < len(scores) else 0.0
    return weights


def regress(rows: list[dict[str, float]], labels: list[int], before: dict[str, float]) -> dict[str, float]:
    """Weights by feature name, in the order of the table `before`, whose hand-set entries are kept."""
    from sklearn.linear_model import LogisticRegression

    names = [name for name in before if name not in HAND_SET]
    model = LogisticRegression(C=1.0, class_weight="balanced", fit_intercept=False, max_iter=2000)
    model.fit([[row[name] for name in names] for row in rows], labels)
    fitted = dict(zip(names, (round(float(weight), 2) for weight in model.coef_[0]), strict=True))
    return {name: fitted.get(name, weight) for name, weight in before.items()}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--fit", action="store_true", help="fit the weights on the training documents and print them"
    )
    parser.add_argument("--part", choices=("train", "dev"), default="dev")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    args = parser.parse_args()
    if not (DATA / "ptc").is_dir():
        parser.exit(
            2,
            f"No data sets in {DATA}. Set SLANT_DATA to the folder with ptc, fa_kes, vast, toxic_spans.\n",
        )
    if args.fit:
        fit(list(documents("train")))
    else:
        result = measure(args.part)
        show(result)
        if args.json:
            args.json.write_text(json.dumps(result, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
