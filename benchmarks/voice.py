"""How well `slant.segment.voices` finds quoted words: precision and recall against the attributions of PolNeAR.

    python benchmarks/voice.py [--split dev] [--json FILE]

Prints a Markdown table: precision, recall and F1 of the `quoted` characters, with 95 % intervals from
resampling articles, against (a) the quoted portion of attributed content, (b) all attributed content, and
the share of (c) content outside quotation marks (indirect speech) that is marked quoted. Spaces and the
quotation marks themselves are not counted, since annotators differ on whether they belong. Where several
people annotated an article, the first annotator by name is used. Tune on train only.
"""

from __future__ import annotations

import argparse
import json
import re
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from slant.corpora.polnear import Annotated, read_polnear
from slant.corpora.sets import data_root
from slant.segment.voices import voices

Mask = NDArray[np.bool_]
RESAMPLES = 2000
# Pairs of marks by the simplest rule, not slant's own: a mark opens, the next mark or the end of the line closes.
DOUBLE = re.compile(r"(?:[\"“”]|'')([^\"“”\n]*?)(?:[\"“”]|''|\n|$)")
SINGLE = re.compile(r"(?<![\w'])[‘'](?!['\s])((?:(?!'')[^\n‘“”\"])*?)[’'](?![\w'])")
UNCOUNTED = re.compile(r"[\s\"“”„«»'‘’`]")


def in_marks(text: str) -> Mask:
    """The characters between quotation marks."""
    mask = np.zeros(len(text), dtype=bool)
    for pattern in (DOUBLE, SINGLE):
        for match in pattern.finditer(text):
            mask[slice(*match.span(1))] = True
    return mask


def masks(article: Annotated) -> tuple[Mask, Mask, Mask, Mask]:
    """Per character of the text: predicted quoted, direct quotation in gold, any content in gold, counted."""
    text = article.text
    predicted, content = (np.zeros(len(text), dtype=bool) for _ in range(2))
    for start, end, voice in voices(text):
        predicted[start:end] = voice == "quoted"
    for attribution in article.attributions:
        for start, end in attribution.content:
            content[start:end] = True
    direct = in_marks(text)
    counted = np.ones(len(text), dtype=bool)
    for match in UNCOUNTED.finditer(text):
        counted[match.start()] = False
    return predicted, direct & content, content, counted


def figures(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Precision, recall, F1 in percent from (…, 3) sums of hits, predicted, gold."""
    hits, predicted, gold = counts[..., 0], counts[..., 1], counts[..., 2]
    return 100 * np.stack([hits / predicted, hits / gold, 2 * hits / (predicted + gold)], axis=-1)


def measure(articles: list[Annotated]) -> dict[str, dict[str, object]]:
    """Figures per comparison, each `[value, low, high]` in percent, plus characters per second."""
    per_article: dict[str, list[list[int]]] = {"direct": [], "all content": [], "indirect only": []}
    for article in articles:
        predicted, direct, content, counted = masks(article)
        for name, gold in (
            ("direct", direct),
            ("all content", content),
            ("indirect only", content & ~direct),
        ):
            hits = (predicted & gold & counted).sum()
            per_article[name].append([hits, (predicted & counted).sum(), (gold & counted).sum()])
    draws = np.random.default_rng(0).integers(len(articles), size=(RESAMPLES, len(articles)))
    result: dict[str, dict[str, object]] = {}
    for name, rows in per_article.items():
        counts = np.asarray(rows, dtype=np.float64)
        low, high = np.percentile(figures(counts[draws].sum(axis=1)), [2.5, 97.5], axis=0)
        value = figures(counts.sum(axis=0))
        named = zip(("precision", "recall", "f1"), np.stack([value, low, high], axis=1), strict=True)
        result[name] = {
            "articles": len(articles),
            "gold_characters": int(counts[:, 2].sum()),
            "predicted_characters": int(counts[:, 1].sum()),
            **{figure: [round(float(x), 1) for x in triple] for figure, triple in named},
        }
    return result


def speed(articles: list[Annotated]) -> float:
    """Million characters per second over all articles' text."""
    start = time.perf_counter()
    for article in articles:
        voices(article.text)
    return sum(len(article.text) for article in articles) / 1e6 / (time.perf_counter() - start)


def table(result: dict[str, dict[str, object]], split: str) -> str:
    head = f"| PolNeAR {split}, `quoted` against | gold characters | precision | recall | F1 |"
    lines = [head, "|---|--:|--:|--:|--:|"]
    for name, row in result.items():
        cells = ["{} ({}–{})".format(*row[figure]) for figure in ("precision", "recall", "f1")]  # type: ignore[misc]
        if name == "indirect only":
            cells[0] = cells[2] = "—"
        lines.append(f"| {name} | {row['gold_characters']:,} | {' | '.join(cells)} |")
    return "\n".join(lines)


def polnear_options(description: str | None) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=data_root() / "polnear", help="the corpus' folder")
    parser.add_argument("--split", default="dev", choices=["train", "dev"])
    parser.add_argument("--json", type=Path, help="also write the figures here")
    return parser


def main() -> None:
    options = polnear_options(__doc__).parse_args()
    articles = list(read_polnear(options.data, options.split))
    result = measure(articles)
    rate = round(speed(articles), 2)
    print(table(result, options.split))
    skipped = sum(article.bad for article in articles)
    print(
        f"\n{len(articles)} articles, {skipped} bad spans left out, {rate} million characters/s on one core."
    )
    if options.json:
        record = {
            "split": options.split,
            "bad_spans": skipped,
            "million_characters_per_second": rate,
            "against": result,
        }
        options.json.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
